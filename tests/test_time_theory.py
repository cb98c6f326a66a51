"""What a recurrent matrix leads one to expect, beside what is measured."""

import math

import numpy as np
import pytest

from vanishing import Activation, time_theory
from vanishing.recurrent import RecurrentNetwork
from vanishing.sequences import SequenceData, agreement
from vanishing.time_ledger import time_ledger
from vanishing.time_theory import expected_factors, growth, spectrum, vanishing_bound

TASK = agreement(40)
DATA = TASK.batch(60, 1)


def drawn(
    cell: str = "tanh", seed: int = 0, hidden: int = 32, **settings: object
) -> RecurrentNetwork:
    return RecurrentNetwork.initialize(TASK, hidden, cell, rng=seed, **settings)  # type: ignore[arg-type]


def test_spectrum_of_known_matrices() -> None:
    turn = spectrum([[0.0, -2.0], [2.0, 0.0]])
    assert turn.largest_singular_value == pytest.approx(2)
    assert turn.radius == pytest.approx(2)
    assert turn.gain == pytest.approx(2)
    shift = spectrum([[0.0, 3.0], [0.0, 0.0]])
    assert (shift.largest_singular_value, shift.radius) == (3, 0)
    assert shift.gain == pytest.approx(3 / math.sqrt(2))


def test_spectrum_begins_with_the_largest() -> None:
    found = spectrum(np.diag([1.0, -3.0, 2.0]))
    assert found.eigenvalues.tolist() == [-3, 2, 1]
    assert found.singular_values.tolist() == [3, 2, 1]
    assert (found.radius, found.largest_singular_value) == (3, 3)


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_gain_is_found_again(gain: float) -> None:
    assert spectrum(drawn(gain=gain).W_h).gain == pytest.approx(gain)
    assert spectrum(drawn(gain=gain, recurrent="normal").W_h).gain == pytest.approx(gain, rel=0.1)


def test_normal_matrices_have_twice_the_gain_as_largest_singular_value() -> None:
    found = spectrum(drawn(hidden=200, recurrent="normal").W_h)
    assert found.largest_singular_value == pytest.approx(2, rel=0.05)
    assert found.radius == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("recurrent", ["normal", "orthogonal"])
def test_no_step_exceeds_the_bound(cell: str, recurrent: str) -> None:
    for gain in (0.3, 1.0, 2.5):
        network = drawn(cell, gain=gain, recurrent=recurrent)
        bound = vanishing_bound(network)
        slope = 0.25 if cell == "sigmoid" else 1.0
        assert bound == pytest.approx(slope * np.linalg.norm(network.W_h, 2))
        assert (time_ledger(network, DATA).factors <= bound * (1 + 1e-12)).all()


def test_a_bound_above_one_does_not_say_that_errors_explode() -> None:
    network = drawn(recurrent="normal", gain=0.7)
    assert vanishing_bound(network) > 1
    assert time_ledger(network, DATA).verdict == "vanishes"


def test_bound_is_for_simple_cells() -> None:
    with pytest.raises(ValueError, match="network must have a simple cell; got lstm"):
        vanishing_bound(drawn("lstm"))
    still = drawn(gain=0)
    assert vanishing_bound(still) == 0
    steep = Activation("square", np.square, lambda z: 2 * z, largest_slope=math.inf)
    assert vanishing_bound(RecurrentNetwork(*still.arrays, steep)) == 0
    assert vanishing_bound(RecurrentNetwork(*drawn().arrays, steep)) == math.inf


@pytest.mark.parametrize("recurrent", ["normal", "orthogonal"])
@pytest.mark.parametrize("gain", [0.5, 1.0])
def test_expected_factors_fit_drawn_networks(recurrent: str, gain: float) -> None:
    far = []
    for seed in range(6):
        network = drawn(seed=seed, gain=gain, recurrent=recurrent)
        expected = np.log10(expected_factors(network, DATA))
        measured = np.log10(time_ledger(network, DATA).factors)
        assert expected.shape == (40,)
        far.append(expected.sum() - measured.sum())
    # Of 13 decades with gain 1/2, and of 2 with gain 1. A normal matrix has a leading direction,
    # which an error meets at every step.
    assert abs(np.mean(far)) < (0.1 if recurrent == "orthogonal" else 1)
    assert np.abs(far).max() < 1.5


@pytest.mark.parametrize("recurrent", ["normal", "orthogonal"])
def test_expected_factors_are_gain_times_slopes_of_the_step_gone_back_through(
    recurrent: str,
) -> None:
    network = drawn(gain=1.5, recurrent=recurrent)
    slopes = 1 - network.states(DATA.inputs).h ** 2
    assert np.ptp(slopes.mean(axis=(1, 2))) > 0.05
    gain = np.linalg.norm(network.W_h) / np.sqrt(32)
    expected = [gain * np.sqrt(np.mean(slope**2)) for slope in slopes[1:]]
    np.testing.assert_allclose(expected_factors(network, DATA), expected)


def test_expected_factors_of_gates_are_the_straight_way() -> None:
    network = drawn("lstm", gain=0, forget_bias=2)
    expected, books = expected_factors(network, DATA), time_ledger(network, DATA)
    np.testing.assert_allclose(expected, books.factors, rtol=0.05)
    z = drawn("gru").states(DATA.inputs).gates["z"]
    np.testing.assert_allclose(
        expected_factors(drawn("gru"), DATA), np.sqrt((z**2).mean(axis=(1, 2)))[1:]
    )


def test_expected_factors_need_two_steps() -> None:
    network = RecurrentNetwork.initialize((2, 2), 3, rng=0)
    data = agreement(1).batch(2, 0)
    with pytest.raises(ValueError, match="data must have"):
        expected_factors(network, data)
    one_word = SequenceData(np.array([0]), False, 2, symbols=np.array([[0]]))
    with pytest.raises(ValueError, match="data must have two steps or more; got 1"):
        expected_factors(network, one_word)


def test_nothing_is_expected_of_a_network_that_diverged() -> None:
    for theory in (lambda network: expected_factors(network, DATA), vanishing_bound):
        diverged = drawn()
        diverged.W_h[0, 0] = np.nan
        with pytest.raises(ValueError, match="finite"):
            theory(diverged)
    diverged = drawn("gru")
    diverged.W_x[0, 0] = np.nan
    with pytest.raises(ValueError, match="network must have finite parameters"):
        expected_factors(diverged, DATA)


def test_a_matrix_may_have_so_many_rows_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_theory, "WIDEST", 3)
    assert spectrum(np.eye(3)).radius == 1
    with pytest.raises(ValueError, match="matrix must have at most 3 rows; got 4"):
        spectrum(np.eye(4))


def test_a_power_tends_to_the_spectral_radius() -> None:
    rng = np.random.RandomState(0)
    W, v = rng.standard_normal((2, 16, 16))[0], rng.standard_normal(16)
    found = growth([W] * 4000, v)
    assert found[0] == 0
    assert found[3] == pytest.approx(np.log10(np.linalg.norm(W @ W @ W @ v) / np.linalg.norm(v)))
    assert (found[-1] - found[2000]) / 2000 == pytest.approx(np.log10(spectrum(W).radius), abs=1e-3)
    assert found[-1] > 2000  # far beyond the largest float


def test_luck_averages_out_over_different_matrices_only() -> None:
    def far(seed: int, same: bool) -> float:
        rng = np.random.RandomState(seed)
        several = rng.standard_normal((100, 32, 32)) / np.sqrt(32)
        v = rng.standard_normal(32)
        return float(growth([several[0]] * 100 if same else several, v)[-1])

    one, different = ([far(seed, same) for seed in range(20)] for same in (True, False))
    assert np.std(one) > 2 * np.std(different)


def test_growth_comes_to_nothing() -> None:
    found = growth([[[0.0, 1.0], [0.0, 0.0]]] * 3, [1.0, 1.0])
    assert found[:2] == pytest.approx([0, -math.log10(2) / 2])
    assert found[2:].tolist() == [-math.inf, -math.inf]


def test_growth_refuses() -> None:
    with pytest.raises(ValueError, match="not all zero"):
        growth([np.eye(2)], [0.0, 0.0])
    with pytest.raises(ValueError, match=r"matrices\[1\] must have as many rows as columns"):
        growth([np.eye(2), np.ones((3, 2))], [1.0, 1.0])
    with pytest.raises(TypeError, match="matrices must be several square matrices"):
        growth(3, [1.0])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="matrices must be several square matrices"):
        growth(np.array(3.0), [1.0])
    with pytest.raises(ValueError, match="at most 100,000; got more"):
        growth((np.eye(1) for _ in range(10**9)), [1.0])
    with pytest.raises(ValueError, match="matrix must have at most 2,000 rows; got 2,001"):
        spectrum(np.eye(2001))
