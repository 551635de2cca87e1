"""Addresses as sources write them, made comparable: the one thing that says who somebody is there."""

from app.model import Email


def address(written: str | None) -> Email | None:
    """Casefolded; None where the source does not tell it.

    What is not ASCII stays as it is and so is nobody of ours: casefolding makes ``K`` out of a Kelvin sign.
    """
    if not written:
        return None
    return Email(written.casefold() if written.isascii() else written)
