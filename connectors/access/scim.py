"""SCIM 2.0: membership in a group of whatever application speaks it, on the person's own account there.

SCIM keeps neither giver nor end, and knows no sessions. Groups are named by people, so that the number behind the name
is kept, in the receipt and in memory: what is renamed meanwhile is left all the same.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.errors import ConnectorError, Problem, Unproven
from connectors.access.scim_api import Api, Group, Member, User, is_name, same
from connectors.access.scim_write import Writer
from connectors.answers import stamp
from connectors.http import Http, together
from connectors.interface import (
    Activity,
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
from connectors.keys import HeaderSecret, like

_ASKED_ONE_BY_ONE = 20
_REMEDIES = {
    401: "`token` must be a SCIM token of the application that has not expired",
    403: "give the token the right to read users and to change groups",
    404: "see whether `url` ends where its /Users begin, as in https://HOST/scim/v2",
}
_GUESTS = ("guest", "external")
_UNPROVEN = (
    "that its token may change groups could not be proven",
    "SCIM does not tell; give it that right, and try it with a canary",
)
_SAYS_NOTHING = (
    "the server tells neither members of groups, nor groups of people, nor looks for members by a filter"
)
_UNSEEN = "what they did: SCIM tells nothing of it; see the application's own audit log"


class ScimSettings(BaseModel):
    """One application in ``settings.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(description="where its /Users and /Groups are, as https://HOST/scim/v2")
    token: HeaderSecret = Field(description="bearer token that reads users and changes groups")
    match: Literal["userName", "email"] = Field(
        default="userName", description="what `subject` is at the application"
    )
    change: Literal["auto", "patch", "put"] = Field(
        default="auto", description="how groups are changed; auto: as its ServiceProviderConfig says"
    )
    operations: Literal["lower", "capital"] = Field(
        default="lower", description="capital: it wants `Add` and `Remove`"
    )
    remove_by: Literal["filter", "value"] = Field(
        default="filter", description="value: it wants who leaves as a value, not in the path"
    )
    whole_below: int = Field(
        default=100, ge=1, le=100_000, description="by PUT, groups of so many members are not written"
    )
    private: bool = Field(default=False, description="true: it may be at an address of one's own network")
    deadline: str = Field(
        default="10s", pattern=r"^[1-9][0-9]?s$", description="longest time of one call, 1s to 99s"
    )
    service_accounts: tuple[str, ...] = Field(
        default=(), description="userNames that are not people, or administrators: never given anything"
    )


class ScimAccess(BaseModel):
    """One ``access`` entry of a policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: Annotated[str, like(r"\S|\S[^\n\r\t]{0,254}\S", "is not a group's name")] = Field(
        description="displayName of the group that is joined"
    )


class ScimConnector:
    """``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "scim"
    Settings: ClassVar[type[BaseModel]] = ScimSettings
    Access: ClassVar[type[BaseModel]] = ScimAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """SCIM knows neither an end nor a giver; applications take their time to act on a group."""
        del access
        return Promise(usual=timedelta(seconds=5), keeps_giver=False)

    def __init__(self, name: str, settings: ScimSettings) -> None:
        self._name = name
        self._settings = settings
        self._http = Http(
            name,
            settings.url,
            headers={
                "authorization": f"Bearer {settings.token.get_secret_value()}",
                "accept": "application/scim+json, application/json",
                "content-type": "application/scim+json",
            },
            private=settings.private,
            seconds=float(settings.deadline.removesuffix("s")),
            remedies=_REMEDIES,
        )
        self._api = Api(name, self._http)
        self._writer = Writer(
            self._api,
            patch=settings.change,
            capital=settings.operations == "capital",
            by_value=settings.remove_by == "value",
            whole_below=settings.whole_below,
        )
        self._users: dict[str, str] = {}
        self._groups: dict[str, str] = {}
        self._tells = False
        """Whether this server was seen to tell who is in a group, or in which groups somebody is."""

    @property
    def limits(self) -> Limits:
        """Few: many servers take changes of one group one after the other."""
        return Limits(concurrency=4)

    def describe(self, access: Mapping[str, str]) -> str:
        """``group Incident writers on wiki``."""
        return f"group {access['group']} on {self._name}"

    def resolve(self, name: str) -> Subject | NoSubject:
        """The one active account of that userName (or address), by its userName."""
        with self._in_time():
            found = self._fit(self._settings.match, name)
        return Subject(found.userName) if isinstance(found, User) else found

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """All the people whom the server tells; groups within the group are not opened."""
        with self._in_time():
            ids = {
                member.value
                for number in self._numbers_of(access["group"])
                for member in self._members(number)
                if not member.is_group
            }
            if len(ids) <= _ASKED_ONE_BY_ONE:
                asked = together([partial(self._api.user, each) for each in sorted(ids)])
                users: Sequence[User] = [user for user in asked if user]
            else:
                users = [user for user in self._api.everybody() if user.id in ids]
        return [
            Holder(user.userName, Present.THERE) for user in sorted(users, key=lambda user: user.userName)
        ]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """*There*, where anything says so: the group's members, a filter, or the account's groups."""
        with self._in_time():
            return self._reading(subject, access, receipt)

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """To an account that is fit now; the receipt holds the numbers behind the names."""
        del request_id, ends_at
        with self._in_time():
            user = self._fit("userName", subject)
            if isinstance(user, NoSubject):
                raise ConnectorError(user.sentence, permanent=True)
            group = self._named(access["group"])
            if isinstance(group, Problem):
                raise ConnectorError(str(group), permanent=True)
            self._users[subject], self._groups[access["group"]] = user.id, group.id
            self._writer.add(group.id, user.id)
        return {"user": user.id, "group": group.id}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Of the account and the group that it was, under whatever names they go by now."""
        with self._in_time():
            user = self._kept(receipt, "user", self._users, subject)
            group = self._kept(receipt, "group", self._groups, access["group"])
            for each in [group] if group else self._numbers_of(access["group"]):
                for account in [user] if user else self._accounts(subject):
                    self._writer.remove(each, account)

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """SCIM has no word for them."""
        if self.read(subject, access, receipt).present is not Present.ABSENT:
            return Sessions("unknown", why="the access is still there")
        return Sessions("unknown", why="SCIM does not tell; the application may let what is open go on")

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """Nothing, but when the group was changed last."""
        del subject
        with self._in_time():
            groups = [self._api.group(number) for number in self._numbers_of(access["group"])]
        changed = [found[0].meta.lastModified for found in groups if found]
        lines = [f"{stamp(at)} the group was changed last" for at in changed if at and start <= at <= end]
        return Activity(lines, _UNSEEN)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """Nobody looked: SCIM has no way to."""
        del subject, access, receipt
        return None

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """The application's own console is the safest hand; and the call."""
        url = self._settings.url.rstrip("/")
        group = self._groups.get(access["group"], "GROUP")
        user = self._users.get(subject, "USER")
        return "\n".join(
            [
                f"In the console of {self._name}: take {subject} out of the group {access['group']}.",
                f"Or with its SCIM token: GET {url}/Groups and {url}/Users tell the ids, and then",
                f'PATCH {url}/Groups/{group}  {{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],',
                f'  "Operations": [{{"op": "remove", "path": "members[value eq \\"{user}\\"]"}}]}}',
                f"It is gone when GET {url}/Groups/{group} does not list {user}.",
            ]
        )

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """Whether the token is one, and each group there once; that it may change them, only a change would say."""
        with self._in_time():
            try:
                self._api.config()
                named = [self._named(access["group"]) for access in accesses]
            except ConnectorError as error:
                if not error.permanent:
                    raise
                what, _, remedy = str(error).partition("; ")
                return [Problem(self._name, what, remedy or "see its documentation of SCIM")]
        found = [each for each in named if isinstance(each, Problem)]
        return [*found, *([Unproven(self._name, *_UNPROVEN)] if len(found) < len(named) else [])]

    def close(self) -> None:
        """Close connections. A later call opens them anew."""
        self._http.close()

    def _in_time(self) -> AbstractContextManager[None]:
        return self._http.one_answer(self._name)

    # --- who --------------------------------------------------------------------------------------

    def _fit(self, attribute: str, name: str) -> User | NoSubject:
        if not is_name(name):
            return self._nobody(name)
        found = self._api.users(attribute, name)
        if len(found) > 1:
            what = "accounts with that address" if attribute == "email" else "accounts of that userName"
            sentence = (
                f"{self._name} has {len(found)} {what} (looked for `{name}`): nobody knows which is meant."
            )
            return NoSubject(name, "several", sentence)
        if not found:
            return self._nobody(name)
        why = self._unfit(found[0])
        return (
            NoSubject(name, "unfit", f"{self._name} gives nothing to `{name}`: it {why}.")
            if why
            else found[0]
        )

    def _unfit(self, user: User) -> str | None:
        if user.active is False:
            return "is not active"
        if any(same(user.userName, each) for each in self._settings.service_accounts):
            return "is a service account"
        return "is a guest" if (user.userType or "").casefold() in _GUESTS else None

    def _nobody(self, name: str) -> NoSubject:
        return NoSubject(name, "none", f"{self._name} has no account for you (looked for `{name}`).")

    def _accounts(self, subject: str) -> Sequence[str]:
        """The ids that the name may mean: whose it is now, and whose it was when we gave."""
        if not is_name(subject):
            message = f"{self._name} cannot have an account of that name"
            raise ConnectorError(message, permanent=True)
        now = [user.id for user in self._api.users("userName", subject)]
        known = self._users.get(subject)
        return sorted({*now, *([known] if known else [])})

    # --- what -------------------------------------------------------------------------------------

    def _named(self, name: str) -> Group | Problem:
        found = self._api.groups(name)
        about = f"{self._name}, group {name}"
        if len(found) > 1:
            return Problem(about, f"there are {len(found)} of that name", "rename all but one")
        if not found:
            return Problem(
                about, "there is no such group", "was it renamed or deleted? `group` is its displayName"
            )
        return found[0]

    def _numbers_of(self, name: str) -> Sequence[str]:
        """The group of that name, and the one that it was when we gave, as far as they are there."""
        known = self._groups.get(name)
        named = self._named(name)
        if isinstance(named, Group):
            return sorted({named.id, *([known] if known else [])})
        if known is None:
            raise ConnectorError(str(named), permanent=True)
        return [known]

    @staticmethod
    def _kept(receipt: Receipt | None, key: str, memory: dict[str, str], name: str) -> str | None:
        """What it was when we gave, by the receipt; it is remembered for whoever has none."""
        if number := _id(receipt, key):
            memory[name] = number
        return memory.get(name)

    def _members(self, number: str) -> Sequence[Member]:
        found = self._api.group(number)
        return found[0].members if found else ()

    def _reading(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Reading:
        group, person = _id(receipt, "group"), _id(receipt, "user")
        groups = [group] if group else self._numbers_of(access["group"])
        accounts = [person] if person else self._accounts(subject)
        through, looked = "", not accounts
        for account in accounts:
            for number in groups:
                listed = self._is_listed(number, account)
                if listed:
                    return Reading(Present.THERE)
                looked = looked or listed is False
            user = self._api.user(account)
            self._tells = self._tells or bool(user and user.groups)
            mine = [each for each in (user.groups if user else ()) if each.value in groups]
            if any((each.type or "").casefold() != "indirect" for each in mine):
                return Reading(Present.THERE)
            through = through or ("through another group" if mine else "")
        if through:
            return Reading(Present.OTHERS, through)
        self._tells = self._tells or looked or self._api.tells_anything()
        return Reading(Present.ABSENT) if self._tells else Reading(Present.UNKNOWN, _SAYS_NOTHING)

    def _is_listed(self, group: str, account: str) -> bool | None:
        """Servers tell the first hundred members, or none: who is not listed is asked for. None: nothing says so."""
        found = self._api.group(group)
        if found is None:
            return False
        self._tells = self._tells or bool(found[0].members)
        return account in found[0].ids() or self._api.filter_finds(group, account)


def _id(receipt: Receipt | None, key: str) -> str | None:
    """An id out of a receipt, where it is one."""
    kept = (receipt or {}).get(key)
    return kept if isinstance(kept, str) and kept else None
