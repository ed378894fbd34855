"""Pools that grow and shrink by themselves: how many machines, what those can be told, and what they reach."""

from __future__ import annotations

from collections.abc import Iterator

from components.config import Cluster, NlbEndpoint, PoolOptions
from components.faults import Fault, some
from components.placement import REGION, ZONE
from components.rules.machines import spans

#: Labels of Kubernetes' own that a kubelet may give its node; of others' domains it may give any.
OWN_LABELS = frozenset(
    {
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "node.kubernetes.io/instance-type",
        REGION,
        ZONE,
    }
)
OWN_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
#: What is asked: what a machine runs, its token, whether one is gone, and that one has joined or left.
NEEDED = ("s3", "ssm", "ec2", "autoscaling")
#: A share of machines that stay, as an example.
HEALTHY = 80
#: With a smaller one more go at a time than stay.
_HALF = 50
#: What each machine says of itself.
SAID = (ZONE, REGION, "node.kubernetes.io/instance-type", "kubernetes.io/hostname")


def numbers(cluster: Cluster) -> Iterator[Fault]:
    """Yield a pool whose number of machines is said twice, not at all, or not in the right order."""
    for pool, options in (cluster.workers if cluster.knows("workers") else {}).items():
        machines = options.machines if options.knows("machines") else None
        if machines is None or not machines.knows("count", "auto_scaling"):
            continue
        path, scaling = f"workers.{pool}.machines", machines.auto_scaling
        if scaling is None:
            if machines.count is None:
                yield Fault(path, "says of no number of machines", "Write count, or autoScaling with min and max.")
            continue
        if machines.count is not None:
            yield Fault(f"{path}.count", "stands beside autoScaling", "Keep one of the two.")
        for key, given in (
            ("skip", machines.knows("skip") and machines.skip),
            ("lost", machines.knows("lost") and machines.lost),
            ("firstAddress", machines.knows("first_address") and machines.first_address is not None),
        ):
            if given:
                yield Fault(
                    f"{path}.{key}", "is for machines with numbers, and those of autoScaling have none", "Remove it."
                )
        # Its default is for pools of `count`: only who writes it means something by it.
        if "max_unavailable" in options.model_fields_set:
            yield Fault(
                f"workers.{pool}.maxUnavailable",
                "is for workers that are listed or counted, and AWS replaces those of autoScaling",
                f"Write machines.autoScaling.minHealthyPercent, how many stay in service, such as {HEALTHY}.",
            )
        if scaling.knows("min", "max") and scaling.min > scaling.max:
            yield Fault(
                f"{path}.autoScaling.min", f"{scaling.min} is more than max, {scaling.max}", "Swap them, or raise max."
            )


def told(cluster: Cluster) -> Iterator[Fault]:
    """Yield what a machine cannot say of its own node: no `up` knows which machines there are."""
    for pool, options in cluster.elastic_pools().items():
        path = f"workers.{pool}"
        for label in options.labels if options.knows("labels") else {}:
            if label in SAID:
                yield Fault(
                    f"{path}.labels.{label}", "is what each machine of an elastic pool says itself", "Remove it."
                )
            elif not _may_say(label):
                yield Fault(
                    f"{path}.labels.{label}",
                    "is a label that Kubernetes lets no node give itself, and nobody else knows an elastic machine",
                    "Choose a name in a domain of your own, such as 'example.org/role'.",
                )
        if options.knows("annotations") and options.annotations:
            yield Fault(
                f"{path}.annotations",
                "are given by `up`, which knows no machine of an elastic pool",
                "Write labels, or give the pool a count.",
            )


def _may_say(label: str) -> bool:
    domain, _, _ = label.rpartition("/")
    kubernetes = domain.endswith(("kubernetes.io", "k8s.io")) and (
        domain in ("kubernetes.io", "k8s.io") or domain.endswith((".kubernetes.io", ".k8s.io"))
    )
    if not kubernetes or label in OWN_LABELS:
        return True
    return any(domain == own or domain.endswith(f".{own}") for own in OWN_DOMAINS)


def reached(cluster: Cluster) -> Iterator[Fault]:
    """Yield machines that would not get what they join with, or not reach the API."""
    aws, pools = cluster.aws, cluster.elastic_pools()
    if aws is None or not pools:
        return
    network, pool = aws.network, next(iter(pools))
    missing = [service for service in NEEDED if service not in network.endpoints]
    if network.range is not None and network.nat == "none" and not network.public and missing:
        yield Fault(
            "aws.network.endpoints",
            f"lack {some(missing)}, and without a way out the machines of {pool} neither join nor leave",
            f"Write endpoints: [{', '.join(NEEDED)}], or choose nat: one or zone.",
        )
    if network.public and isinstance(cluster.endpoint, NlbEndpoint) and cluster.endpoint.scheme == "public":
        yield Fault(
            f"workers.{pool}.machines.autoScaling",
            "makes machines with public addresses that nobody knows before, and a public endpoint lets in known ones",
            "Choose scheme: internal, or leave out aws.network.public.",
        )


def addresses(cluster: Cluster) -> Iterator[Fault]:
    """Yield pools for which the upper half of each subnet, where AWS chooses addresses, is too small or is taken."""
    aws, pools = cluster.aws, cluster.elastic_pools()
    if aws is None or not pools or not aws.machine_subnets():
        return
    halves = {zone: subnet.num_addresses // 2 for zone, subnet in aws.machine_subnets().items()}
    for span in spans(cluster):
        if span.last >= min(halves.values()):
            yield Fault(
                f"{span.path}.machines.count",
                f"takes the addresses {span.first} to {span.last} of each subnet, and from {min(halves.values())} on"
                f" they are for {some(list(pools))}, which {'grows' if len(pools) == 1 else 'grow'}",
                "Choose fewer machines, a smaller firstAddress or larger subnets.",
            )
    yield from _room(pools, sum(half - 1 for half in halves.values()))


def _room(pools: dict[str, PoolOptions], room: int) -> Iterator[Fault]:
    wanted = sum(pool.elastic.max for pool in pools.values() if pool.elastic and pool.elastic.knows("max"))
    if wanted > room:
        yield Fault(
            f"workers.{next(iter(pools))}.machines.autoScaling.max",
            f"elastic pools may grow to {wanted} machines, and the upper halves of the subnets have room for {room}",
            "Choose a smaller max, more zones or larger subnets.",
        )


def none_at_first(cluster: Cluster) -> Iterator[Fault]:
    """Yield a cluster that begins without a worker: what makes its pools grow has no place to run."""
    pools, planes = cluster.elastic_pools(), cluster.control_plane
    listed = any(not host.lost for pool in cluster.workers.values() for host in pool.hosts.values())
    least = sum(pool.elastic.min for pool in pools.values() if pool.elastic)
    if pools and not listed and not planes.takes_work and not least:
        yield Fault(
            f"workers.{next(iter(pools))}.machines.autoScaling.min",
            "is 0, and there is no other worker: the autoscaler has no node to run on",
            "Choose 1 or more, or add a pool with count.",
        )


def at_once(cluster: Cluster) -> Iterator[Fault]:
    """Yield pools whose machines may all be replaced at the same time."""
    for pool, options in cluster.elastic_pools().items():
        if options.elastic and options.elastic.max > 1 and options.elastic.min_healthy_percent < _HALF:
            yield Fault(
                f"workers.{pool}.machines.autoScaling.minHealthyPercent",
                f"is {options.elastic.min_healthy_percent}: most of the pool may be replaced at once, and what runs"
                " there has nowhere to go",
                f"Choose {HEALTHY} or more.",
            )


RULES = (numbers, told, reached, addresses)
CAUTIONS = (none_at_first, at_once)
