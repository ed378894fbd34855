"""What is left when the plug of a host is pulled: nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.datacenter import cgroups, host


def test_hosts_that_go_at_once_do_not_trip_over_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is last removes the folder that they shared, and nobody minds that it is gone."""
    monkeypatch.setattr(host, "NSPAWN", tmp_path / "nspawn")
    names = [f"h-{number}" for number in range(8)]
    for _ in range(50):
        for name in names:
            (host.NSPAWN / "propagate" / host.group(name)).mkdir(parents=True)
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(host.forget, names))
        assert not host.NSPAWN.exists()


def test_frozen_processes_are_thawed_to_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """runc freezes a container to change it; with cgroup v1, a process that is frozen does not die of SIGKILL."""
    states = [tmp_path / "freezer" / place / "freezer.state" for place in ("kha-a", "kha-a/pod", "kha-b")]
    for state in states:
        state.parent.mkdir(parents=True, exist_ok=True)
        (state.parent / "cgroup.procs").touch()
        state.write_text("FROZEN")
    (tmp_path / "freezer" / "cgroup.procs").touch()
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    cgroups.thaw("kha-a")
    assert [state.read_text() for state in states] == ["THAWED", "THAWED", "FROZEN"]


def test_cgroups_are_found_in_both_versions(tmp_path: Path) -> None:
    """Version 1 has a root for each controller, version 2 has one."""
    for name in ("cpu", "memory"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    (tmp_path / "cpuacct").symlink_to("cpu")
    assert cgroups.hierarchies(tmp_path) == [tmp_path / "cpu", tmp_path / "memory"]
    (tmp_path / "cgroup.controllers").touch()
    assert cgroups.hierarchies(tmp_path) == [tmp_path]
