"""How fast the explorer answers: key press to new run and painted pixel, frames, training speed.

    python benchmarks/explorer.py [--presses 30] [--write]

It opens JupyterLab in Chromium, on pages with the explorer and with `interact` around an inline
figure of the same panels, and prints the comparison as Markdown, or writes it into README.md here.
It needs what the browser tests need, and a quiet machine; it says how busy the machine was.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from conftest import BROWSERS  # type: ignore[import-not-found]  # noqa: E402
from lab import (  # type: ignore[import-not-found]  # noqa: E402
    ExplorerPage,
    Lab,
    browser_page,
    new_notebook,
    open_notebook,
    run_all,
)
from playwright.sync_api import Page  # noqa: E402
from report import replace_block  # noqa: E402

from vanishing import Trainer, lecture  # noqa: E402
from vanishing.explorer import Explorer  # noqa: E402

# A frame counts as painted once the browser has decoded it and drawn its next frame. While a
# network trains, frames of the run before the key press may still come; the first frame of the new
# run is known by the columns of pixels that its short curves do not reach.
WATCH = """(root, [left, top, width, height]) => {
    const marks = {on: true, frames: [], pressed: null, painted: [], keys: []};
    window.marks = marks;
    const seen = new WeakSet();
    const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const isNew = image => {
        if (!width) return true;
        context.canvas.width = width;
        context.canvas.height = height;
        context.drawImage(image, left, top, width, height, 0, 0, width, height);
        const pixels = context.getImageData(0, 0, width, height).data;
        for (let i = 0; i < pixels.length; i += 4)
            if (Math.abs(pixels[i] - pixels[i + 2]) > 60) return false;
        return true;
    };
    const paint = image => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
            const now = performance.now();
            marks.frames.push(now);
            const short = isNew(image);
            marks.long = !short;
            if (marks.pressed !== null && short) {
                marks.painted.push(now - marks.pressed);
                marks.pressed = null;
            }
        };
        channel.port2.postMessage(0);
    });
    const follow = image => {
        if (seen.has(image)) return;
        seen.add(image);
        image.addEventListener('load', () => { if (marks.on) paint(image); });
        if (image.complete && image.naturalWidth) paint(image);
    };
    root.querySelectorAll('img').forEach(follow);
    new MutationObserver(() => root.querySelectorAll('img').forEach(follow))
        .observe(root, {subtree: true, childList: true});
    root.addEventListener('keydown', event => {
        if (!event.key.startsWith('Arrow')) return;
        marks.pressed = performance.now();
        marks.keys.push(performance.timeOrigin + marks.pressed);
    }, true);
}"""

INTERACT = """
import ipywidgets
import matplotlib.pyplot as plt
from vanishing import figures, lecture, train
%matplotlib inline
plt.rcParams.update(figures.STYLE)
data, network, _ = lecture.setup()

def show(log_step):
    run = train(network, data, step_size=10**log_step, iterations=20, progress=False)
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 4))
    figures.decision_regions(left, run.network, data, margin=0.2, resolution=0.05)
    figures.loss_curve(middle, run.history, activation="sigmoid", log_iterations=True)
    figures.chance_line(middle, 3)
    figures.gradient_curves(right, run.history, activation="sigmoid", log_iterations=True)
    right.legend()
    plt.show()

ipywidgets.interact(
    show, log_step=ipywidgets.FloatSlider(-1, min=-3, max=1, step=0.1, description="step size")
);
"""

# The page's clock and the kernel's are the same machine's.
EXPLORER = """
import time
from vanishing.explorer import Explorer

restarts = []

class Timed(Explorer):
    def _catch_up(self):
        fresh = super()._catch_up()
        if fresh:
            restarts.append(1000 * time.time())
        return fresh

explorer = Timed({activations}, iterations={iterations})
explorer
"""

ASK = """async code => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code});
    let text = '';
    future.onIOPub = message => { text += message.content.text ?? ''; };
    await future.done;
    return text;
}"""

ITERATIONS = 10_000_000
"""More than are made while the page is watched, so that no run ends."""


def late_columns(activations: tuple[str, ...]) -> list[float]:
    """Return where, in the picture, curves stand that have passed iteration 400."""
    ax = Explorer(activations, iterations=ITERATIONS).figure.axes[-1]
    height = ax.figure.bbox.height
    (left, low), (right, high) = ax.transData.transform([(400, 1e-5), (600, 0.08)])
    return [round(left), round(height - high), round(right - left), round(high - low) - 2]


def presses(
    page: Page, focus: Any, count: int, wait: float, *, first: int = 0, running: bool = False
) -> list[float]:
    """Press left and right in turn, so far apart, and return the ms until each was painted."""
    focus.focus()
    page.evaluate("() => { marks.painted = []; marks.keys = []; }")
    for number in range(first, first + count):
        if running:
            page.wait_for_function("() => marks.long")
        page.keyboard.press("ArrowRight" if number % 2 else "ArrowLeft")
        page.wait_for_timeout(wait)
    found: list[float] = page.evaluate("() => marks.painted")
    return found


def until_restart(page: Page) -> list[float]:
    """Return, for each of the last key presses, the milliseconds until the new run began."""
    keys: list[float] = page.evaluate("() => marks.keys")
    begun: list[float] = json.loads(page.evaluate(ASK, "print(restarts)"))
    return [min(time for time in begun if time > key) - key for key in keys]


def frames(page: Page, seconds: float) -> float:
    """Return the painted frames a second."""
    page.evaluate("() => { marks.frames = []; }")
    page.wait_for_timeout(1000 * seconds)
    painted: int = page.evaluate("() => marks.frames.length")
    return painted / seconds


def iteration(explorer: ExplorerPage) -> int:
    """Return the iteration that the readout tells."""
    found = re.search(r"iteration ([\d,]+)", explorer.words())
    assert found
    return int(found.group(1).replace(",", ""))


def bare_speed(networks: int, seconds: float = 2.0) -> float:
    """Return the iterations a second that the engine makes when nothing is drawn."""
    data, sigmoid, _ = lecture.setup()
    names = ("sigmoid", "relu")[:networks]
    trainers = [Trainer(sigmoid.with_activation(name), data) for name in names]
    made, begin = 0, time.perf_counter()
    while time.perf_counter() < begin + seconds:
        for trainer in trainers:
            trainer.advance(100)
        made += 100
    return made / (time.perf_counter() - begin)


def measure_explorer(
    page: Page, lab: Lab, name: str, count: int, activations: tuple[str, ...]
) -> dict[str, Any]:
    """Return the figures of one explorer: paused, and while it trains."""
    open_notebook(page, lab, name)
    run_all(page)
    explorer = ExplorerPage(page)
    explorer.wait_for_words("not trained yet")
    explorer.root.evaluate(WATCH, late_columns(activations))
    handle = explorer.handle("step size")
    paused = []
    for number in range(count):
        explorer.click("Rewind")
        page.wait_for_timeout(300)
        paused += presses(page, handle, 1, 350, first=number)
    running = presses(page, handle, count, 500, running=True)
    restart = until_restart(page)
    rate = frames(page, 5)
    networks = len(activations)
    # The engine alone runs between two stretches of the explorer, on the same machine. Looking
    # at each frame's pixels would cost the browser, and so the explorer, more than showing it.
    page.evaluate("() => { marks.on = false; }")
    shares = []
    for _ in range(5):
        explorer.click("Rewind")
        page.wait_for_timeout(500)
        bare = bare_speed(networks, 1.5)
        explorer.click("Play")
        page.wait_for_timeout(1000)
        before, begin = iteration(explorer), time.perf_counter()
        page.wait_for_timeout(3000)
        made, passed = iteration(explorer) - before, time.perf_counter() - begin
        shares.append(made / passed / bare)
    explorer.click("Rewind")
    share = statistics.median(shares)
    return {
        "paused": paused,
        "running": running,
        "restart": restart,
        "frames": rate,
        "share": share,
    }


def measure_interact(page: Page, lab: Lab, name: str, count: int) -> list[float]:
    """Return key press to paint of `interact` with an inline figure."""
    open_notebook(page, lab, name)
    run_all(page)
    page.wait_for_selector(".widget-interact img")
    root = page.locator(".widget-interact")
    root.evaluate(WATCH, [0, 0, 0, 0])
    return presses(page, root.locator(".noUi-handle"), count, 1800)


def spread(times: list[float]) -> str:
    """Return median and ninetieth percentile."""
    if not times:
        return "-"
    ninety = statistics.quantiles(times, n=10)[-1] if len(times) > 1 else times[0]
    return f"{statistics.median(times):.0f} ({ninety:.0f})"


def table(found: dict[str, dict[str, Any]], interact: list[float], load: float) -> str:
    """Return the comparison as Markdown."""
    base = statistics.median(interact)
    lines = [
        "| | key to paint, paused | while training | key to new run, while training | frames/s | "
        "share of the bare engine's speed | key to paint of `interact`, times |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, one in found.items():
        lines.append(
            f"| {name} | {spread(one['paused'])} | {spread(one['running'])} | "
            f"{spread(one['restart'])} | {one['frames']:.0f} | {one['share']:.0%} | "
            f"{base / statistics.median(one['paused']):.1f} |"
        )
    lines.append(f"| `interact`, inline figure | {spread(interact)} | - | - | - | - | 1.0 |")
    lines.append("")
    lines.append("Times in milliseconds: median (ninetieth percentile).")
    lines.append(f"Load of the machine before the run: {load:.1f} on {os.cpu_count()} processors.")
    return "\n".join(lines)


def main() -> None:
    """Measure all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=30, help="key presses in each row")
    parser.add_argument("--write", action="store_true", help="write the table into the README here")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        sys.exit("No Chromium or Chrome was found.")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        nets = {"one": ("sigmoid",), "two": ("sigmoid", "relu")}
        for name, activations in nets.items():
            cell = EXPLORER.format(activations=activations, iterations=ITERATIONS)
            new_notebook(folder / f"{name}.ipynb", cell)
        new_notebook(folder / "interact.ipynb", INTERACT)
        with Lab(folder) as lab, browser_page(chromium) as page:
            found = {
                f"explorer, {name} network{'s' * (name == 'two')}": measure_explorer(
                    page, lab, f"{name}.ipynb", options.presses, activations
                )
                for name, activations in nets.items()
            }
            interact = measure_interact(page, lab, "interact.ipynb", max(options.presses // 2, 5))
    text = table(found, interact, load)
    print(text)
    if options.write:
        replace_block(ROOT / "benchmarks" / "README.md", text, block="explorer")


if __name__ == "__main__":
    main()
