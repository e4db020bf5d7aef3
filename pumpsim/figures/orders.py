"""What was ordered of a drug and what reached the patient, every pump in one panel: the picture of a comparison."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pumpsim.analysis.orders import Fulfilment
from pumpsim.figures.curves import draw_line
from pumpsim.figures.style import BLUE, GREEN, INK, ORANGE, PURPLE, legend, look, panels, quantity

PANEL_IN = 2.1
COLOURS, DASHES = (BLUE, ORANGE, GREEN, PURPLE), ("-", (0, (6, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)))
TITLE = "Ordered, and given"
CAPTION = (
    "Dotted: the order, given evenly. One line for each pump: what has reached the patient of the drug since power-on, "
    "whatever the pump's own counters say."
)


def ordered_and_given(found: Sequence[Fulfilment], end_ns: int) -> Figure:
    """Draw a panel for each order."""
    with look():
        figure, axes, unit = panels([PANEL_IN] * len(found), end_ns)
        for ax, fulfilment in zip(axes, found, strict=True):
            order = fulfilment.order
            before = max((given.before for given in fulfilment.given), default=0.0)
            x = unit.of(np.array([0, order.from_ns, order.to_ns, end_ns]))
            ordered = np.array([0.0, 0.0, order.amount, order.amount])
            ax.plot(x, ordered, color=INK, linestyle=":", linewidth=1.6, label="ordered", zorder=5)
            for k, given in enumerate(fulfilment.given):
                colour, dash = COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
                draw_line(
                    ax, given.at_ns, given.amount, unit, color=colour, linestyle=dash, linewidth=1.8, label=given.pump
                )
            most = max([order.amount + before, *(float(given.amount[-1]) for given in fulfilment.given)])
            quantity(ax, f"At the patient ({order.unit.value})", f"{order.drug}: {order.text}")
            ax.set_ylim(0.0, 1.08 * most if most > 0.0 else 1.0)
            legend(ax)
        return figure
