"""From pressures to the volumes that carry fluid: what has crossed every end of every tube by every breakpoint.

Used by what looks back over a run (``history``) and by what runs along with the plan (``aboard``), so that both move the
same fluid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.network.course import Stretch
from pumpsim.fluidics.network.plumbing import Plumbing, Tubing
from pumpsim.fluidics.transport.tubes import Tube, Volumes

BEND_ML, BEND_SHARE = 0.005, 0.002
"""How far from straight a volume may run within a piece: in mL, or as a share of the smallest tube, if that is less."""
MOST_PARTS = 48


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Breakpoints (n,), ns, of all stretches, divided where need be; an instant stands twice where something jumped.

    ``through`` (edges, n), ``given`` (ports, n), ``plunged`` (plungers, n): mL since power-on.
    """

    at_ns: Instants
    through: Floats
    given: Floats
    plunged: Floats


def bend_of(laid: Plumbing) -> float:
    """How far from straight a volume may run within a piece of this network, mL."""
    smallest = min((tube.set.common_ml for tube in laid.tubing if tube.set.common_ml > 0.0), default=1.0)
    return min(BEND_ML, BEND_SHARE * smallest)


def joined(parts: Sequence[Course]) -> Course:
    """Put courses that follow each other into one."""
    return Course(
        np.concatenate([part.at_ns for part in parts]),
        np.concatenate([part.through for part in parts], axis=1),
        np.concatenate([part.given for part in parts], axis=1),
        np.concatenate([part.plunged for part in parts], axis=1),
    )


def entered(laid: Plumbing, course: Course, pump: str) -> Floats:
    """What each line of a pump has given to its set, (lines, n)."""
    if pump in laid.clamp_of:
        through: Floats = course.through[[laid.clamp_of[pump]]]
        return through
    rows = []
    for i, (owner, _) in enumerate(laid.ports):
        if owner != pump:
            continue
        plunger = next((j for j, p in enumerate(laid.topology.plungers) if p.port == i), None)
        rows.append(course.given[i] if plunger is None else course.plunged[plunger])
    return np.array(rows)


def tube_as(tube: Tubing, filling: int) -> Tube:
    """A set as transport sees it, full of one source."""
    kind = tube.set
    return Tube(tube.name, tube.begin, tube.end, kind.common_ml, filling, kind.transport, kind.tanks, kind.spread)


def outlets(laid: Plumbing) -> list[tuple[int, bool]]:
    """Edges through which fluid leaves the network for good, and whether what comes back there is air."""
    found = [(tube.access, False) for tube in laid.tubing if tube.access is not None]
    found += [(tube.leak, True) for tube in laid.tubing]
    found += [(i, True) for i in laid.back_leak_of.values()]
    return found


def volumes(laid: Plumbing, course: Course) -> Volumes:
    """What has crossed every end of every set, every inlet (lines of the members, in their order) and every outlet."""
    ends = course.through[[tube.edge for tube in laid.tubing]]
    begins, entering = np.zeros_like(ends), []
    for row, tube in enumerate(laid.tubing):
        for other, end in zip(laid.tubing, ends, strict=True):
            if other.end == tube.begin:
                begins[row] += end - course.through[other.leak]
    for member in laid.members:
        row = next(i for i, tube in enumerate(laid.tubing) if tube.name == member.id)
        given = entered(laid, course, member.id)
        begins[row] += given.sum(axis=0)
        entering += list(given)
    for pump, i in laid.back_leak_of.items():
        begins[next(row for row, tube in enumerate(laid.tubing) if tube.name == pump)] -= course.through[i]
    return Volumes(begins, ends, np.array(entering), course.through[[i for i, _ in outlets(laid)]])


def at_rest(stretch: Stretch) -> Course:
    """Before anything moved: pressures that do not agree may even out in the very first instant."""
    begin = stretch.begin
    still = (np.zeros((len(values), 1)) for values in (begin.through_ml, stretch.given_ml, begin.plunged_ml))
    return Course(stretch.at_ns[:1], *still)


def course_of(stretch: Stretch, bend_ml: float) -> Course:
    """Give a stretch's breakpoints, with more between them where volumes would stray from straight by ``bend_ml``."""
    mode, hours = stretch.mode, stretch.hours
    every = np.arange(len(hours))
    whole = stretch.through(mode.flows, every, hours)
    half = stretch.through(mode.flows, every, hours / 2.0)
    bent = np.abs(half - whole / 2.0).max(axis=0, initial=0.0)
    parts = np.where(bent > bend_ml, np.minimum(np.ceil(3.0 * np.sqrt(bent / bend_ml)), MOST_PARTS), 1).astype(np.int64)
    pieces = np.repeat(every, parts)
    share = (np.arange(len(pieces)) - np.repeat(np.cumsum(parts) - parts, parts) + 1) / parts[pieces]
    # most of what bends does so at the begin of a piece: parts grow as the fastest mode dies away
    growth = np.log1p(np.minimum(hours * mode.decay.max(initial=0.0), 1e6))[pieces]
    share = np.where(growth > 1e-3, np.expm1(growth * share) / np.expm1(np.maximum(growth, 1e-3)), share)
    share[np.cumsum(parts) - 1] = 1.0
    into = hours[pieces] * share
    before = np.cumsum(whole, axis=1) - whole
    through = stretch.begin.through_ml[:, None] + before[:, pieces] + stretch.through(mode.flows, pieces, into)
    pushed = stretch.through(mode.plunger_flows, every, hours)
    ahead = np.cumsum(pushed, axis=1) - pushed
    plunged = stretch.begin.plunged_ml[:, None] + ahead[:, pieces] + stretch.through(mode.plunger_flows, pieces, into)
    given = stretch.given_ml[:, pieces] + (stretch.given_ml[:, pieces + 1] - stretch.given_ml[:, pieces]) * share
    length = stretch.at_ns[pieces + 1] - stretch.at_ns[pieces]
    at_ns = stretch.at_ns[pieces] + np.where(share == 1.0, length, np.floor(length * share)).astype(np.int64)
    return Course(
        np.append(stretch.at_ns[:1], at_ns),
        np.column_stack([stretch.begin.through_ml, through]),
        np.column_stack([stretch.given_ml[:, :1], given]),
        np.column_stack([stretch.begin.plunged_ml, plunged]),
    )
