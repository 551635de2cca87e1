"""What CloudTrail has of a person, as far as it is asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.errors import ConnectorError
from connectors.access.aws_calls import Aws
from connectors.access.aws_faults import DENIED, is_code
from connectors.interface import Activity

_EVENTS = 50
"""One page: CloudTrail answers two of them a second."""


def looked_up(aws: Aws, name: str, start: datetime, end: datetime, unseen: str) -> Activity:
    """The events under that user name in one Region; ``unseen``: what the caller knows of the rest."""
    whose = {"AttributeKey": "Username", "AttributeValue": name}
    span: dict[str, Any] = {"StartTime": start, "EndTime": end, "MaxResults": _EVENTS}
    try:
        answer = aws.call("cloudtrail", "LookupEvents", LookupAttributes=[whose], **span)
    except ConnectorError as error:
        if not is_code(error, DENIED):
            raise
        return Activity((), f"The bot may not look (allow cloudtrail:LookupEvents). {unseen}")
    more = f" Only the last {_EVENTS} are shown." if answer.get("NextToken") else ""
    return Activity([_line(event) for event in aws.part(answer, "Events", list)], unseen + more)


def _line(event: Mapping[str, Any]) -> str:
    at = event.get("EventTime")
    when = f"{at:%Y-%m-%d %H:%M:%S %Z}" if isinstance(at, datetime) else "at a time that is not told"
    return f"{when} {event.get('EventName')} ({event.get('EventSource')})"
