"""Deliveries that Slack would sign and no honest client would send: any act, of anybody, on anything."""

from collections.abc import Callable
from typing import Any

from app.sandbox.delivery import Reply
from tests.house import TestHouse
from tests.slackdriver import Form

Build = Callable[..., TestHouse]
LINE = "orders-db 30m INC-1 replica lag"


def presses(house: TestHouse, name: str, kind: str, value: str, **sender: Any) -> Reply:
    """That person's press of a button which we never showed them, on a message of somebody else's.

    ``sender`` replaces parts of the payload's ``user``.
    """
    user = house.person(name).user
    somewhere = house.slack.workspace.say("C0GENERAL", "U0BREAKGLASS", "anything")
    action = {
        "type": "button",
        "block_id": "forged",
        "action_id": f"breakglass_{kind}",
        "action_ts": house.slack.workspace.next_ts(),
        "value": value,
    }
    payload = house.slack.sandbox.people.message_payload(user, somewhere, action)
    payload["user"] |= sender
    reply = house.slack.deliver("interactive", payload)
    house.work()
    return reply


def sends(house: TestHouse, name: str, form: Form, **view: Any) -> Reply:
    """That person sends a form that stands before somebody else; ``view`` replaces parts of it."""
    payload = house.slack.sandbox.people.submission_payload(house.person(name).user, form.view)
    payload["view"] |= view
    reply = house.slack.deliver("interactive", payload)
    house.work()
    return reply


def deny_form(house: TestHouse, name: str) -> Form:
    """The form that *Deny* on the newest card opens for that person, with a reason in it."""
    person = house.person(name)
    person.presses(house.slack.channel("C0APPROVALS").last(), "Deny")
    return person.form(callback_id="breakglass_deny_reason").fill(reason="Not tonight.")


def rewrite(house: TestHouse, **texts: str) -> None:
    """Put other texts into the policy folder, and let the house read it."""
    for name, text in texts.items():
        (house.policies / f"{name.replace('_', '-')}.yaml").write_text(text)
    house.house.shelf.reload()
