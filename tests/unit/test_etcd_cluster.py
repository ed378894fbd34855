"""etcd on hosts of its own as resources: what waits for what, who gets which key."""

from __future__ import annotations

from itertools import pairwise

import pytest

from components.plan import snapshot
from tests.unit import clusters, monitor, transitions
from tests.unit.monitor import Program

MEMBERS = ["etcd-1-member", "etcd-2-member", "etcd-3-member"]


@pytest.fixture(scope="module")
def running(stores: clusters.File) -> Program:
    """Return what is registered for a cluster that runs."""
    return monitor.run_program(stores, deployed={"deployed": snapshot(transitions.load(stores))})


def test_members_of_a_new_etcd_start_together(stores_program: Program) -> None:
    """None of them is healthy without the others, so none may wait for another."""
    for member in MEMBERS:
        assert not stores_program.host_steps_before(member) & set(MEMBERS)
        assert "NEW_CLUSTER=yes" in stores_program[member].plain("create")
        assert "NEW_CLUSTER" not in stores_program[member].plain("update")


def test_members_of_one_that_runs_change_one_after_another(running: Program) -> None:
    """At most one is away at a time."""
    for before, member in pairwise(MEMBERS):
        assert before in running.depends(member)


def test_what_was_said_at_the_creation_is_no_change_later(stores_program: Program, running: Program) -> None:
    """A new etcd is begun once: the engine keeps the first command and runs the other."""
    for member in MEMBERS:
        assert list(stores_program[member].options.ignoreChanges) == ["create"]
        assert list(running[member].options.ignoreChanges) == ["create"]
        assert stores_program[member].plain("update") == running[member].plain("update")
        assert "NEW_CLUSTER" not in running[member].plain("create")


def test_the_first_api_server_waits_for_every_member(stores_program: Program) -> None:
    """And so does every later change of a control plane."""
    for step in ("dev-init", "cp-1-join", "cp-3-join"):
        assert {*MEMBERS, "etcd-4-evict", "dev-etcd"} <= stores_program.waits_for(step)


def test_a_lost_member_is_taken_out_by_one_that_lives(stores_program: Program) -> None:
    """Nothing is run on its own host."""
    assert stores_program["etcd-4-evict"].plain("connection")["host"] == "10.77.0.31"
    assert stores_program["etcd-4-member"].plain("create") == "exec true"
    assert "etcd-4" not in monitor.words_of(stores_program["etcd-1-member"].plain("create"))["MEMBERS"]


def test_the_authoritys_key_is_on_no_host(stores_program: Program) -> None:
    """Members and control planes get certificates; who has the key could be any of them."""
    for name, command in stores_program.commands.items():
        files = monitor.unpacked(command.plain("stdin") or "")
        assert "pki/etcd/ca.key" not in files, name
        assert not any(path.endswith("ca.key") for path in files if name.startswith("etcd-")), name


def test_keys_are_secrets(stores_program: Program) -> None:
    """A member's key travels in standard input, which is hidden as a whole."""
    for step in (*MEMBERS, "cp-1-join", "dev-etcd"):
        assert stores_program[step].is_secret("stdin"), step


@pytest.mark.parametrize(("name", "kind"), [("etcd.example.org", "dnsNames"), ("198.51.100.31", "ipAddresses")])
def test_members_have_further_names(stores_program: Program, name: str, kind: str) -> None:
    """Names and addresses of the cluster file beside the host's own."""
    request = stores_program["etcd-2-etcd-request"]
    assert name in request.plain(kind)
    assert {"etcd-2", "localhost"} <= set(request.plain("dnsNames"))
    assert {"10.77.0.32", "127.0.0.1"} <= set(request.plain("ipAddresses"))
