"""Who may ask and who may speak: bindings, accounts, guests, frozen people, accounts at the target."""

from collections.abc import Callable

import pytest

from app import wiring
from app.lifecycle.holders import look_at_holders
from app.store.tables import Due, LedgerEntry, Notice, PersonRow
from tests.house import EACH, ORDERS_DB, SETTINGS, TestHouse
from tests.serving import wait

Build = Callable[..., TestHouse]
ANYBODY = ORDERS_DB.replace("{group: engineering}", "{always: true}")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"is_restricted": True}, "guest"),
        ({"is_ultra_restricted": True}, "guest"),
        ({"is_stranger": True}, "another company"),
        ({"is_bot": True}, "bot"),
        ({"deleted": True}, "deactivated"),
        ({"is_invited_user": True}, "invitation"),
        ({"is_email_confirmed": False}, "never confirmed"),
        ({"team_id": "T0OTHER"}, "another workspace"),
    ],
)
def test_only_full_members_ask(build: Build, change: dict[str, object], why: str) -> None:
    house = build(orders_db=ANYBODY)
    house.slack.sandbox.faults.change_person("ada", **change)
    request = house.asks("ada", "orders-db 30m INC-1 replica lag")
    assert request["state"] == "refused"
    assert why in request["ended"]["reason"]
    assert house.target.members() == set()


def test_a_changed_address_is_refused_until_security_accepts_it(house: TestHouse) -> None:
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    house.presses("ada", "end")
    house.slack.sandbox.faults.change_person("ada", email="alan@example.com")
    house.clock.advance(minutes=2)
    request = house.asks("ada", "orders-db 30m INC-1 replica lag")
    assert request["state"] == "refused"
    assert "security team" in request["ended"]["reason"]
    assert house.target.members() == set()
    (row,) = house.rows(PersonRow, PersonRow.slack_user == "U0ADA")
    assert (row.email, row.proposed_email) == ("ada@example.com", "alan@example.com")
    assert any(n.data.get("event") == "person_conflict" for n in house.rows(Notice, Notice.kind == "alert"))
    assert house.ledger_is_clean()


@EACH
def test_a_second_account_with_the_same_address_is_refused_and_told(house: TestHouse) -> None:
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    house.slack.sandbox.faults.change_person(
        "mallory", email="ADA@example.com", is_restricted=False, is_ultra_restricted=False
    )
    request = house.asks("mallory", "orders-db 30m INC-1 replica lag")
    assert request["state"] == "refused"
    assert "match what is known" in request["ended"]["reason"]


def test_an_address_that_is_not_ascii_is_nobody(house: TestHouse) -> None:
    house.slack.sandbox.faults.change_person("ada", email="аda@example.com")
    request = house.asks("ada", "orders-db 30m INC-1 replica lag")
    assert request["state"] == "refused"
    assert "ASCII" in request["ended"]["reason"]


def test_no_account_at_the_target_is_found_out_before_anybody_is_woken(build: Build) -> None:
    settings = SETTINGS + "identities:\n  alan@example.com: {orders-db: turing}\n"
    house = build(settings=settings, orders_db=ORDERS_DB, orders_db_read=ORDERS_DB)
    request = house.asks("alan", "orders-db 30m INC-1 replica lag")
    assert request["state"] == "refused"
    assert request["ended"]["reason"] == (
        "orders-db has no account for you (looked for `turing`). Nobody was woken. "
        "dba-lead@example.com can add you. You may also ask for: orders-db-read."
    )
    assert house.slack.channel("C0APPROVALS").messages() == []
    assert house.person("grace").dm() == []


@EACH
def test_one_account_belongs_to_one_person(build: Build) -> None:
    house = build()
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    house.presses("ada", "end")
    settings = SETTINGS + "identities:\n  alan@example.com: {orders-db: ada}\n"
    (house.policies / "settings.yaml").write_text(settings)
    house.house.shelf.reload()
    request = house.asks("alan", "orders-db 30m INC-1 replica lag")
    assert request["state"] == "refused"
    assert "was given to ada@example.com before" in request["ended"]["reason"]


def test_nobody_approves_by_another_name_at_the_target(build: Build) -> None:
    settings = SETTINGS + "identities:\n  grace@example.com: {orders-db: alan}\n"
    house = build(settings=settings)
    house.asks("alan", "orders-db 30m INC-1 replica lag")
    card = house.slack.channel("C0APPROVALS").last()
    house.person("grace").presses(card, "Approve")
    house.work()
    assert "Nobody decides their own request" in house.told("grace")
    assert house.latest()["state"] == "pending"


@EACH
def test_not_me_ends_everything_freezes_the_person_and_tells_security(house: TestHouse) -> None:
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    house.presses("ada", "not_me")
    assert house.latest()["ended"]["because"] == "not_me"
    assert not house.target.can_write("ada")
    again = house.asks("ada", "orders-db 30m INC-1 replica lag")
    assert again["state"] == "refused"
    assert "Not me" in again["ended"]["reason"]
    assert any("ada@example.com" in m.text for m in house.slack.channel("C0SECURITY").messages())
    house.presses("eve", "accept")
    assert house.asks("ada", "orders-db 30m INC-1 replica lag")["state"] == "active"
    assert house.ledger_is_clean()


@EACH
def test_slack_that_does_not_say_who_somebody_is_refuses_after_two_minutes_and_says_so(
    house: TestHouse,
) -> None:
    house.slack.sandbox.faults.rate_limit("users.info", retry_after=30, count=1_000)
    assert house.asks("ada", "orders-db 30m INC-1 replica lag")["state"] == "deciding"
    house.later(seconds=60)
    assert house.latest()["state"] == "deciding"
    house.later(seconds=61)
    request = house.latest()
    assert request["state"] == "refused"
    assert "Slack" in request["ended"]["reason"]


def test_slack_that_answers_late_is_waited_for(house: TestHouse) -> None:
    house.slack.sandbox.faults.rate_limit("users.info", retry_after=30, count=1)
    assert house.asks("ada", "orders-db 30m INC-1 replica lag")["state"] == "deciding"
    house.later(seconds=3)
    assert house.latest()["state"] == "active"


@EACH
def test_every_refused_press_is_in_the_ledger(house: TestHouse) -> None:
    house.asks("alan", "orders-db 30m INC-1 replica lag")
    card = house.slack.channel("C0APPROVALS").last()
    house.person("eve").presses(card, "Approve")
    house.work()
    actions = [entry.action for entry in house.rows(LedgerEntry)]
    assert "PressRefused" in actions
    assert house.latest()["state"] == "pending"


@EACH
def test_who_is_deactivated_loses_what_they_hold_at_once(house: TestHouse) -> None:
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    house.slack.sandbox.faults.deactivate("ada")
    wait(lambda: house.rows(Due, Due.kind == "offboard"), what="Slack's word that she changed")
    house.work()
    request = house.latest()
    assert (request["state"], request["ended"]["because"]) == ("revoked", "offboarded")
    assert not house.target.can_write("ada")
    assert house.ledger_is_clean()


def leaves_unheard(house: TestHouse, name: str) -> None:
    """Switched off in Slack, whose event about it is lost."""
    house.slack.workspace.person(name).deleted = True


def test_who_is_deactivated_unheard_is_found_by_the_next_look_at_the_holders(house: TestHouse) -> None:
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    leaves_unheard(house, "ada")
    look_at_holders(house.house.desk)
    house.work()
    assert house.latest()["state"] == "active", "what is known of her is not a minute old"
    house.later(seconds=61)
    look_at_holders(house.house.desk)
    house.work()
    assert house.latest()["ended"]["because"] == "offboarded"
    assert not house.target.can_write("ada")
    assert house.ledger_is_clean()


def test_the_clock_looks_at_the_holders(house: TestHouse) -> None:
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    leaves_unheard(house, "ada")
    house.clock.advance(seconds=61)
    pools = wiring.make_pools(house.house)
    wiring.make_timetable(house.house, pools, lambda _lanes: None).sweep()
    wait(lambda: house.rows(Due, Due.kind == "offboard"), what="a second look at her account")


@EACH
def test_holders_keep_what_they_have_while_slack_says_nothing_and_are_asked_once_a_minute(
    house: TestHouse,
) -> None:
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    house.slack.sandbox.faults.rate_limit("users.info", retry_after=30, count=1)
    house.later(seconds=61)
    look_at_holders(house.house.desk)
    (row,) = house.rows(PersonRow, PersonRow.slack_user == "U0ADA")
    assert house.rows(Due, Due.kind == "offboard") == []
    assert row.profile_at < house.clock.now()
    look_at_holders(house.house.desk)
    asked_at = house.clock.now()
    house.later(seconds=30)
    look_at_holders(house.house.desk)
    (row,) = house.rows(PersonRow, PersonRow.slack_user == "U0ADA")
    assert row.profile_at == asked_at
    assert house.latest()["state"] == "active"


def test_a_requester_deactivated_unheard_is_given_nothing_by_the_last_yes(house: TestHouse) -> None:
    house.asks("alan", "orders-db 30m INC-1 replica lag")
    leaves_unheard(house, "alan")
    house.clock.advance(seconds=61)
    house.presses("grace", "approve")
    assert house.latest()["state"] == "refused"
    assert "is deactivated" in house.latest()["ended"]["reason"]
    assert house.target.members() == set()


def test_who_only_changed_their_name_keeps_it(house: TestHouse) -> None:
    house.asks("ada", "orders-db 30m INC-1 replica lag")
    house.slack.sandbox.faults.change_person("ada", real_name="Ada King")
    wait(lambda: house.rows(Due, Due.kind == "offboard"), what="Slack's word that she changed")
    house.work()
    assert house.latest()["state"] == "active"
    assert house.target.can_write("ada")
