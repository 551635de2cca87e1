"""Microsoft's people, groups and logs, as they are read. Each call belongs to the answer of the connector that asks."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from app.errors import ConnectorError, Problem
from connectors.access import entra_words
from connectors.access.entra_settings import GUID, EntraSettings
from connectors.access.entra_shapes import Audit, Group, Page, SignIn, Thing, User, following
from connectors.addresses import address
from connectors.http import Answer, Http, Params, segment
from connectors.interface import NoSubject
from connectors.tokened import both, status_of

V1 = "/v1.0"
_NAME = re.compile(r"(?!\$)[!#-.0-;=@-\[\]-~]{1,100}@[A-Za-z0-9.-]{1,155}")
"""An address or user principal name: printable ASCII, and nothing that ends a path's segment."""
_PERSON: Params = {"$select": "id,userPrincipalName,mail,accountEnabled,userType"}
_THING: Params = {"$select": "id,userPrincipalName", "$top": "999"}
_GROUP: Params = {
    "$select": "id,securityEnabled,groupTypes,membershipRule,onPremisesSyncEnabled,isAssignableToRole"
}
_MOST_LINES = 100
Item = TypeVar("Item")


class EntraDirectory:
    """What is there, read anew each time."""

    def __init__(self, name: str, settings: EntraSettings, api: Http) -> None:
        self._name = name
        self._settings = settings
        self._api = api

    # --- people --------------------------------------------------------------------------------------------------

    def person(self, name: str) -> User | NoSubject:
        """Somebody fit, or why there is nobody."""
        found = self.user(name) or self._addressed(name)
        if isinstance(found, NoSubject):
            return found
        why = self._unfit(found)
        if why is None:
            return found
        return NoSubject(name, "unfit", f"{self._name} gives nothing to `{name}`: it {why}.")

    def _unfit(self, user: User) -> str | None:
        if address(user.principal) in map(address, self._settings.service_accounts):
            return "is a service account"
        if why := entra_words.unfit(user):
            return why
        if "administrators" not in self._settings.unchecked and self.has_roles(user.id):
            return "has a role of the directory, and could keep what it was lent"
        return None

    def user(self, name: str) -> User | None:
        """The account with exactly that user principal name: Microsoft also answers to ids."""
        if not _NAME.fullmatch(name):
            return None
        answer = self._api.call("GET", f"{V1}/users/{segment(name)}", params=_PERSON, accept=(200, 404))
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        user = answer.read(User)
        return user if address(user.principal) == address(name) else None

    def _addressed(self, name: str) -> User | NoSubject:
        """The only account with that address, where it is nobody's user principal name."""
        users: Sequence[User] = ()
        if _NAME.fullmatch(name):
            literal = name.replace("'", "''")
            users = self.pages("/users", {**_PERSON, "$filter": f"mail eq '{literal}'"}, Page[User])
        match [each for each in users if address(each.mail) == address(name)]:
            case [user]:
                return user
            case []:
                words = f"{self._name} has no account for you (looked for `{name[:100]}`)."
                return NoSubject(name, "none", words)
            case _:
                words = f"{self._name} has several accounts with the address `{name}`; name yours under `identities`."
                return NoSubject(name, "several", words)

    def has_roles(self, person: str) -> bool:
        """Whether they have a role of the directory now, themselves or through groups."""
        asked: Params = {"$select": "id", "$top": "999"}
        found = self.pages(f"/users/{segment(person)}/transitiveMemberOf", asked, Page[Thing])
        return any(each.is_role for each in found)

    def anybody(self) -> Sequence[User]:
        """One account, where there is one."""
        params: Params = {**_PERSON, "$top": "1"}
        return self._api.call("GET", f"{V1}/users", params=params).read(Page[User]).value[:1]

    def named(self, person: str) -> str:
        """The user principal name of that id; the id where there is none any more."""
        answer = self._api.call("GET", f"{V1}/users/{segment(person)}", params=_PERSON, accept=(200, 404))
        return person if answer.status == HTTPStatus.NOT_FOUND else answer.read(User).name

    # --- groups --------------------------------------------------------------------------------------------------

    def group_id(self, access: Mapping[str, str]) -> str:
        """The object id behind the name in a policy. Raises ``ConnectorError`` where there is none."""
        groups, named = self._settings.groups, access["group"]
        if named in groups:
            return groups[named].lower()
        known = {key.lower() for key in groups.values()}
        if re.fullmatch(GUID, named) and named.lower() not in known:
            return named.lower()
        raise ConnectorError(f"{self._name} has no group `{named}`; {entra_words.NAME_IT}", permanent=True)

    def faults(self, named: str) -> Sequence[Problem]:
        """Why membership in that group is given to nobody."""
        where = f"{self._name}, group {named}"
        try:
            key = self.group_id({"group": named})
        except ConnectorError:
            return [Problem(where, "is not known here", entra_words.NAME_IT)]
        group = self._group(key)
        if group is None:
            return [Problem(where, "does not exist, or the bot may not see it", entra_words.NAME_IT)]
        return [Problem(where, *each) for each in entra_words.perils(group)]

    def _group(self, key: str) -> Group | None:
        answer = self._api.call("GET", f"{V1}/groups/{key}", params=_GROUP, accept=(200, 404))
        return None if answer.status == HTTPStatus.NOT_FOUND else answer.read(Group)

    def members(self, group: str, which: str = "members") -> Mapping[str, Thing]:
        """The people in a group by their ids; ``transitiveMembers``: those of groups inside of it too.

        Nobody in one that is not there: what is there and not shown to us is answered with 403.
        """
        try:
            found = self.pages(f"/groups/{group}/{which}", _THING, Page[Thing])
        except ConnectorError as fault:
            if status_of(fault) != HTTPStatus.NOT_FOUND or self._group(group):
                raise
            return {}
        return {each.id.lower(): each for each in found if each.is_person}

    def owners(self, group: str) -> frozenset[str]:
        """The ids of the group's owners, people and apps; of a group that is not there, nobody."""
        answer = self._api.call(
            "GET", f"{V1}/groups/{group}/owners", params={"$select": "id", "$top": "100"}, accept=(200, 404)
        )
        found = answer.read(Page[Thing]).value if answer.status == HTTPStatus.OK else ()
        return frozenset(each.id.lower() for each in found)

    def pages(self, path: str, params: Params, shape: type[Page[Item]]) -> Sequence[Item]:
        """All of a list."""
        path = f"{V1}{path}"

        def next_one(answer: Answer) -> Params | None:
            return following(self._name, answer.read(shape), path)

        answers = self._api.pages(path, next_one, params=params)
        return [item for answer in answers for item in answer.read(shape).value]

    # --- logs ----------------------------------------------------------------------------------------------------

    def changes(self, person: str, since: str, until: str | None) -> Sequence[Audit]:
        """What they changed in the directory, a hundred at most."""
        which = f"initiatedBy/user/id eq '{person}' and activityDateTime ge {since}"
        which += f" and activityDateTime le {until}" if until else ""
        return self._log("/auditLogs/directoryAudits", which, Page[Audit])

    def activity(self, person: str, since: str, until: str) -> tuple[Sequence[str], bool]:
        """What they changed and where they signed in; and whether sign-ins could be read."""
        which = f"userId eq '{person}' and createdDateTime ge {since} and createdDateTime le {until}"
        changes, sign_ins = both(partial(self.changes, person, since, until), partial(self._sign_ins, which))
        lines = [entra_words.audit(each) for each in changes]
        lines += [entra_words.sign_in(each) for each in sign_ins or ()]
        return sorted(lines), sign_ins is not None

    def _sign_ins(self, which: str) -> Sequence[SignIn] | None:
        try:
            return self._log("/auditLogs/signIns", which, Page[SignIn])
        except ConnectorError as fault:
            if status_of(fault) != HTTPStatus.FORBIDDEN:
                raise
            return None

    def _log(self, path: str, which: str, shape: type[Page[Item]]) -> Sequence[Item]:
        params: Params = {"$filter": which, "$top": str(_MOST_LINES)}
        return self._api.call("GET", f"{V1}{path}", params=params).read(shape).value[:_MOST_LINES]
