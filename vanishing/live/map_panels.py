"""Panels that are maps of the plane: data, decision regions, hidden units."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from vanishing import figures
from vanishing.data import Dataset
from vanishing.live.lettering import CHARACTER, DOT, fitting, titles, usual_width
from vanishing.live.picture import Panel, Pixels
from vanishing.live.scenes import REACH, ExperimentScene, HasData, plane

MAP_GRID = 41
"""A network is asked on so many points in each direction of the live map."""

MOST_POINTS = 5000
"""Points a class; with more no map can be read, and nothing is live."""


def check_plane(data: Dataset) -> None:
    """Raise where points cannot be drawn on a map."""
    if data.points.shape[1] != 2:
        raise ValueError(
            "data must have points of 2 coordinates for the panels 'points', 'regions' and "
            f"'units'; got {data.points.shape[1]}"
        )


def show_plane(ax: Axes, data: Dataset) -> None:
    """Give a map its limits and few ticks."""
    low, high = plane(data)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="", ylabel="")
    if (place := ax.get_subplotspec()) is not None:
        # All maps show the same plane: the first of a row names its heights.
        ax.tick_params(labelleft=place.is_first_col())
    if high == (REACH, REACH):
        ax.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    else:
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(3))


class PointsPanel(Panel):
    """The data."""

    square = True

    def setup(self, axes: Sequence[Axes], scene: HasData) -> None:
        """Draw the points and the names of their classes."""
        (ax,) = axes
        check_plane(scene.data)
        self.drawn = figures.points(ax, scene.data)
        show_plane(ax, scene.data)
        self._name_classes(ax)

    def _name_classes(self, ax: Axes) -> None:
        """Name as many classes above the map as fit there."""
        names = [f"class {label}" for label in range(len(self.drawn))]
        room = usual_width(ax)
        if sum(len(name) * CHARACTER + DOT for name in names) > room:
            names[1:] = map(str, range(1, len(names)))
        room -= len("class ") * CHARACTER
        most = max(int(room / (CHARACTER + DOT)), 1)
        ax.legend(
            handles=self.drawn[:most],
            labels=names[:most],
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=most,
            frameon=False,
            handletextpad=0,
            handlelength=1.4,
            columnspacing=0.6,
            borderaxespad=0.1,
            borderpad=0.2,
        )

    def update(self, scene: HasData) -> list[Artist]:
        """Move the points."""
        figures.move_points(self.drawn, scene.data)
        return list(self.drawn)


class RegionsPanel(Panel):
    """The decision regions of each network, with the data on top."""

    square = True

    def count(self, scene: ExperimentScene) -> int:
        """Return the number of networks."""
        return len(scene.experiment.trainers)

    def setup(self, axes: Sequence[Axes], scene: ExperimentScene) -> None:
        """Prepare each network's map."""
        check_plane(scene.data)
        self.images = [Pixels(ax) for ax in axes]
        # Points seldom move: they are drawn when they do, and laid over the map as an image.
        self.overlays = [Pixels(ax) for ax in axes]
        self.drawn = np.empty(0)
        labels = [variant.label for variant in scene.experiment.settings.variants]
        for ax, title in zip(axes, titles(labels, usual_width(axes[0])), strict=True):
            ax.grid(visible=False)
            show_plane(ax, scene.data)
            figures.caption(ax, title)
        ends, grid = plane(scene.data), (MAP_GRID, MAP_GRID)
        self.map = figures.RegionMap(*ends, grid, self.images[0].size)

    def update(self, scene: ExperimentScene) -> list[Artist]:
        """Ask the networks as they are now."""
        if not np.array_equal(self.drawn, scene.data.points):
            self._draw_points(scene.data)
        for image, trainer in zip(self.images, scene.trainers, strict=True):
            image.pixels = self.map.colors(trainer.network, coarse=self.moving)
        return [*self.images, *self.overlays]

    def _draw_points(self, data: Dataset) -> None:
        self.drawn = data.points
        for overlay in self.overlays:
            ax = overlay.axes
            assert isinstance(ax, Axes)
            points = figures.points(ax, data, size=26 if len(self.overlays) == 1 else 14)
            show_plane(ax, data)
            overlay.stamp(points)
            for dots in points:
                dots.remove()


class UnitsPanel(Panel):
    """What each unit of a hidden layer answers over the plane; dead ones are crossed."""

    square = True

    def count(self, scene: ExperimentScene) -> int:
        """Return the number of networks."""
        return len(scene.experiment.trainers)

    def setup(self, axes: Sequence[Axes], scene: ExperimentScene) -> None:
        """Prepare each network's image, and room for what is said of it."""
        check_plane(scene.data)
        self.images = [Pixels(ax) for ax in axes]
        below: dict[str, Any] = {"va": "top", "fontsize": 12}
        self.notes = [ax.text(0, -0.02, "", transform=ax.transAxes, **below) for ax in axes]
        trainers, variants = scene.experiment.trainers, scene.experiment.settings.variants
        sizes = [trainer.network.sizes for trainer in trainers]
        self.layers = [min(scene.unit_layer, len(one) - 2) for one in sizes]
        width = usual_width(axes[0])
        for ax, variant, layer in zip(axes, variants, self.layers, strict=True):
            ax.set(xticks=(), yticks=())
            ax.set_axis_off()
            whole = f"{variant.label}: units of layer {layer}"
            short = f"layer {layer}: {variant.label}"
            figures.caption(ax, whole if fitting(whole, width) == whole else fitting(short, width))
        self.map = figures.UnitMap(*plane(scene.data), self.images[0].size)

    def update(self, scene: ExperimentScene) -> list[Artist]:
        """Ask the units as they are now."""
        drawn = zip(self.images, self.notes, self.layers, scene.trainers, strict=True)
        for image, note, layer, trainer in drawn:
            units = self.map.ask(trainer.network, scene.data, layer)
            image.pixels = self.map.colors(units)
            note.set_text(str(units))
        return [*self.images, *self.notes]
