"""The rule by which the mechanism shares its cycles: closed form against one cycle at a time, and its bounds.

The golden vectors are worked by hand from the rule's sentence: 3300 steps of 0.1 uL a cycle, line A nearest.
"""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pumpsim.fluidics.drives.cycle import begin_cycle
from pumpsim.fluidics.drives.leg import DriveState
from pumpsim.fluidics.drives.mechanism import Q_PER_FL, LineDrive, share_cycle
from pumpsim.fluidics.drives.strokes import CycleLeg, UniformLeg, next_leg
from pumpsim.vocabulary.model import InnerFlow, Interleave
from tests.build import STROKES, H

MECHANISM = STROKES.mechanism
STEP = MECHANISM.step_fl * Q_PER_FL
FAR = 10**9

GOLDEN = [
    # rates nL/h, owed less pumped in steps (A, B), limits; steps drawn; span in steps
    ("alone", (100_000_000, 0), (0, 0), (FAR, FAR), (3300, 0), 3300),
    ("4 to 1", (100_000_000, 25_000_000), (0, 0), (FAR, FAR), (2640, 660), 3300),
    ("even", (500_000, 500_000), (0, 0), (FAR, FAR), (1650, 1650), 3300),
    ("thirds, half up", (2_000_000, 1_000_000), (0, 0), (FAR, FAR), (2200, 1100), 3300),
    ("A owed 100, B given 100 ahead", (100_000_000, 25_000_000), (100, -100), (FAR, FAR), (2740, 560), 3300),
    ("ahead by 300: draws 300 less, in the same time", (100_000_000, 0), (-300, 0), (FAR, FAR), (3000, 0), 3300),
    ("behind by 100: hurried", (100_000_000, 0), (100, 0), (FAR, FAR), (3300, 0), 3200),
    ("behind by 3000: hurried by 10 % at most", (100_000_000, 0), (3000, 0), (FAR, FAR), (3300, 0), 3000),
    ("500 left of the VTBI", (100_000_000, 0), (0, 0), (500, FAR), (500, 0), 500),
    ("A has 264 left: the cycle ends sooner", (100_000_000, 25_000_000), (0, 0), (264, FAR), (264, 66), 330),
    ("both short", (100_000_000, 25_000_000), (0, 0), (264, 33), (132, 33), 165),
]


def lines(rates, behind=(0, 0), limits=(FAR, FAR)):
    return tuple(
        LineDrive(rate, limit, owed=b * STEP, supply=FAR) for rate, b, limit in zip(rates, behind, limits, strict=True)
    )


@pytest.mark.parametrize(("name", "rates", "behind", "limits", "steps", "span"), GOLDEN, ids=[g[0] for g in GOLDEN])
def test_golden_vectors(name, rates, behind, limits, steps, span):
    share = share_cycle(MECHANISM, lines(rates, behind, limits))
    assert share is not None
    assert share.steps == steps
    assert share.span == pytest.approx(span * STEP, rel=1e-9)


def test_nothing_to_draw_is_no_cycle():
    assert share_cycle(MECHANISM, lines((100_000_000, 0), limits=(0, 0))) is None


def test_whole_strokes_take_turns_as_the_rates_do():
    mechanism = replace(MECHANISM, interleave=Interleave.WHOLE_STROKE)
    drives, drawn = lines((2_000_000, 1_000_000)), []
    for _ in range(6):
        share = share_cycle(mechanism, drives)
        assert share is not None
        drawn.append("A" if share.steps[0] else "B")
        drives = tuple(
            replace(d, owed=d.owed + share.span * d.rate // 3_000_000, pumped=d.pumped + n, drawn=d.drawn + n)
            for d, n in zip(drives, share.steps, strict=True)
        )
    assert "".join(drawn) == "ABAABA"


rates = st.integers(1, 9_990).map(lambda tenths: tenths * 100_000)
mechanisms = st.sampled_from([replace(MECHANISM, interleave=i, inner_flow=f) for i in Interleave for f in InnerFlow])


@given(rates, st.one_of(st.just(0), rates), mechanisms, st.integers(1, 300), st.integers(-3300, 3300))
def test_closed_form_equals_the_rule_cycle_by_cycle(rate_a, rate_b, mechanism, cycles, ahead):
    """The same instants, counts and state, to the last integer, however A and B stand against each other."""
    drives = lines((rate_a, rate_b), (ahead, -ahead) if rate_b else (0, 0))
    until = cycles * mechanism.cycle_fl * Q_PER_FL // (rate_a + rate_b)
    uniform = UniformLeg.plan(mechanism, drives, 0, until)
    if uniform is None:
        return
    at_ns, state = 0, DriveState(drives)
    while at_ns < uniform.end_ns:
        begun = begin_cycle(mechanism, state.lines)
        assert begun is not None
        leg = CycleLeg(at_ns, state.lines, *begun)
        middle = (leg.start_ns + leg.end_ns) // 2
        assert uniform.counts(middle) == leg.counts(middle)
        state, at_ns = leg.state(leg.end_ns), leg.end_ns
        assert state.cycle is None
        if at_ns < uniform.end_ns:
            assert uniform.state(at_ns).lines == state.lines
    assert at_ns == uniform.end_ns
    assert uniform.state(at_ns) == state


@given(
    st.lists(st.tuples(st.integers(0, 2), rates, st.integers(1, 5_000)), min_size=1, max_size=60),
    mechanisms,
)
@example(
    [(0, 100_000, 1), (0, 100_000, 2_898), (0, 2_900_000, 677), (1, 16_600_000, 4_999), (2, 9_600_000, 734)],
    replace(MECHANISM, interleave=Interleave.WHOLE_STROKE),
)
def test_no_sequence_of_switches_puts_a_line_ahead_by_more_than_a_cycle(script, mechanism):
    """Every second or so another line is started, stopped or titrated, at the worst moments that hypothesis finds.

    Lines that take turns by whole strokes are half a stroke apart when all is well, so there it is a cycle and a half.
    """
    bound = mechanism.cycle_steps * (3 if mechanism.interleave is Interleave.WHOLE_STROKE else 2) // 2 + 2
    state, at_ns = DriveState(lines((0, 0))), 0
    for which, rate, tenths in script:
        drives = tuple(
            replace(d, rate=0 if (which == 2 and i == 1) else (rate if which in (i, 2) else d.rate))
            for i, d in enumerate(state.lines)
        )
        if which < 2 and tenths % 3 == 0:
            drives = tuple(replace(d, rate=0) if i != which else d for i, d in enumerate(drives))
        cycle = state.cycle
        progress = state.progress
        for i, d in enumerate(drives):
            if d.rate == 0 and cycle is not None:
                shortened = cycle.shortened(i, 0, progress)
                cycle, progress = shortened if shortened else (None, 0)
        state = DriveState(drives, cycle, progress)
        end_ns = at_ns + tenths * 100_000_000
        while at_ns < end_ns:
            leg = next_leg(mechanism, state, at_ns, end_ns)
            stop = min(leg.end_ns, end_ns)
            state, at_ns = leg.state(stop), max(stop, at_ns)
        for d in state.lines:
            assert d.pumped - d.owed // STEP <= bound
            assert d.pumped <= d.drawn


def test_a_day_is_one_plan_of_whole_cycles():
    leg = next_leg(MECHANISM, DriveState(lines((100_000_000, 25_000_000))), 0, 4 * H)
    assert isinstance(leg, UniformLeg)
    pieces = leg.pieces()
    assert (pieces.at_ns[1:] > pieces.at_ns[:-1]).all()
    assert (pieces.pumped[:, 1:] >= pieces.pumped[:, :-1]).all()
    assert (pieces.drawn >= pieces.pumped).all()
    assert pieces.pumped[:, -1].tolist() == list(leg.counts(leg.end_ns)[0])


@given(st.integers(1, 5_000), st.integers(1, 40_000), mechanisms)
def test_a_stop_is_kept_to_the_step_wherever_the_piston_is(tenths, further, mechanism):
    """A command that names an end nearer than what the chamber holds; the host may stall after it."""
    leg = next_leg(mechanism, DriveState(lines((100_000_000, 0))), 0, tenths * 100_000_000)
    state = leg.state(tenths * 100_000_000)
    stop = state.lines[0].pumped + further
    state = DriveState((replace(state.lines[0], stop=stop), state.lines[1]), state.cycle, state.progress)
    at_ns = tenths * 100_000_000
    for _ in range(100):
        leg = next_leg(mechanism, state, at_ns, 10 * H)
        state, at_ns = leg.state(leg.end_ns), leg.end_ns
    assert state.lines[0].pumped == stop
