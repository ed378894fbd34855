"""The job of a pull request with the real engine: the comment it writes, and that it needs no key to log in."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import rules
from components.plan import snapshot
from tests.integration.site import Site
from tests.unit import clusters
from tests.unit.comments_service import TOKEN, comments_service

CI = Path(__file__).resolve().parents[2] / "scripts" / "ci"
#: One step on each worker, and the outputs that a plan is made of.
PROGRAM = """
import pulumi
from components import rules
from components.faults import ConfigurationError
from components.machines.static import login_faults, static_hosts
from components.plan import snapshot
from components.remote import RemoteScript, Step

try:
    cluster = rules.load(pulumi.Config().require_object("cluster"), login_faults)
except ConfigurationError as error:
    raise pulumi.RunError(str(error)) from None
for name, host in static_hosts(cluster).items():
    if name.startswith("worker"):
        RemoteScript(f"{name}-prepare", host, Step("prepare-node"))
pulumi.export("deployed", snapshot(cluster))
"""
PROVIDER = "urn:pulumi:dev::kubeadm-ha::pulumi:providers:command::default_1_2_1"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


@contextmanager
def agent(*keys: Path) -> Iterator[str]:
    """Run an SSH agent with some keys; hand out its socket."""
    shown = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"SSH_AUTH_SOCK=([^;]+);.*SSH_AGENT_PID=(\d+)", shown, re.DOTALL)
    assert found
    try:
        for key in keys:
            subprocess.run(["ssh-add", "-q", str(key)], check=True, env=os.environ | {"SSH_AUTH_SOCK": found[1]})
        yield found[1]
    finally:
        os.kill(int(found[2]), 15)


@pytest.fixture
def deployed(tmp_path: Path) -> tuple[Site, clusters.File]:
    """Return a site whose state says that an `up` with a key in an agent has prepared two workers; no host exists."""
    site = Site(tmp_path, PROGRAM)
    cluster = clusters.dev(tmp_path)
    cluster["ssh"] = {"hostKey": f"ssh-ed25519 {clusters.HOST_KEY}"}
    site.configure(cluster)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    with agent(key) as socket:
        site.environment["SSH_AUTH_SOCK"] = socket
        previewed = json.loads(site.pulumi("preview", "--json", "--show-secrets").stdout)["steps"]
    del site.environment["SSH_AUTH_SOCK"]
    resources = [step["newState"] for step in previewed if "newState" in step]
    stack, steps = resources[0], [r for r in resources if r["type"] == "command:remote:Command"]
    assert len(steps) == 2
    for step in steps:
        _as_applied(step, cluster)
    stack["outputs"] = _outputs(site)
    exported = json.loads(site.pulumi("stack", "export").stdout)
    version = {"version": "1.2.1"}
    provider = {"urn": PROVIDER, "custom": True, "id": "0", "type": "pulumi:providers:command", "inputs": version}
    exported["deployment"]["resources"] = [stack, provider | {"outputs": version}, *steps]
    (tmp_path / "state.json").write_text(json.dumps(exported))
    site.pulumi("stack", "import", "--file", str(tmp_path / "state.json"))
    return site, cluster


def _as_applied(step: dict[str, Any], cluster: clusters.File) -> None:
    name = step["urn"].rpartition("::")[2].removesuffix("-prepare")
    # A preview hides the connection even when secrets are asked for. This is what the program has registered.
    connection = {
        "dialErrorLimit": 24,
        "host": cluster["workers"]["default"]["hosts"][name],
        "hostKey": cluster["ssh"]["hostKey"],
        "perDialTimeout": 10,
        "port": 22,
        "user": "root",
    }
    step["inputs"]["connection"] = SECRET | {"plaintext": json.dumps(connection)}
    step["id"], step["provider"] = name, f"{PROVIDER}::0"
    step["outputs"] = step["inputs"] | {"stdout": "", "stderr": ""}


def _outputs(site: Site) -> Any:
    """Return what the program exports, less what it makes."""
    cluster = yaml.safe_load((site.project / "Pulumi.dev.yaml").read_text())["config"]["kubeadm-ha:cluster"]
    return {"deployed": snapshot(rules.load(cluster))}


def comment(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the job's script on a site."""
    done = subprocess.run(
        [str(CI / "plan-comment"), "--cwd", str(site.project), "--stack", "dev", *words],
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_a_preview_needs_no_key_where_the_agent_has_it(deployed: tuple[Site, clusters.File]) -> None:
    """The key is no input of any step: with another agent, which has none, nothing differs."""
    site, _ = deployed
    with agent() as socket:
        site.environment["SSH_AUTH_SOCK"] = socket
        site.pulumi("preview", "--expect-no-changes")
    del site.environment["SSH_AUTH_SOCK"]
    done = comment(site, "--commit", "0123456789abcdef")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "<!-- kubeadm-ha: plan of stack dev -->\n### Plan for dev: nothing changes in the cluster."
    )
    assert "<details><summary>pulumi preview --diff</summary>" in done.stdout
    assert "3 unchanged" in done.stdout
    assert "to update" not in done.stdout


def test_a_key_in_a_file_is_an_input_of_every_step(deployed: tuple[Site, clusters.File], tmp_path: Path) -> None:
    """Why a pull request's job cannot do with a throw-away key: every step differs, and without any it is refused."""
    site, cluster = deployed
    cluster["ssh"]["privateKeyFile"] = str(tmp_path / "key")
    site.configure(cluster)
    assert "2 to update" in comment(site).stdout
    cluster["ssh"]["privateKeyFile"] = "nowhere/key"
    site.configure(cluster)
    done = comment(site)
    assert done.returncode == 1
    assert "### Plan for dev: nothing changes in the cluster." in done.stdout
    assert "<details open><summary>pulumi preview --diff fails</summary>" in done.stdout
    assert "ssh.privateKeyFile: nowhere/key: No such file or directory" in done.stdout


def test_a_pull_request_gets_one_comment(deployed: tuple[Site, clusters.File], tmp_path: Path) -> None:
    """A push that adds a worker, then one that would break the cluster: the same comment tells of both."""
    site, cluster = deployed
    cluster["workers"]["default"]["hosts"]["worker-3"] = "10.77.0.23"
    site.configure(cluster)
    with comments_service() as service:
        done = comment(site)
        assert done.returncode == 0
        _post(service.url, done.stdout, tmp_path)
        cluster["endpoint"]["address"] = "10.77.0.99"
        site.configure(cluster)
        refused = comment(site)
        assert refused.returncode == 1
        _post(service.url, refused.stdout, tmp_path)
        assert len(service.kept) == 1
        body = service.kept[0]["body"]
    assert "### Plan for dev: worker worker-3 joins." in done.stdout
    assert "```mermaid" in done.stdout
    assert "+ command:remote:Command: (create)" in done.stdout
    assert "worker-3-prepare" in done.stdout
    assert body == refused.stdout
    assert "### Refused: the cluster file of stack dev has 1 fault" in body
    assert "`endpoint.address`" in body
    assert "worker-3" not in body


def _post(url: str, text: str, folder: Path) -> None:
    file = folder / "comment.md"
    file.write_text(text)
    command = [str(CI / "post-comment"), "github", "--number", "7", "--repository", "acme/clusters", "--api", url]
    subprocess.run([*command, str(file)], input=TOKEN, text=True, check=True, env={"PATH": "/usr/bin:/bin"})


def test_the_state_is_only_read(deployed: tuple[Site, clusters.File]) -> None:
    """A pull request's job does with credentials that cannot write the bucket, and also while an `up` has the lock."""
    site, cluster = deployed
    cluster["workers"]["default"]["hosts"]["worker-3"] = "10.77.0.23"
    site.configure(cluster)
    state = site.folder / "state"

    def files() -> dict[Path, tuple[int, int]]:
        found = (path for path in state.rglob("*") if path.is_file())
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}

    lock = state / ".pulumi" / "locks" / "organization" / "kubeadm-ha" / "dev" / "0.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text('{"pid": 1, "username": "somebody", "hostname": "elsewhere", "timestamp": "2026-01-01T00:00:00Z"}')
    assert "is currently locked" in site.pulumi("up", "--yes", "--skip-preview", check=False).stderr
    before = files()
    assert comment(site).returncode == 0
    assert files() == before


def test_an_old_comment_is_not_left_to_lie(deployed: tuple[Site, clusters.File]) -> None:
    """When the backend cannot be reached the comment says so, where the plan stood before."""
    site, _ = deployed
    site.environment["PULUMI_BACKEND_URL"] = "file:///nonexistent"
    done = comment(site)
    assert done.returncode == 2
    assert "### No plan for stack dev" in done.stdout
    assert "unable to open bucket" in done.stdout


def test_the_passphrase_comes_from_a_file_with_a_line_end(deployed: tuple[Site, clusters.File], tmp_path: Path) -> None:
    """As scripts/ci/keep-secret writes it."""
    site, _ = deployed
    file = tmp_path / "passphrase"
    file.write_text(f"{site.environment.pop('PULUMI_CONFIG_PASSPHRASE')}\n")
    site.environment["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(file)
    assert comment(site).returncode == 0
