"""Air in a tube as a store: what the line gives more because the air in it is squeezed.

Air is counted in reference mL, at atmospheric pressure, which no pressure changes. n of it at the gauge pressure p fill
n Pa / (Pa + p) (Boyle, at one temperature), so the place takes up

    S(p) = n - n Pa / (Pa + p) = n p / (Pa + p)

beyond its elastic compliance, in reference volumes. Here S is straight between pressures whose absolute values stand in one
ratio; then each chord lies above the hyperbola by the same share of the air's volume, (ratio - 1)^2 / (4 ratio) at most.
Neglected: that a squeezed bubble is shorter when it passes a resistance, surface tension, solution in the fluid.
Source: PHYSICS 4.1 (1 mL is 9.9 uL/kPa at 0 gauge).
"""

import math
from functools import lru_cache

import numpy as np

from pumpsim.fluidics.network.elements import Store

ATMOSPHERE_KPA = 101.325
"""Standard atmosphere (ISO 2533:1975)."""
CHORD = 1e-3
"""By how much the volume of the air may be wrong, as a share of it at that pressure or at 0 gauge, whichever is more."""
LOWEST_KPA, HIGHEST_KPA = -95.0, 300.0
"""Gauge pressures between which that holds; beyond them the last chords go on."""


def _knots() -> tuple[float, ...]:
    """Gauge pressures in even ratios of the absolute one, the ambient pressure in the middle of a chord."""
    ratio = 1.0 + 2.0 * CHORD + 2.0 * math.sqrt(CHORD * (1.0 + CHORD))
    down = math.ceil(math.log(ATMOSPHERE_KPA / (ATMOSPHERE_KPA + LOWEST_KPA)) / math.log(ratio) + 0.5)
    up = math.ceil(math.log((ATMOSPHERE_KPA + HIGHEST_KPA) / ATMOSPHERE_KPA) / math.log(ratio) + 0.5)
    return tuple(ATMOSPHERE_KPA * (ratio ** (k - 0.5) - 1.0) for k in range(1 - down, up + 1))


KNOTS_KPA = _knots()


def squeezed_ml(air_ml: float, pressure_kpa: float) -> float:
    """S(p) by Boyle's law itself."""
    return air_ml * pressure_kpa / (ATMOSPHERE_KPA + pressure_kpa)


@lru_cache(maxsize=4096)
def air_store(air_ml: float) -> Store:
    """The store that so much air is (reference mL, above 0); it holds nothing at 0 gauge."""
    volumes = [squeezed_ml(air_ml, kpa) for kpa in KNOTS_KPA]
    ambient = float(np.interp(0.0, KNOTS_KPA, volumes))
    return Store(KNOTS_KPA, tuple(volume - ambient for volume in volumes))


def together(one: Store | None, other: Store | None) -> Store | None:
    """Two stores in one place."""
    if one is None or other is None:
        return one or other
    knots = sorted({*one.pressures_kpa, *other.pressures_kpa})
    return Store(tuple(knots), tuple(one.at(kpa) + other.at(kpa) for kpa in knots))
