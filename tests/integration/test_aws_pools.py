"""Pools that grow and shrink by themselves, by the real engine against moto, asked as their machines ask.

What machines and control planes ask AWS with (scripts/aws) is asked here too: the same requests, of the same account.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import aws_api
import pytest
import tokens
import yaml

from tests.integration.aws import REGION, ZONES, Api
from tests.integration.aws_site import aws_site, cluster, kinds, steps
from tests.integration.site import Site

POOL = "aws-elastic-pool-burst"
#: One control plane and no other worker: what is looked at here is the pool.
SMALL: dict[str, Any] = {
    "controlPlane": {"machines": {"count": 1, "etcdVolumeGib": None}},
    "workers": {"default": None},
    "certificates": {"protect": False},
}


class _Machine(aws_api.Machine):
    """A machine whose role moto lets do everything."""

    def credentials(self) -> aws_api.Credentials:
        """Return credentials that open nothing."""
        return aws_api.Credentials("testing", "testing", "token")


@pytest.fixture
def asked(aws: Api, monkeypatch: pytest.MonkeyPatch) -> aws_api.Aws:
    """Return AWS as machines ask it; there is nothing in it."""
    aws.reset()
    monkeypatch.setattr(aws_api, "ELSEWHERE", aws.url)
    return aws_api.Aws(REGION, _Machine())


def up(site: Site, **edits: Any) -> None:
    """Bring the stack to the example with edits laid over it."""
    site.configure(cluster("elastic", **SMALL) | edits)
    site.pulumi("up", "--yes", "--skip-preview")


def burst(**edits: Any) -> dict[str, Any]:
    """Return the pool with edits laid over it."""
    pool: dict[str, Any] = cluster("elastic", workers={"burst": edits})["workers"]["burst"]
    return pool


def machines(asked: aws_api.Aws) -> list[str]:
    """Return the ids of the group's machines."""
    said = asked.autoscaling("DescribeAutoScalingGroups")
    return re.findall(r"<InstanceId>(i-[0-9a-f]+)</InstanceId>", said)


def told(site: Site) -> dict[str, str]:
    """Return what machines that start now are told."""
    (template,) = kinds(site, "ec2/launchTemplate:LaunchTemplate").values()
    document = yaml.safe_load(base64.b64decode(template["outputs"]["userData"]))
    files = {file["path"]: file["content"] for file in document["write_files"]}
    found: dict[str, str] = json.loads(files["/etc/kubeadm-ha-machine.json"])
    return found


def test_a_pool_is_made_and_ends(tmp_path: Path, aws: Api, asked: aws_api.Aws) -> None:
    """Its machines find what they are told of, and AWS has it as the program wants it; nothing of it is left."""
    site = aws_site(tmp_path, aws)
    site.configure(cluster("elastic", **SMALL))
    assert set(steps(site).values()) == {"create"}
    up(site)
    site.pulumi("preview", "--expect-no-changes")
    site.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    found = machines(asked)
    assert len(found) == 2
    known = {f"Filter.1.Value.{n}": machine for n, machine in enumerate([*found, "i-0123456789abcdef0"], start=1)}
    assert tokens.there(asked.ec2("DescribeInstances", **{"Filter.1.Name": "instance-id", **known})) == set(found)
    group = kinds(site, "autoscaling/group:Group")[f"{POOL}-group"]["outputs"]
    assert sorted(group["availabilityZones"]) == ZONES
    hooks = asked.autoscaling("DescribeLifecycleHooks", AutoScalingGroupName="aws-elastic-burst")
    assert re.findall("<LifecycleHookName>(.*?)</LifecycleHookName>", hooks) == ["joins", "leaves"]

    machine = told(site)
    bundle = asked.stored(machine["bucket"], machine["key"])
    assert hashlib.sha256(bundle).hexdigest() == machine["sha256"]
    assert set(json.loads(bundle)["steps"]) == {"prepare", "join", "leave"}
    assert bundle.decode() not in site.pulumi("stack", "export").stdout
    assert asked.parameter(machine["parameter"]) == "none yet"
    asked.autoscaling(
        "CompleteLifecycleAction",
        AutoScalingGroupName=machine["group"],
        LifecycleHookName="joins",
        InstanceId=found[0],
        LifecycleActionResult="CONTINUE",
    )

    # What a control plane gives out is its own business: no `up` takes it back, or shows it.
    asked.put_parameter(machine["parameter"], "abcdef.0123456789abcdef")
    site.pulumi("up", "--yes", "--skip-preview")
    assert asked.parameter(machine["parameter"]) == "abcdef.0123456789abcdef"
    site.pulumi("refresh", "--yes", "--skip-preview")
    site.pulumi("preview", "--expect-no-changes")
    assert "abcdef.0123456789abcdef" not in site.pulumi("stack", "export").stdout

    site.pulumi("destroy", "--yes", "--skip-preview")
    assert aws.left() == []


def kms(asked: aws_api.Aws, action: str, **given: str) -> dict[str, Any]:
    """Return what the service of keys answers."""
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"TrentService.{action}"}
    answer = asked._asked("POST", f"{asked._url('kms')}/", headers, json.dumps(given).encode(), "kms")
    found: dict[str, Any] = json.loads(answer or b"{}")
    return found


def test_volumes_have_the_key_of_the_site(tmp_path: Path, aws: Api, asked: aws_api.Aws) -> None:
    """Every volume of every machine, also of those that come later; an alias may stand for another key then."""
    first, second = (kms(asked, "CreateKey", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"] for _ in range(2))
    kms(asked, "CreateAlias", AliasName="alias/volumes", TargetKeyId=first["KeyId"])
    site = aws_site(tmp_path, aws)
    keyed = {"aws": cluster("elastic")["aws"] | {"kmsKey": "alias/volumes"}}
    site.configure(cluster("elastic", **SMALL) | keyed | {"aws": keyed["aws"] | {"kmsKey": "alias/other"}})
    refused = site.pulumi("preview", check=False)
    assert "aws.kmsKey: alias/other is no key that AWS shows" in " ".join((refused.stdout + refused.stderr).split())

    up(site, **keyed)
    alias = f"{first['Arn'].rpartition(':')[0]}:alias/volumes"
    keys = re.findall("<kmsKeyId>(.*?)</kmsKeyId>", asked.ec2("DescribeVolumes"))
    # moto writes down what it is told, and what Auto Scaling is told is the alias.
    assert len(machines(asked)) == 2
    fixed = len(kinds(site, "ec2/instance:Instance"))
    assert sorted(keys) == sorted([first["Arn"]] * fixed + [alias] * 2)
    site.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    kms(asked, "UpdateAlias", AliasName="alias/volumes", TargetKeyId=second["KeyId"])
    site.pulumi("preview", "--expect-no-changes")
    kms(asked, "DisableKey", KeyId=second["KeyId"])
    refused = site.pulumi("preview", check=False)
    assert "aws.kmsKey: alias/volumes is Disabled" in " ".join((refused.stdout + refused.stderr).split())
    site.pulumi("destroy", "--yes", "--skip-preview")
    assert aws.left() == []


def test_a_pool_changes(tmp_path: Path, aws: Api, asked: aws_api.Aws) -> None:
    """Other limits touch no machine, what machines are told replaces them, and an autoscaler's choice is left alone."""
    site = aws_site(tmp_path, aws)
    up(site)
    first, sha256 = machines(asked), told(site)["sha256"]
    asked.autoscaling("SetDesiredCapacity", AutoScalingGroupName="aws-elastic-burst", DesiredCapacity="4")
    grown = machines(asked)
    assert len(grown) == 4
    assert set(first) < set(grown)
    site.pulumi("refresh", "--yes", "--skip-preview")

    wider = {"workers": {"burst": burst(machines={"autoScaling": {"max": 30}})}}
    site.configure(cluster("elastic", **SMALL) | wider)
    assert steps(site) == {f"{POOL}-group": "update"}
    up(site, **wider)
    assert machines(asked) == grown

    marked = {"workers": {"burst": burst(labels={"example.org/kind": "other"})}}
    site.configure(cluster("elastic", **SMALL) | marked)
    found = steps(site)
    assert found[f"{POOL}-template-debian-13-x86_64"] == "update"
    assert found[f"{POOL}-group"] == "update"
    assert not {name for name in found if name.startswith("cp-1")}
    up(site, **marked)
    replaced = machines(asked)
    assert len(replaced) == 4
    assert not set(replaced) & set(grown)
    machine = told(site)
    assert machine["sha256"] != sha256
    assert hashlib.sha256(asked.stored(machine["bucket"], machine["key"])).hexdigest() == machine["sha256"]

    # A pool of hosts in its place: the group goes with all that was for it alone.
    fixed = {"burst": {"machines": {"count": 1, "instanceType": "m6i.large"}}}
    up(site, workers=fixed)
    assert machines(asked) == []
    assert not kinds(site, "s3/bucket:Bucket")
    assert not kinds(site, "ssm/parameter:Parameter")
    assert "burst-1" in kinds(site, "ec2/instance:Instance")
