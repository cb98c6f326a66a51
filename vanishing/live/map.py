"""The map explorer: a plane of two settings that fills while you watch; each cell can be opened."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from vanishing import figures
from vanishing._checks import instance, one_of, several
from vanishing.experiment import Settings
from vanishing.live.controls import CONTROLS, value_slider
from vanishing.live.explorer import LECTURE, Explorer, checked_settings
from vanishing.live.picture import WIDTH, Panel
from vanishing.live.player import Player, checked_iterations
from vanishing.live.runs import code
from vanishing.live.widget import checked_width
from vanishing.planes import (
    LEVEL,
    Axis,
    Line,
    Outcome,
    Survey,
    coarse_to_fine,
    log_axis,
    outcomes_in_turns,
)
from vanishing.trials import SettingsPlane, one_network, settings_plane
from vanishing.variant import VariantLike

STEP_SIZES = log_axis("step_size", 0.01, 10_000, 25)
"""From left to right, where nothing else is said: from the laziest step to far beyond all."""

SCALES = log_axis("scale", 0.01, 10, 25, label="initialization scale")
"""From bottom to top, where nothing else is said."""

ITERATIONS = 1000
"""How many a cell's run makes at most, where nothing else is said."""

QUICK = 5
"""Iterations at the quick end of the colour scale: it must not move while the map fills."""

WAIT = 0.02
"""Seconds of waiting for workers, or of work where there are none, between two looks for a wish."""

REPAINT = 0.15
"""Seconds between two pictures of a map that fills: painting takes time from the runs."""


@dataclass(frozen=True)
class Choice:
    """Which cell is framed, and which was opened.

    Parameters
    ----------
    column, row : int
        Of the framed one, counted from the lower left.
    opened : tuple of int, optional
        Column and row of the one that was opened.
    """

    column: int
    row: int
    opened: tuple[int, int] | None = None

    def changed(self, name: str, value: int) -> "Choice":
        """Return the choice with the column or the row changed."""
        known = {"column": self.column, "row": self.row}
        one_of("name", name, known)
        return Choice(**{**known, name: value}, opened=self.opened)


@dataclass
class MapScene:
    """A map as its panel sees it."""

    survey: Survey
    choice: Choice
    lines: Sequence[Line]
    slowest: int

    @property
    def frame(self) -> Any:
        """What decides axes and colours."""
        return self.survey.plane, self.slowest, tuple(self.lines)


class MapPanel(Panel):
    """The cells, the frame of the chosen one, and what theory says."""

    def setup(self, axes: Sequence[Axes], scene: MapScene) -> None:
        """Draw the map as it stands."""
        (ax,) = axes
        left, bottom, width, height = ax.get_position().bounds
        # At the left numbers of four digits beside the name; the colour bar stands in the rest.
        ax.set_position((left + 0.03, bottom, 0.84 * width, height))
        self.drawn = figures.plane_map(
            ax, scene.survey, lines=scene.lines, limits=(QUICK, max(scene.slowest, 2 * QUICK))
        )

    def update(self, scene: MapScene) -> list[Artist]:
        """Colour what is known meanwhile."""
        self.drawn.update(scene.survey, (scene.choice.column, scene.choice.row))
        return self.drawn.artists


class MapExplorer(Player):
    """A plane of two settings that fills from coarse to fine; each cell is a training run.

    Play has it fill, in as many processes as there are processors. Two sliders choose a cell; the
    button Open (or Enter on it) shows that run in an `Explorer` below: the same settings and seed,
    in float64, where the map trains in float32.

    Parameters
    ----------
    variants : str, Activation or Variant
        Which network: one only.
    x, y : Axis
        What is varied from left to right, and from bottom to top; see
        `vanishing.trials.settings_plane`. Left out, the step size and the initialization scale.
    iterations : int
        How many a run makes at most.
    level : float
        The accuracy at which a run ends.
    lines : sequence of Line
        What theory says, drawn on top.
    picture_width : int
        In pixels, from 200 to 4000.
    **settings
        The other fields of `vanishing.experiment.Settings`, as for `Explorer`.

    Attributes
    ----------
    survey : Survey
        What is known of the plane.
    controls, buttons : dict of str to widget
        What can be moved and pressed, by name.
    share : str
        The line of Python that recreates exactly this map.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    offered = ("toggle", "rewind", "show_run")
    plays = False
    arguments: ClassVar[frozenset[str]] = frozenset(
        {"x", "y", "level", "lines", "iterations", "picture_width"}
        | {one.name for one in fields(Settings)}
    )

    def __init__(
        self,
        variants: Sequence[VariantLike] | VariantLike = "sigmoid",
        *,
        x: Axis = STEP_SIZES,
        y: Axis = SCALES,
        iterations: int = ITERATIONS,
        level: float = LEVEL,
        lines: Sequence[Line] = (),
        picture_width: int = WIDTH,
        **settings: Any,
    ) -> None:
        base = one_network(checked_settings(variants, settings))
        self._plane = settings_plane(base, x, y, iterations=iterations, level=level)
        given = several("lines", lines, "lines")
        self._lines = tuple(instance(f"lines[{i}]", one, Line) for i, one in enumerate(given))
        self._most = checked_iterations(iterations)
        self._survey: Survey | None = None
        self._turns: Iterator[list[Outcome]] = iter(())
        self._painted: Any = None
        self._painted_at = 0.0
        self._opened: tuple[int, int] | None = None
        self._explorer: Explorer | None = None
        self.catalogue = {  # type: ignore[misc]
            "column": slider_along(x),
            "row": slider_along(y),
        }
        self._name = self._recreate(checked_width(picture_width))
        super().__init__(
            Choice(len(x) // 2, len(y) // 2),
            controls=("column", "row"),
            panels=[MapPanel],
            iterations=len(x) * len(y),
            picture_width=picture_width,
        )

    def __repr__(self) -> str:
        return self._name

    # What is made.

    @property
    def plane(self) -> SettingsPlane:
        """The two axes, and the run of each cell."""
        return self._plane

    @property
    def survey(self) -> Survey:
        """What is known of the plane."""
        if self._survey is None:
            self.refuse_if_closed()
        assert self._survey is not None
        return self._survey

    def restart(self, wanted: Choice) -> None:  # noqa: ARG002 (the same plane, whichever is chosen)
        """Forget all cells."""
        self._survey = Survey(self._plane)
        self._early: dict[tuple[int, int], Outcome] = {}
        self._order = deque(coarse_to_fine(len(self._plane.x), len(self._plane.y)))
        # With the turns that there were before, their runs end.
        self._turns = outcomes_in_turns(self._plane, seconds=WAIT)

    def free(self) -> None:
        """Let go of the runs and of what is known."""
        self._turns = iter(())
        self._close_run()
        self._survey = None

    @property
    def iteration(self) -> int:
        """How many cells are known."""
        return len(self.survey)

    def advance_by(self, iterations: int, seconds: float) -> int:
        """Add so many cells, fewer if time is up before, and return how many were added."""
        end, before = self.clock() + seconds, self.iteration
        while self._add_in_order(before + iterations) < before + iterations:
            if self.clock() >= end:
                break
            cells = next(self._turns, None)
            if cells is None:
                raise RuntimeError("the runs ended before all cells were made; Rewind begins anew")
            for cell in cells:
                self._early[cell.column, cell.row] = cell
        return self.iteration - before

    def _add_in_order(self, most: int) -> int:
        """Add what is next, so that a map of so many cells is the same whatever came first."""
        while self.iteration < most and self._order and self._order[0] in self._early:
            self.survey.add(self._early.pop(self._order.popleft()))
        return self.iteration

    def work(self, seconds: float) -> None:
        """Open what was wanted, then add the cells that are done by then."""
        opened = self.wanted.opened
        if opened is not self._opened:
            self._opened = opened
            self._open_run()
        super().work(seconds)

    # What sliders and buttons do.

    def moved(self, name: str, value: Any) -> None:
        """Frame another cell; what is known stays."""
        self.express(replace(self.wish, wanted=self.wanted.changed(name, value)))

    def show_run(self) -> None:
        """Show the run of the framed cell below, from its beginning."""
        place = self.wanted.column, self.wanted.row
        self.express(replace(self.wish, wanted=replace(self.wanted, opened=place)))

    @property
    def explorer(self) -> Explorer | None:
        """The run of the cell that was opened last."""
        return self._explorer

    def _open_run(self) -> None:
        """Open a cell; the task does it, for a button is pressed in another thread."""
        self._close_run()
        opened = self._opened
        assert opened is not None
        settings = self._plane.settings_at(*opened)
        own = {one.name: getattr(settings, one.name) for one in fields(Settings)}
        sides = self._plane.x.name, self._plane.y.name
        self._explorer = Explorer(
            own.pop("variants"),
            controls=[name for name in sides if name in CONTROLS],
            iterations=self._most,
            **own,
        )
        self.children = [*self.children, self._explorer]
        if self._explorer.goes_on:
            self._explorer.toggle()

    def _close_run(self) -> None:
        if self._explorer is not None:
            self.children = [part for part in self.children if part is not self._explorer]
            self._explorer.close()
            self._explorer = None

    # What is shown.

    @property
    def scene(self) -> MapScene:
        """What the picture shows."""
        return MapScene(self.survey, self.wanted, self._lines, self._most)

    def paint(self) -> None:
        """Bring picture and words up to date; not too often while the map fills."""
        state = self.iteration, self.wanted, self.playing, self._paused_for
        now = self.clock()
        fills = self.playing and self._painted is not None and state[1:] == self._painted[1:]
        if state != self._painted and not (fills and now - self._painted_at < REPAINT):
            self._painted, self._painted_at = state, now
            super().paint()

    @property
    def words(self) -> str:
        """What the map shows, and what is known of the framed cell."""
        choice, plane = self.wanted, self._plane
        place = ", ".join(
            f"{axis.label} {axis.values[number]:g}"
            for axis, number in ((plane.x, choice.column), (plane.y, choice.row))
        )
        cell = self.survey.cell(choice.column, choice.row)
        told = "not made yet" if cell is None else cell.description(plane.level)
        return f"{self.survey.description}\nframed: {place}: {told}"

    @property
    def share(self) -> str:
        """The line of Python that recreates exactly this map."""
        done = self.iteration
        return self._name + (f".advance({done})" if done else "")

    def _recreate(self, picture_width: int) -> str:
        base, usual = self._plane.settings, LECTURE
        parts: list[tuple[str, Any, Any]] = [
            ("x", self._plane.x, STEP_SIZES),
            ("y", self._plane.y, SCALES),
            ("iterations", self._most, ITERATIONS),
            ("level", self._plane.level, LEVEL),
            ("lines", self._lines, ()),
            ("picture_width", picture_width, WIDTH),
        ]
        parts += [
            (one.name, getattr(base, one.name), getattr(usual, one.name))
            for one in fields(Settings)
            if one.name != "variants"
        ]
        told = [f"{name}={code(value)}" for name, value, common in parts if value != common]
        return f"MapExplorer({', '.join([code(base.variants[0]), *told])})"


def slider_along(axis: Axis) -> Callable[[], Any]:
    """Return what makes the slider that chooses among an axis's values."""
    options = [(f"{value:g}", number) for number, value in enumerate(axis.values)]
    return value_slider(axis.label, f"Which {axis.label} is framed", options)
