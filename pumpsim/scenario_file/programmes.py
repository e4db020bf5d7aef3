"""A load of a scenario file as a programme: one rate, or stages, repeats, a day's profile; doses on request.

Of rate, VTBI and duration any two give the third: here, at the border, once.
"""

from pumpsim.scenario_file.amounts import Dosing
from pumpsim.scenario_file.checks import Path
from pumpsim.scenario_file.happening_tables import LoadTable
from pumpsim.scenario_file.programme_tables import DemandTable, FirstTable, LimitTable, StepTable
from pumpsim.units import Quantity
from pumpsim.vocabulary.courses import (
    NL_NS_PER_H,
    Course,
    Demand,
    DoseLimit,
    Profile,
    Repeat,
    Segment,
    Stage,
    Stages,
    Whole,
    stage_over,
    taper,
    third,
)
from pumpsim.vocabulary.program import (
    InfusionProgram,
    bolus_faults,
    course_faults,
    nearest_rate_nl_per_h,
    program_faults,
    rate_faults,
    rate_of,
)

Paced = tuple[int, int | None, str]
"""A rate in nL/h, a VTBI in nL (None: no end), and the order as it was written."""


def programme(table: LoadTable, order: tuple[int, str] | None, dosing: Dosing, path: Path) -> InfusionProgram | None:
    """Make the programme of a load; ``order`` is the rate that it states, None where it states none. None after a fault."""
    faults, before = dosing.faults, len(dosing.faults.found)
    course = _course(table, dosing, path)
    first = _first(table, dosing, path)
    demand = None if table.demand is None else _demand(table.demand, dosing, (*path, "demand"))
    limit = None if table.limit is None else _limit(table.limit, dosing, (*path, "limit"))
    paced = _paced(table, order, course, dosing, path)
    if paced is None or len(faults.found) > before:
        return None
    rate, vtbi, ordered = paced
    try:
        program = InfusionProgram(
            rate,
            vtbi,
            table.mode,
            table.at_end,
            table.delay,
            table.call_back,
            ordered,
            first=first,
            course=course,
            demand=demand,
            limit=limit,
            purpose=table.purpose,
        )
    except ValueError as fault:
        faults.add(path, str(fault))
        return None
    _hold_against_model(program, dosing, path)
    return program


def _hold_against_model(program: InfusionProgram, dosing: Dosing, path: Path) -> None:
    """Note what the model has against it, each at its key."""
    model = dosing.pump.model
    own, shape = rate_faults(model, program.rate_nl_per_h), course_faults(model, program)
    for limit in program_faults(model, dosing.line, program):
        if limit in own:
            continue
        key = "vtbi" if limit.startswith("VTBI") else "mode"
        dosing.faults.add(path if limit in shape else (*path, key), limit)


def _paced(
    table: LoadTable, order: tuple[int, str] | None, course: Course | None, dosing: Dosing, path: Path
) -> Paced | None:
    """The rate, the VTBI and the order: stated, or what two of rate, VTBI and duration make."""
    model = dosing.pump.model
    if course is not None and not isinstance(course, Repeat):
        return rate_of(course, 0), course.volume_nl if isinstance(course, Stages) else None, ""
    if order is not None:
        rate, ordered = order
        if table.duration is None:
            return rate, table.vtbi, ordered
        vtbi = rate * table.duration // NL_NS_PER_H // model.vtbi_step_nl * model.vtbi_step_nl
        return rate, vtbi, ordered
    if table.rate is not None or table.dose is not None:
        return None
    if table.vtbi is None or table.duration is None:
        return 0, table.vtbi, ""
    rate = nearest_rate_nl_per_h(model, *third(None, table.vtbi, table.duration))
    for limit in rate_faults(model, rate):
        dosing.faults.add((*path, "duration"), limit)
    return rate, table.vtbi, ""


def _course(table: LoadTable, dosing: Dosing, path: Path) -> Course | None:
    """The course that the load states; None for one rate, or after a fault."""
    try:
        if table.steps is not None:
            return _stages(table.steps, dosing, (*path, "steps"))
        if table.taper is not None:
            return _taper(table, dosing)
        if table.repeat is not None:
            return _repeat(table, dosing, (*path, "repeat"))
        if table.profile is not None:
            return _profile(table, dosing, (*path, "profile"))
    except ValueError as fault:
        dosing.faults.add(path, str(fault))
    return None


def _stages(steps: list[StepTable], dosing: Dosing, path: Path) -> Stages | None:
    stages: list[Stage] = []
    for i, step in enumerate(steps):
        rate = _rate(step.rate, dosing, (*path, i, "rate"))
        volume = None if step.volume is None else dosing.volume(step.volume, (*path, i, "volume"))
        if step.volume is not None and step.for_ is not None:
            dosing.faults.add((*path, i), "a volume or a time is wanted, not both")
        if rate is not None:
            stages.append(Stage(rate, volume) if step.for_ is None else stage_over(rate, step.for_))
    return Stages(tuple(stages)) if len(stages) == len(steps) else None


def _taper(table: LoadTable, dosing: Dosing) -> Stages:
    """Ramps on the finest rate step on which all of their rates can be set."""
    assert table.taper is not None
    assert table.vtbi is not None
    assert table.duration is not None
    ramps, model = table.taper, dosing.pump.model
    found = None
    for step in sorted({band.step_nl_per_h for band in model.rate_bands}):
        found = taper(
            table.vtbi, table.duration, step, up_ns=ramps.up, down_ns=ramps.down, steps=ramps.steps, rule=ramps.rule
        )
        if not any(rate_faults(model, stage.rate_nl_per_h) for stage in found.stages):
            break
    assert found is not None
    return found


def _repeat(table: LoadTable, dosing: Dosing, path: Path) -> Repeat | None:
    assert table.repeat is not None
    volume = dosing.volume(table.repeat.volume, (*path, "volume"))
    between = 0 if table.repeat.between is None else _rate(table.repeat.between, dosing, (*path, "between"))
    return None if volume is None or between is None else Repeat(volume, table.repeat.every, between)


def _profile(table: LoadTable, dosing: Dosing, path: Path) -> Profile | None:
    assert table.profile is not None
    segments = [
        Segment(segment.from_, rate)
        for i, segment in enumerate(table.profile)
        if (rate := _rate(segment.rate, dosing, (*path, i, "rate"))) is not None
    ]
    return Profile(tuple(segments)) if len(segments) == len(table.profile) else None


def _first(table: LoadTable, dosing: Dosing, path: Path) -> Stage | None:
    key = "loading" if table.loading is not None else "bridge"
    first: FirstTable | None = table.loading or table.bridge
    if first is None:
        return None
    volume = dosing.volume(first.volume, (*path, key, "volume"))
    if volume is None:
        return None
    model = dosing.pump.model
    if first.over is not None:
        rate: int | None = nearest_rate_nl_per_h(model, *third(None, volume, first.over))
        for limit in rate_faults(model, rate or 0):
            dosing.faults.add((*path, key, "over"), limit)
    else:
        assert first.rate is not None
        rate = _rate(first.rate, dosing, (*path, key, "rate"))
    return Stage(rate, volume) if rate else None


def _demand(table: DemandTable, dosing: Dosing, path: Path) -> Demand | None:
    dose = dosing.volume(table.dose, (*path, "dose"))
    if dose is None:
        return None
    for fault in bolus_faults(dosing.pump.model, dose, None, None):
        dosing.faults.add((*path, "dose"), fault)
    return Demand(max(dose, 1), table.lockout, table.lockout_from)


def _limit(table: LimitTable, dosing: Dosing, path: Path) -> DoseLimit | None:
    volume = dosing.volume(table.volume, (*path, "volume"))
    if volume is None:
        return None
    part = Whole.PARTIAL if table.partial else Whole.DENY
    return DoseLimit(max(volume, 1), table.window, not table.fixed, not table.doses_only, part, table.at_limit)


def _rate(pace: Quantity, dosing: Dosing, path: Path) -> int | None:
    found = dosing.rate(pace, path)
    return None if found is None else found[0]
