"""What works and is worth a second thought is shown, and stops nothing."""

from __future__ import annotations

import logging

import pytest

from components import policies, rules
from tests.unit import clusters, monitor
from tests.unit.transitions import edited, put


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (1, ["with one control plane any loss ends the cluster"]),
        (2, ["2 etcd members survive no more losses than 1 would"]),
        (3, []),
        (4, ["4 etcd members survive no more losses than 3 would"]),
    ],
)
def test_numbers_of_control_planes_that_are_worth_a_thought(dev: clusters.File, hosts: int, said: list[str]) -> None:
    """They work, and they are not what high availability is."""
    planes = {f"cp-{number}": f"10.77.0.{number + 10}" for number in range(1, hosts + 1)}
    cluster = rules.load(edited(dev, put("controlPlane.hosts", planes)))
    found = [fault.problem for fault in policies.warnings(cluster)]
    assert len(found) == len(said)
    assert all(problem.startswith(words) for problem, words in zip(found, said, strict=True))


def test_warnings_are_shown(dev: clusters.File, caplog: pytest.LogCaptureFixture) -> None:
    """The program goes on, and the engine shows them with the stack."""
    with caplog.at_level(logging.WARNING):
        program = monitor.run_program(edited(dev, put("kubernetes.kubeProxy", {"mode": "ipvs"})))
    assert program.commands
    assert "kubernetes.kubeProxy.mode: ipvs is deprecated" in caplog.text
