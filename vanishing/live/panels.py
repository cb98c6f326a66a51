"""The panels of an explorer: data, decision regions, hidden units, loss, gradients, ledger.

To add one of your own, write a subclass of `Panel` with `setup` and `update`, and hand it to the
explorer beside the names: `Explorer(panels=("regions", MyPanel))`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from vanishing._checks import listed, several, shown
from vanishing.live.curve_panels import FloorPanel, GradientsPanel, LossPanel
from vanishing.live.ledger_panel import LedgerPanel
from vanishing.live.map_panels import PointsPanel, RegionsPanel, UnitsPanel
from vanishing.live.picture import Panel

PANELS: dict[str, type[Panel]] = {
    "points": PointsPanel,
    "regions": RegionsPanel,
    "units": UnitsPanel,
    "loss": LossPanel,
    "gradients": GradientsPanel,
    "floor": FloorPanel,
    "ledger": LedgerPanel,
}
"""The known panels by name."""


def checked_panels(
    panels: Any, known: Mapping[str, type[Panel]] = PANELS
) -> tuple[str | type[Panel], ...]:
    """Return names of known panels and classes of one's own, one or more."""
    one = isinstance(panels, str | type)
    given = [panels] if one else several("panels", panels, "names and Panel classes")
    for panel in given:
        own = isinstance(panel, type) and issubclass(panel, Panel)
        if not own and not (isinstance(panel, str) and panel in known):
            raise (ValueError if isinstance(panel, str) else TypeError)(
                f"panels must be some of {listed(known)}, or subclasses of Panel; "
                f"got {shown(panels)}"
            )
    if not given:
        raise ValueError(f"panels must name one or more; got {shown(panels)}")
    return tuple(str(panel) if isinstance(panel, str) else panel for panel in given)


def find_panels(
    panels: Sequence[str | type[Panel]], known: Mapping[str, type[Panel]] = PANELS
) -> list[type[Panel]]:
    """Return the classes that are meant."""
    return [known[panel] if isinstance(panel, str) else panel for panel in panels]
