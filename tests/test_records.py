"""Records and settings stay as they were made; what holds arrays is equal to itself only."""

import dataclasses
import importlib
import inspect
import pkgutil
from typing import Any

import numpy as np
import pytest

import vanishing
from vanishing.activations import Activation
from vanishing.backprop import Gradients
from vanishing.cells import Cell
from vanishing.contributions import Contributions
from vanishing.data import Dataset
from vanishing.experiment import Settings, Standing
from vanishing.figures.maps import PlaneMap
from vanishing.figures.units import Units
from vanishing.history import Columns, History
from vanishing.infinite_width import WideLayer
from vanishing.initialization import Scheme
from vanishing.jobs import Goal, Job, Stretch
from vanishing.ledger import Ledger
from vanishing.measures import Measure
from vanishing.network import Network
from vanishing.optimizers import Adam, GradientDescent
from vanishing.planes import Axis, Line, Outcome, Plane
from vanishing.recurrent import States
from vanishing.sequence_experiment import SequenceSettings, SequenceStanding
from vanishing.sequence_jobs import SequenceJob
from vanishing.sequence_training import SequenceHistory, SequenceRun
from vanishing.sequences import SequenceData, SequenceTask
from vanishing.theory import Expectation
from vanishing.through_time import GradientsThroughTime
from vanishing.time_ledger import TimeLedger
from vanishing.time_theory import Spectrum
from vanishing.training import Run
from vanishing.trials import SettingsPlane, Trial
from vanishing.variant import Variant
from vanishing.workers import Task

WITH_ARRAYS: tuple[type[Any], ...] = (
    *(Gradients, Contributions, Dataset, PlaneMap, Units, History, Ledger, Plane, States),
    *(SequenceJob, SequenceHistory, SequenceRun, SequenceData, Stretch, Job, Task, Expectation),
    *(GradientsThroughTime, TimeLedger, Spectrum, Run, SettingsPlane, Trial),
)
"""Arrays have no one answer to `==`, so these are equal to themselves only."""

BY_VALUE: tuple[type[Any], ...] = (
    *(Activation, Cell, Settings, Standing, Columns, WideLayer, Scheme, Measure, GradientDescent),
    *(Adam, Axis, Line, Outcome, SequenceSettings, SequenceStanding, SequenceTask, Goal, Variant),
)
"""Settings, which are equal if they say the same."""

CHANGED = {"Network", "DecisionRegions"}
"""A network has parameters to be moved, and a picture of regions is drawn anew."""


def filled(record: type[Any]) -> Any:
    """Return a record with an array in every field, made without its own checks."""
    made = object.__new__(record)
    for field in dataclasses.fields(record):
        object.__setattr__(made, field.name, np.arange(2))
    return made


def test_every_record_of_the_package_is_listed() -> None:
    found = set()
    for module in pkgutil.walk_packages(vanishing.__path__, "vanishing."):
        if ".live" not in module.name:  # whose scenes are made to be changed
            members = vars(importlib.import_module(module.name)).values()
            found |= {one for one in members if inspect.isclass(one)}
    records = {one for one in found if "__dataclass_fields__" in vars(one)}
    assert {one.__name__ for one in records.difference(WITH_ARRAYS, BY_VALUE)} == CHANGED


@pytest.mark.parametrize("record", [*WITH_ARRAYS, *BY_VALUE], ids=lambda one: one.__name__)
def test_no_field_of_a_record_can_be_set(record: type[Any]) -> None:
    made = filled(record)
    name = dataclasses.fields(record)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, name, 1)


@pytest.mark.parametrize("record", [*WITH_ARRAYS, Network], ids=lambda one: one.__name__)
def test_what_holds_arrays_is_equal_to_itself_only(record: type[Any]) -> None:
    one, other = filled(record), filled(record)
    assert one != other
    assert {one: 1, other: 2}[one] == 1
