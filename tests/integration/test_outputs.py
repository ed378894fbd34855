"""The contract out with the real engine: a stack exports it, and another project reads it typed."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.integration.site import Site
from tests.unit import clusters
from tests.unit.test_contract import SCHEMA

TREE = Path(__file__).resolve().parents[2]
#: The program's own outputs and authorities. What the hosts' steps would print is put in their place.
PROGRAM = """
from types import SimpleNamespace

import pulumi
from components import outputs, rules
from components.pki import ClusterPki, ClusterPkiArgs
from components.plan import snapshot

cluster = rules.load(pulumi.Config().get("cluster"))
server = cluster.endpoint.server()
pki = ClusterPki(cluster.name, ClusterPkiArgs(cluster.name, server, server, cluster.certificates, True))
printed = {name: '{"apiserver": "2027-11-21T10:22:14Z"}' for name in cluster.control_plane.hosts}
planes = SimpleNamespace(certificates=pulumi.Output.secret(printed))
outputs.export(cluster, pki, planes, SimpleNamespace(client=None), snapshot(cluster))
"""
#: kubectl's place: says what it was called with, and keeps what it was given.
KUBECTL = """#!/bin/sh
echo "$*" >>{folder}/calls
cp "$KUBECONFIG" {folder}/kubeconfig
case "$*" in *--filename=*) cp "${{4#--filename=}}" {folder}/manifests 2>/dev/null || true ;; esac
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return a stack that has the outputs of a cluster."""
    folder = tmp_path_factory.mktemp("cluster")
    site = Site(folder, PROGRAM)
    site.configure(clusters.dev(folder))
    site.pulumi("up", "--yes", "--skip-preview")
    return site


class Consumer:
    """The example, in a project beside the cluster's, with something that plays kubectl."""

    def __init__(self, cluster: Site, folder: Path, stack: str = "organization/kubeadm-ha/dev") -> None:
        self.project = folder / "examples" / "consumer"
        shutil.copytree(TREE / "examples" / "consumer", self.project)
        (folder / ".venv").symlink_to(TREE / ".venv")
        commands = folder / "bin"
        commands.mkdir()
        kubectl = commands / "kubectl"
        kubectl.write_text(KUBECTL.format(folder=folder))
        kubectl.chmod(kubectl.stat().st_mode | stat.S_IXUSR)
        self.environment = cluster.environment | {"PATH": f"{commands}:{cluster.environment['PATH']}"}
        self.pulumi("stack", "init", folder.name)
        self.pulumi("config", "set", "cluster", stack)

    def pulumi(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run pulumi in the example."""
        command = ["pulumi", "--non-interactive", "-C", str(self.project), *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=300, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done


def test_the_engine_hands_out_what_is_promised(cluster: Site) -> None:
    """Every output, as JSON; without being asked for, no secret."""
    shown = json.loads(cluster.pulumi("stack", "output", "--json", "--show-secrets").stdout)
    jsonschema.validate(shown, SCHEMA)
    assert set(shown) == set(SCHEMA["properties"])
    hidden = json.loads(cluster.pulumi("stack", "output", "--json").stdout)
    assert {name for name, value in hidden.items() if value == "[secret]"} == {
        name for name, promised in SCHEMA["properties"].items() if promised.get("secret")
    }
    assert {name: value for name, value in hidden.items() if value != "[secret]"}.items() <= shown.items()


def test_another_project_reads_them_and_deploys(cluster: Site, tmp_path: Path) -> None:
    """Typed, by a StackReference; kubectl gets the kubeconfig and the objects, and the state has neither in plain."""
    consumer = Consumer(cluster, tmp_path)
    consumer.pulumi("up", "--yes", "--skip-preview")
    theirs = json.loads(consumer.pulumi("stack", "output", "--json").stdout)
    ours = json.loads(cluster.pulumi("stack", "output", "--json", "--show-secrets").stdout)
    assert theirs == {
        "endpoint": ours["endpoint"],
        "kubernetesVersion": ours["kubernetesVersion"],
        "nodes": {"loadBalancers": 2, "controlPlanes": 3, "workers": 2},
        "url": "http://web.consumer.svc",
    }
    assert (tmp_path / "kubeconfig").read_text() == ours["kubeconfig"]
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[1] for call in calls] == ["apply", "rollout"]
    key = yaml.safe_load(ours["kubeconfig"])["users"][0]["user"]["client-key-data"]
    assert key not in consumer.pulumi("stack", "export").stdout + "\n".join(calls)
    consumer.pulumi("preview", "--expect-no-changes")
    consumer.pulumi("destroy", "--yes", "--skip-preview")
    assert " delete " in (tmp_path / "calls").read_text().splitlines()[-1]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("", "has no outputs of a cluster: is that its name, and did its `pulumi up` end well?"),
        ("pulumi.export('contract', 2)", "has outputs of contract 2, and kubeadm-ha-outputs here knows 1"),
        ("pulumi.export('contract', 1)", "has no output"),
    ],
)
def test_a_stack_that_is_no_cluster_of_this_contract_is_a_sentence(tmp_path: Path, program: str, said: str) -> None:
    """No traceback, and nothing is made."""
    site = Site(tmp_path, f"import pulumi\n{program}\n")
    site.configure({})
    site.pulumi("up", "--yes", "--skip-preview")
    consumer = Consumer(site, tmp_path)
    for command in (["preview"], ["up", "--yes", "--skip-preview"]):
        done = consumer.pulumi(*command, check=False)
        shown = done.stdout + done.stderr
        assert done.returncode != 0
        assert said in shown
        assert "Traceback" not in shown
    assert not (tmp_path / "calls").exists()
