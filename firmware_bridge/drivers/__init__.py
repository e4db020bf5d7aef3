"""One file for each family of pumps: motor commands to messages, telemetry to sensor readings."""
