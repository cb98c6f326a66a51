"""Figures show what they are given, in the styles that mean the same everywhere."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from vanishing import ACTIVATIONS, Dataset, Network, figures, lecture, train
from vanishing.measures import MEASURES
from vanishing.training import Run


def axes() -> Any:
    return Figure().add_subplot()


@pytest.fixture(scope="module")
def run() -> Run:
    data, network, _ = lecture.setup()
    return train(network, data, iterations=50, progress=False)


def test_style_is_legible_and_known_to_matplotlib() -> None:
    with mpl.rc_context(figures.STYLE):
        sizes = [mpl.rcParams[name] for name in ("font.size", "xtick.labelsize", "legend.fontsize")]
    assert min(sizes) >= 12


def test_every_activation_and_every_class_has_its_own_look() -> None:
    assert set(figures.ACTIVATION_COLORS) == set(ACTIVATIONS)
    looks = [figures.class_style(label) for label in range(10)]
    colors = [color for color, _ in looks] + list(figures.ACTIVATION_COLORS.values())
    assert len({to_rgb(color) for color in colors}) == len(colors)
    assert len({marker for _, marker in looks}) == 10
    assert len({str(figures.layer_style(layer)) for layer in range(1, 11)}) == 10


def test_points_has_one_artist_a_class_with_its_points() -> None:
    data, _, _ = lecture.setup()
    drawn = figures.points(axes(), data)
    for label, dots in enumerate(drawn):
        np.testing.assert_array_equal(dots.get_offsets(), data.points[data.labels == label])
    figures.move_points(drawn, Dataset(data.points * 0.5, data.labels))
    np.testing.assert_array_equal(drawn[0].get_offsets(), data.points[:100] * 0.5)


def test_regions_reach_as_far_as_the_lectures(run: Run) -> None:
    data, _, _ = lecture.setup()
    ax = axes()
    drawn = figures.decision_regions(ax, run.network, data)
    low, high = data.points.min(axis=0) - 1, data.points.max(axis=0) + 1
    assert ax.get_xlim() == pytest.approx((low[0], high[0]))
    assert ax.get_ylim() == pytest.approx((low[1], high[1]))
    rows, columns = drawn.image.get_array().shape[:2]
    assert (columns - 1) * 0.02 == pytest.approx(high[0] - low[0], abs=0.02)
    assert (rows - 1) * 0.02 == pytest.approx(high[1] - low[1], abs=0.02)


def half_planes() -> Network:
    """Class 1 where x > 0.3, else class 0."""
    return Network([np.array([[0.0, 1.0], [0.0, 0.0]])], [np.array([0.3, 0.0])])


@pytest.mark.parametrize("pixels", [(41, 31), (321, 231)])
def test_map_shows_the_predictions_and_the_border(pixels: tuple[int, int]) -> None:
    image = figures.RegionMap((-1, -1), (1, 1), (41, 31), pixels).colors(half_planes())
    assert image.shape == (pixels[1], pixels[0], 4)
    x = np.linspace(-1, 1, pixels[0])
    border = np.flatnonzero((image[5, :, :3] == 70).all(axis=1))
    assert x[border] == pytest.approx(0.3, abs=2.1 / (pixels[0] - 1))
    assert len(np.unique(image[:, : border[0]].reshape(-1, 4), axis=0)) == 1
    assert (image[0, 0] != image[0, -1]).any()


def test_a_map_of_scores_that_are_no_numbers_is_drawn_all_the_same() -> None:
    network = half_planes()
    network.weights[0][:] = np.nan
    figures.RegionMap((-1, -1), (1, 1), (5, 5), (9, 9)).colors(network)


def test_loss_curve_is_the_loss_in_the_activations_color(run: Run) -> None:
    line = figures.loss_curve(axes(), run.history, activation="sigmoid")
    np.testing.assert_array_equal(line.get_ydata(), run.history.loss)
    assert line.get_color() == figures.activation_color("sigmoid")
    assert line.get_label() == "sigmoid"


def test_chance_line_is_at_ln_k() -> None:
    assert figures.chance_line(axes(), 3).get_ydata()[0] == pytest.approx(1.0986, abs=1e-4)


@pytest.mark.parametrize("measure", [*MEASURES, *MEASURES.values()])
def test_gradient_curves_are_the_measures_of_the_hidden_layers(run: Run, measure: Any) -> None:
    ax = axes()
    lines = figures.gradient_curves(ax, run.history, activation="relu", measure=measure)
    values = figures.measured(run.history, measure)
    assert [line.get_label() for line in lines] == ["ReLU, layer 1", "ReLU, layer 2"]
    np.testing.assert_array_equal([line.get_ydata() for line in lines], values[:, :2].T)
    assert ax.get_yscale() == "log"
    assert ax.get_ylabel()


def test_layers_can_be_chosen(run: Run) -> None:
    (line,) = figures.gradient_curves(axes(), run.history, activation="relu", layers=[3])
    np.testing.assert_array_equal(line.get_ydata(), run.history.lecture_statistic()[:, 2])


def test_unknown_measure_is_named(run: Run) -> None:
    with pytest.raises(ValueError, match=r"measure must be one of .*; got 'size'"):
        figures.gradient_curves(axes(), run.history, activation="relu", measure="size")


@given(rows=st.integers(1, 20_000), log=st.booleans(), seed=st.integers(0, 99))
def test_thinned_curves_keep_ends_and_extremes(rows: int, log: bool, seed: int) -> None:
    values = np.random.RandomState(seed).standard_normal((rows, 2))
    iterations, chosen = figures.thinned(values, log=log)
    assert len(iterations) == len(chosen) <= 2 * figures.CURVE_BUCKETS
    assert (iterations[0], iterations[-1]) == (0, rows - 1)
    assert (np.diff(iterations) >= 0).all()
    np.testing.assert_array_equal(chosen.min(axis=0), values.min(axis=0))
    np.testing.assert_array_equal(chosen.max(axis=0), values.max(axis=0))


@pytest.mark.parametrize("log", [True, False])
def test_a_spike_is_drawn_where_it_is(log: bool) -> None:
    values = np.ones((50_000, 1))
    values[30_000] = 9
    iterations, chosen = figures.thinned(values, log=log)
    assert iterations[chosen[:, 0] == 9] == pytest.approx([30_000], abs=600)
