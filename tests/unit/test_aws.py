"""Machines in AWS: each argument, what waits for what, and what shows, read from the registrations."""

from __future__ import annotations

import copy
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.unit import certificates, cloud, monitor, wire
from tests.unit.aws_clusters import MACHINES, example, of_type, plain
from tests.unit.monitor import Program

TREE = Path(__file__).resolve().parents[2]
PLANES = ["cp-1", "cp-2", "cp-3"]
WORKERS = [f"default-{number}" for number in range(1, 7)]


@pytest.fixture(scope="module")
def production() -> Program:
    """Return what is registered for private machines in three zones."""
    return monitor.run_program(example("production"))


@pytest.fixture(scope="module")
def small() -> Program:
    """Return what is registered for two machines with public addresses."""
    return monitor.run_program(example("test"))


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


@pytest.mark.parametrize("name", [*PLANES, *WORKERS])
def test_host_keys_are_pinned_from_the_first_dial(production: Program, name: str) -> None:
    """The key that the machine is told is the one that it has to show."""
    told = yaml.safe_load(production[name].plain("userData"))
    public = f"ssh-ed25519 {cloud.public_half(f'{name}-host-key')}"
    assert told["ssh_keys"] == {
        "ed25519_private": certificates.private_pem(f"{name}-host-key"),
        "ed25519_public": public,
    }
    connection = production[f"{name}-join"].plain("connection")
    assert connection["hostKey"] == public
    assert connection["host"] == production[name].plain("privateIp")
    assert connection["user"] == "admin"
    assert connection["privateKey"] == certificates.private_pem("aws-production-login-key")


def test_logins_go_through_the_bastion(production: Program) -> None:
    """At an address that stays, with a host key that is pinned too."""
    proxy = production["cp-1-join"].plain("connection")["proxy"]
    assert proxy["host"] == production["aws-production-bastion-address"].state["publicIp"]
    assert proxy["hostKey"] == f"ssh-ed25519 {cloud.public_half('aws-production-bastion-host-key')}"
    assert proxy["user"] == "admin"
    bastion = production["aws-production-bastion"]
    assert bastion.plain("subnetId") == "id of aws-production-edge-eu-central-1a"
    assert bastion.plain("instanceType") == "t3.micro"


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


@pytest.fixture(scope="module", params=["production", "test", "gpu", "given"])
def any_of_them(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, str]:
    """Return a program and the private key to log in with."""
    if request.param != "given":
        program = monitor.run_program(example(request.param))
        return program, certificates.private_pem(f"aws-{request.param}-login-key")
    file = example("gpu")
    private = given_key()
    path = tmp_path_factory.mktemp("key") / "id"
    path.write_text(private)
    return monitor.run_program(file | {"ssh": {"privateKeyFile": str(path)}}), private


@cache
def given_key() -> str:
    """Return a private key as ssh-keygen makes it."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    form = serialization.PrivateFormat.OpenSSH
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def test_no_private_key_shows(any_of_them: tuple[Program, str]) -> None:
    """Neither host keys nor the login's are in anything that is not secret; user data, which holds one, is."""
    program, login = any_of_them
    hosts = [certificates.private_pem(name) for name in program.resources if name.endswith("-host-key")]
    assert hosts
    forms = [form for pem in (login, *hosts) for form in (pem, pem.splitlines()[2])]
    for resource in program:
        for text in wire.visible({**resource.inputs, "outputs": resource.state}):
            assert not [form for form in forms if form in text], resource.name
    for name, machine in of_type(program, MACHINES).items():
        assert machine.is_secret("userData"), name
        assert "PRIVATE KEY" in machine.plain("userData")


def test_a_key_that_is_given_is_used(tmp_path: Path) -> None:
    """No other one is made, and AWS is told its public half."""
    path = tmp_path / "id"
    path.write_text(given_key())
    program = monitor.run_program(example("gpu") | {"ssh": {"privateKeyFile": str(path)}})
    assert "aws-gpu-login-key" not in program.resources
    public = program["aws-gpu-login"].plain("publicKey")
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    form = serialization.PublicFormat.OpenSSH
    assert public == key.public_bytes(serialization.Encoding.OpenSSH, form).decode()
    assert program["cp-1-join"].plain("connection")["privateKey"] == given_key()


def test_public_machines_are_logged_in_to_directly(small: Program) -> None:
    """At their public addresses, with no bastion and no gateway; the cluster knows the private ones."""
    connection = small["cp-1-join"].plain("connection")
    assert connection["host"] == small["cp-1"].state["publicIp"]
    assert "proxy" not in connection
    assert not of_type(small, "ec2/natGateway:NatGateway")
    assert monitor.words_of(small["cp-1-join"].plain("create"))["NODE_ADDRESS"] == "10.41.0.10"


def test_a_site_s_own_bastion_and_vpc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of the network nothing is made; etcd is on machines of its own."""
    key, known = tmp_path / "bastion", tmp_path / "known_hosts"
    key.write_text(certificates.private_pem("login"))
    known.write_text(f"bastion.example.org ssh-ed25519 {cloud.public_half('bastion')}\n")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    file = example("existing-vpc")
    file["ssh"] |= {"knownHostsFile": str(known)}
    file["ssh"]["bastion"] |= {"privateKeyFile": str(key)}
    program = monitor.run_program(file)
    kinds = {resource.type for resource in program}
    for kind in ("vpc:Vpc", "subnet:Subnet", "natGateway:NatGateway", "internetGateway:InternetGateway"):
        assert f"aws:ec2/{kind}" not in kinds
    proxy = program["etcd-1-prepare"].plain("connection")["proxy"]
    assert (proxy["host"], proxy["user"]) == ("bastion.example.org", "jump")
    assert program["etcd-2"].plain("subnetId") == "subnet-0a1b2c3d4e5f60712"
    assert program["etcd-2"].plain("privateIp") == "10.0.2.30"
    assert program["cp-1"].plain("ami") == "ami-0a1b2c3d4e5f60718"
    assert program["etcd-1-member"].options.deletedWith == program["Network aws-existing-vpc"].urn


def test_hosts_that_are_there_load_nothing_of_aws(tmp_path: Path) -> None:
    """Whoever has hosts neither needs the plugin nor waits for its library."""
    code = (
        "import sys; from pathlib import Path; from tests.unit import clusters, monitor;"
        f" monitor.run_program(clusters.dev(Path({str(tmp_path)!r})));"
        " assert 'pulumi_aws' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=TREE, check=True, timeout=120)


def test_what_is_asked_of_one_is_not_asked_of_another() -> None:
    """A file that was run is not changed by it."""
    file = example("production")
    before = copy.deepcopy(file)
    monitor.run_program(file, preview=True)
    assert file == before
