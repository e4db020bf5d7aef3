"""Results drawn as figures: the only folder that imports matplotlib. A result goes in, a Figure comes out.

Nothing is computed here but where ink goes. Import a module of this folder only when something is to be drawn.
"""
