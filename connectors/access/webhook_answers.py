"""What a receiver may answer to each action."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from connectors.answers import Shape
from connectors.interface import Present

MOST_LINES = 100
WHY_NOBODY: Mapping[str, tuple[str, str]] = {
    "none": ("none", "has no account for you"),
    "several": ("several", "has several accounts that may be yours"),
    "disabled": ("unfit", "gives nothing to you: your account is disabled"),
    "guest": ("unfit", "gives nothing to you: your account is a guest's"),
    "service_account": ("unfit", "gives nothing to you: that account is not a person's"),
    "administrator": ("unfit", "gives nothing to you: that account may do everything already"),
    "itself": ("unfit", "gives nothing to you: that is the account with which it works itself"),
    "not_an_account": ("unfit", "gives nothing to you: that is no account, but something else of that name"),
}
"""What ``resolve`` may answer beside *found* -> the interface's word, and a sentence's end."""


class Resolved(Shape):
    """To ``resolve``."""

    state: Literal[
        "found",
        "none",
        "several",
        "disabled",
        "guest",
        "service_account",
        "administrator",
        "itself",
        "not_an_account",
    ]
    subject: str | None = None


class Read(Shape):
    """To ``read``."""

    state: Literal["absent", "ours", "others", "both"]
    how: str = ""

    @property
    def present(self) -> Present:
        """As the desk says it."""
        return Present(self.state)


class Has(Read):
    """One of those who have it."""

    subject: str

    @property
    def is_there(self) -> bool:
        """Some list everybody."""
        return self.present is not Present.ABSENT


class Found(Shape):
    """To ``find``."""

    state: Literal["found"]
    holders: Sequence[Has]


class Changed(Shape):
    """To ``grant`` and ``revoke``: what is there now."""

    state: Literal["absent", "ours", "others", "both", "refused"]


class Lingering(Shape):
    """To ``sessions``."""

    state: Literal["none", "ended", "alive", "unknown"]
    count: int = Field(default=0, ge=0)
    why: str = ""


class Told(Shape):
    """To ``activity``."""

    state: Literal["found"]
    lines: Sequence[str]
    unseen: str = ""


class Pending(Shape):
    """With a 202."""

    state: Literal["pending"]
    status_url: str | None = None
