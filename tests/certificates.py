"""Certificates for servers that tests start."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def write_certificates(folder: Path) -> Path:
    """An authority (``ca.pem``, which is answered), and by it ``server.pem`` for 127.0.0.1 with ``server.key``."""
    authority, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority for a test")])
    own = _certificate(
        issuer,
        issuer,
        authority,
        authority,
        lambda it: it.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True),
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    server = _certificate(
        subject, issuer, theirs, authority, lambda it: it.add_extension(names, critical=False)
    )
    (folder / "ca.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    key = theirs.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.key").write_bytes(key)
    return folder / "ca.pem"


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extend: Callable[[x509.CertificateBuilder], x509.CertificateBuilder],
) -> x509.Certificate:
    now = datetime.now(UTC)
    blank = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    dated = blank.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    return extend(dated.not_valid_after(now + timedelta(days=1))).sign(signer, hashes.SHA256())
