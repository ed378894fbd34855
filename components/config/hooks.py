"""Scripts of the user's own, run on hosts at certain times."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from components.config.section import Section
from components.config.values import FilePath, Whole, example


class Hook(Section):
    """A script of yours that hosts run as root. A bare path is short for `{file: …}`."""

    file: Annotated[FilePath, example("hooks/mount-disks.sh")]
    """Path of the script, relative to the project. It is in the stack's state, so nothing secret belongs in it."""
    timeout_seconds: Annotated[Whole, Field(ge=1, le=3600), example(60)] = 300
    """How long it may take; then it is ended, and the step has failed."""


def _everywhere() -> list[str]:
    return []  # a default to leave out of the schema, where no list may be empty


class NodeHook(Hook):
    """A script of yours that nodes run as root. A bare path is short for `{file: …}`."""

    on: Annotated[list[str], Field(min_length=1), example(["controlPlane", "default"])] = Field(
        default_factory=_everywhere
    )
    """Where it runs: `controlPlane`, and names of pools. On every node unless given."""


def path_alone(value: Any) -> Any:
    """Return a script that is given by its path alone as the section that it stands for."""
    return {"file": value} if isinstance(value, str) else value


class OrPath:
    """Says in the schema that a bare path stands for a hook."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "description": "Path of the script."}, handler(schema)]}


class HookOptions(Section):
    """Scripts of yours, run on hosts at certain times: once each, and again when their content changes. So they have to
    be scripts that can be run again. One that fails ends the step with its name, and is run again by the next `up`."""

    before_join: Annotated[
        list[Annotated[NodeHook, BeforeValidator(path_alone), OrPath()]], example(["hooks/mount-disks.sh"])
    ] = []
    """Before a host becomes a node, when packages and images are there."""
    after_join: Annotated[
        list[Annotated[NodeHook, BeforeValidator(path_alone), OrPath()]], example(["hooks/tell-monitoring.sh"])
    ] = []
    """When its node is Ready."""
    after_up: Annotated[
        list[Annotated[Hook, BeforeValidator(path_alone), OrPath()]], example(["hooks/install-ingress.sh"])
    ] = []
    """When all nodes have joined, on one control plane, with the administrator's kubeconfig as KUBECONFIG. Also when
    another control plane acts for the cluster, since what a host has run is remembered there."""
