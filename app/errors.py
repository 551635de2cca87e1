"""One error per audience.

::

    BreakglassError
    ├── Refused          a person may not do this: the sentence is for that person
    ├── ConnectorError   a target or source did not do what was asked (``permanent`` or worth another try)
    │   ├── NotAsked     it was not even called: it does not answer, asked for patience, or others are being served
    │   └── Underway     it answers, and is not done: it is at work on this, or on an earlier change of the same
    ├── Misconfigured    settings or policies are wrong: every problem at once
    └── Unavailable      something we depend on could not be reached

They are caught in three places only: Bolt's error handler, the job wrapper, the terminal's ``main``.
No message of any of them holds a secret.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where it is (``file:line:column``, a setting's name), what is wrong, what would be right."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """One line for people and editors: ``where: what; remedy``."""
        return f"{self.where}: {self.what}; {self.remedy}" if self.remedy else f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Unproven(Problem):
    """What nobody can see without changing something: told, and no fault. ``remedy`` is what must be so."""


class BreakglassError(Exception):
    """The root of the tree; never raised itself."""


class Refused(BreakglassError):
    """The person who asked may not; ``str()`` is the sentence that they read."""


class ConnectorError(BreakglassError):
    """A target or source failed. ``permanent``: trying again without a human changes nothing.

    ``unclear``: the target may or may not have acted; read before repeating.
    ``retry_after`` is in seconds, where the target said so.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        unclear: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(storable(message))
        self.permanent = permanent
        self.unclear = unclear
        self.retry_after = retry_after


class NotAsked(ConnectorError):
    """The target was not called, and nothing was tried: come again after ``retry_after`` seconds."""


class Underway(ConnectorError):
    """The target answered, and has not finished: what was begun goes on there, and is asked for again.

    However often that is heard, the target is not away; what waits for it is late all the same, and told so.
    """


def storable(text: str) -> str:
    """A target's own words may hold what no database takes, or be endless; a step must be able to write them down."""
    return text[:2_000].encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


class Misconfigured(BreakglassError):
    """Settings or policies that cannot be used, with every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Unavailable(BreakglassError):
    """Slack, Redis, the database or a source could not be reached; ``str()`` names it and says what to do."""
