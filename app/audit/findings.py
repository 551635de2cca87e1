"""What an audit found: the first faults by name, the others by number."""

import json
from typing import Any

from app.errors import Problem

REMEDY = "somebody wrote to the database behind the service's back: compare it with a backup and with exports"
MOST_NAMED = 20
_LONGEST_SHOWN = 80


class Findings:
    """Faults in the order in which they were found; only the first ``MOST_NAMED`` are kept."""

    def __init__(self, of_what: str) -> None:
        self._of_what = of_what
        self._named: list[Problem] = []
        self._more = 0

    @property
    def full(self) -> bool:
        """Whether one more would only be counted."""
        return len(self._named) >= MOST_NAMED

    def add(self, where: str, what: str) -> None:
        """One more fault."""
        if self.full:
            self._more += 1
        else:
            self._named.append(Problem(where, what, REMEDY))

    def problems(self) -> list[Problem]:
        """Those with names, then how many more there are."""
        more = [Problem(self._of_what, f"{self._more} more do not fit", REMEDY)] if self._more else []
        return [*self._named, *more]


def shown(value: Any) -> str:
    """A value in a sentence: ASCII, one line, short, whatever somebody put there."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}… ({len(text)} characters)"
