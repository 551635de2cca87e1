"""What sources and pagers have in common in reading what was written: by us in settings, by others in their answers."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import ConnectorError, Problem

_LONGEST_LINE = 200
_CHANNEL = re.compile(r"[CG][A-Z0-9]{7,}")


class Shape(BaseModel):
    """One part of an answer: what is read of it must be there and fit; what else is there does not matter."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Keys = TypeVar("Keys", bound=BaseModel)


def asked(name: str, keys: type[Keys], written: Mapping[str, str]) -> Keys:
    """The keys of a schedule or of ``incidents`` as its model has them; what is written there stands in no error."""
    try:
        return keys.model_validate(dict(written))
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "its keys"
        message = f"{name}: `{where}`: {fault['msg'].removeprefix('Value error, ')}"
        raise ConnectorError(message, permanent=True) from None


def tried(name: str, ask: Callable[[], object]) -> Sequence[Problem]:
    """What is wrong for good with a question that should be answered; what may pass by itself is raised."""
    try:
        ask()
    except ConnectorError as error:
        if not error.permanent:
            raise
        what, _, remedy = str(error).partition("; ")
        return (Problem(f"sources.{name}", what, remedy or "check its `url`"),)
    return ()


def line(text: str | None) -> str:
    """What somebody typed there, as one line of at most 200 characters."""
    return " ".join((text or "").split())[:_LONGEST_LINE]


def link(text: str | None) -> str | None:
    """A web address, or None for anything else."""
    return text if text and text.startswith(("https://", "http://")) and text.isprintable() else None


def channel(text: str | None) -> str | None:
    """The id of a Slack channel, or None for anything else."""
    return text if text and _CHANNEL.fullmatch(text) else None


def stamp(at: datetime) -> str:
    """An instant to the second, in UTC: ``2026-11-24T03:10:00Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
