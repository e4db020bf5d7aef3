"""The verification cases of PHYSICS that concern the cassette pump: exact with the smooth drive, within one cycle with
strokes. Expected numbers are those of the cases, worked by hand there."""

import math

import numpy as np
import pytest

from pumpsim.catalogue.pumps import with_occlusion_limit
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.path import Occlude, Place, Release, Transport
from pumpsim.vocabulary.program import LineMode
from tests.build import CYCLE_ML, MIN, SMOOTH, STROKES, H, S, path, program, run, said, when

CONCURRENT, PIGGYBACK = LineMode.CONCURRENT, LineMode.PIGGYBACK


def test_v3_occlusion_pressurises_at_c_dp_over_q():
    """C 0.010 mL/kPa, 12 mL/h, 15 kPa at the start, 85 kPa: 210 s to the threshold, 8 s of delay, 218 s to the alarm."""
    model = with_occlusion_limit(SMOOTH, 85.0, delay_ns=8 * S)
    trace = run(
        (0, LoadProgram("A", program(12))),
        (0, Start("A")),
        (60 * S, Occlude(Place.PATIENT_END)),
        until_ns=10 * MIN,
        model=model,
        setup=path(compliance=0.010, resistance=0.0, back_pressure=15.0),
    )
    assert when(trace, "alarm occlusion-distal") == [pytest.approx((60 + 218) / 60, abs=1e-6)]
    assert trace.at([(60 + 210) * S]).pressure_kpa[0] == pytest.approx(85.0, rel=1e-9)
    stored_ml = (trace.at([10 * MIN]).pressure_kpa[0] - 15.0) * 0.010
    assert stored_ml == pytest.approx(12 / 3600 * 218, rel=1e-9), "0.7267 mL, latency included"


def test_v7_rc_start_up():
    """R 5.103e12 Pa s/m3, C 15 uL/kPa, 1 mL/h: tau 76.55 s, withheld 21.26 uL, 1.4175 kPa at steady state."""
    resistance = 5.103e12 / 3.6e12  # Pa s/m3 to kPa h/mL: 1e-3 kPa/Pa * 1e-6 m3/mL / 3600 s/h
    trace = run(
        (0, LoadProgram("A", program(1))),
        (0, Start("A")),
        until_ns=H,
        model=SMOOTH,
        setup=path(compliance=0.015, resistance=resistance),
    )
    tau_s = 76.55
    for share, minutes in ((0.50, 0.884), (0.90, 2.938), (0.95, 3.822)):
        flow = trace.at([round(minutes * MIN)]).patient_flow_ml_per_h[0]
        assert flow == pytest.approx(share, rel=1e-3)
        assert -tau_s * math.log(1 - share) / 60 == pytest.approx(minutes, rel=1e-3)
    end = trace.at([H])
    assert end.pressure_kpa[0] == pytest.approx(1.4175, rel=1e-3)
    assert end.pumped_ml.sum() - end.patient_ml.sum() == pytest.approx(21.26e-3, rel=1e-3)


def push_out(model, transport=Transport.PLUG):
    """V9: carrier 20, drug 5 mL/h at 1 mg/mL, 2.5 mL common volume full of carrier; carrier 45 at 60 min, 20 at 120 min."""
    return run(
        (0, LoadProgram("A", program(20))),
        (0, LoadProgram("B", program(5, mode=CONCURRENT))),
        (0, Start()),
        (60 * MIN, Titrate("A", 45_000_000)),
        (120 * MIN, Titrate("A", 20_000_000)),
        (180 * MIN, Stop("B")),
        until_ns=200 * MIN,
        model=model,
        setup=path(compliance=0.0, resistance=0.0, transport=transport),
    )


def delivered_mg(trace, *minutes: float) -> list[float]:
    return trace.at([round(m * MIN) for m in minutes]).patient_drug[0].tolist()


def test_v9_push_out_is_exact_with_the_smooth_drive():
    trace = push_out(SMOOTH)
    at6, at60, at63, at64, at120, at126, at127, at180, at200 = delivered_mg(
        trace, 6, 60, 63, 64, 120, 126, 127, 180, 200
    )
    assert at6 == pytest.approx(0.0, abs=1e-9), "lag 6.0 min"
    assert at60 == pytest.approx(5 * 54 / 60, rel=1e-9), "then 5 mg/h"
    assert at63 - at60 == pytest.approx(10 * 3 / 60, rel=1e-9), "10 mg/h for 3.0 min"
    assert at64 - at63 == pytest.approx(5 / 60, rel=1e-9), "then 5 mg/h again"
    assert at63 - at60 - 5 * 3 / 60 == pytest.approx(0.25, rel=1e-9), "excess 0.25 mg"
    assert at126 - at120 == pytest.approx(2.5 * 6 / 60, rel=1e-9), "2.5 mg/h for 6.0 min"
    assert at127 - at126 == pytest.approx(5 / 60, rel=1e-9)
    assert at200 - at180 == pytest.approx(0.5, rel=1e-9), "0.5 mg still delivered after B has stopped"
    assert at200 == pytest.approx(15.0, rel=1e-9), "all that B has pumped: 5 mg/h for 3 h"


def test_v9_push_out_is_within_a_cycle_with_strokes():
    trace, smooth = push_out(STROKES), push_out(SMOOTH)
    minutes = [6, 30, 60, 61.5, 63, 90, 120, 123, 126, 150, 180, 200]
    for stroked, exact in zip(delivered_mg(trace, *minutes), delivered_mg(smooth, *minutes), strict=True):
        assert stroked == pytest.approx(exact, abs=CYCLE_ML * 1.0), "one cycle's volume at 1 mg/mL at most"
    last = delivered_mg(trace, 200)[0]
    pumped_b = trace.at([200 * MIN]).pumped_ml[1, 0]
    assert last == pytest.approx(pumped_b, rel=1e-9), "all that was pumped has come out"


def test_v9_mixed_gives_the_same_excess():
    trace = push_out(SMOOTH, Transport.MIXED)
    at60, at120 = delivered_mg(trace, 60, 120)
    drug_before = 2.5 * 0.2 * (1 - math.exp(-25 / 2.5))  # in the tank after 60 min at 25 mL/h
    drug_after = 2.5 * 0.1
    assert at120 - at60 - 5.0 == pytest.approx(drug_before - drug_after, abs=1e-4), "V (c_old - c_new) = 0.25 mg"


@pytest.mark.parametrize(
    ("transport", "times"),
    [(Transport.PLUG, (1.0, 1.0, 1.0)), (Transport.MIXED, (0.6931, 2.3026, 2.9957))],
)
@pytest.mark.parametrize("rate", [20.0, 40.0])
def test_v10_dispersion_in_the_common_volume(transport, times, rate):
    """T Q / V at 50, 90 and 95 % of the drug's final dose rate; doubling Q halves T."""
    volume = 2.5
    trace = run(
        (0, LoadProgram("B", program(rate))),
        (0, Start("B")),
        until_ns=2 * H,
        model=SMOOTH,
        setup=path(compliance=0.0, resistance=0.0, common_ml=volume, transport=transport),
    )
    at_ns = np.arange(0, 60 * MIN, S // 10)
    rate_mg_per_h = np.diff(trace.at(at_ns).patient_drug[0]) / (0.1 / 3600)
    for share, expected in zip((0.5, 0.9, 0.95), times, strict=True):
        reached_h = np.argmax(rate_mg_per_h >= share * rate) * 0.1 / 3600
        assert reached_h * rate / volume == pytest.approx(expected, rel=1e-3)


STROKED_CASES = {
    "V3": (
        ((0, LoadProgram("A", program(12))), (0, Start("A")), (600 * S, Occlude(Place.PATIENT_END))),
        {"compliance": 0.010, "resistance": 0.0, "back_pressure": 15.0},
    ),
    "V7": (
        ((0, LoadProgram("A", program(1))), (0, Start("A"))),
        {"compliance": 0.015, "resistance": 5.103e12 / 3.6e12},
    ),
    "V10 plug": (((0, LoadProgram("B", program(20))), (0, Start("B"))), {"compliance": 0.0, "resistance": 0.0}),
    "V10 mixed": (
        ((0, LoadProgram("B", program(20))), (0, Start("B"))),
        {"compliance": 0.0, "resistance": 0.0, "transport": Transport.MIXED},
    ),
}


@pytest.mark.parametrize("case", STROKED_CASES)
def test_with_strokes_every_case_is_within_one_cycle_s_volume_of_the_smooth_drive(case):
    """What was pumped, what has reached the patient and what drug with it (1 mg/mL), at any time of four hours."""
    script, line = STROKED_CASES[case]
    stroked, smooth = (
        run(*script, until_ns=4 * H, model=with_occlusion_limit(model, 85.0, delay_ns=8 * S), setup=path(**line))
        for model in (STROKES, SMOOTH)
    )
    at = np.linspace(0, 4 * H, 2_000).astype(np.int64)
    real, ideal = stroked.at(at), smooth.at(at)
    for given, wanted in (
        (real.pumped_ml.sum(axis=0), ideal.pumped_ml.sum(axis=0)),
        (real.patient_ml.sum(axis=0), ideal.patient_ml.sum(axis=0)),
        (real.patient_drug[0], ideal.patient_drug[0]),
    ):
        assert np.abs(given - wanted).max() <= CYCLE_ML
    alarms = [when(trace, "alarm occlusion-distal") for trace in (stroked, smooth)]
    assert alarms[0] == pytest.approx(alarms[1], abs=CYCLE_ML / 12 * 60), "the time of a cycle at 12 mL/h"


@pytest.mark.parametrize(("model", "slack_ml"), [(SMOOTH, 1e-9), (STROKES, CYCLE_ML)])
class TestV11Sequencer:
    """A 125 mL/h VTBI 250, B 200 mL/h."""

    def piggyback(self, model):
        return run(
            (0, LoadProgram("A", program(125, 250))),
            (0, Start("A")),
            (30 * MIN, LoadProgram("B", program(200, 100, PIGGYBACK))),
            (30 * MIN, Start("B")),
            until_ns=180 * MIN,
            model=model,
        )

    def test_piggyback_pauses_and_resumes_by_itself(self, model, slack_ml):
        trace = self.piggyback(model)
        slack_min = slack_ml / 125 * 60 + 1e-6
        assert when(trace, "delivery-paused", "A") == [30.0]
        assert when(trace, "delivery-complete", "B") == [pytest.approx(60.0, abs=slack_min)]
        assert when(trace, "delivery-resumed", "A") == when(trace, "delivery-complete", "B")
        assert when(trace, "delivery-complete", "A") == [pytest.approx(150.0, abs=slack_min)]
        at = trace.at([30 * MIN, 60 * MIN, 180 * MIN])
        assert at.pumped_ml[0] == pytest.approx([62.5, 62.5, 250.5], abs=slack_ml)
        assert at.pumped_ml[1] == pytest.approx([0.0, 100.0, 100.0], abs=slack_ml)
        assert trace.at([180 * MIN]).pumped_ml[1, 0] == pytest.approx(100.0, abs=1e-9), "the VTBI, to the step"

    @pytest.mark.parametrize(("at_end", "b_at_180"), [(AtEnd.KVO, 202.0), (AtEnd.STOP, 200.0), (AtEnd.CONTINUE, 600.0)])
    def test_concurrent_lines_do_not_touch_each_other(self, model, slack_ml, at_end, b_at_180):
        trace = run(
            (0, LoadProgram("A", program(125, 250))),
            (0, LoadProgram("B", program(200, 200, CONCURRENT, at_end))),
            (0, Start()),
            until_ns=180 * MIN,
            model=model,
        )
        slack_min = slack_ml / 125 * 60 + 1e-6
        assert when(trace, "delivery-complete", "A") == [pytest.approx(120.0, abs=slack_min)]
        assert when(trace, "delivery-complete", "B") == [pytest.approx(60.0, abs=slack_min)]
        end = trace.at([180 * MIN]).pumped_ml[:, 0]
        assert end == pytest.approx([251.0, b_at_180], abs=slack_ml)

    @pytest.mark.parametrize(
        ("a", "b", "why"), [(125, 400, "above the concurrent limit"), (0.4, 10, "below the concurrent floor")]
    )
    def test_what_cannot_run_together_is_refused(self, model, slack_ml, a, b, why):
        trace = run(
            (0, LoadProgram("A", program(a))),
            (0, Start("A")),
            (60 * S, LoadProgram("B", program(b, mode=CONCURRENT))),
            (60 * S, Start("B")),
            until_ns=2 * MIN,
            model=model,
        )
        refused = [r.record for r in trace.records if type(r.record).__name__ == "CommandRejected"]
        assert [r.command for r in refused] == ["start"]
        assert why in refused[0].reason
        assert trace.at([2 * MIN]).pumped_ml[1, 0] == 0.0

    @pytest.mark.parametrize(("rate", "kvo"), [(125, 1.0), (5, 1.0), (0.5, 0.5)])
    def test_kvo_is_never_above_the_set_rate(self, model, slack_ml, rate, kvo):
        trace = run(
            (0, LoadProgram("A", program(rate, 1.0))),
            (0, Start("A")),
            until_ns=10 * H,
            model=model,
        )
        done_h = 1.0 / rate
        assert trace.at([10 * H]).pumped_ml[0, 0] == pytest.approx(1.0 + kvo * (10 - done_h), abs=slack_ml)


def test_distal_occlusion_stops_both_lines_and_what_was_stored_reaches_the_patient():
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, LoadProgram("B", program(25, mode=CONCURRENT))),
        (0, Start()),
        (30 * MIN, Occlude(Place.PATIENT_END)),
        (40 * MIN, Release(Place.PATIENT_END)),
        until_ns=60 * MIN,
    )
    stopped = [(word, line) for _, word, line in said(trace) if word in ("delivery-stopped", "alarm occlusion-distal")]
    assert stopped == [("alarm occlusion-distal", None), ("delivery-stopped", "A"), ("delivery-stopped", "B")]
    closed, opened, end = trace.at([30 * MIN, 40 * MIN, 60 * MIN]).patient_ml.sum(axis=0)
    limit_kpa = 6 * 6.894757293168
    assert opened == pytest.approx(closed, abs=1e-12), "nothing passes the closed end"
    assert end - opened == pytest.approx(0.006 * limit_kpa, rel=1e-4), "C times the pressure at the alarm"
    assert end == pytest.approx(trace.at([60 * MIN]).pumped_ml.sum(), rel=1e-12)


def test_proximal_occlusion_stops_only_its_own_line():
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, LoadProgram("B", program(25, mode=CONCURRENT))),
        (0, Start()),
        (30 * MIN, Occlude(Place.LIMB, "B")),
        until_ns=90 * MIN,
    )
    assert [(word, line) for _, word, line in said(trace)][-2:] == [
        ("alarm occlusion-proximal", "B"),
        ("delivery-stopped", "B"),
    ]
    pumped = trace.at([90 * MIN]).pumped_ml[:, 0]
    assert pumped[0] == pytest.approx(150.0, abs=CYCLE_ML)
    assert pumped[1] == pytest.approx(12.5, abs=2 * CYCLE_ML)


def test_empty_bag_stops_only_its_own_line_and_no_air_is_pumped():
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, LoadProgram("B", program(20, 60, CONCURRENT))),
        (0, Start()),
        until_ns=2 * H,
        setup=path(bags_ml=(3000.0, 10.0)),
    )
    assert when(trace, "alarm air-in-line-proximal", "B") == [pytest.approx(30.0, abs=60 * CYCLE_ML / 20)]
    pumped = trace.at([2 * H]).pumped_ml[:, 0]
    assert pumped[1] == pytest.approx(10.0, abs=1e-9), "all of the bag, and not a step more"
    assert pumped[0] == pytest.approx(200.0, abs=CYCLE_ML)
