"""What other projects read from a stack: the contract is docs/outputs.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi

from components.config import Cluster
from components.control_plane import ControlPlane
from components.etcd_cluster import Etcd
from components.pki import ClusterPki

#: Version of what is exported: higher when something that was promised changes its meaning, its type or goes away.
CONTRACT = 1


def export(
    cluster: Cluster, pki: ClusterPki, control_plane: ControlPlane, etcd: Etcd, deployed: Mapping[str, Any]
) -> None:
    """Set the stack's outputs; `deployed` is what the next plan is compared with."""
    pulumi.export("contract", CONTRACT)
    pulumi.export("name", cluster.name)
    pulumi.export("endpoint", f"https://{cluster.admin_server()}")
    pulumi.export("kubernetesVersion", cluster.kubernetes.version)
    pulumi.export("kubeconfig", pki.kubeconfig)
    pulumi.export("caCertificate", pki.ca_certificate)
    pulumi.export("nodes", nodes(cluster))
    pulumi.export("etcd", _etcd(cluster, pki, etcd))
    pulumi.export("deployed", deployed)
    ends = pulumi.Output.unsecret(control_plane.certificates.apply(_parsed))
    pulumi.export("certificates", {"authorities": pki.expires, "controlPlanes": ends})


def _etcd(cluster: Cluster, pki: ClusterPki, etcd: Etcd) -> pulumi.Output[dict[str, Any]]:
    """Return where etcd is, and for one on hosts of its own what a client needs to look at it."""
    if etcd.client is None:
        kind = "stacked" if cluster.etcd.stacked else "external"
        return pulumi.Output.secret({"kind": kind, "caCertificate": "", "clientCertificate": "", "clientKey": ""})
    client = {
        "kind": "hosts",
        "caCertificate": pki.etcd_ca_certificate,
        "clientCertificate": etcd.client.certificate,
        "clientKey": etcd.client.key,
    }
    return pulumi.Output.secret(client)


def nodes(cluster: Cluster) -> dict[str, Any]:
    """Return the hosts by role and name, workers by pool, each with its address."""
    return {
        "loadBalancers": _addresses(cluster.endpoint.balancers()),
        "etcd": _addresses(cluster.etcd.hosts),
        "controlPlanes": _addresses(cluster.control_plane.hosts),
        "workers": {pool: _addresses(options.hosts) for pool, options in cluster.workers.items()},
    }


def _addresses(hosts: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(host.address) for name, host in hosts.items() if not host.lost}


def _parsed(printed: Mapping[str, str]) -> dict[str, Any]:
    # Nothing was printed by a step that `--target` leaves out.
    return {name: json.loads(text) for name, text in printed.items() if text}
