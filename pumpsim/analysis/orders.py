"""What was ordered for the patient, against what each pump gave: side by side, whatever the pumps believe that they did.

An order is the prescriber's: so much of a drug between two instants. A pump that runs at the right rate from the wrong bag
has kept its programme and missed the order.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.scenario import Order, Scenario
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.outputs import AlarmRaised

LOOKS = 1_200
"""Instants at which the course of an amount is worked out, beside those of the order."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the patient had of the drug by one pump: ``amount`` (m,), the total at ``at_ns`` (m,), in the order's unit.

    ``before``: what came ahead of the window, ``within`` it, and ``later`` to the end of the run. ``alarms``: those of high
    or medium priority that were raised from the begin of the window on, each once.
    """

    pump: str
    at_ns: Instants
    amount: Floats
    before: float
    within: float
    later: float
    alarms: tuple[AlarmId, ...]


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """An order and what came of it, pump by pump."""

    order: Order
    given: tuple[Given, ...]


def fulfilments(scenario: Scenario, traces: Mapping[str, PumpTrace]) -> tuple[Fulfilment, ...]:
    """Hold every order against what reached the patient. Traces by pump id."""
    return tuple(_fulfilment(order, traces) for order in scenario.orders)


def _fulfilment(order: Order, traces: Mapping[str, PumpTrace]) -> Fulfilment:
    return Fulfilment(order, tuple(_given(order, traces[pump]) for pump in order.pumps if pump in traces))


def _given(order: Order, trace: PumpTrace) -> Given:
    looks = np.linspace(0, trace.end_ns, LOOKS).astype(np.int64)
    at_ns = np.unique(np.concatenate([looks, [order.from_ns, order.to_ns]]))
    names = [drug for drug, _ in trace.drugs]
    total = trace.at(at_ns).patient_drug[names.index(order.drug)] if order.drug in names else np.zeros(len(at_ns))
    first, last = (float(total[int(np.searchsorted(at_ns, at))]) for at in (order.from_ns, order.to_ns))
    end = float(total[-1])
    return Given(trace.pump, at_ns, total, first, last - first, end - last, _alarms(order, trace))


def _alarms(order: Order, trace: PumpTrace) -> tuple[AlarmId, ...]:
    raised = (
        r.record.alarm
        for r in trace.records
        if isinstance(r.record, AlarmRaised) and r.record.priority is not Priority.LOW and r.at_ns >= order.from_ns
    )
    return tuple(dict.fromkeys(raised))
