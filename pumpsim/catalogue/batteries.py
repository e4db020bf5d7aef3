"""Batteries: how long a full one runs the pump, how long it charges, what is left when its alarms are raised.

Pumps that stand at a bed have one for transport. Insulin and implanted pumps run on cells of their own, without mains: no row.
"""

from dataclasses import replace

from pumpsim.catalogue.rows import MINUTE_NS, figures
from pumpsim.vocabulary.model import Battery

HOUR_NS = 60 * MINUTE_NS
ASSUMED = "unverified: assumption"
BY_GIP = "unverified: by analogy with GIP v1.0, 5.1.4 and 5.1.6"
RUNS, LEVELS = "battery, running time and charging time", "battery, what is left when it is low, and depleted"

BEDSIDE = Battery(full_ns=4 * HOUR_NS, charge_ns=8 * HOUR_NS, low_ns=15 * MINUTE_NS, depleted_ns=5 * MINUTE_NS)
BEDSIDE_FIGURES = (*figures(ASSUMED, (RUNS, "4 h; 8 h")), *figures(BY_GIP, (LEVELS, "15 min; 5 min")))

OFF_AFTER_3_MIN = replace(BEDSIDE, depleted_ns=3 * MINUTE_NS)
OFF_AFTER_3_MIN_FIGURES = (
    *figures(ASSUMED, (RUNS, "4 h; 8 h")),
    *figures("unverified: by analogy with GIP v1.0, 5.1.4", ("battery, what is left when it is low", "15 min")),
    *figures("B. Braun Infusomat Space IFU, US and GB, alarms", ("battery, what is left when it is depleted", "3 min")),
)

AMBULATORY_PACK = replace(BEDSIDE, full_ns=24 * HOUR_NS)
AMBULATORY_PACK_FIGURES = (*figures(ASSUMED, (RUNS, "24 h; 8 h")), *figures(BY_GIP, (LEVELS, "15 min; 5 min")))
