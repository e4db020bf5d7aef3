"""Where every microlitre is, from container to patient, at any instant asked.

Exact between events: the mechanism's strokes are planned as arrays in integers (``drives``), pressure follows in closed
form from stroke to stroke (``lone``, a line of its own; ``network``, anything more), and what travels is a function of
volume (``transport``). No clock, no chance, no time step.
"""
