"""The live widgets: move a slider, and training starts anew under your hand.

How they work: an observer only stores what is wanted and marks a new generation, for JupyterLab
calls it in another thread. One task on the kernel's main loop does everything else: it notices the
new generation, starts over, trains for some 30 ms, paints, and lets messages through.
"""

import asyncio
import base64
import functools
import html
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Self
from weakref import WeakSet

import ipywidgets as widgets
from IPython.core.getipython import get_ipython
from IPython.display import Image
from matplotlib.figure import Figure

from vanishing._checks import whole_number
from vanishing.activations import ACTIVATIONS
from vanishing.experiment import Experiment, Settings, share_of_strangers
from vanishing.figures import activation_label
from vanishing.measures import MEASURES, find_measure
from vanishing.panels import WIDTH, Picture, Scene
from vanishing.training import one_blas_thread

FRAME = 0.039
"""Seconds from one picture to the next; what painting leaves of them goes into training."""

SLICE = 0.008
"""Seconds of training after which the task looks whether other settings are wanted."""

PAUSE = 0.002
"""Seconds between two chunks; without them messages starve."""

PROMPT = 0.25
"""Seconds within which a page on a quick connection confirms a picture."""

LOST = 4.0
"""Seconds after which no confirmation is waited for any longer."""

CHECK = 0.5
"""Seconds after which a quick page is asked again."""

ON_THE_WAY = 2
"""Pictures that a slow page may have to confirm yet."""

READING = 0.2
"""Seconds from one readout to the next while training: words cannot be read faster."""

OWN = "(own settings)"

PRESETS: dict[str, dict[str, Any]] = {
    "the lecture": {},
    "the plateau": {"scale": 0.001},
    "dead ReLUs": {"step_size": 3.16},
    "diverging": {"step_size": 3160.0},
    "exploding": {"sizes": (2, 50, 50, 50, 50, 50, 3), "scale": 1.0, "step_size": 0.001},
}
"""What each preset changes in the lecture's settings."""


def _control(kind: type, description: str, tooltip: str, **options: Any) -> Any:
    return kind(
        description=description,
        tooltip=tooltip,
        style={"description_width": "9em"},
        layout={"width": "410px"},
        **options,
    )


_log_slider = functools.partial(
    _control, widgets.FloatLogSlider, base=10, step=0.1, readout_format=".3g"
)
_slider = functools.partial(_control, widgets.IntSlider)
_list = functools.partial(_control, widgets.Dropdown)

CONTROLS: dict[str, Callable[[], Any]] = {
    "step_size": lambda: _log_slider("step size", "How far an iteration goes", min=-3, max=4),
    "scale": lambda: _log_slider(
        "initialization scale", "Standard deviation of the initial weights", min=-3, max=1
    ),
    "regularization": lambda: _log_slider(
        "regularization", "Strength of the penalty on the weights", min=-6, max=0
    ),
    "noise": lambda: _control(
        widgets.FloatSlider, "noise", "Of the angles, in radians", min=0, max=1, step=0.05
    ),
    "points_per_class": lambda: _slider(
        "points a class", "Points on each arm of the spiral", min=10, max=300, step=10
    ),
    "activation": lambda: _list(
        "activation",
        "Of all hidden layers",
        options=[(activation_label(name), name) for name in ACTIVATIONS],
    ),
    "hidden_layers": lambda: _slider(
        "hidden layers", "Layers between the input and the scores", min=1, max=10
    ),
    "width": lambda: _slider("width", "Units in each hidden layer", min=2, max=100),
    "seed": lambda: _slider("seed", "Of the data and the weights", min=0, max=99),
    "measure": lambda: _list("measure", "How a gradient's size is read", options=list(MEASURES)),
}
"""The controls that a notebook may ask for."""

BUTTONS = {
    "toggle": ("Play", "play", "Train, or pause"),
    "step": ("Step", "step-forward", "Make a single iteration"),
    "rewind": ("Rewind", "fast-backward", "Back to iteration 0 and the same weights"),
    "redraw": ("New weights", "random", "Draw other weights, on the same data"),
    "reset": ("Reset", "undo", "All as it was at first"),
}
"""Method, then what stands on its button, the icon, and what it does."""


class Receipts:
    """Tells whether pictures pile up on a slow connection.

    A link in the page copies each number that is written here into another widget, whose value
    comes back. A number travels behind its picture, so its return is the picture's receipt. Each
    takes time from training, so a quick page is asked now and then, a slow one for each picture.
    """

    def __init__(self) -> None:
        self._asked, self._returned = widgets.IntText(), widgets.IntText()
        self._link = widgets.jsdlink((self._asked, "value"), (self._returned, "value"))
        self._returned.observe(self._arrived, "value")
        self._missing: dict[int, float] = {}
        self._asked_at = -math.inf
        self._prompt = True

    def _arrived(self, change: Any) -> None:
        """Note how long it took; the page may have skipped numbers when they came thick.

        JupyterLab calls it in another thread, so `_missing` is replaced, never changed in place.
        """
        number = change["new"]
        if number in self._missing:
            self._prompt = time.perf_counter() - self._missing[number] < PROMPT
        self._missing = {later: at for later, at in self._missing.items() if later > number}

    @property
    def _waited(self) -> float:
        return time.perf_counter() - self._asked_at

    def ask(self) -> None:
        """Have the page confirm what was sent until now, unless it did so just before."""
        if not self._prompt or self._waited > CHECK:
            self._asked_at = time.perf_counter()
            number = self._asked.value + 1
            self._missing = {**self._missing, number: self._asked_at}
            self._asked.value = number

    @property
    def clogged(self) -> bool:
        """Whether enough is on its way; never, where no page has ever confirmed anything."""
        if self._returned.value == 0 or self._waited > LOST:
            return False
        if self._prompt:
            return bool(self._missing) and self._waited > PROMPT
        return len(self._missing) >= ON_THE_WAY

    def close(self) -> None:
        """Take the widgets out of the page."""
        for part in (self._link, *_models(self._asked), *_models(self._returned)):
            part.close()


class Live(widgets.VBox):  # type: ignore[misc]
    """Controls, a picture and a readout, served by one task on the main loop.

    Parameters
    ----------
    controls : sequence of str
        Names in `CONTROLS`.
    panels : sequence of str
        Names in `vanishing.panels.PANELS`.
    settings : Settings
        Where to begin.
    picture_width : int
        In pixels.
    """

    _alive: ClassVar[WeakSet["Live"]] = WeakSet()
    _closed = True

    def __init__(
        self,
        controls: Sequence[str],
        panels: Sequence[str],
        settings: Settings,
        picture_width: int = WIDTH,
    ) -> None:
        unknown = [name for name in controls if name not in CONTROLS]
        if unknown:
            known = ", ".join(map(repr, CONTROLS))
            raise ValueError(f"controls must be some of {known}; got {tuple(controls)!r}")
        self._initial = self._wanted = settings
        self._generation = self._seen = object()
        self._syncing: int | None = None
        self._painting = 0.01
        self._receipts = Receipts()
        self.experiment = Experiment(settings)
        self._picture = Picture(panels, self._scene, width=picture_width)
        super().__init__()
        self._make_parts(controls)
        self._show_settings()
        self._paint()
        self._join()

    def _make_parts(self, controls: Sequence[str]) -> None:
        # A pixel of the picture is a pixel on the screen, wherever there is room.
        width = f"{self._picture.figure.bbox.width:.0f}px"
        layout = {"width": width, "max_width": "100%", "align_self": "flex-start"}
        self.image = widgets.Image(format="jpeg", layout=layout)
        self.readout = widgets.HTML()
        self.trouble = widgets.HTML()
        self.controls = {name: CONTROLS[name]() for name in controls}
        self.buttons: dict[str, widgets.Button] = {}
        for name, control in self.controls.items():
            control.observe(functools.partial(self._moved, name), "value")
        self.add_class("vanishing-live")
        # Zero, and not None, has the front end count the views of this widget.
        self._view_count = 0
        self.observe(self._views_changed, "_view_count")
        rows = {"flex_flow": "row wrap"}
        self.children = [
            widgets.HBox(list(self.controls.values()), layout=rows),
            widgets.HBox(self._make_buttons(), layout=rows),
            self.image,
            self.readout,
            self.trouble,
        ]

    def _make_buttons(self) -> list[widgets.Widget]:
        self._add_button("reset")
        return list(self.buttons.values())

    def _add_button(self, name: str) -> None:
        text, icon, tooltip = BUTTONS[name]
        button = widgets.Button(
            description=text, tooltip=tooltip, icon=icon, layout={"width": "auto"}
        )
        button.on_click(lambda _: getattr(self, name)())
        self.buttons[name] = button

    # Observers: they store what is wanted, and wake the task.

    def _moved(self, name: str, change: Any) -> None:
        if self._syncing == threading.get_ident():
            return
        wanted = self._wanted.changed(name, _rounded(change["new"]))
        if wanted != self._wanted:
            self._start(wanted)

    def _start(self, settings: Settings) -> None:
        self._wanted = settings
        self._generation = object()
        self._wake()

    def _wake(self) -> None:
        """Have the task take a turn; where no loop runs, take it here and now."""
        if self._loop is None:
            self._safe_turn()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    def _views_changed(self, change: Any) -> None:
        """Take notice of how many views of the widget are open now."""

    def reset(self) -> None:
        """Go back to the settings of the beginning."""
        self._start(self._initial)

    # The task.

    def _join(self) -> None:
        """Start the task, and end the widgets that an earlier run of the same cell made."""
        self._origin = _cell_and_run()
        cell, run = self._origin
        for other in list(self._alive):
            if cell and other._origin[0] == cell and other._origin[1] != run:
                other.close()
        self._alive.add(self)
        self._closed = False
        self._event = asyncio.Event()
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        else:
            self._task = self._loop.create_task(self._serve())

    async def _serve(self) -> None:
        while not self._closed:
            await self._event.wait()
            self._event.clear()
            while self._safe_turn():
                await asyncio.sleep(PAUSE)

    def _safe_turn(self) -> bool:
        try:
            return not self._closed and self._turn()
        except Exception as error:  # noqa: BLE001 (a task's errors are seen nowhere else)
            self._stop_for(error)
            return False

    def _stop_for(self, error: Exception) -> None:
        text = html.escape(f"{type(error).__name__}: {error}")
        self.trouble.value = f"<p role='alert'><b>Stopped by an error.</b> {text}</p>"

    def _turn(self) -> bool:
        """Do one piece of work, and tell whether there is more to do."""
        fresh = self._catch_up()
        self._work(SLICE if fresh else max(FRAME - PAUSE - self._painting, FRAME / 2))
        if self._receipts.clogged:
            return True
        begin = time.perf_counter()
        self._paint()
        self._painting = time.perf_counter() - begin
        return self._busy or self._seen != self._generation

    def _catch_up(self) -> bool:
        """Start over if other settings are wanted, and tell whether that was so."""
        fresh = self._seen != self._generation
        if fresh:
            # First the generation: a move that comes now makes another.
            self._seen = self._generation
            self.experiment = Experiment(self._wanted)
            self._show_settings()
            self.trouble.value = ""
        return fresh

    def _work(self, seconds: float) -> None:
        """Do what takes time, for about so long."""

    @property
    def _busy(self) -> bool:
        return False

    @property
    def _scene(self) -> Scene:
        return Scene(self.experiment)

    def _show_settings(self) -> None:
        """Bring the controls to the settings, without their observers taking notice."""
        self._syncing = threading.get_ident()
        try:
            for name, control in self.controls.items():
                if _rounded(control.value) != self._setting(name):
                    control.value = self._setting(name)
        finally:
            self._syncing = None

    def _setting(self, name: str) -> Any:
        return getattr(self._wanted, name)

    def _paint(self) -> None:
        # BLAS threads go on spinning after a product, and take the core that the browser needs.
        with one_blas_thread():
            self._picture.show(self._scene)
            self.image.value = self._picture.jpeg()
            self._read_out()
        self._receipts.ask()

    def _read_out(self) -> None:
        words = "".join(f"<div>{html.escape(line)}</div>" for line in self.words.splitlines())
        style = "line-height: 1.5; font-variant-numeric: tabular-nums"
        self.readout.value = (
            f"<div class='vanishing-words' style='{style}'>{words}"
            f"<div>share: <code>{html.escape(self.share)}</code></div></div>"
        )

    @property
    def words(self) -> str:
        """What the picture shows, in words."""
        raise NotImplementedError

    @property
    def share(self) -> str:
        """The line of Python that recreates exactly this state."""
        raise NotImplementedError

    def close(self) -> None:
        """End the task, and take the widget with all its parts out of the page."""
        if self._closed:
            return
        self._closed = True
        self._alive.discard(self)
        if self._loop is not None:
            self._wake()
        self._receipts.close()
        # A widget that is closed leaves what it consists of open.
        for part in _parts(self):
            for model in _models(part):
                if model is not self:
                    model.close()
        super().close()
        # IPython keeps what a cell has shown, however often it is run again.
        self._picture.release()

    def static(self) -> Image:
        """Return the picture as it is now, to stand in a page of its own accord."""
        make: Any = Image
        picture: Image = make(data=self._drawn().png(), alt=self.words)
        return picture

    def _drawn(self) -> Picture:
        self._picture.show(self._scene)
        return self._picture

    @property
    def figure(self) -> Figure:
        """The Matplotlib figure that is painted."""
        figure: Figure = self._drawn().figure
        return figure

    def _repr_mimebundle_(self, **options: Any) -> Any:
        # On paper, and wherever else no kernel runs, the picture stands in for the widget.
        bundle = super()._repr_mimebundle_(**options)
        return {**bundle, "image/png": base64.b64encode(self._drawn().png()).decode()}


class Explorer(Live):
    """Networks that train while you watch; every slider starts them anew.

    Parameters
    ----------
    activations : sequence of str
        One network each, all from the same weights and on the same data.
    controls : sequence of str
        Which sliders and lists to show: some of "step_size", "scale", "regularization", "noise",
        "points_per_class", "activation", "hidden_layers", "width", "seed", "measure".
    panels : sequence of str
        What to draw: names in `vanishing.panels.PANELS`.
    measure : str
        How a gradient's size is read: a name in `vanishing.measures.MEASURES`.
    iterations : int
        Where training ends.
    picture_width : int
        In pixels.
    sizes, step_size, scale, regularization, noise, points_per_class, seed, draw
        As for `vanishing.experiment.Settings`; the defaults are the lecture's.

    Attributes
    ----------
    controls, buttons : dict of str to widget
        What can be moved and pressed, by name.
    experiment : Experiment
        The data and the trainers.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    def __init__(
        self,
        activations: Sequence[str] = ("sigmoid",),
        *,
        controls: Sequence[str] = ("step_size", "scale"),
        panels: Sequence[str] = ("regions", "loss", "gradients"),
        measure: str = "lecture statistic",
        iterations: int = 50_000,
        picture_width: int = WIDTH,
        sizes: Sequence[int] = (2, 50, 50, 3),
        step_size: float = 0.1,
        scale: float = 0.1,
        regularization: float = 1e-3,
        noise: float = 0.2,
        points_per_class: int = 100,
        seed: int = 0,
        draw: int = 0,
    ) -> None:
        names = (activations,) if isinstance(activations, str) else tuple(activations)
        settings = Settings(
            names,
            tuple(sizes),
            step_size=step_size,
            scale=scale,
            regularization=regularization,
            noise=noise,
            points_per_class=points_per_class,
            seed=seed,
            draw=draw,
        )
        self._measure = find_measure(measure).name
        self._limit = whole_number("iterations", iterations, at_least=1)
        self._view = {
            "controls": tuple(controls),
            "panels": tuple(panels),
            "iterations": self._limit,
            "picture_width": whole_number("picture_width", picture_width, at_least=200),
        }
        self._playing = False
        self._steps_wanted = self._steps_made = 0
        self._rate = 1000.0
        self._read_at = 0.0
        self._name = self._recreate(settings)
        super().__init__(controls, panels, settings, picture_width)

    def __repr__(self) -> str:
        # Of the beginning, so that a page that is run again shows the same.
        return self._name

    def _make_buttons(self) -> list[widgets.Widget]:
        for name in BUTTONS:
            self._add_button(name)
        self.presets = widgets.Dropdown(
            options=[OWN, *self._offered_presets()],
            description="preset",
            tooltip="Settings worth seeing, by name",
            style={"description_width": "4em"},
            layout={"width": "210px"},
        )
        self.presets.observe(self._preset_chosen, "value")
        return [*self.buttons.values(), self.presets]

    # What sliders, buttons and lists do.

    def _start(self, settings: Settings) -> None:
        self._playing = True
        super()._start(settings)

    def _moved(self, name: str, change: Any) -> None:
        if name == "measure":
            self._measure = change["new"]
            self._wake()
        else:
            super()._moved(name, change)

    def _views_changed(self, change: Any) -> None:
        if change["new"] == 0:
            # Nobody looks any more: the output was cleared, or the notebook closed.
            self._playing = False
            self._wake()

    def toggle(self) -> None:
        """Play or pause; at the end, play from the beginning."""
        if not self._playing and self._finished:
            self._start(self._wanted)
            return
        self._playing = not self._playing
        self._wake()

    def step(self) -> None:
        """Make a single iteration, and wait."""
        self._playing = False
        self._steps_wanted += 1
        self._wake()

    def rewind(self) -> None:
        """Go back to iteration 0 and the same weights, and wait."""
        self._wait_at(self._wanted)

    def redraw(self) -> None:
        """Start from the next set of weights, on the same data."""
        self._start(self._wanted.changed("draw", self._wanted.draw + 1))

    def reset(self) -> None:
        """Go back to the settings of the beginning, and wait."""
        self._wait_at(self._initial)

    def preset(self, name: str) -> None:
        """Start from settings that are known by name.

        Parameters
        ----------
        name : str
            "the lecture", "the plateau", "dead ReLUs", "diverging" or "exploding".

        Raises
        ------
        ValueError
            If no preset has that name.
        """
        if name not in PRESETS:
            raise ValueError(f"name must be one of {', '.join(map(repr, PRESETS))}; got {name!r}")
        self._start(self._preset_settings(name))

    def _wait_at(self, settings: Settings) -> None:
        self._playing = False
        super()._start(settings)

    def _preset_chosen(self, change: Any) -> None:
        if self._syncing != threading.get_ident() and change["new"] != OWN:
            self.preset(change["new"])

    def _preset_settings(self, name: str) -> Settings:
        shown = self._wanted.activations
        activations = ("relu",) if "ReLU" in name and "relu" not in shown else shown
        # The lecture's ReLU network has the second set of weights.
        draw = int(activations == ("relu",))
        return Settings(**{"activations": activations, "draw": draw, **PRESETS[name]})

    def _offered_presets(self) -> list[str]:
        has_relu = "relu" in self._initial.activations or "activation" in self.controls
        return [name for name in PRESETS if has_relu or "ReLU" not in name]

    # What the task does.

    @property
    def _busy(self) -> bool:
        return self._playing or self._steps_made < self._steps_wanted

    @property
    def _finished(self) -> bool:
        return self.experiment.iteration >= self._limit or self.experiment.diverged

    @property
    def _scene(self) -> Scene:
        return Scene(self.experiment, self._measure, self._limit)

    def _work(self, seconds: float) -> None:
        if self._steps_made < self._steps_wanted:
            self._steps_made += 1
            self._advance(1)
        elif self._playing and self._loop is not None:
            self._train(seconds)
        if self._finished:
            self._playing = False

    def _train(self, seconds: float) -> None:
        """Train for so long, unless something else is wanted before."""
        begin = now = time.perf_counter()
        while now < begin + seconds and self._playing and self._seen == self._generation:
            count = max(1, round(self._rate * min(SLICE, begin + seconds - now)))
            self._advance(count)
            if self._finished:
                break
            before, now = now, time.perf_counter()
            self._rate = count / (now - before)

    def _advance(self, iterations: int) -> None:
        self.experiment.advance(min(iterations, self._limit - self.experiment.iteration))

    def advance(self, iterations: int) -> Self:
        """Make so many iterations at once, at most up to the end, and return the explorer.

        Parameters
        ----------
        iterations : int
            How many, from 0 on.
        """
        count = whole_number("iterations", iterations, at_least=0)
        self._catch_up()
        self._advance(count)
        self._paint()
        return self

    # What is shown.

    def _setting(self, name: str) -> Any:
        return self._measure if name == "measure" else super()._setting(name)

    def _show_settings(self) -> None:
        super()._show_settings()
        fitting = (
            name for name in self._offered_presets() if self._preset_settings(name) == self._wanted
        )
        self._syncing = threading.get_ident()
        self.presets.value = next(fitting, OWN)
        self._syncing = None

    def _paint(self) -> None:
        super()._paint()
        text, icon = ("Pause", "pause") if self._playing else BUTTONS["toggle"][:2]
        if self.buttons["toggle"].description != text:
            self.buttons["toggle"].set_trait("description", text)
            self.buttons["toggle"].icon = icon

    def _read_out(self) -> None:
        now = time.perf_counter()
        if not self._playing or now - self._read_at > READING:
            self._read_at = now
            super()._read_out()

    def _stop_for(self, error: Exception) -> None:
        self._playing = False
        self._steps_made = self._steps_wanted
        super()._stop_for(error)

    @property
    def words(self) -> str:
        """Where each network stands, one line each."""
        standings = self.experiment.standings(self._measure)
        return "\n".join(f"{activation_label(one.activation)}: {one}" for one in standings)

    @property
    def share(self) -> str:
        """The line of Python that recreates exactly this state."""
        done = self.experiment.iteration
        return self._recreate(self.experiment.settings) + (f".advance({done})" if done else "")

    def _recreate(self, settings: Settings) -> str:
        usual = {**asdict(Settings()), **VIEW}
        given = {**asdict(settings), **self._view, "measure": self._measure}
        told = [f"{name}={value!r}" for name, value in given.items() if value != usual[name]]
        return f"Explorer({', '.join(told)})"


VIEW = {
    "controls": ("step_size", "scale"),
    "panels": ("regions", "loss", "gradients"),
    "measure": "lecture statistic",
    "iterations": 50_000,
    "picture_width": WIDTH,
}
"""An explorer's usual view, which a share line need not tell."""


class SpiralExplorer(Live):
    """The spiral data under sliders for noise and points a class.

    Parameters
    ----------
    noise : float
        Standard deviation of the angle's noise, in radians.
    points_per_class : int
        Points on each arm.
    seed : int
        Of the stream that the data are drawn from.
    controls : sequence of str
        Which sliders to show: some of "noise", "points_per_class" and "seed".

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    def __init__(
        self,
        *,
        noise: float = 0.2,
        points_per_class: int = 100,
        seed: int = 0,
        controls: Sequence[str] = ("noise", "points_per_class"),
    ) -> None:
        settings = Settings(noise=noise, points_per_class=points_per_class, seed=seed)
        super().__init__(controls, ("points",), settings)

    def __repr__(self) -> str:
        return "SpiralExplorer()"

    @property
    def words(self) -> str:
        """How many points there are, and how far the arms run into each other."""
        settings, data = self.experiment.settings, self.experiment.data
        return (
            f"{len(data)} points: {data.classes} arms of {settings.points_per_class}, "
            f"noise {settings.noise:g}, "
            f"{share_of_strangers(data):.0%} of the points have their nearest neighbor in "
            "another arm"
        )

    @property
    def share(self) -> str:
        """The line of Python that recreates these data."""
        settings = self.experiment.settings
        return f"spiral({settings.points_per_class}, noise={settings.noise}, rng={settings.seed})"


def _rounded(value: Any) -> Any:
    """Return a slider's number with three digits: short enough to be shared as it is."""
    return float(f"{value:.3g}") if isinstance(value, float) else value


def _parts(widget: widgets.Widget) -> list[widgets.Widget]:
    """Return a widget and all those inside it."""
    return [widget, *(part for child in getattr(widget, "children", ()) for part in _parts(child))]


def _models(widget: widgets.Widget) -> list[widgets.Widget]:
    """Return a widget and the models of its looks."""
    return [
        widget,
        *(getattr(widget, name) for name in ("style", "layout") if widget.has_trait(name)),
    ]


def _cell_and_run() -> tuple[str | None, str | None]:
    """Return which cell is run, and which run of it this is, where the front end tells."""
    parent: dict[str, Any] = getattr(get_ipython(), "get_parent", dict)() or {}
    cell = parent.get("metadata", {}).get("cellId")
    return cell, parent.get("header", {}).get("msg_id")
