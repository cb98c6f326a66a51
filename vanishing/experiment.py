"""An experiment: settings, the networks trained under them, and where they stand, in words."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vanishing._checks import random_stream, real_number, whole_number
from vanishing.activations import find_activation
from vanishing.data import Dataset, spiral
from vanishing.ledger import dead_units
from vanishing.measures import Measure, find_measure
from vanishing.network import Network
from vanishing.training import History, Trainer

PLATEAU = 0.015
"""A data loss this close to ln K is on the plateau: hardly better than guessing."""

STILL = 5e-3
"""A loss that changes by less than this share from one tenth of a run to the next stands still."""

SOLVED = 0.2
"""A data loss below this share of ln K leaves little to learn."""


@dataclass(frozen=True)
class Settings:
    """All that decides how an experiment runs; equal settings give equal runs.

    Parameters
    ----------
    activations : tuple of str
        One network each, all with the same weights and the same data.
    sizes : tuple of int
        The width of every layer: 2 inputs, the hidden layers, the classes.
    step_size, scale, regularization, noise : float
        Of gradient descent, of the initial weights, of the penalty, and of the spiral's angle.
    points_per_class : int
        Points on each arm.
    seed : int
        Of the legacy stream that first the data, then the weights are drawn from.
    draw : int
        Which of the sets of weights that follow one another on the stream: with the lecture's
        settings 0 is its sigmoid network's, 1 its ReLU network's.
    """

    activations: tuple[str, ...] = ("sigmoid",)
    sizes: tuple[int, ...] = (2, 50, 50, 3)
    step_size: float = 0.1
    scale: float = 0.1
    regularization: float = 1e-3
    noise: float = 0.2
    points_per_class: int = 100
    seed: int = 0
    draw: int = 0

    def __post_init__(self) -> None:
        given: Any = self.activations
        names = (given,) if isinstance(given, str) else given
        found = tuple(find_activation(name).name for name in names)
        if not found or len(set(found)) < len(found):
            raise ValueError(
                f"activations must name one or more, each once; got {self.activations!r}"
            )
        object.__setattr__(self, "activations", found)
        object.__setattr__(self, "sizes", tuple(self.sizes))
        whole_number("draw", self.draw, at_least=0)
        real_number("step_size", self.step_size)
        real_number("scale", self.scale)

    @property
    def hidden_layers(self) -> int:
        """The number of hidden layers."""
        return len(self.sizes) - 2

    @property
    def width(self) -> int:
        """The width of the first hidden layer."""
        return self.sizes[1]

    @property
    def activation(self) -> str:
        """The activation of the first network."""
        return self.activations[0]

    def changed(self, name: str, value: Any) -> "Settings":
        """Return the settings with one of them, or one of the properties above, changed."""
        if name == "activation":
            return replace(self, activations=(value,))
        if name == "hidden_layers":
            return replace(self, sizes=(self.sizes[0], *[self.width] * value, self.sizes[-1]))
        if name == "width":
            hidden = [value] * self.hidden_layers
            return replace(self, sizes=(self.sizes[0], *hidden, self.sizes[-1]))
        return replace(self, **{name: value})

    def start(self) -> tuple[Dataset, list[Network]]:
        """Return the data and the untrained networks, one for each activation."""
        stream = random_stream(self.seed)
        data = spiral(self.points_per_class, self.sizes[-1], noise=self.noise, rng=stream)
        for _ in range(self.draw + 1):
            network = Network.initialize(self.sizes, scale=self.scale, rng=stream)
        return data, [network.with_activation(name) for name in self.activations]


class Experiment:
    """Networks that are trained side by side under the same settings.

    Parameters
    ----------
    settings : Settings
        How.

    Attributes
    ----------
    data : Dataset
        The training data.
    trainers : list of Trainer
        One for each activation, in their order.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.data, networks = settings.start()
        self.trainers = [
            Trainer(
                network,
                self.data,
                step_size=settings.step_size,
                regularization=settings.regularization,
            )
            for network in networks
        ]

    @property
    def iteration(self) -> int:
        """The iterations made by the network that came furthest."""
        return max(trainer.iteration for trainer in self.trainers)

    @property
    def diverged(self) -> bool:
        """Whether no network can be trained any further."""
        return all(trainer.diverged_at is not None for trainer in self.trainers)

    def advance(self, iterations: int) -> None:
        """Make so many iterations more with every network that has not diverged."""
        for trainer in self.trainers:
            trainer.advance(iterations)

    def standings(self, measure: str | Measure = "lecture statistic") -> list["Standing"]:
        """Return where each network stands; layers are compared by that measure."""
        return [stand(trainer, self.data, measure) for trainer in self.trainers]


@dataclass(frozen=True)
class Standing:
    """Where a network stands in its training.

    Parameters
    ----------
    activation : str
        The network's activation.
    iteration : int
        Iterations made.
    loss : float
        Total loss before the last update (NaN before the first).
    accuracy : float
        Share of the training points that are classified correctly.
    ratio : float or None
        Gradient of the first hidden layer over that of the last one; None if there is only one
        hidden layer, or nothing was trained yet.
    dead, units : int
        Hidden units that are zero on every point (counted for ReLU only), and all hidden units.
    state : str
        In words: not trained yet, training, plateau at ln K, on a shelf, unstable, converged or
        diverged.
    """

    activation: str
    iteration: int
    loss: float
    accuracy: float
    ratio: float | None
    dead: int
    units: int
    state: str
    hidden_layers: int

    def __str__(self) -> str:
        parts = [f"iteration {self.iteration:,}"]
        if np.isfinite(self.loss):
            parts.append(f"loss {_short(self.loss)}")
        parts.append(f"accuracy {self.accuracy:.2f}")
        if self.ratio is not None and np.isfinite(self.ratio):
            parts.append(f"gradient of layer 1 / layer {self.hidden_layers}: {self.ratio:.2g}")
        parts.append(self.state)
        if self.dead:
            parts.append(f"{self.dead} of {self.units} units dead")
        return ", ".join(parts)


def stand(
    trainer: Trainer, data: Dataset, measure: str | Measure = "lecture statistic"
) -> Standing:
    """Return where a trainer stands.

    Parameters
    ----------
    trainer : Trainer
        At any iteration.
    data : Dataset
        What it is trained on.
    measure : str or Measure
        How layers are compared.

    Returns
    -------
    Standing
        The figures, and the state in words.
    """
    network, history = trainer.network, trainer.history
    hidden = len(network.sizes) - 2
    loss = float(history.loss[-1]) if history.iterations else np.nan
    return Standing(
        activation=network.activation.name,
        iteration=trainer.iteration,
        loss=loss,
        accuracy=network.accuracy(data),
        ratio=_ratio(history, measure) if hidden > 1 and history.iterations else None,
        dead=sum(dead_units(network, data)) if network.activation.name == "relu" else 0,
        units=sum(network.sizes[1:-1]),
        state=_state(trainer, network.sizes[-1]),
        hidden_layers=hidden,
    )


def data_loss(trainer: Trainer) -> float:
    """Return the mean cross-entropy before the last update, without the penalty."""
    last = trainer.history.at(slice(-1, None))
    return float(last.loss[0] - 0.5 * trainer.regularization * np.sum(last.weight_norm**2))


def _ratio(history: History, measure: str | Measure) -> float:
    sizes = find_measure(measure)(history.at(slice(-1, None)))[0]
    with np.errstate(all="ignore"):
        return float(sizes[0] / sizes[-2])


def _state(trainer: Trainer, classes: int) -> str:
    if trainer.diverged_at is not None:
        return f"diverged at iteration {trainer.diverged_at:,}"
    if trainer.iteration == 0:
        return "not trained yet"
    if abs(data_loss(trainer) - np.log(classes)) < PLATEAU:
        return f"plateau at ln {classes}"
    if trainer.history.loss[-1] > 1.2 * trainer.history.loss[0]:
        return "unstable: the loss is above where it began"
    if not _still(trainer.history):
        return "training"
    solved = data_loss(trainer) < SOLVED * np.log(classes)
    return "converged" if solved else "on a shelf: the loss hardly moves"


def _still(history: History) -> bool:
    """Tell whether the loss hardly changed from the last tenth but one to the last tenth."""
    tenth = max(history.iterations // 10, 200)
    if history.iterations < 5 * tenth:
        return False
    before, now = history.loss[-2 * tenth :].reshape(2, -1).mean(axis=1)
    return bool(abs(now - before) < STILL * before)


def _short(value: float) -> str:
    return f"{value:.4f}" if value < 1e4 else f"{value:.2g}"


def share_of_strangers(data: Dataset) -> float:
    """Return the share of points whose nearest neighbor has another label."""
    squares = np.sum(data.points**2, axis=1)
    distance = squares[:, None] + squares - 2 * data.points @ data.points.T
    np.fill_diagonal(distance, np.inf)
    return float(np.mean(data.labels[distance.argmin(axis=1)] != data.labels))
