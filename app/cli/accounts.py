"""``people check``: found out before anybody is woken who could not be given what they may ask for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from app.clock import SystemClock
from app.doctor import Diagnosis, Finding
from app.errors import ConnectorError, Problem, Refused, Unavailable
from app.model import Email
from app.people import our_teams, unfit
from app.policy import Policy, PolicyFolder, people_of, subject_name, who_can
from app.store.tables import PersonRow
from app.targets import ConnectorRack
from app.wiring import House
from connectors.interface import NoSubject

__all__ = ["Diagnosis", "examine"]

Needed = Mapping[str, frozenset[Email]]


def examine(
    house: House, folder: PolicyFolder, env: Mapping[str, str], rows: Sequence[PersonRow]
) -> Iterator[Finding]:
    """Every problem: bindings that wait, people whom Slack does not know, accounts that are not there."""
    yield from _bindings(rows)
    if house.settings.bot_token is not None:
        yield from _in_slack(house, folder)
    bound = {Email(row.email) for row in rows if row.email and not row.frozen_at}
    yield from _at_targets(folder, env, needed(house, folder, bound, house.clock.now()))


def _bindings(rows: Iterable[PersonRow]) -> Iterator[Finding]:
    for row in rows:
        remedy = f"breakglass people accept {row.id}"
        if row.proposed_email:
            what = f"bound to {row.email or 'no address'}, and Slack now says {row.proposed_email}"
            yield Finding(Problem(row.id, what, remedy))
        if row.frozen_at:
            yield Finding(Problem(row.id, f"{row.email or 'this account'} was frozen with “Not me”", remedy))


def _in_slack(house: House, folder: PolicyFolder) -> Iterator[Finding]:
    """Everybody whom the folder names has to be reachable there."""
    for email in sorted(people_of(folder)):
        try:
            teams = our_teams(folder.settings, house.directory)
            profile = house.directory.by_email(email)
        except Unavailable as silence:
            yield Finding(Problem("Slack", str(silence), "try again in a minute"), unreachable=True)
            return
        if why := unfit(profile, teams):
            what = f"the Slack account {why}"
            yield Finding(Problem(email, what, "mend the address in Slack, or in the policies"))


def needed(house: House, folder: PolicyFolder, bound: Iterable[Email], at: datetime) -> Needed:
    """Who may ask for something at which connector, as far as is known now."""
    found: dict[str, set[Email]] = {}
    for policy in folder.policies.values():
        who = _may_ask(house, folder, policy, bound, at)
        for entry in policy.access:
            found.setdefault(entry.access.connector, set()).update(who)
    return {connector: frozenset(emails) for connector, emails in found.items()}


def _may_ask(
    house: House, folder: PolicyFolder, policy: Policy, bound: Iterable[Email], at: datetime
) -> set[Email]:
    facts = house.desk.facts.of_policy(folder, policy, at)
    answers = who_can(policy, folder.settings, facts, at, bound)
    return {*answers["grant"], *answers["approve"]}


def _at_targets(folder: PolicyFolder, env: Mapping[str, str], wanted: Needed) -> Iterator[Finding]:
    rack = ConnectorRack(lambda: folder, env, SystemClock().latest)
    try:
        for connector, emails in sorted(wanted.items()):
            yield from _at(rack, folder, connector, sorted(emails))
    finally:
        rack.close()


def _at(
    rack: ConnectorRack, folder: PolicyFolder, connector: str, emails: Sequence[Email]
) -> Iterator[Finding]:
    """One connector. The first fault of the target itself is told once, not for everybody."""
    owners: dict[str, Email] = {}
    for email in emails:
        where = f"{email} at {connector}"
        try:
            name = subject_name(folder.settings, connector, email)
            found = rack.connector(connector).resolve(name)
        except Refused as refusal:
            yield Finding(
                Problem(where, str(refusal), "name the domain in `domains`, or the account in `identities`")
            )
            continue
        except ConnectorError as error:
            unreachable = not error.permanent
            yield Finding(Problem(connector, str(error), f"breakglass connectors {connector}"), unreachable)
            return
        if isinstance(found, NoSubject):
            yield Finding(Problem(where, found.sentence, "add the account, or name another in `identities`"))
        elif (other := owners.setdefault(found.name.casefold(), email)) != email:
            what = f"the account {found.name} is that of {other} as well"
            yield Finding(Problem(where, what, "name one account for each person in `identities`"))
