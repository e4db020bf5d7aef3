"""The kinds of value in a scenario file: quantities with their unit, and names from a closed list.

Each reads itself to internal values, exactly where it is programmed, and describes itself in a JSON Schema as the text that
an author writes. A number without a unit is a fault, never a default.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from pumpsim.catalogue.fluids import CELSIUS
from pumpsim.errors import FieldError, UnitError, UnknownNameError
from pumpsim.units import AMOUNTS, CONCENTRATIONS, DOSE_RATES, Dimension, Quantity, parse


@dataclass(frozen=True, eq=False)
class Text:
    """A field that an author writes as text and ``read`` turns into a value; ``example`` shows how."""

    read: Callable[[str], object]
    example: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let only text through to ``read``."""
        return core_schema.no_info_plain_validator_function(self._checked)

    def __get_pydantic_json_schema__(self, source: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the text, not what it becomes."""
        return {"type": "string", "examples": [self.example]}

    def _checked(self, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise UnitError(f"the unit is missing: write a text, as in {self.example!r}")
        if not isinstance(value, str):
            raise UnitError(f"a text is wanted, as in {self.example!r}")
        return self.read(value)


@dataclass(frozen=True, eq=False)
class Choice:
    """A field whose text must be one of the names in a catalogue; it becomes what the catalogue holds under the name.

    ``listed_in``: the page that lists the names, where they are too many for a message.
    """

    kind: str
    names: Mapping[str, object]
    listed_in: str | None = None

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Look the name up."""
        return core_schema.no_info_plain_validator_function(self._found)

    def __get_pydantic_json_schema__(self, source: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """List the names, so that an editor can offer them."""
        return {"type": "string", "enum": list(self.names)}

    def _found(self, value: object) -> object:
        if not isinstance(value, str):
            valid = f"{self.listed_in} lists them" if self.listed_in else f"valid: {', '.join(self.names)}"
            article = "an" if self.kind[0] in "aeiou" else "a"
            raise FieldError(f"the name of {article} {self.kind} is wanted; {valid}")
        if value not in self.names:
            raise UnknownNameError(self.kind, value, self.names, self.listed_in)
        return self.names[value]


def by_value(kind: type[Enum]) -> dict[str, Enum]:
    """The members of an enum by the words that scenarios use."""
    return {str(member.value): member for member in kind}


NO_VALVE = "none"


def _count(dimension: Dimension, *, least: int = 0) -> Callable[[str], int]:
    """Read a whole count of ns, nL or nL/h."""

    def read(text: str) -> int:
        count = parse(text, dimension).whole
        if count < least:
            raise UnitError(f"{dimension.noun} above 0 is wanted")
        return count

    return read


def _quantity(*dimensions: Dimension, zero: bool = True, negative: bool = False) -> Callable[[str], Quantity]:
    """Read a quantity that keeps the words in which it was written."""

    def read(text: str) -> Quantity:
        quantity = parse(text, *dimensions, negative=negative)
        if quantity.value == 0 and not zero:
            raise UnitError(f"{quantity.dimension.noun} above 0 is wanted")
        return quantity

    return read


def _opening(text: str) -> Quantity | None:
    """Read the pressure at which a valve opens; None for the word that says that there is none."""
    return None if text == NO_VALVE else parse(text, Dimension.PRESSURE)


def _moment(text: str) -> Quantity:
    """Read an instant, a whole count of ns, that keeps the words in which it was written."""
    moment = parse(text, Dimension.TIME)
    _ = moment.whole
    return moment


def _time_of_day(text: str) -> int:
    """Read a time of day as ns since midnight."""
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text.strip())
    if found is None:
        raise UnitError("a time of day from 00:00 to 23:59 is wanted, as in '22:30'")
    return (int(found[1]) * 60 + int(found[2])) * 60 * 10**9


def _percent(text: str) -> int:
    """Read a whole percentage."""
    share = parse(text, Dimension.RATIO).value * 100
    if share.denominator != 1:
        raise UnitError("a whole percentage is wanted")
    return share.numerator


def _celsius(text: str) -> float:
    """Read a temperature at which water flows."""
    low, high = CELSIUS
    celsius = parse(text, Dimension.TEMPERATURE, negative=True).measured
    if not low <= celsius <= high:
        raise UnitError(f"{text} is outside {low:g} to {high:g} degC")
    return celsius


Instant = Annotated[int, Text(_count(Dimension.TIME), "90 min")]
Span = Annotated[int, Text(_count(Dimension.TIME, least=1), "10 s")]
Rate = Annotated[int, Text(_count(Dimension.RATE, least=1), "13.1 mL/h")]
ProgrammedVolume = Annotated[int, Text(_count(Dimension.VOLUME, least=1), "400 mL")]
"""Whole counts: ns from 0; ns, nL/h and nL above 0."""

Moment = Annotated[Quantity, Text(_moment, "90 min")]
Dose = Annotated[Quantity, Text(_quantity(*DOSE_RATES, zero=False), "5 mcg/kg/min")]
Weight = Annotated[Quantity, Text(_quantity(Dimension.WEIGHT, zero=False), "70 kg")]
Concentration = Annotated[Quantity, Text(_quantity(*CONCENTRATIONS, zero=False), "1.6 mg/mL")]
Amount = Annotated[Quantity, Text(_quantity(*AMOUNTS), "0.25 mg")]
Volume = Annotated[Quantity, Text(_quantity(Dimension.VOLUME), "2.5 mL")]
SomeVolume = Annotated[Quantity, Text(_quantity(Dimension.VOLUME, zero=False), "500 mL")]
SignedVolume = Annotated[Quantity, Text(_quantity(Dimension.VOLUME, negative=True), "20 uL")]
Pressure = Annotated[Quantity, Text(_quantity(Dimension.PRESSURE), "6 psi")]
GaugePressure = Annotated[Quantity, Text(_quantity(Dimension.PRESSURE, negative=True), "10 mmHg")]
Height = Annotated[Quantity, Text(_quantity(Dimension.LENGTH, negative=True), "50 cm")]
Compliance = Annotated[Quantity, Text(_quantity(Dimension.COMPLIANCE), "6 uL/kPa")]
SomeCompliance = Annotated[Quantity, Text(_quantity(Dimension.COMPLIANCE, zero=False), "1 uL/kPa")]
Resistance = Annotated[Quantity, Text(_quantity(Dimension.RESISTANCE), "0.02 kPa/(mL/h)")]
SomeLength = Annotated[Quantity, Text(_quantity(Dimension.LENGTH, zero=False), "150 cm")]
Diffusivity = Annotated[Quantity, Text(_quantity(Dimension.DIFFUSIVITY, zero=False), "1e-9 m2/s")]
SomeResistance = Annotated[Quantity, Text(_quantity(Dimension.RESISTANCE, zero=False), "0.02 kPa/(mL/h)")]
Opening = Annotated[Quantity | None, Text(_opening, "0.2 kPa")]
Percentage = Annotated[Quantity, Text(_quantity(Dimension.RATIO, zero=False), "110 %")]
VolumeTolerance = Annotated[Quantity, Text(_quantity(Dimension.RATIO, Dimension.VOLUME), "2 %")]
AmountTolerance = Annotated[Quantity, Text(_quantity(Dimension.RATIO, *AMOUNTS), "2 %")]
Given = Annotated[Quantity, Text(_quantity(Dimension.VOLUME, *AMOUNTS, zero=False), "5 mL")]
"""A volume, or the drug that is in it."""
Pace = Annotated[Quantity, Text(_quantity(Dimension.RATE, *DOSE_RATES), "5 mL/h")]
"""A rate, or the dose rate that it makes; may be 0."""
TimeOfDay = Annotated[int, Text(_time_of_day, "22:30")]
Percent = Annotated[int, Text(_percent, "80 %")]
Temperature = Annotated[float, Text(_celsius, "20 degC")]
"""Exact quantities with the words in which they were written; ``Some...``: above 0."""


def millilitres(volume: Quantity) -> float:
    """A volume as a measured one, mL."""
    return float(volume.value / 1_000_000)
