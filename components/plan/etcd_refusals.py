"""Changes of etcd that would break a cluster that runs, and how one may not begin."""

from __future__ import annotations

from collections.abc import Iterator

from components.faults import Fault
from components.plan.transition import Role, Transition
from components.releases import numbers


def even_start(transition: Transition) -> Iterator[Fault]:
    """An even number of etcd hosts is good on the way from one odd number to another, and nowhere to begin."""
    members = len(transition.living(Role.ETCD))
    if members and members % 2 == 0:
        yield Fault(
            "etcd.hosts",
            f"{members} etcd members survive no more losses than {members - 1}, and one more has to agree (etcd FAQ)",
            "Begin with three, five or seven.",
        )


def kind(transition: Transition) -> Iterator[Fault]:
    """etcd stays where it is: nobody moves the data."""
    words = {"stacked": "stacked on the control planes", "hosts": "on hosts of its own", "external": "somebody else's"}
    before, after = transition.etcd_before, transition.etcd
    if before != after:
        yield Fault(
            "etcd",
            f"would be {words[after]}, and is {words[before]}: the data does not move by itself",
            "Put it back; the way there is a second cluster, with a snapshot of this one's etcd restored in it.",
        )


def settings(transition: Transition) -> Iterator[Fault]:
    """What kubeadm wrote when a stacked member joined; an upgrade of etcd alone never goes back."""
    for path in ("etcd.quotaGib", "etcd.heartbeatMilliseconds", "etcd.electionMilliseconds", "etcd.extraCertNames"):
        change = transition.change(path)
        if change and transition.etcd == "stacked":
            yield Fault(
                path,
                f"is {change.after!r}, and the cluster runs with {change.before!r}: a stacked member takes it when it"
                " joins",
                "Put it back, then run `pulumi up`: members that run do not take it, a new cluster does.",
            )
    change = transition.change("etcd.version")
    if change and numbers(change.after) < numbers(change.before):
        yield Fault(
            "etcd.version",
            f"{change.after} is older than {change.before}, which runs: etcd's data does not go back",
            f"Put {change.before} there; the way back is a backup that was made before the upgrade.",
        )
    change = transition.change("etcd.external.endpoints")
    if change and not set(change.before) & set(change.after):
        yield Fault(
            "etcd.external.endpoints",
            "none of the addresses that the cluster runs with is left: it would be another etcd, and another cluster",
            "Keep one, run `pulumi up`, then replace it too.",
        )


#: Every rule for a cluster that runs.
RULES = (kind, settings)
