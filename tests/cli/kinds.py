"""Kinds of a test's own, which do what the names of their rotas say."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr

from app.errors import ConnectorError, Problem
from app.model import Email
from connectors.interface import Incident, Kind, Limits, OnCall, Promise
from connectors.registry import Registry

TOGETHER = threading.Barrier(2)
"""Passed by two questions that are under way at the same time."""


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Token(_Keys):
    token: SecretStr


class Rota(_Keys):
    schedule: str


class Where(_Keys):
    team: str = "any"


class Role(_Keys):
    role: str


class Duty:
    """Says who is on call and which incidents are open, and wakes people."""

    kind = "duty"
    Settings, Schedule, Incidents, Target = Token, Rota, Where, Rota
    every = timedelta()

    def __init__(self, name: str, settings: Token) -> None:
        self.name = name
        self.token = settings.token.get_secret_value()

    def check(self) -> Sequence[Problem]:
        if self.token == "narrow":
            return [Problem(f"sources.{self.name}", "the token may not read users", "give it users.read")]
        return []

    def on_call(self, rota: Mapping[str, str], _at: datetime) -> Sequence[Any]:
        match rota["schedule"]:
            case "ADA":
                return [OnCall(Email("ada@example.com"))]
            case "HIDDEN":
                return [OnCall(None)]
            case "NONSENSE":
                return ["ada@example.com"]
            case "GONE":
                message = f"{self.name} has no schedule GONE: write the id of one."
                raise ConnectorError(message, permanent=True)
            case "AWAY":
                message = f"{self.name} answered 503."
                raise ConnectorError(message)
            case "MEETS":
                TOGETHER.wait(timeout=10)
            case "HANGS":
                threading.Event().wait()
        return []

    def open_incidents(self, which: Mapping[str, str], _at: datetime) -> Sequence[Incident]:
        if which.get("team") == "meets":
            TOGETHER.wait(timeout=10)
        return [Incident("INC-1", severity="P1" if which.get("team") == "strange" else "sev1")]

    def close(self) -> None:
        pass


class Safe:
    """A target that lends nothing for longer than an hour."""

    kind = "safe"
    Settings, Access = Token, Role
    limits = Limits(max_duration=timedelta(hours=1))

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        del access
        return Promise()

    def __init__(self, name: str, settings: Token) -> None:
        self.name = name
        self.token = settings.token.get_secret_value()

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        if self.token == "narrow":
            return [Problem(self.name, f"may not end sessions of {accesses[0]['role']}", "let it")]
        return []

    def close(self) -> None:
        pass


def _one(kind: str, name: str) -> Mapping[str, Kind]:
    return MappingProxyType({kind: Kind(kind, f"tests.cli.kinds:{name}")})


KINDS = Registry(_one("safe", "Safe"), _one("duty", "Duty"), _one("duty", "Duty"))
