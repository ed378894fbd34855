"""Changes that would break a cluster that runs, each refused with the way to do it right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from components.faults import Fault
from components.plan import cloud, etcd_refusals, made, membership
from components.plan.lost import while_one_is_lost
from components.plan.transition import Machine, Role, Transition
from components.releases import numbers

_ANEW = "Put it back; for another one, build a second cluster beside this one and move the workloads."
_FURTHER = "Put it back; a further name or address goes into kubernetes.extraCertNames."
#: What a cluster is started with and keeps: the reason, and the way out.
KEPT = {
    "name": ("it is in every certificate and kubeconfig", _ANEW),
    "endpoint.kind": ("nodes and kubeconfigs go through it", _ANEW),
    "endpoint.address": ("every node and kubeconfig names it", _FURTHER),
    "endpoint.name": ("every node and kubeconfig has the API by one name or address", _FURTHER),
    "endpoint.port": ("every node and kubeconfig names it", _ANEW),
    "etcd.dataDirectory": (
        "the members' data is there",
        "Put it back; members move to another folder one by one, each removed and added again.",
    ),
    "endpoint.mode": ("the network knows by it where the virtual address is", _ANEW),
    "network.podSubnet": ("pods have addresses of it", _ANEW),
    "network.serviceSubnet": ("services have addresses of it", _ANEW),
    "network.dnsDomain": ("services are known by it", _ANEW),
    "network.nodeMask": ("nodes have parts of that length", _ANEW),
    "network.ipv6": ("pods and services have addresses of it", _ANEW),
    "network.cni": ("pods are connected by it", _ANEW),
    "certificates.authorityDays": (
        "an authority of another lifetime is another authority, and nothing in the cluster would trust it",
        "Put it back: an authority's lifetime is chosen once.",
    ),
}


def refusals(transition: Transition) -> Iterator[Fault]:
    """Yield every reason not to make a transition; for a cluster that does not exist yet, how it may not begin."""
    if transition.first:
        yield from etcd_refusals.even_start(transition)
    else:
        for rule in RULES:
            yield from rule(transition)


def _kept(transition: Transition) -> Iterator[Fault]:
    for change in transition.changes:
        if change.path == "etcd.dataDirectory" and (place := made.other_volume(transition)):
            # The file says nothing of the folder: it follows the volume.
            yield Fault(
                place,
                f"would move etcd's data from {change.before} to {change.after}, and the members' data is there",
                "Put it back: the volume is chosen when a cluster is started.",
            )
            continue
        both = isinstance(change.before, Mapping) and isinstance(change.after, Mapping)
        if (
            change.path.startswith("endpoint.")
            and change.path != "endpoint.kind"
            and transition.change("endpoint.kind")
        ):
            continue  # another kind has other keys, and is refused as that
        if change.path == "network.cni" and both:
            continue  # other manifests of a network of one's own
        if change.path in KEPT:
            why, remedy = KEPT[change.path]
            runs, now = ("none" if each in (None, "none") else repr(each) for each in (change.before, change.after))
            yield Fault(change.path, f"is {now}, and the cluster runs with {runs}: {why}", remedy)


def _families(transition: Transition) -> Iterator[Fault]:
    """Two families are a choice for the life of a cluster, and so is each node's second address."""
    before, after = ((document or {}).get("network", {}) for document in (transition.deployed, transition.wanted))
    if ("ipv6" in before) != ("ipv6" in after):
        what = ("IPv4 alone", "two families")
        is_dual = "ipv6" in before
        yield Fault(
            "network.ipv6",
            f"the cluster runs with {what[is_dual]} and would have {what[not is_dual]}: nodes, pods and services keep"
            " the addresses that they were made with",
            _ANEW,
        )
        return
    for role in (Role.CONTROL_PLANE, Role.WORKER):
        for machine in transition.staying(role):
            old = transition.before[machine.name]
            if machine.address6 != old.address6:
                yield Fault(
                    f"{_place(machine)}.{machine.name}.address6",
                    f"is {machine.address6 or 'gone'} and was {old.address6 or 'not there'}: its kubelet was started"
                    " with it",
                    f"Put it back; or remove {machine.name}, run `pulumi up`, then add it with the new one.",
                )


def _encryption(transition: Transition) -> Iterator[Fault]:
    """What etcd holds was written one way, and API servers that are told another one could not read it."""
    if transition.deployed is None:
        return
    # A cluster that was deployed before this key was there has nothing encrypted.
    before = transition.deployed.get("encryption") or {"provider": "none", "resources": []}
    after = transition.wanted["encryption"]
    if after["provider"] != before["provider"]:
        yield Fault(
            "encryption.provider",
            f"is {after['provider']!r}, and the cluster runs with {before['provider']!r}: API servers that write in"
            " different ways could not read each other's objects",
            f"Write `encryption: {{provider: {before['provider']}}}` and run `pulumi up`; for another one,"
            " build a second cluster beside this one and move the workloads.",
        )
    elif after["provider"] != "none" and sorted(after["resources"]) != sorted(before["resources"]):
        yield Fault(
            "encryption.resources",
            f"is {', '.join(after['resources'])}, and the cluster runs with {', '.join(before['resources'])}: objects"
            " that are there would stay as they are",
            "Put it back and run `pulumi up`: what is encrypted is chosen when a cluster is started.",
        )


#: What a kubelet reads when it starts with nothing running: the pods and the files of its host are made that way.
_FROM_THE_START = frozenset(
    {
        "cgroupDriver",
        "cgroupRoot",
        "cgroupsPerQOS",
        "cpuManagerPolicy",
        "cpuManagerPolicyOptions",
        "memoryManagerPolicy",
        "podLogsDir",
        "reservedMemory",
        "reservedSystemCPUs",
        "topologyManagerPolicy",
        "topologyManagerScope",
    }
)


def _kubelets(transition: Transition) -> Iterator[Fault]:
    """Fields that a kubelet cannot be told while its node has pods."""
    for machine in transition.after.values():
        for field in sorted(transition.retold.get(machine.name, frozenset()) & _FROM_THE_START):
            way = (
                "give it to a new host, and take this one out when that has joined"
                if machine.role is Role.WORKER
                else "take this one out and add it again, one control plane at a time"
            )
            yield Fault(
                f"{_place(machine)}.{machine.name}",
                f"its kubelet's {field} would be another one, and its pods were started with the one before",
                f"Put it back and run `pulumi up`; for another {field}, {way}.",
            )


def _version(transition: Transition) -> Iterator[Fault]:
    change = transition.change("kubernetes.version")
    if change is None:
        return
    before, after = numbers(change.before), numbers(change.after)
    if after < before:
        yield Fault(
            change.path,
            f"{change.after} is older than {change.before}, which runs: etcd's data and the API's objects do not go"
            " back",
            f"Put {change.before} back; the way back is a backup that was made before the upgrade.",
        )
    elif after[:2] > (before[0], before[1] + 1):
        step = f"{before[0]}.{before[1] + 1}"
        yield Fault(
            change.path,
            f"from {change.before} to {change.after} skips a minor, which kubeadm and the version-skew policy forbid",
            f"Upgrade to the newest {step} first, run `pulumi up`, then go on.",
        )


def _balancers(transition: Transition) -> Iterator[Fault]:
    if transition.change("endpoint.kind"):
        return  # refused as that
    if transition.living(Role.BALANCER, deployed=True) and not transition.staying(Role.BALANCER):
        yield Fault(
            "endpoint.hosts",
            "no load balancer stays as it is: the API's address would be nowhere for a while",
            "Keep one, run `pulumi up`, then replace it too.",
        )


def _identity(transition: Transition) -> Iterator[Fault]:
    for machine in transition.found:
        yield Fault(
            f"{_place(machine)}.{machine.name}.lost",
            f"{machine.name} was lost and has been taken out of the cluster",
            "Remove its line, run `pulumi up`, then add it again: it joins as a new node.",
        )
    for machine in transition.reassigned:
        was = transition.before[machine.name]
        yield Fault(
            f"{_place(machine)}.{machine.name}",
            f"{machine.name} is {_one(was)} and would become {_one(machine)}",
            f"Remove its line from {_place(was)}, run `pulumi up`, then add it here.",
        )


def _occupied(transition: Transition) -> Iterator[Fault]:
    """A host has one name at a time: what leaves goes last, and would clean the host under who has joined there."""
    going = {m.address: m for m in transition.leaving}
    # Addresses of machines that are made follow from other keys, and are told there.
    replaced = [] if made.provided(transition.wanted) else transition.replaced
    going |= {transition.before[m.name].address: transition.before[m.name] for m in replaced}
    for machine in [*transition.joining, *replaced]:
        there = going.get(machine.address)
        # Members of etcd that come and go at once are refused as that.
        members = there is not None and there.role is machine.role and machine.role in (Role.ETCD, Role.CONTROL_PLANE)
        if there is None or there.name == machine.name or members:
            continue
        yield Fault(
            f"{_place(machine)}.{machine.name}",
            f"{machine.address} is still {there.name}'s, whose leaving would clean the host under {machine.name}",
            f"Put the address of {there.name} back; or take {there.name} out, run `pulumi up`, then write"
            f" {machine.address} here.",
        )


def _one(machine: Machine) -> str:
    return f"{'an' if machine.role is Role.ETCD else 'a'} {machine.role}"


def _place(machine: Machine) -> str:
    return membership.PLACES.get(machine.role, f"workers.{machine.pool}.hosts")


#: Every rule; each yields what it refuses of a transition.
RULES: tuple[Callable[[Transition], Iterator[Fault]], ...] = (
    _kept,
    _families,
    _encryption,
    _kubelets,
    *etcd_refusals.RULES,
    _version,
    *membership.RULES,
    while_one_is_lost,
    _balancers,
    _identity,
    _occupied,
    made.refusals,
    cloud.refusals,
)
