"""Whether the app may change what it is to change, by what its own token and the group's owners say."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from app.errors import Problem, Unproven

_ALL = "Directory.ReadWrite.All"
_MEMBERS = frozenset({"GroupMember.ReadWrite.All", "Group.ReadWrite.All", _ALL})
_SESSIONS = ("User.RevokeSessions.All", "User.ReadWrite.All", _ALL)
_PIM = ("PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",)


def unwritable(
    name: str, claims: Mapping[str, Any], groups: Mapping[str, str], owners: Callable[[str], Collection[str]]
) -> Iterator[Problem]:
    """Of each group (name -> object id), whether the app may change who is in it: by permission, or as an owner."""
    if _MEMBERS & _roles(claims):
        return
    me = str(claims.get("oid") or "")
    for group, key in groups.items():
        if me and me.lower() in owners(key):
            continue
        where = f"{name}, group {group}"
        own = f"make it an owner: az ad group owner add --group {key} --owner-object-id {me or 'OBJECT_ID_OF_THE_APP'}"
        unit = (
            "or let a role on an administrative unit with this group give it that, which cannot be seen here"
        )
        yield Unproven(where, "that the app may change its members could not be proven", f"{own}; {unit}")


def missing(name: str, claims: Mapping[str, Any], *, ends_sessions: bool, pim: bool) -> Iterator[Problem]:
    """Permissions without which something will not be done, and that nothing but the token gives."""
    if ends_sessions:
        remedy = f"give the app the application permission {_SESSIONS[0]}, or write `sessions: leave`"
        yield from _without(name, claims, _SESSIONS, ("may not revoke sign-in sessions", remedy))
    if pim:
        remedy = f"give the app the application permission {_PIM[0]}"
        yield from _without(name, claims, _PIM, ("may not give by PIM for groups", remedy))


def _without(
    name: str, claims: Mapping[str, Any], enough: Sequence[str], said: tuple[str, str]
) -> Iterator[Problem]:
    if not claims:
        yield Unproven(name, f"its token cannot be read: the bot perhaps {said[0]}", said[1])
    elif not _roles(claims).intersection(enough):
        yield Problem(name, *said)


def _roles(claims: Mapping[str, Any]) -> frozenset[str]:
    found = claims.get("roles")
    return (
        frozenset(each for each in found if isinstance(each, str)) if isinstance(found, list) else frozenset()
    )
