"""From a stack to its verdict: the plan of the next `up`, or the reasons why there must be none."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from components import manifests, policies, rules
from components.config import Cluster
from components.faults import ConfigurationError, Fault
from components.layers import Layer
from components.machines.static import hook_faults, host_key_faults, package_key_faults
from components.plan import Plan, snapshot
from components.stack_keys import BOOTSTRAP, CLUSTER, FILE, INFRASTRUCTURE, stack_keys
from planner.engine import PlannerError, Stack, readable_elsewhere, throw_away
from planner.secrecy import secrets_at


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a stack's next `up`."""

    stack: str
    """The stack's name in a sentence."""
    plan: Plan | None
    """None where it is refused."""
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Texts that must not be shown."""
    exists: bool = True
    """Whether the stack is in its backend, so that a preview can run."""
    against: str = ""
    """The file that stood for what is deployed; empty where that was asked of the stack."""


def from_stack(stack: Stack, *, show_secrets: bool = False) -> Verdict:
    """Compare a stack's file with what the stack has deployed; raises PlannerError."""
    outputs = stack.outputs()
    if outputs is None:
        if stack.file is None or not stack.file.exists():
            raise PlannerError(f"there is no {stack.shown}, and no file for it: see `pulumi stack ls`.")
        with throw_away(stack.project) as other:
            settings, _ = other.configuration(readable_elsewhere(stack.file, other.project))
        return _verdict(stack, settings, {}, exists=False)
    settings, secret = stack.configuration()
    paths = stack.secret_paths() if secret else []
    if () in paths and not show_secrets:
        raise PlannerError(
            f"the cluster of {stack.shown} is a secret as a whole, and a plan shows hosts and settings of it: encrypt"
            " the secret keys alone, `pulumi config set --secret --path cluster.KEY`, or give --show-secrets."
        )
    paths = [] if show_secrets else paths
    return _verdict(stack, settings, outputs, paths)


def from_files(stack: Stack, before: Path) -> Verdict:
    """Compare a stack's file with another one that stands for what is deployed; raises PlannerError.

    Neither the stack's backend nor a secret is needed. A file that does not exist stands for no cluster. Of a cluster
    in two stacks the plan is that of one.
    """
    if stack.file is None:
        raise PlannerError("--against needs to know the file: give --stack NAME too.")
    with throw_away(stack.project) as other:
        settings, _ = other.configuration(readable_elsewhere(stack.file, other.project))
        old = other.configuration(readable_elsewhere(before, other.project))[0] if before.exists() else {}
    if old.get(FILE):
        raise PlannerError(f"{before} names a file of its own, which is as it is now: give --against that of before.")
    try:
        outputs = {"deployed": snapshot(rules.load(old[CLUSTER]))} if old.get(CLUSTER) else {}
    except ConfigurationError as error:
        raise PlannerError(f"{before} stands for what is deployed and is no cluster file: {error}") from None
    alone = {key: value for key, value in settings.items() if key not in (INFRASTRUCTURE, BOOTSTRAP)}
    return replace(_verdict(stack, alone, outputs), against=before.name)


def _verdict(
    stack: Stack,
    settings: Mapping[str, Any],
    outputs: Mapping[str, Any],
    paths: Sequence[tuple[str | int, ...]] = (),
    *,
    exists: bool = True,
) -> Verdict:
    # Files are named relative to the project, where pulumi runs the program.
    os.chdir(stack.project)
    keys = stack_keys(settings)
    shown = json.loads(keys.cluster) if keys.cluster and paths else None
    secrets = frozenset(secrets_at(paths, shown, outputs.get("deployed")))
    name = keys.infrastructure or keys.bootstrap
    layer = Layer(keys, outputs, replace(stack, name=name).outputs() if name and not keys.faults else None)
    try:
        cluster = load(layer)
        plan = layer.plan(cluster)
    except ConfigurationError as error:
        return Verdict(stack.shown, None, tuple(error.faults), secrets=secrets, exists=exists)
    warnings = (*rules.warnings(cluster), *policies.warnings(cluster, outputs))
    return Verdict(stack.shown, plan, (), warnings, secrets, exists)


def load(layer: Layer) -> Cluster:
    """Return the cluster, by the rules that the program has less the one that needs a key to log in."""
    if layer.keys.cluster is None and layer.keys.faults:
        raise ConfigurationError(layer.keys.faults)
    files = (host_key_faults, package_key_faults, hook_faults, manifests.faults)
    return rules.load(layer.keys.cluster, layer.faults, *files, policies.refusals(layer.outputs))
