"""A local Slack workspace that speaks Slack's own protocol with the bot: for the demo and the tests."""

from app.sandbox.page import TargetResult
from app.sandbox.sandbox import Sandbox

__all__ = ["Sandbox", "TargetResult"]
