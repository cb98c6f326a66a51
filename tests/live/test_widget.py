"""The base of the live widgets, with a widget that knows of no network: wishes, words, an end."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from ipywidgets import FloatText
from traitlets import TraitError
from waiting import Clock, confirm, in_loop, models, until

from vanishing.live import Live, Panel
from vanishing.live import widget as widget_module
from vanishing.live.controls import CONTROLS
from vanishing.live.pacing import FRAME, SLICE
from vanishing.live.words import Described


@dataclass(frozen=True)
class Wanted:
    """Settings that refuse a number below zero."""

    number: float = 1.0
    noise: float = 0.2

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError(f"number must be positive; got {self.number}")

    def changed(self, name: str, value: Any) -> "Wanted":
        return replace(self, **{name: value})


class Heap:
    """Something large."""


@dataclass
class Empty:
    frame: int = 0


class Note(Panel):
    """A panel with nothing that moves."""

    def setup(self, axes: Sequence[Any], scene: Any) -> None: ...

    def update(self, scene: Any) -> list[Any]:  # noqa: ARG002
        return []


class Counter(Live):
    """Keeps account of what its base asks of it."""

    catalogue: ClassVar[dict[str, Any]] = {
        "number": FloatText,
        "noise": CONTROLS["noise"],
        "scale": CONTROLS["scale"],
    }
    arguments = frozenset({"number", "noise"})

    def __init__(self, **options: Any) -> None:
        self._clock = Clock()
        self.given: list[Wanted] = []
        self.seconds: list[float] = []
        self.left = 0
        self.told, self.line = "all is well", "Counter()"
        super().__init__(
            options.pop("wanted", Wanted()),
            **{"panels": [Note], "controls": ("number",), "clock": self._clock, **options},
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("left", "told", "line", "heap"):
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)

    def restart(self, wanted: Wanted) -> None:
        if wanted.number == 13:
            raise RuntimeError("bad <luck>")
        self.given.append(wanted)
        self.heap = Heap()

    @property
    def scene(self) -> Empty:
        return Empty()

    @property
    def words(self) -> str:
        return self.told

    @property
    def share(self) -> str:
        return self.line

    def setting(self, name: str) -> Any:
        return 0.0 if name == "scale" else super().setting(name)

    def work(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.left = max(self.left - 1, 0)

    @property
    def busy(self) -> bool:
        return self.left > 0

    def halt(self) -> None:
        self.left = 0

    def free(self) -> None:
        self.heap = None


def shown(counter: Live) -> list[bytes]:
    """Return a list to which each picture is added that goes out from now on."""
    found: list[bytes] = []
    counter.image.observe(lambda change: found.append(change["new"]), "value")
    return found


# Wishes


def test_a_move_begins_anew_with_what_is_wanted() -> None:
    counter = Counter()
    counter.controls["number"].value = 2.3456
    assert counter.given == [Wanted(), Wanted(2.3456)]
    assert counter.wanted == Wanted(2.3456)
    counter.buttons["reset"].click()
    assert counter.given[-1] == Wanted()
    assert counter.controls["number"].value == 1.0


def test_a_move_that_changes_nothing_begins_nothing() -> None:
    counter = Counter(wanted=Wanted(0.5))
    counter.controls["number"].value = 0.4
    counter.controls["number"].value = 0.5
    assert counter.given == [Wanted(0.5), Wanted(0.4), Wanted(0.5)]
    counter.moved("number", 0.5)
    assert len(counter.given) == 3


def test_of_many_wishes_in_one_turn_the_last_is_served() -> None:
    async def work() -> None:
        counter = Counter()
        for number in range(2, 9):
            counter.controls["number"].value = number
        assert counter.given == [Wanted()], "an observer only stores what is wanted"
        assert counter.is_behind
        await until(lambda: not counter.is_behind)
        assert counter.given == [Wanted(), Wanted(8)]

    in_loop(work)


def test_wishes_come_from_any_thread() -> None:
    async def work() -> None:
        counter = Counter()
        for number in (2, 3, 4):
            thread = threading.Thread(
                target=setattr, args=(counter.controls["number"], "value", number)
            )
            thread.start()
            thread.join()
        await until(lambda: counter.given[-1] == Wanted(4))
        assert counter.text.trouble.value == ""

    in_loop(work)


def test_a_wish_while_work_goes_on_is_served_by_the_next_turn() -> None:
    async def work() -> None:
        counter = Counter()
        counter.left = 10**6
        counter.start(Wanted(2))
        await until(lambda: len(counter.seconds) > 3)
        counter.start(Wanted(3))
        made = len(counter.seconds)
        await until(lambda: counter.given[-1] == Wanted(3))
        assert len(counter.seconds) <= made + 2
        counter.left = 0

    in_loop(work)


def test_no_turn_works_longer_than_a_frame() -> None:
    async def work() -> None:
        counter = Counter()
        counter.left = 5
        counter.start(Wanted(2))
        await until(lambda: counter.left == 0)
        first, *others = counter.seconds
        assert first == SLICE, "a new beginning is shown at once"
        assert others
        assert all(FRAME / 2 <= seconds <= FRAME for seconds in others)

    in_loop(work)


# What cannot be shown, or is refused


def test_a_setting_that_is_refused_leaves_all_as_it_was() -> None:
    counter = Counter()
    with pytest.raises(ValueError, match="number must be positive; got -1"):
        counter.controls["number"].value = -1
    assert counter.controls["number"].value == 1.0
    assert counter.wanted == Wanted()
    assert "number must be positive; got -1.0" in counter.text.trouble.value
    counter.controls["number"].value = 3
    assert counter.text.trouble.value == ""


def test_sliders_are_made_wide_enough() -> None:
    counter = Counter(wanted=Wanted(noise=2.5), controls=["noise"])
    assert counter.controls["noise"].value == 2.5
    assert counter.text.notice.value == ""
    with pytest.raises(TraitError, match=r"noise goes from 0 to 2\.5 here; got 3"):
        counter.controls["noise"].value = 3


def test_zero_stands_in_the_field_of_a_slider_that_does_not_reach_it() -> None:
    counter = Counter(controls=["scale"])
    assert counter.controls["scale"].value == 0
    assert counter.controls["scale"].field.value == "0"
    assert counter.controls["scale"].slider.value == pytest.approx(0.001)


def test_what_was_typed_and_not_taken_is_said_until_something_is() -> None:
    counter = Counter(controls=["noise"])
    field = counter.controls["noise"].field
    field.value = "0,3"
    assert "<b>Not taken.</b> noise must be a number, with a decimal" in counter.text.trouble.value
    assert "role='alert'" in counter.text.trouble.value
    assert counter.given == [Wanted()]
    field.value = "0.3"
    assert counter.text.trouble.value == ""
    assert counter.given[-1] == Wanted(noise=0.3)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("number", r"no attribute 'number' to set; make a new Counter\(number=5\), or move its "),
        ("noise", r"no attribute 'noise' to set; make a new Counter\(noise=5\)$"),
        ("colour", "no attribute 'colour' to set$"),
        ("words", "no attribute 'words' to set$"),
        ("reset", "no attribute 'reset' to set$"),
        ("controls", "no attribute 'controls' to set$"),
    ],
)
def test_who_sets_what_has_no_effect_is_told(name: str, expected: str) -> None:
    counter = Counter()
    with pytest.raises(AttributeError, match=expected):
        setattr(counter, name, 5)


def test_what_belongs_to_a_widget_can_be_set() -> None:
    counter = Counter()
    counter.layout = {"width": "500px"}
    assert counter.layout.width == "500px"


# Errors


def test_an_error_is_shown_and_survived() -> None:
    async def work() -> None:
        counter = Counter()
        counter.left = 10**6
        counter.start(Wanted(13))
        await until(lambda: "RuntimeError: bad &lt;luck&gt;" in counter.text.trouble.value)
        assert "role='alert'" in counter.text.trouble.value
        assert counter.left == 0, "what went on by itself goes on"
        counter.start(Wanted(14))
        await until(lambda: counter.text.trouble.value == "")
        assert counter.given[-1] == Wanted(14)

    in_loop(work)


def test_words_cannot_break_the_page() -> None:
    counter = Counter()
    counter.told, counter.line = "a < b\n<script>&", "Counter('<i>')"
    counter.start(Wanted(2))
    said = counter.text.readout.value
    assert "<div>a &lt; b</div><div>&lt;script&gt;&amp;</div>" in said
    assert said in counter.text.readout.value
    spoken = counter.text.spoken.value
    assert "role='status'" in spoken
    assert "<div>a &lt; b</div><div>&lt;script&gt;&amp;</div>" in spoken
    assert counter.text.share.value == "Counter('<i>')"


def test_what_is_shown_is_spoken_once_when_it_has_come_to_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(widget_module, "AT_REST", 0.05)

    async def work() -> None:
        counter = Counter()
        spoken: list[str] = []
        counter.text.spoken.observe(lambda change: spoken.append(change["new"]), "value")
        counter.told, counter.left = "it works", 10**6
        counter.start(Wanted(2))
        await until(lambda: len(counter.seconds) > 3 and "it works" in counter.text.readout.value)
        await asyncio.sleep(0.1)
        assert not any("it works" in one for one in spoken), "it has not come to rest"
        counter.told = "done"
        counter.left = 0
        await until(lambda: any("done" in one for one in spoken))
        assert counter.image.tooltip == "Picture of the state: done"
        for number in range(3, 9):
            counter.told = f"at {number}"
            counter.start(Wanted(number))
            await asyncio.sleep(0.01)
        await until(lambda: "at 8" in spoken[-1])
        assert sum("at " in one for one in spoken) == 1
        assert counter.image.tooltip == "Picture of the state: at 8"
        counter.start(Wanted(9))
        counter.told = "closed"
        await asyncio.sleep(0.02)
        counter.close()
        await asyncio.sleep(0.1)
        assert "closed" not in spoken[-1]

    in_loop(work)


@pytest.mark.parametrize(
    ("wrong", "error", "named"),
    [
        ({"controls": ("colour",)}, ValueError, "controls must be some of 'number', .*'colour'"),
        ({"controls": 5}, TypeError, "controls must be .*; got 5"),
        ({"controls": ("number", "number")}, ValueError, "controls must name each control once"),
        ({"picture_width": 100}, ValueError, "picture_width must be .* from 200 to 4,000; got 100"),
        ({"picture_width": 10**9}, ValueError, "picture_width must .*; got 1000000000"),
        ({"wanted": Wanted(13)}, RuntimeError, "bad <luck>"),
        ({"panels": [object]}, AttributeError, "square"),
        ({"controls": ("broken",)}, ZeroDivisionError, "division by zero"),
    ],
)
def test_what_is_refused_leaves_no_widget(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any], error: type[Exception], named: str
) -> None:
    if wrong.get("controls") == ("broken",):
        catalogue = {"broken": lambda: 1 / 0}
        monkeypatch.setattr(Counter, "catalogue", catalogue)
    before = models()
    with pytest.raises(error, match=named):
        Counter(**wrong)
    assert models() == before
    assert Live.alive() == []


# Pictures and the page


def test_pictures_wait_for_a_page_that_confirms_them_late() -> None:
    async def work() -> None:
        counter = Counter()
        clock, receipts = counter.clock, counter.receipts
        confirm(receipts)
        clock.now += 1
        counter.left = 10**6
        pictures = shown(counter)
        counter.start(Wanted(2))
        await until(lambda: receipts.asked.value > receipts.returned.value)
        clock.now += 0.3
        counter.told = "later"
        worked = len(counter.seconds)
        before = len(pictures)
        await until(lambda: len(counter.seconds) > worked + 20)
        assert len(pictures) <= before + 1, "pictures pile up"
        counter.left = 0
        await asyncio.sleep(0.02)
        assert "later" not in counter.text.readout.value
        confirm(receipts)
        # The last state is shown all the same, and nothing after it.
        await until(lambda: "later" in counter.text.readout.value)
        await asyncio.sleep(0.02)
        worked = len(counter.seconds)
        await asyncio.sleep(0.02)
        assert len(counter.seconds) == worked

    in_loop(work)


def test_where_no_page_confirms_any_pictures_go_out() -> None:
    async def work() -> None:
        counter = Counter()
        counter.left = 20
        counter.start(Wanted(2))
        while counter.left:
            counter.clock.now += 10
            await asyncio.sleep(0.002)
        assert counter.text.notice.value == ""

    in_loop(work)


def test_it_stops_when_the_page_is_gone_and_says_so() -> None:
    async def work() -> None:
        counter = Counter()
        confirm(counter.receipts)
        counter.clock.now += 1
        counter.left = 10**6
        counter.start(Wanted(2))
        asked = counter.receipts.returned.value
        await until(lambda: counter.receipts.asked.value > asked)
        counter.clock.now += 3.9
        await asyncio.sleep(0.05)
        assert counter.left > 0
        counter.clock.now += 0.2
        await until(lambda: counter.left == 0)
        await until(lambda: "did not answer for 4 seconds" in counter.text.notice.value)
        # The page is back: what a person does there takes the notice away, and goes on.
        counter.left = 10**6
        counter.start(Wanted(3))
        await until(lambda: counter.text.notice.value == "")
        await asyncio.sleep(0.03)
        assert counter.left > 0
        counter.left = 0

    in_loop(work)


def test_it_stops_when_the_last_view_is_closed() -> None:
    async def work() -> None:
        counter = Counter()
        for views in (1, 2):
            counter.set_state({"_view_count": views})
        counter.left = 10**6
        counter.start(Wanted(2))
        await until(lambda: len(counter.seconds) > 2)
        counter.set_state({"_view_count": 1})
        await asyncio.sleep(0.02)
        assert counter.left > 0
        assert counter.text.notice.value == ""
        counter.set_state({"_view_count": 0})
        assert counter.left == 0
        await until(lambda: "no page showed this" in counter.text.notice.value)

    in_loop(work)


def test_nothing_is_said_where_nothing_went_on() -> None:
    counter = Counter()
    counter.set_state({"_view_count": 1})
    counter.set_state({"_view_count": 0})
    assert counter.text.notice.value == ""


def test_the_page_is_told_when_the_kernel_is_gone() -> None:
    # The page itself marks what has lost its kernel with this class.
    told = Counter().text.children[-1].value
    assert ".jupyter-widgets-disconnected .vanishing-cut-off { display: block; }" in told
    assert "Run the cell again" in told


def test_the_page_gets_a_picture_beside_the_widget() -> None:
    bundle = Counter()._repr_mimebundle_()
    assert {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"} <= set(bundle)


def test_the_page_is_told_what_it_asks_of_an_image() -> None:
    image = Described()
    image.describe("three arms")
    assert {"description", "tooltip"} <= set(image.keys)
    assert (image.description, image.tooltip) == ("", "three arms")


# The end


def test_closing_ends_the_task_frees_memory_and_leaves_no_widget() -> None:
    async def work() -> None:
        before = models()
        counter = Counter()
        counter.left = 10**6
        counter.start(Wanted(2))
        await until(lambda: len(counter.seconds) > 2)
        heap, figure = weakref.ref(counter.heap), weakref.ref(counter.figure)
        counter.line = "Counter(2)"
        counter.close()
        counter.close()
        assert counter.closed
        assert Live.alive() == []
        assert models() == before
        await until(lambda: counter.ended)
        gc.collect()
        assert heap() is None
        assert figure() is None
        worked = len(counter.seconds)
        await asyncio.sleep(0.02)
        assert len(counter.seconds) == worked
        for use in (counter.static, counter.reset, lambda: counter.picture):
            with pytest.raises(RuntimeError, match=r"Counter was closed.*; Counter\(2\) makes one"):
                use()

    in_loop(work)


def run_cells(monkeypatch: pytest.MonkeyPatch, runs: Sequence[tuple[Any, Any]]) -> list[bool]:
    """Make a widget in each run of a cell, and tell which are closed in the end."""
    made = []
    for origin in runs:
        monkeypatch.setattr(widget_module, "cell_and_run", lambda origin=origin: origin)
        made.append(Counter())
    assert set(Live.alive()) == {one for one in made if not one.closed}
    return [one.closed for one in made]


def test_running_a_cell_again_ends_its_earlier_widgets(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [("one", "1"), ("one", "1"), ("other", "2"), ("one", "3")]
    assert run_cells(monkeypatch, runs) == [True, True, False, False]


@pytest.mark.parametrize("run", [None, "1"])
def test_without_a_cells_name_no_widget_is_ended(
    monkeypatch: pytest.MonkeyPatch, run: str | None
) -> None:
    runs = [(None, run), (None, "2"), ("one", "3"), (None, "4")]
    assert run_cells(monkeypatch, runs) == [False] * 4
