"""GitHub: the promises of every access connector, held to its published contract, and its own traps."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr, ValidationError

from app.errors import ConnectorError
from connectors.access.github import GithubAccess, GithubConnector
from connectors.access.github_api import GithubSettings, patience
from connectors.interface import Holder, NoSubject, Present, Reading, Sessions, Subject
from tests.connectors.contract import ENDS_AT, REQUEST, AccessContract, Bench
from tests.farside import Asked, does_and_hangs, does_and_says, http, says
from tests.sources.published import Call, Handler, Published, published_by

APP = "Iv23breakglass"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PERSONAL = "ghp_sesame"
TEAM, ROLE = {"team": "incident-writers"}, {"organization_role": "Incident lead"}
ADA, ALAN = "ada-lovelace", "alan"
MEMBERSHIPS = "/orgs/{org}/teams/{team_slug}/memberships/{username}"
ROLE_OF = "/orgs/{org}/organization-roles/users/{username}/{role_id}"
PUT_TEAM, PUT_ROLE = r"PUT /orgs/acme/teams/", r"PUT /orgs/acme/organization-roles/"
DATE = "Date: Sun, 22 Nov 2026 03:10:00 GMT"


class Hub(Published):
    """GitHub: an App shows a JWT for a token, and the token for everything else."""

    tokens: set[str] = set()  # noqa: RUF012 - one server a module

    def honest(self, asked: Asked) -> bytes:
        shown = asked.headers.get("authorization", "").removeprefix("Bearer ")
        for_app = asked.path.startswith("/app/") or asked.path == "/orgs/acme/installation"
        if not (self.is_app(shown) if for_app else shown in self.tokens):
            return http(401, {"message": f"Bad credentials {shown}"})
        return super().honest(asked)

    def is_app(self, shown: str) -> bool:
        try:
            claims = jwt.decode(shown, KEY.public_key(), ["RS256"], issuer=APP)
        except jwt.PyJWTError:
            return False
        return bool(claims["exp"] - claims["iat"] <= 600 and claims["iat"] < time.time())


@pytest.fixture(scope="module")
def far_side() -> Iterator[Hub]:
    known = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
    with published_by(Hub, "github.json", known) as far_side:
        yield far_side


WHERE = "https://api.github.com/x"
LINKS = [
    f"{name}url"
    for name in ("", "avatar_", "events_", "followers_", "following_", "gists_", "html_", "organizations_")
] + ["received_events_url", "repos_url", "starred_url", "subscriptions_url"]


def user(login: str, number: int, **more: Any) -> dict[str, Any]:
    links = dict.fromkeys(LINKS, WHERE)
    base = {"login": login, "id": number, "node_id": "U_1", "gravatar_id": "", "type": "User"}
    return {**base, **links, "site_admin": False, **more}


PUBLIC = {
    "user_view_type": "public",
    **dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"), None),
    **dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0),
    **dict.fromkeys(("created_at", "updated_at"), "2026-01-01T00:00:00Z"),
}
OWN = {
    **PUBLIC,
    "user_view_type": "private",
    **dict.fromkeys(("collaborators", "disk_usage", "owned_private_repos", "private_gists"), 0),
    "total_private_repos": 0,
    "two_factor_authentication": True,
}
ORGANIZATION = {
    **{f"{name}_url": WHERE for name in ("repos", "events", "hooks", "issues", "members", "public_members")},
    "login": "acme",
    "id": 1,
    "node_id": "O_1",
    "url": WHERE,
    "avatar_url": WHERE,
    "description": None,
}
WHOLE_ORGANIZATION = {
    **ORGANIZATION,
    **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
    "html_url": WHERE,
    "has_organization_projects": True,
    "has_repository_projects": True,
    "type": "Organization",
    "archived_at": None,
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
}


@dataclass
class Team:
    id: int
    members: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    child: list[str] = field(default_factory=list)
    """The members of its child team, whom it has as well."""


@dataclass
class Acme:
    """What there is at GitHub: accounts, one organisation, its teams and roles, its audit log."""

    hub: Hub
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, tuple[str, str]] = field(default_factory=dict)
    guests: list[str] = field(default_factory=list)
    teams: dict[str, Team] = field(default_factory=dict)
    roles: dict[int, dict[str, Any]] = field(default_factory=dict)
    given: dict[int, dict[str, str]] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=lambda: {"members": "write"})
    scopes: str = "admin:org"
    a_page: int = 100
    phrases: list[str] = field(default_factory=list)

    def account(self, login: str, role: str | None = "member", state: str = "active", **more: Any) -> None:
        self.accounts[login] = user(login, len(self.accounts) + 1, **more)
        if role:
            self.members[login] = (role, state)

    def handlers(self) -> Mapping[str, Handler]:
        handlers: dict[str, Handler] = {
            "GET /orgs/{org}/installation": lambda _: http(200, self.installation()),
            "POST /app/installations/{installation_id}/access_tokens": self.token,
            "GET /user": lambda _: http(
                200, {**self.accounts["bot"], **OWN}, f"X-OAuth-Scopes: {self.scopes}"
            ),
            "GET /users/{username}": self.person,
            "GET /orgs/{org}/members": lambda call: self.listed(call, self.of(self.members)),
            "GET /orgs/{org}/memberships/{username}": self.membership,
            "GET /orgs/{org}/outside_collaborators": lambda call: self.listed(call, self.of(self.guests)),
            "GET /orgs/{org}/teams": lambda call: self.listed(
                call, [self.brief(slug) for slug in self.teams]
            ),
            "GET /orgs/{org}/teams/{team_slug}": self.team,
            "GET /orgs/{org}/teams/{team_slug}/members": self.team_members,
            f"GET {MEMBERSHIPS}": self.team_membership,
            f"PUT {MEMBERSHIPS}": self.join,
            f"DELETE {MEMBERSHIPS}": self.leave,
            "GET /orgs/{org}/organization-roles": self.all_roles,
            "GET /orgs/{org}/organization-roles/{role_id}/users": self.role_users,
            f"PUT {ROLE_OF}": self.assign,
            f"DELETE {ROLE_OF}": self.unassign,
            "GET /orgs/{org}/audit-log": self.audit,
        }
        return handlers

    def installation(self) -> dict[str, Any]:
        urls = dict.fromkeys(("access_tokens_url", "html_url", "repositories_url"), WHERE)
        facts = {
            "id": 7,
            "app_id": 1,
            "app_slug": "breakglass",
            "target_id": 1,
            "target_type": "Organization",
        }
        nothing = dict.fromkeys(("single_file_name", "suspended_by", "suspended_at"), None)
        when = dict.fromkeys(("created_at", "updated_at"), "2026-01-01T00:00:00Z")
        return {
            **urls,
            **facts,
            **nothing,
            **when,
            "repository_selection": "all",
            "events": [],
            "account": user("acme", 1),
            "permissions": self.permissions,
        }

    def token(self, call: Call) -> bytes:
        assert call.path["installation_id"] == "7"
        token = f"ghs_sesame{len(self.hub.tokens)}"
        self.hub.tokens.add(token)
        body = {"token": token, "expires_at": "2026-11-22T04:10:00Z", "permissions": self.permissions}
        return http(201, body, DATE)

    def found(self, login: str) -> dict[str, Any] | None:
        return next(
            (each for name, each in self.accounts.items() if name.casefold() == login.casefold()), None
        )

    def of(self, logins: Any) -> list[dict[str, Any]]:
        return [self.accounts[login] for login in logins]

    def listed(self, call: Call, found: list[Any]) -> bytes:
        assert call.query["per_page"] in (1, 100)
        page = call.query.get("page", 1)
        there = page * self.a_page < len(found)
        link = f'Link: <https://api.github.com/organizations/1/x?per_page=100&page={page + 1}>; rel="next"'
        return http(200, found[(page - 1) * self.a_page : page * self.a_page], *([link] if there else []))

    def person(self, call: Call) -> bytes:
        found = self.found(call.path["username"])
        return http(200, {**found, **PUBLIC}) if found else NOT_FOUND

    def membership(self, call: Call) -> bytes:
        found = self.found(call.path["username"])
        if not found or found["login"] not in self.members:
            return NOT_FOUND
        role, state = self.members[found["login"]]
        urls = {"url": WHERE, "organization_url": WHERE, "organization": ORGANIZATION}
        return http(200, {**urls, "role": role, "state": state, "user": found})

    def brief(self, slug: str) -> dict[str, Any]:
        team = self.teams[slug]
        urls = dict.fromkeys(("url", "members_url", "html_url", "repositories_url"), WHERE)
        facts = {"id": team.id, "node_id": "T_1", "name": slug, "slug": slug, "description": None}
        return {**urls, **facts, "permission": "pull", "parent": None, "type": "organization", **team.more}

    def team(self, call: Call) -> bytes:
        if call.path["team_slug"] not in self.teams:
            return NOT_FOUND
        counts = {"members_count": 0, "repos_count": 0, "organization": WHOLE_ORGANIZATION}
        when = dict.fromkeys(("created_at", "updated_at"), "2026-01-01T00:00:00Z")
        return http(200, {**self.brief(call.path["team_slug"]), **counts, **when})

    def team_members(self, call: Call) -> bytes:
        team = self.teams[call.path["team_slug"]]
        everybody = sorted({*team.members, *team.child})
        found = [{**self.accounts[login], "inherited": login not in team.members} for login in everybody]
        return self.listed(call, found)

    def team_membership(self, call: Call) -> bytes:
        team, found = self.teams.get(call.path["team_slug"]), self.found(call.path["username"])
        through = "member" if team and found and found["login"] in team.child else None
        role = team and found and team.members.get(found["login"], through)
        return http(200, {"url": WHERE, "role": role, "state": "active"}, DATE) if role else NOT_FOUND

    def join(self, call: Call) -> bytes:
        found = self.found(call.path["username"])
        assert found
        login, pending = found["login"], found["login"] not in self.members
        role = call.body["role"]
        if not pending:
            self.teams[call.path["team_slug"]].members[login] = role
        return http(200, {"url": WHERE, "role": role, "state": "pending" if pending else "active"}, DATE)

    def leave(self, call: Call) -> bytes:
        found = self.found(call.path["username"])
        members = self.teams[call.path["team_slug"]].members
        return http(204) if found and members.pop(found["login"], None) else NOT_FOUND

    def role(self, number: int, name: str, *permissions: str) -> None:
        facts = {"id": number, "name": name, "permissions": permissions, "organization": user("acme", 1)}
        self.roles[number] = {**facts, **dict.fromkeys(("created_at", "updated_at"), "2026-01-01T00:00:00Z")}
        self.given.setdefault(number, {})

    def all_roles(self, _call: Call) -> bytes:
        return http(200, {"total_count": len(self.roles), "roles": list(self.roles.values())})

    def role_users(self, call: Call) -> bytes:
        given = self.given[int(call.path["role_id"])]
        team = {key: value for key, value in self.brief("incident-writers").items() if key != "parent"}
        through = {"inherited_from": [team]}
        users = [
            {**self.accounts[login], "assignment": how, **(through if how != "direct" else {})}
            for login, how in given.items()
        ]
        return self.listed(call, users)

    def assign(self, call: Call) -> bytes:
        given, found = self.given[int(call.path["role_id"])], self.found(call.path["username"])
        assert found
        given[found["login"]] = "mixed" if given.get(found["login"]) in {"indirect", "mixed"} else "direct"
        return http(204, None, DATE)

    def unassign(self, call: Call) -> bytes:
        given, found = self.given.get(int(call.path["role_id"]), {}), self.found(call.path["username"])
        if found and given.pop(found["login"], "") == "mixed":
            given[found["login"]] = "indirect"
        return http(204)

    def audit(self, call: Call) -> bytes:
        self.phrases.append(call.query["phrase"])
        return http(200, self.log)


NOT_FOUND = http(404, {"message": "Not Found"})


@pytest.fixture
def acme(far_side: Hub) -> Iterator[Acme]:
    acme = Acme(far_side, teams={"incident-writers": Team(11), "others": Team(12)})
    for login in (ADA, ALAN):
        acme.account(login)
    acme.account("bot", "admin")
    acme.role(21, "Incident lead")
    acme.role(22, "Other")
    far_side.tokens.add(PERSONAL)
    with far_side.in_use(acme.handlers()):
        yield acme


def connector_at(url: str, **more: Any) -> GithubConnector:
    as_app = {"app": APP, "private_key": SecretStr(PEM)}
    settings = {"organization": "acme", "base_url": url, **({} if "token" in more else as_app), **more}
    connector = GithubConnector("github", GithubSettings.model_validate(settings))
    for api in (connector._api._http, connector._api._as_app):  # noqa: SLF001 - nobody waits between repetitions
        api.pause = lambda _seconds: None
    return connector


@pytest.fixture(scope="module")
def app(far_side: Hub) -> Iterator[GithubConnector]:
    """One for all: to read its key takes longer than a test."""
    connector = connector_at(far_side.url)
    yield connector
    connector.close()


@pytest.fixture
def github(far_side: Hub, acme: Acme) -> Iterator[GithubConnector]:
    """With a personal token, whose owner is the account ``bot``; each test has its own, which remembers nothing."""
    del acme
    connector = connector_at(far_side.url, token=PERSONAL)
    yield connector
    connector.close()


def given(acme: Acme, access: Mapping[str, str]) -> dict[str, str]:
    return acme.teams["incident-writers"].members if access is TEAM else acme.given[21]


def bench_of(
    access: Mapping[str, str], github: GithubConnector, acme: Acme, dead_port: int, mute_port: int
) -> Bench:
    there = given(acme, access)
    who: dict[str, Any] = {"installation": 7} if access is TEAM else {"token": PERSONAL}
    return Bench(
        connector=github,
        access=access,
        gone=dict.fromkeys(access, "gone"),
        hides_gone=True,
        subject=ADA,
        bystander=ALAN,
        stranger="nobody-here",
        others_give=lambda: there.update({ADA: "member" if access is TEAM else "direct"}),
        others_take=lambda: there.pop(ADA),
        unreachable=connector_at(f"http://127.0.0.1:{dead_port}", **who),
        mute=connector_at(f"http://127.0.0.1:{mute_port}", deadline="1s", **who),
        deadline=5,
        secrets=(PEM, PEM.splitlines()[1], "sesame"),
    )


class TestTeamAsApp(AccessContract):
    @pytest.fixture
    def bench(self, app: GithubConnector, acme: Acme, dead_port: int, mute_port: int) -> Bench:
        return bench_of(TEAM, app, acme, dead_port, mute_port)


class TestRoleWithToken(AccessContract):
    @pytest.fixture
    def bench(self, github: GithubConnector, acme: Acme, dead_port: int, mute_port: int) -> Bench:
        return bench_of(ROLE, github, acme, dead_port, mute_port)


# --- who ---------------------------------------------------------------------------------------------------------


def test_each_kind_of_unfit_account_hears_its_own_sentence(acme: Acme, far_side: Hub) -> None:
    acme.account("heidi", "admin")
    acme.account("invited", state="pending")
    acme.account("payer", "billing_manager")
    acme.account("mallory", None)
    acme.account("guest", None)
    acme.guests = ["guest"]
    acme.account("umbrella", None, type="Organization")
    acme.account("renovate", None, type="Bot")
    acme.account("staff", site_admin=True)
    acme.account("deploys")
    acme.account("barbara")
    suspended = {**acme.accounts["barbara"], "suspended_at": "2026-01-01T00:00:00Z"}
    far_side.on("GET /users/barbara", says(http(200, suspended)))
    github = connector_at(far_side.url, token=PERSONAL, service_accounts=["Deploys"])
    said = {}
    for login in (*acme.accounts, "ada@example.com"):
        found = github.resolve(login)
        if isinstance(found, NoSubject):
            assert f"`{login}`" in found.sentence
            with pytest.raises(ConnectorError) as caught:
                github.grant(login, TEAM, REQUEST, ENDS_AT)
            assert (str(caught.value), caught.value.permanent) == (found.sentence, True)
            said[login] = found.sentence.replace(login, "X")
    assert set(said) == {*acme.accounts, "ada@example.com"} - {ADA, ALAN}
    assert len(set(said.values())) == len(said)
    assert "invitation" in said["mallory"]
    assert "`identities`" in said["ada@example.com"]
    assert far_side.calls("PUT") == 0


def test_a_login_is_found_in_any_case_and_told_as_github_writes_it(github: GithubConnector) -> None:
    assert github.resolve("Ada-Lovelace") == Subject(ADA)


# --- teams -------------------------------------------------------------------------------------------------------


def test_a_maintainer_is_never_made_a_member(github: GithubConnector, acme: Acme, far_side: Hub) -> None:
    acme.teams["incident-writers"].members[ADA] = "maintainer"
    assert github.read(ADA, TEAM) == Reading(Present.THERE, "as maintainer")
    github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    assert acme.teams["incident-writers"].members[ADA] == "maintainer"
    assert far_side.calls("PUT") == 0


def test_who_leaves_at_that_moment_keeps_no_invitation(
    github: GithubConnector, acme: Acme, far_side: Hub
) -> None:
    pending = http(200, {"url": WHERE, "role": "member", "state": "pending"})
    far_side.on(PUT_TEAM, says(pending))
    with pytest.raises(ConnectorError, match=f"only invited {ADA}") as caught:
        github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    assert caught.value.permanent
    assert far_side.calls("DELETE") == 1
    assert acme.teams["incident-writers"].members == {}


def test_an_invitation_that_waits_is_not_called_absent(github: GithubConnector, far_side: Hub) -> None:
    waiting = http(200, {"url": WHERE, "role": "member", "state": "pending"})
    far_side.on(f"GET /orgs/acme/teams/incident-writers/memberships/{ADA}", says(waiting))
    assert github.read(ADA, TEAM) == Reading(Present.THERE, "invited, and has not accepted")


@pytest.mark.parametrize(
    ("more", "what"),
    [({"ldap_dn": "cn=writers,dc=acme"}, "members from LDAP"), ({"type": "enterprise"}, "of the enterprise")],
)
def test_a_team_whose_members_come_from_elsewhere_is_refused(
    github: GithubConnector, acme: Acme, far_side: Hub, more: dict[str, Any], what: str
) -> None:
    acme.teams["incident-writers"].more = more
    with pytest.raises(ConnectorError, match=what) as caught:
        github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    assert caught.value.permanent
    assert what in str(github.check([TEAM])[0])
    assert far_side.calls("PUT") == 0


def test_403_is_synchronisation_where_the_app_may_write_members(
    app: GithubConnector, acme: Acme, far_side: Hub
) -> None:
    far_side.on(PUT_TEAM, says(http(403, {"message": "This team is externally managed"})))
    with pytest.raises(ConnectorError, match="team synchronisation") as caught:
        app.grant(ADA, TEAM, REQUEST, ENDS_AT)
    assert caught.value.permanent
    assert "externally" not in str(caught.value)
    assert acme.teams["incident-writers"].members == {}


def test_403_names_the_permission_that_github_wants(github: GithubConnector, far_side: Hub) -> None:
    far_side.on(PUT_TEAM, says(http(403, {}, "X-Accepted-GitHub-Permissions: members=write")))
    with pytest.raises(ConnectorError, match="the permission members=write"):
        github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    far_side.well()
    far_side.on(PUT_TEAM, says(http(403, {}, "X-Accepted-GitHub-Permissions: <!channel> ghp_sesame")))
    with pytest.raises(ConnectorError) as caught:
        github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    assert "sesame" not in str(caught.value)


def test_who_is_in_a_child_team_by_then_has_lost_what_we_gave(github: GithubConnector, acme: Acme) -> None:
    receipt = github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    team = acme.teams["incident-writers"]
    team.child += [ALAN, ADA]
    assert github.read(ADA, TEAM).present is Present.THERE
    through = (Present.OTHERS, "through a child team")
    assert github.find(TEAM) == [Holder(ADA, Present.THERE), Holder(ALAN, *through)]
    github.revoke(ADA, TEAM, receipt)
    assert (github.read(ADA, TEAM), github.sessions(ADA, TEAM, receipt)) == (
        Reading(*through),
        Sessions("none"),
    )
    github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    assert team.members == {ADA: "member"}, "one of their own, beside the child team's"


def test_a_team_that_was_renamed_meanwhile_is_left_all_the_same(github: GithubConnector, acme: Acme) -> None:
    receipt = github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    acme.teams["writers"] = acme.teams.pop("incident-writers")
    acme.teams["incident-writers"] = Team(99, {ADA: "member"})  # another one, of the old name
    assert github.read(ADA, TEAM).present is Present.THERE
    fresh = connector_at(github._settings.base_url, token=PERSONAL)  # noqa: SLF001 - after a crash
    fresh.revoke(ADA, TEAM, receipt)
    assert acme.teams["writers"].members == {}
    assert acme.teams["incident-writers"].members == {ADA: "member"}


def test_a_team_that_is_gone_is_absent_only_where_we_would_see_it(
    github: GithubConnector, acme: Acme
) -> None:
    receipt = github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    del acme.teams["incident-writers"]
    assert github.read(ADA, TEAM).present is Present.ABSENT
    acme.members["bot"] = ("member", "active")
    with pytest.raises(ConnectorError, match="may not see every team"):
        github.read(ADA, TEAM)
    fresh = connector_at(github._settings.base_url, token=PERSONAL)  # noqa: SLF001 - knows no number
    with pytest.raises(ConnectorError, match="renamed or deleted"):
        fresh.read(ADA, TEAM)
    acme.members["bot"] = ("admin", "active")
    assert fresh.read(ADA, TEAM, receipt).present is Present.ABSENT


@pytest.mark.parametrize("access", [TEAM, ROLE], ids=["team", "role"])
def test_an_account_that_changed_its_login_is_found_by_its_number(
    github: GithubConnector, acme: Acme, access: Mapping[str, str]
) -> None:
    receipt = github.grant(ADA, access, REQUEST, ENDS_AT)
    there = given(acme, access)
    acme.accounts["countess"] = {**acme.accounts.pop(ADA), "login": "countess"}
    there["countess"] = there.pop(ADA)
    acme.account(ADA)  # the old login, taken by somebody who has it from elsewhere
    assert github.read(ADA, access, receipt).present is Present.THERE
    there[ADA] = "member" if access is TEAM else "direct"
    github.revoke(ADA, access, receipt)
    assert set(there) == {ADA}
    assert github.read(ADA, access, receipt).present is Present.ABSENT, "though whoever has the login has it"


def test_a_member_on_a_later_page_is_found_and_a_circle_is_no_answer(
    github: GithubConnector, acme: Acme, far_side: Hub
) -> None:
    acme.a_page = 1
    acme.given[21] = {ALAN: "direct", "bot": "direct", ADA: "direct"}
    assert github.read(ADA, ROLE).present is Present.THERE
    assert {holder.subject for holder in github.find(ROLE)} == {ADA, ALAN}  # and not the bot's own
    circle = 'Link: <https://evil.example/x?page=2>; rel="next"'
    far_side.on("GET /orgs/acme/organization-roles/21/users", says(http(200, [], circle)))
    with pytest.raises(ConnectorError, match="in a circle"):
        github.read(ADA, ROLE)


# --- roles -------------------------------------------------------------------------------------------------------


def test_a_role_through_a_team_is_somebody_elses_and_stays(github: GithubConnector, acme: Acme) -> None:
    acme.given[21][ADA] = "indirect"
    through = Reading(Present.OTHERS, "through team incident-writers")
    assert github.read(ADA, ROLE) == through
    receipt = github.grant(ADA, ROLE, REQUEST, ENDS_AT)
    assert github.find(ROLE) == [Holder(ADA, Present.THERE, "through team incident-writers")]
    github.revoke(ADA, ROLE, receipt)
    assert github.read(ADA, ROLE) == through
    assert github.sessions(ADA, ROLE, receipt) == Sessions("none")


def test_a_role_that_may_change_roles_is_not_lent(github: GithubConnector, acme: Acme, far_side: Hub) -> None:
    acme.role(21, "Incident lead", "write_organization_custom_org_role")
    with pytest.raises(ConnectorError, match="keep what they were lent") as caught:
        github.grant(ADA, ROLE, REQUEST, ENDS_AT)
    assert caught.value.permanent
    assert "keep what they were lent" in str(github.check([ROLE])[0])
    assert far_side.calls("PUT") == 0


def test_a_role_that_was_renamed_meanwhile_is_taken_all_the_same(github: GithubConnector, acme: Acme) -> None:
    receipt = github.grant(ADA, ROLE, REQUEST, ENDS_AT)
    acme.role(21, "Lead of incidents")
    assert github.read(ADA, ROLE).present is Present.THERE
    connector_at(github._settings.base_url, token=PERSONAL).revoke(ADA, ROLE, receipt)  # noqa: SLF001 - after a crash
    assert acme.given[21] == {}


# --- bad days ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("access", "put"), [(TEAM, PUT_TEAM), (ROLE, PUT_ROLE)], ids=["team", "role"])
def test_what_was_done_without_an_answer_is_unclear_and_read_back(
    acme: Acme, far_side: Hub, access: Mapping[str, str], put: str
) -> None:
    github = connector_at(far_side.url, token=PERSONAL, deadline="1s")
    for fault in (does_and_says(http(502, b"<html>", kind="text/html")), does_and_hangs):
        given(acme, access).clear()
        far_side.on(put, fault, times=1)
        with pytest.raises(ConnectorError) as caught:
            github.grant(ADA, access, REQUEST, ENDS_AT)
        assert caught.value.unclear
        assert not caught.value.permanent
        assert github.read(ADA, access).present is Present.THERE


def test_a_yes_without_a_deed_is_absent_when_it_is_read(github: GithubConnector, far_side: Hub) -> None:
    far_side.on(PUT_TEAM, says(http(200, {"url": WHERE, "role": "member", "state": "active"})))
    github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    assert github.read(ADA, TEAM).present is Present.ABSENT


NOW = {"date": "Sun, 22 Nov 2026 03:10:00 GMT"}
SPENT = {**NOW, "x-ratelimit-remaining": "0"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (403, {"retry-after": "30"}, b"", 30),
        (429, {"retry-after": "-1"}, b"", 60),
        (403, {**SPENT, "x-ratelimit-reset": "1795317090"}, b"", 90),
        (403, {**SPENT, "x-ratelimit-reset": "99999999999"}, b"", 3600),
        (403, {**SPENT, "x-ratelimit-reset": "soon"}, b"", 60),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795317090"}, b"", 60),
        (403, NOW, b'{"message": "You have exceeded a secondary rate limit"}', 60),
        (429, NOW, b"", 60),
        (403, {**NOW, "x-ratelimit-remaining": "17"}, b'{"message": "Must be an owner"}', None),
        (404, {"retry-after": "30"}, b"", None),
    ],
)
def test_a_limit_is_told_from_a_refusal(
    status: int, headers: dict[str, str], body: bytes, seconds: float | None
) -> None:
    assert patience(status, headers, body) == seconds


def test_too_often_is_a_passing_fault_with_its_time(
    github: GithubConnector, acme: Acme, far_side: Hub
) -> None:
    limited = http(403, {"message": "You have exceeded a secondary rate limit, token ghp_sesame"})
    far_side.on(PUT_TEAM, says(limited))
    far_side.on("DELETE ", says(limited))
    for call in (
        lambda: github.grant(ADA, TEAM, REQUEST, ENDS_AT),
        lambda: github.revoke(ADA, TEAM, None),
    ):
        with pytest.raises(ConnectorError, match="ask too often") as caught:
            call()
        assert (caught.value.permanent, caught.value.unclear, caught.value.retry_after) == (False, False, 60)
        assert "sesame" not in str(caught.value)
    assert acme.teams["incident-writers"].members == {}


# --- as an App ---------------------------------------------------------------------------------------------------


def test_a_token_that_was_revoked_before_its_end_is_fetched_anew_once(
    acme: Acme, far_side: Hub, app: GithubConnector
) -> None:
    app.read(ADA, TEAM)
    far_side.tokens.clear()
    app.grant(ADA, TEAM, REQUEST, ENDS_AT)
    assert acme.teams["incident-writers"].members == {ADA: "member"}
    assert far_side.calls("POST") == 1
    far_side.on("(GET|DELETE) /(orgs|users)/", says(http(401, {"message": "Bad credentials ghs_sesame"})))
    with pytest.raises(ConnectorError, match="refuses our credentials") as caught:
        app.revoke(ADA, TEAM, None)
    assert caught.value.permanent
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("on", "answer", "remedy"),
    [
        ("GET /orgs/acme/installation", NOT_FOUND, "install the App in the organisation acme"),
        ("POST /app/", http(403, {"message": "suspended"}), "installation is suspended"),
        ("POST /app/", http(401, {"message": "clock"}), "clock"),
    ],
)
def test_an_app_that_gets_no_token_hears_why(
    acme: Acme, far_side: Hub, on: str, answer: bytes, remedy: str
) -> None:
    far_side.on(on, says(answer))
    [problem] = connector_at(far_side.url).check([TEAM])
    assert remedy in str(problem)
    assert acme.phrases == []


def test_what_is_no_key_is_said_and_not_quoted(far_side: Hub, acme: Acme) -> None:
    del acme
    github = connector_at(far_side.url, private_key=SecretStr("sesame"), installation=7)
    with pytest.raises(ConnectorError, match="private key is no PEM") as caught:
        github.resolve(ADA)
    assert "sesame" not in str(caught.value)


# --- check -------------------------------------------------------------------------------------------------------


def test_check_names_what_the_credentials_lack(acme: Acme, far_side: Hub, github: GithubConnector) -> None:
    acme.permissions = {"members": "read"}
    acme.members["bot"], acme.scopes = ("member", "active"), "repo, read:org"
    [of_app] = connector_at(far_side.url, installation=7).check([TEAM])
    assert "Members: Read and write" in str(of_app)
    scope, owner = github.check([TEAM])
    assert "admin:org" in str(scope)
    assert "bot, whose token it is, is no owner" in str(owner)
    far_side.on("GET /orgs/acme/members", says(http(403, {}, "X-Accepted-GitHub-Permissions: members=read")))
    [problem] = github.check([TEAM])
    assert "members=read" in str(problem)


def test_check_names_each_team_and_role_that_cannot_be_given(
    acme: Acme, far_side: Hub, github: GithubConnector
) -> None:
    team, role = github.check([TEAM, {"team": "nowhere"}, ROLE, {"organization_role": "Nobody"}])
    assert "team nowhere: there is no such team" in str(team)
    assert "organisation role Nobody: there is no such role" in str(role)
    wants = "X-Accepted-GitHub-Permissions: organization_custom_org_roles=read"
    far_side.on("GET /orgs/acme/organization-roles", says(http(403, {}, wants)))
    assert "organization_custom_org_roles=read" in str(github.check([ROLE])[0])
    far_side.well()
    far_side.on("GET /orgs/acme/organization-roles", says(http(422, {})))
    assert "Enterprise Cloud" in str(github.check([ROLE])[0])
    assert acme.given[21] == {}


# --- afterwards --------------------------------------------------------------------------------------------------


def event(action: str, **more: Any) -> dict[str, Any]:
    return {"@timestamp": 1_795_317_060_000, "action": action, "actor": ADA, **more}


def test_the_audit_log_says_what_they_did_and_what_outlives_it(acme: Acme, github: GithubConnector) -> None:
    receipt = github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    acme.log = [
        event("git.push", repo="acme/pay"),
        event("public_key.create", repo="acme/pay", name="ci\nkey"),
    ]
    seen = github.activity(ADA, TEAM, ENDS_AT, ENDS_AT + timedelta(hours=1))
    assert seen.lines == [
        "2026-11-22T03:11:00Z git.push acme/pay",
        "2026-11-22T03:11:00Z public_key.create acme/pay ci key",
    ]
    assert github.left_behind(ADA, TEAM, receipt) == [seen.lines[1]]
    assert acme.phrases[1] == f"actor:{ADA} created:>=2026-11-22T03:10:00Z"
    assert github.left_behind(ADA, TEAM, {"at": "* actor:grace"}) is None


def test_without_an_audit_log_nobody_is_told_that_nothing_was_done(
    far_side: Hub, github: GithubConnector
) -> None:
    receipt = github.grant(ADA, TEAM, REQUEST, ENDS_AT)
    far_side.on("GET /orgs/acme/audit-log", says(NOT_FOUND))
    assert "the audit log cannot be read" in github.activity(ADA, TEAM, ENDS_AT, ENDS_AT).unseen
    assert github.left_behind(ADA, TEAM, receipt) is None


def test_by_hand_names_the_server_of_ones_own() -> None:
    github = connector_at("https://git.example.com/api/v3")
    assert "gh api --hostname git.example.com -X DELETE /orgs/acme/teams/" in github.by_hand(ADA, TEAM)
    assert "Incident lead" in github.by_hand(ADA, ROLE)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"token": "ghp_sesame", "app": APP, "private_key": PEM},
        {"app": APP},
        {"token": "ghp_sesame", "installation": 7},
        {"token": "ghp_sesame", "organization": "acme/../x"},
        {"token": "ghp_sesame\n"},
        {"token": "ghp_sesame", "organisation": "acme"},
    ],
)
def test_settings_that_cannot_be_right_are_refused_without_quoting_them(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        GithubSettings.model_validate({"organization": "acme", **keys})
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("keys", [{}, {**TEAM, **ROLE}, {"team": "Incident Writers"}, {"team": "../x"}])
def test_an_access_is_one_team_or_one_role(keys: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        GithubAccess.model_validate(keys)
