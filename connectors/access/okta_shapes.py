"""What is read of Okta's answers, and where its lists go on."""

import re
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import AliasChoices, Field, RootModel

from app.errors import ConnectorError
from connectors.answers import Shape
from connectors.http import Answer, Params

OKTA_ID = r"^[A-Za-z0-9]{20}$"
_NEXT = re.compile(r'<([^<>]*)>\s*;[^<,]*\brel="?next"?')
_CURSOR = re.compile(r"[!-~]{1,1000}")


class Profile(Shape):
    """Of a user: the name they log in with, unique; the address, which need not be."""

    login: str
    email: str | None = None


class User(Shape):
    """Somebody, by the id that outlives a renaming."""

    id: Annotated[str, Field(pattern=OKTA_ID)]
    status: str
    becomes: str | None = Field(default=None, alias="transitioningToStatus")
    profile: Profile


class Users(RootModel[tuple[User, ...]]):
    """A page of them."""


class Stats(Shape):
    """Okta's own description of the field lacks a letter that its answers have."""

    administers: bool = Field(validation_alias=AliasChoices("hasAdminPrivilege", "hasAdminPrivlege"))


class Embedded(Shape):
    """What ``expand=stats`` adds."""

    stats: Stats | None = None


class GroupProfile(Shape):
    """What a group is called."""

    name: str = ""


class Group(Shape):
    """A group of whatever type."""

    id: str
    type: str = ""
    profile: GroupProfile = GroupProfile()
    embedded: Embedded = Field(default=Embedded(), alias="_embedded")


class Groups(RootModel[tuple[Group, ...]]):
    """All that a filter or a user has."""


class Assignment(Shape):
    """To which groups a rule assigns."""

    groupIds: tuple[str, ...] = ()  # noqa: N815 - Okta's name


class Actions(Shape):
    """What a rule does."""

    assignUserToGroups: Assignment = Assignment()  # noqa: N815 - Okta's name


class Rule(Shape):
    """A rule that puts people into groups."""

    name: str = ""
    actions: Actions = Actions()


class Rules(RootModel[tuple[Rule, ...]]):
    """A page of them."""


class Role(Shape):
    """A role of an administrator."""

    label: str = "a role"


class Roles(RootModel[tuple[Role, ...]]):
    """Those that somebody has, themselves or through groups."""


class Target(Shape):
    """What an event happened to."""

    display: str | None = Field(default=None, alias="displayName")
    other: str | None = Field(default=None, alias="alternateId")


class Outcome(Shape):
    """How it went."""

    result: str = ""


class Event(Shape):
    """One line of the system log."""

    published: str = ""
    what: str | None = Field(default=None, alias="displayMessage")
    type: str = Field(default="", alias="eventType")
    outcome: Outcome | None = None
    target: tuple[Target, ...] | None = None


class Events(RootModel[tuple[Event, ...]]):
    """A page of them."""


def following(name: str, answer: Answer, params: Params) -> Params | None:
    """The parameters of the next page, or None; of its address, which may lead anywhere, only the cursor is taken."""
    found = _NEXT.search(answer.headers.get("link", ""))
    if not found:
        return None
    try:
        cursors = parse_qs(urlsplit(found[1]).query).get("after", [])
    except ValueError:
        cursors = []
    if len(cursors) != 1 or not _CURSOR.fullmatch(cursors[0]):
        raise ConnectorError(f"{name} does not say where the next page begins")
    return {**params, "after": cursors[0]}
