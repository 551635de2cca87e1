import subprocess
import sys

import pytest

from app.errors import Misconfigured
from connectors.access.postgres import PostgresConnector
from connectors.interface import Kind
from connectors.registry import kind_class, kinds


def test_a_kind_is_found_by_its_name() -> None:
    assert kind_class("postgres") is PostgresConnector


def test_every_kind_can_be_imported_and_knows_its_name() -> None:
    for name in kinds():
        assert kind_class(name).kind == name


def test_a_misspelt_kind_gets_the_right_one_suggested() -> None:
    with pytest.raises(Misconfigured, match="did you mean `postgres`"):
        kind_class("postgers")


def test_a_kind_of_nothing_gets_all_of_them_named() -> None:
    with pytest.raises(Misconfigured, match=r"known are: .*postgres"):
        kind_class("zzz")


def test_a_package_that_is_not_installed_is_named_with_what_installs_it() -> None:
    registry = {"cloud": Kind("cloud", "no_such_package_here.module:Cloud", extra="cloud")}
    with pytest.raises(Misconfigured, match=r"`no_such_package_here`.*pip install 'breakglass\[cloud\]'"):
        kind_class("cloud", registry)


def test_a_fault_of_ours_is_not_called_a_missing_package() -> None:
    registry = {"cloud": Kind("cloud", "connectors.access.no_such_module:Cloud", extra="cloud")}
    with pytest.raises(ModuleNotFoundError):
        kind_class("cloud", registry)


def test_asking_which_kinds_there_are_imports_none_of_them() -> None:
    program = "import sys, connectors.registry as r; r.kinds(); print('psycopg' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "False"
