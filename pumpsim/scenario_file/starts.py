"""A look ahead at the lines of a pump that are started at one instant: can they deliver together?

What the file alone settles is refused with it, before anything runs. Whether later starts and titrations fit depends on
what still delivers then; the pump answers those. A refusal that the scenario expects is left to the pump too.
"""

from collections.abc import Iterable
from itertools import groupby

from pumpsim.scenario import Expectation, RejectionExpected
from pumpsim.scenario_file.checks import Faults, Path
from pumpsim.scenario_file.places import Placed
from pumpsim.vocabulary.inputs import ChangeMode, LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.program import LineMode, concurrent_faults


def check_starts(
    id: str, model: PumpModel, script: Iterable[Placed], expected: Iterable[Expectation], faults: Faults
) -> None:
    """Follow one pump's loads, titrations and starts in time; refuse lines started together that cannot be."""
    refusals = [e for e in expected if isinstance(e, RejectionExpected) and e.pump == id and e.command == "start"]
    waiting: dict[str, int] = {}
    modes: dict[str, LineMode] = {}
    own = (placed for placed in script if placed.entry.pump == id)
    for at_ns, group in groupby(own, key=lambda placed: placed.entry.at_ns):
        started: dict[str, int] = {}
        where: Path = ()
        for placed in group:
            match placed.entry.action:
                case LoadProgram(line, program):
                    waiting[line], modes[line] = program.rate_nl_per_h, program.mode
                case Titrate(line, rate) if line in waiting:
                    waiting[line] = rate
                case ChangeMode(line, mode):
                    modes[line] = mode
                case Start(line):
                    now = [line] if line is not None else list(waiting)
                    started |= {name: waiting.pop(name) for name in now if name in waiting}
                    where = placed.path
                case Stop(line):
                    for name in [line] if line is not None else list(started):
                        started.pop(name, None)
        concurrent = all(modes[line] is LineMode.CONCURRENT for line in started if line != model.lines[0])
        if concurrent and not any(e.from_ns <= at_ns <= e.to_ns for e in refusals):
            for fault in concurrent_faults(model, tuple(sorted(started.items()))):
                faults.add((*where, "do"), f"these lines cannot start together: {fault}")
