"""The maps and the points, tested as data: which colour stands where, and which point is whose."""

from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle

from vanishing import Dataset, Network, figures, lecture, train

# The classes' colours: #E69F00, #56B4E9 and #832DB6.
STRONG = [(230, 159, 0), (86, 180, 233), (131, 45, 182)]
BORDER = (70, 70, 70)


def axes(**figure: Any) -> Any:
    return Figure(**figure).add_subplot()


def few_points() -> Dataset:
    """Five points of three classes, not in the order of their labels."""
    places = [[0.5, -1], [-0.25, 0.5], [0.75, 0.25], [-1, 1], [0, 0]]
    return Dataset(places, [1, 0, 2, 0, 1])


def split(coordinate: int, at: float = 0.3, classes: tuple[int, int] = (0, 1)) -> Network:
    """Give one class below a value of that coordinate, and the other above."""
    weights, biases = np.zeros((2, 3)), np.full(3, -100.0)
    weights[coordinate, classes[1]] = 1
    biases[list(classes)] = at, 0
    return Network([weights], [biases])


def seen(ax: Any) -> Any:
    """Return a function that tells which colour is seen at a place on the axes."""
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[::-1]

    def look(x: float, y: float) -> tuple[int, ...]:
        column, row = ax.transData.transform((x, y))
        return tuple(pixels[int(row), int(column), :3].tolist())

    return look


def amounts_of(image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return how much of each class's colour each pixel has, of shape (rows, columns, 3)."""
    ink = 255 - np.asarray(image, float)[..., :3]
    strong = 255 - np.array(STRONG, float)
    amounts = ink @ strong.T / np.sum(strong**2, axis=1)
    away = np.abs(ink[..., None, :] - amounts[..., None] * strong).max(axis=-1)
    return np.where(away < 1.5, amounts, np.nan)


def classes_of(image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return which class's colour, however pale, each pixel has; -1 for the border."""
    assert image.shape[2] == 3 or (image[..., 3] == 255).all()
    border = (image[..., :3] == BORDER).all(axis=2)
    amounts = amounts_of(image)
    assert (np.isfinite(amounts).sum(axis=2) == 1)[~border].all()
    return np.where(border, -1, np.isfinite(amounts).argmax(axis=2))


# Points


def test_each_point_stands_where_it_is_in_its_classs_colour_and_marker() -> None:
    data = few_points()
    drawn = figures.points(axes(), data)
    expected = [[[-0.25, 0.5], [-1, 1]], [[0.5, -1], [0, 0]], [[0.75, 0.25]]]
    assert [dots.get_offsets().tolist() for dots in drawn] == expected
    faces = [tuple(np.rint(255 * dots.get_facecolor()[0][:3]).astype(int)) for dots in drawn]
    assert faces == STRONG
    for dots, marker in zip(drawn, "os^", strict=True):
        style = MarkerStyle(marker)
        outline = style.get_path().transformed(style.get_transform())
        np.testing.assert_array_equal(dots.get_paths()[0].vertices, outline.vertices)
    assert [dots.get_label() for dots in drawn] == ["class 0", "class 1", "class 2"]


def test_points_have_a_thin_black_edge_and_the_size_that_is_asked_for() -> None:
    (dots, *_) = figures.points(axes(), few_points())
    assert dots.get_sizes().tolist() == [28]
    assert dots.get_edgecolor().tolist() == [[0, 0, 0, 1]]
    assert dots.get_linewidth() == [0.5]
    assert figures.points(axes(), few_points(), size=10_000)[2].get_sizes().tolist() == [10_000]


def test_points_are_drawn_upright() -> None:
    ax = axes(figsize=(5, 5), dpi=100)
    figures.points(ax, few_points(), size=60)
    look = seen(ax)
    for (x, y), label in zip(few_points().points, few_points().labels, strict=True):
        assert look(x, y) == STRONG[label]
    assert look(1, -1) == (255, 255, 255)


@pytest.mark.parametrize(("scale", "reach"), [(0.5, 1.05), (3, 3.15)])
def test_the_plane_is_square_and_holds_all_points(scale: float, reach: float) -> None:
    ax = axes()
    figures.points(ax, Dataset(scale * few_points().points, few_points().labels))
    assert ax.get_xlim() == pytest.approx((-reach, reach))
    assert ax.get_ylim() == pytest.approx((-reach, reach))
    assert ax.get_aspect() == 1
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x_1$", "$x_2$")
    for axis in (ax.xaxis, ax.yaxis):
        ticks = np.array(axis.get_major_locator()())
        assert ticks[np.abs(ticks) <= reach] == pytest.approx(np.linspace(-1, 1, 5) * max(1, scale))


def test_other_data_move_the_points() -> None:
    drawn = figures.points(axes(), few_points())
    figures.move_points(drawn, Dataset([[9, 8], [7, 6], [5, 4]], [1, 1, 0]))
    assert [dots.get_offsets().tolist() for dots in drawn] == [[[5, 4]], [[9, 8], [7, 6]], []]
    figures.move_points(drawn, Dataset([[1, 1], [2, 2], [3, 3]], [2, 0, 1]))
    assert [dots.get_offsets().tolist() for dots in drawn] == [[[2, 2]], [[3, 3]], [[1, 1]]]


# Maps


def test_the_grid_runs_row_after_row_from_the_bottom() -> None:
    grid = figures.RegionMap((-1, 0), (1, 10), (3, 2), (5, 5)).grid
    assert grid.tolist() == [[-1, 0], [0, 0], [1, 0], [-1, 10], [0, 10], [1, 10]]


def test_a_map_may_reach_as_far_as_points_may() -> None:
    grid = figures.RegionMap((-1e30, 0), (1e30, 1), (2, 2), (2, 2)).grid
    assert grid.tolist() == [[-1e30, 0], [1e30, 0], [-1e30, 1], [1e30, 1]]
    ax = axes()
    figures.points(ax, Dataset([[1e30, 0], [0, 1]], [0, 1]))
    assert ax.get_xlim() == pytest.approx((-1.05e30, 1.05e30))


def test_right_is_right() -> None:
    image = figures.RegionMap((-1, -1), (1, 1), (5, 4), (5, 4)).colors(split(0))
    # Asked at -1, -0.5, 0, 0.5 and 1; the border is drawn on the far side, but for the first row.
    assert classes_of(image).tolist() == [[0, 0, 0, 1, 1], *[[0, 0, 0, -1, 1]] * 3]


def test_up_is_up() -> None:
    image = figures.RegionMap((-1, -1), (1, 1), (3, 5), (3, 5)).colors(split(1, classes=(2, 0)))
    assert classes_of(image).tolist() == [*[[2, 2, 2]] * 3, [0, -1, -1], [0, 0, 0]]


def test_between_the_grids_points_scores_are_interpolated() -> None:
    # Scores of a linear network are linear: nothing is lost between the points of a coarse grid.
    image = figures.RegionMap((-1, -1), (1, 1), (4, 3), (21, 11)).colors(split(0, at=0.25))
    row = [0] * 13 + [-1] + [1] * 7
    assert classes_of(image)[1:].tolist() == [row] * 10
    image = figures.RegionMap((-1, -1), (1, 1), (3, 4), (11, 21)).colors(split(1, at=0.25))
    assert classes_of(image)[:, 0].tolist() == [0] * 13 + [1] * 8


@pytest.mark.parametrize("seed", range(4))
def test_each_network_has_its_own_map(seed: int) -> None:
    network = Network.initialize((2, 10, 10, 3), "tanh", scale=1.0, rng=seed)
    painter = figures.RegionMap((-3, -2), (3, 2), (61, 41), (61, 41))
    image = classes_of(painter.colors(network))
    labels = network.predict(painter.grid).reshape(41, 61)
    inside = image >= 0
    np.testing.assert_array_equal(image[inside], labels[inside])
    # The border runs exactly where a neighbour to the left or below has another class.
    border = (labels[1:, 1:] != labels[:-1, 1:]) | (labels[1:, 1:] != labels[1:, :-1])
    np.testing.assert_array_equal(~inside[1:, 1:], border)
    assert inside[0].all()
    assert inside[:, 0].all()


@pytest.mark.parametrize("size", [(41, 26), (40, 25)])
def test_a_coarse_map_shows_every_second_answer_twice(size: tuple[int, int]) -> None:
    network = Network.initialize((2, 10, 10, 3), "tanh", scale=1.0, rng=1)
    painter = figures.RegionMap((-3, -2), (3, 2), (9, 9), size)
    fine, coarse = painter.colors(network), painter.colors(network, coarse=True)
    assert coarse.shape == fine.shape
    # The border is a pixel wide in either, so that it is twice as wide in the coarse one.
    pairs = zip(classes_of(fine)[::2, ::2].flat, classes_of(coarse)[::2, ::2].flat, strict=True)
    assert {pair for pair in pairs if -1 not in pair} == {(0, 0), (1, 1), (2, 2)}
    inside = (classes_of(fine) >= 0) & (classes_of(coarse) >= 0)
    np.testing.assert_array_equal(
        coarse[::2, ::2][inside[::2, ::2]], fine[::2, ::2][inside[::2, ::2]]
    )
    for shifted in (coarse[1::2, ::2], coarse[::2, 1::2]):
        np.testing.assert_array_equal(shifted, coarse[::2, ::2][: len(shifted), : shifted.shape[1]])


def test_networks_side_by_side_do_not_mix() -> None:
    painter = figures.RegionMap((-1, -1), (1, 1), (4, 4), (4, 4))
    first, second = (
        painter.colors(split(0, at=0.0)),
        painter.colors(split(1, at=0.0, classes=(1, 2))),
    )
    assert classes_of(first)[0].tolist() == [0, 0, 1, 1]
    assert classes_of(second)[:, 0].tolist() == [1, 1, 2, 2]
    np.testing.assert_array_equal(first, painter.colors(split(0, at=0.0)))


@pytest.mark.parametrize("winner", [254, 255, 256, 299])
def test_more_classes_than_a_byte_can_tell(winner: int) -> None:
    network = Network([np.zeros((2, 300))], [50.0 * (np.arange(300) == winner)])
    painter = figures.RegionMap((0, 0), (1, 1), (2, 2), (3, 3))
    np.testing.assert_array_equal(painter.colors(network), painter.colors(only(winner % 10)))


def only(label: int) -> Network:
    """Give one class everywhere."""
    return Network([np.zeros((2, 10))], [50.0 * (np.arange(10) == label)])


def test_scores_that_are_no_numbers_are_drawn_all_the_same() -> None:
    network = split(0)
    network.weights[0][:] = np.nan
    image = figures.RegionMap((-1, -1), (1, 1), (5, 5), (9, 9)).colors(network)
    assert classes_of(image).tolist() == [[0] * 9] * 9
    network.weights[0][:] = 1e300  # more than single precision can hold
    assert figures.RegionMap((-1, -1), (1, 1), (5, 5), (9, 9)).colors(network).shape == (9, 9, 4)


def test_a_wide_network_is_asked_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    whole = Network.scores

    def scores(self: Network, points: Any) -> Any:
        asked.append(len(points))
        return whole(self, points)

    monkeypatch.setattr(Network, "scores", scores)
    network = Network.initialize((2, 9_000, 3), "relu", scale=0.5, rng=0)
    painter = figures.RegionMap((-1, -1), (1, 1), (60, 40), (60, 40))
    image = classes_of(painter.colors(network))
    assert sum(asked) == 2400
    assert max(asked) * 9_005 <= 2**24
    assert len(asked) == 2
    labels = network.predict(painter.grid).reshape(40, 60)
    assert (image == labels)[image >= 0].all()


# Shading and hatching


def sure_of(probability: float, label: int = 0, classes: int = 3) -> Network:
    """Give one class that probability everywhere, and the others the rest, in equal parts."""
    biases = np.full(classes, np.log((1 - probability) / (classes - 1)))
    biases[label] = np.log(probability)
    return Network([np.zeros((2, classes))], [biases])


@pytest.mark.parametrize("label", [0, 1, 2])
def test_regions_are_the_paler_the_less_probable_the_answer_is(label: int) -> None:
    painter = figures.RegionMap((-1, -1), (1, 1), (3, 3), (60, 60))
    found = []
    for probability in (1 / 3 + 1e-6, 0.5, 0.75, 1 - 1e-9):
        image = painter.colors(sure_of(probability, label))
        # Half of a region at least is not hatched.
        amount = float(np.median(amounts_of(image)[..., label]))
        share = (probability - 1 / 3) / (1 - 1 / 3)
        assert amount == pytest.approx(0.13 + 0.35 * share, abs=0.01)
        found.append(amount)
    assert found == sorted(found)


def test_two_classes_and_one_are_shaded_too() -> None:
    painter = figures.RegionMap((-1, -1), (1, 1), (3, 3), (5, 5))
    unsure, sure = (painter.colors(sure_of(p, classes=2)) for p in (0.5 + 1e-6, 1 - 1e-9))
    assert np.median(amounts_of(unsure)[..., 0]) == pytest.approx(0.13, abs=0.01)
    assert np.median(amounts_of(sure)[..., 0]) == pytest.approx(0.48, abs=0.01)
    alone = painter.colors(Network([np.zeros((2, 1))], [[0.0]]))
    assert np.median(amounts_of(alone)[..., 0]) == pytest.approx(0.48, abs=0.01)


def test_what_is_no_number_is_as_pale_as_guessing() -> None:
    network = sure_of(0.9)
    network.biases[0][:] = np.inf
    image = figures.RegionMap((-1, -1), (1, 1), (3, 3), (5, 5)).colors(network)
    assert np.nanmax(amounts_of(image)) == pytest.approx(0.13, abs=0.01)


def test_regions_are_told_apart_without_colours() -> None:
    painter = figures.RegionMap((-1, -1), (1, 1), (3, 3), (120, 120))
    hatched = []
    for label in range(4):
        image = painter.colors(sure_of(0.9, label, classes=4))
        grey = image[..., :3] @ np.array([0.299, 0.587, 0.114])
        hatched.append(grey < grey.max() - 4)
    assert not hatched[0].any()
    for one in hatched[1:]:
        assert 0.05 < one.mean() < 0.35
    # A line that rises, dots, and a line that falls: followed along both diagonals.
    rising, dots, falling = hatched[1:]
    np.testing.assert_array_equal(rising[1:, 1:], rising[:-1, :-1])
    np.testing.assert_array_equal(falling[1:, :-1], falling[:-1, 1:])
    assert (dots[1:, 1:] != dots[:-1, :-1]).any()
    assert (dots[1:, :-1] != dots[:-1, 1:]).any()


# Decision regions


def test_the_map_reaches_beyond_the_data_by_the_margin() -> None:
    data = Dataset([[0, 0], [1, 2]], [0, 1])
    ax = axes()
    drawn = figures.decision_regions(ax, split(0), data, margin=0.5, resolution=0.25)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-0.5, 1.5), (-0.5, 2.5))
    rows, columns, _ = drawn.image.get_array().shape
    # 12 and 8 steps of the grid, each divided into as many pixels as the axes have room for.
    assert (rows - 1) / 12 == (columns - 1) / 8 == round(max(ax.bbox.size) / 12)
    # The middles of the outer pixels lie on the edge.
    half = 1 / (columns - 1)
    edges = (-0.5 - half, 1.5 + half, -0.5 - half, 2.5 + half)
    assert drawn.image.get_extent() == pytest.approx(edges)
    assert drawn.image.origin == "lower"


def test_the_defaults_are_as_tight_as_the_explorers() -> None:
    data = Dataset([[0, 0], [1, 2]], [0, 1])
    ax = axes()
    drawn = figures.decision_regions(ax, split(0), data)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-0.2, 1.2), (-0.2, 2.2))
    rows, columns, _ = drawn.image.get_array().shape
    assert (rows - 1) / 120 == (columns - 1) / 70 == round(max(ax.bbox.size) / 120)
    assert drawn.points[0].get_sizes().tolist() == [28]
    assert drawn.image.get_zorder() == 0 < drawn.points[0].get_zorder() == 3


def test_a_coarse_map_has_two_columns_and_rows_at_least() -> None:
    ax = axes()
    drawn = figures.decision_regions(ax, split(0), few_points(), resolution=1e6, size=5)
    rows, columns, _ = drawn.image.get_array().shape
    assert rows == columns <= max(ax.bbox.size) + 2
    assert drawn.points[0].get_sizes().tolist() == [5]


def test_no_grid_lies_over_the_map() -> None:
    ax = axes()
    ax.grid(visible=True)
    figures.decision_regions(ax, split(0), few_points())
    assert not any(line.get_visible() for line in [*ax.get_xgridlines(), *ax.get_ygridlines()])


@pytest.mark.parametrize(
    ("network", "low", "high"),
    [
        (split(0), [(-1.5, 0.8), (0.2, -1.4)], [(0.4, 1.8), (1.6, -1.5)]),
        (split(1), [(-1.5, 0.2), (1.6, -1.4)], [(-0.4, 0.4), (1.6, 1.5)]),
    ],
)
def test_what_is_seen_on_the_paper(network: Network, low: Any, high: Any) -> None:
    ax = axes(figsize=(6, 6), dpi=100)
    drawn = figures.decision_regions(ax, network, few_points(), margin=1.0, size=60)
    look = seen(ax)
    for places, label in ((low, 0), (high, 1)):
        found = classes_of(np.array([[look(*place) for place in places]]))
        assert found.tolist() == [[label] * 2]
    for (x, y), label in zip(few_points().points, few_points().labels, strict=True):
        assert look(x, y) == STRONG[label]
    assert len(drawn.points) == 3


def test_under_each_point_lies_the_colour_of_its_predicted_class() -> None:
    data, _, network = lecture.setup()
    network = train(network, data, iterations=1500, progress=False).network
    drawn = figures.decision_regions(axes(), network, data)
    image = classes_of(drawn.image.get_array())
    low, high = data.points.min(axis=0) - 0.2, data.points.max(axis=0) + 0.2
    last = np.array(image.shape[::-1]) - 1
    places = np.rint((data.points - low) / (high - low) * last).astype(int)
    found = image[places[:, 1], places[:, 0]]
    predicted = network.predict(data.points)
    assert set(predicted) == {0, 1, 2}
    # Some points lie nearer to the border than to the next point of the grid.
    assert np.mean(found == predicted) > 0.9
    np.testing.assert_array_equal(
        [dots.get_offsets() for dots in drawn.points], np.split(data.points, 3)
    )


def test_batch_normalization_takes_the_datas_statistics_not_the_maps() -> None:
    data, _, _ = lecture.setup()
    network = Network.initialize((2, 20, 3), "tanh", scale=1.0, normalization="batch", rng=3)
    image = figures.decision_regions(axes(), network, data, resolution=0.1).image.get_array()
    known = figures.decision_regions(axes(), network.fitted(data), data, resolution=0.1)
    np.testing.assert_array_equal(image, known.image.get_array())
    # Statistics that the network knows already stay.
    other = network.fitted(Dataset(5 + data.points, data.labels))
    differing = figures.decision_regions(axes(), other, data, resolution=0.1).image.get_array()
    assert (image != differing).any()


# What is refused


def in_space() -> Dataset:
    return Dataset(np.ones((3, 3)), [0, 1, 2])


def far() -> Dataset:
    return Dataset([[0, 0], [0, -2e30]], [0, 1])


def on_a_line() -> Dataset:
    return Dataset([[0, 1], [0, 2]], [0, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.points(None, few_points()), "ax must be a Matplotlib Axes; got None"),
        (lambda: figures.points(axes(), "data"), "data must be a Dataset; got 'data'"),
        (lambda: figures.points(axes(), in_space()), "data must have points of 2 coordinates; .*3"),
        (lambda: figures.points(axes(), far()), r"data must have coordinates of at most 1e\+30; "),
        (lambda: figures.points(axes(), few_points(), size=1e308), r"size must .*; got 1e\+308"),
        (lambda: figures.points(axes(), few_points(), size=10_001), "size must .* at most 10000; "),
        (lambda: figures.points(axes(), few_points(), size=-1), "size must be .*; got -1"),
        (lambda: figures.move_points([], few_points()), r"drawn must be what .*; got \[\]"),
        (
            lambda: figures.move_points([1, 2, 3], few_points()),
            r"drawn must be what figures\.points returned; got \[1, 2, 3\]",
        ),
        (lambda: figures.move_points(None, few_points()), "drawn must be a sequence of what"),
        (
            lambda: figures.move_points(figures.points(axes(), few_points()), in_space()),
            "data must have points of 2 coordinates; got 3",
        ),
    ],
)
def test_points_that_cannot_be_drawn_are_refused(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"low": (0, 0, 0)}, r"low must be 2 finite coordinates; got \(0, 0, 0\)"),
        ({"low": (0, np.nan)}, "low must be 2 finite coordinates; got"),
        ({"high": "ab"}, "high must be an array of real numbers"),
        ({"low": 3}, r"low must be a non-empty array of shape \(2,\); got shape \(\)"),
        ({"high": (1, 1e31)}, "high must be 2 finite coordinates"),
        ({"high": (1, -1)}, "high must lie above and to the right of low; got"),
        ({"counts": (1, 5)}, r"counts\[0\] must be a whole number from 2 to 2,048; got 1"),
        ({"counts": (2, 2049)}, r"counts\[1\] must be a whole number from 2 to 2,048; got 2049"),
        ({"pixels": (5,)}, r"pixels must be 2 whole numbers; got \(5,\)"),
        ({"pixels": 5}, "pixels must be a sequence of 2 whole numbers; got 5"),
    ],
)
def test_maps_that_cannot_be_drawn_are_refused(changed: Any, message: str) -> None:
    given = {"low": (-1, -1), "high": (1, 1), "counts": (3, 3), "pixels": (3, 3)} | changed
    with pytest.raises((TypeError, ValueError), match=message):
        figures.RegionMap(**given)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("relu", "network must be a Network; got 'relu'"),
        (Network.initialize((3, 2), rng=0), "network must have 2 inputs.*; got 3"),
        (
            Network.initialize((2, 3, 2), normalization="batch", rng=0),
            r"network must know the statistics .* network\.fitted\(data\)",
        ),
    ],
)
def test_networks_that_have_no_map_are_refused(network: Any, message: str) -> None:
    painter = figures.RegionMap((-1, -1), (1, 1), (3, 3), (3, 3))
    with pytest.raises((TypeError, ValueError), match=message):
        painter.colors(network)


@pytest.mark.parametrize(
    ("counts", "pixels"), [((2048, 2048), (2, 2)), ((2, 2), (2048, 2048)), ((64, 2), (2048, 2048))]
)
def test_a_map_of_more_scores_than_memory_would_bear_is_refused(counts: Any, pixels: Any) -> None:
    painter = figures.RegionMap((-1, -1), (1, 1), counts, pixels)
    with pytest.raises(ValueError, match="at most 134,217,728 scores on a map"):
        painter.colors(Network.initialize((2, 1, 33), rng=0))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"ax": 1}, "ax must be a Matplotlib Axes"),
        ({"data": in_space()}, "data must have points of 2 coordinates; got 3"),
        ({"network": Network.initialize((3, 3), rng=0)}, "data must have points of 3 coordinates"),
        ({"network": Network.initialize((2, 2), rng=0)}, "data must have labels from 0 to 1"),
        ({"network": None}, "network must be a Network; got None"),
        ({"margin": np.nan}, "margin must be a finite number, zero or positive.*; got nan"),
        ({"margin": -0.1}, "margin must be a finite number, zero or positive"),
        ({"margin": 2e30, "resolution": 1e30}, r"margin must be .*at most 1e\+30"),
        ({"data": on_a_line(), "margin": 0}, "margin must be positive where the data have no ext"),
        ({"resolution": 0}, "resolution must be a finite positive number; got 0"),
        ({"resolution": 1e-300}, r"resolution must be at least 0\.00117245 on this map, for 2,048"),
        ({"resolution": 2.4 / 2048}, r"resolution must be at least 0\.00117245 on this map"),
        ({"resolution": "fine"}, "resolution must be a finite positive number; got 'fine'"),
        ({"size": np.inf}, "size must be a finite positive number, at most 10000; got inf"),
        ({"size": 0}, "size must be a finite positive number"),
    ],
)
def test_regions_that_cannot_be_drawn_are_refused(changed: Any, message: str) -> None:
    ax = axes()
    given = {"ax": ax, "network": split(0), "data": few_points()} | changed
    with pytest.raises((TypeError, ValueError), match=message):
        figures.decision_regions(given.pop("ax"), given.pop("network"), given.pop("data"), **given)
    assert not ax.has_data()


def test_the_finest_map_is_still_drawn() -> None:
    data = Dataset([[0, 0], [1, 0.001]], [0, 1])
    ax = axes()
    drawn = figures.decision_regions(ax, split(0), data, margin=0, resolution=1 / 2047)
    assert drawn.image.get_array().shape == (3, 2048, 4)
