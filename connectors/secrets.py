"""Secrets that go into a header: what no header can carry is said while it is built, not when it is sent."""

import re
from typing import Annotated

from pydantic import AfterValidator, SecretStr


def _fits(secret: SecretStr) -> SecretStr:
    """A line break at the end of a file or a variable is the usual fault, and no vendor's answer says it."""
    if not re.fullmatch(r"[!-~]+", secret.get_secret_value()):
        message = (
            "is empty, or has a blank, a line break or a letter in it that no key has; paste the key alone"
        )
        raise ValueError(message)
    return secret


HeaderSecret = Annotated[SecretStr, AfterValidator(_fits)]
