"""The panels as data: which colour stands at a point, which line has which numbers."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import same_color, to_rgb
from matplotlib.text import Text

from vanishing import ACTIVATIONS, Dataset, Variant, experiment, figures, spiral
from vanishing.experiment import Experiment, Settings
from vanishing.ledger import ledger
from vanishing.live.curve_panels import wide_enough
from vanishing.live.lettering import titles
from vanishing.live.panels import PANELS, checked_panels, find_panels
from vanishing.live.picture import Picture
from vanishing.live.scenes import ExperimentScene, plane
from vanishing.measures import MEASURES, as_measure, find_measure

BOTH = ("sigmoid", "relu")
ALL = tuple(ACTIVATIONS)


def seen(
    settings: Settings,
    panels: Iterable[str],
    *,
    iterations: int = 0,
    measure: Any = "lecture statistic",
    limit: int = 50_000,
) -> tuple[ExperimentScene, Picture]:
    """Return an experiment after so many iterations, and its picture."""
    scene = ExperimentScene(Experiment(settings), as_measure(measure), limit)
    scene.experiment.advance(iterations)
    return scene, Picture(find_panels(tuple(panels)), scene)


def colors_at(picture: Picture, ax: Any, places: Any) -> np.ndarray:
    """Return the colours that stand at places in the coordinates of the axes, from 0 to 1."""
    pixels = picture.pixels()
    columns, rows = np.floor(ax.transData.transform(places)).astype(int).T
    return pixels[len(pixels) - 1 - rows, columns] / 255


def classes_at(picture: Picture, ax: Any, places: Any) -> np.ndarray:
    """Return the class whose marker is drawn at each place, or -1 where there is none or two."""
    pixels = picture.pixels() / 255
    columns, rows = np.floor(ax.transData.transform(places)).astype(int).T
    strong = np.array([to_rgb(figures.class_style(label)[0]) for label in range(3)])
    found = []
    for row, column in zip(len(pixels) - 1 - rows, columns, strict=True):
        near = pixels[row - 2 : row + 3, column - 2 : column + 3, None]
        there = np.flatnonzero((np.abs(near - strong).max(axis=-1) < 0.02).any(axis=(0, 1)))
        found.append(there[0] if len(there) == 1 else -1)
    return np.array(found)


def class_seen(colors: np.ndarray, classes: int = 3) -> np.ndarray:
    """Return which class's hue each colour has, however pale it is."""
    strong = 1 - np.array([to_rgb(figures.class_style(label)[0]) for label in range(classes)])
    away = 1 - colors
    cosine = (away @ strong.T) / np.linalg.norm(strong, axis=1)
    return cosine.argmax(axis=1)


def lonely(data: Dataset, gap: float) -> np.ndarray:
    """Return which points have no other near them, and so are not covered."""
    distance = np.linalg.norm(data.points[:, None] - data.points, axis=2)
    np.fill_diagonal(distance, np.inf)
    return distance.min(axis=1) > gap


# Maps


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_legend_names_each_class_beside_its_mark(classes: int) -> None:
    _, picture = seen(Settings("relu", sizes=(2, 5, classes)), ["points"])
    legend = picture.figure.axes[0].get_legend()
    drawn = picture.panels[0].drawn  # type: ignore[attr-defined]
    named = [text.get_text().removeprefix("class ") for text in legend.get_texts()]
    assert named == list(map(str, range(classes)))
    for label, (sample, dots) in enumerate(zip(legend.legend_handles, drawn, strict=True)):
        for one in (sample, dots):
            assert same_color(one.get_facecolor()[0], figures.class_style(label)[0])
        np.testing.assert_array_equal(sample.get_paths()[0].vertices, dots.get_paths()[0].vertices)


@pytest.mark.parametrize("panel", ["points", "regions"])
@pytest.mark.parametrize("variants", [("sigmoid",), BOTH, ALL])
def test_each_point_stands_in_its_classes_colour(panel: str, variants: tuple[str, ...]) -> None:
    scene, picture = seen(Settings(variants), (panel, "loss"))
    data = scene.data
    free = lonely(data, 0.07)
    assert free.sum() >= 20
    for ax in picture.figure.axes[:-1]:
        found = classes_at(picture, ax, data.points[free])
        np.testing.assert_array_equal(found, data.labels[free])


@pytest.mark.parametrize("variants", [("relu",), BOTH, ALL])
def test_each_map_shows_what_its_own_network_says(variants: tuple[str, ...]) -> None:
    scene, picture = seen(Settings(variants), ("regions", "loss"), iterations=1200)
    rng = np.random.default_rng(0)
    places = rng.uniform(-1.15, 1.15, (3000, 2))
    # Away from the points, whose colours are strong, and from the lines between regions.
    far = np.linalg.norm(places[:, None] - scene.data.points, axis=2).min(axis=1) > 0.09
    answers = []
    for ax, trainer in zip(picture.figure.axes, scene.experiment.trainers, strict=False):
        said = trainer.network.predict(places)
        near = [trainer.network.predict(places + shift) for shift in np.eye(2).repeat(2, 0) * 0.03]
        near += [trainer.network.predict(places - shift) for shift in np.eye(2) * 0.03]
        sure = far & np.all([other == said for other in near], axis=0)
        assert sure.sum() > 800
        assert len(set(said[sure])) == 3
        found = class_seen(colors_at(picture, ax, places[sure]))
        assert np.mean(found == said[sure]) > 0.995
        answers.append(said)
    if len(answers) > 1:
        assert np.mean(answers[0] != answers[1]) > 0.05, "the networks agree too well to tell"


def test_maps_follow_training_and_points_follow_the_data() -> None:
    scene, picture = seen(Settings(("relu",)), ("regions",))
    (ax,) = picture.figure.axes
    before = picture.pixels()
    scene.experiment.advance(500)
    picture.show(scene)
    assert picture.figure.axes[0] is ax
    assert np.mean((picture.pixels() != before).any(axis=2)) > 0.05
    other = ExperimentScene(Experiment(Settings(("relu",), seed=4)), scene.measure, 50_000)
    picture.show(other)
    assert picture.figure.axes[0] is ax
    free = lonely(other.data, 0.07)
    found = classes_at(picture, ax, other.data.points[free])
    np.testing.assert_array_equal(found, other.data.labels[free])


@pytest.mark.parametrize("variants", [("relu",), BOTH])
def test_the_units_of_the_chosen_layer_are_drawn(variants: tuple[str, ...]) -> None:
    scene, picture = seen(Settings(variants, step_size=2.0), ("units", "loss"), iterations=600)
    for layer in (1, 2, 9):
        scene.unit_layer = layer
        picture.show(scene)
        (panel, _), shown = picture.panels, min(layer, 2)
        painter = figures.UnitMap(*plane(scene.data), panel.images[0].size)  # type: ignore[attr-defined]
        for number, trainer in enumerate(scene.experiment.trainers):
            ax = picture.figure.axes[number]
            units = painter.ask(trainer.network, scene.data, shown)
            left, low = np.round(ax.bbox.min).astype(int)
            expected = painter.colors(units)[::-1, :, :3]
            rows, columns = expected.shape[:2]
            bottom = len(picture.pixels()) - low
            found = picture.pixels()[bottom - rows : bottom, left : left + columns]
            np.testing.assert_array_equal(found, expected)
            assert f"layer {shown}" in ax.get_title(loc="left")
            assert [text.get_text() for text in ax.texts] == [str(units)]
    assert "dead" in str(units)


def test_titles_name_the_networks() -> None:
    _, picture = seen(Settings(BOTH), ("regions", "loss"))
    found = [ax.get_title("left") for ax in picture.figure.axes[:2]]
    assert found[0].startswith("sigmoid")
    assert found[1].startswith("ReLU")


@pytest.mark.parametrize(
    ("labels", "pixels", "expected"),
    [
        (["ReLU"], 354, ["ReLU: decision regions"]),
        (["ReLU", "leaky ReLU"], 200, ["ReLU: regions", "leaky ReLU: regions"]),
        (["ReLU", "a name that is too long"], 200, ["ReLU", "a name that is too …"]),
    ],
)
def test_titles_of_maps_are_as_long_as_fits(
    labels: list[str], pixels: float, expected: list[str]
) -> None:
    assert titles(labels, pixels) == expected


@pytest.mark.parametrize(
    "variants",
    [
        ("sigmoid",),
        BOTH,
        ALL,
        (*ALL[:3], Variant("x" * 60, "relu")),
        ("sigmoid", Variant("x" * 60, "relu")),
    ],
)
@pytest.mark.parametrize(
    "panels", [("regions", "loss", "gradients"), ("regions", "ledger"), tuple(PANELS)]
)
def test_no_text_runs_into_another(variants: Any, panels: tuple[str, ...]) -> None:
    _, picture = seen(Settings(variants), panels)
    figure = picture.figure
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = []
    for ax in figure.axes:
        title = next(
            text
            for text in ax.get_children()
            if isinstance(text, Text) and text.get_text() == ax.get_title("left")
        )
        ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()]
        texts = [*ticks, *ax.texts, title]
        boxes += [
            (text.get_text(), text.get_window_extent(renderer))
            for text in texts
            if text.get_text() and text.get_visible() and inside(text, ax)
        ]
        if ax.get_legend():
            boxes.append(("legend", ax.get_legend().get_window_extent(renderer)))
    for number, (name, one) in enumerate(boxes):
        assert one.x0 >= 0, name
        assert one.x1 <= figure.bbox.width + 2, name
        for other_name, other in boxes[number + 1 :]:
            wide = min(one.x1, other.x1) - max(one.x0, other.x0)
            high = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(wide, high) < 3, (name, other_name)


def inside(text: Any, ax: Any) -> bool:
    """Tell whether a tick's label is one that is drawn."""
    if text in ax.get_xticklabels():
        low, high = ax.get_xlim()
        return (
            bool(low <= text.get_position()[0] <= high)
            and ax.xaxis.get_tick_params()["labelbottom"]
        )
    if text in ax.get_yticklabels():
        low, high = ax.get_ylim()
        return (
            bool(low <= text.get_position()[1] <= high) and ax.yaxis.get_tick_params()["labelleft"]
        )
    return True


def test_points_of_ones_own_stand_in_the_middle_of_their_map() -> None:
    data = Dataset([[100, 5], [104, 5], [100, 7], [104, 7]], [0, 1, 1, 0])
    scene, picture = seen(Settings(data=data), ("regions", "points"))
    for ax in picture.figure.axes:
        assert np.mean(ax.get_xlim()) == pytest.approx(102)
        assert np.mean(ax.get_ylim()) == pytest.approx(6)
        assert ax.get_xlim()[0] < 100
        assert class_seen(colors_at(picture, ax, scene.data.points), 2).tolist() == [0, 1, 1, 0]


def test_the_spiral_always_has_the_same_map() -> None:
    ends = [plane(spiral(50, noise=noise, rng=1)) for noise in (0.0, 0.3, 2.0)]
    assert ends == [((-1.2, -1.2), (1.2, 1.2))] * 3


@pytest.mark.parametrize("panel", ["points", "regions"])
def test_points_in_space_have_no_map(panel: str) -> None:
    data = Dataset(np.ones((4, 3)), [0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"data must have points of 2 coordinates .* got 3"):
        seen(Settings(data=data), (panel,))
    _, picture = seen(Settings(data=data), ("loss",), iterations=3)
    assert len(picture.panels[0].lines[0].get_ydata()) == 3  # type: ignore[attr-defined]


# Curves


def lines(picture: Picture, panel: int = 0) -> list[Any]:
    """Return the lines of a panel."""
    found: list[Any] = picture.panels[panel].lines  # type: ignore[attr-defined]
    return found


def dashes(line: Any) -> str:
    """Return the pattern of a line, measured in its own width."""
    # Matplotlib tells the pattern in no other way.
    offset, pattern = line._unscaled_dash_pattern
    return f"{offset} {pattern}"


@pytest.mark.parametrize("iterations", [1, 40, 3000])
def test_loss_curves_are_the_records(iterations: int) -> None:
    scene, picture = seen(Settings(BOTH), ("loss",), iterations=iterations)
    for line, trainer in zip(lines(picture), scene.experiment.trainers, strict=True):
        history = trainer.history
        x, y = line.get_xdata(), line.get_ydata()
        if iterations <= 40:
            np.testing.assert_array_equal(x, history.iteration)
            np.testing.assert_array_equal(y, history.loss)
        else:
            assert len(x) <= 500
        assert (x[0], x[-1]) == (0, iterations - 1)
        assert {y.min(), y.max()} == {history.loss.min(), history.loss.max()}


@pytest.mark.parametrize("measure", MEASURES)
def test_gradient_curves_are_the_measure(measure: str) -> None:
    settings = Settings(BOTH, sizes=(2, 10, 10, 10, 3))
    scene, picture = seen(settings, ("gradients",), iterations=40, measure=measure)
    expected = [find_measure(measure)(one.history)[:, :3].T for one in scene.experiment.trainers]
    found = [line.get_ydata() for line in lines(picture)]
    np.testing.assert_array_equal(found, np.concatenate(expected))
    assert picture.figure.axes[0].get_title("left") == f"Gradient: {measure}"


def test_curves_of_a_record_that_was_thinned_stand_where_they_belong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(experiment, "MOST_ROWS", 60)
    scene, picture = seen(Settings(BOTH), ("loss", "gradients"), iterations=500)
    history = scene.experiment.trainers[1].history
    assert len(history) <= 60
    for line in (lines(picture)[1], lines(picture, 1)[-1]):
        np.testing.assert_array_equal(line.get_xdata(), history.iteration)
    assert lines(picture)[1].get_xdata()[-1] > 400


def test_the_floor_lies_thin_beneath_the_lectures_statistic() -> None:
    scene, picture = seen(Settings(BOTH, regularization=0.01), ["floor"], iterations=40)
    (panel,) = picture.panels
    lines = iter(panel.lines)
    for name, trainer in zip(BOTH, scene.experiment.trainers, strict=True):
        history = trainer.history
        for values, width in ((history.lecture_statistic(), 2.0), (history.penalty_floor(), 1.0)):
            for layer in (1, 2):
                line = next(lines)
                np.testing.assert_array_equal(line.get_ydata(), values[:, layer - 1])
                assert (line.get_color(), line.get_linewidth()) == (figures.color(name), width)
                same = type(line)([], [], linestyle=figures.layer_style(layer), linewidth=width)
                assert line.get_linestyle() == same.get_linestyle()
    named = [text.get_text() for text in panel.ax.get_legend().get_texts()]
    assert named == ["lecture statistic", "penalty's floor"]
    widths = [sample.get_linewidth() for sample in panel.ax.get_legend().get_lines()]
    assert widths == [2.0, 1.0]


def test_hue_tells_the_network_and_line_style_the_layer() -> None:
    settings = Settings(BOTH, sizes=(2, 5, 5, 5, 3))
    _, picture = seen(settings, ("gradients", "loss"))
    curves = lines(picture)
    for number, line in enumerate(curves):
        assert same_color(line.get_color(), Variant(BOTH[number // 3]).color)
    assert [line.get_linestyle() for line in curves[::3]] == ["-", "-"], "layer 1 is solid"
    for layer in (1, 2):
        other = curves[layer]
        assert other.get_linestyle() == "--"
    assert len(set(map(dashes, curves[:3]))) == 3
    legend = picture.figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["layer 1", "layer 2", "layer 3"]
    assert list(map(dashes, legend.get_lines())) == list(map(dashes, curves[:3]))
    for line, name in zip(lines(picture, 1), BOTH, strict=True):
        assert same_color(line.get_color(), Variant(name).color)


def test_loss_lines_are_told_apart_without_colours() -> None:
    _, picture = seen(Settings(ALL), ("loss",))
    assert len(set(map(dashes, lines(picture)))) == 4
    texts = [text.get_text() for text in picture.figure.axes[0].get_legend().get_texts()]
    assert texts == ["guessing: ln 3", "sigmoid", "tanh", "ReLU", "leaky ReLU"]


def test_guessing_has_its_line() -> None:
    _, picture = seen(Settings(sizes=(2, 5, 4)), ("loss",))
    others = set(picture.figure.axes[0].lines) - set(lines(picture))
    (line,) = [one for one in others if one.get_visible()]
    assert set(line.get_ydata()) == {np.log(4)}


@pytest.mark.parametrize("variants", [("relu",), BOTH, ALL])
def test_guessing_is_named_in_the_legend_or_at_its_line(variants: tuple[str, ...]) -> None:
    _, picture = seen(Settings(variants), ("regions", "loss", "gradients"))
    ax = picture.panels[1].ax  # type: ignore[attr-defined]
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    written = [text for text in ax.texts if text.get_text() == "ln 3"]
    assert ("guessing: ln 3" in named) == (not written)
    for text in written:
        place = text.get_transform().transform(text.get_position())
        level = ax.transData.transform((1, np.log(3)))[1]
        assert place[1] == pytest.approx(level)
        assert ax.bbox.x0 < place[0] < ax.bbox.x1


def test_variants_differ_in_colour_depth_and_name() -> None:
    deep = Variant("deep", "relu", color="#123456", line=":", hidden_layers=4)
    scene, picture = seen(Settings((deep, "tanh")), ("gradients", "loss", "ledger"), iterations=20)
    curves = lines(picture)
    assert [same_color(line.get_color(), "#123456") for line in curves] == [True] * 4 + [False] * 2
    history = scene.experiment.trainers[0].history
    np.testing.assert_array_equal(curves[3].get_ydata(), history.lecture_statistic()[:, 3])
    loss = lines(picture, 1)[0]
    assert same_color(loss.get_color(), "#123456")
    assert loss.get_linestyle() == ":"
    bars = picture.panels[2].bars  # type: ignore[attr-defined]
    assert [len(one[0]) for one in bars] == [4, 2]
    assert [text for text in map(Text.get_text, picture.figure.axes[2].texts) if text] == [
        "deep: to layer",
        "tanh: to layer",
    ]


def test_all_networks_share_one_scale_that_stands_still() -> None:
    scene, picture = seen(Settings(BOTH), ("regions", "loss", "gradients", "ledger"))
    figure = picture.figure

    def frame() -> list[Any]:
        return [
            (ax.get_position().bounds, ax.get_xlim(), ax.get_ylim()) for ax in picture.figure.axes
        ]

    before = frame()
    scene.experiment.advance(2000)
    picture.show(scene)
    assert picture.figure is figure
    assert frame() == before
    for panel in (1, 2):
        assert len({line.axes for line in lines(picture, panel)}) == 1


def test_no_curve_runs_through_the_legend() -> None:
    _, picture = seen(Settings(("relu",), scale=3.0), ("gradients",), iterations=30)
    (ax,) = picture.figure.axes
    picture.figure.canvas.draw()
    highest = max(np.max(line.get_ydata()) for line in lines(picture))
    assert highest > 1
    lowest = ax.get_legend().get_window_extent().y0
    assert ax.transData.transform((0, highest))[1] < lowest


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (1e-5, 1.0)),
        ([1e-4, 0.5], (1e-5, 1.0)),
        ([1e-6], (1e-6, 1.0)),
        ([1e-9, 20.0], (1e-9, 1e2)),
        ([1e300], (1e-5, 1e12)),
    ],
)
def test_limits_give_way_by_whole_steps(values: list[float], expected: tuple[float, float]) -> None:
    found = wide_enough(np.array(values), (1e-5, 1.0), (1e-40, 1e12))
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("panel", ["loss", "gradients"])
def test_curves_beyond_the_limits_are_seen(panel: str) -> None:
    settings = Settings(("relu",), scale=20.0, step_size=1e-6)
    _, picture = seen(settings, (panel,), iterations=3)
    low, high = picture.figure.axes[0].get_ylim()
    for line in lines(picture):
        assert (line.get_ydata() > low).all()
        assert (line.get_ydata() < high).all()


def test_iterations_end_at_the_limit_with_a_name_under_the_last_panel_only() -> None:
    _, picture = seen(Settings(), ("loss", "gradients"), limit=777)
    upper, lower = picture.figure.axes
    assert upper.get_xlim() == lower.get_xlim() == (0, 777)
    assert (upper.get_xlabel(), lower.get_xlabel()) == ("", "iteration")


def test_the_layers_between_are_drawn_faintly() -> None:
    _, picture = seen(Settings(sizes=(2, 4, 4, 4, 4, 4, 3)), ("gradients",))
    widths = [line.get_linewidth() for line in lines(picture)]
    assert widths[0] == widths[4] > max(widths[1:4])
    legend = picture.figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["layer 1", "layer 5"]


# The ledger


@pytest.mark.parametrize(
    "variants",
    [
        BOTH,
        (Variant("plain", "tanh"), Variant("bridged", "tanh", residual=1.0, normalization="layer")),
    ],
)
@pytest.mark.parametrize("scale", [0.001, 0.1, 1.0])
def test_bars_are_the_books_and_keep_clear_of_their_names(variants: Any, scale: float) -> None:
    settings = Settings(variants, sizes=(2, 20, 20, 20, 3), scale=scale)
    scene, picture = seen(settings, ("ledger",), iterations=2)
    panel: Any = picture.panels[0]
    picture.figure.canvas.draw()
    names = [text for text in panel.ax.texts if text.get_text()]
    highest_name = max(text.get_window_extent().y1 for text in names)
    for bars, trainer in zip(panel.bars, scene.experiment.trainers, strict=True):
        account = ledger(trainer.network, scene.data)
        assert [one.get_label() for one in bars] == list(account.columns)
        heights = np.array([[bar.get_height() for bar in one] for one in bars])
        expected = [np.log10(factors[::-1]) for factors in account.columns.values()]
        np.testing.assert_allclose(heights, expected, atol=1e-9)
        last = bars[-1][-1]
        assert last.get_y() + last.get_height() == pytest.approx(np.log10(account.attenuation))
        for bar in (bar for one in bars for bar in one):
            assert bar.get_window_extent().y0 > highest_name


def test_bars_and_ticks_stand_network_by_network() -> None:
    _, picture = seen(Settings(BOTH, sizes=(2, 5, 5, 5, 3)), ("ledger",))
    panel: Any = picture.panels[0]
    labels = [text.get_text() for text in panel.ax.get_xticklabels()]
    assert labels == ["3", "2", "1", "3", "2", "1"]
    places = [bar.get_x() for network in panel.bars for bar in network[0]]
    assert places == sorted(places)
    sigmoid, relu = (text for text in panel.ax.texts if text.get_text())
    assert same_color(sigmoid.get_color(), Variant("sigmoid").color)
    assert relu.get_position()[0] > panel.bars[0][1][-1].get_x()
    legend = [text.get_text() for text in panel.ax.get_legend().get_texts()]
    assert legend == ["weights", "slopes"]


@pytest.mark.parametrize("width", [500, 760, 1400])
@pytest.mark.parametrize("depth", [6, 12, 30])
def test_layers_are_numbered_as_far_as_there_is_room(width: int, depth: int) -> None:
    settings = Settings(BOTH, sizes=(2, *[5] * depth, 3))
    scene, _ = seen(settings, ("ledger",))
    picture = Picture(find_panels(("regions", "ledger", "loss")), scene, width=width)
    panel: Any = picture.panels[1]
    picture.figure.canvas.draw()
    labels = panel.ax.get_xticklabels()
    boxes = sorted(text.get_window_extent().x0 for text in labels)
    ends = sorted(text.get_window_extent().x1 for text in labels)
    assert all(end < begin for end, begin in zip(ends, boxes[1:], strict=False))
    assert [text.get_text() for text in labels].count("1") == 2
    assert len(labels) >= 6


BRIDGED = Variant("bridged", "tanh", residual=1.0)
NORMED = Variant("normed", "tanh", residual=1.0, normalization="layer")


def pixels_of(picture: Picture, texts: Iterable[Any]) -> list[np.ndarray]:
    """Return what stands in the boxes of texts, as it is drawn now."""
    picture.figure.canvas.draw()
    rows = np.asarray(picture.figure.canvas.buffer_rgba())[::-1]
    boxes = [text.get_window_extent() for text in texts]
    return [rows[int(b.y0) : int(b.y1) + 1, int(b.x0) : int(b.x1) + 1].copy() for b in boxes]


@pytest.mark.parametrize("variants", [("sigmoid",), BOTH, ("sigmoid", NORMED)])
def test_no_grid_line_runs_through_numbers_and_names(variants: Any) -> None:
    settings = Settings(variants, sizes=(2, *[50] * 30, 3))
    _, picture = seen(settings, ("regions", "ledger", "loss"))
    ax = picture.panels[1].ax  # type: ignore[attr-defined]
    texts = [*ax.get_xticklabels(), *(text for text in ax.texts if text.get_text())]
    low, high = min(text.get_window_extent().y0 for text in texts), ax.bbox.y1
    lines = [ax.transData.transform((0, tick))[1] for tick in ax.get_yticks()]
    assert any(low < line < high for line in lines), "else there is nothing to hide"
    with_grid = pixels_of(picture, texts)
    ax.grid(visible=False)
    for one, other in zip(with_grid, pixels_of(picture, texts), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "variants",
    [("sigmoid",), (BRIDGED,), (NORMED,), ("sigmoid", NORMED), (*BOTH, BRIDGED, NORMED)],
)
@pytest.mark.parametrize("panels", [("regions", "ledger"), ("regions", "ledger", "loss")])
def test_the_ledgers_legend_names_all_bars_and_covers_none(variants: Any, panels: Any) -> None:
    scene, picture = seen(Settings(variants, sizes=(2, 9, 9, 9, 9, 3)), panels)
    panel: Any = picture.panels[1]
    picture.figure.canvas.draw()
    legend = panel.ax.get_legend()
    wanted = {part for one in scene.trainers for part in ledger(one.network, scene.data).columns}
    assert {text.get_text() for text in legend.get_texts()} == wanted
    box = legend.get_window_extent()
    assert box.x0 >= panel.ax.bbox.x0 - 1
    assert box.x1 <= panel.ax.bbox.x1 + 1
    for bar in (bar for network in panel.bars for part in network for bar in part):
        assert bar.get_window_extent().y1 <= box.y0 + 1


def test_edges_leave_narrow_bars_their_colour() -> None:
    widths = []
    for depth in (3, 30):
        _, picture = seen(Settings(BOTH, sizes=(2, *[9] * depth, 3)), ("regions", "ledger"))
        bars = [bar for network in picture.panels[1].bars for part in network for bar in part]  # type: ignore[attr-defined]
        (edge,) = {bar.get_linewidth() for bar in bars}
        across = bars[0].get_window_extent().width * 72 / picture.figure.dpi
        assert edge <= max(across / 4, 0.4)
        widths.append(edge)
    assert widths[0] == 0.8
    assert widths[1] < 0.6


def test_a_diverged_network_has_an_empty_ledger() -> None:
    scene, picture = seen(Settings(("relu",), step_size=1e6), ("ledger",), iterations=100)
    assert scene.experiment.diverged
    panel: Any = picture.panels[0]
    assert {bar.get_height() for bars in panel.bars[0] for bar in bars} == {0}


def test_where_nothing_comes_through_it_is_said_above_the_names() -> None:
    settings = Settings(BOTH, step_size=100.0)
    scene, picture = seen(settings, ("regions", "ledger", "loss"), iterations=50)
    panel: Any = picture.panels[1]
    picture.figure.canvas.draw()
    assert [note.get_text() for note in panel.notes] == ["", "nothing\ncomes through"]
    box, names = panel.notes[1].get_window_extent(), panel.ax.texts[:]
    others = [text for text in names if text.get_text() and text not in panel.notes]
    assert len(others) == 2
    assert all(not box.overlaps(other.get_window_extent()) for other in others)
    assert box.x1 <= panel.ax.bbox.x1
    assert panel.ax.get_ylim()[0] >= -14
    assert scene.experiment.standings()[1].dead == 100


def test_thirty_layers_leave_room_for_that_note_as_well() -> None:
    settings = Settings(
        ("tanh", "sigmoid"),
        sizes=(2, *[50] * 30, 3),
        scale=1.44,
        step_size=0.01,
        points_per_class=9,
    )
    _, picture = seen(settings, ("regions", "ledger", "loss"), iterations=100)
    panel: Any = picture.panels[1]
    picture.figure.canvas.draw()
    assert [note.get_text() for note in panel.notes] == ["nothing\ncomes through", ""]
    names = [text for text in panel.ax.texts if text.get_text() and text not in panel.notes]
    box = panel.notes[0].get_window_extent()
    assert box.y0 > max(name.get_window_extent().y1 for name in names)


@pytest.mark.parametrize("scale", [0.1, 3.0])
def test_no_decade_is_numbered_beside_the_layers(scale: float) -> None:
    settings = Settings(("sigmoid", "relu"), sizes=(2, *[50] * 30, 3), scale=scale)
    _, picture = seen(settings, ("ledger", "loss"))
    panel: Any = picture.panels[0]
    picture.figure.canvas.draw()
    names = [text for text in panel.ax.texts if text.get_text()]
    highest = max(name.get_window_extent().y0 for name in names)
    decades = panel.ax.get_yticks()
    assert len(decades) >= 3
    assert 0 in decades
    assert min(panel.ax.transData.transform((0, tick))[1] for tick in decades) > highest
    first = min(panel.ax.get_xticklabels(), key=lambda label: label.get_position()[0])
    assert first.get_window_extent().x0 >= panel.ax.bbox.x0


# Which panels


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ("colour", ValueError),
        (("loss", "colour"), ValueError),
        ((), ValueError),
        ((3,), TypeError),
        ((int,), TypeError),
        ({"loss": 1}, TypeError),
        (None, TypeError),
    ],
)
def test_panels_that_are_none_are_refused(wrong: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"panels must .*got"):
        checked_panels(wrong)


def test_panels_come_by_name_or_class() -> None:
    own = type("Mine", (PANELS["loss"],), {})
    assert find_panels(checked_panels(["loss", own])) == [PANELS["loss"], own]
    assert checked_panels(own) == (own,)
    assert checked_panels("loss") == ("loss",)
