"""Figures of the ledger, of what is in the layers, and of theory beside measurement."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import ArrayLike

from vanishing._checks import (
    Array,
    instance,
    known_names,
    listed,
    numbers,
    real_number,
    several,
    shown,
    truth,
    whole_number,
)
from vanishing.figures.curves import iteration_axis
from vanishing.figures.style import (
    caption,
    check_axes,
    checked_text,
    checked_variant,
    drawable,
    look,
)
from vanishing.ledger import Ledger
from vanishing.variant import VariantLike

BARS: dict[str, dict[str, Any]] = {
    "normalization": {"color": "white", "hatch": "..."},
    "weights": {"color": "0.45"},
    "shortcut": {"color": "0.8", "hatch": r"\\\\"},
    "slopes": {"color": "#F0E442", "hatch": "///"},
}
"""The bars of what does something to the error, in the order in which the error meets it."""

LINES: dict[str, dict[str, Any]] = {
    "normalization": {"color": "0.3", "marker": "o", "linestyle": "-."},
    "weights": {"color": "0.45", "marker": "s", "linestyle": "--"},
    "shortcut": {"color": "0.65", "marker": "D", "linestyle": (0, (6, 1))},
    "slopes": {"color": "#9C8A00", "marker": "^", "linestyle": ":"},
}
"""The same over time."""

FLOOR = -30.0
"""Decades below which nothing is drawn any more; over time a factor of zero is drawn there."""

DROP = 1.0
"""Decades by which the bar of a factor of zero ends below all others."""

NOTHING = "nothing\ncomes through"
"""What stands under the bar of a factor of zero."""

POINTS_PER_INCH = 72
"""Of Matplotlib's points."""

EDGE, HAIRLINE = 0.8, 0.4
"""Points that a bar's edge is wide at most, and at least."""

EDGE_SHARE = 0.15
"""Of a narrow bar's width."""

NUMBER = 22
"""Points that a layer's number takes on the axis, with what is left free around it."""

STRIDES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Every so many layers a number may be written."""


def decades(factors: ArrayLike) -> Array:
    """Return log10 of each factor: FLOOR for zero, 0 for NaN (nothing to multiply).

    What came from nothing (infinity) is as high as zero is low.
    """
    values = numbers("factors", factors, None, "any")
    if (values < 0).any():
        raise ValueError(f"factors must be zero or positive; got {shown(factors)}")
    with np.errstate(divide="ignore"):
        powers = np.where(np.isnan(values), 0, np.log10(values))
    found: Array = np.clip(powers, FLOOR, -FLOOR)
    return found


def waterfall_bars(account: Ledger, parts: Sequence[str] | None = None) -> tuple[Array, Array]:
    """Return where the bars of a waterfall begin and how far they reach, in decades.

    Parameters
    ----------
    account : Ledger
        The account.
    parts : sequence of str, optional
        Whose bars, by name in `BARS`; left out, of all that do something: `account.columns`.

    Returns
    -------
    bottoms, heights : ndarray of shape (parts, L - 1)
        The bars of each part, from the last hidden layer to the first. A factor of zero has no
        decades: its bar ends `DROP` below all that came before, and what follows stays there.
    """
    factors = _steps(account, parts)
    ends = np.maximum(np.cumsum(decades(factors)), FLOOR)
    nothing = np.flatnonzero(factors == 0)
    if nothing.size:
        ends[nothing[0] :] = min(ends[: nothing[0]].min(initial=0), 0) - DROP
    bottoms = np.concatenate([[0], ends[:-1]])
    return bottoms.reshape(factors.shape).T, (ends - bottoms).reshape(factors.shape).T


def cut_off(account: Ledger, parts: Sequence[str] | None = None) -> tuple[int, int] | None:
    """Return which bar of a waterfall lets nothing through: the first whose factor is zero.

    Parameters
    ----------
    account : Ledger
        The account.
    parts : sequence of str, optional
        Whose bars, as for `waterfall_bars`.

    Returns
    -------
    tuple of int or None
        The part, and the layer counted from the last hidden one: where the bar stands in what
        `waterfall_bars` returns. None if something comes through everywhere.
    """
    factors = _steps(account, parts)
    places = np.argwhere(factors == 0)
    return (int(places[0, 1]), int(places[0, 0])) if places.size else None


def _steps(account: Any, parts: Any) -> Array:
    """Return the factors as the error meets them, of shape (L - 1, parts)."""
    _check_account("account", account)
    names = tuple(account.columns) if parts is None else _checked_parts(parts)
    steps: Array = np.stack([getattr(account, part) for part in names], axis=1)[::-1]
    return steps


def draw_bars(
    ax: Axes,
    x: ArrayLike,
    bottoms: ArrayLike,
    heights: ArrayLike,
    *,
    parts: Sequence[str] = ("weights", "slopes"),
) -> list[BarContainer]:
    """Draw the bars of a waterfall, those of one layer side by side.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    x : array_like of shape (layers,)
        The middle of each layer's bars, which are 0.8 wide together.
    bottoms, heights : array_like of shape (parts, layers)
        As `waterfall_bars` returns them.
    parts : sequence of str
        Whose bars, by name in `BARS`.

    Returns
    -------
    list of BarContainer
        One a part.
    """
    check_axes(ax)
    names = _checked_parts(parts)
    middles = drawable("x", x, 1, "(layers,)")
    shape = len(names), len(middles)
    begin, reach = (
        drawable(name, value, 2, "(parts, layers)")
        for name, value in (("bottoms", bottoms), ("heights", heights))
    )
    for name, values in (("bottoms", begin), ("heights", reach)):
        if values.shape != shape:
            raise ValueError(f"{name} must have shape {shape}; got {values.shape}")
    width = 0.8 / len(names)
    shifts = width * (np.arange(len(names)) - (len(names) - 1) / 2)
    return [
        ax.bar(middles + shift, h, width, b, edgecolor="black", lw=EDGE, label=part, **BARS[part])
        for part, shift, h, b in zip(names, shifts, reach, begin, strict=True)
    ]


def thin_edges(ax: Axes, drawn: Iterable[BarContainer]) -> None:
    """Draw the edges of narrow bars so thin that they do not hide the bars.

    Parameters
    ----------
    ax : Axes
        Whose horizontal limits are set.
    drawn : iterable of BarContainer
        What `draw_bars` returned.
    """
    check_axes(ax)
    left, right = ax.get_xlim()
    points = POINTS_PER_INCH * ax.bbox.width / ax.figure.dpi / (right - left)
    containers = several("drawn", drawn, "what draw_bars returned")
    if not containers or not all(isinstance(one, BarContainer) for one in containers):
        raise TypeError(f"drawn must be what draw_bars returned; got {shown(drawn)}")
    for bar in itertools.chain.from_iterable(containers):
        width = EDGE_SHARE * bar.get_width() * points
        bar.set_linewidth(min(max(width, HAIRLINE), EDGE))


def _checked_parts(parts: Any) -> tuple[str, ...]:
    names = known_names("parts", parts, BARS)
    if not names:
        raise ValueError(f"parts must be one or more of {listed(BARS)}; got {shown(parts)}")
    return names


def numbered_layers(count: int, room: float) -> list[int]:
    """Return the layers whose numbers are written on an axis: the first, and every so many.

    Parameters
    ----------
    count : int
        How many layers there are.
    room : float
        How many points the axis is wide.
    """
    layers = whole_number("count", count, at_least=1, at_most=10_000)
    width = real_number("room", room)
    stride = next((k for k in STRIDES if layers / k * NUMBER <= width), STRIDES[-1])
    # The second number must not touch the first.
    return [1, *(k for k in range(stride, layers + 1, stride) if k > max(1, stride // 2 + 1))]


def waterfall(ax: Axes, account: Ledger) -> list[BarContainer]:
    """Draw the error's way back, from the scores to the first layer, in decades.

    Each step begins where the one before ended: at every layer first the weights' bar, then the
    slopes'; where there are a normalization and a shortcut, theirs stand before each of these.

    Parameters
    ----------
    ax : Axes
        Where to draw. Give several the same vertical axis (`sharey`) to compare networks.
    account : Ledger
        The account.

    Returns
    -------
    list of BarContainer
        The bars of each part, from the last hidden layer to the first.

    Raises
    ------
    TypeError
        If an argument is not what is described above.
    """
    check_axes(ax)
    bottoms, heights = waterfall_bars(account)
    count = len(account.weights)
    drawn = draw_bars(ax, np.arange(count), bottoms, heights, parts=tuple(account.columns))
    ax.axhline(0, color="0.25", linewidth=1)
    ax.grid(visible=False, axis="x")
    place = cut_off(account)
    if place is not None:
        name_nothing(ax.text(0, 0, ""), drawn[place[0]][place[1]])
        # Room for the note under the bar.
        ends = np.concatenate([bottoms, bottoms + heights], axis=None)
        ax.update_datalim([(0, ends.min() - 0.25 * np.ptp(ends))])
        ax.autoscale_view()
    layers = numbered_layers(count, POINTS_PER_INCH * ax.bbox.width / ax.figure.dpi)[::-1]
    ax.set_xticks([count - layer for layer in layers], [str(layer) for layer in layers])
    thin_edges(ax, drawn)
    caption(ax, x="hidden layer where the error arrives", y="decades")
    return drawn


def name_nothing(text: Text, bar: Rectangle | None) -> None:
    """Say under a bar that nothing comes through, or nothing if there is no such bar.

    Parameters
    ----------
    text : Text
        What says it.
    bar : Rectangle, optional
        The bar of a factor of zero.
    """
    instance("text", text, Text)
    if bar is None:
        text.set_text("")
        return
    instance("bar", bar, Rectangle)
    middle, end = bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height()
    look: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": 9, "fontstyle": "italic"}
    text.set(text=NOTHING, x=middle, y=end, **look)


def ledger_over_time(
    ax: Axes,
    iterations: Sequence[int],
    accounts: Sequence[Ledger],
    *,
    variant: VariantLike | None = None,
    log_iterations: bool = True,
) -> list[Line2D]:
    """Draw what weights, slopes and all together did to the error, over training time.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    iterations : sequence of int
        When each account was made; there may be more of them, for a run that diverged.
    accounts : sequence of Ledger
        The accounts, of one network.
    variant : str, Activation or Variant, optional
        What kind of network it is: gives the colour; left out, as its activation.
    log_iterations : bool
        Whether the horizontal axis is logarithmic.

    Returns
    -------
    list of Line2D
        One for each part, the product of its factors in all layers; and last the product of all.
        Where a factor is zero they have gaps, and a cross at the lower edge says so.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    truth("log_iterations", log_iterations)
    found = _checked_accounts(accounts)
    when = _checked_iterations(iterations, len(found))
    color = checked_variant(found[0].activation if variant is None else variant).color
    iteration_axis(ax, log=log_iterations)
    caption(ax, y="decades")
    ax.axhline(0, color="0.25", linewidth=1)
    present = {part for account in found for part in account.columns}
    parts = [part for part in BARS if part in present]
    sums = [[_total(getattr(account, part)) for account in found] for part in parts]
    lines = [
        ax.plot(when, y, label=part, markersize=6, **LINES[part])[0]
        for part, y in zip(parts, sums, strict=True)
    ]
    name = f"{'both' if len(parts) == 2 else 'all'}: layer 1 / scores"
    both = np.maximum(np.sum(sums, axis=0), FLOOR)
    lines += ax.plot(when, both, label=name, color=color, linewidth=3)
    if gone := [now for now, total in zip(when, both, strict=True) if np.isnan(total)]:
        _mark_nothing(ax, gone)
    return lines


def _total(factors: Array) -> float:
    """Return what factors come to, in decades: NaN, which leaves a gap, where one is zero."""
    return math.nan if (factors == 0).any() else max(float(decades(factors).sum()), FLOOR)


def _mark_nothing(ax: Axes, when: Sequence[int]) -> None:
    """Mark at the lower edge where nothing came through: that has no place on the axis."""
    ax.plot(
        when,
        [0.04] * len(when),
        transform=ax.get_xaxis_transform(),
        label=NOTHING.replace("\n", " "),
        color="black",
        linestyle="none",
        marker="x",
        markersize=8,
    )


def _check_account(name: str, account: Any) -> None:
    instance(name, account, Ledger)


def _checked_accounts(accounts: Any) -> list[Ledger]:
    items = several("accounts", accounts, "ledgers")
    if not items:
        raise ValueError("accounts must be one ledger or more; got none")
    for i, account in enumerate(items):
        _check_account(f"accounts[{i}]", account)
    return items


def _checked_iterations(iterations: Any, count: int) -> list[int]:
    items = several("iterations", iterations, "whole numbers")
    if len(items) < count:
        raise ValueError(f"iterations must be {count}, one for each account; got {len(items)}")
    return [
        whole_number(f"iterations[{i}]", when, at_least=0, at_most=10**15)
        for i, when in enumerate(items[:count])
    ]


def layer_histograms(
    ax: Axes,
    values: Iterable[ArrayLike],
    *,
    variant: VariantLike,
    bins: int = 60,
    magnitudes: bool = False,
) -> list[Line2D]:
    """Draw the distribution of the values of each layer, one outline a layer.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    values : sequence or iterator of array_like
        The values of each layer, of any shape, first layer first.
    variant : str, Activation or Variant
        What kind of network it is: gives the colour; the layer gives the line style.
    bins : int
        How many bars each outline has, from 1 to 10,000.
    magnitudes : bool
        Whether the decades of the absolute values are counted; zeros are then left out.

    Returns
    -------
    list of Line2D
        One outline a layer: the fraction of the layer's values in each bin.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above, or a value is not finite.
    """
    check_axes(ax)
    count = whole_number("bins", bins, at_least=1, at_most=10_000)
    layers = _layer_values(values, magnitudes=truth("magnitudes", magnitudes))
    edges = _edges(np.concatenate(layers), count)
    caption(ax, x="log10 of magnitude" if magnitudes else "value", y="fraction of the values")
    drawn = []
    for number, layer in enumerate(layers, start=1):
        fractions = np.histogram(layer, edges)[0] / max(len(layer), 1)
        outline = np.repeat(edges, 2)[1:-1], np.repeat(fractions, 2)
        drawn += ax.plot(*outline, **look(variant, number, f"layer {number}"))
    return drawn


def _edges(values: Array, count: int) -> Array:
    try:
        return np.histogram_bin_edges(values, count)
    except ValueError:
        raise ValueError(
            f"values must differ by more than rounding, for {count} bins; "
            f"got {values.min():g} to {values.max():g}"
        ) from None


def _layer_values(values: Any, *, magnitudes: bool) -> list[Array]:
    if isinstance(values, Iterator):
        values = list(values)
    # A matrix is one row a layer.
    if not isinstance(values, np.ndarray) or values.ndim == 0 or np.ma.isMaskedArray(values):
        values = several("values", values, "arrays, one for each layer")
    layers = [
        drawable(f"values[{i}]", layer, None, "any").ravel() for i, layer in enumerate(values)
    ]
    if not layers:
        raise ValueError("values must be arrays, one for each layer; got none")
    return [np.log10(np.abs(layer[layer != 0])) for layer in layers] if magnitudes else layers


def _checked_depths(depths: Any) -> list[int]:
    items = several("depths", depths, "whole numbers")
    if not items:
        raise ValueError(f"depths must be one number or more; got {shown(depths)}")
    return [
        whole_number(f"depths[{i}]", depth, at_least=1, at_most=10_000)
        for i, depth in enumerate(items)
    ]


def theory_and_measurement(
    ax: Axes,
    depths: Sequence[int],
    predicted: ArrayLike,
    measured: ArrayLike,
    *,
    variant: VariantLike,
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
    variant : str, Activation or Variant
        What kind of network it is: gives the colour.
    label : str
        Added to the names in the legend.

    Returns
    -------
    theory, measurement : Line2D
        The line and the rings.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    color = checked_variant(variant).color
    x = _checked_depths(depths)
    expected = drawable("predicted", predicted, 1, "(depths,)", gaps=True)
    draws = drawable("measured", measured, 2, "(depths, draws)", gaps=True)
    for name, rows in (("predicted", expected), ("measured", draws)):
        if len(rows) != len(x):
            raise ValueError(f"{name} must have {len(x)} rows, one a depth; got {len(rows)}")
    (line,) = ax.plot(x, expected, color=color, label=f"theory{checked_text('label', label)}")
    rings: Any = {"color": color, "mfc": "white", "markersize": 6, "label": f"measured{label}"}
    (dots,) = ax.plot(np.repeat(x, draws.shape[1]), draws.ravel(), "o", **rings)
    ax.set_yscale("log")
    caption(ax, x="hidden layers", y="error, layer 1 / scores")
    return line, dots
