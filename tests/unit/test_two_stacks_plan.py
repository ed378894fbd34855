"""What a plan says of machines that have a stack of their own."""

from __future__ import annotations

from components.plan import as_markdown
from tests.unit.aws_clusters import example
from tests.unit.two_stacks import BUILDER, Pair, edited, workers


def test_before_the_cluster_is_there_nothing_is_kept() -> None:
    """And it is said, since an `up` there may have been interrupted."""
    pair = Pair()
    pair.make(example("production"))
    said = pair.maker_says(workers(count=5))
    assert "its machines: 1 is ended." in said
    assert f"Think twice: No `up` of {BUILDER} has come to its end yet" in said


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
    assert "aws.tags: {team} -> {team}" in said


def test_other_types_are_told_where_machines_are_made(pair: Pair) -> None:
    """Those that are there stay as they are, those that go anyway are not counted."""
    said = pair.maker_says(workers(instanceType="m6i.large", skip=[2]))
    assert "default-1, default-3, default-4, default-5 and default-6 stay with instanceType m6i.xlarge" in said
    assert "stay with" not in pair.builder_says(workers(instanceType="m6i.large"))
