"""Wakes people through an HTTP alert source of incident.io.

https://api-docs.incident.io/tag/Alert-Events-V2: an event with a ``deduplication_key`` opens one alert, however often
it is sent, and one with the status ``resolved`` closes it. Whom it wakes is decided by the alert route there.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from app.errors import Misconfigured, Problem
from connectors.answers import Shape, line, link
from connectors.http import Http, segment
from connectors.interface import Page
from connectors.keys import like
from connectors.sources.incidentio import IncidentioSettings

PAGE_WITHIN = 5.0
_NO_ID = "is no id; take the last part of the address that the alert source shows"
_REMEDIES = {
    401: "`alert_token` must be the token that the HTTP alert source shows",
    403: "`alert_token` must be the token that the HTTP alert source shows",
    404: "`alert_source` must be the last part of the address that the HTTP alert source shows",
    422: "the alert source must be of the default kind, without a transform expression of its own",
}


class IncidentioTarget(BaseModel):
    """One entry under ``pagers``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alert_source: Annotated[str, like(r"[A-Za-z0-9_-]{1,64}", _NO_ID)] = Field(
        description="the id of an HTTP alert source"
    )


class _Accepted(Shape):
    status: str
    deduplication_key: str


class IncidentioPager:
    """``cls(name, settings)`` opens nothing; the first page does."""

    kind: ClassVar[str] = "incidentio"
    Settings: ClassVar[type[BaseModel]] = IncidentioSettings
    Target: ClassVar[type[BaseModel]] = IncidentioTarget

    def __init__(self, name: str, settings: IncidentioSettings) -> None:
        if settings.alert_token is None:
            what, remedy = "its `alert_token` is missing", "the token that the HTTP alert source shows"
            raise Misconfigured([Problem(f"sources.{name}", what, remedy)])
        self.name = name
        self._http = Http(
            name,
            settings.url,
            headers={"Authorization": f"Bearer {settings.alert_token.get_secret_value()}"},
            private=settings.private,
            seconds=PAGE_WITHIN,
            remedies=_REMEDIES,
        )

    def check(self) -> Sequence[Problem]:
        """Nothing: whatever an alert source is asked is an alert. What its token may do shows the first page."""
        return ()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def page(self, target: Mapping[str, str], page: Page) -> None:
        """See ``interface.Pager``."""
        self._send(target, page, "firing")

    def resolve(self, target: Mapping[str, str], page: Page) -> None:
        """See ``interface.Pager``; what was never opened is told as a thing that is over."""
        self._send(target, page, "resolved")

    def _send(self, target: Mapping[str, str], page: Page, status: str) -> None:
        event: dict[str, Any] = {
            "title": line(page.summary),
            "status": status,
            "deduplication_key": page.key,
        }
        if page.details:
            event |= {"description": _block(page.details), "metadata": dict(page.details)}
        if address := link(page.link):
            event["source_url"] = address
        source = target["alert_source"]
        with self._http.one_answer(f"alert source {source}"):
            path = f"/v2/alert_events/http/{segment(source)}"
            self._http.call("POST", path, body=event, accept=(200, 202)).read(_Accepted)


def _block(details: Mapping[str, str]) -> str:
    """The details as preformatted Markdown: nothing that people typed is rendered, or becomes a link."""
    lines = [f"{name}: {line(text)}" for name, text in details.items()]
    return "\n".join(["```", *(text.replace("`", "'") for text in lines), "```"])
