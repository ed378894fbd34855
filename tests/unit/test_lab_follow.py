"""From what the cloud has to what the lab does, with everything but the machine's kernel."""

from __future__ import annotations

import json
import shutil
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from lab.datacenter import base, centre, disk, follow, host, inventory, lock, network, services
from lab.datacenter.inventory import Inventory
from lab.datacenter.plan import HostSpec, Plan
from tests.unit.test_lab_cloud import PUBLIC, entry

CHECK = {"protocol": "HTTPS", "port": "6443", "path": "/readyz", "interval": 10, "timeout": 6}


class Site:
    """A lab in a folder; what would be done to the kernel is written down."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.done: list[str] = []
        self.lit: set[str] = set()
        for module in (disk, inventory, lock):
            monkeypatch.setattr(module, "LAB", folder)
        monkeypatch.setattr(inventory, "FILE", folder / "inventory.yaml")
        monkeypatch.setattr(inventory, "DNS", folder / "dns")
        monkeypatch.setattr(lock, "FILE", folder / "lock")
        monkeypatch.setattr(follow, "LISTENERS", folder / "listeners.json")
        monkeypatch.setattr(shutil, "chown", lambda *_: None)
        monkeypatch.setattr(base, "ensure", lambda *, cloud: folder if cloud else None)
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://10.40.0.1:5566")
        monkeypatch.setattr(disk, "make", self._make)
        monkeypatch.setattr(host, "boot", self._boot)
        monkeypatch.setattr(host, "stop", self._stop)
        monkeypatch.setattr(host, "remove", self._remove)
        monkeypatch.setattr(host, "running", lambda name: name in self.lit)
        monkeypatch.setattr(network, "claim", lambda addresses: self.done.append(f"claim {' '.join(addresses)}"))
        monkeypatch.setattr(network, "publish", lambda spec: self.done.append(f"publish {spec.name} {spec.public}"))
        monkeypatch.setattr(network, "withdraw", lambda name, public: self.done.append(f"withdraw {name} {public}"))
        monkeypatch.setattr(services, "forget_names", lambda: self.done.append("forget names"))
        inventory.save(Inventory(Plan("cloud", IPv4Network("10.40.0.0/16"), {})))

    def _make(self, spec: HostSpec, _tree: Path, gateway: str) -> None:
        self.done.append(f"make {spec.name} {spec.address} by {gateway}")
        home = disk.path(spec.name) / f"home/{spec.user}/.ssh"
        home.mkdir(parents=True)
        (home / "authorized_keys").write_text("ssh-ed25519 LAB lab\n")
        (disk.path(spec.name) / "etc").mkdir()

    def _boot(self, spec: HostSpec, _plan: Plan) -> None:
        self.done.append(f"boot {spec.name}")
        self.lit.add(spec.name)

    def _stop(self, name: str) -> None:
        self.done.append(f"stop {name}")
        self.lit.discard(name)

    def _remove(self, name: str) -> None:
        self.done.append(f"remove {name}")
        self.lit.discard(name)
        shutil.rmtree(disk.folder(name), ignore_errors=True)

    def after(self, machines: dict[str, Any], balancers: Any = None, names: Any = None) -> list[str]:
        """Return what is done when the cloud has become so."""
        self.done = []
        follow.bring_about({"machines": machines, "balancers": balancers or {}, "names": names or {}})
        return [line for line in self.done if line != f"claim {follow.METADATA}"]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return a lab without hosts."""
    return Site(tmp_path, monkeypatch)


def test_a_machine_becomes_a_host(site: Site) -> None:
    """Made once, known by the key that it was told, and taken away with its machine."""
    machines = {"i-1": entry("cp-1")}
    assert site.after(machines) == ["remove cp-1", "make cp-1 10.40.0.10 by 10.40.0.1", "boot cp-1"]
    state = inventory.require()
    assert state.host_keys == {"cp-1": PUBLIC}
    assert state.plan.hosts["cp-1"].user == "admin"
    assert site.after(machines) == []
    assert site.after({}) == ["remove cp-1", "forget names"]
    assert inventory.require().plan.hosts == {}


def test_another_machine_of_the_same_name_takes_its_place(site: Site) -> None:
    """The old host goes first: both have one address."""
    site.after({"i-1": entry("cp-1")})
    assert site.after({"i-2": entry("cp-1")}) == [
        "remove cp-1",
        "forget names",
        "remove cp-1",
        "make cp-1 10.40.0.10 by 10.40.0.1",
        "boot cp-1",
    ]


def test_power_and_addresses_follow(site: Site) -> None:
    """A host that is stopped keeps its disk; one that gets an address outside of the network gets it at once."""
    site.after({"i-1": entry("cp-1")})
    assert site.after({"i-1": entry("cp-1", on=False)}) == ["stop cp-1"]
    assert site.after({"i-1": entry("cp-1")}) == ["boot cp-1"]
    assert site.after({"i-1": entry("cp-1", public="54.1.2.3")}) == ["publish cp-1 54.1.2.3"]
    assert inventory.require().plan.hosts["cp-1"].public == "54.1.2.3"
    assert site.after({"i-1": entry("cp-1")}) == ["withdraw cp-1 54.1.2.3"]


def test_a_plug_that_somebody_pulls_stays_out(site: Site) -> None:
    """To the cloud such a machine runs; it is up to whoever pulled it."""
    site.after({"i-1": entry("cp-1")})
    site.lit.clear()
    assert "boot cp-1" not in site.after({"i-1": entry("cp-1"), "i-2": entry("cp-2", address="10.40.16.10")})


def test_what_cannot_be_is_said_and_keeps_nothing_else(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A machine that no host can be is left out; no key is in what is said."""
    machines = {"i-1": entry("cp-1", userData="#!/bin/sh\n"), "i-2": entry("cp-2", address="10.40.16.10")}
    assert site.after(machines) == ["remove cp-2", "make cp-2 10.40.16.10 by 10.40.0.1", "boot cp-2"]
    said = capsys.readouterr().out
    assert "i-1: user data is no #cloud-config" in said
    assert "PRIVATE KEY" not in said


def test_balancers_and_names_are_there_before_machines(site: Site) -> None:
    """With an address each, for the process that listens and for the name server."""
    listener = {"port": 6443, "targets": [["10.40.0.10", 6443]], "check": CHECK, "delay": 30}
    balancers = {"api": {"dnsName": "x", "addresses": ["10.40.240.200"], "listeners": [listener]}}
    names = {"api.prod.internal": ["10.40.240.200"]}
    done = site.after({"i-1": entry("cp-1")}, balancers, names)
    assert done[0] == "claim 169.254.169.254 10.40.240.200"
    assert json.loads(follow.LISTENERS.read_text()) == [{"addresses": ["10.40.240.200"], **listener}]
    assert (site.folder / "dns/zone-api.prod.internal").read_text() == "10.40.240.200 api.prod.internal\n"
    assert site.after({"i-1": entry("cp-1")}) == ["forget names"]


def test_a_lab_that_is_down_is_left_alone(site: Site) -> None:
    """There is no record of one that is down."""
    (site.folder / "inventory.yaml").unlink()
    assert site.after({"i-1": entry("cp-1")}) == []


def test_hosts_go_by_the_lab_s_own_way(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as by hand, so that the same is left of them."""
    site.after({"i-1": entry("cp-1")})
    asked: list[Any] = []
    monkeypatch.setattr(centre, "remove", asked.append)
    site.after({})
    assert asked == [["cp-1"]]
