"""The native protocol's bytes: one table of examples, used to encode and to decode, and written in its document."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.framing import encode_frame
from firmware_bridge.protocols import PROTOCOLS, native
from firmware_bridge.protocols.native import (
    LAYOUTS,
    Ack,
    Cause,
    Envelope,
    Heartbeat,
    Hello,
    Identity,
    Message,
    Move,
    MoveLine,
    Poll,
    Reason,
    Refused,
    Report,
    State,
    Stop,
    Telemetry,
    TelemetryLine,
    Unreadable,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "native_protocol.md"

# Bodies are written out by hand from the byte tables of the document; CRCs by an independent bitwise routine below.
EXAMPLES: list[tuple[str, int, Message, str]] = [
    ("HELLO", 1, Hello(1, 0x12345678), "01 01 00  01 78 56 34 12"),
    (
        "IDENTITY",
        1,
        Identity(1, 3, State.LOCKED, 2000, 100_000_000, 999_000_000, 2, "dual-channel-cassette", "example 1.0"),
        "81 01 00  01 03 00 00 00 02 d0 07 00 e1 f5 05 00 00 00 00 c0 87 8b 3b 00 00 00 00 02 "
        "64 75 61 6c 2d 63 68 61 6e 6e 65 6c 2d 63 61 73 73 65 74 74 65 00 00 00 "
        "65 78 61 6d 70 6c 65 20 31 2e 30 00 00 00 00 00 00 00 00 00 00 00 00 00",
    ),
    ("STOP", 2, Stop(), "05 02 00"),
    ("ACK", 2, Ack(0x05, State.READY), "80 02 00  05 00"),
    ("POLL", 3, Poll(), "03 03 00"),
    (
        "TELEMETRY",
        3,
        Telemetry(3, 1_500_000, Cause.ASKED, State.READY, 2, 2533, (TelemetryLine(0, -40, False, False),) * 2),
        "83 03 00  03 00 00 00 60 e3 16 00 00 00 00 00 00 00 02 00 e5 09 00 00 02 "
        "00 00 00 00 00 00 00 00 d8 ff ff ff 00 00 00 00 00 00 00 00 00 00 d8 ff ff ff 00 00",
    ),
    (
        "MOVE",
        4,
        Move(3, (MoveLine(100_000_000, True, 4_000_000), MoveLine(13_100_000, False, 0))),
        "04 04 00  03 00 00 00 02 00 e1 f5 05 00 00 00 00 01 00 09 3d 00 00 00 00 00 "
        "e0 e3 c7 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
    ),
    ("REFUSED", 4, Refused(0x04, Reason.NOT_READY), "8f 04 00  04 04"),
    ("HEARTBEAT", 5, Heartbeat(), "02 05 00"),
    ("REPORT", 6, Report(250), "06 06 00  fa 00"),
]


def bitwise_crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE bit by bit, as the document prints it in C."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc


def frame_of(body: str) -> bytes:
    payload = bytes.fromhex(body)
    counted = bytes([len(payload)]) + payload
    return b"\xa5\x5a" + counted + bitwise_crc16(counted).to_bytes(2, "little")


@pytest.mark.parametrize(("name", "seq", "message", "body"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_example_encodes_and_decodes(name: str, seq: int, message: Message, body: str) -> None:
    assert native.encode(seq, message).hex(" ") == bytes.fromhex(body).hex(" ")
    assert native.decode(bytes.fromhex(body)) == Envelope(seq, message)
    assert encode_frame(native.encode(seq, message)) == frame_of(body)


def test_examples_cover_every_message() -> None:
    assert {type(message) for _, _, message, _ in EXAMPLES} == {layout.message for layout in LAYOUTS}


@pytest.mark.parametrize(("name", "seq", "message", "body"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_document_shows_the_example(name: str, seq: int, message: Message, body: str) -> None:
    words = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
    assert frame_of(body).hex(" ") in words, f"{name}: {frame_of(body).hex(' ')}"


LETTERS = {"B": "u8", "?": "u8", "H": "u16", "I": "u32", "Q": "u64", "i": "i32", "q": "i64", "24s": "char[24]"}


def byte_tables() -> str:
    """The byte tables of the document, from the very table that encodes."""
    text = []
    for layout in LAYOUTS:
        text.append(f"### {layout.message.__name__.upper()} 0x{layout.code:02x}\n")
        columns = layout.fields.columns
        if not columns:
            text.append("No body.\n")
            continue
        text += ["| offset | type | field | meaning |", "|---|---|---|---|"]
        offset = 3
        for column in columns:
            text.append(f"| {offset} | {LETTERS[column.letter]} | {column.name} | {column.meaning} |")
            offset += native.Fields(column).size
        if layout.line_type is not None:
            text.append(f"| {offset} | u8 | count | number of lines that follow, 1 to 4 |")
            offset = 0
            for column in layout.line_fields.columns:
                text.append(f"| line + {offset} | {LETTERS[column.letter]} | {column.name} | {column.meaning} |")
                offset += native.Fields(column).size
        text.append("")
    return "\n".join(text)


def test_document_shows_the_byte_tables() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    missing = [line for line in byte_tables().splitlines() if line and line not in document]
    assert not missing, "\n".join(missing)


def test_document_names_every_number_of_the_enums() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    for enum in (State, Cause, Reason):
        for member in enum:
            assert f"| {member.value} | {member.name} |" in document, member


i64 = st.integers(-(2**63), 2**63 - 1)
u16, u32 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)
i32 = st.integers(-(2**31), 2**31 - 1)
moves = st.builds(Move, u32, st.lists(st.builds(MoveLine, i64, st.booleans(), i64), min_size=1, max_size=4).map(tuple))
telemetries = st.builds(
    Telemetry,
    u32,
    st.integers(0, 2**64 - 1),
    st.sampled_from(Cause),
    st.sampled_from(State),
    u16,
    i32,
    st.lists(st.builds(TelemetryLine, i64, i32, st.booleans(), st.booleans()), min_size=1, max_size=4).map(tuple),
)


@settings(deadline=None)
@given(u16, moves | telemetries)
def test_any_message_comes_back(seq: int, message: Message) -> None:
    assert native.decode(native.encode(seq, message)) == Envelope(seq, message)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("7f 01 00", Reason.UNKNOWN_CODE),
        ("03 01 00 00", Reason.BAD_PAYLOAD),
        ("01 01 00 01", Reason.BAD_PAYLOAD),
        ("04 01 00 01 00 00 00", Reason.BAD_PAYLOAD),
        ("04 01 00 01 00 00 00 00", Reason.BAD_PAYLOAD),
        ("04 01 00 01 00 00 00 05" + " 00" * 85, Reason.BAD_PAYLOAD),
        ("80 01 00 05 09", Reason.BAD_PAYLOAD),
    ],
    ids=["unknown code", "a byte too many", "cut", "no count", "no line", "too many lines", "no such state"],
)
def test_what_is_no_message_says_why(payload: str, reason: Reason) -> None:
    data = bytes.fromhex(payload)
    assert native.decode(data) == Unreadable(1, data[0], reason)


@settings(deadline=None)
@given(st.binary(min_size=3, max_size=128))
def test_decoding_never_raises(payload: bytes) -> None:
    native.decode(payload)


def test_registry_knows_the_native_protocol_by_its_name() -> None:
    assert PROTOCOLS["native"].name == "native"
