"""Who somebody is at GitHub, and whether they may be given anything: members of the organisation, and no owners."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import RootModel

from connectors.access.github_api import Api
from connectors.access.github_ways import same
from connectors.answers import Shape
from connectors.http import segment, together
from connectors.interface import NoSubject

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody fit; the number stays when the login changes."""

    id: int
    login: str


class _User(Shape):
    login: str
    id: int
    type: str = "User"
    site_admin: bool = False
    suspended_at: str | None = None


class _Users(RootModel[list[_User]]):
    """One page of them."""


class _Membership(Shape):
    role: str
    state: str


@dataclass(frozen=True, slots=True)
class _Facts:
    user: _User
    membership: _Membership | None
    is_bot: bool
    is_service: bool


_UNFIT: Sequence[tuple[Callable[[_Facts], object], str]] = (
    (lambda it: it.is_bot, "is the bot's own account"),
    (lambda it: it.is_service, "is a service account"),
    (lambda it: it.user.type == "Organization", "is an organisation, not a person"),
    (lambda it: it.user.type != "User", "is no person's account but an App's or a bot's"),
    (lambda it: it.user.suspended_at, "is suspended"),
    (lambda it: it.user.site_admin, "is a site administrator: nothing could be taken back"),
    (
        lambda it: it.membership and it.membership.state != "active",
        "is invited to the organisation and has not accepted",
    ),
    (
        lambda it: it.membership and it.membership.role == "admin",
        "is an owner of the organisation: there is nothing to give, and nothing could be taken back",
    ),
    (
        lambda it: it.membership and it.membership.role != "member",
        "is a billing manager of the organisation and no member",
    ),
)
_OUTSIDE = "is no member of the organisation, and would only be sent an invitation"
_GUEST = "is an outside collaborator, and no member of the organisation"


def is_login(text: str) -> bool:
    """Whether GitHub could have an account of that name."""
    return bool(_LOGIN.fullmatch(text))


def member(api: Api, name: str, service_accounts: Sequence[str]) -> Member | NoSubject:
    """The member of the organisation with that login, or why nothing is given to them."""
    if not is_login(name):
        return _nobody(api, name)
    asked = (
        lambda: api.call("GET", f"/users/{segment(name)}", accept=(200, 404)),
        lambda: api.call("GET", api.path("memberships", name), accept=(200, 404)),
    )
    account, membership = together(asked)
    if account.status != HTTPStatus.OK:
        return _nobody(api, name)
    user = account.read(_User)
    found = membership.read(_Membership) if membership.status == HTTPStatus.OK else None
    if not same(user.login, name):
        return _nobody(api, name)  # renamed: the old login is anybody's by now
    service = any(same(name, each) for each in service_accounts)
    facts = _Facts(user, found, same(name, api.own_login()), service)
    why = next((why for unfit, why in _UNFIT if unfit(facts)), None)
    if why is None and found is None:
        why = _GUEST if _is_guest(api, name) else _OUTSIDE
    return _unfit(api, name, why) if why else Member(user.id, user.login)


def number_of(api: Api, login: str) -> int | None:
    """Whose login it is now, in or outside of the organisation."""
    answer = api.call("GET", f"/users/{segment(login)}", accept=(200, 404))
    return answer.read(_User).id if answer.status == HTTPStatus.OK else None


def _is_guest(api: Api, login: str) -> bool:
    pages = api.pages(api.path("outside_collaborators"))
    return any(same(user.login, login) for page in pages for user in page.read(_Users).root)


def _nobody(api: Api, name: str) -> NoSubject:
    hint = " GitHub knows logins, not addresses: list yours under `identities`." if "@" in name else ""
    return NoSubject(name, "none", f"{api.name} has no account for you (looked for `{name}`).{hint}")


def _unfit(api: Api, login: str, why: str) -> NoSubject:
    return NoSubject(login, "unfit", f"{api.name} gives nothing to `{login}`: it {why}.")
