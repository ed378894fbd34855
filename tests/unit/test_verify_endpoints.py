"""scripts/verify with an endpoint that is nothing before the API servers: the kubeconfig names one of them."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.test_verify import ALIVE, CONTROL_PLANES, DEAD, NOW, STACK, fine
from verify.facts import Facts
from verify.judge import judge
from verify.judgement import Judgement, Verdict

LOCAL = replace(STACK, host=CONTROL_PLANES["cp-1"], balancers={})
DAYS = 30


def judged(facts: Facts) -> Judgement:
    """Return the judgement on a cluster whose nodes each are their own endpoint."""
    return judge(LOCAL, replace(facts, now=NOW, balancers={}), DAYS)


def test_each_api_server_is_known_by_its_own_address() -> None:
    """The certificate of one does not have the address of another; behind a shared endpoint each has that one's."""
    assert [LOCAL.server_name(address) for address in CONTROL_PLANES.values()] == list(CONTROL_PLANES.values())
    assert {STACK.server_name(address) for address in CONTROL_PLANES.values()} == {STACK.host}


def test_the_one_that_the_kubeconfig_names_is_away() -> None:
    """Nodes go on by the others: administrators name another one."""
    judgement = judged(replace(fine(), endpoint=DEAD, control_planes={**fine().control_planes, "cp-1": DEAD}))
    assert judgement.verdict is Verdict.DEGRADED
    assert judgement.faults[0] == (
        "the kubeconfig names 192.0.2.11:6443, which is away: use --server with one of cp-2, cp-3 meanwhile"
    )


def test_nobody_serves_the_api() -> None:
    """Then it is down, as any other."""
    judgement = judged(replace(fine(), endpoint=DEAD, control_planes=dict.fromkeys(CONTROL_PLANES, DEAD)))
    assert judgement.verdict is Verdict.DOWN


def test_all_is_well() -> None:
    """No fault for having no host of its own."""
    assert judged(replace(fine(), endpoint=ALIVE)).verdict is Verdict.AVAILABLE
