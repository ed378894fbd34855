"""Whom a load balancer asks, and how it tells that one is well."""

from __future__ import annotations

import uuid
from typing import Any

from lab.aws.cloud import Cloud, look
from lab.aws.kind import Kind
from lab.aws.kinds.balancer import attributes_of, retag, seen_tags, tags_of
from lab.aws.kinds.common import at_first, first, given
from lab.aws.shape import block, flag, mapping, number, text
from lab.aws.wire import Values

_CHECK = {
    "HealthCheckEnabled": "enabled",
    "HealthCheckProtocol": "protocol",
    "HealthCheckPort": "port",
    "HealthCheckPath": "path",
    "HealthCheckIntervalSeconds": "interval",
    "HealthCheckTimeoutSeconds": "timeout",
    "HealthyThresholdCount": "healthyThreshold",
    "UnhealthyThresholdCount": "unhealthyThreshold",
}


def _check(inputs: Values) -> dict[str, Any]:
    check = inputs.get("healthCheck", {})
    matcher = {"Matcher": {"HttpCode": check["matcher"]}} if "matcher" in check else {}
    return given(check, **_CHECK) | matcher


def _make_group(cloud: Cloud, inputs: Values) -> str:
    made = cloud.elb.create_target_group(
        Name=inputs["name"],
        **given(inputs, Port="port", Protocol="protocol", VpcId="vpcId", TargetType="targetType"),
        **_check(inputs),
        **tags_of(cloud, inputs),
    )
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def _set_group(cloud: Cloud, arn: str, _before: Values, after: Values) -> None:
    attributes = {
        "deregistration_delay.timeout_seconds": after["deregistrationDelay"],
        "deregistration_delay.connection_termination.enabled": after.get("connectionTermination"),
        "preserve_client_ip.enabled": after.get("preserveClientIp"),
    }
    cloud.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes_of(attributes))


def _set_check(cloud: Cloud, arn: str, _before: Values, after: Values) -> None:
    cloud.elb.modify_target_group(TargetGroupArn=arn, **_check(after))


def _read_group(cloud: Cloud, arn: str, inputs: Values) -> Values | None:
    group = first(cloud.elb.describe_target_groups, "TargetGroups", TargetGroupArns=[arn])
    if group is None:
        return None
    answer = cloud.elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    attributes = {entry["Key"]: entry["Value"] for entry in answer}
    check = {name: group[key] for key, name in _CHECK.items() if key in group and name in inputs.get("healthCheck", {})}
    if "matcher" in inputs.get("healthCheck", {}):
        check["matcher"] = group.get("Matcher", {}).get("HttpCode")
    delay = attributes.get("deregistration_delay.timeout_seconds")
    return {
        "arn": arn,
        "arnSuffix": arn.rpartition(":")[2],
        "name": group["TargetGroupName"],
        "port": group.get("Port"),
        "protocol": group.get("Protocol"),
        "vpcId": group.get("VpcId"),
        "targetType": group["TargetType"],
        "loadBalancerArns": group.get("LoadBalancerArns", []),
        "deregistrationDelay": int(delay) if delay else None,
        "preserveClientIp": attributes.get("preserve_client_ip.enabled"),
        "healthCheck": check or None,
        "tagsAll": seen_tags(cloud, arn),
    }


GROUP = Kind(
    "aws:lb/targetGroup:TargetGroup",
    {
        "name": text(replaces=True),
        "port": number(replaces=True),
        "protocol": text("TCP", "TLS", "UDP", "TCP_UDP", "HTTP", "HTTPS", replaces=True),
        "vpcId": text(replaces=True),
        "targetType": text("instance", "ip", "alb", replaces=True, default="instance"),
        "deregistrationDelay": number(default=300),
        "connectionTermination": flag(),
        # A text with the real plugin too, as it has three states.
        "preserveClientIp": text("true", "false"),
        "healthCheck": block(
            {
                "enabled": flag(),
                "protocol": text("TCP", "HTTP", "HTTPS"),
                "port": text(),
                "path": text(),
                "matcher": text(),
                "interval": number(),
                "timeout": number(),
                "healthyThreshold": number(),
                "unhealthyThreshold": number(),
            }
        ),
        "tags": mapping(),
    },
    ("arn", "arnSuffix", "loadBalancerArns", "tagsAll"),
    _make_group,
    _read_group,
    lambda cloud, arn, _: look(cloud.elb.delete_target_group, TargetGroupArn=arn),
    at_first(_set_group),
    {
        "deregistrationDelay": _set_group,
        "connectionTermination": _set_group,
        "preserveClientIp": _set_group,
        "healthCheck": _set_check,
        "tags": retag,
    },
    {"name": 32},
)


def _target(inputs: Values) -> dict[str, Any]:
    return given(inputs, Id="targetId", Port="port", AvailabilityZone="availabilityZone")


def _register(cloud: Cloud, inputs: Values) -> str:
    cloud.elb.register_targets(TargetGroupArn=inputs["targetGroupArn"], Targets=[_target(inputs)])
    return f"{inputs['targetGroupArn']}-{uuid.uuid4().hex}"


def _registered(cloud: Cloud, _id: str, inputs: Values) -> Values | None:
    answer = look(cloud.elb.describe_target_health, TargetGroupArn=inputs["targetGroupArn"])
    for entry in answer["TargetHealthDescriptions"] if answer else []:
        target = entry["Target"]
        if target["Id"] == inputs["targetId"] and inputs.get("port") in (None, target.get("Port")):
            return {"targetId": target["Id"], "port": target.get("Port") if "port" in inputs else None}
    return None


ATTACHMENT = Kind(
    "aws:lb/targetGroupAttachment:TargetGroupAttachment",
    {
        "targetGroupArn": text(required=True, replaces=True),
        "targetId": text(required=True, replaces=True),
        "port": number(replaces=True),
        "availabilityZone": text(replaces=True),
    },
    (),
    _register,
    _registered,
    lambda cloud, _, state: look(
        cloud.elb.deregister_targets, TargetGroupArn=state["targetGroupArn"], Targets=[_target(state)]
    ),
)

KINDS = (GROUP, ATTACHMENT)
