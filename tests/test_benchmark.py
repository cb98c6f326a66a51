"""The benchmark's own programs compute what it says they do. Nothing is timed here."""

import itertools
import sys
from dataclasses import replace
from pathlib import Path

import autograd
import depth
import numpy as np
import pytest
import report
import through_time
import training
from peers import client, ours, parts, plain, time_ours
from peers.client import PeerError, Process, Runner, interleave
from peers.sequence_task import swapped
from peers.task import Record, Task
from peers.worker import avx512_seen

from vanishing.machine import largest_unpacked
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import agreement
from vanishing.through_time import gradients_through_time

CELLS = pytest.mark.parametrize(("dtype", "activation"), report.CELLS)


@pytest.fixture
def task() -> Task:
    return training.lecture_task("float64", "relu")


@CELLS
def test_all_keep_the_same_record(dtype: str, activation: str) -> None:
    reference = plain.prepare(training.lecture_task("float64", activation))(30)
    task = training.lecture_task(dtype, activation)
    for program in (ours.prepare(task), ours.prepare_whole_run(task)):
        record = program(30)
        assert record.sums is not None
        assert record.sums.shape == (30, 3)
        training.deviation(record, reference, dtype)


def test_a_program_goes_on_where_it_was(task: Task) -> None:
    reference = plain.prepare(task)(20)
    for prepare in (plain.prepare, ours.prepare):
        program = prepare(task)
        records = [program(8), program(12)]
        losses = np.concatenate([record.losses for record in records if record.losses is not None])
        np.testing.assert_allclose(losses, reference.losses, rtol=1e-12)


def test_the_step_with_nothing_recorded_is_the_same_step(task: Task) -> None:
    one, other = ours.trainer(task), ours.trainer(task, record_every=ours.NEVER)
    for trainer in (one, other):
        trainer.advance(20)
    assert len(one.history) == 20
    assert len(other.history) == 1
    for mine, its in zip(one.network.weights, other.network.weights, strict=True):
        np.testing.assert_array_equal(mine, its)


@CELLS
def test_the_parts_are_those_of_a_step(dtype: str, activation: str) -> None:
    calls = parts.calls_of_a_step(training.lecture_task(dtype, activation))
    factors = [call[2] for call in calls if call[0] in parts.PRODUCTS]
    # Three forward, five backward, of which one is made in three blocks where that is faster; a
    # product with a vector of ones stands for a sum.
    assert sum(a.ndim == b.ndim == 2 for a, b in factors) == (10 if largest_unpacked() else 8)
    exponentials = [call for call in calls if call[0] == "exp"]
    assert len(exponentials) == (3 if activation == "sigmoid" else 1)
    for prepare in (parts.prepare_products, parts.prepare_functions, parts.prepare_passes):
        assert prepare(training.lecture_task(dtype, activation))(2) == Record()
    assert parts.prepare_overhead(training.lecture_task(dtype, activation))(2) == Record()


def test_listening_leaves_no_trace(task: Task) -> None:
    parts.calls_of_a_step(task)
    listening = [
        name
        for name, module in sys.modules.items()
        if name.startswith("vanishing") and isinstance(getattr(module, "np", None), parts.Listener)
    ]
    assert listening == []


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
    process = Process(Path(sys.executable), "peers.plain", {})
    try:
        runners = {name: Runner(process, "prepare", task, 2) for name in "ab"}
        times = interleave(runners, 3)
        assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3}
        with pytest.raises(PeerError, match="no attribute 'absent'"):
            process.ask("prepare", "absent", task)
    finally:
        process.close()


def test_what_is_held_to_avx2_says_so(task: Task) -> None:
    if not training.has_avx512():
        pytest.skip("this processor has no AVX-512 to be held from")
    with training.Bench(client.AVX2) as running:
        running.runner(training.OURS, task, 5).round()
        told = running.process(training.OURS).ask("in_force")
    assert "AVX512" not in told
    assert "AVX-512 registers in use" not in told
    assert "NumPy X86_V3" in told


@pytest.mark.parametrize(
    ("ages", "seen"), [([-1, 4000], False), ([-1, 8], True), ([0], True), ([-1], False)]
)
def test_use_of_registers_is_read_from_the_system(
    ages: list[int], seen: bool, tmp_path: Path
) -> None:
    assert avx512_seen(500, tmp_path) is None
    for number, age in enumerate(ages):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "arch_status").write_text(f"AVX512_elapsed_ms:\t{age}\n")
    assert avx512_seen(500, tmp_path) is seen


def findings() -> report.Findings:
    """Return made-up findings: the package takes 100 and 200 us, JAX 110 and 150."""

    def table(ours: float, jax: float) -> report.Table:
        times = {report.OURS: ours, report.UNRECORDED: ours, report.PLAIN: 3 * ours, "JAX": jax}
        times |= dict(zip(report.PARTS, (ours / 2, ours / 5, ours / 10, ours / 20), strict=True))
        cells = [report.cell_name(*cell) for cell in report.CELLS]
        return report.Table(
            times={cell: {n: np.full(3, t) for n, t in times.items()} for cell in cells},
            deviations={"float64": 1e-15, "float32": 1e-5},
            in_force={report.OURS: "NumPy X86_V3"},
        )

    tables = {report.ALL: table(100.0, 110.0), report.AVX2: table(200.0, 150.0)}
    comparison = report.Comparison(together=5.0, in_turn=10.0, peak=200.0)
    return report.Findings("a machine", 3, 10, tables, {"depth": 1.0}, comparison, 104.0)


def test_both_tables_are_written_with_what_was_in_force() -> None:
    text = report.detail(findings())
    assert "| JAX | 110 (1.10) |" in text
    assert "| JAX | 150 (0.75) |" in text
    assert text.count("- this package: NumPy X86_V3") == 2
    assert f"| {report.PRODUCTS} | 50 (50%) |" in text
    assert "| between the calls | 20 (20%) |" in text
    assert "| JAX | 110 (1.10) |" in report.short(findings())


def test_aims_are_met_and_missed_by_what_was_measured() -> None:
    met = {(aim.what, aim.where): aim.met for aim in report.aims(findings())}
    faster = "faster than the fastest library (JAX), times"
    assert met[faster, "float64 sigmoid, all instructions"]
    assert not met[faster, "float64 sigmoid, AVX2"]
    assert not met["time over the bare products", "float32 ReLU"]
    assert met["both runs at once over one after the other", "float64"]
    assert "- faster than the fastest library: 4 of 4" in report.detail(findings())
    assert "- faster than the fastest library, AVX2: 0 of 4" in report.detail(findings())
    assert "in 4 of 4 columns\n(which takes 1.10 to 1.10 times as long)" in report.short(findings())
    assert "in 0 of 4 columns\n(which takes 0.75 to 0.75 times as long)" in report.short(findings())


def test_jax_with_free_products_is_no_rival() -> None:
    made = findings()
    for times in made.tables[report.AVX2].times.values():
        times[report.UNHELD] = np.full(3, 1.0)
    assert report.aims(made) == report.aims(findings())


def test_without_avx512_there_is_one_table() -> None:
    made = replace(findings(), tables={report.ALL: findings().tables[report.ALL]})
    assert "no AVX-512" in report.detail(made)


def test_the_block_in_a_page_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    blocks = "a\n<!-- benchmark:{} -->\n{}\n<!-- /benchmark -->\nb\n"
    page.write_text(blocks.format("training", "old") + blocks.format("explorer", "old"))
    report.replace_block(page, "new \\1")
    report.replace_block(page, "newer", block="explorer")
    expected = blocks.format("training", "new \\1") + blocks.format("explorer", "newer")
    assert page.read_text() == expected
    without_end = "<!-- benchmark:training -->\nold\n" + blocks.format("explorer", "old")
    for text in ("nothing", without_end):
        page.write_text(text)
        with pytest.raises(ValueError, match="one block"):
            report.replace_block(page, "new")
        assert page.read_text() == text


def test_settings_of_the_users_hold_no_library_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "XLA_FLAGS", "KEPT"):
        monkeypatch.setenv(name, "1")
    found = client.unheld()
    assert found["KEPT"] == "1"
    assert not {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "XLA_FLAGS"} & set(found)


def test_absent_peers_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(client, "ENVIRONMENTS", tmp_path)
    found, missing = training.available(["jax", "torch"], install=False)
    assert found == []
    assert {name.split()[0]: why for name, why in missing.items()} == {
        "JAX": "it has no environment",
        "PyTorch": "it has no environment",
        "TensorFlow": "not asked for",
        "scikit-learn": "not asked for",
    }


# Through time


@pytest.mark.parametrize("kind", ["tanh", "lstm", "gru"])
@pytest.mark.parametrize("dtype", through_time.DTYPES)
def test_the_step_through_time_is_gradient_descent(kind: str, dtype: str) -> None:
    task = through_time.sequence_task(dtype, kind, 4, 6)
    record = time_ours.prepare(task)(3)
    network = RecurrentNetwork(*task.arrays, kind).astype(dtype)
    data = agreement(5).batch(through_time.COUNT, 0)
    losses = []
    for _ in range(3):
        found = gradients_through_time(network, data)
        parts = (found.dW_x, found.dW_h, found.db, found.dW_out, found.db_out)
        if not losses:
            flat = np.concatenate([part.ravel() for part in parts])
            np.testing.assert_allclose(record.sums, flat, atol=1e-6)
        losses.append(found.loss)
        moved = [a - 0.1 * g for a, g in zip(network.arrays, parts, strict=True)]
        network = network.with_parameters(*moved)
    np.testing.assert_allclose(record.losses, losses, rtol=1e-5)


def test_gates_are_exchanged_there_and_back() -> None:
    columns = np.arange(8.0)[None]
    there = swapped("lstm", columns)
    np.testing.assert_array_equal(there, [[0, 1, 2, 3, 6, 7, 4, 5]])
    np.testing.assert_array_equal(swapped("lstm", there), columns)
    assert swapped("gru", columns) is columns


def test_the_table_through_time_judges_by_its_ratios() -> None:
    table = through_time.Table(apart={"peer": 1e-16})
    names = [entrant.name for entrant in through_time.ENTRANTS]
    for dtype, kind, units, steps in itertools.product(
        through_time.DTYPES, through_time.CELLS, through_time.WIDTHS, through_time.LENGTHS
    ):
        own = 10.0 * steps
        times = {names[0]: np.array([own] * 3), names[1]: np.array([own * 2] * 3)}
        times[names[2]] = np.array([own * (0.8 if units == 32 else 1.5)] * 3)
        table.times[dtype, kind, units, steps] = times
    text = through_time.described({"all": table}, 3)
    assert "| float32, LSTM, 64 units, 100 steps | 1.00 | 2.00 (2.00) | 1.50 (1.50) |" in text
    assert "in 24 of 24 rows; 2.00 to 2.00" in text
    assert "in 12 of 24 rows; 0.80 to 1.50" in text
    assert "A step among 100 takes 1.00 to 1.00 times as long as one among 20" in text
    told = through_time.short({report.ALL: table}).replace("\n", " ")
    assert "PyTorch's own takes 2.00 to 2.00 times" in told
    assert "AVX2" not in told
    both = through_time.short({report.ALL: table, report.AVX2: table}).replace("\n", " ")
    assert "times (with AVX2 " in both


def test_other_losses_are_reported() -> None:
    one = Record(np.array([1.0]), np.array([1.0, 2.0]))
    assert through_time.compare("peer", one, one, "float64") == 0
    with pytest.raises(PeerError, match="peer has other losses"):
        through_time.compare("peer", Record(np.array([2.0]), one.sums), one, "float64")


# Depth, and gradients


def test_what_a_layer_takes_is_set_against_two() -> None:
    times = {f"{d}": np.full(3, 10.0 * d * (1 + d / 20)) for d in depth.DEPTHS}
    text = "\n".join(depth.growing({"package": times}))
    assert (
        "| package | 11.0 (1.00) | 12.0 (1.09) | 14.0 (1.27) | 18.0 (1.64) | 25.0 (2.27) |" in text
    )


def test_thirty_layers_are_told_by_their_range() -> None:
    names = [one.name for one in depth.PROGRAMS]
    cells = {"a": (10, 11, 20), "b": (10, 9, 40)}
    table = report.Table(
        {c: {n: np.full(3, t) for n, t in zip(names, row, strict=True)} for c, row in cells.items()}
    )
    told = depth.short(table).replace("\n", " ")
    assert "JAX takes 0.90 to 1.10 times as long and PyTorch takes 2.00 to 4.00 times" in told


def test_the_thirty_layers_are_those_asked_for() -> None:
    for kind, (residual, normalization) in depth.KINDS.items():
        task = depth.task(kind, "float32", 3)
        network, data = ours.start(task)
        assert network.sizes == (2, 50, 50, 50, 3)
        assert (network.residual, network.normalization) == (residual, normalization)
        assert np.abs(data.points).max(axis=1).min() > 0


def test_both_passes_give_the_gradient_that_is_compared() -> None:
    for seed in range(20):
        draw = np.random.default_rng(seed)
        for found in (
            autograd.our_layers(autograd.random_layers(draw)),
            autograd.our_time(autograd.random_time(draw)),
        ):
            plain, fast = found
            assert autograd.apart(fast, plain).max() < autograd.AIM
            wrong = Record(plain.losses, np.asarray(plain.sums) * 1.1)
            assert autograd.apart(wrong, plain)[2] == pytest.approx(0.1)


def test_what_was_measured_is_written_if_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = tmp_path / "README.md", tmp_path / "benchmarks" / "README.md"
    pages[1].parent.mkdir()
    for page in pages:
        page.write_text("<!-- benchmark:depth -->\n<!-- /benchmark -->\n<!-- /benchmark -->\n")
    monkeypatch.setattr(report, "HERE", pages[1].parent)
    report.publish("long", "depth", write=False, short="short")
    assert [page.read_text().count("\n") for page in pages] == [3, 3]
    report.publish("long", "depth", write=True, short="short")
    assert [page.read_text().splitlines()[1] for page in pages] == ["short", "long"]
    assert capsys.readouterr().out == "long\nlong\n"


def test_a_peer_that_cannot_be_had_ends_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ENVIRONMENTS", tmp_path)
    with pytest.raises(SystemExit, match=r"PyTorch .*: it has no environment"):
        training.have(training.TORCH, install=False)
