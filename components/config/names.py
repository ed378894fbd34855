"""Names of things outside of the cluster file: servers, network interfaces, images."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from components.config.values import DOMAIN

_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
_IMAGE = re.compile(
    r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)+(:[A-Za-z0-9_][A-Za-z0-9_.-]*(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})"
)


def _server_name(value: str) -> str:
    if value.rpartition(":")[2].isdigit() and ":" in value:
        raise ValueError(f"more than a name: write {value.rpartition(':')[0]}; the port has a key of its own")
    if re.fullmatch(r"[\d.]+", value):
        raise ValueError("an address, where a name should be: it goes into address, and a name is not needed")
    if value == "localhost" or value.endswith(".localhost"):
        raise ValueError("every host's name for itself: choose another")
    if not DOMAIN.fullmatch(value) or len(value) > 253:
        raise ValueError(
            "not a DNS name: use lower-case labels with dots between them, without scheme and path, such as"
            " 'api.example.org'"
        )
    return value


def _interface(value: str) -> str:
    if not _INTERFACE.fullmatch(value) or re.fullmatch(r"[\d.]+", value):
        raise ValueError("not the name of a network interface: write it as `ip link` shows it, such as 'eth1'")
    return value


def _image(value: str) -> str:
    if not _IMAGE.fullmatch(value):
        raise ValueError(
            "not the whole name of an image: write registry, path and tag or digest, such as"
            " 'registry.example.org/haproxy:3.2.4'"
        )
    return value


ServerName = Annotated[
    str,
    AfterValidator(_server_name),
    Field(
        json_schema_extra={
            "pattern": rf"^(?!(.*\.)?localhost$)(?![\d.]+$){DOMAIN.pattern}$",
            "maxLength": 253,
        }
    ),
]
InterfaceName = Annotated[
    str, AfterValidator(_interface), Field(json_schema_extra={"pattern": rf"^(?![\d.]+$){_INTERFACE.pattern}$"})
]
ImageName = Annotated[str, AfterValidator(_image), Field(json_schema_extra={"pattern": f"^{_IMAGE.pattern}$"})]
