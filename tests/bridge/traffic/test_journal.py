"""The wire journal as a file: what is written is read; what died is readable; what is none is refused, every fault at once."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from firmware_bridge.traffic.journal import Happening, Header, Piece, WireWriter, read_wire
from firmware_bridge.virtual_pump.unit import By
from pumpsim.errors import JournalError
from tests.bridge.traffic.talk import written

HEADER = Header(
    source="emulate",
    began="2026-11-26T05:00:00+00:00",
    protocol="alaris",
    model="asena-gh",
    scenario='title = "a"\n',
    pump="main",
    address=3,
    options={"watchdog_s": "20"},
    spontaneous=False,
    power_up_alarm=False,
    speed=2.5,
    redacted="names",
)
ENTRIES = (
    Piece(at_ns=5, by=By.HOST, bytes="".join(map(chr, range(256))), took_ns=3, says="all bytes"),
    Piece(at_ns=9, by=By.PUMP, bytes='"happened"\r\n', alarm="", fault="no whole message"),
    Piece(at_ns=9, by=By.PUMP, bytes="x", alarm="occlusion"),
    Happening(at_ns=10, happened="drop", bytes="\x02 00S\x03"),
    Happening(at_ns=11, happened="told", told={"occlude": "patient end", "for": "3 s"}, ended=True),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    journal = written(tmp_path / "a.jsonl", HEADER, ENTRIES)
    assert journal.header == HEADER
    assert (*journal.pieces, *journal.happenings) == ENTRIES
    assert journal.pieces[0].data == bytes(range(256))
    assert (journal.pieces[0].end_ns, journal.end_ns) == (8, 11)


def test_lines_are_plain_json_in_ascii(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", HEADER, ENTRIES)
    text = (tmp_path / "a.jsonl").read_text(encoding="ascii")
    first, second, *_ = text.splitlines()
    assert json.loads(first)["schema"] == "pumpsim-wire/1"
    assert json.loads(second)["by"] == ">"
    assert len(text.splitlines()) == 1 + len(ENTRIES)


def test_entries_are_in_the_order_of_link_time_however_they_were_finished(tmp_path: Path) -> None:
    late, soon = Piece(at_ns=9, by=By.PUMP, bytes="b"), Piece(at_ns=2, by=By.HOST, bytes="a", took_ns=20)
    assert written(tmp_path / "a.jsonl", HEADER, (late, soon)).pieces == (soon, late)


def test_each_line_is_there_as_soon_as_it_is_written_and_a_torn_one_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with closing(WireWriter(path, HEADER)) as writer:
        for count, entry in enumerate(ENTRIES[:3], start=1):
            writer.write(entry)
            assert read_wire(path).pieces == ENTRIES[:count]
    with path.open("a", encoding="utf-8") as file:
        file.write('{"at_ns":12,"by":">","byt')
    assert read_wire(path).pieces == ENTRIES[:3]


def test_a_journal_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    written(path, HEADER, ENTRIES)
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"a\.jsonl: exists; a journal is never written over"):
        WireWriter(path, HEADER)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "empty, not a wire journal"),
        (['{"schema":"pumpsim-inputs/2"}'], "line 1: schema: Input should be 'pumpsim-wire/1'"),
        (["hello"], "line 1: Invalid JSON"),
        (['{"speed":0.0}'], "line 1: speed: Input should be greater than or equal to 0.001"),
        (["{}", '{"at_ns":-1,"by":">","bytes":"a"}'], "line 2: at_ns: Input should be greater than or equal to 0"),
        (["{}", '{"at_ns":1,"by":"?","bytes":"a"}'], "line 2: by: Input should be '>' or '<'"),
        (["{}", '{"at_ns":1,"by":">","bytes":""}'], "line 2: bytes: Value error, each character is one byte"),
        (["{}", '{"at_ns":1,"by":">","bytes":"\\u0100"}'], "line 2: bytes: Value error, each character is one byte"),
        (["{}", '{"at_ns":1.5,"by":">","bytes":"a"}'], "line 2: at_ns: Input should be a valid integer"),
        (["{}", '{"at_ns":1,"by":">","bytes":"a","more":1}'], "line 2: more: Extra inputs are not permitted"),
        (["{}", '{"at_ns":1,"happened":1}'], "line 2: happened: Input should be a valid string"),
        (["{}", "[]"], "line 2: Input should be"),
    ],
)
def test_what_is_no_journal_is_refused(lines: list[str], said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with pytest.raises(JournalError) as refused:
        read_wire(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)


def test_every_fault_is_told_at_once_and_many_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n" + '{"at_ns":-1}\n' * 10, encoding="utf-8")
    with pytest.raises(JournalError) as refused:
        read_wire(path)
    lines = str(refused.value).splitlines()
    assert len(lines) == 21
    assert lines[0].endswith("line 2: at_ns: Input should be greater than or equal to 0")
    assert lines[-1].endswith("and 10 faults more")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        read_wire(tmp_path / "none.jsonl")
