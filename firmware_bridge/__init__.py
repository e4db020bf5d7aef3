"""The serial bridge: the pump of ``pumpsim`` in real time, with a device on a serial port as its mechanism.

Everything but ``loop`` and ``transports`` is pure: bytes and time are arguments. Not a medical device.
"""
