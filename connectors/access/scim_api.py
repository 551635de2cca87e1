"""SCIM 2.0 (RFC 7643, 7644) as servers really speak it: lists, users, groups, and what a server says that it can do.

A filter is asked for and then looked at again: servers ignore what they do not know, and compare as they like.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BeforeValidator, Field

from app.errors import ConnectorError
from connectors.answers import Shape
from connectors.http import Answer, Fault, Http, Params, segment

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_PER_PAGE = "100"
_LONGEST_NAME = 256
_NO_FILTER = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_IMPLEMENTED)
_EMPTY = BeforeValidator(lambda found: () if found is None else found)
"""To the standard, null, an empty list and nothing at all are the same."""
_NOBODY = "breakglass-asks-for-nobody"
"""No server gives out such an id: one that finds a group by it has not looked at the filter."""


class _Supported(Shape):
    supported: bool = False


class Config(Shape):
    """What the server says of itself."""

    patch: _Supported
    filter: _Supported


class _Address(Shape):
    value: str | None = None


class Membership(Shape):
    """One group of a user; ``indirect`` through another group."""

    value: str
    display: str | None = None
    type: str | None = None


class User(Shape):
    """One account."""

    id: str = Field(min_length=1)
    userName: str  # noqa: N815 - the standard's name
    active: bool | None = None
    userType: str | None = None  # noqa: N815 - the standard's name
    emails: Annotated[Sequence[_Address], _EMPTY] = ()
    groups: Annotated[Sequence[Membership], _EMPTY] = ()


class Member(Shape):
    """One member of a group: a user, or a group."""

    value: str
    type: str | None = None
    ref: str | None = Field(default=None, alias="$ref")

    @property
    def is_group(self) -> bool:
        """Whether it is one that is nested, as far as the server tells."""
        return (self.type or "").casefold() == "group" or "/Groups/" in (self.ref or "")


class _Meta(Shape):
    version: str | None = None
    lastModified: AwareDatetime | None = None  # noqa: N815 - the standard's name


class Group(Shape):
    """One group, with those of its members that the server tells."""

    id: str = Field(min_length=1)
    displayName: str  # noqa: N815 - the standard's name
    members: Annotated[Sequence[Member], _EMPTY] = ()
    meta: _Meta = _Meta()

    def ids(self) -> set[str]:
        """Of its members, groups too."""
        return {member.value for member in self.members}


class _Page(Shape):
    totalResults: int = Field(ge=0)  # noqa: N815 - the standard's name


class _Users(_Page):
    Resources: Annotated[Sequence[User], _EMPTY] = ()


class _Groups(_Page):
    Resources: Annotated[Sequence[Group], _EMPTY] = ()


Listed = TypeVar("Listed", _Users, _Groups)


def is_name(text: str) -> bool:
    """What can be asked for at all."""
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable() and text.strip() == text


def same(one: str, other: str) -> bool:
    """Names of users are the same in any case; but only ASCII is folded: ``K`` is not a Kelvin sign."""
    return one == other or (one.isascii() and other.isascii() and one.casefold() == other.casefold())


class Api:
    """One SCIM server. Thread-safe."""

    def __init__(self, name: str, http: Http) -> None:
        self.name = name
        self.http = http
        self._config: Config | None = None
        self._filters_members: bool | None = None

    def config(self) -> Config:
        """Asked once: what a server can do does not change while we run."""
        if self._config is None:
            self._config = self.http.call("GET", "/ServiceProviderConfig").read(Config)
        return self._config

    def users(self, attribute: str, name: str) -> Sequence[User]:
        """Everybody whose ``userName`` is that, or with that address, in any case."""

        def fits(user: User) -> bool:
            addresses = (each.value or "" for each in user.emails)
            written = [user.userName] if attribute == "userName" else addresses
            return any(same(each, name) for each in written)

        key = "userName" if attribute == "userName" else "emails.value"
        pages = self._all("/Users", _Users, f"{key} eq {quoted(name)}")
        return [user for page in pages for user in page.Resources if fits(user)]

    def everybody(self) -> Sequence[User]:
        """Every account."""
        return [user for page in self._all("/Users", _Users, None) for user in page.Resources]

    def user(self, number: str) -> User | None:
        """The account with that id, if there is one."""
        answer = self.http.call("GET", f"/Users/{segment(number)}", accept=(200, 404))
        return answer.read(User) if answer.status == HTTPStatus.OK else None

    def groups(self, name: str) -> Sequence[Group]:
        """Every group of exactly that name; who is in it is not told here."""
        pages = self._all("/Groups", _Groups, f"displayName eq {quoted(name)}", excludedAttributes="members")
        return [group for page in pages for group in page.Resources if group.displayName == name]

    def group(self, number: str) -> tuple[Group, Answer] | None:
        """The group with that id, if there is one, and the answer as it came."""
        answer = self.http.call("GET", f"/Groups/{segment(number)}", accept=(200, 404))
        return (answer.read(Group), answer) if answer.status == HTTPStatus.OK else None

    def tells_anything(self) -> bool:
        """Whether some group tells members, or some account its groups: then one that tells none has none."""
        first: Params = {"startIndex": "1", "count": _PER_PAGE}
        groups = self.http.call("GET", "/Groups", params=first).read(_Groups).Resources
        if any(each.members for each in groups):
            return True
        users = self.http.call("GET", "/Users", params=first).read(_Users).Resources
        return any(each.groups for each in users)

    def filter_finds(self, group: str, user: str) -> bool | None:
        """Whether a filter finds the group by that member; None where the server does not look at such filters."""
        if not self.config().filter.supported or self._filters_members is False:
            return None
        found = self._found_by_member(group, user)
        if self._filters_members is None and found is not False:
            self._filters_members = found is not None and not self._found_by_member(group, _NOBODY)
        return None if self._filters_members is False else found

    def _found_by_member(self, group: str, user: str) -> bool | None:
        wanted = f"id eq {quoted(group)} and members[value eq {quoted(user)}]"
        params = {"filter": wanted, "excludedAttributes": "members"}
        try:
            found = self.http.call("GET", "/Groups", params=params).read(_Groups)
        except Fault as fault:
            if fault.status not in _NO_FILTER:
                raise
            return None
        return any(each.id == group for each in found.Resources)

    def _all(self, path: str, shape: type[Listed], wanted: str | None, **more: str) -> Sequence[Listed]:
        """Every page of a list, until as many different ones were seen as it counts.

        A server that gives a page again is asked for the same place again, which ``Http.pages`` calls a circle.
        """
        first: Params = {"startIndex": "1", "count": _PER_PAGE, **more}
        if wanted is not None and self.config().filter.supported:
            first = {**first, "filter": wanted}
        seen: set[str] = set()

        def following(answer: Answer) -> Params | None:
            page = answer.read(shape)
            seen.update(each.id for each in page.Resources)
            if len(seen) >= page.totalResults:
                return None
            if not page.Resources:
                raise ConnectorError(f"{self.name} ends a list before its own count of it")
            return {**first, "startIndex": str(len(seen) + 1)}

        return [page.read(shape) for page in self.http.pages(path, following, params=first)]


def operations(*each: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a PATCH."""
    return {"schemas": [PATCH_OP], "Operations": list(each)}


def quoted(text: str) -> str:
    """A filter's string is one of JSON, so that nothing in it ends it."""
    return json.dumps(text, ensure_ascii=False)
