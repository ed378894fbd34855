"""The plan and what it refuses, told by the engine before its own list; no host hears of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import rules
from components.plan import snapshot
from tests.integration.site import Site
from tests.unit import clusters

#: What __main__.py does before it builds the cluster, and what it exports after.
PROGRAM = """
import pulumi
from components import rules
from components.deployed import ask, itself
from components.faults import ConfigurationError
from components.plan import as_text, plan_for, snapshot

outputs = ask(itself())() or {}
cluster = rules.load(pulumi.Config().require_object("cluster"))
try:
    plan = plan_for(outputs.get("deployed"), cluster, outputs.get("certificates"))
except ConfigurationError as error:
    raise pulumi.RunError(str(error)) from None
pulumi.info(as_text(plan))
class Host(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("kubeadm-ha:index:Host", name)
for path, (name, host) in cluster.machines().items():
    Host(name)
pulumi.export("deployed", snapshot(cluster))
pulumi.export("kubeconfig", pulumi.Output.secret("a secret output beside it"))
"""


@pytest.fixture
def deployed(tmp_path: Path) -> tuple[Site, clusters.File]:
    """Return a site whose stack has the cluster of stack dev deployed, as far as its outputs go."""
    site = Site(tmp_path, PROGRAM)
    cluster = clusters.dev(tmp_path)
    site.configure(cluster)
    assert "Plan for dev: a new cluster of 3 control planes" in site.pulumi("up", "--yes", "--skip-preview").stdout
    return site, cluster


def resources(site: Site) -> Any:
    """Return inputs and outputs of everything in the stack's state."""
    found = json.loads(site.pulumi("stack", "export", "--show-secrets").stdout)["deployment"]["resources"]
    return [{key: r.get(key) for key in ("urn", "inputs", "outputs")} for r in found]


def test_nothing_to_do(deployed: tuple[Site, clusters.File]) -> None:
    """Numbers that the engine has stored compare equal, and one line says it."""
    site, _ = deployed
    shown = site.pulumi("preview", "--expect-no-changes").stdout
    assert "Plan for dev: nothing changes in the cluster." in shown
    assert "In this order" not in shown


def test_the_plan_comes_before_the_engines_list(deployed: tuple[Site, clusters.File]) -> None:
    """In both forms of the preview: first what it means, then the resources."""
    site, cluster = deployed
    cluster["workers"]["default"]["hosts"]["worker-3"] = "10.77.0.23"
    site.configure(cluster)
    shown = site.pulumi("preview").stdout
    assert "worker-3 (10.77.0.23) joins." in shown
    assert shown.index("Plan for dev: worker worker-3 joins.") < shown.index("kubeadm-ha:index:Host")
    differences = site.pulumi("preview", "--diff")
    assert "worker-3 (10.77.0.23) joins." in differences.stderr
    assert "a secret output beside it" not in shown + differences.stdout + differences.stderr


def test_a_change_that_is_impossible_is_refused(deployed: tuple[Site, clusters.File]) -> None:
    """Before anything is registered: with --skip-preview too, not a single resource changes."""
    site, cluster = deployed
    before = resources(site)
    cluster["network"] = {"podSubnet": "10.200.0.0/16"}
    cluster["endpoint"]["port"] = 8443
    for name in ("cp-2", "cp-3"):
        del cluster["controlPlane"]["hosts"][name]
    cluster["workers"]["default"]["hosts"]["worker-3"] = "10.77.0.23"
    site.configure(cluster)
    for command in (["preview"], ["up", "--yes", "--skip-preview"]):
        done = site.pulumi(*command, check=False)
        shown = done.stdout + done.stderr
        assert done.returncode != 0
        assert "the cluster file has 3 faults; no host was contacted" in shown
        assert "network.podSubnet: is '10.200.0.0/16', and the cluster runs with '10.244.0.0/16'" in shown
        assert "controlPlane.hosts: cp-2, cp-3 leave in one update" in shown
        assert "Traceback" not in shown
        assert "worker-3" not in shown
    assert resources(site) == before


def test_another_stack_is_not_asked(deployed: tuple[Site, clusters.File]) -> None:
    """A second stack of the project is compared with itself: it is a new cluster."""
    site, _ = deployed
    site.pulumi("stack", "init", "other")
    settings = yaml.safe_load((site.project / "Pulumi.dev.yaml").read_text())
    other = yaml.safe_load((site.project / "Pulumi.other.yaml").read_text())
    (site.project / "Pulumi.other.yaml").write_text(yaml.safe_dump(other | {"config": settings["config"]}))
    assert "Plan for dev: a new cluster" in site.pulumi("preview", "--stack", "other").stdout


def test_a_snapshot_survives_the_engine(deployed: tuple[Site, clusters.File]) -> None:
    """What is stored is what was exported, less the difference of whole and floating numbers."""
    site, cluster = deployed
    stored = json.loads(site.pulumi("stack", "output", "deployed", "--json").stdout)
    assert stored == snapshot(rules.load(cluster))
