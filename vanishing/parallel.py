"""Several runs at the same time, each in a process of its own.

Two Python threads would gain nothing here: the interpreter's lock is taken too often by the many
short NumPy calls of a step. A process is a fresh interpreter that is sent its job through a pipe;
`multiprocessing` is not used because it would run an unguarded script of the user's again.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from tqdm.auto import tqdm

from vanishing._checks import whole_number
from vanishing.data import Dataset
from vanishing.network import Network
from vanishing.training import CHUNK, Run, Trainer

SERVE = "from vanishing.parallel import serve; serve()"
"""What a process is started with."""

REFRESH = 0.2
"""Seconds between two looks at how far the processes have come."""


@dataclass(frozen=True, eq=False)
class _Job:
    """What to train, and what has been reported of it so far."""

    network: Network
    data: Dataset
    settings: dict[str, Any]
    iterations: int
    reports: list["_Report"] = field(default_factory=list)

    def run(self) -> Run:
        """Put the reports together into what `train` would have returned."""
        start = Trainer(self.network, self.data, **self.settings)
        network = self.reports[-1].network if self.reports else start.network
        rows = [start.history.record, *(report.rows for report in self.reports)]
        history = replace(start.history, record=np.concatenate(rows))
        diverged_at = self.reports[-1].diverged_at if self.reports else None
        return Run(network, history, network.accuracy(self.data), diverged_at)


@dataclass(frozen=True, eq=False)
class _Report:
    """The rows of the book since the report before, and where the training stands."""

    rows: NDArray[np.float64]
    network: Network
    diverged_at: int | None


def train_together(
    networks: Sequence[Network],
    data: Dataset,
    *,
    step_size: float | Sequence[float] = 0.1,
    regularization: float = 1e-3,
    iterations: int = 50_000,
    progress: bool = True,
    dtype: DTypeLike = np.float64,
) -> list[Run]:
    """Train several networks on the same data, as many at a time as there are processors.

    Every run is, to the last digit, what `train` would return. Where there is one processor only,
    or no process can be started (as in the browser), the networks are trained in turn.

    Parameters
    ----------
    networks : sequence of Network
        Where to start from; each is left as it is.
    data, step_size, regularization, iterations, progress, dtype
        As for `train`; they hold for all the networks.

    Returns
    -------
    list of Run
        One for each network, in their order. When interrupted, each comes up to where it was.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """
    if isinstance(networks, Network) or not len(networks):
        raise ValueError(f"networks must be a sequence of one network or more; got {networks!r}")
    count = whole_number("iterations", iterations, at_least=1)
    settings: dict[str, Any] = {
        "step_size": step_size,
        "regularization": regularization,
        "dtype": dtype,
    }
    for network in networks:
        Trainer(network, data, **settings)  # Wrong arguments raise here, not in a process.
    jobs = [_Job(network, data, settings, count) for network in networks]
    with tqdm(total=count * len(jobs), disable=not progress) as bar:
        try:
            _run(jobs, min(len(jobs), _processors()), bar)
        except KeyboardInterrupt:
            bar.set_postfix_str("stopped")
    return [job.run() for job in jobs]


def _run(jobs: list[_Job], workers: int, bar: "tqdm[Any]") -> None:
    """Work off the jobs, apart if that gains anything."""
    if workers == 1:
        for job in jobs:
            for report in _train_here(job):
                job.reports.append(report)
                bar.update(len(report.rows))
        return
    stopped, turn = threading.Event(), threading.Lock()
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(_follow, job, stopped, turn) for job in jobs]
        try:
            while wait(futures, timeout=REFRESH).not_done:
                bar.update(sum(len(r.rows) for job in jobs for r in job.reports) - bar.n)
        finally:
            stopped.set()
    for future in futures:
        future.result()
    bar.update(bar.total - bar.n)


def _follow(job: _Job, stopped: threading.Event, turn: threading.Lock) -> None:
    """Collect the reports of a job done in a process, or else here when its turn has come."""
    try:
        _collect(_train_apart(job), job, stopped)
    except (OSError, EOFError, pickle.UnpicklingError):
        job.reports.clear()
        with turn:
            _collect(_train_here(job), job, stopped)


def _collect(reports: Iterator[_Report], job: _Job, stopped: threading.Event) -> None:
    for report in reports:
        job.reports.append(report)
        if stopped.is_set():
            break


def _train_here(job: _Job) -> Iterator[_Report]:
    """Train, reporting after every chunk."""
    trainer = Trainer(job.network, job.data, **job.settings)
    while trainer.iteration < job.iterations and trainer.diverged_at is None:
        made = trainer.advance(min(CHUNK, job.iterations - trainer.iteration))
        rows = trainer.history.record[trainer.iteration - made :]
        yield _Report(rows, trainer.network, trainer.diverged_at)


def _train_apart(job: _Job) -> Iterator[_Report]:
    """Train in a process that is ended with this iterator."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump(job, process.stdin)
            process.stdin.flush()
            reported = 0
            while reported < job.iterations:
                report: _Report = pickle.load(process.stdout)
                yield report
                reported += len(report.rows)
                if report.diverged_at is not None:
                    return
        finally:
            process.kill()


def serve() -> None:
    """Train the job that comes through standard input; report through standard output."""
    # The stop button reaches the whole group of processes; the one who asked decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for report in _train_here(pickle.load(sys.stdin.buffer)):
        pickle.dump(report, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
