"""An experiment through time: settings, the network trained under them, its gauges, its state.

The gauges read the network as it is, on sentences that it does not train on. So what they show of
an iteration is the same each time, however the run came there.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from vanishing._checks import (
    Array,
    instance,
    one_of,
    random_stream,
    real_number,
    whole_number,
)
from vanishing.activations import Activation
from vanishing.cells import CELLS, Cell, find_cell
from vanishing.contributions import word_gradients
from vanishing.experiment import MOST_ROWS, PLATEAU
from vanishing.optimizers import OPTIMIZERS
from vanishing.recurrent import LARGEST_BIAS, LARGEST_GAIN, RECURRENT, RecurrentNetwork
from vanishing.sequence_training import SequenceTrainer, held_out
from vanishing.sequences import SequenceData, SequenceTask, agreement, recall
from vanishing.side_by_side import SideBySide
from vanishing.time_ledger import TimeLedger, parts_of, time_ledger
from vanishing.time_theory import GATES, expected_factors

TASKS = {"agreement": agreement, "recall": recall}
"""What may be learned, by name."""

LONGEST = 1000
"""Words; with more nothing is live."""

WIDEST = 512
"""Hidden units; with more nothing is live."""

MOST_SENTENCES = 4096
"""Sentences in a batch; with more nothing is live."""

GAUGED = 32
"""Sentences that the gauges are read on."""

EXAMINED = 200
"""Held-out sentences whose answers are counted."""

RECENT = 20
"""A batch's loss is a matter of luck: the state is judged by the mean of so many."""

STRIDE = 16
"""Iterations from one snapshot to the next at first: each takes longer than on the spiral."""

LEARNED = 0.95
"""A share of right answers that counts as learned."""


@dataclass(frozen=True)
class SequenceSettings:
    """All that decides how an experiment through time runs; equal settings give equal runs.

    Parameters
    ----------
    cell : str, Activation or Cell
        "tanh", "relu", "sigmoid", "leaky_relu", "gru" or "lstm", or a simple cell of your own.
    task : str
        "agreement" or "recall".
    distance : int
        Words between what is shown first and the answer, up to 1,000.
    hidden : int
        Hidden units, up to 512.
    recurrent : str
        How the recurrent matrix is drawn: "orthogonal", "normal" or "identity".
    gain : float
        What it is multiplied by.
    gate_bias : float
        The bias at first of the gate that keeps what was: the forget gate of an LSTM, the update
        gate of a GRU. A simple cell has none.
    optimizer : str
        "gradient descent" or "adam".
    step_size : float
        The learning rate.
    clip_norm : float, optional
        The largest norm that a gradient keeps; without it nothing is clipped.
    batch : int
        Sentences in an iteration.
    seed : int
        Of the weights and of the sentences.
    draw : int
        How many sets of weights of this seed to pass over.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    cell: str | Activation | Cell = "tanh"
    task: str = "agreement"
    distance: int = 10
    hidden: int = 32
    recurrent: str = "orthogonal"
    gain: float = 1.0
    gate_bias: float = 1.0
    optimizer: str = "gradient descent"
    step_size: float = 0.05
    clip_norm: float | None = None
    batch: int = 64
    seed: int = 0
    draw: int = 0

    def __post_init__(self) -> None:
        found = find_cell(self.cell)
        parts_of(found)
        self._settle("cell", found.name if CELLS.get(found.name) == found else found)
        for name, known in (("task", TASKS), ("recurrent", RECURRENT), ("optimizer", OPTIMIZERS)):
            one_of(name, getattr(self, name), known)
        self._settle_whole_numbers()
        gain = real_number("gain", self.gain, zero_allowed=True, at_most=LARGEST_GAIN)
        bias: dict[str, Any] = {"negative_allowed": True, "at_most": LARGEST_BIAS}
        self._settle("gain", gain)
        self._settle("gate_bias", real_number("gate_bias", self.gate_bias, **bias))
        self._settle("step_size", real_number("step_size", self.step_size))
        if self.clip_norm is not None:
            self._settle("clip_norm", real_number("clip_norm", self.clip_norm))

    def _settle_whole_numbers(self) -> None:
        for name, least, most in (
            ("distance", 1, LONGEST),
            ("hidden", 1, WIDEST),
            ("batch", 1, MOST_SENTENCES),
            ("seed", 0, 2**32 - 1),
            ("draw", 0, 10**4),
        ):
            number = whole_number(name, getattr(self, name), at_least=least, at_most=most)
            self._settle(name, number)

    def _settle(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def keeping_gate(self) -> str | None:
        """The name of the gate that keeps what was, "forget gate" or "update gate"; or None."""
        part, _ = parts_of(find_cell(self.cell))
        return part if part in GATES else None

    def changed(self, name: str, value: Any) -> "SequenceSettings":
        """Return the settings with one field changed; an optimizer brings its own step size.

        Parameters
        ----------
        name : str
            A field.
        value : object
            What that may be.
        """
        one_of("name", name, [one.name for one in fields(self)])
        if name == "optimizer" and value != self.optimizer:
            usual, kind = SequenceSettings(), OPTIMIZERS[one_of(name, value, OPTIMIZERS)]
            own = usual.step_size if value == usual.optimizer else kind().step_size
            return replace(self, optimizer=value, step_size=own)
        return replace(self, **{name: value})

    def start(self) -> tuple[SequenceTask, RecurrentNetwork]:
        """Return the task and the untrained network."""
        task = TASKS[self.task](self.distance)
        stream = random_stream(self.seed)
        for _ in range(self.draw + 1):
            network = RecurrentNetwork.initialize(
                task,
                self.hidden,
                self.cell,
                recurrent=self.recurrent,
                gain=self.gain,
                rng=stream,
            )
        if self.keeping_gate is not None:
            first = network.cell.gates.index(GATES[self.keeping_gate]) * self.hidden
            network.b[first : first + self.hidden] = self.gate_bias
        return task, network


class Reading:
    """What the gauges say of a network; each is read when it is asked for, and then kept.

    Parameters
    ----------
    network : RecurrentNetwork
        As it is at one moment.
    task : SequenceTask
        What it learns: "agreement" or "recall".

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    def __init__(self, network: RecurrentNetwork, task: SequenceTask) -> None:
        self.network = instance("network", network, RecurrentNetwork)
        self.task = instance("task", task, SequenceTask)
        one_of("task", task.name, TASKS)

    @cached_property
    def _examined(self) -> SequenceData:
        return examined(self.task)

    @cached_property
    def sentences(self) -> SequenceData:
        """The sentences that the gauges are read on."""
        return self._examined.at(slice(GAUGED))

    @cached_property
    def sentence(self) -> SequenceData:
        """One of them: if there is such, one whose last noun is not of the subject's number."""
        agrees = self.sentences.nearest_agrees
        chosen = 0 if agrees is None or agrees.all() else int(np.argmin(agrees))
        return self.sentences.at(slice(chosen, chosen + 1))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of that sentence."""
        return self.sentence.words(0)

    @cached_property
    def answer(self) -> tuple[str, bool]:
        """What the network answers to it, and whether that is right."""
        with np.errstate(all="ignore"):
            chosen = int(self.network.predict(self.sentence.inputs)[0])
        return self.task.answers[chosen], chosen == int(self.sentence.targets[0])

    @cached_property
    def account(self) -> TimeLedger | None:
        """The books of the error's way back; None where there are none, as after diverging."""
        try:
            return time_ledger(self.network, self.sentences)
        except ValueError:
            return None

    @property
    def errors(self) -> Array:
        """The error's norm at each lag over that at lag 0, in decades, (T,); NaN without books."""
        if self.account is None:
            return np.full(self.task.length, np.nan)
        found = self.account.relative
        return np.where(np.isfinite(found), found, np.nan)

    @cached_property
    def expected_errors(self) -> Array:
        """What theory expects of them, of shape (T,)."""
        if self.account is None:
            return np.full(self.task.length, np.nan)
        with np.errstate(divide="ignore"):
            powers = np.log10(expected_factors(self.network, self.sentences))
        found = np.concatenate([[0.0], np.cumsum(powers[::-1])])
        return np.where(np.isfinite(found), found, np.nan)

    @cached_property
    def received(self) -> Array:
        """How much gradient each word of the sentence receives, (T,); 0 if it is not finite."""
        try:
            return word_gradients(self.network, self.sentence)[:, 0]
        except ValueError:
            return np.zeros(self.task.length)

    @cached_property
    def gates(self) -> dict[str, Array]:
        """What multiplies a state or an error at each word of the sentence, of shape (T, H).

        The gates of a gated cell, which lie between 0 and 1, by name; of a simple cell the slopes
        f'(a), by the name "slopes".
        """
        found = self.network.states(self.sentence.inputs).gates
        if "a" in found:
            with np.errstate(all="ignore"):
                return {"slopes": self.network.cell.activation.slope(found["a"][:, 0])}
        # The candidate g is no gate: it is what is let in.
        return {name: values[:, 0] for name, values in found.items() if name != "g"}

    @cached_property
    def _right(self) -> Array:
        found: Array = self.network.predict(self._examined.inputs) == self._examined.targets
        return found

    @property
    def accuracy(self) -> float:
        """The share of 200 held-out sentences that it answers right."""
        return float(self._right.mean())

    @property
    def by_last_noun(self) -> tuple[float, float] | None:
        """The same where the last noun is of the subject's number, and where it is not.

        None where there are no such nouns.
        """
        agrees = self._examined.nearest_agrees
        if agrees is None or agrees.all():
            return None
        return float(self._right[agrees].mean()), float(self._right[~agrees].mean())


def examined(task: SequenceTask) -> SequenceData:
    """Return the first 200 of the sentences of a task that no run trains on."""
    return held_out(task).at(slice(EXAMINED))


def accuracy_by_distance(
    runs: Iterable[tuple[SequenceSettings, float]],
) -> dict[SequenceSettings, tuple[Array, Array]]:
    """Sort what runs have reached by how they were trained, and then by their distance.

    Parameters
    ----------
    runs : iterable of tuple
        Settings, and the share of right answers.

    Returns
    -------
    dict
        For all runs that differ only in the distance and the set of weights: the settings at the
        usual distance and draw, with the distances, rising, and the median share at each.
    """
    found: dict[SequenceSettings, dict[int, list[float]]] = {}
    for settings, share in runs:
        shares = found.setdefault(alike(settings), {})
        shares.setdefault(settings.distance, []).append(share)
    return {
        key: (np.array(sorted(shares)), np.array([np.median(shares[d]) for d in sorted(shares)]))
        for key, shares in found.items()
    }


def alike(settings: SequenceSettings) -> SequenceSettings:
    """Return settings at the usual distance and draw: the same ones for runs that are alike."""
    usual = SequenceSettings()
    return replace(settings, distance=usual.distance, draw=usual.draw)


class SequenceExperiment(SideBySide[SequenceTrainer]):
    """A recurrent network that is trained under settings.

    Parameters
    ----------
    settings : SequenceSettings
        How.

    Attributes
    ----------
    task : SequenceTask
        What is learned.
    trainers : list of SequenceTrainer
        The training, as the only item.
    """

    def __init__(self, settings: SequenceSettings) -> None:
        self.settings = instance("settings", settings, SequenceSettings)
        self.task, network = settings.start()
        trainer = SequenceTrainer(
            network,
            self.task,
            optimizer=settings.optimizer,
            step_size=settings.step_size,
            batch=settings.batch,
            clip_norm=settings.clip_norm,
            seed=settings.seed,
            most_rows=MOST_ROWS,
        )
        super().__init__([trainer], stride=STRIDE)
        self._read: tuple[int, Reading] = -1, Reading(network, self.task)

    @property
    def trainer(self) -> SequenceTrainer:
        """The training."""
        return self.trainers[0]

    @property
    def reading(self) -> Reading:
        """What the gauges say of the network as it is now."""
        return self.reading_at(self.iteration)

    def reading_at(self, iteration: int) -> Reading:
        """Return what the gauges say of the network as it was after so many iterations.

        Parameters
        ----------
        iteration : int
            From 0 to the iterations made.
        """
        (trainer,) = self.at(iteration)
        if self._read[0] != trainer.iteration:
            self._read = trainer.iteration, Reading(trainer.network, self.task)
        return self._read[1]

    @property
    def standing(self) -> "SequenceStanding":
        """Where the network stands."""
        return self.stand(self.reading)

    def stand(self, reading: Reading, *, iteration: int | None = None) -> "SequenceStanding":
        """Return where the network stands, or stood.

        Parameters
        ----------
        reading : Reading
            One of this experiment's, of this moment or of one just before.
        iteration : int, optional
            From 0 to the iterations made; left out, these.
        """
        (trainer,) = self.trainers if iteration is None else self.at(iteration)
        instance("reading", reading, Reading)
        last = trainer.history.record[-1:]
        account = reading.account
        return SequenceStanding(
            cell=find_cell(self.settings.cell),
            iteration=trainer.iteration,
            loss=trainer.loss,
            accuracy=reading.accuracy,
            by_last_noun=reading.by_last_noun,
            gradient_norm=float(last[0, 2]) if len(last) else math.nan,
            clipped_norm=float(last[0, 3]) if len(last) else math.nan,
            decades=math.nan if account is None else float(account.relative[-1]),
            verdict="no books" if account is None else account.verdict,
            state=_state(trainer, reading),
        )


@dataclass(frozen=True)
class SequenceStanding:
    """Where a network stands in its training through time.

    Parameters
    ----------
    cell : Cell
        Of which kind it is.
    iteration : int
        Iterations made.
    loss : float
        Before the last update (NaN before the first).
    accuracy : float
        The share of the held-out sentences that it answers right.
    by_last_noun : tuple of float, or None
        The same where the last noun is of the subject's number, and where it is not.
    gradient_norm, clipped_norm : float
        The norm of the last gradient, and what clipping left of it.
    decades : float
        The error at the first word over that at the last, as log10; minus infinity if none arrives.
    verdict : str
        What becomes of the error: it vanishes, arrives or explodes.
    state : str
        In words: not trained yet, guessing, training, learned, unstable or diverged.
    """

    cell: Cell
    iteration: int
    loss: float
    accuracy: float
    by_last_noun: tuple[float, float] | None
    gradient_norm: float
    clipped_norm: float
    decades: float
    verdict: str
    state: str

    def __str__(self) -> str:
        parts = [f"iteration {self.iteration:,}"]
        if math.isfinite(self.loss):
            parts.append(f"loss {self.loss:.4f}" if self.loss < 1e4 else f"loss {self.loss:.2g}")
        parts += [f"accuracy {self.accuracy:.2f}", *self._gradient(), self.state]
        return "\n".join([", ".join(parts), *filter(None, ["; ".join(self._details())])])

    def _details(self) -> list[str]:
        """Return what stands in a line of its own."""
        nouns = self.by_last_noun
        told = "right where the last noun agrees {:.2f}, where it is an attractor {:.2f}"
        return [*self._error(), *([] if nouns is None else [told.format(*nouns)])]

    def _gradient(self) -> list[str]:
        if not math.isfinite(self.gradient_norm):
            return []
        clipped = self.clipped_norm < self.gradient_norm
        return [
            f"gradient {self.gradient_norm:.2g}"
            + (f", clipped to {self.clipped_norm:.2g}" if clipped else "")
        ]

    def _error(self) -> list[str]:
        if self.decades == -math.inf:
            return ["no error arrives at the first word"]
        if math.isnan(self.decades):
            return []
        quotient = f"{10**self.decades:.0e}" if self.decades > -300 else f"1e{self.decades:.0f}"
        return [f"error at the first word / at the last: {quotient}, {self.verdict}"]


def _state(trainer: SequenceTrainer, reading: Reading) -> str:
    if trainer.diverged_at is not None:
        return f"diverged at iteration {trainer.diverged_at:,}"
    if trainer.iteration == 0:
        return "not trained yet"
    losses = trainer.history.loss
    recent, answers = float(losses[-RECENT:].mean()), reading.task.outputs
    if reading.accuracy >= LEARNED:
        return "learned"
    if recent > 1.2 * losses[0]:
        return "unstable: the loss is above where it began"
    if abs(recent - math.log(answers)) < PLATEAU:
        return f"guessing: plateau at ln {answers}"
    return "training"
