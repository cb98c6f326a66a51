"""A live widget for runs: each control starts a new one, and the one before stays, pale.

What is trained is an experiment: it has `settings`, `trainers` with a `history` each, `iteration`,
`diverged`, `advance(iterations, seconds=...)` and `at(iteration)`. Its settings are a dataclass.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, ClassVar, Generic, TypeVar

import ipywidgets as widgets

from vanishing._checks import listed, one_of
from vanishing.activations import Activation
from vanishing.cells import Cell
from vanishing.data import Dataset
from vanishing.live.picture import Panel
from vanishing.live.player import Player
from vanishing.live.scenes import PastRun
from vanishing.measures import MEASURES, Measure
from vanishing.variant import Variant, as_variant

OWN = "(own settings)"
"""What the list of presets shows where the settings are none of them."""

LOOKED_AT = 0.7
"""Seconds after which a run is one that was looked at, and not a place that a slider passed."""

LONG = 1000
"""A run of so many iterations is one, however fast they were made, if nothing else is said."""

MOST_KEPT = 5
"""More pale curves than of so many runs cannot be told apart."""

REPEATED = 4
"""So many equal layers or more are written as one in the line to share."""

Trained = TypeVar("Trained")


class RunExplorer(Player, Generic[Trained]):
    """Experiments that are trained while you watch, each beside what is left of earlier ones.

    A subclass says by `begin` what an experiment is, by `remember` what stays of it, by `usual`
    what goes without saying in the line to share, and by `known_presets` what is worth seeing.

    Parameters
    ----------
    wanted : dataclass
        The settings to begin with.
    view : dataclass
        How it looks: `controls`, `panels`, `iterations`, `picture_width`, and what there may be
        besides. Settings and view together are what the constructor takes.
    panels : sequence of subclasses of Panel
        What to draw.
    """

    steers_time = True
    offered = ("toggle", "step", "rewind", "redraw", "reset", "keep", "clear")
    usual: ClassVar[tuple[Any, Any]]
    """Settings and view that go without saying."""

    known_presets: ClassVar[Mapping[str, dict[str, Any]]] = {}
    """Settings worth seeing: names, and what each changes in those that go without saying."""

    long_run: ClassVar[int] = LONG
    """Iterations after which a run is one that was looked at, however fast they were made."""

    def __init__(self, wanted: Any, view: Any, panels: Sequence[type[Panel]]) -> None:
        self._view = view
        self._experiment: Trained | None = None
        self._previous: PastRun | None = None
        self._kept: tuple[PastRun, ...] = ()
        self._begun = 0.0
        self._name = self.line(wanted)
        super().__init__(
            wanted,
            controls=view.controls,
            panels=panels,
            iterations=view.iterations,
            picture_width=view.picture_width,
        )

    def __repr__(self) -> str:
        # Of the beginning, so that a page that is run again shows the same.
        return self._name

    # Hooks.

    def begin(self, wanted: Any) -> Trained:
        """Return an experiment under these settings."""
        raise NotImplementedError

    def remember(self, experiment: Any) -> PastRun:
        """Return what stays of a run."""
        raise NotImplementedError

    def shown(self, name: str) -> Any:
        """Return what a field of the view is by now."""
        return getattr(self._view, name)

    def preset_settings(self, name: str) -> Any:
        """Return the settings of that name."""
        return replace(self.usual[0], **self.known_presets[name])

    def offered_presets(self) -> list[str]:
        """Return the names in the list."""
        return list(self.known_presets)

    # What is trained.

    @property
    def experiment(self) -> Trained:
        """What is trained."""
        if self._experiment is None:
            self.refuse_if_closed()
        assert self._experiment is not None
        return self._experiment

    @property
    def _run(self) -> Any:
        return self.experiment

    def restart(self, wanted: Any) -> None:
        """Begin anew with other settings; the run until now stays as pale curves."""
        before: Any = self._experiment
        now = self.clock()
        # While a slider is dragged, runs pass by that nobody has looked at.
        if before is not None and before.iteration and before.settings != wanted:
            looked_at = now - self._begun > LOOKED_AT or before.iteration >= self.long_run
            self._previous = self.remember(before) if looked_at else self._previous
        self._experiment, self._begun = self.begin(wanted), now

    def free(self) -> None:
        """Let go of all runs and their records."""
        self._experiment, self._previous, self._kept = None, None, ()

    @property
    def iteration(self) -> int:
        """How many iterations were made."""
        return int(self._run.iteration)

    @property
    def diverged(self) -> bool:
        """Whether nothing can be trained any further."""
        return bool(self._run.diverged)

    def advance_by(self, iterations: int, seconds: float) -> int:
        """Train so many iterations, fewer if time is up before, and return how many were made."""
        return int(self._run.advance(iterations, seconds=seconds))

    # What buttons and the list do.

    def redraw(self) -> None:
        """Start from the next set of weights, on the same data."""
        self.start(self.wanted.changed("draw", self.wanted.draw + 1), playing=True)

    def keep(self) -> None:
        """Leave this run's curves, pale, beside all that follow; five of them at most."""
        self._kept = (*self._kept, self.remember(self.experiment))[-MOST_KEPT:]
        self.express(self.wish)

    def clear(self) -> None:
        """Take all pale curves away."""
        self._previous, self._kept = None, ()
        self.express(self.wish)

    def preset(self, name: str) -> None:
        """Start from settings that are known by name.

        Parameters
        ----------
        name : str
            One of the class's `known_presets`.

        Raises
        ------
        ValueError
            If no preset has that name.
        """
        known = one_of("name", name, self.known_presets)
        self.start(self.preset_settings(known), playing=True)

    def extra_parts(self) -> list[widgets.Widget]:
        """Return the list of presets."""
        self.presets = widgets.Dropdown(
            options=[OWN, *self.offered_presets()],
            description="preset",
            tooltip="Settings worth seeing, by name",
            style={"description_width": "4em"},
            layout={"width": "240px"},
        )
        self.presets.observe(self._preset_chosen, "value")
        return [self.presets]

    def _preset_chosen(self, change: Any) -> None:
        if not self.is_showing and not self.closed and change["new"] != OWN:
            self.preset(change["new"])

    def show_settings(self) -> None:
        """Bring the controls, the list of presets and where to stop to what is wanted."""
        super().show_settings()
        offered = self.presets.options[1:]
        fitting = (name for name in offered if self.preset_settings(name) == self.wanted)
        self.presets.value = next(fitting, OWN)
        # In a new run the same number may be typed once more.
        self.times["go_to"].value = self.wish.until or 0

    @property
    def past(self) -> tuple[PastRun, ...]:
        """The runs whose curves are there: those that were kept, and the one before this."""
        return self._kept if self._previous is None else (*self._kept, self._previous)

    # What is shown.

    def remarks(self) -> list[str]:
        """Say what pale curves are of, and when what is shown is not the last."""
        found = [f"Pale: {difference(run.settings, self._run.settings)}." for run in self.past]
        if self.looked_at is not None:
            found.append(f"Shown as it was; {self.iteration:,} iterations were made.")
        return found

    @property
    def share(self) -> str:
        """The line of Python that recreates exactly this state."""
        # That all have diverged was noticed by one more iteration, which was not made.
        done = self.iteration + self.diverged if self.looked_at is None else self.looked_at
        return self.line(self._run.settings) + (f".advance({done})" if done else "")

    def line(self, settings: Any) -> str:
        """Return the line of Python that makes this explorer under other settings."""
        now = [(one.name, getattr(settings, one.name)) for one in fields(settings)]
        now += [(one.name, self.shown(one.name)) for one in fields(self._view)]
        usual = {one.name: getattr(kind, one.name) for kind in self.usual for one in fields(kind)}
        told = [f"{name}={code(value)}" for name, value in now if value != usual[name]]
        return f"{type(self).__name__}({', '.join(told)})"


def check_names(given: dict[str, Any], settings: type, explorer: type[Player]) -> None:
    """Raise where something is given that is no setting."""
    known = [one.name for one in fields(settings)]
    for name in given:
        if name not in known:
            raise TypeError(
                f"{explorer.__name__} must be given arguments from "
                f"{listed(sorted(explorer.arguments))}; got {name!r}"
            )


def difference(past: Any, now: Any) -> str:
    """Say what another run's settings were, where they differ."""
    names = [one.name for one in fields(past)]
    told = [
        f"{name}={code(getattr(past, name))}"
        for name in names
        if getattr(past, name) != getattr(now, name)
    ]
    return f"the run with {', '.join(told)}" if told else "a run with these very settings"


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
        case Cell() | Activation():
            return value.name
        case type():
            return value.__name__
        case tuple():
            items = list(_in_short(map(code, value)))
            return f"({items[0]},)" if len(value) == 1 else f"({', '.join(items)})"
    return repr(value)


def _in_short(items: Iterable[str]) -> Iterator[str]:
    """Write what comes `REPEATED` times or more in a row once, as in *[50] * 30."""
    for item, group in itertools.groupby(items):
        times = len(list(group))
        if times < REPEATED:
            yield from [item] * times
        else:
            yield f"*[{item}] * {times}"


def _variant_code(variant: Variant) -> str:
    own = variant.activation
    if isinstance(own, str):
        return repr(variant.short)
    # The variable that holds it, as a rule called as the activation is.
    if variant == as_variant(own):
        return own.name
    return repr(variant).replace(repr(own), own.name)
