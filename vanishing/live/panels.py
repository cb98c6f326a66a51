"""The live picture: panels on one Matplotlib figure whose moving parts alone are drawn anew.

A full drawing of axes and text takes about 100 ms, of the moving artists 5 ms. So the rest is
kept as an image, and drawn anew only where a panel says that it has outgrown its limits.

To add a panel, write a class with `setup` and `update` and enter it in `PANELS`.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from PIL import Image

from vanishing import figures
from vanishing.data import Dataset
from vanishing.experiment import Experiment
from vanishing.ledger import ledger
from vanishing.ledger_figures import draw_bars, waterfall_bars
from vanishing.network import Network

DPI = 96
"""At this resolution a point of type is 4/3 pixels of a picture that is `WIDTH` pixels wide."""

WIDTH = 840
"""Pixels; what JupyterLab leaves for an output on a screen of 1280."""

REACH = 1.2
"""The maps reach this far in all directions; the spiral reaches 1."""

MAP_GRID = 41
"""A network is asked on so many points in each direction of the live map."""

CURVE_BUCKETS = 250
"""Stretches of a live curve, about two pixels wide each."""

DECADES = 3
"""Logarithmic limits give way by so many decades at once, so that they do so rarely."""


@dataclass
class Scene:
    """What is to be seen.

    Parameters
    ----------
    experiment : Experiment
        The data and the networks.
    measure : str or callable
        How a gradient's size is read.
    iterations : int
        Where the axes of iterations end.
    """

    experiment: Experiment
    measure: figures.Measure = "lecture statistic"
    iterations: int = 50_000

    @property
    def frame(self) -> tuple[Any, ...]:
        """What decides titles, legends and the number of artists."""
        settings = self.experiment.settings
        return settings.activations, settings.sizes, self.measure, self.iterations


class Panel:
    """One panel of the picture.

    Attributes
    ----------
    square : bool
        Whether its axes are square maps, in the left column, rather than wide ones at the right.
    outgrown : bool
        Set by `update` when limits were changed: then axes and text are drawn anew.
    """

    square = False
    outgrown = False

    def count(self, scene: Scene) -> int:  # noqa: ARG002 (others need the scene)
        """Return how many axes the panel takes."""
        return 1

    def setup(self, axes: Sequence[Axes], scene: Scene) -> None:
        """Draw on empty axes what does not move, and make the artists that do."""
        raise NotImplementedError

    def update(self, scene: Scene) -> list[Artist]:
        """Bring the moving artists up to date and return them, lowest first."""
        raise NotImplementedError


class PointsPanel(Panel):
    """The data."""

    square = True

    def setup(self, axes: Sequence[Axes], scene: Scene) -> None:
        """Draw the points and the names of their classes."""
        (ax,) = axes
        self.drawn = figures.points(ax, scene.experiment.data)
        ax.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1), xlabel="", ylabel="")
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=4,
            frameon=False,
            handletextpad=0.1,
            columnspacing=1,
            borderaxespad=0.1,
        )

    def update(self, scene: Scene) -> list[Artist]:
        """Move the points."""
        figures.move_points(self.drawn, scene.experiment.data)
        return list(self.drawn)


class Pixels(Artist):
    """An image that fills an axes pixel by pixel: drawn a hundred times faster than `imshow`."""

    def __init__(self, ax: Axes) -> None:
        super().__init__()
        self.set_figure(ax.figure)
        self.axes = ax
        box = ax.bbox
        self.corner = round(box.x0), round(box.y0)
        self.size = round(box.width), round(box.height)
        self.pixels = np.full((*self.size[::-1], 4), 255, np.uint8)

    def draw(self, renderer: Any) -> None:
        """Copy the pixels, the first row at the bottom."""
        renderer.draw_image(renderer.new_gc(), *self.corner, self.pixels)

    def stamp(self, artists: Sequence[Artist]) -> None:
        """Keep the picture of these artists, on nothing, as pixels."""
        figure: Any = self.figure
        make: Any = RendererAgg
        renderer = make(*figure.bbox.size, figure.dpi)
        for artist in artists:
            artist.draw(renderer)
        upright = np.asarray(renderer.buffer_rgba())[::-1]
        (left, low), (width, height) = self.corner, self.size
        self.pixels = upright[low : low + height, left : left + width].copy()


class RegionsPanel(Panel):
    """The decision regions of each network, with the data on top."""

    square = True

    def count(self, scene: Scene) -> int:
        """Return the number of networks."""
        return len(scene.experiment.trainers)

    def setup(self, axes: Sequence[Axes], scene: Scene) -> None:
        """Prepare each network's map."""
        self.images = [Pixels(ax) for ax in axes]
        # Points seldom move: they are drawn when they do, and laid over the map as an image.
        self.overlays = [Pixels(ax) for ax in axes]
        self.drawn = np.empty(0)
        corners = (-REACH, -REACH), (REACH, REACH)
        self.map = figures.RegionMap(*corners, (MAP_GRID, MAP_GRID), self.images[0].size)
        for ax, name in zip(axes, scene.experiment.settings.activations, strict=True):
            ax.grid(visible=False)
            figures.caption(ax, f"{figures.activation_label(name)}: decision regions")

    def update(self, scene: Scene) -> list[Artist]:
        """Ask the networks as they are now."""
        if not np.array_equal(self.drawn, scene.experiment.data.points):
            self._draw_points(scene.experiment.data)
        for image, trainer in zip(self.images, scene.experiment.trainers, strict=True):
            image.pixels = self.map.colors(trainer.network)
        return [*self.images, *self.overlays]

    def _draw_points(self, data: Dataset) -> None:
        self.drawn = data.points
        for overlay in self.overlays:
            ax = overlay.axes
            assert isinstance(ax, Axes)
            points = figures.points(ax, data, size=26 if len(self.overlays) == 1 else 14)
            ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xlabel="", ylabel="")
            ax.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
            overlay.stamp(points)
            for dots in points:
                dots.remove()


class CurvesPanel(Panel):
    """Curves over iterations, both axes logarithmic."""

    limits = (1e-5, 1.0)
    furthest = (1e-40, 1e12)
    headroom = 1.0
    """The factor from the highest value that is meant to be seen to the upper edge."""

    def setup(self, axes: Sequence[Axes], scene: Scene) -> None:
        """Draw empty axes and one empty line a curve."""
        (self.ax,) = axes
        figures.iteration_axis(self.ax, log=True)
        low, high = self.limits
        self.ax.set(xlim=(0, scene.iterations), yscale="log", ylim=(low, high * self.headroom))
        if not self.ax.get_subplotspec().is_last_row():  # type: ignore[union-attr]
            self.ax.set_xlabel("")
            self.ax.tick_params(labelbottom=False)
        self.lines = self.empty_lines(scene)

    def empty_lines(self, scene: Scene) -> list[Line2D]:
        """Return one empty line for each column of `values`."""
        raise NotImplementedError

    def values(self, scene: Scene, network: int) -> NDArray[Any]:
        """Return the curves of one network, of shape (T, curves)."""
        raise NotImplementedError

    def update(self, scene: Scene) -> list[Artist]:
        """Lengthen the curves."""
        lines = iter(self.lines)
        found = []
        for network in range(len(scene.experiment.trainers)):
            iterations, curves = figures.thinned(
                self.values(scene, network), log=True, buckets=CURVE_BUCKETS
            )
            found.append(curves)
            for curve in curves.T:
                next(lines).set_data(iterations, curve)
        self._make_room(np.concatenate(found, axis=None))
        return list(self.lines)

    def _make_room(self, values: NDArray[Any]) -> None:
        shown = values[np.isfinite(values) & (values > 0)]
        low, high = wide_enough(shown, self.limits, self.furthest)
        high *= self.headroom
        self.outgrown = (low, high) != self.ax.get_ylim()
        if self.outgrown:
            self.ax.set_ylim(low, high)


def wide_enough(
    values: NDArray[Any], limits: tuple[float, float], furthest: tuple[float, float]
) -> tuple[float, float]:
    """Return logarithmic limits that hold the values: the given ones, or wider by whole steps."""
    low, high = limits
    if values.size:
        below = math.log10(low / min(low, max(values.min(), furthest[0])))
        above = math.log10(min(max(high, values.max()), furthest[1]) / high)
        low *= 10.0 ** (-DECADES * math.ceil(below / DECADES))
        high *= 10.0 ** (DECADES * math.ceil(above / DECADES))
    return low, high


class LossPanel(CurvesPanel):
    """The loss of each network, and ln K."""

    limits = (0.05, 5.0)
    furthest = (1e-6, 5e6)

    def empty_lines(self, scene: Scene) -> list[Line2D]:
        """Return one line a network."""
        settings = scene.experiment.settings
        figures.caption(self.ax, "Loss")
        figures.chance_line(self.ax, settings.sizes[-1]).set_label(
            f"guessing: ln {settings.sizes[-1]}"
        )
        self.ax.yaxis.set_major_formatter("{x:g}")
        lines = [_line(self.ax, name, 1) for name in settings.activations]
        for line, name in zip(lines, settings.activations, strict=True):
            line.set_label(figures.activation_label(name))
        self.ax.legend(
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=3,
            frameon=False,
            handlelength=1.2,
            columnspacing=1,
            borderaxespad=0.1,
        )
        return lines

    def values(self, scene: Scene, network: int) -> NDArray[Any]:
        """Return the loss."""
        return scene.experiment.trainers[network].history.loss[:, None]


class GradientsPanel(CurvesPanel):
    """The gradient's size in each hidden layer of each network."""

    headroom = 10.0  # The legend stands there.

    def empty_lines(self, scene: Scene) -> list[Line2D]:
        """Return one line for each hidden layer of each network."""
        settings = scene.experiment.settings
        name = scene.measure if isinstance(scene.measure, str) else "size"
        figures.caption(self.ax, f"Gradient: {getattr(scene.measure, 'name', name)}")
        layers = range(1, settings.hidden_layers + 1)
        lines = [_line(self.ax, name, layer) for name in settings.activations for layer in layers]
        ends = [1, len(layers)] if len(layers) > 3 else list(layers)
        for number, line in enumerate(lines):
            if number % len(layers) + 1 not in ends:
                line.set(linewidth=1, alpha=0.6)
        self._name_layers(ends)
        return lines

    def _name_layers(self, layers: Sequence[int]) -> None:
        # Hue tells the network and is named beside the loss; here only the line styles are.
        marks = [
            Line2D([], [], color="0.25", ls=figures.layer_style(k), label=f"layer {k}")
            for k in dict.fromkeys(layers)
        ]
        self.ax.legend(handles=marks, loc="upper right", ncols=3, borderpad=0.3, handlelength=2.4)

    def values(self, scene: Scene, network: int) -> NDArray[Any]:
        """Return the measure for all layers that end in hidden units."""
        history = scene.experiment.trainers[network].history
        return figures.measured(history, scene.measure)[:, :-1]


FOOTER = 0.22
"""The share of the ledger's panel that its names take at the bottom."""


class LedgerPanel(Panel):
    """What weights and slopes do to the error on its way back, in decades, network by network."""

    limits = (-4.0, 2.0)

    def setup(self, axes: Sequence[Axes], scene: Scene) -> None:
        """Draw empty axes and one bar for each factor."""
        (self.ax,) = axes
        settings = scene.experiment.settings
        hidden = settings.hidden_layers
        figures.caption(self.ax, "Ledger, in decades")
        self.ax.axhline(0, color="0.25", linewidth=1)
        self.ax.grid(visible=False, axis="x")
        self.bars, ticks = [], []
        for number, name in enumerate(settings.activations):
            x = np.arange(hidden) + number * (hidden + 0.5)
            self.bars.append(draw_bars(self.ax, x, *np.zeros((2, 2, hidden))))
            ticks += list(zip(x, range(hidden, 0, -1), strict=True))
            self._name(x[0] - 0.4, name)
        self.ax.set_xticks(*zip(*ticks, strict=True))
        # All within the axes: what stands below must not touch the panel underneath.
        self.ax.tick_params(axis="x", direction="in", pad=-20)
        self.ax.set(ylim=self.limits, xlim=(-0.7, ticks[-1][0] + 0.7))
        self.ax.legend(
            handles=self.bars[0],
            loc="lower right",
            bbox_to_anchor=(1, 0.98),
            ncols=2,
            frameon=False,
            borderaxespad=0,
        )

    def _name(self, x: float, activation: str) -> None:
        label = f"{figures.activation_label(activation)}: to layer"
        place = self.ax.get_xaxis_transform()
        color = figures.activation_color(activation)
        self.ax.text(x, 0.14, label, transform=place, color=color, fontweight="bold")

    def update(self, scene: Scene) -> list[Artist]:
        """Make the accounts of the networks as they are now."""
        lowest = highest = 0.0
        for bars, trainer in zip(self.bars, scene.experiment.trainers, strict=True):
            bottoms, heights = _waterfall(trainer.network, scene.experiment.data)
            for container, y, height in zip(bars, bottoms, heights, strict=True):
                for bar, *place in zip(container, y, height, strict=True):
                    bar.set(y=place[0], height=place[1])
            ends = bottoms + heights
            lowest, highest = min(lowest, ends.min()), max(highest, ends.max())
        self._make_room(lowest, highest)
        return [bar for bars in self.bars for container in bars for bar in container]

    def _make_room(self, lowest: float, highest: float) -> None:
        low, high = self.limits
        high += DECADES * math.ceil(max(highest - high, 0) / DECADES)
        while low + FOOTER * (high - low) > lowest:
            low -= DECADES
        self.outgrown = (low, high) != self.ax.get_ylim()
        if self.outgrown:
            self.ax.set_ylim(low, high)


def _waterfall(network: Network, data: Dataset) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the bars of a network's ledger, of height zero where there is no account to make."""
    try:
        return waterfall_bars(ledger(network, data))
    except ValueError:  # It has diverged.
        nothing = np.zeros((2, len(network.weights) - 1))
        return nothing, nothing


def _line(ax: Axes, activation: str, layer: int) -> Line2D:
    color, style = figures.activation_color(activation), figures.layer_style(layer)
    (line,) = ax.plot([], [], color=color, linestyle=style)
    return line


PANELS: dict[str, type[Panel]] = {
    "points": PointsPanel,
    "regions": RegionsPanel,
    "loss": LossPanel,
    "gradients": GradientsPanel,
    "ledger": LedgerPanel,
}
"""The known panels by name."""


class Picture:
    """Panels on one figure: square maps in a column at the left, wide panels at the right.

    Parameters
    ----------
    panels : sequence of str
        Names in `PANELS`.
    scene : Scene
        What is to be seen first.
    width : int
        Pixels.

    Raises
    ------
    ValueError
        If a panel is not known.
    """

    def __init__(self, panels: Sequence[str], scene: Scene, *, width: int = WIDTH) -> None:
        unknown = [name for name in panels if name not in PANELS]
        if unknown or not panels:
            known = ", ".join(map(repr, PANELS))
            raise ValueError(f"panels must be some of {known}; got {tuple(panels)!r}")
        self._kinds = [PANELS[name] for name in panels]
        self.width = width
        self.release()
        self.show(scene)

    def release(self) -> None:
        """Let go of the figure and all that was drawn; `show` makes them anew."""
        self.panels = [kind() for kind in self._kinds]
        self.figure: Any = None
        self.canvas: Any = None
        self._frame: Any = None
        self._background: Any = None

    def show(self, scene: Scene) -> None:
        """Draw the scene; only what moves, wherever that is enough."""
        if scene.frame != self._frame:
            self._build(scene)
        artists = [artist for panel in self.panels for artist in panel.update(scene)]
        if self._background is None or any(panel.outgrown for panel in self.panels):
            self._draw_background(artists)
        self.canvas.restore_region(self._background)
        for artist in artists:
            artist.axes.draw_artist(artist)  # type: ignore[union-attr]

    def jpeg(self) -> bytes:
        """Return the picture as a JPEG file: for the screen, ten times faster than PNG."""
        return self._file("JPEG", quality=85, subsampling=0)

    def png(self) -> bytes:
        """Return the picture as a small PNG file: for the page."""
        return self._file("PNG", colors=128, optimize=True)

    def _file(self, form: str, colors: int = 0, **options: Any) -> bytes:
        pixels = self.canvas.buffer_rgba()
        # The buffer is taken as it is, without a copy; nothing in it is transparent.
        size = pixels.shape[1], pixels.shape[0]
        image = Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1)
        if colors:
            # Not the median cut: it shifts the colours of what is thin, and those name the curves.
            method = Image.Quantize.FASTOCTREE
            image = image.convert("RGB").quantize(colors, method, dither=Image.Dither.NONE)
        file = io.BytesIO()
        image.save(file, form, **options)
        return file.getvalue()

    def _build(self, scene: Scene) -> None:
        maps = sum(panel.count(scene) for panel in self.panels if panel.square)
        wide = sum(panel.count(scene) for panel in self.panels if not panel.square)
        layout = Layout(maps, wide)
        size = layout.width / DPI, layout.height / DPI
        with mpl.rc_context({**figures.STYLE, "figure.constrained_layout.use": False}):
            figure = Figure(size, DPI * self.width / WIDTH)
            self.canvas = FigureCanvasAgg(figure)
            free = {True: layout.maps(figure), False: layout.curves(figure)}
            for panel in self.panels:
                count = panel.count(scene)
                panel.setup([free[panel.square].pop(0) for _ in range(count)], scene)
                panel.outgrown = False
        self.figure = figure
        self._frame = scene.frame
        self._background = None

    def _draw_background(self, artists: Sequence[Artist]) -> None:
        for artist in artists:
            artist.set_animated(True)
        self.canvas.draw()
        self._background = self.canvas.copy_from_bbox(self.figure.bbox)


@dataclass(frozen=True)
class Layout:
    """Where axes stand, in pixels, fixed beforehand so that nothing ever jumps.

    Parameters
    ----------
    square : int
        Maps at the left, one below the other.
    wide : int
        Panels of curves at the right, one below the other.
    """

    square: int
    wide: int

    left = 46
    right = 16
    top = 34
    bottom = 52
    between_maps = 66
    between_curves = 44
    labels = 74

    @property
    def height(self) -> int:
        """The picture's height."""
        return max(440 if self.square < 2 else 580, 200 * self.wide)

    @property
    def width(self) -> int:
        """The picture's width; maps alone need no more than their own."""
        return WIDTH if self.wide else self.left + self.side + self.right

    @property
    def side(self) -> int:
        """The length of a map's side."""
        gaps = self.between_maps * (self.square - 1)
        return (self.height - self.top - self.bottom - gaps) // max(self.square, 1)

    def maps(self, figure: Figure) -> list[Axes]:
        """Add the maps' axes."""
        return self._column(
            figure, self.square, self.left, self.left + self.side, self.between_maps
        )

    def curves(self, figure: Figure) -> list[Axes]:
        """Add the axes of the curves."""
        begin = self.labels + (self.left + self.side if self.square else 0)
        return self._column(figure, self.wide, begin, WIDTH - self.right, self.between_curves)

    def _column(
        self, figure: Figure, count: int, left: float, right: float, between: float
    ) -> list[Axes]:
        if not count:
            return []
        each = (self.height - self.top - self.bottom - between * (count - 1)) / count
        grid = figure.add_gridspec(
            count,
            1,
            left=left / self.width,
            right=right / self.width,
            bottom=self.bottom / self.height,
            top=1 - self.top / self.height,
            hspace=between / each,
        )
        return [figure.add_subplot(grid[row, 0]) for row in range(count)]
