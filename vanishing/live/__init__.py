"""The live widgets: move a slider, and training starts anew under your hand."""

from vanishing.live.explorer import Explorer
from vanishing.live.map import MapExplorer
from vanishing.live.panels import PANELS
from vanishing.live.picture import Panel, Pixels, Scene
from vanishing.live.player import Player
from vanishing.live.scenes import ExperimentScene
from vanishing.live.spiral import SpiralExplorer
from vanishing.live.time import TimeExplorer
from vanishing.live.widget import Live

__all__ = [
    "PANELS",
    "ExperimentScene",
    "Explorer",
    "Live",
    "MapExplorer",
    "Panel",
    "Pixels",
    "Player",
    "Scene",
    "SpiralExplorer",
    "TimeExplorer",
]
