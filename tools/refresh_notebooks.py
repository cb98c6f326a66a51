"""Run notebooks from top to bottom and save them with clean outputs.

Two runs with the same versions give the same bytes, so `git diff` after a refresh shows what
really changed.

    python tools/refresh_notebooks.py                                  # all of them
    python tools/refresh_notebooks.py notebooks/01_spiral_data.ipynb   # only these
"""

import base64
import io
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT_CELL_METADATA = {"slideshow", "tags"}
WIDGET = "application/vnd.jupyter.widget-view+json"


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Remove, in place, all that differs from one run or machine to the next.

    That is: the state and the random ids of widgets (without a kernel they show as an error, while
    the text that stands in for them is kept), times, the Python version, the editor's notes on
    cells.
    """
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    for cell in notebook.cells:
        cell.metadata = NotebookNode(
            {key: value for key, value in cell.metadata.items() if key in KEPT_CELL_METADATA}
        )
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
    return notebook


def with_fewer_colors(png: str, colors: int = 256) -> str:
    """Return a picture, in base64, with colours from a list: a third of the bytes.

    What changes is the shading of edges. A picture that has such a list is returned as it is.
    """
    image = Image.open(io.BytesIO(base64.b64decode(png)))
    if image.mode == "P":
        return png
    # The median cut keeps white white, as the octree does not.
    method = Image.Quantize.MEDIANCUT
    file = io.BytesIO()
    image.convert("RGB").quantize(colors, method, dither=Image.Dither.NONE).save(
        file, "PNG", optimize=True
    )
    return base64.b64encode(file.getvalue()).decode()


def shrink_pictures(notebook: NotebookNode) -> NotebookNode:
    """Make the pictures smaller, in place, so that the file stays under its limit."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if png := output.get("data", {}).get("image/png"):
                output.data["image/png"] = with_fewer_colors(png)
    return notebook


def client(notebook: NotebookNode, folder: Path) -> NotebookClient:
    """Return what runs a notebook's cells, in place, in a new kernel that works in `folder`."""
    return NotebookClient(
        notebook,
        kernel_name=KERNEL["name"],
        timeout=600,
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,  # else the printed text is cut where the clock had it
        record_timing=False,
        store_widget_state=False,
    )


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run all cells, in place, in a new kernel that works in `folder`.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises.
    """
    return client(notebook, folder).execute()


def refresh(path: Path) -> None:
    """Run one notebook and save it, tidied; leave the file alone if a cell raises."""
    begin = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    shrink_pictures(tidy(execute(notebook, path.parent)))
    nbformat.write(notebook, path)
    print(f"{path.name}: {time.perf_counter() - begin:.1f} s, {path.stat().st_size / 1000:.0f} kB")


def main(arguments: list[str]) -> None:
    """Refresh the notebooks named on the command line, or all of them."""
    named = [Path(argument).resolve() for argument in arguments]
    for path in named or sorted(NOTEBOOKS.glob("*.ipynb")):
        refresh(path)


if __name__ == "__main__":
    main(sys.argv[1:])
