"""The base of the live widgets: controls, a picture and words, served by one task.

It knows nothing of what is shown; a subclass says that by its hooks.
"""

import base64
import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar
from weakref import WeakSet

import ipywidgets as widgets
from IPython.display import Image
from matplotlib.figure import Figure

from vanishing._checks import known_names, shown, whole_number
from vanishing.live.controls import Number, button, make_room, side_by_side
from vanishing.live.loop import Loop, Wish, cell_and_run
from vanishing.live.pacing import PAUSE, Pace
from vanishing.live.picture import DRAWN, Panel, Picture, Scene
from vanishing.live.receipts import LOST, Receipts, close_models
from vanishing.live.words import Described, Words
from vanishing.machine import one_blas_thread

NOBODY_LOOKS = "Paused, for no page showed this any more: Play goes on."
NO_ANSWER = f"Paused, for the page did not answer for {LOST:g} seconds: Play goes on."
AT_REST = 0.5
"""Seconds without a change after which the words are spoken."""

WAITS = "Waits for the cell that is running; then it does what was asked for last."

STANDS_IN = "A still picture. In JupyterLab, run this cell to get the sliders."
"""What stands under the picture where the widget is not, as on paper and before it is run."""

BESIDE_PICTURE = 307
"""Pixels of a window's height that the page's own bars, the controls and the words take."""

LEAST_PICTURE = 480
"""Pixels that a picture is wide at least, however low the window is."""


class Live(widgets.VBox):  # type: ignore[misc]
    """Controls, a picture and words, served by one task on the kernel's main loop.

    To make one, write a subclass with the hooks `restart`, `scene`, `words` and `share`; where it
    does more than draw, also `work`, `busy`, `halt`; and `setting`, `plays_after`, `remarks`,
    `extra_parts`, `refresh` and `free`, where there is need.

    Parameters
    ----------
    wanted : object
        Where to begin. Its `changed(name, value)` returns it with one setting changed.
    controls : sequence of str
        Names in the class's `catalogue`.
    panels : sequence of subclasses of Panel
        What to draw.
    picture_width : int
        Pixels that the picture is drawn with; the window decides how large it is shown.
    clock : callable
        Returns the time in seconds.

    Attributes
    ----------
    controls, buttons : dict of str to widget
        What can be moved and pressed, by name.
    image, text : widget
        The picture, and what is said under it.
    receipts : Receipts
        What the page has confirmed.
    """

    catalogue: ClassVar[Mapping[str, Callable[[], Any]]] = {}
    """What makes each control that may be asked for."""

    offered: ClassVar[tuple[str, ...]] = ("reset",)
    """The methods that have a button; names in `vanishing.live.controls.BUTTONS`."""

    arguments: ClassVar[frozenset[str]] = frozenset()
    """What the constructor takes: who sets an attribute of that name is told how it is meant."""

    beside_picture: ClassVar[int] = BESIDE_PICTURE
    """Pixels of a window's height that are not the picture's."""

    _open: ClassVar[WeakSet["Live"]] = WeakSet()
    _sealed = False

    def __init__(
        self,
        wanted: Any,
        *,
        controls: Sequence[str] = (),
        panels: Sequence[type[Panel]],
        picture_width: int = DRAWN,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        # First all that may be refused: a widget that is half made would stay in the kernel.
        names = checked_controls(controls, self.catalogue)
        width = checked_width(picture_width)
        self._initial, self._wish = wanted, Wish(wanted)
        self._seen = self._wish.generation
        self._showing: int | None = None
        self._paused_for, self._left = "", ""
        self.clock, self.pace = clock, Pace(clock)
        self._ending = ExitStack()
        self.restart(wanted)
        self._kinds = panels
        self._picture = Picture(panels, self.scene, width=width)
        super().__init__()
        try:
            self._assemble(names)
        except BaseException:
            self.close()
            raise
        self._take_over()
        self._sealed = True

    # Hooks.

    def restart(self, wanted: Any) -> None:
        """Begin anew with other settings."""
        raise NotImplementedError

    @property
    def scene(self) -> Scene:
        """What the picture shows."""
        raise NotImplementedError

    @property
    def words(self) -> str:
        """What the picture shows, in words."""
        raise NotImplementedError

    @property
    def share(self) -> str:
        """The line of Python that recreates exactly this state."""
        raise NotImplementedError

    def work(self, seconds: float) -> None:
        """Do what takes time, for about so long."""

    def seconds_between_turns(self) -> float:
        """Return how long to leave the kernel to others after each piece of work."""
        return PAUSE

    @property
    def busy(self) -> bool:
        """Whether there is work to do."""
        return False

    def halt(self) -> None:
        """Stop what goes on by itself, and forget what was asked for."""

    def setting(self, name: str) -> Any:
        """Return what a control is to show."""
        return getattr(self.wanted, name)

    def moved(self, name: str, value: Any) -> None:
        """Want what a control was moved to; it may be called in another thread."""
        wanted = self.wanted.changed(name, value)
        if wanted != self.wanted:
            self.start(wanted, playing=self.plays_after(name))

    def plays_after(self, name: str) -> bool:  # noqa: ARG002 (others need the name)
        """Return whether it goes on by itself once that control was moved."""
        return False

    def remarks(self) -> list[str]:
        """Return what else is to be said, a sentence each."""
        return []

    def extra_parts(self) -> list[widgets.Widget]:
        """Return what stands beside the buttons."""
        return []

    def more_parts(self) -> list[widgets.Widget]:
        """Return what stands in a row of its own, under the buttons."""
        return []

    def refresh(self) -> None:
        """Bring the buttons up to date, after each picture."""

    def free(self) -> None:
        """Let go of what is large, for the widget is closed."""

    # What may be asked for.

    @property
    def wanted(self) -> Any:
        """The settings that are wanted, even where the task has not come to them yet."""
        return self._wish.wanted

    @property
    def wish(self) -> Wish:
        """What is wanted."""
        return self._wish

    def start(self, wanted: Any, *, playing: bool = False) -> None:
        """Begin anew with other settings; what was asked for before is void."""
        self.express(Wish(wanted, playing))

    def express(self, wish: Wish) -> None:
        """Put a wish in the place of the last one, and wake the task."""
        self.refuse_if_closed()
        self.receipts.forgive()
        self._paused_for = ""
        self._wish = wish
        self._loop.wake()

    def reset(self) -> None:
        """Go back to the settings of the beginning."""
        self.start(self._initial)

    @property
    def goes_on(self) -> bool:
        """Whether anything can go on by itself: in a kernel it can, in a script it cannot."""
        return self._loop.runs

    @property
    def closed(self) -> bool:
        """Whether it was taken out of the page."""
        return self._sealed and self.comm is None

    @property
    def ended(self) -> bool:
        """Whether its task has come to the end."""
        return self._loop.ended

    @classmethod
    def alive(cls) -> list["Live"]:
        """Return the live widgets of this kernel that are open."""
        return list(cls._open)

    @property
    def picture(self) -> Picture:
        """The picture, brought up to date."""
        self.refuse_if_closed()
        self._picture.show(self.scene)
        return self._picture

    @property
    def figure(self) -> Figure:
        """The Matplotlib figure that is painted."""
        figure: Figure = self.picture.figure
        return figure

    def static(self) -> Image:
        """Return the picture as it is now, to stand in a page of its own accord."""
        make: Any = Image
        image: Image = make(data=self._still(), alt=self.words)
        return image

    def _still(self, note: str = "") -> bytes:
        """Return the picture in its natural size, as a file for the page."""
        self.refuse_if_closed()
        return Picture(self._kinds, self.scene).png(note)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        # On paper, and wherever else no kernel runs, the picture stands in for the widget.
        bundle = super()._repr_mimebundle_(**options)
        return {**bundle, "image/png": base64.b64encode(self._still(STANDS_IN)).decode()}

    def __setattr__(self, name: str, value: Any) -> None:
        # What belongs to every widget may be set: traitlets itself puts methods aside for a while.
        own = name.startswith("_") or hasattr(widgets.VBox, name)
        if self._sealed and not own:
            raise AttributeError(self._why_not(name, value))
        super().__setattr__(name, value)

    def _why_not(self, name: str, value: Any) -> str:
        kind = type(self).__name__
        text = f"{kind} has no attribute {name!r} to set"
        if name in self.arguments:
            text += f"; make a new {kind}({name}={shown(value)})"
        if name in self.controls:
            text += f", or move its controls[{name!r}]"
        return text

    # Parts.

    def _assemble(self, names: Sequence[str]) -> None:
        self._loop = Loop(self._turn, self._stop_for, self._wait, self.seconds_between_turns)
        self._ending.callback(self._loop.close)
        self.receipts = Receipts(self.clock)
        self._ending.callback(self.receipts.close)
        self._make_parts(names)
        self._show_settings()
        self.paint()

    def _make_parts(self, names: Sequence[str]) -> None:
        self.image = self._keep(Described(format="jpeg", layout=self._card()))
        self.text = self._keep(Words())
        self.controls = {name: self._keep(self.catalogue[name]()) for name in names}
        side_by_side(self.controls.values())
        for name, control in self.controls.items():
            control.observe(functools.partial(self._moved, name), "value")
            if isinstance(control, Number):
                control.observe(self._refused, "refusal")
        self.buttons = {name: self._keep(button(name)) for name in self.offered}
        for name, one in self.buttons.items():
            one.on_click(functools.partial(self._pressed, name))
        extra = [self._keep(part) for part in self.extra_parts()]
        more = [self._keep(part) for part in self.more_parts()]
        rows = [list(self.controls.values()), [*self.buttons.values(), *extra]]
        rows += [more] if more else []
        layout = {"flex_flow": "row wrap"}
        boxes = [self._keep(widgets.HBox(row, layout=layout)) for row in rows]
        self.children = [*boxes, self.image, self.text]
        self.add_class("vanishing-live")
        # Zero, and not None, has the front end count the views of this widget.
        self._view_count = 0
        self.observe(self._views_changed, "_view_count")

    def _card(self) -> dict[str, str]:
        """Return how the picture lies in the page: as large as the window has room for its height.

        In a dark page it is a light card, so it has a border of its own.
        """
        layout = self._picture.layout
        fits = f"(100vh - {self.beside_picture}px) * {layout.width / layout.height:.3f}"
        return {
            "width": f"max({LEAST_PICTURE}px, {fits})",
            "max_width": "calc(100% - 4px)",
            "align_self": "flex-start",
            "border": "1px solid #9a9a9a",
        }

    def _keep(self, part: Any) -> Any:
        """Have a part closed in the end: a widget that is closed leaves what it holds open."""
        for one in _parts(part):
            self._ending.callback(close_models, one)
        return part

    # Observers: they express a wish.

    def _moved(self, name: str, change: Any) -> None:
        if self.is_showing or self.closed:
            return
        try:
            self.moved(name, change["new"])
        except (TypeError, ValueError) as error:
            self._show_settings()
            self.text.complain(error)
            raise

    def _refused(self, change: Any) -> None:
        self.text.refuse(change["new"])

    def _pressed(self, name: str, _: widgets.Button) -> None:
        getattr(self, name)()

    def _views_changed(self, change: Any) -> None:
        if change["new"] == 0 and not self.closed:
            # The output was cleared, or the notebook closed.
            self._pause(NOBODY_LOOKS)
            self._loop.wake()

    # The task.

    def _turn(self) -> bool:
        """Do one piece of work, and tell whether there is more to do."""
        fresh = self.catch_up()
        self.work(self.pace.seconds_to_work(fresh=fresh))
        if self.receipts.gone:
            self._pause(NO_ANSWER)
        elif self.receipts.clogged:
            return True
        with self.pace.measured_painting():
            self.paint()
        return self.busy or self.is_behind

    @property
    def is_behind(self) -> bool:
        """Whether other settings are wanted than those that are served."""
        return not self.serves(self._wish)

    def serves(self, wish: Wish) -> bool:
        """Tell whether the settings of a wish are those that are served."""
        return wish.generation is self._seen

    def catch_up(self) -> bool:
        """Begin anew if other settings are wanted, and tell whether that was so."""
        wish = self._wish
        if self.serves(wish):
            return False
        # First this: a wish that comes now is served by the next turn.
        self._seen = wish.generation
        self.restart(wish.wanted)
        self._show_settings()
        self.text.complain(None)
        return True

    def _pause(self, reason: str) -> None:
        if self.busy:
            self.halt()
            self._paused_for = reason

    def _wait(self) -> None:
        self.text.remark([WAITS])

    def _stop_for(self, error: Exception) -> None:
        self.halt()
        self.text.complain(error)

    def _take_over(self) -> None:
        """End the widgets that an earlier run of the same cell made."""
        self._origin = cell, run = cell_and_run()
        for other in self.alive():
            if cell and other._origin[0] == cell and other._origin[1] != run:
                other.close()
        self._open.add(self)

    # What is shown.

    @property
    def is_showing(self) -> bool:
        """Whether the controls are being brought to the settings, so that nobody moved them."""
        return self._showing == threading.get_ident()

    def _show_settings(self) -> None:
        with self.showing():
            self.show_settings()

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Bring controls to what is so; their observers are to do nothing."""
        self._showing = threading.get_ident()
        try:
            yield
        finally:
            self._showing = None

    def show_settings(self) -> None:
        """Bring the controls to the settings, and make them wide enough for these."""
        for name, control in self.controls.items():
            value = self.setting(name)
            make_room(control, value)
            if control.value != value:
                control.value = value

    def paint(self) -> None:
        """Bring picture, words and buttons up to date."""
        # BLAS threads go on spinning after a product, and take the core that the browser needs.
        with one_blas_thread():
            self._picture.show(self.scene, moving=self.busy)
            self.image.value = self._picture.jpeg(moving=self.busy)
            self.read_out()
        self.text.remark([*filter(None, [self._paused_for]), *self.remarks()])
        self.refresh()
        self.receipts.ask()
        if not self.busy:
            self._loop.after(AT_REST, self._describe)

    def _describe(self) -> None:
        """Tell who does not see the picture what it shows, now that it is at rest."""
        if not self.closed and not self.busy:
            with one_blas_thread():
                words = self.words
            self.text.speak(words)
            self.image.describe(f"Picture of the state: {words}")

    def read_out(self) -> None:
        """Say where things stand."""
        self.text.tell(self.words, self.share)

    # The end.

    def close(self) -> None:
        """End the task, take the widget with all its parts out of the page, free its memory."""
        # Python calls this once more when the widget goes, even where it was never made.
        if self.comm is None:
            return
        if self._sealed:
            self._left = self.share
        self._open.discard(self)
        self._ending.close()
        self.layout.close()
        super().close()
        self._forget()

    def _forget(self) -> None:
        # IPython keeps all that a cell has shown, also what is closed.
        if self._sealed:
            self.image.value = b""
            self.controls.clear()
            self.buttons.clear()
        self.children = []
        self._picture.release()
        self.free()

    def refuse_if_closed(self) -> None:
        """Raise where nothing is left to work with."""
        if self.closed:
            raise RuntimeError(
                f"this {type(self).__name__} was closed, and its memory freed; "
                f"{self._left} makes one like it"
            )


def checked_controls(controls: Any, catalogue: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of controls, each known, and each named once."""
    names = known_names("controls", controls, catalogue)
    if len(set(names)) < len(names):
        raise ValueError(f"controls must name each control once; got {shown(controls)}")
    return tuple(map(str, names))


def checked_width(picture_width: Any) -> int:
    """Return the width of a picture in pixels."""
    return whole_number("picture_width", picture_width, at_least=200, at_most=4000)


def _parts(widget: widgets.Widget) -> list[widgets.Widget]:
    """Return a widget and all those inside it."""
    return [widget, *(part for child in getattr(widget, "children", ()) for part in _parts(child))]
