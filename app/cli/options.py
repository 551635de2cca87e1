"""Options and arguments that several commands take."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from app.log import Redactor, escape
from app.model import Email
from app.policy import looks_like_key, parse_duration, parse_email
from app.policy.fields import moment

LONGEST_REASON = 3_000

Parsed = TypeVar("Parsed")

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")


def _reason(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    text = value.strip()
    if not text:
        message = "say why, in a few words"
        raise click.BadParameter(message)
    if len(text) > LONGEST_REASON:
        message = f"that is {len(text)} characters; use {LONGEST_REASON} at most"
        raise click.BadParameter(message)
    if escape(text) != text:
        message = "there is a control character or a line break in it"
        raise click.BadParameter(message)
    if looks_like_key(text) or Redactor(()).text(text) != text:
        message = "that looks like a key or a password, and the ledger never forgets"
        raise click.BadParameter(message)
    return text


reason_option = click.option(
    "--reason", required=True, callback=_reason, metavar="TEXT", help="Why; kept in the ledger."
)


def _or_usage(
    parse: Callable[[str], Parsed],
    text: str,
    kind: click.ParamType[Any],
    param: click.Parameter | None,
    ctx: click.Context | None,
) -> Parsed:
    try:
        return parse(text)
    except ValueError as wrong:
        kind.fail(escape(str(wrong)), param, ctx)


class DurationType(click.ParamType[timedelta]):
    """``30m``, ``1h30m``, ``7d``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The length of time."""
        return value if isinstance(value, timedelta) else _or_usage(parse_duration, value, self, param, ctx)


class AddressType(click.ParamType[Email]):
    """An address in ASCII, in lower case."""

    name = "email"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Email:
        """The address."""
        return _or_usage(parse_email, value, self, param, ctx)


class MomentType(click.ParamType[datetime]):
    """A date and a time; aware where an offset is written."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant, naive where no offset was given."""
        return value if isinstance(value, datetime) else _or_usage(moment, value, self, param, ctx)


DURATION, ADDRESS, MOMENT = DurationType(), AddressType(), MomentType()
