"""Okta's people, groups and log, as they are read. Every call belongs to the answer of the connector that asks."""

import re
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import RootModel

from app.errors import ConnectorError
from connectors.access import okta_words
from connectors.access.okta_settings import OktaSettings
from connectors.access.okta_shapes import Events, Group, Groups, Roles, Rules, User, Users, following
from connectors.addresses import address
from connectors.answers import stamp
from connectors.http import Http, Params, segment
from connectors.interface import NoSubject
from connectors.tokened import status_of, wall_clock

_LOGIN = re.compile(r"[!#-.0-\[\]-~]{1,100}")
"""What a login may be made of here: printable ASCII without blanks, and nothing that ends a string in a filter."""
_MOST_LINES = 100
_LOG_GOES_BACK = timedelta(days=90)
Page = TypeVar("Page", bound=RootModel[Any])


class OktaDirectory:
    """What is there, read anew each time."""

    def __init__(self, name: str, settings: OktaSettings, api: Http) -> None:
        self._name = name
        self._settings = settings
        self._api = api

    def user(self, login: str) -> User | None:
        """The account with exactly that login: Okta also answers to ids, to ``me`` and to the part before the @."""
        if not _LOGIN.fullmatch(login) or login in {".", ".."}:
            return None
        answer = self._api.call("GET", f"/api/v1/users/{segment(login)}", accept=(200, 404))
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        user = answer.read(User)
        return user if address(user.profile.login) == address(login) else None

    def addressed(self, name: str) -> User | NoSubject:
        """The only account with that address, where nobody logs in with it."""
        users: Sequence[User] = ()
        if _LOGIN.fullmatch(name) and "@" in name:
            query = {"filter": f'profile.email eq "{name}"', "limit": "10"}
            users = self._api.call("GET", "/api/v1/users", params=query).read(Users).root
        users = [each for each in users if address(each.profile.email) == address(name)]
        live = [each for each in users if each.status != "DEPROVISIONED"] or users
        match live:
            case [user]:
                return user
            case []:
                return NoSubject(
                    name, "none", f"{self._name} has no account for you (looked for `{name[:100]}`)."
                )
            case _:
                words = f"{self._name} has several accounts with the address `{name}`; name yours under `identities`."
                return NoSubject(name, "several", words)

    def own_id(self) -> str | None:
        """The account whose token it is; a service app has none."""
        if self._settings.token is None:
            return None
        return self._api.call("GET", "/api/v1/users/me").read(User).id

    def roles_of(self, user: str) -> Sequence[str]:
        """The administrator roles that somebody has, themselves or through groups."""
        if "administrators" in self._settings.unchecked:
            return ()
        answer = self._api.call("GET", f"/api/v1/users/{segment(user)}/roles")
        return [role.label for role in answer.read(Roles).root]

    def roles_of_anybody(self) -> None:
        """Whether roles may be read is seen at the first account that there is."""
        users = self._api.call("GET", "/api/v1/users", params={"limit": "1"}).read(Users).root
        for user in users[:1]:
            self.roles_of(user.id)

    def look_up(self, group: str) -> Sequence[Group]:
        """With what ``expand`` adds, which only the list of groups has."""
        query = {"filter": f'id eq "{group}"', "expand": "stats", "limit": "2"}
        found = self._api.call("GET", "/api/v1/groups", params=query).read(Groups).root
        return [each for each in found if each.id == group]

    def rules_of(self, group: str) -> Sequence[str]:
        """The names of the rules that put people into that group, active or not."""
        if "rules" in self._settings.unchecked:
            return ()
        pages = self._pages("/api/v1/groups/rules", {"limit": "200"}, Rules)
        rules = [rule for page in pages for rule in page.root]
        return [rule.name for rule in rules if group in rule.actions.assignUserToGroups.groupIds]

    def members(self, group: str) -> Sequence[User]:
        """Everybody in a group; nobody in one that is gone."""
        try:
            pages = self._pages(f"/api/v1/groups/{segment(group)}/users", {"limit": "200"}, Users)
        except ConnectorError as fault:
            if status_of(fault) != HTTPStatus.NOT_FOUND or self.look_up(group):
                raise
            self.must_be_seen(group)
            return []
        return [user for page in pages for user in page.root]

    def is_member(self, user: str, group: str) -> bool:
        """By all the groups that somebody is in; where Okta tells only some of them, by the group's own list."""
        answer = self._api.call("GET", f"/api/v1/users/{segment(user)}/groups", accept=(200, 404))
        if answer.status == HTTPStatus.NOT_FOUND:
            return False  # the account was deleted
        if any(each.id == group for each in answer.read(Groups).root):
            return True
        tells_some = following(self._name, answer, {}) is not None
        return tells_some and any(each.id == user for each in self.members(group))

    def must_be_seen(self, group: str) -> None:
        """Raises where nobody can say who is in it: Okta tells us of no group that our administrator role leaves out.

        Of one that was deleted the system log says so, as long as it goes back.
        """
        if self.look_up(group):
            return
        gone = f'eventType eq "group.lifecycle.delete" and target.id eq "{group}"'
        if not self.log(gone, stamp(wall_clock() - _LOG_GOES_BACK), None):
            what = f"{self._name} does not show us the group {group}, and nobody can say who is in it"
            mend = "let the resource set of our administrator role hold it again"
            raise ConnectorError(f"{what}; {mend}", permanent=True)

    def _pages(self, path: str, params: Params, shape: type[Page]) -> Sequence[Page]:
        answers = self._api.pages(path, lambda answer: following(self._name, answer, params), params=params)
        return [answer.read(shape) for answer in answers]

    def log(self, which: str, since: str, until: str | None) -> Sequence[str]:
        """The first hundred lines of the system log that such a filter finds."""
        query = {"filter": which, "since": since, "limit": str(_MOST_LINES + 1)}
        query |= {"until": until} if until else {}
        events = self._api.call("GET", "/api/v1/logs", params=query).read(Events).root
        lines = [okta_words.event(each) for each in events[:_MOST_LINES]]
        return lines if len(events) <= _MOST_LINES else [*lines, "and more that is not listed"]
