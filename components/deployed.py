"""What a stack's last `up` has deployed, known before the first resource is registered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import get_root_resource, invoke
from pulumi.runtime.sync_await import _sync_await as sync_await

from components.answers import UnansweredError, answering

READ_ATTEMPTS = 5


def itself() -> str:
    """Return the whole name of this stack."""
    return f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"


def read_outputs(stack: str) -> Mapping[str, Any] | None:
    """Return the outputs of a stack's last `up` that came to its end, empty before the first; None for no such stack.

    Secrets are among them as plain values. A StackReference would give the same too late: its outputs arrive while
    resources are being registered already, and with `--skip-preview` a host could hear of a change before it is
    refused.
    """
    # The engine writes the state when it registers the stack, and a reader of a file backend can meet the half of it.
    if registered := get_root_resource():
        sync_await(registered.urn.future())
    for attempts_left in reversed(range(READ_ATTEMPTS)):
        try:
            with answering():
                answer = invoke("pulumi:pulumi:readStackOutputs", {"name": stack}).value or {}
            return answer.get("outputs") or {}
        except UnansweredError as error:
            if "unknown stack" in str(error):
                return None
            if not attempts_left or "failed to load checkpoint" not in str(error):
                whose = "this stack" if stack == itself() else stack
                raise pulumi.RunError(f"what {whose} has deployed cannot be read: {error}") from None
            time.sleep(0.2)
    raise AssertionError("unreachable: the last attempt returns or raises")
