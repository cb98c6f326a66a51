"""The figures of the ledger draw the figures they are given."""

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vanishing import Network, lecture
from vanishing import ledger_figures as lf
from vanishing.ledger import Ledger, ledger


@pytest.fixture
def ax() -> Iterator[Axes]:
    figure = Figure()
    yield figure.add_subplot()
    figure.canvas.draw()


@pytest.fixture
def books() -> Ledger:
    data, network, _ = lecture.setup()
    return ledger(network, data)


def test_the_waterfall_leads_to_the_attenuation(ax: Axes, books: Ledger) -> None:
    weights, slopes = lf.waterfall(ax, books)
    bars = [bar for pair in zip(weights, slopes, strict=True) for bar in pair]
    # Each bar begins where the one before ended, the first at zero, the last at the total.
    ends = [bar.get_y() + bar.get_height() for bar in bars]
    np.testing.assert_allclose([bar.get_y() for bar in bars], [0, *ends[:-1]])
    assert ends[-1] == pytest.approx(np.log10(books.attenuation))
    assert [bar.get_height() for bar in weights] == pytest.approx(np.log10(books.weights)[::-1])
    assert [bar.get_height() for bar in slopes] == pytest.approx(np.log10(books.slopes)[::-1])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "1"]


def test_where_nothing_comes_through_bars_end_at_the_floor(ax: Axes) -> None:
    data, network, _ = lecture.setup()
    dead = Network(network.weights, [np.full_like(b, -1e3) for b in network.biases], "relu")
    weights, slopes = lf.waterfall(ax, ledger(dead, data))
    assert slopes[0].get_y() + slopes[0].get_height() == lf.FLOOR
    assert [bar.get_height() for bar in (weights[1], slopes[1])] == [0, 0]


def test_decades_of_nothing() -> None:
    np.testing.assert_array_equal(lf.decades([100, 1, 0, np.nan]), [2, 0, lf.FLOOR, 0])


def test_the_account_over_time_adds_up(ax: Axes, books: Ledger) -> None:
    weights, slopes, both = lf.ledger_over_time(ax, [0, 10, 20], [books, books])
    np.testing.assert_array_equal(both.get_xdata(), [0, 10])
    np.testing.assert_allclose(both.get_ydata(), np.log10(books.attenuation))
    np.testing.assert_allclose(
        np.add(weights.get_ydata(), slopes.get_ydata()), both.get_ydata(), rtol=1e-12
    )
    assert len({line.get_linestyle() for line in (weights, slopes, both)}) == 3


def test_a_band_holds_all_runs(ax: Axes) -> None:
    curves = np.array([[1.0, 2, 9], [2, 3, 4]])
    median = lf.band(ax, curves, activation="relu", iterations=[0, 5])
    np.testing.assert_array_equal(median.get_xdata(), [0, 5])
    np.testing.assert_array_equal(median.get_ydata(), [2, 3])
    (path,) = ax.collections[0].get_paths()
    assert (path.vertices[:, 1].min(), path.vertices[:, 1].max()) == (1, 9)


def test_two_curves_against_the_loss_share_an_axis_that_falls(ax: Axes) -> None:
    for name in ("sigmoid", "relu"):
        line = lf.size_against_loss(ax, [1.1, 0.5], [1e-3, 1e-4], activation=name)
        np.testing.assert_array_equal(line.get_xdata(), [1.1, 0.5])
    left, right = ax.get_xlim()
    assert left > right


@pytest.mark.parametrize("magnitudes", [False, True])
def test_each_layers_shares_add_up_to_one(ax: Axes, magnitudes: bool) -> None:
    layers = [np.linspace(-1, 1, 101), np.full((3, 4), 0.01)]
    outlines = lf.layer_histograms(ax, layers, activation="relu", bins=10, magnitudes=magnitudes)
    for outline in outlines:
        assert np.sum(outline.get_ydata()[::2]) == pytest.approx(1)
    # 0.01 lies in the middle of the values, and at the lower end of the magnitudes but zero.
    assert int(np.argmax(outlines[1].get_ydata()[::2])) == (0 if magnitudes else 5)


def test_histograms_of_nothing_but_zeros(ax: Axes) -> None:
    (outline,) = lf.layer_histograms(ax, [np.zeros(5)], activation="relu", magnitudes=True)
    assert not np.any(outline.get_ydata())


def test_each_measured_network_is_a_ring(ax: Axes) -> None:
    line, rings = lf.theory_and_measurement(
        ax, [2, 4], [0.1, 0.01], [[0.1, 0.2], [0.01, 0.02]], activation="sigmoid"
    )
    np.testing.assert_array_equal(line.get_xydata(), [[2, 0.1], [4, 0.01]])
    np.testing.assert_array_equal(rings.get_xydata(), [[2, 0.1], [2, 0.2], [4, 0.01], [4, 0.02]])
