"""The kinds that settings.yaml may name, as far as a folder has to know them: what their keys may hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from connectors.interface import Promise


class KindSchema(Protocol):
    """What a connector's class says of itself, as far as policies are concerned."""

    @property
    def Settings(self) -> type[BaseModel]:  # noqa: N802 - the connectors' own name
        """The connector's keys in settings.yaml."""

    @property
    def Access(self) -> type[BaseModel]:  # noqa: N802 - the connectors' own name
        """The connector's keys in a policy's ``access``."""

    def promise(self, access: Mapping[str, str]) -> Promise:
        """What the target itself does about an access."""


def options_of(kind: KindSchema, keys: Mapping[str, Any]) -> dict[str, str]:
    """An access entry's own keys as the connector reads them. Raises pydantic's ``ValidationError``."""
    values = kind.Access.model_validate(keys).model_dump(mode="json", exclude_none=True)
    return {key: value if isinstance(value, str) else str(value) for key, value in values.items()}


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
