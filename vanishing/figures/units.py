"""The hidden units: what each answers over the plane, as a small map; dead ones are crossed."""

import math
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike, NDArray

from vanishing._checks import Array, instance, shown, two_whole_numbers, whole_number
from vanishing.data import Dataset
from vanishing.figures.regions import LONGEST_SIDE, check_asked, corners, reach
from vanishing.figures.style import check_axes
from vanishing.network import Network, check_fit
from vanishing.units import dead_masks

MOST_UNITS = 100
"""Of a wider layer only so many are drawn."""

GAP = 3
"""Pixels between two maps."""

STEP = 2
"""Pixels of a map from one place where a unit is asked to the next."""

SHADES = 256
"""Steps between the lowest and the highest answer."""

PAPER, INK, NOTHING = SHADES, SHADES + 1, SHADES + 2
"""What stands in an image of shades besides them: white, black, and what is no number."""


@dataclass(frozen=True, eq=False)
class Units:
    """What the units of a layer answer.

    Parameters
    ----------
    answers : ndarray of shape (units, rows, columns)
        Each unit's output over the plane, the first row at the bottom.
    dead : ndarray of bool, shape (units,)
        Which let no error through on any point of the data, so that they do not learn.
    width : int
        How many units the layer has: some of a wide one are left out.
    """

    answers: Array
    dead: NDArray[np.bool_]
    width: int

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest answer; NaN where none is a number."""
        known = self.answers[np.isfinite(self.answers)]
        return (float(known.min()), float(known.max())) if known.size else (math.nan, math.nan)

    def __str__(self) -> str:
        low, high = self.ends
        parts = [] if math.isnan(low) else [f"{low:.2g} to {high:.2g}"]
        if self.dead.any():
            parts.append(f"{self.dead.sum()} dead")
        if self.width > len(self.dead):
            parts.append(f"{len(self.dead)} of {self.width:,}")
        return ", ".join(parts)


class UnitMap:
    """Asks the units of a layer over the plane, and paints their answers as an image of small maps.

    Parameters
    ----------
    low, high : array_like of shape (2,)
        The corners of the plane that each map shows.
    pixels : tuple of int
        Columns and rows of the whole image, each from 2 to 2,048.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    def __init__(self, low: ArrayLike, high: ArrayLike, pixels: tuple[int, int]) -> None:
        self._low, self._high = corners(low, high)
        self._pixels = two_whole_numbers("pixels", pixels, at_least=2, at_most=LONGEST_SIDE)
        self._colors = _shades()

    def ask(self, network: Network, data: Dataset, layer: int = 1) -> Units:
        """Return what the units of a hidden layer answer, and which are dead.

        Parameters
        ----------
        network : Network
            A network with two inputs and a hidden layer; one with batch normalization must know
            its statistics.
        data : Dataset
            On these points a dead unit lets no error through.
        layer : int
            Which hidden layer, from 1 on.

        Raises
        ------
        TypeError, ValueError
            If an argument is not what is described above, or network and data do not fit.
        """
        check_asked(network)
        check_fit(network, data)
        number = checked_layer(network, layer)
        f, width = network.activation, network.sizes[number]
        count = min(width, MOST_UNITS)
        side = -(-self._side(count) // STEP)
        outputs = network.astype(np.float32).forward(self._grid(side))[0][number][:, :count]
        dead = np.zeros(count, bool)
        if f.bounds is None:
            dead = dead_masks(f, [network.pre_activations(data.points)[number - 1]])[0][:count]
        return Units(outputs.T.reshape(count, side, side), dead, width)

    def _grid(self, side: int) -> Array:
        x, y = (np.linspace(*ends, side) for ends in zip(self._low, self._high, strict=True))
        return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)

    def _side(self, count: int) -> int:
        """Return how many pixels each of so many maps is wide and high."""
        columns, rows = _places(count)
        return max(min(self._pixels[0] // columns, self._pixels[1] // rows) - GAP, 1)

    def colors(self, units: Units) -> NDArray[np.uint8]:
        """Return the image in RGBA, of shape (rows, columns, 4), its first row at the bottom.

        The lowest answer in the layer is dark, the highest light; the units stand line by line
        from the top left.

        Raises
        ------
        TypeError
            If it is not what `ask` returned.
        """
        count = len(instance("units", units, Units).dead)
        (columns, rows), side = _places(count), self._side(count)
        whole = np.full((rows, side + GAP, columns, side + GAP), PAPER, np.intp)
        tiles = whole.transpose(0, 2, 1, 3)
        shades = _shaded(units).repeat(STEP, axis=1).repeat(STEP, axis=2)[:, :side, :side]
        edge, core = _cross(side)
        shades[np.ix_(units.dead)] = np.where(
            core, INK, np.where(edge, PAPER, shades[np.ix_(units.dead)])
        )
        for number, shade in enumerate(shades):
            row, column = divmod(number, columns)
            tiles[rows - 1 - row, column, GAP:, :side] = shade
        image = np.full(self._pixels[::-1], PAPER, np.intp)
        laid = whole.reshape(rows * (side + GAP), columns * (side + GAP))
        height, width = (min(pair) for pair in zip(laid.shape, image.shape, strict=True))
        image[-height:, :width] = laid[-height:, :width]
        colors: NDArray[np.uint8] = self._colors.take(image).view(np.uint8)
        return colors.reshape(*image.shape, 4)


def checked_layer(network: Network, layer: int) -> int:
    """Return the number of a hidden layer of that network."""
    hidden = len(network.sizes) - 2
    if hidden < 1:
        raise ValueError(f"network must have a hidden layer; got {shown(network)}")
    return whole_number("layer", layer, at_least=1, at_most=hidden)


def _places(count: int) -> tuple[int, int]:
    """Return columns and rows of so many maps."""
    columns = math.ceil(math.sqrt(count))
    return columns, -(-count // columns)


def _shaded(units: Units) -> NDArray[np.intp]:
    """Return each answer's shade, from the lowest of all to the highest."""
    low, high = units.ends
    with np.errstate(all="ignore"):
        share = (units.answers - np.float32(low)) / np.float32(high - low or 1)
        shades = np.clip(share * SHADES, 0, SHADES - 1)
    return np.where(np.isfinite(shades), shades, NOTHING).astype(np.intp)


def _cross(side: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where a cross over a map has its light edge, and where its dark core."""
    place = np.arange(side)
    falls, rises = place[:, None] - place, place[:, None] + place - (side - 1)
    distance = np.minimum(np.abs(falls), np.abs(rises))
    return distance <= 2, distance <= 0


def _shades() -> NDArray[np.uint32]:
    map_ = mpl.colormaps["cividis"](np.linspace(0, 1, SHADES))
    extra = [[1, 1, 1, 1], [0, 0, 0, 1], [0.6, 0.6, 0.6, 1]]
    table = np.rint(255 * np.concatenate([map_, extra])).astype(np.uint8)
    return np.ascontiguousarray(table).view(np.uint32).ravel()


def hidden_units(
    ax: Axes, network: Network, data: Dataset, *, layer: int = 1, margin: float = 0.2
) -> AxesImage:
    """Draw what each unit of a hidden layer answers over the plane; dead ones are crossed.

    One small map a unit, line by line from the top left, of the first hundred at most. The lowest
    answer in the layer is dark, the highest light.

    Parameters
    ----------
    ax : Axes
        Where to draw; its frame and ticks are taken away.
    network : Network
        A network with two inputs and a hidden layer.
    data : Dataset
        The maps show the plane around them; batch normalization, where it knows no statistics,
        takes theirs.
    layer : int
        Which hidden layer, from 1 on.
    margin : float
        How far the maps reach beyond the data.

    Returns
    -------
    AxesImage
        The image.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above, or network and data do not fit.
    """
    check_axes(ax)
    check_fit(network, data)
    checked_layer(network, layer)
    ends = reach(data, margin)
    side = max(round(min(ax.bbox.size)), 2)
    painter = UnitMap(*ends, (side, side))
    asked = network if network.statistics else network.fitted(data)
    image = ax.imshow(painter.colors(painter.ask(asked, data, layer)), origin="lower")
    ax.set_axis_off()
    return image
