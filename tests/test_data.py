import numpy as np
import pytest
import recipe

from vanishing import Dataset, spiral


@pytest.mark.parametrize(("seed", "count", "classes", "noise"), [(0, 100, 3, 0.2), (7, 13, 5, 0.0)])
def test_spiral_follows_the_recipe(seed: int, count: int, classes: int, noise: float) -> None:
    points, labels = recipe.draw_data(np.random.RandomState(seed), count, classes, noise)
    data = spiral(count, classes, noise=noise, rng=seed)
    np.testing.assert_array_equal(data.points, points)
    np.testing.assert_array_equal(data.labels, labels)
    assert (len(data), data.classes) == (count * classes, classes)


def test_rng_takes_seed_stream_generator_and_none() -> None:
    by_seed = spiral(rng=3).points
    np.testing.assert_array_equal(spiral(rng=np.random.RandomState(3)).points, by_seed)
    np.testing.assert_array_equal(spiral(rng=np.int64(3)).points, by_seed)
    generator = np.random.default_rng(3)
    assert not np.array_equal(spiral(rng=generator).points, spiral(rng=generator).points)
    assert not np.array_equal(spiral().points, spiral().points)


def test_spiral_draws_nothing_more_than_it_needs() -> None:
    ours, theirs = np.random.RandomState(1), np.random.RandomState(1)
    spiral(10, 4, rng=ours)
    recipe.draw_data(theirs, 10, 4)
    assert ours.randn() == theirs.randn()


def test_dataset_keeps_copies_that_nobody_can_change() -> None:
    points, labels = np.zeros((2, 2)), np.array([0, 1])
    data = Dataset(points, labels)
    points[0] = 7
    labels[0] = 1
    assert data.points.max() == 0
    assert data.labels.tolist() == [0, 1]
    assert len({data, data, Dataset(data.points, data.labels)}) == 2
    with pytest.raises(AttributeError):
        data.labels = labels  # type: ignore[misc]
    for array in (data.points, data.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_the_bounds_themselves_are_accepted() -> None:
    assert spiral(1, 1000, noise=1e6, rng=0).classes == 1000
    assert Dataset([[0.0], [1.0]], [0, 999]).classes == 1000
    assert spiral(1, 2, noise=0, rng=0).points.tolist() == [[0, 0], [0, 0]]


def test_the_spiral_is_the_lectures_if_nothing_else_is_said() -> None:
    points, labels = recipe.draw_data(np.random.RandomState(4), 100, 3, 0.2)
    np.testing.assert_array_equal(spiral(rng=4).points, points)
    np.testing.assert_array_equal(spiral(rng=4).labels, labels)


def test_lists_and_single_precision_become_float64() -> None:
    data = Dataset(np.ones((3, 2), np.float32), [0, 1, 1])
    assert data.points.dtype == np.float64
    assert repr(data) == "Dataset(3 points, 2 classes)"


@pytest.mark.parametrize(
    ("points", "labels", "error", "says"),
    [
        ([], [], ValueError, "points must be a non-empty array"),
        ([[0.0, 1.0]], [0, 1], ValueError, r"labels must have shape \(1,\).*got shape \(2,\)"),
        ([[0.0, 1.0]], [-1], ValueError, "labels must be whole numbers from 0 to 999; got -1$"),
        ([[0.0, 1.0]], [1000], ValueError, "labels must be whole numbers from 0 to 999; got 1000"),
        ([[0.0, 1.0]], [0.0], TypeError, r"labels must be whole numbers.*got \[0\.0\]"),
        ([[0.0, 1.0]], [True], TypeError, r"labels must be whole numbers.*got \[True\]"),
        ([[0.0], [1.0]], [[0], [0, 1]], TypeError, "labels must be whole numbers"),
        ([[0.0]], np.ma.masked_array([0], [True]), TypeError, "labels must be whole numbers"),
        (
            [[0.0], [1.0]],
            np.array([0, 2**64 - 1], np.uint64),
            ValueError,
            "got 18446744073709551615",
        ),
        ([[0.0, 1.0]], [[0]], ValueError, r"labels must have shape \(1,\).*got shape \(1, 1\)"),
        ([[0.0, np.nan]], [0], ValueError, "points must hold finite numbers"),
        ([["a", "b"]], [0], TypeError, "points must be an array of real numbers"),
        ([[0.0], [0.0, 1.0]], [0, 1], TypeError, "points must be an array of real numbers"),
        ([0.0, 1.0], [0, 1], ValueError, r"points must be .*got shape \(2,\)"),
    ],
)
def test_bad_data(points: object, labels: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        Dataset(points, labels)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"points_per_class": 0}, ValueError, "points_per_class must be a whole number.*got 0"),
        ({"points_per_class": 2.5}, TypeError, "points_per_class must be.*got 2.5"),
        ({"points_per_class": True}, TypeError, "points_per_class must be.*got True"),
        ({"classes": 1}, ValueError, "classes must be a whole number from 2 to 1,000; got 1"),
        ({"classes": 1001}, ValueError, "classes must be a whole number from 2 to 1,000; got 1001"),
        (
            {"points_per_class": 10**9},
            ValueError,
            "points_per_class must ask for at most 134,217,728 "
            "coordinates; got 1000000000, which asks for 6,000,000,000",
        ),
        ({"noise": 1.1e6}, ValueError, r"noise must be.*at most 1e\+06; got 1100000.0"),
        ({"noise": -0.1}, ValueError, r"noise must be.*zero or positive.*got -0\.1"),
        ({"noise": float("nan")}, ValueError, "noise must be.*got nan"),
        ({"noise": "much"}, TypeError, "noise must be.*got 'much'"),
        ({"rng": -1}, ValueError, "rng must be a seed.*got -1"),
        ({"rng": 2**32}, ValueError, "rng must be a seed.*got 4294967296"),
        ({"rng": "zero"}, TypeError, "rng must be a seed.*got 'zero'"),
        ({"rng": 0.5}, TypeError, "rng must be a seed.*got 0.5"),
    ],
)
def test_bad_arguments(arguments: dict, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        spiral(**arguments)
