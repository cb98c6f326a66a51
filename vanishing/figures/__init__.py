"""Matplotlib figures: each function draws on the axes it is given and returns what it drew.

The same thing looks the same everywhere: one hue a network, one line style a layer, one colour
and marker a class. In a notebook, `plt.rcParams.update(figures.STYLE)` makes everything legible
on a projector.

`style` says how things look, `regions` draws the plane, `units` the hidden units over it, `curves`
what changes over iterations, `ledgers` the account of the error's way back, `time` that through
time, `maps` what comes of many runs.
"""

from vanishing.figures.curves import (
    CURVE_BUCKETS,
    MARKER,
    averaged,
    band,
    chance_line,
    gradient_curves,
    iteration_axis,
    loss_curve,
    marked,
    measured,
    size_against_loss,
    thinned,
)
from vanishing.figures.ledgers import (
    BARS,
    DROP,
    FLOOR,
    NUMBER,
    POINTS_PER_INCH,
    cut_off,
    decades,
    draw_bars,
    layer_histograms,
    ledger_over_time,
    name_nothing,
    numbered_layers,
    theory_and_measurement,
    waterfall,
    waterfall_bars,
)
from vanishing.figures.maps import PlaneMap, cell_colors, plane_map
from vanishing.figures.regions import (
    DecisionRegions,
    RegionMap,
    decision_regions,
    move_points,
    points,
)
from vanishing.figures.style import (
    CLASS_COLORS,
    CLASS_MARKERS,
    LAYER_STYLES,
    STYLE,
    caption,
    class_style,
    color,
    label,
    layer_style,
)
from vanishing.figures.time import (
    GATED_LOOKS,
    accuracy_over_distance,
    cell_look,
    contributions_over_lag,
    error_over_lag,
    gates_over_time,
    ledger_through_time,
    mean_gates,
    tinted_sentence,
)
from vanishing.figures.units import UnitMap, Units, hidden_units

__all__ = [
    "BARS",
    "CLASS_COLORS",
    "CLASS_MARKERS",
    "CURVE_BUCKETS",
    "DROP",
    "FLOOR",
    "GATED_LOOKS",
    "LAYER_STYLES",
    "MARKER",
    "NUMBER",
    "POINTS_PER_INCH",
    "STYLE",
    "DecisionRegions",
    "PlaneMap",
    "RegionMap",
    "UnitMap",
    "Units",
    "accuracy_over_distance",
    "averaged",
    "band",
    "caption",
    "cell_colors",
    "cell_look",
    "chance_line",
    "class_style",
    "color",
    "contributions_over_lag",
    "cut_off",
    "decades",
    "decision_regions",
    "draw_bars",
    "error_over_lag",
    "gates_over_time",
    "gradient_curves",
    "hidden_units",
    "iteration_axis",
    "label",
    "layer_histograms",
    "layer_style",
    "ledger_over_time",
    "ledger_through_time",
    "loss_curve",
    "marked",
    "mean_gates",
    "measured",
    "move_points",
    "name_nothing",
    "numbered_layers",
    "plane_map",
    "points",
    "size_against_loss",
    "theory_and_measurement",
    "thinned",
    "tinted_sentence",
    "waterfall",
    "waterfall_bars",
]
