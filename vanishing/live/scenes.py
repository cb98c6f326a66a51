"""What a picture shows: a scene for each kind of explorer, and what is kept of earlier runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, Self

import numpy as np

from vanishing._checks import Array
from vanishing.data import Dataset
from vanishing.experiment import Experiment
from vanishing.measures import Measure
from vanishing.training import Trainer
from vanishing.variant import Variant

PALE_BUCKETS = 150
"""Stretches of a pale curve."""

REACH = 1.2
"""The maps reach this far in all directions; the spiral reaches 1."""

LOSS_AXES = ("logarithmic", "linear")
"""What the axis of the loss may be."""


def plane(data: Dataset) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the lower left and the upper right corner of the square that a map shows."""
    low, high = data.points.min(axis=0), data.points.max(axis=0)
    if max(-low.min(), high.max()) <= 1 or data.points.shape[1] != 2:
        return (-REACH, -REACH), (REACH, REACH)
    # Points of one's own stand in the middle of their map.
    (x, y), half = (low + high) / 2, REACH * max((high - low).max() / 2, 1e-3)
    return (float(x - half), float(y - half)), (float(x + half), float(y + half))


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


class HasData(Protocol):
    """A scene with points."""

    @property
    def data(self) -> Dataset:
        """The points."""


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
