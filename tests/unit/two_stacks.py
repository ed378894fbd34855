"""A cluster in two stacks, each run with what the other one's outputs are by then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from components import rules
from components.layers import Layer
from components.plan import Plan, as_text
from components.stack_keys import StackKeys
from tests.unit import monitor
from tests.unit.aws_clusters import example
from tests.unit.cases import laid_over
from tests.unit.monitor import Program
from tests.unit.wire import revealed

MAKER, BUILDER = "organization/kubeadm-ha/machines", "organization/kubeadm-ha/prod"


def edited(**over: Any) -> dict[str, Any]:
    """Return the example with something laid over it."""
    return laid_over(example("production"), over)


def workers(**machines: Any) -> dict[str, Any]:
    """Return the example with other machines in its pool."""
    return edited(workers={"default": {"machines": machines}})


def planes(**machines: Any) -> dict[str, Any]:
    """Return the example with other control planes."""
    return edited(controlPlane={"machines": machines})


class Pair:
    """The outputs of two stacks, as an engine keeps them from one `up` to the next."""

    def __init__(self) -> None:
        self.maker: Mapping[str, Any] = {}
        self.builder: Mapping[str, Any] = {}

    def make(self, cluster: Mapping[str, Any], *, keep: bool = True) -> Program:
        """Run the stack that makes machines; with `keep` its outputs are what the next run finds."""
        program = _run(MAKER, cluster, {"bootstrap": BUILDER}, self.maker, {BUILDER: self.builder})
        self.maker = stored(program) if keep else self.maker
        return program

    def build(self, cluster: Mapping[str, Any], *, keep: bool = True) -> Program:
        """Run the stack that builds the cluster on them."""
        program = _run(BUILDER, cluster, {"infrastructure": MAKER}, self.builder, {MAKER: self.maker})
        self.builder = stored(program) if keep else self.builder
        return program

    def maker_plan(self, cluster: Mapping[str, Any]) -> Plan:
        """Return the plan of the stack that makes machines."""
        return _plan(Layer(StackKeys(None, bootstrap=BUILDER), self.maker, self.builder, MAKER), cluster)

    def maker_says(self, cluster: Mapping[str, Any]) -> str:
        """Return it on one line."""
        return _said(self.maker_plan(cluster))

    def builder_says(self, cluster: Mapping[str, Any]) -> str:
        """Return the plan of the stack that builds the cluster, on one line."""
        return _said(_plan(Layer(StackKeys(None, infrastructure=MAKER), self.builder, self.maker, BUILDER), cluster))


def _plan(layer: Layer, cluster: Mapping[str, Any]) -> Plan:
    return layer.plan(rules.load(cluster, layer.faults))


def _said(plan: Plan) -> str:
    return " ".join(as_text(plan).split())


def _run(
    stack: str,
    cluster: Mapping[str, Any],
    keys: Mapping[str, str],
    deployed: Mapping[str, Any],
    others: Mapping[str, Mapping[str, Any]],
) -> Program:
    return monitor.run_program(cluster, deployed=deployed, keys=keys, others=others, stack=stack)


def stored(program: Program) -> dict[str, Any]:
    """Return a stack's outputs as the engine gives them back: all numbers floating, secrets in plain.

    When certificates end is left out: those of the tests have ended.
    """
    outputs: dict[str, Any] = json.loads(json.dumps(revealed(program.outputs)), parse_int=float)
    outputs.pop("certificates", None)
    return outputs
