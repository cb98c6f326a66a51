"""Where the package's step spends its time: the NumPy calls of one step, made again in groups.

One step is listened to. Then all its products, or all its exponentials and logarithms, or all other
calls are made again and again, with the same arrays. What the step takes beyond their sum is Python
between the calls, and what is done through operators and methods of arrays.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from peers.ours import trainer
from peers.task import Advance, Record, Task

Call = tuple[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]

PRODUCTS = ("matmul", "dot")
FUNCTIONS = ("exp", "log", "tanh")


class Listener:
    """NumPy, or a part of it, which notes the calls that are made."""

    def __init__(self, part: Any, name: str, calls: list[Call]) -> None:
        self._part, self._name, self._calls = part, name, calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if callable(found) and not isinstance(found, type):
            return Listener(found, name, self._calls)
        return found

    def __call__(self, *positional: Any, **named: Any) -> Any:
        """Note the call, and make it."""
        self._calls.append((self._name, self._part, positional, named))
        return self._part(*positional, **named)


def calls_of_a_step(task: Task) -> list[Call]:
    """Return the NumPy calls of one iteration, in their order."""
    training = trainer(task)
    training.advance(100)
    calls: list[Call] = []
    listener = Listener(np, "numpy", calls)
    modules = [module for name, module in sys.modules.items() if name.startswith("vanishing")]
    listening = [module for module in modules if getattr(module, "np", None) is np]
    for module in listening:
        module.np = listener  # type: ignore[attr-defined]
    try:
        training.advance(1)
    finally:
        for module in listening:
            module.np = np  # type: ignore[attr-defined]
    return calls


def again(calls: list[Call]) -> Advance:
    """Return what makes these calls as often as there are iterations to be made."""
    ready = [functools.partial(call, *positional, **named) for _, call, positional, named in calls]

    def advance(iterations: int) -> Record:
        with np.errstate(all="ignore"):
            for _ in range(iterations):
                for call in ready:
                    call()
        return Record()

    return advance


def prepare_products(task: Task) -> Advance:
    """Return what makes the matrix products."""
    return again([call for call in calls_of_a_step(task) if call[0] in PRODUCTS])


def prepare_functions(task: Task) -> Advance:
    """Return what takes the exponentials and logarithms."""
    return again([call for call in calls_of_a_step(task) if call[0] in FUNCTIONS])


def prepare_passes(task: Task) -> Advance:
    """Return what makes all other calls."""
    return again([c for c in calls_of_a_step(task) if c[0] not in (*PRODUCTS, *FUNCTIONS)])


def prepare_overhead(task: Task) -> Advance:
    """Return what makes all calls, but with arrays of one number: what calling costs by itself."""
    return again(
        [
            (name, call, tuple(map(_first, positional)), {k: _first(v) for k, v in named.items()})
            for name, call, positional, named in calls_of_a_step(task)
        ]
    )


def _first(argument: Any) -> Any:
    """Return an array's first number, in as many dimensions; anything else as it is."""
    if isinstance(argument, np.ndarray):
        return argument[(slice(0, 1),) * argument.ndim].copy()
    return argument
