from pathlib import Path

import numpy as np

from vanishing import Run, lecture, train, train_together

PUBLISHED = tuple(Path(__file__).with_name("published_log.txt").read_text().splitlines())


def test_all_published_lines_come_out(published_runs: list[Run]) -> None:
    lines = [line for run in published_runs for line in lecture.log(run)]
    assert len(PUBLISHED) == 102
    assert tuple(lines) == PUBLISHED


def test_single_precision_stays_close_to_the_published_losses(published_runs: list[Run]) -> None:
    data, *networks = lecture.setup()
    runs = train_together(networks, data, iterations=20_000, progress=False, dtype=np.float32)
    for narrow, wide in zip(runs, published_runs, strict=True):
        np.testing.assert_allclose(
            narrow.history.loss[::1000], wide.history.loss[:20_000:1000], atol=1e-4
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
