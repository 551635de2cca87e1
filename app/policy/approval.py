"""Who has to agree, in which order, and how long they have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from app.policy.names import Principal

DEFAULT_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Step:
    """So many yeses of these people; after ``within`` the next step starts as well.

    ``page`` names the pager that wakes them when it opens.
    """

    by: tuple[Principal, ...]
    count: int = 1
    within: timedelta = DEFAULT_WITHIN
    remind: timedelta | None = None
    page: str | None = None

    def as_json(self) -> dict[str, Any]:
        """``{"by": […], "count": 1, "within_seconds": 600}``, with ``remind_seconds`` and ``page`` where there are."""
        shape: dict[str, Any] = {
            "by": [str(principal) for principal in self.by],
            "count": self.count,
            "within_seconds": int(self.within.total_seconds()),
        }
        if self.remind is not None:
            shape["remind_seconds"] = int(self.remind.total_seconds())
        if self.page is not None:
            shape["page"] = self.page
        return shape

    @classmethod
    def from_json(cls, shape: Mapping[str, Any]) -> Self:
        """The step of ``as_json``."""
        remind = shape.get("remind_seconds")
        return cls(
            by=tuple(Principal.parse(text) for text in shape["by"]),
            count=shape["count"],
            within=timedelta(seconds=shape["within_seconds"]),
            remind=None if remind is None else timedelta(seconds=remind),
            page=shape.get("page"),
        )


@dataclass(frozen=True, slots=True)
class ApprovalPlan:
    """Stages that must all pass, in order; each is an escalation of steps."""

    stages: tuple[tuple[Step, ...], ...]

    def steps(self) -> Iterator[Step]:
        """Every step of every stage."""
        for stage in self.stages:
            yield from stage

    def as_json(self) -> list[list[dict[str, Any]]]:
        """Stages of steps, as stored with the request and shown by ``policy explain``."""
        return [[step.as_json() for step in stage] for stage in self.stages]

    @classmethod
    def from_json(cls, shape: Sequence[Sequence[Mapping[str, Any]]]) -> Self:
        """The plan of ``as_json``."""
        return cls(tuple(tuple(Step.from_json(step) for step in stage) for stage in shape))


@dataclass(frozen=True, slots=True)
class ConfirmPlan:
    """Given now, taken back unless one of these people confirms within that time."""

    by: tuple[Principal, ...]
    within: timedelta
