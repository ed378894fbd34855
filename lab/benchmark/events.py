"""When each resource of a stack began and ended, from what the engine says while it works.

The engine's own time stamps are whole seconds, so its event log goes into a pipe and is stamped as it comes.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.benchmark.timeline import Span

#: Work of the engine and of the program, on the machine that runs them.
LOCAL = "-"
COMMAND = "command:remote:Command"


class EventPipe:
    """A named pipe for `pulumi up --event-log`; collects every event with its time."""

    def __init__(self, path: Path) -> None:
        """Make the pipe at `path` and begin to read it."""
        self.path = path
        self.events: list[tuple[float, dict[str, Any]]] = []
        """Seconds of time.monotonic() and the event."""
        os.mkfifo(path, 0o600)
        # Open for writing too: the pipe has no end before we say so, and opening does not wait for the engine.
        self._handle = os.open(path, os.O_RDWR)
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        with os.fdopen(os.dup(self._handle), "rb") as lines:
            for line in lines:
                now = time.monotonic()
                if line == b"\n":
                    return
                # What the program says on its way is long, and none of it is a resource's beginning or end.
                if b'Event":{"metadata"' in line:
                    self.events.append((now, json.loads(line)))

    def close(self) -> list[tuple[float, dict[str, Any]]]:
        """End the collecting, remove the pipe and return the events."""
        os.write(self._handle, b"\n")
        self._thread.join(timeout=30)
        os.close(self._handle)
        self.path.unlink()
        return self.events


def spans(
    events: Iterable[tuple[float, Mapping[str, Any]]], start: float, end: float, hosts: Mapping[str, str]
) -> list[Span]:
    """Return what ran when.

    `start` and `end` are when the command began and ended, on the events' clock. `hosts` is the host of each address.
    A resource that is a command is its phase at its host; all that is not a command is the phase `authorities` here.
    What comes before the first resource is the phase `start`.
    """
    began: dict[str, float] = {}
    found: list[Span] = []
    local: list[tuple[float, float]] = []
    for at, event in events:
        metadata = (event.get("resourcePreEvent") or event.get("resOutputsEvent") or {}).get("metadata")
        if metadata is None or metadata["op"] != "create":
            continue
        urn, kind = metadata["urn"], metadata["type"]
        if "resourcePreEvent" in event:
            began[urn] = at
        elif kind == COMMAND:
            name = urn.rsplit("::", 1)[1]
            found.append(Span(phase(name), host_of(metadata, hosts), began[urn] - start, at - start))
        elif kind.startswith("tls:"):
            local.append((began[urn] - start, at - start))
    if local:
        found.append(Span("authorities", LOCAL, min(b for b, _ in local), max(e for _, e in local)))
    if found:
        found.append(Span("start", LOCAL, 0.0, min(span.begin for span in found)))
        found.append(Span("finish", LOCAL, max(span.end for span in found), end - start))
    return found


def phase(resource: str) -> str:
    """Return the phase of a resource that is a step on a host: what comes after the last dash of its name."""
    return resource.rsplit("-", 1)[-1]


def host_of(metadata: Mapping[str, Any], hosts: Mapping[str, str]) -> str:
    """Return the name of the host that a command runs on.

    A step is named after its host. Those named after the cluster are told by the address they go to, and have no place
    where the engine hides the connection for the key in it.
    """
    name = str(metadata["urn"]).rsplit("::", 1)[1].rsplit("-", 1)[0]
    if name in hosts.values():
        return name
    connection = metadata["new"]["inputs"].get("connection")
    address = connection.get("host", "") if isinstance(connection, Mapping) else ""
    return hosts.get(address, LOCAL)


def resources(events: Iterable[tuple[float, Mapping[str, Any]]], hosts: Iterable[str]) -> dict[str, int]:
    """Return how many resources are named after each host."""
    names = [
        event["resourcePreEvent"]["metadata"]["urn"].rsplit("::", 1)[1]
        for _, event in events
        if event.get("resourcePreEvent", {}).get("metadata", {}).get("op") == "create"
    ]
    return {host: sum(name == host or name.startswith(f"{host}-") for name in names) for host in hosts}
