"""A role on a project, by a binding that Google itself stops honouring at its end."""

import email.utils
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from app.errors import ConnectorError, Problem
from connectors.access.google_cloud_link import Link
from connectors.access.google_cloud_policy import (
    VERSION,
    Loan,
    Policy,
    people_in,
    with_loan,
    without_loan,
)
from connectors.http import Answer, segment
from connectors.interface import Activity, Holder, Reading, Receipt, Sessions

_CONFLICT = 409
_MOST_TRIES = 8
_MOST_LINES = 100
_NEEDED = ("resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy")
_TO_SEE = "logging.logEntries.list"
_AFTER = "access tokens that exist are judged anew at each call; machines and shells that were opened go on"
_UNREAD = f"the log may not be read (the bot lacks {_TO_SEE})"
_UNSEEN = "reading (unless data access logs are on), and what was done as a service account"

Change = Callable[[Mapping[str, Any], datetime | None], dict[str, Any]]
"""From the document as it is (and Google's own time) to the document as it should be."""


class Projects:
    """Reads and writes the allow policies of projects."""

    def __init__(self, name: str, link: Link, *, seconds: float) -> None:
        self._name = name
        self._link = link
        self._seconds = seconds
        self._writing = threading.Lock()

    def read(self, loan: Loan) -> Reading:
        """From the document."""
        return Reading(*loan.read(self._policy(loan.project)))

    def find(self, project: str, role: str) -> Sequence[Holder]:
        """Everybody whom a binding of that role names; groups and service accounts are not people."""
        policy = self._policy(project)
        loans = [Loan(project, role, person) for person in people_in(policy, role)]
        return [Holder(loan.subject, *loan.read(policy)) for loan in loans]

    def grant(self, loan: Loan, request_id: str, ends_at: datetime) -> Receipt:
        """Our one binding, with that end."""
        answer = self._write(loan, lambda document, now: with_loan(document, loan, request_id, ends_at, now))
        made = loan.since(answer.read(Policy))
        return {"title": loan.title, **({"made": made.isoformat()} if made else {})}

    def revoke(self, loan: Loan) -> None:
        """Without it, and without what has ended meanwhile."""
        self._write(loan, lambda document, now: without_loan(document, loan, now), gives=False)

    def sessions(self, loan: Loan) -> Sessions:
        """Google asks for the role at each call; nobody lists what was opened with it."""
        still = loan.read(self._policy(loan.project))[0].value in {"ours", "both"}
        return Sessions("unknown", why="our binding is still there" if still else _AFTER)

    def activity(self, loan: Loan, start: datetime, end: datetime) -> Activity:
        """What the project's admin activity log says of them."""
        lines = self._logged(loan, start, end)
        return Activity(lines or [], _UNSEEN if lines is not None else f"{_UNREAD}; {_UNSEEN}")

    def left_behind(self, loan: Loan, receipt: Receipt | None) -> Sequence[str] | None:
        """What they changed since, by the log, which is late; nothing found is not said to be nothing."""
        try:
            since = datetime.fromisoformat(str((receipt or {}).get("made")))
        except ValueError:
            return None
        return self._logged(loan, since, None) or None

    def check(self, project: str) -> Sequence[Problem]:
        """Which permissions the bot lacks there, with the command that gives them."""
        where = f"connectors.{self._name}"
        path = f"/v3/projects/{segment(project)}:testIamPermissions"
        wanted = [*_NEEDED, _TO_SEE]
        answer = self._link.projects.call("POST", path, body={"permissions": wanted}, accept=(200, 403, 404))
        if answer.status != HTTPStatus.OK:  # Google says 403 of a project that is not there, too
            what = f"there is no project {project}, or the bot knows nothing of it"
            return [Problem(where, what, _bind(project, self._link.me()))]
        has = (answer.json or {}).get("permissions", [])
        return [
            Problem(where, f"the bot lacks {each} on {project}", _bind(project, self._link.me()))
            for each in wanted
            if each not in has
        ]

    def _policy(self, project: str) -> Policy:
        return self._document(project).read(Policy)

    def _document(self, project: str) -> Answer:
        path = f"/v3/projects/{segment(project)}:getIamPolicy"
        body = {"options": {"requestedPolicyVersion": VERSION}}
        return self._link.projects.call("POST", path, body=body, accept=(200,))

    def _write(self, loan: Loan, change: Change, *, gives: bool = True) -> Answer:
        """Read, change, write with the etag that was read; where somebody was faster, from the beginning.

        One of ours at a time: they would only race each other.
        """
        if not self._writing.acquire(timeout=self._seconds):
            raise ConnectorError(f"{self._name} is being written to by others of ours; come again")
        try:
            for _ in range(_MOST_TRIES):
                read = self._document(loan.project)
                policy = read.read(Policy)  # what has no etag would overwrite others' work
                if gives and (role := loan.gives_rights(policy)):
                    message = (
                        f"{self._name} gives nothing to `{loan.subject}`: {role} may give roles to others"
                    )
                    raise ConnectorError(message, permanent=True)
                changed = change(read.json, _time_of(read))
                if changed["bindings"] == (read.json.get("bindings") or []):
                    return read
                answer = self._set(loan.project, changed)
                if answer.status != _CONFLICT:
                    return answer
                self._link.projects.pause(random.uniform(0.05, 0.25))  # noqa: S311 - spreads calls, guards nothing
        finally:
            self._writing.release()
        raise ConnectorError(f"{self._name}: the policy of {loan.project} was changed by others each time")

    def _set(self, project: str, document: Mapping[str, Any]) -> Answer:
        path = f"/v3/projects/{segment(project)}:setIamPolicy"
        return self._link.projects.call("POST", path, body={"policy": document}, accept=(200, _CONFLICT))

    def _logged(self, loan: Loan, start: datetime, end: datetime | None) -> Sequence[str] | None:
        """None: the bot may not read the log."""
        until = f' AND timestamp<="{end.astimezone(UTC).isoformat()}"' if end else ""
        asked = {
            "resourceNames": [f"projects/{loan.project}"],
            "filter": f'logName="projects/{loan.project}/logs/cloudaudit.googleapis.com%2Factivity"'
            f' AND protoPayload.authenticationInfo.principalEmail="{loan.subject}"'
            f' AND timestamp>="{start.astimezone(UTC).isoformat()}"{until}',
            "orderBy": "timestamp asc",
            "pageSize": _MOST_LINES,
        }
        answer = self._link.logs.call("POST", "/v2/entries:list", body=asked, accept=(200, 403))
        if answer.status == HTTPStatus.FORBIDDEN:
            return None
        found = (answer.json or {}).get("entries", [])
        more = ["and more that is not listed"] if (answer.json or {}).get("nextPageToken") else []
        return [*(_line(each) for each in found[:_MOST_LINES]), *more]


def _line(entry: Mapping[str, Any]) -> str:
    payload = entry.get("protoPayload") or {}
    words = (entry.get("timestamp", ""), payload.get("methodName", ""), payload.get("resourceName", ""))
    return " ".join(str(word)[:200] for word in words if word)


def _time_of(answer: Answer) -> datetime | None:
    """Google's own time of an answer: it is its clock that ends a binding."""
    try:
        at = email.utils.parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _bind(project: str, me: str) -> str:
    role = "give it the custom role of docs/connectors/google-cloud.md"
    return (
        f"{role}: gcloud projects add-iam-policy-binding {project} --member=serviceAccount:{me} --role=ROLE"
    )
