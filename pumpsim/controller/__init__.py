"""The pump's decisions: a pure object that cannot tell whether SimPy or a serial port drives it.

Standard library only; no clock, no chance, no I/O. Arithmetic is ``+ - * /`` and integers, so that a recorded session
replays bit for bit on every machine.
"""

from pumpsim.controller.pump import Pump

__all__ = ["Pump"]
