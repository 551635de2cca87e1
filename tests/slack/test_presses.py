from typing import Any

import pytest

from app.model import new_id
from app.store.tables import PersonRow, Seen
from tests.slack.fronthouse import House, button

# --- buttons --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["approve", "cancel", "end", "extend", "confirm", "wake", "not_me"])
def test_a_button_is_stored_with_who_pressed_and_where(house: House, kind: str) -> None:
    request = house.opens("ada")
    card = house.card(button(f"breakglass_{kind}", request.id))
    assert house.person("grace").presses(card, f"breakglass_{kind}").status == 200
    (press,) = house.presses()
    assert (press.kind, press.subject) == (kind, request.id)
    assert (press.team, press.slack_user) == ("T0ACME", "U0GRACE")
    assert press.data == {"channel": "C0APPROVALS"}
    assert [due.ref for due in house.due("judge")] == [request.id]


@pytest.mark.parametrize(
    "value", ["", "zzzzzzzzzzzzzzzzzzzz", "house", "x" * 2000, "a' OR 1=1 --", "../../etc", "é" * 20]
)
def test_h11_a_value_that_names_no_request_changes_nothing_and_says_so(house: House, value: str) -> None:
    card = house.card(button("breakglass_approve", value or " "))
    assert house.person("grace").presses(card, "breakglass_approve").status == 200
    assert house.presses() == []
    assert house.person("grace").whispers()[-1].text == "That request is not known here."


def test_h12_another_requests_id_is_stored_as_a_press_on_that_one_and_judged_there(house: House) -> None:
    request, other = house.opens("ada"), house.opens("alan")
    card = house.card(button("breakglass_approve", request.id))
    stored = house.slack.workspace.find_message(card.channel, card.ts)
    payload = house.slack.sandbox.people.message_payload(
        house.person("grace").user,
        stored,
        {"action_id": "breakglass_approve", "action_ts": "1.1", "value": other.id},
    )
    house.slack.deliver("interactive", payload)
    assert [(press.subject, press.slack_user) for press in house.presses()] == [(other.id, "U0GRACE")]


def test_h29_a_press_of_another_company_carries_their_own_team_to_the_judge(house: House) -> None:
    request = house.opens("ada")
    card = house.card(button("breakglass_approve", request.id))
    stored = house.slack.workspace.find_message(card.channel, card.ts)
    action = {"action_id": "breakglass_approve", "action_ts": "1.1", "value": request.id}
    payload = house.slack.sandbox.people.message_payload(house.person("mallory").user, stored, action)
    payload["user"]["team_id"] = "T0OTHER"
    house.slack.deliver("interactive", payload)
    assert [(press.team, press.slack_user) for press in house.presses()] == [("T0OTHER", "U0MALLORY")]


def test_a_second_click_is_a_press_of_its_own(house: House) -> None:
    request = house.opens("ada")
    card = house.card(button("breakglass_approve", request.id))
    house.person("grace").presses(card, "breakglass_approve")
    house.person("grace").presses(card, "breakglass_approve")
    assert [press.n for press in house.presses()] == [1, 2]


@pytest.mark.parametrize(
    "action", ["breakglass_review", "breakglass_old", "something", "breakglass_approve_all"]
)
def test_a_button_of_another_version_is_answered_with_a_sentence(house: House, action: str) -> None:
    card = house.card(button(action, new_id()))
    assert house.person("grace").presses(card, action).status == 200
    assert house.presses() == []
    assert house.person("grace").whispers()[-1].text.startswith("That button is of another version.")


def test_in_a_direct_message_the_sentence_comes_there(house: House) -> None:
    card = house.card(button("breakglass_old", new_id()), person="grace")
    house.person("grace").presses(card, "breakglass_old")
    assert house.person("grace").dm()[-1].text.startswith("That button is of another version.")


def test_a_link_is_followed_and_not_answered(house: House) -> None:
    card = house.card(button("runbook", "x", url="https://runbooks.example.com"))
    assert house.person("grace").presses(card, "runbook").status == 200
    assert house.person("grace").whispers() == []


def test_a_presser_who_cannot_be_told_is_answered_all_the_same(house: House) -> None:
    card = house.card(button("breakglass_old", new_id()))
    house.slack.faults.rate_limit("chat.postEphemeral", 1, 1)
    assert house.person("grace").presses(card, "breakglass_old").status == 200


def test_accepting_a_person_names_the_person(house: House) -> None:
    card = house.card(button("breakglass_accept", "T0ACME:U0ADA"), channel="C0SECURITY")
    house.person("eve").presses(card, "breakglass_accept")
    (press,) = house.presses()
    assert (press.kind, press.subject, press.data["reason"]) == ("accept", "house", "T0ACME:U0ADA")


def test_accepting_nobody_changes_nothing(house: House) -> None:
    card = house.card(button("breakglass_accept", "everybody"), channel="C0SECURITY")
    house.person("eve").presses(card, "breakglass_accept")
    assert house.presses() == []


# --- forms that ask for a reason ------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "needed"), [("deny", 0), ("revoke", 1)])
def test_denying_and_revoking_ask_for_a_reason_first(house: House, kind: str, needed: int) -> None:
    request = house.opens("ada")
    card = house.card(button(f"breakglass_{kind}", request.id))
    house.person("eve").presses(card, f"breakglass_{kind}")
    assert house.presses() == []
    form = house.person("eve").form()
    assert form.callback_id == f"breakglass_{kind}_reason"
    assert form.private_metadata == request.id
    form.fill(reason="not today").submit()
    (press,) = house.presses()
    assert (press.kind, press.subject, press.data["reason"]) == (kind, request.id, "not today")
    blank = house.slack.sandbox.people.submission_payload(house.person("eve").user, form.view)
    blank["view"]["hash"], blank["view"]["state"]["values"]["reason"]["reason"]["value"] = "1.other", None
    reply = house.slack.deliver("interactive", blank)
    assert isinstance(reply.body, dict) == bool(needed)
    assert len(house.presses()) == 2 - needed


@pytest.mark.parametrize("metadata", ["", "zzzzzzzzzzzzzzzzzzzz", '{"id": 1}', "house", "a" * 3000])
def test_h11_tampered_metadata_names_no_request_and_changes_nothing(house: House, metadata: str) -> None:
    request = house.opens("ada")
    card = house.card(button("breakglass_revoke", request.id))
    house.person("eve").presses(card, "breakglass_revoke")
    form = house.person("eve").form()
    form.fill(reason="because")
    sent = house.slack.sandbox.people.submission_payload(house.person("eve").user, form.view)
    sent["view"]["private_metadata"] = metadata
    reply = house.slack.deliver("interactive", sent)
    assert reply.body == {
        "response_action": "errors",
        "errors": {"reason": "That request is not known here."},
    }
    assert house.presses() == []


def test_revoke_by_id_opens_its_form(house: House) -> None:
    request = house.opens("ada")
    house.person("eve").commands(f"/breakglass revoke {request.id[-6:]}")
    house.person("eve").form().fill(reason="suspicious").submit()
    assert [(press.kind, press.subject) for press in house.presses()] == [("revoke", request.id)]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("revoke", "Say which"),
        ("revoke abc", "too short"),
        ("revoke zzzzzz", "There is no request"),
        ("freeze soon", "not a length of time"),
    ],
)
def test_what_names_nothing_is_answered_with_a_sentence(house: House, line: str, sentence: str) -> None:
    answer = house.person("eve").commands(f"/breakglass {line}")
    assert sentence in answer.text
    assert not house.person("eve").has_form


@pytest.mark.parametrize(
    ("line", "kind", "data"),
    [
        ("revoke-all", "revoke_all", {"reason": "compromised"}),
        ("freeze 2h", "freeze", {"reason": "compromised", "seconds": 7200}),
        ("freeze", "freeze", {"reason": "compromised", "seconds": 14_400}),
        ("thaw", "thaw", {"reason": "compromised"}),
    ],
)
def test_what_concerns_the_house_asks_for_a_reason(
    house: House, line: str, kind: str, data: dict[str, Any]
) -> None:
    house.person("eve").commands(f"/breakglass {line}")
    form = house.person("eve").form()
    form.fill(reason="xoxb-1-secret").submit()
    assert "key or a password" in form.errors["reason"]
    form.fill(reason="compromised").submit()
    (press,) = house.presses()
    assert (press.kind, press.subject, press.data) == (kind, "house", data)


def test_a_freeze_of_an_odd_length_is_an_error_beside_it(house: House) -> None:
    house.person("eve").commands("/breakglass freeze")
    form = house.person("eve").form()
    form.fill(reason="compromised")
    sent = house.slack.sandbox.people.submission_payload(house.person("eve").user, form.view)
    sent["view"]["state"]["values"]["duration"]["duration"]["selected_option"]["value"] = "forever"
    reply = house.slack.deliver("interactive", sent)
    assert isinstance(reply.body, dict)
    assert list(reply.body["errors"]) == ["duration"]
    assert house.presses() == []


@pytest.mark.parametrize("reason", ["hidden \u200b word", "turned \u202e round", "nul \x00", "a" * 3001])
def test_h19_h20_a_reason_that_belongs_to_no_policy_is_looked_at_too(house: House, reason: str) -> None:
    house.person("eve").commands("/breakglass thaw")
    form = house.person("eve").form()
    sent = house.slack.sandbox.people.submission_payload(house.person("eve").user, form.view)
    sent["view"]["state"]["values"]["reason"] = {"reason": {"type": "plain_text_input", "value": reason}}
    reply = house.slack.deliver("interactive", sent)
    assert isinstance(reply.body, dict)
    assert list(reply.body["errors"]) == ["reason"]
    assert house.presses() == []


def test_a_form_that_is_closed_is_nobodys_business(house: House) -> None:
    house.person("eve").commands("/breakglass thaw")
    assert house.person("eve").form().close().status == 200


# --- events ---------------------------------------------------------------------------------------


def test_a_changed_group_owes_a_fresh_look_at_the_people(house: House) -> None:
    reply = house.slack.sends_event({"type": "subteam_members_changed", "subteam_id": "S0SRE"})
    assert reply.status == 200
    assert [(due.ref, due.lane) for due in house.due("refresh")] == [("people", "people")]


def test_a_changed_person_is_looked_at_anew_where_they_are_known_and_nobody_else_is(house: House) -> None:
    changed = {"type": "user_change", "user": {"id": "U0ADA", "deleted": True}}
    house.slack.sends_event(changed)
    assert house.rows(Seen) == []
    with house.steps.step() as step:
        for user in ("U0ADA", "U0ALAN"):
            row = PersonRow(id=f"T0ACME:{user}", team="T0ACME", slack_user=user, bound_at=step.now)
            row.profile_at = step.now
            step.insert(row)
        step.record("PersonBound", "test")
    house.slack.sends_event(changed)
    seen = {row.slack_user: row.profile_at for row in house.rows(PersonRow)}
    assert (seen["U0ADA"], seen["U0ALAN"] is None) == (None, False)
    assert house.due("refresh") == [], (
        "a status that somebody changes all the time costs no look at any group"
    )


@pytest.mark.parametrize("event", ["app_home_opened", "message", "tokens_revoked", "something_new"])
def test_unknown_events_are_taken_and_mean_nothing(house: House, event: str) -> None:
    assert house.slack.sends_event({"type": event, "user": "U0ADA"}).status == 200
    assert house.rows(Seen) == []


def test_told_that_it_is_told_less_it_goes_on(house: House) -> None:
    told = {
        "type": "app_rate_limited",
        "team_id": "T0ACME",
        "api_app_id": "A0BREAKGLASS",
        "minute_rate_limited": 1,
    }
    assert house.slack.deliver("events_api", told).status == 200
