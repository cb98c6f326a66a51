"""Play, pause, step, rewind: with a player whose iterations take no time."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from test_widget import Empty, Note, Wanted
from waiting import in_loop, until

from vanishing.live import Player
from vanishing.live.player import MARKS, marks


class Quick(Player):
    """Counts iterations; every hundredth of a second one of them at most."""

    def __init__(self, iterations: int = 10**9, **options: Any) -> None:
        self.marks: dict[str, Any] = {"made": 0, "ends": None, "broken": False, "runs": 0}
        options = {"panels": [Note], "iterations": iterations, **options}
        super().__init__(Wanted(), **options)

    def restart(self, wanted: Wanted) -> None:
        self.marks["made"] = 0
        self.marks["runs"] += 1
        self.marks["wanted"] = wanted

    @property
    def scene(self) -> Empty:
        return Empty()

    @property
    def iteration(self) -> int:
        made: int = self.marks["made"]
        return made

    @property
    def diverged(self) -> bool:
        ends = self.marks["ends"]
        return super().diverged if ends is None else self.iteration >= ends

    def advance_by(self, iterations: int, seconds: float) -> int:
        if self.marks["broken"]:
            raise ZeroDivisionError
        done = min(iterations, 3) if seconds < 1 else iterations
        self.marks["made"] += done
        return done

    @property
    def words(self) -> str:
        return f"iteration {self.iteration}"

    @property
    def share(self) -> str:
        return f"Quick().advance({self.iteration})"


async def settled(player: Quick) -> None:
    """Wait until the task has nothing more to do."""
    await until(lambda: not player.busy and not player.is_behind)
    await asyncio.sleep(0.02)


def test_nothing_goes_on_before_play() -> None:
    async def work() -> None:
        player = Quick()
        await asyncio.sleep(0.05)
        assert player.iteration == 0
        assert player.buttons["toggle"].description == "Play"
        player.buttons["toggle"].click()
        await until(lambda: player.iteration > 20)
        assert player.playing
        assert player.buttons["toggle"].description == "Pause"
        assert player.buttons["toggle"].icon == "pause"
        player.buttons["toggle"].click()
        await settled(player)
        reached = player.iteration
        await asyncio.sleep(0.05)
        assert player.iteration == reached
        assert player.buttons["toggle"].description == "Play"
        assert player.buttons["toggle"].icon == "play"
        assert f"advance({reached})" in player.text.share.value

    in_loop(work)


def test_each_step_is_one_iteration_and_waits() -> None:
    async def work() -> None:
        player = Quick()
        player.toggle()
        await until(lambda: player.iteration > 20)
        player.step()
        await settled(player)
        assert not player.playing
        reached = player.iteration
        for _ in range(5):
            player.buttons["step"].click()
        await settled(player)
        assert player.iteration == reached + 5

    in_loop(work)


@pytest.mark.parametrize(
    "then",
    [
        lambda player: player.rewind(),
        lambda player: player.reset(),
        lambda player: player.start(Wanted(2)),
    ],
    ids=["rewind", "reset", "other settings"],
)
def test_a_new_beginning_makes_queued_steps_void(then: Callable[[Quick], None]) -> None:
    async def work() -> None:
        player = Quick()
        for _ in range(20):
            player.step()
        then(player)
        await settled(player)
        assert player.iteration == 0
        for _ in range(20):
            player.step()
        await until(lambda: player.iteration > 3)
        then(player)
        await settled(player)
        assert player.iteration == 0
        player.step()
        player.step()
        await settled(player)
        assert player.iteration == 2, "steps after the new beginning count"

    in_loop(work)


def test_a_move_sets_it_going_from_the_beginning() -> None:
    async def work() -> None:
        player = Quick()
        player.advance(100)
        player.moved("number", 2)
        await until(lambda: player.marks["wanted"] == Wanted(2) and player.iteration > 20)
        assert player.playing

    in_loop(work)


def test_it_ends_at_the_limit_and_plays_from_the_beginning_then() -> None:
    async def work() -> None:
        player = Quick(30)
        player.toggle()
        await settled(player)
        assert player.iteration == 30
        assert player.finished
        runs = player.marks["runs"]
        player.toggle()
        await until(lambda: player.marks["runs"] == runs + 1)
        await settled(player)
        assert player.iteration == 30

    in_loop(work)


def test_it_ends_where_it_diverges() -> None:
    async def work() -> None:
        player = Quick()
        player.marks["ends"] = 12
        player.toggle()
        await settled(player)
        assert player.iteration in (12, 13, 14)

    in_loop(work)


def test_a_pause_while_other_settings_wait_is_a_pause() -> None:
    async def work() -> None:
        player = Quick(30).advance(30)
        player.moved("number", 2)
        player.toggle()
        await settled(player)
        assert player.marks["wanted"] == Wanted(2)
        assert player.iteration == 0

    in_loop(work)


def test_the_end_of_one_run_does_not_stop_the_next() -> None:
    async def work() -> None:
        player = Quick(60)
        done = threading.Event()

        def press() -> None:
            while not done.is_set():
                if player.iteration == 60:
                    player.moved("number", player.wanted.number + 1)

        thread = threading.Thread(target=press)
        player.toggle()
        thread.start()
        try:
            await until(lambda: player.marks["runs"] > 6)
        finally:
            done.set()
            thread.join()
        await settled(player)
        assert player.iteration == 60
        assert player.marks["wanted"] == player.wanted

    in_loop(work)


def test_an_error_pauses_it_and_steps_are_forgotten() -> None:
    async def work() -> None:
        player = Quick()
        player.marks["broken"] = True
        for _ in range(3):
            player.step()
        await until(lambda: "ZeroDivisionError" in player.text.trouble.value)
        assert not player.busy
        player.marks["broken"] = False
        await asyncio.sleep(0.03)
        assert player.iteration == 0
        player.step()
        await settled(player)
        assert player.iteration == 1

    in_loop(work)


def test_closing_the_last_view_pauses_it() -> None:
    async def work() -> None:
        player = Quick()
        player.set_state({"_view_count": 1})
        player.toggle()
        await until(lambda: player.iteration > 20)
        player.set_state({"_view_count": 0})
        assert not player.playing
        await until(lambda: player.buttons["toggle"].description == "Play")
        assert "Play goes on" in player.text.notice.value
        reached = player.iteration
        player.toggle()
        await until(lambda: player.iteration > reached and player.text.notice.value == "")

    in_loop(work)


def test_words_are_read_out_five_times_a_second_while_it_plays() -> None:
    async def work() -> None:
        player = Quick()
        said: list[str] = []
        player.text.readout.observe(lambda change: said.append(change["new"]), "value")
        player.toggle()
        await asyncio.sleep(1)
        player.toggle()
        await settled(player)
        assert 2 <= len(said) <= 7
        assert f"iteration {player.iteration}<" in said[-1]

    in_loop(work)


def test_a_script_advances_and_plays_nothing_by_itself() -> None:
    player = Quick(50)
    player.toggle()
    assert not player.playing
    assert player.iteration == 0
    assert player.advance(20) is player
    assert player.iteration == 20
    assert "advance(20)" in player.text.share.value
    assert player.advance(10**6).iteration == 50
    player.step()
    assert player.iteration == 50
    player.rewind()
    player.step()
    assert player.iteration == 1


@pytest.mark.parametrize(
    ("wrong", "error"), [(-1, ValueError), (1.5, TypeError), ("5", TypeError), (True, TypeError)]
)
def test_iterations_that_are_none_are_refused(wrong: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="iterations must be a whole number, at least 0; got"):
        Quick().advance(wrong)


def test_a_closed_player_advances_no_further() -> None:
    player = Quick().advance(7)
    player.close()
    for use in (lambda: player.advance(1), player.step, player.toggle):
        with pytest.raises(RuntimeError, match=r"Quick\(\).advance\(7\) makes one like it"):
            use()


# Steering time


class Steered(Quick):
    """One that has a speed, and shows earlier iterations."""

    steers_time = True


def test_it_stops_at_the_iteration_asked_for() -> None:
    async def work() -> None:
        player = Steered()
        assert [player.times[name].value for name in ("go_to", "look_at")] == [0, 0]
        player.times["go_to"].value = 50
        await until(lambda: player.iteration > 0)
        await settled(player)
        assert player.iteration == 50
        assert not player.playing
        player.toggle()
        await until(lambda: player.iteration > 60)

    in_loop(work)


def test_an_iteration_that_is_past_is_looked_at_and_play_goes_on_from_the_last() -> None:
    async def work() -> None:
        player = Steered()
        player.go_to(40)
        await until(lambda: player.iteration == 40)
        player.times["look_at"].value = 10
        await until(lambda: player.looked_at == 10)
        assert (player.iteration, player.playing) == (40, False)
        player.toggle()
        await until(lambda: player.iteration > 43)
        assert player.looked_at is None

    in_loop(work)


@pytest.mark.parametrize(("speed", "least", "most"), [(10.0, 3, 8), (100.0, 25, 65)])
def test_a_speed_is_kept(speed: float, least: int, most: int) -> None:
    async def work() -> None:
        player = Steered()
        player.times["speed"].value = speed
        player.toggle()
        await asyncio.sleep(0.55)
        assert least <= player.iteration <= most

    in_loop(work)


def test_places_to_go_back_to_are_close_at_first() -> None:
    assert marks(3) == [0, 1, 2, 3]
    found = marks(50_000)
    assert found[:6] == [0, 1, 2, 3, 4, 5]
    assert found[-1] == 50_000
    assert len(found) <= MARKS


def test_only_iterations_within_the_run_can_be_gone_to() -> None:
    with pytest.raises(ValueError, match=r"iteration must be .*got 11"):
        Steered(10).go_to(11)
