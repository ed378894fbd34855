"""Machines that come and go by themselves: how many there are, and who is told of it."""

from __future__ import annotations

import time
from typing import Any

from lab.aws.cloud import Cloud
from lab.aws.kind import Kind
from lab.aws.kinds.common import difference, first, given, nothing, upper
from lab.aws.shape import block, blocks, flag, number, text, texts
from lab.aws.wire import Values


def _group(cloud: Cloud, name: str) -> Any:
    return first(cloud.autoscaling.describe_auto_scaling_groups, "AutoScalingGroups", AutoScalingGroupNames=[name])


def _settings(inputs: Values) -> dict[str, Any]:
    template = inputs["launchTemplate"]
    return {
        "AutoScalingGroupName": inputs["name"],
        "MinSize": inputs["minSize"],
        "MaxSize": inputs["maxSize"],
        "VPCZoneIdentifier": ",".join(inputs["vpcZoneIdentifiers"]),
        "LaunchTemplate": {"LaunchTemplateId": template["id"], "Version": template.get("version", "$Default")},
        **given(inputs, DesiredCapacity="desiredCapacity", HealthCheckType="healthCheckType"),
    }


def _tags(inputs: Values) -> list[dict[str, Any]]:
    named = {"ResourceId": inputs["name"], "ResourceType": "auto-scaling-group"}
    return [{**named, **upper(tag), "Value": tag["value"]} for tag in inputs.get("tags", [])]


def _hook(cloud: Cloud, group: str, hook: Values) -> None:
    cloud.autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=group,
        LifecycleHookName=hook["name"],
        LifecycleTransition=hook["lifecycleTransition"],
        **given(hook, DefaultResult="defaultResult", HeartbeatTimeout="heartbeatTimeout"),
    )


def _make_group(cloud: Cloud, inputs: Values) -> str:
    cloud.autoscaling.create_auto_scaling_group(**_settings(inputs), Tags=_tags(inputs))
    # AWS takes them with the group, before its first machine; moto takes them alone.
    for hook in inputs.get("initialLifecycleHooks", []):
        _hook(cloud, inputs["name"], hook)
    return str(inputs["name"])


def _change_group(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    cloud.autoscaling.update_auto_scaling_group(**_settings(after))
    if after.get("instanceRefresh") and before["launchTemplate"] != after["launchTemplate"]:
        wanted = upper(after["instanceRefresh"])
        cloud.autoscaling.start_instance_refresh(AutoScalingGroupName=id_, **wanted)


def _retag_group(cloud: Cloud, id_: str, before: Values, after: Values) -> None:
    gone, _ = difference([t["key"] for t in after.get("tags", [])], [t["key"] for t in before.get("tags", [])])
    if gone:
        of = {"ResourceId": id_, "ResourceType": "auto-scaling-group"}
        cloud.autoscaling.delete_tags(Tags=[{**of, "Key": key} for key in gone])
    if after.get("tags"):
        cloud.autoscaling.create_or_update_tags(Tags=_tags(after))


def _read_group(cloud: Cloud, id_: str, _inputs: Values) -> Values | None:
    group = _group(cloud, id_)
    return group and {
        "arn": group["AutoScalingGroupARN"],
        "name": group["AutoScalingGroupName"],
        "minSize": group["MinSize"],
        "maxSize": group["MaxSize"],
        "desiredCapacity": group["DesiredCapacity"],
        "healthCheckType": group["HealthCheckType"],
        "vpcZoneIdentifiers": group["VPCZoneIdentifier"].split(","),
        "availabilityZones": group["AvailabilityZones"],
        "launchTemplate": {
            "id": group["LaunchTemplate"]["LaunchTemplateId"],
            "version": group["LaunchTemplate"]["Version"],
        },
    }


def _delete_group(cloud: Cloud, id_: str, _state: Values) -> None:
    """Take its machines away, wait for their end, and then the group: as the real plugin does."""
    if _group(cloud, id_) is None:
        return
    cloud.autoscaling.update_auto_scaling_group(AutoScalingGroupName=id_, MinSize=0, MaxSize=0, DesiredCapacity=0)
    for _ in range(600):
        if not _group(cloud, id_)["Instances"]:
            break
        time.sleep(0.1)
    cloud.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=id_)


_HOOK = {
    "name": text(required=True),
    "lifecycleTransition": text(
        "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING", required=True
    ),
    "defaultResult": text("CONTINUE", "ABANDON"),
    "heartbeatTimeout": number(),
}
_REFRESH = {
    "strategy": text("Rolling", required=True),
    "preferences": block({"minHealthyPercentage": number(), "skipMatching": flag()}),
}
GROUP = Kind(
    "aws:autoscaling/group:Group",
    {
        "name": text(replaces=True),
        "minSize": number(required=True),
        "maxSize": number(required=True),
        "desiredCapacity": number(),
        "vpcZoneIdentifiers": texts(),
        "launchTemplate": block({"id": text(), "version": text()}),
        "healthCheckType": text("EC2", "ELB"),
        "initialLifecycleHooks": blocks(_HOOK),
        "instanceRefresh": block(_REFRESH),
        "tags": blocks({"key": text(required=True), "value": text(required=True), "propagateAtLaunch": flag()}),
        "waitForCapacityTimeout": text(default="10m"),
    },
    ("arn", "availabilityZones"),
    _make_group,
    _read_group,
    _delete_group,
    updates=dict.fromkeys(
        ("minSize", "maxSize", "desiredCapacity", "vpcZoneIdentifiers", "launchTemplate", "healthCheckType"),
        _change_group,
    )
    | {
        "initialLifecycleHooks": nothing,
        "instanceRefresh": nothing,
        "tags": _retag_group,
        "waitForCapacityTimeout": nothing,
    },
    named={"name": 255},
)


def _put_hook(cloud: Cloud, _id: str, _before: Values, after: Values) -> None:
    _hook(cloud, after["autoscalingGroupName"], after)


def _make_hook(cloud: Cloud, inputs: Values) -> str:
    _put_hook(cloud, "", {}, inputs)
    return str(inputs["name"])


def _read_hook(cloud: Cloud, id_: str, inputs: Values) -> Values | None:
    group = inputs["autoscalingGroupName"]
    # Of a group that is gone its hooks are.
    named = {"AutoScalingGroupName": group, "LifecycleHookNames": [id_]}
    hook = (
        first(cloud.autoscaling.describe_lifecycle_hooks, "LifecycleHooks", **named) if _group(cloud, group) else None
    )
    return hook and {
        "lifecycleTransition": hook["LifecycleTransition"],
        "defaultResult": hook.get("DefaultResult"),
        "heartbeatTimeout": hook.get("HeartbeatTimeout"),
    }


def _delete_hook(cloud: Cloud, id_: str, state: Values) -> None:
    if _read_hook(cloud, id_, state):
        group = state["autoscalingGroupName"]
        cloud.autoscaling.delete_lifecycle_hook(AutoScalingGroupName=group, LifecycleHookName=id_)


HOOK = Kind(
    "aws:autoscaling/lifecycleHook:LifecycleHook",
    {
        **_HOOK,
        "name": text(replaces=True),
        "autoscalingGroupName": text(required=True, replaces=True),
    },
    (),
    _make_hook,
    _read_hook,
    _delete_hook,
    updates=dict.fromkeys(("lifecycleTransition", "defaultResult", "heartbeatTimeout"), _put_hook),
    named={"name": 255},
)


KINDS = (GROUP, HOOK)
