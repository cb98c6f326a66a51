"""Many runs at once, on any executor: each is advanced by a stretch, again and again.

A stretch takes some tenths of a second. So progress, an interrupt, a worker that is killed or one
on another machine need nothing of their own: what is not returned by then is sent once more.
What can be advanced so is a `Sweepable`; a `Job` is one for the networks of this package.

Two Python threads would gain little here: the interpreter's lock is taken too often by the many
short NumPy calls of a step. So the default executor has processes, of the library loky, which does
not run an unguarded script of the user's again, and replaces workers that have died.
"""

import math
import os
import pickle
import signal
import threading
import warnings
from bisect import bisect_right
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
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import DTypeLike
from tqdm.auto import tqdm

from vanishing._checks import (
    instance,
    precision,
    real_number,
    several,
    shown,
    truth,
    whole_number,
)
from vanishing.data import Dataset
from vanishing.history import joined
from vanishing.machine import interrupts_held, interrupts_noted, one_blas_thread, processors
from vanishing.network import Network
from vanishing.training import LATEST, Run, Trainer

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

EVERY_LOOK = 20
"""Of its iterations, a run makes one part in so many between two looks at its goal."""

MOST_WORKERS = 1000
"""More workers than this are taken for a slip of the pen."""


Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True, eq=False)
class Stretch:
    """What came of a stretch.

    Parameters
    ----------
    iteration : int
        Where the run stands after it: the iterations made in all.
    ended : bool
        Whether that is all, even if it was to make more: it has diverged, or come far enough.
    state : object
        What the next stretch begins with. It is sent to whoever makes that one, so the rows that
        are recorded already do not belong here.
    record : object
        What this stretch adds to the result. It stays where the runs are put together.
    """

    iteration: int
    ended: bool
    state: Any
    record: Any = None


@runtime_checkable
class Sweepable(Protocol[Result_co]):
    """What `sweep` takes: a description of a run that is made by stretches, here or elsewhere.

    It is sent to workers together with a state, so both must be what cloudpickle can pickle, and
    `advance` must change neither. Where stretches end is chance: the same digits must come out
    wherever they do.

    Attributes
    ----------
    iterations : int
        How many are to be made at most; 1 or more.

    Examples
    --------
    A trainer that can be pickled is a state of its own:

    >>> class Whole:
    ...     def __init__(self, trainer, iterations, until=None):
    ...         self.trainer, self.iterations, self.until = trainer, iterations, until
    ...
    ...     def advance(self, state, seconds):
    ...         trainer = copy.deepcopy(self.trainer if state is None else state)
    ...         ended = advance_until(trainer, self.iterations, seconds=seconds, until=self.until)
    ...         return Stretch(trainer.iteration, ended, trainer)
    ...
    ...     def result(self, stretches):
    ...         return (stretches[-1].state if stretches else self.trainer).result
    """

    @property
    def iterations(self) -> int:
        """How many are to be made at most."""

    def advance(self, state: Any, seconds: float) -> Stretch:
        """Go on from a state (None: from the beginning) until the end, or until time is up.

        At least one iteration is made, however short the time.
        """

    def result(self, stretches: Sequence[Stretch]) -> Result_co:
        """Put all stretches so far (there may be none) together into what came of the run."""


class Advancing(Protocol):
    """What `advance_until` advances: a `Trainer`, or one of another kind with the same habits."""

    @property
    def iteration(self) -> int:
        """How many iterations were made."""

    @property
    def diverged_at(self) -> int | None:
        """The iteration whose loss was not finite."""

    @property
    def loss(self) -> float:
        """The loss before the last update; NaN before the first."""

    @property
    def accuracy(self) -> float:
        """The share of the training examples that are answered correctly."""

    def advance(self, iterations: int, *, seconds: float = ...) -> int:
        """Make so many iterations more, or fewer when the time is up, but one at least."""


@dataclass(frozen=True)
class Goal:
    """When a run has come far enough, so that it may end early.

    Parameters
    ----------
    accuracy : float, optional
        The accuracy that is to be reached, at most 1.
    loss : float, optional
        The loss that is to be reached from above. With both, both are to be reached.

    Raises
    ------
    TypeError, ValueError
        If a level is not a positive number, or neither is given.
    """

    accuracy: float | None = None
    loss: float | None = None

    def __post_init__(self) -> None:
        if self.accuracy is None and self.loss is None:
            raise ValueError("accuracy or loss must be given, or both; got None and None")
        if self.accuracy is not None:
            real_number("accuracy", self.accuracy, at_most=1.0)
        if self.loss is not None:
            real_number("loss", self.loss)

    def reached(self, trainer: Advancing) -> bool:
        """Tell whether a trainer has come so far."""
        if not hasattr(trainer, "loss"):
            raise TypeError(f"trainer must be a Trainer or have its habits; got {shown(trainer)}")
        if self.loss is not None and not trainer.loss <= self.loss:
            return False
        return self.accuracy is None or trainer.accuracy >= self.accuracy


def _looks() -> tuple[int, ...]:
    looks = [1]
    while looks[-1] < LATEST:
        looks.append(looks[-1] + 1 + looks[-1] // EVERY_LOOK)
    return tuple(looks)


LOOKS = _looks()
"""The iterations after which a run is asked whether its goal is reached.

Each of the first 20, then rarer and rarer, never more than a twentieth later than the one before.
"""


def advance_until(
    trainer: Advancing, iterations: int, *, seconds: float, until: Goal | None = None
) -> bool:
    """Advance a trainer up to an iteration, or to a goal, or until time is up.

    Parameters
    ----------
    trainer : Trainer, or one of another kind
        Is advanced.
    iterations : int
        Where it ends at the latest, counted from its beginning.
    seconds : float
        When so much time has passed, no further iteration is begun.
    until : Goal, optional
        Where it ends earlier. It is looked for after the iterations `LOOKS` only, so that where a
        run ends does not depend on how its stretches fell: less than 5 % after the goal, unless it
        was there for a moment only.

    Returns
    -------
    bool
        Whether the run has come to its end: of the iterations, at the goal, or diverged.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    if not callable(getattr(trainer, "advance", None)):
        raise TypeError(f"trainer must be a Trainer or have its habits; got {shown(trainer)}")
    count = whole_number("iterations", iterations, at_least=0, at_most=LATEST)
    left = real_number("seconds", seconds, infinity_allowed=True)
    goal = None if until is None else instance("until", until, Goal)
    deadline = perf_counter() + left
    # A look is a few small products, too.
    with one_blas_thread():
        while trainer.diverged_at is None and trainer.iteration < count:
            if left <= 0:
                return False
            stop = count if goal is None else min(count, _next_look(trainer.iteration))
            trainer.advance(stop - trainer.iteration, seconds=left)
            if goal is not None and trainer.iteration == stop and goal.reached(trainer):
                return True
            left = deadline - perf_counter()
        return True


def _next_look(iteration: int) -> int:
    return LOOKS[bisect_right(LOOKS, iteration)]


@dataclass(frozen=True, eq=False)
class Job:
    """A run to be made, with settings of its own.

    Parameters
    ----------
    network, data, iterations, step_size, regularization, dtype, record_every
        As for `vanishing.train`.
    until : Goal, optional
        Where the run ends before it has made all iterations; see `advance_until`.
    clip_norm : float, optional
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
    until: Goal | None = None
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        trainer = Trainer(self.network, self.data, **self.settings)
        count = whole_number("iterations", self.iterations, at_least=1)
        trainer.make_room(count, only_check=True)
        if self.until is not None:
            instance("until", self.until, Goal)
        # A copy, so that nobody changes the start while the job waits.
        own = self.network.copy(), count, trainer.step_sizes, precision(self.dtype)
        for name, value in zip(("network", "iterations", "step_size", "dtype"), own, strict=True):
            object.__setattr__(self, name, value)

    @property
    def settings(self) -> dict[str, Any]:
        """What a `Trainer` is told besides network and data."""
        names = ("step_size", "regularization", "dtype", "clip_norm", "record_every")
        return {name: getattr(self, name) for name in names}

    def advance(self, state: Any, seconds: float) -> Stretch:
        """Go on from a state that an earlier stretch ended in (None: from the beginning)."""
        first, network = (0, self.network) if state is None else (state[0], self._network(state))
        trainer = Trainer(network, self.data, first_iteration=first, **self.settings)
        ended = advance_until(trainer, self.iterations, seconds=seconds, until=self.until)
        now = trainer.network
        state = trainer.iteration, now.weights, now.biases
        return Stretch(trainer.iteration, ended, state, (trainer.history, trainer.diverged_at))

    def result(self, stretches: Sequence[Stretch]) -> Run:
        """Put the stretches together into what `train` would have returned."""
        if not stretches:
            return Trainer(self.network, self.data, **self.settings).result
        network = self._network(stretches[-1].state).fitted(self.data)
        histories, ends = zip(*(stretch.record for stretch in stretches), strict=True)
        # After a product, BLAS's threads go on spinning, and take the cores from the workers.
        with one_blas_thread():
            accuracy = network.accuracy(self.data)
        made = stretches[-1].iteration
        return Run(network, joined(histories), made, accuracy, ends[-1])

    def _network(self, state: Any) -> Network:
        return self.network.with_parameters(*state[1:])


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
    states = [_Progress(i, job) for i, job in enumerate(checked_jobs(jobs))]
    sweeper = _Sweeper(
        states, _checked_executor(executor), _checked_workers(workers), lambda: False
    )
    turns = sweeper.work(truth("progress", progress))
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
    states = [_Progress(i, job) for i, job in enumerate(checked_jobs(jobs))]
    sweeper = _Sweeper(
        states,
        _checked_executor(executor),
        _checked_workers(workers),
        lambda: False,
        longest=real_number("seconds", seconds),
    )
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
        states = [_Progress(i, job) for i, job in enumerate(jobs)]
        sweeper = _Sweeper(
            states, _checked_executor(executor), _checked_workers(workers), interrupted.is_set
        )
        for _ in sweeper.work(truth("progress", progress)):
            pass
        return [state.run() for state in states]


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
        states: list[_Progress[Any]],
        executor: Executor | None,
        workers: int,
        stopped: Callable[[], bool],
        *,
        longest: float = math.inf,
    ) -> None:
        self._own = executor is None
        self._executor = executor
        self._workers = workers
        self._stopped = stopped
        self._longest = longest
        self._idle = deque(states)
        self._under_way: dict[Future[list[Stretch]], list[_Progress[Any]]] = {}
        self._bundle = 1
        self._made, self._spent = 0, 0.0
        self._deaths = 0
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
                yield [state for future in done for state in self._receive(future)]
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
