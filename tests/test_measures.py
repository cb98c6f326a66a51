from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import blob, network_of, problems

from vanishing import Dataset, History, Network, Trainer, gradients
from vanishing.measures import (
    MEASURES,
    Measure,
    as_measure,
    find_measure,
    rms_of_delta,
    share_of_progress,
    update_to_weight_ratio,
)

Arrays = list[np.ndarray]


def naive(
    weights: Arrays, dws: Arrays, deltas: Arrays, totals: Arrays, steps: list[float]
) -> dict[str, list[float]]:
    """Compute each measure entry by entry, as its definition says."""
    found: dict[str, list[float]] = {name: [] for name in MEASURES}
    for w, dw, delta, step in zip(weights, dws, deltas, steps, strict=True):
        fan_in, fan_out = w.shape
        total = sum(abs(float(x)) for x in dw.ravel())
        norm = sum(float(x) ** 2 for x in dw.ravel()) ** 0.5
        found["lecture statistic"].append(total / (fan_in + fan_out))
        found["mean absolute dW"].append(total / (fan_in * fan_out))
        found["norm of dW"].append(norm)
        found["RMS of delta"].append(np.mean([float(x) ** 2 for x in delta.ravel()]) ** 0.5)
        updates = [float(step * x) ** 2 for x in dw.ravel()]
        found["update-to-weight ratio"].append(
            sum(updates) ** 0.5 / sum(float(x) ** 2 for x in w.ravel()) ** 0.5
        )
    parts = [s * sum(float(x) ** 2 for x in g) for s, g in zip(steps, totals, strict=True)]
    found["share of progress"] = [part / sum(parts) if sum(parts) else np.nan for part in parts]
    return found


@settings(max_examples=40)
@given(problems(), st.data())
def test_measures_are_their_definitions(
    problem: tuple[Network, Dataset], data: st.DataObject
) -> None:
    network, points = problem
    layers = len(network.weights)
    steps = data.draw(st.lists(st.sampled_from([0.0, 0.01, 0.3]), min_size=layers, max_size=layers))
    trainer = Trainer(network, points, step_size=steps, regularization=0.05)
    expected = []
    for _ in range(3):
        now = trainer.network
        saved = gradients(now, points)
        full = gradients(now, points, regularization=0.05)
        totals = [np.append(dW.ravel(), db) for dW, db in zip(full.dW, full.db, strict=True)]
        expected.append(naive(now.weights, saved.dW, saved.deltas, totals, steps))
        trainer.advance(1)
    for name, measure in MEASURES.items():
        by_definition = np.array([row[name] for row in expected])
        np.testing.assert_allclose(measure(trainer.history), by_definition, rtol=1e-9, atol=1e-300)


def test_a_network_of_zeros_has_an_infinite_update_to_weight_ratio() -> None:
    network = Network([np.zeros((2, 3))], [np.zeros(3)])
    data = Dataset([[1.0, 2.0], [0.5, 1.0]], [0, 1])
    trainer = Trainer(network, data)
    trainer.advance(1)
    assert np.isinf(MEASURES["update-to-weight ratio"](trainer.history)).all()


def test_shares_of_progress_are_the_decrease_to_first_order() -> None:
    network, data = network_of((2, 5, 4, 3), "tanh"), blob(9)
    losses, shares = [], []
    for frozen in (None, 0, 1, 2):
        steps = [0.0 if layer == frozen else 1e-5 * (layer + 1) for layer in range(3)]
        trainer = Trainer(network, data, step_size=steps, regularization=0.1)
        trainer.advance(2)
        losses.append(float(np.diff(trainer.history.loss)[0]))
        shares.append(MEASURES["share of progress"](trainer.history)[0])
    np.testing.assert_allclose(shares[0].sum(), 1, rtol=1e-12)
    # Without a layer's step its share of the decrease is missing.
    missing = [1 - loss / losses[0] for loss in losses[1:]]
    np.testing.assert_allclose(shares[0], missing, rtol=1e-2)
    assert shares[1][0] == 0


def test_shares_do_not_underflow_and_are_nan_where_there_is_none() -> None:
    share = MEASURES["share of progress"]
    record = np.zeros((2, 13))
    record[0, -2:] = 3e-200, 4e-200
    history = History((2, 5, 3), 10, (0.1, 0.2), 0.01, np.arange(2), record)
    np.testing.assert_allclose(share(history)[0], [0.9 / 4.1, 3.2 / 4.1], rtol=1e-12)
    assert np.isnan(share(history)[1]).all()
    frozen = History((2, 5, 3), 10, (0.0, 0.0), 0.01, np.arange(2), record)
    assert np.isnan(share(frozen)).all()
    assert share(history.at([])).shape == (0, 2)


def test_a_function_of_ones_own_becomes_a_measure() -> None:
    def largest_of_all(history: History) -> np.ndarray:
        return history.gradient_norm * 2

    trainer = Trainer(network_of((2, 5, 3), "tanh"), blob(9))
    trainer.advance(3)
    own = as_measure(largest_of_all)
    assert isinstance(own, Measure)
    assert (own.name, own.label, own.formula) == ("largest of all", "largest of all", "")
    np.testing.assert_array_equal(own(trainer.history), trainer.history.gradient_norm * 2)
    assert as_measure(own) is own
    assert as_measure("norm of dW") is MEASURES["norm of dW"]
    assert as_measure(partial(largest_of_all)).name == "gradient size"
    with pytest.raises(ValueError, match=r"measure must be one of 'lecture statistic'.*'noise'"):
        as_measure("noise")
    with pytest.raises(TypeError, match=r"measure must be one of 'lecture statistic'.*got None"):
        as_measure(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["name", "label", "formula", "question", "deceives"])
def test_what_a_measure_says_is_text(part: str) -> None:
    words = {"name": "n", "label": "l", "formula": "", "question": "", "deceives": ""}
    own = Measure(**words, function=History.mean_absolute)
    assert own.formula == ""
    with pytest.raises(TypeError, match=f"{part} must be a .*; got 3$"):
        Measure(**{**words, part: 3}, function=History.mean_absolute)  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="function must be a function; got 'f'"):
        Measure(**words, function="f")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([["a", "b"]] * 3),
        np.ones((3, 2), bool),
        np.ones((2, 3)),
        np.ones(6),
        [[1.0, 2.0]] * 3,
        None,
    ],
)
def test_a_measure_must_return_a_number_for_each_row_and_layer(wrong: object) -> None:
    trainer = Trainer(network_of((2, 5, 3), "tanh"), blob(9))
    trainer.advance(3)
    with pytest.raises(ValueError, match=r"measure must return numbers of shape \(3, 2\); got"):
        as_measure(lambda _: wrong)(trainer.history)  # type: ignore[arg-type,return-value]
    assert as_measure(lambda _: np.ones((3, 2), int))(trainer.history).sum() == 6
    with pytest.raises(TypeError, match="history must be a History; got 'h'"):
        MEASURES["norm of dW"]("h")  # type: ignore[arg-type]


@pytest.mark.parametrize("function", [rms_of_delta, update_to_weight_ratio, share_of_progress])
def test_a_gauge_reads_histories_only(function: object) -> None:
    assert callable(function)
    with pytest.raises(TypeError, match="history must be a History; got 'h'"):
        function("h")


def test_the_first_measure_is_the_lectures() -> None:
    with pytest.raises(AttributeError):
        MEASURES["norm of dW"].label = "norm"  # type: ignore[misc]
    assert next(iter(MEASURES)) == "lecture statistic"
    assert all(name == measure.name for name, measure in MEASURES.items())
    assert len(MEASURES) == 6


def test_every_measure_documents_itself() -> None:
    for name, measure in MEASURES.items():
        assert find_measure(name) is measure
        assert find_measure(measure) is measure
        assert measure.question.endswith("?")
        assert min(map(len, (measure.label, measure.formula, measure.deceives))) > 5


def test_formulas_can_be_typeset() -> None:
    from matplotlib.mathtext import MathTextParser

    for measure in MEASURES.values():
        MathTextParser("path").parse(f"${measure.formula}$")
        assert "\\" in measure.formula
        assert "\\" not in measure.label  # which is read as it stands


@pytest.mark.parametrize(("wrong", "error"), [("loudness", ValueError), (3, TypeError)])
def test_an_unknown_measure_is_refused_with_the_known_ones(wrong: str, error: type) -> None:
    with pytest.raises(error, match=r"measure must be one of 'lecture statistic'.*got"):
        find_measure(wrong)
