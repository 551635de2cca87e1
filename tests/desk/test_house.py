"""Freeze, thaw, revoke, revoke-all: what the security team does, and what others may not."""

from collections.abc import Callable

import pytest

from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse

Build = Callable[..., TestHouse]
LINE = "orders-db 30m INC-1 replica lag"


def says(house: TestHouse, name: str, command: str, callback: str, **fields: str) -> None:
    """Type a command of the security team and send its form."""
    house.person(name).commands(f"/breakglass {command}")
    house.person(name).form(callback_id=callback).fill(**fields).submit()
    house.work()


@EACH
def test_while_frozen_nothing_is_given_and_live_access_stays(house: TestHouse) -> None:
    house.asks("ada", LINE)
    says(house, "eve", "freeze 1h", "breakglass_freeze", reason="Something is wrong.")
    assert house.target.can_write("ada")
    request = house.asks("alan", LINE)
    assert request["state"] == "refused"
    assert "frozen until" in request["ended"]["reason"]
    house.later(minutes=61)
    assert house.asks("alan", LINE)["state"] == "pending"


def test_while_frozen_a_pending_request_waits_and_presses_are_told_until_when(house: TestHouse) -> None:
    house.asks("alan", LINE)
    says(house, "eve", "freeze 5m", "breakglass_freeze", reason="Something is wrong.")
    assert "frozen until" in house.presses("grace", "approve")
    assert house.latest()["state"] == "pending"
    house.later(minutes=5)
    house.presses("grace", "approve")
    assert house.latest()["state"] == "active"


def test_an_exempt_policy_still_works(build: Build) -> None:
    house = build(settings=SETTINGS + "freeze_exempt: [orders-db]\n")
    says(house, "eve", "freeze 1h", "breakglass_freeze", reason="Something is wrong.")
    assert house.asks("ada", LINE)["state"] == "active"


@EACH
def test_thawing_takes_two_of_the_security_team(house: TestHouse) -> None:
    says(house, "eve", "freeze 1h", "breakglass_freeze", reason="Something is wrong.")
    says(house, "eve", "thaw", "breakglass_thaw", reason="It is fine.")
    assert house.asks("ada", LINE)["state"] == "refused"
    says(house, "eve", "thaw", "breakglass_thaw", reason="It is fine, I said.")
    assert "Somebody else" in house.told("eve")
    says(house, "frank", "thaw", "breakglass_thaw", reason="It is fine.")
    assert house.asks("ada", LINE)["state"] == "active"
    assert house.ledger_is_clean()


def test_security_of_one_thaws_alone(build: Build) -> None:
    house = build(settings=SETTINGS.replace("[eve@example.com, frank@example.com]", "[eve@example.com]"))
    says(house, "eve", "freeze 1h", "breakglass_freeze", reason="Something is wrong.")
    says(house, "eve", "thaw", "breakglass_thaw", reason="It is fine.")
    assert house.asks("ada", LINE)["state"] == "active"


@pytest.mark.parametrize(
    ("command", "callback"),
    [
        ("freeze 1h", "breakglass_freeze"),
        ("thaw", "breakglass_thaw"),
        ("revoke-all", "breakglass_revoke_all"),
    ],
)
def test_nobody_else_may(house: TestHouse, command: str, callback: str) -> None:
    house.asks("ada", LINE)
    says(house, "alan", command, callback, reason="I would like to.")
    assert "Only the security team may" in house.told("alan")
    assert house.target.can_write("ada")
    assert house.ledger_is_clean()


def test_security_revokes_with_a_reason(house: TestHouse) -> None:
    request = house.asks("ada", LINE)
    says(house, "frank", f"revoke {request['id'][-6:]}", "breakglass_revoke_reason", reason="Enough.")
    ended = house.latest()["ended"]
    assert (ended["because"], ended["by"], ended["reason"]) == ("revoked", "frank@example.com", "Enough.")
    assert not house.target.can_write("ada")


@EACH
def test_revoke_all_ends_what_is_live_and_cancels_what_is_pending(build: Build) -> None:
    house = build(settings=SETTINGS + "freeze_exempt: [orders-db]\n")
    house.asks("ada", LINE)
    house.asks("alan", LINE)
    says(house, "eve", "revoke-all", "breakglass_revoke_all", reason="Everybody out.")
    states = {request["requester"]["email"]: request["state"] for request in house.requests()}
    assert states == {"ada@example.com": "revoked", "alan@example.com": "cancelled"}
    assert house.target.members() == set()
    assert house.asks("ada", LINE)["state"] == "active"
    assert house.ledger_is_clean()


def test_while_frozen_nobody_is_woken_and_the_time_to_decide_stands_still(house: TestHouse) -> None:
    house.asks("alan", LINE)
    says(house, "eve", "freeze 1h", "breakglass_freeze", reason="Something is wrong.")
    heard = len(house.person("grace").dm())
    house.later(minutes=4)
    house.later(minutes=30)
    assert len(house.person("grace").dm()) == heard
    assert house.latest()["state"] == "pending"
    house.later(minutes=27)
    assert "Approved." in house.presses("grace", "approve")
    assert house.latest()["state"] == "active"
    assert house.ledger_is_clean()


def test_an_ask_without_reminders_keeps_the_time_that_it_had_when_the_freeze_began(build: Build) -> None:
    house = build(orders_db=ORDERS_DB.replace(", remind: 4m", ""))
    house.asks("alan", LINE)
    house.later(minutes=2)
    says(house, "eve", "freeze 1h", "breakglass_freeze", reason="Something is wrong.")
    house.later(minutes=8)
    house.later(minutes=52)
    assert house.latest()["state"] == "pending"
    house.later(minutes=7)
    assert "Approved." in house.presses("grace", "approve")
    assert house.ledger_is_clean()
