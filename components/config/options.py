"""Networks, lifetimes, and what may happen to pods."""

from ipaddress import IPv4Network
from typing import Annotated, Any, Literal

from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator

from components.config.ipv6 import Range6
from components.config.section import Section
from components.config.values import Checksum, Domain, FilePath, Flag, Range, Url, Whole, example


class ManifestSource(Section):
    """Objects of Kubernetes in YAML: a file of yours, or an address with the checksum to expect."""

    file: Annotated[FilePath | None, example("manifests/web.yaml")] = None
    """Path of the file, relative to the project. It is read here and sent along."""
    url: Annotated[Url | None, example("https://example.org/releases/v1.2.3/install.yaml")] = None
    """Address of the file, fetched by a control plane. Needs `sha256`."""
    sha256: Annotated[Checksum | None, example("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")] = (
        None
    )
    """Checksum of what is at `url`: what `sha256sum` prints."""


class OwnNetwork(Section):
    """A network between pods of your own choice."""

    manifests: Annotated[list[ManifestSource], Field(min_length=1), example([{"file": "manifests/network.yaml"}])]
    """What to apply, in this order, before other nodes join. It may change later, unlike the choice itself."""


class Ipv6Options(Section):
    """The second family of a dual-stack cluster. Every node then needs an `address6`."""

    pod_subnet: Annotated[Range6, example("fd00:10::/56")]
    """IPv6 range of pods; every node gets a /64 of it."""
    service_subnet: Annotated[Range6, example("fd00:11::/112")]
    """IPv6 range of services, between /108 and /124."""


def _network(value: Any, _: ValidatorFunctionWrapHandler) -> Any:
    """A mapping can only be a network of one's own, and anything else a word: so each has faults of its own."""
    if isinstance(value, dict | OwnNetwork):
        return OwnNetwork.model_validate(value)
    if value not in ("flannel", "none"):
        raise ValueError(
            "no network that there is here: choose flannel or none, in small letters, or give another one's"
            " manifests, such as `cni: {manifests: [{file: manifests/network.yaml}]}`"
        )
    return value


class NetworkOptions(Section):
    """Ranges of addresses, and what connects pods."""

    pod_subnet: Annotated[Range, example("10.20.0.0/16")] = IPv4Network("10.244.0.0/16")
    """Range of pods; every node gets a part of it, as long as `nodeMask` says."""
    node_mask: Annotated[Whole, Field(ge=16, le=28), example(25)] = 24
    """Length of the range that each node gets: a /24 has room for 253 pods."""
    service_subnet: Annotated[Range, example("10.21.0.0/20")] = IPv4Network("10.96.0.0/12")
    """Range of services."""
    dns_domain: Annotated[Domain, example("k8s.example.org")] = "cluster.local"
    """DNS domain of services."""
    ipv6: Annotated[Ipv6Options | None, example({"podSubnet": "fd00:10::/56", "serviceSubnet": "fd00:11::/112"})] = None
    """Ranges of the second family: pods, services and nodes have IPv4 and IPv6. The endpoint stays IPv4."""
    cni: Annotated[OwnNetwork | Literal["flannel", "none"], WrapValidator(_network), example("none")] = "flannel"
    """What connects pods: `flannel` over vxlan; `none`, and you install one when the nodes are there; or manifests of
    your own, such as `{manifests: [{file: manifests/network.yaml}]}`."""


class CertificateOptions(Section):
    """Lifetimes of what is signed here, and whether the authorities are protected."""

    protect: Annotated[Flag, example(False)] = True
    """Refuse to destroy or replace the certificate authorities and the service-account key."""
    authority_days: Annotated[Whole, Field(ge=365, le=36500), example(7300)] = 3650
    """Lifetime of the certificate authorities, in days."""
    admin_days: Annotated[Whole, Field(ge=1), example(90)] = 365
    """Lifetime of the admin kubeconfig's certificate, in days. Renewed by an `up` in its last 30."""


class DrainOptions(Section):
    """What may happen to pods when their node leaves."""

    timeout_seconds: Annotated[Whole, Field(ge=10, le=3600), example(900)] = 300
    """How long to wait for pods to go, disruption budgets included, before the removal stops with an error."""
    delete_unmanaged_pods: Annotated[Flag, example(True)] = False
    """Delete pods that no controller would create again, instead of stopping with their names."""
