"""An experiment: settings, the networks trained under them, and where they stand, in words."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from inspect import signature
from typing import Any

import numpy as np

from vanishing import lecture
from vanishing._checks import (
    find,
    hidden_layer_sizes,
    instance,
    one_of,
    random_stream,
    real_number,
    several,
    shown,
    whole_number,
)
from vanishing.activations import ACTIVATIONS, Activation
from vanishing.backprop import checked_regularization
from vanishing.data import DATASETS, Dataset
from vanishing.history import History
from vanishing.measures import MeasureLike, as_measure
from vanishing.network import LARGEST_SCALE, Network, check_fit
from vanishing.side_by_side import SideBySide
from vanishing.training import Trainer
from vanishing.units import dead_units
from vanishing.variant import Variant, VariantLike, as_variant

PLATEAU = 0.015
"""A data loss this close to ln K is on the plateau: hardly better than guessing."""

STILL = 5e-3
"""A loss that changes by less than this fraction from one tenth of a run to the next stands still.
"""

SOLVED = 0.2
"""A data loss below this fraction of ln K leaves little to learn."""

MOSTLY = 0.5
"""A penalty that is more than this share of the loss hides how well the data are learned."""

ON_A_SHELF = "on a shelf: the loss hardly moves, though much is left to learn"

SHAPES = {"hidden_layers": 1000, "width": 10_000_000}
"""What `Settings.changed` knows besides the fields, with the largest value of each."""

PARTS = ("scheme", "residual", "normalization")
"""What `Settings.changed` changes in all variants that have no name of their own."""

BLOCK = 200
"""Points whose distances to all others are computed at once."""

MOST_ROWS = 100_000
"""An experiment's record is thinned beyond so many rows, so that it can go on for ever."""

TWO_CLASSES = ("moons", "checkerboard")
"""Data that have two classes, whatever is asked for."""


@dataclass(frozen=True)
class Settings:
    """All that decides how an experiment runs; equal settings give equal runs.

    Parameters
    ----------
    variants : sequence of str, Activation or Variant
        One network each, all on the same data, and from the same draw of weights where their
        shapes and schemes are the same. An activation stands for the variant that is named so.
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
    data : Dataset, optional
        Points of one's own in place of the spiral; the first and the last of the sizes follow.
    dataset : str
        What draws the points: a name in `vanishing.data.DATASETS`. Where these have two classes
        only, the last of the sizes follows.
    """

    variants: tuple[Variant, ...] = (Variant("sigmoid"),)
    sizes: tuple[int, ...] = lecture.SIZES
    step_size: float = lecture.STEP_SIZE
    scale: float = lecture.SCALE
    regularization: float = lecture.REGULARIZATION
    noise: float = lecture.NOISE
    points_per_class: int = lecture.POINTS_PER_CLASS
    seed: int = 0
    draw: int = 0
    data: Dataset | None = None
    dataset: str = "spiral"

    def __post_init__(self) -> None:
        self._settle("variants", checked_variants(self.variants))
        self._settle("sizes", hidden_layer_sizes(self.sizes))
        self._settle("dataset", one_of("dataset", self.dataset, DATASETS))
        if self.data is not None:
            self._fit_data(self.data)
        elif self.dataset in TWO_CLASSES:
            self._settle("sizes", (*self.sizes[:-1], 2))
        if self.data is None and self.sizes[0] != 2:
            raise ValueError(f"sizes must begin with the spiral's 2 coordinates; got {self.sizes}")
        for name in ("step_size", "regularization", "noise", "scale"):
            self._settle(name, _setting(name, getattr(self, name)))
        for name, least, most in (("points_per_class", 1, 10**6), ("draw", 0, 10**4)):
            number = whole_number(name, getattr(self, name), at_least=least, at_most=most)
            self._settle(name, number)
        self._settle("seed", whole_number("seed", self.seed, at_least=0, at_most=2**32 - 1))

    def _fit_data(self, data: Any) -> None:
        if not isinstance(data, Dataset):
            raise TypeError(f"data must be a Dataset or None; got {shown(data)}")
        ends = data.points.shape[1], max(data.classes, 2)
        self._settle("sizes", (ends[0], *self.sizes[1:-1], ends[1]))

    def _settle(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def hidden_layers(self) -> int:
        """The number of hidden layers, where a variant has no number of its own."""
        return len(self.sizes) - 2

    @property
    def width(self) -> int:
        """The width of the first hidden layer."""
        return self.sizes[1]

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self.sizes[-1]

    def changed(self, name: str, value: Any) -> "Settings":
        """Return the settings with one thing changed.

        Parameters
        ----------
        name : str
            A field, of which "dataset" brings its own noise and classes; "hidden_layers" or
            "width"; "activation", which leaves a single variant; or
            "scheme", "residual" or "normalization". These are changed in all variants but those
            with a name of their own, which are what they are called.
        value : object
            What that may be.
        """
        one_of("name", name, [*(one.name for one in fields(self)), "activation", *SHAPES, *PARTS])
        if name in SHAPES:
            whole_number(name, value, at_least=1, at_most=SHAPES[name])
        if name == "activation":
            return replace(self, variants=(self._with_activation(value),))
        if name in PARTS:
            changed = (v if v.is_named else replace(v, **{name: value}) for v in self.variants)
            return replace(self, variants=tuple(changed))
        if name == "hidden_layers":
            return replace(self, sizes=(self.sizes[0], *[self.width] * value, self.sizes[-1]))
        if name == "width":
            hidden = [value] * self.hidden_layers
            return replace(self, sizes=(self.sizes[0], *hidden, self.sizes[-1]))
        if name == "dataset":
            usual = signature(DATASETS[one_of(name, value, DATASETS)]).parameters
            sizes = (*self.sizes[:-1], usual["classes"].default)
            return replace(self, dataset=value, sizes=sizes, noise=usual["noise"].default)
        return replace(self, **{name: value})

    def _with_activation(self, wanted: VariantLike) -> Variant:
        first = self.variants[0]
        if isinstance(wanted, Variant) or first.is_named:
            return as_variant(wanted)
        return first.with_activation(wanted)

    def start(self) -> tuple[Dataset, list[Network]]:
        """Return the data and the untrained networks, one for each variant."""
        stream = random_stream(self.seed)
        draw = DATASETS[self.dataset if self.data is None else "spiral"]
        data = draw(self.points_per_class, self.classes, noise=self.noise, rng=stream)
        return self.data or data, [self._drawn(one, copy.deepcopy(stream)) for one in self.variants]

    def _drawn(self, variant: Variant, stream: Any) -> Network:
        for _ in range(self.draw + 1):
            network = variant.network(self.sizes, self.scale, stream)
        return network


def checked_variants(given: Any) -> tuple[Variant, ...]:
    """Return variants, one or more, no two of the same name."""
    one = isinstance(given, VariantLike)
    items = [given] if one else several("variants", given, "variants")
    known = (one if isinstance(one, Variant) else _activation(one) for one in items)
    variants = tuple(map(as_variant, known))
    names = [variant.name for variant in variants]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"variants must name one or more, each once; got {shown(given)}")
    return variants


def _activation(variant: Any) -> Activation:
    return find("variants", variant, ACTIVATIONS, Activation)


def _setting(name: str, value: Any) -> float:
    if name == "regularization":
        return checked_regularization(value)
    if name == "noise":
        return real_number(name, value, zero_allowed=True, at_most=1e6)
    return real_number(name, value, at_most=LARGEST_SCALE if name == "scale" else None)


class Experiment(SideBySide[Trainer]):
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
        One for each variant, in their order.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = instance("settings", settings, Settings)
        self.data, networks = settings.start()
        super().__init__(
            [
                Trainer(
                    network,
                    self.data,
                    step_size=settings.step_size if own.step_size is None else own.step_size,
                    regularization=settings.regularization,
                    clip_norm=own.clip_norm,
                    most_rows=MOST_ROWS,
                )
                for own, network in zip(settings.variants, networks, strict=True)
            ]
        )

    def standings(
        self, measure: MeasureLike = "lecture statistic", *, iteration: int | None = None
    ) -> list["Standing"]:
        """Return where each network stands, or stood; layers are compared by that measure."""
        trainers = self.trainers if iteration is None else self.at(iteration)
        return [
            stand(trainer, self.data, measure, variant=variant)
            for trainer, variant in zip(trainers, self.settings.variants, strict=True)
        ]


@dataclass(frozen=True)
class Standing:
    """Where a network stands in its training.

    Parameters
    ----------
    variant : Variant
        What kind of network it is.
    iteration : int
        Iterations made.
    loss : float
        Total loss before the last update (NaN before the first).
    accuracy : float
        Share of the training points that are classified correctly.
    ratio : float or None
        The measure of the first hidden layer over that of the last one; None if there is only one
        hidden layer, or nothing was trained yet.
    dead, units : int
        Hidden units that let no error through on any point (counted where the slope can be zero
        for good, as ReLU's), and all hidden units.
    state : str
        In words: not trained yet, training, plateau at ln K, on a shelf, unstable, dead,
        converged or diverged.
    hidden_layers : int
        How many the network has.
    measured : str
        What the ratio is of, in words.
    """

    variant: Variant
    iteration: int
    loss: float
    accuracy: float
    ratio: float | None
    dead: int
    units: int
    state: str
    hidden_layers: int
    measured: str = "gradient"

    def __str__(self) -> str:
        parts = [f"iteration {self.iteration:,}"]
        if np.isfinite(self.loss):
            parts.append(f"loss {_short(self.loss)}")
        parts.append(f"accuracy {self.accuracy:.2f}")
        if self.ratio is not None and np.isfinite(self.ratio):
            layers = f"layer 1 / layer {self.hidden_layers}"
            parts.append(f"{self.measured} of {layers}: {self.ratio:.2g}")
        parts.append(self.state)
        if self.dead:
            parts.append(f"{self.dead} of {self.units} units dead")
        return ", ".join(parts)


def stand(
    trainer: Trainer,
    data: Dataset,
    measure: MeasureLike = "lecture statistic",
    *,
    variant: VariantLike | None = None,
) -> Standing:
    """Return where a trainer stands.

    Parameters
    ----------
    trainer : Trainer
        At any iteration.
    data : Dataset
        What it is trained on.
    measure : str, Measure or callable
        How layers are compared.
    variant : str, Activation or Variant, optional
        What the network is called; left out, as its activation.

    Returns
    -------
    Standing
        The figures, and the state in words.
    """
    network, history = instance("trainer", trainer, Trainer).network, trainer.history
    check_fit(network, data)
    name = as_measure(measure).name
    hidden = len(network.sizes) - 2
    bounded = network.activation.bounds is not None
    dead = [] if bounded else dead_units(network, data)
    return Standing(
        variant=as_variant(network.activation if variant is None else variant),
        iteration=trainer.iteration,
        loss=trainer.loss,
        accuracy=network.accuracy(data),
        ratio=_ratio(history, measure) if hidden > 1 and len(history) else None,
        dead=sum(dead),
        units=sum(network.sizes[1:-1]),
        state=_state(trainer, network, dead),
        hidden_layers=hidden,
        measured="gradient" if name == "lecture statistic" else name,
    )


def data_loss(trainer: Trainer) -> float:
    """Return the mean cross-entropy before the last recorded update, without the penalty."""
    last = instance("trainer", trainer, Trainer).history.at(slice(-1, None))
    if not len(last):
        raise ValueError("trainer must have recorded an iteration; got none")
    return float(last.loss[0] - 0.5 * trainer.regularization * np.sum(last.weight_norm**2))


def _ratio(history: History, measure: MeasureLike) -> float:
    sizes = as_measure(measure)(history.at(slice(-1, None)))[0]
    with np.errstate(all="ignore"):
        return float(sizes[0] / sizes[-2])


def _state(trainer: Trainer, network: Network, dead: Sequence[int]) -> str:
    if trainer.diverged_at is not None:
        return f"diverged at iteration {trainer.diverged_at:,}"
    if trainer.iteration == 0:
        return "not trained yet"
    return _cut_off(network, dead) or _progress(trainer, network.sizes[-1])


def _cut_off(network: Network, dead: Sequence[int]) -> str:
    """Say that the answer no longer depends on the point, where no unit of a layer does."""
    gone = [count == width for count, width in zip(dead, network.sizes[1:-1], strict=False)]
    if gone and all(gone):
        return "dead: every hidden unit is, so all points get the same answer"
    for layer, one in enumerate(gone, start=1):
        if one and network.shortcut(layer - 1) is None:
            return f"dead: all of layer {layer} is, so all points get the same answer"
    return ""


def _progress(trainer: Trainer, classes: int) -> str:
    of_data = data_loss(trainer)
    if trainer.loss > 1.2 * trainer.history.loss[0]:
        return "unstable: the loss is above where it began"
    if abs(of_data - np.log(classes)) < PLATEAU:
        return f"plateau at ln {classes}"
    if _still(trainer.history):
        return "converged" if of_data < SOLVED * np.log(classes) else ON_A_SHELF
    penalty = 1 - of_data / trainer.loss
    told = f": {penalty:.0%} of the loss is the penalty on the weights"
    return f"training{told if penalty > MOSTLY else ''}"


def _still(history: History) -> bool:
    """Tell whether the loss hardly changed from the last tenth but one to the last tenth."""
    tenth = max(len(history) // 10, 200)
    if len(history) < 5 * tenth:
        return False
    before, now = history.loss[-2 * tenth :].reshape(2, -1).mean(axis=1)
    return bool(abs(now - before) < STILL * before)


def _short(value: float) -> str:
    return f"{value:.4f}" if value < 1e4 else f"{value:.2g}"


def fraction_of_strangers(data: Dataset) -> float:
    """Return the fraction of points whose nearest neighbor has another label."""
    instance("data", data, Dataset)
    strangers = 0
    # Block by block: all distances at once would take gigabytes for some thousand points.
    for start in range(0, len(data), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(data)))
        distance = np.sum((data.points[rows, None] - data.points) ** 2, axis=2)
        distance[rows - start, rows] = np.inf
        strangers += int(np.sum(data.labels[distance.argmin(axis=1)] != data.labels[rows]))
    return strangers / len(data)
