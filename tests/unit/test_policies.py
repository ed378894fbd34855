"""What an organisation forbids, by the cluster file's `policies`."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components import policies, rules
from components.config import Cluster
from components.faults import ConfigurationError, Fault
from components.policies import POLICIES
from tests.unit.cases import BASE, laid_over


def cluster(**changes: Any) -> Cluster:
    """Return the base with changes, by the rules alone."""
    return rules.load(laid_over(copy.deepcopy(BASE), changes))


def judged(cluster: Cluster, outputs: Any = None) -> tuple[list[Fault], list[Fault]]:
    """Return what policies refuse and what they warn of."""
    return list(policies.refusals(outputs)(cluster)), policies.warnings(cluster, outputs)


#: What each policy finds something in.
FOUND: dict[str, dict[str, Any]] = {
    "evenEtcd": {"controlPlane": {"hosts": {"cp-3": None}}},
    "singleControlPlane": {"controlPlane": {"hosts": {"cp-2": None, "cp-3": None}}},
    "singleEtcdMember": {"etcd": {"hosts": {"etcd-1": "192.0.2.31"}}},
    "noWorkers": {"workers": None},
    "singleZone": {"controlPlane": {"labels": {"topology.kubernetes.io/zone": "a"}}},
    "singleWorkerPool": {},
    "unpinnedVersions": {},
    "rootLogin": {},
    "sharedHostKey": {"ssh": {"hostKey": "ssh-ed25519 AAAA"}},
    "plainHttpSources": {"registries": {"docker.io": ["http://mirror.example"]}},
    "upstreamSources": {},
    "publicAddresses": {"workers": {"default": {"hosts": {"worker-1": "8.8.8.8"}}}},
    "openKubelet": {"kubernetes": {"kubelet": {"readOnlyPort": 10255}}},
    "skippedPreflight": {"kubernetes": {"ignorePreflightErrors": ["Swap"]}},
    "unprotectedAuthorities": {"certificates": {"protect": False}},
    "longLivedAdmin": {"certificates": {"adminDays": 401}},
    "forcedDrain": {"drain": {"deleteUnmanagedPods": True}},
    "missingBackups": {},
    "cgroupfsDriver": {"kubernetes": {"kubelet": {"cgroupDriver": "cgroupfs"}}},
}
#: What no policy finds anything in, each set to refuse.
STRICT = {
    "ssh": {"user": "admin"},
    "etcd": {"snapshots": {}},
    "containerd": {"version": "2.4.2"},
    "workers": {"default": {"hosts": {"worker-2": "192.0.2.22"}}},
    "packages": {
        kind: {"url": "https://mirror.example/", "key": {"file": "key"}} for kind in ("kubernetes", "containerd")
    },
    "registries": {name: ["https://mirror.example"] for name in ("registry.k8s.io", "ghcr.io")},
    "policies": dict.fromkeys(POLICIES, "refuse"),
}


def ends(days: float) -> dict[str, Any]:
    """Return the outputs of a stack whose authorities end in so many days."""
    end = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    later = "2099-01-01T00:00:00.123456789Z"
    return {
        "certificates": {
            "authorities": {"kubernetes-ca": end, "etcd-ca": later, "admin": end},
            "controlPlanes": {"cp-1": {"apiserver": end, "etcd/peer": later}},
        }
    }


@pytest.mark.parametrize("name", FOUND)
def test_off_warn_and_refuse(name: str) -> None:
    """Each level does what it says, and the remedy names the level below."""
    for level, refused, warned in (("off", 0, 0), ("warn", 0, 1), ("refuse", 1, 0)):
        found = judged(cluster(**FOUND[name], policies={name: level}))
        of_name = [[f for f in side if f"policies.{name}:" in f.remedy] for side in found]
        assert [bool(side) for side in of_name] == [bool(refused), bool(warned)], level
    with pytest.raises(ConfigurationError, match=f"or set policies.{name}: warn"):
        rules.load(laid_over(BASE, FOUND[name] | {"policies": {name: "refuse"}}), policies.refusals())


def test_every_policy_is_tried() -> None:
    """Those that look at what is deployed are tried below."""
    assert set(FOUND) | {"expiringAuthority", "expiringCertificates"} == set(POLICIES)


def test_a_strict_site_can_be_content() -> None:
    """All policies at once can be kept."""
    assert judged(cluster(**STRICT)) == ([], [])


@pytest.mark.parametrize("name", POLICIES)
def test_defaults(name: str) -> None:
    """A file that says nothing gets the default, which the reference tells."""
    default = POLICIES[name].default
    found = judged(cluster(**FOUND.get(name, {})), ends(10))
    of_name = [[f for f in side if f"policies.{name}:" in f.remedy] for side in found]
    assert [bool(side) for side in of_name] == [default == "refuse", default == "warn"]
    assert POLICIES[name].meaning.endswith(".")


@pytest.mark.parametrize(
    ("days", "said"), [(400, []), (364, ["kubernetes-ca ends in 363 days"]), (-1, ["kubernetes-ca has ended"])]
)
def test_an_authority_that_ends(days: int, said: list[str]) -> None:
    """It is known from the last `up`; who signs nothing, like the admin's certificate, is none."""
    found = policies.warnings(cluster(), ends(days))
    authorities = [f.problem for f in found if "policies.expiringAuthority" in f.remedy]
    assert [problem.partition(" (")[0] for problem in authorities] == said
    with_policy = cluster(policies={"expiringAuthority": "refuse"})
    assert len(judged(with_policy, ends(days))[0]) == len(said)


@pytest.mark.parametrize(("days", "said"), [(31, []), (29, ["apiserver of cp-1 end within 30 days"])])
def test_certificates_that_end(days: float, said: list[str]) -> None:
    """Those of a control plane are renewed by an upgrade, or by hand."""
    found = policies.warnings(cluster(), ends(days + 0.5))
    assert [f.problem for f in found if "policies.expiringCertificates" in f.remedy] == said


@pytest.mark.parametrize("outputs", [None, {}, {"certificates": None}, {"certificates": {"authorities": "?"}}])
def test_outputs_that_say_nothing(outputs: Any) -> None:
    """Before the first `up`, and after an old program's, nothing is known."""
    assert judged(cluster(), outputs) == ([], [])


def test_ends_that_are_no_times() -> None:
    """What cannot be read is not judged."""
    outputs = {"certificates": {"authorities": {"etcd-ca": "soon"}, "controlPlanes": {"cp-1": {"apiserver": None}}}}
    assert judged(cluster(), outputs) == ([], [])


def test_a_bare_off_of_older_yaml() -> None:
    """Some readers of YAML make false of it."""
    assert cluster(policies={"evenEtcd": False}).policies == {"evenEtcd": "off"}


def test_policies_are_not_part_of_the_cluster() -> None:
    """Editing them changes nothing that is deployed."""
    assert cluster().model_dump() == cluster(policies={"evenEtcd": "off"}).model_dump()
