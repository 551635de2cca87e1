"""The connectors by name: built when first used, with the secrets of the process that uses them."""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from pydantic import ValidationError

from app import log
from app.errors import ConnectorError, Misconfigured
from app.policy import ConnectorConfig, PolicyFolder, resolve
from connectors.interface import AccessConnector
from connectors.registry import kind_class


class _Counted:
    """A connector whose failures are counted; in everything else it is that connector."""

    def __init__(self, connector: AccessConnector, failed: Callable[[], None]) -> None:
        self._connector = connector
        self._failed = failed

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connector, name)
        return partial(self._call, found) if callable(found) else found

    def _call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            return method(*arguments, **named)
        except Exception:
            self._failed()
            raise


class ConnectorRack:
    """See ``lifecycle.desk.Targets``. A connector is rebuilt when its settings change; the old one is closed.

    ``failed`` is told of each call that a target did not do.
    """

    def __init__(
        self,
        folder: Callable[[], PolicyFolder],
        env: Mapping[str, str],
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._env = env
        self._failed = failed
        self._built: dict[str, tuple[ConnectorConfig, AccessConnector]] = {}
        self._lock = threading.Lock()

    def connector(self, name: str) -> AccessConnector:
        """That connector; raises ``ConnectorError`` where it is not configured (any more) or its secret is missing."""
        config = self._folder().settings.connectors.get(name)
        with self._lock:
            held = self._built.get(name)
            if config is None:
                # A folder may not drop a connector with live grants; one built before can still take back.
                if held is not None:
                    return held[1]
                message = f"There is no connector `{name}` in settings.yaml."
                raise ConnectorError(message)
            if held is None or held[0] != config:
                self._built[name] = (config, self._build(config))
                if held is not None:
                    held[1].close()
            return self._built[name][1]

    def _build(self, config: ConnectorConfig) -> AccessConnector:
        kind = kind_class(config.kind)
        try:
            values = resolve(config, self._env)
            self._hide(config, values)
            settings = kind.Settings.model_validate(values)
        except (Misconfigured, ValidationError) as faulty:
            # The text of a validation error shows the value, which may be a secret.
            why = str(faulty) if isinstance(faulty, Misconfigured) else "its settings do not fit"
            message = f"{config.name} cannot be used: {why}"
            raise ConnectorError(message) from None
        connector: AccessConnector = kind(config.name, settings)  # type: ignore[call-arg]
        return cast("AccessConnector", _Counted(connector, self._failed))

    @staticmethod
    def _hide(config: ConnectorConfig, values: Mapping[str, Any]) -> None:
        """Whatever came out of the environment is a secret to the log, with the passwords inside of it."""
        log.hide(str(value) for name, value in values.items() if value != config.values.get(name))

    def close(self) -> None:
        """Close every connector."""
        with self._lock:
            for _, connector in self._built.values():
                connector.close()
            self._built.clear()
