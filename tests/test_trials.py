"""Runs that are made where they are carried out, and planes of an experiment's settings."""

import pickle

import numpy as np
import pytest

from vanishing import Goal, Job, Variant, sweep, train
from vanishing.experiment import Settings
from vanishing.planes import DIVERGED, Axis, Line, explore, log_axis
from vanishing.trials import SettingsPlane, Trial, level_line, penalty_line, settings_plane
from vanishing.workers import processes

SMALL = Settings("relu", sizes=(2, 10, 10, 3), points_per_class=20, seed=3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("step", [None, 0.3])
def test_a_trial_is_the_run_of_its_settings(dtype: type, step: float | None) -> None:
    settings = Settings(
        Variant("tanh", step_size=step),
        sizes=(2, 10, 3),
        points_per_class=20,
        step_size=0.2,
        scale=0.4,
        regularization=0.01,
        seed=2,
        draw=1,
    )
    trials = [Trial(settings, 60, None, dtype, 7), Trial(settings, 900, Goal(0.45), dtype)]
    data, (network,) = settings.start()
    jobs = [
        Job(network, data, trial.iterations, step or 0.2, 0.01, dtype, trial.record_every, goal)
        for trial, goal in zip(trials, (None, Goal(0.45)), strict=True)
    ]
    executor = processes(2)
    made = dict(sweep(trials, executor=executor, workers=2, progress=False))
    expected = dict(sweep(jobs, progress=False))
    for number, run in expected.items():
        np.testing.assert_array_equal(made[number].history.record, run.history.record)
        np.testing.assert_array_equal(made[number].network.weights[1], run.network.weights[1])
        assert made[number].iterations == run.iterations
    assert made[1].iterations < 900
    alone = train(
        network,
        data,
        step_size=step or 0.2,
        regularization=0.01,
        iterations=60,
        dtype=dtype,
        record_every=7,
        progress=False,
    )
    np.testing.assert_array_equal(made[0].history.record, alone.history.record)


def test_a_trial_clips_as_its_variant_says() -> None:
    settings = Settings(Variant("relu", clip_norm=0.01), sizes=(2, 10, 3), points_per_class=20)
    (clipped,) = dict(sweep([Trial(settings, 5)], progress=False)).values()
    data, (network,) = settings.start()
    expected = train(network, data, iterations=5, clip_norm=0.01, progress=False)
    np.testing.assert_array_equal(clipped.network.weights[0], expected.network.weights[0])


def test_little_is_sent_for_a_trial() -> None:
    trial = Trial(Settings("relu"), 1000, Goal(0.9), np.float32, 10**9)
    assert len(pickle.dumps(trial)) < 3000


def test_a_plane_of_settings_varies_those_two_and_nothing_else() -> None:
    depths = Axis("hidden_layers", (1, 3))
    plane = settings_plane(SMALL, depths, log_axis("scale", 0.1, 1, 2), iterations=30, level=0.8)
    assert isinstance(plane, SettingsPlane)
    assert plane.shape == (2, 2)
    for column, depth in enumerate((1, 3)):
        for row, scale in enumerate((0.1, 1.0)):
            at = plane.settings_at(column, row)
            assert at == SMALL.changed("hidden_layers", depth).changed("scale", scale)
            trial = plane.job(depth, scale)
            assert isinstance(trial, Trial)
            assert trial.settings == at
            assert (trial.iterations, trial.until) == (30, Goal(accuracy=0.8))
            assert trial.dtype == np.float32
    with pytest.raises(ValueError, match="column must be a whole number from 0 to 1; got 2"):
        plane.settings_at(2, 0)


def test_single_precision_hardly_changes_where_runs_end() -> None:
    sides = log_axis("step_size", 0.03, 3, 3), log_axis("scale", 0.1, 1, 3)
    single, double = (
        explore(settings_plane(SMALL, *sides, iterations=300, dtype=dtype), progress=False)
        for dtype in (np.float32, np.float64)
    )
    np.testing.assert_array_equal(single.kind, double.kind)
    np.testing.assert_allclose(single.reached, double.reached, rtol=0.11)


@pytest.mark.parametrize("regularization", [1e-3, 0.1])
def test_beyond_the_penaltys_line_every_run_diverges(regularization: float) -> None:
    line = penalty_line(regularization)
    assert isinstance(line, Line)
    assert line.x == (2 / regularization,) * 2
    settings = SMALL.changed("regularization", regularization)
    steps = Axis("step_size", (0.05 * line.x[0], 1.2 * line.x[0], 5 * line.x[0]))
    scales = log_axis("scale", 1e-3, 0.1, 3)
    survey = explore(settings_plane(settings, steps, scales, iterations=600), progress=False)
    assert np.all(survey.kind[:, 1:] == DIVERGED)
    assert np.all(survey.kind[:, 0] != DIVERGED)


@pytest.mark.parametrize(("name", "gain"), [("tanh", 1), ("sigmoid", 4), ("relu", 2**0.5)])
def test_the_level_line_is_the_gain_over_the_root_of_the_width(name: str, gain: float) -> None:
    line = level_line(Settings(name, sizes=(2, 30, 30, 3)))
    np.testing.assert_allclose(line.y, gain / np.sqrt(30), rtol=1e-3)
    assert line.x[0] < 1e-9 < 1e9 < line.x[1]


def test_bad_arguments_are_named() -> None:
    steps, scales = log_axis("step_size", 0.1, 1, 2), log_axis("scale", 0.1, 1, 2)
    with pytest.raises(ValueError, match="settings must have one variant"):
        settings_plane(Settings(("relu", "tanh")), steps, scales)
    with pytest.raises(ValueError, match="y must vary something else than x; got 'scale'"):
        settings_plane(SMALL, scales, scales)
    with pytest.raises(ValueError, match="name must be one of"):
        settings_plane(SMALL, Axis("colour", (1, 2)), scales)
    with pytest.raises(ValueError, match="scale must be"):
        settings_plane(SMALL, steps, Axis("scale", (1, 1e9)))
    for variant in (Variant("tanh", scheme="glorot"), Variant("tanh", scale=0.2)):
        with pytest.raises(ValueError, match="y must vary what has an effect; got 'scale'"):
            settings_plane(Settings(variant), steps, scales)
    with pytest.raises(ValueError, match="x must vary what has an effect; got 'step_size'"):
        settings_plane(Settings(Variant("tanh", step_size=0.1)), steps, scales)
    for count in (0, 1.5):
        with pytest.raises((TypeError, ValueError), match=f"iterations must be .*got {count}"):
            Trial(SMALL, count)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="until must be a Goal; got"):
        Trial(SMALL, 5, 0.9)  # type: ignore[arg-type]
