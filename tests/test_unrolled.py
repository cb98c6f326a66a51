"""The fast pass through time against the plain one."""

import numpy as np
import pytest
from hypothesis import given, settings
from sequence_problems import EVERY_CELL, recurrent_network, sequence_problems, sequences

from vanishing.cells import CELLS, Cell, LSTMStep, State
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import LOSSES, SequenceData, adding, agreement, recall
from vanishing.through_time import PlainThroughTime, RecurrentParameters
from vanishing.unrolled import Unrolled, fastest_pass

Problem = tuple[RecurrentNetwork, SequenceData]


def assert_same(network: RecurrentNetwork, one: Unrolled, data: SequenceData, dtype: type) -> None:
    kind = np.dtype(dtype)
    plain, parameters = PlainThroughTime(network, kind), RecurrentParameters.of(network, kind)
    close = {"rtol": 1e-9, "atol": 1e-12} if dtype == np.float64 else {"rtol": 1e-3, "atol": 1e-5}
    fast_loss, plain_loss = (p.evaluate(parameters, data) for p in (one, plain))
    np.testing.assert_allclose(fast_loss, plain_loss, **close)
    np.testing.assert_allclose(one.outputs(), plain.outputs(), **close)
    np.testing.assert_allclose(one.error_norms(), plain.error_norms(), **close)
    for fast, exact in zip(one.gradient.arrays, plain.gradient.arrays, strict=True):
        np.testing.assert_allclose(fast, exact, **close)
        assert fast.dtype == dtype


@settings(max_examples=150, deadline=None)
@given(sequence_problems(widest=9, longest=9, most=9))
def test_the_fast_pass_computes_what_the_plain_one_does(problem: Problem) -> None:
    network, data = problem
    assert_same(network, Unrolled(network, np.dtype(np.float64)), data, np.float64)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("cell", EVERY_CELL)
@pytest.mark.parametrize("task", [agreement(6), recall(4, every_step=True), adding(7)])
def test_one_pass_serves_batches_one_after_the_other(task: object, cell: str, dtype: type) -> None:
    network = RecurrentNetwork.initialize(task, 5, cell, rng=0)
    one = Unrolled(network, np.dtype(dtype))
    for count, seed in ((6, 0), (6, 1), (3, 2), (6, 3)):
        assert_same(network, one, task.batch(count, seed), dtype)


def test_error_norms_that_were_read_stay_as_they_were() -> None:
    network = RecurrentNetwork.initialize(recall(4), 5, "gru", rng=0)
    one = fastest_pass(network, np.dtype(np.float64))
    parameters = RecurrentParameters.of(network, np.dtype(np.float64))
    one.evaluate(parameters, recall(4).batch(6, 0))
    read = one.error_norms()
    kept = read.copy()
    one.evaluate(parameters, recall(4).batch(6, 1))
    np.testing.assert_array_equal(read, kept)
    assert (one.error_norms() != kept).all()


def test_large_pre_activations_do_no_harm() -> None:
    for cell in ("lstm", "gru", "sigmoid"):
        network = recurrent_network(3, 4, 2, cell, LOSSES[0], False, seed=0)
        network.W_x[:] *= 1000
        data = sequences(5, 6, 3, 2, LOSSES[0], False, seed=0)
        with np.errstate(all="ignore"):
            assert_same(network, Unrolled(network, np.dtype(np.float64)), data, np.float64)


def test_norms_of_tiny_errors_do_not_vanish_by_rounding() -> None:
    network = RecurrentNetwork.initialize(recall(80), 6, "tanh", gain=0.4, rng=0)
    data = recall(80).batch(9, 0)
    narrow, wide = (Unrolled(network, np.dtype(kind)) for kind in (np.float32, np.float64))
    for one, kind in ((narrow, np.float32), (wide, np.float64)):
        one.evaluate(RecurrentParameters.of(network, np.dtype(kind)), data)
    seen = wide.error_norms() > 1e-35
    assert 1e-35 < wide.error_norms()[seen].min() < 1e-30
    np.testing.assert_allclose(narrow.error_norms()[seen], wide.error_norms()[seen], rtol=1e-2)


def test_sequences_that_do_not_fit_are_refused() -> None:
    network = RecurrentNetwork.initialize(recall(3), 4, rng=0)
    one = Unrolled(network, np.dtype(np.float64))
    parameters = RecurrentParameters.of(network, np.dtype(np.float64))
    with pytest.raises(ValueError, match="data must have 6 inputs"):
        one.evaluate(parameters, recall(3, fillers=1).batch(2, 0))


class WithoutDetour(LSTMStep):
    """An LSTM's step that hands no error to the hidden state before."""

    def backward(self, error: State) -> State:
        """Return the gradient by c_(t-1) alone."""
        dh, dc = super().backward(error)
        return np.zeros_like(dh), dc


def test_a_cell_of_ones_own_goes_the_plain_way() -> None:
    kind = np.dtype(np.float64)
    for cell in CELLS.values():
        network = RecurrentNetwork.initialize((2, 2), 3, cell, rng=0)
        assert isinstance(fastest_pass(network, kind), Unrolled)
    own = RecurrentNetwork.initialize((2, 2), 3, Cell("own", WithoutDetour), rng=0)
    assert isinstance(fastest_pass(own, kind), PlainThroughTime)
