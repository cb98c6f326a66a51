"""What a live widget says: its state in words, what else is to be known, and errors."""

import html
from collections.abc import Sequence

import ipywidgets as widgets

# The page marks what has lost its kernel; no script of ours is needed to tell so in words.
CUT_OFF = """<style>
.vanishing-cut-off { display: none; }
.jupyter-widgets-disconnected .vanishing-cut-off { display: block; }
[data-jp-theme-light="false"] .vanishing-live select { background-image: url("data:image/svg+xml,\
%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 18 18'%3E\
%3Cpath fill='none' stroke='white' stroke-width='2' d='M4 7l5 5 5-5'/%3E%3C/svg%3E"); }
</style>
<p class='vanishing-cut-off' role='status'><b>The kernel that served this is gone.</b>
Run the cell again.</p>"""


class Words(widgets.VBox):  # type: ignore[misc]
    """The text under a picture.

    Attributes
    ----------
    readout, notice, trouble : HTML
        The state and the line to share; what else is to be known; what went wrong.
    """

    def __init__(self) -> None:
        self.readout, self.notice, self.trouble = (widgets.HTML() for _ in range(3))
        super().__init__([self.readout, self.notice, self.trouble, widgets.HTML(CUT_OFF)])

    def tell(self, words: str, share: str) -> None:
        """Say where things stand, and by which line of Python they can be had again."""
        style = "line-height: 1.5; font-variant-numeric: tabular-nums"
        self.readout.value = (
            f"<div class='vanishing-words' style='{style}'>{_lines(words.splitlines())}"
            f"<div>share: <code>{html.escape(share)}</code></div></div>"
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
