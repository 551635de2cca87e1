"""What is said of Okta's accounts, groups, events and rights."""

from collections.abc import Collection, Sequence

from connectors.access.okta_shapes import Event, Group, User
from connectors.answers import line

NAME_IT = "write its name and its id (00g…) under the connector's `groups`, and that name in the policy"
UNPROVEN = (
    "that our administrator role covers these groups, and lets us change their members, could not be proven",
    "let its resource set hold them, with the permission okta.groups.members.manage, and try it with a canary",
)
UNSEEN = "What was done inside of applications; the system log is some minutes behind, and tells of the last 90 days."
LASTING: Sequence[str] = (
    "system.api_token.create",
    "user.mfa.factor.activate",
    "user.lifecycle.create",
    "user.account.privilege.grant",
    "group.lifecycle.create",
    "group.privilege.grant",
    "group.user_membership.add",
    "application.lifecycle.create",
    "app.oauth2.as.consent.grant",
    "app.oauth2.client.lifecycle.create",
)
"""Types of events after which something is there that was not there before."""
_STATUS = {
    "DEPROVISIONED": "is deactivated",
    "SUSPENDED": "is suspended",
    "LOCKED_OUT": "is locked out",
    "STAGED": "was never activated",
    "PROVISIONED": "waits for its owner to activate it",
    "PASSWORD_EXPIRED": "has an expired password",
    "RECOVERY": "is being recovered: its owner sets a new password first",
}
_APP_GROUP = "is filled by an application or a directory (APP_GROUP)"
_OWN_GROUP = "make a group of type OKTA_GROUP for the emergency alone"
_READ_ONLY = "and the role Read-only Administrator"
ROLES = (
    "may not read who has administrator roles",
    "grant the scope okta.roles.read and a role with okta.iam.read, or write `unchecked: [administrators]`",
)


def unfit(user: User) -> str | None:
    """Why that account is no live one."""
    if user.status != "ACTIVE":
        return _STATUS.get(user.status, "is not active")
    return "is being deactivated" if user.becomes == "DEPROVISIONED" else None


def perils(group: Group, rules: Sequence[str], unchecked: Collection[str]) -> Sequence[tuple[str, str]]:
    """What speaks against lending membership in that group, each with what mends it."""
    found = []
    if group.type != "OKTA_GROUP":
        what = _APP_GROUP if group.type == "APP_GROUP" else f"is no group of people's own ({group.type})"
        found.append((what, _OWN_GROUP))
    if rules:
        what = f"is filled by the group rule `{line(rules[0])}`"
        found.append((what, "take it out of the rule, or make a group of its own"))
    if "administrators" not in unchecked:
        found += _administers(group)
    return found


def _administers(group: Group) -> Sequence[tuple[str, str]]:
    stats = group.embedded.stats
    if stats is None:
        return [("does not say whether it has administrator roles", "look at it in Okta, and ask again")]
    if stats.administers:
        return [("has administrator roles, with which access could be kept", "take the roles from the group")]
    return []


def event(what: Event) -> str:
    """One line of the system log: ``2026-11-24T03:10:00.000Z User single sign on to app: Payroll (FAILURE)``."""
    targets = ", ".join(line(each.display or each.other) for each in (what.target or ())[:3])
    result = what.outcome.result if what.outcome else ""
    told = f"{what.published} {what.what or what.type}" + (f": {targets}" if targets else "")
    return line(told + ("" if result in {"", "SUCCESS"} else f" ({result})"))


def by_hand(url: str, subject: str, group: str, key: str | None) -> str:
    """In the console, and how to see that it is done."""
    named = f"{group} ({key})" if key else group
    return "\n".join(
        [
            f"In the Admin Console of {url}, as an administrator of that group:",
            f"Directory > Groups > {named} > People: find {subject}, and remove it.",
            f"Directory > People > {subject} > More Actions > Clear User Sessions, tokens as well.",
            f"It is gone when {subject} > Groups does not list {group}.",
        ]
    )


def readings(unchecked: Collection[str]) -> Sequence[tuple[str, str, str]]:
    """Paths that only read, what is lacking where they are refused, and what mends it."""
    asks = [
        ("/api/v1/users", "may not read accounts", f"grant the scope okta.users.read {_READ_ONLY}"),
        ("/api/v1/groups", "may not read groups", f"grant the scope okta.groups.manage {_READ_ONLY}"),
        (
            "/api/v1/groups/rules",
            "may not read group rules",
            f"grant the scope okta.groups.manage {_READ_ONLY}, or vouch for them with `unchecked: [rules]`",
        ),
        (
            "/api/v1/logs",
            "may not read the system log",
            f"grant the scope okta.logs.read {_READ_ONLY}",
        ),
    ]
    return [ask for ask in asks if not ("rules" in unchecked and ask[0].endswith("/rules"))]
