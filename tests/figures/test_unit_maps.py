"""The small maps of hidden units as data: which shade stands where, and which are crossed."""

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from vanishing import Dataset, Network, figures, lecture
from vanishing.figures import UnitMap
from vanishing.units import dead_units

DATA = Dataset([[1.0, 1.0], [-1.0, 0.5], [0.5, -1.0]], [0, 1, 2])
LOW, HIGH = (-1.0, -1.0), (1.0, 1.0)


def hinges(*biases: float) -> Network:
    """Return a network of one hidden layer: unit k answers max(0, x_1 + biases[k])."""
    width = len(biases)
    weights = [np.vstack([np.ones(width), np.zeros(width)]), np.ones((width, 3))]
    return Network(weights, [np.array(biases), np.zeros(3)], "relu")


def brightness(image: Any) -> Any:
    """Return how light each pixel is, as grey paper shows it."""
    return np.asarray(image, float)[..., :3] @ [0.299, 0.587, 0.114]


def tiles(image: Any, columns: int, rows: int) -> Any:
    """Return the maps in an image of so many, line by line from the top left, without gaps."""
    side = min(image.shape[1] // columns, image.shape[0] // rows)
    upright = image[::-1]
    return [
        upright[row * side : row * side + side - 3, column * side : column * side + side - 3]
        for row in range(rows)
        for column in range(columns)
    ]


def test_each_unit_answers_what_the_network_says() -> None:
    _, network, _ = lecture.setup()
    units = UnitMap(LOW, HIGH, (80, 80)).ask(network, DATA, layer=2)
    count, rows, columns = units.answers.shape
    assert (count, rows) == (50, columns)
    line = np.linspace(-1, 1, columns)
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    expected = network.forward(points)[0][2].T.reshape(count, rows, columns)
    np.testing.assert_allclose(units.answers, expected, atol=1e-5)
    assert units.ends == pytest.approx((expected.min(), expected.max()), abs=1e-5)
    assert not units.dead.any()


def test_the_lowest_answer_is_dark_the_highest_light_and_right_is_right() -> None:
    painter = UnitMap(LOW, HIGH, (120, 120))
    units = painter.ask(hinges(0.0, 1.0, -0.5, 0.5), DATA)
    assert units.ends == (0.0, 2.0)
    image = brightness(painter.colors(units))
    found = tiles(image, 2, 2)
    for one, bias in zip(found, (0.0, 1.0, -0.5, 0.5), strict=True):
        middle = one[len(one) // 2]
        assert (np.diff(middle) > -3).all()
        expected = np.maximum(np.linspace(-1, 1, len(middle)) + bias, 0)
        # Equal answers have equal shades in all maps of a layer.
        assert np.corrcoef(middle, expected)[0, 1] > 0.99
    assert image.min() == found[0].min()
    assert found[1].max() > found[3].max() + 20 > found[0].max() + 40


def test_up_is_up() -> None:
    network = hinges(0.0)
    network.weights[0] = network.weights[0][::-1].copy()
    painter = UnitMap(LOW, HIGH, (60, 60))
    image = brightness(painter.colors(painter.ask(network, DATA)))
    column = image[5:-5, 20]
    assert column[-1] > column[0] + 50


def test_dead_units_are_crossed_and_counted() -> None:
    # With the bias -3 the unit is off at all points of the data.
    network = hinges(0.0, -3.0, 0.5, -4.0)
    painter = UnitMap(LOW, HIGH, (120, 120))
    units = painter.ask(network, DATA)
    assert units.dead.tolist() == [False, True, False, True]
    assert units.dead.sum() == dead_units(network, DATA)[0]
    assert str(units) == "0 to 1.5, 2 dead"
    for one, dead in zip(tiles(painter.colors(units), 2, 2), units.dead, strict=True):
        side = len(one)
        diagonals = [
            one[np.arange(side), np.arange(side)],
            one[np.arange(side), -1 - np.arange(side)],
        ]
        black = [(line[..., :3] == 0).all() for line in diagonals]
        assert black == [dead, dead]
        # A light edge beside the dark line, so that it is seen on light and dark.
        assert (one[10, 12, :3] == 255).all() == dead


def test_units_that_are_merely_saturated_are_not_dead() -> None:
    _, network, _ = lecture.setup()
    network.biases[0][:] = -1e4
    units = UnitMap(LOW, HIGH, (80, 80)).ask(network, DATA)
    assert not units.dead.any()


def test_of_a_wide_layer_a_hundred_are_drawn() -> None:
    network = hinges(*np.linspace(0, 1, 130))
    painter = UnitMap(LOW, HIGH, (200, 200))
    units = painter.ask(network, DATA)
    assert len(units.answers) == len(units.dead) == 100
    assert str(units).endswith("100 of 130")
    assert painter.colors(units).shape == (200, 200, 4)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 10, 50, 99])
@pytest.mark.parametrize("pixels", [(2, 2), (31, 64), (343, 343)])
def test_any_number_of_maps_fits(count: int, pixels: tuple[int, int]) -> None:
    painter = UnitMap(LOW, HIGH, pixels)
    image = painter.colors(painter.ask(hinges(*np.linspace(0, 1, count)), DATA))
    assert image.shape == (*pixels[::-1], 4)
    assert (image[..., 3] == 255).all()


@pytest.mark.parametrize("pixels", [(60, 130), (130, 60)])
def test_maps_are_square_and_whole_in_an_image_that_is_not(pixels: tuple[int, int]) -> None:
    painter = UnitMap(LOW, HIGH, pixels)
    image = painter.colors(painter.ask(hinges(0.5, 1.0), DATA))
    # Two units stand side by side, so that the width or the height is what they share.
    side = min(pixels[0] // 2, pixels[1]) - 3
    for number, one in enumerate(tiles(image, 2, 1)):
        assert one.shape[:2] == (side, side)
        assert (one.min(axis=(0, 1))[:3] < 255).all()
        assert brightness(one)[:, -1].mean() > brightness(one)[:, 0].mean()
        gap = image[::-1][:side, side + number * (side + 3) :][:, :3]
        assert (gap == 255).all()
    assert (image[::-1][side:] == 255).all()


def test_what_is_no_number_is_grey() -> None:
    network = hinges(0.0, 1.0)
    network.biases[0][1] = np.nan
    painter = UnitMap(LOW, HIGH, (80, 80))
    units = painter.ask(network, DATA)
    assert units.ends == (0.0, 1.0)
    assert (tiles(painter.colors(units), 2, 1)[1][..., :3] == 153).all()
    network.biases[0][:] = np.nan
    units = painter.ask(network, DATA)
    assert str(units) == ""
    assert painter.colors(units).shape == (80, 80, 4)


def test_equal_answers_have_one_shade() -> None:
    network = Network([np.zeros((2, 3)), np.ones((3, 3))], [np.zeros(3), np.zeros(3)], "sigmoid")
    painter = UnitMap(LOW, HIGH, (80, 80))
    units = painter.ask(network, DATA)
    assert units.ends == (0.5, 0.5)
    assert len(np.unique(tiles(painter.colors(units), 2, 2)[0])) <= 4


def test_hidden_units_stand_on_the_axes() -> None:
    data, _, network = lecture.setup()
    ax = Figure(figsize=(4, 4)).add_subplot()
    image = figures.hidden_units(ax, network, data, layer=2)
    side = round(min(ax.bbox.size))
    painter = UnitMap(data.points.min(axis=0) - 0.2, data.points.max(axis=0) + 0.2, (side, side))
    expected = painter.colors(painter.ask(network, data, 2))
    np.testing.assert_array_equal(image.get_array(), expected)
    assert not ax.axison


def test_batch_normalization_takes_the_datas_statistics() -> None:
    data, _, _ = lecture.setup()
    network = Network.initialize((2, 9, 3), "tanh", scale=1.0, normalization="batch", rng=3)
    one, other = (
        figures.hidden_units(Figure().add_subplot(), asked, data).get_array()
        for asked in (network, network.fitted(data))
    )
    np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="network must know the statistics"):
        UnitMap(LOW, HIGH, (80, 80)).ask(network, data)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"layer": 0}, "layer must be a whole number from 1 to 1; got 0"),
        ({"layer": 2}, "layer must be a whole number from 1 to 1; got 2"),
        ({"network": Network.initialize((2, 3), rng=0)}, "network must have a hidden layer"),
        ({"network": Network.initialize((3, 4, 3), rng=0)}, "points of 3 coordinates"),
        (
            {
                "network": Network.initialize((3, 4, 3), rng=0),
                "data": Dataset([[1.0, 1.0, 0.0], [0.0, 0.5, 1.0]], [0, 1]),
            },
            "data must have points of 2 coordinates; got 3",
        ),
        ({"data": DATA.points}, "data must be a Dataset"),
        ({"ax": None}, "ax must be a Matplotlib Axes"),
        ({"margin": -1}, "margin must be a finite number, zero or positive"),
    ],
)
def test_units_that_cannot_be_drawn_are_refused(changed: Any, message: str) -> None:
    given = {"ax": Figure().add_subplot(), "network": hinges(0.0), "data": DATA} | changed
    with pytest.raises((TypeError, ValueError), match=message):
        figures.hidden_units(given.pop("ax"), given.pop("network"), given.pop("data"), **given)
