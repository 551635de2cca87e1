"""Lists of several pages whose answers give the address of the next one: only a number is taken from it."""

import re
from urllib.parse import parse_qs, urlsplit

from app.errors import ConnectorError


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
