"""Plugins, started while the program is still being read: of a small preview their start is a good part."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pulumi.runtime.proto.resource_pb2 import ResourceInvokeRequest
from pulumi.runtime.settings import get_monitor

#: What every cluster needs; of the version that their libraries ask for, so that it is the same plugin.
PACKAGES = ("tls", "command")


def start() -> None:
    """Have the engine start the plugins that every cluster needs, and wait for nothing.

    The engine starts a plugin when it is first asked for something of it, so it is asked for what is not there. Nobody
    waits for the answer, and a plugin that cannot be started is told when its first resource is registered.
    """
    invoke: Any = getattr(get_monitor(), "Invoke", None)
    if hasattr(invoke, "future"):  # a monitor of tests has no plugins
        for package in PACKAGES:
            invoke.future(ResourceInvokeRequest(tok=f"{package}:index:none", version=version(f"pulumi-{package}")))
