"""HAProxy as a site wants it: known by a name, on a port of its own, with settings that change while it works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.site import Site, eventually

pytestmark = pytest.mark.long

NAME, ADDRESS, PORT = "api.story.example", "10.77.0.10", 443
PLANES = {"cp-1": "10.77.0.11", "cp-2": "10.77.0.12", "cp-3": "10.77.0.13"}
BALANCERS = {"lb-1": "10.77.0.2", "lb-2": "10.77.0.3"}
ALL = {*PLANES, "worker-1"}
HOSTS = {**BALANCERS, **PLANES, "worker-1": "10.77.0.21"}
#: The administrator's own line: `ip netns exec` puts this in place of /etc/hosts.
HOSTS_FILE = Path("/etc/netns/kha-lab/hosts")


@pytest.fixture(scope="module", autouse=True)
def hosts(site: Site) -> Iterator[None]:
    """Boot the hosts, with nothing on them, and write the endpoint with its options."""
    site.boot(HOSTS)
    with site.edited() as cluster:
        cluster["endpoint"] |= {"name": NAME, "port": PORT, "statistics": {"port": 8405}}
        cluster["workers"] = {"default": {"hosts": {"worker-1": HOSTS["worker-1"]}}}
    HOSTS_FILE.write_text(f"127.0.0.1 localhost\n{ADDRESS} {NAME}\n")
    yield
    HOSTS_FILE.unlink()


def test_it_comes_up_by_its_name(site: Site) -> None:
    """Every node is Ready, knows the API by its name, and the second run has nothing to do."""
    site.up()
    assert site.ready_nodes() == ALL
    assert site.output("endpoint") == f"https://{NAME}:{PORT}"
    assert site.etcd_members("cp-1") == dict.fromkeys(PLANES, "started")
    for host in ALL:
        assert site.ssh(host, "grep story /etc/hosts") == f"{ADDRESS} {NAME} # kubeadm-ha\n"
    site.assert_unchanged()


def test_statistics_are_for_who_is_on_the_host(site: Site) -> None:
    """The page answers on the balancer's loopback, and nowhere else."""
    for host, address in BALANCERS.items():
        page = site.ssh(host, "curl -sf http://127.0.0.1:8405/")
        assert "cp-3" in page
        outside = site.lab("curl", "-s", "--max-time", "3", f"http://{address}:8405/", check=False)
        assert outside.returncode == 7, "refused"


def test_settings_change_while_it_works(site: Site) -> None:
    """Another algorithm and other timeouts: HAProxy alone is reloaded, and a watch that is open goes on."""
    watch = site.folder / "watch.log"
    opened = f"kubectl get configmaps -n default --watch-only -o name >{watch} 2>&1 & echo $!"
    pid = site.lab("bash", "-c", opened).stdout.strip()
    with site.edited() as cluster:
        cluster["endpoint"] |= {"algorithm": "roundrobin", "timeouts": {"client": 3600, "server": 3600}}
    assert site.changes().get("update") in (
        ["lb-1-balance", "lb-2-balance"],
        ["kubeadm-ha-dev", "lb-1-balance", "lb-2-balance"],
    )
    site.under_requests("while the settings changed", site.up, 2, within=2)
    for host in BALANCERS:
        assert "balance roundrobin" in site.ssh(host, "cat /etc/haproxy/haproxy.cfg")
    written = watch.read_text().count("configmap/story")
    site.kubectl("create", "configmap", "after", "-n", "default")
    eventually("the watch's word of it", lambda: "configmap/after" in watch.read_text(), 10)
    assert written > 5
    site.lab("kill", pid)
    site.assert_unchanged()


def test_a_balancer_is_lost(site: Site) -> None:
    """The one that has the address: first its HAProxy alone, then its power."""
    first = site.holder_among(BALANCERS, ADDRESS)
    site.under_requests(
        "without HAProxy on the holder",
        lambda: site.ssh(first, "systemctl kill -s KILL haproxy; systemctl stop haproxy"),
        12,
        within=10,
    )
    site.ssh(first, "systemctl start haproxy")
    site.until_healthy(120)
    second = site.holder_among(BALANCERS, ADDRESS)
    with site.without(second, 12, role="which had the address", within=10):
        assert site.holder_among(set(BALANCERS) - {second}, ADDRESS)
    site.until_healthy(120)


def test_a_control_plane_is_lost(site: Site) -> None:
    """HAProxy takes it out; etcd goes on with two of three."""
    with site.without("cp-1", 20):
        site.assert_unchanged()
    site.until_healthy()
