"""The explorer: what is trained under each control, said, shared and taken apart."""

import asyncio
import gc
import io
import threading
import weakref
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import same_color
from PIL import Image
from PIL.JpegImagePlugin import get_sampling
from threadpoolctl import threadpool_info, threadpool_limits
from waiting import assert_refused, in_loop, models, until

import vanishing
from vanishing import Activation, Dataset, Network, Variant, figures, spiral, train
from vanishing.data import DATASETS
from vanishing.experiment import Settings
from vanishing.live import Explorer, Panel
from vanishing.live.controls import CONTROLS
from vanishing.live.explorer import PRESETS
from vanishing.live.panels import find_panels
from vanishing.live.picture import DRAWN, Picture
from vanishing.live.runs import LONG, MOST_KEPT
from vanishing.measures import MEASURES, Measure, find_measure

BOTH = ("sigmoid", "relu")

data = Dataset([[0, 0], [0, 1], [1, 0], [1, 1], [2, 2]], [0, 1, 1, 0, 1])
"""The exclusive or; share lines call it by this name."""

bent = Activation("bent", lambda z: np.maximum(z, 0.2 * z), lambda z: np.where(z > 0, 1.0, 0.2))


def steepness(history: Any) -> Any:
    """Return a measure of one's own."""
    return history.gradient_norm / history.weight_norm


class Title(Panel):
    """A panel of one's own: it takes some ten lines."""

    def setup(self, axes: Any, scene: Any) -> None:  # noqa: ARG002
        self.text = axes[0].text(0, 0, "")

    def update(self, scene: Any) -> list[Any]:
        self.text.set_text(f"{scene.experiment.iteration}")
        return [self.text]


FRESH = {
    "Explorer": Explorer,
    "Variant": Variant,
    "data": data,
    "bent": bent,
    "steepness": steepness,
    "Title": Title,
}
"""What a cell that evaluates a share line has imported, or made itself."""


def records(explorer: Explorer) -> list[Any]:
    """Return all numbers of all histories."""
    return [trainer.history.record for trainer in explorer.experiment.trainers]


def again(explorer: Explorer) -> Explorer:
    """Return what the share line makes in a fresh namespace."""
    made: Explorer = eval(explorer.share, dict(FRESH))
    return made


def assert_same(one: Explorer, other: Explorer) -> None:
    assert other.words == one.words
    for record, expected in zip(records(other), records(one), strict=True):
        np.testing.assert_array_equal(record, expected)
    np.testing.assert_array_equal(other.experiment.data.points, one.experiment.data.points)
    # What went before is not part of a state.
    one.clear()
    other.clear()
    np.testing.assert_array_equal(other.picture.pixels(), one.picture.pixels())


# The first state


def test_the_first_state_is_the_lectures_untrained_network() -> None:
    explorer = Explorer()
    points, network, _ = vanishing.lecture.setup()
    np.testing.assert_array_equal(explorer.experiment.data.points, points.points)
    (trainer,) = explorer.experiment.trainers
    np.testing.assert_array_equal(trainer.network.weights[1], network.weights[1])
    assert explorer.iteration == 0
    assert explorer.words == "sigmoid: iteration 0, accuracy 0.33, not trained yet"
    assert explorer.words in explorer.text.readout.value
    assert repr(explorer) == explorer.share == "Explorer()"


def test_it_trains_as_train_does() -> None:
    points, network, _ = vanishing.lecture.setup()
    run = train(network, points, iterations=25, progress=False)
    explorer = Explorer().advance(7).advance(18)
    np.testing.assert_array_equal(records(explorer)[0], run.history.record)
    assert repr(explorer) == "Explorer()", "a page that is run again shows the same"


def test_it_looks_as_it_does_if_nothing_else_is_said() -> None:
    explorer = Explorer()
    assert list(explorer.controls) == ["step_size", "scale"]
    buttons = ["toggle", "step", "rewind", "redraw", "reset", "keep", "clear"]
    assert list(explorer.buttons) == buttons
    assert list(explorer.times) == ["look_at", "go_to", "speed"]
    titles = [ax.get_title("left") for ax in explorer.figure.axes]
    assert titles == ["sigmoid: decision regions", "Loss", "Gradient: lecture statistic"]
    assert explorer.figure.axes[1].get_xlim() == (0, 50_000)
    assert explorer.picture.pixels().shape[1] == 1260
    assert explorer.image.layout.width == "max(480px, (100vh - 307px) * 1.867)"
    assert explorer.presets.value == "the lecture"


@pytest.mark.parametrize("kind", [Network, Activation, Variant])
def test_variants_may_be_given_in_every_form(kind: type) -> None:
    given = {Network: "relu", Activation: vanishing.ACTIVATIONS["relu"], Variant: Variant("relu")}
    for one in (given[kind], (given[kind],), [given[kind]]):
        assert Explorer(one).share == "Explorer(variants=('relu',))"


# Every control, by what it does


def reference(
    activation: str = "sigmoid",
    sizes: tuple[int, ...] = (2, 50, 50, 3),
    *,
    step_size: float = 0.1,
    scale: float = 0.1,
    regularization: float = 1e-3,
    noise: float = 0.2,
    points_per_class: int = 100,
    seed: int = 0,
    **parts: Any,
) -> tuple[Dataset, Any]:
    """Return the points and the record of a run that is made without any widget."""
    stream = np.random.RandomState(seed)
    points = spiral(points_per_class, sizes[-1], noise=noise, rng=stream)
    own = None if "scheme" in parts else scale
    network = Network.initialize(sizes, activation, scale=own, rng=stream, **parts)
    run = train(
        network,
        points,
        step_size=step_size,
        regularization=regularization,
        iterations=12,
        progress=False,
    )
    return points, run.history.record


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("step_size", 0.5011872, {"step_size": 0.5011872}),
        ("scale", 1.0, {"scale": 1.0}),
        ("regularization", 0.1, {"regularization": 0.1}),
        ("noise", 0.5, {"noise": 0.5}),
        ("points_per_class", 50, {"points_per_class": 50}),
        ("activation", "tanh", {"activation": "tanh"}),
        ("hidden_layers", 4, {"sizes": (2, 50, 50, 50, 50, 3)}),
        ("width", 20, {"sizes": (2, 20, 20, 3)}),
        ("seed", 3, {"seed": 3}),
        ("scheme", "he", {"scheme": "he"}),
        ("residual", 0.5, {"residual": 0.5}),
        ("normalization", "batch", {"normalization": "batch"}),
    ],
)
def test_a_moved_control_changes_what_is_trained(
    name: str, value: Any, meant: dict[str, Any]
) -> None:
    explorer = Explorer(controls=[name]).advance(10)
    before = explorer.image.value
    explorer.controls[name].value = value
    assert explorer.iteration == 0
    assert explorer.image.value != before
    points, record = reference(**meant)
    explorer.advance(12)
    np.testing.assert_array_equal(explorer.experiment.data.points, points.points)
    np.testing.assert_array_equal(records(explorer)[0], record)
    assert_same(explorer, again(explorer))


@pytest.mark.parametrize("name", DATASETS)
def test_other_data_are_chosen_by_name(name: str) -> None:
    explorer = Explorer(controls=["dataset"]).advance(2)
    explorer.controls["dataset"].value = name
    expected = Settings("sigmoid").changed("dataset", name).start()[0]
    for found, wanted in (
        (explorer.experiment.data.points, expected.points),
        (explorer.experiment.data.labels, expected.labels),
    ):
        np.testing.assert_array_equal(found, wanted)
    assert_same(explorer.advance(2), again(explorer))


def test_all_controls_together_show_the_settings() -> None:
    settings: dict[str, Any] = {
        "step_size": 0.3,
        "scale": 0.02,
        "regularization": 0.01,
        "noise": 0.35,
        "points_per_class": 70,
        "seed": 9,
    }
    explorer = Explorer("tanh", controls=tuple(CONTROLS), sizes=(2, 7, 7, 7, 3), **settings)
    shown = {name: control.value for name, control in explorer.controls.items()}
    also = {"activation": "tanh", "hidden_layers": 3, "width": 7, "measure": "lecture statistic"}
    parts = {"scheme": "normal", "residual": "none", "normalization": "none"}
    rest = {"dataset": "spiral", "loss_axis": "logarithmic", "unit_layer": 1}
    assert shown == settings | also | parts | rest
    for control in [*explorer.controls.values(), *explorer.buttons.values(), explorer.presets]:
        assert control.description
        assert control.tooltip


def test_parts_are_put_in_and_taken_out_and_stay_when_the_activation_changes() -> None:
    controls = ("activation", "scheme", "residual", "normalization", "scale")
    explorer = Explorer(BOTH, controls=controls)
    for name, value in (("scheme", "he"), ("residual", 1.0), ("normalization", "layer")):
        explorer.controls[name].value = value
    assert [v.name for v in explorer.wanted.variants] == ["sigmoid", "relu"]
    assert {v.normalization for v in explorer.wanted.variants} == {"layer"}
    assert "initialization scale: of no effect on sigmoid, ReLU" in " ".join(explorer.remarks())
    explorer.controls["activation"].value = "tanh"
    (variant,) = explorer.wanted.variants
    assert variant == Variant("tanh", scheme="he", residual=1.0, normalization="layer")
    assert explorer.controls["activation"].label == "tanh"
    assert_same(explorer, again(explorer))
    explorer.controls["residual"].value = "none"
    explorer.controls["normalization"].value = "none"
    explorer.controls["scheme"].value = "normal"
    assert explorer.wanted.variants == (Variant("tanh"),)


def test_variants_with_names_of_their_own_stay_what_they_are_called() -> None:
    own = Variant("shortcuts", "tanh", residual=1.0)
    explorer = Explorer((own, "relu"), controls=["residual"])
    assert explorer.controls["residual"].value == "none"
    explorer.controls["residual"].value = 0.5
    assert explorer.wanted.variants == (own, Variant("relu", residual=0.5))
    assert "shortcuts: of no effect on shortcuts" in " ".join(explorer.remarks())
    with pytest.raises(ValueError, match="controls must have an effect; got 'residual'"):
        Explorer(own, controls=["residual"])


def test_a_new_measure_is_read_off_the_same_run() -> None:
    explorer = Explorer(controls=["measure"]).advance(10)
    (trainer,) = explorer.experiment.trainers
    for name in MEASURES:
        explorer.controls["measure"].value = name
        assert explorer.experiment.trainers == [trainer]
        assert explorer.iteration == 10
        expected = find_measure(name)(trainer.history)
        panel: Any = explorer.picture.panels[-1]
        np.testing.assert_array_equal(panel.lines[1].get_ydata(), expected[:, 1])
        ratio = expected[-1][0] / expected[-1][1]
        measured = "gradient" if name == "lecture statistic" else name
        assert f", {measured} of layer 1 / layer 2: {ratio:.2g}" in explorer.words
        assert_same(explorer, again(explorer))


def test_step_rewind_new_weights_and_reset() -> None:
    explorer = Explorer()
    for _ in range(2):
        explorer.buttons["step"].click()
    assert explorer.iteration == 2
    (first,) = records(explorer)
    explorer.buttons["rewind"].click()
    assert explorer.iteration == 0
    np.testing.assert_array_equal(records(explorer.advance(2))[0], first)
    points = explorer.experiment.data
    explorer.buttons["redraw"].click()
    assert explorer.iteration == 0
    assert explorer.share == "Explorer(draw=1)"
    second, relu = explorer.experiment.trainers[0].network, vanishing.lecture.setup()[2]
    np.testing.assert_array_equal(second.weights[0], relu.weights[0])
    np.testing.assert_array_equal(explorer.experiment.data.points, points.points)
    explorer.controls["scale"].value = 1.0
    explorer.buttons["reset"].click()
    assert explorer.controls["scale"].value == 0.1
    assert explorer.share == "Explorer()"
    np.testing.assert_array_equal(records(explorer.advance(2))[0], first)


def chroma_parts(explorer: Explorer) -> int:
    """Return how many parts a pixel's colour shares: 0 for one, 2 for four."""
    found: int = get_sampling(Image.open(io.BytesIO(explorer.image.value)))
    return found


def test_colours_are_coarse_while_it_plays_and_sharp_at_rest() -> None:
    async def work() -> None:
        explorer = Explorer()
        assert chroma_parts(explorer) == 0
        explorer.toggle()
        await until(lambda: explorer.iteration > 50)
        assert chroma_parts(explorer) == 2
        explorer.toggle()
        await until(lambda: chroma_parts(explorer) == 0)
        explorer.go_to(explorer.iteration + 400)
        await until(lambda: chroma_parts(explorer) == 2)
        await until(lambda: not explorer.busy and chroma_parts(explorer) == 0)

    in_loop(work)


def test_the_regions_are_coarse_while_it_plays_and_fine_at_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bool] = []
    colors = figures.RegionMap.colors

    def watched(self: figures.RegionMap, network: Network, *, coarse: bool = False) -> Any:
        asked.append(coarse)
        return colors(self, network, coarse=coarse)

    monkeypatch.setattr(figures.RegionMap, "colors", watched)

    async def work() -> None:
        explorer = Explorer()
        assert asked
        assert not any(asked)
        explorer.toggle()
        await until(lambda: asked[-1])
        explorer.toggle()
        await until(lambda: not asked[-1])

    in_loop(work)


def test_the_scale_is_moved_without_ending_a_pause() -> None:
    async def work() -> None:
        explorer = Explorer(panels=("regions", "ledger"))
        before = explorer.image.value
        explorer.controls["scale"].value = 1.0
        await until(lambda: not explorer.is_behind)
        assert not explorer.playing
        assert explorer.iteration == 0
        assert "not trained yet" in explorer.words
        await until(lambda: explorer.image.value != before)
        explorer.toggle()
        await until(lambda: explorer.iteration > 50)
        explorer.controls["scale"].value = 0.5
        assert explorer.playing
        await until(lambda: not explorer.is_behind and explorer.iteration > 0)
        explorer.toggle()
        assert explorer.share.startswith("Explorer(scale=0.5, ")
        # What makes no difference before the first iteration plays.
        explorer.controls["step_size"].value = 0.2
        assert explorer.playing
        explorer.close()

    in_loop(work)


def test_another_layers_units_are_seen_of_the_same_run() -> None:
    explorer = Explorer("relu", panels=("units",), controls=("unit_layer",)).advance(20)
    first = explorer.picture.pixels()
    explorer.controls["unit_layer"].value = 2
    assert explorer.iteration == 20
    assert explorer.share == (
        "Explorer(variants=('relu',), controls=('unit_layer',), panels=('units',), unit_layer=2)"
        ".advance(20)"
    )
    again = eval(explorer.share)
    np.testing.assert_array_equal(again.picture.pixels(), explorer.picture.pixels())
    assert (first != again.picture.pixels()).any()
    explorer.buttons["reset"].click()
    assert explorer.controls["unit_layer"].value == 2
    with pytest.raises(ValueError, match=r"unit_layer must be .* from 1 to 1,000; got 0"):
        Explorer(unit_layer=0)


@pytest.mark.parametrize(
    ("name", "value"), [("scheme", "he"), ("residual", 1.0), ("normalization", "layer")]
)
def test_what_the_ledger_shows_before_training_ends_no_pause(name: str, value: Any) -> None:
    async def work() -> None:
        explorer = Explorer(panels=("ledger",), controls=(name,))
        explorer.controls[name].value = value
        await until(lambda: not explorer.is_behind)
        assert not explorer.playing
        assert explorer.iteration == 0
        explorer.close()

    in_loop(work)


def test_who_asks_while_a_cell_runs_is_told_to_wait() -> None:
    async def work() -> None:
        explorer = Explorer()

        async def press() -> None:
            explorer.buttons["toggle"].click()
            await asyncio.sleep(0.5)

        thread = threading.Thread(target=lambda: asyncio.run(press()))
        thread.start()
        thread.join()  # as a cell does
        assert "Waits for the cell that is running" in explorer.text.notice.value
        await until(lambda: explorer.iteration > 10)
        assert explorer.text.notice.value == ""
        explorer.close()

    in_loop(work)


def test_new_weights_again_and_again_are_new() -> None:
    explorer = Explorer()
    seen = []
    for _ in range(3):
        explorer.redraw()
        seen.append(explorer.experiment.trainers[0].network.weights[0][0, 0])
    assert len(set(seen)) == 3


def test_larger_steps_move_the_loss_further() -> None:
    moved = []
    for step in (0.01, 0.1, 1.0):
        explorer = Explorer(("relu",))
        explorer.controls["step_size"].value = step
        loss = explorer.advance(60).experiment.trainers[0].history.loss
        moved.append(loss[0] - loss[-1])
    assert moved == sorted(moved)


# Settings worth seeing


@pytest.mark.parametrize(
    ("name", "iterations", "seen"),
    [
        ("the lecture", 1000, "plateau at ln 3"),
        ("the plateau", 2000, "plateau at ln 3"),
        ("dead ReLUs", 1500, "of 100 units dead"),
        ("diverging", 500, "diverged at iteration"),
        ("exploding", 1, "unstable|training"),
    ],
)
def test_presets_show_what_they_are_named_for(name: str, iterations: int, seen: str) -> None:
    explorer = Explorer(BOTH, controls=("step_size", "scale"))
    explorer.presets.value = name
    assert again(explorer).wanted == explorer.wanted
    explorer.advance(iterations)
    assert any(part in explorer.words for part in seen.split("|"))
    assert explorer.presets.value == name
    explorer.controls["step_size"].value = 0.5
    assert explorer.presets.value not in PRESETS


def test_a_preset_takes_back_all_that_was_moved() -> None:
    explorer = Explorer(BOTH, seed=5, noise=0.5)
    explorer.preset("the lecture")
    assert explorer.wanted == Settings(BOTH)
    assert repr(explorer) == "Explorer(variants=('sigmoid', 'relu'), noise=0.5, seed=5)"


def test_presets_keep_data_of_ones_own() -> None:
    explorer = Explorer(("relu",), data=data, controls=["scale"])
    explorer.preset("the plateau")
    assert explorer.experiment.data is data
    assert explorer.wanted.scale == 0.001
    assert explorer.presets.value == "the plateau"


def test_the_lectures_relu_network_has_the_second_set_of_weights() -> None:
    explorer = Explorer(("relu",))
    explorer.preset("the lecture")
    relu = vanishing.lecture.setup()[2]
    weights = explorer.experiment.trainers[0].network.weights
    np.testing.assert_array_equal(weights[1], relu.weights[1])


def test_exploding_gradients_are_largest_at_first() -> None:
    explorer = Explorer(("relu",))
    explorer.preset("exploding")
    history = explorer.advance(1).experiment.trainers[0].history
    assert history.delta_norm[0, 0] > 100 * history.delta_norm[0, -1]


def test_presets_for_relu_are_offered_where_there_is_one() -> None:
    assert "dead ReLUs" not in Explorer().presets.options
    assert "dead ReLUs" in Explorer(("relu",)).presets.options
    deep = Variant("deep", "relu", hidden_layers=4)
    assert "dead ReLUs" in Explorer((deep,)).presets.options
    changing = Explorer(controls=["activation"])
    assert "dead ReLUs" in changing.presets.options
    changing.preset("dead ReLUs")
    assert changing.controls["activation"].value == "relu"


@pytest.mark.parametrize("wrong", ["nothing", 5, None, ["the lecture"]])
def test_unknown_preset_is_named(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"name must be one of 'the lecture', .*; got "):
        Explorer().preset(wrong)


# Ends


def test_a_diverging_run_stops_and_says_so() -> None:
    explorer = Explorer(BOTH, step_size=3160.0).advance(600)
    assert explorer.words.count("diverged at iteration") == 2
    assert_same(explorer, again(explorer))
    reached = explorer.iteration
    assert explorer.advance(10).iteration == reached
    assert_same(explorer, again(explorer))


def test_training_ends_at_the_limit() -> None:
    explorer = Explorer(iterations=20)
    assert explorer.advance(15).advance(15).iteration == 20
    assert explorer.figure.axes[1].get_xlim() == (0, 20)


def test_all_networks_stay_side_by_side_while_it_plays() -> None:
    async def work() -> None:
        explorer = Explorer(("sigmoid", "tanh", "relu"), iterations=400)
        explorer.toggle()
        while not explorer.finished:
            await asyncio.sleep(0.005)
            assert len({trainer.iteration for trainer in explorer.experiment.trainers}) == 1
        await until(lambda: not explorer.playing)
        for trainer, name in zip(
            explorer.experiment.trainers, explorer.wanted.variants, strict=True
        ):
            fresh = Explorer(name).advance(400).experiment.trainers[0]
            np.testing.assert_array_equal(trainer.history.record, fresh.history.record)
        assert_same(explorer, again(explorer))

    in_loop(work)


def test_rewinding_takes_back_the_steps_that_were_asked_for() -> None:
    async def work() -> None:
        explorer = Explorer(sizes=(2, 300, 300, 3))
        for _ in range(20):
            explorer.buttons["step"].click()
        explorer.buttons["rewind"].click()
        await until(lambda: not explorer.busy and not explorer.is_behind)
        await asyncio.sleep(0.1)
        assert explorer.iteration == 0

    in_loop(work)


def test_frantic_moves_end_with_the_last() -> None:
    async def work() -> None:
        explorer = Explorer(BOTH, controls=("step_size", "scale", "hidden_layers", "activation"))
        for number in range(30):
            explorer.controls["scale"].value = 0.1 + number / 100
            explorer.controls["hidden_layers"].value = 1 + number % 3
            explorer.controls["activation"].value = ("tanh", "relu", "sigmoid")[number % 3]
            if number % 4 == 0:
                await asyncio.sleep(0.003)
        last = Settings(("sigmoid",), (2, 50, 50, 50, 3), scale=0.39)
        await until(lambda: explorer.experiment.settings == last)
        await until(lambda: explorer.iteration > 10)
        assert explorer.text.trouble.value == ""

    in_loop(work)


def test_two_explorers_train_at_once_and_a_thread_moves_one() -> None:
    async def work() -> None:
        both = [Explorer(), Explorer(("relu",))]
        both[0].toggle()
        thread = threading.Thread(
            target=setattr, args=(both[1].controls["step_size"], "value", 0.5)
        )
        thread.start()
        thread.join()
        await until(lambda: all(explorer.iteration > 50 for explorer in both))
        assert [explorer.experiment.settings.step_size for explorer in both] == [0.1, 0.5]

    in_loop(work)


def test_painting_keeps_to_one_blas_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    # Threads that spin after a product took a fifth of the training speed, and more from others.
    used: list[int] = []

    def predict(network: Network, points: Any) -> Any:
        used.extend(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")
        return scores(network, points).argmax(axis=1)

    scores = Network.scores
    monkeypatch.setattr(Network, "predict", predict)
    with threadpool_limits(2, user_api="blas"):
        Explorer().advance(3)
    assert used
    assert set(used) == {1}


# Things of one's own


def test_points_of_ones_own_are_trained_on() -> None:
    explorer = Explorer("tanh", data=data, sizes=(2, 8, 3), controls=["step_size"]).advance(9)
    network = explorer.experiment.trainers[0].network
    assert network.sizes == (2, 8, 2), "two classes, whatever the sizes say"
    assert explorer.experiment.data is data
    assert "sizes=(2, 8, 2), data=data" in explorer.share
    assert_same(explorer, again(explorer))


@pytest.mark.parametrize(
    ("sizes", "line"),
    [
        ((2, *[50] * 30, 3), "(2, *[50] * 30, 3)"),
        ((2, *[9] * 4, *[7] * 5, 3), "(2, *[9] * 4, *[7] * 5, 3)"),
        ((2, 9, 9, 9, 3), "(2, 9, 9, 9, 3)"),
    ],
)
def test_many_equal_layers_are_shared_in_short(sizes: tuple[int, ...], line: str) -> None:
    explorer = Explorer("tanh", sizes=sizes).advance(2)
    assert f"sizes={line})" in explorer.share
    assert again(explorer).experiment.settings.sizes == sizes


def test_a_panel_of_ones_own_is_drawn_beside_the_others() -> None:
    explorer = Explorer(panels=("regions", Title)).advance(3)
    panel: Any = explorer.picture.panels[1]
    assert panel.text.get_text() == "3"
    assert explorer.share == "Explorer(panels=('regions', Title)).advance(3)"
    assert_same(explorer, again(explorer))


@pytest.mark.parametrize(
    ("measure", "written"),
    [
        (steepness, "steepness"),
        (Measure("steepness", "steepness", "", "", "", steepness), "steepness"),
        ("RMS of delta", "'RMS of delta'"),
        (find_measure("RMS of delta"), "'RMS of delta'"),
    ],
)
def test_a_measure_of_ones_own_is_read(measure: Any, written: str) -> None:
    explorer = Explorer(measure=measure, controls=["measure"]).advance(4)
    assert f"measure={written}" in explorer.share
    panel: Any = explorer.picture.panels[-1]
    function = find_measure("RMS of delta") if "RMS" in written else steepness
    expected = function(explorer.experiment.trainers[0].history)
    np.testing.assert_array_equal(panel.lines[0].get_ydata(), expected[:, 0])
    assert_same(explorer, again(explorer))
    own = explorer.controls["measure"].value
    explorer.controls["measure"].value = "norm of dW"
    explorer.controls["measure"].value = own
    assert f"measure={written}" in explorer.share


@pytest.mark.parametrize(
    "variant",
    [
        bent,
        Variant("mine", bent, hidden_layers=3, color="red"),
        Variant("deep", "tanh", scheme="glorot", residual=1.0, normalization="layer"),
        Variant("two steps", "relu", step_size=(0.1, 0.01, 0.1), scale=0.2),
    ],
)
def test_share_lines_hold_networks_of_every_kind(variant: Any) -> None:
    explorer = Explorer(("sigmoid", variant), controls=["noise"]).advance(6)
    assert "Activation(" not in explorer.share
    assert_same(explorer, again(explorer))


def test_an_activation_of_ones_own_has_its_entry_in_the_list() -> None:
    explorer = Explorer(bent, controls=["activation"])
    assert explorer.controls["activation"].label == "bent"
    explorer.controls["activation"].value = "relu"
    assert explorer.share == "Explorer(variants=('relu',), controls=('activation',))"
    explorer.controls["activation"].value = Variant("bent", bent)
    assert again(explorer).words == explorer.words


@pytest.mark.parametrize(
    "given",
    [
        {"step_size": np.float64(0.3), "scale": np.float32(0.25), "seed": np.int64(4)},
        {"sizes": np.array([2, 9, 9, 3]), "points_per_class": np.uint8(40)},
        {"sizes": [2, np.int32(9), 3], "noise": np.float64(0), "draw": np.int8(2)},
        {"regularization": np.float64(0), "iterations": np.int64(99)},
        {"controls": np.array(["scale", "noise"]), "panels": np.array(["loss"])},
        {"picture_width": np.int64(500), "variants": np.array(["relu", "tanh"])},
        {"step_size": 1, "scale": 2, "noise": 1},
    ],
)
def test_share_lines_are_plain_python(given: dict[str, Any]) -> None:
    explorer = Explorer(**given).advance(5)
    assert "np." not in explorer.share
    assert "array" not in explorer.share
    assert_same(explorer, again(explorer))


# What is refused, and what is said


@pytest.mark.parametrize(
    ("wrong", "error", "named"),
    [
        ({"controls": ("colour",)}, ValueError, "controls must .*got"),
        ({"controls": ("scale", "scale")}, ValueError, "controls must name each .*got"),
        ({"panels": ("colour",)}, ValueError, "panels must .*got"),
        ({"panels": ()}, ValueError, "panels must .*got"),
        ({"measure": "colour"}, ValueError, "measure must .*got"),
        ({"measure": 5}, TypeError, "measure must .*got"),
        ({"iterations": 0}, ValueError, "iterations must .*got 0"),
        ({"iterations": 1.5}, TypeError, "iterations must .*got 1.5"),
        ({"iterations": 10**30}, ValueError, "iterations must .*got"),
        ({"picture_width": 10**9}, ValueError, "picture_width must .*got"),
        ({"variants": ("colour",)}, ValueError, "variants must .*got 'colour'"),
        ({"variants": ()}, ValueError, r"variants must .*got \(\)"),
        ({"variants": 5}, TypeError, "variants must .*got 5"),
        ({"activations": ("relu",)}, TypeError, "must be given arguments from .*'activations'"),
        ({"seed": None}, TypeError, "seed must .*got None"),
        ({"seed": np.random.default_rng(0)}, TypeError, "seed must .*got"),
        ({"points_per_class": 10**5}, ValueError, "points_per_class must .*got 100000"),
        ({"sizes": (3, 5, 3)}, ValueError, "sizes must .*got"),
        ({"sizes": {2, 5, 3}}, TypeError, "sizes must .*got"),
        ({"data": [[0, 1]]}, TypeError, "data must .*got"),
        ({"data": data, "controls": ("noise",)}, ValueError, "controls must .*'noise'.*data of"),
        (
            {"variants": (Variant("own", "relu", step_size=0.3),)},
            ValueError,
            "controls must .*'step_size'.*variants that have their own",
        ),
    ],
)
def test_wrong_arguments_are_named_and_leave_nothing(
    wrong: dict[str, Any], error: type[Exception], named: str
) -> None:
    assert_refused(Explorer, wrong, error, named)


def test_a_panel_that_fails_leaves_nothing() -> None:
    class Broken(Title):
        def update(self, scene: Any) -> list[Any]:  # noqa: ARG002
            raise ZeroDivisionError

    before = models()
    with pytest.raises(ZeroDivisionError):
        Explorer(panels=[Broken])
    assert models() == before


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("step_size", r"make a new Explorer\(step_size=5\), or move its controls\['step_size'\]"),
        ("seed", r"make a new Explorer\(seed=5\)$"),
        ("iterations", r"make a new Explorer\(iterations=5\)$"),
        ("measure", r"make a new Explorer\(measure=5\)$"),
        ("nonsense", "no attribute 'nonsense' to set$"),
    ],
)
def test_an_attribute_that_has_no_effect_cannot_be_set(name: str, advice: str) -> None:
    with pytest.raises(AttributeError, match=advice):
        setattr(Explorer(), name, 5)


@pytest.mark.parametrize(
    ("name", "value"), [("step_size", 20_000.0), ("scale", 1e-5), ("seed", 2**31), ("noise", 3.0)]
)
def test_sliders_show_what_trains(name: str, value: float) -> None:
    explorer = Explorer(controls=[name], **{name: value})
    assert explorer.controls[name].value == value
    assert getattr(explorer.experiment.settings, name) == value
    explorer.advance(3)
    assert_same(explorer, again(explorer))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"controls": ["width"], "sizes": (2, 30, 20, 3)}, "have 30, 20 units"),
        (
            {"variants": ("relu", Variant("own", "tanh", step_size=0.3))},
            "step size: of no effect on own.",
        ),
        (
            {"variants": ("relu", Variant("He", "relu", scheme="he", color="red"))},
            "initialization scale: of no effect on He.",
        ),
    ],
)
def test_what_a_control_does_not_show_is_said(given: dict[str, Any], said: str) -> None:
    assert said in Explorer(**given).text.notice.value


def test_nothing_is_said_where_all_is_shown() -> None:
    explorer = Explorer(BOTH, controls=["step_size", "scale", "width", "hidden_layers"])
    assert explorer.text.notice.value == ""


# Pictures and the end


def test_pictures_are_reproducible_and_small() -> None:
    first = Explorer(BOTH).static().data
    assert first == Explorer(BOTH).static().data
    assert len(first) < 60_000
    bundle = Explorer()._repr_mimebundle_()
    assert {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"} <= set(bundle)


def test_the_still_picture_is_described() -> None:
    assert Explorer().advance(3).static().alt.startswith("sigmoid: iteration 3, loss")


def test_closing_frees_the_experiment_and_says_how_to_have_it_again() -> None:
    async def work() -> None:
        before = models()
        explorer = Explorer()
        explorer.toggle()
        await until(lambda: explorer.iteration > 10)
        held = [explorer.experiment, *explorer.experiment.trainers, explorer.figure]
        references = [weakref.ref(one) for one in held]
        del held
        explorer.close()
        await until(lambda: explorer.ended)
        gc.collect()
        assert [reference() for reference in references] == [None] * len(references)
        assert models() == before
        with pytest.raises(RuntimeError, match=r"Explorer\(\)\.advance\(\d+\) makes one like it"):
            _ = explorer.experiment

    in_loop(work)


# Earlier runs, and earlier iterations


def pale(explorer: Explorer, panel: int = 0) -> list[Any]:
    """Return the pale curves of a panel."""
    found: list[Any] = explorer.picture.panels[panel].pale  # type: ignore[attr-defined]
    return found


def test_a_live_picture_is_the_one_that_is_drawn_from_scratch() -> None:
    panels = ("loss", "gradients")
    explorer = Explorer(("sigmoid", "relu"), panels=panels, points_per_class=20)

    def assert_up_to_date() -> None:
        live = explorer.picture.pixels()
        whole = Picture(find_panels(panels), explorer.scene, width=DRAWN)
        np.testing.assert_array_equal(live, whole.pixels())

    for step_size in (0.5, 0.2, 3.0):
        explorer.advance(1200)
        assert_up_to_date()
        explorer.go_to(7)
        assert_up_to_date()
        explorer.start(explorer.wanted.changed("step_size", step_size))
        assert_up_to_date()
    explorer.keep()
    assert_up_to_date()
    explorer.clear()
    assert_up_to_date()


def test_the_run_before_stays_as_pale_curves() -> None:
    explorer = Explorer(BOTH, panels=("loss", "gradients")).advance(LONG)
    losses = [trainer.history.loss for trainer in explorer.experiment.trainers]
    assert pale(explorer) == []
    explorer.controls["step_size"].value = 1.0
    lines = pale(explorer)
    assert len(lines) == 2
    assert len(pale(explorer, 1)) == 4
    for line, loss in zip(lines, losses, strict=True):
        x, y = line.get_data()
        assert (x[0], x[-1]) == (0, LONG - 1)
        np.testing.assert_array_equal(y, loss[x])
        assert y.max() == loss.max()
        assert y.min() == loss.min()
        assert line.get_alpha() < 0.5
    assert "Pale: the run with step_size=0.1." in explorer.remarks()
    # Each keeps the look of its network and of its layer.
    for panel in (0, 1):
        bold: list[Any] = explorer.picture.panels[panel].lines  # type: ignore[attr-defined]
        for line, now in zip(pale(explorer, panel), bold, strict=True):
            assert same_color(line.get_color(), now.get_color())
            assert line.get_linestyle() == now.get_linestyle()
    before = explorer.past[0].histories
    measured = [figures.measured(history, "lecture statistic")[:, :2].T for history in before]
    found = [line.get_ydata() for line in pale(explorer, 1)]
    np.testing.assert_array_equal(found, np.concatenate(measured))


def test_runs_that_a_slider_passes_leave_nothing() -> None:
    explorer = Explorer(panels=("loss",)).advance(LONG)
    for step_size in (0.2, 0.3, 0.4):
        explorer.controls["step_size"].value = step_size
        explorer.advance(5)
    assert [run.settings.step_size for run in explorer.past] == [0.1]


def test_a_run_is_kept_for_good_and_all_are_cleared_by_button() -> None:
    explorer = Explorer(panels=("loss",)).advance(30)
    explorer.buttons["keep"].click()
    for step_size in (0.2, 0.3):
        explorer.controls["step_size"].value = step_size
        explorer.advance(LONG)
    assert [run.settings.step_size for run in explorer.past] == [0.1, 0.2]
    assert len(pale(explorer)) == 2
    explorer.buttons["clear"].click()
    assert explorer.past == ()
    assert pale(explorer) == []
    for _ in range(2 * MOST_KEPT):
        explorer.keep()
    assert len(explorer.past) == MOST_KEPT


def test_a_measure_reads_earlier_runs_too() -> None:
    explorer = Explorer(panels=("gradients",), controls=("measure",)).advance(30)
    explorer.keep()
    explorer.controls["measure"].value = "mean absolute dW"
    expected = explorer.experiment.trainers[0].history.mean_absolute()[:, 0]
    np.testing.assert_array_equal(pale(explorer)[0].get_ydata(), expected)


def test_an_earlier_iteration_is_shown_as_it_was() -> None:
    settings: dict[str, Any] = {"panels": ("regions", "ledger", "loss"), "step_size": 1.0}
    explorer, plain = Explorer(BOTH, **settings).advance(400), Explorer(BOTH, **settings)
    plain.advance(123)
    explorer.go_to(123)
    assert explorer.words == plain.words
    assert explorer.share == plain.share
    maps = [ex.picture.panels[0].images for ex in (explorer, plain)]  # type: ignore[attr-defined]
    for one, other in zip(*maps, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
    curve, cursor = explorer.picture.panels[2].lines[0], explorer.picture.panels[2].cursor  # type: ignore[attr-defined]
    assert len(curve.get_xdata()) == 400, "the curves stay whole"
    assert cursor.get_visible()
    assert cursor.get_xdata()[0] == 123
    assert explorer.times["look_at"].value == 123
    explorer.step()
    assert explorer.iteration == 401
    assert explorer.looked_at is None
    assert not explorer.picture.panels[2].cursor.get_visible()  # type: ignore[attr-defined]


def test_the_slider_goes_back_and_the_field_goes_on() -> None:
    explorer = Explorer().advance(100)
    explorer.times["look_at"].value = 7
    assert "iteration 7," in explorer.words
    explorer.times["go_to"].value = 250
    assert explorer.iteration == 250
    assert "iteration 250," in explorer.words
    explorer.advance(1)
    assert explorer.times["look_at"].value == 251


def test_the_loss_axis_is_linear_or_logarithmic() -> None:
    explorer = Explorer(controls=("loss_axis",), panels=("loss",)).advance(50)
    assert explorer.figure.axes[0].get_yscale() == "log"
    explorer.controls["loss_axis"].value = "linear"
    ax = explorer.figure.axes[0]
    assert ax.get_yscale() == "linear"
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] > explorer.experiment.trainers[0].history.loss.max()
    assert explorer.iteration == 50
    assert "loss_axis='linear'" in explorer.share


def test_limits_fit_what_is_shown() -> None:
    explorer = Explorer(BOTH, panels=("loss", "gradients")).advance(2000)
    for ax, panel in zip(explorer.figure.axes, explorer.picture.panels, strict=True):
        values = np.concatenate([line.get_ydata() for line in panel.lines])  # type: ignore[attr-defined]
        ax.figure.canvas.draw()
        assert not any(tick.get_text() for tick in ax.get_yticklabels(minor=True))
        used = np.log10(values.max() / values.min())
        low, high = ax.get_ylim()
        headroom = panel.headroom  # type: ignore[attr-defined]
        assert low <= values.min()
        assert values.max() <= high
        assert np.log10(high / low) / (1 + headroom) - used < 2


@pytest.mark.parametrize("measure", MEASURES)
def test_the_legend_of_the_layers_covers_no_curve(measure: str) -> None:
    explorer = Explorer(BOTH, panels=("regions", "loss", "gradients"), measure=measure)
    panel: Any = explorer.advance(2000).picture.panels[-1]
    panel.ax.figure.canvas.draw()
    box = panel.ax.get_legend().get_window_extent()
    for line in panel.lines:
        corners = line.get_transform().transform(line.get_xydata())
        assert not any(box.contains(*corner) for corner in corners)
