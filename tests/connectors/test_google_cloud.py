"""The Google Cloud connector, against a stand-in held to the published APIs: projects, and groups."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
import pydantic
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.errors import ConnectorError
from connectors.access.google_cloud import GoogleCloudAccess, GoogleCloudConnector
from connectors.access.google_cloud_link import GoogleCloudSettings, Hosts
from connectors.access.google_cloud_policy import Loan
from connectors.interface import Expiry, NoSubject, Present, Subject
from tests.connectors.contract import ENDS_AT, REQUEST, AccessContract, Bench, EndContract, GiverContract
from tests.farside import Asked, FarSide, does_and_breaks_off, http, says, serving
from tests.sources.published import Call, Published, published

TOKEN = "ya29.google-t0ken"
ADA, ALAN, BOT = "ada@example.com", "alan@example.com", "bot@acme-prod.iam.gserviceaccount.com"
PROJECT, ROLE, GROUP = "acme-prod", "roles/storage.admin", "dba@example.com"
ACCESS = {"project": PROJECT, "role": ROLE}
MEMBER = {"group": GROUP}
LOAN = Loan(PROJECT, ROLE, ADA)
NOW = datetime(2026, 11, 22, 3, 10, tzinfo=UTC)
DATE = "Date: Sun, 22 Nov 2026 03:10:00 GMT"
STANDING: list[dict[str, Any]] = [
    {"role": "roles/owner", "members": ["user:root@example.com"]},
    {
        "role": ROLE,
        "members": ["group:ops@example.com", "serviceAccount:ci@acme-prod.iam.gserviceaccount.com"],
    },
    {
        "role": "roles/viewer",
        "members": ["user:alan@example.com"],
        "condition": {
            "title": "office hours",
            "expression": "request.time.getHours('UTC') < 17",
            "location": "x",
        },
        "somethingNew": {"kept": True},
    },
]


@dataclass
class Google:
    """What the stand-in remembers."""

    document: dict[str, Any] = field(default_factory=dict)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    group: dict[str, Any] = field(default_factory=dict)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By their id."""
    permissions: list[str] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    writes: int = 0
    done: bool = True
    date: str = DATE
    barred: bool = False
    addresses: dict[str, str] = field(default_factory=lambda: {GROUP: "groups/g1"})

    def __post_init__(self) -> None:
        self.document = {
            "version": 1,
            "etag": "e0",
            "bindings": json.loads(json.dumps(STANDING)),
            "somethingNew": 7,
        }
        self.users = {each: {"primaryEmail": each} for each in (ADA, ALAN)}
        self.group = {"name": "groups/g1", "groupKey": {"id": GROUP}, "labels": {}}
        self.permissions = [
            "resourcemanager.projects.getIamPolicy",
            "resourcemanager.projects.setIamPolicy",
            "logging.logEntries.list",
        ]

    @property
    def bindings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["bindings"]
        return found

    def touch(self) -> None:
        """Somebody writes."""
        self.writes += 1
        self.document["etag"] = f"e{self.writes}"

    def routes(self) -> Mapping[str, Callable[[Call], bytes]]:
        project, group = "/v3/projects/{projectsId}", "/v1/groups/{groupsId}"
        return {
            f"POST {project}:getIamPolicy": self._get_policy,
            f"POST {project}:setIamPolicy": self._set_policy,
            f"POST {project}:testIamPermissions": self._permissions,
            "POST /v2/entries:list": self._entries,
            "GET /admin/directory/v1/users/{userKey}": self._user,
            "GET /v1/groups:lookup": self._group,
            f"GET {group}": lambda _call: http(200, self.group),
            f"GET {group}/memberships": self._list,
            f"POST {group}/memberships": self._create,
            f"GET {group}/memberships:lookup": self._lookup,
            f"GET {group}/memberships/{{membershipsId}}": self._membership,
            f"DELETE {group}/memberships/{{membershipsId}}": self._delete,
            f"POST {group}/memberships/{{membershipsId}}:modifyMembershipRoles": self._modify,
        }

    def _get_policy(self, call: Call) -> bytes:
        assert json.loads(call.asked.body) == {"options": {"requestedPolicyVersion": 3}}
        return http(200, self.document, self.date)

    def _set_policy(self, call: Call) -> bytes:
        sent = json.loads(call.asked.body)["policy"]
        assert sent["version"] == 3
        if sent["etag"] != self.document["etag"]:
            return http(409, {"error": {"code": 409, "status": "ABORTED", "message": TOKEN}})
        self.document = sent
        self.touch()
        return http(200, self.document, self.date)

    def _permissions(self, call: Call) -> bytes:
        wanted = json.loads(call.asked.body)["permissions"]
        return http(200, {"permissions": [each for each in wanted if each in self.permissions]})

    def _entries(self, call: Call) -> bytes:
        sent = json.loads(call.asked.body)
        assert sent["resourceNames"] == [f"projects/{PROJECT}"]
        self.filters.append(sent["filter"])
        if "logging.logEntries.list" not in self.permissions:
            return http(403, {"error": {"code": 403, "message": TOKEN}})
        return http(200, {"entries": self.log})

    def _user(self, call: Call) -> bytes:
        if self.barred:
            return http(403, {"error": {"code": 403, "message": "Not Authorized"}})
        found = self.users.get(call.path["userKey"])
        return http(200, found) if found else http(404, {"error": {"code": 404, "message": TOKEN}})

    def _group(self, call: Call) -> bytes:
        name = self.addresses.get(call.query["groupKey.id"])
        return http(200, {"name": name}) if name else http(404)

    def add(self, address: str, until: str | None = None, *roles: str, kind: str = "USER") -> None:
        key = f"m{len(self.members) + 1}"
        expiry = {"expiryDetail": {"expireTime": until}} if until else {}
        self.members[key] = {
            "name": f"groups/g1/memberships/{key}",
            "preferredMemberKey": {"id": address},
            "type": kind,
            "roles": [{"name": "MEMBER", **expiry}, *({"name": role} for role in roles)],
        }

    def leave(self, address: str) -> None:
        self.members = {
            key: each for key, each in self.members.items() if each["preferredMemberKey"]["id"] != address
        }

    def named(self, address: str) -> list[dict[str, Any]]:
        return [each for each in self.members.values() if each["preferredMemberKey"]["id"] == address]

    def _list(self, call: Call) -> bytes:
        """Pages of one."""
        everything = [each for _, each in sorted(self.members.items())]
        at = int(call.query.get("pageToken", "0"))
        more = {"nextPageToken": str(at + 1)} if at + 1 < len(everything) else {}
        return http(200, {"memberships": everything[at : at + 1], **more})

    def _create(self, call: Call) -> bytes:
        sent = json.loads(call.asked.body)
        address, [role] = sent["preferredMemberKey"]["id"], sent["roles"]
        if self.named(address):
            return http(409, {"error": {"code": 409, "status": "ALREADY_EXISTS", "message": "there"}})
        self.add(address, role["expiryDetail"]["expireTime"])
        return http(200, {"name": "operations/1", "done": self.done})

    def _lookup(self, call: Call) -> bytes:
        inside = f"groups/{call.path['groupsId']}/"
        found = [each for each in self.named(call.query["memberKey.id"]) if each["name"].startswith(inside)]
        return http(200, {"name": found[0]["name"]}) if found else http(404)

    def _membership(self, call: Call) -> bytes:
        found = self.members.get(call.path["membershipsId"])
        return http(200, found) if found else http(404)

    def _delete(self, call: Call) -> bytes:
        found = self.members.pop(call.path["membershipsId"], None)
        return http(200, {"name": "operations/2", "done": self.done}) if found else http(404)

    def _modify(self, call: Call) -> bytes:
        [change] = json.loads(call.asked.body)["updateRolesParams"]
        assert change["fieldMask"] == "expiryDetail.expire_time"
        found = self.members[call.path["membershipsId"]]
        found["roles"] = [change["membershipRole"], *found["roles"][1:]]
        return http(200, {"membership": found})


@dataclass
class Tokens(FarSide):
    """Where assertions become tokens."""

    key: Any = None
    given: int = 0

    def honest(self, asked: Asked) -> bytes:
        form = {name: value[0] for name, value in parse_qs(asked.body.decode()).items()}
        if asked.path != "/token" or form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return http(404)
        claims = jwt.decode(
            form["assertion"],
            self.key.public_key(),
            ["RS256"],
            audience="https://oauth2.googleapis.com/token",
        )
        if claims["iss"] != BOT or "admin.directory.user.readonly" not in claims["scope"]:
            return http(400, {"error": "invalid_grant"})
        self.given += 1
        return http(200, {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})


@pytest.fixture(scope="module")
def tokens() -> Iterator[Tokens]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with serving(lambda listener: Tokens(listener, key=key)) as far_side:
        yield far_side


@pytest.fixture(scope="module")
def key_file(tokens: Tokens) -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private = tokens.key.private_bytes(*form).decode()
    key = {"type": "service_account", "client_email": BOT, "private_key": private, "private_key_id": "k1"}
    return json.dumps({**key, "token_uri": "https://mallory.example/token"})


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    with published("google-cloud.yaml", {"authorization": f"Bearer {TOKEN}"}) as far_side:
        yield far_side


@pytest.fixture
def google(far_side: Published) -> Iterator[Google]:
    google = Google()
    with far_side.in_use(google.routes()):
        yield google


def connector(url: str, tokens: str, **more: Any) -> GoogleCloudConnector:
    settings = GoogleCloudSettings.model_validate({"domains": ["example.com"], **more})
    hosts = Hosts(url, url, url, url, tokens, tokens.removeprefix("http://"))
    return GoogleCloudConnector("acme", settings, hosts)


@pytest.fixture
def acme(
    far_side: Published, google: Google, tokens: Tokens, key_file: str
) -> Iterator[GoogleCloudConnector]:
    del google
    tokens.well()
    acme = connector(far_side.url, tokens.url, key=key_file)
    yield acme
    acme.close()


@pytest.fixture
def project(
    acme: GoogleCloudConnector, google: Google, key_file: str, mute_port: int, dead_port: int
) -> Iterator[Bench]:
    dead, mute = (f"http://localhost:{port}" for port in (dead_port, mute_port))
    private = json.loads(key_file)["private_key"]

    def take() -> None:
        google.document["bindings"] = [
            each for each in google.bindings if f"user:{ADA}" not in each["members"]
        ]
        google.touch()

    bench = Bench(
        connector=acme,
        access=ACCESS,
        subject=ADA,
        bystander=ALAN,
        stranger="nobody@example.com",
        others_give=lambda: google.bindings.insert(1, {"role": ROLE, "members": [f"user:{ADA}"]}),
        others_take=take,
        unreachable=connector(dead, dead, key=key_file),
        mute=connector(mute, mute, key=key_file, deadline="1s"),
        deadline=3,
        secrets=(TOKEN, private, *private.splitlines()[1:-1]),
        until=lambda: ends_of(google),
    )
    yield bench
    for each in (bench.unreachable, bench.mute):
        each.close()


@pytest.fixture
def membership(project: Bench, google: Google) -> Bench:
    return replace(
        project,
        access=MEMBER,
        gone={"group": f"gone-{GROUP}"},
        hides_gone=True,
        others_give=lambda: google.add(ADA),
        others_take=lambda: google.leave(ADA),
        until=lambda: datetime.fromisoformat(google.named(ADA)[0]["roles"][0]["expiryDetail"]["expireTime"]),
    )


def ours_in(google: Google) -> list[dict[str, Any]]:
    return [each for each in google.bindings if each.get("condition", {}).get("title") == LOAN.title]


def ends_of(google: Google) -> datetime:
    [ours] = ours_in(google)
    return datetime.fromisoformat(ours["condition"]["expression"].split('"')[1])


class TestProject(GiverContract, EndContract):
    @pytest.fixture
    def bench(self, project: Bench) -> Bench:
        return project


class TestGroup(AccessContract, EndContract):
    @pytest.fixture
    def bench(self, membership: Bench) -> Bench:
        return membership


# --- the policy of a project -----------------------------------------------------------------------------------------


def test_what_is_not_ours_stays_as_it_came_and_in_its_order(project: Bench, google: Google) -> None:
    project.grant()
    assert google.bindings[:-1] == STANDING
    assert google.document["somethingNew"] == 7
    google.bindings.append({"role": "roles/browser", "members": ["user:grace@example.com"]})
    project.connector.grant(ADA, ACCESS, REQUEST, ENDS_AT + timedelta(hours=1))
    assert [each["role"] for each in google.bindings[3:]] == [ROLE, "roles/browser"]
    project.revoke()
    assert google.bindings[:-1] == STANDING
    [ours] = google.bindings[3:]
    assert ours["role"] == "roles/browser"


def test_the_same_again_writes_nothing(project: Bench, google: Google) -> None:
    project.revoke()
    project.grant()
    project.grant()
    assert google.writes == 1


def test_who_was_faster_loses_nothing(project: Bench, google: Google, far_side: Published) -> None:
    """Somebody writes between our reading and our writing, twice."""

    def meanwhile(_asked: Asked, honest: Callable[[], bytes]) -> bytes:
        answer = honest()
        google.bindings.append({"role": "roles/browser", "members": [f"user:n{google.writes}@example.com"]})
        google.touch()
        return answer

    far_side.on("POST .*:getIamPolicy", meanwhile, times=2)
    project.grant()
    assert google.bindings[:3] == STANDING
    assert [each["role"] for each in google.bindings[3:]] == ["roles/browser", "roles/browser", ROLE]
    far_side.on("POST .*:setIamPolicy", says(http(409)))
    with pytest.raises(ConnectorError, match="changed by others each time") as caught:
        project.revoke()
    assert not caught.value.permanent
    assert not caught.value.unclear


def test_a_policy_without_an_etag_is_not_written_over(
    project: Bench, google: Google, far_side: Published
) -> None:
    del google.document["etag"]
    with pytest.raises(ConnectorError, match="something else than it promises"):
        project.grant()
    assert not [asked for asked in far_side.asked if asked.path.endswith(":setIamPolicy")]


def test_what_has_ended_is_taken_out_with_the_next(project: Bench, google: Google) -> None:
    def loan(subject: str, ends_at: datetime) -> dict[str, Any]:
        return Loan(PROJECT, ROLE, subject).binding(REQUEST, ends_at, NOW)

    over, live = loan(ALAN, NOW), loan("grace@example.com", NOW + timedelta(seconds=1))
    theirs = {**over, "condition": {**over["condition"], "title": "breakglass, by hand"}}
    google.bindings.extend([over, live, theirs])
    project.grant()
    project.revoke()
    assert google.bindings == [*STANDING, live, theirs]


def test_what_somebody_makes_of_our_binding_goes_with_it(project: Bench, google: Google) -> None:
    project.grant()
    [ours] = ours_in(google)
    ours["condition"]["expression"] = "true"
    ours["members"] = ["user:mallory@example.com"]
    reading = project.connector.read(ADA, ACCESS)
    assert reading.present is Present.OURS
    assert "changed by somebody" in reading.how
    holders = {each.subject: each.present for each in project.connector.find(ACCESS)}
    assert holders["mallory@example.com"] is Present.OTHERS
    project.revoke()
    assert google.bindings == STANDING


def test_a_write_without_an_answer_is_unclear_and_found_by_reading(
    project: Bench, far_side: Published
) -> None:
    far_side.on("POST .*:setIamPolicy", does_and_breaks_off, times=1)
    with pytest.raises(ConnectorError) as caught:
        project.grant()
    assert caught.value.unclear
    assert project.present() is Present.OURS


def test_who_may_give_roles_there_is_lent_none(project: Bench, google: Google) -> None:
    google.bindings.append({"role": "roles/resourcemanager.projectIamAdmin", "members": [f"user:{ADA}"]})
    with pytest.raises(ConnectorError, match="may give roles to others") as caught:
        project.grant()
    assert caught.value.permanent
    assert not ours_in(google)
    project.revoke()  # taking asks nobody's powers


def test_the_log_says_what_they_changed(project: Bench, google: Google) -> None:
    google.log = [
        {
            "timestamp": "2026-11-22T03:12:00Z",
            "protoPayload": {"methodName": "SetIamPolicy", "resourceName": f"projects/{PROJECT}"},
        }
    ]
    project.grant()
    google.date = "Date: Sun, 22 Nov 2026 03:40:00 GMT"
    receipt = project.connector.grant(ADA, ACCESS, REQUEST, ENDS_AT + timedelta(hours=1))
    lines = [f"2026-11-22T03:12:00Z SetIamPolicy projects/{PROJECT}"]
    assert project.connector.left_behind(ADA, ACCESS, receipt) == lines
    assert project.connector.activity(ADA, ACCESS, NOW, ENDS_AT).lines == lines
    assert all(f'principalEmail="{ADA}"' in each and "2026-11-22T03:10:00" in each for each in google.filters)
    with pytest.raises(ConnectorError):
        project.connector.activity('a" OR "1"="1', ACCESS, NOW, ENDS_AT)
    assert len(google.filters) == 2
    google.permissions.remove("logging.logEntries.list")
    assert project.connector.left_behind(ADA, ACCESS, receipt) is None
    assert "may not be read" in project.connector.activity(ADA, ACCESS, NOW, ENDS_AT).unseen


# --- a group ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trait", "why"),
    [
        ({"dynamicGroupMetadata": {"queries": []}}, "is dynamic"),
        ({"labels": {"cloudidentity.googleapis.com/groups.locked": ""}}, "is locked"),
        ({"groupKey": {"id": GROUP, "namespace": "identitysources/1"}}, "is synchronised"),
    ],
)
def test_a_group_whose_members_are_made_elsewhere_is_refused(
    membership: Bench, google: Google, trait: dict[str, Any], why: str
) -> None:
    google.group |= trait
    with pytest.raises(ConnectorError, match=why) as caught:
        membership.grant()
    assert caught.value.permanent
    assert not google.members
    assert [why in each.what for each in membership.connector.check([MEMBER])] == [True]


@pytest.mark.parametrize("now", [{}, {GROUP: "groups/g2"}])
def test_a_group_with_another_address_loses_them_and_one_that_has_it_now_is_not_touched(
    membership: Bench, google: Google, now: dict[str, str]
) -> None:
    receipt = membership.grant()
    google.addresses = now
    assert membership.present(receipt) is Present.THERE
    membership.revoke(receipt)
    assert not google.members
    assert membership.present(receipt) is Present.ABSENT
    if not now:
        with pytest.raises(ConnectorError, match="nobody can say who is in it"):
            membership.connector.grant(ADA, MEMBER, REQUEST, ENDS_AT)


def test_who_was_a_member_without_an_end_stays_one(membership: Bench, google: Google) -> None:
    google.add(ADA)
    membership.grant()
    [member] = google.members.values()
    assert member["roles"] == [{"name": "MEMBER"}]


def test_who_was_made_a_manager_meanwhile_is_left_to_people(membership: Bench, google: Google) -> None:
    google.add(ADA, "2026-11-22T04:00:00Z", "MANAGER")
    with pytest.raises(ConnectorError, match="was made MANAGER") as caught:
        membership.revoke()
    assert caught.value.permanent
    assert google.members
    assert "MANAGER" in membership.connector.read(ADA, MEMBER).how


def test_a_change_that_google_has_only_begun_is_unclear(membership: Bench, google: Google) -> None:
    google.done = False
    with pytest.raises(ConnectorError, match="not said that it is done") as caught:
        membership.grant()
    assert caught.value.unclear
    membership.grant()
    assert len(google.members) == 1


def test_pages_that_go_in_a_circle_are_no_list(membership: Bench, far_side: Published) -> None:
    far_side.on("GET .*/memberships$", says(http(200, {"memberships": [], "nextPageToken": "1"})))
    with pytest.raises(ConnectorError, match="circle"):
        membership.connector.find(MEMBER)


def test_only_people_are_found_in_a_group(membership: Bench, google: Google) -> None:
    google.add(ADA)
    google.add("ops@example.com", kind="GROUP")
    google.add(ALAN)
    assert [each.subject for each in membership.connector.find(MEMBER)] == [ADA, ALAN]


# --- who -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "trait", "why"),
    [
        (ADA, {"suspended": True}, "is suspended"),
        (ADA, {"archived": True}, "is archived"),
        (ADA, {"isAdmin": True}, "administrator of the whole"),
        (ADA, {"isDelegatedAdmin": True}, "administers part"),
        (ADA, {"isGuestUser": True}, "is a guest"),
        ("robot@example.com", {}, "not a person's"),
        ("ada@gmail.com", {}, "own domains"),
        ("ci@acme-prod.iam.gserviceaccount.com", {}, "is a service account"),
        (BOT, {}, "the bot's own account"),
    ],
)
def test_who_is_refused_hears_why(
    far_side: Published,
    google: Google,
    tokens: Tokens,
    key_file: str,
    name: str,
    trait: dict[str, Any],
    why: str,
) -> None:
    acme = connector(far_side.url, tokens.url, key=key_file, service_accounts=["robot@example.com"])
    google.users[ADA] |= trait
    found = acme.resolve(name)
    assert isinstance(found, NoSubject)
    assert (found.why, why in found.sentence) == ("unfit", True)
    with pytest.raises(ConnectorError, match=why):
        acme.grant(name, ACCESS, REQUEST, ENDS_AT)
    assert not google.writes
    acme.close()


def test_a_second_address_leads_to_the_first(acme: GoogleCloudConnector, google: Google) -> None:
    google.users["a.lovelace@example.com"] = {"primaryEmail": "Ada@example.com"}
    assert acme.resolve("a.lovelace@example.com") == Subject(ADA)
    with pytest.raises(ConnectorError, match="by now; ask again"):
        acme.grant("a.lovelace@example.com", ACCESS, REQUEST, ENDS_AT)


# --- the way there ---------------------------------------------------------------------------------------------------


def test_a_token_is_fetched_once_and_again_when_it_is_refused(
    acme: GoogleCloudConnector, far_side: Published, tokens: Tokens
) -> None:
    before = tokens.given
    acme.read(ADA, ACCESS)
    acme.read(ADA, MEMBER)
    assert tokens.given == before + 1
    far_side.on("POST .*:getIamPolicy", says(http(401)), times=1)
    acme.read(ADA, ACCESS)
    assert tokens.given == before + 2
    far_side.on("POST .*:getIamPolicy", says(http(401)))
    with pytest.raises(ConnectorError, match="disabled or deleted"):
        acme.read(ADA, ACCESS)
    assert tokens.given == before + 3


@pytest.mark.parametrize("key", ["{", '{"type": "authorized_user"}', "[]", '{"private_key": "sesame"}'])
def test_what_is_no_key_file_is_not_quoted(far_side: Published, tokens: Tokens, key: str) -> None:
    acme = connector(far_side.url, tokens.url, key=key)
    with pytest.raises(ConnectorError, match="no key file") as caught:
        acme.read(ADA, ACCESS)
    assert caught.value.permanent
    assert "sesame" not in str(caught.value)
    acme.close()


@pytest.mark.parametrize("status", [400, 500])
def test_no_token_is_a_fault_in_which_nothing_is_unclear(
    acme: GoogleCloudConnector, tokens: Tokens, status: int
) -> None:
    tokens.on("POST /token", says(http(status, {"error": TOKEN})))
    with pytest.raises(ConnectorError) as caught:
        acme.grant(ADA, ACCESS, REQUEST, ENDS_AT)
    assert not caught.value.unclear
    assert caught.value.permanent is (status == 400)
    assert TOKEN not in str(caught.value)


class Machine(FarSide):
    """The metadata server of the machine that we run on."""

    def honest(self, asked: Asked) -> bytes:
        assert asked.headers["metadata-flavor"] == "Google"
        if asked.path.endswith("/email"):
            return http(200, BOT.encode(), "Metadata-Flavor: Google", kind="application/text")
        return http(200, {"access_token": TOKEN, "expires_in": 300}, "Metadata-Flavor: Google")


def test_without_a_key_the_machine_is_asked(far_side: Published, google: Google) -> None:
    google.permissions.clear()
    with serving(Machine) as machine:
        acme = connector(far_side.url, machine.url.replace("localhost", "127.0.0.1"))
        assert acme.read(ADA, ACCESS).present is Present.ABSENT
        assert BOT in str(acme.check([ACCESS])[0])
        acme.close()
        machine.on("GET", says(http(200, {"access_token": TOKEN, "expires_in": 300})))
        impostor = connector(far_side.url, machine.url.replace("localhost", "127.0.0.1"))
        with pytest.raises(ConnectorError, match="no `key` is set"):
            impostor.read(ADA, ACCESS)
        impostor.close()


def test_check_names_what_is_missing_where(acme: GoogleCloudConnector, google: Google) -> None:
    google.permissions.remove("resourcemanager.projects.setIamPolicy")
    google.barred = True
    found = [str(each) for each in acme.check([ACCESS, {"group": "nobody@example.com"}])]
    assert [
        "Users, Read" in found[0],
        "setIamPolicy on acme-prod" in found[1],
        "no group nobody@" in found[2],
    ] == [True] * 3
    assert f"--member=serviceAccount:{BOT}" in found[1]
    assert not google.writes


@pytest.mark.parametrize(
    ("access", "fault"),
    [
        ({"project": PROJECT}, "name `project` and `role`, or `group`"),
        ({**ACCESS, **MEMBER}, "name `project` and `role`, or `group`"),
        ({}, "name `project` and `role`, or `group`"),
        ({"project": PROJECT, "role": "roles/editor"}, "basic role"),
        ({"project": "../x", "role": ROLE}, "pattern"),
        ({"project": PROJECT, "role": "storage.admin"}, "pattern"),
        ({"group": "dba"}, "pattern"),
    ],
)
def test_an_access_that_cannot_be_is_said_at_once(access: dict[str, str], fault: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=fault):
        GoogleCloudAccess.model_validate(access)


def test_each_access_says_who_ends_it() -> None:
    assert GoogleCloudConnector.promise(ACCESS).expiry is Expiry.EVERY_USE
    assert GoogleCloudConnector.promise(MEMBER).expiry is Expiry.NEW_SESSIONS
    assert not GoogleCloudConnector.promise(MEMBER).keeps_giver
