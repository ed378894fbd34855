"""What machines in AWS stand on: network, guards, rights, and the balancer before the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit import monitor
from tests.unit.aws_clusters import MACHINES, example, of_type, plain
from tests.unit.monitor import Program

RULE = "vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
PUBLIC = {
    "scheme": "public",
    "allowedRanges": ["198.51.100.0/24"],
    "name": "api.example.org",
    "zoneId": "Z0123456789ABCDEFGHIJ",
}


@pytest.fixture(scope="module")
def production() -> Program:
    """Return what is registered for private machines in three zones."""
    return monitor.run_program(example("production"))


def opened(program: Program) -> set[tuple[str, str, str]]:
    """Return every way in: who, to whom, and what."""
    short = {f"id of {name}": name.removesuffix("-guard").split("-", 2)[-1] for name in groups(program)}
    found = set()
    for rule in of_type(program, RULE).values():
        given = plain(rule)
        who = given.get("cidrIpv4") or short[given["referencedSecurityGroupId"]]
        ports = f"{int(given['fromPort'])}-{int(given['toPort'])}"
        found.add((who, short[given["securityGroupId"]], f"{given['ipProtocol']} {ports}"))
    return found


def groups(program: Program) -> dict[str, monitor.Resource]:
    """Return the security groups by name."""
    return of_type(program, "ec2/securityGroup:SecurityGroup")


def test_a_vpc_has_room_for_machines_and_for_what_is_before_them(production: Program) -> None:
    """Two subnets a zone; nothing that AWS gives addresses to is in those of machines."""
    vpc = plain(production["aws-production-vpc"])
    assert vpc["cidrBlock"] == "10.40.0.0/16"
    assert vpc["enableDnsSupport"] is True
    assert vpc["enableDnsHostnames"] is True
    subnets = of_type(production, "ec2/subnet:Subnet")
    assert {name: s.plain("cidrBlock") for name, s in subnets.items()} == {
        "aws-production-eu-central-1a": "10.40.0.0/20",
        "aws-production-eu-central-1b": "10.40.16.0/20",
        "aws-production-eu-central-1c": "10.40.32.0/20",
        "aws-production-edge-eu-central-1a": "10.40.240.0/24",
        "aws-production-edge-eu-central-1b": "10.40.241.0/24",
        "aws-production-edge-eu-central-1c": "10.40.242.0/24",
    }
    assert {s.plain("availabilityZone") for s in subnets.values()} == set(ZONES)
    edges = {f"id of aws-production-edge-{zone}" for zone in ZONES}
    assert set(production["aws-production-api"].plain("subnets")) == edges
    for gateway in of_type(production, "ec2/natGateway:NatGateway").values():
        assert gateway.plain("subnetId") in edges
    for endpoint in of_type(production, "ec2/vpcEndpoint:VpcEndpoint").values():
        assert set(endpoint.plain("subnetIds") or edges) == edges


@pytest.mark.parametrize(("nat", "gateways"), [("zone", ZONES), ("one", ["machines"]), ("none", [])])
def test_ways_out(nat: str, gateways: list[str]) -> None:
    """A gateway in each zone serves that zone, one serves all; without one there is no route."""
    file = example("production")
    file["aws"]["network"]["nat"] = nat
    program = monitor.run_program(file)
    made = of_type(program, "ec2/natGateway:NatGateway")
    assert set(made) == {f"aws-production-nat-{what}-gateway" for what in gateways}
    routes = {name: plain(r) for name, r in of_type(program, "ec2/route:Route").items()}
    edge = routes.pop("aws-production-edge-out")
    assert edge["gatewayId"] == "id of aws-production-internet"
    for what in gateways:
        route = routes.pop(f"aws-production-{what}-out")
        assert route["destinationCidrBlock"] == "0.0.0.0/0"
        assert route["natGatewayId"] == f"id of aws-production-nat-{what}-gateway"
        assert "aws-production-edge-out" in program.waits_for(f"aws-production-nat-{what}-gateway")
    assert not routes
    for zone in ZONES:
        table = program[f"aws-production-{zone}-table"].plain("routeTableId")
        assert table == f"id of aws-production-{zone if nat == 'zone' else 'machines'}-routes"


def test_public_machines_go_out_themselves() -> None:
    """Their subnets have the route that those before them have."""
    program = monitor.run_program(example("test"))
    assert program["aws-test-eu-central-1a-table"].plain("routeTableId") == "id of aws-test-edge-routes"
    assert program["cp-1"].plain("associatePublicIpAddress") is True


def test_services_are_reached_inside(production: Program) -> None:
    """S3 by a route in every table of machines, others by addresses that machines alone may ask."""
    made = {name: plain(e) for name, e in of_type(production, "ec2/vpcEndpoint:VpcEndpoint").items()}
    assert set(made) == {f"aws-production-{s}-endpoint" for s in ("s3", "ssm", "ssmmessages", "ec2messages")}
    s3 = made.pop("aws-production-s3-endpoint")
    assert s3["vpcEndpointType"] == "Gateway"
    assert s3["serviceName"] == "com.amazonaws.eu-central-1.s3"
    assert set(s3["routeTableIds"]) == {f"id of aws-production-{zone}-routes" for zone in ZONES}
    for endpoint in made.values():
        assert endpoint["vpcEndpointType"] == "Interface"
        assert endpoint["privateDnsEnabled"] is True
        assert endpoint["securityGroupIds"] == ["id of aws-production-services-guard"]


def test_exactly_the_paths_that_are_needed(production: Program) -> None:
    """Between roles, by role; node ports are open to nobody, SSH to the bastion alone."""
    fragments = {("0.0.0.0/0", role, "icmp 3-4") for role in roles(production)}
    assert opened(production) == fragments | {
        ("10.40.0.0/16", "balancer", "tcp 6443-6443"),
        ("10.0.0.0/16", "balancer", "tcp 6443-6443"),
        ("control-plane", "balancer", "tcp 6443-6443"),
        ("worker", "balancer", "tcp 6443-6443"),
        ("balancer", "control-plane", "tcp 6443-6443"),
        ("control-plane", "control-plane", "tcp 6443-6443"),
        ("worker", "control-plane", "tcp 6443-6443"),
        ("control-plane", "control-plane", "tcp 2379-2380"),
        ("control-plane", "control-plane", "tcp 10250-10250"),
        ("control-plane", "worker", "tcp 10250-10250"),
        ("worker", "control-plane", "tcp 10250-10250"),
        ("worker", "worker", "tcp 10250-10250"),
        ("control-plane", "control-plane", "udp 8472-8472"),
        ("control-plane", "worker", "udp 8472-8472"),
        ("worker", "control-plane", "udp 8472-8472"),
        ("worker", "worker", "udp 8472-8472"),
        ("bastion", "control-plane", "tcp 22-22"),
        ("bastion", "worker", "tcp 22-22"),
        ("198.51.100.0/24", "bastion", "tcp 22-22"),
        ("control-plane", "services", "tcp 443-443"),
        ("worker", "services", "tcp 443-443"),
    }
    assert len(of_type(production, RULE)) == len(opened(production))
    ways_out = of_type(production, EGRESS).values()
    assert len(ways_out) == len(groups(production))
    assert {(r.plain("ipProtocol"), r.plain("cidrIpv4")) for r in ways_out} == {("-1", "0.0.0.0/0")}


def test_a_range_that_goes_changes_no_other_rule() -> None:
    """AWS takes no rule twice: what took the place of another one would be there already."""
    file = example("gpu")
    file["aws"] |= {"bastion": {"allowedRanges": ["198.51.100.0/24", "203.0.113.0/24", "203.0.113.0/24"]}}
    before = of_type(monitor.run_program(file), RULE)
    file["aws"]["bastion"]["allowedRanges"].pop(0)
    after = of_type(monitor.run_program(file), RULE)
    assert set(before) - set(after) == {"aws-gpu-bastion-ssh-from-198.51.100.0-24"}
    assert all(after[name].inputs == before[name].inputs for name in after)


def roles(program: Program) -> set[str]:
    """Return the roles that have a security group."""
    return {name.removesuffix("-guard").split("-", 2)[-1] for name in groups(program)}


def test_etcd_on_machines_of_its_own_is_for_members_and_control_planes() -> None:
    """Workers reach no etcd, and control planes not the members' own port."""
    file = example("gpu")
    file["etcd"] = {"machines": {"count": 3, "instanceType": "m6i.large", "etcdVolumeGib": 20}}
    del file["controlPlane"]["machines"]["etcdVolumeGib"]
    ways = {way for way in opened(monitor.run_program(file)) if way[1] == "etcd" and "icmp" not in way[2]}
    assert ways == {
        ("etcd", "etcd", "tcp 2379-2380"),
        ("control-plane", "etcd", "tcp 2379-2379"),
        ("bastion", "etcd", "tcp 22-22"),
    }


def test_a_network_of_pods_of_one_s_own_says_its_ports() -> None:
    """Flannel's is not opened, theirs are."""
    file = example("gpu", network={"cni": "none"})
    file["aws"]["cniPorts"] = ["udp/4789", "tcp/179"]
    ways = {way for way in opened(monitor.run_program(file)) if way[:2] == ("worker", "worker")}
    ports = ("udp 4789-4789", "tcp 179-179", "tcp 10250-10250")
    assert ways == {("worker", "worker", port) for port in ports}


def test_the_balancer(production: Program) -> None:
    """In all zones, inside; it asks each control plane whether it is ready, and keeps no client's address."""
    balancer = plain(production["aws-production-api"])
    assert balancer["internal"] is True
    assert balancer["loadBalancerType"] == "network"
    assert balancer["enableCrossZoneLoadBalancing"] is True
    assert balancer["securityGroups"] == ["id of aws-production-balancer-guard"]
    group = plain(production["aws-production-api-targets"])
    assert group["targetType"] == "ip"
    assert group["preserveClientIp"] == "false"
    assert (group["protocol"], group["port"]) == ("TCP", 6443)
    check = group["healthCheck"]
    assert (check["protocol"], check["path"], check["port"]) == ("HTTPS", "/readyz", "6443")
    listener = plain(production["aws-production-api-listener"])
    assert (listener["protocol"], listener["port"]) == ("TCP", 6443)


def test_control_planes_are_behind_it_before_the_first_starts(production: Program) -> None:
    """All of them, by address, without waiting for a machine: kubeadm init asks for the API at its endpoint."""
    targets = of_type(production, "lb/targetGroupAttachment:TargetGroupAttachment")
    assert {t.plain("targetId") for t in targets.values()} == {"10.40.0.10", "10.40.16.10", "10.40.32.10"}
    before = production.depends("aws-production-init")
    assert {*targets, "aws-production-api-listener", "aws-production-api-name"} <= before
    for target in targets:
        assert not production.waits_for(target) & set(of_type(production, MACHINES))


@pytest.mark.parametrize("own", [True, False])
def test_its_name(own: bool) -> None:
    """In a hosted zone that is there, or in one that is made for this name alone."""
    file = example("production" if not own else "gpu")
    program = monitor.run_program(file)
    cluster = file["name"]
    record = plain(program[f"{cluster}-api-name"])
    assert record["type"] == "A"
    assert record["aliases"][0]["evaluateTargetHealth"] is False
    zones = of_type(program, "route53/zone:Zone")
    if not own:
        assert (record["name"], record["zoneId"]) == ("api.prod.example.org", "Z0123456789ABCDEFGHIJ")
        assert not zones
        return
    (zone,) = zones.values()
    assert zone.plain("name") == record["name"] == "api.aws-gpu.internal"
    assert zone.plain("vpcs") == [{"vpcId": "id of aws-gpu-vpc"}]
    assert program.outputs["endpoint"] == "https://api.aws-gpu.internal:6443"


@pytest.mark.parametrize("name", ["production", "test"])
def test_a_public_one_lets_the_cluster_s_own_machines_in(name: str) -> None:
    """They come to it from outside as all do: from gateways' addresses, or from their own."""
    file = example(name)
    file["endpoint"] = {"kind": "nlb", **PUBLIC}
    program = monitor.run_program(file)
    assert program[f"aws-{name}-api"].plain("internal") is False
    let_in = {who for who, to, _ in opened(program) if to == "balancer"} - {"0.0.0.0/0"}
    made: dict[str, Any] = of_type(program, "ec2/eip:Eip") if name == "production" else of_type(program, MACHINES)
    ours = {f"{thing.state['publicIp']}/32" for key, thing in made.items() if "bastion" not in key}
    assert let_in == {"198.51.100.0/24", *ours}
    rules = {r.name for r in of_type(program, RULE).values() if r.plain("cidrIpv4") in ours}
    assert rules <= program.depends(f"aws-{name}-init")


def test_rights(production: Program) -> None:
    """Each role its own, with none but what the session manager needs where that is asked for."""
    profiles = of_type(production, "iam/instanceProfile:InstanceProfile")
    assert {p.plain("role") for p in profiles.values()} == {
        f"aws-production-{role}-machine" for role in ("bastion", "control-plane", "worker")
    }
    policies = of_type(production, "iam/rolePolicyAttachment:RolePolicyAttachment").values()
    assert {p.plain("policyArn") for p in policies} == {"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}
    for role in of_type(production, "iam/role:Role").values():
        (statement,) = json.loads(role.plain("assumeRolePolicy"))["Statement"]
        assert statement["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert not of_type(monitor.run_program(example("gpu")), "iam/rolePolicyAttachment:RolePolicyAttachment")


def test_everything_has_tags(production: Program) -> None:
    """The cluster's, and those of the cluster file; what has no tags in AWS aside."""
    without = {"route", "routeTableAssociation", "targetGroupAttachment", "record", "rolePolicyAttachment"}
    for resource in production:
        if resource.type.startswith("aws:") and resource.type.split("/")[1].split(":")[0] not in without:
            tags = resource.plain("tags")
            assert tags["team"] == "platform", resource.name
            assert tags["kubernetes.io/cluster/aws-production"] == "owned", resource.name
            assert tags["Name"].startswith("aws-production-"), resource.name
