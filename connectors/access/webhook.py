"""A system of one's own: whatever takes a signed POST gives the access, takes it back, and says whether it is there.

Each call is ``{"id", "action", "subject", "target", "expires_at"}``, answered by ``{"state": …}``; see
docs/connectors/webhook.md for the states of each action. A receiver that takes its time answers 202 with a
``status_url`` on its own host, which is asked within the call's deadline; the next attempt has the same
``Idempotency-Key``, and so finds what is under way.
"""

import json
import secrets
import shlex
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPMethod
from typing import ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from app.errors import ConnectorError, Problem, Underway, Unproven
from app.model import iso
from connectors.access import webhook_answers as answers
from connectors.access.webhook_memory import Memory
from connectors.access.webhook_signing import MOST_BYTES, SignedBothWays
from connectors.answers import line
from connectors.http import Answer, Http, retry_after
from connectors.http_network import Transport
from connectors.interface import (
    Activity,
    Holder,
    Limits,
    NoSubject,
    Present,
    Promise,
    Reading,
    Receipt,
    Sessions,
    Subject,
)

_MOST_LETTERS = 200
_YES = (200, 201, 202)
_LATER = 202
_THERE = (*range(200, 300), *range(400, 500))
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_UNPROVEN = (
    "that both sides have one secret, and that anything is given or taken, could not be proven: it cannot be read",
    "let the receiver answer `read`, or try it with a canary",
)
_NOBODY = "breakglass-check"
"""A name that nobody has: what is read of it changes nothing, and proves the secret both ways."""
_BY_HAND = """now=$(date +%s); body={body}
curl --fail-with-body -sS "$URL" -H 'Content-Type: application/json' -H "Idempotency-Key: by-hand-$now" \\
  -H "X-Breakglass-Request-Timestamp: $now" -H "X-Breakglass-Signature: v0=$(printf 'v0:%s:%s' "$now" "$body" |
  openssl dgst -sha256 -hmac "$SECRET" -r | cut -d' ' -f1)" --data-binary "$body\""""

Understood = TypeVar("Understood", bound=BaseModel)
Action = Literal["resolve", "read", "find", "grant", "revoke", "sessions", "activity"]


class WebhookSettings(BaseModel):
    """One target in ``settings.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(description="where calls are posted to: https, without user, query or fragment")
    secret: SecretStr = Field(min_length=32, description="what both sides sign with: openssl rand -hex 32")
    private: bool = Field(default=False, description="true: it may lie in one's own network")
    not_verified: bool = Field(
        default=False,
        description="true: give access although the receiver cannot be asked whether it is there",
    )
    actions: tuple[Action, ...] = Field(
        default=("resolve", "read", "find", "grant", "revoke"), description="what the receiver can do"
    )
    deadline: str = Field(
        default="10s", pattern=r"^[1-9][0-9]?s$", description="longest time of one call, 1s to 99s"
    )
    concurrency: int = Field(default=4, ge=2, le=32, description="calls at once that the receiver takes")

    @field_validator("url")
    @classmethod
    def _can_be_read(cls, url: str) -> str:
        urlsplit(url)  # a ValueError is a fault of this key
        return url

    @field_validator("actions")
    @classmethod
    def _enough(cls, actions: tuple[Action, ...], info: ValidationInfo) -> tuple[Action, ...]:
        if lacking := sorted({"grant", "revoke"} - set(actions)):
            message = (
                f"lack {' and '.join(f'`{each}`' for each in lacking)}: nothing could be given and taken back"
            )
            raise ValueError(message)
        unread, accepted = "read" not in actions, info.data.get("not_verified", False)
        if unread and not accepted:
            message = "lack `read`, so that nothing is verified: add it, or say `not_verified: true`"
            raise ValueError(message)
        if unread and "find" in actions:
            message = "have `find` without `read`: who can say who has it can say whether one person has"
            raise ValueError(message)
        if accepted and not unread:
            message = "have `read`: remove `not_verified`, or `read`"
            raise ValueError(message)
        return actions


class WebhookAccess(BaseModel):
    """One ``access`` entry of a policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str = Field(
        min_length=1, max_length=_MOST_LETTERS, description="what is given, in the receiver's words"
    )

    @field_validator("target")
    @classmethod
    def _is_a_line(cls, target: str) -> str:
        if not _is_line(target):
            message = "is no name: a line of letters that can be seen, without blanks around it"
            raise ValueError(message)
        return target


class WebhookConnector:
    """Gives and takes by asking one receiver. ``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "webhook"
    Settings: ClassVar[type[BaseModel]] = WebhookSettings
    Access: ClassVar[type[BaseModel]] = WebhookAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """Nobody knows what a receiver does about the end that it is told; it says whose doing an access is."""
        del access
        return Promise(usual=timedelta(seconds=1))

    def __init__(self, name: str, settings: WebhookSettings) -> None:
        self._name = name
        self._settings = settings
        self._memory = Memory(name)
        parts = urlsplit(settings.url)
        self._path = parts.path or "/"
        self._origin = _origin(settings.url)
        transport = Transport(private=settings.private, tls=parts.scheme == "https")
        what_it_may_be = "is the secret the same on both sides, and are both clocks right?"
        self._api = Http(
            name,
            parts._replace(path="").geturl(),
            seconds=float(settings.deadline.removesuffix("s")),
            max_bytes=MOST_BYTES,
            remedies={401: what_it_may_be, 403: what_it_may_be},
            transport=SignedBothWays(name, settings.secret.get_secret_value().encode(), transport),
        )

    @property
    def limits(self) -> Limits:
        """As many calls at once as the settings say."""
        return Limits(concurrency=self._settings.concurrency)

    def describe(self, access: Mapping[str, str]) -> str:
        """``refunds on billing``; said to be not verified where nobody can read it back."""
        return f"{access['target']} on {self._name}{'' if self._can('read') else ' (not verified)'}"

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """Whether both sides have one secret, shown by reading; changes nothing."""
        if not self._can("read"):
            self._api.call(HTTPMethod.HEAD, self._path, accept=_THERE)
            return [Unproven(f"connectors.{self._name}", *_UNPROVEN)]
        try:
            for target in sorted({access["target"] for access in accesses}):
                self._ask("read", _NOBODY, target).read(answers.Read)
                if self._can("find"):
                    self.find({"target": target})
        except ConnectorError as error:
            if not error.permanent:
                raise
            what, _, remedy = str(error).partition("; ")
            return [Problem(f"connectors.{self._name}", what, remedy or "see docs/connectors/webhook.md")]
        return []

    def resolve(self, name: str) -> Subject | NoSubject:
        """Whom the receiver knows by that name; the name itself where it cannot be asked."""
        if not _is_line(name):
            return NoSubject(name, "none", f"{self._name} has no account for you (looked for `{name}`).")
        if not self._can("resolve"):
            return Subject(name)
        found = self._ask("resolve", name, None).read(answers.Resolved)
        if found.state != "found":
            why, sentence = answers.WHY_NOBODY[found.state]
            return NoSubject(name, why, f"{self._name} {sentence} (looked for `{name}`).")
        if found.subject is not None and not _is_line(found.subject):
            message = f"{self._name} answered with a name that cannot be one"
            raise ConnectorError(message, permanent=True)
        return Subject(found.subject or name)

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """Everybody whom the receiver names. A ``ConnectorError`` where it cannot be asked: nobody is no answer."""
        if not self._can("find"):
            message = f"{self._name} does not say who has it (settings: actions)"
            raise ConnectorError(message, permanent=True)
        found = self._ask("find", None, access["target"]).read(answers.Found)
        return [Holder(each.subject, each.present, line(each.how)) for each in found.holders if each.is_there]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """What the receiver says is there; where it cannot be asked, what it said of a change just now, or nothing."""
        del receipt
        hold = self._hold(subject, access)
        if not self._can("read"):
            said = self._memory.said(hold) or Present.UNKNOWN
            return Reading(said, f"not verified: {self._name} cannot be read")
        found = self._ask("read", *hold).read(answers.Read)
        self._memory.seen(hold, found.present)
        return Reading(found.present, line(found.how))

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """Asks for it, with its end; the same again is the same change, another end moves it."""
        hold, until = self._hold(subject, access), iso(ends_at)
        with self._memory.change(hold, Present.OURS):
            state = self._change("grant", *hold, until, request=request_id)
            if state == "refused":
                raise ConnectorError(f"{self._name} refuses to give that to `{subject}`", permanent=True)
            if state not in {"ours", "both"}:
                raise ConnectorError(f"{self._name} says that it did not give it")
        return {"ends_at": until}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Asks to take back what was given because we asked; the receiver must do so however often it is told."""
        hold, until = self._hold(subject, access), (receipt or {}).get("ends_at")
        with self._memory.change(hold, Present.ABSENT):
            state = self._change("revoke", *hold, until if isinstance(until, str) else None)
            if state not in {"absent", "others"}:
                raise ConnectorError(f"{self._name} says that it did not take it back")

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """What the receiver says of them after it was asked to end them."""
        del receipt
        if not self._can("sessions"):
            return Sessions("unknown", why=f"{self._name} says nothing of sessions")
        found = self._ask("sessions", *self._hold(subject, access)).read(answers.Lingering)
        why = line(found.why) or f"{self._name} does not say why"
        if found.state == "alive":
            return Sessions("alive", max(1, found.count), why)
        return Sessions(found.state, why=why if found.state == "unknown" else "")

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """The lines that the receiver tells."""
        hold = self._hold(subject, access)
        if not self._can("activity"):
            return Activity([], f"everything: {self._name} does not tell what was done")
        found = self._ask("activity", *hold, start=iso(start), end=iso(end)).read(answers.Told)
        unseen = line(found.unseen) or f"what {self._name} does not tell"
        return Activity([line(each) for each in found.lines[: answers.MOST_LINES]], unseen)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """Nobody asks a receiver for that."""
        del subject, access, receipt
        return None

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """For whoever runs the receiver, and the same call for whoever has the secret; needs no connection."""
        body = self._body("revoke", subject, access["target"], None)
        return "\n".join(
            [
                f"# take {shlex.quote(access['target'])} from {shlex.quote(subject)} where {self._name} leads, or",
                f"# with URL and SECRET as under connectors.{self._name} in settings.yaml:",
                _BY_HAND.format(body=shlex.quote(json.dumps(body))),
            ]
        )

    def close(self) -> None:
        """Close its connections. A later call opens them anew."""
        self._api.close()

    def _can(self, action: Action) -> bool:
        return action in self._settings.actions

    def _hold(self, subject: str, access: Mapping[str, str]) -> tuple[str, str]:
        if not _is_line(subject):
            raise ConnectorError(f"{self._name} cannot have an account of that name", permanent=True)
        return subject, access["target"]

    def _body(
        self, action: str, subject: str | None, target: str | None, until: str | None, **more: str
    ) -> dict[str, str | None]:
        """With an ``id`` that no other call has: the answer is signed over it."""
        named = {"action": action, "subject": subject, "target": target, "expires_at": until}
        return {"id": secrets.token_hex(16), **named, **more}

    def _change(self, action: Literal["grant", "revoke"], *given: str | None, **more: str) -> str:
        """The state that it is in now."""
        return _understood(self._ask(action, *given, **more), answers.Changed).state

    def _ask(
        self, action: Action, subject: str | None, target: str | None, until: str | None = None, **more: str
    ) -> Answer:
        """The receiver's last word on it, within one deadline."""
        key = self._memory.key(action, (subject or "", target or ""), until)
        changes = {"Idempotency-Key": key} if action in {"grant", "revoke"} else None
        ends, pause = time.monotonic() + self._api.seconds, _FIRST_PAUSE
        with self._api.one_answer(self._name):
            body = self._body(action, subject, target, until, **more)
            answer = self._api.call("POST", self._path, body=body, headers=changes, accept=_YES)
            where = self._path
            while answer.status == _LATER:
                where = self._status_path(answer, where)
                wait = retry_after(answer.headers) or pause
                if time.monotonic() + wait >= ends:
                    raise Underway(f"{self._name} is still at it", unclear=changes is not None)
                self._api.pause(wait)
                pause = min(2 * pause, _LONGEST_PAUSE)
                body = self._body("status", subject, target, until)
                answer = self._api.call("POST", where, body=body, headers=changes, accept=_YES)
        return answer

    def _status_path(self, answer: Answer, before: str) -> str:
        """Where to ask how far it is: on the receiver's own host, or where it was asked before."""
        told = _understood(answer, answers.Pending).status_url
        if told is None and before != self._path:
            return before
        if _origin(told or "") != self._origin:
            message = f"{self._name} is at it, and names no `status_url` on its own host"
            raise ConnectorError(message, unclear=True)
        return urlsplit(told or "")._replace(scheme="", netloc="", fragment="").geturl() or "/"


def _understood(answer: Answer, shape: type[Understood]) -> Understood:
    """A yes in that shape; where it cannot be read, nobody knows what was done."""
    try:
        return answer.read(shape)
    except ConnectorError as error:
        raise ConnectorError(str(error), unclear=True) from None


def _origin(url: str) -> str:
    """Scheme, host and port as written; empty for what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".casefold() if parts.netloc else ""


def _is_line(text: str) -> bool:
    return 0 < len(text) <= _MOST_LETTERS and text.isprintable() and text == text.strip()
