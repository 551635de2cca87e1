"""The main job, through signed Slack requests, against a real PostgreSQL, on both databases."""

from tests.house import EACH, TestHouse

pytestmark = EACH


def test_on_call_ada_gets_it_at_once_and_loses_it_at_the_end(house: TestHouse) -> None:
    assert not house.target.can_write("ada")
    request = house.asks("ada", "orders-db 30m INC-1234 replica lag")
    assert request["state"] == "active"
    assert request["incident"] == "INC-1234"
    assert house.target.can_write("ada")
    house.later(minutes=29)
    assert house.target.can_write("ada")
    house.later(minutes=1)
    assert not house.target.can_write("ada")
    request = house.latest()
    assert request["state"] == "revoked"
    assert request["ended"]["because"] == "expired"
    assert request["grants"][0]["sessions"] in {"none", "ended"}
    assert house.ledger_is_clean()


def test_alan_needs_grace(house: TestHouse) -> None:
    assert house.asks("alan", "orders-db 30m INC-1234 replica lag")["state"] == "pending"
    assert not house.target.can_write("alan")
    assert "Approved." in house.presses("grace", "approve")
    request = house.latest()
    assert request["state"] == "active"
    assert [said["by"] for said in request["approvals"]] == ["grace@example.com"]
    assert house.target.can_write("alan")
    assert house.ledger_is_clean()


def test_a_no_is_the_end_of_it(house: TestHouse) -> None:
    house.asks("alan", "orders-db 30m INC-1234 replica lag")
    card = house.slack.channel("C0APPROVALS").last()
    house.person("heidi").presses(card, "Deny")
    house.person("heidi").form(callback_id="breakglass_deny_reason").fill(reason="Not tonight.").submit()
    house.person("grace").presses(card, "Approve")
    house.work()
    request = house.latest()
    assert request["state"] == "denied"
    assert request["ended"]["reason"] == "Not tonight."
    assert not house.target.can_write("alan")
    assert "already denied this" in house.told("grace")
    assert house.ledger_is_clean()


def test_what_is_given_back_is_gone_before_its_time(house: TestHouse) -> None:
    house.asks("ada", "orders-db 30m INC-1234 replica lag")
    house.presses("ada", "end")
    assert house.latest()["ended"]["because"] == "given_back"
    assert not house.target.can_write("ada")


def test_security_hears_of_everything_in_one_card_with_a_thread(house: TestHouse) -> None:
    house.asks("ada", "orders-db 30m INC-1234 replica lag")
    house.later(minutes=30)
    (card,) = house.slack.channel("C0SECURITY").cards()
    assert "ada@example.com" in card.text
    assert "#" in card.text
    assert card.thread()
