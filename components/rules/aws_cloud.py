"""What of AWS runs in the cluster: what it needs of the file."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import Cluster
from components.faults import Fault

_KEYS = {"cloud_controller_manager": "cloudControllerManager", "ebs_csi_driver": "ebsCsiDriver"}
#: The smallest subnet that AWS puts a balancer in.
BALANCERS = 27


def driver_without_manager(cluster: Cluster) -> Iterator[Fault]:
    """Yield the EBS CSI driver alone: the manager tells nodes what machines they are."""
    aws = cluster.aws
    if aws is not None and aws.ebs_csi_driver and not aws.cloud_controller_manager:
        yield Fault(
            "aws.ebsCsiDriver",
            "needs the cloud controller manager: it reads of a node which machine it is, and of what type",
            "Write cloudControllerManager: true beside it.",
        )


def no_way_to_aws(cluster: Cluster) -> Iterator[Fault]:
    """Yield what asks AWS's API from where there is no way to it."""
    network = cluster.aws.network if cluster.aws else None
    if cluster.aws is None or network is None or network.range is None or network.public or network.nat != "none":
        return
    for name, key in _KEYS.items():
        if getattr(cluster.aws, name):
            yield Fault(
                f"aws.{key}",
                "asks AWS's API from control planes, and nat: none leaves no way to it",
                "Choose nat: one or zone.",
            )


def small_edges(cluster: Cluster) -> Iterator[Fault]:
    """Yield subnets in which AWS makes no balancer."""
    aws = cluster.aws
    if aws is None or not aws.cloud_controller_manager:
        return
    for part in list(aws.edge_subnets().values())[:1]:
        if part.prefixlen > BALANCERS:
            yield Fault(
                "aws.network.range",
                f"leaves a /{part.prefixlen} in each zone for balancers, and AWS makes none in less than /{BALANCERS}",
                "Choose a larger range, such as a /16, before the cluster is made.",
            )


RULES = (driver_without_manager, no_way_to_aws)
CAUTIONS = (small_edges,)
