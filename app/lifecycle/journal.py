"""The journal: what the clock did at targets while nothing could be written down, a line each, on disk at once.

Whoever can write to this host's disk can write lines into it. So a line is never believed: it is a reason to read
the target again, and what was read then is recorded beside it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.state import StateFolder

log = structlog.get_logger()

JOURNAL = "journal.jsonl"
"""The file's name."""
MOST_LINES = 100_000


class Line(BaseModel):
    """One attempt, or what came of it. ``read`` is None for an attempt that has only begun or did not succeed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[0-9a-z-]{8,64}$")
    grant: str = Field(max_length=64)
    at: AwareDatetime
    read: str | None = Field(default=None, max_length=2_000)
    error: str | None = Field(default=None, max_length=2_000)


class Journal:
    """The file ``journal.jsonl``, shared by every clock of a host."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state

    def write(self, line: Line) -> None:
        """On disk when this returns. What cannot be written is only logged: taking goes on."""
        try:
            with self.alone():
                self._state.append(JOURNAL, line.model_dump_json(exclude_none=True).encode())
        except OSError as error:
            log.warning("the journal cannot be written", why=error.strerror, **line.model_dump(mode="json"))

    def waits(self) -> bool:
        """Whether there is something in it."""
        return self._state.has(JOURNAL)

    def alone(self) -> AbstractContextManager[None]:
        """No other process of this host writes or forgets meanwhile; raises ``OSError``."""
        return self._state.alone(JOURNAL)

    def lines(self) -> Sequence[Line]:
        """Every line that can be read, in order; the last one may be torn. Raises ``Untrusted``."""
        text = self._state.read(JOURNAL) or b""
        found: list[Line] = []
        for number, each in enumerate(text.splitlines()[:MOST_LINES], start=1):
            try:
                found.append(Line.model_validate_json(each))
            except ValidationError:
                log.warning("a line of the journal cannot be read", line=number)
        return found

    def forget(self) -> None:
        """All of it is recorded."""
        self._state.remove(JOURNAL)
