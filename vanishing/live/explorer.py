"""The explorer: networks that train while you watch, under sliders that start them anew."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from vanishing._checks import one_of, whole_number
from vanishing.experiment import PARTS, SHAPES, Experiment, Settings
from vanishing.lecture import ITERATIONS
from vanishing.live.controls import CONTROLS, NONE
from vanishing.live.map_panels import MOST_POINTS
from vanishing.live.panels import checked_panels, find_panels
from vanishing.live.picture import DRAWN, Panel
from vanishing.live.player import checked_iterations
from vanishing.live.runs import RunExplorer, check_names
from vanishing.live.scenes import LOSS_AXES, ExperimentScene, PastRun
from vanishing.live.widget import checked_controls, checked_width
from vanishing.measures import MEASURES, Measure, MeasureLike, as_measure
from vanishing.variant import Variant, VariantLike

LOOKS = ("measure", "loss_axis", "unit_layer")
"""What is changed by a control without a new run."""

PRESETS: dict[str, dict[str, Any]] = {
    "the lecture": {},
    "the plateau": {"scale": 0.001},
    "dead ReLUs": {"step_size": 3.16},
    "diverging": {"step_size": 3160.0},
    "exploding": {"sizes": (2, 50, 50, 50, 50, 50, 3), "scale": 1.0, "step_size": 0.001},
}
"""What each preset changes in the lecture's settings."""


@dataclass(frozen=True)
class View:
    """How an explorer looks; what stands here is what it takes if nothing else is said.

    Parameters
    ----------
    controls, panels, measure, loss_axis, unit_layer, iterations, picture_width
        As for `Explorer`.
    """

    controls: Sequence[str] = ("step_size", "scale")
    panels: Sequence[str | type[Panel]] = ("regions", "loss", "gradients")
    measure: MeasureLike = "lecture statistic"
    loss_axis: str = LOSS_AXES[0]
    unit_layer: int = 1
    iterations: int = ITERATIONS
    picture_width: int = DRAWN

    def __post_init__(self) -> None:
        self._settle("controls", checked_controls(self.controls, CONTROLS))
        self._settle("panels", checked_panels(self.panels))
        self._settle("measure", as_measure(self.measure))
        self._settle("loss_axis", one_of("loss_axis", self.loss_axis, LOSS_AXES))
        layer = whole_number(
            "unit_layer", self.unit_layer, at_least=1, at_most=SHAPES["hidden_layers"]
        )
        self._settle("unit_layer", layer)
        self._settle("iterations", checked_iterations(self.iterations))
        self._settle("picture_width", checked_width(self.picture_width))

    def _settle(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


USUAL, LECTURE = View(), Settings()
"""What an explorer shows and trains where nothing else is said."""


class Explorer(RunExplorer[Experiment]):
    """Networks that train while you watch; every slider starts them anew.

    Parameters
    ----------
    variants : sequence of str, Activation or Variant
        One network each, on the same data, and from the same weights where shapes and schemes are
        the same. An activation, or its name, stands for the network that differs in it alone.
    controls : sequence of str
        Which sliders and lists to show: some of "step_size", "scale", "regularization", "noise",
        "points_per_class", "activation", "scheme", "residual", "normalization",
        "hidden_layers", "width", "dataset", "seed", "loss_axis", "measure", "unit_layer".
    panels : sequence of str or subclass of Panel
        What to draw: names in `vanishing.live.panels.PANELS`, or classes of your own.
    measure : str, Measure or callable
        How a gradient's size is read: a name in `vanishing.measures.MEASURES`, or one of your own.
    loss_axis : str
        "logarithmic" or "linear".
    unit_layer : int
        Which hidden layer the panel "units" shows, from 1 on; the last, where there are fewer.
    iterations : int
        Where training ends.
    picture_width : int
        Pixels that the picture is drawn with, from 200 to 4000: the more, the finer. How large it
        is shown, the window decides.
    **settings
        The other fields of `vanishing.experiment.Settings`: sizes, step_size, scale,
        regularization, noise, points_per_class, seed, draw, data, dataset. What is left out is the
        lecture's; `data` are points of your own in place of the spiral.

    Attributes
    ----------
    controls, buttons : dict of str to widget
        What can be moved and pressed, by name.
    presets : Dropdown
        Settings worth seeing, by name.
    share : str
        The line of Python that recreates exactly this state. Things of your own stand in it by
        their names: `data`, your panels' classes, your measures and activations.

    Raises
    ------
    TypeError, ValueError
        If an argument is not what is described above.
    """

    catalogue = CONTROLS
    usual = (LECTURE, USUAL)
    known_presets = PRESETS
    seen_at_once = frozenset({"scale", "scheme", "residual", "normalization"})
    arguments: ClassVar[frozenset[str]] = frozenset(
        one.name for kind in (Settings, View) for one in fields(kind)
    )

    def __init__(
        self,
        variants: Sequence[VariantLike] | VariantLike = LECTURE.variants,
        *,
        controls: Sequence[str] = USUAL.controls,
        panels: Sequence[str | type[Panel]] = USUAL.panels,
        measure: MeasureLike = USUAL.measure,
        loss_axis: str = USUAL.loss_axis,
        unit_layer: int = USUAL.unit_layer,
        iterations: int = USUAL.iterations,
        picture_width: int = USUAL.picture_width,
        **settings: Any,
    ) -> None:
        wanted = checked_settings(variants, settings)
        view = View(controls, panels, measure, loss_axis, unit_layer, iterations, picture_width)
        check_effects(view.controls, wanted)
        # What is looked at changes without a new run.
        self._looks: dict[str, Any] = {name: getattr(view, name) for name in LOOKS}
        self._measures = {**MEASURES, self._measure.name: self._measure}
        super().__init__(wanted, view, find_panels(view.panels))

    def begin(self, wanted: Settings) -> Experiment:
        """Return the data and the trainers."""
        return Experiment(wanted)

    def remember(self, experiment: Experiment) -> PastRun:
        """Return what stays of a run: its curves."""
        return PastRun.of(experiment, experiment.settings.variants)

    def shown(self, name: str) -> Any:
        """Return what a field of the view is by now."""
        return self._looks.get(name, super().shown(name))

    # What sliders, buttons and lists do.

    @property
    def _measure(self) -> Measure:
        found: Measure = self._looks["measure"]
        return found

    def setting(self, name: str) -> Any:
        """Return what a control is to show."""
        if name == "measure":
            return self._measure.name
        if name in LOOKS:
            return self._looks[name]
        if name == "activation":
            first = self.wanted.variants[0]
            return first.short if first.is_named else Variant(first.name, first.activation).short
        if name in PARTS:
            # The first that it has an effect on.
            value = getattr(min(self.wanted.variants, key=lambda one: one.is_named), name)
            return NONE if value is None else value
        return super().setting(name)

    def moved(self, name: str, value: Any) -> None:
        """Begin anew; another measure is read off the same run."""
        if name in LOOKS:
            self._looks[name] = self._measures[value] if name == "measure" else value
            self.express(self.wish)
        else:
            super().moved(name, None if value == NONE else value)

    def preset_settings(self, name: str) -> Settings:
        """Return the settings of that name, for the networks and the data that there are."""
        shown_now = self.wanted.variants
        needs_relu = "ReLU" in name and not any(map(_is_relu, shown_now))
        variants = (Variant("relu"),) if needs_relu else shown_now
        # The lecture's ReLU network has the second set of weights.
        draw = int(variants == (Variant("relu"),))
        own = {"variants": variants, "draw": draw, "data": self.wanted.data}
        return Settings(**{**own, **PRESETS[name]})

    def offered_presets(self) -> list[str]:
        """Return the names in the list: of ReLU only where there is one, or may be."""
        has_relu = any(map(_is_relu, self.wanted.variants)) or "activation" in self.controls
        return [name for name in PRESETS if has_relu or "ReLU" not in name]

    # What is shown.

    @property
    def scene(self) -> ExperimentScene:
        """What the picture shows."""
        return ExperimentScene(
            self.experiment,
            self._measure,
            self.limit,
            self.past,
            self.looked_at,
            self._looks["loss_axis"],
            self._looks["unit_layer"],
        )

    def remarks(self) -> list[str]:
        """Say what is shown, and which controls do not tell all."""
        settings = self.experiment.settings
        found = super().remarks()
        if "width" in self.controls and len(set(settings.sizes[1:-1])) > 1:
            widths = ", ".join(map(str, settings.sizes[1:-1]))
            found.append(f"The hidden layers have {widths} units; the slider shows the first.")
        for name in self.controls:
            own = [variant.label for variant in settings.variants if _has_own(variant, name)]
            if own:
                label = self.controls[name].description
                found.append(f"{label}: of no effect on {', '.join(own)}.")
        return found

    @property
    def words(self) -> str:
        """Where each network stands, one line each."""
        standings = self.experiment.standings(self._measure, iteration=self.looked_at)
        return "\n".join(f"{one.variant.label}: {one}" for one in standings)


def checked_settings(variants: Any, settings: dict[str, Any]) -> Settings:
    """Return settings from what an explorer was given for them."""
    check_names(settings, Settings, Explorer)
    wanted = Settings(variants, **settings)
    whole_number("points_per_class", wanted.points_per_class, at_least=1, at_most=MOST_POINTS)
    return wanted


FREES = {"scale": "scheme"}
"""Which other control can give one its effect back."""


def check_effects(controls: Sequence[str], settings: Settings) -> None:
    """Raise where a control would change nothing."""
    for name in controls:
        of_data = name in ("noise", "points_per_class", "dataset") and settings.data is not None
        of_all = all(_has_own(variant, name) for variant in settings.variants)
        if of_data or (of_all and not {"activation", FREES.get(name)} & set(controls)):
            whose = "data of your own" if of_data else "variants that have their own"
            raise ValueError(f"controls must have an effect; got {name!r} beside {whose}")


def _is_relu(variant: Variant) -> bool:
    return variant.activation == "relu"


def _has_own(variant: Variant, name: str) -> bool:
    """Tell whether a variant goes its own way where a control would lead."""
    if name == "scale":
        return variant.scale is not None or variant.scheme != "normal"
    if name in PARTS:
        return variant.is_named
    if name in ("step_size", "hidden_layers"):
        return getattr(variant, name) is not None
    return False
