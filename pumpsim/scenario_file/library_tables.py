"""The tables of a drug library: per care area and drug what is allowed, and which drugs must not meet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, model_validator

from pumpsim.errors import UnitError
from pumpsim.scenario_file.fields import Concentration, Pace, SomeVolume, Text
from pumpsim.scenario_file.pump_tables import Table, Text1
from pumpsim.units import AMOUNTS, DOSE_RATES, Dimension, Quantity, parse

NO_BOUND = "none"


def _pace(text: str) -> Quantity | None:
    """Read a bound of a rate or a dose rate; None for the word that says that there is none."""
    return None if text == NO_BOUND else parse(text, Dimension.RATE, *DOSE_RATES)


def _given(text: str) -> Quantity | None:
    """Read a bound of a volume or an amount; None for the word that says that there is none."""
    return None if text == NO_BOUND else parse(text, Dimension.VOLUME, *AMOUNTS)


def _pair(found: list[Quantity | None]) -> list[Quantity | None]:
    """See that there are two bounds of one kind, the lower one first."""
    if len(found) != 2:
        raise UnitError(f"two bounds are wanted, low and high; {NO_BOUND!r} where there is none")
    _ascend(found, "the low bound is above the high one")
    return found


def _ascend(bounds: list[Quantity | None], why: str) -> None:
    """See that bounds of one kind ascend, those that there are. Raises UnitError."""
    stated = [bound for bound in bounds if bound is not None]
    if len({bound.dimension for bound in stated}) > 1:
        raise UnitError(f"{' and '.join(bound.text for bound in stated)} cannot be compared: use one kind of unit")
    if stated != sorted(stated, key=lambda bound: bound.value):
        raise UnitError(why)


def _some(found: list[Quantity]) -> list[Quantity]:
    if not found:
        raise UnitError("one concentration at least is wanted")
    return found


PacePair = Annotated[list[Annotated[Quantity | None, Text(_pace, "20 mcg/kg/min")]], AfterValidator(_pair)]
GivenPair = Annotated[list[Annotated[Quantity | None, Text(_given, "5 mg")]], AfterValidator(_pair)]
NONE: list[Quantity | None] = [None, None]


def bounds_of(
    soft: list[Quantity | None] | None, hard: list[Quantity | None] | None
) -> tuple[Quantity | None, Quantity | None, Quantity | None, Quantity | None]:
    """Hard low, soft low, soft high, hard high."""
    (soft_low, soft_high), (hard_low, hard_high) = soft or NONE, hard or NONE
    return hard_low, soft_low, soft_high, hard_high


class PaceLimitsTable(Table):
    """Limits of a rate or a dose rate: beyond ``soft`` the pump asks, beyond ``hard`` it refuses."""

    soft: PacePair | None = None
    hard: PacePair | None = None

    @model_validator(mode="after")
    def _nested(self) -> "PaceLimitsTable":
        _ascend(list(bounds_of(self.soft, self.hard)), "the soft limits lie outside the hard ones")
        return self


class GivenLimitsTable(Table):
    """Limits of a volume that is given at once, or of the amount of drug in it."""

    soft: GivenPair | None = None
    hard: GivenPair | None = None

    @model_validator(mode="after")
    def _nested(self) -> "GivenLimitsTable":
        _ascend(list(bounds_of(self.soft, self.hard)), "the soft limits lie outside the hard ones")
        return self


class DrugEntryTable(PaceLimitsTable):
    """One drug in one care area: as it may hang there, how fast it runs by ``default`` and at most, its boluses
    and its whole volume.

    ``kvo`` false: it must not be given at a keep-open rate.
    """

    concentrations: Annotated[list[Concentration], AfterValidator(_some)]
    default: Pace | None = None
    bolus: GivenLimitsTable | None = None
    bolus_rate: PaceLimitsTable | None = None
    vtbi: GivenLimitsTable | None = None
    kvo: bool = True

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Every figure but the concentrations."""
        tables = (self, self.bolus, self.bolus_rate, self.vtbi)
        bounds = (bound for table in tables if table is not None for bound in bounds_of(table.soft, table.hard))
        return tuple(figure for figure in (self.default, *bounds) if figure is not None)

    @property
    def per_kg(self) -> bool:
        """Whether a weight is needed to know what it means."""
        return any("/kg/" in figure.dimension.value for figure in self.quantities)

    @model_validator(mode="after")
    def _one_unit(self) -> "DrugEntryTable":
        dosed = [q for q in self.quantities if q.dimension not in (Dimension.RATE, Dimension.VOLUME)]
        units = list(dict.fromkeys(q.dimension.counted for q in (*self.concentrations, *dosed)))
        if len(units) > 1:
            raise UnitError(f"the drug is counted in {' and in '.join(units)}: use one")
        alike = self.default is not None and all(
            bound is None or bound.dimension is self.default.dimension for bound in bounds_of(self.soft, self.hard)
        )
        if alike:
            hard_low, soft_low, soft_high, hard_high = bounds_of(self.soft, self.hard)
            _ascend([soft_low or hard_low, self.default, soft_high or hard_high], "the default is outside the limits")
        return self


class LibraryTable(Table):
    """The whole of a drug library. ``flush_volume``: what must follow a drug through the line before another counts as
    apart from it."""

    title: str = ""
    description: str = ""
    care_area: dict[str, dict[str, DrugEntryTable]]
    incompatible: list[list[Text1]] | None = None
    flush_volume: SomeVolume | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A care area of a library, as far as it could be read.

    ``drugs``: None for an entry with faults; what depends on it is not checked. ``incompatible``: by drug. ``sound`` False:
    stands in for an area that is not known.
    """

    name: str
    drugs: Mapping[str, DrugEntryTable | None]
    incompatible: Mapping[str, tuple[str, ...]]
    flush_nl: int | None
    sound: bool = True


UNKNOWN_AREA = Area("", {}, {}, None, sound=False)
