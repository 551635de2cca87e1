"""Three vendors in one policy, from the command in Slack to the words at the end, each read back at its stand-in."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.connectors import test_okta as okta
from tests.connectors import test_scim as scim
from tests.connectors import test_webhook as webhook
from tests.farside import Asked, Fault, does_and_breaks_off, http, serving
from tests.house import ORDERS_DB, SETTINGS, TestHouse
from tests.sources.published import Published, published, published_by

CONNECTORS = f"""
  okta: {{kind: okta, url: "${{OKTA_URL}}", client_id: {okta.CLIENT}, key_id: {okta.KID}, private_key: "${{OKTA_KEY}}",
          groups: {{admins: {okta.GROUP}}}}}
  billing: {{kind: webhook, url: "${{HOOK_URL}}", secret: "${{HOOK_SECRET}}", subject: "{{local}}",
             actions: [{", ".join(webhook.ALL)}]}}
  wiki: {{kind: scim, url: "${{SCIM_URL}}", token: "${{SCIM_TOKEN}}"}}
"""
PAYROLL = ORDERS_DB.replace(
    '  - {connector: orders-db, role: incident_writer, use: "psql orders"}',
    "  - {connector: okta, group: admins}\n  - {connector: billing, target: refunds}\n"
    "  - {connector: wiki, group: Incident writers}",
)


@dataclass
class Vendors:
    """The three stand-ins."""

    company: okta.Company
    receiver: webhook.Receiver
    wiki: scim.Wiki
    okta: Published
    scim: Published

    def who(self) -> tuple[set[str], set[str], list[str]]:
        """Who has it at each, by the names that it keeps."""
        return self.company.members, {who for who, _ in self.receiver.ours}, self.wiki.members["g1"]


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    known = {"authorization": f"Bearer {scim.TOKEN}"}
    with (
        published("okta.yaml", {"authorization": f"Bearer {okta.TOKEN}"}) as far_okta,
        published_by(scim.Server, "scim2.yaml", known) as far_scim,
        serving(webhook.Receiver) as receiver,
    ):
        company, wiki = okta.company_at(far_okta), scim.a_wiki()
        far_scim.put = wiki.put
        with far_okta.in_use(company.routes(), company.beside()), far_scim.in_use(wiki.handlers()):
            yield Vendors(company, receiver, wiki, far_okta, far_scim)
        assert receiver.complaints == []


@pytest.fixture
def house(build: Callable[..., TestHouse], vendors: Vendors) -> TestHouse:
    env = {"OKTA_URL": vendors.okta.url, "OKTA_KEY": okta.PEM, "HOOK_SECRET": webhook.SECRET}
    env |= {"HOOK_URL": vendors.receiver.url + webhook.PATH, "SCIM_URL": f"{vendors.scim.url}/scim/v2"}
    env |= {"SCIM_TOKEN": scim.TOKEN}
    return build(SETTINGS.partition("  orders-db:")[0].rstrip() + CONNECTORS, env, payroll=PAYROLL)


def sessions(answer: Callable[[Asked], bytes]) -> Fault:
    """What the receiver says when it is told to end them; to all else what it says on other days."""
    return lambda asked, honest: answer(asked) if json.loads(asked.body)["action"] == "sessions" else honest()


@contextmanager
def ticking(house: TestHouse) -> Iterator[None]:
    """Time goes on while it works: vendors take so many calls a second, by the house's own clock."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(0.01):
            house.clock.advance(seconds=0.2)

    clock = threading.Thread(target=tick)
    clock.start()
    try:
        yield
    finally:
        over.set()
        clock.join()


def works(house: TestHouse, **later: float) -> None:
    house.clock.advance(**later)
    with ticking(house):
        house.work()


def test_what_one_yes_gives_at_three_vendors_is_gone_at_each_in_the_end(
    house: TestHouse, vendors: Vendors
) -> None:
    alan = house.person("alan")
    alan.commands("/breakglass")
    works(house)
    form = alan.form().fill(policy="payroll", reason="INC-1 refunds fail")
    works(house)
    soon, later = "Usually there within a second", "Usually there in about 5 s"
    for line in (
        f"okta: admins, on your account alan@example.com (found). {soon}; taken back by breakglass.",
        f"billing: refunds, on your account alan (found). {soon}; taken back by breakglass.",
        f"wiki: Incident writers, on your account alan@example.com (found). {later}; taken back by breakglass.",
    ):
        assert line in form.plain()
    form.submit()
    works(house)
    assert (house.latest()["state"], vendors.who()) == ("pending", (set(), set(), []))

    vendors.okta.on(
        "PUT", does_and_breaks_off, times=1
    )  # and what it would have said has to be asked for again
    with ticking(house):
        house.presses("grace", "approve")
    works(house, seconds=3)
    assert (house.latest()["state"], vendors.who()) == ("active", ({okta.ALAN}, {"alan"}, ["u2"]))
    card = house.slack.channel("C0SECURITY").cards()[-1]
    assert (
        f"billing: {soon}; taken back by breakglass. wiki: {later}; taken back by breakglass." in card.plain()
    )
    assert card.plain().count(", active") == 3

    vendors.company.users[1]["profile"]["login"] = "turing@example.com"
    vendors.company.users.append(okta.user("00u3mallory000000000", "alan@example.com"))
    vendors.company.members.add("00u3mallory000000000")
    vendors.receiver.on("POST", sessions(lambda _asked: http(500)))
    works(house, minutes=30)
    assert (house.latest()["state"], vendors.who()) == ("revoked", ({"00u3mallory000000000"}, set(), []))
    assert vendors.company.signed_out == [okta.ALAN]
    unknown = "Whether sessions opened before may still use it is not known:"
    ended = alan.dm()[0].plain()
    assert f"{unknown} Okta's own sessions and tokens were ended; sessions that applications keep" in ended
    assert f"{unknown} billing failed (HTTP 500)" in ended
    assert f"{unknown} SCIM does not tell" in ended

    vendors.receiver.well()
    vendors.receiver.on("POST", sessions(lambda asked: webhook.signed(asked, 200, {"state": "ended"})))
    works(house, seconds=40)
    (mended,) = [line for line in alan.dm()[0].plain().splitlines() if line.startswith("billing: Gone")]
    assert mended == "billing: Gone: taken back and checked at the target"
    assert "Open sessions were ended." in alan.dm()[0].plain()
    assert card.again().plain().count("not there any more") == 3
    assert house.ledger_is_clean()
