"""The LDAP connector and what Active Directory does otherwise, against a stand-in of its published specification."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.errors import ConnectorError
from connectors.access.ldap import LdapConnector
from connectors.access.ldap_settings import LdapSettings
from connectors.interface import Expiry, NoSubject, Present, Subject
from tests.connectors.adserver import DOMAIN, FEATURE, ActiveDirectory, active_directory
from tests.connectors.contract import ENDS_AT, REQUEST, AccessContract, Bench, EndContract

PASSWORD = "hunter2-and-more"
PEOPLE, GROUPS = f"OU=People,{DOMAIN}", f"OU=BreakGlass,{DOMAIN}"
BOT = f"CN=breakglass,OU=Services,{DOMAIN}"
ADA, ALAN = f"CN=Ada Lovelace,{PEOPLE}", f"CN=Alan Turing,{PEOPLE}"
ADMINS = {"group": f"CN=db-admins,{GROUPS}", "ends": "worker"}
LENT = ADMINS | {"ends": "directory"}
USER = ["top", "person", "organizationalPerson", "user"]
SID = bytes.fromhex("010500000000000515000000") + bytes(12)


def sid(last: int) -> bytes:
    return SID + last.to_bytes(4, "little")


@dataclass
class Target:
    directory: ActiveDirectory
    port: int
    opened: list[LdapConnector] = field(default_factory=list)

    def connector(self, **settings: Any) -> LdapConnector:
        chosen = {
            "url": f"ldap://127.0.0.1:{self.port}",
            "bind_dn": BOT,
            "password": PASSWORD,
            "people": PEOPLE,
            "groups": GROUPS,
            "login": "sAMAccountName",
            "untried_active_directory": True,
        } | settings
        connector = LdapConnector("corp-ad", LdapSettings.model_validate(chosen))
        self.opened.append(connector)
        return connector

    def user(self, dn: str, login: str, **more: Any) -> str:
        given = {"objectClass": USER, "sAMAccountName": login, "userAccountControl": 512} | more
        return self.directory.put(dn, objectGUID=login.encode().ljust(16, b"."), primaryGroupID=513, **given)

    def members(self) -> dict[str, datetime | None]:
        return self.directory.members[ADMINS["group"]]


@pytest.fixture
def target() -> Iterator[Target]:
    with active_directory(PASSWORD) as (directory, port):
        target = Target(directory, port)
        for dn in (DOMAIN, PEOPLE, GROUPS):
            directory.put(dn, objectClass=["top", "organizationalUnit"])
        target.user(BOT, "breakglass")
        target.user(ADA, "ada")
        target.user(ALAN, "alan")
        directory.group(ADMINS["group"], objectSid=sid(1105), objectGUID=b"g" * 16)
        directory.put(FEATURE, objectClass="msDS-OptionalFeature", msDS_EnabledFeatureBL="CN=Partitions")
        yield target
        for connector in target.opened:
            connector.close()


@pytest.fixture
def bot(target: Target) -> LdapConnector:
    return target.connector()


def grant(bot: LdapConnector, access: dict[str, str] = ADMINS, ends_at: datetime = ENDS_AT) -> Any:
    return bot.grant(ADA, access, REQUEST, ends_at)


def fault_of(call: Callable[[], object]) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        call()
    return caught.value


class TestContract(EndContract, AccessContract):
    @pytest.fixture
    def bench(self, target: Target, bot: LdapConnector, dead_port: int, mute_port: int) -> Bench:
        target.directory.now = ENDS_AT - timedelta(minutes=30)

        def nowhere(port: int) -> LdapConnector:
            return target.connector(url=f"ldap://127.0.0.1:{port}", deadline="1s")

        return Bench(
            connector=bot,
            access=LENT,
            gone=LENT | {"group": f"CN=gone,{GROUPS}"},
            subject=ADA,
            bystander=ALAN,
            stranger="nobody-here",
            others_give=lambda: target.members().update({ADA: None}),
            others_take=lambda: target.members().pop(ADA),
            unreachable=nowhere(dead_port),
            mute=nowhere(mute_port),
            deadline=2.5,
            secrets=[PASSWORD],
            unlike_ours=False,
            until=lambda: target.members()[ADA] or ENDS_AT.min,
        )


def test_without_the_word_nothing_is_given_there_and_all_is_taken(target: Target, bot: LdapConnector) -> None:
    receipt = grant(bot, ADMINS)
    timid = target.connector(untried_active_directory=False)
    nobody = timid.resolve("ada")
    assert isinstance(nobody, NoSubject)
    assert "never run" in nobody.sentence
    assert fault_of(lambda: grant(timid, ADMINS)).permanent
    assert ["untried_active_directory: true" in each.remedy for each in timid.check([ADMINS])] == [True]
    timid.revoke(ADA, ADMINS, receipt)
    assert timid.read(ADA, ADMINS).present is Present.ABSENT


# --- members with an end --------------------------------------------------------------------------


def test_a_lent_membership_ends_by_the_directorys_own_clock(target: Target, bot: LdapConnector) -> None:
    """Which is not ours: it is told how many seconds are left by its own."""
    end = target.directory.now + timedelta(minutes=30)
    grant(bot, LENT, end)
    assert target.directory.asked == [f"+<TTL=1800,{ADA}>"]
    target.directory.now = end - timedelta(seconds=1)
    assert bot.read(ADA, LENT).present is Present.THERE
    assert [holder.subject for holder in bot.find(LENT)] == [ADA]
    target.directory.now = end
    assert bot.read(ADA, LENT).present is Present.ABSENT
    assert "past" in str(fault_of(lambda: grant(bot, LENT, end)))


def test_a_later_end_comes_in_one_change_and_one_without_end_is_left_alone(
    target: Target, bot: LdapConnector
) -> None:
    end = target.directory.now + timedelta(minutes=10)
    grant(bot, LENT, end)
    grant(bot, LENT, end + timedelta(minutes=10))
    assert target.directory.asked[1:] == [f"-{ADA}", f"+<TTL=1200,{ADA}>"]
    assert target.members() == {ADA: end + timedelta(minutes=10)}
    target.members()[ADA] = None
    grant(bot, LENT, end)
    assert target.members() == {ADA: None}


def test_where_the_forest_lends_nothing_the_grant_and_the_check_say_how_to_switch_it_on(
    target: Target, bot: LdapConnector
) -> None:
    del target.directory.entries[FEATURE]
    error = fault_of(lambda: grant(bot, LENT))
    assert error.permanent
    assert str(error).startswith("corp-ad: the forest's Privileged Access Management Feature is off")
    assert "Enable-ADOptionalFeature" in str(bot.check([LENT])[0])
    assert target.members() == {}
    assert bot.check([ADMINS]) == []


def test_who_ends_it_is_said_by_the_access() -> None:
    assert LdapConnector.promise(LENT).expiry is Expiry.NEW_SESSIONS
    assert LdapConnector.promise(ADMINS).expiry is Expiry.WORKER


# --- codes, ranges, pages -------------------------------------------------------------------------


@pytest.mark.parametrize("permissive", [True, False])
def test_repeats_succeed_with_the_permissive_control_and_without(target: Target, permissive: bool) -> None:  # noqa: FBT001
    target.directory.permissive = permissive
    bot = target.connector()
    bot.revoke(ADA, ADMINS, None)
    grant(bot)
    grant(bot)
    assert target.members() == {ADA: None}
    bot.revoke(ADA, ADMINS, None)
    assert target.members() == {}


def test_members_come_range_by_range_and_pages_are_followed(target: Target, bot: LdapConnector) -> None:
    target.directory.range_size, target.directory.page_size = 3, 2
    through = target.directory.group(f"CN=sre,{DOMAIN}")
    for number in range(7):
        target.members()[target.user(f"CN=p{number},{PEOPLE}", f"p{number}")] = None
        target.directory.members[through][target.user(f"CN=q{number},{PEOPLE}", f"q{number}")] = None
    target.members()[through] = None
    found = {holder.subject: holder.present for holder in bot.find(ADMINS)}
    assert found == {
        **{f"CN=p{number},{PEOPLE}": Present.THERE for number in range(7)},
        **{f"CN=q{number},{PEOPLE}": Present.OTHERS for number in range(7)},
        through: Present.THERE,
    }


def test_membership_through_another_group_or_as_primary_group_is_others(
    target: Target, bot: LdapConnector
) -> None:
    inner = target.directory.group(f"CN=on-call,{DOMAIN}", ADA)
    outer = target.directory.group(f"CN=sre,{DOMAIN}", inner)
    target.members()[outer] = None
    reading = bot.read(ADA, ADMINS)
    assert (reading.present, reading.how) == (Present.OTHERS, f"through {inner}")
    receipt = grant(bot)
    assert bot.read(ADA, ADMINS).present is Present.THERE
    bot.revoke(ADA, ADMINS, receipt)
    assert bot.read(ADA, ADMINS).present is Present.OTHERS
    target.directory.entries[ALAN]["primarygroupid"] = [b"1105"]
    assert bot.read(ALAN, ADMINS).how == "through their primary group"


@pytest.mark.parametrize("renamed", [f"CN=Augusta,{PEOPLE}", f"CN=Ada Lovelace,OU=Leavers,{DOMAIN}"])
def test_a_renamed_or_moved_account_loses_it_all_the_same(
    target: Target, bot: LdapConnector, renamed: str
) -> None:
    receipt = grant(bot)
    target.directory.entries[renamed] = target.directory.entries.pop(ADA)
    target.members()[renamed] = target.members().pop(ADA)
    bot.revoke(ADA, ADMINS, receipt)
    assert target.members() == {}


def test_who_has_the_old_name_by_then_keeps_what_they_have(target: Target, bot: LdapConnector) -> None:
    receipt, renamed = grant(bot), f"CN=Augusta,{PEOPLE}"
    entries = target.directory.entries
    entries[renamed] = entries.pop(ADA)
    entries[ADA] = {**entries[renamed], "objectguid": [b"another-one-of-16"[:16]]}
    target.members()[renamed] = target.members()[ADA]
    assert bot.read(ADA, ADMINS, receipt).present is Present.THERE
    bot.revoke(ADA, ADMINS, receipt)
    assert set(target.members()) == {ADA}


# --- who and what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"userAccountControl": 514}, "is disabled"),
        ({"msDS_User_Account_Control_Computed": 16}, "is locked"),
        ({"accountExpires": 132_000_000_000_000_000}, "is expired"),
        ({"userAccountControl": 4096}, "no person's account"),
        ({"adminCount": 1}, "administrator's"),
        ({"servicePrincipalName": "HTTP/x"}, "service account (servicePrincipalName)"),
        ({"objectClass": [*USER, "computer"]}, "machine's account"),
        ({"objectClass": [*USER, "computer", "msDS-GroupManagedServiceAccount"]}, "is a service account"),
        ({"objectClass": ["top", "person", "contact"], "userAccountControl": 0}, "is a contact"),
    ],
)
def test_an_unfit_account_is_refused_by_name_and_by_reason(
    target: Target, bot: LdapConnector, more: dict[str, Any], why: str
) -> None:
    target.user(ADA, "ada", **more)
    unfit = bot.resolve("ada")
    assert isinstance(unfit, NoSubject)
    assert unfit.why == "unfit"
    assert why in unfit.sentence
    error = fault_of(lambda: grant(bot))
    assert error.permanent
    assert why in str(error)
    target.user(ADA, "ada", accountExpires=0x7FFF_FFFF_FFFF_FFFF)
    assert bot.resolve("ada") == Subject(ADA)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"adminCount": 1}, "administrators' or built-in"),
        ({"isCriticalSystemObject": "TRUE"}, "administrators' or built-in"),
        ({"objectSid": sid(512)}, "administrators' or built-in"),
        ({"objectSid": bytes.fromhex("01020000000000052000000020020000")}, "administrators' or built-in"),
    ],
)
def test_an_administrators_group_is_lent_to_nobody(
    target: Target, bot: LdapConnector, more: dict[str, Any], why: str
) -> None:
    target.directory.group(ADMINS["group"], **more)
    assert why in str(fault_of(lambda: grant(bot)))
    assert why in str(bot.check([ADMINS])[0])


def test_a_group_that_leads_to_the_administrators_is_lent_to_nobody(
    target: Target, bot: LdapConnector
) -> None:
    between = target.directory.group(f"CN=between,{DOMAIN}", ADMINS["group"])
    target.directory.group(f"CN=Domain Admins,CN=Users,{DOMAIN}", between, adminCount=1)
    error = fault_of(lambda: grant(bot))
    assert error.permanent
    assert f"leads to CN=Domain Admins,CN=Users,{DOMAIN}" in str(error)


# --- the bot's rights -----------------------------------------------------------------------------


def test_members_that_the_bot_may_not_touch_are_never_said_to_be_absent(
    target: Target, bot: LdapConnector
) -> None:
    grant(bot)
    target.directory.may_write = False
    assert fault_of(lambda: bot.read(ADA, ADMINS)).permanent
    assert "dsacls" in str(fault_of(lambda: bot.revoke(ADA, ADMINS, None)))
    assert "dsacls" in str(bot.check([ADMINS])[0])


def test_a_bot_that_is_an_administrator_or_locked_hears_it(target: Target, bot: LdapConnector) -> None:
    target.user(BOT, "breakglass", adminCount=1)
    assert "administrator's" in str(bot.check([ADMINS])[0])
    assert "Kerberos" in bot.sessions(ADA, ADMINS, None).why
    target.directory.bind_words = (
        "80090308: LdapErr: DSID-0C09042F, comment: AcceptSecurityContext error, data 775, v4563"
    )
    error = fault_of(lambda: target.connector().resolve("ada"))
    assert str(error) == "corp-ad says that the bot's account is locked"
    assert error.permanent
