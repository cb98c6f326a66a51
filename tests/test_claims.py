"""What the notebooks say in general holds for six draws of data and weights, not for one only.

Each test names the sentence that it guards and the notebook where that stands. The bounds are what
six draws gave, rounded outwards; the code that they come from is not the package's. Half the digits
(float32) decide all of this, in half the time.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from vanishing import Activation, Dataset, Network, Run, Trainer, gradients, lecture, train
from vanishing.activations import sigmoid, sigmoid_slope
from vanishing.experiment import Settings
from vanishing.history import History, joined
from vanishing.jobs import Job
from vanishing.ledger import ledger
from vanishing.measures import MEASURES
from vanishing.planes import DIVERGED, LEARNED, Axis, Survey, explore, log_axis
from vanishing.sweeps import sweep
from vanishing.theory import mean_field, random_attenuations
from vanishing.trials import level_line, penalty_line, settings_plane
from vanishing.units import dead_units, hidden_outputs, saturated_fraction

LN_3 = np.log(3)
DEEP = (2, *[50] * 10, 3)
Steps = float | tuple[float, ...]

HERE = ThreadPoolExecutor(1)
"""Where runs are made: processes of their own would first have to start, and load NumPy."""


@dataclass(frozen=True)
class Draw:
    """The lecture's data and networks from a seed of one's own."""

    data: Dataset
    sigmoid: Network
    relu: Network
    """From the sigmoid network's weights."""
    own_relu: Network
    """The second network of the lecture."""


def drawn(seed: int) -> Draw:
    data, first, second = lecture.setup(seed)
    return Draw(data, first, first.with_activation("relu"), second)


DRAWS = [drawn(seed) for seed in range(6)]


@dataclass(frozen=True)
class Way:
    """A sigmoid network on its long way."""

    networks: dict[int, Network]
    """As it is after 1,000, 2,000 and 5,000 iterations."""
    history: History
    """Every fiftieth of 25,001 iterations."""


def sigmoid_way(draw: Draw) -> Way:
    """Train 5,000 iterations as the lecture does; the next 20,000 in 10,000 of twice the step.

    There the way is slow and smooth: the statistic is the same to the third digit. (With 2.5 times
    the step it is not smooth in every draw.)
    """
    trainer = Trainer(draw.sigmoid, draw.data, dtype=np.float32, record_every=50)
    networks = {}
    for iteration in (1000, 2000, 5000):
        trainer.advance(iteration - trainer.iteration)
        networks[iteration] = trainer.network
    quick = Trainer(
        trainer.network,
        draw.data,
        step_size=2 * lecture.STEP_SIZE,
        dtype=np.float32,
        record_every=25,
    )
    quick.advance(10_001)
    late = replace(quick.history, iteration=5000 + 2 * quick.history.iteration)
    return Way(networks, joined([trainer.history, late]))


def runs(
    kind: str,
    iterations: int,
    *,
    step_size: Steps = lecture.STEP_SIZE,
    regularization: float = lecture.REGULARIZATION,
    record_every: int = 1,
    scale: float = lecture.SCALE,
) -> list[Run]:
    """Train the networks of that kind, one for each draw; those of scale 0.1 times scale / 0.1."""
    jobs = []
    for draw in DRAWS:
        start: Network = getattr(draw, kind)
        weights = [w * (scale / lecture.SCALE) for w in start.weights]
        network = Network(weights, start.biases, start.activation)
        steps = (step_size, regularization, np.float32, record_every)
        jobs.append(Job(network, draw.data, iterations, *steps))
    done = dict(sweep(jobs, executor=HERE, workers=1, progress=False))
    return [done[number] for number in range(len(jobs))]


def histories(found: Sequence[Run | Way]) -> list[History]:
    return [run.history for run in found]


def of(measure: str, found: Sequence[Run | Way], layer: int = 1) -> np.ndarray:
    """Return the measure's value for a layer, of shape (6, T)."""
    return np.array([MEASURES[measure](run.history)[:, layer - 1] for run in found])


def ratio(measure: str, found: Sequence[Run | Way]) -> np.ndarray:
    """Return layer 1 over layer 2, of shape (6, T)."""
    quotient: np.ndarray = of(measure, found, 1) / of(measure, found, 2)
    return quotient


def data_loss(history: History) -> np.ndarray:
    penalty = 0.5 * history.regularization * np.square(history.weight_norm).sum(axis=1)
    return np.asarray(history.loss - penalty)


def first_below(losses: np.ndarray, level: float) -> float:
    """Return the first row with a loss below the level; infinity if there is none."""
    return float(np.argmax(losses < level)) if (losses < level).any() else np.inf


def left_at(found: Sequence[Run]) -> np.ndarray:
    """Return when each run left the plateau: the first iteration with a loss below 1.05."""
    return np.array([first_below(run.history.loss, 1.05) for run in found])


def within(values: np.ndarray | Sequence[float], low: float, high: float) -> bool:
    """Tell whether all values are; NaN is not."""
    return bool(np.all((np.asarray(values) >= low) & (np.asarray(values) <= high)))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Keep products of this size to one thread: a second one only waits, and burns time."""
    with threadpool_limits(1):
        yield


# What several tests look at: trained once


@pytest.fixture(scope="session")
def sigmoid_early() -> list[Run]:
    return runs("sigmoid", 2000)


@pytest.fixture(scope="session")
def relu_early() -> list[Run]:
    return runs("relu", 2000)


@pytest.fixture(scope="session")
def sigmoid_late() -> list[Way]:
    return [sigmoid_way(draw) for draw in DRAWS]


@pytest.fixture(scope="session")
def relu_late() -> list[Run]:
    return runs("relu", 10_001, record_every=50)


@pytest.fixture(scope="session")
def own_relu() -> list[Run]:
    return runs("own_relu", 3000)


# Notebook 01


def test_a_linear_classifier_gets_about_half() -> None:
    """01: 'about half of the points lie in a region that is not theirs'."""
    for draw in DRAWS:
        linear = Network.initialize((2, 3), rng=0)
        run = train(linear, draw.data, iterations=2000, progress=False, dtype=np.float32)
        assert 0.45 < run.accuracy < 0.56
        assert 0.75 < run.history.loss[-1] < 0.80


# Notebook 02


def test_the_first_loss_is_little_above_ln_3() -> None:
    """02: a network that knows nothing pays ln 3; the random weights add a little."""
    losses = [gradients(draw.sigmoid, draw.data).loss for draw in DRAWS]
    assert within(losses, LN_3 + 0.005, LN_3 + 0.08)


def rms_of_errors(network: Network, data: Dataset) -> np.ndarray:
    """Return the root mean square of the error at layers 1, 2, ..."""
    return np.array([np.sqrt(np.mean(d**2)) for d in gradients(network, data).deltas])


def test_the_error_shrinks_more_than_fivefold_and_a_hundredfold() -> None:
    """02: from the last layer to the first more than 100 times, from 2 to 1 more than 5 times."""
    for draw in DRAWS:
        sizes = rms_of_errors(draw.sigmoid, draw.data)
        assert 120 < sizes[2] / sizes[0] < 180
        assert 5.3 < sizes[1] / sizes[0] < 6.4


def test_the_plateau_lasts_beyond_a_thousand_iterations(sigmoid_early: list[Run]) -> None:
    """02, 05: near ln 3 from iteration 10 until after 1,000; over by 2,000."""
    losses = np.array([data_loss(history) for history in histories(sigmoid_early)])
    assert within(losses[:, 10:1001], 1.07, 1.10)
    assert within(losses[:, 1999], 0.86, 0.99)
    assert within(left_at(sigmoid_early), 1400, 1800)


def test_the_gradient_rises_fivefold_to_a_peak_near_2000(sigmoid_late: list[Way]) -> None:
    """02, 05: both layers rise about fivefold or more to a peak between 1,600 and 2,100."""
    for history in histories(sigmoid_late):
        for layer in (0, 1):
            values, when = history.lecture_statistic()[1:, layer], history.iteration[1:]
            assert 1600 <= when[values.argmax()] <= 2100
            assert 5 < values.max() / values[when <= 1000].min() < 7.5


def test_the_second_shelf_is_a_linear_classifier(sigmoid_late: list[Way]) -> None:
    """02: on the second level stretch it pays what a linear classifier does, and answers alike."""
    for draw, way in zip(DRAWS, sigmoid_late, strict=True):
        network = way.networks[5000]
        linear = Network.initialize((2, 3), rng=0)
        line = train(linear, draw.data, iterations=3000, progress=False, dtype=np.float32)
        level = data_loss(line.history)[-1]
        assert gradients(network, draw.data).loss == pytest.approx(level, rel=0.03)
        answers = [net.predict(draw.data.points) for net in (network, line.network)]
        assert np.mean(answers[0] == answers[1]) > 0.97


@pytest.mark.parametrize("regularization", [1e-3, 0.0])
def test_at_scale_001_the_penalty_holds_the_plateau(regularization: float) -> None:
    """02, 04: with a tenth of the weights the gradients sink; without a penalty it leaves.

    With three times the step a third of the iterations does: near a saddle only their product
    counts. (With ten times, layer 3 would overshoot at first.)
    """
    small = runs(
        "sigmoid",
        3340 if regularization else 6700,
        step_size=0.3,
        scale=0.01,
        regularization=regularization,
        record_every=10,
    )
    statistic = of("lecture statistic", small)
    norms = np.array([history.weight_norm[:, 1] for history in histories(small)])
    kept = norms[:, 333] / norms[:, 0]
    if regularization:
        assert within(statistic[:, 333] / statistic[:, 1], 0.15, 0.35)
        assert within(kept, np.exp(-1), np.exp(-1) + 0.01)
        assert within(
            [data_loss(history)[-1] for history in histories(small)], LN_3 - 1e-4, LN_3 + 1e-4
        )
    else:
        assert within(statistic[:, 333] / statistic[:, 1], 2, 6)
        assert within(kept, 1.0, 1.05)
        assert within(10 * left_at(small), 16_000 / 3, 20_000 / 3)


def test_the_penalty_turns_the_saddle_into_a_hollow() -> None:
    """02: at W1 = W3 = 0 the data curve down ten times the penalty; at 1 / 10e of W2, less.

    The bound on that curvature is nearly reached: along the singular vectors that belong to it the
    loss falls as it says, when b3 makes up for what W3 does to all points alike.
    """
    for draw in DRAWS:
        points, labels = draw.data.points, draw.data.labels
        pull = points.T @ (np.eye(3)[labels] - 1 / 3) / len(points)
        inputs, strengths, classes = np.linalg.svd(pull)
        for share, low, high in ((1, 9.5, 12), (0.1, 1, 1.3), (0.1 / np.e, 0.3, 0.5)):
            W2 = share * draw.sigmoid.weights[1]
            h2 = sigmoid(W2.sum(axis=0) / 2)
            left, gain, right = np.linalg.svd(W2 * h2 * (1 - h2))
            down = strengths[0] * gain[0] / 4
            assert low < down / lecture.REGULARIZATION < high
            size = 1e-2
            W1 = size * np.outer(inputs[:, 0], left[:, 0])
            W3 = size * np.outer(right[0], classes[0])
            near = Network([W1, W2, W3], [np.zeros(50), np.zeros(50), -h2 @ W3])
            fall = LN_3 - gradients(near, draw.data).loss
            assert fall / (down * size**2) == pytest.approx(1, abs=0.1)


# Notebook 03


def test_relu_leaves_ln_3_within_a_hundred_iterations(own_relu: list[Run]) -> None:
    """03: no long plateau; the loss falls steeply until about iteration 2,000."""
    assert within(left_at(own_relu), 60, 100)
    losses = np.array([history.loss for history in histories(own_relu)])
    assert within(losses[:, 1000], 0.27, 0.32)
    assert within(losses[:, 2000], 0.14, 0.17)


def test_relus_gradients_peak_early_and_fall_below_a_fifth(own_relu: list[Run]) -> None:
    """03: both peak within the first thousand iterations and fall to less than a fifth."""
    for layer in (1, 2):
        statistic = of("lecture statistic", own_relu, layer)
        assert within(statistic[:, 10:].argmax(axis=1), 100, 700)
        assert within(statistic[:, 2500:].mean(axis=1) / statistic[:, 10:].max(axis=1), 0.1, 0.2)


def test_dead_units_of_layer_1_never_come_back_those_of_layer_2_do() -> None:
    """03: most units of layer 2 that die come back, none of layer 1 does."""
    ever, back = np.zeros(2), np.zeros(2)
    for draw in DRAWS:
        trainer = Trainer(draw.own_relu, draw.data, dtype=np.float32)
        was = np.zeros((2, 50), dtype=bool)
        returned = was.copy()
        for _ in range(60):
            hidden = hidden_outputs(trainer.network, draw.data)
            dead = np.array([(h <= 0).all(axis=0) for h in hidden])
            returned |= was & ~dead
            was |= dead
            trainer.advance(50)
        ever += was.sum(axis=1)
        back += returned.sum(axis=1)
    assert ever[0] >= 5
    assert back[0] == 0
    assert back[1] > 0.5 * ever[1] > 15


def test_a_step_of_10_kills_layer_2() -> None:
    """03: at step size 10 layer 2 dies whole, and a third of the points is right."""
    for draw, run in zip(DRAWS, runs("own_relu", 1000, step_size=10.0), strict=True):
        dead = dead_units(run.network, draw.data)
        assert run.accuracy == pytest.approx(1 / 3)
        assert run.history.loss[-1] > 1.1
        assert dead[1] == 50


def test_a_step_of_1_kills_few() -> None:
    """03: at step size 1 the network learns, with a few dead units in both layers."""
    for draw, run in zip(DRAWS, runs("own_relu", 1000, step_size=1.0), strict=True):
        assert run.accuracy > 0.95
        assert within(dead_units(run.network, draw.data), 1, 10)


def jumps_of_relus_gradient(network: Network, data: Dataset, *, held: bool) -> np.ndarray:
    """Return by what share of itself the statistic changes in a step, for layers 1 and 2.

    With free gates, or with those that the network has now.
    """
    labels = np.eye(data.classes)[data.labels]
    weights, biases = list(network.weights), list(network.biases)
    sums, gates = [], [h > 0 for h in hidden_outputs(network, data)]
    for _ in range(70):
        inputs = [data.points]
        for layer in (0, 1):
            z = inputs[-1] @ weights[layer] + biases[layer]
            gates[layer] = gates[layer] if held else z > 0
            inputs.append(z * gates[layer])
        scores = np.exp(inputs[2] @ weights[2] + biases[2])
        third = (scores / scores.sum(axis=1, keepdims=True) - labels) / len(data)
        second = (third @ weights[2].T) * gates[1]
        deltas = [(second @ weights[1].T) * gates[0], second, third]
        dW = [h.T @ delta for h, delta in zip(inputs, deltas, strict=True)]
        sums.append([np.abs(d).sum() for d in dW[:2]])
        for layer, pull in enumerate(dW):
            decay = lecture.REGULARIZATION * weights[layer]
            weights[layer] = weights[layer] - lecture.STEP_SIZE * (pull + decay)
            biases[layer] = biases[layer] - lecture.STEP_SIZE * deltas[layer].sum(axis=0)
    late = np.array(sums[30:])
    found: np.ndarray = np.median(np.abs(np.diff(late, axis=0)), axis=0) / late.mean(axis=0)
    return found


def test_relus_gradient_jumps_at_creases(relu_late: list[Run]) -> None:
    """03, 05: with its gates held the gradient jumps fifty times less on the level stretch."""
    for draw, run in zip(DRAWS, relu_late, strict=True):
        start = run.network.astype(np.float64)
        free, held = (jumps_of_relus_gradient(start, draw.data, held=h) for h in (False, True))
        assert (free > 0.002).all()
        assert (free > 50 * held).all()


# Notebook 04


def test_relu_is_quicker_from_either_weights(
    sigmoid_late: list[Way], relu_early: list[Run], own_relu: list[Run]
) -> None:
    """04: 'it converges faster' stands, and the starting weights are not the reason."""
    for relu in (relu_early, own_relu):
        assert within([run.accuracy for run in relu], 0.97, 1)
    networks = [way.networks[5000] for way in sigmoid_late]
    accuracies = [net.accuracy(draw.data) for net, draw in zip(networks, DRAWS, strict=True)]
    assert within(accuracies, 0.45, 0.56)


def test_sigmoids_layer_2_is_highest_at_first_only(
    sigmoid_early: list[Run], own_relu: list[Run]
) -> None:
    """04: at iteration 0 the sigmoid's layer 2 is the highest of the four curves, at 10 no more."""
    mine = of("lecture statistic", sigmoid_early, 2)
    theirs = of("lecture statistic", own_relu, 2)
    assert (mine[:, 0] > 2 * theirs[:, 0]).all()
    assert (mine[:, 10] < theirs[:, 10] / 2).all()


def test_the_sigmoids_gradient_ends_above_relus(
    sigmoid_late: list[Way], relu_late: list[Run]
) -> None:
    """04, 05: at the start the sigmoid's first layer has far less, at the end more."""
    sigmoids, relus = of("lecture statistic", sigmoid_late), of("lecture statistic", relu_late)
    assert within(sigmoids[:, 0] / relus[:, 0], 0.15, 0.25)
    assert within(sigmoids[:, 200] / relus[:, 200], 1.5, 2.7)


def test_at_the_start_a_third_and_a_seventh_of_the_error() -> None:
    """04: ReLU has 2.5 to 2.9 times the error at layer 2, 6.5 to 7.8 at layer 1; same at first."""
    for draw in DRAWS:
        factors = rms_of_errors(draw.relu, draw.data) / rms_of_errors(draw.sigmoid, draw.data)
        assert 6.5 < factors[0] < 7.8
        assert 2.5 < factors[1] < 2.9
        assert 0.95 < factors[2] < 1


# Notebook 05


def test_the_gap_of_the_lectures_plot_is_in_both_networks(
    sigmoid_late: list[Way], relu_late: list[Run]
) -> None:
    """05: from iteration 10 on layer 1 has about half of layer 2, in ReLU's network too."""
    for found in (sigmoid_late, relu_late):
        assert within(ratio("lecture statistic", found)[:, 1:], 1 / 3, 2 / 3)


def test_per_weight_layer_1_has_the_larger_gradient(
    sigmoid_late: list[Way], relu_late: list[Run]
) -> None:
    """05: mean of |dW|: layer 1 above layer 2 in both networks, from about iteration 10 on."""
    for found in (sigmoid_late, relu_late):
        assert within(ratio("mean absolute dW", found)[:, 1:], 4.5, 9)


def test_the_false_alarm_is_layer_2_falling(sigmoid_early: list[Run]) -> None:
    """05: in ten iterations layer 1 does not move, layer 2 falls by a factor of ten and more."""
    first, second = (of("mean absolute dW", sigmoid_early, layer) for layer in (1, 2))
    assert within(first[:, 10] / first[:, 0], 0.94, 1.03)
    assert within(second[:, 0] / second[:, 10], 11, 30)


def test_delta_tells_the_activations_apart(sigmoid_early: list[Run], relu_early: list[Run]) -> None:
    """05: the sigmoid's layer 1 is further below its layer 2 than ReLU's, in every draw."""
    assert within(ratio("RMS of delta", sigmoid_early)[:, :1000], 0.15, 0.32)
    assert within(ratio("RMS of delta", relu_early)[:, :1000], 0.42, 2.4)
    apart = ratio("RMS of delta", sigmoid_early).max(axis=0)
    assert (apart < ratio("RMS of delta", relu_early).min(axis=0)).all()


def test_relus_first_layer_gets_forty_times_the_error(
    sigmoid_early: list[Run], relu_early: list[Run]
) -> None:
    """05: seven times at the start, forty times and more at iteration 1,000."""
    gap = of("RMS of delta", relu_early) / of("RMS of delta", sigmoid_early)
    assert within(gap[:, 0], 6.5, 7.8)
    assert within(gap[:, 1000], 40, 66)


@pytest.mark.parametrize("measure", ["lecture statistic", "mean absolute dW"])
def test_two_gauges_do_not_tell_the_activations_apart(
    measure: str, sigmoid_early: list[Run], relu_early: list[Run]
) -> None:
    """05: the bands of the first two gauges lie on top of each other."""
    mine, theirs = (ratio(measure, found)[:, 10:] for found in (sigmoid_early, relu_early))
    overlap = (mine.max(axis=0) >= theirs.min(axis=0)) & (theirs.max(axis=0) >= mine.min(axis=0))
    assert overlap.mean() > 0.95


@pytest.mark.parametrize(
    ("measure", "share"), [("update-to-weight ratio", 1.0), ("norm of dW", 0.8)]
)
def test_two_other_gauges_tell_them_apart_the_other_way_round(
    measure: str, share: float, sigmoid_early: list[Run], relu_early: list[Run]
) -> None:
    """05: by update ratio and norm of dW the sigmoid's layer 1 is the better off of the two."""
    mine, theirs = (ratio(measure, found)[:, 100:] for found in (sigmoid_early, relu_early))
    assert (mine.min(axis=0) > theirs.max(axis=0)).mean() >= share


def test_error_shrinks_downwards_and_signal_upwards_alike() -> None:
    """05: at iteration 10 each shrinks to about a sixth, and their product makes the norm's 1."""
    for draw in DRAWS:
        trainer = Trainer(draw.sigmoid, draw.data, dtype=np.float32)
        trainer.advance(11)
        now = trainer.network
        found = gradients(now, draw.data)
        first, second = (np.linalg.norm(delta) for delta in found.deltas[:2])
        inputs = (draw.data.points, hidden_outputs(now, draw.data)[0])
        low, high = (np.linalg.norm(h - h.mean(axis=0)) for h in inputs)
        norms = np.linalg.norm(found.dW[0]) / np.linalg.norm(found.dW[1])
        assert 0.16 < first / second < 0.19
        assert 5.2 < low / high < 6.0
        assert first / second * low / high == pytest.approx(norms, rel=0.05)


def test_at_equal_data_loss_relu_gets_two_to_five_times_the_error(
    sigmoid_late: list[Way], relu_late: list[Run]
) -> None:
    """05: at equal data loss ReLU's first layer receives 2.3 to 5 times as much error."""
    for mine, theirs in zip(histories(sigmoid_late), histories(relu_late), strict=True):
        for level in (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35):
            sizes = []
            for history in (mine, theirs):
                losses = data_loss(history)[::-1]
                rms = MEASURES["RMS of delta"](history)[::-1, 0]
                sizes.append(np.interp(level, losses, rms))
            assert 2.1 < sizes[1] / sizes[0] < 5.0


def test_the_level_stretch_is_the_penaltys_floor(
    sigmoid_late: list[Way], relu_late: list[Run]
) -> None:
    """03, 05: where the statistic is level it reads the penalty's floor."""
    for found, low, high in ((sigmoid_late, 0.98, 1.08), (relu_late, 0.9, 1.02)):
        for history in histories(found):
            end = history.at(slice(-10, None))
            quotient = end.lecture_statistic()[:, 0] / end.penalty_floor()[:, 0]
            assert low < np.median(quotient) < high
    for history in histories(sigmoid_late):
        earlier = history.at([200])
        assert earlier.lecture_statistic()[0, 0] > 1.4 * earlier.penalty_floor()[0, 0]


def test_without_a_penalty_there_is_no_level_stretch(
    sigmoid_late: list[Way], relu_late: list[Run]
) -> None:
    """05: switch the penalty off, and the gradient goes on falling.

    For the sigmoid three times the step and a third of the iterations.
    """
    free = runs("sigmoid", 5001, step_size=0.3, regularization=0.0, record_every=100)
    statistic, held = of("lecture statistic", free), of("lecture statistic", sigmoid_late)
    assert within(statistic[:, 50] / held[:, 300], 0.2, 0.45)
    assert within(statistic[:, 50] / statistic[:, 33], 0.2, 0.5)
    assert all(data_loss(history)[-1] < 0.15 for history in histories(free))
    quick = runs("relu", 5001, regularization=0.0, record_every=100)
    statistic, held = of("lecture statistic", quick), of("lecture statistic", relu_late)
    assert within(statistic[:, 50] / held[:, 100], 0.2, 0.5)


def test_each_layer_makes_about_a_third_of_the_progress(sigmoid_early: list[Run]) -> None:
    """05, README: after the first ten iterations layer 1 makes a quarter to a third of it."""
    for history in histories(sigmoid_early):
        squares = np.square(history.total_gradient_norm[10:1000])
        shares = squares.sum(axis=0) / squares.sum()
        assert 0.26 < shares[0] < 0.31
        assert within(shares, 0.26, 0.43)
        decrease = history.loss[10] - history.loss[1000]
        assert decrease == pytest.approx(lecture.STEP_SIZE * squares.sum(), rel=0.01)


def test_at_first_layer_3_makes_the_progress(sigmoid_early: list[Run]) -> None:
    """05: the first ten iterations, in which layer 3 sets its biases, are most of the progress."""
    for history in histories(sigmoid_early):
        squares = np.square(history.total_gradient_norm[:10])
        assert squares[:, 2].sum() / squares.sum() > 0.7


# Notebook 06


def test_who_takes_the_error_at_the_start() -> None:
    """06: slopes leave a quarter (sigmoid) or two thirds (ReLU), the weights 0.6 to 0.82."""
    for draw in DRAWS:
        mine, theirs = ledger(draw.sigmoid, draw.data), ledger(draw.relu, draw.data)
        assert within(mine.slopes, 0.239, 0.25)
        assert within(theirs.slopes, 0.61, 0.73)
        for books in (mine, theirs):
            assert within(books.weights, 0.60, 0.82)
        assert 0.023 < mine.attenuation < 0.034
        assert 0.17 < theirs.attenuation < 0.27


def test_no_sigmoid_is_saturated_in_the_first_thousands(sigmoid_late: list[Way]) -> None:
    """06: no output is outside 0.05 to 0.95 at the start nor at 1,000, 2,000 and 5,000."""
    for draw, way in zip(DRAWS, sigmoid_late, strict=True):
        for network in (draw.sigmoid, *way.networks.values()):
            assert saturated_fraction(network, draw.data).max() == 0


def test_the_weights_end_the_vanishing(sigmoid_late: list[Way]) -> None:
    """06: the sigmoid's slopes hardly change; the weights' factors make up for them."""
    for draw, way in zip(DRAWS, sigmoid_late, strict=True):
        before, after = ledger(draw.sigmoid, draw.data), ledger(way.networks[5000], draw.data)
        assert 25 < after.weights.prod() / before.weights.prod() < 45
        assert 0.8 < after.slopes.prod() / before.slopes.prod() < 1
        assert 0.7 < after.attenuation < 1


def test_w2_is_rearranged_not_grown(sigmoid_late: list[Way]) -> None:
    """06: W2 hardly grows, and passes on three to five times as much."""
    for draw, way in zip(DRAWS, sigmoid_late, strict=True):
        start = ledger(draw.sigmoid, draw.data)
        size = np.linalg.norm(draw.sigmoid.weights[1])
        for iteration, norms, factors in (
            (1000, (0.92, 0.94), (1.4, 1.9)),
            (2000, (0.98, 1.11), (3.4, 4.8)),
        ):
            network = way.networks[iteration]
            assert norms[0] < np.linalg.norm(network.weights[1]) / size < norms[1]
            now = ledger(network, draw.data)
            assert factors[0] < now.weights[0] / start.weights[0] < factors[1]


def test_trained_weights_pass_on_more_than_random_ones(sigmoid_late: list[Way]) -> None:
    """06: from layer 2 to layer 1 trained weights pass on several times what theory expects."""
    for draw, way in zip(DRAWS, sigmoid_late, strict=True):
        network = way.networks[5000]
        spreads = [float(w.std()) for w in network.weights]
        theory = mean_field(network.sizes, "sigmoid", spreads, draw.data)
        assert ledger(network, draw.data).weights[0] / theory.weights[0] > 3
        start = mean_field(draw.sigmoid.sizes, "sigmoid", lecture.SCALE, draw.data)
        found = ledger(draw.sigmoid, draw.data)
        assert within(found.weights / start.weights, 0.84, 1.16)
        assert within(found.slopes / start.slopes, 0.98, 1.02)


def test_the_rule_of_a_quarter_forgets_the_weights() -> None:
    """06: ten layers: some fifty times less than 0.25^10 at scale 0.1, 100,000 times more at 1."""
    for scale, low, high in ((0.1, 1 / 70, 1 / 40), (50**-0.5, 1 / 3, 1), (1.0, 9e4, 7e5)):
        for draw in DRAWS:
            found = random_attenuations(DEEP, "sigmoid", scale, draw.data, draws=5)
            assert low < np.median(found) / 0.25**10 < high


def test_wide_networks_obey_theory_narrow_ones_scatter() -> None:
    """06: measured over expected lies between 0.8 and 1.2 at width 150, not at width 2."""
    for draw in DRAWS:
        spread = {}
        for width in (2, 150):
            sizes = (2, *[width] * 5, 3)
            found = random_attenuations(sizes, "relu", 0.5, draw.data, draws=20)
            spread[width] = found / mean_field(sizes, "relu", 0.5, draw.data).attenuation
        assert within(spread[150], 0.8, 1.2)
        assert spread[2].min() < 0.1
        assert spread[2].max() > 3


def test_freezing_any_layer_costs_as_much() -> None:
    """06: whichever layer is frozen, the plateau lasts half as long again or longer.

    With three times the step and a third of the iterations.
    """
    frozen = [
        3 * left_at(runs("sigmoid", 1050, step_size=steps))
        for steps in ((0, 0.3, 0.3), (0.3, 0, 0.3), (0.3, 0.3, 0))
    ]
    assert within(frozen[1], 2400, 3100)
    for of_layer in (frozen[0], frozen[2]):
        assert (of_layer > frozen[1]).all()
        assert (of_layer > 3100).all()


def test_helping_any_layer_helps() -> None:
    """06: ten times the step of any one layer halves the wait, that of layer 3 least."""
    helped = np.array(
        [
            left_at(runs("sigmoid", 960, step_size=steps))
            for steps in ((1.0, 0.1, 0.1), (0.1, 1.0, 0.1), (0.1, 0.1, 1.0))
        ]
    )
    assert within(helped[:2], 550, 750)
    assert within(helped[2], 690, 950)
    assert (helped[2] > helped[:2].max(axis=0)).all()
    assert within(helped[1] / helped[0], 0.9, 1.1)


def gains(up: float, back: float) -> Activation:
    """Return a centred sigmoid whose gain on the way up and gain on the way back are set apart."""
    return Activation(
        f"{up:g} up, {back:g} back",
        lambda z: up * (sigmoid(z) - 0.5),
        lambda z: back * sigmoid_slope(z),
        largest_slope=back / 4,
    )


def linear_level_passed(
    network: Network,
    data: Dataset,
    most: int,
    *,
    step_size: Steps = lecture.STEP_SIZE,
    regularization: float = lecture.REGULARIZATION,
) -> float:
    """Return the first iteration with a data loss below 0.7; infinity if there is none by then."""
    trainer = Trainer(
        network, data, step_size=step_size, regularization=regularization, dtype=np.float32
    )
    while trainer.iteration < most:
        trainer.advance(100)
        if trainer.loss < 0.7:
            break
    return first_below(data_loss(trainer.history), 0.7)


CELLS = {"as it is": (1, 1), "error": (1, 4), "signal": (4, 1), "both": (4, 4)}


def test_the_flattened_signal_holds_the_first_shelf() -> None:
    """06: restored signal leaves the plateau sooner than restored error; both restored, soonest."""
    bounds = {"as it is": (1380, 1710), "error": (260, 330), "signal": (40, 75), "both": (20, 33)}
    for draw in DRAWS:
        for cell, (low, high) in bounds.items():
            network = draw.sigmoid.with_activation(gains(*CELLS[cell]))
            trainer = Trainer(network, draw.data, dtype=np.float32)
            trainer.advance(high + 1)
            assert low <= first_below(trainer.history.loss, 1.05) <= high


def test_the_vanished_error_holds_the_second_shelf() -> None:
    """06: below a linear classifier's loss it is the restored error that counts, not the signal."""
    for draw in DRAWS:
        passed = {
            cell: linear_level_passed(draw.sigmoid.with_activation(gains(*pair)), draw.data, 2400)
            for cell, pair in CELLS.items()
            if cell != "as it is"
        }
        assert 1100 < passed["error"] < 1500
        assert 1200 < passed["both"] < 2400
        assert passed["signal"] == np.inf


def test_the_penalty_helps_the_error_to_hold_the_second_shelf() -> None:
    """06: longer steps free a network with its signal restored only if no penalty is left."""
    made_up = (1.6, 0.4, 0.1)
    for draw in DRAWS:
        start = draw.sigmoid.with_activation(gains(*CELLS["signal"]))
        usual = linear_level_passed(start, draw.data, 2400, regularization=0)
        held = linear_level_passed(start, draw.data, 2400, step_size=made_up)
        free = linear_level_passed(start, draw.data, 2400, step_size=made_up, regularization=0)
        assert usual == held == np.inf
        assert 1100 < free < 2400


def test_a_mixed_cell_is_descent_with_a_step_for_each_layer() -> None:
    """06: the surrogate gradient is the true one times a number for each layer."""
    for draw in DRAWS:
        for (up, back), factors in (((1, 4), (16, 4, 1)), ((4, 1), (1 / 16, 1 / 4, 1))):
            mixed = gradients(draw.sigmoid.with_activation(gains(up, back)), draw.data).dW
            true = gradients(draw.sigmoid.with_activation(gains(up, up)), draw.data).dW
            for mine, theirs, factor in zip(mixed, true, factors, strict=True):
                np.testing.assert_allclose(mine, factor * theirs, rtol=1e-9, atol=1e-18)


def deep_network(scale: float, seed: int) -> Network:
    return Network.initialize(DEEP, "sigmoid", scale=scale, rng=seed)


def best_accuracy(scale: float, seed: int, iterations: int) -> float:
    """Return the highest accuracy at any hundredth iteration, or the first above nine tenths."""
    network, best = deep_network(scale, seed), 0.0
    trainer = Trainer(network, DRAWS[seed].data, dtype=np.float32, record_every=100)
    while trainer.iteration < iterations and best < 0.9:
        trainer.advance(100)
        best = max(best, trainer.accuracy)
    return best


def test_saturated_is_not_dead() -> None:
    """06: of ten layers of sigmoids those that saturate most learn best."""
    for seed in range(6):
        assert best_accuracy(0.1, seed, 100) < 0.4
        assert best_accuracy(4 / 50**0.5, seed, 400) < 0.7
        assert best_accuracy(1.0, seed, 1000) > 0.9
        assert best_accuracy(2.0, seed, 400) > 0.9
        half = saturated_fraction(deep_network(1.0, seed), DRAWS[seed].data)[1:]
        assert within(half, 0.3, 0.7)


def test_points_stay_apart_in_saturated_networks_only() -> None:
    """06: what counts is that points stay apart on the way up."""
    for scale, low, high in (
        (0.1, 0, 1e-6),
        (4 / 50**0.5, 0.005, 0.03),
        (1, 0.05, 0.25),
        (2, 0.3, 0.9),
    ):
        for seed, draw in enumerate(DRAWS):
            hidden = hidden_outputs(deep_network(scale, seed), draw.data)
            first, last = (np.sqrt(h.var(axis=0).sum()) for h in (hidden[0], hidden[-1]))
            assert low < last / first < high


def test_ten_healthy_steps_can_make_an_error_vanish() -> None:
    """06: at scale 0.3 all ten steps are healthy one by one, and the error vanishes."""
    for seed, draw in enumerate(DRAWS):
        books = ledger(deep_network(0.3, seed), draw.data)
        assert set(books.causes) == {"healthy"}
        assert books.verdict == "vanishes"
        assert books.attenuation < 1e-3


# The map of notebook 04


def map_of(kind: str, seed: int, steps: Axis, scales: Axis, iterations: int) -> Survey:
    settings = Settings(kind, seed=seed)
    plane = settings_plane(settings, steps, scales, iterations=iterations)
    return explore(plane, executor=HERE, workers=1, progress=False)


def test_the_larger_the_weights_the_smaller_the_step_must_be() -> None:
    steps, scales = log_axis("step_size", 0.01, 10_000, 7), log_axis("scale", 0.01, 10, 7)
    too_far = np.array(steps.values) > penalty_line(lecture.REGULARIZATION).x[0]
    for seed in range(6):
        survey = map_of("relu", seed, steps, scales, 300)
        learned = survey.kind == LEARNED
        # A run at the edge of the band may be in time by some iterations, or late, with another
        # processor's rounding.
        assert 8 <= survey.count(LEARNED) <= 11
        assert np.nanmin(survey.reached) <= 12
        # The quickest stand at the upper end of the band, the slowest at the lower one.
        assert np.nanargmin(survey.reached) // 7 >= 4
        largest = [np.flatnonzero(row).max(initial=-1) for row in learned[1:]]
        assert largest == sorted(largest, reverse=True)
        assert largest[0] == 2
        assert largest[-1] == 0
        assert np.all(survey.kind[:, too_far] == DIVERGED)


def test_beyond_the_band_the_relus_are_dead() -> None:
    for seed in range(6):
        data, (start,) = Settings("relu", seed=seed, scale=1.0).start()
        run = train(start, data, step_size=10.0, iterations=300, progress=False)
        assert run.accuracy == pytest.approx(1 / 3, abs=0.01)
        assert max(np.divide(dead_units(run.network, data), 50)) == 1


def test_the_sigmoids_band_lies_higher_and_reaches_further() -> None:
    steps = Axis("step_size", (0.1, 1.0, 3.16, 10.0))
    shorter, longer = (Axis("step_size", steps.values[of]) for of in (slice(3), slice(1, 4)))
    for seed in range(6):
        small = map_of("sigmoid", seed, steps, Axis("scale", (0.03, 0.1)), 1000)
        assert small.count(LEARNED) == 0
        large = map_of("sigmoid", seed, shorter, Axis("scale", (3.16, 10.0)), 300)
        assert np.all((large.kind == LEARNED).any(axis=0))
        relu = map_of("relu", seed, longer, Axis("scale", (3.16, 10.0)), 300)
        assert relu.count(LEARNED) == 0


def test_well_below_the_level_scale_no_tanh_network_learns_and_deep_ones_do_above() -> None:
    depths, scales = Axis("hidden_layers", (2, 16)), Axis("scale", (0.0681, 0.1, 0.215))
    for seed in range(6):
        settings = Settings("tanh", seed=seed, step_size=0.03)
        plane = settings_plane(settings, depths, scales, iterations=500)
        survey = explore(plane, executor=HERE, workers=1, progress=False)
        line = level_line(settings).y[0]
        assert scales.values[1] == pytest.approx(0.7 * line, rel=0.02)
        assert scales.values[2] == pytest.approx(1.5 * line, rel=0.02)
        assert np.all(survey.kind[:2] != LEARNED)
        assert survey.kind[2, 1] == LEARNED
