import itertools
from typing import Any

import numpy as np
import pytest
import recipe
from problems import KINDS, blob, network_of

from vanishing import Dataset, Network, Trainer, spiral
from vanishing.layers import EPSILON
from vanishing.network import LARGEST_SCALE, check_fit, layer_scales

Kind = tuple[float | None, str | None]


def test_initialize_follows_the_recipe() -> None:
    sizes = (2, 7, 5, 4)
    network = Network.initialize(sizes, "tanh", scale=0.3, rng=np.random.RandomState(5))
    drawn = recipe.draw_weights(np.random.RandomState(5), sizes, 0.3)
    for ours, theirs in zip(network.weights, drawn, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [b.tolist() for b in network.biases] == [[0] * 7, [0] * 5, [0] * 4]
    assert network.sizes == sizes
    assert repr(network) == "Network(2-7-5-4, tanh)"


@pytest.mark.parametrize("activation", sorted(recipe.FUNCTIONS))
def test_scores_layer_by_layer(activation: str) -> None:
    network = Network.initialize((2, 6, 4, 3), activation, scale=1, rng=1)
    network.biases[0] += 0.5
    points = np.random.default_rng(0).normal(size=(11, 2))
    function = recipe.FUNCTIONS[activation][0]
    z1 = points @ network.weights[0] + 0.5
    z2 = function(z1) @ network.weights[1]
    scores = function(z2) @ network.weights[2]
    for ours, theirs in zip(network.pre_activations(points), (z1, z2, scores), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    np.testing.assert_array_equal(network.predict(points), scores.argmax(axis=1))


def test_accuracy_counts_the_right_answers() -> None:
    network = Network([np.eye(2)], [np.zeros(2)])
    data = Dataset([[1, 0], [1, 0], [0, 1], [0, 1]], [0, 1, 1, 1])
    assert network.accuracy(data) == 0.75


def test_copies_share_nothing() -> None:
    network = Network.initialize((2, 4, 3), rng=0)
    for other in (network.copy(), network.with_activation("relu")):
        other.weights[0][:] = 7
        other.biases[0][:] = 7
        assert network.weights[0].max() < 7
        assert network.biases[0].max() == 0
    assert network.with_activation("relu").activation.name == "relu"
    np.testing.assert_array_equal(network.with_activation("relu").weights[1], network.weights[1])


def test_huge_weights_raise_no_warning() -> None:
    network = Network.initialize((2, 50, 50, 3), scale=1e4, rng=0)
    assert np.isfinite(network.scores(spiral(rng=0).points)).all()


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"sizes": (2,)}, ValueError, r"sizes must name two layers or more.*got \(2,\)"),
        ({"sizes": 3}, TypeError, "sizes must be a sequence of whole numbers; got 3"),
        ({"sizes": "2-50-3"}, TypeError, "sizes must be a sequence"),
        ({"sizes": (2, 0, 3)}, ValueError, r"sizes\[1\] must be a whole number.*got 0"),
        ({"sizes": (2, 5.5, 3)}, TypeError, r"sizes\[1\] must be a whole number.*got 5.5"),
        ({"sizes": (2, 5, 1)}, ValueError, "sizes must end with the number of classes"),
        ({"activation": "gelu"}, ValueError, "activation must be one of.*got 'gelu'"),
        ({"scale": 0}, ValueError, "scale must be a finite positive number.*got 0"),
        ({"scale": -0.1}, ValueError, "scale must be.*got -0.1"),
        ({"scale": float("nan")}, ValueError, "scale must be.*got nan"),
        ({"scale": float("inf")}, ValueError, "scale must be.*got inf"),
        ({"scale": 1.1e6}, ValueError, r"scale must be.*at most 1e\+06; got 1100000.0"),
        ({"scale": "a"}, TypeError, "scale must be a sequence of numbers; got 'a'"),
        ({"scale": {0.1}}, TypeError, r"scale must be a finite positive number.*got \{0.1\}"),
        ({"scale": [0.1] * 3}, ValueError, "scale must be one number, or 2 of them.*got"),
        ({"scale": [0.1, 0]}, ValueError, r"scale\[1\] must be a finite positive.*got 0"),
        ({"scale": [1e7, 1]}, ValueError, r"scale\[0\] must be .*at most 1e\+06; got 10000000"),
        ({"residual": 0}, ValueError, "residual must be a finite positive number; got 0"),
        ({"normalization": "group"}, ValueError, "one of 'batch', 'layer' or None; got 'group'"),
        ({"scheme": "xavier"}, ValueError, "scheme must be one of.*got 'xavier'"),
        ({"rng": "x"}, TypeError, "rng must be a seed"),
    ],
)
def test_bad_arguments(arguments: dict, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        Network.initialize(**{"sizes": (2, 4, 3), **arguments})


def test_parameters_must_fit_each_other() -> None:
    w, b = np.ones((2, 3)), np.ones(3)
    with pytest.raises(ValueError, match=r"biases\[0\] must have shape \(3,\).*got \(2,\)"):
        Network([w], [np.ones(2)])
    with pytest.raises(ValueError, match=r"weights\[1\] must have 3 rows.*got 2"):
        Network([w, w], [b, b])
    with pytest.raises(ValueError, match="one array a layer; got 2 and 1"):
        Network([w, w.T], [b])
    with pytest.raises(TypeError, match=r"weights\[0\] must be an array of real numbers"):
        Network([[["a"]]], [b])
    with pytest.raises(ValueError, match=r"weights\[0\] must be .* shape \(fan_in, fan_out\); got"):
        Network([b], [b])
    with pytest.raises(ValueError, match=r"biases\[0\] must be .* shape \(fan_out,\); got shape"):
        Network([w], [w])
    with pytest.raises(ValueError, match="one array a layer; got 0 and 0"):
        Network([], [])
    with pytest.raises(TypeError, match="weights must be a list of arrays, one a layer; got array"):
        Network(w, [b])  # type: ignore[arg-type]


def test_points_must_fit_the_network() -> None:
    network = Network.initialize((2, 3), rng=0)
    with pytest.raises(ValueError, match=r"points must have shape \(n, 2\); got shape \(4, 3\)"):
        network.scores(np.ones((4, 3)))


# Of every kind


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(2, 4, 4, 4), (4, 4, 4, 3), (3, 3, 4, 4, 2)])
def test_each_kind_computes_what_its_formula_says(kind: Kind, sizes: tuple[int, ...]) -> None:
    network, points = network_of(sizes, "tanh", *kind), blob(9, sizes[0]).points
    residual, normalization = kind
    h, inputs, pre = points, [], []
    for layer, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        last = layer == len(sizes) - 2
        a = h @ w
        if normalization and not last:
            axis = 0 if normalization == "batch" else 1
            centred = a - a.mean(axis, keepdims=True)
            a = centred / np.sqrt((centred**2).mean(axis, keepdims=True) + EPSILON)
        inputs.append(h)
        pre.append(a + b)
        branch = np.tanh(a + b)
        # A shortcut leads where as much comes out as went in, but never around the scores.
        h = h + residual * branch if residual and w.shape[0] == w.shape[1] else branch
    found = network.forward(points)
    for ours, theirs in zip(itertools.chain(*found), inputs + pre, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(network.scores(points), found[1][-1])
    p = network.probabilities(points)
    expected = np.exp(pre[-1]) / np.exp(pre[-1]).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p, expected, rtol=1e-12)


def test_shortcuts_lead_where_widths_are_equal() -> None:
    network = network_of((3, 3, 4, 4, 4), "tanh", 0.5)
    assert [network.shortcut(layer) for layer in range(4)] == [0.5, None, 0.5, None]
    plain = network_of((3, 3, 4, 4, 4), "tanh")
    assert [plain.shortcut(layer) for layer in range(4)] == [None] * 4
    for wrong in (-1, 4):
        with pytest.raises(
            ValueError, match=f"layer must be a whole number from 0 to 3; got {wrong}"
        ):
            network.shortcut(wrong)


def test_sizes_are_the_widths_of_all_layers() -> None:
    assert network_of((2, 7, 5, 4), "tanh").sizes == (2, 7, 5, 4)


def test_a_network_is_told_from_another_in_a_line() -> None:
    told = [repr(network_of((2, 3, 3), "tanh", *kind)) for kind in KINDS]
    assert told[1] == "Network(2-3-3, tanh, layer normalization)"
    assert told[3] == "Network(2-3-3, tanh, residual)"
    assert told[8] == "Network(2-3-3, tanh, residual 0.5, batch normalization)"


@pytest.mark.parametrize("kind", KINDS)
def test_copies_keep_the_kind(kind: Kind) -> None:
    network, points = network_of((2, 4, 4, 3), "tanh", *kind), blob(9).points
    fitted = network.fitted(blob(9))
    for one in (network, fitted):
        np.testing.assert_array_equal(one.copy().scores(points[:4]), one.scores(points[:4]))
    narrow = fitted.astype(np.float32)
    assert {a.dtype for a in (*narrow.weights, *narrow.biases)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(narrow.scores(points), fitted.scores(points), atol=1e-5)
    others = (
        network.with_parameters(network.weights, network.biases),
        network.with_activation("relu").with_activation("tanh"),
        fitted.with_activation("relu").with_activation("tanh"),
        fitted.unfitted(),
    )
    for same in others:
        assert repr(same) == repr(network)
        np.testing.assert_array_equal(same.scores(points[:4]), network.scores(points[:4]))
    doubled = network.with_parameters([2 * w for w in network.weights], network.biases)
    assert doubled.weights[1][0, 0] == 2 * network.weights[1][0, 0]


def test_a_narrow_network_answers_in_its_precision() -> None:
    network = network_of((2, 4, 3), "tanh").astype("float32")
    assert network.scores(blob(4).points).dtype == np.float32
    with pytest.raises(ValueError, match=r"dtype must be numpy.float64 or numpy.float32; got"):
        network.astype(int)


# Batch normalization's statistics


def test_fitted_statistics_are_those_of_the_data() -> None:
    network, data = network_of((2, 5, 4, 3), "tanh", None, "batch"), blob(20)
    fitted = network.fitted(data)
    np.testing.assert_allclose(fitted.scores(data.points), network.scores(data.points), rtol=1e-12)
    assert network.statistics is None
    assert fitted.statistics is not None
    inputs, _ = network.forward(data.points)
    for layer, (mean, deviation) in enumerate(fitted.statistics):
        a = inputs[layer] @ network.weights[layer]
        np.testing.assert_allclose(mean[0], a.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(deviation[0], np.sqrt(a.var(axis=0) + EPSILON), rtol=1e-12)
    assert len(fitted.statistics) == 2
    # Fitted anew, the old statistics are forgotten.
    again = fitted.fitted(blob(30, seed=4))
    fresh = network.fitted(blob(30, seed=4))
    np.testing.assert_array_equal(again.scores(data.points), fresh.scores(data.points))


@pytest.mark.parametrize("residual", [None, 1.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_trained_networks_answer_does_not_depend_on_the_other_points(
    residual: float | None, dtype: type
) -> None:
    data = spiral(20, rng=0)
    trainer = Trainer(
        network_of((2, 6, 6, 3), "tanh", residual, "batch"), data, step_size=1, dtype=dtype
    )
    trainer.advance(200)
    network = trainer.network
    tolerance = 1e-10 if dtype is np.float64 else 1e-3
    together = network.scores(data.points)
    assert together.dtype == dtype
    for i in (0, 7, 30):
        alone = network.scores(data.points[i : i + 1])
        np.testing.assert_allclose(alone[0], together[i], atol=tolerance)
    assert network.accuracy(data) == trainer.accuracy == trainer.result.accuracy
    right = network.unfitted().predict(data.points) == data.labels
    assert trainer.accuracy == pytest.approx(right.mean(), abs=0 if dtype is np.float64 else 0.02)
    assert trainer.accuracy > 0.5


@pytest.mark.parametrize("normalization", [None, "layer"])
def test_without_batch_normalization_there_is_nothing_to_fit(normalization: str | None) -> None:
    network = network_of((2, 5, 3), "tanh", None, normalization)
    assert network.fitted(blob(5)).statistics is None
    assert network.fitted(blob(5)) is not network


# What does not fit


def test_statistics_must_fit_the_hidden_layers() -> None:
    fitted = network_of((2, 5, 4, 3), "tanh", None, "batch").fitted(blob(20))
    assert fitted.statistics is not None
    one, other = fitted.statistics
    network = fitted.unfitted()

    def made(statistics: Any) -> Network:
        given = network.weights, network.biases, "tanh"
        return Network(*given, normalization="batch", statistics=statistics)

    points = blob(9).points
    np.testing.assert_array_equal(made([one, other]).scores(points), fitted.scores(points))
    with pytest.raises(ValueError, match="statistics must be 2 pairs, one a hidden layer; got 1"):
        made([one])
    says = r"statistics\[0\] must be arrays of shape \(1, 5\); got shape \(1, 4\)"
    with pytest.raises(ValueError, match=says):
        made([other, one])
    with pytest.raises(ValueError, match=says):
        made([(one[0], other[1]), other])
    # With other weights they would be those of another network.
    assert fitted.with_parameters(fitted.weights, fitted.biases).statistics is None


def test_data_must_fit_the_network() -> None:
    network = network_of((2, 5, 3), "tanh")
    check_fit(network, Dataset([[0.0, 1.0]], [2]))
    check_fit(network, Dataset([[0.0, 1.0]], [0]))
    with pytest.raises(ValueError, match=r"data must have labels from 0 to 2, .*scores; got 3$"):
        check_fit(network, Dataset([[0.0, 1.0]], [3]))
    with pytest.raises(ValueError, match=r"data must have points of 2 coordinates, .*; got 1$"):
        check_fit(network, Dataset([[0.0]], [0]))
    with pytest.raises(TypeError, match="network must be a Network; got 'net'"):
        check_fit("net", blob(3))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="data must have labels from 0 to 2"):
        network.fitted(Dataset([[0.0, 1.0]], [3]))
    for call in (check_fit, Network.accuracy, Network.fitted):
        with pytest.raises(TypeError, match="data must be a Dataset; got None"):
            call(network, None)


def test_one_scale_for_all_or_one_a_layer() -> None:
    scales: list[tuple[Any, list[float]]] = [
        (0.5, [0.5, 0.5]),
        (np.float64(0.5), [0.5, 0.5]),
        (LARGEST_SCALE, [1e6, 1e6]),
        ((1, 2.5), [1.0, 2.5]),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
    ]
    for scale, expected in scales:
        found = layer_scales(scale, 2)
        assert found == expected
        assert {type(one) for one in found} == {float}


def test_a_network_is_equal_to_itself_only() -> None:
    network = network_of((2, 4, 3), "tanh")
    assert network == network
    assert len({network, network, network.copy()}) == 2


def test_points_need_not_be_two_dimensional() -> None:
    network = network_of((3, 4, 2), "relu")
    assert network.probabilities(np.zeros((5, 3))).sum() == pytest.approx(5)


def test_the_usual_network_is_the_lectures() -> None:
    network = Network.initialize((2, 5, 3), rng=1)
    assert network.activation.name == "sigmoid"
    np.testing.assert_array_equal(network.weights[0], 0.1 * np.random.RandomState(1).randn(2, 5))
    assert network.residual is network.normalization is None
    assert Network(network.weights, network.biases).activation.name == "sigmoid"
    first, second = (Network.initialize((2, 5, 3)).weights[0] for _ in range(2))
    assert not np.array_equal(first, second)
