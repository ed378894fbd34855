"""What of AWS runs in the cluster: its manifests. AWS's library is not needed for them."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.config import Cluster
from components.render.cloud_controller import cloud_controller
from components.render.ebs_csi import ebs_csi


def manifests(cluster: Cluster, vpc: pulumi.Input[str], front: pulumi.Input[str]) -> Mapping[str, pulumi.Input[str]]:
    """Return what is applied, by its name; `front` is a subnet of balancers, should it find none by their tags."""
    found: dict[str, pulumi.Input[str]] = {}
    options = cluster.aws
    if options is not None and options.cloud_controller_manager:
        region = options.region
        found["10-cloud-controller-manager.yaml"] = pulumi.Output.all(vpc, front).apply(
            lambda known: cloud_controller(cluster, region, known[0], known[1])
        )
    if options is not None and options.ebs_csi_driver:
        found["20-ebs-csi-driver.yaml"] = ebs_csi(cluster, options.region)
    return found
