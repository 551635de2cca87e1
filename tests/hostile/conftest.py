"""A house whose one target is a vendor that is reached over HTTP and has bad days."""

from collections.abc import Callable, Iterator

import pytest

from tests.hostile.plain import KINDS, SETTINGS_LINE
from tests.hostile.vendor import GROUP, TOKEN, Vendor, vendor
from tests.house import ORDERS_DB, SETTINGS, TestHouse
from tests.slackdriver import Slack

VENDOR_SETTINGS = SETTINGS.partition("  orders-db:")[0] + f"  {SETTINGS_LINE}\n"
VENDOR_POLICY = ORDERS_DB.replace(
    '{connector: orders-db, role: incident_writer, use: "psql orders"}',
    f"{{connector: vendor, group: {GROUP}}}",
)


def env_of(shop: Vendor) -> dict[str, str]:
    return {"VENDOR_URL": shop.url, "VENDOR_TOKEN": TOKEN}


@pytest.fixture
def shop(slack_workspace: Slack) -> Iterator[Vendor]:
    """The vendor, whose clock is the house's; whatever it was asked fits its contract."""
    with vendor() as serving:
        serving.now = slack_workspace.sandbox.clock.now
        yield serving
        assert serving.complaints == []


@pytest.fixture
def patience() -> float:
    """Seconds that a call of the vendor may take; a module in which it hangs on purpose has less."""
    return 10.0


@pytest.fixture
def vendor_house(build: Callable[..., TestHouse], shop: Vendor, patience: float) -> TestHouse:
    """As ``house``, with access at the vendor."""
    settings = VENDOR_SETTINGS.replace("kind: plain,", f"kind: plain, seconds: {patience},")
    return build(settings, env_of(shop), KINDS, orders_db=VENDOR_POLICY)
