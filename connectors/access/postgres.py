"""PostgreSQL 14 to 18: membership in a role, given to the person's own account.

Since 16 each grantor has a row of its own in ``pg_auth_members``; before, a member has one row, with the name
of whoever gave it first. *Ours* is the row whose grantor is the bot's own account; no other is ever taken.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import ProgrammingError
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from app.errors import ConnectorError, Problem
from connectors.access import postgres_check, postgres_log, postgres_sql
from connectors.access.postgres_check import PER_GRANTOR, admin_option, quoted
from connectors.access.postgres_link import Link, Session, SqlError
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

NAME_BYTES = 63
"""PostgreSQL cuts longer names, and the rest may be somebody else's."""
_CONNECTIONS = 4
_MOST_LINES = 100
_DEPENDENTS = "2BP01"
_NO_PRIVILEGE = "42501"
_PATIENCE_MS = 250
_OIDS = 2**32


class PostgresSettings(BaseModel):
    """One target in ``settings.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    dsn: SecretStr = Field(description="libpq URL or key=value string of the bot's own account at the target")
    sessions: Literal["end", "leave"] = Field(
        default="end", description="what happens at the end to sessions that may still use the role"
    )
    deadline: str = Field(
        default="5s",
        pattern=r"^[1-9][0-9]?s$",
        description="longest time of one call of the target, 1s to 99s",
    )
    service_accounts: tuple[str, ...] = Field(
        default=(), description="accounts that are not people: never given anything"
    )

    @field_validator("dsn")
    @classmethod
    def _can_be_read(cls, dsn: SecretStr) -> SecretStr:
        try:
            conninfo_to_dict(dsn.get_secret_value())
        except ProgrammingError:
            message = "is no PostgreSQL DSN, such as postgresql://bot:password@host/database"
            raise ValueError(message) from None  # libpq's own words quote it
        return dsn


class PostgresAccess(BaseModel):
    """One ``access`` entry of a policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str = Field(min_length=1, max_length=NAME_BYTES, description="the role that is given")

    @field_validator("role")
    @classmethod
    def _is_a_name(cls, role: str) -> str:
        if not _is_name(role):
            message = f"is no role's name: at most {NAME_BYTES} bytes, without NUL"
            raise ValueError(message)
        return role


class _Facts(Protocol):
    """One row of ``SURVEY``."""

    bot: str
    bot_is_superuser: bool
    subject_oid: int | None
    is_bot: bool
    superuser: bool
    createrole: bool
    replication: bool
    bypassrls: bool
    login: bool
    shut: bool
    expired: bool | None
    may_grant: bool
    role_oid: int | None
    ours: bool
    givers: Sequence[str]
    through: Sequence[str]
    xid: int
    own_records: bool


_UNFIT: Sequence[tuple[Callable[[_Facts], object], str]] = (
    (lambda it: it.is_bot, "is the bot's own account"),
    (lambda it: it.superuser, "is a superuser: there is nothing to give, and nothing could be taken back"),
    (lambda it: it.createrole, "may create roles (CREATEROLE), and could keep what it was lent"),
    (lambda it: it.replication, "may copy the whole server (REPLICATION)"),
    (lambda it: it.bypassrls, "passes by row security (BYPASSRLS)"),
    (lambda it: not it.login, "is a group, not an account: it may not log in"),
    (lambda it: it.shut, "is shut: it is allowed no connection"),
    (lambda it: it.expired, "is expired (VALID UNTIL lies in the past)"),
    (lambda it: it.may_grant, "may give roles to others (ADMIN OPTION), and could keep what it was lent"),
)


class PostgresConnector:
    """Gives and takes membership in a role. ``cls(name, settings)`` opens nothing; the first call does."""

    kind: ClassVar[str] = "postgres"
    Settings: ClassVar[type[BaseModel]] = PostgresSettings
    Access: ClassVar[type[BaseModel]] = PostgresAccess

    @classmethod
    def promise(cls, access: Mapping[str, str]) -> Promise:
        """PostgreSQL knows no end of a membership; since 16 each giver has a row of their own."""
        del access
        return Promise(usual=timedelta(milliseconds=20))

    def __init__(self, name: str, settings: PostgresSettings) -> None:
        self._name = name
        self._settings = settings
        seconds = float(settings.deadline.removesuffix("s"))
        self._link = Link(name, settings.dsn.get_secret_value(), deadline=seconds, size=_CONNECTIONS)

    @property
    def limits(self) -> Limits:
        """As many calls at once as there are connections."""
        return Limits(concurrency=_CONNECTIONS)

    def describe(self, access: Mapping[str, str]) -> str:
        """``incident_writer on orders-db``."""
        return f"{access['role']} on {self._name}"

    def resolve(self, name: str) -> Subject | NoSubject:
        """The account of exactly that name, where it is an ordinary person's."""
        if not _is_name(name):
            return self._nobody(name)
        with self._link.use() as db:
            facts = db.row(postgres_sql.SURVEY, postgres_sql.by_name(subject=name))
        return self._fitness(name, facts) or Subject(name)

    def find(self, access: Mapping[str, str]) -> Sequence[Holder]:
        """All members, direct or through other roles.

        Not listed are superusers, who need no membership, and the bot's own account, which has the role to hand it out.
        """
        with self._link.use() as db:
            rows = db.rows(postgres_sql.HOLDERS, {"role": access["role"]})
        return [Holder(row.subject, _present(row), _how(row)) for row in rows]

    def read(self, subject: str, access: Mapping[str, str], receipt: Receipt | None = None) -> Reading:
        """From the catalogue: what the server would say to ``SET ROLE``, and who made it so."""
        with self._link.use() as db:
            facts = self._survey(db, subject, access, receipt)
        return Reading(_present(facts), _how(facts))

    def grant(self, subject: str, access: Mapping[str, str], request_id: str, ends_at: datetime) -> Receipt:
        """Membership with SET (and INHERIT as the account has it), never ADMIN; the server knows no end."""
        del request_id, ends_at
        with self._link.use() as db:
            facts = self._survey(db, subject, access)
            self._refuse_unfit(db, subject, access["role"], facts)
            with _mended_by(admin_option(access["role"], facts.bot, db.version)):
                db.act(_grant(access["role"], subject, db.version))
        return {"xid": facts.xid, "subject_oid": facts.subject_oid, "role_oid": facts.role_oid}

    def revoke(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> None:
        """Takes the rows that the bot's account gave, under whatever name account and role go by now."""
        with self._link.use() as db:
            for row in db.rows(postgres_sql.OUR_ROWS, _ids(subject, access, receipt)):
                _take(db, row.role, row.member)

    def sessions(self, subject: str, access: Mapping[str, str], receipt: Receipt | None) -> Sessions:
        """A session in ``SET ROLE`` keeps the role after ``REVOKE``, unseen: any may be one."""
        with self._link.use() as db:
            found = self._open_sessions(db, _ids(subject, access, receipt))
            if not found:
                return Sessions("none")
            if self._settings.sessions == "leave":
                why = "sessions are left open here (sessions: leave)"
                return Sessions("alive", len(found), why, on_purpose=True)
            return self._end(db, _ids(subject, access, receipt), len(found))

    def activity(self, subject: str, access: Mapping[str, str], start: datetime, end: datetime) -> Activity:
        """What runs now, and the server's log where the bot may read it; values in statements left out."""
        del access
        with self._link.use() as db:
            return postgres_log.activity(db, subject, start, end)

    def left_behind(
        self, subject: str, access: Mapping[str, str], receipt: Receipt | None
    ) -> Sequence[str] | None:
        """Members, functions, privileges, triggers, objects made or changed since the grant; at most 100."""
        since = _number(receipt, "xid")
        if since is None:
            return None
        with self._link.use() as db:
            if not db.row(postgres_sql.ANYTHING_SINCE, {"xid": since}).anything:
                return []
        with self._link.use() as db:  # with a deadline of its own
            asked = _ids(subject, access, receipt) | {"xid": since, "most": _MOST_LINES + 1}
            lines = [row.line for row in db.rows(postgres_sql.LEFT_BEHIND, asked)]
        if None in lines:
            return None  # another server, or one that was restored: its numbers mean nothing here
        return lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], "and more that is not listed"]

    def by_hand(self, subject: str, access: Mapping[str, str]) -> str:
        """What a superuser types into psql; needs no connection."""
        bot = conninfo_to_dict(self._settings.dsn.get_secret_value()).get("user") or "the bot's account"
        role, member, giver = (quoted(name) for name in (access["role"], subject, str(bot)))
        literal = sql.Literal(subject).as_string()
        return "\n".join(
            [
                f"-- as a superuser, on {self._name}; before PostgreSQL 16 this takes anybody's grant",
                f"REVOKE {role} FROM {member} GRANTED BY {giver};",
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {literal};",  # noqa: S608 - to be read, quoted
                "-- it is gone when this says f:",
                f"SELECT pg_has_role({literal}, {sql.Literal(access['role']).as_string()}, 'MEMBER');",
            ]
        )

    def check(self, accesses: Sequence[Mapping[str, str]] = ()) -> Sequence[Problem]:
        """What the bot's account lacks or has too much of, and what is wrong with each role."""
        roles = sorted({access["role"] for access in accesses})
        with self._link.use() as db:
            ends = self._settings.sessions == "end"
            return postgres_check.faults(db, self._name, roles, ends_sessions=ends)

    def close(self) -> None:
        """Close the pool. A later call opens it anew."""
        self._link.close()

    def _survey(
        self, db: Session, subject: str, access: Mapping[str, str], receipt: Receipt | None = None
    ) -> _Facts:
        if not _is_name(subject):
            message = f"{self._name} cannot have an account of that name"
            raise ConnectorError(message, permanent=True)
        facts: _Facts = db.row(postgres_sql.SURVEY, _ids(subject, access, receipt))
        return facts

    def _fitness(self, name: str, facts: _Facts) -> NoSubject | None:
        if facts.own_records:
            return NoSubject(name, "unfit", f"{self._name} gives nothing: {postgres_check.OWN_RECORDS}.")
        if facts.subject_oid is None:
            return self._nobody(name)
        if name in self._settings.service_accounts:
            return self._unfit(name, "is a service account")
        return next((self._unfit(name, why) for unfit, why in _UNFIT if unfit(facts)), None)

    def _nobody(self, name: str) -> NoSubject:
        return NoSubject(name, "none", f"{self._name} has no account for you (looked for `{name}`).")

    def _unfit(self, name: str, why: str) -> NoSubject:
        return NoSubject(name, "unfit", f"{self._name} gives nothing to `{name}`: it {why}.")

    def _refuse_unfit(self, db: Session, subject: str, role: str, facts: _Facts) -> None:
        """Rights change between the decision and the grant; what is refused then is refused now."""
        if facts.role_oid is None:
            message = f"{self._name} has no role `{role}`"
            raise ConnectorError(message, permanent=True)
        nobody = self._fitness(subject, facts)
        perils = postgres_check.perils(db, self._name, role)
        if nobody or perils:
            message = nobody.sentence if nobody else str(perils[0])
            raise ConnectorError(message, permanent=True)
        if facts.bot_is_superuser:
            message = (
                f"{self._name}: the bot's account is a superuser, whose grants cannot be told from others'"
            )
            raise ConnectorError(message, permanent=True)

    def _open_sessions(self, db: Session, ids: Mapping[str, Any]) -> Sequence[Any]:
        how = "USAGE, SET" if db.version >= PER_GRANTOR else "MEMBER"
        return db.rows(postgres_sql.SESSIONS, {**ids, "how": how})

    def _end(self, db: Session, ids: Mapping[str, Any], count: int) -> Sessions:
        """Tell all at once to end, then wait for each that has not, within what is left of the deadline."""
        patience = 0
        while db.seconds_left() > 2 * _PATIENCE_MS / 1000:
            try:
                if not db.rows(postgres_sql.END_SESSIONS, {**ids, "milliseconds": patience}):
                    break
            except SqlError as error:
                if error.sqlstate != _NO_PRIVILEGE:
                    raise
                why = "the bot may not end sessions (GRANT pg_signal_backend TO its account)"
                return Sessions("alive", count, why)
            patience = max(1, int(min(_PATIENCE_MS, db.seconds_left() * 300 / count)))
        left = len(self._open_sessions(db, ids))
        return (
            Sessions("alive", left, "they did not end in time, or belong to others")
            if left
            else Sessions("ended")
        )


def _is_name(text: str) -> bool:
    return 0 < len(text.encode(errors="replace")) <= NAME_BYTES and "\0" not in text and text.isprintable()


def _present(row: Any) -> Present:
    others = bool(row.givers or row.through)
    if row.ours:
        return Present.BOTH if others else Present.OURS
    return Present.OTHERS if others else Present.ABSENT


def _how(row: Any) -> str:
    """``granted by dba; through role sre``."""
    granted = f"granted by {', '.join(row.givers)}" if row.givers else ""
    through = f"through role {', '.join(row.through)}" if row.through else ""
    return "; ".join(filter(None, (granted, through)))


def _number(receipt: Receipt | None, key: str) -> int | None:
    number = (receipt or {}).get(key)
    return number if isinstance(number, int) else None


def _ids(subject: str, access: Mapping[str, str], receipt: Receipt | None) -> dict[str, Any]:
    """The names, and the numbers that were theirs at the grant (0, nobody's, where there is no receipt)."""
    numbers = {key: (_number(receipt, key) or 0) % _OIDS for key in ("subject_oid", "role_oid")}
    return {"subject": subject, "role": access["role"], **numbers}


def _grant(role: str, subject: str, version: int) -> sql.Composed:
    """In our own name: otherwise the server may choose a role through which the bot has ADMIN OPTION."""
    with_set = sql.SQL("WITH SET TRUE " if version >= PER_GRANTOR else "")
    statement = sql.SQL("GRANT {} TO {} {}GRANTED BY CURRENT_USER")
    return statement.format(sql.Identifier(role), sql.Identifier(subject), with_set)


def _take(db: Session, role: str, member: str) -> None:
    """One row of ours.

    Where somebody made it grantable and handed the role on, that hangs on what we gave: CASCADE takes what
    hangs on our row alone, since the statement names us as its grantor. Without it a person could keep the
    access for ever by handing it on.
    """
    statement = sql.SQL("REVOKE {} FROM {} GRANTED BY CURRENT_USER")
    revoke = statement.format(sql.Identifier(role), sql.Identifier(member))
    try:
        db.act(revoke)
    except SqlError as error:
        if error.sqlstate != _DEPENDENTS:
            raise
        db.act(revoke + sql.SQL(" CASCADE"))


@contextmanager
def _mended_by(statement: str) -> Iterator[None]:
    """Says with *permission denied* what would be right."""
    try:
        yield
    except SqlError as error:
        if error.sqlstate != _NO_PRIVILEGE:
            raise
        message = f"{error}; {statement}"
        raise ConnectorError(message, permanent=True) from None
