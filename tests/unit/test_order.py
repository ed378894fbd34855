"""What waits for what, and what nothing has to wait for: read from the registrations, without a host."""

from __future__ import annotations

import copy

import pytest

from tests.unit import clusters, monitor
from tests.unit.monitor import Program

BALANCERS = {"lb-1-balance", "lb-2-balance"}
WORKERS = ["worker-1", "worker-2"]
PREPARED = ["cp-1-prepare", "cp-2-prepare", "cp-3-prepare", "worker-1-prepare", "worker-2-prepare"]


def test_balancers_are_there_before_the_cluster_starts(program: Program) -> None:
    """kubeadm init asks for the API at its endpoint, so every balancer comes first."""
    assert program.host_steps_before("dev-init") == BALANCERS | {"cp-1-prepare"}


@pytest.mark.parametrize("name", [*PREPARED, *sorted(BALANCERS)])
def test_first_steps_wait_for_no_host(program: Program, name: str) -> None:
    """Preparing hosts and balancers is what takes longest, and all of it begins at once."""
    assert program.host_steps_before(name) == set()


def test_control_planes_join_one_after_another(program: Program) -> None:
    """etcd takes one new member at a time: each control plane waits for the one before it."""
    joins = [f"cp-{number}-join" for number in (1, 2, 3)]
    before = ["dev-network", *joins[:-1]]
    for join, earlier in zip(joins, before, strict=True):
        assert program.depends(join) & set(program.commands) == {earlier, join.replace("join", "prepare")}


def test_every_joiner_waits_for_the_start(program: Program) -> None:
    """A join without a cluster would be a start of a second one."""
    for name in program.commands:
        if name.endswith("-join"):
            assert "dev-init" in program.waits_for(name), name


def test_network_follows_the_start_alone(program: Program) -> None:
    """The network is there before any node has to be Ready; what is asked of its host is preparation, for kubectl."""
    assert program.depends("dev-network") & set(program.commands) == {"dev-init", "cp-1-prepare"}


def test_a_new_first_control_plane_is_prepared_before_it_acts(dev: clusters.File) -> None:
    """Whichever host is the first one now acts for the cluster, also one that has not joined yet."""
    changed = clusters.with_access_for_all(dev)
    changed["controlPlane"] = {"hosts": {"cp-0": "10.77.0.19", **changed["controlPlane"]["hosts"]}}
    program = monitor.run_program(clusters.with_lost(changed, "cp-3"))
    for name in ("dev-network", "cp-3-evict"):
        assert program[name].plain("connection")["host"] == "10.77.0.19"
        assert "cp-0-prepare" in program.waits_for(name)
        assert "admin.conf" in monitor.unpacked(program[name].plain("stdin"))


def test_workers_join_all_together(program: Program) -> None:
    """Workers wait for the first control plane and their own preparation, never for each other nor for later ones."""
    first = {"dev-init", "dev-network", "cp-1-prepare", "cp-1-join"} | BALANCERS
    for name in WORKERS:
        assert program.host_steps_before(f"{name}-join") == first | {f"{name}-prepare"}


def test_a_control_plane_outlives_the_workers(dev: clusters.File) -> None:
    """What is made before is destroyed after: while workers leave, the first control plane that lives is there."""
    assert "cp-1-join" in monitor.run_program(dev).depends("worker-1-join")
    assert "cp-2-join" in monitor.run_program(clusters.with_lost(dev, "cp-1")).depends("worker-1-join")


def test_a_joiner_waits_for_its_own_preparation(program: Program) -> None:
    """The identity that a node joins with is signed from what its preparation printed."""
    for name in ("cp-1", "cp-2", "cp-3", *WORKERS):
        assert f"{name}-prepare" in program.depends(f"{name}-join")


def test_members_change_one_at_a_time(dev: clusters.File) -> None:
    """A control plane that is lost is taken out in its place of the row, before the next one joins."""
    program = monitor.run_program(clusters.with_lost(dev, "cp-2"))
    assert program.depends("cp-2-evict") & set(program.commands) == {"cp-2-join"}
    assert program.depends("cp-3-join") & set(program.commands) == {"cp-2-evict", "cp-3-prepare"}


def test_a_lost_worker_is_evicted_once_the_api_answers(dev: clusters.File) -> None:
    """A control plane that lives does it, and it waits for nothing else."""
    program = monitor.run_program(clusters.with_lost(dev, "worker-1"))
    assert program.depends("worker-1-evict") & set(program.commands) == {"cp-1-join"}


@pytest.mark.parametrize("name", ["cp-1", "cp-2", "cp-3", "worker-1"])
def test_eviction_needs_no_step_of_the_lost(dev: clusters.File, name: str) -> None:
    """The host that acts is prepared, and of the lost one there are only steps that do nothing."""
    program = monitor.run_program(clusters.with_lost(dev, name))
    acting = "cp-2" if name == "cp-1" else "cp-1"
    assert f"{acting}-prepare" in program.waits_for(f"{name}-evict")
    for step in program.host_steps_before(f"{name}-evict"):
        if step.startswith(f"{name}-"):
            assert program[step].plain("create") == "exec true"


def test_nothing_waits_for_a_lost_worker(dev: clusters.File) -> None:
    """A worker that is gone holds up nobody."""
    program = monitor.run_program(clusters.with_lost(dev, "worker-1"))
    for resource in program:
        assert not program.depends(resource.name) & {"worker-1-join", "worker-1-evict"}


def test_a_first_preview_registers_the_same(dev: clusters.File, program: Program) -> None:
    """Nothing is made inside apply: a first preview, where every output is unknown, shows every resource."""
    assert set(monitor.run_program(dev, preview=True).resources) == set(program.resources)


def rolled(dev: clusters.File, version: str, workers: int, together: int = 1) -> Program:
    """Return the program for another version of a cluster that runs, its pool taken so many at a time."""
    before = clusters.with_access_for_all(copy.deepcopy(dev))
    pool = before["workers"]["default"]
    pool["hosts"] = {f"worker-{n}": f"10.77.0.{20 + n}" for n in range(1, workers + 1)}
    pool["maxUnavailable"] = together
    deployed = monitor.run_program(before).outputs
    before["kubernetes"]["version"] = version
    pool["hosts"]["fresh"] = "10.77.0.99"
    return monitor.run_program(before, deployed=deployed)


def worker_joins(program: Program, name: str) -> set[str]:
    """Return the joins of other workers that one waits for directly."""
    return {n for n in program.depends(f"{name}-join") if n.endswith("-join") and not n.startswith("cp-")}


def test_workers_are_upgraded_one_after_another(dev: clusters.File) -> None:
    """Each waits for the one before it; a new one, which carries nothing yet, waits for none of them."""
    program = rolled(dev, "1.36.4", workers=3)
    assert worker_joins(program, "worker-1") == set()
    assert worker_joins(program, "worker-2") == {"worker-1-join"}
    assert worker_joins(program, "worker-3") == {"worker-2-join"}
    assert worker_joins(program, "fresh") == set()


def test_a_pool_may_be_upgraded_several_at_a_time(dev: clusters.File) -> None:
    """With two, each waits for the one before the last."""
    program = rolled(dev, "1.36.4", workers=4, together=2)
    assert [worker_joins(program, f"worker-{n}") for n in (1, 2, 3, 4)] == [
        set(),
        set(),
        {"worker-1-join"},
        {"worker-2-join"},
    ]


def test_workers_follow_the_last_control_plane_in_a_cluster_that_runs(dev: clusters.File) -> None:
    """No kubelet may be newer than an API server, and a new worker comes with a new kubelet."""
    program = rolled(dev, "1.36.4", workers=2)
    for name in ("worker-1", "worker-2", "fresh"):
        assert "cp-3-join" in program.depends(f"{name}-join")


def test_without_a_roll_workers_know_nothing_of_each_other(dev: clusters.File) -> None:
    """Else taking a pool apart, which goes the same way back, would be one after another too."""
    program = rolled(dev, dev["kubernetes"]["version"], workers=3)
    assert [worker_joins(program, f"worker-{n}") for n in (1, 2, 3)] == [set(), set(), set()]
