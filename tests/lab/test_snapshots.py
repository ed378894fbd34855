"""Snapshots of stacked etcd: taken, seen, restored by the commands of docs/backups.md, and turned off."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.lab import backups
from tests.lab.backups import FOLDER, UNIT
from tests.lab.site import Site, eventually

pytestmark = pytest.mark.long

PLANES = {"cp-1": "10.77.0.11", "cp-2": "10.77.0.12", "cp-3": "10.77.0.13"}
HOSTS = {"lb-1": "10.77.0.2", "lb-2": "10.77.0.3", **PLANES, "worker-1": "10.77.0.21"}
NODES = {*PLANES, "worker-1"}
STEPS = sorted(f"{name}-snapshots" for name in PLANES)
SEND = '#!/bin/sh\nset -eu\ncp "$1" /srv/sent.db\n'


@pytest.fixture(scope="module", autouse=True)
def cluster(site: Site) -> None:
    """Bring up three control planes and a worker, without snapshots."""
    site.boot(HOSTS)
    with site.edited() as file:
        del file["workers"]["default"]["hosts"]["worker-2"]
    site.up()
    assert site.ready_nodes() == NODES


def report(site: Site) -> Any:
    """Return what the verification says, whatever its verdict."""
    return json.loads(site.lab("scripts/verify", "--json", check=False).stdout)


def restarts(site: Site) -> dict[str, int]:
    """Return how often the containers of each static pod were started, by the pod's id."""
    return {
        pod["metadata"]["uid"]: sum(status["restartCount"] for status in pod["status"]["containerStatuses"])
        for pod in site.get("pods", "-n", "kube-system", "-l", "tier=control-plane")["items"]
    }


def test_they_are_turned_on_and_nothing_restarts(site: Site) -> None:
    """Three steps and their component; each control plane has a snapshot, for root alone, and a timer."""
    before = restarts(site)
    with site.edited() as file:
        file["etcd"] = {"snapshots": {"everyHours": 1, "keep": 3}}
    changes = site.changes()
    assert sorted(set(changes.pop("create")) - {"dev"}) == STEPS, changes
    assert not {name for names in changes.values() for name in names} & {f"{plane}-join" for plane in PLANES}
    site.up()
    assert restarts(site) == before
    for plane in PLANES:
        path = backups.snapshots(site, plane)[-1]
        shown = site.ssh(plane, f"stat -c '%a %U' {FOLDER} {path}; systemctl is-active {UNIT}.timer")
        assert shown.split() == ["700", "root", "600", "root", "active"]
        assert "NextElapseUSecRealtime=" in site.ssh(plane, f"systemctl show {UNIT}.timer")
    site.assert_unchanged()


def test_the_verification_knows_of_them(site: Site) -> None:
    """A row of its own; one that fails is a fault that names the host, and one that is taken again ends it."""
    said = report(site)
    row = next(check for check in said["checks"] if check["name"] == "snapshots")
    assert (row["ready"], row["wanted"], said["verdict"]) == (3, 3, "available"), said
    site.ssh("cp-2", f"mv {FOLDER} {FOLDER}.away")
    failed = f"systemctl start {UNIT}.service 2>/dev/null || systemctl is-failed {UNIT}.service"
    assert site.ssh("cp-2", failed).strip() == "failed"
    assert f"snapshots of etcd on cp-2: {FOLDER} is not there" in report(site)["faults"]
    site.ssh("cp-2", f"mv {FOLDER}.away {FOLDER}")
    backups.take(site, "cp-2")
    assert report(site)["verdict"] == "available"


def test_old_ones_go_and_a_script_gets_the_new_one(site: Site) -> None:
    """Three are kept; the user's script has been given each."""
    (site.folder / "send.sh").write_text(SEND)
    with site.edited() as file:
        file["etcd"]["snapshots"]["then"] = "send.sh"
    assert site.changes() == {"update": STEPS}
    site.up()
    for _ in range(3):
        last = backups.take(site, "cp-1")
        time.sleep(1.1)  # their names have seconds
    assert len(backups.snapshots(site, "cp-1")) == 3
    site.ssh("cp-1", f"cmp {last} /srv/sent.db")
    site.assert_unchanged()


def test_what_was_deleted_comes_back(site: Site) -> None:
    """The commands of the page, step by step; members and nodes stay, and the program has nothing to do."""
    site.kubectl("create", "configmap", "precious", "--from-literal=word=hello")
    site.kubectl("create", "secret", "generic", "hidden", "--from-literal=word=xyzzy")
    taken = backups.take(site, "cp-2")
    site.kubectl("delete", "configmap/precious", "secret/hidden")
    site.kubectl("create", "configmap", "later")
    members = site.etcd_members("cp-1")
    begin = time.monotonic()
    backups.copy(site, "where you are: the same snapshot to every control plane", PLANES, "cp-2", taken)
    for title in (
        "every control plane: stop the API server and etcd",
        "every control plane: put the snapshot in place of the data",
        "every control plane: start etcd and the API server",
    ):
        backups.on(site, PLANES, title, PLANES)
    eventually("the API", lambda: site.ready_nodes() == NODES, 300)
    print(f"restored in {time.monotonic() - begin:.0f} s")
    assert site.get("configmap", "precious")["data"] == {"word": "hello"}
    assert site.get("secret", "hidden")["data"] == {"word": "eHl6enk="}
    assert site.kubectl("get", "configmap", "later", "--ignore-not-found") == ""
    assert site.etcd_members("cp-1") == members
    for plane in PLANES:
        backups.take(site, plane)
    site.until_healthy()
    backups.on(site, PLANES, "every control plane: remove what was kept for the restore", PLANES)
    assert site.ssh("cp-1", "ls /var/lib/etcd").split() == ["member"]
    site.assert_unchanged()


def test_the_cluster_works_on(site: Site) -> None:
    """Controllers see what changes now: a deployment gets its pods, and loses them again."""
    site.kubectl("scale", "deployment/coredns", "-n", "kube-system", "--replicas=3")
    site.kubectl("rollout", "status", "deployment/coredns", "-n", "kube-system", "--timeout=120s", timeout=150)
    site.kubectl("scale", "deployment/coredns", "-n", "kube-system", "--replicas=2")
    site.until_healthy()


def test_a_control_plane_that_leaves_keeps_its_snapshots(site: Site) -> None:
    """Its timer ends before its member goes; the files stay on the host, which is clean of all else."""
    with site.edited() as file:
        del file["controlPlane"]["hosts"]["cp-3"]
    site.up()
    assert backups.snapshots(site, "cp-3")
    ours = f"/usr/local/lib/kubeadm-ha-snapshots /etc/systemd/system/{UNIT}.* /var/lib/kubeadm-ha"
    assert site.ssh("cp-3", f"ls -d {ours} 2>/dev/null || true") == ""
    assert set(site.etcd_members("cp-1")) == {"cp-1", "cp-2"}
    site.assert_unchanged()


def test_they_are_turned_off_and_stay(site: Site) -> None:
    """No timer, no script, no note in etcd and no row; the snapshots are still there."""
    with site.edited() as file:
        del file["etcd"]
    assert sorted(set(site.changes()["delete"]) - {"dev"}) == ["cp-1-snapshots", "cp-2-snapshots"]
    site.up()
    for plane in ("cp-1", "cp-2"):
        assert backups.snapshots(site, plane)
        assert UNIT not in site.ssh(plane, "systemctl list-timers --all --no-legend; ls /etc/systemd/system")
        assert site.etcd_value(plane, f"/kubeadm-ha/snapshots/{plane}") == ""
    assert "snapshots" not in [check["name"] for check in report(site)["checks"]]
    site.assert_unchanged()
