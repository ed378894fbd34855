"""scripts/lib/kubelet.sh and components.sh: kubelets and kube-proxy that are told something else, on nodes that run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.fakes import kubectl
from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import INPUTS, JOINED, KUBELET, cluster, did, run
from tests.unit.upgrades import ALL, CONTROL_PLANE_LINES, LINES, in_order, node

WRITES = """case "$*" in *'phase kubelet-config'*) echo 'maxPods: 60' >/var/lib/kubelet/config.yaml; exit 0 ;; esac
"""
UNTOLD = "*'get configmap kubeadm-ha-settings'*data.kubelet*) printf old ;;"
#: kube-proxy was told something else, and has the version that is wanted.
PROXY = """*'get configmap kubeadm-ha-settings'*data.proxy*) printf old ;;
  *'get daemonset kube-proxy'*containers*) printf registry.k8s.io/kube-proxy:v1.36.3 ;;
  *'get daemonset kube-proxy'*) printf '3 3 1 ' ;;
  *'patch daemonset kube-proxy'*) ;;"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a node whose kubelet gets other settings."""
    host = node(tmp_path)
    host.fakes["kubeadm"] = WRITES + host.fakes["kubeadm"]
    host.fakes["journalctl"] = 'echo \'E1121 "command failed" err="bad field"\''
    host.after += "; cat /var/lib/kubelet/config.yaml"
    return host


def told(sandbox: Sandbox, before: str = "", lines: tuple[str, ...] = (), more: dict[str, str] | None = None) -> Result:
    """Return what a worker did about its kubelet."""
    return run(sandbox, "join-worker", cluster(*lines, *LINES), f"{KUBELET}\n{before}", more)


def test_a_kubelet_restarts_with_new_settings(sandbox: Sandbox) -> None:
    """Nothing is drained, and nothing is left behind."""
    done = told(sandbox)
    assert done.status == 0, done.error
    in_order(done, "phase kubelet-config --config upgrade.yaml", "systemctl restart kubelet", ":10248/healthz")
    assert "maxPods: 60" in done.seen
    assert "kubelet-restarts" not in done.seen
    assert not did(done, '"unschedulable": true')


def test_the_same_settings_restart_nothing(sandbox: Sandbox) -> None:
    """They are written, and are what was there."""
    sandbox.fakes["kubeadm"] = sandbox.fakes["kubeadm"].replace("maxPods: 60", "maxPods: 110")
    done = told(sandbox)
    assert done.status == 0, done.error
    assert not did(done, "restart kubelet")
    assert "kubelet-restarts" not in done.seen


def test_what_was_written_and_not_taken_up_is_taken_up(sandbox: Sandbox) -> None:
    """Interrupted between the two: the settings are those already, and the kubelet restarts all the same."""
    half = "cd /var/lib/kubeadm-ha; cp /var/lib/kubelet/config.yaml kubelet-settings; touch kubelet-restarts; cd /"
    done = told(sandbox, f"{half}\necho 'maxPods: 60' >/var/lib/kubelet/config.yaml")
    assert done.status == 0, done.error
    assert did(done, "restart kubelet")
    assert "kubelet-restarts" not in done.seen


def test_what_a_run_that_broke_off_has_written_is_taken_back(sandbox: Sandbox) -> None:
    """The file is then as it was, and the kubelet may run with what was there for a while: it restarts."""
    sandbox.fakes["kubeadm"] = sandbox.fakes["kubeadm"].replace("maxPods: 60", "maxPods: 110")
    half = "cd /var/lib/kubeadm-ha; cp /var/lib/kubelet/config.yaml kubelet-settings; touch kubelet-restarts; cd /"
    done = told(sandbox, f"{half}\necho 'maxPods: 60' >/var/lib/kubelet/config.yaml")
    assert done.status == 0, done.error
    assert did(done, "restart kubelet")
    assert "kubelet-restarts" not in done.seen


def test_a_kubelet_that_does_not_come_up_gets_its_old_settings_back(sandbox: Sandbox) -> None:
    """With its last words."""
    sandbox.fakes["curl"] = "grep -q 110 /var/lib/kubelet/config.yaml"
    done = told(sandbox, more={"KUBELET_COMES_UP_SECONDS": "1"})
    assert done.status == 1
    assert "the kubelet did not come up with its new settings. It has its old ones back" in done.error
    assert "bad field" in done.error
    assert "maxPods: 110" in done.seen
    assert "kubelet-restarts" not in done.seen


def test_a_worker_comes_after_the_control_planes(sandbox: Sandbox) -> None:
    """A run with --target would give it what the cluster had before."""
    done = told(sandbox, lines=(UNTOLD,))
    assert done.status == 1
    assert "the cluster has not been given these kubelet settings yet" in done.error
    assert "maxPods: 110" in done.seen


def test_a_control_plane_tells_the_cluster_first(sandbox: Sandbox) -> None:
    """What nodes that join get, then its own kubelet."""
    # What is noted is read again: the cluster's answer changes with it.
    answer = "[ -e /run/told ] && printf TOLD || printf old".replace("TOLD", INPUTS["KUBELET_CONFIG"])
    kubelet = f"*'get configmap kubeadm-ha-settings'*data.kubelet*) {answer} ;;"
    noted = "*'field-manager kubeadm-ha-kubelet'*) touch /run/told ;;"
    fake = kubectl(list(ALL), list(ALL), first="\n".join((kubelet, noted, *CONTROL_PLANE_LINES)))
    done = run(sandbox, "join-control-plane", fake, f"{KUBELET}; {JOINED}")
    assert done.status == 0, done.error
    in_order(
        done,
        "upload-config kubelet --config all.yaml",
        "field-manager kubeadm-ha-kubelet",
        "phase kubelet-config",
        "restart kubelet",
    )


def test_kube_proxy_is_told_and_restarted(sandbox: Sandbox) -> None:
    """Its ConfigMap is kubeadm's to write; its pods are replaced by its DaemonSet."""
    fake = kubectl(list(ALL), list(ALL), first="\n".join((PROXY, *CONTROL_PLANE_LINES)))
    done = run(sandbox, "join-control-plane", fake, f"{KUBELET}; {JOINED}")
    assert done.status == 0, done.error
    in_order(done, "init phase addon kube-proxy --config all.yaml", "patch daemonset kube-proxy", "kubeadm-ha-proxy")


def test_kube_proxy_of_another_version_waits_for_its_upgrade(sandbox: Sandbox) -> None:
    """The last control plane brings it, and tells it then."""
    lines = PROXY.replace("v1.36.3", "v1.35.6")
    fake = kubectl(list(ALL), list(ALL), first="\n".join((lines, *CONTROL_PLANE_LINES)))
    done = run(sandbox, "join-control-plane", fake, f"{KUBELET}; {JOINED}")
    assert done.status == 0, done.error
    assert not did(done, "addon kube-proxy")
