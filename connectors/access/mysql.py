"""MySQL 8 and MariaDB: a role, given to the person's own account.

Neither keeps who gave a role, so ours and others' cannot be told apart there. The subject is ``user@host`` as the
server keeps it. Where one user name has accounts at several hosts nothing is given: a session shows the user alone.
"""

import re
import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from app.errors import ConnectorError, Problem
from connectors.access import mysql_check, mysql_sql
from connectors.access.mysql_link import (
    DENIED,
    NOT_GRANTED,
    NOT_THE_OWNER,
    UNKNOWN_THREAD,
    Link,
    Login,
    Session,
    SqlError,
)
from connectors.access.mysql_roles import Account, Survey, quoted, role_of, survey, written
from connectors.interface import (
    Activity,
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

_CONNECTIONS = 4
_LONGEST_ROLE = 32
"""Of MySQL's names; MariaDB would take 128 letters for a role."""
_LONGEST_NAME = 80 + 1 + 255
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_UNSEEN = "statements that have ended: only the server's own log (general log, audit plugin) knows them"


class MysqlSettings(BaseModel):
    """One target in ``settings.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = Field(
        default="127.0.0.1", pattern=r"^[A-Za-z0-9._:-]{1,253}$", description="the primary server"
    )
    port: int = Field(default=3306, ge=1, le=65535)
    socket: str | None = Field(
        default=None, pattern=r"^/", description="unix socket, in place of host and port"
    )
    user: str = Field(min_length=1, max_length=80, description="the bot's own account")
    password: SecretStr = Field(description="its password")
    ca: str | None = Field(
        default=None, description="file of the certificates that are trusted, PEM; else the system's"
    )
    tls: bool = Field(
        default=False, description="TLS to this very machine too; to any other it is always required"
    )
    sessions: Literal["end", "leave"] = Field(
        default="end", description="what happens at the end to sessions that may still use the role"
    )
    deadline: str = Field(
        default="5s",
        pattern=r"^[1-9][0-9]?s$",
        description="longest time of one call of the target, 1s to 99s",
    )
    untried_mysql: bool = Field(
        default=False, description="true: give access at MySQL itself too, at which this was never run"
    )
    service_accounts: tuple[str, ...] = Field(
        default=(), description="accounts (user or user@host) that are not people: never given anything"
    )

    @model_validator(mode="after")
    def _ca_can_be_read(self) -> "MysqlSettings":
        try:
            context_of(self)
        except (OSError, ssl.SSLError):
            message = "ca: is no file of certificates that can be read"
            raise ValueError(message) from None
        return self


class MysqlAccess(BaseModel):
    """One ``access`` entry of a policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str = Field(
        min_length=1,
        max_length=_LONGEST_ROLE,
        pattern=r"^[^\x00-\x1f`@]+$",
        description="the role that is given",
    )


class MysqlConnector:
    """Gives and takes a role. ``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "mysql"
    Settings: ClassVar[type[BaseModel]] = MysqlSettings
    Access: ClassVar[type[BaseModel]] = MysqlAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """The server knows no end of a role, and not who gave it."""
        del access
        return Promise(usual=timedelta(milliseconds=20), keeps_giver=False)

    def __init__(self, name: str, settings: MysqlSettings) -> None:
        self._name = name
        self._settings = settings
        secret = settings.password.get_secret_value()
        login = Login(
            settings.host, settings.port, settings.socket, settings.user, secret, context_of(settings)
        )
        seconds = float(settings.deadline.removesuffix("s"))
        self._link = Link(name, login, deadline=seconds, size=_CONNECTIONS)

    @property
    def limits(self) -> Limits:
        """As many calls at once as there are connections."""
        return Limits(concurrency=_CONNECTIONS)

    def describe(self, access: Mapping[str, str]) -> str:
        """``incident_writer on shop-db``."""
        return f"{access['role']} on {self._name}"

    def resolve(self, name: str) -> Subject | NoSubject:
        """The only account of exactly that user name (or ``user@host``), where it is an ordinary person's."""
        if not _is_name(name):
            return self._nobody(name)
        with self._link.use() as db:
            if self._is_untried(db):
                return NoSubject(name, "unfit", f"{self._name} gives nothing: {mysql_check.UNTRIED[0]}.")
            found = self._person(survey(db, name), name)
        return found if isinstance(found, NoSubject) else Subject(written(found))

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """All accounts with the role, directly or through other roles; not the bot, which has it to hand it out."""
        with self._link.use() as db:
            known, role = survey(db), role_of(db, access["role"])
        accounts = {edge.who for edge in known.edges if edge.who[1] and not known.is_role(edge.who)}
        found = []
        for account in sorted(accounts - {known.bot}):
            reading = _reading(known, account, role)
            if reading.present is not Present.ABSENT:
                found.append(Holder(written(account), reading.present, reading.how))
        return found

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """From the tables of rights: given to the account itself, or through another role."""
        del receipt
        account = self._account(subject)
        with self._link.use() as db:
            return _reading(survey(db, subject), account, role_of(db, access["role"]))

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """The role, never WITH ADMIN OPTION and never as a default role; the server knows no end."""
        del request_id, ends_at
        self._account(subject)
        with self._link.use() as db:
            if self._is_untried(db):
                raise ConnectorError(f"{self._name} gives nothing: {mysql_check.UNTRIED[0]}", permanent=True)
            known, role = survey(db, subject), role_of(db, access["role"])
            person = self._person(known, subject)
            if isinstance(person, NoSubject):
                raise ConnectorError(person.sentence, permanent=True)
            self._refuse_perils(db, known, role)
            if not known.direct(person, role):
                self._act(db, f"GRANT {quoted(role)} TO {quoted(person)}", access["role"], known)
        return {}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Takes the role from the account; ADMIN OPTION, where somebody added it, goes with it."""
        del receipt
        account = self._account(subject)
        with self._link.use() as db:
            known, role = survey(db, subject), role_of(db, access["role"])
            if known.direct(account, role):
                self._act(db, f"REVOKE {quoted(role)} FROM {quoted(account)}", access["role"], known)

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """A session in which the role was taken on may keep it after the revocation: any may be one."""
        del receipt
        account = self._account(subject)
        with self._link.use() as db:
            known, role = survey(db, subject), role_of(db, access["role"])
            found = _sessions_of(db, account)
            if not found and not mysql_check.sees_sessions(db):
                message = (
                    f"{self._name} shows the bot nobody's sessions (GRANT PROCESS ON *.* TO its account)"
                )
                raise ConnectorError(message, permanent=True)
            if not found or _reading(known, account, role).present is Present.OTHERS:
                return Sessions("none")
            if self._settings.sessions == "leave":
                why = "sessions are left open here (sessions: leave)"
                return Sessions("alive", len(found), why, on_purpose=True)
            if account == known.bot or len(known.named(account[0])) != 1:
                why = (
                    f"there are several accounts named {account[0]}, and a session does not tell whose it is"
                )
                return Sessions("alive", len(found), why)
            return _end(db, account, found)

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """What is connected now, without the text of statements, which may hold secrets."""
        del access, start, end
        account = self._account(subject)
        with self._link.use() as db:
            rows = _sessions_of(db, account)
        lines = [f"now: connected from {row['Host']}, {row['Command']} for {row['Time']} s" for row in rows]
        return Activity(lines, _UNSEEN)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """Programs, events and tables show only to those who have rights on them: not looked for."""
        del subject, access, receipt
        return None

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What an administrator types; needs no connection."""
        return mysql_check.by_hand(self._name, subject, access["role"])

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What the bot's account lacks or has too much of, and what is wrong with each role."""
        roles = sorted({access["role"] for access in accesses})
        with self._link.use() as db:
            if self._is_untried(db):
                return [Problem(self._name, *mysql_check.UNTRIED)]
            return mysql_check.faults(db, self._name, roles, ends_sessions=self._settings.sessions == "end")

    def close(self) -> None:
        """Close the connections. A later call opens them anew."""
        self._link.close()

    def _is_untried(self, db: Session) -> bool:
        """Only giving stops there: what was given is taken back whatever the server calls itself."""
        return not db.is_mariadb and not self._settings.untried_mysql

    def _person(self, known: Survey, name: str) -> Account | NoSubject:
        accounts = known.named(name)
        if not accounts:
            if any(account[0] == name and known.is_role(account) for account in known.rows):
                return self._unfit(name, "is a role, not an account")
            return self._nobody(name)
        if len(accounts) > 1:
            hosts = ", ".join(sorted(host for _, host in accounts))
            whom = f"`{accounts[0][0]}` at {hosts}"
            sentence = f"{self._name} has several accounts for you ({whom}): it gives nothing to any."
            return NoSubject(name, "several", sentence)
        why = self._unfitness(known, accounts[0])
        return accounts[0] if why is None else self._unfit(name, why)

    def _unfitness(self, known: Survey, account: Account) -> str | None:
        row = known.rows[account]
        if account == known.bot or account[0] == self._settings.user:
            return "is the bot's own account"
        if {account[0], written(account)} & set(self._settings.service_accounts):
            return "is a service account"
        if row.get("locked"):
            return "is locked"
        if row["expired"]:
            return "is expired (its password must be changed)"
        through, power = next(known.powers(account), (account, None))
        if power is None:
            return None
        by = "" if through == account else f" through role {through[0]}"
        return f"{power}{by}, and could keep what it was lent"

    def _refuse_perils(self, db: Session, known: Survey, role: Account) -> None:
        """Rights change between the decision and the grant; what is refused then is refused now."""
        if role not in known.rows or (db.is_mariadb and not known.is_role(role)):
            message = f"{self._name} has no role `{role[0]}`"
            raise ConnectorError(message, permanent=True)
        if perils := mysql_check.perils(known, role):
            message = f"{self._name}, role {role[0]}: it {perils[0]}"
            raise ConnectorError(message, permanent=True)

    def _act(self, db: Session, statement: str, role: str, known: Survey) -> None:
        try:
            db.act(statement)
        except SqlError as error:
            if error.code in NOT_GRANTED and statement.startswith("REVOKE"):
                return  # somebody else was faster
            if error.code in DENIED | NOT_GRANTED:
                message = f"{error}; {mysql_check.admin_option(db, role, known.bot)}"
                raise ConnectorError(message, permanent=True) from None
            raise

    def _account(self, subject: str) -> Account:
        user, _, host = subject.rpartition("@")
        if not _is_name(subject) or not user or not host:
            message = f"{self._name} cannot have an account of that name"
            raise ConnectorError(message, permanent=True)
        return user, host

    def _nobody(self, name: str) -> NoSubject:
        return NoSubject(name, "none", f"{self._name} has no account for you (looked for `{name}`).")

    def _unfit(self, name: str, why: str) -> NoSubject:
        return NoSubject(name, "unfit", f"{self._name} gives nothing to `{name}`: it {why}.")


def context_of(settings: MysqlSettings) -> ssl.SSLContext | None:
    """How what is said is kept from others; None where it does not leave the machine."""
    here = settings.socket or _LOOPBACK.fullmatch(settings.host)
    return None if here and not settings.tls else ssl.create_default_context(cafile=settings.ca)


def _is_name(name: str) -> bool:
    return bool(name.strip()) and len(name) <= _LONGEST_NAME and name.isprintable()


def _reading(known: Survey, account: Account, role: Account) -> Reading:
    through = known.through(account, role)
    how = f"through role {', '.join(through)}" if through else ""
    if known.direct(account, role):
        return Reading(Present.THERE, f"also {how}" if how else "")
    return Reading(Present.OTHERS, how) if through else Reading(Present.ABSENT)


def _sessions_of(db: Session, account: Account) -> Sequence[Mapping[str, Any]]:
    return [row for row in db.rows(mysql_sql.SESSIONS) if row["User"] == account[0]]


def _end(db: Session, account: Account, found: Sequence[Mapping[str, Any]]) -> Sessions:
    """Tell each to end, then look until none is left, within what is left of the deadline."""
    while found and db.seconds_left() > 0.5:  # noqa: PLR2004 - enough for one more look
        for row in found:
            try:
                db.act(f"KILL {int(row['Id'])}")
            except SqlError as error:
                if error.code in DENIED | {NOT_THE_OWNER}:
                    why = "the bot may not end sessions (GRANT CONNECTION ADMIN ON *.* TO its account)"
                    return Sessions("alive", len(found), why)
                if error.code != UNKNOWN_THREAD:
                    raise
        found = _sessions_of(db, account)
        if found:
            db.act(mysql_sql.A_MOMENT)
    return Sessions("alive", len(found), "they did not end in time") if found else Sessions("ended")
