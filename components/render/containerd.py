"""containerd's configuration: version 3 of config.toml, and a hosts.toml for each mirrored registry."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import tomli_w

from components import releases
from components.config import Cluster
from components.render.document import merged

CERTS = "/etc/containerd/certs.d"


def config(cluster: Cluster) -> str:
    """Return config.toml: the pause image that kubeadm expects, the kubelet's cgroup driver, mirrors by folder."""
    release = releases.releases()[releases.minor(cluster.kubernetes.version)]
    driver = cluster.kubernetes.kubelet.get("cgroupDriver", "systemd")
    ours: dict[str, Any] = {
        "version": 3,
        "plugins": {
            "io.containerd.cri.v1.images": {
                "pinned_images": {"sandbox": f"{releases.REGISTRY}/pause:{release.pause}"},
                "registry": {"config_path": CERTS},
            },
            "io.containerd.cri.v1.runtime": {
                "containerd": {
                    "runtimes": {
                        "runc": {
                            "runtime_type": "io.containerd.runc.v2",
                            "options": {"SystemdCgroup": driver == "systemd"},
                        }
                    }
                }
            },
        },
    }
    return tomli_w.dumps(merged(ours, cluster.containerd.config))


def mirrors(cluster: Cluster) -> dict[str, str]:
    """Return hosts.toml by upstream registry. Only what a mirror does not have is asked of upstream."""
    return {registry: _hosts(registry, urls) for registry, urls in cluster.registries.items()}


def _hosts(registry: str, urls: list[str]) -> str:
    hosts = {
        url: {
            "capabilities": ["pull", "resolve"],
            # A path stands for the registry's /v2, as the mirrors of several registries on one host have it.
            **({"override_path": True} if urlsplit(url).path.strip("/") else {}),
        }
        for url in urls
    }
    return tomli_w.dumps({"server": f"https://{registry}", "host": hosts})
