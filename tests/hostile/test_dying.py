"""H34 to H36: processes that die between any two effects, two of everything, a database that was restored."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.store.tables import LedgerEntry
from app.targets import Guarded
from tests.hostile.forging import LINE
from tests.hostile.test_vendor_faults import asks, passes, state
from tests.hostile.vendor import Vendor
from tests.house import EACH, TestHouse
from tests.serving import together

GIVING = ("resolve", "read", "grant")
TAKING = ("revoke", "read", "sessions", "left_behind")


def dies(house: TestHouse, monkeypatch: pytest.MonkeyPatch, call: str, *, after: bool) -> None:
    """The process that makes this call dies, before or after the target did what was asked; only that once."""
    guarded = house.house.targets.connector("vendor")
    assert isinstance(guarded, Guarded)
    does = getattr(guarded.inner, call)

    def dying(*given: Any) -> None:
        monkeypatch.undo()
        if after:
            does(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(guarded.inner, call, dying)


def test_h34_dying_around_any_call_while_giving_leaves_one_grant_and_its_end(
    vendor_house: TestHouse, shop: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call in GIVING:
        for after in (False, True):
            shop.history.clear()
            dies(vendor_house, monkeypatch, call, after=after)
            with pytest.raises(KeyboardInterrupt):
                asks(vendor_house)
            passes(vendor_house, 5)
            assert (state(vendor_house), shop.members()) == ("active", {"ada": "bot"}), (call, after)
            assert len(shop.history) == 1, f"{call}: given twice"
            passes(vendor_house, 1800)
            assert (state(vendor_house), shop.members()) == ("revoked", {}), (call, after)
            passes(vendor_house, 600)
    assert vendor_house.ledger_is_clean()


def test_h34_dying_around_any_call_while_taking_leaves_it_owed(
    vendor_house: TestHouse, shop: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call in TAKING:
        for after in (False, True):
            asks(vendor_house)
            assert state(vendor_house) == "active"
            dies(vendor_house, monkeypatch, call, after=after)
            with pytest.raises(KeyboardInterrupt):
                passes(vendor_house, 1800)
            assert state(vendor_house) == "revoking", (call, after)
            passes(vendor_house, 5)
            assert (state(vendor_house), shop.members()) == ("revoked", {}), (call, after)
            passes(vendor_house, 600)
    assert vendor_house.ledger_is_clean()


@EACH
def test_h35_two_workers_on_one_end_take_it_back_once(build: Callable[..., TestHouse]) -> None:
    one, other = build(), build()
    other.asks("ada", LINE)
    one.clock.advance(minutes=30)
    together(lambda: one.work(notices=False), lambda: other.work(notices=False))
    one.later(seconds=1)
    assert one.latest()["state"] == "revoked"
    assert not one.target.can_write("ada")
    assert len(one.rows(LedgerEntry, LedgerEntry.action == "GrantRevoked")) == 1
    assert one.ledger_is_clean()


@pytest.mark.parametrize("ask", ["deciding", "pending", "granting", "active"])
def test_h36_from_an_older_back_up_nothing_is_given_again(
    house: TestHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    """What was given after the back-up is over by then; the database knows only that somebody asked."""
    if ask == "granting":
        guarded = house.house.targets.connector("orders-db")
        assert isinstance(guarded, Guarded)
        monkeypatch.setattr(guarded.inner, "grant", interrupt)
        with pytest.raises(KeyboardInterrupt):
            house.asks("ada", LINE)
        monkeypatch.undo()
    elif ask == "deciding":
        house.person("ada").commands(f"/breakglass {LINE}")
    else:
        house.asks("alan" if ask == "pending" else "ada", LINE)
    assert house.latest()["state"] == ask
    kept = back_up(house, tmp_path / "kept")
    house.later(seconds=5)
    if ask == "pending":
        house.presses("grace", "approve")
    assert house.latest()["state"] == "active"
    house.later(minutes=40)
    assert house.latest()["state"] == "revoked"
    restore(house, kept)
    assert house.latest()["state"] == ask
    house.work()
    for _ in range(3):
        house.later(minutes=1)
    assert house.latest()["state"] in {"refused", "timed_out", "failed", "revoked"}
    assert house.target.members() == set()
    assert house.ledger_is_clean()


def interrupt(*_given: object) -> None:
    raise KeyboardInterrupt


def _file(house: TestHouse) -> Path:
    return Path(str(house.house.engine.url.database))


def back_up(house: TestHouse, place: Path) -> Path:
    house.house.engine.dispose()
    place.mkdir()
    for file in _file(house).parent.glob(f"{_file(house).name}*"):
        shutil.copyfile(file, place / file.name)
    return place


def restore(house: TestHouse, place: Path) -> None:
    house.house.engine.dispose()
    for file in _file(house).parent.glob(f"{_file(house).name}*"):
        file.unlink()
    for file in place.iterdir():
        shutil.copyfile(file, _file(house).parent / file.name)
