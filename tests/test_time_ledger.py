"""The ledger through time: its factors, that they are all there is, and what it says in words."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequence_problems import EVERY_CELL, recurrent_network, sequence_problems, sequences

from vanishing.cells import CELLS, Cell, GRUStep, LSTMStep, SimpleStep, State, Step
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import LOSSES, SequenceData, agreement, recall
from vanishing.through_time import gradients_through_time
from vanishing.time_ledger import TimeLedger, parts_of, time_ledger

DATA = agreement(12).batch(20, 1)


def drawn(cell: str = "tanh", distance: int = 12, **settings: object) -> RecurrentNetwork:
    return RecurrentNetwork.initialize(agreement(distance), 8, cell, rng=0, **settings)  # type: ignore[arg-type]


def errors(network: RecurrentNetwork, data: SequenceData) -> np.ndarray:
    """Return the error at each step as backpropagation through time has it."""
    found = gradients_through_time(network, data)
    return found.dh if found.dc is None else found.dc


@given(sequence_problems().filter(lambda problem: problem[1].length > 1))
def test_books_balance_and_follow_the_errors(
    problem: tuple[RecurrentNetwork, SequenceData],
) -> None:
    network, data = problem
    books = time_ledger(network, data)
    norms = np.linalg.norm(errors(network, data), axis=(1, 2))
    np.testing.assert_allclose(books.norms, norms, rtol=1e-9)
    assert books.imbalance < 1e-12
    if (norms > 0).all() and np.isfinite(books.factors).all():
        np.testing.assert_allclose(books.factors, norms[:-1] / norms[1:], rtol=1e-9)
        assert books.attenuation == pytest.approx(norms[0] / norms[-1])
        assert books.per_step ** (len(norms) - 1) == pytest.approx(books.attenuation)
        np.testing.assert_allclose(10**books.relative, norms[::-1] / norms[-1], rtol=1e-9)


def test_simple_factors_are_those_of_the_definition() -> None:
    network = drawn()
    found = gradients_through_time(network, DATA)
    books = time_ledger(network, DATA)
    delta = np.array([step.delta for step in found.steps])
    through = np.linalg.norm(delta[1:] @ network.W_h.T, axis=(1, 2))
    kept = np.linalg.norm(delta, axis=(1, 2))
    np.testing.assert_allclose(books.columns["weights"], through / kept[1:], rtol=1e-12)
    arrived = np.linalg.norm(found.dh, axis=(1, 2))
    np.testing.assert_allclose(books.columns["slopes"], (kept / arrived)[1:], rtol=1e-12)
    assert list(books.columns) == ["slopes", "weights"]


@pytest.mark.parametrize(
    ("cell", "gate", "part"), [("lstm", "f", "forget gate"), ("gru", "z", "update gate")]
)
@pytest.mark.parametrize("every_step", [False, True])
def test_gates_are_booked_apart_from_the_detour(
    cell: str, gate: str, part: str, every_step: bool
) -> None:
    task = agreement(7, every_step=every_step)
    network = RecurrentNetwork.initialize(task, 6, cell, rng=3)
    data = task.batch(9, 1)
    error, gates = errors(network, data), network.states(data.inputs).gates[gate]
    books = time_ledger(network, data)
    straight = np.linalg.norm((error * gates)[1:], axis=(1, 2))
    arrived = np.linalg.norm(error, axis=(1, 2))
    np.testing.assert_allclose(books.columns[part], straight / arrived[1:], rtol=1e-12)
    rest = books.columns["detour"] * books.columns.get("answers", 1.0)
    np.testing.assert_allclose(rest, arrived[:-1] / straight, rtol=1e-12)
    assert ("answers" in books.columns) == every_step


def test_what_answers_bring_is_booked_apart() -> None:
    task = agreement(7, every_step=True)
    network = RecurrentNetwork.initialize(task, 6, rng=3)
    data = task.batch(9, 1)
    found = gradients_through_time(network, data)
    through = np.array([step.delta @ network.W_h.T for step in found.steps[1:]])
    expected = np.linalg.norm(found.dh[:-1], axis=(1, 2)) / np.linalg.norm(through, axis=(1, 2))
    np.testing.assert_allclose(time_ledger(network, data).columns["answers"], expected, rtol=1e-12)


def test_a_shut_detour_leaves_the_forget_gate_alone() -> None:
    network = RecurrentNetwork.initialize(agreement(12), 8, "lstm", gain=0, forget_bias=3, rng=0)
    books = time_ledger(network, DATA)
    np.testing.assert_array_equal(books.columns["detour"], 1)
    assert (books.columns["forget gate"] > 0.8).all()


def test_no_error_is_too_small_or_too_large() -> None:
    far = agreement(3000)
    faint = time_ledger(drawn(distance=3000, gain=0.5), far.batch(3, 1))
    assert faint.decades[0] < -900
    assert faint.attenuation == 0
    assert faint.verdict == "vanishes"
    assert "e-9" in str(faint)
    huge = drawn("relu", 2000, gain=1.3)
    huge.W_x[:], huge.W_h[:] = 0, 2 * np.eye(8)  # no signal, every slope 0 or 1
    huge.b[:] = 0
    with pytest.raises(ValueError, match="finite outputs"):
        time_ledger(
            RecurrentNetwork(*huge.arrays[:2], huge.b + 1, *huge.arrays[3:], "relu"),
            far.batch(3, 1),
        )
    gates = drawn("lstm", 3000, gain=10, forget_bias=100)
    loud = time_ledger(gates, far.batch(3, 1))
    assert np.isfinite(loud.decades).all()


def test_rescaling_changes_no_digit() -> None:
    network, data = drawn(distance=200, gain=0.2), agreement(200).batch(3, 1)
    books = time_ledger(network, data)
    norms = np.linalg.norm(errors(network, data), axis=(1, 2))
    assert norms[0] < 2.0**-400  # so it was rescaled, and squares would be zero
    whole = [float(np.abs(e).max()) for e in errors(network, data)]
    exact = [w * np.linalg.norm(e / w) for w, e in zip(whole, errors(network, data), strict=True)]
    np.testing.assert_allclose(books.decades, np.log10(exact), rtol=1e-13)
    np.testing.assert_allclose(books.factors, np.divide(exact[:-1], exact[1:]), rtol=1e-12)


@pytest.mark.parametrize("gain", [1e-315, 1e-100, 1e-30, 100.0])
def test_errors_are_rescaled_where_answers_come_in_as_well(gain: float) -> None:
    # Nothing is shown, so every slope of tanh is 1: the error grows or shrinks by the gain alone.
    network = recurrent_network(2, 3, 2, "tanh", LOSSES[0], True, seed=0)
    network.W_h[:] = gain * np.linalg.qr(network.W_h)[0]
    network.b[:] = 0
    targets = np.random.RandomState(0).randint(2, size=(70, 4))
    data = SequenceData(targets, True, 2, numbers=np.zeros((70, 4, 2)))
    books = time_ledger(network, data)
    norms = np.linalg.norm(errors(network, data), axis=(1, 2))
    np.testing.assert_allclose(books.norms, norms, rtol=1e-9)
    np.testing.assert_allclose(books.columns["weights"], gain, rtol=1e-5)
    with np.errstate(over="ignore"):  # a factor from 1e-316 to 0.1 is beyond a float's range
        expected = norms[:-1] / norms[1:] / gain
    np.testing.assert_allclose(books.columns["answers"], expected, rtol=1e-5)


def test_books_that_do_not_balance_are_refused() -> None:
    class Leaking(SimpleStep):
        def backward(self, error: State) -> State:
            return (super().backward(error)[0] * (1 + 1e-9),)

    good = drawn()
    leaking = RecurrentNetwork(*good.arrays, Cell("leaking", Leaking))
    assert time_ledger(good, DATA).imbalance < 1e-12
    with pytest.raises(ArithmeticError, match="out of balance by a share of"):
        time_ledger(leaking, DATA)


@pytest.mark.parametrize("kind", [SimpleStep, GRUStep, LSTMStep])
def test_an_error_that_is_lost_on_the_way_is_noticed(kind: type[Step]) -> None:
    class Losing(kind):  # type: ignore[misc, valid-type]
        def backward(self, error: State) -> State:
            return tuple(np.zeros_like(part) for part in super().backward(error))

    name = {SimpleStep: "tanh", GRUStep: "gru", LSTMStep: "lstm"}[kind]
    losing = RecurrentNetwork(*drawn(name).arrays, Cell("losing", Losing))
    with pytest.raises(ArithmeticError, match="out of balance by a share of 1"):
        time_ledger(losing, DATA)


def test_verdict_and_culprits() -> None:
    def judge(**settings: object) -> tuple[str, tuple[str, ...]]:
        books = time_ledger(drawn(distance=40, **settings), agreement(40).batch(20, 1))  # type: ignore[arg-type]
        return books.verdict, books.culprits

    assert judge(gain=0.5) == ("vanishes", ("weights",))
    assert judge(cell="sigmoid", gain=1) == ("vanishes", ("slopes",))
    assert judge(cell="sigmoid", gain=0.5) == ("vanishes", ("slopes", "weights"))
    assert judge(cell="lstm", forget_bias=0)[1] == ("forget gate",)
    assert judge(gain=1.3) == ("arrives", ())
    # Three steps by 1/4 and by 0.6: only together they make it a hundredth.
    short = time_ledger(drawn("sigmoid", 3, gain=0.6), agreement(3).batch(20, 1))
    assert (short.verdict, short.culprits) == ("vanishes", ("slopes",))
    quiet = drawn(gain=1.3)
    quiet.W_x[:] *= 1e-6  # so that every slope is 1
    books = time_ledger(quiet, agreement(40).batch(20, 1))
    assert (books.verdict, books.culprits) == ("explodes", ("weights",))
    assert books.attenuation == pytest.approx(1.3**40, rel=1e-2)


def test_causes_of_single_steps() -> None:
    def causes(**settings: object) -> set[str]:
        return set(time_ledger(drawn(**settings), DATA).causes)  # type: ignore[arg-type]

    assert causes() == {"healthy"}
    assert causes(gain=0.1) == {"small weights"}
    assert causes(cell="sigmoid", gain=0.5) == {
        "unsaturated, but times 1/4 at most and small weights"
    }
    assert causes(cell="sigmoid") == {"unsaturated, but times 1/4 at most"}
    assert causes(cell="sigmoid", gain=16) & {"grows", "saturated", "healthy"}
    assert causes(cell="lstm", forget_bias=-3, gain=0.1) == {"forget gate closed"}
    assert "grows" in causes(gain=100)
    assert causes(cell="lstm", forget_bias=-1000) == {"detour only"}
    shut = time_ledger(drawn("lstm", forget_bias=-1000), DATA)
    assert np.isnan(shut.factors).all()  # nothing came through, and something came around


def test_dead_units_are_blamed_at_the_step_where_they_are() -> None:
    # All units are on but at step 2, where the second input shuts four of five.
    W_x = np.array([np.ones(5), [1.0, -9, -9, -9, -9]])
    network = RecurrentNetwork(
        W_x, 0.3 * np.eye(5), np.zeros(5), [[1.0, -1.0]] * 5, np.zeros(2), "relu"
    )
    numbers = np.zeros((5, 3, 2))
    numbers[..., 0] = 1
    numbers[2] = [0, 1]
    data = SequenceData(np.array([0, 1, 1]), False, 2, numbers=numbers)
    books = time_ledger(network, data)
    np.testing.assert_allclose(books.columns["slopes"], [1, np.sqrt(0.2), 1, 1])
    small = "small weights"
    assert books.causes == (small, f"dead units and {small}", small, small)


def test_no_error_arrives_and_dead_units() -> None:
    network = drawn("relu")
    network.b[:] = -100
    books = time_ledger(network, DATA)
    assert books.causes[-1] == "dead units"
    assert set(books.causes[:-1]) == {"no error arrives"}
    assert books.attenuation == 0
    assert "no error arrives" in str(books)
    assert str(books).splitlines()[-2].split()[:4] == ["1", "x", "nan", "x"]
    assert "0.0e+00  no error arrives" in str(books)
    network.W_out[:] = 0
    silent = time_ledger(network, DATA)
    assert silent.verdict == "no error"
    assert math.isnan(silent.attenuation)
    assert math.isnan(silent.per_step)
    assert silent.culprits == ()
    assert np.isnan(silent.relative).all()
    assert "nan" in str(silent)


def test_the_parts_of_the_mean_step_make_the_mean_step() -> None:
    books = time_ledger(drawn(gain=0.6), DATA)
    assert list(books.per_part) == ["slopes", "weights"]
    for name, factors in books.columns.items():
        assert books.per_part[name] == pytest.approx(math.prod(factors) ** (1 / 12))
    assert math.prod(books.per_part.values()) == pytest.approx(books.per_step)


def test_table_shows_both_ends_and_the_total() -> None:
    lines = str(time_ledger(drawn(), DATA)).splitlines()
    assert lines[0].split() == ["step", "slopes", "weights", "norm", "cause"]
    assert [line.split()[0] for line in lines[1:-1]] == [
        "13",
        "12",
        "11",
        "10",
        "9",
        "...",
        *"4321",
    ]
    assert lines[-1].startswith("first / last step:")
    short = str(time_ledger(drawn(distance=3), agreement(3).batch(5, 1))).splitlines()
    assert [line.split()[0] for line in short[1:-1]] == [*"4321"]


def test_every_known_cell_has_its_parts() -> None:
    for cell in CELLS.values():
        assert len(parts_of(cell)) == 2

    class Other(Step):
        gates = ("a",)

    with pytest.raises(ValueError, match="must be a simple one, a GRU or an LSTM; got 'other'"):
        parts_of(Cell("other", Other))


def test_what_cannot_be_accounted_for_is_refused() -> None:
    one_step = SequenceData(np.array([0]), False, 2, symbols=np.array([[0]]))
    network = RecurrentNetwork.initialize((2, 2), 3, rng=0)
    with pytest.raises(ValueError, match="data must have two steps or more; got 1"):
        time_ledger(network, one_step)
    diverged = drawn()
    diverged.W_h[0, 0] = np.inf
    with pytest.raises(ValueError, match="network must have finite parameters"):
        time_ledger(diverged, DATA)
    with pytest.raises(ValueError, match="data must have"):
        time_ledger(drawn(), recall(3).batch(2, 0))


def test_float32_networks_are_accounted_for_in_float64() -> None:
    books = time_ledger(drawn().astype(np.float32), DATA)
    assert isinstance(books, TimeLedger)
    assert books.imbalance < 1e-12
    assert books.decades == pytest.approx(time_ledger(drawn(), DATA).decades, abs=1e-5)
    exact = time_ledger(drawn().astype(np.float32).astype(np.float64), DATA)
    np.testing.assert_array_equal(books.decades, exact.decades)


@pytest.mark.parametrize("cell", EVERY_CELL, ids=str)
@given(seed=st.integers(0, 2**16))
def test_squared_error_is_accounted_for_too(cell: str, seed: int) -> None:
    data = sequences(4, 3, 2, 2, "squared error", True, seed)
    assert time_ledger(recurrent_network(2, 3, 2, cell, data.loss, True, seed), data).steps == 4
