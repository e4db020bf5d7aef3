"""Administration sets: derived figures follow from their formula, every figure has a source."""

import math

import pytest

from pumpsim.catalogue import sets
from pumpsim.catalogue.fluids import head_kpa
from pumpsim.catalogue.sets import SETS
from tests.catalogue.sources import names_of

VISCOSITY_PA_S = 1.002e-3
"""Water at 20 degC (PHYSICS, unit constants)."""
GEOMETRIC = [row for row in SETS.values() if row.bore_mm]


@pytest.mark.parametrize("row", GEOMETRIC, ids=lambda row: row.name)
def test_resistance_and_volume_follow_from_the_bore(row):
    """Poiseuille R = 8 mu L / (pi r^4); volume pi r^2 L. PHYSICS 4.2: 7.560e8 and 6.124e10 Pa s/m3, 1.178 mL."""
    radius_m, length_m = row.bore_mm / 2000, row.length_cm / 100
    resistance_pa_s_per_m3 = 8 * VISCOSITY_PA_S * length_m / (math.pi * radius_m**4)
    assert row.resistance_kpa_h_per_ml * 3.6e12 == pytest.approx(resistance_pa_s_per_m3, rel=1e-3)
    assert row.common_ml == pytest.approx(math.pi * radius_m**2 * length_m * 1e6, rel=1e-3)


def test_compliance_of_the_cassette_set_is_in_the_published_range():
    """PHYSICS 4.2: peristaltic set, 5.0 to 7.6 uL/kPa."""
    assert 0.0050 <= SETS["dual-channel-cassette-set"].compliance_ml_per_kpa <= 0.0076


def test_the_bores_of_the_first_rows_stay():
    assert [(SETS[n].bore_mm, SETS[n].length_cm) for n in ("dual-channel-cassette-set", "microbore-extension-150")] == [
        (3.0, 150.0),
        (1.0, 150.0),
    ]
    assert 3.6e12 * SETS["dual-channel-cassette-set"].resistance_kpa_h_per_ml == pytest.approx(7.560e8, rel=1e-9)
    assert SETS["ideal"].common_ml == SETS["ideal"].compliance_ml_per_kpa == SETS["ideal"].resistance_kpa_h_per_ml == 0


def test_the_infusomat_line_has_the_one_constant_of_v3():
    """PHYSICS V3: 0.84 uL/mmHg = 6.30 uL/kPa; 226 mmHg at 1 mL/h is 683 s."""
    compliance = SETS["infusomat-line"].compliance_ml_per_kpa
    assert compliance == pytest.approx(0.84e-3 / 0.133322387415, rel=1e-3)
    assert compliance * 226 * 0.133322387415 * 3600 == pytest.approx(683, abs=1)


@pytest.mark.parametrize("row", SETS.values(), ids=lambda row: row.name)
def test_every_figure_of_a_set_has_its_source(row):
    wanted = {sets.COMMON_VOLUME, sets.COMPLIANCE, sets.RESISTANCE}
    wanted |= {sets.BORE} if row.bore_mm or row.length_cm else set()
    wanted |= {sets.VALVE} if row.valve_kpa is not None else set()
    assert wanted <= names_of(row.sources)
    assert row.name == "ideal" or row.compliance_ml_per_kpa > 0


@pytest.mark.parametrize("drops", [10, 15, 20, 60])
def test_a_gravity_set_says_its_drops_and_lets_enough_pass(drops):
    """ISO 8536-4, 7.10: at least 1000 mL in 10 min, here under 1 m of water and without the cannula."""
    row = SETS[f"gravity-set-{drops}"]
    assert [figure.value for figure in row.sources if figure.figure == sets.DROPS] == [str(drops)]
    assert head_kpa(100.0) / row.resistance_kpa_h_per_ml > 6000
