"""A policy folder of its own for each test."""

from pathlib import Path

import pytest

from tests.policy.folders import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
