"""A real slapd for tests: private, in a folder of its own, gone afterwards (see ``tests.servers``)."""

import atexit
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers import NoServer, _as_ordinary_user, _free_port, _new_folder, _Tied, wait_until

BASE = "dc=example,dc=com"
ROOT, ROOT_PASSWORD = f"cn=root,{BASE}", "root-of-all"
_MODULES = Path("/usr/lib/ldap")
_SCHEMAS = Path("/etc/ldap/schema")
_CONF = """
{schemas}
modulepath {modules}
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
{access}
database mdb
suffix "{base}"
rootdn "{root}"
rootpw {password}
directory {folder}/data
dbnosync
maxsize 33554432
index objectClass,uid,mail,entryUUID eq
overlay ppolicy
"""


class SlapdServer:
    """One slapd on loopback with nothing in it but its rules; ``ca`` is the authority of its certificate."""

    def __init__(self, access: str) -> None:
        program = shutil.which("slapd", path="/usr/sbin:/usr/libexec:/usr/bin") or shutil.which("slapd")
        if program is None or shutil.which("ldapmodify") is None or not _MODULES.is_dir():
            message = "no slapd and ldapmodify on this machine (Debian: slapd, ldap-utils)"
            raise NoServer(message)
        self._program = program
        self._folder = _new_folder("ldap")
        self.port = _free_port()
        self._tls_port = _free_port()
        self.ca = self._folder / "ca.pem"
        self._write(access)
        self._process = _Tied("TERM")
        self.start()

    @property
    def url(self) -> str:
        """In the clear, or by StartTLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://127.0.0.1:{self._tls_port}"

    def _write(self, access: str) -> None:
        (self._folder / "data").mkdir()
        _certificates(self._folder)
        schemas = "\n".join(
            f"include {_SCHEMAS}/{name}.schema"
            for name in ("core", "cosine", "nis", "inetorgperson", "dyngroup")
        )
        conf = _CONF.format(
            schemas=schemas,
            modules=_MODULES,
            folder=self._folder,
            access=access,
            base=BASE,
            root=ROOT,
            password=ROOT_PASSWORD,
        )
        (self._folder / "slapd.conf").write_text(conf)
        if user := _as_ordinary_user():
            for path in self._folder.rglob("*"):
                shutil.chown(path, user["user"], user["group"])

    def start(self) -> None:
        conf = str(self._folder / "slapd.conf")
        self._process.start(
            [self._program, "-d", "0", "-f", conf, "-h", f"{self.url} {self.tls_url}"], self._folder
        )
        wait_until(self._answers, 60, f"slapd starting in {self._folder}")

    def _answers(self) -> bool:
        self._process.check_alive(self._folder)
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        return False

    def run(self, ldif: str, *, keep_going: bool = False) -> None:
        """Change it as its root: LDIF records with a ``changetype``."""
        command = ["ldapmodify", "-x", "-H", self.url, "-D", ROOT, "-w", ROOT_PASSWORD]
        command += ["-c"] if keep_going else []
        done = subprocess.run(command, input=ldif, text=True, capture_output=True, check=False)
        if done.returncode and not keep_going:
            raise AssertionError(done.stderr)

    def values(self, dn: str, attribute: str) -> list[str]:
        """The values of one attribute, as its root sees them."""
        command = [
            "ldapsearch",
            "-x",
            "-LLL",
            "-o",
            "ldif-wrap=no",
            "-H",
            self.url,
            "-D",
            ROOT,
            "-w",
            ROOT_PASSWORD,
        ]
        done = subprocess.run(
            [*command, "-b", dn, "-s", "base", attribute], text=True, capture_output=True, check=True
        )
        start = f"{attribute}: "
        return [line.removeprefix(start) for line in done.stdout.splitlines() if line.startswith(start)]

    def signal(self, number: int) -> None:
        """SIGSTOP: it takes connections and says nothing."""
        self._process.signal(number)

    def close(self) -> None:
        self._process.stop(signal.SIGTERM)
        shutil.rmtree(self._folder, ignore_errors=True)


def start_slapd(access: str) -> SlapdServer:
    """A new, empty server; ``NoServer`` where there is none. ``close()`` it; at exit it closes itself."""
    server = SlapdServer(access)
    atexit.register(server.close)
    return server


def _certificates(folder: Path) -> None:
    """An authority, and by it one for 127.0.0.1."""
    authority, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority for a test")])
    own = _certificate(
        issuer,
        issuer,
        authority,
        authority,
        lambda it: it.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True),
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "slapd")])
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
