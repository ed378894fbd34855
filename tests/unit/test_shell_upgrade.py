"""What the joins do to a node that runs when versions or settings are others: in which order, and when not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.fakes import kubectl
from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import JOINED, KUBELET, asked, cluster, did, ran, run
from tests.unit.upgrades import ALL, CONTROL_PLANE_LINES, LINES, OLD, OLD_CLUSTER, SYSTEMCTL, WEB, in_order, node


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a host."""
    return node(tmp_path)


class TestWorker:
    """scripts/join-worker.sh on a node that runs."""

    def upgraded(self, sandbox: Sandbox, before: str = "", lines: tuple[str, ...] = LINES) -> Result:
        """Return what an upgrade did."""
        return run(sandbox, "join-worker", cluster(*lines), f"{KUBELET}\n{OLD}{WEB}{before}")

    def test_it_is_drained_upgraded_and_put_back(self, sandbox: Sandbox) -> None:
        """Everything that can be fetched is there before the pods go, and the pods may come back at the end alone."""
        done = self.upgraded(sandbox)
        assert done.status == 0, done.error
        in_order(
            done,
            "https://192.0.2.12:6443 get --raw /version",
            "apt-get -q update",
            "kubeadm=1.36.3-*",
            '"unschedulable": true',
            "/pods/web-1/eviction",
            "kubeadm upgrade node --config upgrade.yaml",
            "kubelet=1.36.3-*",
            "apt-mark hold",
            "systemctl restart kubelet",
            "nodeInfo.kubeletVersion",
            '"unschedulable": null',
        )
        assert "upgrade" not in done.seen

    def test_no_kubelet_is_newer_than_an_api_server(self, sandbox: Sandbox) -> None:
        """Each control plane is asked, and one that is older stops the upgrade before anything is touched."""
        one_old = "*192.0.2.12*'--raw /version'*) echo '  \"gitVersion\": \"v1.35.6\",' ;;"
        done = self.upgraded(sandbox, lines=(one_old, *LINES))
        assert done.status == 1
        assert "the API server of cp-2 is 1.35.6, older than" in done.error
        assert "Control planes come first" in done.error
        assert not ran(done, "apt-get")
        assert not did(done, '"unschedulable": true')

    @pytest.mark.parametrize(
        "half",
        [
            "printf 'true upgrade' >/run/cordon",
            "printf 'true upgrade' >/run/cordon; rm -f /run/pods",
            "printf 'true upgrade' >/run/cordon; echo 1.36.3 >/run/installed/kubeadm",
            "printf 'true upgrade' >/run/cordon; rm -rf /run/installed",
        ],
        ids=["cordoned", "drained", "kubeadm is there", "all is installed"],
    )
    def test_an_interrupted_upgrade_goes_on(self, sandbox: Sandbox, half: str) -> None:
        """Whatever is there already, the new kubelet runs at the end and the node is in service."""
        done = self.upgraded(sandbox, half)
        assert done.status == 0, done.error
        assert did(done, "systemctl restart kubelet")
        assert did(done, "kubeadm upgrade node")
        assert "upgrade" not in done.seen

    def test_what_was_left_cordoned_by_us_is_put_back(self, sandbox: Sandbox) -> None:
        """Interrupted at the very end: nothing is left to do but that."""
        done = run(sandbox, "join-worker", cluster(*LINES), f"{KUBELET}\nprintf 'true upgrade' >/run/cordon")
        assert done.status == 0, done.error
        assert did(done, '"unschedulable": null')
        assert not did(done, "restart")
        assert not asked(done)

    def test_what_an_administrator_cordoned_stays_so(self, sandbox: Sandbox) -> None:
        """It is upgraded, and not handed pods."""
        done = self.upgraded(sandbox, "printf 'true ' >/run/cordon")
        assert done.status == 0, done.error
        assert did(done, "systemctl restart kubelet")
        assert not did(done, '"unschedulable"')
        assert done.seen.endswith("true ")

    def test_a_pod_that_may_not_go_stops_it(self, sandbox: Sandbox) -> None:
        """A disruption budget: the pod is named, nothing is upgraded, the node is in service as before."""
        stuck = "*eviction*) exit 1 ;;"
        done = self.upgraded(sandbox, lines=(stuck, *LINES))
        assert done.status == 1
        assert "after 10 s these pods are still here: default/web-1" in done.error
        assert "the node is in service again" in done.error
        assert not asked(done)
        assert not did(done, "restart")
        assert "upgrade" not in done.seen

    def test_a_pod_without_a_controller_stops_it(self, sandbox: Sandbox) -> None:
        """It would be lost: nothing is touched."""
        done = self.upgraded(sandbox, "printf 'default\\tby-hand\\tRunning\\t\\n' >/run/pods\n")
        assert done.status == 1
        assert "no controller would create these pods again: default/by-hand" in done.error
        assert not did(done, '"unschedulable"')
        assert not asked(done)

    def test_new_settings_of_containerd_take_no_pods_away(self, sandbox: Sandbox) -> None:
        """Containers run on while it restarts."""
        before = f"{KUBELET}\n{WEB}echo 'version = 2' >/etc/containerd/config.toml"
        done = run(sandbox, "join-worker", cluster(*LINES), before)
        assert done.status == 0, done.error
        assert did(done, "systemctl restart containerd")
        assert not did(done, "eviction")
        assert not did(done, "restart kubelet")

    def test_settings_that_were_written_and_not_taken_up(self, sandbox: Sandbox) -> None:
        """Interrupted between the file and the restart: the file is younger than the process."""
        sandbox.fakes["systemctl"] = SYSTEMCTL.replace("${PID:-0}", "7")
        sandbox.fakes["ps"] = "echo 3600"
        done = run(sandbox, "join-worker", cluster(*LINES), KUBELET)
        assert done.status == 0, done.error
        assert did(done, "systemctl restart containerd")

    def test_another_containerd_takes_the_pods_away(self, sandbox: Sandbox) -> None:
        """The package restarts it, and with it what watches the containers; Kubernetes is left as it is."""
        before = f"{KUBELET}\n{WEB}mkdir -p /run/installed; echo 2.3.1 >/run/installed/containerd.io\n"
        done = run(sandbox, "join-worker", cluster(*LINES), before + "echo 1.36.3 >/run/installed/kubelet")
        assert done.status == 0, done.error
        in_order(done, "eviction", "containerd.io=2.4.2-*", '"unschedulable": null')
        assert not asked(done)

    def test_settings_of_another_preparation_are_not_used(self, sandbox: Sandbox) -> None:
        """With --target a join can come without its preparation."""
        before = f"{KUBELET}\n{OLD}echo other >/var/lib/kubeadm-ha/config.toml"
        done = run(sandbox, "join-worker", cluster(*LINES), before)
        assert done.status == 1
        assert "Prepare the host first" in done.error
        assert not ran(done, "apt-get")

    def test_nothing_goes_back(self, sandbox: Sandbox) -> None:
        """A node that is newer than the cluster file: some run got further than the last that came to its end."""
        done = run(sandbox, "join-worker", cluster(*LINES), f"{KUBELET}\nprintf v1.37.0 >/run/running")
        assert done.status == 1
        assert "this node runs kubelet v1.37.0, which is newer than 1.36.3" in done.error
        assert "Put kubernetes.version to 1.37.0 or newer" in done.error


class TestControlPlane:
    """scripts/join-control-plane.sh on a control plane that runs."""

    def upgraded(
        self,
        sandbox: Sandbox,
        before: str = f"{OLD}{OLD_CLUSTER}",
        healthy: tuple[str, ...] = ALL,
        lines: tuple[str, ...] = CONTROL_PLANE_LINES,
    ) -> Result:
        """Return what an upgrade did; `before` has happened on the host."""
        fake = kubectl(list(ALL), list(healthy), ready=list(ALL), first="\n".join(lines))
        return run(sandbox, "join-control-plane", fake, f"{before}\n{KUBELET}; {JOINED}\n{WEB}")

    def test_the_first_one_upgrades_the_cluster_too(self, sandbox: Sandbox) -> None:
        """The static pods first, then the node: drained, the new kubelet, back in service."""
        done = self.upgraded(sandbox)
        assert done.status == 0, done.error
        in_order(
            done,
            "endpoint health",
            "kubeadm=1.36.3-*",
            "kubeadm upgrade apply --yes --config upgrade.yaml",
            "curl -sS",
            "patch deployment coredns",
            '"unschedulable": true',
            "eviction",
            "kubelet=1.36.3-*",
            "systemctl restart kubelet",
            "/api/v1/nodes/node-1/proxy/pods",
            '"unschedulable": null',
            "curl -sS",
        )
        assert not did(done, "upgrade node --config")
        assert '"apiserver": "2026-06-15T15:06:40Z"' in done.output
        assert "applying" not in done.seen

    def test_the_others_follow(self, sandbox: Sandbox) -> None:
        """The cluster has the version already: this one's own part is left."""
        manifests = "sed -i s/v1.36.3/v1.35.6/ /etc/kubernetes/manifests/kube-*.yaml"
        done = run(
            sandbox,
            "join-control-plane",
            kubectl(list(ALL), list(ALL), first="\n".join(CONTROL_PLANE_LINES)),
            f"{OLD}\n{KUBELET}; {JOINED}\n{manifests}",
        )
        assert done.status == 0, done.error
        assert asked(done) == ["kubeadm upgrade node --config upgrade.yaml"]
        assert did(done, "systemctl restart kubelet")

    def test_the_majority_is_not_put_at_stake(self, sandbox: Sandbox) -> None:
        """With another member sick, this one is needed: nothing is touched."""
        done = self.upgraded(sandbox, healthy=("node-1", "cp-1"))
        assert done.status == 1
        assert "of the 2 other etcd members only 1 are healthy" in done.error
        assert not asked(done)
        assert not ran(done, "apt-get")

    def test_static_pods_that_start_anew_are_awaited(self, sandbox: Sandbox) -> None:
        """A kubelet of another release replaces them some seconds after it is Ready: nobody else comes before."""
        late = "*config*mirror*) cat /run/asked 2>/dev/null || echo 'old True'; echo 'abc True' >/run/asked ;;"
        done = self.upgraded(sandbox, lines=(late, *CONTROL_PLANE_LINES))
        assert done.status == 0, done.error
        assert sum("proxy/pods" in call for call in done.calls) == 2

    def test_an_apply_that_broke_off_is_made_again(self, sandbox: Sandbox) -> None:
        """It may have written the version and not yet what comes after it."""
        mark = "echo 1.36.3 >/var/lib/kubeadm-ha/applying"
        done = self.upgraded(sandbox, before=f"{OLD}{mark}")
        assert done.status == 0, done.error
        assert did(done, "kubeadm upgrade apply")
        assert "applying" not in done.seen

    def test_an_upgrade_that_lacks_the_kubelet_goes_on(self, sandbox: Sandbox) -> None:
        """The static pods are new; the node's part is made again, and comes to its end."""
        done = self.upgraded(sandbox, before=OLD)
        assert done.status == 0, done.error
        assert did(done, "upgrade node")
        assert did(done, "systemctl restart kubelet")

    def test_power_lost_between_two_manifests(self, sandbox: Sandbox) -> None:
        """kubeadm had taken the old manifest away: its copy comes back, and the node is not taken for a bare one."""
        kept = "/etc/kubernetes/tmp/kubeadm-backup-manifests-2026/etcd.yaml"
        lost = f"mkdir -p $(dirname {kept}); mv /etc/kubernetes/manifests/etcd.yaml {kept}"
        sandbox.after += "; cat /etc/kubernetes/manifests/etcd.yaml"
        fake = kubectl(list(ALL), list(ALL), first="\n".join(CONTROL_PLANE_LINES))
        done = run(sandbox, "join-control-plane", fake, f"{KUBELET}; {JOINED}\n{lost}")
        assert done.status == 0, done.error
        assert not did(done, "kubeadm join")
        assert not did(done, "member remove")
        assert done.seen.endswith("x\n")

    def test_a_cluster_that_is_newer_is_left_alone(self, sandbox: Sandbox) -> None:
        """The cluster file says less than some run has made true."""
        done = self.upgraded(sandbox, before="echo 'kubernetesVersion: v1.37.1' >/run/cluster")
        assert done.status == 1
        assert "the cluster runs v1.37.1, which is newer than 1.36.3" in done.error
        assert not asked(done)
