"""The target is told to take back, and asked what it says then: the only place that calls ``revoke``."""

from dataclasses import dataclass

from app.errors import ConnectorError
from app.lifecycle.desk import Desk, Given
from app.lifecycle.holds import is_not_ours_to_change, whose
from app.points import Point, reached
from connectors.interface import Present, Reading, Sessions

STILL_OURS = frozenset({Present.OURS, Present.BOTH, Present.UNKNOWN})
"""What is still to be taken: what nobody can read may be ours as well."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the target said after a revocation, and what still lives."""

    reading: Reading
    sessions: Sessions
    left_behind: list[str] | None
    unanswered: bool = False
    """The target did not say whether sessions live on."""

    @property
    def may_live_on(self) -> bool:
        """Whether to look again: sessions were to be ended and live, or nobody could say."""
        return self.unanswered or (self.sessions.kind == "alive" and not self.sessions.on_purpose)

    @property
    def is_still_there(self) -> bool:
        """What we gave is there, whatever the target said of taking it."""
        return self.reading.present in STILL_OURS


def read_whose(desk: Desk, grant: Given) -> Reading:
    """What is there now, and whose it is; raises ``ConnectorError``."""
    connector, gate = desk.targets.connector(grant.connector), desk.targets.gate(grant.connector)
    return whose(
        gate.take(connector.read, grant.subject, grant.access, grant.receipt), already_had=grant.already_had
    )


def surely_call(desk: Desk, grant: Given) -> Outcome:
    """What the target says once it is gone; raises ``ConnectorError`` for everything else."""
    outcome = call(desk, grant)
    if outcome.reading.present is Present.UNKNOWN:
        how = outcome.reading.how
        raise ConnectorError(f"{grant.connector} took it back, and nobody can say that it is gone: {how}")
    if outcome.is_still_there:
        raise ConnectorError(f"{grant.connector} said it is gone, and it is still there.")
    return outcome


def call(desk: Desk, grant: Given) -> Outcome:
    """What the target says after it was told to take it back, whatever that is; raises ``ConnectorError``."""
    connector, gate = desk.targets.connector(grant.connector), desk.targets.gate(grant.connector)
    if is_not_ours_to_change(connector, grant):
        return Outcome(read_whose(desk, grant), Sessions("none"), None)
    reached(Point.BEFORE_REVOKE)
    gate.take(connector.revoke, grant.subject, grant.access, grant.receipt)
    reached(Point.AFTER_REVOKE)
    reached(Point.BEFORE_READ, "take")
    reading = read_whose(desk, grant)
    reached(Point.AFTER_READ, "take")
    unasked = Outcome(reading, Sessions("unknown", why="not asked"), None)
    if unasked.is_still_there:
        return unasked
    unanswered = False
    reached(Point.BEFORE_SESSIONS)
    try:
        sessions = gate.after(connector.sessions, grant.subject, grant.access, grant.receipt)
    except ConnectorError as failure:
        sessions, unanswered = Sessions("unknown", why=str(failure)), True
    reached(Point.AFTER_SESSIONS)
    try:
        left_behind = gate.after(connector.left_behind, grant.subject, grant.access, grant.receipt)
    except ConnectorError as failure:
        left_behind = [f"Could not look for what was left behind: {failure}"]
    return Outcome(reading, sessions, None if left_behind is None else list(left_behind), unanswered)
