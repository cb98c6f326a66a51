"""Maps as data: the colour of a cell is that of its value, what has no value looks otherwise."""

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from vanishing import figures
from vanishing.figures.maps import LINE_STYLES
from vanishing.planes import Axis, Line, Outcome, Plane, Survey, log_axis


def job(*_: float) -> Any:
    raise AssertionError("a figure never trains")


@pytest.fixture
def ax() -> Axes:
    return plt.figure().subplots()


@pytest.fixture
def survey() -> Survey:
    found = Survey(
        Plane(log_axis("step_size", 0.01, 100, 5), Axis("hidden_layers", (1, 2, 3)), job)
    )
    for cell in (
        Outcome(0, 0, 10, 0.9, None),
        Outcome(1, 0, 100, 0.92, None),
        Outcome(2, 1, 1000, 1.0, None),
        Outcome(3, 1, None, 0.5, None),
        Outcome(4, 2, None, 0.3, 7),
    ):
        found.add(cell)
    return found


def colors(drawn: figures.PlaneMap) -> np.ndarray:
    return np.asarray(drawn.image.get_array())


def test_a_cells_colour_is_that_of_its_iterations(ax: Axes, survey: Survey) -> None:
    drawn = figures.plane_map(ax, survey)
    shown = colors(drawn)
    assert drawn.scale.get_clim() == (10, 1000)
    bright, middle, dark = (plt.get_cmap("viridis_r")(value) for value in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(shown[0, 0], bright)
    np.testing.assert_allclose(shown[0, 1], middle, atol=0.01)
    np.testing.assert_allclose(shown[1, 2], dark)


def test_slow_and_diverged_have_greys_and_marks_of_their_own(ax: Axes, survey: Survey) -> None:
    drawn = figures.plane_map(ax, survey)
    shown = colors(drawn)
    slow, diverged = shown[1, 3, :3], shown[2, 4, :3]
    assert np.ptp(slow) == np.ptp(diverged) == 0
    assert slow[0] > diverged[0] + 0.3
    assert np.asarray(drawn.slow.get_data()).tolist() == [[3], [1]]
    assert np.asarray(drawn.diverged.get_data()).tolist() == [[4], [2]]
    assert drawn.slow.get_marker() != drawn.diverged.get_marker()
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["never 90%", "diverged"]


def test_what_is_not_known_looks_like_the_coarser_cell(ax: Axes, survey: Survey) -> None:
    shown = colors(figures.plane_map(ax, survey))
    np.testing.assert_array_equal(shown[1, 1], shown[0, 0])
    empty = Survey(survey.plane)
    np.testing.assert_array_equal(colors(figures.plane_map(ax, empty)), np.ones((3, 5, 4)))


def test_an_update_shows_what_came_meanwhile(ax: Axes, survey: Survey) -> None:
    drawn = figures.plane_map(ax, survey, limits=(1, 100), chosen=(1, 2))
    assert drawn.frame.get_visible()
    assert drawn.frame.get_xy() == (0.5, 1.5)
    survey.add(Outcome(4, 0, 1, 1.0, None))
    survey.add(Outcome(0, 2, None, 0.2, None))
    drawn.update(survey)
    assert not drawn.frame.get_visible()
    np.testing.assert_allclose(colors(drawn)[0, 4], plt.get_cmap("viridis_r")(0.0))
    # What lies beyond the scale has the colour of its end.
    np.testing.assert_array_equal(colors(drawn)[0, 1], colors(drawn)[1, 2])
    assert np.asarray(drawn.slow.get_data()).tolist() == [[3, 0], [1, 2]]
    drawn.update(survey, (4, 0))
    assert drawn.frame.get_xy() == (3.5, -0.5)
    assert set(drawn.artists) >= {drawn.image, drawn.slow, drawn.diverged, drawn.frame}


def test_lines_lie_where_their_values_are(ax: Axes, survey: Survey) -> None:
    lines = [Line("wall", (1, 1), (0, 9)), Line("slope", (0.1, 10.0), (1.5, 3.0))]
    drawn = figures.plane_map(ax, survey, lines=lines)
    np.testing.assert_allclose(drawn.lines[0].get_xdata(), [2, 2])
    np.testing.assert_allclose(drawn.lines[0].get_ydata(), [-1, 8])
    np.testing.assert_allclose(drawn.lines[1].get_xdata(), [1, 3])
    np.testing.assert_allclose(drawn.lines[1].get_ydata(), [0.5, 2])
    assert len(set(LINE_STYLES)) == len(LINE_STYLES) > 2
    # A line that leaves the map does not stretch it.
    assert ax.get_xlim() == (-0.5, 4.5)
    assert ax.get_ylim() == (-0.5, 2.5)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()][2:] == ["wall", "slope"]


def test_the_sides_say_values_and_the_bar_says_iterations(ax: Axes, survey: Survey) -> None:
    figures.plane_map(ax, survey, limits=(5, 2000))
    assert ax.get_xlabel() == "step size"
    assert ax.get_ylabel() == "hidden layers"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0.01", "0.1", "1", "10", "100"]
    assert list(ax.get_xticks()) == [0, 1, 2, 3, 4]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["1", "2", "3"]
    (bar,) = ax.child_axes
    assert bar.get_ylabel() == "iterations to 90%"
    bar.figure.canvas.draw()
    low, high = bar.get_ylim()
    assert [
        label.get_text()
        for value, label in zip(bar.get_yticks(), bar.get_yticklabels(), strict=True)
        if low <= value <= high
    ] == ["10", "100", "1000"]


def test_the_map_fills_its_axes_and_the_legend_stands_above(ax: Axes, survey: Survey) -> None:
    figures.plane_map(ax, survey, lines=[Line("wall", (1, 1), (0, 9))])
    assert ax.get_aspect() == "auto"
    ax.figure.canvas.draw()
    legend, (bar,) = ax.get_legend(), ax.child_axes
    assert legend is not None
    box, map_, beside = legend.get_window_extent(), ax.get_window_extent(), bar.get_window_extent()
    assert map_.y1 - 1 <= box.y0 <= map_.y1 + 10
    assert map_.x0 - 1 <= box.x0 <= map_.x0 + 10
    assert map_.x1 < beside.x0
    assert (beside.y0, beside.y1) == pytest.approx((map_.y0, map_.y1))


def test_the_legend_shows_the_greys_and_marks_that_cells_have(ax: Axes, survey: Survey) -> None:
    drawn = figures.plane_map(ax, survey)
    legend = ax.get_legend()
    assert legend is not None
    patches: Any = legend.get_patches()
    marks: Any = [one for one in legend.findobj(Line2D) if one.get_marker() in (".", "x")]  # type: ignore[attr-defined]
    shown = colors(drawn)
    for patch, mark, cell, drawn_marks in zip(
        patches, marks, (shown[1, 3], shown[2, 4]), (drawn.slow, drawn.diverged), strict=True
    ):
        np.testing.assert_allclose(patch.get_facecolor(), cell)
        assert mark.get_marker() == drawn_marks.get_marker()
        assert mark.get_color() == drawn_marks.get_color()


def test_many_values_are_labelled_sparsely(ax: Axes) -> None:
    wide = Survey(Plane(log_axis("x", 0.01, 10_000, 25), Axis("y", tuple(range(30))), job))
    figures.plane_map(ax, wide)
    labels = [t.get_text() for t in ax.get_xticklabels()]
    assert labels == ["0.01", "0.1", "1", "10", "100", "1000", "10000"]
    assert len(ax.get_yticks()) <= 7


def test_of_a_logarithmic_axis_powers_of_ten_are_labelled(ax: Axes) -> None:
    x = Axis("x", (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100))
    figures.plane_map(ax, Survey(Plane(x, Axis("y", (0.02, 0.2, 1, 2, 10)), job)))
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0.1", "1", "10", "100"]
    assert list(ax.get_xticks()) == [2, 5, 8, 11]
    # Two powers say too little.
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0.02", "0.2", "1", "2", "10"]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (range(1, 31), ["1", "5", "10", "15", "20", "25", "30"]),
        ((1, 2, 4, 6, 10, 15, 20, 30), ["1", "2", "4", "6", "10", "15", "20", "30"]),
        (range(5, 55, 5), ["5", "10", "20", "30", "40", "50"]),
        ((1, 4, 7, 10, 13, 16, 20, 23, 26, 30), ["1", "10", "20", "30"]),
        (range(60), ["0", "10", "20", "30", "40", "50", "59"]),
        (np.linspace(0.1, 2, 24), ["0.1", "0.43", "0.761", "1.09", "1.34", "1.67", "2"]),
    ],
)
def test_round_values_and_both_ends_are_labelled(ax: Axes, values: Any, labels: Any) -> None:
    axis = Axis("x", tuple(map(float, values)))
    figures.plane_map(ax, Survey(Plane(axis, Axis("y", (1, 2, 3)), job)))
    assert [t.get_text() for t in ax.get_xticklabels()] == labels
    written = [axis.values[int(place)] for place in ax.get_xticks()]
    assert written == pytest.approx([float(label) for label in labels], rel=5e-3)


def test_the_frame_lies_on_top_and_no_grid_runs_through_the_cells(survey: Survey) -> None:
    with mpl.rc_context({**figures.STYLE, "axes.grid": True}):
        ax = plt.figure().subplots()
        drawn = figures.plane_map(ax, survey, lines=[Line("wall", (1, 1), (0, 9))], chosen=(1, 2))
        ax.figure.canvas.draw()
    assert drawn.frame in ax.patches
    others = [one for one in drawn.artists if one is not drawn.frame]
    assert drawn.frame.get_zorder() > max(one.get_zorder() for one in others)
    assert not any(one.get_visible() for one in (*ax.get_xgridlines(), *ax.get_ygridlines()))
    assert drawn.image.get_interpolation() == "nearest", "each cell has one colour"


def test_marks_are_smaller_where_cells_are(ax: Axes, survey: Survey) -> None:
    wide = Survey(Plane(Axis("x", tuple(range(60))), Axis("y", (1, 2)), job))
    few, many = figures.plane_map(ax, survey), figures.plane_map(ax, wide)
    for one, other in ((few.slow, many.slow), (few.diverged, many.diverged)):
        assert one.get_markersize() > other.get_markersize() > 0


def test_bad_arguments_are_named(ax: Axes, survey: Survey) -> None:
    with pytest.raises(TypeError, match="survey must be a Survey"):
        figures.plane_map(ax, survey.plane)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"lines\[0\] must be a Line"):
        figures.plane_map(ax, survey, lines=[(1, 2)])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="chosen must be a whole number from 0 to 4; got 5"):
        figures.plane_map(ax, survey, chosen=(5, 0))
    # What is refused is refused before anything is drawn.
    assert not ax.images
    assert not ax.lines
    with pytest.raises(ValueError, match=r"limits must rise; got \(5, 5\)"):
        figures.plane_map(ax, survey, limits=(5, 5))
