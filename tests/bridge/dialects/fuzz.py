"""Frames by chance for virtual pumps: made from a seed as a list of steps, played, judged, and cut short when one fails.

A session is a fresh pump and some two thousand frames: commands with right and wrong arguments, damaged ones, glued and cut
ones, plain noise; between them time passes, things happen to the pump, and now and then somebody really starts it. What is
held against it: it never raises, never answers without a limit, never goes on without an end; **what it moves was asked for**,
by a whole start command since it last stood; what is kept of the wire has a bound; at the end it still answers.
"""

import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.protocols.new_era import Line
from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.engine import VirtualPump
from firmware_bridge.virtual_pump.world import World
from pumpsim.catalogue.pumps import MODELS
from pumpsim.scenario_file import parse_scenario
from pumpsim.vocabulary.disturbances import Occlude, Place, PowerBack, PowerCut, Release
from pumpsim.vocabulary.inputs import Acknowledge, DeviceEvent, DeviceEventKind, Stop
from pumpsim.vocabulary.model import Drive
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.fuzz_words import WORDS, Words

MS = 1_000_000
LONGEST_ANSWER = 8_000
"""Bytes that may come out at one instant, for at most three glued commands."""
KEPT_BYTES = 2_000
"""Of the wire that a dialect may hold on to: a line that never ends, what is not acknowledged yet."""
REMEMBERED = 400
"""Bytes of the stream in which a start is looked for: more than the longest command of any dialect."""
PATIENCE_S = 120.0
"""Seconds of the processor after which a session hangs: a hundred times what one takes."""
AT_REST = (LineState.EMPTY, LineState.READY, LineState.HELD, LineState.COMPLETE, LineState.ALARM)
DEEDS = {
    "occlude": Occlude(Place.PATIENT_END),
    "release": Release(Place.PATIENT_END),
    "power off": PowerCut(),
    "power on": PowerBack(),
    "syringe off": DeviceEvent(DeviceEventKind.SYRINGE_REMOVED),
    "syringe on": DeviceEvent(DeviceEventKind.SYRINGE_SEATED),
    "door open": DeviceEvent(DeviceEventKind.DOOR_OPENED),
    "door closed": DeviceEvent(DeviceEventKind.DOOR_CLOSED),
    "stall": DeviceEvent(DeviceEventKind.MOTOR_STALL),
    "fault": DeviceEvent(DeviceEventKind.DEVICE_FAULT),
    "stop": Stop(),
    "acknowledge": Acknowledge(),
}
MENDED = ("release", "power on", "syringe on", "door closed", "acknowledge")
Step = tuple[int, bytes | str]
"""ms that pass, and then bytes that arrive or a deed (by its word)."""


class Broken(AssertionError):  # noqa: N818 (what happened, not whose error it is)
    """Something that is held against a pump does not hold."""


@dataclass(slots=True)
class Played:
    """What a session came to: how many steps were played, how many frames of them, how often something began to move."""

    steps: int = 0
    frames: int = 0
    begun: int = 0


def virtual(name: str) -> VirtualPump:
    """A pump of the dialect, fresh: two axes where it has two; where nobody can set a rate over the wire it is set."""
    row = PROTOCOLS[name]
    assert isinstance(row, Dialect)
    screw = MODELS[row.model].mechanism.drive is Drive.LEAD_SCREW
    container = (
        '{ syringe = "bd-plastipak-50", fluid = "saline-0.9" }' if screw else '{ bag = "1 L", fluid = "saline-0.9" }'
    )
    pumps = "ab" if name == "33-dds" else "a"
    tables = "".join(
        f'[pump.{id}]\nmodel = "{row.model}"\n[pump.{id}.line.A]\ncontainer = {container}\n'
        f'[pump.{id}.set]\naccess = "20G-peripheral"\n'
        for id in pumps
    )
    if name == "zyno":
        tables += '[[operator]]\nat = "0 s"\npump = "a"\nload = { rate = "36 mL/h", vtbi = "20 mL" }\n'
    world = World(parse_scenario(f'title = "fuzz"\nduration = "10 h"\n{tables}', "fuzz"))
    ports = dict(zip(row.addresses, world.pumps.values(), strict=False))
    return VirtualPump(world, row.talk(ports, Options(more=row.options)))


def session(name: str, seed: str, frames: int) -> list[Step]:
    """The steps of a session, at least so many: the same seed gives the same ones."""
    chance, words, steps = random.Random(seed), WORDS[name], list[Step]()
    quiet = chance.randrange(frames)  # nobody starts it before
    while len(steps) < frames:
        if (roll := chance.random()) < 0.012 and len(steps) > quiet:
            steps += [(chance.choice((0, 1)), words.frame(text)) for text in chance.choice(words.starting)]
        elif roll < 0.024:
            steps.append((_pause(chance), words.frame(chance.choice(words.halting))))
        elif roll < 0.030:
            deed = chance.choice(list(DEEDS))
            steps.append((_pause(chance), deed))
            steps += [(_pause(chance), mended) for mended in MENDED if chance.random() < 0.7]
        else:
            pieces = _pieces(chance, words)
            steps.append((_pause(chance), pieces[0]))
            steps += [(chance.choice((0, 1, 30)), piece) for piece in pieces[1:]]
    return steps


def play(name: str, steps: Sequence[Step]) -> Played:
    """Let a fresh pump live through these. Raises Broken, and whatever the pump raises."""
    pump, words, played = virtual(name), WORDS[name], Played()
    at_ms, stream, asked, stood_ml = 1, b"", False, 0.0
    with _bounded(played):
        for wait_ms, what in steps:
            at_ms, played.steps, was_busy = at_ms + wait_ms, played.steps + 1, _busy(pump)
            if isinstance(what, str):
                out = pump.step(at_ms * MS).data_out
                _happen(pump, what)
                out += pump.step(at_ms * MS).data_out
            else:
                stream, before = stream[-REMEMBERED:] + what, len(stream[-REMEMBERED:])
                if not asked and words.starts(stream, before):
                    asked = True
                    pump.step(at_ms * MS)
                    _unmoved(pump, stood_ml)
                out, played.frames = pump.step(at_ms * MS, what).data_out, played.frames + 1
            busy = _busy(pump)
            if busy and not asked:
                raise Broken("it moves, and nobody asked for it")
            if len(out) > LONGEST_ANSWER:
                raise Broken(f"it answers with {len(out)} bytes")
            played.begun += busy and not was_busy
            if asked and not busy:
                asked, stood_ml = False, _moved_ml(pump)
        if not asked:
            _unmoved(pump, stood_ml)
        if (kept := kept_bytes(pump.talker)) > KEPT_BYTES:
            raise Broken(f"it keeps {kept} bytes of the wire")
        for deed in MENDED:
            _happen(pump, deed)
        if not any(pump.step((at_ms + 2_000 * n) * MS, words.ping).data_out for n in range(1, 5)):
            raise Broken("it does not answer any more")
    return played


def shortened(name: str, steps: Sequence[Step], trials: int = 300) -> list[Step]:
    """Leave steps out as long as the rest still fails in some way; at most so many times it is played."""
    kept, part = list(steps), max(1, len(steps) // 2)
    while trials > 0:
        begin, before = 0, len(kept)
        while begin < len(kept) and trials > 0:
            trials -= 1
            fewer = kept[:begin] + kept[begin + part :]
            kept, begin = (fewer, begin) if _fails(name, fewer) else (kept, begin + part)
        if part == 1 and len(kept) == before:
            break
        part = max(1, part // 2)
    return kept


def _fails(name: str, steps: Sequence[Step]) -> bool:
    try:
        play(name, steps)
    except Exception:
        return True
    return False


def _pause(chance: random.Random) -> int:
    """ms: mostly none or little; now and then as long as byte gaps, watchdogs and alarm delays take."""
    return chance.choice((0,) * 12 + (1,) * 6 + (30,) * 4 + (600, 600, 2_000, 16_000))


def _pieces(chance: random.Random, words: Words) -> list[bytes]:
    """One thing that a host may send, in one piece or cut."""
    match chance.randrange(20):
        case 0 | 1 | 2:
            return [chance.randbytes(chance.randrange(1, 40))]
        case 3 | 4:
            return [b"".join(_frame(chance, words) for _ in range(chance.randrange(2, 4)))]
        case 5 | 6:
            frame = _frame(chance, words)
            cut = chance.randrange(len(frame) + 1)
            return [frame[:cut], frame[cut:]]
        case 7 | 8 | 9 | 10:
            return [_damaged(chance, _frame(chance, words))]
        case 11:
            started = words.frame(chance.choice(chance.choice(words.starting)))
            return [_damaged(chance, _damaged(chance, started))]
        case 12:
            return [chance.choice(words.signs)]
        case 13:
            started = words.frame(chance.choice(chance.choice(words.starting)))
            return [_padded(chance, chance.choice((started, _frame(chance, words))))]
        case _:
            return [_frame(chance, words)]


def _frame(chance: random.Random, words: Words) -> bytes:
    """A whole frame of a command that there is, with an argument that may be its own or another's."""
    text = chance.choice(words.prefixes) + chance.choice(words.words)
    for _ in range(chance.choice((0, 1, 1, 1, 2))):
        text += chance.choice(words.between) + chance.choice(words.arguments)
    return words.frame(text if chance.random() < 0.9 else text.swapcase())


def _damaged(chance: random.Random, frame: bytes) -> bytes:
    """One bit turned, one byte lost, doubled, put in or put elsewhere, or the end missing."""
    damaged, at = bytearray(frame or b"\0"), chance.randrange(max(1, len(frame)))
    match chance.randrange(6):
        case 0:
            damaged[at] ^= 1 << chance.randrange(8)
        case 1:
            del damaged[at]
        case 2:
            damaged.insert(at, chance.randrange(256))
        case 3:
            del damaged[at:]
        case 4:
            damaged[at:at] = damaged[at : at + 8]
        case _:
            damaged[at:] = damaged[: at - 1 : -1] if at else damaged[::-1]
    return bytes(damaged)


def _padded(chance: random.Random, frame: bytes) -> bytes:
    """A frame around the length at which dialects give a line up, with more before its end."""
    pad = bytes([chance.choice(b"  0@A")]) * chance.choice((300, *range(56, 132)))
    return frame[:-1] + pad + frame[-1:] if chance.random() < 0.3 else pad + frame[:-1] + b"XYZ" + frame[-1:]


def _happen(pump: VirtualPump, deed: str) -> None:
    for port in pump.world.pumps.values():
        if port.off is (deed == "power on"):
            port.do(DEEDS[deed])


def _busy(pump: VirtualPump) -> bool:
    """Whether anything moves, or will by itself: a program of a New Era pump may wait between two phases."""
    if isinstance(pump.talker, Line) and any(unit.program.operating for unit in pump.talker.units):
        return True
    return any(
        port.withdrawing or port.line_state(line) not in AT_REST
        for port in pump.world.pumps.values()
        if not port.off
        for line in port.model.lines
    )


def _unmoved(pump: VirtualPump, stood_ml: float) -> None:
    if (moved_ml := _moved_ml(pump)) != stood_ml:
        raise Broken(f"it has moved {moved_ml - stood_ml:.9f} mL, and nobody asked for it")


def _moved_ml(pump: VirtualPump) -> float:
    return sum(port.delivered_ml(line) for port in pump.world.pumps.values() for line in port.model.lines)


def kept_bytes(thing: object, seen: set[int] | None = None) -> int:
    """Bytes and characters that hang on a talker, whatever they are in; pumps are not its own."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, bytes | bytearray | str):
        return len(thing)
    if isinstance(thing, dict):
        return sum(kept_bytes(value, seen) for value in thing.values())
    if isinstance(thing, list | tuple | set | frozenset):
        return sum(kept_bytes(value, seen) for value in thing)
    if not type(thing).__module__.startswith("firmware_bridge.protocols"):
        return 0
    names = {slot for kind in type(thing).__mro__ for slot in getattr(kind, "__slots__", ())}
    return sum(kept_bytes(getattr(thing, slot, None), seen) for slot in names | set(getattr(thing, "__dict__", ())))


@contextmanager
def _bounded(played: Played) -> Iterator[None]:
    """Raise Broken in a session that takes far too much of the processor, wherever it is."""

    def hangs(_number: int, _frame: FrameType | None) -> None:
        raise Broken(f"step {played.steps} has no end")

    before = signal.signal(signal.SIGVTALRM, hangs)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
