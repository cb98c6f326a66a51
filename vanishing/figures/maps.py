"""Maps: a plane of two things that are varied, each cell coloured by what came of its run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from vanishing._checks import Array, instance, real_number, several, shown, whole_number
from vanishing.figures.style import FURTHEST, caption, check_axes
from vanishing.planes import DIVERGED, LEARNED, SLOW, Axis, Line, Survey

COLORS = "viridis_r"
"""Quick is bright, slow is dark; colour-blind eyes see the same order."""

PLAIN = {SLOW: 0.87, DIVERGED: 0.45}
"""The greys of what never reached the level, and of what diverged; white is not known yet."""

MOST_TICKS = 7
"""More labels on an axis cannot be read from the last row."""

ALL_TICKS = 9
"""An axis with so few values has them all labelled: two more are better than gaps."""

LINE_STYLES = ((0, (5, 2)), (0, (1, 1.2)), "solid")
"""One after the other for lines of theory, which lie on top."""

MARKED = 40
"""With more cells on a side, one grey mark in each could not be told from the next."""


@dataclass(frozen=True, eq=False)
class PlaneMap:
    """What `plane_map` drew; `update` shows what is known meanwhile.

    Parameters
    ----------
    image : AxesImage
        The cells.
    slow, diverged : Line2D
        The marks in cells that never reached the level, and in those that diverged.
    frame : Rectangle
        Around the chosen cell.
    lines : list of Line2D
        Those of theory.
    scale : ScalarMappable
        Which colour stands for how many iterations.
    """

    image: AxesImage
    slow: Line2D
    diverged: Line2D
    frame: Rectangle
    lines: list[Line2D]
    scale: ScalarMappable

    @property
    def artists(self) -> list[Artist]:
        """All that may move, lowest first."""
        return [self.image, self.slow, self.diverged, *self.lines, self.frame]

    def update(self, survey: Survey, chosen: tuple[int, int] | None = None) -> None:
        """Show what is known meanwhile, and frame another cell.

        Parameters
        ----------
        survey : Survey
            Of the same plane.
        chosen : tuple of int, optional
            Column and row of the cell to frame.

        Raises
        ------
        TypeError, ValueError
            If an argument is not what is described above.
        """
        known = instance("survey", survey, Survey)
        place = _checked_cell(chosen, known)
        self.image.set_data(cell_colors(known, self.scale))
        for marks, kind in ((self.slow, SLOW), (self.diverged, DIVERGED)):
            rows, columns = np.nonzero(known.kind == kind)
            marks.set_data(columns, rows)
        self.frame.set_visible(place is not None)
        if place is not None:
            self.frame.set_xy((place[0] - 0.5, place[1] - 0.5))


def plane_map(
    ax: Axes,
    survey: Survey,
    *,
    lines: Sequence[Line] = (),
    chosen: tuple[int, int] | None = None,
    limits: tuple[float, float] | None = None,
) -> PlaneMap:
    """Draw a plane: each cell coloured by the iterations to the level, on a logarithmic scale.

    Cells that never reached it are light grey with a dot, those that diverged dark grey with a
    cross; what is not known yet looks like the coarser cell around it, and is white where there is
    none. A colour bar stands at the right.

    Parameters
    ----------
    ax : Axes
        Where to draw; its coordinates become the cells' numbers.
    survey : Survey
        What is known of the plane.
    lines : sequence of Line
        What theory says.
    chosen : tuple of int, optional
        Column and row of a cell to be framed, counted from the lower left.
    limits : tuple of float, optional
        The iterations at the ends of the colour scale; left out, of the quickest cell and of the
        slowest. What lies beyond has the colour of the end.

    Returns
    -------
    PlaneMap
        What was drawn.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    plane = instance("survey", survey, Survey).plane
    given = [
        instance(f"lines[{i}]", one, Line) for i, one in enumerate(several("lines", lines, "lines"))
    ]
    _checked_cell(chosen, survey)
    scale = ScalarMappable(LogNorm(*_ends_of_scale(survey, limits)), colormaps[COLORS])
    rows, columns = plane.shape
    ax.grid(visible=False)
    image = ax.imshow(
        np.ones((rows, columns, 4)), origin="lower", aspect="auto", interpolation="nearest"
    )
    side = max(rows, columns)
    slow = _marks(ax, ".", "0.45", 3 if side <= MARKED else 1)
    diverged = _marks(ax, "x", "white", 5 if side <= MARKED else 2)
    frame = Rectangle((0, 0), 1, 1, fill=False, edgecolor="#BD1F01", linewidth=3, zorder=5)
    ax.add_patch(frame)
    drawn = PlaneMap(image, slow, diverged, frame, _draw_lines(ax, survey, given), scale)
    drawn.update(survey, chosen)
    _name_sides(ax, plane.x, plane.y)
    _legend(ax, drawn, plane.level)
    extend = "neither" if limits is None else "both"
    _color_bar(ax, scale, f"iterations to {plane.level:.0%}", extend)
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(-0.5, rows - 0.5))
    return drawn


def cell_colors(survey: Survey, scale: ScalarMappable) -> Array:
    """Return the colour of each cell, of shape (rows, columns, 4), the first row at the bottom.

    Parameters
    ----------
    survey : Survey
        What is known.
    scale : ScalarMappable
        Gives the colour of a number of iterations.
    """
    place = instance("survey", survey, Survey).standing_in()
    instance("scale", scale, ScalarMappable)
    kind, reached = survey.kind[place], survey.reached[place]
    colors = np.ones((*kind.shape, 4))
    for one, grey in PLAIN.items():
        colors[kind == one, :3] = grey
    learned = kind == LEARNED
    colors[learned] = scale.to_rgba(reached[learned])
    return colors


def _ends_of_scale(survey: Survey, limits: Any) -> tuple[float, float]:
    if limits is not None:
        ends = several("limits", limits, "two numbers")
        if len(ends) != 2:
            raise ValueError(f"limits must be two numbers; got {shown(limits)}")
        low, high = (real_number("limits", one, at_most=FURTHEST) for one in ends)
        if not low < high:
            raise ValueError(f"limits must rise; got {shown(limits)}")
        return low, high
    known = survey.reached[survey.kind == LEARNED]
    if not known.size:
        return 1.0, 1000.0
    return float(known.min()), float(max(known.max(), 2 * known.min()))


def _checked_cell(chosen: Any, survey: Survey) -> tuple[int, int] | None:
    if chosen is None:
        return None
    place = several("chosen", chosen, "two whole numbers")
    if len(place) != 2:
        raise ValueError(f"chosen must be a column and a row; got {shown(chosen)}")
    rows, columns = survey.plane.shape
    return (
        whole_number("chosen", place[0], at_least=0, at_most=columns - 1),
        whole_number("chosen", place[1], at_least=0, at_most=rows - 1),
    )


def _marks(ax: Axes, marker: str, color: str, size: float) -> Line2D:
    (line,) = ax.plot([], [], linestyle="none", marker=marker, color=color, markersize=size)
    return line


def _draw_lines(ax: Axes, survey: Survey, lines: list[Line]) -> list[Line2D]:
    drawn = []
    for number, line in enumerate(lines):
        x = [survey.plane.x.place(value) for value in line.x]
        y = [survey.plane.y.place(value) for value in line.y]
        style: Any = LINE_STYLES[number % len(LINE_STYLES)]
        drawn += ax.plot(x, y, color="black", linestyle=style, linewidth=2.5, label=line.label)
    return drawn


def _legend(ax: Axes, drawn: "PlaneMap", level: float) -> None:
    """Say above the map what its greys and its lines are."""
    greys = {SLOW: (drawn.slow, f"never {level:.0%}"), DIVERGED: (drawn.diverged, "diverged")}
    handles: list[Any] = [
        (Patch(facecolor=str(PLAIN[kind])), _sample(marks)) for kind, (marks, _) in greys.items()
    ]
    labels = [label for _, label in greys.values()]
    ax.legend(
        [*handles, *drawn.lines],
        [*labels, *(str(line.get_label()) for line in drawn.lines)],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(labels) + len(drawn.lines),
        frameon=False,
        borderaxespad=0.1,
        handlelength=1.6,
        columnspacing=1.2,
    )


def _sample(marks: Line2D) -> Line2D:
    sample = Line2D([], [])
    sample.update_from(marks)
    sample.set_markersize(5)
    return sample


def _name_sides(ax: Axes, x: Axis, y: Axis) -> None:
    caption(ax, x=x.label, y=y.label)
    for side, axis in ((ax.xaxis, x), (ax.yaxis, y)):
        places = _ticks(axis)
        side.set_major_locator(FixedLocator(places))
        side.set_minor_locator(NullLocator())
        side.set_ticklabels([f"{float(f'{axis.values[place]:.3g}'):g}" for place in places])


def _ticks(axis: Axis) -> list[int]:
    """Return which values are written: powers of ten if there are some, else round ones."""
    if axis.logarithmic:
        tens = [i for i, value in enumerate(axis.values) if _is_power_of_ten(value)]
        if len(tens) >= 3:
            return tens[:: -(-len(tens) // MOST_TICKS)]
    last = len(axis) - 1
    if last < ALL_TICKS:
        return list(range(last + 1))
    round_ones = MaxNLocator(MOST_TICKS - 1, steps=(1, 2, 5, 10)).tick_values(
        axis.values[0], axis.values[-1]
    )
    places = [i for i, value in enumerate(axis.values) if np.isclose(round_ones, value).any()]
    if len(places) < 3:
        places = [round(place) for place in np.linspace(0, last, MOST_TICKS)]
    room = last / (2 * MOST_TICKS)
    return [0, *(place for place in places if room <= place <= last - room), last]


def _is_power_of_ten(value: float) -> bool:
    return value > 0 and bool(np.isclose(value, 10.0 ** np.round(np.log10(value))))


def _color_bar(ax: Axes, scale: ScalarMappable, label: str, extend: Any) -> None:
    bar: Any = ax.inset_axes((1.02, 0, 0.03, 1))
    bar.grid(visible=False)
    colors = ax.figure.colorbar(scale, cax=bar, extend=extend)
    colors.set_label(label)
    colors.ax.yaxis.set_major_formatter("{x:g}")
    colors.ax.yaxis.set_minor_locator(NullLocator())
