"""Who is in a group is a reference, and taking one away is the only deletion that this connector knows.

``DELETE /groups/{group}/members/{person}/$ref`` takes a person out of a group. The same path without its last
segment deletes the person's account, and ``/groups/{group}`` the group. So the path is made here and nowhere else, of
two ids that can be nothing but ids.
"""

import re

from app.errors import ConnectorError
from connectors.access.entra_settings import GUID
from connectors.http import Answer, Http

_REF = "$ref"


def member_ref(group: str, person: str) -> str:
    """The path of one membership. Raises ``ConnectorError`` for anything that is no object's id."""
    if not (re.fullmatch(GUID, group) and re.fullmatch(GUID, person)):
        message = "what is no object's id is not put into the path of a deletion"
        raise ConnectorError(message, permanent=True)
    return f"/v1.0/groups/{group}/members/{person}/{_REF}"


def take_out(api: Http, group: str, person: str) -> None:
    """End that membership; one that is not there is ended."""
    api.call("DELETE", member_ref(group, person), accept=(200, 204, 404))


def put_in(api: Http, url: str, group: str, person: str) -> Answer:
    """Begin it: 204, or 400 where it was there already (and for other reasons)."""
    member_ref(group, person)  # the same two ids, nothing else
    reference = {"@odata.id": f"{url.rstrip('/')}/v1.0/directoryObjects/{person}"}
    return api.call("POST", f"/v1.0/groups/{group}/members/{_REF}", body=reference, accept=(200, 204, 400))
