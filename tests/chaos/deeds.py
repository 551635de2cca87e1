"""What people did that had an effect, by the ledger: a stream that never denies anybody shows nothing of denying."""

from collections import Counter
from collections.abc import Iterable, Mapping

from app.model import Ended
from tests.chaos.eyes import Entry

_BY_ACTION = {
    "RequestOpened": "asked",
    "RequestRefused": "refused",
    "Approved": "approved",
    "RequestDenied": "denied",
    "RequestCancelled": "cancelled",
    "Confirmed": "confirmed",
    "Extended": "extended",
    "PoliciesLoaded": "policies loaded",
}
_BY_END = {
    Ended.EXPIRED: "ended by time",
    Ended.GIVEN_BACK: "given back",
    Ended.REVOKED: "revoked by security",
    Ended.UNCONFIRMED: "ended unconfirmed",
}
_AT_LEAST = {"policies loaded": 2}
"""Once is the beginning."""


def by_the_ledger(entries: Iterable[Entry]) -> Counter[str]:
    """How often each of it happened; 0 for what never did."""
    found = Counter(dict.fromkeys((*_BY_ACTION.values(), *_BY_END.values()), 0))
    for entry in entries:
        what = _BY_ACTION.get(entry.action)
        if entry.action == "EndBegun":
            what = _BY_END.get(Ended(entry.data["because"]))
        if what:
            found[what] += 1
    return found


def missing(done: Mapping[str, int]) -> list[str]:
    """What the run says nothing about, because it did not happen."""
    return [f"nothing was {what}" for what, count in done.items() if count < _AT_LEAST.get(what, 1)]
