"""Commands for what goes over a wire: ``sniff`` writes it down, ``conform`` compares, ``report`` shows, ``replay`` answers."""

import json
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpsim.errors import PumpsimError

if TYPE_CHECKING:
    from firmware_bridge.traffic.conformity import Conformity, Difference

USUAL_BAUD, USUAL_FRAMING = 9_600, "8N1"
JOURNAL = Annotated[Path, typer.Argument(help="Wire journal (JSON lines).", metavar="FILE")]
NAMED = Annotated[str | None, typer.Option(help="What is spoken; firmware-bridge protocols lists it.")]


def sniff(
    host: Annotated[
        str, typer.Argument(help="The host's port: pty:./ttyHOST, tcp://127.0.0.1:0, /dev/ttyUSB0.", metavar="A")
    ],
    pump: Annotated[str, typer.Argument(help="The pump's port: /dev/ttyUSB1, socket://host:port.", metavar="B")],
    wire: Annotated[Path | None, typer.Option("--wire", help="The journal; default wire-<date>-<time>.jsonl.")] = None,
    protocol: NAMED = None,
    model: Annotated[str, typer.Option(help="Model of the catalogue that the pump is, for conform.")] = "",
    baud: Annotated[int | None, typer.Option(help="Baud rate, if not the protocol's own.", min=300)] = None,
    framing: Annotated[
        str | None, typer.Option(help="Bits, parity, stop bits: 8N1, 7E1; default the protocol's.")
    ] = None,
    keep_identifiers: Annotated[
        bool, typer.Option("--keep-identifiers", help="Redact nothing: the journal may hold patient data.")
    ] = False,
) -> None:
    """Sit between a host and its pump: pass every byte on, and write a wire journal.

    The first line printed is what the host is to open. Without --protocol nothing can be understood, so letters and digits are
    masked unless identifiers are kept. Ends with Ctrl-C (exit 0), or when a side is lost (1).
    """
    from firmware_bridge.cli import on_signal
    from firmware_bridge.cli.sniffed import Counts
    from firmware_bridge.protocols import PROTOCOLS
    from firmware_bridge.traffic.journal import Header, WireWriter
    from firmware_bridge.traffic.languages import language_of
    from firmware_bridge.traffic.of_a_unit import now
    from firmware_bridge.traffic.ports import Ports, port_of
    from firmware_bridge.traffic.recorder import Recorder
    from firmware_bridge.traffic.sniffer import sniff as listen
    from firmware_bridge.virtual_pump.dialect import Dialect
    from firmware_bridge.virtual_pump.unit import By
    from pumpsim.catalogue.pumps import MODELS
    from pumpsim.errors import UnknownNameError

    language = language_of(protocol or "")
    row = PROTOCOLS[protocol] if protocol else None
    if model and model not in MODELS:
        raise UnknownNameError(f"model {model!r}", model, MODELS)
    began = now()
    path = wire or Path(f"wire-{re.sub(r'[^0-9]', '', began[:19])}.jsonl")
    if path.exists():
        raise PumpsimError(f"{path}: exists; a journal is never written over, name another file")
    rate = baud or (USUAL_BAUD if row is None else row.baud)
    bits = framing or (row.framing if isinstance(row, Dialect) else USUAL_FRAMING)
    hide = not keep_identifiers
    header = Header(began=began, protocol=protocol or "", model=model, redacted=language.redacts if hide else "")
    with closing(port_of(pump, rate, bits)) as far, closing(port_of(host, rate, bits)) as near:
        interrupted = on_signal()
        with closing(WireWriter(path, header)) as writer, Ports({By.HOST: near, By.PUMP: far}) as ports:
            recorder = Recorder(language, writer.write, hide)
            spoken = protocol or "no protocol"
            print(f"{near.path}\n{spoken}, {rate} baud {bits}, to {far.path}; journal {path}; Ctrl-C ends", flush=True)
            if hide and protocol is None:
                print(
                    "note: no --protocol: letters and digits are masked; --keep-identifiers keeps them", file=sys.stderr
                )
            with Counts(recorder, ports) as counts:
                lost = listen(ports, recorder, interrupted, counts.show)
    print(counts.words())
    if lost is not None:
        print(f"the link was lost: {lost}", file=sys.stderr)
        raise typer.Exit(1)


def conform(
    file: JOURNAL,
    protocol: NAMED = None,
    model: Annotated[str | None, typer.Option(help="Model of the catalogue, if not the journal's.")] = None,
    scenario: Annotated[Path | None, typer.Option(help="Scenario of our pump, if not the journal's.")] = None,
    option: Annotated[
        list[str] | None, typer.Option("--set", help="Setting of the dialect: KEY=VALUE.", metavar="KEY=VALUE")
    ] = None,
    pump: Annotated[str | None, typer.Option(help="Which pump of the scenario, when it has several.")] = None,
    address: Annotated[int | None, typer.Option(help="Address of our first pump on the line.")] = None,
    no_power_up_alarm: Annotated[
        bool,
        typer.Option(
            "--no-power-up-alarm", help="Ours does not say that its power was gone, as one that was on long ago."
        ),
    ] = False,
    no_spontaneous: Annotated[bool, typer.Option("--no-spontaneous", help="Ours sends no alarm unasked.")] = False,
    within: Annotated[str, typer.Option(help="How far reply times may differ.")] = "100 ms",
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="What need not be the same in a reply: a regular expression.", metavar="REGEX"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
) -> None:
    """Play a journal's host to our virtual pump, on virtual time, and list every reply and reply time that differs.

    Exit 0: none does; 1: some do; 2: something is bad, or nothing could be compared.
    """
    from firmware_bridge.traffic.conformity import conformity
    from firmware_bridge.traffic.journal import read_wire
    from firmware_bridge.traffic.of_a_unit import unit_for
    from pumpsim.scenario_file.told import span_ns

    faults: list[str] = []
    settings, patterns = _settings(option or (), faults), _patterns(ignore or (), faults)
    if faults:
        raise PumpsimError("\n".join(faults))
    journal = read_wire(file)
    named: dict[str, object] = {"pump": pump} if pump is not None else {}
    named |= {"address": address} if address is not None else {}
    named |= {"power_up_alarm": False} if no_power_up_alarm else {}
    named |= {"spontaneous": False} if no_spontaneous else {}
    journal = replace(journal, header=journal.header.model_copy(update=named))
    unit, language = unit_for(journal, protocol or "", model, scenario, settings)
    found = conformity(journal, unit, language, span_ns("--within", within), patterns)
    if as_json:
        print(json.dumps(_as_json(found), indent=2))
    else:
        _print(found, file)
    if not found.compared and not found.differences:
        raise PumpsimError(f"{file}: nothing was compared: no answer in it has one of ours beside it")
    raise typer.Exit(1 if found.differences else 0)


def report(
    file: JOURNAL,
    out: Annotated[Path | None, typer.Option(help="The page; default the journal's name with .html.")] = None,
) -> None:
    """Show a wire journal as one self-contained page: the ladder of frames, reply times, faults on the pump's time."""
    from firmware_bridge.traffic.journal import read_wire
    from firmware_bridge.traffic.session import session_of
    from pumpsim.report.session import write_session

    path = out or file.with_suffix(".html")
    if path == file:
        raise PumpsimError(f"{path} is the journal: name another file with --out")
    write_session(path, session_of(read_wire(file), file.name))
    print(f"report: {path}")


def replay(file: Path, link: Path | None, port: str | None, interrupted: Callable[[], bool]) -> int:
    """Answer a host from a journal until interrupted; the exit code."""
    from firmware_bridge.setting_up import dialects, opener_of
    from firmware_bridge.traffic.journal import read_wire
    from firmware_bridge.traffic.ports import Ports, SideLost
    from firmware_bridge.traffic.replay import Player, serve
    from firmware_bridge.virtual_pump.unit import By

    journal = read_wire(file)
    player = Player(journal, lambda line: print(line, flush=True))
    dialect = dialects().get(journal.header.protocol)
    with closing(opener_of(port, link, USUAL_BAUD if dialect is None else dialect.baud)()) as plug:
        print(f"{plug.path}\nanswers from {file}, {player.left} of the host's frames; Ctrl-C ends", flush=True)
        with Ports({By.HOST: plug}) as ports:
            try:
                serve(player, ports, interrupted)
            except SideLost as lost:
                print(f"the link was lost: {lost}", file=sys.stderr)
                return 1
    print(
        f"{player.answered} answered, {player.unknown} not known, {player.passed_over} passed over, {player.left} left"
    )
    return 0


def _settings(options: Sequence[str], faults: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals:
            faults.append(f"--set {option}: KEY=VALUE is wanted")
        found[key] = value
    return found


def _patterns(expressions: Sequence[str], faults: list[str]) -> list[re.Pattern[str]]:
    found: list[re.Pattern[str]] = []
    for expression in expressions:
        try:
            found.append(re.compile(expression))
        except re.error as error:
            faults.append(f"--ignore {expression}: no regular expression: {error}")
    return found


def _as_json(found: "Conformity") -> dict[str, object]:
    return asdict(found) | {
        "differences": [asdict(d) | {"kind": d.kind.value} for d in found.differences],
    }


def _print(found: "Conformity", file: Path) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    def delay(ms: float | None) -> str:
        return "-" if ms is None else f"{ms:.1f}"

    def answers(d: "Difference") -> tuple[str, str]:
        """The meanings where they tell the two apart, else the bytes."""
        if d.recorded and d.ours and d.recorded != d.ours:
            return d.recorded, d.ours
        return d.recorded_bytes or "-", d.ours_bytes or "-"

    console = Console(highlight=False)
    if found.differences:
        table = Table(
            "at (s)", "differs", "host", "recorded", "ours", title=f"{file.name} and our pump", title_justify="left"
        )
        table.add_column("recorded (ms)", justify="right")
        table.add_column("ours (ms)", justify="right")
        for d in found.differences:
            cells = f"{d.at_ns / 1e9:.3f}", d.kind.value, d.host, *answers(d)
            table.add_row(*map(escape, cells), delay(d.recorded_ms), delay(d.ours_ms))
        console.print(table)
    not_judged = f", {found.not_judged} not judged (damaged or lost on the recorded wire)" if found.not_judged else ""
    console.print(
        f"{found.exchanges} exchanges, {found.compared} replies compared, {len(found.differences)} differences{not_judged}"
    )
