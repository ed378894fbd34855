"""The data centre as a whole: bring it up, change its hosts, take it away."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from lab.datacenter import base, cgroups, disk, host, inventory, kernel, network, process, services
from lab.datacenter.inventory import Inventory
from lab.datacenter.plan import HostSpec, Plan
from lab.datacenter.shell import LabError
from lab.layout import LAB

_Thing = TypeVar("_Thing")
#: The machine's kernel settings as they were before the first host.
SETTINGS = LAB / "kernel.yaml"


def up(plan: Plan, names: Iterable[str] = ()) -> list[str]:
    """Bring up the network, the services and the named hosts (all, when none is named).

    Returns the names of the hosts that were booted. Raises LabError when another lab is up.
    """
    wanted = [_planned(plan, name) for name in names] or list(plan.hosts.values())
    there = inventory.load()
    if there is not None:
        refuse_another(there.plan, plan, wanted)
    tree = base.ensure()
    state = there or Inventory(replace(plan, hosts={}))
    kernel.record(SETTINGS)
    kernel.raise_limits()
    disk.ensure_login_key()
    disk.publish_packages_key()
    network.ensure(plan)
    inventory.save(state)
    services.ensure(plan.gateway)

    fresh = [spec for spec in wanted if not disk.path(spec.name).exists()]
    each(fresh, lambda spec: disk.make(spec, tree, plan.gateway))
    for spec in wanted:
        state = state.with_host(spec, disk.host_key(spec.name))
    inventory.save(state)
    for name in state.plan.hosts:
        disk.trust_packages(name)
    dark = [spec for spec in wanted if not host.running(spec.name)]
    each(dark, lambda spec: host.boot(spec, plan))
    each(wanted, host.wait)
    return [spec.name for spec in dark]


def _planned(plan: Plan, name: str) -> HostSpec:
    if name not in plan.hosts:
        raise LabError(f"{name} is not in the hosts file; it has: {', '.join(plan.hosts)}")
    return plan.hosts[name]


def refuse_another(there: Plan, plan: Plan, wanted: Iterable[HostSpec]) -> None:
    """Raise LabError when `plan` is not a part or an extension of the lab that is up."""
    if (there.name, there.network, there.network6, there.management) != (
        plan.name,
        plan.network,
        plan.network6,
        plan.management,
    ):
        raise LabError(
            f"lab {there.name} ({there.network}) is up on this machine, and a machine has one;"
            f" end it with `lab/hosts down`, then start {plan.name}"
        )
    for spec in wanted:
        other = there.hosts.get(spec.name)
        if other is not None and other != spec:
            raise LabError(
                f"{spec.name} is there as {other.user}@{other.address}, not as"
                f" {spec.user}@{spec.address}; end it with `lab/hosts down {spec.name}`"
            )
        for taken in there.hosts.values():
            if taken.name != spec.name and taken.address == spec.address:
                raise LabError(f"{spec.address} is {taken.name}'s; end it with `lab/hosts down {taken.name}`")


def kill(names: Iterable[str]) -> None:
    """Pull the plugs of hosts; their disks stay."""
    each(_known(names), lambda spec: host.kill(spec.name))


def stop(names: Iterable[str]) -> None:
    """Switch hosts off in order."""
    each(_known(names), lambda spec: host.stop(spec.name))


def start(names: Iterable[str]) -> None:
    """Switch hosts on, each from its disk, and wait until they answer."""
    specs = _known(names)
    plan = inventory.require().plan
    each([spec for spec in specs if not host.running(spec.name)], lambda s: host.boot(s, plan))
    each(specs, host.wait)


def wipe(names: Iterable[str]) -> None:
    """Put a new machine in a host's place: same name and address, empty disk, another key.

    It is switched on if the old one was.
    """
    specs = _known(names)
    state = inventory.require()
    tree = base.ensure()
    lit = [spec.name for spec in specs if host.running(spec.name)]
    for spec in specs:
        host.remove(spec.name)
    each(specs, lambda spec: disk.make(spec, tree, state.plan.gateway))
    for spec in specs:
        state = state.with_host(spec, disk.host_key(spec.name))
    inventory.save(state)
    start(lit)


def cut(names: Iterable[str]) -> None:
    """Pull the network cables of hosts that run."""
    for spec in _running(names):
        network.cut(spec.name)


def heal(names: Iterable[str]) -> None:
    """Put the network cables of hosts back."""
    for spec in _running(names):
        network.heal(spec.name)


def remove(names: Iterable[str]) -> None:
    """Take hosts away, disks included."""
    specs = _known(names)
    state = inventory.require()
    each(specs, lambda spec: host.remove(spec.name))
    for spec in specs:
        state = state.without(spec.name)
    inventory.save(state)
    services.forget_names()


def down() -> None:
    """Take everything away: hosts, services, network, keys and the state of the lab's stacks."""
    folder = LAB / "hosts"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(host.remove, names))
    services.stop()
    cgroups.end(process.GROUP)
    network.remove()
    kernel.restore(SETTINGS)
    shutil.rmtree(LAB, ignore_errors=False)


def table() -> str:
    """Return name, address, state and memory of every host, as text."""
    state = inventory.load()
    if state is None:
        return "the lab is down\n"
    out = network.cut_hosts()
    rows = [("NAME", "ADDRESS", "STATE", "MEMORY")]
    for spec in state.plan.hosts.values():
        if not host.running(spec.name):
            rows.append((spec.name, spec.address, "off", "-"))
            continue
        used = cgroups.memory(host.group(spec.name))
        megabytes = "-" if used is None else f"{used // 2**20} MiB"
        rows.append((spec.name, spec.address, "cut" if spec.name in out else "up", megabytes))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "".join(line.rstrip() + "\n" for line in lines)


def _known(names: Iterable[str]) -> list[HostSpec]:
    state = inventory.require()
    return [state.host(name) for name in names]


def _running(names: Iterable[str]) -> list[HostSpec]:
    specs = _known(names)
    for spec in specs:
        if not host.running(spec.name):
            raise LabError(f"{spec.name} is off; switch it on with `lab/hosts start {spec.name}`")
    return specs


def each(things: Iterable[_Thing], do: Callable[[_Thing], None]) -> None:
    """Do something with each thing at once; the first failure is raised when all have ended."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        for done in [pool.submit(do, thing) for thing in things]:
            done.result()
