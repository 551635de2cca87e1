"""A clock that tests move."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)
"""A Sunday, ten past three in Berlin."""


class MovedClock:
    """Stands still until told to go on. ``back``: by how much somebody set the wall clock back meanwhile."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at
        self.back = timedelta()

    def now(self) -> datetime:
        """What the wall clock shows."""
        return self.at - self.back

    def latest(self) -> datetime:
        """Where it was moved to, whatever the wall clock shows."""
        return self.at

    def advance(self, **by: float) -> datetime:
        """Go on by ``timedelta(**by)``."""
        self.at += timedelta(**by)
        return self.at
