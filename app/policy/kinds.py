"""The kinds that settings.yaml may name, as far as a folder has to know them: what their keys may hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from connectors.interface import Expiry


class KindSchema(Protocol):
    """What a connector's class says of itself, as far as policies are concerned."""

    @property
    def Settings(self) -> type[BaseModel]:  # noqa: N802 - the connectors' own name
        """The connector's keys in settings.yaml."""

    @property
    def Access(self) -> type[BaseModel]:  # noqa: N802 - the connectors' own name
        """The connector's keys in a policy's ``access``."""

    @property
    def expiry(self) -> Expiry:
        """Who enforces the end."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Every kind by its class: targets, sources of facts, pagers (see ``connectors.interface``).

    Asking one of the mappings may raise ``Misconfigured``: a package that the kind needs is not installed.
    ``experimental``: (``connectors`` or ``sources``, kind) of those that want ``experimental: true``.
    """

    access: Mapping[str, KindSchema]
    sources: Mapping[str, Any] = field(default_factory=dict)
    pagers: Mapping[str, Any] = field(default_factory=dict)
    experimental: frozenset[tuple[str, str]] = frozenset()
