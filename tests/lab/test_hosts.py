"""What a site does with its hosts: one that is a whole cluster, marks on nodes, scripts of its own, a proxy as the only
way out. Told in order.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.clients import Client
from tests.lab.site import Site, eventually
from tests.lab.test_main_job import READER, assert_clean

pytestmark = pytest.mark.long

HOSTS = {"lb-1": "10.77.0.2", "lb-2": "10.77.0.3", "cp-1": "10.77.0.11", "worker-1": "10.77.0.21"}
PROXY = "http://10.77.0.1:3128"
#: The mirror and the registry answer the site's proxy, and no host.
SHUT = """
add table inet story
add chain inet story input { type filter hook input priority 0; policy accept; }
add rule inet story input ip saddr 10.77.0.0/24 ip saddr != 10.77.0.1 tcp dport { 80, 5000 } reject with tcp reset
"""
HOOK = """#!/bin/bash
set -eu
kubelet=$(systemctl is-active kubelet || true)
echo "{time} $NODE_NAME $NODE_GROUP $KUBERNETES_VERSION ${{KUBECONFIG:-none}} $kubelet" >>/root/hooks
"""
AFTER_UP = """#!/bin/sh
kubectl create configmap "after-up-$(kubectl get nodes -o name | wc -l)" --from-literal=on=$NODE_NAME
"""
GPU = {"key": "example.org/gpu", "value": "a100", "effect": "NoSchedule"}
PLANE = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: plain}
spec:
  replicas: 3
  selector: {matchLabels: {app: plain}}
  template:
    metadata: {labels: {app: plain}}
    spec:
      containers:
        - {name: plain, image: "registry.k8s.io/e2e-test-images/agnhost:2.63", args: [pause]}
"""


@pytest.fixture(scope="module", autouse=True)
def way_out(site: Site) -> Iterator[Path]:
    """Boot four hosts that have a proxy as their only way out, and write a cluster of one of them."""
    site.boot(HOSTS)
    site.lab("nft", "-f", "-", stdin=SHUT)
    asked = site.folder / "asked"
    words = [sys.executable, "-m", "tests.lab.forward_proxy", *PROXY.removeprefix("http://").split(":")]
    server = subprocess.Popen([str(site.folder / "lab" / "run"), *words], cwd=site.folder, stdout=asked.open("w"))
    hooks = site.folder / "hooks"
    hooks.mkdir()
    for when in ("before", "after"):
        (hooks / f"{when}.sh").write_text(HOOK.format(time=when))
    (hooks / "up.sh").write_text(AFTER_UP)
    with site.edited() as cluster:
        cluster["controlPlane"] = {"hosts": {"cp-1": HOSTS["cp-1"]}, "takesWork": True}
        del cluster["workers"]
        cluster["proxy"] = {"http": PROXY}
        cluster["hooks"] = {
            "beforeJoin": ["hooks/before.sh"],
            "afterJoin": ["hooks/after.sh"],
            "afterUp": ["hooks/up.sh"],
        }
    try:
        yield asked
    finally:
        server.terminate()
        server.wait(timeout=30)


def node(site: Site, name: str) -> Any:
    """Return a node."""
    return site.get("node", name)


def taints(site: Site, name: str) -> list[dict[str, str]]:
    """Return a node's taints, without the times that Kubernetes adds, and without those of a state that passes."""
    found = [t for t in node(site, name)["spec"].get("taints", []) if not t["key"].startswith("node.kubernetes.io/")]
    return sorted(({k: v for k, v in t.items() if k != "timeAdded"} for t in found), key=lambda t: t["key"])


def where(site: Site) -> set[str]:
    """Return the nodes that the plain pods run on."""
    site.kubectl("rollout", "status", "deployment/plain", "--timeout=90s", timeout=120)
    return {pod["spec"]["nodeName"] for pod in site.get("pods", "-l", "app=plain")["items"]}


def test_one_host_is_a_cluster(site: Site, way_out: Path) -> None:
    """Its control plane takes work; all that it is made of came through the proxy."""
    shown = site.up().stdout
    assert "with one control plane any loss ends the cluster" in shown
    assert site.ready_nodes() == {"cp-1"}
    assert taints(site, "cp-1") == []
    assert EXCLUDED not in node(site, "cp-1")["metadata"]["labels"]
    asked = way_out.read_text()
    assert "http://mirror.lab/kubernetes/" in asked
    assert "http://registry.lab:5000/v2/registry.k8s.io/pause/" in asked
    site.kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    assert where(site) == {"cp-1"}
    site.assert_unchanged()


def test_no_pod_of_kubeadm_s_knows_the_proxy(site: Site) -> None:
    """They talk to the cluster alone."""
    shown = site.kubectl("get", "pods", "-n", "kube-system", "-o", "yaml")
    assert PROXY not in shown
    assert "NO_PROXY" in site.ssh("cp-1", "systemctl show containerd --property Environment")


def test_scripts_of_the_site_have_run_once(site: Site) -> None:
    """Before the join with no kubelet, after it with one; and the last with the administrator's rights."""
    version = node(site, "cp-1")["status"]["nodeInfo"]["kubeletVersion"].removeprefix("v")
    before, after = site.ssh("cp-1", "cat /root/hooks").splitlines()
    assert before.startswith(f"before cp-1 controlPlane {version} none ")
    assert not before.endswith(" active")
    assert after == f"after cp-1 controlPlane {version} none active"
    assert site.get("configmap", "after-up-1")["data"] == {"on": "cp-1"}


def test_the_host_loses_power(site: Site) -> None:
    """What one host cannot survive is being away: the API is, till it is back."""
    client = Client(site.folder, READER)
    time.sleep(3)
    site.hosts("reboot", "cp-1")
    eventually("the node", lambda: site.ready_nodes() == {"cp-1"}, 180)
    time.sleep(5)
    print(f"the API of one host, whose power was cut and came back: away {client.stop():.1f} s")
    site.assert_unchanged()


def test_a_worker_joins_with_what_it_carries(site: Site) -> None:
    """It is tainted from its first second, so that none of the pods that wait for a place comes there."""
    site.kubectl("scale", "deployment/plain", "--replicas=6")
    host = {"address": HOSTS["worker-1"], "labels": {"example.org/rack": "7"}}
    with site.edited() as cluster:
        cluster["workers"] = {
            "gpu": {
                "hosts": {"worker-1": host},
                "labels": {"topology.kubernetes.io/zone": "a", "example.org/rack": "1"},
                "annotations": {"example.org/asset": "A 4711, second shelf"},
                "taints": [GPU],
            }
        }
    site.up()
    assert site.ready_nodes() == {"cp-1", "worker-1"}
    metadata = node(site, "worker-1")["metadata"]
    assert metadata["labels"]["topology.kubernetes.io/zone"] == "a"
    assert metadata["labels"]["example.org/rack"] == "7"
    assert metadata["annotations"]["example.org/asset"] == "A 4711, second shelf"
    assert taints(site, "worker-1") == [GPU]
    assert where(site) == {"cp-1"}
    site.assert_unchanged()


def test_what_the_file_says_no_more_is_taken_back(site: Site) -> None:
    """And what others have set stays; the control plane rests, and a script with another content is run again."""
    site.kubectl("label", "node", "worker-1", "example.org/by-hand=yes")
    site.kubectl("taint", "node", "worker-1", "example.org/by-hand=yes:PreferNoSchedule")
    (site.folder / "hooks" / "after.sh").write_text(HOOK.format(time="after-again"))
    with site.edited() as cluster:
        pool = cluster["workers"]["gpu"]
        pool["labels"] = {"topology.kubernetes.io/zone": "b"}
        pool["hosts"]["worker-1"] = HOSTS["worker-1"]
        del pool["annotations"], pool["taints"]
        cluster["controlPlane"]["takesWork"] = False
    client = Client(site.folder)
    shown = site.up().stdout
    time.sleep(2)
    print(f"longest gap between writes while marks change: {client.stop():.1f} s")
    assert "worker-1: the taint example.org/gpu=a100:NoSchedule is taken away." in shown
    assert "cp-1: no new ordinary pod comes there; those that run there stay." in shown
    metadata = node(site, "worker-1")["metadata"]
    assert metadata["labels"]["topology.kubernetes.io/zone"] == "b"
    assert metadata["labels"]["example.org/by-hand"] == "yes"
    assert "example.org/rack" not in metadata["labels"]
    assert "example.org/asset" not in metadata["annotations"]
    by_hand = {"key": "example.org/by-hand", "value": "yes", "effect": "PreferNoSchedule"}
    assert taints(site, "worker-1") == [by_hand]
    assert taints(site, "cp-1") == [PLANE]
    assert EXCLUDED in node(site, "cp-1")["metadata"]["labels"]
    assert where(site) == {"cp-1"}
    assert site.ssh("worker-1", "cut -d ' ' -f 1,2,3 /root/hooks").splitlines() == [
        "before worker-1 gpu",
        "after worker-1 gpu",
        "after-again worker-1 gpu",
    ]
    assert len(site.ssh("cp-1", "cat /root/hooks").splitlines()) == 3
    site.kubectl("rollout", "restart", "deployment/plain")
    eventually("the pods on the worker", lambda: where(site) == {"worker-1"}, 120)
    site.assert_unchanged()


def test_a_script_that_fails_is_told_by_its_name(site: Site) -> None:
    """The step ends with what it said, and goes on from there when it is mended."""
    hook = site.folder / "hooks" / "before.sh"
    right = hook.read_text()
    hook.write_text("#!/bin/sh\necho the disk is not there\nexit 3\n")
    failed = site.up(check=False)
    assert failed.returncode != 0
    assert "running the hook before-join before.sh failed with status 3" in failed.stdout
    assert "the disk is not there" in failed.stdout
    hook.write_text(right)
    site.up()
    site.assert_unchanged()


def test_another_way_out_is_taken_node_by_node(site: Site) -> None:
    """containerd restarts with it, one node after another, and its containers run on."""
    before = site.ssh("worker-1", "crictl ps -q | sort")
    with site.edited() as cluster:
        cluster["proxy"]["noProxy"] = [".example.org"]
    shown = site.up().stdout
    assert "given containerd's new proxy (containerd restarts, containers run on)" in shown
    for host in ("cp-1", "worker-1"):
        assert ".example.org" in site.ssh(host, "tr '\\0' '\\n' </proc/$(pidof containerd)/environ")
    assert site.ssh("worker-1", "crictl ps -q | sort") == before
    site.assert_unchanged()


def test_destroy_leaves_nothing(site: Site) -> None:
    """Neither of the proxy nor of the scripts' marks."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for host in HOSTS:
        assert_clean(site, host)
        assert site.ssh(host, "ls -d /etc/systemd/system/containerd.service.d 2>/dev/null || true") == ""
