"""The figures of the ledger draw its numbers, each part where the error meets it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from looks import same_style
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from vanishing import Activation, Network, Variant, figures, lecture
from vanishing.ledger import Ledger, ledger

OWN = Variant("own", Activation("sine", np.sin, np.cos), color="#123456")
PARTS = ["normalization", "weights", "shortcut", "slopes"]


@pytest.fixture
def ax() -> Iterator[Axes]:
    figure = Figure()
    yield figure.add_subplot()
    figure.canvas.draw()


@pytest.fixture
def account() -> Ledger:
    """Return the lecture's network's, with simple factors: the first layer's come first."""
    data, network, _ = lecture.setup()
    return replace(
        ledger(network, data), weights=np.array([0.1, 100.0]), slopes=np.array([1.0, 0.001])
    )


def with_all_parts() -> Ledger:
    data, _, _ = lecture.setup()
    sizes, extras = (2, 20, 20, 20, 3), {"residual": 1.0, "normalization": "layer"}
    return ledger(Network.initialize(sizes, "tanh", scale=0.3, rng=0, **extras), data)


# The waterfall


def test_the_waterfall_is_a_staircase_from_the_scores_down(ax: Axes, account: Ledger) -> None:
    weights, slopes = figures.waterfall(ax, account)
    # Layer 2 first: 100, then 0.001; then layer 1: 0.1, then 1.
    assert [bar.get_y() for bar in weights] == pytest.approx([0, -1])
    assert [bar.get_height() for bar in weights] == pytest.approx([2, -1])
    assert [bar.get_y() for bar in slopes] == pytest.approx([2, -2])
    assert [bar.get_height() for bar in slopes] == pytest.approx([-3, 0])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "1"]
    assert list(ax.get_xticks()) == [0, 1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("hidden layer where the error arrives", "decades")


def test_a_deep_waterfall_numbers_some_of_its_layers(ax: Axes) -> None:
    data, _, _ = lecture.setup()
    figures.waterfall(ax, ledger(Network.initialize((2, *[5] * 30, 3), "tanh", rng=0), data))
    numbers = [int(label.get_text()) for label in ax.get_xticklabels()]
    assert [30 - number for number in numbers] == list(ax.get_xticks())
    assert numbers[-1] == 1
    assert len(numbers) < 30


@pytest.mark.parametrize(
    ("count", "room", "expected"),
    [
        (3, 66, [1, 2, 3]),
        (7, 100, [1, 4, 6]),
        (12, 100, [1, 5, 10]),
        (30, 100, [1, 10, 20, 30]),
        (1, 1, [1]),
    ],
)
def test_numbered_layers_have_room(count: int, room: float, expected: list[int]) -> None:
    assert figures.numbered_layers(count, room) == expected


def test_the_bars_of_a_layer_stand_side_by_side_around_its_tick(ax: Axes, account: Ledger) -> None:
    drawn = figures.waterfall(ax, account)
    places = [[(bar.get_x(), bar.get_width()) for bar in bars] for bars in drawn]
    expected = [[(-0.4, 0.4), (0.6, 0.4)], [(0, 0.4), (1, 0.4)]]
    np.testing.assert_allclose(places, expected, atol=1e-12)
    drawn = figures.waterfall(ax, with_all_parts())
    places = [[(bar.get_x(), bar.get_width()) for bar in bars][1] for bars in drawn]
    np.testing.assert_allclose(places, [(0.6, 0.2), (0.8, 0.2), (1, 0.2), (1.2, 0.2)])


def test_a_waterfall_begins_at_a_line_without_a_grid_across(ax: Axes, account: Ledger) -> None:
    ax.grid(visible=True)
    figures.waterfall(ax, account)
    assert not any(line.get_visible() for line in ax.get_xgridlines())
    assert all(line.get_visible() for line in ax.get_ygridlines())
    (line,) = ax.lines
    assert list(np.asarray(line.get_ydata())) == [0, 0]
    assert (line.get_color(), line.get_linewidth()) == ("0.25", 1)


def test_each_part_has_its_own_bars(ax: Axes) -> None:
    drawn = figures.waterfall(ax, with_all_parts())
    assert [bars.get_label() for bars in drawn] == PARTS
    looks = [(to_hex(bars[0].get_facecolor()), bars[0].get_hatch()) for bars in drawn]
    assert looks == [
        ("#ffffff", "..."),
        ("#737373", None),
        ("#cccccc", r"\\\\"),
        ("#f0e442", "///"),
    ]
    edges = {
        (to_hex(bar.get_edgecolor(), keep_alpha=True), bar.get_linewidth())
        for bars in drawn
        for bar in bars
    }
    assert edges == {("#000000ff", 0.8)}


def test_with_all_its_parts_the_waterfall_leads_to_the_attenuation(ax: Axes) -> None:
    account = with_all_parts()
    drawn = figures.waterfall(ax, account)
    bars = [bar for step in zip(*drawn, strict=True) for bar in step]
    ends = [bar.get_y() + bar.get_height() for bar in bars]
    np.testing.assert_allclose([bar.get_y() for bar in bars], [0, *ends[:-1]], atol=1e-12)
    assert ends[-1] == pytest.approx(np.log10(account.attenuation))
    for part, bars_of_part in zip(PARTS, drawn, strict=True):
        heights = [bar.get_height() for bar in bars_of_part]
        np.testing.assert_allclose(heights, np.log10(getattr(account, part))[::-1], atol=1e-12)


@pytest.mark.parametrize(
    ("weights", "slopes", "place", "end"),
    [
        # (layer 1, layer 2) each; the error meets layer 2 first.
        ([0.1, 1.0], [0.5, 0.0], (1, 0), -1.0),
        ([0.1, 1e-3], [0.0, 0.1], (1, 1), -6.0),
        ([0.0, 1e2], [0.5, 1.0], (0, 1), -1.0),
        ([0.0, 0.0], [np.nan, np.nan], (0, 0), -1.0),
    ],
)
def test_a_factor_of_zero_is_said_to_let_nothing_through(
    ax: Axes, account: Ledger, weights: Any, slopes: Any, place: Any, end: float
) -> None:
    cut = replace(account, weights=np.array(weights), slopes=np.array(slopes))
    drawn = figures.waterfall(ax, cut)
    assert figures.cut_off(cut) == place
    bar = drawn[place[0]][place[1]]
    assert bar.get_y() + bar.get_height() == pytest.approx(end)
    bars = [bar for step in zip(*drawn, strict=True) for bar in step]
    after = bars[bars.index(bar) + 1 :]
    assert [(one.get_y(), one.get_height()) for one in after] == [(pytest.approx(end), 0)] * len(
        after
    )
    (note,) = ax.texts
    assert note.get_text() == "nothing\ncomes through"
    ax.figure.canvas.draw()
    assert ax.bbox.y0 < note.get_window_extent().y0
    assert note.get_window_extent().y1 <= bar.get_window_extent().y0 + 0.1


def test_small_factors_are_no_zeros(ax: Axes, account: Ledger) -> None:
    small = replace(account, weights=np.array([1e-20, 1e-20]))
    assert figures.cut_off(small) is None
    weights, _ = figures.waterfall(ax, small)
    assert [bar.get_height() for bar in weights] == pytest.approx([-20, -7])
    assert not ax.texts


def test_a_note_goes_when_something_comes_through_again(ax: Axes) -> None:
    note = ax.text(0, 0, "")
    (bar,) = ax.bar([3], [-2])
    figures.name_nothing(note, bar)
    assert (note.get_text(), note.get_position()) == ("nothing\ncomes through", (3, -2))
    figures.name_nothing(note, None)
    assert note.get_text() == ""


def test_decades_of_nothing_and_from_nothing() -> None:
    found = figures.decades([100, 1, 0.1, 0, np.nan, np.inf, 1e-200])
    np.testing.assert_allclose(found, [2, 0, -1, -30, 0, 30, -30], atol=1e-12)
    assert figures.decades(1000.0) == pytest.approx(3)


def test_the_bars_of_chosen_parts(account: Ledger) -> None:
    bottoms, heights = figures.waterfall_bars(account, ("weights", "shortcut", "slopes"))
    np.testing.assert_allclose(heights, [[2, -1], [0, 0], [-3, 0]], atol=1e-12)
    np.testing.assert_allclose(bottoms, [[0, -1], [2, -2], [2, -2]], atol=1e-12)


def test_bars_are_drawn_around_any_place(ax: Axes) -> None:
    drawn = figures.draw_bars(ax, [3.5], [[1.0], [2.0], [3.0]], [[4], [5], [-6]], parts=PARTS[:3])
    found = [(b[0].get_x() + b[0].get_width() / 2, b[0].get_y(), b[0].get_height()) for b in drawn]
    np.testing.assert_allclose(found, [(3.5 - 0.8 / 3, 1, 4), (3.5, 2, 5), (3.5 + 0.8 / 3, 3, -6)])
    usual = figures.draw_bars(ax, [0], np.zeros((2, 1)), np.zeros((2, 1)))
    assert [bars.get_label() for bars in usual] == ["weights", "slopes"]


# Over time


def test_the_account_over_time_adds_up(ax: Axes, account: Ledger) -> None:
    later = replace(account, slopes=np.array([1.0, 1.0]))
    weights, slopes, both = figures.ledger_over_time(ax, [0, 10, 20], [account, later])
    for line, sums in ((weights, [1, 1]), (slopes, [-3, 0]), (both, [-2, 1])):
        assert list(np.asarray(line.get_xdata())) == [0, 10]
        np.testing.assert_allclose(np.asarray(line.get_ydata()), sums, atol=1e-12)
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()) == ("symlog", "iteration", "decades")
    zero = ax.lines[0]
    assert list(np.asarray(zero.get_ydata())) == [0, 0]
    assert (zero.get_color(), zero.get_linewidth()) == ("0.25", 1)


def test_over_time_each_part_has_its_own_line(ax: Axes, account: Ledger) -> None:
    lines = figures.ledger_over_time(ax, [0], [account], log_iterations=False)
    assert [line.get_label() for line in lines] == ["weights", "slopes", "both: layer 1 / scores"]
    looks = [(line.get_color(), line.get_marker(), line.get_linestyle()) for line in lines]
    assert looks == [("0.45", "s", "--"), ("#9C8A00", "^", ":"), ("#0072B2", "None", "-")]
    assert [line.get_markersize() for line in lines[:2]] == [6, 6]
    assert lines[2].get_linewidth() == 3
    assert ax.get_xscale() == "linear"


def test_over_time_all_parts_add_up_to_the_attenuation(ax: Axes, account: Ledger) -> None:
    full = with_all_parts()
    lines = figures.ledger_over_time(ax, [5], [full], variant=OWN)
    assert [line.get_label() for line in lines] == [*PARTS, "all: layer 1 / scores"]
    assert np.asarray(lines[4].get_ydata()) == pytest.approx([np.log10(full.attenuation)])
    assert lines[4].get_color() == "#123456"
    looks = [(line.get_color(), line.get_marker()) for line in lines[:4]]
    assert looks == [("0.3", "o"), ("0.45", "s"), ("0.65", "D"), ("#9C8A00", "^")]
    for line, style in zip(lines, ["-.", "--", (0, (6, 1)), ":", "-"], strict=True):
        assert same_style(line, style)
    # A part that is there in one of the accounts is drawn for all.
    *_, both = figures.ledger_over_time(ax, [0, 5], [account, full])
    assert np.asarray(both.get_ydata()) == pytest.approx([-2, np.log10(full.attenuation)])


def test_over_time_nothing_lies_below_the_floor(ax: Axes, account: Ledger) -> None:
    little = replace(account, weights=np.full(2, 1e-25), slopes=np.array([1e-40, np.nan]))
    for line in figures.ledger_over_time(ax, [0], [little]):
        assert list(np.asarray(line.get_ydata())) == [-30]


def test_over_time_a_factor_of_zero_leaves_a_gap_and_is_marked(ax: Axes, account: Ledger) -> None:
    nothing = replace(account, slopes=np.array([0.0, 1.0]))
    drawn = figures.ledger_over_time(ax, [0, 10, 20], [account, nothing, account])
    weights, slopes, both = (np.asarray(line.get_ydata()) for line in drawn)
    assert np.isnan(weights).tolist() == [False, False, False]
    assert np.isnan(slopes).tolist() == np.isnan(both).tolist() == [False, True, False]
    cross = ax.lines[-1]
    assert (cross.get_label(), cross.get_marker()) == ("nothing comes through", "x")
    assert list(np.asarray(cross.get_xdata())) == [10]
    ax.figure.canvas.draw()
    (_, height) = cross.get_transform().transform((10, np.asarray(cross.get_ydata())[0]))
    assert ax.bbox.y0 < height < ax.bbox.y0 + 0.1 * ax.bbox.height
    # What comes through is shown at its own scale, not at one of thirty decades.
    assert ax.get_ylim()[0] > -10
    figures.ledger_over_time(ax, [0], [account])
    assert ax.lines[-1].get_label() == "both: layer 1 / scores"


# What is in the layers


def test_a_histogram_counts_each_layers_values(ax: Axes) -> None:
    layers = [[0, 0.5, 1, 4], [[1.5, 1.6], [3.5, 3.6]]]
    outlines = figures.layer_histograms(ax, layers, variant="relu", bins=4)
    assert list(np.asarray(outlines[0].get_xdata())) == [0, 1, 1, 2, 2, 3, 3, 4]
    assert list(np.asarray(outlines[0].get_ydata())) == [0.5, 0.5, 0.25, 0.25, 0, 0, 0.25, 0.25]
    assert list(np.asarray(outlines[1].get_ydata())) == [0, 0, 0.5, 0.5, 0, 0, 0.5, 0.5]
    assert [line.get_label() for line in outlines] == ["layer 1", "layer 2"]
    assert {line.get_color() for line in outlines} == {"#D55E00"}
    assert same_style(outlines[0], "solid")
    assert same_style(outlines[1], figures.layer_style(2))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("value", "fraction of the values")


def test_a_histogram_of_magnitudes_leaves_zeros_out(ax: Axes) -> None:
    layers = [np.array([0, -1, 10, 100]), np.array([0.1, 0.1])]
    outlines = figures.layer_histograms(ax, layers, variant=OWN, bins=3, magnitudes=True)
    np.testing.assert_allclose(np.asarray(outlines[0].get_xdata()), [-1, 0, 0, 1, 1, 2])
    np.testing.assert_allclose(np.asarray(outlines[0].get_ydata())[::2], [0, 1 / 3, 2 / 3])
    assert list(np.asarray(outlines[1].get_ydata())[::2]) == [1, 0, 0]
    assert ax.get_xlabel() == "log10 of magnitude"
    assert outlines[0].get_color() == "#123456"


def test_histograms_of_one_value_and_of_nothing_but_zeros(ax: Axes) -> None:
    (outline,) = figures.layer_histograms(ax, [np.zeros(5)], variant="relu")
    assert len(outline.get_xdata()) == 2 * 60
    assert np.sum(outline.get_ydata()) == 2
    (outline,) = figures.layer_histograms(ax, (np.zeros(5),), variant="relu", magnitudes=True)
    assert not np.any(outline.get_ydata())
    empty = figures.layer_histograms(
        ax, (np.full(3, layer) for layer in (0, 1)), variant="relu", magnitudes=True
    )
    assert [np.sum(line.get_ydata()) for line in empty] == [0, 2]


# Theory


def test_each_measured_network_is_a_ring(ax: Axes) -> None:
    line, rings = figures.theory_and_measurement(
        ax, [2, 4], [0.1, 0.01], [[0.1, 0.2], [0.01, 0.02]], variant="sigmoid", label=" of it"
    )
    np.testing.assert_array_equal(line.get_xydata(), [[2, 0.1], [4, 0.01]])
    np.testing.assert_array_equal(rings.get_xydata(), [[2, 0.1], [2, 0.2], [4, 0.01], [4, 0.02]])
    assert (line.get_color(), rings.get_color()) == ("#0072B2", "#0072B2")
    assert (line.get_label(), rings.get_label()) == ("theory of it", "measured of it")
    assert (line.get_linestyle(), line.get_marker()) == ("-", "None")
    assert (rings.get_linestyle(), rings.get_marker()) == ("None", "o")
    assert (rings.get_markerfacecolor(), rings.get_markersize()) == ("white", 6)
    assert ax.get_yscale() == "log"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("hidden layers", "error, layer 1 / scores")


def test_theory_needs_no_label(ax: Axes) -> None:
    lines = figures.theory_and_measurement(ax, range(1, 3), [1, 2], [[1], [2]], variant=OWN)
    assert [line.get_label() for line in lines] == ["theory", "measured"]
    assert {line.get_color() for line in lines} == {"#123456"}


# What is refused


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _: figures.decades([1, -1]), r"factors must be zero or positive; got \[1, -1\]"),
        (lambda _: figures.decades("ten"), "factors must be an array of real numbers; got 'ten'"),
        (lambda _: figures.waterfall_bars(3), "account must be a Ledger; got 3"),
        (
            lambda account: figures.waterfall_bars(account, ["causes"]),
            "parts must be some of 'normalization', 'weights', 'shortcut', 'slopes'; got",
        ),
        (
            lambda account: figures.waterfall(None, account),
            "ax must be a Matplotlib Axes; got None",
        ),
        (lambda _: figures.waterfall(Figure().add_subplot(), "a"), "account must be a Ledger; got"),
    ],
)
def test_what_is_no_account_is_refused(account: Ledger, call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call(account)


BARS = {"x": [0, 1], "bottoms": [[0, 0]] * 2, "heights": [[1, 1]] * 2}
HISTOGRAMS = {"values": [[1, 2], [3]], "variant": "relu"}
THEORY = {"depths": [1, 2], "predicted": [1, 2], "measured": [[1], [2]], "variant": "relu"}


@pytest.mark.parametrize(
    ("draws", "usual", "changed", "message"),
    [
        ("draw_bars", BARS, {"ax": 1}, "ax must be a Matplotlib Axes"),
        ("draw_bars", BARS, {"x": [[0, 1]]}, r"x must be .* of shape \(layers,\)"),
        ("draw_bars", BARS, {"x": [0, np.nan]}, "x must hold finite numbers only"),
        ("draw_bars", BARS, {"bottoms": [[0, 0]]}, r"bottoms must have shape \(2, 2\); got \(1, 2"),
        ("draw_bars", BARS, {"heights": [[1] * 3] * 2}, r"heights must have shape \(2, 2\); got"),
        ("draw_bars", BARS, {"heights": [[1, 2e30]] * 2}, r"heights .* at most 1e\+30; got 2e\+30"),
        ("draw_bars", BARS, {"parts": ["bias"]}, r"parts must be some of .*; got \['bias'\]"),
        ("layer_histograms", HISTOGRAMS, {"ax": 1}, "ax must be a Matplotlib Axes"),
        ("layer_histograms", HISTOGRAMS, {"bins": 0}, "bins must be .* from 1 to 10,000; got 0"),
        ("layer_histograms", HISTOGRAMS, {"bins": 10_001}, "bins must be .*; got 10001"),
        ("layer_histograms", HISTOGRAMS, {"magnitudes": 1}, "magnitudes must be True or False"),
        (
            "layer_histograms",
            HISTOGRAMS,
            {"values": 5},
            "values must be a sequence of arrays, one for each layer",
        ),
        ("layer_histograms", HISTOGRAMS, {"values": "ab"}, "values must be a sequence of arrays"),
        ("layer_histograms", HISTOGRAMS, {"values": []}, "values must be arrays, .*; got none"),
        (
            "layer_histograms",
            HISTOGRAMS,
            {"values": [[1], [np.inf]]},
            r"values\[1\] must hold finite numbers only; got NaN or infinity",
        ),
        ("layer_histograms", HISTOGRAMS, {"variant": "step"}, "variant must be one of"),
        ("theory_and_measurement", THEORY, {"ax": 1}, "ax must be a Matplotlib Axes"),
        (
            "theory_and_measurement",
            THEORY,
            {"depths": [0, 1]},
            r"depths\[0\] must .* from 1 to .*; got 0",
        ),
        ("theory_and_measurement", THEORY, {"depths": 3}, "depths must be a sequence of whole"),
        ("theory_and_measurement", THEORY, {"predicted": [1]}, "predicted must have 2 rows, one a"),
        ("theory_and_measurement", THEORY, {"measured": [[1]]}, "measured must have 2 rows, one a"),
        ("theory_and_measurement", THEORY, {"measured": [1, 2]}, "measured must be a non-empty"),
        ("theory_and_measurement", THEORY, {"label": None}, "label must be a text; got None"),
        ("theory_and_measurement", THEORY, {"variant": 0}, "variant must be one of"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is_drawn(
    draws: str, usual: Any, changed: Any, message: str
) -> None:
    ax = Figure().add_subplot()
    with pytest.raises((TypeError, ValueError), match=message):
        getattr(figures, draws)(**({"ax": ax} | usual | changed))
    assert not ax.has_data()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"ax": 1}, "ax must be a Matplotlib Axes"),
        ({"accounts": []}, "accounts must be one ledger or more; got none"),
        ({"accounts": [1]}, r"accounts\[0\] must be a Ledger; got 1"),
        ({"accounts": 3}, "accounts must be a sequence of ledgers; got 3"),
        ({"iterations": []}, "iterations must be 1, one for each account; got 0"),
        ({"iterations": [-1]}, r"iterations\[0\] must be .*from 0 to .*; got -1"),
        ({"iterations": None}, "iterations must be a sequence of whole numbers; got None"),
        ({"variant": "step"}, "variant must be one of"),
    ],
)
def test_no_account_over_time_is_refused(account: Ledger, changed: Any, message: str) -> None:
    ax = Figure().add_subplot()
    given = {"ax": ax, "iterations": [0], "accounts": [account]} | changed
    with pytest.raises((TypeError, ValueError), match=message):
        figures.ledger_over_time(**given)
    assert not ax.has_data()


def test_a_custom_activations_account_is_drawn(ax: Axes) -> None:
    data, network, _ = lecture.setup()
    account = ledger(network.with_activation(OWN.activation), data)
    *_, both = figures.ledger_over_time(ax, [0], [account])
    assert both.get_color() == "#000000"
    assert len(figures.waterfall(ax, account)) == 2
