"""Which fluid fills each tube of a network: the mixture that the programmed flows make, from the last change of rates on.

Within a tube viscosity does not follow the front of a new fluid: that would couple flow and transport. From the instant at
which rates are set every tube counts as full of what they come to in the end; where all stand, of what it was full of before.
At first, and in a set with one line for good, it is what hangs in the container: the priming does not count.
"""

from collections.abc import Mapping

from pumpsim.fluidics.network.plumbing import Member, Plumbing
from pumpsim.fluidics.thickness import Thickness, hanging, thickness

Rates = Mapping[tuple[str, str], int]
"""What is programmed, nL/h, by (pump, line)."""


def leading_into(laid: Plumbing, members: Mapping[str, Member]) -> dict[str, tuple[Member, ...]]:
    """The pumps whose fluid comes through each tube, as they are in ``members`` by now, in the order of the file."""
    at = {tube.name: tube for tube in laid.tubing}
    found: dict[str, list[Member]] = {tube.name: [] for tube in laid.tubing}
    for member in laid.members:
        name: str | None = member.id
        while name is not None:
            found[name].append(members[member.id])
            end = at[name].end
            name = next((tube.name for tube in laid.tubing if tube.begin == end), None)
    return {name: tuple(pumps) for name, pumps in found.items()}


def filled(
    leading: Mapping[str, tuple[Member, ...]],
    rates: Rates,
    celsius: Mapping[str, float],
    last: Mapping[str, Mapping[tuple[str, str], float]],
) -> tuple[dict[str, Thickness], dict[str, Mapping[tuple[str, str], float]]]:
    """Give the thickness in each tube, and the weights that it comes from, which hold on where all rates are 0."""
    thick: dict[str, Thickness] = {}
    weights: dict[str, Mapping[tuple[str, str], float]] = {}
    for name, pumps in leading.items():
        now = {(p.id, line.line): float(rates.get((p.id, line.line), 0)) for p in pumps for line in p.setup.lines}
        weights[name] = now if any(now.values()) else last.get(name, {})
        parts = [
            (line.fluid, weight)
            for p in pumps
            for line in p.setup.lines
            if (weight := weights[name].get((p.id, line.line), 0.0)) > 0.0
        ]
        thick[name] = thickness(parts or [(hanging(pumps[0].setup.lines), 1.0)], celsius[name])
    return thick, weights
