"""The plane: the points, and which class a network gives to each place."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from vanishing._checks import (
    Array,
    instance,
    not_too_many,
    numbers,
    real_number,
    several,
    shown,
    truth,
    two_whole_numbers,
)
from vanishing.data import Dataset
from vanishing.figures.style import CLASS_COLORS, FURTHEST, caption, check_axes, class_style
from vanishing.network import Network, check_fit

LARGEST_MARKER = 10_000
"""Square points; a larger marker would fill the figure."""

LONGEST_SIDE = 2048
"""A map of more columns or rows than this is taken for a slip of the pen."""

AT_ONCE = 2**24
"""Numbers that a network may hold in its layers while it is asked about a part of a map."""

SURE, UNSURE = 0.48, 0.13
"""How much of its class's colour a region has where the answer's probability is 1, and at 1/K.

The rest is white, so that the points stand out."""

HATCH = 0.17
"""How much more colour there is in the lines that hatch a region."""

HATCHES = 4
"""Kinds of hatching; the first is none. They tell regions apart without colours."""

LEVELS = 256
"""Steps of a region's shading."""

BORDER = 70
"""The grey of the line between two regions, of 255."""


def points(ax: Axes, data: Dataset, *, size: float = 28) -> list[PathCollection]:
    """Draw the points, each class with its own colour and marker.

    Parameters
    ----------
    ax : Axes
        Where to draw; its scale becomes equal in both directions, from -1 to 1 at least.
    data : Dataset
        Points in the plane.
    size : float
        Area of a marker, in square points; at most 10,000.

    Returns
    -------
    list of PathCollection
        One a class.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    check_axes(ax)
    check_plane(data)
    area = real_number("size", size, at_most=LARGEST_MARKER)
    reach = 1.05 * max(1, np.abs(data.points).max())
    ax.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    caption(ax, x="$x_1$", y="$x_2$")
    return [_class_points(ax, data, label, area) for label in range(data.classes)]


def _class_points(ax: Axes, data: Dataset, label: int, size: float) -> PathCollection:
    color, marker = class_style(label)
    x, y = data.points[data.labels == label].T
    return ax.scatter(
        x,
        y,
        s=size,
        c=color,
        marker=marker,
        edgecolors="black",
        linewidths=0.5,
        label=f"class {label}",
        zorder=3,
    )


def move_points(drawn: Sequence[PathCollection], data: Dataset) -> None:
    """Show other data, of no more classes, on what `points` drew.

    Parameters
    ----------
    drawn : sequence of PathCollection
        What `points` returned.
    data : Dataset
        Points in the plane.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    artists = several("drawn", drawn, "what figures.points returned")
    check_plane(data)
    if not artists or not all(isinstance(dots, PathCollection) for dots in artists):
        raise TypeError(f"drawn must be what figures.points returned; got {shown(drawn)}")
    if data.classes > len(artists):
        raise ValueError(f"data must have at most {len(artists)} classes; got {data.classes}")
    for label, dots in enumerate(artists):
        dots.set_offsets(data.points[data.labels == label])


def check_plane(data: Dataset) -> None:
    """Raise where points cannot be drawn on a map."""
    instance("data", data, Dataset)
    if data.points.shape[1] != 2:
        raise ValueError(f"data must have points of 2 coordinates; got {data.points.shape[1]}")
    furthest = np.abs(data.points).max()
    if furthest > FURTHEST:
        raise ValueError(f"data must have coordinates of at most {FURTHEST:g}; got {furthest:g}")


class RegionMap:
    """Asks networks for their answers on a grid, and paints these as an image.

    A region has its class's colour and hatching, the paler the less probable the answer is.

    Parameters
    ----------
    low, high : array_like of shape (2,)
        The corners of the map.
    counts : tuple of int
        Columns and rows of the grid on which a network is asked, each from 2 to 2,048.
    pixels : tuple of int
        Columns and rows of the image, likewise; scores between the grid's points are
        interpolated.

    Attributes
    ----------
    grid : ndarray of shape (rows * columns, 2)
        Where a network is asked, row after row from the bottom.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    def __init__(
        self, low: ArrayLike, high: ArrayLike, counts: tuple[int, int], pixels: tuple[int, int]
    ) -> None:
        columns, rows = two_whole_numbers("counts", counts, at_least=2, at_most=LONGEST_SIDE)
        begin, end = corners(low, high)
        x, y = np.linspace(begin[0], end[0], columns), np.linspace(begin[1], end[1], rows)
        self.grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        image = two_whole_numbers("pixels", pixels, at_least=2, at_most=LONGEST_SIDE)
        self._columns, self._rows = (
            _interpolation(columns, image[0]),
            _interpolation(rows, image[1]),
        )
        self._hatches = _hatches(*image)

    def colors(self, network: Network, *, coarse: bool = False) -> NDArray[np.uint8]:
        """Return the image in RGBA, of shape (rows, columns, 4), its first row at the bottom.

        Parameters
        ----------
        network : Network
            A network with two inputs; one with batch normalization must know its statistics, as
            a trained one does.
        coarse : bool
            Whether to look at every second column and row only, and to show each twice: less than
            half the work, for a picture that the next one follows at once.

        Raises
        ------
        TypeError, ValueError
            If it is not such a network, or has too many classes for a map of this size.
        """
        check_asked(network)
        step = 2 if truth("coarse", coarse) else 1
        places = max(len(self.grid), len(self._rows) * len(self._columns))
        not_too_many("network", places * network.sizes[-1], "scores on a map", network)
        with np.errstate(all="ignore"):
            # What cannot be told apart in single precision cannot be seen either.
            scores = _scores(network.astype(np.float32), self.grid)
            by_class = scores.T.reshape(-1, self._rows.shape[1], self._columns.shape[1])
            fine = self._rows[::step] @ by_class @ self._columns[::step].T
            labels, doubts = _answers(fine)
        image = _region_colors(labels, doubts, self._hatches[::step, ::step], len(by_class))
        return _twice(image)[: len(self._rows), : len(self._columns)] if coarse else image


def check_asked(network: Network) -> None:
    """Raise where a network cannot be asked about single places of the plane."""
    instance("network", network, Network)
    if network.sizes[0] != 2:
        raise ValueError(f"network must have 2 inputs, as the plane has; got {network.sizes[0]}")
    if network.normalization == "batch" and network.statistics is None:
        raise ValueError(
            "network must know the statistics of its batch normalization, "
            "as network.fitted(data) does; got none"
        )


def corners(low: ArrayLike, high: ArrayLike) -> tuple[Array, Array]:
    """Return the corners of a map."""
    begin, end = _corner("low", low), _corner("high", high)
    if not (begin < end).all():
        raise ValueError(f"high must lie above and to the right of low; got {shown(high)}")
    return begin, end


def _corner(name: str, value: ArrayLike) -> Array:
    corner = numbers(name, value, 1, "(2,)")
    if corner.shape != (2,) or not (np.abs(corner) <= FURTHEST).all():
        raise ValueError(f"{name} must be 2 finite coordinates; got {shown(value)}")
    return corner


def _scores(network: Network, grid: Array) -> Array:
    """Return the network's scores, asked part by part: wide layers would fill the memory."""
    parts = -(-len(grid) * sum(network.sizes) // AT_ONCE)
    return np.concatenate([network.scores(part) for part in np.array_split(grid, parts)])


@dataclass(eq=False)
class DecisionRegions:
    """Decision regions on an axes.

    Parameters
    ----------
    image : AxesImage
        The regions.
    points : list of PathCollection
        The points on top of them.
    """

    image: AxesImage
    points: list[PathCollection]


def decision_regions(
    ax: Axes,
    network: Network,
    data: Dataset,
    *,
    margin: float = 0.2,
    resolution: float = 0.02,
    size: float = 28,
) -> DecisionRegions:
    """Draw which class the network gives to each point of the plane, and the data on top.

    Regions have the soft colour and the hatching of their class, paler where the answer is less
    probable; a dark line runs between them.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    network : Network
        A network with two inputs.
    data : Dataset
        The points to draw on top; batch normalization, where it knows no statistics, takes theirs.
    margin : float
        How far the map reaches beyond the data; the lecture's maps reach 1.
    resolution : float
        Distance between two points of the grid on which the network is asked; at most 2,048 of
        them fit along a side. Between them scores are interpolated.
    size : float
        Area of a point's marker, in square points; at most 10,000.

    Returns
    -------
    DecisionRegions
        The artists.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above, or network and data do not fit.
    """
    check_axes(ax)
    check_plane(data)
    check_fit(network, data)
    real_number("size", size, at_most=LARGEST_MARKER)
    low, high = reach(data, margin)
    counts = _grid_counts(high - low, resolution)
    asked = network if network.statistics else network.fitted(data)
    pixels = _pixel_counts(ax, counts)
    colors = RegionMap(low, high, counts, pixels).colors(asked)
    # The middles of the outer pixels lie on the edge, which cuts them in half.
    half = (high - low) / (np.array(pixels) - 1) / 2
    (left, bottom), (right, top) = low - half, high + half
    extent = left, right, bottom, top
    image = ax.imshow(colors, extent=extent, origin="lower", zorder=0)
    ax.grid(visible=False)
    drawn = points(ax, data, size=size)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    return DecisionRegions(image, drawn)


def reach(data: Dataset, margin: float) -> tuple[Array, Array]:
    """Return the corners of a map that reaches so far beyond the data."""
    check_plane(data)
    margin = real_number("margin", margin, zero_allowed=True, at_most=FURTHEST)
    low, high = data.points.min(axis=0) - margin, data.points.max(axis=0) + margin
    if not (low < high).all():
        raise ValueError(f"margin must be positive where the data have no extent; got {margin:g}")
    return low, high


def _grid_counts(extent: Array, resolution: float) -> tuple[int, int]:
    """Return how many points so far apart a map of that extent has in each direction."""
    steps = extent / real_number("resolution", resolution)
    if steps.max() > LONGEST_SIDE - 1:
        raise ValueError(
            f"resolution must be at least {extent.max() / (LONGEST_SIDE - 1):g} on this map, "
            f"for {LONGEST_SIDE:,} columns and rows at most; got {shown(resolution)}"
        )
    columns, rows = np.maximum(np.rint(steps).astype(int) + 1, 2)
    return int(columns), int(rows)


def _pixel_counts(ax: Axes, counts: tuple[int, int]) -> tuple[int, int]:
    """Return as many pixels as the axes have, or nearly: whole parts of the grid's steps."""
    steps = max(counts) - 1
    parts = max(1, round(max(ax.bbox.width, ax.bbox.height) / steps))
    most = max(1, (LONGEST_SIDE - 1) // steps)
    columns, rows = (min(parts, most) * (count - 1) + 1 for count in counts)
    return columns, rows


def _interpolation(count: int, pixels: int) -> Array:
    """Return the matrix that interpolates linearly between `count` values."""
    position = np.linspace(0, count - 1, pixels)
    distance = np.abs(position[:, None] - np.arange(count))
    weights: Array = np.maximum(1 - distance, 0).astype(np.float32)
    return weights


def _answers(scores: Array) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Return which of the first axis's scores is largest, and how doubtful that answer is.

    The doubt is (1/p - 1) / (K - 1) in steps from 0 to 255, where p is softmax's probability of
    the answer: 0 where it is certain, 255 at p = 1/K. The scores are used up.
    """
    best = scores[0].copy()
    # The border is one more kind beside the classes.
    labels = np.zeros(best.shape, np.min_scalar_type(len(scores)))
    # Several times faster than argmax(axis=0).
    for label, other in enumerate(scores[1:], start=1):
        labels[other > best] = label
        np.maximum(best, other, out=best)
    scores -= best
    odds = np.exp(scores, out=scores).sum(axis=0)
    odds -= 1
    odds *= (LEVELS - 1) / max(len(scores) - 1, 1)
    # Where scores are no numbers nothing is certain.
    doubts: NDArray[np.uint8] = np.fmin(odds, LEVELS - 1, out=odds).astype(np.uint8)
    return labels, doubts


def _hatches(columns: int, rows: int) -> NDArray[np.uint8]:
    """Return an image whose bit k says where the hatching of kind k has its lines."""
    period = max(6, round(min(columns, rows) / 36))
    width = max(1, round(period / 6))
    x, y = np.arange(columns), np.arange(rows)[:, None]
    rising, falling = (x - y) % period < width, (x + y) % period < width
    dots = (x % period < 2 * width) & (y % period < 2 * width)
    bits: NDArray[np.uint8] = (2 * rising + 4 * dots + 8 * falling).astype(np.uint8)
    return bits


def _region_colors(
    labels: NDArray[Any], doubts: NDArray[np.uint8], hatches: NDArray[np.uint8], classes: int
) -> NDArray[np.uint8]:
    """Return the RGBA image of a grid of labels, with a dark line between them."""
    known = len(CLASS_COLORS)
    kinds = np.arange(classes + 1) % known % HATCHES
    hatched = hatches >> kinds.astype(np.uint8).take(labels)
    hatched &= 1
    bordering = labels[1:, 1:] != labels[:-1, 1:]
    bordering |= labels[1:, 1:] != labels[1:, :-1]
    labels[1:, 1:][bordering] = classes
    entries = (labels.astype(np.intp) * LEVELS + doubts) * 2 + hatched
    colors = _palette(classes).take(entries).view(np.uint8)
    image: NDArray[np.uint8] = colors.reshape(*labels.shape, 4)
    return image


def _twice(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an RGBA image with each pixel as a square of four."""
    whole = image.view(np.uint32).repeat(2, axis=0).repeat(2, axis=1)
    return whole.view(np.uint8)


@functools.lru_cache(maxsize=8)
def _palette(classes: int) -> NDArray[np.uint32]:
    """Return the colour for each class, doubt, and whether it is hatched there; then the border."""
    strong = np.array([to_rgb(class_style(label)[0]) for label in range(classes)])
    odds = np.arange(LEVELS) / (LEVELS - 1) * (classes - 1)
    # Of probability 1 / (1 + odds): 1 where it is 1, and 0 at 1 / K; a single class is certain.
    confidence = 1 - odds / (1 + odds) * classes / max(classes - 1, 1)
    amount = UNSURE + (SURE - UNSURE) * confidence[:, None] + HATCH * np.arange(2)
    colors = 1 - amount[..., None] * (1 - strong[:, None, None])
    table = np.full((classes + 1, LEVELS, 2, 4), 255, np.uint8)
    table[:-1, ..., :3] = np.rint(255 * colors)
    table[-1, ..., :3] = BORDER
    return table.view(np.uint32).ravel()
