"""The verification cases: what simulator and controller are held to, each run through them, once, for page and tests alike.

``cases.CASES`` is the list. A case names its source and what is expected; what is computed comes from a simulated
run, never from the formula beside it.
"""
