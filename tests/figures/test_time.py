"""Figures of what happens through time."""

from collections.abc import Callable, Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes

from vanishing import figures
from vanishing.cells import CELLS, Cell, LSTMStep
from vanishing.contributions import contributions, word_gradients
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import agreement
from vanishing.time_ledger import TimeLedger, time_ledger
from vanishing.time_theory import expected_factors

TASK = agreement(12)
DATA = TASK.batch(20, 1)


@pytest.fixture
def ax() -> Iterator[Axes]:
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def drawn(cell: str = "tanh", **settings: object) -> RecurrentNetwork:
    return RecurrentNetwork.initialize(TASK, 8, cell, rng=0, **settings)  # type: ignore[arg-type]


def books(cell: str = "tanh", **settings: object) -> TimeLedger:
    return time_ledger(drawn(cell, **settings), DATA)


def test_cells_are_told_apart_by_more_than_colour() -> None:
    looks = [figures.cell_look(cell) for cell in ("tanh", "gru", "lstm")]
    for what in ("color", "linestyle", "marker", "label"):
        assert len({look[what] for look in looks}) == 3
    assert figures.cell_look("relu")["color"] == figures.color("relu")
    assert figures.cell_look("relu")["label"] == "ReLU"
    assert figures.cell_look(Cell("own", LSTMStep))["label"] == "own"
    for cell in CELLS.values():
        assert figures.cell_look(cell) == figures.cell_look(cell.name)


def test_error_over_lag_starts_at_zero_and_ends_at_the_first_word(ax: Axes) -> None:
    account = books(gain=0.5)
    expected = expected_factors(drawn(gain=0.5), DATA)
    measured, theory = figures.error_over_lag(ax, account, expected=expected, label="gain 0.5")
    np.testing.assert_array_equal(measured.get_xdata(), np.arange(13))
    np.testing.assert_allclose(np.asarray(measured.get_ydata()), account.relative)
    ends = np.asarray(theory.get_ydata())
    assert ends[0] == 0
    assert ends[1] == pytest.approx(np.log10(expected[-1]))
    assert ends[-1] == pytest.approx(np.log10(expected).sum())
    assert [line.get_label() for line in (measured, theory)] == ["gain 0.5", "gain 0.5, theory"]
    assert len(figures.error_over_lag(ax, account)) == 1


def test_expected_factors_must_be_as_many_as_steps_back(ax: Axes) -> None:
    with pytest.raises(ValueError, match="expected must have 12 factors; got 3"):
        figures.error_over_lag(ax, books(), expected=[1, 1, 1])


@pytest.mark.parametrize("cell", ["tanh", "gru", "lstm"])
def test_parts_of_the_ledger_sum_to_the_error(ax: Axes, cell: str) -> None:
    account = books(cell)
    *parts, total = figures.ledger_through_time(ax, account)
    assert [line.get_label() for line in parts] == list(account.columns)
    summed = np.sum([np.asarray(line.get_ydata()) for line in parts], axis=0)
    np.testing.assert_allclose(summed, np.asarray(total.get_ydata()), atol=1e-12)
    assert len({(line.get_linestyle(), line.get_marker()) for line in [*parts, total]}) == 3
    assert total.get_linewidth() > max(line.get_linewidth() for line in parts)
    assert total.get_color() == figures.cell_look(cell)["color"]


def test_contributions_leave_out_what_is_nothing(ax: Axes) -> None:
    found = contributions(drawn(), DATA, "W_h")
    line = figures.contributions_over_lag(ax, found, cell="lstm")
    heights = np.asarray(line.get_ydata())
    assert np.isnan(heights[0])
    np.testing.assert_array_equal(heights[1:], found.norms[1:])
    assert ax.get_yscale() == "log"
    assert "dW_h" in ax.get_ylabel()
    assert line.get_label() == "LSTM"
    np.testing.assert_array_equal(line.get_xdata(), found.lags)


def test_sentence_is_tinted_by_amount_and_says_it(ax: Axes) -> None:
    words = DATA.words(0)
    amounts = word_gradients(drawn(gain=0.5), DATA)[:, 0]
    written = figures.tinted_sentence(ax, words, amounts, per_line=5)
    assert [one.get_text() for one in written[:13]] == list(words)
    assert written[13].get_text() == f"{amounts[0]:.0e}"
    fills = [one.get_bbox_patch().get_facecolor() for one in written[:13]]  # type: ignore[union-attr]
    brightness = np.array(fills)[:, :3].sum(axis=1)
    assert brightness[-1] == brightness.max()
    assert (np.argsort(amounts) == np.argsort(brightness)).all()
    rows = {one.get_position()[1] for one in written[:13]}
    assert len(rows) == 3


def test_colors_of_words_are_those_of_the_sentence(ax: Axes) -> None:
    amounts = word_gradients(drawn(gain=0.5), DATA)[:, 0]
    fills, inks = figures.word_colors(amounts)
    written = figures.tinted_sentence(ax, DATA.words(0), amounts)[:13]
    for word, fill, ink in zip(written, fills, inks, strict=True):
        np.testing.assert_array_equal(word.get_bbox_patch().get_facecolor(), fill)  # type: ignore[union-attr]
        assert word.get_color() == ink
    assert [figures.in_short(amount) for amount in (0.0, 0.034)] == ["0", "3e-02"]


@pytest.mark.parametrize(("count", "per_line"), [(1, 7), (3, 7), (7, 7), (8, 7), (13, 5)])
def test_all_of_a_sentence_lies_within_its_axes(ax: Axes, count: int, per_line: int) -> None:
    written = figures.tinted_sentence(ax, ["word"] * count, np.ones(count), per_line=per_line)
    places = np.array([one.get_position() for one in written])
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    assert (left, right) == (-0.5, min(count, per_line) - 0.5)
    assert low < places[:, 1].min() - 0.2
    assert high >= places[:count, 1].max() + 0.5
    # Each amount stands under its word.
    np.testing.assert_array_equal(places[:count, 0], places[count:, 0])
    assert (places[count:, 1] < places[:count, 1]).all()
    assert (np.diff(places[:count, 1]) <= 0).all()


def test_limits_make_sentences_comparable(ax: Axes) -> None:
    def fill(amount: float, limits: tuple[float, float] | None) -> tuple[float, ...]:
        (word, _) = figures.tinted_sentence(ax, ["a"], [amount], limits=limits)
        return tuple(word.get_bbox_patch().get_facecolor())  # type: ignore[union-attr]

    assert fill(1e-3, (1e-6, 1)) != fill(1e-5, (1e-6, 1))
    assert fill(1e-9, (1e-6, 1)) == fill(1e-6, (1e-6, 1)) == fill(0, (1e-6, 1))
    assert fill(1, None) == fill(7, (1e-6, 1))
    with pytest.raises(ValueError, match="limits must rise"):
        fill(1, (1, 0.5))
    with pytest.raises(ValueError, match="limits must be two numbers"):
        fill(1, (1, 2, 3))  # type: ignore[arg-type]


def test_accuracy_over_distance_has_every_run_and_the_median(ax: Axes) -> None:
    shares = [[1.0, 0.9, 0.8], [0.5, 0.4, 1.0]]
    rings, line = figures.accuracy_over_distance(ax, [5, 10], shares, cell="gru")
    np.testing.assert_array_equal(rings.get_xdata(), [5, 5, 5, 10, 10, 10])
    np.testing.assert_array_equal(line.get_ydata(), [0.9, 0.5])
    assert line.get_label() == "GRU"
    np.testing.assert_array_equal(rings.get_ydata(), np.ravel(shares))
    (chance,) = [one for one in ax.lines if one not in (rings, line)]
    np.testing.assert_array_equal(chance.get_ydata(), [0.5, 0.5])
    low, high = ax.get_ylim()
    assert 0.3 < low < 0.4 < 1 < high < 1.1
    with pytest.raises(ValueError, match="distances must be 2, one a row of accuracies; got 1"):
        figures.accuracy_over_distance(ax, [5], shares)


def test_gates_have_a_column_for_each_word_and_the_most_open_unit_on_top(ax: Axes) -> None:
    forget = drawn("lstm").states(DATA.inputs).gates["f"][:, 0]
    image = figures.gates_over_time(ax, forget, DATA.words(0))
    shown = np.asarray(image.get_array())
    assert shown.shape == (8, 13)
    assert (np.diff(shown.mean(axis=1)) <= 0).all()
    np.testing.assert_array_equal(np.sort(shown, axis=0), np.sort(forget.T, axis=0))
    assert image.get_clim() == (0, 1)
    blue, yellow = image.to_rgba(np.array([[0.0, 1.0]]))[0, :, :3]
    assert blue[2] > blue[0], "what is shut is dark blue"
    assert yellow[0] > yellow[2], "what is open is yellow"
    assert yellow.sum() > blue.sum() + 1
    assert [one.get_text() for one in ax.get_xticklabels()] == list(DATA.words(0))
    np.testing.assert_array_equal(ax.get_xticks(), np.arange(13))


def test_gates_must_be_shares_one_row_a_word(ax: Axes) -> None:
    with pytest.raises(ValueError, match="gate must have 2 rows, one a word; got 1"):
        figures.gates_over_time(ax, [[0.5]], ["a", "b"])
    for beyond in (-0.1, 1.1):
        with pytest.raises(ValueError, match="gate must lie between 0 and 1"):
            figures.gates_over_time(ax, [[beyond]], ["a"])
    for count in (0, 101):
        with pytest.raises(ValueError, match=f"words must be 1 to 100; got {count}"):
            figures.gates_over_time(ax, np.ones((count, 1)), ["a"] * count)


@pytest.mark.parametrize(("cell", "keeping"), [("lstm", "f"), ("gru", "z"), ("relu", "slopes")])
def test_mean_gates_are_means_over_units_and_the_keeping_one_has_the_cells_colour(
    ax: Axes, cell: str, keeping: str
) -> None:
    found = drawn(cell).states(DATA.inputs).gates
    gates = {name: values[:, 0] for name, values in found.items() if name not in "ga"}
    gates = gates or {"slopes": (found["a"][:, 0] > 0).astype(float)}
    lines = figures.mean_gates(ax, gates, cell=cell)
    assert lines.keys() == gates.keys()
    for name, line in lines.items():
        np.testing.assert_allclose(line.get_ydata(), gates[name].mean(axis=1))
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 14))
        own = line.get_color() == figures.cell_look(cell)["color"]
        assert own == (name == keeping)
    looks = {(line.get_linestyle(), line.get_marker()) for line in lines.values()}
    assert len(looks) == len(lines)


def test_mean_gates_name_what_is_wrong(ax: Axes) -> None:
    with pytest.raises(TypeError, match="gates must be a mapping of names to arrays; got 3"):
        figures.mean_gates(ax, 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"gates must name one or more; got \{\}"):
        figures.mean_gates(ax, {})
    with pytest.raises(ValueError, match=r"gates must be one of 'i', .*got 'x'"):
        figures.mean_gates(ax, {"x": [[1.0]]})
    with pytest.raises(ValueError, match=r"gates\['f'\] must be .*shape \(T, H\)"):
        figures.mean_gates(ax, {"f": [1.0]})


CALLS: dict[str, Callable[[Axes], object]] = {
    "lag: words back from the last | error / error at the last, decades": (
        lambda ax: figures.error_over_lag(ax, books())
    ),
    "lag: words back from the last | decades": (
        lambda ax: figures.ledger_through_time(ax, books())
    ),
    "lag: words back from the last | norm of its dW_x": (
        lambda ax: figures.contributions_over_lag(ax, contributions(drawn(), DATA, "W_x"))
    ),
    "distance, words | share of right answers": (
        lambda ax: figures.accuracy_over_distance(ax, [5], [[1.0, 0.5]])
    ),
    " | units": lambda ax: figures.gates_over_time(ax, [[0.5]], ["a"]),
    "word | mean over units": lambda ax: figures.mean_gates(ax, {"f": [[0.5]]}),
    " | ": lambda ax: figures.tinted_sentence(ax, ["a"], [1.0]),
}
"""Each figure of time, by the names on its axes."""


@pytest.mark.parametrize("names", CALLS)
def test_axes_say_what_they_measure(ax: Axes, names: str) -> None:
    CALLS[names](ax)
    assert f"{ax.get_xlabel()} | {ax.get_ylabel()}" == names
    not_axes: Any = "axes"
    with pytest.raises(TypeError, match="ax must be a Matplotlib Axes; got 'axes'"):
        CALLS[names](not_axes)


def test_figures_of_time_name_what_is_wrong(ax: Axes) -> None:
    with pytest.raises(ValueError, match="amounts must be 2, one a word; got 1"):
        figures.tinted_sentence(ax, ["a", "b"], [1.0])
    with pytest.raises(ValueError, match="amounts must be zero or positive"):
        figures.tinted_sentence(ax, ["a"], [-1.0])
    with pytest.raises(ValueError, match="words must be 1 to 2,000; got 0"):
        figures.tinted_sentence(ax, [], [1.0])
