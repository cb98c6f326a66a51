"""The spiral explorer: which points are drawn under each control, and what is said of them."""

from typing import Any

import numpy as np
import pytest
from waiting import assert_refused

from vanishing import spiral
from vanishing.live import SpiralExplorer
from vanishing.live.spiral import SpiralSettings


def test_it_shows_the_data_that_are_asked_for() -> None:
    explorer = SpiralExplorer()
    assert explorer.words == (
        "300 points: 3 arms of 100, noise 0.2, "
        "2% of the points have their nearest neighbor in another arm"
    )
    assert explorer.words in explorer.text.readout.value
    assert explorer.share == "SpiralExplorer()"
    assert repr(explorer) == "SpiralExplorer()"
    assert list(explorer.controls) == ["noise", "points_per_class"]
    assert list(explorer.buttons) == ["reset"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("noise", 0.6, spiral(100, noise=0.6, rng=0)),
        ("points_per_class", 50, spiral(50, rng=0)),
        ("seed", 3, spiral(rng=3)),
    ],
)
def test_a_moved_control_draws_other_points(name: str, value: Any, expected: Any) -> None:
    explorer = SpiralExplorer(controls=(name,))
    before = explorer.image.value
    explorer.controls[name].value = value
    np.testing.assert_array_equal(explorer.data.points, expected.points)
    assert explorer.image.value != before
    shared: Any = eval(explorer.share, {"SpiralExplorer": SpiralExplorer})
    np.testing.assert_array_equal(shared.data.points, expected.points)
    assert list(shared.controls) == [name]
    drawn: Any = explorer.picture.panels[0]
    offsets = np.concatenate([dots.get_offsets() for dots in drawn.drawn])
    np.testing.assert_array_equal(offsets, expected.points)
    explorer.buttons["reset"].click()
    np.testing.assert_array_equal(explorer.data.points, spiral(rng=0).points)


def test_arguments_are_where_it_begins() -> None:
    explorer = SpiralExplorer(noise=2.0, points_per_class=500, seed=7, controls=("noise", "seed"))
    settings = "noise=2.0, points_per_class=500, seed=7"
    assert explorer.share == f"SpiralExplorer({settings}, controls=('noise', 'seed'))"
    assert {name: one.value for name, one in explorer.controls.items()} == {"noise": 2.0, "seed": 7}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"noise": -1}, ValueError),
        ({"noise": "much"}, TypeError),
        ({"noise": 1000000.5}, ValueError),
        ({"points_per_class": 5001}, ValueError),
        ({"points_per_class": 0}, ValueError),
        ({"seed": None}, TypeError),
        ({"seed": -1}, ValueError),
        ({"seed": 2**32}, ValueError),
        ({"controls": ("step_size",)}, ValueError),
    ],
)
def test_wrong_arguments_are_named_and_leave_nothing(
    wrong: dict[str, Any], error: type[Exception]
) -> None:
    (name,) = wrong
    assert_refused(SpiralExplorer, wrong, error, f"{name} must .*got")


def test_settings_at_their_ends_are_allowed() -> None:
    explorer = SpiralExplorer(noise=0, points_per_class=1, seed=2**32 - 1)
    assert len(explorer.data) == 3
    wide = SpiralSettings(noise=1e6, points_per_class=5000)
    assert (wide.noise, wide.points_per_class) == (1e6, 5000)
    with pytest.raises(ValueError, match=r"name must be one of .*; got 'colour'"):
        wide.changed("colour", 1)
    with pytest.raises(AttributeError):
        wide.noise = 2.0  # type: ignore[misc]


def test_numbers_of_numpys_are_shared_as_pythons() -> None:
    explorer = SpiralExplorer(noise=np.float32(0.5), points_per_class=np.int8(20))
    assert explorer.share == "SpiralExplorer(noise=0.5, points_per_class=20)"


def test_an_attribute_that_has_no_effect_cannot_be_set() -> None:
    explorer = SpiralExplorer()
    with pytest.raises(AttributeError, match=r"SpiralExplorer\(noise=1\), or move its controls"):
        explorer.noise = 1
    with pytest.raises(AttributeError, match=r"make a new SpiralExplorer\(seed=1\)$"):
        explorer.seed = 1


def test_the_legend_names_the_classes() -> None:
    legend = SpiralExplorer().figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["class 0", "class 1", "class 2"]


def test_closing_frees_the_points() -> None:
    explorer = SpiralExplorer()
    explorer.close()
    with pytest.raises(RuntimeError, match=r"SpiralExplorer\(\) makes one like it"):
        _ = explorer.data
