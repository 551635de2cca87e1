"""Principals, who they are right now, and the accounts that people have."""

import pytest

from app.errors import Refused
from app.model import Email, Truth
from app.policy import (
    Facts,
    GroupFact,
    Members,
    OnCallFact,
    Principal,
    is_one_of,
    members_of,
    parse_email,
    subject_name,
)
from connectors.interface import OnCall
from tests.policy.folders import ADA, ALAN, EVE, FRANK, GRACE, NOW, Folder


@pytest.mark.parametrize("text", ["user:ada@example.com", "group:leads", "on_call:dba", "on_call:dba/2"])
def test_a_principal_is_written_as_it_was_read(text: str) -> None:
    assert str(Principal.parse(text)) == text


def test_an_address_in_a_principal_is_in_lower_case() -> None:
    assert Principal.parse("user:Ada@Example.COM") == Principal("user", "ada@example.com")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada@example.com",
        "leads",
        "group:",
        "group:a/1",
        "user:ada",
        "role:x",
        "on_call:dba/",
        "on_call:dba/0",
        "on_call:dba/x",
        "on_call:dba/100",
        "group:a b",
        "*",
        "group:*",
        "Group:leads",
    ],
)
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"names nobody|is not a name|is not an address|it is empty|means nothing"
    ):
        Principal.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@b.de",
        "a@",
        "a@b",
        "a@b..de",
        "a@-b.de",
        "a b@c.de",
        "ａda@example.com",
        "ada@exämple.com",
        "a@b.de,c@d.de",
        "a@b.de\n",
        "a..b@c.de",
        "x" * 250 + "@example.com",
    ],
)
def test_what_is_no_plain_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        parse_email(text)


def test_a_kelvin_sign_does_not_become_a_k() -> None:
    with pytest.raises(ValueError, match="is not an address"):
        parse_email("fran\u212a@example.com")


def test_members_are_those_known_now(folder: Folder) -> None:
    settings = folder.load().settings
    facts = Facts(
        groups={
            "sre": GroupFact(frozenset({ADA, ALAN}), "slack", NOW, frozenset({ALAN})),
            "engineering": GroupFact(None),
        },
        on_call={"dba": OnCallFact((OnCall(ADA, 1), OnCall(GRACE, 2)))},
    )

    def members(text: str) -> Members:
        return members_of(Principal.parse(text), settings, facts)

    assert members("user:ada@example.com") == Members(frozenset({ADA}))
    assert members("group:sre") == Members(frozenset({ADA}), unknown=True)
    assert members("group:engineering") == Members(frozenset(), unknown=True)
    assert members("group:security") == Members(frozenset({EVE, FRANK}))
    assert members("on_call:dba") == Members(frozenset({ADA, GRACE}))
    assert members("on_call:dba/1") == Members(frozenset({ADA}))
    assert members("on_call:always") == Members(frozenset({ADA}))
    assert members_of(Principal("on_call", "dba"), settings, Facts()) == Members(frozenset(), unknown=True)
    empty = Facts(on_call={"dba": OnCallFact(())})
    assert members_of(Principal("on_call", "dba"), settings, empty) == Members(frozenset(), unknown=True)


def test_facts_override_what_settings_say(folder: Folder) -> None:
    facts = Facts(groups={"security": GroupFact(frozenset({ADA}))})
    assert members_of(Principal("group", "security"), folder.load().settings, facts).emails == {ADA}


def test_somebody_is_one_of_them_as_the_first_that_is_true(folder: Folder) -> None:
    settings = folder.load().settings
    group, unknown, on_call = (
        Principal("group", "leads"),
        Principal("group", "sre"),
        Principal("on_call", "dba"),
    )
    assert is_one_of(GRACE, [unknown, group], settings, Facts()) == (Truth.TRUE, "group:leads")
    assert is_one_of(ADA, [group, unknown], settings, Facts()) == (Truth.UNKNOWN, None)
    assert is_one_of(ADA, [group], settings, Facts()) == (Truth.FALSE, None)
    assert is_one_of(ADA, [Principal("user", ADA)], settings, Facts()) == (Truth.TRUE, "user:ada@example.com")
    assert is_one_of(ADA, [Principal("user", ALAN)], settings, Facts()) == (Truth.FALSE, None)
    assert is_one_of(ADA, [on_call], settings, Facts()) == (Truth.UNKNOWN, None)
    somebody = Facts(on_call={"dba": OnCallFact((OnCall(ALAN),))})
    assert is_one_of(ADA, [on_call], settings, somebody) == (Truth.FALSE, None)
    assert is_one_of(ADA, [], settings, Facts()) == (Truth.FALSE, None)


def test_who_joined_too_lately_is_neither_in_nor_out(folder: Folder) -> None:
    facts = Facts(groups={"sre": GroupFact(frozenset({ADA}), unsettled=frozenset({ADA}))})
    assert is_one_of(ADA, [Principal("group", "sre")], folder.load().settings, facts)[0] is Truth.UNKNOWN


def test_an_account_follows_the_template(folder: Folder) -> None:
    settings = folder.load().settings
    assert subject_name(settings, "orders-db", ADA) == "ada"
    assert subject_name(settings, "cloud", ADA) == "ada@example.com"
    folder.settings(connectors='{orders-db: {kind: postgres, dsn: x, subject: "{domain}-{local}"}}')
    folder.policy(access="[{connector: orders-db, role: w}]")
    assert subject_name(folder.load().settings, "orders-db", ADA) == "example.com-ada"


def test_an_address_with_braces_is_not_a_template_of_its_own(folder: Folder) -> None:
    settings = folder.load().settings
    assert subject_name(settings, "orders-db", Email("{domain}@example.com")) == "{domain}"


def test_an_identity_overrides_the_template_at_its_connector_only(folder: Folder) -> None:
    settings = folder.settings(identities="{Ada@example.com: {orders-db: ada_l}}").load().settings
    assert subject_name(settings, "orders-db", ADA) == "ada_l"
    assert subject_name(settings, "cloud", ADA) == "ada@example.com"


def test_an_address_of_another_domain_becomes_nobodys_account(folder: Folder) -> None:
    settings = folder.load().settings
    for email in ("ada@evil.example", "ada@sub.example.com", "ada@example.com.evil.example"):
        with pytest.raises(Refused, match="may not be given access"):
            subject_name(settings, "orders-db", Email(email))


def test_an_identity_may_name_somebody_of_another_domain(folder: Folder) -> None:
    settings = folder.settings(identities="{v@vendor.example: {orders-db: vendor}}").load().settings
    assert subject_name(settings, "orders-db", Email("v@vendor.example")) == "vendor"
