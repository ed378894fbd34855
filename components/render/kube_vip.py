"""kube-vip on the control planes: which of them has the virtual address, and how the network learns of it."""

from __future__ import annotations

from typing import Any

from components import releases
from components.config import BgpOptions, KubeVipEndpoint
from components.render.static_pod import ADDRESS, INTERFACE, environment, static_pod

#: kubeadm's; only the host that starts the cluster has the second one.
ADMIN, SUPER_ADMIN = "/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"


def kube_vip(endpoint: KubeVipEndpoint, *, starting: bool = False) -> str:
    """Return the manifest of the static pod.

    It has to hold the address while `kubeadm init` goes on, and until that is over only super-admin.conf may do
    anything (kube-vip#684): with `starting` it is that one.
    """
    return static_pod(
        "kube-vip",
        {
            "image": releases.kube_vip_image(),
            # Without the flag it tells its metrics to everybody, on every address of the host.
            "args": ["manager", "--prometheusHTTPServer="],
            "env": [
                *_common(endpoint),
                *(_bgp(endpoint, endpoint.bgp) if endpoint.bgp else _arp(endpoint)),
            ],
            "securityContext": {"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN", "NET_RAW"]}},
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
            "volumeMounts": [{"name": "kubeconfig", "mountPath": ADMIN, "readOnly": True}],
        },
        # The type has the kubelet wait for the file: without one it would make a folder of that name.
        [{"name": "kubeconfig", "hostPath": {"path": SUPER_ADMIN if starting else ADMIN, "type": "File"}}],
        # It talks to its own API server alone, so that it gives the address up when that one is lost.
        hostAliases=[{"ip": "127.0.0.1", "hostnames": ["kubernetes"]}],
    )


def _common(endpoint: KubeVipEndpoint) -> list[dict[str, Any]]:
    return [
        *environment(
            address=str(endpoint.address), port=str(endpoint.port), cp_enable="true", cp_namespace="kube-system"
        ),
        {"name": "vip_nodename", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        # One control plane has the address at a time, with BGP too: it is the one whose API server answers.
        *environment(
            vip_leaderelection="true",
            vip_leasename="plndr-cp-lock",
            vip_leaseduration="5",
            vip_renewdeadline="3",
            vip_retryperiod="1",
        ),
    ]


def _arp(endpoint: KubeVipEndpoint) -> list[dict[str, Any]]:
    return environment(vip_arp="true", vip_interface=endpoint.interface or INTERFACE)


def _bgp(endpoint: KubeVipEndpoint, bgp: BgpOptions) -> list[dict[str, Any]]:
    # An empty password between address and the flag: peers are known by their addresses.
    peers = ",".join(f"{p.address}:{p.as_number}::{str(p.multihop).lower()}" for p in bgp.peers)
    return environment(
        vip_arp="false",
        # The address belongs to no network of the host's: it is on loopback, and only the route leads to it.
        vip_interface=endpoint.interface or "lo",
        bgp_enable="true",
        bgp_as=str(bgp.as_number),
        # Never the virtual address, which is on the host too.
        bgp_routerid=ADDRESS,
        bgp_sourceip=ADDRESS,
        bgp_peers=peers,
        bgp_hold_time=str(bgp.hold_seconds),
        bgp_keepalive_interval=str(bgp.hold_seconds // 3),
    )
