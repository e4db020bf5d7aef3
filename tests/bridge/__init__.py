"""The serial bridge: framing, protocol, session, device, bridge, transports, and the same scenario in both worlds."""
