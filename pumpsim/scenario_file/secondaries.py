"""A second container over a line, as a scenario file says it: what it wants, what is assumed, and where it can be clamped.

A cassette has no use for this: its lines have inlets of their own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pumpsim.catalogue.fluids import head_kpa
from pumpsim.scenario_file.checks import Faults, Path
from pumpsim.scenario_file.fields import millilitres
from pumpsim.scenario_file.pump_tables import LimbTable, LineTable
from pumpsim.vocabulary.disturbances import Place
from pumpsim.vocabulary.model import Drive, PumpModel, Sourced
from pumpsim.vocabulary.path import ContainerKind, Fluid, LineSetup, PathSetup, SecondarySetup

ABOVE_CM = 8 * 2.54
"""How much higher than the primary a secondary hangs where the file does not say it."""
RULE_ML_PER_H = 300.0
RESISTANCE_KPA_H_PER_ML = head_kpa(ABOVE_CM) / RULE_ML_PER_H
"""R of a limb: above this rate, at this difference in height, the primary runs along unless it is clamped."""
VALVE_KPA = 0.0
PRIMARY_ML, SHARED_ML, SECONDARY_ML = 6.0, 2.0, 15.0
LEAST_CM = 15.0
"""Height of the fluid in a full container, as in ``fluidics.network.plumbing.LEVEL_CM``: lower than that none can hang."""
MOST_KPA = 50.0
"""The most that a limb may take of the pressure at the model's highest rate: at twice that the fluid would boil."""

IFU = "B. Braun Infusomat Space IFU, US, pp. 32-33: 8 in, and above 300 mL/h the primary must be clamped"
HEAD = Sourced("height of the secondary", "8 in above the primary", IFU)
RESISTANCE = Sourced(
    "resistance of the limbs", f"{1000 * RESISTANCE_KPA_H_PER_ML:.3g} Pa/(mL/h)", f"derived from {IFU}"
)
VALVE = Sourced(
    "opening pressure of the check valve", "0 kPa", "unverified: assumption; the rule for 8 in leaves nothing for it"
)
VOLUMES = Sourced(
    "volumes above the pump",
    f"primary limb {PRIMARY_ML:g} mL, shared {SHARED_ML:g} mL, secondary limb {SECONDARY_ML:g} mL",
    "unverified: assumption; the first two together are what the peristaltic set has above the pump",
)
LEVEL = Sourced("height of the fluid in a full container", f"{LEAST_CM:g} cm", "unverified: assumption")


def with_secondary(
    setup: LineSetup,
    table: LineTable,
    hung: tuple[Fluid, Fluid | None, ContainerKind, float],
    where: tuple[PumpModel, Path],
    faults: Faults,
) -> LineSetup:
    """The line with its second container: (its fluid, the limb's, kind, mL), on a pump of this model."""
    second = table.secondary
    assert second is not None
    (model, path), (fluid, limb_fluid, kind, volume_ml) = where, hung
    _check(setup, table, kind, (model, path), faults)
    stated = second.limb_compliance
    return replace(
        setup,
        limb_ml=setup.limb_ml if table.limb_volume else PRIMARY_ML,
        resistance_kpa_h_per_ml=_resistance(table),
        valve_kpa=table.check_valve.measured if table.check_valve else None if _no_valve(table) else VALVE_KPA,
        shared_ml=millilitres(table.shared_volume) if table.shared_volume else SHARED_ML,
        secondary=SecondarySetup(
            container=kind.value,
            container_ml=volume_ml,
            fluid=fluid,
            limb_ml=millilitres(second.limb_volume) if second.limb_volume else SECONDARY_ML,
            head_kpa=setup.head_kpa + head_kpa(ABOVE_CM) if second.head is None else head_kpa(second.head.measured),
            resistance_kpa_h_per_ml=_resistance(second),
            limb_fluid=limb_fluid,
            limb_compliance_ml_per_kpa=setup.limb_compliance_ml_per_kpa if stated is None else stated.measured,
            kind=kind,
        ),
    )


def assumed(lines: Iterable[LineTable]) -> tuple[Sourced, ...]:
    """What is assumed of lines with two containers because the file does not say it."""
    found: dict[Sourced, None] = {}
    for line in lines:
        if line.secondary is None:
            continue
        silent = {
            HEAD: line.secondary.head is None,
            RESISTANCE: line.resistance is None or line.secondary.resistance is None,
            VALVE: "check_valve" not in line.model_fields_set,
            VOLUMES: None in (line.limb_volume, line.shared_volume, line.secondary.limb_volume),
            LEVEL: True,
        }
        found |= dict.fromkeys(entry for entry, is_silent in silent.items() if is_silent)
    return tuple(found)


def limbs_of(path: PathSetup) -> Mapping[str, tuple[str, Place]]:
    """The limbs of lines with two containers, by the words for them: line and place."""
    return {
        f"line {line.line} {place.value}": (line.line, place)
        for line in path.lines
        if line.secondary is not None
        for place in (Place.PRIMARY, Place.SECONDARY)
    }


def hangs_alone(line: LineSetup) -> bool:
    """Whether a line has one container, and that is not pushed by the pump."""
    return line.secondary is None and line.syringe is None and line.container_ml > 0.0


def head_of(path: PathSetup, line: str, place: Place) -> float:
    """The head of a container as the file has it, kPa."""
    setup = next(setup for setup in path.lines if setup.line == line)
    if place is Place.SECONDARY and setup.secondary is not None:
        return setup.secondary.head_kpa
    return setup.head_kpa


def too_low(head_cm: float) -> str | None:
    """Say what is wrong with a height; None where nothing is."""
    if head_cm > LEAST_CM:
        return None
    return f"a container of a line with a secondary hangs above its own height: more than {LEAST_CM:g} cm over the pump"


def _check(
    setup: LineSetup, table: LineTable, kind: ContainerKind, where: tuple[PumpModel, Path], faults: Faults
) -> None:
    """See that such a line can be."""
    (model, path), second = where, table.secondary
    assert second is not None
    if len(model.lines) > 1:
        others = " and ".join(f"line {line}" for line in model.lines if line != setup.line)
        faults.add((*path, "secondary"), f"{model.id} has an inlet for it: write it as {others}")
    elif model.mechanism.drive not in (Drive.PERISTALTIC, Drive.SMOOTH):
        faults.add((*path, "secondary"), f"{model.id} draws from one container: a peristaltic pump takes a secondary")
    for limb, held, at in ((table, setup.kind, path), (second, kind, (*path, "secondary"))):
        _check_limb(limb, held, model, at, faults)
    least_ml = model.mechanism.cycle_fl / 1e12
    if table.shared_volume and millilitres(table.shared_volume) < least_ml:
        faults.add((*path, "shared_volume"), f"at least a cycle of the mechanism, {least_ml:g} mL, is wanted")


def _check_limb(table: LimbTable, kind: ContainerKind, model: PumpModel, path: Path, faults: Faults) -> None:
    if kind not in (ContainerKind.BAG, ContainerKind.BURETTE):
        faults.add(
            (*path, "container"), f"a line with a secondary hangs from bags or burettes, not from a {kind.value}"
        )
    if table.head is not None and (wrong := too_low(table.head.measured)):
        faults.add((*path, "head"), wrong)
    if table.limb_volume is not None and table.limb_volume.value == 0:
        faults.add((*path, "limb_volume"), "a volume above 0 is wanted on a line with a secondary")
    fastest = max(model.rate_bands[-1].high_nl_per_h, model.bolus_nl_per_h) / 1e6
    most = MOST_KPA / fastest
    if table.resistance is not None and table.resistance.measured > most:
        faults.add(
            (*path, "resistance"),
            f"at most {most:.3g} kPa/(mL/h): at {fastest:g} mL/h it would take more than {MOST_KPA:g} kPa, and the fluid boil",
        )


def _resistance(table: LimbTable) -> float:
    return RESISTANCE_KPA_H_PER_ML if table.resistance is None else table.resistance.measured


def _no_valve(table: LineTable) -> bool:
    return "check_valve" in table.model_fields_set and table.check_valve is None
