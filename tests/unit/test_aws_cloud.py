"""What of AWS runs in a cluster: its manifests, what kubelets are told, rights, tags, and what waits for what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import releases, rules
from components.render import ebs_csi, elastic
from tests.unit import monitor, wire
from tests.unit.aws_clusters import MACHINES, example, of_type
from tests.unit.monitor import Program

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "cloud"
PLANES = ["cp-1", "cp-2", "cp-3"]
NODES = [*PLANES, "default-1", "default-2", "default-3"]
STEP = "aws-services-cloud"
BOTH = {"cloudControllerManager": True, "ebsCsiDriver": True}
TAG = "kubernetes.io/cluster/aws-services"


@pytest.fixture(scope="module")
def program() -> Program:
    """Return what is registered for a cluster with both."""
    return monitor.run_program(example("services"))


def files(program: Program, step: str) -> dict[str, str]:
    """Return the files that a step gets."""
    return monitor.unpacked(program[step].plain("stdin"))


def applied(program: Program) -> dict[str, str]:
    """Return the manifests that are applied, by name."""
    return {name.removeprefix("cloud/"): t for name, t in files(program, STEP).items() if name.startswith("cloud/")}


def objects(program: Program) -> dict[tuple[str, str], Any]:
    """Return all objects of them, by kind and name."""
    found = [each for text in applied(program).values() for each in yaml.safe_load_all(text)]
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def statements(program: Program, name: str) -> list[dict[str, Any]]:
    """Return what a policy says."""
    found: list[dict[str, Any]] = json.loads(program[name].plain("policy"))["Statement"]
    return found


def told(text: str) -> dict[str, str]:
    """Return what a kubelet is told by the arguments of kubeadm's configuration."""
    node = next(document for document in yaml.safe_load_all(text) if "nodeRegistration" in document)
    return {each["name"]: each["value"] for each in node["nodeRegistration"]["kubeletExtraArgs"]}


def test_manifests_are_as_reviewed(program: Program, request: pytest.FixtureRequest) -> None:
    """Every line of what is applied; nothing is missing, and nothing is left over."""
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(exist_ok=True)
        for name, text in applied(program).items():
            (GOLDEN / name).write_text(text)
    assert applied(program) == {path.name: path.read_text() for path in GOLDEN.iterdir()}


def test_kubelets_know_their_machine(program: Program) -> None:
    """Nodes have names of ours, which AWS knows nothing of; the id is the one that EC2 gave the machine."""
    for number, node in enumerate(NODES):
        zone = f"eu-central-1{'abc'[number % 3]}"
        arguments = told(files(program, f"{node}-join")["kubeadm.yaml"])
        assert arguments["cloud-provider"] == "external", node
        assert arguments["provider-id"] == f"aws:///{zone}/id of {node}"
    first = told(files(program, "aws-services-init")["kubeadm.yaml"])
    assert first["provider-id"] == "aws:///eu-central-1a/id of cp-1"
    assert first["cloud-provider"] == "external"


def test_machines_of_elastic_pools_know_themselves() -> None:
    """As they know their address; without a manager they wait for none."""
    file = example("elastic")
    assert "cloud-provider" not in told(elastic.join(rules.load(file), "burst"))
    file["aws"] |= BOTH
    arguments = told(elastic.join(rules.load(file), "burst"))
    assert (arguments["cloud-provider"], arguments["provider-id"]) == ("external", "@id@")


def test_without_them_there_is_nothing_of_it() -> None:
    """No step, no right, no tag, and kubelets that wait for nobody."""
    program = monitor.run_program(example("production"))
    assert "aws-production-cloud" not in program.resources
    assert not of_type(program, "iam/rolePolicy:RolePolicy")
    assert "kubernetes.io/role" not in str([s.inputs for s in of_type(program, "ec2/subnet:Subnet").values()])
    for name, step in program.commands.items():
        given = monitor.unpacked(step.plain("stdin") or "").get("kubeadm.yaml")
        assert not given or not {"cloud-provider", "provider-id"} & set(told(given)), name


def test_a_first_preview_registers_the_same(program: Program) -> None:
    """Although the ids of machines and of the VPC are not known."""
    assert set(monitor.run_program(example("services"), preview=True).resources) == set(program.resources)


def test_it_is_applied_as_soon_as_it_can_run(program: Program) -> None:
    """On the first control plane when that is there; what is for all nodes waits for it, and no node does."""
    steps = program.host_steps_before(STEP)
    assert "cp-1-join" in steps
    assert not {f"{node}-join" for node in NODES[1:]} & steps
    for node in NODES:
        assert STEP not in program.waits_for(f"{node}-join"), "nodes are found by what waits for nodes"
    assert STEP in program.waits_for("aws-services-nodes")


def test_it_is_never_newer_than_an_api_server(program: Program) -> None:
    """In a cluster that runs it follows the control planes."""
    deployed = wire.revealed(program.outputs["deployed"])
    again = monitor.run_program(example("services"), deployed={"deployed": deployed})
    assert {f"{plane}-join" for plane in PLANES} <= again.waits_for(STEP)


@pytest.mark.parametrize("minor", releases.releases())
def test_its_release_goes_with_kubernetes(minor: str) -> None:
    """The version-skew policy lets it be one minor older than the API server, and never newer."""
    image = releases.cloud_controller_manager_image(f"{minor}.99")
    its = releases.numbers(image.rpartition(":v")[2])
    assert (1, int(minor.split(".")[1]) - 1) <= its[:2] <= releases.numbers(minor)


def test_images_are_there_before_they_are_needed(program: Program) -> None:
    """All that is run is pulled when a host is prepared, on the hosts that run it."""
    for node, kinds in (("cp-2", ("DaemonSet", "Deployment")), ("default-1", ("DaemonSet",))):
        pulled = set(files(program, f"{node}-prepare")["images"].split())
        names = {n for (kind, n) in objects(program) if kind in kinds}
        if node == "default-1":
            names -= {"aws-cloud-controller-manager"}
        for name in names:
            assert set(_images(program, name)) <= pulled, (node, name)
    assert not [image for image in files(program, "default-1-prepare")["images"].split() if "provisioner" in image]


def _images(program: Program, name: str) -> Iterator[str]:
    found = objects(program)
    spec = (found.get(("DaemonSet", name)) or found[("Deployment", name)])["spec"]["template"]["spec"]
    yield from (container["image"] for container in spec["containers"])


def test_what_has_the_machine_s_role_is_on_its_network(program: Program) -> None:
    """Metadata are one hop far; what is on the network of pods asks for none, and none of it waits for the DNS."""
    for (kind, name), each in objects(program).items():
        if kind not in ("DaemonSet", "Deployment"):
            continue
        spec = each["spec"]["template"]["spec"]
        on_planes = "node-role.kubernetes.io/control-plane" in spec.get("nodeSelector", {})
        assert spec.get("hostNetwork", False) == on_planes, name
        assert spec.get("dnsPolicy") == ("Default" if on_planes else None), name
        if not on_planes:
            assert "--metadata-sources=kubernetes" in spec["containers"][0]["args"]


def test_the_manager_runs_before_nodes_take_pods(program: Program) -> None:
    """And finds where it is in its settings, not by asking its machine."""
    manager = objects(program)[("DaemonSet", "aws-cloud-controller-manager")]["spec"]["template"]["spec"]
    assert manager["tolerations"] == [{"operator": "Exists"}]
    settings = objects(program)[("ConfigMap", "aws-cloud-controller-manager")]["data"]["cloud.conf"]
    assert settings.splitlines() == [
        "[Global]",
        "Region = eu-central-1",
        "VPC = id of aws-services-vpc",
        "SubnetID = id of aws-services-edge-eu-central-1a",
        "KubernetesClusterID = aws-services",
    ]


def test_nobody_in_it_makes_tokens_or_reads_secrets(program: Program) -> None:
    """What it may do in the cluster; a token of any service account would be all of it."""
    rules = [rule for (kind, _), each in objects(program).items() if "Role" in kind for rule in each.get("rules", [])]
    resources = {resource for rule in rules for resource in rule["resources"]}
    assert not {"secrets", "serviceaccounts", "serviceaccounts/token", "*"} & resources
    assert not [rule for rule in rules if "*" in rule["verbs"]]


@pytest.mark.parametrize(("planes", "copies"), [(1, 1), (3, 2)])
def test_the_driver_s_controller_fits_its_hosts(planes: int, copies: int) -> None:
    """One on a host, since each has a port there."""
    file = example("services")
    file["controlPlane"]["machines"]["count"] = planes
    controller = _controller(file)
    assert controller["replicas"] == copies
    assert controller["strategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 0}


def _controller(file: dict[str, Any]) -> Any:
    rendered = yaml.safe_load_all(ebs_csi.ebs_csi(rules.load(file), "eu-central-1"))
    return next(each for each in rendered if each["kind"] == "Deployment")["spec"]


def test_volumes_have_the_tags_of_the_file() -> None:
    """As all that is made, and the cluster's."""
    file = example("services")
    file["aws"]["tags"] = {"team": "platform", "stage": "prod"}
    spec = _controller(file)["template"]["spec"]
    assert "--extra-tags=team=platform,stage=prod" in spec["containers"][0]["args"]
    assert "--k8s-tag-cluster-id=aws-services" in spec["containers"][0]["args"]


def test_a_volume_is_made_where_its_pod_is(program: Program) -> None:
    """It is encrypted, and no claim gets it that does not ask: which class is the default is the site's to say."""
    made = objects(program)[("StorageClass", "gp3")]
    assert made["volumeBindingMode"] == "WaitForFirstConsumer"
    assert made["parameters"]["encrypted"] == "true"
    assert "annotations" not in made["metadata"]


def test_balancers_go_into_subnets_of_their_own(program: Program) -> None:
    """Machines' addresses are chosen by the file, so nothing that AWS gives addresses to may be there."""
    for name, subnet in of_type(program, "ec2/subnet:Subnet").items():
        roles = {key for key in subnet.plain("tags") if key.startswith("kubernetes.io/role/")}
        wanted = {"kubernetes.io/role/elb", "kubernetes.io/role/internal-elb"} if "-edge-" in name else set()
        assert roles == wanted, name


def test_a_machine_has_one_guard_of_the_cluster(program: Program) -> None:
    """Of several with the cluster's tag the manager would open none."""
    guards = of_type(program, "ec2/securityGroup:SecurityGroup")
    assert {guard.plain("tags")[TAG] for guard in guards.values()} == {"owned"}
    for machine in of_type(program, MACHINES).values():
        assert len(machine.plain("vpcSecurityGroupIds")) == 1


def test_rights_are_the_control_planes_alone(program: Program) -> None:
    """Machines wait for them, and no other role has any."""
    given = of_type(program, "iam/rolePolicy:RolePolicy")
    assert {name: policy.plain("role") for name, policy in given.items()} == {
        "aws-services-runs-balancers": "aws-services-control-plane-machine",
        "aws-services-runs-volumes": "aws-services-control-plane-machine",
    }
    assert set(given) <= program.waits_for("cp-1")


#: Calls that AWS lets nobody narrow to a resource or a tag.
SEEING = ("ec2:Describe", "elasticloadbalancing:Describe")


@pytest.mark.parametrize("name", ["aws-services-runs-balancers", "aws-services-runs-volumes"])
def test_every_right_to_change_is_narrowed(program: Program, name: str) -> None:
    """By the cluster's tag on what is there, or on what is asked for; one alone is for the VPC itself."""
    for statement in statements(program, name):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if statement["Effect"] == "Deny" or all(action.startswith(SEEING) for action in actions):
            continue
        condition: Mapping[str, str] = statement.get("Condition", {}).get("StringEquals", {})
        if actions == ["ec2:CreateSecurityGroup"] and not condition:
            assert statement["Resource"] == "arn:aws:ec2:*:*:vpc/id of aws-services-vpc"
        else:
            own = {f"aws:{what}Tag/{TAG}" for what in ("Resource", "Request")}
            made = {"elasticloadbalancing:CreateAction", "ec2:CreateAction", "iam:AWSServiceName"}
            assert (own | made) & set(condition), statement


def test_the_api_s_own_balancer_is_not_its_business(program: Program) -> None:
    """It has the cluster's tag too, and names no Service."""
    for statement in statements(program, "aws-services-runs-balancers"):
        actions = str(statement["Action"])
        if "DeleteLoadBalancer" in actions or "RegisterTargets" in actions:
            assert statement["Condition"]["StringLike"] == {"aws:ResourceTag/kubernetes.io/service-name": "*"}
    assert "kubernetes.io/service-name" not in program["aws-services-api"].plain("tags")


@pytest.mark.parametrize("works", [False, True])
def test_it_opens_the_guards_of_its_backends_alone(program: Program, works: bool) -> None:
    """Not the bastion's, and the control planes' only where they take pods: everybody else's are denied."""
    if works:
        file = example("services")
        file["controlPlane"]["takesWork"] = True
        program = monitor.run_program(file)
    denied = [s for s in statements(program, "aws-services-runs-balancers") if s["Effect"] == "Deny"]
    assert [set(s["Action"]) for s in denied] == [
        {"ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress", "ec2:DeleteSecurityGroup"}
    ]
    guards = {guard.state["arn"]: name for name, guard in of_type(program, "ec2/securityGroup:SecurityGroup").items()}
    open_to_it = {"aws-services-worker-guard"} | ({"aws-services-control-plane-guard"} if works else set())
    assert {guards[arn] for arn in denied[0]["Resource"]} == set(guards.values()) - open_to_it


def test_volumes_of_machines_are_not_its_business(program: Program) -> None:
    """They have the cluster's tag, and not the driver's."""
    for statement in statements(program, "aws-services-runs-volumes"):
        if "ec2:DeleteVolume" in statement["Action"]:
            assert statement["Condition"]["StringEquals"]["aws:ResourceTag/ebs.csi.aws.com/cluster"] == "true"
    for machine in of_type(program, MACHINES).values():
        assert "ebs.csi.aws.com/cluster" not in str(machine.plain("rootBlockDevice"))
