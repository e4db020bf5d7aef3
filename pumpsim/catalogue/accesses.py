"""Accesses: the catheter and the pressure behind it.

The resistance of a catheter in a vein is empirical, R = P / Q, with Q the nominal flow that makers print for the gauge and
P the head of fluid under which such flows are measured, about 1 m (ISO 10555-5, unverified). It is not Poiseuille: from its
bore a 24G catheter would let three times its nominal flow pass (PHYSICS, section 5). Long thin catheters are Poiseuille.

Rows that end in ``-two-term`` have Philip & Philip's law, P = R_L F + R_T F^2 ("Characterization of flow in intravenous
infusion systems"), which resists less at low flow and more at high flow than the row with one term.
"""

from pumpsim.catalogue.fluids import head_kpa
from pumpsim.catalogue.rows import CMH2O_KPA, MMHG_KPA, figures
from pumpsim.catalogue.tubing import poiseuille_kpa_h_per_ml
from pumpsim.vocabulary.model import Sourced
from pumpsim.vocabulary.path import Access

TEST_HEAD_CM = 100.0
VENOUS_KPA = 1.33
"""10 mmHg, rounded."""
CENTRAL_KPA = 8 * MMHG_KPA
ARTERIAL_KPA = 90 * MMHG_KPA
INTRATHECAL_KPA = 18 * CMH2O_KPA
EPIDURAL_KPA = 14 * CMH2O_KPA
RESISTANCE = "resistance of the access"
BACK_PRESSURE = "venous back pressure"
"""The figures by the names under which a scenario may replace them."""
TURBULENT = "turbulent term of the access"
_ML_PER_H = 60.0
_HEAD = Sourced(RESISTANCE, "at a head of 1 m (9.789 kPa)", "unverified: ISO 10555-5, from memory")
_VEIN = ("1.33 kPa (10 mmHg)", "unverified: usual pressure of a peripheral vein, from memory")
_CENTRAL = ("1.07 kPa (8 mmHg)", "apex-nursing, Hemodynamic Values Reference: 2-8 mmHg, here the upper end")


def _measured(name: str, flow: tuple[float, str], back_kpa: float, back: tuple[str, str]) -> Access:
    """A catheter from its nominal flow (mL/min, source) under 1 m of water, and what is behind it."""
    flow_ml_per_min, source = flow
    gauge = name.removesuffix("-peripheral")
    return Access(
        name=name,
        resistance_kpa_h_per_ml=head_kpa(TEST_HEAD_CM) / (flow_ml_per_min * _ML_PER_H),
        back_pressure_kpa=back_kpa,
        sources=(
            Sourced(RESISTANCE, f"{flow_ml_per_min:g} mL/min nominal flow of {gauge}", source),
            _HEAD,
            Sourced(BACK_PRESSURE, *back),
        ),
    )


def _peripheral(gauge: str, flow_ml_per_min: float, source: str) -> Access:
    """A catheter in a peripheral vein, from its nominal flow."""
    return _measured(f"{gauge}-peripheral", (flow_ml_per_min, source), VENOUS_KPA, _VEIN)


def _thin(name: str, bore: tuple[float, float, str], back_kpa: float, back: tuple[str, str]) -> Access:
    """A long thin catheter from its bore (mm, cm, source) by Poiseuille, and what is behind it."""
    bore_mm, length_cm, source = bore
    return Access(
        name=name,
        resistance_kpa_h_per_ml=poiseuille_kpa_h_per_ml(length_cm, bore_mm),
        back_pressure_kpa=back_kpa,
        sources=(
            Sourced(RESISTANCE, f"Poiseuille for {length_cm:g} cm x {bore_mm:g} mm, water at 20 degC", source),
            Sourced(BACK_PRESSURE, *back),
        ),
    )


def two_terms(low: tuple[float, float], high: tuple[float, float]) -> tuple[float, float]:
    """Find R_L and R_T of P = R_L F + R_T F^2 through two points (mL/h, kPa)."""
    (f1, p1), (f2, p2) = low, high
    turbulent = (p2 / f2 - p1 / f1) / (f2 - f1)
    return p1 / f1 - turbulent * f1, turbulent


def measured_flow_20g_ml_per_h(head_cm: float) -> float:
    """Flow of water through a 20G cannula: 2.87 P^0.62 mL/min, P in cmH2O (Eur J Anaesthesiol 2007, 3AP8-8)."""
    return float(2.87 * head_cm**0.62 * _ML_PER_H)


CANNULAE = "Eur J Anaesthesiol 2007, abstract 3AP8-8: 2.87 P^0.62 mL/min, P in cmH2O"
_R20 = two_terms(
    (measured_flow_20g_ml_per_h(10.0), 10.0 * CMH2O_KPA), (measured_flow_20g_ml_per_h(100.0), 100.0 * CMH2O_KPA)
)
QUOTED_SHARE = 0.83
"""Of the quoted flow that passes through a thin cannula under 100 cmH2O in a model of a vein (same abstract)."""


def _two_term(gauge: str, laminar: float, turbulent: float, source: str) -> Access:
    return Access(
        name=f"{gauge}-peripheral-two-term",
        resistance_kpa_h_per_ml=laminar,
        back_pressure_kpa=VENOUS_KPA,
        sources=(
            Sourced(RESISTANCE, f"{laminar:.3g} kPa h/mL", source),
            Sourced(TURBULENT, f"{turbulent:.3g} kPa h2/mL2", source),
            Sourced(BACK_PRESSURE, *_VEIN),
        ),
        turbulent_kpa_h2_per_ml2=turbulent,
    )


def _scaled(gauge: str, bore_mm: float, length_mm: float, nominal_ml_per_min: float) -> Access:
    """R_L by length and bore from 20G (0.75 mm x 32 mm), R_T so that the quoted share of the nominal flow passes."""
    laminar = _R20[0] * (0.75 / bore_mm) ** 4 * length_mm / 32.0
    flow = QUOTED_SHARE * nominal_ml_per_min * _ML_PER_H
    turbulent = (100.0 * CMH2O_KPA / flow - laminar) / flow
    return _two_term(gauge, laminar, turbulent, "unverified: scaled from 20G with an assumed bore")


OPEN_END = Access(
    name="open-end",
    resistance_kpa_h_per_ml=0.0,
    back_pressure_kpa=0.0,
    sources=(
        Sourced(RESISTANCE, "0 kPa/(mL/h)", "by definition: an open end"),
        Sourced(BACK_PRESSURE, "0 kPa", "by definition: an open end at the height of the pump"),
    ),
)
_PERIPHERAL = (
    _peripheral("14G", 330.0, "frca.co.uk, Flow rates and lumen size (2004): 250-360 mL/min"),
    _peripheral("16G", 196.0, "maker's table, datismed"),
    _peripheral("18G", 90.0, "maker's table, bridgeiv"),
    _peripheral("20G", 60.0, "maker's table, bridgeiv"),
    _peripheral("22G", 36.0, "maker's tables, bridgeiv and datismed"),
    _peripheral("24G", 20.0, "maker's table, bridgeiv (20-22)"),
    _peripheral("26G", 13.0, "maker's table, ammarksman"),
)
UMBILICAL = (
    "BMJ Paediatr Open, devices compared, table 1: 4Fr umbilical line, 40 cm, 15 mL/min of whole milk at 100 mmHg"
)
THREE_LUMENS = "studentdoctor.net, IV Catheter Flow Rates, compiled: 30 mL/min by gravity through an 18G lumen of three"
_EPIDURAL = (
    "1.37 kPa (14 cmH2O)",
    "scilit.com/publications/c718a8cbd775ad7716d0582b50d0d203, abstract: 14 (6.5-20) cmH2O after a small volume",
)
_SITES = (
    _measured("CVC-16G-distal", (60.0, "emdose.org, Catheter size and fluid resus (2012)"), CENTRAL_KPA, _CENTRAL),
    _measured("CVC-18G-medial", (30.0, THREE_LUMENS), CENTRAL_KPA, _CENTRAL),
    _measured("CVC-18G-proximal", (30.0, THREE_LUMENS), CENTRAL_KPA, _CENTRAL),
    Access(
        name="central-venous-4Fr",
        resistance_kpa_h_per_ml=100 * MMHG_KPA / (15 * _ML_PER_H) / 2.0,
        back_pressure_kpa=CENTRAL_KPA,
        sources=(
            *figures(UMBILICAL, (RESISTANCE, "15 mL/min of whole milk at 13.3 kPa")),
            *figures("unverified: from memory", (RESISTANCE, "whole milk is 2.0 times as viscous as water")),
            Sourced(BACK_PRESSURE, *_CENTRAL),
        ),
    ),
    _thin(
        "PICC-5Fr",
        (0.81, 50.0, "unverified: the widest of PICCs of 4-6 Fr (0.032 in, pubmed 9232572), assumed for one lumen"),
        CENTRAL_KPA,
        _CENTRAL,
    ),
    _measured(
        "arterial-20G",
        (60.0, "maker's table, bridgeiv"),
        ARTERIAL_KPA,
        ("12.0 kPa (90 mmHg)", "rnceus.com, Hemodynamic Measurement Terminology: mean 70-100 mmHg"),
    ),
    _thin(
        "subcutaneous-27G",
        (0.21, 0.8, 'Wikipedia, "Needle gauge comparison chart": 27G 0.210 mm; 8 mm by definition'),
        2.0,
        ("2 kPa", "unverified: a few kPa while fluid is taken up, assumption"),
    ),
    _thin("epidural-21G", (0.40, 90.0, "unverified: assumption"), EPIDURAL_KPA, _EPIDURAL),
    _thin(
        "epidural-18G-catheter",
        (0.45, 90.0, "unverified: catheter for an 18G needle, from memory"),
        EPIDURAL_KPA,
        _EPIDURAL,
    ),
    Access(
        name="intrathecal",
        resistance_kpa_h_per_ml=0.0,
        back_pressure_kpa=INTRATHECAL_KPA,
        sources=(
            Sourced(RESISTANCE, "0 kPa/(mL/h)", "by definition: the catheter is the set, intrathecal-catheter"),
            Sourced(
                BACK_PRESSURE,
                "1.77 kPa (18 cmH2O)",
                "Lee, Lueck 2014, J Neuro-Ophthalmol 34: 278, abstract: mean of adults at lumbar puncture, 6-25 cmH2O",
            ),
        ),
    ),
)
_TWO_TERM = (
    _two_term("20G", *_R20, f"derived: through 10 and 100 cmH2O of {CANNULAE}"),
    _scaled("22G", 0.65, 25.0, 36.0),
    _scaled("24G", 0.55, 19.0, 20.0),
)

ACCESSES: dict[str, Access] = {row.name: row for row in (*_PERIPHERAL, *_SITES, *_TWO_TERM, OPEN_END)}
"""Every access by its name."""
