"""What is made in AWS for a cluster file with machines, read from the registrations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit import monitor
from tests.unit.monitor import Program

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "clusters"


def example(name: str) -> dict[str, Any]:
    """Return the cluster file of an example."""
    document: dict[str, Any] = yaml.safe_load((EXAMPLES / f"aws-{name}.yaml").read_text())
    cluster: dict[str, Any] = document["config"]["kubeadm-ha:cluster"]
    return cluster


@pytest.fixture(scope="module")
def production() -> Program:
    """Return what is registered for private machines in three zones."""
    return monitor.run_program(example("production"))


def kind(program: Program, name: str) -> list[monitor.Resource]:
    """Return the resources of one type of AWS's."""
    return [resource for resource in program if resource.type == f"aws:{name}"]


def test_a_first_preview_registers_the_same(production: Program) -> None:
    """A first preview, where every output is unknown, shows every machine with its address."""
    assert set(monitor.run_program(example("production"), preview=True).resources) == set(production.resources)


def test_steps_wait_for_their_machine(production: Program) -> None:
    """What runs on a machine depends on it, whatever else it waits for."""
    for name in ("cp-1", "cp-3", "default-6"):
        assert name in production.depends(f"{name}-prepare")
        assert name in production.depends(f"{name}-join")
