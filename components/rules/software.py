"""Versions that go together, where software comes from, and what kubeadm is told to overlook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from components import releases
from components.config import Cluster
from components.faults import Fault
from components.spelling import nearest

SKEW = "https://kubernetes.io/releases/version-skew-policy"
#: kubeadm's preflight checks; those that end in '-' go on with a path or a port.
CHECKS = (
    *("CRI", "ContainerRuntimeVersion", "ExternalEtcdVersion", "Firewalld", "HTTPProxy", "HTTPProxyCIDR", "Hostname"),
    *("ImagePull", "IsPrivilegedUser", "KubeletVersion", "KubernetesVersion", "Mem", "NumCPU", "Swap"),
    "SystemVerification",
)
_BEGINNINGS = ("DirAvailable-", "FileAvailable-", "FileExisting-", "FileContent-", "Port-", "Service-")


def kubernetes(cluster: Cluster) -> Iterator[Fault]:
    """Yield a version of Kubernetes that is not supported."""
    version, known = cluster.kubernetes.version, releases.releases()
    release = known.get(releases.minor(version))
    if release is None:
        yield Fault(
            "kubernetes.version",
            f"{version} is of a minor that is not supported",
            f"Choose a patch of {', '.join(known)} ({SKEW}).",
        )
    elif releases.numbers(version) < releases.numbers(release.floor):
        yield Fault(
            "kubernetes.version",
            f"{version} is older than {release.floor}",
            f"Choose {release.floor} or later: before it one dead etcd member blocks every join (kubernetes#138403).",
        )


#: More patches than any minor has had.
MANY_PATCHES = 25


def patches(cluster: Cluster) -> Iterator[Fault]:
    """Yield a version that hardly was made: its packages would not be found, on the hosts."""
    version = cluster.kubernetes.version
    if releases.numbers(version)[2] > MANY_PATCHES:
        yield Fault(
            "kubernetes.version",
            f"{version} is a patch such as no minor of Kubernetes has had",
            "See https://kubernetes.io/releases for those that there are.",
        )


def containerd(cluster: Cluster) -> Iterator[Fault]:
    """Yield a version of containerd that the release of Kubernetes does not go with."""
    release = releases.releases().get(releases.minor(cluster.kubernetes.version))
    if release is None:
        return
    version = cluster.containerd.version
    oldest = release.containerd.get(releases.minor(version))
    if oldest is None:
        yield Fault(
            "containerd.version",
            f"{version} is not supported by Kubernetes {release.minor}",
            f"Choose a patch of {', '.join(release.containerd)}.",
        )
    elif releases.numbers(version) < releases.numbers(oldest):
        yield Fault(
            "containerd.version",
            f"{version} is older than {oldest}",
            f"Choose {oldest} or later: the matrix of containerd asks for it with Kubernetes {release.minor}.",
        )


def package_keys(cluster: Cluster) -> Iterator[Fault]:
    """Yield repositories whose key is not pinned."""
    for kind, repository in _repositories(cluster):
        key = repository.key
        if (key.file is None) == (key.url is None):
            yield Fault(f"packages.{kind}.key", "needs either file or url", "Give one of the two.")
        if key.url and not key.fingerprint:
            yield Fault(f"packages.{kind}.key.fingerprint", "is missing", "A key that is fetched must be pinned.")


def package_addresses(cluster: Cluster) -> Iterator[Fault]:
    """Yield repositories that cannot have what is asked of them."""
    for kind, repository in _repositories(cluster):
        path, url = f"packages.{kind}.url", repository.url
        if re.search(r"/rpm(/|$)", url):
            yield Fault(path, "is a repository of RPM packages, and hosts have apt", "Name the one of .deb packages.")
        minor = releases.minor(cluster.kubernetes.version)
        frozen = re.search(r"//(apt\.kubernetes\.io|packages\.cloud\.google\.com)(/|$)", url)
        if frozen:
            yield Fault(
                path,
                f"is at {frozen[1]}, which has had no release since 1.28",
                "Remove it: pkgs.k8s.io is asked unless a mirror is given.",
            )
        named = re.search(r"/v(\d+\.\d+)(/|$)", url)
        if kind == "kubernetes" and named and named[1] != minor:
            yield Fault(
                path,
                f"is the repository of Kubernetes {named[1]}, and kubernetes.version is {cluster.kubernetes.version}",
                f"Write /v{minor}/ in it: each minor has a repository of its own.",
            )
        system = re.search(r"/(debian|ubuntu)/?$", url)
        if kind == "containerd" and system:
            yield Fault(
                path, f"ends in {system[1]}, which is added for each host", f"Write it without /{system[1]} at its end."
            )


def _repositories(cluster: Cluster) -> Iterator[tuple[str, Any]]:
    for kind in ("kubernetes", "containerd"):
        repository = getattr(cluster.packages, kind)
        if repository is not None:
            yield kind, repository


def preflight(cluster: Cluster) -> Iterator[Fault]:
    """Yield the word that turns all of kubeadm's checks off."""
    if "all" in map(str.lower, cluster.kubernetes.ignore_preflight_errors):
        yield Fault(
            "kubernetes.ignorePreflightErrors",
            "'all' hides what breaks a cluster later",
            "Name the checks that may fail.",
        )


def unknown_checks(cluster: Cluster) -> Iterator[Fault]:
    """Yield names that none of kubeadm's checks has."""
    known = {check.lower() for check in CHECKS}
    for name in cluster.kubernetes.ignore_preflight_errors:
        if name.lower() in (*known, "all") or name.lower().startswith(tuple(map(str.lower, _BEGINNINGS))):
            continue
        near = nearest(name, CHECKS)
        yield Fault(
            "kubernetes.ignorePreflightErrors",
            f"'{name}' is no check that is known",
            f"Did you mean '{near}'?" if near else "kubeadm's errors name the check, in brackets.",
        )


RULES = (kubernetes, containerd, package_keys, package_addresses, preflight)
CAUTIONS = (patches, unknown_checks)
