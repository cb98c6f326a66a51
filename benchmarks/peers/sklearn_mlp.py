"""scikit-learn's MLPClassifier. It keeps the loss of each iteration, but no gradients."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from peers.task import Advance, Record, Task


def prepare(task: Task) -> Advance:
    """Return what fits further, from the weights reached."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    points, weights, _ = task.start()
    n = len(points)
    model = MLPClassifier(
        [w.shape[1] for w in weights[:-1]],
        {"sigmoid": "logistic", "relu": "relu"}[task.activation],
        solver="sgd",
        alpha=task.regularization * n,  # It divides the penalty by the size of the batch.
        batch_size=n,
        learning_rate_init=task.step_size,
        momentum=0,
        shuffle=False,
        tol=0,
        n_iter_no_change=np.inf,
        max_iter=1,
        warm_start=True,
    ).fit(points, task.labels)
    for ours, theirs in zip(weights, model.coefs_, strict=True):
        theirs[:] = ours
    for b in model.intercepts_:
        b[:] = 0

    def advance(iterations: int) -> Record:
        model.set_params(max_iter=iterations).fit(points, task.labels)
        return Record(np.array(model.loss_curve_[-iterations:]))

    return advance
