"""Requests of the control channel: each carried out or refused in one answer, and nothing else changed."""

import pytest

from firmware_bridge.virtual_pump.cupboard import plain_document
from firmware_bridge.virtual_pump.orders import Unplug, obey
from firmware_bridge.virtual_pump.unit import Unit
from tests.bridge.virtual.plain_talk import PLAIN
from tests.bridge.virtual.test_unit import TWO

S = 10**9


def units(count: int = 1) -> dict[int, Unit]:
    made = {number: Unit(plain_document("syringe-pump"), PLAIN) for number in range(1, count + 1)}
    for unit in made.values():
        unit.step(S)
    return made


def test_state_holds_what_the_pump_knows_and_what_is_so() -> None:
    rack = units()
    obey(rack, {"load": {"rate": "10 mL/h"}})
    obey(rack, {"do": "start"})
    rack[1].step(361 * S)
    answer, _ = obey(rack, {"read": True})
    assert answer["ok"] is True
    pump = answer["pumps"]["main"]  # type: ignore[index]
    assert (pump["model"], pump["address"], pump["at_s"], pump["off"], pump["alarms"]) == (
        "syringe-pump",
        1,
        361.0,
        False,
        [],
    )
    line = pump["lines"]["A"]
    assert (line["state"], line["rate_ml_per_h"]) == ("infusing", 10.0)
    assert line["counted_ml"] == pytest.approx(1.0, abs=0.01)
    assert line["delivered_ml"] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("request_", "alarm"),
    [({"device": "syringe off"}, "syringe-off"), ({"power-cycle": True}, "power-lost")],
)
def test_what_is_done_shows_in_the_answer(request_: dict[str, object], alarm: str) -> None:
    rack = units()
    obey(rack, {"load": {"rate": "10 mL/h"}})
    obey(rack, {"do": "start"})
    answer, _ = obey(rack, request_)
    assert alarm in str(answer["pumps"])


def test_plug_is_left_to_the_loop() -> None:
    assert obey(units(2), {"unplug": "2 s", "unit": 2})[1] == Unplug(2, 2 * S)


def test_wire_and_end() -> None:
    rack = units()
    assert obey(rack, {"wire": {"drop": 0.5}})[0]["ok"]
    assert rack[1].wire.faults.drop == 0.5
    assert obey(rack, {"device": "syringe off"})[0]["ok"]
    assert obey(rack, {"end": {"device": "syringe off"}})[0]["ok"]
    assert not obey(rack, {"end": {"device": "syringe off"}})[0]["ok"]


def test_one_of_several_pumps() -> None:
    rack = {1: Unit(TWO, PLAIN)}
    assert "name one of left, right" in str(obey(rack, {"power-cycle": True})[0]["error"])
    assert "several pumps" in str(obey(rack, {"device": "syringe off"})[0]["error"])
    answer, _ = obey(rack, {"device": "syringe off", "pump": "right"})
    assert [name for name, pump in answer["pumps"].items() if pump["alarms"]] == ["right"]  # type: ignore[attr-defined]
    assert obey(rack, {"end": {"device": "syringe off"}, "pump": "right"})[0]["ok"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "unit = None"),
        ({"unit": 1}, "unknown word"),
        ({"unit": 3, "read": True}, "unit = 3: one of 1, 2 is wanted"),
        ({"unit": "1", "read": True}, "unit = '1'"),
        ({"read": True}, "unit = None"),
        ({"unit": 1, "power-cycle": "yes"}, "true is wanted"),
        ({"unit": 1, "unplug": 2}, "unplug = 2: a time is wanted"),
        ({"unit": 1, "unplug": "2"}, "unplug = '2': the unit is missing"),
        ({"unit": 1, "wire": 1}, "a table is wanted"),
        ({"unit": 1, "wire": {"drop": 2}}, "shares are 0 to 1"),
        ({"unit": 1, "end": "all"}, "a table is wanted"),
        ({"unit": 1, "read": True, "do": "start"}, "read stands alone, without do"),
        ({"unit": 1, "read": True, "pump": 5}, "pump: a name is wanted"),
        ({"unit": 1, "do": "start"}, "no line is ready to start"),
    ],
)
def test_what_cannot_be_is_one_clear_answer(request_: dict[str, object], said: str) -> None:
    answer, unplug = obey(units(2), request_)
    assert (answer["ok"], unplug) == (False, None)
    assert said in str(answer["error"])
