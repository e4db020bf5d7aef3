"""The path of a pump whose line is its own and a single compliance behind a resistance: closed form throughout."""
