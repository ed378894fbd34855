"""An endpoint on every node itself: API servers for control planes, HAProxy on workers. No address has to move."""

from __future__ import annotations

import re

import pytest

from tests.lab.clients import Probe
from tests.lab.site import Site, eventually
from tests.lab.test_main_job import assert_clean

pytestmark = pytest.mark.long

NAME = "api.kubeadm-ha.internal"
PLANES = {"cp-1": "10.77.0.11", "cp-2": "10.77.0.12", "cp-3": "10.77.0.13"}
WORKERS = {"worker-1": "10.77.0.21", "worker-2": "10.77.0.22"}
ALL = {*PLANES, *WORKERS}
#: Writes from a worker as its kubelet does: by the name, through its own HAProxy.
WRITER = Probe(
    "writes from a worker",
    f"""
exec ssh -F /var/lib/kubeadm-ha-lab/ssh_config worker-1 'while sleep 0.1; do
  if kubectl --kubeconfig /run/story.conf --server https://{NAME}:6443 --request-timeout=1s -n default annotate \
    configmap story at=$(date +%s%N) --overwrite >/dev/null 2>&1; then date +%s.%N || exit; fi
done'
""",
)


def backends(site: Site, worker: str) -> set[str]:
    """Return the control planes that a worker's HAProxy knows."""
    found = site.ssh(worker, "cat /etc/kubernetes/api-proxy/haproxy.cfg")
    return set(re.findall(r"^    server (\S+) ", found, re.MULTILINE))


def meaning(site: Site, host: str) -> str:
    """Return what the endpoint's name means on a host, and to its kube-proxy."""
    own = site.ssh(host, f"getent hosts {NAME}").split()[0]
    pods = "/var/lib/kubelet/pods/$(crictl inspect -o go-template --template "
    pods += """'{{ index .status.labels "io.kubernetes.pod.uid" }}' $(crictl ps -q --name '^kube-proxy$'))/etc-hosts"""
    assert f"{own} {NAME}" in site.ssh(host, f"cat {pods}"), host
    return own


def test_up(site: Site) -> None:
    """Three control planes, two workers, and nothing else."""
    site.boot({**PLANES, **WORKERS})
    with site.edited() as cluster:
        # Debian's HAProxy, in an image of its own: the official one comes from no registry of packages.
        cluster["endpoint"] = {"kind": "node-local", "image": "docker.io/library/haproxy:2.6.12"}
        cluster["registries"]["docker.io"] = ["http://registry.lab:5000/v2/docker.io"]
    print(site.up().stdout[-2000:])
    eventually("all nodes", lambda: site.ready_nodes() == ALL, 60)


def test_it_is_healthy(site: Site) -> None:
    """On every node the name means that node, for kube-proxy too; from outside a control plane answers."""
    assert site.etcd_members("cp-3") == dict.fromkeys(PLANES, "started")
    assert {host: meaning(site, host) for host in ALL} == PLANES | dict.fromkeys(WORKERS, "127.0.0.1")
    for host in ALL:
        answer = f"curl -sS --cacert /etc/kubernetes/pki/ca.crt --max-time 5 https://{NAME}:6443/readyz"
        assert site.ssh(host, answer) == "ok", host
    assert site.output("endpoint") == "https://10.77.0.11:6443"
    assert all(backends(site, worker) == set(PLANES) for worker in WORKERS)
    listening = site.ssh("worker-1", "ss -Hltn 'sport = :6443'")
    assert {line.split()[3] for line in listening.splitlines()} == {"127.0.0.1:6443"}


def test_a_second_up_changes_nothing(site: Site) -> None:
    """Zero changes."""
    site.assert_unchanged()
    assert "unchanged" in site.up().stdout


def test_a_control_plane_is_lost(site: Site) -> None:
    """A worker that writes goes on with another one: HAProxy drops the connections of the dead one."""
    site.kubectl("-n", "default", "create", "configmap", "story")
    kubeconfig = site.output("kubeconfig")
    site.ssh("worker-1", f"umask 077; cat >/run/story.conf <<'END'\n{kubeconfig}\nEND\n")
    for lost in ("cp-2", "cp-1"):
        with site.without(lost, 25, probe=WRITER):
            if lost != "cp-1":
                site.assert_unchanged()
        eventually("all nodes", lambda: site.ready_nodes() == ALL, 180)
        # Its etcd member too: without it the next loss would cost the majority.
        site.until_healthy()


def test_the_proxy_of_a_worker_is_lost(site: Site) -> None:
    """Only the process dies: the kubelet starts it anew, though it has no API meanwhile."""
    site.under_requests(
        "without its HAProxy",
        lambda: site.ssh("worker-1", "pkill -KILL haproxy"),
        15,
        within=10,
        probe=WRITER,
    )


def test_a_worker_is_rebooted(site: Site) -> None:
    """Its kubelet starts HAProxy without an API, and reaches the API through it then."""
    site.hosts("reboot", "worker-2")
    # The node counts as Ready for a while though it is away, so what runs on it is asked.
    eventually("the worker's pods", lambda: meaning(site, "worker-2") == "127.0.0.1", 180)
    eventually("the worker", lambda: "worker-2" in site.ready_nodes(), 120)
    site.assert_unchanged()


def test_workers_follow_the_control_planes(site: Site) -> None:
    """One leaves and comes again: every worker's list follows, and HAProxy is not started anew."""
    started = site.ssh("worker-1", "crictl ps -q --name '^api-proxy$'")
    with site.edited() as cluster:
        del cluster["controlPlane"]["hosts"]["cp-2"]
    site.up()
    assert all(backends(site, worker) == {"cp-1", "cp-3"} for worker in WORKERS)
    assert_clean(site, "cp-2")
    with site.edited() as cluster:
        cluster["controlPlane"]["hosts"]["cp-2"] = PLANES["cp-2"]
    site.up()
    assert all(backends(site, worker) == set(PLANES) for worker in WORKERS)
    assert site.ssh("worker-1", "crictl ps -q --name '^api-proxy$'") == started
    eventually("all nodes", lambda: site.ready_nodes() == ALL, 60)
    site.assert_unchanged()


def test_destroy_leaves_hosts_that_can_be_used_again(site: Site) -> None:
    """The name is gone from every host."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for host in ALL:
        assert_clean(site, host)
        assert NAME not in site.ssh(host, "cat /etc/hosts")
