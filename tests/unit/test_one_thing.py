"""Two changes that are right, each by itself, and not in one update: and pairs that look alike and are."""

from __future__ import annotations

import pytest

from tests.unit import clusters
from tests.unit.test_refusals import refused
from tests.unit.transitions import FOREIGN, NEW, OLD, STORES, Edit, gone, lost, put, store, worker

FLAGS = put("kubernetes.apiServer.extraArgs", [{"name": "event-ttl", "value": "2h"}])
CONTAINERD = put("containerd.version", "2.3.1"), put("containerd.version", "2.4.2")
MORE_STORES = store("etcd-4", "10.77.0.34"), store("etcd-5", "10.77.0.35")

#: What was edited before, what is edited now, and words of the refusal.
REFUSED: dict[str, tuple[tuple[Edit, ...], tuple[Edit, ...], str]] = {
    "upgrade_and_etcd_hosts": (
        (OLD, STORES),
        (NEW, *MORE_STORES),
        "an upgrade to 1.36.3 together with a change of etcd hosts (etcd-4, etcd-5)",
    ),
    "upgrade_and_an_etcd_host_fewer": ((OLD, STORES, *MORE_STORES), (NEW, gone("etcd-2")), "of etcd hosts (etcd-2)"),
    "upgrade_and_etcd_host_lost": ((OLD, STORES), (NEW, lost("etcd-2")), "of etcd hosts (etcd-2)"),
    "upgrade_and_both": (
        (OLD, STORES),
        (NEW, gone("cp-3"), lost("etcd-2")),
        "of control planes (cp-3) and etcd hosts (etcd-2)",
    ),
    "lost_and_flags": ((), (lost("cp-3"), FLAGS), "cp-3 is lost, and the other control planes would restart"),
    "lost_and_containerd": (CONTAINERD[:1], (lost("cp-3"), CONTAINERD[1]), "cp-3 is lost, and the other control"),
    "two_lost_and_flags": ((FOREIGN,), (lost("cp-2", "cp-3"), FLAGS), "cp-2 and cp-3 are lost, and the other control"),
    # API servers follow the list of etcd's members.
    "plane_and_etcd_host_lost": ((STORES,), (lost("cp-3", "etcd-3"),), "cp-3 is lost, and the other control planes"),
    "etcd_host_lost_and_tuned": (
        (STORES,),
        (lost("etcd-3"), put("etcd.quotaGib", 8)),
        "etcd-3 is lost, and the other etcd members would restart",
    ),
}
ACCEPTED: dict[str, tuple[tuple[Edit, ...], tuple[Edit, ...]]] = {
    "lost_and_a_name_in_the_certificate": ((), (lost("cp-3"), put("kubernetes.extraCertNames", ["api.example.org"]))),
    "lost_and_a_worker_joins": ((), (lost("cp-3"), worker("worker-9", "10.77.0.29"))),
    "forgotten_and_upgraded": ((OLD, lost("cp-3")), (gone("cp-3"), NEW)),
    "forgotten_and_flags": ((lost("cp-3"),), (gone("cp-3"), FLAGS)),
    "a_worker_lost_and_upgraded": ((OLD,), (lost("worker-1"), NEW)),
    "an_etcd_host_lost_and_flags": ((STORES,), (lost("etcd-3"), FLAGS)),
    "etcd_upgraded_with_kubernetes": (
        (OLD, STORES, put("etcd.version", "3.6.6")),
        (NEW, put("etcd.version", "3.6.8")),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_two_things_are_refused(dev: clusters.File, name: str) -> None:
    """As one fault that says which they are, and to do one after the other."""
    before, now, said = REFUSED[name]
    (fault,) = refused(dev, before, now)
    assert said in fault.problem
    assert "run `pulumi up`" in fault.remedy


@pytest.mark.parametrize("name", ACCEPTED)
def test_two_things_that_may_go_together(dev: clusters.File, name: str) -> None:
    """A rule that refused these would stand in somebody's way."""
    assert refused(dev, *ACCEPTED[name]) == []
