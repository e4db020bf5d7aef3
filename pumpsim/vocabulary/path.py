"""What stands between container and patient, as data: fluids, containers, the administration set, the access.

The physics that acts on these values is in ``fluidics``; what a scenario may do to them, in ``disturbances``.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from pumpsim.vocabulary.model import Sourced


class AmountUnit(Enum):
    """How the amount of a drug is counted."""

    MG = "mg"
    U = "U"
    MEQ = "mEq"


@dataclass(frozen=True, slots=True)
class DrugContent:
    """One drug in a fluid: its amount in each mL, counted in ``unit``; at least 0."""

    drug: str
    amount_per_ml: float
    unit: AmountUnit = AmountUnit.MG


WATER_DENSITY_KG_PER_M3 = 998.2
WATER_VISCOSITY_MPA_S = 1.002
"""Water at 20 degC (PHYSICS, unit constants)."""
SMALL_MOLECULES_M2_PER_S = 1e-9
"""Diffusivity of small molecules in water (unverified: PHYSICS 4.1, from memory)."""
ROOM_CELSIUS = 20.0
"""The temperature for which viscosities and resistances are given."""


@dataclass(frozen=True, slots=True)
class Fluid:
    """A fluid as it hangs in the container: a name and the drugs in it.

    Density and dynamic viscosity at 20 degC. ``drop_factor``: drops of this fluid from an orifice that makes one drop of
    water, 1 where nothing else is known (a drop of a fluid with less surface tension is smaller: above 1).
    ``viscosity_exponent``: with temperature the viscosity goes as that of water to this power.
    """

    name: str
    drugs: tuple[DrugContent, ...] = ()
    density_kg_per_m3: float = WATER_DENSITY_KG_PER_M3
    viscosity_mpa_s: float = WATER_VISCOSITY_MPA_S
    drop_factor: float = 1.0
    viscosity_exponent: float = 1.0


def stirred(rest: Fluid, rest_ml: float, fresh: Fluid, fresh_ml: float) -> Fluid:
    """Mix two volumes of fluid perfectly. Of nothing beside ``fresh``: that itself."""
    if rest_ml <= 0.0 or rest == fresh:
        return fresh
    share = rest_ml / (rest_ml + fresh_ml)
    contents: dict[tuple[str, AmountUnit], float] = {}
    for fluid, part in ((fresh, 1.0 - share), (rest, share)):
        for drug in fluid.drugs:
            key = (drug.drug, drug.unit)
            contents[key] = contents.get(key, 0.0) + part * drug.amount_per_ml
    return Fluid(
        f"{fresh.name} with {100.0 * share:.3g} % {rest.name}",
        tuple(DrugContent(drug, amount, unit) for (drug, unit), amount in contents.items()),
        (1.0 - share) * fresh.density_kg_per_m3 + share * rest.density_kg_per_m3,
        (1.0 - share) * fresh.viscosity_mpa_s + share * rest.viscosity_mpa_s,
        (1.0 - share) * fresh.drop_factor + share * rest.drop_factor,
        (1.0 - share) * fresh.viscosity_exponent + share * rest.viscosity_exponent,
    )


AIR = Fluid("air", density_kg_per_m3=1.204, viscosity_mpa_s=0.0182)
"""Dry air at 20 degC and atmospheric pressure (CRC Handbook of Chemistry and Physics; unverified: from memory)."""


class ContainerKind(Enum):
    """What holds the fluid ahead of the pump."""

    BAG = "bag"
    BURETTE = "burette"
    SYRINGE = "syringe"
    CARTRIDGE = "cartridge"
    RESERVOIR = "reservoir"


@dataclass(frozen=True, slots=True)
class Syringe:
    """A type of syringe.

    ``compliance_ml_per_kpa``: how much barrel, plunger and the pump's drive train give. ``breakaway_n`` moves a plunger
    that stands, ``coulomb_n`` keeps it moving: both at least 0, the latter not above the former.
    """

    name: str
    volume_ml: float
    bore_mm: float
    compliance_ml_per_kpa: float
    breakaway_n: float
    coulomb_n: float
    sources: tuple[Sourced, ...] = ()

    @property
    def area_mm2(self) -> float:
        """Cross-section of the bore."""
        return math.pi / 4.0 * self.bore_mm * self.bore_mm


@dataclass(frozen=True, slots=True)
class SecondarySetup:
    """A second container above the same line (piggyback), whose tubing joins the line's ahead of the pump.

    Fields as in ``LineSetup``; ``head_kpa``: of the surface in the full container. ``resistance_kpa_h_per_ml``: of its limb,
    above 0. Its limb holds something: ``limb_ml`` above 0.
    """

    container: str
    container_ml: float
    fluid: Fluid
    limb_ml: float
    head_kpa: float
    resistance_kpa_h_per_ml: float
    limb_fluid: Fluid | None = None
    limb_compliance_ml_per_kpa: float = 0.001
    kind: ContainerKind = ContainerKind.BAG


@dataclass(frozen=True, slots=True)
class LineSetup:
    """A container and the tubing (limb) from it to the pump.

    ``container_ml`` is what the container holds beside the limb; ``limb_ml`` the volume of the tubing, full of
    ``limb_fluid`` at the start (None: of the container's own fluid). ``head_kpa``: hydrostatic pressure at the pump's
    inlet. ``limb_compliance_ml_per_kpa``: how much the limb gives when the pump draws against a closed clamp; above 0.

    With a ``secondary`` the limb ends where the two meet, at the height of the pump's inlet, and ``head_kpa`` is that of the
    surface in the full container; then ``resistance_kpa_h_per_ml`` of the limb, ``shared_ml`` of the tubing from there to the
    pump and ``limb_ml`` are above 0, and ``valve_kpa`` is the opening pressure of the limb's check valve, None for none.

    ``drip_chamber_ml``: what a drip chamber below the container keeps of the air that comes from there.
    """

    line: str
    container: str
    container_ml: float
    fluid: Fluid
    limb_ml: float = 0.0
    limb_fluid: Fluid | None = None
    head_kpa: float = 0.0
    limb_compliance_ml_per_kpa: float = 0.001
    kind: ContainerKind = ContainerKind.BAG
    syringe: Syringe | None = None
    secondary: SecondarySetup | None = None
    resistance_kpa_h_per_ml: float = 0.0
    valve_kpa: float | None = None
    shared_ml: float = 0.0
    drip_chamber_ml: float = 0.0


class Transport(Enum):
    """How fluid travels through a tube.

    PLUG: one behind the other. MIXED: stirred together. TANKS: several stirred tanks in a row. LAMINAR: along the
    streamlines of a round tube, with no diffusion between them. DISPERSED: Taylor-Aris, diffusion evens the streamlines out.
    """

    PLUG = "plug"
    MIXED = "mixed"
    TANKS = "tanks"
    LAMINAR = "laminar"
    DISPERSED = "dispersed"


@dataclass(frozen=True, slots=True)
class AdministrationSet:
    """Tubing that fluid from one or more sources takes to the access, or to the next junction.

    ``common_ml``: volume from the begin to the end, full of ``priming`` at the start. ``compliance_ml_per_kpa``
    and ``resistance_kpa_h_per_ml`` may be 0. Resistance: kPa for each mL/h. ``tanks``: how many, with TANKS.
    ``valve_kpa``: opening pressure of a one-way valve at its end (check, anti-reflux or anti-siphon valve), None for none.
    ``air_ml``: air that priming left at its begin, mL at atmospheric pressure, as part of its volume.
    ``bore_mm``, ``length_cm``: 0 where they are not known; then nothing can be said of dispersion. Resistance is for water
    at 20 degC; ``celsius``: the temperature of the fluid in it, and in the access at its end, at the start.
    ``diffusivity_m2_per_s``: of what is dissolved. ``spread``: with DISPERSED, see ``fluidics.transport.tubing``.
    """

    name: str
    common_ml: float
    priming: Fluid
    compliance_ml_per_kpa: float
    resistance_kpa_h_per_ml: float
    transport: Transport = Transport.PLUG
    sources: tuple[Sourced, ...] = ()
    tanks: int = 1
    valve_kpa: float | None = None
    bore_mm: float = 0.0
    length_cm: float = 0.0
    celsius: float = ROOM_CELSIUS
    diffusivity_m2_per_s: float = SMALL_MOLECULES_M2_PER_S
    spread: float | None = None
    air_ml: float = 0.0


@dataclass(frozen=True, slots=True)
class Access:
    """The catheter and the pressure behind it: dP = R F + R_T F |F|. Both resistances may be 0.

    ``resistance_kpa_h_per_ml``: R. ``turbulent_kpa_h2_per_ml2``: R_T, entrance loss (Philip & Philip). For water at 20 degC.
    """

    name: str
    resistance_kpa_h_per_ml: float
    back_pressure_kpa: float = 0.0
    sources: tuple[Sourced, ...] = ()
    turbulent_kpa_h2_per_ml2: float = 0.0


@dataclass(frozen=True, slots=True)
class PathSetup:
    """Everything between the containers and the patient for one pump, lines in the order of the model's.

    ``into``: the junction in which the set ends; ``access`` then is not used. ``height_cm``: of the pump above the patient.
    """

    lines: tuple[LineSetup, ...]
    set: AdministrationSet
    access: Access
    into: str | None = None
    height_cm: float = 0.0


@dataclass(frozen=True, slots=True)
class JunctionSetup:
    """A place where sets of several pumps, or of other junctions, meet, and the tubing from there on.

    ``into``: the next junction; None: the ``access``.
    """

    id: str
    set: AdministrationSet
    access: Access
    into: str | None = None


def way_of(into: str | None, junctions: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    """List the junctions that a set which ends in ``into`` leads through, in their order: (name, into) of each junction."""
    leads, way = dict(junctions), list[str]()
    while into is not None and into in leads and into not in way:
        way.append(into)
        into = leads[into]
    return tuple(way)


def junction_faults(pumps: Iterable[tuple[str, str | None]], junctions: Iterable[tuple[str, str | None]]) -> list[str]:
    """Say what is wrong with the way in which sets lead into junctions: (name, into) of each."""
    into = dict(junctions)
    leading = [*pumps, *into.items()]
    faults = [
        f"{name} leads into {to}, which is no junction" for name, to in leading if to is not None and to not in into
    ]
    used = {to for _, to in leading}
    faults += [f"nothing leads into junction {name}" for name in into if name not in used]
    for name, to in into.items():
        seen, at = [name], to
        while at in into and at not in seen:
            seen.append(str(at))
            at = into[str(at)]
        if at == name:
            faults.append(f"junction {name} leads back into itself: {' -> '.join([*seen, name])}")
    return faults


@dataclass(frozen=True, slots=True)
class Sensing:
    """How the pump sees the world.

    ``period_ns`` None: at once, by watches; else sampled, with noise (standard deviation) and quantisation of the
    pressures, both in kPa, 0 for none. ``offset_kpa`` is added to every pressure, sampled or not. ``delay_ns``: how old a
    sample is when the pump has it; only with a period. Raises ValueError for what wants a period and has none.
    """

    period_ns: int | None = None
    noise_kpa: float = 0.0
    quantum_kpa: float = 0.0
    offset_kpa: float = 0.0
    delay_ns: int = 0

    def __post_init__(self) -> None:
        """See that what belongs to samples has a period."""
        if self.period_ns is None and (self.noise_kpa or self.quantum_kpa or self.delay_ns):
            raise ValueError("noise, quantum and delay are of samples: a period is wanted")


@dataclass(frozen=True, slots=True)
class Source:
    """An origin of fluid that is followed to the patient: a container, a limb's first filling, the priming.

    ``line`` None: the priming of the common volume.
    """

    name: str
    line: str | None
    fluid: Fluid
