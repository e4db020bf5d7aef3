"""The rows of alarm conditions that pump models are composed from.

Priorities: the sources disagree on occlusion and air (Open PCA says MEDIUM, a note of IEC 60601-2-24 and most makers
HIGH); here both are HIGH. Texts are ours.
"""

from pumpsim import units
from pumpsim.catalogue.rows import MINUTE_NS
from pumpsim.vocabulary.alarms import AlarmCondition, AlarmId, Effect, Priority, Signal, Threshold

PSI_KPA = float(units.PSI_KPA)
"""1 psi in kPa."""
OPCA_4 = "Open PCA requirements v1.0.0, table 4"
GPCA_59 = "GPCA REQ 59"


def occlusion_distal(limit_kpa: float, delay_ns: int = 0, *, self_clearing: bool = True) -> AlarmCondition:
    """Pressure behind the pump at or above ``limit_kpa``; over below three quarters of it (a choice of ours).

    A pump that lets the pressure off itself wants it not to clear by itself: the line is still closed.
    """
    return AlarmCondition(
        id=AlarmId.OCCLUSION_DISTAL,
        priority=Priority.HIGH,
        effect=Effect.STOP_ALL,
        per_line=False,
        text="Occlusion between pump and patient: all lines stopped",
        source="IEC 60601-2-24:2012, 201.12.4.4.104 (unverified: clause text not at hand)",
        threshold=Threshold(Signal.DISTAL_PRESSURE, limit_kpa, 0.75 * limit_kpa),
        delay_ns=delay_ns,
        latching=True,
        self_clearing=self_clearing,
    )


def pressure_rise(priority: Priority = Priority.MEDIUM, effect: Effect = Effect.CONTINUE) -> AlarmCondition:
    """The pressure behind the pump rises by so much within so long, as the model's ``pressure_rise`` says."""
    return AlarmCondition(
        id=AlarmId.PRESSURE_RISE,
        priority=priority,
        effect=effect,
        per_line=False,
        text="The pressure behind the pump rises: look for what narrows the line",
        source="unverified: assumption",
    )


def occlusion_proximal(limit_kpa: float) -> AlarmCondition:
    """Pressure ahead of the pump at or below ``limit_kpa`` (negative); over above half of it (a choice of ours)."""
    return AlarmCondition(
        id=AlarmId.OCCLUSION_PROXIMAL,
        priority=Priority.HIGH,
        effect=Effect.STOP_LINE,
        per_line=True,
        text="Occlusion between container and pump: this line stopped",
        source="ECRI criteria 2008/2015: must alarm upstream, a clamped secondary included",
        threshold=Threshold(Signal.PROXIMAL_PRESSURE, limit_kpa, 0.5 * limit_kpa, rising=False),
        latching=True,
    )


AIR_IN_LINE_PROXIMAL = AlarmCondition(
    id=AlarmId.AIR_IN_LINE_PROXIMAL,
    priority=Priority.HIGH,
    effect=Effect.STOP_LINE,
    per_line=True,
    text="Air ahead of the pump (container empty): this line stopped",
    source="GPCA REQ 59 (air: HIGH); unverified: that only its own line stops (Plum family, from memory)",
    threshold=Threshold(Signal.AIR_PROXIMAL, 1.0, 1.0),
    latching=True,
)


def air_in_line_distal(limit_ml: float) -> AlarmCondition:
    """A bubble of ``limit_ml`` or more behind the pump; over when it has passed (below half of it: a choice of ours)."""
    return AlarmCondition(
        id=AlarmId.AIR_IN_LINE_DISTAL,
        priority=Priority.HIGH,
        effect=Effect.STOP_ALL,
        per_line=False,
        text="A bubble behind the pump: all lines stopped",
        source="GIP v1.0, 1.9.1; GPCA REQ 59 (air: HIGH)",
        threshold=Threshold(Signal.AIR_BUBBLE, limit_ml, 0.5 * limit_ml),
        latching=True,
    )


def air_accumulated(limit_ml: float) -> AlarmCondition:
    """Air of ``limit_ml`` or more counted behind the pump within the sensor's window; over below half of it, as above."""
    return AlarmCondition(
        id=AlarmId.AIR_ACCUMULATED,
        priority=Priority.HIGH,
        effect=Effect.STOP_ALL,
        per_line=False,
        text="Many bubbles behind the pump: all lines stopped",
        source="IEC 60601-2-24, 51.104 and 201.12.4.4.107 (unverified: clause text not at hand): 1 mL in 15 min",
        threshold=Threshold(Signal.AIR_ACCUMULATED, limit_ml, 0.5 * limit_ml),
        latching=True,
    )


def reservoir_low(level_ml: float, source: str, effect: Effect = Effect.CONTINUE) -> AlarmCondition:
    """No more than ``level_ml`` is left in a container whose level is measured; over when there is more."""
    return AlarmCondition(
        id=AlarmId.RESERVOIR_LOW,
        priority=Priority.LOW,
        effect=effect,
        per_line=True,
        text="The container is nearly empty",
        source=f"{source}; priority: {OPCA_4} (LOW)",
        threshold=Threshold(Signal.RESERVOIR_LEVEL, level_ml, level_ml, rising=False),
    )


def container_empty(
    source: str, level_ml: float = 0.0, effect: Effect = Effect.FINISH_STROKE, priority: Priority = Priority.HIGH
) -> AlarmCondition:
    """Nothing is left in a container whose level is measured, or no more than ``level_ml``; over when there is more."""
    return AlarmCondition(
        id=AlarmId.CONTAINER_EMPTY,
        priority=priority,
        effect=effect,
        per_line=True,
        text="The container is empty: this line stopped",
        source=f"{source}; priority: {GPCA_59} (HIGH)",
        threshold=Threshold(Signal.RESERVOIR_LEVEL, level_ml, level_ml, rising=False),
    )


NEAR_END = AlarmCondition(
    id=AlarmId.NEAR_END,
    priority=Priority.LOW,
    effect=Effect.CONTINUE,
    per_line=True,
    text="The volume to be infused is nearly in",
    source="Medfusion 3500 manual p. 102 (LOW/MEDIUM); Graseby 3100 service manual p. 3-3 (3 minutes)",
)
INFUSION_COMPLETE = AlarmCondition(
    id=AlarmId.INFUSION_COMPLETE,
    priority=Priority.LOW,
    effect=Effect.CONTINUE,
    per_line=True,
    text="The volume to be infused is in",
    source="GPCA REQ 59 (LOW)",
    self_clearing=False,
    escalates_after_ns=10 * MINUTE_NS,
)
CALL_BACK = AlarmCondition(
    id=AlarmId.CALL_BACK,
    priority=Priority.MEDIUM,
    effect=Effect.CONTINUE,
    per_line=True,
    text="Call-back asked for: the secondary has ended",
    source="unverified: by analogy with the user callback of the Medfusion 3500 manual p. 102 (MEDIUM)",
    self_clearing=False,
)
OVER_INFUSION = AlarmCondition(
    id=AlarmId.OVER_INFUSION,
    priority=Priority.HIGH,
    effect=Effect.STOP_ALL,
    per_line=False,
    text="More is pumped than programmed: the pump is stopped",
    source="GIP 1.2.2; GPCA REQ 59 (HIGH, inhibit)",
    self_clearing=False,
)
RATE_LIMIT = AlarmCondition(
    id=AlarmId.RATE_LIMIT,
    priority=Priority.HIGH,
    effect=Effect.STOP_ALL,
    per_line=False,
    text="A motor command above the model's limits: the interlock has stopped the pump",
    source="GIP 1.4.3 (pump maximum rate)",
    self_clearing=False,
)
COMMUNICATION_LOST = AlarmCondition(
    id=AlarmId.COMMUNICATION_LOST,
    priority=Priority.HIGH,
    effect=Effect.STOP_ALL,
    per_line=False,
    text="The device does not answer: delivery is stopped, what it did last is uncertain",
    source="a choice of ours: fail to stopped and alarming",
    latching=True,
)
DEVICE_FAULT = AlarmCondition(
    id=AlarmId.DEVICE_FAULT,
    priority=Priority.HIGH,
    effect=Effect.STOP_ALL,
    per_line=False,
    text="The device reports a fault: all lines stopped",
    source="Open PCA requirements, table 4 (self-test, drive)",
    self_clearing=False,
)


def _technical(
    id: AlarmId,
    priority: Priority,
    effect: Effect,
    text: str,
    source: str,
    *,
    self_clearing: bool = True,
    per_line: bool = False,
    latching: bool = False,
    escalates_after_ns: int | None = None,
) -> AlarmCondition:
    """A condition of the equipment that is declared, not measured."""
    return AlarmCondition(
        id,
        priority,
        effect,
        per_line,
        text,
        source,
        self_clearing=self_clearing,
        latching=latching,
        escalates_after_ns=escalates_after_ns,
    )


H, M, L = Priority.HIGH, Priority.MEDIUM, Priority.LOW
GOES_ON, KEEPS_OPEN, STOPS = Effect.CONTINUE, Effect.KVO, Effect.STOP_ALL
CONDITIONS = (
    _technical(
        AlarmId.MAX_DOSE,
        L,
        KEEPS_OPEN,
        "The most that may be given in the window is given",
        OPCA_4,
        self_clearing=False,
        per_line=True,
    ),
    _technical(
        AlarmId.UNDER_INFUSION,
        M,
        GOES_ON,
        "Less is pumped than programmed",
        f"GIP 1.2.3; {GPCA_59} (MEDIUM)",
        per_line=True,
    ),
    _technical(
        AlarmId.FREE_FLOW, H, STOPS, "Fluid flows by itself", f"GIP 1.2.2; {GPCA_59} (HIGH)", self_clearing=False
    ),
    _technical(
        AlarmId.MOTOR_STALL,
        H,
        STOPS,
        "The motor is commanded and does not move",
        f"{OPCA_4} (drive)",
        self_clearing=False,
    ),
    _technical(
        AlarmId.WATCHDOG,
        H,
        STOPS,
        "The controller was called too late: what ran meanwhile is not known",
        "GIP 3.5.2",
        self_clearing=False,
    ),
    _technical(
        AlarmId.SENSOR_FAULT,
        H,
        STOPS,
        "A sensor does not answer",
        "a choice of ours: fail to stopped and alarming",
        self_clearing=False,
    ),
    _technical(
        AlarmId.SELF_TEST,
        H,
        STOPS,
        "The self-test has failed",
        f"{OPCA_4} (POST, RAM, ROM, CPU); GIP 3.4.3",
        self_clearing=False,
    ),
    _technical(AlarmId.DOOR_OPEN, H, STOPS, "The door is open", "B. Braun Infusomat Space IFU, GB: alert; stops"),
    _technical(
        AlarmId.SYRINGE_OFF,
        H,
        STOPS,
        "The syringe, or its plunger, is not held",
        "Graseby 3100 technical service manual (2004): clamp open",
    ),
    _technical(AlarmId.MAINS_LOST, L, GOES_ON, "On battery", "unverified: assumption"),
    _technical(
        AlarmId.BATTERY_LOW, L, GOES_ON, "The battery is low", f"{OPCA_4} (LOW); GIP 5.1.4", escalates_after_ns=None
    ),
    _technical(
        AlarmId.BATTERY_DEPLETED,
        H,
        STOPS,
        "The battery is depleted: stopped, soon off",
        "GIP 5.1.6; B. Braun Infusomat Space IFU (off 3 min after the alarm)",
    ),
    _technical(
        AlarmId.POWER_LOST,
        H,
        GOES_ON,
        "Power was lost: settings are kept, delivery waits for the operator",
        "a choice of ours: delivery never resumes by itself",
        self_clearing=False,
    ),
    _technical(AlarmId.KEY_STUCK, H, STOPS, "A key is stuck", "GIP 2.3.1"),
    _technical(AlarmId.IDLE, L, GOES_ON, "A line is ready or held, and nobody has touched the pump", "GIP 2.2.4"),
    _technical(AlarmId.PENDING_INPUT, L, GOES_ON, "What the pump asks has no answer", "GIP 2.2.1"),
    _technical(
        AlarmId.STANDBY_OVER,
        M,
        GOES_ON,
        "Standby is over",
        "unverified: by analogy with call-back",
        self_clearing=False,
        per_line=True,
    ),
    _technical(
        AlarmId.SAME_DRUG,
        L,
        GOES_ON,
        "The same drug is programmed on two lines",
        "a choice of ours",
        self_clearing=False,
    ),
    _technical(
        AlarmId.INCOMPATIBLE_DRUGS,
        M,
        GOES_ON,
        "Drugs that the library calls incompatible share the line",
        "a choice of ours; the pairs are the user's",
        self_clearing=False,
    ),
)

DECLARED = (
    NEAR_END,
    INFUSION_COMPLETE,
    CALL_BACK,
    OVER_INFUSION,
    RATE_LIMIT,
    COMMUNICATION_LOST,
    DEVICE_FAULT,
    *CONDITIONS,
)
"""Conditions that every model has: declared by controller, interlock or driver, with no threshold of their own."""
