"""Files and folders that cannot be trusted."""

import os
from pathlib import Path

import pytest

from app.policy.yaml_text import MAX_BYTES
from tests.policy.folders import Folder


@pytest.fixture
def link_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


def test_a_file_that_everybody_may_write_is_refused(folder: Folder) -> None:
    (folder.path / "orders.yaml").chmod(0o666)
    assert folder.faults() == [
        (
            "orders.yaml:1:1: `orders.yaml` can be written by everybody on this machine; "
            "chmod o-w: whoever writes here decides who may break the glass"
        )
    ]


def test_a_folder_that_everybody_may_write_is_refused(folder: Folder) -> None:
    folder.path.chmod(0o777)
    assert ["the folder can be written by everybody" in fault for fault in folder.faults()] == [True]


def test_an_inner_folder_that_everybody_may_write_is_refused(folder: Folder) -> None:
    (folder.path / "rota").chmod(0o777)
    assert any("the folder `rota` can be written by everybody" in fault for fault in folder.faults())


def test_a_link_that_leaves_the_folder_is_refused(folder: Folder, link_target: Path) -> None:
    outside = link_target / "orders.yaml"
    outside.write_text((folder.path / "orders.yaml").read_text())
    (folder.path / "orders.yaml").unlink()
    (folder.path / "orders.yaml").symlink_to(outside)
    assert folder.faults() == [
        "orders.yaml:1:1: `orders.yaml` is a link that leaves the folder; put the file itself here"
    ]


def test_a_link_to_a_secret_never_shows_it(folder: Folder) -> None:
    (folder.path / "rota/dba.ics").unlink()
    (folder.path / "rota/dba.ics").symlink_to("/etc/passwd")
    assert folder.faults()
    assert not any("root:" in fault for fault in folder.faults())


def test_a_link_within_the_folder_is_followed(folder: Folder) -> None:
    (folder.path / "orders.yaml").rename(folder.path / "data")
    (folder.path / "orders.yaml").symlink_to("data")
    assert folder.faults() == []


def test_the_folder_itself_may_be_a_link(folder: Folder, link_target: Path) -> None:
    link = link_target / "policies"
    link.symlink_to(folder.path)
    folder.path = link
    assert folder.faults() == []


def test_links_in_a_circle_and_to_nowhere_are_faults(folder: Folder) -> None:
    (folder.path / "a.yaml").symlink_to("b.yaml")
    (folder.path / "b.yaml").symlink_to("a.yaml")
    (folder.path / "c.yaml").symlink_to("gone")
    found = folder.faults()
    assert [fault.partition(":")[0] for fault in found] == ["a.yaml", "b.yaml", "c.yaml"]
    assert all("there is no file" in fault for fault in found)


def test_a_pipe_does_not_hold_up_the_loader(folder: Folder) -> None:
    os.mkfifo(folder.path / "pipe.yaml", 0o644)
    assert folder.faults() == ["pipe.yaml:1:1: `pipe.yaml` is not a regular file; put a file here"]


def test_a_folder_named_like_a_policy_is_a_fault(folder: Folder) -> None:
    (folder.path / "dir.yaml").mkdir(mode=0o755)
    assert folder.faults() == ["dir.yaml:1:1: `dir.yaml` is not a regular file; put a file here"]


def test_a_socket_cannot_be_read(folder: Folder) -> None:
    os.mknod(folder.path / "socket.yaml", 0o140644)
    assert folder.faults() == ["socket.yaml:1:1: `socket.yaml` cannot be read; check its rights"]


def test_more_than_a_mebibyte_is_never_read(folder: Folder) -> None:
    folder.write("big.yaml", b"#" * (MAX_BYTES + 1))
    assert folder.faults() == ["big.yaml:1:1: `big.yaml` is larger than 1 MiB; a policy needs a few kB"]


def test_what_is_not_utf8_is_named_with_its_byte(folder: Folder) -> None:
    folder.write("latin.yaml", "title: Größe".encode("latin-1"))
    assert folder.faults() == ["latin.yaml:1:1: `latin.yaml` is not UTF-8 (byte 10); save it as UTF-8"]


def test_settings_that_are_not_there_are_a_fault(folder: Folder) -> None:
    (folder.path / "settings.yaml").unlink()
    assert any("there is no file `settings.yaml`" in fault for fault in folder.faults())
