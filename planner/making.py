"""From a stack to its verdict: the plan of the next `up`, or the reasons why there must be none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from components import rules
from components.config import Cluster
from components.faults import ConfigurationError, Fault
from components.machines.static import host_key_faults, package_key_faults
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
        return _verdict(stack, data, None, {}, [], exists=False)
    data, secret = stack.configuration()
    paths = stack.secret_paths() if secret else []
    if () in paths and not show_secrets:
        raise PlannerError(
            f"the cluster of {stack.shown} is a secret as a whole, and a plan shows hosts and settings of it: encrypt"
            " the secret keys alone, `pulumi config set --secret --path cluster.KEY`, or give --show-secrets."
        )
    paths = [] if show_secrets else paths
    return _verdict(stack, data, outputs.get("deployed"), outputs.get("certificates") or {}, paths)


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
        deployed = snapshot(rules.load(old)) if old is not None else None
    except ConfigurationError as error:
        raise PlannerError(f"{before} stands for what is deployed and is no cluster file: {error}") from None
    return replace(_verdict(stack, data, deployed, {}, []), against=before.name)


def _verdict(
    stack: Stack,
    data: Any,
    deployed: Mapping[str, Any] | None,
    certificates: Mapping[str, Any],
    paths: list[tuple[str | int, ...]],
    *,
    exists: bool = True,
) -> Verdict:
    # Files are named relative to the project, where pulumi runs the program.
    os.chdir(stack.project)
    secrets = frozenset(secrets_at(paths, data, deployed))
    try:
        cluster = load(data)
        plan = plan_for(deployed, cluster, certificates)
    except ConfigurationError as error:
        return Verdict(stack.shown, None, tuple(error.faults), secrets=secrets, exists=exists)
    return Verdict(stack.shown, plan, (), tuple(rules.warnings(cluster)), secrets, exists)


def load(data: Any) -> Cluster:
    """Return the cluster, by the rules that the program has less the one that needs a key to log in."""
    return rules.load(data, host_key_faults, package_key_faults)
