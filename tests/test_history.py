import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vanishing import History
from vanishing.history import Book, Columns, joined

NAMES = (
    "sum_absolute",
    "weight_norm",
    "gradient_norm",
    "delta_norm",
    "weight_sum_absolute",
    "total_gradient_norm",
)


@pytest.mark.parametrize("layers", [1, 2, 7])
def test_the_columns_fill_a_row_without_gap_or_overlap(layers: int) -> None:
    columns = Columns(layers)
    row = np.arange(columns.count)
    found = [row[columns.loss], *(x for name in NAMES for x in row[getattr(columns, name)])]
    assert found == row.tolist() == list(range(1 + 6 * layers))
    assert {len(row[getattr(columns, name)]) for name in NAMES} == {layers}
    with pytest.raises(AttributeError):
        columns.layers = 3  # type: ignore[misc]


def history(rows: int = 4) -> History:
    record = np.arange(rows * 13.0).reshape(rows, 13)
    return History((2, 5, 3), 10, (0.1, 0.2), 0.01, 10 * np.arange(rows), record)


def test_each_name_reads_its_own_columns() -> None:
    found = history()
    assert len(found) == 4
    assert found.columns == Columns(2)
    np.testing.assert_array_equal(found.loss, found.record[:, 0])
    for group, name in enumerate(NAMES):
        expected = found.record[:, 1 + 2 * group : 3 + 2 * group]
        np.testing.assert_array_equal(getattr(found, name), expected)
        assert getattr(found.columns, name) == slice(1 + 2 * group, 3 + 2 * group)
    assert repr(found) == "History(4 rows of 2-5-3)"


def test_statistics_are_sums_over_fans() -> None:
    found = history()
    sums, weights = found.record[:, 1:3], found.record[:, 9:11]
    np.testing.assert_allclose(found.lecture_statistic(), sums / [7, 8])
    np.testing.assert_allclose(found.mean_absolute(), sums / [10, 15])
    np.testing.assert_allclose(found.penalty_floor(), 0.01 * weights / [7, 8])


def test_a_record_is_itself_only_and_cannot_be_changed() -> None:
    one, other = history(), history()
    assert one != other
    assert {one, other, one} == {one, other}
    with pytest.raises(AttributeError):
        one.examples = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (slice(1, 3), [10, 20]),
        ([0, 3], [0, 30]),
        (np.array([False, True, False, True]), [10, 30]),
        (2, [20]),
        (np.int64(-1), [30]),
    ],
)
def test_at_chooses_rows(rows: object, expected: list[int]) -> None:
    found = history().at(rows)  # type: ignore[arg-type]
    assert found.iteration.tolist() == expected
    np.testing.assert_array_equal(found.loss, 13 * np.array(expected) / 10)
    assert (found.sizes, found.examples, found.step_sizes) == ((2, 5, 3), 10, (0.1, 0.2))
    assert found.regularization == 0.01


@pytest.mark.parametrize("rows", [4, -5, [0, 7], "all", np.array([0.5]), np.array([True])])
def test_rows_that_were_not_recorded_are_refused(rows: object) -> None:
    says = "rows must choose among the 4 that were recorded; got"
    with pytest.raises(IndexError, match=says):
        history().at(rows)  # type: ignore[arg-type]


def test_stretches_are_joined_in_order() -> None:
    whole = history(6)
    again = joined([whole.at(slice(0, 2)), whole.at(slice(2, 2)), whole.at(slice(2, 6))])
    np.testing.assert_array_equal(again.record, whole.record)
    np.testing.assert_array_equal(again.iteration, whole.iteration)
    assert (again.sizes, again.step_sizes) == (whole.sizes, whole.step_sizes)


# The book


def kept(first: int, last: int, every: int, most: int | None) -> tuple[list[int], int]:
    """Return what a book keeps, by its description: entered one after the other, then thinned."""
    rows: list[int] = []
    for iteration in range(first, last):
        if iteration % every:
            continue
        while most is not None and len(rows) >= most and iteration % every == 0:
            every *= 2
            rows = [row for row in rows if row % every == 0]
        if iteration % every == 0:
            rows.append(iteration)
    return rows, every


@given(
    first=st.integers(0, 50),
    count=st.integers(0, 200),
    every=st.integers(1, 7),
    most=st.none() | st.integers(2, 20),
)
def test_the_book_keeps_just_the_right_rows(
    first: int, count: int, every: int, most: int | None
) -> None:
    book = Book(2, every, first, most)
    for iteration in range(first, first + count):
        if book.wants(iteration):
            book.enter(iteration, [iteration, -iteration])
        taken, rows = book.read(iteration + 1)
        assert rows[:, 0].tolist() == taken.tolist()
        assert most is None or len(rows) <= most
    expected, stride = kept(first, first + count, every, most)
    taken, rows = book.read(first + count)
    assert taken.tolist() == expected
    assert rows.tolist() == [[iteration, -iteration] for iteration in expected]
    assert book.every == stride


def test_a_row_entered_again_replaces_the_old_one_and_is_not_read_too_early() -> None:
    book = Book(1, 2, 3, None)
    assert [book.wants(i) for i in (3, 4, 5, 6)] == [False, True, False, True]
    book.enter(4, [1])
    book.enter(6, [7])
    assert book.read(6)[0].tolist() == [4]
    assert book.read(7)[0].tolist() == [4, 6]
    book.enter(6, [2])
    assert book.read(8)[1].tolist() == [[1], [2]]
    assert book.read(3)[1].shape == (0, 1)


def test_what_is_read_cannot_be_written_and_stays_as_it_is() -> None:
    book = Book(1, 1, 0, 4)
    book.enter(0, [5])
    taken, rows = book.read(1)
    with pytest.raises(ValueError, match="read-only"):
        rows[0] = 1
    for iteration in range(1, 100):
        if book.wants(iteration):
            book.enter(iteration, [iteration])
    assert (taken.tolist(), rows.tolist()) == ([0], [[5]])


def test_room_grows_by_what_is_asked_for_and_later_by_half() -> None:
    book = Book(3, 1, 0, None)
    rooms = set()
    for iteration in range(1000):
        book.enter(iteration, [1, 2, 3])
        rooms.add(book.read(iteration + 1)[1].base.shape[0])
    # Copied some 15 times, not a thousand; and never more than half of it is empty.
    assert 10 < len(rooms) < 25
    assert 1000 <= max(rooms) <= 1500
    asked = Book(3, 1, 0, None)
    asked.make_room(700)
    asked.enter(0, [1, 2, 3])
    assert asked.read(1)[1].base.shape == (700, 3)
    asked.make_room(10)
    assert asked.read(1)[1].base.shape == (700, 3)
    asked.make_room(701)
    assert asked.read(1)[1].base.shape == (1050, 3)
    assert asked.read(1)[1].tolist() == [[1, 2, 3]]


def test_room_is_bounded_where_rows_are() -> None:
    book = Book(3, 1, 0, 10)
    book.make_room(10**9)
    book.enter(0, [1, 2, 3])
    assert book.read(1)[1].base.shape == (10, 3)
    slowly = Book(3, 1, 0, 10)
    for iteration in range(10):
        slowly.enter(iteration, [1, 2, 3])
        assert slowly.read(iteration + 1)[1].base.shape[0] <= 10
