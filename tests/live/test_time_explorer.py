"""The time explorer: every control by what it does to the run, pictures as data, and its end."""

import asyncio
from typing import Any

import numpy as np
import pytest
from waiting import assert_refused, in_loop, models, until

from vanishing import figures
from vanishing.activations import Activation
from vanishing.live import Live, Panel, TimeExplorer
from vanishing.live.controls import TIME_CONTROLS
from vanishing.live.picture import DRAWN, Lettering, Picture
from vanishing.live.runs import OWN
from vanishing.live.time import (
    A_LINE,
    MOST_MARKS,
    MOST_WORDS,
    TIME_PANELS,
    TIME_PRESETS,
    CellLook,
    PastTimeRun,
    shortened,
)
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequence_experiment import (
    Reading,
    SequenceExperiment,
    SequenceSettings,
    accuracy_by_distance,
)
from vanishing.sequence_training import train_sequences
from vanishing.sequences import agreement, recall

SMALL: dict[str, Any] = {"hidden": 8, "distance": 6, "batch": 16}

bent = Activation("bent", np.tanh, lambda a: 1 - np.tanh(a) ** 2)
"""A cell's activation; share lines call it by this name."""


class Title(Panel):
    """A panel of one's own."""

    def setup(self, axes: Any, scene: Any) -> None:  # noqa: ARG002
        self.text = axes[0].text(0, 0, "")

    def update(self, scene: Any) -> list[Any]:
        self.text.set_text(f"{scene.experiment.iteration}")
        return [self.text]


FRESH = {"TimeExplorer": TimeExplorer, "bent": bent, "Title": Title}
"""What a cell that evaluates a share line has imported, or made itself."""


def small(cell: Any = "tanh", **options: Any) -> TimeExplorer:
    return TimeExplorer(cell, **{**SMALL, **options})


def panel(explorer: TimeExplorer, name: str) -> Any:
    """Return a panel by name, brought up to date."""
    kinds: list[Any] = explorer.picture.panels
    return next(one for one in kinds if type(one) is TIME_PANELS[name])


def record(explorer: TimeExplorer) -> Any:
    return explorer.experiment.trainer.history.record


def again(explorer: TimeExplorer) -> TimeExplorer:
    """Return what the share line makes in a fresh namespace."""
    made: TimeExplorer = eval(explorer.share, dict(FRESH))
    return made


def assert_same(one: TimeExplorer, other: TimeExplorer) -> None:
    assert other.words == one.words
    np.testing.assert_array_equal(record(other), record(one))
    # What went before is not part of a state.
    one.clear()
    other.clear()
    np.testing.assert_array_equal(other.picture.pixels(), one.picture.pixels())


# The first state


def test_the_first_state_is_the_notebooks_untrained_network() -> None:
    explorer = TimeExplorer()
    network = RecurrentNetwork.initialize(agreement(10), 32, rng=0)
    np.testing.assert_array_equal(explorer.experiment.trainer.network.W_h, network.W_h)
    assert explorer.iteration == 0
    assert explorer.words.startswith("tanh: iteration 0, accuracy 0.")
    assert explorer.words.splitlines()[0].endswith("not trained yet")
    assert repr(explorer) == explorer.share == "TimeExplorer()"
    assert explorer.share == explorer.text.share.value


def test_it_looks_as_it_does_if_nothing_else_is_said() -> None:
    explorer = TimeExplorer()
    assert list(explorer.controls) == [
        *("cell", "task", "distance", "gain", "gate_bias", "step_size", "clip_norm"),
    ]
    buttons = ["toggle", "step", "rewind", "redraw", "reset", "keep", "clear"]
    assert list(explorer.buttons) == buttons
    titles = [ax.get_title("left") for ax in explorer.figure.axes]
    assert titles == [
        "Error over the lag, decades",
        "Loss",
        "Norm of the gradient",
        "Accuracy over distance",
        "Slopes at each word",
        "",
    ]
    assert explorer.picture.pixels().shape[1] == 1260


def test_it_trains_as_train_sequences_does() -> None:
    network = RecurrentNetwork.initialize(agreement(6), 8, rng=0)
    own = {"step_size": 0.05, "batch": 16}
    run = train_sequences(network, agreement(6), iterations=25, progress=False, **own)  # type: ignore[arg-type]
    explorer = small().advance(7).advance(18)
    np.testing.assert_array_equal(record(explorer), run.history.record)


# Every control, by what it does


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("cell", "relu", {"cell": "relu"}),
        ("cell", "lstm", {"cell": "lstm"}),
        ("task", "recall", {"task": "recall"}),
        ("distance", 11, {"distance": 11}),
        ("gain", 0.5, {"gain": 0.5}),
        ("step_size", 0.5011872, {"step_size": 0.5011872}),
        ("clip_norm", 0.1, {"clip_norm": 0.1}),
        ("optimizer", "adam", {"optimizer": "adam", "step_size": 1e-3}),
        ("recurrent", "normal", {"recurrent": "normal"}),
        ("hidden", 16, {"hidden": 16}),
        ("batch", 32, {"batch": 32}),
        ("seed", 3, {"seed": 3}),
    ],
)
def test_a_moved_control_changes_what_is_trained(
    name: str, value: Any, meant: dict[str, Any]
) -> None:
    explorer = small(controls=[name]).advance(4)
    before = record(explorer).copy()
    explorer.controls[name].value = value
    assert explorer.iteration == 0
    expected = SequenceExperiment(SequenceSettings(**{**SMALL, **meant}))
    expected.advance(12)
    explorer.advance(12)
    np.testing.assert_array_equal(record(explorer), expected.trainer.history.record)
    assert (record(explorer)[:4] != before).any()
    assert_same(explorer, again(explorer))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_gates_bias_opens_the_gate_that_keeps(cell: str) -> None:
    explorer = small(cell)
    gate = {"lstm": "f", "gru": "z"}[cell]
    opened = []
    for bias in (-2.0, 0.0, 3.0):
        explorer.controls["gate_bias"].value = bias
        heights = np.asarray(panel(explorer, "gates").lines[gate].get_ydata())
        assert heights.mean() == pytest.approx(1 / (1 + np.exp(-bias)), abs=0.05)
        opened.append(panel(explorer, "error").lines[1].get_ydata()[-1])
    assert opened == sorted(opened), "the more open, the more of the error arrives"
    assert opened[-1] > opened[0] + 1


def test_a_smaller_gain_lets_less_of_the_error_arrive_and_theory_says_so() -> None:
    explorer = small(distance=20)
    theory, rings = panel(explorer, "error").lines
    arrived = np.asarray(rings.get_ydata()).copy()
    explorer.controls["gain"].value = 0.5
    theory, rings = panel(explorer, "error").lines
    np.testing.assert_allclose(theory.get_ydata(), rings.get_ydata(), atol=0.4)
    assert rings.get_ydata()[-1] < arrived[-1] - 5
    assert rings.get_ydata()[0] == 0


def test_what_a_cell_does_not_have_is_not_shown() -> None:
    explorer = small()

    def hidden() -> set[str]:
        return {n for n, one in explorer.controls.items() if one.layout.display == "none"}

    assert hidden() == {"gate_bias"}
    for cell in ("lstm", "gru"):
        explorer.controls["cell"].value = cell
        assert hidden() == {"gain"}
    explorer.controls["cell"].value = "relu"
    assert hidden() == {"gate_bias"}
    gain = small("lstm", controls=["gain"])
    assert gain.controls["gain"].layout.display != "none"


def test_zero_beside_clip_norm_clips_nothing() -> None:
    explorer = small()
    clip = explorer.controls["clip_norm"]
    assert clip.value == 0
    clip.field.value = "0.05"
    assert explorer.wanted.clip_norm == 0.05
    explorer.advance(3)
    assert (explorer.experiment.trainer.history.clipped_norm == 0.05).all()
    assert "clipped to 0.05" in explorer.words
    before, after = panel(explorer, "norm").lines
    np.testing.assert_array_equal(after.get_ydata(), [0.05] * 3)
    np.testing.assert_array_equal(
        before.get_ydata(), explorer.experiment.trainer.history.gradient_norm
    )
    clip.field.value = "0"
    assert explorer.wanted.clip_norm is None
    assert explorer.advance(3).share == small().advance(3).share


def test_all_controls_together_show_the_settings_and_are_named() -> None:
    settings: dict[str, Any] = {
        "task": "recall",
        "distance": 33,
        "gain": 0.35,
        "gate_bias": 2.0,
        "step_size": 0.3,
        "clip_norm": 2.5,
        "optimizer": "adam",
        "recurrent": "identity",
        "hidden": 9,
        "batch": 24,
        "seed": 7,
    }
    explorer = TimeExplorer("gru", controls=tuple(TIME_CONTROLS), **settings)
    shown = {name: control.value for name, control in explorer.controls.items()}
    assert shown == {"cell": "gru", **settings}
    for control in [*explorer.controls.values(), *explorer.buttons.values()]:
        assert control.description
        assert control.tooltip


@pytest.mark.parametrize(
    ("name", "value"), [("distance", 150), ("step_size", 200.0), ("gain", 7.0), ("gate_bias", -9.0)]
)
def test_sliders_show_what_trains(name: str, value: float) -> None:
    cell = "lstm" if name == "gate_bias" else "tanh"
    explorer = TimeExplorer(cell, controls=[name], **{**SMALL, name: value})
    assert explorer.controls[name].value == value
    assert getattr(explorer.experiment.settings, name) == value
    assert_same(explorer.advance(2), again(explorer))


def test_step_rewind_new_weights_and_reset() -> None:
    explorer = small()
    for _ in range(2):
        explorer.buttons["step"].click()
    assert explorer.iteration == 2
    first = record(explorer).copy()
    explorer.buttons["rewind"].click()
    assert explorer.iteration == 0
    np.testing.assert_array_equal(record(explorer.advance(2)), first)
    explorer.buttons["redraw"].click()
    assert explorer.share == "TimeExplorer(distance=6, hidden=8, batch=16, draw=1)"
    assert (record(explorer.advance(2)) != first).any()
    explorer.controls["gain"].value = 0.3
    explorer.buttons["reset"].click()
    assert explorer.controls["gain"].value == 1.0
    np.testing.assert_array_equal(record(explorer.advance(2)), first)


# Settings worth seeing


def learns(experiment: SequenceExperiment, *, within: int = 600) -> bool:
    """Train until it has learned, and tell whether it has."""
    while experiment.iteration < within and not experiment.diverged:
        experiment.advance(100)
        if experiment.standing.state == "learned":
            return True
    return False


def open_by(reading: Reading) -> float:
    """Return how far the forget gate is open on average."""
    return float(reading.gates["f"].mean())


def its_loss_jumps(experiment: SequenceExperiment) -> bool:
    return not learns(experiment, within=300) and experiment.trainer.history.loss.max() > 2


def its_gradient_is_enormous(experiment: SequenceExperiment) -> bool:
    experiment.advance(3)
    return bool(experiment.trainer.history.gradient_norm.max() > 1e9)


SEEN: dict[str, tuple[str, Any]] = {
    "the lecture's sentence": ("arrives", learns),
    "half the gain": ("vanishes", lambda one: not learns(one, within=300)),
    "too far": ("vanishes", lambda one: not learns(one, within=300)),
    "exploding": ("explodes", its_gradient_is_enormous),
    "the cliff": ("arrives", its_loss_jumps),
    "the cliff, clipped": ("arrives", lambda one: learns(one, within=300)),
    "LSTM, gate at one half": (
        "vanishes",
        lambda one: abs(open_by(one.reading) - 0.5) < 0.1 and not learns(one, within=200),
    ),
    "LSTM, gate open": ("arrives", lambda one: open_by(one.reading) > 0.9 and learns(one)),
    "identity ReLU": ("arrives", learns),
}
"""What becomes of the error before training, and what is to be seen then."""


@pytest.mark.parametrize("name", list(TIME_PRESETS))
def test_presets_show_what_they_are_named_for(name: str) -> None:
    explorer = TimeExplorer()
    verdict, is_seen = SEEN[name]
    for draw in range(3):
        experiment = SequenceExperiment(explorer.preset_settings(name).changed("draw", draw))
        assert experiment.standing.verdict == verdict
        assert is_seen(experiment), draw
    explorer.presets.value = name
    assert explorer.experiment.settings == SequenceSettings(**TIME_PRESETS[name])
    assert explorer.presets.value == name
    assert_same(explorer.advance(2), again(explorer))


def test_presets_are_named_only_while_they_hold() -> None:
    explorer = small(controls=["distance"])
    assert explorer.presets.value == OWN
    explorer.preset("too far")
    assert explorer.presets.value == "too far"
    assert explorer.controls["distance"].value == 60
    explorer.controls["distance"].value = 59
    assert explorer.presets.value == OWN
    explorer.reset()
    assert explorer.share == small(controls=["distance"]).share
    with pytest.raises(ValueError, match=r"name must be one of .*got 'colour'"):
        explorer.preset("colour")


# Earlier iterations


@pytest.mark.parametrize("optimizer", ["gradient descent", "adam"])
@pytest.mark.parametrize(
    ("cell", "clip_norm"), [("tanh", None), ("relu", 0.05), ("gru", None), ("lstm", 0.05)]
)
def test_an_earlier_iteration_is_shown_as_it_was(
    cell: str, clip_norm: float | None, optimizer: str
) -> None:
    settings: dict[str, Any] = {"clip_norm": clip_norm, "optimizer": optimizer, "step_size": 0.02}
    explorer, plain = small(cell, **settings).advance(90), small(cell, **settings).advance(53)
    explorer.go_to(53)
    assert explorer.iteration == 90
    assert explorer.words == plain.words
    assert explorer.share == plain.share
    for name in ("error", "gates", "distance"):
        lines = [panel(one, name) for one in (explorer, plain)]
        drawn = [one.now if name == "distance" else one.lines for one in lines]
        for one, other in zip(*map(artists, drawn), strict=True):
            np.testing.assert_array_equal(one.get_xydata(), other.get_xydata())
    sentences = [panel(one, "sentence") for one in (explorer, plain)]
    np.testing.assert_array_equal(*[one.image.pixels for one in sentences])
    assert sentences[0].title.get_text() == sentences[1].title.get_text()
    for name in ("loss", "norm"):
        curve, cursor = panel(explorer, name).lines[0], panel(explorer, name).cursor
        assert len(curve.get_xdata()) == 90, "the curves stay whole"
        assert cursor.get_visible()
        assert cursor.get_xdata()[0] == 53
    assert "Shown as it was; 90 iterations were made." in explorer.remarks()
    explorer.step()
    assert explorer.iteration == 91
    assert explorer.looked_at is None
    assert not panel(explorer, "loss").cursor.get_visible()
    assert explorer.words == small(cell, **settings).advance(91).words


def artists(drawn: Any) -> list[Any]:
    """Return lines in a list, however they are kept."""
    if isinstance(drawn, dict):
        return list(drawn.values())
    return drawn if isinstance(drawn, list) else [drawn]


def test_the_slider_goes_back_and_the_field_goes_on() -> None:
    explorer = small().advance(40)
    assert list(explorer.times) == ["look_at", "go_to", "speed"]
    explorer.times["look_at"].value = 7
    assert "iteration 7," in explorer.words
    assert_same(small().advance(7), again(explorer))
    explorer.times["go_to"].value = 60
    assert explorer.iteration == 60
    assert "iteration 60," in explorer.words
    assert explorer.go_to(0).words == small().words
    assert explorer.go_to(60).looked_at is None
    explorer.advance(1)
    assert explorer.times["look_at"].value == 61


def test_each_run_goes_to_the_number_that_is_typed_again() -> None:
    explorer = small()
    for gain in (0.5, 1.5):
        explorer.times["go_to"].value = 9
        assert explorer.iteration == 9
        explorer.controls["gain"].value = gain
        assert explorer.iteration == explorer.times["go_to"].value == 0

    async def work() -> None:
        live = small()
        live.controls["gain"].value = 0.5
        live.times["go_to"].value = 9
        await until(lambda: live.iteration == 9 and not live.busy)
        assert live.times["go_to"].value == 9

    in_loop(work)


def test_it_plays_on_from_where_it_was_and_at_the_speed_that_is_chosen() -> None:
    async def work() -> None:
        explorer = small()
        explorer.go_to(40)
        await until(lambda: explorer.iteration == 40 and not explorer.busy)
        explorer.go_to(7)
        await until(lambda: "iteration 7," in explorer.text.readout.value)
        assert explorer.iteration == 40
        np.testing.assert_array_equal(
            panel(explorer, "error").lines[1].get_ydata(),
            small().advance(7).experiment.reading.errors,
        )
        explorer.times["speed"].value = 100.0
        explorer.toggle()
        await until(lambda: explorer.iteration > 45)
        assert explorer.looked_at is None
        explorer.toggle()
        assert explorer.iteration < 400, "some hundred in a second, not some thousand"

    in_loop(work)


# Pictures, as data


@pytest.mark.parametrize("cell", ["tanh", "relu", "gru", "lstm"])
def test_panels_show_what_the_gauges_say(cell: str) -> None:
    explorer = small(cell).advance(5)
    reading = explorer.experiment.reading
    theory, rings = panel(explorer, "error").lines
    np.testing.assert_array_equal(rings.get_ydata(), reading.errors)
    np.testing.assert_array_equal(theory.get_ydata(), reading.expected_errors)
    for line in (theory, rings):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(7))
    now = panel(explorer, "distance").now
    assert (list(now.get_xdata()), list(now.get_ydata())) == ([6], [reading.accuracy])
    lines = panel(explorer, "gates").lines
    assert lines.keys() == reading.gates.keys()
    for name, line in lines.items():
        np.testing.assert_array_equal(line.get_ydata(), reading.gates[name].mean(axis=1))
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 8))
    (loss,) = panel(explorer, "loss").lines
    np.testing.assert_array_equal(loss.get_ydata(), explorer.experiment.trainer.history.loss)
    assert loss.get_color() == figures.cell_look(cell)["color"]
    for one in (rings, now):
        assert one.get_marker() == figures.cell_look(cell)["marker"]


def slot(banner: Any, number: int) -> Any:
    """Return the part of the sentence's pixels where a word stands, its first row on top."""
    width = banner.image.size[0] / A_LINE
    row, column = divmod(number, A_LINE)
    upright = banner.image.pixels[::-1]
    half = len(upright) // 2
    part = slice(round(column * width), round((column + 1) * width))
    return upright[half * row : half * (row + 1), part, :3]


@pytest.mark.parametrize("distance", [6, 20])
def test_the_sentence_is_tinted_by_what_each_word_receives(distance: int) -> None:
    explorer = small(gain=0.3, distance=distance)
    reading, banner = explorer.experiment.reading, panel(explorer, "sentence")
    words, amounts = shortened(reading)
    most = amounts.max()
    fills, inks = figures.word_colors(amounts, limits=(most * 1e-6, most))
    assert inks[0] == "white"
    assert inks[-1] == "black"
    for number, (fill, ink) in enumerate(zip(fills, inks, strict=True)):
        colors, counts = np.unique(slot(banner, number).reshape(-1, 3), axis=0, return_counts=True)
        found = {tuple(color): count for color, count in zip(colors, counts, strict=True)}
        box = found[tuple(np.round(255 * fill[:3]).astype(int))]
        assert box > 200, "the box has its colour"
        letters = found.get((0, 0, 0) if ink == "black" else (255, 255, 255), 0)
        assert letters > 5
    assert (slot(banner, len(words)) == 255).all(), "no more words than there are"
    answer, right = reading.answer
    assert banner.title.get_text().endswith(f"{answer}, {'right' if right else 'wrong'}")


@pytest.mark.parametrize("distance", [6, 20])
def test_under_each_word_stands_what_it_receives(distance: int) -> None:
    explorer = small(gain=0.3, distance=distance)
    banner = panel(explorer, "sentence")
    words, amounts = shortened(explorer.experiment.reading)
    told = [figures.in_short(amount) for amount in amounts]
    assert len(set(told)) > 5

    def stands(text: str, number: int) -> bool:
        whole = banner.letters.opacity(text, 9)
        ink = whole[whole.any(axis=1)]
        upright, rows = banner.image.pixels[::-1, :, 0], 1 + (len(words) > A_LINE)
        row, column = divmod(number, A_LINE)
        begin, end = (round(upright.shape[1] * (column + k) / A_LINE) for k in (0, 1))
        height = len(upright) // rows
        place = upright[height * row : height * (row + 1) + len(ink), begin:end]
        windows = np.lib.stride_tricks.sliding_window_view(place, ink.shape)
        return bool((np.abs(windows - 255 * (1 - ink)) < 1.5).all(axis=(2, 3)).any())

    for number, text in enumerate(told):
        assert stands(text, number)
        others = {other for other in told if other != text}
        assert not any(stands(other, number) for other in others)
    assert len(words) == len(told)


def named(ax: Any) -> dict[str, Any]:
    """Return what stands beside each name in a legend."""
    legend = ax.get_legend()
    texts = [text.get_text() for text in legend.get_texts()]
    return dict(zip(texts, legend.legend_handles, strict=True))


@pytest.mark.parametrize(
    ("cell", "expects"),
    [("tanh", "random weights"), ("lstm", "forget gate alone"), ("gru", "update gate alone")],
)
def test_legends_name_the_lines_that_look_so(cell: str, expects: str) -> None:
    explorer = small(cell, clip_norm=0.5).advance(3)
    gates = panel(explorer, "gates").lines
    error, distance = panel(explorer, "error"), panel(explorer, "distance")
    before, after = panel(explorer, "norm").lines
    theory, rings = error.lines
    expected = [
        (error.ax, {"measured": rings, expects: theory}),
        (before.axes, {"as it is": before, "clipped": after}),
        (distance.ax, {"this run": distance.now}),
    ]
    if cell == "lstm":
        names = {"i": "input", "f": "forget", "o": "output"}
        lines = {names[name]: line for name, line in gates.items()}
        expected.append((next(iter(gates.values())).axes, lines))
    for ax, lines in expected:
        samples = named(ax)
        assert samples.keys() == lines.keys()
        for name, line in lines.items():
            for look in ("color", "marker", "linestyle"):
                assert getattr(samples[name], f"get_{look}")() == getattr(line, f"get_{look}")()
    # What is measured is rings, what is expected a line.
    assert rings.get_linestyle() == "None"
    assert theory.get_linestyle() != "None"
    assert before.get_color() != after.get_color()


@pytest.mark.parametrize(("cell", "what"), [("relu", "Slopes"), ("gru", "Gates")])
def test_axes_say_what_stands_on_them_and_hold_it(cell: str, what: str) -> None:
    explorer = small(cell, distance=10).advance(3)
    gates = panel(explorer, "gates").lines
    ax = next(iter(gates.values())).axes
    assert ax.get_title("left").startswith(what) or ax.get_title().startswith(what)
    low, high = ax.get_ylim()
    assert low < 0 < 1 < high
    left, right = ax.get_xlim()
    assert left < 1 < explorer.experiment.reading.errors.size <= right
    left, right = panel(explorer, "error").ax.get_xlim()
    assert left < 0 < 10 <= right


def test_level_lines_say_a_hundredth_and_guessing() -> None:
    explorer = small(task="recall")
    error, distance = panel(explorer, "error").ax, panel(explorer, "distance").ax
    assert [-2, -2] in [list(one.get_ydata()) for one in error.lines]
    (told,) = error.texts
    assert (told.get_text(), told.get_position()[1]) == ("a hundredth", -2)
    level = 1 / explorer.experiment.task.outputs
    assert [level, level] in [list(one.get_ydata()) for one in distance.lines]


def test_the_sentence_is_written_anew_only_when_the_network_is_another() -> None:
    explorer = small(gain=0.5).advance(1)
    banner = panel(explorer, "sentence")
    before = banner.image.pixels
    assert panel(explorer, "sentence").image.pixels is before
    explorer.advance(1)
    assert panel(explorer, "sentence").image.pixels is not before


def test_the_answer_is_written_anew_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Reading] = []

    def answer(reading: Reading) -> tuple[str, bool]:
        if reading not in seen:
            seen.append(reading)
        return ("is", "plenty")[seen.index(reading) // 2 % 2], True

    monkeypatch.setattr(Reading, "answer", property(answer))
    explorer = small()
    titles = []
    for _ in range(5):
        explorer.advance(1)
        titles.append(panel(explorer, "sentence").title.get_text())
        whole = Picture(list(TIME_PANELS.values()), explorer.scene, width=DRAWN)
        np.testing.assert_array_equal(explorer.picture.pixels(), whole.pixels())
    assert [title.split()[-2] for title in titles] == ["is,", "plenty,", "plenty,", "is,", "is,"]


def test_each_text_is_drawn_once_and_all_of_a_size_stand_on_one_line() -> None:
    letters = Lettering(TimeExplorer().figure)
    first = letters.opacity("the", 12)
    assert letters.opacity("the", 12) is first
    assert letters.opacity("children", 12).shape[1] > 1.5 * first.shape[1]
    for text in ("the", "behind", "…", "3e-07"):
        ink = letters.opacity(text, 12)
        assert ink.shape[0] == first.shape[0]
        assert ink.max() == 1
        assert ink[0].max() == ink[-1].max() == ink[:, -1].max() == 0, "nothing is cut off"
    assert letters.opacity("the", 9).shape[0] < first.shape[0]


def test_long_sentences_lose_their_middle() -> None:
    reading = small(distance=40).experiment.reading
    words, amounts = shortened(reading)
    assert len(words) == len(amounts) == MOST_WORDS
    assert words[:13] == list(reading.words[:13])
    assert words[14:] == list(reading.words[-14:])
    assert words[13] == "…"
    assert amounts[13] == reading.received[13:-14].max()
    np.testing.assert_array_equal(amounts[14:], reading.received[-14:])
    whole, received = shortened(small(distance=27).experiment.reading)
    assert len(whole) == len(received) == 28
    assert "…" not in whole


def test_axes_seldom_change_when_the_distance_does() -> None:
    explorer = small(distance=11)
    ax = explorer.figure.axes[0]
    for distance in (12, 20):
        explorer.controls["distance"].value = distance
        assert explorer.figure.axes[0] is ax
        assert ax.get_xlim()[1] >= distance
    explorer.controls["distance"].value = 21
    assert explorer.figure.axes[0] is not ax
    assert explorer.figure.axes[0].get_xlim()[1] >= 40
    distance = TimeExplorer(distance=150).figure.axes[3]
    assert distance.get_xlim()[1] >= 150


def test_the_errors_axis_holds_what_is_shown() -> None:
    for gain in (0.05, 0.5, 1.0, 3.0):
        explorer = small(distance=30, gain=gain)
        rings = panel(explorer, "error").lines[1]
        low, high = explorer.figure.axes[0].get_ylim()
        assert low <= max(rings.get_ydata().min(), -40)
        assert high >= rings.get_ydata().max()


def test_nothing_overlaps_in_the_picture() -> None:
    explorer = small("lstm", distance=40)
    figure = explorer.figure
    figure.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in figure.axes]
    width, height = figure.bbox.size
    for number, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width + 12
        assert box.y1 <= height
        for other in boxes[:number]:
            apart = box.x1 <= other.x0 or other.x1 <= box.x0
            assert apart or box.y1 <= other.y0 or other.y1 <= box.y0


def test_pictures_are_reproducible_and_small() -> None:
    first = TimeExplorer().static()
    assert first.data == TimeExplorer().static().data
    assert len(first.data) < 60_000
    assert first.alt.startswith("tanh: iteration 0, accuracy")
    bundle = TimeExplorer()._repr_mimebundle_()
    assert {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"} <= set(bundle)


# Earlier runs


def test_earlier_runs_stay_pale_in_every_panel() -> None:
    explorer = small(distance=9).advance(120)
    before = explorer.experiment.reading
    loss = explorer.experiment.trainer.history.loss
    explorer.controls["gain"].value = 0.5
    (pale,) = panel(explorer, "error").pale
    np.testing.assert_array_equal(pale.get_ydata(), before.errors)
    assert pale.get_alpha() < 0.5
    (curve,) = panel(explorer, "loss").pale
    np.testing.assert_array_equal(curve.get_ydata(), loss)
    assert len(panel(explorer, "norm").pale) == 2
    assert "Pale: the run with gain=1.0." in explorer.remarks()
    (run,) = explorer.past
    assert isinstance(run, PastTimeRun)
    explorer.buttons["clear"].click()
    assert panel(explorer, "error").pale == []
    assert explorer.past == ()


def test_a_run_that_was_only_passed_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vanishing.live.runs.LOOKED_AT", np.inf)  # on a machine however busy
    explorer = small().advance(2)
    explorer.controls["distance"].value = 7
    assert explorer.past == ()
    assert list(panel(explorer, "distance").marks) == [explorer.wanted.changed("distance", 10)]


def test_runs_over_the_distance_are_joined_if_they_are_alike() -> None:
    explorer = small(distance=3).advance(120)
    reached = [explorer.experiment.reading.accuracy]
    for distance in (5, 8):
        explorer.controls["distance"].value = distance
        explorer.advance(120)
        reached.append(explorer.experiment.reading.accuracy)
    (line,) = panel(explorer, "distance").marks.values()
    np.testing.assert_array_equal(line.get_xdata(), [3, 5, 8])
    np.testing.assert_array_equal(line.get_ydata(), reached)
    assert line.get_alpha() == 1
    explorer.controls["cell"].value = "gru"
    old, new = panel(explorer, "distance").marks.values()
    assert (old.get_alpha() < 0.5, new.get_alpha()) == (True, 1)
    assert new.get_color() == figures.cell_look("gru")["color"]
    explorer.clear()
    (line,) = panel(explorer, "distance").marks.values()
    np.testing.assert_array_equal(line.get_xdata(), [8])


def test_runs_are_sorted_anew_where_a_mark_moves_comes_or_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []

    def sort(runs: Any) -> Any:
        seen.append(runs)
        return accuracy_by_distance(runs)

    share = 0.25
    monkeypatch.setattr(Reading, "accuracy", property(lambda _: share))
    monkeypatch.setattr("vanishing.live.time.accuracy_by_distance", sort)
    explorer = small(panels="distance")

    def sorts(change: Any, *arguments: Any) -> bool:
        seen.clear()
        change(*arguments)
        live, found = explorer.picture.pixels(), bool(seen)
        whole = Picture([TIME_PANELS["distance"]], explorer.scene, width=DRAWN)
        np.testing.assert_array_equal(live, whole.pixels())
        return found

    assert not sorts(explorer.advance, 1)
    share = 0.75
    assert sorts(explorer.advance, 1)
    assert not sorts(explorer.advance, 1)
    assert sorts(explorer.keep)
    assert sorts(explorer.start, explorer.wanted.changed("distance", 9))
    assert sorts(explorer.clear)


def test_marks_are_bounded() -> None:
    explorer = small(hidden=2, batch=1)
    for number in range(MOST_MARKS + 5):
        explorer.remember(SequenceExperiment(SequenceSettings(hidden=2, distance=2, draw=number)))
    draws = [settings.draw for settings, _ in explorer.scene.reached]
    assert draws == list(range(5, MOST_MARKS + 5))


# In a kernel


def test_it_plays_pauses_and_is_moved_without_ending_a_pause() -> None:
    async def work() -> None:
        explorer = small()
        await asyncio.sleep(0.1)
        assert explorer.iteration == 0
        explorer.toggle()
        await until(lambda: explorer.iteration > 30)
        explorer.controls["gain"].value = 0.5
        await until(lambda: not explorer.is_behind and explorer.iteration > 5)
        assert explorer.playing
        explorer.toggle()
        await until(lambda: explorer.buttons["toggle"].description == "Play")
        before = explorer.iteration
        explorer.controls["gain"].value = 0.25
        await until(lambda: not explorer.is_behind)
        await asyncio.sleep(0.1)
        assert before > 0
        assert explorer.iteration == 0
        assert "not trained yet" in explorer.words
        # What makes no difference before the first iteration plays.
        explorer.controls["step_size"].value = 0.2
        await until(lambda: explorer.iteration > 5)
        assert explorer.text.trouble.value == ""

    in_loop(work)


def test_gauges_follow_while_it_trains_and_are_exact_when_it_rests() -> None:
    async def work() -> None:
        explorer = small(distance=20, iterations=10**7)
        seen: list[Reading] = []
        explorer.toggle()
        while len({id(one) for one in seen}) < 5:
            seen.append(explorer.scene.reading)
            await asyncio.sleep(0.01)
        explorer.toggle()
        await until(lambda: not explorer.busy)
        # The picture of the pause may be yet to come: then the last one's gauges are of now.
        await until(lambda: explorer.scene.told is explorer.experiment.reading)
        assert explorer.scene.reading is explorer.scene.told
        kinds: list[Any] = explorer._picture.panels
        np.testing.assert_array_equal(
            kinds[0].lines[1].get_ydata(), explorer.experiment.reading.errors
        )

    in_loop(work)


def test_a_diverging_run_stops_and_says_so() -> None:
    explorer = small("relu", gain=1e6, distance=60).advance(500)
    assert "diverged at iteration 0\n" in explorer.words
    assert np.isnan(panel(explorer, "error").lines[1].get_ydata()).all()
    assert explorer.finished
    assert_same(explorer, again(explorer))


def test_frantic_moves_end_with_the_last() -> None:
    async def work() -> None:
        explorer = small()
        explorer.toggle()
        for number in range(24):
            explorer.controls["distance"].value = 3 + number
            explorer.controls["cell"].value = ("tanh", "gru", "lstm", "relu")[number % 4]
            explorer.controls["gain"].value = 0.5 + number / 100
            if number % 4 == 0:
                await asyncio.sleep(0.003)
        last = SequenceSettings("relu", **{**SMALL, "distance": 26, "gain": 0.73})
        await until(lambda: explorer.experiment.settings == last)
        await until(lambda: explorer.iteration > 5)
        assert explorer.text.trouble.value == ""

    in_loop(work)


# Things of one's own, what is refused, and the end


def test_a_cell_and_a_panel_of_ones_own() -> None:
    explorer = small(bent, panels=("error", Title), controls=["cell"]).advance(3)
    assert "cell=bent" in explorer.share
    assert "Title" in explorer.share
    assert_same(explorer, again(explorer))
    assert explorer.controls["cell"].label == "bent"
    assert CellLook.of(bent).label == "bent"
    assert explorer.words.startswith("bent: iteration 3")


@pytest.mark.parametrize("name", list(TIME_PANELS))
def test_each_panel_stands_alone(name: str) -> None:
    explorer = small(panels=[name]).advance(2)
    assert len(explorer.figure.axes) == 1
    assert_same(explorer, again(explorer))


def test_recall_is_asked_for_what_was_shown_first() -> None:
    explorer = small(task="recall")
    assert explorer.experiment.task == recall(6)
    assert "last noun" not in explorer.words
    assert panel(explorer, "sentence").title.get_text().split()[-2] in ("s0,", "s1,")


@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        ({"cell": "colour"}, ValueError, "cell must be one of .*got 'colour'"),
        ({"cell": 5}, TypeError, "cell must be one of .*got 5"),
        ({"distance": 0}, ValueError, "distance must be .*got 0"),
        ({"task": "adding"}, ValueError, "task must be .*got 'adding'"),
        ({"controls": ("scale",)}, ValueError, "controls must be some of .*got"),
        ({"panels": ("regions",)}, ValueError, "panels must be some of 'error', .*got"),
        ({"iterations": 0}, ValueError, "iterations must be .*got 0"),
        ({"picture_width": 3}, ValueError, "picture_width must be .*got 3"),
        ({"colour": 3}, TypeError, "TimeExplorer must be given arguments from .*got 'colour'"),
    ],
)
def test_wrong_arguments_are_named_and_leave_nothing(
    wrong: dict[str, Any], error: type[Exception], told: str
) -> None:
    assert_refused(small, wrong, error, told)


def test_an_attribute_that_has_no_effect_cannot_be_set() -> None:
    with pytest.raises(AttributeError, match=r"make a new TimeExplorer\(gain=5\), or move its"):
        small().gain = 5


def test_closing_leaves_nothing_and_says_how_to_have_it_again() -> None:
    before = models()
    explorer = small().advance(3)
    explorer.close()
    assert models() == before
    assert explorer not in Live.alive()
    with pytest.raises(RuntimeError, match=r"TimeExplorer\(.*advance\(3\) makes one like it"):
        _ = explorer.experiment
    with pytest.raises(RuntimeError, match="makes one like it"):
        explorer.static()
