"""Draw the picture at the top of the README: both runs of the lecture, trained anew.

python tools/draw_overview.py
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt

from vanishing import figures, lecture, train_together

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "overview.png"


def draw(path: Path = PICTURE, iterations: int = 50_000) -> None:
    """Train the lecture's two networks, draw them and save the picture."""
    data, *networks = lecture.setup()
    runs = train_together(networks, data, iterations=iterations)
    with plt.rc_context(figures.STYLE):
        figure, axes = plt.subplots(2, 2, figsize=(10, 8.5), height_ratios=[3, 2])
        for run, (top, bottom) in zip(runs, axes.T, strict=True):
            kind = run.network.activation
            figures.decision_regions(top, run.network, data)
            figures.caption(top, f"{figures.label(kind)}: {run.accuracy:.0%} of the points right")
            figures.gradient_curves(bottom, run.history, variant=kind)
            figures.caption(bottom, "The lecture's gauge of its gradients")
            bottom.legend()
        axes[1, 0].sharey(axes[1, 1])
        axes[1, 1].autoscale(axis="y")
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    draw()
