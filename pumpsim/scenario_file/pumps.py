"""The pumps of a scenario file: model, settings, containers, set and access, as values in internal units.

``[pump]`` with its ``model`` stands alone and is short for ``[pump.main]``; so are ``[line.A]`` and ``[set]`` for
``[pump.main.line.A]`` and ``[pump.main.set]``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pumpsim.catalogue import accesses, sets
from pumpsim.catalogue.fluids import AS_WATER, DROPS, FLUIDS, head_kpa
from pumpsim.catalogue.fluids import SOURCES as FLUID_SOURCES
from pumpsim.catalogue.pumps import with_mechanism, with_occlusion_limit, with_smooth_drive
from pumpsim.catalogue.sets import SETS
from pumpsim.catalogue.syringe_pumps import with_syringe
from pumpsim.catalogue.tubing import bore_ml, poiseuille_kpa_h_per_ml
from pumpsim.scenario import PumpSetup
from pumpsim.scenario_file.checks import Document, Faults, Path, table_at, validated
from pumpsim.scenario_file.fields import millilitres
from pumpsim.scenario_file.library_tables import Area
from pumpsim.scenario_file.occlusion import at_occlusion
from pumpsim.scenario_file.pump_tables import (
    AccessTable,
    ContainerTable,
    FluidTable,
    LimbTable,
    LineTable,
    PumpTable,
    SensingTable,
    SetTable,
)
from pumpsim.scenario_file.secondaries import assumed, with_secondary
from pumpsim.units import PSI_KPA, Quantity
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import Drive, PumpModel, Sourced
from pumpsim.vocabulary.path import (
    Access,
    AdministrationSet,
    AmountUnit,
    ContainerKind,
    DrugContent,
    Fluid,
    JunctionSetup,
    LineSetup,
    PathSetup,
    Sensing,
    Transport,
    junction_faults,
    way_of,
)

HEAD_CM = 50.0
LIMB_COMPLIANCE_ML_PER_KPA = 0.001
SAMPLE_NS = 100_000_000
"""Period of ``sensing = "sampled"``: a choice of ours."""
HEAD_ASSUMED = Sourced("height of the container", "50 cm", "unverified: assumption")
LIMB_COMPLIANCE_ASSUMED = Sourced("compliance of the limb", "1 uL/kPa", "unverified: assumption")
EMPTIED_KPA = 15.0
"""A set that such a fall of pressure (an artery and half a metre) empties cannot be: it would give what it has not. The ideal
set of a pump may: it is for analytic cases, in which pressure does not fall below rest."""
MIXTURE = Sourced("viscosity of a mixture", "Arrhenius 1887: ln mu by volume", "unverified: from memory")
DIFFUSIVITY = "diffusivity of what is dissolved"
FROM_FILE = "stated in the scenario"
NO_CONTAINER = Fluid("nothing")

Contents = tuple[tuple[str, Quantity], ...]
"""The drugs of a fluid with their concentrations, exact."""


@dataclass(frozen=True, slots=True)
class Later:
    """What hangs on a line from an instant on: its drugs as they are labelled, and the fluid."""

    at_ns: int
    line: str
    contents: Contents
    fluid: Fluid


@dataclass(frozen=True, slots=True)
class BuiltPump:
    """A pump as far as its part of the file could be read.

    ``contents``: the drugs in each line's container. ``unknown``: the lines whose table has faults; what depends on them
    is not checked. ``later``: what is hung while the pump is on, in time. ``care_area``: the one that the pump names;
    ``library``: what the drug library says there, None where there is none.
    """

    setup: PumpSetup
    contents: Mapping[str, Contents] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    later: tuple[Later, ...] = ()
    care_area: str | None = None
    library: Area | None = None

    @property
    def model(self) -> PumpModel:
        """The model with the scenario's settings applied."""
        return self.setup.model

    @property
    def fluids(self) -> tuple[Fluid, ...]:
        """Every fluid of its containers, limbs and set."""
        path = self.setup.path
        hung = [setup for line in path.lines for setup in (line, line.secondary) if setup is not None]
        found = [fluid for setup in hung for fluid in (setup.fluid, setup.limb_fluid) if fluid is not None]
        return (*found, *(later.fluid for later in self.later), path.set.priming)

    def has_container(self, line: str) -> bool:
        """Whether something hangs on the line, as far as is known."""
        return line in self.contents or line in self.unknown

    def at(self, at_ns: int) -> "BuiltPump":
        """The pump with the contents that its lines have at an instant."""
        changed = {later.line: later.contents for later in self.later if later.at_ns <= at_ns}
        return replace(self, contents={**self.contents, **changed})


def built_pumps(document: Document, faults: Faults) -> dict[str, BuiltPump | None]:
    """Build every pump of the file, in its order; None for one whose model is not known."""
    pumps = table_at(document, ("pump",), faults)
    if not pumps:
        if not faults.any_under(("pump",)):
            faults.add(("pump",), "is missing: write [pump] with a model")
        return {}
    if _stands_alone(pumps):
        return {"main": _built(document, "main", ("pump",), faults)}
    for key in ("line", "set"):
        if key in document and list(pumps) != ["main"]:
            faults.add((key,), f"with several pumps, or one that has a name, write [pump.<id>.{key}]")
    return {id: _built(document, id, ("pump", id), faults) for id in pumps if _valid_id(id, faults)}


def check_drugs(pumps: Iterable[BuiltPump | None], faults: Faults) -> None:
    """See that each drug is counted in one unit throughout the scenario: amounts are added up."""
    counted: dict[str, AmountUnit] = {}
    for pump in pumps:
        if pump is None:
            continue
        for content in (content for fluid in pump.fluids for content in fluid.drugs):
            unit = counted.setdefault(content.drug, content.unit)
            if unit is not content.unit:
                faults.add(("pump",), f"{content.drug} is counted in {unit.value} and in {content.unit.value}: use one")


def drugs_of(pump: BuiltPump) -> dict[str, AmountUnit]:
    """Every drug that a pump's containers, limbs and set hold, and how it is counted."""
    return {content.drug: content.unit for fluid in pump.fluids for content in fluid.drugs}


def _stands_alone(pumps: Mapping[str, object]) -> bool:
    """Whether ``[pump]`` is a pump itself, not a table of pumps."""
    own = (*PumpTable.model_fields, "line", "set")
    return any(key in own or not isinstance(value, dict) for key, value in pumps.items())


def _valid_id(id: str, faults: Faults) -> bool:
    """An id becomes part of a file's name."""
    valid = id.isascii() and id.replace("-", "").replace("_", "").isalnum()
    if not valid:
        faults.add(("pump", id), "the id of a pump is made of letters, digits, - and _")
    return valid


def _built(document: Document, id: str, path: Path, faults: Faults) -> BuiltPump | None:
    """Build one pump from the tables at ``path``, and the short forms at the top of the file for ``main``."""
    raw = dict(table_at(document, path, faults))
    for key in ("line", "set"):
        if key in raw and key in document and id == "main":
            faults.add((key,), f"is given twice: here and as [{'.'.join(map(str, path))}.{key}]")
    own = {key: raw.pop(key) for key in ("line", "set") if key in raw}
    table = validated(PumpTable, raw, path, faults)
    line_path = (*path, "line") if "line" in own or id != "main" else ("line",)
    set_path = (*path, "set") if "set" in own or id != "main" else ("set",)
    lines = {
        line: validated(LineTable, value, (*line_path, line), faults)
        for line, value in table_at(document, line_path, faults).items()
    }
    set_table = validated(SetTable, table_at(document, set_path, faults), set_path, faults) or SetTable()
    if table is None:
        return None
    return _assembled(id, _Parts(path, table, line_path, lines, set_path, set_table), faults)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The sound tables of one pump, each with its place in the file."""

    path: Path
    table: PumpTable
    line_path: Path
    lines: Mapping[str, LineTable | None]
    set_path: Path
    set: SetTable


def _assembled(id: str, parts: _Parts, faults: Faults) -> BuiltPump:
    """Put a pump together from tables that are sound by themselves."""
    model, line_path = parts.table.model, parts.line_path
    for line in parts.lines:
        if line not in model.lines:
            faults.add_unknown((*line_path, line), f"line of {model.id}", line, model.lines)
    if not parts.lines and not faults.any_under(line_path):
        faults.add(line_path, f"is missing: at least one line wants a container, as in [line.{model.lines[0]}]")
    contents: dict[str, Contents] = {}
    setups = []
    for line in model.lines:
        found = parts.lines.get(line)
        if found is None:
            setups.append(LineSetup(line, "no container", 0.0, NO_CONTAINER))
            continue
        fluid, contents[line] = built_fluid(found.container.fluid, (*line_path, line, "container", "fluid"), faults)
        setups.append(_line((line, model), found, fluid, (*line_path, line), faults))
    primed = next((setup.fluid for setup in setups if setup.line in contents), NO_CONTAINER)
    height_cm = 0.0 if parts.table.height is None else parts.table.height.measured
    row = SETS[model.standard_set]
    line_tables = [line for line in parts.lines.values() if line is not None]
    tubing = _set(parts.set, row, primed, parts.set_path, faults)
    if tubing.name != sets.IDEAL.name or tubing.common_ml > 0.0:
        _check_volume(tubing, parts.set_path, faults)
    tubing = replace(tubing, sources=tubing.sources + _assumed(line_tables) + _thick(line_tables))
    access = _access(parts.set, parts.set_path, faults)
    path = PathSetup(tuple(setups), tubing, access, parts.set.into, height_cm)
    settled = _model(parts.table, parts.path, faults)
    setup = PumpSetup(id, _with_container(settled, setups[0], parts, faults), path, _sensing(parts.table))
    unknown = model.lines if not parts.lines else (line for line, found in parts.lines.items() if found is None)
    return BuiltPump(setup, contents, frozenset(unknown), care_area=parts.table.care_area)


def _model(table: PumpTable, path: Path, faults: Faults) -> PumpModel:
    """Apply the settings to the model."""
    model = table.model
    if table.occlusion_limit is not None or table.occlusion_delay is not None:
        row = next(row for row in model.alarms if row.id is AlarmId.OCCLUSION_DISTAL)
        assert row.threshold is not None
        limit = row.threshold.level if table.occlusion_limit is None else table.occlusion_limit.measured
        low, high = model.occlusion_range_kpa
        if not low <= limit <= high:
            in_psi = f"{low / float(PSI_KPA):.3g} to {high / float(PSI_KPA):.3g} psi"
            faults.add((*path, "occlusion_limit"), f"is outside {low:.1f} to {high:.1f} kPa ({in_psi})")
        model = with_occlusion_limit(model, limit, table.occlusion_delay)
    if table.drive is Drive.SMOOTH:
        for key in ("interleave", "inner_flow"):
            if getattr(table, key) is not None:
                faults.add((*path, key), "the smooth drive has no cycle that lines could share")
        model = with_smooth_drive(model)
    else:
        model = with_mechanism(model, table.interleave, table.inner_flow)
    return at_occlusion(model, table, path, faults)


def _sensing(table: PumpTable) -> Sensing:
    if isinstance(table.sensing, SensingTable):
        given = table.sensing
        noise, quantum, offset = (0.0 if q is None else q.measured for q in (given.noise, given.quantum, given.offset))
        return Sensing(given.period, noise, quantum, offset, given.delay or 0)
    return Sensing(SAMPLE_NS) if table.sensing == "sampled" else Sensing()


def _line(which: tuple[str, PumpModel], table: LineTable, fluid: Fluid, path: Path, faults: Faults) -> LineSetup:
    line, model = which
    limb_fluid = _limb_fluid(table, path, faults)
    compliance = table.limb_compliance
    kind, volume_ml = held_in(table.container)
    setup = LineSetup(
        line=line,
        container=kind.value,
        container_ml=volume_ml,
        fluid=fluid,
        limb_ml=millilitres(table.limb_volume) if table.limb_volume else 0.0,
        limb_fluid=limb_fluid,
        head_kpa=head_kpa(HEAD_CM if table.head is None else table.head.measured, fluid.density_kg_per_m3),
        limb_compliance_ml_per_kpa=LIMB_COMPLIANCE_ML_PER_KPA if compliance is None else compliance.measured,
        kind=kind,
        syringe=table.container.syringe,
        drip_chamber_ml=millilitres(table.drip_chamber) if table.drip_chamber else 0.0,
    )
    if table.secondary is None:
        return setup
    second, place = table.secondary, (*path, "secondary")
    hung = built_fluid(second.container.fluid, (*place, "container", "fluid"), faults)[0]
    held = (hung, _limb_fluid(second, place, faults), *held_in(second.container))
    return with_secondary(setup, table, held, (model, path), faults)


def _limb_fluid(table: LimbTable, path: Path, faults: Faults) -> Fluid | None:
    """What fills a limb if it is not its container's fluid."""
    if table.limb_fluid is None:
        return None
    if table.limb_volume is None or table.limb_volume.value == 0:
        faults.add((*path, "limb_fluid"), "a limb with a fluid of its own wants a limb_volume above 0")
    return built_fluid(table.limb_fluid, (*path, "limb_fluid"), faults)[0]


def held_in(table: ContainerTable) -> tuple[ContainerKind, float]:
    """The kind of container and what is in it, mL; a syringe is full if nothing else is said."""
    if table.syringe is not None:
        filled = table.syringe.volume_ml if table.volume is None else millilitres(table.volume)
        return ContainerKind.SYRINGE, filled
    for kind in ContainerKind:
        volume = getattr(table, kind.value)
        if volume is not None:
            return kind, millilitres(volume) + (millilitres(table.overfill) if table.overfill else 0.0)
    raise AssertionError("a container has exactly one kind")


def built_fluid(given: Fluid | FluidTable, path: Path, faults: Faults) -> tuple[Fluid, Contents]:
    """Make a fluid; its drugs with their exact concentrations beside it."""
    if isinstance(given, Fluid):
        return given, ()
    if given.drug is not None and given.concentration is not None:
        drugs: Contents = ((given.drug, given.concentration),)
    else:
        drugs = tuple((entry.drug, entry.concentration) for entry in given.drugs or ())
    names = [drug for drug, _ in drugs]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            faults.add((*path, "drugs"), f"the drug {name} is named twice")
    written = " + ".join(f"{drug} {concentration.text}" for drug, concentration in drugs)
    carrier = f" in {given.base.name}" if given.base else ""
    contents = tuple(
        DrugContent(drug, concentration.measured, AmountUnit(concentration.dimension.counted))
        for drug, concentration in drugs
    )
    return replace(given.base or Fluid("water"), name=given.name or written + carrier, drugs=contents), drugs


def _with_container(model: PumpModel, line: LineSetup, parts: _Parts, faults: Faults) -> PumpModel:
    """See that model and container fit: a lead screw pushes a syringe, nothing else does."""
    where = (*parts.line_path, line.line, "container")
    if line.syringe is None:
        if model.mechanism.drive is Drive.LEAD_SCREW and parts.lines.get(line.line) is not None:
            faults.add(where, f"{model.id} pushes a syringe: write container = {{ syringe = ... }}")
        return model
    if model.mechanism.screw is None and model.mechanism.drive is not Drive.SMOOTH:
        faults.add(where, f"{model.id} holds no syringe")
        return model
    return with_syringe(model, line.syringe) if model.mechanism.screw is not None else model


def _assumed(lines: Iterable[LineTable]) -> tuple[Sourced, ...]:
    """What is assumed of the lines because the file does not say it."""
    found = list(lines)
    return (
        *([HEAD_ASSUMED] if any(line.head is None for line in found) else []),
        *([LIMB_COMPLIANCE_ASSUMED] if any(line.limb_compliance is None for line in found) else []),
        *assumed(found),
    )


def _thick(lines: Iterable[LineTable]) -> tuple[Sourced, ...]:
    """Density and viscosity of the fluids in the containers; those that count as water say so in the catalogue."""
    given = [line.container.fluid for line in lines]
    names = [f.name if isinstance(f, Fluid) else f.base.name if f.base else "water" for f in given]
    rows = [(name, row) for name in dict.fromkeys(names) for row in FLUID_SOURCES[name] if name not in AS_WATER]
    figures = [replace(row, figure=f"{row.figure}: {name}") for name, row in rows if row.figure != DROPS]
    return (*figures, MIXTURE) if len({FLUIDS[name].viscosity_mpa_s for name in names}) > 1 else tuple(figures)


def _set(table: SetTable, standard: AdministrationSet, primed: Fluid, path: Path, faults: Faults) -> AdministrationSet:
    """The set named by ``kind``, or the standard one, with the figures that the file states instead."""
    row = _bored(table, table.kind or standard)
    _check_dispersion(table, row, path, faults)
    stated = {
        sets.COMMON_VOLUME: table.common_volume,
        sets.COMPLIANCE: table.compliance,
        sets.RESISTANCE: table.resistance,
    }
    return replace(
        row,
        priming=built_fluid(table.priming, (*path, "priming"), faults)[0] if table.priming else primed,
        common_ml=millilitres(table.common_volume) if table.common_volume else row.common_ml,
        compliance_ml_per_kpa=table.compliance.measured if table.compliance else row.compliance_ml_per_kpa,
        resistance_kpa_h_per_ml=table.resistance.measured if table.resistance else row.resistance_kpa_h_per_ml,
        transport=table.transport or row.transport,
        tanks=table.tanks or row.tanks,
        diffusivity_m2_per_s=table.diffusivity.measured if table.diffusivity else row.diffusivity_m2_per_s,
        celsius=row.celsius if table.temperature is None else table.temperature,
        valve_kpa=table.valve.measured if table.valve else row.valve_kpa,
        air_ml=_air_left(table, row, path, faults),
        sources=_sources(row.sources, stated) + _diffusing(table),
    )


def _check_volume(tubing: AdministrationSet, path: Path, faults: Faults) -> None:
    """See that a set holds what it gives when its pressure falls."""
    volume_ml, compliance = tubing.common_ml, tubing.compliance_ml_per_kpa
    if volume_ml < compliance * EMPTIED_KPA:
        why = f"holds {1000.0 * volume_ml:g} uL, which {1000.0 * compliance:g} uL/kPa empty at {-EMPTIED_KPA:g} kPa"
        faults.add(path, f"{why}: state a larger common_volume or a smaller compliance")


def _bored(table: SetTable, row: AdministrationSet) -> AdministrationSet:
    """The row with a stated bore, and what follows from it (Poiseuille, water at 20 degC)."""
    if table.bore is None or table.length is None:
        return row
    bore_mm, length_cm = 10.0 * table.bore.measured, table.length.measured
    follows = (sets.COMMON_VOLUME, sets.RESISTANCE, sets.BORE)
    return replace(
        row,
        bore_mm=bore_mm,
        length_cm=length_cm,
        common_ml=bore_ml(length_cm, bore_mm),
        resistance_kpa_h_per_ml=poiseuille_kpa_h_per_ml(length_cm, bore_mm),
        sources=(
            *(source for source in row.sources if source.figure not in follows),
            *(Sourced(figure, f"{table.bore.text}, {table.length.text}", FROM_FILE) for figure in follows),
        ),
    )


def _check_dispersion(table: SetTable, row: AdministrationSet, path: Path, faults: Faults) -> None:
    """Dispersion follows from a bore."""
    if not row.bore_mm:
        why = f"{row.name} has no known bore: state bore and length"
        if table.transport is Transport.DISPERSED:
            faults.add((*path, "transport"), why)
        elif table.diffusivity is not None:
            faults.add((*path, "diffusivity"), why)


def _diffusing(table: SetTable) -> tuple[Sourced, ...]:
    """Where the diffusivity comes from, if anything hangs on it."""
    if table.diffusivity is not None:
        return (Sourced(DIFFUSIVITY, table.diffusivity.text, FROM_FILE),)
    if table.transport is Transport.DISPERSED:
        return (Sourced(DIFFUSIVITY, "1e-9 m2/s", "unverified: small molecules in water, from memory"),)
    return ()


def _air_left(table: SetTable, row: AdministrationSet, path: Path, faults: Faults) -> float:
    """What priming left in the set; there must be room for it."""
    volume = millilitres(table.common_volume) if table.common_volume else row.common_ml
    air = millilitres(table.air) if table.air else 0.0
    if air > volume:
        faults.add((*path, "air"), f"is more than the {volume:g} mL of the set")
    return air


def _access(table: SetTable, path: Path, faults: Faults) -> Access:
    """The access, by name or as stated; the pressure behind it may be stated beside it. Not given: an open end."""
    back, given = table.back_pressure, table.access
    row = accesses.OPEN_END if given is None or isinstance(given, AccessTable) else given
    stated: dict[str, Quantity | None] = {accesses.BACK_PRESSURE: back}
    if isinstance(given, AccessTable):
        if back is not None and given.back_pressure is not None:
            faults.add((*path, "back_pressure"), "is given twice: here and in access")
        back = given.back_pressure or back
        stated = {accesses.RESISTANCE: given.resistance, accesses.BACK_PRESSURE: back}
        row = replace(row, name="stated access", resistance_kpa_h_per_ml=given.resistance.measured)
    return replace(
        row,
        back_pressure_kpa=row.back_pressure_kpa if back is None else back.measured,
        sources=_sources(row.sources, stated),
    )


def built_junctions(
    document: Document, pumps: Mapping[str, BuiltPump | None], faults: Faults
) -> tuple[JunctionSetup, ...]:
    """Build the junctions, and see that every set leads somewhere and nothing leads in a circle."""
    found = []
    for id, raw in table_at(document, ("junction",), faults).items():
        path: Path = ("junction", id)
        if id in pumps:
            faults.add(path, "a pump has this id: junctions and pumps have names of their own")
        table = validated(SetTable, raw, path, faults) or SetTable()
        tubing = _set(table, sets.IDEAL, NO_CONTAINER, path, faults)
        _check_volume(tubing, path, faults)
        if table.priming is None:
            tubing = replace(tubing, priming=_primed(id, pumps))
        found.append(JunctionSetup(id, tubing, _access(table, path, faults), table.into))
    _check_valves(document, pumps, found, faults)
    leading = [(id, pump.setup.path.into) for id, pump in pumps.items() if pump is not None]
    if all(pump is not None for pump in pumps.values()):
        for fault in junction_faults(leading, [(junction.id, junction.into) for junction in found]):
            faults.add(("junction",), fault)
    return tuple(found)


def is_rigid(path: PathSetup) -> bool:
    """Whether nothing gives behind the mechanism: neither the set nor a syringe."""
    return path.set.compliance_ml_per_kpa == 0.0 and all(line.syringe is None for line in path.lines)


def _check_valves(
    document: Document, pumps: Mapping[str, BuiltPump | None], junctions: Iterable[JunctionSetup], faults: Faults
) -> None:
    """See that no pump delivers into a rigid set behind which a valve can shut."""
    rows = {junction.id: junction for junction in junctions}
    leads = [(junction.id, junction.into) for junction in rows.values()]
    for id, pump in pumps.items():
        if pump is None or not is_rigid(pump.setup.path):
            continue
        way = [pump.setup.path.set, *(rows[name].set for name in way_of(pump.setup.path.into, leads))]
        if any(tubing.valve_kpa is not None for tubing in way):
            faults.add(
                ("set",) if "set" in document else ("pump", id, "set"),
                "there is a one-way valve in its way and the set has no compliance: behind the shut valve its pressure would "
                "have no bound; state a compliance above 0",
            )


def _primed(junction: str, pumps: Mapping[str, BuiltPump | None]) -> Fluid:
    """What a junction's tubing is full of at first: what the first pump that leads into it has in its set."""
    for pump in pumps.values():
        if pump is not None and pump.setup.path.into == junction:
            return pump.setup.path.set.priming
    return FLUIDS["saline-0.9"]


def _sources(row: tuple[Sourced, ...], stated: Mapping[str, Quantity | None]) -> tuple[Sourced, ...]:
    """Replace the sources of the figures that the file states."""
    kept = tuple(entry for entry in row if stated.get(entry.figure) is None)
    return kept + tuple(Sourced(figure, q.text, FROM_FILE) for figure, q in stated.items() if q is not None)
