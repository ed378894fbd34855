"""What control planes may do in AWS for what of it runs in the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi_aws import ec2, iam

from components.machines.aws.base import Base
from components.machines.aws.guards import PLANE, WORKER
from components.machines.aws.network import Network
from components.machines.aws.policies import may, policy

#: Of balancers, as the calls are named: those of classic ones and of network load balancers.
_BALANCERS = "elasticloadbalancing"
_SEEING = [
    *("ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeInstanceTopology"),
    *("ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
    *(
        f"{_BALANCERS}:Describe{what}"
        for what in (
            *("Listeners", "LoadBalancerAttributes", "LoadBalancerPolicies", "LoadBalancers"),
            *("TargetGroupAttributes", "TargetGroups", "TargetHealth"),
        )
    ),
]
_CHANGING = [
    f"{_BALANCERS}:{what}"
    for what in (
        *("AddTags", "CreateListener", "DeleteListener", "ModifyListener", "DeleteLoadBalancer"),
        *("ModifyLoadBalancerAttributes", "SetSecurityGroups", "DeleteTargetGroup", "ModifyTargetGroup"),
        *("ModifyTargetGroupAttributes", "RegisterTargets", "DeregisterTargets"),
        # Of classic ones.
        *("ApplySecurityGroupsToLoadBalancer", "AttachLoadBalancerToSubnets", "ConfigureHealthCheck"),
        *("CreateLoadBalancerListeners", "CreateLoadBalancerPolicy", "DeleteLoadBalancerListeners"),
        *("DeregisterInstancesFromLoadBalancer", "DetachLoadBalancerFromSubnets"),
        *("RegisterInstancesWithLoadBalancer", "SetLoadBalancerPoliciesForBackendServer"),
        "SetLoadBalancerPoliciesOfListener",
    )
]
_OPENING = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress", "ec2:DeleteSecurityGroup"]
_LINKED = "arn:aws:iam::*:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"
_SEEING_VOLUMES = [
    *("ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeTags", "ec2:DescribeVolumes"),
    *("ec2:DescribeVolumesModifications", "ec2:DescribeVolumeStatus"),
]


def rights(
    base: Base, role: pulumi.Input[str], network: Network, guards: Mapping[str, ec2.SecurityGroup]
) -> list[pulumi.Resource]:
    """Let control planes do what runs on them for the cluster, to what has the cluster's tag."""
    found: list[pulumi.Resource] = []
    if base.options.cloud_controller_manager:
        apart = {name: group.arn for name, group in guards.items() if name not in _backends(base)}
        text = pulumi.Output.all(network.vpc, *apart.values()).apply(
            lambda known: policy(*_of_balancers(base, known[0], known[1:]))
        )
        found.append(_given(base, "runs-balancers", role, text))
    if base.options.ebs_csi_driver:
        found.append(_given(base, "runs-volumes", role, policy(*_of_volumes(base))))
    return found


def _given(base: Base, what: str, role: pulumi.Input[str], text: pulumi.Input[str]) -> iam.RolePolicy:
    return iam.RolePolicy(base.name(what), role=role, policy=text, opts=base.opts())


def _backends(base: Base) -> list[str]:
    """Return the roles of machines that balancers of Services lead to."""
    return [WORKER, *([PLANE] if base.cluster.control_plane.takes_work else [])]


def _tag(base: Base) -> str:
    return f"kubernetes.io/cluster/{base.cluster.name}"


def _of_balancers(base: Base, vpc: str, apart: list[str]) -> Iterator[dict[str, Any]]:
    """Yield what the cloud controller manager does; `apart` are the guards of what no balancer leads to."""
    requested = {f"aws:RequestTag/{_tag(base)}": "owned"}
    own = {f"aws:ResourceTag/{_tag(base)}": "owned"}
    yield may(_SEEING, "*")
    yield may([f"{_BALANCERS}:CreateLoadBalancer", f"{_BALANCERS}:CreateTargetGroup"], "*", when=requested)
    made = {f"{_BALANCERS}:CreateAction": ["CreateLoadBalancer", "CreateTargetGroup", "CreateListener"]}
    yield may(f"{_BALANCERS}:AddTags", "*", when=made)
    # What it makes names a Service. The API's own balancer has the cluster's tag, and is none of its business.
    yield {
        **may(_CHANGING, "*", when=own),
        "Condition": {"StringEquals": own, "StringLike": {"aws:ResourceTag/kubernetes.io/service-name": "*"}},
    }
    groups = "arn:aws:ec2:*:*:security-group/*"
    yield may("ec2:CreateSecurityGroup", f"arn:aws:ec2:*:*:vpc/{vpc}")
    yield may("ec2:CreateSecurityGroup", groups, when=requested)
    yield may("ec2:CreateTags", groups, when={"ec2:CreateAction": "CreateSecurityGroup"})
    # It opens the nodes' own group to each balancer.
    yield may(_OPENING, groups, when=own)
    if apart:
        yield may(_OPENING, apart, effect="Deny")
    yield may("iam:CreateServiceLinkedRole", _LINKED, when={"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"})


def _of_volumes(base: Base) -> Iterator[dict[str, Any]]:
    """Yield what the EBS CSI driver's controller does: no right is for the volumes of machines themselves."""
    volumes, machines = "arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*:*:instance/*"
    driver = "ebs.csi.aws.com/cluster"
    own = {f"aws:ResourceTag/{_tag(base)}": "owned"}
    yield may(_SEEING_VOLUMES, "*")
    requested = {f"aws:RequestTag/{_tag(base)}": "owned", f"aws:RequestTag/{driver}": "true"}
    yield may("ec2:CreateVolume", volumes, when=requested)
    yield may("ec2:CreateTags", volumes, when={"ec2:CreateAction": "CreateVolume"})
    changes = ["ec2:AttachVolume", "ec2:DetachVolume", "ec2:ModifyVolume", "ec2:DeleteVolume"]
    yield may(changes, volumes, when={**own, f"aws:ResourceTag/{driver}": "true"})
    yield may(["ec2:AttachVolume", "ec2:DetachVolume"], machines, when=own)
