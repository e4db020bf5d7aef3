"""Units of infusion by the rules of PHYSICS 7, on minutes and purposes alone; every table by hand."""

import pytest

from pumpsim.analysis.infusion_times import MIN_NS, InfusionTime, whole_minutes
from pumpsim.analysis.infusion_units import (
    LEFT_OUT,
    SHOWN,
    Code,
    Documented,
    Role,
    access_sites,
    documented,
    drug_units,
    hydration_units,
)
from pumpsim.analysis.segments import Edge
from pumpsim.analysis.spans import joined, overlap, total_ns, without
from pumpsim.scenario_file import parse_scenario
from pumpsim.vocabulary.outputs import DeliveryEventKind
from pumpsim.vocabulary.program import Purpose

H, T, F = Purpose.HYDRATION, Purpose.THERAPEUTIC, Purpose.FLUSH


def counts(units) -> dict[str, int]:
    return {code.value: count for code, count in units}


@pytest.mark.parametrize(
    ("minutes", "first", "further"),
    [
        (0, 0, 0), (29, 0, 0), (30, 0, 0), (31, 1, 0), (32, 1, 0), (60, 1, 0), (89, 1, 0), (90, 1, 0), (91, 1, 1), (92, 1, 1),
        (149, 1, 1), (150, 1, 1), (151, 1, 2), (152, 1, 2), (180, 1, 2), (199, 1, 2), (200, 1, 2), (201, 1, 2),
        (209, 1, 2), (210, 1, 2), (211, 1, 3), (212, 1, 3), (511, 1, 8), (571, 1, 9),
    ],
)  # fmt: skip
def test_hydration(minutes, first, further):
    """PHYSICS 7: 30 none; 31, 90 one; 91, 150 +1; 151, 210 +2; 211 +3; 9:00 to 12:20 is 200 min, 23:00 to 02:00 is 180."""
    wanted = {code: n for code, n in (("96360", first), ("96361", further)) if n}
    assert counts(hydration_units(minutes, initial=True)) == wanted
    beside = {"96361": first + further} if first else {}
    assert counts(hydration_units(minutes, initial=False)) == beside


@pytest.mark.parametrize(
    ("minutes", "first", "further"),
    [
        (0, 0, 0), (14, 0, 0), (15, 0, 0), (16, 1, 0), (17, 1, 0), (89, 1, 0), (90, 1, 0), (91, 1, 1), (150, 1, 1), (151, 1, 2),
        (210, 1, 2), (211, 1, 3),
    ],
)  # fmt: skip
def test_drugs(minutes, first, further):
    """Up to 15 min is a push; the hours beyond the first as in hydration; a concurrent infusion has no hours."""
    hours = {"96366": further} if further else {}
    assert counts(drug_units(minutes, Role.THERAPEUTIC)) == ({"96365": 1} | hours if first else {})
    assert counts(drug_units(minutes, Role.SEQUENTIAL)) == ({"96367": 1} | hours if first else {})
    assert counts(drug_units(minutes, Role.CONCURRENT)) == ({"96368": 1} if first else {})


def time(line: str, purpose: Purpose, *spans: tuple[float, float], pump: str = "main", drug: str = "x") -> InfusionTime:
    """One record, of spans in minutes."""
    cut = tuple((round(begin * MIN_NS), round(end * MIN_NS)) for begin, end in spans)
    drugs = (drug,) if purpose is T else ()
    return InfusionTime(pump, line, purpose, ("fluid",), drugs, cut, 0, 0.0, Edge(DeliveryEventKind.DELIVERY_STOPPED))


def rows(*times: InfusionTime, sites: dict[str, str] | None = None) -> list[tuple[str, str, int, dict[str, int]]]:
    found = documented(times, sites or {time.pump: "site" for time in times})
    return [(row.site, row.role.value, row.minutes, counts(row.units)) for row in found]


def test_pauses_and_gaps_between_bags_do_not_count():
    """By hand: 31 + 59 = 90 min in 200; with one more minute another unit."""
    assert rows(time("A", H, (0, 31), (141, 200))) == [("site", "hydration", 90, {"96360": 1})]
    assert rows(time("A", H, (0, 31), (140, 200))) == [("site", "hydration", 91, {"96360": 1, "96361": 1})]


@pytest.mark.parametrize(
    ("ns", "minutes"),
    [
        (0, 0),
        (MIN_NS - 500_000_001, 0),
        (MIN_NS - 500_000_000, 1),
        (MIN_NS, 1),
        (31 * MIN_NS - 1, 31),
        (31 * MIN_NS + 59 * 10**9, 31),
    ],
)
def test_times_are_taken_to_the_second_and_minutes_are_whole(ns, minutes):
    assert whole_minutes(ns) == minutes


def test_what_is_left_over_of_a_minute_is_dropped():
    assert rows(time("A", H, (0, 30.98))) == [("site", "hydration", 30, {})]
    assert rows(time("A", H, (0, 15.5), (20, 35.5))) == [("site", "hydration", 31, {"96360": 1})]


def test_hydration_does_not_count_beside_a_drug_and_is_never_initial_there():
    """A 0 to 200, B's drug 60 to 120: 140 min of hydration are left, as further hours: 1 + 1 (31 to 90, 91 to 150)."""
    assert rows(time("A", H, (0, 200)), time("B", T, (60, 120))) == [
        ("site", "therapeutic", 60, {"96365": 1}),
        ("site", "hydration", 140, {"96361": 2}),
    ]
    (_, hydration) = documented((time("A", H, (0, 200)), time("B", T, (60, 120))), {"main": "site"})
    assert hydration.remark == "60 min beside a drug infusion do not count"


def test_a_drug_at_another_site_takes_nothing_from_hydration():
    assert rows(
        time("A", H, (0, 91), pump="p"), time("A", T, (0, 91), pump="q"), sites={"p": "left", "q": "right"}
    ) == [
        ("right", "therapeutic", 91, {"96365": 1, "96366": 1}),
        ("left", "hydration", 91, {"96360": 1, "96361": 1}),
    ]


def test_a_push_takes_nothing_from_hydration():
    assert rows(time("A", H, (0, 60)), time("B", T, (10, 25))) == [
        ("site", "hydration", 60, {"96360": 1}),
        ("site", "push", 15, {}),
    ]


def test_drugs_one_after_the_other_and_side_by_side():
    """x is initial, y overlaps it, z overlaps y only, w follows; 96368 once; w's 100 min have a further hour."""
    found = rows(
        time("B", T, (0, 60), drug="x"),
        time("A", T, (30, 90), drug="y"),
        time("B", T, (80, 110), drug="z"),
        time("B", T, (110, 210), drug="w"),
        time("A", T, (210, 225), drug="v"),
    )
    assert found == [
        ("site", "therapeutic", 60, {"96365": 1}),
        ("site", "concurrent", 60, {"96368": 1}),
        ("site", "concurrent", 30, {}),
        ("site", "sequential", 100, {"96367": 1, "96366": 1}),
        ("site", "push", 15, {}),
    ]


def test_one_initial_code_for_each_access_site():
    sites = {"p": "left arm", "q": "left arm", "r": "port"}
    times = (time("A", T, (0, 60), pump="p"), time("A", T, (60, 90), pump="q"), time("A", T, (60, 90), pump="r"))
    assert rows(*times, sites=sites) == [
        ("left arm", "therapeutic", 60, {"96365": 1}),
        ("left arm", "sequential", 30, {"96367": 1}),
        ("port", "therapeutic", 30, {"96365": 1}),
    ]
    assert rows(time("A", H, (0, 40), pump="p"), time("A", H, (20, 60), pump="q"), sites=sites) == [
        ("left arm", "hydration", 60, {"96360": 1})
    ], "two lines at once are one hydration"


def test_a_flush_counts_for_nothing():
    assert rows(time("A", F, (0, 60))) == [("site", "flush", 60, {})]


def test_there_are_at_most_eight_units_of_96361():
    sites = {"p": "left", "q": "right"}
    assert rows(time("A", H, (0, 511))) == [("site", "hydration", 511, {"96360": 1, "96361": 8})]
    long = rows(time("A", H, (0, 391), pump="p"), time("A", H, (0, 391), pump="q"), sites=sites)
    assert [units for *_, units in long] == [{"96360": 1, "96361": 6}, {"96360": 1, "96361": 2}]
    (row,) = documented((time("A", H, (0, 600)),), {"main": "site"})
    assert row == Documented(
        "site", Role.HYDRATION, row.of, 600, ((Code.HYDRATION, 1), (Code.HYDRATION_HOUR, 8)),
        "9 units of 96361, 8 a day are the most",
    )  # fmt: skip


def test_pumps_that_meet_in_a_junction_share_its_access():
    line = '.line.A]\ncontainer = { bag = "100 mL", fluid = "saline-0.9" }\n'
    pumps = "".join(f'[pump.{p}]\nmodel = "linear-peristaltic"\n[pump.{p}{line}' for p in "abc")
    into = '[pump.a.set]\ninto = "m"\n[pump.b.set]\ninto = "n"\n[junction.m]\ninto = "n"\n[junction.n]\n'
    scenario = parse_scenario(f'title = "three"\nduration = "1 h"\n{pumps}{into}', "three")
    assert access_sites(scenario) == {"a": "n", "b": "n", "c": "c"}


def test_what_is_left_out_is_said():
    assert SHOWN == "Shown for documentation, not advice."
    assert all(text.endswith(".") for text in LEFT_OUT)


@pytest.mark.parametrize(
    ("spans", "others", "left"),
    [
        (((0, 10),), (), ((0, 10),)),
        (((0, 10),), ((0, 10),), ()),
        (((0, 10),), ((10, 20),), ((0, 10),)),
        (((0, 10), (20, 30)), ((5, 25),), ((0, 5), (25, 30))),
        (((0, 10),), ((2, 3), (4, 5)), ((0, 2), (3, 4), (5, 10))),
    ],
)
def test_stretches_without_others(spans, others, left):
    assert without(spans, others) == left
    assert total_ns(left) == sum(all(not b <= at < e for b, e in others) for b0, e0 in spans for at in range(b0, e0))
    assert overlap(spans, others) == (left != spans)


def test_stretches_that_touch_are_one():
    assert joined([(5, 9), (0, 3), (3, 4), (7, 8), (9, 9)]) == ((0, 4), (5, 9))
