"""The comment's length and the plan's secrets: what is cut, and what is never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import rules
from components.faults import ConfigurationError, Fault
from components.plan import plan_for, snapshot
from planner import review
from planner.engine import secret_paths
from planner.making import Verdict
from planner.report import as_asked
from planner.secrecy import masked, secrets_at
from tests.unit import clusters

PREVIEW = "\n".join(f"+ command:remote:Command: (create) number {n}" for n in range(3000))
PICTURE = "\n```mermaid\nflowchart LR\n" + "  a --> b\n" * 30 + "```\n"


def test_encrypted_values_are_found_where_they_are() -> None:
    """In mappings and lists; a key that is named `secure` beside others is no encrypted value."""
    data = {"a": {"b": [1, {"secure": "v1:x:y"}]}, "c": {"secure": "v1:x:y"}, "d": {"secure": "x", "other": 1}}
    assert secret_paths(data) == [("a", "b", 1), ("c",)]
    assert secret_paths({"secure": "v1:x:y"}) == [()]


def test_a_secret_is_hidden_as_it_is_and_as_it_was() -> None:
    """Both sides of a change, also when the plan has cut the value."""
    long = "https://user:hunter2@mirror.example/" + "x" * 100
    found = secrets_at(
        [("registries", "ghcr.io", 0)], {"registries": {"ghcr.io": [long]}}, {"registries": {"ghcr.io": ["old"]}}
    )
    assert found == {long, "old"}
    assert masked(f"from {long[:79]}… to old, threshold", found) == "from [secret]… to [secret], threshold"


def test_a_short_secret_does_not_blacken_the_rest() -> None:
    """`1` is hidden where it stands alone."""
    assert masked(["10.1.0.1", "cp-1", "is 1."], {"1"}) == ["10.[secret].0.[secret]", "cp-[secret]", "is [secret]."]
    assert masked("worker-11 at 192.0.2.11", {"1"}) == "worker-11 at 192.0.2.11"
    assert masked({"a": "abc"}, set()) == {"a": "abc"}


def test_nothing_secret_is_in_any_form(dev: clusters.File) -> None:
    """A setting that is encrypted in the stack's file is masked before and after, in text, Markdown and JSON."""
    old = dev | {"network": {"dnsDomain": "old.internal"}}
    deployed = snapshot(rules.load(old))
    cluster = rules.load(dev | {"drain": {"timeoutSeconds": 77}})
    with pytest.raises(ConfigurationError) as error:
        plan_for(deployed, cluster)
    hidden = frozenset({"old.internal", "cluster.local"})
    verdict = Verdict("stack dev", None, tuple(error.value.faults), secrets=hidden)
    for form in ("text", "markdown", "json"):
        shown = as_asked(verdict, form)
        assert "[secret]" in shown
        assert not any(secret in shown for secret in hidden)
    assert "old.internal" in as_asked(Verdict("stack dev", None, tuple(error.value.faults)), "text")


def test_what_is_refused_cannot_write_markup() -> None:
    """Values of the file are quoted in faults: no tag, no call of a name, one line each."""
    fault = Fault("workers.`x`", "'<img src=x> @acme/all\n# big' is not a label", "Use letters.")
    shown = as_asked(Verdict("stack dev", None, (fault,)), "markdown")
    assert shown.splitlines()[0] == "### Refused: the cluster file of stack dev has 1 fault"
    assert shown.splitlines()[-1] == (
        "- **`workers.'x'`** '&lt;img src=x> @&#8203;acme/all # big' is not a label. Use letters."
    )


def test_many_faults_are_gathered() -> None:
    """As the program gathers them: a line for each kind, in text and in Markdown."""
    faults = tuple(Fault(f"workers.default.hosts.w-{n}", f"10.0.0.{n} is taken", "Choose another.") for n in range(9))
    for form in ("text", "markdown"):
        shown = as_asked(Verdict("stack dev", None, faults), form)
        assert "has 9 faults" in shown
        assert len([line for line in shown.splitlines() if "w-8" in line]) == 1
        assert "w-0" in shown


def test_a_plan_for_machines(dev: clusters.File) -> None:
    """JSON has the same content as values."""
    deployed = snapshot(rules.load(dev))
    verdict = Verdict("stack dev", plan_for(deployed, rules.load(clusters.with_worker(dev, "worker-3", "10.77.0.23"))))
    document: dict[str, Any] = json.loads(as_asked(verdict, "json"))
    assert document["refused"] is False
    assert document["headline"] == "dev: worker worker-3 joins."
    assert [stage["title"] for stage in document["stages"]][-1] == "Workers"
    assert {loss["part"] for loss in document["losses"]} == {"etcd members", "API servers", "load balancers"}


def test_a_comment_is_whole_when_it_fits() -> None:
    """Marker, plan with its picture, the preview folded, the stack and the commit."""
    text = review.comment("prod", "0123456789abcdef", f"### Plan\n{PICTURE}", "+ create\n")
    assert text.startswith("<!-- kubeadm-ha: plan of stack prod -->\n### Plan\n")
    assert PICTURE.strip() in text
    assert "<details><summary>pulumi preview --diff</summary>\n\n```diff\n+ create\n```\n\n</details>" in text
    assert "Stack prod, commit 0123456789ab." in text


def test_a_long_preview_is_cut_and_says_so() -> None:
    """Below the service's limit, at the end of a line, with the fence and the fold closed."""
    text = review.comment("prod", "", f"### Plan\n{PICTURE}", PREVIEW)
    assert len(PREVIEW) > 65_536 > review.LIMIT >= len(text.encode()) > review.LIMIT - 100
    assert "(create) number 0\n" in text
    assert "\n… the rest is in the job's log\n```\n\n</details>" in text
    assert PICTURE.strip() in text


def test_bytes_are_counted() -> None:
    """Not letters: whichever the service counts, it is short enough."""
    for plan, shown in (("ä" * 40_000, ""), ("### Plan", "ä→\n" * 30_000)):
        assert len(review.comment("prod", "", plan, shown).encode()) <= review.LIMIT


def test_a_long_plan_loses_its_picture_first_and_then_its_end() -> None:
    """What is said in words stays longest; the preview goes before it."""
    long = "\n".join(f"- line {n}" for n in range(40))
    with_picture = review.comment("prod", "", f"{long}\n{PICTURE}", PREVIEW, limit=700)
    assert "- line 39\n" in with_picture
    assert "mermaid" not in with_picture
    assert "The picture is left out" in with_picture
    cut = review.comment("prod", "", f"{long}\n{PICTURE}", PREVIEW, limit=400)
    assert "- line 0\n" in cut
    assert "- line 39\n" not in cut
    assert "`scripts/plan` prints all of it" in cut
    assert "<details>" not in cut
    assert all(len(text.encode()) <= limit for text, limit in ((with_picture, 700), (cut, 400)))


def test_a_preview_cannot_end_its_own_fence() -> None:
    """A diff may quote backticks."""
    text = review.comment("prod", "", "### Plan", "+ a\n```\n# not a heading\n````\n")
    assert "`````diff\n+ a\n" in text
    assert "\n`````\n\n</details>" in text
