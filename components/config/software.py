"""What is installed on hosts, and where it comes from."""

from typing import Annotated, Any

from pydantic import Field

from components import releases
from components.config.section import Section
from components.config.servers import ComponentOptions
from components.config.values import (
    CertificateName,
    ComponentConfig,
    FilePath,
    Fingerprint,
    Flag,
    Url,
    Version,
    example,
)


class KubernetesOptions(Section):
    """The Kubernetes release and its components' own configuration."""

    version: Annotated[Version, example("1.36.3")]
    """Exact version of Kubernetes."""
    kubelet: Annotated[ComponentConfig, example({"maxPods": 200})] = {}
    """Fields of KubeletConfiguration (kubelet.config.k8s.io/v1beta1), merged over ours."""
    kube_proxy: Annotated[ComponentConfig, example({"mode": "iptables"})] = {}
    """Fields of KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1), merged over ours."""
    api_server: ComponentOptions = ComponentOptions.unset()
    """The API server."""
    controller_manager: ComponentOptions = ComponentOptions.unset()
    """The controller manager."""
    scheduler: ComponentOptions = ComponentOptions.unset()
    """The scheduler."""
    feature_gates: Annotated[dict[str, Flag], example({"MaxUnavailableStatefulSet": True})] = {}
    """Feature gates of every component, the kubelet and kube-proxy too. One that the release does not know, or that is
    locked to the other value, is refused."""
    ignore_preflight_errors: Annotated[list[str], example(["NumCPU", "Mem"])] = []
    """Names of kubeadm's preflight checks whose failure is accepted. `all` is refused."""
    extra_cert_names: Annotated[list[CertificateName], example(["api.example.org"])] = []
    """Further DNS names and addresses in the API servers' certificate."""


class ContainerdOptions(Section):
    """The container runtime."""

    version: Annotated[Version, example("2.3.1")] = Field(default_factory=releases.default_containerd)
    """Exact version of containerd."""
    config: Annotated[
        dict[str, Any], example({"plugins": {"io.containerd.cri.v1.runtime": {"enable_selinux": True}}})
    ] = {}
    """Settings merged over ours in /etc/containerd/config.toml (version 3)."""


class PackageKey(Section):
    """The key that signs a package repository: a file of yours, or an address with the fingerprint to expect."""

    file: Annotated[FilePath | None, example("packages.asc")] = None
    """Path of the ASCII-armoured public key, relative to the project."""
    url: Annotated[Url | None, example("https://mirror.example/packages.asc")] = None
    """Address of the ASCII-armoured public key. Needs `fingerprint`."""
    fingerprint: Annotated[Fingerprint | None, example("DE15B14486CD377B9E876E1A234654DA9A296436")] = None
    """The fingerprint that the key must have: 40 hexadecimal digits."""


class PackageRepository(Section):
    """An apt repository of a site, in the shape of upstream's."""

    url: Annotated[Url, example("https://mirror.example/packages/")]
    """Address of the repository."""
    key: PackageKey
    """The key that signs it."""


class PackageOptions(Section):
    """Where packages come from. Upstream unless given."""

    kubernetes: PackageRepository | None = None
    """Repository of kubeadm, kubelet, kubectl and cri-tools (flat, as pkgs.k8s.io)."""
    containerd: PackageRepository | None = None
    """Repository of containerd.io: `<url>/<debian or ubuntu>`, suites by code name, as Docker's."""
