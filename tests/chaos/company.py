"""What may be asked for while everything dies: short access, of each shape that the desk knows."""

from tests.processes.company import APPROVAL, POLICY, ROLES
from tests.processes.company import SETTINGS as USUAL

STAFF = tuple(f"dev{number:02}" for number in range(60))
STANDING = STAFF[:6]
"""They are writers anyway, by somebody else's hand, and stay it whatever is given and taken."""
SECURITY = ("eve", "frank")
LEADS = ("grace", "heidi")

SETTINGS = USUAL.replace(
    "[ada@example.com,",
    "[ada@example.com, " + "".join(f"{name}@example.com, " for name in STAFF[10:]),
)
_ONE, _TWO = (APPROVAL.replace("10m", "12s").format(count=count) for count in (1, 2))
_LENGTH = "duration: {default: 6s, max: 4h, extend: 5s, extensions: 2}"


def _policy(name: str, role: str, then: str, approval: str) -> str:
    text = POLICY.format(name=name, role=role, then=then) + approval
    return text.replace("duration: {default: 30m, max: 4h}", _LENGTH)


POLICIES = {
    "quick": _policy("at once", ROLES["quick"], "grant", _ONE),
    "calm": _policy("at once, to read", ROLES["calm"], "grant", _ONE),
    "one": _policy("one yes", ROLES["one"], "approve", _ONE),
    "pair": _policy("two yeses", ROLES["pair"], "approve", _TWO),
    "both": _policy("together", ROLES["pair"], "grant", _ONE).replace(
        "access: [", "access: [{connector: orders-db, role: incident_reader}, "
    ),
    "looked": _policy("confirmed", ROLES["quick"], "grant, confirm: {by: [group:leads], within: 4s}", _ONE),
    "never": _policy("nobody", ROLES["quick"], "refuse", _ONE),
}
FAULTY = POLICIES | {"one": POLICIES["one"].replace("count: 1", "count: one")}
EDITED = POLICIES | {"calm": POLICIES["calm"].replace("at once, to read", "at once, to read and no more")}
