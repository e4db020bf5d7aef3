"""Accesses: the catheter and the pressure behind it.

The resistance is empirical, R = P / Q, with Q the nominal flow that makers print for the gauge and P the head of fluid
under which such flows are measured, about 1 m (ISO 10555-5, unverified). It is not Poiseuille: from its bore a 24G catheter
would let three times its nominal flow pass (PHYSICS, section 5).
"""

from pumpsim.catalogue.fluids import head_kpa
from pumpsim.vocabulary.model import Sourced
from pumpsim.vocabulary.path import Access

TEST_HEAD_CM = 100.0
VENOUS_KPA = 1.33
"""10 mmHg, rounded."""
RESISTANCE = "resistance of the access"
BACK_PRESSURE = "venous back pressure"
"""The figures by the names under which a scenario may replace them."""
_ML_PER_H = 60.0


def _peripheral(gauge: str, flow_ml_per_min: float, source: str) -> Access:
    """A catheter in a peripheral vein, from its nominal flow."""
    resistance = head_kpa(TEST_HEAD_CM) / (flow_ml_per_min * _ML_PER_H)
    return Access(
        name=f"{gauge}-peripheral",
        resistance_kpa_h_per_ml=resistance,
        back_pressure_kpa=VENOUS_KPA,
        sources=(
            Sourced(RESISTANCE, f"{flow_ml_per_min:g} mL/min nominal flow of {gauge}", source),
            Sourced(RESISTANCE, "at a head of 1 m (9.789 kPa)", "unverified: ISO 10555-5, from memory"),
            Sourced(
                BACK_PRESSURE, "1.33 kPa (10 mmHg)", "unverified: usual pressure of a peripheral vein, from memory"
            ),
        ),
    )


OPEN_END = Access(
    name="open-end",
    resistance_kpa_h_per_ml=0.0,
    back_pressure_kpa=0.0,
    sources=(
        Sourced(RESISTANCE, "0 kPa/(mL/h)", "by definition: an open end"),
        Sourced(BACK_PRESSURE, "0 kPa", "by definition: an open end at the height of the pump"),
    ),
)

ACCESSES: dict[str, Access] = {
    row.name: row
    for row in (
        _peripheral("14G", 330.0, "unverified: nominal flow, from memory"),
        _peripheral("16G", 196.0, "maker's table, datismed"),
        _peripheral("18G", 90.0, "maker's table, bridgeiv"),
        _peripheral("20G", 60.0, "maker's table, bridgeiv"),
        _peripheral("22G", 36.0, "maker's tables, bridgeiv and datismed"),
        _peripheral("24G", 20.0, "maker's table, bridgeiv (20-22)"),
        _peripheral("26G", 13.0, "maker's table, ammarksman"),
        OPEN_END,
    )
}
"""Every access by its name."""
