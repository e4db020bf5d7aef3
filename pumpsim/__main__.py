"""``python -m pumpsim``."""

from pumpsim.cli import main

main()
