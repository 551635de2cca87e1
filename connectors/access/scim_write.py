"""Changing who is in a group: by PATCH as the server likes it, or, where it has none, by writing the whole group.

To write the whole group is to say who else is in it. So it is done only on a small group, of which every member is
told, only while nobody else changes it (``If-Match``), and once at a time.
"""

import threading
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from app.errors import ConnectorError, Underway
from connectors.access.scim_api import Api, Group, operations, quoted
from connectors.http import Answer, Fault, segment

_TRIES = 4


class _Error(BaseModel):
    scimType: str | None = None  # noqa: N815 - the standard's name


class Writer:
    """Adds and removes one member. Thread-safe."""

    def __init__(self, api: Api, *, patch: str, capital: bool, by_value: bool, whole_below: int) -> None:
        self._api = api
        self._patches: bool | None = {"auto": None, "patch": True, "put": False}[patch]
        self._capital = capital
        self._by_value = by_value
        self._whole_below = whole_below
        self._one_at_a_time = threading.Lock()

    def add(self, group: str, user: str) -> None:
        """Put them into the group; who is in it stays."""
        operation = {"op": self._op("add"), "path": "members", "value": [{"value": user}]}
        if not self._by_patch(group, operation, (200, 204)):
            self._rewrite(group, user, there=True)

    def remove(self, group: str, user: str) -> None:
        """Take them out of the group; one that is not there, or is no group any more, is done."""
        if self._by_value:
            self._remove_by_value(group, user)
            return
        operation = {"op": self._op("remove"), "path": f"members[value eq {quoted(user)}]"}
        if not self._by_patch(group, operation, (200, 204, 404)):
            self._rewrite(group, user, there=False)

    def _op(self, word: str) -> str:
        return word.capitalize() if self._capital else word

    def _by_patch(self, group: str, operation: Mapping[str, Any], accept: Sequence[int]) -> bool:
        """False where the server cannot: it says so beforehand, or only when it is asked."""
        if self._patches is None:
            self._patches = self._api.config().patch.supported
        if not self._patches:
            return False
        path, accepted = f"/Groups/{segment(group)}", (*accept, HTTPStatus.BAD_REQUEST)
        try:
            answer = self._api.http.call("PATCH", path, body=operations(operation), accept=accepted)
        except Fault as fault:
            if fault.status != HTTPStatus.NOT_IMPLEMENTED:
                raise
            self._patches = False
            return False
        if answer.status == HTTPStatus.BAD_REQUEST and not _was_not_there(answer, operation):
            message = (
                f"{self._api.name} does not understand how we change a group (HTTP 400); see `operations` and "
                "`remove_by` in its settings"
            )
            raise ConnectorError(message, permanent=True)
        return True

    def _remove_by_value(self, group: str, user: str) -> None:
        """By the book a server that reads this takes *everybody* out: whoever else went is put back."""
        before = self._api.group(group)
        operation = {"op": self._op("remove"), "path": "members", "value": [{"value": user}]}
        if not self._by_patch(group, operation, (200, 204, 404)):
            self._rewrite(group, user, there=False)
            return
        others = before[0].ids() - {user} if before else set()
        after = self._api.group(group) if others else None
        if after is None or after[0].members:
            return
        self._by_value = False  # the next attempt must not do it again
        everybody = [{"value": each} for each in sorted(others)]
        self._by_patch(group, {"op": self._op("add"), "path": "members", "value": everybody}, (200, 204))
        message = (
            f"{self._api.name} took all {len(others)} other members out of the group too; they were put back; "
            "set `remove_by: filter`"
        )
        raise ConnectorError(message, permanent=True)

    def _rewrite(self, group: str, user: str, *, there: bool) -> None:
        if not self._one_at_a_time.acquire(timeout=self._api.http.seconds):
            raise Underway(f"{self._api.name} is still being changed; nothing was done")
        try:
            done = any(self._rewritten(group, user, there=there) for _ in range(_TRIES))
        finally:
            self._one_at_a_time.release()
        if not done:
            raise ConnectorError(f"{self._api.name}: others keep changing the group; nothing was done")

    def _rewritten(self, group: str, user: str, *, there: bool) -> bool:
        """False where somebody else changed the group between our look and our word."""
        found = self._api.group(group)
        if found is None:
            if there:
                raise ConnectorError(f"{self._api.name} has no such group any more", permanent=True)
            return True
        now, answer = found
        if (user in now.ids()) == there:
            return True
        self._must_be_whole(now)
        members = [each for each in answer.json.get("members") or [] if each["value"] != user]
        body = {**answer.json, "members": [*members, {"value": user}] if there else members}
        version = answer.headers.get("etag") or now.meta.version
        return (
            self._api.http.call(
                "PUT",
                f"/Groups/{segment(group)}",
                body=body,
                headers={"if-match": version} if version else {},
                accept=(200, 204, HTTPStatus.PRECONDITION_FAILED),
            ).status
            != HTTPStatus.PRECONDITION_FAILED
        )

    def _must_be_whole(self, group: Group) -> None:
        if len(group.members) >= self._whole_below:
            message = (
                f"{self._api.name}: the group has {len(group.members)} members or more, and may not tell all of them; "
                "writing it would take the others out. Use a smaller group, or raise `whole_below`"
            )
            raise ConnectorError(message, permanent=True)


def _was_not_there(answer: Answer, operation: Mapping[str, Any]) -> bool:
    """Some answer so to the removal of nobody."""
    removes = str(operation["op"]).casefold() == "remove"
    return removes and answer.read(_Error).scimType == "noTarget"
