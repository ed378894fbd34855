"""Networks that are somebody else's: none at all at first, then manifests of a site's own, and further manifests."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab.site import Site, eventually
from tests.lab.test_main_job import assert_clean

MANIFESTS = Path(__file__).with_name("manifests")
NODES = {"cp-1", "worker-1"}
FETCHED = """
apiVersion: v1
kind: ConfigMap
metadata: {name: fetched}
data: {word: hello}
"""
PORT = 8099

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", autouse=True)
def small(site: Site) -> None:
    """Boot two balancers, one control plane and one worker."""
    file = site.folder / "lab" / "hosts.dev.yaml"
    lab = yaml.safe_load(file.read_text())
    lab["hosts"] = {name: lab["hosts"][name] for name in ("lb-1", "lb-2", *sorted(NODES))}
    file.write_text(yaml.safe_dump(lab))
    with site.edited() as cluster:
        cluster["controlPlane"]["hosts"] = {"cp-1": "10.77.0.11"}
        cluster["workers"]["default"]["hosts"] = {"worker-1": "10.77.0.21"}
    shutil.copytree(MANIFESTS, site.folder / "manifests")
    site.hosts("up", str(file))
    site.lab("pulumi", "stack", "select", "--create", "dev")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder at the lab's first address, which every host reaches."""
    address = "10.77.0.1"
    command = [sys.executable, "-m", "http.server", "--bind", address, "--directory", str(folder), str(PORT)]
    server = subprocess.Popen(
        ["ip", "netns", "exec", "kha-lab", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://{address}:{PORT}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def edit(site: Site, key: str, value: Any) -> None:
    """Set `network.cni` or `manifests` of the cluster file."""
    with site.edited() as cluster:
        if key == "cni":
            cluster["network"] = {"cni": value}
        else:
            cluster[key] = value


def there(site: Site, *what: str) -> bool:
    """Whether an object is in the cluster."""
    return bool(site.kubectl("get", *what, "--ignore-not-found", "-o", "name").strip())


def test_up_ends_without_a_network(site: Site) -> None:
    """With `none` the nodes are there, lack a network and nothing else, and a second run changes nothing."""
    edit(site, "cni", "none")
    site.up()
    nodes = site.get("nodes")["items"]
    assert {node["metadata"]["name"] for node in nodes} == NODES
    for node in nodes:
        ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
        assert ready["status"] == "False"
        assert "NetworkPluginNotReady" in ready["message"]
    site.assert_unchanged()


def test_one_is_installed_by_hand(site: Site) -> None:
    """The next thing to do with `none`: any network, by any means."""
    site.kubectl("apply", "-f", "examples/clusters/manifests/network.yaml")
    eventually("readiness", lambda: site.ready_nodes() == NODES, 120)
    site.assert_unchanged()


def test_another_choice_is_refused(site: Site) -> None:
    """What connects pods is chosen once."""
    edit(site, "cni", "flannel")
    refused = site.lab("pulumi", "preview", "--stack", "dev", check=False)
    assert refused.returncode != 0
    assert "network.cni: is 'flannel', and the cluster runs with 'none'" in refused.stdout + refused.stderr
    edit(site, "cni", "none")


def test_nothing_of_it_stays_on_a_host(site: Site) -> None:
    """The hosts can be used again."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for host in sorted(NODES):
        assert_clean(site, host)


def test_a_network_of_ones_own_and_further_manifests(site: Site) -> None:
    """`up` applies the network before nodes join, and the rest at the end: files, and an address with its checksum."""
    folder = site.folder / "fetched"
    folder.mkdir()
    (folder / "fetched.yaml").write_text(FETCHED)
    digest = hashlib.sha256(FETCHED.encode()).hexdigest()
    edit(site, "cni", {"manifests": [{"file": "examples/clusters/manifests/network.yaml"}]})
    with served(folder) as url:
        source = {"url": f"{url}/fetched.yaml", "sha256": digest}
        edit(site, "manifests", [{"file": "manifests/further.yaml"}, source])
        site.up()
        assert site.ready_nodes() == NODES
        assert there(site, "daemonset", "-n", "site-network", "site-network")
        assert not there(site, "namespace", "kube-flannel")
        assert there(site, "greetings.example.org", "-n", "further", "hello")
        assert there(site, "configmap", "fetched")
    site.assert_unchanged()


def test_another_content_at_the_address_is_refused(site: Site) -> None:
    """A checksum that does not fit ends the step with both, and nothing of it is applied."""
    (site.folder / "fetched" / "fetched.yaml").write_text(FETCHED.replace("hello", "goodbye"))
    file = site.folder / "manifests" / "further.yaml"
    file.write_text(file.read_text().replace("word: hello", "word: good morning"))
    with served(site.folder / "fetched"):
        failed = site.up(check=False)
    assert failed.returncode != 0
    assert "has the checksum" in failed.stdout + failed.stderr
    assert site.get("configmap", "fetched")["data"] == {"word": "hello"}


def test_what_is_taken_out_is_removed_and_what_holds_data_stays(site: Site) -> None:
    """A line and an object go: what they brought goes, the namespace and the definition stay."""
    file = site.folder / "manifests" / "further.yaml"
    documents = [d for d in yaml.safe_load_all(file.read_text()) if d["kind"] not in ("ClusterRole", "Namespace")]
    file.write_text(yaml.safe_dump_all(documents))
    edit(site, "manifests", [{"file": "manifests/further.yaml"}])
    shown = site.lab("pulumi", "preview", "--stack", "dev").stdout
    assert "cp-1 applies manifests/further.yaml." in shown
    assert "What http://10.77.0.1:8099/fetched.yaml brought is removed" in shown
    site.up()
    assert not there(site, "configmap", "fetched")
    assert not there(site, "clusterrole", "further")
    assert there(site, "namespace", "further")
    assert site.get("greetings.example.org", "-n", "further", "hello")["spec"] == {"word": "good morning"}
    site.assert_unchanged()


def test_the_network_s_manifests_may_change(site: Site) -> None:
    """Another version of it is applied, and the last of the further ones goes with its step."""
    file = site.folder / "examples" / "clusters" / "manifests" / "network.yaml"
    file.write_text(file.read_text().replace("memory: 50Mi", "memory: 60Mi"))
    edit(site, "manifests", [])
    site.up()
    daemon = site.get("daemonset", "-n", "site-network", "site-network")
    assert daemon["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["memory"] == "60Mi"
    assert not there(site, "configmap", "further")
    assert there(site, "crd", "greetings.example.org")
    eventually("readiness", lambda: site.ready_nodes() == NODES, 120)
    noted = site.get("configmap", "-n", "kube-system", "kubeadm-ha-further")
    assert noted["data"] == {"objects": ""}
    site.assert_unchanged()
