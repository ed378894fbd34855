"""AWS's cloud controller manager as the program runs it, with a real API server, against moto: no host is booted.

They run in namespaces of their own, on loopback. The manager is upstream's, of the release that the program deploys; it
logs in to the API server as its manifests say, and each call that it makes in AWS is held to the rights of its role.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from components import rules
from components.render.cloud_controller import NAME, cloud_controller
from components.render.ebs_csi import ebs_csi
from lab import layout
from lab.builder import packages
from tests.integration.aws import CREDENTIALS, stand_in
from tests.lab import manager
from tests.lab.init import INIT
from tests.unit import monitor
from tests.unit.aws_clusters import example

pytestmark = pytest.mark.long


def arguments(manifests: str) -> list[str]:
    """Return what the manager is told by its DaemonSet."""
    found = next(each for each in yaml.safe_load_all(manifests) if each["kind"] == "DaemonSet")
    told: list[str] = found["spec"]["template"]["spec"]["containers"][0]["args"]
    return told


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return all files that a run leaves, by name."""
    folder = tmp_path_factory.mktemp("manager")
    cluster = rules.load(example("services"))
    manifests = cloud_controller(cluster, manager.REGION, "@vpc@", "@edge-a@")
    registered, statuses = manager.nodes()
    files = {
        "run.sh": manager.CLUSTER,
        "init.yaml": INIT % cluster.kubernetes.version,
        "cloud.yaml": manifests,
        "volumes.yaml": ebs_csi(cluster, manager.REGION),
        "nodes.yaml": registered,
        "statuses": statuses,
        "arguments": "\n".join(arguments(manifests)),
        "manager.conf": manager.MANAGER,
        "service.yaml": manager.SERVICE,
        "seed.py": manager.SEED,
        "look.py": manager.LOOK,
        "end.py": manager.END,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    artifacts = layout.cache() / "artifacts"
    built = [
        layout.artifacts_dir("kubernetes", cluster.kubernetes.version),
        *sorted((artifacts / "etcd").iterdir()),
        layout.artifacts_dir("cloud-controller", packages.versions()["cloud-controller"]),
    ]
    path = ":".join([*(str(each / "bin") for each in built), "/usr/sbin:/usr/bin:/sbin:/bin"])
    python = {"PYTHON": str(stand_in() / "python")}
    places = {"AWS_REGION": manager.REGION, "AWS_DEFAULT_REGION": manager.REGION}
    api = {"AWS_ENDPOINT_URL": "http://127.0.0.1:5566"}
    environment = {"PATH": path, "HOME": str(folder), **python, **CREDENTIALS, **places, **api}
    done = subprocess.run(
        ["unshare", "--mount", "--net", "bash", str(folder / "run.sh"), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    print(done.stderr[-3000:], file=sys.stderr)
    return {file.name: file.read_text(errors="replace") for file in folder.iterdir() if file.is_file()}


def ids(ran: dict[str, str]) -> dict[str, str]:
    """Return what moto gave each thing, by its name."""
    return dict(line.split() for line in ran["ids"].splitlines())


def test_manifests_are_valid(ran: dict[str, str]) -> None:
    """No field that the API does not know: both are applied strictly."""
    assert f"daemonset.apps/{NAME} serverside-applied" in ran["applied"]
    for name in (
        "deployment.apps/ebs-csi-controller",
        "daemonset.apps/ebs-csi-node",
        "csidriver.storage.k8s.io/ebs.csi",
    ):
        assert name in ran["applied"]


def test_nodes_are_found_by_their_machines(ran: dict[str, str]) -> None:
    """By the id that they were told, though AWS knows no machine by their names; then they take pods."""
    assert "found" not in ran.get("never", "")
    for node in json.loads(ran["nodes.json"])["items"]:
        name, labels = node["metadata"]["name"], node["metadata"]["labels"]
        # Whether a node is ready is another one's business, who is not there.
        taints = {taint["key"] for taint in node["spec"].get("taints", [])}
        assert not {taint for taint in taints if "cloudprovider" in taint}
        assert labels["node.kubernetes.io/instance-type"] == "m6i.large"
        assert labels["topology.kubernetes.io/zone"] == f"{manager.REGION}{manager.WHERE[name][0]}"
        assert {"type": "InternalIP", "address": manager.WHERE[name][1]} in node["status"]["addresses"]


def test_it_logs_in_by_the_machine_s_role(ran: dict[str, str]) -> None:
    """Which it has of the machine's metadata, in a session, since it is on the machine's own network."""
    keys = {re.search(r"Credential=(\w+)/", call) for call in ran["calls"].splitlines() if "aws-sdk-go" in call}
    assert keys
    assert {found[1][:4] for found in keys if found} == {"ASIA"}


def test_a_service_gets_a_balancer(ran: dict[str, str]) -> None:
    """In the subnets for it, before workers alone, whose guard is opened; the others' stay shut.

    A network load balancer: of classic ones moto leaves out what the manager needs.
    """
    assert "balanced" not in ran.get("never", "")
    found, known = json.loads(ran["balancers.json"]), ids(ran)
    assert set(found["subnets"]) == {known["edge-a"], known["edge-b"]}
    assert found["schemes"] == ["internal"]
    assert set(found["targets"]) == {known["worker-1"], known["worker-2"]}
    assert found["open"][known["guard-worker"]] > 0
    assert found["open"][known["guard-control-plane"]] == found["open"][known["guard-bastion"]] == 0


def test_a_balancer_has_the_tags_that_rights_are_narrowed_by(ran: dict[str, str]) -> None:
    """The cluster's, and the Service's."""
    (tags,) = json.loads(ran["balancers.json"])["tags"]
    assert tags["kubernetes.io/cluster/aws-services"] == "owned"
    assert tags["kubernetes.io/service-name"] == "default/web"


def test_a_node_goes_with_its_machine(ran: dict[str, str]) -> None:
    """Others stay."""
    assert ran["left"].split() == ["node/cp-1", "node/worker-1"]


def test_nothing_is_left_of_a_service(ran: dict[str, str]) -> None:
    """Neither the balancer nor a rule of the guards."""
    found = json.loads(ran["afterwards.json"])
    assert not found["subnets"]
    assert found["open"][ids(ran)["guard-worker"]] == 0


def test_the_api_forbids_it_nothing(ran: dict[str, str]) -> None:
    """What it asks of the API is what its manifests let it do."""
    assert "cloud-node-lifecycle" in ran["manager.log"]
    assert [line for line in ran["manager.log"].splitlines() if "forbidden" in line.lower()] == []


def test_its_role_allows_every_call(ran: dict[str, str]) -> None:
    """Each call that it made in AWS is in the policy of the control planes, and none is denied altogether."""
    made = set()
    for line in ran["calls"].splitlines():
        call: dict[str, Any] = json.loads(line)
        service = re.search(r"/(ec2|elasticloadbalancing)/aws4_request", str(call["headers"]))
        sent = base64.b64decode(call["body"]).decode() if call["body_encoded"] else str(call["body"])
        action = re.search(r"(?:^|&)Action=(\w+)", sent)
        if service and action and "Boto3" not in str(call["headers"]):
            made.add(f"{service[1]}:{action[1]}")
    assert {"ec2:DescribeInstances", "elasticloadbalancing:CreateLoadBalancer"} <= made
    policy = monitor.run_program(example("services"))["aws-services-runs-balancers"].plain("policy")
    allowed: set[str] = set()
    for statement in json.loads(policy)["Statement"]:
        if statement["Effect"] == "Allow":
            actions = statement["Action"]
            allowed |= set(actions if isinstance(actions, list) else [actions])
    assert made <= allowed
