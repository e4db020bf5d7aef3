"""What travels through tubes, as a function of volume: no pressure, no flow, no time.

``common_volume`` for a line of its own in closed form, ``tubes`` for any network of tubes, either way.
"""
