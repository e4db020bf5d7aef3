"""Fluids: viscosity and density as measured, every figure with a source."""

from itertools import pairwise

import pytest

from pumpsim.catalogue import fluids
from pumpsim.catalogue.fluids import FLUIDS, KIND, SOURCES, head_kpa, viscosity_mpa_s
from pumpsim.errors import UnknownNameError
from tests.catalogue.sources import names_of


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


def test_head_of_a_metre():
    """998.2 kg/m3 x 9.80665 m/s2 x 1 m = 9.789 kPa."""
    assert head_kpa(100.0) == pytest.approx(9.789, abs=5e-4)
    assert head_kpa(-50.0) == -head_kpa(50.0)
    assert head_kpa(40.0, 1000.0) == pytest.approx(3.9227, abs=1e-4)  # PHYSICS V5
