"""What an edit of the cluster file changes, and above all what it leaves alone."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.unit import clusters, monitor
from tests.unit.monitor import Program


@pytest.fixture(scope="module")
def before(dev: clusters.File) -> clusters.File:
    """Return stack dev with host keys that hold for new hosts too."""
    return clusters.with_access_for_all(dev)


@pytest.fixture(scope="module")
def old(before: clusters.File) -> Program:
    """Return what is deployed before the edit."""
    return monitor.run_program(before)


def difference(old: Program, new: Program) -> tuple[set[str], set[str], set[str]]:
    """Return the names of resources that are added, removed, and changed; ignored changes are none."""
    names = set(old.resources), set(new.resources)
    changed = {
        name
        for name in names[0] & names[1]
        if list(new[name].options.ignoreChanges) != ["*"] and old[name].inputs != new[name].inputs
    }
    return names[1] - names[0], names[0] - names[1], changed


def test_the_same_file_changes_nothing(before: clusters.File, old: Program) -> None:
    """A second `up` has nothing to do: every input is the same to the byte."""
    assert difference(old, monitor.run_program(before)) == (set(), set(), set())


def test_adding_a_worker_touches_nobody_else(before: clusters.File, old: Program) -> None:
    """Two steps are added; no other host hears of it."""
    new = monitor.run_program(clusters.with_worker(before, "worker-3", "10.77.0.23"))
    assert difference(old, new) == ({"worker-3-prepare", "worker-3-join"}, set(), set())


@pytest.mark.parametrize("name", ["worker-1", "worker-2"])
def test_removing_a_worker_touches_nobody_else(before: clusters.File, old: Program, name: str) -> None:
    """Its two steps go, whichever place it has in the list."""
    new = monitor.run_program(clusters.without(before, name))
    assert difference(old, new) == (set(), {f"{name}-prepare", f"{name}-join"}, set())


def test_adding_control_planes_changes_the_balancers_alone(before: clusters.File, old: Program) -> None:
    """The balancers learn of the new ones; those that are there hear nothing."""
    grown = clusters.with_control_plane(clusters.with_control_plane(before, "cp-4", "10.77.0.14"), "cp-5", "10.77.0.15")
    added, removed, changed = difference(old, monitor.run_program(grown))
    assert added == {"cp-4-prepare", "cp-4-join", "cp-5-prepare", "cp-5-join"}
    assert (removed, changed) == (set(), {"lb-1-balance", "lb-2-balance"})


def test_a_new_control_plane_may_stand_first(before: clusters.File, old: Program) -> None:
    """The order of the lines decides who coordinates; it does not touch those that have joined."""
    grown = copy.deepcopy(before)
    grown["controlPlane"]["hosts"] = {"cp-0": "10.77.0.19", **grown["controlPlane"]["hosts"], "cp-4": "10.77.0.14"}
    _, _, changed = difference(old, monitor.run_program(grown))
    assert changed == {"lb-1-balance", "lb-2-balance", "dev-network", "dev-nodes"}


def test_removing_the_first_control_plane(before: clusters.File, old: Program) -> None:
    """No host is special: the next one applies manifests from now on, and nothing starts a second cluster."""
    new = monitor.run_program(clusters.without(before, "cp-1"))
    assert difference(old, new) == (
        set(),
        {"cp-1-prepare", "cp-1-join"},
        {"lb-1-balance", "lb-2-balance", "dev-network", "dev-nodes"},
    )
    assert list(new["dev-init"].options.ignoreChanges) == ["*"]


def test_losing_a_control_plane(before: clusters.File, old: Program) -> None:
    """It is taken out by another one, and the balancers send it nothing more."""
    new = monitor.run_program(clusters.with_lost(before, "cp-3"))
    assert difference(old, new) == ({"cp-3-evict"}, set(), {"lb-1-balance", "lb-2-balance"})


def test_losing_a_worker(before: clusters.File, old: Program) -> None:
    """A control plane takes it out; its own steps stay as they were."""
    new = monitor.run_program(clusters.with_lost(before, "worker-1"))
    assert difference(old, new) == ({"worker-1-evict"}, set(), set())


def test_the_second_node_spreads_the_dns_servers(small: clusters.File) -> None:
    """With the first worker beside a single control plane both copies of CoreDNS no longer have to be on one node."""
    alone = copy.deepcopy(small)
    alone["workers"] = {}
    old, new = monitor.run_program(alone), monitor.run_program(small)
    assert monitor.words_of(old["small-network"].plain("create"))["SEVERAL_NODES"] == "no"
    assert monitor.words_of(new["small-network"].plain("create"))["SEVERAL_NODES"] == "yes"


def test_changing_a_mirror_changes_preparation_alone(before: clusters.File, old: Program) -> None:
    """Joins, balancers and the start do not depend on where images come from."""
    changed = copy.deepcopy(before)
    changed["registries"]["docker.io"] = ["http://mirror.example"]
    _, _, touched = difference(old, monitor.run_program(changed))
    assert touched == {f"{n}-prepare" for n in ("cp-1", "cp-2", "cp-3", "worker-1", "worker-2")}


NODES = ("cp-1", "cp-2", "cp-3", "worker-1", "worker-2")
CONTROL_PLANES = NODES[:3]


def test_another_version_changes_every_node_and_nothing_else(before: clusters.File, old: Program) -> None:
    """Each is prepared and then taken in its turn; a preview shows the version in plain words."""
    changed = copy.deepcopy(before)
    changed["kubernetes"]["version"] = "1.36.4"
    new = monitor.run_program(changed)
    assert difference(old, new) == (set(), set(), {f"{n}-{step}" for n in NODES for step in ("prepare", "join")})
    for name in NODES:
        assert monitor.words_of(new[f"{name}-join"].plain("create"))["KUBERNETES_VERSION"] == "1.36.4"


def test_another_containerd_changes_every_node_and_nothing_else(before: clusters.File, old: Program) -> None:
    """Its version, or its settings, which a preview shows as a digest: what they are is nobody else's business."""
    settings = {"config": {"plugins": {"io.containerd.cri.v1.runtime": {"enable_selinux": True}}}}
    for containerd in ({"version": "2.3.1"}, settings):
        new = monitor.run_program({**before, "containerd": containerd})
        assert difference(old, new) == (set(), set(), {f"{n}-{step}" for n in NODES for step in ("prepare", "join")})
        assert "selinux" not in new["worker-1-join"].plain("create")


def test_another_name_in_the_certificate_changes_the_control_planes_alone(before: clusters.File, old: Program) -> None:
    """Workers, balancers and preparation have nothing to do with it; the start is long past."""
    changed = copy.deepcopy(before)
    changed["kubernetes"]["extraCertNames"] = ["api.example.org"]
    new = monitor.run_program(changed)
    assert difference(old, new) == (set(), set(), {f"{n}-join" for n in CONTROL_PLANES})
    for name in CONTROL_PLANES:
        files = monitor.unpacked(new[f"{name}-join"].plain("stdin"))
        assert "api.example.org" in files["names"].splitlines()
        assert "  - api.example.org\n" in files["cluster.yaml"]


def test_another_address_changes_that_host_alone(before: clusters.File, old: Program) -> None:
    """A worker under its old name is another host: both of its steps are made anew, no other is."""
    changed = copy.deepcopy(before)
    changed["workers"]["default"]["hosts"]["worker-2"] = "10.77.0.29"
    new = monitor.run_program(changed)
    assert difference(old, new) == (set(), set(), {"worker-2-prepare", "worker-2-join"})
    for step in ("prepare", "join"):
        assert old[f"worker-2-{step}"].plain("triggers") == ["10.77.0.22"]
        assert new[f"worker-2-{step}"].plain("triggers") == ["10.77.0.29"]


def test_the_pace_of_a_pool_changes_nothing(before: clusters.File, old: Program) -> None:
    """An order is not something that a host has."""
    changed = copy.deepcopy(before)
    changed["workers"]["default"]["maxUnavailable"] = 2
    assert difference(old, monitor.run_program(changed)) == (set(), set(), set())


def test_a_new_login_key_changes_no_script(before: clusters.File, old: Program, folder: Path) -> None:
    """Rotating the SSH key changes connections and nothing that runs."""
    key = folder / "id-2"
    key.write_text("-----BEGIN PRIVATE KEY-----\nanother\n")
    changed = copy.deepcopy(before)
    changed["ssh"]["privateKeyFile"] = str(key)
    new = monitor.run_program(changed)
    for name, command in new.commands.items():
        differing = {k for k in command.inputs if command.inputs[k] != old[name].inputs[k]}
        assert differing == {"connection"}, name


def test_hosts_of_a_kind_get_the_same(program: Program) -> None:
    """What two workers get differs in their names, addresses and identities alone."""

    def described(host: str, address: str) -> list[str]:
        texts = [program[f"{host}-{step}"].plain(key) for step in ("prepare", "join") for key in ("create", "delete")]
        files = monitor.unpacked(program[f"{host}-prepare"].plain("stdin"))
        files |= monitor.unpacked(program[f"{host}-join"].plain("stdin"))
        files.pop("discovery.conf")
        return [t.replace(host, "HOST").replace(address, "ADDRESS") for t in [*texts, *files, *files.values()]]

    assert described("worker-1", "10.77.0.21") == described("worker-2", "10.77.0.22")
