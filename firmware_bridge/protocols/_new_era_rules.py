"""What each function of a phase does in a New Era pumping program.

Source: New Era NE-1000 user manual 1200-01, chapters on pumping programs; what is assumed stands in ``new_era.ASSUMPTIONS``.
"""

from dataclasses import replace

from firmware_bridge.protocols._new_era_course import INPUT, OUTPUT, TENTH_NS, Course, Doing
from firmware_bridge.protocols._new_era_numbers import Rate, allows
from firmware_bridge.protocols._new_era_phases import Phase, loop_start
from firmware_bridge.protocols._new_era_plunger import Trouble
from firmware_bridge.protocols._new_era_program import PhaseProgram, Rule


def _rate(program: PhaseProgram, phase: Phase) -> Trouble | None:
    program.course = replace(program.course, direction=program.way(phase))
    rate = phase.rate
    if phase.function != "RAT":
        running = program.course.rate or Rate(0, rate.unit)
        change = rate.nl_per_h if phase.function == "INC" else -rate.nl_per_h
        rate = running.of(max(0, running.nl_per_h + change))
    if not allows(program.memory.diameter_milli_mm, rate):
        return Trouble.RATE
    return program.pump(rate, phase.volume_milli, Doing.PUMPING)


def _finish(program: PhaseProgram, _phase: Phase) -> None:
    program.course = Course()


def _jump(_program: PhaseProgram, phase: Phase) -> int:
    return phase.number


def _next(program: PhaseProgram, _phase: Phase) -> int:
    return program.course.phase + 1


def _loop(program: PhaseProgram, phase: Phase) -> int:
    here, loops = program.course.phase, dict(program.course.loops)
    passed = loops.pop(here, 0) + 1
    if passed < phase.number:
        loops[here] = passed
    program.course = replace(program.course, loops=tuple(loops.items()))
    return loop_start(program.memory.phases, here) if passed < phase.number else here + 1


def _loop_always(program: PhaseProgram, _phase: Phase) -> int:
    return loop_start(program.memory.phases, program.course.phase)


def _pause(program: PhaseProgram, phase: Phase) -> None:
    if phase.number == 0:
        _wait(program, phase)
    else:
        until_ns = program.plunger.now_ns + phase.number * TENTH_NS
        program.course = replace(program.course, doing=Doing.TIMED, until_ns=until_ns)
        program.wake_at(until_ns)


def _wait(program: PhaseProgram, _phase: Phase) -> None:
    program.course = replace(program.course, doing=Doing.WAITING)


def _if_low(program: PhaseProgram, phase: Phase) -> int:
    return phase.number if program.levels[INPUT] == 0 else program.course.phase + 1


def _trap(program: PhaseProgram, phase: Phase) -> int:
    number = None if phase.function == "EVR" else phase.number
    program.course = replace(program.course, trap=number, square=phase.function == "EVS")
    return program.course.phase + 1


def _put_out(program: PhaseProgram, phase: Phase) -> int:
    program.levels[OUTPUT] = phase.number
    return program.course.phase + 1


def _clear_both(program: PhaseProgram, _phase: Phase) -> int:
    program.plunger.clear()
    return program.course.phase + 1


def _fill(program: PhaseProgram, phase: Phase) -> Trouble | int | None:
    """Draw back what was infused and not withdrawn, at the rate that ran last."""
    infused, withdrawn = program.moved_milli
    if infused <= withdrawn:
        return program.course.phase + 1
    program.course = replace(program.course, direction="WDR")
    return program.pump(program.course.rate or phase.rate, infused - withdrawn, Doing.PUMPING)


def _redirect(program: PhaseProgram, phase: Phase) -> int:
    program.course = replace(program.course, trigger=phase.argument or None)
    return program.course.phase + 1


RULES: dict[str, Rule] = {
    "RAT": _rate,
    "INC": _rate,
    "DEC": _rate,
    "STP": _finish,
    "JMP": _jump,
    "PRI": _wait,
    "PRL": _next,
    "LOP": _loop,
    "LPS": _next,
    "LPE": _loop_always,
    "PAS": _pause,
    "IF": _if_low,
    "EVN": _trap,
    "EVS": _trap,
    "EVR": _trap,
    "BEP": _next,
    "OUT": _put_out,
    "CLD": _clear_both,
    "FIL": _fill,
    "TRG": _redirect,
}
"""What each function does."""
