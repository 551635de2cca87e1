"""OpenLDAP and Active Directory: membership in a group, given to the person's own account.

Who put a value into a group no directory keeps, so ours and others' cannot be told apart there. The account's DN, as
the directory writes it, is the subject; a DN that is nobody's would be taken as a member too, so it is looked up first.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel

from app.errors import ConnectorError, Problem
from connectors.access import ldap_check, ldap_ends, ldap_groups, ldap_people
from connectors.access.ldap_link import (
    ALREADY,
    EXISTS,
    LAST_MEMBER,
    NO_ATTRIBUTE,
    NO_OBJECT,
    OK,
    UNWILLING,
    Link,
    Login,
    Session,
)
from connectors.access.ldap_people import by_identity, identity, is_same, moment
from connectors.access.ldap_settings import LdapAccess, LdapSettings, place_of
from connectors.access.ldap_wire import Answer, Entry, escaped, parts_of
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

_CONNECTIONS = 4
_LONGEST_NAME = 256
_AT_ONCE = 50
_KERBEROS = "Kerberos tickets keep the old groups until they end (10 h by default); log the person off where it matters"
_ELSEWHERE = "applications that read the groups at login keep what they read until the next one"
_UNSEEN = (
    "what was done with the group's rights: only the systems that honour it know (Active Directory's own events "
    "4728, 4729, 4732, 4733, 4756, 4757 tell of the membership)"
)


class LdapConnector:
    """Gives and takes membership in a group. ``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "ldap"
    Settings: ClassVar[type[BaseModel]] = LdapSettings
    Access: ClassVar[type[BaseModel]] = LdapAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """With a TTL the domain controller gives no ticket that outlives it; without, nothing ends by itself."""
        by_itself = access.get("ends") == "directory"
        expiry = Expiry.NEW_SESSIONS if by_itself else Expiry.WORKER
        return Promise(expiry, usual=timedelta(milliseconds=50), keeps_giver=False)

    def __init__(self, name: str, settings: LdapSettings) -> None:
        self._name = name
        self._settings = settings
        seconds = float(settings.deadline.removesuffix("s"))
        login = Login(place_of(settings), settings.bind_dn, settings.password.get_secret_value())
        self._link = Link(name, login, deadline=seconds, size=_CONNECTIONS)

    @property
    def limits(self) -> Limits:
        """As many calls at once as there are connections."""
        return Limits(concurrency=_CONNECTIONS)

    def describe(self, access: Mapping[str, str]) -> str:
        """``cn=db-admins on corp-ldap``: what the group's DN has beyond the base of all groups."""
        group = access["group"]
        base = f",{self._settings.groups}".casefold()
        short = group[: -len(base)] if group.casefold().endswith(base) else group
        return f"{short} on {self._name}"

    def resolve(self, name: str) -> Subject | NoSubject:
        """The account with exactly that login name, or of exactly that DN, where it is an ordinary person's."""
        if not _is_name(name):
            return self._nobody(name)
        with self._link.use() as db:
            if self._is_untried(db):
                return NoSubject(name, "unfit", f"{self._name} gives nothing: {ldap_check.UNTRIED[0]}.")
            found = self._person(db, name)
        return Subject(found.dn) if isinstance(found, Entry) else found

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """All members, and in Active Directory those through other groups; other accounts by the DN in the group."""
        with self._link.use() as db:
            group = ldap_groups.look(db, access["group"])
            if group is None:
                return []
            listed = list(ldap_groups.members(db, group))
            people = dict.fromkeys(self._written_as_accounts(db, listed), Present.THERE)
            through = [
                dn for dn in ldap_groups.all_below(db, group, self._settings.people) if dn not in people
            ]
        holders = [Holder(dn, present) for dn, present in people.items()]
        holders += [Holder(dn, Present.OTHERS, "through another group") for dn in through]
        return [holder for holder in holders if not self._is_nobody(holder.subject)]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """From the group itself; where the bot may not know, that is a fault and never a no."""
        self._must_be_a_dn(subject)
        with self._link.use() as db:
            group = self._seen(db, self._group_now(db, access, receipt))
            now = list(self._renamed(db, receipt, "subject_id", self._settings.people))
            names = self._names_in(db, group, subject, now)
            attribute = ldap_groups.attribute_of(group) or "member"
            there = any(db.has(group.dn, attribute, name) for name in names)
            subject = names[-1]  # what they go by now
            through = ldap_groups.nested(db, group, subject)
            if db.is_active_directory and ldap_groups.is_primary(group, db.look(subject, ["primaryGroupID"])):
                through = [*through, "their primary group"]
        how = f"through {', '.join(through)}" if through else ""
        if there:
            return Reading(Present.THERE, f"also {how}" if how else "")
        return Reading(Present.OTHERS, how) if through else Reading(Present.ABSENT)

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """One value in the group; with ``ends: directory`` one that the directory takes out by itself."""
        del request_id
        self._must_be_a_dn(subject)
        with self._link.use() as db:
            if self._is_untried(db):
                raise ConnectorError(f"{self._name} gives nothing: {ldap_check.UNTRIED[0]}", permanent=True)
            person = self._person(db, subject)
            if not isinstance(person, Entry):
                raise ConnectorError(person.sentence, permanent=True)
            group = self._fit_group(db, access["group"])
            attribute = ldap_groups.attribute_of(group) or "member"
            if access.get("ends") == "directory":
                answer = self._named(lambda: ldap_ends.lend(db, group, attribute, person.dn, ends_at))
            else:
                answer = db.change(group.dn, attribute, add=[person.dn])
            if answer.code not in {OK, ALREADY, EXISTS}:
                raise ldap_check.with_remedy(db, answer, group.dn, attribute)
        return {"subject_id": identity(person), "group_id": identity(group)}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Takes the value out, under whatever names account and group go by now."""
        self._must_be_a_dn(subject)
        with self._link.use() as db:
            now = list(self._renamed(db, receipt, "subject_id", self._settings.people))
            # Where it was renamed, another group may have the old name, and who is in that is not our doing.
            if group := ldap_groups.look(db, self._group_now(db, access, receipt)):
                for account in self._names_in(db, group, subject, now):
                    self._take(db, group, account)

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """No directory knows who still uses what it once said."""
        del subject, access, receipt
        with self._link.use() as db:
            return Sessions("unknown", why=_KERBEROS if db.is_active_directory else _ELSEWHERE)

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """When the group was last changed and by whom, where that fell into the window."""
        del subject
        with self._link.use() as db:
            group = db.look(access["group"], ["modifyTimestamp", "modifiersName"])
        at = moment(group.text("modifyTimestamp")) if group else None
        if group is None or at is None or not start <= at <= end:
            return Activity([], _UNSEEN)
        by = f" by {who}" if (who := group.text("modifiersName")) else ""
        return Activity([f"{at:%H:%M:%S} UTC: the group was changed{by} (the last time)"], _UNSEEN)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """What somebody made with a group's rights is in other systems: not looked for."""
        del subject, access, receipt
        return None

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What somebody who may change the group types; needs no connection."""
        return ldap_check.by_hand(self._settings.url, subject, access["group"])

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What the bot's account lacks or has too much of, and what is wrong with each group."""
        with self._link.use() as db:
            if self._is_untried(db):
                return [Problem(self._name, *ldap_check.UNTRIED)]
            found = [*ldap_check.of_account(db, self._name, self._settings)]
            for group in sorted({access["group"] for access in accesses}):
                found += ldap_check.of_group(db, self._name, group, self._settings)
            if any(access.get("ends") == "directory" for access in accesses) and (
                why := ldap_ends.lacking(db)
            ):
                found.append(Problem(self._name, why, ldap_ends.SWITCH_ON))
        return found

    def close(self) -> None:
        """Close the connections. A later call opens them anew."""
        self._link.close()

    def _is_untried(self, db: Session) -> bool:
        """Only giving stops there: what was given is taken back whatever the server is."""
        return db.is_active_directory and not self._settings.untried_active_directory

    def _person(self, db: Session, name: str) -> Entry | NoSubject:
        """The account of exactly that name: the directory's own comparison is wider than ours."""
        key = (
            ("distinguishedName" if db.is_active_directory else "entryDN")
            if parts_of(name)
            else self._settings.login
        )
        asked = (self._settings.login, *ldap_people.ATTRIBUTES)
        entries = db.search(self._settings.people, f"({key}={escaped(name)})", asked, most=2)
        names = {name.casefold()}
        if parts_of(name) is None:
            entries = [
                e for e in entries if names & {text.casefold() for text in e.texts(self._settings.login)}
            ]
        else:
            entries = [e for e in entries if e.dn.casefold() in names]
        if not entries:
            return self._nobody(name)
        if len(entries) > 1:
            sentence = (
                f"{self._name} has several accounts for you (looked for `{name}`): it gives nothing to any."
            )
            return NoSubject(name, "several", sentence)
        why = self._unfitness(db, entries[0])
        return (
            entries[0]
            if why is None
            else NoSubject(name, "unfit", f"{self._name} gives nothing to `{name}`: it {why}.")
        )

    def _unfitness(self, db: Session, entry: Entry) -> str | None:
        services = {name.casefold() for name in self._settings.service_accounts}
        if services & {entry.dn.casefold(), *(text.casefold() for text in entry.texts(self._settings.login))}:
            return "is a service account"
        now = moment(db.clock()) if db.is_active_directory else None
        return ldap_people.unfitness(db, entry, now or datetime.now(UTC))

    def _nobody(self, name: str) -> NoSubject:
        return NoSubject(name, "none", f"{self._name} has no account for you (looked for `{name}`).")

    def _must_be_a_dn(self, subject: str) -> None:
        if not _is_name(subject) or parts_of(subject) is None:
            message = f"{self._name} cannot have an account of that name"
            raise ConnectorError(message, permanent=True)

    def _group_now(self, db: Session, access: Mapping[str, str], receipt: Receipt | None) -> str:
        """What the group that was given goes by now; without a receipt: what it is called in the policy."""
        return next(self._renamed(db, receipt, "group_id", self._settings.groups), access["group"])

    def _seen(self, db: Session, dn: str) -> Entry:
        """The group. One that the bot does not see is not one without members."""
        group = ldap_groups.look(db, dn)
        if group is None:
            what = f"{self._name} has no group `{dn}`, or does not show it to the bot: nobody can say who is in it"
            mend = "rename it back, or let the bot read it; if it was deleted, make one of that name without them"
            raise ConnectorError(f"{what}; {mend}", permanent=True)
        if db.is_active_directory and not ldap_check.may_write(group):
            message = f"{self._name} no longer lets the bot at the members of `{dn}`"
            raise ConnectorError(message, permanent=True)
        return group

    def _fit_group(self, db: Session, dn: str) -> Entry:
        """Groups change between the decision and the grant; what is refused then is refused now."""
        group = ldap_groups.look(db, dn)
        if group is None:
            message = f"{self._name} has no group `{dn}`, or does not show it to the bot"
            raise ConnectorError(message, permanent=True)
        why = ldap_groups.peril(db, group)
        if not ldap_groups.is_below(group.dn, self._settings.groups):
            why = "is not below `groups`, from where alone groups are given"
        if why:
            message = f"{self._name}: `{dn}` {why}"
            raise ConnectorError(message, permanent=True)
        return group

    def _named(self, call: Any) -> Answer:
        try:
            answer: Answer = call()
        except ConnectorError as error:
            if str(error).startswith(self._name):
                raise
            raise ConnectorError(f"{self._name}: {error}", permanent=error.permanent) from None
        return answer

    def _renamed(self, db: Session, receipt: Receipt | None, key: str, base: str) -> Iterator[str]:
        """Under which name it goes by now: Active Directory rewrites members when an entry is moved anywhere."""
        known = str((receipt or {}).get(key) or "")
        if db.is_active_directory:
            base = db.root.text("defaultNamingContext")
        if re.fullmatch(r"[0-9A-Fa-f-]{32,36}", known):
            yield from (entry.dn for entry in db.search(base, by_identity(known), ["objectClass"], most=1))

    def _names_in(self, db: Session, group: Entry, subject: str, now: Sequence[str]) -> Sequence[str]:
        """Under which names the account may be in the group: the one it was given under, and what it goes by now.

        Where the group followed it to its new name, the old one may be another account's, given by somebody else.
        """
        attribute = ldap_groups.attribute_of(group) or "member"
        followed = any(not is_same(name, subject) and db.has(group.dn, attribute, name) for name in now)
        if followed and db.look(subject, ["objectClass"]) is not None:
            return now
        return list(dict.fromkeys([subject, *now]))

    def _take(self, db: Session, group: Entry, account: str) -> None:
        attribute = ldap_groups.attribute_of(group) or "member"
        answer = db.change(group.dn, attribute, delete=[account])
        if answer.code == LAST_MEMBER:
            answer = self._take_the_last(db, group, attribute, account)
        if answer.code == UNWILLING and not db.has(group.dn, attribute, account):
            return  # Active Directory's way to say that they are no member
        if answer.code not in {OK, NO_ATTRIBUTE, NO_OBJECT}:
            raise ldap_check.with_remedy(db, answer, group.dn, attribute)

    def _take_the_last(self, db: Session, group: Entry, attribute: str, account: str) -> Answer:
        if self._settings.placeholder is None:
            message = (
                f"{self._name}: `{account}` is the last member of `{group.dn}`, which may not be empty; add another "
                "member to it, or name an entry that is nobody as `placeholder`"
            )
            raise ConnectorError(message, permanent=True)  # an answer: the directory is not away for others
        return db.change(group.dn, attribute, delete=[account], add=[self._settings.placeholder])

    def _written_as_accounts(self, db: Session, values: Sequence[str]) -> Sequence[str]:
        """Members by the DN of their entry: in a group it may be written otherwise. Unknown ones stay as they are."""
        if db.is_active_directory:
            return values
        known: dict[tuple[tuple[str, str], ...], str] = {}
        for start in range(0, len(values), _AT_ONCE):
            some = "".join(f"(entryDN={escaped(value)})" for value in values[start : start + _AT_ONCE])
            entries = db.search(self._settings.people, f"(|{some})", ["objectClass"])
            known |= {tuple(parts_of(entry.dn) or ()): entry.dn for entry in entries}
        return [known.get(tuple(parts_of(value) or ()), value) for value in values]

    def _is_nobody(self, dn: str) -> bool:
        return any(
            is_same(dn, other) for other in (self._settings.bind_dn, self._settings.placeholder) if other
        )


def _is_name(name: str) -> bool:
    return (
        bool(name.strip()) and len(name) <= _LONGEST_NAME * 4 and name.isprintable() and name == name.strip()
    )
