"""Controls: what they are called, and that none of them clamps in silence."""

import math
import re
from typing import Any

import pytest
from traitlets import TraitError

from vanishing.experiment import Settings
from vanishing.live.controls import (
    CONTROLS,
    TIME_CONTROLS,
    Number,
    make_room,
    plain,
    rounded,
)
from vanishing.sequence_experiment import SequenceSettings
from vanishing.variant import Variant

ENDS = {
    "step_size": (0.001, 1e4),
    "scale": (0.001, 10.0),
    "regularization": (1e-6, 1.0),
    "noise": (0.0, 1.0),
    "points_per_class": (10, 300),
    "hidden_layers": (1, 30),
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
        with pytest.raises(TraitError, match=r" goes from .* to .* here; got"):
            control.value = beyond
        assert control.value == high


@pytest.mark.parametrize("name", ENDS)
def test_sliders_have_steps_that_a_hand_can_meet_and_the_lectures_value_is_one(name: str) -> None:
    control, value = CONTROLS[name](), getattr(Settings(), name)
    slider = control.slider
    low, now = (math.log10(v) if control.logarithmic else v for v in (ENDS[name][0], value))
    steps = (now - low) / slider.step
    assert steps == pytest.approx(round(steps))
    assert 9 <= (slider.max - slider.min) / slider.step < 100


TIME_ENDS = {
    "distance": (1, 60),
    "gain": (0.0, 3.0),
    "gate_bias": (-3.0, 6.0),
    "step_size": (0.001, 10.0),
    "clip_norm": (0.01, 100.0),
    "hidden": (2, 128),
    "batch": (8, 256),
}


@pytest.mark.parametrize("name", TIME_ENDS)
def test_sliders_of_time_reach_as_far_and_the_usual_value_is_a_step(name: str) -> None:
    control = TIME_CONTROLS[name]()
    low, high = TIME_ENDS[name]
    assert control.ends == pytest.approx((low, high))
    for beyond in (high + 1, low / 2 if control.logarithmic else low - 1):
        with pytest.raises(TraitError, match=r" goes from .* to .* here; got"):
            control.value = beyond
    usual = getattr(SequenceSettings(), name)
    control.value = low if usual is None else usual
    assert control.slider.value == pytest.approx(control.value, rel=0.01)
    steps = (control.slider.max - control.slider.min) / control.slider.step
    assert 9 <= steps < 130
    assert steps == pytest.approx(round(steps)), "the last step ends where the slider does"


@pytest.mark.parametrize("name", ["cell", "task", "optimizer", "recurrent"])
def test_lists_of_time_hold_the_usual_choice_and_only_what_can_be_trained(name: str) -> None:
    control = TIME_CONTROLS[name]()
    values = [value for _, value in control.options]
    assert getattr(SequenceSettings(), name) in values
    for label, value in control.options:
        settings = SequenceSettings(**{name: value})
        assert getattr(settings, name) == value
        assert label.lower() == value


def test_layers_and_units_are_counted_from_one() -> None:
    for name in ("unit_layer", "hidden_layers"):
        assert CONTROLS[name]().ends[0] == 1


def test_controls_stand_in_a_column() -> None:
    controls = [make() for make in CONTROLS.values()]
    for widths in (
        {control.layout.width for control in controls},
        {getattr(one, "field", one).style.description_width for one in controls},
    ):
        assert len(widths) == 1
        assert widths.isdisjoint({None, ""})
    # Beside its field a slider takes what is left.
    for control in controls:
        if isinstance(control, Number):
            assert control.slider.layout.flex.startswith("1")
            assert control.slider.layout.width == "auto"


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
        ("hidden_layers", 50),
        ("seed", 12345),
    ],
)
def test_room_is_made_for_a_value_and_no_more(name: str, value: float) -> None:
    control = CONTROLS[name]()
    other_end = ENDS[name][0] if value > ENDS[name][0] else ENDS[name][1]
    make_room(control, value)
    control.value = value
    assert control.value == value
    control.value = other_end
    with pytest.raises(TraitError):
        control.value = value * 11 if value > other_end else value / 11 - 1


def test_room_that_is_there_is_left_as_it_is() -> None:
    control = CONTROLS["scale"]()
    before = control.ends
    for value in ENDS["scale"]:
        make_room(control, value)
    assert control.ends == before


def test_zero_is_shown_where_it_means_something() -> None:
    control = CONTROLS["regularization"]()
    control.field.value = "0"
    assert control.value == 0
    assert control.slider.value == pytest.approx(1e-6)
    control = CONTROLS["step_size"]()
    control.field.value = "0"
    assert control.refusal.startswith("step size goes from 0.001 to 10000 here; got 0")
    assert control.value == 0.001
    make_room(control, 0.0)
    control.value = 0.0
    assert control.field.value == "0"


def test_a_list_gets_one_entry_more() -> None:
    control = CONTROLS["activation"]()
    assert control.options[2] == ("ReLU", "relu")
    control.value = "tanh"
    own = Variant("bent", "relu", hidden_layers=3)
    for _ in range(2):
        make_room(control, own)
    assert len(control.options) == 5
    assert control.options[-1] == ("bent", own)
    assert control.value == "tanh"


@pytest.mark.parametrize(
    ("value", "expected"), [(0.50118723, 0.501), (12345.6, 12300.0), (7, 7), ("a", "a")]
)
def test_numbers_are_short_enough_to_be_shared(value: Any, expected: Any) -> None:
    assert rounded(value) == expected


# What is typed, and what is moved


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("scale", "0.566", 0.566),
        ("scale", "0.5", 0.5),
        ("scale", " 1e-2 ", 0.01),
        ("step_size", "3.14159", 3.14159),
        ("noise", "0.123", 0.123),
        ("points_per_class", "37", 37),
        ("seed", "42", 42),
    ],
)
def test_a_number_is_taken_as_it_is_typed(name: str, text: str, value: float) -> None:
    control = CONTROLS[name]()
    control.field.value = text
    assert control.value == value
    assert type(control.value) is type(value)
    assert control.field.value == text.strip().replace("1e-2", "0.01")
    assert control.refusal == ""
    # The handle stands at the step next to it, wherever the page itself would have put it.
    steps = abs(position(control, control.slider.value) - position(control, value))
    assert steps <= 0.5 + 1e-9
    control.slider.value = control.slider.value
    assert control.value == value


def position(control: Number, value: float) -> float:
    """Return how many steps a value stands from the slider's beginning."""
    low = control.slider.min
    return ((math.log10(value) if control.logarithmic else value) - low) / control.slider.step


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("scale", "0,3", "initialization scale must be a number, with a decimal point as in 0.3"),
        ("scale", "", "initialization scale must be a number"),
        ("scale", "much", "initialization scale must be a number"),
        ("scale", "0", r"initialization scale goes from 0\.001 to 10 here; got 0"),
        ("scale", "nan", "initialization scale goes from"),
        ("scale", "-1", "initialization scale goes from"),
        ("step_size", "1e9", r"step size goes from 0\.001 to 10000 here; got 1000000000\. "),
        ("points_per_class", "50.5", r"points a class must be a whole number; got 50\.5"),
        ("points_per_class", "inf", "points a class must be a whole number; got inf"),
        ("hidden_layers", "1000", r"hidden layers goes from 1 to 30 here; got 1000\. "),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(name: str, text: str, why: str) -> None:
    control = CONTROLS[name]()
    before, shown = control.value, control.field.value
    for _ in range(2):
        control.field.value = text
        assert re.match(why, control.refusal)
        assert (control.value, control.field.value) == (before, shown)
    control.field.value = plain(ENDS[name][1])
    assert control.refusal == ""


@pytest.mark.parametrize("name", ENDS)
def test_a_slider_moves_the_number_in_steps(name: str) -> None:
    control = CONTROLS[name]()
    seen = []
    control.observe(lambda change: seen.append(change["new"]), "value")
    step = control.slider.step
    for number in (1, 2, 1):
        place = control.slider.min + number * step
        there = 10.0**place if control.logarithmic else place
        control.slider.value = there
        # The slider follows the number: both must be where the hand has put it.
        assert control.slider.value == pytest.approx(there)
        assert control.value == rounded(control.slider.value)
        assert float(control.field.value) == control.value
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (3160.0, "3160"),
        (10, "10"),
        (0.0, "0"),
        (0.1 + 0.2, "0.30000000000000004"),
    ],
)
def test_numbers_are_written_with_all_their_digits_and_no_exponent(
    number: float, text: str
) -> None:
    assert plain(number) == text
    assert float(text) == number
