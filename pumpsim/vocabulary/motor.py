"""What a motor is told in, and how it can fail: it runs faster or slower than it is told, not at all, or on when it is told
to stop. Its count goes with what it does, so the pump can find out.
"""

from dataclasses import dataclass

PPM = 1_000_000
FL_PER_NL = 1_000_000
"""Volumes are in nL, steps in fL."""


@dataclass(frozen=True, slots=True)
class MotorFault:
    """From now on the mechanism of a pump moves at so many ppm of what it is told; 0: it does not move.

    ``runs_on``: what moves, or is told to later, does not stop any more, whatever it is told. ``MotorFault()``: in order again.
    """

    ppm: int = PPM
    runs_on: bool = False
