"""A simulator and a controller of infusion pumps, for engineering, test and teaching. Not a medical device."""

__version__ = "0.1.0"
