"""Volumes that are encrypted with a key of the site's: all of them, and those that are there keep theirs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import rules
from components.plan import as_text, plan_for
from tests.unit import monitor
from tests.unit.aws_clusters import MACHINES, TEMPLATE, example, of_type

ACCOUNT = "arn:aws:kms:eu-central-1:123456789012"
KEY = f"{ACCOUNT}:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
ALIAS = {"aws": {"kmsKey": "alias/volumes"}}


@pytest.mark.parametrize(("named", "used"), [("alias/volumes", f"{ACCOUNT}:alias/volumes"), (KEY, KEY)])
def test_every_volume_has_the_key(named: str, used: str) -> None:
    """Root volumes, etcd's, the bastion's and those of elastic pools, where an alias stays one."""
    program = monitor.run_program(example("elastic", aws={"kmsKey": named}))
    machines = of_type(program, MACHINES)
    assert len(machines) == 7
    for machine in machines.values():
        volumes = [machine.plain("rootBlockDevice"), *(machine.plain("ebsBlockDevices") or [])]
        assert len(volumes) == (2 if machine.name.startswith("cp-") else 1)
        assert all((volume["kmsKeyId"], volume["encrypted"]) == (KEY, True) for volume in volumes), machine.name
    (volume,) = program[TEMPLATE].plain("blockDeviceMappings")
    assert (volume["ebs"]["kmsKeyId"], volume["ebs"]["encrypted"]) == (used, "true")


def test_without_one_nobody_is_asked() -> None:
    """AWS's own key needs no word."""
    program = monitor.run_program(example("elastic"))
    assert not [token for token, _ in program.questions if "kms" in token]
    for machine in of_type(program, MACHINES).values():
        assert "kmsKeyId" not in machine.plain("rootBlockDevice")


def planned(before: dict[str, Any], after: dict[str, Any], *, old: bool = False) -> str:
    """Return the plan from one edit of the example to another; `old`, deployed before there was the key."""
    deployed = plan_for(None, rules.load(example("elastic", **before))).transition.wanted
    stored = json.loads(json.dumps(deployed))
    if old:
        del stored["aws"]["kmsKey"]
    return " ".join(as_text(plan_for(stored, rules.load(example("elastic", **after)))).split())


@pytest.mark.parametrize("old", [False, True])
def test_another_key_is_for_new_machines(old: bool) -> None:
    """The plan says which stay with AWS's own, and that machines of elastic pools are replaced."""
    said = planned({}, ALIAS, old=old)
    assert "cp-1, cp-2 and cp-3 stay with kmsKey none: what the file says now is for new machines." in said
    assert "burst has a new template, since the key of volumes changed: AWS replaces its machines" in said
    assert ("aws.kmsKey: none -> alias/volumes" in said) == (not old)
    back = planned(ALIAS, {})
    assert "cp-1, cp-2 and cp-3 stay with kmsKey alias/volumes:" in back
    assert "since the key of volumes changed" in back


@pytest.mark.parametrize("edit", [{}, ALIAS])
def test_the_same_key_is_no_change(edit: dict[str, Any]) -> None:
    """Nothing is said of machines that have what the file says."""
    assert planned(edit, edit) == "Plan for aws-elastic: nothing changes in the cluster."
    assert planned({}, {}, old=True) == "Plan for aws-elastic: nothing changes in the cluster."
