"""The LDAP connector on a real slapd. Active Directory's particulars: ``test_ldap_ad.py``."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pydantic
import pytest

from app.errors import ConnectorError
from connectors.access.ldap import LdapConnector
from connectors.access.ldap_settings import LdapSettings, place_of
from connectors.access.ldap_wire import Place, Wire, WireFault, escaped
from connectors.interface import NoSubject, Present, Subject
from tests.connectors.contract import ENDS_AT, REQUEST, AccessContract, Bench
from tests.servers import NoServer
from tests.slapd import BASE, ROOT, ROOT_PASSWORD, SlapdServer, needs_slapd, start_slapd

pytestmark = pytest.mark.xdist_group("slapd")  # one server serves them all


PASSWORD = "hunter2-and-more"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=breakglass,{BASE}"
BOT = f"cn=breakglass,ou=services,{BASE}"
ADMINS = {"group": f"cn=db-admins,{GROUPS}"}
ADA, ALAN = f"uid=ada,{PEOPLE}", f"uid=alan,{PEOPLE}"
NOBODY = f"cn=nobody,{BASE}"
RULES = f"""
access to attrs=userPassword by anonymous auth by * none
access to dn.exact="cn=secret,{GROUPS}" by * none
access to dn.subtree="{GROUPS}" attrs=member,uniqueMember by dn.exact="{BOT}" write by * none
access to dn.subtree="{GROUPS}" by dn.exact="{BOT}" read by * none
access to dn.subtree="{PEOPLE}" by dn.exact="{BOT}" read by * none
access to dn.subtree="ou=services,{BASE}" by dn.exact="{BOT}" read by * none
access to dn.subtree="ou=hidden,{BASE}" attrs=entry,cn,objectClass by dn.exact="{BOT}" read
access to * by * none
"""


def person(uid: str, *more: str, classes: str = "inetOrgPerson", base: str = PEOPLE) -> str:
    kinds = "".join(f"objectClass: {name}\n" for name in classes.split())
    given = "".join(f"{line}\n" for line in more)
    return f"dn: uid={uid},{base}\nchangetype: add\n{kinds}uid: {uid}\nsn: {uid}\ncn: {uid}\n{given}\n"


def group(cn: str, *more: str, kind: str = "groupOfNames", base: str = GROUPS) -> str:
    given = "".join(f"{line}\n" for line in more)
    return f"dn: cn={cn},{base}\nchangetype: add\nobjectClass: {kind}\ncn: {cn}\n{given}\n"


def unit(name: str) -> str:
    return f"dn: ou={name},{BASE}\nchangetype: add\nobjectClass: organizationalUnit\nou: {name}\n\n"


FRAME = (
    f"dn: {BASE}\nchangetype: add\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: example\n\n"
    + "".join(map(unit, ("people", "breakglass", "services", "hidden", "secret")))
    + f"dn: {BOT}\nchangetype: add\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
    + f"cn: breakglass\nuserPassword: {PASSWORD}\n\n"
)
CAST = (
    person("ada", "mail: ada@example.com")
    + person("alan")
    + group("db-admins", f"member: {NOBODY}")
    + group("unique", f"uniqueMember: {NOBODY}", kind="groupOfUniqueNames")
)


@dataclass
class Target:
    """A directory with people in it, and a bot whose account has what it needs and no more."""

    server: SlapdServer
    opened: list[LdapConnector] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def connector(self, **settings: Any) -> LdapConnector:
        chosen = {
            "url": self.server.url,
            "bind_dn": BOT,
            "password": PASSWORD,
            "people": PEOPLE,
            "groups": GROUPS,
            "deadline": "5s",
        } | settings
        connector = LdapConnector("corp-ldap", LdapSettings.model_validate(chosen))
        self.opened.append(connector)
        return connector

    def adds(self, ldif: str) -> None:
        """Entries, gone after the test."""
        self.made += [line.removeprefix("dn: ") for line in ldif.splitlines() if line.startswith("dn: ")]
        self.server.run(ldif)

    def changes(self, dn: str, *lines: str) -> None:
        self.server.run(f"dn: {dn}\nchangetype: modify\n" + "\n".join(lines) + "\n")

    def members(self, dn: str = ADMINS["group"], attribute: str = "member") -> list[str]:
        return self.server.values(dn, attribute)

    def empty(self) -> None:
        for connector in self.opened:
            connector.close()
        gone = "".join(f"dn: {dn}\nchangetype: delete\n\n" for dn in reversed(self.made))
        self.server.run(gone, keep_going=True)


@pytest.fixture(scope="session")
def slapd() -> Iterator[SlapdServer]:
    try:
        needs_slapd()
    except NoServer as error:
        pytest.skip(str(error))
    server = start_slapd(RULES)
    server.run(FRAME)
    yield server
    server.close()


@pytest.fixture
def target(slapd: SlapdServer) -> Iterator[Target]:
    target = Target(slapd)
    target.adds(CAST)
    yield target
    target.empty()


@pytest.fixture
def bot(target: Target) -> LdapConnector:
    """The connector as it should be set up; its account may change members of the groups and nothing else."""
    return target.connector()


def grant(bot: LdapConnector, subject: str = ADA, access: dict[str, str] = ADMINS) -> Any:
    return bot.grant(subject, access, REQUEST, ENDS_AT)


def present(bot: LdapConnector, subject: str = ADA, access: dict[str, str] = ADMINS) -> Present:
    return bot.read(subject, access).present


class TestContract(AccessContract):
    @pytest.fixture
    def bench(self, target: Target, bot: LdapConnector, dead_port: int, mute_port: int) -> Bench:
        def nowhere(port: int) -> LdapConnector:
            return target.connector(url=f"ldap://127.0.0.1:{port}", deadline="1s")

        return Bench(
            connector=bot,
            access=ADMINS,
            gone={"group": f"cn=gone,{GROUPS}"},
            subject=ADA,
            bystander=ALAN,
            stranger="nobody-here",
            others_give=lambda: target.changes(ADMINS["group"], "add: member", f"member: {ADA}"),
            others_take=lambda: target.changes(ADMINS["group"], "delete: member", f"member: {ADA}"),
            unreachable=nowhere(dead_port),
            mute=nowhere(mute_port),
            deadline=2.5,
            secrets=[PASSWORD],
            unlike_ours=False,
        )


def fault_of(call: Callable[[], object]) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        call()
    return caught.value


def refusal(bot: LdapConnector, name: str) -> NoSubject:
    nobody = bot.resolve(name)
    assert isinstance(nobody, NoSubject)
    return nobody


# --- whose account --------------------------------------------------------------------------------


def test_an_account_is_found_by_login_name_or_address_and_its_dn_is_the_subject(
    target: Target, bot: LdapConnector
) -> None:
    assert bot.resolve("ada") == bot.resolve("ADA") == Subject(ADA)
    assert target.connector(login="mail").resolve("Ada@Example.com") == Subject(ADA)
    assert refusal(bot, f"cn=db-admins,{GROUPS}").why == "none"  # not below `people`


def test_two_accounts_of_one_name_are_nobody(target: Target, bot: LdapConnector) -> None:
    target.adds(person("twin", "uid: ada"))
    assert refusal(bot, "ada").why == "several"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (group("eve", f"member: {NOBODY}", "description: x", base=PEOPLE), "is a group"),
        (
            f"dn: cn=eve,{PEOPLE}\nchangetype: add\nobjectClass: organizationalRole\ncn: eve\n\n",
            "is a service account",
        ),
        (f"dn: cn=eve,{PEOPLE}\nchangetype: add\nobjectClass: device\ncn: eve\n\n", "is a machine's account"),
        (person("eve", "pwdAccountLockedTime: 000001010000Z"), "is locked"),
        (person("eve", "pwdEndTime: 20200101000000Z"), "is expired"),
        (
            person(
                "eve",
                "uidNumber: 1",
                "gidNumber: 1",
                "homeDirectory: /",
                "shadowExpire: 18000",
                classes="inetOrgPerson posixAccount shadowAccount",
            ),
            "is expired",
        ),
    ],
)
def test_an_unfit_account_is_refused_by_name_and_by_reason(target: Target, entry: str, why: str) -> None:
    target.adds(entry)
    dn = target.made[-1]
    bot = target.connector(login="cn")
    assert refusal(bot, "eve").why == "unfit"
    assert why in refusal(bot, "eve").sentence
    error = fault_of(lambda: grant(bot, dn))
    assert error.permanent
    assert why in str(error)


def test_the_bot_and_service_accounts_get_nothing(target: Target) -> None:
    assert (
        "bot's own"
        in refusal(target.connector(people=f"ou=services,{BASE}", login="cn"), "breakglass").sentence
    )
    for name in ("ada", ADA):
        assert "service account" in refusal(target.connector(service_accounts=[name]), "ada").sentence


def test_a_member_that_does_not_exist_would_be_accepted_and_is_looked_up_first(
    target: Target, bot: LdapConnector
) -> None:
    ghost = f"uid=ghost,{PEOPLE}"
    error = fault_of(lambda: grant(bot, ghost))
    assert error.permanent
    assert "no account" in str(error)
    assert target.members() == [NOBODY]
    target.changes(ADMINS["group"], "add: member", f"member: {ghost}")  # the server does not mind


def test_a_name_full_of_signs_is_no_other_name(target: Target, bot: LdapConnector) -> None:
    odd = rf"cn=Smith\, Ann (x)* \5C \C3\A9,{PEOPLE}"
    target.adds(
        f"dn: {odd}\nchangetype: add\nobjectClass: inetOrgPerson\ncn: Smith, Ann (x)* \\ é\nsn: x\nuid: ann\n\n"
    )
    found = bot.resolve("ann")
    assert isinstance(found, Subject)
    receipt = grant(bot, found.name)
    assert present(bot, found.name) is Present.THERE
    assert found.name in {holder.subject for holder in bot.find(ADMINS)}
    bot.revoke(found.name, ADMINS, receipt)
    assert target.members() == [NOBODY]
    assert escaped("a*(b)\\c\0") == r"a\2a\28b\29\5cc\00"


# --- groups ---------------------------------------------------------------------------------------


def test_a_group_of_unique_names_is_as_good(target: Target, bot: LdapConnector) -> None:
    unique = {"group": f"cn=unique,{GROUPS}"}
    receipt = grant(bot, access=unique)
    assert target.members(unique["group"], "uniqueMember") == [NOBODY, ADA]
    assert present(bot, access=unique) is Present.THERE
    assert ADA in {holder.subject for holder in bot.find(unique)}
    bot.revoke(ADA, unique, receipt)
    assert present(bot, access=unique) is Present.ABSENT


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (group("odd", "gidNumber: 7", "memberUid: ada", kind="posixGroup"), "memberUid"),
        (group("odd", f"memberURL: ldap:///{PEOPLE}??sub?(uid=*)", kind="groupOfURLs"), "is dynamic"),
        (group("odd", kind="organizationalRole"), "is no group"),
        (group("odd", f"member: {NOBODY}", base=f"ou=hidden,{BASE}"), "not below `groups`"),
    ],
)
def test_a_group_that_cannot_be_lent_is_refused_and_check_says_so(
    target: Target, bot: LdapConnector, entry: str, why: str
) -> None:
    target.adds(entry)
    access = {"group": target.made[-1]}
    error = fault_of(lambda: grant(bot, access=access))
    assert error.permanent
    assert why in str(error)
    assert why.replace("not below `groups`", "it is not below") in str(bot.check([access])[0])


def test_the_last_member_stays_until_somebody_stands_in_and_the_fault_says_so(
    target: Target, bot: LdapConnector
) -> None:
    receipt = grant(bot)
    target.changes(ADMINS["group"], "delete: member", f"member: {NOBODY}")
    error = fault_of(lambda: bot.revoke(ADA, ADMINS, receipt))
    assert error.permanent  # else three of these, and the directory counts as away for everybody
    assert "may not be empty" in str(error)
    assert "`placeholder`" in str(error)
    helped = target.connector(placeholder=NOBODY)
    helped.revoke(ADA, ADMINS, receipt)
    assert target.members() == [NOBODY]
    assert helped.find(ADMINS) == []


def test_a_group_that_is_gone_is_told_and_is_no_group_without_members(
    target: Target, bot: LdapConnector
) -> None:
    receipt = grant(bot)
    target.server.run(f"dn: {ADMINS['group']}\nchangetype: delete\n")
    bot.revoke(ADA, ADMINS, receipt)
    error = fault_of(lambda: present(bot))
    assert error.permanent
    assert "nobody can say who is in it" in str(error)
    assert "if it was deleted, make one of that name" in str(error)
    assert fault_of(lambda: grant(bot)).permanent
    target.server.run(group("db-admins", f"member: {NOBODY}"))
    assert present(bot) is Present.ABSENT


def test_renamed_account_and_group_lose_it_all_the_same(target: Target, bot: LdapConnector) -> None:
    receipt = grant(bot)
    target.server.run(f"dn: {ADA}\nchangetype: modrdn\nnewrdn: uid=augusta\ndeleteoldrdn: 1\n")
    target.server.run(f"dn: {ADMINS['group']}\nchangetype: modrdn\nnewrdn: cn=dbas\ndeleteoldrdn: 1\n")
    target.made += [f"uid=augusta,{PEOPLE}", f"cn=dbas,{GROUPS}"]
    target.changes(f"cn=dbas,{GROUPS}", "add: member", f"member: uid=augusta,{PEOPLE}")  # as refint does
    assert fault_of(lambda: present(bot)).permanent, "by its name alone nobody can say where it is"
    # Another group comes to have the old name, and somebody else puts her into it.
    target.adds(group("db-admins", f"member: uid=augusta,{PEOPLE}"))
    assert bot.read(ADA, ADMINS, receipt).present is Present.THERE
    bot.revoke(ADA, ADMINS, receipt)
    assert bot.read(ADA, ADMINS, receipt).present is Present.ABSENT
    assert target.members(f"cn=dbas,{GROUPS}") == [NOBODY]
    assert target.members(ADMINS["group"]) == [f"uid=augusta,{PEOPLE}"]


def test_everybody_in_the_group_is_found_however_their_name_is_written(
    target: Target, bot: LdapConnector
) -> None:
    target.changes(ADMINS["group"], "add: member", f"member: UID=Ada, OU=People,{BASE}", f"member: {BOT}")
    assert {(holder.subject, holder.present) for holder in bot.find(ADMINS)} == {
        (ADA, Present.THERE),
        (NOBODY, Present.THERE),  # whoever that is
    }
    assert present(bot) is Present.THERE


# --- the bot's rights -----------------------------------------------------------------------------


def test_without_the_right_to_write_the_fault_and_the_check_say_which_rule_mends_it(target: Target) -> None:
    target.adds(group("readable", f"member: {NOBODY}", base=PEOPLE))
    bot, access = target.connector(groups=PEOPLE), {"group": f"cn=readable,{PEOPLE}"}
    error = fault_of(lambda: grant(bot, access=access))
    assert error.permanent
    rule = f'attrs=member by dn.exact="{BOT}" write'
    assert rule in str(error)
    assert [rule in problem.remedy for problem in bot.check([access])] == [True]
    assert target.members(access["group"]) == [NOBODY]


def test_what_the_bot_may_not_see_is_never_said_to_be_absent(target: Target) -> None:
    target.adds(group("members", f"member: {ADA}", base=f"ou=hidden,{BASE}"))
    target.adds(group("all", f"member: {ADA}", base=f"ou=secret,{BASE}"))
    target.adds(group("secret", f"member: {ADA}"))
    for place, cn in ((f"ou=hidden,{BASE}", "members"), (f"ou=secret,{BASE}", "all"), (GROUPS, "secret")):
        error = fault_of(lambda p=place, c=cn: target.connector(groups=p).read(ADA, {"group": f"cn={c},{p}"}))  # type: ignore[misc]
        assert error.permanent


def test_check_names_what_cannot_be_seen_and_a_bot_that_is_root(target: Target, bot: LdapConnector) -> None:
    lost = target.connector(people=f"ou=nowhere,{BASE}", groups=f"ou=secret,{BASE}")
    said = [str(problem) for problem in lost.check([ADMINS])]
    assert [f"no `ou=secret,{BASE}`" in said[0], "ou=nowhere" in said[1], "not below" in said[2]] == [
        True
    ] * 3
    assert "no account with `employeeNumber`" in str(target.connector(login="employeeNumber").check()[0])
    assert "no such group" in str(bot.check([{"group": f"cn=gone,{GROUPS}"}])[0])
    root = target.connector(bind_dn=ROOT, password=ROOT_PASSWORD)
    assert "rootdn" in str(root.check([ADMINS])[0])


def test_a_refused_password_is_a_lasting_fault_without_the_password(target: Target) -> None:
    error = fault_of(lambda: target.connector(password="wrong-one").resolve("ada"))
    assert error.permanent
    assert str(error) == "corp-ldap refuses the bot's name or password"
    with pytest.raises(pydantic.ValidationError):  # which a server would take as nobody's
        target.connector(password="")


def test_activity_tells_when_the_group_was_changed(bot: LdapConnector) -> None:
    grant(bot)
    early, late = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    assert BOT in bot.activity(ADA, ADMINS, early, late).lines[0]
    assert bot.activity(ADA, ADMINS, late, late).lines == []


# --- the line -------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["ldaps", "starttls"])
def test_a_certificate_is_checked_before_anything_is_said(target: Target, way: str) -> None:
    url = target.server.tls_url if way == "ldaps" else target.server.url
    known: dict[str, Any] = {"url": url, "starttls": True, "ca": str(target.server.ca)}
    assert target.connector(**known).resolve("ada") == Subject(ADA)
    for wrong in ({"ca": None}, {"url": url.replace("127.0.0.1", "localhost")}):
        error = fault_of(lambda wrong=wrong: target.connector(**known | wrong).resolve("ada"))  # type: ignore[misc]
        assert error.permanent
        assert "certificate" in str(error)
    assert "`ca`" in str(fault_of(lambda: target.connector(**known | {"ca": "/gone.pem"}).resolve("ada")))


@pytest.mark.parametrize("code", [b"\x02", b"\x00"], ids=["refused", "and more in the clear"])
def test_where_starttls_is_stripped_off_nothing_is_said(target: Target, code: bytes) -> None:
    """Somebody in the middle says that there is none, or puts words of their own behind the server's."""
    heard: list[bytes] = []

    def talk(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            heard.append(connection.recv(4096))
            answer = b"0\x0c\x02\x01\x01\x78\x07\x0a\x01" + code + b"\x04\x00\x04\x00"
            connection.sendall(answer + (b"0" if code == b"\0" else b""))
            heard.append(connection.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=talk, args=(listener,), daemon=True)
        thread.start()
        bot = target.connector(url=f"ldap://127.0.0.1:{listener.getsockname()[1]}", starttls=True)
        error = fault_of(lambda: bot.resolve("ada"))
        thread.join(5)
    assert error.permanent
    assert "StartTLS" in str(error)
    assert heard[1:] == [b""]


def test_in_the_clear_nobody_but_this_machine_is_spoken_to() -> None:
    def tls(url: str, **more: Any) -> str | None:
        base = {"bind_dn": BOT, "password": "x", "people": PEOPLE, "groups": GROUPS}
        return place_of(LdapSettings.model_validate(base | {"url": url} | more)).tls

    assert [tls(f"ldap://{host}") for host in ("127.0.0.1:3389", "localhost", "[::1]")] == [None] * 3
    assert tls("ldap://127.0.0.1", starttls=True) == tls("ldap://dc1.example.com") == "by StartTLS"
    assert tls("ldap://127.0.0.1.example.com") == "by StartTLS"
    assert tls("ldaps://dc1.example.com") == "from the start"
    with pytest.raises(WireFault, match="in the clear") as caught:
        Wire(Place("192.0.2.1", 389, None), time.monotonic() + 1)  # a `localhost` that is not
    assert caught.value.permanent
    for wrong in (
        "http://dc1",
        "ldap://",
        "ldap://u:p@dc1",
        "ldap://dc1/dc=x",
        "ldap://dc1?x",
        "ldap://dc1:0",
        "ldap://dc1:x",
    ):
        with pytest.raises(pydantic.ValidationError):
            tls(wrong)
    with pytest.raises(pydantic.ValidationError):
        tls("ldap://dc1", people="nonsense")


def test_an_answer_that_is_lost_after_the_change_is_unclear_and_the_next_call_connects_anew(
    target: Target,
) -> None:
    with proxy(target.server.port) as (port, lose):
        bot = target.connector(url=f"ldap://127.0.0.1:{port}")
        lose.set()
        error = fault_of(lambda: grant(bot))
        assert error.unclear
        assert not error.permanent
        lose.clear()
        assert present(bot) is Present.THERE


ENDLESS = b"0\x84\x00\x0f\xff\xff"


@pytest.mark.parametrize(
    "says",
    [
        ENDLESS,
        b"0\x84\x7f\xff\xff\xff",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"0\x05\x02\x01\x07a\x00",
        b"0\x03\x02\x01\x01",
        b"",
    ],
)
def test_what_is_no_ldap_is_a_passing_fault_within_the_deadline(target: Target, says: bytes) -> None:
    """The first of them has one more drop every tenth of a second."""
    over = threading.Event()

    def talk(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            connection.sendall(says)
            while says == ENDLESS and not over.wait(0.1):
                connection.sendall(b"\x01")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=talk, args=(listener,), daemon=True).start()
        bot = target.connector(url=f"ldap://127.0.0.1:{listener.getsockname()[1]}", deadline="1s")
        began = time.monotonic()
        error = fault_of(lambda: bot.resolve("ada"))
        over.set()
    assert not error.permanent
    assert ("in time" in str(error)) is (says == ENDLESS)
    assert time.monotonic() - began < 2.5


@contextlib.contextmanager
def proxy(port: int) -> Iterator[tuple[int, threading.Event]]:
    """Passes everything on; while the event is set, the answer to a change is lost with the connection."""
    lose = threading.Event()

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=pump, args=(near,), daemon=True).start()

    def pump(near: socket.socket) -> None:
        dropping = threading.Event()
        with near, socket.create_connection(("127.0.0.1", port)) as far, contextlib.suppress(OSError):
            threading.Thread(target=back, args=(far, near, dropping), daemon=True).start()
            while request := near.recv(65_536):
                if lose.is_set() and b"\x66" in request[:8]:  # [APPLICATION 6], ModifyRequest
                    dropping.set()
                far.sendall(request)

    def back(far: socket.socket, near: socket.socket, dropping: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while (answer := far.recv(65_536)) and not dropping.is_set():
                near.sendall(answer)
            near.shutdown(socket.SHUT_RDWR)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1], lose
        listener.shutdown(socket.SHUT_RDWR)
