"""Cluster files that are right, and wrong ones with all that is said of each.

A file of tests/cases holds a reason, one `# expect:` line for each fault in the order they are told, and what is laid
over tests/cases/base.yaml. `pytest --update-golden` writes the `# expect:` lines anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import remote, rules
from components.config import Cluster
from components.faults import ConfigurationError
from components.machines.static import login_faults, package_key_faults, static_hosts
from components.node import preparation
from components.render import flannel, kubeadm
from tests.unit import monitor

CASES = Path(__file__).resolve().parents[1] / "cases"
INVALID = sorted((CASES / "invalid").glob("*.yaml"))
VALID = sorted((CASES / "valid").glob("*.yaml"))
EXPECT = "# expect: "


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the files that cases name in tests/cases, with no agent around."""
    monkeypatch.chdir(CASES)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def laid_over(base: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with a case laid over it; null takes a key away."""
    result = dict(base)
    for key, value in case.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = laid_over(result[key], value)
        else:
            result[key] = value
    return result


def cluster_of(case: Path) -> dict[str, Any]:
    """Return the cluster file that a case describes."""
    return laid_over(yaml.safe_load((CASES / "base.yaml").read_text()), yaml.safe_load(case.read_text()))


def loaded(cluster: Any) -> Cluster:
    """Read a cluster file and its key files as __main__.py does."""
    read = rules.load(cluster, login_faults, package_key_faults)
    static_hosts(read)
    return read


def faults_of(cluster: Mapping[str, Any]) -> list[str]:
    """Return everything that is said of a cluster file."""
    try:
        loaded(cluster)
    except ConfigurationError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize("case", INVALID, ids=lambda path: path.stem)
def test_a_wrong_file_is_refused(case: Path, request: pytest.FixtureRequest) -> None:
    """All faults are told at once, each with its place, what was found, and the way out."""
    lines = case.read_text().splitlines()
    found = faults_of(cluster_of(case))
    if request.config.getoption("--update-golden"):
        kept = [line for line in lines if not line.startswith(EXPECT)]
        case.write_text("\n".join([kept[0], *(EXPECT + fault for fault in found), *kept[1:]]) + "\n")
        return
    assert found == [line.removeprefix(EXPECT) for line in lines if line.startswith(EXPECT)]
    assert found, "a case of invalid/ says what is wrong"


@pytest.mark.parametrize("case", VALID, ids=lambda path: path.stem)
def test_an_unusual_file_is_accepted(case: Path) -> None:
    """What is unusual but right is built: the whole program runs with it."""
    cluster = cluster_of(case)
    assert faults_of(cluster) == []
    assert monitor.run_program(cluster).commands


def test_the_base_is_right() -> None:
    """What every case is laid over has no fault of its own."""
    assert faults_of(yaml.safe_load((CASES / "base.yaml").read_text())) == []


@pytest.mark.parametrize("case", INVALID, ids=lambda path: path.stem)
def test_faults_are_sentences(case: Path) -> None:
    """A fault has a path, a problem and a remedy, and says nothing of Python."""
    with pytest.raises(ConfigurationError, match="no host was contacted") as caught:
        loaded(cluster_of(case))
    for fault in caught.value.faults:
        assert fault.path
        assert fault.problem
        assert fault.remedy.rstrip().endswith((".", "?")), fault
        assert "Traceback" not in str(fault)


@pytest.mark.parametrize("value", [None, [], "x", 5, True, {}, {"": None}, {"cluster": {}}])
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


BASE = yaml.safe_load((CASES / "base.yaml").read_text())
STRANGE = [None, 0, -1, 1.5, True, "", "x", "é", "a b\n'$(x)", [], [None], {}, {"": None}, {"x": {"y": [None]}}]
#: Every key that the base leaves out.
MORE = {
    "kubernetes": {
        "kubelet": {"maxPods": 100},
        "kubeProxy": {"mode": "iptables"},
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
    "ssh": {"user": "admin", "port": 22},
    "packages": {"kubernetes": {"url": "https://mirror.example/", "key": {"file": "files/packages.asc"}}},
    "registries": {"docker.io": ["https://mirror.example"]},
    "containerd": {"version": "2.4.2", "config": {"plugins": {"x": {"y": 1}}}},
    "certificates": {"protect": True, "authorityDays": 3650, "adminDays": 365},
    "drain": {"timeoutSeconds": 60, "deleteUnmanagedPods": True},
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
    assert faults_of(FULL) == []
    assert set(FULL) == {str(field.alias) for field in Cluster.model_fields.values()}
