"""Delivering the outbox: at least once, in order per conversation, the most urgent first.

One notice at a time: claimed by lease, shown from the rows as they are now, sent, settled with its ledger
entry. Nothing here waits or sleeps; :meth:`Delivery.deliver` says when to come again. It may run on several
threads and in several processes at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from slack_sdk import WebClient
from sqlmodel import col, select

from app import notices, people
from app.lifecycle.taking import pause
from app.model import RequestState, new_id
from app.policy import PolicyFolder
from app.slack import cards, outbox
from app.slack.blocks import Rendered, paragraph
from app.slack.fallback import Fallback
from app.slack.outbox import Claimed
from app.slack.posting import Channels, Impossible, Limited, Poster, Silent
from app.slack.view import RequestView, look
from app.store.step import Steps
from app.store.tables import Message, Notice, PersonRow, Request

log = structlog.get_logger()

BUDGET = 50
"""So many messages before the caller looks whether it should stop, or give way."""
FEW = 2
"""So many while there is something more urgent to do."""
LATE_EVERY = timedelta(seconds=1)
"""How often it is looked at whether an alert is late."""
LOOK_WHILE_QUIET = timedelta(seconds=5)
_GONE = frozenset({"cant_update_message", "edit_window_closed", "is_inactive", "message_not_found"})
_NO_THREAD = frozenset({"cannot_reply_to_message", "message_not_found", "thread_not_found"})
_SOON = timedelta(milliseconds=20)
_LOOKS = 3
"""Others may have sent what a look found; whoever was too late so often comes again soon."""
_GATHERED = frozenset({"card", "event"})


class Directory(Channels, people.Home, Protocol):
    """Slack's own word on people and channels; raises ``Unavailable`` where it did not answer."""

    def by_email(self, email: str) -> Mapping[str, Any] | None:
        """The active account with that address; None where there is none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message came to stand; ``anew`` where it was posted, not changed."""

    channel: str
    ts: str
    anew: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it is to read now; where its slot's message stands, and the card in whose thread it belongs."""

    message: Rendered
    stands: Message | None
    card: Message | None


class Delivery:
    """Sends what waits in the outbox. Remembers only what Slack may be asked again about."""

    def __init__(
        self,
        steps: Steps,
        client: WebClient,
        directory: Directory,
        folder: Callable[[], PolicyFolder],
        latest: Callable[[], datetime],
    ) -> None:
        self._steps = steps
        self._directory = directory
        self._folder = folder
        self._latest = latest
        self._poster = Poster(client, directory, latest)
        self._fallback = Fallback(steps)
        self._owner = new_id()
        self._quiet_until: datetime | None = None
        self._escalate_at: datetime | None = None
        self._in_hand: dict[int, None] = {}
        self._ahead = outbox.Ahead()

    def deliver(self, until: datetime | None = None, most: int = BUDGET) -> timedelta | None:
        """Send what was due by ``until`` (now), at most so many messages.

        Answers how long to wait for more; None: until the bell rings. Raises ``Unavailable`` while there never was
        a good policy folder.
        """
        grace = timedelta() if until is None else max(timedelta(), self._steps.now() - until)
        sent = 0
        while sent < most and not self._is_quiet() and self._deliver_one(grace):
            sent += 1
        self._escalate()
        return self._rest(grace) if sent < most else timedelta()

    def _escalate(self) -> None:
        now = self._latest()
        if self._escalate_at is None or now >= self._escalate_at:
            self._escalate_at = now + LATE_EVERY
            self._fallback.escalate(self._folder())

    def keep(self) -> None:
        """Renew the leases of what is being sent now; to be called every second by another thread."""
        if ids := list(self._in_hand):
            with self._steps.step() as step:
                outbox.renew(step, self._owner, ids)

    def _is_quiet(self) -> bool:
        """Slack answered nobody a moment ago: one message at a time tries whether it is back."""
        return self._quiet_until is not None and self._latest() < self._quiet_until

    def _rest(self, grace: timedelta) -> timedelta | None:
        now = self._steps.now()
        with self._steps.read() as session:
            at = outbox.next_at(session, now)
        if at is None:
            return None
        rest = at - now
        if self._quiet_until is not None:
            # Nothing is sent before that; but whoever waits for an alert is to be woken in time.
            rest = min(max(rest, self._quiet_until - self._latest()), LOOK_WHILE_QUIET)
        return max(rest + grace, _SOON)

    def _is_something_ready(self, grace: timedelta) -> bool:
        """Looked at without a lock: most calls find nothing, and must not hold up those who write."""
        if not self._ahead:
            now = self._steps.now()
            with self._steps.read() as session:
                self._ahead.look(session, now - grace, now)
        return bool(self._ahead)

    def _claim(self, grace: timedelta) -> Claimed | None:
        for _ in range(_LOOKS):
            if not self._is_something_ready(grace):
                break
            with self._steps.step() as step:
                if claimed := outbox.claim(step, self._owner, step.now - grace, self._ahead):
                    return claimed
        return None

    def _deliver_one(self, grace: timedelta) -> bool:
        """Send one notice; False where none is ready."""
        claimed = self._claim(grace)
        if claimed is None:
            return False
        key = claimed.notice.id or 0
        self._in_hand[key] = None
        try:
            self._send(claimed, self._folder())
        finally:
            self._in_hand.pop(key, None)  # its lease may have run out meanwhile, and another has it
        return True

    # --- one notice ------------------------------------------------------------------------------------
    def _send(self, claimed: Claimed, folder: PolicyFolder) -> None:
        notice = claimed.notice
        try:
            if self._is_refusal(notice):
                self._send_refusals(notice, folder)
            elif (shown := self._shown(notice, folder)) is None:
                self._settle(claimed, folder, None)
            else:
                self._settle(claimed, folder, self._put(notice, shown))
            self._quiet_until = None
        except Limited as limit:
            self._postpone(notice, timedelta(seconds=limit.seconds), str(limit))
        except Silent as silence:
            after = pause(notice.attempts)
            self._quiet_until = self._latest() + after
            self._postpone(notice, after, str(silence), unclear=silence.unclear)
        except Impossible as refusal:
            log.warning("notice cannot be delivered", conversation=notice.conversation, error=refusal.name)
            self._fallback.give_up(claimed, folder, refusal.name)

    def _postpone(self, notice: Notice, after: timedelta, error: str, *, unclear: bool = False) -> None:
        with self._steps.step() as step:
            outbox.postpone(step, notice, step.now + after, error, unclear=unclear)

    def _settle(self, claimed: Claimed, folder: PolicyFolder, place: Place | None) -> None:
        """Sent (or needless): the mark, the message's place and the ledger's entry together."""
        notice = claimed.notice
        with self._steps.step() as step:
            outbox.settle(step, claimed.ids, place.ts if place else None)
            if place is None or not place.anew:
                return
            if notice.slot:
                outbox.remember(step, notice.slot, place.channel, place.ts)
            if notice.head:
                delivered = {"channel": place.channel, "ts": place.ts, "notice": notice.id}
                step.record("AlertDelivered", "worker", notice.request_id, **delivered)
                self._fallback.works(step, folder, notice.conversation)

    # --- showing ---------------------------------------------------------------------------------------
    def _shown(self, notice: Notice, folder: PolicyFolder) -> Shown | None:
        """The message as the rows are now; None where it has nothing to say any more."""
        card_slot = outbox.card_slot(notice) if notice.kind == "event" else None
        with self._steps.read() as session:
            request = session.get(Request, notice.request_id) if notice.request_id else None
            view = look(session, request, folder) if request else None
            stands = session.get(Message, notice.slot) if notice.slot else None
            card = session.get(Message, card_slot) if card_slot else None
        if not stands and not _is_worth_saying(notice, view):
            return None
        context = cards.Context(
            now=self._steps.now(),
            decides_here=notice.conversation == folder.settings.approvals_channel,
            round=_round(notice, view),
            repeated=notice.unclear and not stands,
            instead_of=notice.data.get("instead_of"),
        )
        try:
            message = cards.render(notice.kind, view, notice.data, notice.head, context)
        except Exception as defect:  # an alert that cannot be shown well must still be told
            log.exception("notice cannot be shown", kind=notice.kind, error=type(defect).__name__)
            said = f"Something happened that cannot be shown here. See: breakglass show {notice.request_id}"
            message = Rendered(said, [paragraph([said], context.now)])
        return Shown(message, stands, card)

    # --- putting it there ------------------------------------------------------------------------------
    def _put(self, notice: Notice, shown: Shown) -> Place:
        message = shown.message
        if notice.kind == "outcome" and (place := self._whisper(notice, message)):
            return place
        if shown.stands and (place := self._change(shown.stands, message)):
            return place
        channel = self._channel(notice)
        thread = shown.card.ts if shown.card else None
        try:
            return Place(channel, self._poster.post(channel, message, thread))
        except Impossible as refusal:
            if thread is None or refusal.name not in _NO_THREAD:
                raise
        return Place(channel, self._poster.post(channel, message))

    def _whisper(self, notice: Notice, message: Rendered) -> Place | None:
        """What became of a press, where it was pressed; None where only a direct message can say it."""
        channel = notice.data.get("channel")
        if not isinstance(channel, str) or channel.startswith("D"):
            return None
        try:
            user = notice.conversation.split(":")[-1]
            return Place(channel, self._poster.whisper(channel, user, message))
        except Impossible:
            return None

    def _change(self, stands: Message, message: Rendered) -> Place | None:
        """Change the slot's message; None where it cannot be changed any more."""
        if not stands.channel.startswith("D"):
            self._poster.must_be_ours(stands.channel)
        try:
            self._poster.update(stands.channel, stands.ts, message)
        except Impossible as refusal:
            if refusal.name not in _GONE:
                raise
            return None
        return Place(stands.channel, stands.ts, anew=False)

    def _channel(self, notice: Notice) -> str:
        """The id of the channel, found and fit; raises ``Impossible``."""
        kind, _, rest = notice.conversation.partition(":")
        if kind == "dm":
            return self._poster.direct(rest.split(":")[-1])
        if kind == "to":
            return self._poster.direct(self._user(rest))
        self._poster.must_be_ours(notice.conversation)
        return notice.conversation

    def _user(self, email: str) -> str:
        """The account behind an address: the one bound to it, else the fit one that Slack names."""
        with self._steps.read() as session:
            bound = session.exec(select(PersonRow).where(col(PersonRow.email) == email)).first()
        if bound is not None:
            return bound.slack_user
        found = self._poster.ask(lambda: self._directory.by_email(email))
        teams = self._poster.ask(lambda: people.our_teams(self._folder().settings, self._directory))
        if people.unfit(found, teams) or found is None:
            raise Impossible("users_not_found")
        return str(found["id"])

    # --- refusals --------------------------------------------------------------------------------------
    def _is_refusal(self, notice: Notice) -> bool:
        """Whether a refusal is told in one line with others, having no card of its own there."""
        if notice.priority != notices.Priority.REFUSAL or notice.kind not in _GATHERED:
            return False
        with self._steps.read() as session:
            return session.get(Message, outbox.card_slot(notice)) is None

    def _send_refusals(self, notice: Notice, folder: PolicyFolder) -> None:
        """Every refusal that waits here in one line, a line a minute: noise must not bury an alert."""
        now = self._steps.now()
        with self._steps.read() as session:
            last = outbox.last_refusals(session, notice.conversation, now - outbox.REFUSALS_EVERY)
            rows = outbox.refusals(session, notice)
            ids = list(dict.fromkeys(row.request_id for row in rows if row.request_id))
            found = [session.get(Request, each) for each in ids[: cards.MOST_REFUSALS]]
            views = [look(session, request, folder) for request in found if request]
        if not rows:  # this sender was asleep, and another has done with them
            return
        if last is not None:
            with self._steps.step() as step:
                outbox.hold_refusals(step, rows, last + outbox.REFUSALS_EVERY)
            return
        message = cards.refusals(views, len(ids), rows[-1].head, cards.Context(now, repeated=notice.unclear))
        place = Place(notice.conversation, self._poster.post(self._channel(notice), message))
        told = tuple(row.id or 0 for row in rows if row.id != notice.id)
        self._settle(Claimed(notice, told), folder, place)


def _round(notice: Notice, view: RequestView | None) -> int:
    """The round that an ask belongs to: the third part of its slot."""
    parts = (notice.slot or "").split(":")
    if notice.kind == "ask" and len(parts) > 2 and parts[2].isdigit():  # noqa: PLR2004 - ask:RID:ROUND:…
        return int(parts[2])
    return view.round if view else 0


def _is_worth_saying(notice: Notice, view: RequestView | None) -> bool:
    """False for what was overtaken: nobody is asked what was decided, or told that it is being looked at."""
    match notice.kind:
        case "ask" | "reminder":
            return view is not None and view.is_asking and _round(notice, view) == view.round
        case "hearing" | "waiting":
            return view is not None and view.state == RequestState.DECIDING
        case _:
            return True
