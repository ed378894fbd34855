"""The endpoint of the API: the balancer of whoever makes the machines."""

from __future__ import annotations

from components.config import NlbEndpoint
from components.endpoints.parts import Endpoint, EndpointArgs


def endpoint(options: NlbEndpoint, args: EndpointArgs) -> Endpoint:  # noqa: ARG001  # what every kind gets
    """Have the balancer made; the cluster starts when every control plane is behind it."""
    if args.balancer is None:  # a rule refuses it before
        raise ValueError("an endpoint of kind nlb is made with the machines, and these hosts are there already")
    return Endpoint(first=args.balancer())
