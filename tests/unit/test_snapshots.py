"""Snapshots of etcd: whose hosts take them, what waits for what, and when they are taken."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from components.plan import plan_for, snapshot
from components.policies import warnings
from components.render import snapshots
from components.rules.snapshots import HOURS
from tests.lab import backups
from tests.unit import clusters, monitor, transitions
from tests.unit.monitor import Program
from tests.unit.test_changes import difference
from tests.unit.transitions import edited, load, put

PLANES = ("cp-1", "cp-2", "cp-3")
STEPS = {f"{name}-snapshots" for name in PLANES}
ON = put("etcd.snapshots", {})


@pytest.fixture(scope="module")
def running(dev: clusters.File) -> clusters.File:
    """Return stack dev with snapshots and host keys that hold for new hosts too."""
    return clusters.with_access_for_all(edited(dev, ON))


@pytest.fixture(scope="module")
def taken(running: clusters.File) -> Program:
    """Return what is registered with snapshots."""
    return monitor.run_program(running)


def test_nothing_is_made_unless_asked_for(program: Program) -> None:
    """No step, no component."""
    assert not [name for name in program.resources if "napshots" in name]


def test_turning_them_on_and_off_changes_nothing_else(dev: clusters.File, taken: Program) -> None:
    """Only these steps come and go: no other host hears of it, and nothing is restarted."""
    without = monitor.run_program(clusters.with_access_for_all(dev))
    assert difference(without, taken) == ({*STEPS, "Snapshots dev"}, set(), set())


def test_another_number_changes_these_steps_alone(running: clusters.File, taken: Program) -> None:
    """All of them, in place."""
    new = monitor.run_program(edited(running, put("etcd.snapshots.keep", 7)))
    assert difference(taken, new) == (set(), set(), STEPS)


@pytest.mark.parametrize("name", PLANES)
def test_a_timer_ends_before_its_member_goes(taken: Program, name: str) -> None:
    """What depends on a member directly is deleted before it; and it is set up when all control planes are settled."""
    assert taken.depends(f"{name}-snapshots") & set(taken.commands) == {f"{name}-join", "cp-3-join"}
    assert taken[f"{name}-snapshots"].options.deleteBeforeReplace


def test_nothing_waits_for_them(taken: Program) -> None:
    """A host that cannot take one holds up no other."""
    assert not [resource.name for resource in taken if taken.depends(resource.name) & STEPS]


def test_another_control_plane_takes_them_too(running: clusters.File, taken: Program) -> None:
    """And the steps of those that are there stay as they are."""
    new = monitor.run_program(clusters.with_control_plane(running, "cp-4", "10.77.0.14"))
    added, removed, changed = difference(taken, new)
    assert "cp-4-snapshots" in added
    assert not removed
    assert not changed & STEPS


def test_of_a_lost_host_the_step_goes_without_being_undone(running: clusters.File) -> None:
    """Nothing can be run there; a lost one that never had the step gets one without effect."""
    lost = monitor.run_program(clusters.with_lost(running, "cp-2"))["cp-2-snapshots"]
    assert lost.plain("create") == "exec true"
    assert lost.options.retainOnDelete
    assert list(lost.options.ignoreChanges) == ["*"]


def test_hosts_of_etcd_take_them_where_it_has_its_own(stores_program: Program) -> None:
    """With the certificate of the member; control planes have nothing to take one of."""
    steps = {name for name in stores_program.commands if name.endswith("-snapshots")}
    assert steps == {f"etcd-{number}-snapshots" for number in (1, 2, 3, 4)}
    assert {"etcd-2-member", "cp-3-join"} <= stores_program.depends("etcd-2-snapshots")
    assert monitor.words_of(stores_program["etcd-2-snapshots"].plain("create"))["ETCD"] == "hosts"


def test_steps_bring_no_secret(taken: Program, guarded_program: Program) -> None:
    """The certificates are those that the host has; what is sent can be read by all."""
    for step in (taken["cp-1-snapshots"], guarded_program["alpha-snapshots"]):
        assert not step.is_secret("stdin")


def test_the_users_script_comes_along(guarded_program: Program) -> None:
    """With its deadline, and the way out of the site, in the unit."""
    files = monitor.unpacked(guarded_program["alpha-snapshots"].plain("stdin"))
    assert files["then"] == "#!/bin/sh\necho mounted\n"
    unit = files["kubeadm-ha-snapshot.service"]
    assert 'Environment="THEN_SECONDS=60"' in unit
    assert 'Environment="PROXY_HTTP=http://proxy.example.org:3128"' in unit


@pytest.mark.parametrize(
    ("hours", "times"),
    [
        (1, "*-*-* *:00:00 UTC"),
        (6, "*-*-* 00/6:00:00 UTC"),
        (24, "*-*-* 00:00:00 UTC"),
        (168, "*-*-01/7 00:00:00 UTC"),
    ],
)
def test_hours_as_systemd_writes_them(hours: int, times: str) -> None:
    """From midnight on."""
    assert snapshots.calendar(hours) == times


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here to ask")
def test_systemd_understands_all_of_them() -> None:
    """And takes each for as many hours as were meant, within a month."""
    said = subprocess.run(
        ["systemd-analyze", "calendar", *map(snapshots.calendar, HOURS)], capture_output=True, text=True, check=False
    )
    assert said.stdout.count("Normalized form:") == len(HOURS), said.stderr


def test_what_was_deployed_before_there_was_a_choice_is_no_change(dev: clusters.File) -> None:
    """And with the section it is told as turned on."""
    old = snapshot(load(dev))
    del old["etcd"]["snapshots"]
    same = plan_for(old, load(dev))
    assert not same.transition.changes
    assert not same.stages
    on = plan_for(old, load(edited(dev, ON)))
    told = (
        "Snapshots of etcd every 6 h on cp-1, cp-2 and cp-3, 28 kept in /var/lib/etcd-snapshots; nothing is restarted."
    )
    assert [stage.lines for stage in on.stages] == [(told,)]
    assert on.headline == "dev: snapshots of etcd every 6 h."


def test_a_snapshot_of_the_file_holds_no_local_path(running: clusters.File, dev: clusters.File) -> None:
    """The script is known by its name and what is in it: another content is a change that the plan tells."""
    script = clusters.TREE / "tests/cases/files/hook.sh"
    kept = snapshot(load(edited(running, put("etcd.snapshots.then", str(script)))))["etcd"]["snapshots"]
    assert kept["then"]["name"] == "hook.sh"
    assert str(script.parent) not in str(kept)
    changed = {**kept, "then": {**kept["then"], "content": "sha256:other"}}
    old = snapshot(load(dev))
    old["etcd"]["snapshots"] = changed
    plan = plan_for(old, load(edited(running, put("etcd.snapshots.then", str(script)))))
    assert [change.path for change in plan.transition.changes] == ["etcd.snapshots"]
    assert "each given to hook.sh" in plan.stages[0].lines[0]


def test_a_policy_wants_them(dev: clusters.File) -> None:
    """Of an etcd that is run from here; whoever runs another one backs it up."""
    wanted = put("policies.missingBackups", "warn")
    found = [fault.path for fault in warnings(load(edited(dev, wanted)))]
    assert "etcd.snapshots" in found
    for right in (ON, transitions.FOREIGN):
        assert "etcd.snapshots" not in [fault.path for fault in warnings(load(edited(dev, wanted, right)))]


@pytest.mark.parametrize("title", backups.COMMANDS)
def test_a_story_runs_the_commands_of_the_page(title: str) -> None:
    """Each block of docs/backups.md by its first line, as it stands there; and each is right for the shell."""
    stories = "".join(path.read_text() for path in (clusters.TREE / "tests/lab").glob("test_snapshots*.py"))
    assert f'"{title}"' in stories
    text = backups.command(title, {"cp-1": "192.0.2.11"})
    assert subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False).stderr == ""
