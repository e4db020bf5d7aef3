"""Volume and resistance of a straight round bore, for the rows that are defined by their geometry.

Poiseuille: R = 8 mu L / (pi r^4), laminar and long against its width; water at 20 degC unless told otherwise. Short
catheters resist more than this at high flow: see ``catalogue.accesses``.
"""

import math

from pumpsim.vocabulary.path import WATER_VISCOSITY_MPA_S

PA_S_PER_M3 = 1 / 3.6e12
"""1 Pa s/m3 in kPa h/mL."""


def bore_ml(length_cm: float, bore_mm: float) -> float:
    """Volume of a bore: pi r^2 L."""
    return math.pi / 4 * (bore_mm / 10) ** 2 * length_cm


def poiseuille_pa_s_per_m3(length_cm: float, bore_mm: float, viscosity_mpa_s: float = WATER_VISCOSITY_MPA_S) -> float:
    """Resistance of a bore in SI units: 8 mu L / (pi r^4)."""
    return 8 * viscosity_mpa_s / 1000 * length_cm / 100 / (math.pi * (bore_mm / 2000) ** 4)


def poiseuille_kpa_h_per_ml(length_cm: float, bore_mm: float, viscosity_mpa_s: float = WATER_VISCOSITY_MPA_S) -> float:
    """Resistance of a bore: kPa for each mL/h."""
    return poiseuille_pa_s_per_m3(length_cm, bore_mm, viscosity_mpa_s) * PA_S_PER_M3
