"""Clusters whose machines are in AWS, by the real engine against moto: what AWS then has, and what edits do to it.

What runs on the machines is left out here: the hosts only answer. The stand-in for Pulumi's plugin is ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.aws import ZONES, Api, Plugin, plugin
from tests.integration.aws_site import aws_site, cluster, kinds, network, steps, undone, zone
from tests.integration.site import Site

UNPROTECTED = {"certificates": {"protect": False}}


@pytest.fixture
def cloud(aws: Api) -> Iterator[Plugin]:
    """Return something to make things with that a cluster finds; there is nothing else."""
    aws.reset()
    with plugin(aws) as started:
        yield started


def up(site: Site, given: dict[str, Any]) -> None:
    """Bring a stack to what a cluster file says."""
    site.configure(given)
    site.pulumi("up", "--yes", "--skip-preview")


def test_a_private_cluster_lives_and_ends(tmp_path: Path, aws: Api, cloud: Plugin) -> None:
    """Previewed without a change, made, the same again, as AWS says it is, and gone without a trace."""
    hosted = zone(cloud, "prod.example.org")
    before = aws.left()
    production = cluster("production", endpoint={"zoneId": hosted})
    site = aws_site(tmp_path, aws)
    site.configure(production)
    shown = steps(site)
    assert set(shown.values()) == {"create"}
    assert {"cp-1", "aws-production-init", "cp-3-behind-api", "default-6", "default-6-join"} <= set(shown)
    assert aws.left() == before, "a preview has made something"

    up(site, production)
    machines = kinds(site, "ec2/instance:Instance")
    planes = [machines[f"cp-{number}"]["outputs"] for number in (1, 2, 3)]
    assert [plane["availabilityZone"] for plane in planes] == ZONES
    assert [plane["privateIp"] for plane in planes] == ["10.40.0.10", "10.40.16.10", "10.40.32.10"]
    assert {plane["publicIp"] for plane in planes} == {""}
    assert {plane["disableApiTermination"] for plane in planes} == {True}
    workers = [machine["outputs"] for name, machine in machines.items() if name.startswith("default-")]
    assert Counter(worker["availabilityZone"] for worker in workers) == dict.fromkeys(ZONES, 2)
    assert len(machines) == 3 + 6 + 1
    assert len(kinds(site, "ec2/natGateway:NatGateway")) == 3
    site.pulumi("preview", "--expect-no-changes")
    # What AWS says of each resource is what the program wants of it.
    site.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    exported = site.pulumi("stack", "export").stdout
    assert "PRIVATE KEY" not in exported
    assert "ed25519_private" not in exported

    up(site, production | UNPROTECTED)
    site.pulumi("destroy", "--yes", "--skip-preview")
    assert aws.left() == before
    assert undone(site) == [], "machines that go with their network are not cleaned first"


def test_machines_are_replaced_one_by_one(tmp_path: Path, aws: Api, cloud: Plugin) -> None:
    """A number that is left out takes its machine away and brings another; who stays keeps the type it has."""
    small = cluster(
        "production",
        endpoint={"zoneId": zone(cloud, "prod.example.org")},
        workers={"default": {"machines": {"count": 2}}},
    )
    site = aws_site(tmp_path, aws)
    up(site, small)
    first = kinds(site, "ec2/instance:Instance")

    pool = {"default": {"machines": {"count": 2, "skip": [1], "instanceType": "m6i.2xlarge"}}}
    edited = small | {"workers": pool}
    site.configure(edited)
    found = steps(site)
    assert found["default-1"] == "delete"
    assert found["default-3"] == "create"
    assert not set(found) & {"default-2", "default-2-join", "cp-1", "cp-2", "cp-3"}
    up(site, edited)
    assert undone(site) == ["leave-worker"], "the node leaves, and nobody cleans a machine that is ended"
    second = kinds(site, "ec2/instance:Instance")
    assert second["default-2"]["id"] == first["default-2"]["id"]
    assert second["default-2"]["outputs"]["instanceType"] == "m6i.xlarge"
    assert second["default-3"]["outputs"]["instanceType"] == "m6i.2xlarge"
    assert "default-1" not in second

    # A control plane: one more first, then without the old one.
    planes = edited["controlPlane"]["machines"]
    more = edited | {"controlPlane": {"machines": planes | {"count": 4}}}
    up(site, more)
    assert {"cp-1", "cp-2", "cp-3", "cp-4"} <= set(kinds(site, "ec2/instance:Instance"))
    without = edited | {"controlPlane": {"machines": planes | {"count": 3, "skip": [2]}}}
    site.configure(without)
    found = steps(site)
    assert found["cp-2"] == "delete"
    assert found["cp-2-behind-api"] == "delete"
    assert not set(found) & {"cp-1", "cp-3", "cp-4"}
    up(site, without)
    assert undone(site) == ["leave-control-plane"]
    third = kinds(site, "ec2/instance:Instance")
    assert "cp-2" not in third
    assert {name: third[name]["id"] for name in ("cp-1", "cp-3")} == {n: first[n]["id"] for n in ("cp-1", "cp-3")}


def test_a_network_that_is_there_stays(tmp_path: Path, aws: Api, cloud: Plugin) -> None:
    """Machines go into its subnets, and it is as it was when the cluster ends."""
    vpc, made = network(
        cloud,
        "10.0.0.0/16",
        **{f"machines{n}": (place, f"10.0.{n}.0/24") for n, place in enumerate(ZONES, start=1)},
        **{f"edge{n}": (place, f"10.0.10{n}.0/24") for n, place in enumerate(ZONES, start=1)},
    )
    subnets = {z: {"id": made[f"machines{n}"], "range": f"10.0.{n}.0/24"} for n, z in enumerate(ZONES, start=1)}
    edges = {z: {"id": made[f"edge{n}"], "range": f"10.0.10{n}.0/24"} for n, z in enumerate(ZONES, start=1)}
    own = cluster("production", workers={"default": {"machines": {"count": 1}}}, **UNPROTECTED)
    own["aws"] |= {"network": {"vpc": vpc, "subnets": subnets, "publicSubnets": edges}}
    own["endpoint"] = {"kind": "nlb", "scheme": "internal", "allowedRanges": ["10.0.0.0/16"]}
    before = aws.left()
    site = aws_site(tmp_path, aws)
    up(site, own)
    assert not kinds(site, "ec2/vpc:Vpc")
    assert kinds(site, "ec2/instance:Instance")["cp-2"]["outputs"]["subnetId"] == made["machines2"]
    assert kinds(site, "route53/zone:Zone")
    site.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    site.pulumi("destroy", "--yes", "--skip-preview")
    assert aws.left() == before


@pytest.mark.usefixtures("cloud")
def test_nodes_know_their_machines(tmp_path: Path, aws: Api) -> None:
    """By the ids that EC2 gave them; subnets of balancers, and the rights of what makes them, are as AWS then says."""
    before = aws.left()
    site = aws_site(tmp_path, aws)
    up(site, cluster("services", **UNPROTECTED))
    machines, joins = kinds(site, "ec2/instance:Instance"), site.state()
    for name in set(machines) - {"aws-services-bastion"}:
        known = f"aws:///{machines[name]['outputs']['availabilityZone']}/{machines[name]['id']}"
        assert known in str(joins[f"{name}-join"]["inputs"]["stdin"]), name
    assert {machines[name]["id"][:2] for name in machines} == {"i-"}
    site.pulumi("preview", "--expect-no-changes")
    site.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    site.pulumi("destroy", "--yes", "--skip-preview")
    assert aws.left() == before


@pytest.mark.parametrize("name", ["test", "gpu"])
def test_an_example_lives_and_ends(tmp_path: Path, aws: Api, cloud: Plugin, name: str) -> None:
    """Machines with public addresses behind a public balancer, and a pool of another kind of machine."""
    given = cluster(name, **UNPROTECTED)
    if "zoneId" in given["endpoint"]:
        given["endpoint"] |= {"zoneId": zone(cloud, given["endpoint"]["name"].partition(".")[2])}
    before = aws.left()
    site = aws_site(tmp_path, aws)
    up(site, given)
    site.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    site.pulumi("destroy", "--yes", "--skip-preview")
    assert aws.left() == before


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"aws": {"network": {"zones": [*ZONES[:2], "eu-central-1z"]}}}, "eu-central-1z is no zone of eu-central-1"),
    ({"controlPlane": {"machines": {"instanceType": "t3.nano"}}}, "t3.nano has 2 CPUs and 512 MiB"),
    ({"controlPlane": {"machines": {"instanceType": "m6i.larg"}}}, "m6i.larg is no type that the region has"),
]


@pytest.mark.parametrize(("edits", "said"), WRONG, ids=[said.split()[0] for _, said in WRONG])
def test_what_the_account_has_not_is_refused(
    tmp_path: Path, aws: Api, cloud: Plugin, edits: dict[str, Any], said: str
) -> None:
    """At preview, by what AWS answers, with nothing made."""
    hosted = zone(cloud, "prod.example.org")
    before = aws.left()
    site = aws_site(tmp_path, aws)
    site.configure(cluster("production", endpoint={"zoneId": hosted}, **edits))
    done = site.pulumi("preview", check=False)
    shown = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert said in shown
    assert "Traceback" not in shown
    assert aws.left() == before


def test_a_subnet_of_another_network_is_refused(tmp_path: Path, aws: Api, cloud: Plugin) -> None:
    """It would be found out with half of the cluster made."""
    vpc, made = network(cloud, "10.0.0.0/16", one=(ZONES[0], "10.0.1.0/24"), edge=(ZONES[0], "10.0.101.0/24"))
    other, others = network(cloud, "10.0.0.0/16", two=(ZONES[1], "10.0.2.0/24"))
    subnets = {
        ZONES[0]: {"id": made["one"], "range": "10.0.9.0/24"},
        ZONES[1]: {"id": others["two"], "range": "10.0.2.0/24"},
    }
    edges = {ZONES[0]: {"id": made["edge"], "range": "10.0.101.0/24"}}
    own = cluster("production")
    own["aws"] |= {"network": {"vpc": vpc, "subnets": subnets, "publicSubnets": edges}}
    own["endpoint"] = {"kind": "nlb", "scheme": "internal", "allowedRanges": ["10.0.0.0/16"]}
    site = aws_site(tmp_path, aws)
    site.configure(own)
    done = site.pulumi("preview", check=False)
    shown = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert f"aws.network.subnets.{ZONES[1]}.id: {others['two']} is in {other}, another VPC" in shown
    assert f"aws.network.subnets.{ZONES[0]}.range: 10.0.9.0/24 is not the range of {made['one']}" in shown


def test_an_account_that_does_not_answer_is_said(tmp_path: Path, aws: Api) -> None:
    """In one sentence with the way out, and not as a plugin that has failed."""
    site = aws_site(tmp_path, aws)
    site.environment |= {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    site.configure(cluster("production"))
    done = site.pulumi("preview", check=False)
    shown = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "aws.region: AWS gives no answer for eu-central-1" in shown
    assert "Traceback" not in shown
