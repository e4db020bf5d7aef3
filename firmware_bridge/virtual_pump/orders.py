"""What can be asked of a rack while it runs, and what it answers: one request, one answer, both plain tables.

The words are those of scenario files (``occlude``, ``load``, ``container`` ...), and these beside them, each alone:

    end = { occlude = "patient end" }      a fault that was injected ends now
    wire = { drop = 0.1 }                  other faults of the wire
    power-cycle = true                     power is taken and given back at once
    unplug = "2 s"                         the port is gone for so long
    read = true                            nothing but the state, which every answer holds

``pump`` names one of several; ``unit`` the port, from 1, when there are several.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from firmware_bridge.virtual_pump.unit import Unit
from firmware_bridge.virtual_pump.world import PumpPort
from pumpsim.errors import FieldError, PumpsimError
from pumpsim.scenario_file.told import span_ns

ALONE = ("end", "wire", "power-cycle", "unplug", "read")
NL_PER_ML = 1_000_000


@dataclass(frozen=True, slots=True)
class Unplug:
    """The port of a unit is to be gone for so long, on the wall's clock."""

    unit: int
    for_ns: int


def obey(units: Mapping[int, Unit], request: Mapping[str, object]) -> tuple[dict[str, object], Unplug | None]:
    """Carry a request out at the instant that its unit has come to; the answer, and what is left to the loop. Never raises."""
    try:
        number = _unit(units, request)
        unplug = _carried_out(number, units[number], {key: value for key, value in request.items() if key != "unit"})
        return {"ok": True, "unit": number, "pumps": state_of(units[number])}, unplug
    except PumpsimError as error:
        return {"ok": False, "error": str(error)}, None


def state_of(unit: Unit) -> dict[str, object]:
    """Every pump of a unit as plain data: what it knows, and what has really been pumped."""
    return {name: _state(port, unit.addresses.get(name)) for name, port in unit.pumps.items()}


def _unit(units: Mapping[int, Unit], request: Mapping[str, object]) -> int:
    number = request.get("unit", 1 if len(units) == 1 else None)
    if not isinstance(number, int) or number not in units:
        raise FieldError(f"unit = {number!r}: one of {', '.join(map(str, units))} is wanted")
    return number


def _carried_out(number: int, unit: Unit, words: dict[str, object]) -> Unplug | None:
    alone = next((word for word in ALONE if word in words), None)
    if alone is None:
        unit.tell(words)
        return None
    pump = words.pop("pump", None)
    if not isinstance(pump, str | None):
        raise FieldError("pump: a name is wanted")
    if len(words) > 1:
        raise FieldError(f"{alone} stands alone, without {', '.join(word for word in words if word != alone)}")
    value = words[alone]
    match alone, value:
        case "read", _:
            return None
        case "power-cycle", True:
            unit.power_cycle(pump)
        case "unplug", _:
            return Unplug(number, span_ns(alone, value))
        case "wire", dict():
            unit.set_wire(value)
        case "end", dict():
            unit.end(value if pump is None else value | {"pump": pump})
        case _:
            raise FieldError(f"{alone} = {value!r}: {'true' if alone == 'power-cycle' else 'a table'} is wanted")
    return None


def _state(port: PumpPort, address: int | None) -> dict[str, object]:
    look = port.look()
    return {
        "model": port.model.id,
        "address": address,
        "at_s": look.at_ns / 1e9,
        "off": look.off,
        "distal_kpa": port.distal_kpa,
        "alarms": [
            {"alarm": s.alarm.value, "line": s.line, "priority": s.priority.value, "acknowledged": s.acknowledged}
            for s in look.standing
        ],
        "lines": {
            line.line: {
                "state": line.state.value,
                "rate_ml_per_h": line.rate_nl_per_h / NL_PER_ML,
                "withdrawing_ml_per_h": line.back_nl_per_h / NL_PER_ML,
                "counted_ml": line.pumped_nl / NL_PER_ML,
                "withdrawn_ml": line.withdrawn_nl / NL_PER_ML,
                "delivered_ml": port.delivered_ml(line.line),
            }
            for line in look.lines
        },
    }
