"""A policy's document with an end in its every statement: what AWS itself checks at each request. Pure."""

import copy
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

MOST_CHARACTERS = 2_048
"""IAM's limit on all inline policies of one user together, white space not counted."""
_OPERATOR, _KEY = "DateLessThan", "aws:CurrentTime"
_PREFIX = "breakglass"
_UNREADABLE = "its document cannot be read"


class Unlendable(Exception):
    """Why this document cannot be given an end."""


def marker(policy: str) -> str:
    """The copy's name, which says that it is ours and of which policy.

    Not of whom, nor for which request: it hangs on the user, is renamed with them, and two requests may share it.
    """
    digest = hashlib.sha256(policy.encode()).hexdigest()[:20]
    return f"{_PREFIX}-{policy.rpartition('/')[2][:64]}-{digest}"


def until(document: Any, ends_at: datetime) -> str:
    """The document, every statement of which holds only before ``ends_at``. Raises ``Unlendable``."""
    if not isinstance(document, Mapping) or not document.get("Statement"):
        raise Unlendable(_UNREADABLE)
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    bounded = [_bounded(statement, _instant(ends_at)) for statement in listed]
    kept = {name: value for name, value in document.items() if name not in {"Statement", "Id"}}
    text = json.dumps({**kept, "Statement": bounded}, separators=(",", ":"), ensure_ascii=True)
    counted = sum(1 for each in text if not each.isspace())
    if counted > MOST_CHARACTERS:
        message = f"with an end in each statement it has {counted} characters, and IAM allows a user {MOST_CHARACTERS}"
        raise Unlendable(message)
    return text


def end_of(document: Any) -> datetime | None:
    """The end that all statements share; None where one has none, or another: somebody changed it."""
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    ends = {_end(each) for each in (statements if isinstance(statements, list) else [statements])}
    told = ends.pop() if len(ends) == 1 else None
    try:
        return datetime.fromisoformat(told) if told else None
    except ValueError:
        return None


def _bounded(statement: Any, end: str) -> dict[str, Any]:
    """Without its ``Sid``, which decides nothing and takes room."""
    if not isinstance(statement, Mapping) or statement.get("Effect") not in {"Allow", "Deny"}:
        raise Unlendable(_UNREADABLE)
    found = {name: copy.deepcopy(value) for name, value in statement.items() if name != "Sid"}
    condition = found.setdefault("Condition", {})
    if not isinstance(condition, dict) or not isinstance(condition.setdefault(_OPERATOR, {}), dict):
        raise Unlendable(_UNREADABLE)
    if any(key.casefold() == _KEY.casefold() for key in condition[_OPERATOR]):
        # A second value would be another way in, not a second lock: IAM takes either.
        raise Unlendable(f"a statement has a {_OPERATOR} of {_KEY} of its own")
    condition[_OPERATOR][_KEY] = end
    return found


def _end(statement: Any) -> str | None:
    try:
        told = statement["Condition"][_OPERATOR][_KEY]
    except (KeyError, TypeError):
        return None
    return told if isinstance(told, str) else None


def _instant(ends_at: datetime) -> str:
    """Rounded up to a second: until its end the access works."""
    whole = ends_at.astimezone(UTC).replace(microsecond=0)
    return f"{whole + timedelta(seconds=bool(ends_at.microsecond)):%Y-%m-%dT%H:%M:%SZ}"
