"""New Era pumps draw back: RUN with DIR WDR, programs that fill again, DIR on the way, and what is counted."""

import pytest

from pumpsim.vocabulary.disturbances import PowerBack, PowerCut
from pumpsim.vocabulary.inputs import Stop
from tests.bridge.dialects.new_era_bench import Bench


def withdrawing(volume="VOL 1", **bench) -> Bench:
    """60 mL/h is 1 mL/min."""
    found = Bench(volume="5 mL", **bench)
    assert found.say("RAT 1 MM", volume, "DIR WDR", "RUN") == ["S", "S", "S", "W"]
    return found


def moved_ml(bench):
    line = bench.port.look().lines[0]
    return line.pumped_nl / 1e6, line.withdrawn_nl / 1e6


def test_a_volume_is_withdrawn_and_counted_by_itself():
    bench = withdrawing()
    assert bench.say("DIS", by_ms=30_000) == "WI0.000W0.500ML"
    assert bench.say("DIS", by_ms=31_000) == "SI0.000W1.000ML"
    assert bench.port.delivered_ml("A") == pytest.approx(-1.0, abs=0.05), "play and friction beside it"
    assert bench.say("DIR INF", "RUN") == ["S", "I"]
    assert bench.say("DIS", by_ms=61_000) == "SI1.000W1.000ML"
    assert bench.say("CLD WDR", "DIS", "CLD INF", "DIS") == ["S", "SI1.000W0.000ML", "S", "SI0.000W0.000ML"]
    assert moved_ml(bench) == (pytest.approx(1.0, abs=1e-4), pytest.approx(1.0, abs=1e-4))


def test_a_pause_keeps_what_is_left():
    bench = withdrawing()
    assert bench.say("STP", by_ms=30_000) == "P"
    assert bench.say("DIS", by_ms=60_000) == "PI0.000W0.500ML"
    assert bench.say("RUN") == "W"
    assert bench.say("DIS", by_ms=29_000) == "WI0.000W0.983ML"
    assert bench.say("DIS", by_ms=2_000) == "SI0.000W1.000ML"
    assert bench.say("STP") == "S?NA"


def test_without_a_volume_it_goes_on_until_it_is_stopped():
    bench = withdrawing("VOL 0")
    assert bench.say("DIS", by_ms=120_000) == "WI0.000W2.000ML"
    assert bench.say("STP", "STP", "") == ["P", "S", "S"]


def test_the_rate_changes_on_the_way():
    """Half a mL at 1 mL/min, then at 2: another 15 s."""
    bench = withdrawing()
    assert bench.say("RAT 2", by_ms=30_000) == "W"
    assert bench.say("RAT", "DIS") == ["W2.000MM", "WI0.000W0.500ML"]
    assert bench.say("DIS", by_ms=14_000) == "WI0.000W0.967ML"
    assert bench.say("DIS", by_ms=2_000) == "SI0.000W1.000ML"


def test_dir_turns_round_at_once_what_has_no_volume_to_come_to():
    bench = withdrawing("VOL 0")
    assert bench.say("DIR INF", by_ms=30_000) == "I"
    assert bench.say("DIR REV", by_ms=12_000) == "W"
    assert bench.say("STP", by_ms=6_000) == "P"
    assert bench.say("DIS") == "PI0.200W0.600ML"
    assert bench.say("RUN", "STP", "STP") == ["W", "P", "S"]


@pytest.mark.parametrize("direction", ["INF", "REV"])
def test_dir_does_not_turn_round_what_has_a_volume_to_come_to(direction):
    bench = withdrawing()
    assert bench.say(f"DIR {direction}", "DIR", "") == ["W?NA", "WWDR", "W"]


def test_purging_goes_the_way_that_is_set():
    bench = Bench(volume="5 mL")
    assert bench.say("DIR WDR", "PUR") == ["S", "X"]
    assert bench.say("DIS", by_ms=9_997) == "XI0.000W1.390ML"
    assert bench.say("STP") == "S"


def test_a_program_dispenses_and_fills_again():
    """Twice 0.05 mL at 1 mL/min; then what was infused is drawn back at that rate: 3 s, 3 s, 6 s."""
    bench = Bench(volume="5 mL")
    bench.program("FUNRAT RAT1MM VOL0.05", "FUNRAT RAT1MM VOL0.05", "FUNFIL", "FUNSTP")
    assert bench.say("RUN") == "I"
    assert bench.say("DIS", by_ms=7_000) == "WI0.100W0.017ML"
    assert bench.say("DIS", by_ms=6_000) == "SI0.100W0.100ML"


def test_a_program_withdraws_on_its_way():
    bench = Bench(volume="5 mL")
    bench.program("FUNRAT RAT1MM VOL0.05", "FUNRAT RAT2MM VOL0.1 DIRWDR", "FUNSTP")
    assert bench.say("RUN") == "I"
    assert bench.say("DIS", by_ms=4_000) == "WI0.050W0.033ML"
    assert bench.say("DIS", by_ms=3_000) == "SI0.050W0.100ML"


@pytest.mark.parametrize("phase", ["FUNRAT RAT60MH VOL1 DIRWDR", "FUNFIL"])
def test_behind_a_pump_for_patients_a_program_that_comes_to_it_ends_with_an_alarm(phase):
    bench = Bench(model="syringe-pump")
    bench.program("FUNRAT RAT60MH VOL1", phase)
    assert bench.say("RUN") == "I"
    assert bench.say("", by_ms=61_000) == "A?E"
    assert bench.say("DIS") == "SI1.000W0.000ML"


def test_an_empty_syringe_is_filled():
    """It stalls to its host when it is empty; what is pending is told once, and then it draws."""
    bench = Bench(volume="1 mL")
    assert bench.say("RAT 5 MM", "VOL 3", "RUN") == ["S", "S", "I"]
    assert bench.say("", by_ms=20_000) == "A?S"
    assert bench.say("DIR WDR", "RUN") == ["S", "W"]
    assert bench.say("", by_ms=37_000) == "S"
    assert bench.say("DIR INF", "RUN") == ["S", "I"]
    assert bench.say("", by_ms=37_000) == "S"


def test_somebody_stops_it_at_the_pump():
    bench = withdrawing()
    bench.wait(30_000)
    bench.port.operate(Stop())
    assert bench.say("", "DIS") == ["P", "PI0.000W0.500ML"]
    assert bench.say("RUN") == "W"
    assert bench.say("DIS", by_ms=31_000) == "SI0.000W1.000ML"


def test_power_that_goes_ends_it_and_volumes_count_from_0():
    bench = withdrawing()
    bench.wait(30_000)
    bench.port.do(PowerCut())
    bench.wait(1_000)
    bench.port.do(PowerBack())
    assert bench.say("DIS", by_ms=5_000) == "SI0.000W0.000ML"
    assert bench.say("RUN") == "W"
    assert bench.say("DIS", by_ms=61_000) == "SI0.000W1.000ML"


def test_another_diameter_than_the_bore_scales_what_is_drawn_too():
    """14.43 mm is there; with half the diameter set the host's mL is four real ones."""
    bench = Bench(volume="2 mL")
    assert bench.say("DIA 7.215", "RAT 1 MM", "VOL ML", "VOL 0.5", "DIR WDR", "RUN") == [*["S"] * 5, "W"]
    assert bench.say("DIS", by_ms=31_000) == "SI0.000W0.500ML"
    assert moved_ml(bench)[1] == pytest.approx(2.0, abs=1e-3)
