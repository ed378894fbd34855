"""Machines that run: what they are told about themselves, and how a group lets them leave."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.aws import REGION, Api, api, serving

GROUP = "pool"
ROLE = "machine"
WHO = {"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}


@pytest.fixture(scope="module")
def held() -> Iterator[Api]:
    """Return an AWS whose machines somebody runs, with a group of two; their addresses are loopback's."""
    with api("--machines") as started:
        vpc = started.call("ec2", "create_vpc", CidrBlock="127.0.0.0/16")["Vpc"]["VpcId"]
        made = started.call("ec2", "create_subnet", VpcId=vpc, CidrBlock="127.0.0.0/20", AvailabilityZone=f"{REGION}a")
        started.call("iam", "create_role", RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(WHO))
        started.call("iam", "create_instance_profile", InstanceProfileName="profile")
        started.call("iam", "add_role_to_instance_profile", InstanceProfileName="profile", RoleName=ROLE)
        image = started.call("ec2", "describe_images")["Images"][0]["ImageId"]
        template = {"ImageId": image, "InstanceType": "m6i.large", "IamInstanceProfile": {"Name": "profile"}}
        started.call("ec2", "create_launch_template", LaunchTemplateName="pool", LaunchTemplateData=template)
        started.call(
            "autoscaling",
            "create_auto_scaling_group",
            AutoScalingGroupName=GROUP,
            LaunchTemplate={"LaunchTemplateName": "pool"},
            MinSize=0,
            MaxSize=3,
            DesiredCapacity=2,
            VPCZoneIdentifier=made["Subnet"]["SubnetId"],
        )
        started.call(
            "autoscaling",
            "put_lifecycle_hook",
            AutoScalingGroupName=GROUP,
            LifecycleHookName="leaves",
            LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        )
        yield started


@pytest.fixture(scope="module")
def port(held: Api) -> Iterator[int]:
    """Return where machines ask."""
    with serving("lab.aws.metadata", held.url, REGION) as found:
        yield found


class Asking:
    """A machine that asks about itself."""

    def __init__(self, port: int, address: str) -> None:
        self.port, self.address = port, address
        self.session = ""
        status, self.session = self.ask("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
        assert status == 200

    def ask(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        """Return status and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 20, source_address=(self.address, 0))
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def entry(self, path: str) -> tuple[int, str]:
        """Return an entry."""
        return self.ask("GET", f"/latest/meta-data/{path}", {"X-aws-ec2-metadata-token": self.session})


def members(held: Api) -> dict[str, str]:
    """Return the group's machines by id: what becomes of them."""
    groups = held.call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[GROUP])
    return {one["InstanceId"]: one["LifecycleState"] for one in groups["AutoScalingGroups"][0]["Instances"]}


def running(held: Api) -> dict[str, Any]:
    """Return machines that have not ended, by id."""
    found = held.call("ec2", "describe_instances")["Reservations"]
    machines = [one for reservation in found for one in reservation["Instances"]]
    return {one["InstanceId"]: one for one in machines if one["State"]["Name"] == "running"}


def test_a_machine_knows_itself(held: Api, port: int) -> None:
    """By the address that it asks from, and in a session alone."""
    for id_, machine in running(held).items():
        asking = Asking(port, machine["PrivateIpAddress"])
        assert asking.entry("instance-id") == (200, id_)
        assert asking.entry("local-ipv4") == (200, machine["PrivateIpAddress"])
        assert asking.entry("instance-type") == (200, "m6i.large")
        assert asking.entry("placement/availability-zone") == (200, f"{REGION}a")
        assert asking.entry("autoscaling/target-lifecycle-state") == (200, "InService")
        assert asking.entry("iam/security-credentials/") == (200, ROLE)
        status, text = asking.entry(f"iam/security-credentials/{ROLE}")
        assert status == 200
        assert {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} <= set(json.loads(text))
        assert asking.entry("spot/instance-action")[0] == 404
        assert asking.ask("GET", "/latest/meta-data/instance-id", {})[0] == 401
    assert Asking(port, "127.0.9.9").entry("instance-id")[0] == 404, "nobody has that address"


def test_a_machine_leaves_before_it_ends(held: Api, port: int) -> None:
    """The group wants one less; the machine is asked, and runs till it says that it has left."""
    before = running(held)
    held.call("autoscaling", "set_desired_capacity", AutoScalingGroupName=GROUP, DesiredCapacity=1)
    assert set(running(held)) == set(before), "nothing ends unasked"
    (leaving,) = [id_ for id_, state in members(held).items() if state == "Terminating:Wait"]
    asking = Asking(port, before[leaving]["PrivateIpAddress"])
    assert asking.entry("autoscaling/target-lifecycle-state") == (200, "Terminated")
    say(held, leaving)
    assert set(running(held)) == set(members(held)) == set(before) - {leaving}


def test_one_that_is_to_be_replaced_is_replaced_at_once(held: Api) -> None:
    """Another one comes while it leaves; what died is replaced too."""
    (old,) = members(held)
    held.call(
        "autoscaling",
        "terminate_instance_in_auto_scaling_group",
        InstanceId=old,
        ShouldDecrementDesiredCapacity=False,
    )
    states = members(held)
    assert states.pop(old) == "Terminating:Wait"
    (new,) = states
    assert states[new] == "InService"
    say(held, old)
    assert set(members(held)) == {new}
    held.call("ec2", "terminate_instances", InstanceIds=[new])
    assert set(members(held)) == set(running(held))
    assert len(members(held)) == 1
    assert new not in members(held)


def say(held: Api, id_: str) -> None:
    """Say as a machine that it has left."""
    held.call(
        "autoscaling",
        "complete_lifecycle_action",
        AutoScalingGroupName=GROUP,
        LifecycleHookName="leaves",
        InstanceId=id_,
        LifecycleActionResult="CONTINUE",
    )
