"""The kinds of endpoint: where the API is reached, and what the rest of the cluster asks of that."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field

from components import releases
from components.config.aws import HostedZoneId
from components.config.hosts import Hosts, HostSpec
from components.config.names import ImageName, InterfaceName, ServerName
from components.config.section import Section
from components.config.values import Address, Flag, Port, Range, Whole, example

#: The API servers' own port, where nothing is before them.
LOCAL_PORT = 6443
AsNumber = Annotated[Whole, Field(ge=1, le=4294967295)]


class EndpointOptions(Section):
    """What every kind of endpoint answers. A kind overrides what is otherwise with it."""

    def fixed_address(self) -> IPv4Address | None:
        """Return the one address that clients connect to; None where there is none, or a name alone is known."""
        return None

    def dns_name(self) -> str | None:
        """Return the name that clients know it by; None where they know an address."""
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
        return [str(known) for known in (self.fixed_address(), self.dns_name()) if known is not None]

    def alias(self) -> tuple[str, IPv4Address] | None:
        """Return the name and the address that every node knows it at, though no DNS does; None for no such name."""
        name, address = self.dns_name(), self.fixed_address()
        return None if name is None or address is None else (name, address)

    def control_plane_images(self) -> list[str]:
        """Return the images that it takes on control planes, pulled when they are prepared."""
        return []

    def worker_images(self) -> list[str]:
        """Return the images that it takes on workers."""
        return []


class HaproxyTimeouts(Section):
    """How long HAProxy waits before it ends a connection, in seconds."""

    connect: Annotated[Whole, Field(ge=1, le=60), example(3)] = 5
    """How long an API server may take to accept a connection."""
    client: Annotated[Whole, Field(ge=60, le=86400), example(3600)] = 14400
    """How long an open connection may be silent on the client's side; a client that is cut off lists all anew."""
    server: Annotated[Whole, Field(ge=60, le=86400), example(3600)] = 14400
    """How long an open connection may be silent on the API server's side: a watch may be silent for long."""


class HaproxyStatistics(Section):
    """HAProxy's page of statistics, at `/` on each balancer's own 127.0.0.1: `ssh -L` brings it to somebody."""

    port: Annotated[Port, example(8405)]
    """Its port."""


class HaproxyEndpoint(EndpointOptions):
    """HAProxy and keepalived on hosts of their own, sharing a virtual address."""

    kind: Annotated[Literal["haproxy"], example("haproxy")]
    """The kind of endpoint."""
    address: Annotated[Address, example("192.0.2.10")]
    """The virtual address of the API, free and in the balancers' subnet."""
    name: Annotated[ServerName | None, example("api.example.org")] = None
    """A DNS name for the address: nodes and kubeconfigs then know the API by it. Nodes whose DNS does not have it there
    get a line in /etc/hosts; others need DNS. It cannot be changed later."""
    port: Annotated[Port, example(443)] = 6443
    """Port of the API at the virtual address."""
    router_id: Annotated[Whole, Field(ge=1, le=255), example(52)] = 51
    """VRRP router id, unique among the keepalived groups of the subnet."""
    hosts: Annotated[Hosts, example({"lb-1": "192.0.2.2", "lb-2": "192.0.2.3"})]
    """The balancer hosts by name, two or more."""
    algorithm: Annotated[Literal["leastconn", "roundrobin", "source"], example("source")] = "leastconn"
    """Which API server a new connection goes to: the one with the fewest, the next one, or the same one for each
    client's address."""
    timeouts: HaproxyTimeouts = HaproxyTimeouts.unset()
    """How long HAProxy waits."""
    statistics: HaproxyStatistics | None = None
    """A page of statistics on each balancer, which only the host itself can reach. Off unless given."""

    def fixed_address(self) -> IPv4Address:
        """Return the virtual address."""
        return self.address

    def dns_name(self) -> str | None:
        """Return the name, if it has one."""
        return self.name

    def balancers(self) -> Mapping[str, HostSpec]:
        """Return the balancer hosts."""
        return self.hosts

    def server(self) -> str:
        """Return the name, or the virtual address, with the port."""
        return f"{self.name or self.address}:{self.port}"


class ExternalEndpoint(EndpointOptions):
    """A balancer that is there already and passes connections on, as TCP, to port 6443 of every control plane."""

    kind: Annotated[Literal["external"], example("external")]
    """The kind of endpoint."""
    address: Annotated[Address | None, example("192.0.2.10")] = None
    """Address of the balancer. Without it the name has to be in DNS, and the balancer may move."""
    name: Annotated[ServerName | None, example("api.example.org")] = None
    """DNS name of the balancer: nodes and kubeconfigs then know the API by it. With an address too, nodes whose DNS
    does not have the name there get a line in /etc/hosts. It cannot be changed later."""
    port: Annotated[Port, example(443)] = 6443
    """Port of the API at the balancer."""
    check_backends: Annotated[Flag, example(False)] = True
    """Check that the balancer takes connections before the cluster starts, and that it passes some on to each control
    plane that has joined. `false` for a balancer that keeps a client with one backend, or takes connections only when
    a backend is well."""

    def fixed_address(self) -> IPv4Address | None:
        """Return the balancer's address, if it is known."""
        return self.address

    def dns_name(self) -> str | None:
        """Return the name, if it has one."""
        return self.name

    def server(self) -> str:
        """Return the balancer's name or address with its port."""
        return f"{self.name or self.address}:{self.port}"


class BgpPeer(Section):
    """A router that the control planes tell of the address."""

    address: Annotated[Address, example("192.0.2.1")]
    """Address of the router, as the control planes reach it."""
    as_number: Annotated[AsNumber, example(64512)]
    """Its autonomous system."""
    multihop: Annotated[Flag, example(True)] = False
    """Whether other routers may be in between, where the systems differ."""


class BgpOptions(Section):
    """How routers learn where the virtual address is. Each control plane is a router with its own address as its id."""

    as_number: Annotated[AsNumber, example(64513)]
    """The autonomous system of the control planes."""
    peers: Annotated[list[BgpPeer], Field(min_length=1), example([{"address": "192.0.2.1", "asNumber": 64512}])]
    """The routers, one or more."""
    hold_seconds: Annotated[Whole, Field(ge=3, le=3600), example(30)] = 9
    """How long a peer keeps the route of a control plane that is silent; a peer with a shorter time decides."""


class KubeVipEndpoint(EndpointOptions):
    """kube-vip on the control planes: one of them has a virtual address, and it is one whose API server answers."""

    kind: Annotated[Literal["kube-vip"], example("kube-vip")]
    """The kind of endpoint."""
    address: Annotated[Address, example("192.0.2.10")]
    """The virtual address of the API, free: in the control planes' subnet with ARP, outside of it with BGP."""
    name: Annotated[ServerName | None, example("api.example.org")] = None
    """A DNS name for the address: nodes and kubeconfigs then know the API by it. Nodes whose DNS does not have it there
    get a line in /etc/hosts; others need DNS. It cannot be changed later."""
    port: Annotated[Port, example(6443)] = 6443
    """Port of the API at the virtual address: 6443, that of the API servers, since nothing is in between."""
    mode: Annotated[Literal["arp", "bgp"], example("bgp")] = "arp"
    """How the network learns where the address is: `arp` within one subnet, `bgp` from routers."""
    interface: Annotated[InterfaceName | None, example("eth1")] = None
    """The interface that gets the virtual address. Unless given it is the one that has the host's own address with ARP,
    and `lo` with BGP."""
    bgp: BgpOptions | None = None
    """Routers and systems, in mode `bgp`."""

    def fixed_address(self) -> IPv4Address:
        """Return the virtual address."""
        return self.address

    def dns_name(self) -> str | None:
        """Return the name, if it has one."""
        return self.name

    def server(self) -> str:
        """Return the name, or the virtual address, with the port."""
        return f"{self.name or self.address}:{self.port}"

    def control_plane_images(self) -> list[str]:
        """Return kube-vip's."""
        return [releases.kube_vip_image()]


class NodeLocalEndpoint(EndpointOptions):
    """A name that on every node means that node: its own API server on a control plane, HAProxy on a worker."""

    kind: Annotated[Literal["node-local"], example("node-local")]
    """The kind of endpoint."""
    name: Annotated[ServerName, example("api.prod.internal")] = "api.kubeadm-ha.internal"
    """The name, which is in /etc/hosts of every node and nowhere else."""
    image: Annotated[ImageName, example("registry.example.org/haproxy:3.2.4")] = Field(
        default_factory=releases.haproxy_image
    )
    """The image of HAProxy on workers, with the official one's user (99) and settings."""

    def server(self) -> str:
        """Return the name with the API servers' port."""
        return f"{self.name}:{LOCAL_PORT}"

    def outside(self, control_planes: Sequence[str]) -> str:
        """Return the first control plane that lives: outside of the cluster nobody knows the name."""
        return f"{control_planes[0]}:{LOCAL_PORT}"

    def dns_name(self) -> str:
        """Return the name."""
        return self.name

    def worker_images(self) -> list[str]:
        """Return HAProxy's."""
        return [self.image]


class NlbEndpoint(EndpointOptions):
    """A network load balancer of AWS's, made with the machines, at a name that the VPC's DNS knows."""

    kind: Annotated[Literal["nlb"], example("nlb")]
    """The kind of endpoint."""
    scheme: Annotated[Literal["internal", "public"], example("public")] = "internal"
    """Who can reach it: `internal` for those inside of the VPC or connected to it, `public` for the internet as far as
    `allowedRanges` lets it. It cannot be changed later."""
    allowed_ranges: Annotated[list[Range], example(["198.51.100.0/24"])] = []
    """From where the API may be reached, besides the cluster's own machines. Unless given that is the VPC of its own
    for an internal one; for a public one it has to be given."""
    name: Annotated[ServerName | None, example("api.prod.example.org")] = None
    """DNS name of the API: nodes and kubeconfigs know it by it. `api.<name of the cluster>.internal` unless given. It
    cannot be changed later."""
    zone_id: Annotated[HostedZoneId | None, example("Z0123456789ABCDEFGHIJ")] = None
    """The hosted zone of Route 53 that gets the name. Unless given a private one for this name alone is made, which the
    VPC knows and nobody else."""

    def dns_name(self) -> str | None:
        """Return the name."""
        return self.name

    def server(self) -> str:
        """Return the name with the API servers' port."""
        return f"{self.name}:{LOCAL_PORT}"


#: What `endpoint` can be: `kind` says which. A kind is a section here and a file in components/endpoints.
Endpoint = Annotated[
    HaproxyEndpoint | ExternalEndpoint | KubeVipEndpoint | NodeLocalEndpoint | NlbEndpoint, Field(discriminator="kind")
]
