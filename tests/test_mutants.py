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
        ("a: int = 1", "a: str = 1", True),
        ("a = 1  # one", "a = (1)", True),
        ("zip(a, b, strict=True)", "zip(a, b)", True),
        ("zip(a, b, strict=True)", "zip(b, a, strict=True)", False),
        ("a: int = 1", "a: int = 2", False),
        ("def f(a=1): ...", "def f(a=2): ...", False),
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
    tmp_path: Path,
) -> None:
    module = tmp_path / "module.py"
    module.write_text("def f(a: int | None, *, b: float = 2.0) -> float:\n    return a * b + 1\n")
    drawn = list(mutants.draw(module, 100, seed=0))
    assert drawn == list(mutants.draw(module, 100, seed=0))
    assert {mutant.spec.start_pos for mutant in drawn} == {(1, 35), (2, 13), (2, 17), (2, 19)}
    assert len(list(mutants.draw(module, 2, seed=0))) == 2


def test_shares_count_what_was_noticed() -> None:
    spec = MutationSpec("vanishing/a.py", "core/AddNot", 0, (1, 0), (1, 1))
    fates = ["killed", "killed", "timed out", "survived", "equivalent"]
    table = mutants.shares([mutants.Mutant(spec, "", "", fate) for fate in fates])
    assert table.splitlines()[2:] == [
        "| vanishing/a.py | 5 | 2 | 1 | 1 | 1 | 75% |",
        "| all | 5 | 2 | 1 | 1 | 1 | 75% |",
    ]


def test_own_tests_come_first_then_those_of_the_room_then_the_quick() -> None:
    files = [
        mutants.TestFile(Path(name), seconds, ())
        for name, seconds in {
            "tests/test_data.py": 1.0,
            "tests/live/test_loop.py": 50.0,
            "tests/live/test_panels.py": 30.0,
            "tests/live/test_pacing.py": 2.0,
        }.items()
    ]
    own, others = mutants.stages(Path("vanishing/live/loop.py"), files)
    assert [file.path.stem for file in own] == ["test_loop"]
    assert [file.path.stem for file in others] == ["test_pacing", "test_panels", "test_data"]
