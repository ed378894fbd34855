"""The service by the provider pulumi-kubernetes: each object a resource, its differences in the preview."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import web
from kubeadm_ha_outputs import ClusterOutputs

KINDS: dict[str, Any] = {
    "Namespace": kubernetes.core.v1.Namespace,
    "Deployment": kubernetes.apps.v1.Deployment,
    "Service": kubernetes.core.v1.Service,
}


def deploy(cluster: ClusterOutputs) -> None:
    """Put the objects onto the cluster; the provider waits for the copies to run."""
    # The endpoint is the cluster's identity for life: a renewed kubeconfig is no other cluster, and replaces nothing.
    provider = kubernetes.Provider("cluster", kubeconfig=cluster.kubeconfig, cluster_identifier=cluster.endpoint)
    before: list[pulumi.Resource] = []
    for manifest in web.manifests():
        kind = manifest["kind"]
        rest = {key: manifest[key] for key in ("metadata", "spec") if key in manifest}
        made = KINDS[kind](kind.lower(), **rest, opts=pulumi.ResourceOptions(provider=provider, depends_on=before))
        before = [*before, made]
