"""What somebody did, out of the organisation's audit log: Enterprise Cloud alone has one that can be asked."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus

from pydantic import Field, RootModel

from connectors.access.github_api import PER_PAGE, Api
from connectors.answers import Shape, line, stamp
from connectors.http import Answer, Fault
from connectors.interface import Activity

_UNSEEN = (
    "what they read or downloaded in the browser; what their workflows did; the last minutes may be missing"
)
_NO_LOG = (
    "anything: the audit log cannot be read (Enterprise Cloud has one; the App needs Administration: read)"
)
_REFUSED = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_LASTS = re.compile(
    r"(.*[._])?(create|created|add|added|add_\w+|invite\w*|grant\w*|access_granted|enable\w*|fork)"
)
_MORE = "and more that is not listed"


class _Event(Shape):
    at: int | None = Field(default=None, alias="@timestamp")
    action: str = ""
    repo: str | None = None
    team: str | None = None
    user: str | None = None
    name: str | None = None


class _Events(RootModel[list[_Event]]):
    """One page of them."""


def activity(api: Api, login: str, start: datetime, end: datetime) -> Activity:
    """Their events of that time, the newest 100."""
    answer = _asked(api, f"actor:{login} created:{stamp(start)}..{stamp(end)}", "all")
    if answer is None:
        return Activity([], _NO_LOG)
    return Activity(_lines(answer, answer.read(_Events).root), _UNSEEN)


def left_behind(api: Api, login: str, since: str) -> Sequence[str] | None:
    """What they made, added, invited or granted since then; None where there is no log."""
    answer = _asked(api, f"actor:{login} created:>={since}", "web")
    if answer is None:
        return None
    return _lines(answer, [event for event in answer.read(_Events).root if _LASTS.fullmatch(event.action)])


def _asked(api: Api, phrase: str, include: str) -> Answer | None:
    params = {**PER_PAGE, "phrase": phrase, "include": include, "order": "desc"}
    try:
        return api.call("GET", api.path("audit-log"), params=params)
    except Fault as fault:
        if fault.status in _REFUSED and fault.permanent:
            return None
        raise


def _lines(answer: Answer, events: Sequence[_Event]) -> Sequence[str]:
    more = [_MORE] if 'rel="next"' in answer.headers.get("link", "") else []
    return [*map(_line, events), *more]


def _line(event: _Event) -> str:
    at = stamp(datetime.fromtimestamp(event.at / 1000, UTC)) if event.at else "at a time not told"
    about = [event.repo, event.team and f"team {event.team}", event.user, event.name]
    return line(" ".join([at, event.action, *(each for each in about if each)]))
