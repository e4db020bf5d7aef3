"""How thick and how dense the fluid in a tube is, over water at 20 degC, for which resistances are given.

    R = R(water, 20 degC) mu / mu(water, 20 degC)        R_T = R_T(water) rho / rho(water)

Resistance by friction goes with viscosity (Poiseuille), entrance loss with density alone. A mixture: ln mu is the mean of the
ln mu of its parts by volume (Arrhenius 1887; unverified: from memory), rho the mean of their rho. What a density loses by
warming, 0.7 % of water from 4 to 37 degC, is neglected.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from pumpsim.catalogue.fluids import viscosity_mpa_s
from pumpsim.vocabulary.path import WATER_DENSITY_KG_PER_M3, WATER_VISCOSITY_MPA_S, Fluid, LineSetup


@dataclass(frozen=True, slots=True)
class Thickness:
    """Viscosity and density over those of water at 20 degC."""

    viscosity: float = 1.0
    density: float = 1.0


WATER = Thickness()


def thickness(parts: Iterable[tuple[Fluid, float]], celsius: float) -> Thickness:
    """Mix fluids by weight (volumes or flows, at least 0, not all 0) at a temperature. Raises ValueError outside 0-100 degC."""
    given = tuple(parts)
    whole = math.fsum(weight for _, weight in given)
    logarithm = denser = 0.0
    for fluid, weight in given:
        logarithm += weight / whole * math.log(viscosity_mpa_s(fluid, celsius) / WATER_VISCOSITY_MPA_S)
        denser += weight / whole * (fluid.density_kg_per_m3 / WATER_DENSITY_KG_PER_M3 - 1.0)
    return Thickness(math.exp(logarithm), 1.0 + denser)


def alike(lines: Iterable[LineSetup]) -> bool:
    """Whether all containers hold fluids of one thickness, so that no mixture of them differs."""
    fluids = (line.fluid for line in lines if line.container_ml > 0.0)
    return len({(f.viscosity_mpa_s, f.viscosity_exponent, f.density_kg_per_m3) for f in fluids}) <= 1


def hanging(lines: Iterable[LineSetup]) -> Fluid:
    """The fluid that is taken to fill a set before anything is programmed: that of the first line with something in it."""
    every = tuple(lines)
    return next((line.fluid for line in every if line.container_ml > 0.0), every[0].fluid)
