"""Forms as pure functions: what they show, what is read back out of them, what Slack takes."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.policy import PolicyFolder, durations_offered, parse_duration
from app.sandbox import blockkit
from app.slack import forms, incidents
from app.slack.blocks import option
from app.slack.forms import Choice, Filled, Typed
from app.targets import kinds_of
from connectors.interface import Incident
from connectors.registry import OURS
from tests.slack.outboxhouse import POLICY, SETTINGS, write_folder
from tests.slack.views import schema

STRICT = (
    POLICY
    + "incident: required\nconfirm_twice: true\nreason: {min_length: 10, hint: Start with the incident.}\n"
)
INCIDENTS = """
- {id: INC-1234, title: Replica lag, severity: sev1, status: open}
- {id: INC-77, title: Disk, status: open}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> PolicyFolder:
    place = tmp_path_factory.mktemp("forms") / "policies"
    return write_folder(
        place, orders_db=POLICY, orders_db_admin=STRICT, payments_db=POLICY + "incident: none\n"
    )


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> PolicyFolder:
    """A folder that lists incidents."""
    place = tmp_path_factory.mktemp("forms") / "policies"
    place.mkdir()
    (place / "incidents.yaml").write_text(INCIDENTS)
    files = SETTINGS + "severities: [sev1]\nincidents: {source: file, file: incidents.yaml}\n"
    return _load(place, {"settings": files, "orders-db": POLICY})


def _load(place: Path, texts: dict[str, str]) -> PolicyFolder:
    from app.policy import load

    for name, text in texts.items():
        (place / f"{name}.yaml").write_text(text)
    for path in (place, *place.iterdir()):
        path.chmod(0o700)
    return load(place, kinds=kinds_of(OURS), env={})


def open_in(folder: PolicyFolder) -> tuple[Incident, ...]:
    assert folder.settings.incidents
    return folder.settings.incidents.incidents


def filled(
    folder: PolicyFolder, chosen: str | None = None, typed: Typed | None = None, **values: Any
) -> Filled:
    choices = [Choice(each.id, each.title, "At once · as ada") for each in folder.policies.values()]
    policy = folder.policies.get(chosen or "")
    return Filled(typed or Typed(), **({"choices": choices, "chosen": policy, "incidents": None} | values))


def by_name(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The input blocks by their names."""
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def must_be_a_view(view: dict[str, Any]) -> None:
    faults = [f"{list(fault.path)}: {fault.message[:200]}" for fault in schema("View").iter_errors(view)]
    assert faults == []
    assert blockkit.view_faults(view) is None


# --- the request form --------------------------------------------------------------------------------------


def test_the_request_form_has_the_promised_names(folder: PolicyFolder) -> None:
    view = forms.request_form(filled(folder, "orders-db-admin"))
    assert view["callback_id"] == "breakglass_request"
    fields = by_name(view)
    assert list(fields) == ["policy", "duration", "reason", "incident", "emergency"]
    assert all(block["element"]["action_id"] == name for name, block in fields.items())
    assert fields["emergency"]["element"]["options"][0]["value"] == "yes"
    assert not fields["incident"]["optional"]
    must_be_a_view(view)


def test_fields_that_the_policy_does_not_want_are_not_there(folder: PolicyFolder) -> None:
    assert list(by_name(forms.request_form(filled(folder, "payments-db")))) == [
        "policy",
        "duration",
        "reason",
    ]
    assert "emergency" not in by_name(forms.request_form(filled(folder, "orders-db")))


def test_each_policy_says_what_becomes_of_it(folder: PolicyFolder) -> None:
    options = by_name(forms.request_form(filled(folder)))["policy"]["element"]["options"]
    assert [option["value"] for option in options] == ["orders-db", "orders-db-admin", "payments-db"]
    assert {option["description"]["text"] for option in options} == {"At once · as ada"}


def test_durations_are_the_policys_with_its_default_chosen(folder: PolicyFolder) -> None:
    policy = folder.policies["orders-db"]
    menu = by_name(forms.request_form(filled(folder, "orders-db")))["duration"]["element"]
    assert [parse_duration(option["value"]) for option in menu["options"]] == list(durations_offered(policy))
    assert menu["initial_option"]["value"] == "30m"


@pytest.mark.parametrize(("typed", "chosen"), [("1h", "1h"), ("60m", "1h"), ("9h", "30m"), ("soon", "30m")])
def test_what_was_typed_is_chosen_where_the_policy_has_it(
    folder: PolicyFolder, typed: str, chosen: str
) -> None:
    view = forms.request_form(filled(folder, "orders-db", Typed(duration=typed)))
    assert by_name(view)["duration"]["element"]["initial_option"]["value"] == chosen


def test_the_one_line_comes_back_filled_in_with_what_was_wrong(folder: PolicyFolder) -> None:
    typed = Typed("orders-db", "1h", "INC-1234 replica lag", "INC-1234")
    view = forms.request_form(filled(folder, "orders-db", typed, notes=["There is no policy `order-db`."]))
    fields = by_name(view)
    assert fields["policy"]["element"]["initial_option"]["value"] == "orders-db"
    assert fields["reason"]["element"]["initial_value"] == "INC-1234 replica lag"
    assert fields["incident"]["element"]["initial_value"] == "INC-1234"
    assert blockkit.plain(view["blocks"]).startswith("There is no policy `order-db`.")


def test_many_policies_are_searched(folder: PolicyFolder) -> None:
    menu = by_name(forms.request_form(filled(folder, "orders-db", choices=None)))["policy"]["element"]
    assert menu["type"] == "external_select"
    assert menu["initial_option"]["value"] == "orders-db"


def test_where_incidents_are_listed_they_are_chosen_from_a_list(listing: PolicyFolder) -> None:
    for named, shown in (
        ("inc-1234", "INC-1234 · sev1 · Replica lag"),
        ("INC-9", "INC-9 as typed, not checked"),
    ):
        view = forms.request_form(
            filled(listing, "orders-db", Typed(incident=named), incidents=open_in(listing))
        )
        menu = by_name(view)["incident"]["element"]
        assert menu["type"] == "external_select"
        assert menu["initial_option"] == option(named, shown)
        must_be_a_view(view)


def test_nothing_that_is_trusted_travels_in_a_form(folder: PolicyFolder) -> None:
    assert forms.request_form(filled(folder, "orders-db"))["private_metadata"] == ""
    assert forms.revoke_form("abc234", "…")["private_metadata"] == "abc234"


TYPED = st.one_of(st.text(max_size=80), st.text(min_size=1, max_size=4).map(lambda each: each * 3000))


@settings(max_examples=80, deadline=None)
@given(
    typed=st.builds(
        Typed,
        policy=st.sampled_from([None, "orders-db", "orders-db-admin", "nowhere"]),
        duration=st.one_of(st.none(), st.sampled_from(["30m", "4h"]), TYPED),
        reason=TYPED,
        incident=st.one_of(st.none(), TYPED.filter(bool)),
        emergency=st.booleans(),
    ),
    note=TYPED,
    listed=st.booleans(),
    chosen=st.sampled_from([None, "orders-db", "orders-db-admin"]),
    searched=st.booleans(),
)
def test_whatever_was_typed_slack_takes_the_form(
    folder: PolicyFolder, typed: Typed, note: str, *, listed: bool, chosen: str | None, searched: bool
) -> None:
    choices = None if searched else [Choice(each.id, note, note) for each in folder.policies.values()]
    given_ = filled(
        folder,
        chosen,
        typed,
        choices=choices,
        incidents=[Incident(note or "x", note, note)] if listed else None,
        notes=[note],
        outlook=[note] * 5,
    )
    must_be_a_view(forms.request_form(given_))


def test_a_hundred_policies_fit_into_the_form(folder: PolicyFolder) -> None:
    choices = [Choice(f"p{number}", "t" * 200, "o" * 200) for number in range(100)]
    must_be_a_view(forms.request_form(filled(folder, choices=choices)))


# --- reading it --------------------------------------------------------------------------------------------


def state(**values: Any) -> dict[str, Any]:
    return {"state": {"values": {name: {name: value} for name, value in values.items()}}}


def test_what_stands_in_the_form_is_read_by_its_names() -> None:
    chosen = {"type": "static_select", "selected_option": {"value": "orders-db"}}
    view = state(
        policy=chosen,
        duration={"type": "static_select", "selected_option": {"value": "30m"}},
        reason={"type": "plain_text_input", "value": "INC-1234 replica lag"},
        incident={"type": "plain_text_input", "value": " INC-1234 "},
        emergency={"type": "checkboxes", "selected_options": [{"value": "yes"}]},
    )
    assert forms.typed_in(view) == Typed(
        "orders-db", "30m", "INC-1234 replica lag", "INC-1234", emergency=True
    )


@pytest.mark.parametrize(
    "view",
    [
        {},
        {"state": None},
        {"state": {"values": {}}},
        state(policy={"selected_option": None}, reason={"value": None}, emergency={"selected_options": []}),
        state(policy={"selected_option": "odd"}, reason={"value": 7}),
        {"state": {"values": {"policy": "odd", "reason": {"other": {"value": "x"}}}}},
    ],
)
def test_what_is_missing_or_misshapen_counts_as_not_given(view: dict[str, Any]) -> None:
    assert forms.typed_in(view) == Typed()


def test_what_was_typed_survives_its_way_to_the_worker() -> None:
    typed = Typed("orders-db", "30m", "why", "INC-1", emergency=True)
    assert Typed.from_json(typed.as_json() | {"of another version": 1}) == typed


def test_faults_stand_beside_their_fields(folder: PolicyFolder) -> None:
    typed = Typed("orders-db-admin", "9h", "short", None)
    found = forms.faults(folder, typed)
    assert set(found) == {"duration", "reason", "incident", "emergency"}
    assert "Start with the incident." in found["reason"]
    answer = forms.errors(found)
    assert answer == {"response_action": "errors", "errors": found}
    assert not list(schema("ViewSubmissionResponse").iter_errors(answer))


@pytest.mark.parametrize("policy", [None, "", "nowhere", "<!channel>"])
def test_a_policy_that_is_not_there_is_a_fault_of_its_field(folder: PolicyFolder, policy: str | None) -> None:
    assert set(forms.faults(folder, Typed(policy, "30m", "INC-1234 replica lag"))) == {"policy"}


@pytest.mark.parametrize("duration", ["1e3", "-5m", "30m30", "0m", "9999999d", "٣٠m"])
def test_a_length_that_is_none_is_a_fault_of_its_field(folder: PolicyFolder, duration: str) -> None:
    assert set(forms.faults(folder, Typed("orders-db", duration, "INC-1234 replica lag"))) == {"duration"}


def test_a_good_ask_has_no_faults(folder: PolicyFolder) -> None:
    assert forms.faults(folder, Typed("orders-db", None, "INC-1234 replica lag")) == {}
    assert Typed("orders-db", "1h30m").length() == timedelta(minutes=90)


# --- lists that are searched -------------------------------------------------------------------------------


def test_policies_are_found_by_id_and_title_the_nearest_first(folder: PolicyFolder) -> None:
    assert [name for name, _ in forms.offer(folder, "")] == ["orders-db", "orders-db-admin", "payments-db"]
    assert [name for name, _ in forms.offer(folder, "pay")] == ["payments-db"]
    assert [name for name, _ in forms.offer(folder, "ORDERS admin")] == ["orders-db-admin"]
    assert next(name for name, _ in forms.offer(folder, "db")) == "orders-db"
    assert forms.offer(folder, "nothing like it") == []


def test_of_a_thousand_policies_the_nearest_hundred_are_offered(folder: PolicyFolder) -> None:
    policy = folder.policies["orders-db"]
    many = {f"p{number}": replace(policy, id=f"p{number}", title=f"Title {number}") for number in range(1000)}
    thousand = replace(folder, policies=many)
    assert [name for name, _ in forms.offer(thousand, "title 99")][:3] == ["p99", "p990", "p991"]
    assert len(forms.offer(thousand, "")) == 100


def test_open_incidents_are_offered_and_whatever_is_typed_as_unchecked(listing: PolicyFolder) -> None:
    listed = open_in(listing)
    assert incidents.offer(listed, "") == [
        ("INC-1234", "INC-1234 · sev1 · Replica lag"),
        ("INC-77", "INC-77 · Disk"),
    ]
    typed = ("replica", "replica as typed, not checked")
    assert incidents.offer(listed, "replica") == [("INC-1234", "INC-1234 · sev1 · Replica lag"), typed]
    assert incidents.offer(listed, " inc-1234") == [("INC-1234", "INC-1234 · sev1 · Replica lag")]
    assert incidents.offer(listed, "x" * 65) == []
    assert incidents.offer(listed, "xoxb-1234-abcd") == []


@settings(max_examples=50, deadline=None)
@given(query=st.text(max_size=200))
def test_whatever_is_searched_for_slack_takes_the_answer(listing: PolicyFolder, query: str) -> None:
    for found in (forms.offer(listing, query), incidents.offer(open_in(listing), query)):
        answer = forms.options(found)
        assert blockkit.options_faults(answer) == []
        assert not list(schema("OptionsResponse").iter_errors(answer))


# --- the other forms, and help -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "callback_id", "fields"),
    [
        (forms.deny_form("abc234", "Ada: orders-db"), "breakglass_deny_reason", ["reason"]),
        (forms.revoke_form("abc234", "Ada: orders-db"), "breakglass_revoke_reason", ["reason"]),
        (forms.revoke_all_form(), "breakglass_revoke_all", ["reason"]),
        (forms.freeze_form(), "breakglass_freeze", ["duration", "reason"]),
        (forms.freeze_form("90m"), "breakglass_freeze", ["duration", "reason"]),
        (forms.freeze_form("nonsense"), "breakglass_freeze", ["duration", "reason"]),
        (forms.thaw_form(), "breakglass_thaw", ["reason"]),
        (forms.loading(), "breakglass_request", []),
        (forms.unavailable("Only full members can use this."), "breakglass_request", []),
        (forms.deny_form("abc234", "<!channel>" * 900), "breakglass_deny_reason", ["reason"]),
    ],
)
def test_every_form_is_one_that_slack_takes(
    view: dict[str, Any], callback_id: str, fields: list[str]
) -> None:
    assert view["callback_id"] == callback_id
    assert list(by_name(view)) == fields
    must_be_a_view(view)


def test_only_a_no_needs_no_reason() -> None:
    assert by_name(forms.deny_form("a", "b"))["reason"]["optional"]
    for view in (
        forms.revoke_form("a", "b"),
        forms.revoke_all_form(),
        forms.freeze_form(),
        forms.thaw_form(),
    ):
        assert not by_name(view)["reason"]["optional"]


def test_a_freeze_is_four_hours_unless_said() -> None:
    assert by_name(forms.freeze_form())["duration"]["element"]["initial_option"]["value"] == "4h"
    assert by_name(forms.freeze_form("90m"))["duration"]["element"]["initial_option"]["value"] == "1h30m"


def test_help_names_every_command_and_what_may_be_asked_for(folder: PolicyFolder) -> None:
    offered = forms.offer(folder, "")
    shown = blockkit.plain(forms.help_blocks(offered))
    for word in ("status", "end", "help", "revoke-all", "freeze", "thaw", "orders-db-admin"):
        assert word in shown
        assert word in forms.help_text(offered)
    assert blockkit.message_faults(forms.help_blocks([(f"p{n}", "t" * 75) for n in range(1000)])) is None
