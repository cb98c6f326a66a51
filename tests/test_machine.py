"""One BLAS thread while training, and interrupts that never leave a run half made."""

import contextlib
import functools
import inspect
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from vanishing import (
    Dataset,
    Network,
    Run,
    Trainer,
    machine,
    spiral,
    train,
    trainer_base,
    training,
)
from vanishing.machine import interrupts_held, interrupts_noted, one_blas_thread


def blas_threads() -> list[int]:
    return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """Start each test with two BLAS threads, whatever there was."""
    with threadpool_limits(2, user_api="blas"):
        if set(blas_threads()) != {2}:
            pytest.skip("this NumPy's products cannot be told how many threads to use")
        yield


@pytest.fixture
def data() -> Dataset:
    return spiral(30, rng=0)


@pytest.fixture
def network() -> Network:
    return Network.initialize((2, 20, 20, 3), "tanh", rng=0)


def in_threads(*functions: Callable[[], None]) -> None:
    """Run functions side by side, each in a thread, and raise what they raise."""
    errors: list[BaseException] = []

    def guarded(function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as error:  # noqa: BLE001 (raised below)
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


# One BLAS thread


def test_products_are_held_to_one_thread_and_released() -> None:
    with one_blas_thread():
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


def test_it_nests() -> None:
    with one_blas_thread():
        with one_blas_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


def test_it_is_released_after_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert set(blas_threads()) == {2}


@pytest.mark.parametrize("first_leaves_first", [True, False])
def test_the_last_thread_to_leave_releases_it(first_leaves_first: bool) -> None:
    entered, other_entered, may_leave = (threading.Event() for _ in range(3))
    seen: list[set[int]] = []

    def first() -> None:
        with one_blas_thread():
            entered.set()
            assert other_entered.wait(30)
            if not first_leaves_first:
                assert may_leave.wait(30)
                time.sleep(0.1)
                seen.append(set(blas_threads()))
        # The thread lives on: who set the limit must not be needed to lift it.
        if first_leaves_first:
            seen.append(set(blas_threads()))
            may_leave.set()
            time.sleep(0.3)

    def second() -> None:
        assert entered.wait(30)
        with one_blas_thread():
            other_entered.set()
            if first_leaves_first:
                assert may_leave.wait(30)
                seen.append(set(blas_threads()))
        may_leave.set()
        if first_leaves_first:
            seen.append(set(blas_threads()))

    in_threads(first, second)
    expected = [{1}, {1}, {2}] if first_leaves_first else [{1}]
    assert seen == expected
    assert set(blas_threads()) == {2}


def test_another_thread_can_set_it_once_this_one_has() -> None:
    with one_blas_thread():
        pass
    seen: list[set[int]] = []

    def other() -> None:
        with one_blas_thread():
            seen.append(set(blas_threads()))

    in_threads(other)
    assert seen == [{1}]
    assert set(blas_threads()) == {2}


def test_many_threads_in_any_order_leave_it_as_it_was() -> None:
    def often(seed: int) -> Callable[[], None]:
        waits = np.random.RandomState(seed).uniform(0, 2e-3, 40)

        def work() -> None:
            for pause in waits:
                with one_blas_thread():
                    time.sleep(pause)
                    assert set(blas_threads()) == {1}

        return work

    in_threads(*map(often, range(6)))
    assert set(blas_threads()) == {2}


def test_an_interrupt_at_any_moment_leaves_it_as_it_was() -> None:
    def work() -> None:
        with one_blas_thread():
            pass

    work()
    steps = 0
    while interrupted_at(steps, work):
        assert set(blas_threads()) == {2}, f"after an interrupt at step {steps}"
        steps += 1
    assert steps > 20
    with one_blas_thread():
        assert set(blas_threads()) == {1}


def test_two_trainings_in_two_threads_are_as_alone(data: Dataset) -> None:
    networks = [Network.initialize((2, 40, 40, 3), f, rng=0) for f in ("tanh", "relu")]
    alone = [train(n, data, iterations=400, progress=False) for n in networks]
    found: dict[int, Run] = {}

    def one(number: int) -> Callable[[], None]:
        def work() -> None:
            network = networks[number]
            found[number] = train(network, data, iterations=400, progress=False)

        return work

    in_threads(one(0), one(1))
    for number, run in enumerate(alone):
        np.testing.assert_array_equal(found[number].history.record, run.history.record)
    assert set(blas_threads()) == {2}


def test_training_uses_one_thread(
    monkeypatch: pytest.MonkeyPatch, network: Network, data: Dataset
) -> None:
    seen: list[int] = []
    evaluate = training.Fused.evaluate

    def watched(self: Any, parameters: Any) -> float:
        seen.extend(blas_threads())
        return evaluate(self, parameters)

    monkeypatch.setattr(training.Fused, "evaluate", watched)
    train(network, data, iterations=3, progress=False)
    assert set(seen) == {1}
    assert set(blas_threads()) == {2}


# Interrupts


def interrupted_at(step: int, work: Callable[[], Any]) -> bool:
    """Run something, and raise KeyboardInterrupt at the so-manieth moment where Python can.

    Signals are handled when a function begins and when a call has returned.
    """
    left = step
    folder = str(Path(machine.__file__).parent)

    def profile(frame: FrameType, event: str, _: Any) -> None:
        nonlocal left
        code = frame.f_code
        # When a generator yields, its caller is interrupted, and not the generator.
        yields = event == "return" and code.co_flags & inspect.CO_GENERATOR
        if event != "c_call" and not yields and code.co_filename.startswith(folder):
            left -= 1
            if left < 0:
                sys.setprofile(None)
                raise KeyboardInterrupt

    usual = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(usual)
    return False


class alarm:
    """Let SIGINT come after so many seconds, if the block is still running then."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self.usual = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
        signal.setitimer(signal.ITIMER_REAL, max(self.seconds, 1e-6))

    def __exit__(self, *_: object) -> None:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.usual)


def test_interrupts_are_noted_and_not_raised() -> None:
    with interrupts_noted() as noted:
        assert not noted.is_set()
        signal.raise_signal(signal.SIGINT)
        assert noted.is_set()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_handler_of_the_users_own_is_put_back() -> None:
    called: list[int] = []

    def own(number: int, _: FrameType | None) -> None:
        called.append(number)

    usual = signal.signal(signal.SIGINT, own)
    try:
        with contextlib.suppress(ZeroDivisionError), interrupts_noted() as noted:
            signal.raise_signal(signal.SIGINT)
            assert noted.is_set()
            raise ZeroDivisionError
        assert signal.getsignal(signal.SIGINT) is own
        assert called == []
        signal.raise_signal(signal.SIGINT)
        assert called == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, usual)


def test_noting_nests() -> None:
    with interrupts_noted() as outer:
        with interrupts_noted() as inner:
            signal.raise_signal(signal.SIGINT)
            assert inner.is_set()
        assert not outer.is_set()
        signal.raise_signal(signal.SIGINT)
        assert outer.is_set()


def test_in_other_threads_nothing_is_changed() -> None:
    before = signal.getsignal(signal.SIGINT)
    during: list[Any] = []

    def work() -> None:
        with interrupts_noted() as noted:
            during.append(signal.getsignal(signal.SIGINT))
            assert not noted.is_set()

    in_threads(work)
    assert during == [before]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="the system has no such mask")
def test_held_interrupts_are_not_inherited_and_come_afterwards() -> None:
    def mask() -> set[Any]:
        return signal.pthread_sigmask(signal.SIG_BLOCK, ())

    masks: list[set[Any]] = []
    with interrupts_held():
        thread = threading.Thread(target=lambda: masks.append(mask()))
        thread.start()
        thread.join()
        assert signal.SIGINT in mask()
    assert signal.SIGINT in masks[0]
    assert signal.SIGINT not in mask()
    with pytest.raises(ZeroDivisionError), interrupts_held():
        raise ZeroDivisionError
    assert signal.SIGINT not in mask()


@pytest.mark.parametrize(("where", "what"), [(training, "Trainer"), (trainer_base, "tqdm")])
def test_an_interrupt_during_the_set_up_of_training_does_not_escape(
    monkeypatch: pytest.MonkeyPatch, where: Any, what: str, network: Network, data: Dataset
) -> None:
    made = getattr(where, what)

    def with_interrupt(*args: Any, **kwargs: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return made(*args, **kwargs)

    monkeypatch.setattr(where, what, with_interrupt)
    run = train(network, data, iterations=50, progress=False)
    assert run.iterations == len(run.history) == 0
    np.testing.assert_array_equal(run.network.weights[0], network.weights[0])


def test_training_interrupted_at_any_moment_returns_what_there_is(
    network: Network, data: Dataset
) -> None:
    whole = train(network, data, iterations=200, progress=False)
    random, stopped = np.random.RandomState(0), 0
    for _ in range(40):
        run = None
        # Before and after `train` an interrupt is the caller's own business.
        try:
            with alarm(random.uniform(0.002, 0.05)):
                run = train(network, data, iterations=1_000_000, progress=False)
        except KeyboardInterrupt as error:
            pytest.fail(f"it escaped: {error!r}")
        assert run.iterations == len(run.history)
        rows = run.history.record[:200]
        np.testing.assert_array_equal(rows, whole.history.record[: len(rows)])
        stopped += 0 < run.iterations < 1_000_000
    assert stopped > 20


@pytest.mark.parametrize("most_rows", [None, 2])
def test_an_interrupt_at_any_moment_leaves_network_and_history_in_step(
    most_rows: int | None, data: Dataset
) -> None:
    network = Network.initialize((2, 3, 3), rng=0)

    def trainer() -> Trainer:
        return Trainer(network, data, most_rows=most_rows)

    states = [network.weights]
    whole = trainer()
    for _ in range(5):
        whole.advance(1)
        states.append(whole.network.weights)
    steps = 0
    while True:
        one = trainer()
        if not interrupted_at(steps, functools.partial(one.advance, 3)):
            break
        for mine, its in zip(one.network.weights, states[one.iteration], strict=True):
            np.testing.assert_array_equal(mine, its)
        if most_rows is None:
            assert len(one.history) == one.iteration
        one.advance(5 - one.iteration)
        np.testing.assert_array_equal(one.history.record, whole.history.record)
        np.testing.assert_array_equal(one.history.iteration, whole.history.iteration)
        steps += 1
    assert steps > 50


@pytest.mark.parametrize("most_rows", [None, 16])
def test_a_trainer_interrupted_by_an_exception_goes_on_as_if_nothing_had_been(
    network: Network, data: Dataset, most_rows: int | None
) -> None:
    total, random, came = 600, np.random.RandomState(1), 0
    whole = Trainer(network, data, most_rows=most_rows)
    states = [whole.network.weights]
    for _ in range(total):
        whole.advance(1)
        states.append(whole.network.weights)
    trainer = Trainer(network, data, most_rows=most_rows)
    while trainer.iteration < total:
        try:
            with alarm(random.uniform(1e-5, 1.5e-3)):
                trainer.advance(total - trainer.iteration)
        except KeyboardInterrupt:
            came += 1
        # Network and history are in step, and where an uninterrupted run was.
        for mine, its in zip(trainer.network.weights, states[trainer.iteration], strict=True):
            np.testing.assert_array_equal(mine, its)
        if most_rows is None:
            assert len(trainer.history) == trainer.iteration
    np.testing.assert_array_equal(trainer.history.record, whole.history.record)
    np.testing.assert_array_equal(trainer.history.iteration, whole.history.iteration)
    assert came > 20
    assert set(blas_threads()) == {2}


@pytest.mark.parametrize(
    ("kernels", "largest"),
    [
        (["SkylakeX"], 1200),
        (["SkylakeX", "SapphireRapids"], 1200),
        (["SkylakeX", "Haswell"], 0),
        (["Haswell"], 0),
        ([], 0),
    ],
)
def test_only_kernels_for_avx512_go_without_packing(
    kernels: list[str], largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = SimpleNamespace(lib_controllers=[SimpleNamespace(architecture=k) for k in kernels])
    openblas = SimpleNamespace(select=lambda **_: found)
    monkeypatch.setattr(machine, "ThreadpoolController", lambda: openblas)
    assert machine.largest_unpacked.__wrapped__() == largest


def test_there_is_a_processor_at_least() -> None:
    assert machine.processors() >= 1


def test_a_browser_has_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "emscripten")
    assert machine.processors() == 1
