"""Accesses: derived figures follow from their formula, every figure has a source."""

import pytest

from pumpsim.catalogue import accesses
from pumpsim.catalogue.accesses import ACCESSES
from pumpsim.catalogue.fluids import head_kpa
from tests.catalogue.sources import names_of


@pytest.mark.parametrize(
    ("gauge", "low", "high"),
    [("24G", 14, 24), ("22G", 31, 36), ("20G", 54, 61), ("18G", 90, 105), ("16G", 196, 196), ("14G", 330, 343)],
)
def test_an_access_lets_its_nominal_flow_pass_under_a_metre_of_head(gauge, low, high):
    """Nominal flows in mL/min, PHYSICS section 5."""
    flow_ml_per_h = head_kpa(100.0) / ACCESSES[f"{gauge}-peripheral"].resistance_kpa_h_per_ml
    assert low - 1e-9 <= flow_ml_per_h / 60 <= high + 1e-9


def test_a_thinner_catheter_resists_more():
    for names in (
        [f"{gauge}G-peripheral" for gauge in (14, 16, 18, 20, 22, 24, 26)],
        [f"{gauge}G-peripheral-two-term" for gauge in (20, 22, 24)],
        ["CVC-16G-distal", "CVC-18G-medial"],
        ["CVC-16G-distal", "CVC-18G-proximal"],
        ["epidural-18G-catheter", "epidural-21G"],
    ):
        linear = [ACCESSES[name].resistance_kpa_h_per_ml for name in names]
        assert linear == sorted(set(linear))
        turbulent = [ACCESSES[name].turbulent_kpa_h2_per_ml2 for name in names]
        assert turbulent == sorted(turbulent)


@pytest.mark.parametrize("row", ACCESSES.values(), ids=lambda row: row.name)
def test_every_figure_of_an_access_has_its_source(row):
    wanted = {accesses.RESISTANCE, accesses.BACK_PRESSURE}
    wanted |= {accesses.TURBULENT} if row.turbulent_kpa_h2_per_ml2 else set()
    assert wanted == names_of(row.sources)
    assert row.name.endswith("-two-term") == (row.turbulent_kpa_h2_per_ml2 > 0)
    assert min(row.resistance_kpa_h_per_ml, row.back_pressure_kpa) >= 0


def test_pressures_behind_the_sites():
    """90 mmHg = 12.0 kPa, 18 cmH2O = 1.77 kPa, 14 cmH2O = 1.37 kPa."""
    assert ACCESSES["arterial-20G"].back_pressure_kpa == pytest.approx(12.0, abs=5e-3)
    assert ACCESSES["intrathecal"].back_pressure_kpa == pytest.approx(1.77, abs=5e-3)
    assert ACCESSES["epidural-21G"].back_pressure_kpa == pytest.approx(1.37, abs=5e-3)
    assert ACCESSES["arterial-20G"].resistance_kpa_h_per_ml == ACCESSES["20G-peripheral"].resistance_kpa_h_per_ml


@pytest.mark.parametrize("head_cm", [10.0, 30.0, 100.0])
def test_two_terms_meet_the_measured_cannula(head_cm):
    """2.87 P^0.62 mL/min, P in cmH2O: met at 10 and 100 cmH2O, within 8 % between."""
    row, flow = ACCESSES["20G-peripheral-two-term"], 2.87 * head_cm**0.62 * 60
    pressure = row.resistance_kpa_h_per_ml * flow + row.turbulent_kpa_h2_per_ml2 * flow * flow
    assert pressure == pytest.approx(head_cm * 0.0980665, rel=1e-9 if head_cm != 30.0 else 0.08)


@pytest.mark.parametrize(("gauge", "nominal"), [("22G", 36.0), ("24G", 20.0)])
def test_two_terms_let_the_quoted_share_pass(gauge, nominal):
    row, flow = ACCESSES[f"{gauge}-peripheral-two-term"], 0.83 * nominal * 60
    pressure = row.resistance_kpa_h_per_ml * flow + row.turbulent_kpa_h2_per_ml2 * flow * flow
    assert pressure == pytest.approx(9.80665, rel=1e-9)
