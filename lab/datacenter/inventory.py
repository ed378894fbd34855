"""What is up: the one record of the lab, and the files that SSH and DNS read from it."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from lab.datacenter.plan import HostSpec, Plan
from lab.datacenter.shell import LabError
from lab.layout import LAB

FILE = LAB / "inventory.yaml"
DNS = LAB / "dns"
#: How the files of names begin that are no host's.
ZONE = "zone-"


@dataclass
class Inventory:
    """The lab that is up: its plan, and each host's public SSH key."""

    plan: Plan
    host_keys: dict[str, str] = field(default_factory=dict)

    def host(self, name: str) -> HostSpec:
        """Return a host; raises LabError that names the ones there are."""
        if name not in self.plan.hosts:
            there = ", ".join(self.plan.hosts) or "none"
            raise LabError(f"no host {name}; the lab has: {there} (`lab/hosts up` adds one)")
        return self.plan.hosts[name]

    def with_host(self, spec: HostSpec, key: str) -> Inventory:
        """Return the inventory with a host added or its key replaced."""
        plan = replace(self.plan, hosts={**self.plan.hosts, spec.name: spec})
        return Inventory(plan, {**self.host_keys, spec.name: key})

    def without(self, name: str) -> Inventory:
        """Return the inventory without a host."""
        hosts = {other: spec for other, spec in self.plan.hosts.items() if other != name}
        keys = {other: key for other, key in self.host_keys.items() if other != name}
        return Inventory(replace(self.plan, hosts=hosts), keys)


def load() -> Inventory | None:
    """Return the record of the lab, or None when there is no lab."""
    if not FILE.is_file():
        return None
    data: dict[str, Any] = yaml.safe_load(FILE.read_text())
    hosts = {
        name: HostSpec(name, **{key: value for key, value in entry.items() if key != "host_key"})
        for name, entry in data["hosts"].items()
    }
    keys = {name: entry["host_key"] for name, entry in data["hosts"].items()}
    network6 = ipaddress.IPv6Network(data["network6"]) if "network6" in data else None
    second = ipaddress.IPv4Network(data["management"]) if "management" in data else None
    return Inventory(Plan(data["name"], ipaddress.IPv4Network(data["network"]), hosts, network6, second), keys)


def require() -> Inventory:
    """Return the record of the lab; raises LabError when there is none."""
    found = load()
    if found is None:
        raise LabError("the lab is down; start it with `lab/hosts up lab/hosts.dev.yaml`")
    return found


def save(inventory: Inventory) -> None:
    """Write the record, the known hosts, the SSH settings and the names for DNS."""
    hosts = {
        spec.name: {
            "address": spec.address,
            **({"address6": spec.address6} if spec.address6 else {}),
            "user": spec.user,
            "host_key": inventory.host_keys[spec.name],
            **({"management": spec.management} if spec.management else {}),
            **({"public": spec.public} if spec.public else {}),
        }
        for spec in inventory.plan.hosts.values()
    }
    head = {"name": inventory.plan.name, "network": str(inventory.plan.network)}
    if inventory.plan.network6:
        head["network6"] = str(inventory.plan.network6)
    if inventory.plan.management:
        head["management"] = str(inventory.plan.management)
    _write(FILE, yaml.safe_dump({**head, "hosts": hosts}, sort_keys=False))
    _write(LAB / "known_hosts", known_hosts(inventory.plan.hosts, inventory.host_keys))
    _write(LAB / "ssh_config", ssh_config(inventory.plan.hosts))
    DNS.mkdir(parents=True, exist_ok=True)
    names = {"lab": f"{inventory.plan.gateway} mirror.lab registry.lab\n"}
    for spec in inventory.plan.hosts.values():
        names[spec.name] = f"{spec.address} {spec.name} {spec.name}.lab\n"
    for stale in DNS.iterdir():
        if stale.name not in names and not stale.name.startswith(ZONE):
            stale.unlink()
    for name, line in names.items():
        file = DNS / name
        if not file.is_file() or file.read_text() != line:
            file.write_text(line)


def known_hosts(hosts: Mapping[str, HostSpec], keys: Mapping[str, str]) -> str:
    """Return the pinned keys: a line for each address, then a line for each name."""
    lines = [f"{a} {keys[name]}" for name, spec in hosts.items() for a in _dialled(spec)]
    lines += [f"{name},{name}.lab {keys[name]}" for name in hosts]
    return "".join(line + "\n" for line in lines)


def _dialled(spec: HostSpec) -> list[str]:
    return [address for address in (spec.address, spec.management, spec.public) if address]


def ssh_config(hosts: Mapping[str, HostSpec]) -> str:
    """Return the settings with which `lab/run ssh NAME` reaches a host."""
    lines = []
    for spec in hosts.values():
        lines += [
            f"Host {spec.name} {spec.name}.lab {spec.address}",
            f"  HostName {spec.address}",
            f"  User {spec.user}",
        ]
    lines += [
        "Host *",
        f"  IdentityFile {LAB}/id_ed25519",
        "  IdentitiesOnly yes",
        f"  UserKnownHostsFile {LAB}/known_hosts",
        "  GlobalKnownHostsFile /dev/null",
        "  StrictHostKeyChecking yes",
        "  HashKnownHosts no",
        "  ConnectTimeout 10",
        "  ServerAliveInterval 15",
        "  LogLevel ERROR",
    ]
    return "\n".join(lines) + "\n"


def save_names(names: Mapping[str, Iterable[str]]) -> bool:
    """Write the addresses of names that are no host's; tell whether one is gone: the name server has to be told."""
    DNS.mkdir(parents=True, exist_ok=True)
    files = {f"{ZONE}{name}": "".join(f"{one} {name}\n" for one in found) for name, found in names.items()}
    files = {name: text for name, text in files.items() if text}
    changed = False
    for file in DNS.glob(f"{ZONE}*"):
        if file.name not in files or file.read_text() != files[file.name]:
            file.unlink()
            changed = True
    for name, text in files.items():
        if not (DNS / name).is_file():
            (DNS / name).write_text(text)
    return changed


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    os.replace(fresh, path)
