"""Watches for a count to be reached. They stand for as long as a programme runs, so each is made once and given again."""

from functools import lru_cache

from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.outputs import Watch


@lru_cache(maxsize=1024)
def reached(line: str, steps: int) -> Watch:
    """Watch for a line's count to have come to ``steps``."""
    return Watch(Signal.STEPS, line, Direction.AT_LEAST, float(steps))
