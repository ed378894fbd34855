"""Load balancers, what they listen on and whom they ask."""

from __future__ import annotations

from typing import Any

from lab.aws.cloud import Cloud, listed, look, plain
from lab.aws.kind import Kind
from lab.aws.kinds.common import at_first, first, given
from lab.aws.shape import blocks, flag, mapping, number, text, texts
from lab.aws.wire import Values


def retag(cloud: Cloud, arn: str, before: Values, after: Values) -> None:
    """Give a part of a balancer the tags that it is to have."""
    old, new = cloud.tags(before), cloud.tags(after)
    if gone := sorted(set(old) - set(new)):
        cloud.elb.remove_tags(ResourceArns=[arn], TagKeys=gone)
    if new:
        cloud.elb.add_tags(ResourceArns=[arn], Tags=listed(new))


def tags_of(cloud: Cloud, inputs: Values) -> dict[str, Any]:
    """Return the tags of what is made, as an argument."""
    tags = cloud.tags(inputs)
    return {"Tags": listed(tags)} if tags else {}


def seen_tags(cloud: Cloud, arn: str) -> dict[str, str]:
    """Return the tags that there are."""
    return plain(cloud.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])


def _suffix(arn: str) -> str:
    return arn.rpartition(":")[2].partition("/")[2]


def attributes_of(attributes: dict[str, Any]) -> list[dict[str, str]]:
    """Return attributes as the API takes them: texts, and only those that are said."""
    said = {name: value for name, value in attributes.items() if value is not None}
    return [
        {"Key": key, "Value": str(value).lower() if value in (True, False) else str(value)}
        for key, value in said.items()
    ]


def _make(cloud: Cloud, inputs: Values) -> str:
    mappings = [
        given(entry, SubnetId="subnetId", AllocationId="allocationId", PrivateIPv4Address="privateIpv4Address")
        for entry in inputs.get("subnetMappings", [])
    ]
    made = cloud.elb.create_load_balancer(
        Name=inputs["name"],
        Scheme="internal" if inputs["internal"] else "internet-facing",
        Type=inputs["loadBalancerType"],
        **given(inputs, Subnets="subnets", SecurityGroups="securityGroups", IpAddressType="ipAddressType"),
        **({"SubnetMappings": mappings} if mappings else {}),
        **tags_of(cloud, inputs),
    )
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def _set(cloud: Cloud, arn: str, _before: Values, after: Values) -> None:
    attributes = {
        "load_balancing.cross_zone.enabled": after["enableCrossZoneLoadBalancing"],
        "deletion_protection.enabled": after["enableDeletionProtection"],
    }
    if after["loadBalancerType"] == "application":  # always across zones, and not to be told so
        del attributes["load_balancing.cross_zone.enabled"]
    cloud.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=attributes_of(attributes))


def _regroup(cloud: Cloud, arn: str, _before: Values, after: Values) -> None:
    cloud.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=after.get("securityGroups", []))


def _replace_subnets(cloud: Cloud, arn: str, _before: Values, after: Values) -> None:
    cloud.elb.set_subnets(LoadBalancerArn=arn, Subnets=after.get("subnets", []))


def _read(cloud: Cloud, arn: str, _inputs: Values) -> Values | None:
    found = first(cloud.elb.describe_load_balancers, "LoadBalancers", LoadBalancerArns=[arn])
    if found is None:
        return None
    answer = cloud.elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    attributes = {entry["Key"]: entry["Value"] == "true" for entry in answer}
    return {
        "arn": arn,
        "arnSuffix": _suffix(arn),
        "name": found["LoadBalancerName"],
        "internal": found["Scheme"] == "internal",
        "loadBalancerType": found["Type"],
        "dnsName": found["DNSName"],
        "zoneId": found["CanonicalHostedZoneId"],
        "vpcId": found["VpcId"],
        "subnets": [zone["SubnetId"] for zone in found["AvailabilityZones"]],
        "securityGroups": found.get("SecurityGroups", []),
        "enableCrossZoneLoadBalancing": attributes.get("load_balancing.cross_zone.enabled"),
        "enableDeletionProtection": attributes.get("deletion_protection.enabled"),
        "tagsAll": seen_tags(cloud, arn),
    }


_MAPPING = {"subnetId": text(required=True), "allocationId": text(), "privateIpv4Address": text()}
BALANCER = Kind(
    "aws:lb/loadBalancer:LoadBalancer",
    {
        "name": text(replaces=True),
        "internal": flag(replaces=True, default=False),
        "loadBalancerType": text("application", "network", replaces=True, default="application"),
        "ipAddressType": text("ipv4", "dualstack", replaces=True),
        "subnets": texts(),
        "subnetMappings": blocks(_MAPPING, replaces=True),
        "securityGroups": texts(),
        "enableCrossZoneLoadBalancing": flag(default=False),
        "enableDeletionProtection": flag(default=False),
        "tags": mapping(),
    },
    ("arn", "arnSuffix", "dnsName", "zoneId", "vpcId", "tagsAll"),
    _make,
    _read,
    lambda cloud, arn, _: look(cloud.elb.delete_load_balancer, LoadBalancerArn=arn),
    at_first(_set),
    {
        "subnets": _replace_subnets,
        "securityGroups": _regroup,
        "enableCrossZoneLoadBalancing": _set,
        "enableDeletionProtection": _set,
        "tags": retag,
    },
    {"name": 32},
)


def _actions(inputs: Values) -> list[dict[str, Any]]:
    return [given(action, Type="type", TargetGroupArn="targetGroupArn") for action in inputs["defaultActions"]]


def _listen(cloud: Cloud, inputs: Values) -> str:
    made = cloud.elb.create_listener(
        LoadBalancerArn=inputs["loadBalancerArn"],
        DefaultActions=_actions(inputs),
        **given(inputs, Port="port", Protocol="protocol"),
        **tags_of(cloud, inputs),
    )
    return str(made["Listeners"][0]["ListenerArn"])


def _change_listener(cloud: Cloud, arn: str, _before: Values, after: Values) -> None:
    changed = given(after, Port="port", Protocol="protocol")
    cloud.elb.modify_listener(ListenerArn=arn, DefaultActions=_actions(after), **changed)


def _set_idle(cloud: Cloud, arn: str, _before: Values, after: Values) -> None:
    attributes = attributes_of({"tcp.idle_timeout.seconds": after.get("tcpIdleTimeoutSeconds")})
    if attributes:
        cloud.elb.modify_listener_attributes(ListenerArn=arn, Attributes=attributes)


def _read_listener(cloud: Cloud, arn: str, _inputs: Values) -> Values | None:
    listener = first(cloud.elb.describe_listeners, "Listeners", ListenerArns=[arn])
    return listener and {
        "arn": arn,
        "loadBalancerArn": listener["LoadBalancerArn"],
        "port": listener.get("Port"),
        "protocol": listener.get("Protocol"),
        "tagsAll": seen_tags(cloud, arn),
    }


LISTENER = Kind(
    "aws:lb/listener:Listener",
    {
        "loadBalancerArn": text(required=True, replaces=True),
        "port": number(),
        "protocol": text("TCP", "TLS", "UDP", "TCP_UDP", "HTTP", "HTTPS"),
        "defaultActions": blocks({"type": text("forward", required=True), "targetGroupArn": text()}, required=True),
        "tcpIdleTimeoutSeconds": number(),
        "tags": mapping(),
    },
    ("arn", "tagsAll"),
    _listen,
    _read_listener,
    lambda cloud, arn, _: look(cloud.elb.delete_listener, ListenerArn=arn),
    at_first(_set_idle),
    dict.fromkeys(("port", "protocol", "defaultActions"), _change_listener)
    | {"tcpIdleTimeoutSeconds": _set_idle, "tags": retag},
)


KINDS = (BALANCER, LISTENER)
