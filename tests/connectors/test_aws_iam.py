"""IAM: moto's, in this process behind a local server, each request held to botocore's own service model."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pydantic
import pytest

from app.errors import ConnectorError, Unproven
from connectors.access.aws_iam import IamConnector
from connectors.access.aws_iam_documents import MOST_CHARACTERS, Unlendable, end_of, marker, until
from connectors.access.aws_iam_settings import IamSettings
from connectors.interface import Expiry, Holder, NoSubject, Present, Subject
from tests.connectors.aws_far_side import KEY, SECRET, AwsFarSide, aws, identity, no, no_in_xml, simulating
from tests.connectors.contract import ENDS_AT, REQUEST, AccessContract, Bench, EndContract, GiverContract
from tests.farside import does_and_says, http, says

ACCOUNT = "123456789012"
BOT = f"arn:aws:iam::{ACCOUNT}:user/bot"
MEMBER = {"group": "dba"}
GROUP = f"arn:aws:iam::{ACCOUNT}:group/breakglass/dba"
LENT = {"policy": f"arn:aws:iam::{ACCOUNT}:policy/Emergency"}
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Stop", "Effect": "Allow", "Action": "ec2:StopInstances", "Resource": "*"},
        {"Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*"},
    ],
}
PEOPLE = ("ada", "alan", "mallory", "bot")


@dataclass
class Account:
    """What an administrator of the account does and sees, through the same door, so that nothing is patched."""

    far_side: AwsFarSide
    iam: Any
    made: list[str] = field(default_factory=list)

    def user(self, name: str, path: str = "/", *, password: bool = True) -> None:
        self.iam.create_user(UserName=name, Path=path)
        if password:
            self.iam.create_login_profile(UserName=name, Password="Correct-Horse-1")

    def group(self, name: str, path: str = "/breakglass/") -> None:
        self.iam.create_group(GroupName=name, Path=path)

    def policy(self, name: str, document: Mapping[str, Any]) -> str:
        made = self.iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))
        return str(made["Policy"]["Arn"])

    def copy_of(self, user: str) -> Any:
        found = self.iam.get_user_policy(UserName=user, PolicyName=marker(LENT["policy"]))
        return found["PolicyDocument"]


@pytest.fixture(scope="module")
def far_side() -> Iterator[AwsFarSide]:
    with aws() as far_side:
        yield far_side


@pytest.fixture(scope="module")
def iam(far_side: AwsFarSide) -> Any:
    return boto3.client(
        "iam", "us-east-1", endpoint_url=far_side.url, aws_access_key_id=KEY, aws_secret_access_key=SECRET
    )


@pytest.fixture
def account(far_side: AwsFarSide, iam: Any) -> Iterator[Account]:
    with far_side.in_use({"LookupEvents": lambda _: {"Events": []}}, ("iam",)):
        far_side.forget()
        account = Account(far_side, iam)
        for name in PEOPLE:
            account.user(name)
        account.group("dba")
        account.policy("Emergency", DOCUMENT)
        far_side.when("GetCallerIdentity", says(identity(BOT)))
        far_side.when("SimulatePrincipalPolicy", simulating(lambda *_: "allowed"))
        far_side.asked.clear()
        yield account


def connector(url: str, **more: Any) -> IamConnector:
    keys = {"access_key_id": KEY, "secret_access_key": SECRET}
    given = {"account": ACCOUNT, **keys, "endpoint_url": url, "deadline": "5s", **more}
    return IamConnector("aws", IamSettings.model_validate(given))


@pytest.fixture
def bot(far_side: AwsFarSide, account: Account) -> IamConnector:
    del account
    return connector(far_side.url)


def grant(bot: IamConnector, access: Mapping[str, str] = LENT, subject: str = "ada") -> Any:
    return bot.grant(subject, access, REQUEST, ENDS_AT)


def present(bot: IamConnector, access: Mapping[str, str] = LENT) -> Present:
    return bot.read("ada", access).present


def bench_of(bot: IamConnector, access: Mapping[str, str], dead: int, mute: int, **more: Any) -> Bench:
    return Bench(
        connector=bot,
        access=access,
        gone={key: f"{value}-gone" for key, value in access.items()},
        subject="ada",
        bystander="alan",
        stranger="nobody-here",
        unreachable=connector(f"http://127.0.0.1:{dead}", deadline="1s"),
        mute=connector(f"http://127.0.0.1:{mute}", deadline="1s"),
        deadline=2.5,
        secrets=[SECRET, KEY],
        **more,
    )


class TestPolicy(GiverContract, EndContract):
    @pytest.fixture
    def bench(self, bot: IamConnector, account: Account, dead_port: int, mute_port: int) -> Bench:
        iam, ours = account.iam, marker(LENT["policy"])

        def ends() -> datetime:
            return datetime.fromisoformat(
                account.copy_of("ada")["Statement"][0]["Condition"]["DateLessThan"]["aws:CurrentTime"]
            )

        return bench_of(
            bot,
            LENT,
            dead_port,
            mute_port,
            others_give=lambda: iam.attach_user_policy(UserName="ada", PolicyArn=LENT["policy"]),
            others_take=lambda: iam.delete_user_policy(UserName="ada", PolicyName=ours),
            until=ends,
        )


class TestGroup(AccessContract):
    @pytest.fixture
    def bench(self, bot: IamConnector, account: Account, dead_port: int, mute_port: int) -> Bench:
        both = {"UserName": "ada", "GroupName": "dba"}
        give, take = account.iam.add_user_to_group, account.iam.remove_user_from_group
        return bench_of(
            bot,
            MEMBER,
            dead_port,
            mute_port,
            others_give=lambda: give(**both),
            others_take=lambda: take(**both),
        )


# --- documents that end ----------------------------------------------------------------------------------------------


def test_every_statement_gets_the_end_beside_its_own_conditions() -> None:
    own = {
        "StringEquals": {"aws:RequestedRegion": "eu-central-1"},
        "DateLessThan": {"aws:TokenIssueTime": "2030-01-01T00:00:00Z"},
    }
    document = {
        **DOCUMENT,
        "Id": "x",
        "Statement": [*DOCUMENT["Statement"], {"Effect": "Allow", "NotAction": "iam:*", "Condition": own}],
    }
    before = json.dumps(document)
    found = json.loads(until(document, datetime(2026, 11, 22, 3, 40, 0, 1, UTC)))
    end = {"aws:CurrentTime": "2026-11-22T03:40:01Z"}
    assert [each["Condition"]["DateLessThan"] for each in found["Statement"]] == [
        end,
        end,
        {**own["DateLessThan"], **end},
    ]
    assert found["Statement"][2]["Condition"]["StringEquals"] == own["StringEquals"]
    assert found["Version"] == "2012-10-17"
    assert json.dumps(document) == before
    assert end_of(found) == datetime(2026, 11, 22, 3, 40, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("{}", "cannot be read"),
        ({"Statement": []}, "cannot be read"),
        ({}, "cannot be read"),
        ({"Statement": {"Effect": "allow", "Action": "*"}}, "cannot be read"),
        ({"Statement": {"Effect": "Allow", "Condition": []}}, "cannot be read"),
        (
            {
                "Statement": {
                    "Effect": "Allow",
                    "Condition": {"DateLessThan": {"AWS:currenttime": "2099-01-01"}},
                }
            },
            "of its own",
        ),
        ({"Statement": {"Effect": "Allow", "Action": ["s3:" + "x" * MOST_CHARACTERS]}}, "2048"),
    ],
)
def test_a_document_that_cannot_end_is_not_lent(document: Any, why: str) -> None:
    with pytest.raises(Unlendable, match=why):
        until(document, ENDS_AT)


def test_white_space_takes_no_room_and_every_other_character_does() -> None:
    empty = len(until({"Statement": {"Effect": "Allow", "Action": ""}}, ENDS_AT))
    longest = "x" * (MOST_CHARACTERS - empty)
    assert until({"Statement": {"Effect": "Allow", "Action": longest + "  "}}, ENDS_AT)
    with pytest.raises(Unlendable):
        until({"Statement": {"Effect": "Allow", "Action": longest + "x"}}, ENDS_AT)


def test_one_statement_without_the_end_is_no_end() -> None:
    found = json.loads(until(DOCUMENT, ENDS_AT))
    del found["Statement"][1]["Condition"]
    assert end_of(found) is None


# --- policies --------------------------------------------------------------------------------------------------------


def test_a_policy_ends_by_itself_and_a_membership_does_not() -> None:
    promises = [IamConnector.promise(access) for access in (LENT, MEMBER)]
    assert [(each.expiry, each.keeps_giver) for each in promises] == [
        (Expiry.EVERY_USE, True),
        (Expiry.WORKER, False),
    ]


def test_a_policy_that_comes_through_a_group_is_others_and_says_through_which(
    bot: IamConnector, account: Account
) -> None:
    account.group("sre", "/")
    account.iam.attach_group_policy(GroupName="sre", PolicyArn=LENT["policy"])
    account.iam.add_user_to_group(GroupName="sre", UserName="ada")
    assert (present(bot), bot.read("ada", LENT).how) == (Present.OTHERS, "through group sre")
    grant(bot)
    assert list(bot.find(LENT)) == [Holder("ada", Present.BOTH, "through group sre")]
    bot.revoke("ada", LENT, None)
    assert present(bot) is Present.OTHERS


def test_a_copy_whose_end_was_taken_out_is_ours_and_says_so(bot: IamConnector, account: Account) -> None:
    grant(bot)
    account.iam.put_user_policy(
        UserName="ada", PolicyName=marker(LENT["policy"]), PolicyDocument=json.dumps(DOCUMENT)
    )
    reading = bot.read("ada", LENT)
    assert (reading.present, reading.how) == (Present.OURS, "our copy has been changed by hand")


def test_what_does_not_fit_beside_other_policies_is_told(far_side: AwsFarSide, bot: IamConnector) -> None:
    far_side.when("PutUserPolicy", says(no_in_xml("LimitExceeded", 409)))
    with pytest.raises(
        ConnectorError, match="does not fit beside the other inline policies of `ada`"
    ) as caught:
        grant(bot)
    assert caught.value.permanent


def test_who_is_in_too_many_groups_hears_it(far_side: AwsFarSide, bot: IamConnector) -> None:
    far_side.when("AddUserToGroup", says(no_in_xml("LimitExceeded", 409)))
    with pytest.raises(ConnectorError, match="as many groups as IAM allows"):
        grant(bot, MEMBER)


@pytest.mark.parametrize("access", [LENT, MEMBER], ids=["policy", "group"])
def test_it_is_taken_from_whom_it_was_given_whatever_their_name_is_by_now(
    bot: IamConnector, account: Account, access: Mapping[str, str]
) -> None:
    receipt = grant(bot, access)
    account.iam.update_user(UserName="ada", NewUserName="ada.lovelace")
    account.user("ada")
    grant(bot, access)  # to the newcomer, who keeps it
    assert bot.read("ada", access, receipt) == bot.read("ada.lovelace", access)
    bot.revoke("ada", access, receipt)
    assert bot.read("ada.lovelace", access).present is Present.ABSENT
    assert bot.read("ada", access, receipt).present is Present.ABSENT
    assert present(bot, access) is not Present.ABSENT


def test_who_is_in_a_group_that_was_renamed_leaves_that_one(bot: IamConnector, account: Account) -> None:
    receipt = grant(bot, MEMBER)
    account.iam.update_group(GroupName="dba", NewGroupName="dbas")
    account.group("dba")
    account.iam.add_user_to_group(GroupName="dba", UserName="ada")  # another one, by somebody else
    assert bot.read("ada", MEMBER, receipt).present is Present.THERE
    bot.revoke("ada", MEMBER, receipt)
    assert bot.read("ada", MEMBER, receipt).present is Present.ABSENT
    left = account.iam.list_groups_for_user(UserName="ada")["Groups"]
    assert [each["GroupName"] for each in left] == ["dba"]


def test_the_bots_own_account_is_nobody_who_has_it(bot: IamConnector, account: Account) -> None:
    for user in ("bot", "alan"):
        account.iam.add_user_to_group(GroupName="dba", UserName=user)
        account.iam.attach_user_policy(UserName=user, PolicyArn=LENT["policy"])
    assert [holder.subject for holder in bot.find(MEMBER)] == ["alan"]
    assert [holder.subject for holder in bot.find(LENT)] == ["alan"]


# --- people and groups -----------------------------------------------------------------------------------------------


def test_who_can_be_given_nothing_hears_why(far_side: AwsFarSide, account: Account) -> None:
    account.user("robot", "/machines/")
    account.user("asleep", "/people/", password=False)
    account.user("root-like", "/people/")
    account.user("deploy", "/people/")
    account.iam.attach_user_policy(
        UserName="root-like", PolicyArn=account.policy("AdministratorAccess", DOCUMENT)
    )
    account.user("boss", "/people/")
    account.group("admins", "/")
    account.iam.attach_group_policy(GroupName="admins", PolicyArn=account.policy("IAMFullAccess", DOCUMENT))
    account.iam.add_user_to_group(GroupName="admins", UserName="boss")
    bot = connector(far_side.url, service_accounts=["deploy"], people_path="/people/")
    sentences = {
        "bot": "the bot's own account",
        "robot": r"not a person's \(people are under /people/\)",
        "asleep": "disabled: it has no password and no active access key",
        "root-like": r"an administrator's \(AdministratorAccess\)",
        "boss": r"an administrator's \(IAMFullAccess through group admins\)",
        "deploy": "a service account",
    }
    for name, sentence in sentences.items():
        found = bot.resolve(name)
        assert isinstance(found, NoSubject)
        assert found.why == "unfit"
        with pytest.raises(ConnectorError, match=sentence) as caught:
            grant(bot, subject=name)
        assert caught.value.permanent
    assert far_side.count("PutUserPolicy") == 0


def test_an_active_key_is_a_way_in_and_a_group_that_is_lent_makes_no_administrator(
    bot: IamConnector, account: Account
) -> None:
    account.user("cli", password=False)
    account.iam.create_access_key(UserName="cli")
    account.iam.attach_group_policy(
        GroupName="dba", PolicyArn=account.policy("AdministratorAccess", DOCUMENT)
    )
    account.iam.add_user_to_group(GroupName="dba", UserName="cli")
    assert bot.resolve("cli") == Subject("cli")


def test_a_group_beside_those_that_are_lent_is_not_touched(bot: IamConnector, account: Account) -> None:
    account.group("everybody", "/")
    with pytest.raises(ConnectorError, match="only groups under /breakglass/ are lent") as caught:
        grant(bot, {"group": "everybody"})
    assert caught.value.permanent
    assert account.iam.get_group(GroupName="everybody")["Users"] == []


# --- bad days --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (no_in_xml("Throttling"), "passing", "too often"),
        (no_in_xml("ConcurrentModification", 409), "passing", "busy with an earlier change"),
        (no_in_xml("ServiceFailure", 500), "unclear", "HTTP 500"),
        (no_in_xml("AccessDenied", 403), "permanent", "does not allow us iam:PutUserPolicy; allow it"),
        (no_in_xml("SignatureDoesNotMatch", 403), "permanent", "clock"),
        (http(200, b"<html>login</html>", kind="text/html"), "unclear", "is not AWS"),
    ],
)
def test_a_bad_answer_is_called_what_it_is(
    far_side: AwsFarSide, bot: IamConnector, answer: bytes, kind: str, words: str
) -> None:
    far_side.when("PutUserPolicy", says(answer))
    with pytest.raises(ConnectorError, match=words) as caught:
        grant(bot)
    assert (caught.value.permanent, caught.value.unclear) == (kind == "permanent", kind == "unclear")
    assert SECRET not in str(caught.value)
    assert far_side.count("PutUserPolicy") == 1


def test_what_was_done_and_said_to_have_failed_is_read_back(far_side: AwsFarSide, bot: IamConnector) -> None:
    far_side.when("PutUserPolicy", does_and_says(no_in_xml("ServiceFailure", 503)), 1)
    with pytest.raises(ConnectorError):
        grant(bot)
    assert present(bot) is Present.OURS


def test_check_names_the_wrong_account_each_missing_right_and_what_cannot_be_lent(
    far_side: AwsFarSide, bot: IamConnector, account: Account
) -> None:
    long = account.policy(
        "Long",
        {
            **DOCUMENT,
            "Statement": {"Effect": "Allow", "Action": ["s3:" + "x" * MOST_CHARACTERS], "Resource": "*"},
        },
    )
    far_side.when("ListAccessKeys", says(no_in_xml("AccessDenied", 403)))
    gone = {"policy": f"arn:aws:iam::{ACCOUNT}:policy/Gone"}
    found = [str(each) for each in bot.check([LENT, MEMBER, {"policy": long}, gone, {"group": "nobody"}])]
    expected = [
        "iam:ListAccessKeys",
        "cannot be lent: with an end",
        "there is no policy",
        "aws iam create-group",
    ]
    assert [part in problem for part, problem in zip(expected, found, strict=True)] == [True] * 4
    wrong = connector(far_side.url, account="999999999999")
    assert [f"belong to account {ACCOUNT}, not" in str(each) for each in wrong.check()] == [True, False]
    far_side.well()
    far_side.when("GetCallerIdentity", says(identity(f"arn:aws:iam::{ACCOUNT}:root")))
    assert ["root user's" in str(each) for each in connector(far_side.url).check()] == [True]


def test_check_proves_the_right_to_write_or_says_that_it_could_not_and_what_is_needed(
    far_side: AwsFarSide, bot: IamConnector
) -> None:
    def decide(who: str, action: str, on: str) -> str:
        assert who == f"arn:aws:iam::{ACCOUNT}:role/bot"  # of a session the role
        return "implicitDeny" if action == "iam:RemoveUserFromGroup" or "user/" in on else "allowed"

    far_side.well()
    far_side.when("GetCallerIdentity", says(identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/bot/i-1")))
    far_side.when("SimulatePrincipalPolicy", simulating(decide))
    first, *more = bot.check([LENT, MEMBER])
    assert first.what == f"AWS does not allow us iam:RemoveUserFromGroup on {GROUP}"
    assert json.loads(first.remedy.removeprefix("its policy needs "))["Resource"] == [GROUP]
    assert ["user/breakglass-check" in each.what for each in more] == [True, True]
    assert not any(isinstance(each, Unproven) for each in [first, *more])
    far_side.well()
    far_side.when("GetCallerIdentity", says(identity(BOT)))
    far_side.when("SimulatePrincipalPolicy", says(no_in_xml("AccessDenied", 403)))
    (unproven,) = connector(far_side.url).check([MEMBER])
    assert isinstance(unproven, Unproven)
    assert "could not be proven" in unproven.what
    assert f'"Resource": ["{GROUP}"]' in unproven.remedy
    assert "allow iam:SimulatePrincipalPolicy on arn:aws:iam" in unproven.remedy
    assert not [asked for asked in far_side.asked if asked.path.startswith(("/Put", "/Add", "/Remove"))]


def test_sessions_and_activity_say_what_nobody_knows(far_side: AwsFarSide, bot: IamConnector) -> None:
    receipt = grant(bot)
    bot.revoke("ada", LENT, receipt)
    said = bot.sessions("ada", LENT, receipt)
    assert said.kind == "unknown"
    assert "roles that it assumed" in said.why
    far_side.when("LookupEvents", says(no("AccessDeniedException")))
    seen = bot.activity("ada", LENT, ENDS_AT - timedelta(hours=1), ENDS_AT)
    assert "allow cloudtrail:LookupEvents" in seen.unseen


@pytest.mark.parametrize("wrong", [{}, {**LENT, **MEMBER}, {"policy": "Emergency"}, {"group": "a b"}])
def test_an_access_is_a_group_or_a_policy(wrong: dict[str, str]) -> None:
    with pytest.raises(pydantic.ValidationError):
        IamConnector.Access.model_validate(wrong)
