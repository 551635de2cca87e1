"""What comes back over HTTP: JSON that everybody reads alike, in the shape that was promised."""

import email.utils
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.errors import ConnectorError

Shape = TypeVar("Shape", bound=BaseModel)
_LONGEST_RETRY_AFTER = 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A status among those asked for, the headers (names in lower case), the body's JSON (None: no body)."""

    status: int
    headers: Mapping[str, str]
    json: Any
    by: str = "the vendor"

    def read(self, shape: type[Shape]) -> Shape:
        """The body in that shape; a ``ConnectorError`` where it has another: what is not there is not guessed."""
        try:
            return shape.model_validate(self.json)
        except ValidationError as error:
            where = _place(shape, error)
        raise ConnectorError(f"{self.by} answered with something else than it promises (at {where})")


def read_json(text: bytes) -> Any:
    """JSON as everybody reads it alike: UTF-8, no key twice, no NaN. Raises ``ValueError``."""
    return json.loads(text.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_no_number)


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key stands twice"
        raise ValueError(message)
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _place(shape: type[BaseModel], error: ValidationError) -> str:
    """Where a body is not in shape, in our own words: names that only the vendor uses are left out."""
    ours = json.dumps(shape.model_json_schema())
    parts = error.errors(include_input=False, include_context=False)[0]["loc"]
    told = (str(part) if isinstance(part, int) or f'"{part}"' in ours else "…" for part in parts)
    return ".".join(told) or "its root"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, at most a day; None where nothing usable is said. A date counts from the answer's.

    ``ratelimit-reset`` says the same where ``retry-after`` is missing; some give an instant there, which is no use.
    """
    told = headers.get("retry-after", headers.get("ratelimit-reset", "")).strip()
    if re.fullmatch(r"[0-9]{1,9}", told):
        return min(float(told), _LONGEST_RETRY_AFTER)
    try:
        then = email.utils.parsedate_to_datetime(told)
        now = email.utils.parsedate_to_datetime(headers.get("date", ""))
        seconds = (then - now).total_seconds()
    except (
        ValueError,
        TypeError,
        OverflowError,
    ):  # no date, one with and one without a zone, a zone of years
        return None
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER)
