"""What the tests of upgrades share: a host that installs, restarts and upgrades in files alone."""

from __future__ import annotations

from pathlib import Path

from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import API, NODE, QUIET, READY, RENDER, THERE, bare

#: A host that is installed, and runs, what was wanted before; restarts and installations change what it says.
OLD = """
mkdir -p /run/installed
for package in kubelet kubeadm kubectl; do echo 1.35.6 >/run/installed/$package; done
printf v1.35.6 >/run/running
"""
OLD_CLUSTER = "echo 'kubernetesVersion: v1.35.6' >/run/cluster\n"
INSTALL = """
case "$*" in *--download-only* | *--simulate*) exit 0 ;; esac
for word; do
  case $word in *=*) version=${word#*=}; mkdir -p /run/installed; echo "${version%-*}" >/run/installed/${word%%=*} ;;
  esac
done"""
SYSTEMCTL = """case "$*" in
  'restart kubelet') printf 'v%s' "$(cat /run/installed/kubelet || echo 1.36.3)" >/run/running ;;
  *MainPID*) echo "${PID:-0}" ;;
esac"""
KUBEADM = (
    RENDER
    + """case "$*" in
  'upgrade apply '*) echo 'kubernetesVersion: v1.36.3' >/run/cluster ;;
  'version -o short') echo v1.36.3 ;;
  *'certs apiserver'*) touch pki/apiserver.crt pki/apiserver.key; cp /run/wanted-names /run/names ;;
esac
case "$*" in 'upgrade '*)
  for file in /etc/kubernetes/manifests/kube-*.yaml; do [ -e "$file" ] && sed -i 's/v1.35.6/v1.36.3/' "$file"; done ;;
esac
exit 0"""
)
#: Lines of kubectl's `case`.
PODS = "*'get pods --all'*) if [ -e /run/pods ]; then cat /run/pods; fi ;;"
EVICT = "*eviction*) rm -f /run/pods ;;"
PLANES = "*'get nodes -l node-role'*) printf 'cp-1 192.0.2.11\\ncp-2 192.0.2.12\\n' ;;"
NEW = "*'get --raw /version'*) echo '  \"gitVersion\": \"v1.36.3\",' ;;"
NODES = (
    "*'get nodes -o name'*) printf 'node/node-1\\nnode/node-2\\n' ;; *'get nodes'*) printf 'node-2\\t\\tTrue\\t\\n' ;;"
)
#: What a cordon writes is what is read of it.
CORDON = """*'unschedulable": true'*) printf 'true upgrade' >/run/cordon ;;
  *'unschedulable": null'*) rm /run/cordon ;;"""
DNS = "*'patch deployment coredns'*) ;;"
#: What the kubelet means to run, and what the API has of it.
SETTLED = """*proxy/pods*) echo '"kubernetes.io/config.hash":"abc"' ;;
  *config*mirror*) echo 'abc True'; echo ' True' ;;"""
LINES = (API, SETTLED, PLANES, NODES, NODE, READY, THERE, PODS, EVICT, NEW, CORDON, DNS)
WEB = "printf 'default\\tweb-1\\tRunning\\tReplicaSet\\n' >/run/pods\n"


#: Members of etcd, one on this host.
ALL = ("node-1", "cp-1", "cp-2")
CONTROL_PLANE_LINES = (*LINES, QUIET)


def node(tmp_path: Path) -> Sandbox:
    """Return such a host; what is seen afterwards ends with its cordon."""
    host = bare(tmp_path)
    host.fakes |= {"apt-get": INSTALL, "apt-mark": "exit 0", "dpkg": "exit 0"}
    host.fakes |= {"systemctl": SYSTEMCTL, "kubeadm": KUBEADM}
    host.after += "; cat /run/cordon 2>/dev/null"
    return host


def in_order(done: Result, *words: str) -> None:
    """Fail when these did not happen in this order."""
    places: list[int] = []
    for word in words:
        found = [place for place, call in enumerate(done.calls) if word in call]
        assert found, f"{word!r} did not happen:\n" + "\n".join(done.calls)
        places.append(next((place for place in found if not places or place > places[-1]), -1))
    assert places == sorted(places), list(zip(words, places, strict=True))
