"""Wakes people through Opsgenie's alerts (https://docs.opsgenie.com/docs/alert-api).

The page's key is the alert's alias: while an alert with it is open, the same again only counts up and rings nobody.
Opsgenie takes requests and works on them afterwards (HTTP 202): whether a phone rang is not in its answer.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.errors import Problem
from connectors.answers import asked, tried
from connectors.http import Http, segment
from connectors.interface import Page
from connectors.sources.opsgenie import OpsgenieSettings

PAGE_WITHIN = 5.0
_LONGEST_MESSAGE, _LONGEST_ALIAS, _LONGEST_TEXT, _LONGEST_DETAIL = 130, 512, 15_000, 1_000
_REMEDIES = {
    401: "`key` must be the key of an API integration that is switched on, and `url` that of your region",
    403: "the key's integration may not create alerts: use the key of an API integration, not an account's",
    422: "look at the names of the team, schedule, escalation or user that it should wake",
    429: "Opsgenie counts all keys of an account together; something else there asks too often",
}
_WHOM = ("team", "schedule", "escalation", "user")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class OpsgenieTarget(BaseModel):
    """Whom it wakes: one team, schedule, escalation or user, by name or id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    team: Name | None = Field(default=None, description="a team, whose own routing says who is called")
    schedule: Name | None = Field(default=None, description="whoever is on call in that schedule")
    escalation: Name | None = Field(default=None, description="an escalation, from its first step")
    user: Name | None = Field(default=None, description="one person, by user name")
    priority: Literal["P1", "P2", "P3", "P4", "P5"] = Field(default="P1", description="the alert's priority")

    @model_validator(mode="after")
    def _one_of_them(self) -> "OpsgenieTarget":
        if sum(getattr(self, whom) is not None for whom in _WHOM) != 1:
            message = "name one of `team`, `schedule`, `escalation` and `user`"
            raise ValueError(message)
        return self

    def responder(self) -> dict[str, str]:
        """As Opsgenie names whom an alert goes to."""
        kind = next(whom for whom in _WHOM if getattr(self, whom) is not None)
        name = str(getattr(self, kind))
        if _UUID.fullmatch(name):
            return {"type": kind, "id": name}
        return {"type": kind, "username" if kind == "user" else "name": name}


class OpsgeniePager:
    """``cls(name, settings)`` opens nothing; the first page does."""

    kind: ClassVar[str] = "opsgenie"
    Settings: ClassVar[type[BaseModel]] = OpsgenieSettings
    Target: ClassVar[type[BaseModel]] = OpsgenieTarget

    def __init__(self, name: str, settings: OpsgenieSettings) -> None:
        self.name = name
        self._http = Http(
            name,
            settings.url,
            headers={"Authorization": f"GenieKey {settings.key.get_secret_value()}"},
            seconds=PAGE_WITHIN,
            repeats=1,
            remedies=_REMEDIES,
        )

    def check(self) -> Sequence[Problem]:
        """Whether the key may look at alerts; whether it may create them shows only a page."""
        ask = {"limit": "1"}
        return tried(self.name, lambda: self._http.call("GET", "/v2/alerts", params=ask, accept=(200,)))

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def page(self, target: Mapping[str, str], page: Page) -> None:
        """See ``interface.Pager``."""
        whom = asked(self.name, OpsgenieTarget, target)
        responder = whom.responder()
        details = {name: _cut(text, _LONGEST_DETAIL) for name, text in page.details.items()}
        described = [page.summary, *([page.link] if page.link else [])]
        body = {
            "message": _cut(page.summary, _LONGEST_MESSAGE),
            "alias": _alias(page.key),
            "description": _cut("\n".join(described), _LONGEST_TEXT),
            "responders": [responder],
            "details": details | ({"link": page.link} if page.link else {}),
            "source": "breakglass",
            "priority": whom.priority,
        }
        with self._http.one_answer(f"page to {responder['type']} {next(reversed(responder.values()))}"):
            self._http.call("POST", "/v2/alerts", body=body, accept=(202,))

    def resolve(self, target: Mapping[str, str], page: Page) -> None:  # noqa: ARG002 - the alias says which
        """See ``interface.Pager``; an alert that is closed, or never was, is none to Opsgenie."""
        path = f"/v2/alerts/{segment(_alias(page.key))}/close"
        with self._http.one_answer("end of a page"):
            self._http.call(
                "POST",
                path,
                params={"identifierType": "alias"},
                body={"source": "breakglass", "note": "answered, or over"},
                accept=(202, 404),
            )


def _alias(key: str) -> str:
    """The key, or what stands for one that is too long or no segment of a path."""
    if len(key) <= _LONGEST_ALIAS and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9:._-]*", key):
        return key
    return f"breakglass-{hashlib.sha256(key.encode()).hexdigest()}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
