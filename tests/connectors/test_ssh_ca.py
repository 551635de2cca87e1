"""The SSH authority, with OpenSSH's own ssh-keygen, and an sshd that lets people in or does not."""

import base64
import fcntl
import getpass
import os
import pwd
import shutil
import stat
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pydantic
import pytest

from app.errors import ConnectorError
from connectors.access.ssh_ca import SshCaConnector
from connectors.access.ssh_ca_holds import receipt_of
from connectors.access.ssh_ca_settings import SshCaSettings
from connectors.access.ssh_ca_wire import Malformed, certificate_of
from connectors.interface import NoSubject, Present, Subject, for_holder
from tests.connectors.contract import ENDS_AT, RECEIPT_BYTES, REQUEST, AccessContract, Bench, EndContract
from tests.servers import wait_until

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
KEYGEN = shutil.which("ssh-keygen")
pytestmark = pytest.mark.skipif(not KEYGEN, reason="there is no ssh-keygen on this machine")

DEPLOY = {"principals": "deploy", "allow": "pty"}
LATER = ENDS_AT + timedelta(minutes=30)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def keygen(*arguments: object) -> str:
    command = [KEYGEN or "", *map(str, arguments)]
    utc, nothing = {**os.environ, "TZ": "UTC"}, subprocess.DEVNULL
    return subprocess.run(command, check=True, capture_output=True, text=True, stdin=nothing, env=utc).stdout


@pytest.fixture(scope="module")
def pairs() -> Iterator[Path]:
    """Key pairs by name, made once."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("ca", "other-ca", "ada", "alan", "host"):
            keygen("-q", "-t", "ed25519", "-N", "", "-C", f"{name}@example.com", "-f", f"{folder}/{name}")
        yield Path(folder)


@dataclass
class House:
    """The folders of one authority, in which everybody may look."""

    root: Path
    pairs: Path
    made: list[SshCaConnector] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("people", "state", "out", "etc"):
            (self.root / name).mkdir()
        for person in ("ada", "alan"):
            shutil.copy(self.pairs / f"{person}.pub", self.root / "people")
        keygen("-k", "-f", self.krl)

    @property
    def krl(self) -> Path:
        return self.root / "etc/krl"

    @property
    def settings(self) -> dict[str, Any]:
        paths = {"ca_key_file": self.pairs / "ca", "keys": self.root / "people", "state": self.root / "state"}
        return {
            key: str(path) for key, path in {**paths, "krl": self.krl, "hand_out": self.root / "out"}.items()
        }

    def connector(self, **more: Any) -> SshCaConnector:
        chosen = {key: value for key, value in {**self.settings, **more}.items() if value is not None}
        self.made.append(SshCaConnector("bastion", SshCaSettings.model_validate(chosen)))
        return self.made[-1]

    def write(self, name: str, text: str) -> None:
        (self.root / "people" / f"{name}.pub").write_text(text)

    def key(self, name: str) -> str:
        return (self.pairs / f"{name}.pub").read_text()

    def out(self, subject: str = "ada", name: str = "deploy") -> Path:
        return self.root / "out" / subject / f"{name}-cert.pub"

    def certificates(self) -> list[Path]:
        return sorted((self.root / "state").glob("*/*-cert.pub"))

    def revoked(self, *certificates: Path) -> list[bool]:
        asked = [KEYGEN or "", "-Q", "-f", str(self.krl), *map(str, certificates)]
        said = subprocess.run(asked, check=False, capture_output=True, text=True).stdout.splitlines()
        return [line.endswith(": REVOKED") for line in said]

    def until(self) -> datetime:
        valid = [line for line in keygen("-L", "-f", self.out()).splitlines() if "Valid: " in line]
        return datetime.fromisoformat(valid[0].split(" to ")[1]).replace(tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path, pairs: Path) -> House:
    return House(tmp_path, pairs)


@pytest.fixture
def bastion(house: House) -> SshCaConnector:
    return house.connector()


def grant(bastion: SshCaConnector, subject: str = "ada", until: datetime = ENDS_AT) -> Mapping[str, Any]:
    return bastion.grant(subject, DEPLOY, REQUEST, until)


def present(bastion: SshCaConnector, subject: str = "ada", access: Mapping[str, str] = DEPLOY) -> Present:
    return bastion.read(subject, access).present


class TestContract(AccessContract, EndContract):
    @pytest.fixture
    def bench(self, house: House, bastion: SshCaConnector) -> Iterator[Bench]:
        secret = (house.pairs / "ca").read_text()
        silent = house.root / "silent"
        silent.mkdir()
        with (silent / "lock").open("w") as lock:  # somebody is at it, and never lets go
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Bench(
                connector=bastion,
                access=DEPLOY,
                subject="ada",
                bystander="alan",
                stranger="nobody-here",
                others_give=lambda: None,  # whoever signs with the same key elsewhere is not seen here
                others_take=lambda: keygen("-q", "-k", "-u", "-f", house.krl, *house.certificates()),
                unreachable=house.connector(state="/nowhere/at/all", ca_key_file=None, ca_key=secret),
                mute=house.connector(state=str(silent), ca_key_file=None, ca_key=secret, deadline="1s"),
                deadline=2.5,
                secrets=secret.splitlines()[1:-1],
                until=house.until,
            )


# --- an sshd that decides --------------------------------------------------------------------------------------


@dataclass
class Server:
    """One ``sshd`` for each login, on a pipe, as an ordinary user into whose account the principal leads."""

    house: House
    user: str
    ids: Mapping[str, Any]

    def logs_in(self, person: str) -> tuple[bool, str]:
        """Whether they get in with what was handed out to them, and what the server wrote."""
        folder = self.house.root
        options = {
            "ProxyCommand": f"{SSHD} -i -e -f {folder}/etc/sshd_config",
            "CertificateFile": self.house.out(person),
            "IdentityFile": folder / f"etc/{person}",
            "UserKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "no",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
        }
        command = ["ssh", "-F", "none", *(f"-o{name}={value}" for name, value in options.items())]
        command += ["-s", f"{self.user}@target", "sftp"]
        nothing = subprocess.DEVNULL
        ran = subprocess.run(
            command, check=False, stdin=nothing, capture_output=True, text=True, timeout=60, **self.ids
        )
        return ran.returncode == 0, ran.stderr


@pytest.fixture
def server(pairs: Path) -> Iterator[Server]:
    if not SSHD or not shutil.which("ssh"):
        pytest.skip("there is no sshd on this machine (openssh-server): nothing logs in")
    user = "daemon" if os.geteuid() == 0 else getpass.getuser()
    account = pwd.getpwnam(user)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        house = House(Path(folder), pairs)
        for name in ("host", "ada", "alan", "ca.pub"):
            shutil.copy(pairs / name, house.root / "etc")
            os.chown(house.root / "etc" / name, account.pw_uid, account.pw_gid)
        (house.root / "etc/principals").write_text("deploy\n")
        lines = {
            "HostKey": house.root / "etc/host",
            "TrustedUserCAKeys": house.root / "etc/ca.pub",
            "RevokedKeys": house.krl,
            "AuthorizedPrincipalsFile": house.root / "etc/principals",
            "AuthorizedKeysFile": "none",
            "StrictModes": "no",
            "PidFile": "none",
            "Subsystem": "sftp internal-sftp",
            "LogLevel": "VERBOSE",
        }
        text = "".join(f"{name} {value}\n" for name, value in lines.items())
        (house.root / "etc/sshd_config").write_text(text)
        root = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        yield Server(house, user, root if os.geteuid() == 0 else {})


def test_sshd_lets_them_in_until_it_is_taken_back_and_nobody_else_is_shut_out(server: Server) -> None:
    bastion = server.house.connector()
    receipt = grant(bastion)
    grant(bastion, "alan")
    there, log = server.logs_in("ada")
    assert there, log
    assert f'Accepted certificate ID "breakglass:{REQUEST}:ada" (serial {receipt["serial"]})' in log
    kept = server.house.out().read_text()
    bastion.revoke("ada", DEPLOY, receipt)
    assert not server.house.out().exists()
    server.house.out().parent.mkdir(exist_ok=True)
    server.house.out().write_text(kept)  # they kept it
    there, log = server.logs_in("ada")
    assert not there
    assert f"revoked by file {server.house.krl}" in log
    there, log = server.logs_in("alan")
    assert there, log


def test_sshd_refuses_them_after_the_end_though_nobody_took_it_back(server: Server) -> None:
    bastion = server.house.connector()
    there, log, seconds = False, "", 0
    for seconds in (3, 10, 40):  # a login takes its time on a machine that is busy
        grant(bastion, until=datetime.now(UTC) + timedelta(seconds=seconds))
        there, log = server.logs_in("ada")
        if there:
            break
    assert there, log
    said = [log]

    def refused() -> bool:
        there, log = server.logs_in("ada")
        said.append(log)
        return not there

    wait_until(refused, seconds + 30, "the end")
    assert "Certificate invalid: expired" in said[-1]
    assert server.house.revoked(*server.house.certificates()) == [False] * len(server.house.certificates())
    assert present(bastion) is Present.ABSENT


# --- certificates ----------------------------------------------------------------------------------------------


def test_a_certificate_holds_what_was_agreed_and_nothing_more(house: House, bastion: SshCaConnector) -> None:
    access = SshCaConnector.Access.model_validate({"principals": "ops, deploy"}).model_dump()
    bastion.grant("ada", access, REQUEST, ENDS_AT + timedelta(microseconds=1))
    shown = [line.strip() for line in keygen("-L", "-f", house.out(name="deploy+ops")).splitlines()]
    until = (ENDS_AT + timedelta(seconds=1)).strftime(
        "%Y-%m-%dT%H:%M:%S"
    )  # never before the end that was promised
    assert shown[shown.index("Principals:") :] == [
        "Principals:",
        "deploy",
        "ops",
        "Critical Options: (none)",
        "Extensions:",
        "permit-pty",
    ]
    assert next(line for line in shown if line.startswith("Valid: ")).endswith(f" to {until}")
    assert f'Key ID: "breakglass:{REQUEST}:ada"' in shown
    assert present(bastion, access={"principals": "ops", "allow": "pty"}) is Present.ABSENT
    assert present(bastion, access={"principals": "deploy,ops", "allow": ""}) is Present.ABSENT
    assert bastion.find({"principals": "ops", "allow": "pty"}) == []
    assert [holder.subject for holder in bastion.find(access)] == ["ada"]


def test_more_is_allowed_where_the_policy_says_so(house: House, bastion: SshCaConnector) -> None:
    access = {"principals": "deploy", "allow": "agent-forwarding,port-forwarding,x11-forwarding"}
    bastion.grant("ada", access, REQUEST, ENDS_AT)
    shown = keygen("-L", "-f", house.out(name=f"deploy.{access['allow'].replace(',', '+')}"))
    assert "permit-X11-forwarding" in shown
    assert "permit-pty" not in shown
    assert present(bastion, access=access) is Present.OURS


def test_its_holder_is_shown_the_certificate_that_lies_in_their_folder(
    house: House, bastion: SshCaConnector
) -> None:
    assert for_holder(grant(bastion)) == house.out().read_text().strip()


def test_names_that_are_too_long_for_a_file_end_in_a_hash(house: House, bastion: SshCaConnector) -> None:
    allow = "agent-forwarding,port-forwarding,pty,user-rc,x11-forwarding"
    one, other = (
        {"principals": ",".join([*(f"{n}{'p' * 45}" for n in range(4)), last]), "allow": allow}
        for last in "ab"
    )
    for each in (one, other):
        bastion.grant("ada", each, REQUEST, ENDS_AT)
    files = sorted((house.root / "out/ada").iterdir())
    assert len(files) == 2  # two accesses whose names begin alike
    assert max(len(each.name) for each in files) < 140
    bastion.revoke("ada", one, None)
    assert len(list((house.root / "out/ada").iterdir())) == 1


def test_the_same_end_is_the_same_certificate_and_a_later_one_takes_nothing_away(
    house: House, bastion: SshCaConnector
) -> None:
    first = grant(bastion)
    text = house.out().read_text()
    assert grant(house.connector()) == first
    assert house.out().read_text() == text
    second = grant(bastion, until=LATER)
    assert second["serial"] != first["serial"]
    assert house.revoked(*house.certificates()) == [False, False]
    grant(bastion, "alan")
    bastion.revoke("ada", DEPLOY, second)
    assert sorted(house.revoked(*house.certificates())) == [False, True, True]
    assert present(bastion, "alan") is Present.OURS
    with pytest.raises(ConnectorError, match="revoked already"):
        grant(bastion)


def test_what_is_long_over_is_forgotten(house: House, bastion: SshCaConnector) -> None:
    receipt = grant(bastion, until=datetime.now(UTC) - timedelta(days=2))
    assert house.certificates() == []
    grant(bastion)
    assert len(house.certificates()) == 1
    assert bastion.activity("ada", DEPLOY, LONG_AGO, LATER).lines[0].endswith(f"{ENDS_AT:%H:%M:%S} UTC")
    assert bastion.activity("ada", DEPLOY, LATER, LATER).lines == []
    bastion.revoke("ada", DEPLOY, receipt)


def test_a_receipt_has_no_text_that_the_desk_would_cut(bastion: SshCaConnector) -> None:
    certificate = certificate_of("".join(grant(bastion)["for_holder"]))
    parts = receipt_of(replace(certificate, line="x" * 3_500))["for_holder"]
    assert ("".join(parts), max(map(len, parts)) < 2_000) == ("x" * 3_500, True)


def test_while_another_process_is_at_the_files_nothing_is_done_and_that_is_clear(house: House) -> None:
    with (house.root / "state/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # others look: looking goes on, changing waits
        bastion = house.connector(deadline="1s")
        assert present(bastion) is Present.ABSENT
        with pytest.raises(ConnectorError, match="is busy") as caught:
            grant(bastion)
        assert (caught.value.unclear, caught.value.permanent) == (False, False)
    assert house.certificates() == []


def sk(kind: str, *parts: bytes) -> str:
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (kind.encode(), *parts))
    return f"{kind} {base64.b64encode(blob).decode()}"


RSA = b"\1\0\1"
LARGEST = sk("ssh-rsa", RSA, b"\0" + b"\xff" * 1024)


@pytest.mark.parametrize("kind", ["ecdsa", "sk-ed25519", "sk-ecdsa", "the largest rsa"])
def test_each_kind_of_key_gets_one_and_its_receipt_alone_takes_it_back(house: House, kind: str) -> None:
    keygen("-q", "-t", "ecdsa", "-N", "", "-f", house.root / "etc/new")
    key = (house.root / "etc/new.pub").read_text()
    point = base64.b64decode(key.split()[1])[-65:]
    made = {
        "sk-ed25519": sk("sk-ssh-ed25519@openssh.com", b"\7" * 32, b"ssh:"),
        "sk-ecdsa": sk("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", point, b"ssh:"),
        "the largest rsa": LARGEST,
    }
    house.write("ada", made.get(kind, key))
    bastion = house.connector()
    receipt = grant(bastion)
    assert present(bastion) is Present.OURS
    assert max(map(len, receipt["for_holder"])) < 2000
    assert len(str(receipt)) < RECEIPT_BYTES
    shutil.rmtree(house.root / "state")
    (house.root / "state").mkdir()
    bastion.revoke("ada", DEPLOY, receipt)
    (house.root / "etc/kept").write_text("".join(receipt["for_holder"]))
    assert house.revoked(house.root / "etc/kept") == [True]
    assert present(bastion) is Present.ABSENT


@pytest.mark.parametrize(
    "receipt",
    [
        {},
        {"for_holder": "x"},
        {"for_holder": [1]},
        {"for_holder": ["ssh-rsa", "x"]},
        {"for_holder": [LARGEST]},
    ],
)
def test_an_odd_receipt_takes_what_is_kept_and_nothing_else(bastion: SshCaConnector, receipt: Any) -> None:
    others = grant(bastion, "alan")
    grant(bastion)
    bastion.revoke("ada", DEPLOY, receipt)
    bastion.revoke("ada", DEPLOY, others)
    assert (present(bastion), present(bastion, "alan")) == (Present.ABSENT, Present.OURS)


def test_a_certificate_that_is_cut_or_longer_is_none(house: House, bastion: SshCaConnector) -> None:
    kind, text, *_ = "".join(grant(bastion)["for_holder"]).split()
    blob = base64.b64decode(text)
    for wrong in (*(blob[:cut] for cut in range(0, len(blob), 7)), blob + b"\0"):
        with pytest.raises(Malformed):
            certificate_of(f"{kind} {base64.b64encode(wrong).decode()}")
    host = house.root / "etc/h.pub"
    host.write_text(house.key("host"))
    keygen("-q", "-s", house.pairs / "ca", "-h", "-I", "x", host)
    with pytest.raises(Malformed):
        certificate_of((house.root / "etc/h-cert.pub").read_text())


# --- people's keys ---------------------------------------------------------------------------------------------

ED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"
UNFIT = {
    "": "is missing",
    "# a comment\n\n": "is missing",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n": "is a private key",
    "PuTTY-User-Key-File-3: ssh-ed25519\n": "is a private key",
    "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n": "ssh-keygen -i",
    "ssh-dss AAAAB3NzaC1kc3M= ada": "is a DSA key",
    'command="sh",no-pty ssh-ed25519 AAAAC3Nz ada': "has options before it",
    "ssh-ed25519-cert-v01@openssh.com AAAA ada": "is a certificate",
    "ssh-banana AAAA": "of a kind that is taken",
    ED: "is damaged",
    f"{ED}%%%": "is damaged",
    sk("ssh-ed25519", b"\7" * 31): "is damaged",
    sk("ssh-ed25519", b"\7" * 32, b"more"): "is damaged",
    sk("ssh-rsa", RSA, b"\0" + b"\xff" * 128).replace("ssh-rsa", "ssh-ed25519", 1): "is damaged",
    sk("ssh-rsa", RSA, b"\0" + b"\xff" * 128): "less than 2048 bits",
    sk("ssh-rsa", RSA, b"\0" + b"\xff" * 2048): "more than 8192 bits",
    "x" * 20_000: "too long to hold one key",
}


@pytest.mark.parametrize("text", UNFIT, ids=UNFIT.values())
def test_a_key_that_is_not_taken_is_refused_with_a_sentence_that_quotes_nothing(
    house: House, bastion: SshCaConnector, text: str
) -> None:
    house.write("eve", text)
    found = bastion.resolve("eve")
    assert isinstance(found, NoSubject)
    assert (found.why, UNFIT[text] in found.sentence) == ("unfit", True), found.sentence
    with pytest.raises(ConnectorError) as caught:
        grant(bastion, "eve")
    assert caught.value.permanent
    assert UNFIT[text] in str(bastion.check()[0])
    said = f"{found.sentence} {caught.value} {bastion.check()}"
    assert not [word for word in text.split() if len(word) > 15 and word in said]
    assert house.certificates() == []


def test_one_key_belongs_to_one_person_and_one_person_has_one(house: House) -> None:
    house.write("mallory", f"# mine\n{house.key('ada').rsplit(' ', 1)[0]} mallory@example.com\n")
    bastion = house.connector(public_keys={"alan": house.key("host")})
    for name, why in {
        "ada": "under another name",
        "mallory": "under another name",
        "alan": "one in the folder",
    }.items():
        found = bastion.resolve(name)
        assert isinstance(found, NoSubject)
        assert why in found.sentence
    house.write("both", house.key("host") + house.key("other-ca"))
    assert "there are several" in str(bastion.resolve("both"))


def test_a_key_may_stand_in_the_settings(house: House) -> None:
    bastion = house.connector(keys=None, public_keys={"ada": house.key("ada")})
    assert bastion.resolve("ada") == Subject("ada")
    assert isinstance(bastion.resolve("alan"), NoSubject)
    grant(bastion)
    assert present(bastion) is Present.OURS


def test_the_key_of_the_authority_itself_gets_no_certificate(house: House, bastion: SshCaConnector) -> None:
    house.write("ca", house.key("ca"))
    with pytest.raises(ConnectorError, match="the authority's own") as caught:
        grant(bastion, "ca")
    assert caught.value.permanent
    assert house.certificates() == []


def test_where_anybody_could_put_a_key_nobody_is_given_anything(
    house: House, bastion: SshCaConnector
) -> None:
    (house.root / "people/ada.pub").chmod(0o666)
    assert "everybody may write" in str(bastion.resolve("ada"))
    (house.root / "people/ada.pub").unlink()
    (house.root / "people/ada.pub").symlink_to(house.pairs / "host.pub")
    with pytest.raises(ConnectorError):
        bastion.resolve("ada")
    (house.root / "people").chmod(0o777)
    assert "everybody may write to the folder" in str(bastion.resolve("alan"))


# --- the authority's key and the KRL ---------------------------------------------------------------------------


def test_the_private_key_may_come_from_the_environment_and_is_never_written(house: House) -> None:
    secret = (house.pairs / "ca").read_text()
    bastion = house.connector(ca_key_file=None, ca_key=secret.strip().replace("\n", "\r\n"))
    grant(bastion)
    assert present(bastion) is Present.OURS
    assert bastion.check([DEPLOY]) == []
    written = "".join(path.read_text(errors="replace") for path in house.root.rglob("*") if path.is_file())
    assert secret.splitlines()[2] not in written


def test_a_private_key_that_cannot_sign_gives_nothing_and_taking_goes_on(
    house: House, bastion: SshCaConnector
) -> None:
    receipt = grant(bastion)
    locked = house.root / "etc/locked"
    keygen("-q", "-t", "ed25519", "-N", "a passphrase", "-f", locked)
    open_to_all = house.root / "etc/open"
    shutil.copy(house.pairs / "ca", open_to_all)
    open_to_all.chmod(0o644)
    for file in (locked, open_to_all, house.root / "etc/nothing", house.pairs / "ca.pub"):
        broken = house.connector(ca_key_file=str(file))
        with pytest.raises(ConnectorError, match="its authority's key cannot be used") as caught:
            grant(broken, "alan")
        assert caught.value.permanent
        assert "authority's key" in str(broken.check()[0])
    broken = house.connector(ca_key_file="/nowhere")
    broken.revoke("ada", DEPLOY, receipt)
    assert present(broken) is Present.ABSENT


def test_what_others_revoked_stays_revoked_and_the_servers_may_read_it(
    house: House, bastion: SshCaConnector
) -> None:
    keygen("-q", "-k", "-u", "-f", house.krl, house.pairs / "host.pub")
    bastion.revoke("ada", DEPLOY, grant(bastion))
    assert house.revoked(house.pairs / "host.pub", house.pairs / "alan.pub") == [True, False]
    assert stat.S_IMODE(house.krl.stat().st_mode) == 0o644
    assert [path.name for path in house.krl.parent.iterdir()] == ["krl"]


def test_without_a_krl_that_can_be_read_and_written_nothing_is_given(
    house: House, bastion: SshCaConnector
) -> None:
    house.krl.unlink()
    assert "its KRL is missing" in str(bastion.check())
    receipt = grant(bastion)  # makes one
    house.krl.write_text("no KRL")
    for call in (lambda: grant(bastion, "alan"), lambda: bastion.revoke("ada", DEPLOY, receipt)):
        with pytest.raises(ConnectorError, match="KRL") as caught:
            call()
        assert not caught.value.permanent
    assert not house.out("alan").exists()
    house.krl.unlink()
    with pytest.raises(ConnectorError, match="KRL"):
        bastion.read("ada", DEPLOY)
    bastion.revoke("ada", DEPLOY, None)
    assert present(bastion) is Present.ABSENT


def test_the_steps_by_hand_take_it_back(bastion: SshCaConnector) -> None:
    grant(bastion)
    ran = subprocess.run(
        ["/bin/sh", "-c", bastion.by_hand("ada", DEPLOY)], check=False, capture_output=True, text=True
    )
    assert "REVOKED" in ran.stdout
    assert present(bastion) is Present.ABSENT


def test_a_program_that_hangs_or_is_missing_is_named(house: House) -> None:
    hanging = house.root / "etc/hanging"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    grant(house.connector())
    with pytest.raises(ConnectorError, match="ssh-keygen did not end within 1 s") as caught:
        present(house.connector(ssh_keygen=str(hanging), deadline="1s"))
    assert not caught.value.permanent
    with pytest.raises(ConnectorError, match="install OpenSSH's client"):
        present(house.connector(ssh_keygen="no-such-program"))


def test_folders_that_cannot_be_used_are_named_by_the_check(house: House) -> None:
    bastion = house.connector(hand_out="/nowhere")
    (house.root / "state").chmod(0o777)
    said = "\n".join(map(str, bastion.check()))
    assert "`hand_out`: the folder is not there" in said
    assert "`state`: everybody may write to it" in said


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"ca_key": "x"}, "either `ca_key_file` or `ca_key`"),
        ({"ca_key_file": None}, "either `ca_key_file` or `ca_key`"),
        ({"keys": None}, "nobody has a key"),
        ({"krl": "etc/krl"}, "begin it with /"),
        ({"public_keys": {"../ada": ED}}, "have a name that is none"),
        (
            {"public_keys": {"ada": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz"}},
            "the key of ada is a private key",
        ),
        ({"deadline": "5m"}, "match pattern"),
    ],
)
def test_wrong_settings_are_refused_without_telling_a_key(
    house: House, wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(pydantic.ValidationError, match=why) as caught:
        house.connector(**wrong)
    assert "b3Blbn" not in str(caught.value)


@pytest.mark.parametrize(
    "access",
    [
        {"principals": ""},
        {"principals": "a,,b"},
        {"principals": "-x"},
        {"principals": "a b"},
        {"principals": "a", "allow": "everything"},
    ],
)
def test_an_access_that_cannot_be_one_is_refused_in_the_policy(access: dict[str, str]) -> None:
    with pytest.raises(pydantic.ValidationError):
        SshCaConnector.Access.model_validate(access)
