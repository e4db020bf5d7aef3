"""What happens to a pump's device, as a scenario file writes it: power that is cut, what its switches and tests report."""

from dataclasses import dataclass

from pumpsim.scenario_file.checks import Faults, Path
from pumpsim.scenario_file.happening_tables import FaultTable
from pumpsim.scenario_file.pumps import BuiltPump
from pumpsim.units import format_time
from pumpsim.vocabulary.disturbances import PowerBack, PowerCut, Powering
from pumpsim.vocabulary.inputs import DeviceEvent
from pumpsim.vocabulary.inputs import DeviceEventKind as Kind
from pumpsim.vocabulary.model import Drive, PumpClass

REPORTS: dict[str, tuple[Kind, Kind | None]] = {
    "door open": (Kind.DOOR_OPENED, Kind.DOOR_CLOSED),
    "syringe off": (Kind.SYRINGE_REMOVED, Kind.SYRINGE_SEATED),
    "mains lost": (Kind.MAINS_LOST, Kind.MAINS_RESTORED),
    "key pressed": (Kind.KEY_PRESSED, Kind.KEY_RELEASED),
    "sensor fault": (Kind.SENSOR_FAULT, None),
    "self-test failed": (Kind.SELF_TEST_FAILED, None),
    "free flow": (Kind.FREE_FLOW, None),
}
"""What is reported at the begin of each, and at its end; None: it stands until it is acknowledged."""
OWN_CELL = (PumpClass.INSULIN, PumpClass.IMPLANTED)
"""Pumps that never see mains."""


@dataclass(frozen=True, slots=True)
class DeviceCourse:
    """What begins, and what ends it (None: nothing). ``key``: that of the file; ``what``: a name that is the same for what is
    the same."""

    key: str
    what: str
    begins: DeviceEvent | Powering
    ends: DeviceEvent | Powering | None


def device_course(table: FaultTable, pump: BuiltPump, path: Path, faults: Faults) -> DeviceCourse | None:
    """Read one of either kind; None after a fault."""
    key = "power" if table.power is not None else "device"
    if pump.model.mechanism.drive is Drive.ROLLER_CLAMP:
        faults.add((*path, key), f"{pump.model.id} is a drip: it has no device")
        return None
    if table.device is None:
        return DeviceCourse(key, "power", PowerCut(), PowerBack())
    begins, ends = REPORTS[table.device]
    wrong = None
    if begins is Kind.SYRINGE_REMOVED and all(line.syringe is None for line in pump.setup.path.lines):
        wrong = f"pump {pump.setup.id} has no syringe"
    elif begins is Kind.MAINS_LOST and pump.model.kind in OWN_CELL:
        wrong = f"{pump.model.id} runs on a cell of its own and never on mains; a cell that is spent is power = 'off'"
    if wrong is not None:
        faults.add((*path, key), wrong)
        return None
    if ends is None and table.until is not None:
        faults.add((*path, "until"), f"{table.device} stands until it is acknowledged: leave until away")
    what = table.device if ends is not None else f"{table.device} at {format_time(table.at)}"
    return DeviceCourse(key, what, DeviceEvent(begins), None if ends is None else DeviceEvent(ends))
