"""An outside system that says what a test wants: ``BOARD`` holds, by the source's name, what it does when asked."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SecretStr

from app.errors import Problem
from connectors.interface import Incident, Kind, OnCall

BOARD: dict[str, Callable[[Mapping[str, str], datetime], Sequence[Any]]] = {}
ASKED: list[tuple[str, dict[str, str]]] = []
KINDS = {"pretended": Kind("pretended", "tests.pretended:Pretended")}


class Pretended:
    """A source of both kinds of facts."""

    kind: ClassVar[str] = "pretended"
    every: ClassVar[timedelta] = timedelta(seconds=5)

    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")
        token: SecretStr

    class Schedule(BaseModel):
        model_config = ConfigDict(extra="forbid")
        schedule: str

    class Incidents(BaseModel):
        model_config = ConfigDict(extra="forbid")

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.token = settings.token

    def on_call(self, rota: Mapping[str, str], at: datetime) -> Sequence[OnCall]:
        ASKED.append((self.name, dict(rota)))
        return BOARD[self.name](rota, at)

    def open_incidents(self, which: Mapping[str, str], at: datetime) -> Sequence[Incident]:
        ASKED.append((self.name, dict(which)))
        return BOARD[self.name](which, at)

    def check(self) -> Sequence[Problem]:
        return ()

    def close(self) -> None:
        return
