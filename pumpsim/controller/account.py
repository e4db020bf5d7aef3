"""The interlock's account of one line: what its motor has counted against what it was commanded.

Two shares bound it: more than ``OVER_PERCENT`` is over-infusion, less than ``UNDER_PERCENT`` is a motor that does not move as
it is told. Within them, deciding is the controller's. Nothing is said before a line is out by more than its slack: two cycles
of the mechanism, and what it moves in the time in which a device may still do what it was told before.
"""

from collections.abc import Iterator

from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.interlock import Account
from pumpsim.vocabulary.model import Drive, Mechanism
from pumpsim.vocabulary.outputs import LineMotion, Watch

STEPS, AT_LEAST, AT_MOST = Signal.STEPS, Direction.AT_LEAST, Direction.AT_MOST
OVER_PERCENT = 120
"""UMN GPCA requirements, Tolerance_Max: at once."""
UNDER_PERCENT = 50
"""A choice of ours: below it a motor counts as one that does not move."""
LATENCY_NS = 5_000_000_000
"""A choice of ours: the link counts as lost, and the device stops by itself, well within it."""
LOOK_NS = 30_000_000_000
"""A line that is out by what it moves in so long more is looked at: its account forgets what was before."""
FL_NS_PER_H = 3_600_000
"""1 fL in nL/h x ns."""


def commanded(account: Account, motion: LineMotion, now_ns: int) -> Account:
    """The account from a command on."""
    rate, moves = motion.rate_nl_per_h, motion.rate_nl_per_h > 0
    return Account(
        rate_nl_per_h=rate,
        stop_at_step=motion.stop_at_step,
        speed_nl_per_h=rate if moves else account.speed_nl_per_h,
        steps=account.steps,
        due=due(account, now_ns),
        at_ns=now_ns,
        ahead=account.ahead,
        behind=account.behind if moves else 0,
    )


def due(account: Account, now_ns: int) -> int:
    """What has been commanded since the last count."""
    rate = account.rate_nl_per_h
    return account.due + rate * (now_ns - account.at_ns) if rate > 0 else account.due


def counted(mechanism: Mechanism, account: Account, steps: int, now_ns: int) -> Account:
    """The account with a new count. One that has fallen is taken as it stands: turning back is judged where it is commanded."""
    asked, rate, last = due(account, now_ns), account.rate_nl_per_h, account.steps
    pumped = 0 if last is None or steps < last else (steps - last) * mechanism.step_fl * FL_NS_PER_H
    ahead = account.ahead + pumped - asked * OVER_PERCENT // 100
    behind = account.behind + asked * UNDER_PERCENT // 100 - pumped
    at_end = account.stop_at_step is not None and steps >= account.stop_at_step
    return Account(
        rate_nl_per_h=rate,
        stop_at_step=account.stop_at_step,
        speed_nl_per_h=account.speed_nl_per_h,
        steps=steps,
        at_ns=now_ns,
        ahead=ahead if ahead > 0 else 0,
        behind=behind if behind > 0 and rate > 0 and not at_end else 0,
    )


def slack(mechanism: Mechanism, account: Account) -> int:
    """What a sound line may be out by; the motors of all drives but one keep to their steps, strokes to their cycle."""
    steps = mechanism.cycle_steps if mechanism.drive is Drive.STROKES else 1
    return 2 * steps * mechanism.step_fl * FL_NS_PER_H + account.speed_nl_per_h * LATENCY_NS


def watches(mechanism: Mechanism, line: str, account: Account) -> Iterator[Watch]:
    """The counts, moving with the rate, at which a line is out by so much since the last reading that it is looked at.

    The same ones until the account is another: each stands for the account's instant, and moves from there.
    """
    if account.steps is None:
        return
    step, rate = mechanism.step_fl * FL_NS_PER_H, max(0, account.rate_nl_per_h)
    per_h = rate * 1_000_000 / mechanism.step_fl
    out = slack(mechanism, account) + rate * LOOK_NS
    ahead, behind = account.due + out, account.due - out
    yield Watch(STEPS, line, AT_LEAST, account.steps + 1 + ahead / step, per_h, account.at_ns)
    if rate > 0 and (account.stop_at_step is None or account.steps < account.stop_at_step):
        yield Watch(STEPS, line, AT_MOST, account.steps - 1 + behind / step, per_h, account.at_ns)
