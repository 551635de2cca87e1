"""Lists of several pages: where the next one begins, and that nothing was lost between two of them."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from app.errors import ConnectorError

Some = TypeVar("Some")

MOST_READINGS = 5
"""Of a list that does not hold still; its time is over before that, as a rule."""


def steady(
    name: str, read: Callable[[], Sequence[Some]], named: Callable[[Some], Iterable[object]]
) -> Sequence[Some]:
    """Every page of a list that is cut by numbers, as it was at one time; ``named`` says which entries are on a page.

    What goes while it is read moves the rest up, and the first of the next page is seen on neither. So a list of
    several pages is read until it names the same entries twice; a ``ConnectorError`` where it never does. All readings
    share one deadline within ``Http.one_answer``.
    """
    before: list[object] | None = None
    for _ in range(MOST_READINGS):
        pages = read()
        now = [each for page in pages for each in named(page)]
        if len(pages) == 1 or now == before:
            return pages
        before = now
    raise ConnectorError(
        f"{name} lists something else each time it is asked, and nobody knows what is missing"
    )


def next_page(name: str, address: str | None, key: str) -> str | None:
    """What ``key`` is in the next page's address, or None where there is no next page; ``name`` is the source's.

    The address itself is never called: it may lead anywhere, or ask something else.
    """
    if not address:
        return None
    try:
        [found] = parse_qs(urlsplit(address).query).get(key, [])
    except ValueError:  # none, several, or no address at all
        found = ""
    if not re.fullmatch(r"[0-9]{1,6}", found):
        raise ConnectorError(f"{name} does not say where the next page begins")
    return found
