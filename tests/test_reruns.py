"""Any cell of a notebook can be run again at any time, and shows the same: does the test notice?

The test itself is in the conftest.py above: under nbval, every notebook's cells are run twice.
"""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

ROOT = Path(__file__).resolve().parents[1]


def saved(path: Path, cells: dict[str, str]) -> Path:
    """Save a notebook of these cells, each with what it printed."""
    code = [
        v4.new_code_cell(
            source,
            execution_count=number,
            outputs=[v4.new_output("stream", text=text)] if text else [],
        )
        for number, (source, text) in enumerate(cells.items(), 1)
    ]
    nbformat.write(v4.new_notebook(cells=code), path)
    return path


def verdicts(notebook: Path) -> dict[str, str]:
    """Return what nbval says of each cell, in the order of running."""
    pytest_here = [sys.executable, "-m", "pytest", "-v", "-c", str(ROOT / "pyproject.toml")]
    command = [*pytest_here, "-p", "no:cacheprovider", "-p", "conftest", str(notebook)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return dict(re.findall(r"::(Cell \d+(?:, again)?) (PASSED|FAILED)", told))


@pytest.mark.parametrize(
    ("later", "again"),
    [("y = 5", "PASSED"), ("x = 5", "FAILED"), ("x += 0", "PASSED"), ("x += 1", "FAILED")],
)
def test_a_cell_that_shows_something_else_the_second_time_is_noticed(
    tmp_path: Path, later: str, again: str
) -> None:
    cells = {"x = 1": "", "print(x)": "1\n", later: ""}
    found = verdicts(saved(tmp_path / "page.ipynb", cells))
    first = {f"Cell {i}": "PASSED" for i in range(3)}
    assert found == {
        **first,
        "Cell 2, again": "PASSED",
        "Cell 1, again": again,
        "Cell 0, again": "PASSED",
    }
    assert list(found) == [*first, "Cell 2, again", "Cell 1, again", "Cell 0, again"]
