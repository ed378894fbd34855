"""Clusters in a network that is found by tags, by the real engine against moto: it is found, used, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.aws import ZONES, Api, Plugin, plugin
from tests.integration.aws_site import aws_site, cluster, kinds, network, steps
from tests.integration.site import Site

SUBNETS = {"private-a": (ZONES[0], "10.0.1.0/24"), "private-b": (ZONES[1], "10.0.2.0/24")}
EDGES = {"public-a": (ZONES[0], "10.0.101.0/24"), "public-b": (ZONES[1], "10.0.102.0/24")}


@pytest.fixture
def cloud(aws: Api) -> Iterator[Plugin]:
    """Return something to make things with that a cluster finds; there is nothing else."""
    aws.reset()
    with plugin(aws) as started:
        yield started


def tagged(subnets: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """Return subnets as a cluster file names them by their tags."""
    return {zone: {"tags": {"Name": name}, "range": part} for name, (zone, part) in subnets.items()}


def refused(site: Site) -> str:
    """Return what a preview that refuses says."""
    done = site.pulumi("preview", check=False)
    shown = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "Traceback" not in shown
    return shown


def retag(cloud: Plugin, kind: str, id_: str, inputs: dict[str, Any], name: str) -> None:
    """Give something another name."""
    before, _ = cloud.check(f"aws:ec2/{kind}", {**inputs, "tags": {"Name": "before"}})
    cloud.update(f"aws:ec2/{kind}", id_, before, before, {**before, "tags": {"Name": name}})


def test_a_network_is_found_by_its_tags_and_kept(tmp_path: Path, aws: Api, cloud: Plugin) -> None:
    """Of several with the same names in other networks; and what the tags find later moves no machine."""
    vpc, made = network(cloud, "10.0.0.0/16", "prod", **SUBNETS, **EDGES)
    other, others = network(cloud, "10.0.0.0/16", "staging", **SUBNETS, **EDGES)
    small: dict[str, Any] = {"machines": {"count": 1, "etcdVolumeGib": None}}
    own = cluster("production", controlPlane=small, workers={"default": {"machines": {"count": 1}}})
    own["certificates"] = {"protect": False}
    found = {"vpcTags": {"Name": "prod"}, "subnets": tagged(SUBNETS), "publicSubnets": tagged(EDGES)}
    own["aws"] |= {"network": found, "rights": ["ssm", "ecr"]}
    own["endpoint"] = {"kind": "nlb", "scheme": "internal", "allowedRanges": ["10.0.0.0/16"]}
    before = aws.left()
    site = aws_site(tmp_path, aws)
    site.configure(own)
    site.pulumi("up", "--yes", "--skip-preview")
    machines = kinds(site, "ec2/instance:Instance")
    assert machines["cp-1"]["outputs"]["subnetId"] == made["private-a"]
    assert machines["aws-production-bastion"]["outputs"]["subnetId"] == made["public-a"]
    assert len(kinds(site, "iam/rolePolicyAttachment:RolePolicyAttachment")) == 2 * 3
    site.pulumi("preview", "--expect-no-changes")

    # The same network, named by its ids.
    ids = {zone: {"id": made[name], "range": part} for name, (zone, part) in SUBNETS.items()}
    site.configure(own | {"aws": own["aws"] | {"network": found | {"vpcTags": None, "vpc": vpc, "subnets": ids}}})
    assert not steps(site)

    site.configure(own)
    # Somebody gives the name to another subnet of the same zone, and then to that one alone.
    inputs = {"vpcId": vpc, "availabilityZone": ZONES[0], "cidrBlock": "10.0.31.0/24", "tags": {"Name": "private-a"}}
    spare, _ = cloud.create("aws:ec2/subnet:Subnet", cloud.check("aws:ec2/subnet:Subnet", inputs)[0])
    two = ", ".join(sorted((made["private-a"], spare)))
    path = f"aws.network.subnets.{ZONES[0]}"
    assert f"{path}.tags: Name=private-a finds {two}. Write tags that one" in refused(site)
    first = {"vpcId": vpc, "availabilityZone": ZONES[0], "cidrBlock": "10.0.1.0/24"}
    retag(cloud, "subnet:Subnet", made["private-a"], first, "old")
    assert f"{path}.range: 10.0.1.0/24 is not the range of {spare}" in refused(site)
    retag(cloud, "subnet:Subnet", made["private-a"], first, "private-a")
    retag(cloud, "subnet:Subnet", spare, inputs, "spare")

    # Somebody gives the name to another network, alike to the last range of it.
    whole = {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True}
    retag(cloud, "vpc:Vpc", vpc, whole, "old")
    retag(cloud, "vpc:Vpc", other, whole, "prod")
    said = refused(site)
    assert f"aws.network.vpcTags: find {other} now, and the machines are in {vpc}" in said
    assert f"{path}.tags: find {others['private-a']} now, and the machines are in {made['private-a']}" in said
    retag(cloud, "vpc:Vpc", vpc, whole, "prod")
    assert f"aws.network.vpcTags: Name=prod finds {', '.join(sorted((vpc, other)))}" in refused(site)
    retag(cloud, "vpc:Vpc", other, whole, "staging")
    site.pulumi("preview", "--expect-no-changes")

    site.pulumi("destroy", "--yes", "--skip-preview")
    assert sorted(aws.left()) == sorted([*before, spare])


def test_a_network_that_no_tags_find_is_told(tmp_path: Path, aws: Api, cloud: Plugin) -> None:
    """With every place at once, and nothing is made."""
    network(cloud, "10.0.0.0/16", "prod", **SUBNETS, **EDGES)
    network(cloud, "10.0.0.0/16", "staging", elsewhere=(ZONES[2], "10.0.3.0/24"))
    own = cluster("production")
    named = {**tagged(SUBNETS), ZONES[2]: {"tags": {"Name": "elsewhere"}, "range": "10.0.3.0/24"}}
    named[ZONES[1]]["tags"] = {"Name": "private-z"}
    own["aws"] |= {"network": {"vpcTags": {"Name": "prod"}, "subnets": named, "publicSubnets": tagged(EDGES)}}
    own["endpoint"] = {"kind": "nlb", "scheme": "internal", "allowedRanges": ["10.0.0.0/16"]}
    before = aws.left()
    site = aws_site(tmp_path, aws)
    site.configure(own)
    said = refused(site)
    assert f"aws.network.subnets.{ZONES[1]}.tags: Name=private-z finds no subnet" in said
    assert "another VPC. Name one of vpc-" in said
    assert aws.left() == before
