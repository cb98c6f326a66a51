"""The benchmark's tables, in Markdown."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
"""Microseconds an iteration, of each round."""

CELLS = [(dtype, f) for dtype in ("float64", "float32") for f in ("sigmoid", "relu")]

OURS = "this package"
UNRECORDED = "this package, nothing recorded"
PLAIN = "the lecture's plain loop, float64"
PRODUCTS = "the step's eight matrix products alone"
BESIDES = (OURS, UNRECORDED, PLAIN, PRODUCTS)
"""All but the other libraries."""

PLAIN_AIMS = {
    "float64 sigmoid": 2.0,
    "float64 ReLU": 2.3,
    "float32 sigmoid": 3.6,
    "float32 ReLU": 4.0,
}
PRODUCT_AIMS = {"sigmoid": 1.7, "ReLU": 1.5}
RECORD_AIM = 1.15
TOGETHER_AIM = 0.6
MEMORY_AIM = 300
GROWTH_AIM = 1.1
BYTES_AIM = 200
STACK_GAIN = 0.75
"""A stack is worth its code if a network in it takes less than this share of the time alone."""


@dataclass
class Findings:
    """What was measured."""

    machine: str
    rounds: int
    iterations: int
    times: dict[str, dict[str, Times]] = field(default_factory=dict)
    deviations: dict[str, float] = field(default_factory=dict)
    scaling: dict[str, float] = field(default_factory=dict)
    stacks: dict[str, dict[str, float]] = field(default_factory=dict)
    comparison: dict[str, Any] = field(default_factory=dict)
    history_bytes: float = 0.0
    missing: dict[str, str] = field(default_factory=dict)

    def ratio(self, cell: str, one: str, other: str) -> float:
        """Return the median over the rounds of one's time over the other's."""
        times = self.times[cell]
        return float(np.median(times[one] / times[other]))


@dataclass(frozen=True)
class Aim:
    """What was aimed at, and what was measured."""

    what: str
    where: str
    wanted: float
    measured: float
    at_least: bool = False
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the aim is met, to the digits shown."""
        shown = float(f"{self.measured:.2f}")
        return shown >= self.wanted if self.at_least else shown <= self.wanted

    def row(self) -> str:
        """Return the aim as a row of a table."""
        sign = "at least" if self.at_least else "at most"
        digits = 0 if self.unit else 2
        measured = f"{self.measured:.{digits}f}{self.unit}"
        verdict = "met" if self.met else "**missed**"
        limit = f"{sign} {self.wanted:g}{self.unit}"
        return f"| {self.what} | {self.where} | {limit} | {measured} | {verdict} |"


def cell_name(dtype: str, activation: str) -> str:
    """Return how a table calls this precision and activation."""
    return f"{dtype} {'ReLU' if activation == 'relu' else activation}"


def aims(f: Findings) -> list[Aim]:
    """Return all aims with what was measured."""
    found = []
    for cell in f.times:
        limit = PRODUCT_AIMS[cell.split()[1]]
        found.append(Aim("time over the bare products", cell, limit, f.ratio(cell, OURS, PRODUCTS)))
    for cell in f.times:
        gain = f.ratio(cell, PLAIN, OURS)
        found.append(Aim("faster than the plain loop, times", cell, PLAIN_AIMS[cell], gain, True))
    for cell, times in f.times.items():
        ratios = {name: f.ratio(cell, name, OURS) for name in times if name not in BESIDES}
        if ratios:
            first = min(ratios, key=lambda name: ratios[name])
            what = f"faster than the fastest library ({first.split()[0]}), times"
            found.append(Aim(what, cell, 1.0, ratios[first], True))
    for cell in f.times:
        cost = f.ratio(cell, OURS, UNRECORDED)
        found.append(Aim("time over recording nothing", cell, RECORD_AIM, cost))
    for what, ratio in f.scaling.items():
        found.append(Aim("growth over proportional", what, GROWTH_AIM, ratio))
    return found + _comparison_aims(f)


def _comparison_aims(f: Findings) -> list[Aim]:
    both = f.comparison["together"] / f.comparison["in-turn"]
    found = [Aim("both runs at once over one after the other", "float64", TOGETHER_AIM, both)]
    if f.comparison["peak"] is not None:
        peak = f.comparison["peak"]
        found.append(Aim("its memory, all processes", "float64", MEMORY_AIM, peak, unit=" MB"))
    size = f.history_bytes
    return [*found, Aim("history an iteration", "", BYTES_AIM, size, unit=" bytes")]


def short(f: Findings) -> str:
    """Return the table for the project's README."""
    missed = [aim for aim in aims(f) if not aim.met]
    return "\n".join(
        [
            "Microseconds for one iteration of the lecture's network; in brackets, how many times",
            "the package's. All compute the same losses, and keep the loss and the size of each",
            "gradient at every iteration, unless noted.",
            "",
            *_table(f, lambda times, ratio: f"{np.median(times):.0f} ({ratio:.2f})"),
            "",
            *_missing(f),
            _both(f),
            f"{len(missed)} of {len(aims(f))} aims are missed:",
            "[benchmarks](benchmarks/README.md) says which, and what stands in the way.",
            "`make benchmark` measures again and writes your machine's numbers here.",
        ]
    )


def detail(f: Findings) -> str:
    """Return everything that was measured."""
    return "\n".join(
        [
            f"Measured on {f.machine}.",
            "",
            f"Median of {f.rounds} rounds of {f.iterations} iterations, taken in turn by all; in",
            "brackets the quartiles. Microseconds an iteration.",
            "",
            *_table(f, _with_quartiles),
            "",
            "The same as median ratio to this package, round by round:",
            "",
            *_table(f, lambda _, ratio: f"{ratio:.2f}"),
            "",
            *_missing(f),
            "Losses agree with the plain loop's to "
            + " and ".join(f"{worst:.0e} in {dtype}" for dtype, worst in f.deviations.items())
            + ".",
            _both(f),
            "",
            "| aim | where | wanted | measured | |",
            "|---|---|---|---|---|",
            *(aim.row() for aim in aims(f)),
            "",
            "A network's time in a stack of B (prototype `stacked.py`), over its time alone:",
            "",
            *_stacks(f),
        ]
    )


def _with_quartiles(times: Times, _: float) -> str:
    low, middle, high = np.percentile(times, [25, 50, 75])
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def _table(f: Findings, show: Any) -> list[str]:
    cells = list(f.times)
    names = [name for name in _order(f) if any(name in f.times[cell] for cell in cells)]
    rows = [f"| | {' | '.join(cells)} |", "|---" * (len(cells) + 1) + "|"]
    for name in names:
        shown = [
            show(f.times[cell][name], f.ratio(cell, name, OURS)) if name in f.times[cell] else ""
            for cell in cells
        ]
        rows.append(f"| {name} | {' | '.join(shown)} |")
    return rows


def _order(f: Findings) -> list[str]:
    peers = {name: None for times in f.times.values() for name in times if name not in BESIDES}
    return [OURS, UNRECORDED, *peers, PLAIN, PRODUCTS]


def _missing(f: Findings) -> list[str]:
    lines = [f"Left out: {name} ({why})." for name, why in f.missing.items()]
    return [*lines, ""] if lines else []


def _both(f: Findings) -> str:
    both, turn = f.comparison["together"], f.comparison["in-turn"]
    peak = f.comparison["peak"]
    memory = "" if peak is None else f", with at most {peak:.0f} MB in all"
    return (
        f"The published comparison, 50,000 iterations of both networks, takes {both:.1f} s in two\n"
        f"processes and {turn:.1f} s one after the other{memory}."
    )


def _stacks(f: Findings) -> list[str]:
    names = list(next(iter(f.stacks.values())))
    rows = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for cell, ratios in f.stacks.items():
        rows.append(f"| {cell} | {' | '.join(f'{ratios[name]:.2f}' for name in names)} |")
    best = min(min(ratios.values()) for ratios in f.stacks.values())
    verdict = "which pays for its code" if best < STACK_GAIN else "too little to pay for its code"
    return [*rows, "", f"At best a stack saves {1 - best:.0%}, {verdict}."]


def replace_block(path: Path, text: str, *, block: str = "training") -> None:
    """Put a text between the two marks of a file's block."""
    pattern = rf"(?<=<!-- benchmark:{block} -->\n).*?(?=<!-- /benchmark -->)"
    old = path.read_text(encoding="utf-8")
    new, count = re.subn(pattern, lambda _: text + "\n", old, flags=re.S)
    if count != 1:
        raise ValueError(f"{path} must hold the marks of one block {block!r}; it holds {count}")
    path.write_text(new, encoding="utf-8")
