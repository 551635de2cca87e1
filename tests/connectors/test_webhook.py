"""The webhook connector, before a receiver that believes nothing unsigned and signs what it answers."""

import hashlib
import hmac
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pydantic
import pytest
from slack_sdk.signature import SignatureVerifier

from app.errors import ConnectorError
from app.lifecycle.calling import STILL_OURS, read_whose, surely_call
from app.lifecycle.desk import Desk
from connectors.access.webhook import WebhookConnector, WebhookSettings
from connectors.interface import Activity, NoSubject, Present, Reading, Sessions, Subject
from tests.connectors.contract import ENDS_AT, REQUEST, Bench, GiverContract
from tests.farside import (
    Asked,
    FarSide,
    Fault,
    Honest,
    breaks_off,
    does_and_breaks_off,
    http,
    says,
    serving,
    trickles,
)

SECRET = "hunter2-" * 5
PATH = "/hooks/access"
REFUNDS = {"target": "refunds"}
ALL = ("resolve", "read", "find", "grant", "revoke", "sessions", "activity")
STILL = {"state": "pending", "status_url": 1}
UNREAD = ("grant", "revoke")
PEOPLE = {"ada": "found", "alan": "found", "deb": "disabled", "gus": "guest", "root": "administrator"}
PEOPLE |= {"ci": "service_account", "breakglass": "itself", "sre": "not_an_account", "sam": "several"}


def signed(asked: Asked, status: int, said: Any, *more: str, secret: str = SECRET) -> bytes:
    """An answer as docs/connectors/webhook.md says that it is signed."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    over = (
        f"v0:{asked.headers['x-breakglass-request-timestamp']}:{json.loads(asked.body)['id']}:".encode()
        + body
    )
    digest = hmac.new(secret.encode(), over, hashlib.sha256).hexdigest()
    return http(status, body, f"X-Breakglass-Signature: v0={digest}", *more)


@dataclass
class Receiver(FarSide):
    """Keeps who has what and whose doing that is; the same key twice is done once."""

    ours: dict[tuple[str, str], str] = field(default_factory=dict)
    others: set[tuple[str, str]] = field(default_factory=set)
    answered: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = field(default_factory=dict)
    later: int = 0
    """So many times it is still at it."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def forget(self) -> None:
        for memory in (self.ours, self.others, self.answered, self.asked, self.complaints, self.faults):
            memory.clear()
        self.later = 0

    def honest(self, asked: Asked) -> bytes:
        if asked.method == "HEAD":
            return http(405)
        given = [asked.headers.get(f"x-breakglass-{name}", "") for name in ("request-timestamp", "signature")]
        if not SignatureVerifier(SECRET).is_valid(asked.body, *given):
            return http(401)
        body = json.loads(asked.body)
        with self.lock:
            if asked.path == "/jobs/1":
                self.later -= 1
            if self.later:
                return signed(asked, 202, {"state": "pending", "status_url": f"{self.url}/jobs/1"})
            return signed(asked, 200, self.said(asked, body))

    def said(self, asked: Asked, body: dict[str, Any]) -> dict[str, Any]:
        if body["action"] in {"grant", "revoke", "status"}:
            return self.changed(asked, body)
        hold = (body["subject"], body["target"])
        answers: dict[str, dict[str, Any]] = {
            "resolve": {"state": PEOPLE.get(hold[0], "none")},
            "read": {"state": self.state(hold), "how": "by  dba" if hold in self.others else ""},
            "find": {"state": "found", "holders": self.holders(hold[1])},
            "sessions": {"state": "none"},
        }
        if body["action"] == "activity":
            return {"state": "found", "lines": [f"{body['start']} refunded\n4711"], "unseen": "what was read"}
        return answers[body["action"]]

    def holders(self, target: str) -> list[dict[str, str]]:
        held = sorted({*self.ours, *self.others})
        return [{"subject": who, "state": self.state((who, what))} for who, what in held if what == target]

    def changed(self, asked: Asked, body: dict[str, Any]) -> dict[str, Any]:
        hold, key = (body["subject"], body["target"]), asked.headers["idempotency-key"]
        change = (body["action"], *hold, str(body["expires_at"]))
        if key in self.answered:
            before, answer = self.answered[key]
            if before != change and body["action"] != "status":
                self.complaints.append(f"one key for {before} and {change}")
            return answer
        if PEOPLE.get(hold[0]) != "found":
            return {"state": "refused"}
        if body["action"] == "revoke":
            self.ours.pop(hold, None)
        else:
            self.ours[hold] = body["expires_at"]
        self.answered[key] = (change, {"state": self.state(hold)})
        return self.answered[key][1]

    def state(self, hold: tuple[str, str]) -> str:
        if hold in self.ours:
            return "both" if hold in self.others else "ours"
        return "others" if hold in self.others else "absent"


def answers(said: Any, *more: str, status: int = 200, secret: str = SECRET) -> Fault:
    """Nothing is done, and that is the answer, well signed."""
    return lambda asked, _honest: signed(asked, status, said, *more, secret=secret)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with serving(Receiver) as receiver:
        yield receiver


@dataclass
class Hooks:
    """Connectors of one receiver, closed at the end."""

    receiver: Receiver
    made: list[WebhookConnector] = field(default_factory=list)

    def __call__(self, url: str | None = None, **more: Any) -> WebhookConnector:
        asked = {"url": url or self.receiver.url + PATH, "secret": SECRET, "actions": ALL, **more}
        self.made.append(WebhookConnector("billing", WebhookSettings.model_validate(asked)))
        return self.made[-1]


@pytest.fixture
def hooks(receiver: Receiver) -> Iterator[Hooks]:
    receiver.forget()
    hooks = Hooks(receiver)
    yield hooks
    for each in hooks.made:
        each.close()
    assert receiver.complaints == []


@pytest.fixture
def hook(hooks: Hooks) -> WebhookConnector:
    return hooks()


def grant(hook: WebhookConnector) -> Any:
    return hook.grant("ada", REFUNDS, REQUEST, ENDS_AT)


def keys(receiver: Receiver) -> list[str]:
    return [
        asked.headers["idempotency-key"] for asked in receiver.asked if "idempotency-key" in asked.headers
    ]


@dataclass
class Held:
    """A grant, as far as taking it back has to know it."""

    connector: str
    subject: str
    access: dict[str, str]
    receipt: dict[str, Any] | None = None
    already_had: bool = False


class Silent:
    """Says yes to whatever it is told, and never what is there."""

    def revoke(self, *_: object) -> None:
        return

    def read(self, *_: object) -> Reading:
        return Reading(Present.UNKNOWN, "not verified: billing cannot be read")


def at(connector: WebhookConnector | Silent) -> Desk:
    """A desk with that one target, which is called as it is."""

    def straight(call: Callable[..., Any], *given: Any) -> Any:
        return call(*given)

    gate = SimpleNamespace(take=straight, after=straight)
    targets = SimpleNamespace(connector=lambda _: connector, gate=lambda _: gate)
    return cast("Desk", SimpleNamespace(targets=targets))


class TestContract(GiverContract):
    @pytest.fixture
    def bench(self, hooks: Hooks, dead_port: int, mute_port: int) -> Bench:
        receiver, hold = hooks.receiver, ("ada", "refunds")
        return Bench(
            connector=hooks(),
            access=REFUNDS,
            subject="ada",
            bystander="alan",
            stranger="nobody-here",
            others_give=lambda: receiver.others.add(hold),
            others_take=lambda: receiver.ours.pop(hold),
            unreachable=hooks(f"http://127.0.0.1:{dead_port}/"),
            mute=hooks(f"http://127.0.0.1:{mute_port}/", deadline="1s"),
            deadline=2.5,
            secrets=[SECRET],
        )


# --- signatures ------------------------------------------------------------------------------------------------


def test_a_yes_that_is_not_signed_over_this_very_question_is_none(
    receiver: Receiver, hook: WebhookConnector
) -> None:
    kept: list[bytes] = []

    def keeps(_asked: Asked, honest: Honest) -> bytes:
        kept.append(honest())
        return kept[0]

    def reflects(asked: Asked, _honest: Honest) -> bytes:
        return http(200, asked.body, f"X-Breakglass-Signature: {asked.headers['x-breakglass-signature']}")

    receiver.on("POST", keeps, 2)
    assert hook.read("ada", REFUNDS).present is Present.ABSENT

    def broken(asked: Asked, _honest: Honest) -> bytes:
        return signed(asked, 200, {"state": "absent"}).replace(b"absent", b"others")

    absent = {"state": "absent"}
    unsigned, foreign = says(http(200, absent)), answers(absent, secret="x" * 40)
    for fault in (keeps, reflects, unsigned, foreign, broken):
        receiver.well()
        receiver.on("POST", fault)
        with pytest.raises(ConnectorError, match="signature") as caught:
            hook.read("ada", REFUNDS)
        assert not caught.value.permanent
        with pytest.raises(ConnectorError) as caught:
            hook.revoke("ada", REFUNDS, None)
        assert caught.value.unclear


def test_another_secret_is_a_lasting_fault_that_says_what_it_may_be(hooks: Hooks) -> None:
    other = hooks(secret="another-secret-of-forty-letters-in-all-42")
    with pytest.raises(
        ConnectorError, match="is the secret the same on both sides, and are both clocks right"
    ) as caught:
        grant(other)
    assert caught.value.permanent
    assert "is the secret the same" in other.check([REFUNDS])[0].remedy


# --- repeats ---------------------------------------------------------------------------------------------------


def test_repeats_are_one_whoever_asks_and_other_changes_are_others(receiver: Receiver, hooks: Hooks) -> None:
    first, second = hooks(), hooks()
    receiver.on("POST", does_and_breaks_off, 1)
    with pytest.raises(ConnectorError) as caught:
        grant(first)
    assert caught.value.unclear
    receipt = grant(second)
    first.revoke("ada", REFUNDS, receipt)
    second.grant("ada", REFUNDS, REQUEST, ENDS_AT.replace(year=2100))
    second.grant("alan", REFUNDS, REQUEST, ENDS_AT)
    given = keys(receiver)
    assert given[0] == given[1]
    assert len(set(given)) == 4
    assert len({json.loads(asked.body)["id"] for asked in receiver.asked}) == 5


def test_a_receiver_that_only_repeats_its_first_answer_keeps_nothing_alive(
    receiver: Receiver, hook: WebhookConnector
) -> None:
    receipt = grant(hook)
    hook.revoke("ada", REFUNDS, receipt)
    receiver.ours["ada", "refunds"] = "late"  # a call of long ago arrives
    hook.revoke("ada", REFUNDS, receipt)
    assert hook.read("ada", REFUNDS).present is Present.OURS
    hook.revoke("ada", REFUNDS, receipt)
    assert hook.read("ada", REFUNDS).present is Present.ABSENT


def test_it_hears_the_end_and_the_request_and_nothing_more(
    receiver: Receiver, hook: WebhookConnector
) -> None:
    grant(hook)
    sent = json.loads(receiver.asked[-1].body)
    assert sent.pop("id")
    until = ENDS_AT.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    named = {"action": "grant", "subject": "ada", "target": "refunds", "expires_at": until}
    assert sent == {**named, "request": REQUEST}
    hook.revoke("ada", REFUNDS, {"ends_at": ["odd"]})
    assert json.loads(receiver.asked[-1].body)["expires_at"] is None


# --- answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("deb", "disabled"),
        ("gus", "guest"),
        ("root", "everything"),
        ("ci", "not a person"),
        ("sre", "something else"),
        ("breakglass", "works itself"),
        ("sam", "several accounts"),
    ],
)
def test_who_is_given_nothing_hears_why(hook: WebhookConnector, state: str, why: str) -> None:
    found = hook.resolve(state)
    assert isinstance(found, NoSubject)
    assert why in found.sentence


def test_a_no_is_a_no_and_a_yes_that_did_nothing_is_none(receiver: Receiver, hook: WebhookConnector) -> None:
    receiver.on("POST", answers({"state": "absent"}), 1)
    with pytest.raises(ConnectorError, match="did not give it") as caught:
        grant(hook)
    assert not caught.value.permanent
    receiver.on("POST", answers({"state": "ours"}), 1)
    with pytest.raises(ConnectorError, match="did not take it back"):
        hook.revoke("ada", REFUNDS, None)
    receiver.on("POST", says(http(404)), 1)
    with pytest.raises(ConnectorError, match="404"):  # nobody said that it is gone
        hook.revoke("ada", REFUNDS, None)


@pytest.mark.parametrize("said", [{}, {"state": "there"}, [], b"", b"{", STILL])
def test_what_cannot_be_understood_is_unclear(receiver: Receiver, hook: WebhookConnector, said: Any) -> None:
    receiver.on("POST", answers(said, status=202 if said == STILL else 200))
    with pytest.raises(ConnectorError):
        hook.read("ada", REFUNDS)
    with pytest.raises(ConnectorError) as caught:
        hook.revoke("ada", REFUNDS, None)
    assert caught.value.unclear


def test_redirects_and_long_or_packed_answers_are_refused(receiver: Receiver, hook: WebhookConnector) -> None:
    endless = trickles(b"HTTP/1.1 200 So\r\nConnection: close\r\n\r\n", b"x" * 40_000, every=0.01)
    packed = b"\x1f\x8b" + bytes(100)
    faults = {
        "redirects are not followed": says(http(307, None, f"Location: {receiver.url}/elsewhere")),
        "more than 65536 bytes": endless,
        "packed": answers(packed, "Content-Encoding: gzip"),
    }
    for words, fault in faults.items():
        receiver.well()
        receiver.on("POST", fault)
        with pytest.raises(ConnectorError, match=words):
            hook.read("ada", REFUNDS)
    assert "/elsewhere" not in {asked.path for asked in receiver.asked}


def test_a_private_address_is_called_only_where_that_is_said(hooks: Hooks) -> None:
    with pytest.raises(ConnectorError, match=r"settings: private") as caught:
        hooks("https://10.255.255.1/").read("ada", REFUNDS)
    assert caught.value.permanent


def test_sessions_and_activity_are_what_the_receiver_says(receiver: Receiver, hook: WebhookConnector) -> None:
    assert hook.sessions("ada", REFUNDS, None) == Sessions("none")
    receiver.on("POST", answers({"state": "alive", "count": 2, "why": "busy"}), 1)
    assert hook.sessions("ada", REFUNDS, None) == Sessions("alive", 2, "busy")
    told = hook.activity("ada", REFUNDS, ENDS_AT, ENDS_AT)
    assert told == Activity([f"{ENDS_AT:%Y-%m-%dT%H:%M:%S}.000000Z refunded 4711"], "what was read")


# --- later -----------------------------------------------------------------------------------------------------


def test_what_takes_its_time_is_asked_until_it_is_done(receiver: Receiver, hook: WebhookConnector) -> None:
    receiver.later = 2
    grant(hook)
    assert [asked.path for asked in receiver.asked] == [PATH, "/jobs/1", "/jobs/1"]
    assert len(set(keys(receiver))) == 1
    assert hook.read("ada", REFUNDS).present is Present.OURS


def test_what_takes_longer_than_a_call_is_found_under_way_by_the_next(
    receiver: Receiver, hooks: Hooks
) -> None:
    hook = hooks(deadline="1s")
    receiver.later = 10
    with pytest.raises(ConnectorError, match="still at it") as caught:
        grant(hook)
    assert (caught.value.unclear, caught.value.permanent) == (True, False)
    receiver.later = 1
    grant(hook)
    assert len(set(keys(receiver))) == 1


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example.com/jobs/1",
        "http://localhost@evil.example.com/",
        "//evil.example.com/",
        None,
        "x",
    ],
)
def test_how_far_it_is_is_asked_on_its_own_host_alone(
    receiver: Receiver, hook: WebhookConnector, place: str | None
) -> None:
    said = {"state": "pending", "status_url": place}
    receiver.on("POST", answers(said, status=202))
    with pytest.raises(ConnectorError, match="`status_url` on its own host") as caught:
        grant(hook)
    assert caught.value.unclear
    assert len(receiver.asked) == 1


# --- where there is no read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"actions": UNREAD}, "nothing is verified"),
        ({"actions": (*UNREAD, "find"), "not_verified": True}, "`find` without `read`"),
        ({"actions": ("read", "grant")}, "lack `revoke`"),
        ({"not_verified": True, "actions": ALL}, "remove `not_verified`"),
        ({"actions": (*ALL, "dance")}, "Input should be"),
        ({"secret": "short"}, "at least 32"),
        ({"secret": "", "url": "https://[x/"}, "secret"),
    ],
)
def test_settings_that_do_not_verify_or_make_no_sense_are_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=why) as caught:
        WebhookSettings.model_validate({"url": "https://x.example.com", "secret": SECRET, **wrong})
    assert SECRET not in str(caught.value)


def test_without_read_it_repeats_what_it_was_told_and_says_so(receiver: Receiver, hooks: Hooks) -> None:
    hook = hooks(actions=UNREAD, not_verified=True)
    assert hook.describe(REFUNDS) == "refunds on billing (not verified)"
    assert hook.resolve("whoever") == Subject("whoever")
    assert ["could not be proven" in each.what for each in hook.check([REFUNDS])] == [True]
    assert hook.read("ada", REFUNDS).present is Present.UNKNOWN  # never absent because nobody asked
    grant(hook)
    reading = hook.read("ada", REFUNDS)
    assert (reading.present, reading.how) == (Present.OURS, "not verified: billing cannot be read")
    assert hook.read("ada", REFUNDS).present is Present.UNKNOWN  # another process may have taken it since
    receiver.on("POST", breaks_off, 1)
    with pytest.raises(ConnectorError):
        hook.revoke("ada", REFUNDS, None)
    assert hook.read("ada", REFUNDS).present is Present.UNKNOWN
    hook.revoke("ada", REFUNDS, None)
    assert hook.read("ada", REFUNDS).present is Present.ABSENT
    assert hook.read("ada", REFUNDS).present is Present.UNKNOWN  # and another may have given it
    with pytest.raises(ConnectorError, match="does not say who has it") as caught:
        hook.find(REFUNDS)
    assert caught.value.permanent
    assert hook.sessions("ada", REFUNDS, None).kind == "unknown"
    assert "does not tell what was done" in hook.activity("ada", REFUNDS, ENDS_AT, ENDS_AT).unseen


def test_whichever_process_ends_what_cannot_be_read_takes_it(receiver: Receiver, hooks: Hooks) -> None:
    grant(hooks(actions=UNREAD, not_verified=True))
    other = hooks(actions=UNREAD, not_verified=True)  # in another process: nobody told it anything
    held = Held("billing", "ada", REFUNDS)
    assert read_whose(at(other), held).present in STILL_OURS
    assert surely_call(at(other), held).reading.present is Present.ABSENT
    assert receiver.ours == {}
    with pytest.raises(ConnectorError, match="nobody can say that it is gone: not verified"):
        surely_call(at(Silent()), held)


def test_the_steps_by_hand_are_a_call_that_works(receiver: Receiver, hook: WebhookConnector) -> None:
    grant(hook)
    steps = hook.by_hand("ada", {"target": "refunds"})
    env = {"URL": receiver.url + PATH, "SECRET": SECRET, "PATH": "/usr/bin:/bin"}
    told = subprocess.run(["/bin/sh", "-c", steps], env=env, check=True, capture_output=True, text=True)
    assert json.loads(told.stdout) == {"state": "absent"}
    assert hook.read("ada", REFUNDS).present is Present.ABSENT
