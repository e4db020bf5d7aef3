"""Two hundred pumps on a core of their own: how soon they would answer where nothing else runs.

A machine that is shared delays a process by whole turns of its scheduler, whatever the process does. So here the pumps are
stepped in this process on a clock of the bench's own, which goes on by the core time that each answer and each look ahead took,
in the order of the rack: who has asked comes first, what is due or to be looked for only while nobody waits. The system's calls
and the wire are not in it; what neighbours do to caches is.
"""

import gc
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path

from benchmarks.polling import TALKS, Talk
from firmware_bridge.setting_up import dialect_of, unit_of
from firmware_bridge.virtual_pump.dialect import Options
from firmware_bridge.virtual_pump.unit import Settings, Unit

S_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Turns:
    """How long each answer took from its question on, ns; and how long the longest look ahead."""

    took_ns: list[int]
    longest_look_ns: int
    busy: float


def crowd_alone(protocol: str, count: int, seconds: float, every_s: float, folder: Path) -> Turns:
    """Poll so many pumps that infuse, each so often, spread evenly over the period; the starts before are not counted."""
    talk, units = TALKS[protocol], _started(protocol, count, folder)
    now_ns, every_ns = 2 * S_NS, round(every_s * S_NS)
    questions = deque(
        (now_ns + k * every_ns + i * every_ns // count, i)
        for k in range(round(seconds / every_s))
        for i in range(count)
    )
    begin_ns, waiting, due = now_ns, deque[int](range(count)), list[tuple[int, int]]()
    took, longest, busy = list[int](), 0, 0
    gc.collect()
    gc.freeze()
    while questions:
        at_ns, i = questions[0]
        spent_ns = time.thread_time_ns()
        if at_ns <= now_ns:
            questions.popleft()
            assert units[i].answer(now_ns, talk.question)
            if talk.replies:
                units[i].answer(now_ns, talk.replies[talk.ends[0]])
            waiting.append(i)
        elif waiting:
            i = waiting.popleft()
            wake_ns = units[i].settle()
            if wake_ns is not None:
                heappush(due, (wake_ns, i))
        elif due and due[0][0] <= now_ns:
            i = heappop(due)[1]
            units[i].answer(now_ns)
            waiting.append(i)
        else:
            now_ns = min(at_ns, due[0][0]) if due else at_ns
            continue
        spent_ns = time.thread_time_ns() - spent_ns
        now_ns, busy = now_ns + spent_ns, busy + spent_ns
        if at_ns <= now_ns - spent_ns:
            took.append(now_ns - at_ns)
        else:
            longest = max(longest, spent_ns)
    gc.unfreeze()
    return Turns(took, longest, busy / (now_ns - begin_ns))


def hot_and_cold(protocol: str, folder: Path, times: int = 300) -> tuple[int, int]:
    """The median of a question put right after another, and of one after a sleep of 10 ms: others have had the caches."""
    talk, (unit,) = TALKS[protocol], _started(protocol, 1, folder)
    took: dict[float, list[int]] = {0.0: [], 0.01: []}
    now_ns = 2 * S_NS
    for sleep_s, found in took.items():
        for _ in range(times):
            if sleep_s:
                time.sleep(sleep_s)
            now_ns += S_NS // 100
            begin_ns = time.perf_counter_ns()
            unit.answer(now_ns, talk.question)
            found.append(time.perf_counter_ns() - begin_ns)
            if talk.replies:
                unit.answer(now_ns, talk.replies[talk.ends[0]])
            unit.settle()
    hot, cold = (sorted(found)[times // 2] for found in took.values())
    return hot, cold


def _started(protocol: str, count: int, folder: Path) -> Sequence[Unit]:
    talk: Talk = TALKS[protocol]
    file = folder / "turns.toml" if talk.scenario else None
    if file is not None:
        file.write_text(talk.scenario, encoding="utf-8")
    settings = Settings(Options(spontaneous=False, power_up_alarm=False))
    units = [unit_of(dialect_of(protocol), None, file, settings) for _ in range(count)]
    for unit in units:
        for k, order in enumerate((*talk.before, talk.start)):
            unit.answer(S_NS + k, order)
            if talk.replies:
                unit.answer(S_NS + k, talk.replies[talk.ends[0]])
        assert unit.settle() is not None  # the look ahead after a start is over
    return units
