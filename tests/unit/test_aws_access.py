"""Ways to machines in AWS: host keys that are pinned, keys to log in with, bastions, and that no key shows."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.unit import certificates, cloud, monitor, wire
from tests.unit.aws_clusters import MACHINES, example, of_type
from tests.unit.monitor import Program

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
