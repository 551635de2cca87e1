"""Whose account an entry is, and why some entries are given nothing."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from connectors.access.ldap_link import Session
from connectors.access.ldap_wire import Entry, parts_of

IDENTITY = ("entryUUID", "objectGUID")
ATTRIBUTES = (
    "objectClass",
    *IDENTITY,
    "pwdAccountLockedTime",
    "pwdEndTime",
    "shadowExpire",
    "nsAccountLock",
    "userAccountControl",
    "msDS-User-Account-Control-Computed",
    "accountExpires",
    "adminCount",
    "isCriticalSystemObject",
    "servicePrincipalName",
    "primaryGroupID",
)
_PEOPLE = frozenset({"person", "organizationalperson", "inetorgperson", "user", "posixaccount", "account"})
_GROUPS = frozenset({"group", "groupofnames", "groupofuniquenames", "groupofmembers", "posixgroup"})
_MACHINES = frozenset({"computer", "device", "ipnetwork", "iphost"})
_SERVICES = frozenset(
    {
        "applicationprocess",
        "msds-managedserviceaccount",
        "msds-groupmanagedserviceaccount",
        "msds-delegatedmanagedserviceaccount",
        "inetservice",
        "organizationalrole",
    }
)
_DISABLED, _LOCKED, _NORMAL = 0x2, 0x10, 0x200
_FOR_EVER = "000001010000Z"
_NEVER = 0x7FFF_FFFF_FFFF_FFFF
_SINCE_1601 = datetime(1601, 1, 1, tzinfo=UTC)
_SINCE_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def classes(entry: Entry) -> frozenset[str]:
    """Its object classes, in lower case."""
    return frozenset(name.casefold() for name in entry.texts("objectClass"))


def identity(entry: Entry | None) -> str:
    """What stays the same when the entry is renamed or moved; empty where the bot may not see it."""
    if entry is None:
        return ""
    guid = next(iter(entry.values.get("objectguid", ())), b"")
    return guid.hex() or entry.text("entryUUID")


def by_identity(known: str) -> str:
    """The filter that finds it again."""
    if "-" in known:
        return f"(entryUUID={known})"
    return "(objectGUID={})".format("".join(f"\\{known[i : i + 2]}" for i in range(0, len(known), 2)))


def is_same(one: str, other: str) -> bool:
    """Whether two DNs are of one entry, as far as their letters show."""
    return one.casefold() == other.casefold() or (
        parts_of(one) is not None and parts_of(one) == parts_of(other)
    )


def unfitness(db: Session, entry: Entry, now: datetime) -> str | None:
    """Why that entry is given nothing (*is disabled*), or None."""
    if is_same(entry.dn, db.own_dn) or (identity(entry) and identity(entry) == identity(db.own)):
        return "is the bot's own account"
    return _by_class(classes(entry)) or next((why for wrong, why in _RULES if wrong(entry, now)), None)


def number(entry: Entry, attribute: str) -> int:
    """That attribute as a number; 0 where it is none."""
    text = entry.text(attribute)
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() else 0


def moment(text: str) -> datetime | None:
    """Generalized time as directories write it, in UTC."""
    digits = text.removesuffix("Z").partition(".")[0]
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _by_class(found: frozenset[str]) -> str | None:
    if found & _GROUPS:
        return "is a group, not an account"
    if "contact" in found:
        return "is a contact, not an account"
    if found & _SERVICES:
        return "is a service account"
    if found & _MACHINES:
        return "is a machine's account"
    if not found & _PEOPLE:
        return f"is no person's account (it is: {', '.join(sorted(found)) or 'nobody may see what'})"
    return None


def _is_over(entry: Entry, now: datetime) -> bool:
    expires = number(entry, "accountExpires")  # 100 ns since 1601
    if 0 < expires < _NEVER and _SINCE_1601 + timedelta(microseconds=expires // 10) <= now:
        return True
    last_day = number(entry, "shadowExpire")
    if last_day > 0 and _SINCE_1970 + timedelta(days=last_day) <= now:
        return True
    ends = moment(entry.text("pwdEndTime"))
    return ends is not None and ends <= now


def _is_locked(entry: Entry, _now: datetime) -> bool:
    """For good, or by Active Directory now. After wrong passwords a person waits until they may try again."""
    return (
        entry.text("pwdAccountLockedTime") == _FOR_EVER
        or entry.text("nsAccountLock").casefold() == "true"
        or bool(number(entry, "msDS-User-Account-Control-Computed") & _LOCKED)
    )


def _is_no_normal_account(entry: Entry, _now: datetime) -> bool:
    control = number(entry, "userAccountControl")
    return bool(control and not control & _NORMAL)


_RULES: Sequence[tuple[Callable[[Entry, datetime], object], str]] = (
    (lambda it, _: number(it, "userAccountControl") & _DISABLED, "is disabled"),
    (_is_locked, "is locked"),
    (_is_over, "is expired"),
    (_is_no_normal_account, "is no person's account (userAccountControl)"),
    (lambda it, _: it.text("servicePrincipalName"), "is a service account (servicePrincipalName)"),
    (
        lambda it, _: number(it, "adminCount") or it.text("isCriticalSystemObject").casefold() == "true",
        "is an administrator's (adminCount), and could keep what it was lent",
    ),
)
