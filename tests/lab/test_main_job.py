"""The main job, told in order: a cluster comes up, is what it says, loses parts, grows, shrinks, and goes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import yaml

from tests.lab.clients import Probe, Watcher
from tests.lab.site import DISKS, Site, eventually

WORKLOAD = Path(__file__).with_name("workload.yaml")
#: Asks the endpoint every 100 ms.
READER = Probe(
    "answers",
    """
while sleep 0.1; do
  if curl -sk --max-time 1 -o /dev/null https://10.77.0.10:6443/readyz; then date +%s.%N; fi
done
""",
)
#: Command lines and environments of all processes while the cluster came up, and what `make dev` printed.
SEEN: set[str] = set()
ALL = {"cp-1", "cp-2", "cp-3", "worker-1", "worker-2"}


def test_make_dev_brings_the_cluster_up(site: Site) -> None:
    """One command, and five nodes are Ready."""
    with Watcher() as watcher:
        shown = site.run("make", "dev", timeout=1800).stdout
    print(shown[-3000:])
    SEEN.update(watcher.seen, {shown})
    assert site.ready_nodes() == ALL


def test_etcd_has_a_member_on_every_control_plane(site: Site) -> None:
    """Three members, all started, none a learner."""
    members = site.etcd_members("cp-2")
    assert members == {"cp-1": "started", "cp-2": "started", "cp-3": "started"}


def test_verify_says_highly_available(site: Site) -> None:
    """The verification finds nothing to complain about."""
    report = json.loads(site.lab("scripts/verify", "--json", "--wait", "180").stdout)
    assert report["verdict"] == "available", report


def test_a_service_reaches_both_copies_on_both_workers(site: Site) -> None:
    """Two copies on two workers reach each other by the service's name, through CoreDNS and kube-proxy."""
    site.kubectl("apply", "-f", str(WORKLOAD))
    site.kubectl("rollout", "status", "deployment/web", "--timeout=120s", timeout=150)
    pods = site.get("pods", "-l", "app=web")["items"]
    assert {pod["spec"]["nodeName"] for pod in pods} == {"worker-1", "worker-2"}
    name = pods[0]["metadata"]["name"]
    dial = "dial?host=web.default.svc.cluster.local&port=80&protocol=http&request=hostname&tries=20"

    def answers() -> set[str]:
        path = f"/api/v1/namespaces/default/pods/{name}:8080/proxy/{dial}"
        return set(json.loads(site.kubectl("get", "--raw", path)).get("responses", []))

    eventually("answers of both copies", lambda: answers() == {p["metadata"]["name"] for p in pods}, 60)


def test_a_second_up_changes_nothing_and_dials_nobody(site: Site) -> None:
    """Zero changes, and not one packet to port 22."""
    site.assert_unchanged()
    table = """
        table inet story {
          chain out {
            type filter hook output priority 0
            tcp dport 22 ct state new counter
          }
        }
    """
    site.lab("nft", "-f", "-", stdin=table)
    shown = site.up().stdout
    counted = json.loads(site.lab("nft", "-j", "list", "table", "inet", "story").stdout)
    site.lab("nft", "delete", "table", "inet", "story")
    rules = [item["rule"] for item in counted["nftables"] if "rule" in item]
    packets = [part["counter"]["packets"] for part in rules[0]["expr"] if "counter" in part]
    assert packets == [0], shown
    assert "unchanged" in shown
    assert not any(word in shown for word in ("created", "updated", "deleted")), shown


def test_outputs_are_read_by_another_project(site: Site) -> None:
    """The consumer reads endpoint and kubeconfig by reference and puts something onto the cluster."""
    consumer = ("--cwd", "examples/consumer", "--stack", "story")
    site.lab("pulumi", "stack", "init", *consumer)
    site.lab("pulumi", "config", "set", "cluster", "organization/kubeadm-ha/dev", *consumer)
    site.lab("pulumi", "up", "--yes", "--skip-preview", *consumer)
    outputs = json.loads(site.lab("pulumi", "stack", "output", "--json", *consumer).stdout)
    assert outputs["endpoint"] == site.output("endpoint")
    shown = site.lab("pulumi", "stack", "output", "--json", "--show-secrets", "--stack", "dev").stdout
    jsonschema.validate(json.loads(shown), json.loads((site.folder / "contract/outputs.schema.json").read_text()))
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", *consumer)


def test_secrets_stay_where_they_belong(site: Site) -> None:
    """No private key and no kubeconfig in the state, in outputs that are shown, or in a file others can read."""
    secrets = {line.split()[-1] for line in site.output("kubeconfig").splitlines() if "client-key-data" in line}
    # The second line of a PEM: the first one of the key itself.
    secrets.add(Path("/var/lib/kubeadm-ha-lab/id_ed25519").read_text().splitlines()[1])
    revealed = site.lab("pulumi", "stack", "export", "--show-secrets", "--stack", "dev").stdout
    secrets.update(re.findall(r"BEGIN (?:EC|RSA|OPENSSH)? ?PRIVATE KEY-+(?:\\+n)([A-Za-z0-9+/=]{40,})", revealed))
    assert len(secrets) >= 8  # encryption, admin, login, three authorities, service accounts …
    assert len(SEEN) > 100
    assert not any(secret in text for secret in secrets for text in SEEN), "seen in a process or in the output of up"
    exported = site.lab("pulumi", "stack", "export", "--stack", "dev").stdout
    shown = exported + site.lab("pulumi", "stack", "output", "--json", "--stack", "dev").stdout
    assert not any(secret in shown for secret in secrets)
    assert "PRIVATE KEY" not in shown
    for host in [*ALL, "lb-1", "lb-2"]:
        found = site.ssh(
            host,
            "grep -rlsIE --exclude-dir=containerd 'PRIVATE KEY|client-key-data' /etc /var/lib/kubeadm-ha "
            "/var/lib/kubelet /var/log /run /tmp /root 2>/dev/null | xargs -r stat -c '%a %n' | "
            "grep -vE '^[0-7]00 ' || true; "
            "ls -d /run/kubeadm-ha.* 2>/dev/null || true",
        )
        ours = [line for line in found.splitlines() if "/etc/ssl/" not in line and "/ssh/" not in line]
        assert ours == [], f"{host}: {ours}"


def test_secrets_are_encrypted_in_etcd(site: Site) -> None:
    """What etcd holds begins with the provider's name and not with the secret; the API hands it out as it was."""
    site.kubectl("create", "secret", "generic", "at-rest", "--from-literal=word=xyzzy")
    stored = site.etcd_value("cp-3", "/registry/secrets/default/at-rest")
    assert stored.startswith("k8s:enc:secretbox:v1:key1:"), stored[:40]
    assert "xyzzy" not in stored
    assert site.get("secret", "at-rest")["data"] == {"word": "eHl6enk="}


def test_the_virtual_address_moves_when_its_host_is_lost(site: Site) -> None:
    """Pull the plug of the host that holds it: the API answers again within five seconds, and nobody runs `up`."""
    holder = site.holder()
    with site.without(holder, 12, role="which had the virtual address", within=5, probe=READER):
        site.assert_unchanged()
    site.until_healthy(120)


def test_haproxy_alone_is_lost(site: Site) -> None:
    """Only the process dies: the same five seconds."""
    holder = site.holder()
    site.under_requests(
        "without HAProxy",
        lambda: site.ssh(holder, "systemctl kill -s KILL haproxy; systemctl stop haproxy"),
        10,
        within=5,
        probe=READER,
    )
    site.ssh(holder, "systemctl start haproxy")
    site.until_healthy(120)


def test_writes_go_on_without_one_control_plane(site: Site) -> None:
    """Any control plane may be lost, the one that started the cluster too; it comes back by itself."""
    with site.without("cp-1", 25):
        site.assert_unchanged()
    eventually("all nodes", lambda: site.ready_nodes() == ALL, 180)
    site.until_healthy()
    site.assert_unchanged()


def test_a_worker_is_added_by_one_line(site: Site) -> None:
    """Only the new worker's two resources are created; nothing else changes."""
    inventory = site.folder / "lab" / "hosts.dev.yaml"
    hosts = yaml.safe_load(inventory.read_text())
    # Without root login: sudo does it.
    hosts["hosts"]["worker-3"] = {"address": "10.77.0.23", "user": "admin"}
    inventory.write_text(yaml.safe_dump(hosts))
    site.hosts("up", str(inventory))
    with site.edited() as cluster:
        cluster["workers"]["default"]["hosts"]["worker-3"] = {"address": "10.77.0.23", "ssh": {"user": "admin"}}
    changes = site.changes()
    assert {k: v for k, v in changes.items() if k != "update"} == {"create": ["worker-3-join", "worker-3-prepare"]}
    assert changes.get("update", []) in ([], ["kubeadm-ha-dev"]), changes
    site.up()
    assert site.ready_nodes() == ALL | {"worker-3"}
    site.assert_unchanged()


def test_a_worker_is_removed_and_its_host_is_clean(site: Site) -> None:
    """Its pods move, its node goes, and the host has nothing of ours left."""
    with site.edited() as cluster:
        del cluster["workers"]["default"]["hosts"]["worker-3"]
    changes = site.changes()
    assert changes.get("delete") == ["worker-3-join", "worker-3-prepare"], changes
    site.up()
    assert site.ready_nodes() == ALL
    assert_clean(site, "worker-3")
    site.assert_unchanged()


def test_destroy_leaves_hosts_that_can_be_used_again(site: Site) -> None:
    """Everything goes, every host is clean, and the next `up` builds a cluster."""
    site.lab("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "dev")
    for host in [*ALL, "lb-1", "lb-2"]:
        assert_clean(site, host)
    site.up()
    assert site.ready_nodes() == ALL
    site.assert_unchanged()


def assert_clean(site: Site, host: str) -> None:
    """Fail when anything of the cluster is left on a host."""
    left = site.ssh(
        host,
        r"""
        for command in kubelet kubeadm kubectl crictl containerd runc haproxy keepalived; do
          command -v $command || true
        done
        ls -d /etc/kubernetes /var/lib/kubelet /var/lib/etcd /etc/cni /opt/cni /var/lib/cni /etc/containerd \
          /var/lib/containerd /var/lib/kubeadm-ha /var/log/kubeadm-ha /run/kubeadm-ha.* /run/flannel \
          /etc/haproxy /etc/keepalived /etc/apt/sources.list.d/kubeadm-ha.list 2>/dev/null || true
        if command -v nft >/dev/null; then nft list tables; fi
        if command -v iptables-save >/dev/null; then iptables-save | grep -E 'KUBE|CNI|FLANNEL' || true; fi
        ip -o link | grep -E 'cni0|flannel|veth' | grep -v eth0 || true
        grep kubeadm-ha /etc/hosts || true
        pgrep -a 'kube|etcd|containerd|haproxy|keepalived|flannel' || true
        """,
    )
    assert left == "", f"{host}: {left}"
    assert (DISKS / host).exists()
