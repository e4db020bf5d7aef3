"""Pump models: published figures, and what must hold for any."""

import pytest

from pumpsim.catalogue.pumps import MODELS, with_mechanism, with_occlusion_limit, with_smooth_drive
from pumpsim.catalogue.sets import SETS
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import Drive, Interleave, PumpClass
from tests.catalogue.sources import names_of


def test_kvo_of_the_infusomat_follows_the_rate():
    """PHYSICS V11: rates 125, 5, 0.5 -> 3, 1, 0.5 mL/h."""
    model = MODELS["infusomat-space"]
    assert [model.kvo_for(rate) for rate in (125_000_000, 10_000_000, 9_990_000, 5_000_000, 500_000)] == [
        3_000_000,
        3_000_000,
        1_000_000,
        1_000_000,
        500_000,
    ]
    assert MODELS["dual-channel-cassette"].kvo_for(125_000_000) == 1_000_000


def test_a_pod_gives_a_unit_an_hour_in_pulses_of_three_minutes():
    """PHYSICS V12: 0.05 U a pulse; 1.00 U/h every 180 s; a bolus of 1.10 U is 22 pulses, 2 s each."""
    model = MODELS["omnipod"]
    pulse_u = model.mechanism.step_fl / 1e10
    assert pulse_u == 0.05
    assert pulse_u / 1.0 * 3600 == pytest.approx(180)
    assert 1.10 / pulse_u == pytest.approx(22)
    assert pulse_u * 10_000 / model.bolus_nl_per_h * 3600e9 == pytest.approx(model.mechanism.pulse_ns)


@pytest.mark.parametrize(("drops", "gtt_per_min"), [(10, 20.83), (15, 31.25), (20, 41.67), (60, 125.0)])
def test_drops_of_a_litre_in_eight_hours(drops, gtt_per_min):
    """PHYSICS section 5: 125 mL/h."""
    model = MODELS[f"gravity-{drops}"]
    assert 125e12 / 60 / model.mechanism.step_fl == pytest.approx(gtt_per_min, abs=5e-3)
    assert 250 * 10**12 // model.mechanism.step_fl == 250 * drops


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
        """Else a VTBI could not be met exactly; the step of a bore, and a drop, are no round volume, but less than one."""
        left = model.vtbi_step_nl * 1_000_000 % model.mechanism.step_fl
        if model.kind is PumpClass.LABORATORY:
            assert model.vtbi_step_nl == 1, "its host may ask for less than a step; the rest is owed"
        elif model.mechanism.drive in (Drive.LEAD_SCREW, Drive.ROLLER_CLAMP):
            assert model.mechanism.step_fl <= model.vtbi_step_nl * 1_000_000
        else:
            assert left == 0

    def test_vtbi_and_kvo_are_in_range(self, model):
        assert 0 < model.vtbi_min_nl < model.vtbi_max_nl
        assert model.vtbi_min_nl % model.vtbi_step_nl == model.vtbi_max_nl % model.vtbi_step_nl == 0
        assert 0 < model.kvo_nl_per_h <= model.max_rate_nl_per_h
        assert [band.from_nl_per_h for band in model.kvo_bands] == sorted(
            band.from_nl_per_h for band in model.kvo_bands
        )
        assert model.bolus_nl_per_h == 0 or model.bolus_nl_per_h >= model.rate_bands[0].low_nl_per_h

    def test_a_pulse_is_over_before_the_next(self, model):
        """At the highest rate and in a bolus; micro-steps of a screw are pulses only where they are slow."""
        if model.mechanism.drive is Drive.PULSES:
            fastest = max(model.max_rate_nl_per_h, model.bolus_nl_per_h)
            assert 0 < model.mechanism.pulse_ns * fastest <= model.mechanism.step_fl * 3_600_000

    def test_a_course_goes_through_its_cycle_and_the_drive_fits_its_parts(self, model):
        mechanism = model.mechanism
        positions = [corner.position_ppm for corner in mechanism.course]
        assert positions == sorted(set(positions))
        assert all(0 < position < 1_000_000 for position in positions)
        assert (mechanism.drive is Drive.PERISTALTIC) == bool(mechanism.course)
        assert (mechanism.drive is Drive.LEAD_SCREW) == (mechanism.screw is not None)
        assert mechanism.cycle_steps == 1 or mechanism.drive not in (Drive.PULSES, Drive.ROLLER_CLAMP)

    def test_every_figure_of_a_model_has_its_source(self, model):
        named, mechanism = names_of(model.sources), model.mechanism
        assert any(name.startswith("rate range") for name in named)
        assert any(name.startswith("rate range and steps") or name == "rate steps" for name in named)
        assert {"VTBI range", "KVO rate", "near-end warning", "distal occlusion limit", "motor step"} <= named
        if any(row.id is AlarmId.OCCLUSION_PROXIMAL for row in model.alarms):
            assert "proximal occlusion limit" in named
        assert not mechanism.course or {"course over a revolution", "volume of a revolution"} <= named
        assert mechanism.screw is None or {"travel of a micro-step", "backlash"} <= named
        assert mechanism.drive is not Drive.PULSES or "pulse" in named
        assert not model.bolus_nl_per_h or "bolus rate" in named

    def test_its_set_is_in_the_catalogue(self, model):
        assert model.standard_set in SETS

    def test_every_alarm_once_and_each_declared_one(self, model):
        ids = [row.id for row in model.alarms]
        assert len(ids) == len(set(ids))
        assert {AlarmId.INFUSION_COMPLETE, AlarmId.DEVICE_FAULT} <= set(ids)

    def test_only_what_measures_no_pressure_lacks_an_occlusion_alarm(self, model):
        """Of a laboratory pump its motor stalls: a row of its own, or an occlusion."""
        rows = [row for row in model.alarms if row.id is AlarmId.OCCLUSION_DISTAL]
        low, high = model.occlusion_range_kpa
        if model.kind is not PumpClass.LABORATORY:
            assert bool(rows) == (model.kind not in (PumpClass.GRAVITY, PumpClass.IMPLANTED))
        assert low <= rows[0].threshold.level <= high if rows else (low, high) == (0.0, 0.0)

    def test_clear_levels_lie_beyond_their_thresholds(self, model):
        for row in model.alarms:
            if row.threshold is not None and row.id is not AlarmId.AIR_IN_LINE_PROXIMAL:
                assert (row.threshold.clear_level < row.threshold.level) == row.threshold.rising

    def test_settings_change_what_they_name_and_nothing_else(self, model):
        limited = with_occlusion_limit(model, 50.0, 3)
        rows = [row for row in limited.alarms if row.id is AlarmId.OCCLUSION_DISTAL]
        assert all((row.threshold.level, row.delay_ns) == (50.0, 3) for row in rows)
        assert [r.id for r in limited.alarms] == [r.id for r in model.alarms]
        assert with_smooth_drive(model).mechanism.drive is Drive.SMOOTH
        assert with_mechanism(model, Interleave.WHOLE_STROKE, None).mechanism.interleave is Interleave.WHOLE_STROKE
        assert with_mechanism(model, None, None) == model
