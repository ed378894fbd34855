"""The endpoint of the API: kube-vip on the control planes, one of which has a virtual address."""

from __future__ import annotations

from components.config import KubeVipEndpoint
from components.endpoints.parts import Additions, Endpoint, EndpointArgs
from components.render.kube_vip import kube_vip

MANIFEST = "static-pods/kube-vip.yaml"


def endpoint(options: KubeVipEndpoint, args: EndpointArgs) -> Endpoint:  # noqa: ARG001  # what every kind gets
    """Return what control planes get: they have the address from the cluster's first moment on."""
    inputs = {"VIRTUAL_ADDRESS": str(options.address)}
    return Endpoint(
        start=Additions(inputs, {MANIFEST: kube_vip(options, starting=True)}),
        control_plane=Additions(inputs, {MANIFEST: kube_vip(options)}),
    )
