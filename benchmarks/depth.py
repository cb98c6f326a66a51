"""How fast is a step of thirty layers, and what does each layer add? Beside two libraries.

`python benchmarks/depth.py --write` writes the tables into benchmarks/README.md.
"""

import textwrap

import numpy as np
import report
from peers.client import interleave
from peers.task import Task
from training import JAX, OURS, PARTS, TOLERANCE, TORCH, Bench, Entrant, have, machine

from vanishing import Network, lecture

DEPTHS, ITERATIONS, ROUNDS = (2, 4, 8, 16, 30), 20, 15
KINDS = {
    "plain": (None, None),
    "shortcuts": (0.2, None),
    "layer norm": (None, "layer"),
    "batch norm": (None, "batch"),
}
PROGRAMS = [OURS, JAX, TORCH]

Times = dict[str, report.Times]


def task(kind: str, dtype: str, depth: int = max(DEPTHS)) -> Task:
    """Return a run of hidden layers of 50 ReLUs, without the points at the origin."""
    data = lecture.setup()[0]
    away = np.linalg.norm(data.points, axis=1) > 0
    network = Network.initialize((2, *[50] * depth, 3), "relu", scheme="lecun", rng=0)
    start = data.points[away], data.labels[away], network.weights, "relu", dtype
    return Task(*start, 1e-4, 1e-3, *KINDS[kind])


def side_by_side(running: Bench, kind: str, dtype: str) -> Times:
    """Measure one cell, after a look whether all begin with the same losses."""
    runners = {one.name: running.runner(one, task(kind, dtype), ITERATIONS) for one in PROGRAMS}
    records = [runner.round().record for runner in runners.values()]
    losses = np.array([record.losses for record in records], float)[:, 0]
    apart = float(np.abs(losses / losses[0] - 1).max())
    # Later ones drift apart in float32: batch normalization makes rounding grow like the error.
    if not apart <= 10 * TOLERANCE[dtype][0]:
        raise ValueError(f"losses must agree; they differ by {apart:.1g} ({kind}, {dtype})")
    for one in PARTS:
        runners[one.name] = running.runner(one, task(kind, dtype), ITERATIONS)
    return interleave(runners, ROUNDS)


def deeper(running: Bench, program: Entrant, kind: str, dtype: str) -> Times:
    """Measure one program at every depth, in turn."""
    runners = {
        f"{depth}": running.runner(program, task(kind, dtype, depth), ITERATIONS)
        for depth in DEPTHS
    }
    for runner in runners.values():
        runner.round()  # Compiles where something is compiled.
    return interleave(runners, ROUNDS)


def growing(found: dict[str, Times]) -> list[str]:
    """Return the table of what a layer takes, the deeper the network."""
    rows = []
    for name, times in found.items():
        layers = [np.median(times[f"{depth}"]) / depth for depth in DEPTHS]
        rows.append([name, *(f"{one:.1f} ({one / layers[0]:.2f})" for one in layers)])
    return report.markdown(["", *(f"{depth} layers" for depth in DEPTHS)], rows)


def short(table: report.Table) -> str:
    """Return what the project's README says of it."""
    ranges = []
    for one in PROGRAMS[1:]:
        ratios = [table.ratio(cell, one.name, OURS.name) for cell in table.times]
        library, least, most = one.name.split()[0], min(ratios), max(ratios)
        ranges.append(f"{library} takes {least:.2f} to {most:.2f} times as long")
    return textwrap.fill(
        f"With {max(DEPTHS)} hidden layers, plain, with shortcuts, layer or batch normalization, "
        f"in both precisions, {' and '.join(ranges)} as the package.",
        100,
    )


def main() -> None:
    """Measure all and print the tables; write them if asked to."""
    chosen = report.parser(__doc__).parse_args()
    have(JAX, TORCH, install=not chosen.no_install)
    with Bench() as running:
        cells = [(kind, dtype) for kind in KINDS for dtype in TOLERANCE]
        table = report.Table({", ".join(cell): side_by_side(running, *cell) for cell in cells})
        by_depth = {
            f"{one.name}, {dtype}": deeper(running, one, "plain", dtype)
            for dtype in TOLERANCE
            for one in PROGRAMS
        }
        in_force = running.process(OURS).ask("in_force")
    lines = [f"Measured on {machine()}; in force: {in_force}.", "", *report.side_by_side(table)]
    lines += ["", "Where the package's step spends its time:", "", *report.parts_of_a_step(table)]
    lines += [
        "",
        "What a plain hidden layer takes, in brackets how many times as long as one of two",
    ]
    lines += [f"(wanted: at most {report.GROWTH_AIM}):", ""]
    text = "\n".join([*lines, *growing(by_depth)])
    report.publish(text, "depth", write=chosen.write, short=short(table))


if __name__ == "__main__":
    main()
