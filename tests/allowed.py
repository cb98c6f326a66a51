"""What each parameter of each public function may be: by its name, or for one function alone.

The table serves `test_bad_calls`, which makes the parameters bad.
"""

import fractions
import functools
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable

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
)
from vanishing.cells import CELLS, Cell
from vanishing.contributions import SHARED, Contributions, contributions
from vanishing.data import DATASETS
from vanishing.experiment import Settings
from vanishing.initialization import SCHEMES, Scheme
from vanishing.jobs import Goal
from vanishing.layers import NORMALIZATIONS
from vanishing.ledger import Ledger, ledger
from vanishing.live import PANELS
from vanishing.live.controls import CONTROLS, SPIRAL_CONTROLS, TIME_CONTROLS
from vanishing.live.time import TIME_PANELS
from vanishing.measures import MEASURES, Measure
from vanishing.optimizers import OPTIMIZERS, Moment
from vanishing.planes import Axis, Outcome, Plane, Survey
from vanishing.recurrent import RECURRENT, RecurrentNetwork
from vanishing.sequence_experiment import TASKS, Reading, SequenceSettings
from vanishing.sequence_training import SequenceTrainer
from vanishing.sequences import LOSSES, SequenceData, SequenceTask, recall
from vanishing.time_ledger import TimeLedger, time_ledger
from vanishing.trials import settings_plane

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


# Where a name means something else


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
