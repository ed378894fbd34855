"""Snapshots of etcd on hosts of its own: taken there, and restored by the commands of docs/backups.md."""

from __future__ import annotations

import time

import pytest

from tests.lab import backups
from tests.lab.backups import FOLDER, UNIT
from tests.lab.site import Site, eventually

pytestmark = pytest.mark.long

STORES = {f"etcd-{number}": f"10.77.0.3{number}" for number in (1, 2, 3)}
PLANES = {"cp-1": "10.77.0.11", "cp-2": "10.77.0.12"}
HOSTS = {"lb-1": "10.77.0.2", "lb-2": "10.77.0.3", **PLANES, "worker-1": "10.77.0.21", **STORES}
NODES = {*PLANES, "worker-1"}


@pytest.fixture(scope="module", autouse=True)
def cluster(site: Site) -> None:
    """Bring up etcd on three hosts, with snapshots from the start, and two control planes."""
    site.boot(HOSTS)
    with site.edited() as file:
        file["controlPlane"] = {"hosts": PLANES}
        file["workers"] = {"default": {"hosts": {"worker-1": HOSTS["worker-1"]}}}
        file["etcd"] = {"hosts": STORES, "snapshots": {}}
    site.up()
    assert site.ready_nodes() == NODES


def test_each_host_takes_its_own(site: Site) -> None:
    """One on each, for root alone; control planes have none; nothing is left to do."""
    for store in STORES:
        path = backups.snapshots(site, store)[-1]
        shown = site.ssh(store, f"stat -c '%a %U' {FOLDER} {path}; systemctl is-active {UNIT}.timer")
        assert shown.split() == ["700", "root", "600", "root", "active"]
    assert backups.snapshots(site, "cp-1") == []
    site.until_healthy()
    site.assert_unchanged()


def test_what_was_deleted_comes_back(site: Site) -> None:
    """The commands of the page, step by step; members stay."""
    site.kubectl("create", "configmap", "precious", "--from-literal=word=hello")
    taken = backups.take(site, "etcd-2")
    site.kubectl("delete", "configmap/precious")
    begin = time.monotonic()
    backups.copy(site, "where you are: the same snapshot to every etcd host", STORES, "etcd-2", taken)
    backups.on(site, PLANES, "every control plane: stop the API server", STORES)
    for title in (
        "every etcd host: stop etcd",
        "every etcd host: put the snapshot in place of the data",
        "every etcd host: start etcd",
    ):
        backups.on(site, STORES, title, STORES)
    backups.on(site, PLANES, "every control plane: start the API server", STORES)
    eventually("the API", lambda: site.ready_nodes() == NODES, 300)
    print(f"restored in {time.monotonic() - begin:.0f} s")
    assert site.get("configmap", "precious")["data"] == {"word": "hello"}
    for store in STORES:
        backups.take(site, store)
    site.until_healthy()
    backups.on(site, STORES, "every etcd host: remove what was kept for the restore", STORES)
    assert site.ssh("etcd-1", "ls /var/lib/etcd; stat -c %U /var/lib/etcd/member").split() == ["member", "etcd"]
    site.assert_unchanged()
