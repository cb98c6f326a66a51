"""Controls: what they are called, and that none of them clamps in silence."""

import math
from typing import Any

import pytest
from traitlets import TraitError

from vanishing.experiment import Settings
from vanishing.live.controls import CONTROLS, LogSlider, make_room, rounded
from vanishing.variant import Variant

ENDS = {
    "step_size": (0.001, 1e4),
    "scale": (0.001, 10.0),
    "regularization": (1e-6, 1.0),
    "noise": (0.0, 1.0),
    "points_per_class": (10, 300),
    "hidden_layers": (1, 10),
    "width": (2, 100),
    "seed": (0, 99),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_every_control_is_named_and_explained(name: str) -> None:
    control = CONTROLS[name]()
    assert 0 < len(control.description) < len(control.tooltip)


@pytest.mark.parametrize("name", ENDS)
def test_sliders_reach_from_end_to_end_and_no_further(name: str) -> None:
    control = CONTROLS[name]()
    for end in ENDS[name]:
        control.value = end
        assert control.value == end
    low, high = ENDS[name]
    for beyond in (
        high * 2 if isinstance(high, float) else high + 1,
        low / 2 if isinstance(low, float) and low else low - 1,
    ):
        with pytest.raises(TraitError, match=r"the slider .* ends at .*; got"):
            control.value = beyond
        assert control.value == high


@pytest.mark.parametrize("name", ENDS)
def test_sliders_have_steps_that_a_hand_can_meet_and_the_lectures_value_is_one(name: str) -> None:
    control, value = CONTROLS[name](), getattr(Settings(), name)
    logarithmic = isinstance(control, LogSlider)
    low, now = (math.log10(v) if logarithmic else v for v in (ENDS[name][0], value))
    steps = (now - low) / control.step
    assert steps == pytest.approx(round(steps))
    assert 9 <= (control.max - control.min) / control.step < 100


def test_controls_stand_in_a_column() -> None:
    controls = [make() for make in CONTROLS.values()]
    for widths in (
        {control.layout.width for control in controls},
        {control.style.description_width for control in controls},
    ):
        assert len(widths) == 1
        assert widths.isdisjoint({None, ""})


def test_a_page_that_misses_an_end_by_a_rounding_error_is_forgiven() -> None:
    control = CONTROLS["scale"]()
    control.value = 10.000000000000002
    assert control.value == 10.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step_size", 20_000.0),
        ("step_size", 1e-5),
        ("scale", 100.0),
        ("regularization", 1e-9),
        ("noise", 2.5),
        ("points_per_class", 5),
        ("points_per_class", 1000),
        ("hidden_layers", 30),
        ("seed", 12345),
    ],
)
def test_room_is_made_for_a_value_and_no_more(name: str, value: float) -> None:
    control = CONTROLS[name]()
    other_end = ENDS[name][0] if value > ENDS[name][0] else ENDS[name][1]
    assert make_room(control, value)
    control.value = value
    assert control.value == value
    control.value = other_end
    with pytest.raises(TraitError):
        control.value = value * 11 if value > other_end else value / 11 - 1


def test_room_that_is_there_is_left_as_it_is() -> None:
    control = CONTROLS["scale"]()
    before = control.min, control.max
    for value in ENDS["scale"]:
        assert make_room(control, value)
    assert (control.min, control.max) == before


def test_no_logarithmic_slider_shows_zero() -> None:
    control = CONTROLS["regularization"]()
    assert not make_room(control, 0.0)
    assert control.value == 1e-6


def test_a_list_gets_one_entry_more() -> None:
    control = CONTROLS["activation"]()
    assert control.options[2] == ("ReLU", "relu")
    control.value = "tanh"
    own = Variant("bent", "relu", hidden_layers=3)
    for _ in range(2):
        assert make_room(control, own)
    assert len(control.options) == 5
    assert control.options[-1] == ("bent", own)
    assert control.value == "tanh"


@pytest.mark.parametrize(
    ("value", "expected"), [(0.50118723, 0.501), (12345.6, 12300.0), (7, 7), ("a", "a")]
)
def test_numbers_are_short_enough_to_be_shared(value: Any, expected: Any) -> None:
    assert rounded(value) == expected
