"""What several kinds' settings hold: secrets that go into a header."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr


def _goes_into_a_header(secret: SecretStr) -> SecretStr:
    """Anything else breaks the request in a way whose error quotes it."""
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        message = "holds blanks, line ends or letters that no token has"
        raise ValueError(message)
    return secret


Token = Annotated[SecretStr, Field(min_length=1), AfterValidator(_goes_into_a_header)]
"""A key as a vendor gives it out: printable ASCII without blanks."""
