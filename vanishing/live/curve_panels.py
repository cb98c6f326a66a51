"""Panels of curves over the iterations: loss, gradients, the penalty's floor."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from vanishing import figures
from vanishing._checks import Array
from vanishing.history import History
from vanishing.live.lettering import CHARACTER, MARK, fitting, usual_width
from vanishing.live.picture import Panel
from vanishing.live.scenes import CurvesScene, ExperimentScene, Look, PastRun, Record

CURVE_BUCKETS = 250
"""Stretches of a live curve, about two pixels wide each."""

DECADES = 1
"""Logarithmic limits give way by so many decades at once, and so fit what is shown."""

NARROW = 300
"""Pixels; on narrower axes there is room for every other power of ten only."""

BESIDE = 400
"""Pixels; in narrower axes the names of statistic and floor are cut short."""

PALE = 0.35
"""The opacity of what is left of an earlier run."""

FULL, THIN = 2.0, 1.0
"""Widths in points of a curve, and of what it is compared with."""


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


def empty_line(ax: Axes, look: Look, style: Any, *, marked: bool = False) -> Line2D:
    """Return a line of that hue and style, with its marker or without, which nothing is on yet."""
    marks = figures.MARKER | {"marker": look.marker} if marked else {}
    (line,) = ax.plot([], [], color=look.color, linestyle=style, **marks)
    return line


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
