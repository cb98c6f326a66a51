"""What is done with a gradient: gradient descent, Adam, and clipping.

All of it works on one flat vector of all parameters. An optimizer holds settings only; what it
remembers from step to step it hands out and is handed in again, so that a run can be stopped,
copied and resumed.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from vanishing._checks import Array, real_number

Memory = tuple[Any, ...]
"""What an optimizer remembers; empty before the first step."""


class Moment(NamedTuple):
    """All that the further course of a run follows from, and what its last iteration told.

    Parameters
    ----------
    iteration : int
        How many iterations were made.
    parameters : ndarray
        All of them in one vector, in the precision they are trained in.
    memory : tuple
        What the optimizer remembers.
    loss : float
        The loss before the last update; NaN before the first.
    errors : ndarray
        What else was measured then; empty where nothing was.
    """

    iteration: int
    parameters: Array
    memory: Memory
    loss: float
    errors: Array

    @property
    def nbytes(self) -> int:
        """What it takes, in bytes."""
        arrays = [self.parameters, self.errors, *self.memory]
        return sum(one.nbytes for one in arrays if isinstance(one, np.ndarray))

    def fitting(self, size: int) -> "Moment":
        """Return it, if it is of a run with so many parameters.

        Raises
        ------
        ValueError
            If it has another number of them.
        """
        if self.parameters.shape != (size,):
            raise ValueError(
                f"moment must be of a run with {size:,} parameters; got {self.parameters.size:,}"
            )
        return self


class Optimizer:
    """A rule by which parameters follow a gradient; one of your own is a class derived from it."""

    def update(self, parameters: Array, gradient: Array, memory: Memory) -> tuple[Array, Memory]:
        """Return new parameters and what is to be remembered; leave the arguments as they are."""
        raise NotImplementedError


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """Go against the gradient, by the step size times its length.

    Parameters
    ----------
    step_size : float
        The learning rate.
    """

    step_size: float = 0.1

    def __post_init__(self) -> None:
        real_number("step_size", self.step_size)

    def update(self, parameters: Array, gradient: Array, memory: Memory) -> tuple[Array, Memory]:
        """Return new parameters; nothing is remembered."""
        return parameters - self.step_size * gradient, memory


@dataclass(frozen=True)
class Adam(Optimizer):
    """Divide each parameter's mean gradient by the root of its mean square.

    Parameters
    ----------
    step_size : float
        The learning rate: about how far a parameter moves in one step.
    beta1, beta2 : float
        How much of the mean and of the mean square is kept from step to step, below 1.
    epsilon : float
        Added to the root.

    Notes
    -----
    D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", 2015.
    """

    step_size: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        real_number("step_size", self.step_size)
        for name in ("beta1", "beta2"):
            below_one = math.nextafter(1, 0)
            real_number(name, getattr(self, name), zero_allowed=True, at_most=below_one)
        real_number("epsilon", self.epsilon)

    def update(self, parameters: Array, gradient: Array, memory: Memory) -> tuple[Array, Memory]:
        """Return new parameters; remembered are the mean, the mean square, and the count."""
        mean, square, count = memory or (np.zeros_like(gradient), np.zeros_like(gradient), 0)
        count += 1
        mean = self.beta1 * mean + (1 - self.beta1) * gradient
        square = self.beta2 * square + (1 - self.beta2) * gradient**2
        # Both begin at zero, which the divisions make up for.
        root = np.sqrt(square / (1 - self.beta2**count))
        step = mean / (1 - self.beta1**count) / (root + self.epsilon)
        return parameters - self.step_size * step, (mean, square, count)


def norm(values: Array) -> float:
    """Return the root sum of squares; scaled first, since squares of 1e-200 would be zero."""
    # NumPy's double precision has room enough for the squares of single precision.
    if values.dtype == np.float32:
        return float(np.linalg.norm(values.astype(np.float64)))
    largest = float(np.abs(values).max())
    if not 0 < largest < math.inf:
        return largest
    return largest * float(np.sqrt(np.square(values / values.dtype.type(largest)).sum()))


def clip(gradient: Array, largest_norm: float) -> float:
    """Shorten a gradient in place, if it is longer than allowed; its direction stays.

    Parameters
    ----------
    gradient : ndarray
        Of all parameters together.
    largest_norm : float
        The largest length that it may keep; infinity leaves it as it is.

    Returns
    -------
    float
        The norm before.

    Notes
    -----
    R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural
    networks", ICML 2013.
    """
    with np.errstate(over="ignore"):  # Some processors tell of squares that overflow, others not.
        length = float(np.linalg.norm(gradient))
    if not 0 < length < math.inf:
        length = norm(gradient)
    if length > largest_norm:
        gradient *= largest_norm / length
    return length


OPTIMIZERS: dict[str, type[GradientDescent] | type[Adam]] = {
    "gradient descent": GradientDescent,
    "adam": Adam,
}
"""The optimizers by name."""
