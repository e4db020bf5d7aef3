"""A million frames by chance for every dialect: ``make fuzz``; some thousands wherever the tests run.

FRAMES: how many for each dialect; SEED: whose, to repeat what failed. A failure prints both, and the shortest list of steps
that was found to fail: ``fuzz.play(dialect, steps)`` plays it again.
"""

import os
import random
import tracemalloc

import pytest

from tests.bridge.dialects import fuzz
from tests.bridge.dialects.test_contract import EVERY, TALKING

FRAMES = int(os.environ.get("FRAMES", "1000"))
IN_A_SESSION = 2_000
PARTS = 4 if FRAMES > 100_000 else 1
SEED = os.environ.get("SEED") or ("ci" if "CI" in os.environ else f"{random.SystemRandom().randrange(10**9)}")
KEPT_MORE = 8_192
"""Bytes by which what the code of dialects has made may grow from one quarter of the frames to the last."""


def test_every_dialect_has_its_words():
    assert sorted(fuzz.WORDS) == TALKING


@EVERY
def test_a_start_is_known_for_one_and_starts_the_pump(name):
    words = fuzz.WORDS[name]
    begun = [fuzz.play(name, [(1, words.frame(text)) for text in texts]).begun for texts in words.starting]
    assert sum(begun) >= max(1, len(words.starting) // 2)
    assert not any(
        words.starts(words.frame(text), 0) for texts in words.starting for text in texts[:1] if len(texts) > 1
    )


@pytest.mark.fuzz
@pytest.mark.parametrize("part", range(PARTS))
@EVERY
def test_frames_by_chance_move_nothing_that_was_not_asked_for(name, part):
    frames = number = 0
    while frames < FRAMES // PARTS:
        seed = f"{SEED} {part} {number}"
        steps = fuzz.session(name, seed, min(IN_A_SESSION, FRAMES // PARTS))
        try:
            played = fuzz.play(name, steps)
        except Exception as error:
            short = "\n".join(f"    {step!r}," for step in fuzz.shortened(name, steps))
            pytest.fail(f"{name}, SEED={SEED!r} FRAMES={FRAMES}, session {seed!r}: {error!r}\n[\n{short}\n]")
        frames, number = frames + played.frames, number + 1


@pytest.mark.fuzz
@EVERY
def test_what_was_heard_is_forgotten(name):
    """Of a pump that nobody starts twice as many frames leave no more behind than half of them did."""
    sent = [what for _, what in fuzz.session(name, "memory", min(FRAMES, 4_000)) if isinstance(what, bytes)]
    pump, at_ms = fuzz.virtual(name), 1
    quiet = [what for what in sent if not fuzz.WORDS[name].starts(what, 0)]
    here = [tracemalloc.Filter(True, "*/firmware_bridge/protocols/*"), tracemalloc.Filter(True, "*/virtual_pump/*")]
    sizes = []
    tracemalloc.start()
    try:
        for number, data in enumerate(quiet):
            at_ms += 20
            pump.step(at_ms * fuzz.MS, data)
            if number % (len(quiet) // 4) == len(quiet) // 4 - 1:
                sizes.append(sum(kept.size for kept in tracemalloc.take_snapshot().filter_traces(here).traces))
    finally:
        tracemalloc.stop()
    assert sizes[3] - sizes[1] < KEPT_MORE
    assert fuzz.kept_bytes(pump.talker) < fuzz.KEPT_BYTES
