"""Many runs at once, on any executor: each is advanced by a stretch, again and again.

A stretch takes some tenths of a second. So progress, an interrupt, a worker that is killed or one
on another machine need nothing of their own: what is not returned by then is sent once more.

Two Python threads would gain little here: the interpreter's lock is taken too often by the many
short NumPy calls of a step. So the default executor has processes, of the library loky, which does
not run an unguarded script of the user's again, and replaces workers that have died.
"""

import os
import pickle
import signal
import threading
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
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from tqdm.auto import tqdm

from vanishing._checks import Array, instance, precision, several, shown, truth, whole_number
from vanishing.data import Dataset
from vanishing.history import History, joined
from vanishing.machine import interrupts_held, interrupts_noted, processors
from vanishing.network import Network
from vanishing.training import Run, Trainer

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

PATIENCE = 3
"""Times in a row that workers may die on a bundle before it is trained here."""

IDLE = 60
"""Seconds after which a worker without work ends."""

SAFE_PATH = "PYTHONSAFEPATH"
"""The environment variable that keeps the current directory off a new Python's path."""

WATCH = 1.0
"""Seconds between two looks of a worker whether its parent is still there."""

MOST_WORKERS = 1000
"""More workers than this are taken for a slip of the pen."""


@dataclass(frozen=True, eq=False)
class Job:
    """A run to be made, with settings of its own.

    Parameters
    ----------
    network, data, iterations, step_size, regularization, dtype, record_every
        As for `vanishing.train`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what `train` takes.
    """

    network: Network
    data: Dataset
    iterations: int = 50_000
    step_size: float | Sequence[float] = 0.1
    regularization: float = 1e-3
    dtype: DTypeLike = np.float64
    record_every: int = 1

    def __post_init__(self) -> None:
        trainer = Trainer(self.network, self.data, **self.settings)
        count = whole_number("iterations", self.iterations, at_least=1)
        trainer.make_room(count, only_check=True)
        # A copy, so that nobody changes the start while the job waits.
        own = self.network.copy(), count, trainer.step_sizes, precision(self.dtype)
        for name, value in zip(("network", "iterations", "step_size", "dtype"), own, strict=True):
            object.__setattr__(self, name, value)

    @property
    def settings(self) -> dict[str, Any]:
        """What a `Trainer` is told besides network and data."""
        names = ("step_size", "regularization", "dtype", "record_every")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, eq=False)
class Stretch:
    """What came of a stretch: the rows it added, and where the run stands after it."""

    weights: list[Array]
    biases: list[Array]
    history: History
    iteration: int
    diverged_at: int | None


@dataclass(frozen=True, eq=False)
class Task:
    """What a worker has to know to advance a run."""

    network: Network
    data: Dataset
    settings: dict[str, Any]
    first: int
    iterations: int

    def advance(self, seconds: float) -> Stretch:
        """Go on from where the run stands, for so long."""
        trainer = Trainer(self.network, self.data, first_iteration=self.first, **self.settings)
        trainer.advance(self.iterations, seconds=seconds)
        now, history = trainer.network, trainer.history
        return Stretch(now.weights, now.biases, history, trainer.iteration, trainer.diverged_at)


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


class _Progress:
    """A job, and the stretches made of it so far."""

    def __init__(self, number: int, job: Job) -> None:
        self.number, self.job = number, job
        self.stretches: list[Stretch] = []

    @property
    def iteration(self) -> int:
        return self.stretches[-1].iteration if self.stretches else 0

    @property
    def network(self) -> Network:
        if not self.stretches:
            return self.job.network
        last = self.stretches[-1]
        return self.job.network.with_parameters(last.weights, last.biases)

    @property
    def left(self) -> int:
        """The iterations still to be made."""
        ended = self.stretches and self.stretches[-1].diverged_at is not None
        return 0 if ended else self.job.iterations - self.iteration

    @property
    def task(self) -> Task:
        """What a worker has to know."""
        return Task(self.network, self.job.data, self.job.settings, self.iteration, self.left)

    def add(self, stretch: Stretch) -> int:
        """Take a stretch in, and return how many iterations it made."""
        made = stretch.iteration - self.iteration
        self.stretches.append(stretch)
        return made

    def run(self) -> Run:
        """Put the stretches together into what `train` would have returned."""
        data = self.job.data
        if not self.stretches:
            return Trainer(self.job.network, data, **self.job.settings).result
        network, last = self.network.fitted(data), self.stretches[-1]
        history = joined([stretch.history for stretch in self.stretches])
        return Run(network, history, last.iteration, network.accuracy(data), last.diverged_at)


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


def sweep(
    jobs: Sequence[Job],
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Iterator[tuple[int, Run]]:
    """Make many runs, and yield each with its number as soon as it is done.

    Every run is, to the last digit, what `train` would return, whatever executes it.

    Parameters
    ----------
    jobs : sequence of Job
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
        What came of it.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.

    Warns
    -----
    RuntimeWarning
        If processes could not be started, or died time and again: then the runs are made here.
    """
    states = [_Progress(i, job) for i, job in enumerate(checked_jobs(jobs))]
    sweeper = _Sweeper(
        states, _checked_executor(executor), _checked_workers(workers), lambda: False
    )
    done = sweeper.work(truth("progress", progress))
    return ((state.number, state.run()) for state in done)


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
        states = [_Progress(i, job) for i, job in enumerate(jobs)]
        sweeper = _Sweeper(
            states, _checked_executor(executor), _checked_workers(workers), interrupted.is_set
        )
        for _ in sweeper.work(truth("progress", progress)):
            pass
        return [state.run() for state in states]


def checked_jobs(jobs: Any) -> list[Job]:
    """Return the jobs, if that is what they are."""
    given = several("jobs", jobs, "jobs")
    return [instance(f"jobs[{i}]", job, Job) for i, job in enumerate(given)]


def _checked_executor(executor: Any) -> Executor | None:
    if executor is not None and not isinstance(executor, Executor):
        raise TypeError(
            f"executor must be a concurrent.futures.Executor or None; got {shown(executor)}"
        )
    return executor


def _checked_workers(workers: int | None) -> int:
    if workers is None:
        return processors()
    return whole_number("workers", workers, at_least=1, at_most=MOST_WORKERS)


class _Sweeper:
    """Works off jobs: here at first, and on an executor when that takes too long."""

    def __init__(
        self,
        states: list[_Progress],
        executor: Executor | None,
        workers: int,
        stopped: Callable[[], bool],
    ) -> None:
        self._own = executor is None
        self._executor = executor
        self._workers = workers
        self._stopped = stopped
        self._idle = deque(states)
        self._under_way: dict[Future[list[Stretch]], list[_Progress]] = {}
        self._bundle = 1
        self._made, self._spent = 0, 0.0
        self._deaths = 0
        self._gave_up = False

    def work(self, shows: bool) -> Iterator[_Progress]:
        """Yield each job as it is done; end early when stopped."""
        total = sum(state.left for state in self._idle)
        with tqdm(total=total, disable=not shows) as self._bar:
            if self._own:
                yield from self._work_here(self._worth_processes)
            if self._idle and not self._stopped():
                yield from self._work_there()
            yield from self._work_here(lambda: False)
            if self._stopped():
                self._bar.set_postfix_str("stopped")

    def _work_here(self, enough: Callable[[], bool]) -> Iterator[_Progress]:
        """Work in turn in this process, until it is enough."""
        seconds = TASTE
        while self._idle and not self._stopped() and not enough():
            bundle, began = self._next_bundle(), perf_counter()
            stretches = advance_bundle(Bundle([state.task for state in bundle]), seconds)
            self._spent += perf_counter() - began
            yield from self._take(bundle, stretches)
            seconds = min(2 * seconds, STRETCH)

    def _worth_processes(self) -> bool:
        """Tell whether what is left takes so long that processes gain time, judged by the past."""
        if not self._made or self._workers < 2 or len(self._idle) < 2:
            return False
        left = sum(state.left for state in self._idle)
        return left * self._spent / self._made > SHORT

    def _work_there(self) -> Iterator[_Progress]:
        """Work on the executor, until all is done or it gives up."""
        try:
            while (self._idle or self._under_way) and not self._stopped():
                self._send()
                if self._gave_up:
                    break
                done, _ = wait(self._under_way, REFRESH, FIRST_COMPLETED)
                for future in done:
                    yield from self._receive(future)
        finally:
            for future in self._under_way:
                future.cancel()
            self._take_back()

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

    def _submit(self, bundle: list[_Progress]) -> Future[list[Stretch]]:
        assert self._executor is not None
        try:
            tasks = Bundle([state.task for state in bundle])
            with interrupts_held():
                return self._executor.submit(advance_bundle, tasks, STRETCH)
        except BaseException:
            self._idle.extendleft(reversed(bundle))
            raise

    def _receive(self, future: Future[list[Stretch]]) -> Iterator[_Progress]:
        """Take in what a worker made; where it died, what it had is sent again."""
        if future not in self._under_way:
            return  # It was taken back when another worker died.
        try:
            stretches = future.result()
        except (BrokenExecutor, CancelledError, pickle.PicklingError) as error:
            self._recover(error)
            return
        self._deaths = 0
        yield from self._take(self._under_way.pop(future), stretches)

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

    def _next_bundle(self) -> list[_Progress]:
        """Return what is sent next: as many as lately were done in time, but some for everyone."""
        fair = -(-len(self._idle) // self._workers)
        return [self._idle.popleft() for _ in range(min(self._bundle, fair))]

    def _take(self, bundle: list[_Progress], stretches: list[Stretch]) -> Iterator[_Progress]:
        """Take in what was made of a bundle, and yield the runs that are done."""
        before = sum(state.left for state in bundle)
        for state, stretch in zip(bundle, stretches, strict=False):
            self._made += state.add(stretch)
        unfinished = [state for state in bundle if state.left]
        # What has begun goes first, so that results come early.
        self._idle.extendleft(reversed(unfinished))
        self._bar.update(before - sum(state.left for state in bundle))
        self._bundle = max(1, len(stretches)) if unfinished else min(2 * len(bundle), BUNDLE)
        yield from (state for state in bundle if not state.left)


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
