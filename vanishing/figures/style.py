"""What the same thing looks like everywhere, and the checks that all figures share.

One hue a network, one line style a layer, one colour and marker a class.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import is_color_like
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from vanishing._checks import Array, find, numbers, shown, whole_number
from vanishing.activations import ACTIVATIONS, Activation
from vanishing.variant import Variant, VariantLike, as_variant

STYLE: dict[Any, Any] = {
    "figure.constrained_layout.use": True,
    "figure.dpi": 80,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.size": 13,
    "axes.titlesize": 14,
    "axes.labelsize": 13,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "0.88",
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "legend.fontsize": 12,
    "legend.framealpha": 0.9,
    "lines.linewidth": 2.0,
    "image.cmap": "cividis",
}
"""Settings for `plt.rcParams.update`: large type, a quiet grid, nothing clipped."""

LAYER_STYLES: tuple[Any, ...] = (
    "solid",
    (0, (4, 1.5)),
    (0, (1, 1)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (8, 2)),
    (0, (5, 1.5, 1, 1.5, 1, 1.5)),
    (0, (2, 2)),
    (0, (8, 2, 2, 2)),
    (0, (1, 2.5)),
    (0, (8, 2, 1, 2, 1, 2)),
)
"""One line style a layer, the first layer solid; after ten they begin again."""

CLASS_COLORS = (
    "#E69F00",
    "#56B4E9",
    "#832DB6",
    "#BD1F01",
    "#717581",
    "#B9AC70",
    "#3F90DA",
    "#A96B59",
    "#92DADD",
    "#94A4A2",
)
"""One colour a class; none of them is an activation's."""

CLASS_MARKERS = "os^DvPX*<>"
"""One marker a class, so that no one needs the colours."""

FURTHEST = 1e30
"""What lies further out than this is taken for a slip of the pen."""


def color(variant: VariantLike) -> str:
    """Return the colour that a kind of network has in every figure."""
    return checked_variant(variant).color


def label(variant: VariantLike) -> str:
    """Return a kind of network's name as it is written in titles and legends."""
    return checked_variant(variant).label


def layer_style(layer: int) -> Any:
    """Return the line style of a layer, counted from 1, as Matplotlib's `linestyle` takes it."""
    number = whole_number("layer", layer, at_least=1)
    return LAYER_STYLES[(number - 1) % len(LAYER_STYLES)]


def class_style(label: int) -> tuple[str, str]:
    """Return the colour and the marker of a class."""
    number = whole_number("label", label, at_least=0)
    return (
        CLASS_COLORS[number % len(CLASS_COLORS)],
        CLASS_MARKERS[number % len(CLASS_MARKERS)],
    )


def caption(ax: Axes, title: str = "", x: str = "", y: str = "") -> None:
    """Set an axes' title and labels; what is left empty stays as it is."""
    check_axes(ax)
    for name, text, write in (
        ("title", title, ax.set_title),
        ("x", x, ax.set_xlabel),
        ("y", y, ax.set_ylabel),
    ):
        if checked_text(name, text):
            write(text)


# Checks


def check_axes(ax: Axes) -> None:
    """Raise where there is nothing to draw on."""
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be a Matplotlib Axes; got {shown(ax)}")


def checked_text(name: str, value: str) -> str:
    """Return `value` if it is a text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text; got {shown(value)}")
    return value


def checked_variant(variant: VariantLike) -> Variant:
    """Return the variant that is meant, if Matplotlib can draw it."""
    if not isinstance(variant, Variant):
        variant = find("variant", variant, ACTIVATIONS, Activation)
    found = as_variant(variant)
    if not is_color_like(found.color):
        raise ValueError(f"variant must have a colour of Matplotlib's; got {shown(found.color)}")
    try:
        Line2D([], [], linestyle=found.line)
    except (TypeError, ValueError):
        message = f"variant must have a line style of Matplotlib's; got {shown(found.line)}"
        raise ValueError(message) from None
    return found


def look(variant: VariantLike, layer: int, name: str | None = None) -> dict[str, Any]:
    """Return colour, line style and name in the legend of what belongs to one layer.

    Parameters
    ----------
    variant : str, Activation or Variant
        Gives the colour.
    layer : int
        Gives the line style.
    name : str, optional
        In the legend; left out, the network's and the layer's.
    """
    found, style = checked_variant(variant), layer_style(layer)
    written = f"{found.label}, layer {layer}" if name is None else checked_text("label", name)
    return {"color": found.color, "linestyle": style, "label": written}


def drawable(
    name: str, value: ArrayLike, dimensions: int | None, shape: str, *, gaps: bool = False
) -> Array:
    """Return `value` as an array of numbers that fit on an axis.

    With `gaps` NaN and infinity may be among them; such points are left out of a curve.
    """
    array = numbers(name, value, dimensions, shape)
    finite = np.isfinite(array)
    if not gaps and not finite.all():
        raise ValueError(f"{name} must hold finite numbers only; got NaN or infinity")
    largest = np.abs(array, where=finite, out=np.zeros_like(array)).max()
    if not gaps and largest > FURTHEST:
        raise ValueError(f"{name} must hold numbers of at most {FURTHEST:g}; got {largest:g}")
    return array
