"""Slack: what it sends us, what people read there, how messages get there."""
