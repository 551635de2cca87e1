"""What people read: every message says who, what, how long and why, and shows literally what others typed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.model import Access, Ended, RequestState, SlackUser
from app.policy import AccessEntry
from app.sandbox import blockkit
from app.slack import promises, text
from app.slack.blocks import Rendered
from app.slack.cards import Context, refusals, render
from app.slack.status import status_list
from app.slack.view import RequestView
from connectors.interface import Expiry, Promise
from tests.slack.views import (
    ID,
    NOW,
    a_confirmation,
    a_grant,
    a_step,
    a_view,
    a_word,
    buttons,
    instants,
    schema,
    types,
)

HEAD = "1042·9f3ac2d1"
HERE = Context(NOW)
KINDS = ("status", "line", "hearing", "waiting", "card", "event", "ask", "reminder")
EVENTS = (
    "asked",
    "active",
    "revoking",
    "revoked",
    "failed",
    "denied",
    "timed_out",
    "cancelled",
    "refused",
    "approved",
    "escalated",
    "stage_passed",
    "confirmed",
    "extension_asked",
    "extended",
    "extension_refused",
    "ending",
    "incident_over",
    "incident_open_again",
    "incident_out_of_sight",
    "went_on",
    "shift_over",
    "overdue",
    "something_new",
)
ALERTS = (
    "frozen",
    "thaw_asked",
    "thawed",
    "revoked_all",
    "not_me",
    "person_conflict",
    "person_accepted",
    "accept_asked",
    "policies_changed",
    "policies_difference",
    "policies_faulty",
    "channel_unfit",
    "access_of_others",
    "access_of_ours",
    "access_of_ours_removed",
    "access_of_ours_stays",
    "unwell",
    "well_again",
    "page_dropped",
    "page_left_open",
    "terminal",
    "something_new",
)


def show(kind: str, view: RequestView | None = None, context: Context = HERE, **data: Any) -> Rendered:
    return render(kind, view, data, None, context)


def read(message: Rendered) -> str:
    return blockkit.plain(message.blocks)


# --- who, what, how long, why ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", list(RequestState))
def test_the_text_of_every_message_says_who_what_how_long_and_why(kind: str, state: RequestState) -> None:
    said = show(kind, a_view(state), event="confirmed").text
    for word in (
        "Ada Lovelace (ada@example.com)",
        "orders-db: incident_writer",
        "30 min",
        "INC-1234 replica lag",
    ):
        assert word in said


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("kind", ["line", "event"])
def test_every_change_has_a_sentence(kind: str, event: str) -> None:
    view = a_view(RequestState.REVOKED, grants=[a_grant("revoked", sessions="none")])
    said = show(kind, view, event=event, by="eve@example.com", reason="why not", seconds=1800, missing=1)
    sentence = said.text.split(" · ")[0]
    assert sentence
    assert sentence[0].isupper() or sentence[0].isdigit()
    assert "None" not in sentence


@pytest.mark.parametrize("event", ALERTS)
def test_every_alert_has_a_sentence_and_ends_with_the_head(event: str) -> None:
    data = {
        "event": event,
        "by": "eve@example.com",
        "reason": "drill",
        "until": "2026-11-22T07:12:00Z",
        "count": 2,
    }
    said = render("alert", None, data, HEAD, HERE)
    assert said.text.endswith(f"#{HEAD}")
    assert f"#{HEAD}" in read(said)


def test_a_freeze_says_until_when() -> None:
    said = show("alert", event="frozen", by="eve@example.com", reason="drill", until="2026-11-22T07:12:00Z")
    assert said.text == "Frozen by eve@example.com: drill. Nothing is given until 07:12 UTC."


# --- the requester -----------------------------------------------------------------------------------------


def test_while_pending_the_requester_sees_whom_it_waits_for_and_may_cancel_or_wake() -> None:
    said = show("status", a_view(said=(a_word(),), steps=(a_step("group:leads", count=2),)))
    assert "Still missing: 2 of leads. Over at 03:37 UTC without them." in said.text
    assert "others are asked as well at" in read(said)
    assert NOW + timedelta(minutes=10) in instants(said.blocks)
    assert "grace@example.com (leads) approved" in read(said)
    assert buttons(said.blocks) == {
        "breakglass_cancel": "Cancel orders-db",
        "breakglass_wake": "Wake the next people",
        "breakglass_not_me": "Not me",
    }


def test_where_everybody_was_woken_nobody_can_be() -> None:
    assert "breakglass_wake" not in buttons(show("status", a_view(more_to_wake=False)).blocks)


def test_while_active_the_holder_sees_literally_how_to_use_it_and_until_when() -> None:
    said = show("status", a_view(RequestState.ACTIVE, extend_by=timedelta(minutes=30)))
    assert "Until 03:42 UTC, on your own account" in said.text
    preformatted = [
        element["elements"][0]["text"]
        for block in said.blocks
        for element in block.get("elements", ())
        if element["type"] == "rich_text_preformatted"
    ]
    assert preformatted == ["psql orders-db, then: SET ROLE incident_writer;"]
    assert buttons(said.blocks) == {
        "breakglass_end": "Give back orders-db",
        "breakglass_extend": "Extend orders-db by 30 min",
        "breakglass_not_me": "Not me",
    }


@pytest.mark.parametrize("state", [state for state in RequestState if state != RequestState.ACTIVE])
def test_how_to_use_it_is_shown_only_while_it_can_be_used(state: RequestState) -> None:
    assert "SET ROLE" not in read(show("status", a_view(state)))


def test_what_is_being_taken_back_is_said_to_be_open_still() -> None:
    view = a_view(
        RequestState.REVOKING, ended_because=Ended.REVOKED, ended_by="eve@example.com", ended_reason="odd"
    )
    assert (
        "Still open until the target says that it is gone. Ends now: revoked by eve@example.com (odd)."
        in show("status", view).text
    )


@pytest.mark.parametrize(
    "event", ["active", "ending", "extended", "revoking", "revoked", "confirmed", "overdue"]
)
def test_whoever_is_told_of_their_access_can_say_that_it_was_not_them(event: str) -> None:
    said = show("line", a_view(RequestState.ACTIVE), event=event)
    assert "breakglass_not_me" in buttons(said.blocks)
    assert "breakglass_not_me" not in buttons(show("event", a_view(RequestState.ACTIVE), event=event).blocks)


def test_a_line_by_itself_says_of_which_access_it_speaks_and_in_a_thread_need_not() -> None:
    view = a_view(RequestState.ACTIVE)
    assert "orders-db · Request …h7q2xm" in read(show("line", view, event="active"))
    assert "orders-db" not in read(show("event", view, event="active"))


def test_what_ends_soon_can_be_extended_or_given_back_where_it_is_said() -> None:
    view = a_view(RequestState.ACTIVE, extend_by=timedelta(minutes=30))
    assert buttons(show("line", view, event="ending").blocks) == {
        "breakglass_end": "Give back orders-db",
        "breakglass_extend": "Extend orders-db by 30 min",
        "breakglass_not_me": "Not me",
    }


def test_whose_yes_gave_it_is_said_with_it() -> None:
    view = a_view(RequestState.ACTIVE, said=(a_word(), a_word(by="heidi@example.com"), a_word(round=1)))
    said = show("event", view, event="active").text
    assert "until 03:42 UTC. Approved by grace@example.com, heidi@example.com." in said


def test_the_end_says_why_and_through_whom() -> None:
    by = {"ended_because": "revoked", "ended_by": "eve@example.com", "ended_reason": "Not needed."}
    view = a_view(RequestState.REVOKED, grants=[a_grant("revoked", sessions="none")], **by)
    ending = "03:42 UTC. Ended: revoked by eve@example.com (Not needed.)."
    assert all(
        ending in show(kind, view, event="revoked").text for kind in ("status", "line", "event", "card")
    )


@pytest.mark.parametrize("event", ["denied", "cancelled", "refused", "revoking", "failed"])
def test_a_reason_that_ends_with_a_full_stop_gets_no_second(event: str) -> None:
    said = show(
        "event", a_view(RequestState.DENIED), event=event, by="eve@example.com", reason="Not tonight."
    )
    assert "Not tonight." in said.text
    assert ".." not in said.text


def test_a_refusal_is_the_sentence_that_the_policy_gave() -> None:
    why = (
        "orders-db has no account for you (looked for `ada`). Nobody was woken. You may also ask for: other."
    )
    view = a_view(RequestState.REFUSED, ended_because="refused", ended_by="policy", ended_reason=why)
    assert why in show("status", view).text


# --- what a target made for its holder, and one that cannot be read -----------------------------------------


def test_what_a_target_made_is_shown_whole_or_not_at_all_and_only_while_it_is_theirs() -> None:
    line = "ssh-ed25519-cert-v01@openssh.com " + "A" * 2_000
    handed = (("bastion", line),)
    shown = read(show("status", a_view(RequestState.ACTIVE, handed=handed)))
    assert line in shown
    assert "Made for you by bastion" in shown
    full = read(show("status", a_view(RequestState.ACTIVE, handed=handed * 3, uses=("x" * 600,) * 5)))
    long = read(show("status", a_view(RequestState.ACTIVE, handed=(("bastion", line * 2),))))
    assert {len(whole) for whole in re.findall("A{99,}", full + long)} == {2_000}
    for each in (full, long):
        assert f"`breakglass show {ID}` prints it" in each
    assert "AAAA" not in read(
        show("status", a_view(RequestState.REVOKED, grants=[a_grant("revoked")], handed=handed))
    )


def test_a_target_that_cannot_be_read_is_never_called_checked() -> None:
    unread = {"unread": frozenset({"orders-db"})}
    view = a_view(RequestState.ACTIVE, **unread)
    assert "not verified: the target cannot be read" in show("status", view).text
    over = a_view(RequestState.REVOKED, grants=[a_grant("revoked", sessions="none")], **unread)
    for each in (view, over):
        for kind in ("status", "card"):
            assert "checked" not in show(kind, each).text
    assert (
        "The target says that it took it back 03:42 UTC, which was not verified." in show("status", over).text
    )


# --- gone, and not gone ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sessions", ["none", "ended"])
def test_gone_is_said_where_nothing_lives_on(sessions: str) -> None:
    view = a_view(RequestState.REVOKED, grants=[a_grant("revoked", sessions=sessions)])
    assert "Gone: taken back and checked at the target 03:42 UTC." in show("status", view).text


@pytest.mark.parametrize(
    ("sessions", "sentence"),
    [
        ("alive:1", "Role taken back 03:42 UTC. 1 session opened before may still use it."),
        ("alive:3", "Role taken back 03:42 UTC. 3 sessions opened before may still use it."),
        ("unknown:not allowed to look", "may still use it is not known: not allowed to look"),
        (None, "may still use it was not asked."),
    ],
)
@pytest.mark.parametrize("kind", ["status", "line", "card", "event"])
def test_gone_is_not_said_where_something_may_live_on(kind: str, sessions: str | None, sentence: str) -> None:
    view = a_view(RequestState.REVOKED, grants=[a_grant("revoked", sessions=sessions)])
    said = show(kind, view, event="revoked")
    assert sentence in said.text
    assert "gone" not in (said.text + read(said)).casefold()


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        ("standing", "Not taken: it stood before and is not ours to take."),
        ("covered_by:qqqqqqqqqqqqqqabc234", "another request of the same person holds it (…abc234)"),
        ("other:given by dba", "somebody else gives it as well (given by dba)"),
    ],
)
def test_what_was_left_says_why(why: str, sentence: str) -> None:
    view = a_view(RequestState.REVOKED, grants=[a_grant("left", left_because=why)])
    said = show("status", view)
    assert sentence in said.text
    assert "gone" not in said.text.casefold()


def test_of_two_entries_each_is_named() -> None:
    grants = [
        a_grant("revoked", sessions="none"),
        a_grant("left", connector="payments-db", left_because="standing"),
    ]
    said = show("status", a_view(RequestState.REVOKED, grants=grants)).text
    assert "orders-db: Gone: taken back" in said
    assert "payments-db: Not taken" in said


# --- those who decide --------------------------------------------------------------------------------------


def test_the_buttons_of_an_ask_name_what_and_whose_and_hold_the_id_alone() -> None:
    said = show("ask", a_view())
    assert buttons(said.blocks) == {
        "breakglass_approve": "Approve orders-db for Ada, 30 min",
        "breakglass_deny": "Deny orders-db for Ada, 30 min",
    }
    for block in said.blocks:
        for element in block.get("elements", ()):
            if element["type"] == "button":
                assert element["value"] == ID
                assert element["accessibility_label"] == element["text"]["text"]


def test_an_ask_for_more_time_says_that_it_is_more_time() -> None:
    view = a_view(RequestState.ACTIVE, steps=(a_step(),), extension=timedelta(minutes=15), round=1)
    said = show("ask", view, Context(NOW, round=1))
    assert buttons(said.blocks)["breakglass_approve"] == "Approve orders-db for Ada, 15 min more"
    assert not buttons(show("ask", view, Context(NOW, round=0)).blocks)


@pytest.mark.parametrize(("verdict", "title"), [("approve", "approved"), ("deny", "denied")])
def test_after_the_decision_an_ask_says_who_decided_and_has_no_buttons(verdict: str, title: str) -> None:
    view = a_view(RequestState.GRANTING, said=(a_word(verdict, note="fine by me"),))
    said = show("ask", view)
    assert not buttons(said.blocks)
    assert f"orders-db for Ada: {title}. grace@example.com" in said.text
    assert "fine by me" in said.text


def test_an_ask_that_timed_out_says_so() -> None:
    view = a_view(RequestState.TIMED_OUT, ended_because="timed_out", ended_by="clock")
    assert "orders-db for Ada: timed out. No longer asked: nobody decided in time." in show("ask", view).text


# --- those who watch ---------------------------------------------------------------------------------------


def test_the_card_shows_rule_reasons_and_facts_with_their_provenance() -> None:
    fact = {
        "fact": "on_call:sre-primary",
        "value": "true",
        "source": "pagerduty",
        "at": "2026-11-22T03:12:03.000000Z",
        "since": "2026-11-21T20:00:00.000000Z",
        "by": "dba-lead@example.com",
    }
    decision = {"verdict": "grant", "rule": "on call", "because": ["ada is on call"], "facts": [fact]}
    card = show("card", a_view(RequestState.ACTIVE, decision=decision, grants=[a_grant()]))
    said = read(card)
    assert "“on call” says grant" in said
    assert "ada is on call" in said
    assert "on_call:sre-primary: yes (pagerduty" in said
    assert ", by dba-lead@example.com)" in said
    assert {NOW + timedelta(seconds=3), NOW.replace(day=21, hour=20, minute=0)} <= instants(card.blocks)


def test_the_card_shows_what_was_left_behind_and_what_failed() -> None:
    failed = a_grant("revoking", attempts=3, last_error="connection refused")
    said = read(
        show("card", a_view(RequestState.REVOKING, grants=[failed], left_behind=("function f() of ada",)))
    )
    assert "attempt 3: connection refused" in said
    assert "function f() of ada" in said


@pytest.mark.parametrize("state", list(RequestState))
def test_what_is_live_can_be_revoked_from_its_card_and_nothing_else(state: RequestState) -> None:
    live = state in {RequestState.GRANTING, RequestState.ACTIVE}
    assert ("breakglass_revoke" in buttons(show("card", a_view(state)).blocks)) is live


def test_a_card_decides_only_where_approvals_are_given() -> None:
    assert not buttons(show("card", a_view()).blocks)
    assert "breakglass_approve" in buttons(show("card", a_view(), Context(NOW, decides_here=True)).blocks)


def test_an_open_confirmation_has_a_button_and_a_closed_one_a_name() -> None:
    open_ = show("card", a_view(RequestState.ACTIVE, confirmation=a_confirmation()))
    assert buttons(open_.blocks)["breakglass_confirm"] == "Confirm orders-db for Ada"
    assert "Taken back at 03:22 UTC unless confirmed by security." in open_.text
    closed = show("card", a_view(RequestState.ACTIVE, confirmation=a_confirmation("eve@example.com")))
    assert "unless confirmed" not in closed.text
    assert "breakglass_confirm" not in buttons(closed.blocks)
    assert "by eve@example.com" in read(closed)


def test_what_is_late_at_one_target_is_one_alert_with_the_steps_by_hand() -> None:
    late = {
        "connector": "orders-db",
        "open": 300,
        "live_on": 1,
        "since": "2026-11-22T03:12:00Z",
        "error": "timeout",
    }
    whose = {
        "whose": ["Ada Lovelace …h7q2xm"],
        "more": 299,
        "by_hand": ["REVOKE incident_writer"],
    }
    said = render("alert", None, {"event": "overdue", **late, **whose}, None, HERE).text
    assert said.startswith("LATE: orders-db has not taken back 300 accesses yet, the oldest since 03:12 UTC.")
    assert "sessions opened before live on of 1 access that was taken back" in said
    assert "New: Ada Lovelace …h7q2xm and 299 more." in said
    assert "By hand: REVOKE incident_writer" in said


def test_whoever_had_it_hears_that_it_is_late() -> None:
    data = {"event": "overdue", "connector": "orders-db", "error": "timeout"}
    said = render("line", a_view(RequestState.REVOKING), data, None, HERE).text
    assert said.startswith("LATE: orders-db has not taken it back yet. It is still open; it is tried again.")


def test_a_conflict_of_persons_can_be_accepted_by_a_button() -> None:
    said = show(
        "alert", event="person_conflict", person="T0:U1", email="ada@example.com", proposed="eve@example.com"
    )
    assert buttons(said.blocks) == {"breakglass_accept": "Accept eve@example.com"}


def test_a_repeated_message_says_so_and_a_diverted_one_why() -> None:
    said = show("event", a_view(), Context(NOW, repeated=True, instead_of="C0SECURITY"), event="confirmed")
    assert said.text.startswith("(repeated: Slack did not confirm the first) Confirmed.")
    assert "channel C0SECURITY could not be reached" in read(said)


# --- hostile and maximal input -----------------------------------------------------------------------------

HOSTILE = (
    "<!channel> <@U1> <#C1> <https://evil.example|Approve here> &lt;b&gt; *bold* _i_ ~s~ `code` "
    "```pre``` :smile: > APPROVED by CEO\n\u202eevil\u202c \u200bzero\ufeff \x00\x07\x1b[31m \ud800 "
    "a\u0301\u0301\u0301\u0301\u0301"
)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_was_typed_is_markup(kind: str) -> None:
    view = a_view(
        RequestState.PENDING, reason=HOSTILE, name=HOSTILE, incident=HOSTILE, said=(a_word(note=HOSTILE),)
    )
    said = show(kind, view, event="denied", reason=HOSTILE, by=HOSTILE)
    assert not types(said.blocks) & {"mrkdwn", "markdown", "link", "user", "channel", "broadcast", "emoji"}
    assert "<" not in said.text
    assert ">" not in said.text
    for hidden in "\u202e\u200b\ufeff\x00\x1b\ud800":
        assert hidden not in said.text + read(said)


def test_what_cannot_be_seen_is_shown_as_a_mark() -> None:
    assert (
        text.visible("a\u202eb\u200bc\x00d\ud800e\u3164f")
        == f"a{text.MARK}b{text.MARK}c{text.MARK}d{text.MARK}e{text.MARK}f"
    )
    assert text.visible("l1\r\nl2\u2028l3\tl4") == "l1\nl2\nl3 l4"
    assert text.visible("Zoë 王 é") == "Zoë 王 é"
    assert len(text.visible("e" + "\u0301" * 500)) == 5


LONGEST = st.text(max_size=12).map(lambda each: (each * 3000)[:3000])
TYPED = st.one_of(st.text(max_size=60), st.just(HOSTILE), LONGEST)


@st.composite
def views(draw: st.DrawFn) -> RequestView:
    state = draw(st.sampled_from(RequestState))
    many = draw(st.integers(0, 12))
    typed, name = draw(TYPED), draw(TYPED)
    fact = {"fact": typed, "value": "true", "source": typed, "at": "2026-11-22", "since": typed, "by": typed}
    decision = {"verdict": "approve", "rule": typed, "because": [typed] * many, "facts": [fact] * many}
    why = draw(st.sampled_from(["standing", "covered_by:" + "a" * 20, "other:"])) + typed
    sessions = draw(st.sampled_from([None, "none", "alive:99", "unknown:"]))
    grant = a_grant(
        draw(st.sampled_from(["planned", "active", "revoking", "revoked", "left"])),
        access={"role": typed, "other": typed},
        subject=name,
        left_because=draw(st.sampled_from([None, why])),
        sessions=sessions and sessions + (typed if sessions.endswith(":") else ""),
        last_error=typed or None,
    )
    return a_view(
        state,
        name=name,
        email=draw(st.sampled_from(["", "ada@example.com", "a" * 240 + "@example.com"])),
        slack=SlackUser("T0ACME", "U0ADA"),
        reason=typed,
        incident=name or None,
        title=name,
        policy="p" * 48,
        access=(typed,) * many,
        accounts=((name, typed),) * many,
        uses=(typed,) * many,
        handed=((name, typed),) * many,
        steps=tuple(a_step(*[typed] * many or ["group:leads"]) for _ in range(many)),
        said=tuple(a_word(by=name, note=typed, principal=typed) for _ in range(many)),
        decision=draw(st.sampled_from([None, decision])),
        grants=[grant] * many,
        left_behind=(typed,) * many,
        confirmation=draw(st.sampled_from([None, a_confirmation(), a_confirmation(name or None)])),
        extension=draw(st.sampled_from([None, timedelta(minutes=15)])),
        ended_because=draw(st.sampled_from([None, *Ended])),
        ended_by=name or None,
        ended_reason=typed or None,
        silent=typed or None,
    )


def must_be_fit_for_slack(message: Rendered) -> None:
    shown = {"text": message.text, "blocks": message.blocks}
    faults = [f"{list(fault.path)}: {fault.message[:200]}" for fault in schema("Message").iter_errors(shown)]
    assert faults == []
    assert blockkit.message_faults(message.blocks) is None
    assert 0 < text.size(message.text) < 4000
    assert text.size(blockkit.plain(message.blocks)) < 10_000
    message.text.encode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    view=views(), kind=st.sampled_from(KINDS), event=st.sampled_from(EVENTS), typed=TYPED, bold=st.booleans()
)
def test_whatever_people_typed_slack_takes_the_message(
    view: RequestView, kind: str, event: str, typed: str, *, bold: bool
) -> None:
    data = {
        "event": event,
        "by": typed,
        "reason": typed,
        "connector": typed,
        "error": typed,
        "by_hand": typed,
    }
    context = Context(NOW, decides_here=bold, repeated=bold, instead_of="C0SECURITY" if bold else None)
    must_be_fit_for_slack(render(kind, view, data, HEAD, context))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(event=st.sampled_from(ALERTS), typed=TYPED)
def test_whatever_an_alert_carries_slack_takes_it(event: str, typed: str) -> None:
    names = "by reason asked_by email proposed person digest channel why words other"
    names += " connector subject what sessions error by_hand late"
    data: dict[str, Any] = dict.fromkeys(names.split(), typed)
    data |= {
        "event": event,
        "problems": [typed] * 5,
        "changes": [typed] * 50,
        "requests": [typed],
        "found": [{"subject": typed, "what": typed, "how": typed}] * 10,
        "connectors": [typed] * 9,
        "count": 30,
    }
    must_be_fit_for_slack(render("alert", None, data, HEAD, HERE))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(view=views(), count=st.integers(0, 30))
def test_lists_of_requests_fit_too(view: RequestView, count: int) -> None:
    listed = [
        a_view(view.state, id=f"{number:020}", reason=view.reason, name=view.name) for number in range(count)
    ]
    must_be_fit_for_slack(status_list(listed, NOW))
    if count:
        must_be_fit_for_slack(refusals([view] * min(count, 20), count, HEAD, HERE))


def test_a_long_reason_is_cut_visibly_and_the_rest_stays() -> None:
    view = a_view(
        reason="<&>" * 1000, decision={"verdict": "approve", "rule": "leads", "because": [], "facts": []}
    )
    said = show("card", view)
    assert "… (cut)" in said.text
    assert "… (cut)" in read(said)
    assert "“leads” says approve" in read(said)


def test_astral_characters_count_twice() -> None:
    assert text.size(text.cut("\U0001f600" * 3000, 2000)) <= 2000
    assert text.cut("\U0001f600" * 1000, 2000) == "\U0001f600" * 1000


# --- time --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (45, "45 s"), (1800, "30 min"), (5400, "1 h 30 min"), (90_000, "1 d 1 h")],
)
def test_lengths_are_said_as_people_say_them(seconds: int, words: str) -> None:
    assert text.spoken(timedelta(seconds=seconds)) == words


def test_an_instant_of_another_day_names_the_day() -> None:
    assert text.clock(NOW + timedelta(hours=2), NOW) == "05:12 UTC"
    assert text.clock(NOW + timedelta(days=2), NOW) == "2026-11-24 03:12 UTC"


def test_instants_are_shown_in_the_readers_own_zone() -> None:
    said = show("status", a_view(RequestState.ACTIVE))
    dates = [
        element
        for block in said.blocks
        for section in block.get("elements", ())
        for element in section.get("elements", ())
        if element["type"] == "date"
    ]
    assert dates[0] == {
        "type": "date",
        "timestamp": int((NOW + timedelta(minutes=30)).timestamp()),
        "format": "{time}",
        "fallback": "03:42 UTC",
    }


def test_two_accesses_of_one_target_that_promise_different_things_are_both_told() -> None:
    role, group = Promise(Expiry.EVERY_USE), Promise(Expiry.NEW_SESSIONS, timedelta(minutes=10))
    entries = [AccessEntry(Access("gcp", {}), None, "any", promise) for promise in (role, group)]
    said = promises.of_all(entries)
    assert "gcp: Usually there within a second" in said
    assert "gcp: Usually there in about 10 min" in said
