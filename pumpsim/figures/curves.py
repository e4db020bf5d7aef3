"""What several figures share: a rate with its band, limits of an axis, and a note of what lies beyond them."""

import numpy as np
from matplotlib.axes import Axes

from pumpsim.analysis.lines import NL_PER_ML, RateSteps
from pumpsim.analysis.windows import Course
from pumpsim.figures.style import INK, TimeUnit
from pumpsim.figures.thin import thin_band, thin_line, thin_steps
from pumpsim.fluidics.leg import Floats, Instants

WITHIN = "range within the window"
FEW = 120
"""Up to so many windows with flow the course within them is drawn itself, instead of a band."""
HEADROOM = 1.18
SPIKE = 3.0
"""A peak that is this many times what is reached in all but a hundredth of the time is let out of the picture."""


def draw_course(ax: Axes, course: Course, unit: TimeUnit, colour: str, label: str) -> None:
    """Draw the mean of every window as a line, and what happens within the windows behind it."""
    edges = unit.of(course.edges_ns)
    if np.count_nonzero(course.mean > 0.0) <= FEW:
        x, y = thin_steps(unit.of(course.fine_ns), course.fine)
        ax.plot(x, y, color=colour, alpha=0.45, linewidth=0.7, label="course within the window", zorder=2)
    else:
        cuts, low, high = thin_band(edges, course.low, course.high)
        x = np.repeat(cuts, 2)[1:-1]
        low, high = np.repeat(low, 2), np.repeat(high, 2)
        ax.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0, label=WITHIN, zorder=1)
    x, y = thin_steps(edges, course.mean)
    ax.plot(x, y, color=colour, label=label, zorder=3)


def draw_programmed(ax: Axes, rate: RateSteps, end_ns: int, unit: TimeUnit) -> None:
    """Draw a programmed rate: dashed, in ink."""
    x, y = thin_steps(unit.of(np.append(rate.at_ns, end_ns)), rate.rate_nl_per_h / NL_PER_ML)
    ax.plot(x, y, color=INK, linestyle=(0, (4, 2)), linewidth=1.0, label="programmed rate", zorder=4)


def draw_line(ax: Axes, at_ns: Instants, values: Floats, unit: TimeUnit, **look: object) -> None:
    """Draw values at instants."""
    x, y = thin_line(unit.of(at_ns), values)
    ax.plot(x, y, **look)  # type: ignore[arg-type]


def usual_top(courses: "list[Course]", others: "list[float]") -> float:
    """A top for an axis that shows the means, leaving out peaks that last next to no time."""
    top = max(others, default=0.0)
    for course in courses:
        length = np.diff(course.edges_ns)
        order = np.argsort(course.mean)
        share = np.cumsum(length[order]) / length.sum()
        usual = float(course.mean[order][min(int(np.searchsorted(share, 0.99)), len(order) - 1)])
        highest = float(course.mean.max())
        top = max(top, highest if highest <= SPIKE * usual or usual == 0.0 else usual)
    return top * HEADROOM if top > 0.0 else 1.0


def note_beyond(ax: Axes, courses: "list[Course]", top: float, unit: TimeUnit, word: str) -> None:
    """Cut the axis at ``top`` and say how far what is drawn goes beyond it; mark where a mean does."""
    ax.set_ylim(0.0, top)
    highest = max((float(course.high.max()) for course in courses), default=0.0)
    for course in courses:
        above = course.mean > top
        if above.any():
            middle = unit.of((course.edges_ns[:-1] + course.edges_ns[1:]) // 2)
            i = int(np.argmax(course.mean))
            ax.plot(middle[i], top * 0.965, marker="^", markersize=5, color=INK, linestyle="none", zorder=5)
    if highest > top * 1.001:
        ax.annotate(
            f"beyond the axis: up to {plain(highest)} {word}",
            (1.0, 1.0),
            xycoords="axes fraction",
            xytext=(-4, -3),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=7.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85},
            zorder=6,
        )


def plain(value: float) -> str:
    """Write a number with three figures, never with an exponent: 1050, 25.5, 0.0382."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"
