"""What a node may do on its own behalf: leave the cluster, and take up its settings."""

from __future__ import annotations

from components.render.document import to_yaml
from components.render.objects import SYSTEM, allowed, of_group, rule

NAME = "kubeadm-ha:node-leaves"
SETTINGS = "kubeadm-ha:node-settings"


def node_leaves() -> str:
    """Return the roles that let a node delete its own Node object, and see which settings the cluster was given.

    The admission plugin NodeRestriction, on by default with kubeadm, limits the group system:nodes to a node's own
    object; cordoning itself and evicting its own pods a node may do without this. It lists nodes to
    see whether another one could take its pods.
    """
    nodes = of_group("system:nodes")
    return to_yaml(
        *allowed(NAME, [rule("", ["nodes"], "delete list")], nodes),
        # Before it restarts with other settings, a kubelet's host looks whether the cluster has been given them.
        *allowed(SETTINGS, [rule("", ["configmaps"], "get", ["kubeadm-ha-settings"])], nodes, SYSTEM),
    )
