"""The audit policy that a cluster has unless it brings one: who did what, never what was in it.

After the policy of Kubernetes' documentation and of its own test clusters: what is asked all the time and says nothing
is left out, everything else is kept without content. Secrets are too, so none of them is in a log.
"""

from __future__ import annotations

from typing import Any

from components.render.document import to_yaml

_LEASES = {"group": "coordination.k8s.io", "resources": ["leases"]}
_RULES: list[dict[str, Any]] = [
    # Balancers and kubelets ask every few seconds.
    {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"]},
    # Signs of life.
    {"level": "None", "userGroups": ["system:nodes"], "resources": [_LEASES]},
    {
        "level": "None",
        "users": ["system:kube-controller-manager", "system:kube-scheduler", "system:apiserver"],
        "resources": [_LEASES],
    },
    {"level": "None", "resources": [{"group": "", "resources": ["events"]}, {"group": "events.k8s.io"}]},
    # Whoever looks at these is told of, whoever it is.
    {
        "level": "Metadata",
        "resources": [
            {"group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"]},
            {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
        ],
    },
    # What components read to do their work.
    {
        "level": "None",
        "users": ["system:kube-controller-manager", "system:kube-scheduler", "system:kube-proxy", "system:apiserver"],
        "verbs": ["get", "list", "watch"],
    },
    {"level": "None", "userGroups": ["system:nodes"], "verbs": ["get", "list", "watch"]},
    {
        "level": "None",
        "userGroups": ["system:serviceaccounts:kube-system", "system:serviceaccounts:kube-flannel"],
        "verbs": ["get", "list", "watch"],
    },
    {"level": "Metadata"},
]


def policy() -> str:
    """Return our audit policy."""
    return to_yaml(
        {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            # A request is told once, when it has been answered.
            "omitStages": ["RequestReceived"],
            "rules": _RULES,
        }
    )
