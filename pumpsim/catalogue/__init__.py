"""Published figures of pumps, syringes, administration sets, accesses and fluids, each with its source.

Rows of data and look-ups by name, nothing else. A figure that was not read in a source says ``unverified``.
"""
