"""The cluster file as frozen, typed values: every key, its meaning and its default. No I/O, no Pulumi.

Descriptions are the keys' documentation: docs/configuration.md and the JSON Schema are generated from them.
Rules that span several keys are in rules.py.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from components import releases

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def _label(value: str) -> str:
    if not LABEL.fullmatch(value):
        raise ValueError(
            "not a DNS label (RFC 1123): use lower-case letters, digits and '-', at most 63,"
            " beginning and ending with a letter or digit"
        )
    return value


def _host_label(value: str) -> str:
    if len(_label(value)) > 52:
        raise ValueError("longer than 52 characters: choose a shorter name; it goes into a certificate's, which has 64")
    return value


def _registry(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?", value):
        raise ValueError("not the name of a registry: write it as in an image, such as registry.k8s.io")
    return value


def _url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ValueError("not an address: write one that begins with https:// or http://")
    return value


def _ours(value: dict[str, Any]) -> dict[str, Any]:
    if value.keys() & {"apiVersion", "kind"}:
        raise ValueError("apiVersion and kind are set already: remove them")
    return value


def _exact(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}", value):
        raise ValueError("not an exact version: write all three numbers in quotes, such as '1.36.3'")
    return value


def _address_alone(value: Any) -> Any:
    return {"address": value} if isinstance(value, str) else value


Name = Annotated[str, AfterValidator(_label)]


def _text(value: Any) -> Any:
    if not isinstance(value, str):  # a bare number is an address to ipaddress, and never what was meant
        raise ValueError("not an address: write one such as 192.0.2.10, or a range such as 10.0.0.0/16")
    return value


Address = Annotated[IPv4Address, BeforeValidator(_text)]
Range = Annotated[IPv4Network, BeforeValidator(_text)]
HostName = Annotated[str, AfterValidator(_host_label)]
Url = Annotated[str, AfterValidator(_url)]
ComponentConfig = Annotated[dict[str, Any], AfterValidator(_ours)]
Version = Annotated[str, BeforeValidator(_exact)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """Base of all sections: frozen, and a key that is not known is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, use_attribute_docstrings=True)


class SshOptions(Section):
    """How to log in. On a host it overrides, key by key, what the cluster's `ssh` says."""

    user: str | None = None
    """Login name, root unless given. Any other user needs sudo without a password."""
    port: Port | None = None
    """Port of sshd, 22 unless given."""
    private_key_file: str | None = None
    """Path of the private key, relative to the project; `~` is understood. Without it the SSH agent is asked."""
    known_hosts_file: str | None = None
    """Path of an OpenSSH known_hosts file with the hosts' keys, relative to the project."""
    host_key: str | None = None
    """The host's public key, such as `ssh-ed25519 AAAA…`, instead of a line in the known_hosts file."""
    address: str | None = None
    """Address to log in at, where it is not the address that the cluster uses."""


class HostSpec(Section):
    """A machine that is there already and answers SSH. A bare address is short for `{address: …}`."""

    address: Address
    """Address of the host inside the cluster: what other nodes reach it at."""
    ssh: SshOptions = SshOptions()
    """Login that differs from the cluster's."""
    lost: bool = False
    """The host is gone for good: nothing is run on it any more, and a living control plane takes it out of the
    cluster. Apply this, then remove the host's line."""


Hosts = dict[HostName, Annotated[HostSpec, BeforeValidator(_address_alone)]]


class HaproxyEndpoint(Section):
    """HAProxy and keepalived on hosts of their own, sharing a virtual address."""

    kind: Literal["haproxy"]
    """The kind of endpoint."""
    address: Address
    """The virtual address of the API, free and in the balancers' subnet."""
    port: Port = 6443
    """Port of the API at the virtual address."""
    router_id: Annotated[int, Field(ge=1, le=255)] = 51
    """VRRP router id, unique among the keepalived groups of the subnet."""
    hosts: Hosts
    """The balancer hosts by name, two or more."""


class KubernetesOptions(Section):
    """The Kubernetes release and its components' own configuration."""

    version: Version
    """Exact version of Kubernetes."""
    kubelet: ComponentConfig = {}
    """Fields of KubeletConfiguration (kubelet.config.k8s.io/v1beta1), merged over ours."""
    kube_proxy: ComponentConfig = {}
    """Fields of KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1), merged over ours."""
    ignore_preflight_errors: list[str] = []
    """Names of kubeadm's preflight checks whose failure is accepted. `all` is refused."""
    extra_cert_names: list[Annotated[str, Field(pattern=r"^[0-9A-Za-z.:*-]+$")]] = []
    """Further DNS names and addresses in the API servers' certificate."""


class NetworkOptions(Section):
    """Ranges of addresses, and what connects pods."""

    pod_subnet: Range = IPv4Network("10.244.0.0/16")
    """Range of pods; every node gets a /24 of it."""
    service_subnet: Range = IPv4Network("10.96.0.0/12")
    """Range of services."""
    dns_domain: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")] = "cluster.local"
    """DNS domain of services."""
    cni: Literal["flannel"] = "flannel"
    """What connects pods: flannel over vxlan."""


class ControlPlaneOptions(Section):
    """Hosts that run the API servers and, stacked with them, etcd."""

    hosts: Hosts
    """The control planes by name: one, three, five or seven."""


class PoolOptions(Section):
    """A set of workers that are alike."""

    hosts: Hosts
    """The workers by name."""
    max_unavailable: Annotated[int, Field(ge=1)] = 1
    """How many of the pool's workers are taken out of service at a time when all of them change, as in an upgrade."""


class PackageKey(Section):
    """The key that signs a package repository: a file of yours, or an address with the fingerprint to expect."""

    file: Annotated[str, Field(min_length=1)] | None = None
    """Path of the ASCII-armoured public key, relative to the project."""
    url: Url | None = None
    """Address of the ASCII-armoured public key. Needs `fingerprint`."""
    fingerprint: Annotated[str, Field(pattern=r"^[0-9A-F]{40}$")] | None = None
    """The fingerprint that the key must have: 40 hexadecimal digits."""


class PackageRepository(Section):
    """An apt repository of a site, in the shape of upstream's."""

    url: Url
    """Address of the repository."""
    key: PackageKey
    """The key that signs it."""


class PackageOptions(Section):
    """Where packages come from. Upstream unless given."""

    kubernetes: PackageRepository | None = None
    """Repository of kubeadm, kubelet, kubectl and cri-tools (flat, as pkgs.k8s.io)."""
    containerd: PackageRepository | None = None
    """Repository of containerd.io: `<url>/<debian or ubuntu>`, suites by code name, as Docker's."""


class ContainerdOptions(Section):
    """The container runtime."""

    version: Version = Field(default_factory=releases.default_containerd)
    """Exact version of containerd."""
    config: dict[str, Any] = {}
    """Settings merged over ours in /etc/containerd/config.toml (version 3)."""


class CertificateOptions(Section):
    """Lifetimes of what is signed here, and whether the authorities are protected."""

    protect: bool = True
    """Refuse to destroy or replace the certificate authorities and the service-account key."""
    authority_days: Annotated[int, Field(ge=365)] = 3650
    """Lifetime of the certificate authorities, in days."""
    admin_days: Annotated[int, Field(ge=1)] = 365
    """Lifetime of the admin kubeconfig's certificate, in days. Renewed by an `up` in its last 30."""


class DrainOptions(Section):
    """What may happen to pods when their node leaves."""

    timeout_seconds: Annotated[int, Field(ge=10, le=3600)] = 300
    """How long to wait for pods to go, disruption budgets included, before the removal stops with an error."""
    delete_unmanaged_pods: bool = False
    """Delete pods that no controller would create again, instead of stopping with their names."""


class Cluster(Section):
    """A highly available Kubernetes cluster."""

    name: Name
    """Name of the cluster, in its kubeconfig too. It cannot be changed later."""
    kubernetes: KubernetesOptions
    """The Kubernetes release and its components' own configuration."""
    endpoint: HaproxyEndpoint
    """Where the API is reached."""
    control_plane: ControlPlaneOptions
    """Hosts that run the API servers and etcd."""
    workers: dict[Name, PoolOptions] = {}
    """Worker pools by name."""
    network: NetworkOptions = NetworkOptions()
    """Ranges of addresses, and what connects pods."""
    ssh: SshOptions = SshOptions()
    """How to log in to the hosts."""
    packages: PackageOptions = PackageOptions()
    """Where packages come from."""
    registries: dict[Annotated[str, AfterValidator(_registry)], Annotated[list[Url], Field(min_length=1)]] = {}
    """Mirrors by upstream registry, such as `registry.k8s.io: [https://mirror.example/v2/registry.k8s.io]`. A path
    in the address stands for the registry's whole `/v2`."""
    containerd: ContainerdOptions = ContainerdOptions()
    """The container runtime."""
    certificates: CertificateOptions = CertificateOptions()
    """Lifetimes and protection of certificates."""
    drain: DrainOptions = DrainOptions()
    """What may happen to pods when their node leaves."""

    def machines(self) -> dict[str, tuple[str, HostSpec]]:
        """Return every host as path (such as `controlPlane.hosts.cp-1`) to name and host."""
        groups = {
            "endpoint.hosts": self.endpoint.hosts,
            "controlPlane.hosts": self.control_plane.hosts,
            **{f"workers.{pool}.hosts": p.hosts for pool, p in self.workers.items()},
        }
        return {f"{g}.{n}": (n, h) for g, hosts in groups.items() for n, h in hosts.items()}
