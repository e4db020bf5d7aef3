"""A pump that is not there: real pumps' dialects in front of the very same pump and fluid path as in simulation."""
