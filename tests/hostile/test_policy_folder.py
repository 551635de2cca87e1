"""H43, and the policy folder as a weapon: what somebody who may merge a policy reaches for beyond policies."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.conftest import VENDOR_POLICY, VENDOR_SETTINGS
from tests.hostile.forging import LINE, rewrite
from tests.hostile.plain import KINDS
from tests.hostile.vendor import TOKEN, Vendor
from tests.house import ORDERS_DB, SETTINGS, TestHouse
from tests.policy.folders import Folder
from tests.slackdriver import BOT_TOKEN, SIGNING_SECRET

SECRET = "hunter2-hunter2"
postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# --- what belongs to the service -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "DATABASE_URL"])
def test_a_policy_cannot_say_what_the_service_holds(build: Callable[..., TestHouse], name: str) -> None:
    """Inside a longer text it is text; alone, a fault."""
    house = build(orders_db=ORDERS_DB.replace("Orders database, write", f"It is ${{{name}}} here"))
    house.asks("ada", LINE)
    told = house.told("ada") + str([m.plain() for m in house.slack.channel("C0SECURITY").messages()])
    assert f"${{{name}}}" in told
    assert BOT_TOKEN not in told
    assert SIGNING_SECRET not in told
    rewrite(house, orders_db=ORDERS_DB.replace("Orders database, write", f'"${{{name}}}"'))
    assert ["would not be filled in here" in str(fault) for fault in house.house.shelf.faults] == [True]


@pytest.mark.parametrize("key", ["identities", "severities"])
def test_what_people_are_shown_is_never_filled_in_from_the_environment(folder: Folder, key: str) -> None:
    """An account's name is said to whoever asks: a connector's own secret must not come out as one."""
    value = {
        "identities": '{ada@example.com: {orders-db: "${ORDERS_DB_DSN}"}}',
        "severities": '["${ORDERS_DB_DSN}"]',
    }
    folder.settings(**{key: value[key]})
    found = folder.faults({"ORDERS_DB_DSN": SECRET})
    assert any("`${ORDERS_DB_DSN}` would be shown to people here" in fault for fault in found)
    assert SECRET not in str(found)


# --- places it must not lead to --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inside",
    [
        "https://169.254.169.254/latest",
        "https://[fd00:ec2::254]",
        "https://[::ffff:169.254.169.254]",
        "https://168.63.129.16",
        "https://10.0.0.1",
        "https://[::1]:{port}@169.254.169.254",
        "http://169.254.169.254",
        "http://127.0.0.1.nip.io:{port}",
        "file:///etc/passwd",
        "https://user:pass@localhost:{port}",
    ],
)
def test_h43_h51_an_inside_address_is_not_called_and_gives_nothing(
    build: Callable[..., TestHouse], shop: Vendor, inside: str
) -> None:
    env = {"VENDOR_URL": inside.replace("{port}", str(shop.port)), "VENDOR_TOKEN": TOKEN}
    house = build(VENDOR_SETTINGS, env, KINDS, orders_db=VENDOR_POLICY)
    house.asks("ada", LINE)
    assert house.latest()["state"] == "deciding"
    house.later(minutes=2)
    assert house.latest()["state"] == "refused"
    assert shop.asked == []
    assert "vendor" in house.told("ada")
    assert TOKEN not in house.told("ada")


@postgresql
def test_the_services_own_database_is_no_target_however_it_is_spelled(
    build: Callable[..., TestHouse], database: str
) -> None:
    own = database.replace("postgresql+psycopg://postgres@", "postgresql://bot@")
    assert own != database
    settings = SETTINGS.replace("${ORDERS_DB_DSN}", "${SPELLED}")
    house = build(settings, {"SPELLED": f"{own}&application_name=innocent"})
    house.asks("ada", LINE)
    assert house.latest()["state"] == "refused"
    assert "keeps its own records" in house.told("ada")
    problems = house.house.targets.connector("orders-db").check([{"role": "incident_writer"}])
    assert any("keeps its own records" in problem.what for problem in problems)


@pytest.mark.parametrize(
    "name",
    [
        "../rota.ics",
        "/etc/hosts",
        "rota/../../x.ics",
        "~/x.ics",
        "rota//x.ics",
        "./x.ics",
        "C:x.ics",
        "rota/.x",
    ],
)
def test_h43_a_file_outside_the_folder_is_never_opened(folder: Folder, name: str) -> None:
    folder.settings(schedules=f"{{dba: {{source: calendar, file: '{name}'}}}}")
    assert any("is not a path inside this folder" in fault for fault in folder.faults())


def test_h43_links_to_devices_folders_and_files_outside_are_faults(
    folder: Folder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "dba.ics").write_text(f"BEGIN:VCALENDAR\n{SECRET}\n")
    (folder.path / "zero.yaml").symlink_to("/dev/zero")
    (folder.path / "input.yaml").symlink_to("/dev/stdin")
    (folder.path / "memory.yaml").symlink_to("/proc/self/environ")
    (folder.path / "rota" / "dba.ics").unlink()
    (folder.path / "rota").rmdir()
    (folder.path / "rota").symlink_to(outside)
    found = folder.faults()
    assert {fault.partition(":")[0] for fault in found} == {
        "input.yaml",
        "memory.yaml",
        "settings.yaml",
        "zero.yaml",
    }
    assert all("is a link that leaves the folder" in fault for fault in found)
    assert SECRET not in str(found)


def test_h43_a_device_in_the_folder_is_not_read(folder: Folder) -> None:
    try:
        os.mknod(folder.path / "zero.yaml", 0o020644, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes devices")
    (fault,) = folder.faults()
    assert "zero.yaml" in fault


# --- more than anybody writes ----------------------------------------------------------------------------------


def test_thousands_of_files_are_no_policies(folder: Folder) -> None:
    for number in range(2_000):
        (folder.path / f"p{number}.yaml").touch()
    (fault,) = folder.faults()
    assert "more than 2000 policies" in fault


def test_files_that_are_huge_together_are_not_all_read(folder: Folder) -> None:
    for number in range(33):
        folder.write(f"p{number}.yaml", b"@" * 1_048_576)
    assert any("together larger than 32 MiB" in fault for fault in folder.faults())


# --- names that look alike -------------------------------------------------------------------------------------


def test_names_that_differ_only_in_case_are_a_fault(folder: Folder) -> None:
    folder.settings(
        groups="{sre: {slack: S0SRE}, engineering: {slack: S0ENG}, leads: {members: [grace@example.com]}, "
        "Leads: {members: [mallory@example.com]}, security: {members: [eve@example.com]}}"
    )
    assert any("`Leads` and `leads` differ only in case" in fault for fault in folder.faults())


@pytest.mark.parametrize(
    "stem", ["Orders", "orders\N{ZERO WIDTH SPACE}", "\N{CYRILLIC SMALL LETTER O}rders", "ｏrders"]
)
def test_a_file_whose_name_looks_like_another_policys_is_a_fault(folder: Folder, stem: str) -> None:
    folder.write(f"{stem}.yaml", (folder.path / "orders.yaml").read_bytes())
    assert any("cannot be a policy's id" in fault for fault in folder.faults())


@pytest.mark.parametrize("name", ["le\N{CYRILLIC SMALL LETTER A}ds", "leads\N{ZERO WIDTH JOINER}", "ｌeads"])
def test_a_group_whose_name_looks_like_anothers_is_a_fault(folder: Folder, name: str) -> None:
    folder.settings(
        groups=f"{{leads: {{members: [grace@example.com]}}, '{name}': {{members: [mallory@example.com]}}}}"
    )
    assert any("is not a name" in fault for fault in folder.faults())


# --- a change that would not be seen ---------------------------------------------------------------------------


ROTA = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\nEND:VCALENDAR\n"


@pytest.mark.parametrize("hide", ["a link to nowhere", "a circle", "a repository"])
def test_h43_nothing_in_the_folder_hides_a_later_change(
    build: Callable[..., TestHouse], tmp_path: Path, hide: str
) -> None:
    """An editor's lock is a link to nowhere, and a checkout has thousands of files of its own."""
    rota = tmp_path / "policies" / "rota" / "late.ics"
    rota.parent.mkdir(parents=True, mode=0o755)
    rota.write_text(ROTA)
    house = build(
        SETTINGS.replace("schedules:", "schedules:\n  late: {source: calendar, file: rota/late.ics}")
    )
    if hide == "a link to nowhere":
        (house.policies / ".#orders-db.yaml").symlink_to("ada@laptop.1234:1")
    elif hide == "a circle":
        (house.policies / "circle").symlink_to("circle")
    else:
        (house.policies / ".git").mkdir()
        for number in range(5_000):
            (house.policies / ".git" / f"object{number}").touch()
    house.house.shelf.reload()
    rota.write_text(ROTA.replace("test", "changed"))
    house.house.shelf.reload()
    assert "changed" in house.house.shelf.current().files["rota/late.ics"]
