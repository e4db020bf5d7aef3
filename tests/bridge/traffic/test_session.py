"""The page of a session: what is shown, how long replies took, what was wrong and when, and the page itself."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from firmware_bridge.protocols.alaris_frames import frame
from firmware_bridge.protocols.fresenius_link import frame as orchestra
from firmware_bridge.traffic.journal import Entry, Happening, Header, Piece, text_of
from firmware_bridge.traffic.session import session_of
from firmware_bridge.virtual_pump.unit import By
from pumpsim.analysis.traffic import MOST_SHOWN, Rung, Session, Source, Trouble, reply_times, shown
from pumpsim.report.session import render, write_session
from tests.bridge.traffic.talk import MS, heard, overheard, written

HOST, PUMP = By.HOST, By.PUMP


def rung(at: int, fault: str = "") -> Rung:
    return Rung(at, at % 2 == 0, "00", "", fault)


def session(path: Path, header: Header, pieces: list[tuple[int, By, bytes]], *happened: Happening) -> Session:
    """The session of bytes at their instants (ms)."""
    entries: list[Entry] = [*heard(overheard(header.protocol, pieces, hide=False)), *happened]
    return session_of(written(path, header, entries), path.name)


@pytest.mark.parametrize(
    ("ms", "median", "p99", "longest"),
    [
        ([3.0], 3.0, 3.0, 3.0),
        ([4.0, 1.0], 2.5, 4.0, 4.0),
        ([5.0, 1.0, 3.0], 3.0, 5.0, 5.0),
        ([float(n) for n in range(100, 0, -1)], 50.5, 99.0, 100.0),
        ([float(n) for n in range(1, 201)], 100.5, 198.0, 200.0),
    ],
)
def test_reply_times_by_hand(ms: list[float], median: float, p99: float, longest: float) -> None:
    times = reply_times([Rung(0, False, "", "", "", round(value * MS)) for value in ms])
    assert times is not None
    assert times.ms == tuple(ms)
    assert (times.median_ms, times.p99_ms, times.longest_ms) == (median, p99, longest)
    assert reply_times([rung(1)]) is None


def test_a_short_conversation_is_shown_whole() -> None:
    rungs = [rung(n) for n in range(MOST_SHOWN)]
    (stretch,) = shown(rungs)
    assert (stretch.rungs, stretch.left_out) == (tuple(rungs), 0)


def test_of_a_long_one_begin_end_and_what_is_around_faults_is_shown() -> None:
    rungs = [rung(n, "bad" if n in (5_000, 5_001) else "") for n in range(10_000)]
    stretches = shown(rungs)
    assert [(s.rungs[0].at_ns, s.rungs[-1].at_ns, s.left_out) for s in stretches] == [
        (0, 119, 4_877),
        (4_997, 5_004, 4_875),
        (9_880, 9_999, 0),
    ]
    assert sum(len(s.rungs) + s.left_out for s in stretches) == 10_000


def test_so_many_faults_do_not_make_it_longer() -> None:
    stretches = shown([rung(n, "bad") for n in range(10_000)])
    assert MOST_SHOWN - 7 <= sum(len(s.rungs) for s in stretches) <= MOST_SHOWN


def test_reply_times_are_those_of_questions_that_are_answered(tmp_path: Path) -> None:
    pieces = [
        (0, HOST, orchestra("0DC")),
        (3, PUMP, b"\x06"),
        (4, PUMP, orchestra("0C")),
        (5, HOST, b"\x06"),
        (1_005, PUMP, b"\x05"),
        (1_006, HOST, b"\x14"),
        (1_500, PUMP, orchestra("1E;r000001")),
        (1_501, HOST, b"\x06" + orchestra("1E")),
        (1_502, PUMP, b"\x06"),
        (2_000, HOST, orchestra("1LE;d")),
        (2_007, PUMP, b"\x06" + orchestra("1C;d0032")),
    ]
    found = session(tmp_path / "a.jsonl", Header(protocol="fresenius"), pieces)
    times = reply_times(found.rungs)
    assert times is not None
    assert times.ms == (3.0, 7.0)


def test_alarms_last_from_the_frame_that_told_of_them_to_the_one_that_told_their_end(tmp_path: Path) -> None:
    def alarm(code: str) -> bytes:
        return frame("ALARM", f"AL_{code}", " ", " ")

    said = [(1_000, "NOALM"), (2_000, "OCCLU"), (3_000, "OCCLU"), (4_000, "LWBAT"), (5_000, "NOALM"), (6_000, "NEOIN")]
    pieces = [(at, PUMP, alarm(code)) for at, code in said] + [(7_000, HOST, frame("ALARM"))]
    found = session(tmp_path / "a.jsonl", Header(protocol="alaris", speed=2.0), pieces)
    s = 2_000 * MS
    assert found.troubles == (
        Trouble(Source.PUMP, "occlusion", 2 * s, 4 * s),
        Trouble(Source.PUMP, "battery low", 4 * s, 5 * s),
        Trouble(Source.PUMP, "near end of infusion", 6 * s, 7 * s),
    )
    assert found.end_ns == 7 * s


def test_faults_of_the_wire_and_what_was_done_stand_at_their_instants_of_pump_time(tmp_path: Path) -> None:
    happened = (
        Happening(at_ns=3 * MS, happened="drop", bytes="x"),
        Happening(at_ns=4 * MS, happened="told", told={"occlude": "patient end"}),
        Happening(at_ns=6 * MS, happened="told", told={"occlude": "patient end"}, ended=True),
    )
    pieces = [(1, PUMP, frame("INF_START")[:-2] + b"0\r"), (9, PUMP, frame("INF_START"))]
    found = session(tmp_path / "a.jsonl", Header(protocol="alaris", speed=10.0), pieces, *happened)
    assert found.troubles == (
        Trouble(Source.TOLD, "occlude patient end", 40 * MS, 40 * MS),
        Trouble(Source.TOLD, "end of occlude patient end", 60 * MS, 60 * MS),
        Trouble(Source.WIRE, "the check is wrong", 10 * MS, 10 * MS),
        Trouble(Source.WIRE, "frame dropped", 30 * MS, 30 * MS),
    )


def test_what_happened_beside_the_frames_stands_between_them(tmp_path: Path) -> None:
    happened = (
        Happening(at_ns=1 * MS, happened="corrupt", bytes="\x0200S\x03"),
        Happening(at_ns=2 * MS, happened="told", told={"occlude": "patient end"}, ended=True),
        Happening(at_ns=3 * MS, happened="the port of the pump is gone: unplugged"),
    )
    found = session(tmp_path / "a.jsonl", Header(protocol="new-era"), [(1, HOST, b"\r")], *happened)
    assert found.rungs == (
        Rung(1 * MS, True, "0D", "pump 0: status?"),
        Rung(1 * MS, None, '02 "00S" 03', "as it was meant:", "bit turned"),
        Rung(2 * MS, None, "", "done to the pump: end of occlude patient end"),
        Rung(3 * MS, None, "", "", "the port of the pump is gone: unplugged"),
    )
    page = render(found)
    assert page.count('class="rung aside"') == 3
    assert page.count('class="shaft"') == 1


def page_of(path: Path) -> str:
    long_line = b"!" + b"A" * 90 + b"<script>alert(1)</script>\r"
    pieces: list[tuple[int, By, bytes]] = [(0, PUMP, frame("ALARM", "AL_OCCLU", " ", " ")), (1, PUMP, long_line)]
    for n in range(1, 500):
        pieces += [(n * 1_000, HOST, frame("INF_VI")), (n * 1_000 + 1 + n % 7, PUMP, frame("INF_VI", "0.007", "ml"))]
    return render(session(path, Header(protocol="alaris", redacted="names"), pieces))


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(tmp_path: Path) -> None:
    page = page_of(tmp_path / "a.jsonl")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert "default-src 'none'" in page
    body = page[page.index("<body>") : page.index("</html>")].replace("&nbsp;", " ")
    ET.fromstring(re.sub(r"<br>", "<br/>", body))


def test_the_page_folds_what_is_long_and_says_what_is_left_out(tmp_path: Path) -> None:
    page = page_of(tmp_path / "a.jsonl")
    assert page.count('<th scope="row" class="number">') == 240
    assert "240 of 1000 lines are shown" in page
    assert "760 lines left out" in page
    assert page.count("<details>") == 1
    assert page.count("<svg") == 2
    assert "499 replies: median 4 ms, 99th percentile 7 ms, longest 7 ms" in page
    assert "Redacted: names." in page


def test_a_long_meaning_is_folded(tmp_path: Path) -> None:
    entries = [Piece(at_ns=n, by=PUMP, bytes="x", says="word " * n) for n in (30, 31)]
    page = render(session_of(written(tmp_path / "a.jsonl", Header(), entries), "a"))
    assert page.count("<details>") == 1


def test_the_page_is_the_same_each_time_and_written_whole(tmp_path: Path) -> None:
    page = page_of(tmp_path / "a.jsonl")
    assert page == page_of(tmp_path / "b.jsonl").replace("b.jsonl", "a.jsonl")
    found = session(tmp_path / "c.jsonl", Header(), [(0, HOST, b"abc")])
    (tmp_path / "c.html").write_text("before")
    write_session(tmp_path / "c.html", found)
    assert "(not read)" in (tmp_path / "c.html").read_text(encoding="utf-8")
    assert sorted(file.name for file in tmp_path.glob("c*")) == ["c.html", "c.jsonl"]


def test_pieces_say_who_spoke_and_what_is_wrong(tmp_path: Path) -> None:
    header = Header(protocol="new-era", model="ne-1000", speed=2.0, options={"safe": "0"})
    found = session(tmp_path / "a.jsonl", header, [(0, HOST, b"\r"), (2, PUMP, b"\x0200S")])
    assert found.rungs == (
        Rung(0, True, "0D", "pump 0: status?"),
        Rung(2 * MS, False, '02 "00S"', "", "no whole packet", 2 * MS),
    )
    facts = dict(found.facts)
    assert (facts["Model"], facts["Speed"]) == ("ne-1000", "2 times: pump time for link time")
    assert (facts["Settings"], facts["Frames"]) == ("safe = 0", "1 of the host, 1 of the pump, 5 bytes")
    assert any("may have been cut off" in note for note in found.notes)


def test_a_piece_is_what_was_written(tmp_path: Path) -> None:
    piece = Piece(at_ns=1, by=PUMP, bytes=text_of(b"\xff\x00"))
    assert session_of(written(tmp_path / "a.jsonl", Header(), [piece]), "a").rungs[0].spelled == "FF 00"
