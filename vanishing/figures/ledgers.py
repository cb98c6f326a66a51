"""Figures of the ledger, of many runs at once and of theory beside measurement.

As in `figures`, each function draws on the axes it is given and returns what it drew.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from vanishing.activations import Activation
from vanishing.figures import (
    activation_color,
    activation_label,
    caption,
    iteration_axis,
    layer_style,
    thinned,
)
from vanishing.ledger import Ledger

Array = NDArray[Any]

WEIGHTS_COLOR, SLOPES_COLOR = "0.45", "#F0E442"
"""What the weights did and what the slopes did; the slopes are hatched as well."""

FLOOR = -30.0
"""Decades at which a factor of zero is drawn; nothing comes through."""


def decades(factors: ArrayLike) -> Array:
    """Return log10 of each factor: FLOOR for zero, 0 for NaN (nothing to multiply)."""
    values = np.asarray(factors, float)
    with np.errstate(divide="ignore"):
        powers = np.where(np.isnan(values), 0, np.log10(values))
    found: Array = np.maximum(powers, FLOOR)
    return found


def waterfall_bars(books: Ledger) -> tuple[Array, Array]:
    """Return where the bars of a waterfall begin and how far they reach, in decades.

    Returns
    -------
    bottoms, heights : ndarray of shape (2, L - 1)
        The weights' bars and the slopes', from the last hidden layer to the first.
    """
    steps = np.stack([decades(books.weights), decades(books.slopes)], axis=1)[::-1]
    ends = np.maximum(np.cumsum(steps), FLOOR)
    bottoms = np.concatenate([[0], ends[:-1]])
    return bottoms.reshape(-1, 2).T, (ends - bottoms).reshape(-1, 2).T


def draw_bars(ax: Axes, x: Array, bottoms: Array, heights: Array) -> list[BarContainer]:
    """Draw the bars of a waterfall around the positions x: the weights' and the slopes'."""
    looks: list[dict[str, Any]] = [
        {"color": WEIGHTS_COLOR, "label": "weights"},
        {"color": SLOPES_COLOR, "label": "slopes", "hatch": "///"},
    ]
    return [
        ax.bar(x + shift, h, 0.4, bottom, edgecolor="black", linewidth=0.8, **look)
        for shift, h, bottom, look in zip((-0.2, 0.2), heights, bottoms, looks, strict=True)
    ]


def waterfall(ax: Axes, books: Ledger) -> list[BarContainer]:
    """Draw the error's way back, from the scores to the first layer, in decades.

    Each step begins where the one before ended: first the weights' bar, then the slopes'.

    Parameters
    ----------
    ax : Axes
        Where to draw. Give several the same vertical axis (`sharey`) to compare networks.
    books : Ledger
        The account.

    Returns
    -------
    list of BarContainer
        The weights' bars and the slopes', from the last hidden layer to the first.
    """
    count = len(books.weights)
    drawn = draw_bars(ax, np.arange(count), *waterfall_bars(books))
    ax.axhline(0, color="0.25", linewidth=1)
    ax.grid(visible=False, axis="x")
    ax.set_xticks(range(count), [str(count - k) for k in range(count)])
    caption(ax, x="hidden layer where the error arrives", y="decades")
    return drawn


def ledger_over_time(
    ax: Axes, iterations: Sequence[int], books: Sequence[Ledger], *, log_iterations: bool = True
) -> list[Line2D]:
    """Draw what weights, slopes and both together did to the error, over training time.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    iterations : sequence of int
        When each account was made.
    books : sequence of Ledger
        The accounts.
    log_iterations : bool
        Whether the horizontal axis is logarithmic.

    Returns
    -------
    list of Line2D
        The product of all weights' factors, of all slopes' factors, and of both.
    """
    iteration_axis(ax, log=log_iterations)
    caption(ax, y="decades")
    ax.axhline(0, color="0.25", linewidth=1)
    weights = [decades(account.weights).sum() for account in books]
    slopes = [decades(account.slopes).sum() for account in books]
    both = np.add(weights, slopes)
    color = activation_color(books[0].activation)
    looks: Sequence[tuple[str, Any, dict[str, Any]]] = (
        ("weights", weights, {"color": WEIGHTS_COLOR, "marker": "s", "ls": "--"}),
        ("slopes", slopes, {"color": "#9C8A00", "marker": "^", "ls": ":"}),
        ("both: layer 1 / scores", both, {"color": color, "linewidth": 3}),
    )
    when = list(iterations)[: len(books)]
    return [
        ax.plot(when, values, label=label, markersize=6, **look)[0] for label, values, look in looks
    ]


def band(
    ax: Axes,
    curves: Array,
    *,
    activation: str | Activation,
    layer: int = 1,
    label: str | None = None,
    iterations: ArrayLike | None = None,
    log_iterations: bool = True,
) -> Line2D:
    """Draw the median of several runs over iterations, in a band from the lowest to the highest.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    curves : ndarray of shape (T, runs)
        One column a run.
    activation : str or Activation
        Gives the colour.
    layer : int
        Gives the line style, counted from 1.
    label : str, optional
        The name in the legend; left out, the activation's and the layer's.
    iterations : array_like of shape (T,), optional
        Where the rows lie; left out, 0, 1, 2, ...
    log_iterations : bool
        Whether the horizontal axis is logarithmic.

    Returns
    -------
    Line2D
        The median.
    """
    iteration_axis(ax, log=log_iterations)
    name = f"{activation_label(activation)}, layer {layer}" if label is None else label
    color = activation_color(activation)
    summary = np.stack([np.median(curves, axis=1), curves.min(axis=1), curves.max(axis=1)], axis=1)
    rows, values = thinned(summary, log=log_iterations)
    x = rows if iterations is None else np.asarray(iterations)[rows]
    ax.fill_between(x, values[:, 1], values[:, 2], color=color, alpha=0.18, linewidth=0)
    (median,) = ax.plot(x, values[:, 0], color=color, linestyle=layer_style(layer), label=name)
    return median


def size_against_loss(
    ax: Axes,
    losses: ArrayLike,
    sizes: ArrayLike,
    *,
    activation: str | Activation,
    layer: int = 1,
    label: str | None = None,
) -> Line2D:
    """Draw a gradient's size against the loss at that moment: time runs from left to right.

    Parameters
    ----------
    ax : Axes
        Where to draw; its loss axis runs from high on the left to low on the right.
    losses, sizes : array_like of shape (T,)
        The loss, and the size by any measure.
    activation : str or Activation
        Gives the colour.
    layer : int
        Gives the line style, counted from 1.
    label : str, optional
        The name in the legend; left out, the activation's and the layer's.

    Returns
    -------
    Line2D
        The curve.
    """
    name = f"{activation_label(activation)}, layer {layer}" if label is None else label
    look = {"color": activation_color(activation), "linestyle": layer_style(layer)}
    (line,) = ax.plot(losses, sizes, label=name, **look)
    ax.set_yscale("log")
    if not ax.xaxis_inverted():
        ax.invert_xaxis()
    caption(ax, x="loss (falling to the right)")
    return line


def layer_histograms(
    ax: Axes,
    values: Iterable[ArrayLike],
    *,
    activation: str | Activation,
    bins: int = 60,
    magnitudes: bool = False,
) -> list[Line2D]:
    """Draw the distribution of the values of each layer, one outline a layer.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    values : iterable of array_like
        The values of each layer, of any shape, first layer first.
    activation : str or Activation
        Gives the colour; the layer gives the line style.
    bins : int
        How many bars each outline has.
    magnitudes : bool
        Whether the decades of the absolute values are counted; zeros are then left out.

    Returns
    -------
    list of Line2D
        One outline a layer: the share of the layer's values in each bin.
    """
    layers = [np.ravel(layer) for layer in values]
    if magnitudes:
        layers = [np.log10(np.abs(layer[layer != 0])) for layer in layers]
    present = np.concatenate(layers)
    edges = np.linspace(present.min(), present.max(), bins + 1) if len(present) else [0.0, 1.0]
    drawn = []
    for number, layer in enumerate(layers, start=1):
        share = np.histogram(layer, edges)[0] / max(len(layer), 1)
        look = {"color": activation_color(activation), "linestyle": layer_style(number)}
        drawn += ax.plot(
            np.repeat(edges, 2)[1:-1], np.repeat(share, 2), label=f"layer {number}", **look
        )
    caption(ax, x="log10 of magnitude" if magnitudes else "value", y="share")
    return drawn


def theory_and_measurement(
    ax: Axes,
    depths: Sequence[int],
    predicted: ArrayLike,
    measured: ArrayLike,
    *,
    activation: str | Activation,
    label: str = "",
) -> tuple[Line2D, Line2D]:
    """Draw what theory expects over depth as a line, and each measured network as a ring on it.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    depths : sequence of int
        Numbers of hidden layers.
    predicted : array_like of shape (depths,)
        The expected norm(delta_1) / norm(delta_L).
    measured : array_like of shape (depths, draws)
        That of drawn networks.
    activation : str or Activation
        Gives the colour.
    label : str
        Added to the names in the legend.

    Returns
    -------
    theory, measurement : Line2D
        The line and the rings.
    """
    color = activation_color(activation)
    (line,) = ax.plot(depths, predicted, color=color, label=f"theory{label}")
    draws = np.asarray(measured)
    x = np.repeat(depths, draws.shape[1])
    (rings,) = ax.plot(
        x, draws.ravel(), "o", color=color, mfc="white", markersize=6, label=f"measured{label}"
    )
    ax.set_yscale("log")
    caption(ax, x="hidden layers", y="error, layer 1 / scores")
    return line, rings
