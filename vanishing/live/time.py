"""The time explorer: a recurrent network that learns while you watch, and its error's way back."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator

from vanishing import figures
from vanishing._checks import Array
from vanishing.live.controls import TIME_CONTROLS
from vanishing.live.curve_panels import PALE, CurvesPanel, LossPanel, empty_line
from vanishing.live.panels import checked_panels, find_panels
from vanishing.live.picture import DRAWN, Lettering, Panel, Picture, Pixels
from vanishing.live.player import checked_iterations
from vanishing.live.runs import RunExplorer, check_names
from vanishing.live.scenes import PastRun
from vanishing.live.widget import BESIDE_PICTURE, checked_controls, checked_width
from vanishing.sequence_experiment import (
    Reading,
    SequenceExperiment,
    SequenceSettings,
    accuracy_by_distance,
    alike,
)

ITERATIONS = 5000
"""Where training ends, if nothing else is said."""

ROOM = 10
"""Words that an axis of words has room for; where they are more, twice as many, and so on."""

DECADES = 5
"""The axis of the error reaches down, and up, by so many decades at once."""

LOWEST = -40
"""Decades; of an error that is smaller nothing more is to be seen."""

TINTED = 6
"""Decades from the lightest word to the darkest."""

A_LINE, MOST_WORDS = 14, 28
"""Words side by side in the banner, and in all of it; of longer sentences the middle is left out.
"""

WHITE, BORDER = np.full(3, 255), (77, 77, 77, 255)
"""The colours of the paper, and of the line around a word."""

SHARE_OF_TIME = 0.25
"""How much of the time the gauges may take while it trains."""

_CLIFF = {"gain": 2.0, "distance": 20, "step_size": 0.3}

TIME_PRESETS: dict[str, dict[str, Any]] = {
    "the lecture's sentence": {},
    "half the gain": {"gain": 0.5},
    "too far": {"distance": 60},
    "exploding": {"cell": "relu", "gain": 2.0, "distance": 40},
    "the cliff": _CLIFF,
    "the cliff, clipped": {**_CLIFF, "clip_norm": 1.0},
    "LSTM, gate at one half": {"cell": "lstm", "gate_bias": 0.0, "distance": 30},
    "LSTM, gate open": {"cell": "lstm", "gate_bias": 3.0, "distance": 30},
    "identity ReLU": {"cell": "relu", "recurrent": "identity", "distance": 20, "step_size": 0.005},
}
"""What each preset changes in the settings that go without saying."""

MOST_MARKS = 200
"""Runs whose accuracy stays over the distance."""


@dataclass(frozen=True)
class CellLook:
    """How a kind of cell is told from others."""

    label: str
    color: str
    line: Any
    marker: str

    @classmethod
    def of(cls, cell: Any) -> "CellLook":
        """Return the look of a cell."""
        found = figures.cell_look(cell)
        return cls(found["label"], found["color"], found["linestyle"], found["marker"])


@dataclass(frozen=True, eq=False)
class PastTimeRun(PastRun):
    """What is left of a run through time.

    Parameters
    ----------
    errors : ndarray of shape (T,)
        The error at each lag, in decades.
    """

    errors: Array


@dataclass
class TimeScene:
    """An experiment through time as the panels see it.

    Parameters
    ----------
    experiment : SequenceExperiment
        The network and its training.
    reading : Reading
        What its gauges say.
    told : Reading
        What they said when the words were told last: the sentence takes long to write, so it is
        written anew with the words.
    iterations : int
        Where the axes of iterations end.
    past : tuple of PastTimeRun
        Earlier runs, which stay as pale curves.
    reached : tuple
        Settings of all earlier runs, each with the accuracy that was reached.
    iteration : int, optional
        An earlier iteration that is looked at; left out, the one reached.
    """

    experiment: SequenceExperiment
    reading: Reading
    told: Reading
    iterations: int
    past: tuple[Any, ...] = ()
    reached: tuple[tuple[SequenceSettings, float], ...] = ()

    iteration: int | None = None
    loss_axis: ClassVar[str] = "logarithmic"

    @property
    def look(self) -> CellLook:
        """How the network looks."""
        return CellLook.of(self.experiment.settings.cell)

    @property
    def looks(self) -> tuple[CellLook, ...]:
        """The same for panels that know of several networks."""
        return (self.look,)

    @property
    def classes(self) -> int:
        """Among how many answers the network chooses."""
        return self.experiment.task.outputs

    @property
    def room(self) -> int:
        """How many words the axes of words hold: few sizes, so that they seldom change."""
        distance = self.experiment.settings.distance
        return int(ROOM * 2 ** max(0, math.ceil(math.log2(distance / ROOM))))

    @property
    def frame(self) -> Any:
        """What decides titles, legends and axes."""
        return self.look, tuple(self.reading.gates), self.room, self.iterations, self.classes


class ErrorPanel(Panel):
    """The error's norm over the lag, beside what theory expects; that of earlier runs, pale.

    Theory's line is named by what it takes for granted: weights that are random, though as large as
    these, or that all of the error passes the gate that keeps the state. See `expected_factors`.
    """

    def setup(self, axes: Sequence[Axes], scene: TimeScene) -> None:
        """Draw the rings of what is measured, and the line of what is expected."""
        (self.ax,) = axes
        look, ax = scene.look, self.ax
        figures.caption(ax, "Error over the lag, decades", "words back from the last")
        ax.set(xlim=(-0.02 * scene.room, 1.02 * scene.room), ylim=(-DECADES, 1))
        ax.axhline(-2, color="0.25", linewidth=1, linestyle=(0, (1, 1.5)))
        ax.text(scene.room, -2, "a hundredth", ha="right", va="bottom", fontsize=11)
        rings = empty_line(ax, look, "none")
        rings.set(marker=look.marker, mfc="white", markersize=6, label="measured")
        theory = empty_line(ax, look, look.line)
        # Neither knows of what training does to the directions of error and matrix.
        gate = scene.experiment.settings.keeping_gate
        theory.set_label("random weights" if gate is None else f"{gate} alone")
        ax.legend(handles=[rings, theory], loc="lower left", borderpad=0.3)
        self.lines = [theory, rings]
        self.past: tuple[PastTimeRun, ...] = ()
        self.pale: list[Line2D] = []

    def update(self, scene: TimeScene) -> list[Artist]:
        """Draw the error of the network as it is now."""
        both = scene.reading.expected_errors, scene.reading.errors
        for line, values in zip(self.lines, both, strict=True):
            line.set_data(np.arange(len(values)), values)
        if scene.past != self.past:
            self._draw_past(scene.past)
        self._make_room(np.concatenate([*both, *(run.errors for run in scene.past)]))
        self.still = self.pale
        return [*self.lines]

    def _draw_past(self, past: tuple[PastTimeRun, ...]) -> None:
        for line in self.pale:
            line.remove()
        self.past, self.pale = past, []
        for run in past:
            line = empty_line(self.ax, run.looks[0], "solid")
            line.set(xdata=np.arange(len(run.errors)), ydata=run.errors, alpha=PALE, zorder=1.5)
            self.pale.append(line)

    def _make_room(self, values: Array) -> None:
        found = values[np.isfinite(values)]
        lowest = max(found.min(initial=-1.0), LOWEST + 1)
        highest = min(found.max(initial=0.0), -LOWEST)
        # The legend stands at the bottom.
        low = DECADES * math.floor((lowest - 1) / DECADES)
        high = 1 + DECADES * math.ceil(max(highest - 1, 0) / DECADES)
        self.outgrown = (low, high) != self.ax.get_ylim()
        if self.outgrown:
            self.ax.set_ylim(low, high)


class DistancePanel(Panel):
    """How much is answered right, over the distance: a mark each run, a line through those alike.

    Runs are alike if they differ in nothing but the distance and the set of weights.
    """

    ticks = (1, 3, 5, 10, 20, 40)

    def setup(self, axes: Sequence[Axes], scene: TimeScene) -> None:
        """Draw the axes; a distance beyond their end moves it."""
        (self.ax,) = axes
        ax, last = self.ax, self.ticks[-1]
        figures.caption(ax, "Accuracy over distance")
        far = [scene.room] if scene.room > last else []
        ax.set(xscale="log", xlim=(0.95, 1.6 * max(far, default=last)), ylim=(-0.05, 1.08))
        ax.set(yticks=(0, 0.5, 1), xticks=[*self.ticks, *far])
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_locator(NullLocator())
        ax.axhline(1 / scene.classes, color="0.25", linewidth=1.5, linestyle=(0, (1, 1.5)))
        self.now = empty_line(ax, scene.look, "none")
        self.now.set(marker=scene.look.marker, markersize=11, label="this run")
        ax.legend(handles=[self.now], loc="lower left", borderpad=0.3)
        self.marks: dict[SequenceSettings, Line2D] = {}
        self.runs: tuple[tuple[SequenceSettings, float], ...] = ()

    def update(self, scene: TimeScene) -> list[Artist]:
        """Draw what this run has reached by now, and what earlier ones have."""
        # With hundreds of earlier runs to sort this takes ten milliseconds.
        runs = (*scene.reached, (scene.experiment.settings, scene.reading.accuracy))
        if runs != self.runs:
            self.runs = runs
            self._mark(*runs[-1])
            self.still = [*self.marks.values(), self.now]
        return []

    def _mark(self, settings: SequenceSettings, share: float) -> None:
        """Bring all marks to the runs that there are."""
        self.now.set_data([settings.distance], [share])
        found = accuracy_by_distance(self.runs)
        for gone in self.marks.keys() - found.keys():
            self.marks.pop(gone).remove()
        for key, (distances, shares) in found.items():
            self._line(key).set(xdata=distances, ydata=shares, alpha=PALE)
        self.marks[alike(settings)].set_alpha(1)

    def _line(self, key: SequenceSettings) -> Line2D:
        if key not in self.marks:
            look = CellLook.of(key.cell)
            self.marks[key] = empty_line(self.ax, look, look.line)
            self.marks[key].set(marker=look.marker, markersize=7, mfc="white")
        return self.marks[key]


class GatesPanel(Panel):
    """How far each gate is open at each word of one sentence; of a simple cell the slopes."""

    def setup(self, axes: Sequence[Axes], scene: TimeScene) -> None:
        """Draw a line for each gate."""
        (ax,) = axes
        gates, cell = scene.reading.gates, scene.experiment.settings.cell
        self.lines = figures.mean_gates(ax, gates, cell=cell)
        title = "Slopes at each word" if "slopes" in gates else "Gates at each word"
        figures.caption(ax, title, "word of the sentence below")
        ax.set(xlim=(1 - 0.02 * scene.room, 1 + 1.02 * scene.room), ylim=(-0.05, 1.45), ylabel="")
        ax.set_yticks((0, 0.5, 1))
        if len(gates) > 1:
            ax.legend(loc="upper right", ncols=3, borderpad=0.2, columnspacing=0.8)

    def update(self, scene: TimeScene) -> list[Artist]:
        """Draw the gates of the network as it is now."""
        for name, values in scene.reading.gates.items():
            self.lines[name].set_data(np.arange(1, len(values) + 1), values.mean(axis=1))
        return list(self.lines.values())


class NormPanel(CurvesPanel):
    """The norm of the gradient: as it is, and after clipping."""

    limits = (1e-2, 10.0)
    headroom = 1 / 3

    def empty_lines(self, scene: TimeScene) -> list[Line2D]:
        """Return the line before clipping and the one after it."""
        figures.caption(self.ax, "Norm of the gradient")
        before = empty_line(self.ax, scene.look, "solid")
        before.set(color="0.55", linewidth=1.5, label="as it is")
        after = empty_line(self.ax, scene.look, (0, (3, 1)))
        after.set_label("clipped")
        self.ax.legend(loc="upper right", ncols=2, borderpad=0.2)
        self.ax.yaxis.set_minor_formatter(NullFormatter())
        return [before, after]

    def values(self, scene: TimeScene, history: Any) -> Array:  # noqa: ARG002
        """Return both norms."""
        return np.stack([history.gradient_norm, history.clipped_norm], axis=1)

    def styles(self, look: Any, history: Any) -> list[Any]:  # noqa: ARG002
        """Return their line styles."""
        return ["solid", (0, (3, 1))]


class SentencePanel(Panel):
    """One sentence, each word tinted by how much gradient it receives, and what is answered.

    It looks as `figures.tinted_sentence` does, but is put together of texts that are drawn once.
    """

    banner = True
    word_size, number_size = 12, 9

    def setup(self, axes: Sequence[Axes], scene: TimeScene) -> None:  # noqa: ARG002
        """Make room for the sentence."""
        (self.ax,) = axes
        self.ax.set_axis_off()
        self.image, self.letters = Pixels(self.ax), Lettering(self.ax.figure)
        above: dict[str, Any] = {"transform": self.ax.transAxes, "fontsize": 14}
        self.title = self.ax.text(0, 1.1, "", **above)
        self.drawn: Reading | None = None

    def update(self, scene: TimeScene) -> list[Artist]:
        """Write the sentence anew, if the network is another than before."""
        if scene.told is not self.drawn:
            self.drawn = scene.told
            self.image.pixels = self._sentence(*shortened(scene.told))[::-1]
        told = self._told(self.drawn)
        # The answer seldom changes, and to draw it takes as long as all that moves.
        self.outgrown = told != self.title.get_text()
        self.title.set_text(told)
        return [self.image]

    @staticmethod
    def _told(reading: Reading) -> str:
        answer, right = reading.answer
        return (
            "Gradient that each word receives (yellow: most). "
            f"The network answers: {answer}, {'right' if right else 'wrong'}"
        )

    def _sentence(self, words: Sequence[str], amounts: Array) -> Any:
        """Return the pixels, the first row on top."""
        width, height = self.image.size
        paper = np.full((height, width, 4), 255, np.uint8)
        most = float(amounts.max()) or 1.0
        fills, inks = figures.word_colors(amounts, limits=(most * 10.0**-TINTED, most))
        rows = -(-len(words) // A_LINE)
        for number, (word, fill, ink) in enumerate(zip(words, fills, inks, strict=True)):
            row, column = divmod(number, A_LINE)
            letters = self.letters.opacity(word, self.word_size)
            middle = int(width * (column + 0.5) / A_LINE)
            # Two lines fill the strip, one stands in its upper half.
            top = int(height * row / max(rows, 2)) + (4 if rows > 1 else height // 6)
            color = np.round(255 * fill[:3])
            box = _box(paper, middle, top - 1, letters.shape[1] + 10, letters.shape[0] + 2)
            box[:] = BORDER
            box[1:-1, 1:-1, :3] = color
            _write(paper, letters, middle, top, color, 0 if ink == "black" else 255)
            printed = self.letters.opacity(figures.in_short(amounts[number]), self.number_size)
            _write(paper, printed, middle, top + len(letters) + 1, WHITE, 0)
        return paper


def _box(paper: Any, middle: int, top: int, width: int, height: int) -> Any:
    """Return a part of the paper."""
    left = middle - width // 2
    return paper[top : top + height, max(left, 0) : left + width]


def _write(paper: Any, letters: Array, middle: int, top: int, ground: Array, ink: int) -> None:
    """Put letters on ground of one colour."""
    place = _box(paper, middle, top, letters.shape[1], letters.shape[0])
    opacity = letters[: place.shape[0], -place.shape[1] :, None]
    place[..., :3] = ground + opacity * (ink - ground)


def shortened(reading: Reading) -> tuple[list[str], Array]:
    """Return as many words as there is room for, and what each receives.

    What is left out in the middle stands as dots, with the largest amount among them.
    """
    words, amounts = list(reading.words), reading.received
    if len(words) <= MOST_WORDS:
        return words, amounts
    head, tail = MOST_WORDS // 2 - 1, MOST_WORDS // 2
    hidden = amounts[head:-tail].max()
    shown = np.concatenate([amounts[:head], [hidden], amounts[-tail:]])
    return [*words[:head], "…", *words[-tail:]], shown


TIME_PANELS: dict[str, type[Panel]] = {
    "error": ErrorPanel,
    "loss": LossPanel,
    "norm": NormPanel,
    "distance": DistancePanel,
    "gates": GatesPanel,
    "sentence": SentencePanel,
}
"""The panels of a `TimeExplorer`, by name."""


@dataclass(frozen=True)
class TimeView:
    """How a time explorer looks; what stands here is what it takes if nothing else is said.

    Parameters
    ----------
    controls, panels, iterations, picture_width
        As for `TimeExplorer`.
    """

    controls: Sequence[str] = (
        *("cell", "task", "distance", "gain", "gate_bias", "step_size", "clip_norm"),
    )
    panels: Sequence[str | type[Panel]] = tuple(TIME_PANELS)
    iterations: int = ITERATIONS
    picture_width: int = DRAWN

    def __post_init__(self) -> None:
        checked = {
            "controls": checked_controls(self.controls, TIME_CONTROLS),
            "panels": checked_panels(self.panels, TIME_PANELS),
            "iterations": checked_iterations(self.iterations),
            "picture_width": checked_width(self.picture_width),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


USUAL = TimeView()
"""How a time explorer looks where nothing else is said."""


class TimeExplorer(RunExplorer[SequenceExperiment]):
    """A recurrent network that learns while you watch; every control starts it anew.

    Parameters
    ----------
    cell : str, Activation or Cell
        "tanh", "relu", "gru", "lstm", or what else `SequenceSettings` knows.
    controls : sequence of str
        Which sliders and lists to show: some of "cell", "task", "distance", "gain", "gate_bias",
        "step_size", "clip_norm", "optimizer", "recurrent", "hidden", "batch", "seed". Of gain and
        gate bias that one is shown which is usual for the cell: simple cells have no gates.
    panels : sequence of str or subclass of Panel
        What to draw: "error", "loss", "norm", "distance", "gates", "sentence", or classes of your
        own.
    iterations : int
        Where training ends.
    picture_width : int
        Pixels that the picture is drawn with, from 200 to 4000.
    **settings
        The other fields of `vanishing.sequence_experiment.SequenceSettings`: task, distance,
        hidden, recurrent, gain, gate_bias, optimizer, step_size, clip_norm, batch, seed, draw.

    Attributes
    ----------
    experiment : SequenceExperiment
        The network and its training.
    controls, buttons : dict of str to widget
        What can be moved and pressed, by name.
    presets : Dropdown
        Settings worth seeing, by name.
    share : str
        The line of Python that recreates exactly this state.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    catalogue = TIME_CONTROLS
    usual = (SequenceSettings(), USUAL)
    known_presets = TIME_PRESETS
    seen_at_once = frozenset(TIME_CONTROLS) - {"step_size", "clip_norm", "optimizer", "batch"}
    long_run = 100
    beside_picture = BESIDE_PICTURE + 60
    arguments: ClassVar[frozenset[str]] = frozenset(
        one.name for kind in (SequenceSettings, TimeView) for one in fields(kind)
    )

    def __init__(
        self,
        cell: Any = SequenceSettings.cell,
        *,
        controls: Sequence[str] = USUAL.controls,
        panels: Sequence[str | type[Panel]] = USUAL.panels,
        iterations: int = USUAL.iterations,
        picture_width: int = USUAL.picture_width,
        **settings: Any,
    ) -> None:
        check_names(settings, SequenceSettings, TimeExplorer)
        wanted = SequenceSettings(cell, **settings)
        view = TimeView(controls, panels, iterations, picture_width)
        self._reading: Reading | None = None
        self._told: Reading | None = None
        self._painted: Reading | None = None
        self._gauge_cost = self._gauged_at = 0.0
        self._reached: dict[SequenceSettings, float] = {}
        super().__init__(wanted, view, find_panels(view.panels, TIME_PANELS))

    # What is trained.

    def begin(self, wanted: SequenceSettings) -> SequenceExperiment:
        """Return the network and its training."""
        return SequenceExperiment(wanted)

    def restart(self, wanted: SequenceSettings) -> None:
        """Begin anew with other settings."""
        super().restart(wanted)
        self._read()

    def free(self) -> None:
        """Let go of the network, its record and its gauges."""
        super().free()
        self._reading = self._told = self._painted = None

    def _read(self) -> None:
        """Have picture and words show the network as it is now, or was when it is looked at."""
        at = self.iteration if self.looked_at is None else self.looked_at
        self._reading = self._told = self.experiment.reading_at(at)

    def remember(self, experiment: SequenceExperiment) -> PastTimeRun:
        """Return what stays of a run; its accuracy stays over the distance."""
        reading, settings = experiment.reading, experiment.settings
        self._reached.pop(settings, None)
        self._reached[settings] = reading.accuracy
        if len(self._reached) > MOST_MARKS:
            del self._reached[next(iter(self._reached))]
        looks = [CellLook.of(settings.cell)]
        return PastTimeRun.of(experiment, looks, errors=reading.errors)

    def clear(self) -> None:
        """Take all pale curves and marks away."""
        self._reached.clear()
        super().clear()

    # What controls do.

    def setting(self, name: str) -> Any:
        """Return what a control is to show."""
        value = super().setting(name)
        return 0.0 if name == "clip_norm" and value is None else value

    def moved(self, name: str, value: Any) -> None:
        """Begin anew."""
        super().moved(name, None if name == "clip_norm" and value == 0 else value)

    def show_settings(self) -> None:
        """Bring the controls to the settings, and hide what the cell does not have."""
        super().show_settings()
        gated = self.wanted.keeping_gate is not None
        hidden = {"gate_bias": not gated, "gain": gated and "gate_bias" in self.controls}
        for name in hidden.keys() & self.controls.keys():
            self.controls[name].layout.display = "none" if hidden[name] else None

    # What is shown.

    @property
    def scene(self) -> TimeScene:
        """What the picture shows."""
        assert self._reading is not None
        assert self._told is not None
        return TimeScene(
            self.experiment,
            self._reading,
            self._told,
            self.limit,
            self.past,
            tuple(self._reached.items()),
            self.looked_at,
        )

    def paint(self) -> None:
        """Bring picture and words up to date; while it trains, the gauges as time allows."""
        begin = self.clock()
        if not self.playing:
            self._read()
        elif begin - self._gauged_at > self._gauge_cost / SHARE_OF_TIME:
            self._reading, self._gauged_at = self.experiment.reading, begin
        is_new = self._reading is not self._painted
        self._painted = self._reading
        super().paint()
        if is_new:
            self._gauge_cost = self.clock() - begin

    @property
    def picture(self) -> Picture:
        """The picture, brought up to date."""
        self._read()
        return super().picture

    def _still(self, note: str = "") -> bytes:
        self._read()
        return super()._still(note)

    @property
    def words(self) -> str:
        """Where the network stands."""
        label = CellLook.of(self.experiment.settings.cell).label
        if not self.playing:
            self._read()
        assert self._reading is not None
        # The next picture has the sentence to it.
        self._told = self._reading
        return f"{label}: {self.experiment.stand(self._reading, iteration=self.looked_at)}"
