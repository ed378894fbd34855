"""The static pods of endpoints, compared with tests/golden/endpoints, and how the host's script knows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from components.config import Endpoint, KubeVipEndpoint, NodeLocalEndpoint
from components.render import node_local
from components.render.kube_vip import kube_vip

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "endpoints"
BGP = {
    "asNumber": 64513,
    "holdSeconds": 30,
    "peers": [
        {"address": "192.0.2.1", "asNumber": 64512},
        {"address": "203.0.113.1", "asNumber": 4200000000, "multihop": True},
    ],
}
BACKENDS = {"cp-1": "192.0.2.11", "cp-2": "192.0.2.12"}


def options(**keys: Any) -> Any:
    """Return an endpoint."""
    return TypeAdapter(Endpoint).validate_python(keys)


def arp(**keys: Any) -> KubeVipEndpoint:
    """Return kube-vip with ARP."""
    found: KubeVipEndpoint = options(kind="kube-vip", address="192.0.2.10", **keys)
    return found


LOCAL: NodeLocalEndpoint = options(kind="node-local", image="registry.example.org/haproxy:3.2.4")
TEXTS = {
    "kube-vip-arp.yaml": kube_vip(arp()),
    "kube-vip-arp-starting.yaml": kube_vip(arp(), starting=True),
    "kube-vip-bgp.yaml": kube_vip(options(kind="kube-vip", address="198.51.100.10", mode="bgp", bgp=BGP)),
    "node-local.yaml": node_local.pod(LOCAL),
    "node-local-haproxy.cfg": node_local.haproxy(BACKENDS),
}


@pytest.mark.parametrize("name", TEXTS)
def test_rendered(name: str, request: pytest.FixtureRequest) -> None:
    """What is rendered now is what was reviewed."""
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(TEXTS[name])
    assert (GOLDEN / name).read_text() == TEXTS[name]


def test_no_other_file_is_kept() -> None:
    """A text that nothing renders any more has no golden file."""
    assert {path.name for path in GOLDEN.iterdir()} == set(TEXTS)


def test_super_admin_is_for_the_start_alone() -> None:
    """Only the pod that holds the address during `kubeadm init` has it."""
    assert [name for name, text in TEXTS.items() if "super-admin" in text] == ["kube-vip-arp-starting.yaml"]


def test_another_interface_is_another_pod() -> None:
    """The host tells by the revision which of two pods runs."""
    revisions = {
        yaml.safe_load(kube_vip(arp(**keys)))["metadata"]["labels"]["kubeadm-ha/revision"]
        for keys in ({}, {"interface": "eth1"}, {"interface": "eth2"})
    }
    assert len(revisions) == 3
