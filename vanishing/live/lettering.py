"""How much room words take in a panel, and how they are cut to it."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from vanishing.live.picture import DPI

CHARACTER = 9.8
"""Pixels that a character of a title takes, in a picture of the usual size."""

MARK = 60
"""Pixels that a line in a legend takes, with what is left free around it."""

DOT = 34
"""Pixels that a marker in a legend takes, with what is left free around it."""


def usual_width(ax: Axes) -> float:
    """Return how many pixels axes are wide in a picture of the usual size."""
    return float(ax.bbox.width / ax.figure.dpi * DPI)


def fitting(text: str, pixels: float) -> str:
    """Return a text, cut where it would be wider than that."""
    most = max(int(pixels / CHARACTER), 4)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def titles(labels: Sequence[str], pixels: float) -> list[str]:
    """Return the titles of maps: as much of them as fits above each."""
    for what in (": decision regions", ": regions"):
        if all(len(label + what) * CHARACTER <= pixels for label in labels):
            return [label + what for label in labels]
    return [fitting(label, pixels) for label in labels]
