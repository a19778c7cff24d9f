"""The virtual line stands beside these tests (virtual_line.py)."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from virtual_line import prepared_shipments


@pytest.fixture(scope="session", autouse=True)
def shipments():
    with prepared_shipments():
        yield
