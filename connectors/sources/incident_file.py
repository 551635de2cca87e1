"""Which incidents are open, out of a YAML file: a list of ``{id, title, severity, service, status, …}``.

For rehearsals, for demonstrations and for companies whose incidents are declared by a commit. The file was
checked when the policies were loaded; what is unreadable here makes the answer unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from app.errors import ConnectorError
from connectors.interface import Incident

OPEN_STATUSES = frozenset({"open", "acknowledged"})
"""An incident in another status is over."""

_KEYS = frozenset(each.name for each in fields(Incident))


class IncidentFileSource:
    """The incidents of one file's text, in its order."""

    def __init__(self, text: str) -> None:
        self._text = text

    def open_incidents(self) -> Sequence[Incident]:
        """Those whose status is ``open`` (the default) or ``acknowledged``."""
        try:
            # Every scalar stays a string: an id like 1234 or a severity like `no` means what it says.
            entries = YAML(typ="base", pure=True).load(self._text)
        except (YAMLError, RecursionError, ValueError):
            message = "the file of incidents is not YAML"
            raise ConnectorError(message, permanent=True) from None
        incidents = [_incident(entry) for entry in (entries if isinstance(entries, list) else [None])]
        return tuple(incident for incident in incidents if incident.status in OPEN_STATUSES)


def _incident(entry: Any) -> Incident:
    if not isinstance(entry, Mapping) or "id" not in entry or not set(entry) <= _KEYS:
        message = "the file of incidents is not a list of incidents with an id"
        raise ConnectorError(message, permanent=True)
    values = {key: str(value) for key, value in entry.items()}
    for who in {"acknowledged_by", "declared_by"} & set(values):
        values[who] = values[who].casefold()
    return Incident(**values)
