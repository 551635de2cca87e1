"""The front: what the listeners stand on, and the few things that they ask of it.

Everything here stores, or shows; nothing decides. A button's value and a form's metadata only name a request.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_sdk import WebClient
from sqlmodel import col, select

from app.errors import Refused
from app.lifecycle import incidents
from app.lifecycle.opening import HOUSE, Said, Wish, open_request, store_press
from app.log import Redactor
from app.model import LIVE_STATES, OPEN_STATES, RequestState, SlackUser
from app.policy import PolicyFolder, looks_like_key, parse_duration
from app.slack import forms
from app.slack.client import NETWORK_ERRORS, error_of
from app.slack.payloads import REQUEST_ID, Press, SlashCommand, Submission, View
from app.slack.text import MARK, visible
from app.slack.view import RequestView, look
from app.store.step import Steps
from app.store.tables import PersonRow, Request, Seen
from app.store.views import find_request
from connectors.interface import Incident

log = structlog.get_logger()

FORM_LANE = "form"
PEOPLE_LANE = "people"
ONE_LINE = "In one line, it works without the form: /breakglass POLICY 30m INC-1234 what is broken"
_NOT_MINE = "You have no open request whose id ends so. See /breakglass status"
_PERSON_ID = re.compile(r"[A-Z][A-Z0-9]{1,40}:[A-Z][A-Z0-9]{1,40}")
_LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired"})


@dataclass(frozen=True, slots=True)
class Front:
    """``client`` is in a hurry: somebody waits behind every call that is made here."""

    steps: Steps
    folder: Callable[[], PolicyFolder]
    client: WebClient

    # --- requests ------------------------------------------------------------------------------------------
    def ask(self, slack: SlackUser, typed: forms.Typed, delivery: str) -> None:
        """Store a request whose fields have no faults; raises ``Refused``."""
        wish = Wish(slack, typed.policy or "", typed.length(), typed.reason.strip(), typed.incident)
        open_request(self.steps, wish, delivery)

    def press(self, said: Said, delivery: str) -> None:
        """Store a press; raises ``Refused`` where it names no request."""
        store_press(self.steps, said, delivery)

    def mine(self, slack: SlackUser) -> "Mine":
        """What this account has open, newest first. Nobody sees anything of anybody else here."""
        theirs = (col(Request.team) == slack.team, col(Request.slack_user) == slack.user)
        query = select(Request).where(*theirs, col(Request.state).in_(sorted(OPEN_STATES)))
        with self.steps.read() as session:
            rows = session.exec(query.order_by(col(Request.requested_at).desc())).all()
            return Mine(tuple(look(session, row, self.folder()) for row in rows))

    def request(self, ending: str) -> RequestView:
        """The request whose id ends so; raises ``Refused``."""
        with self.steps.read() as session:
            return look(session, find_request(session, ending), self.folder())

    def incidents(self) -> Sequence[Incident]:
        """What is listed as open, from memory or one row: nobody is asked."""
        return incidents.listed(self.steps, self.folder().settings, self.steps.now())

    def seen(self, delivery: str) -> bool:
        """Whether this delivery had its effect already."""
        with self.steps.read() as session:
            return session.get(Seen, delivery) is not None

    # --- forms ---------------------------------------------------------------------------------------------
    def open_form(self, trigger: str, view: dict[str, Any], way_around: str = "") -> str:
        """Open a form at once, triggers live for 3 s; its id. Raises ``Refused`` with the way around."""
        try:
            answer = self.client.views_open(trigger_id=trigger, view=view)
            return str(answer["view"]["id"])
        except (*NETWORK_ERRORS, KeyError, TypeError) as failure:
            log.warning("form could not be opened", error=error_of(failure))
            why = "Slack gave up waiting" if error_of(failure) in _LATE else "Slack did not answer"
            raise Refused(f"The form could not be opened: {why}. Try again. {way_around}".strip()) from None

    def open_request_form(self, call: SlashCommand, typed: forms.Typed, note: str, delivery: str) -> None:
        """Open the request form empty and owe it its content, unless this delivery opened one already."""
        if self.seen(delivery):
            return
        view = self.open_form(call.trigger_id, forms.loading(), ONE_LINE)
        self.fill(call.speaker, view, typed, note, delivery)

    def fill(self, slack: SlackUser, view: str, typed: forms.Typed, note: str, delivery: str) -> None:
        """Owe an open request form its content, for what stands in it."""
        data = {
            "view_id": view,
            "team": slack.team,
            "user": slack.user,
            "typed": typed.as_json(),
            "note": note,
        }
        with self.steps.step() as step:
            if step.first_time(delivery):
                step.due("form", view, step.now, FORM_LANE, **data)

    # --- people --------------------------------------------------------------------------------------------
    def people_changed(self, team: str | None, user: str | None, delivery: str) -> None:
        """Owe a fresh look at the groups, or at the one person and what they hold."""
        if user is not None:
            self._forget(f"{team}:{user}", delivery)
            return
        with self.steps.step() as step:
            if step.first_time(delivery):
                step.due("refresh", "people", step.now, PEOPLE_LANE)

    def _forget(self, person: str, delivery: str) -> None:
        """What was known of a person's profile; nothing is written of whom nobody here knows."""
        with self.steps.read() as session:
            if session.get(PersonRow, person) is None:
                return
        with self.steps.step() as step:
            row = step.session.get(PersonRow, person)
            if row is not None and step.first_time(delivery):
                step.change(row, profile_at=None)
                step.due("offboard", person, step.now, PEOPLE_LANE)


@dataclass(frozen=True, slots=True)
class Mine:
    """What one person has open."""

    open: tuple[RequestView, ...] = field(default_factory=tuple)

    @property
    def live(self) -> tuple[RequestView, ...]:
        """Given, or being given."""
        return tuple(each for each in self.open if each.state in LIVE_STATES - {RequestState.REVOKING})

    @property
    def pending(self) -> tuple[RequestView, ...]:
        """Not decided yet."""
        return tuple(each for each in self.open if each.state not in LIVE_STATES)

    def ending_in(self, ending: str) -> RequestView:
        """The one whose id ends so; raises ``Refused`` for none and for several."""
        found = [each for each in self.open if each.id.endswith(ending.lstrip("#…"))]
        if len(found) != 1:
            raise Refused("Several of yours end so: give more of the id." if found else _NOT_MINE)
        return found[0]


# --- reading presses and forms ------------------------------------------------------------------------------


def request_id(text: str | None) -> str:
    """A request's id out of a button or a form, if it has the shape of one; raises ``Refused``."""
    if not text or not re.fullmatch(REQUEST_ID, text):
        message = "That request is not known here."
        raise Refused(message)
    return text


def pressed(press: Press) -> Said:
    """A button that needs no more words; its action_id says which."""
    kind = press.action.action_id.removeprefix("breakglass_")
    return Said(kind, press.speaker, request_id(press.action.value), press.channel_id)


def accepted(press: Press) -> Said:
    """The security team's word on a person, whose id is the button's value."""
    person = press.action.value or ""
    if not _PERSON_ID.fullmatch(person):
        message = "That person is not known here."
        raise Refused(message)
    return Said("accept", press.speaker, HOUSE, press.channel_id, reason=person)


def given_reason(sent: Submission, view: dict[str, Any]) -> tuple[Said, dict[str, str]]:
    """A form that asks for a reason, as a press, and what is wrong with its fields. Raises ``Refused``."""
    kind = sent.view.callback_id.removeprefix("breakglass_").removesuffix("_reason")
    subject = HOUSE if kind in ("revoke_all", "freeze", "thaw") else request_id(sent.view.private_metadata)
    given = forms.values(view)
    reason = (given.get("reason") or "").strip()
    wrong = reason_faults(reason, needed=kind != "deny")
    seconds = None
    try:
        seconds = _seconds(given.get("duration"))
    except ValueError as fault:
        wrong["duration"] = str(fault)
    return Said(kind, sent.speaker, subject, reason=reason or None, seconds=seconds), wrong


def _seconds(duration: str | None) -> int | None:
    return int(parse_duration(duration).total_seconds()) if duration else None


def in_fields(faults: dict[str, str], view: View) -> dict[str, str]:
    """The same sentences beside fields that the form has: Slack takes none for another."""
    fields = [
        str(block["block_id"])
        for block in view.blocks
        if block.get("type") == "input" and "block_id" in block
    ]
    placed: dict[str, str] = {}
    for name, sentence in faults.items():
        field_ = name if name in fields or not fields else fields[-1]
        placed[field_] = f"{placed[field_]} {sentence}" if field_ in placed else sentence
    return placed


def reason_faults(reason: str, *, needed: bool) -> dict[str, str]:
    """What is wrong with a reason that belongs to no policy, by its field."""
    why = None
    if not reason and needed:
        why = "Say why, in a few words."
    elif len(reason) > forms.LONGEST_REASON:
        why = f"That is {len(reason)} characters. Use {forms.LONGEST_REASON} at most."
    elif MARK in visible(reason):
        why = "There is a character in it that cannot be seen. Type it again instead of pasting it."
    elif looks_like_key(reason) or Redactor(()).text(reason) != reason:
        why = "That looks like a key or a password, and the ledger never forgets. Leave it out."
    return {"reason": why} if why else {}
