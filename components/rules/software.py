"""Versions that go together, where software comes from, and what kubeadm is told to overlook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
_SECRET = re.compile(r"password|passwd|secret|token|private_?key|^auth$|credential", re.IGNORECASE)


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


def settings(cluster: Cluster) -> Iterator[Fault]:
    """Yield settings of containerd that cannot be written, or hold secrets."""
    yield from _unwritable("containerd.config", cluster.containerd.config)


def _unwritable(path: str, value: Any) -> Iterator[Fault]:
    if value is None:
        yield Fault(path, "is null, which TOML does not have", "Give a value, or remove the key.")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if _SECRET.search(str(key)) and isinstance(inner, str) and inner:
                yield Fault(
                    f"{path}.{key}",
                    "would stand in plain text in state and previews",
                    "Put it into a file on the hosts that containerd.config.imports names, or use imagePullSecrets.",
                )
            else:
                yield from _unwritable(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unwritable(f"{path}.{index}", inner)


def cgroups(cluster: Cluster) -> Iterator[Fault]:
    """Yield a cgroup driver of containerd that is not the kubelet's: pods would be counted twice, then killed."""
    kubelet = cluster.kubernetes.kubelet.get("cgroupDriver", "systemd")
    found: Any = cluster.containerd.config
    for key in (
        "plugins",
        "io.containerd.cri.v1.runtime",
        "containerd",
        "runtimes",
        "runc",
        "options",
        "SystemdCgroup",
    ):
        found = found.get(key) if isinstance(found, Mapping) else None
    if isinstance(found, bool) and found != (kubelet == "systemd"):
        yield Fault(
            "containerd.config",
            f"sets SystemdCgroup to {str(found).lower()}, and the kubelet's cgroupDriver is {kubelet}",
            "Remove it: it follows kubernetes.kubelet.cgroupDriver.",
        )


#: Without which kubelets have no runtime.
_CRI = ("cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images")


def runtime(cluster: Cluster) -> Iterator[Fault]:
    """Yield settings with which containerd does not start, or the kubelet does not find it."""
    config = cluster.containerd.config
    version = config.get("version")
    if version is not None and version != 3:
        yield Fault(
            "containerd.config.version",
            f"is {version}, and the file that it is merged into is of version 3",
            "Remove it, and write the plugins by their names of version 3: `containerd config migrate` prints them.",
        )
    listed = config.get("disabled_plugins")
    off = [name for name in listed if name in _CRI] if isinstance(listed, list) else []
    if off:
        yield Fault(
            "containerd.config.disabled_plugins",
            f"turns {off[0]} off, and kubelets have no other way to start pods",
            "Take it out of the list.",
        )
    grpc = config.get("grpc")
    address = grpc.get("address") if isinstance(grpc, Mapping) else None
    if address not in (None, "/run/containerd/containerd.sock"):
        yield Fault(
            "containerd.config.grpc.address",
            f"is '{address}', and kubelets ask at /run/containerd/containerd.sock",
            "Remove it.",
        )


#: What the old plugin still has in version 3: the streams of exec and logs.
_STREAMS = frozenset(
    {
        *("disable_tcp_service", "stream_server_address", "stream_server_port", "stream_idle_timeout"),
        *("enable_tls_streaming", "x509_key_pair_streaming"),
    }
)


def old_plugin(cluster: Cluster) -> Iterator[Fault]:
    """Yield settings where containerd 1 had them: those of today pass over them."""
    plugins = cluster.containerd.config.get("plugins")
    old = plugins.get("io.containerd.grpc.v1.cri") if isinstance(plugins, Mapping) else None
    passed = sorted(old.keys() - _STREAMS) if isinstance(old, Mapping) else []
    if passed:
        yield Fault(
            "containerd.config.plugins.io.containerd.grpc.v1.cri",
            f"{', '.join(passed)}: containerd 2 does not read it there",
            "Write it under io.containerd.cri.v1.runtime, or io.containerd.cri.v1.images for what is of images.",
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


def registries(cluster: Cluster) -> Iterator[Fault]:
    """Yield registries by a name that images do not have."""
    for name in cluster.registries:
        if name in ("index.docker.io", "registry-1.docker.io", "hub.docker.com"):
            yield Fault(
                f"registries.{name}", "is not what images are named by, so its mirror is not asked", "Write docker.io."
            )
        elif name in ("k8s.gcr.io", "gcr.io"):
            yield Fault(
                f"registries.{name}", "is not where Kubernetes' images come from any more", "Write registry.k8s.io."
            )


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


RULES = (kubernetes, containerd, settings, cgroups, runtime, package_keys, package_addresses, preflight)
CAUTIONS = (registries, unknown_checks, old_plugin)
