"""An endpoint that is a name in /etc/hosts of every node."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import Cluster, NodeLocalEndpoint
from components.faults import Fault


def name(cluster: Cluster) -> Iterator[Fault]:
    """Yield a name that pods would look for among services."""
    endpoint = cluster.endpoint
    if not isinstance(endpoint, NodeLocalEndpoint):
        return
    if cluster.network.knows("dns_domain") and f".{endpoint.name}".endswith(f".{cluster.network.dns_domain}"):
        yield Fault(
            "endpoint.name",
            f"'{endpoint.name}' is in the domain of services, '{cluster.network.dns_domain}'",
            "Choose one outside.",
        )


RULES = (name,)
CAUTIONS = ()
