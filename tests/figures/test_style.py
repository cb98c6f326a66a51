"""The same thing looks the same everywhere, whatever tells one network from another."""

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from vanishing import ACTIVATIONS, Activation, Variant, figures

SINE = Activation("sine", np.sin, np.cos)


def test_style_is_legible_from_the_last_row() -> None:
    with mpl.rc_context(figures.STYLE):
        figure, ax = plt.subplots()
        ax.plot([0, 1], label="a")
        legend = ax.legend()
        ax.set_title("left", loc=None)
        figure.canvas.draw()
        texts = [*ax.get_xticklabels(), *ax.get_yticklabels(), *legend.get_texts(), ax.xaxis.label]
        assert min(text.get_fontsize() for text in texts) == 12
        assert ax.xaxis.label.get_fontsize() == mpl.rcParams["font.size"] == 13
        assert ax.get_title(loc="left") == "left"
        assert ax.title.get_fontsize() == 14
        assert ax.lines[0].get_linewidth() == 2
        assert legend.get_frame().get_alpha() == 0.9
        plt.close(figure)


def test_style_is_quiet_and_clips_nothing() -> None:
    with mpl.rc_context(figures.STYLE):
        figure, ax = plt.subplots()
        figure.canvas.draw()
        assert figure.dpi == 80  # so that a notebook's pictures stay small
        assert figure.get_constrained_layout()
        assert {name for name, spine in ax.spines.items() if spine.get_visible()} == {
            "left",
            "bottom",
        }
        (line, *_) = ax.get_xgridlines()
        assert line.get_visible()
        assert to_rgb(line.get_color()) == (0.88, 0.88, 0.88)
        assert ax.get_axisbelow()
        white = {to_hex(figure.get_facecolor()), to_hex(mpl.rcParams["savefig.facecolor"])}
        assert white == {"#ffffff"}
        assert mpl.rcParams["image.cmap"] == "cividis"
        plt.close(figure)


@pytest.mark.parametrize(
    ("variant", "color", "label"),
    [
        ("sigmoid", "#0072B2", "sigmoid"),
        ("relu", "#D55E00", "ReLU"),
        ("leaky_relu", "#CC79A7", "leaky ReLU"),
        (ACTIVATIONS["tanh"], "#009E73", "tanh"),
        (SINE, "#000000", "sine"),
        (Variant("with shortcut", "relu", color="teal"), "teal", "with shortcut"),
    ],
)
def test_a_kind_of_network_has_its_colour_and_its_name(
    variant: Any, color: str, label: str
) -> None:
    assert figures.color(variant) == color
    assert figures.label(variant) == label


def test_every_class_has_its_own_colour_and_marker_and_none_an_activations() -> None:
    looks = [figures.class_style(label) for label in range(10)]
    colors = [color for color, _ in looks] + [figures.color(name) for name in ACTIVATIONS]
    assert len({to_rgb(color) for color in colors}) == 14
    assert len({marker for _, marker in looks}) == 10
    assert figures.class_style(10) == looks[0]
    # The notebooks' prose says: circles, squares and triangles.
    assert looks[:3] == [("#E69F00", "o"), ("#56B4E9", "s"), ("#832DB6", "^")]


def test_the_first_layer_is_solid_the_second_dashed_the_third_dotted() -> None:
    styles = [figures.layer_style(layer) for layer in range(1, 11)]
    assert styles[:3] == ["solid", (0, (4, 1.5)), (0, (1, 1))]
    assert len(set(map(str, styles))) == 10
    assert figures.layer_style(11) == "solid"
    assert all(offset == 0 and min(dashes) >= 1 for offset, dashes in styles[1:])


def test_a_caption_leaves_what_is_empty_as_it_is() -> None:
    ax = Figure().add_subplot()
    figures.caption(ax, "title", "across", "up")
    figures.caption(ax, y="higher")
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("title", "across", "higher")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.layer_style(0), "layer must be a whole number, at least 1; got 0"),
        (lambda: figures.layer_style(1.5), r"layer must be a whole number.*; got 1\.5"),
        (lambda: figures.class_style(-1), "label must be a whole number, at least 0; got -1"),
        (lambda: figures.color("step"), "variant must be one of 'sigmoid'.*; got 'step'"),
        (lambda: figures.label(None), "variant must be one of .*; got None"),
        (
            lambda: figures.color(Variant("relu", color="reddish")),
            "variant must have a colour of Matplotlib's; got 'reddish'",
        ),
        (
            lambda: figures.label(Variant("relu", line="wavy")),
            "line must be a line style of Matplotlib's; got 'wavy'",
        ),
        (
            lambda: figures.label(Variant("relu", line=3)),
            "line must be a line style of Matplotlib's; got 3",
        ),
        (
            lambda: figures.label(Variant("relu", line=(0, ("a", "b")))),
            "variant must have a line style of Matplotlib's; got",
        ),
        (
            lambda: figures.label(Variant("relu", line=("a", (1, 2)))),
            "variant must have a line style of Matplotlib's; got",
        ),
        (
            lambda: figures.label(Variant("relu", line=(0, (None, 1)))),
            "variant must have a line style of Matplotlib's; got",
        ),
        (lambda: figures.caption([], "a"), r"ax must be a Matplotlib Axes; got \[\]"),
        (lambda: figures.caption(Figure().add_subplot(), 5), "title must be a text; got 5"),
        (lambda: figures.caption(Figure().add_subplot(), x=None), "x must be a text; got None"),
        (lambda: figures.caption(Figure().add_subplot(), y=b"y"), "y must be a text; got b'y'"),
    ],
)
def test_what_cannot_be_drawn_is_named(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()
