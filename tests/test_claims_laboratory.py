"""What notebook 11 says of widths, over its six draws of data and weights."""

import numpy as np
import pytest

from vanishing.experiment import Experiment, Settings


@pytest.mark.parametrize(("width", "learns"), [(2, False), (8, True)])
def test_two_units_a_layer_are_too_few_and_eight_are_enough(width: int, learns: bool) -> None:
    for seed in range(6):
        settings = Settings("relu", sizes=(2, width, width, 3), seed=seed, step_size=0.3)
        experiment = Experiment(settings)
        experiment.advance(3000)
        assert (experiment.trainers[0].loss < np.log(3) / 3) == learns
