"""Worker processes, and what they are sent.

They are of the library loky, which does not run an unguarded script of the user's again, and
replaces workers that have died.
"""

import os
import pickle
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Any

from vanishing._checks import shown, whole_number
from vanishing.jobs import Stretch, Sweepable

IDLE = 60
"""Seconds after which a worker without work ends."""

SAFE_PATH = "PYTHONSAFEPATH"
"""The environment variable that keeps the current directory off a new Python's path."""

WATCH = 1.0
"""Seconds between two looks of a worker whether its parent is still there."""

MOST_WORKERS = 1000
"""More workers than this are taken for a slip of the pen."""


@dataclass(frozen=True, eq=False)
class Task:
    """What a worker has to know to advance a run."""

    job: Sweepable[Any]
    state: Any

    def advance(self, seconds: float) -> Stretch:
        """Go on from where the run stands, for so long."""
        return self.job.advance(self.state, seconds)


class Bundle:
    """Tasks that are sent at once, in a form that any executor can send.

    Executors pickle in ways of their own, some of which fail on an activation made of lambdas.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tasks

    def __reduce__(self) -> tuple[Any, ...]:
        # Imported here like loky, which brings it.
        import cloudpickle

        try:
            return _unpacked, (cloudpickle.dumps(self.tasks),)
        except Exception as error:
            raise pickle.PicklingError(f"a run cannot be sent: {error}") from error


def _unpacked(tasks: bytes) -> Bundle:
    return Bundle(pickle.loads(tasks))


def advance_bundle(bundle: Bundle, seconds: float) -> list[Stretch]:
    """Advance several runs one after the other, and stop when the time is up.

    This is what workers are sent. Runs that were not begun by then have no stretch in the list.
    """
    deadline = perf_counter() + seconds
    done: list[Stretch] = []
    for task in bundle.tasks:
        left = deadline - perf_counter()
        if done and left <= 0:
            break
        done.append(task.advance(max(left, 1e-9)))
    return done


def processes(workers: int) -> Executor:
    """Return loky's executor, which is kept from one sweep to the next.

    Parameters
    ----------
    workers : int
        How many processes it may have, from 1 to 1,000.

    Raises
    ------
    TypeError, ValueError
        If that is not such a number.
    """
    count = whole_number("workers", workers, at_least=1, at_most=MOST_WORKERS)
    with _safe_path():
        # Imported here, for it takes longer than the rest of the package.
        from loky import get_reusable_executor

        if os.name == "posix":
            # Were it started later, Python would let interrupts through that are held just then.
            from multiprocessing.resource_tracker import ensure_running

            ensure_running()
        executor: Executor = get_reusable_executor(
            max_workers=count,
            timeout=IDLE,
            initializer=_begin_work,
            initargs=(os.getpid(),),
            env={SAFE_PATH: "1"},
        )
    return executor


def one_has_died(executor: Executor | None) -> bool:
    """Tell whether a worker is dead, which loky should be about to notice.

    Parameters
    ----------
    executor : Executor or None
        Of another kind than loky's it has none that could be.

    Raises
    ------
    TypeError
        If that is no executor.
    """
    return any(not process.is_alive() for process in _workers_of(executor))


def end_answers(executor: Executor | None) -> None:
    """Let loky notice a worker that was killed within its answer, by ending all of them.

    loky waits for the rest of the answer as long as anybody could write it: the other workers,
    and this process.

    Parameters
    ----------
    executor : Executor or None
        One of loky's; nothing is done to others.

    Raises
    ------
    TypeError
        If that is no executor.
    """
    for process in _workers_of(executor):
        process.terminate()
    if own := _loky(executor):
        own._result_queue._writer.close()


def checked_executor(executor: Any) -> Executor | None:
    """Return the executor, if it is one or None."""
    if executor is not None and not isinstance(executor, Executor):
        raise TypeError(
            f"executor must be a concurrent.futures.Executor or None; got {shown(executor)}"
        )
    return executor


def _workers_of(executor: Executor | None) -> list[Any]:
    own = _loky(executor)
    return list((own._processes or {}).values()) if own else []


def _loky(executor: Executor | None) -> Any:
    """Return an executor of loky's, else None; there is no public way to what is used of it."""
    from loky.process_executor import ProcessPoolExecutor

    return executor if isinstance(checked_executor(executor), ProcessPoolExecutor) else None


@contextmanager
def _safe_path() -> Iterator[None]:
    """Let no Python that is started run files of the current directory named like modules."""
    former = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if former is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = former


def _begin_work(parent: int) -> None:
    """Make a new process a worker: it leaves interrupts to its parent, and ends with it."""
    # Ctrl-C reaches all processes of a terminal; what it stops, the one who asked decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process soon after its parent, even if that was killed."""
    while os.getppid() == parent:
        sleep(WATCH)
    os._exit(1)
