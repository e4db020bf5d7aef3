"""The two kinds of array that all of fluidics speaks in."""

import numpy as np
from numpy.typing import NDArray

Instants = NDArray[np.int64]
Floats = NDArray[np.float64]
