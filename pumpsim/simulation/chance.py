"""Chance as an argument: one generator for each pump, spawned from the scenario's seed."""

from functools import cached_property

import numpy as np


class Chance:
    """The generator of the pump at ``place`` in the file. It is made when it is first asked: most runs never do."""

    def __init__(self, seed: int, place: int) -> None:
        self._seed, self._place = seed, place

    @cached_property
    def _generator(self) -> "np.random.Generator":
        return np.random.default_rng(self._seed).spawn(self._place + 1)[self._place]

    def normal(self, deviation: float) -> float:
        """Draw from a normal distribution about 0 with this standard deviation."""
        return float(self._generator.normal(0.0, deviation))
