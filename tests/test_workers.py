"""Worker processes, seen from outside: scripts that start them, are interrupted, and are killed."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from listed_processes import children_of, linux_only, tagged

from vanishing import Dataset, Network, spiral, train_together, workers


@pytest.fixture
def data() -> Dataset:
    return spiral(20, rng=0)


@pytest.fixture
def networks() -> list[Network]:
    return [Network.initialize((2, 9, 3), name, rng=1) for name in ("sigmoid", "relu", "tanh")]


LONG = 180
"""Seconds after which something is taken to hang, on a machine however busy."""

SCRIPT = """
import os, signal, sys, time
print("once", flush=True)
from vanishing import Network, Trainer, spiral, sweeps, train, train_together, workers
sweeps.SHORT, sweeps.TASTE = 0.0, 0.01
data = spiral(rng=0)
networks = [Network.initialize((2, 30, 30, 3), "tanh", rng=k) for k in range(3)]
"""


def start_script(
    tmp_path: Path, text: str, *flags: str, tag: str = "", **kwargs: Any
) -> subprocess.Popen[str]:
    script = tmp_path / "script.py"
    script.write_text(text)
    env = {**os.environ, "TAG_OF_TEST": tag, **kwargs.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, *flags, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        **kwargs,
    )


def run_script(tmp_path: Path, text: str, *flags: str, **kwargs: Any) -> str:
    with start_script(tmp_path, text, *flags, **kwargs) as process:
        out, err = process.communicate(timeout=LONG - 10)
    assert err == ""
    assert process.returncode == 0
    return out


def seconds_until(condition: Callable[[], bool]) -> float:
    began = time.perf_counter()
    while not condition():
        assert time.perf_counter() - began < LONG, "it did not come about"
        time.sleep(0.05)
    return time.perf_counter() - began


def wait_for_line(process: subprocess.Popen[str], wanted: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == wanted:
            return
    assert process.stderr is not None
    pytest.fail(f"{wanted!r} was not printed: {process.stderr.read()}")


TOGETHER = "runs = train_together(networks, data, iterations=10**6, progress=False, workers=2)"
HUGE = """
networks = [Network.initialize((2, 700, 700, 3), "tanh", rng=k) for k in range(3)]
runs = train_together(networks, data, iterations=10**5, progress=False, workers=2)
"""
ONE = "runs = [train(networks[0], data, iterations=10**6, progress=False)]"


@linux_only
@pytest.mark.parametrize(
    ("call", "delay", "whom"),
    [
        (TOGETHER, 2, "process"),
        (TOGETHER, 2, "group"),
        (TOGETHER, 0.3, "group"),
        (HUGE, 3, "group"),
        (ONE, 1, "process"),
    ],
    ids=["together", "together, whole group", "while workers start", "huge", "one"],
)
def test_ctrl_c_returns_at_once_and_leaves_no_orphan(
    tmp_path: Path, call: str, delay: float, whom: str
) -> None:
    tag = uuid.uuid4().hex
    text = (
        f"{SCRIPT}\nprint('begins', flush=True)\n{call}\n"
        "print('returned', flush=True)\nprint(sum(run.iterations for run in runs))\n"
        "assert all(run.iterations == len(run.history) for run in runs)\n"
    )
    with start_script(tmp_path, text, tag=tag, start_new_session=True) as process:
        wait_for_line(process, "begins")
        time.sleep(delay)
        send = os.kill if whom == "process" else os.killpg
        began = time.perf_counter()
        send(process.pid, signal.SIGINT)
        wait_for_line(process, "returned")
        # Well under a second where the machine is free.
        assert time.perf_counter() - began < 10
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = process.stdout.read(), process.stderr.read()
        assert err == ""
        assert process.wait() == 0
        if delay >= 1:
            assert int(out) > 0
    assert seconds_until(lambda: not tagged(tag)) < 30


@linux_only
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_soon_after_their_parent_was_killed(
    tmp_path: Path, how: signal.Signals
) -> None:
    tag = uuid.uuid4().hex
    text = f"{SCRIPT}\nprint('begins', flush=True)\n{TOGETHER}\n"
    with start_script(tmp_path, text, tag=tag) as process:
        wait_for_line(process, "begins")
        seconds_until(lambda: len(children_of(process.pid, "popen_loky")) == 2)
        time.sleep(1)
        os.kill(process.pid, how)
        process.wait(timeout=10)
        assert seconds_until(lambda: not tagged(tag)) < 30


@linux_only
def test_idle_workers_end(tmp_path: Path) -> None:
    text = f"""{SCRIPT}
workers.IDLE = 2
train_together(networks, data, iterations=30, progress=False, executor=workers.processes(2))
print("done", flush=True)
time.sleep(60)
"""
    with start_script(tmp_path, text) as process:
        wait_for_line(process, "done")
        assert len(children_of(process.pid, "popen_loky")) == 2
        assert seconds_until(lambda: not children_of(process.pid, "popen_loky")) < 40
        process.kill()


@linux_only
def test_workers_stay_from_one_sweep_to_the_next(data: Dataset, networks: list[Network]) -> None:
    found = []
    for _ in range(2):
        executor = workers.processes(2)
        train_together(networks, data, iterations=20, progress=False, executor=executor)
        found.append(sorted(children_of(os.getpid(), "popen_loky")))
    assert len(found[0]) == 2
    assert found[0] == found[1]
    assert workers.IDLE >= 10


WORK = """
def no(*_, **__):
    raise SystemExit("the parent trains")
Trainer.advance = no
runs = train_together(
    networks, data, iterations=5, progress=False, executor=workers.processes(2), workers=2
)
print([run.iterations for run in runs])
"""


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    assert run_script(tmp_path, SCRIPT + WORK).split("\n") == ["once", "[5, 5, 5]", ""]


NAMES = ("numpy", "pickle", "loky", "cloudpickle", "threading", "tqdm", "vanishing", "signal", "re")


@pytest.mark.parametrize("flags", [(), ("-P",)])
def test_files_of_the_current_directory_are_not_run(tmp_path: Path, flags: tuple[str, ...]) -> None:
    here, elsewhere, marker = tmp_path / "here", tmp_path / "elsewhere", tmp_path / "marker"
    here.mkdir()
    elsewhere.mkdir()
    for name in NAMES:
        (here / f"{name}.py").write_text(f"open({str(marker)!r}, 'a').write('{name} ')")
    out = run_script(elsewhere, SCRIPT + WORK, *flags, cwd=here)
    assert "[5, 5, 5]" in out
    assert not marker.exists() or marker.read_text() == ""


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    workers.processes(2)
    assert "PYTHONSAFEPATH" not in os.environ
    monkeypatch.setenv("PYTHONSAFEPATH", "yes")
    workers.processes(2)
    assert os.environ["PYTHONSAFEPATH"] == "yes"


def test_noise_on_the_output_does_no_harm(tmp_path: Path) -> None:
    noisy = tmp_path / "noisy"
    noisy.mkdir()
    (noisy / "sitecustomize.py").write_text("print('good morning', flush=True)")
    text = f"""{SCRIPT}
from vanishing import Activation
def value(z):
    print("noise" * 1000, flush=True)
    os.write(1, b"\\x80\\x04\\x95")
    return z
networks = [Network.initialize((2, 5, 3), Activation("noisy", value, lambda z: 0 * z + 1), rng=0)]
networks *= 3
{WORK}
"""
    with start_script(tmp_path, text, env={"PYTHONPATH": str(noisy)}) as process:
        assert process.stdout is not None
        out = process.stdout.buffer.read()
    assert b"noise" in out
    assert b"good morning" in out
    assert out.rstrip().endswith(b"[5, 5, 5]")


def test_importing_the_package_is_quick() -> None:
    code = (
        "import sys, vanishing; "
        "print([m for m in ('loky', 'cloudpickle', 'matplotlib', 'ipywidgets', 'IPython', 'scipy') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@linux_only
@pytest.mark.parametrize("count", [1, 3])
def test_there_are_as_many_workers_as_asked_for(count: int) -> None:
    list(workers.processes(count).map(time.sleep, [0.2] * 6))
    # Those that are too many take a moment to end.
    assert seconds_until(lambda: len(children_of(os.getpid(), "popen_loky")) == count) < 10
