"""Change the package in one place at a time, and see whether a test notices.

A mutant is the package with one small change: a + turned into a -, a statement or an argument left
out. The tests kill it, or it survives, and then a test is missing or the change changes nothing.
Cosmic Ray finds and makes the changes; here they are drawn at random, run in copies of the project,
and counted. A mutant meets its module's own tests first, then those of the files that import the
module, the quick ones first, and only if you say so all others.

    python tools/mutants.py                                          # 12 mutants of every module
    python tools/mutants.py vanishing/training.py --number 100       # more of one
    python tools/mutants.py vanishing/live --seed 1                  # others of one room
    python tools/mutants.py vanishing/fused.py --all                 # all tests for its survivors

Survivors that docs/mutants.md lists as equivalent are not counted.
"""

import argparse
import ast
import contextlib
import difflib
import multiprocessing
import os
import random
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cosmic_ray.commands
import cosmic_ray.plugins
from cosmic_ray.modules import find_modules
from cosmic_ray.mutating import mutate_and_test, mutate_code
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import MutationSpec, TestOutcome
from parso.python.tree import Name

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = ROOT / "docs/mutants.md"

NOT_UNITS = {
    f"test_{name}"
    for name in ("benchmark", "browser", "claims*", "mutants", "notebooks", "project", "reruns")
}
"""The tests that try something else than the package, or try it slowly."""

PYTEST = [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=no", "--override-ini=addopts="]
PYTEST += ["-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", "--hypothesis-seed=0"]
# What runs notebooks takes longer to load than most files of tests to run.
PYTEST += ["--confcutdir=tests"]

MEANINGLESS = re.compile(
    # A float has no bits, so the first test that comes by kills these; what is equal is often the
    # same object, so that nothing kills those.
    r"core/ReplaceBinaryOperator_((Add|Sub|Mul|Div|FloorDiv|Mod|Pow)_(.Shift|Bit.*)"
    r"|(.Shift|Bit[A-Za-z]*)_(Add|Sub|Mul|Div|FloorDiv|Mod|Pow))"
    r"|core/ReplaceComparisonOperator_((?!Is).*_Is.*|Is(Not)?_(?!Is).*)"
)
"""The kinds of Cosmic Ray's changes that say nothing about the tests."""


COMMUTATIVE = {"add", "max", "maximum", "min", "minimum", "multiply"}
"""Functions whose first two arguments may be exchanged."""


# Changes that Cosmic Ray does not have


class _Change:
    """A kind of change, as Cosmic Ray has them, of what `places` finds in a node of the program."""

    @classmethod
    def arguments(cls) -> tuple[()]:
        return ()

    @staticmethod
    def places(node: Any) -> list[Any]:
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> list[tuple[Any, Any]]:
        return [(place.start_pos, place.end_pos) for place in self.places(node)]


class _DeleteStatement(_Change):
    """Forget a call, a raise, or an assignment to something that was there before."""

    @staticmethod
    def places(node: Any) -> list[Any]:
        if node.type != "simple_stmt":
            return []
        statement = node.children[0]
        if statement.type == "expr_stmt":
            target, sign = statement.children[:2]
            found = sign.type == "operator" and (sign != "=" or target.type == "atom_expr")
        else:
            found = statement.type in ("atom_expr", "raise_stmt")
        return [statement] if found else []

    def mutate(self, node: Any, _: int) -> Any:
        first = node.get_first_leaf()
        node.children[0] = Name("pass", first.start_pos, first.prefix)
        return node


class _DropKeyword(_Change):
    """Do not hand on one `name=value` of a call."""

    @staticmethod
    def places(node: Any) -> list[Any]:
        if node.type not in ("arglist", "trailer"):
            return []
        arguments = [child for child in node.children if child.type == "argument"]
        return [argument for argument in arguments if argument.children[1] == "="]

    def mutate(self, node: Any, index: int) -> Any:
        place = node.children.index(self.places(node)[index])
        comma = node.children[place + 1] == "," if place + 1 < len(node.children) else False
        del node.children[place : place + 1 + comma]
        return node


class _SwapArguments(_Change):
    """Exchange an argument of a call with the next, where their order can matter."""

    @staticmethod
    def places(node: Any) -> list[Any]:
        if node.type != "arglist" or node.parent.type == "classdef":
            return []
        plain = [child for child in node.children if child.type not in ("argument", "operator")]
        called = node.parent.get_previous_sibling().get_code().strip().rpartition(".")[2]
        return plain[called in COMMUTATIVE : -1]

    def mutate(self, node: Any, index: int) -> Any:
        place = node.children.index(self.places(node)[index])
        one, other = node.children[place : place + 3 : 2]
        node.children[place : place + 3 : 2] = other, one
        return node


cosmic_ray.plugins.OPERATOR_PROVIDERS["ours"] = {
    change.__name__.strip("_"): change
    for change in (_DeleteStatement, _DropKeyword, _SwapArguments)
}


# Drawing mutants


@dataclass(frozen=True)
class Mutant:
    """A change of one module, and what became of it."""

    spec: MutationSpec
    old: str
    new: str
    fate: str = ""

    @property
    def module(self) -> str:
        """The module's path in the project."""
        return str(self.spec.module_path.as_posix())

    @property
    def change(self) -> tuple[str, str, str]:
        """What identifies the change, wherever the line now stands."""
        return self.module, self.old, self.new


class _Effective(ast.NodeTransformer):
    """Take away what has no effect when a right program runs.

    That is annotations, zip's `strict`, and which arguments must be handed over by name.
    """

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]
        node.defaults += [default for default in node.kw_defaults if default]
        node.posonlyargs, node.kwonlyargs, node.kw_defaults = [], [], []
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "zip":
            node.keywords = []
        return self.generic_visit(node)


def _names_a_type(statement: ast.stmt) -> bool:
    """Return whether a statement gives a name to A | B, or to a variable for types."""
    if not isinstance(statement, ast.Assign):
        return False
    if isinstance(statement.value, ast.BinOp):
        return isinstance(statement.value.op, ast.BitOr | ast.BitAnd | ast.BitXor)
    called = getattr(statement.value, "func", None)
    return isinstance(called, ast.Name) and called.id == "TypeVar"


def meaning(code: str) -> str:
    """Return what a program does, as text: equal for two that differ in types or layout only."""
    tree = ast.parse(code)
    tree.body = [statement for statement in tree.body if not _names_a_type(statement)]
    effective: ast.AST = _Effective().visit(tree)
    return ast.dump(effective)


def changed_lines(code: str, mutated: str) -> tuple[str, str]:
    """Return the lines from the first to the last that differ, before and after, each as one."""
    before, after = code.splitlines(), mutated.splitlines()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    differing = [code[1:] for code in matcher.get_opcodes() if code[0] != "equal"]
    (top, _, new_top, _), (_, bottom, _, new_bottom) = differing[0], differing[-1]
    old, new = before[top:bottom], after[new_top:new_bottom]
    return " ".join(map(str.strip, old)), " ".join(map(str.strip, new))


def find_mutants(module: Path) -> Iterator[MutationSpec]:
    """Return all changes of one module that say something about the tests, in a fixed order."""
    with tempfile.TemporaryDirectory() as folder:
        found = WorkDB(Path(folder) / "mutants.sqlite", WorkDB.Mode.create)
        cosmic_ray.commands.init([module], found, {})
        specs = [item.mutations[0] for item in found.work_items]
        found.close()
    specs.sort(key=lambda spec: (spec.start_pos, spec.operator_name, spec.occurrence))
    return (spec for spec in specs if not MEANINGLESS.match(spec.operator_name))


def draw(module: Path, number: int, seed: int) -> Iterator[Mutant]:
    """Draw mutants of one module: first a place, each as likely, then one of its changes."""
    generator = random.Random(f"{seed} {module}")
    places: dict[Any, list[MutationSpec]] = {}
    for spec in find_mutants(module):
        places.setdefault(spec.start_pos, []).append(spec)
    code = module.read_text("utf-8")
    unchanged, drawn = meaning(code), 0
    for place in generator.sample(list(places), len(places)):
        spec = generator.choice(places[place])
        operator = cosmic_ray.plugins.get_operator(spec.operator_name)()
        # A * that multiplies nothing; a dotted exception, which Cosmic Ray stumbles over.
        with contextlib.suppress(SyntaxError, AttributeError):
            mutated = mutate_code(code, operator, spec.occurrence)
            if drawn < number and meaning(mutated) != unchanged:
                drawn += 1
                yield Mutant(spec, *changed_lines(code, mutated))


# Running tests


def move_in(parent: Path) -> None:
    """Give this process a copy of the project to work in."""
    copy = parent / str(os.getpid())
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    os.chdir(copy)
    os.environ["PYTHONPATH"] = str(copy)  # before the package that is installed
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"


@dataclass(frozen=True)
class TestFile:
    """A file of unit tests: how long it takes, and what of it fails without a mutant."""

    path: Path
    seconds: float
    failing: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether the file can be imported and has tests."""
        return str(self.path) not in self.failing


def try_file(path: Path) -> TestFile:
    """Run one file's tests on the package as it is."""
    begin = time.perf_counter()
    outcome, output = run_tests(shlex.join([*PYTEST, str(path)]), timeout=1200)
    seconds = time.perf_counter() - begin
    failing = re.findall(r"^(?:FAILED|ERROR) ([^\s\[]+)", output, flags=re.MULTILINE)
    if outcome is not TestOutcome.SURVIVED and not failing:
        failing = [str(path)]
    return TestFile(path, seconds, tuple(sorted(set(failing))))


def command(files: Iterable[TestFile]) -> str:
    """Return the call that runs these files' tests, in this order, up to the first that fails."""
    options, paths = ["--exitfirst"], []
    for file in files:
        options += [f"--deselect={name}" for name in file.failing]
        paths.append(str(file.path))
    return shlex.join([*PYTEST, *options, *paths])


def try_mutant(mutant: Mutant, tests: Sequence[Sequence[TestFile]]) -> Mutant:
    """Run the tests on one mutant, stage by stage, until one fails."""
    for files in filter(None, tests):
        limit = 20 + 4 * sum(file.seconds for file in files)
        result = mutate_and_test([mutant.spec], command(files), limit)
        if result.test_outcome is not TestOutcome.SURVIVED:
            fate = "timed out" if result.output == "timeout" else str(result.test_outcome.value)
            return replace(mutant, fate=fate)
    return replace(mutant, fate="survived")


# Which tests count


def imports(program: Path) -> Iterator[str]:
    """Return what a program imports, each with the package that it is taken from."""
    for node in ast.walk(ast.parse(program.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def importing(module: Path, programs: Iterable[Path]) -> list[Path]:
    """Return the programs that import a module, or a name of its that its package hands on."""
    name = ".".join(module.with_suffix("").parts).removesuffix(".__init__")
    package = name.rpartition(".")[0]
    init = module.parent / "__init__.py"
    taken = [full for full in imports(init) if full.startswith(f"{name}.")] if package else []
    handed_on = {f"{package}.{full.rpartition('.')[2]}" for full in taken}

    def concerns(imported: str) -> bool:
        return imported == name or imported.startswith(f"{name}.") or imported in handed_on

    return [program for program in programs if any(map(concerns, imports(program)))]


def users(module: Path, tests: Sequence[Path]) -> list[Path]:
    """Return the tests that import a module; if none does, those of the modules that import it."""
    found = importing(module, tests)
    if not found:
        above = importing(module, Path(module.parts[0]).glob("**/*.py"))
        near = {test for user in above for test in importing(user, tests)}
        found = [test for test in tests if test in near]
    return found


def stages(module: Path, tests: Sequence[Path]) -> list[list[Path]]:
    """Return the module's own tests, the others that import it, and the rest."""
    own = Path("tests", *module.parts[1:-1], f"test_{module.stem.strip('_')}.py")
    near = users(module, tests)
    return [
        [test for test in tests if test == own],
        [test for test in near if test != own],
        [test for test in tests if test not in (*near, own)],
    ]


def by_time(stage: Iterable[Path], files: Mapping[Path, TestFile]) -> list[TestFile]:
    """Return those of a stage's files that can be used, the quick ones first."""
    usable = [files[path] for path in stage if files[path].usable]
    return sorted(usable, key=lambda file: file.seconds)


# Counting


def known_equivalents() -> set[tuple[str, str, str]]:
    """Return the changes that docs/mutants.md says change nothing that can be seen."""
    entry = r"^- `([^`]+)`: `` (.*) `` → `` (.*) ``$"
    return set(re.findall(entry, EQUIVALENT.read_text("utf-8"), flags=re.MULTILINE))


def shares(mutants: Sequence[Mutant], tests: Mapping[str, int]) -> str:
    """Return a table: what became of each module's mutants, and how many files of tests they met.

    A test that no longer ends is noticed too, so the share counts it with those killed.
    """
    lines = ["| module | tests | mutants | killed | timed out | survived | equivalent | share |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|--:|")
    for module in [*sorted({mutant.module for mutant in mutants}), ""]:
        fates = Counter(
            mutant.fate for mutant in mutants if mutant.module == (module or mutant.module)
        )
        counted = fates.total() - fates["equivalent"]
        noticed = counted - fates["survived"]
        numbers = [fates[fate] for fate in ("killed", "timed out", "survived", "equivalent")]
        share = f"{noticed / max(counted, 1):.0%}"
        cells = [module or "all", tests.get(module, ""), fates.total(), *numbers, share]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def story(mutant: Mutant) -> str:
    """Return where a mutant is and what it changes."""
    place = f"{mutant.module}:{mutant.spec.start_pos[0]}"
    return (
        f"{mutant.fate}: {place} ({mutant.spec.operator_name})\n  - {mutant.old}\n  + {mutant.new}"
    )


def meets(module: Path, tests: Sequence[Sequence[TestFile]]) -> str:
    """Return which tests count for a module, in their order."""
    files = [file for stage in tests for file in stage]
    names = ", ".join(file.path.stem for file in files) or "nothing"
    return f"{module.as_posix()} meets {names} ({sum(file.seconds for file in files):.0f} s)"


def unit_tests(left_out: Iterable[str]) -> list[Path]:
    """Return the files of tests, without those whose names, or patterns of names, are given."""
    return [
        path
        for path in sorted(Path("tests").glob("**/test_*.py"))
        if not any(path.match(f"{name}.py") for name in left_out)
    ]


def try_files(pool: Executor, wanted: Iterable[Sequence[Sequence[Path]]]) -> dict[Path, TestFile]:
    """Run the tests that are wanted on the package as it is, and say which fail."""
    paths = sorted({path for found in wanted for stage in found for path in stage})
    files = dict(zip(paths, pool.map(try_file, paths), strict=True))
    for name in (name for file in files.values() for name in file.failing):
        print("fails without a mutant, so it is left out:", name)
    return files


def told(jobs: Iterable[Future[Mutant]]) -> Iterator[Mutant]:
    """Print the story of each mutant that is not killed; give all back, with their fates."""
    equivalent = known_equivalents()
    for job in jobs:
        mutant = job.result()
        if mutant.fate == "survived" and mutant.change in equivalent:
            mutant = replace(mutant, fate="equivalent")
        if mutant.fate != "killed":
            print(story(mutant), flush=True)
        yield mutant


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw mutants, try them all, and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", default=["vanishing"], help="files or folders")
    parser.add_argument("--number", type=int, default=12, help="of mutants of each module")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--without", nargs="*", default=[], help="tests, as test_lecture")
    parser.add_argument("--all", action="store_true", help="try survivors with all other tests")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    modules = sorted(find_modules(map(Path, options.modules)))
    tests = unit_tests(NOT_UNITS.union(options.without))
    wanted = {module: stages(module, tests)[: 3 if options.all else 2] for module in modules}
    spawn = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as parent,
        ProcessPoolExecutor(options.workers, spawn, move_in, (Path(parent),)) as pool,
    ):
        files = try_files(pool, wanted.values())
        met = {module: [by_time(stage, files) for stage in wanted[module]] for module in modules}
        for module in modules:
            print(meets(module, met[module]), flush=True)
        jobs = [
            pool.submit(try_mutant, mutant, met[module])
            for module in modules
            for mutant in draw(module, options.number, options.seed)
        ]
        done = list(told(as_completed(jobs)))
    print(shares(done, {path.as_posix(): sum(map(len, found)) for path, found in met.items()}))


if __name__ == "__main__":
    main()
