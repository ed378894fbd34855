"""scripts/plan with the real engine: what it compares, what it refuses, and what it keeps to itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.site import Site
from tests.unit import clusters

TREE = Path(__file__).resolve().parents[2]
#: A program that has deployed what its stack's file says, as far as the outputs go.
PROGRAM = """
import pulumi
from components import rules
from components.plan import snapshot

cluster = rules.load(pulumi.Config().require_object("cluster"))
pulumi.export("deployed", snapshot(cluster))
pulumi.export("certificates", {"authorities": {}, "controlPlanes": {}})
pulumi.export("kubeconfig", pulumi.Output.secret("a secret output beside it"))
"""


def plan(site: Site, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/plan on a site."""
    done = subprocess.run(
        [str(TREE / "scripts/plan"), "--cwd", str(site.project), *words],
        env=site.environment | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def deployed(tmp_path: Path) -> tuple[Site, clusters.File]:
    """Return a site whose stack has the cluster of its file deployed; nobody here has the key to log in."""
    site = Site(tmp_path, PROGRAM)
    cluster = clusters.dev(tmp_path)
    cluster["ssh"] = {"hostKey": f"ssh-ed25519 {clusters.HOST_KEY}", "privateKeyFile": "nowhere/id"}
    site.configure(cluster)
    site.pulumi("up", "--yes", "--skip-preview")
    return site, cluster


def test_it_compares_with_what_is_deployed(deployed: tuple[Site, clusters.File]) -> None:
    """Nothing, then one line; the stack that is selected when none is named."""
    site, cluster = deployed
    same = plan(site, "--stack", "dev").stdout
    assert same.startswith("Plan for dev: nothing changes in the cluster.\n")
    assert "Warning: ssh.hostKey: is one key for lb-1" in same  # a policy that warns
    cluster["workers"]["default"]["hosts"]["worker-3"] = "10.77.0.23"
    site.configure(cluster)
    done = plan(site)
    assert done.returncode == 0
    assert done.stdout.startswith("Plan for dev: worker worker-3 joins.\n")
    markdown = plan(site, "--stack", "dev", "--format", "markdown").stdout
    assert markdown.startswith("### Plan for dev: worker worker-3 joins.\n")
    assert "```mermaid" in markdown
    assert json.loads(plan(site, "--format", "json").stdout)["headline"] == "dev: worker worker-3 joins."


def test_what_is_refused_ends_with_1_and_is_markdown_too(deployed: tuple[Site, clusters.File]) -> None:
    """A change that would break the cluster, and a file that is wrong."""
    site, cluster = deployed
    cluster["network"] = {"podSubnet": "10.200.0.0/16"}
    site.configure(cluster)
    done = plan(site, "--stack", "dev", "--format", "markdown")
    assert done.returncode == 1
    assert done.stdout.startswith("### Refused: the cluster file of stack dev has 1 fault\n")
    assert "- **`network.podSubnet`** is '10.200.0.0/16', and the cluster runs with '10.244.0.0/16'" in done.stdout
    assert plan(site, "--stack", "dev", "--refused-ok").returncode == 0
    cluster["netwrok"] = cluster.pop("network")
    cluster["ssh"]["hostKey"] = "ssh-rsa AAAA"
    site.configure(cluster)
    done = plan(site, "--stack", "dev", "--format", "json")
    assert done.returncode == 1
    assert "netwrok" in {fault["path"] for fault in json.loads(done.stdout)["faults"]}


def test_a_stack_that_does_not_exist_yet_is_a_new_cluster(deployed: tuple[Site, clusters.File]) -> None:
    """Its file is enough, also one that was encrypted for another stack; no stack is made."""
    site, _ = deployed
    shutil.copy(site.project / "Pulumi.dev.yaml", site.project / "Pulumi.next.yaml")
    done = plan(site, "--stack", "next")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Plan for dev: a new cluster of 3 control planes")
    assert "next" not in site.pulumi("stack", "ls").stdout
    done = plan(site, "--stack", "nobody")
    assert done.returncode == 2
    assert "there is no stack nobody, and no file for it" in done.stderr


def test_two_files_are_compared_without_a_backend(deployed: tuple[Site, clusters.File], tmp_path: Path) -> None:
    """As for a pull request from a fork: no state, no passphrase."""
    site, cluster = deployed
    target = tmp_path / "target.yaml"
    shutil.copy(site.project / "Pulumi.dev.yaml", target)
    del cluster["workers"]["default"]["hosts"]["worker-2"]
    site.configure(cluster)
    del site.environment["PULUMI_CONFIG_PASSPHRASE"]
    nowhere = {"PULUMI_BACKEND_URL": "file:///nonexistent"}
    done = plan(site, "--stack", "dev", "--against", str(target), **nowhere)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Plan for dev: worker worker-2 leaves.\n")
    assert "Compared with target.yaml, not with what is deployed." in done.stdout
    done = plan(site, "--stack", "dev", "--against", str(tmp_path / "none"), **nowhere)
    assert done.stdout.startswith("Plan for dev: a new cluster")
    target.write_text("config: {'kubeadm-ha:clusterFile': Pulumi.dev.yaml}\n")
    done = plan(site, "--stack", "dev", "--against", str(target), **nowhere)
    assert done.returncode == 2
    assert "target.yaml names a file of its own" in done.stderr
    target.write_text("config: {'kubeadm-ha:cluster': {name: dev}}\n")
    done = plan(site, "--stack", "dev", "--against", str(target), **nowhere)
    assert done.returncode == 2
    assert "target.yaml stands for what is deployed and is no cluster file" in done.stderr


def test_a_file_without_a_cluster_is_refused(deployed: tuple[Site, clusters.File]) -> None:
    """As the program refuses it."""
    site, _ = deployed
    site.pulumi("config", "rm", "cluster")
    done = plan(site, "--stack", "dev")
    assert done.returncode == 1
    assert "cluster: is empty" in done.stdout


def test_a_cluster_in_a_file_is_read(deployed: tuple[Site, clusters.File]) -> None:
    """Relative to the project, as the program reads it."""
    site, cluster = deployed
    site.pulumi("config", "rm", "cluster")
    site.pulumi("config", "set", "clusterFile", "cluster.yaml")
    assert "clusterFile: cluster.yaml: No such file" in plan(site, "--stack", "dev").stdout
    del cluster["workers"]["default"]["hosts"]["worker-2"]
    (site.project / "cluster.yaml").write_text(yaml.safe_dump(cluster))
    assert plan(site, "--stack", "dev").stdout.startswith("Plan for dev: worker worker-2 leaves.\n")


def test_yaml_is_read_as_pulumi_reads_it(deployed: tuple[Site, clusters.File]) -> None:
    """What other parsers take for yes or no stays a name here."""
    site, cluster = deployed
    cluster["workers"]["on"] = {"hosts": {"no": "10.77.0.31"}}
    site.configure(cluster)
    file = site.project / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("'on':", "on:").replace("'no':", "no:"))
    assert plan(site, "--stack", "dev").stdout.startswith("Plan for dev: worker no joins.\n")


def test_a_secret_in_the_file_is_not_shown(deployed: tuple[Site, clusters.File]) -> None:
    """Pulumi hides the whole cluster; the plan is made, and the value masked in what it says."""
    site, _ = deployed
    secret = "not-an-address-but-a-password"
    site.pulumi("config", "set", "--secret", "--path", 'cluster.registries["ghcr.io"][0]', secret)
    done = plan(site, "--stack", "dev", "--format", "markdown")
    assert done.returncode == 1
    assert "[secret]" in done.stdout
    assert secret not in done.stdout + done.stderr
    assert secret in plan(site, "--stack", "dev", "--show-secrets").stdout
    target = site.project / "Pulumi.dev.yaml"
    done = plan(site, "--stack", "dev", "--against", str(target))
    assert done.returncode == 2
    assert "has secrets, and only the stack's own backend decrypts them" in done.stderr


def test_a_cluster_that_is_a_secret_as_a_whole_is_shown_to_nobody(deployed: tuple[Site, clusters.File]) -> None:
    """Unless it is asked for."""
    site, cluster = deployed
    site.pulumi("config", "rm", "cluster")
    site.pulumi("config", "set", "--secret", "cluster", json.dumps(cluster))
    done = plan(site, "--stack", "dev")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a secret as a whole" in done.stderr
    assert "10.77" not in done.stderr
    assert "nothing changes" in plan(site, "--stack", "dev", "--show-secrets").stdout


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PULUMI_BACKEND_URL": "file:///nonexistent"}, "unable to open bucket file:///nonexistent"),
        ({"PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_BACKEND_URL": "nonsense://"}, "pulumi cannot tell of stack dev"),
        ({"PATH": "/usr/bin:/bin"}, "pulumi is not on PATH"),
    ],
)
def test_an_engine_that_cannot_answer_is_a_sentence(
    deployed: tuple[Site, clusters.File], environment: dict[str, Any], said: str
) -> None:
    """Status 2, which is neither a plan nor a refusal."""
    done = plan(deployed[0], "--stack", "dev", **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_passphrase_is_a_sentence(deployed: tuple[Site, clusters.File]) -> None:
    """It names the variable to set."""
    site, _ = deployed
    del site.environment["PULUMI_CONFIG_PASSPHRASE"]
    done = plan(site, "--stack", "dev")
    assert done.returncode == 2
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in done.stderr


def test_a_wrong_option_ends_with_2(deployed: tuple[Site, clusters.File]) -> None:
    """One sentence."""
    done = plan(deployed[0], "--stakc", "dev")
    assert done.returncode == 2
    assert done.stderr.startswith("error: unrecognized arguments: --stakc")
