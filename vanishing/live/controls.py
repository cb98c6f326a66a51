"""The controls and buttons that a live widget may have, and sliders that never clamp in silence."""

import functools
import math
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
from traitlets import TraitError, validate

from vanishing._checks import shown
from vanishing.activations import ACTIVATIONS
from vanishing.initialization import SCHEMES
from vanishing.layers import NORMALIZATIONS
from vanishing.measures import MEASURES
from vanishing.variant import Variant

ROUNDING = 1e-9
"""Relative difference by which a page may miss the end of a slider."""

NONE = "none"
"""What a list shows where there is no such thing; its own None means that nothing is chosen."""


class _Honest(widgets.Widget):  # type: ignore[misc]
    """A slider that refuses what it cannot show, where others move to their end in silence."""

    @validate("value")
    def _validate_value(self, proposal: Any) -> Any:
        wanted = proposal["value"]
        held = super()._validate_value(proposal)
        if not math.isclose(held, wanted, rel_tol=ROUNDING):
            raise TraitError(
                f"the slider {self.description!r} ends at {held:g}; got {shown(wanted)}. "
                "A widget that is made with this value has a wider slider."
            )
        return held


class LogSlider(_Honest, widgets.FloatLogSlider):  # type: ignore[misc]
    """For positive numbers of any size; its ends are powers of ten."""


class FloatSlider(_Honest, widgets.FloatSlider):  # type: ignore[misc]
    """For real numbers."""


class IntSlider(_Honest, widgets.IntSlider):  # type: ignore[misc]
    """For whole numbers."""


def make_room(control: widgets.Widget, value: Any) -> bool:
    """Widen a control until it can show a value, and tell whether it can.

    A slider's ends move outwards, a list gets one entry more. No logarithmic slider shows zero.
    """
    if isinstance(control, widgets.Dropdown):
        _list_too(control, value)
    elif isinstance(control, LogSlider):
        return _reach(control, value)
    elif isinstance(control, _Honest):
        control.min, control.max = min(control.min, value), max(control.max, value)
    return True


def _reach(control: LogSlider, value: float) -> bool:
    if value > 0:
        power = math.log10(value)
        control.min = min(control.min, math.floor(power + ROUNDING))
        control.max = max(control.max, math.ceil(power - ROUNDING))
    return value > 0


def _list_too(control: widgets.Dropdown, value: Any) -> None:
    if all(value != known for _, known in control.options):
        chosen = control.value
        control.options = [*control.options, (getattr(value, "label", str(value)), value)]
        control.value = chosen


def rounded(value: Any) -> Any:
    """Return a slider's number with three digits: short enough to be shared as it is."""
    return float(f"{value:.3g}") if isinstance(value, float) else value


def _control(kind: type, description: str, tooltip: str, **options: Any) -> Any:
    return kind(
        description=description,
        tooltip=tooltip,
        style={"description_width": "9em"},
        layout={"width": "410px"},
        **options,
    )


def log_slider(description: str, tooltip: str, low: int, high: int) -> Callable[[], Any]:
    """Return what makes a slider from 10^low to 10^high."""
    options = {"min": low, "max": high, "value": 10.0**low, "step": 0.1, "readout_format": ".3g"}
    return functools.partial(_control, LogSlider, description, tooltip, base=10, **options)


def int_slider(
    description: str, tooltip: str, low: int, high: int, step: int = 1
) -> Callable[[], Any]:
    """Return what makes a slider for whole numbers."""
    options = {"min": low, "max": high, "value": low, "step": step}
    return functools.partial(_control, IntSlider, description, tooltip, **options)


def float_slider(
    description: str, tooltip: str, low: float, high: float, step: float
) -> Callable[[], Any]:
    """Return what makes a slider for real numbers."""
    options = {"min": low, "max": high, "value": low, "step": step}
    return functools.partial(_control, FloatSlider, description, tooltip, **options)


def choice(description: str, tooltip: str, options: list[tuple[str, Any]]) -> Callable[[], Any]:
    """Return what makes a list of labels and values."""
    return functools.partial(_control, widgets.Dropdown, description, tooltip, options=options)


CONTROLS: dict[str, Callable[[], Any]] = {
    "step_size": log_slider("step size", "How far an iteration goes", -3, 4),
    "scale": log_slider("initialization scale", "Standard deviation of the initial weights", -3, 1),
    "regularization": log_slider("regularization", "Strength of the penalty on the weights", -6, 0),
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
    "hidden_layers": int_slider("hidden layers", "Layers between input and scores", 1, 10),
    "width": int_slider("width", "Units in each hidden layer", 2, 100),
    "seed": int_slider("seed", "Of the data and the weights", 0, 99),
    "measure": choice(
        "measure", "How a gradient's size is read", [(name, name) for name in MEASURES]
    ),
}
"""The controls of an `Explorer`; each entry makes one."""

SPIRAL_CONTROLS = {name: CONTROLS[name] for name in ("noise", "points_per_class", "seed")}
"""The controls of a `SpiralExplorer`."""

BUTTONS = {
    "toggle": ("Play", "play", "Train, or pause"),
    "step": ("Step", "step-forward", "Make a single iteration"),
    "rewind": ("Rewind", "fast-backward", "Back to iteration 0 and the same weights"),
    "redraw": ("New weights", "random", "Draw other weights, on the same data"),
    "reset": ("Reset", "undo", "All as it was at first"),
}
"""Method, then what stands on its button, the icon, and what it does."""


def button(name: str) -> widgets.Button:
    """Make the button for a method."""
    text, icon, tooltip = BUTTONS[name]
    return widgets.Button(description=text, tooltip=tooltip, icon=icon, layout={"width": "auto"})
