"""Mechanisms in time: what each kind of drive draws and pumps, leg by leg, in integer motor steps.

``mechanism`` shares the motion out between lines, ``pumping`` joins it to the limbs ahead; no pressure is known here.
"""
