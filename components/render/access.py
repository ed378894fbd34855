"""What a node may do on its own behalf: leave the cluster, and take up its settings."""

from __future__ import annotations

from components.render.document import to_yaml

NAME = "kubeadm-ha:node-leaves"
SETTINGS = "kubeadm-ha:node-settings"


def node_leaves() -> str:
    """Return the roles that let a node delete its own Node object, and see which settings the cluster was given.

    The admission plugin NodeRestriction, on by default with kubeadm, limits the group system:nodes to a node's own
    object; cordoning itself and evicting its own pods a node may do without this. It lists nodes to
    see whether another one could take its pods.
    """
    group = "rbac.authorization.k8s.io"
    return to_yaml(
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": NAME},
            "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["delete", "list"]}],
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": NAME},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": NAME},
            "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:nodes"}],
        },
        # Before it restarts with other settings, a kubelet's host looks whether the cluster has been given them.
        {
            "apiVersion": f"{group}/v1",
            "kind": "Role",
            "metadata": {"name": SETTINGS, "namespace": "kube-system"},
            "rules": [
                {
                    "apiGroups": [""],
                    "resources": ["configmaps"],
                    "resourceNames": ["kubeadm-ha-settings"],
                    "verbs": ["get"],
                }
            ],
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": SETTINGS, "namespace": "kube-system"},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": SETTINGS},
            "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:nodes"}],
        },
    )
