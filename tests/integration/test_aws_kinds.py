"""The stand-in's table against moto: each type of resource made, read, changed in each of its properties, deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from lab.aws.kinds import TABLE
from lab.aws.wire import Values
from tests.integration.aws import Api, Plugin, plugin
from tests.integration.aws_examples import EXAMPLES, Example

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


def within(part: Any, whole: Any) -> bool:
    """Tell whether all of one value is in another, which may know more."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(within(value, whole.get(name)) for name, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and sorted(map(repr, part)) == sorted(map(repr, whole))
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
