"""``ssh-keygen``, OpenSSH's own program: signs, revokes, and says what is revoked. Its words are never shown."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from app.errors import ConnectorError
from connectors.access.ssh_ca_files import write

_REVOKED, _FINE = 1, 0
_ANSWER = re.compile(r"^(?P<number>[0-9]+)(?: \(.*\))?: (?P<said>ok|REVOKED)$", re.MULTILINE)
_BATCH = 500
_EMPTY_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "HOME": "/nonexistent", "SSH_ASKPASS_REQUIRE": "never"}


class Keygen:
    """The program, and the one KRL that it keeps. Everything raises ``ConnectorError`` or ``OSError``."""

    def __init__(self, name: str, program: str, krl: Path, seconds: float) -> None:
        self._name = name
        self._program = program
        self.krl = krl
        self._seconds = seconds

    def sign(
        self,
        authority: "Authority",
        key: str,
        serial: int,
        label: str,
        span: tuple[datetime, datetime],
        *what: str,
    ) -> str:
        """The certificate's line. ``what``: the principals with commas, then what it allows (``permit-pty``)."""
        principals, *allowed = what
        with tempfile.TemporaryDirectory() as folder, authority.file() as (path, handles):
            public = Path(folder) / "key.pub"
            public.write_text(f"{key}\n", encoding="ascii")
            options = [part for each in ("clear", *allowed) for part in ("-O", each)]
            said = [
                "-I",
                label,
                "-n",
                principals,
                "-z",
                str(serial),
                "-V",
                ":".join(map(_stamp, span)),
                *options,
            ]
            if self._run("-q", "-s", path, *said, str(public), handles=handles).returncode != _FINE:
                raise self._no_authority()
            return (Path(folder) / "key-cert.pub").read_text(encoding="ascii").strip()

    def public(self, authority: "Authority") -> str:
        """The authority's public key."""
        with authority.file() as (path, handles):
            found = self._run("-y", "-f", path, handles=handles)
        if found.returncode != _FINE:
            raise self._no_authority()
        return found.stdout.strip()

    def revoked(self, lines: Sequence[str]) -> list[bool]:
        """Of each key or certificate, in this order, whether the KRL names it."""
        found: list[bool] = []
        for start in range(0, len(lines), _BATCH):
            found += self._revoked(lines[start : start + _BATCH])
        return found

    def _revoked(self, lines: Sequence[str]) -> list[bool]:
        with tempfile.TemporaryDirectory() as folder:
            names = [str(number) for number in range(len(lines))]
            for name, line in zip(names, lines, strict=True):
                (Path(folder) / name).write_text(f"{line}\n", encoding="ascii")
            asked = self._run("-Q", "-f", str(self.krl), *names, cwd=folder)
        said = {match["number"]: match["said"] == "REVOKED" for match in _ANSWER.finditer(asked.stdout)}
        if asked.returncode not in {_FINE, _REVOKED} or said.keys() != set(names):
            raise ConnectorError(f"{self._name}: its KRL is missing, or is none")
        return [said[name] for name in names]

    def revoke(self, lines: Sequence[str]) -> None:
        """Add these certificates to the KRL: what is in it stays. The servers see the old one or the new one."""
        with tempfile.TemporaryDirectory() as folder:
            new, certificates = Path(folder) / "krl", Path(folder) / "certificates"
            certificates.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
            there = self.krl.exists()
            if there:
                new.write_bytes(self.krl.read_bytes())
            more = ["-u"] if there else []
            if self._run("-q", "-k", *more, "-f", str(new), str(certificates)).returncode != _FINE:
                raise ConnectorError(f"{self._name}: its KRL is none, or cannot be added to")
            write(self.krl, new.read_bytes())

    def _run(
        self, *arguments: str, cwd: str | None = None, handles: Sequence[int] = ()
    ) -> "subprocess.CompletedProcess[str]":
        program = shutil.which(self._program)
        if program is None:
            message = f"{self._name}: the program ssh-keygen is missing; install OpenSSH's client"
            raise ConnectorError(message, permanent=True)
        try:
            return subprocess.run(
                [program, *arguments],
                check=False,
                cwd=cwd,
                env=_EMPTY_ENVIRONMENT,
                pass_fds=handles,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self._seconds,
                start_new_session=True,  # without a terminal nothing can ask for a passphrase
            )
        except subprocess.TimeoutExpired:
            raise ConnectorError(f"{self._name}: ssh-keygen did not end within {self._seconds:g} s") from None

    def _no_authority(self) -> ConnectorError:
        message = (
            f"{self._name}: its authority's key cannot be used; it must be a private key of OpenSSH's without"
            " a passphrase, in a file that nobody else may read"
        )
        return ConnectorError(message, permanent=True)


class Authority:
    """The private key that signs: in a file, or in a secret that never is in one."""

    def __init__(self, file: Path | None, secret: SecretStr | None) -> None:
        self._file = file
        self._secret = secret

    @contextlib.contextmanager
    def file(self) -> Iterator[tuple[str, Sequence[int]]]:
        """A path under which the program finds it, and what it must inherit for that."""
        if self._file is not None:
            yield str(self._file), ()
            return
        text = self._secret.get_secret_value() if self._secret else ""
        handle = os.memfd_create("authority", os.MFD_CLOEXEC)
        try:
            os.fchmod(handle, 0o600)
            os.write(handle, "\n".join([*text.strip().splitlines(), ""]).encode())
            yield f"/proc/self/fd/{handle}", (handle,)
        finally:
            os.close(handle)


def _stamp(at: datetime) -> str:
    """As ``-V`` wants it; in UTC, which is the zone of the program's environment."""
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S")
