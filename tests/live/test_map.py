"""The map explorer: it fills in order, frames a cell, opens its run, and ends as all do."""

import asyncio
from typing import Any

import numpy as np
import pytest
from waiting import assert_refused, in_loop, models, until

from vanishing import figures, sweeps, workers
from vanishing.experiment import Settings
from vanishing.live import Explorer, Live, MapExplorer
from vanishing.planes import Axis, Line, coarse_to_fine, explore, log_axis
from vanishing.trials import settings_plane

STEPS, SCALES = log_axis("step_size", 0.03, 3000, 4), log_axis("scale", 0.1, 1, 3)
SMALL: dict[str, Any] = {"sizes": (2, 10, 10, 3), "points_per_class": 20, "iterations": 60}


def small(**options: Any) -> MapExplorer:
    return MapExplorer("relu", **{"x": STEPS, "y": SCALES, **SMALL, **options})


def known(live: MapExplorer) -> set[tuple[int, int]]:
    rows, columns = np.nonzero(live.survey.kind)
    return set(zip(columns.tolist(), rows.tolist(), strict=True))


def test_it_fills_in_order_with_what_the_sweep_finds() -> None:
    live = small()
    order = coarse_to_fine(4, 3)
    assert known(live) == set()
    live.advance(5)
    assert known(live) == set(order[:5])
    assert live.share.endswith(".advance(5)")
    live.advance(100)
    settings = Settings("relu", sizes=(2, 10, 10, 3), points_per_class=20)
    expected = explore(settings_plane(settings, STEPS, SCALES, iterations=60), progress=False)
    np.testing.assert_array_equal(live.survey.kind, expected.kind)
    np.testing.assert_array_equal(live.survey.reached, expected.reached)
    np.testing.assert_array_equal(live.survey.accuracy, expected.accuracy)
    assert live.finished
    assert len(set(live.survey.kind.flat)) > 1
    assert live.survey.description in live.text.readout.value.replace("&#x27;", "'")


def test_its_line_of_python_makes_the_same_map_again() -> None:
    names = {"MapExplorer": MapExplorer, "Axis": Axis, "Line": Line}
    for live in (
        small(seed=4, level=0.5, lines=[Line("l", (1, 1), (0.1, 1))], picture_width=400),
        MapExplorer("tanh", x=Axis("hidden_layers", (1, 2)), y=SCALES, **SMALL),
    ):
        live.advance(2)
        again = eval(live.share, names)
        np.testing.assert_array_equal(again.survey.accuracy, live.survey.accuracy)
        assert repr(again) == repr(live)
        assert again.picture.png() == live.picture.png()
    assert repr(MapExplorer()) == "MapExplorer('sigmoid')"


def test_its_picture_is_as_wide_as_is_asked_and_nothing_is_cut_off() -> None:
    for width in (400, 900):
        assert small(picture_width=width).picture.pixels().shape[1] == width
    live = small().advance(12)
    figure = live.picture.figure
    figure.canvas.draw()
    ax = figure.axes[0]
    for box in (ax.get_tightbbox(), *(bar.get_tightbbox() for bar in ax.child_axes)):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.width
        assert box.y1 <= figure.bbox.height


@pytest.mark.parametrize(("iterations", "slowest"), [(60, 60), (12, 12), (1, 10)])
def test_its_colours_do_not_move_while_it_fills(iterations: int, slowest: int) -> None:
    live = small(iterations=iterations)
    for count in (0, 3, 9):
        panel: Any = live.advance(count).picture.panels[0]
        assert panel.drawn.scale.get_clim() == (5, slowest)


def test_its_picture_has_each_cell_where_its_values_are_and_theorys_lines() -> None:
    line = Line("l", (STEPS.values[0], STEPS.values[2]), (SCALES.values[1], SCALES.values[2]))
    live = small(lines=[line]).advance(12)
    drawn = live.picture.panels[0].drawn  # type: ignore[attr-defined]
    np.testing.assert_array_equal(
        drawn.image.get_array(), figures.cell_colors(live.survey, drawn.scale)
    )
    np.testing.assert_allclose(drawn.lines[0].get_xydata(), [(0, 1), (2, 2)])
    ax = drawn.image.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step size", "scale")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0.1", "0.316", "1"]


def test_where_nothing_is_said_it_is_of_step_sizes_and_scales() -> None:
    live = MapExplorer()
    shown = {name: [label for label, _ in one.options] for name, one in live.controls.items()}
    assert {name: (labels[0], labels[-1]) for name, labels in shown.items()} == {
        "column": ("0.01", "10000"),
        "row": ("0.01", "10"),
    }
    assert [one.description for one in live.controls.values()] == [
        "step size",
        "initialization scale",
    ]
    assert live.limit == len(shown["column"]) * len(shown["row"])
    assert (live.controls["column"].value, live.controls["row"].value) == (12, 12)


def test_sliders_frame_a_cell_and_say_what_came_of_it() -> None:
    live = small().advance(12)
    cell = live.survey.cell(1, 2)
    live.controls["column"].value, live.controls["row"].value = 1, 2
    assert cell is not None
    assert live.words.endswith(f"framed: step size 1.39, scale 1: {cell.description(0.9)}")
    assert live.words.splitlines()[1] in live.text.readout.value
    panel: Any = live.picture.panels[0]
    assert panel.drawn.frame.get_xy() == (0.5, 1.5)
    # Each cell has words of its own.
    for column, row in coarse_to_fine(4, 3):
        live.controls["column"].value, live.controls["row"].value = column, row
        told = live.survey.cell(column, row)
        assert told is not None
        place = f"step size {STEPS.values[column]:g}, scale {SCALES.values[row]:g}"
        assert live.words.endswith(f"framed: {place}: {told.description(0.9)}")
    # Framing another cell forgets nothing.
    assert len(live.survey) == 12
    assert [text for text, _ in live.controls["row"].options] == ["0.1", "0.316", "1"]


def test_an_opened_cell_is_the_run_with_its_settings() -> None:
    live = small(seed=5)
    assert live.explorer is None
    live.controls["column"].value, live.controls["row"].value = 0, 2
    live.buttons["show_run"].click()
    opened = live.explorer
    assert isinstance(opened, Explorer)
    assert live.children[-1] is opened
    assert opened.wanted == live.plane.settings_at(0, 2)
    assert (opened.wanted.step_size, opened.wanted.scale, opened.wanted.seed) == (0.03, 1.0, 5)
    assert opened.limit == 60
    assert list(opened.controls) == ["step_size", "scale"]
    # The map's run and the explorer's are one, but for the precision.
    live.advance(12)
    cell = live.survey.cell(0, 2)
    assert cell is not None
    opened.advance(cell.reached or 60)
    assert opened.experiment.trainers[0].accuracy == pytest.approx(cell.accuracy, abs=0.05)
    # Framing another cell leaves it open; opening that one closes it.
    live.controls["column"].value = 1
    assert live.explorer is opened
    live.buttons["show_run"].click()
    assert opened.closed
    assert live.explorer is not opened
    assert sum(isinstance(part, Explorer) for part in live.children) == 1


def test_opening_a_cell_again_begins_it_again() -> None:
    live = small()
    live.show_run()
    first = live.explorer
    live.show_run()
    assert first is not None
    assert first.closed
    assert live.explorer is not None
    assert not live.explorer.closed


def test_in_a_kernel_it_fills_by_itself_once_played_and_pauses() -> None:
    async def work() -> None:
        live = small(iterations=400)
        await asyncio.sleep(0.1)
        assert live.iteration == 0
        live.toggle()
        await until(lambda: live.iteration >= 2)
        live.toggle()
        await until(lambda: live.buttons["toggle"].description == "Play")
        before = live.iteration
        await asyncio.sleep(0.2)
        assert live.iteration == before
        live.controls["row"].value = 2
        await until(lambda: live.wanted.row == 2)
        assert live.iteration == before
        live.toggle()
        await until(lambda: live.finished)
        await until(lambda: not live.busy)
        assert live.survey.complete
        assert known(live) == set(coarse_to_fine(4, 3))
        assert "12 of 12" in live.text.readout.value
        live.rewind()
        await until(lambda: live.iteration == 0)

    in_loop(work)


def test_an_opened_run_plays_beside_the_map() -> None:
    async def work() -> None:
        live = small()
        live.toggle()
        live.show_run()
        await until(lambda: live.explorer is not None and live.explorer.iteration > 5)
        await until(lambda: live.finished)

    in_loop(work)


@pytest.mark.parametrize("processes", [True, False])
def test_turns_stay_short_while_it_fills(
    monkeypatch: pytest.MonkeyPatch, *, processes: bool
) -> None:
    monkeypatch.setattr(sweeps, "SHORT", 0.0 if processes else np.inf)
    workers.processes(2)

    async def work() -> None:
        live = MapExplorer("relu", x=STEPS, y=SCALES, iterations=1500)
        live.toggle()
        gaps, loop = list[float](), asyncio.get_running_loop()
        last = loop.time()
        while not live.finished:
            await asyncio.sleep(0.001)
            gaps.append(loop.time() - last)
            last = loop.time()
        assert len(gaps) > 10
        assert np.median(gaps) < 0.1

    in_loop(work)


def test_an_error_in_a_run_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        live = small()

        def fails(*_: Any) -> Any:
            raise ZeroDivisionError("of my own making")

        monkeypatch.setattr("vanishing.trials.Trial.advance", fails)
        live.toggle()
        await until(lambda: "of my own making" in live.text.trouble.value)
        assert not live.busy
        monkeypatch.undo()
        live.toggle()
        await until(lambda: "Rewind begins anew" in live.text.trouble.value)
        live.rewind()
        live.toggle()
        await until(lambda: live.finished)

    in_loop(work)


def test_closing_closes_the_opened_run_too_and_leaves_nothing() -> None:
    before = models()
    live = small()
    live.advance(3)
    live.show_run()
    opened = live.explorer
    live.close()
    assert opened is not None
    assert opened.closed
    assert models() == before
    assert live not in Live.alive()
    with pytest.raises(RuntimeError, match=r"MapExplorer\('relu', .*advance\(3\) makes one like"):
        _ = live.survey


@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        ({"x": 3}, TypeError, "x must be an Axis; got 3"),
        ({"y": STEPS}, ValueError, "y must vary something else than x"),
        ({"iterations": 0}, ValueError, "iterations must be .*got 0"),
        ({"level": 2}, ValueError, "level must be .*got 2"),
        ({"lines": [3]}, TypeError, r"lines\[0\] must be a Line; got 3"),
        ({"colour": 3}, TypeError, "must be given arguments from .*got 'colour'"),
        ({"picture_width": 3}, ValueError, "picture_width must be"),
    ],
)
def test_wrong_arguments_are_named_and_leave_nothing(
    wrong: dict[str, Any], error: type[Exception], told: str
) -> None:
    assert_refused(small, wrong, error, told)


def test_an_attribute_that_has_no_effect_cannot_be_set() -> None:
    live = small()
    with pytest.raises(AttributeError, match=r"make a new MapExplorer\(level=0.5\)"):
        live.level = 0.5
