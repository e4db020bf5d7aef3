"""What stands between container and patient, as data: fluids, containers, the administration set, the access.

Also the disturbances that a scenario may put on it. The physics that acts on these values is in ``fluidics``.
"""

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


@dataclass(frozen=True, slots=True)
class Fluid:
    """A fluid as it hangs in the container: a name and the drugs in it."""

    name: str
    drugs: tuple[DrugContent, ...] = ()


@dataclass(frozen=True, slots=True)
class LineSetup:
    """A container and the tubing (limb) from it to the pump.

    ``container_ml`` is what the container holds beside the limb; ``limb_ml`` the volume of the tubing, full of
    ``limb_fluid`` at the start (None: of the container's own fluid). ``head_kpa``: hydrostatic pressure at the pump's
    inlet. ``limb_compliance_ml_per_kpa``: how much the limb gives when the pump draws against a closed clamp; above 0.
    """

    line: str
    container: str
    container_ml: float
    fluid: Fluid
    limb_ml: float = 0.0
    limb_fluid: Fluid | None = None
    head_kpa: float = 0.0
    limb_compliance_ml_per_kpa: float = 0.001


class Transport(Enum):
    """How fluid travels through the common volume: as plugs one behind the other, or stirred together."""

    PLUG = "plug"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class AdministrationSet:
    """What all lines share on the way to the access.

    ``common_ml``: volume from the junction to the patient, full of ``priming`` at the start. ``compliance_ml_per_kpa``
    and ``resistance_kpa_h_per_ml`` may be 0. Resistance: kPa for each mL/h.
    """

    name: str
    common_ml: float
    priming: Fluid
    compliance_ml_per_kpa: float
    resistance_kpa_h_per_ml: float
    transport: Transport = Transport.PLUG
    sources: tuple[Sourced, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """The catheter and the pressure behind it. ``resistance_kpa_h_per_ml`` may be 0."""

    name: str
    resistance_kpa_h_per_ml: float
    back_pressure_kpa: float = 0.0
    sources: tuple[Sourced, ...] = ()


@dataclass(frozen=True, slots=True)
class PathSetup:
    """Everything between the containers and the patient for one pump, lines in the order of the model's."""

    lines: tuple[LineSetup, ...]
    set: AdministrationSet
    access: Access


@dataclass(frozen=True, slots=True)
class Sensing:
    """How the pump sees the world.

    ``period_ns`` None: at once, by watches; else sampled, with noise (standard deviation) and quantisation of the
    pressures, both in kPa, 0 for none.
    """

    period_ns: int | None = None
    noise_kpa: float = 0.0
    quantum_kpa: float = 0.0


class Place(Enum):
    """Where a line can be closed."""

    PATIENT_END = "patient end"
    LIMB = "limb"


@dataclass(frozen=True, slots=True)
class Occlude:
    """Close the line at a place; ``line`` names the limb, None at the patient end."""

    place: Place
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Open what ``Occlude`` closed."""

    place: Place
    line: str | None = None


Disturbance = Occlude | Release


@dataclass(frozen=True, slots=True)
class Source:
    """An origin of fluid that is followed to the patient: a container, a limb's first filling, the priming.

    ``line`` None: the priming of the common volume.
    """

    name: str
    line: str | None
    fluid: Fluid
