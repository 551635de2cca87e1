"""The two things that are given at GitHub: membership in a team, and a role in the organisation.

Both are named by people and renamed by people, so that the number behind the name is kept: in the receipt, and in
memory for whoever asks without one. What is not there under its name any more is *gone* only where its number is
listed nowhere either; to say so otherwise would call an access taken back that goes on under another name.
"""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Protocol

from pydantic import RootModel

from app.errors import ConnectorError, Problem
from connectors.access.github_api import Api, Wrong, answered_at, not_allowed
from connectors.answers import Shape
from connectors.http import Answer, Fault, segment
from connectors.interface import Holder, Present, Reading, Receipt

_MAY_CHANGE_ROLES = "write_organization_custom_org_role"
_NO_ROLES = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


class Way(Protocol):
    """One thing that can be given, by its name."""

    def holders(self) -> Sequence[Holder]:
        """Everybody who has it."""

    def read(self, login: str, receipt: Receipt) -> Reading:
        """Whether they have it."""

    def give(self, login: str) -> Receipt:
        """Give it; what is there is left as it is."""

    def take(self, login: str, receipt: Receipt) -> None:
        """Take it."""

    def logins(self, receipt: Receipt) -> Iterator[tuple[int, str]]:
        """Number and login of everybody who has it."""

    def fault(self) -> Problem | None:
        """Why it cannot be given, if so; or raises it as ``Wrong``."""

    def by_hand(self, login: str, gh: str) -> Sequence[str]:
        """What an owner types to take it back."""


class _User(Shape):
    login: str
    id: int


class _Users(RootModel[list[_User]]):
    """One page of them."""


class _TeamMember(_User):
    inherited: bool = False


class _TeamMembers(RootModel[list[_TeamMember]]):
    """One page of them; who is in a child team alone is ``inherited``."""


class _Team(Shape):
    id: int
    slug: str
    type: str = "organization"
    ldap_dn: str | None = None


class _Teams(RootModel[list[_Team]]):
    """One page of them."""


class _Membership(Shape):
    role: str
    state: str


class _RoleUser(_User):
    assignment: str | None = None
    inherited_from: list[_Team] | None = None


class _RoleUsers(RootModel[list[_RoleUser]]):
    """One page of them."""


class _Role(Shape):
    id: int
    name: str
    permissions: Sequence[str] = ()


class _Roles(Shape):
    roles: list[_Role]


class TeamWay:
    """Membership in a team, as ``member``."""

    def __init__(self, api: Api, slug: str, numbers: dict[str, int]) -> None:
        self._api = api
        self._slug = slug
        self._numbers = numbers
        self._about = f"{api.name}, team {slug}"

    def holders(self) -> Sequence[Holder]:
        """Those of its child teams too: they have what the team has, and not from here."""
        found = {user.login: user for team in self._teams() for user in self._members(team)}
        return [Holder(login, *_by_child(inherited=user.inherited)) for login, user in sorted(found.items())]

    def read(self, login: str, receipt: Receipt) -> Reading:
        """The team of that name, and the one that was it when we gave. A child team's members are others' doing."""
        for team in self._teams(_number(receipt, "team")):
            membership = self._membership(team, login)[0]
            if membership and membership.state != "active":
                return Reading(Present.THERE, "invited, and has not accepted")
            if membership and self._is_inherited(team, login):
                return Reading(*_by_child(inherited=True))
            if membership:
                return Reading(Present.THERE, f"as {membership.role}")
        return Reading(Present.ABSENT)

    def give(self, login: str) -> Receipt:
        """Only to who is no member: a maintainer would become a member by it."""
        team = self._named()
        if team is None:
            raise Wrong(self._missing())
        if fault := self._unfit(team):
            raise Wrong(fault)
        self._numbers[self._slug] = team.id
        membership, answer = self._membership(team, login)
        if membership is None or self._is_inherited(team, login):
            membership, answer = self._put(team, login)
        if membership.state != "active":
            self._invited(team, login)
        return {"team": team.id, "at": answered_at(answer)}

    def take(self, login: str, receipt: Receipt) -> None:
        """Not there is taken; of a maintainer too, for we gave it and nothing of it may stay."""
        for team in self._teams(_number(receipt, "team") or self._numbers.get(self._slug)):
            self._delete(team, login)

    def logins(self, receipt: Receipt) -> Iterator[tuple[int, str]]:
        """Of the team that was given, whatever it is called now."""
        for team in self._teams(_number(receipt, "team")):
            yield from ((user.id, user.login) for user in self._members(team))

    def fault(self) -> Problem | None:
        """No such team, or one whose members come from elsewhere."""
        team = self._named()
        return self._missing() if team is None else self._unfit(team)

    def by_hand(self, login: str, gh: str) -> Sequence[str]:
        """The call that takes it, and the one that shows it."""
        path = self._api.path("teams", self._slug, "memberships", login)
        return [f"{gh} -X DELETE {path}", "# it is gone when this says 404:", f"{gh} {path}"]

    def _teams(self, number: int | None = None) -> Sequence[_Team]:
        """The team of that name, and the one of the number that is known; of a receipt's number, that one alone."""
        known = number or self._numbers.get(self._slug)
        team = self._named()
        if team and known in {None, team.id}:
            self._numbers[self._slug] = team.id
            return [team]
        if known is None:
            raise Wrong(self._missing())
        self._numbers[self._slug] = known
        renamed = self._listed(known)
        return [each for each in (renamed, None if number else team) if each]

    def _named(self) -> _Team | None:
        answer = self._api.call("GET", self._api.path("teams", self._slug), accept=(200, 404))
        return answer.read(_Team) if answer.status == HTTPStatus.OK else None

    def _listed(self, number: int) -> _Team | None:
        pages = self._api.pages(self._api.path("teams"))
        teams = (team for page in pages for team in page.read(_Teams).root if team.id == number)
        if found := next(teams, None):
            return found
        if not self._api.sees_all():
            message = f"{self._about}: it is not listed, and we may not see every team; see `check`"
            raise ConnectorError(message)
        return None

    def _missing(self) -> Problem:
        return Problem(
            self._about,
            "there is no such team that we may see",
            "was it renamed or deleted? `team` is the last part of its page's address",
        )

    def _unfit(self, team: _Team) -> Problem | None:
        if team.type != "organization":
            return Problem(self._about, "is a team of the enterprise", "choose a team of the organisation")
        if team.ldap_dn:
            return Problem(self._about, "takes its members from LDAP", "choose a team that is not mapped")
        return None

    def _membership(self, team: _Team, login: str) -> tuple[_Membership | None, Answer]:
        path = self._api.path("teams", team.slug, "memberships", login)
        answer = self._api.call("GET", path, accept=(200, 404))
        return (answer.read(_Membership) if answer.status == HTTPStatus.OK else None), answer

    def _members(self, team: _Team) -> Sequence[_TeamMember]:
        pages = self._api.pages(self._api.path("teams", team.slug, "members"))
        return [user for page in pages for user in page.read(_TeamMembers).root]

    def _is_inherited(self, team: _Team, login: str) -> bool:
        """Whether they are in a child team alone: one membership does not say so, and the list does."""
        return any(user.inherited and same(user.login, login) for user in self._members(team))

    def _put(self, team: _Team, login: str) -> tuple[_Membership, Answer]:
        path = self._api.path("teams", team.slug, "memberships", login)
        try:
            answer = self._api.call("PUT", path, body={"role": "member"})
        except Fault as fault:
            raise self._refused(fault) from None
        return answer.read(_Membership), answer

    def _delete(self, team: _Team, login: str) -> None:
        path = self._api.path("teams", team.slug, "memberships", login)
        try:
            self._api.call("DELETE", path, accept=(204, 404))
        except Fault as fault:
            raise self._refused(fault) from None

    def _invited(self, team: _Team, login: str) -> None:
        """Whoever leaves the organisation at that moment is only invited: nothing that we gave may wait for them."""
        self._delete(team, login)
        why = "who is no member of the organisation; that was taken back"
        message = f"{self._about}: it only invited {login}, {why}"
        raise ConnectorError(message, permanent=True)

    def _refused(self, fault: Fault) -> ConnectorError:
        """403 says one of two things, and which one only what an App may do tells."""
        if fault.status != HTTPStatus.FORBIDDEN or not fault.permanent:
            return fault
        synchronised = (
            "its members come from an identity provider (team synchronisation); choose a team without"
        )
        if self._api.permission("members") == "write":
            return Wrong(Problem(self._about, synchronised, ""))
        otherwise = f"give us Members: write; or {synchronised}"
        return Wrong(not_allowed(self._api.name, fault, self._about, otherwise))


class RoleWay:
    """A role in the organisation, given to the person directly."""

    def __init__(self, api: Api, role: str, numbers: dict[str, int]) -> None:
        self._api = api
        self._role = role
        self._numbers = numbers
        self._about = f"{api.name}, organisation role {role}"

    def holders(self) -> Sequence[Holder]:
        """Those who have it through a team too."""
        users = self._users(self._there())
        return [Holder(user.login, *_how(user)) for user in users]

    def read(self, login: str, receipt: Receipt) -> Reading:
        """Through a team it is somebody else's doing."""
        self._remember(receipt)
        mine = (user for user in self._users(self._there()) if same(user.login, login))
        return next((Reading(*_how(user)) for user in mine), Reading(Present.ABSENT))

    def give(self, login: str) -> Receipt:
        """Directly to the person; again changes nothing."""
        role = self._named()
        self._numbers[self._role] = role.id
        try:
            answer = self._api.call("PUT", self._path(role.id, login), accept=(204,))
        except Fault as fault:
            raise self._refused(fault) from None
        return {"role": role.id, "at": answered_at(answer)}

    def take(self, login: str, receipt: Receipt) -> None:
        """What comes through a team stays."""
        number = _number(receipt, "role") or self._there()
        if number is None:
            return
        try:
            self._api.call("DELETE", self._path(number, login), accept=(204, 404))
        except Fault as fault:
            raise self._refused(fault) from None

    def logins(self, receipt: Receipt) -> Iterator[tuple[int, str]]:
        """Of the role that was given, whatever it is called now."""
        self._remember(receipt)
        yield from ((user.id, user.login) for user in self._users(self._there()))

    def fault(self) -> Problem | None:
        """No such role, or one whose holders could keep what they were lent."""
        self._named()
        return None

    def by_hand(self, login: str, gh: str) -> Sequence[str]:
        """The number first: the name is not enough."""
        roles = self._api.path("organization-roles")
        number = self._numbers.get(self._role) or "NUMBER"
        users = f"{roles}/users/{segment(login)}/{number}"
        return [
            f"# NUMBER is the id of the role {self._role} in: {gh} {roles}",
            f"{gh} -X DELETE {users}",
            "# it is gone when this does not name them:",
            f"{gh} {roles}/{number}/users --paginate",
        ]

    def _remember(self, receipt: Receipt) -> None:
        if number := _number(receipt, "role"):
            self._numbers[self._role] = number

    def _path(self, number: int, login: str) -> str:
        return self._api.path("organization-roles", "users", login, str(number))

    def _all(self) -> Sequence[_Role]:
        """Every role; a ``ConnectorError`` where the organisation has no such thing, or does not show it to us."""
        try:
            return self._api.call("GET", self._api.path("organization-roles")).read(_Roles).roles
        except Fault as fault:
            if fault.status in _NO_ROLES:
                what = "there are no organisation roles here, or we may not see them"
                problem = Problem(self._about, what, "they need Enterprise Cloud or Enterprise Server 3.13")
                raise Wrong(problem) from None
            raise self._refused(fault) from None

    def _named(self) -> _Role:
        found = [role for role in self._all() if role.name == self._role]
        if len(found) != 1:
            what = f"there are {len(found)} of that name" if found else "there is no such role"
            raise Wrong(Problem(self._about, what, "was it renamed? see Settings, Organization roles"))
        if _MAY_CHANGE_ROLES in found[0].permissions:
            what = "whoever holds it may change roles, and so keep what they were lent"
            raise Wrong(Problem(self._about, what, "choose a role without it"))
        return found[0]

    def _there(self) -> int | None:
        """The role's number: of that name now, or when we gave; None where that one is gone."""
        roles = self._all()
        known = self._numbers.get(self._role)
        if any(role.id == known for role in roles):
            return known
        named = next((role.id for role in roles if role.name == self._role), None)
        return self._named().id if named is None and known is None else named

    def _users(self, number: int | None) -> Sequence[_RoleUser]:
        if number is None:
            return []
        path = self._api.path("organization-roles", str(number), "users")
        return [user for page in self._api.pages(path) for user in page.read(_RoleUsers).root]

    def _refused(self, fault: Fault) -> ConnectorError:
        if fault.status != HTTPStatus.FORBIDDEN or not fault.permanent:
            return fault
        otherwise = "give us Members: write and Custom organization roles: read"
        return Wrong(not_allowed(self._api.name, fault, self._about, otherwise))


def _number(receipt: Receipt, key: str) -> int | None:
    number = receipt.get(key)
    return number if isinstance(number, int) else None


def _by_child(*, inherited: bool) -> tuple[Present, str]:
    return (Present.OTHERS, "through a child team") if inherited else (Present.THERE, "")


def _how(user: _RoleUser) -> tuple[Present, str]:
    """``indirect`` is through a team alone; ``mixed`` is both, of which the direct part is what we can give."""
    teams = ", ".join(team.slug for team in user.inherited_from or [])
    through = f"through team {teams}" if teams else ""
    if user.assignment == "indirect":
        return Present.OTHERS, through or "through a team"
    return Present.THERE, through


def same(one: str, other: str) -> bool:
    """Logins are the same whatever their case."""
    return one.casefold() == other.casefold()
