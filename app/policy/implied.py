"""What follows from what: of two conditions, whether one holds whenever the other does, or never together with it."""

from datetime import timedelta

from app.policy.circumstances import Between, InHours, ShortEnough, UsedRarely
from app.policy.conditions import Condition, IsOnCall
from app.policy.hours import Hours
from app.policy.incidents import IncidentOpen


def implies(one: Condition, other: Condition) -> bool:
    """Whether the other is true whenever the one is, as far as the two themselves say."""
    match one, other:
        case IsOnCall(), IsOnCall():
            answer = _nearer(one, other)
        case ShortEnough(), ShortEnough():
            answer = one.at_most <= other.at_most
        case UsedRarely(), UsedRarely():
            answer = one.fewer_than <= other.fewer_than and one.window >= other.window
        case Between(), Between():
            answer = other.start <= one.start and one.end <= other.end
        case InHours(), InHours():
            answer = _within(one.hours, other.hours)
        case IncidentOpen(), IncidentOpen():
            answer = _stricter(one, other)
        case _:
            answer = False
    return answer


def _nearer(one: IsOnCall, other: IsOnCall) -> bool:
    level = other.level is None or (one.level is not None and one.level <= other.level)
    longer = (one.for_at_least or timedelta()) >= (other.for_at_least or timedelta())
    return one.schedule == other.schedule and level and longer


def _stricter(one: IncidentOpen, other: IncidentOpen) -> bool:
    return (
        (
            other.severity_at_least is None
            or (one.severity_at_least is not None and one.severe <= other.severe)
        )
        and other.service in (None, one.service)
        and one.acknowledged_by_requester >= other.acknowledged_by_requester
        and one.not_declared_by_requester >= other.not_declared_by_requester
    )


def _within(one: Hours, other: Hours) -> bool:
    """Hours of the same clock that do not run over midnight and lie inside the others."""
    by_day = one.start < one.end and other.start < other.end
    same = one.zone == other.zone and other.holidays in (None, one.holidays)
    return by_day and same and one.days <= other.days and other.start <= one.start and one.end <= other.end


def excludes(one: Condition, other: Condition) -> bool:
    """Whether the two are never true together, as far as they themselves say."""
    match one, other:
        case Between(), Between():
            return one.end <= other.start or other.end <= one.start
        case _:
            return False
