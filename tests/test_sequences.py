"""The sequence tasks: what is drawn, and that it is drawn evenly."""

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vanishing.sequences import (
    ADJECTIVES,
    ADVERBS,
    COLOURS,
    NOUNS,
    PREPOSITIONS,
    SEQUENCE_TASKS,
    VOCABULARY,
    SequenceData,
    SequenceTask,
    adding,
    agreement,
    recall,
)

SINGULAR, PLURAL = zip(*NOUNS, strict=True)


@pytest.mark.parametrize("make", SEQUENCE_TASKS.values(), ids=SEQUENCE_TASKS)
@settings(max_examples=20, deadline=None)
@given(distance=st.integers(1, 40), count=st.integers(1, 9), seed=st.integers(0, 2**32 - 1))
def test_a_batch_has_the_shapes_that_the_task_states(
    make: object, distance: int, count: int, seed: int
) -> None:
    assert callable(make)
    task: SequenceTask = make(distance)
    data = task.batch(count, seed)
    assert (
        data.inputs.shape == (distance + 1, count, task.inputs) == (task.length, count, data.size)
    )
    assert len(data) == count
    assert data.length == task.length
    assert data.loss == task.loss
    assert (data.vocabulary, data.answers) == (task.vocabulary, task.answers)
    again = task.batch(count, seed)
    np.testing.assert_array_equal(data.inputs, again.inputs)
    np.testing.assert_array_equal(data.targets, again.targets)


@pytest.mark.parametrize("every_step", [False, True])
def test_recall_asks_for_the_first_symbol(every_step: bool) -> None:
    data = recall(7, symbols=3, fillers=2, every_step=every_step).batch(400, 0)
    assert data.symbols is not None
    targets = data.targets if every_step else data.targets[None]
    assert (targets == data.symbols[0]).all()
    assert len(targets) == (8 if every_step else 1)
    assert set(data.symbols[0]) == {0, 1, 2}
    assert set(data.symbols[1:].ravel()) == {3, 4}


def test_recall_without_fillers_makes_noise_of_the_symbols() -> None:
    data = recall(7, symbols=3, fillers=0).batch(400, 0)
    assert data.size == 3
    assert data.symbols is not None
    assert set(data.symbols[1:].ravel()) == {0, 1, 2}


def number_of(word: str) -> int:
    return int(word in PLURAL)


@settings(max_examples=60, deadline=None)
@given(distance=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_sentences_follow_the_grammar(distance: int, seed: int) -> None:
    data = agreement(distance).batch(5, seed)
    assert data.attractors is not None
    assert data.nearest_agrees is not None
    for example in range(5):
        subject, *between = data.words(example)
        nouns = [word for word in between if word in SINGULAR + PLURAL]
        number = number_of(subject)
        assert subject in SINGULAR + PLURAL
        assert number == data.targets[example]
        assert data.attractors[example] == sum(number_of(noun) != number for noun in nouns)
        nearest = nouns[-1] if nouns else subject
        assert data.nearest_agrees[example] == (number_of(nearest) == number)
        assert (
            data.sentence(example) == f"the {subject} {' '.join(between)} {['is', 'are'][number]}"
        )
        check_phrases(between)


def check_phrases(words: list[str]) -> None:
    """Check that the words are adverbs, or phrases such as "near the old red books"."""
    if len(words) < 3:
        assert set(words) <= set(ADVERBS)
        assert len(set(words)) == len(words)
        return
    kinds = {**dict.fromkeys(PREPOSITIONS, "p"), **dict.fromkeys(ADJECTIVES, "a")}
    kinds |= {"the": "t", **dict.fromkeys(COLOURS, "c"), **dict.fromkeys(SINGULAR + PLURAL, "n")}
    line = "".join(kinds[word] for word in words)
    for phrase in line.removesuffix("n").split("n"):
        assert phrase in ("pt", "pta", "ptac")
    assert line.endswith("n")


def test_every_word_is_used_and_numbers_are_even() -> None:
    data = agreement(14).batch(4000, 0)
    assert data.symbols is not None
    used = set(data.symbols.ravel()) | set(agreement(2).batch(50, 0).symbols.ravel())
    assert used == set(range(len(VOCABULARY)))
    assert abs(data.targets.mean() - 0.5) < 0.03
    assert data.nearest_agrees is not None
    assert data.attractors is not None
    assert abs(data.nearest_agrees.mean() - 0.5) < 0.03
    # Four phrases, whose nouns are attractors with even chances.
    assert np.allclose(
        np.bincount(data.attractors) / 4000, np.array([1, 4, 6, 4, 1]) / 16, atol=0.03
    )
    subjects = np.bincount(data.symbols[0]) / 4000
    assert np.abs(subjects - 1 / (2 * len(NOUNS))).max() < 0.02
    # The subject says nothing of the other nouns.
    assert abs(np.corrcoef(data.symbols[-1], data.targets)[0, 1]) < 0.05


def test_adjectives_fall_on_every_phrase_alike() -> None:
    data = agreement(8).batch(4000, 0)  # Two phrases that share two adjectives.
    lengths = [" ".join(data.words(i)[1:]).count(" the ") for i in range(4000)]
    assert set(lengths) == {2}
    first = [
        next(k for k, w in enumerate(data.words(i)[1:]) if w in SINGULAR + PLURAL)
        for i in range(4000)
    ]
    # Of the six ways to fill two of four rooms one leaves the first phrase bare.
    assert np.allclose(np.bincount(first)[2:] / 4000, [1 / 6, 4 / 6, 1 / 6], atol=0.03)


@pytest.mark.parametrize(("distance", "half"), [(9, 5), (8, 4)])
def test_adding_marks_one_number_of_each_half(distance: int, half: int) -> None:
    data = adding(distance).batch(2000, 0)
    numbers, marks = data.inputs[..., 0], data.inputs[..., 1]
    assert (marks[:half].sum(axis=0) == 1).all()
    assert (marks[half:].sum(axis=0) == 1).all()
    assert marks.sum(axis=1).min() > 2000 / 5 * 0.8
    np.testing.assert_allclose(data.targets[:, 0], (numbers * marks).sum(axis=0))
    assert np.mean((data.targets - 1) ** 2) == pytest.approx(1 / 6, rel=0.1)
    assert 0 <= numbers.min() < 0.01 < 0.99 < numbers.max() < 1


def test_sequences_are_chosen_by_rows() -> None:
    data = agreement(7, every_step=True).batch(20, 0)
    assert data.attractors is not None
    mask = data.attractors == 2
    chosen = data.at(mask)
    assert len(chosen) == mask.sum() > 0
    assert chosen.sentence(0) == data.sentence(int(mask.argmax()))
    assert chosen.targets.shape == (8, mask.sum())
    assert chosen.attractors is not None
    assert (chosen.attractors == 2).all()
    np.testing.assert_array_equal(chosen.nearest_agrees, data.nearest_agrees[mask])
    sums = adding(3).batch(5, 0)
    np.testing.assert_array_equal(sums.at(slice(2, 4)).inputs, sums.inputs[:, 2:4])


def test_numbers_have_no_words() -> None:
    with pytest.raises(ValueError, match=r"example must be .*got 0"):
        adding(3).batch(2, 0).words(0)


def test_a_task_can_be_sent() -> None:
    task = recall(5, symbols=4)
    sent = pickle.loads(pickle.dumps(task))
    assert sent == task
    np.testing.assert_array_equal(sent.batch(3, 1).inputs, task.batch(3, 1).inputs)


@pytest.mark.parametrize("make", SEQUENCE_TASKS.values(), ids=SEQUENCE_TASKS)
def test_either_kind_of_stream_is_taken(make: object) -> None:
    assert callable(make)
    assert len(make(3).batch(4, np.random.default_rng(0))) == 4


SYMBOLS = np.zeros((3, 2), int)
NUMBERS = np.zeros((3, 2, 4))


@pytest.mark.parametrize(
    ("argument", "targets", "more"),
    [
        ("symbols or numbers", np.array([0, 1]), {}),
        ("symbols or numbers", np.array([0, 1]), {"symbols": SYMBOLS, "numbers": NUMBERS}),
        ("symbols", np.array([0, 1]), {"symbols": SYMBOLS[0]}),
        ("symbols", np.array([0, 1]), {"symbols": SYMBOLS.astype(float)}),
        ("numbers", np.array([0, 1]), {"numbers": NUMBERS[..., :3]}),
        ("numbers", np.array([0, 1]), {"numbers": NUMBERS[:0]}),
        # One answer for two sequences, or three, would be spread over them without a word.
        ("targets", np.array([0]), {"symbols": SYMBOLS}),
        ("targets", np.array([0, 1, 1]), {"symbols": SYMBOLS}),
        ("targets", np.zeros(2), {"symbols": SYMBOLS}),
        ("targets", np.zeros((2, 0)), {"symbols": SYMBOLS}),
        ("targets", np.array([True, False]), {"symbols": SYMBOLS}),
        ("targets", [0, 1], {"symbols": SYMBOLS}),
    ],
)
def test_sequences_whose_arrays_do_not_fit_are_refused(
    argument: str, targets: Any, more: dict[str, Any]
) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{argument} must"):
        SequenceData(targets, False, 4, **more)


def test_sequences_are_chosen_by_indices_slices_and_masks() -> None:
    data = agreement(5).batch(10, 0)
    mask = np.arange(10) == 7
    for rows in (7, [7], slice(7, 8), mask, np.array([-3])):
        found = data.at(rows)  # type: ignore[arg-type]
        assert len(found) == 1
        assert found.sentence(0) == data.sentence(7)
        assert found.nearest_agrees is not None


@pytest.mark.parametrize(
    "rows", [np.zeros(10, bool), [10], [], "first", slice(3, 3), np.ones(9, bool), 1.5]
)
def test_to_choose_no_sequence_is_refused(rows: Any) -> None:
    with pytest.raises(ValueError, match="rows must choose one or more of 10 sequences"):
        agreement(5).batch(10, 0).at(rows)
