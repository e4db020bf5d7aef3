"""A port without a port: what is told happens, at its instant of pump time, and is refused where a file would be."""

import re

import pytest

from firmware_bridge.virtual_pump.cupboard import plain_document
from firmware_bridge.virtual_pump.dialect import Options
from firmware_bridge.virtual_pump.unit import By, PumpRefused, Sent, Settings, Unit, spelled, wire_faults
from firmware_bridge.virtual_pump.wire import WireFaults
from firmware_bridge.virtual_pump.world import World
from pumpsim.catalogue.pumps import MODELS
from pumpsim.errors import PumpsimError, ScenarioError
from pumpsim.vocabulary.disturbances import Occlude, Place
from pumpsim.vocabulary.inputs import LoadProgram, Start
from pumpsim.vocabulary.program import InfusionProgram
from tests.bridge.virtual.plain_talk import PLAIN

MS, S = 10**6, 10**9
TWO = {
    "title": "two on a line",
    "duration": "1 h",
    "pump": {
        name: {
            "model": "syringe-pump",
            "line": {"A": {"container": {"syringe": "bd-plastipak-50", "fluid": "saline-0.9"}}},
        }
        for name in ("left", "right")
    },
}


def unit(model: str = "linear-peristaltic", **settings: object) -> Unit:
    return Unit(plain_document(model), PLAIN, Settings(**settings))  # type: ignore[arg-type]


def said(unit: Unit, at_ns: int, line: str = "STATUS") -> str:
    """What the dialect answers at an instant."""
    return unit.step(at_ns, line.encode() + b"\n").data_out.decode().strip()


def infusing(model: str = "linear-peristaltic", rate: str = "100", **settings: object) -> Unit:
    pump = unit(model, **settings)
    assert said(pump, 0, f"RATE {rate}") == "OK"
    assert said(pump, 0, "RUN") == "OK"
    return pump


@pytest.mark.parametrize("model", MODELS)
def test_every_model_comes_out_of_the_cupboard(model: str) -> None:
    pump = unit(model)
    assert said(pump, S, "ID") == f"{model} of [1], none"
    assert pump.pump().model.id == model
    assert pump.pump().look().at_ns == S


def test_what_is_told_happens_now_and_is_over_when_it_is_said_to_be() -> None:
    pump = infusing()
    said(pump, 10 * S)
    pump.tell({"occlude": "patient end", "for": "60 s"})
    assert "occlusion-distal" in said(pump, 60 * S)
    before = pump.pump().distal_kpa
    pump.step(70 * S - 1)
    assert pump.pump().distal_kpa == pytest.approx(before)
    pump.step(71 * S)
    assert pump.pump().distal_kpa < before / 4.0


def test_the_loop_is_told_when_what_was_told_is_due() -> None:
    pump = unit()
    pump.step(S)
    pump.tell({"power": "off", "for": "5 s"})
    assert pump.pump().look().off
    assert pump.step(S).wake_at_ns == 6 * S
    pump.step(6 * S - 1)
    assert pump.pump().look().off
    pump.step(6 * S)
    assert not pump.pump().look().off


def test_what_is_told_lasts_on_pump_time() -> None:
    pump = unit(speed=10.0)
    pump.step(S)
    pump.tell({"power": "off", "for": "5 s"})
    assert pump.step(S).wake_at_ns == S + S // 2
    pump.step(S + S // 2)
    assert not pump.pump().look().off


def test_what_was_told_can_be_ended_sooner_and_does_not_end_twice() -> None:
    pump = unit()
    pump.step(S)
    pump.tell({"power": "off", "for": "60 s"})
    pump.step(2 * S)
    pump.end({"power": "off"})
    assert not pump.pump().look().off
    pump.step(3 * S)
    pump.tell({"power": "off"})
    pump.step(100 * S)
    assert pump.pump().look().off, "the end that was foreseen at 61 s is no more"
    pump.end({"power": "off"})
    with pytest.raises(PumpsimError, match="nothing of what was injected"):
        pump.end({"power": "off"})


def test_same_disturbance_may_come_again_when_it_is_over() -> None:
    pump = unit()
    for second in (1, 3, 5):
        pump.step(second * S)
        pump.tell({"occlude": "patient end", "for": "1 s"})
    with pytest.raises(ScenarioError, match="is closed already"):
        pump.tell({"occlude": "patient end"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"occlude": "patient"}, r'^occlude = "patient": unknown place; valid: patient end, line A \(did you mean'),
        ({"leek": "1 kPa h/mL"}, "unknown word 'leek'; valid: .*did you mean 'leak'"),
        ({}, "unknown word"),
        ({"occlude": "patient end", "do": "start"}, "belong to different tables"),
        ({"occlude": "patient end", "at": "1 s"}, "what is told is done now"),
        ({"occlude": "patient end", "until": "1 s"}, "how long a fault stands is said by for"),
        ({"occlude": "patient end", "for": 5}, "a time is wanted"),
        ({"occlude": "patient end", "for": "soon"}, "for = 'soon': "),
        ({"occlude": 5}, "occlude = 5: a text is wanted"),
        ({"sensor": {"name": "nose", "does": "stuck"}}, "unknown sensor"),
        ({"load": {"rate": "5000 mL/h"}}, "rate"),
        ({"do": "dance"}, "unknown action"),
        ({"container": {"bag": "1 L"}}, "container.fluid: is missing"),
        ({"do": "start", "pump": "right"}, "unknown pump"),
    ],
)
def test_what_a_file_could_not_say_is_refused_and_changes_nothing(words: dict[str, object], said: str) -> None:
    pump = infusing()
    pump.step(S)
    before = pump.pump().look()
    with pytest.raises(PumpsimError, match=said):
        pump.tell(words)
    pump.step(S)
    assert pump.pump().look() == before


def test_operator_is_obeyed_or_told_why_not() -> None:
    pump = unit()
    pump.step(S)
    with pytest.raises(PumpRefused, match="no line is ready to start"):
        pump.tell({"do": "start"})
    pump.tell({"load": {"rate": "5 mL/h", "vtbi": "10 mL"}})
    pump.tell({"do": "start"})
    assert said(pump, 2 * S).startswith("infusing 5000000 ")


@pytest.mark.parametrize(
    "words",
    [
        {"leak": "1 kPa h/mL"},
        {"disconnect": "patient end"},
        {"narrow": {"by": "1 kPa h/mL"}},
        {"height": "50 cm"},
        {"back_pressure": "3 kPa"},
        {"temperature": "4 degC"},
        {"air": {"volume": "1 mL"}},
        {"sensor": {"name": "distal pressure", "does": "silent"}},
        {"motor": "stalled"},
        {"device": "door open"},
        {"power": "off"},
        {"container": {"bag": "500 mL", "fluid": "dextrose-5"}},
    ],
)
def test_anything_can_be_done_to_a_line_that_began_plain(words: dict[str, object]) -> None:
    pump = infusing()
    pump.step(S)
    pump.tell(words)
    pump.step(60 * S)


def test_how_far_is_looked_ahead_changes_nothing() -> None:
    looks = []
    for ahead_ns in (S // 10, 10 * S, 3600 * S):
        world = World(Unit(plain_document("linear-peristaltic"), PLAIN).scenario, ahead_ns)
        port = world.pumps["main"]
        port.operate(LoadProgram("A", InfusionProgram(100_000_000, None)), Start())
        world.turn_to(7 * S)
        port.do(Occlude(Place.PATIENT_END))
        world.turn_to(100 * S)
        looks.append(port.look())
    assert looks[0] == looks[1] == looks[2]
    assert looks[0].standing


def test_alarm_goes_out_unasked_unless_it_shall_not() -> None:
    for spontaneous in (True, False):
        pump = infusing(options=Options(spontaneous=spontaneous))
        pump.step(S)
        pump.tell({"device": "door open"})
        assert (b"! door-open" in pump.step(S).data_out) is spontaneous


def test_delivered_is_what_was_pumped_over_every_power_on() -> None:
    pump = infusing()
    pump.step(36 * S)
    port = pump.pump()
    assert port.delivered_ml("A") == pytest.approx(1.0, abs=0.02)
    port.power_cycle()
    assert port.look().lines[0].pumped_nl == 0
    assert port.delivered_ml("A") == pytest.approx(1.0, abs=0.02)


def test_frames_are_kept_as_they_came_and_went() -> None:
    pump = unit()
    pump.step(5 * MS, b"RA")
    pump.step(9 * MS, b"TE 5\n")
    assert list(pump.frames) == [
        Sent(5 * MS, By.HOST, b"RA"),
        Sent(9 * MS, By.HOST, b"TE 5\n"),
        Sent(9 * MS, By.PUMP, b"OK\n"),
    ]
    assert str(pump.frames[1]) == '0.009000 s > "TE 5" 0A'


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x0200S\x03", '02 "00S" 03'),
        (b"", ""),
        (b'a"b', '"a" 22 "b"'),
        (b"\xff\x00", "FF 00"),
        (b"plain", '"plain"'),
    ],
)
def test_bytes_are_written_for_people(data: bytes, text: str) -> None:
    assert spelled(data) == text


def test_pumps_are_addressed_in_the_order_of_the_scenario() -> None:
    pump = Unit(TWO, PLAIN)
    assert said(pump, 0, "ID") == "syringe-pump of [1, 2], none"
    assert pump.addresses == {"left": 1, "right": 2}
    assert Unit(TWO, PLAIN, Settings(first=2)).addresses == {"left": 2, "right": 3}
    assert Unit(TWO, PLAIN, only=("right",)).addresses == {"right": 1}
    with pytest.raises(PumpsimError, match=r"plain has the addresses 1 to 3: 2 pump\(s\) from 3 on"):
        Unit(TWO, PLAIN, Settings(first=3))
    with pytest.raises(PumpsimError, match="name one of left, right"):
        pump.pump()
    with pytest.raises(PumpsimError, match="unknown pump"):
        pump.pump("middle")


def test_settings_of_a_dialect_are_its_own_words() -> None:
    pump = unit(options=Options(more={"accent": "broad"}))
    assert said(pump, 0, "ID").endswith("broad")
    with pytest.raises(PumpsimError, match="did you mean 'accent'"):
        unit(options=Options(more={"acent": "broad"}))


@pytest.mark.parametrize(
    ("words", "faults"),
    [
        ({}, WireFaults()),
        ({"drop": 1}, WireFaults(drop=1.0)),
        ({"latency": "20 ms", "gap": "1 s"}, WireFaults(latency_ns=20 * MS, gap_ns=S)),
        ({"delay": 0.5, "delay_by": "2 s"}, WireFaults(delay=0.5, delay_ns=2 * S)),
        ({"baud": 9600, "silent": True, "lose_first": True}, WireFaults(baud=9600, silent=True, lose_first=True)),
    ],
)
def test_faults_of_the_wire_as_people_write_them(words: dict[str, object], faults: WireFaults) -> None:
    assert wire_faults(words) == faults


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"drop": 1.01}, "shares are 0 to 1"),
        ({"drop": "often"}, "drop = 'often': a share of 0 to 1 is wanted"),
        ({"drop": True}, "a share"),
        ({"latency": 20}, "latency = 20: a time"),
        ({"latency": "20"}, "latency = '20': the unit is missing"),
        ({"latency": "-1 s"}, "latency = '-1 s': "),
        ({"silent": 1}, "true or false"),
        ({"baud": True}, "a baud rate"),
        ({"baud": -1}, "not below 0"),
        ({"drip": 0.1}, "did you mean 'drop'"),
    ],
)
def test_faults_of_the_wire_that_cannot_be(words: dict[str, object], said: str) -> None:
    with pytest.raises(PumpsimError, match=re.escape(said)):
        wire_faults(words)


def test_wire_can_be_changed_while_it_runs() -> None:
    pump = unit()
    assert said(pump, 0, "ID")
    pump.set_wire({"silent": True})
    assert said(pump, 1, "ID") == ""
    pump.set_wire({"silent": False, "latency": "10 ms"})
    assert said(pump, 2, "ID") == ""
    assert pump.step(2 + 10 * MS).data_out
