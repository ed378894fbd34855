"""Hosts that are only reached through a bastion, by users with sudo, at other addresses than the cluster's own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab.clients import Client
from tests.lab.site import CommandError, Site, eventually
from tests.lab.test_main_job import WORKLOAD

#: Host to its last number, in the cluster's network and in the management network.
NUMBERS = {"lb-1": 2, "lb-2": 3, "cp-1": 11, "cp-2": 12, "cp-3": 13, "worker-1": 21, "worker-2": 22}
NODES = {name for name in NUMBERS if not name.startswith("lb-")}
GATE = "10.77.0.5"
HOSTS = {
    "name": "bastion",
    "network": "10.77.0.0/24",
    "management": "10.78.0.0/24",
    "hosts": {
        "gate": {"address": GATE, "management": "10.78.0.5", "user": "jump"},
        **{n: {"address": f"10.77.0.{i}", "management": f"10.78.0.{i}", "user": "admin"} for n, i in NUMBERS.items()},
    },
}
#: sshd of one host: a port of its own, and a key that opens nothing else.
OWN_DOOR = """
file=/etc/ssh/sshd_config.d/99-own.conf
printf 'Port 22\\nPort 2222\\nMatch LocalPort 2222\\n  AuthorizedKeysFile .ssh/only_here\\n' >$file
cat >/home/admin/.ssh/only_here <<'KEY'
{key}KEY
chown admin: /home/admin/.ssh/only_here
systemctl restart ssh
"""
#: From the site nobody gets to a host's SSH but by the bastion. The management network it cannot reach at all.
SHUT = f"add rule inet story output ip daddr 10.77.0.0/24 ip daddr != {GATE} tcp dport {{ 22, 2222 }} drop"


def nft(site: Site, *rules: str) -> None:
    """Change the firewall of the site's own network."""
    site.lab("nft", "-f", "-", stdin="".join(f"{rule}\n" for rule in rules))


def shut(site: Site) -> None:
    """Close every way but the bastion's."""
    chain = "add chain inet story output { type filter hook output priority 0; policy accept; }"
    nft(site, "add table inet story", "flush table inet story", chain, SHUT)
    site.bastion = "gate"


@contextmanager
def opened(site: Site) -> Iterator[None]:
    """Let the lab itself in, which looks whether a host that it switches on has come up."""
    nft(site, "flush table inet story")
    yield
    shut(site)


@pytest.fixture(scope="module", autouse=True)
def guarded_hosts(site: Site) -> None:
    """Boot the hosts, and close every way to them but one."""
    inventory = site.folder / "lab" / "hosts.bastion.yaml"
    inventory.write_text(yaml.safe_dump(HOSTS))
    site.hosts("up", str(inventory))
    key = site.folder / "only_here"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    site.ssh("worker-1", OWN_DOOR.format(key=key.with_suffix(".pub").read_text()))
    for host in ("cp-3", "worker-1"):
        # What a machine with two cards often looks like: the way out is not the cluster's network.
        site.ssh(host, "ip route replace default via 10.78.0.1 dev eth1")
    shut(site)
    with site.edited() as cluster:
        cluster["ssh"] |= {"user": "admin", "bastion": {"address": GATE, "user": "jump"}}
        groups = [cluster["endpoint"], cluster["controlPlane"], *cluster["workers"].values()]
        for group in groups:
            group["hosts"] = {name: entry(name) for name in group["hosts"]}
        cluster["workers"]["default"]["hosts"]["worker-1"]["ssh"] |= {
            "port": 2222,
            "privateKeyFile": "only_here",
            "hostKey": host_key("10.78.0.21"),
        }
    site.lab("pulumi", "stack", "select", "--create", "dev")


def entry(name: str) -> dict[str, Any]:
    """Return a host's line: one address for the cluster, another to log in at."""
    number = NUMBERS[name]
    return {"address": f"10.77.0.{number}", "ssh": {"address": f"10.78.0.{number}"}}


def host_key(address: str) -> str:
    """Return the key that is pinned for an address."""
    lines = Path("/var/lib/kubeadm-ha-lab/known_hosts").read_text().splitlines()
    return next(line.split(maxsplit=1)[1] for line in lines if line.split()[0] == address)


def test_there_is_no_other_way(site: Site) -> None:
    """Neither the hosts' cluster addresses nor their login addresses answer the site by SSH."""
    for host in ("cp-1", "admin@10.78.0.11"):
        with pytest.raises(CommandError):
            site.lab("ssh", "-o", "ConnectTimeout=3", host, "true")
    assert site.ssh("cp-1", "echo through").strip() == "through"


def test_another_key_of_the_bastion_is_refused(site: Site) -> None:
    """The bastion is pinned as hosts are: one with another key is not even logged in to."""
    with site.edited() as cluster:
        cluster["ssh"]["bastion"]["hostKey"] = host_key("10.77.0.11")
    failed = site.up(check=False)
    with site.edited() as cluster:
        del cluster["ssh"]["bastion"]["hostKey"]
    assert failed.returncode != 0
    assert "proxy: ssh: handshake failed: ssh: host key mismatch" in failed.stdout, failed.stdout[-2000:]
    assert site.ssh("cp-1", "ls -d /var/lib/kubeadm-ha 2>/dev/null || true") == ""


def test_the_cluster_comes_up_through_the_bastion(site: Site) -> None:
    """Everything is done through it; the second run changes nothing."""
    started = time.monotonic()
    site.up()
    print(f"up through the bastion: {time.monotonic() - started:.0f} s")
    assert site.ready_nodes() == NODES
    assert site.etcd_members("cp-1") == {"cp-1": "started", "cp-2": "started", "cp-3": "started"}
    site.assert_unchanged()
    site.until_healthy()


def test_the_cluster_uses_its_own_network(site: Site) -> None:
    """Nodes, etcd and flannel's tunnel are at the cluster's addresses, also where the way out is another card."""
    for node in site.get("nodes")["items"]:
        number = NUMBERS[node["metadata"]["name"]]
        assert {"type": "InternalIP", "address": f"10.77.0.{number}"} in node["status"]["addresses"]
        assert node["metadata"]["annotations"]["flannel.alpha.coreos.com/public-ip"] == f"10.77.0.{number}"
    held = site.ssh("cp-3", "ss -Htn state established '( sport = :2380 or dport = :2380 )'")
    assert "10.77.0." in held
    assert "10.78.0." not in held


def test_pods_reach_each_other(site: Site) -> None:
    """A service answers from both workers, one of which has its default route elsewhere."""
    site.kubectl("apply", "-f", str(WORKLOAD))
    site.kubectl("rollout", "status", "deployment/web", "--timeout=120s", timeout=150)
    pods = site.get("pods", "-l", "app=web")["items"]
    assert {pod["spec"]["nodeName"] for pod in pods} == {"worker-1", "worker-2"}
    for one in pods:
        for other in pods:
            dial = f"dial?host={other['status']['podIP']}&port=8080&protocol=http&request=hostname&tries=2"
            path = f"/api/v1/namespaces/default/pods/{one['metadata']['name']}:8080/proxy/{dial}"
            answer = eventually("an answer", lambda path=path: site.kubectl("get", "--raw", path), 60)
            assert other["metadata"]["name"] in answer, answer


def test_nobody_notices_when_the_bastion_is_lost(site: Site) -> None:
    """It carries logins alone: the cluster goes on, and an `up` without a change needs nobody."""
    client = Client(site.folder)
    time.sleep(3)
    site.hosts("kill", "gate")
    site.assert_unchanged()
    time.sleep(5)
    gap = client.stop()
    print(f"longest gap between writes without the bastion: {gap:.1f} s")
    with opened(site):
        site.hosts("start", "gate")
    assert gap < 5


def test_writes_go_on_without_one_control_plane(site: Site) -> None:
    """The usual loss, and it comes back by itself."""
    with site.without("cp-1", 20):
        site.assert_unchanged()
        nft(site, "flush table inet story")  # the lab itself looks whether the host comes up
    shut(site)
    eventually("all nodes", lambda: site.ready_nodes() == NODES, 180)
    site.assert_unchanged()


def test_destroy_goes_through_the_bastion_too(site: Site) -> None:
    """Every host is left as it was found."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for host in NUMBERS:
        assert site.ssh(host, "ls -d /etc/kubernetes /var/lib/kubeadm-ha 2>/dev/null || true") == "", host
