"""Cluster files that are right, wrong ones and doubtful ones with all that is said of each.

A file of tests/cases holds a reason, one `# expect:` line for each line of the report, and what is laid over
tests/cases/base.yaml. `pytest --update-golden` writes the `# expect:` lines anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from components import policies, remote, rules
from components.config import Cluster
from components.faults import ConfigurationError, lines
from components.machines import providers
from components.node import preparation
from components.render import flannel, kubeadm
from tests.unit import monitor
from tests.unit.cases import BASE, CASES, EXPECT, INVALID, VALID, WARNED, cluster_of, laid_over, loaded

LONGEST = 300


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the files that cases name in tests/cases, with no agent around."""
    monkeypatch.chdir(CASES)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def report(cluster: Any) -> list[str]:
    """Return the lines that a cluster file is refused with, none when it is not."""
    try:
        loaded(cluster)
    except ConfigurationError as error:
        return [line.strip() for line in str(error).splitlines()[1:]]
    return []


def warned(cluster: Any) -> list[str]:
    """Return the lines that are said of a cluster file which is taken."""
    read = loaded(cluster)
    return lines([*rules.warnings(read, *providers.CAUTIONS), *policies.warnings(read)])


def compared(case: Path, found: list[str], request: pytest.FixtureRequest) -> None:
    """Compare what is said with what a case expects, or write it there."""
    text = case.read_text().splitlines()
    if request.config.getoption("--update-golden"):
        kept = [line for line in text if not line.startswith(EXPECT)]
        case.write_text("\n".join([kept[0], *(EXPECT + line for line in found), *kept[1:]]) + "\n")
        return
    assert found == [line.removeprefix(EXPECT) for line in text if line.startswith(EXPECT)]
    assert found, "a case of invalid/ or warned/ says what is wrong"


@pytest.mark.parametrize("case", INVALID, ids=lambda path: path.stem)
def test_a_wrong_file_is_refused(case: Path, request: pytest.FixtureRequest) -> None:
    """All faults are told at once, each with its place, what was found, and the way out."""
    compared(case, report(cluster_of(case)), request)


@pytest.mark.parametrize("case", WARNED, ids=lambda path: path.stem)
def test_a_doubtful_file_is_warned_of(case: Path, request: pytest.FixtureRequest) -> None:
    """Warnings look like faults, and the file is taken."""
    compared(case, warned(cluster_of(case)), request)


@pytest.mark.parametrize("case", VALID, ids=lambda path: path.stem)
def test_an_unusual_file_is_accepted(case: Path) -> None:
    """What is unusual but right is built: the whole program runs with it."""
    cluster = cluster_of(case)
    assert report(cluster) == []
    assert monitor.run_program(cluster).commands


def test_the_base_is_right() -> None:
    """What every case is laid over has no fault of its own, and nothing is said of it."""
    assert report(BASE) == []
    assert warned(BASE) == []


@pytest.mark.parametrize("case", INVALID, ids=lambda path: path.stem)
def test_faults_are_sentences(case: Path) -> None:
    """A fault has a path, a problem and a remedy, is one line, and says nothing of Python."""
    with pytest.raises(ConfigurationError, match="no host was contacted") as caught:
        loaded(cluster_of(case))
    for fault in caught.value.faults:
        assert fault.path
        assert fault.problem
        assert fault.remedy.rstrip().endswith((".", "?", ")")), fault
        assert not re.search(r"Traceback|pydantic|None|\bdict\b|\n|\.\.$", str(fault)), fault
        assert len(str(fault)) <= LONGEST, fault


@pytest.mark.parametrize("value", [None, "", [], "x", 5, True, {}, {"": None}, {"cluster": {}}])
def test_something_else_than_a_cluster(value: Any) -> None:
    """Whatever stands where the cluster should be is a fault, never a traceback."""
    with pytest.raises(ConfigurationError):
        loaded(value)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a document."""
    inner: list[tuple[Any, ...]] = [at] if at else []
    if isinstance(value, dict):
        for key, below in value.items():
            inner += paths(below, (*at, key))
    return inner


def replaced(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """Return a document with the value at a path replaced."""
    return {**value, at[0]: replaced(value[at[0]], at[1:], new)} if at else new


STRANGE = [None, 0, -1, 1.5, True, "", "x", "é", "a b\n'$(x)", [], [None], {}, {"": None}, {"x": {"y": [None]}}]
HOST = {"address": "192.0.2.21", "kubelet": {"maxPods": 80}}
#: Every key that the base leaves out.
MORE = {
    "kubernetes": {
        "kubelet": {"maxPods": 100},
        "kubeProxy": {"mode": "iptables"},
        "apiServer": {"extraArgs": [{"name": "v", "value": "2"}]},
        "featureGates": {"MemoryQoS": True},
        "ignorePreflightErrors": ["Swap"],
        "extraCertNames": ["api.example.org"],
    },
    "endpoint": {"port": 443, "routerId": 7},
    "network": {
        "podSubnet": "10.244.0.0/16",
        "serviceSubnet": "10.96.0.0/12",
        "dnsDomain": "cluster.local",
        "cni": "flannel",
    },
    "controlPlane": {"kubelet": {"maxPods": 100}},
    "workers": {"default": {"kubelet": {"maxPods": 90}, "hosts": {"worker-1": HOST}}},
    "ssh": {"user": "admin", "port": 22},
    "packages": {"kubernetes": {"url": "https://mirror.example/", "key": {"file": "files/packages.asc"}}},
    "registries": {"docker.io": ["https://mirror.example"]},
    "containerd": {"version": "2.4.2", "config": {"plugins": {"x": {"y": 1}}}},
    "encryption": {"provider": "aescbc", "resources": ["secrets"]},
    "audit": {"policyFile": "files/audit.yaml", "maxAgeDays": 7},
    "certificates": {"protect": True, "authorityDays": 3650, "adminDays": 365},
    "manifests": [{"file": "files/web.yaml"}],
    "drain": {"timeoutSeconds": 60, "deleteUnmanagedPods": True},
    "proxy": {"http": "http://proxy.example:3128", "noProxy": [".example.org"]},
    "hooks": {"beforeJoin": ["files/hook.sh"], "afterUp": [{"file": "files/hook.sh", "timeoutSeconds": 60}]},
    "etcd": {
        "hosts": {f"etcd-{n}": f"192.0.2.3{n}" for n in (1, 2, 3)},
        "version": "3.6.8",
        "dataDirectory": "/srv/etcd/data",
        "quotaGib": 4,
        "heartbeatMilliseconds": 250,
        "electionMilliseconds": 2500,
        "extraCertNames": ["etcd.example.org"],
        "snapshots": {"everyHours": 12, "keep": 14, "directory": "/srv/snapshots", "then": {"file": "files/hook.sh"}},
    },
    "policies": {"evenEtcd": "off"},
}
FULL = laid_over(BASE, MORE)


@pytest.mark.parametrize("at", paths(FULL), ids=lambda at: ".".join(map(str, at)))
def test_strange_values_are_faults(at: tuple[Any, ...]) -> None:
    """Whatever is put at any place of a file is taken or refused: it never ends the program with a traceback."""
    for strange in STRANGE:
        try:
            cluster = loaded(replaced(FULL, at, strange))
        except ConfigurationError:
            continue
        # What is taken can be rendered.
        kubeadm.init(cluster, "cp-1", "192.0.2.11")
        flannel.flannel(cluster)
        remote.bundle(preparation(cluster, control_plane=True))


def test_the_full_file_is_right() -> None:
    """What strange values are put into has no fault of its own, and every section of the schema is in it."""
    assert report(FULL) == []
    # The sections of a provider have a file of their own: test_aws_rules.py.
    assert set(FULL) | {"provider", "aws"} == {str(field.alias) for field in Cluster.model_fields.values()}
