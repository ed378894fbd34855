"""What containerd is told beyond what is written for it: settings with which it runs no pod, or loses them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from components.config import Cluster
from components.faults import Fault
from components.render.containerd import CERTS
from components.rules.known import below, mapping
from components.spelling import nearest

_IMAGES, _RUNTIME = "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"
#: Where containerd 1 had both.
_OLD = "io.containerd.grpc.v1.cri"
#: Folders that are empty after a start of the host, or are none of a disk.
_PASSING = ("/tmp", "/var/tmp", "/run", "/var/run", "/dev", "/proc", "/sys")  # noqa: S108
_RUNC = "io.containerd.runc.v2"
_SECRET = re.compile(r"password|passwd|secret|token|private_?key|^auth$|credential", re.IGNORECASE)


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
    found = below(
        cluster.containerd.config, "plugins", _RUNTIME, "containerd", "runtimes", "runc", "options", "SystemdCgroup"
    )
    if isinstance(found, bool) and found != (kubelet == "systemd"):
        yield Fault(
            "containerd.config",
            f"sets SystemdCgroup to {str(found).lower()}, and the kubelet's cgroupDriver is {kubelet}",
            "Remove it: it follows kubernetes.kubelet.cgroupDriver.",
        )


#: Without which kubelets have no runtime.
_CRI = ("cri", _OLD, _RUNTIME, _IMAGES)


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
    address = below(config, "grpc", "address")
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
    passed = sorted(mapping(below(cluster.containerd.config, "plugins", _OLD)).keys() - _STREAMS)
    if passed:
        yield Fault(
            f"containerd.config.plugins.{_OLD}",
            f"{', '.join(passed)}: containerd 2 does not read it there",
            f"Write it under {_RUNTIME}, or {_IMAGES} for what is of images.",
        )


#: Whose names are worth a look when another one is nearly the same.
_REGISTRIES = ("registry.k8s.io", "docker.io", "ghcr.io", "quay.io", "public.ecr.aws", "registry.gitlab.com")


def registries(cluster: Cluster) -> Iterator[Fault]:
    """Yield registries by a name that images do not have."""
    for name in cluster.registries:
        near = nearest(name, _REGISTRIES, cutoff=0.85)
        if near and near != name and len(near) == len(name):
            yield Fault(f"registries.{name}", "is nearly the name of a registry that many use", f"Is it {near}?")
        if name in ("index.docker.io", "registry-1.docker.io", "hub.docker.com"):
            yield Fault(
                f"registries.{name}", "is not what images are named by, so its mirror is not asked", "Write docker.io."
            )
        elif name in ("k8s.gcr.io", "gcr.io"):
            yield Fault(
                f"registries.{name}", "is not where Kubernetes' images come from any more", "Write registry.k8s.io."
            )


def mirror_paths(cluster: Cluster) -> Iterator[Fault]:
    """Yield mirrors with a path that is hardly a registry's."""
    for name, urls in cluster.registries.items():
        for number, url in enumerate(urls):
            path = urlsplit(url).path.strip("/")
            if path and "v2" not in path.split("/"):
                yield Fault(
                    f"registries.{name}.{number}",
                    f"has the path /{path}, which stands for the registry's /v2, and no v2 is in it",
                    f"See that images are there; often it is {url.rstrip('/').removesuffix('/' + path)}/v2/{path}.",
                )


def mirrors(cluster: Cluster) -> Iterator[Fault]:
    """Yield mirrors where containerd reads none beside the folder that has ours: it would not start pods."""
    path = f"containerd.config.plugins.{_IMAGES}.registry"
    registry = mapping(below(cluster.containerd.config, "plugins", _IMAGES, "registry"))
    beside = {
        "mirrors": registry.get("mirrors"),
        "configs": [c for c in mapping(registry.get("configs")).values() if below(c, "tls")],
    }
    for key, given in beside.items():
        if given:
            yield Fault(
                f"{path}.{key}",
                f"stands beside config_path, {CERTS}, and containerd runs no pod with both",
                "Remove it, and write mirrors under registries.",
            )
    folder = registry.get("config_path")
    if cluster.registries and folder is not None and CERTS not in str(folder).split(":"):
        yield Fault(f"{path}.config_path", f"is '{folder}', and the mirrors of registries are in {CERTS}", "Remove it.")


def runtimes(cluster: Cluster) -> Iterator[Fault]:
    """Yield a runtime for all pods that there is not."""
    settings = below(cluster.containerd.config, "plugins", _RUNTIME, "containerd")
    name = below(settings, "default_runtime_name")
    there = ["runc", *mapping(below(settings, "runtimes"))]
    if isinstance(name, str) and name not in there:
        yield Fault(
            f"containerd.config.plugins.{_RUNTIME}.containerd.default_runtime_name",
            f"is '{name}', and no runtime has that name: containerd runs no pod",
            f"Write it under runtimes beside it, or choose {', '.join(there)}.",
        )


def folders(cluster: Cluster) -> Iterator[Fault]:
    """Yield a place for images and containers that is empty after the next start."""
    root = cluster.containerd.config.get("root")
    if isinstance(root, str) and any(f"{root}/".startswith(f"{folder}/") for folder in _PASSING):
        yield Fault(
            "containerd.config.root",
            f"is '{root}', which is empty after a start of the host: images and containers are gone",
            "Remove it, or name a folder of a disk, such as /srv/containerd.",
        )


def groups(cluster: Cluster) -> Iterator[Fault]:
    """Yield runtimes whose pods are counted beside systemd, since nobody said otherwise."""
    if cluster.kubernetes.kubelet.get("cgroupDriver", "systemd") != "systemd":
        return
    found = mapping(below(cluster.containerd.config, "plugins", _RUNTIME, "containerd", "runtimes"))
    for name, runtime in found.items():
        if name == "runc" or not isinstance(runtime, Mapping) or runtime.get("runtime_type") != _RUNC:
            continue
        if below(runtime, "options", "SystemdCgroup") is not True:
            yield Fault(
                f"containerd.config.plugins.{_RUNTIME}.containerd.runtimes.{name}.options",
                "has no SystemdCgroup, and the kubelet's cgroupDriver is systemd: its pods are counted twice",
                "Write SystemdCgroup: true there.",
            )


RULES = (settings, cgroups, runtime, mirrors, runtimes, folders)
CAUTIONS = (registries, mirror_paths, old_plugin, groups)
