"""The kinds of endpoint: where the API is reached, and what the rest of the cluster asks of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field

from components.config.hosts import Hosts, HostSpec
from components.config.section import Section
from components.config.values import Address, Port, Whole, example


class EndpointOptions(Section):
    """What every kind of endpoint answers. A kind overrides what is otherwise with it."""

    def fixed_address(self) -> IPv4Address | None:
        """Return the one address that clients connect to; None where there is none, or a name alone is known."""
        return None

    def balancers(self) -> Mapping[str, HostSpec]:
        """Return the hosts that are there for the endpoint alone, by name."""
        return {}

    def server(self) -> str:
        """Return `host:port` at which everything in the cluster reaches the API: kubeadm's controlPlaneEndpoint."""
        raise NotImplementedError

    def outside(self, control_planes: Sequence[str]) -> str:  # noqa: ARG002  # a kind without an address needs them
        """Return `host:port` for who is outside of the cluster, given the addresses of the control planes that live."""
        return self.server()

    def cert_names(self) -> list[str]:
        """Return names and addresses that the API servers' certificates must have for it."""
        address = self.fixed_address()
        return [] if address is None else [str(address)]


class HaproxyEndpoint(EndpointOptions):
    """HAProxy and keepalived on hosts of their own, sharing a virtual address."""

    kind: Annotated[Literal["haproxy"], example("haproxy")]
    """The kind of endpoint."""
    address: Annotated[Address, example("192.0.2.10")]
    """The virtual address of the API, free and in the balancers' subnet."""
    port: Annotated[Port, example(443)] = 6443
    """Port of the API at the virtual address."""
    router_id: Annotated[Whole, Field(ge=1, le=255), example(52)] = 51
    """VRRP router id, unique among the keepalived groups of the subnet."""
    hosts: Annotated[Hosts, example({"lb-1": "192.0.2.2", "lb-2": "192.0.2.3"})]
    """The balancer hosts by name, two or more."""

    def fixed_address(self) -> IPv4Address:
        """Return the virtual address."""
        return self.address

    def balancers(self) -> Mapping[str, HostSpec]:
        """Return the balancer hosts."""
        return self.hosts

    def server(self) -> str:
        """Return the virtual address with its port."""
        return f"{self.address}:{self.port}"


class ExternalEndpoint(EndpointOptions):
    """A balancer that is there already and passes connections on to port 6443 of every control plane, as TCP."""

    kind: Annotated[Literal["external"], example("external")]
    """The kind of endpoint."""
    address: Annotated[Address, example("192.0.2.10")]
    """Address of the balancer."""
    port: Annotated[Port, example(443)] = 6443
    """Port of the API at the balancer."""

    def fixed_address(self) -> IPv4Address:
        """Return the balancer's address."""
        return self.address

    def server(self) -> str:
        """Return the balancer's address with its port."""
        return f"{self.address}:{self.port}"


#: What `endpoint` can be: `kind` says which. A kind is a section here and a file in components/endpoints.
Endpoint = Annotated[HaproxyEndpoint | ExternalEndpoint, Field(discriminator="kind")]
