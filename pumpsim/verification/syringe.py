"""V8: how far a syringe pump's screw travels, when it warns, and at which pressure a given force trips it."""

import math
from dataclasses import replace

from pumpsim.catalogue.pumps import with_occlusion_limit
from pumpsim.catalogue.rows import MMHG_KPA
from pumpsim.catalogue.syringe_pumps import (
    GRASEBY_3100,
    MAKERS_MMHG_CM2_PER_KG,
    MMHG_CM2_PER_KGF,
    trip_mmhg,
    with_syringe,
)
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.simulation import simulate
from pumpsim.verification.case import Case, Expected, by
from pumpsim.verification.runs import CLOSED, S, event_ns, first_alarm_ns, motor_steps, one
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.outputs import DeliveryEventKind

PUMP, LINE = 'model = "syringe-pump"', 'container = { syringe = "bd-luer-lok-60", fluid = "saline-0.9" }'
TUBING = 'kind = "extension-150"'
STEP_MM = 250e-6
AREA_CM2, KGF_N = 5.44, 9.80665


def travel() -> tuple[float, ...]:
    """Travel and volume in 6 min; then travel and time of 9 mL."""
    even = simulate(one(PUMP, LINE, tubing=TUBING, rate="99.9 mL/h", duration="6 min"))
    nine = simulate(one(PUMP, LINE, tubing=TUBING, rate="200 mL/h", vtbi="9 mL", duration="162.5 s"))
    steps = motor_steps(even)
    step_ml = even.scenario.pumps[0].model.mechanism.step_fl / 1e12
    complete_s = event_ns(nine.traces[0], DeliveryEventKind.DELIVERY_COMPLETE) / S
    return steps * step_ml, steps * STEP_MM, motor_steps(nine) * STEP_MM, complete_s


def warning() -> tuple[float, ...]:
    """When the pump warns and ends."""
    (trace,) = simulate(one(PUMP, LINE, tubing=TUBING, rate="100 mL/h", vtbi="10 mL", duration="7 min")).traces
    near_ns, end_ns = (first_alarm_ns(trace, alarm) for alarm in (AlarmId.NEAR_END, AlarmId.INFUSION_COMPLETE))
    return (end_ns - near_ns) / S, end_ns / S


def tripped_mmhg(force_kg: float, stiction_kg: float, mmhg_cm2_per_kg: float) -> float:
    """The pressure in a closed line at which a pump alarms that is set to trip at a force on the plunger.

    The syringe has an area of 5.44 cm2 and takes ``stiction_kg`` to move.
    """
    friction_n = stiction_kg * KGF_N
    syringe = replace(
        SYRINGES["bd-luer-lok-60"],
        bore_mm=10.0 * math.sqrt(AREA_CM2 * 4.0 / math.pi),
        breakaway_n=friction_n,
        coulomb_n=friction_n,
    )
    limit_kpa = trip_mmhg(force_kg, AREA_CM2, stiction_kg, mmhg_cm2_per_kg) * MMHG_KPA
    model = with_syringe(with_occlusion_limit(GRASEBY_3100, limit_kpa), syringe)
    given = one(
        f'model = "{GRASEBY_3100.id}"',
        LINE,
        tubing=TUBING,
        rate="20 mL/h",
        duration="1 h",
        more=CLOSED.format(at="20 min"),
    )
    setup = given.pumps[0]
    line = replace(setup.path.lines[0], syringe=syringe)
    scenario = replace(given, pumps=(replace(setup, model=model, path=replace(setup.path, lines=(line,))),))
    (trace,) = simulate(scenario).traces
    return float(trace.at([first_alarm_ns(trace, AlarmId.OCCLUSION_DISTAL)]).pressure_kpa[0]) / MMHG_KPA


def force() -> tuple[float, ...]:
    """The maker's law three times, and the physics."""
    law = [tripped_mmhg(*given, MAKERS_MMHG_CM2_PER_KG) for given in ((3.5, 0.0), (4.2, 0.0), (3.5, 0.5))]
    return *law, tripped_mmhg(3.5, 0.0, MMHG_CM2_PER_KGF), tripped_mmhg(3.5, 0.5, MMHG_CM2_PER_KGF)


G3100 = "Graseby 3100 technical service manual (Aug 2004)"
CASES = (
    Case(
        "V8 travel",
        "Travel of the plunger",
        "BD 60 mL, bore 26.6 mm: 6 min at 99.9 mL/h; then 9 mL at 200 mL/h.",
        "travel = V / A, A = 5.557 cm2",
        f"{G3100}, tests of travel (18.0 +- 0.3 mm; 16.2 +- 0.3 mm in 161-163 s)",
        (
            Expected("volume displaced in 6 min", 9.99, "mL", by(0.001)),
            Expected("travel in 6 min", 17.98, "mm", by(0.005), 2),
            Expected("travel for 9 mL", 16.20, "mm", by(0.005), 2),
            Expected("time for 9 mL", 162.0, "s", by(0.01), 2),
        ),
        travel,
    ),
    Case(
        "V8 warning",
        "Warning before the end",
        "10 mL at 100 mL/h: six minutes; exact to a motor step (0.139 uL, 5 ms).",
        "warning at VTBI - Q x 3 min",
        f"{G3100}, p. 3-3 (3 minutes)",
        (Expected("from warning to end", 180.0, "s", by(0.005), 2), Expected("end", 360.0, "s", by(0.005), 2)),
        warning,
    ),
    Case(
        "V8 force",
        "Force on the plunger and pressure in the line",
        "A pump that trips at a force presses into a closed line; bore area 5.44 cm2, stiction S. Line pressure at the alarm.",
        "T = P A / 732 + S (the maker's); physics: 735.56 mmHg for a kgf/cm2",
        f"{G3100}, p. 6-3 (3.5 to 4.2 kg: 471 to 565 mmHg)",
        (
            Expected("maker's law, 3.5 kg, S = 0", 471.0, "mmHg", by(1.0), 1),
            Expected("maker's law, 4.2 kg, S = 0", 565.0, "mmHg", by(1.0), 1),
            Expected("maker's law, 3.5 kg, S = 0.5 kg", 404.0, "mmHg", by(1.0), 1),
            Expected("physics, 3.5 kgf, S = 0", 473.2, "mmHg", by(1.0), 1),
            Expected("physics, 3.5 kgf, S = 0.5 kgf", 405.6, "mmHg", by(1.0), 1),
        ),
        force,
    ),
)
