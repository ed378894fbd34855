"""The endpoint of the API: a balancer that is there already, and somebody else's."""

from __future__ import annotations

from components.config import ExternalEndpoint
from components.endpoints.parts import Endpoint, EndpointArgs


def endpoint(options: ExternalEndpoint, args: EndpointArgs) -> Endpoint:  # noqa: ARG001  # what every kind gets
    """Return what the cluster needs of it: nothing is built."""
    return Endpoint()
