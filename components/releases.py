"""Versions that belong together: the typed view of releases.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from components.files import parsed

REGISTRY = "registry.k8s.io"


@dataclass(frozen=True)
class Release:
    """One Kubernetes minor and what kubeadm deploys with it."""

    minor: str
    floor: str
    etcd: str
    coredns: str
    pause: str
    containerd: Mapping[str, str]
    """Oldest patch of each supported minor of containerd, by minor."""
    architectures: tuple[str, ...]
    """Architectures that there are packages for, as dpkg names them."""


@dataclass(frozen=True)
class PackageSource:
    """An apt repository: its address, and its signing key by address and fingerprint."""

    url: str
    key_url: str
    fingerprint: str


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = parsed(Path(__file__).with_suffix(".yaml"))
    return loaded


def minor(version: str) -> str:
    """Return the minor of an exact version: `1.36` for `1.36.3`."""
    return ".".join(version.split(".")[:2])


def numbers(version: str) -> tuple[int, ...]:
    """Return what versions are compared by: `1.36.10` is newer than `1.36.9`."""
    return tuple(int(part) for part in version.split("."))


def releases() -> dict[str, Release]:
    """Return every supported Kubernetes minor."""
    return {
        name: Release(**{**r, "minor": name, "architectures": tuple(r["architectures"])})
        for name, r in _data()["kubernetes"].items()
    }


def default_containerd() -> str:
    """Return the containerd version that is installed unless the cluster file names one."""
    return str(_data()["containerd"])


def etcd_version(version: str) -> str:
    """Return the version of etcd that kubeadm deploys with a Kubernetes version; nothing for a minor not supported."""
    release = releases().get(minor(version))
    return release.etcd.partition("-")[0] if release else ""


def etcd_image(version: str) -> str:
    """Return the image that has etcd's programs, as the project publishes it for Kubernetes."""
    return f"{REGISTRY}/etcd:{version}-0"


def flannel_images() -> tuple[str, str]:
    """Return the images of flannel's daemon and of its CNI plugin."""
    return _data()["flannel"]["image"], _data()["flannel"]["cniPlugin"]


def kube_vip_image() -> str:
    """Return the image of kube-vip."""
    return str(_data()["kubeVip"])


def cloud_controller_manager_image(version: str) -> str:
    """Return the image of AWS's cloud controller manager for a Kubernetes version: never a newer one."""
    return str(_data()["aws"]["cloudControllerManager"][minor(version)])


def ebs_csi_image(part: str) -> str:
    """Return the image of one part of the EBS CSI driver, such as `provisioner`."""
    return str(_data()["aws"]["ebsCsi"][part])


def ebs_csi_images(*, control_plane: bool) -> list[str]:
    """Return the images that a node needs for the EBS CSI driver; its controller is on control planes."""
    controller = ("provisioner", "attacher", "resizer") if control_plane else ()
    return [ebs_csi_image(part) for part in ("driver", "registrar", "livenessProbe", *controller)]


def haproxy_image() -> str:
    """Return the image of HAProxy on workers, unless the cluster file names one."""
    return str(_data()["haproxy"])


def package_source(kind: str, kubernetes_version: str) -> PackageSource:
    """Return upstream's apt repository for `kubernetes` or `containerd`."""
    entry = _data()["packages"][kind]
    return PackageSource(
        url=entry["url"].format(minor=minor(kubernetes_version)),
        key_url=entry["keyUrl"].format(minor=minor(kubernetes_version)),
        fingerprint=entry["fingerprint"],
    )


def node_images(version: str, *, flannel: bool = True) -> list[str]:
    """Return the images that every node needs, pulled before it joins so that joining is short."""
    release = releases()[minor(version)]
    return [
        f"{REGISTRY}/pause:{release.pause}",
        f"{REGISTRY}/kube-proxy:v{version}",
        f"{REGISTRY}/coredns/coredns:{release.coredns}",
        *(flannel_images() if flannel else ()),
    ]


def control_plane_images(version: str, *, etcd: bool = True) -> list[str]:
    """Return the images that a control plane needs on top of those of every node; `etcd` where it is stacked."""
    release = releases()[minor(version)]
    names = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    return [f"{REGISTRY}/{n}:v{version}" for n in names] + ([f"{REGISTRY}/etcd:{release.etcd}"] if etcd else [])
