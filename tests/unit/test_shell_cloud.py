"""scripts/apply-cloud.sh: what of a provider runs in the cluster is applied, and seen to find the node's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit import test_shell_apply
from tests.unit.sandbox import Sandbox

TREE = Path(__file__).resolve().parents[2]
#: The cluster of apply's tests, with a node besides: /run/taints has the keys of its taints, a line for each time that
#: somebody looks.
KUBECTL = rf"""
case "$*" in
  *'get --raw /readyz'*) echo ok; exit ;;
  *'get node node-1'*) head -n 1 /run/taints; [ "$(wc -l </run/taints)" -lt 2 ] || sed -i 1d /run/taints; exit ;;
  *'get pods'*) echo 'aws-cloud-controller-manager-x 0/1 ErrImagePull'; exit ;;
esac
{test_shell_apply.KUBECTL}"""
MANAGER = "#o apps/v1 DaemonSet kube-system aws-cloud-controller-manager\n"
DRIVER = "#o apps/v1 DaemonSet kube-system ebs-csi-node\n"
UNKNOWN = "node-role.kubernetes.io/control-plane node.cloudprovider.kubernetes.io/uninitialized"
KNOWN = "node-role.kubernetes.io/control-plane"
AFTER = "cat /run/applied /run/deleted 2>/dev/null || :"


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a host with a cluster that answers."""
    return Sandbox(tmp_path, {"kubectl": KUBECTL, "sleep": "exec /bin/sleep 0.01"}, after=AFTER)


def script(seconds: int = 240) -> str:
    """Return the step, with that much patience."""
    return (TREE / "scripts/apply-cloud.sh").read_text().replace("wait_for 240", f"wait_for {seconds}")


def test_it_waits_for_the_machine_to_be_found(sandbox: Sandbox) -> None:
    """Applied in the order of the names; the node takes pods when the step ends."""
    sandbox.before = f"printf '%s\\n' '{UNKNOWN}' '{UNKNOWN}' '{KNOWN}' >/run/taints"
    given = {"cloud/20-driver.yaml": DRIVER, "cloud/10-manager.yaml": MANAGER}
    done = sandbox.step(script(), files=given)
    assert done.status == 0, done.error
    assert done.seen.split() == ["cloud/10-manager.yaml", "cloud/20-driver.yaml"]


def test_a_node_that_nobody_finds_ends_it(sandbox: Sandbox) -> None:
    """With what becomes of the manager, and where to look."""
    sandbox.before = f"echo '{UNKNOWN}' >/run/taints"
    done = sandbox.step(script(1), files={"cloud/10-manager.yaml": MANAGER})
    assert done.status != 0
    assert "ErrImagePull" in done.error
    assert "finding the machine of this node did not happen within 1 s" in done.error
    assert "logs -l app=aws-cloud-controller-manager" in done.error


def test_what_is_turned_off_goes(sandbox: Sandbox) -> None:
    """A node that registered before there was a manager has no taint, and is not waited for."""
    sandbox.before = f"echo '{KNOWN}' >/run/taints; echo 'apps v1 DaemonSet kube-system ebs-csi-node' >/run/noted"
    done = sandbox.step(script(1), files={"cloud/10-manager.yaml": MANAGER})
    assert done.status == 0, done.error
    assert '"kind":"DaemonSet","metadata":{"namespace":"kube-system","name":"ebs-csi-node"}' in done.seen
