"""Changes that would break a cluster that runs: refused with the way to do it right, before anything is registered."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components import rules
from components.faults import ConfigurationError, Fault
from components.plan import plan_for, snapshot
from components.plan.refusals import KEPT
from tests.unit import clusters, monitor, transitions, wire
from tests.unit.transitions import FIVE, FOREIGN, STORES, Edit, balancer, gone, lost, plane, put, store, worker

#: A new value for each setting that a cluster keeps, and that the file can give.
KEPT_CASES: dict[str, Any] = {
    "name": "other",
    "endpoint.address": "10.77.0.9",
    "endpoint.name": "api.example.org",
    "endpoint.port": 8443,
    "etcd.dataDirectory": "/srv/etcd/data",
    "network.podSubnet": "10.200.0.0/16",
    "network.serviceSubnet": "10.200.0.0/16",
    "network.dnsDomain": "example.org",
    "network.nodeMask": 25,
    "network.cni": "none",
    "certificates.authorityDays": 7300,
    "endpoint.mode": "bgp",
}
#: What the file has to be for a setting to be in it, and what else has to change for the file to be right.
OTHERWISE: dict[str, tuple[tuple[Edit, ...], tuple[Edit, ...]]] = {
    "endpoint.mode": (
        (put("endpoint", {"kind": "kube-vip", "address": "10.77.0.10"}),),
        (put("endpoint.bgp", {"asNumber": 64513, "peers": [{"address": "10.77.0.1", "asNumber": 64512}]}),),
    ),
}
#: What another kind of endpoint changes is more than one key: it is refused as one thing, below.
EXTERNAL = put("endpoint", {"kind": "external", "address": "10.77.0.10"})

VERSION = put("kubernetes.version", "1.36.1")
#: What was edited before, what is edited now, and words of each refusal, in the order of their paths.
REFUSED: dict[str, tuple[tuple[Edit, ...], tuple[Edit, ...], list[str]]] = {
    "downgrade": ((), (VERSION,), ["1.36.1 is older than 1.36.3"]),
    "a_cgroup_driver": (
        (gone("cp-2", "cp-3", "worker-2"),),
        (put("kubernetes.kubelet.cgroupDriver", "systemd"),),
        ["its kubelet's cgroupDriver would be another one", "its kubelet's cgroupDriver would be another"],
    ),
    "cpus_of_a_pool": (
        (gone("worker-2"),),
        (put("workers.default.kubelet", {"topologyManagerPolicy": "best-effort"}),),
        ["its kubelet's topologyManagerPolicy would be another one"],
    ),
    "encryption_off": ((), (put("encryption.provider", "none"),), ["is 'none', and the cluster runs with 'secretbox'"]),
    "encryption_on": (
        (put("encryption.provider", "none"),),
        (put("encryption.provider", "secretbox"),),
        ["is 'secretbox', and the cluster runs with 'none'"],
    ),
    "encryption_of_more": (
        (),
        (put("encryption.resources", ["secrets", "configmaps"]),),
        ["is secrets, configmaps, and the cluster runs with secrets"],
    ),
    "two_planes_leave": (FIVE, (gone("cp-4", "cp-5"),), ["cp-4, cp-5 leave in one update"]),
    "one_leaves_one_joins": ((), (gone("cp-1"), plane("cp-4", "10.77.0.14")), ["cp-1 leaves and cp-4 joins"]),
    "one_leaves_two_join": ((), (gone("cp-3"), *FIVE), ["cp-3 leaves and cp-4, cp-5 join"]),
    "one_lost_one_joins": ((), (lost("cp-1"), plane("cp-4", "10.77.0.14")), ["cp-1 is lost and cp-4 joins"]),
    "one_lost_one_leaves": (FIVE, (lost("cp-1"), gone("cp-2")), ["cp-1 lost and cp-2 leaving"]),
    "another_address": ((), (plane("cp-2", "10.77.0.19"),), ["its address was 10.77.0.12 and is 10.77.0.19"]),
    "two_of_three_lost": ((), (lost("cp-1", "cp-2"),), ["2 of 3 etcd members are lost, and 2 have to agree"]),
    "three_of_five_lost": (FIVE, (lost("cp-1", "cp-2", "cp-3"),), ["3 of 5 etcd members are lost, and 3 have to"]),
    "all_other_planes": (
        (),
        (gone("cp-1", "cp-2", "cp-3"), *FIVE),
        ["cp-1, cp-2, cp-3 leave and", "cp-1, cp-2, cp-3 leave in one", "none of the control planes that run is left"],
    ),
    "upgrade_and_join": ((VERSION,), (put("kubernetes.version", "1.36.3"), FIVE[0]), ["together with a change of"]),
    "upgrade_and_leave": ((VERSION,), (put("kubernetes.version", "1.36.3"), gone("cp-3")), ["together with a change"]),
    "upgrade_and_lost": ((VERSION,), (put("kubernetes.version", "1.36.3"), lost("cp-3")), ["together with a change"]),
    "all_other_balancers": (
        (),
        (gone("lb-1", "lb-2"), balancer("lb-3", "10.77.0.4"), balancer("lb-4", "10.77.0.5")),
        ["no load balancer stays as it is"],
    ),
    "all_balancers_moved": (
        (),
        (balancer("lb-1", "10.77.0.4"), balancer("lb-2", "10.77.0.5")),
        ["no load balancer stays as it is"],
    ),
    "found_again": ((lost("worker-1"),), (worker("worker-1", "10.77.0.21"),), ["worker-1 was lost and has been taken"]),
    "two_etcd_hosts_leave": ((STORES, store("etcd-4", "10.77.0.34")), (gone("etcd-1", "etcd-2"),), ["leave in one"]),
    "one_etcd_host_in_one_out": ((STORES,), (gone("etcd-1"), store("etcd-4", "10.77.0.34")), ["etcd-1 leaves and"]),
    "two_planes_beside_etcd_leave": ((STORES,), (gone("cp-1", "cp-2"),), ["control planes go one at a time"]),
    "plane_beside_etcd_in_and_out": ((STORES,), (gone("cp-1"), FIVE[0]), ["cp-1 leaves and cp-4 joins"]),
    "plane_beside_etcd_elsewhere": ((FOREIGN,), (plane("cp-2", "10.77.0.19"),), ["its address was 10.77.0.12 and is"]),
    "etcd_host_elsewhere": ((STORES,), (store("etcd-2", "10.77.0.39"),), ["its address was 10.77.0.32 and is"]),
    "two_of_three_etcd_hosts_lost": ((STORES,), (lost("etcd-1", "etcd-2"),), ["2 of 3 etcd members are lost, and 2"]),
    "all_other_etcd_hosts": (
        (put("etcd.hosts", {"etcd-1": "10.77.0.31"}),),
        (put("etcd.hosts", {"etcd-9": "10.77.0.39"}),),
        ["etcd-1 leaves and etcd-9 joins in one update", "none of the etcd hosts that run is left"],
    ),
    "etcd_upgrade_and_join": (
        (STORES, put("etcd.version", "3.6.6")),
        (put("etcd.version", "3.6.8"), store("etcd-4", "10.77.0.34")),
        ["an upgrade to 3.6.8 together with a change of etcd hosts (etcd-4)"],
    ),
    "etcd_downgrade": ((STORES,), (put("etcd.version", "3.6.6"),), ["3.6.6 is older than 3.6.8, which runs"]),
    "stacked_to_hosts": ((), (STORES,), ["would be on hosts of its own, and is stacked on the control planes"]),
    "hosts_to_stacked": (
        (STORES,),
        (lambda file: file.pop("etcd"),),
        ["would be stacked on the control planes, and is"],
    ),
    "stacked_to_somebody_elses": ((), (FOREIGN,), ["would be somebody else's, and is stacked"]),
    "stacked_tuning": (
        (),
        (put("etcd.quotaGib", 4), put("etcd.extraCertNames", ["etcd.example.org"])),
        ["a stacked member takes it when it joins"] * 2,
    ),
    "another_etcd": (
        (FOREIGN,),
        (put("etcd.external.endpoints", ["https://192.0.2.63:2379"]),),
        ["none of the addresses that the cluster runs with is left"],
    ),
    "etcd_host_becomes_plane": (
        (STORES,),
        (gone("etcd-3"), plane("etcd-3", "10.77.0.33")),
        ["etcd-3 is an etcd host and would become a control plane"],
    ),
    "worker_becomes_plane": (
        (),
        (gone("worker-1"), plane("worker-1", "10.77.0.21")),
        ["worker-1 is a worker and would become a control plane"],
    ),
    "plane_becomes_worker": (
        (),
        (gone("cp-3"), worker("cp-3", "10.77.0.13")),
        ["cp-3 is a control plane and would become a worker"],
    ),
    "a_worker_under_another_name": (
        (),
        (gone("worker-1"), worker("worker-9", "10.77.0.21")),
        ["10.77.0.21 is still worker-1's, whose leaving would clean the host under worker-9"],
    ),
    "a_workers_host_for_a_plane": (
        (),
        (gone("worker-1"), plane("cp-4", "10.77.0.21"), plane("cp-5", "10.77.0.15")),
        ["10.77.0.21 is still worker-1's"],
    ),
    "workers_change_places": (
        (),
        (worker("worker-1", "10.77.0.22"), worker("worker-2", "10.77.0.21")),
        ["whose leaving would clean the host under worker-1", "whose leaving would clean the host under worker-2"],
    ),
    "a_plane_under_another_name": (
        (),
        (gone("cp-3"), plane("cp-9", "10.77.0.13")),
        ["cp-3 leaves and cp-9 joins in one update"],
    ),
}
#: What looks alike and is right.
ACCEPTED: dict[str, tuple[tuple[Edit, ...], tuple[Edit, ...]]] = {
    "one_of_two_leaves": ((gone("cp-3"),), (gone("cp-2"),)),
    "two_of_five_lost": (FIVE, (lost("cp-1", "cp-2"),)),
    "one_of_three_lost": ((), (lost("cp-3"),)),
    "lost_line_removed_and_one_joins": ((lost("cp-1"),), (gone("cp-1"), plane("cp-4", "10.77.0.14"))),
    "upgrade_and_workers": (
        (VERSION,),
        (put("kubernetes.version", "1.36.3"), gone("worker-1"), worker("worker-9", "10.77.0.29")),
    ),
    "one_balancer_of_two_replaced": ((), (gone("lb-1"), balancer("lb-3", "10.77.0.4"))),
    "all_workers_leave": ((), (lambda file: file.pop("workers"),)),
    "two_of_five_etcd_hosts_lost": (
        (STORES, store("etcd-4", "10.77.0.34"), store("etcd-5", "10.77.0.35")),
        (lost("etcd-1", "etcd-2"),),
    ),
    "one_address_of_somebody_elses": ((FOREIGN,), (put("etcd.external.endpoints", ["https://192.0.2.62:2379"]),)),
    "another_machine_where_a_lost_one_was": (
        (lost("worker-1"),),
        (gone("worker-1"), worker("worker-9", "10.77.0.21")),
    ),
    "a_host_that_left_before": ((gone("worker-2"),), (worker("worker-9", "10.77.0.22"),)),
    "pods_of_another_pool": ((), (gone("worker-1"), put("workers.other.hosts", {"worker-1": "10.77.0.21"}))),
}


def refused(dev: clusters.File, before: tuple[Edit, ...], now: tuple[Edit, ...]) -> list[Fault]:
    """Return the faults of an edit after others."""
    old = transitions.edited(dev, *before)
    new = transitions.load(transitions.edited(old, *now))
    try:
        plan_for(snapshot(transitions.load(old)), new)
    except ConfigurationError as error:
        return error.faults
    return []


@pytest.mark.parametrize("path", KEPT_CASES)
def test_what_a_cluster_keeps_is_refused(dev: clusters.File, path: str) -> None:
    """Every change of it is a fault with the path, both values, a reason, and the way out."""
    before, besides = OTHERWISE.get(path, ((), ()))
    faults = refused(dev, before, (put(path, KEPT_CASES[path]), *besides))
    assert [fault.path for fault in faults] == [path]
    assert "the cluster runs with" in faults[0].problem
    assert KEPT[path][0] in faults[0].problem
    assert faults[0].remedy.startswith("Put it back")


def test_everything_that_is_kept_has_a_case() -> None:
    """The list above is the list of what is kept."""
    elsewhere = {"endpoint.kind", "network.ipv6"}  # the latter in test_dual_stack.py
    assert set(KEPT_CASES) | elsewhere == set(KEPT)


@pytest.mark.parametrize(("before", "now"), [((), (EXTERNAL,)), ((EXTERNAL,), ())])
def test_another_kind_of_endpoint_is_refused(
    dev: clusters.File, before: tuple[Edit, ...], now: tuple[Edit, ...]
) -> None:
    """As one thing, whatever else goes with it: also when all balancers would come or go."""
    old, new = transitions.edited(dev, *before), transitions.edited(dev, *now)
    with pytest.raises(ConfigurationError) as caught:
        plan_for(snapshot(transitions.load(old)), transitions.load(new))
    assert [fault.path for fault in caught.value.faults] == ["endpoint.kind"]
    assert "nodes and kubeconfigs go through it" in caught.value.faults[0].problem


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_break_a_cluster_is_refused(dev: clusters.File, name: str) -> None:
    """One fault for each thing that is wrong, with what to do instead."""
    before, now, words = REFUSED[name]
    faults = refused(dev, before, now)
    assert len(faults) == len(words), faults
    for fault, said in zip(sorted(faults), sorted(words), strict=True):
        assert said in fault.problem
        assert "run `pulumi up`" in fault.remedy or "backup" in fault.remedy or "snapshot" in fault.remedy


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_safe_is_accepted(dev: clusters.File, name: str) -> None:
    """A rule that refused these would stand in somebody's way."""
    assert refused(dev, *ACCEPTED[name]) == []


def test_a_skipped_minor_is_refused(dev: clusters.File) -> None:
    """Also when what runs is a release that is not supported any more."""
    cluster = transitions.load(dev)
    for deployed in ("1.34.9", "1.33.2", "0.9.9"):
        stored = snapshot(cluster)
        stored["kubernetes"]["version"] = deployed
        with pytest.raises(ConfigurationError, match="skips a minor"):
            plan_for(stored, cluster)
    stored["kubernetes"]["version"] = "1.35.99"
    assert plan_for(stored, cluster).transition.change("kubernetes.version")


@pytest.fixture(scope="module")
def deployed(program: monitor.Program) -> dict[str, Any]:
    """Return the outputs of stack dev after its last update."""
    outputs: dict[str, Any] = wire.revealed(program.outputs)
    return outputs


def test_the_program_ends_with_the_faults(dev: clusters.File, deployed: dict[str, Any]) -> None:
    """All of them at once, and without a traceback: it is an error of the file."""
    wrong = transitions.edited(dev, put("endpoint.port", 8443), put("network.podSubnet", "10.200.0.0/16"))
    with pytest.raises(Exception, match="the cluster file has 2 faults; no host was contacted") as caught:
        monitor.run_program(wrong, deployed=deployed)
    chain: list[BaseException | None] = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert any(isinstance(error, pulumi.RunError) for error in chain)


def test_the_same_file_is_accepted(dev: clusters.File, deployed: dict[str, Any]) -> None:
    """What went out as outputs compares equal to what the file says."""
    assert monitor.run_program(dev, deployed=deployed).commands


@pytest.mark.parametrize("outputs", [{}, {"deployed": None}, {"endpoint": "https://192.0.2.1:6443"}])
def test_a_stack_without_settings_is_accepted(dev: clusters.File, outputs: dict[str, Any]) -> None:
    """A new stack has no outputs, and one of an earlier version may lack these."""
    assert monitor.run_program(dev, deployed=outputs).commands


def test_a_cluster_from_before_encryption_stays_without(dev: clusters.File) -> None:
    """Nothing in its etcd is encrypted: that is to be said in the file, and then nothing changes."""
    old = snapshot(transitions.load(dev))
    del old["encryption"]
    with pytest.raises(ConfigurationError, match=r"Write `encryption: \{provider: none\}`"):
        plan_for(old, transitions.load(dev))
    plan_for(old, transitions.load(transitions.edited(dev, put("encryption.provider", "none"))))


def test_a_setting_that_is_new_is_accepted(dev: clusters.File, deployed: dict[str, Any]) -> None:
    """A stack that was deployed before a key existed compares what it knows."""
    known = dict(deployed["deployed"])
    known["network"] = {k: v for k, v in known["network"].items() if k != "dnsDomain"} | {"ofThePast": 1}
    assert not plan_for(known, rules.load(dev)).transition.changes
