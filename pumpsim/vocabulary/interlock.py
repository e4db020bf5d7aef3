"""All that the interlock knows, as immutable values, sufficient to continue from. Volumes in nL/h x ns unless they say nL."""

from dataclasses import dataclass

from pumpsim.vocabulary.inputs import DeviceEvent, OfALine


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator has asked of one line since a program was loaded on it: a ceiling, never an order.

    ``base_nl_per_h``: the highest rate of the programme, after titrations; ``other_nl_per_h``: the highest that was asked for
    in its place for a while; ``dose_nl_per_h``: the highest at which a dose was. ``total_nl``: the programme's volume, None for
    no end; ``doses_nl``: of all doses; ``kvo_nl_per_h``: what may follow. ``since_ns``, ``since_steps``: when it was loaded,
    and the count then, None while none is known.
    """

    base_nl_per_h: int = 0
    other_nl_per_h: int = 0
    dose_nl_per_h: int = 0
    total_nl: int | None = None
    doses_nl: int = 0
    demand_nl: int = 0
    first_nl_per_h: int = 0
    kvo_nl_per_h: int = 0
    since_ns: int = 0
    since_steps: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One line's count against what it was commanded.

    ``rate_nl_per_h`` and ``stop_at_step``: as commanded; ``speed_nl_per_h``: the last rate that was not 0. ``steps``: the last
    count, None before the first; ``due``: commanded from then to ``at_ns``. ``ahead`` and ``behind``: what is pumped beyond the
    share of the commanded volume that may be, and what is missing to the share that must be; never below 0, so that neither a
    long sound run nor a long rest is a credit.
    """

    rate_nl_per_h: int = 0
    stop_at_step: int | None = None
    speed_nl_per_h: int = 0
    steps: int | None = None
    due: int = 0
    at_ns: int = 0
    ahead: int = 0
    behind: int = 0


@dataclass(frozen=True, slots=True)
class InterlockLine:
    """One line of the pump, as the interlock sees it."""

    line: str
    asked: Asked = Asked()
    account: Account = Account()


@dataclass(frozen=True, slots=True)
class TurningStatus:
    """What the interlock knows of motion backwards: whether an occlusion allows it, what the line does, its highest count."""

    granted: bool = False
    forward: bool = False
    turned: bool = False
    highest: int = 0


@dataclass(frozen=True, slots=True)
class DrivingStatus:
    """What the interlock knows of backpriming, in steps: the line that was asked for, its count (None before the first), the
    count up to which it was asked for, and is commanded (None: it is not), and beyond which it must not come."""

    line: str | None = None
    count: int | None = None
    asked_to: int = 0
    commanded_to: int | None = None
    most: int = 0


@dataclass(frozen=True, slots=True)
class DrawingStatus:
    """What the interlock knows of withdrawing: the rate and the count down to which it was asked for (None: it was not), the
    count down to which it is commanded (None: it is not), and the last count."""

    rate_nl_per_h: int = 0
    asked_to: int | None = None
    commanded_to: int | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class InterlockStatus:
    """All that the interlock knows. ``tripped``: why it passes nothing but stop, None as long as it has not tripped.

    ``promised_ns``: when the pump wanted to be called again. ``waiting``: a command that waits to be confirmed.
    """

    now_ns: int
    lines: tuple[InterlockLine, ...]
    tripped: DeviceEvent | None = None
    turning: TurningStatus = TurningStatus()
    promised_ns: int | None = None
    waiting: OfALine | None = None
    driving: DrivingStatus = DrivingStatus()
    drawing: DrawingStatus = DrawingStatus()
