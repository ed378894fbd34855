"""The service's objects: two copies on different nodes, behind one name."""

from __future__ import annotations

from typing import Any

NAMESPACE = "consumer"
NAME = "web"
IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.63"
PORT = 8080
COPIES = 2

Manifest = dict[str, Any]


def manifests() -> list[Manifest]:
    """Return the objects in the order they are created."""
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        _object("apps/v1", "Deployment", _deployment()),
        _object("v1", "Service", {"selector": {"app": NAME}, "ports": [{"port": 80, "targetPort": "http"}]}),
    ]


def _object(version: str, kind: str, spec: Manifest) -> Manifest:
    metadata = {"name": NAME, "namespace": NAMESPACE, "labels": {"app": NAME}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _deployment() -> Manifest:
    return {
        "replicas": COPIES,
        "selector": {"matchLabels": {"app": NAME}},
        "template": {
            "metadata": {"labels": {"app": NAME}},
            "spec": {
                "topologySpreadConstraints": [_on_different_nodes()],
                "containers": [
                    {
                        "name": NAME,
                        "image": IMAGE,
                        "args": ["netexec", f"--http-port={PORT}"],
                        "ports": [{"name": "http", "containerPort": PORT}],
                        "readinessProbe": {"httpGet": {"path": "/hostname", "port": "http"}, "periodSeconds": 2},
                    }
                ],
            },
        },
    }


def _on_different_nodes() -> Manifest:
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": NAME}},
        # Copies of the last version do not count while the next one comes, and neither do nodes that take no pods:
        # a dead one would else keep its place free for ever.
        "matchLabelKeys": ["pod-template-hash"],
        "nodeTaintsPolicy": "Honor",
    }
