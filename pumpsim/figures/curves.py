"""What several figures share: a rate with its band, limits of an axis, and a note of what lies beyond them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from pumpsim.analysis.lines import NL_PER_ML, RateSteps
from pumpsim.analysis.windows import Course
from pumpsim.figures.style import INK, TimeUnit
from pumpsim.figures.thin import thin_band, thin_line, thin_steps
from pumpsim.fluidics.arrays import Floats, Instants

WITHIN = "range within the window"
FEW = 80
"""Up to so many windows with flow the course within them is drawn itself, instead of a band."""
HEADROOM = 1.18
SPIKE = 3.0
"""A peak that is this many times what is reached in all but a hundredth of the time is let out of the picture."""


def draw_course(ax: Axes, course: Course, unit: TimeUnit, colour: str, label: str) -> None:
    """Draw the mean of every window as a line, and what happens within the windows behind it."""
    edges = unit.of(course.edges_ns)
    if _windows(course) <= FEW:
        x, y = thin_steps(unit.of(course.fine_ns), course.fine)
        ax.plot(x, y, color=colour, alpha=0.45, linewidth=0.7, label="course within the window", zorder=2)
    elif _ripples(course):
        cuts, low, high = thin_band(edges, course.low, course.high)
        x = np.repeat(cuts, 2)[1:-1]
        low, high = np.repeat(low, 2), np.repeat(high, 2)
        ax.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0, label=WITHIN, zorder=1)
    x, y = thin_steps(edges, course.mean)
    ax.plot(x, y, color=colour, label=label, zorder=3)


def _windows(course: Course) -> float:
    """How many windows there would be if all that have a flow were as long as most of them."""
    length = np.sort(np.diff(course.edges_ns)[course.mean > 0.0])
    if not len(length):
        return 0.0
    whole = np.cumsum(length)
    return float(whole[-1] / length[np.searchsorted(whole, whole[-1] / 2)])


def _ripples(course: Course) -> bool:
    """Whether a band would be seen: not with a drive that runs evenly."""
    wide = course.high - course.low > 0.01 * float(course.high.max(initial=0.0))
    return bool(np.mean(wide) > 0.02)


def draw_programmed(ax: Axes, rate: RateSteps, end_ns: int, unit: TimeUnit) -> None:
    """Draw a programmed rate: dashed, in ink."""
    x, y = thin_steps(unit.of(np.append(rate.at_ns, end_ns)), rate.rate_nl_per_h / NL_PER_ML)
    ax.plot(x, y, color=INK, linestyle=(0, (4, 2)), linewidth=1.0, label="programmed rate", zorder=4)


def draw_line(ax: Axes, at_ns: Instants, values: Floats, unit: TimeUnit, **look: object) -> None:
    """Draw values at instants."""
    x, y = thin_line(unit.of(at_ns), values)
    ax.plot(x, y, **look)  # type: ignore[arg-type]


def usual_top(courses: Sequence[Course], others: Sequence[float]) -> float:
    """A top for an axis that shows the means, leaving out peaks that last next to no time."""
    top = max(others, default=0.0)
    for course in courses:
        known = ~np.isnan(course.mean)
        mean, length = (course.mean[known], np.diff(course.edges_ns)[known]) if known.any() else _fine(course)
        order = np.argsort(mean)
        share = np.cumsum(length[order]) / length.sum()
        usual = float(mean[order][min(int(np.searchsorted(share, 0.99)), len(order) - 1)])
        highest = float(mean.max())
        top = max(top, highest if highest <= SPIKE * usual or usual == 0.0 else usual)
    return top * HEADROOM if top > 0.0 else 1.0


def _fine(course: Course) -> tuple[Floats, Instants]:
    """What to go by when no cycle was completed."""
    return course.fine, np.diff(course.fine_ns)


def note_beyond(ax: Axes, courses: Sequence[Course], top: float, unit: TimeUnit, word: str) -> None:
    """Cut the axis at ``top`` and say how far what is drawn goes beyond it; mark where a mean does."""
    ax.set_ylim(0.0, top)
    highest = max((float(course.high.max()) for course in courses), default=0.0)
    lowest = min((float(np.nanmin(course.mean)) for course in courses if not np.isnan(course.mean).all()), default=0.0)
    beyond = [f"up to {plain(highest)}"] if highest > top * 1.001 else []
    beyond += [f"down to {plain(lowest)}"] if lowest < -0.01 * top else []  # a mechanism, or a vein, that takes back
    for course in courses:
        if np.any(course.mean > top):
            i = int(np.nanargmax(course.mean))
            middle = unit.of((course.edges_ns[i : i + 1] + course.edges_ns[i + 1 : i + 2]) // 2)
            ax.plot(middle, [top * 0.965], marker="^", markersize=5, color=INK, linestyle="none", zorder=5)
        if np.any(course.mean < -0.01 * top):
            i = int(np.nanargmin(course.mean))
            middle = unit.of((course.edges_ns[i : i + 1] + course.edges_ns[i + 1 : i + 2]) // 2)
            ax.plot(middle, [top * 0.035], marker="v", markersize=5, color=INK, linestyle="none", zorder=5)
    if beyond:
        ax.annotate(
            f"beyond the axis: {', '.join(beyond)} {word}",
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
