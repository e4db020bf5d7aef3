"""UMN CriSys, requirements of the generic PCA pump (Murugesan, Rayadurgam, Heimdahl, 2013): modes, tolerances, bolus, alarms.

Numbers and limits checked against the public transcription of its REQ 1-86 (memoarchitect/memo, gpca_requirements.sysml).
Constants that the source leaves open (durations of the flow tolerances, sizes of bubbles) are the site's.
"""

from functools import partial

from pumpsim.requirements.requirement import Requirement, Section, Source

row = partial(Requirement, Source.GPCA)
MODES = "by choice a held line stands: nothing is given that nobody has started"
BOLUS = "every press is counted and recorded, with why it was denied; none is alarmed"
TABLE = "its table is of one PCA pump; ours, of all models, is docs/alarms.md, and differs where makers do"
NO_LOG = "a run's records hold every event and samples at record.every; the pump itself keeps no log"

GPCA: tuple[Section, ...] = (
    Section(
        "Modes",
        (
            row("REQ 1", "One mode at a time.", "OFF, IDLE, PAUSED, BASAL, SQUARE BOLUS, PATIENT BOLUS"),
            row("REQ 7", "There is no infusion without a saved prescription."),
            row("REQ 14", "Nothing is delivered in IDLE.", "0 mL/h"),
            row(
                "REQ 15",
                "IDLE for too long is notified.",
                "Max_IDLE_Duration, the site's",
                note="A line that is ready.",
            ),
            row(
                "REQ 28",
                "Duration or volume in: IDLE, and the notification.",
                "VTBI",
                note="Where the program says stop at the end; else it is KVO.",
            ),
            row("REQ 29", "The clinician pauses delivery.", note="A held line stands; there is no KVO then."),
            row("REQ 43", "PAUSED delivers at the keep open rate.", "+-20 %", MODES),
            row(
                "REQ 44",
                "PAUSED for too long is notified.",
                "Max_PAUSED_Duration, the site's",
                note="A line that is held.",
            ),
        ),
    ),
    Section(
        "Flow",
        (
            row(
                "REQ 16",
                "Each mode delivers at its programmed rate.",
                "+-20 % (Tolerance_Max)",
            ),
            row(
                "REQ 17",
                "Flow below the tolerance is notified.",
                "-5 % for a time, -20 % at once",
                "shown for a time (OPCA R6.4.0(3)); at once only below 50 %, as a motor that stalls",
            ),
            row(
                "REQ 19",
                "Flow above the tolerance pauses.",
                "+5 % for a time, +20 % at once",
                note="By the count of the motor.",
            ),
            row(
                "REQ 20",
                "Volume above the library's pauses.",
                "highest VTBI",
                note="It is refused before the start, as is a programme without an end; KVO comes after.",
            ),
            row(
                "REQ 21",
                "Air pauses delivery.",
                "one bubble, or their sum, the site's",
                note="Here 0.2 mL, and 1 mL in 15 min, where the pump stops. The sum: V12 air in verification.md.",
            ),
            row(
                "REQ 22",
                "Reverse delivery pauses.",
                "continuous or in all, the site's",
                note="By the count of the motor, after a distal occlusion; there is no flow sensor.",
            ),
            row("REQ 40", "BASAL delivers at its rate.", "+-20 %", note="As a mean over hours: pulses."),
            row("REQ 41", "SQUARE BOLUS delivers at its rate.", "+-20 %"),
            row("REQ 42", "PATIENT BOLUS delivers at its rate.", "+-20 %"),
        ),
    ),
    Section(
        "Reservoir",
        (
            row(
                "REQ 18",
                "A low reservoir is notified.",
                "Low_Reservoir, the site's",
                note="Where the level is measured.",
            ),
            row(
                "REQ 23",
                "An empty reservoir pauses.",
                "Empty_Reservoir, the site's",
                note="By the level where it is measured, else by air ahead of the pump.",
            ),
        ),
    ),
    Section(
        "Bolus",
        (
            row(
                "REQ 24",
                "Square boluses are scheduled.",
                "every interval, for a duration",
                "a repeated dose is a programme of its own, not a bolus beside another",
            ),
            row(
                "REQ 25",
                "A request is ignored in lockout, above the number, in a bolus, while inhibited.",
                "lockout",
            ),
            row("REQ 26", "Frequent requests are notified.", "", BOLUS),
            row("REQ 27", "Requests above the number are notified.", "highest number", BOLUS),
            row("REQ 33", "A request goes before a square bolus.", ""),
            row("REQ 36", "After it the square bolus resumes.", ""),
        ),
    ),
    Section(
        "Notifications",
        (
            row("REQ 59", "Each has its priority and its effects.", "table of 20", TABLE),
            row(
                "REQ 60",
                "The highest priority goes first.",
                note="Shown and heard; what all that stand do to delivery is the most restrictive of it.",
            ),
            row("REQ 61", "Of one priority the most restrictive goes first."),
            row(
                "REQ 62",
                "Of the same effects the table's most restrictive goes first.",
                "",
                "by choice: the newest does; see REQ 59",
            ),
            row("REQ 63", "A higher or more restrictive one takes over."),
            row(
                "REQ 64",
                "A lower one is only listed meanwhile.",
                note="While the higher one sounds. Where that is silenced, a new one of any priority sounds.",
            ),
            row("REQ 72", "Each that wants it sounds.", "50 dB, 2 s", "loudness is a matter of hardware"),
            row("REQ 75", "Silenced audio comes back.", "30 min", note="After 2 min at most."),
        ),
    ),
    Section(
        "Records",
        (
            row("REQ 78", "Mode and flow are logged.", "every 5 min, and at each change of mode", NO_LOG),
            row("REQ 80", "Every notification is logged.", "", NO_LOG),
            row("REQ 85", "Logs are kept.", "errors 30 d, operation 15 d", NO_LOG),
            row("REQ 86", "The prescription is kept.", "15 d", note="Without power; a snapshot does not age."),
        ),
    ),
)
