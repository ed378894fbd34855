"""What the stack's last `up` has deployed, known before the first resource is registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import invoke


@dataclass(frozen=True)
class Deployed:
    """The outputs of the last `up` that came to its end; empty before the first."""

    outputs: Mapping[str, Any]

    @property
    def cluster(self) -> Mapping[str, Any] | None:
        """Snapshot of the cluster file, None before the first `up`."""
        return self.outputs.get("deployed")

    @property
    def certificates(self) -> Mapping[str, Any]:
        """When certificates end."""
        return self.outputs.get("certificates") or {}


def read_deployed() -> Deployed:
    """Return what this stack has deployed.

    A StackReference would give the same too late: its outputs arrive while resources are being registered already, and
    with `--skip-preview` a host could hear of a change before it is refused.
    """
    itself = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = invoke("pulumi:pulumi:readStackOutputs", {"name": itself}).value or {}
    return Deployed(answer.get("outputs") or {})
