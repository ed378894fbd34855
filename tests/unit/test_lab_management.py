"""The lab's second network, which the site has no card in."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from lab.datacenter import inventory, plan, shell

TWO = {
    "network": "10.77.0.0/24",
    "management": "10.78.0.0/24",
    "hosts": {"a": {"address": "10.77.0.2", "management": "10.78.0.2"}, "b": "10.77.0.3"},
}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"management": None}, "hosts.a.management: the file names no management network"),
        ({"management": "10.79.0.0/24"}, "hosts.a.management: 10.78.0.2 is not free for a host in 10.79.0.0/24"),
        ({"management": "x"}, "management: 'x' is no IPv4 network"),
    ],
)
def test_a_fault_names_its_path(change: dict[str, Any], fault: str) -> None:
    """A second card is checked as the first one is."""
    with pytest.raises(shell.LabError, match=fault):
        plan.parse({**TWO, **change}, "dev")


def test_a_host_may_have_a_second_card() -> None:
    """Its address there is pinned too."""
    two = plan.parse(TWO, "dev")
    assert two.management == IPv4Network("10.78.0.0/24")
    assert [two.hosts[name].management for name in "ab"] == ["10.78.0.2", ""]
    assert "10.78.0.2 ssh-ed25519 AAAA\n" in inventory.known_hosts(two.hosts, dict.fromkeys("ab", "ssh-ed25519 AAAA"))


def test_the_inventory_survives_a_round_trip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is saved is what is loaded."""
    monkeypatch.setattr(inventory, "LAB", tmp_path)
    monkeypatch.setattr(inventory, "FILE", tmp_path / "inventory.yaml")
    monkeypatch.setattr(inventory, "DNS", tmp_path / "dns")
    state = inventory.Inventory(plan.parse(TWO, "dev"), dict.fromkeys("ab", "ssh-ed25519 AAAA"))
    inventory.save(state)
    assert inventory.load() == state
