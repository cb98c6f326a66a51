"""The notebooks under nbval: every cell from first to last, and then from last to first.

A learner runs any cell again at any time, and must see the same. So each code cell is a test twice,
in one kernel, and compared with the saved output both times.
"""

import itertools

import pytest
from nbval.plugin import IPyNbCell

LONGEST_FIRST = ("test_browser", "notebooks/", "test_claims")
"""Where the longest tests are. Begun last, they would leave the other processors without work."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every notebook's cells be followed by the same cells in the opposite order."""
    groups = itertools.groupby(list(items), lambda item: item.parent)
    items[:] = [item for _, group in groups for item in _and_back(list(group))]
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    where = (place for place, part in enumerate(LONGEST_FIRST) if part in item.nodeid)
    return next(where, len(LONGEST_FIRST))


def _and_back(tests: list[pytest.Item]) -> list[pytest.Item]:
    cells = [test for test in tests if isinstance(test, IPyNbCell)]
    return [*tests, *(_again(cell) for cell in reversed(cells))]


def _again(cell: IPyNbCell) -> pytest.Item:
    again: pytest.Item = IPyNbCell.from_parent(
        cell.parent,
        name=f"{cell.name}, again",
        cell_num=cell.cell_num,
        cell=cell.cell,
        options=cell.options,
    )
    return again
