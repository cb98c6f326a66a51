"""Experiments: equal settings give equal runs, and where a run stands is said in words."""

import time
from typing import Any

import numpy as np
import pytest

from vanishing import (
    Activation,
    Dataset,
    History,
    Trainer,
    Variant,
    experiment,
    lecture,
    spiral,
    train,
)
from vanishing.data import DATASETS
from vanishing.experiment import (
    ON_A_SHELF,
    Experiment,
    Settings,
    data_loss,
    fraction_of_strangers,
    stand,
)
from vanishing.measures import find_measure

BOTH = ("sigmoid", "relu")
SAME = "so all points get the same answer"
PENALTY = "of the loss is the penalty on the weights"
XOR = Dataset([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])


# Settings


def test_the_defaults_are_the_lectures() -> None:
    data, sigmoid, relu = lecture.setup()
    found, (network,) = Settings().start()
    np.testing.assert_array_equal(found.points, data.points)
    np.testing.assert_array_equal(found.labels, data.labels)
    np.testing.assert_array_equal(network.weights[1], sigmoid.weights[1])
    _, (network,) = Settings(("relu",), draw=1).start()
    np.testing.assert_array_equal(network.weights[1], relu.weights[1])
    settings = Settings()
    assert (settings.step_size, settings.regularization) == (0.1, 1e-3)
    assert (settings.hidden_layers, settings.width, settings.classes) == (2, 50, 3)


def test_networks_side_by_side_share_weights_and_data() -> None:
    settings = Settings(("sigmoid", "relu", Variant("deep", "tanh", hidden_layers=4)), draw=2)
    _, (one, other, deep) = settings.start()
    for first, second in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(first, second)
    assert [net.activation.name for net in (one, other, deep)] == ["sigmoid", "relu", "tanh"]
    assert deep.sizes == (2, 50, 50, 50, 50, 3)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("activation", "tanh", Settings(("tanh",))),
        ("hidden_layers", 4, Settings(sizes=(2, 50, 50, 50, 50, 3))),
        ("width", 7, Settings(sizes=(2, 7, 7, 3))),
        ("scale", 0.5, Settings(scale=0.5)),
        ("seed", 8, Settings(seed=8)),
        ("scheme", "he", Settings((Variant("sigmoid", scheme="he"),))),
        ("residual", 0.5, Settings((Variant("sigmoid", residual=0.5),))),
        ("normalization", "layer", Settings((Variant("sigmoid", normalization="layer"),))),
    ],
)
def test_one_setting_is_changed_at_a_time(name: str, value: Any, expected: Settings) -> None:
    assert Settings().changed(name, value) == expected


def test_the_activation_changes_alone_and_names_of_ones_own_are_kept() -> None:
    wide = Variant("wide", "relu", scale=1.0)
    settings = Settings((Variant("tanh", scheme="he", residual=1.0), wide))
    assert settings.changed("activation", "relu").variants == (
        Variant("relu", scheme="he", residual=1.0),
    )
    assert settings.changed("activation", wide).variants == (wide,)
    assert Settings(wide).changed("activation", "tanh").variants == (Variant("tanh"),)
    assert settings.changed("scheme", "lecun").variants[1] == wide


def test_depth_changes_keep_the_width_and_width_changes_the_depth() -> None:
    settings = Settings(BOTH, (2, 9, 9, 9, 4), step_size=0.2)
    assert settings.changed("hidden_layers", 1).sizes == (2, 9, 4)
    assert settings.changed("width", 5).sizes == (2, 5, 5, 5, 4)
    assert settings.changed("hidden_layers", 1).step_size == 0.2


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("hidden_layers", 1001, "hidden_layers must be .* from 1 to 1,000; got 1001"),
        ("hidden_layers", 0, "hidden_layers must be .*; got 0"),
        ("width", 0, "width must be .*; got 0"),
        ("width", 10_000_001, "width must be .* from 1 to 10,000,000; got 10000001"),
        ("colour", 1, "name must be one of .*; got 'colour'"),
    ],
)
def test_only_settings_are_changed_and_within_their_limits(
    name: str, value: int, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Settings().changed(name, value)
    assert Settings(sizes=(2, 2, 3)).changed("hidden_layers", 1000).hidden_layers == 1000


@pytest.mark.parametrize("given", ["relu", ["relu"], np.array(["relu"]), Variant("relu")])
def test_one_network_may_be_named_in_any_form(given: Any) -> None:
    assert Settings(given).variants == (Variant("relu"),)


def test_numbers_become_pythons_own() -> None:
    settings = Settings(
        sizes=np.array([2, 4, 3]), step_size=np.float64(0.5), seed=np.int64(3), draw=np.uint8(1)
    )
    assert settings.sizes == (2, 4, 3)
    for value in (*settings.sizes, settings.seed, settings.draw):
        assert type(value) is int
    assert type(settings.step_size) is float


def test_points_of_ones_own_take_the_spirals_place() -> None:
    settings = Settings(sizes=(2, 6, 3), data=XOR)
    assert settings.sizes == (2, 6, 2)
    data, (network,) = settings.start()
    assert data is XOR
    assert network.sizes == (2, 6, 2)
    one_class = Dataset([[0, 1]], [0])
    assert Settings(data=one_class).classes == 2


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"variants": ()}, ValueError),
        ({"variants": ("relu", "relu")}, ValueError),
        ({"variants": {"relu", "tanh"}}, TypeError),
        ({"variants": 7}, TypeError),
        ({"sizes": (2, 3)}, ValueError),
        ({"sizes": (4, 5, 3)}, ValueError),
        ({"sizes": "2,3"}, TypeError),
        ({"step_size": 0}, ValueError),
        ({"step_size": "fast"}, TypeError),
        ({"scale": np.nan}, ValueError),
        ({"scale": 1e7}, ValueError),
        ({"regularization": -1}, ValueError),
        ({"noise": -0.1}, ValueError),
        ({"noise": 1000000.5}, ValueError),
        ({"points_per_class": 0}, ValueError),
        ({"points_per_class": 10**6 + 1}, ValueError),
        ({"seed": -1}, ValueError),
        ({"seed": None}, TypeError),
        ({"seed": 2**32}, ValueError),
        ({"draw": -1}, ValueError),
        ({"draw": 10**4 + 1}, ValueError),
        ({"data": [[1, 2]]}, TypeError),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any], error: type[Exception]) -> None:
    (name,) = wrong
    with pytest.raises(error, match=rf"{name} must .*got"):
        Settings(**wrong)


@pytest.mark.parametrize(
    "ends",
    [
        {"noise": 0, "regularization": 0, "draw": 0, "seed": 0},
        {"noise": 1e6, "scale": 1e6, "seed": 2**32 - 1, "points_per_class": 1},
        {"points_per_class": 10**6, "draw": 10**4},
    ],
)
def test_settings_at_their_ends_are_allowed(ends: dict[str, Any]) -> None:
    for name, value in ends.items():
        assert getattr(Settings(**{name: value}), name) == value


def test_an_unknown_activation_is_named() -> None:
    with pytest.raises(ValueError, match=r"variants must be one of .*; got 'step'"):
        Settings(("step",))


# Training


def test_an_experiment_trains_as_train_does() -> None:
    data, network, _ = lecture.setup()
    experiment_now = Experiment(Settings())
    assert experiment_now.advance(7) == 7
    assert experiment_now.advance(13) == 13
    assert experiment_now.iteration == 20
    run = train(network, data, iterations=20, progress=False)
    np.testing.assert_array_equal(experiment_now.trainers[0].history.record, run.history.record)


def test_a_variant_may_have_steps_of_its_own() -> None:
    settings = Settings((Variant("slow", "relu", step_size=0.01), "relu"), step_size=0.2)
    found = [trainer.step_sizes for trainer in Experiment(settings).trainers]
    assert found == [(0.01,) * 3, (0.2,) * 3]


def test_settings_reach_training() -> None:
    one = Experiment(Settings(regularization=0.5)).trainers[0]
    assert one.regularization == 0.5


def test_the_others_go_on_when_one_diverges() -> None:
    both = Experiment(Settings(BOTH, step_size=3160.0))
    both.advance(300)
    sigmoid, relu = both.trainers
    assert relu.diverged_at == relu.iteration < 20
    assert sigmoid.iteration == both.iteration == 300
    assert not both.diverged
    assert both.advance(5) == 5


def test_an_experiment_has_diverged_when_all_have() -> None:
    one = Experiment(Settings(("relu",), step_size=1e4))
    assert not one.diverged
    one.advance(100)
    assert one.diverged
    assert one.advance(5) == 0


def test_when_time_is_up_all_stay_side_by_side() -> None:
    three = Experiment(Settings(("sigmoid", "tanh", "relu"), (2, 200, 200, 3)))
    begin = time.perf_counter()
    made = three.advance(10**6, seconds=0.05)
    assert time.perf_counter() - begin < 5
    assert 0 < made < 10**5
    assert [trainer.iteration for trainer in three.trainers] == [made] * 3


def test_the_record_of_a_run_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert experiment.MOST_ROWS == 100_000
    monkeypatch.setattr(experiment, "MOST_ROWS", 50)
    one = Experiment(Settings(("relu",), (2, 4, 3)))
    one.advance(1000)
    history = one.trainers[0].history
    assert 20 <= len(history) <= 50
    assert history.iteration[-1] > 900


# Where a run stands


@pytest.mark.parametrize(
    ("settings", "iterations", "state"),
    [
        (Settings(), 0, "not trained yet"),
        (Settings(), 1000, "plateau at ln 3"),
        (Settings(("relu",)), 500, "training"),
        (Settings(("relu",), step_size=0.5), 4000, "converged"),
        (Settings(("tanh",), step_size=10.0), 20, "unstable: the loss is above where it began"),
        (Settings(("relu",), step_size=1e4), 100, "diverged at iteration 7"),
        (Settings(("relu",), (2, 3, 3), step_size=1.0), 6000, ON_A_SHELF),
        (Settings(sizes=(2, 50, 50, 4)), 500, "plateau at ln 4"),
        (Settings(("relu",), step_size=100.0), 50, f"dead: every hidden unit is, {SAME}"),
        (Settings(("relu",), step_size=3.16), 500, f"dead: all of layer 2 is, {SAME}"),
        (Settings(("relu",), scale=1.0), 100, f"training: 95% {PENALTY}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_states_are_told_apart(settings: Settings, iterations: int, state: str) -> None:
    one = Experiment(settings)
    one.advance(iterations)
    (standing,) = one.standings()
    assert standing.state == state
    assert state in str(standing)


class Told(Trainer):
    """A trainer whose record says what it is told."""

    network: Any = None
    history: Any = None

    def __init__(self, losses: Any, *, classes: int = 3, weight_norm: float = 0.0) -> None:
        one = Experiment(Settings(sizes=(2, 4, classes)))
        one.advance(1)
        trainer, self.data = one.trainers[0], one.data
        self.network, self.regularization = trainer.network, 0.5
        self.iteration, self.diverged_at = len(losses), None
        history = trainer.history
        record = np.repeat(history.record, len(losses), axis=0)
        record[:, history.columns.loss] = losses
        record[:, history.columns.weight_norm] = weight_norm
        self.loss = float(record[-1, history.columns.loss])
        self.history = History(
            sizes=history.sizes,
            examples=history.examples,
            step_sizes=history.step_sizes,
            regularization=history.regularization,
            iteration=np.arange(len(losses)),
            record=record,
        )

    @property
    def state(self) -> str:
        return stand(self, self.data).state


def test_all_units_dead_is_neither_plateau_nor_unstable() -> None:
    one = Experiment(Settings(("relu",), step_size=100.0))
    one.advance(50)
    (standing,) = one.standings()
    assert standing.dead == standing.units == 100
    network = one.trainers[0].network
    assert np.ptp(network.scores(one.data.points), axis=0).max() == 0


def test_a_shortcut_leads_past_a_dead_layer() -> None:
    for residual, cut in ((None, True), (1.0, False)):
        one = Experiment(Settings(Variant("own", "relu", residual=residual)))
        one.advance(1)
        network = one.trainers[0].network.copy()
        network.biases[1][:] = -1000.0
        state = experiment._cut_off(network, [0, 50])
        assert state.startswith("dead: all of layer 2") == cut
        assert (np.ptp(network.scores(one.data.points), axis=0).max() == 0) == cut


@pytest.mark.parametrize(("data", "penalty", "said"), [(0.6, 0.59, False), (0.6, 0.61, True)])
def test_a_loss_that_is_mostly_penalty_is_called_so(
    data: float, penalty: float, *, said: bool
) -> None:
    # One layer's norm n adds 0.25 n^2, and there are two.
    told = Told([3.0, 2.0, data + penalty], weight_norm=np.sqrt(penalty / 0.5))
    assert told.state == (f"training: 50% {PENALTY}" if said else "training")


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize(
    ("away", "on_it"), [(0.0, True), (0.014, True), (-0.014, True), (0.016, False), (-0.016, False)]
)
def test_the_plateau_is_narrow(classes: int, away: float, *, on_it: bool) -> None:
    told = Told([np.log(classes) + away] * 3, classes=classes)
    assert (told.state == f"plateau at ln {classes}") is on_it


def test_the_penalty_is_no_part_of_the_plateau() -> None:
    # Two layers of norm 2 at half a regularization of 0.5: 0.25 * (4 + 4).
    told = Told([np.log(3) + 2.0] * 3, weight_norm=2.0)
    given: Any = told
    assert data_loss(given) == pytest.approx(np.log(3))
    assert told.state == "plateau at ln 3"
    assert Told([np.log(3)] * 3, weight_norm=2.0).state != "plateau at ln 3"


@pytest.mark.parametrize(
    ("last", "state"), [(1.17, "training"), (1.23, "unstable: the loss is above where it began")]
)
def test_a_loss_a_fifth_above_its_beginning_is_unstable(last: float, state: str) -> None:
    assert Told([1.0, 0.9, last]).state == state


def test_weights_that_have_run_away_are_no_plateau_whatever_the_data_loss() -> None:
    ran_away = Told([np.log(3)] * 2 + [np.log(3) + 2.0], weight_norm=2.0)
    assert ran_away.state == "unstable: the loss is above where it began"


def falling(by: float, level: float, rows: int = 2000) -> Any:
    """Return losses whose last tenth is lower than the tenth before it by that fraction."""
    losses = np.full(rows, level / (1 - by))
    losses[-rows // 10 :] = level
    return losses


@pytest.mark.parametrize(
    ("by", "level", "state"),
    [
        (0.004, 0.6, ON_A_SHELF),
        (0.006, 0.6, "training"),
        (0.004, 0.23, ON_A_SHELF),
        (0.004, 0.21, "converged"),
        (0.006, 0.21, "training"),
    ],
)
def test_a_loss_that_stands_still_has_converged_or_is_on_a_shelf(
    by: float, level: float, state: str
) -> None:
    assert Told(falling(by, level)).state == state


def test_a_loss_that_rises_again_does_not_stand_still() -> None:
    losses = falling(0.0, 0.6)
    losses[-200:] = 0.61
    assert Told(losses).state == "training"


@pytest.mark.parametrize(("rows", "state"), [(990, "training"), (1010, ON_A_SHELF)])
def test_a_short_record_says_nothing_of_standing_still(rows: int, state: str) -> None:
    assert Told([0.6] * rows).state == state


def test_standing_says_what_was_measured() -> None:
    one = Experiment(Settings())
    one.advance(20)
    trainer = one.trainers[0]
    standing = stand(trainer, one.data)
    last = trainer.history.lecture_statistic()[-1]
    assert standing.ratio == pytest.approx(last[0] / last[1])
    assert standing.loss == trainer.history.loss[-1]
    assert standing.accuracy == trainer.accuracy
    assert standing.variant == Variant("sigmoid")
    assert (standing.units, standing.dead, standing.hidden_layers) == (100, 0, 2)
    assert str(standing) == (
        f"iteration 20, loss {trainer.loss:.4f}, accuracy {trainer.accuracy:.2f}, "
        f"gradient of layer 1 / layer 2: {standing.ratio:.2g}, plateau at ln 3"
    )


@pytest.mark.parametrize("measure", ["norm of dW", find_measure("RMS of delta")])
def test_layers_are_compared_by_the_measure(measure: Any) -> None:
    one = Experiment(Settings(sizes=(2, 9, 9, 9, 3)))
    one.advance(5)
    (standing,) = one.standings(measure)
    sizes = find_measure(measure)(one.trainers[0].history)[-1]
    assert standing.ratio == pytest.approx(sizes[0] / sizes[2])
    assert f"{find_measure(measure).name} of layer 1 / layer 3: " in str(standing)


def test_one_hidden_layer_has_nothing_to_be_compared_with() -> None:
    one = Experiment(Settings(sizes=(2, 9, 3)))
    one.advance(5)
    (standing,) = one.standings()
    assert standing.ratio is None
    assert "gradient" not in str(standing)


def test_where_no_error_arrives_no_ratio_is_told() -> None:
    data, _, network = lecture.setup()
    network.biases[1][:] = -100.0  # every unit of the second hidden layer is off
    trainer = Trainer(network, data)
    trainer.advance(2)
    standing = stand(trainer, data)
    assert standing.dead == 50
    assert "gradient" not in str(standing)
    assert standing.ratio is not None
    assert np.isnan(standing.ratio)


def test_what_cannot_be_measured_is_refused_whatever_the_depth() -> None:
    one = Experiment(Settings(sizes=(2, 9, 3)))
    with pytest.raises(ValueError, match="measure must be one of"):
        one.standings("length")
    with pytest.raises(ValueError, match="trainer must have recorded an iteration"):
        data_loss(one.trainers[0])


def test_before_the_first_iteration_there_is_no_loss() -> None:
    (standing,) = Experiment(Settings()).standings()
    assert np.isnan(standing.loss)
    assert standing.ratio is None
    assert str(standing) == "iteration 0, accuracy 0.33, not trained yet"


def test_dead_units_are_counted_where_a_slope_can_be_zero_for_good() -> None:
    both = Experiment(Settings(BOTH, step_size=3.16))
    both.advance(1500)
    sigmoid, relu = both.standings()
    assert sigmoid.dead == 0
    assert relu.dead > 90
    assert f"{relu.dead} of 100 units dead" in str(relu)
    assert "dead" not in str(sigmoid)


def test_large_numbers_are_written_short() -> None:
    one = Experiment(Settings(("relu",), step_size=1e4))
    one.advance(100)
    (standing,) = one.standings()
    assert "diverged at iteration 7" in str(standing)
    assert "e+" in str(standing).split("accuracy")[0]
    long = Experiment(Settings(("relu",), (2, 4, 3), points_per_class=10))
    long.advance(1234)
    assert str(long.standings()[0]).startswith("iteration 1,234, loss ")


def test_a_network_may_be_called_otherwise() -> None:
    one = Experiment(Settings())
    named = Variant("mine", "sigmoid")
    assert stand(one.trainers[0], one.data, variant=named).variant is named
    own = Activation("bent", lambda z: z * 1.0, np.ones_like)
    other = Experiment(Settings(own))
    assert stand(other.trainers[0], other.data).variant.name == "bent"


# Strangers


@pytest.mark.parametrize(
    ("points", "labels", "expected"),
    [
        ([[0, 0], [1, 0], [10, 0], [11, 0]], [0, 0, 1, 1], 0.0),
        ([[0, 0], [1, 0], [10, 0], [11, 0]], [0, 1, 1, 0], 1.0),
        ([[0, 0], [1, 0], [1.5, 0]], [0, 0, 1], 2 / 3),
    ],
)
def test_strangers_are_points_whose_neighbor_has_another_label(
    points: Any, labels: Any, expected: float
) -> None:
    assert fraction_of_strangers(Dataset(points, labels)) == pytest.approx(expected)


@pytest.mark.parametrize("count", [67, 134, 200])
def test_strangers_are_counted_alike_in_blocks_and_at_once(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    data = spiral(count, noise=0.8, rng=1)
    distance = np.linalg.norm(data.points[:, None] - data.points, axis=2)
    np.fill_diagonal(distance, np.inf)
    expected = np.mean(data.labels[distance.argmin(axis=1)] != data.labels)
    for block in (1000, 200, 7):
        monkeypatch.setattr(experiment, "BLOCK", block)
        assert fraction_of_strangers(data) == pytest.approx(expected)


# Other data


@pytest.mark.parametrize("name", DATASETS)
def test_each_kind_of_data_has_its_own_classes_and_noise(name: str) -> None:
    settings = Settings().changed("dataset", name)
    drawn, networks = settings.start()
    usual = DATASETS[name](100, noise=settings.noise, rng=0)
    np.testing.assert_array_equal(drawn.points, usual.points)
    assert settings.classes == drawn.classes == networks[0].sizes[-1]
    assert settings.changed("dataset", "spiral") == Settings()


def test_where_there_are_two_classes_the_sizes_follow() -> None:
    assert Settings(dataset="moons").sizes[-1] == 2
    assert Settings(dataset="circles", sizes=(2, 5, 4)).start()[0].classes == 4
    with pytest.raises(ValueError, match=r"dataset must be .*got 'stars'"):
        Settings(dataset="stars")


def test_guessing_among_two_classes_is_a_plateau_at_ln_2() -> None:
    experiment = Experiment(Settings(dataset="moons", scale=0.001))
    experiment.advance(5)
    assert "ln 2" in str(experiment.standings()[0])
