"""Each notebook is saved executed and clean, and has the parts that a learner relies on.

That its outputs are right is tested beside this: nbval runs every notebook in the same pytest call.
"""

import copy
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from refresh_notebooks import NOTEBOOKS, WIDGET, tidy

EXPECTED = [
    "01_spiral_data",
    "02_sigmoid_training",
    "03_relu_training",
    "04_side_by_side",
    "05_reading_the_gauge",
    "06_gradient_ledger",
    "07_how_deep",
    "08_ways_out",
    "09_back_through_time",
    "10_gates",
    "11_laboratory",
]
PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
MOST_BYTES = 400_000
MOST_LINES = 12


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def notebook(path: Path) -> NotebookNode:
    read: NotebookNode = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return read


def cells(notebook: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    for cell in cells(notebook, "code"):
        yield from cell.outputs


def printed(output: NotebookNode) -> str:
    """Return all that is text in an output."""
    shown = [value for kind, value in output.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join([output.get("text", ""), *shown])


def headings(notebook: NotebookNode, level: int) -> list[str]:
    """Return the headings of one level, without what stands in fenced code."""
    prose = "\n\n".join(cell.source for cell in cells(notebook, "markdown"))
    prose = re.sub(r"^```.*?^```", "", prose, flags=re.M | re.S)
    return re.findall(rf"^{'#' * level} (.+)$", prose, re.M)


def shows_picture(cell: NotebookNode) -> bool:
    kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
    return any(kind.startswith("image/") for kind in kinds)


def test_every_notebook_is_there() -> None:
    assert [path.stem for path in PATHS] == EXPECTED


# How it is saved


def test_is_valid_and_of_the_current_format(notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)


def test_is_small_enough_for_the_web(path: Path) -> None:
    assert path.stat().st_size < MOST_BYTES


def test_was_executed_once_from_top_to_bottom(notebook: NotebookNode) -> None:
    code = cells(notebook, "code")
    assert all(cell.source.strip() for cell in code)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


def test_no_cell_failed_or_warned(notebook: NotebookNode) -> None:
    for output in outputs(notebook):
        assert output.output_type != "error", output
        assert output.get("name") != "stderr", output.text


def test_holds_no_widget_state_and_no_widget_without_its_kernel(notebook: NotebookNode) -> None:
    assert "widgets" not in notebook.metadata
    assert not any(WIDGET in output.get("data", {}) for output in outputs(notebook))


def test_metadata_tell_nothing_of_the_machine_or_the_time(notebook: NotebookNode) -> None:
    assert notebook == tidy(copy.deepcopy(notebook)), "run `make notebooks`"


def test_is_written_as_the_refresh_writes_it(path: Path, notebook: NotebookNode) -> None:
    assert path.read_text(encoding="utf-8") == nbformat.writes(notebook) + "\n", (
        "run `make notebooks`"
    )


def test_shows_no_local_path_and_no_time_of_day(notebook: NotebookNode) -> None:
    local = re.compile(r"(?<![\w./~])/(?:home|root|Users|work|tmp|usr|opt|var)/\w|\b[A-Z]:\\\w")
    clock = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d|0x[0-9a-f]{8,}|site-packages|\.venv")
    for shown in [*map(printed, outputs(notebook)), *(cell.source for cell in notebook.cells)]:
        assert not local.search(shown), shown
        assert not clock.search(shown), shown


# What the learner relies on


def test_begins_with_one_short_heading(notebook: NotebookNode) -> None:
    (title,) = headings(notebook, 1)
    assert notebook.cells[0].source.startswith(f"# {title}\n")
    assert len(title) <= 60
    assert not title.endswith((".", ":"))


def test_says_at_the_top_how_long_it_takes_and_what_for(notebook: NotebookNode) -> None:
    first_code = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    top = "\n".join(cell.source for cell in notebook.cells[:first_code])
    assert re.search(r"\b\d+ min", top)
    for word in ("do", "learn", "need"):
        assert re.search(rf"\b{word}\b", top, re.I), word


def test_imports_in_one_cell_from_what_is_installed(notebook: NotebookNode) -> None:
    sources = [cell.source for cell in cells(notebook, "code")]
    importing = [source for source in sources if re.search(r"^\s*(?:import|from) ", source, re.M)]
    assert len(importing) == 1
    assert importing[0] == sources[0]
    for source in sources:
        assert not re.search(r"sys\.path|^\s*[!%]|urlopen|urlretrieve|requests\.", source, re.M)


def test_no_code_cell_is_longer_than_a_glance(notebook: NotebookNode) -> None:
    for cell in cells(notebook, "code"):
        assert len(cell.source.splitlines()) <= MOST_LINES, cell.source


def test_every_figure_is_followed_by_its_description(notebook: NotebookNode) -> None:
    following = [*notebook.cells[1:], NotebookNode(cell_type="", source="")]
    for cell, after in zip(notebook.cells, following, strict=True):
        if shows_picture(cell):
            assert after.cell_type == "markdown", cell.source
            prose = re.sub(r"^#.*$", "", after.source, flags=re.M).strip()
            assert len(prose.split()) >= 8, cell.source


def test_ends_in_exercises(notebook: NotebookNode) -> None:
    closing = re.compile(r"further reading|what is next|next|references|summary|recap", re.I)
    sections = [title for title in headings(notebook, 2) if not closing.match(title)]
    assert re.match(r"your turn|exercises?", sections[-1], re.I), sections


def test_answers_are_printed_as_they_were_given(notebook: NotebookNode) -> None:
    # A learner may write a word or a list; a number's format would end in an error of Python's own.
    for cell in cells(notebook, "code"):
        assert not re.search(r"\{your_\w+[:\[]", cell.source), cell.source
