"""Figures of what happens through time: the error's way back, and what each word receives."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import ArrayLike

from vanishing._checks import (
    Array,
    instance,
    one_of,
    real_number,
    several,
    shown,
    text,
    whole_number,
)
from vanishing.activations import Activation
from vanishing.cells import Cell, find_cell
from vanishing.contributions import Contributions
from vanishing.figures.ledgers import LINES, decades
from vanishing.figures.style import caption, check_axes, checked_text, checked_variant, drawable
from vanishing.time_ledger import TimeLedger

GATED_LOOKS: dict[str, dict[str, Any]] = {
    "gru": {"color": "#A6761D", "linestyle": "-.", "marker": "D", "label": "GRU"},
    "lstm": {"color": "#5B2A86", "linestyle": "--", "marker": "s", "label": "LSTM"},
}
"""What the cells with gates look like everywhere; a simple cell looks like its activation."""

PART_LINES: dict[str, dict[str, Any]] = {
    "slopes": LINES["slopes"],
    "weights": LINES["weights"],
    "update gate": LINES["slopes"],
    "forget gate": LINES["slopes"],
    "detour": LINES["shortcut"],
    "answers": LINES["normalization"],
}
"""The lines of what does something to the error on its way back through time."""

GATE_LINES: dict[str, dict[str, Any]] = {
    "i": {"linestyle": ":", "marker": "^", "label": "input"},
    "f": {"linestyle": "-", "marker": "o", "label": "forget"},
    "o": {"linestyle": "--", "marker": "s", "label": "output"},
    "r": {"linestyle": ":", "marker": "^", "label": "reset"},
    "z": {"linestyle": "-", "marker": "o", "label": "update"},
    "slopes": {"linestyle": "-", "marker": "o", "label": "slopes"},
}
"""The line of each gate, and of what stands in the place of gates in a simple cell."""

KEEPING = ("f", "z", "slopes")
"""Those that multiply the error on its way back."""

DEEPEST = 12.0
"""Decades of the tint from light to dark at most, where no limit is given."""

MOST_WORDS = 2000
"""More words than this are taken for a slip of the pen."""

MOST_COLUMNS = 100
"""With more steps side by side their words could not be read."""


def cell_look(cell: str | Activation | Cell) -> dict[str, Any]:
    """Return colour, line style, marker and name of a kind of cell, as Matplotlib takes them.

    Parameters
    ----------
    cell : str, Activation or Cell
        Which one.

    Raises
    ------
    TypeError, ValueError
        If there is no such cell.
    """
    found = find_cell(cell)
    if found.name in GATED_LOOKS:
        return dict(GATED_LOOKS[found.name])
    variant = checked_variant(found.activation)
    name = variant.label if found.name == variant.activation else found.name
    return {"color": variant.color, "linestyle": "-", "marker": "o", "label": name}


def error_over_lag(
    ax: Axes, account: TimeLedger, *, expected: ArrayLike | None = None, label: str = ""
) -> list[Line2D]:
    """Draw the error's norm over the lag, in decades, with theory's line.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    account : TimeLedger
        The account.
    expected : array_like of shape (T - 1,), optional
        The factors that theory expects, as `vanishing.time_theory.expected_factors` returns them.
    label : str
        The name in the legend; left out, the cell's.

    Returns
    -------
    list of Line2D
        The measured errors as markers, and theory's line if there is one.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    found = instance("account", account, TimeLedger)
    look = cell_look(found.cell)
    name = checked_text("label", label) or look["label"]
    lags = np.arange(found.steps)
    color, marker = look["color"], look["marker"]
    lines = ax.plot(
        lags, _finite(found.relative), marker, color=color, mfc="white", markersize=5, label=name
    )
    if expected is not None:
        factors = _checked_factors(expected, found.steps - 1)
        lines += ax.plot(
            lags,
            _cumulated(factors),
            color=color,
            linestyle=look["linestyle"],
            linewidth=1.5,
            label=f"{name}, theory",
        )
    caption(ax, x="lag: words back from the last", y="error / error at the last, decades")
    return lines


def _checked_factors(expected: ArrayLike, count: int) -> Array:
    factors = drawable("expected", expected, 1, f"({count},)", gaps=True)
    if len(factors) != count:
        raise ValueError(f"expected must have {count} factors; got {len(factors)}")
    if (factors < 0).any():
        raise ValueError(f"expected must be zero or positive; got {shown(expected)}")
    return factors


def ledger_through_time(ax: Axes, account: TimeLedger) -> list[Line2D]:
    """Draw what each part did to the error on its way back, summed up to each lag, in decades.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    account : TimeLedger
        The account.

    Returns
    -------
    list of Line2D
        One for each part; and last, thick, all of them together.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    found = instance("account", account, TimeLedger)
    lags, every = np.arange(found.steps), max(1, found.steps // 8)
    ax.axhline(0, color="0.25", linewidth=1)
    lines = []
    for part, factors in found.columns.items():
        style = PART_LINES[part]
        lines += ax.plot(
            lags, _cumulated(factors), label=part, markersize=6, markevery=every, **style
        )
    look = cell_look(found.cell)
    total = {"color": look["color"], "label": "all: the error", "linewidth": 3}
    lines += ax.plot(lags, _finite(found.relative), **total)
    caption(ax, x="lag: words back from the last", y="decades")
    return lines


def contributions_over_lag(
    ax: Axes, found: Contributions, *, cell: str | Activation | Cell = "tanh", label: str = ""
) -> Line2D:
    """Draw how much each step contributes to a gradient over its lag, on a logarithmic axis.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    found : Contributions
        What was found; steps that contribute nothing are left out.
    cell : str, Activation or Cell
        What kind of cell it is: gives the look.
    label : str
        The name in the legend; left out, the cell's.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    instance("found", found, Contributions)
    look = cell_look(cell)
    look["label"] = checked_text("label", label) or look["label"]
    norms = np.where(found.norms > 0, found.norms, np.nan)
    (line,) = ax.plot(found.lags, norms, markersize=5, **look)
    ax.set_yscale("log")
    caption(ax, x="lag: words back from the last", y=f"norm of its d{found.weights}")
    return line


def tinted_sentence(
    ax: Axes,
    words: Sequence[str],
    amounts: ArrayLike,
    *,
    per_line: int = 7,
    limits: tuple[float, float] | None = None,
) -> list[Text]:
    """Write a sentence, each word in a box tinted by how much gradient it receives.

    The tint is logarithmic, yellow for much and dark blue for little, and below each word its
    amount is printed.

    Parameters
    ----------
    ax : Axes
        Where to write; its own lines and ticks are taken away.
    words : sequence of str
        The words, in order.
    amounts : array_like of shape (words,)
        How much each receives, zero or positive; see `vanishing.contributions.word_gradients`.
    per_line : int
        How many words stand side by side, from 1 to 50.
    limits : tuple of float, optional
        The amounts that are tinted darkest and lightest. Left out, the largest of these amounts,
        and the smallest, but no more than twelve decades below. Give several sentences the same to
        compare them.

    Returns
    -------
    list of Text
        The words and, after them, what is printed below each.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    said = _checked_words(words, MOST_WORDS)
    width = whole_number("per_line", per_line, at_least=1, at_most=50)
    fills, inks = _colors_of(_tints(amounts, len(said), limits))
    numbers = drawable("amounts", amounts, 1, "(words,)")
    places = [(i % width, -(i // width)) for i in range(len(said))]
    ax.set_axis_off()
    ax.set(xlim=(-0.5, min(width, len(said)) - 0.5), ylim=(places[-1][1] - 0.6, 0.5))
    written = [
        _word(ax, place, word, fill, ink)
        for place, word, fill, ink in zip(places, said, fills, inks, strict=True)
    ]
    return written + [
        ax.text(x, y - 0.34, in_short(amount), ha="center", va="top", fontsize=9)
        for (x, y), amount in zip(places, numbers, strict=True)
    ]


def _word(ax: Axes, place: tuple[int, int], word: str, fill: Any, ink: str) -> Text:
    box = {"boxstyle": "round,pad=0.3", "facecolor": fill, "edgecolor": "0.3"}
    return ax.text(*place, word, ha="center", va="center", fontsize=12, color=ink, bbox=box)


def in_short(amount: float) -> str:
    """Return an amount as it is printed below its word."""
    return f"{amount:.0e}" if amount else "0"


def word_colors(
    amounts: ArrayLike, *, limits: tuple[float, float] | None = None
) -> tuple[Array, list[str]]:
    """Return the colours of `tinted_sentence`: of each word's box, and of its letters.

    Parameters
    ----------
    amounts, limits
        As for `tinted_sentence`.

    Returns
    -------
    fills : ndarray of shape (words, 4)
        Red, green, blue and opacity, from 0 to 1.
    inks : list of str
        "black" on light boxes, "white" on dark ones.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    values = drawable("amounts", amounts, 1, "(words,)")
    return _colors_of(_tints(values, len(values), limits))


def _colors_of(shares: Array) -> tuple[Array, list[str]]:
    """Return the colours of boxes and letters for tints from 0 to 1."""
    return colormaps["cividis"](shares), ["black" if share > 0.5 else "white" for share in shares]


def _tints(amounts: ArrayLike, count: int, limits: Any) -> Array:
    """Return where each amount lies between the limits, on a logarithmic scale from 0 to 1."""
    values = drawable("amounts", amounts, 1, "(words,)")
    if len(values) != count:
        raise ValueError(f"amounts must be {count}, one a word; got {len(values)}")
    if (values < 0).any():
        raise ValueError(f"amounts must be zero or positive; got {shown(amounts)}")
    powers = decades(values)
    if limits is None:
        high = powers.max()
        low = max(powers.min(), high - DEEPEST)
    else:
        ends = several("limits", limits, "two numbers")
        if len(ends) != 2:
            raise ValueError(f"limits must be two numbers; got {shown(limits)}")
        low, high = (math.log10(real_number("limits", one)) for one in ends)
        if not low < high:
            raise ValueError(f"limits must rise; got {shown(limits)}")
    found: Array = np.clip((powers - low) / (high - low), 0, 1) if high > low else powers * 0 + 1
    return found


def accuracy_over_distance(
    ax: Axes,
    distances: Sequence[int],
    accuracies: ArrayLike,
    *,
    cell: str | Activation | Cell = "tanh",
    chance: float = 0.5,
    label: str = "",
) -> list[Line2D]:
    """Draw the accuracy over the distance: a ring each run, and a line through the medians.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    distances : sequence of int
        The distances.
    accuracies : array_like of shape (distances, draws)
        The share of right answers of each run.
    cell : str, Activation or Cell
        What kind of cell it is: gives the look.
    chance : float
        The accuracy of guessing, drawn as a thin level line.
    label : str
        The name in the legend; left out, the cell's.

    Returns
    -------
    list of Line2D
        The rings, and the line.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    x = [
        whole_number(f"distances[{i}]", one, at_least=0, at_most=10**6)
        for i, one in enumerate(several("distances", distances, "whole numbers"))
    ]
    shares = drawable("accuracies", accuracies, 2, "(distances, draws)")
    if not x or len(shares) != len(x):
        raise ValueError(f"distances must be {len(shares)}, one a row of accuracies; got {len(x)}")
    level = real_number("chance", chance, zero_allowed=True, at_most=1.0)
    look = cell_look(cell)
    name = checked_text("label", label) or look["label"]
    color, style, marker = look["color"], look["linestyle"], look["marker"]
    rings = ax.plot(
        np.repeat(x, shares.shape[1]), shares.ravel(), marker, color=color, mfc="none", label="_"
    )
    line = ax.plot(x, np.median(shares, axis=1), color=color, linestyle=style, label=name)
    ax.axhline(level, color="0.25", linewidth=1)
    ax.set_ylim(min(level, float(shares.min())) - 0.05, 1.03)
    caption(ax, x="distance, words", y="share of right answers")
    return rings + line


def gates_over_time(ax: Axes, gate: ArrayLike, words: Sequence[str]) -> AxesImage:
    """Draw how far a gate is open: a column for each word, a row for each unit.

    Dark blue is shut, 0, and yellow open, 1, whatever the values; so gates and sentences can be
    compared. Units are sorted by their mean, the most open one on top.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    gate : array_like of shape (T, H)
        The gate at each step, from 0 to 1: that of one sequence out of the `gates` of
        `RecurrentNetwork.states`.
    words : sequence of str
        The T words, in order; at most 100.

    Returns
    -------
    AxesImage
        The picture; `figure.colorbar` takes it.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    said = _checked_words(words, MOST_COLUMNS)
    openings = drawable("gate", gate, 2, f"({len(said)}, H)")
    if len(openings) != len(said):
        raise ValueError(f"gate must have {len(said)} rows, one a word; got {len(openings)}")
    if (openings < 0).any() or (openings > 1).any():
        raise ValueError(f"gate must lie between 0 and 1; got {shown(gate)}")
    order = np.argsort(-openings.mean(axis=0), kind="stable")
    image = ax.imshow(openings[:, order].T, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(said)), said, rotation=60, ha="right", rotation_mode="anchor")
    ax.set_yticks([])
    ax.grid(visible=False)
    caption(ax, y="units")
    return image


def mean_gates(
    ax: Axes, gates: Mapping[str, ArrayLike], *, cell: str | Activation | Cell = "lstm"
) -> dict[str, Line2D]:
    """Draw how far each gate is open at each word, in the mean over units: one line a gate.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    gates : mapping of str to array_like of shape (T, H)
        What lies between 0 and 1 at each step in each unit, by name: "i", "f", "o" of an LSTM, "r",
        "z" of a GRU, or "slopes" of a simple cell. NaN is left out.
    cell : str, Activation or Cell
        What kind of cell it is: gives the colour of what the error is multiplied by.

    Returns
    -------
    dict of str to Line2D
        The line of each gate.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    look, lines = cell_look(cell), {}
    for name, values in _checked_gates(gates).items():
        style = GATE_LINES[one_of("gates", name, GATE_LINES)]
        own = {"color": look["color"], "linewidth": 2.5} if name in KEEPING else {"color": "0.3"}
        means = drawable(f"gates[{name!r}]", values, 2, "(T, H)", gaps=True).mean(axis=1)
        (lines[name],) = ax.plot(np.arange(1, len(means) + 1), means, markersize=5, **style, **own)
    ax.set(ylim=(-0.05, 1.05))
    caption(ax, x="word", y="mean over units")
    return lines


def _checked_words(words: Any, most: int) -> list[str]:
    """Return a sentence's words, in order."""
    said = [text(f"words[{i}]", word) for i, word in enumerate(several("words", words, "texts"))]
    if not 0 < len(said) <= most:
        raise ValueError(f"words must be 1 to {most:,}; got {len(said):,}")
    return said


def _checked_gates(gates: Any) -> Mapping[str, Any]:
    if not isinstance(gates, Mapping):
        raise TypeError(f"gates must be a mapping of names to arrays; got {shown(gates)}")
    if not gates:
        raise ValueError(f"gates must name one or more; got {shown(gates)}")
    return gates


def _cumulated(factors: Array) -> Array:
    """Return the decades of the product of factors up to each lag, lag 0 first."""
    return _finite(np.concatenate([[0.0], np.cumsum(decades(factors[::-1]))]))


def _finite(values: Array) -> Array:
    found: Array = np.where(np.isfinite(values), values, np.nan)
    return found
