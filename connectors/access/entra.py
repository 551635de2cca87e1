"""Microsoft Entra: membership in a security group, given to the person's own account.

https://learn.microsoft.com/graph/api/resources/group

Plain membership has no end and no giver there: our own record decides. With ``by: pim`` it is an assignment of
Privileged Identity Management for groups, which keeps both, and which was never seen to work: experimental.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import ClassVar

from pydantic import BaseModel

from app.errors import ConnectorError, Problem
from connectors.access import entra_refs, entra_rights, entra_words
from connectors.access.entra_directory import V1, EntraDirectory
from connectors.access.entra_login import Login
from connectors.access.entra_pim import Pim
from connectors.access.entra_settings import GUID, EntraAccess, EntraSettings
from connectors.access.entra_shapes import Told
from connectors.answers import stamp
from connectors.http import segment
from connectors.interface import (
    Activity,
    Expiry,
    Holder,
    Limits,
    NoSubject,
    Present,
    Promise,
    Reading,
    Receipt,
    Sessions,
    Subject,
)
from connectors.tokened import both, lacking, since

_NESTED = Reading(Present.OTHERS, "through a group inside of it")


class EntraConnector:
    """Gives and takes membership in a group. ``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "entra"
    Settings: ClassVar[type[BaseModel]] = EntraSettings
    Access: ClassVar[type[BaseModel]] = EntraAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """With PIM Microsoft ends membership by itself; tokens that name the group already last a while longer."""
        if _by_pim(access):
            return Promise(Expiry.NEW_SESSIONS, usual=timedelta(minutes=1))
        return Promise(usual=timedelta(seconds=10), keeps_giver=False)

    def __init__(self, name: str, settings: EntraSettings) -> None:
        self._name = name
        self._settings = settings
        seconds = float(settings.deadline.removesuffix("s"))
        self._login = Login(name, settings, seconds)
        self._api = self._login.api(seconds)
        self._entra = EntraDirectory(name, settings, self._api)
        self._pim = Pim(name, self._api, self._entra)

    @property
    def limits(self) -> Limits:
        """Microsoft counts writes of an app and a directory; what is too much is answered with 429."""
        return Limits(concurrency=4, rate=5.0)

    def describe(self, access: Mapping[str, str]) -> str:
        """``group prod-admins on entra``, with *by PIM* where it is so."""
        return f"group {access['group']} on {self._name}" + (" by PIM" if _by_pim(access) else "")

    def resolve(self, name: str) -> Subject | NoSubject:
        """The account with exactly that name, or the only one with that address, where it is an ordinary person's."""
        with self._api.one_answer(self._name):
            found = self._entra.person(name)
        return found if isinstance(found, NoSubject) else Subject(found.name)

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """All people who are members, by their names; an app is no person, so that the bot is not among them."""
        group = self._entra.group_id(access)
        with self._api.one_answer(self._name):
            direct, nested = both(
                partial(self._entra.members, group),
                partial(self._entra.members, group, "transitiveMembers"),
            )
            if _by_pim(access):
                standing = self._pim.holders(group)
                readings = {person: each.reading() for person, each in standing.items()}
            else:
                through = {person: _NESTED for person in nested if person not in direct}
                readings = {**dict.fromkeys(direct, Reading(Present.THERE)), **through}
            known = {**nested, **direct}
            names = {each: known[each].principal if each in known else None for each in readings}
            return [
                Holder(names[person] or self._entra.named(person), reading.present, reading.how)
                for person, reading in readings.items()
                if reading.present is not Present.ABSENT
            ]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """By PIM: the assignments that are active now. Otherwise whether they are among the members."""
        group = _kept(receipt, "group") or self._entra.group_id(access)
        with self._api.one_answer(self._name):
            person = self._id_of(subject, receipt)
            if person is None:
                return Reading(Present.ABSENT)
            if _by_pim(access):
                return self._pim.standing(person, group).reading()
            if person in self._entra.members(group):
                return Reading(Present.THERE)
            nested = person in self._entra.members(group, "transitiveMembers")
        return _NESTED if nested else Reading(Present.ABSENT)

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """After a look at account and group once more: both change between the decision and the grant."""
        group = self._entra.group_id(access)
        with self._api.one_answer(self._name):
            person, faults = both(
                partial(self._entra.person, subject), partial(self._entra.faults, access["group"])
            )
            if isinstance(person, NoSubject) or faults:
                message = person.sentence if isinstance(person, NoSubject) else str(faults[0])
                raise ConnectorError(message, permanent=True)
            key = person.id.lower()
            give = self._pim.give if _by_pim(access) else self._put_in
            at = give(key, group, request_id, ends_at)
        return {"user": key, "group": group, "at": at}

    def _put_in(self, person: str, group: str, request_id: str, ends_at: datetime) -> str:
        del request_id, ends_at
        answer = entra_refs.put_in(self._api, self._settings.url, group, person)
        if answer.status == HTTPStatus.BAD_REQUEST and person not in self._entra.members(group):
            raise ConnectorError(f"{self._name} does not accept the membership (HTTP 400)", permanent=True)
        return since(answer)

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Takes the membership of the account that was given it, under whatever name it goes by now."""
        group = _kept(receipt, "group") or self._entra.group_id(access)
        with self._api.one_answer(self._name):
            person = self._id_of(subject, receipt)
            if person is None:
                return
            if _by_pim(access):
                self._pim.take(person, group)
            else:
                entra_refs.take_out(self._api, group, person)

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """Revokes the account's sign-in sessions (refresh tokens); access tokens last until they end."""
        del access
        if self._settings.sessions == "leave":
            return Sessions("unknown", why=entra_words.LEFT, on_purpose=True)
        with self._api.one_answer(self._name):
            person = self._id_of(subject, receipt)
            if person is None:
                return Sessions("none")
            path = f"{V1}/users/{segment(person)}/revokeSignInSessions"
            answer = self._api.call("POST", path, accept=(200, 204, 404))
            if answer.status == HTTPStatus.NOT_FOUND:
                return Sessions("none")
            if answer.json is not None and not answer.read(Told).value:
                raise ConnectorError(f"{self._name} did not revoke the sign-in sessions", unclear=True)
        return Sessions("unknown", why=entra_words.ENDED)

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """What the directory's audit log and the sign-ins say of the account."""
        del access
        with self._api.one_answer(self._name):
            user = self._entra.user(subject)
            if user is None:
                return Activity([], entra_words.UNSEEN)
            lines, whole = self._entra.activity(user.id, stamp(start), stamp(end))
        return Activity(lines, entra_words.UNSEEN + ("" if whole else entra_words.NO_SIGN_INS))

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """What the audit log says that the account made in the directory since the grant."""
        del subject, access
        person, since = _kept(receipt, "user"), (receipt or {}).get("at")
        if not person or not isinstance(since, str) or not since:
            return None
        with self._api.one_answer(self._name):
            changes = self._entra.changes(person, since, None)
        return [entra_words.audit(each) for each in changes if entra_words.is_made(each)]

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What an owner of the group does; needs no connection."""
        key = self._settings.groups.get(access["group"])
        return entra_words.by_hand(subject, access["group"], key, pim=_by_pim(access))

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What the app's credentials lack to read and to write, and what is wrong with each group."""
        with self._api.one_answer(self._name):
            found = [Problem(self._name, *each) for each in lacking(self._readings(accesses))]
            if found:
                return found
            groups = sorted({access["group"] for access in accesses})
            found = [problem for group in groups for problem in self._entra.faults(group)]
            return [*found, *self._unwritable(accesses)]

    def close(self) -> None:
        """Close its connections. A later call opens them anew."""
        self._api.close()
        self._login.close()

    def _id_of(self, subject: str, receipt: Receipt | None) -> str | None:
        """The id that was given something, or that of the name; None where there is no such account any more."""
        if kept := _kept(receipt, "user"):
            return kept
        user = self._entra.user(subject)
        return user.id.lower() if user else None

    def _readings(
        self, accesses: Sequence[Mapping[str, str]]
    ) -> Sequence[tuple[Callable[[], object], str, str]]:
        """One call of each kind that only reads, what is lacking where it is refused, and what mends it."""
        calls: list[tuple[Callable[[], object], str, str]] = [
            (self._entra.anybody, *entra_words.USERS),
            (
                partial(self._api.call, "GET", f"{V1}/auditLogs/directoryAudits", params={"$top": "1"}),
                *entra_words.LOGS,
            ),
        ]
        if "administrators" not in self._settings.unchecked:
            calls.append((self._roles_of_anybody, *entra_words.ROLES))
        for access in accesses:
            try:
                group = self._entra.group_id(access)
            except ConnectorError:
                continue  # told with the group's other faults
            calls.append(
                (
                    partial(
                        self._api.call,
                        "GET",
                        f"{V1}/groups/{group}/members",
                        params={"$top": "1"},
                        accept=(200, 404),
                    ),
                    *entra_words.GROUPS,
                )
            )
            if _by_pim(access):
                calls.append((partial(self._pim.readable, group), *entra_words.PIM))
        return calls

    def _unwritable(self, accesses: Sequence[Mapping[str, str]]) -> Iterator[Problem]:
        claims, plain = self._login.bearer.claims(), {}
        for access in accesses:
            if not _by_pim(access):
                with suppress(ConnectorError):  # told with the group's other faults
                    plain[access["group"]] = self._entra.group_id(access)
        yield from entra_rights.unwritable(self._name, claims, plain, self._entra.owners)
        ends, pim = self._settings.sessions == "end", any(map(_by_pim, accesses))
        yield from entra_rights.missing(self._name, claims, ends_sessions=ends, pim=pim)

    def _roles_of_anybody(self) -> None:
        for user in self._entra.anybody():
            self._entra.has_roles(user.id)


def _by_pim(access: Mapping[str, str]) -> bool:
    return access.get("by") == "pim"


def _kept(receipt: Receipt | None, key: str) -> str | None:
    """An id out of a receipt, where it is one."""
    kept = (receipt or {}).get(key)
    return kept if isinstance(kept, str) and re.fullmatch(GUID, kept) else None
