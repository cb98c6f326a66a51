"""Curves show the record's numbers where they lie, in the looks of what they belong to."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from looks import same_style
from matplotlib.colors import same_color, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vanishing import (
    Activation,
    History,
    Network,
    Trainer,
    Variant,
    figures,
    lecture,
    spiral,
    train,
)
from vanishing.measures import MEASURES, Measure, rms_of_delta

OWN = Variant("narrow", Activation("sine", np.sin, np.cos), color="#123456", line=(0, (3, 1)))


def axes() -> Any:
    return Figure().add_subplot()


def draw(ax: Any) -> None:
    ax.figure.canvas.draw()


def record(
    rows: int, every: int = 1, first: int = 0, sizes: tuple[int, ...] = (2, 4, 5, 3)
) -> History:
    """Return a record whose every number differs."""
    made = Trainer(Network.initialize(sizes, rng=0), spiral(5, rng=0)).history
    numbers = np.random.RandomState(0).uniform(0.1, 2, (rows, made.record.shape[1]))
    return replace(made, iteration=first + every * np.arange(rows), record=numbers)


# The axis


def test_an_axis_of_iterations() -> None:
    ax = axes()
    ax.plot([0, 12_000], [0, 1])
    figures.iteration_axis(ax)
    draw(ax)
    assert ax.get_xlabel() == "iteration"
    assert ax.get_xscale() == "linear"
    assert ax.get_xlim() == (0, 12_000)
    assert "12,000" in [tick.get_text() for tick in ax.get_xticklabels()]


def test_a_logarithmic_axis_of_iterations_begins_with_zero() -> None:
    ax = axes()
    ax.plot([0, 10_000], [0, 1])
    figures.iteration_axis(ax, log=True)
    draw(ax)
    assert ax.get_xlim() == pytest.approx((0, 10_000))
    ticks = {tick.get_text(): tick.get_position()[0] for tick in ax.get_xticklabels()}
    assert {"0", "1", "1,000"} <= set(ticks)
    place = ax.transAxes.inverted().transform(
        ax.transData.transform([[x, 0] for x in (0, 1, 10, 100, 1000)])
    )[:, 0]
    widths = np.diff(place)
    assert widths[1:] == pytest.approx(widths[1])
    assert widths[0] == pytest.approx(0.4 * widths[1], rel=0.15)  # from 0 to 1: less than a decade


# Thinning


@given(
    rows=st.integers(1, 20_000),
    log=st.booleans(),
    seed=st.integers(0, 99),
    every=st.integers(1, 50),
    first=st.integers(0, 10**6),
)
def test_thinned_curves_keep_ends_and_extremes(
    rows: int, log: bool, seed: int, every: int, first: int
) -> None:
    values = np.random.RandomState(seed).standard_normal((rows, 2))
    where = first + every * np.arange(rows)
    iterations, chosen = figures.thinned(values, where, log=log)
    assert len(iterations) == len(chosen) <= 2 * figures.CURVE_BUCKETS
    assert (iterations[0], iterations[-1]) == (where[0], where[-1])
    assert (np.diff(iterations) >= 0).all()
    assert np.isin(iterations, where).all()
    np.testing.assert_array_equal(chosen.min(axis=0), values.min(axis=0))
    np.testing.assert_array_equal(chosen.max(axis=0), values.max(axis=0))


def test_a_stretch_is_drawn_from_end_to_end_the_way_it_goes() -> None:
    rising, falling = [1, 0, 5, 4, 2], [9, 8, 7, 9.5, 6]
    values = np.array([rising + falling, falling + rising]).T
    iterations, chosen = figures.thinned(values, buckets=2)
    assert iterations.tolist() == [0, 4, 5, 9]
    assert chosen.T.tolist() == [[0, 5, 9.5, 6], [9.5, 6, 0, 5]]


def test_stretches_are_equally_long_on_the_paper() -> None:
    values = np.arange(1500.0)[:, None]
    iterations, chosen = figures.thinned(values, log=True, buckets=3)
    # Edges at 1500^(1/3) - 1 = 10.4 and 1500^(2/3) - 1 = 130.0(4).
    assert iterations.tolist() == chosen[:, 0].tolist() == [0, 10, 11, 130, 131, 1499]
    where = np.array([0, 1, 2, 3, 4, 5, 6, 100])
    iterations, _ = figures.thinned(values[:8], where, buckets=2)
    assert iterations.tolist() == [0, 6, 100, 100]
    assert figures.thinned(values)[0].tolist()[:4] == [0, 2, 3, 4]


def test_short_curves_come_back_whole() -> None:
    values = np.arange(8).reshape(4, 2)
    for buckets in (2, 5):
        iterations, chosen = figures.thinned(values, [0, 5, 10, 15], buckets=buckets)
        assert iterations.tolist() == [0, 5, 10, 15]
        np.testing.assert_array_equal(chosen, values)
    assert len(figures.thinned(np.zeros((1200, 1)))[0]) == 1200
    assert len(figures.thinned(np.zeros((3000, 1)))[0]) == 1200
    assert [len(part) for part in figures.thinned(np.empty((0, 3)))] == [0, 0]


@pytest.mark.parametrize("log", [True, False])
def test_a_spike_is_drawn_where_it_is(log: bool) -> None:
    values = np.ones((50_000, 1))
    values[30_000] = 9
    iterations, chosen = figures.thinned(values, log=log)
    assert iterations[chosen[:, 0] == 9] == pytest.approx([30_000], abs=600)


def test_a_gap_hides_nothing_else_of_its_stretch() -> None:
    values = np.arange(10.0)[:, None]
    values[7] = np.nan
    _, chosen = figures.thinned(values, buckets=2)
    assert chosen[:, 0].tolist() == [0, 4, 5, 9]


# Loss


@pytest.mark.parametrize(
    ("variant", "color", "line", "label"),
    [
        ("sigmoid", "#0072B2", "solid", "sigmoid"),
        ("relu", "#D55E00", (0, (5, 2)), "ReLU"),
        (OWN.activation, "#000000", "solid", "sine"),
        (OWN, "#123456", (0, (3, 1)), "narrow"),
    ],
)
def test_loss_curve_is_the_loss_in_the_networks_look(
    variant: Any, color: str, line: Any, label: str
) -> None:
    history = record(40, every=7, first=3)
    ax = axes()
    curve = figures.loss_curve(ax, history, variant=variant)
    assert curve.get_xdata().tolist() == history.iteration.tolist()
    assert curve.get_ydata().tolist() == history.loss.tolist()
    assert (curve.get_color(), curve.get_label()) == (color, label)
    assert same_style(curve, line)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("iteration", "loss")
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "linear")
    assert ax.lines[0] is curve


def test_loss_curve_takes_another_name_and_a_logarithmic_axis() -> None:
    ax = axes()
    curve = figures.loss_curve(ax, record(9), variant="relu", label="mine", log_iterations=True)
    assert curve.get_label() == "mine"
    assert ax.get_xscale() == "symlog"


@pytest.mark.parametrize("log", [True, False])
def test_a_long_loss_curve_is_thinned_as_its_axis_is(log: bool) -> None:
    history = record(5000, every=3)
    curve = figures.loss_curve(axes(), history, variant="relu", log_iterations=log)
    x, y = figures.thinned(history.loss[:, None], history.iteration, log=log)
    np.testing.assert_array_equal(curve.get_xdata(), x)
    np.testing.assert_array_equal(curve.get_ydata(), y[:, 0])
    assert len(x) < 5000


def test_chance_line_is_at_ln_k() -> None:
    line = figures.chance_line(axes(), 3)
    assert line.get_ydata() == pytest.approx([1.0986, 1.0986], abs=1e-4)
    assert line.get_label() == "ln 3: knows nothing"
    assert (line.get_color(), line.get_linewidth()) == ("0.25", 1.5)
    assert same_style(line, (0, (1, 1.5)))
    assert line.get_zorder() == 1 < Line2D([], []).get_zorder()


# Gradients


@pytest.mark.parametrize("measure", [*MEASURES, *MEASURES.values()])
def test_gradient_curves_are_the_measures_of_the_hidden_layers(measure: Any) -> None:
    history = record(40, every=7)
    ax = axes()
    lines = figures.gradient_curves(ax, history, variant="relu", measure=measure)
    values = MEASURES[getattr(measure, "name", measure)](history)
    assert [line.get_label() for line in lines] == ["ReLU, layer 1", "ReLU, layer 2"]
    for layer, line in enumerate(lines, start=1):
        assert line.get_xdata().tolist() == history.iteration.tolist()
        assert line.get_ydata().tolist() == values[:, layer - 1].tolist()
        assert line.get_color() == "#D55E00"
        assert same_style(line, figures.layer_style(layer))
    assert same_style(lines[0], "solid")
    assert not same_style(lines[1], "solid")
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert ax.get_xlabel() == "iteration"
    assert ax.get_ylabel() == MEASURES[getattr(measure, "name", measure)].label


def test_the_lectures_statistic_is_the_usual_measure() -> None:
    (line, _) = figures.gradient_curves(axes(), record(4), variant="tanh")
    assert line.get_ydata().tolist() == record(4).lecture_statistic()[:, 0].tolist()


def test_layers_can_be_chosen_and_a_measure_of_ones_own() -> None:
    history = record(5)

    def double_norm(history: History) -> Any:
        return 2 * history.gradient_norm

    ax = axes()
    lines = figures.gradient_curves(
        ax, history, variant=OWN, layers=[3, 1], measure=double_norm, log_iterations=True
    )
    assert [line.get_label() for line in lines] == ["narrow, layer 3", "narrow, layer 1"]
    assert lines[0].get_ydata().tolist() == (2 * history.gradient_norm[:, 2]).tolist()
    assert lines[1].get_ydata().tolist() == (2 * history.gradient_norm[:, 0]).tolist()
    assert same_style(lines[0], figures.layer_style(3))
    assert ax.get_ylabel() == "double norm"
    assert ax.get_xscale() == "symlog"


@pytest.mark.parametrize("log", [True, False])
def test_of_a_long_record_the_mean_is_drawn_in_a_band_of_all_that_was(log: bool) -> None:
    history = record(3000)
    history.record[1::2] *= 4.0  # it swings to and fro
    ax = axes()
    lines = figures.gradient_curves(ax, history, variant="relu", log_iterations=log)
    sizes = history.lecture_statistic()[:, :2]
    for line, area, size in zip(lines, ax.collections, sizes.T, strict=True):
        x, y = line.get_data()
        assert (x[0], x[-1]) == (0, 2999)
        assert len(x) <= figures.CURVE_BUCKETS
        assert (np.diff(x) > 0).all()
        outline = area.get_paths()[0].vertices
        assert outline[:, 1].max() == size.max()
        assert outline[:, 1].min() == size.min()
        assert same_color(area.get_facecolor()[0], (*to_rgb("#D55E00"), 0.3))
        # Where a stretch holds several iterations, the line has left the swinging behind.
        late = x > 1500
        assert size.min() < y[late].min()
        assert y[late].max() < size.max()
        inside = [((x >= low) & (x <= high)).any() for low, high in ((0, 300), (2700, 2999))]
        assert all(inside)


def test_averaged_stretches_are_what_their_rows_are() -> None:
    values = np.random.default_rng(0).normal(size=(1000, 2)) ** 2
    values[3, 0], values[500:, 1] = np.nan, np.nan
    where, means, lows, highs = figures.averaged(values, np.arange(1000), log=False, buckets=100)
    assert len(where) == 100
    np.testing.assert_allclose(means[1], values[10:20].mean(axis=0))
    np.testing.assert_allclose(means[0, 0], np.nanmean(values[:10, 0]))
    np.testing.assert_array_equal(lows[7], values[70:80].min(axis=0))
    np.testing.assert_array_equal(highs[7], values[70:80].max(axis=0))
    assert where[7] == 74.5
    assert np.isnan(means[50:, 1]).all()
    for one in figures.averaged(values, np.arange(1000), log=False)[1:]:
        np.testing.assert_array_equal(one, values)


@pytest.mark.parametrize("log", [True, False])
def test_networks_are_told_apart_without_colours(log: bool) -> None:
    history, ax = record(3000), axes()
    kinds = ("sigmoid", "tanh", "relu", "leaky_relu", OWN)
    curves = [
        figures.gradient_curves(ax, history, variant=kind, log_iterations=log) for kind in kinds
    ]
    losses = [figures.loss_curve(ax, history, variant=kind, log_iterations=log) for kind in kinds]
    for drawn in ([lines[0] for lines in curves], losses):
        assert len({line.get_marker() for line in drawn}) == len(kinds)
    for line in [line for lines in curves for line in lines]:
        places = line.get_xdata()[line.get_markevery()]
        assert 5 <= len(places) <= 8
        gaps = np.diff(np.log1p(places) if log else places)
        assert gaps.max() < 1.5 * gaps.min() + log


def test_markers_of_a_short_or_empty_curve() -> None:
    assert figures.marked(np.empty(0), log=True) == []
    assert figures.marked(np.zeros(1), log=True) == [0]
    assert figures.marked(np.arange(3), log=False) == [1, 2]


def test_the_penaltys_floor_lies_beneath_each_curve() -> None:
    history = record(40, every=7)
    lines = figures.gradient_curves(axes(), history, variant=OWN, layers=[3, 1], floor=True)
    assert [line.get_label() for line in lines] == [
        "narrow, layer 3",
        "narrow, layer 1",
        "penalty's floor, layer 3",
        "penalty's floor, layer 1",
    ]
    absolute = history.weight_sum_absolute
    for layer, fans, line in ((3, 5 + 3, lines[2]), (1, 2 + 4, lines[3])):
        assert same_style(line, figures.layer_style(layer))
        assert line.get_xdata().tolist() == history.iteration.tolist()
        floor = history.regularization * absolute[:, layer - 1] / fans
        np.testing.assert_allclose(line.get_ydata(), floor, rtol=1e-15)
    for curve, floor in zip(lines[:2], lines[2:], strict=True):
        assert floor.get_color() == curve.get_color()
        assert floor.get_linewidth() < curve.get_linewidth()
        assert floor.get_alpha() < 1
        assert floor.get_zorder() < curve.get_zorder()


def test_long_floors_are_averaged_with_their_curves() -> None:
    history = record(3000)
    curve, _, floor, _ = figures.gradient_curves(axes(), history, variant="relu", floor=True)
    x, values, _, _ = figures.averaged(history.penalty_floor(), history.iteration, log=False)
    assert floor.get_xdata().tolist() == curve.get_xdata().tolist() == x.tolist()
    assert floor.get_ydata().tolist() == values[:, 0].tolist()
    assert floor.get_marker() in ("", "None")


def test_a_function_that_reads_the_lectures_statistic_has_a_floor_too() -> None:
    drawn = figures.gradient_curves(
        axes(), record(4), variant="relu", measure=History.lecture_statistic, floor=True
    )
    assert len(drawn) == 4


def test_measured_is_the_measure_of_all_layers() -> None:
    history = record(6)
    np.testing.assert_array_equal(figures.measured(history, "RMS of delta"), rms_of_delta(history))


def test_a_run_that_was_recorded_now_and_then_is_drawn_where_it_was() -> None:
    data, network, _ = lecture.setup()
    run = train(network, data, iterations=30, record_every=10, progress=False)
    every = train(network, data, iterations=30, progress=False)
    ax = axes()
    line = figures.loss_curve(ax, run.history, variant="sigmoid")
    assert line.get_xdata().tolist() == [0, 10, 20]
    assert line.get_ydata().tolist() == every.history.loss[::10].tolist()
    draw(ax)


def test_gradients_that_vanished_altogether_are_drawn_all_the_same() -> None:
    history = record(5)
    history.record[:] = 0
    ax = axes()
    figures.gradient_curves(ax, history, variant="relu")
    draw(ax)


# Many runs


def test_a_band_holds_all_runs_and_shows_their_median() -> None:
    ax = axes()
    curves = np.array([[1.0, 2, 9], [2, 3, 4]])
    median = figures.band(ax, curves, variant="relu", iterations=[5, 20])
    assert median.get_xdata().tolist() == [5, 20]
    assert median.get_ydata().tolist() == [2, 3]
    assert (median.get_color(), median.get_label()) == ("#D55E00", "ReLU, layer 1")
    assert same_style(median, "solid")
    (area,) = ax.collections
    corners = {tuple(corner) for corner in area.get_paths()[0].vertices.tolist()}
    assert corners == {(5, 1), (5, 9), (20, 2), (20, 4)}
    np.testing.assert_allclose(area.get_facecolor(), [[213 / 255, 94 / 255, 0, 0.18]])
    assert area.get_linewidth().tolist() == [0]
    assert (ax.get_xscale(), ax.get_xlabel()) == ("symlog", "iteration")


def test_a_bands_look_can_be_chosen() -> None:
    ax = axes()
    runs = np.random.RandomState(1).standard_normal((3000, 3))
    median = figures.band(ax, runs, variant=OWN, layer=2, label="mine", log_iterations=False)
    x, y = figures.thinned(np.median(runs, axis=1)[:, None])
    np.testing.assert_array_equal(median.get_xdata(), x)
    np.testing.assert_array_equal(median.get_ydata(), y[:, 0])
    assert (median.get_color(), median.get_label()) == ("#123456", "mine")
    assert same_style(median, figures.layer_style(2))
    assert ax.get_xscale() == "linear"
    log_x = figures.band(axes(), runs, variant=OWN).get_xdata()
    assert log_x.tolist() == figures.thinned(runs, log=True)[0].tolist()


def test_size_against_loss_runs_from_left_to_right_as_the_loss_falls() -> None:
    ax = axes()
    for name in ("sigmoid", "relu"):
        line = figures.size_against_loss(ax, [1.1, 0.5], [1e-3, 1e-4], variant=name)
    assert line.get_xdata().tolist() == [1.1, 0.5]
    assert line.get_ydata().tolist() == [1e-3, 1e-4]
    assert (line.get_color(), line.get_label()) == ("#D55E00", "ReLU, layer 1")
    assert same_style(line, "solid")
    left, right = ax.get_xlim()
    assert left > right
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == "loss (falling to the right)"
    gap = figures.size_against_loss(ax, [np.nan, 1], [1, np.inf], variant="relu")
    np.testing.assert_array_equal(gap.get_ydata(), [1, np.inf])
    named = figures.size_against_loss(ax, [1], [2], variant="relu", layer=3, label="mine")
    assert named.get_label() == "mine"
    assert same_style(named, figures.layer_style(3))


# What is refused


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.iteration_axis(7), "ax must be a Matplotlib Axes; got 7"),
        (lambda: figures.iteration_axis(axes(), log="yes"), "log must be True or False; got 'yes'"),
        (lambda: figures.thinned([1, 2]), r"values must be real numbers of shape \(T, C\)"),
        (lambda: figures.thinned([["a"]]), r"values must be real numbers of shape \(T, C\)"),
        (
            lambda: figures.thinned(np.ma.masked_equal([[1, 2]], 1)),
            r"values must be real numbers of shape \(T, C\)",
        ),
        (
            lambda: figures.thinned([[1]], [1, 2]),
            "iterations must be 1 numbers, one for each row; got",
        ),
        (lambda: figures.thinned([[1]], ["a"]), "iterations must be 1 numbers, one for each row"),
        (lambda: figures.thinned([[1], [2]], [2, 2]), "iterations must rise from 0 or above; got"),
        (lambda: figures.thinned([[1], [2]], [-1, 2]), "iterations must rise from 0 or above; got"),
        (lambda: figures.thinned([[1], [2]], [1, np.inf]), "iterations must rise .*; got"),
        (lambda: figures.thinned([[1], [2]], [np.nan, 1]), "iterations must rise from 0 or above"),
        (lambda: figures.thinned([[1]], log=1), "log must be True or False; got 1"),
        (lambda: figures.thinned([[1]], buckets=0), "buckets must be .* from 1 to 10,000; got 0"),
        (lambda: figures.thinned([[1]], buckets=10_001), "buckets must be .*; got 10001"),
        (lambda: figures.chance_line(axes(), 1), "classes must be .* from 2 to 10,000,000; got 1"),
        (lambda: figures.chance_line(axes(), 10**8), "classes must be .*; got 100000000"),
        (lambda: figures.chance_line(None, 3), "ax must be a Matplotlib Axes; got None"),
        (lambda: figures.measured("history", "norm of dW"), "history must be a History; got 'hist"),
        (lambda: figures.measured(record(3), "size"), "measure must be one of .*; got 'size'"),
        (
            lambda: figures.measured(record(3), lambda history: history.loss),
            r"measure must return numbers of shape \(3, 3\); got",
        ),
        (
            lambda: figures.measured(record(3), lambda _: None),
            r"measure must return numbers of shape \(3, 3\); got None",
        ),
        (
            lambda: figures.measured(record(3), lambda history: history.gradient_norm + 1j),
            r"measure must return numbers of shape \(3, 3\); got",
        ),
    ],
)
def test_what_is_no_curve_is_refused(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


@pytest.mark.parametrize(
    ("draws", "changed", "message"),
    [
        ("loss_curve", {"ax": 1}, "ax must be a Matplotlib Axes"),
        ("loss_curve", {"history": None}, "history must be a History; got None"),
        ("loss_curve", {"variant": "step"}, "variant must be one of .*; got 'step'"),
        ("loss_curve", {"label": 5}, "label must be a text; got 5"),
        ("loss_curve", {"log_iterations": 2}, "log_iterations must be True or False; got 2"),
        ("gradient_curves", {"ax": 1}, "ax must be a Matplotlib Axes"),
        ("gradient_curves", {"history": 3}, "history must be a History; got 3"),
        ("gradient_curves", {"layers": [0]}, r"layers\[0\] must be .* from 1 to 3; got 0"),
        ("gradient_curves", {"layers": [1, 4]}, r"layers\[1\] must be .* from 1 to 3; got 4"),
        ("gradient_curves", {"layers": []}, r"layers must name one layer or more; got \[\]"),
        ("gradient_curves", {"layers": 2}, "layers must be a sequence of whole numbers; got 2"),
        ("gradient_curves", {"variant": 1}, "variant must be one of .*; got 1"),
        ("gradient_curves", {"measure": "size"}, "measure must be one of .*; got 'size'"),
        ("gradient_curves", {"floor": 1}, "floor must be True or False; got 1"),
        (
            "gradient_curves",
            {"floor": True, "measure": "norm of dW"},
            "floor must be False for the measure 'norm of dW': .* the lecture statistic reads",
        ),
        ("band", {"ax": 1}, "ax must be a Matplotlib Axes"),
        ("band", {"curves": [1, 2]}, r"curves must be .* of shape \(T, runs\); got shape \(2,\)"),
        ("band", {"layer": 0}, "layer must be a whole number, at least 1; got 0"),
        ("band", {"label": 0}, "label must be a text; got 0"),
        ("band", {"iterations": [1]}, "iterations must be 2 numbers, one for each row"),
        ("size_against_loss", {"ax": 1}, "ax must be a Matplotlib Axes"),
        ("size_against_loss", {"losses": "ab"}, "losses must be an array of real numbers"),
        ("size_against_loss", {"losses": [[1]]}, r"losses must be .* of shape \(T,\); got"),
        ("size_against_loss", {"sizes": [[1]]}, r"sizes must be .* of shape \(T,\); got"),
        ("size_against_loss", {"sizes": [1]}, "sizes must be as many as the losses, 2; got 1"),
        ("size_against_loss", {"layer": 1.0}, "layer must be a whole number.*; got 1.0"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused_before_anything_is_drawn(
    draws: str, changed: Any, message: str
) -> None:
    usual = {
        "loss_curve": {"history": record(3)},
        "gradient_curves": {"history": record(3)},
        "band": {"curves": [[1, 2], [3, 4]]},
        "size_against_loss": {"losses": [2, 1], "sizes": [1, 2]},
    }
    ax = axes()
    given = {"ax": ax, **usual[draws], "variant": "relu"} | changed
    with pytest.raises((TypeError, ValueError), match=message):
        getattr(figures, draws)(**given)
    assert not ax.has_data()


def test_a_measure_keeps_its_own_label() -> None:
    own = Measure("mine", "my label", "", "", "", lambda history: history.gradient_norm)
    ax = axes()
    figures.gradient_curves(ax, record(3), variant="relu", measure=own)
    assert ax.get_ylabel() == "my label"


def test_a_linear_network_has_no_hidden_layer_to_draw() -> None:
    linear = record(4, sizes=(2, 3))
    with pytest.raises(ValueError, match="layers must name one layer or more"):
        figures.gradient_curves(axes(), linear, variant="relu")
    (line,) = figures.gradient_curves(axes(), linear, variant="relu", layers=[1])
    assert line.get_ydata().tolist() == linear.lecture_statistic()[:, 0].tolist()
