"""Doses and amounts of a drug become rates and volumes of the fluid that hangs on a line: exactly, and once.

A rate is rounded to the model's rate step by ``nearest_rate_nl_per_h``; a volume is rounded down to the nL.
"""

from dataclasses import dataclass
from fractions import Fraction

from pumpsim.scenario_file.checks import Faults, Path
from pumpsim.scenario_file.pumps import BuiltPump
from pumpsim.units import Dimension, Quantity, format_quantity
from pumpsim.vocabulary.program import format_rate, nearest_rate_nl_per_h, rate_faults

NL_PER_ML = 1_000_000


@dataclass(frozen=True, slots=True)
class Dosing:
    """What is needed to convert the quantities of one order; ``drug`` where the line's fluid has several."""

    pump: BuiltPump
    line: str
    weight: Quantity | None
    drug: str | None
    faults: Faults

    def rate(self, pace: Quantity, path: Path) -> tuple[int, str] | None:
        """Give the rate in nL/h, within the model's limits, and the dose as it was ordered and is delivered; 0 is a rate.

        None after a fault.
        """
        if pace.dimension is Dimension.RATE:
            exact = self.exact_rate(pace, path)
            found = None if exact is None else (exact, "")
        else:
            found = self._dosed(pace, path)
        if found is None or found[0] == 0:
            return found
        limits = rate_faults(self.pump.model, found[0])
        for limit in limits:
            self.faults.add(path, limit)
        return None if limits else found

    def exact_rate(self, pace: Quantity, path: Path) -> int | None:
        """Give a rate in nL/h that need not be on the model's step: of a bolus. None after a fault."""
        if pace.dimension is not Dimension.RATE:
            concentration = self.concentration(path)
            if concentration is None or not self._counted_alike(pace, concentration, "the dose", path):
                return None
            exact = pace.value * self._kg(pace) / concentration.value * NL_PER_ML
            return exact.numerator // exact.denominator
        if pace.value.denominator != 1:
            self.faults.add(path, f"{pace.text} is not a whole number of nL/h")
            return None
        return pace.value.numerator

    def _kg(self, dose: Quantity) -> Fraction:
        """By what a dose per kg is multiplied."""
        return self.weight.value if "/kg/" in dose.dimension.value and self.weight is not None else Fraction(1)

    def volume(self, given: Quantity, path: Path) -> int | None:
        """Give the volume in nL that is meant, or that holds the amount of drug. None after a fault."""
        if given.dimension is Dimension.VOLUME:
            return given.value.numerator // given.value.denominator
        concentration = self.concentration(path)
        if concentration is None or not self._counted_alike(given, concentration, "the amount", path):
            return None
        exact = given.value / concentration.value * NL_PER_ML
        return exact.numerator // exact.denominator

    def concentration(self, path: Path) -> Quantity | None:
        """The concentration of the drug that a dose is of. None after a fault, or for a line that is not known."""
        if self.line not in self.pump.contents:
            return None
        drugs = dict(self.pump.contents[self.line])
        if not drugs:
            self.faults.add(path, f"line {self.line} has no drug, so a dose of it is no rate")
            return None
        if self.drug is None:
            if len(drugs) > 1:
                self.faults.add((*path[:-1], "drug"), f"is missing: line {self.line} has {', '.join(drugs)}")
                return None
            return next(iter(drugs.values()))
        if self.drug not in drugs:
            self.faults.add_unknown((*path[:-1], "drug"), f"drug of line {self.line}", self.drug, drugs)
        return drugs.get(self.drug)

    def _dosed(self, dose: Quantity, path: Path) -> tuple[int, str] | None:
        if ("/kg/" in dose.dimension.value) and self.weight is None:
            self.faults.add(path, "a dose per kg and a weight belong together")
            return None
        concentration = self.concentration(path)
        if concentration is None or not self._counted_alike(dose, concentration, "the dose", path):
            return None
        kg = self.weight if "/kg/" in dose.dimension.value else None
        weight = self._kg(dose)
        exact = dose.value * weight / concentration.value * NL_PER_ML
        rate = nearest_rate_nl_per_h(self.pump.model, exact.numerator, exact.denominator)
        delivered = rate * concentration.value / weight / NL_PER_ML
        ordered = ", ".join(q.text for q in (dose, kg) if q is not None)
        written = format_quantity(delivered, dose.dimension, dose.word)
        return rate, f"{ordered} -> {format_rate(rate)}: {written}"

    def _counted_alike(self, given: Quantity, concentration: Quantity, what: str, path: Path) -> bool:
        if concentration.dimension.counted == given.dimension.counted:
            return True
        self.faults.add(
            path,
            f"{what} is counted in {given.dimension.counted}, the concentration {concentration.text} of line {self.line} "
            f"in {concentration.dimension.counted}",
        )
        return False
