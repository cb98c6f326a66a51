import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vanishing import Run, Trainer, lecture, train, train_together

PUBLISHED = tuple(Path(__file__).with_name("published_log.txt").read_text().splitlines())


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
