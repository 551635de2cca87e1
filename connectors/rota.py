"""What a rota's answer comes to: who is called in which order, and one entry a person.

Opsgenie and Jira Service Management's operations answer with a tree: a rota's participants are people, and teams,
escalations and other rotas with participants of their own. Those of an escalation are called one after the other
(``escalationTime``, minutes): whoever is called first is level 1, the next are level 2. Whoever is called because of
``notifyType`` (everybody in the team, the next in the rota, its admins) is not on call by that, and what the answer
does not resolve into people is in doubt.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import Field

from connectors.answers import Shape, line
from connectors.interface import OnCall

_ON_CALL = frozenset({None, "", "default"})
_NOBODY = frozenset({"none", "noone"})
_GROUPS = frozenset({"team", "escalation", "schedule", "rotation", "group"})


class Participant(Shape):
    """One branch; a person's ``name`` is the user name."""

    type: str = ""
    id: str | None = None
    name: str | None = None
    participants: list["Participant"] | None = Field(default=None, alias="onCallParticipants")
    minutes: int | None = Field(default=None, alias="escalationTime")
    notify: str | None = Field(default=None, alias="notifyType")


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody on call: who at the vendor's (None: what the answer does not resolve), and at which level."""

    id: str | None
    name: str
    entry: OnCall


def called(name: str, participants: Sequence[Participant]) -> Sequence[Called]:
    """Everybody in the tree, without addresses; ``name`` is the source's."""
    found = list(_leaves(name, participants, 0, None))
    order = sorted({minutes for minutes, _ in found})
    return [
        replace(each, entry=replace(each.entry, level=1 + order.index(minutes))) for minutes, each in found
    ]


def _leaves(
    name: str, participants: Sequence[Participant], minutes: int, doubt: str | None
) -> Iterator[tuple[int, Called]]:
    """Each with the minutes that pass until they are called, and why that may not be for being on call."""
    for each in participants:
        waits = minutes + max(each.minutes or 0, 0)
        why = doubt
        if each.notify not in _ON_CALL:
            why = f"{name} calls them there by `notify {line(each.notify)}`, not because they are on call"
        if each.type == "user":
            yield waits, Called(each.id, line(each.name), OnCall(None, doubt=why))
        elif each.participants:
            yield from _leaves(name, each.participants, waits, why)
        elif each.type not in _NOBODY:
            what = each.type if each.type in _GROUPS else "participant"
            who = f"the {what} `{line(each.name or each.id)}` is on call there, and {name} does not say who that is"
            yield waits, Called(None, "", OnCall(None, doubt=why or who))


def one_each(name: str, found: Iterable[tuple[str, OnCall]]) -> tuple[OnCall, ...]:
    """One entry an address, by (the vendor's id, entry): the first level on which they are for certain.

    An address that two of the vendor's users have is in doubt; who has none stays as they are.
    """
    nameless: list[OnCall] = []
    users: dict[str, set[str]] = {}
    best: dict[str, OnCall] = {}
    for user, entry in found:
        if entry.email is None:
            nameless += [] if entry in nameless else [entry]
            continue
        users.setdefault(entry.email, set()).add(user)
        best[entry.email] = min(best.get(entry.email, entry), entry, key=_certain_and_first)
    people = [_alone(name, entry, len(users[email])) for email, entry in sorted(best.items())]
    return tuple(sorted([*people, *nameless], key=lambda each: each.level))


def _certain_and_first(entry: OnCall) -> tuple[bool, int, float]:
    return entry.doubt is not None, entry.level, entry.since.timestamp() if entry.since else float("inf")


def _alone(name: str, entry: OnCall, users: int) -> OnCall:
    if users == 1:
        return entry
    return replace(entry, doubt=f"{name} has {users} users with the address {entry.email}")
