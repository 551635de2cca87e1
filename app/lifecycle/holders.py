"""Whoever holds access is looked at again: Slack's word that somebody left may have been lost."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlmodel import col, select

from app.errors import Refused, Unavailable
from app.lifecycle.desk import Desk
from app.model import SlackUser
from app.store.live import PAGE, open_grants
from app.store.tables import PersonRow, Request

MOST_LOOKED_AT = 45
"""People a look; who was looked at longest ago comes first. Two looks a minute stay below Slack's own limit."""
LANE = "people"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def look_at_holders(desk: Desk) -> None:
    """Ask Slack who the holders of live access are now, none of them more often than once a minute.

    Who may not be given anything now is handed to ``offboard``, which asks again and takes back what they hold. Where
    Slack does not answer nobody loses anything: access ends at its time.
    """
    settings = desk.shelf.current().settings
    for slack in _longest_unseen(desk)[:MOST_LOOKED_AT]:
        try:
            desk.people.identify(slack, settings)
        except Refused:
            with desk.steps.step() as step:
                step.due("offboard", slack.key, step.now, LANE)
        except Unavailable:
            return


def _longest_unseen(desk: Desk) -> list[SlackUser]:
    requests = sorted({grant.request_id for grant in open_grants(desk.steps)})
    seen: dict[str, datetime | None] = {}
    for start in range(0, len(requests), PAGE):
        seen |= _seen(desk, requests[start : start + PAGE])
    # Never seen, or known to have changed: first.
    ordered = sorted(seen, key=lambda key: (seen[key] or _NEVER, key))
    return [SlackUser(*key.split(":", 1)) for key in ordered]


def _seen(desk: Desk, requests: Sequence[str]) -> dict[str, datetime | None]:
    """Slack account -> when Slack last said who that is."""
    key = col(Request.team) + ":" + col(Request.slack_user)
    looked = select(key, PersonRow.profile_at).outerjoin(PersonRow, col(PersonRow.id) == key)
    with desk.steps.read() as session:
        somebody = (
            col(Request.id).in_(requests),
            col(Request.slack_user) != "",
        )  # a canary is nobody in Slack
        return dict(session.exec(looked.where(*somebody).distinct()).all())
