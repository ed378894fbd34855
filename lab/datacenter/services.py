"""What a site offers its hosts: names, packages and images, on the network's first address."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab.datacenter import network, process
from lab.datacenter.inventory import DNS
from lab.datacenter.shell import LabError, last_line
from lab.layout import LAB, TREE, cache, mirror_dir, registry_dir

FOLDER = LAB / "services"
#: Seconds from start to first answer; each takes well under one.
DEADLINE = 20.0


@dataclass(frozen=True)
class Service:
    """A program that listens on a TCP port of the gateway."""

    name: str
    port: int
    argv: tuple[str, ...]

    @property
    def pid_file(self) -> Path:
        """Where its process is noted."""
        return FOLDER / f"{self.name}.pid"

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return FOLDER / f"{self.name}.log"


def services(gateway: str) -> list[Service]:
    """Return the services whose parts are there; the registry comes with its binary."""
    found = [
        Service("dnsmasq", 53, dnsmasq_command(gateway)),
        Service("mirror", 80, mirror_command(gateway)),
    ]
    binary = registry_binary()
    if binary is not None:
        config = FOLDER / "registry.yaml"
        found.append(Service("registry", 5000, (str(binary), "serve", str(config))))
    return found


def dnsmasq_command(gateway: str) -> tuple[str, ...]:
    """Return the name server: it knows the lab's names and denies all others at once."""
    return (
        "dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        f"--hostsdir={DNS}",
        # Every domain is ours: what is not in the hosts files does not exist, and nobody is asked.
        "--local=/#/",
        f"--listen-address={gateway}",
        "--bind-interfaces",
        "--pid-file",
        "--user=nobody",
        "--log-facility=-",
    )


def mirror_command(gateway: str) -> tuple[str, ...]:
    """Return the package mirror."""
    return (sys.executable, "-m", "lab.datacenter.mirror", gateway, str(mirror_dir()))


def registry_binary() -> Path | None:
    """Return the newest registry that was built."""
    built = sorted((cache() / "artifacts" / "registry").glob("*/**/registry"))
    files = [path for path in built if path.is_file()]
    return files[-1] if files else None


def registry_config(gateway: str, storage: Path) -> str:
    """Return the registry's configuration: it serves what was built, and takes nothing."""
    return yaml.safe_dump(
        {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(storage), "maxthreads": 100},
                "delete": {"enabled": False},
                "maintenance": {
                    "readonly": {"enabled": True},
                    "uploadpurging": {"enabled": False},
                },
            },
            "http": {"addr": f"{gateway}:5000"},
        },
        sort_keys=False,
    )


def ensure(gateway: str) -> list[str]:
    """Start what does not run and wait for it; return the names of those that were started.

    Raises LabError when one does not answer in time.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    mirror_dir().mkdir(parents=True, exist_ok=True)
    registry_dir().mkdir(parents=True, exist_ok=True)
    (FOLDER / "registry.yaml").write_text(registry_config(gateway, registry_dir()))
    return start(services(gateway), gateway)


def start(wanted: Iterable[Service], gateway: str) -> list[str]:
    """Start those of some services that do not run and wait for them; return their names.

    Raises LabError when one does not answer in time.
    """
    started = [service for service in wanted if not _serves(service)]
    for service in started:
        _start(service)
    for service in started:
        _wait(service, gateway)
    return [service.name for service in started]


def _serves(service: Service) -> bool:
    """Tell whether a service runs, and as it should: a moved cache means another command."""
    pid = process.alive(service.pid_file)
    if pid is None:
        return False
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    if tuple(word.decode() for word in words[:-1]) == service.argv:
        return True
    process.end(service.pid_file, signal.SIGTERM)
    return False


def _start(service: Service) -> None:
    with service.log.open("a") as log:
        started = subprocess.Popen(
            ["nsenter", f"--net={network.RUN / network.NAMESPACE}", *service.argv],
            cwd=TREE,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    process.record(service.pid_file, started.pid)


def _wait(service: Service, gateway: str) -> None:
    def connects() -> bool:
        with socket.create_connection((gateway, service.port), timeout=2.0):
            return True

    until = time.monotonic() + DEADLINE
    while time.monotonic() < until and process.alive(service.pid_file) is not None:
        if process.in_namespace(network.RUN / network.NAMESPACE, connects):
            return
        time.sleep(0.05)
    said = last_line(service.log.read_text(errors="replace"))
    raise LabError(f"{service.name} does not answer on port {service.port}: {said}")


def forget_names() -> None:
    """Have the name server drop the names that are gone; new ones it finds by itself."""
    pid_file = FOLDER / "dnsmasq.pid"
    pid = process.alive(pid_file)
    if pid is not None:
        process.send(pid, signal.SIGHUP)


def stop() -> None:
    """End all services."""
    for pid_file in sorted(FOLDER.glob("*.pid")):
        process.end(pid_file, signal.SIGTERM)
