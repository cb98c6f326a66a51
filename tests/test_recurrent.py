"""Cells and recurrent networks: how they are drawn, and what they answer."""

import pickle

import numpy as np
import pytest
from sequence_problems import EVERY_CELL, recurrent_network

from vanishing.activations import sigmoid
from vanishing.cells import CELLS, find_cell
from vanishing.recurrent import RecurrentNetwork, check_sequences, share_right
from vanishing.sequences import LOSSES, SequenceData, adding, agreement, recall


def one_step(network: RecurrentNetwork, x: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple:
    step = network.cell.step(network.W_x, network.W_h, network.b, network.cell.activation)
    return step.forward(x, (h, c)[: len(network.cell.states)])


def parts(network: RecurrentNetwork, x: np.ndarray, h: np.ndarray) -> list[np.ndarray]:
    return np.split(x @ network.W_x + h @ network.W_h + network.b, len(network.cell.gates), axis=1)


def test_each_cell_is_what_its_equations_say() -> None:
    rng = np.random.RandomState(0)
    x, h, c = rng.randn(5, 2), rng.randn(5, 3), rng.randn(5, 3)
    simple, lstm, gru = (
        recurrent_network(2, 3, 2, cell, LOSSES[0], False, 1) for cell in ("relu", "lstm", "gru")
    )
    np.testing.assert_allclose(one_step(simple, x, h, c)[0], np.maximum(parts(simple, x, h)[0], 0))
    i, f, o, g = parts(lstm, x, h)
    c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    np.testing.assert_allclose(one_step(lstm, x, h, c)[1], c_new)
    np.testing.assert_allclose(one_step(lstm, x, h, c)[0], sigmoid(o) * np.tanh(c_new))
    r, z, _ = map(sigmoid, parts(gru, x, h))
    g = np.tanh(x @ gru.W_x[:, 6:] + gru.b[6:] + r * (h @ gru.W_h[:, 6:]))
    np.testing.assert_allclose(one_step(gru, x, h, c)[0], (1 - z) * g + z * h)


@pytest.mark.parametrize("cell", EVERY_CELL)
def test_states_gates_and_scores_have_their_shapes(cell: str) -> None:
    task = recall(4)
    network = RecurrentNetwork.initialize(task, 7, cell, rng=0)
    data = task.batch(3, 0)
    states = network.states(data.inputs)
    assert states.h.shape == (5, 3, 7)
    assert (states.c is not None) == (cell == "lstm")
    assert tuple(states.gates) == network.cell.gates
    assert {gate.shape for gate in states.gates.values()} == {(5, 3, 7)}
    scores = network.scores(data.inputs)
    np.testing.assert_allclose(scores, states.h[-1] @ network.W_out + network.b_out)
    assert network.predict(data.inputs).shape == (3,)


def test_answers_after_every_step() -> None:
    task = recall(4, every_step=True)
    network = RecurrentNetwork.initialize(task, 7, rng=0)
    data = task.batch(3, 0)
    assert network.scores(data.inputs).shape == (5, 3, 2)
    last = RecurrentNetwork(*network.arrays)
    np.testing.assert_allclose(network.scores(data.inputs)[-1], last.scores(data.inputs))
    right = network.predict(data.inputs) == data.targets
    assert network.accuracy(data) == right.mean()


def test_numbers_are_right_within_a_margin() -> None:
    task = adding(3)
    network = RecurrentNetwork.initialize(task, 4, rng=0)
    network.W_out[:] = 0
    network.b_out[:] = 1
    data = task.batch(500, 0)
    assert network.accuracy(data) == np.mean(np.abs(data.targets - 1) <= 0.04)
    np.testing.assert_array_equal(network.predict(data.inputs), np.ones((500, 1)))


def test_an_answer_of_several_numbers_is_right_if_each_is() -> None:
    outputs = np.array([[0.0, 0.03], [0.0, 0.05], [-0.05, 0.0], [1.0, 1.0]])
    assert share_right(outputs, np.zeros((4, 2))) == 0.25
    assert share_right(np.stack([outputs, 0 * outputs]), np.zeros((2, 4, 2))) == 0.625


@pytest.mark.parametrize("gain", [0.5, 1.0, 1.7])
@pytest.mark.parametrize("cell", ["tanh", "gru", "lstm"])
def test_the_recurrent_matrix_has_the_gain(cell: str, gain: float) -> None:
    gates = len(CELLS[cell].gates)

    def blocks(recurrent: str, hidden: int) -> list[np.ndarray]:
        network = RecurrentNetwork.initialize(
            (3, 2), hidden, cell, recurrent=recurrent, gain=gain, rng=0
        )
        return np.split(network.W_h, gates, axis=1)

    for block in blocks("orthogonal", 20):
        np.testing.assert_allclose(np.linalg.svd(block, compute_uv=False), gain)
    for block in blocks("identity", 20):
        np.testing.assert_array_equal(block, gain * np.eye(20))
    for block in blocks("normal", 300):
        assert block.std() == pytest.approx(gain / np.sqrt(300), rel=0.02)
        assert np.abs(np.linalg.eigvals(block)).max() == pytest.approx(gain, rel=0.1)


@pytest.mark.parametrize("recurrent", ["orthogonal", "normal"])
def test_each_gate_draws_a_recurrent_matrix_of_its_own(recurrent: str) -> None:
    network = RecurrentNetwork.initialize((3, 2), 64, "lstm", recurrent=recurrent, rng=0)
    gates = np.split(network.W_h, 4, axis=1)
    alike = np.array([[np.vdot(one, other) for other in gates] for one in gates]) / 64
    np.testing.assert_allclose(alike, np.eye(4), atol=0.1)


def test_only_the_forget_gate_starts_biased() -> None:
    lstm = RecurrentNetwork.initialize((3, 2), 4, "lstm", forget_bias=-2.5, rng=0)
    np.testing.assert_array_equal(lstm.b, [0] * 4 + [-2.5] * 4 + [0] * 8)
    for cell in ("gru", "tanh"):
        network = RecurrentNetwork.initialize((3, 2), 4, cell, forget_bias=3, rng=0)
        assert not network.b.any()


def test_the_same_seed_draws_the_same_network() -> None:
    one, other = (RecurrentNetwork.initialize(agreement(5), rng=3) for _ in range(2))
    for mine, theirs in zip(one.arrays, other.arrays, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert one.hidden == 32
    assert one.inputs == agreement(5).inputs
    assert one.parameters == sum(array.size for array in one.arrays)


@pytest.mark.parametrize("cell", EVERY_CELL)
def test_copies_and_pickles_share_nothing(cell: str) -> None:
    network = RecurrentNetwork.initialize((3, 2), 4, cell, rng=0)
    for twin in (network.copy(), pickle.loads(pickle.dumps(network))):
        inputs = np.ones((2, 1, 3))
        np.testing.assert_array_equal(twin.scores(inputs), network.scores(inputs))
        twin.W_h[:] = 0
        assert network.W_h.any()
    assert network.astype(np.float32).scores(np.ones((2, 1, 3))).dtype == np.float32


def test_a_cell_is_found_by_name_or_activation() -> None:
    assert find_cell("lstm") is CELLS["lstm"]
    assert find_cell(CELLS["gru"]) is CELLS["gru"]
    with pytest.raises(ValueError, match=r"cell must be one of .*got 'elman'"):
        find_cell("elman")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W_x": np.ones((3, 9))}, r"W_x must have as many columns .*got"),
        ({"W_h": np.ones((3, 8))}, r"W_h must have shape \(2, 8\); got"),
        ({"b": np.ones(7)}, r"b must have shape \(8,\); got"),
        ({"W_out": np.ones((3, 2))}, r"W_out must have shape \(2, 2\); got"),
        ({"b_out": np.ones(3)}, r"b_out must have shape \(2,\); got"),
        ({"loss": "hinge"}, r"loss must be one of .*got 'hinge'"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict, message: str) -> None:
    good = {"W_x": np.ones((3, 8)), "W_h": np.ones((2, 8)), "b": np.ones(8)}
    good |= {"W_out": np.ones((2, 2)), "b_out": np.ones(2)}
    if change.get("W_x") is not None:
        good |= {"W_h": np.ones((2, 9)), "b": np.ones(9)}
    with pytest.raises(ValueError, match=message):
        RecurrentNetwork(**{**good, **change}, cell="lstm")


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (recall(3, fillers=5), "data must have 6 inputs"),
        (recall(3, every_step=True), "data must be scored as the network is"),
        (recall(3, symbols=3, fillers=3), "data must have 2 outputs; got 3"),
    ],
)
def test_sequences_that_do_not_fit_are_refused(task: object, message: str) -> None:
    network = RecurrentNetwork.initialize(recall(3), 4, rng=0)
    with pytest.raises(ValueError, match=message):
        check_sequences(network, task.batch(50, 0))


@pytest.mark.parametrize(
    ("symbols", "labels", "message"),
    [
        ([[0], [6]], [0], "data must hold symbols from 0 to 5 only"),
        ([[0], [-1]], [0], "data must hold symbols from 0 to 5 only"),
        ([[0], [1]], [-1], "data must have labels of 0 or more; got -1"),
    ],
)
def test_symbols_and_labels_that_are_none_are_refused(
    symbols: list, labels: list, message: str
) -> None:
    data = SequenceData(np.array(labels), False, 6, symbols=np.array(symbols))
    with pytest.raises(ValueError, match=message):
        check_sequences(RecurrentNetwork.initialize((6, 2), 3, rng=0), data)


def test_networks_of_too_many_weights_are_refused() -> None:
    # (1 + 5793 + 1) rows of 4 * 5793 columns.
    with pytest.raises(ValueError, match="got 5793, which asks for 134,281,740"):
        RecurrentNetwork.initialize((1, 2), 5793, "lstm")


@pytest.mark.parametrize("task", [(3,), (3, 2, 2), ()])
def test_a_task_has_inputs_and_outputs(task: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="task must be a SequenceTask or two numbers; got"):
        RecurrentNetwork.initialize(task, 3)


@pytest.mark.parametrize(
    ("task", "name"), [((0, 2), 0), ((10_001, 2), 0), ((2, 0), 1), ((2, 10_001), 1)]
)
def test_inputs_and_outputs_are_one_or_more_and_not_too_many(
    task: tuple[int, int], name: int
) -> None:
    with pytest.raises(ValueError, match=rf"task\[{name}\] must be .*; got {task[name]}"):
        RecurrentNetwork.initialize(task, 3)


@pytest.mark.parametrize("width", [3, 5])
def test_inputs_of_another_width_are_refused(width: int) -> None:
    network = RecurrentNetwork.initialize((4, 2), 3, rng=0)
    with pytest.raises(ValueError, match=rf"inputs must have shape \(T, n, 4\).*2, 1, {width}"):
        network.scores(np.ones((2, 1, width)))


@pytest.mark.parametrize("every_step", [False, True])
def test_an_answer_beyond_a_floats_range_is_given_without_a_warning(every_step: bool) -> None:
    network = RecurrentNetwork(
        [[1.0]], [[1.0]], [0.0], [[1e300]], [0.0], "relu", every_step=every_step
    )
    assert np.isinf(network.scores(np.full((2, 1, 1), 1e300))).all()


def test_no_step_gives_no_answer() -> None:
    with pytest.raises(ValueError, match="steps must be one or more"):
        RecurrentNetwork.initialize((6, 2), 3, rng=0).answer([])
