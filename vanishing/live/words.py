"""What a live widget says: its state in words, what else is to be known, and errors."""

import html
from collections.abc import Sequence

import ipywidgets as widgets
from traitlets import Unicode

# The page marks what has lost its kernel; no script of ours is needed to tell so in words.
CUT_OFF = """<style>
.vanishing-cut-off { display: none; }
.jupyter-widgets-disconnected .vanishing-cut-off { display: block; }
.vanishing-waits { visibility: hidden; height: 0; margin: 0; overflow: hidden; }
.jp-NotebookPanel:has(.jp-Notebook-ExecutionIndicator[data-status="busy"]) .vanishing-waits
{ visibility: visible; height: auto; transition: visibility 0s 0.6s; }
[data-jp-theme-light="false"] .vanishing-live select { background-image: url("data:image/svg+xml,\
%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E\
%3Cpath fill='none' stroke='white' stroke-width='2' d='M4 7l5 5 5-5'/%3E%3C/svg%3E"); }
</style>
<p class='vanishing-waits'>What is pressed or moved now waits for the cell that is running.</p>
<p class='vanishing-cut-off' role='status'><b>The kernel that served this is gone.</b>
Run the cell again.</p>"""


# There for screen readers only.
UNSEEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"


class Described(widgets.Image):  # type: ignore[misc]
    """An image that is described to who does not see it.

    The page knows no alternative text of images; their title is read in its place.
    """

    # The page asks for it before it gives anything a title.
    description = Unicode().tag(sync=True)

    def describe(self, words: str) -> None:
        """Say what the image shows."""
        self.tooltip = words


class Words(widgets.VBox):  # type: ignore[misc]
    """The text under a picture.

    Attributes
    ----------
    readout, notice, trouble : HTML
        The state; what else is to be known; what went wrong.
    share : Text
        The line to share, in a field, so that it is copied whole.
    spoken : HTML
        The state once more, for screen readers, which speak each change of it.
    """

    def __init__(self) -> None:
        self.readout, self.notice, self.trouble = (widgets.HTML() for _ in range(3))
        # What takes no room must not stick out either: the page would bring scroll bars.
        self.spoken = widgets.HTML(layout={"height": "0", "margin": "0", "overflow": "hidden"})
        self.share = widgets.Text(
            description="share",
            tooltip="The line of Python that makes this state again: click it three times, copy",
            style={"description_width": "3em"},
            layout={"width": "calc(100% - 4px)", "max_width": "840px"},
        )
        super().__init__(
            [
                *(self.readout, self.share, self.notice, self.trouble),
                *(self.spoken, widgets.HTML(CUT_OFF)),
            ]
        )

    def tell(self, words: str, share: str) -> None:
        """Say where things stand, and by which line of Python they can be had again."""
        style = "line-height: 1.5; font-variant-numeric: tabular-nums"
        lines = _lines(words.splitlines())
        self.readout.value = f"<div class='vanishing-words' style='{style}'>{lines}</div>"
        self.share.value = share

    def speak(self, words: str) -> None:
        """Have screen readers say where things stand, if that is new."""
        self.spoken.value = (
            f"<div class='vanishing-spoken' role='status' style='{UNSEEN}'>"
            f"{_lines(words.splitlines())}</div>"
        )

    def remark(self, sentences: Sequence[str]) -> None:
        """Say what else is to be known."""
        self.notice.value = f"<div role='status'>{_lines(sentences)}</div>" if sentences else ""

    def complain(self, error: Exception | None) -> None:
        """Say what went wrong, or that nothing does any more."""
        if error is None:
            self._warn("", "")
        else:
            self._warn("Stopped by an error.", f"{type(error).__name__}: {error}")

    def refuse(self, reason: str) -> None:
        """Say why something was not taken, or that all was."""
        self._warn("Not taken.", reason)

    def _warn(self, what: str, why: str) -> None:
        text = f"<p role='alert'><b>{what}</b> {html.escape(why)}</p>"
        self.trouble.value = text if why else ""


def _lines(texts: Sequence[str]) -> str:
    return "".join(f"<div>{html.escape(text)}</div>" for text in texts)
