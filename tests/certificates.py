"""Certificates for servers that tests start, as RFC 5280 wants them: from Python 3.13 on, others are refused."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Signed = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]

LOCALHOST = x509.DNSName("localhost")


def write_certificates(folder: Path) -> Path:
    """An authority (``ca.pem``, which is answered), and by it ``server.pem`` for 127.0.0.1 with ``server.key``."""
    authority = signed("an authority for a test")
    server = signed("a server", authority, x509.IPAddress(ip_address("127.0.0.1")))
    (folder / "ca.pem").write_bytes(pem(authority))
    (folder / "server.pem").write_bytes(pem(server))
    (folder / "server.key").write_bytes(key_of(server))
    return folder / "ca.pem"


def signed(name: str, by: Signed | None = None, place: x509.GeneralName = LOCALHOST) -> Signed:
    """A certificate by that authority, for that place; without one: an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signer = (by[0].subject, by[1]) if by else (subject, key)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([place]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if by is None:
        made = made.add_extension(_MAY_SIGN, critical=True)
    return made.sign(signer, hashes.SHA256()), key


_MAY_SIGN = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def pem(of: Signed) -> bytes:
    """The certificate."""
    return of[0].public_bytes(serialization.Encoding.PEM)


def key_of(of: Signed) -> bytes:
    """Its key, without a password."""
    return of[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
