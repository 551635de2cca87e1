"""What outside systems answer, read strictly: shapes, addresses, and sentences that say what was asked for.

A source reads each answer through a :class:`Shape`; whatever does not fit it is a ``ConnectorError``, never a guess.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import ConnectorError, Problem
from app.model import Email
from connectors.http import Answer

_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_LONGEST_ADDRESS, _LONGEST_LINE = 254, 200
_CHANNEL = re.compile(r"[CG][A-Z0-9]{7,}")


class Shape(BaseModel):
    """One part of an answer: what is read of it must be there and fit; what else is there does not matter."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Shaped = TypeVar("Shaped", bound=BaseModel)


def shaped(name: str, shape: type[Shaped], answer: Answer) -> Shaped:
    """The answer in that shape; ``name`` is the source's."""
    try:
        return shape.model_validate(answer.json)
    except ValidationError:  # its text quotes the vendor's words
        message = f"{name} answered in another shape than its published contract says"
        raise ConnectorError(message) from None


def asked(name: str, keys: type[Shaped], written: Mapping[str, str]) -> Shaped:
    """The keys of a schedule or of ``incidents`` as its model has them; what is written there stands in no error."""
    try:
        return keys.model_validate(dict(written))
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "its keys"
        message = f"{name}: `{where}`: {fault['msg'].removeprefix('Value error, ')}"
        raise ConnectorError(message, permanent=True) from None


@contextmanager
def about(what: str) -> Iterator[None]:
    """What fails within is said of ``what``: *schedule S1: pagerduty does not answer*."""
    try:
        yield
    except ConnectorError as error:
        raise ConnectorError(
            f"{what}: {error}",
            permanent=error.permanent,
            unclear=error.unclear,
            retry_after=error.retry_after,
        ) from None


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


def address(text: str | None) -> Email | None:
    """The address in lower case, as people's are compared; None for what is no plain ASCII address."""
    found = text.strip().casefold() if text and text.isascii() else ""
    return Email(found) if len(found) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(found) else None


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
