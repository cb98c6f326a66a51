"""The controls and buttons that a live widget may have; a number is moved, or typed exactly."""

import functools
import math
from collections.abc import Callable, Collection
from typing import Any

import ipywidgets as widgets
import numpy as np
from traitlets import Any as TraitAny
from traitlets import TraitError, Unicode, validate

from vanishing._checks import shown
from vanishing.activations import ACTIVATIONS
from vanishing.data import DATASETS
from vanishing.initialization import SCHEMES
from vanishing.layers import NORMALIZATIONS
from vanishing.measures import MEASURES
from vanishing.optimizers import OPTIMIZERS
from vanishing.recurrent import RECURRENT
from vanishing.sequence_experiment import TASKS
from vanishing.variant import Variant

ROUNDING = 1e-9
"""Relative difference by which a page may miss a step or the end of a slider."""

WIDTHS = {"control": "410px", "label": "9em", "field": "196px"}
"""Of all that stands in the column of controls."""

NARROW = "348px"
"""Of a control among many: three stand side by side on a screen of 1280 pixels."""

MANY = 9
"""So many controls are narrow, else they would push the picture off the screen."""

NONE = "none"
"""What a list shows where there is no such thing; its own None means that nothing is chosen."""


class Number(widgets.HBox):  # type: ignore[misc]
    """A number that is typed into a field, exactly, or moved by a slider, in steps.

    It refuses what the slider does not reach; sliders move to their end in silence.

    Parameters
    ----------
    description, tooltip : str
        What it is called, and what it does.
    slider : widget
        Moves the number.
    zero : bool
        Whether zero may be typed as well, where the slider does not reach it.

    Attributes
    ----------
    value : int or float
        The number; whole if the slider is one for whole numbers.
    field, slider : widget
        Where it is typed, and where it is moved.
    refusal : str
        Why the last thing that was typed was not taken; empty if it was.
    """

    value = TraitAny()
    refusal = Unicode()
    # The page asks for it before it gives anything a title.
    description = Unicode().tag(sync=True)

    def __init__(
        self, description: str, tooltip: str, slider: widgets.Widget, *, zero: bool = False
    ) -> None:
        self.slider, self._zero = slider, zero
        self.field = widgets.Text(
            description=description,
            tooltip=tooltip,
            continuous_update=False,
            style={"description_width": WIDTHS["label"]},
            layout={"width": WIDTHS["field"]},
        )
        layout = {"width": WIDTHS["control"], "max_width": "100%"}
        names = {"description": description, "tooltip": tooltip}
        super().__init__([self.field, slider], layout=layout, value=slider.value, **names)
        self.add_class("vanishing-number")
        self._show({})
        self.observe(self._show, "value")
        self.field.observe(self._typed, "value")
        slider.observe(self._slid, "value")

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.slider, widgets.IntSlider)

    @property
    def logarithmic(self) -> bool:
        """Whether each step of the slider multiplies."""
        return isinstance(self.slider, widgets.FloatLogSlider)

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest number that the slider reaches."""
        low, high = self.slider.min, self.slider.max
        return (10.0**low, 10.0**high) if self.logarithmic else (low, high)

    def make_room(self, value: float) -> None:
        """Move the slider's ends outwards until they hold a number; zero is shown without."""
        if not self.logarithmic:
            low, high = min(self.slider.min, value), max(self.slider.max, value)
        elif value > 0:
            power = math.log10(value)
            low = min(self.slider.min, math.floor(power + ROUNDING))
            high = max(self.slider.max, math.ceil(power - ROUNDING))
        else:
            self._zero = True
            return
        self.slider.min, self.slider.max = low, high

    @validate("value")
    def _validate_value(self, proposal: Any) -> Any:
        wanted, (low, high) = proposal["value"], self.ends
        if self.whole and wanted % 1 != 0:
            raise TraitError(f"{self.description} must be a whole number; got {plain(wanted)}")
        held = min(max(wanted, low), high)
        if not (math.isclose(held, wanted, rel_tol=ROUNDING) or (self._zero and wanted == 0)):
            raise TraitError(
                f"{self.description} goes from {plain(low)} to {plain(high)} here; "
                f"got {plain(wanted)}. A widget that is made with this value has more room."
            )
        return int(wanted) if self.whole else float(held if wanted else 0)

    def _show(self, _: Any) -> None:
        self.field.value = plain(self.value)
        if not self._is_at(self.slider.value):
            self.slider.value = self._place()

    def _place(self) -> float:
        """Return the step of the slider that is nearest to the number."""
        low, high = self.ends
        value, step = min(max(self.value, low), high), self.slider.step
        if self.logarithmic:
            return float(10 ** (step * round(math.log10(value) / step)))
        return float(min(low + step * round((value - low) / step), high))

    def _is_at(self, place: float) -> bool:
        return math.isclose(place, self._place(), rel_tol=ROUNDING, abs_tol=ROUNDING)

    def _slid(self, change: Any) -> None:
        if not self._is_at(change["new"]):
            self.value = rounded(change["new"])

    def _typed(self, change: Any) -> None:
        text = change["new"]
        if text == plain(self.value):
            return
        self.refusal = ""
        try:
            self.value = self._read(text)
        except (TypeError, ValueError, TraitError) as error:
            self.refusal = str(error)
        self._show({})

    def _read(self, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise ValueError(
                f"{self.description} must be a number, with a decimal point as in 0.3; "
                f"got {shown(text)}"
            ) from None


def plain(number: float) -> str:
    """Return a number as it is typed: all its digits, and no exponent."""
    return str(np.format_float_positional(number, trim="-"))


def make_room(control: widgets.Widget, value: Any) -> None:
    """Have a control be able to show a value: wider ends, or one entry more in a list."""
    if isinstance(control, widgets.Dropdown):
        _list_too(control, value)
    elif isinstance(control, Number):
        control.make_room(value)


def _list_too(control: widgets.Dropdown, value: Any) -> None:
    if all(value != known for _, known in control.options):
        chosen = control.value
        name = getattr(value, "label", getattr(value, "name", str(value)))
        control.options = [*control.options, (name, value)]
        control.value = chosen


def side_by_side(controls: Collection[widgets.Widget]) -> None:
    """Have many controls take less room each, so that more of them stand in a row."""
    if len(controls) >= MANY:
        for control in controls:
            control.layout.width = NARROW


def rounded(value: Any) -> Any:
    """Return a slider's number with three digits: short enough to be shared as it is."""
    return float(f"{value:.3g}") if isinstance(value, float) else value


def _number(
    kind: type, description: str, tooltip: str, *, zero: bool = False, **options: Any
) -> Number:
    layout = {"flex": "1 1 0", "width": "auto", "min_width": "0"}
    return Number(description, tooltip, kind(readout=False, layout=layout, **options), zero=zero)


def log_slider(
    description: str, tooltip: str, low: int, high: int, *, zero: bool = False
) -> Callable[[], Number]:
    """Return what makes a number from 10^low to 10^high, or zero too."""
    options: dict[str, Any] = {"min": low, "max": high, "value": 10.0**low, "step": 0.1, "base": 10}
    return functools.partial(
        _number, widgets.FloatLogSlider, description, tooltip, zero=zero, **options
    )


def int_slider(
    description: str, tooltip: str, low: int, high: int, step: int = 1
) -> Callable[[], Number]:
    """Return what makes a whole number."""
    options: dict[str, Any] = {"min": low, "max": high, "value": low, "step": step}
    return functools.partial(_number, widgets.IntSlider, description, tooltip, **options)


def float_slider(
    description: str, tooltip: str, low: float, high: float, step: float
) -> Callable[[], Number]:
    """Return what makes a real number."""
    options: dict[str, Any] = {"min": low, "max": high, "value": low, "step": step}
    return functools.partial(_number, widgets.FloatSlider, description, tooltip, **options)


def choice(
    description: str, tooltip: str, options: list[tuple[str, Any]]
) -> Callable[[], widgets.Dropdown]:
    """Return what makes a list of labels and values."""
    return functools.partial(
        widgets.Dropdown,
        description=description,
        tooltip=tooltip,
        options=options,
        style={"description_width": WIDTHS["label"]},
        layout={"width": WIDTHS["control"]},
    )


def value_slider(
    description: str, tooltip: str, options: list[tuple[str, Any]]
) -> Callable[[], Any]:
    """Return what makes a slider over labels and values; it shows the label."""
    return functools.partial(
        widgets.SelectionSlider,
        description=description,
        tooltip=tooltip,
        options=options,
        style={"description_width": WIDTHS["label"]},
        layout={"width": WIDTHS["control"]},
    )


CONTROLS: dict[str, Callable[[], Any]] = {
    "step_size": log_slider("step size", "How far an iteration goes", -3, 4),
    "scale": log_slider("initialization scale", "Standard deviation of the initial weights", -3, 1),
    "regularization": log_slider(
        "regularization", "Strength of the penalty on the weights", -6, 0, zero=True
    ),
    "noise": float_slider("noise", "Of the angles, in radians", 0, 1, 0.05),
    "points_per_class": int_slider("points a class", "Points on each arm", 10, 300, 10),
    "activation": choice(
        "activation",
        "Of all hidden layers",
        [(Variant(name).label, name) for name in ACTIVATIONS],
    ),
    "scheme": choice("scheme", "How the weights are drawn", [(name, name) for name in SCHEMES]),
    "residual": choice(
        "shortcuts",
        "Around each hidden layer, and the factor of the branch",
        [(NONE, NONE), ("residual, x 1", 1.0), ("residual, x 0.5", 0.5), ("residual, x 0.1", 0.1)],
    ),
    "normalization": choice(
        "normalization",
        "Of each hidden layer's h W",
        [(NONE, NONE), *((name, name) for name in NORMALIZATIONS)],
    ),
    "hidden_layers": int_slider("hidden layers", "Layers between input and scores", 1, 30),
    "width": int_slider("width", "Units in each hidden layer", 2, 100),
    "dataset": choice("data", "What is to be learnt", [(name, name) for name in DATASETS]),
    "seed": int_slider("seed", "Of the data and the weights", 0, 99),
    "loss_axis": choice(
        "loss axis", "Of the loss", [("logarithmic", "logarithmic"), ("linear", "linear")]
    ),
    "unit_layer": int_slider("units of layer", "Which hidden layer's units are shown", 1, 10),
    "measure": choice(
        "measure", "How a gradient's size is read", [(name, name) for name in MEASURES]
    ),
}
"""The controls of an `Explorer`; each entry makes one."""

TIME_CONTROLS: dict[str, Callable[[], Any]] = {
    "cell": choice(
        "cell",
        "What carries the state from word to word",
        [("tanh", "tanh"), ("ReLU", "relu"), ("GRU", "gru"), ("LSTM", "lstm")],
    ),
    "task": choice("task", "What is to be learnt", [(name, name) for name in TASKS]),
    "distance": int_slider("distance", "Words from what is shown first to the answer", 1, 60),
    "gain": float_slider("recurrent gain", "What the recurrent weights begin with", 0, 3, 0.05),
    "gate_bias": float_slider(
        "gate bias", "At first, of an LSTM's forget gate or a GRU's update gate", -3, 6, 0.5
    ),
    "step_size": log_slider("step size", "How far an iteration goes", -3, 1),
    "clip_norm": log_slider(
        "clip norm", "The largest norm that a gradient keeps; 0: none is clipped", -2, 2, zero=True
    ),
    "optimizer": choice(
        "optimizer", "What is done with the gradient", [(name, name) for name in OPTIMIZERS]
    ),
    "recurrent": choice(
        "recurrent", "How the recurrent matrix is drawn", [(name, name) for name in RECURRENT]
    ),
    "hidden": int_slider("hidden units", "Numbers in the state", 2, 128),
    "batch": int_slider("sentences", "In an iteration", 8, 256, 8),
    "seed": CONTROLS["seed"],
}
"""The controls of a `TimeExplorer`."""

SPIRAL_CONTROLS = {name: CONTROLS[name] for name in ("noise", "points_per_class", "seed")}
"""The controls of a `SpiralExplorer`."""

SPEEDS = [
    ("as fast as it goes", math.inf),
    ("100 a second", 100.0),
    ("10 a second", 10.0),
    ("2 a second", 2.0),
]
"""How many iterations are made, and how it is said."""

BUTTONS = {
    "toggle": ("Play", "play", "Train, or pause"),
    "step": ("Step", "step-forward", "Make a single iteration"),
    "rewind": ("Rewind", "fast-backward", "Back to iteration 0 and the same weights"),
    "redraw": ("New weights", "random", "Draw other weights, on the same data"),
    "show_run": ("Open", "search-plus", "Train the framed cell's network below"),
    "keep": ("Keep", "thumb-tack", "Leave this run's curves, pale, beside all that follow"),
    "clear": ("Clear", "eraser", "Take all pale curves away"),
    "reset": ("Reset", "undo", "All as it was at first"),
}
"""Method, then what stands on its button, the icon, and what it does."""


def button(name: str) -> widgets.Button:
    """Make the button for a method."""
    text, icon, tooltip = BUTTONS[name]
    return widgets.Button(description=text, tooltip=tooltip, icon=icon, layout={"width": "auto"})
