"""Any cell of a notebook can be run again at any time, and shows the same."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from refresh_notebooks import NOTEBOOKS, WIDGET, client

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))


def shown(cell: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """Return what a cell shows, without the random names of widgets."""
    kept = []
    for output in cell.outputs:
        data = {kind: value for kind, value in output.get("data", {}).items() if kind != WIDGET}
        if output.get("name") != "stderr" and not is_progress(data):
            kept.append({"text": output.get("text"), "data": data})
    return kept


def is_progress(data: dict[str, Any]) -> bool:
    """Tell whether this is a progress bar, whose text has the clock in it."""
    return "it/s" in str(data.get("text/plain", ""))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_cell_shows_the_same_when_it_is_run_again_from_last_to_first(path: Path) -> None:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    code = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    runner = client(notebook, path.parent)
    with runner.setup_kernel():
        for index, cell in code:
            runner.execute_cell(cell, index)
        first = {index: shown(cell) for index, cell in code}
        for index, cell in reversed(code):
            runner.execute_cell(cell, index)
            assert shown(cell) == first[index], cell.source
