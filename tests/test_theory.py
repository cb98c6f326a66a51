import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import SOFTSIGN, blob

from vanishing import ACTIVATIONS, Dataset, Network, lecture, spiral
from vanishing.initialization import Scheme
from vanishing.ledger import ledger
from vanishing.machine import one_blas_thread
from vanishing.theory import (
    MOST_DRAWS,
    Expectation,
    mean_field,
    random_attenuations,
    random_gradients,
)

DATA = spiral(20, rng=0)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "leaky_relu"])
@pytest.mark.parametrize("scale", [0.02, 0.1])
def test_theory_meets_the_mean_of_many_draws(activation: str, scale: float) -> None:
    sizes = (2, 100, 100, 100, 3)
    data = spiral(7, rng=0)
    with one_blas_thread():
        books = [
            ledger(Network.initialize(sizes, activation, scale=scale, rng=seed), data)
            for seed in range(100)
        ]
    expected = mean_field(sizes, activation, scale, data)
    for kind in ("weights", "slopes"):
        squares = np.array([getattr(account, kind) for account in books]) ** 2
        error = squares.std(axis=0, ddof=1) / math.sqrt(len(books))
        # Mean-field theory itself is exact for infinite width only: half a percent is granted.
        allowed = 4 * error + 0.005 * getattr(expected, kind) ** 2
        assert np.all(abs(squares.mean(axis=0) - getattr(expected, kind) ** 2) < allowed)


@settings(max_examples=20)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 1000))
def test_weights_factor_counts_the_units_where_the_error_arrives(
    fan_in: int, fan_out: int, seed: int
) -> None:
    rng = np.random.RandomState(seed)
    delta = rng.randn(fan_out)
    squares = np.sum((rng.randn(3000, fan_in, fan_out) @ delta) ** 2, axis=1) / (delta @ delta)
    assert abs(squares.mean() - fan_in) < 5 * squares.std() / math.sqrt(len(squares))


def test_first_layers_slopes_follow_from_the_normal_distribution() -> None:
    # In the first layer z is exactly normal, with variance s^2 |x|^2.
    data = Dataset([[3.0, 4.0]], [0])
    rng = np.random.RandomState(0)
    for activation in ("sigmoid", "tanh"):
        f = ACTIVATIONS[activation]
        squares = f.slope(0.5 * 5 * rng.randn(200_000)) ** 2
        expected = mean_field((2, 9, 2), activation, 0.5, data).slopes[0] ** 2
        assert abs(squares.mean() - expected) < 5 * squares.std() / math.sqrt(len(squares))


def test_relu_halves_the_square_exactly() -> None:
    expected = mean_field((2, 50, 50, 3), "relu", 0.1, DATA)
    # The first point is the origin, where z = 0 and so the slope is 0.
    assert expected.slopes[-1] ** 2 == pytest.approx(0.5 * (1 - 3 / 60))
    assert expected.slopes[0] ** 2 == pytest.approx(0.5)
    assert expected.weights == pytest.approx([0.1 * math.sqrt(50)] * 2)


def test_theory_takes_a_scale_for_each_matrix() -> None:
    one = mean_field((2, 30, 40, 3), "tanh", 0.2, DATA)
    each = mean_field((2, 30, 40, 3), "tanh", [0.2, 0.2, 0.2], DATA)
    assert one.attenuation == each.attenuation
    assert one.weights == pytest.approx([0.2 * math.sqrt(30), 0.2 * math.sqrt(40)])


@pytest.mark.parametrize(("scale", "low", "high"), [(0.1, 9e-8, 2e-7), (50**-0.5, 1.5e-6, 3e-6)])
def test_ten_layers_of_sigmoids(scale: float, low: float, high: float) -> None:
    sizes = (2, *[50] * 9, 3)
    data = lecture.setup()[0]
    found = random_attenuations(sizes, "sigmoid", scale, data, 5)
    assert low < np.median(found) < high
    assert low < mean_field(sizes, "sigmoid", scale, data).attenuation < high
    # A quarter for each layer crossed, without the weights, is far off.
    assert np.median(found) < 0.1 * 0.25**9 or scale > 0.1


def test_ten_layers_of_sigmoids_with_large_weights() -> None:
    found = random_attenuations((2, *[50] * 9, 3), "sigmoid", 1.0, lecture.setup()[0], 5)
    assert 0.1 < np.median(found) < 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((2, 3), "relu", 0.1), "sizes must name a hidden layer"),
        (((3, 5, 3), "relu", 0.1), "sizes must begin with 2"),
        (((2, 5, 3), "gauss", 0.1), "activation must be one of"),
        (((2, 5, 3), "relu", 0.0), "scale must be a finite positive number"),
        (((2, 5, 3), "relu", [0.1]), "scale must be one number, or 2 of them"),
        (((2,), "relu", 0.1), "sizes must name two layers"),
        (((2, 5, 3), "relu", [0.1, np.nan]), r"scale\[1\] must be a finite positive number"),
    ],
)
def test_wrong_arguments_of_theory_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_field(*arguments, DATA)


def test_data_must_be_a_dataset() -> None:
    with pytest.raises(TypeError, match="data must be a Dataset; got None"):
        mean_field((2, 5, 3), "relu", 0.1, None)  # type: ignore[arg-type]


def test_factors_multiply_to_the_attenuation() -> None:
    found = Expectation(np.array([0.5, 3.0]), np.array([0.25, 0.5]))
    assert found.factors.tolist() == [0.125, 1.5]
    assert found.attenuation == 0.1875
    assert len({found, found, Expectation(found.weights, found.slopes)}) == 2
    with pytest.raises(AttributeError):
        found.slopes = found.weights  # type: ignore[misc]


def test_the_squared_error_decides_how_much_an_example_counts() -> None:
    # Of two examples the first is at the origin: ReLU's slopes are 0 there, so all that is left of
    # the error is the second's.
    data = Dataset([[0.0, 0.0], [3.0, 4.0]], [0, 1])
    found = mean_field((2, 7, 8, 9, 2), "relu", 0.3, data)
    assert found.slopes**2 == pytest.approx([0.5, 0.5, 0.25])
    # Where every slope is zero nothing arrives, and nothing is divided by it.
    assert mean_field((2, 7, 8, 2), "relu", 0.3, Dataset([[0.0, 0.0]], [0])).slopes.max() == 0


def test_the_mean_over_a_normal_z_is_what_an_integral_gives() -> None:
    # Softsign's slope squared is (1 + |z|)^-4, with a kink that a grid meets coarsely only; z has
    # the standard deviation 0.5 * 5.
    z = np.linspace(-40, 40, 2_000_001)
    density = np.exp(-((z / 2.5) ** 2) / 2)
    expected = np.sum((1 + np.abs(z)) ** -4 * density) / density.sum()
    found = mean_field((2, 9, 2), SOFTSIGN, 0.5, Dataset([[3.0, 4.0]], [0]))
    assert found.slopes[0] ** 2 == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_the_second_layers_variance_follows_from_the_firsts_outputs(activation: str) -> None:
    f = ACTIVATIONS[activation]
    z = np.linspace(-60, 60, 200_001)

    def mean_square(function: object, q: float) -> float:
        assert callable(function)
        density = np.exp(-(z**2) / (2 * q))
        return float(np.sum(function(z) ** 2 * density) / density.sum())

    first, second, third = 0.2**2 * 25, 0.3**2 * 11, 0.4**2 * 13
    second *= mean_square(f.value, first)
    third *= mean_square(f.value, second)
    found = mean_field((2, 11, 13, 9, 2), f, [0.2, 0.3, 0.4, 0.5], Dataset([[3.0, 4.0]], [0]))
    expected = [mean_square(f.slope, q) for q in (first, second, third)]
    np.testing.assert_allclose(found.slopes**2, expected, rtol=1e-7)
    np.testing.assert_allclose(found.weights, [0.3 * 11**0.5, 0.4 * 13**0.5, 0.5 * 9**0.5])


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("deviation", [1, 10, 30])
def test_the_mean_is_exact_up_to_a_deviation_of_30(activation: str, deviation: float) -> None:
    z = np.linspace(-9, 9, 400_001) * deviation
    density = np.exp(-((z / deviation) ** 2) / 2)
    expected = np.sum(ACTIVATIONS[activation].slope(z) ** 2 * density) / density.sum()
    found = mean_field((1, 9, 2), activation, float(deviation), Dataset([[1.0]], [0]))
    assert found.slopes[0] ** 2 == pytest.approx(expected, abs=1e-8, rel=0)


def test_draws_are_the_first_seeds() -> None:
    data, sizes = blob(6), (2, 5, 5, 3)
    found = random_attenuations(sizes, "tanh", 0.4, data, 4)
    for seed, one in enumerate(found):
        network = Network.initialize(sizes, "tanh", scale=0.4, rng=seed)
        assert one == ledger(network, data).attenuation
    assert found.shape == (4,)


@pytest.mark.parametrize("draws", [0, MOST_DRAWS + 1])
def test_too_few_or_too_many_draws_are_refused(draws: int) -> None:
    says = f"draws must be a whole number from 1 to 100,000; got {draws}"
    with pytest.raises(ValueError, match=says):
        random_attenuations((2, 5, 3), "tanh", 0.4, DATA, draws)
    assert len(random_attenuations((2, 5, 3), "tanh", 0.4, DATA, 1)) == 1


# Schemes


@pytest.mark.parametrize("scheme", ["lecun", "glorot", "he", "orthogonal"])
def test_theory_knows_the_schemes(scheme: str) -> None:
    sizes, data = (2, 100, 80, 60, 3), spiral(7, rng=0)
    with one_blas_thread():
        drawn = [Network.initialize(sizes, "tanh", scheme=scheme, rng=seed) for seed in range(100)]
        squares = np.array([ledger(network, data).weights for network in drawn]) ** 2
    expected = mean_field(sizes, "tanh", 1.0, data, scheme=scheme)
    error = squares.std(axis=0, ddof=1) / 10
    assert np.all(abs(squares.mean(axis=0) - expected.weights**2) < 4 * error + 0.005)
    found = random_attenuations(sizes, "tanh", None, data, 2, scheme=scheme)
    assert found[1] == ledger(drawn[1], data).attenuation


def test_a_scheme_without_a_spread_is_refused() -> None:
    own = Scheme("ones", "0", "Nothing.", "Nobody.", lambda _, a, b: np.ones((a, b)))
    with pytest.raises(ValueError, match="scheme must say its spread; got Scheme"):
        mean_field((2, 5, 3), "tanh", 1.0, DATA, scheme=own)


# The law over draws


def test_random_gradients_are_a_scores_gradient_by_the_first_pre_activation() -> None:
    sizes, x, step = (2, 6, 5, 3), np.array([0.3, -0.4]), 1e-6
    found = random_gradients(sizes, "tanh", 0.7, x, 3)
    for seed, one in enumerate(found):
        network = Network.initialize(sizes, "tanh", scale=0.7, rng=seed)
        slopes = []
        for unit in range(6):  # a bias moves its z alone
            scores = []
            for sign in (1, -1):
                biases = [b.copy() for b in network.biases]
                biases[0][unit] = sign * step
                scores.append(network.with_parameters(network.weights, biases).scores([x])[0, 0])
            slopes.append((scores[0] - scores[1]) / (2 * step))
        assert one == pytest.approx(np.sum(np.square(slopes)), rel=1e-6)


def test_relus_gradients_follow_the_law_of_products() -> None:
    # Against the product of independent factors itself, drawn without any network.
    depth, width, draws = 20, 20, 400
    found = np.log(
        random_gradients((2, *[width] * depth, 3), "relu", None, [0.3, 0.4], draws, scheme="he")
    )
    rng = np.random.RandomState(0)
    on = rng.binomial(width, 0.5, (20_000, depth))
    exact = np.log(2 / width * rng.chisquare(on)).sum(axis=1)
    assert found.mean() == pytest.approx(exact.mean(), abs=4 * exact.std() / math.sqrt(draws))
    assert found.var() == pytest.approx(exact.var(), rel=4 * math.sqrt(2 / draws))
    # To first order it is 5 depth / width, and half of it below zero.
    assert exact.var() == pytest.approx(5 * depth / width, rel=0.3)
    assert exact.mean() == pytest.approx(-2.5 * depth / width, rel=0.2)


def test_a_network_without_a_hidden_layer_has_no_such_gradient() -> None:
    with pytest.raises(ValueError, match="sizes must name a hidden layer"):
        random_gradients((2, 3), "relu", 0.1, [0.3, 0.4], 2)
