"""A cluster in AWS in two stacks, by the real engine against moto: machines in one, the rest in another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.aws import Api, Plugin, plugin
from tests.integration.aws_site import aws_site, cluster, kinds, steps, undone, zone
from tests.integration.site import Site
from tests.integration.test_scripts_plan import plan
from tests.unit.cases import laid_over

INSTANCES = "ec2/instance:Instance"
#: The stack that makes machines, and the one that builds the cluster.
MAKER, BUILDER = "organization/kubeadm-ha/machines", "organization/kubeadm-ha/dev"


@pytest.fixture
def cloud(aws: Api) -> Iterator[Plugin]:
    """Return something to make things with that a cluster finds; there is nothing else."""
    aws.reset()
    with plugin(aws) as started:
        yield started


class Stacks:
    """Two stacks that read one file."""

    def __init__(self, site: Site, passphrase: str | None = None) -> None:
        self.site = site
        self._secrets = {"machines": passphrase or "for tests", "dev": "for tests"}
        self.select("machines", "init")
        for stack, key, other in (("machines", "bootstrap", BUILDER), ("dev", "infrastructure", MAKER)):
            self.select(stack)
            site.pulumi("config", "set", "clusterFile", "clusters/prod.yaml")
            site.pulumi("config", "set", key, other)
        (site.project / "clusters").mkdir()

    def write(self, given: dict[str, Any]) -> None:
        """Write the file."""
        (self.site.project / "clusters" / "prod.yaml").write_text(yaml.safe_dump(given))

    def select(self, stack: str, how: str = "select") -> Site:
        """Return the site with one of the two selected."""
        self.site.environment["PULUMI_CONFIG_PASSPHRASE"] = self._secrets[stack]
        self.site.pulumi("stack", how, stack)
        return self.site

    def up(self, stack: str) -> str:
        """Bring one of the two up; return what is said."""
        return self.select(stack).pulumi("up", "--yes", "--skip-preview").stdout

    def refused(self, stack: str, *words: str) -> str:
        """Return what is said on one line when something is refused."""
        done = self.select(stack).pulumi(*(words or ("preview",)), check=False)
        shown = " ".join((done.stdout + done.stderr).split())
        assert done.returncode != 0, shown
        assert "Traceback" not in shown
        return shown


def small(cloud: Plugin, **edits: Any) -> dict[str, Any]:
    """Return the cluster of one control plane and two workers, with edits laid over it."""
    less = {
        "endpoint": {"zoneId": zone(cloud, "prod.example.org")},
        "controlPlane": {"machines": {"count": 1}},
        "workers": {"default": {"machines": {"count": 2}}},
    }
    return cluster("production", **laid_over(less, edits))


def test_two_stacks_live_and_end(tmp_path: Path, aws: Api, cloud: Plugin) -> None:
    """Made, built on, grown and shrunk by one edit of the file, ended; each key is encrypted in both states."""
    given = small(cloud)
    before = aws.left()
    stacks = Stacks(aws_site(tmp_path, aws))
    stacks.write(given)
    assert f"{MAKER} has made no machines yet. Run `pulumi up` in {MAKER} first." in stacks.refused("dev")

    site = stacks.select("machines")
    assert not [name for name in steps(site) if name.endswith(("-join", "-prepare"))]
    said = stacks.up("machines")
    assert "Plan for aws-production, its machines: 3 that are new" in said
    site.pulumi("preview", "--expect-no-changes")
    site.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    first = kinds(site, INSTANCES)
    assert set(first) == {"cp-1", "default-1", "default-2", "aws-production-bastion"}
    assert "PRIVATE KEY" not in site.pulumi("stack", "export").stdout

    site = stacks.select("dev")
    found = steps(site)
    assert {"cp-1-prepare", "aws-production-init", "default-2-join"} <= set(found)
    assert not set(found) & set(first)
    stacks.up("dev")
    site.pulumi("preview", "--expect-no-changes")
    exported = site.pulumi("stack", "export").stdout
    assert "PRIVATE KEY" not in exported
    assert f"pulumi:pulumi:StackReference::{MAKER}" in exported
    assert "aws:" not in exported
    connection = site.state()["cp-1-prepare"]["inputs"]["connection"]["plaintext"]
    told = stacks.select("machines").pulumi("stack", "output", "loginKey", "--show-secrets").stdout.strip()
    assert told.splitlines()[1] in connection

    # One edit that makes a machine and ends another: machines, cluster, machines.
    stacks.write(laid_over(given, {"workers": {"default": {"machines": {"skip": [1]}}}}))
    assert f"default-3 is no machine of {MAKER} yet" in stacks.refused("dev")
    planned = plan(stacks.select("machines"), "--stack", "machines").stdout
    assert planned.startswith("Plan for aws-production, its machines: 1 is made, 1 is kept for now.")
    assert "is no machine of" in plan(site, "--stack", "dev").stdout
    said = stacks.up("machines")
    assert f"default-1 is kept till {BUILDER} has let it go" in said
    assert {"default-1", "default-2", "default-3"} <= set(kinds(site, INSTANCES))
    site.pulumi("preview", "--expect-no-changes")
    assert undone(site) == []
    assert "worker default-3 joins; worker default-1 leaves" in stacks.up("dev")
    assert undone(site) == ["leave-worker", "unprepare-node"], "it leaves, and then its host is as it was before"
    found = steps(stacks.select("machines"))
    assert {name for name, step in found.items() if step == "delete"} >= {"default-1"}
    assert "The machine of default-1 is ended" in stacks.up("machines")
    second = kinds(site, INSTANCES)
    assert set(second) == {"cp-1", "default-2", "default-3", "aws-production-bastion"}
    assert second["default-2"]["id"] == first["default-2"]["id"]
    stacks.select("dev").pulumi("preview", "--expect-no-changes")

    # What is protected stands before all the rest, also where nobody looks first.
    there = aws.left()
    assert "cannot be deleted because it is protected" in " ".join(
        stacks.refused("machines", "destroy", "--yes", "--skip-preview").split()
    )
    assert aws.left() == there
    stacks.write(
        laid_over(
            given,
            {"workers": {"default": {"machines": {"skip": [1]}}}, "certificates": {"protect": False}},
        )
    )
    for stack in ("machines", "dev"):
        stacks.up(stack)
    stacks.select("dev").pulumi("destroy", "--yes", "--skip-preview")
    assert {"leave-worker", "leave-control-plane", "unprepare-node"} == set(undone(site))
    stacks.select("machines").pulumi("destroy", "--yes", "--skip-preview")
    assert aws.left() == before


def test_machines_are_made_without_the_secrets_of_the_cluster(tmp_path: Path, aws: Api, cloud: Plugin) -> None:
    """Who makes machines need not be able to decrypt the other stack; the other way round the key is needed."""
    stacks = Stacks(aws_site(tmp_path, aws), passphrase="another one")
    stacks.write(small(cloud))
    stacks.up("machines")
    stacks.select("machines").pulumi("preview", "--expect-no-changes")
    said = stacks.refused("dev")
    assert f"kubeadm-ha:infrastructure: the key to log in with, an output of {MAKER}, cannot be decrypted here" in said
