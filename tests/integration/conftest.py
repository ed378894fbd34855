"""A stack for each test, and one that some share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a stack without a cluster file."""
    return Site(tmp_path)
