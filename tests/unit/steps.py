"""What the tests of scripts share: a bare host with fakes, and a cluster that answers."""

from __future__ import annotations

from pathlib import Path

from tests.unit.fakes import kubectl
from tests.unit.sandbox import Result, Sandbox

INPUTS = {"ENDPOINT": "192.0.2.10:6443", "DRAIN_SECONDS": "10", "DELETE_UNMANAGED_PODS": "no"}
OURS = "    certificate-authority-data: b3Vycw==\n"
THEIRS = OURS.replace("b3Vycw==", "dGhlaXJz")
FILES = {
    "kubeadm.yaml": "kind: JoinConfiguration\n",
    "discovery.conf": OURS,
    "admin.conf": OURS,
    "pki/ca.crt": "certificate\n",
    "pki/ca.key": "key\n",
}
#: Lines of kubectl's `case`: an API that answers, and this node, there and Ready.
API = "*'get --raw /readyz'*) ;;"
READY = "*jsonpath*Ready*) printf True ;;"
SICK = "*jsonpath*Ready*) printf False ;;"
THERE = "*'--ignore-not-found -o name'*) echo node/node-1 ;;"
GONE = "*'--ignore-not-found -o name'*) ;;"
QUIET = "*cordon*|*'delete node'*|*'get pods --all'*|*'delete secrets'*) ;;"
JOINED = "mkdir -p /etc/kubernetes/manifests; echo x >/etc/kubernetes/manifests/etcd.yaml"
KUBELET = f"mkdir -p /etc/kubernetes; printf '%s' '{OURS}' >/etc/kubernetes/kubelet.conf"
JOINING = "mkdir -p /var/lib/kubeadm-ha; touch /var/lib/kubeadm-ha/joining"
STATE = "ls /var/lib/kubeadm-ha /etc/kubernetes 2>/dev/null"


def bare(tmp_path: Path) -> Sandbox:
    """Return a host with everything that could reach beyond it faked."""
    quiet = ("systemctl", "kubeadm", "crictl", "nft", "iptables-save", "ip6tables-save", "modprobe", "sysctl")
    fakes = dict.fromkeys(quiet, "exit 0")
    fakes |= {"ip": "exit 1", "sleep": "exec /bin/sleep 0.05", "curl": "exit 0"}
    fakes["openssl"] = "echo 'notAfter=Jun 15 15:06:40 2026 GMT'"
    return Sandbox(tmp_path, fakes, before="mkdir -p /var/lib/kubelet", after=STATE)


def run(
    sandbox: Sandbox, script: str, kubectl_fake: str, before: str = ":", more: dict[str, str] | None = None
) -> Result:
    """Run a script on a host where `before` has been done."""
    sandbox.fakes["kubectl"] = kubectl_fake
    sandbox.before += f"\n{before}"
    return sandbox.script(script, INPUTS | (more or {}), FILES)


def did(result: Result, words: str) -> bool:
    """Return whether a command that has these words was run."""
    return any(words in call for call in result.calls)


def cluster(*lines: str) -> str:
    """Return a fake kubectl of a cluster without etcd."""
    return kubectl([], [], first="\n".join(lines))
