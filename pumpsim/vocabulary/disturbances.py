"""What the world does to the way from container to patient, as data: clamps, heights, leaks, air, other containers."""

from dataclasses import dataclass
from enum import Enum

from pumpsim.vocabulary.path import Fluid


class Place(Enum):
    """Where a line can be closed. PRIMARY, SECONDARY: the limbs of a line that has both; LIMB: at the pump's inlet."""

    PATIENT_END = "patient end"
    LIMB = "limb"
    PRIMARY = "primary"
    SECONDARY = "secondary"


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


@dataclass(frozen=True, slots=True)
class Constrict:
    """Put a resistance into a tube, kPa h/mL; infinite: close it; 0: as it was. ``tube``: see ``tube_names``."""

    tube: str
    added_kpa_h_per_ml: float


@dataclass(frozen=True, slots=True)
class Raise:
    """Bring a pump to another height above the patient, cm."""

    height_cm: float


@dataclass(frozen=True, slots=True)
class BackPressure:
    """Another pressure behind the access of a tube, kPa."""

    tube: str
    pressure_kpa: float


@dataclass(frozen=True, slots=True)
class Leak:
    """Open a way to the air at the end of a tube, mL/h for each kPa; infinite: it is disconnected there; 0: tight again."""

    tube: str
    ml_per_h_per_kpa: float


@dataclass(frozen=True, slots=True)
class Grip:
    """Let the pump hold the plunger back (True), or let the fluid pull it ahead (False: clamp open, siphon)."""

    holds: bool


@dataclass(frozen=True, slots=True)
class Warm:
    """Bring the fluid in a tube, and in the access at its end, to a temperature, degC."""

    tube: str
    celsius: float


@dataclass(frozen=True, slots=True)
class Change:
    """Hang another container on a line: the old one and what is left in it go, what is in the limb stays and comes first.

    ``head_kpa``: as in ``LineSetup``, None for as before. Of a syringe, of the same type as before: with ``purged`` the play of
    the screw is taken up and the plunger is tensioned to its friction; without, neither. ``bolus_ml``: what handling pushes
    into the line; negative: draws back from it.
    """

    line: str
    container: str
    container_ml: float
    fluid: Fluid
    head_kpa: float | None = None
    purged: bool = False
    bolus_ml: float = 0.0


@dataclass(frozen=True, slots=True)
class Refill:
    """Fill a container again where it is: the rest is withdrawn, all of it or ``withdrawn_ml``, and ``volume_ml`` of a fluid
    put in, which mixes at once with what remains. What is in the limb stays and comes first."""

    line: str
    volume_ml: float
    fluid: Fluid
    withdrawn_ml: float | None = None


@dataclass(frozen=True, slots=True)
class Hang:
    """Hang a container at another height: its head when it is full. ``place``: PRIMARY or SECONDARY of a line with two
    containers, LIMB of one with one."""

    line: str
    place: Place
    head_kpa: float


@dataclass(frozen=True, slots=True)
class AirIn:
    """Let air into a line, mL at atmospheric pressure: at the container, from where it comes through limb and trap, or
    (``at_pump``) at the pump's inlet, behind both. The mechanism draws it in place of fluid."""

    line: str
    volume_ml: float
    at_pump: bool


@dataclass(frozen=True, slots=True)
class PowerCut:
    """Take all power from a pump, its battery too: its motor and its controller stop in that instant."""


@dataclass(frozen=True, slots=True)
class PowerBack:
    """Give a pump its power back, and switch it on: a new power-on."""


Powering = PowerCut | PowerBack
Closing = Occlude | Release
Hanging = Change | Refill
Standing = Occlude | Release | Constrict | Raise | BackPressure | Leak | Grip | Warm | Hang | AirIn
Disturbance = Standing | Hanging
Plain = Occlude | Release | Warm | Change | Refill
"""What a line of its own can bear; everything else makes it a network."""
