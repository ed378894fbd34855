"""What a token for elastic pools is good for, with a real API server and kubeadm: no host is booted.

They run in namespaces of their own, on loopback; the token is made by the program of the control planes' timer.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from components import rules
from components.render import elastic
from components.render.kubeconfig import kubeconfig
from lab import layout
from tests.lab.init import INIT
from tests.unit.aws_clusters import example

TREE = Path(__file__).resolve().parents[2]
NAME = "burst-i-0123456789abcdef0"
#: Makes the authorities and starts what is asked; then runs the questions, one a line, and writes down the answers.
_CLUSTER = r"""
set -eu
ip link set lo up; ip addr add 10.99.0.1/32 dev lo; ip route add default dev lo
mkdir -p /etc/kubernetes; mount -t tmpfs tmpfs /etc/kubernetes; mount -t tmpfs tmpfs /var/lib; cd "$1"
mkdir -p /var/lib/kubeadm-ha/patches
kubeadm init phase certs all --config init.yaml
for name in admin super-admin controller-manager; do kubeadm init phase kubeconfig $name --config init.yaml; done
pki=/etc/kubernetes/pki
etcd --data-dir "$1/etcd" --log-level error >etcd.log 2>&1 & started=$!; trap 'kill -KILL $started' EXIT
kube-apiserver --etcd-servers=http://127.0.0.1:2379 --authorization-mode=Node,RBAC \
  --enable-admission-plugins=NodeRestriction --enable-bootstrap-token-auth --client-ca-file=$pki/ca.crt \
  --tls-cert-file=$pki/apiserver.crt --tls-private-key-file=$pki/apiserver.key --advertise-address=10.99.0.1 \
  --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=$pki/sa.pub \
  --service-account-signing-key-file=$pki/sa.key --service-cluster-ip-range=10.96.0.0/16 \
  >api.log 2>&1 & started="$started $!"
export KUBECONFIG=/etc/kubernetes/super-admin.conf
until kubectl get --raw /readyz; do sleep 0.5; done
kube-controller-manager --kubeconfig=/etc/kubernetes/controller-manager.conf --leader-elect=false \
  --controllers=csrapproving,csrsigning,tokencleaner --use-service-account-credentials \
  --cluster-signing-cert-file=$pki/ca.crt --cluster-signing-key-file=$pki/ca.key --root-ca-file=$pki/ca.crt \
  --service-account-private-key-file=$pki/sa.key >manager.log 2>&1 & started="$started $!"
kubeadm init phase upload-config all --config init.yaml
kubectl get clusterrolebinding kubeadm:cluster-admins ||
  kubectl create clusterrolebinding kubeadm:cluster-admins --clusterrole cluster-admin --group kubeadm:cluster-admins
kubectl apply -f rights.yaml
/usr/bin/python3 give-out.py token
cp $pki/ca.crt ca.crt
sed -i "s/@token@/$(cat token)/; s/@ca@/$(base64 -w 0 ca.crt)/" discovery.conf
while read -r name question; do
  { kubectl --kubeconfig discovery.conf $question; } >"answer-$name" 2>&1 </dev/null || echo failed >>"answer-$name"
done <questions
for who in node admin; do
  openssl ecparam -genkey -name prime256v1 -noout -out key
  openssl req -new -key key -subj "$(cat subject-$who)" -out request
  sed "s/@name@/$who/; s/@request@/$(base64 -w 0 request)/" csr.yaml |
    kubectl --kubeconfig discovery.conf create -f - || :
done
for _ in $(seq 40); do kubectl get csr | grep -q Issued && break; sleep 0.5; done
sleep 2; kubectl get csr >answer-requests
rm $pki/ca.crt
timeout 60 kubeadm join --dry-run --config kubeadm.yaml >answer-join 2>&1 || :
"""
_GIVE_OUT = """
import sys
sys.path.insert(0, {folder!r})
import tokens
from datetime import datetime, timezone
class Aws:
    def put_parameter(self, name, value):
        open(sys.argv[1], "w").write(value)
tokens.renew(Aws(), "/p", datetime.now(timezone.utc))
"""
_CSR = """
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: "@name@"}
spec:
  signerName: kubernetes.io/kube-apiserver-client-kubelet
  request: "@request@"
  usages: [digital signature, client auth]
"""
QUESTIONS = {
    "kubeadm": "get configmap -n kube-system kubeadm-config -o name",
    "kubelet": "get configmap -n kube-system kubelet-config -o name",
    "proxy": "get configmap -n kube-system kube-proxy",
    "node": "get node nobody",
    "nodes": "get nodes",
    "secrets": "get secrets -A",
    "delete": "delete node nobody",
    "pods": "get pods -A",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what a real cluster answers to somebody who has a token."""
    folder = tmp_path_factory.mktemp("token")
    cluster = rules.load(example("elastic"))
    join = elastic.join(cluster, "burst").replace("@name@", NAME).replace("@address@", "10.99.0.1")
    discovery = yaml.safe_load(kubeconfig("c", "10.99.0.1:6443", "", "elastic", {"token": elastic.TOKEN}))
    discovery["clusters"][0]["cluster"]["certificate-authority-data"] = "@ca@"
    files = {
        "run.sh": _CLUSTER,
        "init.yaml": INIT % cluster.kubernetes.version,
        "rights.yaml": elastic.token_rights(),
        "give-out.py": _GIVE_OUT.format(folder=str(TREE / "scripts" / "aws")),
        "discovery.conf": yaml.safe_dump(discovery, width=10000),
        "kubeadm.yaml": join.replace("ignorePreflightErrors: []", "ignorePreflightErrors: [all]"),
        "questions": "".join(f"{name} {question}\n" for name, question in QUESTIONS.items()),
        "csr.yaml": _CSR,
        "subject-node": f"/O=system:nodes/CN=system:node:{NAME}",
        "subject-admin": "/O=system:masters/CN=somebody",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    built = [layout.artifacts_dir("kubernetes", cluster.kubernetes.version), layout.cache() / "artifacts" / "etcd"]
    programs = [str(built[0] / "bin"), *(str(each / "bin") for each in sorted(built[1].iterdir()))]
    done = subprocess.run(
        ["unshare", "--mount", "--net", "bash", str(folder / "run.sh"), str(folder)],
        env={"PATH": ":".join([*programs, "/usr/sbin:/usr/bin:/sbin:/bin"]), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    print(done.stderr[-2000:], file=sys.stderr)
    return {path.name.removeprefix("answer-"): path.read_text() for path in folder.glob("answer-*")}


def test_a_token_reads_what_a_join_needs(answers: dict[str, str]) -> None:
    """Both of kubeadm's ConfigMaps, and whether there is a node of a name."""
    assert answers["kubeadm"] == "configmap/kubeadm-config\n"
    assert answers["kubelet"] == "configmap/kubelet-config\n"
    assert 'nodes "nobody" not found' in answers["node"]


@pytest.mark.parametrize("question", ["proxy", "nodes", "secrets", "delete", "pods"])
def test_a_token_is_good_for_nothing_else(answers: dict[str, str], question: str) -> None:
    """The API says so."""
    assert "is forbidden" in answers[question] or "Forbidden" in answers[question]


def test_a_node_s_certificate_is_signed_and_no_other(answers: dict[str, str]) -> None:
    """At once, since nobody is there to approve it."""
    lines = {line.split()[0]: line for line in answers["requests"].splitlines()[1:]}
    assert "Approved,Issued" in lines["node"]
    assert "Pending" in lines["admin"]


def test_kubeadm_gets_as_far_as_the_kubelet(answers: dict[str, str]) -> None:
    """It finds the cluster by the pinned authority, and reads all that it asks for."""
    assert "[kubelet-start] Writing kubelet configuration" in answers["join"]
    assert NAME in answers["join"]
