"""Clusters in a network that is there, by id or by tags: what is asked, what is used, and that it stays."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from tests.unit import cloud, monitor
from tests.unit.aws_clusters import MACHINES, example, of_type
from tests.unit.monitor import Program

ZONES = ("a", "b", "c")
VPC = "vpc-0aaaaaaaaaaaaaaaa"


def inside(**network: Any) -> dict[str, Any]:
    """Return a cluster in a network that is there, with a bastion and a public endpoint."""
    file = example("production", workers={"default": {"machines": {"count": 1}}})
    del file["aws"]["network"]
    file["aws"]["network"] = network
    file["endpoint"] |= {"scheme": "public", "allowedRanges": ["198.51.100.0/24"]}
    return file


def subnets(kind: str, first: int) -> dict[str, Any]:
    """Return subnets by id."""
    return {
        f"eu-central-1{zone}": {"id": f"subnet-0{kind * 15}{zone}", "range": f"10.0.{first + number}.0/24"}
        for number, zone in enumerate(ZONES)
    }


def tagged(found: dict[str, Any], **tags: str) -> dict[str, Any]:
    """Return the same subnets by tags, in which {} stands for the letter of the zone."""
    return {
        zone: {"tags": {name: value.format(zone[-1]) for name, value in tags.items()}, "range": subnet["range"]}
        for zone, subnet in found.items()
    }


MACHINES_IN, EDGES = subnets("a", 1), subnets("b", 101)
BY_ID = inside(vpc=VPC, subnets=MACHINES_IN, publicSubnets=EDGES)
BY_TAGS = inside(
    vpcTags={"Name": "prod"},
    subnets=tagged(MACHINES_IN, Name="private-{}"),
    publicSubnets=tagged(EDGES, Tier="public"),
)


@pytest.fixture(scope="module")
def by_id() -> Program:
    """Return what is registered with ids."""
    return monitor.run_program(BY_ID)


@pytest.fixture(scope="module")
def by_tags() -> Program:
    """Return what is registered with tags."""
    return monitor.run_program(BY_TAGS)


def test_what_tags_find_is_used_as_if_it_were_named(by_id: Program, by_tags: Program) -> None:
    """Every resource is the same, to the last argument."""
    assert set(by_tags.resources) == set(by_id.resources)
    for name, resource in by_tags.resources.items():
        if resource.custom:
            assert resource.inputs == by_id[name].inputs, name
    machine = of_type(by_tags, MACHINES)["cp-2"]
    assert machine.plain("subnetId") == "subnet-0aaaaaaaaaaaaaaab"


def test_the_account_is_asked_by_filters(by_tags: Program) -> None:
    """Of the one VPC, and of each zone: the same tags are good for all of them."""
    asked = [given for token, given in by_tags.questions if token.endswith(":getSubnets")]
    assert len(asked) == 6
    first = {"name": "vpc-id", "values": [VPC]}
    zones = [{"name": "availability-zone", "values": [f"eu-central-1{zone}"]} for zone in ZONES]
    assert [given["filters"] for given in asked] == [[first, zone] for zone in (*zones, *zones)]
    assert [given["tags"] for given in asked[3:]] == [{"Tier": "public"}] * 3
    assert [given for token, given in by_tags.questions if token.endswith(":getVpcs")] == [{"tags": {"Name": "prod"}}]


def test_ids_are_not_looked_for(by_id: Program) -> None:
    """What is named is only looked at."""
    assert not [token for token, _ in by_id.questions if token.endswith((":getVpcs", ":getSubnets"))]


def test_one_may_become_the_other(by_id: Program, by_tags: Program) -> None:
    """As long as they mean the same."""
    for before, after in ((by_id, BY_TAGS), (by_tags, BY_ID), (by_tags, BY_TAGS)):
        assert of_type(monitor.run_program(after, deployed=before.outputs), MACHINES)


@pytest.mark.parametrize(
    ("retagged", "said"),
    [
        (
            {"subnet-0ddddddddddddddda": {"Name": "private-a"}, "subnet-0aaaaaaaaaaaaaaaa": {}},
            r"aws.network.subnets.eu-central-1a.tags: find subnet-0ddddddddddddddda now, and the machines are in"
            r" subnet-0aaaaaaaaaaaaaaaa. Give them back to that one alone, or write the id",
        ),
        (
            {"subnet-0ddddddddddddddda": {"Tier": "public"}, "subnet-0bbbbbbbbbbbbbbba": {}},
            r"aws.network.publicSubnets.eu-central-1a.tags: find subnet-0ddddddddddddddda now, and a bastion or the"
            r" balancer may be in subnet-0bbbbbbbbbbbbbbba",
        ),
        (
            {VPC: {}, "vpc-0a1b2c3d4e5f60718": {"Name": "prod"}},
            rf"aws.network.vpcTags: find vpc-0a1b2c3d4e5f60718 now, and the machines are in {VPC}. Give them back",
        ),
    ],
    ids=["machines", "edges", "vpc"],
)
def test_tags_that_find_something_else_are_refused(
    by_tags: Program, monkeypatch: pytest.MonkeyPatch, retagged: dict[str, Any], said: str
) -> None:
    """The machines would be made anew there, all at once. Nothing is registered."""
    ranges = {"10.0.31.0/24": "10.0.1.0/24" if "aws.network.subnets" in said else "10.0.101.0/24"}
    there = {i: {**s, "cidrBlock": ranges.get(s["cidrBlock"], s["cidrBlock"])} for i, s in cloud.SUBNETS.items()}
    if "vpcTags" in said:  # the other one has the same subnets
        there |= {i: {**s, "vpcId": "vpc-0a1b2c3d4e5f60718"} for i, s in there.items() if s["vpcId"] == VPC}
    monkeypatch.setattr(cloud, "SUBNETS", there)
    monkeypatch.setattr(cloud, "TAGS", cloud.TAGS | retagged)
    with pytest.raises(pulumi.RunError, match=said):
        monitor.run_program(BY_TAGS, deployed=by_tags.outputs)


def test_a_subnet_by_its_id_is_kept_as_before(by_id: Program) -> None:
    """Another one for machines is refused; another one in front of them is the file's own wish."""
    other = {**MACHINES_IN, "eu-central-1a": {"id": "subnet-0ddddddddddddddda", "range": "10.0.31.0/24"}}
    with pytest.raises(pulumi.RunError, match=r"aws.network.subnets: is another one"):
        monitor.run_program(inside(vpc=VPC, subnets=other, publicSubnets=EDGES), deployed=by_id.outputs)
    moved = {"eu-central-1a": {"id": "subnet-0ddddddddddddddda", "range": "10.0.31.0/24"}}
    program = monitor.run_program(inside(vpc=VPC, subnets=MACHINES_IN, publicSubnets=moved), deployed=by_id.outputs)
    assert program["aws-production-bastion"].plain("subnetId") == "subnet-0ddddddddddddddda"


@pytest.mark.parametrize("file", [BY_ID, example("gpu")], ids=["there", "made"])
def test_rights_are_given_without_an_endpoint(file: dict[str, Any]) -> None:
    """Of a VPC that is there its owner has seen to the ways: machines of every role get the rights alone."""
    program = monitor.run_program(file | {"aws": file["aws"] | {"rights": ["ecr", "ssm"]}})
    attached = of_type(program, "iam/rolePolicyAttachment:RolePolicyAttachment").values()
    roles = {role.name for role in of_type(program, "iam/role:Role").values()}
    policies = ("AmazonSSMManagedInstanceCore", "AmazonEC2ContainerRegistryReadOnly")
    given = {(each.plain("role"), each.plain("policyArn").rpartition("/")[2]) for each in attached}
    assert given == {(role, policy) for role in roles for policy in policies}
    assert {each.name for each in attached} <= program.waits_for("cp-1")
    endpoints = of_type(program, "ec2/vpcEndpoint:VpcEndpoint").values()
    assert not [each.name for each in endpoints if each.plain("vpcEndpointType") == "Interface"]


def test_an_endpoint_gives_its_rights_as_before() -> None:
    """Whether they are asked for beside it or not: the same resources under the same names."""
    file = example("production")
    alone = monitor.run_program(file)
    both = monitor.run_program(file | {"aws": file["aws"] | {"rights": ["ssm"]}})
    assert "aws-production-worker-machine-ssm" in alone.resources
    assert set(both.resources) == set(alone.resources)


def test_a_token_is_kept_from_machines_with_rights() -> None:
    """With the Session Manager's policy, which reads every parameter, in a VPC that is there too."""
    pool = {"instanceType": "m6i.large", "autoScaling": {"min": 1, "max": 3}}
    growing = BY_ID | {"workers": {"burst": {"machines": pool}}}
    without = monitor.run_program(growing)
    assert not [name for name in without.resources if name.endswith("-reads-no-token")]
    program = monitor.run_program(growing | {"aws": growing["aws"] | {"rights": ["ssm"]}})
    denied = {name for name in program.resources if name.endswith("-reads-no-token")}
    assert denied == {f"aws-production-{role}-reads-no-token" for role in ("bastion", "control-plane", "worker")}
    assert denied <= program.waits_for("aws-production-pool-burst-group")
    assert "aws-production-pool-burst-machine-ssm" in program.resources
