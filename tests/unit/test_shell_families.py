"""scripts/lib/families.sh and what a network that is not ours means for readiness."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.sandbox import Sandbox

ADDRESS = "2: eth0    inet6 fd77::11/64 scope global"
NO_NETWORK = "False container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady"


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a host."""
    return Sandbox(tmp_path)


@pytest.mark.parametrize(("listens", "told"), [("0", False), ("1", True), ("2", True)])
def test_a_host_that_forwards_goes_on_listening_to_routers(sandbox: Sandbox, listens: str, told: bool) -> None:
    """On the interface of its own address; where addresses come from elsewhere that is left alone."""
    sandbox.fakes["ip"] = f"echo '{ADDRESS}'"
    sandbox.fakes["cat"] = f'case "$1" in /proc/sys/net/*) echo {listens} ;; *) exec /bin/cat "$@" ;; esac'
    script = ". lib/base.sh\n. lib/families.sh\nNODE_ADDRESS6=fd77::11 forward_ipv6\n"
    done = sandbox.step(script)
    assert done.status == 0, done.error
    wanted = ["net/ipv6/conf/eth0/accept_ra = 2"] if told else []
    assert done.output.splitlines() == [*wanted, "net.ipv6.conf.all.forwarding = 1"]
    assert "cat /proc/sys/net/ipv6/conf/eth0/accept_ra" in done.calls


def test_an_address_that_the_host_does_not_have(sandbox: Sandbox) -> None:
    """A kubelet would not start with it; it is said before anything is installed."""
    sandbox.fakes["ip"] = "exit 0"
    done = sandbox.step(". lib/base.sh\n. lib/families.sh\nNODE_ADDRESS6=fd77::12 forward_ipv6\n")
    assert done.status == 1
    assert "this host does not have the address fd77::12" in done.error


@pytest.mark.parametrize(
    ("said", "network", "ready"),
    [
        ("True kubelet is posting ready status", "ours", True),
        ("True kubelet is posting ready status", "none", True),
        (NO_NETWORK, "ours", False),
        (NO_NETWORK, "none", True),
        ("False [container runtime is down, container runtime network not ready: x]", "none", False),
        ("Unknown Kubelet stopped posting node status.", "none", False),
        ("", "none", False),
    ],
)
def test_a_node_without_a_network(sandbox: Sandbox, said: str, network: str, ready: bool) -> None:
    """It is as ready as it can be where the network is not ours, and lacks something where it is."""
    sandbox.fakes["kubectl"] = f"printf '%s' '{said}'"
    script = f". lib/base.sh\n. lib/cluster.sh\nNETWORK={network}\nnode_ready node-1 && echo yes || echo no\n"
    assert sandbox.step(script).output == ("yes\n" if ready else "no\n")
