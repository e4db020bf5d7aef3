"""When a watch whose level moves is satisfied: only where a mechanism does not do what it is told.

A correct one never crosses such a level, so as a rule one look at the end of an interval is all that it costs. Between two
changes what a mechanism does beside what it should grows evenly, up to the ripple of a cycle, until it has nothing more to
give; so the first instant is found by halving, to within a cycle and a ms.
"""

from pumpsim.simulation.paths import Way
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.outputs import Watch

NEAR_NS = 1_000_000


def next_moving_crossing(
    way: Way, watches: tuple[Watch, ...], between_ns: tuple[int, int], *, sound: bool
) -> int | None:
    """Find the first instant in (from, to] at which a watch is satisfied; None if none is.

    ``sound``: the motor is in order, so only what has come to rest can be beside its order.
    """
    found, (after_ns, until_ns) = None, between_ns
    if not watches or until_ns <= after_ns:
        return None
    last = way.read(until_ns)
    for watch in watches:
        counted = last.value(Signal.STEPS, watch.line)
        if counted is None or (sound and not watch.at(until_ns).holds(counted)):
            continue
        rest = Watch(Signal.STEPS, watch.line, Direction.AT_LEAST, counted)
        for end_ns in (way.next_crossing((rest,), after_ns, until_ns) or until_ns, until_ns):
            if _holds(way, watch, end_ns):
                at_ns = _first(way, watch, after_ns, end_ns)
                found = at_ns if found is None else min(found, at_ns)
                break
    return found


def _holds(way: Way, watch: Watch, at_ns: int) -> bool:
    counted = way.read(at_ns).value(watch.signal, watch.line)
    return counted is not None and watch.at(at_ns).holds(counted)


def _first(way: Way, watch: Watch, after_ns: int, until_ns: int) -> int:
    """The first instant at which a watch holds that holds at ``until_ns``."""
    low, high = after_ns, until_ns
    while high - low > NEAR_NS:
        middle = (low + high) // 2
        if _holds(way, watch, middle):
            high = middle
        else:
            low = middle
    return high
