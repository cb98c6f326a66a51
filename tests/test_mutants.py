"""The tool behind `make mutants` makes the changes it names. No mutant is run here."""

from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray", reason="Cosmic Ray is not installed: `make mutants` does it")

import mutants
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_item import MutationSpec


def all_changes(name: str, code: str) -> list[str]:
    operator = get_operator(f"ours/{name}")()
    found = []
    while (mutated := mutate_code(code, operator, len(found))) is not None:
        found.append(mutated)
    return found


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("DeleteStatement", "def f():\n    g(1)\n", ["def f():\n    pass\n"]),
        ("DeleteStatement", "if a:\n    raise E\n", ["if a:\n    pass\n"]),
        ("DeleteStatement", "a.b = 1\n", ["pass\n"]),
        ("DeleteStatement", "a += 1\n", ["pass\n"]),
        ("DeleteStatement", "a = 1\nb: int = 2\nreturn a\n", []),  # all that follows would fail
        ("DropKeyword", "f(a, b=1, c=2)\n", ["f(a, c=2)\n", "f(a, b=1,)\n"]),
        ("DropKeyword", "f(b=1)\n", ["f()\n"]),
        ("DropKeyword", "f(a, *b, **c)\n", []),
        ("SwapArguments", "f(a, b, c=1)\n", ["f( b,a, c=1)\n"]),
        ("SwapArguments", "f(a, b, g(c))\n", ["f( b,a, g(c))\n", "f(a, g(c), b)\n"]),
        ("SwapArguments", "np.multiply(a, b, c)\n", ["np.multiply(a, c, b)\n"]),
        ("SwapArguments", "max(a, b)\n", []),
        ("SwapArguments", "class A(B, C): ...\n", []),
    ],
)
def test_changes_are_those_that_their_names_say(name: str, code: str, expected: list[str]) -> None:
    assert all_changes(name, code) == expected


@pytest.mark.parametrize(
    ("code", "other", "same"),
    [
        ("def f(a: int | None) -> int: ...", "def f(a: int & None) -> str: ...", True),
        ("Either = A | B", "Either = A ^ B", True),
        ('T = TypeVar("T", A, B)', 'T = TypeVar("T", B, A)', True),
        ("a = f(1)", "a = f(2)", False),
        ("a: int = 1", "a: str = 1", True),
        ("a = 1  # one", "a = (1)", True),
        ("zip(a, b, strict=True)", "zip(a, b)", True),
        ("zip(a, b, strict=True)", "zip(b, a, strict=True)", False),
        ("a: int = 1", "a: int = 2", False),
        ("def f(a, *, b=1): ...", "def f(a, /, b=1): ...", True),
        ("def f(a=1): ...", "def f(a=2): ...", False),
        ("def f(*, a=1): ...", "def f(*, a=2): ...", False),
        ("f(a | b)", "f(a & b)", False),
    ],
)
def test_meaning_leaves_out_what_has_no_effect(code: str, other: str, same: bool) -> None:
    assert (mutants.meaning(code) == mutants.meaning(other)) is same


def test_a_change_is_told_by_its_lines() -> None:
    code = "a = 1\nb = f(\n    c,\n    d,\n)\n"
    assert mutants.changed_lines(code, code.replace("1", "2")) == ("a = 1", "a = 2")
    swapped = "a = 1\nb = f(\n    d,\n    c,\n)\n"
    assert mutants.changed_lines(code, swapped) == ("c, d,", "d, c,")


def test_drawing_is_repeatable_and_each_change_is_a_program_that_does_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = Path("module.py")  # its name is part of the seed
    module.write_text("def f(a: int | None, *, b: float = 2.0) -> float:\n    return a * b + 1\n")
    drawn = list(mutants.draw(module, 100, seed=0))
    assert drawn == list(mutants.draw(module, 100, seed=0))
    assert {mutant.spec.start_pos for mutant in drawn} == {(1, 35), (2, 13), (2, 17), (2, 19)}
    assert len(list(mutants.draw(module, 2, seed=0))) == 2


def test_shares_count_what_was_noticed() -> None:
    spec = MutationSpec("vanishing/a.py", "core/AddNot", 0, (1, 0), (1, 1))
    fates = ["killed", "killed", "timed out", "survived", "equivalent"]
    drawn = [mutants.Mutant(spec, "", "", fate) for fate in fates]
    assert mutants.shares(drawn, {"vanishing/a.py": 7}).splitlines()[2:] == [
        "| vanishing/a.py | 7 | 5 | 2 | 1 | 1 | 1 | 75% |",
        "| all |  | 5 | 2 | 1 | 1 | 1 | 75% |",
    ]


PROGRAMS = {
    "p/__init__.py": "from p.a import One",
    "p/_low.py": "",
    "p/a.py": "from p._low import x",
    "p/b.py": "",
    "p/room/__init__.py": "",
    "p/room/c.py": "from p import One",
    "tests/test_a.py": "from p.a import One",
    "tests/test_b.py": "from p import b",
    "tests/test_low.py": "import os",
    "tests/test_public.py": "from p import One as Other",
    "tests/test_other.py": "from p.ab import Two",
    "tests/test_claims.py": "import p.b",
    "tests/test_claims_more.py": "import p.b",
    "tests/room/test_c.py": "import p.room.c",
    "tests/room/test_late.py": "def f():\n    from p.a import two",
}


@pytest.mark.parametrize(
    ("module", "own", "near"),
    [
        ("p/a.py", ["test_a"], ["test_late", "test_public"]),
        ("p/b.py", ["test_b"], []),
        ("p/room/c.py", ["test_c"], []),
        ("p/_low.py", ["test_low"], ["test_late", "test_a", "test_public"]),  # those of a
    ],
)
def test_own_tests_come_first_then_those_that_import_the_module(
    module: str, own: list[str], near: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, code in PROGRAMS.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    monkeypatch.chdir(tmp_path)
    tests = mutants.unit_tests(mutants.NOT_UNITS)
    found = [[test.stem for test in stage] for stage in mutants.stages(Path(module), tests)]
    assert found[:2] == [own, near]
    assert sorted(name for stage in found for name in stage) == sorted(test.stem for test in tests)
    assert not [test for test in tests if "claims" in test.stem]


def test_the_quick_come_first_and_what_cannot_be_used_is_left_out() -> None:
    seconds = {"tests/test_a.py": 9.0, "tests/test_b.py": 1.0, "tests/test_c.py": 2.0}
    files = {Path(name): mutants.TestFile(Path(name), time, ()) for name, time in seconds.items()}
    broken = Path("tests/test_d.py")
    files[broken] = mutants.TestFile(broken, 0.0, (str(broken),))
    in_order = mutants.by_time(files, files)
    assert [file.path.stem for file in in_order] == ["test_b", "test_c", "test_a"]
    told = mutants.meets(Path("vanishing/a.py"), [in_order[:1], in_order[1:]])
    assert told == "vanishing/a.py meets test_b, test_c, test_a (12 s)"


def test_a_change_that_cannot_be_made_is_passed_over(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    # Cosmic Ray looks for the name of the exception that it replaces, and finds a dot.
    module.write_text("try:\n    a = 1\nexcept (A, b.C):\n    a = 2\n")
    assert len(list(mutants.draw(module, 100, 0))) >= 2
