"""Pools of AWS that grow and shrink by themselves: each argument, the order, the rights, and what shows."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from tests.unit import monitor, wire
from tests.unit.aws_clusters import BUNDLE, GROUP, POOL, TEMPLATE, example, of_type, plain, told
from tests.unit.monitor import Program

PLANES = ["cp-1", "cp-2", "cp-3"]
PARAMETER = "arn:aws:test:eu-central-1:123456789012:Parameter/aws-elastic-join-token"
BUCKET = "arn:aws:s3:::aws-elastic-bundles"


@pytest.fixture(scope="module")
def program() -> Program:
    """Return what is registered for a pool of three beside one that grows."""
    return monitor.run_program(example("elastic"))


def rights(program: Program, name: str) -> list[tuple[str, Any, str]]:
    """Return what a policy says: effect, actions, resource."""
    statements = json.loads(program[name].plain("policy"))["Statement"]
    return [(s["Effect"], s["Action"], s["Resource"]) for s in statements]


def test_a_first_preview_registers_the_same(program: Program) -> None:
    """Although nothing of the authority is known, and so neither the checksum nor the template's version."""
    preview = monitor.run_program(example("elastic"), preview=True)
    assert set(preview.resources) == set(program.resources)


def test_no_resource_stands_for_a_machine() -> None:
    """As many for two as for two thousand, and no step is run on any of them."""
    few, many = example("elastic"), example("elastic")
    few["workers"]["burst"]["machines"]["autoScaling"] = {"min": 2, "max": 2}
    many["workers"]["burst"]["machines"]["autoScaling"] = {"min": 2, "max": 2000}
    many["network"] = {"podSubnet": "10.128.0.0/12"}
    one, other = monitor.run_program(few), monitor.run_program(many)
    assert set(one.resources) == set(other.resources)
    steps = {name.rsplit("-", 1)[0] for name in one.commands}
    assert steps == {*PLANES, "default-1", "default-2", "default-3", "aws-elastic"}


def test_a_template_is_as_guarded_as_a_machine(program: Program) -> None:
    """Metadata by session alone and one hop far, an encrypted volume, the workers' guard, rights of its own."""
    made = plain(program[TEMPLATE])
    assert made["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    assert made["instanceType"] == "m6i.xlarge"
    assert made["keyName"] == "aws-elastic-login"
    assert made["networkInterfaces"] == [
        {
            "deviceIndex": 0,
            "associatePublicIpAddress": "false",
            "securityGroups": ["id of aws-elastic-worker-guard"],
            "deleteOnTermination": "true",
        }
    ]
    ebs = {"volumeType": "gp3", "volumeSize": 100, "encrypted": "true", "deleteOnTermination": "true"}
    assert made["blockDeviceMappings"] == [{"deviceName": "/dev/xvda", "ebs": ebs}]
    tags = {"Name": "aws-elastic-burst", "kubernetes.io/cluster/aws-elastic": "owned"}
    assert made["tagSpecifications"] == [{"resourceType": "volume", "tags": tags}]
    profile = program[f"{POOL}-machine-profile"]
    assert made["iamInstanceProfile"] == {"arn": profile.state["arn"]}
    assert profile.plain("role") == f"{POOL}-machine"


def test_a_group_is_spread_and_bounded(program: Program) -> None:
    """Over the zones' subnets for machines; within its bounds somebody else chooses."""
    group = plain(program[GROUP])
    assert group["name"] == "aws-elastic-burst"
    assert (group["minSize"], group["maxSize"]) == (2, 20)
    assert "desiredCapacity" not in group
    assert list(program[GROUP].options.ignoreChanges) == ["desiredCapacity"]
    zones = [f"id of aws-elastic-eu-central-1{letter}" for letter in "abc"]
    assert group["vpcZoneIdentifiers"] == zones
    assert group["launchTemplate"] == {"id": f"id of {TEMPLATE}", "version": "1"}
    refresh = {"strategy": "Rolling", "preferences": {"minHealthyPercentage": 90, "skipMatching": True}}
    assert group["instanceRefresh"] == refresh


def test_nobody_is_in_service_who_has_not_joined(program: Program) -> None:
    """Held back on both ways: one that does not join is ended, and one that ends is drained first."""
    joins = {"name": "joins", "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}
    assert plain(program[GROUP])["initialLifecycleHooks"] == [
        {**joins, "defaultResult": "ABANDON", "heartbeatTimeout": 1800}
    ]
    leaves = plain(program[f"{POOL}-leaves"])
    assert leaves == {
        "name": "leaves",
        "autoscalingGroupName": "aws-elastic-burst",
        "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "defaultResult": "CONTINUE",
        "heartbeatTimeout": 600,
    }
    assert program[f"{POOL}-leaves"].options.retainOnDelete, "the group's end would find none"


def test_an_autoscaler_finds_the_group_when_it_is_asked_to() -> None:
    """And knows what its nodes will carry while there is none; otherwise there is no such tag."""
    file = example("elastic")
    file["workers"]["burst"]["taints"] = [{"key": "example.org/burst", "value": "yes", "effect": "NoSchedule"}]
    tags = plain(monitor.run_program(file)[GROUP])["tags"]
    assert {tag["key"]: tag["value"] for tag in tags if "autoscaler" in tag["key"]} == {
        "k8s.io/cluster-autoscaler/enabled": "true",
        "k8s.io/cluster-autoscaler/aws-elastic": "owned",
        "k8s.io/cluster-autoscaler/node-template/label/example.org/kind": "burst",
        "k8s.io/cluster-autoscaler/node-template/taint/example.org/burst": "yes:NoSchedule",
    }
    file["workers"]["burst"]["machines"]["autoScaling"].pop("clusterAutoscaler")
    tags = plain(monitor.run_program(file)[GROUP])["tags"]
    assert not [tag for tag in tags if "autoscaler" in tag["key"]]
    assert {tag["propagateAtLaunch"] for tag in tags} == {True}


def test_addresses_that_the_file_gives_are_kept_free(program: Program) -> None:
    """AWS chooses from the upper half of each subnet alone."""
    kept = {n: plain(r) for n, r in of_type(program, "ec2/subnetCidrReservation:SubnetCidrReservation").items()}
    assert {name: made["cidrBlock"] for name, made in kept.items()} == {
        "aws-elastic-kept-eu-central-1a": "10.44.0.0/21",
        "aws-elastic-kept-eu-central-1b": "10.44.16.0/21",
        "aws-elastic-kept-eu-central-1c": "10.44.32.0/21",
    }
    assert {made["reservationType"] for made in kept.values()} == {"explicit"}
    assert set(kept) <= program.waits_for(GROUP)
    file = example("elastic")
    there = {
        f"eu-central-1{z}": {"id": f"subnet-0a1b2c3d4e5f6071{n}", "range": f"10.0.{n}.0/24"} for n, z in ((1, "a"),)
    }
    file["aws"] |= {"network": {"vpc": "vpc-0a1b2c3d4e5f60718", "subnets": there}, "sshRanges": ["10.0.0.0/16"]}
    del file["aws"]["bastion"]
    inside = monitor.run_program(file)
    assert inside[GROUP].plain("vpcZoneIdentifiers") == ["subnet-0a1b2c3d4e5f60711"]
    assert not of_type(inside, "ec2/subnetCidrReservation:SubnetCidrReservation")


def test_a_machine_may_do_three_things(program: Program) -> None:
    """Read that parameter and that object, and say to its own group that it has joined or left."""
    key = program[BUNDLE].plain("key")
    arn = "arn:aws:autoscaling:eu-central-1:*:autoScalingGroup:*:autoScalingGroupName/aws-elastic-burst"
    assert rights(program, f"{POOL}-machine-joins") == [
        ("Allow", "ssm:GetParameter", PARAMETER),
        ("Allow", "s3:GetObject", f"{BUCKET}/{key}"),
        ("Allow", "autoscaling:CompleteLifecycleAction", arn),
    ]
    attached = of_type(program, "iam/rolePolicyAttachment:RolePolicyAttachment")
    assert not [name for name in attached if "burst" in name]


def test_control_planes_may_give_out_a_token_and_not_read_one(program: Program) -> None:
    """Of other machines none has a right to either."""
    assert program["aws-elastic-gives-out-tokens"].plain("role") == "aws-elastic-control-plane-machine"
    assert rights(program, "aws-elastic-gives-out-tokens") == [
        ("Allow", "ssm:PutParameter", PARAMETER),
        ("Allow", "ec2:DescribeInstances", "*"),
    ]
    policies = of_type(program, "iam/rolePolicy:RolePolicy")
    assert set(policies) == {"aws-elastic-gives-out-tokens", f"{POOL}-machine-joins"}


@pytest.mark.parametrize("given", [{"network": {"endpoints": ["s3", "ssm"]}}, {"rights": ["ssm"]}])
def test_the_session_manager_s_policy_opens_no_token(given: dict[str, Any]) -> None:
    """AWS's own lets a machine read every parameter: all that are not of an elastic pool are denied this one."""
    program = monitor.run_program(example("elastic", aws=given))
    for role in ("control-plane", "worker", "bastion"):
        name = f"aws-elastic-{role}-reads-no-token"
        ((effect, actions, resource),) = rights(program, name)
        assert (effect, resource) == ("Deny", PARAMETER)
        assert {"ssm:GetParameter", "ssm:GetParameters"} <= set(actions)
        assert program[name].plain("role") == f"aws-elastic-{role}-machine"
        assert name in program.waits_for(GROUP)
    assert f"{POOL}-machine-ssm" in program.resources
    assert f"{POOL}-machine-reads-no-token" not in program.resources


def test_a_bundle_is_private(program: Program) -> None:
    """Containerd's settings may open a registry: secret in the state, encrypted, and public to nobody."""
    assert program[BUNDLE].is_secret("content")
    assert program[BUNDLE].plain("serverSideEncryption") == "AES256"
    block = plain(program["aws-elastic-bundles-private"])
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert {key: block[key] for key in switches} == dict.fromkeys(switches, True)
    assert "aws-elastic-bundles-private" in program.waits_for(GROUP)


def test_user_data_names_the_bundle_by_its_checksum(program: Program) -> None:
    """It is no secret, has none in it, and what is changed on the way is not run."""
    assert not wire.has_secret(program[TEMPLATE].inputs["userData"])
    content = program[BUNDLE].plain("content")
    digest = hashlib.sha256(content.encode()).hexdigest()
    assert program[BUNDLE].plain("key") == f"burst/{digest}"
    assert told(program) == {
        "pool": "burst",
        "group": "aws-elastic-burst",
        "region": "eu-central-1",
        "bucket": "id of aws-elastic-bundles",
        "key": f"burst/{digest}",
        "sha256": digest,
        "parameter": "/kubeadm-ha/aws-elastic/join-token",
    }
    text = base64.b64decode(program[TEMPLATE].plain("userData")).decode()
    assert "PRIVATE KEY" not in text
    assert len(text) < 16384


def test_an_image_is_kept_till_another_one_is_named(program: Program) -> None:
    """A newer one of its family replaces no machine; another family, or architecture, is another template."""
    assert list(program[TEMPLATE].options.ignoreChanges) == ["imageId"]
    arm = example("elastic", workers={"burst": {"machines": {"instanceType": "t4g.medium"}}})
    assert f"{POOL}-template-debian-13-arm64" in monitor.run_program(arm).resources
    own = example("elastic", aws={"image": {"id": "ami-0a1b2c3d4e5f60718"}}, ssh={"user": "admin"})
    template = monitor.run_program(own)[f"{POOL}-template-own-image"]
    assert template.plain("imageId") == "ami-0a1b2c3d4e5f60718"
    assert not template.options.ignoreChanges
