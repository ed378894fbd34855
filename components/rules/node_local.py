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


def moving_image(cluster: Cluster) -> Iterator[Fault]:
    """Yield an image whose content is another one each time it is fetched."""
    endpoint = cluster.endpoint
    if isinstance(endpoint, NodeLocalEndpoint) and (endpoint.image or "").endswith((":latest", ":main", ":stable")):
        yield Fault(
            "endpoint.image",
            f"'{endpoint.image}' is another image each time: workers would run different ones",
            "Name a version, such as registry.example.org/haproxy:3.2.4, or a digest.",
        )


RULES = (name,)
CAUTIONS = (moving_image,)
