"""The lab's network: a bridge in a namespace of its own, and a cable to every host."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from lab.datacenter.plan import HostSpec, Plan, mac
from lab.datacenter.shell import run, succeeds

NAMESPACE = "kha-lab"
#: The machine's own network under a name, so that a command inside the lab's finds the way out.
MACHINE = "kha-machine"
BRIDGE = "br0"
#: The management network's switch, where the site itself has no address.
SECOND = "br1"
RUN = Path("/run/netns")
#: `ip netns exec` puts this in place of /etc/resolv.conf.
RESOLV = Path("/etc/netns") / NAMESPACE / "resolv.conf"


def host_namespace(name: str) -> str:
    """Return the name of a host's network namespace."""
    return f"kha-{name}"


def cable(name: str) -> str:
    """Return the name of the bridge's end of a host's cable."""
    return f"v-{name}"


def second_cable(name: str) -> str:
    """Return the name of the management switch's end of a host's second cable."""
    return f"w-{name}"


def ensure(plan: Plan) -> None:
    """Make the namespace and the bridge, if they are not there."""
    RESOLV.parent.mkdir(parents=True, exist_ok=True)
    RESOLV.write_text(resolv_conf(plan.gateway))
    if exists():
        return
    if not (RUN / MACHINE).exists():
        run("ip", "netns", "attach", MACHINE, str(os.getpid()))
    run("ip", "netns", "add", NAMESPACE)
    _ip(NAMESPACE, "link set lo up")
    _ip(NAMESPACE, f"link add {BRIDGE} type bridge")
    _ip(NAMESPACE, f"addr add {plan.gateway}/{plan.network.prefixlen} dev {BRIDGE}")
    if plan.network6:
        # No pause to see whether somebody else has the address: here nobody has.
        _ip(NAMESPACE, f"addr add {plan.gateway6}/{plan.network6.prefixlen} dev {BRIDGE} nodad")
        inside("sysctl", "-q", "-w", "net.ipv6.conf.all.forwarding=1")
    _ip(NAMESPACE, f"link set {BRIDGE} up")
    if plan.management:
        _ip(NAMESPACE, f"link add {SECOND} type bridge")
        _ip(NAMESPACE, f"link set {SECOND} up")
    # With forwarding on, an address outside the lab is refused at once; without it, packets vanish.
    inside("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")


def resolv_conf(gateway: str) -> str:
    """Return the resolver settings of the hosts and of `lab/run`."""
    return f"nameserver {gateway}\nsearch lab\noptions timeout:2 attempts:2\n"


def exists() -> bool:
    """Tell whether the lab's namespace is there."""
    return (RUN / NAMESPACE).exists()


def inside(*argv: str, timeout: float = 60.0) -> str:
    """Run a program in the lab's network and return what it printed."""
    return run("nsenter", f"--net={RUN / NAMESPACE}", *argv, timeout=timeout)


def plug(spec: HostSpec, plan: Plan) -> None:
    """Make a host's namespace with eth0 on the bridge; what is left of an older one goes first."""
    unplug(spec.name)
    namespace = host_namespace(spec.name)
    run("ip", "netns", "add", namespace)
    _ip(
        NAMESPACE,
        f"link add {cable(spec.name)} type veth peer name eth0 address {mac(spec.address)} netns {namespace}",
    )
    _ip(NAMESPACE, f"link set {cable(spec.name)} master {BRIDGE} up")
    _ip(namespace, "link set lo up")
    _ip(namespace, f"addr add {spec.address}/{plan.network.prefixlen} dev eth0")
    _ip(namespace, "link set eth0 up")
    _ip(namespace, f"route add default via {plan.gateway}")
    if spec.address6 and plan.network6:
        _ip(namespace, f"addr add {spec.address6}/{plan.network6.prefixlen} dev eth0 nodad")
        _ip(namespace, f"-6 route add default via {plan.gateway6}")
    if spec.management and plan.management:
        card = f"eth1 address {mac(spec.management)} netns {namespace}"
        _ip(NAMESPACE, f"link add {second_cable(spec.name)} type veth peer name {card}")
        _ip(NAMESPACE, f"link set {second_cable(spec.name)} master {SECOND} up")
        _ip(namespace, f"addr add {spec.management}/{plan.management.prefixlen} dev eth1")
        _ip(namespace, "link set eth1 up")
    if spec.public:
        publish(spec)


def publish(spec: HostSpec) -> None:
    """Give a host's card the address that it has outside, and the site a way there."""
    _ip(host_namespace(spec.name), f"addr replace {spec.public}/32 dev eth0")
    _ip(NAMESPACE, f"route replace {spec.public}/32 dev {BRIDGE}")


def withdraw(name: str, public: str) -> None:
    """Take that address away again."""
    if (RUN / host_namespace(name)).exists():
        _ip(host_namespace(name), f"addr del {public}/32 dev eth0")
    _ip(NAMESPACE, f"route del {public}/32 dev {BRIDGE}")


def claim(addresses: Iterable[str]) -> None:
    """Have the site answer at these addresses besides its own, and at no others."""
    wanted = set(addresses)
    there = set(single_addresses(run("ip", "-n", NAMESPACE, "-o", "-4", "addr", "show", "dev", BRIDGE)))
    for address in sorted(wanted - there):
        _ip(NAMESPACE, f"addr add {address}/32 dev {BRIDGE}")
    for address in sorted(there - wanted):
        _ip(NAMESPACE, f"addr del {address}/32 dev {BRIDGE}")


def single_addresses(shown: str) -> list[str]:
    """Return the addresses of a card, as `ip` shows it, that have no network."""
    # "3: br0    inet 10.40.240.200/32 scope global br0 …"
    words = (line.split() for line in shown.splitlines())
    return [word[3].removesuffix("/32") for word in words if word[3].endswith("/32")]


def unplug(name: str) -> None:
    """Remove a host's namespace and cable, so that none of its addresses answers any more."""
    for end in (cable(name), second_cable(name)):
        if exists() and succeeds("ip", "-n", NAMESPACE, "link", "show", end):
            _ip(NAMESPACE, f"link del {end}")
    if (RUN / host_namespace(name)).exists():
        run("ip", "netns", "del", host_namespace(name))


def cut(name: str) -> None:
    """Pull a host's cable out of the switch."""
    _ip(NAMESPACE, f"link set {cable(name)} down")


def heal(name: str) -> None:
    """Put a host's cable back."""
    _ip(NAMESPACE, f"link set {cable(name)} up")


def cut_hosts() -> set[str]:
    """Return the names of hosts whose cable is out."""
    if not exists():
        return set()
    links = run("ip", "-n", NAMESPACE, "-o", "link", "show", "type", "veth").splitlines()
    # "5: v-cp-1@if2: <BROADCAST,MULTICAST> mtu 1500 …": a cable that is in has the flag UP.
    ends = [(line.split()[1], line.split()[2].strip("<>").split(",")) for line in links]
    return {end.split("@")[0].removeprefix("v-") for end, flags in ends if "UP" not in flags}


def remove() -> None:
    """Remove the bridge and the namespace."""
    for name in (NAMESPACE, MACHINE):
        if (RUN / name).exists():
            run("ip", "netns", "del", name)
    RESOLV.unlink(missing_ok=True)
    for folder in (RESOLV.parent, RESOLV.parent.parent):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _ip(namespace: str, words: str) -> None:
    run("ip", "-n", namespace, *words.split())
