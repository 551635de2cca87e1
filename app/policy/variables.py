"""``${NAME}`` and ``${NAME:-default}``: whole values from the environment, and never into a message."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.errors import Misconfigured, Problem
from app.policy.model import ConnectorConfig, PagerConfig, SourceConfig
from app.policy.names import Wrong

_WHOLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_ANYWHERE = re.compile(r"\$\{")
_OURS = ("SLACK_", "DATABASE_URL", "REDIS_URL", "BREAKGLASS_")


def variable_of(text: str) -> str | None:
    """The variable that the whole text names; None for any other text.

    Raises ``Wrong`` for a text that only contains one, and for names that belong to the service itself.
    """
    found = _WHOLE.fullmatch(text)
    if found is None:
        if _ANYWHERE.search(text):
            what = "`${…}` stands inside a longer value"
            raise Wrong(what, "it takes a whole value: put all of it into the variable")
        return None
    name = found.group(1)
    if name.upper().startswith(_OURS):
        what = f"`${{{name}}}` belongs to the service itself"
        raise Wrong(what, "use a variable of your own")
    return name


def is_variable(text: str) -> bool:
    """Whether the whole text is one ``${…}``; inside a longer one it is the shell's business."""
    return _WHOLE.fullmatch(text) is not None


def lookup(text: str, env: Mapping[str, str]) -> str:
    """What ``${NAME}`` stands for: the variable, else the file that ``NAME_FILE`` names, else the default.

    Raises ``Wrong`` that names the variable, never a value.
    """
    found = _WHOLE.fullmatch(text)
    assert found is not None, "only asked of texts that variable_of has named"  # noqa: S101
    name, default = found.groups()
    value = env.get(name) or _from_file(name, env) or default
    if value is None:
        what = f"the environment variable `{name}` is not set"
        raise Wrong(what, f"set {name}, or {name}_FILE with the path of a file that holds it")
    return value


def _from_file(name: str, env: Mapping[str, str]) -> str | None:
    path = env.get(f"{name}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        what = f"the file that `{name}_FILE` names cannot be read"
        raise Wrong(what, f"check {name}_FILE and the file's rights") from None


def resolve(config: ConnectorConfig | SourceConfig | PagerConfig, env: Mapping[str, str]) -> dict[str, Any]:
    """Its kind's keys with every ``${…}`` replaced; raises ``Misconfigured`` with all that lack."""
    problems: list[Problem] = []

    def replaced(value: Any) -> Any:
        match value:
            case str():
                return _replaced(value, env, f"{config.place}.{config.name}", problems)
            case list():
                return [replaced(item) for item in value]
            case Mapping():
                return {key: replaced(item) for key, item in value.items()}
            case _:
                return value

    values = {key: replaced(value) for key, value in config.values.items()}
    if problems:
        raise Misconfigured(problems)
    return values


def _replaced(value: str, env: Mapping[str, str], where: str, problems: list[Problem]) -> str:
    try:
        return value if variable_of(value) is None else lookup(value, env)
    except Wrong as wrong:
        problems.append(Problem(where, wrong.what, wrong.remedy))
        return ""
