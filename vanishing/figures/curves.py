"""Matplotlib figures: each function draws on the axes it is given and returns what it drew.

The same thing looks the same everywhere: one hue an activation, one line style a layer, one
colour and marker a class. In a notebook, `plt.rcParams.update(figures.STYLE)` makes everything
legible on a projector.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from vanishing.activations import Activation, find_activation
from vanishing.data import Dataset
from vanishing.measures import find_measure
from vanishing.network import Network
from vanishing.training import History

Array = NDArray[Any]

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

# Okabe and Ito's palette: told apart with any colour vision.
ACTIVATION_COLORS = {
    "sigmoid": "#0072B2",
    "tanh": "#009E73",
    "relu": "#D55E00",
    "leaky_relu": "#CC79A7",
}
"""One hue an activation."""

ACTIVATION_LABELS = {"relu": "ReLU", "leaky_relu": "leaky ReLU"}
"""How activations are written where that is not their name."""

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

CURVE_BUCKETS = 600
"""A long curve is drawn with the lowest and highest value in each of so many stretches."""

Measure = str | Callable[[History], Array]
"""A way to read a gradient's size: a name, or a function from a History to shape (T, L)."""


def activation_color(activation: str | Activation) -> str:
    """Return the colour that an activation has in every figure."""
    return ACTIVATION_COLORS[find_activation(activation).name]


def activation_label(activation: str | Activation) -> str:
    """Return an activation's name as it is written in titles and legends."""
    name = find_activation(activation).name
    return ACTIVATION_LABELS.get(name, name)


def layer_style(layer: int) -> Any:
    """Return the line style of a layer, counted from 1, as Matplotlib's `linestyle` takes it."""
    return LAYER_STYLES[(layer - 1) % len(LAYER_STYLES)]


def class_style(label: int) -> tuple[str, str]:
    """Return the colour and the marker of a class."""
    return (
        CLASS_COLORS[label % len(CLASS_COLORS)],
        CLASS_MARKERS[label % len(CLASS_MARKERS)],
    )


def caption(ax: Axes, title: str = "", x: str = "", y: str = "") -> None:
    """Set an axes' title and labels; what is left empty stays as it is."""
    for text, write in ((title, ax.set_title), (x, ax.set_xlabel), (y, ax.set_ylabel)):
        if text:
            write(text)


# The plane


def points(ax: Axes, data: Dataset, *, size: float = 28) -> list[PathCollection]:
    """Draw the points, each class with its own colour and marker.

    Parameters
    ----------
    ax : Axes
        Where to draw; its scale becomes equal in both directions, from -1 to 1 at least.
    data : Dataset
        Points in the plane.
    size : float
        Area of a marker, in square points.

    Returns
    -------
    list of PathCollection
        One a class.
    """
    reach = 1.05 * max(1, np.abs(data.points).max())
    ax.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    caption(ax, x="$x_1$", y="$x_2$")
    drawn = []
    for label in range(data.classes):
        color, marker = class_style(label)
        chosen = data.points[data.labels == label]
        drawn.append(
            ax.scatter(
                chosen[:, 0],
                chosen[:, 1],
                s=size,
                c=color,
                marker=marker,
                edgecolors="black",
                linewidths=0.5,
                label=f"class {label}",
                zorder=3,
            )
        )
    return drawn


def move_points(drawn: Sequence[PathCollection], data: Dataset) -> None:
    """Show other data of as many classes on what `points` drew."""
    for label, dots in enumerate(drawn):
        dots.set_offsets(data.points[data.labels == label])


class RegionMap:
    """Asks networks for their answers on a grid, and paints these as an image.

    Parameters
    ----------
    low, high : array_like of shape (2,)
        The corners of the map.
    counts : tuple of int
        Columns and rows of the grid on which a network is asked.
    pixels : tuple of int
        Columns and rows of the image; scores between the grid's points are interpolated.
    """

    def __init__(
        self, low: ArrayLike, high: ArrayLike, counts: tuple[int, int], pixels: tuple[int, int]
    ) -> None:
        x, y = (
            np.linspace(*ends) for ends in zip(np.array(low), np.array(high), counts, strict=True)
        )
        self.grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        self._columns, self._rows = map(_interpolation, counts, pixels)

    def colors(self, network: Network) -> NDArray[np.uint8]:
        """Return the image in RGBA, of shape (rows, columns, 4), its first row at the bottom.

        Parameters
        ----------
        network : Network
            A network with two inputs.
        """
        with np.errstate(all="ignore"):
            # What cannot be told apart in single precision cannot be seen either.
            single = Network(
                [w.astype(np.float32) for w in network.weights],
                [b.astype(np.float32) for b in network.biases],
                network.activation,
            )
            scores = single.scores(self.grid)
            by_class = scores.T.reshape(-1, self._rows.shape[1], self._columns.shape[1])
            fine = self._rows @ by_class @ self._columns.T
        return _region_colors(_largest(fine), len(by_class))


@dataclass(eq=False)
class DecisionRegions:
    """Decision regions on an axes.

    Parameters
    ----------
    image : AxesImage
        The regions.
    points : list of PathCollection
        The points on top of them.
    """

    image: AxesImage
    points: list[PathCollection]


def decision_regions(
    ax: Axes,
    network: Network,
    data: Dataset,
    *,
    margin: float = 1.0,
    resolution: float = 0.02,
    size: float = 28,
) -> DecisionRegions:
    """Draw which class the network gives to each point of the plane, and the data on top.

    Regions have the soft colour of their class; a dark line runs between them.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    network : Network
        A network with two inputs.
    data : Dataset
        The points to draw on top.
    margin : float
        How far the map reaches beyond the data. The default is the lecture's.
    resolution : float
        Distance between two points of the grid on which the network is asked.
    size : float
        Area of a point's marker, in square points.

    Returns
    -------
    DecisionRegions
        The artists.
    """
    low, high = data.points.min(axis=0) - margin, data.points.max(axis=0) + margin
    columns, rows = np.maximum(np.rint((high - low) / resolution).astype(int) + 1, 2)
    colors = RegionMap(low, high, (columns, rows), (columns, rows)).colors(network)
    extent = (low[0], high[0], low[1], high[1])
    image = ax.imshow(colors, extent=extent, origin="lower", interpolation="nearest", zorder=0)
    ax.grid(visible=False)
    drawn = points(ax, data, size=size)
    ax.set(xlim=extent[:2], ylim=extent[2:])
    return DecisionRegions(image, drawn)


def _interpolation(count: int, pixels: int) -> Array:
    """Return the matrix that interpolates linearly between `count` values."""
    position = np.linspace(0, count - 1, pixels)
    distance = np.abs(position[:, None] - np.arange(count))
    weights: Array = np.maximum(1 - distance, 0).astype(np.float32)
    return weights


def _largest(scores: Array) -> NDArray[np.uint8]:
    """Return which of the first axis's arrays is largest: argmax(axis=0), several times faster."""
    best = scores[0].copy()
    labels = np.zeros(best.shape, np.uint8)
    for label, other in enumerate(scores[1:], start=1):
        labels[other > best] = label
        np.maximum(best, other, out=best)
    return labels


def _region_colors(labels: NDArray[np.uint8], classes: int) -> NDArray[np.uint8]:
    """Return the RGBA image of a grid of labels, with a dark line between them."""
    strong = np.array([to_rgb(class_style(label)[0]) for label in range(classes)])
    table = np.full((classes + 1, 4), 255, np.uint8)
    table[:-1, :3] = np.rint(255 * (0.45 * strong + 0.55))
    table[-1, :3] = 70
    bordering = labels[1:, 1:] != labels[:-1, 1:]
    bordering |= labels[1:, 1:] != labels[1:, :-1]
    labels[1:, 1:][bordering] = classes
    packed = table.view(np.uint32)[:, 0].take(labels)
    return packed.view(np.uint8).reshape(*labels.shape, 4)


# Curves over iterations


def iteration_axis(ax: Axes, *, log: bool = False) -> None:
    """Make the horizontal axis one of iterations: linear, or logarithmic but with a zero."""
    caption(ax, x="iteration")
    if log:
        ax.set_xscale("symlog", linthresh=1, linscale=0.4)
    ax.margins(x=0)
    ax.xaxis.set_major_formatter("{x:,.0f}")


def thinned(
    values: Array, *, log: bool = False, buckets: int = CURVE_BUCKETS
) -> tuple[Array, Array]:
    """Return iterations and values of curves with as many points as an eye can tell apart.

    Parameters
    ----------
    values : ndarray of shape (T, C)
        C curves.
    log : bool
        Whether the iterations will be drawn on a logarithmic axis.
    buckets : int
        Into how many stretches the axis is divided.

    Returns
    -------
    iterations : ndarray of shape (S,)
        Where the points are; S is at most 2 * buckets.
    chosen : ndarray of shape (S, C)
        Of each stretch the lowest and the highest value, so that no spike is lost. Short curves
        come back whole.
    """
    rows = len(values)
    if rows <= 2 * buckets:
        return np.arange(rows), values
    edges = np.linspace(0, 1, buckets, endpoint=False)
    places = np.expm1(edges * np.log1p(rows)) if log else edges * rows
    starts = np.unique(places.astype(int))
    widths = np.diff(starts, append=rows)
    extremes = [np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)]
    # A falling stretch is drawn from its highest value to its lowest.
    falling = values[starts] > values[starts + widths - 1]
    first, second = np.where(falling, extremes[::-1], extremes)
    iterations = np.stack([starts, starts + widths - 1], axis=1).ravel()
    return iterations, np.stack([first, second], axis=1).reshape(-1, values.shape[1])


def loss_curve(
    ax: Axes,
    history: History,
    *,
    activation: str | Activation,
    label: str | None = None,
    log_iterations: bool = False,
) -> Line2D:
    """Draw the total loss over iterations, in the activation's colour.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    history : History
        The book of the run.
    activation : str or Activation
        Gives the colour, and the label if there is none.
    label : str, optional
        The curve's name in the legend.
    log_iterations : bool
        Whether the horizontal axis is logarithmic.

    Returns
    -------
    Line2D
        The curve.
    """
    iteration_axis(ax, log=log_iterations)
    caption(ax, y="loss")
    iterations, values = thinned(history.loss[:, None], log=log_iterations)
    name = activation_label(activation) if label is None else label
    (line,) = ax.plot(iterations, values[:, 0], color=activation_color(activation), label=name)
    return line


def chance_line(ax: Axes, classes: int) -> Line2D:
    """Draw the loss ln K of a network that gives all K classes the same probability."""
    return ax.axhline(
        np.log(classes),
        color="0.25",
        linestyle=(0, (1, 1.5)),
        linewidth=1.5,
        label=f"ln {classes}: knows nothing",
        zorder=1,
    )


def gradient_curves(
    ax: Axes,
    history: History,
    *,
    activation: str | Activation,
    measure: Measure = "lecture statistic",
    layers: Sequence[int] | None = None,
    log_iterations: bool = False,
) -> list[Line2D]:
    """Draw the gradient's size in each layer over iterations, on a logarithmic scale.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    history : History
        The book of the run.
    activation : str or Activation
        Gives the colour; the layer gives the line style.
    measure : str or callable
        How size is read: a name in `MEASURES`, or a function that takes a History and returns
        an array of shape (T, L).
    layers : sequence of int, optional
        Which layers, counted from 1. Left out: all that end in hidden units.
    log_iterations : bool
        Whether the horizontal axis is logarithmic too.

    Returns
    -------
    list of Line2D
        One curve a layer.
    """
    iteration_axis(ax, log=log_iterations)
    ax.set_yscale("log")
    caption(ax, y=measure_label(measure))
    chosen = range(1, len(history.sizes) - 1) if layers is None else layers
    columns = [layer - 1 for layer in chosen]
    iterations, values = thinned(measured(history, measure)[:, columns], log=log_iterations)
    name, color = activation_label(activation), activation_color(activation)
    return [
        ax.plot(iterations, curve, color=color, ls=layer_style(k), label=f"{name}, layer {k}")[0]
        for k, curve in zip(chosen, values.T, strict=True)
    ]


def measured(history: History, measure: Measure) -> Array:
    """Return a gradient's size by that measure, of shape (T, L).

    Raises
    ------
    TypeError, ValueError
        If no measure has that name.
    """
    return measure(history) if callable(measure) else find_measure(measure)(history)


def measure_label(measure: Measure) -> str:
    """Return what stands beside the axis for that measure."""
    if isinstance(measure, str):
        measure = find_measure(measure)
    return getattr(measure, "label", "gradient size")
