"""Whether two explorers bear random keys, drags and presses: memory, tasks, threads, errors.

    python benchmarks/soak.py [--minutes 10] [--seed 0] [--write]

It opens JupyterLab in Chromium on a page with two explorers, counts what is there, does at random
what a restless class would, brings both back to their beginning, and counts again. The same seed
gives the same actions. It prints a table, or writes it into README.md here, and fails where
something grew or went wrong. It needs what the browser tests need.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page
from report import replace_block

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import lab  # noqa: E402

EXPLORERS = (
    "from vanishing.live import Explorer\nfirst = Explorer(('sigmoid', 'relu'))\nfirst",
    "second = Explorer('relu', controls=('step_size', 'scale', 'noise', 'hidden_layers', "
    "'activation'), panels=('regions', 'loss', 'ledger'))\nsecond",
)

# What grows must not; memory is that of the process, after all that can be freed was freed.
COUNT = """
import asyncio, gc, json, threading
from pathlib import Path
from ipywidgets import Widget
from matplotlib.figure import Figure

gc.collect()
pages = int(Path("/proc/self/statm").read_text().split()[1])
print(json.dumps({
    "kernel, MB": pages * 4096 / 1e6,
    "tasks": len(asyncio.all_tasks()),
    "threads": threading.active_count(),
    "widgets": len(Widget.get_manager_state()["state"]),
    "figures": sum(isinstance(one, Figure) for one in gc.get_objects()),
}))
"""

KEYS = ("ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End")
TYPED = ("0.1", "0.566", "1", "3.16", "0,3", "0", "", "much", "1e9", "-2")
BUTTONS = ("Play|Pause", "Step", "Rewind", "New weights", "Reset")

GROWTH = 0.05
"""The share by which memory may grow."""

WARM = 0.2
"""The share of the time after which is counted first: caches are filled by then."""


@dataclass
class Soak:
    """What was counted before and after, and what went wrong meanwhile."""

    before: dict[str, float]
    after: dict[str, float]
    actions: int
    errors: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """What grew more than it may, and all errors."""
        found = list(self.errors)
        for name, first in self.before.items():
            most = first * (1 + GROWTH) if name.endswith("MB") else first
            if self.after[name] > most:
                found.append(f"{name}: from {first:.4g} to {self.after[name]:.4g}")
        return found


class Restless:
    """Does with an explorer, at random, what can be done with it.

    Parameters
    ----------
    explorer : ExplorerPage
        The explorer.
    draw : Random
        Decides what is done.
    """

    def __init__(self, explorer: lab.ExplorerPage, draw: random.Random) -> None:
        self.explorer, self.page, self._draw = explorer, explorer.page, draw
        labels = explorer.root.locator(".vanishing-number label")
        # Where the explorer is out of sight nothing is drawn, but it is there.
        labels.first.wait_for(state="attached")
        self._numbers = [label for label in labels.all_text_contents() if label]

    def act(self) -> None:
        """Do one thing."""
        self._draw.choice([self._press, self._press, self._drag, self._click, self._type])()

    def _press(self) -> None:
        self.explorer.press(self._name(), self._draw.choice(KEYS), self._draw.randint(1, 6))

    def _drag(self) -> None:
        self.explorer.drag(self._name(), self._draw.randint(-120, 120))

    def _click(self) -> None:
        self.explorer.click(f"({self._draw.choice(BUTTONS)})")

    def _type(self) -> None:
        self.explorer.type(self._name(), self._draw.choice(TYPED))

    def _name(self) -> str:
        return self._draw.choice(self._numbers)


def count(page: Page, explorers: list[lab.ExplorerPage]) -> dict[str, float]:
    """Bring the explorers to their beginning, and return what is there then."""
    for explorer in explorers:
        explorer.click("Reset")
        explorer.wait_for_words("not trained yet")
    page.wait_for_timeout(1000)
    found: dict[str, float] = json.loads(page.evaluate(lab.ASK, COUNT))
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.detach()
    return found | {"page, MB": page.evaluate("() => performance.memory.usedJSHeapSize / 1e6")}


def soak(page: Page, server: lab.Lab, seconds: float, seed: int = 0) -> Soak:
    """Be restless for so many seconds, and return what came of it."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"console: {message.text}")

    def failed(error: Any) -> None:
        errors.append(f"page: {error}")

    lab.new_notebook(server.folder / "soak.ipynb", *EXPLORERS)
    lab.open_notebook(page, server, "soak.ipynb")
    lab.run_all(page)
    explorers = [lab.ExplorerPage(page, number) for number in (0, 1)]
    for explorer in explorers:
        explorer.wait_for_words("not trained yet")
    page.on("console", note)
    page.on("pageerror", failed)
    draw = random.Random(seed)
    restless = [Restless(explorer, draw) for explorer in explorers]
    warm = _work(restless, draw, WARM * seconds)
    before = count(page, explorers)
    actions = warm + _work(restless, draw, (1 - WARM) * seconds)
    after = count(page, explorers)
    page.remove_listener("console", note)
    page.remove_listener("pageerror", failed)
    stopped = [one.trouble() for one in explorers if "Stopped by an error" in one.trouble()]
    in_cells = page.locator("[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts()
    return Soak(before, after, actions, [*errors, *stopped, *in_cells])


def _work(restless: list[Restless], draw: random.Random, seconds: float) -> int:
    deadline, made = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        draw.choice(restless).act()
        restless[0].page.wait_for_timeout(draw.choice((0, 20, 100, 300)))
        made += 1
    return made


def table(found: Soak, minutes: float) -> str:
    """Return what was counted as Markdown."""
    lines = [
        f"| after {minutes:g} minutes, {found.actions} actions | before | after |",
        "|---|---|---|",
        *(
            f"| {name} | {one:.4g} | {found.after[name]:.4g} |"
            for name, one in found.before.items()
        ),
        "",
        f"Errors in kernel or console: {len(found.errors)}.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Be restless, print what came of it, and fail where something grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="how long")
    parser.add_argument("--seed", type=int, default=0, help="of the actions")
    parser.add_argument("--write", action="store_true", help="write the table into the README here")
    options = parser.parse_args()
    chromium = lab.find_browser()
    if chromium is None:
        sys.exit("No Chromium or Chrome was found.")
    with (
        tempfile.TemporaryDirectory() as folder,
        lab.Lab(Path(folder)) as server,
        lab.browser_page(chromium) as page,
    ):
        found = soak(page, server, 60 * options.minutes, options.seed)
    text = table(found, options.minutes)
    print(text)
    if options.write:
        replace_block(HERE / "README.md", text, block="soak")
    if found.faults:
        sys.exit("\n".join(["It did not stay as it was:", *found.faults]))


if __name__ == "__main__":
    main()
