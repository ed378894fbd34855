"""A balancer of somebody else's: scripts/lib/external.sh, and the API's name: scripts/lib/hosts-file.sh."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.fakes import kubectl
from tests.unit.sandbox import Result, Sandbox
from tests.unit.steps import API, JOINED, KUBELET, QUIET, bare, cluster, did, run
from tests.unit.upgrades import ALL, CONTROL_PLANE_LINES, node

#: Tries once instead of waiting.
ONCE = """
. lib/base.sh
. lib/external.sh
wait_for() { "${@:4}" || fail "$2 did not happen" "$3"; }
"""
#: What is connected to shows this fingerprint; a file's is that of this host.
SHOWN = """case "$*" in
  *s_client*:443*) echo "{through}" ;;
  *s_client*:6443*) echo "{own}" ;;
  *-in*fingerprint*) echo own ;;
  *fingerprint*) cat ;;
  *subjectAltName*) echo '    DNS:node-1, DNS:kubernetes' ;;
  *) echo 'notAfter=Jun 15 15:06:40 2026 GMT' ;;
esac"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """Return a bare host."""
    return bare(tmp_path)


def checked(sandbox: Sandbox, what: str, check: str = "yes", endpoint: str = "192.0.2.10:443") -> Result:
    """Return what one of the checks says."""
    return sandbox.step(ONCE + what, {"ENDPOINT": endpoint, "CHECK_BALANCER": check})


class TestBalancer:
    """What is asked of a balancer, and what is said of one that does not do its work."""

    def test_nothing_takes_connections(self, sandbox: Sandbox) -> None:
        """The cluster is not started: nobody could reach it."""
        done = checked(sandbox, "await_balancer")
        assert done.status == 1
        assert "a balancer that takes connections at 192.0.2.10:443 did not happen" in done.error
        assert (
            "here 192.0.2.1:6443; where that cannot be seen from here, set endpoint.checkBackends: false" in done.error
        )

    def test_something_takes_connections(self, sandbox: Sandbox) -> None:
        """Whatever it is: what is behind it is seen later."""
        sandbox.fakes["timeout"] = 'case "$*" in *dev/tcp*) exit 0 ;; *) exec /usr/bin/timeout "$@" ;; esac'
        assert checked(sandbox, "await_balancer").status == 0

    def test_a_control_plane_that_is_the_endpoint_itself(self, sandbox: Sandbox) -> None:
        """Before its API server nothing can answer there."""
        assert checked(sandbox, "await_balancer", endpoint="192.0.2.1:6443").status == 0

    @pytest.mark.parametrize(("through", "status"), [("own", 0), ("another", 1), ("", 1)])
    def test_the_way_through(self, sandbox: Sandbox, through: str, status: int) -> None:
        """It has to be this host's certificate that is seen, not that of another control plane."""
        sandbox.fakes["openssl"] = SHOWN.format(through=through, own="own")
        done = checked(sandbox, "await_way_through_balancer")
        assert done.status == status
        assert (
            not status or "a connection through the balancer at 192.0.2.10:443 to this host's API server" in done.error
        )

    @pytest.mark.parametrize("what", ["await_balancer", "await_way_through_balancer"])
    def test_nothing_is_asked(self, sandbox: Sandbox, what: str) -> None:
        """Where the file says so, and for endpoints of other kinds, which say nothing."""
        assert checked(sandbox, what, check="no").status == 0
        done = sandbox.step(ONCE + what, {"ENDPOINT": "192.0.2.10:443"})
        assert done.status == 0
        assert not did(done, "openssl")


NOBODY = 'case "$*" in *--cacert*) exit 7 ;; *) printf 000; exit 7 ;; esac'
CHECK = {"CHECK_BALANCER": "yes", "ENDPOINT": "192.0.2.1:443"}


class TestSteps:
    """The steps that ask."""

    @pytest.mark.parametrize(
        ("through", "own", "said"),
        [
            ("", "own", "this host's API server runs, and cannot be reached through the balancer at 192.0.2.1:443"),
            ("own", "own", "kubeadm init failed with status 1"),
            ("", "", "kubeadm init failed with status 1"),
        ],
    )
    def test_a_start_that_failed_for_the_balancer(self, sandbox: Sandbox, through: str, own: str, said: str) -> None:
        """kubeadm says that time has run out; who is on call wants to know why."""
        sandbox.fakes |= {"curl": NOBODY, "kubeadm": "echo timeout; exit 1"}
        sandbox.fakes["openssl"] = SHOWN.format(through=through, own=own)
        done = run(sandbox, "start-cluster", cluster(API, QUIET), more=CHECK)
        assert done.status == 1
        assert said in done.error
        assert done.error.count("error: ") == 1
        assert "starting" in done.seen

    def test_a_control_plane_is_reached(self, tmp_path: Path) -> None:
        """Asked with each run of the step, also when it has joined long ago."""
        sandbox = node(tmp_path)
        sandbox.fakes["openssl"] = SHOWN.format(through="own", own="own")
        fake = kubectl(list(ALL), list(ALL), first="\n".join(CONTROL_PLANE_LINES))
        done = run(sandbox, "join-control-plane", fake, f"{KUBELET}; {JOINED}", CHECK)
        assert done.status == 0, done.error
        assert did(done, "s_client -connect 192.0.2.1:443")


NAME = {"ENDPOINT_NAME": "api.example.org", "ENDPOINT_ADDRESS": "192.0.2.10"}


class TestHostsFile:
    """The API's name in /etc/hosts."""

    LINE = "192.0.2.10 api.example.org # kubeadm-ha\n"

    def named(
        self,
        sandbox: Sandbox,
        dns: str,
        before: str = ":",
        inputs: dict[str, str] | None = None,
        file: str = "/etc/hosts",
    ) -> str:
        """Return the file after preparation, where DNS answers with `dns`."""
        sandbox.fakes |= {"getent": f"[ -n '{dns}' ] && echo '{dns} STREAM x'", "hostname": "echo node-1"}
        sandbox.before += f"\necho '127.0.0.1 localhost' >/etc/hosts; {before}"
        sandbox.after = f"cat {file}"
        done = sandbox.step(". lib/base.sh\n. lib/hosts-file.sh\nname_host", inputs or NAME)
        assert done.status == 0, done.error
        return done.seen

    @pytest.mark.parametrize("dns", ["", "198.51.100.1"])
    def test_dns_has_it_not(self, sandbox: Sandbox, dns: str) -> None:
        """Or at another address: then the file's own counts."""
        assert self.named(sandbox, dns).endswith(self.LINE)

    def test_dns_has_it(self, sandbox: Sandbox) -> None:
        """Nothing is written."""
        assert "api.example.org" not in self.named(sandbox, "192.0.2.10")

    def test_a_line_stays(self, sandbox: Sandbox) -> None:
        """A stub on the host would answer from the line itself, as if DNS had the name."""
        before = f"printf '{self.LINE}' >>/etc/hosts".replace("\n", "\\n")
        assert self.named(sandbox, "192.0.2.10", before).count("api.example.org") == 1

    def test_a_line_of_another_address_goes(self, sandbox: Sandbox) -> None:
        """What an earlier cluster on this host has left."""
        before = "echo '192.0.2.9 api.example.org # kubeadm-ha' >>/etc/hosts"
        assert self.named(sandbox, "", before).count("api.example.org") == 1

    def test_no_name(self, sandbox: Sandbox) -> None:
        """The endpoint is an address."""
        assert self.named(sandbox, "", inputs={"X": "x"}) == "127.0.0.1 localhost\n192.0.2.1 node-1 # kubeadm-ha\n"

    def test_cloud_init_keeps_the_lines(self, sandbox: Sandbox) -> None:
        """Where it manages the file it makes it anew with every start, out of a template; the rest of that stays."""
        template = "/etc/cloud/templates/hosts.debian.tmpl"
        theirs = "127.0.1.1 {{fqdn}} {{hostname}}"
        before = f"mkdir -p /etc/cloud/templates; printf '{theirs}\\n192.0.2.9 old # kubeadm-ha\\n' >{template}"
        endpoint = "192.0.2.7 api # kubeadm-ha-endpoint"
        made = self.named(sandbox, "", f"echo '{endpoint}' >>/etc/hosts; {before}", file=template)
        assert made == f"{theirs}\n{endpoint}\n192.0.2.1 node-1 # kubeadm-ha\n{self.LINE}"
