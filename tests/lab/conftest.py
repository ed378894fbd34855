"""One lab a machine: a module of stories boots its hosts and gives them back."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.site import TREE, Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A copy of the project, with no host up; whatever a story leaves is taken down after it."""
    state = Path("/var/lib/kubeadm-ha-lab/inventory.yaml")
    if state.exists():
        pytest.fail("the lab is up already: end it with `make dev-down`, stories boot hosts of their own")
    copy = Site(tmp_path_factory.mktemp("site") / "kubeadm-ha")
    try:
        yield copy
    finally:
        subprocess.run([str(TREE / "lab" / "hosts"), "down"], check=True, cwd=TREE)
