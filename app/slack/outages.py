"""What is said while the database is away, and of one that is another than before."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.slack.text import Part, Words, counted, instant, joined, one_line, when

Data = Mapping[str, Any]

AWAY = (
    "The database of this bot takes nothing down now: nothing can be recorded, and so nothing can be given. "
    "What was given still ends on time. If it cannot wait, use the way that your company keeps for such a night."
)


def _unknown_taken(data: Data) -> Words:
    where = f"{one_line(str(data.get('subject')), 120)} at {one_line(str(data.get('connector')), 120)}"
    read = one_line(str(data.get("read")), 300)
    return [f"Of what the database does not know, {where} was taken back at its end. Read there: {read}."]


def _unknown(data: Data) -> Words:
    count = counted(int(data.get("count") or 0), "live access is", "live accesses are")
    named = joined((one_line(str(each), 200) for each in data.get("named") or ()), 2500)
    return [
        f"{count} unknown to the database, which is an older one: {named}. The clock takes back what it remembers."
    ]


def _older(data: Data) -> Words:
    host, seen, found = one_line(str(data.get("host")), 80), _head(data.get("seen")), _head(data.get("found"))
    words = f"The database is not the one that {host} knows: it ends at {found} and does not hold {seen}."
    what_now = f"Nothing is given until somebody runs `breakglass doctor --accept-restore` on {host}."
    return [f"{words} It may come from an older back-up. {what_now} Taking back goes on."]


def _accepted(data: Data) -> Words:
    by = one_line(str(data.get("by") or "somebody"), 120)
    host, seen = one_line(str(data.get("host")), 80), _head(data.get("seen"))
    closed = counted(int(data.get("closed") or 0), "request", "requests")
    words = f"At a terminal of {host}, not verified, {by} accepted the database, which does not hold {seen}."
    closing = f"{closed} not given yet closed."
    return [f"{words} {closing} What was given after that is unknown here: look at the alerts since then."]


def _head(text: Any) -> str:
    number, _, digest = str(text or "").partition(":")
    return f"#{one_line(number, 20)}·{one_line(digest[:8], 8)}" if digest else "what was seen before"


def _taken(data: Data) -> Words:
    words: list[Part] = ["The database was away", *when(" from ", instant(data.get("since")))]
    count = counted(int(data.get("count") or 0), "access was", "accesses were")
    words.append(f": {count} taken back without it.")
    if still := int(data.get("open") or 0):
        words.append(f" {counted(still, 'is', 'are')} not read as gone: taken back now.")
    if early := data.get("early"):
        ids = joined((f"…{one_line(str(each)[-6:], 6)}" for each in early), 500)
        words.append(f" Taken before its end: what {ids} holds. Look at the clock's host.")
    if unknown := int(data.get("unknown") or 0):
        words.append(
            f" Its journal names {counted(unknown, 'grant', 'grants')} that nobody knows. Look at that host."
        )
    return words


ALERTS: Mapping[str, Callable[[Data], Words]] = MappingProxyType(
    {
        "older_database": _older,
        "restore_accepted": _accepted,
        "unknown_access": _unknown,
        "unknown_access_taken": _unknown_taken,
        "taken_while_away": _taken,
    }
)
"""The sentences, by event."""
