import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vanishing import Run, Trainer, gradients, lecture, train, train_together
from vanishing.measures import MEASURES
from vanishing.units import saturated_fraction

PUBLISHED = tuple(Path(__file__).with_name("published_log.txt").read_text().splitlines())


@pytest.fixture(scope="module")
def published_runs() -> list[Run]:
    """Return the lecture's two runs: sigmoid, then ReLU, 50,000 iterations each."""
    data, *networks = lecture.setup()
    return train_together(networks, data, progress=False)


def test_all_published_lines_come_out(published_runs: list[Run]) -> None:
    lines = [line for run in published_runs for line in lecture.log(run)]
    assert len(PUBLISHED) == 102
    assert tuple(lines) == PUBLISHED


def test_a_record_of_every_thousandth_iteration_gives_the_same_log(
    published_runs: list[Run],
) -> None:
    data, *networks = lecture.setup()
    found: list[str] = []
    for network, whole in zip(networks, published_runs, strict=True):
        every = whole.history.record[::1000]
        found += lecture.log(replace(whole, history=whole.history.at(slice(None, None, 1000))))
        run = train(network, data, iterations=3001, record_every=1000, progress=False)
        np.testing.assert_array_equal(run.history.record, every[:4])
        assert lecture.log(run)[:-1] == lecture.log(whole)[:4]
    assert tuple(found) == PUBLISHED


def test_a_record_that_thins_itself_is_logged_where_thousandths_are_left() -> None:
    data, _, network = lecture.setup()
    trainer = Trainer(network, data, record_every=125, most_rows=10)
    trainer.advance(2100)
    assert trainer.history.iteration.tolist() == list(range(0, 2001, 250))
    assert lecture.log(trainer.result)[:-1] == PUBLISHED[51:54]


@pytest.mark.parametrize(("every", "lines"), [(500, 3), (300, 1), (1000, 3), (7, 1), (2000, 2)])
def test_only_thousandth_iterations_are_logged(every: int, lines: int) -> None:
    data, _, network = lecture.setup()
    run = train(network, data, iterations=2100, record_every=every, progress=False)
    whole = PUBLISHED[51:54]
    expected = [whole[i] for i in range(3) if 1000 * i % every == 0]
    found = lecture.log(run)
    assert list(found[:-1]) == expected
    assert len(expected) == lines
    assert found[-1] == f"training accuracy: {run.accuracy:.2f}"


def test_the_seed_is_a_seed() -> None:
    same = lecture.setup(np.int64(0))
    np.testing.assert_array_equal(same[2].weights[1], lecture.setup()[2].weights[1])
    for wrong in (None, np.random.RandomState(0), np.random.default_rng(0)):
        with pytest.raises(TypeError, match="seed must be a whole number from 0 to"):
            lecture.setup(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="run must be a Run; got None"):
        lecture.log(None)  # type: ignore[arg-type]


def test_the_trainers_usual_settings_are_the_lectures() -> None:
    usual = {name: one.default for name, one in inspect.signature(train).parameters.items()}
    assert usual["step_size"] == lecture.STEP_SIZE
    assert usual["regularization"] == lecture.REGULARIZATION
    assert usual["iterations"] == lecture.ITERATIONS
    assert lecture.setup()[1].activation.name == "sigmoid"
    assert lecture.setup()[2].activation.name == "relu"


def test_single_precision_stays_close_to_the_published_losses(published_runs: list[Run]) -> None:
    data, *networks = lecture.setup()
    runs = train_together(networks, data, iterations=5_000, progress=False, dtype=np.float32)
    for narrow, wide in zip(runs, published_runs, strict=True):
        np.testing.assert_allclose(
            narrow.history.loss[::1000], wide.history.loss[:5_000:1000], atol=1e-4
        )


def test_the_log_reads_as_published_whatever_the_length() -> None:
    data, network, _ = lecture.setup()
    log = lecture.log(train(network, data, iterations=1001, progress=False))
    assert str(log) == repr(log) == "\n".join([*PUBLISHED[:2], log[-1]])
    assert log[-1].startswith("training accuracy: 0.")


def test_the_three_are_drawn_from_one_stream() -> None:
    data, sigmoid_network, relu_network = lecture.setup()
    assert (len(data), data.classes) == (300, 3)
    assert sigmoid_network.sizes == relu_network.sizes == lecture.SIZES
    assert not np.array_equal(sigmoid_network.weights[0], relu_network.weights[0])
    assert not np.array_equal(lecture.setup(1)[0].points, data.points)


# What is true of the published runs


@pytest.fixture(scope="module")
def runs(published_runs: list[Run]) -> dict[str, Run]:
    return dict(zip(("sigmoid", "relu"), published_runs, strict=True))


ITERATIONS = (0, 10, 1000, 20_000)

TABLE = {
    ("sigmoid", "lecture statistic"): ("0.019", "0.42", "0.48", "0.44"),
    ("sigmoid", "mean absolute dW"): ("0.25", "5.5", "6.3", "5.7"),
    ("sigmoid", "norm of dW"): ("0.05", "0.99", "1.13", "0.90"),
    ("relu", "lecture statistic"): ("0.55", "0.59", "0.45", "0.53"),
    ("relu", "mean absolute dW"): ("7.1", "7.7", "5.8", "6.9"),
}


def printed_as(value: float, text: str) -> str:
    """Return the value with as many decimals as the text has."""
    return f"{value:.{len(text.partition('.')[2])}f}"


@pytest.mark.parametrize(("activation", "measure"), TABLE)
def test_ratio_of_first_to_second_layer(
    runs: dict[str, Run], activation: str, measure: str
) -> None:
    values = MEASURES[measure](runs[activation].history)
    expected = TABLE[activation, measure]
    found = [values[i, 0] / values[i, 1] for i in ITERATIONS]
    assert tuple(map(printed_as, found, expected)) == expected


DELTAS = {"sigmoid": ("0.16", "0.17", "0.25", "1.15"), "relu": ("0.51", "0.54", "2.1", "2.7")}


@pytest.mark.parametrize("activation", DELTAS)
def test_ratio_of_the_mean_absolute_error(activation: str) -> None:
    data, *networks = lecture.setup()
    trainer = Trainer(networks[list(DELTAS).index(activation)], data, record_every=1000)
    found = []
    for iteration in ITERATIONS:
        trainer.advance(iteration - trainer.iteration)
        first, second, _ = gradients(trainer.network, data).deltas
        found.append(np.abs(first).mean() / np.abs(second).mean())
    assert tuple(map(printed_as, found, DELTAS[activation])) == DELTAS[activation]


def test_the_divisor_makes_the_gap() -> None:
    plotted, true = (2 + 50) / (50 + 50), (2 * 50) / (50 * 50)
    assert plotted / true == pytest.approx(13.0)


def test_gradients_at_the_first_iteration(runs: dict[str, Run]) -> None:
    at_start = {name: run.history.mean_absolute()[0, 0] for name, run in runs.items()}
    assert f"{at_start['sigmoid']:.1e}" == "3.3e-04"
    assert f"{at_start['relu']:.1e}" == "2.4e-03"


def test_the_plateau(runs: dict[str, Run]) -> None:
    history = runs["sigmoid"].history
    assert history.regularization == 1e-3
    data_loss = history.loss - 0.5 * 1e-3 * (history.weight_norm**2).sum(axis=1)
    assert f"{data_loss[1000]:.3f}" == "1.089"


def test_the_end_of_the_published_runs(published_runs: list[Run]) -> None:
    sigmoid, relu = (run.history.mean_absolute()[-1, 0] for run in published_runs)
    assert f"{sigmoid:.1e}" == "9.7e-04"
    # ReLU's jitters from one iteration to the next.
    assert 5.0e-4 < relu < 5.5e-4
    data = lecture.setup()[0]
    at_end = saturated_fraction(published_runs[0].network, data)[0]
    assert f"{at_end:.1%}" == "0.7%"


def test_no_unit_of_the_first_layer_saturates_for_5000_iterations() -> None:
    data, network, _ = lecture.setup()
    trainer = Trainer(network, data)
    for _ in range(5):
        assert saturated_fraction(trainer.network, data)[0] == 0
        trainer.advance(1000)
    assert saturated_fraction(trainer.network, data)[0] == 0
