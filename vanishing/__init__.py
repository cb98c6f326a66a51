"""A small workshop for the vanishing gradient: data, networks, training, gauges and pictures.

The path of the data:

    spiral() -> Dataset -> Network.initialize() -> Trainer.advance() or train() -> Run

Nothing flows back: a figure never trains, a trainer never draws, a widget holds no mathematics.
"""

from vanishing.activations import ACTIVATIONS, Activation
from vanishing.backprop import Gradients, gradients, numerical_gradient, total_loss
from vanishing.data import Dataset, spiral
from vanishing.history import History
from vanishing.jobs import Goal, Job
from vanishing.network import Network
from vanishing.sweeps import sweep, train_together
from vanishing.training import Run, Trainer, train
from vanishing.variant import Variant

__version__ = "0.1.0"

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Dataset",
    "Goal",
    "Gradients",
    "History",
    "Job",
    "Network",
    "Run",
    "Trainer",
    "Variant",
    "gradients",
    "numerical_gradient",
    "spiral",
    "sweep",
    "total_loss",
    "train",
    "train_together",
]
