"""Planes: every cell once, from coarse to fine, and the same whatever makes the runs."""

import itertools
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from vanishing import Goal, Job, Network, Trainer, spiral
from vanishing.jobs import LOOKS
from vanishing.planes import (
    DIVERGED,
    LEARNED,
    SLOW,
    UNKNOWN,
    Axis,
    Line,
    Outcome,
    Plane,
    Survey,
    coarse_to_fine,
    explore,
    log_axis,
    outcomes,
    outcomes_in_turns,
)
from vanishing.workers import processes

STEPS = log_axis("step_size", 0.01, 10_000, 4)
SCALES = log_axis("scale", 0.03, 3, 3)
DATA = spiral(20, rng=0)
ITERATIONS = 120


def network(scale: float) -> Network:
    return Network.initialize((2, 20, 20, 3), "relu", scale=scale, rng=0)


def job(step: float, scale: float, level: float = 0.9) -> Job:
    return Job(network(scale), DATA, ITERATIONS, step, until=Goal(accuracy=level))


def by_hand(step: float, scale: float) -> tuple[int, int | None]:
    """Return the kind of a cell and the first iteration that is looked at and at the level."""
    trainer = Trainer(network(scale), DATA, step_size=step)
    for iteration in range(1, ITERATIONS + 1):
        trainer.advance(1)
        if trainer.diverged_at is not None:
            return DIVERGED, None
        if (iteration in LOOKS or iteration == ITERATIONS) and trainer.accuracy >= 0.9:
            return LEARNED, iteration
    return SLOW, None


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (8, 8), (5, 3), (2, 9), (24, 24)])
def test_every_cell_comes_once_and_coarse_grids_are_whole_first(columns: int, rows: int) -> None:
    order = coarse_to_fine(columns, rows)
    assert sorted(order) == sorted(itertools.product(range(columns), range(rows)))
    assert order[0] == (0, 0)
    for stride in (16, 8, 4, 2, 1):
        grid = set(itertools.product(range(0, columns, stride), range(0, rows, stride)))
        assert set(order[: len(grid)]) == grid


class Immediate(Executor):
    """Does each task while it is being submitted."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.mark.parametrize("kind", ["here", "at once", "threads", "processes"])
def test_learned_slow_and_diverged_are_told_apart_whatever_makes_the_runs(kind: str) -> None:
    executors = {"here": lambda: None, "at once": Immediate, "threads": ThreadPoolExecutor}
    executor = {**executors, "processes": lambda: processes(2)}[kind]()
    survey = explore(Plane(STEPS, SCALES, job), executor=executor, workers=2, progress=False)
    assert survey.complete
    assert len(survey) == 12
    kinds = set()
    for row, column in np.ndindex(survey.kind.shape):
        cell = survey.cell(column, row)
        assert cell is not None
        expected, first = by_hand(STEPS.values[column], SCALES.values[row])
        assert survey.kind[row, column] == cell.kind == expected
        kinds.add(expected)
        if first is None:
            assert cell.reached is None
            assert np.isnan(survey.reached[row, column])
            assert cell.accuracy < 0.9 or cell.diverged_at is not None
        else:
            assert cell.reached == first
            assert survey.reached[row, column] == cell.reached
            assert cell.accuracy >= 0.9
        assert (cell.diverged_at is not None) == (expected == DIVERGED)
    assert kinds == {LEARNED, SLOW, DIVERGED}
    assert [survey.count(one) for one in (UNKNOWN, LEARNED)] == [0, np.sum(survey.reached > 0)]


def test_cells_come_in_order_where_one_is_made_after_the_other() -> None:
    plane = Plane(Axis("step_size", (0.01, 0.02, 0.03)), SCALES, job)
    places = [(cell.column, cell.row) for cell in outcomes(plane, workers=1, progress=False)]
    assert places == coarse_to_fine(3, 3)


def test_turns_bring_the_same_cells() -> None:
    plane = Plane(STEPS, SCALES, job)
    turns = list(outcomes_in_turns(plane, seconds=0.005, workers=1))
    found = {(cell.column, cell.row): cell for turn in turns for cell in turn}
    known = explore(plane, progress=False)
    assert len(found) == sum(map(len, turns)) == 12
    assert all(known.cell(*place) == cell for place, cell in found.items())
    assert len(turns) > 3


def test_the_level_is_the_planes() -> None:
    easy = Plane(STEPS, SCALES, lambda step, scale: job(step, scale, 0.4), level=0.4)
    survey = explore(easy, progress=False)
    assert survey.count(LEARNED) > explore(Plane(STEPS, SCALES, job), progress=False).count(LEARNED)
    assert "reach 40%" in survey.description


def filled(places: list[tuple[int, int]], columns: int, rows: int) -> Survey:
    x, y = Axis("x", tuple(range(columns))), Axis("y", tuple(range(rows)))
    survey = Survey(Plane(x, y, job))
    for column, row in places:
        survey.add(Outcome(column, row, 1, 1.0, None))
    return survey


def test_what_is_not_known_is_shown_by_the_coarser_cell_around_it() -> None:
    rows, columns = filled([(0, 0), (4, 0), (0, 4), (4, 4), (2, 2)], 6, 5).standing_in()
    place = np.stack([columns, rows], axis=-1)
    assert place[1, 1].tolist() == [0, 0]
    assert place[3, 3].tolist() == [2, 2]  # as (x, y)
    assert place[2, 2].tolist() == [2, 2]
    assert place[0, 5].tolist() == [4, 0]
    assert place[4, 5].tolist() == [4, 4]
    assert place[3, 1].tolist() == [0, 0]
    alone = np.stack(filled([(4, 4)], 6, 5).standing_in())
    expected = np.indices((5, 6))
    expected[:, 4, 5] = 4
    np.testing.assert_array_equal(alone, expected)


def test_at_each_stage_all_is_shown_once_the_first_cell_is_known() -> None:
    order = coarse_to_fine(7, 5)
    for count in range(1, len(order) + 1):
        survey = filled(order[:count], 7, 5)
        assert np.all(survey.kind[survey.standing_in()] == LEARNED)
    np.testing.assert_array_equal(np.stack(survey.standing_in()), np.indices((5, 7)))


def test_a_description_says_what_the_map_shows() -> None:
    survey = Survey(Plane(STEPS, SCALES, job))
    assert survey.description == (
        "0 of 12 runs, step size from 0.01 to 10000 and scale from 0.03 to 3: "
        "0 reach 90%, 0 do not, 0 diverge"
    )
    for cell in (
        Outcome(0, 0, 30, 0.95, None),
        Outcome(1, 2, 20, 0.9, None),
        Outcome(2, 1, None, 0.5, None),
        Outcome(3, 1, None, 0.3, 4),
    ):
        survey.add(cell)
    assert survey.description == (
        "4 of 12 runs, step size from 0.01 to 10000 and scale from 0.03 to 3: "
        "2 reach 90%, 1 do not, 1 diverge; the quickest takes 20 iterations, at step size 1 "
        "and scale 3"
    )
    told = [cell.description(0.9) for cell in map(survey.cell, (1, 2, 3), (2, 1, 1)) if cell]
    assert told == [
        "90% after 20 iterations",
        "never 90%; accuracy 0.50 at the end",
        "diverged at iteration 4",
    ]
    assert survey.cell(0, 1) is None
    assert not survey.complete


# Axes


def test_an_axis_knows_whether_it_is_logarithmic() -> None:
    assert log_axis("x", 0.01, 10, 24).logarithmic
    assert Axis("x", (1, 2, 4, 8)).logarithmic
    assert not Axis("x", (1, 2, 3, 4)).logarithmic
    assert not Axis("x", (0, 1, 10, 100)).logarithmic
    assert log_axis("x", 0.01, 10, 4).values == (0.01, 0.1, 1.0, 10.0)


@pytest.mark.parametrize(("column", "row"), [(4, 0), (-1, 0), (0, 3)])
def test_an_outcome_of_another_plane_is_refused(column: int, row: int) -> None:
    survey = Survey(Plane(Axis("x", (1, 2, 3, 4)), Axis("y", (1, 2, 3)), lambda x, y: x + y))
    with pytest.raises(ValueError, match=r"(column|row) must be a whole number from 0 to"):
        survey.add(Outcome(column, row, 1, 1.0, None))
    assert len(survey) == 0


def test_places_are_in_cells() -> None:
    axis = log_axis("x", 0.01, 10, 4)
    assert [axis.place(value) for value in axis.values] == pytest.approx([0, 1, 2, 3])
    assert axis.place(10**-1.5) == pytest.approx(0.5)
    assert axis.place(1000) == pytest.approx(5)
    assert axis.place(0) == -np.inf
    assert axis.place(np.inf) == np.inf
    uneven = Axis("x", (1, 2, 3, 5, 6))
    assert uneven.place(4) == pytest.approx(2.5)
    assert uneven.place(0) == pytest.approx(-1)


def test_whole_numbers_stay_whole_and_names_become_labels() -> None:
    axis = Axis("hidden_layers", np.array([1, 2, 4]))  # type: ignore[arg-type]
    assert axis.values == (1, 2, 4)
    assert all(type(value) is int for value in axis.values)
    assert axis.label == "hidden layers"
    assert Axis("scale", (1, 2), "spread").label == "spread"


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"values must rise; got \(1, 1\)"):
        Axis("x", (1, 1))
    with pytest.raises(ValueError, match="values must be from 2 to 1,000 numbers"):
        Axis("x", (1,))
    with pytest.raises(ValueError, match="count must leave values three digits apart; got 9"):
        log_axis("x", 1, 1.01, 9)
    with pytest.raises(ValueError, match="high must be above low, which is 2; got 1"):
        log_axis("x", 2, 1, 3)
    with pytest.raises(TypeError, match="job must be a function of two values; got 3"):
        Plane(STEPS, SCALES, 3)  # type: ignore[arg-type]
    many = Axis("x", tuple(range(1000)))
    with pytest.raises(ValueError, match="x and y must make at most 100,000 cells; got 1,000,000"):
        Plane(many, many, job)
    with pytest.raises(TypeError, match="label must be a text that is not empty"):
        Line("", (1, 2), (1, 2))
    survey = Survey(Plane(STEPS, SCALES, job))
    for column, row in ((4, 0), (-1, 0), (0, 3), (0, -1)):
        side, wrong = ("row", row) if column == 0 else ("column", column)
        with pytest.raises(ValueError, match=f"{side} must be a whole number .*got {wrong}"):
            survey.cell(column, row)
    assert Line("from nothing", (0, 1), (0, 2)).x == (0, 1)
    with pytest.raises(ValueError, match=r"x\[0\] must be"):
        Line("l", (-1, 1), (0, 2))
    with pytest.raises(ValueError, match="y must hold as many values as x"):
        Line("l", (1, 2), (1, 2, 3))
    with pytest.raises(ValueError, match="two or more; got 2 and 3"):
        Line("l", (1, 2, 3), (1, 2))
    with pytest.raises(ValueError, match="two or more; got 1 and 1"):
        Line("l", (1,), (1,))
