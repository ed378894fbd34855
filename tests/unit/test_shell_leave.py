"""The scripts that leave a cluster and evict from it: what each decides to do, and above all what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from tests.unit.fakes import IDS, kubectl
from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import API, GONE, JOINED, JOINING, KUBELET, QUIET, READY, SICK, THERE, bare, cluster, did, run


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a bare host."""
    return bare(tmp_path)


class TestLeaveControlPlane:
    """scripts/leave-control-plane.sh: its pods, its member, its node, then everything on the host."""

    def left(self, sandbox: Sandbox, members: list[str], healthy: list[str], learner: str = "") -> Result:
        """Return what leaving did on a host that is one of `members`."""
        fake = kubectl(members, healthy, first="\n".join((API, THERE, QUIET)), learner=learner)
        return run(sandbox, "leave-control-plane", fake, f"{KUBELET}; {JOINED}")

    @pytest.mark.parametrize(
        ("members", "healthy"),
        [
            (["node-1", "cp-1", "cp-2"], ["node-1", "cp-1", "cp-2"]),
            (["node-1", "cp-1"], ["node-1", "cp-1"]),
            (["node-1", "cp-1", "cp-2"], ["cp-1", "cp-2"]),
        ],
        ids=["one of three", "one of two", "a sick one"],
    )
    def test_it_leaves(self, sandbox: Sandbox, members: list[str], healthy: list[str]) -> None:
        """The others take its member out, not itself; then the node goes, and the host is cleaned."""
        done = self.left(sandbox, members, healthy)
        assert done.status == 0, done.error
        order = [
            "cordon node-1",
            "curl -sk -o /dev/null --max-time 3 https://192.0.2.1:6443/livez",
            f"member remove {IDS['node-1']}",
            "systemctl stop kubelet",
            "delete node node-1",
            "reset",
        ]
        places = [next(n for n, call in enumerate(done.calls) if words in call) for words in order]
        assert places == sorted(places)
        assert " exec etcd-cp-" in done.calls[places[2]]
        assert done.seen.split() == ["/var/lib/kubeadm-ha:"]

    def test_it_gives_the_virtual_address_up_before_its_member(self, sandbox: Sandbox) -> None:
        """While it has the address it asks itself, and its own API server goes with its member."""
        members = ["node-1", "cp-1"]
        fake = kubectl(members, members, first="\n".join((API, THERE, QUIET)))
        sandbox.fakes["ip"] = "case $* in *'to 192.0.2.10/32') echo '1: lo    inet 192.0.2.10/32 scope host lo' ;; esac"
        has_it = "mkdir -p /var/lib/kubeadm-ha; echo 192.0.2.10 >/var/lib/kubeadm-ha/virtual-address"
        done = run(sandbox, "leave-control-plane", fake, f"{KUBELET}; {JOINED}; {has_it}")
        assert done.status == 0, done.error
        given_up = done.calls.index("ip address delete 192.0.2.10/32 dev lo")
        assert given_up < next(n for n, call in enumerate(done.calls) if "member remove" in call)

    def test_nobody_is_sent_to_its_api_server_when_its_member_goes(self, sandbox: Sandbox) -> None:
        """A balancer that looks at ports alone would: the manifest is gone before, and nobody listens any more."""
        asked = "*'member remove '*) [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ] && touch /run/still-there"
        members = ["node-1", "cp-1", "cp-2"]
        fake = kubectl(members, members, first="\n".join((API, THERE, QUIET)))
        served = "mkdir -p /etc/kubernetes/manifests; echo pod >/etc/kubernetes/manifests/kube-apiserver.yaml"
        sandbox.fakes["curl"] = "[ ! -e /run/asked ] || exit 7; touch /run/asked"
        sandbox.after = "ls /run/still-there 2>/dev/null"
        done = run(
            sandbox, "leave-control-plane", f'case "$*" in {asked} ;; esac\n{fake}', f"{KUBELET}; {JOINED}; {served}"
        )
        assert done.status == 0, done.error
        assert "still-there" not in done.seen
        assert len([call for call in done.calls if call.endswith(":6443/livez")]) == 2

    def test_etcd_is_asked_again(self, sandbox: Sandbox) -> None:
        """It takes no change for some seconds after a member has come back."""
        refused = """*'member remove '*)
            for last; do :; done
            if [ -e /run/refused ]; then echo "$last" >>/run/removed; exit 0; fi
            touch /run/refused; echo 'Error: etcdserver: unhealthy cluster' >&2; exit 1 ;;"""
        members = ["node-1", "cp-1", "cp-2"]
        fake = kubectl(members, members, first="\n".join((refused, API, THERE, QUIET)))
        done = run(sandbox, "leave-control-plane", fake, f"{KUBELET}; {JOINED}")
        assert done.status == 0, done.error
        assert sum("member remove" in call for call in done.calls) == 2
        assert did(done, "delete node node-1")

    def test_a_majority_is_not_put_at_stake(self, sandbox: Sandbox) -> None:
        """When another member is sick, this one is needed: nothing is removed."""
        done = self.left(sandbox, ["node-1", "cp-1", "cp-2"], ["node-1", "cp-1"])
        assert done.status == 1
        assert "of the 2 etcd members that would be left only 1 are healthy" in done.error
        assert not did(done, "member remove")
        assert not did(done, "6443/livez")
        assert not did(done, "delete node")
        assert not did(done, "kubeadm")

    def test_it_does_not_leave_while_another_joins(self, sandbox: Sandbox) -> None:
        """One change of membership at a time."""
        done = self.left(sandbox, ["node-1", "cp-1", "cp-2"], ["node-1", "cp-1", "cp-2"], learner="cp-2")
        assert done.status == 1
        assert "etcd has a learner" in done.error
        assert not did(done, "member remove")

    def test_the_last_one_ends_the_cluster(self, sandbox: Sandbox) -> None:
        """There is nobody to leave: the host is cleaned."""
        done = self.left(sandbox, ["node-1"], ["node-1"])
        assert done.status == 0, done.error
        assert not did(done, "member remove")
        assert did(done, "kubeadm reset")

    def test_a_host_without_a_member_is_only_cleaned(self, sandbox: Sandbox) -> None:
        """It never joined, or has left before."""
        done = run(sandbox, "leave-control-plane", "exit 1")
        assert done.status == 0, done.error
        assert not did(done, "kubectl")


def test_no_answer_is_not_taken_for_the_last_control_plane(sandbox: Sandbox) -> None:
    """With an etcd elsewhere the list of nodes says whether the cluster goes on; it is asked again."""
    served = "mkdir -p /etc/kubernetes/manifests; echo pod >/etc/kubernetes/manifests/kube-apiserver.yaml"
    away = "[ -e /run/asked ] || { touch /run/asked; exit 1; }"
    planes = f"*'get nodes -l node-role'*) {away}; printf 'node/cp-1\\nnode/node-1\\n' ;;"
    fake = cluster(API, planes, THERE, QUIET)
    done = run(sandbox, "leave-control-plane", fake, f"{KUBELET}; {served}", {"ETCD": "external"})
    assert done.status == 0, done.error
    assert did(done, "cordon node-1")
    assert did(done, "delete node node-1")


class TestLeaveWorker:
    """scripts/leave-worker.sh."""

    def test_it_leaves(self, sandbox: Sandbox) -> None:
        """Drained and gone, as the node itself."""
        done = run(sandbox, "leave-worker", cluster(API, THERE, QUIET), KUBELET)
        assert done.status == 0, done.error
        order = ["cordon node-1", "systemctl stop kubelet", "delete node node-1", "kubeadm reset"]
        places = [next(n for n, call in enumerate(done.calls) if words in call) for words in order]
        assert places == sorted(places)

    @pytest.mark.parametrize("before", [":", f"{KUBELET}; {JOINING}"], ids=["bare", "half joined"])
    def test_a_host_that_never_joined_is_only_cleaned(self, sandbox: Sandbox, before: str) -> None:
        """No cluster is asked for what was never in it."""
        done = run(sandbox, "leave-worker", "exit 1", before)
        assert done.status == 0, done.error
        assert not did(done, "kubectl")
        assert did(done, "kubeadm reset")

    def test_a_node_that_is_gone_is_not_drained(self, sandbox: Sandbox) -> None:
        """Somebody has deleted it: what is left is the host."""
        done = run(sandbox, "leave-worker", cluster(API, GONE, QUIET), KUBELET)
        assert done.status == 0, done.error
        assert not did(done, "cordon")
        assert did(done, "kubeadm reset")


class TestEvict:
    """scripts/evict-lost-node.sh: a host that is gone, taken out by one that lives."""

    LOST: ClassVar[dict[str, str]] = {"LOST_NAME": "cp-3", "LOST_ADDRESS": "192.0.2.13"}

    def evicted(self, sandbox: Sandbox, members: list[str], healthy: list[str], ready: str = SICK) -> Result:
        """Return what evicting cp-3 did."""
        fake = kubectl(members, healthy, first="\n".join((API, ready, QUIET)))
        return run(sandbox, "evict-lost-node", fake, more=self.LOST)

    def test_a_lost_member_goes(self, sandbox: Sandbox) -> None:
        """Its etcd member first, so that the majority counts those that live; then its node."""
        done = self.evicted(sandbox, ["cp-1", "cp-2", "cp-3"], ["cp-1", "cp-2"])
        assert done.status == 0, done.error
        assert did(done, f"member remove {IDS['cp-3']}")
        assert did(done, "delete node cp-3 --ignore-not-found")

    def test_a_lost_worker_goes(self, sandbox: Sandbox) -> None:
        """It has no member, and that is no error."""
        done = self.evicted(sandbox, ["cp-1", "cp-2"], ["cp-1", "cp-2"])
        assert done.status == 0, done.error
        assert not did(done, "member remove")
        assert did(done, "delete node cp-3")

    def test_a_host_that_lives_is_not_lost(self, sandbox: Sandbox) -> None:
        """A Ready node is drained first: its line is to be removed instead."""
        done = self.evicted(sandbox, ["cp-1", "cp-2", "cp-3"], ["cp-1", "cp-2", "cp-3"], READY)
        assert done.status == 1
        assert "cp-3 is not lost: its node is Ready" in done.error
        assert not did(done, "member remove")
        assert not did(done, "delete node")

    def test_a_second_run_finds_it_done(self, sandbox: Sandbox) -> None:
        """No member and no node: nothing to do, no error."""
        done = self.evicted(sandbox, ["cp-1", "cp-2"], ["cp-1", "cp-2"], "*jsonpath*Ready*) ;;")
        assert done.status == 0, done.error

    def test_an_api_that_does_not_answer_proves_nothing_lost(self, sandbox: Sandbox) -> None:
        """It is asked again before a member is taken out, and then says that the node is Ready."""
        hiccup = "*jsonpath*Ready*) if [ -e /run/asked ]; then printf True; else touch /run/asked; exit 1; fi ;;"
        done = self.evicted(sandbox, ["cp-1", "cp-2", "cp-3"], ["cp-1", "cp-2", "cp-3"], hiccup)
        assert done.status == 1
        assert "cp-3 is not lost: its node is Ready" in done.error
        assert not did(done, "member remove")


def test_what_is_mounted_below_the_kubelet_is_not_emptied(sandbox: Sandbox) -> None:
    """A volume of the same disk that kubeadm could not unmount is somebody's data."""
    pod = "/var/lib/kubelet/pods/1/volumes/local"
    data = f"mkdir -p /var/lib/data {pod}; touch /var/lib/data/precious; mount --bind /var/lib/data {pod}"
    sandbox.after = "ls /var/lib/data"
    done = run(sandbox, "leave-worker", "exit 1", data)
    assert done.status == 1
    assert f"something is still mounted: {pod}" in done.error
    assert done.seen == "precious\n"


@pytest.mark.parametrize("ours", [True, False])
def test_a_runtime_that_was_there_before_keeps_what_it_has(sandbox: Sandbox, ours: bool) -> None:
    """Docker's package needs the same one: its containers are not this program's to remove."""
    if ours:
        sandbox.fakes["dpkg-query"] = "case $* in *Version*) exit 1 ;; esac; echo base installed"
    made = "mkdir -p /var/lib/containerd/io.containerd.content; touch /etc/fstab /etc/hosts; echo kubelet >$S/packages"
    sandbox.after = "ls -d /var/lib/containerd /var/lib/kubeadm-ha"
    done = run(sandbox, "unprepare-node", "exit 1", made.replace("$S", "/var/lib/kubeadm-ha"))
    assert done.status == 0, done.error
    assert ("\n/var/lib/containerd\n" in f"\n{done.seen}") is not ours
    assert "\n/var/lib/kubeadm-ha\n" not in f"\n{done.seen}"


class TestLeaveUnasked:
    """scripts/unprepare-node.sh on a node whose join is in no state: nobody has asked it to leave."""

    ADMIN = "echo admin >/etc/kubernetes/admin.conf"
    HOST = "mkdir -p /var/lib/kubeadm-ha; touch /etc/fstab /etc/hosts"

    def unprepared(self, sandbox: Sandbox, fake: str, before: str, kubeadm: str = "") -> Result:
        """Return what unpreparing did."""
        sandbox.fakes["kubeadm"] = f"case $* in 'reset phase remove-etcd-member') {kubeadm or ':'} ;; esac"
        return run(sandbox, "unprepare-node", fake, f"{self.HOST}; {before}")

    def test_a_control_plane_takes_its_member_along(self, sandbox: Sandbox) -> None:
        """Then its node, then everything on the host."""
        done = self.unprepared(sandbox, cluster(API, QUIET), f"{KUBELET}; {JOINED}; {self.ADMIN}")
        assert done.status == 0, done.error
        order = ["kubeadm reset phase remove-etcd-member", "delete node node-1", "kubeadm reset --force"]
        places = [next(n for n, call in enumerate(done.calls) if words in call) for words in order]
        assert places == sorted(places)

    def test_a_member_that_cannot_be_removed_ends_the_step(self, sandbox: Sandbox) -> None:
        """kubeadm takes that for success; the host stays as it is."""
        said = "echo '[reset] Failed to remove etcd member: unhealthy cluster'"
        done = self.unprepared(sandbox, cluster(API, QUIET), f"{KUBELET}; {JOINED}; {self.ADMIN}", said)
        assert done.status == 1
        assert "removing the etcd member failed" in done.error
        assert not did(done, "kubeadm reset --force")

    def test_a_worker_takes_its_node_along(self, sandbox: Sandbox) -> None:
        """With its own identity."""
        done = self.unprepared(sandbox, cluster(API, QUIET), KUBELET)
        assert done.status == 0, done.error
        assert did(done, "--kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=30s delete node node-1")
        assert not did(done, "reset phase")

    def test_a_cluster_that_is_gone_is_not_waited_for(self, sandbox: Sandbox) -> None:
        """There is nothing to leave."""
        done = self.unprepared(sandbox, "exit 1", f"{KUBELET}; {JOINED}; {self.ADMIN}")
        assert done.status == 0, done.error
        assert not did(done, "delete node")

    def test_a_host_that_has_left_asks_nobody(self, sandbox: Sandbox) -> None:
        """Leaving has taken its credentials."""
        done = self.unprepared(sandbox, cluster(API, QUIET), ":")
        assert done.status == 0, done.error
        assert not did(done, "kubectl")
