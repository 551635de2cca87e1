"""Microsoft Entra, against a stand-in held to the contract; tokens and roles of people stand beside the file."""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pydantic
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.errors import ConnectorError, Unproven
from app.gates import Gate
from connectors.access import entra_refs, entra_rights
from connectors.access.entra import EntraConnector
from connectors.access.entra_pim import mark
from connectors.access.entra_settings import EntraAccess, EntraSettings
from connectors.bearer import Bearer
from connectors.interface import Expiry, Holder, Limits, NoSubject, Present, Sessions, Subject
from tests.connectors.contract import ENDS_AT, REQUEST, AccessContract, Bench, EndContract, GiverContract
from tests.farside import Asked, does_and_breaks_off, http, says
from tests.sources.contract import https_of
from tests.sources.published import Call, Published, json_of, published

SECRET, TENANT, CLIENT = "sesame~secret", "acme.onmicrosoft.com", "app-1"
APP = "00000000-0000-4000-8000-0000000000b0"
SESSIONS, BY_PIM = "User.RevokeSessions.All", "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"
TOKEN = jwt.encode(
    {"oid": APP, "roles": [SESSIONS, BY_PIM]}, "microsoft's own key, which nobody has", "HS256"
)
GROUP, OTHER = "3f0a1111-0000-4000-8000-00000000000a", "3f0a1111-0000-4000-8000-00000000000b"
ADA, ALAN = "00000000-0000-4000-8000-0000000000ad", "00000000-0000-4000-8000-0000000000a1"
ACCESS = {"group": "prod-admins"}
PIM = {**ACCESS, "by": "pim", "experimental": "true"}
AT = datetime(2026, 11, 24, 3, tzinfo=UTC)
DATE = "Date: Tue, 24 Nov 2026 03:00:00 GMT"
SOUND = {
    "securityEnabled": True,
    "groupTypes": [],
    "membershipRule": None,
    "onPremisesSyncEnabled": None,
    "isAssignableToRole": None,
}


@cache
def certificate() -> tuple[str, rsa.RSAPublicKey, str]:
    """Certificate and key in PEM, the public key, and the fingerprint as Microsoft wants it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "breakglass")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, AT, AT + timedelta(days=365))
    signed = made.sign(key, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    print_ = base64.urlsafe_b64encode(signed.fingerprint(hashes.SHA256())).decode().rstrip("=")
    return pem.decode(), key.public_key(), print_


def user(key: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "userPrincipalName": name,
        "mail": name,
        "accountEnabled": True,
        "userType": "Member",
        **more,
    }


def refused(status: int, code: str) -> bytes:
    return http(status, {"error": {"code": code, "message": f"words of the vendor, with a {TOKEN} in them"}})


@dataclass
class Tenant:
    """What the stand-in remembers. It lists by two, whatever it is asked for."""

    url: str
    users: list[dict[str, Any]] = field(default_factory=list)
    group: dict[str, Any] = field(default_factory=dict)
    owners: set[str] = field(default_factory=lambda: {APP})
    members: set[str] = field(default_factory=set)
    nested: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    signed_out: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    instances: list[dict[str, Any]] = field(default_factory=list)
    on_its_way: list[dict[str, Any]] = field(default_factory=list)
    slow: bool = False
    """What is assigned shows only later, and cannot be removed until it does."""
    young: bool = False
    """It is less than five minutes since the last assignment."""
    audits: list[dict[str, Any]] = field(default_factory=list)
    sign_ins: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def routes(self) -> Mapping[str, Callable[[Call], bytes]]:
        pim = "/identityGovernance/privilegedAccess/group"
        return {
            "GET /users": self._users,
            "GET /users/{user-id}": self._user,
            "POST /users/{user-id}/revokeSignInSessions": self._sign_out,
            "GET /groups/{group-id}": self._group,
            "GET /groups/{group-id}/members": lambda call: self._members(call, self.members),
            "GET /groups/{group-id}/transitiveMembers": lambda call: self._members(
                call, self.members | self.nested
            ),
            "POST /groups/{group-id}/members/$ref": self._put_in,
            "DELETE /groups/{group-id}/members/{directoryObject-id}/$ref": self._take_out,
            f"GET {pim}/assignmentScheduleRequests": lambda call: self._filtered(call, self.requests),
            f"POST {pim}/assignmentScheduleRequests": self._pim,
            f"GET {pim}/assignmentScheduleInstances": lambda call: self._filtered(call, self.instances),
            "GET /auditLogs/directoryAudits": lambda call: self._logged(call, self.audits),
            "GET /auditLogs/signIns": lambda call: self._logged(call, self.sign_ins),
        }

    def beside(self) -> Mapping[str, Callable[[Asked], bytes]]:
        return {
            "POST /{tenant}/oauth2/v2.0/token": self._token,
            "GET /v1.0/users/{id}/transitiveMemberOf": self._roles,
            "GET /v1.0/groups/{id}/owners": lambda _: http(
                200, {"value": [{"id": it} for it in self.owners]}
            ),
        }

    def _page(self, call: Call, everything: Sequence[dict[str, Any]]) -> bytes:
        offset = int(parse_qs(call.asked.query).get("$skiptoken", ["0"])[0])
        body: dict[str, Any] = {"value": everything[offset : offset + 2]}
        if len(everything) > offset + 2:
            more = re.sub(r"&?%24skiptoken=\d+", "", call.asked.query) + f"&$skiptoken={offset + 2}"
            body["@odata.nextLink"] = (
                f"https://evil.example{call.asked.path}?{more}"  # its host is not called
            )
        return http(200, body)

    def _users(self, call: Call) -> bytes:
        wanted = call.query.get("$filter")
        if wanted is None:
            return http(200, {"value": self.users[:1]})
        mail = re.fullmatch(r"mail eq '((?:[^']|'')*)'", wanted)
        assert mail, wanted
        return self._page(call, [each for each in self.users if each["mail"] == mail[1].replace("''", "'")])

    def _user(self, call: Call) -> bytes:
        """Microsoft answers to names in any case, and to ids."""
        wanted = call.path["user-id"].lower()
        for each in self.users:
            if wanted in (each["id"], each["userPrincipalName"].lower()):
                return http(200, each)
        return refused(404, "Request_ResourceNotFound")

    def _sign_out(self, call: Call) -> bytes:
        self.signed_out.append(call.path["user-id"])
        return http(200, {"value": True})

    def _group(self, call: Call) -> bytes:
        there = call.path["group-id"] == GROUP and self.group
        return http(200, {"id": GROUP, **self.group}) if there else refused(404, "Request_ResourceNotFound")

    def _members(self, call: Call, ids: set[str]) -> bytes:
        if call.path["group-id"] != GROUP:
            return refused(404, "Request_ResourceNotFound")
        people = [
            {"@odata.type": "#microsoft.graph.user", **{k: each[k] for k in ("id", "userPrincipalName")}}
            for each in self.users
            if each["id"] in ids
        ]
        inside = {"@odata.type": "#microsoft.graph.group", "id": OTHER, "userPrincipalName": None}
        return self._page(call, [inside, *people])

    def _put_in(self, call: Call) -> bytes:
        sent = json_of(call.asked)["@odata.id"]
        person = sent.removeprefix(f"{self.url}/v1.0/directoryObjects/")
        if person not in {each["id"] for each in self.users}:
            return refused(404, "Request_ResourceNotFound")
        if person in self.members:
            return refused(400, "Request_BadRequest")
        self.members.add(person)
        return http(204, None, DATE)

    def _take_out(self, call: Call) -> bytes:
        person = call.path["directoryObject-id"]
        if person not in self.members:
            return refused(404, "Request_ResourceNotFound")
        self.members.discard(person)
        return http(204)

    # --- PIM -------------------------------------------------------------------------------------------------

    def _filtered(self, call: Call, everything: Sequence[dict[str, Any]]) -> bytes:
        wanted = dict(re.findall(r"(\w+) eq '([^']*)'", call.query["$filter"]))
        assert "groupId" in wanted
        return self._page(
            call, [each for each in everything if all(each[key] == value for key, value in wanted.items())]
        )

    def _pim(self, call: Call) -> bytes:
        code = self.pim(json_of(call.asked))
        date = f"Date: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT"
        if code:
            return http(400, {"error": {"code": code, "message": "words"}}, date)
        return http(201, self.requests[-1], date)

    def pim(self, sent: dict[str, Any]) -> str:
        """One request, by whomever: what Microsoft would do, or the word with which it refuses."""
        pair = {"groupId": sent["groupId"], "principalId": sent["principalId"], "accessId": "member"}
        there = next((each for each in self.instances if _assigned(each, pair)), None)
        self.asked.append(sent["action"])
        match sent["action"]:
            case "adminRemove" if there is None:
                return "RoleAssignmentDoesNotExist"
            case "adminRemove" if self.young:
                return "ActiveDurationTooShort"
            case "adminRemove" if there is not None:
                self.instances.remove(there)
                self._remember(sent, pair, there["assignmentScheduleId"], "Revoked")
            case "adminUpdate" if there is not None:
                there["endDateTime"] = sent["scheduleInfo"]["expiration"]["endDateTime"]
                self._remember(sent, pair, there["assignmentScheduleId"], "Provisioned")
            case "adminAssign" if there is not None:
                return "RoleAssignmentExists"
            case "adminAssign" if self.on_its_way:
                return "PendingRoleAssignmentRequest"
            case "adminAssign" if _seconds(sent) < 300:
                return "ActiveDurationTooShort"
            case "adminAssign":
                schedule = f"{sent['groupId']}_member_{len(self.requests)}"
                end = sent["scheduleInfo"]["expiration"]["endDateTime"]
                made = {**pair, "id": schedule, "assignmentScheduleId": schedule, "endDateTime": end}
                made |= {"assignmentType": "assigned", "memberType": "direct"}
                (self.on_its_way if self.slow else self.instances).append(made)
                self._remember(sent, pair, schedule, "PendingProvisioning" if self.slow else "Provisioned")
        return ""

    def _remember(self, sent: dict[str, Any], pair: dict[str, str], schedule: str, status: str) -> None:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        kept = {"action": sent["action"], "justification": sent.get("justification"), **pair}
        said = {"id": f"r{len(self.requests)}", "status": status, "targetScheduleId": schedule}
        self.requests.append({**kept, **said, "createdDateTime": now})

    def arrives(self) -> None:
        self.instances += self.on_its_way
        self.on_its_way.clear()

    def by_an_administrator(self, action: str) -> None:
        end = (ENDS_AT + timedelta(days=90)).isoformat().replace("+00:00", "Z")
        start = ENDS_AT.isoformat().replace("+00:00", "Z")
        schedule = {"startDateTime": start, "expiration": {"endDateTime": end}}
        pair = {"groupId": GROUP, "principalId": ADA}
        self.pim({"action": action, **pair, "justification": "she is an admin", "scheduleInfo": schedule})

    # --- the rest --------------------------------------------------------------------------------------------

    def _logged(self, call: Call, everything: Sequence[dict[str, Any]]) -> bytes:
        wanted = call.query.get("$filter", "")
        who = re.search(r"(?:initiatedBy/user/id|userId) eq '([^']*)'", wanted)
        assert who or not wanted, wanted
        since = re.search(r"DateTime ge (\S+)", wanted)
        found = [
            {key: value for key, value in each.items() if key != "who"}
            for each in everything
            if who and since and each["who"] == who[1] and _when(each) >= since[1]
        ]
        return http(200, {"value": found})

    def _roles(self, asked: Asked) -> bytes:
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"
        group = {"@odata.type": "#microsoft.graph.group", "id": OTHER}
        role = {"@odata.type": "#microsoft.graph.directoryRole", "id": "r"}
        mine = asked.path.split("/")[3] in self.roles
        return http(200, {"value": [group, role] if mine else [group]})

    def _token(self, asked: Asked) -> bytes:
        form = {key: value[0] for key, value in parse_qs(asked.body.decode()).items()}
        assert asked.path == f"/{TENANT}/oauth2/v2.0/token"
        assert (form["client_id"], form["grant_type"]) == (CLIENT, "client_credentials")
        assert form["scope"] == f"{self.url}/.default"
        if "client_secret" in form:
            sound = form["client_secret"] == SECRET
        else:
            sound = _is_sound(form["client_assertion"], f"{self.url}{asked.path}")
        told = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3599}
        return http(200, told) if sound else http(401, {"error": "invalid_client", "description": SECRET})


def _assigned(instance: dict[str, Any], pair: dict[str, str]) -> bool:
    return instance["assignmentType"] == "assigned" and pair.items() <= instance.items()


def _seconds(sent: dict[str, Any]) -> float:
    schedule = sent["scheduleInfo"]
    begin, end = schedule["startDateTime"], schedule["expiration"]["endDateTime"]
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def _when(each: dict[str, Any]) -> str:
    return str(each.get("activityDateTime") or each.get("createdDateTime"))


def _is_sound(assertion: str, audience: str) -> bool:
    _, public, print_ = certificate()
    if jwt.get_unverified_header(assertion)["x5t#S256"] != print_:
        return False
    claims = jwt.decode(
        assertion, public, ["PS256"], audience=audience, options={"require": ["exp", "nbf", "jti"]}
    )
    return bool(claims["iss"] == claims["sub"] == CLIENT)


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    with published("msgraph.yaml", {"authorization": f"Bearer {TOKEN}"}) as far_side:
        yield far_side


@pytest.fixture
def tenant(far_side: Published) -> Iterator[Tenant]:
    tenant = Tenant(far_side.url, group=dict(SOUND))
    tenant.users = [user(ADA, "ada@example.com"), user(ALAN, "alan@example.com")]
    with far_side.in_use(tenant.routes(), tenant.beside()):
        yield tenant


Make = Callable[..., EntraConnector]


@pytest.fixture(scope="module")
def made(far_side: Published) -> Iterator[Make]:
    """Of the same settings one for all tests, token and all."""

    @cache
    def built(settings: str, again: int) -> EntraConnector:
        del again
        connectors.append(EntraConnector("entra", EntraSettings.model_validate_json(settings)))
        for api in https_of(connectors[-1]):
            api.pause = lambda _seconds: None
        return connectors[-1]

    def make(again: int = 0, **more: Any) -> EntraConnector:
        app = {"tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET}
        url = more.pop("url", far_side.url)
        values = {"url": url, "login": url, "groups": {"prod-admins": GROUP}, **app, **more}
        return built(json.dumps({key: each for key, each in values.items() if each is not None}), again)

    connectors: list[EntraConnector] = []
    yield make
    for connector in connectors:
        connector.close()


@pytest.fixture
def entra(made: Make, tenant: Tenant) -> EntraConnector:
    del tenant
    return made()


def grant(entra: EntraConnector, access: Mapping[str, str] = ACCESS, ends_at: datetime = ENDS_AT) -> Any:
    return entra.grant("ada@example.com", access, REQUEST, ends_at)


def present(entra: EntraConnector, access: Mapping[str, str] = ACCESS) -> Present:
    return entra.read("ada@example.com", access).present


def why(entra: EntraConnector, name: str = "ada@example.com") -> str:
    found = entra.resolve(name)
    assert isinstance(found, NoSubject)
    with pytest.raises(ConnectorError, match=re.escape(found.sentence)) as caught:
        entra.grant(name, ACCESS, REQUEST, ENDS_AT)  # what changed since the decision is refused as well
    assert caught.value.permanent
    return found.sentence


def bench_of(made: Make, access: Mapping[str, str], ports: tuple[int, int], **more: Any) -> Bench:
    dead, mute = ports
    return Bench(
        connector=made(),
        access=access,
        gone={**access, "group": GROUP.replace("3f0a", "90e0")},
        subject="ada@example.com",
        bystander="alan@example.com",
        stranger="nobody@example.com",
        unreachable=made(url=f"http://127.0.0.1:{dead}", deadline="2s"),
        mute=made(url=f"http://127.0.0.1:{mute}", deadline="1s"),
        deadline=6,
        secrets=(TOKEN, SECRET),
        **more,
    )


class TestContract(AccessContract):
    @pytest.fixture
    def bench(self, made: Make, tenant: Tenant, dead_port: int, mute_port: int) -> Bench:
        give = {"others_give": lambda: tenant.members.add(ADA), "others_take": tenant.members.clear}
        return bench_of(made, ACCESS, (dead_port, mute_port), **give)


class TestContractOfPim(EndContract, GiverContract):
    @pytest.fixture
    def bench(self, made: Make, tenant: Tenant, dead_port: int, mute_port: int) -> Bench:
        return bench_of(
            made,
            PIM,
            (dead_port, mute_port),
            others_give=lambda: tenant.by_an_administrator("adminAssign"),
            others_take=lambda: tenant.by_an_administrator("adminRemove"),
            unlike_ours=False,
            until=lambda: datetime.fromisoformat(tenant.instances[0]["endDateTime"]),
        )


# --- the one deletion ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hostile", ["", ".", "..", f"{ADA}/", f"../{ADA}", f"{ADA}?x", f"{ADA}\n", "$ref", "%2e%2e"]
)
def test_a_deletion_is_of_a_reference_between_two_ids_and_of_nothing_else(hostile: str) -> None:
    path = entra_refs.member_ref(GROUP, ADA)
    assert path == f"/v1.0/groups/{GROUP}/members/{ADA}/$ref"
    for group, person in ((hostile, ADA), (GROUP, hostile)):
        with pytest.raises(ConnectorError, match="no object's id") as caught:
            entra_refs.member_ref(group, person)
        assert caught.value.permanent


def test_nothing_else_here_knows_how_to_delete() -> None:
    files = Path(entra_refs.__file__).parent.glob("entra*.py")
    deleting = {
        file.name: found for file in files if (found := re.findall("(?i)[\"']DELETE", file.read_text()))
    }
    assert deleting == {"entra_refs.py": ['"DELETE']}


def test_who_was_renamed_in_between_is_found_again_and_no_person_is_ever_deleted(
    entra: EntraConnector, tenant: Tenant, far_side: Published
) -> None:
    receipt = grant(entra)
    tenant.users[0]["userPrincipalName"] = "lovelace@example.com"
    tenant.users.append(
        user("00000000-0000-4000-8000-000000000bad", "ada@example.com")
    )  # the name is another's now
    assert entra.read("ada@example.com", ACCESS, receipt).present is Present.THERE
    entra.revoke("ada@example.com", ACCESS, receipt)
    assert entra.read("ada@example.com", ACCESS, receipt).present is Present.ABSENT
    entra.sessions("ada@example.com", ACCESS, receipt)
    assert (tenant.members, tenant.signed_out) == (set(), [ADA])
    entra.revoke("ada@example.com", ACCESS, {"user": "../../users/x", "group": "x"})  # a receipt that is none
    deleted = [each.path for each in far_side.asked if each.method == "DELETE"]
    assert len(deleted) == 2
    assert all(
        path.endswith("/$ref") and path.startswith(f"/v1.0/groups/{GROUP}/members/") for path in deleted
    )


# --- who ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "says_why"),
    [
        ({"accountEnabled": False}, "is disabled"),
        ({"userType": "Guest"}, "is a guest"),
        ({"userPrincipalName": "ada_x.org#EXT#@acme.onmicrosoft.com"}, "is a guest"),
        ({"accountEnabled": None}, "does not say whether it is enabled"),
    ],
)
def test_an_account_that_may_not_is_refused_and_says_why(
    entra: EntraConnector, tenant: Tenant, changed: dict[str, Any], says_why: str
) -> None:
    tenant.users[0] = {key: each for key, each in {**tenant.users[0], **changed}.items() if each is not None}
    assert f"it {says_why}" in why(entra)
    assert tenant.members == set()


def test_an_administrator_and_a_service_account_hear_different_sentences(
    entra: EntraConnector, made: Make, tenant: Tenant
) -> None:
    tenant.roles = {ADA}
    assert "has a role of the directory" in why(entra)
    assert made(unchecked=["administrators"]).resolve("ada@example.com") == Subject("ada@example.com")
    assert "is a service account" in why(made(service_accounts=["Ada@example.com"]))


def test_an_address_finds_the_one_account_that_has_it_and_an_id_finds_nobody(
    entra: EntraConnector, tenant: Tenant
) -> None:
    tenant.users = [user(ADA, "a.o'l@corp.example", mail="ada.o'l@example.com")]
    assert entra.resolve("ada.o'l@example.com") == Subject("a.o'l@corp.example")
    assert entra.resolve("A.O'L@corp.example") == Subject("a.o'l@corp.example")
    tenant.users.append(user(ALAN, "alan@example.com", mail="ada.o'l@example.com"))
    assert "several accounts" in why(entra, "ada.o'l@example.com")
    assert "no account for you" in why(entra, ADA)


# --- which group --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "says_why"),
    [
        ({"groupTypes": ["DynamicMembership"]}, r"is filled by a rule \(dynamic membership\)"),
        ({"membershipRule": "user.department -eq 'IT'"}, r"is filled by a rule \(dynamic membership\)"),
        ({"onPremisesSyncEnabled": True}, "is synchronised from on-premises"),
        ({"isAssignableToRole": True}, "can have roles of the directory"),
        ({"securityEnabled": False}, "is no security group"),
        (None, "does not exist"),
    ],
)
def test_a_group_that_others_fill_or_that_gives_too_much_is_refused(
    entra: EntraConnector, tenant: Tenant, changed: dict[str, Any] | None, says_why: str
) -> None:
    tenant.group = {} if changed is None else {**SOUND, **changed}
    for access in (ACCESS, PIM):
        with pytest.raises(ConnectorError, match=f"entra, group prod-admins: {says_why}") as caught:
            grant(entra, access)
        assert caught.value.permanent
    assert (tenant.members, tenant.instances) == (set(), [])
    [problem] = entra.check([ACCESS])
    assert re.search(says_why, problem.what)
    assert problem.remedy


def test_what_a_group_leaves_unsaid_is_not_taken_for_a_no(entra: EntraConnector, tenant: Tenant) -> None:
    del tenant.group["isAssignableToRole"]
    with pytest.raises(ConnectorError, match="something else than it promises"):
        grant(entra)
    assert tenant.members == set()


def test_a_group_has_one_name_here(made: Make, entra: EntraConnector) -> None:
    for named in ("staging", GROUP, GROUP.upper()):
        [problem] = entra.check([{"group": named}])
        assert "is not known here" in str(problem)
    assert list(made(groups={}).check([{"group": GROUP.upper()}])) == []
    with pytest.raises(pydantic.ValidationError, match="two names stand for one group"):
        made(groups={"a": GROUP, "b": GROUP.upper()})


# --- membership ---------------------------------------------------------------------------------------------------


def test_who_is_in_a_group_inside_of_it_has_it_from_others(entra: EntraConnector, tenant: Tenant) -> None:
    tenant.nested = {ADA}
    reading = entra.read("ada@example.com", ACCESS)
    assert (reading.present, reading.how) == (Present.OTHERS, "through a group inside of it")
    assert entra.find(ACCESS) == [Holder("ada@example.com", Present.OTHERS, reading.how)]
    grant(entra)
    assert present(entra) is Present.THERE
    entra.revoke("ada@example.com", ACCESS, None)
    assert present(entra) is Present.OTHERS


def test_a_group_that_was_deleted_has_no_members_and_one_that_is_hidden_is_no_answer(
    entra: EntraConnector, tenant: Tenant, far_side: Published
) -> None:
    receipt = grant(entra)
    members = "/v1.0/groups/{id}/members".replace("{id}", GROUP)
    far_side.on(f"GET {members}", says(refused(404, "Request_ResourceNotFound")))
    with pytest.raises(ConnectorError, match="does not know"):
        present(entra)
    tenant.group.clear()
    far_side.on(
        f"GET {members.replace('members', 'transitiveMembers')}",
        says(refused(404, "Request_ResourceNotFound")),
    )
    entra.revoke("ada@example.com", ACCESS, receipt)
    assert present(entra) is Present.ABSENT


def test_all_pages_are_read_and_an_address_of_something_else_is_none(
    entra: EntraConnector, tenant: Tenant, far_side: Published
) -> None:
    tenant.users += [user(f"00000000-0000-4000-8000-00000000000{n}", f"u{n}@example.com") for n in range(6)]
    tenant.members = {each["id"] for each in tenant.users}
    assert len(entra.find(ACCESS)) == 8
    for address in (
        f"{far_side.url}/v1.0/users?$skiptoken=1",
        f"{far_side.url}/v1.0/groups/{GROUP}/members?x=1",
    ):
        far_side.on("GET /v1.0/groups/.*/members", says(http(200, {"value": [], "@odata.nextLink": address})))
        with pytest.raises(ConnectorError, match="does not say where the next page begins"):
            entra.find(ACCESS)
        far_side.well()


def test_an_unclear_answer_is_told_as_such_and_giving_again_is_harmless(
    entra: EntraConnector, tenant: Tenant, far_side: Published
) -> None:
    far_side.on("POST /v1.0/groups", does_and_breaks_off, times=1)
    with pytest.raises(ConnectorError) as caught:
        grant(entra)
    assert caught.value.unclear
    assert present(entra) is Present.THERE
    grant(entra)
    tenant.members.clear()
    far_side.on("POST /v1.0/groups", says(refused(400, "Request_BadRequest")))
    with pytest.raises(ConnectorError, match="does not accept the membership") as caught:
        grant(entra)
    assert caught.value.permanent
    assert TOKEN not in str(caught.value)


def test_what_does_not_show_yet_is_not_said_to_be_there(
    entra: EntraConnector, tenant: Tenant, far_side: Published
) -> None:
    grant(entra)
    nobody = http(200, {"value": []})
    far_side.on(f"GET /v1.0/groups/{GROUP}/(members|transitiveMembers)", says(nobody), times=2)
    assert present(entra) is Present.ABSENT
    assert present(entra) is Present.THERE
    assert tenant.members == {ADA}


def test_sessions_are_revoked_and_it_is_said_what_goes_on(
    entra: EntraConnector, made: Make, tenant: Tenant, far_side: Published
) -> None:
    told = entra.sessions("ada@example.com", ACCESS, None)
    assert (told.kind, tenant.signed_out) == ("unknown", [ADA])
    assert "about an hour" in told.why
    assert entra.sessions("nobody@example.com", ACCESS, None) == Sessions("none")
    assert made(sessions="leave").sessions("ada@example.com", ACCESS, None).on_purpose
    far_side.on("POST /v1.0/users", says(http(200, {"value": False})))
    with pytest.raises(ConnectorError, match="did not revoke"):
        entra.sessions("ada@example.com", ACCESS, None)


def test_too_often_is_passing_with_the_time_that_was_told(entra: EntraConnector, far_side: Published) -> None:
    far_side.on("DELETE ", says(http(429, {"error": {"code": "x", "message": ""}}, "Retry-After: 3600")))
    with pytest.raises(ConnectorError, match="too often") as caught:
        entra.revoke("ada@example.com", ACCESS, None)
    assert (caught.value.permanent, caught.value.retry_after) == (False, 3600.0)


# --- PIM ----------------------------------------------------------------------------------------------------------


def test_pim_is_named_as_what_was_never_seen_and_promises_no_more_than_it_keeps() -> None:
    with pytest.raises(pydantic.ValidationError, match="write `experimental: true` beside it"):
        EntraAccess.model_validate({**ACCESS, "by": "pim"})
    with pytest.raises(pydantic.ValidationError, match="belongs to `by: pim`"):
        EntraAccess.model_validate({**ACCESS, "experimental": True})
    said = EntraAccess.model_validate({**ACCESS, "by": "pim", "experimental": True})
    assert said.model_dump(mode="json", exclude_none=True) == PIM
    promise = EntraConnector.promise(PIM)
    assert (promise.expiry, promise.keeps_giver) == (Expiry.NEW_SESSIONS, True)
    assert not EntraConnector.promise(ACCESS).keeps_giver


def test_the_mark_is_the_same_for_whichever_request(entra: EntraConnector, tenant: Tenant) -> None:
    entra.grant("ada@example.com", PIM, "req-one", ENDS_AT)
    entra.grant(
        "ada@example.com", PIM, "req-two", ENDS_AT - timedelta(minutes=5)
    )  # an earlier end changes nothing
    assert [each["justification"] for each in tenant.requests] == [f"{mark(ADA, GROUP)} for req-one"]
    tenant.requests[0]["justification"] = f"{mark(ALAN, GROUP)} for req-one"  # copied from somebody else's
    assert present(entra, PIM) is Present.OTHERS
    assert entra.find(PIM) == [Holder("ada@example.com", Present.OTHERS, "assigned by others")]


def test_what_they_activated_themselves_is_theirs_and_stays(entra: EntraConnector, tenant: Tenant) -> None:
    pair = {"groupId": GROUP, "principalId": ADA, "accessId": "member"}
    tenant.instances = [
        {**pair, "assignmentType": "activated", "memberType": "direct", "assignmentScheduleId": "x"}
    ]
    receipt = grant(entra, PIM)
    reading = entra.read("ada@example.com", PIM)
    assert (reading.present, reading.how) == (Present.BOTH, "activated by themselves")
    entra.revoke("ada@example.com", PIM, receipt)
    assert present(entra, PIM) is Present.OTHERS


def test_less_than_five_minutes_is_nothing_that_microsoft_gives(
    entra: EntraConnector, tenant: Tenant
) -> None:
    with pytest.raises(ConnectorError, match="less than 5 minutes") as caught:
        grant(entra, PIM, datetime.now(UTC) + timedelta(minutes=4))
    assert caught.value.permanent
    receipt = grant(entra, PIM)
    tenant.young = True
    gate = Gate("entra", Limits(), lambda: datetime.now(UTC), lambda _name: None)
    for _ in range(4):
        with pytest.raises(ConnectorError, match="within its first 5 minutes"):
            gate.take(entra.revoke, "ada@example.com", PIM, receipt)
    assert gate.until_look() is None  # who else is to be taken does not wait for that
    assert present(entra, PIM) is Present.OURS
    tenant.young = False
    entra.revoke("ada@example.com", PIM, receipt)
    assert present(entra, PIM) is Present.ABSENT


def test_an_assignment_on_its_way_is_not_made_twice_and_not_forgotten(
    entra: EntraConnector, tenant: Tenant
) -> None:
    tenant.slow = True
    receipt = grant(entra, PIM)
    assert present(entra, PIM) is Present.ABSENT
    with pytest.raises(ConnectorError, match="still under way") as caught:
        grant(entra, PIM)
    assert not caught.value.permanent
    with pytest.raises(ConnectorError, match="on its way, and cannot be ended yet"):
        entra.revoke("ada@example.com", PIM, receipt)  # absent now, and there in a minute
    tenant.arrives()
    entra.revoke("ada@example.com", PIM, None)
    assert (tenant.instances, present(entra, PIM)) == ([], Present.ABSENT)


def test_one_that_was_taken_away_without_pim_is_no_longer_on_its_way_after_a_while(
    entra: EntraConnector, tenant: Tenant
) -> None:
    receipt = grant(entra, PIM)
    tenant.instances.clear()
    tenant.requests[0]["createdDateTime"] = "2026-11-01T00:00:00.1234567Z"
    entra.revoke("ada@example.com", PIM, receipt)
    assert tenant.asked == ["adminAssign", "adminRemove"]


def test_what_others_assigned_in_the_place_of_ours_is_not_taken(
    entra: EntraConnector, tenant: Tenant
) -> None:
    receipt = grant(entra, PIM)
    tenant.instances[0]["assignmentScheduleId"] = "somebody-elses"
    entra.revoke("ada@example.com", PIM, receipt)
    assert (present(entra, PIM), tenant.asked) == (Present.OTHERS, ["adminAssign"])


def test_a_member_without_pim_is_not_given_it_by_pim(entra: EntraConnector, tenant: Tenant) -> None:
    tenant.members = {ADA}
    with pytest.raises(ConnectorError, match="a member of the group already, and not by PIM"):
        grant(entra, PIM)
    assert tenant.requests == []


@pytest.mark.parametrize(
    ("answer", "says_why"),
    [
        (
            refused(400, "RoleAssignmentRequestPolicyValidationFailed"),
            "PIM settings for members do not allow",
        ),
        (refused(400, "SomethingNew"), "does not accept the assignment"),
        (
            http(201, {"id": "r", "action": "adminAssign", "status": "PendingApproval"}),
            "would have to approve",
        ),
    ],
)
def test_what_pim_will_not_give_is_refused_for_good(
    entra: EntraConnector, far_side: Published, answer: bytes, says_why: str
) -> None:
    far_side.on("POST /v1.0/identityGovernance", says(answer))
    with pytest.raises(ConnectorError, match=says_why) as caught:
        grant(entra, PIM)
    assert caught.value.permanent
    assert TOKEN not in str(caught.value)


# --- credentials, and afterwards ----------------------------------------------------------------------------------


def test_the_certificate_signs_for_the_app_and_a_wrong_one_is_not_quoted(made: Make, tenant: Tenant) -> None:
    del tenant
    pem, _, _ = certificate()
    signing = made(client_secret=None, certificate=pem)
    assert signing.resolve("ada@example.com") == Subject("ada@example.com")
    with pytest.raises(ConnectorError, match="no certificate with its private key") as caught:
        made(client_secret=None, certificate=pem[:400]).resolve("ada@example.com")
    assert "BEGIN" not in str(caught.value)
    with pytest.raises(ConnectorError, match="may have expired") as caught:
        made(client_secret="old").resolve("ada@example.com")
    assert caught.value.permanent
    assert SECRET not in str(caught.value)
    with pytest.raises(pydantic.ValidationError, match="name one of"):
        made(certificate=pem)


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/users$", "User.Read.All"),
        ("/auditLogs", "AuditLog.Read.All"),
        ("/users/.*/transitiveMemberOf", "Directory.Read.All"),
        ("/groups/.*/members", "GroupMember.Read.All"),
        ("/identityGovernance", "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"),
    ],
)
def test_check_names_the_permission_that_is_missing(
    entra: EntraConnector, far_side: Published, path: str, permission: str
) -> None:
    far_side.on(f"GET /v1.0{path}", says(refused(403, "Authorization_RequestDenied")))
    assert permission in " ".join(each.remedy for each in entra.check([ACCESS, PIM]))


def test_check_says_what_the_token_lacks_to_write_and_what_cannot_be_proven(
    entra: EntraConnector, tenant: Tenant
) -> None:
    tenant.owners = {ADA}
    (unproven,) = entra.check([ACCESS, PIM])
    assert isinstance(unproven, Unproven)
    assert f"az ad group owner add --group {GROUP} --owner-object-id {APP}" in unproven.remedy
    wide = {"roles": ["GroupMember.ReadWrite.All"]}
    assert not list(entra_rights.unwritable("entra", wide, {"prod-admins": GROUP}, lambda _: ()))

    def missing(claims: dict[str, Any]) -> list[tuple[bool, bool]]:
        found = list(entra_rights.missing("entra", claims, ends_sessions=True, pim=True))
        assert [SESSIONS in found[0].remedy, BY_PIM in found[1].remedy] == [True, True]
        return [(isinstance(each, Unproven), "token cannot be read" in each.what) for each in found]

    assert missing(wide) == [(False, False)] * 2
    assert missing({}) == [(True, True)] * 2
    assert Bearer(lambda: ("opaque", 60.0)).claims() == {}


def test_the_logs_say_what_was_done_and_what_was_made(
    entra: EntraConnector, tenant: Tenant, far_side: Published
) -> None:
    def audit(minute: int, what: str, who: str = ADA, result: str = "success") -> dict[str, Any]:
        at = f"2026-11-24T03:{minute:02}:00Z"
        return {"who": who, "activityDateTime": at, "activityDisplayName": what, "result": result}

    tenant.audits = [
        audit(5, "Add application"),
        audit(6, "Update user"),
        audit(7, "Add member to role", result="failure"),
        audit(8, "Add application", who=ALAN),
    ]
    tenant.sign_ins = [
        {"who": ADA, "createdDateTime": "2026-11-24T03:01:00Z", "appDisplayName": "Azure\nPortal"}
    ]
    receipt = grant(entra)
    assert receipt == {"user": ADA, "group": GROUP, "at": "2026-11-24T03:00:00Z"}
    seen = entra.activity("ada@example.com", ACCESS, AT, AT + timedelta(hours=1))
    assert seen.lines == [
        "2026-11-24T03:01:00Z signed in to Azure Portal",
        "2026-11-24T03:05:00Z Add application",
        "2026-11-24T03:06:00Z Update user",
        "2026-11-24T03:07:00Z Add member to role (failure)",
    ]
    assert entra.left_behind("ada@example.com", ACCESS, receipt) == [seen.lines[1]]
    far_side.on(
        "GET /v1.0/auditLogs/signIns", says(refused(403, "Authentication_RequestFromNonPremiumTenant"))
    )
    assert "Sign-ins: not readable" in entra.activity("ada@example.com", ACCESS, AT, AT).unseen
