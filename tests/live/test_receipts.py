"""What the page confirms, on a quick connection, on a slow one, and when it is gone."""

import pytest
from waiting import Clock, confirm, models

from vanishing.live.receipts import Receipts


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def receipts(clock: Clock) -> Receipts:
    return Receipts(clock)


@pytest.fixture
def quick(receipts: Receipts) -> Receipts:
    """Return receipts of a page that has answered promptly once."""
    receipts.ask()
    confirm(receipts)
    return receipts


@pytest.fixture
def slow(quick: Receipts, clock: Clock) -> Receipts:
    """Return receipts of a page that took 0.3 seconds to answer."""
    clock.now += 1
    quick.ask()
    clock.now += 0.3
    confirm(quick)
    return quick


def test_where_no_page_confirms_anything_all_goes_on(receipts: Receipts, clock: Clock) -> None:
    for _ in range(30):
        receipts.ask()
        for pause in (0.0, 0.3, 0.4):
            clock.now += pause
            assert not receipts.clogged
            assert not receipts.gone


def test_a_page_is_taken_for_quick_until_it_answers(receipts: Receipts) -> None:
    for _ in range(5):
        receipts.ask()
    assert receipts.asked.value == 1


def test_a_quick_page_is_asked_twice_a_second(quick: Receipts, clock: Clock) -> None:
    asked = []
    for _ in range(100):
        clock.now += 0.04
        quick.ask()
        confirm(quick)
        asked.append(quick.asked.value)
    assert len(set(asked)) == pytest.approx(100 * 0.04 / 0.5, abs=1)


def test_a_slow_page_is_asked_for_each_picture(slow: Receipts, clock: Clock) -> None:
    before = slow.asked.value
    for number in range(1, 5):
        slow.ask()
        assert slow.asked.value == before + number
        clock.now += 0.3
        confirm(slow)


def test_a_slow_page_may_owe_two_pictures(slow: Receipts, clock: Clock) -> None:
    found = []
    for _ in range(2):
        found.append(slow.clogged)
        slow.ask()
    assert found == [False, False]
    assert slow.clogged
    clock.now += 3.9
    assert slow.clogged
    slow.returned.value = slow.asked.value - 1
    assert not slow.clogged


def test_the_last_of_several_confirms_them_all(slow: Receipts) -> None:
    slow.ask()
    slow.ask()
    confirm(slow)
    assert not slow.clogged


@pytest.mark.parametrize(("seconds", "clogged"), [(0.24, False), (0.26, True)])
def test_pictures_wait_when_a_quick_page_becomes_slow(
    quick: Receipts, clock: Clock, seconds: float, *, clogged: bool
) -> None:
    clock.now += 1
    quick.ask()
    clock.now += seconds
    assert quick.clogged is clogged
    confirm(quick)
    assert not quick.clogged


def test_a_page_that_is_quick_again_is_asked_now_and_then(slow: Receipts, clock: Clock) -> None:
    slow.ask()
    clock.now += 0.1
    confirm(slow)
    before = slow.asked.value
    slow.ask()
    assert slow.asked.value == before


@pytest.mark.parametrize(("seconds", "gone"), [(3.9, False), (4.1, True)])
def test_a_page_that_owes_an_answer_for_four_seconds_is_gone(
    quick: Receipts, clock: Clock, seconds: float, *, gone: bool
) -> None:
    clock.now += 1
    quick.ask()
    clock.now += seconds
    assert quick.gone is gone
    # What is shown at last goes out all the same.
    assert quick.clogged is not gone


def test_the_oldest_answer_that_is_missing_counts(slow: Receipts, clock: Clock) -> None:
    slow.ask()
    clock.now += 3
    slow.ask()
    clock.now += 1.1
    assert slow.gone


def test_a_page_that_answers_in_the_end_is_there(quick: Receipts, clock: Clock) -> None:
    clock.now += 1
    quick.ask()
    clock.now += 10
    confirm(quick)
    assert not quick.gone


def test_a_page_that_shows_itself_owes_nothing(quick: Receipts, clock: Clock) -> None:
    clock.now += 1
    quick.ask()
    quick.forgive()
    clock.now += 0.3
    assert quick.clogged, "one that is only late still owes it"
    clock.now += 5
    quick.forgive()
    assert not quick.gone
    quick.ask()
    clock.now += 4.1
    assert quick.gone


def test_an_answer_that_was_not_asked_for_changes_nothing(quick: Receipts) -> None:
    quick.returned.value = 77
    assert not quick.clogged
    assert not quick.gone


def test_nothing_stays_open() -> None:
    before = models()
    receipts = Receipts()
    receipts.ask()
    assert models() > before
    receipts.close()
    assert models() == before
