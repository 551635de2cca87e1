import pytest
from sqlalchemy import text

from app.errors import Unavailable
from app.policy import PolicyFolder
from app.slack import forms
from app.slack.front import Front
from app.slack.listeners import create_bolt
from app.web import Door, create_web
from tests.serving import serve, together
from tests.slack.fronthouse import House, button, opened

LINE = "/breakglass orders-db 30m INC-1234 replica lag"


# --- one line -------------------------------------------------------------------------------------


def test_one_line_is_stored_before_it_is_answered(house: House) -> None:
    answer = house.person("ada").commands(LINE)
    (request,) = house.requests()
    assert (request.team, request.slack_user) == ("T0ACME", "U0ADA")
    assert (request.policy, request.asked_seconds, request.incident) == ("orders-db", 1800, "INC-1234")
    assert request.reason == "INC-1234 replica lag"
    assert [due.ref for due in house.due("decide")] == [request.id]
    assert answer.text == "Asked for orders-db for 30m. You will hear by direct message."
    assert "desk" in house.rung[-1]


def test_the_answer_is_for_the_one_who_typed_alone(house: House) -> None:
    house.person("ada").commands(LINE)
    assert [message.text for message in house.person("ada").whispers()][-1].startswith("Asked for orders-db")
    assert house.person("alan").whispers() == []


def test_what_is_missing_opens_the_form_and_owes_it_its_content(house: House) -> None:
    answer = house.person("ada").commands("/breakglass orders-db 30m")
    assert answer.status == 200
    form = house.person("ada").form()
    assert form.callback_id == "breakglass_request"
    assert form.private_metadata == ""
    (due,) = house.due("form")
    assert (due.ref, due.lane) == (form.id, "form")
    assert due.data["view_id"] == form.id
    assert (due.data["team"], due.data["user"]) == ("T0ACME", "U0ADA")
    assert forms.Typed.from_json(due.data["typed"]) == forms.Typed(policy="orders-db", duration="30m")


def test_what_was_not_understood_travels_to_the_form(house: House) -> None:
    house.person("ada").commands("/breakglass order-db 30m replica lag")
    (due,) = house.due("form")
    assert due.data["note"] == "There is no policy order-db. Did you mean orders-db?"
    assert house.requests() == []


def test_a_subcommand_mistyped_is_asked_back(house: House) -> None:
    answer = house.person("ada").commands("/breakglass stauts")
    assert answer.text == "There is no /breakglass stauts. Did you mean /breakglass status?"
    assert not house.person("ada").has_form


def test_h16_a_trigger_that_is_spent_is_answered_with_the_way_around(house: House) -> None:
    people = house.slack.sandbox.people
    payload = people.command_payload(house.person("ada").user, "C0GENERAL", "/breakglass", "")
    house.slack.workspace.issue_trigger("U0ADA", "C0GENERAL")
    reply = house.slack.deliver("slash_commands", payload | {"trigger_id": "1.2.never"})
    assert reply.status == 200
    assert isinstance(reply.body, dict)
    assert "/breakglass POLICY 30m" in reply.body["text"]
    assert house.due("form") == []


def test_h16_when_slack_does_not_answer_the_form_is_not_owed(house: House) -> None:
    house.slack.faults.lose_answer("views.open")
    answer = house.person("ada").commands("/breakglass")
    assert answer.text.startswith("The form could not be opened: Slack did not answer.")
    assert house.due("form") == []


# --- the request form -----------------------------------------------------------------------------


def test_the_form_sent_is_a_request(house: House) -> None:
    form = opened(house, "ada")
    assert "OPS_7" in form.options("incident")
    form.fill(duration="1h", reason="replica lag", incident="OPS_7").submit()
    assert not form.open
    (request,) = house.requests()
    assert (request.policy, request.asked_seconds, request.incident) == ("orders-db", 3600, "OPS_7")


def test_bad_input_is_an_error_beside_its_field(house: House) -> None:
    form = opened(house, "ada")
    form.fill(reason="no").submit()
    assert list(form.errors) == ["reason"]
    assert house.requests() == []
    form.fill(reason="replica lag").submit()
    assert not form.open
    assert len(house.requests()) == 1


def test_an_emergency_has_to_be_ticked(house: House) -> None:
    form = opened(house, "ada", forms.Typed(policy="payments"))
    form.fill(reason="stuck")
    sent = house.slack.sandbox.people.submission_payload(form._person.user, form.view)  # noqa: SLF001
    reply = house.slack.deliver("interactive", sent)
    assert isinstance(reply.body, dict)
    assert list(reply.body["errors"]) == ["emergency"]
    form.fill(emergency=["yes"]).submit()
    assert [request.policy for request in house.requests()] == ["payments"]


def test_a_double_click_on_send_is_one_request(house: House) -> None:
    form = opened(house, "ada")
    form.fill(reason="replica lag")
    sent = house.slack.sandbox.people.submission_payload(form._person.user, form.view)  # noqa: SLF001
    replies = together(*[lambda: house.slack.deliver("interactive", sent)] * 4)
    assert {reply.status for reply in replies} == {200}
    assert len(house.requests()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("policy", "somebody-elses"), ("policy", "../settings"), ("duration", "999d"), ("duration", "1e3")],
)
def test_h13_an_option_that_was_not_offered_is_an_error(house: House, name: str, value: str) -> None:
    form = opened(house, "ada")
    form.fill(reason="replica lag")
    sent = house.slack.sandbox.people.submission_payload(form._person.user, form.view)  # noqa: SLF001
    sent["view"]["state"]["values"][name][name]["selected_option"]["value"] = value
    reply = house.slack.deliver("interactive", sent)
    assert isinstance(reply.body, dict)
    assert list(reply.body["errors"]) == [name]
    assert house.requests() == []


def test_h14_a_form_belongs_to_whoever_sends_it(house: House) -> None:
    form = opened(house, "ada")
    form.fill(reason="replica lag")
    sent = house.slack.sandbox.people.submission_payload(house.person("mallory").user, form.view)
    house.slack.deliver("interactive", sent)
    assert [request.slack_user for request in house.requests()] == ["U0MALLORY"]


def test_choosing_a_policy_owes_the_form_a_new_look(house: House) -> None:
    form = opened(house, "ada")
    form.fill(reason="replica lag", policy="payments")
    (due,) = house.due("form")
    assert due.ref == form.id
    assert due.rung == 1
    assert due.data["typed"]["policy"] == "payments"


def test_the_lists_are_searched(house: House) -> None:
    form = opened(house, "ada")
    assert form.options("incident", "replica") == ["OPS_7", "replica"]
    assert form.options("incident", "inc-99") == ["inc-99"]
    user = form._person.user  # noqa: SLF001
    search = house.slack.sandbox.people._view_payload(user, form.view, "block_suggestion")  # noqa: SLF001
    reply = house.slack.deliver(
        "interactive", search | {"action_id": "policy", "block_id": "policy", "value": "pay"}
    )
    assert isinstance(reply.body, dict)
    assert [option["value"] for option in reply.body["options"]] == ["payments"]


def test_an_unknown_list_is_empty(house: House) -> None:
    form = opened(house, "ada")
    user = form._person.user  # noqa: SLF001
    search = house.slack.sandbox.people._view_payload(user, form.view, "block_suggestion")  # noqa: SLF001
    reply = house.slack.deliver(
        "interactive", search | {"action_id": "other", "block_id": "other", "value": ""}
    )
    assert reply.status == 200


def test_too_many_open_requests_are_refused_in_the_form_and_nothing_typed_is_lost(house: House) -> None:
    for number in range(20):
        house.person("ada").commands(f"/breakglass orders-db 30m INC-{number} replica lag")
    form = opened(house, "ada")
    form.fill(reason="one more").submit()
    assert form.open
    assert form.errors == {"reason": "You have 20 requests open. End or cancel one first: /breakglass status"}
    assert len(house.requests()) == 20


# --- status, end, help ----------------------------------------------------------------------------


def test_status_shows_mine_with_buttons_and_nobody_elses(house: House) -> None:
    mine = house.opens("ada")
    theirs = house.opens("alan")
    answer = house.person("ada").commands("/breakglass status")
    buttons = house.person("ada").whispers()[-1].buttons()
    assert mine.id[-6:] in answer.text
    assert theirs.id[-6:] not in answer.text
    assert {each.value for each in buttons} == {mine.id}


def test_status_of_nothing_says_so(house: House) -> None:
    assert (
        house.person("ada").commands("/breakglass status").text
        == "You have no live access and no pending requests."
    )


def test_help_says_what_can_be_typed_and_asked_for(house: House) -> None:
    answer = house.person("ada").commands("/breakglass help")
    assert "/breakglass status" in answer.text
    assert "payments" in answer.text


def test_end_ends_the_only_live_one(house: House) -> None:
    request, pending = house.opens("ada"), house.opens("ada")
    house.becomes(request, state="active")
    answer = house.person("ada").commands("/breakglass end")
    assert answer.text.startswith("Giving back orders-db")
    (press,) = house.presses()
    assert (press.kind, press.subject, press.slack_user) == ("end", request.id, "U0ADA")
    assert pending.id != press.subject


def test_end_cancels_the_only_pending_one(house: House) -> None:
    request = house.opens("ada")
    assert house.person("ada").commands("/breakglass end").text.startswith("Cancelling orders-db")
    assert [(press.kind, press.subject) for press in house.presses()] == [("end", request.id)]


def test_end_lists_several_and_ends_none(house: House) -> None:
    requests = [house.opens("ada"), house.opens("ada")]
    for request in requests:
        house.becomes(request, state="active")
    house.person("ada").commands("/breakglass end")
    shown = house.person("ada").whispers()[-1].buttons()
    assert {each.value for each in shown if each.action_id == "breakglass_end"} == {
        each.id for each in requests
    }
    assert house.presses() == []


def test_end_of_nothing_says_so(house: House) -> None:
    assert "no live access" in house.person("ada").commands("/breakglass end").text
    assert house.presses() == []


def test_end_takes_the_end_of_an_id(house: House) -> None:
    first, _second = house.opens("ada"), house.opens("ada")
    house.person("ada").commands(f"/breakglass end …{first.id[-6:].upper()}")
    assert [press.subject for press in house.presses()] == [first.id]


def test_h11_end_finds_nothing_of_anybody_else(house: House) -> None:
    theirs = house.opens("alan")
    answer = house.person("ada").commands(f"/breakglass end {theirs.id}")
    assert answer.text == "You have no open request whose id ends so. See /breakglass status"
    assert house.presses() == []


def test_end_of_what_is_being_taken_back_only_shows_it(house: House) -> None:
    request = house.opens("ada")
    house.becomes(request, state="revoking")
    house.person("ada").commands(f"/breakglass end {request.id[-6:]}")
    assert house.presses() == []


# --- when something goes wrong --------------------------------------------------------------------


def broken(house: House) -> None:
    """The database stops taking requests."""
    with house.steps.engine.begin() as connection:
        connection.execute(
            text("CREATE TRIGGER broken BEFORE INSERT ON due BEGIN SELECT RAISE(ABORT, 'no'); END")
        )


def test_a_fault_is_told_with_its_name_and_changes_nothing(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    broken(house)
    answer = house.person("ada").commands(LINE)
    assert answer.status == 200
    assert answer.text.startswith("Something went wrong here (error ")
    assert "Nothing was changed." in answer.text
    assert house.requests() == []
    assert "replica lag" not in caplog.text


def test_a_fault_in_a_form_stands_beside_a_field(house: House) -> None:
    form = opened(house, "ada")
    broken(house)
    form.fill(reason="replica lag").submit()
    assert form.open
    assert "Nothing was changed." in form.errors["reason"]


def test_a_fault_behind_a_button_is_whispered(house: House) -> None:
    request = house.opens("ada")
    card = house.card(button("breakglass_approve", request.id))
    broken(house)
    assert house.person("grace").presses(card, "breakglass_approve").status == 200
    assert "Nothing was changed." in house.person("grace").whispers()[-1].text


def test_an_event_that_could_not_be_stored_is_sent_again(house: House) -> None:
    broken(house)
    event = house.slack.sandbox.event_payload({"type": "subteam_members_changed"})
    assert house.slack.deliver("events_api", event).status == 500
    with house.steps.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER broken"))
    assert house.slack.deliver("events_api", event, (1, "http_error")).status == 200
    assert len(house.due("refresh")) == 1


def test_without_a_database_nobody_says_that_nothing_was_changed(house: House) -> None:
    with house.steps.engine.begin() as connection:
        for table in ("seen", "request"):
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))
    answer = house.person("ada").commands(LINE)
    assert "Whether it was stored is not known." in answer.text


def test_a_fault_after_it_was_stored_is_not_called_nothing(house: House) -> None:
    def fail(_lanes: object, _later: object) -> None:
        message = "the bell is broken"
        raise RuntimeError(message)

    house.steps.rings = fail
    answer = house.person("ada").commands(LINE)
    assert (answer.status, answer.text) == (200, "")
    assert len(house.requests()) == 1


def test_while_no_policies_are_known_the_reason_is_said_and_lists_are_empty(house: House) -> None:
    def none() -> PolicyFolder:
        message = "There never was a good policy folder."
        raise Unavailable(message)

    form = opened(house, "ada")
    bolt = create_bolt(Front(house.steps, none, house.client))
    url, stop = serve(create_web(Door(bolt, house.guard, lambda: True, lambda: None)))
    house.slack.sandbox.bot_url = f"{url}/slack/events"
    answer = house.person("ada").commands(LINE)
    offered = form.options("incident", "replica")
    stop()
    assert answer.text.startswith("There never was a good policy folder. Nothing was changed.")
    assert offered == []


def test_the_thaw_button_asks_for_a_reason(house: House) -> None:
    card = house.card(button("breakglass_thaw", "house"), channel="C0SECURITY")
    house.person("eve").presses(card, "breakglass_thaw")
    house.person("eve").form(callback_id="breakglass_thaw").fill(reason="mended").submit()
    assert [(press.kind, press.subject) for press in house.presses()] == [("thaw", "house")]
