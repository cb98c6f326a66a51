"""JupyterLab in a real browser, for tests and benchmarks: one server, one page a notebook."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
"""Where a browser may be found."""

BROWSER_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PATIENCE = 90
"""Seconds after which something that ought to happen counts as failed."""

# The idle indicator alone is not enough: before the kernel has answered, "run all" is lost.
READY = """async () => {
    const widget = jupyterapp.shell.currentWidget;
    await widget.context.ready;
    await widget.sessionContext.ready;
    await widget.sessionContext.session.kernel.info;
}"""

SCROLLING = """
root => [root, ...root.querySelectorAll("*")].filter(part => {
    const look = getComputedStyle(part), bars = /auto|scroll/
    return bars.test(look.overflowX) && part.scrollWidth > part.clientWidth
        || bars.test(look.overflowY) && part.scrollHeight > part.clientHeight
}).map(part => `${part.className}: ${part.textContent}`)
"""

RUN_ALL = "async () => await jupyterapp.commands.execute('notebook:run-all-cells')"

# Code for the kernel of the page that is open; what it prints comes back.
ASK = """async code => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code});
    let text = '';
    future.onIOPub = message => { text += message.content.text ?? ''; };
    await future.done;
    return text;
}"""


def find_browser() -> str | None:
    """Return the path of a Chromium or Chrome, or None if there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class Lab:
    """A JupyterLab server on a folder, with settings of its own.

    Parameters
    ----------
    folder : Path
        Where the notebooks are; settings and the log go into a folder beside them.
    subshells : bool
        Whether kernels may run widget callbacks in a thread of their own.
    """

    def __init__(self, folder: Path, *, subshells: bool = True) -> None:
        self.folder = folder
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        home = folder / ".lab"
        self._write_settings(home / "settings", subshells=subshells)
        # What `make lab` and Binder change in JupyterLab.
        (home / "app").mkdir(exist_ok=True)
        shutil.copy(ROOT / "binder/overrides.json", home / "app")
        self._leave_out(home / "config", "@jupyterlab/cell-toolbar-extension")
        self.log = home / "log.txt"
        environment = {
            **os.environ,
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "IPYTHONDIR": str(home / "ipython"),
        }
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--port={self.port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1"),
            *(f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={folder}"),
            "--LabApp.expose_app_in_browser=True",
            f"--LabServerApp.app_settings_dir={home / 'app'}",
            f"--LabApp.app_settings_dir={home / 'app'}",
        ]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=folder
            )

    @staticmethod
    def _write_settings(folder: Path, *, subshells: bool) -> None:
        choices: dict[str, dict[str, Any]] = {
            "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
            "apputils-extension/kernels-settings": {
                "commsOverSubshells": "perCommTarget" if subshells else "disabled"
            },
            "notebook-extension/tracker": {"kernelShutdown": True},
        }
        for name, values in choices.items():
            file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values), encoding="utf-8")

    @staticmethod
    def _leave_out(config: Path, extension: str) -> None:
        """Have JupyterLab go without an extension.

        The toolbars of cells: each cell that becomes active gets a new one, and the old ones stay
        in memory, so that a page seems to keep what is not ours.
        """
        (config / "labconfig").mkdir(parents=True, exist_ok=True)
        chosen = {"disabledExtensions": {extension: True}}
        (config / "labconfig/page_config.json").write_text(json.dumps(chosen), encoding="utf-8")

    def url(self, path: str) -> str:
        """Return the address of a page, with the key to it."""
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"

    def __enter__(self) -> Self:
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                self._process.kill()
                raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)
        return self

    def _answers(self) -> bool:
        try:
            with urlopen(self.url("api"), timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, TimeoutError, ConnectionError):
            return False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def browser_page(chromium: str, width: int = 1280, height: int = 900) -> Iterator[Page]:
    """Open a page of that size in a browser of its own."""
    # A sandbox cannot be had as root, nor in most containers.
    options = [*BROWSER_OPTIONS, "--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(1000 * PATIENCE)
        try:
            yield page
        finally:
            browser.close()


def open_notebook(page: Page, lab: Lab, name: str) -> None:
    """Show a notebook alone, with a kernel that answers."""
    page.goto(lab.url(f"lab/tree/{name}") + "&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.evaluate(READY)


def run_all(page: Page) -> None:
    """Run all cells, and wait for the last."""
    page.evaluate(RUN_ALL)


class ExplorerPage:
    """One explorer in a page, by what a person sees and does.

    Parameters
    ----------
    page : Page
        The page.
    which : int
        Which of the explorers in it, from 0 on.
    """

    def __init__(self, page: Page, which: int = 0) -> None:
        self.page = page
        self.root = page.locator(".vanishing-live").nth(which)
        self.root.wait_for()
        self.root.scroll_into_view_if_needed()

    def words(self) -> str:
        """Return the readout, with the line to share."""
        return f"{self.root.locator('.vanishing-words').inner_text()}\nshare: {self.share()}"

    def share(self) -> str:
        """Return the line to share."""
        return self.field("share").input_value()

    def spoken(self) -> str:
        """Return what a screen reader was told last."""
        return self.root.locator(".vanishing-spoken").inner_text()

    def picture(self) -> str:
        """Return the address under which the browser keeps the picture that is shown."""
        address: str = self.root.locator("img").evaluate("image => image.src")
        return address

    def handle(self, name: str) -> Locator:
        """Return the handle of the slider with that name beside it."""
        row = self.root.locator(".vanishing-number").filter(
            has=self.page.get_by_text(name, exact=True)
        )
        return row.locator(".noUi-handle")

    def field(self, name: str) -> Locator:
        """Return the field with that name."""
        return self.root.get_by_label(name, exact=True)

    def type(self, name: str, text: str) -> None:
        """Type a number into a field, and press Enter."""
        self.field(name).fill(text)
        self.field(name).press("Enter")

    def press(self, name: str, key: str, times: int = 1) -> None:
        """Press a key on a slider."""
        self.handle(name).focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def drag(self, name: str, pixels: int) -> None:
        """Drag a slider's handle with the mouse."""
        self.handle(name).scroll_into_view_if_needed()
        box = self.handle(name).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + pixels, y, steps=8)
        self.page.mouse.up()

    def button(self, name: str) -> Locator:
        """Return a button by what stands on it."""
        return self.root.locator("button").filter(has_text=re.compile(rf"\s*{name}$"))

    def scrolling(self) -> list[str]:
        """Return the parts that have scroll bars, since more is in them than there is room for.

        A screenshot need not show the bars: Playwright hides them.
        """
        found: list[str] = self.root.evaluate(SCROLLING)
        return found

    def trouble(self) -> str:
        """Return the error that is shown, or nothing."""
        shown: list[str] = self.root.locator("[role=alert]").all_inner_texts()
        return "".join(shown)

    def click(self, button: str) -> None:
        """Press a button."""
        self.button(button).click()

    def wait_for_words(self, pattern: str, seconds: float = 30) -> str:
        """Wait until the readout holds a regular expression, and return it."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.words()):
            if time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} in {self.words()!r}")
            self.page.wait_for_timeout(50)
        return self.words()


def new_notebook(path: Path, *cells: str) -> None:
    """Write a notebook of code cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    nbformat.write(notebook, path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
