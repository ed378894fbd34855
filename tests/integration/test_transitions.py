"""Changes that a running cluster cannot take, told by the engine in the preview."""

from __future__ import annotations

from pathlib import Path

from tests.integration.site import Site
from tests.unit import clusters

#: What __main__.py does before and after it has built the cluster.
PROGRAM = """
import pulumi
from components import rules
from components.transitions import refuse_impossible, settled

cluster = rules.load(pulumi.Config().require_object("cluster"))
refuse_impossible(cluster)
pulumi.export("settled", settled(cluster))
"""


def test_a_change_that_is_impossible_is_refused(tmp_path: Path) -> None:
    """First `up`, second `up` without a change, then the change: refused with both values and no traceback."""
    site = Site(tmp_path, PROGRAM)
    cluster = clusters.dev(tmp_path)
    site.configure(cluster)
    site.pulumi("up", "--yes", "--skip-preview")
    site.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    cluster["network"] = {"podSubnet": "10.200.0.0/16"}
    cluster["endpoint"]["port"] = 8443
    site.configure(cluster)
    for command in (["preview"], ["up", "--yes", "--skip-preview"]):
        done = site.pulumi(*command, check=False)
        shown = done.stdout + done.stderr
        assert done.returncode != 0
        assert "the cluster file has 2 faults; no host was contacted" in shown
        assert "network.podSubnet: is '10.200.0.0/16', and the cluster runs with '10.244.0.0/16'" in shown
        assert "Traceback" not in shown
