"""Machines in AWS: each argument, what waits for what, and what shows, read from the registrations."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest
import yaml
from pulumi_aws import ec2

from tests.unit import cloud, monitor, test_aws_existing
from tests.unit.aws_clusters import MACHINES, example, of_type, plain
from tests.unit.monitor import Program

TREE = Path(__file__).resolve().parents[2]
PLANES = ["cp-1", "cp-2", "cp-3"]
WORKERS = [f"default-{number}" for number in range(1, 7)]


@pytest.fixture(scope="module")
def production() -> Program:
    """Return what is registered for private machines in three zones."""
    return monitor.run_program(example("production"))


def test_a_first_preview_registers_the_same(production: Program) -> None:
    """A first preview, where every output is unknown, shows every resource; machines with their addresses."""
    preview = monitor.run_program(example("production"), preview=True)
    assert set(preview.resources) == set(production.resources)
    for name, machine in of_type(preview, MACHINES).items():
        assert machine.plain("privateIp") == production[name].plain("privateIp")


def test_the_account_is_asked_before_anything_is_made(production: Program) -> None:
    """Zones, offers and types, images; each once."""
    tokens = [token.rpartition(":")[2] for token, _ in production.questions]
    assert tokens == [
        "getAvailabilityZones",
        "getInstanceTypeOfferings",
        *["getInstanceType"] * 3,
        "getAmi",
    ]
    image = production.questions[-1][1]
    assert image["owners"] == ["136693071363"]
    assert image["mostRecent"] is True
    assert {"name": "name", "values": ["debian-12-amd64-*"]} in image["filters"]


@pytest.mark.parametrize(
    ("name", "address", "zone"), [("cp-2", "10.40.16.10", "b"), ("default-6", "10.40.32.101", "c")]
)
def test_machines_are_spread(production: Program, name: str, address: str, zone: str) -> None:
    """Zone after zone, in each one address after another; the node is labelled with it."""
    machine = production[name]
    assert machine.plain("privateIp") == address
    assert machine.plain("subnetId") == f"id of aws-production-eu-central-1{zone}"
    objects = monitor.unpacked(production["aws-production-nodes"].plain("stdin"))["nodes.yaml"]
    node = next(each for each in yaml.safe_load_all(objects) if each["metadata"]["name"] == name)
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == f"eu-central-1{zone}"


def test_a_machine_is_guarded(production: Program) -> None:
    """Metadata by session alone and one hop far, encrypted volumes, no right but its role's."""
    machine = plain(production["cp-1"])
    assert machine["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    assert machine["sourceDestCheck"] is True
    assert machine["associatePublicIpAddress"] is False
    assert machine["instanceType"] == "m6i.large"
    assert machine["keyName"] == "aws-production-login"
    assert machine["iamInstanceProfile"] == "aws-production-control-plane-machine-profile"
    assert machine["vpcSecurityGroupIds"] == ["id of aws-production-control-plane-guard"]
    tags = {
        "team": "platform",
        "Name": "aws-production-cp-1",
        "kubernetes.io/cluster/aws-production": "owned",
    }
    assert machine["tags"] == tags
    common = {"volumeType": "gp3", "encrypted": True, "deleteOnTermination": True}
    assert machine["rootBlockDevice"] == {**common, "volumeSize": 50, "tags": tags}
    named = {**tags, "Name": "aws-production-cp-1-etcd"}
    assert machine["ebsBlockDevices"] == [{**common, "deviceName": "/dev/sdf", "volumeSize": 20, "tags": named}]


def test_control_planes_are_not_ended_by_a_slip(production: Program) -> None:
    """What the program ends it has taken out first; nobody else does by accident."""
    for name, machine in of_type(production, MACHINES).items():
        assert bool(machine.plain("disableApiTermination")) == (name in PLANES), name
        assert bool(machine.plain("forceDestroy")) == (name in PLANES), name


def test_machines_keep_what_they_were_made_with(production: Program) -> None:
    """Another image, type, size or key is for machines that are new."""
    for machine in of_type(production, MACHINES).values():
        kept = set(machine.options.ignoreChanges)
        assert {"ami", "instanceType", "userData", "rootBlockDevice", "ebsBlockDevices", "keyName"} <= kept
        assert not {"privateIp", "tags", "vpcSecurityGroupIds", "metadataOptions"} & kept


def test_etcd_has_a_volume_of_its_own(production: Program) -> None:
    """Mounted before sshd starts, above the folder of the data; workers have none."""
    told = yaml.safe_load(production["cp-1"].plain("userData"))
    script = (TREE / "components" / "machines" / "aws" / "etcd-volume.sh").read_text()
    assert told["bootcmd"] == [["bash", "-c", script, "etcd-volume", "/var/lib/etcd"]]
    config = monitor.unpacked(production["aws-production-init"].plain("stdin"))["kubeadm.yaml"]
    cluster = next(d for d in yaml.safe_load_all(config) if d["kind"] == "ClusterConfiguration")
    assert cluster["etcd"]["local"]["dataDir"] == "/var/lib/etcd/data"
    assert "bootcmd" not in yaml.safe_load(production["default-1"].plain("userData"))


def test_machines_wait_for_their_network(production: Program) -> None:
    """They go out at once: routes, guards and rights are there before them."""
    before = production.waits_for("cp-1")
    rules = {*of_type(production, "vpc/securityGroupIngressRule:SecurityGroupIngressRule")}
    rules |= {*of_type(production, "vpc/securityGroupEgressRule:SecurityGroupEgressRule")}
    routes = {*of_type(production, "ec2/route:Route"), *of_type(production, "ec2/natGateway:NatGateway")}
    routes |= {*of_type(production, "ec2/routeTableAssociation:RouteTableAssociation")}
    rights = {*of_type(production, "iam/rolePolicyAttachment:RolePolicyAttachment")}
    assert len(routes) == 13
    assert rules | routes | rights <= before
    assert not before & set(of_type(production, MACHINES))


def test_steps_wait_for_their_machine_alone(production: Program) -> None:
    """All machines are made and prepared at once."""
    for name in (*PLANES, *WORKERS):
        assert name in production.depends(f"{name}-prepare")
        assert name in production.depends(f"{name}-join")
        others = set(of_type(production, MACHINES)) - {name, "aws-production-bastion"}
        assert not production.waits_for(f"{name}-prepare") & others


def test_the_end_of_all_waits_for_no_host(production: Program) -> None:
    """A node that leaves says so, also when its machine is ended next; with the network, all of them end."""
    for name in (*PLANES, *WORKERS):
        assert production[f"{name}-prepare"].options.deletedWith == production[name].urn
        assert production[f"{name}-join"].options.deletedWith == production["aws-production-vpc"].urn
        assert name in production.depends(f"{name}-join")  # so it is there while it leaves


def test_a_lost_machine_is_not_made(production: Program) -> None:
    """Nothing is run on it, and what is left of it goes."""
    file = example("production")
    file["workers"]["default"]["machines"]["lost"] = [2]
    program = monitor.run_program(file)
    assert set(of_type(production, MACHINES)) - set(of_type(program, MACHINES)) == {"default-2"}
    assert program["default-2-join"].plain("create") == "exec true"
    assert not program["default-2-join"].options.deletedWith
    assert "default-2-evict" in program.resources


def test_a_skipped_number_is_another_machine(production: Program) -> None:
    """The others are not touched: neither the machine nor a step of theirs is another one."""
    file = example("production")
    file["workers"]["default"]["machines"]["skip"] = [2]
    program = monitor.run_program(file)
    machines, before = of_type(program, MACHINES), of_type(production, MACHINES)
    assert set(machines) - set(before) == {"default-7"}
    assert set(before) - set(machines) == {"default-2"}
    for name in set(machines) & set(before):
        assert machines[name].inputs == before[name].inputs
    assert machines["default-7"].plain("privateIp") == "10.40.0.102"


def test_hosts_that_are_there_load_nothing_of_aws(tmp_path: Path) -> None:
    """Whoever has hosts neither needs the plugin nor waits for its library."""
    code = (
        "import sys; from pathlib import Path; from tests.unit import clusters, monitor;"
        f" monitor.run_program(clusters.dev(Path({str(tmp_path)!r})));"
        " assert 'pulumi_aws' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=TREE, check=True, timeout=120)


def test_an_account_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what AWS said and the way out; nothing is made."""

    def nothing(token: str, given: object) -> dict[str, object]:  # noqa: ARG001
        raise cloud.NotThereError("no valid credential sources found")

    monkeypatch.setattr(cloud, "answer", nothing)
    with pytest.raises(
        pulumi.RunError, match=r"aws.region: AWS gives no answer for eu-central-1: .*no valid credential"
    ):
        monitor.run_program(example("production"))


def test_what_is_asked_of_one_is_not_asked_of_another() -> None:
    """A file that was run is not changed by it."""
    file = example("production")
    before = copy.deepcopy(file)
    monitor.run_program(file, preview=True)
    assert file == before


def test_a_slip_of_ours_is_not_told_as_awss(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no plugin says has a class of its own, and is seen as what it is."""

    def slips(**_: object) -> None:
        raise TypeError("'NoneType' object is not subscriptable")

    monkeypatch.setattr(ec2, "get_ami", slips)
    with pytest.raises(TypeError, match="not subscriptable"):
        monitor.run_program(example("production"))


#: As the plugin tells it, and the engine.
DENIED = (
    "invocation of aws:x returned an error: invoking aws:x: 1 error occurred:\n\t* reading it: operation error EC2: X,"
    " https response error StatusCode: 403, RequestID: 3f, api error UnauthorizedOperation: You are not authorized to"
    " perform this operation. User: arn:aws:iam::123456789012:user/ci is not authorized to perform: x because no"
    " identity-based policy allows the x action."
)
KEPT = (
    "UnauthorizedOperation: You are not authorized to perform this operation. User:"
    " arn:aws:iam::123456789012:user/ci is not authorized to perform: x because no…"
)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("getAmi", f"aws.image: AWS does not tell of images: {KEPT}. See that your rights have ec2:DescribeImages."),
        ("getKey", f"aws.kmsKey: AWS does not tell of alias/volumes: {KEPT}. See that its policy and your rights"),
        ("getVpc", f"aws.network.vpc: AWS does not tell of vpc-0aaaaaaaaaaaaaaaa: {KEPT}. See that your rights have"),
        ("getSubnet", f".subnets.eu-central-1a.id: AWS does not tell of subnet-0aaaaaaaaaaaaaaaa: {KEPT}. See that"),
        ("getInstanceType", f"aws.region: AWS gives no answer for eu-central-1: {KEPT}. See that the region is right"),
    ],
    ids=["image", "key", "vpc", "subnet", "type"],
)
def test_what_aws_refuses_to_tell_is_not_told_as_missing(
    monkeypatch: pytest.MonkeyPatch, question: str, said: str
) -> None:
    """The way out is another one: a right, not a name. What was said is shortened to what AWS itself said."""
    answer = cloud.answer

    def refuses(token: str, given: dict[str, object]) -> dict[str, object]:
        if token.endswith(f":{question}"):
            raise cloud.NotThereError(DENIED)
        return answer(token, given)

    monkeypatch.setattr(cloud, "answer", refuses)
    file = test_aws_existing.BY_ID
    with pytest.raises(pulumi.RunError) as caught:
        monitor.run_program(file | {"aws": file["aws"] | {"kmsKey": "alias/volumes"}})
    assert said in str(caught.value)
    assert " is not in " not in str(caught.value)
