"""A second project: it reads a cluster stack's outputs and runs a small service on that cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import web
import yaml
from pulumi_command import local

cluster = pulumi.StackReference(pulumi.Config().require("cluster"))
nodes = cluster.require_output("nodes")


def count(by_role: Mapping[str, Any]) -> dict[str, int]:
    """Return how many hosts of each kind the cluster has."""
    return {
        "loadBalancers": len(by_role["loadBalancers"]),
        "controlPlanes": len(by_role["controlPlanes"]),
        "workers": sum(len(pool) for pool in by_role["workers"].values()),
    }


def bundle(kubeconfig: str) -> str:
    """Return what ./apply reads: the size of the kubeconfig in bytes, the kubeconfig, the manifests."""
    return f"{len(kubeconfig.encode())}\n{kubeconfig}{yaml.safe_dump_all(web.manifests(), sort_keys=False)}"


# The kubeconfig is a secret output, and what is made of it is one too: standard input is hidden in previews and
# encrypted in the state. It is on no command line and in no environment.
service = local.Command(
    "web",
    create=f"./apply {web.NAMESPACE} deployment/{web.NAME}",
    delete=f"./apply --delete {web.NAMESPACE}",
    stdin=cluster.require_output("kubeconfig").apply(bundle),
    add_previous_output_in_env=False,
    logging=local.Logging.NONE,
)

pulumi.export("endpoint", cluster.require_output("endpoint"))
pulumi.export("kubernetesVersion", cluster.require_output("kubernetesVersion"))
pulumi.export("nodes", nodes.apply(count))
pulumi.export("url", f"http://{web.NAME}.{web.NAMESPACE}.svc")
