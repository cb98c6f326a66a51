"""Receipts: the page confirms pictures, which tells whether they pile up and whether it is there.

A link in the page copies each number that is written here into another widget, whose value comes
back. A number travels behind its picture, so its return is the picture's receipt. Each takes time
from training, so a quick page is asked now and then, a slow one for each picture.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

PROMPT = 0.25
"""Seconds within which a page on a quick connection confirms a picture."""

LOST = 4.0
"""Seconds after which a confirmation that is still missing will not come any more."""

CHECK = 0.5
"""Seconds after which a quick page is asked again."""

ON_THE_WAY = 2
"""Pictures that a slow page may have to confirm yet."""


class Receipts:
    """What the page has confirmed, and what it owes.

    Parameters
    ----------
    clock : callable
        Returns the time in seconds.

    Attributes
    ----------
    asked, returned : IntText
        The last number that went to the page, and the last one that came back.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.asked, self.returned = widgets.IntText(), widgets.IntText()
        self._link = widgets.jsdlink((self.asked, "value"), (self.returned, "value"))
        self.returned.observe(self._arrived, "value")
        self._missing: dict[int, float] = {}
        self._asked_at = -math.inf
        self._prompt = True

    def _arrived(self, change: Any) -> None:
        """Note how long it took; the page may have skipped numbers when they came thick.

        JupyterLab calls it in another thread, so `_missing` is replaced, never changed in place.
        """
        number = change["new"]
        if number in self._missing:
            self._prompt = self._clock() - self._missing[number] < PROMPT
        self._missing = {later: at for later, at in self._missing.items() if later > number}

    @property
    def _waited(self) -> float:
        return self._clock() - self._asked_at

    def ask(self) -> None:
        """Have the page confirm what was sent until now, unless it did so just before."""
        if not self._prompt or self._waited > CHECK:
            self._asked_at = self._clock()
            number = self.asked.value + 1
            self._missing = {**self._missing, number: self._asked_at}
            self.asked.value = number

    @property
    def clogged(self) -> bool:
        """Whether enough is on its way; never, where no page has ever confirmed anything."""
        if self.returned.value == 0 or self._waited > LOST:
            return False
        if self._prompt:
            return bool(self._missing) and self._waited > PROMPT
        return len(self._missing) >= ON_THE_WAY

    @property
    def gone(self) -> bool:
        """Whether a page that has confirmed before does not answer any more: nobody looks."""
        missing = self._missing
        if self.returned.value == 0 or not missing:
            return False
        return self._clock() - min(missing.values()) > LOST

    def forgive(self) -> None:
        """Expect nothing more of a page that was gone: it has shown itself otherwise."""
        if self.gone:
            self._missing = {}

    def close(self) -> None:
        """Take the widgets out of the page."""
        self.returned.unobserve_all()
        for widget in (self._link, self.asked, self.returned):
            close_models(widget)


def close_models(widget: widgets.Widget) -> None:
    """Close a widget and the models of its looks, which closing it alone leaves open."""
    looks = [getattr(widget, name) for name in ("style", "layout") if widget.has_trait(name)]
    for model in (widget, *looks):
        model.close()
