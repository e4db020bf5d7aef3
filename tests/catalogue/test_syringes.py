"""Syringes, and pumps that hold them."""

import pytest

from pumpsim.catalogue import syringes
from pumpsim.catalogue.pumps import MODELS
from pumpsim.catalogue.syringe_pumps import with_syringe
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.vocabulary.model import Drive
from tests.catalogue.sources import names_of


@pytest.mark.parametrize("row", SYRINGES.values(), ids=lambda row: row.name)
def test_a_syringe_is_one_that_could_be_held(row):
    """Its volume fits its bore with a stroke that a pump can make; every figure has a source."""
    assert 30 < 1000 * row.volume_ml / row.area_mm2 < 150
    assert 0 < row.coulomb_n <= row.breakaway_n
    assert names_of(row.sources) == {syringes.BORE, syringes.COMPLIANCE, syringes.BREAKAWAY, syringes.SLIDING}


def test_syringes_of_a_family_grow_and_stick_alike():
    families = {}
    for row in SYRINGES.values():
        families.setdefault(row.name.rpartition("-")[0], []).append(row)
    assert {"bd-plastipak", "bd-luer-lok", "braun-omnifix", "braun-original-perfusor", "terumo", "monoject"} == set(
        families
    )
    for rows in families.values():
        for figure in ("volume_ml", "bore_mm", "compliance_ml_per_kpa"):
            values = [getattr(row, figure) for row in rows]
            assert values == sorted(set(values))
        assert len({(row.breakaway_n, row.coulomb_n) for row in rows}) == 1


def test_compliance_of_the_two_syringes_that_are_known():
    """PHYSICS 4.2, Weiss 2000: 19.4 and 3.6 uL/kPa, ratio 5.4."""
    large, small = SYRINGES["bd-plastipak-50"], SYRINGES["bd-plastipak-10"]
    assert large.compliance_ml_per_kpa == pytest.approx(0.0194)
    assert small.compliance_ml_per_kpa == pytest.approx(0.0036)


PUSHED = [model for model in MODELS.values() if model.mechanism.drive is Drive.LEAD_SCREW]


@pytest.mark.parametrize("model", PUSHED, ids=lambda model: model.id)
def test_a_syringe_sets_the_step(model):
    """PHYSICS V8: BD 60 mL, 26.6 mm: 9.99 mL are 17.98 mm and 9 mL are 16.20 mm of travel."""
    loaded = with_syringe(model, SYRINGES["bd-luer-lok-60"])
    screw, mechanism = loaded.mechanism.screw, loaded.mechanism
    for volume_ml, travel_mm in ((9.99, 17.98), (9.0, 16.20)):
        assert volume_ml * 1e12 / mechanism.step_fl * screw.step_nm / 1e6 == pytest.approx(travel_mm, abs=5e-3)
    assert mechanism.cycle_steps == screw.steps_per_turn
    assert "bd-luer-lok-60, 26.6 mm" in [figure.value for figure in loaded.sources]
    small = with_syringe(loaded, SYRINGES["terumo-10"])
    assert small.mechanism.step_fl / mechanism.step_fl == pytest.approx((15.8 / 26.6) ** 2, rel=1e-6)
    assert len(small.sources) == len(model.sources)


def test_a_pump_without_a_screw_holds_no_syringe():
    with pytest.raises(ValueError, match="no lead screw"):
        with_syringe(MODELS["omnipod"], SYRINGES["bd-plastipak-3"])
