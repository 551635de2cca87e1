"""A clock that tests move."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)
"""A Sunday, ten past three in Berlin."""


class MovedClock:
    """Stands still until told to go on."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        """Where it was moved to."""
        return self.at

    def latest(self) -> datetime:
        """The same: this clock is never set back behind anybody's back."""
        return self.at

    def advance(self, **by: float) -> datetime:
        """Go on by ``timedelta(**by)``."""
        self.at += timedelta(**by)
        return self.at
