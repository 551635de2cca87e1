"""Okta, against a stand-in held to its published contract; tokens and roles stand beside the file."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import jwt
import pydantic
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.errors import ConnectorError, Unproven
from connectors.access.okta import OktaConnector
from connectors.access.okta_settings import OktaSettings
from connectors.interface import Holder, NoSubject, Present, Sessions, Subject
from connectors.tokened import wall_clock
from tests.connectors.contract import ENDS_AT, REQUEST, AccessContract, Bench
from tests.farside import (
    Asked,
    breaks_off,
    does_and_breaks_off,
    http,
    says,
    trickles,
)
from tests.sources.contract import https_of
from tests.sources.published import Call, Published, published

TOKEN, CLIENT, KID = "sesame-token", "0oa1breakglass", "key-1"
GROUP, OTHER = "00g1emaKYZTWRYYRRTSK", "00g2emaKYZTWRYYRRTSK"
ADA, ALAN = "00u1ada0000000000000", "00u2alan000000000000"
ACCESS = {"group": "prod-admins"}
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
AT = datetime(2026, 11, 24, 3, tzinfo=UTC)
DATE = "Date: Tue, 24 Nov 2026 03:00:00 GMT"
SCOPES = "okta.groups.manage okta.users.read okta.logs.read okta.users.manage okta.roles.read"
REFUSED = {"errorCode": "E0000006", "errorSummary": "You do not have permission, and here is a sesame-token"}


def user(key: str, login: str, status: str = "ACTIVE", **more: Any) -> dict[str, Any]:
    return {"id": key, "status": status, "profile": {"login": login, "email": login, **more}}


@dataclass
class Company:
    """What the stand-in remembers. It lists by two, whatever it is asked for."""

    url: str
    users: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    roles: dict[str, list[str]] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    signed_out: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    scopes: list[str] = field(default_factory=SCOPES.split)
    tokens: int = 0
    me: str = ADA

    def routes(self) -> Mapping[str, Callable[[Call], bytes]]:
        return {
            "GET /api/v1/users": self._users,
            "GET /api/v1/users/{id}": self._user,
            "GET /api/v1/users/{id}/groups": self._groups_of,
            "DELETE /api/v1/users/{userId}/sessions": self._sign_out,
            "GET /api/v1/groups": self._groups,
            "GET /api/v1/groups/rules": lambda call: self._page(call, self.rules),
            "GET /api/v1/groups/{groupId}/users": self._members,
            "PUT /api/v1/groups/{groupId}/users/{userId}": self._put,
            "DELETE /api/v1/groups/{groupId}/users/{userId}": self._delete,
            "GET /api/v1/logs": self._log,
        }

    def beside(self) -> Mapping[str, Callable[[Asked], bytes]]:
        return {"POST /oauth2/v1/token": self._token, "GET /api/v1/users/{id}/roles": self._roles}

    def _page(self, call: Call, everything: Sequence[dict[str, Any]]) -> bytes:
        offset = int(call.query.get("after") or 0)
        more = [f'Link: <{self.url}{call.asked.path}?limit=2>; rel="self"']
        if len(everything) > offset + 2:  # the address leads elsewhere: only the cursor may be taken from it
            more[0] += f', <https://evil.example/x?after={offset + 2}&limit=2>; rel="next"'
        return http(200, everything[offset : offset + 2], *more)

    def _find(self, key: str) -> dict[str, Any] | None:
        """Okta answers to ids, logins, the part before the @, and ``me``."""
        for each in self.users:
            login = each["profile"]["login"].lower()
            if key in (each["id"], login.partition("@")[0]) or key.lower() == login:
                return each
        return self._find(self.me) if key == "me" and self.users else None

    def _users(self, call: Call) -> bytes:
        wanted = call.query.get("filter")
        if wanted is None:
            return http(200, self.users[:1])
        address = re.fullmatch(r'profile\.email eq "([^"]*)"', wanted)
        assert address, wanted
        return http(200, [each for each in self.users if each["profile"]["email"] == address[1]])

    def _user(self, call: Call) -> bytes:
        found = self._find(call.path["id"])
        return http(200, found) if found else http(404, {"errorCode": "E0000007"})

    def _groups_of(self, call: Call) -> bytes:
        mine = [each for each in self.groups if (each["id"], call.path["id"]) in self._pairs()]
        return http(200, [{"id": "00g0everyone00000000", "type": "BUILT_IN"}, *mine])

    def _pairs(self) -> set[tuple[str, str]]:
        return {(GROUP, member) for member in self.members}

    def _sign_out(self, call: Call) -> bytes:
        assert call.query == {"oauthTokens": True, "forgetDevices": False}
        self.signed_out.append(call.path["userId"])
        return http(204)

    def _groups(self, call: Call) -> bytes:
        wanted = re.fullmatch(r'id eq "([^"]*)"', call.query.get("filter", ""))
        expanded = call.query.get("expand") == "stats"
        found = [each for each in self.groups if wanted is None or each["id"] == wanted[1]]
        return http(
            200, [each if expanded else {k: v for k, v in each.items() if k[0] != "_"} for each in found]
        )

    def _members(self, call: Call) -> bytes:
        if call.path["groupId"] != GROUP:
            return http(404, {"errorCode": "E0000007"})
        return self._page(call, [each for each in self.users if each["id"] in self.members])

    def _put(self, call: Call) -> bytes:
        if call.path["groupId"] != GROUP or self._find(call.path["userId"]) is None:
            return http(404, {"errorCode": "E0000007"})
        self.members.add(call.path["userId"])
        return http(204, None, DATE)

    def _delete(self, call: Call) -> bytes:
        assert re.fullmatch(r"00u[0-9a-z]{17}", call.path["userId"]), "addressed by a name that may be reused"
        self.members.discard(call.path["userId"])
        return http(204)

    def _log(self, call: Call) -> bytes:
        wanted = call.query.get("filter", "")
        found = [
            each
            for each in self.events
            if (
                f'actor.id eq "{each["actor"]["id"]}"' in wanted
                or any(f'target.id eq "{it.get("id")}"' in wanted for it in each.get("target") or ())
            )
            and ("eventType" not in wanted or f'"{each["eventType"]}"' in wanted)
            and call.query.get("since", "") <= each["published"] <= call.query.get("until", "3")
        ]
        return http(200, found[: int(call.query["limit"])])

    def _roles(self, asked: Asked) -> bytes:
        assert asked.headers["authorization"] in {f"Bearer {TOKEN}", f"SSWS {TOKEN}"}
        labels = self.roles.get(asked.path.split("/")[4], [])
        return http(200, [{"id": "r", "label": each, "type": "CUSTOM"} for each in labels])

    def _token(self, asked: Asked) -> bytes:
        [form] = [{key: value[0] for key, value in parse_qs(asked.body.decode()).items()}]
        try:
            if jwt.get_unverified_header(form["client_assertion"])["kid"] != KID:
                raise jwt.InvalidKeyError
            claims = jwt.decode(
                form["client_assertion"],
                KEY.public_key(),
                ["RS256"],
                audience=f"{self.url}/oauth2/v1/token",
                options={"require": ["iss", "sub", "exp", "jti"]},
            )
        except jwt.PyJWTError:
            return http(401, {"error": "invalid_client", "error_description": PEM})
        sound = claims["iss"] == claims["sub"] == CLIENT and form["grant_type"] == "client_credentials"
        sound &= form["client_assertion_type"].endswith("client-assertion-type:jwt-bearer")
        if not sound or not set(form["scope"].split()) <= set(self.scopes):
            return http(400, {"error": "invalid_scope"})
        self.tokens += 1
        return http(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    with published("okta.yaml", {}) as far_side:
        yield far_side


def company_at(far_side: Published) -> Company:
    """Two ordinary people and a group that may be lent."""
    company = Company(far_side.url)
    company.users = [user(ADA, "ada@example.com"), user(ALAN, "alan@example.com")]
    stats = {"usersCount": 0, "appsCount": 1, "groupPushMappingsCount": 0, "hasAdminPrivilege": False}
    company.groups = [
        {"id": GROUP, "type": "OKTA_GROUP", "profile": {"name": "p"}, "_embedded": {"stats": stats}}
    ]
    return company


@pytest.fixture
def company(far_side: Published) -> Iterator[Company]:
    company = company_at(far_side)
    far_side.credentials = {"authorization": f"Bearer {TOKEN}"}
    with far_side.in_use(company.routes(), company.beside()):
        yield company


Make = Callable[..., OktaConnector]


@pytest.fixture(scope="module")
def made(far_side: Published) -> Iterator[Make]:
    """Of the same settings one for all tests, token and all: to read a private key takes a tenth of a second."""

    @cache
    def built(settings: str, again: int) -> OktaConnector:
        del again
        connectors.append(OktaConnector("okta", OktaSettings.model_validate_json(settings)))
        for api in https_of(connectors[-1]):
            api.pause = lambda _seconds: None
        return connectors[-1]

    def make(again: int = 0, **more: Any) -> OktaConnector:
        app = {"client_id": CLIENT, "private_key": PEM, "key_id": KID}
        values = {"url": far_side.url, "groups": {"prod-admins": GROUP}, **app, **more}
        return built(json.dumps({key: value for key, value in values.items() if value is not None}), again)

    connectors: list[OktaConnector] = []
    yield make
    for connector in connectors:
        connector.close()


@pytest.fixture
def okta(made: Make, company: Company) -> OktaConnector:
    del company
    return made()


def grant(okta: OktaConnector, subject: str = "ada@example.com") -> Mapping[str, Any]:
    return okta.grant(subject, ACCESS, REQUEST, ENDS_AT)


def why(okta: OktaConnector, name: str = "ada@example.com") -> str:
    found = okta.resolve(name)
    assert isinstance(found, NoSubject)
    with pytest.raises(ConnectorError, match=re.escape(found.sentence)) as caught:
        grant(okta, name)  # what changed since the decision is refused as well
    assert caught.value.permanent
    return found.sentence


class TestContract(AccessContract):
    @pytest.fixture
    def bench(
        self, made: Make, okta: OktaConnector, company: Company, dead_port: int, mute_port: int
    ) -> Bench:
        return Bench(
            connector=okta,
            access=ACCESS,
            gone={"group": "00g9goneYZTWRYYRRTSK"},
            hides_gone=True,
            subject="ada@example.com",
            bystander="alan@example.com",
            stranger="nobody@example.com",
            others_give=lambda: company.members.add(ADA),
            others_take=company.members.clear,
            unreachable=made(url=f"http://127.0.0.1:{dead_port}", deadline="2s"),
            mute=made(url=f"http://127.0.0.1:{mute_port}", deadline="1s"),
            deadline=6,
            secrets=(TOKEN, PEM, PEM.splitlines()[1]),
        )


# --- who ----------------------------------------------------------------------------------------------------------


def test_a_group_that_our_role_no_longer_covers_is_not_one_without_them(
    okta: OktaConnector, company: Company
) -> None:
    receipt = grant(okta)
    company.groups = []  # out of the resource set
    okta.revoke("ada@example.com", ACCESS, receipt)
    with pytest.raises(ConnectorError, match="nobody can say who is in it") as caught:
        okta.read("ada@example.com", ACCESS)
    assert caught.value.permanent
    deleted = {"eventType": "group.lifecycle.delete", "target": [{"id": GROUP}]}
    company.events = [{**deleted, "actor": {"id": "00u0"}, "published": f"{wall_clock():%Y-%m-%dT%H:%M:%SZ}"}]
    assert okta.read("ada@example.com", ACCESS).present is Present.ABSENT


@pytest.mark.parametrize(
    ("status", "says_why"),
    [
        ("DEPROVISIONED", "is deactivated"),
        ("SUSPENDED", "is suspended"),
        ("LOCKED_OUT", "is locked out"),
        ("STAGED", "was never activated"),
        ("PASSWORD_EXPIRED", "has an expired password"),
    ],
)
def test_an_account_that_is_not_active_is_refused_and_says_why(
    okta: OktaConnector, company: Company, status: str, says_why: str
) -> None:
    company.users[0]["status"] = status
    assert why(okta) == f"okta gives nothing to `ada@example.com`: it {says_why}."
    assert company.members == set()


def test_an_administrator_a_service_account_and_the_bot_itself_hear_different_sentences(
    okta: OktaConnector, made: Make, company: Company, far_side: Published
) -> None:
    company.roles = {ADA: ["Help Desk Administrator"]}
    assert "administers Okta (Help Desk Administrator)" in why(okta)
    assert isinstance(made(unchecked=["administrators"]).resolve("ada@example.com"), Subject)
    assert "is a service account" in why(made(service_accounts=["Ada@example.com"]))
    far_side.credentials = {"authorization": f"SSWS {TOKEN}"}
    company.roles = {}
    lesser = made(client_id=None, private_key=None, key_id=None, token=TOKEN)
    assert "is the bot's own account" in why(lesser)
    company.members = {ADA, ALAN}
    assert lesser.find(ACCESS) == [Holder("alan@example.com", Present.THERE)]


def test_an_address_finds_the_one_account_that_has_it_and_never_one_of_several(
    okta: OktaConnector, company: Company
) -> None:
    company.users = [user(ADA, "ada.l@corp.example", email="ada@example.com")]
    assert okta.resolve("ada@example.com") == Subject("ada.l@corp.example")
    company.users.append(user(ALAN, "a.byron@corp.example", email="ada@example.com"))
    assert "several accounts with the address `ada@example.com`" in why(okta)
    company.users[1]["status"] = "DEPROVISIONED"  # who has left is nobody else
    assert okta.resolve("ada@example.com") == Subject("ada.l@corp.example")
    company.users = company.users[1:]
    assert "is deactivated" in why(okta)


@pytest.mark.parametrize("name", ["ada", "me", ADA])
def test_what_okta_takes_for_somebody_and_is_no_login_is_nobody(okta: OktaConnector, name: str) -> None:
    assert "no account for you" in why(okta, name)


# --- which group --------------------------------------------------------------------------------------------------


def spoil(company: Company, what: str) -> None:
    [group] = company.groups
    match what:
        case "app":
            group["type"] = "APP_GROUP"
        case "built-in":
            group["type"] = "BUILT_IN"
        case "admin":
            group["_embedded"]["stats"]["hasAdminPrivilege"] = True
        case "silent":
            del group["_embedded"]["stats"]
        case "rule":  # on a later page, and not active just now
            nobody = {"assignUserToGroups": {"groupIds": [OTHER]}}
            company.rules = [{"name": f"rule {n}", "actions": nobody} for n in range(4)]
            mine = {"assignUserToGroups": {"groupIds": [OTHER, GROUP]}}
            company.rules.append({"name": "all engineers", "status": "INACTIVE", "actions": mine})
        case "gone":
            company.groups.clear()


@pytest.mark.parametrize(
    ("what", "says_why"),
    [
        ("app", "is filled by an application or a directory"),
        ("built-in", r"is no group of people's own \(BUILT_IN\)"),
        ("admin", "has administrator roles"),
        ("silent", "does not say whether it has administrator roles"),
        ("rule", "is filled by the group rule `all engineers`"),
        ("gone", "does not exist"),
    ],
)
def test_a_group_that_others_fill_or_that_gives_too_much_is_refused(
    okta: OktaConnector, company: Company, what: str, says_why: str
) -> None:
    spoil(company, what)
    with pytest.raises(ConnectorError, match=f"okta, group prod-admins: {says_why}") as caught:
        grant(okta)
    assert caught.value.permanent
    assert company.members == set()
    [problem] = okta.check([ACCESS])
    assert re.search(says_why, problem.what)
    assert problem.remedy


def test_a_group_has_one_name_here_and_a_name_that_is_none_is_told(okta: OktaConnector, made: Make) -> None:
    for named in ("staging", GROUP):
        [problem] = okta.check([{"group": named}])
        assert "is not known here" in str(problem)
    assert okta.describe(ACCESS) == "group prod-admins on okta"
    assert [type(each) for each in made(groups={}).check([{"group": GROUP}])] == [Unproven]
    with pytest.raises(pydantic.ValidationError, match="two names stand for one group"):
        made(groups={"a": GROUP, "b": GROUP})
    with pytest.raises(pydantic.ValidationError, match="is no group's id"):
        made(groups={"a": "prod-admins"})


# --- giving and taking --------------------------------------------------------------------------------------------


def test_who_was_renamed_in_between_is_found_again_by_the_id(okta: OktaConnector, company: Company) -> None:
    receipt = grant(okta)
    company.users[0]["profile"]["login"] = "lovelace@example.com"
    company.users.append(user("00u3mallory000000000", "ada@example.com"))  # the name is somebody else's now
    assert okta.read("ada@example.com", ACCESS, receipt).present is Present.THERE
    company.members.add("00u3mallory000000000")
    okta.revoke("ada@example.com", ACCESS, receipt)
    assert okta.read("ada@example.com", ACCESS, receipt).present is Present.ABSENT
    okta.sessions("ada@example.com", ACCESS, receipt)
    assert company.members == {"00u3mallory000000000"}
    assert company.signed_out == [ADA]


def test_sessions_are_ended_and_it_is_said_what_goes_on(
    okta: OktaConnector, made: Make, company: Company
) -> None:
    ended = okta.sessions("ada@example.com", ACCESS, None)
    assert (ended.kind, company.signed_out) == ("unknown", [ADA])
    assert "applications keep for themselves" in ended.why
    assert okta.sessions("nobody@example.com", ACCESS, None) == Sessions("none")
    left = made(sessions="leave").sessions("ada@example.com", ACCESS, None)
    assert left.on_purpose
    assert company.signed_out == [ADA]


def test_an_unclear_answer_is_told_as_such_and_giving_again_is_harmless(
    okta: OktaConnector, company: Company, far_side: Published
) -> None:
    far_side.on("PUT ", does_and_breaks_off, times=1)
    with pytest.raises(ConnectorError) as caught:
        grant(okta)
    assert caught.value.unclear
    assert okta.read("ada@example.com", ACCESS).present is Present.THERE
    far_side.on("DELETE ", breaks_off, times=1)
    with pytest.raises(ConnectorError) as caught:
        okta.revoke("ada@example.com", ACCESS, grant(okta))
    assert caught.value.unclear
    assert company.members == {ADA}


def test_a_yes_that_was_a_lie_is_seen_by_reading(okta: OktaConnector, far_side: Published) -> None:
    far_side.on("PUT ", says(http(204)))
    grant(okta)
    assert okta.read("ada@example.com", ACCESS).present is Present.ABSENT


@pytest.mark.parametrize(
    ("told", "wait"),
    [("Retry-After: 7", 7.0), ("Retry-After: -3", None), ("Retry-After: soon", None), ("X-None: 0", None)],
)
def test_too_often_is_passing_with_the_time_that_was_told(
    okta: OktaConnector, far_side: Published, told: str, wait: float | None
) -> None:
    far_side.on("DELETE ", says(http(429, {"errorCode": "E0000047"}, told)))
    with pytest.raises(ConnectorError, match="too often") as caught:
        okta.revoke("ada@example.com", ACCESS, None)
    assert not caught.value.permanent
    assert not caught.value.unclear
    assert caught.value.retry_after == wait


def test_all_pages_are_read_and_one_that_comes_back_is_no_list(
    okta: OktaConnector, company: Company, far_side: Published
) -> None:
    company.users += [user(f"00u{n}more{n}000000000000"[:20], f"u{n}@example.com") for n in range(3, 7)]
    company.members = {each["id"] for each in company.users}
    assert len(okta.find(ACCESS)) == 6
    circle = http(200, [company.users[0]], f'Link: <{far_side.url}/x?after=2>; rel="next"')
    far_side.on("GET /api/v1/groups/00g.*/users", says(circle))
    with pytest.raises(ConnectorError, match="in a circle"):
        okta.find(ACCESS)


def test_where_half_of_the_groups_of_an_account_is_told_the_group_itself_says_who_is_in_it(
    okta: OktaConnector, far_side: Published
) -> None:
    half = http(200, [], f'Link: <{far_side.url}/x?after=2>; rel="next"')
    far_side.on("GET /api/v1/users/.*/groups", says(half))
    receipt = grant(okta)
    assert okta.read("ada@example.com", ACCESS).present is Present.THERE
    okta.revoke("ada@example.com", ACCESS, receipt)
    assert okta.read("ada@example.com", ACCESS).present is Present.ABSENT


def test_a_body_that_never_ends_ends_with_the_deadline(
    made: Make, company: Company, far_side: Published
) -> None:
    del company
    okta = made(deadline="1s")
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n["
    far_side.on("GET /api/v1/users/ada", trickles(endless, b" "))
    with pytest.raises(ConnectorError, match="within 1 s") as caught:
        okta.read("ada@example.com", ACCESS)
    assert not caught.value.permanent


# --- credentials --------------------------------------------------------------------------------------------------


def test_one_token_serves_many_calls_and_one_that_is_refused_is_replaced_once(
    made: Make, company: Company, far_side: Published
) -> None:
    okta = made(again=1)
    grant(okta)
    okta.read("ada@example.com", ACCESS)
    assert company.tokens == 1
    refused = http(401, b"no", kind="text/plain")
    far_side.on("DELETE /api/v1/groups", says(refused), times=1)
    okta.revoke("ada@example.com", ACCESS, None)
    assert (company.members, company.tokens) == (set(), 2)
    far_side.on("DELETE /api/v1/groups", says(refused), times=3)
    with pytest.raises(ConnectorError, match="refuses our credentials"):
        okta.revoke("ada@example.com", ACCESS, None)
    assert far_side.faults_left == 1  # asked twice, not for ever


def test_rights_that_were_reduced_fail_cleanly_and_quote_nothing(
    okta: OktaConnector, far_side: Published
) -> None:
    far_side.on("PUT ", says(http(403, REFUSED)))
    with pytest.raises(ConnectorError, match="does not allow us this") as caught:
        grant(okta)
    assert caught.value.permanent
    assert TOKEN not in str(caught.value)


def test_check_names_the_scope_the_key_and_the_right_that_are_missing(
    made: Make, company: Company, far_side: Published
) -> None:
    company.scopes.remove("okta.logs.read")
    assert [each.what for each in made().check()] == ["the app lacks the scope okta.logs.read"]
    company.scopes.append("okta.logs.read")
    [problem] = made(key_id="key-0").check()
    assert "refuses our credentials" in problem.what
    assert "private_key" in problem.remedy
    assert "BEGIN" not in str(problem)
    with pytest.raises(ConnectorError, match="private key is no PEM"):
        made(private_key="sesame").resolve("ada@example.com")
    far_side.on("GET /api/v1/(groups/rules|users/.*/roles)", says(http(403, REFUSED)))
    told = [str(each) for each in made().check([ACCESS])]
    assert ["group rules" in told[0], "administrator roles" in told[1], len(told)] == [True, True, 2]
    (unproven,) = made(unchecked=["rules", "administrators"]).check([ACCESS])
    assert (type(unproven), "could not be proven" in unproven.what) == (Unproven, True)


def test_one_way_to_prove_itself_is_named_and_not_two(made: Make) -> None:
    with pytest.raises(pydantic.ValidationError, match="not both"):
        made(token=TOKEN)
    with pytest.raises(pydantic.ValidationError, match="are missing"):
        made(private_key=None)


# --- afterwards ---------------------------------------------------------------------------------------------------


def event(minute: int, kind: str, words: str, target: str, who: str = ADA, result: str = "SUCCESS") -> Any:
    return {
        "published": f"{(AT + timedelta(minutes=minute)).isoformat()[:19]}.000Z",
        "eventType": kind,
        "displayMessage": words,
        "actor": {"id": who},
        "outcome": {"result": result},
        "target": [{"displayName": target}],
    }


def test_the_log_says_what_was_done_and_what_was_made(okta: OktaConnector, company: Company) -> None:
    company.events = [
        event(-9, "system.api_token.create", "Create API token", "before"),
        event(5, "user.authentication.sso", "User single sign on to app", "Pay\nroll", result="FAILURE"),
        event(6, "system.api_token.create", "Create API token", "backdoor"),
        event(7, "system.api_token.create", "Create API token", "of somebody else", who=ALAN),
    ]
    receipt = grant(okta)
    assert receipt == {"user": ADA, "group": GROUP, "at": "2026-11-24T03:00:00Z"}
    seen = okta.activity("ada@example.com", ACCESS, AT, AT + timedelta(hours=1))
    assert seen.lines == [
        "2026-11-24T03:05:00.000Z User single sign on to app: Pay roll (FAILURE)",
        "2026-11-24T03:06:00.000Z Create API token: backdoor",
    ]
    assert okta.left_behind("ada@example.com", ACCESS, receipt) == [seen.lines[1]]
    company.events += [event(8, "x", "more", str(n)) for n in range(100)]
    lines = okta.activity("ada@example.com", ACCESS, AT, AT + timedelta(hours=1)).lines
    assert (len(lines), lines[-1]) == (101, "and more that is not listed")
