"""SCIM 2.0: the promises of every access connector, held to the standard's contract, and its servers' odd ways."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from app.errors import ConnectorError, Unproven
from connectors.access.scim import ScimConnector, ScimSettings
from connectors.interface import NoSubject, Present, Reading, Subject
from tests.connectors.contract import ENDS_AT, REQUEST, AccessContract, Bench
from tests.farside import Asked, does_and_hangs, does_and_says, http, says
from tests.sources.published import Call, Handler, Published, published_by

TOKEN = "sesame-scim"
SCIM = "application/scim+json"
OF_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
OF_USER, OF_GROUP = (
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:ietf:params:scim:schemas:core:2.0:Group",
)
WRITERS = {"group": "Incident writers"}
ADA, ALAN = "ada@example.com", "alan@example.com"
CHANGED = "2026-11-22T03:11:00Z"


class Server(Published):
    """The contract has no PUT: what is written must be a group that GET may answer."""

    put: Callable[[Asked], bytes]

    def hears(self, asked: Asked) -> None:
        if asked.method == "PUT":
            self.asked.append(asked)
        else:
            super().hears(asked)

    def honest(self, asked: Asked) -> bytes:
        if asked.method != "PUT":
            return super().honest(asked)
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"
        as_read = Call({}, {}, None, replace(asked, method="GET", body=b""))
        self._handled(lambda _: http(200, asked.body, kind=SCIM), as_read)
        return self.put(asked)


@pytest.fixture(scope="module")
def far_side() -> Iterator[Server]:
    with published_by(Server, "scim2.yaml", {"authorization": f"Bearer {TOKEN}"}) as far_side:
        yield far_side


def said(status: int, body: Any = None, *more: str) -> bytes:
    return http(status, body, *more, kind=SCIM)


def wrong(status: int, kind: str = "") -> bytes:
    schema = "urn:ietf:params:scim:api:messages:2.0:Error"
    return said(status, {"schemas": [schema], "status": str(status), "scimType": kind, "detail": TOKEN})


@dataclass
class Wiki:
    """An application with users and groups, which can do much or little."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    version: int = 1
    patch: bool = True
    says_patch: bool | None = None
    filter: bool = True
    by_members: str = "yes"
    """``no``: refused; ``ignored``: the part of a filter that is about members is not looked at."""
    shown: int = 1000
    """So many members a group tells at most."""
    shows_groups: bool = True
    capital: bool = False
    by_value: bool = False
    wipes: bool = False
    a_page: int = 100
    filters: list[str] = field(default_factory=list)

    def account(self, number: str, name: str, **more: Any) -> None:
        emails = [{"value": name, "primary": True}]
        self.users[number] = {"schemas": [OF_USER], "id": number, "userName": name, "emails": emails, **more}

    def group(self, number: str, name: str, *members: str) -> None:
        self.groups[number] = {"schemas": [OF_GROUP], "id": number, "displayName": name, "externalId": "kept"}
        self.members[number] = list(members)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "GET /ServiceProviderConfig": lambda _: said(200, self.config()),
            "GET /Users": self.list_users,
            "GET /Users/{id}": self.one_user,
            "GET /Groups": self.list_groups,
            "GET /Groups/{id}": self.one_group,
            "PATCH /Groups/{id}": self.patched,
        }

    def config(self) -> dict[str, Any]:
        patch = self.patch if self.says_patch is None else self.says_patch
        return {"schemas": ["x"], "patch": {"supported": patch}, "filter": {"supported": self.filter}}

    def listed(self, call: Call, found: list[dict[str, Any]]) -> bytes:
        start = call.query.get("startIndex", 1)
        page = found[start - 1 : start - 1 + self.a_page]
        body = {
            "schemas": [OF_LIST],
            "totalResults": len(found),
            "startIndex": start,
            "itemsPerPage": len(page),
        }
        return said(200, {**body, "Resources": page})

    def whole(self, user: dict[str, Any]) -> dict[str, Any]:
        mine = [
            {"value": group, "type": "direct"} for group, ids in self.members.items() if user["id"] in ids
        ]
        return {**user, "groups": mine} if self.shows_groups and mine else user

    def list_users(self, call: Call) -> bytes:
        found = list(self.users.values())
        if wanted := call.query.get("filter"):
            assert self.filter
            self.filters.append(wanted)
            name = json.loads(wanted.split(" eq ", 1)[1]).casefold()
            found = [user for user in found if name in json.dumps(user).casefold()]  # as loosely as it likes
        return self.listed(call, found)

    def one_user(self, call: Call) -> bytes:
        found = self.users.get(call.path["id"])
        return said(200, self.whole(found)) if found else wrong(404)

    def list_groups(self, call: Call) -> bytes:
        wanted = call.query.get("filter", "")
        found = list(self.groups.values())
        if match := re.fullmatch(r'id eq "([^"]+)" and members\[value eq "([^"]+)"\]', wanted):
            if self.by_members == "no":
                return wrong(400, "invalidFilter")
            there = self.by_members == "ignored" or match[2] in self.members.get(match[1], [])
            return self.listed(call, [self.groups[match[1]]] if there else [])
        if wanted:
            name = json.loads(wanted.removeprefix("displayName eq ")).casefold()
            found = [group for group in found if group["displayName"].casefold() == name]
        if "excludedAttributes" not in call.query:
            found = [json.loads(self.told(each["id"]).partition(b"\r\n\r\n")[2]) for each in found]
        return self.listed(call, found)

    def told(self, number: str) -> bytes:
        ids = self.members[number][: self.shown]
        members = {"members": [{"value": each, "type": "User"} for each in ids]} if ids else {}
        meta = {"meta": {"version": f'W/"{self.version}"', "lastModified": CHANGED}}
        return said(200, {**self.groups[number], **members, **meta}, f'ETag: W/"{self.version}"')

    def one_group(self, call: Call) -> bytes:
        return self.told(call.path["id"]) if call.path["id"] in self.groups else wrong(404)

    def patched(self, call: Call) -> bytes:
        if not self.patch:
            return http(501, b"<html>", kind="text/html")
        if call.path["id"] not in self.groups:
            return wrong(404)
        [operation] = call.body["Operations"]
        members = self.members[call.path["id"]]
        if (operation["op"][0] == "A" or operation["op"][0] == "R") != self.capital:
            return wrong(400, "invalidSyntax")
        if operation["op"].casefold() == "add":
            ids = [each["value"] for each in operation["value"]]
            members += [each for each in ids if each not in members]
            return said(204)
        return self.removed(members, operation)

    def removed(self, members: list[str], operation: dict[str, Any]) -> bytes:
        if self.by_value or self.wipes:
            if operation["path"] != "members":
                return wrong(400, "invalidPath")
            ids = [each["value"] for each in operation["value"]]
            members[:] = [] if self.wipes else [each for each in members if each not in ids]
            return said(204)
        match = re.fullmatch(r'members\[value eq "([^"]+)"\]', operation["path"])
        if not match:
            return wrong(400, "invalidPath")
        if match[1] not in members:
            return wrong(400, "noTarget")
        members.remove(match[1])
        return said(204)

    def put(self, asked: Asked) -> bytes:
        number, body = asked.path.rsplit("/", 1)[1], json.loads(asked.body)
        if asked.headers.get("if-match") != f'W/"{self.version}"':
            return wrong(412)
        assert body["externalId"] == "kept"  # what we do not know stays
        self.version += 1
        self.members[number] = [each["value"] for each in body.get("members", [])]
        return self.told(number)


def a_wiki() -> Wiki:
    """Three ordinary people, and a group that may be lent beside another."""
    wiki = Wiki()
    wiki.account("u1", ADA, active=True)
    wiki.account("u2", ALAN)
    wiki.account("u3", "grace@example.com")
    wiki.group("g1", "Incident writers")
    wiki.group("g2", "Others", "u1")
    return wiki


@pytest.fixture
def wiki(far_side: Server) -> Iterator[Wiki]:
    wiki = a_wiki()
    far_side.put = wiki.put
    with far_side.in_use(wiki.handlers()):
        yield wiki


def connector_at(url: str, **more: Any) -> ScimConnector:
    connector = ScimConnector("wiki", ScimSettings(url=f"{url}/scim/v2", token=SecretStr(TOKEN), **more))
    connector._http.pause = lambda _seconds: None  # noqa: SLF001 - nobody waits between repetitions
    return connector


@pytest.fixture
def scim(far_side: Server, wiki: Wiki) -> Iterator[ScimConnector]:
    del wiki
    connector = connector_at(far_side.url)
    yield connector
    connector.close()


class ScimContract(AccessContract):
    @pytest.fixture
    def bench(self, scim: ScimConnector, wiki: Wiki, dead_port: int, mute_port: int) -> Bench:
        return Bench(
            connector=scim,
            access=WRITERS,
            gone={"group": "Gone"},
            hides_gone=True,
            subject=ADA,
            bystander=ALAN,
            stranger="nobody@example.com",
            others_give=lambda: wiki.members["g1"].append("u1"),
            others_take=lambda: wiki.members["g1"].remove("u1"),
            unreachable=connector_at(f"http://127.0.0.1:{dead_port}"),
            mute=connector_at(f"http://127.0.0.1:{mute_port}", deadline="1s"),
            deadline=5,
            secrets=(TOKEN,),
        )


class TestByPatch(ScimContract):
    pass


class TestByWritingTheWholeGroup(ScimContract):
    @pytest.fixture(autouse=True)
    def can_do_little(self, wiki: Wiki) -> None:
        wiki.patch = wiki.filter = wiki.shows_groups = False
        wiki.group("g9", "Everybody", "u2")


def given(scim: ScimConnector) -> Mapping[str, Any]:
    return scim.grant(ADA, WRITERS, REQUEST, ENDS_AT)


# --- who ---------------------------------------------------------------------------------------------------------


def test_who_is_in_a_group_of_a_server_that_tells_nothing_is_unknown_and_never_absent(
    scim: ScimConnector, wiki: Wiki
) -> None:
    wiki.by_members, wiki.shows_groups, wiki.shown = "no", False, 0
    wiki.group("g9", "Everybody", "u2")
    receipt = given(scim)
    scim.revoke(ADA, WRITERS, receipt)
    reading = scim.read(ADA, WRITERS)
    assert (reading.present, "tells neither" in reading.how) == (Present.UNKNOWN, True)
    wiki.shown = 1  # Everybody's
    assert scim.read(ADA, WRITERS).present is Present.ABSENT


def test_each_kind_of_unfit_account_hears_its_own_sentence(wiki: Wiki, far_side: Server) -> None:
    wiki.account("u4", "off", active=False)
    wiki.account("u5", "visitor", userType="Guest")
    wiki.account("u6", "deploys")
    wiki.account("u7", "twin")
    wiki.account("u8", "Twin")
    scim = connector_at(far_side.url, service_accounts=["Deploys"])
    said_of = {}
    for name in ("off", "visitor", "deploys", "twin", "nobody"):
        found = scim.resolve(name)
        assert isinstance(found, NoSubject)
        said_of[name] = found.sentence.replace(name, "X")
        with pytest.raises(ConnectorError) as caught:
            scim.grant(name, WRITERS, REQUEST, ENDS_AT)
        assert (str(caught.value), caught.value.permanent) == (found.sentence, True)
    assert len(set(said_of.values())) == len(said_of)
    assert wiki.members["g1"] == []


def test_an_address_that_two_have_is_nobodys_and_one_is_told_by_its_user_name(
    wiki: Wiki, far_side: Server
) -> None:
    wiki.account("u4", "barbara", emails=[{"value": "Barbara@example.com"}])
    wiki.account("u5", "mallory", emails=[{"value": "m@example.com"}, {"value": ADA}])
    scim = connector_at(far_side.url, match="email")
    assert scim.resolve("barbara@EXAMPLE.com") == Subject("barbara")
    twice = scim.resolve(ADA)
    assert isinstance(twice, NoSubject)
    assert (twice.why, wiki.filters[-1]) == ("several", f'emails.value eq "{ADA}"')


def test_a_filter_is_not_believed_nor_can_a_name_end_it(scim: ScimConnector, wiki: Wiki) -> None:
    wiki.account("u4", "x.ada@example.com")  # found too by a server that compares loosely
    assert scim.resolve(ADA) == Subject(ADA)
    name = 'x" or userName pr or userName eq "'
    assert isinstance(scim.resolve(name), NoSubject)
    assert json.loads(wiki.filters[-1].removeprefix("userName eq ")) == name


# --- lists -------------------------------------------------------------------------------------------------------


def test_the_last_of_many_pages_is_read(scim: ScimConnector, wiki: Wiki) -> None:
    wiki.filter, wiki.a_page = False, 1
    assert scim.resolve("grace@example.com") == Subject("grace@example.com")


@pytest.mark.parametrize(
    ("page", "what"),
    [
        ({"totalResults": 3, "startIndex": 1}, "in a circle"),
        ({"totalResults": 3}, "in a circle"),
        ({"totalResults": 3, "Resources": []}, "before its own count"),
    ],
)
def test_a_list_that_does_not_go_on_as_asked_is_no_answer(
    scim: ScimConnector, wiki: Wiki, far_side: Server, page: dict[str, Any], what: str
) -> None:
    whole = {"schemas": [OF_LIST], "Resources": [wiki.users["u2"]], **page}
    far_side.on("GET /scim/v2/Users", says(said(200, whole)))
    with pytest.raises(ConnectorError, match=what) as caught:
        scim.resolve(ADA)
    assert not caught.value.permanent


# --- who is in it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by_members", "shows_groups"), [("yes", False), ("no", True), ("ignored", True)], ids=str
)
def test_a_member_beyond_those_that_are_told_is_found_by_filter_or_by_their_groups(
    scim: ScimConnector, wiki: Wiki, by_members: str, *, shows_groups: bool
) -> None:
    wiki.members["g1"], wiki.shown = ["u2", "u3"], 1
    wiki.by_members, wiki.shows_groups = by_members, shows_groups
    assert scim.read(ADA, WRITERS).present is Present.ABSENT
    given(scim)
    assert scim.read(ADA, WRITERS).present is Present.THERE
    scim.revoke(ADA, WRITERS, None)
    assert scim.read(ADA, WRITERS).present is Present.ABSENT
    assert wiki.members["g1"] == ["u2", "u3"]


def test_what_comes_through_another_group_is_somebody_elses(
    scim: ScimConnector, wiki: Wiki, far_side: Server
) -> None:
    nested = {**wiki.users["u1"], "groups": [{"value": "g1", "type": "indirect"}]}
    far_side.on("GET /scim/v2/Users/u1", says(said(200, nested)))
    assert scim.read(ADA, WRITERS) == Reading(Present.OTHERS, "through another group")


def test_names_that_changed_meanwhile_lead_to_whom_it_was_given(scim: ScimConnector, wiki: Wiki) -> None:
    receipt = given(scim)
    wiki.users["u1"]["userName"], wiki.groups["g1"]["displayName"] = "countess", "Writers"
    wiki.account("u9", ADA)
    wiki.group("g9", "Incident writers", "u9")
    fresh = connector_at(scim._settings.url.removesuffix("/scim/v2"))  # noqa: SLF001 - after a crash
    assert fresh.read(ADA, WRITERS, receipt).present is Present.THERE
    fresh.revoke(ADA, WRITERS, receipt)
    assert fresh.read(ADA, WRITERS, receipt).present is Present.ABSENT
    assert (wiki.members["g1"], wiki.members["g9"]) == ([], ["u9"])


def test_a_group_that_nobody_knows_is_not_called_left(scim: ScimConnector, wiki: Wiki) -> None:
    given(scim)
    wiki.groups["g1"]["displayName"] = "Writers"
    assert scim.read(ADA, WRITERS).present is Present.THERE  # it remembers which one it was
    fresh = connector_at(scim._settings.url.removesuffix("/scim/v2"))  # noqa: SLF001 - after a crash
    with pytest.raises(ConnectorError, match="renamed or deleted") as caught:
        fresh.read(ADA, WRITERS)
    assert caught.value.permanent
    del wiki.groups["g1"], wiki.members["g1"]
    assert scim.read(ADA, WRITERS).present is Present.ABSENT
    scim.revoke(ADA, WRITERS, None)


def test_find_names_many_and_no_groups(scim: ScimConnector, wiki: Wiki) -> None:
    for number in range(100, 130):
        wiki.account(f"u{number}", f"user{number}@example.com")
    wiki.members["g1"] = [*wiki.users, "u-gone"]
    assert len(scim.find(WRITERS)) == 33
    assert scim.find(WRITERS)[0].subject == ADA


# --- changing it -------------------------------------------------------------------------------------------------


def test_a_server_that_wants_capitals_and_values_gets_them(wiki: Wiki, far_side: Server) -> None:
    wiki.capital = wiki.by_value = True
    wiki.members["g1"] = ["u2"]
    with pytest.raises(ConnectorError, match="see `operations`") as caught:
        given(connector_at(far_side.url))
    assert caught.value.permanent
    assert TOKEN not in str(caught.value)
    scim = connector_at(far_side.url, operations="capital", remove_by="value")
    receipt = given(scim)
    assert wiki.members["g1"] == ["u2", "u1"]
    scim.revoke(ADA, WRITERS, receipt)
    assert wiki.members["g1"] == ["u2"]


def test_others_whom_a_wrong_setting_takes_out_are_put_back(wiki: Wiki, far_side: Server) -> None:
    wiki.wipes, wiki.members["g1"] = True, ["u2", "u3"]
    scim = connector_at(far_side.url, remove_by="value")
    receipt = given(scim)
    with pytest.raises(ConnectorError, match=r"all 2 other members.*put back"):
        scim.revoke(ADA, WRITERS, receipt)
    assert wiki.members["g1"] == ["u2", "u3"]
    wiki.wipes = False  # what it reads as it is written is asked for from now on
    scim.revoke(ADA, WRITERS, receipt)
    assert wiki.members["g1"] == ["u2", "u3"]


def test_a_server_that_says_patch_and_cannot_gets_the_whole_group(scim: ScimConnector, wiki: Wiki) -> None:
    wiki.patch, wiki.says_patch = False, True
    wiki.members["g1"] = ["u2"]
    receipt = given(scim)
    assert wiki.members["g1"] == ["u2", "u1"]
    scim.revoke(ADA, WRITERS, receipt)
    assert wiki.members["g1"] == ["u2"]


def test_what_others_wrote_meanwhile_stays(scim: ScimConnector, wiki: Wiki, far_side: Server) -> None:
    wiki.patch = False

    def somebody_else_first(_asked: Asked, honest: Callable[[], bytes]) -> bytes:
        wiki.members["g1"].append("u2")
        wiki.version += 1
        return honest()

    far_side.on("PUT ", somebody_else_first, times=1)
    given(scim)
    assert wiki.members["g1"] == ["u2", "u1"]
    assert far_side.calls("PUT") == 2
    far_side.on("PUT ", says(wrong(412)))
    with pytest.raises(ConnectorError, match="others keep changing") as caught:
        scim.revoke(ADA, WRITERS, None)
    assert not caught.value.permanent


def test_a_group_that_may_not_tell_all_its_members_is_not_written(
    scim: ScimConnector, wiki: Wiki, far_side: Server
) -> None:
    wiki.patch, wiki.shown = False, 100
    wiki.members["g1"] = [f"x{number}" for number in range(120)]
    with pytest.raises(ConnectorError, match="`whole_below`") as caught:
        given(scim)
    assert caught.value.permanent
    assert (len(wiki.members["g1"]), far_side.calls("PUT")) == (120, 0)


# --- bad days ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["PATCH", "PUT"])
def test_what_was_done_without_an_answer_is_unclear_and_read_back(
    wiki: Wiki, far_side: Server, way: str
) -> None:
    wiki.patch = way == "PATCH"
    scim = connector_at(far_side.url, deadline="1s")
    for fault in (does_and_says(http(502, b"<html>", kind="text/html")), does_and_hangs):
        wiki.members["g1"].clear()
        far_side.on(f"{way} ", fault, times=1)
        with pytest.raises(ConnectorError) as caught:
            given(scim)
        assert (caught.value.unclear, caught.value.permanent) == (True, False)
        assert scim.read(ADA, WRITERS).present is Present.THERE


def test_a_yes_without_a_deed_is_absent_when_it_is_read(scim: ScimConnector, far_side: Server) -> None:
    far_side.on("PATCH ", says(said(204)))
    given(scim)
    assert scim.read(ADA, WRITERS).present is Present.ABSENT


def test_rights_that_were_lost_meanwhile_are_no_end(
    scim: ScimConnector, wiki: Wiki, far_side: Server
) -> None:
    receipt = given(scim)
    far_side.on("(GET|PATCH) ", says(wrong(401)))
    for call in (lambda: scim.revoke(ADA, WRITERS, receipt), lambda: scim.read(ADA, WRITERS)):
        with pytest.raises(ConnectorError, match="refuses our credentials") as caught:
            call()
        assert TOKEN not in str(caught.value)
    assert wiki.members["g1"] == ["u1"]


# --- check, and afterwards ---------------------------------------------------------------------------------------


def test_check_names_the_token_the_address_and_each_group(
    scim: ScimConnector, wiki: Wiki, far_side: Server
) -> None:
    wiki.group("g3", "Others")
    missing, twice, unproven = scim.check([{"group": "Nobody"}, {"group": "Others"}, WRITERS])
    assert "group Nobody: there is no such group" in str(missing)
    assert "group Others: there are 2 of that name" in str(twice)
    assert (isinstance(unproven, Unproven), "could not be proven" in unproven.what) == (True, True)
    far_side.on("GET ", says(wrong(401)))
    [problem] = connector_at(far_side.url).check([WRITERS])
    assert "`token`" in problem.remedy
    far_side.well()
    far_side.on("GET ", says(http(404, b"<html>", kind="text/html")))
    [problem] = connector_at(far_side.url).check([WRITERS])
    assert "`url`" in problem.remedy


def test_the_group_says_when_it_was_changed_last(scim: ScimConnector) -> None:
    start = ENDS_AT.replace(year=2026, month=11, day=22, hour=3, minute=0, second=0)
    seen = scim.activity(ADA, WRITERS, start, start + timedelta(hours=1))
    assert seen.lines == [f"{CHANGED} the group was changed last"]
    assert scim.activity(ADA, WRITERS, start + timedelta(hours=1), start + timedelta(hours=2)).lines == []


def test_by_hand_has_the_ids_once_they_are_known(scim: ScimConnector) -> None:
    assert "/Groups/GROUP" in scim.by_hand(ADA, WRITERS)
    given(scim)
    assert r"/Groups/g1" in scim.by_hand(ADA, WRITERS)


@pytest.mark.parametrize("keys", [{"token": "sesame\n"}, {"match": "id"}, {"tokn": "x"}, {"deadline": "0s"}])
def test_settings_that_cannot_be_right_are_refused_without_quoting_them(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        ScimSettings.model_validate({"url": "https://wiki.example.com/scim", "token": "x", **keys})
    assert "sesame" not in str(caught.value)
