"""The live widgets without a browser: what is set, trained, said and drawn."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from ipywidgets import Widget
from threadpoolctl import threadpool_info, threadpool_limits

from vanishing import Network, lecture, train
from vanishing import explorer as explorer_module
from vanishing.experiment import Experiment, Settings, stand
from vanishing.explorer import CONTROLS, PRESETS, Explorer, Live, SpiralExplorer
from vanishing.ledger import ledger
from vanishing.measures import MEASURES
from vanishing.panels import PANELS, Panel, Picture, Scene, wide_enough

BOTH = ("sigmoid", "relu")


@pytest.fixture(autouse=True)
def _all_closed() -> Any:
    yield
    for live in list(Live._alive):
        live.close()


def in_loop(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 60))  # type: ignore[arg-type]


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.01)


# Experiments


def test_seed_0_gives_the_lectures_networks() -> None:
    data, sigmoid, relu = lecture.setup()
    found, (network,) = Settings().start()
    np.testing.assert_array_equal(found.points, data.points)
    np.testing.assert_array_equal(network.weights[1], sigmoid.weights[1])
    _, (network,) = Settings(("relu",), draw=1).start()
    np.testing.assert_array_equal(network.weights[1], relu.weights[1])


def test_networks_side_by_side_share_weights_and_data() -> None:
    _, (one, other) = Settings(BOTH).start()
    np.testing.assert_array_equal(one.weights[2], other.weights[2])
    assert (one.activation.name, other.activation.name) == BOTH


def test_an_experiment_trains_as_train_does() -> None:
    data, network, _ = lecture.setup()
    experiment = Experiment(Settings())
    experiment.advance(7)
    experiment.advance(13)
    run = train(network, data, iterations=20, progress=False)
    np.testing.assert_array_equal(experiment.trainers[0].history.loss, run.history.loss)


@pytest.mark.parametrize(
    "wrong",
    [
        {"activations": ()},
        {"activations": ("relu", "relu")},
        {"activations": ("step",)},
        {"step_size": 0},
        {"scale": np.nan},
        {"draw": -1},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="got"):
        Settings(**wrong)


@pytest.mark.parametrize(
    ("settings", "iterations", "state"),
    [
        (Settings(), 0, "not trained yet"),
        (Settings(), 1000, "plateau at ln 3"),
        (Settings(("relu",)), 500, "training"),
        (Settings(("relu",), step_size=0.5), 4000, "converged"),
        (Settings(("relu",), step_size=30.0), 50, "unstable: the loss is above where it began"),
        (Settings(("relu",), step_size=1e4), 100, "diverged at iteration 7"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_states_are_told_apart(settings: Settings, iterations: int, state: str) -> None:
    experiment = Experiment(settings)
    experiment.advance(iterations)
    (standing,) = experiment.standings()
    assert standing.state == state
    assert state in str(standing)


def test_standing_says_what_was_measured() -> None:
    experiment = Experiment(Settings())
    experiment.advance(20)
    standing = stand(experiment.trainers[0], experiment.data)
    last = experiment.trainers[0].history.lecture_statistic()[-1]
    assert standing.ratio == pytest.approx(last[0] / last[1])
    assert standing.loss == experiment.trainers[0].history.loss[-1]
    assert standing.accuracy == experiment.trainers[0].accuracy
    assert str(standing).startswith("iteration 20, loss 1.1")


def test_dead_units_are_counted_for_relu_alone() -> None:
    experiment = Experiment(Settings(BOTH, step_size=3.16))
    experiment.advance(1500)
    sigmoid, relu = experiment.standings()
    assert sigmoid.dead == 0
    assert relu.dead > 90
    assert f"{relu.dead} of 100 units dead" in str(relu)


# The picture


def test_every_panel_is_drawn() -> None:
    scene = Scene(Experiment(Settings(BOTH)))
    picture = Picture(tuple(name for name in PANELS if name != "points"), scene)
    first = picture.png()
    scene.experiment.advance(30)
    picture.show(scene)
    assert first != picture.png()
    assert picture.jpeg().startswith(b"\xff\xd8")


def test_pictures_are_reproducible() -> None:
    assert Explorer().static().data == Explorer().static().data


def test_axes_stand_still_while_a_network_trains() -> None:
    explorer = Explorer(BOTH)
    figure = explorer.figure
    before = [(ax.get_position().bounds, ax.get_xlim(), ax.get_ylim()) for ax in figure.axes]
    explorer.advance(2000)
    after = [
        (ax.get_position().bounds, ax.get_xlim(), ax.get_ylim()) for ax in explorer.figure.axes
    ]
    assert explorer.figure is figure
    assert before == after


def test_both_networks_share_one_scale() -> None:
    explorer = Explorer(BOTH).advance(5)
    loss, gradients = explorer._picture.panels[1:]
    assert [len(panel.lines) for panel in (loss, gradients)] == [2, 4]
    assert {line.axes for line in gradients.lines} == {gradients.ax}


def test_curves_are_the_history() -> None:
    explorer = Explorer().advance(40)
    _, loss, gradients = explorer._picture.panels
    history = explorer.experiment.trainers[0].history
    np.testing.assert_array_equal(loss.lines[0].get_ydata(), history.loss)
    np.testing.assert_array_equal(
        [line.get_ydata() for line in gradients.lines], history.lecture_statistic()[:, :2].T
    )


def test_no_curve_runs_through_the_legend() -> None:
    explorer = Explorer(("relu",), scale=3.0).advance(30)
    gradients = explorer._picture.panels[-1]
    explorer.figure.canvas.draw()
    lowest = gradients.ax.get_legend().get_window_extent().y0
    highest = max(np.max(line.get_ydata()) for line in gradients.lines)
    assert highest > 1
    assert gradients.ax.transData.transform((0, highest))[1] < lowest


@pytest.mark.parametrize("scale", [0.001, 0.01, 0.1, 1.0])
def test_bars_of_the_ledger_keep_clear_of_its_names(scale: float) -> None:
    explorer = Explorer(BOTH, panels=("ledger",), scale=scale).advance(2)
    (panel,) = explorer._picture.panels
    explorer.figure.canvas.draw()
    highest_name = max(text.get_window_extent().y1 for text in panel.ax.texts)
    for bars, trainer in zip(panel.bars, explorer.experiment.trainers, strict=True):
        books = ledger(trainer.network, explorer.experiment.data)
        last = bars[1][-1]
        assert last.get_y() + last.get_height() == pytest.approx(np.log10(books.attenuation))
        for bar in (*bars[0], *bars[1]):
            assert bar.get_window_extent().y0 > highest_name


def test_a_diverged_network_has_an_empty_ledger() -> None:
    explorer = Explorer(("relu",), panels=("ledger",), step_size=1e6).advance(100)
    assert explorer.experiment.diverged
    (panel,) = explorer._picture.panels
    assert {bar.get_height() for bars in panel.bars[0] for bar in bars} == {0}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (1e-5, 1.0)),
        ([1e-4, 0.5], (1e-5, 1.0)),
        ([1e-6], (1e-8, 1.0)),
        ([1e-9, 20.0], (1e-11, 1e3)),
        ([1e300], (1e-5, 1e12)),
    ],
)
def test_limits_give_way_by_whole_steps(values: list[float], expected: tuple[float, float]) -> None:
    found = wide_enough(np.array(values), (1e-5, 1.0), (1e-40, 1e12))
    assert found == pytest.approx(expected)


def test_a_panel_of_ones_own_takes_ten_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    class Title(Panel):
        def setup(self, axes: Any, scene: Scene) -> None:  # noqa: ARG002
            self.text = axes[0].text(0, 0, "")

        def update(self, scene: Scene) -> list[Any]:
            self.text.set_text(f"{scene.experiment.iteration}")
            return [self.text]

    monkeypatch.setitem(PANELS, "title", Title)
    explorer = Explorer(panels=("title",)).advance(3)
    assert explorer._picture.panels[0].text.get_text() == "3"


# The explorer


def test_first_state_is_untrained_and_always_the_same() -> None:
    explorer = Explorer()
    assert explorer.experiment.iteration == 0
    assert explorer.words == "sigmoid: iteration 0, accuracy 0.33, not trained yet"
    assert explorer.words in explorer.readout.value
    assert repr(explorer) == "Explorer()" == explorer.share
    explorer.advance(5)
    assert repr(explorer) == "Explorer()"
    assert explorer.share == "Explorer().advance(5)"


def test_the_page_gets_a_picture_beside_the_widget() -> None:
    explorer = Explorer()
    bundle = explorer._repr_mimebundle_()
    assert {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"} <= set(bundle)
    assert len(bundle["image/png"]) < 60_000


def test_every_control_is_labelled_and_shows_its_setting() -> None:
    explorer = Explorer(controls=tuple(CONTROLS))
    assert list(explorer.controls) == list(CONTROLS)
    for control in [*explorer.controls.values(), *explorer.buttons.values(), explorer.presets]:
        assert control.description
        assert control.tooltip
    settings = explorer.experiment.settings
    for name, control in explorer.controls.items():
        if name != "measure":
            assert control.value == getattr(settings, name)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("step_size", 0.5011872, Settings(step_size=0.501)),
        ("scale", 1.0, Settings(scale=1.0)),
        ("regularization", 0.01, Settings(regularization=0.01)),
        ("noise", 0.5, Settings(noise=0.5)),
        ("points_per_class", 50, Settings(points_per_class=50)),
        ("activation", "tanh", Settings(("tanh",))),
        ("hidden_layers", 4, Settings(sizes=(2, 50, 50, 50, 50, 3))),
        ("width", 20, Settings(sizes=(2, 20, 20, 3))),
        ("seed", 3, Settings(seed=3)),
    ],
)
def test_a_move_starts_anew_with_the_new_setting(name: str, value: Any, expected: Settings) -> None:
    explorer = Explorer(controls=[name]).advance(10)
    before = explorer.image.value
    explorer.controls[name].value = value
    assert explorer.experiment.settings == expected
    assert explorer.experiment.iteration == 0
    assert explorer.image.value != before
    again = eval(explorer.advance(12).share, {"Explorer": Explorer})
    assert again.words == explorer.words
    assert again.static().data == explorer.static().data


def test_a_new_measure_is_read_off_the_same_run() -> None:
    explorer = Explorer(controls=["measure"]).advance(10)
    words = explorer.words
    for name in MEASURES:
        explorer.controls["measure"].value = name
        assert explorer.experiment.iteration == 10
        assert explorer.figure.axes[-1].get_title("left") == f"Gradient: {name}"
    assert explorer.words != words


def test_step_rewind_new_weights_and_reset() -> None:
    explorer = Explorer()
    explorer.buttons["step"].click()
    explorer.buttons["step"].click()
    assert explorer.experiment.iteration == 2
    loss = explorer.experiment.trainers[0].history.loss
    explorer.buttons["rewind"].click()
    assert explorer.experiment.iteration == 0
    np.testing.assert_array_equal(explorer.advance(2).experiment.trainers[0].history.loss, loss)
    data = explorer.experiment.data
    explorer.buttons["redraw"].click()
    assert explorer.advance(2).experiment.trainers[0].history.loss[0] != loss[0]
    np.testing.assert_array_equal(explorer.experiment.data.points, data.points)
    explorer.controls["scale"].value = 1.0
    explorer.buttons["reset"].click()
    assert explorer.experiment.settings == Settings()
    assert explorer.controls["scale"].value == 0.1
    assert explorer.share == "Explorer()"


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
    explorer.advance(iterations)
    assert any(part in explorer.words for part in seen.split("|"))
    assert explorer.presets.value == name
    explorer.controls["step_size"].value = 0.5
    assert explorer.presets.value not in PRESETS


def test_exploding_gradients_are_largest_at_first() -> None:
    explorer = Explorer(("relu",))
    explorer.preset("exploding")
    history = explorer.advance(1).experiment.trainers[0].history
    assert history.delta_norm[0, 0] > 100 * history.delta_norm[0, -1]


def test_presets_for_relu_are_offered_where_there_is_one() -> None:
    assert "dead ReLUs" not in Explorer().presets.options
    assert "dead ReLUs" in Explorer(("relu",)).presets.options
    assert "dead ReLUs" in Explorer(controls=["activation"]).presets.options


def test_larger_steps_move_the_loss_further() -> None:
    moved = []
    for step in (0.01, 0.1, 1.0):
        explorer = Explorer(("relu",))
        explorer.controls["step_size"].value = step
        loss = explorer.advance(60).experiment.trainers[0].history.loss
        moved.append(loss[0] - loss[-1])
    assert moved == sorted(moved)


def test_a_diverging_run_stops_and_says_so() -> None:
    explorer = Explorer(BOTH, step_size=3160.0).advance(600)
    assert explorer.words.count("diverged at iteration") == 2
    assert explorer.advance(10).experiment.diverged


def test_training_ends_at_the_limit() -> None:
    explorer = Explorer(iterations=20)
    assert explorer.advance(15).advance(15).experiment.iteration == 20


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"controls": ("colour",)}, "controls"),
        ({"panels": ("colour",)}, "panels"),
        ({"measure": "colour"}, "measure"),
        ({"iterations": 0}, "iterations"),
        ({"activations": ("colour",)}, "activation"),
    ],
)
def test_wrong_arguments_are_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"{named} must .*got"):
        Explorer(**wrong)


def test_unknown_preset_is_named() -> None:
    with pytest.raises(ValueError, match=r"name must be one of .*; got 'nothing'"):
        Explorer().preset("nothing")


# Live, in a loop as a kernel has one


def test_nothing_is_trained_before_play() -> None:
    async def work() -> None:
        explorer = Explorer()
        await asyncio.sleep(0.2)
        assert explorer.experiment.iteration == 0
        explorer.toggle()
        await until(lambda: explorer.experiment.iteration > 50)
        assert explorer.buttons["toggle"].description == "Pause"
        explorer.toggle()
        await asyncio.sleep(0.1)
        reached = explorer.experiment.iteration
        await asyncio.sleep(0.1)
        assert explorer.experiment.iteration == reached
        assert explorer.buttons["toggle"].description == "Play"
        assert explorer.share.endswith(f".advance({reached})")
        assert explorer.share in explorer.readout.value.replace("&#x27;", "'")

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


def test_a_move_from_another_thread_starts_training_with_it() -> None:
    async def work() -> None:
        explorer = Explorer()
        for value in (0.2, 0.3, 0.5):
            thread = threading.Thread(
                target=setattr, args=(explorer.controls["scale"], "value", value)
            )
            thread.start()
            await asyncio.sleep(0.01)
            thread.join()
        await until(lambda: explorer.experiment.settings.scale == 0.5)
        await until(lambda: explorer.experiment.iteration > 50)
        assert explorer.trouble.value == ""

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
        await until(lambda: explorer.experiment.iteration > 10)
        assert explorer.trouble.value == ""

    in_loop(work)


def test_a_finished_run_plays_from_the_beginning() -> None:
    async def work() -> None:
        explorer = Explorer(iterations=30)
        explorer.toggle()
        await until(lambda: explorer.experiment.iteration == 30 and not explorer._playing)
        first = explorer.experiment
        explorer.toggle()
        await until(lambda: explorer.experiment is not first and not explorer._playing)
        assert explorer.experiment.iteration == 30

    in_loop(work)


def test_pictures_wait_for_a_page_that_confirms_them_late() -> None:
    async def work() -> None:
        explorer = Explorer()
        shown = []
        explorer.image.observe(lambda change: shown.append(change["new"]), "value")
        asked, returned = explorer._receipts._asked, explorer._receipts._returned
        returned.value = asked.value  # As the page does it.
        explorer.toggle()
        await until(lambda: asked.value > returned.value)
        first = len(shown)
        await asyncio.sleep(explorer_module.PROMPT + 0.2)
        before, reached = len(shown), explorer.experiment.iteration
        await asyncio.sleep(0.3)
        assert len(shown) == before < first + 12, "pictures pile up"
        assert explorer.experiment.iteration > reached, "training waits too"
        explorer.toggle()
        await asyncio.sleep(0.1)
        assert len(shown) == before
        returned.value = asked.value
        # The last state is shown all the same, and nothing after it.
        await until(lambda: explorer.share in explorer.readout.value)
        assert explorer.share.endswith(f".advance({explorer.experiment.iteration})")
        assert len(shown) == before + 1

    in_loop(work)


def test_pictures_go_out_where_no_page_confirms_any(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(confirmed: int) -> None:
        explorer = Explorer()
        explorer._receipts._returned.value = confirmed
        shown = []
        explorer.image.observe(lambda change: shown.append(change["new"]), "value")
        explorer.toggle()
        await until(lambda: len(shown) > 10)

    in_loop(lambda: work(0))
    # A page that confirmed once and is gone.
    monkeypatch.setattr(explorer_module, "LOST", 0.05)
    in_loop(lambda: work(1))


def test_an_error_in_the_task_is_shown_and_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        explorer = Explorer()
        with monkeypatch.context() as patch:
            patch.setattr(explorer._picture, "show", lambda _: 1 / 0)
            explorer.toggle()
            await until(lambda: "ZeroDivisionError" in explorer.trouble.value)
            assert not explorer._playing
        explorer.controls["scale"].value = 0.5
        await until(lambda: explorer.trouble.value == "")
        await until(lambda: explorer.experiment.iteration > 10)

    in_loop(work)


def test_closing_ends_the_task_and_leaves_no_widget() -> None:
    async def work() -> None:
        before = len(_widgets())
        explorer = Explorer()
        explorer.toggle()
        await until(lambda: explorer.experiment.iteration > 10)
        figure = weakref.ref(explorer.figure)
        explorer.close()
        explorer.close()
        await until(explorer._task.done)
        assert len(_widgets()) <= before
        gc.collect()
        assert figure() is None
        experiment = explorer.experiment.iteration
        await asyncio.sleep(0.05)
        assert explorer.experiment.iteration == experiment

        assert explorer.static().data, "it cannot be looked at any more"

    in_loop(work)
    gc.collect()
    assert not list(Live._alive)


def _widgets() -> dict[str, Widget]:
    from ipywidgets.widgets.widget import _instances

    return dict(_instances)


def test_running_a_cell_again_ends_its_earlier_widgets(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        runs = {"one": "cell", "other": "cell 2"}
        made = []
        for cell, run in [("one", 1), ("one", 1), ("other", 2), ("one", 3)]:
            origin = (runs[cell], str(run))
            monkeypatch.setattr("vanishing.explorer._cell_and_run", lambda origin=origin: origin)
            made.append(Explorer())
        assert [explorer._closed for explorer in made] == [True, True, False, False]
        await until(lambda: made[0]._task.done())

    in_loop(work)


def test_training_stops_when_the_last_view_is_closed() -> None:
    async def work() -> None:
        explorer = Explorer()
        for views in (1, 2):
            explorer._view_count = views
        explorer.toggle()
        await until(lambda: explorer.experiment.iteration > 10)
        explorer._view_count = 1
        assert explorer._playing
        explorer._view_count = 0
        assert not explorer._playing
        await until(lambda: explorer.buttons["toggle"].description == "Play")

    in_loop(work)


def test_two_explorers_train_at_once() -> None:
    async def work() -> None:
        both = [Explorer(), Explorer(("relu",))]
        for explorer in both:
            explorer.toggle()
        await until(lambda: all(explorer.experiment.iteration > 50 for explorer in both))

    in_loop(work)


# The data's own


def test_spiral_explorer_shows_the_data_that_are_asked_for() -> None:
    explorer = SpiralExplorer()
    assert explorer.words.startswith("300 points: 3 arms of 100, noise 0.2, 2% of the points")
    assert explorer.share == "spiral(100, noise=0.2, rng=0)"
    before = explorer.image.value
    explorer.controls["noise"].value = 0.6
    explorer.controls["points_per_class"].value = 50
    assert explorer.words.startswith("150 points: 3 arms of 50, noise 0.6")
    assert explorer.image.value != before
    explorer.buttons["reset"].click()
    assert explorer.share == "spiral(100, noise=0.2, rng=0)"
    assert repr(explorer) == "SpiralExplorer()"
