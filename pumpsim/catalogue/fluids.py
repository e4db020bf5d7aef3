"""Fluids by the names that scenarios use. A drug is not in the catalogue: a scenario states it with its concentration.

Carriers count as free of drugs: their salts and sugar are not followed to the patient.
"""

from pumpsim.vocabulary.path import Fluid

FLUIDS: dict[str, Fluid] = {
    name: Fluid(name) for name in ("saline-0.9", "saline-0.45", "dextrose-5", "water", "lactated-ringers")
}
"""Every fluid by its name."""

DENSITY_KG_PER_M3 = 998.2
"""Water at 20 degC (PHYSICS, unit constants); saline is 0.5 % heavier, which is neglected."""
GRAVITY_M_PER_S2 = 9.80665
"""Standard gravity (NIST SP 811, B.8)."""


def head_kpa(height_cm: float) -> float:
    """Hydrostatic pressure of a column of fluid: rho g h, kPa; negative below the pump."""
    return DENSITY_KG_PER_M3 * GRAVITY_M_PER_S2 * height_cm / 100 / 1000
