"""Whether the transport that a set was given holds there: the number D t / r^2, at the slowest and the fastest flow of a run.

PHYSICS V10: laminar flow along streamlines holds while the number is small, Taylor-Aris dispersion from about 1 on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pumpsim.fluidics.transport.dispersion import LEAST_SPREAD, dispersion_number
from pumpsim.scenario import Scenario
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.path import AdministrationSet, Transport

LAMINAR_UP_TO, DISPERSED_FROM = 0.05, 1.0
SAME_WITHIN = 2.0
"""The factor up to which one spread, fixed at the first delivery, stands for all flows of a run (a choice of ours)."""
S_PER_H = 3600.0


@dataclass(frozen=True, slots=True)
class Dispersion:
    """D t / r^2 in a set, t being common volume over programmed flow, at both ends; ``warning`` is empty where all is well."""

    slowest_ml_per_h: float
    fastest_ml_per_h: float
    at_slowest: float
    at_fastest: float
    warning: str


def dispersions(scenario: Scenario, traces: Sequence[PumpTrace]) -> dict[str, Dispersion]:
    """Give the number for every set, of a pump or a junction by its id, that has a bore and a flow."""
    into = {pump.id: pump.path.into for pump in scenario.pumps} | {j.id: j.into for j in scenario.junctions}
    sets = {pump.id: pump.path.set for pump in scenario.pumps} | {j.id: j.set for j in scenario.junctions}
    found = {}
    for name, tubing in sets.items():
        flows = _flows([trace for trace in traces if _leads(trace.pump, name, into)])
        if tubing.bore_mm and tubing.common_ml and flows:
            found[name] = _judged(tubing, flows)
    return found


def _leads(pump: str, name: str, into: dict[str, str | None]) -> bool:
    at: str | None = pump
    while at is not None and at != name:
        at = into[at]
    return at is not None


def _flows(traces: Iterable[PumpTrace]) -> list[float]:
    """The programmed flows of some pumps together, mL/h, in the order in which they were; those of 0 left out."""
    decisions = sorted(
        ((at_ns, i, command) for i, trace in enumerate(traces) for at_ns, command in trace.decisions),
        key=lambda d: d[:2],
    )
    now: dict[int, int] = {}
    flows: dict[int, float] = {}
    for at_ns, i, command in decisions:
        now[i] = sum(motion.rate_nl_per_h for motion in command.lines)
        flows[at_ns] = sum(now.values()) / 1e6
    return [flow for flow in flows.values() if flow > 0.0]


def _judged(tubing: AdministrationSet, flows: list[float]) -> Dispersion:
    def number(flow_ml_per_h: float) -> float:
        seconds = tubing.common_ml / flow_ml_per_h * S_PER_H
        return dispersion_number(tubing.diffusivity_m2_per_s, seconds, tubing.bore_mm / 2.0)

    slowest, fastest = min(flows), max(flows)
    warnings = []
    if tubing.transport is Transport.LAMINAR and number(slowest) > LAMINAR_UP_TO:
        warnings.append(f"laminar holds below {LAMINAR_UP_TO:g} only")
    if tubing.transport is Transport.DISPERSED:
        if number(fastest) < DISPERSED_FROM:
            warnings.append(f"dispersed holds from about {DISPERSED_FROM:g} on")
        if max(fastest / flows[0], flows[0] / slowest) > SAME_WITHIN:
            warnings.append("flows leave by more than a factor of 2 the first one, for which the spread was fixed")
        if tubing.spread == LEAST_SPREAD:
            warnings.append("the spread is less than that of the 200 stirred tanks that stand for it")
    return Dispersion(slowest, fastest, number(slowest), number(fastest), "; ".join(warnings))
