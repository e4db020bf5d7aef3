"""What speed and memory are claimed, and the commands that measure them, beside honest peers. `make bench` runs all."""
