"""What Slack tells us, each told to one listener: parse, one call, render.

Everything is stored before it is acknowledged. Refusals and faults end in :mod:`app.slack.failures`.
"""

import logging
import re
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from app.errors import Refused
from app.slack import forms, front, incidents, slash
from app.slack.failures import Failures
from app.slack.front import Front
from app.slack.guard import Delivery, Rejected
from app.slack.summary import summary

Body = dict[str, Any]

_PRESSED = re.compile(r"^breakglass_(approve|cancel|end|extend|confirm|wake|not_me)$")
_ASKS_WHY = re.compile(r"^breakglass_(deny|revoke)$")
_WHY = re.compile(r"^breakglass_(deny_reason|revoke_reason|revoke_all|freeze|thaw)$")
_FIELD = re.compile(r"^(policy|duration|incident|emergency)$")
_ANYTHING = re.compile(r"")


def create_bolt(desk: Front) -> App:
    """Bolt with every listener. It checks no signature: the guard does, before anything reaches it."""
    bolt = App(
        name="breakglass",
        logger=_quiet(),
        client=WebClient(base_url=desk.client.base_url, retry_handlers=[]),
        authorize=_authorize,
        process_before_response=True,
        token_verification_enabled=False,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
        raise_error_for_unhandled_request=True,
    )
    _commands(bolt, desk)
    _buttons(bolt, desk)
    _request_form(bolt, desk)
    _reason_forms(bolt, desk)
    _events(bolt, desk)
    bolt.error(Failures(desk).answer)
    return bolt


def dispatch(bolt: App, delivery: Delivery) -> BoltResponse:
    """One delivery that the guard let in; the same whichever way it came."""
    context = {"payload": delivery.payload, "delivery": delivery.key}
    try:
        request = BoltRequest(body=delivery.body, context=context, mode="socket_mode")
    except (AttributeError, KeyError, TypeError):  # Bolt looks for ids where the body may hold something else
        raise Rejected(400, "malformed") from None
    return bolt.dispatch(request)


def _quiet() -> logging.Logger:
    """Bolt writes the bodies of what it does not know into its log, at WARNING."""
    logger = logging.getLogger("breakglass.bolt")
    logger.setLevel(logging.ERROR)
    return logger


def _authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    """The guard looked at the team already, and our own client holds the token."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)


def _commands(bolt: App, desk: Front) -> None:
    @bolt.command(_ANYTHING)
    def typed(ack: Ack, context: BoltContext) -> None:
        ack(slash.answer(desk, context["payload"], context["delivery"]))


def _buttons(bolt: App, desk: Front) -> None:
    @bolt.action(_PRESSED)
    def pressed(ack: Ack, context: BoltContext) -> None:
        desk.press(front.pressed(context["payload"]), context["delivery"])
        ack()

    @bolt.action("breakglass_accept")
    def accepted(ack: Ack, context: BoltContext) -> None:
        desk.press(front.accepted(context["payload"]), context["delivery"])
        ack()

    @bolt.action(_ASKS_WHY)
    def why(ack: Ack, context: BoltContext) -> None:
        press = context["payload"]
        view = desk.request(front.request_id(press.action.value))
        form = forms.deny_form if press.action.action_id == "breakglass_deny" else forms.revoke_form
        desk.open_form(press.trigger_id, form(view.id, summary(view)))
        ack()

    @bolt.action("breakglass_thaw")
    def thaws(ack: Ack, context: BoltContext) -> None:
        desk.open_form(context["payload"].trigger_id, forms.thaw_form())
        ack()


def _request_form(bolt: App, desk: Front) -> None:
    @bolt.action(_FIELD)
    def changed(ack: Ack, body: Body, context: BoltContext) -> None:
        press = context["payload"]
        if press.view is not None:
            desk.fill(press.speaker, press.view.id, forms.typed_in(body["view"]), "", context["delivery"])
        ack()

    @bolt.options("policy")
    def policies(ack: Ack, context: BoltContext) -> None:
        ack(forms.options(forms.offer(desk.folder(), context["payload"].value)))

    @bolt.options("incident")
    def open_incidents(ack: Ack, context: BoltContext) -> None:
        ack(forms.options(incidents.offer(desk.incidents(), context["payload"].value)))

    @bolt.view(forms.REQUEST)
    def asked(ack: Ack, body: Body, context: BoltContext) -> None:
        typed = forms.typed_in(body["view"])
        if faults := forms.faults(desk.folder(), typed):
            ack(forms.errors(front.in_fields(faults, context["payload"].view)))
            return
        desk.ask(context["payload"].speaker, typed, context["delivery"])
        ack()


def _reason_forms(bolt: App, desk: Front) -> None:
    @bolt.view(_WHY)
    def reasoned(ack: Ack, body: Body, context: BoltContext) -> None:
        said, faults = front.given_reason(context["payload"], body["view"])
        if faults:
            ack(forms.errors(front.in_fields(faults, context["payload"].view)))
            return
        desk.press(said, context["delivery"])
        ack()


def _events(bolt: App, desk: Front) -> None:
    @bolt.event("user_change")
    def person(context: BoltContext) -> None:
        told = context["payload"]
        desk.people_changed(told.team_id, told.user_id, context["delivery"])

    @bolt.event("subteam_members_changed")
    def group(context: BoltContext) -> None:
        desk.people_changed(None, None, context["delivery"])

    @bolt.action(_ANYTHING)
    def unknown(ack: Ack, context: BoltContext) -> None:
        if not context["payload"].action.url:  # a link opens by itself, and tells us too
            message = "That button is of another version. /breakglass status shows what you can do now."
            raise Refused(message)
        ack()
