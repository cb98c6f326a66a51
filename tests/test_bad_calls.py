"""Every public function with every argument made bad in many ways: each answer must be clear.

The calls are made from the signatures. What a parameter may be stands in `allowed`, by its name; so
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
import pkgutil
import re
import signal
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from allowed import (
    DATA,
    DEEP,
    NETWORK,
    OTHER_DATA,
    PARAMETERS,
    PLANE_OF_CELLS,
    RECURRENT_NETWORK,
    RUN,
    SEQUENCES,
    SPECIAL,
    TASK,
    UNIT_MAP,
    Parameter,
    fresh_axes,
    is_sequence,
    one_axes,
)

import vanishing
from vanishing import (
    ACTIVATIONS,
    Dataset,
    Network,
    Trainer,
    Variant,
    figures,
    spiral,
    train,
    train_together,
)
from vanishing._checks import shown
from vanishing.contributions import contributions
from vanishing.experiment import Experiment, Settings
from vanishing.infinite_width import WideLayer
from vanishing.jobs import Goal
from vanishing.live import Explorer, MapExplorer, SpiralExplorer, TimeExplorer
from vanishing.measures import MEASURES
from vanishing.planes import Survey
from vanishing.sequence_experiment import SequenceExperiment, SequenceSettings
from vanishing.sequence_training import SequenceTrainer
from vanishing.side_by_side import SideBySide
from vanishing.snapshots import Snapshots
from vanishing.theory import random_attenuations
from vanishing.trials import Trial
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
    "trainer_base",
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
