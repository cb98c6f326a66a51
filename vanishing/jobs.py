"""Runs as descriptions: what a sweep takes, advances by a stretch, and puts together in the end.

What can be advanced so is a `Sweepable`; a `Job` is one for the networks of this package.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import DTypeLike

from vanishing._checks import instance, precision, real_number, shown, whole_number
from vanishing.data import Dataset
from vanishing.history import joined
from vanishing.machine import one_blas_thread
from vanishing.network import Network
from vanishing.trainer_base import LATEST
from vanishing.training import Run, Trainer

EVERY_LOOK = 20
"""Of its iterations, a run makes one part in so many between two looks at its goal."""

Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True, eq=False)
class Stretch:
    """What came of a stretch.

    Parameters
    ----------
    iteration : int
        Where the run stands after it: the iterations made in all.
    ended : bool
        Whether that is all, even if it was to make more: it has diverged, or come far enough.
    state : object
        What the next stretch begins with. It is sent to whoever makes that one, so the rows that
        are recorded already do not belong here.
    record : object
        What this stretch adds to the result. It stays where the runs are put together.
    """

    iteration: int
    ended: bool
    state: Any
    record: Any = None


@runtime_checkable
class Sweepable(Protocol[Result_co]):
    """What `sweep` takes: a description of a run that is made by stretches, here or elsewhere.

    It is sent to workers together with a state, so both must be what cloudpickle can pickle, and
    `advance` must change neither. Where stretches end is chance: the same digits must come out
    wherever they do.

    Attributes
    ----------
    iterations : int
        How many are to be made at most; 1 or more.

    Examples
    --------
    A trainer that can be pickled is a state of its own:

    >>> class Whole:
    ...     def __init__(self, trainer, iterations, until=None):
    ...         self.trainer, self.iterations, self.until = trainer, iterations, until
    ...
    ...     def advance(self, state, seconds):
    ...         trainer = copy.deepcopy(self.trainer if state is None else state)
    ...         ended = advance_until(trainer, self.iterations, seconds=seconds, until=self.until)
    ...         return Stretch(trainer.iteration, ended, trainer)
    ...
    ...     def result(self, stretches):
    ...         return (stretches[-1].state if stretches else self.trainer).result
    """

    @property
    def iterations(self) -> int:
        """How many are to be made at most."""

    def advance(self, state: Any, seconds: float) -> Stretch:
        """Go on from a state (None: from the beginning) until the end, or until time is up.

        At least one iteration is made, however short the time.
        """

    def result(self, stretches: Sequence[Stretch]) -> Result_co:
        """Put all stretches so far (there may be none) together into what came of the run."""


class Advancing(Protocol):
    """What `advance_until` advances: a `Trainer`, or one of another kind with the same habits."""

    @property
    def iteration(self) -> int:
        """How many iterations were made."""

    @property
    def diverged_at(self) -> int | None:
        """The iteration whose loss was not finite."""

    @property
    def loss(self) -> float:
        """The loss before the last update; NaN before the first."""

    @property
    def accuracy(self) -> float:
        """The share of the training examples that are answered correctly."""

    def advance(self, iterations: int, *, seconds: float = ...) -> int:
        """Make so many iterations more, or fewer when the time is up, but one at least."""


@dataclass(frozen=True)
class Goal:
    """When a run has come far enough, so that it may end early.

    Parameters
    ----------
    accuracy : float, optional
        The accuracy that is to be reached, at most 1.
    loss : float, optional
        The loss that is to be reached from above. With both, both are to be reached.

    Raises
    ------
    TypeError, ValueError
        If a level is not a positive number, or neither is given.
    """

    accuracy: float | None = None
    loss: float | None = None

    def __post_init__(self) -> None:
        if self.accuracy is None and self.loss is None:
            raise ValueError("accuracy or loss must be given, or both; got None and None")
        if self.accuracy is not None:
            real_number("accuracy", self.accuracy, at_most=1.0)
        if self.loss is not None:
            real_number("loss", self.loss)

    def reached(self, trainer: Advancing) -> bool:
        """Tell whether a trainer has come so far."""
        if not hasattr(trainer, "loss"):
            raise TypeError(f"trainer must be a Trainer or have its habits; got {shown(trainer)}")
        if self.loss is not None and not trainer.loss <= self.loss:
            return False
        return self.accuracy is None or trainer.accuracy >= self.accuracy


def _looks() -> tuple[int, ...]:
    looks = [1]
    while looks[-1] < LATEST:
        looks.append(looks[-1] + 1 + looks[-1] // EVERY_LOOK)
    return tuple(looks)


LOOKS = _looks()
"""The iterations after which a run is asked whether its goal is reached.

Each of the first 20, then rarer and rarer, never more than a twentieth later than the one before.
"""


def advance_until(
    trainer: Advancing, iterations: int, *, seconds: float, until: Goal | None = None
) -> bool:
    """Advance a trainer up to an iteration, or to a goal, or until time is up.

    Parameters
    ----------
    trainer : Trainer, or one of another kind
        Is advanced.
    iterations : int
        Where it ends at the latest, counted from its beginning.
    seconds : float
        When so much time has passed, no further iteration is begun.
    until : Goal, optional
        Where it ends earlier. It is looked for after the iterations `LOOKS` only, so that where a
        run ends does not depend on how its stretches fell: less than 5 % after the goal, unless it
        was there for a moment only.

    Returns
    -------
    bool
        Whether the run has come to its end: of the iterations, at the goal, or diverged.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    if not callable(getattr(trainer, "advance", None)):
        raise TypeError(f"trainer must be a Trainer or have its habits; got {shown(trainer)}")
    count = whole_number("iterations", iterations, at_least=0, at_most=LATEST)
    left = real_number("seconds", seconds, infinity_allowed=True)
    goal = None if until is None else instance("until", until, Goal)
    deadline = perf_counter() + left
    # A look is a few small products, too.
    with one_blas_thread():
        while trainer.diverged_at is None and trainer.iteration < count:
            if left <= 0:
                return False
            stop = count if goal is None else min(count, _next_look(trainer.iteration))
            trainer.advance(stop - trainer.iteration, seconds=left)
            if goal is not None and trainer.iteration == stop and goal.reached(trainer):
                return True
            left = deadline - perf_counter()
        return True


def _next_look(iteration: int) -> int:
    return LOOKS[bisect_right(LOOKS, iteration)]


@dataclass(frozen=True, eq=False)
class Job:
    """A run to be made, with settings of its own.

    Parameters
    ----------
    network, data, iterations, step_size, regularization, dtype, record_every
        As for `vanishing.train`.
    until : Goal, optional
        Where the run ends before it has made all iterations; see `advance_until`.
    clip_norm : float, optional
        As for `vanishing.train`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what `train` takes.
    """

    network: Network
    data: Dataset
    iterations: int = 50_000
    step_size: float | Sequence[float] = 0.1
    regularization: float = 1e-3
    dtype: DTypeLike = np.float64
    record_every: int = 1
    until: Goal | None = None
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        trainer = Trainer(self.network, self.data, **self.settings)
        count = whole_number("iterations", self.iterations, at_least=1)
        trainer.make_room(count, only_check=True)
        if self.until is not None:
            instance("until", self.until, Goal)
        # A copy, so that nobody changes the start while the job waits.
        own = self.network.copy(), count, trainer.step_sizes, precision(self.dtype)
        for name, value in zip(("network", "iterations", "step_size", "dtype"), own, strict=True):
            object.__setattr__(self, name, value)

    @property
    def settings(self) -> dict[str, Any]:
        """What a `Trainer` is told besides network and data."""
        names = ("step_size", "regularization", "dtype", "clip_norm", "record_every")
        return {name: getattr(self, name) for name in names}

    def advance(self, state: Any, seconds: float) -> Stretch:
        """Go on from a state that an earlier stretch ended in (None: from the beginning)."""
        first, network = (0, self.network) if state is None else (state[0], self._network(state))
        trainer = Trainer(network, self.data, first_iteration=first, **self.settings)
        ended = advance_until(trainer, self.iterations, seconds=seconds, until=self.until)
        now = trainer.network
        state = trainer.iteration, now.weights, now.biases
        return Stretch(trainer.iteration, ended, state, (trainer.history, trainer.diverged_at))

    def result(self, stretches: Sequence[Stretch]) -> Run:
        """Put the stretches together into what `train` would have returned."""
        if not stretches:
            return Trainer(self.network, self.data, **self.settings).result
        network = self._network(stretches[-1].state).fitted(self.data)
        histories, ends = zip(*(stretch.record for stretch in stretches), strict=True)
        # After a product, BLAS's threads go on spinning, and take the cores from the workers.
        with one_blas_thread():
            accuracy = network.accuracy(self.data)
        made = stretches[-1].iteration
        return Run(network, joined(histories), made, accuracy, ends[-1])

    def _network(self, state: Any) -> Network:
        return self.network.with_parameters(*state[1:])
