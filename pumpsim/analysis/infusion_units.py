"""Units of infusion that the times would document, by the rules of CPT 96360 to 96368: for documentation, not advice.

A pure function of minutes, purposes and access sites. The rules, as in PHYSICS 7 (AAPC; CMS R1702CP):

    96360   hydration, 31 to 60 min; up to 30 min is nothing
    96361   each further hour, from 31 min into it: at 91, 151, 211 min; also all hydration beside another initial code
    96365   therapeutic, 16 to 60 min;  96366  each further hour, from 31 min into it
    96367   another drug after the first, from 16 min;  96368  one beside the first, once an encounter
    push    a drug in up to 15 min

One initial code for each access site, the drug's before the hydration's. Hydration does not count while a drug is infused at
the same site.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from pumpsim.analysis.infusion_times import InfusionTime, whole_minutes
from pumpsim.analysis.spans import Spans, joined, overlap, total_ns, without
from pumpsim.scenario import Scenario
from pumpsim.vocabulary.path import way_of
from pumpsim.vocabulary.program import Purpose

SHOWN = "Shown for documentation, not advice."
LEFT_OUT = (
    "The whole run is one encounter of one patient and one date of service; the time of day is not known. Of pumps that "
    "are run side by side to compare them, each is to be looked at alone.",
    "Infusions into a vein are meant; for the skin, the spine and implanted pumps the units mean nothing.",
    "Times are taken to the second, minutes are whole: what is left over is dropped.",
    "An infusion that still ran at the end counts up to there.",
    "Infusions of the same drugs on one line count together, however far apart; of several drugs at one site the first is "
    "the initial one, one that overlaps another is concurrent, any other sequential.",
    "Codes of pushes (96374 to 96376), chemotherapy (96401 to 96425), blood and modifiers are not worked out; a push does not "
    "make what follows it secondary.",
    "Whether an infusion was ordered, needed or documented is not judged; hydration with electrolytes counts as hydration only "
    "where the scenario says so.",
)
"""What a reader of the units has to know."""
LEAST_HYDRATION_MIN = 31
LEAST_INFUSION_MIN = 16
"""Anything shorter is a push."""
HOUR_MIN = 60
MOST_HYDRATION_HOURS = 8
"""Units of 96361 on one date of service (medically unlikely edit)."""


class Code(Enum):
    """A unit of service."""

    HYDRATION = "96360"
    HYDRATION_HOUR = "96361"
    THERAPEUTIC = "96365"
    THERAPEUTIC_HOUR = "96366"
    SEQUENTIAL = "96367"
    CONCURRENT = "96368"


class Role(Enum):
    """What an infusion is among the others of its access site."""

    HYDRATION = "hydration"
    THERAPEUTIC = "therapeutic"
    SEQUENTIAL = "sequential"
    CONCURRENT = "concurrent"
    PUSH = "push"
    FLUSH = "flush"


Units = tuple[tuple[Code, int], ...]


@dataclass(frozen=True, slots=True)
class Documented:
    """What some infusion times document at one access site: ``minutes`` that count, and ``units``, none of them 0.

    ``of``: the times, one, or all of the site's hydration. ``remark``: why it is less than might be thought.
    """

    site: str
    role: Role
    of: tuple[InfusionTime, ...]
    minutes: int
    units: Units
    remark: str = ""


def further_hours(minutes: int) -> int:
    """Hours beyond the first, each from 31 min into it: 1 from 91 min on, 2 from 151."""
    return max(0, minutes - LEAST_HYDRATION_MIN) // HOUR_MIN


def hydration_units(minutes: int, *, initial: bool) -> Units:
    """Units of so many minutes of hydration; not ``initial``: another initial code stands at the site."""
    if minutes < LEAST_HYDRATION_MIN:
        return ()
    hours = further_hours(minutes)
    return _units((Code.HYDRATION, 1), (Code.HYDRATION_HOUR, hours)) if initial else ((Code.HYDRATION_HOUR, hours + 1),)


def drug_units(minutes: int, role: Role) -> Units:
    """Units of a drug in so many minutes, as the initial, a sequential or a concurrent infusion; none for a push."""
    if minutes < LEAST_INFUSION_MIN:
        return ()
    if role is Role.CONCURRENT:
        return ((Code.CONCURRENT, 1),)
    code = Code.THERAPEUTIC if role is Role.THERAPEUTIC else Code.SEQUENTIAL
    return _units((code, 1), (Code.THERAPEUTIC_HOUR, further_hours(minutes)))


def access_sites(scenario: Scenario) -> dict[str, str]:
    """The access site of each pump: the last junction on its way, or the pump's own set."""
    junctions = [(junction.id, junction.into) for junction in scenario.junctions]
    return {pump.id: (pump.id, *way_of(pump.path.into, junctions))[-1] for pump in scenario.pumps}


def documented(times: Sequence[InfusionTime], sites: Mapping[str, str]) -> tuple[Documented, ...]:
    """Work out the units of one encounter: drugs in the order of their starts, then hydration, pushes and flushes."""
    drugs = [time for time in times if time.purpose is Purpose.THERAPEUTIC]
    infused = _infused([time for time in drugs if time.minutes >= LEAST_INFUSION_MIN], sites)
    water = [time for time in times if time.purpose is Purpose.HYDRATION]
    hydration = [
        _hydration(
            site,
            [time for time in water if sites[time.pump] == site],
            joined(span for row in infused if row.site == site for time in row.of for span in time.spans),
        )
        for site in dict.fromkeys(sites[time.pump] for time in water)
    ]
    rest = [
        Documented(sites[time.pump], role, (time,), time.minutes, ())
        for role, group in (
            (Role.PUSH, [time for time in drugs if time.minutes < LEAST_INFUSION_MIN]),
            (Role.FLUSH, [time for time in times if time.purpose is Purpose.FLUSH]),
        )
        for time in group
    ]
    return (*infused, *_within_limit(hydration), *rest)


def _infused(drugs: Iterable[InfusionTime], sites: Mapping[str, str]) -> list[Documented]:
    """Drugs in the order of their starts; the first at each site is its initial one."""
    rows: list[Documented] = []
    for time in sorted(drugs, key=lambda time: time.started_ns):
        site = sites[time.pump]
        before = [row.of[0].spans for row in rows if row.site == site]
        role = Role.THERAPEUTIC if not before else Role.SEQUENTIAL
        if any(overlap(time.spans, spans) for spans in before):
            role = Role.CONCURRENT
        again = role is Role.CONCURRENT and any(row.role is Role.CONCURRENT for row in rows)
        units = () if again else drug_units(time.minutes, role)
        remark = f"{Code.CONCURRENT.value} counts once an encounter" if again else ""
        rows.append(Documented(site, role, (time,), time.minutes, units, remark))
    return rows


def _hydration(site: str, times: Sequence[InfusionTime], drugs: Spans) -> Documented:
    """All hydration of one site: lines that run together count once, and not while a drug is infused there."""
    spans = joined(span for time in times for span in time.spans)
    minutes = whole_minutes(total_ns(without(spans, drugs)))
    beside = whole_minutes(total_ns(spans)) - minutes
    remark = f"{beside} min beside a drug infusion do not count" if beside else ""
    return Documented(site, Role.HYDRATION, tuple(times), minutes, hydration_units(minutes, initial=not drugs), remark)


def _within_limit(rows: Iterable[Documented]) -> list[Documented]:
    """Leave of the hours of hydration what one date of service may have."""
    left, kept = MOST_HYDRATION_HOURS, []
    for row in rows:
        hours = dict(row.units).get(Code.HYDRATION_HOUR, 0)
        given = min(hours, left)
        left -= given
        units = _units(*((code, given if code is Code.HYDRATION_HOUR else n) for code, n in row.units))
        over = f"{hours} units of {Code.HYDRATION_HOUR.value}, {MOST_HYDRATION_HOURS} a day are the most"
        remark = "; ".join(text for text in (row.remark, over if given < hours else "") if text)
        kept.append(Documented(row.site, row.role, row.of, row.minutes, units, remark))
    return kept


def _units(*units: tuple[Code, int]) -> Units:
    return tuple((code, count) for code, count in units if count)
