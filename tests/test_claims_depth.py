"""What notebook 08 says in general of the ways out, over six draws of data and weights."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vanishing import Dataset, Network, Run, Trainer, Variant, gradients, spiral
from vanishing.gains import edge_of_chaos
from vanishing.jobs import Job
from vanishing.ledger import ledger
from vanishing.sweeps import sweep

SIZES = (2, *[50] * 30, 3)
VARIANTS = {
    one.name: one
    for one in (
        Variant("as it is", "sigmoid", scale=0.1),
        Variant("larger weights", "sigmoid", scale=4 / np.sqrt(50)),
        Variant("edge weights", "sigmoid", scheme="lecun", scale=edge_of_chaos("sigmoid")),
        Variant("ReLU", "relu", scale=0.1),
        Variant("ReLU, He weights", "relu", scheme="he"),
        Variant("shortcuts", "sigmoid", scale=0.1, residual=1.0),
        Variant("layer norm", "sigmoid", scale=0.1, normalization="layer"),
        Variant("batch norm", "sigmoid", scale=0.1, normalization="batch"),
        Variant("exploding", "tanh", scale=0.3),
    )
}


def start(name: str, draw: int) -> tuple[Dataset, Network]:
    stream = np.random.RandomState(draw)
    points = spiral(20, rng=stream)
    return points, VARIANTS[name].network(SIZES, 0.1, stream)


def signal(network: Network, points: Dataset) -> float:
    """Return how far apart the points are at the last hidden layer, over the first."""
    inputs, _ = network.forward(points.points)
    apart = [np.linalg.norm(h - h.mean(axis=0)) for h in inputs[1:]]
    return float(apart[-1] / apart[0])


def six(make: Callable[[int], Any]) -> Any:
    return np.array([make(draw) for draw in range(6)])


def runs(
    name: str,
    step: float,
    clip_norm: float | None = None,
    *,
    own: bool = False,
    iterations: int = 400,
) -> list[Run]:
    jobs = []
    for draw in range(6):
        points, network = start(name, draw)
        norms = ledger(network, points).norms
        steps = list(step * norms[-1] / norms) if own else step
        kind = np.float32
        jobs.append(Job(network, points, iterations, steps, 0.0, kind, 10, clip_norm=clip_norm))
    made = dict(sweep(jobs, progress=False))
    return [made[draw] for draw in range(6)]


@pytest.mark.parametrize(
    ("name", "error", "arrives"),
    [
        ("as it is", (0, 1e-20), (0, 1e-10)),
        ("larger weights", (1e-8, 1e-4), (1e-8, 1e-4)),
        ("edge weights", (0.01, 100), (0.01, 100)),
        ("ReLU", (1e-11, 1e-8), (1e-11, 1e-7)),
        ("ReLU, He weights", (0.01, 100), (0.01, 100)),
        ("shortcuts", (0.01, 100), (0.01, 100)),
        ("layer norm", (1e-15, 1e-11), (0, 1e-10)),
        ("batch norm", (10, 1000), (0.01, 100)),
        ("exploding", (1e8, 1e10), (0.01, 100)),
    ],
)
def test_what_each_way_out_does_to_error_and_signal(
    name: str, error: tuple[float, float], arrives: tuple[float, float]
) -> None:
    for draw in range(6):
        points, network = start(name, draw)
        books = ledger(network, points)
        assert error[0] < books.attenuation < error[1]
        assert books.imbalance < 1e-12
        assert arrives[0] < signal(network, points) < arrives[1]


@pytest.mark.parametrize(
    ("name", "step"),
    [("edge weights", 0.01), ("ReLU, He weights", 0.01), ("shortcuts", 1.0), ("batch norm", 0.1)],
)
def test_those_that_let_both_through_learn_in_every_draw(name: str, step: float) -> None:
    """08: their loss comes below 0.7, and no linear classifier's does."""
    assert max(np.nanmin(run.history.loss) for run in runs(name, step, iterations=600)) < 0.7


def test_no_linear_classifier_comes_below_the_bar() -> None:
    for draw in range(6):
        points, _ = start("ReLU", draw)
        flat = Trainer(Network.initialize((2, 3), rng=0), points, step_size=1.0, regularization=0.0)
        flat.advance(3000)
        assert 0.73 < flat.loss < 0.8
        flat.advance(10_000)
        assert flat.loss > 0.7


@pytest.mark.parametrize("name", ["as it is", "layer norm", "own steps"])
def test_those_that_lose_the_signal_never_leave_ln_3(name: str) -> None:
    own = name == "own steps"
    made = runs("as it is" if own else name, 0.1, own=own)
    assert min(np.nanmin(run.history.loss) for run in made) > 1.09


def test_own_steps_that_are_set_anew_wake_the_signal_and_do_not_save_the_error() -> None:
    """08: the loss leaves ln 3, and never comes as low as a linear classifier's."""

    def trained(draw: int) -> tuple[float, float, float, float]:
        points, network = start("as it is", draw)
        losses = []
        for _ in range(250):
            now = gradients(network, points)
            losses.append(now.loss)
            norms = [np.linalg.norm(delta) for delta in now.deltas]
            for layer, norm in enumerate(norms):
                own = norms[-1] / norm if norm > 0 else 0.0
                network.weights[layer] -= own * now.dW[layer]
                network.biases[layer] -= own * now.db[layer]
        h = np.array(network.forward(points.points)[0][1:])
        full = float(np.mean(np.minimum(h, 1 - h) < 0.001))
        return min(losses), signal(network, points), ledger(network, points).attenuation, full

    lowest, woken, error, full = six(trained).T
    assert lowest.min() > 0.8
    assert lowest.max() < 1.08
    assert 0.01 < np.median(woken) < 100
    assert max(error) < 1e-50
    assert min(full) > 0.5


def test_batch_normalization_explodes_as_theory_says() -> None:
    def growth(draw: int) -> float:
        network = Network.initialize(
            (2, *[200] * 50, 3), "relu", scheme="he", normalization="batch", rng=draw
        )
        inner = ledger(network, spiral(50, rng=draw)).factors[5:45]
        return float(inner.prod() ** (1 / len(inner)))

    np.testing.assert_allclose(six(growth), np.sqrt(np.pi / (np.pi - 1)), atol=0.03)


def test_the_points_at_the_origin_blow_up_under_layer_normalization() -> None:
    for draw in range(6):
        some = spiral(20, rng=draw)
        away = np.linalg.norm(some.points, axis=1) > 0
        assert np.sum(~away) == 3
        network = Network.initialize(SIZES, "tanh", scheme="glorot", normalization="layer", rng=1)
        assert ledger(network, some).attenuation > 1e60
        kept = Dataset(some.points[away], some.labels[away])
        assert 0.1 < ledger(network, kept).attenuation < 1000
        # ReLU's slope at zero lets nothing of their error through.
        relu = Network.initialize(SIZES, "relu", scheme="he", normalization="layer", rng=1)
        assert 0.1 < ledger(relu, some).attenuation < 1000


def test_clipping_makes_one_step_size_usable_and_no_larger_one() -> None:
    """08: 0.1 with clipping only, 0.001 better without, 1 not at all."""

    def right(step: float, clip_norm: float | None) -> float:
        return float(np.median([run.accuracy for run in runs("exploding", step, clip_norm)]))

    assert right(0.1, None) < 0.5 < right(0.1, 1.0)
    assert 0.5 < right(0.001, 1.0) < right(0.001, None)
    assert right(1.0, 1.0) < 0.5
    # Its fifth exercise.
    assert right(0.1, 0.001) < right(0.1, 1.0)
