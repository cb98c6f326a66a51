"""The panels of an explorer: data, decision regions, hidden units, loss, gradients, ledger.

To add one of your own, write a subclass of `Panel` with `setup` and `update`, and hand it to the
explorer beside the names: `Explorer(panels=("regions", MyPanel))`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, Self

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullFormatter

from vanishing import figures
from vanishing._checks import Array, listed, several, shown
from vanishing.data import Dataset
from vanishing.experiment import Experiment
from vanishing.history import History
from vanishing.ledger import ledger
from vanishing.live.picture import DPI, Panel, Pixels
from vanishing.measures import Measure
from vanishing.network import Network
from vanishing.training import Trainer
from vanishing.variant import Variant

REACH = 1.2
"""The maps reach this far in all directions; the spiral reaches 1."""

MAP_GRID = 41
"""A network is asked on so many points in each direction of the live map."""

CURVE_BUCKETS = 250
"""Stretches of a live curve, about two pixels wide each."""

DECADES = 1
"""Logarithmic limits give way by so many decades at once, and so fit what is shown."""

CHARACTER = 9.8
"""Pixels that a character of a title takes, in a picture of the usual size."""

NARROW = 300
"""Pixels; on narrower axes there is room for every other power of ten only."""

BESIDE = 400
"""Pixels; in narrower axes the names of statistic and floor are cut short."""

MARK = 60
"""Pixels that a line in a legend takes, with what is left free around it."""

PALE = 0.35
"""The opacity of what is left of an earlier run."""

PALE_BUCKETS = 150
"""Stretches of a pale curve."""

LOSS_AXES = ("logarithmic", "linear")
"""What the axis of the loss may be."""

DOT = 34
"""Pixels that a marker in a legend takes, with what is left free around it."""

FULL, THIN = 2.0, 1.0
"""Widths in points of a curve, and of what it is compared with."""

MOST_POINTS = 5000
"""Points a class; with more no map can be read, and nothing is live."""

NAMES_IN_A_ROW = 2
"""With more networks their names stand one below the other, as a row would not hold them."""


class Look(Protocol):
    """How a network is told from others."""

    @property
    def label(self) -> str:
        """What legends call it."""

    @property
    def color(self) -> str:
        """Its hue."""

    @property
    def line(self) -> Any:
        """The line style where one line stands for it."""

    @property
    def marker(self) -> str:
        """The marker on its curves; empty for none."""


class Record(Protocol):
    """What is kept of a run: some number of rows, each of an iteration."""

    @property
    def iteration(self) -> Array:
        """The iteration of each row."""

    @property
    def loss(self) -> Array:
        """The loss of each row."""

    def at(self, rows: Any) -> Any:
        """Return the record with the chosen rows only."""

    def __len__(self) -> int:
        """Return the number of rows."""


@dataclass(frozen=True, eq=False)
class PastRun:
    """What is left of a run to be compared with others.

    Parameters
    ----------
    settings : object
        What it ran under.
    looks : tuple of Look
        How each of its networks looks.
    histories : tuple of Record
        A few hundred rows of each network's record.
    """

    settings: Any
    looks: tuple[Look, ...]
    histories: tuple[Any, ...]

    @classmethod
    def of(cls, experiment: Any, looks: Sequence[Look], **more: Any) -> Self:
        """Keep of a run what its curves need."""
        histories = (sketched(trainer.history) for trainer in experiment.trainers)
        return cls(experiment.settings, tuple(looks), tuple(histories), **more)


def sketched(history: Any) -> Any:
    """Return the rows of lowest and of highest loss in each stretch of a record, and the last."""
    if len(history) <= 2 * PALE_BUCKETS:
        return history
    edges = np.geomspace(1, len(history), PALE_BUCKETS + 1).astype(int) - 1
    stretches = pairwise(np.unique(edges).tolist())
    loss = history.loss
    rows = {len(history) - 1}
    for low, high in stretches:
        rows |= {low + int(loss[low:high].argmin()), low + int(loss[low:high].argmax())}
    return history.at(sorted(rows))


@dataclass
class ExperimentScene:
    """An experiment as the panels see it.

    Parameters
    ----------
    experiment : Experiment
        The data and the networks.
    measure : Measure
        How a gradient's size is read.
    iterations : int
        Where the axes of iterations end.
    past : tuple of PastRun
        Earlier runs, which stay as pale curves.
    iteration : int, optional
        An earlier iteration that is looked at; left out, the one reached.
    loss_axis : str
        "logarithmic" or "linear".
    unit_layer : int
        Which hidden layer's units are shown; the last, where there are fewer.
    """

    experiment: Experiment
    measure: Measure
    iterations: int
    past: tuple[PastRun, ...] = ()
    iteration: int | None = None
    loss_axis: str = LOSS_AXES[0]
    unit_layer: int = 1

    @property
    def trainers(self) -> list[Trainer]:
        """The networks at the iteration that is looked at."""
        if self.iteration is None:
            return self.experiment.trainers
        return self.experiment.at(self.iteration)

    @property
    def data(self) -> Dataset:
        """The points."""
        return self.experiment.data

    @property
    def looks(self) -> tuple[Variant, ...]:
        """How each network looks."""
        return self.experiment.settings.variants

    @property
    def classes(self) -> int:
        """Among how many answers a network chooses."""
        return self.experiment.settings.classes

    @property
    def frame(self) -> tuple[Any, ...]:
        """What decides titles, legends and the number of artists."""
        settings = self.experiment.settings
        ends = plane(self.data)
        shapes = settings.variants, settings.sizes
        return *shapes, self.measure, self.iterations, ends, self.loss_axis, self.unit_layer


def plane(data: Dataset) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the lower left and the upper right corner of the square that a map shows."""
    low, high = data.points.min(axis=0), data.points.max(axis=0)
    if max(-low.min(), high.max()) <= 1 or data.points.shape[1] != 2:
        return (-REACH, -REACH), (REACH, REACH)
    # Points of one's own stand in the middle of their map.
    (x, y), half = (low + high) / 2, REACH * max((high - low).max() / 2, 1e-3)
    return (float(x - half), float(y - half)), (float(x + half), float(y + half))


def check_plane(data: Dataset) -> None:
    """Raise where points cannot be drawn on a map."""
    if data.points.shape[1] != 2:
        raise ValueError(
            "data must have points of 2 coordinates for the panels 'points', 'regions' and "
            f"'units'; got {data.points.shape[1]}"
        )


def show_plane(ax: Axes, data: Dataset) -> None:
    """Give a map its limits and few ticks."""
    low, high = plane(data)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="", ylabel="")
    if (place := ax.get_subplotspec()) is not None:
        # All maps show the same plane: the first of a row names its heights.
        ax.tick_params(labelleft=place.is_first_col())
    if high == (REACH, REACH):
        ax.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    else:
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(3))


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


class HasData(Protocol):
    """A scene with points."""

    @property
    def data(self) -> Dataset:
        """The points."""


class PointsPanel(Panel):
    """The data."""

    square = True

    def setup(self, axes: Sequence[Axes], scene: HasData) -> None:
        """Draw the points and the names of their classes."""
        (ax,) = axes
        check_plane(scene.data)
        self.drawn = figures.points(ax, scene.data)
        show_plane(ax, scene.data)
        self._name_classes(ax)

    def _name_classes(self, ax: Axes) -> None:
        """Name as many classes above the map as fit there."""
        names = [f"class {label}" for label in range(len(self.drawn))]
        room = usual_width(ax)
        if sum(len(name) * CHARACTER + DOT for name in names) > room:
            names[1:] = map(str, range(1, len(names)))
        room -= len("class ") * CHARACTER
        most = max(int(room / (CHARACTER + DOT)), 1)
        ax.legend(
            handles=self.drawn[:most],
            labels=names[:most],
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=most,
            frameon=False,
            handletextpad=0,
            handlelength=1.4,
            columnspacing=0.6,
            borderaxespad=0.1,
            borderpad=0.2,
        )

    def update(self, scene: HasData) -> list[Artist]:
        """Move the points."""
        figures.move_points(self.drawn, scene.data)
        return list(self.drawn)


class RegionsPanel(Panel):
    """The decision regions of each network, with the data on top."""

    square = True

    def count(self, scene: ExperimentScene) -> int:
        """Return the number of networks."""
        return len(scene.experiment.trainers)

    def setup(self, axes: Sequence[Axes], scene: ExperimentScene) -> None:
        """Prepare each network's map."""
        check_plane(scene.data)
        self.images = [Pixels(ax) for ax in axes]
        # Points seldom move: they are drawn when they do, and laid over the map as an image.
        self.overlays = [Pixels(ax) for ax in axes]
        self.drawn = np.empty(0)
        labels = [variant.label for variant in scene.experiment.settings.variants]
        for ax, title in zip(axes, titles(labels, usual_width(axes[0])), strict=True):
            ax.grid(visible=False)
            show_plane(ax, scene.data)
            figures.caption(ax, title)
        ends, grid = plane(scene.data), (MAP_GRID, MAP_GRID)
        self.map = figures.RegionMap(*ends, grid, self.images[0].size)

    def update(self, scene: ExperimentScene) -> list[Artist]:
        """Ask the networks as they are now."""
        if not np.array_equal(self.drawn, scene.data.points):
            self._draw_points(scene.data)
        for image, trainer in zip(self.images, scene.trainers, strict=True):
            image.pixels = self.map.colors(trainer.network)
        return [*self.images, *self.overlays]

    def _draw_points(self, data: Dataset) -> None:
        self.drawn = data.points
        for overlay in self.overlays:
            ax = overlay.axes
            assert isinstance(ax, Axes)
            points = figures.points(ax, data, size=26 if len(self.overlays) == 1 else 14)
            show_plane(ax, data)
            overlay.stamp(points)
            for dots in points:
                dots.remove()


class UnitsPanel(Panel):
    """What each unit of a hidden layer answers over the plane; dead ones are crossed."""

    square = True

    def count(self, scene: ExperimentScene) -> int:
        """Return the number of networks."""
        return len(scene.experiment.trainers)

    def setup(self, axes: Sequence[Axes], scene: ExperimentScene) -> None:
        """Prepare each network's image, and room for what is said of it."""
        check_plane(scene.data)
        self.images = [Pixels(ax) for ax in axes]
        below: dict[str, Any] = {"va": "top", "fontsize": 12}
        self.notes = [ax.text(0, -0.02, "", transform=ax.transAxes, **below) for ax in axes]
        trainers, variants = scene.experiment.trainers, scene.experiment.settings.variants
        sizes = [trainer.network.sizes for trainer in trainers]
        self.layers = [min(scene.unit_layer, len(one) - 2) for one in sizes]
        width = usual_width(axes[0])
        for ax, variant, layer in zip(axes, variants, self.layers, strict=True):
            ax.set(xticks=(), yticks=())
            ax.set_axis_off()
            whole = f"{variant.label}: units of layer {layer}"
            short = f"layer {layer}: {variant.label}"
            figures.caption(ax, whole if fitting(whole, width) == whole else fitting(short, width))
        self.map = figures.UnitMap(*plane(scene.data), self.images[0].size)

    def update(self, scene: ExperimentScene) -> list[Artist]:
        """Ask the units as they are now."""
        drawn = zip(self.images, self.notes, self.layers, scene.trainers, strict=True)
        for image, note, layer, trainer in drawn:
            units = self.map.ask(trainer.network, scene.data, layer)
            image.pixels = self.map.colors(units)
            note.set_text(str(units))
        return [*self.images, *self.notes]


class CurvesScene(Protocol):
    """A scene with networks that are trained, and earlier ones."""

    @property
    def experiment(self) -> Any:
        """The networks' `trainers`, each with its `history`, and their `settings`."""

    @property
    def looks(self) -> tuple[Look, ...]:
        """How each network looks."""

    @property
    def classes(self) -> int:
        """Among how many answers a network chooses."""

    @property
    def iterations(self) -> int:
        """Where the axes of iterations end."""

    @property
    def past(self) -> tuple[PastRun, ...]:
        """Earlier runs, which stay as pale curves."""

    @property
    def iteration(self) -> int | None:
        """An earlier iteration that is looked at."""

    @property
    def loss_axis(self) -> str:
        """Whether the loss is drawn logarithmically."""


class CurvesPanel(Panel):
    """Curves over iterations, both axes logarithmic."""

    limits = (1e-4, 0.1)
    furthest = (1e-40, 1e12)
    over_iterations = True
    headroom = 0.0
    """How much of the height that curves have is added above them, for the legend."""

    def setup(self, axes: Sequence[Axes], scene: Any) -> None:
        """Draw empty axes and one empty line a curve."""
        (self.ax,) = axes
        figures.iteration_axis(self.ax, log=True)
        limits = self._with_headroom(*self.limits)
        self.ax.set(xlim=(0, scene.iterations), yscale="log", ylim=limits)
        # On short axes Matplotlib would name the lines between powers of ten too, at length.
        self.ax.yaxis.set_minor_formatter(NullFormatter())
        if usual_width(self.ax) < NARROW:
            self.ax.set_xticks([0, *(10**power for power in range(1, 12, 2))])
            self.ax.set_xlim(0, scene.iterations)
        if not self.ax.get_subplotspec().is_last_row():  # type: ignore[union-attr]
            self.ax.set_xlabel("")
            self.ax.tick_params(labelbottom=not self.continued)
        self.past: tuple[PastRun, ...] = ()
        self.pale: list[Line2D] = []
        self.cursor = self.ax.axvline(0, color="0.25", linewidth=1, visible=False)
        self.lines = self.empty_lines(scene)

    def empty_lines(self, scene: Any) -> list[Line2D]:
        """Return one empty line for each column of `values`."""
        raise NotImplementedError

    def values(self, scene: Any, history: Any) -> Array:
        """Return the curves of one network, of shape (T, curves)."""
        raise NotImplementedError

    def update(self, scene: Any) -> list[Artist]:
        """Lengthen the curves."""
        lines = iter(self.lines)
        found = []
        for trainer in scene.experiment.trainers:
            history = trainer.history
            values = self.values(scene, history)
            iterations, curves = figures.thinned(
                values, history.iteration, log=True, buckets=CURVE_BUCKETS
            )
            found.append(curves)
            marks = figures.marked(iterations, log=True)
            for curve in curves.T:
                line = next(lines)
                line.set_data(iterations, curve)
                line.set_markevery(marks)
        if scene.past != self.past:
            self._draw_past(scene)
        found += [np.asarray(line.get_ydata()) for line in self.pale]
        self._make_room(np.concatenate(found, axis=None))
        self.cursor.set(visible=scene.iteration is not None, xdata=[scene.iteration or 0] * 2)
        self.still = self.pale
        return [self.cursor, *self.lines]

    def _draw_past(self, scene: Any) -> None:
        """Draw what is left of earlier runs."""
        for line in self.pale:
            line.remove()
        self.past, self.pale = scene.past, []
        for run in scene.past:
            for look, history in zip(run.looks, run.histories, strict=True):
                for curve, style in zip(
                    self.values(scene, history).T, self.styles(look, history), strict=True
                ):
                    line = empty_line(self.ax, look, style)
                    line.set(xdata=history.iteration, ydata=curve, alpha=PALE, zorder=1.5)
                    self.pale.append(line)

    def styles(self, look: Any, history: Any) -> list[Any]:  # noqa: ARG002
        """Return the line style of each column of `values`."""
        return [figures.layer_style(layer) for layer in range(1, len(history.sizes) - 1)]

    def _make_room(self, values: Array) -> None:
        shown = values[np.isfinite(values) & (values > 0)]
        low, high = self.wanted_limits(shown)
        self.outgrown = (low, high) != self.ax.get_ylim()
        if self.outgrown:
            self.ax.set_ylim(low, high)

    def wanted_limits(self, values: Array) -> tuple[float, float]:
        """Return limits that hold these positive values."""
        return self._with_headroom(*wide_enough(values, self.limits, self.furthest))

    def _with_headroom(self, low: float, high: float) -> tuple[float, float]:
        return low, high * (high / low) ** self.headroom


def wide_enough(
    values: Array, limits: tuple[float, float], furthest: tuple[float, float]
) -> tuple[float, float]:
    """Return logarithmic limits that hold the values: the given ones, or wider by whole steps."""
    low, high = limits
    if values.size:
        below = math.log10(low / min(low, max(values.min(), furthest[0])))
        above = math.log10(min(max(high, values.max()), furthest[1]) / high)
        low *= 10.0 ** (-DECADES * math.ceil(below / DECADES))
        high *= 10.0 ** (DECADES * math.ceil(above / DECADES))
    return low, high


class LossPanel(CurvesPanel):
    """The loss of each network, and ln K."""

    limits = (0.1, 2.0)
    furthest = (1e-6, 2e6)
    linear = (0.0, 1.4)

    def empty_lines(self, scene: CurvesScene) -> list[Line2D]:
        """Return one line a network."""
        figures.caption(self.ax, "Loss")
        self.classes = scene.classes
        chance = figures.chance_line(self.ax, self.classes)
        chance.set_label(f"guessing: ln {self.classes}")
        self.is_linear = scene.loss_axis == "linear"
        if self.is_linear:
            self.ax.set(yscale="linear", ylim=self.linear)
        self.ax.yaxis.set_major_formatter("{x:g}")
        lines = [empty_line(self.ax, look, look.line, marked=True) for look in scene.looks]
        for line, look in zip(lines, scene.looks, strict=True):
            line.set_label(fitting(look.label, 200))
        self._name_networks()
        return lines

    def values(self, scene: CurvesScene, history: Record) -> Array:  # noqa: ARG002
        """Return the loss."""
        return history.loss[:, None]

    def styles(self, look: Look, history: Record) -> list[Any]:  # noqa: ARG002
        """Return the network's line style."""
        return [look.line]

    def wanted_limits(self, values: Array) -> tuple[float, float]:
        """Return limits that hold these losses; a linear axis begins at zero."""
        if not self.is_linear:
            return super().wanted_limits(values)
        low, high = self.linear
        highest = min(values.max(initial=0.0), self.furthest[1])
        # Steps of a factor of two: each asks for another drawing of the axes.
        return low, high * 2.0 ** max(0, math.ceil(math.log2(max(highest, high) / high)))

    def _name_networks(self) -> None:
        options: dict[str, Any] = {"handlelength": 1.6, "borderaxespad": 0.1}
        handles = self.ax.get_legend_handles_labels()[0]
        # The line of guessing is the first; where there is no room, it goes without a name.
        for named in (handles, handles[1:]):
            labels = ["Loss", *(str(handle.get_label()) for handle in named)]
            in_a_row = CHARACTER * len("".join(labels)) + MARK * len(named)
            if in_a_row <= usual_width(self.ax):
                options |= {"bbox_to_anchor": (1, 1), "columnspacing": 1, "frameon": False}
                self.ax.legend(handles=named, loc="lower right", ncols=len(labels), **options)
                if named is not handles:
                    self._name_guessing()
                return
        # In the corner that a falling loss leaves free.
        self.ax.legend(loc="lower left", labelspacing=0.2, borderpad=0.2, **options)

    def _name_guessing(self) -> None:
        """Write at the line itself what it is, where the legend has no room for it."""
        name, level = f"ln {self.classes}", math.log(self.classes)
        place: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": 12, "color": "0.25"}
        self.ax.text(0.99, level, name, transform=self.ax.get_yaxis_transform(), **place)


class GradientsPanel(CurvesPanel):
    """The gradient's size in each hidden layer of each network."""

    headroom = 1 / 3

    def empty_lines(self, scene: ExperimentScene) -> list[Line2D]:
        """Return one line for each hidden layer of each network."""
        name, width = scene.measure.name, usual_width(self.ax)
        whole = f"Gradient: {name}"
        figures.caption(self.ax, whole if fitting(whole, width) == whole else fitting(name, width))
        lines, named = [], set()
        networks = zip(scene.experiment.settings.variants, scene.experiment.trainers, strict=True)
        for variant, trainer in networks:
            layers = range(1, len(trainer.history.sizes) - 1)
            ends = {1, len(layers)} if len(layers) > 3 else set(layers)
            for layer in layers:
                style = figures.layer_style(layer)
                lines.append(empty_line(self.ax, variant, style, marked=layer in ends))
                if layer not in ends:
                    lines[-1].set(linewidth=1, alpha=0.6)
            named |= ends
        self._name_layers(sorted(named))
        return lines

    def _name_layers(self, layers: Sequence[int]) -> None:
        # Hue tells the network and is named beside the loss; here only the line styles are.
        marks = [
            Line2D([], [], color="0.25", ls=figures.layer_style(k), label=f"layer {k}")
            for k in layers
        ]
        self.ax.legend(handles=marks, loc="upper right", ncols=3, borderpad=0.3, handlelength=2.4)

    def values(self, scene: ExperimentScene, history: History) -> Array:
        """Return the measure for all layers that end in hidden units."""
        return scene.measure(history)[:, :-1]


class FloorPanel(CurvesPanel):
    """The lecture's statistic of each hidden layer, and beneath it, thin, the penalty's floor.

    Where the two meet, the data's gradient and the penalty's cancel: the curve is level for that
    reason, whatever is left to learn.
    """

    headroom = 1 / 3

    def empty_lines(self, scene: ExperimentScene) -> list[Line2D]:
        """Return, network by network, a line for each hidden layer, then one for each floor."""
        figures.caption(self.ax, fitting("Gradient, penalty's floor", usual_width(self.ax)))
        lines = []
        networks = zip(scene.experiment.settings.variants, scene.experiment.trainers, strict=True)
        for variant, trainer in networks:
            for width in (FULL, THIN):
                for layer in range(1, len(trainer.history.sizes) - 1):
                    lines.append(empty_line(self.ax, variant, figures.layer_style(layer)))
                    lines[-1].set_linewidth(width)
        names = ("lecture statistic", "penalty's floor")
        if usual_width(self.ax) < BESIDE:
            names = ("statistic", "floor")
        marks = dict(zip(names, (FULL, THIN), strict=True))
        handles = [Line2D([], [], color="0.25", lw=w, label=name) for name, w in marks.items()]
        self.ax.legend(handles=handles, loc="upper right", ncols=2, borderpad=0.3)
        return lines

    def values(self, scene: ExperimentScene, history: History) -> Array:  # noqa: ARG002
        """Return statistic and floor for all layers that end in hidden units."""
        return np.hstack([history.lecture_statistic()[:, :-1], history.penalty_floor()[:, :-1]])

    def styles(self, look: Look, history: History) -> list[Any]:
        """Return the layers' line styles twice."""
        return 2 * super().styles(look, history)


FOOTER = 48
"""Pixels that the ledger's names take at the bottom of its panel."""


HEADER = 30
"""Pixels that the ledger's legend takes at the top of its panel, where it stands within."""


LEDGER = "Ledger, in decades"
"""The title of the ledger."""


class LedgerPanel(Panel):
    """What weights and slopes do to the error on its way back, in decades, network by network."""

    limits = (-4.0, 2.0)

    def setup(self, axes: Sequence[Axes], scene: ExperimentScene) -> None:
        """Draw empty axes and one bar for each factor."""
        (self.ax,) = axes
        figures.caption(self.ax, LEDGER)
        self.ax.axhline(0, color="0.25", linewidth=1)
        self.ax.grid(visible=False, axis="x")
        self.parts = [ledger_parts(trainer.network) for trainer in scene.experiment.trainers]
        self.bars: list[list[BarContainer]] = []
        self.notes = [self.ax.text(0, 0, "") for _ in self.parts]
        ticks: list[list[tuple[float, int]]] = []
        variants = scene.experiment.settings.variants
        longest = max(len(f"{variant.label}: to layer") for variant in variants)
        whole = 1.2 * CHARACTER * longest < usual_width(self.ax) / len(variants)
        networks = zip(variants, scene.experiment.trainers, strict=True)
        for (variant, trainer), parts in zip(networks, self.parts, strict=True):
            hidden = len(trainer.history.sizes) - 2
            x = np.arange(hidden) + (ticks[-1][-1][0] + 1.5 if ticks else 0)
            nothing = np.zeros((len(parts), hidden))
            self.bars.append(figures.draw_bars(self.ax, x, nothing, nothing, parts=parts))
            ticks.append(list(zip(x, range(hidden, 0, -1), strict=True)))
            self._name(x[0] - 0.4, variant, len(self.parts), whole=whole)
        self._finish(ticks)

    def _finish(self, ticks: list[list[tuple[float, int]]]) -> None:
        room = 0.7 if len(self.bars) <= NAMES_IN_A_ROW else 1.4
        self.ax.set(ylim=self.limits, xlim=(-0.7, ticks[-1][-1][0] + room))
        self._number_layers(ticks)
        # All within the axes: what stands below must not touch the panel underneath.
        scale = self.ax.figure.dpi / DPI
        self.ax.tick_params(axis="x", length=0, pad=-16)
        self.footer = FOOTER * scale / self.ax.bbox.height
        # The grid must not run through the numbers.
        self.ax.xaxis.set_zorder(self.ax.yaxis.get_zorder() + 0.1)
        for label in self.ax.get_xticklabels():
            label.set_bbox({"color": self.ax.get_facecolor(), "pad": 1})
        bars = [container for network in self.bars for container in network]
        figures.thin_edges(self.ax, bars)
        self._legend({str(one.get_label()): one for one in bars}, HEADER * scale)

    def _legend(self, named: Mapping[str, BarContainer], row: float) -> None:
        """Name the bars: beside the title where there is room, else under it in a row or two."""
        options: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1, 0.98)}
        close: dict[str, Any] = {"frameon": False, "borderaxespad": 0, "columnspacing": 1}
        self.header, most, room = 0.0, len(named), usual_width(self.ax)
        in_a_row = CHARACTER * len("".join(named)) + MARK * most
        if room < in_a_row + CHARACTER * len(LEDGER):
            rows = 1 if in_a_row <= room else 2
            most = -(-most // rows)
            options, self.header = {"loc": "upper right"}, rows * row / self.ax.bbox.height
        handles = list(named.values())
        self.ax.legend(handles=handles, ncols=most, handlelength=1.6, **close, **options)

    def _number_layers(self, ticks: list[list[tuple[float, int]]]) -> None:
        """Write as many layers' numbers as there is room for."""
        left, right = self.ax.get_xlim()
        one = figures.POINTS_PER_INCH * self.ax.bbox.width / self.ax.figure.dpi / (right - left)
        written: list[tuple[float, int]] = []
        for network in ticks:
            numbered = figures.numbered_layers(len(network), one * len(network))
            # The first number of a network must not touch the last of the one before.
            begin = written[-1][0] + figures.NUMBER / one if written else -math.inf
            written += [tick for tick in network if tick[1] in numbered and tick[0] >= begin]
        self.ax.set_xticks(*zip(*written, strict=True))

    def _name(self, x: float, variant: Variant, networks: int, *, whole: bool) -> None:
        ground = {"color": self.ax.get_facecolor(), "pad": 1}
        look: dict[str, Any] = {"color": variant.color, "fontweight": "bold", "bbox": ground}
        # Bold type is wider than a title's by a sixth, small type narrower by a fourth.
        room = usual_width(self.ax) / networks
        label = f"{variant.label}: to layer" if whole else fitting(variant.label, (room - 20) / 1.2)
        if networks > NAMES_IN_A_ROW:
            label, look["fontsize"] = fitting(variant.label, 1.5 * room), 9
        height = self.ax.bbox.height / self.ax.figure.dpi * DPI
        self.ax.text(x, 27 / height, label, transform=self.ax.get_xaxis_transform(), **look)

    def update(self, scene: ExperimentScene) -> list[Artist]:
        """Make the accounts of the networks as they are now."""
        lowest = highest = 0.0
        networks = zip(self.bars, self.parts, self.notes, scene.trainers, strict=True)
        for bars, parts, note, trainer in networks:
            bottoms, heights, nothing = _waterfall(trainer.network, scene.data, parts)
            for container, y, height in zip(bars, bottoms, heights, strict=True):
                for bar, *place in zip(container, y, height, strict=True):
                    bar.set(y=place[0], height=place[1])
            figures.name_nothing(note, bars[nothing[0]][nothing[1]] if nothing else None)
            ends = bottoms + heights
            # Under the bar that lets nothing through its note takes about another decade.
            lowest = min(lowest, ends.min() - (nothing is not None))
            highest = max(highest, ends.max())
        self._make_room(lowest, highest)
        drawn = [bar for bars in self.bars for container in bars for bar in container]
        return [*drawn, *self.notes]

    def _make_room(self, lowest: float, highest: float) -> None:
        low, high = self.limits
        # Both ends at once: what one gives way by makes the other's names taller in decades.
        while True:
            span = high - low
            above, below = highest > high - self.header * span, lowest < low + self.footer * span
            if not (above or below):
                break
            high, low = high + DECADES * above, low - DECADES * below
        self.outgrown = (low, high) != self.ax.get_ylim()
        if self.outgrown:
            self.ax.set_ylim(low, high)


def ledger_parts(network: Network) -> tuple[str, ...]:
    """Return what does something to the error in such a network, in the order that it meets."""
    there = {
        "normalization": network.normalization is not None,
        "weights": True,
        "shortcut": network.residual is not None,
        "slopes": True,
    }
    return tuple(part for part, is_there in there.items() if is_there)


def _waterfall(
    network: Network, data: Dataset, parts: Sequence[str]
) -> tuple[Array, Array, tuple[int, int] | None]:
    """Return the bars of a network's ledger, and which of them lets nothing through.

    They are of height zero where there is no account to make.
    """
    try:
        account = ledger(network, data)
    except ValueError:  # It has diverged.
        nothing = np.zeros((len(parts), len(network.weights) - 1))
        return nothing, nothing, None
    return *figures.waterfall_bars(account, parts), figures.cut_off(account, parts)


def empty_line(ax: Axes, look: Look, style: Any, *, marked: bool = False) -> Line2D:
    """Return a line of that hue and style, with its marker or without, which nothing is on yet."""
    marks = figures.MARKER | {"marker": look.marker} if marked else {}
    (line,) = ax.plot([], [], color=look.color, linestyle=style, **marks)
    return line


PANELS: dict[str, type[Panel]] = {
    "points": PointsPanel,
    "regions": RegionsPanel,
    "units": UnitsPanel,
    "loss": LossPanel,
    "gradients": GradientsPanel,
    "floor": FloorPanel,
    "ledger": LedgerPanel,
}
"""The known panels by name."""


def checked_panels(
    panels: Any, known: Mapping[str, type[Panel]] = PANELS
) -> tuple[str | type[Panel], ...]:
    """Return names of known panels and classes of one's own, one or more."""
    one = isinstance(panels, str | type)
    given = [panels] if one else several("panels", panels, "names and Panel classes")
    for panel in given:
        own = isinstance(panel, type) and issubclass(panel, Panel)
        if not own and not (isinstance(panel, str) and panel in known):
            raise (ValueError if isinstance(panel, str) else TypeError)(
                f"panels must be some of {listed(known)}, or subclasses of Panel; "
                f"got {shown(panels)}"
            )
    if not given:
        raise ValueError(f"panels must name one or more; got {shown(panels)}")
    return tuple(str(panel) if isinstance(panel, str) else panel for panel in given)


def find_panels(
    panels: Sequence[str | type[Panel]], known: Mapping[str, type[Panel]] = PANELS
) -> list[type[Panel]]:
    """Return the classes that are meant."""
    return [known[panel] if isinstance(panel, str) else panel for panel in panels]
