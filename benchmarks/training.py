"""How fast is training? This package beside other ways to make the same step, in one run.

`make benchmark` runs it in full and writes the tables into README.md and benchmarks/README.md;
`python benchmarks/training.py --quick` is a trial in two minutes or so that only prints them.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
import report
from peers.client import AVX2, Library, PeerError, Process, Runner, interleave, unheld
from peers.task import Record, Task
from report import CELLS, Comparison, Findings, Table, cell_name

from vanishing import lecture, train

HERE = Path(__file__).resolve().parent

TOLERANCE = {"float64": (1e-9, 1e-6), "float32": (1e-4, 5e-2)}
"""How far losses and sums may lie from the plain loop's in float64; sums relative to the largest.

A ReLU at its kink takes one side or the other by the last digit, which the sums show in float32.
"""

NOT_ASKED = "not asked for"


@dataclass(frozen=True)
class Entrant:
    """A program that makes the step: its name in the tables, and where it is prepared.

    Parameters
    ----------
    name, module, function : str
        The last two as `peers.worker` needs them.
    library : Library, optional
        What it needs; nothing besides the package if not given.
    dtype : str, optional
        The precision it always runs in; the task's if not given.
    settings : mapping of str
        Environment variables of its own, over those of the table.
    """

    name: str
    module: str
    function: str = "prepare"
    library: Library | None = None
    dtype: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


OURS = Entrant(report.OURS, "ours")
UNRECORDED = Entrant(report.UNRECORDED, "ours", "prepare_unrecorded")
WHOLE = Entrant("a whole run", "ours", "prepare_whole_run")
PLAIN = Entrant(report.PLAIN, "plain", dtype="float64")
PARTS = [Entrant(name, "parts", function) for name, function in report.PARTS.items()]
PEERS = [
    Entrant(name, module, library=Library(*requirements))
    for name, module, *requirements in (
        ("JAX 0.10.2, jit and scan", "jax_scan", "jax==0.10.2"),
        ("TensorFlow 2.21.0, graph with XLA", "tensorflow_graph", "tensorflow==2.21.0"),
        ("PyTorch 2.13.0, eager", "torch_eager", "torch==2.13.0", "numpy==2.4.6"),
        (
            "scikit-learn 1.9.1, MLPClassifier (no gradients kept)",
            "sklearn_mlp",
            "scikit-learn==1.9.1",
        ),
    )
]
JAX, _, TORCH, _ = PEERS
UNHELD = replace(JAX, name=report.UNHELD, settings={"XLA_FLAGS": "--xla_cpu_max_isa=AVX2"})


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int = 25
    iterations: int = 200
    run: int = 50_000
    runs: int = 3


QUICK = Effort(rounds=3, iterations=50, run=2000, runs=1)


class Bench:
    """The processes that are running, and end with the block.

    Parameters
    ----------
    settings : mapping of str, optional
        Environment variables for all of them.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._settings = settings or {}
        self._processes: dict[tuple[object, ...], Process] = {}

    def process(self, entrant: Entrant) -> Process:
        """Return the entrant's process, which it shares with others of its module."""
        settings = {**self._settings, **entrant.settings}
        key = entrant.module, *settings.items()
        if key not in self._processes:
            python = entrant.library.python if entrant.library else Path(sys.executable)
            self._processes[key] = Process(python, f"peers.{entrant.module}", settings)
        return self._processes[key]

    def runner(self, entrant: Entrant, task: Task, iterations: int) -> Runner:
        """Have a task prepared by an entrant."""
        task = replace(task, dtype=entrant.dtype or task.dtype)
        return Runner(self.process(entrant), entrant.function, task, iterations)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes.values():
            process.close()


def lecture_task(dtype: str, activation: str) -> Task:
    """Return the lecture's run with that activation."""
    data, *networks = lecture.setup()
    network = next(n for n in networks if n.activation.name == activation)
    return Task(data.points, data.labels, network.weights, activation, dtype)


def available(wanted: Sequence[str], install: bool) -> tuple[list[Entrant], dict[str, str]]:
    """Return the peers that can be had, and why the others cannot."""
    found, missing = [], {}
    for peer in PEERS:
        library = peer.library
        assert library is not None
        try:
            if library.name not in wanted:
                raise PeerError(NOT_ASKED)
            if install:
                library.install()
            if not library.python.exists():
                raise PeerError("it has no environment")
            found.append(peer)
        except (PeerError, OSError) as error:
            missing[peer.name] = str(error).replace(str(HERE), "benchmarks")
    return found, missing


def have(*peers: Entrant, install: bool) -> None:
    """Install these peers, unless they are there; end the program if one cannot be had."""
    names = [peer.library.name for peer in peers if peer.library]
    missing = available(names, install)[1]
    reasons = [f"{name}: {why}" for name, why in missing.items() if why != NOT_ASKED]
    if reasons:
        sys.exit("\n".join(reasons))


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
    running: Bench, entrants: list[Entrant], cell: tuple[str, str], effort: Effort, table: Table
) -> None:
    """Measure all entrants side by side in one precision and with one activation."""
    task, name, reference = lecture_task(*cell), cell_name(*cell), Record()
    runners: dict[str, Runner] = {}
    for entrant in (PLAIN, *entrants):
        try:
            runner = running.runner(entrant, task, effort.iterations)
            # The first round also compiles where something is compiled; it is not timed.
            first = runner.round().record
            reference = first if entrant is PLAIN else reference
            table.deviations[cell[0]] = max(
                deviation(first, reference, cell[0]), table.deviations.get(cell[0], 0.0)
            )
            runners[entrant.name] = runner
        except PeerError as error:
            if entrant.library is None:
                raise
            table.missing[f"{entrant.name} ({name})"] = str(error)
    table.times[name] = interleave(runners, effort.rounds)


def measure_table(
    peers: list[Entrant], missing: dict[str, str], effort: Effort, settings: Mapping[str, str]
) -> Table:
    """Measure all cells, and ask what was in force while they were measured."""
    table = Table(missing=dict(missing))
    entrants = [OURS, UNRECORDED, *PARTS, *peers]
    with Bench(settings) as running:
        for cell in CELLS:
            print(f"Measuring {cell_name(*cell)}", *settings and ["with AVX2"], file=sys.stderr)
            measure_cell(running, entrants, cell, effort, table)
        for entrant in (OURS, *peers):
            table.in_force[entrant.name] = running.process(entrant).ask("in_force")
    return table


def measure_growth(effort: Effort) -> dict[str, float]:
    """Return how cost grows with iterations, over what proportion would be."""
    one = effort.iterations * 10
    task = lecture_task("float64", "relu")
    with Bench() as running:
        runners = {f"{n}": running.runner(WHOLE, task, n) for n in (one, 10 * one)}
        runners[f"{one}"].round()
        short, long = interleave(runners, max(3, effort.rounds // 5)).values()
    return {f"{10 * one:,} iterations over 10 times {one:,}": float(np.median(long / short))}


def measure_comparison(effort: Effort) -> Comparison:
    """Return the least time of both runs at once and of one after the other, and the memory."""
    seconds: dict[str, list[float]] = {"in-turn": [], "together": []}
    peaks = []
    for _ in range(effort.runs):
        for way, times in seconds.items():
            command = [sys.executable, str(HERE / "comparison.py"), way, str(effort.run)]
            done = subprocess.run(command, env=unheld(), capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            times.append(found["seconds"])
            peaks.append(found["peak"])
    return Comparison(
        together=min(seconds["together"]),
        in_turn=min(seconds["in-turn"]),
        peak=None if None in peaks else max(peaks),
    )


def history_bytes() -> float:
    """Return the bytes that the record takes for an iteration of the lecture's network."""
    data, network, _ = lecture.setup()
    history = train(network, data, iterations=1000, progress=False).history
    return history.record.nbytes / len(history.record)


def machine() -> str:
    """Return the processor and the versions, in a line."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        name = models[0] if models else name
    return (
        f"{name}, {os.cpu_count()} processors, {platform.system()}; Python "
        f"{platform.python_version()}, NumPy {np.__version__}"
    )


def has_avx512() -> bool:
    """Tell whether this processor has what the second table does without."""
    core = np._core._multiarray_umath  # type: ignore[attr-defined]
    return bool(core.__cpu_features__.get("AVX512F"))


def measure(effort: Effort, wanted: Sequence[str], install: bool) -> Findings:
    """Measure everything."""
    peers, missing = available(wanted, install)
    tables = {report.ALL: measure_table(peers, missing, effort, {})}
    if has_avx512():
        others = [*peers, *([UNHELD] if JAX in peers else [])]
        tables[report.AVX2] = measure_table(others, missing, effort, AVX2)
    print("Measuring growth and the published comparison", file=sys.stderr)
    return Findings(
        machine=machine(),
        rounds=effort.rounds,
        iterations=effort.iterations,
        tables=tables,
        growth=measure_growth(effort),
        comparison=measure_comparison(effort),
        history_bytes=history_bytes(),
    )


def main() -> int:
    """Measure, print, and write if asked to; return 1 if a peer computed other losses."""
    known = [peer.library.name for peer in PEERS if peer.library]
    options = report.parser(__doc__, quick=True)
    options.add_argument("--peers", nargs="*", default=known, choices=known, metavar="PEER")
    chosen = options.parse_args()
    effort = QUICK if chosen.quick else Effort()
    findings = measure(effort, chosen.peers, not chosen.no_install)
    write, short = chosen.write and not chosen.quick, report.short(findings)
    report.publish(report.detail(findings), "training", write=write, short=short)
    reasons = [why for table in findings.tables.values() for why in table.missing.values()]
    return any("differ" in why for why in reasons)


if __name__ == "__main__":
    sys.exit(main())
