"""`pulumi preview` with the real engine: what is shown, and what is refused, without a word to a host."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.site import Site, silent_host
from tests.unit import certificates, clusters, monitor


def test_the_first_preview_shows_every_resource(site: Site, tmp_path: Path) -> None:
    """All that will be made, nothing contacted, and no key on the screen."""
    cluster = clusters.dev(tmp_path)
    with silent_host(cluster):
        site.configure(cluster)
        done = site.pulumi("preview", "--json")
    steps = [step for step in json.loads(done.stdout)["steps"] if step["op"] != "read"]
    assert {step["op"] for step in steps} == {"create"}
    expected = {(r.type, r.name.split()[-1]) for r in monitor.run_program(cluster)}
    expected = {(kind, "kubeadm-ha-dev" if kind == "pulumi:pulumi:Stack" else name) for kind, name in expected}
    found = {(step["newState"]["type"], step["urn"].rsplit("::", 1)[1]) for step in steps}
    assert found == expected
    assert certificates.private_pem("login").splitlines()[2] not in done.stdout + done.stderr


def test_a_preview_reads_like_sentences(site: Site, tmp_path: Path) -> None:
    """The plain form names every host's steps under the component they belong to."""
    cluster = clusters.small(tmp_path)
    with silent_host(cluster):
        site.configure(cluster)
        shown = site.pulumi("preview").stdout
    for name in ("small-init", "alpha-join", "beta-prepare", "beta-join", "gate-a-balance", "WorkerPool"):
        assert name in shown
    assert "to create" in shown


def test_a_wrong_file_is_refused_at_preview(site: Site, tmp_path: Path) -> None:
    """Every fault is on the screen at once, with no traceback, and no host was contacted."""
    cluster = clusters.dev(tmp_path)
    cluster["kubernetes"] |= {"version": "1.36.0", "ignorePreflightErrors": ["all"]}
    cluster["endpoint"]["address"] = cluster["controlPlane"]["hosts"]["cp-1"]
    cluster["workers"]["empty"] = {"hosts": {}}
    with silent_host(cluster):
        site.configure(cluster)
        for command in ("preview", "up"):
            done = site.pulumi(command, *(["--yes", "--skip-preview"] if command == "up" else []), check=False)
            shown = done.stdout + done.stderr
            assert done.returncode != 0
            assert "the cluster file has 4 faults; no host was contacted" in shown
            for fault in ("kubernetes.version: ", "kubernetes.ignorePreflightErrors: ", "endpoint.address: "):
                assert fault in shown
            assert "workers.empty.hosts: names no host" in shown
            assert "Traceback" not in shown
            assert ".py" not in shown
    # Asking for what is deployed and starting plugins makes providers known, which is nothing on any host.
    assert {resource["type"].rpartition(":")[0] for resource in site.state().values()} <= {"pulumi:providers"}


def test_hosts_that_cannot_be_logged_in_to_are_refused(site: Site, tmp_path: Path) -> None:
    """Key files are read at preview: what is missing is named before anything is made."""
    cluster = clusters.dev(tmp_path)
    cluster["ssh"] = {"privateKeyFile": "nowhere/id", "knownHostsFile": "nowhere/known_hosts"}
    site.configure(cluster)
    done = site.pulumi("preview", check=False)
    shown = done.stdout + done.stderr
    assert done.returncode != 0
    assert "ssh.privateKeyFile: nowhere/id: No such file or directory" in shown
    assert "ssh.knownHostsFile: nowhere/known_hosts: No such file or directory" in shown
    assert "Traceback" not in shown


def test_a_part_can_be_brought_up_alone(site: Site, tmp_path: Path) -> None:
    """`--target` makes what it names, though the rest of the program has no outputs to work with."""
    cluster = clusters.dev(tmp_path)
    with silent_host(cluster):
        site.configure(cluster)
        site.pulumi("up", "--yes", "--skip-preview", "--target", "**ClusterPki**")
    assert "dev-admin-certificate" in site.state()
    assert "cp-1-prepare" not in site.state()


def test_a_stack_without_a_cluster_says_so(site: Site) -> None:
    """A new stack that nobody has configured yet gets the name of the key, not a traceback."""
    done = site.pulumi("preview", check=False)
    assert done.returncode != 0
    assert "kubeadm-ha:cluster" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
