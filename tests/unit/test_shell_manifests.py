"""scripts/lib/manifests.sh and settings.sh: what a control plane that runs does when it is told something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.fakes import kubectl
from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import FILES, INPUTS, JOINED, KUBELET, asked, did, run
from tests.unit.upgrades import ALL, CONTROL_PLANE_LINES, OLD, OLD_CLUSTER, in_order, node

#: A static pod has another mirror as soon as its manifest is another one; with the word `bad` in it, it is not Ready.
MIRROR = """*'get pod kube-apiserver-node-1'*)
    sum=$(md5sum </etc/kubernetes/manifests/kube-apiserver.yaml | cut -c -8)
    printf '%s ' "$sum"
    ! grep -q bad /etc/kubernetes/manifests/kube-apiserver.yaml && printf 'True 0' || printf 'False 0' ;;
  *'get pod kube-'*) printf 'same True 0' ;;"""
SERVERS = "*'get pods -l component=kube-apiserver'*) printf 'node-1 True\\ncp-1 True\\ncp-2 True\\n' ;;"
#: kubeadm renders an API server with another word.
RENDERED = """case "$*" in *'control-plane all --dry-run'*) cd /etc/kubernetes/manifests
  for file in kube-*.yaml; do cp "$file" "$KUBEADM_INIT_DRYRUN_DIR"; done
  echo WORD >>"$KUBEADM_INIT_DRYRUN_DIR/kube-apiserver.yaml"; exit 0 ;;
esac
"""
NOT_NOTED = "mkdir -p /run; echo old >/run/noted"


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a control plane whose API server gets another manifest."""
    host = node(tmp_path)
    host.fakes["kubeadm"] = RENDERED.replace("WORD", "good") + host.fakes["kubeadm"]
    host.fakes["crictl"] = 'case "$*" in *--latest*) echo c1 ;; logs*) echo "unknown flag: --x" ;; esac'
    host.after += "; cat /etc/kubernetes/manifests/kube-apiserver.yaml"
    return host


def rolled(
    sandbox: Sandbox, before: str = "", lines: tuple[str, ...] = (), more: dict[str, str] | None = None
) -> Result:
    """Return what was done about the manifests."""
    fake = kubectl(list(ALL), list(ALL), first="\n".join((*lines, MIRROR, SERVERS, *CONTROL_PLANE_LINES)))
    return run(sandbox, "join-control-plane", fake, f"{KUBELET}; {JOINED}\n{NOT_NOTED}\n{before}", more)


def test_what_differs_is_replaced_and_kept(sandbox: Sandbox) -> None:
    """All others are asked first; the cluster learns of it when it has worked here."""
    done = rolled(sandbox)
    assert done.status == 0, done.error
    in_order(
        done,
        "endpoint health --cluster",
        "component=kube-apiserver",
        "get pod kube-apiserver-node-1",
        "curl -sS",
        "upload-config kubeadm --config kept.yaml",
        "apply --server-side --force-conflicts --field-manager kubeadm-ha-cluster",
    )
    assert "good" in done.seen
    assert not did(done, "get pod kube-scheduler")


def test_one_that_does_not_come_up_gets_its_old_manifest_back(sandbox: Sandbox) -> None:
    """With its last words in the error; the cluster is told nothing."""
    sandbox.fakes["kubeadm"] = sandbox.fakes["kubeadm"].replace("echo good", "echo bad")
    done = rolled(sandbox, more={"COMES_UP_SECONDS": "1"})
    assert done.status == 1
    assert "  | unknown flag: --x" in done.error
    assert "kube-apiserver did not come up with its new settings. It has its old ones back" in done.error
    assert "bad" not in done.seen
    assert not did(done, "upload-config")


def test_one_that_ends_again_and_again_is_given_up_early(sandbox: Sandbox) -> None:
    """Three restarts say enough."""
    crashing = MIRROR.replace("False 0", "False 3")
    sandbox.fakes["kubeadm"] = sandbox.fakes["kubeadm"].replace("echo good", "echo bad")
    done = rolled(sandbox, lines=(crashing,))
    assert done.status == 1
    assert "kube-apiserver did not come up with its new settings" in done.error
    assert "bad" not in done.seen


def test_a_second_server_that_is_away_stops_it(sandbox: Sandbox) -> None:
    """An API server is never restarted while another one is down."""
    away = "*'get pods -l component=kube-apiserver'*) printf 'node-1 True\\ncp-1 False\\n' ;;"
    done = rolled(sandbox, lines=(away,))
    assert done.status == 1
    assert "the API server of cp-1 is not Ready" in done.error
    assert "good" not in done.seen


def test_nothing_is_done_twice(sandbox: Sandbox) -> None:
    """Manifests as they should be, and the cluster knows."""
    sandbox.fakes["kubeadm"] = sandbox.fakes["kubeadm"].replace("echo good >>", ": >>")
    fake = kubectl(list(ALL), list(ALL), first="\n".join((MIRROR, SERVERS, *CONTROL_PLANE_LINES)))
    done = run(sandbox, "join-control-plane", fake, f"{KUBELET}; {JOINED}")
    assert done.status == 0, done.error
    assert asked(done) == []
    assert not did(done, "kubeadm-ha-cluster")
    assert not did(done, "component=kube-apiserver")


def test_settings_are_kept_before_an_upgrade(sandbox: Sandbox) -> None:
    """kubeadm writes the new release's manifests from what the cluster keeps: under the version that it still has."""
    sandbox.fakes["kubeadm"] = (
        'case "$*" in *kept.yaml*) cat kept.yaml >>/run/kept ;; esac\n' + sandbox.fakes["kubeadm"]
    )
    sandbox.after += "; cat /run/kept"
    done = rolled(sandbox, f"{OLD}{OLD_CLUSTER}rm -f /run/pods")
    assert done.status == 0, done.error
    in_order(done, "upload-config kubeadm --config kept.yaml", "kubeadm upgrade apply", "control-plane all --dry-run")
    assert "kubernetesVersion: v1.35.6" in done.seen


def test_a_file_of_the_api_servers_is_part_of_its_manifest(sandbox: Sandbox) -> None:
    """Its digest is, so that another content is another manifest; what is no longer there goes at the end."""
    sandbox.after += "; cat /run/patch; ls -l /etc/kubernetes/kubeadm-ha"
    sandbox.fakes["kubeadm"] = "cp patches/kube-apiserver+merge.yaml /run/patch\n" + sandbox.fakes["kubeadm"]
    fake = kubectl(list(ALL), list(ALL), first="\n".join((MIRROR, SERVERS, *CONTROL_PLANE_LINES)))
    sandbox.fakes["kubectl"] = fake
    sandbox.before += f"\n{KUBELET}; {JOINED}\nmkdir /etc/kubernetes/kubeadm-ha; touch /etc/kubernetes/kubeadm-ha/gone"
    done = sandbox.script("join-control-plane", INPUTS, FILES | {"server/audit-policy.yaml": "rules"})
    assert done.status == 0, done.error
    assert 'kubeadm-ha/files: "' in done.seen
    assert "-rw------- 1 root root" in done.seen
    assert "audit-policy.yaml" in done.seen
    assert "gone" not in done.seen
