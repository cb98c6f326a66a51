"""The data: points in the plane, each with the label of its class."""

from dataclasses import dataclass

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

    @property
    def classes(self) -> int:
        """The number of classes: the largest label plus one."""
        return int(self.labels.max()) + 1

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Dataset({len(self)} points, {self.classes} classes)"


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
