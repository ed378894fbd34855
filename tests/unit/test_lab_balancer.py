"""The lab's balancer for TCP connections, with hosts and clients on loopback."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lab.datacenter import balancer

CHECK = {"protocol": "HTTPS", "path": "/readyz", "interval": 0.02, "timeout": 1, "healthy": 2, "unhealthy": 2}


class Backend:
    """A host that echoes with its name on one port, and answers checks over TLS on another."""

    def __init__(self, name: str) -> None:
        self.name, self.ready = name, True
        self.port = self.check_port = 0
        self.peers: list[str] = []

    async def echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer each line with this host's name."""
        self.peers.append(writer.get_extra_info("peername")[0])
        while line := await reader.readline():
            writer.write(f"{self.name} ".encode() + line)
        writer.close()

    async def readyz(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say whether it is ready."""
        path = (await reader.readline()).split()[1]
        status = "200 OK" if self.ready and path == b"/readyz" else "500 Internal Server Error"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Return what a server needs that nobody trusts, as API servers' certificates are to a balancer."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    file: Path = tmp_path_factory.mktemp("tls") / "pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(pem + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server


@asynccontextmanager
async def backends(context: ssl.SSLContext, *names: str) -> AsyncIterator[list[Backend]]:
    """Start hosts, each at an address of its own, all with the same ports."""
    started, servers = [Backend(name) for name in names], []
    for number, backend in enumerate(started, start=2):
        address, first = f"127.0.0.{number}", started[0]
        echo = await asyncio.start_server(backend.echo, address, first.port)
        readyz = await asyncio.start_server(backend.readyz, address, first.check_port, ssl=context)
        backend.port = echo.sockets[0].getsockname()[1]
        backend.check_port = readyz.sockets[0].getsockname()[1]
        servers += [echo, readyz]
    yield started
    for server in servers:
        server.close()


def settings(hosts: list[Backend], port: int, **more: Any) -> dict[str, Any]:
    """Return a listener's settings."""
    targets = [[f"127.0.0.{number}", host.port] for number, host in enumerate(hosts, start=2)]
    check = CHECK | {"port": str(hosts[0].check_port)}
    return {"addresses": ["127.0.0.1"], "port": port, "targets": targets, "check": check, "delay": 0, **more}


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something to be so, five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def asked(port: int) -> str:
    """Return who answers a new connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello\n")
    said = (await reader.readline()).decode()
    writer.close()
    return said.partition(" ")[0]


def story(run: Callable[[], Awaitable[None]]) -> None:
    """Run a story of the loop, twenty seconds at most."""

    async def limited() -> None:
        async with asyncio.timeout(20):
            await run()

    asyncio.run(limited())


async def opened(hosts: list[Backend]) -> tuple[balancer.Listener, int]:
    """Return a listener in front of some hosts, and its port."""
    listener = balancer.Listener(settings(hosts, 0))
    await listener.open()
    return listener, listener._servers[0].sockets[0].getsockname()[1]


def test_who_is_not_ready_is_not_asked(context: ssl.SSLContext) -> None:
    """A host that stops being ready loses its connections; one that comes back is asked again."""

    async def run() -> None:
        async with backends(context, "one", "two") as hosts:
            listener, port = await opened(hosts)
            targets = list(listener.targets.values())
            await until(lambda: all(target.well for target in targets))
            assert {await asked(port) for _ in range(4)} == {"one", "two"}

            # A connection to each; then one of the hosts says that it is not ready.
            streams = {}
            for _ in range(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"hello\n")
                streams[(await reader.readline()).decode().partition(" ")[0]] = reader, writer
            hosts[0].ready = False
            assert await streams["one"][0].read() == b""
            assert {await asked(port) for _ in range(4)} == {"two"}
            streams["two"][1].write(b"still here\n")
            assert await streams["two"][0].readline() == b"two still here\n"

            hosts[0].ready = True
            await until(lambda: all(target.well for target in targets))
            assert {await asked(port) for _ in range(4)} == {"one", "two"}
            # Hosts see the balancer, and not who asks it.
            assert set(hosts[0].peers) == {"127.0.0.1"}
            listener.close()

    story(run)


def test_when_none_is_ready_all_are_asked(context: ssl.SSLContext) -> None:
    """As with AWS: to ask somebody is better than to ask nobody."""

    async def run() -> None:
        async with backends(context, "one", "two") as hosts:
            hosts[0].ready = hosts[1].ready = False
            listener, port = await opened(hosts)
            assert {await asked(port) for _ in range(4)} == {"one", "two"}
            listener.close()

    story(run)


def test_targets_come_and_go(context: ssl.SSLContext) -> None:
    """One that is taken out gets nothing new, and its connections end; without any, connections are refused."""

    async def run() -> None:
        async with backends(context, "one", "two") as hosts:
            listeners: dict[str, balancer.Listener] = {}
            with_one = settings(hosts, 0) | {"targets": [["127.0.0.2", hosts[0].port]]}
            await balancer.apply(listeners, [with_one])
            (listener,) = listeners.values()
            port = listener._servers[0].sockets[0].getsockname()[1]
            assert await asked(port) == "one"
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"hello\n")
            assert await reader.readline() == b"one hello\n"
            await balancer.apply(listeners, [with_one | {"targets": [["127.0.0.3", hosts[1].port]]}])
            assert list(listeners.values()) == [listener], "a change of targets has opened another listener"
            assert await reader.read() == b""
            assert await asked(port) == "two"
            await balancer.apply(listeners, [])
            with pytest.raises(OSError, match=r"refused|Connect call failed"):
                await asyncio.open_connection("127.0.0.1", port)

    story(run)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"path": "/livez"}, False),
        ({"protocol": "HTTP", "timeout": 0.2}, False),
        ({"protocol": "TCP", "port": "traffic-port"}, True),
    ],
)
def test_checks_ask_what_they_are_told_to(context: ssl.SSLContext, change: dict[str, Any], expected: bool) -> None:
    """The path, over TLS that is not verified, or a connection alone."""

    async def run() -> None:
        async with backends(context, "one") as hosts:
            check = CHECK | {"port": str(hosts[0].check_port)} | change
            assert await balancer.answers("127.0.0.2", hosts[0].port, check) is expected

    story(run)
