"""The endpoint of the API: on every node that node itself, its own API server or HAProxy before all of them."""

from __future__ import annotations

from components.config import NodeLocalEndpoint
from components.endpoints.parts import Additions, Endpoint, EndpointArgs
from components.render import node_local


def endpoint(options: NodeLocalEndpoint, args: EndpointArgs) -> Endpoint:
    """Return what nodes get. Whichever control planes live, a host that joins finds one of them."""
    inputs = {"CONTROL_PLANES": " ".join(args.backends.values())}
    proxy = {
        "static-pods/api-proxy.yaml": node_local.pod(options),
        "api-proxy/haproxy.cfg": node_local.haproxy(args.backends),
    }
    return Endpoint(
        start=Additions(inputs),
        control_plane=Additions(inputs),
        worker=Additions(inputs, proxy),
    )
