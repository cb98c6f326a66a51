"""Sequence tasks: what is shown first decides what must be answered last, a distance later.

Time comes first in every array: step 0 is what is shown first, and step `distance` the last one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vanishing._checks import (
    Array,
    Rng,
    not_too_many,
    random_stream,
    shown,
    truth,
    whole_number,
)
from vanishing.initialization import Stream

CROSS_ENTROPY, SQUARED_ERROR = "cross-entropy", "squared error"
LOSSES = (CROSS_ENTROPY, SQUARED_ERROR)
"""What a task is scored by: choices by the mean cross-entropy, numbers by the mean square."""

LONGEST = 10_000
"""A longer distance is taken for a slip of the pen."""

MOST_SYMBOLS = 1000
"""More symbols than this are taken for a slip of the pen."""

NOUNS = (
    ("writer", "writers"),
    ("book", "books"),
    ("teacher", "teachers"),
    ("key", "keys"),
    ("child", "children"),
    ("house", "houses"),
)
PREPOSITIONS = ("near", "behind", "beside", "with")
ADJECTIVES = ("old", "new", "small")
COLOURS = ("red", "green")
ADVERBS = ("often", "still")
VOCABULARY = (
    *(singular for singular, _ in NOUNS),
    *(plural for _, plural in NOUNS),
    "the",
    *PREPOSITIONS,
    *ADJECTIVES,
    *COLOURS,
    *ADVERBS,
)
"""The words of `agreement`: nouns first, those of one number side by side."""

VERBS = ("is", "are")
"""The answers of `agreement`."""

PHRASE = 3
"""The words of the shortest phrase of `agreement`, "near the books"; two adjectives fit in."""


@dataclass(frozen=True, eq=False)
class SequenceData:
    """A batch of sequences of the same length, each with what is to be answered.

    T is the number of steps, n of sequences, D of inputs, K of outputs.

    Parameters
    ----------
    targets : ndarray
        The answer after the last step, or after every step: labels (ints) of shape (n,) or (T, n),
        or numbers of shape (n, K) or (T, n, K).
    every_step : bool
        Whether there is an answer after every step.
    size : int
        The number D of inputs.
    symbols : ndarray of int, shape (T, n), optional
        Which of the D inputs is 1 at each step, where exactly one is.
    numbers : ndarray of shape (T, n, D), optional
        The inputs where they are numbers.
    vocabulary : tuple of str
        What each input is called.
    answers : tuple of str
        What each output is called.
    opening : str
        What a sentence begins with that the network need not be shown.
    attractors : ndarray of int, shape (n,), optional
        In `agreement`: the nouns between subject and verb that are not of the subject's number.
    nearest_agrees : ndarray of bool, shape (n,), optional
        In `agreement`: whether the noun nearest to the verb is of the subject's number.

    Raises
    ------
    TypeError, ValueError
        If not exactly one of symbols and numbers is given, or an array has another type or shape.
    """

    targets: Array
    every_step: bool
    size: int
    symbols: NDArray[np.intp] | None = None
    numbers: Array | None = None
    vocabulary: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    opening: str = ""
    attractors: NDArray[np.intp] | None = None
    nearest_agrees: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        size = whole_number("size", self.size, at_least=1)
        every = truth("every_step", self.every_step)
        if (self.symbols is None) == (self.numbers is None):
            raise ValueError("symbols or numbers must be given, and not both")
        if self.numbers is None:
            _check_array("symbols", self.symbols, "i", "(T, n)", (None, None))
        else:
            _check_array("numbers", self.numbers, "if", f"(T, n, {size})", (None, None, size))
        shown_first = self.symbols if self.numbers is None else self.numbers
        assert shown_first is not None
        steps, count = shown_first.shape[:2]
        first = (steps, count) if every else (count,)
        shape = f"{first} for labels, and one axis more for numbers"
        labels = getattr(self.targets, "dtype", np.dtype(float)).kind == "i"
        _check_array("targets", self.targets, "if", shape, first if labels else (*first, None))

    @property
    def inputs(self) -> Array:
        """What is shown, of shape (T, n, D): symbols as rows of zeros with one 1."""
        if self.numbers is not None:
            return self.numbers
        assert self.symbols is not None
        one_hot: Array = np.eye(self.size)[self.symbols]
        return one_hot

    @property
    def length(self) -> int:
        """The number T of steps."""
        shown_first = self.symbols if self.numbers is None else self.numbers
        assert shown_first is not None
        return len(shown_first)

    @property
    def loss(self) -> str:
        """What the answers are scored by: "cross-entropy" or "squared error"."""
        return CROSS_ENTROPY if self.targets.dtype.kind == "i" else SQUARED_ERROR

    def at(self, rows: Array | slice) -> "SequenceData":
        """Return the sequences chosen by indices, a slice or a mask of shape (n,).

        Raises
        ------
        ValueError
            If they choose no sequence, or one that is not there.
        """
        try:
            kept = np.atleast_1d(np.arange(len(self))[rows])
        except (IndexError, TypeError):
            kept = np.array([], np.intp)
        if kept.ndim != 1 or not len(kept):
            raise ValueError(
                f"rows must choose one or more of {len(self)} sequences, by indices, a slice or a "
                f"mask; got {shown(rows)}"
            )

        def chosen(array: Array | None, axis: int) -> Array | None:
            return None if array is None else array[(slice(None),) * axis + (kept,)]

        targets = chosen(self.targets, int(self.every_step))
        assert targets is not None
        return SequenceData(
            targets,
            self.every_step,
            self.size,
            chosen(self.symbols, 1),
            chosen(self.numbers, 1),
            self.vocabulary,
            self.answers,
            self.opening,
            chosen(self.attractors, 0),
            chosen(self.nearest_agrees, 0),
        )

    def words(self, example: int) -> tuple[str, ...]:
        """Return what one sequence shows at each step, in words.

        Raises
        ------
        ValueError
            If there is no such example, or the inputs are numbers.
        """
        number = whole_number("example", example, at_least=0, at_most=len(self) - 1)
        if self.symbols is None or not self.vocabulary:
            raise ValueError(f"example must be one of symbols, not of numbers; got {example}")
        return tuple(self.vocabulary[symbol] for symbol in self.symbols[:, number])

    def sentence(self, example: int) -> str:
        """Return one sequence as a line of text, with the right answer after the last step."""
        words = self.words(example)
        label = self.targets[-1, example] if self.every_step else self.targets[example]
        begin = (self.opening,) if self.opening else ()
        return " ".join((*begin, *words, self.answers[int(label)]))

    def __len__(self) -> int:
        return len(self.targets[0] if self.every_step else self.targets)

    def __repr__(self) -> str:
        return f"SequenceData({len(self)} sequences of {self.length} steps)"


def _check_array(
    name: str, value: Any, kinds: str, shape: str, sizes: tuple[int | None, ...]
) -> None:
    """Raise unless a value is an array of ints ("i") or numbers ("if") of these sizes."""
    what = "ints" if kinds == "i" else "ints or floats"
    if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds:
        raise TypeError(f"{name} must be an array of {what}; got {shown(value)}")
    fits = value.ndim == len(sizes) and value.size > 0
    if not fits or any(size not in (None, of) for size, of in zip(sizes, value.shape, strict=True)):
        raise ValueError(f"{name} must have shape {shape}, none of it 0; got shape {value.shape}")


Draw = Callable[["SequenceTask", int, Stream], SequenceData]


@dataclass(frozen=True)
class SequenceTask:
    """A task that sequences are drawn for without end; `recall` and its like make one.

    Parameters
    ----------
    name : str
        What it is called.
    distance : int
        The steps that lie between what is shown first and the answer.
    vocabulary : tuple of str
        What each input is called, in order.
    answers : tuple of str
        What each output is called, in order.
    loss : {"cross-entropy", "squared error"}
        What the answers are scored by.
    every_step : bool
        Whether an answer is asked for after every step, or after the last one only.
    draw : callable
        `draw(task, count, stream)` returns so many sequences.
    """

    name: str
    distance: int
    vocabulary: tuple[str, ...]
    answers: tuple[str, ...]
    loss: str
    every_step: bool
    draw: Draw = field(repr=False)

    @property
    def inputs(self) -> int:
        """The number D of inputs at each step."""
        return len(self.vocabulary)

    @property
    def outputs(self) -> int:
        """The number K of outputs."""
        return len(self.answers)

    @property
    def length(self) -> int:
        """The number T of steps: the distance and the first one."""
        return self.distance + 1

    def batch(self, count: int = 128, rng: Rng = None) -> SequenceData:
        """Draw sequences.

        Parameters
        ----------
        count : int
            How many.
        rng : int, numpy.random.RandomState, numpy.random.Generator or None
            The stream to draw from, or the seed of a RandomState; None draws anew each time.

        Raises
        ------
        TypeError, ValueError
            If an argument is not what is described above.
        """
        wanted = whole_number("count", count, at_least=1)
        not_too_many("count", wanted * self.length * self.inputs, "inputs", count)
        return self.draw(self, wanted, random_stream(rng))


def checked_distance(distance: int) -> int:
    """Return a distance that is a whole number of steps, at least one."""
    return whole_number("distance", distance, at_least=1, at_most=LONGEST)


def recall(
    distance: int, *, symbols: int = 2, fillers: int = 4, every_step: bool = False
) -> SequenceTask:
    """Make the task to remember: a symbol is shown first, then noise, then it is asked for.

    Parameters
    ----------
    distance : int
        How many steps of noise follow.
    symbols : int
        How many symbols there are to be remembered, at least 2.
    fillers : int
        From how many other symbols the noise is drawn. With 0 the noise is made of the symbols
        themselves, and only its place tells the first one from it.
    every_step : bool
        Whether the symbol is asked for after every step.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    steps = checked_distance(distance)
    kinds = whole_number("symbols", symbols, at_least=2, at_most=MOST_SYMBOLS)
    others = whole_number("fillers", fillers, at_least=0, at_most=MOST_SYMBOLS)
    names = tuple(f"s{i}" for i in range(kinds))
    words = (*names, *(f"noise{i}" for i in range(others)))
    every = truth("every_step", every_step)
    return SequenceTask("recall", steps, words, names, CROSS_ENTROPY, every, _draw_recall)


def _draw_recall(task: SequenceTask, count: int, stream: Stream) -> SequenceData:
    kinds = task.outputs
    least, most = (kinds, task.inputs) if task.inputs > kinds else (0, kinds)
    symbols = np.empty((task.length, count), np.intp)
    symbols[0] = _below(stream, kinds, (count,))
    symbols[1:] = least + _below(stream, most - least, (task.distance, count))
    return _of_symbols(task, symbols, symbols[0])


def agreement(distance: int, *, every_step: bool = False) -> SequenceTask:
    """Make the task of the verb's number: "the writer near the old books" is, not are.

    The sentence begins with the subject, a noun in the singular or the plural. Phrases follow with
    nouns of either number, each drawn by itself; then the verb must agree with the subject. All
    nouns can be subjects: only its place tells it from the others.

    Parameters
    ----------
    distance : int
        How many words stand between the subject and the verb. Up to two are adverbs, from three
        on there are phrases of three to five words, each with a noun.
    every_step : bool
        Whether the verb is asked for after every word: always the subject's.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Notes
    -----
    After T. Linzen, E. Dupoux and Y. Goldberg, "Assessing the ability of LSTMs to learn
    syntax-sensitive dependencies", 2016, who call a noun of the other number an attractor.
    """
    steps, every = checked_distance(distance), truth("every_step", every_step)
    return SequenceTask(
        "agreement", steps, VOCABULARY, VERBS, CROSS_ENTROPY, every, _draw_agreement
    )


def _draw_agreement(task: SequenceTask, count: int, stream: Stream) -> SequenceData:
    number = _below(stream, 2, (count,))
    symbols = np.empty((task.length, count), np.intp)
    symbols[0] = _below(stream, len(NOUNS), (count,)) + len(NOUNS) * number
    if task.distance < PHRASE:
        symbols[1:] = (
            VOCABULARY.index(ADVERBS[0]) + _shuffled(len(ADVERBS), count, stream)[: task.distance]
        )
        attractors, agrees = np.zeros(count, np.intp), np.ones(count, bool)
    else:
        symbols[1:] = _phrases(task.distance, count, stream).T
        is_noun = symbols[1:] < 2 * len(NOUNS)
        other = is_noun & ((symbols[1:] >= len(NOUNS)) != number)
        # The last word of every sentence is a noun.
        attractors, agrees = other.sum(axis=0), ~other[-1]
    return _of_symbols(
        task, symbols, number, opening="the", attractors=attractors, nearest_agrees=agrees
    )


def _phrases(words: int, count: int, stream: Stream) -> NDArray[np.intp]:
    """Return so many words for each sentence, of shape (count, words), in whole phrases."""
    phrases = (words + 2) // 4
    # Each phrase has room for two adjectives; the rooms that are filled are drawn.
    adjectives, order = words - PHRASE * phrases, _shuffled(2 * phrases, count, stream).T
    filled = order < adjectives
    lengths = PHRASE + filled.reshape(count, phrases, 2).sum(axis=2).ravel()
    place = np.arange(count * words) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    is_last = np.repeat(lengths, lengths) - 1 == place
    kinds = [PREPOSITIONS, ("the",), ADJECTIVES, COLOURS, VOCABULARY[: 2 * len(NOUNS)]]
    kind = np.where(is_last, len(kinds) - 1, place)
    first = np.array([VOCABULARY.index(one[0]) for one in kinds])
    sizes = np.array([len(one) for one in kinds])
    symbols: NDArray[np.intp] = first[kind] + _below(stream, sizes[kind], kind.shape)
    return symbols.reshape(count, words)


def adding(distance: int) -> SequenceTask:
    """Make the adding problem: two numbers among many are marked, and their sum is asked for.

    At each step there is a number, drawn evenly from 0 to 1, and a mark, 0 or 1. One number of
    each half of the sequence is marked. Who always says 1 has a mean squared error of 1/6.

    Parameters
    ----------
    distance : int
        The steps after the first one.

    Raises
    ------
    TypeError, ValueError
        If the distance is not a whole number of steps, at least one.

    Notes
    -----
    After S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 1997, in
    the simpler form that later became usual.
    """
    words, answers = ("number", "mark"), ("sum",)
    return SequenceTask(
        "adding", checked_distance(distance), words, answers, SQUARED_ERROR, False, _draw_adding
    )


def _draw_adding(task: SequenceTask, count: int, stream: Stream) -> SequenceData:
    half, each = task.length // 2, np.arange(count)
    numbers = np.zeros((task.length, count, 2))
    numbers[..., 0] = stream.random((task.length, count))
    early = _below(stream, half, (count,))
    late = half + _below(stream, task.length - half, (count,))
    numbers[early, each, 1] = numbers[late, each, 1] = 1
    sums = numbers[early, each, 0] + numbers[late, each, 0]
    return SequenceData(
        sums[:, None],
        False,
        task.inputs,
        numbers=numbers,
        vocabulary=task.vocabulary,
        answers=task.answers,
    )


def _of_symbols(
    task: SequenceTask,
    symbols: NDArray[np.intp],
    labels: NDArray[np.intp],
    *,
    opening: str = "",
    attractors: NDArray[np.intp] | None = None,
    nearest_agrees: NDArray[np.bool_] | None = None,
) -> SequenceData:
    targets = np.tile(labels, (task.length, 1)) if task.every_step else labels.copy()
    return SequenceData(
        targets,
        task.every_step,
        task.inputs,
        symbols=symbols,
        vocabulary=task.vocabulary,
        answers=task.answers,
        opening=opening,
        attractors=attractors,
        nearest_agrees=nearest_agrees,
    )


def _below(
    stream: Stream, bound: int | NDArray[np.intp], shape: tuple[int, ...]
) -> NDArray[np.intp]:
    """Draw whole numbers from 0 to below the bound, in the same way from either kind of stream."""
    return (stream.random(shape) * bound).astype(np.intp)


def _shuffled(items: int, count: int, stream: Stream) -> NDArray[np.intp]:
    """Return `count` columns, each with the numbers below `items` in an order of its own."""
    order: NDArray[np.intp] = stream.random((items, count)).argsort(axis=0)
    return order


SEQUENCE_TASKS = {"recall": recall, "agreement": agreement, "adding": adding}
"""What makes each task, by name."""
