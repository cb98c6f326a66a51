"""What notebook 07 says in general holds for six draws of data and weights.

Each test names the sentence that it guards. The bounds are what six draws gave, rounded outwards.
"""

import numpy as np
import pytest

from vanishing import ACTIVATIONS, Activation, Dataset, Network, Trainer, lecture
from vanishing.experiment import Settings
from vanishing.gains import edge_of_chaos
from vanishing.jacobian import autocorrelation, input_gradients, singular_values
from vanishing.planes import LEARNED, Axis, explore
from vanishing.theory import random_attenuations
from vanishing.trials import settings_plane

DATA = [lecture.setup(seed)[0] for seed in range(6)]
SIZES = (2, *[50] * 30, 3)


def deep(activation: str, sigma_w: float, seed: int) -> Network:
    return Network.initialize(SIZES, activation, scheme="lecun", scale=sigma_w, rng=seed)


def best(
    network: Network, data: Dataset, iterations: int, step_size: float = 0.01, goal: float = 0.9
) -> float:
    """Return the largest share of right answers, looked up every 50 iterations up to a goal."""
    settings = {"dtype": np.float32, "record_every": 50}
    trainer, share = Trainer(network, data, step_size=step_size, **settings), 0.0  # type: ignore[arg-type]
    while trainer.iteration < iterations and share <= goal:
        trainer.advance(50)
        share = max(share, trainer.accuracy)
    return share


@pytest.mark.parametrize(("activation", "goal"), [("tanh", 0.95), ("relu", 0.95), ("sigmoid", 0.8)])
def test_thirty_layers_learn_at_the_edge_of_chaos(activation: str, goal: float) -> None:
    """07: with chi_1 = 1 all three are above 80 % within 700 iterations, two above 95 %."""
    edge = edge_of_chaos(activation)
    for seed, data in enumerate(DATA):
        assert best(deep(activation, edge, seed), data, 700, goal=goal) > goal


@pytest.mark.parametrize("sigma_w", [1.0, 4.0])
def test_thirty_sigmoid_layers_do_not_learn_in_order(sigma_w: float) -> None:
    """07: with 1 and with 4 the sigmoid stays at a third."""
    for seed, data in enumerate(DATA):
        assert best(deep("sigmoid", sigma_w, seed), data, 700) < 0.4
        found = random_attenuations(SIZES, "sigmoid", sigma_w, data, 2, scheme="lecun")
        assert found.max() < (1e-18 if sigma_w == 1 else 2e-6)


def test_the_half_is_what_ruins_the_sigmoid_with_4() -> None:
    """07: centred, from the same weights and with the same step, it learns."""
    half = ACTIVATIONS["sigmoid"]
    centred = Activation("centred", lambda z: half(z) - 0.5, half.slope)
    for seed, data in enumerate(DATA):
        start = deep("sigmoid", 4.0, seed)
        assert best(start, data, 100, 0.16) < 0.4
        assert best(start.with_activation(centred), data, 400, 0.16) > 0.85


def test_orthogonal_weights_train_no_faster() -> None:
    """07: Gaussian ones of the same spread are mostly ahead at 150; both pass 90 % within 500."""
    ahead = 0
    for seed, data in enumerate(DATA):
        early = {}
        for scheme, first in (("lecun", 1.0), ("orthogonal", 5.0)):
            scale = [first] + [1.0] * 30
            network = Network.initialize(SIZES, "tanh", scheme=scheme, scale=scale, rng=seed)
            trainer = Trainer(network, data, step_size=0.01, dtype=np.float32, record_every=50)
            trainer.advance(150)
            early[scheme] = trainer.accuracy
            assert best(trainer.network, data, 350) > 0.9
        ahead += early["lecun"] > early["orthogonal"]
    assert ahead >= 4


def test_the_region_that_learns_closes_in_on_the_edge_from_above() -> None:
    """07: on the map of depth and scale; and no network gets there below the line."""
    depths, scales = Axis("hidden_layers", (4, 20)), Axis("scale", (0.595, 0.917, 1.41, 5.19))
    for seed in range(6):
        settings = Settings("sigmoid", seed=seed, step_size=0.03, points_per_class=20)
        found = explore(settings_plane(settings, depths, scales, iterations=500), progress=False)
        shallow, deep = found.kind.T == LEARNED
        assert list(shallow[[0, 1, 3]]) == [False, False, True]
        assert list(deep) == [False, False, True, False]


def test_the_lectures_weights_leave_nothing_at_depth_thirty() -> None:
    """07: neither thirty sigmoid nor thirty ReLU layers learn with weights of 0.1."""
    for seed, data in enumerate(DATA):
        for name in ("sigmoid", "relu"):
            network = Network.initialize(SIZES, name, scale=0.1, rng=seed)
            assert best(network, data, 100, 0.1) < 0.4


def test_deep_gradients_shatter_and_shortcuts_keep_them_whole() -> None:
    """07: along a line the derivative of fifty layers changes soon, with shortcuts hardly."""
    line = np.column_stack([np.linspace(-2, 2, 256), np.ones(256)])
    alike: dict[str, list[float]] = {"shallow": [], "deep": [], "shortcuts": []}
    for seed in range(6):
        for name, depth, residual in (
            ("shallow", 2, None),
            ("deep", 50, None),
            ("shortcuts", 50, 0.1),
        ):
            sizes = (2, *[200] * depth, 3)
            network = Network.initialize(sizes, "relu", scheme="he", residual=residual, rng=seed)
            row = input_gradients(network.astype(np.float32), line)[:, 0]
            alike[name].append(autocorrelation(row, 5)[5])
    means = {name: np.mean(found) for name, found in alike.items()}
    assert means["deep"] < 0.6 < 0.75 < means["shallow"] < 0.9 < means["shortcuts"]


def test_orthogonal_weights_keep_the_typical_direction() -> None:
    """07: the median singular value of fifty tanh layers: eight decades lost, or half a decade."""
    sizes, scales = (2, *[50] * 50, 3), {"lecun": [1.0] * 51, "orthogonal": [5.0] + [1.0] * 50}
    for seed, data in enumerate(DATA):
        median = {
            scheme: np.median(
                singular_values(
                    Network.initialize(sizes, "tanh", scheme=scheme, scale=scale, rng=seed),
                    data.points[50::100],
                )
            )
            for scheme, scale in scales.items()
        }
        assert 1e-10 < median["lecun"] < 1e-6
        assert 0.1 < median["orthogonal"] < 1
