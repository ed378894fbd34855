"""A lab whose hosts are asked for as in AWS: what is made of what the cloud has."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from components.machines.aws import elastic_data
from components.machines.aws.user_data import user_data
from lab.datacenter import cloud_init, follow, inventory, network
from lab.datacenter.cloud_init import Told
from lab.datacenter.inventory import Inventory
from lab.datacenter.plan import HostSpec, Plan
from lab.datacenter.shell import LabError
from lab.layout import TREE

PRIVATE, PUBLIC = "-----BEGIN OPENSSH PRIVATE KEY-----\nfor tests\n-----END\n", "ssh-ed25519 AAAA"
KEY = "ssh-ed25519 BBBB login"


def entry(name: str, **more: Any) -> dict[str, Any]:
    """Return a machine as the cloud tells of it, with the user data that the program writes."""
    told = {"userData": user_data(name, PRIVATE, PUBLIC), "image": "debian-12-amd64-20260901-2101", "key": KEY}
    return {"address": "10.40.0.10", "public": "", "on": True, **told, **more}


def machine(name: str, id_: str, **more: Any) -> follow.Machine:
    """Return a machine of the cloud."""
    return follow.machine(id_, entry(name, **more))


def there(*machines: follow.Machine) -> Inventory:
    """Return a lab with the hosts of some machines."""
    hosts = {one.spec.name: one.spec for one in machines}
    return Inventory(Plan("cloud", IPv4Network("10.40.0.0/16"), hosts), dict.fromkeys(hosts, PUBLIC))


def test_the_program_s_user_data_is_understood() -> None:
    """Name, host key and what is to be done at each start; all of it, or it would be refused."""
    told = cloud_init.read(user_data("cp-1", PRIVATE, PUBLIC, "/var/lib/etcd-volume"))
    assert (told.hostname, told.private, told.public) == ("cp-1", PRIVATE, PUBLIC)
    assert len(told.commands) == 1
    assert "/var/lib/etcd-volume" in told.commands[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#!/bin/sh\n", "is no #cloud-config"),
        ("#cloud-config\n- 1\n", "is no mapping"),
        ("#cloud-config\nhostname: cp-1\npackages: [vim]\n", "has packages: teach it"),
        ("#cloud-config\nssh_keys: {ed25519_private: it}\n", "has no ed25519_public"),
        ("#cloud-config\nwrite_files: [{path: /a, content: b, permissions: '0600'}]\n", "in another way: /a"),
    ],
)
def test_user_data_that_no_host_would_heed_is_refused(text: str, said: str) -> None:
    """Nothing of it is left out in silence."""
    with pytest.raises(LabError, match=said):
        cloud_init.read(text)


def test_a_disk_is_as_its_machine_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host key is the one that is pinned, it opens to the key pair, and commands run before anybody logs in."""
    monkeypatch.setattr(shutil, "chown", lambda *_: None)
    (tmp_path / "etc/ssh").mkdir(parents=True)
    (tmp_path / "etc/ssh/ssh_host_ed25519_key").write_text("the installer's\n")
    (tmp_path / "home/admin/.ssh").mkdir(parents=True)
    (tmp_path / "home/admin/.ssh/authorized_keys").write_text("ssh-ed25519 LAB lab\n")
    marker = tmp_path / "it has run"
    told = Told("cp-1", PRIVATE, PUBLIC, ("false", cloud_init._line(["touch", str(marker)])))
    cloud_init.furnish(tmp_path, told, "admin", KEY)
    key = tmp_path / "etc/ssh/ssh_host_ed25519_key"
    assert key.read_text() == PRIVATE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.with_suffix(".pub").read_text() == f"{PUBLIC}\n"
    assert (tmp_path / "etc/hostname").read_text() == "cp-1\n"
    opened = (tmp_path / "home/admin/.ssh/authorized_keys").read_text().splitlines()
    assert opened == ["ssh-ed25519 LAB lab", KEY]
    script = tmp_path / "usr/local/lib/lab-bootcmd"
    assert stat.S_IMODE(script.stat().st_mode) == 0o700
    subprocess.run([str(script)], check=True)
    assert marker.exists(), "a command that fails keeps the next one from being run"
    assert "Before=ssh.service" in (tmp_path / "etc/systemd/system/lab-bootcmd.service").read_text()
    assert (tmp_path / "etc/systemd/system/multi-user.target.wants/lab-bootcmd.service").is_symlink()


def test_a_machine_of_an_elastic_pool_is_a_host_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has files and first commands, a name of AWS's and a host key of its own, and finds AWS."""
    monkeypatch.setattr(shutil, "chown", lambda *_: None)
    told = {"userData": elastic_data.user_data({"pool": "burst"})}
    one = follow.machine("i-0a1b2c3d4e5f60718", entry("", **told))
    assert one.spec.name == "i-0a1b2c3d"
    (tmp_path / "etc/ssh").mkdir(parents=True)
    (tmp_path / "etc/ssh/ssh_host_ed25519_key").write_text("the installer's\n")
    (tmp_path / "home/admin/.ssh").mkdir(parents=True)
    (tmp_path / "home/admin/.ssh/authorized_keys").write_text("ssh-ed25519 LAB lab\n")
    cloud_init.furnish(tmp_path, one.told, "admin", KEY, "http://10.40.0.1:5566")
    assert (tmp_path / "etc/ssh/ssh_host_ed25519_key").read_text() == "the installer's\n"
    program = (tmp_path / "usr/local/lib/kubeadm-ha/machine.py").read_text()
    assert program == (TREE / "scripts/aws/machine.py").read_text()
    assert json.loads((tmp_path / "etc/kubeadm-ha-machine.json").read_text()) == {"pool": "burst"}
    assert (tmp_path / "etc/default/kubeadm-ha").read_text() == "AWS_ENDPOINT_URL=http://10.40.0.1:5566\n"
    first = (tmp_path / "usr/local/lib/lab-runcmd").read_text()
    assert f"systemctl enable --now --no-block {elastic_data.UNIT}" in first
    assert "ConditionPathExists=!" in (tmp_path / "etc/systemd/system/lab-runcmd.service").read_text()


def test_a_machine_is_a_host_of_its_image_s_user() -> None:
    """With the address that the cloud gave it, and the one that it has outside."""
    one = machine("cp-1", "i-1", public="54.1.2.3")
    assert one.spec == HostSpec("cp-1", "10.40.0.10", "admin", public="54.1.2.3")
    assert machine("cp-1", "i-1", image="ubuntu/images/hvm-ssd/ubuntu-jammy").spec.user == "ubuntu"
    with pytest.raises(LabError, match="windows"):
        machine("cp-1", "i-1", image="windows")
    with pytest.raises(LabError, match="at most 13 characters"):
        machine("a-name-that-is-long", "i-1")


def test_the_lab_follows_the_cloud() -> None:
    """What is gone goes, what is new comes, a machine of the same name and address is another one."""
    kept, old = machine("cp-1", "i-1"), machine("cp-2", "i-2", address="10.40.16.10")
    gone = machine("worker-1", "i-3", address="10.40.0.100")
    anew = machine("cp-2", "i-4", address="10.40.16.10")
    known = {"cp-1": ("i-1", True), "cp-2": ("i-2", True), "worker-1": ("i-3", True)}
    todo = follow.steps([kept, anew], known, there(kept, old, gone))
    assert todo == follow.Steps(["cp-2", "worker-1"], [anew], [], [], [])
    # Half a disk has no machine: it is made again.
    todo = follow.steps([kept], {"cp-1": ("", False)}, there(kept))
    assert (todo.remove, todo.make) == (["cp-1"], [kept])


def test_power_and_outer_addresses_follow_too() -> None:
    """A machine that is stopped is off, and one that is given an address keeps its disk."""
    before = machine("cp-1", "i-1")
    off, out = machine("cp-1", "i-1", on=False), machine("cp-1", "i-1", public="54.1.2.3")
    lit, dark = {"cp-1": ("i-1", True)}, {"cp-1": ("i-1", False)}
    assert follow.steps([off], lit, there(before)) == follow.Steps([], [], [], ["cp-1"], [])
    assert follow.steps([before], dark, there(before)) == follow.Steps([], [], ["cp-1"], [], [])
    assert follow.steps([out], lit, there(before)) == follow.Steps([], [], [], [], [out])
    assert follow.steps([before], lit, there(before)) == follow.Steps([], [], [], [], [])


def test_names_that_are_no_host_s_outlive_the_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name server is told of those that are gone; new ones it finds itself."""
    for name in ("FILE", "LAB"):
        monkeypatch.setattr(inventory, name, tmp_path / name.lower() if name == "FILE" else tmp_path)
    monkeypatch.setattr(inventory, "DNS", tmp_path / "dns")
    assert not inventory.save_names({"api.prod.internal": ["10.40.240.200", "10.40.241.200"]})
    inventory.save(there(machine("cp-1", "i-1", public="54.1.2.3")))
    written = (tmp_path / "dns/zone-api.prod.internal").read_text()
    assert written == "10.40.240.200 api.prod.internal\n10.40.241.200 api.prod.internal\n"
    assert f"54.1.2.3 {PUBLIC}\n" in (tmp_path / "known_hosts").read_text()
    read = inventory.load()
    assert read is not None
    assert read.plan.hosts["cp-1"].public == "54.1.2.3"
    assert inventory.save_names({"api.prod.internal": []})
    assert not (tmp_path / "dns/zone-api.prod.internal").exists()


def test_the_site_s_own_address_is_none_of_the_balancers() -> None:
    """Only addresses without a network are taken back."""
    shown = (
        "3: br0    inet 10.40.0.1/16 scope global br0\\       valid_lft forever preferred_lft forever\n"
        "3: br0    inet 10.40.240.200/32 scope global br0\\       valid_lft forever preferred_lft forever\n"
    )
    assert network.single_addresses(shown) == ["10.40.240.200"]


def test_each_listener_has_its_balancer_s_addresses() -> None:
    """As the balancers' process reads it."""
    listener = {"port": 6443, "targets": [["10.40.0.10", 6443]], "check": {}, "delay": 30}
    balancers = {"api": {"dnsName": "x", "addresses": ["10.40.240.200"], "listeners": [listener]}}
    assert follow.listeners(balancers) == [{"addresses": ["10.40.240.200"], **listener}]
