"""Generic Infusion Pump, hazard analysis and safety requirements v1.0 (Arney, Jetley, Jones, Lee, Ray, Sokolsky, Zhang, 2009).

Section 1 (infusion control) whole; of the others what has a limit. A limit that the source leaves as x is the site's.
"""

from functools import partial

from pumpsim.requirements.requirement import Requirement, Section, Source

row = partial(Requirement, Source.GIP)
BY_MODEL = "a figure of each model, not a rule of the pump: the catalogue has the makers' ranges, which differ"
SQUARE = "square boluses do not recur here, so none has a period; a repeated dose is a programme of its own"
INCREMENT = f"{BY_MODEL}; any step of ours is finer"

GIP: tuple[Section, ...] = (
    Section(
        "1.1 Flow rate",
        (
            row("1.1.1", "The rates of primary and secondary can be programmed."),
            row("1.1.2", "The basal rate covers the range.", "0.1-999 mL/h"),
            row(
                "1.1.3",
                "A small-volume pump has a low highest rate.",
                "<= 99.9 mL/h",
                f"{BY_MODEL} (Graseby 3100: 199.9 mL/h)",
            ),
            row(
                "1.1.4",
                "A large-volume pump does not go too low.",
                ">= 1 mL/h",
                f"{BY_MODEL} (most go down to 0.1 mL/h)",
            ),
            row(
                "1.1.5",
                "Flow at a low rate is hardly discontinuous.",
                "at <= 1 mL/h, as little as can be",
                "no figure to hold it to; concurrent_floor.toml measures it: 2.2 times the mean over 1 min",
            ),
            row("1.1.6", "A basal profile can be programmed.", "up to 24 h"),
            row("1.1.7", "Programming a basal rate leaves the running one alone.", ""),
            row(
                "1.1.8",
                "A keep open rate (KVO) is there at all times.",
                note="Shown at the end of a volume. A pump that is held or in alarm stands still, by choice.",
            ),
        ),
    ),
    Section(
        "1.2 Accuracy of flow",
        (
            row(
                "1.2.1",
                "Flow is accurate over days.",
                "+-5 % for >= 72 h",
                note="What the pump's arithmetic adds: a modelled mechanism has no error of its own.",
            ),
            row(
                "1.2.2",
                "Over-infusion is alarmed.",
                "> 10 % above for > 15 min, or free flow",
                note="By the count of the motor: the free flow of a loose plunger is not noticed (siphon_free_flow.toml).",
            ),
            row("1.2.3", "Under-infusion is alarmed.", "< 90 % for 15 min", note="By the count of the motor."),
        ),
    ),
    Section(
        "1.3 Volume to be infused (VTBI)",
        (
            row("1.3.1", "Range of a small-volume pump.", "0.1-999 mL", BY_MODEL),
            row("1.3.2", "Range of a large-volume pump.", "1-9999 mL"),
            row("1.3.3", "Step of a small-volume pump, low.", "0.1 mL below 1 mL", INCREMENT),
            row("1.3.4", "Step of a large-volume pump, low.", "1 mL below 100 mL", INCREMENT),
            row("1.3.5", "Step of a small-volume pump, high.", "10 mL above 100 mL", INCREMENT),
            row("1.3.6", "Step of a large-volume pump, high.", "100 mL above 1000 mL", INCREMENT),
        ),
    ),
    Section(
        "1.4 Bolus",
        (
            row("1.4.1", "A normal bolus on request, a square one over a time.", ""),
            row("1.4.2", "Their rates are programmed apart.", ""),
            row("1.4.3", "Basal and bolus together stay within the pump's rate.", "<= highest rate"),
            row("1.4.4", "A bolus does not change the basal rate.", ""),
            row("1.4.5", "A normal bolus suspends a square one.", ""),
            row("1.4.6", "Then the square bolus resumes.", ""),
            row("1.4.7", "A square bolus is even over its time.", ""),
            row("1.4.8", "There is one square bolus at a time.", "1"),
            row(
                "1.4.9",
                "A square bolus has a longest duration.",
                "x h, the site's",
                note="8 h, of insulin pumps; others have no limit.",
            ),
            row("1.4.10", "A square bolus has a longest period.", "x h, the site's", SQUARE),
            row("1.4.11", "There is no normal bolus while the pump is in alarm.", ""),
            row("1.4.12", "A request above the dose limit is alarmed.", ""),
        ),
    ),
    Section(
        "1.5 Reservoir",
        (
            row("1.5.1", "Volume and time left are known before the start."),
            row(
                "1.5.2",
                "The time left is accurate.",
                "+-3 min",
                note="To a motor step, as the end itself: at 0.5 U/h that is a pulse of 0.05 U in 6 min.",
            ),
            row("1.5.3", "It is reckoned anew when the basal rate changes."),
            row("1.5.4", "It is reckoned anew at each bolus."),
            row("1.5.5", "A low reservoir is alerted.", "< x mL, the site's", note="Where the level is measured."),
            row(
                "1.5.6",
                "An empty reservoir is alarmed.",
                "at 0 mL",
                note="By the level, where it is measured, or by the air sensor ahead of the pump; a pump without either "
                "draws air (bag_runs_dry.toml) or stalls (syringe_at_its_end.toml).",
            ),
        ),
    ),
    Section(
        "1.6-1.8 Suspend, data, reverse delivery",
        (
            row(
                "1.6.1",
                "A normal suspend completes the stroke.",
                "",
                "by choice: a held line stands in mid-stroke and goes on from there, so that nothing is given unasked",
            ),
            row("1.6.2", "A fault stops the pump at once, in mid-stroke.", "at once"),
            row(
                "1.7.1",
                "Settings are kept without power.",
                ">= 4 h",
                note="Of the pump's arithmetic: how long a memory keeps what is written to it is a matter of hardware.",
            ),
            row(
                "1.8.1",
                "There is no continuous reverse delivery.",
                "also with one fault",
                note="The interlock passes no command to run back but after a distal occlusion, to a count, and never by more "
                "than the model's most below the highest count; what height and compliance draw back is the line's doing. "
                "A laboratory pump, which is none for patients, withdraws by order, to a count.",
            ),
        ),
    ),
    Section(
        "1.9 Air in line",
        (
            row("1.9.1", "A bubble is alarmed.", "> 200 uL"),
            row(
                "1.9.2", "A bubble is alarmed, enteral pumps.", "> 50 uL for x min", "the catalogue has no enteral pump"
            ),
        ),
    ),
    Section(
        "1.10 Occlusion",
        (
            row("1.10.1", "An occlusion between container and pump is alarmed."),
            row("1.10.2", "An occlusion between pump and patient is alarmed."),
            row(
                "1.10.3",
                "The downstream limit is not too high.",
                "< 20 psi (1034 mmHg)",
                note="At 6 psi. Some ambulatory rows have their makers' higher limits, up to 186 kPa (27 psi).",
            ),
            row("1.10.4", "The upstream limit is not too low.", "> y psi, the site's", note="Here -6 psi."),
            row(
                "1.10.5",
                "An occlusion stops flow and is alarmed soon.",
                "x s, the site's",
                note="Here 9 s at 113 mL/h.",
            ),
            row(
                "1.10.6",
                "Pressure in the tubing is let off.",
                note="By peristaltic pumps that turn back (occlusion_back_off.toml); others hold it until somebody comes.",
            ),
            row(
                "1.10.7",
                "The bolus when an occlusion clears is small.",
                "<= 0.5 mL",
                note="For 6 uL/kPa at 6 psi without air: 0.24 mL. With 2 mL of air it is 0.75 mL "
                "(air_delays_occlusion.toml). At 1.2 bar 0.17 mL if the pump turns back, else 0.76 mL.",
            ),
        ),
    ),
    Section(
        "2 User interface",
        (
            row("2.2.1", "Input that is waited for is alerted.", "every 15 min"),
            row(
                "2.2.4",
                "Standing idle while programming is alerted.",
                "after 5 min",
                note="A line that is ready or held, the pump untouched. Some rows have their makers' times: 30 s, 2 min.",
            ),
            row(
                "2.2.5",
                "Then it is alarmed and the program cleared.",
                "after 10 min",
                "by choice: a programme is never cleared by itself; no maker's manual at hand has it so",
            ),
            row("2.3.1", "A key that is held down is alarmed.", "1 min"),
        ),
    ),
    Section(
        "3 Error handling",
        (
            row("3.2.1", "Audio can be paused and comes back.", "<= 2 min"),
            row("3.2.3", "Alarms can be heard.", "20-100 dB", "loudness is a matter of hardware"),
            row("3.3.3", "The processor is tested.", "every 60 min", "hardware: a test of the processor it runs on"),
            row(
                "3.4.3",
                "The power-on self test is short.",
                "<= 70 s",
                "what a self test does, and how long, is a matter of hardware; that one fails is alarmed",
            ),
            row(
                "3.5.2",
                "A watchdog stops a pump that does not respond.",
                "after 90 s",
                note="The device's own, when its host is silent: after 2 s. The interlock's, when the pump is called later "
                "than it was promised: after 10 s.",
            ),
        ),
    ),
    Section(
        "5 Power",
        (
            row("5.1.1", "Battery voltage is measured often.", "every <= 3 min", "hardware: how a voltage is read"),
            row("5.1.2", "Battery voltage is averaged.", "10 readings", "hardware: how a voltage is read"),
            row("5.1.4", "A low battery is alarmed.", "< 15 min left", note="At 15 min left, by the fuel gauge."),
            row(
                "5.1.6", "A depleted battery is alarmed.", "< 5 min left", note="At 5 min left, or as the maker has it."
            ),
            row("5.3.3", "Auto-off can be set.", "0-24 h by 1 h", "the pump has no sleep mode"),
        ),
    ),
    Section(
        "6 Dose error reduction",
        (
            row("6.1.3", "A value outside a hard limit is refused.", ""),
            row("6.1.4", "A value outside a soft limit needs confirmation.", ""),
        ),
    ),
    Section(
        "7 Environment",
        (
            row("7.1.1", "Operating temperature.", "5-45 degC", "environment: a matter of hardware"),
            row("7.1.4", "Relative humidity.", "20-90 %", "environment: a matter of hardware"),
        ),
    ),
)
