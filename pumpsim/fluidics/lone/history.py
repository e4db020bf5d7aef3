"""What a lone line did: every instant follows from its chunks in closed form."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.history import NOTHING, Look, Stock
from pumpsim.fluidics.origin import Origin
from pumpsim.fluidics.outlet import NS_PER_H
from pumpsim.fluidics.sources import Fed
from pumpsim.fluidics.transport.common_volume import CommonVolume
from pumpsim.vocabulary.path import PathSetup, Transport


@dataclass(frozen=True, slots=True)
class _Pieces:
    """All chunks in one table: pieces (n,) with their begin, and what holds within each."""

    at_ns: Instants
    end_ns: int
    pressure: Floats
    inflow: Floats
    flow: Floats
    resistance: Floats
    compliance: Floats
    back: Floats
    open: np.ndarray[tuple[int], np.dtype[np.bool_]]
    pumped: Floats
    drawn: Floats
    pumped_next: Floats
    drawn_next: Floats
    length: Floats


class LoneHistory:
    """The history of a pump with a line of its own. ``fed``: what came to its lines later."""

    def __init__(self, setup: PathSetup, chunks: Sequence[Chunk], fed: Sequence[Fed] = ()) -> None:
        self.setup, self.chunks, self.fed = setup, tuple(chunks), tuple(fed)

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The lines' sources, then the priming."""
        return self.common.origins

    @property
    def jumps(self) -> bool:
        """Where nothing stores, or nothing resists."""
        return any(chunk.outlet.at_once for chunk in self.chunks)

    @cached_property
    def common(self) -> CommonVolume:
        """What travels through the common volume."""
        p = self._pieces
        inflow = _ahead(np.append(p.inflow, p.pumped_next[:, -1].sum()))
        given = _ahead(np.column_stack([p.pumped, p.pumped_next[:, -1]]))
        return CommonVolume(self.setup, inflow, given, self.fed)

    @cached_property
    def _pieces(self) -> _Pieces:
        chunks = self.chunks
        pieces = [len(chunk.at_ns) - 1 for chunk in chunks]

        def every(values: list[float]) -> Floats:
            return np.repeat(np.array(values), pieces)

        at_ns = np.concatenate([chunk.at_ns[:-1] for chunk in chunks])
        end_ns = int(chunks[-1].at_ns[-1])
        return _Pieces(
            at_ns,
            end_ns,
            np.concatenate([chunk.pressure_kpa[:-1] for chunk in chunks]),
            np.concatenate([chunk.inflow_ml[:-1] for chunk in chunks]),
            np.concatenate([chunk.flow_ml_per_h for chunk in chunks]),
            every([chunk.outlet.resistance for chunk in chunks]),
            every([chunk.outlet.compliance for chunk in chunks]),
            every([chunk.outlet.back_pressure_kpa for chunk in chunks]),
            np.repeat(np.array([chunk.outlet.open for chunk in chunks]), pieces),
            np.concatenate([chunk.pumped_ml[:, :-1] for chunk in chunks], axis=1),
            np.concatenate([chunk.drawn_ml[:, :-1] for chunk in chunks], axis=1),
            np.concatenate([chunk.pumped_ml[:, 1:] for chunk in chunks], axis=1),
            np.concatenate([chunk.drawn_ml[:, 1:] for chunk in chunks], axis=1),
            np.diff(np.append(at_ns, end_ns)).astype(np.float64),
        )

    def look(self, at_ns: Instants) -> Look:
        """Every piece is linear in volume and exponential in pressure."""
        p = self._pieces
        i = np.clip(np.searchsorted(p.at_ns, at_ns, side="right") - 1, 0, len(p.at_ns) - 1)
        into = (at_ns - p.at_ns[i]).astype(np.float64)
        part = into / p.length[i]
        pumped = p.pumped[:, i] + (p.pumped_next[:, i] - p.pumped[:, i]) * part
        drawn = p.drawn[:, i] + (p.drawn_next[:, i] - p.drawn[:, i]) * part
        pressure, outflow_rate = _pressure_and_outflow(p, i, into / NS_PER_H)
        stored = p.compliance[i] * (pressure - self.setup.access.back_pressure_kpa)
        return Look(
            pressure,
            p.flow[i],
            outflow_rate,
            pumped,
            drawn,
            self.common.entered(pumped),
            self.common.left(pumped.sum(axis=0) - stored),
        )

    def relaxed_ns(self, at_ns: int, excess_kpa: float) -> int | None:
        """From piece to piece in closed form."""
        for chunk in self.chunks:
            if chunk.at_ns[-1] <= at_ns:
                continue
            outlet = chunk.outlet
            if not outlet.open:
                return None
            for k, flow in enumerate(chunk.flow_ml_per_h.tolist()):
                begin_ns, end_ns = int(chunk.at_ns[k]), int(chunk.at_ns[k + 1])
                above = float(chunk.pressure_kpa[k]) - outlet.settled(flow)
                if end_ns <= at_ns:
                    continue
                if outlet.at_once or above <= excess_kpa:
                    return max(begin_ns, at_ns)
                ns = math.ceil(outlet.resistance * outlet.compliance * math.log(above / excess_kpa) * NS_PER_H)
                if begin_ns + ns <= end_ns:
                    return max(begin_ns + ns, at_ns)
        return None

    def stock(self) -> Stock:
        """What has not been drawn, and what has been drawn and not given."""
        last = self.chunks[-1]
        drawn, given = (self.common.entered(volumes[:, -1:])[:, 0] for volumes in (last.drawn_ml, last.pumped_ml))
        held, taken, mixed = (
            np.array([value if origin.line >= 0 else 0.0 for origin, value in zip(self.origins, values, strict=True)])
            for values in zip(*((o.held_ml, o.taken_ml, o.mixed_ml) for o in self.origins), strict=True)
        )
        left = held - taken - mixed - drawn
        return Stock(np.where(np.abs(left) < NOTHING * held, 0.0, left), drawn - given, taken, mixed)

    def lost(self) -> Floats:
        """A lone line is tight."""
        return np.zeros(len(self.origins))

    def outflow_ml(self) -> float:
        """The integral of (p - p0) / R, in closed form, chunk by chunk."""
        volume = 0.0
        before_kpa = self.setup.access.back_pressure_kpa
        for chunk in self.chunks:
            outlet, displaced = chunk.outlet, np.diff(chunk.inflow_ml)
            if outlet.open and outlet.at_once:
                stored = outlet.compliance * (before_kpa - float(chunk.pressure_kpa[-1]))
                volume += float(displaced.sum()) + stored
            elif outlet.open:
                tau = outlet.resistance * outlet.compliance
                lost = 1.0 - np.exp(-np.diff(chunk.at_ns) / NS_PER_H / tau)
                settled = outlet.back_pressure_kpa + outlet.resistance * chunk.flow_ml_per_h
                above = chunk.pressure_kpa[:-1] - settled
                volume += float((displaced + outlet.compliance * above * lost).sum())
            before_kpa = float(chunk.pressure_kpa[-1])
        return volume

    def squeezed_ml(self, at_ns: int, from_kpa: float, to_kpa: float) -> float:  # noqa: ARG002 (there is no air)
        """Nothing: no air comes to a line of its own."""
        return 0.0

    def in_line(self) -> Floats:
        """What entered last (plug flow), or a stirred tank, and what compliance stores ahead of it."""
        setup = self.setup
        volume = setup.set.common_ml
        inflow = np.concatenate([chunk.inflow_ml for chunk in self.chunks])
        lines = np.concatenate([chunk.pumped_ml for chunk in self.chunks], axis=1)
        excess_kpa = float(self.chunks[-1].pressure_kpa[-1]) - setup.access.back_pressure_kpa
        end = float(inflow[-1])
        inflow, lines = _ahead(inflow), _ahead(lines)
        out = max(0.0, end - setup.set.compliance_ml_per_kpa * excess_kpa)

        def entered(at_ml: Floats) -> Floats:
            """What of each source had entered with these inflows, (sources, m)."""
            return self.common.entered(np.array([np.interp(at_ml, inflow, line) for line in lines]))

        now = entered(np.array([end]))[:, 0]
        if setup.set.transport is Transport.MIXED and volume > 0.0:
            knots = self._knots(inflow, lines, out)
            through = entered(knots)
            return now - through[:, -1] + volume * _tank(through, knots, volume)
        content: Floats = now - entered(np.array([max(0.0, out - volume)]))[:, 0]
        content[-1] = max(0.0, volume - max(0.0, out))
        return content

    def _knots(self, inflow: Floats, lines: Floats, out: float) -> Floats:
        """Inflows up to ``out`` between which the entering mixture is even."""
        changes = [
            float(np.interp(origin.begin_ml, lines[origin.line], inflow))
            for origin in self.origins
            if origin.begin_ml > 0.0
        ]
        knots = np.unique(np.concatenate([inflow, changes, [0.0, out]]))
        return knots[(knots >= 0.0) & (knots <= out)]


def _ahead(volume: Floats) -> Floats:
    """The furthest that a volume has come until each breakpoint.

    What a lone line gives is known by its place in the order in which it was first given: a mechanism that turns back takes the
    same fluid back the way that it came, and gives it again.
    """
    furthest: Floats = np.maximum.accumulate(volume, axis=-1)
    return furthest


def _tank(entered: Floats, knots: Floats, volume: float) -> Floats:
    """Share of each source in a stirred tank after all knots; at first it is full of the last source, the priming."""
    steps = np.diff(knots)
    keep = np.exp(-steps / volume)
    share = np.zeros(len(entered))
    share[-1] = 1.0
    for new, kept in zip((np.diff(entered, axis=1) / steps).T, keep, strict=True):
        share = new + (share - new) * kept
    return share


def _pressure_and_outflow(p: _Pieces, i: Instants, hours: Floats) -> tuple[Floats, Floats]:
    """Pressure (kPa) and flow to the patient (mL/h) ``hours`` after the begin of pieces ``i``."""
    resistance, compliance, back, flow = p.resistance[i], p.compliance[i], p.back[i], p.flow[i]
    settled = back + resistance * flow
    tau = resistance * compliance
    at_once = tau == 0.0
    decay = np.exp(-hours / np.where(at_once, 1.0, tau))
    follows = settled + (p.pressure[i] - settled) * np.where(at_once, 0.0, decay)
    rises = p.pressure[i] + flow * hours / np.where(compliance > 0.0, compliance, 1.0)
    pressure = np.where(p.open[i], follows, rises)
    outflow = np.where(at_once, flow, (pressure - back) / np.where(resistance > 0.0, resistance, 1.0))
    return pressure, np.where(p.open[i], outflow, 0.0)
