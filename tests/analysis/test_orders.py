"""Orders: what was prescribed against what reached the patient; every figure by hand."""

import pytest

from pumpsim.analysis.orders import fulfilments
from pumpsim.analysis.summary import summarise
from pumpsim.report.content import build_report
from pumpsim.report.page import render
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import simulate
from pumpsim.vocabulary.alarms import AlarmId
from tests.helpers import faults_of

TWO = """
title = "One order, two pumps: one starts late, one is closed"
duration = "2 h"
[pump.late]
model = "single-channel-cassette"
drive = "smooth"
[pump.late.line.A]
container = { bag = "100 mL", fluid = { drug = "heparin", concentration = "100 U/mL" } }
[pump.late.set]
kind = "ideal"
[pump.closed]
model = "single-channel-cassette"
drive = "smooth"
[pump.closed.line.A]
container = { bag = "100 mL", fluid = { drug = "heparin", concentration = "100 U/mL" } }
[pump.closed.set]
kind = "ideal"
common_volume = "1 mL"
compliance = "1 uL/kPa"
[[operator]]
at = "0 s"
pump = "late"
load = { rate = "10 mL/h" }
[[operator]]
at = "0 s"
pump = "closed"
load = { rate = "10 mL/h" }
[[operator]]
at = "30 min"
pump = "late"
do = "start"
[[operator]]
at = "0 s"
pump = "closed"
do = "start"
[[fault]]
at = "12 min"
pump = "closed"
occlude = "patient end"
"""
ORDER = '[[order]]\ndrug = "heparin"\namount = "1000 U"\nbetween = ["0 s", "1 h"]\n'


def test_an_order_is_held_against_each_pump():
    """10 mL/h of 100 U/mL: late, 500 U from 30 min to 1 h and 1,000 U after it; closed, 200 U in 12 min and an alarm."""
    run = simulate(parse_scenario(TWO + ORDER, "two"))
    (fulfilment,) = fulfilments(run.scenario, run.by_pump)
    late, closed = fulfilment.given
    assert (late.before, late.within, late.later) == pytest.approx((0.0, 500.0, 1000.0))
    assert (closed.within, closed.later) == pytest.approx((200.0, 0.0))
    assert late.alarms == ()
    assert closed.alarms == (AlarmId.OCCLUSION_DISTAL,)
    assert late.amount[-1] == pytest.approx(1500.0)


def test_an_order_for_one_pump_concerns_no_other():
    scenario = parse_scenario(TWO + ORDER + 'pump = "closed"\n', "two")
    assert scenario.orders[0].pumps == ("closed",)


def test_report_and_summary_say_what_was_missed():
    run = simulate(parse_scenario(TWO + ORDER, "two"))
    summary = summarise(run.scenario, run.by_pump, (), run.digest, run.wall_s)
    rows = summary["orders"]
    assert isinstance(rows, list)
    assert [(row["pump"], row["ordered_u"], round(row["within_u"], 6)) for row in rows if isinstance(row, dict)] == [
        ("late", 1000.0, 500.0),
        ("closed", 1000.0, 200.0),
    ]
    report = build_report(run.scenario, run.traces, (), summary)
    assert [row[1:3] + row[-1:] for row in report.ordered.rows] == [
        ("late", "none", "50.0"),
        ("closed", "occlusion-distal", "20.0"),
    ]
    page = render(report)
    assert page.index('id="orders"') < page.index('id="totals"')
    assert 'id="orders"' not in render(build_report(*_without_order(), (), summary))


def _without_order():
    run = simulate(parse_scenario(TWO, "two"))
    return run.scenario, run.traces


@pytest.mark.parametrize(
    ("order", "key", "why"),
    [
        ('drug = "heparine"\namount = "1 U"\nbetween = ["0 s", "1 h"]', "order[1].drug", "unknown drug"),
        ('drug = "heparin"\namount = "1 mg"\nbetween = ["0 s", "1 h"]', "order[1].amount", "counted in U"),
        ('drug = "heparin"\namount = "1 U"\nbetween = ["1 h", "1 h"]', "order[1].between", "does not end after"),
        ('drug = "heparin"\namount = "1 U"\nbetween = ["0 s", "3 h"]', "order[1].between", "beyond the end"),
        ('drug = "heparin"\namount = "1 U"\nbetween = ["0 s", "1 h"]\npump = "latte"', "order[1].pump", "unknown pump"),
        ('drug = "heparin"\nbetween = ["0 s", "1 h"]', "order[1].amount", "missing"),
    ],
)
def test_orders_that_cannot_be_are_refused(order, key, why):
    found = faults_of(TWO + "[[order]]\n" + order)
    assert [(fault.key, why in fault.message) for fault in found] == [(key, True)], found
