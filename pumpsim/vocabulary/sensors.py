"""What a pump measures with, and how a sensor can fail: by a value that stays, by one that wanders, or by saying nothing.

A sensor never touches the fluid: what is wrong with one changes what the pump knows, and through its decisions alone what
happens.
"""

from dataclasses import dataclass

from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.model import PumpModel

NOTICED_NS = 5_000_000_000
"""How long a pump takes to notice that a sensor is silent (unverified: assumption)."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor of a pump by what it measures; ``line`` None: one of the pump."""

    signal: Signal
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Stuck:
    """From now on a sensor says the same: ``value``, in the unit of its signal; None: what it said last."""

    sensor: Sensor
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """From now on a sensor says more, or less, by so much in each hour, in the unit of its signal."""

    sensor: Sensor
    per_h: float


@dataclass(frozen=True, slots=True)
class Silent:
    """From now on a sensor says nothing; the pump's self-test has noticed it after ``noticed_ns``."""

    sensor: Sensor
    noticed_ns: int = NOTICED_NS


@dataclass(frozen=True, slots=True)
class Mended:
    """A sensor is as it was before it failed."""

    sensor: Sensor


SensorFault = Stuck | Drift | Silent | Mended


def signals_of(model: PumpModel) -> tuple[Signal, ...]:
    """Every signal that a model measures beside its motor steps: what its alarms look at, and its own further sensors."""
    watched = (row.threshold.signal for row in model.alarms if row.threshold is not None)
    return tuple(dict.fromkeys(signal for signal in (*watched, *model.sensors) if signal is not Signal.STEPS))
