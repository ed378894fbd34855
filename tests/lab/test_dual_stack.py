"""A cluster of two families, without the internet: pods, services and nodes have IPv4 and IPv6 addresses."""

from __future__ import annotations

import json
import time
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from tests.lab.clients import Client
from tests.lab.site import Site, eventually

WORKLOAD = Path(__file__).with_name("workload.yaml")
PLANES = {"cp-1": "fd77::11", "cp-2": "fd77::12", "cp-3": "fd77::13"}
WORKERS = {"worker-1": "fd77::21", "worker-2": "fd77::22"}
ALL = {**PLANES, **WORKERS}
FAMILIES = [IPv4Address, IPv6Address]

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", autouse=True)
def two_families(site: Site) -> None:
    """Boot the hosts of stack dev on a network with both families, and tell the cluster file of it."""
    file = site.folder / "lab" / "hosts.dev.yaml"
    lab = yaml.safe_load(file.read_text())
    lab["network6"] = "fd77::/64"
    for name, address6 in ALL.items():
        lab["hosts"][name] = {"address": lab["hosts"][name], "address6": address6}
    file.write_text(yaml.safe_dump(lab))
    with site.edited() as cluster:
        cluster["network"] = {"ipv6": {"podSubnet": "fd00:10::/56", "serviceSubnet": "fd00:11::/112"}}
        for group in (cluster["controlPlane"]["hosts"], cluster["workers"]["default"]["hosts"]):
            for name in group:
                group[name] = {"address": group[name], "address6": ALL[name]}
    site.hosts("up", str(file))
    site.lab("pulumi", "stack", "select", "--create", "dev")
    site.up()


def test_nodes_have_both_families(site: Site) -> None:
    """Each node is Ready, tells both of its addresses, and has a range of each family for its pods."""
    assert site.ready_nodes() == set(ALL)
    for node in site.get("nodes")["items"]:
        inside = [a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP"]
        assert [type(ip_address(a)) for a in inside] == FAMILIES, node["metadata"]["name"]
        assert inside[1] == ALL[node["metadata"]["name"]]
        lengths = [cidr.rpartition("/")[2] for cidr in node["spec"]["podCIDRs"]]
        assert lengths == ["24", "64"]


def test_a_service_answers_on_both_families_from_another_node(site: Site) -> None:
    """Two copies on two workers, each with two addresses, reach each other by both of the service's."""
    site.kubectl("apply", "-f", str(WORKLOAD))
    policy = {"spec": {"ipFamilyPolicy": "RequireDualStack"}}
    site.kubectl("patch", "service", "web", "--type=merge", "-p", json.dumps(policy))
    site.kubectl("rollout", "status", "deployment/web", "--timeout=120s", timeout=150)
    answers(site)


def answers(site: Site) -> None:
    """Fail unless every copy is reached by each address of the service, and by its own two, from every copy."""
    pods = {p["metadata"]["name"]: p for p in site.get("pods", "-l", "app=web")["items"] if "podIPs" in p["status"]}
    assert {pod["spec"]["nodeName"] for pod in pods.values()} == set(WORKERS)
    service = site.get("service", "web")["spec"]["clusterIPs"]
    assert [type(ip_address(a)) for a in service] == FAMILIES
    everybody = set(pods)
    targets = [(address, 80, everybody) for address in service]
    for name, pod in pods.items():
        own = [entry["ip"] for entry in pod["status"]["podIPs"]]
        assert [type(ip_address(a)) for a in own] == FAMILIES, own
        targets += [(address, 8080, {name}) for address in own]
    for other in pods:
        for address, port, wanted in targets:
            probe = partial(reaches, site, other, address, port, wanted)
            eventually(f"{address} port {port} from {other}", probe, 60)


def reaches(site: Site, pod: str, address: str, port: int, wanted: set[str]) -> bool:
    """Whether exactly those answer at an address that a pod asks."""
    return dialled(site, pod, address, port) == wanted


def dialled(site: Site, pod: str, address: str, port: int) -> set[str]:
    """Return the names of those who answer at an address that a pod asks."""
    dial = f"dial?host={quote(address)}&port={port}&protocol=http&request=hostname&tries=10"
    shown = site.kubectl("get", "--raw", f"/api/v1/namespaces/default/pods/{pod}:8080/proxy/{dial}")
    return set(json.loads(shown).get("responses", []))


def test_a_second_up_changes_nothing(site: Site) -> None:
    """Zero changes."""
    site.assert_unchanged()


def test_one_family_is_refused(site: Site) -> None:
    """What a cluster has been started with stays, and the refusal says why."""
    before = site.settings.read_text()
    with site.edited() as cluster:
        del cluster["network"]
        for group in (cluster["controlPlane"]["hosts"], cluster["workers"]["default"]["hosts"]):
            for name in group:
                group[name] = group[name]["address"]
    shown = site.lab("pulumi", "preview", "--stack", "dev", check=False)
    site.settings.write_text(before)
    assert shown.returncode != 0
    assert "network.ipv6: the cluster runs with two families" in shown.stdout + shown.stderr


def test_writes_and_both_families_go_on_without_a_control_plane(site: Site) -> None:
    """One control plane is lost under writes; the services answer meanwhile, and it comes back by itself."""
    client = Client(site.folder)
    time.sleep(5)
    site.hosts("kill", "cp-1")
    time.sleep(15)
    answers(site)
    gap = client.stop()
    print(f"longest gap between writes without cp-1: {gap:.1f} s")
    assert gap < 20
    site.hosts("start", "cp-1")
    eventually("all nodes", lambda: site.ready_nodes() == set(ALL), 180)
    site.assert_unchanged()


def test_a_worker_leaves_nothing_of_either_family(site: Site) -> None:
    """A host that has left has no interface, table or route of the cluster."""
    with site.edited() as cluster:
        del cluster["workers"]["default"]["hosts"]["worker-2"]
    site.up()
    left = site.ssh("worker-2", "ip -o link | grep -E 'cni0|flannel' || true; ip -6 route | grep fd00 || true")
    assert left == ""
    assert site.ready_nodes() == set(ALL) - {"worker-2"}
