"""What a trace means: pure functions from a run to results. No clock, no drawing, no simulation."""
