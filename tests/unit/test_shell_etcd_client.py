"""Control planes with an etcd that does not run on them: no member is asked about, joined with or removed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import (
    API,
    FILES,
    INPUTS,
    JOINED,
    JOINING,
    KUBELET,
    NODE,
    QUIET,
    READY,
    THERE,
    bare,
    cluster,
    did,
    ran,
)

ELSEWHERE = {"ETCD": "external", "ETCD_ENDPOINTS": "https://192.0.2.61:2379 https://192.0.2.62:2379"}
MORE = {
    "pki/etcd/ca.crt": "authority of etcd\n",
    "pki/apiserver-etcd-client.crt": "new certificate\n",
    "pki/apiserver-etcd-client.key": "new key\n",
}
#: A curl that reaches no API server, and an etcd that is well and empty.
WELL = """case "$*" in
  *2379/health*) echo '{"health":"true"}' ;;
  *v3/kv/range*) echo '{"header":{}}' ;;
  *--cacert\\ pki/ca.crt*) exit 7 ;;
  *) printf 000; exit 7 ;;
esac"""
#: The same beside an API server that answers here.
JOINS = WELL.replace("exit 7 ;;\n  *)", "exit 0 ;;\n  *)")
PLANES = "*'get nodes -l node-role.kubernetes.io/control-plane -o name'*) printf 'node/node-1\\nnode/cp-2\\n' ;;"
ALONE = PLANES.replace("\\nnode/cp-2", "")


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a bare host whose etcd is elsewhere."""
    host = bare(tmp_path)
    host.fakes["curl"] = WELL
    return host


def run(sandbox: Sandbox, script: str, *answers: str, before: str = ":") -> Result:
    """Run a script on a host where `before` has been done."""
    sandbox.fakes["kubectl"] = cluster(*answers)
    sandbox.before += f"\n{before}"
    inputs = {key: value for key, value in INPUTS.items() if key != "ETCD_DATA"} | ELSEWHERE
    return sandbox.script(script, inputs, FILES | MORE)


class TestStart:
    """scripts/start-cluster.sh."""

    def test_a_cluster_is_started_on_an_etcd_that_is_well(self, sandbox: Sandbox) -> None:
        """Every address answers, and nothing is in it."""
        done = run(sandbox, "start-cluster", API, QUIET)
        assert done.status == 0, done.error
        assert did(done, "kubeadm init --config kubeadm.yaml")

    def test_objects_of_another_cluster_are_left_alone(self, sandbox: Sandbox) -> None:
        """To start on them would mix two clusters."""
        sandbox.fakes["curl"] = WELL.replace('{"header":{}}', '{"header":{},"count":"12"}')
        done = run(sandbox, "start-cluster", API, QUIET)
        assert done.status == 1
        assert "etcd holds the objects of another cluster" in done.error
        assert not ran(done, "kubeadm")

    def test_an_interrupted_start_finds_its_own_objects(self, sandbox: Sandbox) -> None:
        """They are what it wrote itself."""
        sandbox.fakes["curl"] = WELL.replace('{"header":{}}', '{"header":{},"count":"12"}')
        half = "mkdir -p /var/lib/kubeadm-ha; touch /var/lib/kubeadm-ha/starting"
        done = run(sandbox, "start-cluster", API, QUIET, before=half)
        assert done.status == 0, done.error
        assert did(done, "kubeadm init")


class TestJoin:
    """scripts/join-control-plane.sh."""

    def test_a_bare_host_joins(self, sandbox: Sandbox) -> None:
        """Its product names no certificate of a member."""
        sandbox.fakes["curl"] = JOINS
        done = run(sandbox, "join-control-plane", API, NODE, READY, THERE, QUIET)
        assert done.status == 0, done.error
        assert did(done, "kubeadm join --config kubeadm.yaml")
        assert '"apiserver-etcd-client"' in done.output
        assert "etcd/peer" not in done.output

    def test_a_new_client_certificate_is_put_in_place(self, sandbox: Sandbox) -> None:
        """The API server takes it from the disk; nothing is restarted."""
        sandbox.fakes["curl"] = JOINS
        sandbox.after = "cat /etc/kubernetes/pki/apiserver-etcd-client.key"
        done = run(
            sandbox,
            "join-control-plane",
            *(API, NODE, READY, THERE, QUIET),
            before=f"{KUBELET}; {JOINED}; rm /etc/kubernetes/manifests/etcd.yaml",
        )
        assert done.status == 0, done.error
        assert done.seen == "new key\n"
        assert not did(done, "kubeadm join")

    def test_a_join_that_came_to_its_end_counts(self, sandbox: Sandbox) -> None:
        """The connection dropped after it: its API server and its node are ready, and no member is missed."""
        sandbox.fakes["curl"] = JOINS
        ended = f"{KUBELET}; {JOINED}; {JOINING}; rm /etc/kubernetes/manifests/etcd.yaml"
        done = run(sandbox, "join-control-plane", API, NODE, READY, THERE, QUIET, before=ended)
        assert done.status == 0, done.error
        assert not did(done, "kubeadm join")


class TestLeave:
    """scripts/leave-control-plane.sh."""

    JOINED = f"{KUBELET}; {JOINED}; rm /etc/kubernetes/manifests/etcd.yaml"

    def test_it_leaves(self, sandbox: Sandbox) -> None:
        """Drained and forgotten, since another one goes on; etcd is not asked."""
        done = run(sandbox, "leave-control-plane", API, NODE, PLANES, THERE, QUIET, before=self.JOINED)
        assert done.status == 0, done.error
        assert did(done, "delete node node-1")
        assert not did(done, "etcdctl")

    def test_the_last_one_ends_the_cluster(self, sandbox: Sandbox) -> None:
        """Nobody is left to forget it."""
        done = run(sandbox, "leave-control-plane", API, NODE, ALONE, THERE, QUIET, before=self.JOINED)
        assert done.status == 0, done.error
        assert not did(done, "delete node node-1")
        assert did(done, "kubeadm reset")
