"""Says what there is in a region, one id a line: `python -m lab.aws.left`; nothing of what AWS itself puts there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.aws.cloud import Cloud

_EC2 = {
    "describe_vpcs": ("Vpcs", "VpcId"),
    "describe_internet_gateways": ("InternetGateways", "InternetGatewayId"),
    "describe_nat_gateways": ("NatGateways", "NatGatewayId"),
    "describe_addresses": ("Addresses", "AllocationId"),
    "describe_vpc_endpoints": ("VpcEndpoints", "VpcEndpointId"),
    "describe_key_pairs": ("KeyPairs", "KeyName"),
    "describe_volumes": ("Volumes", "VolumeId"),
    "describe_launch_templates": ("LaunchTemplates", "LaunchTemplateId"),
}
_IN_VPC = {
    "describe_subnets": ("Subnets", "SubnetId"),
    "describe_route_tables": ("RouteTables", "RouteTableId"),
    "describe_security_groups": ("SecurityGroups", "GroupId"),
}
_OVER = ("deleted", "deleting", "terminated", "shutting-down")


def left(cloud: Cloud) -> Iterator[str]:
    """Yield the ids of all that somebody has made and that is still there."""
    own = [vpc["VpcId"] for vpc in cloud.ec2.describe_vpcs()["Vpcs"] if vpc.get("IsDefault")]
    for call, (key, id_) in {**_EC2, **_IN_VPC}.items():
        for thing in getattr(cloud.ec2, call)()[key]:
            # A region has a network of its own from the start, with subnets, a table and a group.
            if thing.get("VpcId") not in own and _over(thing.get("State")) not in _OVER and not _given(thing):
                yield str(thing[id_])
    for reservation in cloud.ec2.describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] not in _OVER:
                yield str(instance["InstanceId"])
    yield from (one["LoadBalancerArn"] for one in cloud.elb.describe_load_balancers()["LoadBalancers"])
    yield from (one["TargetGroupArn"] for one in cloud.elb.describe_target_groups()["TargetGroups"])
    yield from (one["Name"] for one in cloud.s3.list_buckets()["Buckets"])
    yield from (one["Name"] for one in cloud.ssm.describe_parameters()["Parameters"])
    groups = cloud.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    yield from (one["AutoScalingGroupName"] for one in groups)
    yield from (one["Id"] for one in cloud.route53.list_hosted_zones()["HostedZones"])
    yield from (one["RoleName"] for one in cloud.iam.list_roles()["Roles"] if "/aws-service-role/" not in one["Path"])
    yield from (one["InstanceProfileName"] for one in cloud.iam.list_instance_profiles()["InstanceProfiles"])


def _given(thing: Any) -> bool:
    """Tell whether AWS has made it with its network, and will end it with it."""
    return thing.get("GroupName") == "default" or any(entry.get("Main") for entry in thing.get("Associations", []))


def _over(state: Any) -> str:
    return state.lower() if isinstance(state, str) else ""


if __name__ == "__main__":
    for name in left(Cloud(None)):
        print(name)
