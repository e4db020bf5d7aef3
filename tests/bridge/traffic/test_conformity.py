"""A recorded conversation against our virtual pump: ours agrees with itself, and every reply that was changed is found."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import serial

from firmware_bridge.protocols import alaris_frames
from firmware_bridge.protocols.alaris_frames import frame
from firmware_bridge.testing import virtual_pump
from firmware_bridge.traffic.conformity import Conformity, Kind, conformity, played
from firmware_bridge.traffic.journal import Entry, Happening, Header, Piece, WireJournal, read_wire, text_of
from firmware_bridge.traffic.of_a_unit import unit_for
from firmware_bridge.virtual_pump.unit import By
from pumpsim.errors import PumpsimError
from tests.bridge.dialects.bedside import client
from tests.bridge.traffic.talk import MS, TALKS, recorded, written

WITHIN_NS = 5_000 * MS
"""Beyond what a busy machine takes to answer."""
PUMP_ON_THE_WARD = """
title = "two of them"
duration = "1 h"
[pump.left]
model = "ne-1000"
[pump.left.line.A]
container = { syringe = "bd-plastipak-50", fluid = "saline-0.9", volume = "30 mL" }
[pump.right]
model = "ne-1000"
[pump.right.line.A]
container = { syringe = "bd-plastipak-50", fluid = "saline-0.9", volume = "20 mL" }
"""
TWO_MODULES = PUMP_ON_THE_WARD.replace("ne-1000", "orchestra-module")


def compared(journal: WireJournal, ignore: Sequence[str] = (), within_ns: int = WITHIN_NS) -> Conformity:
    unit, language = unit_for(journal)
    return conformity(journal, unit, language, within_ns, [re.compile(pattern) for pattern in ignore])


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("protocol", TALKS)
def test_a_recording_of_our_own_pump_conforms(protocol: str, keep: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    answers = recorded(path, protocol, TALKS[protocol], keep_identifiers=keep)
    assert sum(map(bool, answers)) >= len(answers) - 1
    journal = read_wire(path)
    found = compared(journal)
    assert found.differences == ()
    assert found.exchanges >= len(TALKS[protocol])
    assert found.compared == sum(piece.by is By.PUMP for piece in journal.pieces)
    assert found.not_judged == 0


def test_settings_scenario_speed_and_what_was_done_to_it_are_in_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    said = b"01DIA26.7\r01RAT900MH\r01VOL18\r"
    with (
        virtual_pump(
            protocol="new-era",
            scenario=PUMP_ON_THE_WARD,
            speed=30.0,
            journal=path,
            power_up_alarm=False,
            options={"safe": "0"},
        ) as pump,
        serial.Serial(pump.port, 19_200, timeout=5.0) as port,
    ):
        for command in (*said.split(b"\r")[:-1], b"01RUN"):
            port.write(command + b"\r")
            assert port.read_until(b"\x03").startswith(b"\x0201")
        pump.wait_for(lambda pumps: pumps["right"]["lines"]["A"]["state"] == "infusing")
        pump.inject(pump="right", occlude="patient end")
        pump.wait_for(alarm="motor-stall")
        for command in (b"01DIS", b"01", b"00DIS"):
            port.write(command + b"\r")
            port.read_until(b"\x03")
        pump.end(pump="right", occlude="patient end")
    journal = read_wire(path)
    assert [h.ended for h in journal.happenings if h.told is not None] == [False, True]
    assert any(piece.alarm == "motor stalled" for piece in journal.pieces)
    assert compared(journal).differences == ()


def test_a_power_cycle_and_a_wire_that_is_changed_are_played(tmp_path: Path) -> None:
    """New Era, which forgets its counts and tells of it: a start that is not heard, then one that is; power; a slow wire."""
    path = tmp_path / "a.jsonl"

    def ask(command: bytes) -> bytes:
        port.write(command + b"\r")
        return port.read_until(b"\x03")

    with (
        virtual_pump(protocol="new-era", speed=20.0, journal=path, wire={"latency": "30 ms"}) as pump,
        serial.Serial(pump.port, 19_200, timeout=5.0) as port,
    ):
        for command in (b"", b"DIA26.7", b"RAT900MH", b"VOL18"):
            assert ask(command)
        pump.wire_faults(silent=True)
        port.timeout = 0.1
        assert ask(b"RUN") == b""
        pump.wire_faults(silent=False, latency="0 ms")
        port.timeout = 5.0
        assert ask(b"") == b"\x0200S\x03"
        assert ask(b"RUN") == b"\x0200I\x03"
        pump.wait_for(delivered_ml=1.0)
        pump.power_cycle()
        assert ask(b"") == b"\x0200A?R\x03"
        pump.wire_faults(latency="60 ms")
        assert ask(b"DIS") == b"\x0200SI0.000W0.000ML\x03"
    journal = read_wire(path)
    told = [happening.told for happening in journal.happenings if happening.told is not None]
    assert {"power-cycle": True, "pump": "main"} in told
    found = compared(journal)
    assert found.differences == ()
    assert found.not_judged == 0
    unit, language = unit_for(journal)
    ours = played(journal, journal.pieces, unit, language)
    asked = [piece.end_ns for piece in journal.pieces if piece.by is By.HOST]
    assert [ours[at].at_ns - asked[at] for at in (0, -1)] == [30 * MS, 60 * MS], "what the wire takes, ours takes too"


def test_what_the_wire_did_is_not_held_against_the_pump(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    faults = {"drop": 0.2, "corrupt": 0.2, "split": 0.2, "duplicate": 0.0}
    with (
        virtual_pump(protocol="alaris", wire=faults, journal=path) as pump,
        serial.Serial(pump.port, 38_400, timeout=0.05) as port,
    ):
        for _ in range(60):
            port.write(frame("INF"))
            port.read_until(b"\r")
    journal = read_wire(path)
    assert {happening.happened for happening in journal.happenings} == {"drop", "corrupt", "split"}
    found = compared(journal)
    assert found.differences == ()
    dropped = sum(happening.happened == "drop" for happening in journal.happenings)
    damaged = sum(bool(piece.fault) for piece in journal.pieces)
    assert dropped <= found.not_judged <= dropped + damaged


def test_an_answer_without_a_check_is_known_to_be_damaged_by_what_it_was_meant_to_be(tmp_path: Path) -> None:
    """In Basic mode nothing tells that a bit was turned but the journal."""
    path = tmp_path / "a.jsonl"
    with (
        virtual_pump(protocol="new-era", wire={"corrupt": 0.5}, journal=path) as pump,
        serial.Serial(pump.port, 19_200, timeout=0.05) as port,
    ):
        for _ in range(30):
            port.write(b"DIS\r")
            port.read_until(b"\x03")
    journal = read_wire(path)
    turned = sum(happening.happened == "corrupt" for happening in journal.happenings)
    whole_but_wrong = [p for p in journal.pieces if p.by is By.PUMP and not p.fault and "infused" not in p.says]
    assert len(whole_but_wrong) > 1, "the first one is the alarm of the power-on"
    found = compared(journal)
    assert found.differences == ()
    assert 0 < found.not_judged <= 2 * turned, "a piece of an answer counts by itself"


def test_an_unmodified_client_and_values_that_are_sent_unasked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with virtual_pump(protocol="fresenius", scenario=TWO_MODULES, journal=path) as pump:
        found = client("infupy_fresenius", pump.port)
    assert (found["rate"], found["closed"]) == (1200.0, "ECOMBASE")
    journal = read_wire(path)
    assert sum("infused" in piece.says for piece in journal.pieces) > 5
    assert compared(journal).differences == ()


def test_a_serial_number_that_was_set_is_in_the_journal_only_when_it_is_kept(tmp_path: Path) -> None:
    check = alaris_frames.crc("9001-77777")
    said = [frame("INST_SERIALNO"), frame("REMOTE_CTRL", "ENABLED", check), frame("REMOTE_CTRL")]
    for keep in (False, True):
        path = tmp_path / f"{keep}.jsonl"
        answers = recorded(path, "alaris", said, options={"serial": "9001-77777"}, keep_identifiers=keep)
        assert b"9001-77777" in answers[0]
        assert b"ENABLED" in answers[2]
        assert ("77777" in path.read_text(encoding="ascii")) is keep
        assert (check in path.read_text(encoding="ascii")) is keep
        assert compared(read_wire(path)).differences == ()


def test_an_answer_is_stamped_when_it_has_been_made(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    recorded(path, "new-era", TALKS["new-era"])
    pieces = read_wire(path).pieces
    questions, answers = ([piece.at_ns for piece in pieces if piece.by is by] for by in (By.HOST, By.PUMP))
    assert all(question < answer for question, answer in zip(questions, answers, strict=True))


# A conversation by hand

HEADER = Header(protocol="alaris", model="asena-gh")
QUESTIONS = ("INST_SERIALNO", "COMMS_PROTOCOL", "INF_RATE", "INF_VI", "ALARM", "COMMS_RESPONSE_MAX")
ANSWERS = (
    frame("INST_SERIALNO", "8002-51740"),
    frame("COMMS_PROTOCOL", "Asena Rev 2.1.5"),
    frame("INF_RATE", "0.00", "ml/h"),
    frame("INF_VI", "0.000", "ml"),
    frame("ALARM", "AL_NOALM", " ", " "),
    frame("COMMS_RESPONSE_MAX", "4000", "ms"),
)
STEP_NS, DELAY_NS = 1_000 * MS, 20 * MS


def conversation(answers: Sequence[bytes | None], delays_ns: Sequence[int] = (DELAY_NS,) * 6) -> list[Entry]:
    """The questions, one a second, and their answers."""
    entries: list[Entry] = []
    for n, (question, answer, delay_ns) in enumerate(zip(QUESTIONS, answers, delays_ns, strict=True), start=1):
        at_ns = n * STEP_NS
        entries.append(Piece(at_ns=at_ns, by=By.HOST, bytes=text_of(frame(question))))
        if answer is not None:
            entries.append(Piece(at_ns=at_ns + delay_ns, by=By.PUMP, bytes=text_of(answer)))
    return entries


def changed(at: int, answer: bytes | None) -> list[bytes | None]:
    answers: list[bytes | None] = list(ANSWERS)
    answers[at] = answer
    return answers


def test_the_conversation_by_hand_conforms(tmp_path: Path) -> None:
    found = compared(written(tmp_path / "a.jsonl", HEADER, conversation(ANSWERS)))
    assert (found.exchanges, found.compared, found.differences) == (6, 6, ())


@pytest.mark.parametrize(
    ("at", "answer", "kind", "recorded_", "ours"),
    [
        (3, frame("INF_VI", "0.001", "ml"), Kind.SAID, "volume infused: 0.001 ml", "volume infused: 0.000 ml"),
        (3, frame("INF_VI"), Kind.SAID, "volume infused: none", "volume infused: 0.000 ml"),
        (3, None, Kind.EXTRA, "", "volume infused: 0.000 ml"),
        (4, ANSWERS[4] + frame("INF_START"), Kind.MISSING, "start", ""),
        (
            5,
            frame("COMMS_RESPONSE_MAX", "4000", "s"),
            Kind.SAID,
            "longest response time: 4000 s",
            "longest response time: 4000 ms",
        ),
    ],
)
def test_a_changed_reply_is_found(
    at: int, answer: bytes | None, kind: Kind, recorded_: str, ours: str, tmp_path: Path
) -> None:
    journal = written(tmp_path / "a.jsonl", HEADER, conversation(changed(at, answer)))
    (difference,) = compared(journal).differences
    assert (difference.kind, difference.recorded, difference.ours) == (kind, recorded_, ours)
    assert difference.at_ns == (at + 1) * STEP_NS
    assert difference.recorded_ms == (None if answer is None else DELAY_NS / MS)
    assert difference.ours_ms == (None if not ours else 0.0)


@pytest.mark.parametrize(("within_ns", "late"), [(DELAY_NS - 1, True), (DELAY_NS, False), (DELAY_NS + 1, False)])
def test_a_reply_time_is_judged_by_what_it_may_differ(within_ns: int, late: bool, tmp_path: Path) -> None:
    delays = (0, 0, DELAY_NS, 0, 0, 0)
    found = compared(written(tmp_path / "a.jsonl", HEADER, conversation(ANSWERS, delays)), within_ns=within_ns)
    assert [(d.kind, d.recorded_ms, d.ours_ms) for d in found.differences] == [(Kind.TIME, 20.0, 0.0)] * late


@pytest.mark.parametrize(
    ("ignore", "count"),
    [([], 2), ([r"\d+\.\d+(?=\^ml$)"], 1), ([r"Rev .*"], 1), ([r"\d+\.\d+(?=\^ml$)", r"Rev .*"], 0)],
)
def test_what_may_differ_is_ignored_check_and_all(ignore: list[str], count: int, tmp_path: Path) -> None:
    answers = changed(3, frame("INF_VI", "7.123", "ml"))
    answers[1] = frame("COMMS_PROTOCOL", "Asena Rev 2.3.6")
    journal = written(tmp_path / "a.jsonl", HEADER, conversation(answers))
    assert len(compared(journal, ignore).differences) == count


def test_an_answer_that_came_after_the_next_question_is_the_same_answer(tmp_path: Path) -> None:
    delays = (0, 0, STEP_NS + DELAY_NS, 0, 0, 0)
    journal = written(tmp_path / "a.jsonl", HEADER, conversation(ANSWERS, delays))
    assert compared(journal).differences == ()
    (late,) = compared(journal, within_ns=100 * MS).differences
    assert (late.kind, late.recorded) == (Kind.TIME, "rate: 0.00 ml/h")


def test_damaged_and_dropped_replies_are_counted_and_not_judged(tmp_path: Path) -> None:
    answers = changed(2, None)
    answers[3] = b"!INF_VI^0.000^ml|0000\r"
    dropped = Happening(at_ns=3 * STEP_NS, happened="drop", bytes=text_of(ANSWERS[2]))
    found = compared(written(tmp_path / "a.jsonl", HEADER, [*conversation(answers), dropped]))
    assert (found.compared, found.not_judged, found.differences) == (4, 2, ())


def test_a_dropped_reply_excuses_one_that_is_missing_and_no_other(tmp_path: Path) -> None:
    twice = [Piece(at_ns=n * STEP_NS, by=By.HOST, bytes=text_of(frame("INF_VI"))) for n in (1, 2)]
    dropped = Happening(at_ns=STEP_NS, happened="drop", bytes=text_of(ANSWERS[3]))
    end = Piece(at_ns=3 * STEP_NS, by=By.HOST, bytes=text_of(frame("NONE")))
    found = compared(written(tmp_path / "a.jsonl", HEADER, [*twice, dropped, end]))
    assert found.not_judged == 1
    assert [(d.kind, d.at_ns) for d in found.differences if d.host == "volume infused?"] == [(Kind.EXTRA, 2 * STEP_NS)]


def test_a_journal_without_a_protocol_needs_one(tmp_path: Path) -> None:
    journal = written(tmp_path / "a.jsonl", Header(model="asena-gh"), conversation(ANSWERS))
    with pytest.raises(PumpsimError, match="names no protocol: give --protocol"):
        unit_for(journal)
    unit, language = unit_for(journal, protocol="alaris")
    assert conformity(journal, unit, language, WITHIN_NS).differences == ()


def test_what_is_named_comes_before_the_journal(tmp_path: Path) -> None:
    journal = written(tmp_path / "a.jsonl", HEADER, conversation(ANSWERS))
    unit, language = unit_for(journal, options={"protocol": "Asena Rev 9"})
    (difference,) = conformity(journal, unit, language, WITHIN_NS).differences
    assert difference.ours == "protocol: Asena Rev 9"


def test_hours_of_polling_take_seconds(tmp_path: Path) -> None:
    entries: list[Entry] = []
    for n in range(180):
        at_ns = n * 60_000 * MS
        entries.append(Piece(at_ns=at_ns, by=By.HOST, bytes=text_of(frame("INF_VI"))))
        entries.append(Piece(at_ns=at_ns, by=By.PUMP, bytes=text_of(ANSWERS[3])))
    found = compared(written(tmp_path / "a.jsonl", HEADER, entries))
    assert (found.exchanges, found.differences) == (180, ())
