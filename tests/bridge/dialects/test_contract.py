"""What holds of every dialect, whatever its words: bytes may be cut and glued anywhere, and rubbish moves nothing.

Each row has frames that its pumps understand and that start nothing. Fuzz cuts, glues, damages and repeats them, and invents
bytes; FUZZ times as much of it in ``make fuzz``.
"""

import random

import pytest

from firmware_bridge.protocols import PROTOCOLS, alaris_frames, fresenius_link, zyno
from firmware_bridge.protocols._new_era_frames import encode
from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.engine import VirtualPump
from firmware_bridge.virtual_pump.world import World
from pumpsim.scenario_file import parse_scenario
from tests.examples import examples

MS = 10**6
SYRINGE = '{ syringe = "bd-plastipak-10", fluid = "saline-0.9" }'
CONTAINERS = {"zyno": '{ bag = "100 mL", fluid = "saline-0.9" }'}
ULTRA = [b"ver\r", b"irate 1 ml/hr\r", b"diameter\r", b"status\r", b"poll\r", b"tvolume 1 ml\r", b"nonsense 5\r", b"\r"]
SAFE = [encode(text, safe=True) for text in ("0", "0SAF0")]
ASENA = ("INF", "INST_SERIALNO", "INF_RATE^5^ml/h", "ALARM", "REMOTE_CTRL^DISABLED", "NO_SUCH")
ORCHESTRA = ("0DC", "1DC", "1LE;d", "1MO;2", "1LE;b", "9DC")
QUIET = {
    "new-era": [
        b"0\r",
        b"0VER\r",
        b"0RAT 5 MH\r",
        b"0DIA\r",
        b"0 vol 1.0\r",
        b"DIS\r",
        b"0XYZ\r",
        encode("0", safe=True),
        encode("0SAF0", safe=True),
    ],
    "alaris": [alaris_frames.frame(*text.split("^")) for text in ASENA],
    "fresenius": [fresenius_link.frame(text) for text in ORCHESTRA] + [b"\x06", b"\x14"],
    "ultra": ULTRA,
    "elite-11": ULTRA,
    "33-dds": [b"ver\r", b"irate a 1 ml/hr\r", b"diameter ab\r", b"status\r", b"@stop\r", b"nonsense\r"],
    "harvard-11": [b"VER\r", b"DIA\r", b"MLH 5\r", b"VOL\r", b"CLV\r", b"XYZ\r", b"\r"],
    "zyno": [zyno.framed(text) for text in ("RN", "Q5", "*IDN?", "R7", "NO")] + [b"\x02RN00\x03\n"],
}
TALKING = sorted(name for name, row in PROTOCOLS.items() if isinstance(row, Dialect))
STARTS = "RUNIGO"
"""Letters of the words that start a pump."""
EVERY = pytest.mark.parametrize("name", TALKING)


def virtual(name: str) -> VirtualPump:
    row = PROTOCOLS[name]
    assert isinstance(row, Dialect)
    text = f"""
title = "contract"
duration = "1 h"
[pump.p]
model = "{row.model}"
[pump.p.line.A]
container = {CONTAINERS.get(name, SYRINGE)}
[pump.p.set]
access = "20G-peripheral"
"""
    if name == "33-dds":
        text += f"[pump.p.line.B]\ncontainer = {SYRINGE}\n" if len(lines_of(row.model)) > 1 else ""
    world = World(parse_scenario(text, "contract"))
    address = 0 if 0 in row.addresses else row.addresses.start
    options = Options(spontaneous=False, power_up_alarm=False, more=row.options)
    return VirtualPump(world, row.talk({address: world.pumps["p"]}, options))


def lines_of(model: str) -> tuple[str, ...]:
    from pumpsim.catalogue.pumps import MODELS

    return MODELS[model].lines


def said(pump: VirtualPump, pieces: list[bytes], step_ns: int = 0) -> bytes:
    """Everything that comes out when these arrive, one after the other, so far apart."""
    at_ns, out = MS, b""
    for piece in pieces:
        out += pump.step(at_ns, piece).data_out
        at_ns += step_ns
    return out


def moved(pump: VirtualPump, at_ns: int) -> bool:
    """Whether anything was pumped, or is going to be."""
    pump.step(at_ns)
    look = pump.world.pumps["p"].look()
    return any(line.pumped_nl or line.state.delivering for line in look.lines)


def test_every_dialect_has_its_row_here():
    assert sorted(QUIET) == TALKING


@EVERY
def test_whole_is_byte_by_byte_is_glued(name):
    frames = QUIET[name] * 3
    whole = said(virtual(name), frames)
    assert whole, "it answers"
    assert said(virtual(name), [bytes([byte]) for frame in frames for byte in frame]) == whole
    assert said(virtual(name), [b"".join(frames)]) == whole


@EVERY
def test_the_same_bytes_at_the_same_instants_get_the_same_answer(name):
    assert said(virtual(name), QUIET[name], 7 * MS) == said(virtual(name), QUIET[name], 7 * MS)


@EVERY
def test_frames_that_ask_for_no_delivery_start_none(name):
    pump = virtual(name)
    said(pump, QUIET[name] * 5, 3 * MS)
    assert not moved(pump, 3_600_000 * MS)


@pytest.mark.fuzz
@EVERY
def test_rubbish_in_any_amount_does_no_harm(name):
    """No crash, no unbounded answer, no delivery; and whoever waits a second is understood again."""
    chance = random.Random(name)
    pump, at_ns = virtual(name), MS
    for _ in range(examples(400)):
        frame = bytearray(chance.choice(QUIET[name]))
        match chance.randrange(5):
            case 0:
                frame = bytearray(chance.randbytes(chance.randrange(1, 40)))
                frame = bytearray(byte for byte in frame if chr(byte).upper() not in STARTS)
            case 1 if frame:
                frame[chance.randrange(len(frame))] ^= 1 << chance.randrange(8)
            case 2:
                del frame[chance.randrange(len(frame) + 1) :]
            case 3:
                frame *= 2
        out = pump.step(at_ns, bytes(frame)).data_out
        assert len(out) < 8_000
        at_ns += chance.choice([0, MS, 30 * MS, 600 * MS])
    for _ in range(3):
        at_ns += 2_000 * MS
        out = pump.step(at_ns, b"\r" if QUIET[name][0].endswith(b"\r") else QUIET[name][0]).data_out
    at_ns += 2_000 * MS
    assert pump.step(at_ns, QUIET[name][0]).data_out, "it answers again"
    assert not moved(pump, at_ns + 60_000 * MS)


@EVERY
def test_a_line_that_never_ends_is_not_kept(name):
    """256 KiB without an end of a frame: memory stays flat, and the next frame is understood once that is over."""
    pump, at_ns = virtual(name), MS
    for _ in range(64):
        pump.step(at_ns, b"A" * 4096)
        at_ns += MS
    kept = [len(value) for value in vars(pump.talker).values() if isinstance(value, bytes | bytearray | list)]
    assert max(kept, default=0) < 10_000
    for _ in range(3):
        at_ns += 2_000 * MS
        pump.step(at_ns, b"\r" if QUIET[name][0].endswith(b"\r") else QUIET[name][0])
    at_ns += 2_000 * MS
    assert pump.step(at_ns, QUIET[name][0]).data_out
