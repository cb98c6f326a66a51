"""How time is divided between painting and work; the clock is moved by the work itself."""

import pytest
from waiting import Clock

from vanishing.live.pacing import FRAME, SLICE, Pace


class Worker:
    """Does so many units of work a second of its clock, and keeps account of what it was asked."""

    def __init__(self, speed: float) -> None:
        self.clock, self.speed = Clock(), speed
        self.asked: list[tuple[int, float]] = []

    def __call__(self, count: int, seconds: float) -> int:
        self.asked.append((count, seconds))
        self.clock.now += count / self.speed
        return count


@pytest.mark.parametrize("speed", [300.0, 5_000.0, 200_000.0])
def test_work_takes_about_as_long_as_it_may(speed: float) -> None:
    worker = Worker(speed)
    pace = Pace(worker.clock)
    pace.work(0.2, worker, lambda: True)
    taken = worker.clock.now - 100
    assert taken == pytest.approx(0.2, abs=0.01)
    assert pace.rate == pytest.approx(speed)


def test_work_comes_in_slices_that_can_be_broken_off() -> None:
    worker = Worker(5_000)
    pace = Pace(worker.clock)
    pace.work(0.5, worker, lambda: len(worker.asked) < 4)
    assert len(worker.asked) == 4
    assert all(seconds <= SLICE for _, seconds in worker.asked)
    # Once the rate is known, a slice lasts as long as it is meant to.
    assert [count for count, _ in worker.asked][1:] == [round(5_000 * SLICE)] * 3


def test_the_last_slice_is_as_long_as_what_is_left() -> None:
    worker = Worker(1_000)
    Pace(worker.clock).work(2.5 * SLICE, worker, lambda: True)
    assert worker.asked[-1][1] == pytest.approx(0.5 * SLICE)


def test_work_that_is_at_its_end_is_not_asked_for_again() -> None:
    asked = []

    def nothing(count: int, _: float) -> int:
        asked.append(count)
        return 0

    pace = Pace(Clock())
    pace.work(1.0, nothing, lambda: True)
    assert len(asked) == 1
    assert pace.rate == 1000


def test_at_least_one_unit_is_done() -> None:
    worker = Worker(2.0)
    pace = Pace(worker.clock)
    pace.work(0.01, worker, lambda: True)
    pace.work(0.01, worker, lambda: True)
    assert worker.asked[-1][0] == 1


def test_a_clock_that_stood_still_does_no_harm() -> None:
    clock = Clock()
    counts: list[int] = []

    def work(count: int, _: float) -> int:
        counts.append(count)
        return count

    pace = Pace(clock)
    pace.work(0.1, work, lambda: len(counts) < 2)
    assert counts[1] >= counts[0]


def test_what_painting_leaves_of_a_frame_goes_into_work() -> None:
    clock = Clock()
    pace = Pace(clock)
    with pace.measured_painting():
        clock.now += 0.015
    assert pace.seconds_to_work(fresh=False) == pytest.approx(0.022)
    assert pace.seconds_to_work(fresh=True) == SLICE


def test_slow_painting_leaves_half_a_frame() -> None:
    clock = Clock()
    pace = Pace(clock)
    with pace.measured_painting():
        clock.now += 2
    assert pace.seconds_to_work(fresh=False) == FRAME / 2


def test_before_anything_was_painted_a_frame_is_hardly_shorter() -> None:
    assert FRAME / 2 < Pace(Clock()).seconds_to_work(fresh=False) < FRAME
