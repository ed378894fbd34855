"""Values as they travel between a program and the engine, secrets among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import rpc

_SIGNATURE = rpc._special_sig_key
_SECRET = rpc._special_secret_sig


@dataclass(frozen=True)
class Secret:
    """A value that was marked secret."""

    value: Any


def has_secret(value: Any) -> bool:
    """Return whether a value is a secret or holds one."""
    match value:
        case Secret():
            return True
        case dict():
            return any(map(has_secret, value.values()))
        case list():
            return any(map(has_secret, value))
    return False


def revealed(value: Any) -> Any:
    """Return a value with every Secret taken off."""
    match value:
        case Secret():
            return revealed(value.value)
        case dict():
            return {k: revealed(v) for k, v in value.items()}
        case list():
            return [revealed(v) for v in value]
    return value


def visible(value: Any) -> Iterator[str]:
    """Yield every text in a value that is not secret."""
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield key
                yield from visible(inner)
        case list():
            for inner in value:
                yield from visible(inner)


def read(value: struct_pb2.Value) -> Any:
    """Return a value of a request, secrets wrapped in Secret."""
    match value.WhichOneof("kind"):
        case "struct_value":
            fields = value.struct_value.fields
            if _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SECRET:
                return Secret(read(fields["value"]))
            return {key: read(inner) for key, inner in fields.items()}
        case "list_value":
            return [read(inner) for inner in value.list_value.values]
        case "string_value":
            return value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
    return None


def write(value: Any) -> struct_pb2.Value:
    """Return a value for a reply; the inverse of read."""
    result = struct_pb2.Value()
    match value:
        case Secret():
            fields = {_SIGNATURE: struct_pb2.Value(string_value=_SECRET), "value": write(value.value)}
            result.struct_value.CopyFrom(struct_pb2.Struct(fields=fields))
        case dict():
            inner = {key: write(v) for key, v in value.items()}
            result.struct_value.CopyFrom(struct_pb2.Struct(fields=inner))
        case list():
            result.list_value.CopyFrom(struct_pb2.ListValue(values=[write(v) for v in value]))
        case bool():
            result.bool_value = value
        case str():
            result.string_value = value
        case int() | float():
            result.number_value = value
        case None:
            result.null_value = struct_pb2.NULL_VALUE
    return result
