"""The spiral explorer: the lecture's data under sliders."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from vanishing import lecture
from vanishing._checks import one_of, real_number, whole_number
from vanishing.data import Dataset, spiral
from vanishing.experiment import fraction_of_strangers
from vanishing.live.controls import SPIRAL_CONTROLS
from vanishing.live.map_panels import MOST_POINTS, PointsPanel
from vanishing.live.scenes import plane
from vanishing.live.widget import Live, checked_controls

CONTROLS = ("noise", "points_per_class")
"""What can be moved if nothing else is said."""


@dataclass(frozen=True)
class SpiralSettings:
    """How the points are drawn.

    Parameters
    ----------
    noise, points_per_class, seed
        As for `SpiralExplorer`.
    """

    noise: float = lecture.NOISE
    points_per_class: int = lecture.POINTS_PER_CLASS
    seed: int = 0

    def __post_init__(self) -> None:
        noise = real_number("noise", self.noise, zero_allowed=True, at_most=1e6)
        object.__setattr__(self, "noise", noise)
        for name, least, most in (("points_per_class", 1, MOST_POINTS), ("seed", 0, 2**32 - 1)):
            number = whole_number(name, getattr(self, name), at_least=least, at_most=most)
            object.__setattr__(self, name, number)

    def changed(self, name: str, value: Any) -> "SpiralSettings":
        """Return the settings with one of them changed."""
        known = [one.name for one in fields(self)]
        return replace(self, **{one_of("name", name, known): value})


@dataclass
class SpiralScene:
    """The data as the panel sees them."""

    data: Dataset

    @property
    def frame(self) -> Any:
        """What decides limits and legend."""
        return self.data.classes, plane(self.data)


class SpiralExplorer(Live):
    """The spiral data under sliders for noise and points a class.

    Parameters
    ----------
    noise : float
        Standard deviation of the angle's noise, in radians.
    points_per_class : int
        Points on each arm, at most 5,000.
    seed : int
        Of the stream that the data are drawn from.
    controls : sequence of str
        Which sliders to show: some of "noise", "points_per_class" and "seed".

    Attributes
    ----------
    data : Dataset
        The points.
    share : str
        The line of Python that makes the explorer again, with these points.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    catalogue = SPIRAL_CONTROLS
    arguments: ClassVar[frozenset[str]] = frozenset(one.name for one in fields(SpiralSettings))

    def __init__(
        self,
        *,
        noise: float = SpiralSettings.noise,
        points_per_class: int = SpiralSettings.points_per_class,
        seed: int = SpiralSettings.seed,
        controls: Sequence[str] = CONTROLS,
    ) -> None:
        self._data: Dataset | None = None
        self._names = checked_controls(controls, SPIRAL_CONTROLS)
        wanted = SpiralSettings(noise, points_per_class, seed)
        super().__init__(wanted, controls=controls, panels=[PointsPanel])

    def __repr__(self) -> str:
        return "SpiralExplorer()"

    @property
    def data(self) -> Dataset:
        """The points."""
        if self._data is None:
            self.refuse_if_closed()
        assert self._data is not None
        return self._data

    def restart(self, wanted: SpiralSettings) -> None:
        """Draw other points."""
        self._drawn = wanted
        self._data = spiral(
            wanted.points_per_class, lecture.SIZES[-1], noise=wanted.noise, rng=wanted.seed
        )

    def free(self) -> None:
        """Let go of the points."""
        self._data = None

    @property
    def scene(self) -> SpiralScene:
        """What the picture shows."""
        return SpiralScene(self.data)

    @property
    def words(self) -> str:
        """How many points there are, and how far the arms run into each other."""
        drawn, data = self._drawn, self.data
        return (
            f"{len(data)} points: {data.classes} arms of {drawn.points_per_class}, "
            f"noise {drawn.noise:g}, "
            f"{fraction_of_strangers(data):.0%} of the points have their nearest neighbor in "
            "another arm"
        )

    @property
    def share(self) -> str:
        """The line of Python that makes this explorer again, with these points."""
        given = {one.name: getattr(self._drawn, one.name) for one in fields(SpiralSettings)}
        told = [
            f"{name}={value!r}"
            for name, value in {**given, "controls": self._names}.items()
            if value != USUAL[name]
        ]
        return f"SpiralExplorer({', '.join(told)})"


USUAL = {**{one.name: one.default for one in fields(SpiralSettings)}, "controls": CONTROLS}
"""What is left out of the line to share."""
