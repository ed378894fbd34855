"""What the tests of scripts share: a bare host with fakes, and a cluster that answers."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.unit.fakes import kubectl
from tests.unit.sandbox import Result, Sandbox

SETTINGS = "version = 3\n"
#: What stands for what the cluster was told: here the same for all its parts.
TOLD = hashlib.sha256(b"kind: ClusterConfiguration\n").hexdigest()[:12]
INPUTS = {
    "ENDPOINT": "192.0.2.10:6443",
    "KUBERNETES_VERSION": "1.36.3",
    "CONTAINERD_VERSION": "2.4.2",
    "KUBELET_CONFIG": TOLD,
    "PROXY_CONFIG": TOLD,
    "RUNTIME_CONFIG": hashlib.sha256(SETTINGS.encode()).hexdigest()[:12],
    "DRAIN_SECONDS": "10",
    "DELETE_UNMANAGED_PODS": "no",
    "ETCD": "stacked",
    "ETCD_DATA": "/var/lib/etcd",
}
OURS = "    certificate-authority-data: b3Vycw==\n"
THEIRS = OURS.replace("b3Vycw==", "dGhlaXJz")
FILES = {
    "kubeadm.yaml": "kind: JoinConfiguration\n",
    "discovery.conf": OURS,
    "admin.conf": OURS,
    "pki/ca.crt": "certificate\n",
    "pki/ca.key": "key\n",
    "components.yaml": "kind: KubeletConfiguration\n---\nkind: KubeProxyConfiguration\n",
    "upgrade.yaml": "kind: UpgradeConfiguration\n",
    "cluster.yaml": "kind: ClusterConfiguration\nkubernetesVersion: v1.36.3\n",
    "names": "kubernetes\nnode-1\n",
}
#: What the cluster was told last; what is noted now is in /run/noted.
NOTED = f"""*'get configmap kubeadm-ha-settings'*data.cluster*) cat /run/noted 2>/dev/null || printf {TOLD} ;;
  *'get configmap kubeadm-ha-settings'*) printf {TOLD} ;;
  *'field-manager kubeadm-ha-'*) printf {TOLD} >/run/noted ;;"""
#: Lines of kubectl's `case`: an API that answers, and this node, there and Ready.
MARKED = "*'control-plane --field-selector metadata.name=node-1'*) echo node/node-1 ;;"
API = f"*'get --raw /readyz'*) ;;\n{NOTED}\n{MARKED}"
READY = "*jsonpath*Ready*) printf True ;;"
SICK = "*jsonpath*Ready*) printf False ;;"
THERE = "*'--ignore-not-found -o name'*) echo node/node-1 ;;"
GONE = "*'--ignore-not-found -o name'*) ;;"
#: A node that runs what is wanted, and is not cordoned.
KUBELET_VERSION = "*nodeInfo.kubeletVersion*) cat /run/running 2>/dev/null || printf v1.36.3 ;;"
UNCORDONED = "*spec.unschedulable*kubeadm-ha/cordoned*) cat /run/cordon 2>/dev/null || : ;;"
VERSION = "*'get configmap kubeadm-config'*) cat /run/cluster 2>/dev/null || echo 'kubernetesVersion: v1.36.3' ;;"
NODE = f"{KUBELET_VERSION}\n{UNCORDONED}\n{VERSION}"
QUIET = "*cordon*|*'delete node'*|*'get pods --all'*|*'delete secrets'*) ;;"
JOINED = """
mkdir -p /etc/kubernetes/manifests /etc/kubernetes/pki; echo x >/etc/kubernetes/manifests/etcd.yaml
for name in kube-apiserver kube-controller-manager kube-scheduler; do
  echo "    image: registry.k8s.io/$name:$(cat /run/cluster 2>/dev/null | sed 's/.* //' | grep . || echo v1.36.3)" \
    >/etc/kubernetes/manifests/$name.yaml
done"""
SETTLED_KUBELET = "echo 'maxPods: 110' >/var/lib/kubelet/config.yaml"
KUBELET = f"mkdir -p /etc/kubernetes; {SETTLED_KUBELET}; printf '%s' '{OURS}' >/etc/kubernetes/kubelet.conf"
JOINING = "mkdir -p /var/lib/kubeadm-ha; touch /var/lib/kubeadm-ha/joining"
#: What preparation has left.
PREPARED = f"""
mkdir -p /var/lib/kubeadm-ha /etc/containerd
printf '{SETTINGS.strip()}\\n' | tee /var/lib/kubeadm-ha/config.toml >/etc/containerd/config.toml"""
#: kubeadm renders the manifests that are there.
RENDER = """case "$*" in
  *'control-plane all --dry-run'*) for file in /etc/kubernetes/manifests/kube-*.yaml; do
    [ ! -e "$file" ] || cp "$file" "$KUBEADM_INIT_DRYRUN_DIR"; done ;;
esac
"""
STATE = "ls --hide=config.toml --hide=etcd-data /var/lib/kubeadm-ha /etc/kubernetes 2>/dev/null"


def bare(tmp_path: Path) -> Sandbox:
    """Return a host with everything that could reach beyond it faked."""
    quiet = ("systemctl", "kubeadm", "crictl", "nft", "iptables-save", "ip6tables-save", "modprobe", "sysctl")
    fakes = dict.fromkeys(quiet, "exit 0")
    fakes |= {"ip": "exit 1", "sleep": "exec /bin/sleep 0.05"}
    # An API server listens as long as its manifest is there.
    listens = "[ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]"
    fakes["curl"] = f"case $* in *:6443/livez) {listens} || exit 7 ;; esac; exit 0"
    fakes["kubeadm"] = f"{RENDER}exit 0"
    fakes["openssl"] = """case "$*" in
      *subjectAltName*) cat /run/names 2>/dev/null || echo '    DNS:node-1, DNS:kubernetes' ;;
      *) echo 'notAfter=Jun 15 15:06:40 2026 GMT' ;;
    esac"""
    # Every package is there as it is wanted, unless a test says otherwise.
    fakes["dpkg-query"] = """for last; do :; done; case "$*" in
      *db:Status-Status*Version*)
        case $last in containerd.io) own=2.4.2 ;; *) own=1.36.3 ;; esac
        echo "installed $(cat /run/installed/$last 2>/dev/null || echo $own)-1.1" ;;
      *) echo base ;;
    esac"""
    return Sandbox(tmp_path, fakes, before=f"mkdir -p /var/lib/kubelet\n{PREPARED}", after=STATE)


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


def ran(result: Result, command: str) -> list[str]:
    """Return how a command was run, each time."""
    return [call for call in result.calls if call.startswith(f"{command} ")]


def cluster(*lines: str) -> str:
    """Return a fake kubectl of a cluster without etcd."""
    return kubectl([], [], first="\n".join(lines))


def asked(result: Result) -> list[str]:
    """Return how kubeadm was run, each time: but for rendering, and writing what a kubelet has anyway."""
    return [c for c in ran(result, "kubeadm") if "--dry-run" not in c and "phase kubelet-config" not in c]
