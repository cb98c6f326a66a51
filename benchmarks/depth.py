"""How fast is a step of thirty layers? With shortcuts and normalizations, beside two libraries.

`python benchmarks/depth.py --write` writes the table into benchmarks/README.md.
"""

import sys
from pathlib import Path

import numpy as np
from peers.client import interleave
from peers.task import Task
from report import replace_block
from training import OURS, PEERS, TOLERANCE, Bench

from vanishing import Network, lecture

DEPTH, ITERATIONS, ROUNDS = 30, 20, 5
KINDS = {
    "plain": (None, None),
    "shortcuts": (0.2, None),
    "layer norm": (None, "layer"),
    "batch norm": (None, "batch"),
}
PROGRAMS = [OURS, *(one for one in PEERS if one.library and one.library.name in ("jax", "torch"))]


def task(kind: str, dtype: str) -> Task:
    """Return a run of thirty hidden layers of 50 ReLUs, without the points at the origin."""
    data = lecture.setup()[0]
    away = np.linalg.norm(data.points, axis=1) > 0
    network = Network.initialize((2, *[50] * DEPTH, 3), "relu", scheme="lecun", rng=0)
    start = data.points[away], data.labels[away], network.weights, "relu", dtype
    return Task(*start, 1e-4, 1e-3, *KINDS[kind])


def row(running: Bench, kind: str, dtype: str) -> str:
    """Measure one cell, after a look whether all begin with the same losses."""
    runners = {one.name: running.runner(one, task(kind, dtype), ITERATIONS) for one in PROGRAMS}
    records = [runner.round().record for runner in runners.values()]
    losses = np.array([record.losses for record in records], float)[:, 0]
    apart = float(np.abs(losses / losses[0] - 1).max())
    # Later ones drift apart in float32: batch normalization makes rounding grow like the error.
    if not apart <= 10 * TOLERANCE[dtype][0]:
        raise ValueError(f"losses must agree; they differ by {apart:.1g} ({kind}, {dtype})")
    times = interleave(runners, ROUNDS)
    ours = times[OURS.name]
    cells = [f"{np.median(t):.0f} ({np.median(t / ours):.2f})" for t in times.values()]
    return f"| {kind}, {dtype} | {' | '.join(cells)} |"


def main() -> None:
    """Measure all cells and print the table; write it if asked to."""
    for one in PROGRAMS:
        if one.library:
            one.library.install()
    lines = [
        f"| | {' | '.join(one.name for one in PROGRAMS)} |",
        "|---" * (len(PROGRAMS) + 1) + "|",
    ]
    with Bench() as running:
        lines += [row(running, kind, dtype) for kind in KINDS for dtype in TOLERANCE]
    print("\n".join(lines))
    if "--write" in sys.argv[1:]:
        replace_block(Path(__file__).with_name("README.md"), "\n".join(lines), block="depth")


if __name__ == "__main__":
    main()
