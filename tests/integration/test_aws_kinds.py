"""The stand-in's table against moto: each type of resource made, read, changed in each of its properties, deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from lab.aws.kinds import TABLE
from lab.aws.wire import UNKNOWN, Values
from tests.integration.aws import Api, Plugin, plugin
from tests.integration.aws_examples import BALANCER, INSTANCE, ROLE, VPC, Example
from tests.integration.aws_examples_growing import GROWING
from tests.integration.aws_examples_machines import MACHINES
from tests.integration.aws_examples_network import NETWORK

EXAMPLES = [*NETWORK, *MACHINES, *GROWING]
_REFERENCE = re.compile(r"\{(aws:[^}#.]+)(?:#(\d))?(?:\.(\w+))?\}")


class Run:
    """All examples, made in order, each on top of those before."""

    def __init__(self, plugin: Plugin) -> None:
        self.plugin = plugin
        self.ids: dict[str, list[tuple[str, Values]]] = {}
        self.alive: list[tuple[str, str, Values]] = []

    def real(self, value: Any) -> Any:
        """Return a value with what is named in place of its names."""
        if isinstance(value, dict):
            return {name: self.real(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.real(item) for item in value]
        match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return value
        id_, outputs = self.ids[match[1]][int(match[2] or 1) - 1]
        return outputs[match[3]] if match[3] else id_

    def make(self, example: Example) -> tuple[str, Values, Values]:
        """Make a resource and return its id, its state, and the inputs that it was made of."""
        inputs, wrong = self.plugin.check(example.token, self.real(example.inputs))
        assert not wrong
        id_, state = self.plugin.create(example.token, inputs)
        self.ids.setdefault(example.token, []).append((id_, state))
        return id_, state, inputs


def _written(value: Any) -> str:
    # On the wire the properties of a block come in any order.
    return json.dumps(value, sort_keys=True)


def within(part: Any, whole: Any) -> bool:
    """Tell whether all of one value is in another, which may know more."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(within(value, whole.get(name)) for name, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and sorted(map(_written, part)) == sorted(map(_written, whole))
    return bool(part == whole)


def described(example: Example) -> str:
    """Return a name for an example."""
    return example.token.rpartition(":")[2]


def test_every_type_and_every_property_is_tried() -> None:
    """No entry of the table, and no way to change one, that nothing here has run."""
    assert {example.token for example in EXAMPLES} == set(TABLE)
    for token, kind in TABLE.items():
        edits = [set(edit) for example in EXAMPLES if example.token == token for edit in example.edits]
        tried = set().union(*edits)
        # The two sorts of rules are one piece of code.
        if token != "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":
            assert set(kind.updates) == tried, token


@pytest.fixture(scope="module")
def run(aws: Api) -> Iterator[Run]:
    """Return a cloud with nothing in it."""
    aws.reset()
    with plugin(aws) as started:
        yield Run(started)


@pytest.mark.parametrize("example", EXAMPLES, ids=described)
def test_a_resource_lives(run: Run, example: Example) -> None:
    """What is made has all its outputs and reads as it was made; what is edited reads as it was edited."""
    kind = TABLE[example.token]
    id_, state, inputs = run.make(example)
    assert set(kind.outputs) - set(state) <= OPTIONAL
    assert within(inputs, state)
    seen = run.plugin.read(example.token, id_, state, inputs)
    assert seen is not None
    assert seen[1] == inputs, "it drifts as soon as it is made"
    edit: dict[str, Any]
    for edit in example.edits:
        wanted = {name: value for name, value in {**inputs, **run.real(edit)}.items() if value is not None}
        wanted, wrong = run.plugin.check(example.token, wanted, inputs)
        assert not wrong
        changed, replaces = run.plugin.diff(example.token, inputs, wanted)
        assert changed == set(edit)
        assert not replaces
        state = run.plugin.update(example.token, id_, state, inputs, wanted)
        inputs = wanted
        seen = run.plugin.read(example.token, id_, state, inputs)
        assert seen is not None
        assert seen[1] == inputs, f"{edit} is not how it is now"
    run.alive.append((example.token, id_, state))


#: Outputs that only some have: what holds an address, or a public address.
OPTIONAL = {"associationId", "privateIp", "publicIp", "publicDns", "privateDns", "networkInterfaceIds"}


def test_all_of_it_goes_away(run: Run, aws: Api) -> None:
    """In the order in which the engine deletes; nothing is left, and what is gone is told as gone."""
    assert run.alive
    for token, id_, state in reversed(run.alive):
        run.plugin.delete(token, id_, state)
        assert run.plugin.read(token, id_, state, state) is None, token
        run.plugin.delete(token, id_, state)
    assert aws.left() == []


@pytest.mark.parametrize(
    ("token", "inputs", "path", "said"),
    [
        (
            VPC,
            {"cidrBlok": "10.40.0.0/16"},
            "cidrBlok",
            "is no property that the stand-in knows; did you mean cidrBlock",
        ),
        (VPC, {}, "cidrBlock", "is missing"),
        (VPC, {"cidrBlock": ["10.40.0.0/16"]}, "cidrBlock", "where a text belongs"),
        (
            INSTANCE,
            {"metadataOptions": {"httpToken": "required"}},
            "metadataOptions.httpToken",
            "did you mean httpTokens?",
        ),
        (
            INSTANCE,
            {"metadataOptions": {"httpTokens": "yes"}},
            "metadataOptions.httpTokens",
            "can be optional, required",
        ),
        (INSTANCE, {"rootBlockDevice": {"volumeSize": "50"}}, "rootBlockDevice.volumeSize", "where a number belongs"),
        (BALANCER, {"name": "a-name-of-more-than-thirty-two-characters"}, "name", "41 characters long, and can be 32"),
        (ROLE, {"assumeRolePolicy": "anybody"}, "assumeRolePolicy", "is no JSON"),
        ("aws:ec2/route:Route", {"routeTableId": "rtb-1", "destinationCidrBlock": "::/0"}, "gatewayId", "one way"),
        (
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            {"securityGroupId": "sg-1", "ipProtocol": "tcp", "cidrIpv4": "0.0.0.0/0"},
            "fromPort",
            "has fromPort and toPort",
        ),
    ],
)
def test_what_cannot_be_is_refused(run: Run, token: str, inputs: Values, path: str, said: str) -> None:
    """With the path of the property, before anything is made."""
    _, wrong = run.plugin.check(token, inputs)
    assert said in wrong[path]


def test_names_are_given_and_kept(run: Run) -> None:
    """A resource without a name gets one that no other has, and keeps it."""
    first, _ = run.plugin.check(ROLE, {"assumeRolePolicy": "{}"})
    second, _ = run.plugin.check(ROLE, {"assumeRolePolicy": "{}"})
    assert first["name"].startswith("sample-")
    assert first["name"] != second["name"]
    again, _ = run.plugin.check(ROLE, {"assumeRolePolicy": "{}"}, first)
    assert again == first


def test_what_is_not_known_yet_may_replace(run: Run) -> None:
    """A preview takes the worse case, as the real plugin does, and has every output as unknown."""
    before, _ = run.plugin.check(INSTANCE, {"ami": "ami-1", "instanceType": "m6i.large", "tags": {"Name": "one"}})
    changed, replaces = run.plugin.diff(INSTANCE, before, before | {"ami": UNKNOWN, "tags": {"Name": UNKNOWN}})
    assert changed == {"ami", "tags"}
    assert replaces == {"ami"}
    id_, state = run.plugin.create(INSTANCE, before, preview=True)
    assert not id_
    assert all(state[name] is UNKNOWN for name in TABLE[INSTANCE].outputs)
    assert state["ami"] == "ami-1"


def test_user_data_replaces_where_it_is_said(run: Run) -> None:
    """Without the flag the machine is stopped and started."""
    before, _ = run.plugin.check(INSTANCE, {"ami": "ami-1", "instanceType": "m6i.large", "userData": "one"})
    assert run.plugin.diff(INSTANCE, before, before | {"userData": "two"}) == ({"userData"}, set())
    flag = before | {"userDataReplaceOnChange": True}
    assert run.plugin.diff(INSTANCE, flag, flag | {"userData": "two"}) == ({"userData"}, {"userData"})


def test_a_protected_machine_is_not_ended(run: Run, aws: Api) -> None:
    """AWS refuses it, and the error says so in one line."""
    inputs, _ = run.plugin.check(
        INSTANCE, {"ami": "ami-00000000000000003", "instanceType": "t3.micro", "disableApiTermination": True}
    )
    id_, state = run.plugin.create(INSTANCE, inputs)
    with pytest.raises(grpc.RpcError, match="stand-in for AWS: TerminateInstances: OperationNotPermitted"):
        run.plugin.delete(INSTANCE, id_, state)
    run.plugin.delete(INSTANCE, id_, state | {"forceDestroy": True})
    assert aws.left() == []


def test_what_changed_behind_the_back_is_seen(run: Run) -> None:
    """A refresh shows inputs as they are now, and what is gone as gone."""
    inputs, _ = run.plugin.check(VPC, {"cidrBlock": "10.60.0.0/16", "tags": {"Name": "one"}})
    id_, state = run.plugin.create(VPC, inputs)
    run.plugin.update(VPC, id_, state, inputs, inputs | {"enableDnsHostnames": True, "tags": {"Name": "other"}})
    seen = run.plugin.read(VPC, id_, state, inputs)
    assert seen is not None
    assert seen[1] == inputs | {"enableDnsHostnames": True, "tags": {"Name": "other"}}
    run.plugin.delete(VPC, id_, state)
    assert run.plugin.read(VPC, id_, state, inputs) is None
