"""The picture and its layout, with panels that know nothing of networks."""

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from vanishing.live import Panel, Pixels
from vanishing.live.picture import WIDTH, Layout, Picture

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


@dataclass
class Place:
    """A scene: where a red square stands, on axes that end somewhere."""

    x: float = 0.0
    frame: Any = "first"


class Square(Panel):
    """A red square that moves; beyond 1 its axes give way."""

    square = True

    def setup(self, axes: Sequence[Any], scene: Place) -> None:
        (self.ax,) = axes
        self.ax.set(xlim=(0, 1), ylim=(0, 1), title=str(scene.frame))
        self.patch = Rectangle((0, 0), 0.1, 0.1, color="red")
        self.ax.add_patch(self.patch)

    def update(self, scene: Place) -> list[Any]:
        self.patch.set_x(scene.x)
        reach = max(1.0, 2 * scene.x)
        self.outgrown = self.ax.get_xlim()[1] != reach
        if self.outgrown:
            self.ax.set_xlim(0, reach)
        return [self.patch]


class Wide(Square):
    """The same at the right."""

    square = False


def color_at(picture: Picture, ax: Any, x: float, y: float) -> tuple[int, ...]:
    """Return the colour of a place in the coordinates of the axes."""
    pixels = picture.pixels()
    column, row = ax.transData.transform((x, y))
    return tuple(int(part) for part in pixels[len(pixels) - 1 - int(row), int(column)])


@pytest.mark.parametrize("kind", [Square, Wide])
def test_what_moves_is_drawn_where_it_is_now(kind: type[Panel]) -> None:
    picture = Picture([kind], Place(0.2))
    ax = picture.figure.axes[0]
    assert color_at(picture, ax, 0.25, 0.05) == RED
    picture.show(Place(0.7))
    assert picture.figure.axes[0] is ax, "all was drawn anew"
    assert color_at(picture, ax, 0.75, 0.05) == RED
    assert color_at(picture, ax, 0.25, 0.05) == WHITE


def test_a_panel_knows_whether_the_next_picture_follows_at_once() -> None:
    seen: list[bool] = []

    class Watching(Square):
        def update(self, scene: Place) -> list[Any]:
            seen.append(self.moving)
            return super().update(scene)

    picture = Picture([Watching], Place())
    picture.show(Place(0.1), moving=True)
    picture.show(Place(0.2))
    assert seen == [False, True, False]


def test_axes_that_are_outgrown_are_drawn_anew() -> None:
    picture = Picture([Square], Place(0.2))
    ax = picture.figure.axes[0]
    before = picture.pixels()
    picture.show(Place(2.0))
    assert ax.get_xlim() == (0, 4)
    assert color_at(picture, ax, 2.05, 0.05) == RED
    below = slice(round(before.shape[0] - ax.bbox.y0), None)
    assert (picture.pixels()[below] != before[below]).any(), "the ticks are the old ones"


def test_only_the_axes_that_are_outgrown_are_drawn_anew() -> None:
    drawn: list[str] = []

    class Counted(Artist):
        def draw(self, renderer: Any) -> None:  # noqa: ARG002
            drawn.append("other")

    class Other(Wide):
        """Beside it, with axes that never give way."""

        def setup(self, axes: Sequence[Any], scene: Place) -> None:
            super().setup(axes, scene)
            self.ax.add_artist(Counted())

        def update(self, scene: Place) -> list[Any]:  # noqa: ARG002
            return [self.patch]

    class Below(Wide):
        """With numbers of another length."""

        def update(self, scene: Place) -> list[Any]:
            found = super().update(scene)
            self.ax.set_ylim(0, 1 if scene.x <= 1 else 123456)
            return found

    for kinds in ([Square, Other], [Square, Square, Other, Wide, Below]):
        drawn.clear()
        picture = Picture(kinds, Place(0.2))
        for x in (2.0, 40.0, 0.3):
            picture.show(Place(x))
            shown = drawn.copy()
            np.testing.assert_array_equal(picture.pixels(), Picture(kinds, Place(x)).pixels())
            drawn[:] = shown
        # Unless its place is taken in part by something that gave way.
        assert len(drawn) == 1 or len(kinds) > 2


def test_what_stands_still_is_drawn_once() -> None:
    drawn: list[Any] = []

    class Counted(Artist):
        def draw(self, renderer: Any) -> None:
            drawn.append(renderer)

    class Still(Square):
        def setup(self, axes: Sequence[Any], scene: Place) -> None:
            super().setup(axes, scene)
            self.outgrown = True  # what it grew out of is gone
            self.ax.add_artist(Counted())

        def update(self, scene: Place) -> list[Any]:  # noqa: ARG002
            return [self.patch]

    picture = Picture([Still], Place())
    for x in (0.2, 0.4):
        picture.show(Place(x))
    assert len(drawn) == 1


def test_what_is_still_is_drawn_again_only_where_it_is_another() -> None:
    drawn: list[Any] = []

    class Mark(Rectangle):
        def draw(self, renderer: Any) -> None:
            drawn.append(renderer)
            super().draw(renderer)

    class Marked(Square):
        """With a blue mark that stands left or right."""

        def setup(self, axes: Sequence[Any], scene: Place) -> None:
            super().setup(axes, scene)
            self.mark = Mark((0, 0.5), 0.1, 0.1, color="blue")
            self.ax.add_patch(self.mark)
            self.side = -1.0

        def update(self, scene: Place) -> list[Any]:
            side = min(round(2 * scene.x), 1)
            if side != self.side:
                self.side = side
                self.mark.set_x(side / 2)
                self.still = [self.mark]
            return super().update(scene)

    class Weak(Wide):
        def update(self, scene: Place) -> list[Any]:
            if scene.x == 0.45:
                raise ZeroDivisionError
            return super().update(scene)

    def draws(x: float) -> bool:
        drawn.clear()
        picture.show(Place(x))
        found = bool(drawn)
        whole = Picture([Marked, Weak], Place(x))
        np.testing.assert_array_equal(picture.pixels(), whole.pixels())
        return found

    picture = Picture([Marked, Weak], Place(0.1))
    assert not draws(0.2)
    assert draws(0.3), "it stands elsewhere"
    assert not draws(0.4)
    assert draws(2.0), "its axes are others"
    assert not draws(2.0)
    assert draws(0.3)
    with pytest.raises(ZeroDivisionError):
        picture.show(Place(0.45))
    assert draws(0.2)
    with pytest.raises(ZeroDivisionError):
        picture.show(Place(0.45))
    assert draws(0.2), "it was elsewhere when another panel failed"


def test_another_frame_is_built_from_scratch() -> None:
    picture = Picture([Square], Place())
    figure = picture.figure
    picture.show(Place(frame="second"))
    assert picture.figure is not figure
    assert picture.figure.axes[0].get_title("left") == "second"


def test_what_failed_is_built_from_scratch() -> None:
    class Broken(Square):
        def setup(self, axes: Sequence[Any], scene: Place) -> None:
            super().setup(axes, scene)
            if scene.frame == "bad":
                raise ZeroDivisionError

    picture = Picture([Broken], Place(0.2))
    with pytest.raises(ZeroDivisionError):
        picture.show(Place(frame="bad"))
    picture.show(Place(0.5))
    assert color_at(picture, picture.figure.axes[0], 0.55, 0.05) == RED


def test_a_picture_that_was_released_is_drawn_again() -> None:
    picture = Picture([Square], Place(0.2))
    before = picture.pixels()
    picture.release()
    assert picture.figure is None
    picture.show(Place(0.2))
    np.testing.assert_array_equal(picture.pixels(), before)


def test_files_hold_what_is_shown() -> None:
    picture = Picture([Square, Wide], Place(0.4))
    shown = picture.pixels().astype(int)
    files = ((picture.png(), 2), (picture.jpeg(), 3), (picture.jpeg(moving=True), 4))
    for file, nearness in files:
        found = np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).astype(int)
        assert found.shape == shown.shape
        assert np.abs(found - shown).mean() < nearness
    assert picture.jpeg().startswith(b"\xff\xd8")
    assert picture.png().startswith(b"\x89PNG")


def test_a_note_stands_beneath_the_picture() -> None:
    picture = Picture([Square], Place(0.5))
    plain, noted = (
        np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), int)
        for file in (picture.png(), picture.png("Run this cell."))
    )
    rows = len(plain)
    assert noted.shape[1] == plain.shape[1]
    np.testing.assert_allclose(noted[:rows], plain, atol=8)
    line = noted[rows:].mean(axis=2)
    assert line.min() < 120
    assert line[:3].min() > 240, "it runs into the picture"
    assert line[:, 250:].min() > 240, "the text is short"
    above, below = (np.flatnonzero(side.min(axis=1) < 200)[0] for side in (line, line[::-1]))
    assert abs(above - below) <= 4, "it stands in the middle"


def test_a_picture_has_its_natural_size_where_none_is_asked_for() -> None:
    picture = Picture([Square, Wide], Place())
    assert picture.pixels().shape[:2] == (picture.layout.height, picture.layout.width)


@pytest.mark.parametrize("width", [420, 840, 1680])
def test_the_whole_picture_grows_with_its_width(width: int) -> None:
    picture = Picture([Square, Wide], Place(), width=width)
    assert picture.pixels().shape[1] == width
    box = picture.figure.axes[0].bbox
    assert box.width == pytest.approx(354 * width / WIDTH, abs=1)


def test_panels_take_as_many_axes_as_they_count() -> None:
    class Three(Panel):
        square = True

        def count(self, scene: Any) -> int:  # noqa: ARG002
            return 3

        def setup(self, axes: Sequence[Any], scene: Any) -> None:  # noqa: ARG002
            self.axes = axes

        def update(self, scene: Any) -> list[Any]:  # noqa: ARG002
            return []

    picture = Picture([Wide, Three, Square], Place())
    wide, three, last = picture.panels
    assert [wide.ax, *three.axes, last.ax] == [  # type: ignore[attr-defined]
        picture.figure.axes[number] for number in (4, 0, 1, 2, 3)
    ]


# Pixels


@pytest.mark.parametrize("shape", [True, False])
def test_pixels_fill_their_axes_with_the_first_row_at_the_bottom(*, shape: bool) -> None:
    class Flag(Panel):
        square = shape

        def setup(self, axes: Sequence[Any], scene: Place) -> None:  # noqa: ARG002
            (self.ax,) = axes
            self.ax.set(xlim=(0, 1), ylim=(0, 1))
            self.flag = Pixels(self.ax)
            columns, rows = self.flag.size
            assert self.flag.pixels.shape == (rows, columns, 4)
            self.flag.pixels[: rows // 2, : columns // 2] = (*RED, 255)
            self.flag.pixels[rows // 2 :, columns // 2 :] = (*BLUE, 255)

        def update(self, scene: Place) -> list[Any]:  # noqa: ARG002
            return [self.flag]

    picture = Picture([Flag], Place())
    ax = picture.figure.axes[0]
    assert color_at(picture, ax, 0.05, 0.05) == RED
    assert color_at(picture, ax, 0.95, 0.95) == BLUE
    assert color_at(picture, ax, 0.05, 0.95) == WHITE
    assert color_at(picture, ax, 0.95, 0.05) == WHITE


def test_a_stamp_keeps_artists_where_they_stood() -> None:
    class Stamped(Square):
        def setup(self, axes: Sequence[Any], scene: Place) -> None:
            super().setup(axes, scene)
            self.patch.set_xy((0.6, 0.7))
            self.stamp = Pixels(self.ax)
            self.stamp.stamp([self.patch])
            self.patch.remove()

        def update(self, scene: Place) -> list[Any]:  # noqa: ARG002
            return [self.stamp]

    picture = Picture([Stamped], Place())
    ax = picture.figure.axes[0]
    assert color_at(picture, ax, 0.65, 0.75) == RED
    assert color_at(picture, ax, 0.65, 0.25) == WHITE
    assert color_at(picture, ax, 0.25, 0.75) == WHITE


# Layout


def placed(square: int, wide: int) -> tuple[Layout, list[Any], list[Any]]:
    """Return a layout with its maps and its curves, their extents in pixels, labels included."""
    layout = Layout(square, wide)
    figure = Figure((layout.width / 100, layout.height / 100), 100)
    axes = [layout.maps(figure), layout.curves(figure)]
    for ax in itertools.chain(*axes):
        ax.tick_params(labelsize=12)
    for ax in axes[0]:
        ax.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), title="Title", xticks=(-1, 0, 1))
        ax.set_yticks((-1, 0, 1))
    for number, ax in enumerate(axes[1]):
        ax.set(yscale="log", ylim=(1e-11, 1e3), title="Title")
        ax.tick_params(labelbottom=number == wide - 1)
    figure.canvas.draw()
    return layout, *axes


CASES = [
    (0, 1),
    (0, 4),
    (0, 5),
    (1, 0),
    (1, 1),
    (1, 4),
    (2, 0),
    (2, 2),
    (3, 0),
    (3, 2),
    (4, 3),
    (5, 4),
    (9, 2),
]


@pytest.mark.parametrize(("square", "wide"), CASES)
def test_nothing_overlaps_and_nothing_is_cut_off(square: int, wide: int) -> None:
    layout, maps, curves = placed(square, wide)
    assert (len(maps), len(curves)) == (square, wide)
    boxes = [ax.get_tightbbox() for ax in [*maps, *curves]]
    for one, other in itertools.combinations(boxes, 2):
        apart = one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0
        assert apart
    for box in boxes:
        assert box.x0 >= 0
        assert box.x1 <= layout.width + 12
        assert box.y0 >= 0
        assert box.y1 <= layout.height


@pytest.mark.parametrize(("square", "wide"), CASES)
def test_maps_are_squares_that_can_be_read(square: int, wide: int) -> None:
    layout, maps, curves = placed(square, wide)
    for ax in maps:
        assert ax.bbox.width == pytest.approx(ax.bbox.height, abs=0.5)
        assert ax.bbox.width > 199.5
    for ax in curves:
        assert ax.bbox.width >= 250
        assert ax.bbox.height >= 140
    assert layout.width <= 1.8 * WIDTH
    assert layout.width >= 1.1 * layout.height or not wide


def test_maps_are_read_like_words_from_the_top_left() -> None:
    _, maps, _ = placed(4, 1)
    corners = [(-round(ax.bbox.y0), round(ax.bbox.x0)) for ax in maps]
    assert corners == sorted(corners)
    assert len({column for _, column in corners}) == 2


def test_curves_fill_one_column_after_the_other() -> None:
    _, _, curves = placed(1, 3)
    corners = [(round(ax.bbox.x0), -round(ax.bbox.y0)) for ax in curves]
    assert corners == sorted(corners)
    assert len({column for column, _ in corners}) == 2
    heights = [round(ax.bbox.height) for ax in curves]
    assert heights[0] == heights[1] < heights[2], "the last has its column for itself"


@pytest.mark.parametrize(("square", "wide"), [(0, 0), (0, 1), (0, 5), (1, 2), (2, 4)])
@pytest.mark.parametrize("banners", [1, 2])
def test_banners_lie_below_all_others_over_the_whole_width(
    square: int, wide: int, banners: int
) -> None:
    layout = Layout(square, wide, banners)
    figure = Figure((layout.width / 100, layout.height / 100), 100)
    others = [*layout.maps(figure), *layout.curves(figure)]
    strips = layout.strips(figure)
    assert len(strips) == banners
    lowest = min((ax.bbox.y0 for ax in others), default=layout.height)
    assert strips[-1].bbox.y0 >= 0
    assert strips[0].bbox.y1 + 30 <= lowest, "there is room for a title"
    for strip in strips:
        assert strip.bbox.width > 0.95 * layout.width
        assert strip.bbox.height >= 90
    if banners == 2:
        assert strips[1].bbox.y1 + 30 <= strips[0].bbox.y0
    if wide:
        plain = Layout(square, wide)
        assert layout.height == plain.height + layout.below
        sizes = [
            [ax.bbox.size for ax in one.curves(Figure((one.width / 100, one.height / 100), 100))]
            for one in (layout, plain)
        ]
        np.testing.assert_allclose(*sizes)


def test_five_curves_without_maps_stand_in_three_columns_the_first_alone() -> None:
    _, _, curves = placed(0, 5)
    columns = [round(ax.bbox.x0) for ax in curves]
    assert [columns.count(x) for x in sorted(set(columns))] == [1, 2, 2]
    assert curves[0].bbox.height > 2 * curves[1].bbox.height
    assert Layout(0, 6).stacks == (2, 2, 2)
    assert Layout(0, 7).stacks == (2, 2, 3)


def test_one_map_is_the_largest() -> None:
    sides = [placed(square, 2)[1][0].bbox.width for square in (1, 2, 4)]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] > 350
