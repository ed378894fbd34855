"""A second project: it reads a cluster stack's outputs and runs a small service on that cluster."""

import pulumi
import web
from kubeadm_ha_outputs import Nodes, from_stack_reference

settings = pulumi.Config()
cluster = from_stack_reference(pulumi.StackReference(settings.require("cluster")))


def count(nodes: Nodes) -> dict[str, int]:
    """Return how many hosts of each kind the cluster has."""
    return {
        "loadBalancers": len(nodes["loadBalancers"]),
        "controlPlanes": len(nodes["controlPlanes"]),
        "workers": sum(len(pool) for pool in nodes["workers"].values()),
    }


match settings.require("tool"):
    case "kubectl":
        import with_kubectl

        with_kubectl.deploy(cluster)
    case "pulumi-kubernetes":
        import with_provider

        with_provider.deploy(cluster)
    case other:
        raise pulumi.RunError(f"tool is {other!r}: choose kubectl or pulumi-kubernetes")

pulumi.export("endpoint", cluster.endpoint)
pulumi.export("kubernetesVersion", cluster.kubernetes_version)
pulumi.export("nodes", cluster.nodes.apply(count))
pulumi.export("url", f"http://{web.NAME}.{web.NAMESPACE}.svc")
