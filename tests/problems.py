"""Networks and data for the tests: of every kind, and drawn by hypothesis."""

import numpy as np
from hypothesis import strategies as st

from vanishing import ACTIVATIONS, Activation, Dataset, Network

KINDS = [(r, n) for r in (None, 1.0, 0.5) for n in (None, "layer", "batch")]
"""All combinations of shortcut and normalization."""


def softsign(z: np.ndarray) -> np.ndarray:
    return z / (1 + np.abs(z))


def softsign_slope(z: np.ndarray) -> np.ndarray:
    return 1 / np.square(1 + np.abs(z))


SOFTSIGN = Activation("softsign", softsign, softsign_slope)
"""An activation of one's own, without `in_place`."""

EVERY_ACTIVATION = [*ACTIVATIONS.values(), SOFTSIGN]


def blob(count: int, inputs: int = 2, classes: int = 3, *, seed: int = 0) -> Dataset:
    """Return points away from the origin, with every class among them where there is room."""
    rng = np.random.RandomState(seed)
    points = rng.randn(count, inputs)
    points += 0.5 * np.sign(points)
    return Dataset(points, np.arange(count)[::-1] % classes)


def network_of(
    sizes: tuple[int, ...],
    activation: str | Activation,
    residual: float | None = None,
    normalization: str | None = None,
    *,
    scale: float = 0.6,
    seed: int = 0,
) -> Network:
    """Return a network of a kind, with biases that are not zero."""
    rng = np.random.RandomState(seed)
    network = Network.initialize(
        sizes, activation, scale=scale, residual=residual, normalization=normalization, rng=rng
    )
    for b in network.biases:
        b[:] = 0.5 * rng.standard_normal(b.shape)
    return network


@st.composite
def problems(
    draw: st.DrawFn,
    activations: tuple[str | Activation, ...] = tuple(EVERY_ACTIVATION),
    *,
    least_hidden: int = 0,
    widest: int = 20,
    plain: bool = True,
) -> tuple[Network, Dataset]:
    """Networks of random depth, width and kind, with data that fit."""
    seed = draw(st.integers(0, 2**32 - 1))
    inputs, classes = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    hidden = draw(st.lists(st.integers(1, widest), min_size=least_hidden, max_size=4))
    kind = (None, None) if plain else draw(st.sampled_from(KINDS))
    network = network_of(
        (inputs, *hidden, classes),
        draw(st.sampled_from(activations)),
        *kind,
        scale=draw(st.floats(0.05, 1.0)),
        seed=seed,
    )
    rng = np.random.RandomState(seed)
    count = draw(st.integers(1, 30))
    return network, Dataset(rng.standard_normal((count, inputs)), rng.randint(classes, size=count))
