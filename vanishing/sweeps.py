"""Many runs at once, on any executor: each is advanced by a stretch, again and again.

A stretch takes some tenths of a second. So progress, an interrupt, a worker that is killed or one
on another machine need nothing of their own: what is not returned by then is sent once more.

Two Python threads would gain little here: the interpreter's lock is taken too often by the many
short NumPy calls of a step. So the default executor has processes.
"""

import math
import pickle
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from time import perf_counter
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike
from tqdm.auto import tqdm

from vanishing._checks import instance, real_number, several, shown, truth, whole_number
from vanishing.data import Dataset
from vanishing.jobs import Job, Stretch, Sweepable
from vanishing.machine import interrupts_held, interrupts_noted, processors
from vanishing.network import Network
from vanishing.training import Run
from vanishing.workers import (
    MOST_WORKERS,
    Bundle,
    Task,
    advance_bundle,
    checked_executor,
    end_answers,
    one_has_died,
    processes,
)

STRETCH = 0.25
"""Seconds of training that a worker is sent at once; a single iteration may take longer."""

TASTE = 0.05
"""Seconds of the first stretch that is made here, to see how long all will take."""

SHORT = 1.0
"""Seconds of work left below which it is done here: starting workers would take as long."""

BUNDLE = 32
"""Runs that are sent at once at most; those not begun when the time is up come back as they were.
"""

REFRESH = 0.05
"""Seconds between two looks for an interrupt while workers are busy."""

GRACE = 3.0
"""Seconds in which loky notices that a worker has died, unless it waits for the worker itself."""

PATIENCE = 3
"""Times in a row that workers may die on a bundle before it is trained here."""


Result = TypeVar("Result")


class _Progress(Generic[Result]):
    """A job, and the stretches made of it so far."""

    def __init__(self, number: int, job: Sweepable[Result]) -> None:
        self.number, self.job = number, job
        self.stretches: list[Stretch] = []

    @property
    def iteration(self) -> int:
        return self.stretches[-1].iteration if self.stretches else 0

    @property
    def left(self) -> int:
        """The iterations still to be made."""
        ended = self.stretches and self.stretches[-1].ended
        return 0 if ended else self.job.iterations - self.iteration

    @property
    def task(self) -> Task:
        """What a worker has to know."""
        return Task(self.job, self.stretches[-1].state if self.stretches else None)

    def add(self, stretch: Stretch) -> int:
        """Take a stretch in, and return how many iterations it made."""
        made = stretch.iteration - self.iteration
        self.stretches.append(stretch)
        return made

    def run(self) -> Result:
        """Put the stretches together."""
        return self.job.result(self.stretches)


def sweep(
    jobs: Sequence[Sweepable[Result]],
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Iterator[tuple[int, Result]]:
    """Make many runs, and yield each with its number as soon as it is done.

    Every run is, to the last digit, what `train` would return, whatever executes it.

    Parameters
    ----------
    jobs : sequence of Job, or of any other Sweepable
        The runs to be made.
    executor : concurrent.futures.Executor, optional
        Where to make them: threads, processes, a cluster. Left out, they are made here if that
        takes a moment, and else in as many processes as there are processors, which stay for the
        next sweep; in turn where there is one processor only, or no process can be started (that
        is said in a warning).
    workers : int, optional
        How many of the executor's workers to keep busy; left out, one for each processor here.
    progress : bool
        Whether to show a progress bar.

    Yields
    ------
    number : int
        Which of the jobs, counted from 0.
    run : Run
        What came of it; for a job of another kind, what its `result` returns.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Warns
    -----
    RuntimeWarning
        If processes could not be started, or died time and again: then the runs are made here.
    """
    turns = _Sweeper(jobs, executor, workers).work(truth("progress", progress))
    return ((state.number, state.run()) for done in turns for state in done)


def sweep_in_turns(
    jobs: Sequence[Sweepable[Result]],
    *,
    seconds: float = 0.03,
    executor: Executor | None = None,
    workers: int | None = None,
) -> Iterator[list[tuple[int, Result]]]:
    """Make many runs as `sweep` does, for whoever has other things to do meanwhile.

    Parameters
    ----------
    jobs, executor, workers
        As for `sweep`.
    seconds : float
        How long a turn may take: of waiting for workers, or of work where there are none. The
        first that sends to workers takes longer, for it starts them.

    Yields
    ------
    list of (int, Run)
        What was done since the turn before, perhaps nothing. To close the iterator ends the sweep.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Warns
    -----
    RuntimeWarning
        As `sweep`.
    """
    sweeper = _Sweeper(jobs, executor, workers, longest=real_number("seconds", seconds))
    turns = sweeper.work(shows=False)
    return ([(state.number, state.run()) for state in done] for done in turns)


def train_together(
    networks: Sequence[Network],
    data: Dataset,
    *,
    step_size: float | Sequence[float] = 0.1,
    regularization: float = 1e-3,
    iterations: int = 50_000,
    progress: bool = True,
    dtype: DTypeLike = np.float64,
    record_every: int = 1,
    executor: Executor | None = None,
    workers: int | None = None,
) -> list[Run]:
    """Train several networks on the same data, as many at a time as there are processors.

    Every run is, to the last digit, what `train` would return. What takes a moment only, and
    everything where there is one processor, is trained in turn.

    Parameters
    ----------
    networks : sequence of Network
        Where to start from; each is left as it is.
    data, step_size, regularization, iterations, progress, dtype, record_every
        As for `train`; they hold for all the networks.
    executor, workers
        As for `sweep`.

    Returns
    -------
    list of Run
        One for each network, in their order. When interrupted, each comes up to where it was.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    with interrupts_noted() as interrupted:
        if isinstance(networks, Network) or not len(several("networks", networks, "networks")):
            raise ValueError(
                f"networks must be a sequence of one network or more; got {shown(networks)}"
            )
        for i, network in enumerate(networks):
            instance(f"networks[{i}]", network, Network)
        jobs = [
            Job(network, data, iterations, step_size, regularization, dtype, record_every)
            for network in networks
        ]
        sweeper = _Sweeper(jobs, executor, workers, interrupted.is_set)
        for _ in sweeper.work(truth("progress", progress)):
            pass
        return [state.run() for state in sweeper.states]


def checked_jobs(jobs: Any) -> list[Sweepable[Any]]:
    """Return the jobs, if that is what they are."""
    given = several("jobs", jobs, "jobs")
    for i, job in enumerate(given):
        if not isinstance(job, Sweepable) or isinstance(job, type):
            raise TypeError(
                f"jobs[{i}] must be a Job; got {shown(job)}, which has not all of `iterations`, "
                "`advance` and `result`"
            )
    return given


def _checked_workers(workers: int | None) -> int:
    if workers is None:
        return processors()
    return whole_number("workers", workers, at_least=1, at_most=MOST_WORKERS)


class _Sweeper:
    """Works off jobs: here at first, and on an executor when that takes too long."""

    def __init__(
        self,
        jobs: Sequence[Sweepable[Any]],
        executor: Executor | None,
        workers: int | None,
        stopped: Callable[[], bool] = lambda: False,
        *,
        longest: float = math.inf,
    ) -> None:
        self.states = [_Progress(i, job) for i, job in enumerate(checked_jobs(jobs))]
        self._own = executor is None
        self._executor = checked_executor(executor)
        self._workers = _checked_workers(workers)
        self._stopped = stopped
        self._longest = longest
        self._idle = deque(self.states)
        self._under_way: dict[Future[list[Stretch]], list[_Progress[Any]]] = {}
        self._bundle = 1
        self._made, self._spent = 0, 0.0
        self._deaths = 0
        self._death_seen: float | None = None
        self._gave_up = False

    def work(self, shows: bool) -> Iterator[list[_Progress[Any]]]:
        """Yield the jobs that are done, turn by turn; end early when stopped."""
        total = sum(state.left for state in self._idle)
        with tqdm(total=total, disable=not shows) as self._bar:
            if self._own:
                yield from self._work_here(self._worth_processes)
            if self._idle and not self._stopped():
                yield from self._work_there()
            yield from self._work_here(lambda: False)
            if self._stopped():
                self._bar.set_postfix_str("stopped")

    def _work_here(self, enough: Callable[[], bool]) -> Iterator[list[_Progress[Any]]]:
        """Work in turn in this process, until it is enough."""
        seconds = TASTE
        while self._idle and not self._stopped() and not enough():
            bundle, began = self._next_bundle(), perf_counter()
            tasks = Bundle([state.task for state in bundle])
            stretches = advance_bundle(tasks, min(seconds, self._longest))
            self._spent += perf_counter() - began
            yield self._take(bundle, stretches)
            seconds = min(2 * seconds, STRETCH)

    def _worth_processes(self) -> bool:
        """Tell whether what is left takes so long that processes gain time, judged by the past."""
        if not self._made or self._workers < 2 or len(self._idle) < 2:
            return False
        left = sum(state.left for state in self._idle)
        return left * self._spent / self._made > SHORT

    def _work_there(self) -> Iterator[list[_Progress[Any]]]:
        """Work on the executor, until all is done or it gives up."""
        try:
            while (self._idle or self._under_way) and not self._stopped():
                self._send()
                if self._gave_up:
                    break
                done, _ = wait(self._under_way, min(REFRESH, self._longest), FIRST_COMPLETED)
                self._look_after_workers()
                yield [state for future in done for state in self._receive(future)]
        finally:
            for future in self._under_way:
                future.cancel()
            self._take_back()

    def _look_after_workers(self) -> None:
        """Let a worker's death be noticed, also where loky waits for the rest of its answer."""
        if not self._own or not one_has_died(self._executor):
            self._death_seen = None
        elif self._death_seen is None:
            self._death_seen = perf_counter()
        elif perf_counter() - self._death_seen > GRACE:
            end_answers(self._executor)
            self._death_seen = None

    def _send(self) -> None:
        """Keep the workers busy."""
        try:
            if self._executor is None:
                self._executor = processes(self._workers)
            most = 2 * self._workers
            while self._idle and len(self._under_way) < most and not self._stopped():
                bundle = self._next_bundle()
                self._under_way[self._submit(bundle)] = bundle
        except (OSError, ImportError, RuntimeError) as error:
            self._recover(error)

    def _submit(self, bundle: list[_Progress[Any]]) -> Future[list[Stretch]]:
        assert self._executor is not None
        try:
            tasks = Bundle([state.task for state in bundle])
            with interrupts_held():
                return self._executor.submit(advance_bundle, tasks, STRETCH)
        except BaseException:
            self._idle.extendleft(reversed(bundle))
            raise

    def _receive(self, future: Future[list[Stretch]]) -> list[_Progress[Any]]:
        """Take in what a worker made; where it died, what it had is sent again."""
        if future not in self._under_way:
            return []  # It was taken back when another worker died.
        try:
            stretches = future.result()
        except (BrokenExecutor, CancelledError, pickle.PicklingError) as error:
            self._recover(error)
            return []
        self._deaths = 0
        return self._take(self._under_way.pop(future), stretches)

    def _recover(self, error: Exception) -> None:
        """Prepare to go on with new workers, if that seems of any use; else say so."""
        self._take_back()
        self._deaths += 1
        if self._own and self._deaths <= PATIENCE and isinstance(error, BrokenExecutor):
            self._executor = None
            return
        self._gave_up = True
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        warnings.warn(
            f"worker processes could not be used ({reason}); the runs are made here, in turn",
            RuntimeWarning,
            stacklevel=2,
        )

    def _take_back(self) -> None:
        for bundle in reversed(list(self._under_way.values())):
            self._idle.extendleft(reversed(bundle))
        self._under_way.clear()

    def _next_bundle(self) -> list[_Progress[Any]]:
        """Return what is sent next: as many as lately were done in time, but some for everyone."""
        fair = -(-len(self._idle) // self._workers)
        return [self._idle.popleft() for _ in range(min(self._bundle, fair))]

    def _take(self, bundle: list[_Progress[Any]], stretches: list[Stretch]) -> list[_Progress[Any]]:
        """Take in what was made of a bundle, and return the runs that are done."""
        before = sum(state.left for state in bundle)
        for state, stretch in zip(bundle, stretches, strict=False):
            self._made += state.add(stretch)
        unfinished = [state for state in bundle if state.left]
        # What has begun goes first, so that results come early.
        self._idle.extendleft(reversed(unfinished))
        self._bar.update(before - sum(state.left for state in bundle))
        self._bundle = max(1, len(stretches)) if unfinished else min(2 * len(bundle), BUNDLE)
        return [state for state in bundle if not state.left]
