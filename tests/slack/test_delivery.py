"""The outbox, delivered: a real database, the sandbox as Slack."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, event
from sqlmodel import col, select

from app import notices
from app.model import SlackUser
from app.notices import Priority
from app.policy import PolicyFolder
from app.sandbox import Sandbox
from app.sandbox.cast import BOT_USER
from app.slack import outbox as rows
from app.slack.delivery import BUDGET, Delivery
from app.slack.directory import SlackDirectory
from app.store.step import Step
from app.store.tables import Notice, Pulse, Request
from tests.clock import MovedClock
from tests.house import EACH
from tests.serving import together, wait
from tests.slack.outboxhouse import APPROVALS, POLICY, SECURITY, WATCHED, Outbox, write_folder
from tests.slackdriver import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Slack
from tests.statements import heard, plans_of

GRACE = SlackUser("T0ACME", "U0GRACE")


def build(url: str, ports: tuple[object, object], folder: Path, policy: str = POLICY) -> Iterator[Outbox]:
    clock = MovedClock()
    port = ports[0]
    sandbox = Sandbox(
        signing_secret=SIGNING_SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        base_url=port.url,  # type: ignore[attr-defined]
        clock=clock,
    )
    port.behind = sandbox.app  # type: ignore[attr-defined]
    built = Outbox(url, Slack(sandbox), write_folder(folder, orders_db=policy), clock)
    yield built
    built.close()
    sandbox.close()


@pytest.fixture
def outbox(database: str, tmp_path: Path, front_ports: tuple[object, object]) -> Iterator[Outbox]:
    yield from build(database, front_ports, tmp_path / "policies")


@pytest.fixture
def watched(database: str, tmp_path: Path, front_ports: tuple[object, object]) -> Iterator[Outbox]:
    """The same where another channel gets the alerts too."""
    yield from build(database, front_ports, tmp_path / "policies", WATCHED)


# --- slots, threads, order ---------------------------------------------------------------------------------


def test_a_request_has_one_card_and_one_status_message_that_change(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.tells(request_id, "asked")
    assert outbox.delivers() is None
    outbox.changes(
        request_id, state="cancelled", plan=None, ended_because="cancelled", ended_by="ada@example.com"
    )
    outbox.tells(request_id, "cancelled", by="ada@example.com")
    outbox.delivers()
    (card,) = outbox.cards()
    assert "cancelled" in card.text
    assert not card.buttons()
    status, line = outbox.dm("ada")
    assert "cancelled" in status.text
    assert line.text.startswith("Cancelled by ada@example.com")
    assert not outbox.waiting()


def test_what_happened_stands_in_the_thread_of_its_card(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.tells(request_id, "asked")
    outbox.tells(request_id, "approved", by="grace@example.com", missing=1)
    outbox.delivers()
    (card,) = outbox.cards()
    assert [reply.text[:30] for reply in card.thread()] == ["Approved by grace@example.com."]


def test_where_the_thread_is_gone_it_is_said_in_the_channel(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.tells(request_id, "asked")
    outbox.delivers()
    (card,) = outbox.cards()
    outbox.client.chat_delete(channel=SECURITY, ts=card.ts)
    outbox.writes(lambda step: _event(step, request_id))
    outbox.delivers()
    assert [message.text[:21] for message in outbox.cards()] == ["Confirmed by grace@ex"]


def _event(step: Step, request_id: str) -> None:
    request = step.session.get(Request, request_id)
    change = Priority.CHANGE
    notices.post(
        step,
        SECURITY,
        "event",
        change,
        request=request,
        alert=True,
        event="confirmed",
        by="grace@example.com",
    )


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_a_card_that_cannot_be_changed_is_posted_anew_and_changed_from_then_on(
    outbox: Outbox, error: str
) -> None:
    request_id = outbox.asks()
    outbox.tells(request_id, "asked")
    outbox.delivers()
    outbox.faults.refuse("chat.update", error, 1)
    outbox.writes(lambda step: _card(step, request_id))
    outbox.delivers()
    assert len(outbox.cards()) == 2
    outbox.changes(request_id, reason="INC-1234 something else")
    outbox.writes(lambda step: _card(step, request_id))
    outbox.delivers()
    older, newer = outbox.cards()
    assert "something else" in newer.text
    assert "something else" not in older.text


def _card(step: Step, request_id: str, priority: Priority = Priority.CHANGE) -> None:
    request = step.session.get(Request, request_id)
    slot = f"card:{request_id}:{SECURITY}"
    notices.post(step, SECURITY, "card", priority, request=request, slot=slot, alert=True)


def test_an_older_state_of_a_message_is_not_sent_after_a_newer_one(outbox: Outbox) -> None:
    request_id = outbox.asks()
    for _ in range(5):
        outbox.writes(lambda step: _card(step, request_id))
    outbox.delivers()
    calls = [call.method for call in outbox.slack.requests() if call.method.startswith("chat.")]
    assert calls == ["chat.postMessage"]
    assert not outbox.waiting()


def test_a_grants_alert_overtakes_what_waited_before_it(outbox: Outbox) -> None:
    older, newer = outbox.asks(reason="INC-1 the older"), outbox.asks(reason="INC-2 the newer")
    outbox.writes(lambda step: _card(step, older))
    outbox.faults.rate_limit("chat.postMessage", retry_after=30, count=1)
    outbox.delivers()
    outbox.writes(lambda step: _card(step, newer, Priority.GRANT))
    outbox.later(seconds=31)
    assert ["newer" in card.text for card in outbox.cards()] == [True, False]


def test_one_look_finds_many_and_what_is_more_urgent_overtakes_them_all_the_same(outbox: Outbox) -> None:
    looks: list[str] = []

    def looked(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        looks.extend([statement] if "DISTINCT" in statement and "UNION" not in statement else [])

    event.listen(outbox.steps.engine, "before_cursor_execute", looked)
    for user in ("U0ADA", "U0GRACE", "U0HEIDI", "U0EVE"):
        told = SlackUser("T0ACME", user)
        outbox.writes(lambda step, told=told: notices.outcome(step, told, None, "Approved.", None))  # type: ignore[misc]
    outbox.delivery.deliver(outbox.clock.now(), 2)
    assert len(looks) == 1
    urgent = outbox.asks()
    outbox.writes(lambda step: _card(step, urgent, Priority.GRANT))
    outbox.delivers()
    sent = [call.arguments["text"] for call in outbox.slack.requests("chat.postMessage")]
    assert [text == "Approved." for text in sent] == [True, True, False, True, True]


def test_no_message_costs_more_however_many_wait_or_were_ever_sent(outbox: Outbox) -> None:
    """What is asked of the outbox for each message is found by an index, or by what few senders hold."""
    outbox.writes(lambda step: _card(step, outbox.asks()))
    outbox.writes(lambda step: notices.outcome(step, GRACE, None, "Approved.", None))
    with heard(outbox.steps.engine) as asked:
        outbox.delivers()
    plans = [plan for text, plan in plans_of(outbox.steps.engine, asked) if "FROM notice" in text]
    assert not [plan for plan in plans if re.search(r"SCAN notice(?! USING)", plan)]
    firsts = [plan for plan in plans if "CORRELATED" in plan]
    assert len(firsts) > len(outbox.cards())
    for plan in firsts:  # the first of a conversation: one seek, in the order in which they are sent
        assert re.search(r"notice_1 USING INDEX notice_order \(sent_at=\? AND conversation=\?\)", plan)
        assert "notice_leased" in plan
    urgent = [plan for plan in plans if "rowid>?" in plan]
    assert len(urgent) >= len(
        outbox.cards()
    )  # what was written since the look, and nothing that waited before


def test_what_a_channel_refuses_is_looked_for_once_and_not_for_each_that_waits(outbox: Outbox) -> None:
    with heard(outbox.steps.engine) as asked, outbox.steps.read() as session:
        rows.overdue_alerts(session, outbox.clock.now())
    ((_, plan),) = plans_of(outbox.steps.engine, asked)
    assert "LIST SUBQUERY" in plan
    assert "CORRELATED" not in plan


def test_the_ledger_holds_the_ts_of_every_alert_and_the_alert_its_head(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.tells(request_id, "asked")
    outbox.delivers()
    (card,) = outbox.cards()
    (entry,) = outbox.entries("AlertDelivered")
    assert (entry["channel"], entry["ts"]) == (SECURITY, card.ts)
    assert card.text.split()[-1].startswith("#2·")
    assert outbox.slots()[f"card:{request_id}:{SECURITY}"] == card.ts


# --- asking ------------------------------------------------------------------------------------------------


def test_an_ask_reaches_the_person_behind_an_address_and_loses_its_buttons(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.puts(request_id, ["to:grace@example.com", APPROVALS])
    outbox.delivers()
    (card,) = outbox.dm("grace")
    assert [button.label for button in card.buttons()] == [
        "Approve orders-db for Ada, 30 min",
        "Deny orders-db for Ada, 30 min",
    ]
    outbox.says(request_id, "deny", note="Not tonight.")
    outbox.changes(
        request_id, state="denied", plan=None, ended_because="denied", ended_by="grace@example.com"
    )
    outbox.puts(request_id, ["to:grace@example.com", APPROVALS])
    outbox.delivers()
    for message in (card.again(), outbox.cards(APPROVALS)[0]):
        assert not message.buttons()
        assert "grace@example.com (leads) denied" in message.text


def test_nobody_is_asked_what_was_decided_meanwhile(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.puts(request_id, ["to:grace@example.com"])
    outbox.puts(request_id, ["to:grace@example.com"], remind=True)
    outbox.changes(request_id, state="cancelled", plan=None, ended_because="cancelled")
    outbox.delivers()
    assert outbox.dm("grace") == []
    assert not outbox.waiting()


def test_an_address_that_now_belongs_to_a_guest_is_not_asked(outbox: Outbox) -> None:
    outbox.faults.make_guest("grace")
    outbox.puts(outbox.asks(), ["to:grace@example.com"])
    outbox.delivers()
    assert outbox.dm("grace") == []
    assert [notice.last_error for notice in outbox.rows(Notice)] == ["users_not_found"]


def test_what_became_of_a_press_is_seen_by_the_presser_alone(outbox: Outbox) -> None:
    outbox.writes(lambda step: notices.outcome(step, GRACE, APPROVALS, "Approved.", None))
    outbox.delivers()
    assert [whisper.text for whisper in outbox.slack.person("grace").whispers()] == ["Approved."]
    assert outbox.messages(APPROVALS) == []


@pytest.mark.parametrize("channel", [SECURITY, "D0DMGRACE", "C0NOWHERE", None])
def test_where_they_cannot_be_whispered_to_they_hear_it_directly(outbox: Outbox, channel: str | None) -> None:
    outbox.writes(lambda step: notices.outcome(step, GRACE, channel, "Approved.", None))
    outbox.delivers()
    assert [message.text for message in outbox.dm("grace")] == ["Approved."]


def test_the_requester_hears_that_it_is_looked_at_only_while_it_is(outbox: Outbox) -> None:
    request_id = outbox.asks(state="deciding", plan=None, step_at=None, decide_by=None)
    outbox.writes(lambda step: notices.hearing(step, step.session.get_one(Request, request_id)))
    assert outbox.delivers() == notices.FIRST_WORD
    outbox.later(seconds=1)
    assert [message.text.split(".")[0] for message in outbox.dm("ada")] == ["Heard"]
    outbox.changes(request_id, state="cancelled", ended_because="cancelled")
    outbox.later(seconds=5)
    assert len(outbox.dm("ada")) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_is_being_dropped_holds_no_sender_up(outbox: Outbox) -> None:
    """SQLite has one writer: whoever comes after it finds it gone."""
    request_id = outbox.asks(state="deciding", plan=None, step_at=None, decide_by=None)
    outbox.writes(lambda step: notices.hearing(step, step.session.get_one(Request, request_id)))
    outbox.clock.advance(seconds=1)
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    with outbox.steps.engine.begin() as deciding:
        deciding.execute(delete(Notice).where(col(Notice.kind) == "hearing"))
        outbox.delivers()
        assert len(outbox.cards()) == 1
    outbox.delivers()
    assert outbox.dm("ada") == []


# --- when Slack asks for patience --------------------------------------------------------------------------


@EACH
def test_one_channel_that_is_limited_holds_up_no_other(outbox: Outbox) -> None:
    outbox.faults.rate_limit("chat.postMessage", retry_after=20, count=1)
    outbox.tells(outbox.asks(), "asked")
    pause = outbox.delivers()
    assert pause == timedelta(seconds=20)
    assert len(outbox.dm("ada")) + len(outbox.cards()) == 1
    outbox.later(seconds=19)
    assert len(outbox.dm("ada")) + len(outbox.cards()) == 1
    outbox.later(seconds=1)
    assert (len(outbox.dm("ada")), len(outbox.cards())) == (1, 1)


def test_what_waits_behind_a_limited_message_is_not_looked_at_all_the_time(outbox: Outbox) -> None:
    outbox.faults.rate_limit("chat.postMessage", retry_after=20, count=1)
    for _ in range(3):
        outbox.alerts("frozen", by="eve@example.com", reason="drill")
    assert outbox.delivers() == timedelta(seconds=20)
    assert outbox.later(seconds=5) == timedelta(seconds=15)
    assert outbox.later(seconds=15) is None
    assert len(outbox.cards()) == 3


@pytest.mark.parametrize(("written", "seconds"), [(0, 1), (7, 7), (999_999, 3600), (-5, 5)])
def test_patience_that_cannot_be_believed_is_bounded(outbox: Outbox, written: int, seconds: int) -> None:
    outbox.faults.rate_limit("chat.postMessage", retry_after=written, count=1)
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    assert outbox.delivers() == timedelta(seconds=seconds)


def test_what_cannot_be_shown_is_told_all_the_same(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.tells(request_id, "asked")
    outbox.tells(request_id, "approved", by="grace@example.com", missing="not a number")
    outbox.delivers()
    (card,) = outbox.cards()
    assert [reply.text for reply in card.thread()] == [
        f"Something happened that cannot be shown here. See: breakglass show {request_id}"
    ]
    assert not outbox.waiting()


def test_many_notices_are_sent_in_portions(outbox: Outbox) -> None:
    for _ in range(BUDGET + 1):
        outbox.writes(lambda step: notices.outcome(step, GRACE, None, "Approved.", None))
    assert outbox.delivers() == timedelta()
    assert outbox.delivers() is None
    assert len(outbox.dm("grace")) == BUDGET + 1


def test_slack_is_not_asked_again_before_the_time_it_named(outbox: Outbox) -> None:
    outbox.faults.rate_limit("chat.postMessage", retry_after=20, count=1)
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.delivers()
    before = len(outbox.slack.requests("chat.postMessage"))
    outbox.alerts("thawed", by="eve@example.com", reason="drill over")
    outbox.later(seconds=10)
    assert len(outbox.slack.requests("chat.postMessage")) == before
    outbox.later(seconds=10)
    assert [card.text.split()[0] for card in outbox.cards()] == ["Frozen", "Thawed"]


def test_while_slack_is_down_notices_wait_and_are_tried_ever_more_rarely(outbox: Outbox) -> None:
    outbox.faults.down()
    for _ in range(5):
        outbox.tells(outbox.asks(), "asked")
    pause = outbox.delivers()
    assert pause is not None
    assert timedelta(seconds=0.5) < pause < timedelta(seconds=2)
    outbox.delivers()
    outbox.later(minutes=2)
    assert len(outbox.waiting()) == 10
    outbox.faults.up()
    outbox.later(minutes=2)
    assert (len(outbox.cards()), len(outbox.dm("ada"))) == (5, 5)
    assert not outbox.waiting()


def test_an_outage_that_ends_is_not_told_twice_by_way_of_escalation(outbox: Outbox) -> None:
    outbox.faults.down(503)
    outbox.tells(outbox.asks(), "asked")
    outbox.delivers()
    outbox.later(minutes=5)
    outbox.faults.up()
    outbox.later(minutes=5)
    assert len(outbox.cards()) == 1
    assert outbox.dm("eve") == []


def test_a_message_whose_answer_was_lost_is_repeated_and_marked(outbox: Outbox) -> None:
    outbox.faults.lose_answer("chat.postMessage")
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.delivers()
    outbox.later(seconds=5)
    first, second = outbox.cards()
    assert "repeated" not in first.text
    assert second.text.startswith("(repeated: Slack did not confirm the first) Frozen by eve@example.com")


def test_a_change_whose_answer_was_lost_is_repeated_without_ado(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.tells(request_id, "asked")
    outbox.delivers()
    outbox.faults.lose_answer("chat.update")
    outbox.writes(lambda step: _card(step, request_id))
    outbox.delivers()
    outbox.later(seconds=5)
    (card,) = outbox.cards()
    assert "repeated" not in card.text


def claimed_by_the_dead(outbox: Outbox) -> None:
    ahead, now = rows.Ahead(), outbox.clock.now()
    with outbox.steps.step() as step:
        ahead.look(step.session, now, now)
        assert rows.claim(step, "dead", now, ahead)


def test_what_a_dead_worker_was_sending_is_sent_again_as_repeated(outbox: Outbox) -> None:
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    claimed_by_the_dead(outbox)
    outbox.delivers()
    assert outbox.cards() == []
    outbox.later(seconds=rows.LEASE.total_seconds() + 1)
    (card,) = outbox.cards()
    assert card.text.startswith("(repeated")


def test_what_overtakes_a_message_that_a_dead_worker_was_sending_is_marked_too(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.writes(lambda step: _card(step, request_id))
    claimed_by_the_dead(outbox)
    outbox.writes(lambda step: _card(step, request_id, Priority.GRANT))
    outbox.later(seconds=rows.LEASE.total_seconds() + 1)
    (card,) = outbox.cards()
    assert card.text.startswith("(repeated")
    assert not outbox.waiting()


def test_what_is_being_sent_stays_its_senders_however_long_slack_takes(outbox: Outbox) -> None:
    """Slack answers after 1.5 s; by the house's clock two leases pass meanwhile, and each is renewed in time."""
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.faults.slow(1.5)
    sending = threading.Thread(target=outbox.delivers)
    sending.start()
    wait(lambda: outbox.slack.requests("chat.postMessage"), what="the message to be under way")
    other = outbox.another_worker()
    for _ in range(4):
        outbox.clock.advance(seconds=rows.LEASE.total_seconds() / 2)
        outbox.delivery.keep()
        other.deliver()
    outbox.faults.clear()
    sending.join()
    assert len(outbox.slack.requests("chat.postMessage")) == len(outbox.cards()) == 1


def test_what_a_clock_wrote_that_was_ahead_is_told_when_it_was_set_right(outbox: Outbox) -> None:
    outbox.clock.advance(minutes=10)
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.alerts("frozen", by="frank@example.com", reason="drill")
    claimed_by_the_dead(outbox)
    outbox.clock.advance(minutes=-10)
    outbox.delivers()
    assert [card.text.startswith("(repeated") for card in outbox.cards()] == [True, False]


@EACH
def test_what_a_clock_put_off_that_was_ahead_holds_up_nobody_when_it_was_set_right(outbox: Outbox) -> None:
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.clock.advance(minutes=10)
    outbox.faults.rate_limit("chat.postMessage", retry_after=1, count=1)
    outbox.delivers()
    assert not outbox.cards()
    outbox.clock.advance(minutes=-10)
    outbox.alerts("frozen", by="frank@example.com", reason="drill")
    outbox.another_worker().deliver()
    assert ["eve@" in card.text for card in outbox.cards()] == [True, False]


@EACH
def test_what_a_right_clock_put_off_waits_although_a_wrong_one_wrote_it(outbox: Outbox) -> None:
    outbox.clock.advance(minutes=10)
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.clock.advance(minutes=-10)
    outbox.faults.rate_limit("chat.postMessage", retry_after=5, count=1)
    outbox.delivers()
    outbox.another_worker().deliver()
    assert len(outbox.slack.requests("chat.postMessage")) == 1
    outbox.clock.advance(seconds=5)
    outbox.another_worker().deliver()
    assert len(outbox.cards()) == 1


@EACH
def test_refusals_that_a_clock_held_that_was_ahead_are_told_when_it_was_set_right(outbox: Outbox) -> None:
    outbox.clock.advance(minutes=10)
    outbox.refuses()
    outbox.delivers()
    told = len(outbox.cards())
    outbox.clock.advance(minutes=-10)
    outbox.refuses(reason="INC-2 let me in")
    outbox.clock.advance(minutes=10)
    outbox.delivers()
    assert len(outbox.cards()) == told
    outbox.clock.advance(minutes=-10)
    outbox.another_worker().deliver()
    assert len(outbox.cards()) == told + 1


@pytest.mark.parametrize("trouble", ["limited", "silent"])
def test_a_sender_whose_clock_was_set_back_waits_no_longer_than_slack_asked_for(
    outbox: Outbox, trouble: str
) -> None:
    outbox.clock.advance(minutes=10)
    if trouble == "limited":
        outbox.faults.rate_limit("chat.postMessage", retry_after=5, count=1)
    else:
        outbox.faults.refuse("chat.postMessage", "internal_error", 1)
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.delivers()
    outbox.clock.back = timedelta(minutes=10)
    outbox.delivers()
    assert not outbox.cards()
    outbox.clock.advance(seconds=5)
    outbox.delivers()
    assert len(outbox.cards()) == 1


def test_a_sender_whose_clock_was_set_back_tries_one_message_while_slack_is_silent(outbox: Outbox) -> None:
    outbox.clock.back = timedelta(minutes=10)
    outbox.faults.refuse("chat.postMessage", "internal_error")
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.tells(outbox.asks(), "active", Priority.GRANT)
    outbox.delivers()
    assert len(outbox.slack.requests("chat.postMessage")) == 1


def test_a_sender_whose_clock_was_set_back_still_tells_elsewhere_what_a_channel_does_not_take(
    outbox: Outbox,
) -> None:
    outbox.clock.advance(minutes=10)
    outbox.delivers()
    outbox.clock.back = timedelta(minutes=10)
    outbox.faults.rate_limit("chat.postMessage", retry_after=600, count=1)
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.delivers()
    outbox.later(seconds=61)
    outbox.later(seconds=61)
    assert "could not be reached" in outbox.dm("eve")[0].text


def test_a_sender_that_slept_says_nothing_of_refusals_that_another_has_done_with(outbox: Outbox) -> None:
    outbox.refuses()

    def sleeps() -> PolicyFolder:
        in_hand = (col(Notice.conversation) == SECURITY, col(Notice.lease_until).is_not(None))
        with outbox.steps.step() as step:
            found = step.session.exec(select(Notice.id).where(*in_hand)).all()
            rows.settle(step, [key for key in found if key is not None], None)
        return outbox.folder

    directory = SlackDirectory(outbox.client)
    Delivery(outbox.steps, outbox.client, directory, sleeps, outbox.clock.latest).deliver()
    assert not outbox.cards()
    assert not outbox.waiting()


def test_what_slack_refuses_to_show_is_said_without_blocks(outbox: Outbox) -> None:
    outbox.faults.refuse("chat.postMessage", "invalid_blocks", 1)
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.delivers()
    (card,) = outbox.cards()
    assert card.text.startswith("Frozen by eve@example.com")
    assert card.blocks == []


def test_a_revoked_token_loses_no_notice(outbox: Outbox) -> None:
    outbox.faults.refuse("chat.postMessage", "token_revoked", 1)
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.delivers()
    assert len(outbox.waiting()) == 1
    outbox.later(seconds=5)
    assert len(outbox.cards()) == 1


# --- channels that take nothing ----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["archive", "remove_bot", "share"])
def test_the_security_team_hears_directly_what_their_channel_cannot_take(outbox: Outbox, fault: str) -> None:
    getattr(outbox.faults, fault)(SECURITY)
    request_id = outbox.asks()
    outbox.tells(request_id, "asked")
    outbox.tells(request_id, "active", Priority.GRANT)
    outbox.delivers()
    assert outbox.messages() == []
    for name in ("eve", "frank"):
        card, *others = [m for m in outbox.dm(name) if m.thread_ts is None]
        texts = [message.text for message in (card, *others)]
        assert any("Channel C0SECURITY cannot be used" in text for text in texts)
        assert any("Ada Lovelace" in text and "could not be reached" in text for text in texts)
    assert not outbox.waiting()
    assert {entry["channel"] for entry in outbox.entries("AlertUndeliverable")} == {SECURITY}
    assert [pulse.ok for pulse in outbox.rows(Pulse)] == [False]


def test_an_unfit_channel_is_told_of_once_and_forgotten_when_it_works_again(outbox: Outbox) -> None:
    outbox.faults.remove_bot(SECURITY)
    for _ in range(2):
        outbox.alerts("frozen", by="eve@example.com", reason="drill")
        outbox.delivers()
    told = [message.text for message in outbox.dm("eve")]
    assert sum("cannot be used" in text for text in told) == 1
    outbox.slack.workspace.channels[SECURITY].members.add(BOT_USER)
    outbox.alerts("thawed", by="eve@example.com")
    outbox.delivers()
    assert [card.text[:13] for card in outbox.cards()] == ["Thawed by eve", "Channel C0SEC"]
    assert "takes alerts again" in outbox.cards()[1].text
    assert [pulse.ok for pulse in outbox.rows(Pulse)] == [True]


def test_a_channel_shared_after_the_card_was_posted_gets_no_more_of_it(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.tells(request_id, "asked")
    outbox.delivers()
    outbox.faults.share(SECURITY, pending=True)
    outbox.changes(request_id, reason="INC-1234 not for strangers")
    outbox.writes(lambda step: _card(step, request_id))
    outbox.later(seconds=61)
    (card,) = outbox.cards()
    assert "strangers" not in card.text
    assert any("strangers" in message.text for message in outbox.dm("eve"))


def test_while_it_is_unknown_whether_a_channel_is_shared_nothing_goes_there(outbox: Outbox) -> None:
    outbox.faults.refuse("conversations.info", "internal_error", 1)
    outbox.tells(outbox.asks(), "asked")
    outbox.delivers()
    assert (len(outbox.cards()), len(outbox.dm("ada"))) == (0, 1)
    outbox.later(seconds=6)
    assert len(outbox.cards()) == 1


def test_where_another_channel_has_the_card_nobody_is_written_to(watched: Outbox) -> None:
    watched.faults.archive(SECURITY)
    watched.tells(watched.asks(), "active", Priority.GRANT)
    watched.delivers()
    assert len(watched.cards("C0INCIDENTS")) == 1
    assert all("cannot be used" in message.text for message in watched.dm("eve"))


def test_an_alert_that_is_not_taken_for_a_minute_is_escalated_once(outbox: Outbox) -> None:
    outbox.tells(outbox.asks(), "active", Priority.GRANT)
    with outbox.steps.read() as session:
        ahead = rows.Ahead()
        ahead.look(session, outbox.clock.now(), outbox.clock.now())
        assert ahead
    outbox.faults.rate_limit("chat.postMessage", retry_after=600, count=1)
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    outbox.delivers()
    assert outbox.dm("eve") == []
    outbox.later(seconds=61)
    outbox.later(seconds=61)
    texts = [message.text for message in outbox.dm("eve")]
    assert len(texts) == 2
    assert all("could not be reached" in text for text in texts)
    outbox.later(seconds=600)
    assert len(outbox.cards()) == 2


# --- refusals ----------------------------------------------------------------------------------------------


def test_refusals_are_one_line_a_minute_however_many_there_are(outbox: Outbox) -> None:
    outbox.refuses()
    outbox.delivers()
    for number in range(40):
        outbox.refuses(reason=f"INC-{number} let me in")
    outbox.later(seconds=59)
    assert len(outbox.cards()) == 1
    outbox.later(seconds=1)
    first, second = outbox.cards()
    assert first.text.startswith("1 request was refused. Ada Lovelace (ada@example.com)")
    assert second.text.startswith("40 requests were refused.")
    assert "more" in second.text
    assert not outbox.waiting()
    assert len(outbox.dm("ada")) == 41


@EACH
def test_refusals_wait_for_no_line_that_a_clock_told_that_was_ahead(outbox: Outbox) -> None:
    outbox.clock.advance(minutes=10)
    outbox.refuses()
    outbox.delivers()
    told = len(outbox.cards())
    outbox.clock.advance(minutes=-10)
    outbox.refuses()
    outbox.another_worker().deliver()
    assert len(outbox.cards()) == told + 1


@EACH
def test_refusals_that_wait_stand_in_nobodys_way(outbox: Outbox) -> None:
    outbox.refuses()
    outbox.delivers()
    outbox.refuses()
    outbox.delivers()
    outbox.tells(outbox.asks(), "active", Priority.GRANT)
    outbox.delivers()
    assert len(outbox.cards()) == 2


def test_a_request_that_had_a_card_shows_its_refusal_there(outbox: Outbox) -> None:
    request_id = outbox.asks()
    outbox.tells(request_id, "asked")
    outbox.delivers()
    over = {
        "state": "refused",
        "plan": None,
        "ended_because": "refused",
        "ended_reason": "The policy refuses now.",
    }
    outbox.changes(request_id, **over)
    outbox.tells(request_id, "refused", Priority.REFUSAL, reason="The policy refuses now.")
    outbox.delivers()
    (card,) = outbox.cards()
    assert "refused" in card.text
    assert [reply.text.split(" · ")[0] for reply in card.thread()] == ["Refused: The policy refuses now."]


# --- several workers ---------------------------------------------------------------------------------------


@EACH
def test_two_workers_send_everything_once_and_in_order(outbox: Outbox) -> None:
    for number in range(6):
        request_id = outbox.asks(reason=f"INC-{number} replica lag")
        outbox.tells(request_id, "asked")
        outbox.tells(request_id, "approved", by="grace@example.com", missing=1)
    workers = [outbox.another_worker() for _ in range(3)]
    together(*(lambda worker=worker: worker.deliver(outbox.clock.now()) for worker in workers))
    outbox.delivers()
    assert len(outbox.cards()) == 6
    assert all(len(card.thread()) == 1 for card in outbox.cards())
    assert len(outbox.dm("ada")) == 12
    assert not outbox.waiting()
    assert not any("repeated" in message.text for message in outbox.messages())


def test_a_notice_of_the_future_waits_and_says_so(outbox: Outbox) -> None:
    def act(step: Step) -> None:
        notices.post(
            step, "dm:T0ACME:U0ADA", "outcome", Priority.ANSWER, after=timedelta(seconds=30), text="Later."
        )

    outbox.writes(act)
    assert outbox.delivers() == timedelta(seconds=30)
    outbox.later(seconds=30)
    assert [message.text for message in outbox.dm("ada")] == ["Later."]


def test_with_grace_only_what_nobody_else_sent_is_sent(outbox: Outbox) -> None:
    outbox.alerts("frozen", by="eve@example.com", reason="drill")
    pause = outbox.delivery.deliver(outbox.clock.now() - timedelta(seconds=2))
    assert outbox.cards() == []
    assert pause == timedelta(seconds=2)
    outbox.clock.advance(seconds=2)
    outbox.delivery.deliver(outbox.clock.now() - timedelta(seconds=2))
    assert len(outbox.cards()) == 1
