"""The points between two effects, by name: where a process may die, and nothing may be lost or done twice.

Nothing happens at a point. Only a process of the crash harness (``tests/chaos``) puts a listener here, in its own
code and before anything else; no setting, no variable and no command of ours does, and a test of the house's rules
sees to it.
"""

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """Before and after each commit, each call of a target, each message to Slack, each ring of the bell."""

    BEFORE_COMMIT = "before a commit"
    AFTER_COMMIT = "after a commit"
    BEFORE_CLAIM = "before a claim's commit"
    AFTER_CLAIM = "after a claim's commit"
    BEFORE_RESOLVE = "before the target is asked for the account"
    AFTER_RESOLVE = "after the target named the account"
    BEFORE_READ = "before the target is read"
    AFTER_READ = "after the target was read"
    BEFORE_GRANT = "before the target gives"
    AFTER_GRANT = "after the target gave"
    BEFORE_REVOKE = "before the target takes"
    AFTER_REVOKE = "after the target took"
    BEFORE_SESSIONS = "before the target is asked for sessions"
    AFTER_SESSIONS = "after the target said what became of sessions"
    BEFORE_SLACK = "before Slack is told"
    AFTER_SLACK = "after Slack was told"
    BEFORE_RING = "before the bell is rung"
    AFTER_RING = "after the bell was rung"


Listener = Callable[[Point, tuple[str, ...]], object]

_listener: Listener | None = None


def reached(point: Point, *about: str) -> None:
    """The process is at that point. ``about``: what is committed there, read, or told."""
    if _listener is not None:
        _listener(point, about)


def listen(listener: Listener | None) -> None:
    """Have a listener told of each point; None ends that."""
    global _listener  # noqa: PLW0603 - one for the whole process, as is its death
    _listener = listener
