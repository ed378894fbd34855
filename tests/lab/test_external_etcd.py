"""etcd on hosts of its own: it comes up, loses members, grows, shrinks, and goes."""

from __future__ import annotations

import json
import time

import pytest

from tests.lab.clients import Client
from tests.lab.site import Site, eventually
from tests.lab.test_main_job import assert_clean

pytestmark = pytest.mark.long

STORES = {f"etcd-{number}": f"10.77.0.3{number}" for number in (1, 2, 3, 4)}
PLANES = {"cp-1": "10.77.0.11", "cp-2": "10.77.0.12"}
HOSTS = {"lb-1": "10.77.0.2", "lb-2": "10.77.0.3", **PLANES, "worker-1": "10.77.0.21", **STORES}
NODES = {*PLANES, "worker-1"}
ETCDCTL = (
    "etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/member.crt "
    "--key=/etc/etcd/pki/member.key --write-out=json "
)


@pytest.fixture(scope="module", autouse=True)
def hosts(site: Site) -> None:
    """Boot the hosts, with nothing on them, and name three of them in the cluster file."""
    site.boot(HOSTS)
    with site.edited() as cluster:
        cluster["controlPlane"] = {"hosts": PLANES}
        cluster["workers"] = {"default": {"hosts": {"worker-1": HOSTS["worker-1"]}}}
        cluster["etcd"] = {"hosts": {name: STORES[name] for name in ("etcd-1", "etcd-2", "etcd-3")}}


def members(site: Site, on: str) -> dict[str, str]:
    """Return the members by name, as one of them lists them: `voter` or `learner`."""
    listed = json.loads(site.ssh(on, f"{ETCDCTL} member list"))["members"]
    return {its.get("name", ""): "learner" if its.get("isLearner") else "voter" for its in listed}


def leader(site: Site, on: str) -> str:
    """Return the name of the member that leads."""
    listed = json.loads(site.ssh(on, f"{ETCDCTL} member list"))["members"]
    status = json.loads(site.ssh(on, f"{ETCDCTL} endpoint status"))[0]["Status"]
    name: str = next(its["name"] for its in listed if its["ID"] == status["leader"])
    return name


def voters(*numbers: int) -> dict[str, str]:
    """Return what `members` says when these are all, and all vote."""
    return {f"etcd-{number}": "voter" for number in numbers}


def healthy(site: Site) -> None:
    """Wait till the verification, which asks every member, has nothing to complain about."""
    report = json.loads(site.lab("scripts/verify", "--json", "--wait", "120").stdout)
    assert report["verdict"] == "available", report


def servers_of(site: Site, plane: str) -> set[str]:
    """Return the addresses of etcd that an API server was given."""
    shown = site.ssh(plane, "sed -n 's/.*--etcd-servers=//p' /etc/kubernetes/manifests/kube-apiserver.yaml")
    return set(shown.strip().split(","))


def addresses(*numbers: int) -> set[str]:
    """Return what `servers_of` says with these members."""
    return {f"https://{STORES[f'etcd-{number}']}:2379" for number in numbers}


def test_it_comes_up(site: Site) -> None:
    """Three members that vote, and control planes without one."""
    begin = time.monotonic()
    site.up()
    print(f"up: {time.monotonic() - begin:.0f} s")
    assert site.ready_nodes() == NODES
    assert members(site, "etcd-2") == voters(1, 2, 3)
    for plane in PLANES:
        assert servers_of(site, plane) == addresses(1, 2, 3)
        assert site.ssh(plane, "ls /etc/kubernetes/manifests/etcd.yaml /etc/kubernetes/pki/etcd/ca.key; true") == ""
    healthy(site)


def test_it_is_a_service_of_its_own(site: Site) -> None:
    """Its own user, files that others cannot read, certificates asked for by peers and clients, no runtime left."""
    shown = site.ssh(
        "etcd-1",
        "ps -o user= -C etcd; stat -c '%a %U' /etc/etcd/pki/member.key /var/lib/etcd; systemctl is-enabled etcd; "
        "systemctl is-active containerd; curl -sk --max-time 3 https://10.77.0.31:2379/health; echo $?",
    )
    assert shown.split() == ["etcd", "600", "etcd", "700", "etcd", "enabled", "inactive", "56"]


def test_a_second_up_changes_nothing(site: Site) -> None:
    """Zero changes."""
    site.assert_unchanged()


def test_writes_go_on_without_the_leader(site: Site) -> None:
    """Pull the plug of the member that leads; it comes back by itself."""
    lost = leader(site, "etcd-2")
    with site.without(lost, 20, role="which led", within=10):
        site.assert_unchanged()
    healthy(site)


def test_writes_go_on_without_a_control_plane(site: Site) -> None:
    """etcd loses nothing with it."""
    with site.without("cp-1", 20):
        site.assert_unchanged()
    healthy(site)


def test_two_members_are_lost_and_come_back(site: Site) -> None:
    """Without a majority the API fails; with it everything is there again, and nobody runs `up`."""
    site.hosts("kill", "etcd-1", "etcd-3")
    eventually(
        "an API without etcd",
        lambda: site.lab("kubectl", "--request-timeout=3s", "get", "nodes", check=False).returncode != 0,
        60,
    )
    begin = time.monotonic()
    site.hosts("start", "etcd-1", "etcd-3")
    eventually("the API", lambda: site.ready_nodes(), 120)
    print(f"the API is back {time.monotonic() - begin:.0f} s after two members were switched on")
    healthy(site)
    site.assert_unchanged()


def test_a_member_joins(site: Site) -> None:
    """A learner first; then every API server is given the new list, one after another."""
    with site.edited() as cluster:
        cluster["etcd"]["hosts"]["etcd-4"] = STORES["etcd-4"]
    changes = site.changes()
    assert {"etcd-4-member", "etcd-4-prepare"} <= set(changes["create"]), changes
    client = Client(site.folder)
    site.up()
    print(f"longest gap between writes while a member joins: {client.stop():.1f} s")
    assert members(site, "etcd-2") == voters(1, 2, 3, 4)
    assert all(servers_of(site, plane) == addresses(1, 2, 3, 4) for plane in PLANES)
    site.assert_unchanged()


def test_a_member_leaves(site: Site) -> None:
    """The first one, which no other depends on: the API servers forget it, then it goes, and its host is clean."""
    with site.edited() as cluster:
        del cluster["etcd"]["hosts"]["etcd-1"]
    client = Client(site.folder)
    site.up()
    print(f"longest gap between writes while a member leaves: {client.stop():.1f} s")
    assert members(site, "etcd-2") == voters(2, 3, 4)
    assert all(servers_of(site, plane) == addresses(2, 3, 4) for plane in PLANES)
    assert_no_etcd(site, "etcd-1")
    healthy(site)
    site.assert_unchanged()


def test_a_member_is_lost_for_good(site: Site) -> None:
    """A member that lives takes it out; its line is removed; a host takes its place."""
    site.hosts("kill", "etcd-3")
    with site.edited() as cluster:
        cluster["etcd"]["hosts"]["etcd-3"] = {"address": STORES["etcd-3"], "lost": True}
    site.up()
    assert members(site, "etcd-2") == voters(2, 4)
    with site.edited() as cluster:
        del cluster["etcd"]["hosts"]["etcd-3"]
        cluster["etcd"]["hosts"]["etcd-1"] = STORES["etcd-1"]
    site.up()
    assert members(site, "etcd-2") == voters(1, 2, 4)
    healthy(site)
    site.assert_unchanged()


def test_settings_change_one_member_at_a_time(site: Site) -> None:
    """A larger quota restarts each, and writes go on; the API servers are left alone."""
    with site.edited() as cluster:
        cluster["etcd"]["quotaGib"] = 4
    assert not [name for name in site.changes()["update"] if name.startswith("cp-")]
    client = Client(site.folder)
    site.up()
    gap = client.stop()
    print(f"longest gap between writes while every member restarts: {gap:.1f} s")
    assert gap < 10
    for store in ("etcd-1", "etcd-2", "etcd-4"):
        assert "quota-backend-bytes: 4294967296" in site.ssh(store, "cat /etc/etcd/etcd.yaml")
    healthy(site)
    site.assert_unchanged()


def test_destroy_leaves_clean_hosts(site: Site) -> None:
    """All members leave at once: the last one ends etcd."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for node in NODES:
        assert_clean(site, node)
    for store in ("etcd-1", "etcd-2", "etcd-4"):
        assert_no_etcd(site, store)


def assert_no_etcd(site: Site, host: str) -> None:
    """Fail when anything of etcd, or of what brought it, is left on a host."""
    left = site.ssh(
        host,
        r"""
        ls -d /etc/etcd /var/lib/etcd /usr/local/bin/etcd* /etc/systemd/system/etcd.service /etc/containerd \
          /var/lib/containerd /var/lib/kubeadm-ha /var/log/kubeadm-ha /run/kubeadm-ha.* \
          /etc/apt/sources.list.d/kubeadm-ha.list 2>/dev/null || true
        getent passwd etcd || true
        command -v containerd runc || true
        pgrep -a 'etcd|containerd' || true
        """,
    )
    assert left == "", f"{host}: {left}"
