"""The keys of a stack beside its cluster: files that several read, and the other stack; each mistake in the report."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components import rules
from components.faults import ConfigurationError
from components.stack_keys import KEYS, stack_keys
from tests.unit import certificates, monitor
from tests.unit.aws_clusters import EXAMPLES, example
from tests.unit.cases import BASE, laid_over, read
from tests.unit.two_stacks import BUILDER, MAKER, Pair

TREE = Path(__file__).resolve().parents[2]
AWS = example("production")
OTHER = "organization/kubeadm-ha/other"


def told(settings: dict[str, Any]) -> list[str]:
    """Return what is wrong with keys, as a report has it."""
    return [str(fault) for fault in stack_keys(settings).faults]


def test_the_project_describes_every_key() -> None:
    """And asks for none: each has a default, or every stack would have to have it."""
    described = yaml.safe_load((TREE / "Pulumi.yaml").read_text())["config"]
    assert set(described) == {f"kubeadm-ha:{key}" for key in KEYS}
    assert all(entry["default"] == "" and entry["description"] for entry in described.values())


@pytest.mark.parametrize("form", ["alone", "as a stack's file", "as JSON"])
def test_a_file_is_read_as_the_engine_reads_it(tmp_path: Path, form: str) -> None:
    """In each form; yes, no, on and off are text."""
    file = tmp_path / "cluster.yaml"
    text = yaml.safe_dump({"config": {"kubeadm-ha:cluster": AWS}} if form == "as a stack's file" else AWS)
    text = text.replace("    default:", "    on:")
    file.write_text(json.dumps(AWS | {"workers": {"on": AWS["workers"]["default"]}}) if form == "as JSON" else text)
    if form == "alone":
        file.write_text(text.replace("  default:", "  on:"))
    keys = stack_keys({"clusterFile": str(file), "cluster": ""})
    assert keys.faults == ()
    assert list(rules.load(keys.cluster).workers) == ["on"]


def test_numbers_by_sixties_are_text() -> None:
    """Of 64:43 and 1:30.5 the engine makes no number, as older YAML does; of a number it does."""
    assert read("{a: 64:43, b: 1:30.5, c: 6443, d: 0.5, e: 0443}") == {
        "a": "64:43",
        "b": "1:30.5",
        "c": 6443,
        "d": 0.5,
        "e": 0o443,
    }


def test_a_file_builds_what_the_key_builds() -> None:
    """Also in one stack."""
    path = str(EXAMPLES / "aws-test.yaml")
    by_file = monitor.run_program({}, keys={"cluster": "", "clusterFile": path})
    assert {r.name: r.inputs for r in by_file} == {r.name: r.inputs for r in monitor.run_program(example("test"))}


NONE = "Write its keys there, as under kubeadm-ha:cluster."
FILES = {
    "": NONE,
    "config: {}": NONE,
    "config: 7": NONE,
    "name: [": "Write it as YAML.",
    "{name: x, name: y}": "name is given twice",
}


@pytest.mark.parametrize("text", FILES)
def test_a_file_without_a_cluster_is_told(tmp_path: Path, text: str) -> None:
    """With the way out."""
    file = tmp_path / "cluster.yaml"
    file.write_text(text)
    (fault,) = told({"clusterFile": str(file)})
    assert fault.startswith(f"kubeadm-ha:clusterFile: {file}")
    assert FILES[text] in fault


WRONG: list[tuple[dict[str, str], list[str]]] = [
    (
        {"clusterfile": "x"},
        ["kubeadm-ha:clusterfile: is not a key of this project. Did you mean 'kubeadm-ha:clusterFile'?"],
    ),
    ({"layer": "x"}, ["kubeadm-ha:layer: is not a key of this project. Known are kubeadm-ha:cluster, "]),
    (
        {"clusterFile": "nowhere.yaml"},
        ["kubeadm-ha:clusterFile: nowhere.yaml: No such file or directory. Name a file, relative to the project."],
    ),
    (
        {"cluster": "{}", "clusterFile": "x"},
        ["kubeadm-ha:clusterFile: stands beside kubeadm-ha:cluster. Keep one of the two."],
    ),
    (
        {"infrastructure": MAKER, "bootstrap": BUILDER},
        ["kubeadm-ha:bootstrap: stands beside kubeadm-ha:infrastructure, and a stack makes machines or builds on"],
    ),
    (
        {"bootstrap": "prod"},
        ["kubeadm-ha:bootstrap: 'prod' is not the whole name of a stack. Write organization/project/stack, as in"],
    ),
]


@pytest.mark.parametrize(("settings", "faults"), WRONG, ids=lambda value: next(iter(value)) if value else "")
def test_wrong_keys_are_told(settings: dict[str, str], faults: list[str]) -> None:
    """Each with the way out."""
    found = told(settings)
    assert len(found) == len(faults)
    assert all(line.startswith(begin) for line, begin in zip(found, faults, strict=True))


def test_keys_are_in_the_report_of_the_cluster() -> None:
    """All faults at once; without a cluster to read, those of the keys."""
    with pytest.raises(pulumi.RunError, match="has 3 faults") as caught:
        monitor.run_program(AWS | {"nmae": "x"}, keys={"boostrap": "x", "infrastructure": "prod"})
    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == ["kubeadm-ha"] * 2 + ["nmae"]
    with pytest.raises(pulumi.RunError, match="has 2 faults"):
        monitor.run_program({}, keys={"cluster": "", "clusterFile": "nowhere", "boostrap": "x"})


def test_hosts_that_are_there_have_no_stack_of_their_own() -> None:
    """Nothing of them is made."""
    for key in ("bootstrap", "infrastructure"):
        with pytest.raises(pulumi.RunError, match=f"kubeadm-ha:{key}: is for machines that are made"):
            monitor.run_program(BASE, keys={key: BUILDER}, others={BUILDER: {}})


def refused(run: Callable[[], object]) -> str:
    """Return the report that a run is refused with, on one line; nothing was registered."""
    with pytest.raises(pulumi.RunError) as caught:
        run()
    assert "no host was contacted" in str(caught.value)
    return " ".join(str(caught.value).split())


def program(stack: str, outputs: Any, others: Any, **keys: str) -> Callable[[], object]:
    """Return a run of the example in a stack with further keys."""
    return lambda: monitor.run_program(AWS, deployed=outputs, keys=keys, others=others, stack=stack)


def test_a_stack_keeps_its_part(pair: Pair) -> None:
    """Another one would end what it has made."""
    alone = monitor.run_program(AWS)
    assert alone
    own = {"deployed": {k: v for k, v in pair.builder["deployed"].items() if k not in ("infrastructure", "machines")}}
    said = refused(program(OTHER, own, {BUILDER: {}}, bootstrap=BUILDER))
    assert "kubeadm-ha:bootstrap: is given, and this stack has built a cluster, which would end." in said
    said = refused(program(BUILDER, own, {MAKER: pair.maker}, infrastructure=MAKER))
    assert "the cluster's machines are this stack's own, which would end. Remove it; for two stacks" in said
    said = refused(program(BUILDER, pair.builder, {}))
    assert f"kubeadm-ha:infrastructure: is not given, and the cluster stands on machines of {MAKER}. Write" in said
    said = refused(program(MAKER, pair.maker, {}))
    assert f"kubeadm-ha:bootstrap: is not given, and the machines of this stack are {BUILDER}'s. Write" in said
    said = refused(program(MAKER, pair.maker, {OTHER: {}}, bootstrap=OTHER))
    assert f"kubeadm-ha:bootstrap: is {OTHER}, and the machines of this stack are {BUILDER}'s." in said


def test_the_other_stack_has_to_be_the_right_one(pair: Pair) -> None:
    """What is not there, not brought up, newer, somebody else's, or of the other part."""
    said = refused(program(BUILDER, {}, {}, infrastructure=MAKER))
    assert f"there is no stack {MAKER}. Correct the name, or make it: `pulumi stack init {MAKER}`." in said
    assert f"there is no stack {BUILDER}" in refused(program(MAKER, {}, {}, bootstrap=BUILDER))
    assert f"{MAKER} is this stack itself" in refused(program(MAKER, {}, {}, bootstrap=MAKER))
    said = refused(program(BUILDER, {}, {MAKER: {}}, infrastructure=MAKER))
    assert f"{MAKER} has made no machines yet. Run `pulumi up` in {MAKER} first." in said
    newer = copy.deepcopy(pair.maker)
    newer["infrastructure"]["version"] = 2.0
    said = refused(program(BUILDER, {}, {MAKER: newer}, infrastructure=MAKER))
    assert "it tells of them in version 2, and 1 is known here. Update this copy." in said
    said = refused(program(OTHER, {}, {MAKER: pair.maker}, infrastructure=MAKER))
    assert f"the machines of {MAKER} are for {BUILDER}, and this is {OTHER}." in said
    said = refused(program(OTHER, {}, {MAKER: pair.maker}, bootstrap=MAKER))
    assert f"{MAKER} makes machines itself" in said
    said = refused(program(OTHER, {}, {BUILDER: pair.builder}, bootstrap=BUILDER))
    assert f"{BUILDER} has built a cluster on other machines ({MAKER})" in said


def test_a_key_that_cannot_be_decrypted_is_told(pair: Pair, tmp_path: Path) -> None:
    """Unless a file has it too."""
    hidden = copy.deepcopy(pair)
    hidden.maker["loginKey"] = {}  # type: ignore[index]
    assert f"the key to log in with, an output of {MAKER}, cannot be decrypted here" in refused(
        lambda: hidden.build(AWS)
    )
    key = tmp_path / "id"
    key.write_text(certificates.private_pem("login"))
    named = laid_over(AWS, {"ssh": {"privateKeyFile": str(key)}})
    cluster = hidden.build(named)
    assert cluster["cp-1-prepare"].plain("connection")["privateKey"] == key.read_text()


BEHIND: list[tuple[dict[str, Any], str]] = [
    ({"name": "other"}, f"name: is 'other', and {MAKER} was brought up with 'aws-production'. See that both stacks"),
    ({"endpoint": {"name": "api.example.org"}}, "endpoint.name: is 'api.example.org', and"),
    ({"aws": {"tags": {"team": "x"}}}, 'aws.tags: is {"team": "x"}, and'),
    ({"aws": {"cniPorts": ["tcp/179"]}, "network": {"cni": "none"}}, "network.cni: is 'own', and"),
    ({"workers": {"default": {"machines": {"firstAddress": 200}}}}, f"default-1 is at 10.40.0.100 in {MAKER}, and not"),
    ({"workers": {"more": AWS["workers"]["default"] | {"machines": {"firstAddress": 200}}}}, "workers.more: is a pool"),
]


@pytest.mark.parametrize(("over", "said"), BEHIND, ids=lambda value: next(iter(value)) if value else "")
def test_machines_of_another_file_are_told(pair: Pair, over: dict[str, Any], said: str) -> None:
    """Before the first step on any of them."""
    fresh = copy.deepcopy(pair)
    fresh.builder = {}
    file = laid_over(AWS, over)
    if "more" in over.get("workers", {}):
        file["workers"]["more"]["machines"] |= {"count": 1, "instanceType": "m6i.large"}
    found = refused(lambda: fresh.build(file))
    assert said in found
    assert (f"Run `pulumi up` in {MAKER} first." in found) == ("name" not in over)


def test_machines_are_not_made_for_what_the_cluster_refuses(pair: Pair) -> None:
    """What would be refused with half of it done is refused where it would begin."""
    fresh = copy.deepcopy(pair)
    at_once = laid_over(AWS, {"controlPlane": {"machines": {"skip": [2]}}})
    said = "cp-2 leaves and cp-4 joins in one update"
    assert said in refused(lambda: fresh.make(at_once))
    fresh.make(laid_over(AWS, {"workers": {"default": {"machines": {"count": 7}}}}))
    assert "kubernetes.version" in refused(lambda: fresh.make(laid_over(AWS, {"kubernetes": {"version": "1.34.9"}})))
    moved = refused(lambda: fresh.make(laid_over(AWS, {"aws": {"network": {"range": "10.44.0.0/16"}}})))
    assert "aws.network.range: is another one, and the machines have addresses of what it was" in moved


def test_a_report_of_plans_has_no_python_in_it(pair: Pair) -> None:
    """Values of the file, as it has them."""
    with pytest.raises(ConfigurationError) as caught:
        pair.builder_says(laid_over(AWS, {"name": "other"}))
    assert "None" not in str(caught.value)
