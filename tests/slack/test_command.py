from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policy import PolicyFolder
from app.slack import command
from app.slack.forms import Typed

Read = Callable[[str], Any]


@pytest.fixture
def read(front_folder: PolicyFolder) -> Read:
    return lambda text: command.read(text, front_folder, known(front_folder))


def known(folder: PolicyFolder, channel: str | None = None) -> command.Known:
    assert folder.settings.incidents
    return command.Known(folder.settings.incidents.incidents, channel)


def test_one_line_names_policy_length_incident_and_reason(read: Read) -> None:
    typed = Typed(policy="orders-db", duration="30m", reason="INC-1234 replica lag", incident="INC-1234")
    assert read("orders-db 30m INC-1234 replica lag") == command.Ask(typed)


def test_without_a_length_the_policy_decides(read: Read) -> None:
    asked = read("orders-db replica lag")
    assert isinstance(asked, command.Ask)
    assert asked.typed.duration is None
    assert asked.typed.reason == "replica lag"


@pytest.mark.parametrize(
    "line",
    [
        '  "orders-db"   30m   replica lag ',
        "“orders-db” “30m” “replica lag”",
        "Orders-DB 30M replica lag",
        "orders–db, 30m, replica lag",
        "`orders-db` 30m 'replica lag'",
        "\u200borders-db\u00a030m\treplica lag",
    ],
)
def test_quotes_spaces_dashes_and_case_do_not_matter(read: Read, line: str) -> None:
    assert read(line) == command.Ask(Typed(policy="orders-db", duration="30m", reason="replica lag"))


def test_quotes_inside_a_reason_stay(read: Read) -> None:
    assert read('orders-db he said "now" and "then"').typed.reason == 'he said "now" and "then"'
    assert read('orders-db "now" and "then"').typed.reason == '"now" and "then"'


def test_lines_of_a_reason_stay(read: Read) -> None:
    assert read("orders-db 30m first line\nsecond line").typed.reason == "first line\nsecond line"


@pytest.mark.parametrize(
    ("reason", "incident"),
    [
        ("replica lag", None),
        ("(INC-1234): replica lag", "INC-1234"),
        ("lag, see ops_7 and INC-2", "OPS_7"),
        ("INC-2 and OPS_7", "INC-2"),
        ("OPS_6 is over", None),
        ("INC-", None),
        ("not-an-incident-1", None),
    ],
)
def test_the_incident_is_the_first_word_that_is_open_or_looks_like_one(
    read: Read, reason: str, incident: str | None
) -> None:
    typed = read(f"orders-db {reason}").typed
    assert (typed.incident, typed.reason) == (incident, reason)


@pytest.mark.parametrize(
    ("line", "incident"),
    [
        ("orders-db replica lag", "OPS_7"),
        ("orders-db INC-1 replica lag", "INC-1"),
        ("orders-db 30m", "OPS_7"),
        ("", "OPS_7"),
        ("orders-read replica lag", None),
    ],
)
def test_in_an_incidents_own_channel_it_is_meant_unless_another_is_named(
    front_folder: PolicyFolder, line: str, incident: str | None
) -> None:
    found = command.read(line, front_folder, known(front_folder, "C0OPS7"))
    assert isinstance(found, command.Ask | command.Fill)
    assert found.typed.incident == incident


def test_a_policy_without_incidents_takes_none_from_the_reason(read: Read) -> None:
    assert read("orders-read INC-1234 replica lag") == command.Ask(
        Typed(policy="orders-read", reason="INC-1234 replica lag")
    )


def test_nothing_opens_the_empty_form(read: Read) -> None:
    assert read("   ") == command.Fill(Typed())


def test_what_is_missing_opens_the_form_with_the_rest(read: Read) -> None:
    assert read("orders-db") == command.Fill(Typed(policy="orders-db"))
    assert read("orders-db 30m") == command.Fill(Typed(policy="orders-db", duration="30m"))
    assert read("30m INC-1 replica lag") == command.Fill(
        Typed(duration="30m", reason="INC-1 replica lag", incident="INC-1")
    )


def test_what_must_be_confirmed_twice_opens_the_form_filled_in(read: Read) -> None:
    typed = Typed(policy="payments", duration="1h", reason="INC-1 stuck", incident="INC-1")
    assert read("payments 1h INC-1 stuck") == command.Fill(typed)


def test_more_than_the_maximum_opens_the_form_as_typed(read: Read) -> None:
    assert read("orders-db 5h replica lag") == command.Fill(
        Typed(policy="orders-db", duration="5h", reason="replica lag")
    )


@pytest.mark.parametrize("length", ["30", "0m", "1e3", "-5m", "30m30", "30min", "٣٠m", "3０m", "999999d"])
def test_an_odd_length_is_never_guessed(read: Read, length: str) -> None:
    found = read(f"orders-db {length} replica lag")
    assert isinstance(found, command.Fill)
    assert found.note
    assert found.typed == Typed(policy="orders-db", reason=f"{length} replica lag")


@pytest.mark.parametrize("reason", ["5xx on checkout", "3rd replica is down", "2nd attempt failed"])
def test_a_reason_may_begin_with_a_number(read: Read, reason: str) -> None:
    assert read(f"orders-db {reason}") == command.Ask(Typed(policy="orders-db", reason=reason))


def test_a_policy_mistyped_is_asked_back_and_not_chosen(read: Read) -> None:
    found = read("order-db 30m INC-1 replica lag")
    assert found == command.Fill(
        Typed(duration="30m", reason="INC-1 replica lag", incident="INC-1"),
        "There is no policy order-db. Did you mean orders-db?",
    )


def test_the_beginning_of_one_policy_is_filled_in_and_said(read: Read) -> None:
    found = read("pay 1h INC-1 stuck")
    assert found.typed.policy == "payments"
    assert found.note == "There is no policy pay; payments begins so."


def test_the_beginning_of_several_policies_chooses_none(read: Read) -> None:
    found = read("orders 1h INC-1 stuck")
    assert isinstance(found, command.Fill)
    assert found.typed.policy is None
    assert "Did you mean" in found.note


def test_a_line_without_any_policy_keeps_every_word(read: Read) -> None:
    assert read("replica lag on checkout") == command.Fill(Typed(reason="replica lag on checkout"))


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("status", command.Status()),
        (" STATUS ", command.Status()),
        ("“help”", command.Help()),
        ("end", command.End("")),
        ("end …H7Q2XM", command.End("…h7q2xm")),
        ("end #h7q2xm", command.End("#h7q2xm")),
        ("revoke h7q2xm", command.Revoke("h7q2xm")),
        ("revoke", command.Revoke("")),
        ("revoke all", command.RevokeAll()),
        ("revoke—all", command.RevokeAll()),
        ("revoke-all", command.RevokeAll()),
        ("freeze", command.Freeze("")),
        ("freeze 2H", command.Freeze("2h")),
        ("thaw", command.Thaw()),
        ("stauts", command.Unknown("stauts", "status")),
        ("freze 2h", command.Unknown("freze", "freeze")),
    ],
)
def test_subcommands(read: Read, line: str, meant: command.Command) -> None:
    assert read(line) == meant


def test_a_sentence_that_begins_like_a_subcommand_is_kept_for_the_form(read: Read) -> None:
    assert read("free disk space is gone") == command.Fill(Typed(reason="free disk space is gone"))


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt;", "&lt;"),
        ("<@U0ADA|ada> <!channel> <https://evil.example|Approve here>",) * 2,
        ("a\x00b\x1bc", "abc"),
    ],
)
def test_what_slack_escaped_is_read_as_it_was_typed(sent: str, typed: str) -> None:
    assert command.unescaped(sent) == typed


@given(st.text())
def test_no_text_is_an_error(front_folder: PolicyFolder, text: str) -> None:
    found = command.read(text, front_folder, command.Known())
    assert not isinstance(found, command.Ask) or found.typed.policy in front_folder.policies
