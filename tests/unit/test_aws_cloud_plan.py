"""What a plan says of what of AWS runs in a cluster, and what it refuses."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from components import rules
from components.faults import ConfigurationError
from components.plan import Plan, as_text, plan_for
from tests.unit.aws_clusters import example

Aws = dict[str, Any]


def plan(*edits: Aws, name: str = "services") -> Plan:
    """Return the plan of the last edit of the section aws, those before it being deployed one after another."""
    file = example(name)
    made: Plan | None = None
    for edit in edits:
        file = copy.deepcopy(file)
        version = edit.get("version")
        machines = edit.get("machines")
        file["aws"] |= {k: v for k, v in edit.items() if k not in ("version", "machines")}
        if version:
            file["kubernetes"]["version"] = version
        if machines:
            file["workers"]["default"]["machines"] |= machines
        # As the engine gives it back: its numbers are floating.
        before = json.loads(json.dumps(made.transition.wanted), parse_int=float) if made else None
        made = plan_for(before, rules.load(file))
    assert made is not None
    return made


def told(found: Plan) -> str:
    """Return it as one line."""
    return " ".join(as_text(found).split())


NONE = {"cloudControllerManager": False, "ebsCsiDriver": False}
MANAGER = {"cloudControllerManager": True, "ebsCsiDriver": False}
BOTH = {"cloudControllerManager": True, "ebsCsiDriver": True}


def test_a_new_cluster_is_told_when_it_takes_pods() -> None:
    """What is applied, in which release, and that more is to be paid for than is counted."""
    first = plan({})
    said = told(first)
    assert "cp-1 applies the cloud controller manager v1.35.0; nodes take pods from when it has found" in said
    assert "cp-1 applies the EBS CSI driver v1.61.1 and the storage class gp3." in said
    assert first.costs[-2:] == (
        "balancers of Services: as many as there are",
        "volumes of claims: as many as there are",
    )
    titles = [stage.title for stage in first.stages]
    assert titles.index("Of AWS, from one control plane") < titles.index("Workers")
    assert not first.cautions


def test_without_them_nothing_is_told() -> None:
    """Neither as a stage nor as what costs money."""
    first = plan(NONE)
    assert "controller manager" not in told(first)
    assert "as many as there are" not in str(first.costs)


def test_nothing_changes_without_a_change() -> None:
    """Machines are remembered as those that it knows."""
    assert told(plan({}, {})) == "Plan for aws-services: nothing changes in the cluster."


def test_turned_on_it_knows_new_machines_alone() -> None:
    """The plan says so as long as there is one that joined before, and how to end that."""
    on = plan(NONE, BOTH)
    assert "the cloud controller manager is applied; the EBS CSI driver is applied" in on.headline
    (caution,) = on.cautions
    assert caution.startswith("cp-1, cp-2, cp-3, default-1, default-2 and default-3 joined before")
    then = plan(NONE, BOTH, {"machines": {"skip": [1]}})
    assert then.cautions[-1].startswith("cp-1, cp-2, cp-3, default-2 and default-3 joined before")
    other = plan(NONE, BOTH, {"machines": {"skip": [1, 2, 3]}})
    assert other.cautions[-1].startswith("cp-1, cp-2 and cp-3 joined before")


def test_a_stack_of_an_earlier_release_is_one_without() -> None:
    """Its snapshot knows no such key."""
    before = plan(NONE).transition.wanted
    for key in NONE:
        del before["aws"][key]
    on = plan_for(before, rules.load(example("services")))
    assert "joined before" in on.cautions[0]
    elastic = plan_for(None, rules.load(example("elastic"))).transition.wanted
    for key in NONE:
        del elastic["aws"][key]
    assert "nothing changes" in told(plan_for(elastic, rules.load(example("elastic"))))


def test_it_is_not_turned_off() -> None:
    """Kubelets were started to wait for it."""
    with pytest.raises(ConfigurationError, match=r"aws\.cloudControllerManager: is off, and kubelets were started"):
        plan(BOTH, NONE)


def test_the_driver_can_go() -> None:
    """With a word on the volumes that stay."""
    off = plan(BOTH, MANAGER)
    assert "cp-1 removes the EBS CSI driver and the storage class gp3." in told(off)
    assert off.cautions[0].startswith("Volumes of claims stay, and nobody attaches")


def test_an_upgrade_tells_of_its_release() -> None:
    """Where Kubernetes' next one goes with another; otherwise it stays."""
    other = plan({"version": "1.34.8"}, {"version": "1.35.5"})
    assert "The cloud controller manager becomes v1.35.0, one control plane after another." in told(other)
    same = plan({"version": "1.35.5"}, {"version": "1.36.3"})
    assert "cloud controller manager" not in told(same)


def test_elastic_machines_are_replaced_for_it() -> None:
    """What kubelets wait for is in the template, and so are the images that are pulled beforehand."""
    on = told(plan(NONE, BOTH, name="elastic"))
    assert (
        "burst has a new template, since what kubelets wait for and the images that are pulled beforehand changed" in on
    )
