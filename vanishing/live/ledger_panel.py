"""The panel of the ledger: what weights and slopes do to the error on its way back."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.ticker import MaxNLocator

from vanishing import figures
from vanishing._checks import Array
from vanishing.data import Dataset
from vanishing.ledger import ledger
from vanishing.live.curve_panels import DECADES
from vanishing.live.lettering import CHARACTER, MARK, fitting, usual_width
from vanishing.live.picture import DPI, Panel
from vanishing.live.scenes import ExperimentScene
from vanishing.network import Network
from vanishing.variant import Variant

NAMES_IN_A_ROW = 2
"""With more networks their names stand one below the other, as a row would not hold them."""

FOOTER = 48
"""Pixels that the ledger's names take at the bottom of its panel."""

NOTE = 25
"""Pixels above the footer that the words take under a bar that lets nothing through."""

HEADER = 30
"""Pixels that the ledger's legend takes at the top of its panel, where it stands within."""

LEDGER = "Ledger, in decades"
"""The title of the ledger."""


class LedgerPanel(Panel):
    """What weights and slopes do to the error on its way back, in decades, network by network."""

    limits = (-4.0, 2.0)

    def setup(self, axes: Sequence[Axes], scene: ExperimentScene) -> None:
        """Draw empty axes and one bar for each factor."""
        (self.ax,) = axes
        figures.caption(self.ax, LEDGER)
        self.ax.axhline(0, color="0.25", linewidth=1)
        self.ax.grid(visible=False, axis="x")
        self.parts = [ledger_parts(trainer.network) for trainer in scene.experiment.trainers]
        self.bars: list[list[BarContainer]] = []
        self.notes = [self.ax.text(0, 0, "") for _ in self.parts]
        ticks: list[list[tuple[float, int]]] = []
        variants = scene.experiment.settings.variants
        longest = max(len(f"{variant.label}: to layer") for variant in variants)
        whole = 1.2 * CHARACTER * longest < usual_width(self.ax) / len(variants)
        networks = zip(variants, scene.experiment.trainers, strict=True)
        for (variant, trainer), parts in zip(networks, self.parts, strict=True):
            hidden = len(trainer.history.sizes) - 2
            x = np.arange(hidden) + (ticks[-1][-1][0] + 1.5 if ticks else 0)
            nothing = np.zeros((len(parts), hidden))
            self.bars.append(figures.draw_bars(self.ax, x, nothing, nothing, parts=parts))
            ticks.append(list(zip(x, range(hidden, 0, -1), strict=True)))
            self._name(x[0] - 0.4, variant, len(self.parts), whole=whole)
        self._finish(ticks)

    def _finish(self, ticks: list[list[tuple[float, int]]]) -> None:
        room = 0.7 if len(self.bars) <= NAMES_IN_A_ROW else 1.4
        last = ticks[-1][-1][0]
        # Half a number stands to the left of the first bars.
        left = max(0.7, 12 * last / usual_width(self.ax))
        self.ax.set(ylim=self.limits, xlim=(-left, last + room))
        self._number_layers(ticks)
        # All within the axes: what stands below must not touch the panel underneath.
        scale = self.ax.figure.dpi / DPI
        self.ax.tick_params(axis="x", length=0, pad=-16)
        self.footer, self.note = (part * scale / self.ax.bbox.height for part in (FOOTER, NOTE))
        self._show_decades()
        # The grid must not run through the numbers.
        self.ax.xaxis.set_zorder(self.ax.yaxis.get_zorder() + 0.1)
        for label in self.ax.get_xticklabels():
            label.set_bbox({"color": self.ax.get_facecolor(), "pad": 1})
        bars = [container for network in self.bars for container in network]
        figures.thin_edges(self.ax, bars)
        self._legend({str(one.get_label()): one for one in bars}, HEADER * scale)

    def _legend(self, named: Mapping[str, BarContainer], row: float) -> None:
        """Name the bars: beside the title where there is room, else under it in a row or two."""
        options: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1, 0.98)}
        close: dict[str, Any] = {"frameon": False, "borderaxespad": 0, "columnspacing": 1}
        self.header, most, room = 0.0, len(named), usual_width(self.ax)
        in_a_row = CHARACTER * len("".join(named)) + MARK * most
        if room < in_a_row + CHARACTER * len(LEDGER):
            rows = 1 if in_a_row <= room else 2
            most = -(-most // rows)
            options, self.header = {"loc": "upper right"}, rows * row / self.ax.bbox.height
        handles = list(named.values())
        self.ax.legend(handles=handles, ncols=most, handlelength=1.6, **close, **options)

    def _number_layers(self, ticks: list[list[tuple[float, int]]]) -> None:
        """Write as many layers' numbers as there is room for."""
        left, right = self.ax.get_xlim()
        one = figures.POINTS_PER_INCH * self.ax.bbox.width / self.ax.figure.dpi / (right - left)
        written: list[tuple[float, int]] = []
        for network in ticks:
            numbered = figures.numbered_layers(len(network), one * len(network))
            # The first number of a network must not touch the last of the one before.
            begin = written[-1][0] + figures.NUMBER / one if written else -math.inf
            written += [tick for tick in network if tick[1] in numbered and tick[0] >= begin]
        self.ax.set_xticks(*zip(*written, strict=True))

    def _name(self, x: float, variant: Variant, networks: int, *, whole: bool) -> None:
        ground = {"color": self.ax.get_facecolor(), "pad": 1}
        look: dict[str, Any] = {"color": variant.color, "fontweight": "bold", "bbox": ground}
        # Bold type is wider than a title's by a sixth, small type narrower by a fourth.
        room = usual_width(self.ax) / networks
        label = f"{variant.label}: to layer" if whole else fitting(variant.label, (room - 20) / 1.2)
        if networks > NAMES_IN_A_ROW:
            label, look["fontsize"] = fitting(variant.label, 1.5 * room), 9
        height = self.ax.bbox.height / self.ax.figure.dpi * DPI
        self.ax.text(x, 27 / height, label, transform=self.ax.get_xaxis_transform(), **look)

    def update(self, scene: ExperimentScene) -> list[Artist]:
        """Make the accounts of the networks as they are now."""
        lowest, highest = [(0.0, 0.0)], 0.0
        networks = zip(self.bars, self.parts, self.notes, scene.trainers, strict=True)
        for bars, parts, note, trainer in networks:
            bottoms, heights, nothing = _waterfall(trainer.network, scene.data, parts)
            for container, y, height in zip(bars, bottoms, heights, strict=True):
                for bar, *place in zip(container, y, height, strict=True):
                    bar.set(y=place[0], height=place[1])
            figures.name_nothing(note, bars[nothing[0]][nothing[1]] if nothing else None)
            ends = bottoms + heights
            lowest.append((ends.min(), self.note if nothing else 0.0))
            highest = max(highest, ends.max())
        self._make_room(lowest, highest)
        drawn = [bar for bars in self.bars for container in bars for bar in container]
        return [*drawn, *self.notes]

    def _make_room(self, lowest: Sequence[tuple[float, float]], highest: float) -> None:
        """Have the axis hold these ends, with so much of its height free under each of them."""
        low, high = self.limits
        # Both ends at once: what one gives way by makes the other's names taller in decades.
        while True:
            span = high - low
            above = highest > high - self.header * span
            below = any(end < low + (self.footer + note) * span for end, note in lowest)
            if not (above or below):
                break
            high, low = high + DECADES * above, low - DECADES * below
        self.outgrown = (low, high) != self.ax.get_ylim()
        if self.outgrown:
            self.ax.set_ylim(low, high)
            self._show_decades()

    def _show_decades(self) -> None:
        """Write the decades above the footer only: in it the layers' numbers stand."""
        low, high = self.ax.get_ylim()
        places = MaxNLocator("auto", steps=(1, 2, 5, 10), integer=True).tick_values(low, high)
        self.ax.set_yticks([y for y in places if low + self.footer * (high - low) <= y <= high])


def ledger_parts(network: Network) -> tuple[str, ...]:
    """Return what does something to the error in such a network, in the order that it meets."""
    there = {
        "normalization": network.normalization is not None,
        "weights": True,
        "shortcut": network.residual is not None,
        "slopes": True,
    }
    return tuple(part for part, is_there in there.items() if is_there)


def _waterfall(
    network: Network, data: Dataset, parts: Sequence[str]
) -> tuple[Array, Array, tuple[int, int] | None]:
    """Return the bars of a network's ledger, and which of them lets nothing through.

    They are of height zero where there is no account to make.
    """
    try:
        account = ledger(network, data)
    except ValueError:  # It has diverged.
        nothing = np.zeros((len(parts), len(network.weights) - 1))
        return nothing, nothing, None
    return *figures.waterfall_bars(account, parts), figures.cut_off(account, parts)
