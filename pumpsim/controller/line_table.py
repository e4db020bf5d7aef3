"""The life of one line as a table: in this state, on this trigger, go there and say this.

What did not fit: whether a trigger is due at all (VTBI in, piggyback, alarm) is decided in ``rules``, ``dual`` and
``alarm_monitor``; a command that the table or these refuse is answered in ``commands``. ``BACK`` stands for what the line
was doing before it was held: INFUSING, or KVO or CONTINUING once the VTBI is in. The diagram in the docs is generated
from this table.
"""

from dataclasses import dataclass
from enum import Enum

from pumpsim.vocabulary.outputs import DeliveryEventKind as Said
from pumpsim.vocabulary.outputs import LineState as S


class Trigger(Enum):
    """What can move a line from one state to another."""

    LOAD = "load"
    START = "start"
    START_LATER = "start, delayed"
    DELAY_OVER = "delay over"
    STOP = "stop"
    PAUSE = "piggyback begins"
    RESUME = "piggyback ends"
    VTBI_IN_KVO = "VTBI in: KVO"
    VTBI_IN_CONTINUE = "VTBI in: continue"
    VTBI_IN_STOP = "VTBI in: stop"
    TAKEN_OVER = "primary takes over"
    ALARM = "stopping alarm"
    LIMITED = "limiting alarm"
    UNLIMITED = "limiting alarm over"
    STANDBY = "standby"
    STANDBY_OVER = "standby over"
    POWER_LOST = "power lost"
    CHECK = "line is checked"
    CHECKED = "line is clear"


@dataclass(frozen=True, slots=True)
class Transition:
    """Where to go (None: BACK) and what to record."""

    to: S | None
    said: Said


BACK = None

TABLE: dict[tuple[S, Trigger], Transition] = {
    (S.EMPTY, Trigger.LOAD): Transition(S.READY, Said.PROGRAM_LOADED),
    (S.READY, Trigger.LOAD): Transition(S.READY, Said.PROGRAM_LOADED),
    (S.HELD, Trigger.LOAD): Transition(S.READY, Said.PROGRAM_LOADED),
    (S.ALARM, Trigger.LOAD): Transition(S.READY, Said.PROGRAM_LOADED),
    (S.COMPLETE, Trigger.LOAD): Transition(S.READY, Said.PROGRAM_LOADED),
    (S.READY, Trigger.START): Transition(S.INFUSING, Said.DELIVERY_STARTED),
    (S.READY, Trigger.START_LATER): Transition(S.DELAYED, Said.DELIVERY_DELAYED),
    (S.DELAYED, Trigger.DELAY_OVER): Transition(S.INFUSING, Said.DELIVERY_STARTED),
    (S.DELAYED, Trigger.STOP): Transition(S.READY, Said.DELIVERY_STOPPED),
    (S.DELAYED, Trigger.ALARM): Transition(S.ALARM, Said.DELIVERY_STOPPED),
    (S.HELD, Trigger.START): Transition(BACK, Said.DELIVERY_STARTED),
    (S.ALARM, Trigger.START): Transition(BACK, Said.DELIVERY_STARTED),
    (S.ALARM, Trigger.STOP): Transition(S.HELD, Said.DELIVERY_STOPPED),
    (S.INFUSING, Trigger.STOP): Transition(S.HELD, Said.DELIVERY_STOPPED),
    (S.INFUSING, Trigger.PAUSE): Transition(S.PAUSED, Said.DELIVERY_PAUSED),
    (S.INFUSING, Trigger.ALARM): Transition(S.ALARM, Said.DELIVERY_STOPPED),
    (S.INFUSING, Trigger.VTBI_IN_KVO): Transition(S.KVO, Said.DELIVERY_COMPLETE),
    (S.INFUSING, Trigger.VTBI_IN_CONTINUE): Transition(S.CONTINUING, Said.DELIVERY_COMPLETE),
    (S.INFUSING, Trigger.VTBI_IN_STOP): Transition(S.COMPLETE, Said.DELIVERY_COMPLETE),
    (S.KVO, Trigger.STOP): Transition(S.COMPLETE, Said.DELIVERY_STOPPED),
    (S.KVO, Trigger.PAUSE): Transition(S.PAUSED, Said.DELIVERY_PAUSED),
    (S.KVO, Trigger.ALARM): Transition(S.ALARM, Said.DELIVERY_STOPPED),
    (S.KVO, Trigger.TAKEN_OVER): Transition(S.COMPLETE, Said.DELIVERY_STOPPED),
    (S.CONTINUING, Trigger.STOP): Transition(S.COMPLETE, Said.DELIVERY_STOPPED),
    (S.CONTINUING, Trigger.PAUSE): Transition(S.PAUSED, Said.DELIVERY_PAUSED),
    (S.CONTINUING, Trigger.ALARM): Transition(S.ALARM, Said.DELIVERY_STOPPED),
    (S.INFUSING, Trigger.LIMITED): Transition(S.KVO, Said.KVO_ENTERED),
    (S.CONTINUING, Trigger.LIMITED): Transition(S.KVO, Said.KVO_ENTERED),
    (S.KVO, Trigger.UNLIMITED): Transition(BACK, Said.KVO_LEFT),
    (S.READY, Trigger.STANDBY): Transition(S.STANDBY, Said.STANDBY_ENTERED),
    (S.HELD, Trigger.STANDBY): Transition(S.STANDBY, Said.STANDBY_ENTERED),
    (S.STANDBY, Trigger.STANDBY_OVER): Transition(S.HELD, Said.STANDBY_LEFT),
    (S.STANDBY, Trigger.LOAD): Transition(S.READY, Said.PROGRAM_LOADED),
    (S.STANDBY, Trigger.START): Transition(BACK, Said.DELIVERY_STARTED),
    (S.STANDBY, Trigger.STOP): Transition(S.HELD, Said.STANDBY_LEFT),
    (S.INFUSING, Trigger.CHECK): Transition(S.CHECKING, Said.DELIVERY_STOPPED),
    (S.KVO, Trigger.CHECK): Transition(S.CHECKING, Said.DELIVERY_STOPPED),
    (S.CONTINUING, Trigger.CHECK): Transition(S.CHECKING, Said.DELIVERY_STOPPED),
    (S.CHECKING, Trigger.CHECKED): Transition(BACK, Said.DELIVERY_RESUMED),
    (S.CHECKING, Trigger.STOP): Transition(S.HELD, Said.DELIVERY_STOPPED),
    (S.CHECKING, Trigger.ALARM): Transition(S.ALARM, Said.DELIVERY_STOPPED),
    (S.PAUSED, Trigger.RESUME): Transition(BACK, Said.DELIVERY_RESUMED),
    (S.PAUSED, Trigger.STOP): Transition(S.HELD, Said.DELIVERY_STOPPED),
    (S.PAUSED, Trigger.ALARM): Transition(S.ALARM, Said.DELIVERY_STOPPED),
    (S.DELAYED, Trigger.POWER_LOST): Transition(S.READY, Said.DELIVERY_STOPPED),
    (S.INFUSING, Trigger.POWER_LOST): Transition(S.HELD, Said.DELIVERY_STOPPED),
    (S.KVO, Trigger.POWER_LOST): Transition(S.HELD, Said.DELIVERY_STOPPED),
    (S.CONTINUING, Trigger.POWER_LOST): Transition(S.HELD, Said.DELIVERY_STOPPED),
    (S.PAUSED, Trigger.POWER_LOST): Transition(S.HELD, Said.DELIVERY_STOPPED),
    (S.CHECKING, Trigger.POWER_LOST): Transition(S.HELD, Said.DELIVERY_STOPPED),
    (S.STANDBY, Trigger.POWER_LOST): Transition(S.HELD, Said.STANDBY_LEFT),
    (S.ALARM, Trigger.POWER_LOST): Transition(S.HELD, Said.DELIVERY_STOPPED),
}


def possible(state: S, trigger: Trigger) -> bool:
    """Whether the table knows what to do."""
    return (state, trigger) in TABLE
