"""From the cluster that is deployed and the one that is wanted to the plan, or to the reasons why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from components.config import Cluster
from components.faults import ConfigurationError
from components.plan import cloud, program
from components.plan.cautions import cautions
from components.plan.costs import costs
from components.plan.endings import endings
from components.plan.headline import headline, untouched
from components.plan.interruptions import interruptions
from components.plan.made import kept, remembered
from components.plan.members import restarts_members
from components.plan.plan import Plan
from components.plan.quorum import balancer_tolerance, etcd_tolerance, server_tolerance
from components.plan.refusals import refusals
from components.plan.settings import restarting
from components.plan.snapshot import revived, snapshot
from components.plan.stages import stages
from components.plan.transition import Transition
from components.plan.way_back import way_back


def wanted_by(cluster: Cluster, infrastructure: str | None) -> dict[str, Any]:
    """Return the snapshot of a cluster file, which says whose machines the cluster stands on where another stack's."""
    return {**snapshot(cluster), **({"infrastructure": infrastructure} if infrastructure else {})}


def plan_for(
    deployed: Mapping[str, Any] | None,
    cluster: Cluster,
    certificates: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    infrastructure: str | None = None,
) -> Plan:
    """Return the plan from the snapshot `deployed` (None before the first `up`) to the cluster file.

    `certificates` is the stack's output of that name: with it, what ends soon is said. `infrastructure` is the stack
    that makes the machines, where that is another one. Raises ConfigurationError with every reason why the transition
    must not be made.
    """
    before = revived(deployed) if deployed is not None else None
    transition = Transition(before, remembered(before, wanted_by(cluster, infrastructure)))
    faults = list(refusals(transition))
    if faults:
        raise ConfigurationError(faults)
    upgraded = transition.change("kubernetes.version") is not None
    renewed, ending = endings(certificates or {}, upgraded=upgraded, now=now)
    etcd = etcd_tolerance(transition, restarts=restarts_members(transition))
    return Plan(
        transition=transition,
        headline=headline(transition, renewed),
        stages=(*stages(transition), *renewed),
        tolerances=tuple(
            tolerance
            for tolerance in (
                etcd,
                server_tolerance(transition, restarts=upgraded or "API server" in restarting(transition)),
                balancer_tolerance(transition),
            )
            if tolerance
        ),
        interruptions=tuple(interruptions(transition)),
        cautions=(
            *cautions(transition, etcd),
            *cloud.cautions(transition),
            *program.cautions(transition),
            *ending,
            *kept(transition),
        ),
        untouched=untouched(transition),
        way_back=tuple(way_back(transition)),
        costs=tuple(costs(transition)),
    )
