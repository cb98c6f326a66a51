"""The explorer: networks that train while you watch, under sliders that start them anew."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import ipywidgets as widgets

from vanishing._checks import listed, one_of, whole_number
from vanishing.data import Dataset
from vanishing.experiment import PARTS, SHAPES, Experiment, Settings
from vanishing.lecture import ITERATIONS
from vanishing.live.controls import CONTROLS, NONE
from vanishing.live.panels import (
    LOSS_AXES,
    MOST_POINTS,
    ExperimentScene,
    PastRun,
    checked_panels,
    find_panels,
)
from vanishing.live.picture import DRAWN, Panel
from vanishing.live.player import Player, checked_iterations
from vanishing.live.widget import checked_controls, checked_width
from vanishing.measures import MEASURES, Measure, MeasureLike, as_measure
from vanishing.variant import Variant, VariantLike, as_variant

OWN = "(own settings)"

LOOKED_AT = 0.7
"""Seconds after which a run is one that was looked at, and not a place that a slider passed."""

LONG = 1000
"""A run of so many iterations is one, however fast they were made."""

LOOKS = ("measure", "loss_axis", "unit_layer")
"""What is changed by a control without a new run."""

MOST_KEPT = 5
"""More pale curves than of so many runs cannot be told apart."""

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


class Explorer(Player):
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
    offered = ("toggle", "step", "rewind", "redraw", "reset", "keep", "clear")
    steers_time = True
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
        self._view = View(
            controls, panels, measure, loss_axis, unit_layer, iterations, picture_width
        )
        check_effects(self._view.controls, wanted)
        # What is looked at changes without a new run.
        self._looks: dict[str, Any] = {name: getattr(self._view, name) for name in LOOKS}
        self._measures = {**MEASURES, self._measure.name: self._measure}
        self._name = self._recreate(wanted)
        self._experiment: Experiment | None = None
        self._previous: PastRun | None = None
        self._kept: tuple[PastRun, ...] = ()
        self._begun = 0.0
        super().__init__(
            wanted,
            controls=self._view.controls,
            panels=find_panels(self._view.panels),
            iterations=self._view.iterations,
            picture_width=self._view.picture_width,
        )

    def __repr__(self) -> str:
        # Of the beginning, so that a page that is run again shows the same.
        return self._name

    # What is trained.

    @property
    def experiment(self) -> Experiment:
        """The data and the trainers."""
        if self._experiment is None:
            self.refuse_if_closed()
        assert self._experiment is not None
        return self._experiment

    def restart(self, wanted: Settings) -> None:
        """Begin anew with other settings; the run until now stays as pale curves."""
        before, now = self._experiment, self.clock()
        # While a slider is dragged, runs pass by that nobody has looked at.
        if before is not None and before.iteration and before.settings != wanted:
            looked_at = now - self._begun > LOOKED_AT or before.iteration >= LONG
            self._previous = PastRun.of(before) if looked_at else self._previous
        self._experiment, self._begun = Experiment(wanted), now

    def free(self) -> None:
        """Let go of the data, the networks and their records."""
        self._experiment, self._previous, self._kept = None, None, ()

    @property
    def iteration(self) -> int:
        """How many iterations were made."""
        return self.experiment.iteration

    @property
    def diverged(self) -> bool:
        """Whether no network can be trained any further."""
        return self.experiment.diverged

    def advance_by(self, iterations: int, seconds: float) -> int:
        """Train so many iterations, fewer if time is up before, and return how many were made."""
        return self.experiment.advance(iterations, seconds=seconds)

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

    def redraw(self) -> None:
        """Start from the next set of weights, on the same data."""
        self.start(self.wanted.changed("draw", self.wanted.draw + 1), playing=True)

    def keep(self) -> None:
        """Leave this run's curves, pale, beside all that follow; five of them at most."""
        self._kept = (*self._kept, PastRun.of(self.experiment))[-MOST_KEPT:]
        self.express(self.wish)

    def clear(self) -> None:
        """Take all pale curves away."""
        self._previous, self._kept = None, ()
        self.express(self.wish)

    @property
    def past(self) -> tuple[PastRun, ...]:
        """The runs whose curves are there: those that were kept, and the one before this."""
        return self._kept if self._previous is None else (*self._kept, self._previous)

    def preset(self, name: str) -> None:
        """Start from settings that are known by name.

        Parameters
        ----------
        name : str
            "the lecture", "the plateau", "dead ReLUs", "diverging" or "exploding".

        Raises
        ------
        ValueError
            If no preset has that name.
        """
        self.start(self._preset_settings(one_of("name", name, PRESETS)), playing=True)

    def extra_parts(self) -> list[widgets.Widget]:
        """Return the list of presets."""
        self.presets = widgets.Dropdown(
            options=[OWN, *self._offered_presets()],
            description="preset",
            tooltip="Settings worth seeing, by name",
            style={"description_width": "4em"},
            layout={"width": "210px"},
        )
        self.presets.observe(self._preset_chosen, "value")
        return [self.presets]

    def _preset_chosen(self, change: Any) -> None:
        if not self.is_showing and not self.closed and change["new"] != OWN:
            self.preset(change["new"])

    def _preset_settings(self, name: str) -> Settings:
        shown_now = self.wanted.variants
        needs_relu = "ReLU" in name and not any(map(_is_relu, shown_now))
        variants = (Variant("relu"),) if needs_relu else shown_now
        # The lecture's ReLU network has the second set of weights.
        draw = int(variants == (Variant("relu"),))
        own = {"variants": variants, "draw": draw, "data": self.wanted.data}
        return Settings(**{**own, **PRESETS[name]})

    def _offered_presets(self) -> list[str]:
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

    def show_settings(self) -> None:
        """Bring the controls and the list of presets to the settings."""
        super().show_settings()
        offered = self.presets.options[1:]
        fitting = (name for name in offered if self._preset_settings(name) == self.wanted)
        self.presets.value = next(fitting, OWN)

    def remarks(self) -> list[str]:
        """Say what pale curves are of, and which controls do not tell all."""
        settings = self.experiment.settings
        found = [f"Pale: {_difference(run.settings, settings)}." for run in self.past]
        if self.looked_at is not None:
            found.append(f"Shown as it was; {self.iteration:,} iterations were made.")
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

    @property
    def share(self) -> str:
        """The line of Python that recreates exactly this state."""
        # That all have diverged was noticed by one more iteration, which was not made.
        done = self.iteration + self.diverged if self.looked_at is None else self.looked_at
        return self._recreate(self.experiment.settings) + (f".advance({done})" if done else "")

    def _recreate(self, settings: Settings) -> str:
        parts: list[tuple[str, Any, Any]] = [
            (one.name, getattr(settings, one.name), getattr(LECTURE, one.name))
            for one in fields(Settings)
        ]
        for one in fields(View):
            now = self._looks.get(one.name, getattr(self._view, one.name))
            parts.append((one.name, now, getattr(USUAL, one.name)))
        told = [f"{name}={code(value)}" for name, value, usual in parts if value != usual]
        return f"{type(self).__name__}({', '.join(told)})"


def _difference(past: Settings, now: Settings) -> str:
    """Say what another run's settings were, where they differ."""
    names = [one.name for one in fields(Settings)]
    told = [
        f"{name}={code(getattr(past, name))}"
        for name in names
        if getattr(past, name) != getattr(now, name)
    ]
    return f"the run with {', '.join(told)}" if told else "a run with these very settings"


def checked_settings(variants: Any, settings: dict[str, Any]) -> Settings:
    """Return settings from what an explorer was given for them."""
    known = [one.name for one in fields(Settings)]
    for name in settings:
        if name not in known:
            raise TypeError(
                f"Explorer must be given arguments from {listed(sorted(Explorer.arguments))}; "
                f"got {name!r}"
            )
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


def code(value: Any) -> str:
    """Return the Python that stands for an argument: things of one's own by their names."""
    match value:
        case Dataset():
            return "data"
        case Measure():
            known = MEASURES.get(value.name) is value
            return repr(value.name) if known else getattr(value.function, "__name__", value.name)
        case Variant():
            return _variant_code(value)
        case type():
            return value.__name__
        case tuple():
            items = [code(one) for one in value]
            return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    return repr(value)


def _variant_code(variant: Variant) -> str:
    own = variant.activation
    if isinstance(own, str):
        return repr(variant.short)
    # The variable that holds it, as a rule called as the activation is.
    if variant == as_variant(own):
        return own.name
    return repr(variant).replace(repr(own), own.name)


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
