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
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page
from report import replace_block

from vanishing.live import Explorer, TimeExplorer
from vanishing.live.runs import RunExplorer

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import lab  # noqa: E402

# A frame counts as painted once the browser has decoded it and drawn its next frame. While a
# network trains, frames of the run before the key press may still come: a corner of the picture
# is black in every other run, and so tells the first frame of the new one.
WATCH = """(root, many) => {
    const marks = {on: true, many, frames: [], pressed: null, painted: [], keys: [], run: null};
    window.marks = marks;
    const seen = new WeakSet();
    const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const run = image => {
        context.drawImage(image, 0, 0, 8, 8, 0, 0, 8, 8);
        return context.getImageData(4, 4, 1, 1).data[0] < 128;
    };
    const paint = image => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
            const now = performance.now();
            marks.frames.push(now);
            const before = marks.run;
            marks.run = run(image);
            if (marks.pressed !== null && (marks.run !== before || !marks.many)) {
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
    figures.loss_curve(middle, run.history, variant="sigmoid", log_iterations=True)
    figures.chance_line(middle, 3)
    figures.gradient_curves(right, run.history, variant="sigmoid", log_iterations=True)
    right.legend()
    plt.show()

ipywidgets.interact(
    show, log_step=ipywidgets.FloatSlider(-1, min=-3, max=1, step=0.1, description="step size")
);
"""

# The page's clock and the kernel's are the same machine's.
EXPLORER = """
import time
import numpy as np
from vanishing.live import {explorer}
from vanishing.live.picture import Picture

runs = []
jpeg = Picture.jpeg

class Watched({explorer}):
    def begin(self, wanted):
        run = super().begin(wanted)
        runs.append(1000 * time.time())
        return run

def marked(picture, **options):
    np.asarray(picture.figure.canvas.buffer_rgba())[:8, :8] = 255 * (len(runs) % 2)
    return jpeg(picture, **options)

Picture.jpeg = marked
explorer = Watched({first!r}, iterations={iterations})
explorer
"""

ITERATIONS = 10_000_000
"""More than are made while the page is watched, so that no run ends."""


class Shown(NamedTuple):
    """An explorer that is opened in the page, and made without one."""

    kind: type[Any]
    """Which explorer."""

    first: Any
    """Its first argument: networks, or a cell."""

    def cell(self) -> str:
        """Return the code of the page."""
        return EXPLORER.format(explorer=self.kind.__name__, first=self.first, iterations=ITERATIONS)

    def make(self) -> RunExplorer[Any]:
        """Return the explorer."""
        made: RunExplorer[Any] = self.kind(self.first, iterations=ITERATIONS)
        return made


SHOWN = {
    "explorer, one network": Shown(Explorer, ("sigmoid",)),
    "explorer, two networks": Shown(Explorer, ("sigmoid", "relu")),
    "time explorer, tanh": Shown(TimeExplorer, "tanh"),
    "time explorer, LSTM": Shown(TimeExplorer, "lstm"),
}


class Answers(NamedTuple):
    """What was measured of an explorer."""

    paused: list[float]
    """Milliseconds from key press to paint, paused."""

    running: list[float]
    """The same, while it trains."""

    restart: list[float]
    """Milliseconds from key press to the new run, while it trains."""

    frames: float
    """Painted in a second."""

    speed: float
    """Its iterations a second over those of the engine alone."""


def press(page: Page, focus: Any, number: int, wait: float) -> None:
    """Press left or right, in turn, and wait so many milliseconds."""
    focus.focus()
    page.keyboard.press("ArrowRight" if number % 2 else "ArrowLeft")
    page.wait_for_timeout(wait)


def painted(page: Page) -> list[float]:
    """Return the milliseconds from each key press to its paint, and forget them."""
    found: list[float] = page.evaluate("() => marks.painted.splice(0)")
    return found


def until_new_run(page: Page) -> list[float]:
    """Return, for each of the last key presses, the milliseconds until the new run began."""
    keys: list[float] = page.evaluate("() => marks.keys")
    begun: list[float] = json.loads(page.evaluate(lab.ASK, "print(runs)"))
    return [min(time for time in begun if time > key) - key for key in keys]


def frames(page: Page, seconds: float) -> float:
    """Return the painted frames a second."""
    page.evaluate("() => { marks.frames = []; }")
    page.wait_for_timeout(1000 * seconds)
    found: int = page.evaluate("() => marks.frames.length")
    return found / seconds


def engine_speed(shown: Shown, seconds: float) -> float:
    """Return the iterations a second that the engine makes when nothing is drawn."""
    explorer = shown.make()
    trainers = explorer.experiment.trainers
    explorer.close()
    made, begin = 0, time.perf_counter()
    while time.perf_counter() < begin + seconds:
        for trainer in trainers:
            trainer.advance(100)
        made += 100
    return made / (time.perf_counter() - begin)


def explorer_speed(page: Page, explorer: lab.ExplorerPage, seconds: float) -> float:
    """Return the iterations a second that the explorer makes, from a fresh start."""

    def iteration() -> int:
        found = re.search(r"iteration ([\d,]+)", explorer.words())
        assert found
        return int(found.group(1).replace(",", ""))

    explorer.click("Play")
    page.wait_for_timeout(1000)
    before, begin = iteration(), time.perf_counter()
    page.wait_for_timeout(1000 * seconds)
    speed = (iteration() - before) / (time.perf_counter() - begin)
    explorer.click("Rewind")
    page.wait_for_timeout(500)
    return speed


def measure_explorer(page: Page, count: int, shown: Shown) -> Answers:
    """Return how one explorer answers: paused, and while it trains."""
    explorer = lab.ExplorerPage(page)
    explorer.wait_for_words("not trained yet")
    explorer.root.evaluate(WATCH, True)
    handle = explorer.handle("step size")
    for number in range(count):
        explorer.click("Rewind")
        page.wait_for_timeout(300)
        press(page, handle, number, 350)
    paused = painted(page)
    page.evaluate("() => { marks.keys = []; }")
    for number in range(count):
        press(page, handle, number, 500)
    running, restart, rate = painted(page), until_new_run(page), frames(page, 5)
    # Looking at each frame's pixels would cost the browser, and so the explorer, time.
    page.evaluate("() => { marks.on = false; }")
    explorer.click("Rewind")
    page.wait_for_timeout(500)
    # The engine alone runs between two stretches of the explorer, on the same machine.
    speeds = []
    for _ in range(5):
        alone = engine_speed(shown, 1.5)
        speeds.append(explorer_speed(page, explorer, 3) / alone)
    return Answers(paused, running, restart, rate, statistics.median(speeds))


def measure_interact(page: Page, count: int) -> list[float]:
    """Return key press to paint of `interact` with an inline figure."""
    page.wait_for_selector(".widget-interact img")
    root = page.locator(".widget-interact")
    root.evaluate(WATCH, False)
    for number in range(count):
        press(page, root.locator(".noUi-handle"), number, 1800)
    return painted(page)


def spread(times: list[float]) -> str:
    """Return median and ninetieth percentile."""
    if not times:
        return "-"
    ninety = statistics.quantiles(times, n=10)[-1] if len(times) > 1 else times[0]
    return f"{statistics.median(times):.0f} ({ninety:.0f})"


def table(found: dict[str, Answers], interact: list[float], load: float) -> str:
    """Return the comparison as Markdown."""
    base = statistics.median(interact)
    lines = [
        "| | key to paint, paused | while training | key to new run, while training | frames/s | "
        "speed over the bare engine's | key to paint of `interact`, times |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {' | '.join(map(spread, one[:3]))} | {one.frames:.0f} | "
            f"{one.speed:.0%} | {base / statistics.median(one.paused):.1f} |"
            for name, one in found.items()
        ),
        f"| `interact`, inline figure | {spread(interact)} | - | - | - | - | 1.0 |",
        "",
        "Times in milliseconds: median (ninetieth percentile).",
        f"Load of the machine before the run: {load:.1f} on {os.cpu_count()} processors.",
    ]
    return "\n".join(lines)


def measure(page: Page, server: lab.Lab, count: int) -> tuple[dict[str, Answers], list[float]]:
    """Return how the explorers answer, and how `interact` does."""

    def show(name: str, cell: str) -> None:
        lab.new_notebook(server.folder / f"{name}.ipynb", cell)
        lab.open_notebook(page, server, f"{name}.ipynb")
        lab.run_all(page)

    found = {}
    for name, shown in SHOWN.items():
        show(name.replace(", ", "-"), shown.cell())
        found[name] = measure_explorer(page, count, shown)
    show("interact", INTERACT)
    return found, measure_interact(page, max(count // 2, 5))


def main() -> None:
    """Measure all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=30, help="key presses in each row")
    parser.add_argument("--write", action="store_true", help="write the table into the README here")
    options = parser.parse_args()
    chromium = lab.find_browser()
    if chromium is None:
        sys.exit("No Chromium or Chrome was found.")
    load = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory() as folder,
        lab.Lab(Path(folder)) as server,
        lab.browser_page(chromium) as page,
    ):
        text = table(*measure(page, server, options.presses), load)
    print(text)
    if options.write:
        replace_block(HERE / "README.md", text, block="explorer")


if __name__ == "__main__":
    main()
