"""What a target itself does about an access, as people read it: how soon it is there, and who ends it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from app.policy import AccessEntry
from app.slack.text import joined, spoken
from connectors.interface import Expiry, Promise

_ENDS: Mapping[Expiry, str] = {
    Expiry.WORKER: "taken back by breakglass",
    Expiry.NEW_SESSIONS: "taken back by breakglass, and the target itself lets no new session begin after the end",
    Expiry.EVERY_USE: "taken back by breakglass, and the target itself refuses every use after the end",
}


def sentence(promise: Promise) -> str:
    """One line, such as ``Usually there within a second; taken back by breakglass.``."""
    soon = promise.usual <= timedelta(seconds=1)
    arrives = "within a second" if soon else f"in about {spoken(promise.usual)}"
    return f"Usually there {arrives}; {_ENDS[promise.expiry]}."


def of_all(entries: Iterable[AccessEntry]) -> str:
    """The same for every access of a policy; where they differ, each by its connector's name.

    One target may promise different things of two accesses, such as a role and a group.
    """
    said = dict.fromkeys((entry.access.connector, sentence(entry.promise)) for entry in entries)
    if len({words for _, words in said}) < 2:  # noqa: PLR2004 - two different ones need names
        return next((words for _, words in said), "")
    return joined((f"{name}: {words}" for name, words in said), 600, " ")
