"""Machines in one stack and the cluster in another: what each makes, in which order, and what it refuses."""

from __future__ import annotations

import copy
from pathlib import Path

import pulumi
import pytest
import yaml

from components.stack_keys import stack_keys
from tests.unit import certificates, cloud, monitor
from tests.unit.aws_clusters import MACHINES, example, of_type
from tests.unit.cases import laid_over
from tests.unit.monitor import COMMAND
from tests.unit.test_aws_existing import BY_TAGS, VPC
from tests.unit.two_stacks import BUILDER, MAKER, Pair, edited, planes, stored, workers
from tests.unit.wire import has_secret, visible

TREE = Path(__file__).resolve().parents[2]
WAY_OUT = f"Run `pulumi up` in {MAKER} first."


@pytest.mark.parametrize("name", ["production", "test", "gpu", "existing-vpc", "services"])
def test_what_is_made_is_parted(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together they register what one stack does, and nothing twice; connections are the same to the letter."""
    file, pair = example(name), Pair()
    if name == "existing-vpc":  # with a bastion that is there
        key, known = tmp_path / "bastion", tmp_path / "known_hosts"
        key.write_text(certificates.private_pem("login"))
        known.write_text(f"bastion.example.org ssh-ed25519 {cloud.public_half('bastion')}\n")
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        file["ssh"] |= {"knownHostsFile": str(known)}
        file["ssh"]["bastion"] |= {"privateKeyFile": str(key)}
    whole, machines, cluster = monitor.run_program(file), pair.make(file), pair.build(file)
    mine, theirs = ({r.name for r in p if r.type != "pulumi:pulumi:Stack"} for p in (machines, cluster))
    assert mine & theirs == set()
    alone = {r.name for r in whole if r.type != "pulumi:pulumi:Stack"}
    assert mine | theirs == {*alone, f"Infrastructure aws-{name}"}
    assert not of_type(cluster, MACHINES)
    assert not [r for r in machines if r.type == COMMAND]
    for each, step in cluster.commands.items():
        assert step.inputs == whole[each].inputs, each
        assert not step.options.deletedWith
    for each, made in of_type(machines, MACHINES).items():
        assert made.inputs == whole[each].inputs, each


def test_a_first_preview_shows_all_of_it() -> None:
    """Of the stack that makes machines, where every output is unknown."""
    preview = monitor.run_program(
        example("production"), preview=True, keys={"bootstrap": BUILDER}, others={BUILDER: {}}
    )
    assert set(preview.resources) >= {"cp-1", "default-6", "cp-3-behind-api", "Infrastructure aws-production"}


def test_only_the_key_is_secret(pair: Pair) -> None:
    """All else can be looked at; and the key is nowhere in it."""
    program = pair.make(example("production"))
    assert has_secret(program.outputs["loginKey"])
    assert not has_secret(program.outputs["infrastructure"])
    assert "PRIVATE KEY" not in "".join(visible(program.outputs))
    cluster = pair.build(example("production"))
    assert "PRIVATE KEY" not in "".join(text for r in cluster for text in visible({**r.inputs, **r.state}))


def test_each_asks_before_it_registers(pair: Pair) -> None:
    """Itself and the other one; that it stands on the other's machines is in the state of the one alone."""
    machines, cluster = pair.make(example("production")), pair.build(example("production"))
    assert (machines.asked, machines.asked_first, machines.referred) == ([BUILDER, MAKER], True, [])
    assert (cluster.asked, cluster.asked_first, cluster.referred) == ([MAKER, BUILDER], True, [MAKER])


def test_nothing_ends_before_all_of_it_is_meant_to(pair: Pair) -> None:
    """What is protected ends before everything else, as long as certificates are protected."""
    program = pair.make(example("production"))
    guard = program["Infrastructure aws-production"]
    assert guard.options.protect
    others = {r.name for r in program if r.custom and not r.name.startswith("aws-production-api")}
    others -= {name for name in others if program[name].type.startswith(("pulumi:", "tls:"))}
    assert others <= program.waits_for("Infrastructure aws-production")
    open_ = pair.make(edited(certificates={"protect": False}), keep=False)
    assert not open_["Infrastructure aws-production"].options.protect


def test_growing_begins_with_the_machine(pair: Pair) -> None:
    """The cluster's stack refuses to be ahead."""
    more = workers(count=7)
    with pytest.raises(pulumi.RunError, match=f"default-7 is no machine of {MAKER} yet. {WAY_OUT}"):
        pair.build(more)
    said = pair.maker_says(more)
    assert "its machines: 1 is made." in said
    assert "default-7 (10.40.0.102) is made: m6i.xlarge in eu-central-1a." in said
    assert "m6i.xlarge: 6 -> 7" in said
    assert "joins" not in said
    assert "default-7" in pair.make(more).resources
    said = pair.builder_says(more)
    assert "Plan for aws-production: worker default-7 joins." in said
    assert "is made" not in said
    assert "Costs money" not in said
    assert "default-7-join" in pair.build(more).resources


def test_a_machine_is_kept_till_its_node_has_left(pair: Pair) -> None:
    """Replaced in one edit of the file: made and kept, joined and drained, ended."""
    other = workers(skip=[2])
    said = pair.maker_says(other)
    assert "its machines: 1 is made, 1 is kept for now." in said
    assert f"default-2 is kept till {BUILDER} has let it go: run `pulumi up` there, and then here again." in said
    before = pair.make(example("production"), keep=False)
    program = pair.make(other)
    assert {"default-2", "default-7"} <= set(of_type(program, MACHINES))
    assert program["default-2"].inputs == before["default-2"].inputs
    again = pair.maker_says(other)
    assert "its machines: 1 is kept for now." in again
    assert "At the end" not in again

    assert "worker default-2 leaves" in pair.builder_says(other)
    assert "default-2-join" not in pair.build(other).resources
    assert "The machine of default-2 is ended, with its volumes." in pair.maker_says(other)
    assert "default-2" not in pair.make(other).resources
    assert pair.maker_says(other) == "Plan for aws-production, its machines: nothing changes."
    assert "nothing changes" in pair.builder_says(other)


def test_a_machine_may_be_left_first(pair: Pair) -> None:
    """A shrink needs one run less that way: nothing is kept."""
    fewer = workers(count=5)
    pair.build(fewer)
    assert "its machines: 1 is ended." in pair.maker_says(fewer)
    assert "default-6" not in pair.make(fewer).resources


def test_a_control_plane_stays_behind_the_balancer_till_it_has_left(pair: Pair) -> None:
    """It serves the API till it is drained."""
    more = planes(count=4)
    pair.make(more)
    pair.build(more)
    fewer = planes(count=3, skip=[2])
    kept = pair.make(fewer)
    assert {"cp-2", "cp-2-behind-api"} <= set(kept.resources)
    pair.build(fewer)
    assert not {"cp-2", "cp-2-behind-api"} & set(pair.make(fewer).resources)


def test_a_pool_that_is_gone_is_kept_too(pair: Pair) -> None:
    """With its group and what opens its ports; nothing else has its addresses meanwhile."""
    none = edited(workers={"default": None})
    kept = pair.make(none)
    assert "default-1" in kept.resources
    assert "aws-production-worker-guard" in kept.resources
    renamed = edited(workers={"default": None, "new": example("production")["workers"]["default"]})
    with pytest.raises(pulumi.RunError, match=r"has 6 faults.*\n.*10\.40\.0\.100 is still default-1's, whose leaving"):
        pair.make(renamed)
    pair.build(none)
    assert "default-1" not in pair.make(none).resources
    assert "new-1" in pair.make(renamed).resources


def test_a_lost_machine_is_ended_when_it_has_been_taken_out(pair: Pair) -> None:
    """By a control plane that lives; then nobody needs the machine any more."""
    lost = workers(lost=[3])
    assert "default-3" in pair.make(lost).resources
    program = pair.build(lost)
    assert "default-3-evict" in program.resources
    assert "The machine of default-3 is ended" in pair.maker_says(lost)
    assert "default-3" not in pair.make(lost).resources
    pair.build(workers(skip=[3], count=5))
    assert "its machines: nothing changes." in pair.maker_says(workers(skip=[3], count=5))


def test_what_an_interrupted_up_may_have_joined_is_kept(pair: Pair) -> None:
    """The cluster's stack tells of nothing that it has not finished: what it has not seen may be a node already."""
    pair.make(workers(count=7))
    said = pair.maker_says(example("production"))
    assert f"default-7 is kept till {BUILDER} has let it go" in said
    other = {"machines": {"count": 1, "instanceType": "m6i.large", "firstAddress": 102}}
    with pytest.raises(pulumi.RunError, match=f"extra-1 would be at 10.40.0.102, which default-7 has till {BUILDER}"):
        pair.make(edited(workers={"extra": other}))
    pair.build(example("production"))
    assert "its machines: 1 is ended." in pair.maker_says(example("production"))


def test_another_machine_of_the_same_name_is_not_the_one_that_was_seen(pair: Pair) -> None:
    """Its id is another one."""
    pair.build(workers(count=5))
    pair.maker["infrastructure"]["hosts"]["default-6"]["machine"] = "i-0123456789abcdef0"
    assert f"default-6 is kept till {BUILDER} has let it go" in pair.maker_says(workers(count=5))


def test_elastic_pools_are_made_beside_the_cluster() -> None:
    """On the network, guards and roles that the other stack tells of, as one stack makes them."""
    pair, file = Pair(), example("elastic")
    machines, whole = pair.make(file), monitor.run_program(file)
    assert not [r for r in machines if "autoscaling" in r.type or "launchTemplate" in r.type]
    assert "burst" not in pair.maker_says(file)
    cluster = pair.build(file)
    for kind in ("ec2/launchTemplate:LaunchTemplate", "autoscaling/group:Group", "iam/rolePolicy:RolePolicy"):
        made = of_type(cluster, kind)
        assert made
        assert set(made) == set(of_type(whole, kind))
        for name, resource in made.items():
            assert resource.inputs == whole[name].inputs, name
    before = laid_over(file, {"workers": {"burst": {"machines": {"autoScaling": {"max": 30}}}}})
    assert "m6i.xlarge of burst: 2 to 30" in pair.builder_says(before)
    new = laid_over(file, {"workers": {"second": copy.deepcopy(file["workers"]["burst"])}})
    with pytest.raises(pulumi.RunError, match=f"workers.second: is a pool that {MAKER} knows nothing of yet"):
        pair.build(new)


def test_the_example_is_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each names the other, both read one file, and both are taken."""
    monkeypatch.chdir(TREE)
    names = ("prod-machines", "prod")
    files = {name: TREE / "examples" / "two-stacks" / f"Pulumi.{name}.yaml" for name in names}
    keys = {name: stack_keys(_settings(file)) for name, file in files.items()}
    assert not [fault for each in keys.values() for fault in each.faults]
    assert keys["prod"].cluster == keys["prod-machines"].cluster
    assert keys["prod"].infrastructure == "organization/kubeadm-ha/prod-machines"
    assert keys["prod-machines"].bootstrap == "organization/kubeadm-ha/prod"
    text = (TREE / "docs" / "topologies" / "aws-two-stacks.md").read_text()
    assert all(f"examples/two-stacks/{file.name}" in text for file in files.values())
    machines = monitor.run_program(
        {},
        keys=_settings(files["prod-machines"]) | {"cluster": ""},
        others={"organization/kubeadm-ha/prod": {}},
        stack="organization/kubeadm-ha/prod-machines",
    )
    cluster = monitor.run_program(
        {},
        keys=_settings(files["prod"]) | {"cluster": ""},
        others={"organization/kubeadm-ha/prod-machines": stored(machines)},
        stack="organization/kubeadm-ha/prod",
    )
    assert "cp-1" in machines.resources
    assert "cp-1-join" in cluster.resources


def _settings(file: Path) -> dict[str, str]:
    """Return the keys of a stack's file."""
    config = yaml.safe_load(file.read_text())["config"]
    return {key.removeprefix("kubeadm-ha:"): value for key, value in config.items()}


def test_outputs_survive_the_way(two_stacks: Pair) -> None:
    """A second run of each changes nothing in what it tells."""
    pair = copy.deepcopy(two_stacks)
    assert stored(pair.make(example("production"))) == two_stacks.maker
    assert stored(pair.build(example("production"))) == two_stacks.builder


def test_a_network_found_by_tags_is_the_same_in_both() -> None:
    """The stack that builds asks AWS for nothing: it has the ids from the one that found them, and so have plans."""
    pair = Pair()
    pair.make(BY_TAGS)
    assert pair.maker["infrastructure"]["made"]["aws"]["network"]["vpc"] == VPC
    pair.build(BY_TAGS)
    assert pair.builder["deployed"]["aws"]["network"]["subnets"]["eu-central-1a"]["id"].startswith("subnet-0a")
    assert pair.builder_says(BY_TAGS) == "Plan for aws-production: nothing changes in the cluster."
    assert "nothing changes" in pair.maker_says(BY_TAGS)
