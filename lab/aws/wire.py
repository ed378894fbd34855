"""Values as the engine sends them, and as it wants them back.

The stand-in tells the engine that it takes neither secrets nor outputs: the engine then unwraps them, and marks what
comes back under the same names as secret again. What is wrapped nevertheless is unwrapped here.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import json_format, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import rpc

Values = dict[str, Any]


class _Unknown:
    """What is not known before an update."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN: Final = _Unknown()
#: Each kind of value has an unknown of its own on the wire.
_UNKNOWNS = {
    rpc.UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a flag
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
    "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
    "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
}
_MARK = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 # a mark of the wire format
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"


def decode(struct: struct_pb2.Struct) -> Values:
    """Return what a message holds as plain values, with UNKNOWN for what is not known yet."""
    plain: Values = {name: _plain(value) for name, value in json_format.MessageToDict(struct).items()}
    return {name: value for name, value in plain.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return UNKNOWN if value in _UNKNOWNS else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        mark = value.get(_MARK)
        if mark == _SECRET:
            return _plain(value["value"])
        if mark == _OUTPUT:
            return _plain(value["value"]) if "value" in value else UNKNOWN
        if mark == _RESOURCE:
            return _plain(value.get("id", rpc.UNKNOWN))
        if mark is not None:
            raise ValueError("an asset or an archive is nothing that an AWS resource of the stand-in takes")
        return {name: plain for name, item in value.items() if (plain := _plain(item)) is not None}
    return value


def encode(values: Values) -> struct_pb2.Struct:
    """Return plain values as a message; what is None is left out."""
    struct = struct_pb2.Struct()
    json_format.ParseDict(_sent(values), struct)
    return struct


def _sent(value: Any) -> Any:
    if value is UNKNOWN:
        return rpc.UNKNOWN
    if isinstance(value, dict):
        return {name: _sent(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_sent(item) for item in value]
    return value


def unknown_in(value: Any) -> bool:
    """Tell whether anything in a value is not known yet."""
    if isinstance(value, dict):
        return any(unknown_in(item) for item in value.values())
    if isinstance(value, list):
        return any(unknown_in(item) for item in value)
    return value is UNKNOWN
