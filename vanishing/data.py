"""The data: points in the plane, each with the label of its class."""

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vanishing._checks import (
    Rng,
    finite_matrix,
    not_too_many,
    random_stream,
    real_number,
    shown,
    whole_number,
)

MOST_CLASSES = 1000
"""More classes than this are taken for a slip of the pen."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled points.

    Parameters
    ----------
    points : array_like of shape (n, D)
        One point a row; D is 2 for everything that is drawn as a map.
    labels : array_like of int, shape (n,)
        The class of each point, counted from 0.

    Raises
    ------
    TypeError, ValueError
        If the points are not finite numbers, or the labels are not whole numbers from 0 to 999,
        one for each point.

    Notes
    -----
    Both arrays are copied and made read-only, so that no run can change the data of another.
    """

    points: NDArray[np.float64]
    labels: NDArray[np.intp]

    def __init__(self, points: ArrayLike, labels: ArrayLike) -> None:
        checked = finite_matrix("points", points).astype(np.float64, copy=True)
        classes = _checked_labels(labels, len(checked))
        for array in (checked, classes):
            array.flags.writeable = False
        object.__setattr__(self, "points", checked)
        object.__setattr__(self, "labels", classes)

    @classmethod
    def from_csv(cls, path: str | PathLike[str]) -> "Dataset":
        """Read points from a text file: two columns of numbers and a label, with commas between.

        Parameters
        ----------
        path : str or path
            The file. Its first line may be a header; lines that are empty do not count.

        Returns
        -------
        Dataset
            The points in the order of the file. Labels may be any words; they are numbered in
            their alphabetical order, and if all are whole numbers, by size.

        Raises
        ------
        TypeError, ValueError
            If there is no such file, or it holds something else; the message names the line and
            what stands there.
        """
        rows = _csv_rows(path)
        if rows and len(rows[0][1]) == 3 and _number(rows[0][1][0]) is None:
            del rows[0]
        if not rows:
            raise ValueError(f"path must name a file with a line of data; got {shown(path)}")
        found = [_csv_point(number, row) for number, row in rows]
        return cls([point for point, _ in found], _numbered([label for _, label in found]))

    @property
    def classes(self) -> int:
        """The number of classes: the largest label plus one."""
        return int(self.labels.max()) + 1

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Dataset({len(self)} points, {self.classes} classes)"


def _csv_rows(path: str | PathLike[str]) -> list[tuple[int, list[str]]]:
    """Return the lines of a file that are not empty, each with its number, cut at the commas."""
    if not isinstance(path, str | PathLike):
        raise TypeError(f"path must be the name of a file; got {shown(path)}")
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            return [(number, row) for number, row in enumerate(csv.reader(file), 1) if any(row)]
    except (OSError, ValueError, csv.Error) as error:
        raise ValueError(f"path must name a file of text; got {shown(path)}: {error}") from None


def _number(text: str) -> float | None:
    """Return the finite number that a text stands for, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _csv_point(number: int, row: list[str]) -> tuple[list[float], str]:
    if len(row) != 3 or not row[2].strip():
        raise ValueError(
            f"line {number} must hold two numbers and a label, with commas between; "
            f"got {shown(','.join(row))}"
        )
    point = []
    for name, text in zip(("first", "second"), row, strict=False):
        value = _number(text)
        if value is None:
            raise ValueError(
                f"line {number} must hold a finite number in its {name} column; got {shown(text)}"
            )
        point.append(value)
    return point, row[2].strip()


def _numbered(labels: list[str]) -> list[int]:
    names = set(labels)
    whole = all(name.lstrip("-").isdecimal() for name in names)
    order = sorted(names, key=int) if whole else sorted(names)
    places = {name: place for place, name in enumerate(order)}
    return [places[name] for name in labels]


def _checked_labels(labels: ArrayLike, count: int) -> NDArray[np.intp]:
    try:
        array = np.asarray(labels)
    except (TypeError, ValueError):
        array = np.array(None)
    allowed = f"whole numbers from 0 to {MOST_CLASSES - 1}"
    if array.dtype.kind not in "iu" or np.ma.isMaskedArray(labels):
        raise TypeError(f"labels must be {allowed}; got {shown(labels)}")
    if array.shape != (count,):
        raise ValueError(
            f"labels must have shape ({count},), one for each point; got shape {array.shape}"
        )
    for extreme in (array.min(), array.max()):
        if not 0 <= extreme < MOST_CLASSES:
            raise ValueError(f"labels must be {allowed}; got {extreme}")
    return array.astype(np.intp, copy=True)


def spiral(
    points_per_class: int = 100, classes: int = 3, *, noise: float = 0.2, rng: Rng = None
) -> Dataset:
    """Draw the spiral data: arms that start in the origin, one a class, wound around each other.

    Arm j runs from radius 0 to 1 while its angle runs from 4j to 4(j + 1) radians; normal noise
    is added to the angle.

    Parameters
    ----------
    points_per_class : int
        Points on each arm.
    classes : int
        Arms, from 2 to 1000.
    noise : float
        Standard deviation of the angle's noise, in radians, at most a million.
    rng : int, numpy.random.RandomState, numpy.random.Generator or None
        The stream to draw from, or the seed of a RandomState; None draws anew each time.

    Returns
    -------
    Dataset
        `points` of shape (points_per_class * classes, 2), arm after arm, and their `labels`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Notes
    -----
    Recipe: A. Karpathy, "Putting it together: Minimal Neural Network Case Study", CS231n.
    """
    count = whole_number("points_per_class", points_per_class, at_least=1)
    arms = whole_number("classes", classes, at_least=2, at_most=MOST_CLASSES)
    not_too_many("points_per_class", 2 * count * arms, "coordinates", points_per_class)
    spread = real_number("noise", noise, zero_allowed=True, at_most=1e6)
    stream = random_stream(rng)
    radius = np.linspace(0, 1, count)
    drawn = []
    for arm in range(arms):
        angle = np.linspace(4 * arm, 4 * (arm + 1), count) + spread * stream.standard_normal(count)
        drawn.append(np.column_stack([radius * np.sin(angle), radius * np.cos(angle)]))
    return Dataset(np.concatenate(drawn), np.repeat(np.arange(arms), count))


def circles(
    points_per_class: int = 100, classes: int = 2, *, noise: float = 0.05, rng: Rng = None
) -> Dataset:
    """Draw circles around one another: class k, counted from 0, has the radius (k + 1) / K.

    Parameters
    ----------
    points_per_class, classes, rng
        As for `spiral`.
    noise : float
        Standard deviation of both coordinates' noise, at most a million.

    Returns
    -------
    Dataset
        Points and labels, class after class.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    count, kinds, spread, stream = _checked_drawing(points_per_class, classes, noise, rng)
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    circle = np.column_stack([np.sin(angle), np.cos(angle)])
    return _scattered([circle * (k + 1) / kinds for k in range(kinds)], spread, stream)


def moons(
    points_per_class: int = 100, classes: int = 2, *, noise: float = 0.05, rng: Rng = None
) -> Dataset:
    """Draw two half circles, each of which ends inside the other.

    Parameters
    ----------
    points_per_class, noise, rng
        As for `circles`.
    classes : int
        There are 2.

    Returns
    -------
    Dataset
        Points and labels, class after class.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    _check_two("moons", classes)
    count, _, spread, stream = _checked_drawing(points_per_class, 2, noise, rng)
    angle = np.linspace(0, np.pi, count)
    upper = 0.6 * np.column_stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25])
    return _scattered([upper, -upper], spread, stream)


def blobs(
    points_per_class: int = 100, classes: int = 3, *, noise: float = 0.15, rng: Rng = None
) -> Dataset:
    """Draw normal clouds around centres that stand evenly on a circle of radius 0.6.

    Parameters
    ----------
    points_per_class, classes, rng
        As for `spiral`.
    noise : float
        Standard deviation of both coordinates, at most a million.

    Returns
    -------
    Dataset
        Points and labels, class after class.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    count, kinds, spread, stream = _checked_drawing(points_per_class, classes, noise, rng)
    angle = 2 * np.pi * np.arange(kinds) / kinds
    centers = 0.6 * np.column_stack([np.sin(angle), np.cos(angle)])
    return _scattered([np.tile(center, (count, 1)) for center in centers], spread, stream)


def checkerboard(
    points_per_class: int = 100, classes: int = 2, *, noise: float = 0.0, rng: Rng = None
) -> Dataset:
    """Draw points from the fields of a board of four by four, its colours the classes.

    Parameters
    ----------
    points_per_class, noise, rng
        As for `circles`; points are uniform within their fields before noise is added.
    classes : int
        There are 2.

    Returns
    -------
    Dataset
        Points and labels, class after class.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    _check_two("checkerboard", classes)
    count, _, spread, stream = _checked_drawing(points_per_class, 2, noise, rng)
    boards = []
    for color in range(2):
        # Field by field in turn: each of the eight of a colour has as many points as any other.
        pair, column = np.divmod(np.arange(count) % 8, 4)
        row = 2 * pair + (column + color) % 2
        within = stream.uniform(size=(count, 2))
        boards.append((np.column_stack([column, row]) + within) / 2 - 1)
    return _scattered(boards, spread, stream)


def _checked_drawing(
    points_per_class: int, classes: int, noise: float, rng: Rng
) -> tuple[int, int, float, Any]:
    count = whole_number("points_per_class", points_per_class, at_least=1)
    kinds = whole_number("classes", classes, at_least=2, at_most=MOST_CLASSES)
    not_too_many("points_per_class", 2 * count * kinds, "coordinates", points_per_class)
    spread = real_number("noise", noise, zero_allowed=True, at_most=1e6)
    return count, kinds, spread, random_stream(rng)


def _check_two(name: str, classes: int) -> None:
    if whole_number("classes", classes, at_least=2, at_most=MOST_CLASSES) != 2:
        raise ValueError(f"classes must be 2 for {name}; got {classes}")


def _scattered(shapes: list[NDArray[np.float64]], noise: float, stream: Any) -> Dataset:
    """Return the classes' points with normal noise added to both coordinates."""
    points = [shape + noise * stream.standard_normal(shape.shape) for shape in shapes]
    return Dataset(np.concatenate(points), np.repeat(np.arange(len(shapes)), len(shapes[0])))


DATASETS: dict[str, Callable[..., Dataset]] = {
    "spiral": spiral,
    "circles": circles,
    "moons": moons,
    "blobs": blobs,
    "checkerboard": checkerboard,
}
"""What draws each kind of data, by name."""
