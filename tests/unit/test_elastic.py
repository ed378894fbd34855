"""What machines of elastic pools run, the token that they join with, and who keeps it, read from the registrations."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from tests.unit import monitor
from tests.unit.aws_clusters import GROUP, bundle, example, told
from tests.unit.monitor import Program

PLANES = ["cp-1", "cp-2", "cp-3"]


@pytest.fixture(scope="module")
def program() -> Program:
    """Return what is registered for a pool of three beside one that grows."""
    return monitor.run_program(example("elastic"))


def test_a_machine_runs_what_hosts_run(program: Program) -> None:
    """The same scripts with the same inputs and files as a worker of the file, but for what it alone knows."""
    steps = bundle(program)["steps"]
    assert {what: step["script"] for what, step in steps.items()} == {
        "prepare": "prepare-node",
        "join": "join-worker",
        "leave": "leave-worker",
    }
    for what, name in (("prepare", "default-1-prepare"), ("join", "default-1-join")):
        given = monitor.words_of(program[name].plain("create"))
        own = {"STEP", "NODE_NAME", "NODE_ADDRESS"}
        assert steps[what]["inputs"] == {key: value for key, value in given.items() if key not in own}
        sent = monitor.unpacked(program[name].plain("stdin"))
        files = {file: text for file, text in sent.items() if not file.endswith(".sh")}
        mine = {file: text for file, text in steps[what]["files"].items() if file != "scripts"}
        assert set(mine) == set(files)
        assert {file for file in files if files[file] != mine[file]} == set(steps[what]["told"])
    assert steps["join"]["told"] == ["discovery.conf", "kubeadm.yaml"]


def test_a_machine_says_of_its_node_what_nobody_else_can() -> None:
    """Pool, zone and type as labels, the machine behind it, the pool's marks; so no `up` has to know it."""
    file = example("elastic")
    file["workers"]["burst"] |= {
        "taints": [{"key": "example.org/burst", "value": "yes", "effect": "NoSchedule"}],
        "kubelet": {"maxPods": 60},
    }
    files = bundle(monitor.run_program(file))["steps"]["join"]["files"]
    node = yaml.safe_load(files["kubeadm.yaml"])["nodeRegistration"]
    assert node["name"] == "@name@"
    assert node["taints"] == [{"key": "example.org/burst", "value": "yes", "effect": "NoSchedule"}]
    extra = {each["name"]: each["value"] for each in node["kubeletExtraArgs"]}
    assert extra["node-ip"] == "@address@"
    assert extra["provider-id"] == "@id@"
    assert dict(label.split("=") for label in extra["node-labels"].split(",")) == {
        "example.org/kind": "burst",
        "kubeadm-ha/elastic": "burst",
        "topology.kubernetes.io/region": "eu-central-1",
        "topology.kubernetes.io/zone": "@zone@",
        "node.kubernetes.io/instance-type": "@type@",
    }
    assert yaml.safe_load(files["patches/kubeletconfiguration+merge.yaml"]) == {"maxPods": 60}


def test_a_machine_trusts_the_cluster_s_authority_alone(program: Program) -> None:
    """By the bundle, not by what it finds in the cluster; its token is not there before it asks."""
    config = yaml.safe_load(bundle(program)["steps"]["join"]["files"]["discovery.conf"])
    authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    assert authority == program.outputs["caCertificate"]
    assert config["clusters"][0]["cluster"]["server"] == "https://api.aws-elastic.internal:6443"
    assert config["users"][0]["user"] == {"token": "@token@"}
    parameter = program["aws-elastic-join-token"]
    assert (parameter.plain("type"), parameter.plain("value")) == ("SecureString", "none yet")
    assert list(parameter.options.ignoreChanges) == ["value"]


def test_every_control_plane_keeps_the_token(program: Program) -> None:
    """When all of them are there and may; machines start after that, and nothing else waits for them."""
    for name in PLANES:
        step = program[f"{name}-tokens"]
        words = monitor.words_of(step.plain("create"))
        assert (words["REGION"], words["PARAMETER"]) == ("eu-central-1", "/kubeadm-ha/aws-elastic/join-token")
        before = program.waits_for(f"{name}-tokens")
        assert {"aws-elastic-gives-out-tokens", "cp-3-join", "aws-elastic-network"} <= before
        assert f"{name}-tokens" in program.waits_for(GROUP)
        assert step.options.deletedWith == program[name].urn
    assert not [name for name in program.commands if GROUP in program.waits_for(name)]


def test_rights_of_tokens_are_there_with_such_a_pool_alone(program: Program) -> None:
    """Beside the network's manifests, where they are taken out again."""
    files = monitor.unpacked(program["aws-elastic-network"].plain("stdin"))
    objects = list(yaml.safe_load_all(files["network/elastic-pools.yaml"]))
    assert {o["kind"] for o in objects} == {"ClusterRoleBinding", "ClusterRole", "RoleBinding", "Role"}
    bound = {s["name"] for o in objects for s in o.get("subjects", [])}
    assert bound == {"system:bootstrappers:kubeadm-ha:elastic"}
    file = example("elastic")
    del file["workers"]["burst"]
    without = monitor.run_program(file)
    sent = monitor.unpacked(without["aws-elastic-network"].plain("stdin"))
    assert "network/elastic-pools.yaml" not in sent
    assert not [name for name in without.resources if "token" in name or "bundle" in name or "kept" in name]


@pytest.mark.parametrize(
    "edit",
    [
        {"workers": {"burst": {"labels": {"example.org/kind": "other"}}}},
        {"kubernetes": {"kubelet": {"maxPods": 60}}},
        {"registries": {"docker.io": ["https://mirror.example"]}},
        {"drain": {"timeoutSeconds": 900}},
    ],
)
def test_what_a_machine_is_told_is_in_its_template(program: Program, edit: dict[str, Any]) -> None:
    """So that a change of any of it replaces the machines."""
    changed = monitor.run_program(example("elastic", **edit))
    assert told(changed)["sha256"] != told(program)["sha256"]
    assert told(monitor.run_program(example("elastic"))) == told(program)


def test_a_lost_control_plane_keeps_no_token() -> None:
    """Nothing is run on it, now or when its number is skipped."""
    file = example("elastic")
    file["controlPlane"]["machines"]["lost"] = [2]
    program = monitor.run_program(file)
    assert program["cp-2-tokens"].plain("create") == "exec true"
    assert program["cp-2-tokens"].options.retainOnDelete
