"""Short ways to build scenarios and paths in tests, in the units that people speak."""

from pumpsim.catalogue.pumps import DUAL_CHANNEL_CASSETTE, with_smooth_drive
from pumpsim.scenario import Entry, PumpSetup, Scenario
from pumpsim.simulation import Run, simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Disturbance, Powering
from pumpsim.vocabulary.inputs import DeviceEvent, OperatorCommand
from pumpsim.vocabulary.model import AtEnd, PumpModel
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.outputs import AlarmRaised, CommandRejected, DeliveryEvent
from pumpsim.vocabulary.path import (
    Access,
    AdministrationSet,
    DrugContent,
    Fluid,
    LineSetup,
    PathSetup,
    Sensing,
    Transport,
)
from pumpsim.vocabulary.program import InfusionProgram, LineMode

S, MIN, H = 10**9, 60 * 10**9, 3600 * 10**9
"""Time units in ns."""
STROKES = DUAL_CHANNEL_CASSETTE
SMOOTH = with_smooth_drive(DUAL_CHANNEL_CASSETTE)
CYCLE_ML = 0.33
SALINE = Fluid("saline-0.9")
DRUG = Fluid("drug 1 mg/mL", (DrugContent("drug", 1.0),))


def path(
    *,
    compliance: float = 0.006,
    resistance: float = 0.02,
    common_ml: float = 2.5,
    transport: Transport = Transport.PLUG,
    bags_ml: tuple[float, float] = (3000.0, 1000.0),
    back_pressure: float = 0.0,
    priming: Fluid = SALINE,
    fluids: tuple[Fluid, Fluid] = (SALINE, DRUG),
) -> PathSetup:
    """Two bags, a set and an access; resistance in kPa h/mL, compliance in mL/kPa."""
    lines = tuple(
        LineSetup(line, "bag", volume, fluid, head_kpa=4.9)
        for line, volume, fluid in zip("AB", bags_ml, fluids, strict=True)
    )
    return PathSetup(
        lines,
        AdministrationSet("set", common_ml, priming, compliance, resistance, transport),
        Access("access", 0.0, back_pressure),
    )


def program(
    rate: float,
    vtbi: float | None = None,
    mode: LineMode = LineMode.SINGLE,
    at_end: AtEnd | None = None,
    delay_ns: int = 0,
    call_back: bool = False,
) -> InfusionProgram:
    """A program from mL/h and mL."""
    vtbi_nl = None if vtbi is None else round(vtbi * 1e6)
    return InfusionProgram(round(rate * 1e6), vtbi_nl, mode, at_end, delay_ns, call_back)


def scenario(
    *entries: tuple[int, OperatorCommand | Disturbance | MotorFault | DeviceEvent | Powering],
    until_ns: int,
    model: PumpModel = STROKES,
    setup: PathSetup | None = None,
    sensing: Sensing = Sensing(),
    seed: int = 1,
) -> Scenario:
    """A scenario of one pump from (instant, action) pairs."""
    pump = PumpSetup("main", model, setup or path(), sensing)
    script = tuple(Entry(at_ns, "main", action) for at_ns, action in entries)
    return Scenario("test", "test", until_ns, seed, (pump,), script, (), max(1, until_ns // 100))


def run(
    *entries: tuple[int, OperatorCommand | Disturbance | MotorFault | DeviceEvent | Powering],
    until_ns: int,
    **kwargs: object,
) -> PumpTrace:
    """Simulate one pump and give its trace."""
    return simulate_one(scenario(*entries, until_ns=until_ns, **kwargs)).traces[0]  # type: ignore[arg-type]


def simulate_one(given: Scenario) -> Run:
    """Simulate; here so that tests have one door."""
    return simulate(given)


def said(trace: PumpTrace, line: str | None = None) -> list[tuple[float, str, str | None]]:
    """Delivery events, alarms and refusals as (minute, word, line); the words are those of the records."""
    found: list[tuple[float, str, str | None]] = []
    for recorded in trace.records:
        record = recorded.record
        if isinstance(record, DeliveryEvent):
            word = record.kind.value
        elif isinstance(record, AlarmRaised):
            word = f"alarm {record.alarm.value}"
        elif isinstance(record, CommandRejected):
            word = f"rejected {record.command}"
        else:
            continue
        if line in (None, record.line):
            found.append((round(recorded.at_ns / MIN, 6), word, record.line))
    return found


def when(trace: PumpTrace, word: str, line: str | None = None) -> list[float]:
    """The minutes at which this was said."""
    return [minute for minute, said_word, _ in said(trace, line) if said_word == word]
