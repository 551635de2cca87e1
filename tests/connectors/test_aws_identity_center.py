"""Identity Center on a stand-in that does what it is told later, as AWS does, and is held to botocore's models."""

import itertools
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pydantic
import pytest

from app.errors import ConnectorError
from connectors.access.aws_identity_center import IdentityCenterConnector
from connectors.access.aws_identity_center_settings import IdentityCenterSettings
from connectors.interface import Holder, NoSubject, Present, Subject
from tests.connectors.aws_far_side import (
    KEY,
    SECRET,
    AwsFarSide,
    AwsNo,
    assumed,
    aws,
    identity,
    no,
    no_in_xml,
    simulating,
)
from tests.connectors.contract import ENDS_AT, REQUEST, AccessContract, Bench
from tests.farside import does_and_hangs, does_and_says, hangs, http, says

INSTANCE = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
SET = "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef"
STORE, ACCOUNT, GROUP, DBA = "d-0123456789", "123456789012", str(uuid.UUID(int=77)), str(uuid.UUID(int=78))
ASSIGNED = {"account": ACCOUNT, "permission_set": SET}
MEMBER = {"group": GROUP}
CONFLICT = no("ConflictException")


@dataclass
class Center:
    """What AWS knows, and what it is still at."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    memberships: dict[str, tuple[str, str]] = field(default_factory=dict)
    assigned: set[tuple[str, str]] = field(default_factory=set)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    takes: float = 1
    """How often it must be asked before an operation is done."""
    fails: bool = False
    page: int = 2
    session: str = "PT1H"
    sets: tuple[str, ...] = (SET,)
    events: list[dict[str, Any]] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def user(self, name: str, email: str = "", **more: Any) -> str:
        user = str(uuid.UUID(int=next(self.ids)))
        emails = [{"Value": email or f"{user}@example.com", "Primary": True}]
        told = {"UserArn": f"arn:aws:identitystore:::user/{user}", "Revision": "1", "UserStatus": "ENABLED"}
        self.users[user] = {
            "UserName": name,
            "Emails": emails,
            "UserId": user,
            "IdentityStoreId": STORE,
            **told,
            **more,
        }
        return user

    def named(self, name: str) -> str:
        return next(user for user, it in self.users.items() if it["UserName"] == name)

    def handlers(self) -> dict[str, Any]:
        names = (name for name in dir(self) if name[0].isupper())
        return {name: getattr(self, name) for name in names} | {
            f"{verb}AccountAssignment{kind}Status": getattr(self, f"_{verb.lower()}")(kind)
            for verb in ("List", "Describe")
            for kind in ("Creation", "Deletion")
        }

    # --- the directory -----------------------------------------------------------------------------------------
    def GetUserId(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - AWS's name, as all below
        unique = given["AlternateIdentifier"]["UniqueAttribute"]
        wanted = unique["AttributeValue"].casefold()
        for user, it in self.users.items():
            emails = [each["Value"].casefold() for each in it["Emails"]]
            mine = {"userName": [it["UserName"].casefold()], "emails.value": emails}[unique["AttributePath"]]
            if wanted in mine:
                return {"UserId": user, "IdentityStoreId": STORE, "UserArn": it["UserArn"]}
        raise AwsNo("ResourceNotFoundException", ResourceType="USER")

    def DescribeUser(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        found: dict[str, Any] = self._there(self.users, given["UserId"])
        return found

    def DescribeGroup(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        found: dict[str, Any] = self._there(self.groups, given["GroupId"])
        return found

    def IsMemberInGroups(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        user, there = given["MemberId"]["UserId"], set(self.memberships.values())
        answers = [
            {"GroupId": group, "MemberId": {"UserId": user}, "MembershipExists": (group, user) in there}
            for group in given["GroupIds"]
        ]
        return {"Results": answers}

    def ListGroupMemberships(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        listed = [
            {**self._membership(key), "GroupId": group, "MemberId": {"UserId": user}}
            for key, (group, user) in self.memberships.items()
            if group == given["GroupId"]
        ]
        return self._page("GroupMemberships", listed, given)

    def GetGroupMembershipId(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        wanted = (given["GroupId"], given["MemberId"]["UserId"])
        for key, membership in self.memberships.items():
            if membership == wanted:
                return self._membership(key)
        raise AwsNo("ResourceNotFoundException", ResourceType="GROUP_MEMBERSHIP")

    def CreateGroupMembership(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        wanted = (given["GroupId"], given["MemberId"]["UserId"])
        if wanted in self.memberships.values():
            raise AwsNo("ConflictException")
        self.memberships[str(uuid.UUID(int=1000 + next(self.ids)))] = wanted
        return self.GetGroupMembershipId(given)

    def DeleteGroupMembership(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        if self.memberships.pop(given["MembershipId"], None) is None:
            raise AwsNo("ResourceNotFoundException", ResourceType="GROUP_MEMBERSHIP")
        return {}

    # --- assignments -------------------------------------------------------------------------------------------
    def DescribeInstance(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"InstanceArn": given["InstanceArn"], "IdentityStoreId": STORE, "Status": "ACTIVE"}

    def DescribePermissionSet(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._is_a_set(given)
        return {
            "PermissionSet": {"PermissionSetArn": given["PermissionSetArn"], "SessionDuration": self.session}
        }

    def ListAccountAssignments(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._is_a_set(given)
        where = {"AccountId": given["AccountId"], "PermissionSetArn": given["PermissionSetArn"]}
        listed = [
            {**where, "PrincipalType": kind, "PrincipalId": each} for kind, each in sorted(self.assigned)
        ]
        return self._page("AccountAssignments", listed, given)

    def CreateAccountAssignment(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"AccountAssignmentCreationStatus": self._begin("Creation", given)}

    def DeleteAccountAssignment(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"AccountAssignmentDeletionStatus": self._begin("Deletion", given)}

    def LookupEvents(self, given: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {
            "Events": [
                each for each in self.events if given["StartTime"] <= each["EventTime"] <= given["EndTime"]
            ]
        }

    def begin(self, kind: str, user: str) -> str:
        """Somebody else, or we before we died, began it."""
        given = {"TargetId": ACCOUNT, "PermissionSetArn": SET, "PrincipalType": "USER", "PrincipalId": user}
        return str(self._begin(kind, given)["RequestId"])

    def started(self, kind: str) -> int:
        return sum(1 for each in self.operations.values() if each["kind"] == kind)

    def _begin(self, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
        kept = ("TargetId", "PermissionSetArn", "PrincipalType", "PrincipalId")
        about = {**{name: given[name] for name in kept}, "TargetType": "AWS_ACCOUNT"}
        if any(each["about"] == about and each["left"] > 0 for each in self.operations.values()):
            raise AwsNo("ConflictException")
        request = str(uuid.uuid4())
        self.operations[request] = {"kind": kind, "about": about, "left": self.takes, "failed": self.fails}
        self._move(request, 0)
        return self._status(request)

    def _status(self, request: str) -> dict[str, Any]:
        it = self.operations[request]
        status = "IN_PROGRESS" if it["left"] > 0 else "FAILED" if it["failed"] else "SUCCEEDED"
        return {"Status": status, "RequestId": request, **it["about"]} | (
            {"FailureReason": SECRET} if status == "FAILED" else {}
        )

    def _move(self, request: str, by: int = 1) -> None:
        it = self.operations[request]
        was, it["left"] = it["left"], it["left"] - by
        principal = (it["about"]["PrincipalType"], it["about"]["PrincipalId"])
        if it["left"] <= 0 and (was > 0 or not by) and not it["failed"]:
            (self.assigned.add if it["kind"] == "Creation" else self.assigned.discard)(principal)

    def _list(self, kind: str) -> Any:
        def handle(given: Mapping[str, Any]) -> dict[str, Any]:
            states = {
                request: self._status(request)
                for request, it in self.operations.items()
                if it["kind"] == kind
            }
            wanted = given.get("Filter", {}).get("Status")
            listed = [
                {"Status": it["Status"], "RequestId": request}
                for request, it in states.items()
                if wanted in {None, it["Status"]}
            ]
            return self._page(f"AccountAssignments{kind}Status", listed, given)

        return handle

    def _describe(self, kind: str) -> Any:
        def handle(given: Mapping[str, Any]) -> dict[str, Any]:
            request = given[f"AccountAssignment{kind}RequestId"]
            self._there(self.operations, request)
            self._move(request)
            return {f"AccountAssignment{kind}Status": self._status(request)}

        return handle

    def _is_a_set(self, given: Mapping[str, Any]) -> None:
        if given["PermissionSetArn"] not in self.sets:
            raise AwsNo("ResourceNotFoundException")

    def _membership(self, key: str) -> dict[str, Any]:
        arn = f"arn:aws:identitystore:::membership/{key}"
        return {"MembershipId": key, "IdentityStoreId": STORE, "MembershipArn": arn}

    def _there(self, of: Mapping[str, Any], key: str) -> Any:
        if key not in of:
            raise AwsNo("ResourceNotFoundException")
        return of[key]

    def _page(self, key: str, listed: list[Any], given: Mapping[str, Any]) -> dict[str, Any]:
        first = int(given.get("NextToken", "0"))
        following = {"NextToken": str(first + self.page)} if first + self.page < len(listed) else {}
        return {key: listed[first : first + self.page], **following}


@pytest.fixture(scope="module")
def far_side() -> Iterator[AwsFarSide]:
    with aws() as far_side:
        yield far_side


@pytest.fixture
def center(far_side: AwsFarSide) -> Iterator[Center]:
    center = Center()
    for name in ("ada", "alan", "mallory"):
        center.user(name, f"{name}@example.com")
    for group, name in ((GROUP, "breakglass"), (DBA, "dba")):
        told = {"GroupArn": f"arn:aws:identitystore:::group/{group}", "Revision": "1"}
        center.groups[group] = {"GroupId": group, "IdentityStoreId": STORE, "DisplayName": name, **told}
    with far_side.in_use(center.handlers()):
        far_side.when("GetCallerIdentity", says(identity("arn:aws:sts::111122223333:assumed-role/bot/1")))
        far_side.when("SimulatePrincipalPolicy", simulating(lambda *_: "allowed"))
        yield center


def connector(url: str, **more: Any) -> IdentityCenterConnector:
    given = {
        "region": "eu-central-1",
        "instance_arn": INSTANCE,
        "identity_store": STORE,
        "access_key_id": KEY,
        "secret_access_key": SECRET,
        "endpoint_url": url,
        "deadline": "5s",
        **more,
    }
    return IdentityCenterConnector("aws", IdentityCenterSettings.model_validate(given))


@pytest.fixture
def bot(far_side: AwsFarSide, center: Center) -> IdentityCenterConnector:
    del center
    return connector(far_side.url)


def grant(bot: IdentityCenterConnector, access: Mapping[str, str] = ASSIGNED, subject: str = "ada") -> Any:
    return bot.grant(subject, access, REQUEST, ENDS_AT)


def present(bot: IdentityCenterConnector, access: Mapping[str, str] = ASSIGNED) -> Present:
    return bot.read("ada", access).present


def unique(name: str) -> dict[str, str]:
    return {"AttributePath": "userName", "AttributeValue": name}


def bench_of(
    bot: IdentityCenterConnector, access: Mapping[str, str], give: Any, take: Any, dead: int, mute: int
) -> Bench:
    return Bench(
        connector=bot,
        access=access,
        gone=ASSIGNED | {"permission_set": SET[:-4] + "90e0"}
        if "account" in access
        else {"group": GROUP[:-4] + "90e0"},
        subject="ada",
        bystander="alan",
        stranger="nobody-here",
        others_give=give,
        others_take=take,
        unreachable=connector(f"http://127.0.0.1:{dead}", deadline="1s"),
        mute=connector(f"http://127.0.0.1:{mute}", deadline="1s"),
        deadline=2.5,
        secrets=[SECRET, KEY],
    )


class TestAssignment(AccessContract):
    @pytest.fixture
    def bench(self, bot: IdentityCenterConnector, center: Center, dead_port: int, mute_port: int) -> Bench:
        user = ("USER", center.named("ada"))
        give, take = (lambda: center.assigned.add(user)), (lambda: center.assigned.discard(user))
        return bench_of(bot, ASSIGNED, give, take, dead_port, mute_port)


class TestMembership(AccessContract):
    @pytest.fixture
    def bench(self, bot: IdentityCenterConnector, center: Center, dead_port: int, mute_port: int) -> Bench:
        def give() -> None:
            center.memberships[str(uuid.uuid4())] = (GROUP, center.named("ada"))

        return bench_of(bot, MEMBER, give, center.memberships.clear, dead_port, mute_port)


# --- operations that go on -------------------------------------------------------------------------------------------


def test_what_takes_too_long_fails_in_passing_and_is_found_again_and_not_started_twice(
    far_side: AwsFarSide, center: Center
) -> None:
    impatient, center.takes = connector(far_side.url, deadline="2s"), float("inf")
    for _ in range(2):
        with pytest.raises(ConnectorError, match="under way") as caught:
            grant(impatient)
        assert (caught.value.permanent, caught.value.unclear) == (False, True)
    for operation in center.operations.values():
        operation["left"] = 1
    restarted = connector(far_side.url)  # which remembers nothing
    grant(restarted)
    assert center.started("Creation") == 1
    assert present(restarted) is Present.THERE


def test_what_was_started_here_is_remembered_though_the_list_does_not_show_it_yet(
    far_side: AwsFarSide, center: Center
) -> None:
    bot, center.takes = connector(far_side.url, deadline="2s"), float("inf")
    far_side.when("ListAccountAssignmentCreationStatus", says(http(200, {})))
    with pytest.raises(ConnectorError, match="under way"):
        grant(bot)
    for operation in center.operations.values():
        operation["left"] = 1
    grant(bot)
    assert far_side.count("CreateAccountAssignment") == 1


def test_taking_waits_for_the_giving_that_is_still_under_way(
    bot: IdentityCenterConnector, center: Center
) -> None:
    center.begin("Creation", center.named("ada"))
    bot.revoke("ada", ASSIGNED, None)
    assert center.assigned == set()
    assert center.started("Deletion") == 1
    assert present(bot) is Present.ABSENT


def test_giving_waits_for_a_taking_that_would_undo_it(bot: IdentityCenterConnector, center: Center) -> None:
    center.assigned.add(("USER", center.named("ada")))
    center.begin("Deletion", center.named("ada"))
    grant(bot)
    assert present(bot) is Present.THERE


def test_a_taking_under_way_is_followed_and_not_begun_again(
    bot: IdentityCenterConnector, center: Center
) -> None:
    receipt = grant(bot)
    center.begin("Deletion", center.named("ada"))
    bot.revoke("ada", ASSIGNED, receipt)
    assert (present(bot), center.started("Deletion")) == (Present.ABSENT, 1)


def test_the_operations_of_others_are_left_alone(bot: IdentityCenterConnector, center: Center) -> None:
    center.takes = float("inf")
    for name in ("alan", "mallory"):
        center.begin("Creation", center.named(name))
    center.takes = 1
    grant(bot)
    assert [each["left"] > 0 for each in center.operations.values()] == [True, True, False]


def test_an_answer_that_never_came_is_unclear_and_the_next_call_follows_what_was_begun(
    far_side: AwsFarSide, center: Center
) -> None:
    bot = connector(far_side.url, deadline="1s")
    far_side.when("CreateAccountAssignment", does_and_hangs, 1)
    with pytest.raises(ConnectorError) as caught:
        grant(bot)
    assert (caught.value.permanent, caught.value.unclear) == (False, True)
    grant(bot)
    assert center.started("Creation") == 1


def test_an_operation_that_aws_fails_is_told_with_where_its_reason_stands(
    bot: IdentityCenterConnector, center: Center
) -> None:
    center.fails = True
    with pytest.raises(ConnectorError, match="describe-account-assignment-creation-status") as caught:
        grant(bot)
    assert not caught.value.permanent
    assert SECRET not in str(caught.value)
    assert present(bot) is Present.ABSENT


def test_a_taking_that_aws_fails_because_nothing_is_there_is_a_clean_end(
    bot: IdentityCenterConnector, center: Center
) -> None:
    receipt = grant(bot)
    center.fails = True
    with pytest.raises(ConnectorError, match="deletion-status"):
        bot.revoke("ada", ASSIGNED, receipt)
    center.assigned.clear()
    bot.revoke("ada", ASSIGNED, receipt)


def test_what_the_list_does_not_show_yet_is_taken_back_all_the_same(
    far_side: AwsFarSide, bot: IdentityCenterConnector, center: Center
) -> None:
    receipt = grant(bot)
    far_side.when("ListAccountAssignments", says(http(200, {"AccountAssignments": []})), 1)
    bot.revoke("ada", ASSIGNED, receipt)
    assert center.assigned == set()


def test_a_permission_set_that_was_deleted_is_held_by_nobody(
    bot: IdentityCenterConnector, center: Center
) -> None:
    receipt = grant(bot)
    center.assigned.clear()
    center.sets = ()
    bot.revoke("ada", ASSIGNED, receipt)
    assert present(bot) is Present.ABSENT
    other = {**ASSIGNED, "permission_set": SET.replace("ssoins-0", "ssoins-f")}
    with pytest.raises(ConnectorError):  # another instance's: nothing is known of it here
        bot.read("ada", other)


# --- whose it is -----------------------------------------------------------------------------------------------------


def test_what_comes_through_a_group_is_others_doing_and_says_through_which(
    far_side: AwsFarSide, center: Center
) -> None:
    bot = connector(far_side.url, names={DBA: "dba"})
    center.assigned.add(("GROUP", DBA))
    for name in ("ada", "alan", "mallory"):
        center.memberships[str(uuid.uuid4())] = (DBA, center.named(name))
    assert (present(bot), bot.read("ada", ASSIGNED).how) == (Present.OTHERS, "through group dba")
    receipt = grant(bot)
    assert present(bot) is Present.THERE
    assert set(bot.find(ASSIGNED)) == {
        Holder("ada", Present.THERE),
        Holder("alan", Present.OTHERS, "through group dba"),
        Holder("mallory", Present.OTHERS, "through group dba"),
    }
    bot.revoke("ada", ASSIGNED, receipt)
    assert present(bot) is Present.OTHERS


@pytest.mark.parametrize("access", [ASSIGNED, MEMBER], ids=["assignment", "membership"])
def test_it_is_taken_from_whom_it_was_given_whatever_their_name_is_by_now(
    bot: IdentityCenterConnector, center: Center, access: Mapping[str, str]
) -> None:
    receipt = grant(bot, access)
    user = center.users[center.named("ada")]
    user["UserName"] = "ada.lovelace"
    center.user("ada")
    grant(bot, access)  # to the newcomer, who keeps it
    assert bot.read("ada", access, receipt).present is Present.THERE
    bot.revoke("ada", access, receipt)
    assert bot.read("ada.lovelace", access).present is Present.ABSENT
    assert bot.read("ada", access, receipt).present is Present.ABSENT
    assert present(bot, access) is Present.THERE


# --- people and groups -----------------------------------------------------------------------------------------------


def test_a_person_is_found_by_either_name_and_called_by_their_user_name(bot: IdentityCenterConnector) -> None:
    assert bot.resolve("Ada@Example.com") == Subject("ada")
    assert bot.resolve("ADA") == Subject("ada")


@pytest.mark.parametrize(
    ("name", "more", "why", "sentence"),
    [
        ("ada", {"UserStatus": "DISABLED"}, "unfit", "this user is disabled"),
        ("ada", {"UserType": "Guest"}, "unfit", r"from outside \(user type `Guest`\)"),
        ("ada", {"UserName": "deploy"}, "none", "no user for you"),
        ("ada@example.com", {"UserName": "deploy"}, "unfit", "a service account"),
        ("alan@example.com", {"UserName": "alan@example.com"}, "several", "two users"),
    ],
)
def test_each_who_can_be_given_nothing_hears_why(
    far_side: AwsFarSide, center: Center, name: str, more: dict[str, Any], why: str, sentence: str
) -> None:
    user = center.users[center.named("ada")]
    user.update(more)
    bot = connector(far_side.url, service_accounts=["deploy"])
    found = bot.resolve(name)
    assert isinstance(found, NoSubject)
    assert found.why == why
    with pytest.raises(ConnectorError, match=sentence) as caught:
        grant(bot, subject=name)
    assert caught.value.permanent
    assert center.operations == {}


def test_a_user_that_aws_takes_for_another_is_nobody(
    far_side: AwsFarSide, bot: IdentityCenterConnector, center: Center
) -> None:
    mallory = center.GetUserId({"AlternateIdentifier": {"UniqueAttribute": unique("mallory")}})
    far_side.when("GetUserId", says(http(200, mallory)))
    assert isinstance(bot.resolve("ada"), NoSubject)


def test_a_synchronised_group_is_refused_before_anything_is_changed(
    bot: IdentityCenterConnector, center: Center
) -> None:
    center.groups[GROUP]["ExternalIds"] = [{"Issuer": "https://acme.okta.com", "Id": "00g1"}]
    with pytest.raises(ConnectorError, match=r"synchronised from https://acme\.okta\.com") as caught:
        grant(bot, MEMBER)
    assert caught.value.permanent
    assert center.memberships == {}
    assert ["synchronised" in str(problem) for problem in bot.check([MEMBER])] == [True]


def test_a_directory_that_is_not_there_is_not_an_absent_person(
    far_side: AwsFarSide, bot: IdentityCenterConnector, center: Center
) -> None:
    del center
    far_side.when("GetUserId", says(no("ResourceNotFoundException", ResourceType="IDENTITY_STORE")))
    with pytest.raises(ConnectorError):
        bot.read("ada", MEMBER)


# --- bad days --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (no("ThrottlingException", 400, "Retry-After: 7"), "passing", "too often"),
        (no("ThrottlingException", 429, "Retry-After: soon"), "passing", "too often"),
        (CONFLICT, "passing", "busy with an earlier change"),
        (no("InternalServerException", 500), "unclear", "HTTP 500"),
        (no("AccessDeniedException"), "permanent", "does not allow us sso:CreateAccountAssignment; allow it"),
        (no("ExpiredTokenException"), "permanent", "expired"),
        (http(200, b"<html>login</html>", kind="text/html"), "unclear", "is not AWS"),
        (http(200, {}), "unclear", "left `AccountAssignmentCreationStatus` out"),
        (http(307, None, "Location: http://127.0.0.1:1/"), "permanent", "HTTP 307"),
        (b"", "unclear", "broke off"),
    ],
)
def test_a_bad_answer_is_called_what_it_is(
    far_side: AwsFarSide, bot: IdentityCenterConnector, answer: bytes, kind: str, words: str
) -> None:
    far_side.when("CreateAccountAssignment", says(answer))
    with pytest.raises(ConnectorError, match=words) as caught:
        grant(bot)
    assert (caught.value.permanent, caught.value.unclear) == (kind == "permanent", kind == "unclear")
    assert SECRET not in str(caught.value)
    asked_for = 7.0 if b"After: 7" in answer else 1.0 if b"429" in answer else None
    assert caught.value.retry_after == asked_for
    assert far_side.count("CreateAccountAssignment") == 1


def test_a_directory_says_in_its_answer_how_long_to_wait(
    far_side: AwsFarSide, bot: IdentityCenterConnector
) -> None:
    far_side.when("GetUserId", says(no("ThrottlingException", RetryAfterSeconds=7)))
    with pytest.raises(ConnectorError) as caught:
        bot.resolve("ada")
    assert (caught.value.retry_after, far_side.count("GetUserId")) == (
        7.0,
        1,
    )  # longer than the call may take


def test_reading_is_tried_again_and_changing_never(
    far_side: AwsFarSide, bot: IdentityCenterConnector
) -> None:
    far_side.when("ListAccountAssignments", says(no("InternalServerException", 500)), 2)
    assert present(bot) is Present.ABSENT
    far_side.when("CreateAccountAssignment", does_and_says(no("InternalServerException", 500)), 1)
    with pytest.raises(ConnectorError):
        grant(bot)
    assert far_side.count("CreateAccountAssignment") == 1


def test_a_list_that_goes_in_a_circle_is_no_list(far_side: AwsFarSide, bot: IdentityCenterConnector) -> None:
    circle = http(200, {"AccountAssignments": [], "NextToken": "1"})
    far_side.when("ListAccountAssignments", says(circle))
    with pytest.raises(ConnectorError, match="circle"):
        bot.read("ada", ASSIGNED)


def test_everything_of_one_call_ends_within_its_deadline(far_side: AwsFarSide, center: Center) -> None:
    del center
    bot = connector(far_side.url, deadline="1s")
    far_side.when("ListAccountAssignmentDeletionStatus", hangs)
    began = datetime.now(UTC)
    with pytest.raises(ConnectorError):
        bot.revoke("ada", ASSIGNED, {"user_id": str(uuid.UUID(int=1))})
    assert datetime.now(UTC) - began < timedelta(seconds=2.5)


def test_the_role_is_assumed_and_its_credentials_are_used(far_side: AwsFarSide, center: Center) -> None:
    far_side.when("AssumeRole", says(assumed("ASIAROLE")))
    bot = connector(far_side.url, role_arn="arn:aws:iam::123456789012:role/breakglass", external_id="x-1")
    assert bot.resolve("ada") == Subject("ada")
    assert "Credential=ASIAROLE/" in far_side.asked[-1].headers["authorization"]
    assert far_side.count("AssumeRole") == 1
    del center


def test_who_may_not_assume_the_role_hears_which_two_things_to_look_at(
    far_side: AwsFarSide, center: Center
) -> None:
    del center
    far_side.when("AssumeRole", says(no_in_xml("AccessDenied", 403)))
    bot = connector(far_side.url, role_arn="arn:aws:iam::123456789012:role/breakglass")
    with pytest.raises(ConnectorError, match=r"allow sts:AssumeRole on it.*trust policy") as caught:
        bot.resolve("ada")
    assert caught.value.permanent


# --- what is said ----------------------------------------------------------------------------------------------------


def test_check_names_each_right_that_is_missing_and_each_thing_that_is_wrong(
    far_side: AwsFarSide, bot: IdentityCenterConnector, center: Center
) -> None:
    center.session = "PT11H30M"
    far_side.when("ListAccountAssignmentDeletionStatus", says(no("AccessDeniedException")))
    found = [str(problem) for problem in bot.check([ASSIGNED, {"group": str(uuid.UUID(int=5))}])]
    assert ["sso:ListAccountAssignmentDeletionStatus" in found[0], "12 h after the end" in found[1]] == [
        True,
        True,
    ]
    assert "there is no group" in found[2]
    wrong = connector(far_side.url, identity_store="d-00000000ff")
    assert any("is not the directory of" in str(problem) for problem in wrong.check())


def test_check_says_which_statement_would_let_us_write(far_side: AwsFarSide, center: Center) -> None:
    del center
    role = "arn:aws:iam::111122223333:role/ops/bot"
    account = f"arn:aws:sso:::account/{ACCOUNT}"

    def decide(who: str, action: str, on: str) -> str:
        assert who == role  # with its path, which a session's name leaves out
        return "implicitDeny" if action.startswith("sso:Delete") and on == account else "allowed"

    far_side.well()
    far_side.when("AssumeRole", says(assumed("ASIAROLE")))
    far_side.when("GetCallerIdentity", says(identity("arn:aws:sts::111122223333:assumed-role/bot/1")))
    far_side.when("SimulatePrincipalPolicy", simulating(decide))
    bot = connector(far_side.url, role_arn=role)
    (found,) = bot.check([ASSIGNED, MEMBER])
    assert found.what == f"AWS does not allow us sso:DeleteAccountAssignment on {account}"
    statement = json.loads(found.remedy.removeprefix("its policy needs "))
    assert statement["Resource"] == [INSTANCE, SET, account]
    assert not any(far_side.count(f"{verb}AccountAssignment") for verb in ("Create", "Delete"))


def test_sessions_are_never_said_to_be_gone(bot: IdentityCenterConnector, center: Center) -> None:
    receipt = grant(bot)
    bot.revoke("ada", ASSIGNED, receipt)
    said = bot.sessions("ada", ASSIGNED, receipt)
    assert said.kind == "unknown"
    assert "up to 1 h" in said.why
    assert center.named("ada") in said.why


def test_activity_is_what_cloudtrail_has_of_the_window_and_says_what_it_has_not(
    far_side: AwsFarSide, bot: IdentityCenterConnector, center: Center
) -> None:
    at = datetime(2026, 11, 22, 3, 10, tzinfo=UTC)
    event = {"EventName": "GetRoleCredentials", "EventSource": "sso.amazonaws.com", "EventTime": at}
    center.events = [event, {**event, "EventTime": at - timedelta(days=1)}]
    found = bot.activity("ada", ASSIGNED, at - timedelta(minutes=1), at + timedelta(minutes=1))
    assert list(found.lines) == ["2026-11-22 03:10:00 UTC GetRoleCredentials (sso.amazonaws.com)"]
    far_side.when("LookupEvents", says(no("AccessDeniedException")))
    assert "allow cloudtrail:LookupEvents" in bot.activity("ada", ASSIGNED, at, at).unseen


def test_people_read_the_names_that_settings_give(far_side: AwsFarSide, center: Center) -> None:
    del center
    bot = connector(far_side.url, names={SET: "BreakGlassAdmin", ACCOUNT: "production"})
    assert bot.describe(ASSIGNED) == "BreakGlassAdmin in production (123456789012) on aws"
    assert bot.describe(MEMBER) == f"group {GROUP} on aws"


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint_url": "http://aws.example.com"},
        {"endpoint_url": "https://user@aws.example.com"},
        {"secret_access_key": None},
        {"profile": "bot"},
        {"external_id": "x"},
        {"instance_arn": "arn:aws:sso:::instance/x"},
        {"role_arn": "breakglass"},
    ],
)
def test_settings_that_cannot_be_right_are_faults_that_show_no_secret(wrong: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        connector("https://sso.example.com", **wrong)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("wrong", [{}, {"account": ACCOUNT}, {**ASSIGNED, **MEMBER}, {"group": "dba"}])
def test_an_access_is_a_permission_set_in_an_account_or_a_group(wrong: dict[str, str]) -> None:
    with pytest.raises(pydantic.ValidationError):
        IdentityCenterConnector.Access.model_validate(wrong)


def test_moto_understands_it_too(far_side: AwsFarSide) -> None:
    """Its answers come at once, so that it proves the shapes and not the waiting."""
    lists: dict[str, Any] = {
        f"ListAccountAssignment{kind}Status": lambda _: {}  # which moto does not know
        for kind in ("Creation", "Deletion")
    }
    people = {"GetUserId": _moto_user, "DescribeUser": _moto_person}
    with far_side.in_use({**people, **lists}, ("sso-admin",)):
        bot = connector(far_side.url)
        grant(bot)
        assert present(bot) is Present.THERE
        bot.revoke("ada", ASSIGNED, None)
        assert present(bot) is Present.ABSENT


def _moto_user(_: Mapping[str, Any]) -> dict[str, Any]:
    user = str(uuid.UUID(int=1))
    return {"UserId": user, "IdentityStoreId": STORE, "UserArn": f"arn:aws:identitystore:::user/{user}"}


def _moto_person(given: Mapping[str, Any]) -> dict[str, Any]:
    return {**_moto_user(given), "UserName": "ada", "Revision": "1"}
