"""What goes wrong while a cluster comes up: the next `up` goes on from there, and the one after it changes nothing."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.site import PATIENCE_SECONDS, Site, eventually

ALL = {"cp-1", "cp-2", "cp-3", "worker-1", "worker-2"}
HOSTS = {*ALL, "lb-1", "lb-2"}


@pytest.fixture(scope="module", autouse=True)
def bare_hosts(site: Site) -> None:
    """Boot the seven hosts, with nothing on them."""
    site.hosts("up", "lab/hosts.dev.yaml")
    site.lab("pulumi", "stack", "select", "--create", "dev")


def up_with_ssh(site: Site, key: str, value: str) -> subprocess.CompletedProcess[str]:
    """Run `up` with one setting of `ssh` changed, and put it back."""
    with site.edited() as cluster:
        right = cluster["ssh"][key]
        cluster["ssh"][key] = value
    ended = site.up(check=False)
    with site.edited() as cluster:
        cluster["ssh"][key] = right
    return ended


def test_a_wrong_host_key_is_refused_before_anything_runs(site: Site) -> None:
    """Every host shows another key than the pinned one: errors name them, and no host has run anything."""
    pinned = Path("/var/lib/kubeadm-ha-lab/known_hosts").read_text().splitlines()
    addresses = [line.split()[0] for line in pinned]
    keys = [line.split(maxsplit=1)[1] for line in pinned]
    others = [next(key for key in keys if key != own) for own in keys]
    lines = [f"{address} {key}\n" for address, key in zip(addresses, others, strict=True)]
    (site.folder / "known_hosts").write_text("".join(lines))
    failed = up_with_ssh(site, "knownHostsFile", "known_hosts")
    assert failed.returncode != 0
    # The first refusal ends the run, so not every host is named.
    assert any(f"{host}-prepare" in failed.stdout for host in ALL)
    for host in HOSTS:
        assert site.ssh(host, "ls -d /var/lib/kubeadm-ha /var/log/kubeadm-ha 2>/dev/null || true") == ""
    assert "host key" in failed.stdout


def test_a_wrong_login_key_names_the_host(site: Site) -> None:
    """A key that no host knows: errors with the hosts' steps, and no part of the key."""
    key = site.folder / "other_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    failed = up_with_ssh(site, "privateKeyFile", "other_key")
    assert failed.returncode != 0
    assert any(f"{host}-prepare" in failed.stdout for host in ALL)
    assert "unable to authenticate" in failed.stdout
    assert key.read_text().splitlines()[1] not in failed.stdout


def interrupt(site: Site, when: Callable[[], bool], *signals: signal.Signals) -> None:
    """Start `up`, wait for the moment, and send the signals to the engine."""
    shown = site.folder / "interrupted.log"
    process = subprocess.Popen(
        [str(site.folder / "lab" / "run"), "pulumi", "up", "--yes", "--skip-preview", "--stack", "dev"],
        cwd=site.folder,
        stdout=shown.open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        eventually("the moment to interrupt", lambda: process.poll() is not None or when(), 300)
        assert process.poll() is None, f"nothing was left to interrupt:\n{shown.read_text()}"
        for one in signals:
            process.send_signal(one)
            if one is signals[-1]:
                break
            eventually("the engine's first answer", lambda: True, 1)
        process.wait(timeout=PATIENCE_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
    # What a killed engine cannot give back is its lock on the state.
    site.lab("pulumi", "cancel", "--yes", "--stack", "dev", check=False)


def running(site: Site, host: str, what: str) -> Callable[[], bool]:
    """Return a probe that tells whether a command line with `what` in it runs on a host."""
    return lambda: site.ssh(host, f"pgrep -fc '[{what[0]}]{what[1:]}' || true").strip() not in ("", "0")


def test_ctrl_c_while_hosts_are_prepared(site: Site) -> None:
    """Once: what was begun is finished, nothing new is begun."""
    interrupt(site, running(site, "cp-1", "apt-get"), signal.SIGINT)


def test_ctrl_c_twice_while_the_cluster_starts(site: Site) -> None:
    """Twice: the engine goes at once, the host's step comes to its end alone."""
    interrupt(site, running(site, "cp-1", "kubeadm init"), signal.SIGINT, signal.SIGINT)


def test_a_host_that_reboots_while_the_cluster_starts(site: Site) -> None:
    """The power fails in the middle of kubeadm init: an error in bounded time, not a hang."""
    site.hosts("reboot", "cp-1")
    eventually("cp-1 back", lambda: site.ssh("cp-1", "true", timeout=10) == "", 60)


def test_killed_while_a_control_plane_joins(site: Site) -> None:
    """The engine is killed in the middle of the second control plane's join."""
    interrupt(site, running(site, "cp-2", "kubeadm join"), signal.SIGKILL)


def test_the_next_up_converges_without_a_host_and_then_with_it(site: Site) -> None:
    """A control plane that is down costs only itself: an error names it, and when it is back `up` goes on."""
    site.hosts("kill", "cp-3")
    failed = site.up(check=False)
    assert failed.returncode != 0
    assert "cp-3-" in failed.stdout, failed.stdout + failed.stderr
    site.hosts("start", "cp-3")
    site.up()
    assert site.ready_nodes() == ALL
    assert set(site.etcd_members("cp-1").values()) == {"started"}
    assert len(site.etcd_members("cp-1")) == 3
    site.assert_unchanged()


def test_a_control_plane_that_is_lost_for_good_is_replaced(site: Site) -> None:
    """The first one, which started the cluster: said to be lost, taken out by another, a new one under its name."""
    site.hosts("kill", "cp-1")
    eventually("cp-1 not Ready", lambda: "cp-1" not in site.ready_nodes(), 120)
    with site.edited() as cluster:
        cluster["controlPlane"]["hosts"]["cp-1"] = {"address": "10.77.0.11", "lost": True}
    site.up()
    assert set(site.etcd_members("cp-2")) == {"cp-2", "cp-3"}
    with site.edited() as cluster:
        del cluster["controlPlane"]["hosts"]["cp-1"]
    site.up()
    assert site.ready_nodes() == ALL - {"cp-1"}
    site.hosts("wipe", "cp-1")
    site.hosts("start", "cp-1")
    with site.edited() as cluster:
        cluster["controlPlane"]["hosts"]["cp-1"] = "10.77.0.11"
    site.up()
    assert site.ready_nodes() == ALL
    assert site.etcd_members("cp-3") == {"cp-1": "started", "cp-2": "started", "cp-3": "started"}
    site.assert_unchanged()


def test_a_control_plane_leaves_in_good_order(site: Site) -> None:
    """Remove the last one by its line: its member and node go, its host is bare, workers stay Ready."""
    with site.edited() as cluster:
        del cluster["controlPlane"]["hosts"]["cp-3"]
    site.up()
    assert set(site.etcd_members("cp-2")) == {"cp-1", "cp-2"}
    assert site.ready_nodes() == ALL - {"cp-3"}
    site.assert_unchanged()


def test_a_control_plane_whose_join_failed_leaves_with_its_line(site: Site) -> None:
    """It is a node and a member, and no step of the state knows: taking its line out takes both out all the same."""
    (site.folder / "fail.sh").write_text('#!/bin/sh\n[ "$(hostname)" != cp-3 ]\n')
    with site.edited() as cluster:
        cluster["controlPlane"]["hosts"]["cp-3"] = "10.77.0.13"
        cluster["hooks"] = {"afterJoin": [{"file": "fail.sh"}]}
    failed = site.up(check=False)
    assert failed.returncode != 0
    assert "cp-3: join-control-plane: running the hook after-join fail.sh failed" in failed.stdout
    assert set(site.etcd_members("cp-1")) == {"cp-1", "cp-2", "cp-3"}
    with site.edited() as cluster:
        del cluster["controlPlane"]["hosts"]["cp-3"], cluster["hooks"]
    site.up()
    assert set(site.etcd_members("cp-1")) == {"cp-1", "cp-2"}
    assert site.ready_nodes() == ALL - {"cp-3"}
    site.assert_unchanged()
