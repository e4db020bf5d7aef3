"""The catalogue: every figure has a source, and derived figures follow from their formula."""

import math

import pytest

from pumpsim.catalogue.accesses import ACCESSES
from pumpsim.catalogue.fluids import FLUIDS, head_kpa
from pumpsim.catalogue.pumps import MODELS, with_mechanism, with_occlusion_limit, with_smooth_drive
from pumpsim.catalogue.sets import SETS
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import Drive, Interleave

VISCOSITY_PA_S = 1.002e-3
"""Water at 20 degC (PHYSICS, unit constants)."""


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("model", [(name, row.id, row.sources) for name, row in MODELS.items()]),
        ("set", [(name, row.name, row.sources) for name, row in SETS.items()]),
        ("access", [(name, row.name, row.sources) for name, row in ACCESSES.items()]),
    ],
)
def test_every_row_has_its_own_name_and_sources(kind, rows):
    for key, name, sources in rows:
        assert key == name
        assert sources, name
        for figure in sources:
            assert figure.figure, name
            assert figure.value, name
            assert figure.source, (name, figure.figure)


def test_every_fluid_has_its_own_name_and_no_drug():
    assert all(fluid.name == name and fluid.drugs == () for name, fluid in FLUIDS.items())


@pytest.mark.parametrize(
    ("name", "length_m", "bore_mm"), [("dual-channel-cassette-set", 1.5, 3.0), ("microbore-extension-150", 1.5, 1.0)]
)
def test_resistance_and_volume_follow_from_the_bore(name, length_m, bore_mm):
    """Poiseuille R = 8 mu L / (pi r^4); volume pi r^2 L. PHYSICS 4.2: 7.560e8 and 6.124e10 Pa s/m3, 1.178 mL."""
    row, radius_m = SETS[name], bore_mm / 2000
    resistance_pa_s_per_m3 = 8 * VISCOSITY_PA_S * length_m / (math.pi * radius_m**4)
    assert row.resistance_kpa_h_per_ml * 3.6e12 == pytest.approx(resistance_pa_s_per_m3, rel=1e-3)
    assert row.common_ml == pytest.approx(math.pi * radius_m**2 * length_m * 1e6, rel=1e-3)


def test_compliance_of_the_cassette_set_is_in_the_published_range():
    """PHYSICS 4.2: peristaltic set, 5.0 to 7.6 uL/kPa."""
    assert 0.0050 <= SETS["dual-channel-cassette-set"].compliance_ml_per_kpa <= 0.0076


def test_head_of_a_metre():
    """998.2 kg/m3 x 9.80665 m/s2 x 1 m = 9.789 kPa."""
    assert head_kpa(100.0) == pytest.approx(9.789, abs=5e-4)
    assert head_kpa(-50.0) == -head_kpa(50.0)


@pytest.mark.parametrize(
    ("gauge", "low", "high"),
    [("24G", 14, 24), ("22G", 31, 36), ("20G", 54, 61), ("18G", 90, 105), ("16G", 196, 196), ("14G", 330, 343)],
)
def test_an_access_lets_its_nominal_flow_pass_under_a_metre_of_head(gauge, low, high):
    """Nominal flows in mL/min, PHYSICS section 5."""
    flow_ml_per_h = head_kpa(100.0) / ACCESSES[f"{gauge}-peripheral"].resistance_kpa_h_per_ml
    assert low - 1e-9 <= flow_ml_per_h / 60 <= high + 1e-9


def test_a_thinner_catheter_resists_more():
    gauges = [ACCESSES[f"{gauge}G-peripheral"].resistance_kpa_h_per_ml for gauge in (14, 16, 18, 20, 22, 24, 26)]
    assert gauges == sorted(gauges)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.id)
class TestModels:
    """What must hold for any model."""

    def test_bands_ascend_and_their_ends_are_on_the_step(self, model):
        high = 0
        for band in model.rate_bands:
            assert high < band.low_nl_per_h <= band.high_nl_per_h
            assert band.low_nl_per_h % band.step_nl_per_h == band.high_nl_per_h % band.step_nl_per_h == 0
            high = band.high_nl_per_h

    def test_a_motor_step_divides_the_volume_step(self, model):
        """Else a VTBI could not be met exactly."""
        assert model.vtbi_step_nl * 1_000_000 % model.mechanism.step_fl == 0

    def test_every_alarm_once_and_each_declared_one(self, model):
        ids = [row.id for row in model.alarms]
        assert len(ids) == len(set(ids))
        assert {AlarmId.OCCLUSION_DISTAL, AlarmId.INFUSION_COMPLETE, AlarmId.DEVICE_FAULT} <= set(ids)

    def test_clear_levels_lie_beyond_their_thresholds(self, model):
        for row in model.alarms:
            if row.threshold is not None and row.id is not AlarmId.AIR_IN_LINE_PROXIMAL:
                assert (row.threshold.clear_level < row.threshold.level) == row.threshold.rising

    def test_settings_change_what_they_name_and_nothing_else(self, model):
        limited = with_occlusion_limit(model, 50.0, 3)
        row = next(row for row in limited.alarms if row.id is AlarmId.OCCLUSION_DISTAL)
        assert (row.threshold.level, row.delay_ns) == (50.0, 3)
        assert [r.id for r in limited.alarms] == [r.id for r in model.alarms]
        assert with_smooth_drive(model).mechanism.drive is Drive.SMOOTH
        assert with_mechanism(model, Interleave.WHOLE_STROKE, None).mechanism.interleave is Interleave.WHOLE_STROKE
        assert with_mechanism(model, None, None) == model
