"""How each pump and each junction of a run was set up, as tables."""

from pumpsim.analysis.dispersion import Dispersion
from pumpsim.report.table import Table, number
from pumpsim.scenario import PumpSetup
from pumpsim.units import format_time
from pumpsim.vocabulary.model import Drive, Mechanism
from pumpsim.vocabulary.path import (
    Access,
    AdministrationSet,
    JunctionSetup,
    LineSetup,
    SecondarySetup,
    Sensing,
    Transport,
)

TRANSPORT = {
    Transport.PLUG: "plug flow",
    Transport.MIXED: "well mixed",
    Transport.TANKS: "stirred tanks in a row",
    Transport.LAMINAR: "laminar, no diffusion",
    Transport.DISPERSED: "dispersed (Taylor-Aris)",
}


def setup_table(setup: PumpSetup, dispersion: Dispersion | None) -> Table:
    """How one pump was run."""
    path = setup.path
    rows = [
        ("Model", f"{setup.model.title} ({setup.model.id})"),
        ("Drive", _drive(setup.model.mechanism)),
        *(
            (f"Line {line.line}", _container(line.container, line.container_ml, line.fluid.name))
            for line in setup.path.lines
        ),
        *(row for line in setup.path.lines if line.secondary is not None for row in _two(line, line.secondary)),
        ("Set", _tubing(path.set)),
        *_dispersed(dispersion),
        ("Access", _end(path.access, path.into)),
        *([("Height", f"{path.height_cm:g} cm above the patient")] if path.height_cm else []),
        ("Sensing", _sensing(setup.sensing)),
    ]
    return Table(f"How pump {setup.id} was run", ("What", "Value"), tuple(rows), words=2)


def _drive(mechanism: Mechanism) -> str:
    """How the fluid is moved."""
    cycle = f"{number(mechanism.cycle_fl / 1e9, 3)} µL"
    match mechanism.drive:
        case Drive.SMOOTH:
            return "smooth (no strokes)"
        case Drive.STROKES:
            return (
                f"strokes of {cycle}, filling {mechanism.fill_ppm / 1e4:g} % of a cycle; "
                f"two lines: {mechanism.interleave.value}, {mechanism.inner_flow.value}"
            )
        case Drive.PERISTALTIC:
            return f"peristaltic, {cycle} a revolution"
        case Drive.PULSES:
            return f"pulses of {cycle}"
        case Drive.LEAD_SCREW:
            return f"lead screw, {number(mechanism.step_fl / 1e9, 3)} µL a step, {cycle} a turn"
        case Drive.ROLLER_CLAMP:
            return f"roller clamp, drops of {cycle}"


def _tubing(kind: AdministrationSet) -> str:
    """A set, or a junction's tubing."""
    valve = "" if kind.valve_kpa is None else f", one-way valve that opens at {kind.valve_kpa:g} kPa"
    tanks = f" ({kind.tanks})" if kind.transport is Transport.TANKS else ""
    air = f", {kind.air_ml:g} mL of it air" if kind.air_ml else ""
    return (
        f"{kind.name}: common volume {kind.common_ml:g} mL{air}, {TRANSPORT[kind.transport]}{tanks}, primed with "
        f"{kind.priming.name}, {1000 * kind.compliance_ml_per_kpa:g} µL/kPa, "
        f"{kind.resistance_kpa_h_per_ml:.4g} kPa for each mL/h of water at 20 °C, fluid at {kind.celsius:g} °C{valve}"
    )


def _end(access: Access, into: str | None) -> str:
    """Where tubing ends."""
    if into is not None:
        return f"none of its own: it ends in junction {into}"
    resistance, behind = access.resistance_kpa_h_per_ml, access.back_pressure_kpa
    return f"{access.name}: {resistance:.4g} kPa for each mL/h, {behind:.4g} kPa behind it"


def _dispersed(found: Dispersion | None) -> list[tuple[str, str]]:
    """The dispersion number, and whether the transport that was chosen can hold there."""
    if found is None:
        return []
    said = f"D t / r² = {found.at_slowest:.3g} at {found.slowest_ml_per_h:g} mL/h"
    if found.fastest_ml_per_h != found.slowest_ml_per_h:
        said += f", {found.at_fastest:.3g} at {found.fastest_ml_per_h:g} mL/h"
    return [("Dispersion", f"{said}. Warning: {found.warning}" if found.warning else said)]


def junction_table(junction: JunctionSetup, dispersion: Dispersion | None) -> Table:
    """The tubing that several pumps share."""
    rows = (
        ("Tubing", _tubing(junction.set)),
        *_dispersed(dispersion),
        ("Access", _end(junction.access, junction.into)),
    )
    return Table(f"Junction {junction.id}", ("What", "Value"), rows, words=2)


def _container(container: str, volume_ml: float, fluid: str) -> str:
    return f"{container}, {volume_ml:g} mL, {fluid}"


def _two(line: LineSetup, second: SecondarySetup) -> tuple[tuple[str, str], tuple[str, str]]:
    """A second container over the same line, and how the two share it."""
    hung = f"{_container(second.container, second.container_ml, second.fluid.name)}, limb {second.limb_ml:g} mL"
    valve = "no check valve" if line.valve_kpa is None else f"check valve that opens at {line.valve_kpa:g} kPa"
    limbs = f"{1000 * line.resistance_kpa_h_per_ml:.3g} and {1000 * second.resistance_kpa_h_per_ml:.3g} Pa/(mL/h)"
    return (
        (f"Line {line.line}, secondary", f"{hung}, {second.head_kpa - line.head_kpa:.3g} kPa above the primary"),
        (f"Line {line.line}, limbs", f"{limbs}, {valve}, {line.shared_ml:g} mL shared"),
    )


def _sensing(sensing: Sensing) -> str:
    offset = f", pressures {sensing.offset_kpa:+g} kPa" if sensing.offset_kpa else ""
    if sensing.period_ns is None:
        return f"at once, by watches{offset}"
    late = f", {format_time(sensing.delay_ns)} old" if sensing.delay_ns else ""
    return (
        f"sampled each {format_time(sensing.period_ns)}, noise {sensing.noise_kpa:g} kPa (standard deviation), "
        f"quantised to {sensing.quantum_kpa:g} kPa{offset}{late}"
    )
