"""The stand-in for Pulumi's AWS plugin, run by the real engine, against moto."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.integration.aws import REGION, Api, stand_in
from tests.integration.site import Site

PROGRAM = """
import pulumi
import pulumi_aws as aws

given = pulumi.Config("kubeadm-ha").require_object("cluster")
opts = pulumi.ResourceOptions(provider=aws.Provider("aws", region=given["region"]))
ask = pulumi.InvokeOptions(provider=opts.provider)
zone = aws.get_availability_zones(state="available", opts=ask).names[0]
image = aws.ec2.get_ami(
    most_recent=True,
    owners=["136693071363"],
    filters=[{"name": "name", "values": [f"debian-{given['debian']}-amd64-*"]}],
    opts=ask,
)
vpc = aws.ec2.Vpc("net", cidr_block="10.40.0.0/16", tags=given["tags"], opts=opts)
subnet = aws.ec2.Subnet("machines", vpc_id=vpc.id, cidr_block="10.40.0.0/20", availability_zone=zone, opts=opts)
group = aws.ec2.SecurityGroup("guard", vpc_id=vpc.id, opts=opts)
aws.vpc.SecurityGroupIngressRule(
    "api",
    security_group_id=group.id,
    ip_protocol="tcp",
    from_port=given["port"],
    to_port=given["port"],
    cidr_ipv4="10.40.0.0/16",
    opts=opts,
)
machine = aws.ec2.Instance(
    "cp-1",
    ami=image.id,
    instance_type=given["type"],
    subnet_id=subnet.id,
    private_ip="10.40.0.10",
    vpc_security_group_ids=[group.id],
    user_data=pulumi.Output.secret("#cloud-config\\nkey: nobody may see this\\n"),
    opts=pulumi.ResourceOptions.merge(
        opts, pulumi.ResourceOptions(ignore_changes=given["kept"], delete_before_replace=True)
    ),
)
pulumi.export("address", machine.private_ip)
pulumi.export("vpc", vpc.arn)
"""
#: A resource as no typed SDK would let one write it.
RAW = """
import pulumi

given = pulumi.Config("kubeadm-ha").require_object("cluster")
pulumi.CustomResource(given["type"], "odd", given["properties"])
"""
CLUSTER: dict[str, Any] = {
    "region": REGION,
    "debian": 12,
    "tags": {"Name": "net"},
    "port": 6443,
    "type": "m6i.large",
    "kept": ["ami", "instanceType"],
}


def site_in(folder: Path, program: str, api: Api) -> Site:
    """Return a stack of a program that finds the stand-in first, and moto where it looks for AWS."""
    site = Site(folder, program)
    site.environment["PATH"] = f"{stand_in() / 'bin'}{os.pathsep}{site.environment['PATH']}"
    site.environment |= api.environment
    return site


def steps(site: Site) -> dict[str, str]:
    """Return what a preview would do, by the name of the resource; not those that stay."""
    shown = json.loads(site.pulumi("preview", "--json").stdout)
    # The engine shows parts of a replacement as steps of their own, too.
    wanted = {"create", "update", "delete", "replace"}
    return {step["urn"].rsplit("::", 1)[1]: step["op"] for step in shown["steps"] if step["op"] in wanted}


def test_the_engine_makes_changes_replaces_and_ends(tmp_path: Path, aws: Api) -> None:
    """Each through its own call of the stand-in; nothing secret is seen, and nothing is left."""
    aws.reset()
    site = site_in(tmp_path, PROGRAM, aws)
    site.configure(CLUSTER)
    site.pulumi("up", "--yes", "--skip-preview")
    made = site.state()
    assert made["cp-1"]["outputs"]["instanceState"] == "running"
    assert made["guard"]["inputs"]["name"].startswith("guard-")
    outputs = json.loads(site.pulumi("stack", "output", "--json").stdout)
    assert outputs["address"] == "10.40.0.10"
    assert outputs["vpc"].startswith(f"arn:aws:ec2:{REGION}:")
    assert "nobody may see this" not in site.pulumi("stack", "export").stdout
    site.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    # What is kept makes no change, though the image and the type are others now.
    site.configure(CLUSTER | {"tags": {"Name": "other"}, "port": 443, "debian": 13, "type": "m6i.xlarge"})
    assert steps(site) == {"net": "update", "api": "update"}
    site.pulumi("up", "--yes", "--skip-preview")
    changed = site.state()
    assert changed["net"]["outputs"]["tagsAll"] == {"Name": "other"}
    assert changed["cp-1"]["id"] == made["cp-1"]["id"]

    # What is not kept makes it anew, under the address that the old one had.
    site.configure(CLUSTER | {"debian": 13, "kept": []})
    assert steps(site) == {"net": "update", "api": "update", "cp-1": "replace"}
    site.pulumi("up", "--yes", "--skip-preview")
    replaced = site.state()["cp-1"]
    assert replaced["id"] != made["cp-1"]["id"]
    assert replaced["outputs"]["privateIp"] == "10.40.0.10"
    assert replaced["inputs"]["ami"] != made["cp-1"]["inputs"]["ami"]

    site.pulumi("destroy", "--yes", "--skip-preview")
    assert aws.left() == []


@pytest.mark.parametrize(
    ("kind", "properties", "said"),
    [
        (
            "aws:ec2/vpc:Vpc",
            {"cidrBlok": "10.40.0.0/16"},
            "is no property that the stand-in knows; did you mean cidrBlock",
        ),
        ("aws:ec2/vpcs:Vpc", {"cidrBlock": "10.40.0.0/16"}, "is no type of resource that it knows"),
    ],
)
def test_what_the_program_gets_wrong_is_said_at_preview(
    tmp_path: Path, aws: Api, kind: str, properties: dict[str, Any], said: str
) -> None:
    """A typo in the program cannot pass the stand-in."""
    aws.reset()
    site = site_in(tmp_path, RAW, aws)
    site.configure({"type": kind, "properties": properties})
    done = site.pulumi("preview", check=False)
    assert done.returncode != 0
    assert said in " ".join((done.stdout + done.stderr).split())
    assert aws.left() == []
