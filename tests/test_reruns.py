"""Any cell of a notebook can be run again at any time, and shows the same: does the test notice?

The test itself is in the conftest.py above: under nbval, every notebook's cells are run twice.
"""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
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


def verdicts(*pages: Path, below: str) -> dict[str, str]:
    """Return what nbval says of each page's cells, in the order of running."""
    command = [sys.executable, "-m", "pytest", "-v", "-c", str(ROOT / "pyproject.toml")]
    command += ["-p", "no:cacheprovider", "-p", "conftest", "--again-below", below]
    command += ["--rootdir", str(pages[0].parent)]
    command += map(str, pages)
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found = re.findall(r"(\w+)\W+ipynb::(Cell \d+(?:, again)?) (PASSED|FAILED|SKIPPED)", told)
    return {f"{page}.ipynb::{cell}": verdict for page, cell, verdict in found}


def test_a_cell_that_shows_something_else_the_second_time_is_noticed(tmp_path: Path) -> None:
    changes = {"y = 5": "PASSED", "x = 5": "FAILED", "x += 0": "PASSED", "x += 1": "FAILED"}
    pages = [
        saved(tmp_path / f"page{i}.ipynb", {"x = 1": "", "print(x)": "1\n", change: ""})
        for i, change in enumerate(changes)
    ]
    expected = {}
    for page, again in zip(pages, changes.values(), strict=True):
        expected |= {f"{page.name}::Cell {i}": "PASSED" for i in range(3)}
        expected[f"{page.name}::Cell 2, again"] = "PASSED"
        expected[f"{page.name}::Cell 1, again"] = again
        expected[f"{page.name}::Cell 0, again"] = "PASSED"
    found = verdicts(*pages, below="inf")
    assert found == expected
    assert list(found) == list(expected)


def test_a_cell_that_takes_long_is_run_again_on_demand(tmp_path: Path) -> None:
    cells = {"import time": "", "time.sleep(0.6)": "", "x = 1": ""}
    page = saved(tmp_path / "page.ipynb", cells)
    for below, slow in (("0.5", "SKIPPED"), ("inf", "PASSED")):
        found = verdicts(page, below=below)
        again = [found[f"{page.name}::Cell {i}, again"] for i in range(3)]
        assert again == ["PASSED", slow, "PASSED"]
