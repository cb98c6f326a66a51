"""The live picture: panels on one Matplotlib figure whose moving parts alone are drawn anew.

A full drawing of axes and text takes about 100 ms, of the moving artists 5 ms. So the rest is
kept as an image, and of it only the axes of a panel that has outgrown its limits are drawn anew.

What is to be seen is a `Scene`; a `Panel` draws some of it. Picture and layout know nothing more.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from operator import is_not
from typing import Any, Protocol

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont as find_font
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vanishing import figures

DPI = 96
"""At this resolution a point of type is 4/3 pixels of a picture that is `WIDTH` pixels wide."""

WIDTH = 840
"""Pixels that a picture of few panels is wide in its natural size, as it stands in a page."""

DRAWN = 1260
"""Pixels that a live picture is drawn with: half as many again, for large and for fine screens.

Measured with two networks: a picture takes 2 ms longer than with 840, and 1680 would take 2 more
and twice the bytes.
"""

NOTE, TYPE = 30, 16
"""Pixels that the line of text under a picture takes, and that its type is high."""


class Scene(Protocol):
    """What is to be seen."""

    @property
    def frame(self) -> Any:
        """What decides titles, legends and the number of artists.

        Where it differs from that of the last scene, all is drawn from scratch.
        """


class Panel:
    """One panel of the picture; make your own with `setup` and `update`.

    Attributes
    ----------
    square : bool
        Whether its axes are square maps, at the left, rather than wide ones at the right.
    banner : bool
        Whether its axes are a low strip below all others, over the whole width.
    over_iterations : bool
        Whether its horizontal axis is the iterations'.
    continued : bool
        Set by the picture: whether the panel below has the same axis, so that its numbers serve.
    moving : bool
        Set by the picture: whether the next one follows at once, so that a panel may leave out
        what takes long and is seen at rest only.
    outgrown : bool
        Set by `update` when limits were changed: then axes and text are drawn anew.
    still : list of Artist
        Set by `update`: artists beneath the moving ones that are drawn once, as long as this is
        the same list, and again when it is another.
    """

    square = False
    banner = False
    over_iterations = False
    continued = False
    moving = False
    outgrown = False
    still: Sequence[Artist] = ()

    def count(self, scene: Any) -> int:  # noqa: ARG002 (others need the scene)
        """Return how many axes the panel takes."""
        return 1

    def setup(self, axes: Sequence[Axes], scene: Any) -> None:
        """Draw on empty axes what does not move, and make the artists that do."""
        raise NotImplementedError

    def update(self, scene: Any) -> list[Artist]:
        """Bring the moving artists up to date and return them, lowest first."""
        raise NotImplementedError


class Pixels(Artist):
    """An image that fills an axes pixel by pixel: drawn a hundred times faster than `imshow`.

    Attributes
    ----------
    size : tuple of int
        Columns and rows.
    pixels : ndarray of uint8, shape (rows, columns, 4)
        The image in RGBA, its first row at the bottom.
    """

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


class Lettering:
    """Texts as pixels, each drawn once: Matplotlib takes a millisecond for a word.

    Parameters
    ----------
    figure : Figure
        Whose resolution they have.
    """

    def __init__(self, figure: Any) -> None:
        self._figure = figure
        self._known: dict[tuple[str, float], NDArray[np.float64]] = {}

    def opacity(self, text: str, size: float) -> NDArray[np.float64]:
        """Return how much ink there is in each pixel, from 0 to 1, the first row on top.

        Parameters
        ----------
        text : str
            What is written.
        size : float
            In points.
        """
        key = text, size
        if key not in self._known:
            self._known[key] = self._drawn(text, size)
        return self._known[key]

    def _drawn(self, text: str, size: float) -> NDArray[np.float64]:
        make: Any = RendererAgg
        # All texts of a size are of the same height, so that they stand on one line.
        height = round(1.7 * size * self._figure.dpi / 72)
        written = Text(1, 0.3 * height, text, fontsize=size, figure=self._figure)
        width = 2 + math.ceil(written.get_window_extent(make(1, 1, self._figure.dpi)).width)
        renderer = make(width, height, self._figure.dpi)
        written.draw(renderer)
        return np.asarray(renderer.buffer_rgba())[..., 3] / 255


class Picture:
    """Panels on one figure: square maps at the left, wide panels at the right, banners below.

    Parameters
    ----------
    panels : sequence of subclasses of Panel
        What to draw.
    scene : Scene
        What is to be seen first.
    width : int, optional
        Pixels to draw it with, which make it finer and not other; left out, its natural size.

    Attributes
    ----------
    panels : list of Panel
        One for each of the classes.
    figure : Figure
        What they are drawn on.
    layout : Layout
        Where they stand on it.
    """

    layout: "Layout"

    def __init__(
        self, panels: Sequence[type[Panel]], scene: Scene, *, width: int | None = None
    ) -> None:
        self._kinds = panels
        self._width = width
        self.release()
        self.show(scene)

    def release(self) -> None:
        """Let go of the figure and all that was drawn; `show` makes them anew."""
        self.panels = [kind() for kind in self._kinds]
        self.figure: Any = None
        self._canvas: Any = None
        self._frame: Any = None
        self._background: Any = None
        self._with_still: Any = None
        self._still: list[Sequence[Artist]] | None = None
        self._axes: list[list[Axes]] = []
        self._boxes: list[Bbox] = []

    def show(self, scene: Scene, *, moving: bool = False) -> None:
        """Draw the scene; only what moves, wherever that is enough.

        Parameters
        ----------
        scene : Scene
            What is to be seen.
        moving : bool
            Whether the next picture follows at once.
        """
        frame = scene.frame
        if self.figure is None or frame != self._frame:
            # Should building fail, the next picture begins from scratch again.
            self.figure = None
            self._build(scene)
            self._frame = frame
        for panel in self.panels:
            panel.moving = moving
        artists = [artist for panel in self.panels for artist in panel.update(scene)]
        still = [panel.still for panel in self.panels]
        outgrown = {number for number, panel in enumerate(self.panels) if panel.outgrown}
        if self._background is None:
            self._draw_background([*chain(*still), *artists])
        elif outgrown:
            self._draw_again(self._with_neighbors(outgrown), [*chain(*still), *artists])
        if self._still is None or any(map(is_not, still, self._still)):
            self._draw_still(still)
        self._canvas.restore_region(self._with_still)
        _draw(artists)

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture as it was shown last, in RGB, of shape (rows, columns, 3)."""
        return np.asarray(self._canvas.buffer_rgba())[..., :3].copy()

    def jpeg(self, *, moving: bool = False) -> bytes:
        """Return the picture as a JPEG file: for the screen, ten times faster than PNG.

        Parameters
        ----------
        moving : bool
            Whether the next picture follows at once. Then colours are stored at half the
            resolution, as in films: kernel and browser have less to do.
        """
        return self._file("JPEG", quality=80, subsampling=2 if moving else 0)

    def png(self, note: str = "") -> bytes:
        """Return the picture as a small PNG file: for the page; a note stands beneath it."""
        return self._file("PNG", note, colors=128, optimize=True)

    def _file(self, form: str, note: str = "", colors: int = 0, **options: Any) -> bytes:
        pixels = self._canvas.buffer_rgba()
        # The buffer is taken as it is, without a copy; nothing in it is transparent.
        size = pixels.shape[1], pixels.shape[0]
        image = Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1)
        if note:
            image = with_note(image.convert("RGB"), note)
        if colors:
            # Not the median cut: it shifts the colours of what is thin, and those name the curves.
            method = Image.Quantize.FASTOCTREE
            image = image.convert("RGB").quantize(colors, method, dither=Image.Dither.NONE)
        file = io.BytesIO()
        image.save(file, form, **options)
        return file.getvalue()

    def _build(self, scene: Scene) -> None:
        counts = dict.fromkeys(("map", "wide", "banner"), 0)
        for panel in self.panels:
            counts[_kind(panel)] += panel.count(scene)
        self.layout = layout = Layout(*counts.values())
        size = layout.width / DPI, layout.height / DPI
        with mpl.rc_context({**figures.STYLE, "figure.constrained_layout.use": False}):
            figure = Figure(size, DPI * (self._width or layout.width) / layout.width)
            self._canvas = FigureCanvasAgg(figure)
            makers = layout.maps, layout.curves, layout.strips
            free = {kind: make(figure) for kind, make in zip(counts, makers, strict=True)}
            self._find_neighbors(layout.stacks, scene)
            self._axes = [
                [free[_kind(panel)].pop(0) for _ in range(panel.count(scene))]
                for panel in self.panels
            ]
            for panel, axes in zip(self.panels, self._axes, strict=True):
                panel.setup(axes, scene)
                panel.outgrown = False
        self.figure = figure
        self._background = self._still = None

    def _find_neighbors(self, stacks: Sequence[int], scene: Scene) -> None:
        """Tell each wide panel whether the one below goes on with its axis."""
        wide = [panel for panel in self.panels if _kind(panel) == "wide"]
        column = [panel for panel in wide for _ in range(panel.count(scene))]
        for count in stacks:
            for above, below in pairwise(column[:count]):
                above.continued = above.over_iterations and below.over_iterations
            del column[:count]

    def _draw_background(self, artists: Sequence[Artist]) -> None:
        for artist in artists:
            artist.set_animated(True)
        self._canvas.draw()
        self._keep_background()
        self._boxes = [self._box(axes) for axes in self._axes]

    def _keep_background(self) -> None:
        self._background = self._canvas.copy_from_bbox(self.figure.bbox)
        self._still = None

    def _draw_still(self, still: list[Sequence[Artist]]) -> None:
        """Lay what stays as it is over the background."""
        self._canvas.restore_region(self._background)
        _draw([*chain(*still)])
        self._with_still = self._canvas.copy_from_bbox(self.figure.bbox)
        self._still = still

    def _draw_again(self, numbers: set[int], artists: Sequence[Artist]) -> None:
        """Draw the axes of some panels anew, and leave what the others have there as it is."""
        for artist in artists:
            artist.set_animated(True)
        self._canvas.restore_region(self._background)
        pixels = np.asarray(self._canvas.buffer_rgba())
        for number in numbers:
            (left, low), (right, high) = np.round(self._boxes[number].get_points()).astype(int)
            pixels[max(len(pixels) - high, 0) : len(pixels) - low, max(left, 0) : right] = 255
        for number in numbers:
            for ax in self._axes[number]:
                ax.draw(self._canvas.get_renderer())
            self._boxes[number] = self._box(self._axes[number])
        self._keep_background()

    def _box(self, axes: Sequence[Axes]) -> Bbox:
        """Return what all that belongs to some axes takes of the picture, in pixels."""
        found = [ax.get_tightbbox(self._canvas.get_renderer()) for ax in axes]
        return Bbox.union([box for box in found if box is not None]).padded(2)

    def _with_neighbors(self, numbers: set[int]) -> set[int]:
        """Return panels, and those that take a part of the same place, and so on."""
        near = {
            other
            for other, box in enumerate(self._boxes)
            if any(box.overlaps(self._boxes[number]) for number in numbers)
        }
        return near if near == numbers else self._with_neighbors(near)


def _draw(artists: Sequence[Artist]) -> None:
    for artist in artists:
        artist.axes.draw_artist(artist)  # type: ignore[union-attr]


def _kind(panel: Panel) -> str:
    """Return where a panel stands."""
    if panel.square:
        return "map"
    return "banner" if panel.banner else "wide"


def with_note(image: Image.Image, note: str) -> Image.Image:
    """Return a picture in RGB with a line of text beneath it."""
    whole = Image.new("RGB", (image.width, image.height + NOTE), "white")
    whole.paste(image)
    font = ImageFont.truetype(find_font("DejaVu Sans:style=oblique"), TYPE)
    left, middle = Layout.left, image.height + NOTE // 2
    ImageDraw.Draw(whole).text((left, middle), note, fill="#404040", font=font, anchor="lm")
    return whole


@dataclass(frozen=True)
class Layout:
    """Where axes stand, in pixels of a picture of natural size, fixed so that nothing ever jumps.

    Parameters
    ----------
    square : int
        Maps, at the left: two side by side, more in rows.
    wide : int
        Panels of curves at the right: one column of them, from three on two; without maps three
        from five on.
    banners : int
        Strips below all others.
    """

    square: int
    wide: int
    banners: int = 0

    left = 46
    right = 16
    top = 34
    bottom = 52
    between_rows = 66
    between_columns = 40
    between_curves = 52
    labels = 74
    narrowest_curves = 310
    tall = 225
    strip = 100
    above_strip = 34
    under_strip = 6
    most_columns = 4

    @property
    def columns(self) -> int:
        """How many maps stand side by side."""
        if self.square <= 2:
            return self.square
        return min(-(-self.square // 2), self.most_columns)

    @property
    def rows(self) -> int:
        """How many maps stand one below the other."""
        return -(-self.square // max(self.columns, 1))

    @property
    def side(self) -> int:
        """The length of a map's side."""
        if self.square == 1:
            return 354
        if not self.wide:
            return 300
        return 290 if self.square == 2 else 200

    @property
    def stacks(self) -> tuple[int, ...]:
        """How many panels of curves stand in each of their columns."""
        if self.wide <= 2:
            return (self.wide,) if self.wide else ()
        if self.wide > 4 and not self.square:
            # The first panel, if it has a column for itself, is the one to look at.
            return self.wide // 3, (self.wide + 1) // 3, (self.wide + 2) // 3
        return -(-self.wide // 2), self.wide // 2

    @property
    def below(self) -> int:
        """What the banners take of the height."""
        return self.banners * (self.strip + self.above_strip)

    @property
    def height(self) -> int:
        """The picture's height."""
        if not self.square and not self.wide:
            return self.top + self.below + self.right
        return self._upper + self.below

    @property
    def _upper(self) -> int:
        """The height without the banners."""
        frame = self.top + self.bottom
        maps = frame + self.rows * self.side + self.between_rows * (self.rows - 1)
        return max(maps if self.square else 440, self.tall * max(self.stacks, default=0))

    @property
    def width(self) -> int:
        """The picture's width; maps alone need no more than their own."""
        if not self.wide:
            return max(self._maps_end + self.right, WIDTH if self.banners else 0)
        each = self.labels + self.narrowest_curves
        return max(WIDTH, self._maps_end + len(self.stacks) * each + self.right)

    @property
    def _maps_end(self) -> int:
        if not self.square:
            return 0
        gaps = self.between_columns * (self.columns - 1)
        return self.left + self.columns * self.side + gaps

    def maps(self, figure: Figure) -> list[Axes]:
        """Add the maps' axes, row by row from the top."""
        if not self.square:
            return []
        height = self.rows * self.side + self.between_rows * (self.rows - 1)
        grid = figure.add_gridspec(
            self.rows,
            self.columns,
            left=self.left / self.width,
            right=self._maps_end / self.width,
            top=1 - self.top / self.height,
            bottom=1 - (self.top + height) / self.height,
            hspace=self.between_rows / self.side,
            wspace=self.between_columns / self.side,
        )
        places = [divmod(number, self.columns) for number in range(self.square)]
        return [figure.add_subplot(grid[row, column]) for row, column in places]

    def curves(self, figure: Figure) -> list[Axes]:
        """Add the axes of the curves, column by column."""
        free = self.width - self._maps_end - self.right
        each = free / max(len(self.stacks), 1)
        starts = [self._maps_end + each * number for number in range(len(self.stacks))]
        return [
            ax
            for start, count in zip(starts, self.stacks, strict=True)
            for ax in self._stack(figure, count, start + self.labels, start + each)
        ]

    def _stack(self, figure: Figure, count: int, left: float, right: float) -> list[Axes]:
        """Add axes one below the other."""
        gaps = self.between_curves * (count - 1)
        each = (self._upper - self.top - self.bottom - gaps) / count
        grid = figure.add_gridspec(
            count,
            1,
            left=left / self.width,
            right=right / self.width,
            top=1 - self.top / self.height,
            bottom=(self.bottom + self.below) / self.height,
            hspace=self.between_curves / each,
        )
        return [figure.add_subplot(grid[row, 0]) for row in range(count)]

    def strips(self, figure: Figure) -> list[Axes]:
        """Add the axes of the banners, one below the other."""
        left, width = self.right / self.width, 1 - 2 * self.right / self.width
        each = self.strip + self.above_strip
        tops = [self.below - each * number - self.above_strip for number in range(self.banners)]
        high = self.strip - self.under_strip
        return [
            figure.add_axes((left, (top - high) / self.height, width, high / self.height))
            for top in tops
        ]
