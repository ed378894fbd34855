"""Connections that are opened to port 22 of each host, counted in the lab's network."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lab.datacenter.network import inside
from lab.datacenter.shell import run

TABLE = "kha-benchmark"


def ruleset(hosts: Mapping[str, str]) -> str:
    """Return nftables rules that count the first packet of every connection, a rule for each host by address."""
    rules = "\n".join(
        f'    ip daddr {address} tcp dport 22 tcp flags & (syn | ack) == syn counter comment "{name}"'
        for name, address in hosts.items()
    )
    return f"""\
table inet {TABLE}
delete table inet {TABLE}
table inet {TABLE} {{
  chain out {{
    type filter hook output priority 0;
{rules}
  }}
}}
"""


def counts(listed: str) -> dict[str, int]:
    """Return the number of connections by host, from what `nft -j list table` prints."""
    rules = [item["rule"] for item in json.loads(listed)["nftables"] if "rule" in item]
    return {
        rule["comment"]: int(part["counter"]["packets"]) for rule in rules for part in rule["expr"] if "counter" in part
    }


def begin(hosts: Mapping[str, str]) -> None:
    """Start counting at zero."""
    run("nsenter", "--net=/run/netns/kha-lab", "nft", "-f", "-", text=ruleset(hosts))


def end() -> dict[str, int]:
    """Return the number of connections by host since `begin`, and stop counting."""
    found = counts(inside("nft", "-j", "list", "table", "inet", TABLE))
    inside("nft", "delete", "table", "inet", TABLE)
    return found
