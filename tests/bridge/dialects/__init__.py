"""Dialects of virtual pumps: tabulated conversations, and real clients on a pseudo-terminal."""
