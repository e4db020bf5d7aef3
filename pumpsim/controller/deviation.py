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

from pumpsim.controller.turn import FL_PER_NL, Turn
from pumpsim.vocabulary.alarms import AlarmId, Direction, Signal
from pumpsim.vocabulary.inputs import LineReading
from pumpsim.vocabulary.model import Drive, FlowLimits, PumpModel
from pumpsim.vocabulary.outputs import LineState, Watch
from pumpsim.vocabulary.status import Astray, DoseKind, LineStatus, Reference

PPM = 1_000_000
BAND_PART = 5
"""The band is so small a part of what the share comes to in the whole time: an onset is noticed that much sooner."""
MARGIN_STEPS = 0.001
"""By how much a watch is set late, so that no rounding lets it hold where the count itself does not."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two ways to go astray: its limit, the sign of its excess, when and as what it is alarmed."""

    astray: Astray
    alarm: AlarmId
    ppm: int
    sign: int
    beyond: Direction
    back: Direction


def judge(turn: Turn) -> None:
    """Compare the counts of a reading of this very instant with what is owed."""
    for status in turn.state.lines:
        reading, reference = turn.state.read_line(status.line), status.course.reference
        if reading is None or reference is None or not status.state.delivering:
            continue
        if status.state is reference.state:
            _judge(turn, status, reference, reading)
        else:
            _renew(turn, status, reading)


def settle(turn: Turn) -> None:
    """Begin to count where a line begins to move, from where it stood; end it where a line stops."""
    if turn.model.flow_limits is None:
        return
    for status in turn.state.lines:
        reference, reading = status.course.reference, turn.state.read_line(status.line)
        if not status.state.delivering:
            if reference is not None:
                turn.put(replace(status, course=replace(status.course, reference=None)))
            turn.clear_alarm(AlarmId.UNDER_INFUSION, status.line)
        elif reference is None and reading is not None:
            _renew(turn, status, reading)


def deadlines(turn: Turn) -> Iterator[int]:
    """When a line will have been astray for long enough, or on its way again for so long."""
    for status, reference in _followed(turn):
        if reference.astray is not None or turn.standing(AlarmId.UNDER_INFUSION, status.line):
            yield reference.at_ns + _for_ns(turn, status) + (reference.astray is Astray.OVER)


def watches(turn: Turn) -> Iterator[Watch]:
    """The counts at which a line leaves the band, comes back from astray, or exceeds the allowance after its time."""
    for status, reference in _followed(turn):
        for side in _sides(turn.model.flow_limits):
            share = (status.owed - reference.owed) * side.ppm // PPM
            if reference.astray is None:
                yield _watch(turn, status, side.beyond, status.owed - reference.owed + _band(turn, status, side), PPM)
            elif reference.astray is side.astray:
                yield _watch(turn, status, side.back, share, side.ppm)
                if turn.now_ns > reference.at_ns + _for_ns(turn, status):
                    yield _watch(turn, status, side.beyond, share + side.sign * _allowance(turn), side.ppm)


def _followed(turn: Turn) -> Iterator[tuple[LineStatus, Reference]]:
    """The lines that are being watched."""
    for status in turn.state.lines:
        if status.course.reference is not None and status.state.delivering:
            yield status, status.course.reference


def _sides(limits: FlowLimits | None) -> Iterator[Side]:
    """Give the sides that the model watches."""
    if limits is not None and limits.over_ppm is not None:
        yield Side(Astray.OVER, AlarmId.OVER_INFUSION, limits.over_ppm, 1, Direction.AT_LEAST, Direction.AT_MOST)
    if limits is not None and limits.under_ppm is not None:
        yield Side(Astray.UNDER, AlarmId.UNDER_INFUSION, limits.under_ppm, -1, Direction.AT_MOST, Direction.AT_LEAST)


def _judge(turn: Turn, status: LineStatus, reference: Reference, reading: LineReading) -> None:
    pumped = (reading.steps - reference.steps) * turn.step
    owed = status.owed - reference.owed
    passed_ns, for_ns = turn.now_ns - reference.at_ns, _for_ns(turn, status)
    astray, beyond = None, False
    for side in _sides(turn.model.flow_limits):
        excess = side.sign * (pumped - owed * side.ppm // PPM)
        if excess > 0:
            astray = side.astray
            if excess > _allowance(turn) and passed_ns >= for_ns + (side.astray is Astray.OVER):
                _alarm(
                    turn,
                    status,
                    side,
                    f"line {status.line}: {_ml(pumped)} of {_ml(owed)} mL in {passed_ns / 6e10:.1f} min",
                )
                _renew(turn, turn.state.line(status.line), reading)
                return
        beyond = beyond or side.sign * (pumped - owed - _band(turn, status, side)) > 0
    if passed_ns >= for_ns and turn.standing(AlarmId.UNDER_INFUSION, status.line):
        if astray is not Astray.UNDER:
            turn.clear_alarm(AlarmId.UNDER_INFUSION, status.line)
        _renew(turn, status, reading)
    elif reference.astray is None and beyond and astray is not None:
        turn.put(replace(status, course=replace(status.course, reference=replace(reference, astray=astray))))
    elif (reference.astray is None and beyond) or (reference.astray is not None and astray is not reference.astray):
        _renew(turn, status, reading)


def _alarm(turn: Turn, status: LineStatus, side: Side, detail: str) -> None:
    """Over-infusion stops the pump and is of the pump; under-infusion is of the line."""
    turn.raise_alarm(side.alarm, status.line if turn.row(side.alarm).per_line else None, detail)


def _renew(turn: Turn, status: LineStatus, reading: LineReading) -> None:
    """Count from here."""
    reference = Reference(turn.now_ns, reading.steps, status.owed, status.state)
    turn.put(replace(status, course=replace(status.course, reference=reference)))


def _for_ns(turn: Turn, status: LineStatus) -> int:
    """For how long a line must be astray."""
    limits = turn.model.flow_limits
    assert limits is not None
    dosing = any(dose.kind is not DoseKind.EXTENDED for dose in status.course.doses[:1])
    return limits.dose_for_ns if dosing and limits.dose_for_ns is not None else limits.for_ns


def _allowance(turn: Turn) -> int:
    """What a correct mechanism may be beside what is owed, from one instant to another, nL/h x ns."""
    return allowance_steps(turn.model) * turn.step


def allowance_steps(model: PumpModel) -> int:
    """The same in steps. Of two lines each may be a cycle beside its order by the other's doing, and a cycle by its own."""
    strokes = model.mechanism.drive is Drive.STROKES
    return model.mechanism.cycle_steps * len(model.lines) if strokes else 1


def _band(turn: Turn, status: LineStatus, side: Side) -> int:
    """How far the count may be beside what is owed before it is looked at, with the sign of the side."""
    share = (side.ppm - PPM) * turn.rate_nl_per_h(status) * _for_ns(turn, status) // (PPM * BAND_PART)
    return share + side.sign * _allowance(turn)


def _watch(turn: Turn, status: LineStatus, direction: Direction, volume: int, ppm: int) -> Watch:
    """A watch on the count that is ``volume`` beyond the reference's, moving with the line's rate times ``ppm``."""
    reference = status.course.reference
    assert reference is not None
    level = reference.steps + volume / turn.step
    level += MARGIN_STEPS if direction is Direction.AT_LEAST else -MARGIN_STEPS
    all_owed = status.state is LineState.INFUSING and status.owed_end is not None and status.owed >= status.owed_end
    rate = 0 if all_owed else turn.rate_nl_per_h(status)
    per_h = rate * ppm * FL_PER_NL / (PPM * turn.model.mechanism.step_fl)
    return Watch(Signal.STEPS, status.line, direction, level, per_h)


def _ml(volume: int) -> str:
    return f"{volume / 3.6e18:.3f}"
