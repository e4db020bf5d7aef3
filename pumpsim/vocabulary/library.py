"""What a drug library says of one drug in one care area, as it comes to the pump with an order.

Limits are rates and volumes of the fluid as it hangs there, in integers: doses become rates at the border, as everywhere.
No table of incompatible drugs is shipped; a user supplies the pairs.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one figure, nL/h or nL; None: none. Hard ones refuse, soft ones ask."""

    soft_low: int | None = None
    soft_high: int | None = None
    hard_low: int | None = None
    hard_high: int | None = None


@dataclass(frozen=True, slots=True)
class DrugRule:
    """The entry of a drug: its name, its care area, limits of rate and of bolus volume, whether a KVO is forbidden.

    ``incompatible``: names of drugs with which it must not meet in the common volume.
    """

    drug: str
    care_area: str
    rate: Limits = Limits()
    bolus: Limits = Limits()
    forbids_kvo: bool = False
    incompatible: tuple[str, ...] = ()
