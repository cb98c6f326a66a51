"""The benchmark's tables, in Markdown."""

import argparse
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent

Times = NDArray[np.float64]
"""Microseconds an iteration, of each round."""

CELLS = [(dtype, f) for dtype in ("float64", "float32") for f in ("sigmoid", "relu")]

ALL, AVX2 = "all instructions", "AVX2"

OURS = "this package"
UNRECORDED = "this package, nothing recorded"
PLAIN = "the lecture's plain loop, float64"
PRODUCTS = "the step's matrix products alone"
UNHELD = "JAX again, its products free to use AVX-512"
PARTS = {
    PRODUCTS: "prepare_products",
    "exponentials and logarithms": "prepare_functions",
    "other passes over arrays": "prepare_passes",
    "all calls, with arrays of one number": "prepare_overhead",
}
"""What a step is made of, by what prepares it in `peers.parts`; the last is part of the others."""

NOT_LIBRARIES = (OURS, UNRECORDED, PLAIN, UNHELD, *PARTS)

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


@dataclass
class Table:
    """All programs side by side, held to some instructions.

    Parameters
    ----------
    times : dict
        Of each cell, each program's times.
    deviations : dict
        Of each precision, how far losses lie from the plain loop's.
    missing : dict
        Which peers were left out, and why.
    in_force : dict
        Which instructions each program used, as far as can be told.
    """

    times: dict[str, dict[str, Times]] = field(default_factory=dict)
    deviations: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    in_force: dict[str, str] = field(default_factory=dict)

    def ratio(self, cell: str, one: str, other: str) -> float:
        """Return the median over the rounds of one's time over the other's."""
        times = self.times[cell]
        return float(np.median(times[one] / times[other]))

    def median(self, cell: str, name: str) -> float:
        """Return a program's median time."""
        return float(np.median(self.times[cell][name]))


@dataclass(frozen=True)
class Comparison:
    """The published comparison: seconds at once and in turn, and MB in all."""

    together: float
    in_turn: float
    peak: float | None


@dataclass
class Findings:
    """What was measured."""

    machine: str
    rounds: int
    iterations: int
    tables: dict[str, Table]
    growth: dict[str, float]
    comparison: Comparison
    history_bytes: float


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

    def row(self) -> list[str]:
        """Return the aim as a row of a table."""
        sign = "at least" if self.at_least else "at most"
        measured = f"{self.measured:.{0 if self.unit else 2}f}{self.unit}"
        verdict = "met" if self.met else "**missed**"
        limit = f"{sign} {self.wanted:g}{self.unit}"
        return [self.what, self.where, limit, measured, verdict]


def cell_name(dtype: str, activation: str) -> str:
    """Return how a table calls this precision and activation."""
    return f"{dtype} {'ReLU' if activation == 'relu' else activation}"


def aims(f: Findings) -> list[Aim]:
    """Return all aims with what was measured."""
    found = [aim for held, table in f.tables.items() for aim in _library_aims(held, table)]
    table = f.tables[ALL]
    for cell in table.times:
        limit, ratio = PRODUCT_AIMS[cell.split()[1]], table.ratio(cell, OURS, PRODUCTS)
        found.append(Aim("time over the bare products", cell, limit, ratio))
    for cell in table.times:
        gain = table.ratio(cell, PLAIN, OURS)
        found.append(Aim("faster than the plain loop, times", cell, PLAIN_AIMS[cell], gain, True))
    for cell in table.times:
        cost = table.ratio(cell, OURS, UNRECORDED)
        found.append(Aim("time over recording nothing", cell, RECORD_AIM, cost))
    for where, ratio in f.growth.items():
        found.append(Aim("growth over proportional", where, GROWTH_AIM, ratio))
    return found + _comparison_aims(f)


def _library_aims(held: str, table: Table) -> list[Aim]:
    found = []
    for cell, times in table.times.items():
        ratios = {n: table.ratio(cell, n, OURS) for n in times if n not in NOT_LIBRARIES}
        if ratios:
            first = min(ratios, key=lambda name: ratios[name])
            what = f"faster than the fastest library ({first.split()[0]}), times"
            found.append(Aim(what, f"{cell}, {held}", 1.0, ratios[first], True))
    return found


def _comparison_aims(f: Findings) -> list[Aim]:
    both = f.comparison.together / f.comparison.in_turn
    found = [Aim("both runs at once over one after the other", "float64", TOGETHER_AIM, both)]
    if f.comparison.peak is not None:
        peak = f.comparison.peak
        found.append(Aim("its memory, all processes", "float64", MEMORY_AIM, peak, unit=" MB"))
    size = f.history_bytes
    return [*found, Aim("history an iteration", "", BYTES_AIM, size, unit=" bytes")]


def short(f: Findings) -> str:
    """Return the table for the project's README."""
    return "\n".join(
        [
            "Microseconds for one iteration of the lecture's network; in brackets, how many times",
            "the package's. All compute the same losses, and keep the loss and the size of each",
            "gradient at every iteration, unless noted.",
            "",
            *side_by_side(f.tables[ALL]),
            "",
            *_missing(f.tables[ALL]),
            _both(f),
            *_fastest(f),
            "[benchmarks](benchmarks/README.md) has all aims, met and missed, and what stands in",
            "the way. `make benchmark` measures again and writes your machine's numbers here.",
        ]
    )


def _fastest(f: Findings) -> list[str]:
    """Say how often the package is ahead of the fastest library: in each table."""
    found = []
    for held, table in f.tables.items():
        checked = _library_aims(held, table)
        if checked:
            won, low, high = (
                sum(aim.met for aim in checked),
                min(aim.measured for aim in checked),
                max(aim.measured for aim in checked),
            )
            where = (
                "Held to AVX2, as most laptops are," if held == AVX2 else "With all instructions"
            )
            found += [
                f"{where} it is ahead of the fastest library in {won} of {len(checked)} columns",
                f"(which takes {low:.2f} to {high:.2f} times as long).",
            ]
    return found


def detail(f: Findings) -> str:
    """Return everything that was measured."""
    lines = [
        f"Measured on {f.machine}.",
        "",
        f"Median of {f.rounds} rounds of {f.iterations} iterations, taken in turn by all, in",
        "microseconds an iteration; in brackets the median ratio to this package, round by round.",
    ]
    for held, table in f.tables.items():
        lines += ["", f"#### With {held}", "", *side_by_side(table), "", *_missing(table)]
        lines += [_agreement(table), "", "Where the package's step spends its time:", ""]
        lines += [*parts_of_a_step(table), "", "In force:", ""]
        lines += [f"- {name}: {told}" for name, told in table.in_force.items()]
    if AVX2 not in f.tables:
        lines += ["", "This processor has no AVX-512, so a table held to AVX2 would be the same."]
    lines += ["", "#### Aims", "", _both(f), "", *_by_group(aims(f))]
    head = ["aim", "where", "wanted", "measured", ""]
    return "\n".join([*lines, "", *markdown(head, (aim.row() for aim in aims(f)))])


def _by_group(checked: list[Aim]) -> list[str]:
    """Return how many aims of each kind are met."""
    groups: dict[str, list[Aim]] = {}
    for aim in checked:
        held = f", {AVX2}" if aim.where.endswith(AVX2) else ""
        groups.setdefault(aim.what.split(" (")[0].split(", times")[0] + held, []).append(aim)
    return [
        f"- {what}: {sum(a.met for a in group)} of {len(group)}" for what, group in groups.items()
    ]


def side_by_side(table: Table) -> list[str]:
    """Return the rows of all programs: microseconds, and how many times the package's."""
    names = dict.fromkeys(name for times in table.times.values() for name in times)
    others = [name for name in names if name not in NOT_LIBRARIES]
    rows = []
    for name in (OURS, UNRECORDED, *others, UNHELD, PLAIN, PRODUCTS):
        if name in names:
            shown = [
                f"{table.median(cell, name):.0f} ({table.ratio(cell, name, OURS):.2f})"
                if name in times
                else ""
                for cell, times in table.times.items()
            ]
            rows.append([name, *shown])
    return markdown(["", *table.times], rows)


def parts_of_a_step(table: Table) -> list[str]:
    """Return the rows of what a step consists of, in microseconds and as a part of it."""
    *parts, overhead = PARTS
    rows = []
    for name in (*parts, "between the calls", overhead):
        shown = []
        for cell in table.times:
            whole = table.median(cell, OURS)
            known = sum(table.median(cell, part) for part in parts)
            time = table.median(cell, name) if name in PARTS else whole - known
            shown.append(f"{time:.0f} ({time / whole:.0%})")
        label = f"of all these: {name}" if name == overhead else name
        rows.append([label, *shown])
    return markdown(["", *table.times], rows)


def _missing(table: Table) -> list[str]:
    lines = [f"Left out: {name} ({why})." for name, why in table.missing.items()]
    return [*lines, ""] if lines else []


def _agreement(table: Table) -> str:
    worst = " and ".join(f"{apart:.0e} in {dtype}" for dtype, apart in table.deviations.items())
    return f"Losses agree with the plain loop's to {worst}."


def _both(f: Findings) -> str:
    peak = f.comparison.peak
    memory = "" if peak is None else f", with at most {peak:.0f} MB in all"
    return (
        "The published comparison, 50,000 iterations of both networks, takes "
        f"{f.comparison.together:.1f} s in two\n"
        f"processes and {f.comparison.in_turn:.1f} s one after the other{memory}."
    )


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table in Markdown."""
    first, *others = (f"| {' | '.join(row)} |" for row in (head, *rows))
    return [first, "|---" * len(head) + "|", *others]


def parser(described: str | None, *, quick: bool = False) -> argparse.ArgumentParser:
    """Return what reads the options that the programs share."""
    options = argparse.ArgumentParser(description=(described or "").splitlines()[0])
    options.add_argument("--write", action="store_true", help="write the tables into the READMEs")
    options.add_argument("--no-install", action="store_true", help="take the peers that are there")
    if quick:
        options.add_argument("--quick", action="store_true", help="a trial, too short to cite")
    return options


def publish(text: str, block: str, *, write: bool, short: str | None = None) -> None:
    """Print what was measured; if asked to, write it here, and the short form in front."""
    print(text)
    if write:
        replace_block(HERE / "README.md", text, block=block)
        if short is not None:
            replace_block(HERE.parent / "README.md", short, block=block)


def replace_block(path: Path, text: str, *, block: str = "training") -> None:
    """Put a text between the two marks of a file's block."""
    # Without its end mark a block would swallow the next one.
    pattern = rf"(<!-- benchmark:{block} -->\n)(?:(?!<!-- benchmark:).)*?(<!-- /benchmark -->)"
    old = path.read_text(encoding="utf-8")
    new, count = re.subn(pattern, lambda found: f"{found[1]}{text}\n{found[2]}", old, flags=re.S)
    if count != 1:
        raise ValueError(f"{path} must hold the marks of one block {block!r}; it holds {count}")
    path.write_text(new, encoding="utf-8")
