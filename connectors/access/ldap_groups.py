"""Groups: which attribute lists their members, which are given to nobody, and who is in them."""

from collections.abc import Iterator, Sequence

from app.errors import ConnectorError
from connectors.access.ldap_link import SHOW_TTL, Session
from connectors.access.ldap_people import IDENTITY, classes, number
from connectors.access.ldap_wire import Entry, escaped, parts_of

IN_CHAIN = "1.2.840.113556.1.4.1941"
_ATTRIBUTES = (
    "objectClass",
    *IDENTITY,
    "adminCount",
    "isCriticalSystemObject",
    "objectSid",
    "memberURL",
    "allowedAttributesEffective",
)
_MEMBERS = {
    "groupofnames": "member",
    "groupofmembers": "member",
    "groupofentries": "member",
    "group": "member",
    "groupofuniquenames": "uniqueMember",
}
_BUILT_IN = bytes.fromhex("010200000000000520000000")
"""How the SIDs of S-1-5-32, the built-in groups of each machine and domain, begin."""
_FIRST_OF_ONES_OWN = 1_000
_MOST_RANGES = 1_000


def look(db: Session, dn: str) -> Entry | None:
    """The group's entry, without its members."""
    return db.look(dn, _ATTRIBUTES)


def attribute_of(entry: Entry) -> str | None:
    """The attribute that lists its members by their DN."""
    return next((name for kind, name in _MEMBERS.items() if kind in classes(entry)), None)


def is_below(dn: str, base: str) -> bool:
    """Whether that DN lies below the base."""
    inner, outer = parts_of(dn) or [], parts_of(base) or []
    return bool(outer) and len(inner) > len(outer) and inner[-len(outer) :] == outer


def peril(db: Session, entry: Entry) -> str | None:
    """Why membership in it is lent to nobody, or None."""
    kinds = classes(entry)
    if entry.text("memberURL") or "groupofurls" in kinds:
        return "is dynamic: its members follow from a filter (memberURL), and cannot be given"
    if attribute_of(entry) is None:
        if "posixgroup" in kinds:
            return "lists login names (memberUid), which may be anybody's tomorrow: use groupOfNames"
        return f"is no group (it is: {', '.join(sorted(kinds)) or 'nobody may see what'})"
    if _is_protected(entry):
        return "is an administrators' or built-in group: who has it for a minute could keep it"
    above = _protected_above(db, entry) if db.is_active_directory else None
    return f"leads to {above}, an administrators' group" if above else None


def is_primary(entry: Entry, person: Entry | None) -> bool:
    """Active Directory lists nobody in the group that is their primary one."""
    sid = next(iter(entry.values.get("objectsid", ())), b"")
    return person is not None and bool(sid) and _last_of(sid) == number(person, "primaryGroupID")


def members(db: Session, entry: Entry, *, with_ends: bool = False) -> Iterator[str]:
    """All values, range by range where the server cuts them (``member;range=0-1499``)."""
    attribute = attribute_of(entry) or "member"
    wanted, start = attribute, 0
    for _ in range(_MOST_RANGES):
        part = db.look(entry.dn, [wanted], [SHOW_TTL] if with_ends else [])
        if part is None:
            return
        yield from part.texts(attribute)
        ranged = next((key for key in part.values if key.startswith(f"{attribute.lower()};range=")), None)
        if ranged is None:
            return
        yield from part.texts(ranged)
        last = ranged.rpartition("-")[2]
        if last == "*":
            return
        if not last.isdecimal() or int(last) < start:
            break
        start = int(last) + 1
        wanted = f"{attribute};range={start}-*"
    message = f"the members of {entry.dn} have no end"
    raise ConnectorError(message)


def nested(db: Session, entry: Entry, subject: str) -> Sequence[str]:
    """The groups through which an account is in it, in Active Directory; elsewhere nobody resolves them."""
    if not db.is_active_directory:
        return []
    where = f"(&(objectClass=group)(member={escaped(subject)})(memberOf:{IN_CHAIN}:={escaped(entry.dn)}))"
    return [group.dn for group in db.search(db.root.text("defaultNamingContext"), where, ["cn"])]


def all_below(db: Session, entry: Entry, people: str) -> Sequence[str]:
    """Everybody who is in it, through others too (Active Directory)."""
    if not db.is_active_directory:
        return []
    where = f"(memberOf:{IN_CHAIN}:={escaped(entry.dn)})"
    return [person.dn for person in db.search(people, where, ["cn"])]


def _is_protected(entry: Entry) -> bool:
    sid = next(iter(entry.values.get("objectsid", ())), b"")
    return bool(
        number(entry, "adminCount")
        or entry.text("isCriticalSystemObject").casefold() == "true"
        or sid.startswith(_BUILT_IN)
        or (sid and _last_of(sid) < _FIRST_OF_ONES_OWN)
    )


def _protected_above(db: Session, entry: Entry) -> str | None:
    where = f"(&(objectClass=group)(adminCount=1)(member:{IN_CHAIN}:={escaped(entry.dn)}))"
    found = db.search(db.root.text("defaultNamingContext"), where, ["cn"])
    return found[0].dn if found else None


def _last_of(sid: bytes) -> int:
    return int.from_bytes(sid[-4:], "little")
