"""H57: what vendors say is shown as theirs, and keeps nothing from being written down, on either database."""

from tests.farside import http
from tests.hostile.test_vendor_faults import asks, passes, state
from tests.hostile.vendor import Vendor
from tests.house import TestHouse


def test_h57_what_no_database_takes_keeps_no_revocation_from_being_written_down(
    vendor_house: TestHouse, shop: Vendor
) -> None:
    ugly = "hr \0 \ud800 <!channel>"
    shop.on("PUT", lambda _asked, honest: (honest(), http(201, {"state": ugly}))[1], times=1)
    asks(vendor_house)
    assert state(vendor_house) == "active"
    shop.history.clear()
    shop.change("ada", ugly)
    passes(vendor_house, 1800)
    grant = vendor_house.latest()["grants"][0]
    assert grant["state"] == "left"
    assert grant["left_because"].startswith("other:given by hr")
    vendor_house.deliver()
    assert vendor_house.ledger_is_clean()
    assert "<!channel>" not in str([message.text for message in vendor_house.person("ada").dm()])
