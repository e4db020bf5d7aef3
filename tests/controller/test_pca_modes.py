"""The modes of a PCA pump, each at its rate, and what ends them (Open PCA R5, UMN GPCA 16, 29, 41, 42); an ideal mechanism."""

import pytest

from pumpsim.vocabulary.courses import AtLimit, DoseLimit
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, GiveBolus, LoadProgram, RequestDose, Start, Stop
from pumpsim.vocabulary.outputs import CommandRejected, LineState
from tests.build import MIN, H
from tests.controller.test_demand import ML, pca, running


@pytest.mark.requirement("GPCA REQ 16", "GPCA REQ 41", "GPCA REQ 42")
def test_each_mode_delivers_at_its_rate():
    """BASAL 2 mL/h, SQUARE BOLUS 6 mL in an hour beside it, PATIENT BOLUS 1 mL at what 60 mL/h leave: exact, +-20 % wanted."""
    bench = running(pca(rate=2 * ML))
    bench.run(H)
    assert bench.ml() == pytest.approx(2.0)
    bench.give(GiveBolus("A", 6 * ML, over_ns=H))
    bench.run(2 * H)
    assert bench.ml() == pytest.approx(2.0 + 2.0 + 6.0)
    bench.give(RequestDose("A"))
    before = bench.ml()
    bench.run(2 * H + MIN)
    assert bench.ml() - before == pytest.approx(1.0, abs=1e-3), "1 mL at 60 mL/h in all, a minute of it"


@pytest.mark.requirement("OPCA R5.3.0(2)")
@pytest.mark.parametrize(
    ("volume_ml", "over_min", "ml_per_h"),
    [(6, 60, 8), (29, 30, 60), (30, 30, 60)],
    ids=["its volume over its time, and basal", "just what the pump can", "the bolus gives way"],
)
def test_a_square_bolus_runs_at_its_volume_over_its_time_and_basal_or_at_the_highest_rate(
    volume_ml, over_min, ml_per_h
):
    bench = running(pca(rate=2 * ML))
    bench.give(GiveBolus("A", volume_ml * ML, over_ns=over_min * MIN))
    assert bench.rate() == ml_per_h


@pytest.mark.requirement("OPCA R5.1.0(4)", "OPCA R5.3.0(4)")
@pytest.mark.parametrize("kind", [DeviceEventKind.DEVICE_FAULT, DeviceEventKind.DOOR_OPENED, DeviceEventKind.FREE_FLOW])
def test_a_stopping_alarm_stops_basal_and_square_bolus(kind):
    bench = running(pca(rate=2 * ML))
    bench.give(GiveBolus("A", 6 * ML, over_ns=H))
    bench.do(30 * MIN, DeviceEvent(kind, "by chance"))
    assert (bench.rate(), bench.line().state, bench.line().course.doses) == (0.0, LineState.ALARM, ())
    bench.run(2 * H)
    assert bench.ml() == pytest.approx(4.0)


@pytest.mark.requirement("OPCA R5.3.0(7)")
def test_the_maximum_dose_halts_a_square_bolus_and_keeps_open():
    limit = DoseLimit(4 * ML, 2 * H, at_limit=AtLimit.KVO)
    bench = running(pca(rate=2 * ML, limit=limit))
    bench.give(GiveBolus("A", 3 * ML, over_ns=H))
    bench.run(2 * H)
    assert bench.minutes("alarm max-dose") == bench.minutes("bolus-stopped") == [48.0], "4 mL at 5 mL/h"
    assert (bench.line().state, bench.rate()) == (LineState.KVO, 0.1)


@pytest.mark.requirement("GPCA REQ 29")
def test_the_clinician_pauses_delivery():
    bench = running(pca(rate=2 * ML))
    bench.do(30 * MIN, Stop("A"))
    bench.run(H)
    assert (bench.line().state, bench.ml()) == (LineState.HELD, 1.0)
    bench.do(H, Start("A"))
    assert bench.rate() == 2.0


@pytest.mark.requirement("GIP 1.1.7")
def test_programming_another_basal_rate_leaves_the_running_one_alone():
    bench = running(pca(rate=2 * ML))
    (refused,) = bench.give(LoadProgram("A", pca(rate=4 * ML)))
    assert isinstance(refused, CommandRejected)
    assert bench.rate() == 2.0
