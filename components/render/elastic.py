"""What machines of elastic pools are told, and what a cluster allows those that have a token."""

from __future__ import annotations

from components.config import Cluster
from components.render import kubeadm, nodes
from components.render.document import to_yaml
from components.render.kubeconfig import kubeconfig
from components.render.objects import SYSTEM, allowed, bound, of_group, rule

#: Words in these files that stand for what a machine alone knows: scripts/aws/machine.py puts it there.
NAME, ADDRESS, ZONE, TYPE, ID, TOKEN = "@name@", "@address@", "@zone@", "@type@", "@id@", "@token@"
#: Label of nodes that come and go by themselves, with their pool.
LABEL = "kubeadm-ha/elastic"
#: Group of those that have a token, and of nobody else: scripts/aws/tokens.py makes them of it.
GROUP = "system:bootstrappers:kubeadm-ha:elastic"


def join(cluster: Cluster, pool: str) -> str:
    """Return kubeadm's configuration with which a machine joins; the kubeconfig lies beside it as discovery.conf."""
    marks = cluster.marks_of_pool(pool)
    region = cluster.aws.region if cluster.aws else ""
    managed = cluster.aws is not None and cluster.aws.cloud_controller_manager
    labels = {
        **marks.labels,
        LABEL: pool,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": ZONE,
        "node.kubernetes.io/instance-type": TYPE,
    }
    taints = nodes.registration_taints(marks, control_plane=False)
    arguments = [
        {"name": "node-ip", "value": ADDRESS},
        # By it an autoscaler, too, knows which machine a node is.
        *(kubeadm.of_machine(ID) if managed else [{"name": "provider-id", "value": ID}]),
        {"name": "node-labels", "value": ",".join(f"{key}={value}" for key, value in labels.items())},
    ]
    return to_yaml(kubeadm.joining(kubeadm.registration(cluster, NAME, arguments, taints)))


def discovery(cluster: Cluster, ca: str) -> str:
    """Return the kubeconfig that a machine joins with: the cluster's authority, and a token yet to come."""
    return kubeconfig(cluster.name, cluster.endpoint.server(), ca, "elastic", {"token": TOKEN})


def kubelet_patch(cluster: Cluster, pool: str) -> dict[str, str]:
    """Return kubeadm's patch of what the pool's kubelets are told, by its path beside a script; nothing without one."""
    return kubeadm.patch(cluster.workers[pool].kubelet)


def token_rights() -> str:
    """Return what those that have a token may do: ask for a node's certificate, and read what kubeadm joins by.

    The request is approved at once, whatever node it names: docs/adr tells what that means.
    """
    name, holders = "kubeadm-ha:elastic", of_group(GROUP)
    approved = "system:certificates.k8s.io:certificatesigningrequests:nodeclient"
    settings = rule("", ["configmaps"], "get", ["kubeadm-config", "kubelet-config"])
    return to_yaml(
        bound(f"{name}-asks", "ClusterRole", "system:node-bootstrapper", holders),
        bound(f"{name}-is-approved", "ClusterRole", approved, holders),
        # kubeadm looks whether there is such a node already.
        *allowed(f"{name}-sees-nodes", [rule("", ["nodes"], "get")], holders),
        *allowed(f"{name}-reads-settings", [settings], holders, SYSTEM),
    )
