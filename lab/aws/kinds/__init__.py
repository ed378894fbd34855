"""The table: every type of resource that the stand-in knows."""

from __future__ import annotations

from lab.aws.kind import Kind
from lab.aws.kinds import (
    balancer,
    firewall,
    gateways,
    growing,
    instance,
    machines,
    names,
    rights,
    routing,
    stores,
    targets,
    templates,
    vpc,
)

TABLE: dict[str, Kind] = {
    kind.token: kind
    for module in (
        vpc,
        gateways,
        routing,
        firewall,
        machines,
        instance,
        balancer,
        targets,
        names,
        rights,
        stores,
        templates,
        growing,
    )
    for kind in module.KINDS
}
