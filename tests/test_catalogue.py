"""The catalogue: every figure has a source, and derived figures follow from their formula."""

import json
import math
import re
from itertools import pairwise

import pytest

from pumpsim import listing
from pumpsim.catalogue import accesses, fluids, sets, syringes
from pumpsim.catalogue.accesses import ACCESSES
from pumpsim.catalogue.fluids import FLUIDS, KIND, SOURCES, head_kpa, viscosity_mpa_s
from pumpsim.catalogue.pumps import MODELS, with_mechanism, with_occlusion_limit, with_smooth_drive
from pumpsim.catalogue.sets import SETS
from pumpsim.catalogue.syringe_pumps import with_syringe
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.errors import FieldError, UnknownNameError
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import Drive, Interleave, PumpClass

VISCOSITY_PA_S = 1.002e-3
"""Water at 20 degC (PHYSICS, unit constants)."""


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("model", [(name, row.id, row.sources) for name, row in MODELS.items()]),
        ("syringe", [(name, row.name, row.sources) for name, row in SYRINGES.items()]),
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
            assert figure.source.strip(), (name, figure.figure)
            says_why = re.fullmatch(r"unverified: \S.{7,}", figure.source)
            assert figure.verified or says_why, (name, figure.figure)
            assert "unverified" not in figure.source.removeprefix("unverified"), (name, figure.figure)


def names_of(sources):
    return {figure.figure for figure in sources}


def test_a_fluid_has_its_own_name_no_drug_a_kind_and_a_source_for_each_figure():
    assert FLUIDS.keys() == KIND.keys() == SOURCES.keys()
    for name, fluid in FLUIDS.items():
        assert (fluid.name, fluid.drugs) == (name, ())
        assert names_of(SOURCES[name]) == {fluids.DENSITY, fluids.VISCOSITY, fluids.DROPS}
        assert 950 < fluid.density_kg_per_m3 < 1250
        assert 0.9 < fluid.viscosity_mpa_s < 20
        assert 1.0 <= fluid.drop_factor < 1.5
    for name in fluids.AS_WATER | {"water"}:
        assert (FLUIDS[name].density_kg_per_m3, FLUIDS[name].viscosity_mpa_s) == (998.2, 1.002)


@pytest.mark.parametrize(
    ("celsius", "mpa_s"), [(0, 1.792), (10, 1.307), (20, 1.002), (25, 0.890), (30, 0.797), (37, 0.691), (100, 0.282)]
)
def test_water_thins_as_tabled(celsius, mpa_s):
    """Tabled viscosities of water; 1.002 mPa s at 20 degC is the datum."""
    assert viscosity_mpa_s("water", celsius) == pytest.approx(mpa_s, rel=2e-3)


@pytest.mark.parametrize("name", FLUIDS)
def test_every_fluid_is_its_own_figure_at_20_and_thins_with_warmth(name):
    course = [viscosity_mpa_s(name, celsius) for celsius in range(0, 101, 5)]
    assert course[4] == pytest.approx(FLUIDS[name].viscosity_mpa_s)
    assert all(warmer < colder for colder, warmer in pairwise(course))
    assert viscosity_mpa_s(FLUIDS[name], 37.0) == viscosity_mpa_s(name, 37.0)


def test_starch_meets_both_temperatures_at_which_it_was_measured():
    """Walker 2012: 2.76 and 1.74 cP, 7.62 and 4.25 cP, at 21 and 37 degC."""
    for name, cold, warm in (("hydroxyethyl-starch-6", 2.76, 1.74), ("hydroxyethyl-starch-10", 7.62, 4.25)):
        assert viscosity_mpa_s(name, 21.0) == pytest.approx(cold, rel=1e-9)
        assert viscosity_mpa_s(name, 37.0) == pytest.approx(warm, rel=5e-3)


def test_blood_and_packed_cells_meet_what_was_measured_at_37():
    """Wesolowski 2019: 3.352 mPa s. Wells 1962: 7.80 cP at Hct 57, 9.78 at 70; hence 7.80 (9.78 / 7.80)^(5.5 / 13) at 62.5."""
    assert viscosity_mpa_s("blood", 37.0) == pytest.approx(3.352)
    assert viscosity_mpa_s("packed-cells", 37.0) == pytest.approx(7.80 * (9.78 / 7.80) ** (5.5 / 13), rel=1e-3)
    assert FLUIDS["packed-cells"].density_kg_per_m3 == 0.625 * 1125 + 0.375 * 1025


def interpolated(lines, at):
    """What a table of (key, values...) gives at a key between its two lines."""
    (low, *first), (high, *second) = lines
    share = (at - low) / (high - low)
    return [a + share * (b - a) for a, b in zip(first, second, strict=True)]


@pytest.mark.parametrize(
    ("name", "lines", "mol_per_l"),
    [
        ("dextrose-10", ((0.516, 1033.4, 1.289), (0.576, 1037.5, 1.33)), 100 / 180.155),
        ("dextrose-50", ((2.756, 1182.3, 6.288), (2.912, 1192.4, 7.235)), 500 / 180.155),
    ],
)
def test_sugar_is_between_the_lines_of_its_table(name, lines, mol_per_l):
    """CRC Handbook, 102nd ed., D-glucose: mol/L, kg/m3, mPa s of the lines for 9 and 10, 42 and 44 % by mass."""
    density, viscosity = interpolated(lines, mol_per_l)
    assert FLUIDS[name].density_kg_per_m3 == pytest.approx(density, abs=0.5)
    assert FLUIDS[name].viscosity_mpa_s == pytest.approx(viscosity, abs=0.005)


@pytest.mark.parametrize("celsius", [-0.1, 100.1])
def test_no_viscosity_of_ice_or_steam(celsius):
    with pytest.raises(ValueError, match="outside 0 to 100 degC"):
        viscosity_mpa_s("water", celsius)


def test_an_unknown_fluid_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"did you mean 'saline-0\.9'"):
        viscosity_mpa_s("saline-0,9", 20.0)


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


def test_head_of_a_metre():
    """998.2 kg/m3 x 9.80665 m/s2 x 1 m = 9.789 kPa."""
    assert head_kpa(100.0) == pytest.approx(9.789, abs=5e-4)
    assert head_kpa(-50.0) == -head_kpa(50.0)
    assert head_kpa(40.0, 1000.0) == pytest.approx(3.9227, abs=1e-4)  # PHYSICS V5


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


def test_no_two_rows_of_any_kind_share_a_name():
    kinds = (MODELS, SYRINGES, SETS, ACCESSES, FLUIDS)
    assert len(listing.catalogue()) == sum(len(kind) for kind in kinds)


def test_a_name_that_is_no_row_is_refused_with_the_nearest():
    assert listing.row_named("terumo-20").value is SYRINGES["terumo-20"]
    with pytest.raises(FieldError, match="did you mean 'infusomat-space'"):
        listing.row_named("infusomat-spac")


def test_the_lists_print_every_row_and_every_figure(capsys):
    listing.print_catalogue()
    shown = capsys.readouterr().out
    assert all(name in shown for name in listing.catalogue())
    for name in ("graseby-3100", "bd-plastipak-10", "gravity-set-20", "arterial-20G", "blood"):
        listing.print_row(name)
        shown = "".join(capsys.readouterr().out.split())
        assert all(figure.figure.split()[0] in shown for figure in listing.row_named(name).sources)
        listing.print_json(name)
        assert json.loads(capsys.readouterr().out)["name"] == name
    listing.print_json()
    assert len(json.loads(capsys.readouterr().out)) == len(listing.catalogue())


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
        if model.mechanism.drive in (Drive.LEAD_SCREW, Drive.ROLLER_CLAMP):
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
        rows = [row for row in model.alarms if row.id is AlarmId.OCCLUSION_DISTAL]
        low, high = model.occlusion_range_kpa
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
