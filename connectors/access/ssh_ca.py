"""An OpenSSH user certificate for the person's own public key: principals and end are inside, and no server is asked.

What was issued is kept in a folder; what was taken back stands in a KRL that ``sshd`` reads. Both are files of this
machine, so that nothing else must be up. See docs/connectors/ssh-ca.md.
"""

import os
import shlex
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import BaseModel

from app.errors import ConnectorError, Problem
from connectors.access.ssh_ca_files import Issued, Records, write
from connectors.access.ssh_ca_holds import (
    ID,
    certificate_in,
    extensions_of,
    file_of,
    hold_key,
    hold_of,
    receipt_of,
    serial_of,
    subject_of,
)
from connectors.access.ssh_ca_keygen import Authority, Keygen
from connectors.access.ssh_ca_keys import People, Unfit
from connectors.access.ssh_ca_settings import SshCaAccess, SshCaSettings
from connectors.access.ssh_ca_wire import Certificate, certificate_of
from connectors.deadline import within
from connectors.interface import (
    Activity,
    Expiry,
    Holder,
    Limits,
    NoSubject,
    Present,
    Promise,
    Reading,
    Receipt,
    Sessions,
    Subject,
)

_CLOCKS_APART = timedelta(minutes=5)
"""A server whose clock is that late takes a new certificate all the same."""
_KEPT = timedelta(days=1)
_LONGEST = 3_500
_Found = TypeVar("_Found")


class SshCaConnector:
    """Issues and revokes certificates. ``cls(name, settings)`` touches no file; the first call does."""

    kind: ClassVar[str] = "ssh-ca"
    Settings: ClassVar[type[BaseModel]] = SshCaSettings
    Access: ClassVar[type[BaseModel]] = SshCaAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """A server refuses new sessions after the end that the certificate names; those that are open go on."""
        del access
        return Promise(expiry=Expiry.NEW_SESSIONS, usual=timedelta(milliseconds=50))

    def __init__(self, name: str, settings: SshCaSettings) -> None:
        self._name = name
        self._settings = settings
        self._seconds = float(settings.deadline.removesuffix("s"))
        self._keygen = Keygen(name, settings.ssh_keygen, settings.krl, self._seconds)
        self._authority = Authority(settings.ca_key_file, settings.ca_key)
        self._records = Records(name, settings.state)
        self._people = People(settings.public_keys, settings.keys)

    @property
    def limits(self) -> Limits:
        """Changes wait for one another anyway."""
        return Limits(concurrency=4)

    def describe(self, access: Mapping[str, str]) -> str:
        """``deploy,ops on bastion``."""
        return f"{access['principals']} on {self._name}"

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What keeps it from issuing and revoking, and whose keys are not taken."""
        del accesses
        return self._bounded(lambda: [Problem(f"connectors.{self._name}", *each) for each in self._faults()])

    def resolve(self, name: str) -> Subject | NoSubject:
        """Whoever has one fit public key here under that name."""

        def look() -> Subject | NoSubject:
            try:
                key = self._key_of(name)
            except Unfit as unfit:
                return NoSubject(
                    name, "unfit", f"{self._name} gives nothing to `{name}`: their public key {unfit}."
                )
            if key is None:
                sentence = f"{self._name} has no public key of you (looked for `{name}`)."
                return NoSubject(name, "none", sentence)
            return Subject(name)

        return self._bounded(look)

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """Everybody with a certificate of just that which has not ended and is not revoked."""

        def look() -> Sequence[Holder]:
            found: dict[str, list[Issued]] = {}
            for hold, issued in self._records.all():
                subject = subject_of(issued.certificate)
                if hold == hold_of(issued.certificate) == hold_key(subject, access):
                    found.setdefault(subject, []).append(issued)
            live = self._live([issued for each in found.values() for issued in each])
            return [
                Holder(subject, Present.OURS)
                for subject, each in found.items()
                if any(issued in live for issued in each)
            ]

        return self._bounded(look)

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """From the certificates that are kept, and the KRL as the servers read it."""
        del receipt

        def look() -> Reading:
            live = self._live(self._records.of(hold_key(subject, access)))
            return Reading(Present.OURS if live else Present.ABSENT)

        return self._bounded(look)

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """The certificate of that end: the one that was issued before, or a new one. Others stay as they are."""
        return self._bounded(lambda: self._issue(subject, access, request_id, ends_at), alone=True)

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Every certificate of the hold goes into the KRL; needs no private key."""
        self._bounded(lambda: self._take(subject, access, receipt), alone=True)

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """Nobody hears of a session here: it goes on until it is closed, whatever became of the certificate."""

        def look() -> Sessions:
            if not receipt and not self._records.of(hold_key(subject, access)):
                return Sessions("none")
            why = "sshd asks for the certificate at login alone, and this machine sees no server's sessions"
            return Sessions("unknown", why=why)

        return self._bounded(look)

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """Which certificates were good in the window."""

        def look() -> Activity:
            these = [issued.certificate for issued in self._records.of(hold_key(subject, access))]
            lines = [
                f"certificate {each.serial} for {access['principals']}, until {each.ends_at:%Y-%m-%d %H:%M:%S} UTC"
                for each in these
                if each.begins_at < end and each.ends_at > start
            ]
            unseen = f"what was done with it: the servers' logs name it by its id, `{ID}:…:{subject}`"
            return Activity(lines, unseen)

        return self._bounded(look)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """Nobody looks at the servers."""
        del subject, access, receipt
        return None

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What is typed on this machine by whoever may write its files; needs no private key."""
        krl, new = shlex.quote(str(self._settings.krl)), shlex.quote(f"{self._settings.krl}.new")
        these = f"{shlex.quote(str(self._settings.state / hold_key(subject, access)))}/*-cert.pub"
        return "\n".join(
            [
                f"# on the machine that keeps {self._name}: the certificates of {shlex.quote(subject)} into the KRL",
                f"cp {krl} {new} && ssh-keygen -k -u -f {new} {these} && chmod 644 {new} && mv {new} {krl}",
                "# then to the servers as always; it is gone when each of these says REVOKED:",
                f"ssh-keygen -Q -f {krl} {these}",
                "# sessions that are open go on: on each server, end those that its log names by",
                f"# {ID}:…:{shlex.quote(subject)}",
            ]
        )

    def close(self) -> None:
        """There is nothing to close."""

    # --- giving and taking ----------------------------------------------------------------------------------
    def _issue(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        try:
            key = self._key_of(subject)
        except Unfit as unfit:
            message = f"{self._name} gives nothing to `{subject}`: their public key {unfit}"
            raise ConnectorError(message, permanent=True) from None
        if key is None:
            raise ConnectorError(f"{self._name} has no public key of that name", permanent=True)
        if not self._settings.krl.exists():
            self._keygen.revoke([])
        if not os.access(self._settings.krl.parent, os.W_OK):
            message = (
                f"{self._name}: its KRL cannot be written, and nothing is given that could not be taken back"
            )
            raise ConnectorError(message)
        hold = hold_key(subject, access)
        certificate = self._made_before(hold, key, ends_at) or self._sign(
            subject, access, key, request_id, ends_at
        )
        if self._keygen.revoked([certificate.line])[0]:
            message = f"{self._name}: that certificate is revoked already; ask again"
            raise ConnectorError(message, permanent=True)
        self._records.keep(hold, certificate)
        self._forget_old(hold)
        self._hand_out(subject, access, certificate)
        return receipt_of(certificate)

    def _made_before(self, hold: str, key: str, ends_at: datetime) -> Certificate | None:
        serial = serial_of(hold, ends_at)
        kept = (issued.certificate for issued in self._records.of(hold))
        return next((each for each in kept if each.serial == serial and each.key == key), None)

    def _sign(
        self, subject: str, access: Mapping[str, str], key: str, request_id: str, ends_at: datetime
    ) -> Certificate:
        """Signed, and read as what was meant before anybody gets it."""
        serial, label = serial_of(hold_key(subject, access), ends_at), f"{ID}:{request_id}:{subject}"
        until = ends_at.replace(microsecond=0) + timedelta(seconds=1 if ends_at.microsecond else 0)
        span = (min(_now(), until) - _CLOCKS_APART, until)
        line = self._keygen.sign(
            self._authority, key, serial, label, span, access["principals"], *extensions_of(access)
        )
        certificate = certificate_of(line)
        said = (certificate.key, certificate.serial, certificate.ends_at, hold_of(certificate))
        if said != (key, serial, until.astimezone(UTC), hold_key(subject, access)):
            raise ConnectorError(f"{self._name}: ssh-keygen made another certificate than it was asked for")
        if key == certificate.authority:
            message = f"{self._name} gives nothing to `{subject}`: their public key is the authority's own"
            raise ConnectorError(message, permanent=True)
        if len(line) > _LONGEST:
            message = f"{self._name}: the certificate is too long to be kept; sign with an ed25519 key"
            raise ConnectorError(message, permanent=True)
        return certificate

    def _take(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        hold = hold_key(subject, access)
        told = certificate_in(receipt)
        if told is not None and hold_of(told) == hold:
            self._records.keep(hold, told)  # a folder that was lost must not keep access alive
        lines = [issued.certificate.line for issued in self._records.of(hold)]
        if lines and not (self._settings.krl.exists() and all(self._keygen.revoked(lines))):
            self._keygen.revoke(lines)
        place = self._place(subject, access)
        try:
            place.unlink(missing_ok=True)
        except OSError:
            return  # it is revoked: who fetches it still has nothing in hand

    def _live(self, these: Sequence[Issued]) -> list[Issued]:
        now = _now()
        lasting = [issued for issued in these if issued.certificate.ends_at > now]
        revoked = self._keygen.revoked([issued.certificate.line for issued in lasting])
        return [issued for issued, gone in zip(lasting, revoked, strict=True) if not gone]

    def _forget_old(self, hold: str) -> None:
        for issued in self._records.of(hold):
            if issued.certificate.ends_at < _now() - _KEPT:
                issued.path.unlink(missing_ok=True)

    def _hand_out(self, subject: str, access: Mapping[str, str], certificate: Certificate) -> None:
        place = self._place(subject, access)
        place.parent.mkdir(mode=0o755, exist_ok=True)
        write(place, f"{certificate.line}\n".encode())

    def _place(self, subject: str, access: Mapping[str, str]) -> Path:
        return self._settings.hand_out / subject / file_of(access)

    def _key_of(self, name: str) -> str | None:
        if why := self._people.unsafe():
            message = f"cannot be believed: {why}"
            raise Unfit(message)
        return self._people.key_of(name)

    # --- looking at itself ----------------------------------------------------------------------------------
    def _faults(self) -> Iterator[tuple[str, str]]:
        try:
            public = self._keygen.public(self._authority)
        except ConnectorError as error:
            if not error.permanent:
                raise
            what, _, remedy = str(error).partition("; ")
            yield what, remedy
        else:
            yield from self._faults_of_krl(public)
        for path, key in ((self._settings.hand_out, "hand_out"), (self._settings.krl.parent, "krl")):
            if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
                yield (
                    f"`{key}`: the folder is not there, or this account may not write to it",
                    "make it, and chown it",
                )
        if self._settings.state.stat().st_mode & stat.S_IWOTH:
            yield "`state`: everybody may write to it", "chmod o-w"
        if why := self._people.unsafe():
            yield f"`keys`: {why}", "chmod o-w"
            return
        for name in self._people.names():
            try:
                self._people.key_of(name)
            except Unfit as unfit:
                yield f"the key of {name} {unfit}", "until then they are given nothing here"

    def _faults_of_krl(self, public: str) -> Iterator[tuple[str, str]]:
        if not self._settings.krl.exists():
            remedy = f"ssh-keygen -k -f {shlex.quote(str(self._settings.krl))}"
            yield (
                "its KRL is missing, and a server that is told to read one lets nobody in without it",
                remedy,
            )
        elif self._keygen.revoked([public])[0]:
            yield (
                "its KRL names the authority's own key: no certificate of it is taken",
                "make a new authority",
            )

    # --- bounds ---------------------------------------------------------------------------------------------
    def _bounded(self, call: Callable[[], _Found], *, alone: bool = False) -> _Found:
        """The call with the files to itself, ended by the deadline even where a file system hangs."""
        ends = time.monotonic() + self._seconds

        def locked() -> _Found:
            with self._records.locked(ends, alone=alone):
                return call()

        try:
            return within(self._seconds + 0.2, locked)
        except TimeoutError:
            message = f"{self._name}: its files did not answer within {self._seconds:g} s"
            raise ConnectorError(message, unclear=alone) from None
        except OSError as error:
            message = f"{self._name}: a file or folder of its cannot be used ({error.strerror or 'unknown'})"
            raise ConnectorError(message, unclear=alone) from None


def _now() -> datetime:
    return datetime.now(UTC)
