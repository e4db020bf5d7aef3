"""Syringes: bore, compliance and stiction by maker and size.

A bore is what a syringe pump computes its rate from. Compliance is that of barrel, plunger seal and drive train together;
two sizes are derived from a published bench experiment, the others follow from the area of the bore by the power law
through these two. Stiction is one figure a family, whatever the size. 50 mL and 60 mL of one maker may share a barrel.
"""

import math
from dataclasses import dataclass

from pumpsim.catalogue.rows import figures
from pumpsim.vocabulary.path import Syringe

BORE, COMPLIANCE, BREAKAWAY, SLIDING = "bore", "compliance of the syringe", "breakaway force", "sliding force"
"""The figures by the names under which a scenario may replace them."""

NEW_ERA = "New Era NE-1000 user manual 1200-01 (V3.923), 12.7, as restated by a public driver of that pump"
GRASEBY = "Graseby 3100 technical service manual (Aug 2004), test of travel with a BD 60 mL syringe"
DECLIQ = "unverified: a table in public code (DecLiq), not the maker's"
STICTION = "unverified: assumption; Graseby 3100 technical service manual (Aug 2004) has 0.1-2 kg by brand and position"
WEISS = (
    "unverified: from {delay} without delivery at 0.5 mL/h (Weiss 2000) after a step taken as 130 cm, "
    "which fits the review (Snijder 2015, 9-21 uL/kPa)"
)


@dataclass(frozen=True, slots=True)
class Family:
    """A maker's line of syringes: what moves its plungers, N, whatever the size."""

    name: str
    breakaway_n: float
    coulomb_n: float
    source: str = STICTION


BD = Family("bd-plastipak", 2.0, 1.4)
BD_LOK = Family("bd-luer-lok", 2.0, 1.4)
OMNIFIX = Family("braun-omnifix", 2.0, 1.4)
PERFUSOR = Family("braun-original-perfusor", 2.0, 1.4)
TERUMO = Family("terumo", 2.0, 1.4)
MONOJECT = Family("monoject", 2.0, 1.4)

SMALL_BORE_MM, SMALL_ML_PER_KPA = 14.43, 0.0036
LARGE_BORE_MM, LARGE_ML_PER_KPA = 26.6, 0.0194
EXPONENT = math.log(LARGE_ML_PER_KPA / SMALL_ML_PER_KPA) / (2 * math.log(LARGE_BORE_MM / SMALL_BORE_MM))
"""Of compliance over area: 1.38, through 3.6 uL/kPa at 10 mL and 19.4 uL/kPa at 50 mL (BD bores)."""


def compliance_ml_per_kpa(bore_mm: float) -> float:
    """Compliance of a syringe from its bore: the power law of the area through the two that are known."""
    return float(SMALL_ML_PER_KPA * (bore_mm / SMALL_BORE_MM) ** (2 * EXPONENT))


def _compliance_source(family: Family, bore_mm: float) -> str:
    if family in (BD, BD_LOK) and bore_mm == SMALL_BORE_MM:
        return WEISS.format(delay="5.5 min")
    if family in (BD, BD_LOK) and bore_mm == LARGE_BORE_MM:
        return WEISS.format(delay="29.7 min")
    return f"unverified: from the bore, area^{EXPONENT:.2f} through the two sizes of Weiss 2000"


def _syringe(family: Family, volume_ml: float, bore_mm: float, source: str) -> Syringe:
    compliance = compliance_ml_per_kpa(bore_mm)
    return Syringe(
        name=f"{family.name}-{volume_ml:g}",
        volume_ml=float(volume_ml),
        bore_mm=bore_mm,
        compliance_ml_per_kpa=compliance,
        breakaway_n=family.breakaway_n,
        coulomb_n=family.coulomb_n,
        sources=(
            *figures(source, (BORE, f"{bore_mm:g} mm")),
            *figures(_compliance_source(family, bore_mm), (COMPLIANCE, f"{compliance * 1000:.3g} uL/kPa")),
            *figures(family.source, (BREAKAWAY, f"{family.breakaway_n:g} N"), (SLIDING, f"{family.coulomb_n:g} N")),
        ),
    )


_ROWS: tuple[tuple[Family, tuple[tuple[float, float, str], ...]], ...] = (
    (
        BD,
        (
            (1, 4.699, NEW_ERA),
            (3, 8.585, NEW_ERA),
            (5, 11.99, NEW_ERA),
            (10, 14.43, NEW_ERA),
            (20, 19.05, NEW_ERA),
            (30, 21.59, NEW_ERA),
            (50, 26.6, GRASEBY),
        ),
    ),
    (BD_LOK, ((60, 26.6, GRASEBY),)),
    (
        OMNIFIX,
        (
            (3, 9.65, DECLIQ),
            (5, 12.5, DECLIQ),
            (10, 15.9, DECLIQ),
            (20, 20.0, DECLIQ),
            (30, 22.5, DECLIQ),
            (50, 27.8, f"{DECLIQ}, says 29.2 mm; 27.8 mm from memory"),
        ),
    ),
    (
        PERFUSOR,
        (
            (20, 20.0, "unverified: as Omnifix 20 mL"),
            (50, 27.8, "unverified: from memory"),
        ),
    ),
    (
        TERUMO,
        (
            (3, 8.95, NEW_ERA),
            (5, 13.0, NEW_ERA),
            (10, 15.8, NEW_ERA),
            (20, 20.15, NEW_ERA),
            (30, 23.1, NEW_ERA),
            (60, 29.7, NEW_ERA),
        ),
    ),
    (
        MONOJECT,
        (
            (3, 8.941, NEW_ERA),
            (6, 12.7, NEW_ERA),
            (12, 15.72, NEW_ERA),
            (20, 20.12, NEW_ERA),
            (35, 23.52, NEW_ERA),
            (60, 26.64, NEW_ERA),
        ),
    ),
)

SYRINGES: dict[str, Syringe] = {
    syringe.name: syringe
    for family, sizes in _ROWS
    for syringe in (_syringe(family, volume, bore, source) for volume, bore, source in sizes)
}
"""Every syringe by its name; families together, each from small to large."""
