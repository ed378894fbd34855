"""The scripts that start a cluster and join it: what each decides to do, and above all what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.fakes import IDS, kubectl
from tests.unit.sandbox import Sandbox
from tests.unit.steps import (
    API,
    GONE,
    JOINED,
    JOINING,
    KUBELET,
    NODE,
    OURS,
    QUIET,
    READY,
    RENDER,
    THEIRS,
    THERE,
    asked,
    bare,
    cluster,
    did,
    run,
)


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a bare host."""
    return bare(tmp_path)


class TestStart:
    """scripts/start-cluster.sh: once in the life of a stack."""

    NOBODY = 'case "$*" in *--cacert*) exit 7 ;; *) printf 000; exit 7 ;; esac'

    def test_a_bare_host_starts_the_cluster(self, sandbox: Sandbox) -> None:
        """kubeadm init with our authorities, then the token that it always makes is removed."""
        sandbox.fakes["curl"] = self.NOBODY
        done = run(sandbox, "start-cluster", cluster(API, QUIET))
        assert done.status == 0, done.error
        assert did(done, "kubeadm init --config kubeadm.yaml")
        assert did(done, "delete secrets --field-selector type=bootstrap.kubernetes.io/token")
        assert done.seen.split() == ["/etc/kubernetes:", "pki", "/var/lib/kubeadm-ha:", "patches", "started"]

    def test_a_cluster_that_answers_is_not_started_again(self, sandbox: Sandbox) -> None:
        """With our authority at the endpoint there is nothing to do."""
        done = run(sandbox, "start-cluster", cluster(API))
        assert done.status == 0, done.error
        assert not did(done, "kubeadm init")

    @pytest.mark.parametrize("code", ["200", "401", "403", "503"])
    def test_another_cluster_is_left_alone(self, sandbox: Sandbox, code: str) -> None:
        """Something else at the endpoint: nothing is started beside it."""
        sandbox.fakes["curl"] = f'case "$*" in *--cacert*) exit 60 ;; *) printf {code} ;; esac'
        done = run(sandbox, "start-cluster", cluster(API))
        assert done.status == 1
        assert "another cluster answers at 192.0.2.10:6443" in done.error
        assert not asked(done)

    @pytest.mark.parametrize("data", ["/etc/kubernetes/manifests/kube-apiserver.yaml", "/var/lib/etcd/member/x"])
    def test_data_of_a_cluster_is_left_alone(self, sandbox: Sandbox, data: str) -> None:
        """What is on the disk may be all that is left of somebody's cluster."""
        sandbox.fakes["curl"] = self.NOBODY
        done = run(sandbox, "start-cluster", cluster(API), f"mkdir -p {Path(data).parent}; touch {data}")
        assert done.status == 1
        assert "holds the data of a cluster that this stack does not know" in done.error
        assert not asked(done)

    def test_half_a_start_is_started_anew(self, sandbox: Sandbox) -> None:
        """Nobody has joined what never came to its end: it goes, and the start is made again."""
        sandbox.fakes["curl"] = self.NOBODY
        half = "mkdir -p /var/lib/kubeadm-ha /var/lib/etcd/member; touch /var/lib/kubeadm-ha/starting"
        done = run(sandbox, "start-cluster", cluster(API, QUIET), half)
        assert done.status == 0, done.error
        calls = [call.split()[1] for call in done.calls if call.startswith("kubeadm ")]
        assert calls == ["reset", "init"]

    def test_a_host_that_has_started_starts_nothing(self, sandbox: Sandbox) -> None:
        """It waits for the cluster that it started."""
        started = "mkdir -p /var/lib/kubeadm-ha; touch /var/lib/kubeadm-ha/started"
        done = run(sandbox, "start-cluster", cluster(API), started)
        assert done.status == 0, done.error
        assert not asked(done)

    def test_a_failure_leaves_its_mark(self, sandbox: Sandbox) -> None:
        """The next run knows that a start broke off here."""
        sandbox.fakes |= {"curl": self.NOBODY, "kubeadm": "echo 'port is in use'; exit 1"}
        done = run(sandbox, "start-cluster", cluster(API))
        assert done.status == 1
        assert "  | port is in use" in done.error
        assert "starting" in done.seen


class TestJoinWorker:
    """scripts/join-worker.sh."""

    def test_a_bare_host_joins(self, sandbox: Sandbox) -> None:
        """With its own identity, and no mark of a join that goes on is left."""
        done = run(sandbox, "join-worker", cluster(API, NODE, READY, THERE))
        assert done.status == 0, done.error
        assert [c for c in done.calls if c.startswith("kubeadm")] == ["kubeadm join --config kubeadm.yaml"]
        assert "joining" not in done.seen

    def test_a_worker_stays_as_it_is(self, sandbox: Sandbox) -> None:
        """It has joined, and it is Ready: nothing is done."""
        done = run(sandbox, "join-worker", cluster(API, NODE, READY, THERE), KUBELET)
        assert done.status == 0, done.error
        assert not asked(done)
        assert not did(done, "systemctl restart")

    def test_half_a_join_is_made_anew(self, sandbox: Sandbox) -> None:
        """What broke off goes first."""
        flip = "*jsonpath*Ready*) if [ -e /run/asked ]; then printf True; else touch /run/asked; fi ;;"
        done = run(sandbox, "join-worker", cluster(API, NODE, flip, THERE), f"{KUBELET}; {JOINING}")
        assert done.status == 0, done.error
        assert [call.split()[1] for call in done.calls if call.startswith("kubeadm ")] == ["reset", "join"]
        assert "joining" not in done.seen

    def test_a_join_that_came_to_its_end_counts(self, sandbox: Sandbox) -> None:
        """The connection dropped after the join: the node is Ready, and is not joined again."""
        done = run(sandbox, "join-worker", cluster(API, NODE, READY, THERE), f"{KUBELET}; {JOINING}")
        assert done.status == 0, done.error
        assert not asked(done)
        assert "joining" not in done.seen

    def test_a_node_of_another_cluster_is_left_alone(self, sandbox: Sandbox) -> None:
        """Nothing of it is ours to remove."""
        done = run(sandbox, "join-worker", cluster(API, NODE, READY, THERE), KUBELET.replace(OURS, THEIRS))
        assert done.status == 1
        assert "is a node of another cluster" in done.error
        assert not asked(done)

    def test_a_node_that_somebody_deleted_registers_again(self, sandbox: Sandbox) -> None:
        """A kubelet registers when it starts."""
        done = run(sandbox, "join-worker", cluster(API, NODE, READY, GONE), KUBELET)
        assert done.status == 0, done.error
        assert did(done, "systemctl restart kubelet")


class TestJoinControlPlane:
    """scripts/join-control-plane.sh: one more etcd member, when the majority bears it."""

    ALL = ("cp-1", "cp-2", "node-1")

    def fake(self, members: list[str], healthy: list[str], learner: str = "") -> str:
        """Return a fake kubectl of a cluster in which this node is Ready once it has joined."""
        return kubectl(members, healthy, first="\n".join((API, NODE, READY, THERE, QUIET)), learner=learner)

    def test_a_bare_host_joins(self, sandbox: Sandbox) -> None:
        """It has the authorities before kubeadm makes its certificates; their ends are the product."""
        done = run(sandbox, "join-control-plane", self.fake(list(self.ALL), list(self.ALL)))
        assert done.status == 0, done.error
        assert did(done, "kubeadm join --config kubeadm.yaml")
        assert '"apiserver": "2026-06-15T15:06:40Z"' in done.output
        assert "joining" not in done.seen

    def test_a_join_that_fails_leaves_no_member(self, sandbox: Sandbox) -> None:
        """The line may be taken out of the file before the next run: then nobody comes back to this host."""
        sandbox.fakes["kubeadm"] = f"{RENDER}[ $1 != join ] || {{ echo 'port is in use'; exit 1; }}"
        done = run(sandbox, "join-control-plane", self.fake(list(self.ALL), list(self.ALL)))
        assert done.status == 1
        assert "kubeadm join failed with status 1" in done.error
        assert "  | port is in use" in done.error
        order = ["kubeadm join", f"member remove {IDS['node-1']}", "delete node node-1", "kubeadm reset"]
        places = [next(n for n, call in enumerate(done.calls) if words in call) for words in order]
        assert places == sorted(places)
        assert "joining" not in done.seen

    def test_a_control_plane_stays_as_it_is(self, sandbox: Sandbox) -> None:
        """It has joined, its member is started: nothing is done."""
        done = run(sandbox, "join-control-plane", self.fake(list(self.ALL), list(self.ALL)), f"{KUBELET}; {JOINED}")
        assert done.status == 0, done.error
        assert not asked(done)

    @pytest.mark.parametrize(
        ("members", "healthy"),
        [(["cp-1", "cp-2", "cp-3"], ["cp-1"]), (["cp-1", "cp-2", "cp-3", "cp-4"], ["cp-1"])],
        ids=["one of three", "one of four"],
    )
    def test_a_majority_is_not_put_at_stake(self, sandbox: Sandbox, members: list[str], healthy: list[str]) -> None:
        """With too few healthy members nothing is added."""
        done = run(sandbox, "join-control-plane", self.fake(members, healthy))
        assert done.status == 1
        assert f"only {len(healthy)} of {len(members)} etcd members are healthy" in done.error
        assert not asked(done)

    def test_one_member_joins_at_a_time(self, sandbox: Sandbox) -> None:
        """A learner is a member that is just joining."""
        done = run(sandbox, "join-control-plane", self.fake(["cp-1", "cp-2"], ["cp-1", "cp-2"], learner="cp-2"))
        assert done.status == 1
        assert "etcd has a learner already:  cp-2" in done.error
        assert not asked(done)

    def test_half_a_join_is_made_anew(self, sandbox: Sandbox) -> None:
        """The member that never started, the node and the files go, then the host joins."""
        fake = self.fake(list(self.ALL), ["cp-1", "cp-2"])
        sandbox.fakes["curl"] = "test -e /run/joined"
        sandbox.fakes["kubeadm"] = "if [ $1 = join ]; then touch /run/joined; : >/run/removed; fi"
        done = run(sandbox, "join-control-plane", fake, JOINING)
        assert done.status == 0, done.error
        assert did(done, f"member remove {IDS['node-1']}")
        assert did(done, "delete node node-1 --ignore-not-found")
        assert [call.split()[1] for call in done.calls if call.startswith("kubeadm ")] == ["reset", "join"]

    @pytest.mark.parametrize("before", [JOINED, f"{JOINED}; {JOINING}"], ids=["registered again", "broke off"])
    def test_a_node_without_the_marks_of_a_control_plane_gets_them(self, sandbox: Sandbox, before: str) -> None:
        """kubeadm sets them last: a host that lost power just before is well, and everybody's pods would come to it."""
        members = list(self.ALL)
        unmarked = "*'control-plane --field-selector metadata.name=node-1'*) ;;"
        fake = kubectl(members, members, first="\n".join((unmarked, API, NODE, READY, THERE, QUIET)))
        done = run(sandbox, "join-control-plane", fake, f"{KUBELET}; {before}")
        assert done.status == 0, done.error
        assert asked(done) == ["kubeadm init phase mark-control-plane --config cluster.yaml"]
