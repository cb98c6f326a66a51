"""Every public function with every argument made bad in many ways: each answer must be clear.

The calls are made from the signatures. What a parameter may be stands in a table, by its name; so
whatever is new in the package is covered, or named by `test_the_table_knows_every_parameter`.

An answer is clear if it is a TypeError or a ValueError that names the argument and shows what was
given. It is obscure if it is anything else, silent if a value is taken that is not allowed, and
hanging if it takes longer than some seconds, or more memory than an array of a gigabyte.
"""

import contextlib
import copy
import fractions
import functools
import importlib
import inspect
import os
import pkgutil
import re
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable

import vanishing
from vanishing import (
    ACTIVATIONS,
    Activation,
    Dataset,
    History,
    Job,
    Network,
    Run,
    Trainer,
    Variant,
    figures,
    spiral,
    train,
    train_together,
)
from vanishing._checks import shown
from vanishing.cells import CELLS, Cell
from vanishing.contributions import SHARED, Contributions, contributions
from vanishing.data import DATASETS
from vanishing.experiment import Experiment, Settings
from vanishing.infinite_width import WideLayer
from vanishing.initialization import SCHEMES, Scheme
from vanishing.jobs import Goal
from vanishing.layers import NORMALIZATIONS
from vanishing.ledger import Ledger, ledger
from vanishing.live import PANELS, Explorer, MapExplorer, SpiralExplorer, TimeExplorer
from vanishing.live.controls import CONTROLS, SPIRAL_CONTROLS, TIME_CONTROLS
from vanishing.live.time import TIME_PANELS
from vanishing.measures import MEASURES, Measure
from vanishing.optimizers import OPTIMIZERS, Moment
from vanishing.planes import Axis, Outcome, Plane, Survey
from vanishing.recurrent import RECURRENT, RecurrentNetwork
from vanishing.sequence_experiment import TASKS, Reading, SequenceExperiment, SequenceSettings
from vanishing.sequence_training import SequenceTrainer
from vanishing.sequences import LOSSES, SequenceData, SequenceTask, recall
from vanishing.side_by_side import SideBySide
from vanishing.snapshots import Snapshots
from vanishing.theory import random_attenuations
from vanishing.time_ledger import TimeLedger, time_ledger
from vanishing.trials import Trial, settings_plane
from vanishing.workers import processes

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

SECONDS = 10
"""After which a call hangs, on a machine however busy."""

MEMORY = 2 * 2**30
"""More bytes than this, beyond what is in use, a bad call must not ask for."""


# Values that are bad for most arguments

DATA = spiral(4, rng=0)
OTHER_DATA = Dataset([[0.0, 1.0, 2.0], [1.0, 2.0, 0.0]], [0, 1])
NETWORK = Network.initialize((2, 3, 3), rng=0)
DEEP = Network.initialize((2, 3, 3, 3), rng=0)
UNIT_MAP = figures.UnitMap((-1, -1), (1, 1), (9, 9))
RUN = train(DEEP, DATA, iterations=3, progress=False)
TASK = recall(2)
SEQUENCES = TASK.batch(3, 0)
RECURRENT_NETWORK = RecurrentNetwork.initialize(TASK, 3, rng=0)
READING = Reading(RECURRENT_NETWORK, TASK)

BAD: dict[str, Any] = {
    "None": None,
    "True": True,
    "-1": -1,
    "0": 0,
    "2.5": 2.5,
    "10**9": 10**9,
    "10**12": 10**12,
    "10**400": 10**400,
    "1e308": 1e308,
    "-1e-300": -1e-300,
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "1j": 1j,
    "complex scalar": np.complex64(1 + 1j),
    "fraction": fractions.Fraction(1, 3),
    "text": "text",
    "empty text": "",
    "number as text": "1",
    "bytes": b"",
    "more bytes": b"\x02\x03\x03",
    "dict": {},
    "dict of numbers": {2: 1, 3: 2},
    "set": {2, 3, 5},
    "frozenset": frozenset({2, 3}),
    "empty list": [],
    "empty tuple": (),
    "list of None": [None, None],
    "list of texts": ["text", "text"],
    "ragged list": [[1.0], [2.0, 3.0]],
    "negative list": [-1, -1],
    "list of huge": [10**400, 10**400],
    "list of nan": [float("nan")] * 3,
    "a generator": (k for k in ()),
    "object": object(),
    "function": lambda *_: None,
    "class": type("Anything", (), {"__init__": lambda *_: None}),
    "exception": ValueError("x"),
    "uint64": np.array([2**63, 2**63 + 1], np.uint64),
    "0-d uint64": np.uint64(2**63),
    "bools": np.array([True, False]),
    "complex": np.array([[1j, 2.0], [0, 1]]),
    "masked": np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 1], [0, 0]]),
    "masked row": np.ma.masked_array([1, 2, 3], mask=[0, 1, 0]),
    "objects": np.array([None, "a"], object),
    "texts": np.array(["a", "b"]),
    "dates": np.array(["2020-01-01"], "datetime64[D]"),
    "empty array": np.empty((0, 2)),
    "0-d array": np.array(1.5),
    "3-d array": np.ones((2, 2, 2)),
    "nan array": np.full((2, 2), np.nan),
    "huge array": np.full(3, 1e308),
    "wrong shape": np.ones((5, 7)),
    "Dataset": DATA,
    "Dataset in 3-d": OTHER_DATA,
    "Network": NETWORK,
    "networks": [NETWORK, NETWORK],
    "Trainer": Trainer(NETWORK, DATA),
    "Run": RUN,
}


# What parameters may be

Fine = Callable[[Any], bool]


@dataclass
class Parameter:
    """What a good value is, which of the bad ones are fine as well, and its name in messages."""

    make: Callable[[], Any]
    fine: Fine
    called: str = ""


def given(value: Any, fine: Fine, called: str = "") -> Parameter:
    return Parameter(lambda: value, fine, called)


def is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def whole(low: int, high: float = float("inf")) -> Fine:
    return lambda value: is_whole(value) and low <= value <= high


def is_real(value: Any) -> bool:
    kinds = int | float | np.integer | np.floating | fractions.Fraction
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iuf":
        return True
    return isinstance(value, kinds) and not isinstance(value, bool)


def real(high: float = 1.7e308, *, zero: bool = False) -> Fine:
    return lambda value: (
        is_real(value) and (value >= 0 if zero else value > 0) and bool(value <= high)
    )


def one_of(*kinds: type) -> Fine:
    return lambda value: isinstance(value, kinds)


def named(known: Any) -> Fine:
    return lambda value: isinstance(value, str) and value in known


def is_none(value: Any) -> bool:
    return value is None


def either(*parts: Fine) -> Fine:
    return lambda value: any(part(value) for part in parts)


def is_empty(value: Any) -> bool:
    return isinstance(value, list | tuple) and not value


def none_but_good(_: Any) -> bool:
    return False


def is_iterator(value: Any) -> bool:
    return isinstance(value, Iterator)


def empty_or_square(value: Any) -> bool:
    return isinstance(value, np.ndarray) and (value.shape[:1] == (0,) or array(3, 2, 2, 2)(value))


def is_sequence(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim == 1)


def sequence(item: Fine, *lengths: int) -> Fine:
    return lambda value: (
        is_sequence(value)
        and not np.ma.isMaskedArray(value)
        and (len(value) in lengths if lengths else len(value) > 0)
        and all(map(item, value))
    )


def array(dimensions: int, *shape: int, nan: bool = False, high: float = 1.7e308) -> Fine:
    def fine(value: Any) -> bool:
        if np.ma.isMaskedArray(value) or isinstance(value, str | bytes):
            return False
        try:
            found = np.asarray(value)
        except (ValueError, TypeError):
            return False
        return (
            found.dtype.kind in "iuf"
            and found.ndim == dimensions
            and found.size > 0
            and (not shape or found.shape == shape)
            and (nan or (bool(np.isfinite(found).all()) and float(np.abs(found).max()) <= high))
        )

    return fine


def numbers_of_any_shape(value: Any) -> bool:
    return any(array(dimensions, nan=True)(value) for dimensions in range(4))


a_text = one_of(str)
some_text: Fine = lambda value: isinstance(value, str) and value != ""  # noqa: E731
a_truth = one_of(bool, np.bool_)
a_function: Fine = callable
an_activation = either(one_of(Activation), named(ACTIVATIONS))
a_variant = either(an_activation, one_of(Variant))
a_measure = either(named(MEASURES), a_function)
sizes_of_layers = sequence(whole(1, 10**7))
steps = either(real(), sequence(real(zero=True), 3))
scales = either(real(1e6), sequence(real(1e6), 3))
fits: Fine = lambda value: value is DATA  # noqa: E731
is_network: Fine = lambda value: isinstance(value, Network)  # noqa: E731
PLANE = 1e30


@functools.cache
def one_axes() -> Axes:
    return plt.figure().subplots()


def fresh_axes() -> Axes:
    """Return the same axes each time, empty: to make new ones costs more than what is tested."""
    ax = one_axes()
    if ax.has_data():
        ax.clear()
    return ax


PLANE_OF_CELLS = settings_plane(
    Settings("tanh", sizes=(2, 3, 3), points_per_class=3),
    Axis("step_size", (0.1, 0.2)),
    Axis("scale", (0.1, 0.2)),
    iterations=2,
)
BOOKS = ledger(DEEP, DATA)
TIME_BOOKS = time_ledger(RECURRENT_NETWORK, SEQUENCES)
SMALL = 50


def a_csv() -> str:
    """Return the name of a file with a point in it."""
    path = Path(tempfile.gettempdir()) / f"vanishing-{os.getpid()}.csv"
    path.write_text("0,1,0\n")
    return str(path)


PARAMETERS: dict[str, Parameter] = {
    "account": given(BOOKS, one_of(Ledger)),
    "accounts": given([BOOKS, BOOKS], sequence(one_of(Ledger))),
    "accuracies": given(
        [[1.0, 0.5], [0.5, 0.5]], lambda v: array(2, high=PLANE)(v) and len(v) == 2
    ),
    "activation": given("tanh", an_activation),
    "amounts": given([0.5, 1.0], lambda v: array(1, 2, high=PLANE)(v) and np.min(v) >= 0),
    "ax": Parameter(fresh_axes, one_of(Axes)),
    "b": given(RECURRENT_NETWORK.b, array(1, 3, nan=True)),
    "b_out": given(RECURRENT_NETWORK.b_out, array(1, 2, nan=True)),
    "batch": given(2, whole(1, 10**5)),
    "beta1": given(0.9, real(0.999, zero=True)),
    "beta2": given(0.9, real(0.999, zero=True)),
    "biases": given(DEEP.biases, none_but_good),
    "bins": given(5, whole(1, 10_000)),
    "bottoms": given([[0.0], [0.0]], array(2, 2, 1, high=PLANE)),
    "buckets": given(600, whole(1, 10_000)),
    "cell": given("tanh", either(an_activation, named(CELLS))),
    "classes": given(3, whole(2, 1000)),
    "clip_norm": given(None, either(is_none, real())),
    "coarse": given(True, a_truth),
    "color": given("red", either(a_text)),
    "controls": given(("step_size",), either(is_empty, named(CONTROLS), sequence(named(CONTROLS)))),
    "correlation": given(0.5, lambda v: is_real(v) and -1 <= v <= 1),
    "count": given(2, whole(1, 10**6)),
    "counts": given((3, 3), sequence(whole(2, 2048), 2)),
    "curves": given([[1.0, 2.0], [2.0, 3.0]], array(2, nan=True)),
    "data": given(DATA, fits),
    "deceives": given("d", a_text),
    "depths": given((1, 2), sequence(whole(1, 10_000), 2)),
    "distance": given(2, whole(1, 10_000)),
    "draw": given(0, whole(0, 10_000)),
    "drawn": Parameter(lambda: figures.points(fresh_axes(), DATA), none_but_good),
    "draws": given(2, whole(1, 100_000)),
    "distances": given([1, 2], sequence(whole(0, 10**6), 2), "distances"),
    "gate": given(
        [[0.25], [1.0]],
        lambda v: array(2)(v) and len(v) == 2 and np.min(v) >= 0 and np.max(v) <= 1,
    ),
    "expected": given(
        [0.5, 0.5], either(is_none, lambda v: array(1, 2, nan=True)(v) and not np.min(v) < 0)
    ),
    "per_line": given(3, whole(1, 50)),
    "words": given(["a", "b"], sequence(some_text, 2)),
    "dtype": given(np.float64, none_but_good),
    "epsilon": given(1e-8, real()),
    "every_step": given(False, a_truth),
    "executor": given(None, either(is_none, one_of(Executor))),
    "factors": given([1.0, 0.5], lambda v: numbers_of_any_shape(v) and not np.min(v) < 0),
    "first": given(1, whole(0, 2)),
    "fillers": given(2, whole(0, 1000)),
    "first_iteration": given(0, whole(0, 10**15)),
    "floor": given(False, either(lambda v: v is False)),
    "forget_bias": given(1.0, lambda v: is_real(v) and abs(v) <= 1e6),
    "formula": given("f", a_text),
    "from_value": given(None, either(is_none, a_function)),
    "function": given(History.mean_absolute, a_function),
    "gain": given(1.0, real(1e6, zero=True)),
    "gate_bias": given(1.0, lambda v: is_real(v) and abs(v) <= 1e6),
    "gates": given({"f": [[0.5, 1.0]]}, none_but_good),
    "heights": given([[1.0], [1.0]], array(2, 2, 1, high=PLANE)),
    "hidden": given(3, whole(1, 10_000)),
    "hidden_layers": given(2, either(is_none, whole(1, 1000))),
    "high": given((1.0, 1.0), lambda v: array(1, 2, high=PLANE)(v) and np.min(v) > -1),
    "history": given(RUN.history, one_of(History)),
    "in_place": given(None, either(is_none, a_function)),
    "inputs": given(SEQUENCES.inputs, array(3, 3, 3, 6)),
    "iteration": given(1, whole(0)),
    "iterations": given(2, whole(1, SMALL)),
    "jobs": given([Job(NETWORK, DATA, 2)], lambda v: is_sequence(v) and len(v) == 0),
    "kernels": given(np.ones((1, 2, 2)), lambda v: array(3)(v) and np.min(v) >= 0),
    "label": given("name", either(is_none, a_text)),
    "lags": given(1, whole(0, 1)),
    "largest_slope": given(1.0, either(real(), lambda v: is_real(v) and v == np.inf)),
    "last": given(None, either(is_none, whole(1, 3))),
    "layer": given(1, whole(1)),
    "layers": given([1], either(is_none, sequence(whole(1, 3)))),
    "line": given("solid", either(is_none)),
    "log": given(False, a_truth),
    "log_iterations": given(False, a_truth),
    "loss": given("cross-entropy", named(LOSSES)),
    "losses": given([2.0, 1.0], array(1, 2, nan=True)),
    "low": given((-1.0, -1.0), lambda v: array(1, 2, high=PLANE)(v) and np.max(v) < 1),
    "matrices": given([np.eye(2)] * 2, either(is_empty, is_iterator, empty_or_square)),
    "matrix": given(np.eye(2), lambda v: array(2)(v) and len(set(np.shape(v))) == 1),
    "magnitudes": given(False, a_truth),
    "margin": given(1.0, real(PLANE, zero=True)),
    "measure": given("norm of dW", either(named(MEASURES), one_of(Measure))),
    "measured": given([[1.0], [2.0]], lambda v: array(2, nan=True)(v) and len(v) == 2),
    "most_rows": given(None, either(is_none, whole(2))),
    "name": given("name", some_text),
    "network": given(DEEP, is_network),
    "networks": given([DEEP], sequence(is_network)),
    "noise": given(0.2, real(1e6, zero=True)),
    "normalization": given(None, either(is_none, named(NORMALIZATIONS))),
    "only_check": given(True, a_truth),
    "optimizer": given("adam", named(OPTIMIZERS)),
    "panels": given(("loss",), either(named(PANELS), sequence(named(PANELS)))),
    "parts": given(("weights", "slopes"), is_none),
    "picture_width": given(300, whole(200, 4000)),
    "pixels": given((4, 4), sequence(whole(2, 2048), 2)),
    "point": given([0.5, 1.0], array(1, 2)),
    "points": given([[0.0, 1.0]], lambda v: array(2)(v) and np.shape(v)[1] == 2),
    "points_per_class": given(3, whole(1, SMALL)),
    "predicted": given([1.0, 2.0], array(1, 2, nan=True)),
    "progress": given(False, a_truth),
    "question": given("q", a_text),
    "record_every": given(1, whole(1, 10**15)),
    "reading": given(READING, one_of(Reading)),
    "recurrent": given("normal", named(RECURRENT)),
    "regularization": given(1e-3, real(1e12, zero=True)),
    "residual": given(None, either(is_none, real())),
    "share": given(0.1, real(1.0)),
    "resolution": given(0.5, real()),
    "rng": given(0, either(is_none, whole(0, 2**32 - 1))),
    "room": given(100.0, real()),
    "rows": given(slice(None), none_but_good),
    "run": given(RUN, one_of(Run)),
    "scale": given(0.1, either(is_none, scales)),
    "scheme": given("normal", either(named(SCHEMES), one_of(Scheme))),
    "score": given(0, whole(0, 2)),
    "seconds": given(1.0, either(real(), lambda v: is_real(v) and v == np.inf)),
    "seed": given(0, whole(0, 2**32 - 1)),
    "settings": given(Settings(sizes=(2, 3, 3), points_per_class=3), one_of(Settings)),
    "sigma_b": given(0.0, real(1e6, zero=True)),
    "sigma_w": given(1.0, real(1e6)),
    "size": given(28.0, real(10_000)),
    "sizes": given((2, 3, 3, 3), lambda v: sizes_of_layers(v) and len(v) > 2 and v[0] == 2),
    "spread": given(None, is_none),
    "slope": given(np.ones_like, a_function),
    "statistics": given(None, is_none),
    "step": given(1e-5, real()),
    "step_size": given(0.1, steps),
    "symbols": given(2, whole(2, 1000)),
    "task": given(TASK, one_of(SequenceTask)),
    "title": given("title", a_text),
    "trainer": Parameter(lambda: Trainer(DEEP, DATA), one_of(Trainer)),
    "trainers": Parameter(lambda: [Trainer(DEEP, DATA)], none_but_good),
    "moment": Parameter(lambda: Trainer(DEEP, DATA).moment, one_of(Moment)),
    "stride": given(8, whole(1, 10**6)),
    "survey": Parameter(lambda: Survey(PLANE_OF_CELLS), one_of(Survey)),
    "plane": given(PLANE_OF_CELLS, one_of(Plane)),
    "level": given(0.9, real(1.0)),
    "column": given(0, whole(0, 1)),
    "row": given(0, whole(0, 1)),
    "until": given(None, either(is_none, one_of(Goal))),
    "value": given(np.tanh, a_function),
    "path": Parameter(a_csv, none_but_good),
    "most_bytes": given(1000, whole(0)),
    "dataset": given("moons", named(DATASETS)),
    "unit_layer": given(1, whole(1, 1000)),
    "units": Parameter(
        lambda: figures.UnitMap((0, 0), (1, 1), (9, 9)).ask(DEEP, DATA), none_but_good
    ),
    "loss_axis": given("linear", named(["logarithmic", "linear"])),
    "values": given([[1.0, 2.0]], array(2, nan=True)),
    "variant": given("tanh", a_variant),
    "vector": given([1.0, 2.0], lambda v: array(1, 2)(v) and bool(np.any(v)), "vector|matrices"),
    "variants": given(("tanh",), either(a_variant, sequence(a_variant))),
    "variance": given(1.0, lambda v: is_real(v) and 1e-24 <= v <= 1e24),
    "W_h": given(RECURRENT_NETWORK.W_h, none_but_good),
    "W_out": given(RECURRENT_NETWORK.W_out, none_but_good),
    "W_x": given(RECURRENT_NETWORK.W_x, none_but_good, "W_x|W_h"),
    "weights": given(DEEP.weights, none_but_good),
    "width": given(5, whole(1, 10**7)),
    "workers": given(1, either(is_none, whole(1, 1000))),
    "x": given("x", a_text),
    "y": given("y", a_text),
}
"""What a parameter of this name may be, where `SPECIAL` does not say otherwise."""


# What is called

MACHINERY = (
    "vanishing._checks",  # the checks themselves
    "vanishing.accounts",
    "vanishing.cells",
    "vanishing.fused",
    "vanishing.gaussian",
    "vanishing.layers",
    "vanishing.machine",
    "vanishing.parameters",
    "vanishing.unrolled",
    "vanishing.live.controls",
    "vanishing.live.curve_panels",
    "vanishing.live.ledger_panel",
    "vanishing.live.lettering",
    "vanishing.live.loop",
    "vanishing.live.map_panels",
    "vanishing.live.pacing",
    "vanishing.live.panels",
    "vanishing.live.picture",
    "vanishing.live.player",  # its methods are called on Explorer
    "vanishing.live.receipts",
    "vanishing.live.runs",
    "vanishing.live.scenes",
    "vanishing.live.widget",
    "vanishing.live.words",
)
"""Modules that only other modules call, with what these have checked."""

MADE_BY_THE_PACKAGE = (
    "backprop.Gradients",
    "experiment.Standing",
    "figures.regions.DecisionRegions",
    "history.Book",
    "history.Columns",
    "history.History",
    "history.joined",
    "history.with_rows",
    "contributions.Contributions",
    "ledger.Ledger",
    "figures.maps.PlaneMap",
    "live.map.Choice",
    "live.map.MapPanel",
    "live.map.MapScene",
    "planes.Outcome",
    "lecture.Log",
    "optimizers.Moment",
    "recurrent.States",
    "sequence_training.SequenceHistory",
    "sequence_training.SequenceRun",
    "sequences.SequenceData",
    "sequences.SequenceTask",
    "through_time.GradientsThroughTime",
    "live.spiral.SpiralScene",
    "live.time.CellLook",
    "live.time.ErrorPanel",
    "live.time.DistancePanel",
    "live.time.GatesPanel",
    "live.time.NormPanel",
    "live.time.SentencePanel",
    "live.time.PastTimeRun",
    "live.time.TimeScene",
    "live.time.shortened",
    "sequence_experiment.SequenceStanding",
    "sequence_experiment.accuracy_by_distance",
    "sequence_experiment.alike",
    "workers.Bundle",
    "workers.advance_bundle",
    "jobs.Stretch",
    "workers.Task",
    "jobs.Job.advance",
    "jobs.Job.result",
    "sequence_jobs.SequenceJob.advance",
    "sequence_jobs.SequenceJob.result",
    "theory.Expectation",
    "time_ledger.TimeLedger",
    "time_theory.Spectrum",
    "training.Run",
)
"""Records, whose makers answer for what is in them, and what is done to records."""

FORMULAS = (
    "activations.sigmoid",
    "activations.sigmoid_slope",
    "activations.tanh_slope",
    "activations.relu",
    "activations.relu_slope",
    "activations.leaky_relu",
    "activations.leaky_relu_slope",
    "activations.Activation.overwrite",
    "activations.Activation.overwrite_value",
    "backprop.Backprop",
    "backprop.Pass",
    "backprop.penalty",
    "initialization.Scheme",
    "ledger.cause",
    "ledger.slopes_cause",
    "figures.ledgers.name_nothing",
    "figures.time.in_short",
    "figures.units.Units",
    "figures.curves.averaged",
    "figures.curves.marked",
    "optimizers.clip",
    "optimizers.Optimizer",
    "optimizers.GradientDescent.update",
    "optimizers.Adam.update",
    "recurrent.RecurrentNetwork.answer",
    "recurrent.share_right",
    "through_time.PassThroughTime",
    "through_time.PlainThroughTime",
    "through_time.RecurrentParameters",
    "through_time.back",
    "through_time.loss_and_error",
    "through_time.sum_over_time",
    "unrolled.fastest_pass",
    "jobs.Advancing",
    "jobs.Sweepable",
    "optimizers.norm",
    "training.advance_with_bar",
    "training.norm",
    "live.map.slider_along",
    "live.map.MapExplorer.plays_after",
    "planes.coarsest_grid",
    "trials.Trial.advance",
    "trials.Trial.result",
    "units.dead_masks",
    "units.saturated",
)
"""Steps within a computation: they take arrays that the functions of the table made or checked."""

HOOKS = re.compile(
    r"\.(restart|free|advance_by|setting|moved|plays_after|extra_parts|show_settings|remarks|start|express"
    r"|begin|remember|shown|line|preset_settings|offered_presets"
    r"|serves|work)$|\.check|\.live\.runs\.(code|difference)|\.figures\.style\.(look|drawable)$"
    r"|\.(layer_steps|layer_scales)$|\.Pixels|\.Live$"
)
"""What the live widgets' task calls, and the checks that others call by their own arguments."""

INSTANCES: dict[str, Callable[[], Any]] = {
    "Experiment": lambda: Experiment(PARAMETERS["settings"].make()),
    "Contributions": lambda: contributions(RECURRENT_NETWORK, SEQUENCES),
    "Explorer": lambda: widget(Explorer),
    "Goal": lambda: Goal(0.9),
    "Dataset": lambda: DATA,
    "Snapshots": lambda: Snapshots(Trainer(DEEP, DATA)),
    "SideBySide": lambda: SideBySide([Trainer(DEEP, DATA)]),
    "History": lambda: RUN.history,
    "Measure": lambda: MEASURES["norm of dW"],
    "Axis": lambda: PLANE_OF_CELLS.x,
    "MapExplorer": lambda: widget(MapExplorer),
    "Survey": lambda: Survey(PLANE_OF_CELLS),
    "Trial": lambda: Trial(PARAMETERS["settings"].make(), 2),
    "SettingsPlane": lambda: PLANE_OF_CELLS,
    "Network": DEEP.copy,
    "RegionMap": lambda: figures.RegionMap((-1, -1), (1, 1), (3, 3), (4, 4)),
    "UnitMap": lambda: UNIT_MAP,
    "Settings": lambda: PARAMETERS["settings"].make(),
    "SpiralExplorer": lambda: widget(SpiralExplorer),
    "SpiralSettings": lambda: importlib.import_module("vanishing.live.spiral").SpiralSettings(),
    "RecurrentNetwork": RECURRENT_NETWORK.copy,
    "SequenceSettings": lambda: SequenceSettings(hidden=3),
    "SequenceExperiment": lambda: SequenceExperiment(SequenceSettings(hidden=3, batch=2)),
    "TimeExplorer": lambda: widget(TimeExplorer),
    "SequenceTrainer": lambda: SequenceTrainer(RECURRENT_NETWORK, TASK, batch=2),
    "Trainer": lambda: Trainer(DEEP, DATA),
    "Variant": lambda: Variant("tanh"),
    "WideLayer": lambda: WideLayer("tanh", 1.0),
    "Activation": lambda: ACTIVATIONS["tanh"],
}


@functools.cache
def widget(kind: type) -> Any:
    small = {"x": PLANE_OF_CELLS.x, "y": PLANE_OF_CELLS.y, "sizes": (2, 3, 3), "iterations": 2}
    own = {
        Explorer: {"iterations": 20},
        MapExplorer: small,
        TimeExplorer: {"iterations": 4, "hidden": 3, "batch": 2},
    }
    return kind(**own.get(kind, {}))


@dataclass
class Target:
    """Something to call."""

    name: str
    call: Callable[..., Any]
    signature: inspect.Signature

    @property
    def parameters(self) -> list[str]:
        named = [p for p in self.signature.parameters.values() if p.kind != p.VAR_KEYWORD]
        own = [p.name for p in named if p.name != "self"]
        if len(named) < len(self.signature.parameters):  # **settings
            kind = SequenceSettings if self.call is TimeExplorer else Settings
            own += [name for name in inspect.signature(kind).parameters if name not in own]
        return own

    def good(self) -> dict[str, Any]:
        return {name: self.kind(name).make() for name in self.parameters}

    def free(self, result: Any) -> None:
        """Close what a call has made; what a method returns is still needed."""
        if self.call in (Explorer, SpiralExplorer, MapExplorer, TimeExplorer):
            result.close()

    def kind(self, name: str) -> Parameter:
        return SPECIAL.get((self.name, name)) or PARAMETERS[name]


def is_left_out(name: str) -> bool:
    lists = (*MADE_BY_THE_PACKAGE, *FORMULAS)
    return bool(HOOKS.search(name)) or any(
        name == f"vanishing.{one}" or name.startswith(f"vanishing.{one}.") for one in lists
    )


def all_targets() -> list[Target]:
    found = []
    for info in pkgutil.walk_packages(vanishing.__path__, "vanishing."):
        if info.name in MACHINERY:
            continue
        module = importlib.import_module(info.name)
        for name, thing in vars(module).items():
            if not name.startswith("_") and getattr(thing, "__module__", "") == info.name:
                if inspect.isclass(thing):
                    found += targets_of_class(f"{info.name}.{name}", thing)
                elif inspect.isfunction(thing):
                    found.append(Target(f"{info.name}.{name}", thing, inspect.signature(thing)))
    return [one for one in found if one.parameters and not is_left_out(one.name)]


def targets_of_class(name: str, kind: type) -> Iterator[Target]:
    yield Target(name, kind, inspect.signature(kind))
    family = [base for base in kind.__mro__ if base.__module__.startswith("vanishing.")]
    for method in sorted({key for base in family for key in vars(base)}):
        thing = inspect.getattr_static(kind, method)
        if method.startswith("_") or (
            not isinstance(thing, classmethod) and not inspect.isfunction(thing)
        ):
            continue
        yield Target(
            f"{name}.{method}",
            on_instance(kind.__name__, method),
            inspect.signature(getattr(kind, method)),
        )


def on_instance(kind: str, method: str) -> Callable[..., Any]:
    return lambda **arguments: getattr(INSTANCES[kind](), method)(**arguments)


def rising(value: Any) -> bool:
    return array(1, 2)(value) and value[0] >= 0 and value[0] < value[1]


def of_each_layer(value: Any) -> bool:
    """Tell whether there are finite numbers for one layer or more, that rounding tells apart."""
    ordered = is_sequence(value) or (isinstance(value, np.ndarray) and value.ndim > 0)
    masked = np.ma.isMaskedArray(value)
    apart = str(getattr(value, "dtype", "")) != "uint64"
    return ordered and not masked and len(value) > 0 and all(map(plottable, value)) and apart


def plottable(value: Any) -> bool:
    return any(array(dimensions, high=PLANE)(value) for dimensions in range(4))


def curves(value: Any) -> bool:
    return array(2, nan=True)(value) or getattr(value, "shape", ()) == (0, 2)


def trained() -> Trainer:
    trainer = Trainer(DEEP, DATA)
    trainer.advance(2)
    return trainer


SPECIAL: dict[tuple[str, str], Parameter] = {}
"""What a parameter may be in one function, where its name means something else elsewhere."""


def special(name: str, /, **parameters: Parameter) -> None:
    SPECIAL.update({(f"vanishing.{name}", key): value for key, value in parameters.items()})


any_measure = either(PARAMETERS["measure"].fine, a_function)
to_infinity = PARAMETERS["seconds"].fine

special("activations.Activation", name=given("own", some_text))
special("activations.find_activation", activation=given("tanh", an_activation))
special(
    "data.Dataset",
    points=given([[0.0, 1.0]], lambda v: array(2)(v) and len(v) == 1, "labels|points"),
    labels=given([0], sequence(whole(0, 999), 1)),
)
for one in (
    *("experiment.Experiment", "sequence_experiment.SequenceExperiment"),
    "side_by_side.SideBySide",
):
    special(f"{one}.advance", iterations=given(1, whole(0)), seconds=given(0.01, to_infinity))
    special(f"{one}.at", iteration=given(0, whole(0, 0)))
special("live.explorer.Explorer.go_to", iteration=given(1, whole(0, 20)))
special("live.map.MapExplorer.go_to", iteration=given(1, whole(0, 4)))
special("experiment.Experiment.standings", iteration=given(0, either(is_none, whole(0, 0))))
special("snapshots.Snapshots.at", iteration=given(0, whole(0, 0)))
for one in ("sequence_experiment.SequenceSettings", "live.time.TimeExplorer"):
    special(
        one,
        task=given("recall", named(TASKS)),
        distance=given(3, whole(1, 1000)),
        hidden=given(3, whole(1, 512)),
        batch=given(2, whole(1, 4096)),
        step_size=given(0.1, real()),
    )
some_controls = either(is_empty, named(TIME_CONTROLS), sequence(named(TIME_CONTROLS)))
some_panels = either(named(TIME_PANELS), sequence(named(TIME_PANELS)))
for one in ("live.time.TimeView", "live.time.TimeExplorer"):
    special(
        one,
        controls=given(("gain",), some_controls),
        panels=given(("loss",), some_panels),
        iterations=given(10, whole(1, 10**12)),
    )
special("live.time.TimeExplorer.advance", iterations=given(1, whole(0)))
special(
    "sequence_experiment.SequenceSettings.changed",
    name=given("gain", none_but_good),
    value=given(0.1, real(1e6, zero=True), "gain"),
)
special("sequence_experiment.Reading", network=given(RECURRENT_NETWORK, one_of(RecurrentNetwork)))
special(
    "sequence_experiment.SequenceExperiment",
    settings=given(SequenceSettings(hidden=3), one_of(SequenceSettings)),
)
special("sequence_experiment.SequenceExperiment.reading_at", iteration=given(0, whole(0, 0)))
special(
    "sequence_experiment.SequenceExperiment.stand",
    iteration=given(0, either(is_none, whole(0, 0))),
)
special(
    "sequence_training.SequenceTrainer.again",
    moment=Parameter(lambda: SequenceTrainer(RECURRENT_NETWORK, TASK).moment, one_of(Moment)),
)
special("sequence_experiment.examined", task=given(TASK, one_of(SequenceTask)))
special("live.time.TimeExplorer.go_to", iteration=given(1, whole(0, 4)))
special("data.moons", classes=given(2, whole(2, 2)))
special("data.checkerboard", classes=given(2, whole(2, 2)))
special("experiment.Experiment.standings", measure=given("norm of dW", any_measure))
special("experiment.data_loss", trainer=Parameter(trained, none_but_good))
special("experiment.fraction_of_strangers", data=given(DATA, one_of(Dataset)))
special(
    "experiment.stand",
    measure=given("norm of dW", any_measure),
    variant=given("tanh", either(a_variant, is_none)),
)
for one in ("experiment.Settings", "live.explorer.Explorer"):
    special(
        one,
        data=given(None, either(is_none, one_of(Dataset))),
        scale=given(0.1, real(1e6)),
        step_size=given(0.1, real()),
    )
for one in ("experiment.Settings.changed", "live.spiral.SpiralSettings.changed"):
    special(
        one,
        name=given("noise", none_but_good),
        value=given(0.1, real(1e6, zero=True), "noise"),
    )
special(
    "figures.curves.band",
    curves=given([[1.0, 2.0]] * 2, array(2, nan=True)),
    iterations=given(None, either(is_none, rising)),
)
special("figures.curves.chance_line", classes=given(3, whole(2, 10**7)))
special("figures.curves.size_against_loss", sizes=given([1.0, 2.0], sequence(real(zero=True), 2)))
special(
    "figures.curves.thinned",
    values=given([[1.0], [2.0]], curves),
    iterations=given(None, either(is_none, rising)),
)
special(
    "figures.ledgers.draw_bars",
    parts=given(("weights", "slopes"), none_but_good),
    x=given([0.0], array(1, 1, high=PLANE), "x|bottoms"),
)
special(
    "figures.ledgers.layer_histograms",
    values=given([[1.0, 2.0]], of_each_layer),
)
special(
    "figures.ledgers.ledger_over_time",
    iterations=given([0, 1], sequence(whole(0, 10**15), 2, 3)),
    variant=given("tanh", either(a_variant, is_none)),
)
special("figures.ledgers.theory_and_measurement", label=given("name", a_text))
special("figures.ledgers.waterfall_bars", parts=given(("weights",), is_none))
special(
    "figures.regions.decision_regions",
    margin=given(1.0, real(400.0, zero=True), "margin|resolution"),
)
special(
    "figures.ledgers.thin_edges",
    drawn=Parameter(lambda: figures.waterfall(fresh_axes(), ledger(NETWORK, DATA)), none_but_good),
)
special("figures.style.class_style", label=given(1, whole(0)))
AXES = {"x": given(PLANE_OF_CELLS.x, one_of(Axis)), "y": given(PLANE_OF_CELLS.y, one_of(Axis))}


def rising_numbers(value: Any) -> bool:
    return array(1)(value) and len(value) >= 2 and bool(np.all(np.diff(np.array(value, float)) > 0))


special(
    "figures.maps.plane_map",
    lines=given((), is_empty),
    chosen=given((0, 0), either(is_none, sequence(whole(0, 1), 2))),
    limits=given((1.0, 10.0), either(is_none, lambda v: rising_numbers(v) and len(v) == 2)),
)
special("figures.maps.cell_colors", scale=given(ScalarMappable(), one_of(ScalarMappable)))
special("planes.Axis", values=given((1.0, 2.0), lambda v: rising_numbers(v) and min(v) >= 0))
special("planes.Axis", label=given("label", one_of(str)))
special("planes.Axis.place", value=given(1.0, either(real(zero=True), to_infinity)))
special("planes.Line", label=given("label", some_text))
special("planes.outcomes_in_turns", seconds=given(0.1, real()))
special("planes.Line", x=given((1.0, 2.0), sequence(real(zero=True), 2), "x|y"))
special("planes.Line", y=given((1.0, 2.0), sequence(real(zero=True), 2), "x|y"))
special("planes.Plane", **AXES, job=given(PLANE_OF_CELLS.job, a_function))
special("planes.Survey.add", outcome=given(Outcome(0, 0, 1, 1.0, None), one_of(Outcome)))
special("planes.Survey.cell", column=given(0, whole(0, 1)), row=given(0, whole(0, 1)))
special("planes.Survey.count", kind=given(1, whole(0, 3)))
special("planes.coarse_to_fine", columns=given(2, whole(1, 1000)), rows=given(2, whole(1, 1000)))
special("planes.log_axis", low=given(1.0, lambda v: real()(v) and v < 2))
special("planes.log_axis", high=given(2.0, lambda v: real()(v) and v > 1))
special("planes.log_axis", count=given(3, whole(2, 100)), label=given("", one_of(str)))
special("trials.SettingsPlane", **AXES, job=given(PLANE_OF_CELLS.job, a_function))
special("trials.Trial", iterations=given(2, whole(1, 10**15)))
special("trials.penalty_line", regularization=given(1e-3, real(1e12)))
special("trials.settings_plane", **AXES, iterations=given(2, whole(1, 10**15)))
special(
    "live.map.MapExplorer",
    **AXES,
    lines=given((), is_empty),
    variants=given("tanh", lambda v: a_variant(v) or (sequence(a_variant)(v) and len(v) == 1)),
    iterations=given(10, whole(1, 10**12)),
    data=given(None, either(is_none, one_of(Dataset))),
    scale=given(0.1, real(1e6)),
    step_size=given(0.1, real()),
    sizes=given((2, 3, 3), lambda v: sizes_of_layers(v) and len(v) > 2 and v[0] == 2),
)
special("live.map.MapExplorer.advance", iterations=given(1, whole(0)))
special("ledger.ledgers", iterations=given([0, 2], is_empty))
special(
    "live.explorer.Explorer",
    iterations=given(10, whole(1, 10**12)),
    measure=given("norm of dW", any_measure),
)
special("live.explorer.Explorer.advance", iterations=given(1, whole(0)))
special("live.explorer.Explorer.preset", name=given("the lecture", none_but_good))
special("live.time.TimeExplorer.preset", name=given("too far", none_but_good))
special(
    "live.explorer.View",
    iterations=given(10, whole(1, 10**12)),
    measure=given("norm of dW", any_measure),
)
special(
    "live.spiral.SpiralExplorer",
    controls=given(("noise",), either(is_empty, named(SPIRAL_CONTROLS))),
)
special("measures.Measure", label=given("label", some_text))
special("measures.as_measure", measure=given("norm of dW", any_measure))
special("figures.units.hidden_units", layer=given(1, whole(1, 2)))
special("figures.units.UnitMap.ask", layer=given(1, whole(1, 2)))
special("network.Network.shortcut", layer=given(0, whole(0, 2)))
for one in ("error_over_lag", "ledger_through_time"):
    special(f"figures.time.{one}", account=given(TIME_BOOKS, one_of(TimeLedger)))
for one in ("error_over_lag", "contributions_over_lag", "accuracy_over_distance"):
    special(f"figures.time.{one}", label=given("l", a_text))
special("figures.time.accuracy_over_distance", chance=given(0.5, real(1.0, zero=True)))
special(
    "figures.time.contributions_over_lag",
    found=given(contributions(RECURRENT_NETWORK, SEQUENCES), one_of(Contributions)),
)
for one in ("figures.time.tinted_sentence", "figures.time.word_colors"):
    special(one, limits=given((0.1, 1.0), either(is_none)))
special(
    "figures.time.word_colors",
    amounts=given([0.5, 1.0], lambda v: array(1, high=PLANE)(v) and np.min(v) >= 0),
)
special("contributions.contributions", weights=given("b", named(SHARED)))
special("time_ledger.parts_of", cell=given(CELLS["gru"], one_of(Cell)))
special("jobs.Goal", accuracy=given(0.9, either(is_none, real(1.0))))
special("jobs.Goal", loss=given(0.5, either(is_none, real())))
special("jobs.advance_until", iterations=given(1, whole(0, 10**15)))
special("sweeps.sweep_in_turns", seconds=given(0.1, real()))
for one in (
    "contributions.contributions",
    "contributions.word_gradients",
    "through_time.gradients_through_time",
    "through_time.loss_through_time",
    "time_ledger.time_ledger",
    "time_theory.expected_factors",
    "time_theory.vanishing_bound",
):
    special(
        one,
        network=given(RECURRENT_NETWORK, one_of(RecurrentNetwork)),
        data=given(SEQUENCES, one_of(SequenceData)),
    )
special(
    "recurrent.check_sequences",
    network=given(RECURRENT_NETWORK, one_of(RecurrentNetwork)),
    data=given(SEQUENCES, one_of(SequenceData)),
)
special("recurrent.RecurrentNetwork.accuracy", data=given(SEQUENCES, one_of(SequenceData)))
special("recurrent.RecurrentNetwork.initialize", task=given(TASK, sequence(whole(1, 10_000), 2)))
for one in ("SequenceTrainer", "train_sequences"):
    special(
        f"sequence_training.{one}",
        network=given(RECURRENT_NETWORK, one_of(RecurrentNetwork)),
        step_size=given(0.1, either(is_none, real())),
    )
special(
    "sequence_jobs.SequenceJob",
    network=given(RECURRENT_NETWORK, one_of(RecurrentNetwork)),
    step_size=given(0.1, either(is_none, real())),
    iterations=given(1, whole(1, 10**7)),
)
special("sequence_training.SequenceTrainer.advance", iterations=given(1, whole(0)))
special("sequence_training.SequenceTrainer.advance", seconds=given(0.01, to_infinity))
special("sequence_training.SequenceTrainer.make_room", iterations=given(1, whole(0, 10**7)))
special("sequence_training.SequenceTrainer.sentences", iteration=given(1, whole(0, 2 * 10**15)))
special("sequence_training.find_optimizer", step_size=given(None, either(is_none, real())))
for one in ("GradientDescent", "Adam"):
    special(f"optimizers.{one}", step_size=given(0.1, real()))
special("workers.processes", workers=given(2, whole(1, 1000)))
special("theory.mean_field", scale=given(0.1, scales))
special(
    "infinite_width.WideLayer.kernels",
    layers=given(2, whole(1, 1000)),
    points=given([[0.0, 1.0]], lambda v: array(2, high=1e9)(v) and len(v) <= 100),
)
special("initialization.checked_spread", scheme=given("he", either(named(SCHEMES))))
special("jacobian.autocorrelation", values=given([1.0, 3.0], array(1)))
special("theory.random_gradients", scale=given(0.1, either(is_none, scales)))
special("theory.random_attenuations", scale=given(0.1, either(is_none, scales)))
special("training.Trainer.advance", iterations=given(1, whole(0)))
special("training.Trainer.advance", seconds=given(0.01, to_infinity))
special("training.Trainer.make_room", iterations=given(1, whole(0, 10**6)))
special(
    "variant.Variant",
    name=given("tanh", some_text),
    activation=given("tanh", either(an_activation, lambda v: isinstance(v, str) and not v)),
    scale=given(0.1, either(is_none, real(1e6), sequence(real(1e6)))),
    step_size=given(0.1, either(is_none, real(), sequence(real(zero=True)))),
)
special("variant.Variant.network", scale=given(0.1, either(is_none, real(1e6))))
special("variant.Variant.sizes", sizes=given((2, 3, 3), sizes_of_layers))


# Calling, and sorting what comes back


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Raise TimeoutError where something takes too long, MemoryError where it takes too much."""

    def hangs(*_: object) -> None:
        raise TimeoutError("it hangs")

    usual = signal.signal(signal.SIGALRM, hangs)
    limits = resource.getrlimit(resource.RLIMIT_AS) if resource else None
    if limits:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (memory_in_use() + MEMORY, limits[1]))
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, usual)
        if limits:
            resource.setrlimit(resource.RLIMIT_AS, limits)


def memory_in_use() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[0]) * resource.getpagesize()


def names_and_shows(error: Exception, name: str, value: Any) -> bool:
    """Tell whether a message names the argument, and shows what was given."""
    text = str(error)
    if not re.search(rf"\b({name})\b", text) or "got" not in text:
        return False
    answer = text.rpartition("got")[2]
    many = is_sequence(value) or (isinstance(value, np.ndarray) and value.ndim > 0)
    inside = value if many else ()
    return (
        "shape" in answer
        or shown(value)[:30] in answer
        or any(shown(one)[:30] in answer for one in inside)
        or bool(re.search(r"got (NaN|infinity|none|\d|\(\d)|must return", text))
    )


def outcome(target: Target, name: str, value: Any) -> str:
    """Call with one argument bad; return "clear", "fine" or what is wrong with the answer."""
    parameter = target.kind(name)
    arguments = {**target.good(), name: value}
    fine = parameter.fine(value)
    signal.alarm(SECONDS)
    try:
        result = target.call(**arguments)
    except (TypeError, ValueError) as error:
        if fine:
            return f"refused though fine: {error}"
        clear = names_and_shows(error, parameter.called or name, value)
        return "clear" if clear else f"obscure: {type(error).__name__}: {error}"
    except TimeoutError:
        return "hanging"
    except MemoryError as error:
        return f"eats memory: {error}"
    except Exception as error:  # noqa: BLE001 (sorted)
        return f"obscure: {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    target.free(result)
    return "fine" if fine else "silent"


def outcomes(target: Target) -> Iterator[tuple[str, str, str]]:
    """Yield argument, label of the value and outcome of all calls of a function."""
    with guarded(), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        for name in target.parameters:
            for label, value in BAD.items():
                # A trainer is fine for some, who then advance it.
                own = copy.deepcopy(value) if isinstance(value, Trainer) else value
                yield name, label, outcome(target, name, own)


TARGETS = all_targets()


@pytest.fixture(autouse=True, scope="module")
def nothing_is_left() -> Iterator[None]:
    yield
    for kind in (Explorer, SpiralExplorer, MapExplorer):
        widget(kind).close()
    widget.cache_clear()
    plt.close(one_axes().figure)
    one_axes.cache_clear()


def test_the_table_knows_every_parameter() -> None:
    unknown = [
        f"{target.name}: {name}"
        for target in TARGETS
        for name in target.parameters
        if (target.name, name) not in SPECIAL and name not in PARAMETERS
    ]
    assert unknown == []


def test_there_are_many_calls() -> None:
    assert len(BAD) * sum(len(target.parameters) for target in TARGETS) > 10_000


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name.partition(".")[2])
def test_good_arguments_are_taken(target: Target) -> None:
    target.free(target.call(**target.good()))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name.partition(".")[2])
def test_every_answer_is_clear(target: Target) -> None:
    wrong = [
        f"{name}={label}: {answer}"
        for name, label, answer in outcomes(target)
        if answer not in ("clear", "fine")
    ]
    assert wrong == [], f"{len(wrong)} answers are not clear:\n" + "\n".join(wrong)


# By name: what was found once, and must not come back


def test_what_would_take_for_ever_or_all_memory_is_refused_at_once() -> None:
    huge = 10**10
    with guarded(), pytest.raises(ValueError, match=r"classes must be .*got 1000000000"):
        spiral(classes=10**9)
    with guarded(), pytest.raises(ValueError, match=r"points_per_class must .*got 1000000000"):
        spiral(10**9)
    with guarded(), pytest.raises(ValueError, match=r"draw must be .*got 1000000000"):
        Settings(draw=10**9)
    with guarded(), pytest.raises(ValueError, match=r"draws must be .*got 1000000000000"):
        random_attenuations((2, 3, 3), "tanh", 0.1, DATA, draws=10**12)
    with guarded(), pytest.raises(ValueError, match=r"iterations must .*got 10000000000"):
        train_together([NETWORK], DATA, iterations=huge, progress=False)
    with guarded(), pytest.raises(ValueError, match=r"iterations must .*got 10000000000"):
        train(NETWORK, DATA, iterations=huge, progress=False)
    with guarded(), pytest.raises(ValueError, match=r"points_per_class must .*got 4000000"):
        SpiralExplorer(points_per_class=4_000_000)
    with guarded(), pytest.raises(ValueError, match="sizes must ask for at most"):
        Network.initialize((2, 10**6, 10**6, 3))
    with guarded(), pytest.raises(ValueError, match="workers must be"):
        processes(10**6)


def test_many_points_in_an_explorer_take_little_memory() -> None:
    with guarded():
        one = SpiralExplorer(points_per_class=4000)
        assert len(one.data) == 12_000
        one.close()


@pytest.mark.parametrize("size", [1e308, 10_001, 0, -1, float("nan")])
def test_a_marker_that_would_fill_the_figure_is_refused(size: float) -> None:
    with guarded(), pytest.raises(ValueError, match=r"size must be .*got"):
        figures.points(fresh_axes(), DATA, size=size)


@pytest.mark.parametrize("resolution", [0, 1e-9, -0.1, float("inf")])
def test_a_map_of_no_or_too_many_pixels_is_refused(resolution: float) -> None:
    with guarded(), pytest.raises(ValueError, match=r"resolution must be .*got"):
        figures.decision_regions(fresh_axes(), DEEP, DATA, resolution=resolution)


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 2**32])
def test_labels_do_not_wrap_around(number: int) -> None:
    with pytest.raises(ValueError, match=f"labels must be .*got {number}"):
        Dataset([[0, 0], [1, 1]], np.array([0, number], np.uint64))


def test_masks_and_imaginary_parts_are_not_dropped() -> None:
    masked = np.ma.masked_array([[1.0, 2.0]], mask=[[0, 1]])
    for points in (masked, [[1j, 2]], np.array([[1 + 0j, 2]])):
        with pytest.raises(TypeError, match=r"points must be .*got"):
            Dataset(points, [0])
        with pytest.raises(TypeError, match=r"points must be .*got"):
            DEEP.scores(points)
    with pytest.raises(TypeError, match=r"labels must be .*got"):
        Dataset([[1.0, 2.0]], np.ma.masked_array([1], mask=[1]))
    for rates in (np.ma.masked_array([0.1, 0.2, 0.3], mask=[0, 1, 0]), [0.1, 1j, 0.1]):
        with pytest.raises(TypeError, match=r"step_size.* must be .*got"):
            train(DEEP, DATA, step_size=rates, iterations=1)
    with pytest.raises(TypeError, match=r"weights.* must be .*got"):
        Network([np.ma.masked_array(np.ones((2, 2)), mask=np.eye(2))], [np.zeros(2)])


def test_a_third_dimension_is_not_left_out_of_a_drawing() -> None:
    network = Network.initialize((3, 4, 2), rng=0)
    with pytest.raises(ValueError, match="data must have points of 2 coordinates; got 3"):
        figures.points(fresh_axes(), OTHER_DATA)
    with pytest.raises(ValueError, match="data must have points of 2 coordinates; got 3"):
        figures.decision_regions(fresh_axes(), network, OTHER_DATA)
    with pytest.raises(ValueError, match=r"data must .*2"):
        Explorer(data=OTHER_DATA, panels=("regions",))


@pytest.mark.parametrize("sizes", [{2, 3, 5}, b"\x02\x03\x03", {2: 1, 3: 2}, "233"])
def test_what_has_no_order_is_no_list_of_sizes(sizes: Any) -> None:
    with pytest.raises(TypeError, match="sizes must be a sequence of whole numbers; got"):
        Network.initialize(sizes)


@pytest.mark.parametrize("scale", [1e300, 1e308, 10**400, float("inf")])
def test_a_huge_scale_gives_no_infinite_weights(scale: float) -> None:
    with pytest.raises(ValueError, match=r"scale must be .*got"):
        Network.initialize((2, 3, 3), scale=scale)


def test_an_attribute_that_would_do_nothing_says_so() -> None:
    with contextlib.closing(Explorer(controls=("step_size",))) as one:
        with pytest.raises(
            AttributeError, match=r"Explorer\(step_size=5\).*controls\['step_size'\]"
        ):
            one.step_size = 5
        with pytest.raises(AttributeError, match="no attribute 'colour'"):
            one.colour = 5
