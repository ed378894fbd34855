"""The command line of `lab/hosts`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from lab.datacenter import centre, disk, host, inventory, lock, needs, network, plan, process, services
from lab.datacenter.shell import LabError

ACTIONS = {
    "kill": (centre.kill, "pull the plug of hosts; their disks stay"),
    "stop": (centre.stop, "switch hosts off in order"),
    "start": (centre.start, "switch hosts on, from the disks they have"),
    "wipe": (centre.wipe, "put new machines in place of hosts: fresh disk, new SSH key, switched on"),
    "cut": (centre.cut, "pull the network cable of hosts"),
    "heal": (centre.heal, "put the network cable of hosts back"),
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(prog="lab/hosts", description="The lab's hosts.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = commands.add_parser("up", help="start the lab, and the hosts of FILE that do not run")
    add.add_argument("file", type=Path, metavar="FILE")
    add.add_argument("names", nargs="*", metavar="NAME")
    add = commands.add_parser("down", help="take hosts away; without names all, and the lab")
    add.add_argument("names", nargs="*", metavar="NAME")
    for name, (_, text) in ACTIONS.items():
        add = commands.add_parser(name, help=text)
        add.add_argument("names", nargs="+", metavar="NAME")
    add = commands.add_parser("reboot", help="pull the plug of hosts and switch them on again")
    add.add_argument("names", nargs="+", metavar="NAME")
    add.add_argument("--orderly", action="store_true", help="let them shut down first")
    commands.add_parser("ls", help="show name, address, state and memory of each host")
    add = commands.add_parser("logs", help="show what a host wrote to its console")
    add.add_argument("name", metavar="NAME")
    add = commands.add_parser("needs", help="show what the lab needs of this machine")
    add.add_argument("--install", action="store_true", help="install the missing packages")
    return top


def read_plan(file: Path) -> plan.Plan:
    """Return the plan of a hosts file; raises LabError when it cannot be read."""
    try:
        data = yaml.safe_load(file.read_text())
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}; give a hosts file") from None
    except yaml.YAMLError as error:
        raise LabError(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    return plan.parse(data, file.name.removesuffix(".yaml").removeprefix("hosts."))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a failure is a sentence on standard error and exit code 1."""
    options = parser().parse_args(argv)
    try:
        if options.command == "needs":
            return needs.main(install=options.install)
        if os.geteuid() != 0:
            raise LabError("the lab makes network namespaces and containers; run this as root")
        leave_lab_network()
        return dispatch(options)
    except LabError as error:
        print(f"lab/hosts: {error}", file=sys.stderr)
        return 1


def dispatch(options: argparse.Namespace) -> int:
    """Run a command that changes or shows the lab."""
    if options.command == "ls":
        print(centre.table(), end="")
        return 0
    if options.command == "logs":
        spec = inventory.require().host(options.name)
        print(host.console(spec.name).read_text(errors="replace"), end="")
        return 0
    begin = time.monotonic()
    wanted = read_plan(options.file) if options.command == "up" else None
    if options.command not in ("up", "down"):
        inventory.require()
    with lock.held():
        if wanted is not None:
            booted = centre.up(wanted, options.names)
            took = time.monotonic() - begin
            print(f"{len(booted)} booted in {took:.1f} s: {' '.join(booted) or 'all were up'}")
            if services.registry_binary() is None or not disk.PACKAGES_KEY.is_file():
                print("no packages or no image registry yet: lab/build makes them, then run this again")
        elif options.command == "down":
            centre.remove(options.names) if options.names else centre.down()
        elif options.command == "reboot":
            (centre.stop if options.orderly else centre.kill)(options.names)
            centre.start(options.names)
        else:
            ACTIONS[options.command][0](options.names)
    return 0


def leave_lab_network(module: str = "lab.datacenter") -> None:
    """Run again on the machine's own network and mounts, when called through `lab/run`."""
    lab = network.RUN / network.NAMESPACE
    if not lab.exists() or not os.path.samefile(lab, "/proc/self/ns/net"):
        return
    # The name server was started with the machine's mounts; init's may be another container's.
    mounts = process.alive(services.FOLDER / "dnsmasq.pid") or 1
    outside = ["nsenter", f"--mount=/proc/{mounts}/ns/mnt", f"--net={network.RUN / network.MACHINE}"]
    again = [f"--wdns={Path.cwd()}", sys.executable, "-m", module, *sys.argv[1:]]
    os.execvp("nsenter", [*outside, *again])  # noqa: S606 -- no shell is the point
