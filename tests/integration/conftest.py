"""A stack for each test, one that some share, and something that answers as AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import aws as cloud
from tests.integration.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a stack without a cluster file."""
    return Site(tmp_path)


@pytest.fixture(scope="session")
def aws() -> Iterator[cloud.Api]:
    """Return an AWS of one's own; who uses it leaves it empty, or resets it first."""
    with cloud.api() as api:
        yield api
