"""What is said of Microsoft's accounts, groups and log."""

from collections.abc import Sequence
from shlex import quote

from connectors.access.entra_shapes import Audit, Group, SignIn, User
from connectors.answers import line

NAME_IT = "write its name and its object id under the connector's `groups`, and that name in the policy"
UNSEEN = "What was done inside of applications and of Azure; the logs are minutes behind, and go back 7 to 30 days."
NO_SIGN_INS = " Sign-ins: not readable (AuditLog.Read.All and a P1 licence)."
ENDED = "sign-in sessions were revoked; access tokens that were issued before last for about an hour"
LEFT = "sessions are left open here (sessions: leave)"
TOO_SHORT = "Microsoft gives nothing by PIM for less than 5 minutes; ask for longer, or leave out `by: pim`"
TOO_EARLY = "Microsoft takes back nothing that it gave by PIM within its first 5 minutes"
PIM_POLICY = (
    "the group's PIM settings for members do not allow this; allow active assignments of that length there"
)
USERS, GROUPS, ROLES, LOGS, PIM = (
    ("may not read accounts", "give the app the application permission User.Read.All"),
    (
        "may not read groups and their members",
        "give the app the application permissions Group.Read.All and GroupMember.Read.All",
    ),
    (
        "may not read who has roles of the directory",
        "give the app the application permission Directory.Read.All, or write `unchecked: [administrators]`",
    ),
    ("may not read the audit log", "give the app the application permission AuditLog.Read.All"),
    (
        "may not read PIM for groups",
        "give the app the application permission PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
    ),
)
_MAKES = ("Add ", "Consent ", "Create ", "Invite ", "Register ", "Restore ", "User registered ")
_OWN = "make a group of its own for the emergency"


def unfit(user: User) -> str | None:
    """Why that account is nobody's who may be given something."""
    if user.enabled is None:
        return "does not say whether it is enabled: the bot may not read it whole"
    if not user.enabled:
        return "is disabled"
    if (user.type or "Member").casefold() == "guest" or "#ext#" in user.name.casefold():
        return "is a guest"
    return None


def perils(group: Group) -> Sequence[tuple[str, str]]:
    """What speaks against lending membership in that group, each with what mends it."""
    checks = (
        (not group.security, "is no security group", _OWN),
        ("DynamicMembership" in group.types or group.rule, "is filled by a rule (dynamic membership)", _OWN),
        (group.synchronised, "is synchronised from on-premises: membership is decided there", _OWN),
        (
            group.assignable,
            "can have roles of the directory (isAssignableToRole), with which access could be kept",
            _OWN,
        ),
    )
    return [(what, remedy) for there, what, remedy in checks if there]


def audit(what: Audit) -> str:
    """``2026-11-24T03:05:00Z Add application (failure)``."""
    result = "" if (what.result or "success") == "success" else f" ({what.result})"
    return line(f"{what.at} {what.what or 'something'}{result}")


def sign_in(what: SignIn) -> str:
    """``2026-11-24T03:05:00Z signed in to Azure Portal``."""
    return line(f"{what.at} signed in to {what.app or 'something'}")


def is_made(what: Audit) -> bool:
    """Whether something is there afterwards that was not there before."""
    return (what.what or "").startswith(_MAKES) and (what.result or "success") == "success"


def by_hand(subject: str, group: str, key: str | None, *, pim: bool) -> str:
    """In the portal, and on the command line; and how to see that it is done."""
    person = f"--member-id $(az ad user show --id {quote(subject)} --query id -o tsv)"
    named = f"--group {quote(key or group)} {person}"
    way = (
        f"Identity Governance > Privileged Identity Management > Groups > {group} > Assignments > Active: remove it."
        if pim
        else f"az ad group member remove {named}"
    )
    return "\n".join(
        [
            f"As an owner of the group {group} ({key or group}), for {subject}:",
            way,
            f"Users > {subject} > Revoke sessions.",
            f"It is gone when this says false: az ad group member check {named}",
        ]
    )
