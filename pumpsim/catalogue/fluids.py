"""Fluids by the names that scenarios use. A drug is not in the catalogue: a scenario states it with its concentration.

Carriers count as free of drugs: their salts and sugar are not followed to the patient. Those in ``AS_WATER`` count as water
in density and viscosity too; their own figures stand beside, in ``SOURCES``. Density and viscosity hold at 20 degC;
``viscosity_mpa_s`` gives the viscosity at another temperature. Blood and emulsions thin out with shear, which is neglected:
their viscosity is that of fast flow.
"""

from enum import Enum

from pumpsim.errors import UnknownNameError
from pumpsim.vocabulary.model import Sourced
from pumpsim.vocabulary.path import WATER_DENSITY_KG_PER_M3, WATER_VISCOSITY_MPA_S, Fluid

DENSITY_KG_PER_M3 = WATER_DENSITY_KG_PER_M3
"""Water at 20 degC (PHYSICS, unit constants). A head is that of water unless its density is given."""
GRAVITY_M_PER_S2 = 9.80665
"""Standard gravity (NIST SP 811, B.8)."""
CELSIUS = (0.0, 100.0)
"""Where the formula for water is used."""

KESTIN = "Kestin, Sokolov, Wakeham 1978, J Phys Chem Ref Data 7: 941, abstract (1002.0 uPa s at 20 degC)"
KO = "Ko et al. 2022, J Korean Med Sci 37: e71, abstract"
WALKER = "Walker et al. 2012, Can J Anesth 59: 288, abstract"
HANDBOOK = (
    "CRC Handbook of Chemistry and Physics, 102nd ed., Concentrative properties of aqueous solutions (20 degC), in "
    "amosonabike/CRC-Solution-Properties-, src/CRC Solution Properties.txt"
)
SALT = f"{HANDBOOK}: between water and 1.5 % of NaCl (0.259 mol/L: 1.0089 g/mL, 1.028 mPa s)"
SUGAR = f"{HANDBOOK}: D-glucose, anhydrous, by g/L between the lines"
FACTBOOK = "The Physics Factbook, Density of Blood (2004)"
BLOOD = "Wesolowski, Mlynarczak 2019, Preprints 2019070090, abstract: 3.352 +- 0.360 mPa s at 37 degC"
WELLS = (
    "Wells, Merrill 1962, J Clin Invest 41: 1591, in hmella/power-law-parameters, wells_measures/wpd_datasets.csv: at 37 degC "
    "and 124/s 7.80 cP with Hct 57, 9.78 cP with Hct 70; here Hct 62.5, between by logarithm"
)
GELOFUSINE = "MIMS Hong Kong, Gelofusine: relative viscosity 1.9 at 37 degC"
RECALL = "unverified: from memory"


class FluidKind(Enum):
    """What a fluid is: small molecules, large ones, cells or droplets."""

    CRYSTALLOID = "crystalloid"
    COLLOID = "colloid"
    BLOOD = "blood"
    EMULSION = "emulsion"


def water_ratio(celsius: float) -> float:
    """Viscosity of water over that at 20 degC, mu / mu20.

    log10(mu / mu20) = d / (T + 96) [1.2378 - 1.303e-3 d + 3.06e-6 d^2 + 2.55e-8 d^3], d = 20 - T, T in degC: the wider of
    the two equations of Kestin, Sokolov and Wakeham 1978, +-0.2 %; coefficients from memory, held against tabled values in
    the tests. Raises ValueError outside 0 to 100 degC.
    """
    if not CELSIUS[0] <= celsius <= CELSIUS[1]:
        raise ValueError(f"{celsius:g} degC is outside {CELSIUS[0]:g} to {CELSIUS[1]:g} degC")
    d = 20.0 - celsius
    return float(10.0 ** (d / (celsius + 96.0) * (1.2378 - 1.303e-3 * d + 3.06e-6 * d**2 + 2.55e-8 * d**3)))


HES_130_EXPONENT, HES_260_EXPONENT = 1.33, 1.68
TEMPERATURE_EXPONENT = {"hydroxyethyl-starch-6": HES_130_EXPONENT, "hydroxyethyl-starch-10": HES_260_EXPONENT}
"""Fluids whose viscosity falls more steeply with temperature than that of water: mu ~ (mu of water)^n. From two measured
temperatures, n = ln(mu37 / mu21) / ln(water37 / water21); every other fluid has n = 1, a constant ratio to water."""

_SALINE = 1.02
_ROWS: tuple[tuple[str, FluidKind, float, str, float, str, float], ...] = (
    ("water", FluidKind.CRYSTALLOID, DENSITY_KG_PER_M3, KESTIN, WATER_VISCOSITY_MPA_S, KESTIN, 1.0),
    ("saline-0.9", FluidKind.CRYSTALLOID, 1004.6, SALT, _SALINE, SALT, 1.0),
    ("saline-0.45", FluidKind.CRYSTALLOID, 1001.4, SALT, 1.01, SALT, 1.0),
    ("lactated-ringers", FluidKind.CRYSTALLOID, 1004.0, RECALL, 1.02, RECALL, 1.0),
    ("dextrose-5", FluidKind.CRYSTALLOID, 1017.0, SUGAR, 1.14, SUGAR, 1.0),
    ("dextrose-10", FluidKind.CRYSTALLOID, 1036.0, SUGAR, 1.32, SUGAR, 1.0),
    ("dextrose-50", FluidKind.CRYSTALLOID, 1184.0, SUGAR, 6.41, SUGAR, 1.0),
    ("amino-acids-10", FluidKind.CRYSTALLOID, 1030.0, RECALL, 1.4, RECALL, 1.0),
    ("albumin-5", FluidKind.COLLOID, 1018.0, RECALL, 1.74 * _SALINE, f"{KO}: 1.74 times saline", 1.1),
    (
        "hydroxyethyl-starch-6",
        FluidKind.COLLOID,
        1025.0,
        RECALL,
        2.76 / water_ratio(21.0) ** HES_130_EXPONENT,
        f"{WALKER}: HES 130/0.4, 2.76 cP at 21 and 1.74 cP at 37 degC",
        1.0,
    ),
    (
        "hydroxyethyl-starch-10",
        FluidKind.COLLOID,
        1040.0,
        RECALL,
        7.62 / water_ratio(21.0) ** HES_260_EXPONENT,
        f"{WALKER}: HES 260/0.45, 7.62 cP at 21 and 4.25 cP at 37 degC",
        1.0,
    ),
    ("gelatin-4", FluidKind.COLLOID, 1016.0, RECALL, 1.9 * WATER_VISCOSITY_MPA_S, GELOFUSINE, 1.0),
    ("lipid-20", FluidKind.EMULSION, 986.0, RECALL, 2.3, RECALL, 1.2),
    ("blood", FluidKind.BLOOD, 1060.0, f"{FACTBOOK}: at 37 degC", 3.352 / water_ratio(37.0), BLOOD, 1.1),
    (
        "packed-cells",
        FluidKind.BLOOD,
        1087.5,
        f"derived: Hct 62.5 of cells, 1125, in plasma, 1025 kg/m3, at 37 degC ({FACTBOOK})",
        8.58 / water_ratio(37.0),
        WELLS,
        1.1,
    ),
)

AS_WATER = frozenset({"saline-0.9", "saline-0.45", "lactated-ringers", "dextrose-5"})
"""Carriers that count as water. For the salts that neglects 0.6 % of density and 2 % of viscosity, for 5 % dextrose 1.9 %
and 14 %. A name taken out of here has its own figures."""


def _fluid(name: str, density_kg_per_m3: float, viscosity_mpa_s: float, drop_factor: float) -> Fluid:
    if name in AS_WATER:
        return Fluid(name, drop_factor=drop_factor)
    exponent = TEMPERATURE_EXPONENT.get(name, 1.0)
    return Fluid(name, (), density_kg_per_m3, viscosity_mpa_s, drop_factor, exponent)


FLUIDS: dict[str, Fluid] = {
    name: _fluid(name, density, viscosity, drops) for name, _, density, _, viscosity, _, drops in _ROWS
}
"""Every fluid by its name."""
KIND: dict[str, FluidKind] = {row[0]: row[1] for row in _ROWS}
"""What each fluid is."""
DENSITY, VISCOSITY, DROPS = "density at 20 degC", "viscosity at 20 degC", "drops for one of water"


def _counts(source: str) -> str:
    """Say that a figure is that of water, and where the fluid's own, in brackets, comes from."""
    if source == RECALL:
        return "unverified: counts as water; in brackets its own, from memory"
    return f"by choice counts as water; in brackets its own: {source}"


def _sources(name: str, density: tuple[float, str], viscosity: tuple[float, str], drops: float) -> tuple[Sourced, ...]:
    dense, thick = f"{density[0]:g} kg/m3", f"{viscosity[0]:.4g} mPa s"
    if name in AS_WATER:
        dense, thick = f"{DENSITY_KG_PER_M3:g} kg/m3 ({dense})", f"{WATER_VISCOSITY_MPA_S:g} mPa s ({thick})"
        density, viscosity = (density[0], _counts(density[1])), (viscosity[0], _counts(viscosity[1]))
    return (
        Sourced(DENSITY, dense, density[1]),
        Sourced(VISCOSITY, thick, viscosity[1]),
        Sourced(DROPS, f"{drops:g}", "by definition" if name == "water" else RECALL),
    )


SOURCES: dict[str, tuple[Sourced, ...]] = {
    name: _sources(name, (density, where), (viscosity, how), drops)
    for name, _, density, where, viscosity, how, drops in _ROWS
}
"""The source of each figure of each fluid."""


def viscosity_mpa_s(fluid: Fluid | str, celsius: float) -> float:
    """Viscosity of a fluid at a temperature, mPa s: its figure at 20 degC times the ratio of water, to the fluid's exponent.

    Raises UnknownNameError for a name that is not in the catalogue, ValueError outside 0 to 100 degC.
    """
    if isinstance(fluid, str):
        if fluid not in FLUIDS:
            raise UnknownNameError("fluid", fluid, FLUIDS)
        fluid = FLUIDS[fluid]
    return float(fluid.viscosity_mpa_s * water_ratio(celsius) ** fluid.viscosity_exponent)


def head_kpa(height_cm: float, density_kg_per_m3: float = DENSITY_KG_PER_M3) -> float:
    """Hydrostatic pressure of a column of fluid: rho g h, kPa; negative below the pump."""
    return density_kg_per_m3 * GRAVITY_M_PER_S2 * height_cm / 100 / 1000
