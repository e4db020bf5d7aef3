"""The cassette pump with strokes: within one cycle of the verification cases, which are exact with the smooth drive; and
what occlusions and an empty bag do to two lines. The cases themselves: ``tests/verification``."""

import numpy as np
import pytest

from pumpsim.catalogue.pumps import with_occlusion_limit
from pumpsim.vocabulary.disturbances import Occlude, Place, Release
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.path import Transport
from pumpsim.vocabulary.program import LineMode
from tests.build import CYCLE_ML, MIN, SMOOTH, STROKES, H, S, path, program, run, said, when

CONCURRENT, PIGGYBACK = LineMode.CONCURRENT, LineMode.PIGGYBACK


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


def test_v9_push_out_is_within_a_cycle_with_strokes():
    trace, smooth = push_out(STROKES), push_out(SMOOTH)
    minutes = [6, 30, 60, 61.5, 63, 90, 120, 123, 126, 150, 180, 200]
    for stroked, exact in zip(delivered_mg(trace, *minutes), delivered_mg(smooth, *minutes), strict=True):
        assert stroked == pytest.approx(exact, abs=CYCLE_ML * 1.0), "one cycle's volume at 1 mg/mL at most"
    last = delivered_mg(trace, 200)[0]
    pumped_b = trace.at([200 * MIN]).pumped_ml[1, 0]
    assert last == pytest.approx(pumped_b, rel=1e-9), "all that was pumped has come out"


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


@pytest.mark.requirement("GIP 1.6.2", "GIP 1.10.2", "OPCA R7.2.0(5)", "OPCA R7.2.0(6)")
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


@pytest.mark.requirement("GIP 1.10.1", "OPCA R7.2.0(4)")
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


@pytest.mark.requirement("GIP 1.5.6", "GPCA REQ 23")
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
