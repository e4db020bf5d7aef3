"""Over- and under-infusion: what the motor has counted against what is owed, line by line.

Both are added up from a reference: where the line began to move, or where its count was last found in order. A count that
leaves the band about what is owed is looked at. If it is beyond the model's share (10 %) since the reference, the line is
astray: the alarm comes when that has lasted for the model's time (15 min) and exceeds the share by more than the allowance,
what a correct mechanism may be beside its order: a pumping cycle for strokes (two where two lines share them), a step for the
others, whose motor keeps to the rate. If it is not, the reference is set anew; so an onset in mid-run is alarmed later than
one at the start only by the time in which it leaves the band. Titrations begin nothing anew: volumes are compared, not rates.
Source: GIP v1.0, 1.2.2 and 1.2.3.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pumpsim.controller.flow_sides import Side
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId, Direction, Signal
from pumpsim.vocabulary.inputs import LineReading
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.outputs import LineState, Watch
from pumpsim.vocabulary.status import Astray, DoseKind, LineStatus, Reference

PPM = 1_000_000
BAND_PART = 5
"""The band is so small a part of what the share comes to in the whole time: an onset is noticed that much sooner."""
STEPS, AT_LEAST, AT_MOST = Signal.STEPS, Direction.AT_LEAST, Direction.AT_MOST
MARGIN_STEPS = 0.001
"""By how much a watch is set late, so that no rounding lets it hold where the count itself does not."""


@dataclass(slots=True)
class Followed:
    """A line that is watched: since when, what it has been owed since then, and what it is held to now."""

    status: LineStatus
    reference: Reference
    owed: int
    rate_nl_per_h: int
    for_ns: int
    allowance: int

    def due_ns(self, astray: Astray | None) -> int:
        """When it has been astray for the model's time: too little at its end, too much once it is over."""
        return self.reference.at_ns + self.for_ns + (astray is Astray.OVER)

    def band(self, side: Side) -> int:
        """How far the count may be beside what is owed before it is looked at, with the sign of the side."""
        share = (side.ppm - PPM) * self.rate_nl_per_h * self.for_ns // (PPM * BAND_PART)
        return share + side.sign * self.allowance


def judge(turn: Turn) -> None:
    """Compare the counts of a reading of this very instant with what is owed."""
    for line in _followed(turn):
        reading = turn.state.read_line(line.status.line)
        if reading is not None:
            _judge(turn, line, reading)


def settle(turn: Turn) -> None:
    """Begin to count where a line begins to move, from where it stood; end it where a line stops."""
    if turn.model.flow_limits is None:
        return
    for status in turn.state.lines:
        reference, reading = status.course.reference, turn.state.read_line(status.line)
        if not status.state.delivering:
            if reference is not None:
                turn.put(status.owing(status.owed, replace(status.course, reference=None)))
            turn.clear_alarm(AlarmId.UNDER_INFUSION, status.line)
        elif reference is None and reading is not None:
            _renew(turn, status, reading)


def deadlines(turn: Turn) -> Iterator[int]:
    """When a line will have been astray for long enough, or on its way again for so long."""
    for line in _followed(turn, steadily=False):
        yield line.due_ns(line.reference.astray)


def holds_until(turn: Turn) -> Iterator[int]:
    """Until when the watches hold if nothing is decided: where all of a programme is owed they move no more."""
    for line in _followed(turn):
        status, base = line.status, turn.base_nl_per_h(line.status)
        if status.owed_end is not None and base and not _all_owed(status):
            yield turn.now_ns - (status.owed - status.owed_end) // base


def watches(turn: Turn) -> Iterator[Watch]:
    """The counts at which a line leaves the band, comes back from astray, or exceeds the allowance after its time."""
    for line in _followed(turn):
        for side in turn.facts.sides:
            if line.reference.astray is None:
                yield _watch(turn, line, side.sign, PPM, line.band(side))
            elif line.reference.astray is side.astray:
                yield _watch(turn, line, -side.sign, side.ppm)
                if turn.now_ns >= line.due_ns(side.astray):
                    yield _watch(turn, line, side.sign, side.ppm, side.sign * line.allowance)


def _followed(turn: Turn, *, steadily: bool = True) -> Iterator[Followed]:
    """The lines that deliver, with what each is held to; without those that do so ``steadily``, if they are not wanted."""
    limits = turn.model.flow_limits
    if limits is None:
        return
    for status in turn.state.lines:
        reference, doses = status.course.reference, status.course.doses
        if reference is None or not status.state.delivering:
            continue
        if not steadily and reference.astray is None and not _stands(turn, status):
            continue
        for_ns, allowance = limits.for_ns, turn.facts.allowance_steps * turn.step
        if doses and limits.dose_for_ns is not None and doses[0].kind is not DoseKind.EXTENDED:
            for_ns = limits.dose_for_ns
        yield Followed(status, reference, status.owed - reference.owed, turn.rate_nl_per_h(status), for_ns, allowance)


def _judge(turn: Turn, line: Followed, reading: LineReading) -> None:
    """Go astray, come back, raise and clear; a line that does something else by now begins anew."""
    status, reference = line.status, line.reference
    if status.state is not reference.state:
        _renew(turn, status, reading)
        return
    pumped = (reading.steps - reference.steps) * turn.step
    passed_ns = turn.now_ns - reference.at_ns
    astray, beyond = None, False
    for side in turn.facts.sides:
        excess = side.sign * (pumped - line.owed * side.ppm // PPM)
        if excess > 0:
            astray = side.astray
            if excess > line.allowance and turn.now_ns >= line.due_ns(astray):
                detail = f"line {status.line}: {_ml(pumped)} of {_ml(line.owed)} mL in {passed_ns / 6e10:.1f} min"
                turn.raise_alarm(side.alarm, status.line if turn.row(side.alarm).per_line else None, detail)
                _renew(turn, status, reading)
                return
        beyond = beyond or side.sign * (pumped - line.owed - line.band(side)) > 0
    if passed_ns >= line.for_ns and _stands(turn, status):
        if astray is not Astray.UNDER:
            turn.clear_alarm(AlarmId.UNDER_INFUSION, status.line)
        _renew(turn, status, reading)
    elif reference.astray is not None:
        if astray is not reference.astray:
            _renew(turn, status, reading)
    elif beyond and astray is not None:
        turn.put(status.owing(status.owed, replace(status.course, reference=replace(reference, astray=astray))))
    elif beyond:
        _renew(turn, status, reading)


def _renew(turn: Turn, status: LineStatus, reading: LineReading) -> None:
    """Count from here."""
    reference = Reference(turn.now_ns, reading.steps, status.owed, status.state)
    turn.put(status.owing(status.owed, replace(status.course, reference=reference)))


def _watch(turn: Turn, line: Followed, sign: int, ppm: int, beside: int = 0) -> Watch:
    """Watch for the count to be at this share of what is owed and ``beside`` it, or beyond by this sign.

    The level is that of the reference's instant, from which it would have moved at the rate of now: so it is the same watch at
    every instant at which nothing was decided.
    """
    reference, rate = line.reference, 0 if _all_owed(line.status) else line.rate_nl_per_h
    owed = line.owed - rate * (turn.now_ns - reference.at_ns)
    level = reference.steps + (owed * ppm // PPM + beside) / turn.step + sign * MARGIN_STEPS
    per_h = rate * ppm * FL_PER_NL / (PPM * turn.model.mechanism.step_fl)
    return Watch(STEPS, line.status.line, AT_LEAST if sign > 0 else AT_MOST, level, per_h, reference.at_ns)


def _all_owed(status: LineStatus) -> bool:
    """Whether a line is owed all of its programme: the motor comes to its end, and no more becomes due."""
    return status.owed_end is not None and status.owed >= status.owed_end and status.state is LineState.INFUSING


def _stands(turn: Turn, status: LineStatus) -> bool:
    """Whether under-infusion of the line has been found."""
    return bool(turn.state.alarms) and turn.standing(AlarmId.UNDER_INFUSION, status.line)


def _ml(volume: int) -> str:
    return f"{volume / 3.6e18:.3f}"
