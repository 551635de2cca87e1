"""What stands in the way at a directory, each with what mends it. Changes nothing."""

from collections.abc import Sequence

from app.errors import ConnectorError, Problem
from connectors.access import ldap_groups
from connectors.access.ldap_link import DENIED, NO_ATTRIBUTE, NO_OBJECT, Session
from connectors.access.ldap_people import number
from connectors.access.ldap_settings import LdapSettings
from connectors.access.ldap_wire import Answer, Entry

UNTRIED = (
    "the server is Active Directory, at which this was never run",
    "try it where nothing is at stake, then set `untried_active_directory: true`; other servers need no such word",
)
_NOBODY = "cn=breakglass-asks-whether-it-may"


def of_account(db: Session, name: str, at: LdapSettings) -> Sequence[Problem]:
    """What is wrong with the bot's account."""
    found = []
    if db.own is None:
        what = "the bot binds as a name without an entry that it may see: the server's own administrator (rootdn)?"
        found.append(
            Problem(name, what, "give the bot an account of its own, which may write `member` alone")
        )
    elif number(db.own, "adminCount"):
        found.append(
            Problem(name, "the bot's account is an administrator's", "take it out of all such groups")
        )
    if db.look(at.groups, ["objectClass"]) is None:
        found.append(
            Problem(name, f"there is no `{at.groups}`, or the bot may not see it", _may_read(at.groups, at))
        )
    if db.look(at.people, ["objectClass"]) is None:
        found.append(
            Problem(name, f"there is no `{at.people}`, or the bot may not see it", _may_read(at.people, at))
        )
    elif not db.search(at.people, f"(&(objectClass=*)({at.login}=*))", [at.login], most=1):
        what = f"the bot sees no account with `{at.login}` below `{at.people}`"
        found.append(Problem(name, what, _may_read(at.people, at)))
    return found


def of_group(db: Session, name: str, dn: str, at: LdapSettings) -> Sequence[Problem]:
    """What is wrong with one group, and whether the bot may change its members."""
    where = f"{name}, group {dn}"
    group = ldap_groups.look(db, dn)
    if group is None:
        return [Problem(where, "there is no such group, or the bot may not see it", _may_read(at.groups, at))]
    if not ldap_groups.is_below(group.dn, at.groups):
        return [
            Problem(
                where, f"it is not below {at.groups}", "move it there, or set `groups` to what it is below"
            )
        ]
    if why := ldap_groups.peril(db, group):
        return [Problem(where, f"it {why}", "lend a group made for emergencies")]
    attribute = ldap_groups.attribute_of(group) or "member"
    if not _may_change(db, group, attribute):
        return [Problem(where, "the bot may not change its members", remedy(db, attribute, at.groups))]
    return []


def may_write(group: Entry) -> bool:
    """What Active Directory says of our rights on the group's members."""
    return "member" in {name.casefold() for name in group.texts("allowedAttributesEffective")}


def with_remedy(db: Session, answer: Answer, group: str, attribute: str) -> ConnectorError:
    """The fault, and with *insufficient access* what would be right."""
    fault = db.fault(answer)
    if answer.code != DENIED:
        return fault
    return ConnectorError(f"{fault}; {remedy(db, attribute, group)}", permanent=True)


def remedy(db: Session, attribute: str, base: str) -> str:
    """The rule with which the bot may change the members of what is below ``base``."""
    if db.is_active_directory:
        return f'dsacls "{base}" /I:S /G "DOMAIN\\BOT:RPWP;member;group"'
    return f'access to dn.subtree="{base}" attrs={attribute} by dn.exact="{db.own_dn}" write by * break'


def by_hand(url: str, subject: str, group: str) -> str:
    """LDIF for ldapmodify, and the same in PowerShell."""
    secured = "" if url.startswith("ldaps:") else "-ZZ "
    quoted = [text.replace("'", "''") for text in (group, subject)]
    return "\n".join(
        [
            "# as somebody who may change the group (uniqueMember in place of member in a groupOfUniqueNames)",
            f"ldapmodify {secured}-H {url} -D YOUR_DN -W <<'END'",
            f"dn: {group}",
            "changetype: modify",
            "delete: member",
            f"member: {subject}",
            "END",
            "# Active Directory, in PowerShell:",
            "Remove-ADGroupMember -Identity '{}' -Members '{}' -Confirm:$false".format(*quoted),
            "# it is gone when the group's members no longer name them; what read the groups at login knows it later",
        ]
    )


def _may_change(db: Session, group: Entry, attribute: str) -> bool:
    """Active Directory says it. Others are asked to take out what is not in: a no of rights comes before that no."""
    if db.is_active_directory:
        return may_write(group)
    answer = db.change(group.dn, attribute, delete=[f"{_NOBODY},{group.dn}"])
    if answer.code not in {NO_ATTRIBUTE, DENIED, NO_OBJECT}:
        raise db.fault(answer)
    return answer.code == NO_ATTRIBUTE


def _may_read(base: str, at: LdapSettings) -> str:
    return f'access to dn.subtree="{base}" by dn.exact="{at.bind_dn}" read by * break'
