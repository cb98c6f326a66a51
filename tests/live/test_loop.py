"""The task: woken from any thread, one turn after the other, errors told, an end."""

import asyncio
import threading
import time
from dataclasses import replace

import pytest
from waiting import in_loop, until

from vanishing.live import loop as loop_module
from vanishing.live.loop import Loop, Wish, cell_and_run


class Turns:
    """Counts turns, and wants more of them up to a number."""

    def __init__(self, wanted: int = 1) -> None:
        self.wanted, self.made, self.thread = wanted, 0, 0
        self.errors: list[Exception] = []

    def __call__(self) -> bool:
        self.made += 1
        self.thread = threading.get_ident()
        if self.wanted < 0:
            raise ZeroDivisionError("below zero")
        return self.made < self.wanted

    def loop(self) -> Loop:
        return Loop(self, self.errors.append)


def test_without_a_loop_a_turn_is_taken_at_once() -> None:
    turns = Turns(5)
    loop = turns.loop()
    assert not loop.runs
    loop.wake()
    assert turns.made == 1
    assert loop.ended is False
    loop.close()
    loop.wake()
    assert turns.made == 1
    assert loop.ended is True


def test_without_a_loop_an_error_is_told() -> None:
    turns = Turns(-1)
    turns.loop().wake()
    assert [str(error) for error in turns.errors] == ["below zero"]


def test_turns_are_taken_until_there_is_nothing_more_to_do() -> None:
    async def work() -> None:
        turns = Turns(5)
        loop = turns.loop()
        assert loop.runs
        await asyncio.sleep(0.02)
        assert turns.made == 0, "nobody woke it"
        loop.wake()
        assert turns.made == 0, "not in the observer itself"
        await until(lambda: turns.made == 5)
        await asyncio.sleep(0.05)
        assert turns.made == 5
        turns.wanted = 8
        loop.wake()
        await until(lambda: turns.made == 8)

    in_loop(work)


def test_another_thread_wakes_it_and_the_loops_thread_works() -> None:
    async def work() -> None:
        turns = Turns()
        loop = turns.loop()
        thread = threading.Thread(target=loop.wake)
        thread.start()
        thread.join()
        await until(lambda: turns.made == 1)
        assert turns.thread == threading.get_ident()

    in_loop(work)


def test_others_get_their_turn_between() -> None:
    async def work() -> None:
        turns = Turns(20)
        turns.loop().wake()
        longest = 0.0
        while turns.made < 20:
            begin = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - begin)
        assert longest < 0.02

    in_loop(work)


def test_an_error_is_told_and_survived() -> None:
    async def work() -> None:
        turns = Turns(-1)
        loop = turns.loop()
        loop.wake()
        await until(lambda: bool(turns.errors))
        assert turns.made == 1
        turns.wanted = 3
        loop.wake()
        await until(lambda: turns.made == 3)

    in_loop(work)


def test_closing_ends_it() -> None:
    async def work() -> None:
        turns = Turns(10**9)
        loop = turns.loop()
        loop.wake()
        await until(lambda: turns.made > 3)
        loop.close()
        await until(lambda: loop.ended)
        made = turns.made
        loop.wake()
        await asyncio.sleep(0.02)
        assert turns.made == made

    in_loop(work)


def test_closing_ends_it_also_where_it_waits_for_work() -> None:
    async def work() -> None:
        loop = Turns().loop()
        await asyncio.sleep(0.02)
        assert loop.ended is False
        loop.close()
        await until(lambda: loop.ended)

    in_loop(work)


def test_a_wish_is_for_a_new_beginning_that_stands_still() -> None:
    wish, same = Wish("settings"), Wish("settings")
    assert (wish.playing, wish.steps) == (False, 0)
    assert wish.generation is not same.generation
    assert replace(wish, steps=1).generation is wish.generation
    assert wish != same
    with pytest.raises(AttributeError):
        wish.steps = 1  # type: ignore[misc]


def test_waking_after_the_kernels_loop_has_ended_does_nothing() -> None:
    turns, made = Turns(), []

    async def work() -> None:
        made.append(turns.loop())

    in_loop(work)
    made[0].wake()
    assert turns.made == 0


class Shell:
    """Stands for IPython; it has just been sent this message."""

    def __init__(self, parent: dict[str, object] | None) -> None:
        self.get_parent = lambda: parent


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        (None, (None, None)),
        (Shell(None), (None, None)),
        (Shell({"header": {"msg_id": "7"}, "metadata": {}}), (None, "7")),
        (Shell({"header": {"msg_id": "7"}, "metadata": {"cellId": "a"}}), ("a", "7")),
    ],
    ids=["no IPython", "no message", "no cell", "cell"],
)
def test_the_front_end_tells_which_cell_is_run(
    monkeypatch: pytest.MonkeyPatch, shell: object, expected: object
) -> None:
    monkeypatch.setattr(loop_module, "get_ipython", lambda: shell)
    assert cell_and_run() == expected


class Late:
    """A loop that is woken from another loop's thread, as observers in JupyterLab wake it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loop_module, "LATE", 0.05)
        self.turns, self.calls = Turns(), 0
        self.threads: set[int] = set()
        self.loop = Loop(self.turns, self.turns.errors.append, self)

    def __call__(self) -> None:
        self.calls += 1
        self.threads.add(threading.get_ident())

    def wake(self, times: int = 1) -> None:
        """Wake it from the other thread, and stay there until all is called that would be."""

        async def observer() -> None:
            for _ in range(times):
                self.loop.wake()
            await asyncio.sleep(0.2)

        self.other = threading.Thread(target=lambda: asyncio.run(observer()))
        self.other.start()


def test_a_turn_that_cannot_begin_is_told_once_in_the_thread_that_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work() -> None:
        late = Late(monkeypatch)
        late.wake(times=3)
        late.other.join()  # as a cell does, it keeps the main loop from going on
        assert late.calls == 1
        assert late.threads != {threading.get_ident()}
        assert late.turns.made == 0
        await until(lambda: late.turns.made == 1)

    in_loop(work)


def test_a_turn_that_begins_in_time_is_not_called_late(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        late = Late(monkeypatch)
        for _ in range(2):
            late.wake()
            await until(lambda: not late.other.is_alive())
        assert late.calls == 0
        assert late.turns.made == 2

    in_loop(work)


def test_a_turn_that_begins_while_it_is_called_late_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work() -> None:
        late = Late(monkeypatch)

        def turn_meanwhile() -> None:
            late.loop._waits = False

        late.loop._late = turn_meanwhile
        late.wake()
        late.other.join()
        await until(lambda: late.turns.made == 1)
        late.loop.close()

    in_loop(work)
