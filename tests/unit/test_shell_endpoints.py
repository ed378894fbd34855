"""scripts/lib/static-pods.sh and lib/local-endpoint.sh: what nodes do for the API's endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import OURS, bare, did

POD = "metadata:\n  labels:\n    kubeadm-ha/revision: abc123\nspec: {env: ['@INTERFACE@', '@ADDRESS@']}\n"
LIBRARIES = ". lib/base.sh\n. lib/cluster.sh\n"
PLANES = {"ENDPOINT": "api.internal:6443", "CONTROL_PLANES": "192.0.2.1 192.0.2.11 192.0.2.12"}
ADDRESSES = "echo '2: eth1    inet 192.0.2.1/24 brd 192.0.2.255 scope global eth1'"


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a host with an interface, which answers all that it is asked."""
    found = bare(tmp_path)
    found.fakes["ip"] = ADDRESSES
    return found


class TestStaticPods:
    """lib/static-pods.sh."""

    def step(self, sandbox: Sandbox, script: str, inputs: dict[str, str] | None = None) -> Result:
        """Run shell text with a pod beside it."""
        text = f"{LIBRARIES}. lib/static-pods.sh\n{script}"
        return sandbox.step(text, inputs, {"static-pods/vip.yaml": POD})

    def test_a_manifest_has_what_the_host_knows(self, sandbox: Sandbox) -> None:
        """The interface that has the host's address, and the address; nobody else can read it."""
        sandbox.after = "cat /etc/kubernetes/manifests/vip.yaml; stat -c %a /etc/kubernetes/manifests/vip.yaml"
        done = self.step(sandbox, "place_static_pods && echo changed; place_static_pods || echo same")
        assert done.status == 0, done.error
        assert done.output.split() == ["changed", "same"]
        assert "env: ['eth1', '192.0.2.1']" in done.seen
        assert done.seen.endswith("600\n")

    def test_a_host_without_its_address_is_told(self, sandbox: Sandbox) -> None:
        """Nothing is guessed."""
        sandbox.fakes["ip"] = "echo '2: eth0    inet 192.0.2.9/24 scope global eth0'"
        done = self.step(sandbox, "place_static_pods || :")
        assert done.status == 1
        assert "no interface has the address 192.0.2.1" in done.error

    def test_the_pod_that_was_brought_is_awaited(self, sandbox: Sandbox) -> None:
        """An older one of the same name does not count."""
        sandbox.fakes["crictl"] = """case "$*" in
          *'pods --quiet --state ready --label kubeadm-ha/revision=abc123') [ ! -e /run/new ] || echo pod ;;
          *'ps --quiet --state running --pod pod') echo container ;;
        esac; touch /run/new"""
        done = self.step(sandbox, "static_pods_run && echo early; static_pods_run && echo then")
        assert done.status == 0, done.error
        assert done.output.split() == ["vip.yaml", "does", "not", "run", "yet", "then"]

    def test_the_address_is_taken_off_a_host_that_is_cleaned(self, sandbox: Sandbox) -> None:
        """Also when the pod was killed and could not do it."""
        script = "place_static_pods || :\n. lib/clean.sh\nclean_node\nclean_node"
        sandbox.fakes["ip"] = f"case $* in *delete*|*link*) exit 0 ;; *) {ADDRESSES} ;; esac"
        done = self.step(sandbox, script, {"VIRTUAL_ADDRESS": "192.0.2.10"})
        assert done.status == 0, done.error
        assert [call for call in done.calls if "address delete" in call] == ["ip address delete 192.0.2.10/32 dev eth1"]

    def test_a_pod_is_withdrawn_before_the_host_leaves(self, sandbox: Sandbox) -> None:
        """And its end is awaited, so that the address is elsewhere by then."""
        sandbox.fakes["crictl"] = "[ -e /run/asked ] || echo container; touch /run/asked"
        sandbox.after = "ls /etc/kubernetes/manifests"
        done = self.step(sandbox, "place_static_pods\nwithdraw_static_pods")
        assert done.status == 0, done.error
        assert done.seen == ""
        assert len([call for call in done.calls if "--name ^vip$" in call]) == 2


class TestLocalEndpoint:
    """lib/local-endpoint.sh."""

    def step(self, sandbox: Sandbox, script: str, inputs: dict[str, str] = PLANES) -> Result:
        """Run shell text on a host whose /etc/hosts is looked at afterwards."""
        sandbox.before += "\nprintf '127.0.0.1 localhost\\n192.0.2.1 node-1 # kubeadm-ha\\n' >/etc/hosts"
        sandbox.after = "cat /etc/hosts"
        return sandbox.step(f"{LIBRARIES}. lib/local-endpoint.sh\n{script}", inputs, {"admin.conf": OURS})

    def test_the_first_that_answers_is_meant(self, sandbox: Sandbox) -> None:
        """Whichever control planes are lost, and whatever the name meant before."""
        sandbox.fakes["curl"] = 'case "$*" in *:6443:192.0.2.12\\ *) ;; *) exit 7 ;; esac'
        done = self.step(sandbox, "mean_by_endpoint 192.0.2.7\nseek_endpoint admin.conf $CONTROL_PLANES")
        assert done.status == 0, done.error
        assert done.seen.splitlines() == [
            "127.0.0.1 localhost",
            "192.0.2.1 node-1 # kubeadm-ha",
            "192.0.2.12 api.internal # kubeadm-ha-endpoint",
        ]

    def test_a_host_asks_others_when_its_own_api_server_goes(self, sandbox: Sandbox) -> None:
        """As when it leaves."""
        done = self.step(sandbox, "other_control_planes")
        assert done.output.split() == ["192.0.2.11", "192.0.2.12"]

    def test_other_kinds_of_endpoint_are_left_alone(self, sandbox: Sandbox) -> None:
        """An address needs no name."""
        done = self.step(
            sandbox, "seek_endpoint admin.conf 192.0.2.1\nsettle_endpoint 192.0.2.1", {"ENDPOINT": "192.0.2.10:6443"}
        )
        assert done.status == 0, done.error
        assert "kubeadm-ha-endpoint" not in done.seen
        assert not done.calls

    def test_kube_proxy_follows(self, sandbox: Sandbox) -> None:
        """Its container has /etc/hosts as it was: it is stopped, and the kubelet starts it with the new one."""
        sandbox.fakes["crictl"] = """case "$*" in
          ps*) echo container ;;
          inspect*) echo uid ;;
          stop*) cp /etc/hosts /var/lib/kubelet/pods/uid/etc-hosts ;;
        esac"""
        sandbox.before += (
            "\nmkdir -p /var/lib/kubelet/pods/uid; echo '192.0.2.11 api.internal' >/var/lib/kubelet/pods/uid/etc-hosts"
        )
        done = self.step(sandbox, "know_authority admin.conf\nsettle_endpoint 127.0.0.1\nsettle_endpoint 127.0.0.1")
        assert done.status == 0, done.error
        assert done.seen.endswith("127.0.0.1 api.internal # kubeadm-ha-endpoint\n")
        assert [call for call in done.calls if call.startswith("crictl stop")] == ["crictl stop container"]
        assert [call for call in done.calls if "restart" in call] == ["systemctl restart kubelet"]

    def test_settings_of_the_proxy_are_loaded_without_a_restart(self, sandbox: Sandbox) -> None:
        """HAProxy's master gets a signal; what is the same is left alone, and everybody can read it."""
        sandbox.fakes["crictl"] = 'case "$*" in ps*) echo container ;; inspect*) cat /run/pid ;; esac'
        script = """
            sh -c 'trap "echo loaded" USR2; echo ready >/run/ready; for i in 1 2 3 4 5 6; do sleep 1; done' &
            echo $! >/run/pid
            wait_for 5 x x test -e /run/ready
            know_authority admin.conf
            mkdir api-proxy
            echo a >api-proxy/haproxy.cfg
            apply_api_proxy
            apply_api_proxy
            stat -c %a /etc/kubernetes/api-proxy
            wait
        """
        done = self.step(sandbox, script)
        assert done.status == 0, done.error
        assert sorted(done.output.split()) == ["755", "loaded"]
        assert not did(done, "stop")
