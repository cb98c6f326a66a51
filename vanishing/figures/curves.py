"""Curves over iterations: the loss, and the gradient's size in each layer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from vanishing._checks import Array, instance, several, shown, truth, whole_number
from vanishing.figures.style import (
    caption,
    check_axes,
    checked_text,
    checked_variant,
    drawable,
    look,
)
from vanishing.history import History
from vanishing.measures import MeasureLike, as_measure
from vanishing.variant import VariantLike

CURVE_BUCKETS = 600
"""A long curve is drawn with the lowest and highest value in each of so many stretches."""

MARKS = 7
"""Markers on a curve, equally far apart on the paper."""

MARKER: dict[str, Any] = {"markersize": 6, "markerfacecolor": "white", "markeredgewidth": 1.5}
"""What markers look like."""

BAND = 0.3
"""Opacity of the band in which a curve goes up and down."""


def iteration_axis(ax: Axes, *, log: bool = False) -> None:
    """Make the horizontal axis one of iterations: linear, or logarithmic but with a zero."""
    check_axes(ax)
    caption(ax, x="iteration")
    if truth("log", log):
        ax.set_xscale("symlog", linthresh=1, linscale=0.4)
    ax.margins(x=0)
    ax.xaxis.set_major_formatter("{x:,.0f}")


def thinned(
    values: ArrayLike,
    iterations: ArrayLike | None = None,
    *,
    log: bool = False,
    buckets: int = CURVE_BUCKETS,
) -> tuple[Array, Array]:
    """Return iterations and values of curves with as many points as an eye can tell apart.

    Parameters
    ----------
    values : array_like of shape (T, C)
        C curves.
    iterations : array_like of shape (T,), optional
        Where the rows lie, rising; left out, 0, 1, 2, ...
    log : bool
        Whether the iterations will be drawn on a logarithmic axis.
    buckets : int
        Into how many stretches of equal length on the paper the axis is divided, from 1 to 10,000.

    Returns
    -------
    iterations : ndarray of shape (S,)
        Where the points are; S is at most 2 * buckets, or T where that is less.
    chosen : ndarray of shape (S, C)
        Of each stretch the lowest and the highest value, so that no spike is lost. Short curves
        come back whole.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    curves, where = _curves(values, iterations)
    truth("log", log)
    most = whole_number("buckets", buckets, at_least=1, at_most=10_000)
    if len(curves) <= 2 * most:
        return where, curves
    starts = _stretches(where, most, log=log)
    ends = np.append(starts[1:], len(curves)) - 1
    extremes = [np.fmin.reduceat(curves, starts), np.fmax.reduceat(curves, starts)]
    # A falling stretch is drawn from its highest value to its lowest.
    falling = curves[starts] > curves[ends]
    first, second = np.where(falling, extremes[::-1], extremes)
    chosen = np.stack([first, second], axis=1).reshape(-1, curves.shape[1])
    return where[np.stack([starts, ends], axis=1).ravel()], chosen


def _curves(values: ArrayLike, iterations: ArrayLike | None) -> tuple[Array, Array]:
    curves = _plain(values)
    if curves.ndim != 2 or curves.dtype.kind not in "iuf":
        raise ValueError(f"values must be real numbers of shape (T, C); got {shown(values)}")
    where = np.arange(len(curves)) if iterations is None else _plain(iterations)
    if where.shape != (len(curves),) or where.dtype.kind not in "iuf":
        raise ValueError(
            f"iterations must be {len(curves):,} numbers, one for each row; got {shown(iterations)}"
        )
    if len(where) and not (where[0] >= 0 and np.isfinite(where[-1]) and (np.diff(where) > 0).all()):
        raise ValueError(f"iterations must rise from 0 or above; got {shown(iterations)}")
    return curves, where


def _plain(values: Any) -> Array:
    """Return an array, even of what NumPy cannot make one of; nothing is dropped."""
    try:
        return np.array(None) if np.ma.isMaskedArray(values) else np.asarray(values)
    except (TypeError, ValueError):
        return np.array(None)


def _stretches(iterations: Array, count: int, *, log: bool) -> Array:
    """Return with which rows stretches begin that are equally long on the paper."""
    low, high = iterations[0], iterations[-1]
    if log:
        edges = np.expm1(np.linspace(np.log1p(low), np.log1p(high), count, endpoint=False))
    else:
        edges = np.linspace(low, high, count, endpoint=False)
    starts = np.searchsorted(iterations, edges)
    starts[0] = 0  # whatever rounding made of the first edge
    return np.unique(starts)


def loss_curve(
    ax: Axes,
    history: History,
    *,
    variant: VariantLike,
    label: str | None = None,
    log_iterations: bool = False,
) -> Line2D:
    """Draw the total loss over iterations, in the network's colour and line style.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    history : History
        The record of the run.
    variant : str, Activation or Variant
        What kind of network it is: gives colour and line style, and the label if there is none.
    label : str, optional
        The curve's name in the legend.
    log_iterations : bool
        Whether the horizontal axis is logarithmic.

    Returns
    -------
    Line2D
        The curve.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    _check_history(history)
    truth("log_iterations", log_iterations)
    found = checked_variant(variant)
    name = found.label if label is None else checked_text("label", label)
    x, y = thinned(history.loss[:, None], history.iteration, log=log_iterations)
    iteration_axis(ax, log=log_iterations)
    caption(ax, y="loss")
    every = marked(x, log=log_iterations)
    marks = MARKER | {"marker": found.marker, "markevery": every}
    (line,) = ax.plot(x, y[:, 0], color=found.color, linestyle=found.line, label=name, **marks)
    return line


def chance_line(ax: Axes, classes: int) -> Line2D:
    """Draw the loss ln K of a network that gives all K classes the same probability."""
    check_axes(ax)
    count = whole_number("classes", classes, at_least=2, at_most=10_000_000)
    return ax.axhline(
        np.log(count),
        color="0.25",
        linestyle=(0, (1, 1.5)),
        linewidth=1.5,
        label=f"ln {count}: knows nothing",
        zorder=1,
    )


def gradient_curves(
    ax: Axes,
    history: History,
    *,
    variant: VariantLike,
    measure: MeasureLike = "lecture statistic",
    layers: Sequence[int] | None = None,
    log_iterations: bool = False,
    floor: bool = False,
) -> list[Line2D]:
    """Draw the gradient's size in each layer over iterations, on a logarithmic scale.

    Of a long record the mean of each stretch is drawn, in a band from lowest to highest.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    history : History
        The record of the run.
    variant : str, Activation or Variant
        What kind of network it is: gives colour and marker; the layer gives the line style.
    measure : str, Measure or callable
        How size is read: a name in `MEASURES`, or a function that takes a History and returns
        an array of shape (T, L).
    layers : sequence of int, optional
        Which layers, counted from 1. Left out: all that end in hidden units.
    log_iterations : bool
        Whether the horizontal axis is logarithmic too.
    floor : bool
        Whether the penalty's floor is drawn beneath each curve: what the lecture's statistic
        reads where the data's gradient and the penalty's cancel. Only that statistic has one.

    Returns
    -------
    list of Line2D
        One curve a layer; then, if they are wanted, one floor a layer.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    truth("log_iterations", log_iterations)
    sizes = measured(history, measure)
    chosen = _chosen_layers(layers, sizes.shape[1])
    columns = [layer - 1 for layer in chosen]
    marker = checked_variant(variant).marker
    looks = [look(variant, layer) | MARKER | {"marker": marker} for layer in chosen]
    drawn = [sizes[:, columns]]
    if truth("floor", floor):
        _check_has_floor(measure)
        looks += [_floor_look(variant, layer) for layer in chosen]
        drawn.append(history.penalty_floor()[:, columns])
    iteration_axis(ax, log=log_iterations)
    ax.set_yscale("log")
    caption(ax, y=as_measure(measure).label)
    x, *curves = averaged(np.hstack(drawn), history.iteration, log=log_iterations)
    lines: list[Line2D] = []
    for one, middle, low, high in zip(looks, *(each.T for each in curves), strict=True):
        if (low < high).any():
            ax.fill_between(x, low, high, color=one["color"], alpha=BAND, linewidth=0, zorder=1.4)
        every = marked(x, log=log_iterations, shift=len(lines) % 2 / 2)
        lines += ax.plot(x, middle, markevery=every, **one)
    return lines


def averaged(
    values: Array, iterations: Array, *, log: bool, buckets: int = CURVE_BUCKETS
) -> tuple[Array, Array, Array, Array]:
    """Return where the stretches of curves lie, and their mean, lowest and highest value in each.

    Other than the extremes, a mean can be drawn with dashes however a curve swings to and fro.
    Short curves come back whole.
    """
    if len(values) <= 2 * buckets:
        return iterations, values, values, values
    starts = _stretches(iterations, buckets, log=log)
    ends = np.append(starts[1:], len(values)) - 1
    known = np.isfinite(values)
    with np.errstate(all="ignore"):
        sums = np.add.reduceat(np.where(known, values, 0), starts)
        means = sums / np.add.reduceat(known, starts, dtype=float)
    where = (iterations[starts] + iterations[ends]) / 2
    where[0], where[-1] = iterations[0], iterations[-1]
    lows, highs = (extreme.reduceat(values, starts) for extreme in (np.fmin, np.fmax))
    return where, means, lows, highs


def marked(iterations: Array, *, log: bool, shift: float = 0) -> list[int]:
    """Return which points of a curve get a marker, so that these are equally far apart on paper."""
    if not len(iterations):
        return []
    low, high = iterations[0], iterations[-1]
    parts = (np.arange(MARKS) + 0.5 + shift) / (MARKS + 0.5)
    ends = (np.log1p(low), np.log1p(high)) if log else (low, high)
    places = ends[0] + parts[parts < 1] * (ends[1] - ends[0])
    found = np.searchsorted(iterations, np.expm1(places) if log else places)
    return np.unique(np.minimum(found, len(iterations) - 1)).tolist()  # type: ignore[no-any-return]


def _check_has_floor(measure: MeasureLike) -> None:
    found = as_measure(measure)
    if found.function is not History.lecture_statistic:
        raise ValueError(
            f"floor must be False for the measure {found.name!r}: the penalty's floor is what the "
            "lecture statistic reads at rest; got True"
        )


def _floor_look(variant: VariantLike, layer: int) -> dict[str, Any]:
    """Return the look of a layer's curve, but thinner and paler."""
    named = look(variant, layer, f"penalty's floor, layer {layer}")
    return {**named, "marker": "", "linewidth": 1.2, "alpha": 0.7, "zorder": 1.5}


def _chosen_layers(layers: Any, count: int) -> list[int]:
    if layers is None:
        layers = range(1, count)
    items = several("layers", layers, "whole numbers")
    if not items:
        raise ValueError(f"layers must name one layer or more; got {shown(layers)}")
    return [
        whole_number(f"layers[{i}]", layer, at_least=1, at_most=count)
        for i, layer in enumerate(items)
    ]


def measured(history: History, measure: MeasureLike) -> Array:
    """Return a gradient's size by that measure, of shape (T, L).

    Raises
    ------
    TypeError, ValueError
        If no measure has that name, or a function of one's own returns something else.
    """
    return as_measure(measure)(history)


def _check_history(history: History) -> None:
    instance("history", history, History)


def band(
    ax: Axes,
    curves: ArrayLike,
    *,
    variant: VariantLike,
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
    curves : array_like of shape (T, runs)
        One column a run.
    variant : str, Activation or Variant
        What kind of network it is: gives the colour.
    layer : int
        Gives the line style, counted from 1.
    label : str, optional
        The name in the legend; left out, the network's and the layer's.
    iterations : array_like of shape (T,), optional
        Where the rows lie, rising; left out, 0, 1, 2, ...
    log_iterations : bool
        Whether the horizontal axis is logarithmic.

    Returns
    -------
    Line2D
        The median.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    truth("log_iterations", log_iterations)
    runs = drawable("curves", curves, 2, "(T, runs)", gaps=True)
    style = look(variant, layer, label)
    summary = np.stack([np.median(runs, axis=1), runs.min(axis=1), runs.max(axis=1)], axis=1)
    x, (middle, low, high) = _transposed(thinned(summary, iterations, log=log_iterations))
    iteration_axis(ax, log=log_iterations)
    ax.fill_between(x, low, high, color=style["color"], alpha=0.18, linewidth=0)
    (median,) = ax.plot(x, middle, **style)
    return median


def _transposed(found: tuple[Array, Array]) -> tuple[Array, Array]:
    return found[0], found[1].T


def size_against_loss(
    ax: Axes,
    losses: ArrayLike,
    sizes: ArrayLike,
    *,
    variant: VariantLike,
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
    variant : str, Activation or Variant
        What kind of network it is: gives the colour.
    layer : int
        Gives the line style, counted from 1.
    label : str, optional
        The name in the legend; left out, the network's and the layer's.

    Returns
    -------
    Line2D
        The curve.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    x = drawable("losses", losses, 1, "(T,)", gaps=True)
    y = drawable("sizes", sizes, 1, "(T,)", gaps=True)
    if len(x) != len(y):
        raise ValueError(f"sizes must be as many as the losses, {len(x):,}; got {len(y):,}")
    if (y < 0).any():
        raise ValueError(f"sizes must be zero or positive; got {shown(sizes)}")
    (line,) = ax.plot(x, y, **look(variant, layer, label))
    ax.set_yscale("log")
    if not ax.xaxis_inverted():
        ax.invert_xaxis()
    caption(ax, x="loss (falling to the right)")
    return line
