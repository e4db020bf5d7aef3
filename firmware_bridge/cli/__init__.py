"""The command ``firmware-bridge``: drive a device by a scenario, be a device or a pump, list the ports.

Exit codes: 0 all is well; 1 an expectation failed, or the link was lost and nobody expected it; 2 a file, an argument or
a port is bad; 130 interrupted (the pump was stopped first). Heavy modules are imported by the commands that need them.
"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from firmware_bridge.cli import traffic
from pumpsim.errors import PumpsimError

if TYPE_CHECKING:
    from firmware_bridge.bridge import BridgeStep
    from firmware_bridge.device import Device

NOTICE = "Engineering software, not a medical device: never connect to a person."

app = typer.Typer(
    help=f"Drive a pump on a serial port by a scenario, or be such a pump. {NOTICE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
PROTOCOL = Annotated[str, typer.Option(help="What the device speaks; firmware-bridge protocols lists it.")]
FAULT = Annotated[float, typer.Option(help="Share of replies, 0 to 1, to which it happens.", min=0.0, max=1.0)]
PUMP = Annotated[str | None, typer.Option(help="Which pump of the scenario, when it has several.")]


@app.command()
def drive(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (TOML).", metavar="SCENARIO")],
    port: Annotated[str, typer.Option(help="Serial port: /dev/ttyUSB0, COM3, ./ttyPUMP, socket://host:port.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the records; default runs/<scenario>/bridge.")] = None,
    protocol: PROTOCOL = "native",
    pump: PUMP = None,
    baud: Annotated[int | None, typer.Option(help="Baud rate, if not the protocol's own.", min=300)] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write the records only, no report.html.")] = False,
) -> None:
    """Let the scenario's operator drive a real or emulated device, in real time."""
    from firmware_bridge.bridge import Bridge
    from firmware_bridge.cli.bench import baud_of, bench_of, load_alone, opener
    from firmware_bridge.cli.conclusion import conclude
    from firmware_bridge.loop import drive as drive_loop
    from firmware_bridge.loop import session_number
    from firmware_bridge.recording import Recording

    rate = baud or baud_of(protocol)
    whole = load_alone(scenario, pump)
    bench = bench_of(whole)
    bridge = Bridge(bench.setup.model, bench.commands, session_number(), asks=bench.asks)
    recording = Recording(bench.setup, whole.seed, out or Path("runs") / whole.name / "bridge")
    if bench.faults:
        print("note: the scenario's faults are for the device to have; this end only sees what comes of them")

    def tell(step: "BridgeStep") -> None:
        recording.take(step)
        _print_step(bench.setup.id, step)

    try:
        end = drive_loop(bridge, opener(port, rate), whole.duration_ns, tell, on_signal())
    finally:
        recording.close()
    raise typer.Exit(conclude(end, bridge, recording, whole, port, report=not no_report))


def _emulate_by_file(
    rack: Path | None, replay_wire: Path | None, control: str | None, place: tuple[Path | None, str | None], told: bool
) -> int:
    """Be what a file says: the pumps of a rack, or the answers of a journal; ``told``: more was said than can be."""
    if replay_wire is None:
        assert rack is not None
        if told:
            raise PumpsimError("--rack: the file says all of its ports; only --control goes with it")
        from firmware_bridge.cli.rack_file import made_of
        from firmware_bridge.cli.virtual import emulate as be_pumps

        return be_pumps(made_of(rack, control), on_signal())
    if told or control or rack:
        raise PumpsimError("--replay-wire: the journal says all; only --link and --port go with it")
    from firmware_bridge.cli.traffic import replay

    return replay(replay_wire, *place, on_signal())


@app.command()
def emulate(
    model: Annotated[str | None, typer.Argument(help="Model of the catalogue; default dual-channel-cassette.")] = None,
    protocol: PROTOCOL = "native",
    scenario: Annotated[Path | None, typer.Option(help="Scenario with model, bags, set, access and faults.")] = None,
    pump: PUMP = None,
    link: Annotated[Path | None, typer.Option(help="Stable name to make for the pseudo-terminal: ./ttyPUMP.")] = None,
    port: Annotated[
        str | None, typer.Option(help="Use this port (a socat end, a real one, tcp://127.0.0.1:0), not a new one.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="A new host finds bags and line as the last one left.")] = False,
    speed: Annotated[float, typer.Option(help="Pump time for wall time; the wire stays as it is.")] = 1.0,
    scale_link_timers: Annotated[
        bool,
        typer.Option("--scale-link-timers", help="The wire's watchdogs, keep-alives and pauses run at --speed too."),
    ] = False,
    count: Annotated[int, typer.Option(help="So many pumps, each on its own port.", min=1, max=1000)] = 1,
    control: Annotated[str | None, typer.Option(help="Take requests on this loopback port (see inject).")] = None,
    latency: Annotated[str | None, typer.Option(help="Least time until a reply goes out: '20 ms'.")] = None,
    baud_pacing: Annotated[bool, typer.Option("--baud-pacing", help="Bytes take as long as on a real line.")] = False,
    drop: FAULT = 0.0,
    corrupt: FAULT = 0.0,
    duplicate: FAULT = 0.0,
    split: FAULT = 0.0,
    glue: FAULT = 0.0,
    delay: FAULT = 0.0,
    reorder: FAULT = 0.0,
    gap: Annotated[str | None, typer.Option(help="Pause within what is split: '20 ms'.")] = None,
    delay_by: Annotated[str | None, typer.Option(help="How late comes what is delayed: '500 ms'.")] = None,
    silent: Annotated[bool, typer.Option("--silent", help="Nothing goes out or comes in.")] = False,
    lose_first: Annotated[bool, typer.Option("--lose-first", help="Lose the first thing that the host says.")] = False,
    host_baud: Annotated[int, typer.Option(help="The host's rate is this one: at a wrong one both hear garbage.")] = 0,
    strict_baud: Annotated[
        bool, typer.Option("--strict-baud", help="See what rate the host sets its pseudo-terminal to, and mind it.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the wire's chance.")] = 1,
    no_spontaneous: Annotated[bool, typer.Option("--no-spontaneous", help="Send no alarm unasked.")] = False,
    no_power_up_alarm: Annotated[
        bool, typer.Option("--no-power-up-alarm", help="Do not say that the power was gone.")
    ] = False,
    address: Annotated[int | None, typer.Option(help="Address of the first pump on the line.")] = None,
    option: Annotated[
        list[str] | None, typer.Option("--set", help="Setting of the dialect: KEY=VALUE.", metavar="KEY=VALUE")
    ] = None,
    journal: Annotated[Path | None, typer.Option("--wire", help="Keep a wire journal in this file.")] = None,
    keep_identifiers: Annotated[
        bool, typer.Option("--keep-identifiers", help="Redact nothing in the wire journal.")
    ] = False,
    rack: Annotated[
        Path | None,
        typer.Option(help="A file of ports, each with a protocol and pumps of its own: docs/test_your_driver.md."),
    ] = None,
    replay_wire: Annotated[
        Path | None, typer.Option(help="Answer from this wire journal, with no pump behind; see sniff.")
    ] = None,
) -> None:
    """Be a pump on a port that speaks its protocol; with the native one, a device on a serial line with no controller in it.

    The first line printed is the path to attach to (one for each pump). The native device: each new host begins with a new
    power-on and, without --keep, with full bags and the scenario's faults still to come. A pump with another protocol is
    itself in control; all options from --speed on are for these.
    """
    wire: dict[str, object] = {"drop": drop, "corrupt": corrupt, "duplicate": duplicate, "split": split, "glue": glue}
    wire |= {"delay": delay, "reorder": reorder, "silent": silent, "lose_first": lose_first, "host_baud": host_baud}
    wire |= {
        key: text for key, text in (("latency", latency), ("gap", gap), ("delay_by", delay_by)) if text is not None
    }
    of_the_wire = (
        scale_link_timers,
        any(wire.values()),
        baud_pacing,
        no_spontaneous,
        no_power_up_alarm,
        journal,
        strict_baud,
    )
    others = any((*of_the_wire, count != 1, speed != 1.0, option, address is not None))
    if keep_identifiers and journal is None:
        raise PumpsimError("--keep-identifiers is for the journal of --wire")
    if replay_wire is not None or rack is not None:
        told = any((others, keep, model, scenario, pump, protocol != "native", rack is not None and (link or port)))
        raise typer.Exit(_emulate_by_file(rack, replay_wire, control, (link, port), told))
    if protocol != "native":
        if keep:
            raise PumpsimError("--keep is for the native protocol: a virtual pump keeps what it has")
        from firmware_bridge.cli.virtual import Wanted, made
        from firmware_bridge.cli.virtual import emulate as be_pumps

        wanted = Wanted(
            model,
            protocol,
            scenario,
            pump,
            link,
            port,
            count,
            control,
            speed,
            wire,
            baud_pacing,
            not no_spontaneous,
            not no_power_up_alarm,
            option or (),
            address,
            seed,
            journal,
            keep_identifiers,
            scale_link_timers,
            strict_baud,
        )
        raise typer.Exit(be_pumps([made(wanted)], on_signal()))
    if others or control:
        raise PumpsimError("options from --speed on are for pumps with a protocol of their own: name --protocol")
    from firmware_bridge.cli.bench import baud_of, bench_for, device_end
    from firmware_bridge.emulator import emulator
    from firmware_bridge.loop import serve, session_number
    from firmware_bridge.transports import LinkLost
    from pumpsim.vocabulary.path import Sensing

    rate = baud_of(protocol)
    if link is not None and port is not None:
        raise PumpsimError("--link names a new pseudo-terminal, --port an existing device: give one of them")
    bench = bench_for(model, scenario, pump)
    pumped = bench.setup.model
    if bench.setup.sensing != Sensing():
        print("note: the scenario's sensing (period, noise, quantum) is not emulated", file=sys.stderr)
    device = emulator(pumped, bench.setup.path, bench.faults, epoch=session_number(), keep_world=keep)
    interrupted = on_signal()
    transport, path = device_end(link, port, rate)
    try:
        print(f"{path}\n{pumped.id}, {protocol} protocol, {rate} baud; Ctrl-C ends", flush=True)
        serve(device, transport, interrupted, _print_status)
    except LinkLost as lost:
        print(f"the link was lost: {lost}", file=sys.stderr)
        raise typer.Exit(1) from lost
    finally:
        transport.close()


for command in (traffic.sniff, traffic.conform, traffic.report):
    app.command()(command)


@app.command()
def inject(
    control: Annotated[str, typer.Argument(help="Port of emulate --control, or host:port.", metavar="CONTROL")],
    words: Annotated[
        list[str],
        typer.Argument(help="What is done: WORD [VALUE] [KEY=VALUE...].", metavar="WORD [VALUE] [KEY=VALUE]..."),
    ],
    lasting: Annotated[str | None, typer.Option("--for", help="How long a fault stands, on pump time: '30 s'.")] = None,
) -> None:
    """Do something to a virtual pump that runs, in the words of scenario files.

    inject 7001 occlude "patient end" --for "30 s"; inject 7001 do stop line=A;
    inject 7001 load '{ line = "A", rate = "5 mL/h" }'

    Beside these: end '{ occlude = "patient end" }', wire '{ drop = 0.1 }', power-cycle, unplug "2 s", read. One of several
    pumps: pump=NAME; one of several ports: unit=2.
    """
    from firmware_bridge.cli.request import inject as send

    raise typer.Exit(send(control, words, lasting))


@app.command()
def protocols(
    page: Annotated[Path | None, typer.Option(help="Write the page of all of them into this file instead.")] = None,
) -> None:
    """Show what pumps can be emulated: protocols with their settings, and what of them is assumed."""
    from firmware_bridge.setting_up import dialects

    if page is not None:
        from firmware_bridge.protocol_page import page as written

        page.write_text(written(dialects()), encoding="utf-8", newline="\n")
        print(page)
        return
    print("native: a device without a controller, for drive (docs/native_protocol.md)")
    for name, row in dialects().items():
        print(f"{name}: {row.title}; {row.baud} baud {row.framing}, model {row.model}")
        for key, value in row.options.items():
            print(f"  --set {key}={value}")
        for sentence in row.assumptions:
            print(f"  assumed: {sentence}")


@app.command()
def ports() -> None:
    """Show the serial ports of this computer; what cannot be listed, and how it differs, is said on standard error."""
    from firmware_bridge.transports.serial_port import ports as list_ports

    found = list_ports()
    for device, description in found:
        print(device if description == "n/a" else f"{device}  {description}")
    if not found:
        print("no serial port found")
    print(
        "note: pseudo-terminals and ends of socat are not listed, but can be named; they have no modem lines (DTR, CTS ...).\n"
        "note: where there are none (Windows), a pump is emulated on TCP: emulate --port tcp://127.0.0.1:0.",
        file=sys.stderr,
    )


def on_signal() -> Callable[[], bool]:
    """Take note of Ctrl-C, a polite kill and a closed terminal; say whether one came. The loops end by themselves."""
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), note)
    return lambda: bool(came)


def _print_step(pump: str, step: "BridgeStep") -> None:
    """Say what happened, as it happens."""
    from pumpsim.report.records import event_row
    from pumpsim.units import format_time
    from pumpsim.vocabulary.program import format_volume

    for event in step.link_events:
        print(f"{event.at_ns / 1e9:10.3f} s  link  {event.kind.value}: {event.detail}", flush=True)
    for at_ns, record in step.records:
        row = event_row(pump, at_ns, record)
        words = [
            str(row[key])
            for key in ("alarm", "priority", "command", "state", "cause", "detail", "reason")
            if row.get(key)
        ]
        rate = f", {row['rate_ml_per_h']:g} mL/h" if row.get("rate_ml_per_h") else ""
        print(f"{at_ns / 1e9:10.3f} s  {row['line'] or 'pump':4}  {row['event']}: {', '.join(words)}{rate}", flush=True)
    for estimate in step.estimates:
        found = [("VTBI", estimate.remaining.vtbi), ("reservoir", estimate.remaining.reservoir)]
        left = [
            f"{format_volume(left.volume_nl)} of the {of}, "
            + ("no end" if left.time_ns is None else format_time(left.time_ns))
            for of, left in found
            if left is not None
        ]
        print(f"{estimate.at_ns / 1e9:10.3f} s  {estimate.line:4}  left: {'; '.join(left)}", flush=True)


def _print_status(device: "Device", now_ns: int) -> None:
    """One line on what the device does; nothing before the first host."""
    telemetry = device.telemetry(now_ns)
    if telemetry is None:
        return
    lines = ", ".join(
        f"{name} {line.steps * device.model.mechanism.step_fl / 1e12:.3f} mL" + (" (air)" if line.air else "")
        for name, line in zip(device.model.lines, telemetry.lines, strict=True)
    )
    uptime_s, kpa = telemetry.uptime_us / 1e6, telemetry.distal_pa / 1000
    print(f"{uptime_s:8.1f} s  {telemetry.state.name.lower():8} {lines}, {kpa:.2f} kPa", flush=True)


def fail(message: str) -> NoReturn:
    """Say what is wrong on standard error and end with 2."""
    print(message, file=sys.stderr)
    sys.exit(2)


def main() -> None:
    """Run the command; every refusal is one clear message, never a traceback."""
    try:
        app(prog_name="firmware-bridge")
    except PumpsimError as error:
        fail(str(error))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        fail(f"{error.filename or 'file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        print("interrupted before anything was done", file=sys.stderr)
        sys.exit(130)
