"""Runs that are made only where they are carried out, and planes of an experiment's settings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from vanishing._checks import instance, precision, real_number, shown, whole_number
from vanishing.backprop import LARGEST_PENALTY
from vanishing.experiment import Settings
from vanishing.gains import level_scale
from vanishing.jobs import Goal, Job, Stretch
from vanishing.planes import LEVEL, Axis, Line, Plane
from vanishing.trainer_base import LATEST
from vanishing.training import Run

TINY, HUGE = 1e-12, 1e12
"""Ends of a line that crosses the whole of an axis."""

NEVER = 10**9
"""A record of every so many iterations is one of the first alone."""


@dataclass(frozen=True, eq=False)
class Trial:
    """The run of an experiment with one network; it is made only where it is carried out.

    So a thousand of them are made in a moment, and little is sent.

    Parameters
    ----------
    settings : Settings
        How, with one variant.
    iterations : int
        How many to make at most.
    until : Goal, optional
        Where to end before.
    dtype : {numpy.float64, numpy.float32}
        The precision to train in.
    record_every : int
        Only the iterations that this divides are recorded.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    settings: Settings
    iterations: int
    until: Goal | None = None
    dtype: DTypeLike = np.float64
    record_every: int = 1

    def __post_init__(self) -> None:
        one_network(self.settings)
        whole_number("iterations", self.iterations, at_least=1, at_most=LATEST)
        if self.until is not None:
            instance("until", self.until, Goal)
        precision(self.dtype)
        whole_number("record_every", self.record_every, at_least=1, at_most=LATEST)

    def job(self) -> Job:
        """Return the run."""
        settings, variant = self.settings, self.settings.variants[0]
        data, (network,) = settings.start()
        step = settings.step_size if variant.step_size is None else variant.step_size
        return Job(
            network,
            data,
            self.iterations,
            step,
            settings.regularization,
            self.dtype,
            self.record_every,
            self.until,
            variant.clip_norm,
        )

    def advance(self, state: Any, seconds: float) -> Stretch:
        """Go on as the run does."""
        return self.job().advance(state, seconds)

    def result(self, stretches: Sequence[Stretch]) -> Run:
        """Return what came of the run."""
        return self.job().result(stretches)


def one_network(settings: Settings) -> Settings:
    """Return settings, if they are of a single network."""
    found = instance("settings", settings, Settings)
    if len(found.variants) != 1:
        raise ValueError(f"settings must have one variant; got {shown(found.variants)}")
    return found


@dataclass(frozen=True, eq=False)
class SettingsPlane(Plane):
    """A plane of two settings of an experiment; `settings_plane` makes one.

    Parameters
    ----------
    settings : Settings
        All that does not vary.
    """

    settings: Settings = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        one_network(self.settings)

    def settings_at(self, column: int, row: int) -> Settings:
        """Return the settings of a cell, counted from the lower left."""
        found = [
            axis.values[whole_number(name, number, at_least=0, at_most=len(axis) - 1)]
            for name, number, axis in (("column", column, self.x), ("row", row, self.y))
        ]
        return self.settings.changed(self.x.name, found[0]).changed(self.y.name, found[1])


def settings_plane(
    settings: Settings,
    x: Axis,
    y: Axis,
    *,
    iterations: int = 1000,
    level: float = LEVEL,
    dtype: DTypeLike = np.float32,
) -> SettingsPlane:
    """Return the plane of two settings of an experiment.

    Parameters
    ----------
    settings : Settings
        All that does not vary, with one variant.
    x, y : Axis
        Named as `Settings.changed` names what it changes: "step_size", "scale", "hidden_layers",
        "width", "regularization", "noise", "points_per_class", "seed", "draw".
    iterations : int
        How many a run makes at most.
    level : float
        The accuracy at which it ends.
    dtype : {numpy.float64, numpy.float32}
        The precision to train in: float32 halves the time, and where a run ends hardly changes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above; so also if a value is none for its setting.

    Examples
    --------
    How far the initialization scale has to grow with the depth:

    >>> settings = Settings("tanh", step_size=0.03)
    >>> depth = Axis("hidden_layers", (1, 2, 4, 8, 16), label="hidden layers")
    >>> survey = explore(settings_plane(settings, depth, log_axis("scale", 0.01, 1, 9)))
    """
    base = one_network(settings)
    instance("x", x, Axis)
    instance("y", y, Axis)
    if x.name == y.name:
        raise ValueError(f"y must vary something else than x; got {shown(y.name)}")
    _check_effect("x", x, base)
    _check_effect("y", y, base)
    rest: dict[str, Any] = {
        "iterations": whole_number("iterations", iterations, at_least=1, at_most=LATEST),
        "until": Goal(accuracy=real_number("level", level, at_most=1.0)),
        "dtype": precision(dtype),
        "record_every": NEVER,
    }

    def job(across: Any, up: Any) -> Trial:
        return Trial(base.changed(x.name, across).changed(y.name, up), **rest)

    for axis in (x, y):
        for value in axis.values:
            base.changed(axis.name, value)
    return SettingsPlane(x, y, job, level, settings=base)


def _check_effect(side: str, axis: Axis, settings: Settings) -> None:
    variant = settings.variants[0]
    own = getattr(variant, axis.name, None) is not None and axis.name != "activation"
    if own or (axis.name == "scale" and variant.scheme != "normal"):
        raise ValueError(
            f"{side} must vary what has an effect; got {shown(axis.name)} "
            "beside a variant that has its own"
        )


def penalty_line(regularization: float) -> Line:
    """Return the step size 2 / regularization, beyond which the penalty alone diverges.

    Each step multiplies the weights by 1 - step size * regularization, which lies below -1 there,
    and adds the data's part, which did not keep any run from diverging: on the maps of the
    lecture's network, ReLU and sigmoid, in six draws, all cells beyond the line do. Short of it
    runs may diverge as well, for other reasons. Close beyond it the weights grow slowly, and may
    take more iterations than a run makes.

    Parameters
    ----------
    regularization : float
        The strength of the penalty.

    Returns
    -------
    Line
        For a plane whose x is the step size, from bottom to top of any axis.

    Raises
    ------
    TypeError, ValueError
        If it is not a positive number.
    """
    step = 2 / real_number("regularization", regularization, at_most=LARGEST_PENALTY)
    return Line("penalty alone diverges", (step, step), (TINY, HUGE))


def level_line(settings: Settings) -> Line:
    """Return the initialization scale that keeps a small signal's error level from layer to layer.

    Below it the error shrinks by a constant factor a layer, and so does the signal. On the maps
    that were looked at, six draws each: at step size 0.03 no tanh network of 1 to 16 hidden layers
    reaches 90 % within 500 iterations from 0.7 times this scale or less, and with 16 layers all do
    from 1.5 times it. With the lecture's two sigmoid layers nothing is learned within 1,000
    iterations below a third of it, at any step size. For two ReLU layers it is no border: a larger
    step makes up for small weights.

    Parameters
    ----------
    settings : Settings
        With one variant, whose scheme and activation count, and the width of whose first layer.

    Returns
    -------
    Line
        For a plane whose y is the scale, from left to right of any axis.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    See Also
    --------
    vanishing.gains.level_scale : How it is computed.
    """
    variant = one_network(settings).variants[0]
    scale = level_scale(variant.scheme, variant.activation, settings.width)
    return Line("level scale", (TINY, HUGE), (scale, scale))
