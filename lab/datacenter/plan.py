"""What a hosts file asks for: a network and hosts with names and addresses. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.datacenter.shell import LabError

# A name becomes an interface `v-NAME`, and Linux allows 15 characters.
NAME = re.compile(r"[a-z]([a-z0-9-]{0,11}[a-z0-9])?")
# The lab's own network namespaces go by these names.
TAKEN = ("lab", "machine")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")


@dataclass(frozen=True)
class HostSpec:
    """One host: its name, its IPv4 address, who may log in with the lab's key, and its IPv6 address if it has one."""

    name: str
    address: str
    user: str = "root"
    address6: str = ""
    management: str = ""
    """Address of its second card, in the management network; without one it has one card."""
    public: str = ""
    """Address that it has outside of the site's network, where a cloud gives it one."""


@dataclass(frozen=True)
class Plan:
    """A lab: its name, its network and its hosts by name."""

    name: str
    network: ipaddress.IPv4Network
    hosts: Mapping[str, HostSpec]
    network6: ipaddress.IPv6Network | None = None
    management: ipaddress.IPv4Network | None = None
    """A second network, which the site itself has no card in: who logs in there comes through a host with both."""

    @property
    def gateway(self) -> str:
        """The network's first address: name server, package mirror and image registry."""
        return str(self.network.network_address + 1)

    @property
    def gateway6(self) -> str:
        """The IPv6 network's first address: the way out of it, and nothing else; empty without such a network."""
        return str(self.network6.network_address + 1) if self.network6 else ""


def parse(data: object, default_name: str) -> Plan:
    """Return the plan of a hosts file's content.

    Raises LabError that lists every fault with its path.
    """
    faults: list[str] = []
    if not isinstance(data, dict):
        raise LabError(f"{default_name}: a hosts file is a mapping with `network` and `hosts`")
    for key in data.keys() - {"name", "network", "network6", "management", "hosts"}:
        faults.append(f"{key}: unknown; a hosts file has name, network, network6, management and hosts")
    network = _network("network", data.get("network"), faults)
    network6 = _network6(data.get("network6"), faults)
    management = _network("management", data["management"], faults) if data.get("management") else None
    raw = data.get("hosts")
    hosts: dict[str, HostSpec] = {}
    if not isinstance(raw, dict) or not raw:
        faults.append("hosts: give at least one, as `cp-1: 10.77.0.11`")
        raw = {}
    for name, value in raw.items():
        host = _host(str(name), value, network, network6, management, faults)
        for other in hosts.values():
            both = set(_addresses(host)) & set(_addresses(other))
            faults += [f"hosts.{name}: {address} is the address of {other.name}" for address in sorted(both)]
        hosts[host.name] = host
    if faults or network is None:
        raise LabError(f"{default_name}: " + "; ".join(faults))
    return Plan(str(data.get("name") or default_name), network, hosts, network6, management)


def _addresses(host: HostSpec) -> list[str]:
    return [address for address in (host.address, host.address6, host.management) if address]


def _network(key: str, value: Any, faults: list[str]) -> ipaddress.IPv4Network | None:
    try:
        network = ipaddress.IPv4Network(str(value))
    except ValueError:
        faults.append(f"{key}: {value!r} is no IPv4 network; give one such as 10.77.0.0/24")
        return None
    if network.prefixlen > 28:
        faults.append(f"{key}: {network} is too small; give a /28 or wider")
    return network


def _network6(value: Any, faults: list[str]) -> ipaddress.IPv6Network | None:
    if value is None:
        return None
    try:
        return ipaddress.IPv6Network(str(value))
    except ValueError:
        faults.append(f"network6: {value!r} is no IPv6 network; give one such as fd77::/64")
        return None


def _host(
    name: str,
    value: Any,
    network: ipaddress.IPv4Network | None,
    network6: ipaddress.IPv6Network | None,
    management: ipaddress.IPv4Network | None,
    faults: list[str],
) -> HostSpec:
    settings = value if isinstance(value, dict) else {"address": value}
    if not NAME.fullmatch(name) or name in TAKEN:
        faults.append(f"hosts.{name}: use a-z, 0-9 and -, at most 13 characters, not {' or '.join(TAKEN)}")
    for key in settings.keys() - {"address", "address6", "user", "management"}:
        faults.append(f"hosts.{name}.{key}: unknown; a host has address, address6, user and management")
    user = str(settings.get("user") or "root")
    if not USER.fullmatch(user):
        faults.append(f"hosts.{name}.user: {user!r} is no user name")
    address = _address(f"hosts.{name}", settings.get("address"), network, faults)
    second = ""
    if settings.get("management") and management is None:
        faults.append(f"hosts.{name}.management: the file names no management network")
    elif settings.get("management"):
        second = _address(f"hosts.{name}.management", settings["management"], management, faults)
    address6 = _address6(name, settings.get("address6"), network6, faults)
    return HostSpec(name, address, user, address6, second)


def _address(path: str, value: Any, network: ipaddress.IPv4Network | None, faults: list[str]) -> str:
    try:
        address = ipaddress.IPv4Address(str(value))
    except ValueError:
        faults.append(f"{path}: {value!r} is no IPv4 address")
        return str(value)
    if network is not None and (
        address not in network
        or address == network.broadcast_address
        or int(address) - int(network.network_address) < 2
    ):
        faults.append(f"{path}: {address} is not free for a host in {network}")
    return str(address)


def _address6(name: str, value: Any, network6: ipaddress.IPv6Network | None, faults: list[str]) -> str:
    if value is None:
        return ""
    try:
        address = ipaddress.IPv6Address(str(value))
    except ValueError:
        faults.append(f"hosts.{name}.address6: {value!r} is no IPv6 address")
        return ""
    if network6 is None or address not in network6 or int(address) - int(network6.network_address) < 2:
        faults.append(f"hosts.{name}.address6: {address} is not free for a host in {network6 or 'network6, not given'}")
    return str(address)


def mac(address: str) -> str:
    """Return the network card's address: the same after every boot, as a real card's is."""
    return "02:4b:" + ":".join(f"{int(part):02x}" for part in address.split("."))
