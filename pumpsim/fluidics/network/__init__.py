"""Any number of pumps, tubes and valves as one network of compliances and resistances, exact between events.

``elements`` says what there is, ``mode`` what holds while no valve or plunger changes its mind (linear; solved by
eigenvalues), ``course`` follows the pressures through the strokes, ``expo`` finds first crossings with certainty.
"""
