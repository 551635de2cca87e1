"""Keys of outside systems in settings.yaml, with a sentence for each that cannot be right."""

import re
from typing import Annotated

from pydantic import AfterValidator, SecretStr


def like(pattern: str, wrong: str) -> AfterValidator:
    """What does not fit the pattern as a whole is ``wrong``, which is said and the value not."""

    def fits(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(wrong)
        return text

    return AfterValidator(fits)


def _goes_into_a_header(secret: SecretStr) -> SecretStr:
    """A line break at the end of a file or a variable is the usual fault, and no vendor's answer says it."""
    if not re.fullmatch(r"[!-~]+", secret.get_secret_value()):
        message = (
            "is empty, or has a blank, a line break or a letter in it that no key has; paste the key alone"
        )
        raise ValueError(message)
    return secret


HeaderSecret = Annotated[SecretStr, AfterValidator(_goes_into_a_header)]
"""A secret that is sent in a header: what no header can carry is said while it is built, not when it is sent."""

ScheduleId = Annotated[
    str,
    like(
        r"[A-Za-z0-9_-]{1,64}", "is not a schedule's id; take it from the address of its page, not its name"
    ),
]
