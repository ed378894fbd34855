"""A balancer of TCP connections in front of hosts, as AWS' network load balancers are: `balancer.py CONFIG`.

CONFIG is JSON: listeners, each with addresses, a port, targets and how to check them. It is read again when it changes.
A target is used once enough checks in a row have found it well. When none is well all are used, as with AWS; when one
is found unwell, or taken out, its connections are ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import ssl
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Seconds between two looks at the configuration.
LOOK = 1.0
#: Seconds that a connection to a target may take.
PATIENCE = 5.0


@dataclass
class Target:
    """A host behind a listener."""

    address: str
    port: int
    well: bool = False
    streak: int = 0
    """Checks in a row that contradict `well`."""
    connections: set[asyncio.Task[None]] = field(default_factory=set)

    def checked(self, answered: bool, check: dict[str, Any]) -> None:
        """Take the answer to a check in; end the connections of one that is no longer well."""
        if answered == self.well:
            self.streak = 0
            return
        self.streak += 1
        if self.streak >= check["healthy" if answered else "unhealthy"]:
            self.well, self.streak = answered, 0
            print(f"{self.address}:{self.port} is {'well' if answered else 'unwell'}", flush=True)
            if not answered:
                self.cut()

    def cut(self) -> None:
        """End every connection to it."""
        for connection in self.connections:
            connection.cancel()


class Listener:
    """A port with targets behind it."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.targets: dict[tuple[str, int], Target] = {}
        self._checks: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._servers: list[asyncio.Server] = []
        self._turn = itertools.count()

    async def open(self) -> None:
        """Begin to listen."""
        for address in self.settings["addresses"]:
            self._servers.append(await asyncio.start_server(self._serve, address, self.settings["port"]))
        self.update(self.settings)

    def close(self) -> None:
        """Stop listening and checking, and end all connections."""
        for server in self._servers:
            server.close()
        self.update({**self.settings, "targets": [], "delay": 0})

    def update(self, settings: dict[str, Any]) -> None:
        """Take new targets in and let old ones go: those keep their connections for as long as it is said."""
        self.settings = settings
        wanted = {(str(address), int(port)) for address, port in settings["targets"]}
        for place in wanted - set(self.targets):
            self.targets[place] = Target(*place)
            self._checks[place] = asyncio.create_task(self._watch(self.targets[place]))
        for place in set(self.targets) - wanted:
            self._checks.pop(place).cancel()
            asyncio.get_running_loop().call_later(settings["delay"], self.targets.pop(place).cut)

    def chosen(self) -> Target | None:
        """Return the target of the next connection."""
        well = [target for target in self.targets.values() if target.well] or list(self.targets.values())
        return well[next(self._turn) % len(well)] if well else None

    async def _watch(self, target: Target) -> None:
        check = self.settings["check"]
        while True:
            answered = await answers(target.address, target.port, check)
            target.checked(answered, check)
            await asyncio.sleep(check["interval"])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = self.chosen()
        task = asyncio.current_task()
        if target is None or task is None:
            writer.transport.abort()
            return
        target.connections.add(task)
        try:
            async with asyncio.timeout(PATIENCE):
                far_reader, far_writer = await asyncio.open_connection(target.address, target.port)
            try:
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
            finally:
                far_writer.transport.abort()
        except (OSError, TimeoutError, asyncio.CancelledError):
            # Whoever asked sees that it has ended, and asks again.
            pass
        finally:
            target.connections.discard(task)
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


async def answers(address: str, port: int, check: dict[str, Any]) -> bool:
    """Tell whether a target answers a check: takes a connection, or says 200."""
    where = port if check["port"] == "traffic-port" else int(check["port"])
    try:
        async with asyncio.timeout(check["timeout"]):
            if check["protocol"] == "TCP":
                _, writer = await asyncio.open_connection(address, where)
                writer.transport.abort()
                return True
            reader, writer = await asyncio.open_connection(address, where, ssl=_unverified(check["protocol"]))
            try:
                host = f"{address}:{where}"
                writer.write(f"GET {check['path']} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError):
        return False


def _unverified(protocol: str) -> ssl.SSLContext | None:
    """Return what a check over TLS needs: AWS' balancers look at no certificate."""
    if protocol == "HTTP":
        return None
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def balance(config: Path) -> None:
    """Listen as a file says, and follow it."""
    listeners: dict[str, Listener] = {}
    read = ""
    while True:
        text = config.read_text() if config.is_file() else "[]"
        if text != read:
            await apply(listeners, json.loads(text))
            read = text
        await asyncio.sleep(LOOK)


async def apply(listeners: dict[str, Listener], wanted: list[dict[str, Any]]) -> None:
    """Open, change and close listeners; where one listens decides which one it is."""
    by_place = {json.dumps([one["addresses"], one["port"]]): one for one in wanted}
    for place in set(listeners) - set(by_place):
        listeners.pop(place).close()
    for place, settings in by_place.items():
        if place in listeners:
            listeners[place].update(settings)
        else:
            listeners[place] = Listener(settings)
            await listeners[place].open()


if __name__ == "__main__":
    asyncio.run(balance(Path(sys.argv[1])))
