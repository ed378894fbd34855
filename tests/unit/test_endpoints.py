"""What a kind of endpoint is to the rest of the program, and what the rest takes from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from components import endpoints, keys
from components.config import ExternalEndpoint
from components.endpoints.parts import Additions, Endpoint
from components.plan import as_markdown, as_text, plan_for
from components.rules import load
from tests.unit import clusters, monitor, wire
from verify.stack import parsed

TREE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def external(dev: clusters.File) -> clusters.File:
    """Return stack dev behind a balancer of the site's own."""
    return dev | {"endpoint": {"kind": "external", "address": "10.77.9.9", "port": 443}}


def test_every_kind_is_a_section_and_a_file() -> None:
    """A kind that the cluster file can name is one that the program can build."""
    kinds = keys.unions()["endpoint",]
    assert set(kinds.values()) == set(endpoints.KINDS)
    files = {path.stem for path in (TREE / "components/endpoints").glob("*.py")} - {"__init__", "parts"}
    assert files == {kind.replace("-", "_") for kind in kinds}


def test_an_endpoint_without_hosts_is_waited_for_by_nobody(external: clusters.File) -> None:
    """There is nothing to build: the first control plane starts the cluster when it is prepared."""
    program = monitor.run_program(external)
    assert "LoadBalancer dev" not in program.resources
    assert program.host_steps_before("dev-init") == {"cp-1-prepare"}


def test_outputs_without_balancers(external: clusters.File) -> None:
    """They keep the contract, and are understood by scripts/verify."""
    outputs = {name: wire.revealed(value) for name, value in monitor.run_program(external).outputs.items()}
    assert outputs["endpoint"] == "https://10.77.9.9:443"
    assert outputs["nodes"]["loadBalancers"] == {}
    jsonschema.validate(outputs, json.loads((TREE / "contract/outputs.schema.json").read_text()))
    assert not parsed(outputs).balancers


def test_a_plan_without_balancers(external: clusters.File) -> None:
    """Nothing is said of hosts that there are none of."""
    plan = plan_for(None, load(external))
    assert "behind an endpoint of kind external" in plan.headline
    assert "balancer" not in as_text(plan) + as_markdown(plan)


def test_what_a_kind_adds_reaches_the_steps(external: clusters.File, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs and files by what a host is; they may be a static pod's manifest."""

    def added(role: str) -> Additions:
        return Additions({"ROLE": role}, {"static-pods/some.yaml": f"role: {role}\n"})

    def build(options: Any, args: endpoints.EndpointArgs) -> Endpoint:  # noqa: ARG001
        return Endpoint(start=added("start"), control_plane=added("plane"), worker=added("worker"))

    monkeypatch.setattr(endpoints, "KINDS", {ExternalEndpoint: build})
    program = monitor.run_program(external)
    for step, role in (("dev-init", "start"), ("cp-2-join", "plane"), ("worker-1-join", "worker")):
        assert monitor.words_of(program[step].plain("create"))["ROLE"] == role
        assert monitor.unpacked(program[step].plain("stdin"))["static-pods/some.yaml"] == f"role: {role}\n"
    assert "static-pods/some.yaml" not in monitor.unpacked(program["dev-network"].plain("stdin"))
