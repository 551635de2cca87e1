"""Active Directory's members with an end: values ``<TTL=seconds,DN>``, which the directory itself takes out."""

import math
from datetime import datetime

from app.errors import ConnectorError
from connectors.access.ldap_groups import members
from connectors.access.ldap_link import Session
from connectors.access.ldap_people import is_same, moment
from connectors.access.ldap_wire import Answer, Entry

_FEATURE = (
    "CN=Privileged Access Management Feature,CN=Optional Features,CN=Directory Service,"
    "CN=Windows NT,CN=Services,"
)
SWITCH_ON = (
    "Enable-ADOptionalFeature 'Privileged Access Management Feature' "
    "-Scope ForestOrConfigurationSet -Target FOREST"
)


def lacking(db: Session) -> str | None:
    """Why this directory cannot end a membership, or None."""
    if not db.is_active_directory:
        return "only Active Directory ends a membership by itself (`ends: directory`)"
    feature = db.look(_FEATURE + db.root.text("configurationNamingContext"), ["msDS-EnabledFeatureBL"])
    if feature is None or not feature.texts("msDS-EnabledFeatureBL"):
        return "the forest's Privileged Access Management Feature is off, without which no membership ends by itself"
    return None


def lend(db: Session, group: Entry, attribute: str, dn: str, ends_at: datetime) -> Answer:
    """Membership until then, or until then instead of what we said before; one without an end is left alone.

    Counted from the directory's own clock, which is the one that ends it. The old value goes and the new one comes
    in one change, so that there is no moment without.
    """
    if why := lacking(db):
        raise ConnectorError(why, permanent=True)
    now = moment(db.clock())
    if now is None:
        message = "the directory does not tell its time, from which the end would be counted"
        raise ConnectorError(message, permanent=True)
    seconds = math.ceil((ends_at - now).total_seconds())
    if seconds <= 0:
        message = "the end is past by the directory's clock"
        raise ConnectorError(message, permanent=True)
    there = [value for value in members(db, group, with_ends=True) if is_same(without_end(value), dn)]
    if there and not there[0].startswith("<TTL="):
        return Answer(0)
    return db.change(group.dn, attribute, delete=[dn] if there else [], add=[f"<TTL={seconds},{dn}>"])


def without_end(value: str) -> str:
    """The DN of such a value, and of any other."""
    return value.partition(",")[2].removesuffix(">") if value.startswith("<TTL=") else value
