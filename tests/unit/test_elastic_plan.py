"""What a plan says of pools that grow and shrink by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from components import policies, rules
from components.plan import as_markdown, as_text, plan_for
from tests.unit.aws_clusters import example
from tests.unit.cases import laid_over


def plan(over: dict[str, Any] | None = None, *, first: bool = False) -> str:
    """Return the plan from the example to what it becomes with something laid over it."""
    before = plan_for(None, rules.load(example("elastic"))).transition.wanted
    after = rules.load(laid_over(example("elastic"), over or {}))
    return " ".join(as_text(plan_for(None if first else before, after)).split())


def burst(**machines: Any) -> dict[str, Any]:
    """Return an edit of the pool's machines."""
    return {"workers": {"burst": {"machines": machines}}}


def test_a_new_pool_is_told_with_its_limits() -> None:
    """Also what it may cost, and that everybody can see what it is in a pull request."""
    said = plan(first=True)
    assert "3 workers, burst of 2 to 20 machines behind" in said
    assert "burst is made: 2 to 20 machines of m6i.xlarge, and `up` waits for the first to join." in said
    assert "m6i.xlarge of burst: 2 to 20." in said
    assert "Every control plane keeps a token" in said
    assert "burst of 2 to 20 machines" in as_markdown(plan_for(None, rules.load(example("elastic"))))


def test_a_pool_is_in_the_picture() -> None:
    """With its limits before and after, and marked as machines are."""
    first = plan_for(None, rules.load(example("elastic")))
    assert 'after_elastic0(["pool burst<br/>2 to 20 machines"]):::joins' in as_markdown(first)
    wider = rules.load(laid_over(example("elastic"), burst(autoScaling={"max": 30})))
    drawn = as_markdown(plan_for(first.transition.wanted, wider))
    assert 'before_elastic0(["pool burst<br/>2 to 20 machines"]):::changes' in drawn
    assert 'after_elastic0(["pool burst<br/>2 to 30 machines"]):::changes' in drawn
    assert "after0 --- after_elastic0" in drawn
    without = rules.load(laid_over(example("elastic"), {"workers": {"burst": None}}))
    gone = as_markdown(plan_for(first.transition.wanted, without))
    assert "before_elastic0" in gone
    assert "after_elastic0" not in gone


def test_nothing_changes_without_a_change() -> None:
    """How many machines there are just now is nobody's business here."""
    assert plan() == "Plan for aws-elastic: nothing changes in the cluster."


def test_other_limits_replace_nothing() -> None:
    """They are told, and no machine is."""
    said = plan(burst(autoScaling={"max": 30}))
    assert "elastic pool burst has 2 to 30 machines." in said
    assert "burst has 2 to 30 machines in place of 2 to 20." in said
    assert "replace" not in said


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (burst(instanceType="m6i.large"), "its instance type"),
        (burst(volumeGib=200), "the size of its volumes"),
        ({"workers": {"burst": {"labels": None, "kubelet": {"maxPods": 60}}}}, "its labels and its kubelets' settings"),
        ({"kubernetes": {"kubelet": {"maxPods": 60}}}, "kubelets' settings"),
        ({"proxy": {"http": "http://proxy.example:3128"}}, "the proxy"),
        ({"aws": {"image": {"family": "debian-12"}}}, "the image"),
        ({"aws": {"tags": {"team": "platform"}}}, "the tags"),
        ({"drain": {"timeoutSeconds": 900}}, "draining"),
    ],
)
def test_a_new_template_replaces_the_machines(edit: dict[str, Any], why: str) -> None:
    """With the reason, the pace, and what becomes of the pods."""
    said = plan(edit)
    seconds = edit.get("drain", {}).get("timeoutSeconds", 300)
    assert "the machines of elastic pool burst are replaced" in said
    assert (
        f"burst has a new template, since {why} changed: AWS replaces its machines, one at a time or as many as leave"
        f" 90 % of them in service. Each is drained for at most {seconds} s before it ends, and pods"
        " that are still there end with it. `up` begins this and does not wait for it."
    ) in said


def test_what_concerns_others_replaces_nothing() -> None:
    """A pool of hosts beside it, or a name in the API's certificate."""
    other = {"workers": {"default": {"machines": {"count": 4}}}, "kubernetes": {"extraCertNames": ["api.example.org"]}}
    assert "burst" not in plan(other).replace("m6i.xlarge of burst: 2 to 20", "")


def test_the_list_of_control_planes_is_told_where_each_worker_has_it() -> None:
    """By a proxy of its own: another control plane is another template."""
    local = example("elastic") | {"endpoint": {"kind": "node-local"}}
    before = plan_for(None, rules.load(local)).transition.wanted
    after = laid_over(local, {"controlPlane": {"machines": {"count": 4}}})
    assert "since the list of control planes changed" in as_text(plan_for(before, rules.load(after)))


def test_an_end_is_told() -> None:
    """With what becomes of the machines."""
    said = plan({"workers": {"burst": None}})
    assert "elastic pool burst ends" in said
    assert "burst ends: its machines are drained and ended." in said
    assert "of burst" not in said


def test_a_pool_may_become_elastic() -> None:
    """Its machines with numbers leave, and others come."""
    edit = {"machines": {"count": None, "autoScaling": {"min": 3, "max": 9}}}
    said = plan({"workers": {"default": edit}})
    assert "No worker is left" not in said
    assert "elastic pool default is made, 3 to 9 machines" in said
    assert "workers default-1, default-2 and default-3 leave" in said


def test_an_elastic_pool_is_a_pool() -> None:
    """Nobody is warned of a cluster without workers, or of one where pods have nowhere to go."""
    file = example("elastic")
    del file["workers"]["default"]
    cluster = rules.load(file)
    assert [str(fault) for fault in (*rules.warnings(cluster), *policies.warnings(cluster))] == []
