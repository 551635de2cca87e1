"""Slack's own word on people, groups and channels, for the desk and the clock."""

from collections.abc import Mapping
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from app.errors import Unavailable
from app.slack.client import NETWORK_ERRORS, error_of, hurried

_NOBODY = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
_NO_CHANNEL = frozenset({"channel_not_found"})
_NO_GROUP: Mapping[str, str] = {
    "no_such_subteam": "it was deleted, or its id is wrong",
    "subteam_not_found": "it was deleted, or its id is wrong",
    "plan_upgrade_required": "this Slack plan has no user groups; write `members` in settings.yaml instead",
}


class GroupUnreadable(Unavailable):
    """A user group that Slack does not list until somebody mends it; ``error`` is Slack's name for why."""

    def __init__(self, group: str, error: str) -> None:
        super().__init__(f"Slack does not list the user group {group}: {_NO_GROUP[error]}.")
        self.error = error


class SlackDirectory:
    """Short calls, never repeated here: who asks decides what silence means."""

    def __init__(self, client: WebClient) -> None:
        self._client = hurried(client)
        self._own_team = ""

    def own_team(self) -> str:
        """The workspace that the bot's token belongs to; asked once. Raises ``Unavailable``."""
        if not self._own_team:
            try:
                self._own_team = str(self._call("auth.test")["team_id"])
            except (SlackApiError, KeyError) as refusal:
                raise _unavailable("auth.test", refusal) from None
        return self._own_team

    def profile(self, user: str) -> Mapping[str, Any] | None:
        """``users.info``'s user object; None where Slack knows nobody of that id. Raises ``Unavailable``."""
        return self._found("users.info", "user", _NOBODY, user=user)

    def by_email(self, email: str) -> Mapping[str, Any] | None:
        """The active account with that address; None where there is none. Raises ``Unavailable``."""
        return self._found("users.lookupByEmail", "user", _NOBODY, email=email)

    def channel(self, channel: str) -> Mapping[str, Any] | None:
        """``conversations.info``'s channel object; None where the bot sees none. Raises ``Unavailable``."""
        return self._found("conversations.info", "channel", _NO_CHANNEL, channel=channel)

    def group_members(self, group: str) -> list[str]:
        """The user ids in a user group. Raises ``GroupUnreadable``, ``Unavailable``."""
        try:
            said = self._call("usergroups.users.list", usergroup=group)
        except SlackApiError as refusal:
            if error_of(refusal) in _NO_GROUP:
                raise GroupUnreadable(group, error_of(refusal)) from None
            raise _unavailable("usergroups.users.list", refusal) from None
        return [str(user) for user in said.get("users") or ()]

    def _found(
        self, method: str, name: str, nobody: frozenset[str], **arguments: str
    ) -> Mapping[str, Any] | None:
        try:
            found = self._call(method, **arguments).get(name)
        except SlackApiError as refusal:
            if error_of(refusal) in nobody:
                return None
            raise _unavailable(method, refusal) from None
        if not isinstance(found, dict):
            message = f"Slack's answer to {method} holds no {name}."
            raise Unavailable(message)
        return found

    def _call(self, method: str, **arguments: str) -> Mapping[str, Any]:
        """Slack's answer; ``SlackApiError`` where it refuses, ``Unavailable`` where there is none."""
        try:
            answer = self._client.api_call(method, params=arguments).data
        except SlackApiError:
            raise
        except NETWORK_ERRORS as fault:
            raise _unavailable(method, fault) from None
        return answer if isinstance(answer, dict) else {}


def _unavailable(method: str, fault: Exception) -> Unavailable:
    wanted = ""
    if isinstance(fault, SlackApiError) and error_of(fault) == "missing_scope":
        wanted = f" (needs {str(fault.response.get('needed'))[:80]})"
    return Unavailable(f"Slack did not answer {method}: {error_of(fault)}{wanted}.")
