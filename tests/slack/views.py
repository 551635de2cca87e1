"""Requests as cards see them, without a database; and Slack's published schema of messages and views."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.model import RequestState, SlackUser
from app.sandbox import blockkit
from app.slack.view import Confirmation, OpenStep, RequestView, Said

NOW = datetime(2026, 11, 22, 3, 12, tzinfo=UTC)
ID = "abcdefghjkmnpqh7q2xm"
CONTRACTS = Path(os.environ.get("BREAKGLASS_CONTRACTS") or Path(__file__).parents[2] / "../shared/contracts")


def a_view(state: RequestState = RequestState.PENDING, **values: Any) -> RequestView:
    """Ada's request for orders-db; ``grants``, ``decision`` and ``extended_seconds`` go into its JSON."""
    shown = {
        "decision": values.pop("decision", None),
        "grants": values.pop("grants", []),
        "extended_seconds": values.pop("extended_seconds", 0),
        "ended": None,
    }
    given: dict[str, Any] = {
        "id": ID,
        "policy": "orders-db",
        "title": "Orders database, write",
        "state": state,
        "slack": SlackUser("T0ACME", "U0ADA"),
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "reason": "INC-1234 replica lag",
        "incident": "INC-1234",
        "length": timedelta(minutes=30),
        "requested_at": NOW,
        "ends_at": NOW + timedelta(minutes=30) if state in {"granting", "active"} else None,
        "access": ("orders-db: incident_writer",),
        "accounts": (("orders-db", "ada"),),
        "uses": ("psql orders-db, then: SET ROLE incident_writer;",),
        "promised": "Usually there within a second; taken back by breakglass.",
        "extend_by": None,
        "goes_on": None,
        "hangs_on": None,
        "over_limit": False,
        "round": 0,
        "extension": None,
        "asked_at": NOW,
        "decide_by": NOW + timedelta(minutes=25),
        "steps": (a_step(),) if state == RequestState.PENDING else (),
        "more_to_wake": True,
        "said": (),
        "confirmation": None,
        "left_behind": (),
        "silent": None,
        "ended_because": None,
        "ended_by": None,
        "ended_reason": None,
    }
    return RequestView(shown=shown, **(given | values))


def a_step(*by: str, count: int = 1) -> OpenStep:
    return OpenStep(by or ("group:leads",), count, NOW + timedelta(minutes=10))


def a_word(verdict: str = "approve", by: str = "grace@example.com", **values: Any) -> Said:
    given = {"principal": "group:leads", "note": None, "round": 0, "at": NOW}
    return Said(by=by, verdict=verdict, **(given | values))


def a_confirmation(by: str | None = None) -> Confirmation:
    return Confirmation(("group:security",), NOW + timedelta(minutes=10), by, NOW if by else None)


def a_grant(state: str = "active", **values: Any) -> dict[str, Any]:
    over = "2026-11-22T03:42:00.000Z" if state in {"revoked", "left"} else None
    return {
        "connector": "orders-db",
        "access": {"role": "incident_writer"},
        "subject": "ada",
        "state": state,
        "already_had": False,
        "verified_at": "2026-11-22T03:12:05.000Z",
        "revoke_verified_at": over,
        "left_because": None,
        "sessions": None,
        "attempts": 0,
        "last_error": None,
    } | values


def schema(definition: str) -> jsonschema.Draft7Validator:
    """The published shape of a ``Message``, a ``View`` and so on; skips where it is not at hand."""
    file = CONTRACTS / "slack-blocks.schema.json"
    if not file.is_file():
        pytest.skip(f"no {file.name} in {CONTRACTS}: set BREAKGLASS_CONTRACTS")
    whole = json.loads(file.read_text())
    return jsonschema.Draft7Validator(
        {"$ref": f"#/definitions/{definition}", "definitions": whole["definitions"]}
    )


def texts(inside: object) -> list[str]:
    """Every text in blocks, as people read it."""
    return blockkit.plain([inside] if isinstance(inside, dict) else inside).split("\n")  # type: ignore[arg-type]


def types(inside: object) -> set[str]:
    """Every ``type`` in blocks."""
    if isinstance(inside, dict):
        own = {inside["type"]} if isinstance(inside.get("type"), str) else set()
        return own.union(*(types(each) for each in inside.values()))
    return set().union(*(types(each) for each in inside)) if isinstance(inside, list) else set()


def instants(inside: object) -> set[datetime]:
    """Every instant that is shown in each reader's own zone."""
    if isinstance(inside, dict):
        own = {datetime.fromtimestamp(inside["timestamp"], UTC)} if inside.get("type") == "date" else set()
        return own.union(*(instants(each) for each in inside.values()))
    return set().union(*(instants(each) for each in inside)) if isinstance(inside, list) else set()


def buttons(blocks: list[dict[str, Any]]) -> dict[str, str]:
    """Label by action_id."""
    return {
        element["action_id"]: element["text"]["text"]
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }
