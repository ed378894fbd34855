"""Machines, balancers and names of a cloud, as hosts, listeners and names of the lab.

The cloud is what answers as AWS in the lab's network; what is asked of it, `lab.aws.world` says line by line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.datacenter import base, centre, cloud_init, disk, host, inventory, lock, network, services
from lab.datacenter.cloud_init import Told
from lab.datacenter.inventory import Inventory
from lab.datacenter.plan import NAME, TAKEN, HostSpec
from lab.datacenter.shell import LabError
from lab.layout import TREE

#: Where machines ask about themselves, as in AWS.
METADATA = "169.254.169.254"
#: What the balancers read.
LISTENERS = services.FOLDER / "listeners.json"


@dataclass(frozen=True)
class Machine:
    """A machine as the cloud has it, and the host that it is here."""

    id: str
    spec: HostSpec
    told: Told
    login_key: str
    on: bool


@dataclass(frozen=True)
class Steps:
    """What brings the lab's hosts to what the cloud has."""

    remove: list[str]
    make: list[Machine]
    start: list[str]
    stop: list[str]
    readdress: list[Machine]
    """Those whose address outside of the network is another one now."""


def machine(id_: str, data: Mapping[str, Any]) -> Machine:
    """Return a machine of the cloud as a host. Raises LabError when the lab cannot be such a one."""
    told = cloud_init.read(data["userData"])
    # One that its maker gave no name has AWS's, of which the lab's names of hosts have room for a part.
    told = told if told.hostname else replace(told, hostname=id_[:10])
    if not NAME.fullmatch(told.hostname) or told.hostname in TAKEN:
        raise LabError(f"{told.hostname!r} is no name of a host: use a-z, 0-9 and -, at most 13 characters")
    user = cloud_init.login_user(data["image"])
    spec = HostSpec(told.hostname, data["address"], user, public=data["public"])
    return Machine(id_, spec, told, data["key"], data["on"])


def steps(wanted: Iterable[Machine], known: Mapping[str, tuple[str, bool]], there: Inventory) -> Steps:
    """Return what to do; `known` says of which machine a host is, and whether that was on when it was last looked at.

    A host of another machine has to go first. One whose plug somebody has pulled here stays off.
    """
    by_name = {one.spec.name: one for one in wanted}
    remove = sorted(name for name, (id_, _) in known.items() if name not in by_name or by_name[name].id != id_)
    stays = {name: one for name, one in by_name.items() if name in known and known[name][0] == one.id}
    return Steps(
        remove=remove,
        make=[one for name, one in by_name.items() if name not in stays],
        start=[name for name, one in stays.items() if one.on and not known[name][1]],
        stop=[name for name, one in stays.items() if not one.on and known[name][1]],
        readdress=[one for name, one in stays.items() if there.plan.hosts[name].public != one.spec.public],
    )


def listeners(balancers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the balancers' process listens on."""
    return [
        {"addresses": balancer["addresses"], **listener}
        for balancer in balancers.values()
        for listener in balancer["listeners"]
    ]


def bring_about(world: Mapping[str, Any]) -> None:
    """Make the lab what the cloud is; what cannot be is said, and keeps nothing else from being made."""
    wanted = []
    for id_, data in world["machines"].items():
        try:
            wanted.append(machine(id_, data))
        except LabError as error:
            _say(f"{id_}: {error}")
    with lock.held():
        if inventory.load() is None:
            return
        balancers = (address for one in world["balancers"].values() for address in one["addresses"])
        network.claim([METADATA, *balancers])
        fresh = LISTENERS.with_suffix(".new")
        fresh.write_text(json.dumps(listeners(world["balancers"])))
        fresh.rename(LISTENERS)
        if inventory.save_names(world["names"]):
            services.forget_names()
        _hosts(wanted)


def _hosts(wanted: list[Machine]) -> None:
    there = inventory.require()
    todo = steps(wanted, {name: _known(name) for name in there.plan.hosts}, there)
    if todo.remove:
        _say(f"taking away {', '.join(todo.remove)}")
        centre.remove(todo.remove)
    for one in todo.readdress:
        _readdress(one.spec)
    if todo.make:
        _say(f"making {', '.join(one.spec.name for one in todo.make)}")
        centre.each(todo.make, _make)
        state = inventory.require()
        for one in todo.make:
            state = state.with_host(one.spec, disk.host_key(one.spec.name))
        inventory.save(state)
    lit = [one.spec.name for one in todo.make if one.on]
    plan = inventory.require().plan
    dark = [name for name in [*lit, *todo.start] if not host.running(name)]
    centre.each([plan.hosts[name] for name in dark], lambda spec: host.boot(spec, plan))
    centre.each(todo.stop, host.stop)
    for one in wanted:
        if one.spec.name in [*todo.start, *todo.stop]:
            _remember(one)


def _make(one: Machine) -> None:
    host.remove(one.spec.name)
    plan = inventory.require().plan
    disk.make(one.spec, base.ensure(cloud=True), plan.gateway)
    cloud = os.environ["AWS_ENDPOINT_URL"]
    cloud_init.furnish(disk.path(one.spec.name), one.told, one.spec.user, one.login_key, cloud)
    # Last: a disk without it is half of one, and is made again.
    _remember(one)


def _readdress(spec: HostSpec) -> None:
    state = inventory.require()
    old = state.plan.hosts[spec.name]
    if old.public:
        network.withdraw(spec.name, old.public)
    inventory.save(state.with_host(replace(old, public=spec.public), state.host_keys[spec.name]))
    if spec.public and host.running(spec.name):
        network.publish(spec)


def _note(name: str) -> Path:
    return disk.folder(name) / "machine"


def _remember(one: Machine) -> None:
    _note(one.spec.name).write_text(f"{one.id} {'on' if one.on else 'off'}")


def _known(name: str) -> tuple[str, bool]:
    if not _note(name).is_file():
        return "", False
    id_, _, power = _note(name).read_text().partition(" ")
    return id_, power == "on"


def _say(text: str) -> None:
    print(text, flush=True)


def inside(*argv: str) -> list[str]:
    """Return a command that runs in the lab's network."""
    return ["nsenter", f"--net={network.RUN / network.NAMESPACE}", *argv]


def follow(looker: str) -> None:
    """Follow the cloud till it answers no more; `looker` is a Python with the stand-in's libraries."""
    balancer = inside(sys.executable, "-P", str(TREE / "lab/datacenter/balancer.py"), str(LISTENERS))
    look = inside(looker, "-m", "lab.aws.world")
    with (
        subprocess.Popen(balancer, stdin=subprocess.DEVNULL) as listening,
        subprocess.Popen(look, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as looking,
    ):
        try:
            for line in looking.stdout or ():
                bring_about(json.loads(line))
        finally:
            looking.kill()
            listening.kill()


if __name__ == "__main__":
    follow(sys.argv[1])
