"""Where all air is at the end of a run, mL at atmospheric pressure.

drawn + left by priming + sucked in through a leak = kept by the trap + in the line + at the patient + leaked out
"""

from dataclasses import dataclass

from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.path import AIR


@dataclass(frozen=True, slots=True)
class AirAccount:
    """Air of one pump. ``came_ml``: drawn by the mechanism or its trap, or left in the set by priming. ``in_line_ml``: in the
    set and in the mechanism's chamber. ``lost_ml``: what left through leaks, less what came in there."""

    came_ml: float
    trapped_ml: float
    in_line_ml: float
    at_patient_ml: float
    lost_ml: float

    @property
    def any(self) -> bool:
        """Whether there was any."""
        return max(self.came_ml, self.at_patient_ml, self.in_line_ml, abs(self.lost_ml)) > 0.0


def air_of(trace: PumpTrace) -> AirAccount:
    """Sum the air up. What a trap gave for the air that it kept has the same volume as that."""
    end = trace.history.look(trace.breakpoints_ns[-1:])
    in_line, lost = trace.history.in_line(), trace.history.lost()
    came = trapped = inside = reached = leaked = 0.0
    for row, origin in enumerate(trace.sources):
        drawn = origin.end_ml
        if origin.line >= 0:
            drawn = min(max(float(end.drawn_ml[origin.line, 0]), origin.begin_ml), origin.end_ml) - origin.begin_ml
            drawn = max(drawn, float(end.entered_ml[row, 0]))  # fingers may be a little ahead of what they drew
        if origin.source.fluid == AIR:
            came += drawn
            inside += float(in_line[row]) + (drawn - float(end.entered_ml[row, 0]) if origin.line >= 0 else 0.0)
            reached += float(end.patient_ml[row, 0])
            leaked += float(lost[row])
        elif origin.let_in:
            came += drawn
            trapped += drawn
    return AirAccount(came, trapped, inside, reached, leaked)
