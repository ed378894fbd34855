"""Says what there is in a region as a data centre would have to have it, one line of JSON whenever it changes.

`python -m lab.aws.world`: machines with what they were told, balancers with their listeners and targets, names. The lab
makes hosts of it (lab/datacenter/follow.py).
"""

from __future__ import annotations

import base64
import json
import sys
import time
from functools import cache
from ipaddress import IPv4Network
from typing import Any

from lab.aws.cloud import Cloud
from lab.aws.cloud import said as explained
from lab.aws.kinds.common import first

#: Seconds between two looks.
PAUSE = 2.0
#: Balancers' addresses begin here in each of their subnets, above those that AWS would give to a machine.
FIRST = 200


def world(cloud: Cloud) -> dict[str, Any]:
    """Return machines by id, balancers by name, and the addresses of names."""
    balancers = _balancers(cloud)
    return {"machines": _machines(cloud), "balancers": balancers, "names": _names(cloud, balancers)}


def _machines(cloud: Cloud) -> dict[str, Any]:
    keys = {pair["KeyName"]: pair.get("PublicKey", "") for pair in _key_pairs(cloud)}
    found = {}
    for page in cloud.ec2.get_paginator("describe_instances").paginate():
        for instance in (one for reservation in page["Reservations"] for one in reservation["Instances"]):
            state = instance["State"]["Name"]
            if state in ("shutting-down", "terminated"):
                continue
            found[instance["InstanceId"]] = {
                "address": instance["PrivateIpAddress"],
                "public": instance.get("PublicIpAddress") or "",
                "on": state in ("pending", "running"),
                "image": _image_name(cloud, instance["ImageId"]),
                "key": keys.get(instance.get("KeyName", ""), ""),
                "userData": _user_data(cloud, instance["InstanceId"]),
            }
    return found


def _key_pairs(cloud: Cloud) -> list[Any]:
    return list(cloud.ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"])


# What a machine starts from and is told does not change, and it is asked for every other second.
@cache
def _image_name(cloud: Cloud, id_: str) -> str:
    image = first(cloud.ec2.describe_images, "Images", ImageIds=[id_]) or {}
    return str(image.get("Name", ""))


@cache
def _user_data(cloud: Cloud, id_: str) -> str:
    answer = cloud.ec2.describe_instance_attribute(InstanceId=id_, Attribute="userData")
    return base64.b64decode(answer.get("UserData", {}).get("Value", "")).decode()


def _balancers(cloud: Cloud) -> dict[str, Any]:
    found = {}
    balancers = cloud.elb.describe_load_balancers()["LoadBalancers"]
    for number, balancer in enumerate(sorted(balancers, key=lambda one: str(one["LoadBalancerName"]))):
        subnets = sorted(zone["SubnetId"] for zone in balancer["AvailabilityZones"])
        ranges = [subnet["CidrBlock"] for subnet in cloud.ec2.describe_subnets(SubnetIds=subnets)["Subnets"]]
        listeners = cloud.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        found[balancer["LoadBalancerName"]] = {
            "dnsName": balancer["DNSName"],
            "addresses": sorted(str(IPv4Network(range_)[FIRST + number]) for range_ in ranges),
            "listeners": [_listener(cloud, listener) for listener in listeners],
        }
    return found


def _listener(cloud: Cloud, listener: Any) -> dict[str, Any]:
    arn = listener["DefaultActions"][0]["TargetGroupArn"]
    group = cloud.elb.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    health = cloud.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    targets = sorted([entry["Target"]["Id"], entry["Target"]["Port"]] for entry in health)
    check = {
        "protocol": group["HealthCheckProtocol"],
        "port": group.get("HealthCheckPort", "traffic-port"),
        "path": group.get("HealthCheckPath", "/"),
        "interval": group["HealthCheckIntervalSeconds"],
        "timeout": group["HealthCheckTimeoutSeconds"],
        "healthy": group["HealthyThresholdCount"],
        "unhealthy": group["UnhealthyThresholdCount"],
    }
    attributes = cloud.elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    delay = next((one["Value"] for one in attributes if one["Key"] == "deregistration_delay.timeout_seconds"), "300")
    return {"port": listener["Port"], "targets": targets, "check": check, "delay": int(delay)}


def _names(cloud: Cloud, balancers: dict[str, Any]) -> dict[str, list[str]]:
    aliases = {one["dnsName"].lower(): one["addresses"] for one in balancers.values()}
    found: dict[str, list[str]] = {}
    for zone in cloud.route53.list_hosted_zones()["HostedZones"]:
        pages = cloud.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"])
        for record in (one for page in pages for one in page["ResourceRecordSets"]):
            name = record["Name"].rstrip(".")
            if record["Type"] == "A" and "AliasTarget" in record:
                found[name] = aliases.get(record["AliasTarget"]["DNSName"].rstrip(".").lower(), [])
            elif record["Type"] == "A":
                found[name] = sorted(entry["Value"] for entry in record["ResourceRecords"])
    return found


def main() -> None:
    """Print till this process is ended, or nobody reads any more."""
    cloud, said = Cloud(None), ""
    while True:
        try:
            now = json.dumps(world(cloud), sort_keys=True)
        except Exception as error:  # something went away between two questions: the next look has it right
            sys.stderr.write(f"{explained(error)}\n")
            now = said
        if now != said:
            sys.stdout.write(f"{now}\n")
            sys.stdout.flush()
            said = now
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
