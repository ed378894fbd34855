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
from components.machines.static import hook_faults, host_key_faults, package_key_faults
from components.plan import Plan, plan_for, snapshot
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
            data, _ = other.configuration(readable_elsewhere(stack.file, other.project))
        return _verdict(stack, data, {}, exists=False)
    data, secret = stack.configuration()
    paths = stack.secret_paths() if secret else []
    if () in paths and not show_secrets:
        raise PlannerError(
            f"the cluster of {stack.shown} is a secret as a whole, and a plan shows hosts and settings of it: encrypt"
            " the secret keys alone, `pulumi config set --secret --path cluster.KEY`, or give --show-secrets."
        )
    paths = [] if show_secrets else paths
    return _verdict(stack, data, outputs, paths)


def from_files(stack: Stack, before: Path) -> Verdict:
    """Compare a stack's file with another one that stands for what is deployed; raises PlannerError.

    Neither the stack's backend nor a secret is needed. A file that does not exist stands for no cluster.
    """
    if stack.file is None:
        raise PlannerError("--against needs to know the file: give --stack NAME too.")
    with throw_away(stack.project) as other:
        data, _ = other.configuration(readable_elsewhere(stack.file, other.project))
        old = other.configuration(readable_elsewhere(before, other.project))[0] if before.exists() else None
    try:
        outputs = {"deployed": snapshot(rules.load(old))} if old is not None else {}
    except ConfigurationError as error:
        raise PlannerError(f"{before} stands for what is deployed and is no cluster file: {error}") from None
    return replace(_verdict(stack, data, outputs), against=before.name)


def _verdict(
    stack: Stack,
    data: str | None,
    outputs: Mapping[str, Any],
    paths: Sequence[tuple[str | int, ...]] = (),
    *,
    exists: bool = True,
) -> Verdict:
    # Files are named relative to the project, where pulumi runs the program.
    os.chdir(stack.project)
    deployed = outputs.get("deployed")
    secrets = frozenset(secrets_at(paths, json.loads(data) if data and paths else None, deployed))
    try:
        cluster = load(data, outputs)
        plan = plan_for(deployed, cluster, outputs.get("certificates"))
    except ConfigurationError as error:
        return Verdict(stack.shown, None, tuple(error.faults), secrets=secrets, exists=exists)
    warnings = (*rules.warnings(cluster), *policies.warnings(cluster, outputs))
    return Verdict(stack.shown, plan, (), warnings, secrets, exists)


def load(data: str | None, outputs: Mapping[str, Any]) -> Cluster:
    """Return the cluster, by the rules that the program has less the one that needs a key to log in."""
    files = (host_key_faults, package_key_faults, hook_faults, manifests.faults)
    return rules.load(data, *files, policies.refusals(outputs))
