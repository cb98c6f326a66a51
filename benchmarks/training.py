"""How fast is training? This package beside other ways to make the same step, in one run.

`make benchmark` runs it in full and writes the tables into README.md and benchmarks/README.md;
`python benchmarks/training.py --quick` is a trial in a minute or so that only prints them.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import report
from peers.client import Library, PeerError, Process, Runner, interleave
from peers.task import Record, Task
from report import CELLS, Findings
from threadpoolctl import threadpool_info

from vanishing import Network, lecture, train

HERE = Path(__file__).resolve().parent

TOLERANCE = {"float64": (1e-9, 1e-6), "float32": (1e-4, 5e-2)}
"""How far losses and sums may lie from the plain loop's in float64; sums relative to the largest.

A ReLU at its kink takes one side or the other by the last digit, which the sums show in float32.
"""

DEPTHS = (2, 4, 8, 16)
"""Numbers of hidden layers whose cost is compared."""


@dataclass(frozen=True)
class Entrant:
    """A program that makes the step.

    Parameters
    ----------
    name : str
        For the table.
    module, function : str
        Where it is prepared.
    library : Library, optional
        What it needs; nothing besides the package if not given.
    dtype : str, optional
        The precision it always runs in; the task's if not given.
    """

    name: str
    module: str
    function: str = "prepare"
    library: Library | None = None
    dtype: str | None = None

    @property
    def python(self) -> Path:
        """The interpreter it runs under."""
        return Path(sys.executable) if self.library is None else self.library.python


OURS = Entrant(report.OURS, "peers.ours")
UNRECORDED = Entrant(report.UNRECORDED, "peers.ours", "prepare_unrecorded")
PLAIN = Entrant(report.PLAIN, "peers.plain", dtype="float64")
PRODUCTS = Entrant(report.PRODUCTS, "peers.products")
STACKS = {
    count: Entrant(f"stack of {count}", "stacked", f"prepare_{count}") for count in (1, 4, 16)
}
PEERS = (
    Entrant("JAX 0.10.2, jit and scan", "peers.jax_scan", library=Library("jax", ("jax==0.10.2",))),
    Entrant(
        "TensorFlow 2.21.0, graph with XLA",
        "peers.tensorflow_graph",
        library=Library("tensorflow", ("tensorflow==2.21.0",)),
    ),
    Entrant(
        "PyTorch 2.13.0, eager",
        "peers.torch_eager",
        library=Library("torch", ("torch==2.13.0", "numpy==2.4.6")),
    ),
    Entrant(
        "scikit-learn 1.9.1, MLPClassifier (no gradients kept)",
        "peers.sklearn_mlp",
        library=Library("scikit-learn", ("scikit-learn==1.9.1",)),
    ),
)


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int = 25
    iterations: int = 200
    run: int = 50_000
    runs: int = 3


QUICK = Effort(rounds=3, iterations=50, run=2000, runs=1)


@dataclass
class Bench:
    """The processes that are running, one for each module, and why peers are missing."""

    processes: dict[str, Process] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def runner(self, entrant: Entrant, task: Task, iterations: int) -> Runner:
        """Have a task prepared by an entrant."""
        if entrant.module not in self.processes:
            self.processes[entrant.module] = Process(entrant.python, entrant.module)
        process = self.processes[entrant.module]
        task = replace(task, dtype=entrant.dtype or task.dtype)
        return Runner(process, process.prepare(entrant.function, task), iterations)

    def close(self) -> None:
        """End all processes."""
        for process in self.processes.values():
            process.close()


@contextmanager
def bench() -> Iterator[Bench]:
    """Give a bench whose processes end with the block."""
    made = Bench()
    try:
        yield made
    finally:
        made.close()


def lecture_task(dtype: str, activation: str) -> Task:
    """Return the lecture's run with that activation."""
    data, *networks = lecture.setup()
    network = next(n for n in networks if n.activation.name == activation)
    return Task(data.points, data.labels, network.weights, activation, dtype)


def deep_task(hidden: int) -> Task:
    """Return a run of a network with so many hidden layers of 50 units."""
    data = lecture.setup()[0]
    network = Network.initialize((2, *[50] * hidden, 3), "sigmoid", scale=0.3, rng=0)
    return Task(data.points, data.labels, network.weights, "sigmoid", "float64")


def available(bench: Bench, wanted: list[str], install: bool) -> list[Entrant]:
    """Return the peers that can be had; note why the others cannot."""
    found = []
    for peer in PEERS:
        library = peer.library
        assert library is not None
        if library.name not in wanted:
            bench.missing[peer.name] = "not asked for"
            continue
        try:
            if install:
                library.install()
            if not library.python.exists():
                raise PeerError("it has no environment")
            found.append(peer)
        except (PeerError, OSError) as error:
            bench.missing[peer.name] = f"not installed: {error}".replace(str(HERE), "benchmarks")
    return found


def deviation(record: Record, reference: Record, dtype: str) -> float:
    """Return the largest difference between a record's losses and the reference's.

    Raises
    ------
    PeerError
        If losses or sums differ by more than rounding.
    """
    loss_tolerance, sum_tolerance = TOLERANCE[dtype]
    assert reference.losses is not None
    assert reference.sums is not None
    worst = 0.0
    if record.losses is not None:
        worst = float(np.max(np.abs(record.losses - reference.losses)))
        if not worst <= loss_tolerance:
            raise PeerError(f"its losses differ by {worst:.1g}")
    if record.sums is not None:
        scale = np.max(reference.sums, axis=0)
        apart = float(np.max(np.abs(record.sums - reference.sums) / scale))
        if not apart <= sum_tolerance:
            raise PeerError(f"its gradients differ by {apart:.1g} of the largest")
    return worst


def measure_cell(
    bench: Bench, entrants: list[Entrant], dtype: str, activation: str, effort: Effort
) -> tuple[dict[str, report.Times], float]:
    """Return the times of all entrants side by side, and how far their losses lie apart."""
    task = lecture_task(dtype, activation)
    runners: dict[str, Runner] = {}
    worst, reference = 0.0, Record()
    for entrant in (PLAIN, *entrants):
        try:
            runner = bench.runner(entrant, task, effort.iterations)
            # The first round also compiles where something is compiled; it is not timed.
            first = runner.round().record
            reference = first if entrant is PLAIN else reference
            worst = max(worst, deviation(first, reference, dtype))
            runners[entrant.name] = runner
        except PeerError as error:
            if entrant not in PEERS:
                raise
            bench.missing[f"{entrant.name} ({dtype}, {activation})"] = str(error)
    return interleave(runners, effort.rounds), worst


def measure_scaling(bench: Bench, effort: Effort) -> dict[str, float]:
    """Return how cost grows with iterations and with depth, over what proportion would be."""
    one = effort.iterations * 10
    whole = Entrant("whole run", "peers.ours", "prepare_whole_run")
    task = lecture_task("float64", "relu")
    runners = {f"{n}": bench.runner(whole, task, n) for n in (one, 10 * one)}
    runners[f"{one}"].round()
    short, long = interleave(runners, max(3, effort.rounds // 5)).values()
    found = {f"{10 * one:,} iterations over 10 times {one:,}": float(np.median(long / short))}
    deep = {f"{d}": bench.runner(OURS, deep_task(d), effort.iterations) for d in DEPTHS}
    times = [np.median(t) for t in interleave(deep, effort.rounds).values()]
    # What each layer more costs, from one depth to the next.
    costs = np.diff(times) / np.diff(DEPTHS)
    for depths, before, after in zip(DEPTHS[1:], costs[:-1], costs[1:], strict=False):
        where = f"a layer more beyond {depths} hidden layers, over one before"
        found[where] = float(after / before)
    return found


def measure_stacks(bench: Bench, effort: Effort) -> dict[str, dict[str, float]]:
    """Return each stack's time for one network over the trainer's, by cell."""
    found = {}
    for dtype, activation in CELLS:
        task = lecture_task(dtype, activation)
        entrants = [OURS, *STACKS.values()]
        runners = {e.name: bench.runner(e, task, effort.iterations) for e in entrants}
        records = [runner.round().record for runner in runners.values()]
        for record in records:
            deviation(record, records[0], dtype)
        times = interleave(runners, effort.rounds)
        found[report.cell_name(dtype, activation)] = {
            stack.name: float(np.median(times[stack.name] / times[OURS.name])) / count
            for count, stack in STACKS.items()
        }
    return found


def measure_comparison(effort: Effort) -> dict[str, Any]:
    """Return the least time of both runs at once and of one after the other, and the memory."""
    found: dict[str, list[dict[str, Any]]] = {"in-turn": [], "together": []}
    for _ in range(effort.runs):
        for way, runs in found.items():
            command = [sys.executable, str(HERE / "comparison.py"), way, str(effort.run)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            runs.append(json.loads(done.stdout))
    seconds = {way: min(run["seconds"] for run in runs) for way, runs in found.items()}
    peaks = [run["peak"] for run in found["together"]]
    return {**seconds, "peak": max(peaks) if None not in peaks else None}


def history_bytes() -> float:
    """Return the bytes that the book takes for an iteration of the lecture's network."""
    data, network, _ = lecture.setup()
    history = train(network, data, iterations=1000, progress=False).history
    return history.record.nbytes / history.iterations


def machine() -> str:
    """Return the processor and the versions, in a line."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        name = models[0] if models else name
    blas = (one for one in threadpool_info() if one["user_api"] == "blas")
    kernels = {one.get("architecture") or one["internal_api"] for one in blas}
    return (
        f"{name}, {os.cpu_count()} processors, {platform.system()}; Python "
        f"{platform.python_version()}, NumPy {np.__version__} with BLAS for {', '.join(kernels)}"
    )


def measure(effort: Effort, wanted: list[str], install: bool) -> Findings:
    """Measure everything."""
    findings = Findings(machine=machine(), rounds=effort.rounds, iterations=effort.iterations)
    with bench() as running:
        entrants = [OURS, UNRECORDED, PRODUCTS, *available(running, wanted, install)]
        for dtype, activation in CELLS:
            cell = report.cell_name(dtype, activation)
            print(f"Measuring {cell}", file=sys.stderr)
            times, worst = measure_cell(running, entrants, dtype, activation, effort)
            findings.times[cell] = times
            findings.deviations[dtype] = max(worst, findings.deviations.get(dtype, 0.0))
        print("Measuring growth and stacks", file=sys.stderr)
        findings.scaling = measure_scaling(running, effort)
        findings.stacks = measure_stacks(running, effort)
        findings.missing = running.missing
    print("Measuring the published comparison", file=sys.stderr)
    findings.comparison = measure_comparison(effort)
    findings.history_bytes = history_bytes()
    return findings


def arguments() -> argparse.Namespace:
    """Read the command line."""
    known = [peer.library.name for peer in PEERS if peer.library]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a short trial, too short to cite")
    parser.add_argument("--write", action="store_true", help="write the tables into the READMEs")
    parser.add_argument("--no-install", action="store_true", help="skip peers that are absent")
    parser.add_argument("--peers", nargs="*", default=known, choices=known, metavar="PEER")
    return parser.parse_args()


def main() -> int:
    """Measure, print, and write if asked to; return 1 if a peer computed other losses."""
    chosen = arguments()
    effort = QUICK if chosen.quick else Effort()
    findings = measure(effort, chosen.peers, not chosen.no_install)
    print(report.detail(findings))
    if chosen.write and not chosen.quick:
        report.replace_block(HERE.parent / "README.md", report.short(findings))
        report.replace_block(HERE / "README.md", report.detail(findings))
    return any("differ" in why for why in findings.missing.values())


if __name__ == "__main__":
    sys.exit(main())
