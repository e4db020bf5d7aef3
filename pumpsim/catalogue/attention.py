"""How pumps ask for attention: reminders, the longest audio pause, what latches, what escalates. Each with its source.

A row of the catalogue takes one of these sets, with the sources that belong to it.
"""

from dataclasses import replace

from pumpsim.catalogue.alarms import DECLARED
from pumpsim.catalogue.rows import MINUTE_NS, SECOND_NS, figures
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.model import Reminders

GIP_TIMES = ("reminders", "idle for 5 min; a question unanswered for 15 min; a key stuck for 1 min")
PAUSE = ("longest audio pause", "2 min")
SIGNALS = figures(
    "unverified: assumption",
    ("reminder of what was acknowledged and still stands", "every 5 min"),
    ("latching signals", "of occlusion, air and lost communication: until acknowledged, or the line is started"),
    ("escalation", "infusion complete: medium after 10 min"),
)

BY_GIP = Reminders(idle_ns=5 * MINUTE_NS, pending_ns=15 * MINUTE_NS, acknowledged_ns=5 * MINUTE_NS, key_ns=MINUTE_NS)
GIP_SOURCES = (
    *figures("GIP v1.0, 2.2.1, 2.2.4, 2.3.1", GIP_TIMES),
    *figures("GIP v1.0, 3.2.1 (at most 2 min)", PAUSE),
    *SIGNALS,
)
LIKE_GIP_SOURCES = (
    *figures("unverified: by analogy with GIP v1.0, 2.2.1, 2.2.4, 2.3.1", GIP_TIMES),
    *figures("unverified: by analogy with GIP v1.0, 3.2.1", PAUSE),
    *SIGNALS,
)
PLUM_SOURCES = (
    *figures("unverified: by analogy with GIP v1.0, 2.2.1, 2.2.4, 2.3.1", GIP_TIMES),
    *figures("Plum 360 instructions for use IFU0000140", PAUSE),
    *SIGNALS,
)

B_BRAUN = Reminders(idle_ns=2 * MINUTE_NS, pending_ns=20 * SECOND_NS, acknowledged_ns=2 * MINUTE_NS, key_ns=MINUTE_NS)
B_BRAUN_TIMES = (("reminders", "idle for 2 min; a value unconfirmed for 20 s"), PAUSE)
_B_BRAUN_REST = (
    *figures("unverified: by analogy with GIP v1.0, 2.3.1", ("stuck key", "1 min")),
    *figures("unverified: assumption", ("reminder of what was acknowledged and still stands", "every 2 min")),
    *SIGNALS[1:],
)
INFUSOMAT_SOURCES = (
    *figures("B. Braun Infusomat Space IFU, US and GB, chapters on alarms", *B_BRAUN_TIMES),
    *_B_BRAUN_REST,
)
PERFUSOR_SOURCES = (
    *figures("unverified: by analogy with B. Braun Infusomat Space IFU, chapter on alarms", *B_BRAUN_TIMES),
    *_B_BRAUN_REST,
)

MEDFUSION = Reminders(
    idle_ns=30 * SECOND_NS, pending_ns=30 * SECOND_NS, acknowledged_ns=5 * MINUTE_NS, key_ns=MINUTE_NS
)
"""Its "user callback", MEDIUM: here the condition ``idle``, and that of a question without an answer."""
MEDFUSION_MANUAL = "Medfusion 3500 (V6) operator's manual p. 102 (user callback)"
MEDFUSION_ROWS = tuple(
    replace(row, priority=Priority.MEDIUM, source=MEDFUSION_MANUAL)
    if row.id in (AlarmId.IDLE, AlarmId.PENDING_INPUT)
    else row
    for row in DECLARED
)
MEDFUSION_SOURCES = (
    *figures(
        MEDFUSION_MANUAL,
        ("reminders", "idle, or a question unanswered, for 30 s, medium"),
    ),
    *figures("unverified: by analogy with GIP v1.0, 2.3.1, 3.2.1", ("stuck key", "1 min"), PAUSE),
    *SIGNALS,
)

INSULIN = Reminders(idle_ns=15 * MINUTE_NS, pending_ns=15 * MINUTE_NS, acknowledged_ns=5 * MINUTE_NS, key_ns=MINUTE_NS)
"""Worn day and night: they remind of a suspended delivery less often."""
INSULIN_SOURCES = (
    *figures(
        "unverified: by analogy with MiniMed 670G, alerts quick reference (repeats every 5 or 15 min)",
        ("reminders", "idle, or a question unanswered, for 15 min"),
        ("reminder of what was acknowledged and still stands", "every 5 min"),
    ),
    *figures("unverified: by analogy with GIP v1.0, 2.3.1, 3.2.1", ("stuck key", "1 min"), PAUSE),
    *SIGNALS[1:],
)

NOBODY_AT_IT = Reminders(key_ns=None)
"""Implanted pumps and drips have neither keys nor a panel."""
NOBODY_SOURCES = figures("by definition: neither keys nor a panel", ("reminders", "none"), ("longest audio pause", "0"))
