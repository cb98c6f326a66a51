"""How fast is backpropagation through time? This package beside PyTorch and JAX, in one run.

`python benchmarks/through_time.py --write` writes the tables into benchmarks/README.md; with
`--quick` it is a trial that only prints them, and cites nothing.
"""

import itertools
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import report
from peers.client import AVX2, PeerError, Runner, interleave
from peers.sequence_task import SequenceTask
from peers.task import Task
from training import JAX, TORCH, Bench, Entrant, has_avx512, have, machine

from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import agreement

ENTRANTS = [
    Entrant(report.OURS, "time_ours"),
    Entrant("PyTorch, nn.RNN and nn.LSTM", "time_torch", library=TORCH.library),
    Entrant("JAX, jit and scan", "time_jax", library=JAX.library),
]

LENGTHS, WIDTHS, CELLS, DTYPES = (20, 50, 100), (32, 64), ("tanh", "lstm"), ("float32", "float64")

COUNT = 128
"""Sentences in a batch."""

TORCH_AIM, JAX_AIM, GROWTH_AIM, GRADIENT_AIM = 1.0, 0.9, 1.1, 1e-10

LOSS_TOLERANCE = {"float64": 1e-10, "float32": 1e-4}

Cell = tuple[str, str, int, int]
"""Precision, kind of cell, units and steps."""


@dataclass
class Table:
    """What was measured with some instructions.

    Parameters
    ----------
    times : dict
        Of each cell, each program's microseconds an iteration in each round.
    apart : dict
        Of each program, the largest difference of its float64 gradients from the package's.
    """

    times: dict[Cell, dict[str, Any]] = field(default_factory=dict)
    apart: dict[str, float] = field(default_factory=dict)
    in_force: dict[str, str] = field(default_factory=dict)

    def ratio(self, cell: Cell, name: str) -> float:
        """Return the median over the rounds of a program's time over the package's."""
        times = self.times[cell]
        return float(np.median(times[name] / times[report.OURS]))

    def growth(self, cell: Cell) -> float:
        """Return the time of the longest sequences over that of the shortest, a step."""
        longest, shortest = max(LENGTHS), min(LENGTHS)
        long, short = (
            np.median(self.times[(*cell[:3], steps)][report.OURS]) for steps in (longest, shortest)
        )
        return float(long / short * shortest / longest)


def sequence_task(dtype: str, kind: str, units: int, steps: int) -> SequenceTask:
    """Return a batch of agreement, and where the network starts."""
    task = agreement(steps - 1)
    data = task.batch(COUNT, 0)
    network = RecurrentNetwork.initialize(task, units, kind, rng=0)
    return SequenceTask(kind, data.inputs, data.targets, network.arrays, dtype)


def iterations_of(cell: Cell, scale: int) -> int:
    """Return how many iterations make a round: more where they are short."""
    return max(3, scale * 20 * 32 // (cell[2] * cell[3]))


def compare(name: str, found: Any, reference: Any, dtype: str) -> float:
    """Return how far a program's gradient lies from the package's.

    Raises
    ------
    PeerError
        If it computed another loss.
    """
    if not np.abs(found.losses - reference.losses).max() <= LOSS_TOLERANCE[dtype]:
        raise PeerError(f"{name} has other losses: {found.losses} for {reference.losses}")
    return float(np.abs(found.sums - reference.sums).max())


def measure(settings: Mapping[str, str], rounds: int, scale: int) -> Table:
    """Measure all cells side by side, and compare the gradients of all three kinds of cell."""
    table = Table()
    with Bench(settings) as running:

        def runner(entrant: Entrant, task: SequenceTask, iterations: int) -> Runner:
            prepared = cast(Task, task)  # A worker hands on whatever its program takes.
            return Runner(running.process(entrant), entrant.function, prepared, iterations)

        for dtype, kind in itertools.product(DTYPES, (*CELLS, "gru")):
            task = sequence_task(dtype, kind, WIDTHS[0], LENGTHS[0])
            reference = runner(ENTRANTS[0], task, 1).round().record
            for entrant in ENTRANTS[1:]:
                found = runner(entrant, task, 1).round().record
                apart = compare(entrant.name, found, reference, dtype)
                if dtype == "float64":
                    table.apart[entrant.name] = max(apart, table.apart.get(entrant.name, 0.0))
        for cell in itertools.product(DTYPES, CELLS, WIDTHS, LENGTHS):
            print("Measuring", *cell, file=sys.stderr)
            task, count = sequence_task(*cell), iterations_of(cell, scale)
            runners = {one.name: runner(one, task, count) for one in ENTRANTS}
            for one in runners.values():
                one.round()  # Compiles where something is compiled.
            table.times[cell] = interleave(runners, rounds)
        for entrant in ENTRANTS:
            table.in_force[entrant.name] = running.process(entrant).ask("in_force")
    return table


def rows(table: Table) -> list[str]:
    """Return the table's rows: one for each precision, kind of cell, width and length."""
    others = [entrant.name for entrant in ENTRANTS[1:]]
    found = []
    for cell, times in table.times.items():
        dtype, kind, units, steps = cell
        shown = [
            f"{np.median(times[name]) / 1000:.2f} ({table.ratio(cell, name):.2f})"
            for name in others
        ]
        own = f"{np.median(times[report.OURS]) / 1000:.2f}"
        label = f"{dtype}, {'RNN' if kind == 'tanh' else 'LSTM'}, {units} units, {steps} steps"
        found.append([label, own, *shown])
    return report.markdown(["", report.OURS, *others], found)


def verdicts(table: Table) -> list[str]:
    """Return what was aimed at, and what came of it."""
    torch, jax = (entrant.name for entrant in ENTRANTS[1:])
    lines = []
    for name, aim in ((torch, TORCH_AIM), (jax, JAX_AIM)):
        ratios = {cell: table.ratio(cell, name) for cell in table.times}
        met = sum(ratio >= aim for ratio in ratios.values())
        lines.append(
            f"- {name}: at least {aim:g} times the package's time in {met} of {len(ratios)} rows; "
            f"{min(ratios.values()):.2f} to {max(ratios.values()):.2f}."
        )
    growths = [table.growth(cell) for cell in table.times if cell[3] == max(LENGTHS)]
    lines.append(
        f"- A step among {max(LENGTHS)} takes {min(growths):.2f} to {max(growths):.2f} times as "
        f"long as one among {min(LENGTHS)} (wanted: at most {GROWTH_AIM})."
    )
    worst = ", ".join(f"{apart:.0e} from {name}" for name, apart in table.apart.items())
    lines.append(
        f"- Gradients in float64, of all three kinds of cell: {worst} (wanted: {GRADIENT_AIM})."
    )
    return [*lines, *(f"- In force, {name}: {told}." for name, told in table.in_force.items())]


def described(tables: Mapping[str, Table], rounds: int) -> str:
    """Return everything that was measured, in Markdown."""
    lines = [
        f"Measured on {machine()}.",
        "",
        f"Milliseconds for one iteration, the median of {rounds} rounds taken in turn; in",
        "brackets, how many times the package's.",
    ]
    for held, table in tables.items():
        lines += ["", f"#### With {held}", "", *rows(table), "", *verdicts(table)]
    return "\n".join(lines)


def short(tables: dict[str, Table]) -> str:
    """Return what the project's README says of it."""
    table = tables[report.ALL]
    torch, jax = (span(table, entrant.name) for entrant in ENTRANTS[1:])
    with_avx2 = (
        f" (with AVX2 {span(tables[report.AVX2], ENTRANTS[2].name)})"
        if report.AVX2 in tables
        else ""
    )
    growths = [table.growth(cell) for cell in table.times if cell[3] == max(LENGTHS)]
    return textwrap.fill(
        f"Through time, {min(LENGTHS)} to {max(LENGTHS)} steps of an RNN or an LSTM, PyTorch's own "
        f"takes {torch} times as long as the package, JAX {jax} times{with_avx2}. "
        f"A step among {max(LENGTHS)} takes "
        f"{min(growths):.2f} to {max(growths):.2f} times as long as one among {min(LENGTHS)}.",
        100,
    )


def span(table: Table, name: str) -> str:
    """Return the least and the largest of a program's ratios."""
    ratios = [table.ratio(cell, name) for cell in table.times]
    return f"{min(ratios):.2f} to {max(ratios):.2f}"


def main() -> None:
    """Measure, print, and write if asked to."""
    chosen = report.parser(__doc__, quick=True).parse_args()
    have(TORCH, JAX, install=not chosen.no_install)
    rounds, scale = (3, 1) if chosen.quick else (15, 8)
    tables = {report.ALL: measure({}, rounds, scale)}
    if has_avx512():
        tables[report.AVX2] = measure(AVX2, rounds, scale)
    write = chosen.write and not chosen.quick
    text, front = described(tables, rounds), short(tables)
    report.publish(text, "time", write=write, short=front)


if __name__ == "__main__":
    main()
