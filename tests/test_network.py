import numpy as np
import pytest
import recipe

from vanishing import Dataset, Network, spiral


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
        ({"scale": 0}, ValueError, "scale must be a finite positive number; got 0"),
        ({"scale": -0.1}, ValueError, "scale must be.*got -0.1"),
        ({"scale": float("nan")}, ValueError, "scale must be.*got nan"),
        ({"scale": float("inf")}, ValueError, "scale must be.*got inf"),
        ({"scale": None}, TypeError, "scale must be.*got None"),
        ({"scale": [0.1, 0.2]}, TypeError, "scale must be.*got"),
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
    with pytest.raises(TypeError, match=r"weights\[0\] must be an array of numbers"):
        Network([[["a"]]], [b])
    with pytest.raises(ValueError, match=r"weights\[0\] must be a non-empty array"):
        Network([b], [b])


def test_points_must_fit_the_network() -> None:
    network = Network.initialize((2, 3), rng=0)
    with pytest.raises(ValueError, match=r"points must be .*\(n, 2\); got shape \(4, 3\)"):
        network.scores(np.ones((4, 3)))
