"""infupy, unmodified, as a program of its own: its Fresenius and its Alaris back end."""

import pytest

from firmware_bridge.protocols.alaris import ALARIS
from firmware_bridge.protocols.fresenius import FRESENIUS
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.bedside import behind, client, port_of
from tests.bridge.dialects.serving import Serve


def test_fresenius_back_end(on_a_port: Serve) -> None:
    """1200 mL/h for a good 5 s, during which the host answers ENQ and acknowledges what it is told unasked."""
    pump = behind(FRESENIUS, ["p1", "p2"])
    with on_a_port(pump) as port:
        found = client("infupy_fresenius", port)
    assert (found["base"], found["modules"], found["module"]) == ("bBASEA", [1, 2], "bDPS")
    assert (found["at rest"], found["manual"]) == (0.0, "ECMDMODE")
    assert (found["started"], found["rate"], found["other"], found["stopped"]) == ("False", 1200.0, 0.0, 0.0)
    told = [int(text[1:], 16) / 1000 for origin, text in found["events"] if origin == 1]
    assert 5 <= len(told) <= 12, "every half second"
    assert told == sorted(told)
    assert any(origin == 2 and "m1" in text.split(";") for origin, text in found["events"])
    assert 5.0 / 3.0 <= found["volume"] < 5.0, "mL; a third of one each second"
    assert told[-1] <= found["volume"]
    assert found["zeroed"] == 0.0
    assert (found["opened again"], found["closed"]) == (0.0, "ECOMBASE"), (
        "it opens a module's session by itself, not the base's"
    )
    assert port_of(pump, "p1").look().line("A").state is LineState.HELD


def test_alaris_back_end(on_a_port: Serve) -> None:
    pump = behind(ALARIS)
    with on_a_port(pump) as port:
        found = client("infupy_alaris", port)
    assert found["code"] == "3CC1"
    assert (found["set"], found["rate"]) == ("1200.00 ml/h", "1200.00 ml/h")
    assert (found["started"], found["stopped"]) == (True, True)
    volume, unit = found["volume"].split()
    assert float(volume) == pytest.approx(1.0, abs=0.3)
    assert unit == "ml"
    assert port_of(pump).look().line("A").state is LineState.HELD
