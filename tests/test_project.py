"""The files around the package agree with each other and name no machine."""

import ast
import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path
from typing import Any

import open_lab
import pytest
from jupyterlab.labapp import LabApp
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from set_address import FILES, binder_address, main, read_address, set_address

import vanishing

ROOT = Path(__file__).resolve().parents[1]
HOLDER = "The vanishing authors"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    settings: dict[str, Any] = tomllib.loads(text("pyproject.toml"))["project"]
    return settings


def pins(name: str) -> dict[str, Requirement]:
    lines = [line for line in text(name).splitlines() if line and not line.startswith("#")]
    requirements = [Requirement(line) for line in lines]
    assert len({canonicalize_name(pin.name) for pin in requirements}) == len(requirements)
    return {canonicalize_name(pin.name): pin for pin in requirements}


def git(*arguments: str) -> str:
    program = shutil.which("git")
    if program is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so its tracked files are not known")
    # The folder may belong to another user, as in a container.
    command = [program, "-c", "safe.directory=*", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout


def tracked() -> list[str]:
    names = git("ls-files", "-z").split("\0")
    return [name for name in names if name and (ROOT / name).exists()]


# The public address


def agrees(root: Path) -> bool:
    address = read_address(root)
    readme = (root / "README.md").read_text(encoding="utf-8")
    badges = re.findall(r"https://mybinder\.org/v2/[^)\s?]+", readme)
    cloned = re.findall(r"git clone (\S+)", readme)
    cited = re.findall(
        r'^repository-code: "(.+)"$', (root / "CITATION.cff").read_text(encoding="utf-8"), re.M
    )
    return set(badges) == {binder_address(address)} and {*cloned, *cited} == {address}


def test_files_agree_on_the_public_address() -> None:
    assert agrees(ROOT)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/someone/another-name",
        "https://gitlab.com/a-group/inside/vanishing",
        "https://git.example.org/someone/vanishing",
    ],
)
def test_setting_another_address_and_the_old_one_again(tmp_path: Path, address: str) -> None:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in FILES}
    old = read_address(tmp_path)
    set_address(f"{address}.git/", tmp_path)
    assert read_address(tmp_path) == address
    assert agrees(tmp_path)
    set_address(old, tmp_path)
    assert before == {name: (tmp_path / name).read_bytes() for name in FILES}


@pytest.mark.parametrize("address", ["", "vanishing", "http://github.com/a/b", "https://a.b/c d/e"])
def test_an_address_that_is_none_is_refused(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([address]) == 2
    assert repr(address) in capsys.readouterr().err


def test_no_other_file_holds_the_address() -> None:
    address = read_address()
    holders = {name for name in tracked() if address.encode() in (ROOT / name).read_bytes()}
    assert holders <= {*FILES, "tools/set_address.py"}


# Names, versions and licences


def test_authors_and_licence_holder_are_the_same_everywhere() -> None:
    assert project()["authors"] == [{"name": HOLDER}]
    assert f'authors:\n  - name: "{HOLDER}"\n' in text("CITATION.cff")
    assert f"Copyright (c) 2026 {HOLDER}" in text("LICENSE")
    assert f"Copyright (c) 2026 {HOLDER}" in text("LICENSE-TEXT")


def test_code_is_under_mit_and_text_under_cc_by() -> None:
    assert project()["license"] == "MIT AND CC-BY-4.0"
    assert "license:\n  - MIT\n  - CC-BY-4.0\n" in text("CITATION.cff")
    assert text("LICENSE").startswith("MIT License\n")
    assert "https://creativecommons.org/licenses/by/4.0/" in text("LICENSE-TEXT")
    assert "Creative Commons Attribution 4.0 International Public License" in text("LICENSE-TEXT")


def test_one_version_everywhere() -> None:
    assert version("vanishing") == vanishing.__version__
    assert f"\nversion: {vanishing.__version__}\n" in text("CITATION.cff")
    assert project()["dynamic"] == ["version"]


def test_the_newest_release_in_the_changelog_is_this_version() -> None:
    newest, date = re.findall(r"^## (\d\S*) - (\S+)$", text("CHANGELOG.md"), re.M)[0]
    assert newest == vanishing.__version__
    assert f"\ndate-released: {date}\n" in text("CITATION.cff")


def imported(folder: str) -> set[str]:
    """Return the names of the modules that a folder's files import, without their parts."""
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found.add(str(node.module).split(".")[0])
            elif isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
    return found


def test_everything_that_the_package_imports_is_stated() -> None:
    stated = {canonicalize_name(Requirement(line).name) for line in project()["dependencies"]}
    sources = packages_distributions()
    for module in imported("vanishing") - set(sys.stdlib_module_names) - {"vanishing"}:
        assert stated & set(map(canonicalize_name, sources[module])), module


def test_supported_pythons_agree() -> None:
    classifiers = project()["classifiers"]
    supported = re.findall(r"Python :: (3\.\d+)\b", "\n".join(classifiers))
    assert project()["requires-python"] == f">={supported[0]}"
    assert text("binder/runtime.txt").strip().removeprefix("python-") in supported


# The locks

LOCKS = [f"binder/requirements{kind}.txt" for kind in ("", "-test", "-mutants")]


@pytest.mark.parametrize(
    ("lock", "stated"),
    [
        ("binder/requirements.txt", lambda: project()["dependencies"]),
        ("binder/requirements.txt", lambda: project()["optional-dependencies"]["lab"]),
        ("binder/requirements.txt", lambda: project()["optional-dependencies"]["binder"]),
        ("binder/requirements-test.txt", lambda: project()["optional-dependencies"]["test"]),
        ("binder/requirements-mutants.txt", lambda: project()["optional-dependencies"]["mutants"]),
    ],
    ids=["run time", "lab", "binder", "test", "mutants"],
)
def test_lock_fixes_what_the_project_states(lock: str, stated: Any) -> None:
    fixed = pins(lock)
    for requirement in map(Requirement, stated()):
        (only,) = fixed[canonicalize_name(requirement.name)].specifier
        assert only.operator == "=="
        assert requirement.specifier.contains(only.version), requirement


def test_every_line_of_the_locks_is_one_fixed_version() -> None:
    for name in LOCKS:
        for pin in pins(name).values():
            assert re.fullmatch(r"==[\w.!+]+", str(pin.specifier)), pin
            assert pin.url is None


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(LOCKS, 2)))
def test_the_locks_can_be_installed_together(one: str, other: str) -> None:
    first, second = pins(one), pins(other)
    for name in first.keys() & second.keys():
        assert first[name].specifier == second[name].specifier


@pytest.mark.parametrize("name", ["jupyterlab", "notebook"])
def test_what_binder_starts_with_is_replaced_by_what_fits(name: str) -> None:
    # Binder's image holds both, in versions that want each other and nothing newer.
    fixed = pins("binder/requirements.txt")
    assert fixed[name].specifier.contains(version(name))
    for wanted in map(Requirement, requires(name) or []):
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            (only,) = fixed[canonicalize_name(wanted.name)].specifier
            assert wanted.specifier.contains(only.version), wanted


# Where things are kept


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("make")
    if program is None:
        pytest.skip("there is no make")
    # This run's own make, where there is one, has settings for the makes below it.
    kept = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    command = [program, "--no-print-directory", *arguments]
    return subprocess.run(
        command, cwd=folder, env=kept | variables, capture_output=True, encoding="utf-8"
    )


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """Return a folder with an awkward name that holds the Makefile, with two targets more."""
    folder = tmp_path / "a (strange), folder é"
    folder.mkdir()
    more = '\nshow:\n\t@env\n\nfollow:\n\t@$(RUN) -c "$$FOLLOW_FOLDER"\n'
    (folder / "Makefile").write_text(text("Makefile") + more, encoding="utf-8")
    return folder


def environment(folder: Path, **variables: str) -> dict[str, str]:
    lines = make(folder, "show", **variables).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_with_make_every_program_keeps_its_things_in_the_folder(stage: Path) -> None:
    elsewhere = dict.fromkeys(open_lab.FOLDERS, "/elsewhere")
    seen = environment(stage, **elsewhere)
    for name, folder in open_lab.FOLDERS.items():
        inside = folder.relative_to(open_lab.PREFIX)
        assert seen[name] == str(stage / ".venv" / inside), name
    assert not [name for name, value in seen.items() if value == "/elsewhere"]
    for name in ("PIP_CACHE_DIR", "UV_CACHE_DIR", "XDG_CACHE_HOME"):
        assert Path(seen[name]).is_relative_to(stage / ".venv")


def test_with_make_settings_of_the_users_own_are_not_seen(stage: Path) -> None:
    own = dict.fromkeys((*open_lab.IGNORED, "PYTHONHOME", "PYTHONPATH"), "/elsewhere")
    assert not own.keys() & environment(stage, **own).keys()


@pytest.fixture
def installed(stage: Path) -> Path:
    """Return a folder whose .venv holds the package by the path that pip writes."""
    venv.create(stage / ".venv", symlinks=True)
    (site,) = (stage / ".venv").glob("lib/python*/site-packages")
    (site / "_editable_impl_vanishing.pth").write_text(str(stage), encoding="utf-8")
    for name in ("binder/requirements.txt", "pyproject.toml", "vanishing/__init__.py"):
        (stage / name).parent.mkdir(exist_ok=True)
        (stage / name).touch()
    (stage / ".venv/.lab-installed").touch()
    return stage


def is_ready(folder: Path) -> bool:
    return make(folder, "--question", ".venv/.lab-installed").returncode == 0


def test_a_moved_folder_is_ready_at_once(installed: Path) -> None:
    assert make(installed, "follow").returncode == 0
    assert is_ready(installed)
    assert is_ready(installed.rename(installed.with_name("moved, and renamed")))


def test_a_package_in_another_folder_is_noticed(installed: Path) -> None:
    assert is_ready(installed)
    copy = installed.with_name("a copy")
    shutil.copytree(installed, copy, symlinks=True)
    assert not is_ready(copy)
    assert not is_ready(installed.rename(installed.with_name("moved")))


def test_a_lost_python_is_noticed(installed: Path) -> None:
    (installed / ".venv/bin/python").unlink()
    assert not is_ready(installed)


def lab_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Let `open_lab` start a JupyterLab that does not start, and return what it is asked for."""
    asked: list[str] = []
    monkeypatch.setattr(LabApp, "launch_instance", asked.extend)
    monkeypatch.setattr(open_lab, "LAB", tmp_path / "lab")
    monkeypatch.setattr(open_lab, "KEPT", tmp_path / "var")
    for name in (*open_lab.FOLDERS, *open_lab.IGNORED, "JUPYTER_PREFER_ENV_PATH"):
        monkeypatch.setenv(name, "/elsewhere")
    open_lab.main(["--no-browser"])
    return asked


def test_the_lab_is_opened_on_the_first_notebook_whatever_the_user_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = lab_answers(monkeypatch, tmp_path)
    assert {"--allow-root", "--no-browser", f"--ServerApp.root_dir={ROOT}"} <= set(asked)
    (opened,) = (option.split("/lab/tree/")[1] for option in asked if "default_url" in option)
    assert (ROOT / opened).exists()
    assert (tmp_path / "lab/settings/overrides.json").read_text() == text("binder/overrides.json")
    assert "/elsewhere" not in os.environ.values()


# What is in the repository


FORBIDDEN = {
    "a machine's path": re.compile(rb"(?<![\w./~])/(?:home|root|Users|work|tmp)/\w"),
    "a drive's path": re.compile(rb"\b[A-Z]:\\\\?Users\\"),
    "a registry's host": re.compile(
        rb"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|conda\.anaconda\.org"
    ),
    "an index option": re.compile(
        rb"^\s*--?(?:extra-)?(?:index-url|find-links|trusted-host)", re.M
    ),
}


def test_tracked_files_name_no_machine_and_no_registry() -> None:
    for name in tracked():
        content = (ROOT / name).read_bytes()
        for what, pattern in FORBIDDEN.items():
            found = pattern.search(content)
            assert found is None, f"{name} names {what}: {found}"


@pytest.mark.parametrize("name", [".ci/run", "binder/postBuild"])
def test_what_is_run_can_be_run(name: str) -> None:
    assert git("ls-files", "--stage", name).startswith("100755")


# The documents


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text(name))
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_make_targets_that_are_named_exist(name: str) -> None:
    targets = re.findall(r"^([a-z]+):", text("Makefile"), re.M)
    named = re.findall(r"(?:^|`)make ([a-z]+)", text(name), re.M)
    assert named
    assert set(named) <= set(targets)


def test_readme_lists_every_notebook_with_its_time() -> None:
    rows = re.findall(r"^\| \[.*\]\(notebooks/(\S+)\) \|.*\| (\d+) \|$", text("README.md"), re.M)
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert [name for name, _ in rows] == [path.name for path in notebooks]
    for (name, minutes), path in zip(rows, notebooks, strict=True):
        assert f"{minutes} min" in path.read_text(encoding="utf-8"), name


def floors() -> list[str]:
    """Return the order of the package's files that the review checklist states, room by room."""
    (listed,) = re.findall(r"before it in this order:\n(.*?);", text("CONTRIBUTING.md"), re.S)
    order = ["_checks"]
    for room, names in re.findall(r"\*\*(\w+)\*\*([^*]*)", listed):
        folder = "" if room == "core" else f"{room}."
        order += [folder + name for name in re.findall(r"`(\w+)`", names)]
        order += [room] if folder else []
    return order


def module_name(path: Path) -> str:
    """Return a file's name as floors() has it: `training`, `figures.style`, and `figures`."""
    parts = path.relative_to(ROOT / "vanishing").with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported_files(path: Path, known: list[str]) -> set[str]:
    """Return which of the package's own files a file imports from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    own = {name.removeprefix("vanishing.") for name in found if name.startswith("vanishing.")}
    return {max((k for k in known if f"{name}.".startswith(f"{k}.")), default=name) for name in own}


PACKAGE_FILES = sorted((ROOT / "vanishing").rglob("*.py"))


@pytest.mark.parametrize("path", PACKAGE_FILES, ids=module_name)
def test_a_file_imports_only_from_the_floors_below_it(path: Path) -> None:
    order = [*floors(), ""]
    name = module_name(path)
    assert name in order
    assert imported_files(path, order) <= set(order[: order.index(name)])


def test_no_room_needs_anothers_private_names() -> None:
    for path in PACKAGE_FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module != "vanishing._checks":
                names = [alias.name for alias in node.names if alias.name != "_checks"]
                assert not [name for name in names if name.startswith("_")], path


def test_readme_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", text("README.md"), re.M | re.S)
    names: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), names)
    assert names["run"].accuracy > 0.9
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("column", "notebook"), [(0, "02_sigmoid_training"), (1, "03_relu_training")]
)
def test_readme_states_the_losses_that_the_notebooks_print(column: int, notebook: str) -> None:
    printed = (ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| loss at iteration ([\d,]+) \| (\S+) \| (\S+) \|$", text("README.md"), re.M
    )
    assert len(rows) == 3
    for iteration, *losses in rows:
        assert f"iteration {iteration.replace(',', '')}: loss {losses[column]}" in printed
    accuracies = re.findall(
        r"^\| training accuracy at the end \| (\S+) \| (\S+) \|$", text("README.md"), re.M
    )
    assert f"training accuracy: {accuracies[0][column]}" in printed
