"""From a cluster file to a Cluster: the schema, then every rule, and all faults at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from components.config import Cluster, MissingError
from components.faults import ConfigurationError, Fault
from components.reading import read
from components.rules import (
    arguments,
    audit,
    aws,
    aws_cloud,
    certificates,
    containerd,
    dual_stack,
    elastic,
    encryption,
    endpoints,
    etcd,
    flag_values,
    flag_wear,
    kube_proxy,
    kube_vip,
    kubelet,
    kubelet_levels,
    kubelet_limits,
    kubelet_numbers,
    machines,
    network,
    node_local,
    nodes,
    outside,
    provider,
    servers,
    snapshots,
    software,
    topology,
)

#: What looks at a cluster and yields what is wrong with it. Of a faulty file it sees what is right, and asking for more
#: ends it: so one rule looks at one thing.
Rule = Callable[[Cluster], Iterator[Fault]]
_CLUSTER = (topology, etcd, nodes, network, dual_stack, endpoints, kube_vip, node_local, outside, certificates)
_SOFTWARE = (software, containerd, kube_proxy, kubelet, kubelet_limits, kubelet_numbers, kubelet_levels)
_COMPONENTS = (snapshots, servers, arguments, flag_values, flag_wear, audit, encryption)
_PROVIDER = (provider, machines, elastic, aws, aws_cloud)
_SUBJECTS = (*_CLUSTER, *_SOFTWARE, *_COMPONENTS, *_PROVIDER)
RULES: tuple[Rule, ...] = tuple(rule for subject in _SUBJECTS for rule in subject.RULES)
CAUTIONS: tuple[Rule, ...] = tuple(rule for subject in _SUBJECTS for rule in subject.CAUTIONS)


def load(data: Any, *more: Rule) -> Cluster:
    """Return the cluster that `data`, or the JSON text of it, describes, after our rules and `more` of the caller's.

    Raises ConfigurationError with every fault of the file at once.
    """
    cluster, faults = read(data)
    # Hosts of machines that nothing is known of are not told as missing: a rule says why.
    whole = not faults and all(group.knows("hosts") for _, group in provider.groups(cluster))
    for rule in (*RULES, *more):
        try:
            for fault in rule(cluster):
                faults.append(fault)
        except MissingError:
            if whole:
                raise
    if faults:
        raise ConfigurationError(faults)
    return cluster


def warnings(cluster: Cluster, *more: Rule) -> Iterator[Fault]:
    """Yield what works and is worth a second thought, by our rules and `more` of the caller's."""
    for rule in (*CAUTIONS, *more):
        yield from rule(cluster)
