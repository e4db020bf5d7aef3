"""One look for every figure: colours, sizes, panels that line up below each other, a time axis that suits the run.

Colours are those of OKABE & ITO (2008), purple darkened, told apart by the colour-blind too; what must be told apart in
grey as well differs in dash or hatch. Settings hold within ``look`` only, never globally.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from pumpsim.fluidics.arrays import Floats, Instants

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, YELLOW, PURPLE, INK, GREY = "#56B4E9", "#F0E442", "#9C4A86", "#222222", "#767676"
LINE_COLOURS = (BLUE, PURPLE, ORANGE, SKY)
"""One for each line of a pump, in the order of the model."""
PATIENT = GREEN
"""Everything at the patient."""

WIDTH_IN, LEFT_IN, RIGHT_IN, TOP_IN, BOTTOM_IN, GAP_IN = 9.6, 0.95, 0.25, 0.30, 0.43, 0.34
COLUMNS = 420
"""Columns that can be told apart across a panel: more points than these are thinned (see ``thin``)."""

RC: dict[str, object] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 8.5,
    "axes.titlesize": 9.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "text.color": INK,
    "text.parse_math": False,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    "lines.solid_capstyle": "butt",
    "hatch.linewidth": 0.6,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "pumpsim",
    "path.simplify": True,
    "path.simplify_threshold": 0.2,
}


@contextmanager
def look() -> Iterator[None]:
    """Apply the settings, and nothing of the user's own, while drawing or writing."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)  # type: ignore[arg-type]
        yield


@dataclass(frozen=True, slots=True)
class TimeUnit:
    """How instants are written on the axis: ``ns`` of one unit, the word for it, the spacing of ticks in it."""

    ns: int
    word: str
    tick: float

    def of(self, at_ns: Instants) -> Floats:
        """Instants in this unit."""
        values: Floats = np.asarray(at_ns) / self.ns
        return values


def time_unit(end_ns: int) -> TimeUnit:
    """Choose the unit and the ticks that suit a run of this length: seconds to 3 min, minutes to 5 h, hours to 4 days."""
    ns, word = next(((ns, word) for longest_s, ns, word in _UNITS if end_ns <= longest_s * 10**9), _DAYS)
    length = end_ns / ns
    tick = next((step for step in _STEPS if length / step <= 13), length / 10)
    return TimeUnit(ns, word, tick)


_UNITS = ((180, 10**9, "s"), (5 * 3600, 60 * 10**9, "min"), (96 * 3600, 3600 * 10**9, "h"))
_DAYS = (86_400 * 10**9, "d")
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 100.0, 200.0)


def panels(heights_in: Sequence[float], end_ns: int) -> tuple[Figure, list[Axes], TimeUnit]:
    """Make panels below each other that share one labelled time axis; the same margins in every figure."""
    total = TOP_IN + sum(heights_in) + GAP_IN * (len(heights_in) - 1) + BOTTOM_IN
    figure = Figure(figsize=(WIDTH_IN, total))
    unit = time_unit(end_ns)
    width = (WIDTH_IN - LEFT_IN - RIGHT_IN) / WIDTH_IN
    axes: list[Axes] = []
    top = total - TOP_IN
    for height in heights_in:
        at = (LEFT_IN / WIDTH_IN, (top - height) / total, width, height / total)
        axes.append(figure.add_axes(at, sharex=axes[0] if axes else None))
        top -= height + GAP_IN
    for ax in axes[:-1]:
        ax.tick_params(labelbottom=False)
    end = end_ns / unit.ns
    axes[-1].set_xlim(0.0, end)
    axes[-1].xaxis.set_major_locator(FixedLocator(np.arange(0.0, end * (1 + 1e-9), unit.tick).tolist()))
    axes[-1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes[-1].set_xlabel(f"Time since power-on ({unit.word})")
    return figure, axes, unit


def quantity(ax: Axes, label: str, title: str) -> None:
    """Name the panel and its vertical axis; ``label`` ends with the unit in parentheses."""
    ax.set_ylabel(label)
    ax.set_title(title, pad=4)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))


def legend(ax: Axes) -> None:
    """Put the legend above the panel, at its right, where it covers nothing."""
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        ax.legend(
            handles,
            labels,
            loc="lower right",
            bbox_to_anchor=(1.0, 0.985),
            ncols=len(handles),
            borderaxespad=0.0,
            handlelength=2.2,
            columnspacing=1.4,
            handletextpad=0.5,
        )
