"""The ways to read a gradient's size off a run's history.

Each is a gauge: it answers one question, and deceives who asks it another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vanishing._checks import Array, find, instance, shown, text
from vanishing.history import History


@dataclass(frozen=True)
class Measure:
    r"""A way to read the size of each layer's gradient.

    Parameters
    ----------
    name : str
        The name by which `find_measure`, figures and the explorer know it.
    label : str
        What stands beside an axis.
    formula : str
        Its value for layer l, in Matplotlib's mathtext (which is also LaTeX), without dollar signs.
    question : str
        The question that it answers.
    deceives : str
        When it misleads.
    function : callable
        Takes a `History` of T iterations and L layers, returns an array of shape (T, L).
        A measure is called like this function.

    Notes
    -----
    In the formulas dW_l is the gradient of the data loss (before the penalty's is added) by the
    weights of layer l, delta_l (n, fan_out) its gradient by the pre-activations z_l, norms are
    root sums of squares over all entries, and eta_l is the layer's step size (learning rate).
    g_l is the total loss's gradient by the layer's weights and biases, the penalty's included.
    """

    name: str
    label: str
    formula: str
    question: str
    deceives: str
    function: Callable[[History], Array]

    def __post_init__(self) -> None:
        for part in ("name", "label"):
            text(part, getattr(self, part))
        for part in ("formula", "question", "deceives"):
            instance(part, getattr(self, part), str)
        if not callable(self.function):
            raise TypeError(f"function must be a function; got {shown(self.function)}")

    def __call__(self, history: History) -> Array:
        """Return the measure at every iteration, of shape (T, L).

        Raises
        ------
        TypeError, ValueError
            If it is not given a history, or a function of one's own returns something else.
        """
        shape = len(instance("history", history, History)), len(history.sizes) - 1
        found: Any = self.function(history)
        good = isinstance(found, np.ndarray) and found.dtype.kind in "iuf"
        if not good or found.shape != shape:
            raise ValueError(f"measure must return numbers of shape {shape}; got {shown(found)}")
        sizes: Array = found
        return sizes


def rms_of_delta(history: History) -> Array:
    """Return the root mean square of delta over all examples and units, of shape (T, L)."""
    instance("history", history, History)
    entries = history.examples * np.array(history.sizes[1:])
    rms: Array = history.delta_norm / np.sqrt(entries)
    return rms


def update_to_weight_ratio(history: History) -> Array:
    """Return norm(step * dW) / norm(W), of shape (T, L).

    The penalty's part of the update is left out, as in all measures. Where all weights are zero
    the ratio is infinite, or NaN if the gradient is zero as well.
    """
    instance("history", history, History)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Array = history.gradient_norm * history.step_sizes / history.weight_norm
    return ratio


def share_of_progress(history: History) -> Array:
    """Return each layer's share of the first-order decrease of the loss, of shape (T, L).

    A step of size eta against the gradient g lowers the loss by eta * norm(g)^2, to first order,
    and the squared norm is a sum over the layers: an exact split. Here g is the gradient of the
    total loss by a layer's weights and biases, the penalty's part included. The shares of an
    iteration add up to 1; they are NaN where no layer has a gradient, or every layer is frozen.
    """
    instance("history", history, History)
    # Scaled by the largest first, since squares of 1e-200 would be zero.
    with np.errstate(invalid="ignore"):
        scaled = history.total_gradient_norm / history.total_gradient_norm.max(axis=1)[:, None]
        progress = np.array(history.step_sizes) * np.square(scaled)
        share: Array = progress / progress.sum(axis=1)[:, None]
    return share


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "lecture statistic",
            "sum of |dW| / (fan-in + fan-out)",
            r"\frac{\sum |dW_l|}{\mathrm{fan\_in}_l + \mathrm{fan\_out}_l}",
            "Is this layer's whole gradient larger or smaller than it was some iterations ago?",
            "When layers of different shapes are compared. The sum grows with the number of "
            "entries, fan_in * fan_out; the divisor grows with fan_in + fan_out only.",
            History.lecture_statistic,
        ),
        Measure(
            "mean absolute dW",
            "mean of |dW|",
            r"\frac{\sum |dW_l|}{\mathrm{fan\_in}_l \cdot \mathrm{fan\_out}_l}",
            "How large is the gradient by one typical weight of this layer?",
            "When it is read as the error that reaches a layer: dW is that error times the "
            "layer's input, so a layer with large inputs hides a small error.",
            History.mean_absolute,
        ),
        Measure(
            "norm of dW",
            "Frobenius norm of dW",
            r"\| dW_l \|",
            "How far does a step move this layer's weights, for each unit of the step size?",
            "When layers of very different numbers of weights are compared, or when it is read "
            "as the error that reaches a layer: the layer's input is in it too.",
            lambda history: history.gradient_norm,
        ),
        Measure(
            "RMS of delta",
            "root mean square of delta",
            r"\frac{\| \delta_l \|}{\sqrt{n \cdot \mathrm{fan\_out}_l}}",
            "How much of the error arrives at one typical unit of this layer?",
            "When it is read as speed of learning: a weight moves by the error times its input. "
            "And, as every measure here, when the loss is low: then there is little error to "
            "pass back, and small does not mean vanished.",
            rms_of_delta,
        ),
        Measure(
            "update-to-weight ratio",
            "norm of step x dW / norm of W",
            r"\frac{\| \eta_l\, dW_l \|}{\| W_l \|}",
            "By what share of its own size does a step change this layer's weights?",
            "When weights are very small or grow: the ratio then moves without the gradient. And "
            "a large ratio may be a step back and forth that leads nowhere.",
            update_to_weight_ratio,
        ),
        Measure(
            "share of progress",
            "share of the loss's decrease",
            r"\frac{\eta_l \|g_l\|^2}{\sum_k \eta_k \|g_k\|^2}",
            "Which part of this step's progress, the decrease of the loss, does this layer make?",
            "When it is read as a size: the shares add up to 1, however small the progress is. "
            "And when steps are so large that the first order does not hold, as where the loss "
            "goes up and down.",
            share_of_progress,
        ),
    )
}
"""The known measures by name; the first is the lecture's."""


def find_measure(measure: str | Measure) -> Measure:
    """Return the measure of that name.

    Raises
    ------
    ValueError
        If no measure has that name.
    TypeError
        If it is neither a name nor a `Measure`.
    """
    return find("measure", measure, MEASURES, Measure)


MeasureLike = str | Measure | Callable[[History], Array]
"""A way to read a gradient's size: a name, or a function from a History to shape (T, L)."""


def as_measure(measure: MeasureLike) -> Measure:
    """Return the measure that is meant; a function of one's own becomes one.

    Raises
    ------
    TypeError, ValueError
        As for `find_measure`.
    """
    if callable(measure) and not isinstance(measure, Measure):
        name = getattr(measure, "__name__", "gradient size").replace("_", " ")
        return Measure(name, name, "", "", "", measure)
    return find_measure(measure)
