r"""What commands print: JSON for scripts, and for people text that fits 80 columns.

What people and targets typed is shown literally: whatever would move the cursor, colour the screen or turn
text around appears as ``\x1b``.
"""

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from app.errors import Problem
from app.log import escape
from app.model import iso

WIDTH = 80
_GAP = "  "
_LABEL = 11
_NARROWEST = 6
_SHORT_ID = 6


def as_json(value: Any) -> None:
    """One JSON value in ASCII."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True))


def say(text: str, **style: Any) -> None:
    """One line on standard output; colours only on a terminal."""
    click.secho(escape(text), **style)


def complain(text: str) -> None:
    """One line on standard error."""
    click.secho(escape(text), err=True, fg="red")


def remark(text: str) -> None:
    """One line on standard error that is no fault."""
    click.secho(escape(text), err=True)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Aligned columns; the widest are cut until the lines fit."""
    cells = [[escape(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > WIDTH and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    for number, row in enumerate(cells):
        line = _GAP.join(_fitted(cell, width) for cell, width in zip(row, widths, strict=True))
        click.secho(line.rstrip(), bold=number == 0)


def _fitted(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "…"


def facts(pairs: Iterable[tuple[str, str | Sequence[str] | None]]) -> None:
    """``label  text`` for each pair that has a text, wrapped beside its label; each text begins a line."""
    for label, text in pairs:
        for number, line in enumerate([text] if isinstance(text, str) else text or ()):
            _fact("" if number else label, escape(line))


def _fact(label: str, text: str) -> None:
    indent = " " * _LABEL
    lines = textwrap.wrap(text, WIDTH, initial_indent=label.ljust(_LABEL), subsequent_indent=indent)
    click.echo("\n".join(lines or [label]))


def verdict(problems: Sequence[Problem], *, json_wanted: bool, fine: str) -> None:
    """``{"ok", "problems"}``, or a line a problem, or the sentence that all is ``fine``."""
    if json_wanted:
        as_json({"ok": not problems, "problems": [as_dict(problem) for problem in problems]})
        return
    for problem in problems:
        say(str(problem), fg="red")
    if not problems:
        say(fine)


def diagnosis(problems: Sequence[Problem], *, fine: str) -> None:
    """Each problem with what mends it beneath, in lines that fit; then how many there are."""
    for problem in problems:
        _wrapped(f"{problem.where}: {problem.what}", "", "  ", fg="red")
        _wrapped(problem.remedy, "  ", "  ")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    say(f"{count}." if problems else fine)


def _wrapped(text: str, first: str, rest: str, **style: Any) -> None:
    lines = textwrap.wrap(
        escape(text), WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
    for line in lines:
        click.secho(line, **style)


def as_dict(problem: Problem) -> Mapping[str, str]:
    """A problem as scripts read it."""
    return {"where": problem.where, "what": problem.what, "remedy": problem.remedy}


def stamp(moment: datetime | None) -> str | None:
    """An instant in JSON: ``2026-11-22T03:12:04.120Z``."""
    return None if moment is None else iso(moment)[:-4] + "Z"


def when(instant: datetime | str | None) -> str:
    """An instant (or its stamp) for people: ``2026-11-22 03:12 UTC``."""
    if instant is None:
        return "-"
    text = instant if isinstance(instant, str) else iso(instant)
    return f"{text[:16].replace('T', ' ')} UTC"


def short(request_id: str) -> str:
    """An id as people see it: ``…h7q2xm``."""
    return f"…{request_id[-_SHORT_ID:]}"
