"""The benchmark's own programs compute what it says they do. Nothing is timed here."""

import sys
from pathlib import Path

import numpy as np
import pytest
import report
import stacked
import training
from peers import client, ours, plain, products
from peers.client import PeerError, Process, Runner, interleave
from peers.task import Record, Task

CELLS = pytest.mark.parametrize(("dtype", "activation"), report.CELLS)


@pytest.fixture
def task() -> Task:
    return training.lecture_task("float64", "relu")


@CELLS
def test_all_keep_the_same_record(dtype: str, activation: str) -> None:
    reference = plain.prepare(training.lecture_task("float64", activation))(30)
    task = training.lecture_task(dtype, activation)
    programs = [ours.prepare(task), stacked.prepare(task, 3), ours.prepare_whole_run(task)]
    for program in programs:
        record = program(30)
        assert record.sums is not None
        assert record.sums.shape == (30, 3)
        training.deviation(record, reference, dtype)


def test_a_program_goes_on_where_it_was(task: Task) -> None:
    reference = plain.prepare(task)(20)
    for prepare in (plain.prepare, ours.prepare, stacked.prepare_4):
        program = prepare(task)
        records = [program(8), program(12)]
        losses = np.concatenate([record.losses for record in records if record.losses is not None])
        np.testing.assert_allclose(losses, reference.losses, rtol=1e-12)


def test_the_step_without_the_book_is_the_same_step(task: Task) -> None:
    trainers = [ours._trainer(task, kind) for kind in (ours.Trainer, ours.Unrecorded)]
    for trainer in trainers:
        trainer.advance(20)
    for one, other in zip(*(trainer.network.weights for trainer in trainers), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_products_are_those_of_the_step() -> None:
    n, d, h, k = 300, 2, 50, 3
    forward = [(n, d, h), (n, h, h), (n, h, k)]
    backward = [(h, n, k), (n, k, h), (h, n, h), (n, h, h), (d, n, h)]
    assert products.shapes(n, [d, h, h, k]) == forward + backward


@pytest.mark.parametrize("order", ["C", "F"])
def test_layouts_are_what_they_are_called(order: str) -> None:
    array = products.laid_out((6, 4), order, np.dtype(np.float32))
    assert array.shape == (6, 4)
    assert array.flags[f"{order}_CONTIGUOUS"]
    assert array.ctypes.data % products.ALIGNMENT == 0


def test_another_computation_is_found_out(task: Task) -> None:
    reference = plain.prepare(task)(5)
    assert reference.losses is not None
    assert reference.sums is not None
    with pytest.raises(PeerError, match="its losses differ"):
        training.deviation(Record(reference.losses + 1e-3), reference, "float32")
    with pytest.raises(PeerError, match="its gradients differ"):
        training.deviation(Record(None, reference.sums * 1.1), reference, "float64")
    with pytest.raises(PeerError, match="its losses differ"):
        training.deviation(Record(reference.losses * np.nan), reference, "float64")


def test_processes_take_turns_and_report_errors(task: Task) -> None:
    process = Process(Path(sys.executable), "peers.plain")
    try:
        runners = {name: Runner(process, process.prepare("prepare", task), 2) for name in "ab"}
        times = interleave(runners, 3)
        assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3}
        with pytest.raises(PeerError, match="no attribute 'absent'"):
            process.prepare("absent", task)
    finally:
        process.close()


def test_the_block_in_a_page_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    blocks = "a\n<!-- benchmark:{} -->\n{}\n<!-- /benchmark -->\nb\n"
    page.write_text(blocks.format("training", "old") + blocks.format("explorer", "old"))
    report.replace_block(page, "new \\1")
    report.replace_block(page, "newer", block="explorer")
    expected = blocks.format("training", "new \\1") + blocks.format("explorer", "newer")
    assert page.read_text() == expected
    page.write_text("nothing")
    with pytest.raises(ValueError, match="one block"):
        report.replace_block(page, "new")


def test_absent_peers_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(client, "ENVIRONMENTS", tmp_path)
    bench = training.Bench()
    assert training.available(bench, ["jax", "torch"], install=False) == []
    reasons = {name.split()[0]: why for name, why in bench.missing.items()}
    assert reasons == {
        "JAX": "not installed: it has no environment",
        "PyTorch": "not installed: it has no environment",
        "TensorFlow": "not asked for",
        "scikit-learn": "not asked for",
    }
