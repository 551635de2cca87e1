"""H11 to H14: what a button or a form carries only names a request; rights are looked up and judged anew."""

import pytest

from app.store.tables import LedgerEntry
from tests.hostile.forging import LINE, Build, deny_form, presses, sends
from tests.house import EACH, ORDERS_DB, TestHouse

SINGLE = ("approve", "cancel", "end", "extend", "confirm", "wake", "not_me")
CLOSED = ORDERS_DB.replace("{group: engineering}", "{group: leads}")


def refusals(house: TestHouse) -> int:
    return len(house.rows(LedgerEntry, LedgerEntry.action == "PressRefused"))


@EACH
def test_h11_no_forged_button_moves_a_request_that_waits(house: TestHouse) -> None:
    waiting = house.asks("alan", LINE)
    for number, kind in enumerate(SINGLE, start=1):
        assert presses(house, "ada", kind, waiting["id"]).status == 200
        assert refusals(house) == number, kind
    assert house.request(waiting["id"])["state"] == "pending"
    assert house.request(waiting["id"])["approvals"] == []
    assert house.ledger_is_clean()


def test_h11_no_forged_button_touches_somebody_elses_access(house: TestHouse) -> None:
    live = house.asks("ada", LINE)
    for number, kind in enumerate(SINGLE, start=1):
        presses(house, "alan", kind, live["id"])
        assert refusals(house) == number, kind
    assert house.request(live["id"]) == live
    assert house.target.can_write("ada")


def test_h11_what_security_alone_may_do_is_judged_when_the_form_comes_not_when_it_opened(
    house: TestHouse,
) -> None:
    live = house.asks("ada", LINE)
    house.person("alan").commands(f"/breakglass revoke {live['id'][-6:]}")
    form = house.person("alan").form(callback_id="breakglass_revoke_reason").fill(reason="because")
    for callback in (
        "breakglass_revoke_reason",
        "breakglass_revoke_all",
        "breakglass_freeze",
        "breakglass_thaw",
    ):
        view = {"id": f"V{callback}", "callback_id": callback, "private_metadata": live["id"]}
        assert sends(house, "alan", form, **view).status == 200
        assert "Only the security team may" in house.told("alan"), callback
    assert house.request(live["id"])["state"] == "active"
    assert house.asks("alan", LINE)["state"] == "pending", "nothing is frozen"


def test_h12_a_card_of_one_request_never_approves_another(house: TestHouse) -> None:
    mine = house.asks("grace", LINE)
    theirs = house.asks("alan", LINE)
    card = house.slack.channel("C0APPROVALS").last("Alan")
    stored = house.slack.workspace.find_message(card.channel, card.ts)
    action = {"action_id": "breakglass_approve", "action_ts": "1.1", "value": mine["id"]}
    house.slack.deliver(
        "interactive", house.slack.sandbox.people.message_payload(house.person("grace").user, stored, action)
    )
    house.work()
    assert "Nobody decides their own request" in house.told("grace")
    assert [house.request(each["id"])["state"] for each in (mine, theirs)] == ["pending", "pending"]


def test_h13_a_policy_that_was_not_offered_is_refused_by_its_rules(build: Build) -> None:
    house = build(orders_db=CLOSED, orders_db_read=ORDERS_DB)
    house.person("alan").commands("/breakglass")
    house.work()
    form = house.person("alan").form(callback_id="breakglass_request")
    form.fill(policy="orders-db-read", reason="INC-1 replica lag")
    sent = house.slack.sandbox.people.submission_payload(house.person("alan").user, form.view)
    state = sent["view"]["state"]
    state["values"]["policy"]["policy"]["selected_option"]["value"] = "orders-db"
    sends(house, "alan", form, state=state)
    request = house.latest()
    assert (request["policy"], request["state"]) == ("orders-db", "refused")
    assert "no rule of this policy covers you" in request["ended"]["reason"].casefold()


@pytest.mark.parametrize("sender", ["alan", "ada"])
def test_h14_a_form_that_somebody_else_opened_gives_its_sender_no_rights(
    house: TestHouse, sender: str
) -> None:
    waiting = house.asks("alan", LINE)
    sends(house, sender, deny_form(house, "grace"))
    assert house.request(waiting["id"])["state"] == "pending"
    assert refusals(house) == 1


def test_h14_a_form_for_a_request_that_is_over_changes_nothing(house: TestHouse) -> None:
    house.asks("alan", LINE)
    form = deny_form(house, "grace")
    house.presses("heidi", "approve")
    before = house.latest()
    assert form.submit().status == 200
    house.work()
    assert "Heidi Lamarr already approved this" in house.told("grace")
    assert house.latest() == before
    assert house.target.can_write("alan")
