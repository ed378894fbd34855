"""Examples of what machines that come and go are made with."""

from __future__ import annotations

import base64

from tests.integration.aws_examples import GROUP, RETAGGED, SUBNET, TAGS, Example

BUCKET, TEMPLATE = "aws:s3/bucket:Bucket", "aws:ec2/launchTemplate:LaunchTemplate"
MACHINES = "aws:autoscaling/group:Group"
LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"


def _disk(gib: int) -> dict[str, object]:
    ebs = {"volumeType": "gp3", "volumeSize": gib, "encrypted": "true", "deleteOnTermination": "true"}
    return {"deviceName": "/dev/xvda", "ebs": ebs}


def _card(public: str) -> dict[str, object]:
    given = {"deviceIndex": 0, "associatePublicIpAddress": public, "deleteOnTermination": "true"}
    return {**given, "securityGroups": [f"{{{GROUP}}}"]}


def _told(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _tag(key: str, value: str) -> dict[str, object]:
    return {"key": key, "value": value, "propagateAtLaunch": True}


GROWING = [
    Example(
        "aws:ec2/subnetCidrReservation:SubnetCidrReservation",
        {
            "subnetId": f"{{{SUBNET}}}",
            "cidrBlock": "10.40.0.0/21",
            "reservationType": "explicit",
            "description": "kept",
        },
    ),
    Example(BUCKET, {"bucket": "bundles-of-prod", **TAGS}, [{"forceDestroy": True}, RETAGGED, {"tags": {}}]),
    Example(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {"bucket": f"{{{BUCKET}}}", "blockPublicAcls": True, "blockPublicPolicy": True},
        [
            {"ignorePublicAcls": True, "restrictPublicBuckets": True},
            {"blockPublicAcls": False, "blockPublicPolicy": False},
        ],
    ),
    Example(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        {"bucket": f"{{{BUCKET}}}", "key": "burst/0", "content": "one"},
        [{"content": "other"}, {"serverSideEncryption": "AES256"}],
    ),
    Example(
        "aws:ssm/parameter:Parameter",
        {"name": "/kubeadm-ha/prod/join-token", "type": "SecureString", "value": "none yet", **TAGS},
        [{"value": "abcdef.0123456789abcdef"}, {"description": "a token"}, {"type": "String"}, RETAGGED],
    ),
    Example(
        TEMPLATE,
        {
            "imageId": "ami-00000000000000001",
            "instanceType": "m6i.large",
            "networkInterfaces": [_card("false")],
            "blockDeviceMappings": [_disk(50)],
            "userData": _told("#cloud-config\n"),
            **TAGS,
        },
        [
            {"imageId": "ami-00000000000000003"},
            {"instanceType": "m6i.xlarge", "keyName": "login"},
            {"iamInstanceProfile": {"name": "burst"}},
            {"metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}},
            {"networkInterfaces": [_card("true")], "blockDeviceMappings": [_disk(100)]},
            {"tagSpecifications": [{"resourceType": "volume", "tags": {"Name": "burst"}}]},
            {"userData": _told("#cloud-config\n{}\n")},
            RETAGGED,
            {"iamInstanceProfile": None, "keyName": None},
        ],
    ),
    Example(
        MACHINES,
        {
            "name": "prod-burst",
            "minSize": 1,
            "maxSize": 3,
            "vpcZoneIdentifiers": [f"{{{SUBNET}}}"],
            "launchTemplate": {"id": f"{{{TEMPLATE}}}", "version": "1"},
            "initialLifecycleHooks": [{"name": "joins", "lifecycleTransition": LAUNCHING, "defaultResult": "ABANDON"}],
            "tags": [_tag("Name", "burst")],
        },
        [
            {"minSize": 2},
            {"maxSize": 5, "desiredCapacity": 4},
            {"healthCheckType": "EC2"},
            {"instanceRefresh": {"strategy": "Rolling", "preferences": {"minHealthyPercentage": 90}}},
            {"launchTemplate": {"id": f"{{{TEMPLATE}}}", "version": "2"}},
            {"vpcZoneIdentifiers": [f"{{{SUBNET}}}", f"{{{SUBNET}#2}}"]},
            {"initialLifecycleHooks": None},
            {"tags": [_tag("team", "platform")]},
            {"waitForCapacityTimeout": "20m"},
        ],
    ),
    Example(
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        {
            "name": "leaves",
            "autoscalingGroupName": f"{{{MACHINES}}}",
            "lifecycleTransition": TERMINATING,
            "defaultResult": "CONTINUE",
            "heartbeatTimeout": 600,
        },
        [{"heartbeatTimeout": 900}, {"defaultResult": "ABANDON"}, {"lifecycleTransition": LAUNCHING}],
    ),
]
