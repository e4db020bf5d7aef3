"""Framing: whole, byte by byte, glued and damaged streams give the same frames."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.framing import GAP_NS, MAX_PAYLOAD, OVERHEAD, SYNC, FrameDecoder, crc16, encode_frame

payloads = st.binary(min_size=3, max_size=MAX_PAYLOAD)


def fed(*pieces: bytes) -> list[bytes]:
    decoder = FrameDecoder()
    return [payload for piece in pieces for payload in decoder.feed(0, piece)]


@pytest.mark.parametrize(("data", "crc"), [(b"123456789", 0x29B1), (b"", 0xFFFF), (b"\x00", 0xE1F0), (b"\xff\xff", 0)])
def test_crc_matches_known_values(data: bytes, crc: int) -> None:
    # 0x29B1 is the catalogue's check value of CRC-16/IBM-3740; the others by hand: the start value, one byte of zero
    # shifted through, and the start value cancelled out.
    assert crc16(data) == crc


def test_frame_lies_as_written() -> None:
    assert encode_frame(b"\x03\x34\x12").hex(" ") == "a5 5a 03 03 34 12 " + crc16(b"\x03\x03\x34\x12").to_bytes(
        2, "little"
    ).hex(" ")


@pytest.mark.parametrize("size", [0, 1, 2, MAX_PAYLOAD + 1])
def test_payload_of_impossible_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"payload of {size} bytes"):
        encode_frame(bytes(size))


@pytest.mark.parametrize("size", [3, 4, MAX_PAYLOAD - 1, MAX_PAYLOAD])
def test_payload_at_the_limits_travels(size: int) -> None:
    assert fed(encode_frame(bytes(size))) == [bytes(size)]


@settings(deadline=None)
@given(st.lists(payloads, max_size=6), st.integers(0, 2**32))
def test_whole_equals_byte_by_byte_equals_any_cut(sent: list[bytes], seed: int) -> None:
    stream = b"".join(encode_frame(payload) for payload in sent)
    chance = Random(seed)
    cuts = sorted(chance.randrange(len(stream) + 1) for _ in range(5))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert fed(stream) == fed(*(stream[i : i + 1] for i in range(len(stream)))) == fed(*pieces) == sent


@settings(deadline=None)
@given(st.binary(max_size=60), payloads)
def test_frame_behind_garbage_is_found(garbage: bytes, payload: bytes) -> None:
    decoder = FrameDecoder()
    found = [*decoder.feed(0, garbage + encode_frame(payload)), *decoder.feed(GAP_NS, SYNC)]
    assert found[-1:] == [payload]


@settings(deadline=None)
@given(payloads, payloads, st.data())
def test_one_damaged_byte_costs_one_frame_at_most(first: bytes, second: bytes, data: st.DataObject) -> None:
    frame = bytearray(encode_frame(first))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    decoder = FrameDecoder()
    found = [*decoder.feed(0, bytes(frame) + encode_frame(second)), *decoder.feed(GAP_NS, SYNC)]
    assert found == [second]


def test_length_that_is_too_long_does_not_swallow_the_next_frame_for_long() -> None:
    decoder = FrameDecoder()
    assert decoder.feed(0, SYNC + bytes([MAX_PAYLOAD, 1, 2, 3]) + encode_frame(b"abc")) == ()
    assert decoder.feed(GAP_NS, encode_frame(b"def")) == (b"abc", b"def")


def test_slow_frame_is_whole_as_long_as_no_gap_is_too_long() -> None:
    decoder = FrameDecoder()
    frame = encode_frame(b"slow!")
    found = [p for i in range(len(frame)) for p in decoder.feed(i * (GAP_NS - 1), frame[i : i + 1])]
    assert found == [b"slow!"]


def test_decoder_counts_what_it_dropped() -> None:
    decoder = FrameDecoder()
    bad = bytearray(encode_frame(b"abcdef"))
    bad[-1] ^= 1
    assert decoder.feed(0, b"noise" + bytes(bad) + encode_frame(b"abc")) == (b"abc",)
    assert (decoder.bad_frames, decoder.dropped_bytes) == (1, len(b"noise") + 6 + OVERHEAD)


def test_endless_noise_is_not_kept() -> None:
    decoder = FrameDecoder()
    chance = Random(1)
    for _ in range(2_000):
        decoder.feed(0, chance.randbytes(1_000))
    assert decoder.dropped_bytes > 2_000_000 - 2 * (MAX_PAYLOAD + OVERHEAD)
