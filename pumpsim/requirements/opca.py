"""Open PCA Pump Requirements v1.0.0 (Larson, Hatcliff, 2020): what its text gives a limit or a rule of delivery for.

Numbers as the public event calculus model of that document cites them (ovasicek/pca-pump-ec-artifacts), the document itself
was not at hand; limits are those noted when it was. A name in place of a number: the number was not found. A note says where
a number comes from an earlier edition, whose chapters are one lower throughout.
"""

from functools import partial

from pumpsim.requirements.requirement import Requirement, Section, Source

row = partial(Requirement, Source.OPCA)
SQUARE = "the controller has no such setting; a bolus over a time ends with its volume"
FLOW_NOTE = (
    "By the count of the motor, with the times and effects that the document asks for as a model's data. At once only beyond "
    "120 % of what is commanded, or below 50 %: then the interlock stops the pump."
)
AS_DATA = "Levels and effects are a model's data."
BY_MODEL = "a figure of each model: docs and pumpsim list show those of the catalogue"
UNNUMBERED = "Number not found."
EARLIER = "In an earlier edition R{}."

OPCA: tuple[Section, ...] = (
    Section(
        "5.1 Basal infusion",
        (
            row(
                "R5.1.0(1)",
                "The basal rate is infused as prescribed.",
                "+-0.5 mL/h",
                note="As a mean over hours: an ambulatory pump gives pulses.",
            ),
            row(
                "R5.1.0(2)",
                "The basal rate is within the pump's range.",
                "1-10 mL/h",
                BY_MODEL,
            ),
            row("R5.1.0(4)", "Any alarm stops basal delivery.", ""),
            row(
                "R5.1.0(5)",
                "The keep open rate.",
                "1 mL/h",
                BY_MODEL,
            ),
        ),
    ),
    Section(
        "5.2 Bolus on the patient's request",
        (
            row("R5.2.0(2)", "It runs at its own rate with the basal one.", "sum <= highest rate"),
            row("R5.2.0(3)", "Requests within the lockout are refused.", "dt_prb since the last bolus"),
            row("R5.2.0(4)", "Its volume is within the hard limit.", "VTBI of the library"),
            row("R5.2.0(5)", "A request above the maximum dose: warning and KVO.", "dose in a window"),
            row("R5.2.0(6)", "Any alarm stops it.", ""),
        ),
    ),
    Section(
        "5.3 Bolus on the clinician's request",
        (
            row("R5.3.0(2)", "Its rate.", "min(VTBI / dt + basal, highest rate)"),
            row("R5.3.0(3)", "A patient's bolus goes first; then it resumes.", ""),
            row("R5.3.0(4)", "Any alarm stops it.", ""),
            row("R5.3.0(7)", "The maximum dose halts it: warning and KVO.", "dose in a window"),
            row("clinician-bolus-duration", "It has a longest duration.", "<= 6 h", SQUARE, UNNUMBERED),
        ),
    ),
    Section(
        "6.1 Sensors",
        (
            row("R6.1.0(1)", "Flow is measured.", "0.1 mL/h", "the modelled pumps have no flow sensor"),
            row(
                "R6.1.0(2)",
                "Occlusion downstream is detected.",
                "10 psi",
                note="A setting: here of a large-volume pump.",
            ),
            row(
                "R6.1.0(3)",
                "Occlusion upstream is detected.",
                "1 psi",
                "the proximal limit is no setting: rows have -6 psi",
            ),
        ),
    ),
    Section(
        "6.4 Over- and under-infusion, temperature",
        (
            row("R6.4.0(2)", "Basal over-infusion: alarm and KVO.", "5 min; at once in free flow", note=FLOW_NOTE),
            row("R6.4.0(3)", "Basal under-infusion: warning.", "5 min; at once when stopped", note=FLOW_NOTE),
            row("R6.4.0(4)", "Over-infusion in a patient's bolus: alarm and KVO.", "1 min; at once", note=FLOW_NOTE),
            row("R6.4.0(5)", "Under-infusion in a patient's bolus: warning.", "1 min; at once", note=FLOW_NOTE),
            row("R6.4.0(6)", "Over-infusion in a square bolus: alarm and KVO.", "5 min; at once", note=FLOW_NOTE),
            row("R6.4.0(7)", "Under-infusion in a square bolus: warning.", "5 min; at once", note=FLOW_NOTE),
            row("R6.4.0(8)", "An overheated pump stops.", "55 degC", "the pump's own temperature is not modelled"),
        ),
    ),
    Section(
        "6.5 Operation",
        (
            row("R6.5.0(6)", "The stop button stops all delivery."),
            row(
                "R6.5.0(10)",
                "A value above a hard limit is refused.",
                note=EARLIER.format("5.5.0(10)"),
            ),
            row(
                "pause-limit",
                "A pause is not too long.",
                "10 min",
                "the pump reminds of a held line, and never goes on by itself",
                UNNUMBERED,
            ),
            row(
                "stop-start-limit",
                "Many stops and starts stop the pump.",
                ">= 3 in 10 min",
                "no such count in the controller",
                UNNUMBERED,
            ),
        ),
    ),
    Section(
        "6.8 Reservoir",
        (
            row("R6.8.0(2)", "The volume left is measured.", "+-1 mL", note="Counted from the motor's steps."),
            row("R6.8.0(9)", "A low reservoir: warning and KVO.", "1 mL", note=AS_DATA),
            row("R6.8.0(10)", "An empty reservoir: alarm and stop.", "0.5 mL", note=AS_DATA),
        ),
    ),
    Section(
        "7.2 Anomalies",
        (
            row("R7.2.0(3)", "Air in line is alarmed and stops the pump."),
            row("R7.2.0(4)", "An upstream occlusion is alarmed and stops the pump.", note="Of two lines its own."),
            row("R7.2.0(5)", "A downstream occlusion is alarmed and stops the pump."),
            row("R7.2.0(6)", "An occlusion stops the pump at once, in mid-stroke.", "at once"),
            row("R7.2.0(7)", "An empty reservoir lets the stroke end, then stops."),
            row("R7.2.0(8)", "An open door is alarmed.", note="As the door's switch reports it."),
        ),
    ),
    Section(
        "7.3 Power",
        (
            row(
                "battery-backup",
                "The battery keeps the pump going.",
                "10 min",
                note=f"{UNNUMBERED} As the catalogue has batteries: their running times are assumptions.",
            ),
            row(
                "R7.3.0(4)",
                "A low battery: warning and KVO.",
                "3 min left",
                note=f"{EARLIER.format('6.3.0(4)')} As a setting of the row; in the catalogue a low battery goes on.",
            ),
            row(
                "R7.3.0(5)",
                "A battery that fails is alarmed.",
                "",
                "a battery that fails before it is empty is not modelled; an empty one is alarmed (GIP 5.1.6)",
                EARLIER.format("6.3.0(5)"),
            ),
            row("leakage", "Leakage current.", "<= 10 mA", "electrical safety is a matter of hardware", UNNUMBERED),
        ),
    ),
)
