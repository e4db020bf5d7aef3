"""How long a pump presses into a closed line: model against a maker's table, by rate, for several limits."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from pumpsim.figures.style import BLUE, GREEN, ORANGE, look

SIZE_IN = (7.2, 4.2)
LOOKS = ((BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-."))
"""Colour, mark and dash of each limit."""


@dataclass(frozen=True, slots=True)
class Level:
    """One limit: ``name``, and seconds to the alarm, ``model_s`` and ``published_s``, at each of ``rates_ml_per_h``."""

    name: str
    rates_ml_per_h: Sequence[float]
    model_s: Sequence[float]
    published_s: Sequence[float]


def time_to_alarm(levels: Sequence[Level], accepted: float) -> Figure:
    """Draw lines for the model and marks for what is published, with bars of the share that is accepted."""
    with look():
        figure = Figure(figsize=SIZE_IN)
        ax = figure.add_axes((0.11, 0.13, 0.86, 0.84))
        for level, (colour, mark, dash) in zip(levels, LOOKS, strict=False):
            ax.plot(level.rates_ml_per_h, level.model_s, color=colour, linestyle=dash, label=f"{level.name}, model")
            ax.errorbar(
                level.rates_ml_per_h,
                level.published_s,
                yerr=[accepted * seconds for seconds in level.published_s],
                color=colour,
                marker=mark,
                linestyle="none",
                capsize=3,
                label=f"{level.name}, published",
            )
        ax.set_xscale("log")
        ax.set_yscale("log")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
        ax.set_xlabel("Rate (mL/h)")
        ax.set_ylabel("Closing to alarm (s)")
        ax.legend(loc="upper right", ncols=2)
        return figure
