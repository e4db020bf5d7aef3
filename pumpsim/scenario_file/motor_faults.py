"""A motor that fails, as a scenario file writes it: ``{ speed = "110 %" }``, ``"stalled"``, ``"runs on"``."""

from fractions import Fraction

from pumpsim.scenario_file.checks import Faults, Path
from pumpsim.scenario_file.happening_tables import MotorTable
from pumpsim.scenario_file.pumps import BuiltPump
from pumpsim.vocabulary.model import Drive
from pumpsim.vocabulary.motor import PPM, MotorFault

FASTEST = Fraction(2)
"""The resistances ahead of a pump are checked for its highest rate, with room for twice of it."""


def motor_fault(motor: MotorFault | MotorTable, pump: BuiltPump, path: Path, faults: Faults) -> MotorFault | None:
    """Read what becomes of a pump's motor; None after a fault."""
    if pump.model.mechanism.drive is Drive.ROLLER_CLAMP:
        faults.add(path, f"pump {pump.setup.id} has no motor")
        return None
    if isinstance(motor, MotorFault):
        return motor
    ppm = motor.speed.value * PPM
    if ppm.denominator != 1 or motor.speed.value > FASTEST:
        faults.add((*path, "speed"), "a share above 0 %, of at most 200 % and by 0.0001 %, is wanted")
        return None
    return MotorFault(int(ppm))
