"""What a certificate has to do with one person and one access: its folder, its serial, its id, its receipt."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from app.errors import ConnectorError
from connectors.access.ssh_ca_keys import NAME
from connectors.access.ssh_ca_wire import Certificate, Malformed, certificate_of
from connectors.interface import Receipt, for_holder

ID = "breakglass"
"""The first part of a certificate's id, which ``sshd`` writes into its log: ``breakglass:REQUEST:ACCOUNT``."""
_PERMIT = "permit-"
_CHUNK = 1_500
"""A receipt's texts are cut at 2,000 letters."""
_LONGEST_FILE = 120
_STARTS = 80


def hold_key(subject: str, access: Mapping[str, str]) -> str:
    """One person and one access; a folder's name. Raises ``ConnectorError`` for what is no name here."""
    if not NAME.fullmatch(subject):
        message = "there is no public key of that name"
        raise ConnectorError(message, permanent=True)
    named = "\0".join((subject, access["principals"], *extensions_of(access)))
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def hold_of(certificate: Certificate) -> str | None:
    """The hold that a certificate belongs to, by what it says itself."""
    allowed = ",".join(sorted(each.removeprefix(_PERMIT).lower() for each in certificate.extensions))
    access = {"principals": ",".join(sorted(certificate.principals)), "allow": allowed}
    subject = subject_of(certificate)
    return hold_key(subject, access) if NAME.fullmatch(subject) else None


def subject_of(certificate: Certificate) -> str:
    """Whose it is, by its id; empty where the id is none of ours."""
    kind, _, rest = certificate.id.partition(":")
    return rest.partition(":")[2] if kind == ID else ""


def extensions_of(access: Mapping[str, str]) -> list[str]:
    """What the certificate allows, as ssh-keygen calls it."""
    return [f"{_PERMIT}{each}" for each in access["allow"].split(",") if each]


def file_of(access: Mapping[str, str]) -> str:
    """``deploy+ops-cert.pub``; what more is allowed stands in the name too. A long one ends in a hash of all of it."""
    name = access["principals"].replace(",", "+")
    name += "" if access["allow"] == "pty" else f".{access['allow'].replace(',', '+') or 'nothing'}"
    if len(name) > _LONGEST_FILE:
        name = f"{name[:_STARTS]}.{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return f"{name}-cert.pub"


def serial_of(hold: str, ends_at: datetime) -> int:
    """Never 0, which a KRL does not know."""
    digest = hashlib.sha256(f"{hold}\0{ends_at.astimezone(UTC).isoformat()}".encode()).digest()
    return int.from_bytes(digest[:8], "big") or 1


def receipt_of(certificate: Certificate) -> Receipt:
    """The certificate itself, in parts: no secret, for its holder to see, and all that taking it back needs."""
    line = certificate.line
    return {
        "serial": str(certificate.serial),
        "for_holder": [line[start : start + _CHUNK] for start in range(0, len(line), _CHUNK)],
    }


def certificate_in(receipt: Receipt | None) -> Certificate | None:
    """The one that a receipt holds, if it does."""
    try:
        return certificate_of(for_holder(receipt))
    except Malformed:
        return None
