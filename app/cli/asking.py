"""``policy check --live``: what is outside, asked once with the secrets of this environment."""

from dataclasses import dataclass

from app import live
from app.cli.terminal import Terminal
from app.clock import SystemClock
from app.errors import Problem
from app.policy import PolicyFolder


@dataclass(frozen=True, slots=True)
class Seen:
    """What is wrong, what is not meant so, and whether anything did not answer."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    unreachable: bool


def look_outside(terminal: Terminal, folder: PolicyFolder) -> Seen:
    """Everything that the folder names; raises ``Misconfigured`` where the environment itself is faulty."""
    terminal.settings("live")
    kinds = terminal.known()
    outside = live.Outside(
        folder, terminal.env, kinds.access, kinds.sources, kinds.pagers, SystemClock().now()
    )
    said = live.look(outside, min(live.SECONDS, terminal.patience))
    return Seen(
        live.problems_of(said, "fault", "silence"),
        live.problems_of(said, "warning"),
        bool(live.problems_of(said, "silence")),
    )
