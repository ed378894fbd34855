"""A balancer of the site's own: missing, wrong, right, and what is lost with a control plane behind it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.site import Site
from tests.lab.test_main_job import assert_clean

pytestmark = pytest.mark.long
#: Not in the lab's DNS.
NAME, ADDRESS, PORT = "api.story.example", "10.77.0.5", 443
PLANES = {"cp-1": "10.77.0.11", "cp-2": "10.77.0.12", "cp-3": "10.77.0.13"}
ALL = {*PLANES, "worker-1"}
HOSTS = {"gate": ADDRESS, **PLANES, "worker-1": "10.77.0.21"}
#: What somebody wrote by hand for a balancer that knows nothing of Kubernetes.
CONFIGURATION = """
defaults
    mode tcp
    timeout connect 2s
    timeout client 1h
    timeout server 1h
    default-server check inter 1s fall 2 rise 2 on-marked-down shutdown-sessions
listen api
    bind :{port}
    balance roundrobin
{servers}
"""
#: The administrator's own line: `ip netns exec` puts this in place of /etc/hosts.
HOSTS_FILE = Path("/etc/netns/kha-lab/hosts")


@pytest.fixture(scope="module", autouse=True)
def hosts(site: Site) -> Iterator[None]:
    """Boot the hosts, with nothing on them, and name the balancer in the cluster file."""
    site.boot(HOSTS)
    with site.edited() as cluster:
        cluster["endpoint"] = {"kind": "external", "address": ADDRESS, "name": NAME, "port": PORT}
        cluster["workers"] = {"default": {"hosts": {"worker-1": HOSTS["worker-1"]}}}
    HOSTS_FILE.write_text(f"127.0.0.1 localhost\n{ADDRESS} {NAME}\n")
    yield
    HOSTS_FILE.unlink()


def balance(site: Site, backends: dict[str, str]) -> None:
    """Have the site's balancer, made by hand, pass connections on to these."""
    servers = "\n".join(f"    server {name} {address}:6443" for name, address in backends.items())
    text = CONFIGURATION.format(port=PORT, servers=servers)
    site.ssh(
        "gate",
        "command -v haproxy >/dev/null || { apt-get -q update && apt-get -q -y install haproxy; } >/dev/null 2>&1\n"
        f"cat >/etc/haproxy/haproxy.cfg <<'END'\n{text}\nEND\nsystemctl restart haproxy",
    )


def test_a_balancer_that_is_not_there(site: Site) -> None:
    """Nothing is started, and the error says what was looked for."""
    failed = site.up(check=False)
    assert failed.returncode != 0
    assert f"a balancer that takes connections at {NAME}:{PORT} did not happen" in failed.stdout
    assert "here 10.77.0.11:6443" in failed.stdout
    assert site.ssh("cp-1", "ls /etc/kubernetes/manifests 2>/dev/null || true") == ""


def test_a_wrong_backend_is_found_when_its_control_plane_joins(site: Site) -> None:
    """cp-2 stands there with an address of nobody: the cluster works, and is not what was asked for."""
    balance(site, PLANES | {"cp-2": "10.77.0.99"})
    begin = time.monotonic()
    failed = site.up(check=False)
    print(f"up with a wrong backend: {time.monotonic() - begin:.0f} s")
    assert failed.returncode != 0
    said = f"a connection through the balancer at {NAME}:{PORT} to this host's API server did not happen"
    assert f"cp-2: join-control-plane: {said}" in failed.stdout, failed.stdout[-3000:]
    assert "here 10.77.0.12:6443" in failed.stdout
    assert site.etcd_members("cp-1") == {"cp-1": "started", "cp-2": "started"}


def test_with_the_right_one_it_goes_on(site: Site) -> None:
    """The next `up` takes up from there; the one after it has nothing to do."""
    balance(site, PLANES)
    site.up()
    assert site.ready_nodes() == ALL
    assert site.etcd_members("cp-3") == {"cp-1": "started", "cp-2": "started", "cp-3": "started"}
    site.assert_unchanged()


def test_everybody_knows_it_by_name(site: Site) -> None:
    """Nodes have a line of their own, since no DNS has the name; certificates and kubeconfigs have it too."""
    assert site.output("endpoint") == f"https://{NAME}:{PORT}"
    assert site.output("nodes")["loadBalancers"] == {}
    for host in ALL:
        assert site.ssh(host, "grep story /etc/hosts") == f"{ADDRESS} {NAME} # kubeadm-ha\n"
        # A control plane's kubelet asks its own API server.
        server = f"{PLANES[host]}:6443" if host in PLANES else f"{NAME}:{PORT}"
        assert f"server: https://{server}" in site.ssh(host, "cat /etc/kubernetes/kubelet.conf")
    proxy = site.kubectl("-n", "kube-system", "get", "configmap", "kube-proxy", "-o", "yaml")
    assert f"server: https://{NAME}:{PORT}" in proxy
    report = json.loads(site.lab("scripts/verify", "--json", "--wait", "180").stdout)
    assert report["verdict"] == "available", report
    assert report["canLose"]["balancers"] is None


def test_every_control_plane_is_reached_through_it(site: Site) -> None:
    """Connections one after another show the certificate of each."""
    seen = set()
    for _ in range(12):
        shown = site.lab(
            "bash",
            "-c",
            f"openssl s_client -connect {NAME}:{PORT} </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName",
        ).stdout
        assert NAME in shown
        seen |= set(re.findall(r"DNS:(cp-\d)", shown))
    assert seen == set(PLANES)


def test_writes_go_on_without_one_control_plane(site: Site) -> None:
    """The site's own balancer takes it out, and in again when it is back."""
    with site.without("cp-1", 25):
        site.assert_unchanged()
    site.until_healthy()
    site.assert_unchanged()


def test_destroy_leaves_the_balancer_alone(site: Site) -> None:
    """Nodes are clean, their lines in /etc/hosts too, and what was never ours is still there."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for host in ALL:
        assert_clean(site, host)
    assert site.ssh("gate", "systemctl is-active haproxy").strip() == "active"
