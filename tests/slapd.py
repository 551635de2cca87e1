"""A real slapd for tests: private, in a folder of its own, gone afterwards (see ``tests.servers``)."""

import atexit
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.certificates import write_certificates
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
        self._program = needs_slapd()
        self._folder = _new_folder("ldap")
        self.port = _free_port()
        self._tls_port = _free_port()
        self.ca = write_certificates(self._folder)
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


def needs_slapd() -> str:
    """Where it is; ``NoServer`` where it is not on this machine."""
    program = shutil.which("slapd", path="/usr/sbin:/usr/libexec:/usr/bin") or shutil.which("slapd")
    if program is None or shutil.which("ldapmodify") is None or not _MODULES.is_dir():
        message = "no slapd and ldapmodify on this machine (Debian: slapd, ldap-utils)"
        raise NoServer(message)
    return program


def start_slapd(access: str) -> SlapdServer:
    """A new, empty server; ``NoServer`` where there is none. ``close()`` it; at exit it closes itself."""
    server = SlapdServer(access)
    atexit.register(server.close)
    return server
