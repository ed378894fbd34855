"""etcd on hosts of its own under the endpoints that have no hosts: kube-vip, then node-local on the same machines."""

from __future__ import annotations

import pytest

from tests.lab import test_node_local as node_local
from tests.lab.site import Site, eventually
from tests.lab.test_external_etcd import STORES, addresses, assert_no_etcd, healthy, leader, members, servers_of, voters
from tests.lab.test_main_job import assert_clean

pytestmark = pytest.mark.long

ADDRESS = "10.77.0.10"
PLANES = {"cp-1": "10.77.0.11", "cp-2": "10.77.0.12"}
WORKERS = {"worker-1": "10.77.0.21"}
MEMBERS = {name: STORES[name] for name in ("etcd-1", "etcd-2", "etcd-3")}
NODES = {*PLANES, *WORKERS}


@pytest.fixture(scope="module", autouse=True)
def hosts(site: Site) -> None:
    """Boot the hosts, with nothing on them; none is there for the endpoint alone."""
    site.boot({**PLANES, **WORKERS, **MEMBERS})
    with site.edited() as cluster:
        cluster["controlPlane"] = {"hosts": PLANES}
        cluster["workers"] = {"default": {"hosts": WORKERS}}
        cluster["etcd"] = {"hosts": MEMBERS}
        cluster["endpoint"] = {"kind": "kube-vip", "address": ADDRESS}


def assert_up(site: Site) -> None:
    """Bring it up; members vote, API servers ask all of them, and the second run has nothing to do."""
    site.up()
    assert site.ready_nodes() == NODES
    assert members(site, "etcd-2") == voters(1, 2, 3)
    assert all(servers_of(site, plane) == addresses(1, 2, 3) for plane in PLANES)
    healthy(site)
    site.assert_unchanged()


def assert_gone(site: Site) -> None:
    """Take it down; every host is as it was before."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for node in NODES:
        assert_clean(site, node)
    for store in MEMBERS:
        assert_no_etcd(site, store)


def test_kube_vip_comes_up(site: Site) -> None:
    """One of the control planes has the address, though none of them has a member."""
    assert_up(site)
    assert site.holder("controlPlanes") in PLANES


def test_kube_vip_goes_on(site: Site) -> None:
    """Without the member that leads, and without the control plane that has the address."""
    for what, lost in (("which leads etcd", leader(site, "etcd-2")), ("which has it", site.holder("controlPlanes"))):
        with site.without(lost, 20, role=what):
            site.assert_unchanged()
        healthy(site)
    site.assert_unchanged()


def test_kube_vip_goes(site: Site) -> None:
    """And the address with it."""
    assert_gone(site)
    assert not [host for host in PLANES if ADDRESS in site.ssh(host, "ip -4 address show")]


def test_node_local_comes_up(site: Site) -> None:
    """On the same hosts, which know nothing of the cluster before."""
    with site.edited() as cluster:
        # Debian's HAProxy, in an image of its own: the official one comes from no registry of packages.
        cluster["endpoint"] = {"kind": "node-local", "image": "docker.io/library/haproxy:2.6.12"}
        cluster["registries"]["docker.io"] = ["http://registry.lab:5000/v2/docker.io"]
    assert_up(site)
    assert {host: node_local.meaning(site, host) for host in NODES} == PLANES | {"worker-1": "127.0.0.1"}


def test_node_local_goes_on(site: Site) -> None:
    """A worker writes through its own HAProxy, without the member that leads, and without a control plane."""
    site.kubectl("-n", "default", "create", "configmap", "story")
    kubeconfig = site.output("kubeconfig")
    site.ssh("worker-1", f"umask 077; cat >/run/story.conf <<'END'\n{kubeconfig}\nEND\n")
    for lost in (leader(site, "etcd-2"), "cp-1"):
        with site.without(lost, 20, probe=node_local.WRITER):
            assert node_local.meaning(site, "worker-1") == "127.0.0.1"
        eventually("all nodes", lambda: site.ready_nodes() == NODES, 180)
        healthy(site)
    site.assert_unchanged()


def test_node_local_goes(site: Site) -> None:
    """The name is gone from every host."""
    assert_gone(site)
