"""What the operator has asked of a line: the highest rate, and the volume, that whatever follows may come to."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.ambulatory import CADD_PRIZM
from pumpsim.controller.asked import hear, most, most_nl_per_h
from pumpsim.vocabulary.courses import Demand, Stage, Stages
from pumpsim.vocabulary.inputs import GiveBolus, LoadProgram, RequestDose, SetTemporary, Standby, StopBolus, Titrate
from pumpsim.vocabulary.interlock import Asked
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.program import InfusionProgram
from tests.build import MIN, H

ML = 1_000_000
ADDS = replace(CADD_PRIZM, bolus_adds=True, bolus_max_nl=20 * ML)
INSTEAD = replace(ADDS, bolus_adds=False)
PLAIN = InfusionProgram(10 * ML, 50 * ML, at_end=AtEnd.STOP, demand=Demand(2 * ML, 10 * MIN))
STAGED = InfusionProgram(
    10 * ML,
    50 * ML,
    at_end=AtEnd.STOP,
    first=Stage(20 * ML, 5 * ML),
    course=Stages((Stage(10 * ML, 20 * ML), Stage(25 * ML, 30 * ML))),
)


@pytest.mark.parametrize(
    ("program", "commands", "adds", "instead", "volume"),
    [
        (PLAIN, (), 10, 10, 50),
        (STAGED, (), 25, 25, 55),  # the highest stage; what comes first is on top of the VTBI
        (replace(PLAIN, first=Stage(20 * ML, 5 * ML)), (Titrate("A", 3 * ML),), 20, 20, 55),
        (PLAIN, (SetTemporary("A", H, percent=150),), 15, 15, 50),
        (PLAIN, (SetTemporary("A", H, percent=900),), 30, 30, 50),  # never above what can be programmed
        (PLAIN, (SetTemporary("A", H, percent=50),), 10, 10, 50),
        (PLAIN, (SetTemporary("A", H, rate_nl_per_h=12 * ML),), 12, 12, 50),
        (PLAIN, (SetTemporary("A", H, rate_nl_per_h=12 * ML), SetTemporary("A", 0)), 10, 10, 50),
        (PLAIN, (GiveBolus("A", 3 * ML),), 125, 125, 53),  # at the model's own rate
        (PLAIN, (GiveBolus("A", 3 * ML, rate_nl_per_h=60 * ML),), 70, 60, 53),
        (PLAIN, (GiveBolus("A", 3 * ML, over_ns=2 * H),), 11.5, 10, 53),
        (PLAIN, (GiveBolus("A", 3 * ML, over_ns=2 * H), GiveBolus("A", ML, rate_nl_per_h=5 * ML)), 15, 10, 54),
        (PLAIN, (RequestDose("A"), RequestDose("A")), 125, 125, 54),
        (PLAIN, (Standby("A", H), StopBolus("A")), 10, 10, 50),
    ],
)
def test_what_may_be_asked_of_a_motor(program, commands, adds, instead, volume):
    for model, rate in ((ADDS, adds), (INSTEAD, instead)):
        asked = hear(model, Asked(), LoadProgram("A", program), 0, 0)
        for command in commands:
            asked = hear(model, asked, command, 0, 0)
        assert most_nl_per_h(model, asked) == round(rate * ML)
        assert most(asked, 5 * H) == volume * ML * H


def test_a_new_program_begins_anew():
    asked = hear(ADDS, Asked(), LoadProgram("A", PLAIN), 0, 0)
    asked = hear(ADDS, asked, GiveBolus("A", 3 * ML), 0, 0)
    again = hear(ADDS, asked, LoadProgram("A", PLAIN), H, 70)
    assert again == replace(hear(ADDS, Asked(), LoadProgram("A", PLAIN), 0, 0), since_ns=H, since_steps=70)


def test_a_share_of_a_rate_is_a_whole_rate():
    asked = hear(ADDS, Asked(), LoadProgram("A", InfusionProgram(1_000_001)), 0, 0)
    share = hear(ADDS, asked, SetTemporary("A", H, percent=150), 0, 0).other_nl_per_h
    assert (share, type(share)) == (1_500_001, int)
