"""What a stack's last `up` has deployed, known before the first resource is registered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
from pulumi.runtime.proto.resource_pb2 import ResourceInvokeRequest
from pulumi.runtime.rpc import deserialize_properties_unwrap_secrets as plain
from pulumi.runtime.settings import get_monitor

READ_ATTEMPTS = 5

#: Waits for the outputs of a stack's last `up` that came to its end: empty before the first, None for no such stack.
#: Secrets are among them as plain values. Raises RunError where they cannot be read.
Outputs = Callable[[], Mapping[str, Any] | None]


def itself() -> str:
    """Return the whole name of this stack."""
    return f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"


def ask(stack: str) -> Outputs:
    """Have the engine read the outputs of a stack while the program goes on, and return what waits for them.

    The engine is asked directly, and for this stack before anything is registered: a StackReference, or the SDK's own
    call, would answer while resources are being registered already, and with `--skip-preview` a host could hear of a
    change before it is refused.
    """
    coming = _sent(stack)

    def outputs() -> Mapping[str, Any] | None:
        wait = coming
        # Another stack may be written just now, and a reader of a file backend can meet the half of it.
        for attempts_left in reversed(range(READ_ATTEMPTS)):
            try:
                answer = wait()
                problem = answer.failures[0].reason if answer.failures else ""
            except grpc.RpcError as error:
                problem = str(error.details())
            if not problem:
                # The field is named as a keyword of Python's.
                return plain(getattr(answer, "return"))[0].get("outputs") or {}
            if "unknown stack" in problem:
                return None
            if not attempts_left or "failed to load checkpoint" not in problem:
                whose = "this stack" if stack == itself() else stack
                raise pulumi.RunError(f"what {whose} has deployed cannot be read: {problem}")
            time.sleep(0.2)
            wait = _sent(stack)
        raise AssertionError("unreachable: the last attempt returns or raises")

    return outputs


def _sent(stack: str) -> Callable[[], Any]:
    """Send the question, and return what waits for the engine's answer."""
    request = ResourceInvokeRequest(tok="pulumi:pulumi:readStackOutputs", args={"name": stack}, acceptResources=True)
    invoke: Any = getattr(get_monitor(), "Invoke")  # noqa: B009  # made by gRPC, unknown to mypy
    if hasattr(invoke, "future"):
        return invoke.future(request).result  # type: ignore[no-any-return]
    return lambda: invoke(request)  # a monitor of tests answers at once
