"""``list`` and ``show``."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import click

from app.cli import output
from app.cli.options import json_option
from app.cli.terminal import Terminal
from app.errors import ConnectorError, Unavailable
from app.model import GrantState, RequestState, short_duration
from app.store.views import find_request, handed_over, newest, parts_of, request_json
from app.targets import ConnectorRack
from app.wiring import House

MOST_LISTED = 1_000

Json = Mapping[str, Any]


@click.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([str(state) for state in RequestState]),
    help="Only requests in this state; may be given several times.",
)
@json_option
@click.pass_obj
def list_(terminal: Terminal, *, states: tuple[str, ...], json_wanted: bool) -> None:
    """Requests, newest first; the newest 1,000 at most."""
    with terminal.house() as house, house.steps.read() as session:
        found = newest(session, states, MOST_LISTED + 1)
    if len(found) > MOST_LISTED:
        output.remark(f"Only the newest {MOST_LISTED} are listed; --state narrows it down.")
    if json_wanted:
        output.as_json(found[:MOST_LISTED])
    elif found:
        output.table(("ID", "STATE", "POLICY", "WHO", "WHEN (UTC)"), map(_row, found[:MOST_LISTED]))
    else:
        output.say("No requests.")


def _row(request: Json) -> Sequence[str]:
    who = request["requester"]
    name = who["email"] or who["slack_user"]
    return output.short(request["id"]), request["state"], request["policy"], name, _moment(request)


def _moment(request: Json) -> str:
    """What matters of a request now: its end, to come or past, else when it was asked."""
    if request["state"] == RequestState.REVOKING:
        return "still open, being taken back"
    if request["ended"]:
        word, at = "ended", request["ended"]["at"]
    elif request["ends_at"]:
        word, at = "until", request["ends_at"]
    else:
        word, at = "asked", request["requested_at"]
    return f"{word} {output.when(at).removesuffix(' UTC')}"


@click.command()
@click.argument("request_id", metavar="ID")
@json_option
@click.pass_obj
def show(terminal: Terminal, *, request_id: str, json_wanted: bool) -> None:
    """One request, whole. ID may be shortened to its last six characters or more."""
    with terminal.house() as house, house.steps.read() as session:
        found = find_request(session, request_id)
        request, handed = request_json(session, found), handed_over(parts_of(session, found)[1])
        by_hand = [] if json_wanted else list(_by_hand(terminal, house, request))
    if json_wanted:
        output.as_json(request)
        return
    output.facts(_head(request))
    for grant in request["grants"]:
        output.facts([("access", list(_grant(grant)))])
    for connector, text in handed:
        output.facts([("for them", [f"made by {connector}, to be saved as it is, in one line:"])])
        output.say(text)
    output.facts([*_end(request), ("by hand", by_hand)])


def _by_hand(terminal: Terminal, house: House, request: Json) -> Iterator[str]:
    """How a person takes back at the target what is still open there, as far as this host knows the target."""
    held = [grant for grant in request["grants"] if grant["state"] == GrantState.REVOKING]
    if not held:
        return
    rack = ConnectorRack(lambda: terminal.in_force(house), terminal.env, house.clock.latest)
    for grant in held:
        try:
            steps = rack.connector(grant["connector"]).by_hand(grant["subject"], grant["access"])
        except (ConnectorError, Unavailable) as unknown:
            yield f"not known here: {unknown}"
        else:
            yield from steps.splitlines()
    rack.close()


def _head(request: Json) -> Iterator[tuple[str, str | list[str] | None]]:
    who = request["requester"]
    yield "request", request["id"]
    yield "policy", request["policy"]
    yield "state", request["state"]
    yield "who", f"{who['email'] or 'not known yet'} ({who['slack_user']} in {who['slack_team']})"
    yield "reason", request["reason"]
    yield "incident", request["incident"]
    yield "asked", output.when(request["requested_at"])
    yield "length", _length(request)
    yield "ends", output.when(request["ends_at"]) if request["ends_at"] else None
    yield from _decision(request["decision"])
    yield "answers", [_approval(each) for each in request["approvals"]]
    yield "confirm", _confirmation(request["confirmation"])


def _length(request: Json) -> str | None:
    seconds, extended = request["duration_seconds"], request["extended_seconds"]
    if seconds is None:
        return None
    more = f", extended by {short_duration(timedelta(seconds=extended))}" if extended else ""
    return short_duration(timedelta(seconds=seconds)) + more


def _decision(decision: Json | None) -> Iterator[tuple[str, str | list[str]]]:
    if decision is None:
        return
    rule = f" by the rule “{decision['rule']}”" if decision.get("rule") else ""
    yield "decision", f"{decision.get('verdict')}{rule}"
    yield "because", list(decision.get("because", ()))
    yield "facts", [fact_line(fact) for fact in decision.get("facts", ())]


def fact_line(fact: Json) -> str:
    """``on_call:sre-primary is true (pagerduty, 2026-11-22 03:12 UTC)``."""
    since = f", since {output.when(fact['since'])}" if fact.get("since") else ""
    by = f", by {fact['by']}" if fact.get("by") else ""
    return f"{fact['fact']} is {fact['value']} ({fact['source']}, {output.when(fact['at'])}{since}{by})"


def _approval(approval: Json) -> str:
    note = f": {approval['note']}" if approval["note"] else ""
    said = f"{approval['verdict']} by {approval['by']} as {approval['as']}"
    return f"{said}, {output.when(approval['at'])}{note}"


def _confirmation(confirmation: Json | None) -> str | None:
    if confirmation is None:
        return None
    if confirmation["by"]:
        return f"confirmed by {confirmation['by']}, {output.when(confirmation['at'])}"
    return f"due by {output.when(confirmation['due'])}"


def _grant(grant: Json) -> Iterator[str]:
    keys = ", ".join(f"{key} {value}" for key, value in grant["access"].items())
    yield f"{grant['connector']}: {keys} for {grant['subject']}: {grant['state']}"
    if grant["already_had"]:
        yield "  had it before"
    for moment, words in (
        ("granted_at", "given"),
        ("verified_at", "read back as there"),
        ("revoked_at", "taken back"),
        ("revoke_verified_at", "read back as gone or not ours"),
    ):
        if grant[moment]:
            yield f"{words} {output.when(grant[moment])}"
    for key, words in (
        ("left_because", "stays because"),
        ("sessions", "sessions"),
        ("last_error", "last error"),
    ):
        if grant[key]:
            yield f"{words}: {grant[key]}"


def _end(request: Json) -> Iterator[tuple[str, str | None]]:
    ended = request["ended"]
    if ended:
        why = f": {ended['reason']}" if ended["reason"] else ""
        by = f" by {ended['by']}" if ended["by"] else ""
        yield "ended", f"{ended['because']}{by}, {output.when(ended['at'])}{why}"
