"""DNS names of servers in a cluster file."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from components.config.values import DOMAIN


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
