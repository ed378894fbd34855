"""What cannot be changed on a cluster that runs, and what is only worth a second thought."""

from __future__ import annotations

import copy
import logging
from typing import Any

import pulumi
import pytest

from components import rules
from components.transitions import settled, transition_faults
from tests.unit import clusters, monitor, wire

CHANGES: dict[str, tuple[tuple[str, ...], Any]] = {
    "name": (("name",), "other"),
    "kubernetes.version": (("kubernetes", "version"), "1.36.1"),
    "kubernetes.kubelet": (("kubernetes", "kubelet"), {"maxPods": 42}),
    "kubernetes.kubeProxy": (("kubernetes", "kubeProxy"), {"mode": "iptables"}),
    "kubernetes.extraCertNames": (("kubernetes", "extraCertNames"), ["api.example.org"]),
    "endpoint.address": (("endpoint", "address"), "10.77.0.9"),
    "endpoint.port": (("endpoint", "port"), 8443),
    "network.podSubnet": (("network",), {"podSubnet": "10.200.0.0/16"}),
    "network.serviceSubnet": (("network",), {"serviceSubnet": "10.200.0.0/16"}),
    "network.dnsDomain": (("network",), {"dnsDomain": "example.org"}),
}


def changed(cluster: clusters.File, path: tuple[str, ...], value: Any) -> clusters.File:
    """Return the cluster file with one value changed."""
    result = copy.deepcopy(cluster)
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return result


@pytest.fixture(scope="module")
def deployed(program: monitor.Program) -> dict[str, Any]:
    """Return the outputs of stack dev after its last update."""
    outputs: dict[str, Any] = wire.revealed(program.outputs)
    return outputs


@pytest.mark.parametrize("path", CHANGES)
def test_what_a_cluster_keeps_is_refused(dev: clusters.File, deployed: dict[str, Any], path: str) -> None:
    """Every change of it is a fault with the path, both values, and the way out."""
    before = deployed["settled"]
    faults = list(transition_faults(before, settled(rules.load(changed(dev, *CHANGES[path])))))
    assert [fault.path for fault in faults] == [path]
    assert repr(before[path]) in faults[0].problem
    assert faults[0].remedy.startswith("Put it back")


def test_everything_that_is_kept_has_a_case(deployed: dict[str, Any]) -> None:
    """The list above is the list of what is settled."""
    assert set(CHANGES) == set(deployed["settled"])


def test_the_program_ends_with_the_faults(dev: clusters.File, deployed: dict[str, Any]) -> None:
    """All of them at once, and without a traceback: it is an error of the file."""
    wrong = changed(changed(dev, ("endpoint", "port"), 8443), ("network",), {"podSubnet": "10.200.0.0/16"})
    with pytest.raises(Exception, match="the cluster file has 2 faults; no host was contacted") as caught:
        monitor.run_program(wrong, deployed=deployed)
    chain: list[BaseException | None] = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert any(isinstance(error, pulumi.RunError) for error in chain)


def test_the_same_file_is_accepted(dev: clusters.File, deployed: dict[str, Any]) -> None:
    """What went out as outputs compares equal to what the file says."""
    assert monitor.run_program(dev, deployed=deployed).commands


def test_only_the_stack_itself_is_asked(program: monitor.Program) -> None:
    """What is deployed now is in the outputs of the last update."""
    assert program.asked == ["organization/kubeadm-ha/test"]


@pytest.mark.parametrize("outputs", [{}, {"settled": None}, {"endpoint": "https://192.0.2.1:6443"}])
def test_a_stack_without_settings_is_accepted(dev: clusters.File, outputs: dict[str, Any]) -> None:
    """A new stack has no outputs, and one of an earlier version may lack these."""
    assert monitor.run_program(dev, deployed=outputs).commands


def test_a_setting_that_is_new_is_accepted(dev: clusters.File, deployed: dict[str, Any]) -> None:
    """A stack that was deployed before a setting was settled compares what it knows."""
    known = dict(deployed["settled"])
    known.pop("network.dnsDomain")
    known["of.the.past"] = 1
    assert not list(transition_faults(known, settled(rules.load(dev))))


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (1, ["with one control plane any loss ends the cluster"]),
        (2, ["2 etcd members survive no more losses than 1"]),
        (3, []),
        (4, ["4 etcd members survive no more losses than 3"]),
    ],
)
def test_numbers_of_control_planes_that_are_worth_a_thought(dev: clusters.File, hosts: int, said: list[str]) -> None:
    """They work, and they are not what high availability is."""
    planes = {f"cp-{number}": f"10.77.0.{number + 10}" for number in range(1, hosts + 1)}
    cluster = rules.load(changed(dev, ("controlPlane", "hosts"), planes))
    found = [fault.problem for fault in rules.warnings(cluster)]
    assert len(found) == len(said)
    assert all(problem.startswith(words) for problem, words in zip(found, said, strict=True))


def test_warnings_are_shown(dev: clusters.File, caplog: pytest.LogCaptureFixture) -> None:
    """The program goes on, and the engine shows them with the stack."""
    with caplog.at_level(logging.WARNING):
        program = monitor.run_program(changed(dev, ("kubernetes", "kubeProxy"), {"mode": "ipvs"}))
    assert program.commands
    assert "kubernetes.kubeProxy.mode: ipvs is deprecated" in caplog.text
