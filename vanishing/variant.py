"""What tells one network from another: a name, a look, and how it is made and trained."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from vanishing._checks import (
    Rng,
    find,
    instance,
    layer_sizes,
    real_number,
    shown,
    text,
    whole_number,
)
from vanishing.activations import ACTIVATIONS, Activation, find_activation
from vanishing.initialization import find_scheme
from vanishing.network import Network, checked_normalization, layer_scales
from vanishing.training import layer_steps

# Okabe and Ito's palette: told apart with any colour vision.
ACTIVATION_COLORS = {
    "sigmoid": "#0072B2",
    "tanh": "#009E73",
    "relu": "#D55E00",
    "leaky_relu": "#CC79A7",
}
"""One hue an activation."""

OTHER_COLOR = "#000000"
"""The colour of an activation of one's own, where none is given."""

ACTIVATION_LABELS = {"relu": "ReLU", "leaky_relu": "leaky ReLU"}
"""How activations are written where that is not their name."""

LINES = ("solid", "dashed", "dotted", "dashdot", "-", "--", ":", "-.")
"""Matplotlib's line styles that have a name; others are an offset and a list of lengths."""

ACTIVATION_LINES: dict[str, Any] = {
    "tanh": (0, (1, 1)),
    "relu": (0, (5, 2)),
    "leaky_relu": (0, (5, 1.5, 1, 1.5)),
}
"""The line of a network where one line stands for it all; solid where none is named."""

ACTIVATION_MARKERS = {"sigmoid": "", "tanh": "s", "relu": "o", "leaky_relu": "^"}
"""The marker on a network's curves, here and there, where their lines name the layers."""

OTHER_MARKER = "D"
"""The marker of an activation of one's own."""


@dataclass(frozen=True)
class Variant:
    """A kind of network, to be compared with others.

    What is left at None is taken from the settings that all variants share.

    Parameters
    ----------
    name : str
        What titles and legends call it.
    activation : str or Activation
        Of the hidden layers; left out, the one that is called as the variant is.
    color : str, optional
        Any colour of Matplotlib's; left out, the activation's hue.
    line : str or tuple, optional
        Matplotlib's line style where one line stands for the network.
    scheme : str
        How its weights are drawn, see `vanishing.initialization.SCHEMES`.
    scale : float, optional
        Of the initial weights.
    hidden_layers : int, optional
        How many, each as wide as the settings' first.
    residual, normalization
        As for `Network`.
    step_size : float or tuple of float, optional
        One for all layers, or one a layer.
    clip_norm : float, optional
        As for `Trainer`; left out, no gradient is clipped.
    """

    name: str
    activation: str | Activation = ""
    color: str = ""
    line: Any = None
    scheme: str = "normal"
    scale: float | tuple[float, ...] | None = None
    hidden_layers: int | None = None
    residual: float | None = None
    normalization: str | None = None
    step_size: float | tuple[float, ...] | None = None
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        text("name", self.name)
        self._check_look()
        if not isinstance(self.activation, str | Activation):
            find_activation(self.activation)
        activation = find_activation(self.activation or self.name)
        known = activation.name if activation.known else ""
        self._settle("activation", activation.name if activation.known else activation)
        self._settle("color", self.color or ACTIVATION_COLORS.get(known, OTHER_COLOR))
        if self.line is None:
            self._settle("line", ACTIVATION_LINES.get(known, "solid"))
        find_scheme(self.scheme)
        checked_normalization(self.normalization)
        self._check_numbers()

    def _check_look(self) -> None:
        # Whether Matplotlib knows the colour is asked where something is drawn.
        instance("color", self.color, str)
        if self.line is not None and not _is_line(self.line):
            raise TypeError(f"line must be a line style of Matplotlib's; got {shown(self.line)}")

    def _check_numbers(self) -> None:
        if self.hidden_layers is not None:
            whole_number("hidden_layers", self.hidden_layers, at_least=1, at_most=1000)
        for name in ("residual", "clip_norm"):
            if getattr(self, name) is not None:
                self._settle(name, real_number(name, getattr(self, name)))
        for name, check in (("scale", layer_scales), ("step_size", layer_steps)):
            value = getattr(self, name)
            if value is None:
                continue
            one_each = isinstance(value, Sequence) or np.shape(value) != ()
            numbers = check(value, max(1, len(value)) if one_each else 1)
            self._settle(name, tuple(numbers) if one_each else numbers[0])

    def _settle(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def label(self) -> str:
        """The name as titles and legends write it."""
        return ACTIVATION_LABELS.get(self.name, self.name)

    @property
    def marker(self) -> str:
        """The marker on its curves, so that no one needs the colours; none for the sigmoid."""
        return ACTIVATION_MARKERS.get(find_activation(self.activation).name, OTHER_MARKER)

    @property
    def is_named(self) -> bool:
        """Whether it has a name of its own, and not merely its activation's."""
        return self.name != find_activation(self.activation).name

    def with_activation(self, activation: str | Activation) -> "Variant":
        """Return the variant with another activation, and called and drawn accordingly."""
        found = find_activation(activation)
        return replace(self, name=found.name, activation=found, color="", line=None)

    def network(self, sizes: Sequence[int], scale: float, rng: Rng) -> Network:
        """Draw a network of this kind.

        Parameters
        ----------
        sizes : sequence of int
            The width of every layer, input first, where the variant does not say otherwise.
        scale : float
            Of the scheme "normal", where the variant has no scale of its own.
        rng : int, RandomState, Generator or None
            As for `Network.initialize`.
        """
        own = scale if self.scheme == "normal" else None
        return Network.initialize(
            self.sizes(sizes),
            self.activation,
            scale=own if self.scale is None else self.scale,
            scheme=self.scheme,
            residual=self.residual,
            normalization=self.normalization,
            rng=rng,
        )

    def sizes(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Return the width of every layer, from the sizes that all variants share."""
        widths = layer_sizes(sizes)
        if self.hidden_layers is None:
            return widths
        return (widths[0], *[widths[1]] * self.hidden_layers, widths[-1])

    def __repr__(self) -> str:
        # As short as it can be written, for the lines that recreate an explorer's state.
        usual = {one.name: one.default for one in fields(self) if one.init}
        if isinstance(self.activation, str):
            usual |= {"color": ACTIVATION_COLORS[self.activation]}
            usual |= {"line": ACTIVATION_LINES.get(self.activation, "solid")}
        else:
            usual |= {"color": OTHER_COLOR, "line": "solid"}
        usual["activation"] = self.name
        told = [
            f"{name}={getattr(self, name)!r}"
            for name in itertools.islice(usual, 1, None)
            if getattr(self, name) != usual[name]
        ]
        return f"Variant({', '.join([repr(self.name), *told])})"

    @property
    def short(self) -> "str | Variant":
        """The bare name of an activation, where that says it all."""
        plain = isinstance(self.activation, str) and self.activation == self.name
        return self.name if plain and self == Variant(self.name) else self


def _is_line(line: Any) -> bool:
    if isinstance(line, str):
        return line in LINES
    lengths = line[1] if isinstance(line, tuple) and len(line) == 2 else None
    return isinstance(lengths, Sequence) and not isinstance(lengths, str) and len(lengths) > 0


VariantLike = str | Activation | Variant
"""What stands for a variant: an activation's name does, and an activation."""


def as_variant(variant: VariantLike) -> Variant:
    """Return the variant that is meant.

    Raises
    ------
    ValueError
        If no activation has that name.
    TypeError
        If it is nothing that stands for a variant.
    """
    if isinstance(variant, Variant):
        return variant
    found = find("variant", variant, ACTIVATIONS, Activation)
    return Variant(found.name, found)
