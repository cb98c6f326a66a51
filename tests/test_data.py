from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recipe

from vanishing import Dataset, spiral
from vanishing.data import DATASETS, blobs, checkerboard, circles, moons


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


# Other data


@pytest.mark.parametrize("name", DATASETS)
def test_each_kind_of_data_comes_class_by_class_and_again_from_its_seed(name: str) -> None:
    draw = DATASETS[name]
    data, again, other = draw(24, rng=3), draw(24, rng=3), draw(24, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(data.points, again.points)
    assert len(other) == len(data) == 24 * data.classes
    np.testing.assert_array_equal(data.labels, np.repeat(np.arange(data.classes), 24))
    assert np.abs(draw(200, noise=0, rng=0).points).max() <= 1


def test_circles_have_their_radii() -> None:
    data = circles(10, 3, noise=0)
    radius = np.hypot(*data.points.T)
    np.testing.assert_allclose(radius, (data.labels + 1) / 3)


def test_each_moon_is_half_a_circle_and_ends_inside_the_other() -> None:
    upper, lower = (moons(51, noise=0).points[rows] for rows in (slice(51), slice(51, None)))
    center = np.array([-0.3, -0.15])
    np.testing.assert_allclose(np.hypot(*(upper - center).T), 0.6)
    np.testing.assert_allclose(lower, -upper)
    assert np.hypot(*(lower - center).T).min() < 0.5


def test_blobs_lie_around_their_centres() -> None:
    data = blobs(4000, 3, noise=0.1, rng=0)
    for k in range(3):
        own = data.points[data.labels == k]
        center = 0.6 * np.array([np.sin(2 * np.pi * k / 3), np.cos(2 * np.pi * k / 3)])
        np.testing.assert_allclose(own.mean(axis=0), center, atol=0.01)
        np.testing.assert_allclose(own.std(axis=0), 0.1, atol=0.01)


def test_fields_of_a_board_alternate_and_share_the_points_evenly() -> None:
    data = checkerboard(80, rng=0)
    fields = np.floor(2 * (data.points + 1)).astype(int)
    np.testing.assert_array_equal(fields.sum(axis=1) % 2, data.labels)
    counts = np.unique(fields, axis=0, return_counts=True)[1]
    assert counts.tolist() == [10] * 16


@pytest.mark.parametrize("draw", [moons, checkerboard])
def test_two_classes_are_two(draw: Any) -> None:
    with pytest.raises(ValueError, match=r"classes must be 2 for .*; got 3"):
        draw(10, 3)


@pytest.mark.parametrize("draw", [circles, moons, blobs, checkerboard])
def test_more_noise_scatters_the_points_more(draw: Any) -> None:
    still = draw(500, noise=0, rng=0).points
    moved = draw(500, noise=0.2, rng=0).points
    assert (moved - still).std() == pytest.approx(0.2, rel=0.1)


# Points from a file


def test_points_are_read_from_a_file_with_and_without_a_header(tmp_path: Path) -> None:
    lines = "0.5,1,cat\n-1e-1, 2 ,dog\n\n3,4,cat\n"
    for header in ("", "x,y,animal\n"):
        path = tmp_path / "points.csv"
        path.write_text(header + lines, encoding="utf-8")
        data = Dataset.from_csv(path)
        np.testing.assert_array_equal(data.points, [[0.5, 1], [-0.1, 2], [3, 4]])
        assert data.labels.tolist() == [0, 1, 0]


def test_labels_that_are_numbers_are_ordered_by_size(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("0,0,10\n0,1,9\n0,2,-1\n")
    assert Dataset.from_csv(str(path)).labels.tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,a\n3,x,b\n", "line 2 .*second column; got 'x'"),
        ("1,2,a\nnan,1,b\n", "line 2 .*first column; got 'nan'"),
        ("1,2,a\n1,2\n", "line 2 must hold two numbers and a label.*got '1,2'"),
        ("1,2,a\n\n1,2,\n", "line 3 must hold"),
        ("1,2,3,4\n", "line 1 must hold"),
        ("", "a line of data"),
        ("x,y,label\n", "a line of data"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_line(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        Dataset.from_csv(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="file of text"):
        Dataset.from_csv(path)
    with pytest.raises(TypeError, match=r"path must be .*got 3"):
        Dataset.from_csv(3)  # type: ignore[arg-type]
