"""The endpoint of the API: a balancer that is there already, and somebody else's."""

from __future__ import annotations

from components.config import ExternalEndpoint
from components.endpoints.parts import Additions, Endpoint, EndpointArgs


def endpoint(options: ExternalEndpoint, args: EndpointArgs) -> Endpoint:  # noqa: ARG001  # what every kind gets
    """Build nothing; control planes see that the balancer is there and reaches them."""
    checks = Additions({"CHECK_BALANCER": "yes" if options.check_backends else "no"})
    return Endpoint(start=checks, control_plane=checks)
