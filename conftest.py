"""The notebooks under nbval: every cell from first to last, and then from last to first.

A learner runs any cell again at any time, and must see the same. So each code cell is a test twice,
in one kernel, and compared with the saved output both times. Cells that train for long would double
the time of all tests: --again-below=inf runs these twice as well.
"""

import itertools
import os
import time
from collections.abc import Iterator

import pytest
from nbval.plugin import IPyNbCell

# BLAS threads go on spinning after a product, and take the cores that other tests need. Kernels,
# workers and scripts that tests start inherit this; it must stand before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

LONGEST_FIRST = ("test_browser", "notebooks/", "test_claims")
"""Where the longest tests are. Begun last, they would leave the other processors without work."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says which cells are run twice."""
    told = "run a notebook's cell a second time if it took less than this (default: 1)"
    parser.addoption("--again-below", type=float, default=1.0, metavar="SECONDS", help=told)


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


class CellAgain(IPyNbCell):  # type: ignore[misc]
    """A cell that was run before."""

    first: IPyNbCell

    def runtest(self) -> None:
        """Run the cell once more, unless that takes long."""
        if self.first.stash.get(SECONDS, 0.0) >= self.config.option.again_below:
            pytest.skip("took long: only a larger --again-below runs it a second time")
        super().runtest()


SECONDS = pytest.StashKey[float]()
"""How long a test took."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Keep how long a test takes."""
    begin = time.perf_counter()
    try:
        return (yield)
    finally:
        item.stash[SECONDS] = time.perf_counter() - begin


def _again(cell: IPyNbCell) -> pytest.Item:
    again: CellAgain = CellAgain.from_parent(
        cell.parent,
        name=f"{cell.name}, again",
        cell_num=cell.cell_num,
        cell=cell.cell,
        options=cell.options,
    )
    again.first = cell
    return again
