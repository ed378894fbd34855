"""An etcd of somebody else's, made by hand: what is wrong with it is said before anything starts; then it is used."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.lab.site import Site
from tests.lab.test_main_job import assert_clean

pytestmark = pytest.mark.long

STORE, ADDRESS = "store", "10.77.0.40"
HOSTS = {"lb-1": "10.77.0.2", "lb-2": "10.77.0.3", "cp-1": "10.77.0.11", "cp-2": "10.77.0.12", STORE: ADDRESS}
NODES = {"cp-1", "cp-2"}
UNIT = f"""[Service]
ExecStart=/opt/etcd --name=theirs --data-dir=/opt/data --listen-client-urls=https://{ADDRESS}:2379 \
  --advertise-client-urls=https://{ADDRESS}:2379 --cert-file=/opt/server.crt --key-file=/opt/server.key \
  --trusted-ca-file=/opt/ca.crt --client-cert-auth
"""


def openssl(folder: Path, *words: str) -> None:
    """Run openssl in a folder."""
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def certificate(folder: Path, name: str, extensions: str) -> None:
    """Make a key and a certificate of the folder's authority."""
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={name}",
            "-out", f"{name}.csr")  # fmt: skip
    (folder / f"{name}.ext").write_text(extensions)
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "30", "-extfile", f"{name}.ext", "-out", f"{name}.crt")  # fmt: skip


def authority(folder: Path) -> None:
    """Make an authority, a server's certificate for the host, and a client's."""
    folder.mkdir()
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-subj", "/CN=theirs",
            "-days", "30", "-out", "ca.crt")  # fmt: skip
    usage = "extendedKeyUsage=serverAuth,clientAuth\n"
    certificate(folder, "server", f"subjectAltName=IP:{ADDRESS},DNS:localhost\n{usage}")
    certificate(folder, "client", usage)


@pytest.fixture(scope="module", autouse=True)
def hosts(site: Site) -> None:
    """Boot the hosts; somebody starts an etcd on one of them."""
    site.boot(HOSTS)
    theirs, others = site.folder / "theirs", site.folder / "others"
    authority(theirs)
    authority(others)
    cache = Path(os.environ.get("KUBEADM_HA_CACHE", Path.home() / ".cache" / "kubeadm-ha"))
    program = max((cache / "artifacts" / "etcd").glob("*/bin/etcd"))
    for file in (program, theirs / "ca.crt", theirs / "server.crt", theirs / "server.key"):
        site.lab("scp", "-q", str(file), f"{STORE}:/opt/{file.name}")
    site.ssh(STORE, f"cat >/etc/systemd/system/theirs.service <<'END'\n{UNIT}\nEND\nsystemctl start theirs")
    with site.edited() as cluster:
        cluster["controlPlane"] = {"hosts": {name: HOSTS[name] for name in sorted(NODES)}}
        del cluster["workers"]
        cluster["etcd"] = external("others")


def external(folder: str) -> dict[str, object]:
    """Return the section of the cluster file, with certificates of one of the two authorities."""
    files = {"caFile": f"{folder}/ca.crt", "certFile": f"{folder}/client.crt", "keyFile": f"{folder}/client.key"}
    return {"external": {"endpoints": [f"https://{ADDRESS}:2379"], **files}}


def test_a_wrong_authority_is_said_before_anything_starts(site: Site) -> None:
    """The certificates are another etcd's: kubeadm is not even begun."""
    failed = site.up(check=False)
    assert failed.returncode != 0
    assert "cp-1: start-cluster: health of etcd at every one of its addresses did not happen" in failed.stdout
    assert "certificate" in failed.stdout
    assert site.ssh("cp-1", "ls /etc/kubernetes/manifests 2>/dev/null || true") == ""


def test_with_the_right_one_it_is_used(site: Site) -> None:
    """Its members are its owner's business; the next preview shows no change."""
    with site.edited() as cluster:
        cluster["etcd"] = external("theirs")
    site.up()
    assert site.ready_nodes() == NODES
    held = site.ssh(
        "cp-1",
        "curl -s --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/apiserver-etcd-client.crt "
        f"--key /etc/kubernetes/pki/apiserver-etcd-client.key https://{ADDRESS}:2379/v3/kv/range -X POST "
        '-d \'{"key": "L3JlZ2lzdHJ5Lw==", "range_end": "L3JlZ2lzdHJ5MA==", "count_only": true}\'',
    )
    assert '"count"' in held
    # One control plane of two may be lost here, and nobody can say that of etcd.
    assert site.lab("scripts/verify", "--wait", "120", check=False).returncode in (0, 1)
    site.assert_unchanged()


def test_its_key_is_nowhere_to_be_seen(site: Site) -> None:
    """Encrypted in the state, on the control planes for root alone."""
    secret = (site.folder / "theirs" / "client.key").read_text().splitlines()[1]
    assert secret not in site.lab("pulumi", "stack", "export", "--stack", "dev").stdout
    for node in NODES:
        assert site.ssh(node, "stat -c %a /etc/kubernetes/pki/apiserver-etcd-client.key").strip() == "600"


def test_what_it_holds_is_not_taken_for_a_new_cluster(site: Site) -> None:
    """After the end of this cluster its objects are still there, and a second one is not begun on them."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for node in NODES:
        assert_clean(site, node)
    assert site.ssh(STORE, "systemctl is-active theirs").strip() == "active"
    failed = site.up(check=False)
    assert failed.returncode != 0
    assert "etcd holds the objects of another cluster" in failed.stdout
