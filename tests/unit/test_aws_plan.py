"""Plans of clusters in AWS: what is made, ended and refused, and what costs money."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components import rules
from components.faults import ConfigurationError
from components.plan import Plan, as_markdown, as_text, plan_for
from tests.unit.aws_clusters import example

Edit = Callable[[dict[str, Any]], Any]


def stored(plan: Plan) -> dict[str, Any]:
    """Return what a stack has deployed after a plan, as the engine gives it back."""
    numbers_are_floating: dict[str, Any] = json.loads(json.dumps(plan.transition.wanted), parse_int=float)
    return numbers_are_floating


def after(*edits: Edit, name: str = "production") -> Plan:
    """Return the plan of the last edit, those before it being deployed one after another."""
    file = example(name)
    plan = plan_for(None, rules.load(file))
    for edit in edits:
        file = copy.deepcopy(file)
        edit(file)
        plan = plan_for(stored(plan), rules.load(file))
    return plan


def workers(**values: Any) -> Edit:
    """Return the edit of the pool's machines."""
    return lambda file: file["workers"]["default"]["machines"].update(values)


def planes(**values: Any) -> Edit:
    """Return the edit of the control planes' machines."""
    return lambda file: file["controlPlane"]["machines"].update(values)


def network(**values: Any) -> Edit:
    """Return the edit of the network."""
    return lambda file: file["aws"]["network"].update(values)


def lines(plan: Plan, title: str) -> str:
    """Return what is told at a stage."""
    return "\n".join(line for stage in plan.stages if stage.title.startswith(title) for line in stage.lines)


def test_the_first_plan_names_what_costs_money() -> None:
    """As counts: prices are AWS's own."""
    plan = after()
    assert plan.costs == (
        "m6i.large: 3",
        "m6i.xlarge: 6",
        "t3.micro: 1",
        "volumes (gp3): 13",
        "GiB of volumes: 820",
        "NAT gateways: 3",
        "public addresses: 4",
        "network load balancers: 1",
        "interface endpoints: 9",
    )
    assert "Costs money: m6i.large: 3, " in as_text(plan)
    assert "Costs money: m6i.large: 3, " in as_markdown(plan)
    assert plan.stages[0].title == "In AWS, eu-central-1"
    assert "A VPC of 10.40.0.0/16" in plan.stages[0].lines[0]
    assert "cp-2 (10.40.16.10) is made: m6i.large in eu-central-1b." in plan.stages[0].lines


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("test", ["public addresses: 3", "network load balancers: 1"]),
        ("gpu", ["NAT gateways: 1", "public addresses: 2", "private hosted zones: 1", "g5.xlarge: 3"]),
        ("existing-vpc", ["m6i.large: 6", "volumes (gp3): 12", "private hosted zones: 1"]),
    ],
)
def test_what_each_shape_costs(name: str, told: list[str]) -> None:
    """A public endpoint has an address in each zone, a public machine its own, and a site's VPC is the site's."""
    costs = after(name=name).costs
    assert set(told) <= set(costs)
    if name != "gpu":
        assert not [cost for cost in costs if cost.startswith("NAT")]


def test_hosts_that_are_there_cost_nothing_here() -> None:
    """No line, and nothing of a provider in what is deployed."""
    file = {
        "name": "x",
        "kubernetes": {"version": "1.36.3"},
        "endpoint": {"kind": "external", "name": "api.example.org"},
        "controlPlane": {"hosts": {"cp-1": "192.0.2.1"}},
    }
    plan = plan_for(None, rules.load(file))
    assert plan.costs == ()
    assert not {"provider", "aws"} & set(plan.transition.wanted)
    assert not [stage for stage in plan.stages if "AWS" in stage.title]


def test_a_machine_is_replaced_by_skipping_it() -> None:
    """A new one is made and joins, the old one is drained and ended."""
    plan = after(workers(skip=[2]))
    assert lines(plan, "In AWS") == "default-7 (10.40.0.102) is made: m6i.xlarge in eu-central-1a."
    assert lines(plan, "At the end, in AWS") == "The machine of default-2 is ended, with its volumes."
    assert "default-2 is drained (up to 300 s), leaves the cluster" in lines(plan, "At the end, what leaves")


def test_a_control_plane_is_replaced_in_two() -> None:
    """Adding and taking away in one update is refused, as with hosts; one after another is not."""
    with pytest.raises(ConfigurationError):
        after(planes(skip=[2]))
    more = after(planes(count=4))
    assert "cp-4 (10.40.0.11) is made" in lines(more, "In AWS")
    fewer = after(planes(count=4), planes(count=3, skip=[2]))
    assert lines(fewer, "At the end, in AWS") == "The machine of cp-2 is ended, with its volumes."


def test_a_lost_machine_is_ended() -> None:
    """When it has been taken out of the cluster; skipped then, nothing happens any more."""
    plan = after(workers(lost=[3]))
    assert lines(plan, "At the end, in AWS") == "The machine of default-3 is ended, with its volumes."
    assert "m6i.xlarge: 6 -> 5" in plan.costs
    then = after(workers(lost=[3]), workers(lost=[], skip=[3], count=5))
    assert not lines(then, "In AWS")
    assert not lines(then, "At the end, in AWS")


def test_another_type_is_for_new_machines() -> None:
    """The plan says which stay, and goes on saying it while there are some."""
    plan = after(workers(instanceType="m6i.large"))
    assert "m6i.xlarge: 6" in plan.costs
    (kept,) = plan.cautions
    assert kept.startswith("default-1, default-2, default-3, default-4, default-5 and default-6 stay with")
    assert "instanceType m6i.xlarge" in kept
    assert "workers.default.machines.skip" in kept
    one = after(workers(instanceType="m6i.large"), workers(skip=[2]))
    assert {"m6i.xlarge: 6 -> 5", "m6i.large: 3 -> 4"} <= set(one.costs)
    assert "In AWS" in one.stages[0].title
    last = after(workers(instanceType="m6i.large"), workers(skip=[1, 2, 3, 4, 5, 6]), lambda _: None)
    assert not last.cautions


def test_another_image_is_for_new_machines() -> None:
    """As another type."""
    plan = after(lambda file: file["aws"].update(image={"family": "debian-13"}))
    assert len(plan.cautions) == 2
    assert all("image debian-12" in caution for caution in plan.cautions)


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        (lambda file: file["aws"].update(region="eu-west-1", network=_elsewhere(file)), "aws.region"),
        (network(range="10.50.0.0/16"), "aws.network.range"),
        (network(zones=["eu-central-1a", "eu-central-1b"]), "aws.network.zones"),
        (network(public=True, nat=None), "aws.network.public"),
        (workers(firstAddress=110), "workers.default.machines.firstAddress"),
        (planes(firstAddress=20), "controlPlane.machines.firstAddress"),
        (planes(etcdVolumeGib=None), "controlPlane.machines.etcdVolumeGib"),
        (lambda file: file["endpoint"].update(scheme="public"), "endpoint.scheme"),
        (lambda file: file["endpoint"].update(name="api.example.com"), "endpoint.name"),
    ],
)
def test_what_machines_cannot_follow_is_refused(edit: Edit, path: str) -> None:
    """Their network, their addresses, their disks: with the way to do it right."""
    with pytest.raises(ConfigurationError) as caught:
        after(edit)
    assert path in [fault.path for fault in caught.value.faults]
    assert not [fault for fault in caught.value.faults if "its address was" in fault.problem], (
        "told where it is written"
    )


def _elsewhere(file: dict[str, Any]) -> dict[str, Any]:
    zones = [zone.replace("eu-central-1", "eu-west-1") for zone in file["aws"]["network"]["zones"]]
    return {**file["aws"]["network"], "zones": zones}


def test_hosts_do_not_become_machines() -> None:
    """Nor the other way round: nodes would be other ones, all at once."""
    file = {
        "name": "aws-production",
        "kubernetes": {"version": "1.36.3"},
        "endpoint": {"kind": "external", "name": "api.prod.example.org"},
        "controlPlane": {"hosts": {"cp-1": "192.0.2.1"}},
    }
    static = plan_for(None, rules.load(file))
    with pytest.raises(ConfigurationError) as caught:
        plan_for(stored(static), rules.load(example("production")))
    assert "provider" in [fault.path for fault in caught.value.faults]
    with pytest.raises(ConfigurationError) as caught:
        plan_for(stored(after()), rules.load(file))
    assert "provider" in [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize(
    "edit", [network(nat="one"), network(endpoints=[]), lambda file: file["aws"].pop("tags"), workers(count=7)]
)
def test_what_can_change_is_planned(edit: Edit) -> None:
    """Ways out, services, tags and how many."""
    assert after(edit).transition.changes


PAGE = Path(__file__).resolve().parents[2] / "docs" / "topologies" / "aws.md"
ROWS = re.findall(r"^\| (\d+) \| (\d+) \| (on them|\d+) \| ([\d |]+) \|$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}+{row[1]}")
def test_the_page_s_table_is_the_plan_s(row: tuple[str, str, str, str]) -> None:
    """What a cluster of each size makes, as the page has it."""

    def sized(file: dict[str, Any]) -> None:
        file["controlPlane"]["machines"]["count"] = int(row[0])
        file["workers"]["default"]["machines"]["count"] = int(row[1])
        if row[2] != "on them":
            del file["controlPlane"]["machines"]["etcdVolumeGib"]
            own = {"count": int(row[2]), "instanceType": "m6i.large", "etcdVolumeGib": 20}
            file["etcd"] = {"machines": own}

    file = example("production")
    sized(file)
    costs = dict(cost.rsplit(": ", 1) for cost in plan_for(None, rules.load(file)).costs)
    machines = sum(int(number) for what, number in costs.items() if "." in what)
    keys = ("volumes (gp3)", "GiB of volumes", "NAT gateways", "public addresses", "network load balancers")
    expected = [machines, *(int(costs[key]) for key in keys), int(costs["interface endpoints"])]
    assert [int(cell) for cell in row[3].split("|")] == expected


def test_the_page_has_a_table() -> None:
    """The test above has rows to look at."""
    assert len(ROWS) == 4


def test_what_machines_stand_on_changes() -> None:
    """It is told, with who is cut off by it."""
    before = plan_for(None, rules.load(example("production"))).transition.wanted
    file = example("production")
    del file["aws"]["network"]["nat"]  # which is one
    file["endpoint"]["allowedRanges"] = ["198.51.100.0/24"]
    plan = plan_for(before, rules.load(file))
    assert "what machines stand on changes" in plan.headline
    assert lines(plan, "In AWS") == "What machines stand on is changed: aws.network.nat, endpoint.allowedRanges."
    assert "Clients in 10.40.0.0/16, 10.0.0.0/16 do not reach the API from then on" in plan.interruptions[0]
    assert "Connections of machines to the internet are cut" in plan.interruptions[1]
