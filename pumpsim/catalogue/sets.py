"""Administration sets: what all lines share between pump and access.

The rows are generic. Resistance and volume of a bore follow from its length and width (Poiseuille, water at 20 degC,
1.002 mPa s); which bore a set has is an assumption. A scenario may replace any figure.
"""

from pumpsim.catalogue.fluids import FLUIDS
from pumpsim.vocabulary.model import Sourced
from pumpsim.vocabulary.path import AdministrationSet

PA_S_PER_M3 = 1 / 3.6e12
"""1 Pa s/m3 in kPa h/mL."""
COMPLIANCE = "compliance of the set"
RESISTANCE = "resistance of the set"
COMMON_VOLUME = "common volume of the set"
"""The figures by the names under which a scenario may replace them."""
ASSUMED = "unverified: assumption"

DUAL_CHANNEL_CASSETTE_SET = AdministrationSet(
    name="dual-channel-cassette-set",
    common_ml=10.6,
    priming=FLUIDS["saline-0.9"],
    compliance_ml_per_kpa=0.006,
    resistance_kpa_h_per_ml=7.560e8 * PA_S_PER_M3,
    sources=(
        Sourced(COMMON_VOLUME, "10.6 mL", "unverified: volume of the assumed bore, 1.5 m x 3 mm"),
        Sourced(
            COMPLIANCE,
            "6 uL/kPa",
            "unverified: within 5.0-7.6 uL/kPa, derived from B. Braun Infusomat Space IFU, US, 586U, p. 72 (time to alarm)",
        ),
        Sourced(RESISTANCE, "7.560e8 Pa s/m3", "unverified: Poiseuille for the assumed bore, 1.5 m x 3 mm"),
    ),
)
MICROBORE_EXTENSION = AdministrationSet(
    name="microbore-extension-150",
    common_ml=1.178,
    priming=FLUIDS["saline-0.9"],
    compliance_ml_per_kpa=0.001,
    resistance_kpa_h_per_ml=6.124e10 * PA_S_PER_M3,
    sources=(
        Sourced(COMMON_VOLUME, "1.178 mL", "derived: volume of a bore of 1.5 m x 1.0 mm"),
        Sourced(COMPLIANCE, "1 uL/kPa", ASSUMED),
        Sourced(RESISTANCE, "6.124e10 Pa s/m3", "derived: Poiseuille for 1.5 m x 1.0 mm, water at 20 degC"),
    ),
)
IDEAL = AdministrationSet(
    name="ideal",
    common_ml=0.0,
    priming=FLUIDS["saline-0.9"],
    compliance_ml_per_kpa=0.0,
    resistance_kpa_h_per_ml=0.0,
    sources=(
        Sourced(COMMON_VOLUME, "0 mL", "by definition: what is pumped reaches the access at once"),
        Sourced(COMPLIANCE, "0 uL/kPa", "by definition: for analytic cases; it cannot be occluded"),
        Sourced(RESISTANCE, "0 Pa s/m3", "by definition: for analytic cases"),
    ),
)

SETS: dict[str, AdministrationSet] = {row.name: row for row in (DUAL_CHANNEL_CASSETTE_SET, MICROBORE_EXTENSION, IDEAL)}
"""Every set by its name."""
