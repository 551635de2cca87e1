"""A pager that a test hears: ``HEARD`` is what reached it, ``DOES`` what it does then, by whom it is to wake."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, SecretStr

from app.errors import ConnectorError, Problem
from connectors.interface import Kind, Page

KINDS = {"siren": Kind("siren", "tests.siren:Siren")}
SECRET = "s1ren-t0ken-of-nobody"
ENV = {"SIREN_TOKEN": SECRET}
SETTINGS = """
sources: {siren: {kind: siren, token: "${SIREN_TOKEN}"}}
pagers: {security-pager: {source: siren, wakes: security}, cto-pager: {source: siren, wakes: cto}}
"""


class Heard(NamedTuple):
    """One call that reached it."""

    did: str
    whom: str
    page: Page


HEARD: list[Heard] = []
DOES: dict[str, Callable[[], None]] = {}


class Siren:
    """Wakes nobody but the test."""

    kind: ClassVar[str] = "siren"

    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")
        token: SecretStr

    class Target(BaseModel):
        model_config = ConfigDict(extra="forbid")
        wakes: str

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self.token = name, settings.token

    def page(self, target: Mapping[str, str], page: Page) -> None:
        self._hear("page", target, page)

    def resolve(self, target: Mapping[str, str], page: Page) -> None:
        self._hear("resolve", target, page)

    @staticmethod
    def _hear(did: str, target: Mapping[str, str], page: Page) -> None:
        HEARD.append(Heard(did, target["wakes"], page))
        DOES.get(target["wakes"], lambda: None)()

    def check(self) -> Sequence[Problem]:
        DOES.get("check", lambda: None)()
        return ()

    def close(self) -> None:
        return


def is_away() -> None:
    """What one that does not answer does."""
    message = "siren did not answer within 5 s."
    raise ConnectorError(message)


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing was heard before, and everything answers."""
    HEARD.clear()
    DOES.clear()
    yield
    DOES.clear()


def said(whom: str | None = None) -> list[tuple[str, str]]:
    """What reached whom, oldest first, each with the beginning of its summary."""
    return [(each.did, each.page.summary.partition(":")[0]) for each in HEARD if whom in (None, each.whom)]
