"""How the two lines of a dual-channel pump share it.

One rule, applied after every input: while a piggyback secondary infuses, the primary is paused; otherwise a paused
primary resumes. It holds however the piggyback ended: volume in, held, alarm, container empty, made concurrent. A primary
that the operator has held, or an alarm has stopped, is not paused and so does not resume; nor does one whose piggyback waits
while the line is checked. A primary that resumes does so no further than a standing condition lets it, which may have come
while it was paused. When the primary takes over, a piggyback's own KVO ends. In concurrent mode nothing here touches either
line.
"""

from pumpsim.controller import alarm_monitor
from pumpsim.controller.line_table import Trigger
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import LineMode, concurrent_faults
from pumpsim.vocabulary.status import LineStatus, PumpState


def settle(turn: Turn) -> None:
    """Pause or resume the primary as the secondary demands."""
    if len(turn.state.lines) < 2:
        return
    primary, secondary = turn.state.lines
    piggyback = secondary.mode is LineMode.PIGGYBACK
    if piggyback and secondary.state is LineState.CHECKING:
        return
    if piggyback and secondary.state is LineState.INFUSING:
        if primary.state.delivering:
            turn.fire(primary.line, Trigger.PAUSE, f"{secondary.line} infuses as piggyback")
        return
    if primary.state is LineState.PAUSED:
        turn.fire(primary.line, Trigger.RESUME, f"{secondary.line} has ended, stopped or changed mode")
        alarm_monitor.act(turn)
    if piggyback and secondary.state is LineState.KVO and turn.state.lines[0].state.delivering:
        turn.fire(secondary.line, Trigger.TAKEN_OVER, f"{primary.line} delivers")


def faults_together(turn: Turn, state: PumpState, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Say why ``lines`` cannot deliver beside what delivers, or waits to, in ``state``; empty when they can."""
    active = [status for status in state.lines if status.line in lines or _active(status)]
    if len(active) < 2:
        return ()
    secondary = state.lines[1]
    if secondary.mode is LineMode.PIGGYBACK:
        return ()
    if secondary.mode is LineMode.SINGLE:
        return (f"line {secondary.line} is programmed alone: load it as piggyback or concurrent",)
    return concurrent_faults(turn.model, tuple((status.line, _rate(turn, status)) for status in active))


def _active(status: LineStatus) -> bool:
    return status.state.delivering or status.state in (LineState.DELAYED, LineState.PAUSED, LineState.CHECKING)


def _rate(turn: Turn, status: LineStatus) -> int:
    """The rate at which a line delivers, or would if it were started."""
    kvo = status.doing is LineState.KVO
    return turn.model.kvo_for(status.rate_nl_per_h) if kvo else status.rate_nl_per_h
