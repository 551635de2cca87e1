import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from app.model import RequestState, new_id
from app.store.step import Steps
from app.store.tables import Approval, Grant, Request
from tests.cli.conftest import START, Asked, Shell

SHAPE = {
    "id",
    "policy",
    "policy_digest",
    "state",
    "requester",
    "reason",
    "incident",
    "requested_at",
    "duration_seconds",
    "extended_seconds",
    "ends_at",
    "decision",
    "approvals",
    "confirmation",
    "grants",
    "ended",
}


def test_nothing_yet_is_an_empty_list(breakglass: Shell) -> None:
    assert breakglass.json("list") == []
    assert breakglass.says("list") == "No requests.\n"


def test_list_is_an_array_newest_first(breakglass: Shell, asked: Asked) -> None:
    old = asked(RequestState.REVOKED)
    new = asked(RequestState.PENDING, requested_at=START.replace(hour=4))
    listed = breakglass.json("list")
    assert [each["id"] for each in listed] == [new, old]
    assert all(each.keys() == SHAPE for each in listed)


def test_list_keeps_to_the_states_that_are_named(breakglass: Shell, asked: Asked) -> None:
    asked(RequestState.REVOKED)
    wanted = {asked(RequestState.PENDING), asked(RequestState.ACTIVE)}
    assert {
        each["id"] for each in breakglass.json("list", "--state", "pending", "--state", "active")
    } == wanted
    assert breakglass.json("list", "--state", "denied") == []


def test_more_than_a_thousand_requests_are_cut_loudly(breakglass: Shell, steps: Steps) -> None:
    with steps.step() as step:
        for number in range(1001):
            asked_at = START.replace(microsecond=number)
            usual: dict[str, Any] = {"team": "T0ACME", "slack_user": "U0ADA", "policy": "orders-db"}
            row = Request(
                id=new_id(),
                state_at=asked_at,
                requested_at=asked_at,
                reason=f"{number}",
                state="deciding",
                **usual,
            )
            step.insert(row)
        step.record("RequestOpened", "slack")
    result = breakglass("list", "--json")
    listed = json.loads(result.stdout)
    assert (len(listed), listed[0]["reason"], listed[-1]["reason"]) == (1000, "1000", "1")
    assert "Only the newest 1000" in result.stderr


def test_list_in_words_shows_short_ids_and_zones_and_fits_the_screen(breakglass: Shell, asked: Asked) -> None:
    request_id = asked(policy="orders-db-with-a-rather-long-name-that-is-allowed")
    head, line = breakglass.says("list").splitlines()
    assert head.split() == ["ID", "STATE", "POLICY", "WHO", "WHEN", "(UTC)"]
    assert line.startswith(f"…{request_id[-6:]}")
    assert request_id not in line
    assert re.search(r"  until 20\d\d-\d\d-\d\d \d\d:\d\d$", line)
    assert len(line) <= 80


def test_an_unknown_state_is_wrong_usage(breakglass: Shell) -> None:
    assert "'gone' is not one of" in breakglass.refuses("list", "--state", "gone", code=2)


def test_show_is_one_element_of_list(breakglass: Shell, asked: Asked) -> None:
    request_id = asked()
    shown = breakglass.json("show", request_id)
    assert shown == breakglass.json("list")[0]
    assert shown["requester"] == {"slack_user": "U0ADA", "slack_team": "T0ACME", "email": "ada@example.com"}
    assert [grant["state"] for grant in shown["grants"]] == ["active"]
    assert shown["requested_at"] == "2026-11-22T03:12:04.120Z"


def test_show_prints_what_a_target_made_for_the_holder_as_long_as_they_have_it(
    breakglass: Shell, asked: Asked, steps: Steps
) -> None:
    line = "ssh-ed25519-cert-v01@openssh.com " + "A" * 900
    for state in (RequestState.ACTIVE, RequestState.REVOKED):
        request_id = asked(state)
        with steps.step() as step:
            grant = step.session.exec(select(Grant).where(Grant.request_id == request_id)).one()
            step.change(grant, receipt={"for_holder": [line[:500], line[500:]]})
            step.record("GrantVerified", "worker", request_id)
        told = breakglass.says("show", request_id).splitlines()
        assert (line in told) is (state == RequestState.ACTIVE)


def test_six_letters_of_an_id_are_enough(breakglass: Shell, asked: Asked) -> None:
    request_id = asked()
    assert breakglass.json("show", request_id[-6:])["id"] == request_id
    assert "too short" in breakglass.refuses("show", request_id[-5:], code=1)


def test_an_ending_that_fits_two_requests_is_refused(breakglass: Shell, asked: Asked) -> None:
    asked(id="aaaaaaaaaaaaaaxxxxxx")
    asked(id="bbbbbbbbbbbbbbxxxxxx")
    assert "Several requests" in breakglass.refuses("show", "xxxxxx", code=1)


def test_an_unknown_id_is_a_no(breakglass: Shell, asked: Asked) -> None:
    asked()
    assert "no request" in breakglass.refuses("show", "zzzzzzzz", "--json", code=1)
    assert "no request" in breakglass.refuses("show", "%%%%%%%%", code=1)


def test_show_in_words_tells_the_whole_story_and_fits_the_screen(breakglass: Shell, asked: Asked) -> None:
    request_id = asked(RequestState.REVOKED, reason="INC-1234 " + "replica lag " * 30)
    told = breakglass.says("show", request_id)
    for part in (
        request_id,
        "revoked",
        "ada@example.com",
        "by the rule “on call”",
        "incident_writer",
        "expired",
    ):
        assert part in told
    assert max(map(len, told.splitlines())) <= 80


def test_show_tells_who_answered_what_was_extended_and_what_stays(
    breakglass: Shell, asked: Asked, steps: Steps
) -> None:
    request_id = asked(RequestState.REVOKED, extended_seconds=600, confirm_due=START)
    with steps.step() as step:
        grant = step.session.exec(select(Grant)).one()
        step.change(grant, already_had=True, left_because="standing", sessions="alive:1")
        step.change(grant, last_error="it said \x1b[2J")
        step.insert(_approval(request_id))
        step.record("Approved", "slack:T0ACME/U0GRACE", request_id)
    told = " ".join(breakglass.says("show", request_id).split())
    assert "30m, extended by 10m" in told
    assert "approve by grace@example.com as group:leads, 2026-11-22 03:12 UTC: go ahead" in told
    assert "due by 2026-11-22 03:12 UTC" in told
    assert "had it before" in told
    assert "stays because: standing sessions: alive:1" in told
    assert r"last error: it said \x1b[2J" in told


def test_show_tells_who_confirmed(breakglass: Shell, asked: Asked) -> None:
    confirmed = {"confirm_due": START, "confirmed_at": START, "confirmed_by": "eve@example.com"}
    assert "confirmed by eve@example.com" in breakglass.says("show", asked(**confirmed))


def test_show_of_what_is_not_decided_yet_has_no_decision(breakglass: Shell, asked: Asked) -> None:
    request_id = asked(RequestState.DECIDING, asked_seconds=None)
    told = breakglass.says("show", request_id)
    assert "deciding" in told
    assert "decision" not in told
    shown = breakglass.json("show", request_id)
    assert (shown["decision"], shown["grants"], shown["ended"]) == (None, [], None)


def _approval(request_id: str) -> Approval:
    return Approval(
        id=new_id(),
        request_id=request_id,
        round=0,
        team="T0ACME",
        slack_user="U0GRACE",
        email="grace@example.com",
        principal="group:leads",
        verdict="approve",
        stage=1,
        step=1,
        note="go ahead",
        at=START,
    )


def test_what_people_typed_cannot_command_the_terminal(breakglass: Shell, asked: Asked) -> None:
    request_id = asked(reason="INC-1 \x1b]0;owned\x07\x1b[2J\r\nstate      revoked \u202egnorw \x9b31m")
    told = breakglass.says("show", request_id)
    assert not set("\x1b\x07\r\u202e\x9b") & set(told)
    assert not any(line.startswith("state      revoked") for line in told.splitlines())
    assert r"\x1b" in told


def test_json_of_what_people_typed_is_plain_ascii(breakglass: Shell, asked: Asked) -> None:
    typed = "INC-1 \x1b[2J \u202egnorw \x9b31m"
    request_id = asked(reason=typed)
    printed = breakglass("show", request_id, "--json").stdout
    assert printed.isascii()
    assert "\x1b" not in printed
    assert json.loads(printed)["reason"] == typed


@pytest.mark.parametrize("words", [("list",), ("show", "abcdefgh"), ("people",), ("audit", "verify")])
def test_a_database_that_is_not_migrated_is_named_with_its_remedy(
    breakglass: Shell, words: tuple[str, ...], tmp_path: Path
) -> None:
    said = breakglass.refuses(*words, code=2, DATABASE_URL=f"sqlite:///{tmp_path}/new.db")
    assert "breakglass migrate" in said


@pytest.mark.parametrize("words", [("list",), ("show", "abcdefgh"), ("migrate",), ("audit", "export")])
def test_a_database_that_does_not_answer_is_one_sentence_without_its_password(
    breakglass: Shell, words: tuple[str, ...]
) -> None:
    url = "postgresql://breakglass:hunter2hunter2@127.0.0.1:1/breakglass"
    said = breakglass.refuses(*words, code=3, DATABASE_URL=url)
    assert "database does not answer" in said
    assert len(said.splitlines()) == 1
    assert "hunter2" not in said


def test_a_missing_database_setting_is_wrong_settings(breakglass: Shell) -> None:
    assert "DATABASE_URL: is missing" in breakglass.refuses("list", code=2, DATABASE_URL=None)


def test_every_wrong_setting_is_told_at_once(breakglass: Shell) -> None:
    said = breakglass.refuses("list", code=2, DATABASE_URL="oracle://x", REDIS_URL="http://x", PORT="zero")
    assert {line.split(":")[0] for line in said.splitlines()} == {"REDIS_URL", "DATABASE_URL", "PORT"}


def test_what_is_not_gone_yet_is_called_open_and_told_by_hand(breakglass: Shell, asked: Asked) -> None:
    request_id = asked(RequestState.REVOKING)
    assert "still open, being taken back" in breakglass.says("list")
    shown = breakglass.says("show", request_id, ORDERS_DB_DSN="postgresql://bot@/orders")
    assert 'REVOKE "incident_writer" FROM' in shown
    assert "not known here: " in breakglass.says("show", request_id)
    assert "by hand" not in breakglass.says("show", asked(RequestState.ACTIVE))
