"""Values on the wire between the engine and the stand-in for the AWS plugin."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import rpc

from lab.aws.kinds import TABLE
from lab.aws.shape import number, same, text, texts
from lab.aws.wire import UNKNOWN, decode, encode, unknown_in


def sent(value: dict[str, Any]) -> struct_pb2.Struct:
    """Return a message as the engine makes it."""
    struct = struct_pb2.Struct()
    json_format.ParseDict(value, struct)
    return struct


def test_plain_values_go_there_and_back() -> None:
    """Whole numbers stay whole, flags are no numbers, and what is nothing is left out."""
    values = {"a": 1, "b": 1.5, "c": True, "d": ["x", {"e": ""}], "f": {}}
    assert decode(encode(values | {"g": None})) == values
    assert isinstance(decode(encode(values))["a"], int)
    assert decode(encode(values))["c"] is True


def test_what_is_wrapped_is_unwrapped() -> None:
    """Secrets, outputs and resources are their values; what has none is not known."""
    key = rpc._special_sig_key
    secret = {key: rpc._special_secret_sig, "value": "hidden"}
    output = {key: rpc._special_output_value_sig, "value": {"a": secret}, "secret": True}
    nothing = {key: rpc._special_output_value_sig}
    resource = {key: rpc._special_resource_sig, "urn": "urn:x", "id": "vpc-1"}
    found = decode(sent({"s": secret, "o": output, "n": nothing, "r": resource, "u": rpc.UNKNOWN}))
    assert found == {"s": "hidden", "o": {"a": "hidden"}, "n": UNKNOWN, "r": "vpc-1", "u": UNKNOWN}
    assert unknown_in({"a": [{"b": UNKNOWN}]})
    assert not unknown_in({"a": [{"b": "known"}]})
    assert encode({"a": [UNKNOWN]})["a"][0] == rpc.UNKNOWN


def test_an_asset_is_refused() -> None:
    """No resource of the table takes one."""
    with pytest.raises(ValueError, match="asset"):
        decode(sent({"a": {rpc._special_sig_key: rpc._special_asset_sig, "text": "x"}}))


def test_what_means_the_same_is_no_change() -> None:
    """The order of a set, none and an empty list, how JSON is written; what is not known is always one."""
    assert same(texts(), ["a", "b"], ["b", "a"])
    assert not same(texts(ordered=True), ["a", "b"], ["b", "a"])
    assert same(texts(), None, [])
    assert not same(text(), "a", UNKNOWN)
    assert not same(number(), 1, 2)
    role = TABLE["aws:iam/role:Role"].properties["assumeRolePolicy"]
    assert same(role, '{"a": 1, "b": 2}', '{"b":2,"a":1}')
