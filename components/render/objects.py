"""What manifests of ours have in common: objects with a name, and what a service account may do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Where what every cluster has runs.
SYSTEM = "kube-system"
RBAC = "rbac.authorization.k8s.io"


def named(version: str, kind: str, name: str, namespace: str = "", **fields: Any) -> dict[str, Any]:
    """Return an object; without a namespace it is the cluster's."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def account(name: str, namespace: str = SYSTEM) -> dict[str, Any]:
    """Return a service account."""
    return named("v1", "ServiceAccount", name, namespace)


def rule(group: str, resources: Sequence[str], verbs: str, names: Sequence[str] = ()) -> dict[str, Any]:
    """Return one right; verbs are words with spaces between, and `names` the only objects that it is for."""
    only = {"resourceNames": list(names)} if names else {}
    return {"apiGroups": [group], "resources": list(resources), **only, "verbs": verbs.split()}


def of_account(name: str, namespace: str = SYSTEM) -> dict[str, Any]:
    """Return who has a service account, as bindings name them."""
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def of_group(name: str) -> dict[str, Any]:
    """Return who is of a group, as bindings name them."""
    return {"apiGroup": RBAC, "kind": "Group", "name": name}


def allowed(name: str, rules: list[dict[str, Any]], who: dict[str, Any], namespace: str = "") -> list[dict[str, Any]]:
    """Return a role and its binding to somebody; in one namespace, or everywhere."""
    kind = "Role" if namespace else "ClusterRole"
    return [
        named(f"{RBAC}/v1", kind, name, namespace, rules=rules),
        bound(name, kind, name, who, namespace),
    ]


def bound(name: str, kind: str, role: str, who: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    """Return the binding of a role that is there to somebody; in one namespace, or everywhere."""
    return named(
        f"{RBAC}/v1",
        "RoleBinding" if namespace else "ClusterRoleBinding",
        name,
        namespace,
        roleRef={"apiGroup": RBAC, "kind": kind, "name": role},
        subjects=[who],
    )
