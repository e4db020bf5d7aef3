"""``sniff``, ``emulate --wire``, ``emulate --replay-wire``, ``conform`` and ``report`` as people run them."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_bridge.traffic.journal import Header, Piece, read_wire, text_of
from firmware_bridge.virtual_pump.unit import By
from tests.bridge.processes import COMMAND, Finished, finish, run, start
from tests.bridge.traffic.talk import NEW_ERA_TALK, PATIENCE_S, TALKS, recorded, talk, wait_until, written


@contextmanager
def running(*arguments: object, cwd: Path, ends: int = 0) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A command that serves a port, for the while: what it says to open, and its process."""
    process = start(*arguments, cwd=cwd)
    try:
        assert process.stdout is not None
        path = process.stdout.readline().strip()
        assert "Ctrl-C ends" in process.stdout.readline(), process.stderr.read() if process.stderr else ""
        yield path, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        done = finish(process)
    assert done.code == ends, done.err


def at(folder: Path, name: str) -> str:
    return str(folder / name)


def test_a_pump_its_sniffer_a_replay_a_comparison_and_a_page(tmp_path: Path) -> None:
    with (
        running("emulate", "--protocol", "new-era", "--link", "ttyPUMP", "--wire", "own.jsonl", cwd=tmp_path),
        running("sniff", "pty:ttyHOST", "ttyPUMP", "--protocol", "new-era", "--wire", "a.jsonl", cwd=tmp_path) as (
            path,
            _,
        ),
    ):
        assert path == "ttyHOST"
        heard = talk(at(tmp_path, "ttyHOST"), NEW_ERA_TALK)
    assert all(heard)
    own, sniffed = read_wire(tmp_path / "own.jsonl"), read_wire(tmp_path / "a.jsonl")
    for journal in (own, sniffed):
        assert b"".join(p.data for p in journal.pieces if p.by is By.HOST) == b"".join(NEW_ERA_TALK)
        assert b"".join(p.data for p in journal.pieces if p.by is By.PUMP) == b"".join(heard)
    assert (own.header.source, own.header.model, sniffed.header.source) == ("emulate", "ne-1000", "sniff")
    for name in ("own.jsonl", "a.jsonl"):
        done = run("conform", name, "--within", "20 s", cwd=tmp_path)
        assert (done.code, done.err) == (0, "")
        assert done.out == f"{len(NEW_ERA_TALK)} exchanges, {len(NEW_ERA_TALK)} replies compared, 0 differences\n"
    with running("emulate", "--replay-wire", "a.jsonl", "--link", "ttyAGAIN", cwd=tmp_path):
        assert talk(at(tmp_path, "ttyAGAIN"), NEW_ERA_TALK) == heard
    assert run("report", "a.jsonl", cwd=tmp_path).out == "report: a.html\n"
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "pump 0: rate 3 mL/h" in page
    assert sorted(os.listdir(tmp_path)) == ["a.html", "a.jsonl", "own.jsonl"]


def test_a_changed_reply_is_listed_and_the_exit_says_so(
    tmp_path: Path, here: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    pieces = [
        Piece(at_ns=1_000_000, by=By.HOST, bytes=text_of(b"VER\r")),
        Piece(at_ns=2_000_000, by=By.PUMP, bytes=text_of(b"\x0200SNE1000V9.9\x03")),
    ]
    written(tmp_path / "a.jsonl", Header(protocol="new-era", power_up_alarm=False), pieces)
    done = here("conform", "a.jsonl")
    assert done.code == 1
    for cell in ("0.001", "other answer", "pump 0: version?", "NE1000V9.9", "NE1000V3.928", "1.0", "0.0"):
        assert f" {cell} " in done.out
    assert "1 exchanges, 1 replies compared, 1 differences" in done.out
    found = json.loads(here("conform", "a.jsonl", "--json").out)
    (difference,) = found.pop("differences")
    assert found == {"exchanges": 1, "compared": 1, "not_judged": 0}
    assert (difference["kind"], difference["recorded_bytes"]) == ("other answer", '02 "00SNE1000V9.9" 03')
    assert here("conform", "a.jsonl", "--ignore", r"V[\d.]+").code == 0
    assert here("conform", "a.jsonl", "--set", "version=NE1000V9.9").code == 0


def test_a_sniffer_that_is_killed_leaves_a_journal_that_can_be_read(tmp_path: Path) -> None:
    with running("emulate", "--protocol", "alaris", "--link", "ttyPUMP", cwd=tmp_path):
        sniffer = start("sniff", "pty:ttyHOST", "ttyPUMP", "--protocol", "alaris", "--wire", "a.jsonl", cwd=tmp_path)
        assert sniffer.stdout is not None
        sniffer.stdout.readline()
        heard = talk(at(tmp_path, "ttyHOST"), TALKS["alaris"][:4])
        wait_until(lambda: sum(piece.by is By.PUMP for piece in read_wire(tmp_path / "a.jsonl").pieces) == 4)
        sniffer.kill()
        finish(sniffer)
    assert heard[0] == b"!INST_SERIALNO^8002-51740|050B\r"
    journal = read_wire(tmp_path / "a.jsonl")
    assert len(journal.pieces) == 8
    assert "serial numbers" in journal.header.redacted
    assert "8002-51740" not in (tmp_path / "a.jsonl").read_text(encoding="ascii")
    assert run("conform", "a.jsonl", "--within", "20 s", cwd=tmp_path).code == 0


def test_a_pump_that_goes_away_ends_the_sniffer_with_1(tmp_path: Path) -> None:
    with running("emulate", "--protocol", "new-era", "--link", "ttyPUMP", cwd=tmp_path):
        sniffer = start("sniff", "pty:ttyHOST", "ttyPUMP", "--protocol", "new-era", "--wire", "a.jsonl", cwd=tmp_path)
        assert sniffer.stdout is not None
        sniffer.stdout.readline()
        talk(at(tmp_path, "ttyHOST"), NEW_ERA_TALK[:2])
    done = finish(sniffer)
    assert done.code == 1
    assert done.err.startswith("the link was lost: the port of the pump is gone: ")
    assert done.out.splitlines()[-1].startswith("host 2 frames (10 bytes), pump 2 frames (")
    journal = read_wire(tmp_path / "a.jsonl")
    assert len(journal.pieces) == 4
    assert journal.happenings[0].happened.startswith("the port of the pump is gone")
    assert not (tmp_path / "ttyHOST").is_symlink()


def test_without_a_protocol_it_is_said_that_letters_and_digits_are_masked(tmp_path: Path) -> None:
    with running("emulate", "--protocol", "new-era", "--link", "ttyPUMP", cwd=tmp_path):
        sniffer = start("sniff", "pty:ttyHOST", "ttyPUMP", cwd=tmp_path)
        assert sniffer.stdout is not None
        sniffer.stdout.readline()
        said = sniffer.stdout.readline()
        talk(at(tmp_path, "ttyHOST"), (b"\r", b"VER\r"))
        sniffer.send_signal(signal.SIGINT)
        done = finish(sniffer)
    assert (done.code, done.err.splitlines()[0][:52]) == (0, "note: no --protocol: letters and digits are masked; ")
    (file,) = tmp_path.glob("wire-*.jsonl")
    assert f"no protocol, 9600 baud 8N1, to ttyPUMP; journal {file.name}" in said
    journal = read_wire(file)
    assert [piece.data for piece in journal.pieces][2:] == [b"XXX\r", b"\x0200XXX0000X0.000\x03"]
    assert journal.header.redacted.startswith("every letter and digit")


def test_a_terminal_shows_a_live_line(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with running("emulate", "--protocol", "new-era", "--link", "ttyPUMP", cwd=tmp_path):
        process = subprocess.Popen(
            [*COMMAND, "sniff", "pty:ttyHOST", "ttyPUMP", "--protocol", "new-era"],
            cwd=tmp_path,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
        )
        os.close(theirs)
        shown, until, asked = b"", time.monotonic() + 6 * PATIENCE_S, False
        while b"host 1 frames" not in shown and time.monotonic() < until:
            if select.select([ours], [], [], 0.5)[0]:
                shown += os.read(ours, 65_536)
            if not asked and b"Ctrl-C ends" in shown:
                asked = bool(talk(at(tmp_path, "ttyHOST"), (b"\r",)))
        process.send_signal(signal.SIGINT)
        while select.select([ours], [], [], 5.0)[0]:
            try:
                shown += os.read(ours, 65_536)
            except OSError:
                break
        assert process.wait(60.0) == 0
    os.close(ours)
    assert b"host 1 frames (1 bytes), pump 1 frames (7 bytes), 0 faults" in shown


JOURNAL = '{"schema":"pumpsim-wire/1","protocol":"new-era"}\n'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sniff", "pty", "/dev/no-such-port"), "cannot open port /dev/no-such-port"),
        (("sniff", "tcp://10.0.0.1:1", "pty"), "loopback only"),
        (("sniff", "pty", "pty", "--protocol", "alari"), "did you mean 'alaris'"),
        (("sniff", "pty", "pty", "--model", "ne-100"), "did you mean 'ne-1000'"),
        (("sniff", "pty", "pty", "--framing", "8X1"), "framing '8X1'"),
        (("sniff", "pty", "pty", "--wire", "a.jsonl"), "a.jsonl: exists; a journal is never written over"),
        (("conform", "none.jsonl"), "none.jsonl: No such file"),
        (("conform", "bad.jsonl"), "bad.jsonl: not a wire journal"),
        (("conform", "a.jsonl", "--within", "5"), "--within = '5': the unit is missing"),
        (("conform", "a.jsonl", "--protocol", "latin"), "protocol of a virtual pump: 'latin'"),
        (("conform", "a.jsonl", "--model", "ne-100"), "unknown model 'ne-100'"),
        (("conform", "a.jsonl", "--scenario", "none.toml"), "none.toml: there is no such file"),
        (("report", "none.jsonl"), "none.jsonl: No such file"),
        (("report", "a.jsonl", "--out", "a.jsonl"), "a.jsonl is the journal"),
        (("report", "a.jsonl", "--out", "/"), "/: "),
        (("report", "a.jsonl", "--out", "none/a.html"), "none/a.html: No such file"),
        (("emulate", "--replay-wire", "none.jsonl"), "none.jsonl: No such file"),
        (("emulate", "--replay-wire", "a.jsonl", "--protocol", "alaris"), "the journal says all"),
        (("emulate", "--replay-wire", "a.jsonl", "--speed", "2"), "the journal says all"),
        (("emulate", "--replay-wire", "a.jsonl", "--drop", "0.1"), "the journal says all"),
        (("emulate", "--protocol", "alaris", "--keep-identifiers"), "--keep-identifiers is for the journal of --wire"),
        (("conform", "a.jsonl", "--address", "100"), "new-era has the addresses 0 to 99"),
        (("emulate", "--wire", "b.jsonl"), "name --protocol"),
        (("emulate", "--protocol", "alaris", "--wire", "a.jsonl"), "a.jsonl: exists"),
        (("emulate", "--protocol", "alaris", "--wire", "b.jsonl", "--count", "2"), "a wire journal is of one wire"),
    ],
)
def test_bad_input_is_one_clear_message_and_exit_2(
    arguments: tuple[str, ...], said: str, tmp_path: Path, here: Callable[..., Finished]
) -> None:
    (tmp_path / "a.jsonl").write_text(JOURNAL)
    (tmp_path / "bad.jsonl").write_text('{"schema":"pumpsim-inputs/2"}\n')
    done = here(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert sorted(os.listdir(tmp_path)) == ["a.jsonl", "bad.jsonl"]
    assert (tmp_path / "a.jsonl").read_text() == JOURNAL


def test_a_pump_that_was_on_long_ago_is_compared_with_one_that_is(
    tmp_path: Path, here: Callable[..., Finished]
) -> None:
    pieces = [
        Piece(at_ns=1_000_000, by=By.HOST, bytes=text_of(b"07\r")),
        Piece(at_ns=2_000_000, by=By.PUMP, bytes=text_of(b"\x0207S\x03")),
    ]
    written(tmp_path / "b.jsonl", Header(protocol="new-era"), pieces)
    assert here("conform", "b.jsonl", "--no-power-up-alarm", "--address", 7).code == 0
    assert here("conform", "b.jsonl", "--address", 7).code == 1
    assert here("conform", "b.jsonl", "--no-power-up-alarm").code == 1


OPTIONS = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
PAGE = (Path(__file__).parents[3] / "docs" / "real_traffic.md").read_text(encoding="utf-8")


def test_the_page_names_no_option_that_is_not_there(
    here: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    helps = "".join(here(command, "--help").out for command in ("sniff", "conform", "report", "emulate"))
    assert len(set(OPTIONS.findall(PAGE))) > 10
    assert set(OPTIONS.findall(PAGE)) <= set(OPTIONS.findall(helps))


def test_every_bad_argument_is_told_at_once(tmp_path: Path, here: Callable[..., Finished]) -> None:
    (tmp_path / "a.jsonl").write_text(JOURNAL)
    done = here("conform", "a.jsonl", "--ignore", "(", "--ignore", "[", "--set", "version")
    assert done.code == 2
    assert [line.partition(":")[0] for line in done.err.splitlines()] == ["--set version", "--ignore (", "--ignore ["]


def test_a_journal_in_which_nothing_was_said(tmp_path: Path, here: Callable[..., Finished]) -> None:
    (tmp_path / "a.jsonl").write_text(JOURNAL)
    done = here("conform", "a.jsonl")
    assert (done.code, done.out) == (2, "0 exchanges, 0 replies compared, 0 differences\n"), (
        "no pump passes by saying nothing"
    )
    assert "nothing was compared" in done.err
    assert here("report", "a.jsonl").code == 0
    assert "Nothing went over the wire." in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_what_a_test_keeps_of_its_pump_is_the_same_kind_of_file(tmp_path: Path, here: Callable[..., Finished]) -> None:
    recorded(tmp_path / "a.jsonl", "fresenius", TALKS["fresenius"])
    assert here("conform", "a.jsonl", "--within", "20 s").code == 0
    assert "MORPHINE" not in (tmp_path / "a.jsonl").read_text(encoding="ascii")
