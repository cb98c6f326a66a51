"""What the tests of several figures ask of a line."""

from typing import Any

from matplotlib.lines import Line2D


def same_style(line: Line2D, style: Any) -> bool:
    """Tell whether a line has that style, by making another that has it."""
    # Matplotlib has no public way to read the dashes of a line.
    other: Any = Line2D([], [], linestyle=style)
    mine: Any = line
    return bool(mine._unscaled_dash_pattern == other._unscaled_dash_pattern)
