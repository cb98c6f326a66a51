import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from problems import EVERY_ACTIVATION, KINDS, SOFTSIGN, blob, network_of, problems

from vanishing import Activation, Dataset, Network, Trainer, gradients, lecture
from vanishing.ledger import Ledger, cause, ledger, ledgers
from vanishing.units import dead_units, saturated_fraction

Problem = tuple[Network, Dataset]
hidden = problems(least_hidden=1, widest=12)
hidden_of_any_kind = problems(least_hidden=1, widest=8, plain=False)


def softmax_error(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (p / p.sum(axis=1, keepdims=True) - np.eye(scores.shape[1])[labels]) / len(labels)


@given(hidden_of_any_kind)
def test_books_balance(problem: Problem) -> None:
    network, data = problem
    books = ledger(network, data)
    assert books.imbalance < 1e-12
    if books.norms[0] > 0 and np.isfinite(books.shortcut).all():
        ratio = books.norms[0] / books.norms[-1]
        factors = (books.weights, books.slopes, books.normalization, books.shortcut)
        product = math.prod(math.prod(of) for of in factors)
        assert product == pytest.approx(ratio, rel=1e-12)
        assert books.attenuation == ratio
        np.testing.assert_allclose(books.norms[1:] * books.factors, books.norms[:-1], rtol=1e-12)


def by_hand(network: Network, data: Dataset) -> dict[str, list[float]]:
    """Go back through a network in plain steps, with every norm taken on the way."""
    residual, normalization = network.residual, network.normalization
    axis = 0 if normalization == "batch" else 1
    h, kept = data.points, []
    for layer, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        a = h @ w
        last = layer == len(network.weights) - 1
        deviation = np.sqrt(a.var(axis, keepdims=True) + 1e-5)
        y = (a - a.mean(axis, keepdims=True)) / deviation
        normal = normalization is not None and not last
        z = (y if normal else a) + b
        kept.append((z, y, deviation, normal))
        around = residual is not None and not last and w.shape[0] == w.shape[1]
        h = (h if around else 0) + (residual if around else 1) * network.activation(z)
    error = softmax_error(kept[-1][0], data.labels)
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    norms, arrived = [np.linalg.norm(error)], None
    for layer in range(len(network.weights) - 1, 0, -1):
        w, (_, y, deviation, normal) = network.weights[layer], kept[layer]
        a = error
        if normal:
            n = error.shape[axis]
            a = error - error.sum(axis, keepdims=True) / n
            a = (a - y * (error * y).sum(axis, keepdims=True) / n) / deviation
        u = a @ w.T
        last = layer == len(network.weights) - 1
        around = residual is not None and not last and w.shape[0] == w.shape[1]
        v = u + arrived if around else u
        below = network.weights[layer - 1].shape
        scale = residual if residual is not None and below[0] == below[1] else 1
        delta = scale * v * network.activation.slope(kept[layer - 1][0])
        ways = [np.linalg.norm(x) for x in (error, a, u, v, delta)]
        for i, name in enumerate(NAMES):
            found[name].insert(0, ways[i + 1] / ways[i])
        norms.insert(0, ways[-1])
        error, arrived = delta, v
    return {**found, "norms": norms}


NAMES = ("normalization", "weights", "shortcut", "slopes")


@pytest.mark.parametrize("f", EVERY_ACTIVATION, ids=lambda f: f.name)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(2, 5, 5, 5, 4, 3), (4, 4, 4, 4), (2, 5, 4, 3)])
def test_each_factor_is_what_its_step_did(
    sizes: tuple[int, ...], kind: tuple[float | None, str | None], f: Activation
) -> None:
    network, data = network_of(sizes, f, *kind), blob(9, sizes[0])
    books = ledger(network, data)
    for name, values in by_hand(network, data).items():
        np.testing.assert_allclose(getattr(books, name), values, rtol=1e-11, err_msg=name)
    assert (books.sizes, books.activation) == (sizes, network.activation)
    if kind[0] is None:
        assert (books.shortcut == 1).all()
    if kind[1] is None:
        assert (books.normalization == 1).all()
    expected = [np.linalg.norm(delta) for delta in gradients(network, data).deltas]
    np.testing.assert_allclose(books.norms, expected, rtol=1e-11)
    np.testing.assert_allclose(books.saturated, saturated_fraction(network, data))
    units = np.array(sizes[1:-1])
    np.testing.assert_allclose(books.dead, np.array(dead_units(network, data)) / units)
    assert {a.shape for a in (books.saturated, books.dead, *books.columns.values())} == {
        (len(sizes) - 2,)
    }


def test_dead_units_are_blamed_in_the_layer_where_they_are() -> None:
    # All units are on, but of the second hidden layer's five four are shut by their biases.
    weights = [0.3 * np.eye(5)] * 3 + [np.array([[0.5, -0.5]] * 5)]
    biases = [np.ones(5), np.array([1.0, -9, -9, -9, -9]), np.ones(5), np.zeros(2)]
    data = Dataset(np.random.RandomState(0).uniform(0, 1, (4, 5)), np.array([0, 1, 1, 1]))
    books = ledger(Network(weights, biases, "relu"), data)
    assert books.dead.tolist() == [0, 0.8, 0]
    np.testing.assert_allclose(books.slopes, [1, np.sqrt(0.2), 1])
    assert books.causes == ("small weights", "small weights and dead units", "healthy")


def test_kept_statistics_and_precision_do_not_enter() -> None:
    network, data = network_of((2, 5, 5, 3), "tanh", 1.0, "batch"), blob(9)
    expected = ledger(network, data)
    fitted = ledger(network.fitted(blob(30, seed=3)), data)
    assert fitted.norms.tolist() == expected.norms.tolist()
    narrow = ledger(network.astype(np.float32), data)
    exact = ledger(network.astype(np.float32).astype(np.float64), data)
    np.testing.assert_array_equal(narrow.norms, exact.norms)
    assert narrow.norms.dtype == np.float64
    assert narrow.imbalance < 1e-12


@given(hidden)
def test_factors_are_their_definitions(problem: Problem) -> None:
    network, data = problem
    books = ledger(network, data)
    pre = network.pre_activations(data.points)
    delta = softmax_error(pre[-1], data.labels)
    assume(np.abs(delta).max() > 1e-200)
    for layer in range(len(network.weights) - 2, -1, -1):
        # One example and one unit after the other: u_j = sum over k of W_jk delta_k.
        w = network.weights[layer + 1]
        u = np.array([[sum(w[j] * row) for j in range(len(w))] for row in delta])
        before, delta = delta, u * network.activation.slope(pre[layer])
        if not 1e-100 < np.linalg.norm(delta) < 1e100:
            break
        weights, slopes = np.linalg.norm(u) / np.linalg.norm(before), np.linalg.norm(delta)
        assert books.weights[layer] == pytest.approx(weights, rel=1e-6)
        assert books.slopes[layer] == pytest.approx(slopes / np.linalg.norm(u), rel=1e-6)


@given(hidden)
def test_norms_are_those_of_backpropagation(problem: Problem) -> None:
    network, data = problem
    # Far out the training's fast slope 1 - tanh^2 has an absolute error of one rounding.
    assume(all(np.abs(z).max() < 5 for z in network.pre_activations(data.points)[:-1]))
    expected = [np.linalg.norm(delta) for delta in gradients(network, data).deltas]
    np.testing.assert_allclose(ledger(network, data).norms, expected, rtol=1e-7, atol=1e-14)


@given(hidden)
def test_slopes_never_enlarge_beyond_the_largest(problem: Problem) -> None:
    network, data = problem
    slopes = ledger(network, data).slopes
    assert np.all(slopes[np.isfinite(slopes)] <= network.activation.largest_slope * (1 + 1e-12))


# Causes


def words(network: Network) -> tuple[str, ...]:
    return ledger(network, lecture.setup()[0]).causes


@pytest.mark.parametrize(
    ("activation", "scale", "expected"),
    [
        ("sigmoid", 0.1, "unsaturated, but times 1/4 at most"),
        ("sigmoid", 0.01, "small weights and unsaturated, but times 1/4 at most"),
        ("relu", 0.01, "small weights"),
        ("relu", 0.14, "healthy"),
        ("tanh", 0.14, "healthy"),
        ("relu", 3.0, "grows"),
    ],
)
def test_causes_of_random_networks(activation: str, scale: float, expected: str) -> None:
    network = Network.initialize((2, 50, 50, 50, 3), activation, scale=scale, rng=0)
    assert words(network) == (expected,) * 3


def test_large_biases_saturate() -> None:
    network = lecture.setup()[1]
    network.biases[0][:] = 8.0
    assert words(network)[0] == "saturated"


def test_a_falling_or_steep_activation_of_ones_own() -> None:
    half = Activation(
        "half", lambda z: np.tanh(z) / 2, lambda z: 0.5 - np.tanh(z) ** 2 / 2, None, 0.5
    )
    steep = Activation("steep", lambda z: np.tanh(2 * z), np.cos, None, 2.0)
    tall = Activation("tall", np.tanh, np.cos, None, np.inf)
    found = [cause(f, 0.9, 0.3, arrives=1.0, dead=0.0) for f in (half, steep, tall)]
    assert found == ["unsaturated, but times 1/2 at most", "saturated", "saturated"]
    assert cause(steep, 0.3, 1.01, arrives=1.0, dead=0.0) == "small weights"
    assert (
        cause(steep, 1.2, 1.0, arrives=1.0, dead=0.0, shortcut=0.2) == "slopes below 1 and shortcut"
    )
    assert cause(SOFTSIGN, 0.9, 0.3, arrives=1.0, dead=0.0) == "units off"  # has no bounds it knows


def test_a_dead_layer_lets_nothing_through() -> None:
    data, _, network = lecture.setup()
    network.biases[1][:] = -100.0
    books = ledger(network, data)
    assert books.slopes[1] == 0
    assert np.isnan([books.weights[0], books.slopes[0]]).all()
    assert (books.attenuation, books.imbalance, books.norms[0]) == (0, 0, 0)
    assert books.causes == ("no error arrives", "dead units")
    assert dead_units(network, data)[1] == 50
    assert "dead units" in str(books)


def test_weights_of_zero_let_nothing_through() -> None:
    network = Network([np.ones((2, 4)), np.zeros((4, 3))], [np.zeros(4), np.zeros(3)], "relu")
    books = ledger(network, lecture.setup()[0])
    assert books.weights[0] == 0
    assert np.isnan(books.slopes[0])
    assert books.causes == ("small weights",)


def test_units_that_are_off_where_the_error_is() -> None:
    assert cause("relu", 0.9, 0.2, arrives=1.0, dead=0.1) == "units off"
    assert cause("relu", 0.9, 0.2, arrives=1.0, dead=0.6) == "dead units"
    assert cause("tanh", 0.6, 0.52, arrives=1.0, dead=0.0) == "slopes below 1"


@pytest.mark.parametrize(
    ("factors", "others", "expected"),
    [
        # A step is healthy while it multiplies by 1/3 to 3, whatever its factors.
        ((1 / 3, 1.0), {}, "healthy"),
        ((0.333, 1.0), {}, "small weights"),
        ((3.0, 1.0), {}, "healthy"),
        ((3.01, 1.0), {}, "grows"),
        ((0.01, 50.0), {}, "healthy"),
        ((10.0, 1.0), {"shortcut": 0.1}, "healthy"),
        ((10.0, 1.0), {"normalization": 0.1}, "healthy"),
        ((1.0, 1.0), {"shortcut": 3.5}, "grows"),
        # Else every factor up to 1/2 is named, or the smaller one.
        ((0.5, 0.5), {}, "small weights and saturated"),
        ((0.51, 0.5), {}, "saturated"),
        ((0.5, 0.51), {}, "small weights"),
        ((0.55, 0.6), {}, "small weights"),
        ((0.52, 0.51), {}, "saturated"),
        ((0.55, 0.55), {}, "small weights and saturated"),
        ((0.6, 0.9), {"shortcut": 0.49}, "small weights and shortcut"),
        ((0.9, 0.6), {"normalization": 0.49}, "saturated and normalization"),
        ((0.55, 0.9), {"normalization": 0.5, "shortcut": 0.51}, "small weights"),
        # Where nothing comes through.
        ((0.0, math.nan), {}, "small weights"),
        ((math.nan, math.nan), {"normalization": 0.0}, "normalization"),
        ((0.0, 0.9), {"shortcut": math.inf}, "around the layer only"),
        ((1.0, 0.0), {}, "dead units"),
    ],
)
def test_what_a_step_did_in_words(
    factors: tuple[float, float], others: dict[str, float], expected: str
) -> None:
    # A slope of 0.6 is "saturated" for the tall function: its largest one is 2.
    tall = Activation("tall", np.tanh, np.cos, None, 2.0)
    assert cause(tall, *factors, arrives=1e-300, dead=0.0, **others) == expected
    for nothing in (0.0, math.nan):
        assert cause(tall, *factors, arrives=nothing, dead=1.0, **others) == "no error arrives"


@pytest.mark.parametrize(
    ("activation", "slopes", "dead", "expected"),
    [
        ("sigmoid", 0.124, 0.0, "saturated"),
        ("sigmoid", 0.125, 0.0, "unsaturated, but times 1/4 at most"),
        ("sigmoid", 0.25, 0.49, "unsaturated, but times 1/4 at most"),
        ("sigmoid", 0.25, 0.5, "dead units"),
        ("tanh", 0.49, 0.0, "saturated"),
        ("tanh", 0.5, 0.0, "slopes below 1"),
        ("relu", 0.3, 0.49, "units off"),
        ("relu", 0.3, 0.5, "dead units"),
        ("relu", 0.0, 0.0, "dead units"),
        ("leaky_relu", 0.01, 0.0, "units off"),
    ],
)
def test_the_slopes_cause(activation: str, slopes: float, dead: float, expected: str) -> None:
    assert cause(activation, 0.6, slopes, arrives=1.0, dead=dead) == expected


def test_an_unknown_activation_has_no_cause() -> None:
    with pytest.raises(ValueError, match=r"activation must be one of .*got 'gelu'"):
        cause("gelu", 1.0, 1.0, arrives=1.0, dead=0.0)


# The whole way


def books_of(norms: list[float], **columns: Any) -> Ledger:
    """Return books with these norms; every factor 1 where it is not given."""
    steps = len(norms) - 1
    factors = {name: np.ones(steps) for name in (*NAMES, "saturated", "dead")}
    factors |= {name: np.array(of) for name, of in columns.items()}
    network = network_of((2, *[3] * steps, 3), "tanh")
    causes = tuple(f"cause {i}" for i in range(steps))
    return Ledger(network.sizes, network.activation, np.array(norms), causes=causes, **factors)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (0.0, "vanishes"),
        (0.0099, "vanishes"),
        (0.01, "arrives"),
        (1.0, "arrives"),
        (100.0, "arrives"),
        (101.0, "explodes"),
        (math.inf, "explodes"),
    ],
)
def test_the_verdict_is_on_the_whole_way(first: float, expected: str) -> None:
    books = books_of([first, 7.0, 1.0])
    assert books.verdict == expected
    assert books.attenuation == first
    assert books.per_layer == pytest.approx(math.sqrt(first))


def test_books_are_closed() -> None:
    books = books_of([1.0, 1.0])
    assert len({books, books, books_of([1.0, 1.0])}) == 2
    with pytest.raises(AttributeError):
        books.sizes = (2, 3)  # type: ignore[misc]


def test_without_an_error_there_is_no_verdict() -> None:
    books = books_of([0.0, 0.0, 0.0])
    assert books.verdict == "no error"
    assert math.isnan(books.attenuation)
    assert books.imbalance == 0


def test_the_imbalance_is_what_the_factors_miss() -> None:
    assert books_of([0.5, 0.5, 2.0], weights=[0.5, 0.5]).imbalance == 0
    assert books_of([0.5, 0.5, 2.0], weights=[0.5, 0.4]).imbalance == pytest.approx(0.2)
    assert books_of([0.5, 0.5, 2.0], weights=[0.5, 0.6]).imbalance == pytest.approx(0.2)
    around = books_of([0.5, 0.5, 2.0], weights=[0.0, 1.0], shortcut=[math.inf, 1.0])
    assert around.imbalance == 0
    assert np.isnan(around.factors[0])
    factors = {name: [2.0, 0.5] for name in NAMES}
    assert books_of([1.0, 1.0, 1.0], **factors).factors.tolist() == [16, 1 / 16]


def test_books_out_of_balance_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "imbalance", 1.1e-12)
    with pytest.raises(ArithmeticError, match=r"out of balance by a share of 1\.1e-12"):
        ledger(network_of((2, 4, 3), "tanh"), blob(5))
    monkeypatch.setattr(Ledger, "imbalance", 0.9e-12)
    ledger(network_of((2, 4, 3), "tanh"), blob(5))


def test_the_table_reads_from_the_scores_down() -> None:
    text = str(books_of([0.0005, 0.02, 0.1], weights=[0.123, 4.0], slopes=[0.25, 0.05]))
    assert text.splitlines() == [
        "layer  weights   slopes       norm  cause",
        "    3                      1.0e-01  (scores)",
        "    2      x 4   x 0.05    2.0e-02  cause 1",
        "    1   x 0.12   x 0.25    5.0e-04  cause 0",
        "first / last layer: 0.005, x 0.071 a layer: the error vanishes",
    ]
    text = str(books_of([1.0, 1.0, 1.0], shortcut=[2.0, 1.0], normalization=[1.0, 0.5]))
    assert text.splitlines() == [
        "layer  normalization  weights  shortcut   slopes       norm  cause",
        "    3                                               1.0e+00  (scores)",
        "    2          x 0.5      x 1       x 1      x 1    1.0e+00  cause 1",
        "    1            x 1      x 1       x 2      x 1    1.0e+00  cause 0",
        "first / last layer: 1, x 1 a layer: the error arrives",
    ]


def test_columns_are_those_that_do_anything_in_the_errors_order() -> None:
    assert list(books_of([1.0, 1.0]).columns) == ["weights", "slopes"]
    whole = books_of([1.0, 1.0], shortcut=[2.0], normalization=[3.0], weights=[4.0], slopes=[5.0])
    assert {name: of.tolist() for name, of in whole.columns.items()} == {
        "normalization": [3],
        "weights": [4],
        "shortcut": [2],
        "slopes": [5],
    }
    assert list(whole.columns) == ["normalization", "weights", "shortcut", "slopes"]


def test_a_shortcut_around_weights_of_zero() -> None:
    network = network_of((2, 4, 4, 3), "tanh", 1.0)
    network.weights[1][:] = 0
    books = ledger(network, blob(9))
    assert (books.weights[0], books.shortcut[0]) == (0, np.inf)
    assert books.causes[0] == "around the layer only"
    assert books.norms[0] > 0
    assert books.imbalance == 0
    assert "x inf" in str(books)


@pytest.mark.parametrize("sizes", [(2, 1, 1, 3), (2, 4, 1, 1, 3)])
def test_a_normalization_of_one_unit_lets_nothing_through(sizes: tuple[int, ...]) -> None:
    books = ledger(network_of(sizes, "tanh", None, "layer"), blob(9))
    assert books.normalization[-2] == 0
    assert books.causes[-2] == "normalization"
    assert books.attenuation == 0
    assert (books.shortcut == 1).all()


def test_where_nothing_arrives_parts_that_are_not_there_stay_1() -> None:
    network = Network([np.ones((2, 4)), np.zeros((4, 3))], [np.zeros(4), np.zeros(3)], "relu")
    books = ledger(network, lecture.setup()[0])
    assert (books.normalization.tolist(), books.shortcut.tolist()) == ([1], [1])
    assert list(books.columns) == ["weights", "slopes"]


def test_one_hidden_layer_has_one_step() -> None:
    network = Network.initialize((2, 20, 3), rng=0)
    books = ledger(network, lecture.setup()[0])
    assert books.weights.shape == books.slopes.shape == (1,)
    assert books.norms.shape == (2,)


def test_table_names_every_layer() -> None:
    data, network, _ = lecture.setup()
    lines = str(ledger(network, data)).splitlines()
    assert [line.split()[0] for line in lines] == ["layer", "3", "2", "1", "first"]
    assert lines[-1].startswith("first / last layer: 0.023, x 0.15 a layer: the error arrives")


# What cannot be accounted for


def test_a_linear_network_is_refused() -> None:
    network = Network.initialize((2, 3), rng=0)
    with pytest.raises(ValueError, match=r"network must have a hidden layer; got sizes \(2, 3\)"):
        ledger(network, lecture.setup()[0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_diverged_network_is_refused(value: float) -> None:
    data, network, _ = lecture.setup()
    network.weights[1][3, 4] = value
    with pytest.raises(ValueError, match="network must have finite weights and biases"):
        ledger(network, data)
    network.weights[1][3, 4], network.biases[0][7] = 0, value
    with pytest.raises(ValueError, match="network must have finite weights and biases"):
        ledger(network, data)


def test_overflowing_scores_are_refused() -> None:
    data, _, network = lecture.setup()
    for w in network.weights:
        w *= 1e150
    with pytest.raises(ValueError, match="network must give finite scores"):
        ledger(network, data)


def test_errors_that_overflow_on_their_way_back_are_refused() -> None:
    data, network, _ = lecture.setup()
    # Forward, the first layer makes the numbers small enough for the others.
    first, second, third = network.weights
    weights = [1e-300 * first, 1e160 * second, 1e160 * third]
    with pytest.raises(ValueError, match="network must have a finite error; got"):
        ledger(Network(weights, network.biases, "relu"), data)


def test_data_that_do_not_fit_are_refused() -> None:
    network = Network.initialize((3, 5, 3), rng=0)
    with pytest.raises(ValueError, match=r"data must have points of 3 coordinates"):
        ledger(network, lecture.setup()[0])
    with pytest.raises(TypeError, match="network must be a Network"):
        ledger(None, lecture.setup()[0])  # type: ignore[arg-type]


# Over training time


def test_ledgers_follow_a_run() -> None:
    data, network, _ = lecture.setup()
    found = ledgers(Trainer(network, data), data, [0, 3, 10])
    trainer = Trainer(network, data)
    trainer.advance(3)
    assert found[0].norms.tolist() == ledger(network, data).norms.tolist()
    assert found[1].norms.tolist() == ledger(trainer.network, data).norms.tolist()
    trainer.advance(7)
    assert found[2].norms.tolist() == ledger(trainer.network, data).norms.tolist()
    assert len(found) == 3
    with pytest.raises(ValueError, match="iterations must be a whole number, at least 10"):
        ledgers(trainer, data, [2])
    with pytest.raises(TypeError, match="trainer must be a Trainer; got Network"):
        ledgers(network, data, [2])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="iterations must be a sequence of whole numbers; got 5"):
        ledgers(trainer, data, 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="points of 2 coordinates"):
        ledgers(trainer, Dataset([[1.0]], [0]), [5])
    assert trainer.iteration == 10
    assert ledgers(trainer, data, [10, 11])[0].norms.tolist() == found[2].norms.tolist()
    assert trainer.iteration == 11


def test_ledgers_end_where_a_run_diverges() -> None:
    data, _, network = lecture.setup()
    trainer = Trainer(network, data, step_size=1e6, regularization=1.0)
    assert len(ledgers(trainer, data, [0, 1000])) == 1
