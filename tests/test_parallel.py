import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vanishing import Dataset, Network, Run, parallel, spiral, train, train_together


@pytest.fixture
def data() -> Dataset:
    return spiral(20, rng=0)


@pytest.fixture
def networks() -> list[Network]:
    return [Network.initialize((2, 9, 3), name, rng=1) for name in ("sigmoid", "relu", "tanh")]


def assert_same(together: list[Run], one_by_one: list[Run]) -> None:
    for a, b in zip(together, one_by_one, strict=True):
        np.testing.assert_array_equal(a.history.record, b.history.record)
        np.testing.assert_array_equal(a.network.weights[0], b.network.weights[0])
        assert a.network.activation is b.network.activation
        assert (a.accuracy, a.diverged_at) == (b.accuracy, b.diverged_at)
        assert a.history.step_sizes == b.history.step_sizes


@pytest.mark.parametrize("processors", [1, 2])
def test_the_same_as_one_by_one(
    monkeypatch: pytest.MonkeyPatch, processors: int, data: Dataset, networks: list[Network]
) -> None:
    monkeypatch.setattr(parallel, "_processors", lambda: processors)
    alone = [train(n, data, iterations=1100, step_size=0.2, progress=False) for n in networks]
    assert_same(train_together(networks, data, iterations=1100, step_size=0.2), alone)


def test_where_no_process_can_be_started_they_are_trained_in_turn(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, networks: list[Network]
) -> None:
    monkeypatch.setattr(parallel, "_processors", lambda: 2)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    alone = [train(n, data, iterations=10, progress=False) for n in networks]
    assert_same(train_together(networks, data, iterations=10, progress=False), alone)


def test_a_process_that_dies_is_replaced(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, networks: list[Network]
) -> None:
    monkeypatch.setattr(parallel, "_processors", lambda: 2)
    monkeypatch.setattr(parallel, "SERVE", "raise SystemExit")
    alone = [train(n, data, iterations=10, progress=False) for n in networks]
    assert_same(train_together(networks, data, iterations=10, progress=False), alone)


def test_each_run_ends_where_it_diverges(data: Dataset) -> None:
    networks = [Network.initialize((2, 20, 20, 3), "relu", scale=s, rng=0) for s in (1e-9, 1)]
    late, early = train_together(networks, data, step_size=1e9, iterations=600, progress=False)
    assert_same(
        [late, early],
        [train(n, data, step_size=1e9, iterations=600, progress=False) for n in networks],
    )
    assert early.diverged_at is not None
    assert late.diverged_at != early.diverged_at


def test_an_interruption_keeps_what_there_is(
    monkeypatch: pytest.MonkeyPatch, data: Dataset, networks: list[Network]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(parallel, "_run", interrupted)
    runs = train_together(networks, data, iterations=10, progress=False)
    assert [run.history.iterations for run in runs] == [0, 0, 0]


def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from vanishing import Network, spiral, train_together\n"
        "print('once')\n"
        "networks = [Network.initialize((2, 4, 3), rng=0)] * 2\n"
        "print(len(train_together(networks, spiral(rng=0), iterations=5, progress=False)))\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["once", "2"]
    assert done.stderr == ""


def test_bad_arguments_raise_at_once(data: Dataset, networks: list[Network]) -> None:
    with pytest.raises(ValueError, match="networks must be a sequence of one network or more"):
        train_together([], data)
    with pytest.raises(ValueError, match="networks must be a sequence"):
        train_together(networks[0], data)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="step_size must be"):
        train_together(networks, data, step_size=-1)
    with pytest.raises(TypeError, match="network must be a Network"):
        train_together([None], data)  # type: ignore[list-item]
