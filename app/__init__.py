"""breakglass: emergency access from Slack. ``wiring.build`` puts the house together; importing builds nothing."""
