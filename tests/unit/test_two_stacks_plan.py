"""What a plan says of machines that have a stack of their own."""

from __future__ import annotations

import pulumi
import pytest

from components import rules
from components.layers import Layer
from components.plan import as_markdown, as_text
from components.stack_keys import StackKeys
from tests.unit import monitor
from tests.unit.aws_clusters import example
from tests.unit.cases import laid_over
from tests.unit.test_aws_existing import BY_TAGS
from tests.unit.two_stacks import BUILDER, MAKER, Pair, edited, stored, workers


def test_before_the_cluster_is_there_nothing_is_kept() -> None:
    """And it is said, since an `up` there may have been interrupted."""
    pair = Pair()
    pair.make(example("production"))
    said = pair.maker_says(workers(count=5))
    assert "its machines: 1 is ended." in said
    assert f"Warning: No `up` of {BUILDER} has come to its end yet" in said


def test_the_first_plan_of_machines_is_of_machines_alone() -> None:
    """With what costs money, and without a word of nodes."""
    said = Pair().maker_says(example("production"))
    assert said.startswith("Plan for aws-production, its machines: 9 that are new, and what they stand on.")
    assert "A VPC of 10.40.0.0/16" in said
    assert "Costs money: m6i.large: 3, m6i.xlarge: 6, t3.micro: 1" in said
    assert not [word for word in ("join", "Losses", "notice", "Kubernetes") if word in said]


def test_a_comment_on_a_pull_request_draws_the_machines(pair: Pair) -> None:
    """Without a word of what the cluster loses meanwhile, which is the other plan's."""
    told = as_markdown(pair.maker_plan(workers(skip=[2])))
    assert "### Plan for aws-production, its machines: 1 is made, 1 is kept for now." in told
    assert 'subgraph after["After"]' in told
    assert 'after_default_7["default-7<br/>10.40.0.102"]:::joins' in told
    assert not [word for word in ("losses", "notice", "Kubernetes") if word in told]


def test_what_machines_stand_on_changes_alone(pair: Pair) -> None:
    """It is told as that."""
    said = pair.maker_says(edited(aws={"tags": {"team": "other"}}))
    assert said.startswith("Plan for aws-production, its machines: what they stand on changes.")
    assert "aws.tags.team: platform -> other" in said


def test_what_of_aws_runs_in_the_cluster_is_the_clusters() -> None:
    """Its rights are made first; who runs it, and what its users make, is told by the other stack."""
    pair, file = Pair(), example("services")
    said = pair.maker_says(file)
    assert "manager" not in said
    assert "balancers of Services" not in said
    pair.make(file)
    said = pair.builder_says(file)
    assert "cp-1 applies the cloud controller manager" in said
    assert "Costs money: balancers of Services: as many as there are, volumes of claims: as many as there are." in said
    pair.build(file)
    without = laid_over(file, {"aws": {"cloudControllerManager": False, "ebsCsiDriver": False}})
    for run in (pair.make, pair.build):
        with pytest.raises(pulumi.RunError, match=r"aws\.cloudControllerManager: is"):
            run(without)


def test_machines_that_the_manager_does_not_know_are_told_where_they_are_made() -> None:
    """Those that were made before it."""
    pair, file = Pair(), example("services")
    before = laid_over(file, {"aws": {"cloudControllerManager": False, "ebsCsiDriver": False}})
    pair.make(before)
    pair.build(before)
    assert "cp-1, cp-2, cp-3, default-1, default-2 and default-3 joined before the cloud" in pair.maker_says(file)
    with pytest.raises(
        pulumi.RunError, match=f"cloudControllerManager: is true, and {MAKER} was brought up with false"
    ):
        pair.build(file)
    pair.make(file)
    assert "the cloud controller manager is applied" in pair.builder_says(file)
    assert "joined before" not in pair.builder_says(file)


def test_scripts_plan_takes_what_was_found_for_what_is_named() -> None:
    """In one stack too: it asks AWS nothing, and other tags are told as that."""
    layer = Layer(StackKeys(None), stored(monitor.run_program(BY_TAGS)))
    assert "nothing changes" in as_text(layer.plan(rules.load(BY_TAGS)))
    pair = Pair()
    pair.make(BY_TAGS)
    other = laid_over(BY_TAGS, {"aws": {"network": {"vpcTags": {"Name": "other"}}}})
    with pytest.raises(pulumi.RunError, match=r'aws\.network\.vpcTags: is {"Name": "other"}, and'):
        pair.build(other)


def test_other_types_are_told_where_machines_are_made(pair: Pair) -> None:
    """Those that are there stay as they are, those that go anyway are not counted."""
    said = pair.maker_says(workers(instanceType="m6i.large", skip=[2]))
    assert "default-1, default-3, default-4, default-5 and default-6 stay with instanceType m6i.xlarge" in said
    assert "stay with" not in pair.builder_says(workers(instanceType="m6i.large"))
