"""What costs money of all that a provider makes: counts, since prices are its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from components.plan import cloud, elastic
from components.plan.made import machines_of, made_as, makes
from components.plan.transition import Transition

#: Interfaces that the endpoint of a service takes in each zone; S3's is a route and costs nothing.
INTERFACES = {"ecr": 2, "ssm": 3, "ec2": 1, "autoscaling": 1}
#: The bastion's own volume, in GiB.
BASTION_GIB = 10


def costs(transition: Transition) -> Iterator[str]:
    """Yield what costs money after the `up`, and what it was before where that differs; nothing of static hosts."""
    if makes(transition.wanted):
        yield from machines_costs(transition)
    # These are made beside machines of another stack too.
    yield from elastic.costs(transition)
    yield from cloud.costs(transition)


def machines_costs(transition: Transition) -> Iterator[str]:
    """Yield what machines cost, and what they stand on."""
    before = _counted(transition.deployed) if transition.deployed is not None else Counter[str]()
    after = _counted(transition.wanted)
    for what in dict.fromkeys([*after, *before]):
        now, was = after.get(what, 0), before.get(what, 0)
        yield f"{what}: {now}" if transition.first or now == was else f"{what}: {was} -> {now}"


def _counted(document: Mapping[str, Any]) -> Counter[str]:
    aws, network = document["aws"], document["aws"]["network"]
    machines = [made_as(document, group, name) for group, name in machines_of(document)]
    living = len(machines)
    if aws["bastion"] != "none":
        machines.append({"instanceType": aws["bastion"]["instanceType"], "volumeGib": BASTION_GIB})
    found: Counter[str] = Counter(sorted(machine["instanceType"] for machine in machines))
    sizes = [machine[key] for machine in machines for key in ("volumeGib", "etcdVolumeGib") if machine.get(key)]
    zones = len(network.get("zones") or network.get("subnets") or ())
    gateways = _gateways(network, zones)
    found |= {"volumes (gp3)": len(sizes), "GiB of volumes": sum(sizes), "NAT gateways": gateways}
    endpoint = document["endpoint"]
    balanced = endpoint["kind"] == "nlb"
    fronts = _edges(network, zones) if balanced and endpoint["scheme"] == "public" else 0
    found |= {
        "public addresses": gateways + fronts + (living if network.get("public") else 0) + (len(machines) - living),
        "network load balancers": int(balanced),
        "private hosted zones": int(balanced and endpoint["zoneId"] == "none"),
        "interface endpoints": zones * sum(INTERFACES.get(each, 0) for each in network.get("endpoints", ())),
    }
    return +found


def _gateways(network: Mapping[str, Any], zones: int) -> int:
    if network.get("range") is None or network.get("public"):
        return 0
    return {"none": 0, "zone": zones}.get(network.get("nat", "one"), 1)


def _edges(network: Mapping[str, Any], zones: int) -> int:
    return zones if network.get("range") is not None else len(network.get("publicSubnets", ()))
