"""The tubing between container and pump: what is left to draw, and the pressure at the pump's inlet."""

from dataclasses import dataclass, replace

from pumpsim.vocabulary.path import LineSetup

CAVITATION_KPA = -99.0
"""Gauge pressure at which water at 20 degC boils (vapour pressure 2.3 kPa absolute): nothing more can be drawn."""
ROUNDING = 1e-6
"""Steps by which a sum of volumes may come out too low."""
ENDLESS_FL = 10**21
"""A million litres."""
ENDLESS_STEPS = 10**12
"""Air that follows an empty container: more than is ever drawn."""


@dataclass(frozen=True, slots=True)
class Limb:
    """One limb with the container above it. Volumes in motor steps, counted as drawn since power-on.

    ``held``: the count at which container and limb are empty. ``clamped_at``: the count at which the limb was closed, None
    when it is open. Resistance of an open limb is neglected: its inlet pressure is the head of the container.
    ``airy``: air follows when the container is empty. ``bubbles``: from and to the counts at which the sensor ahead of the
    pump sees air although the container is not empty.
    """

    held: int
    head_kpa: float
    give_steps_per_kpa: float
    clamped_at: float | None = None
    airy: bool = False
    bubbles: tuple[tuple[float, float], ...] = ()

    @classmethod
    def of(cls, setup: LineSetup, step_fl: int, *, airy: bool = False) -> "Limb":
        """Build from the setup, container full. With a secondary nothing runs out here: air follows, in the network."""
        if setup.secondary is not None:
            return cls(ENDLESS_FL // step_fl, setup.head_kpa, setup.limb_compliance_ml_per_kpa * 1e12 / step_fl)
        held_fl = round((setup.container_ml + setup.limb_ml) * 1e9) * 1000
        return cls(
            held_fl // step_fl,
            setup.head_kpa,
            setup.limb_compliance_ml_per_kpa * 1e12 / step_fl,
            airy=airy,
        )

    @property
    def supply(self) -> int:
        """The count of drawn steps beyond which nothing comes: the container is empty, or the closed limb boils."""
        most = self.held + ENDLESS_STEPS if self.airy else self.held
        if self.clamped_at is None:
            return most
        return min(most, int(self.clamped_at + (self.head_kpa - CAVITATION_KPA) * self.give_steps_per_kpa))

    def clamped(self, drawn: float) -> "Limb":
        """Close the limb now; a second clamp changes nothing."""
        return self if self.clamped_at is not None else replace(self, clamped_at=drawn)

    def opened(self) -> "Limb":
        """Open the limb: what was drawn against the clamp flows in from the container."""
        return replace(self, clamped_at=None)

    def hung(self, drawn: float, more: float, head_kpa: float) -> "Limb":
        """Hang another container: ``more`` can be drawn beyond what is. A closed limb keeps its pressure until it is opened."""
        return replace(self.lifted(head_kpa), held=int(drawn + more + ROUNDING))

    def shifted(self, steps: int, gone: int = 0, bubbles: tuple[tuple[float, float], ...] = ()) -> "Limb":
        """Drive so many steps into the limb, or take them from it (negative), where it has drawn none; ``gone`` of air rose."""
        clamped_at = None if self.clamped_at is None else self.clamped_at + steps
        return replace(self, held=self.held + steps - gone, clamped_at=clamped_at, bubbles=bubbles)

    def lifted(self, head_kpa: float) -> "Limb":
        """Hang the container at another height; a closed limb keeps its pressure until it is opened."""
        clamped_at = self.clamped_at
        if clamped_at is not None:
            clamped_at += (self.head_kpa - head_kpa) * self.give_steps_per_kpa
        return replace(self, head_kpa=head_kpa, clamped_at=clamped_at)

    def sees_air(self, taken: int) -> bool:
        """Whether there is air ahead of the pump, so many steps drawn."""
        return taken >= self.held or any(begin <= taken < end for begin, end in self.bubbles)

    def pressure_kpa(self, drawn: float) -> float:
        """Gauge pressure at the pump's inlet."""
        if self.clamped_at is None:
            return self.head_kpa
        return self.head_kpa - (drawn - self.clamped_at) / self.give_steps_per_kpa

    def drawn_at(self, pressure_kpa: float) -> float:
        """The count at which a closed limb's inlet comes to this pressure."""
        assert self.clamped_at is not None
        return self.clamped_at + (self.head_kpa - pressure_kpa) * self.give_steps_per_kpa
