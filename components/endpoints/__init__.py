"""The endpoint of the API: one file a kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.config import (
    EndpointOptions,
    ExternalEndpoint,
    HaproxyEndpoint,
    KubeVipEndpoint,
    NlbEndpoint,
    NodeLocalEndpoint,
)
from components.endpoints import external, haproxy, kube_vip, nlb, node_local
from components.endpoints.parts import Endpoint, EndpointArgs

__all__ = ["KINDS", "Endpoint", "EndpointArgs", "endpoint_for"]

#: What makes each kind of endpoint from its section and what all kinds get.
KINDS: dict[type[EndpointOptions], Callable[[Any, EndpointArgs], Endpoint]] = {
    HaproxyEndpoint: haproxy.endpoint,
    ExternalEndpoint: external.endpoint,
    KubeVipEndpoint: kube_vip.endpoint,
    NodeLocalEndpoint: node_local.endpoint,
    NlbEndpoint: nlb.endpoint,
}


def endpoint_for(args: EndpointArgs) -> Endpoint:
    """Build what the cluster file's endpoint needs before the first API server; return what it is to the rest."""
    options = args.cluster.endpoint
    return KINDS[type(options)](options, args)
