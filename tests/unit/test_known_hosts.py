"""Host keys from known_hosts files, as OpenSSH writes them, and private keys from files."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest

from components import files, rules
from components.faults import ConfigurationError
from components.host import Host
from components.machines import static
from tests.unit import certificates, clusters, monitor

ED25519 = f"ssh-ed25519 {clusters.HOST_KEY}"
ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFidA1kF"
    "Uec8/g0ji93B0lI2YiWBMyX7FcDi0BfDxWu0UsApbMCzJqdIcjFM5Sf8te4UMByrWj/fOCLDOPS7p24="
)
RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ=="


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget files that were read, and the agent of whoever runs the tests."""
    files.read.cache_clear()
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def hashed(where: str) -> str:
    """Return a host's name as `HashKnownHosts yes` writes it."""
    salt = hashlib.sha1(where.encode()).digest()  # noqa: S324  # as OpenSSH does
    digest = hmac.new(salt, where.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def hosts(folder: Path, known: str, ssh: dict[str, Any] | None = None) -> dict[str, Host]:
    """Return the hosts of a small cluster whose worker has `ssh` and whose known_hosts file ends in `known`."""
    cluster = clusters.dev(folder)
    cluster["workers"] = {"default": {"hosts": {"worker-1": {"address": "10.77.0.21", "ssh": ssh or {}}}}}
    others = [address for name, address in clusters.machines(cluster) if name != "worker-1"]
    file = Path(cluster["ssh"]["knownHostsFile"])
    file.write_text("".join(f"{address} {ED25519}\n" for address in others) + known)
    return static.static_hosts(rules.load(cluster, static.login_faults))


def worker_key(folder: Path, known: str, ssh: dict[str, Any] | None = None) -> str:
    """Return the key that the worker has to show."""
    key = hosts(folder, known, ssh)["worker-1"].ssh.host_key
    assert isinstance(key, str)
    return key


@pytest.mark.parametrize(
    ("known", "ssh"),
    [
        (f"10.77.0.21 {ED25519}\n", {}),
        (f"10.77.0.21 {ED25519} root@worker-1\n", {}),
        (f"worker-1,10.77.0.21 {ED25519}\n", {}),
        (f"{hashed('10.77.0.21')} {ED25519}\n", {}),
        (f"[10.77.0.21]:2222 {ED25519}\n", {"port": 2222}),
        (f"{hashed('[10.77.0.21]:2222')} {ED25519}\n", {"port": 2222}),
        (f"198.51.100.21 {ED25519}\n", {"address": "198.51.100.21"}),
        (f"\n# a comment\n10.77.0.21 {ED25519}", {}),
        (f"10.77.0.21\t{ED25519}\n", {}),
    ],
    ids=["plain", "comment", "several names", "hashed", "port", "hashed port", "other address", "last line", "tab"],
)
def test_a_line_is_found(tmp_path: Path, known: str, ssh: dict[str, Any]) -> None:
    """Whatever ssh or ssh-keyscan writes names the host."""
    assert worker_key(tmp_path, known, ssh) == ED25519


def test_the_best_kind_wins(tmp_path: Path) -> None:
    """ssh-keyscan prints several keys; the plugin's client and every sshd agree on ed25519."""
    known = "".join(f"10.77.0.21 {key}\n" for key in (RSA, ECDSA, ED25519))
    assert worker_key(tmp_path, known) == ED25519
    files.read.cache_clear()
    assert worker_key(tmp_path, known.replace(f"10.77.0.21 {ED25519}\n", "")) == ECDSA


@pytest.mark.parametrize(
    ("known", "ssh"),
    [
        (f"10.77.0.21 {RSA}\n", {}),
        (f"#10.77.0.21 {ED25519}\n", {}),
        (f"10.77.0.2 {ED25519}\n10.77.0.211 {ED25519}\n", {}),
        (f"10.77.0.21 {ED25519}\n", {"port": 2222}),
        (f"[10.77.0.21]:2222 {ED25519}\n", {}),
        (f"{hashed('10.77.0.22')} {ED25519}\n", {}),
        (f"@revoked 10.77.0.21 {ED25519}\n", {}),
        (f"@cert-authority 10.77.0.21 {ED25519}\n", {}),
        ("10.77.0.21\n10.77.0.21 ssh-ed25519\n", {}),
    ],
    ids=["rsa", "comment", "similar", "port", "other port", "hash of another", "revoked", "authority", "no key"],
)
def test_another_line_is_not_taken(tmp_path: Path, known: str, ssh: dict[str, Any]) -> None:
    """A key is pinned for its host, port and purpose; the fault names the command that prints the right one."""
    with pytest.raises(ConfigurationError, match=r"no ed25519 or ECDSA key for .*10\.77\.0\.21.*ssh-keyscan"):
        worker_key(tmp_path, known, ssh)


def test_a_key_in_the_file_wins_over_known_hosts(tmp_path: Path) -> None:
    """What is written at the host is nearest."""
    assert worker_key(tmp_path, f"10.77.0.21 {ED25519}\n", {"hostKey": ECDSA}) == ECDSA


def test_login_is_merged_key_by_key(tmp_path: Path) -> None:
    """A host overrides what it names and keeps the rest of the cluster's."""
    ssh = {"user": "admin", "port": 2222, "address": "198.51.100.21"}
    access = hosts(tmp_path, f"[198.51.100.21]:2222 {ED25519}\n", ssh)["worker-1"].ssh
    assert (access.user, access.port, access.address) == ("admin", 2222, "198.51.100.21")
    assert access.private_key == (tmp_path / "id").read_text()
    assert hosts(tmp_path, f"[198.51.100.21]:2222 {ED25519}\n", ssh)["cp-1"].ssh.user == "root"


def test_a_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys live in ~/.ssh."""
    monkeypatch.setenv("HOME", str(tmp_path))
    key = "-----BEGIN PRIVATE KEY-----\nthe worker's\n"
    (tmp_path / "worker").write_text(key)
    found = hosts(tmp_path, f"10.77.0.21 {ED25519}\n", {"privateKeyFile": "~/worker"})
    assert found["worker-1"].ssh.private_key == key


def test_an_agent_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key file the agent is asked, and no key is in the state."""
    cluster = clusters.dev(tmp_path)
    del cluster["ssh"]["privateKeyFile"]
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    found = static.static_hosts(rules.load(cluster, static.login_faults))
    assert {host.ssh.private_key for host in found.values()} == {None}


def test_pins_are_looked_at_without_a_way_to_log_in(tmp_path: Path) -> None:
    """A plan in a review has no private key and no agent, and still says which host is not pinned."""
    cluster = clusters.dev(tmp_path)
    cluster["ssh"]["privateKeyFile"] = "nowhere/id"
    assert rules.load(cluster, static.host_key_faults).name == "dev"
    cluster["workers"]["default"]["hosts"]["worker-3"] = "10.77.0.23"
    with pytest.raises(ConfigurationError) as error:
        rules.load(cluster, static.host_key_faults)
    assert [fault.path for fault in error.value.faults] == ["workers.default.hosts.worker-3"]


def test_a_key_does_not_show_when_a_host_is_printed(tmp_path: Path) -> None:
    """An assertion or a log that prints a host prints no key."""
    assert "PRIVATE" not in repr(hosts(tmp_path, f"10.77.0.21 {ED25519}\n"))


def behind(folder: Path, bastion: dict[str, Any], **ssh: Any) -> Host:
    """Return a worker whose logins go through a bastion that known_hosts has a line of."""
    return hosts(folder, f"10.77.0.21 {ED25519}\n[gate.example.org]:2222 {ECDSA}\n", {"bastion": bastion, **ssh})[
        "worker-1"
    ]


def test_a_bastion_has_a_login_of_its_own(tmp_path: Path) -> None:
    """Its name, port and pinned key; without a private key of its own, that of the section it stands in is used."""
    access = behind(tmp_path, {"address": "gate.example.org", "port": 2222}, user="admin").ssh
    assert access.bastion
    assert (access.user, access.bastion.user) == ("admin", "root")
    assert (access.bastion.address, access.bastion.port) == ("gate.example.org", 2222)
    assert access.bastion.host_key == ECDSA
    assert access.bastion.private_key == access.private_key


def test_a_bastion_may_have_another_key(tmp_path: Path) -> None:
    """Then that one is for it alone."""
    other = tmp_path / "other"
    other.write_text(certificates.private_pem("other"))
    given = {"address": "g", "hostKey": ED25519, "privateKeyFile": str(other)}
    access = behind(tmp_path, given).ssh
    assert access.bastion
    assert access.bastion.private_key == other.read_text() != access.private_key


def test_a_host_s_own_bastion_takes_the_place_of_the_common_one(tmp_path: Path) -> None:
    """Whole: half of one and half of the other would be neither."""
    cluster = clusters.dev(tmp_path)
    cluster["ssh"]["bastion"] = {"address": "a", "user": "jump", "hostKey": ED25519}
    cluster["workers"]["default"]["hosts"]["worker-1"] = {
        "address": "10.77.0.21",
        "ssh": {"bastion": {"address": "b", "hostKey": ED25519}},
    }
    found = static.static_hosts(rules.load(cluster, static.login_faults))
    through = {name: (h.ssh.bastion.user, h.ssh.bastion.address) for name, h in found.items() if h.ssh.bastion}
    assert through.pop("worker-1") == ("root", "b")
    assert set(through) == set(found) - {"worker-1"}
    assert set(through.values()) == {("jump", "a")}


def test_a_bastion_is_dialled_as_pinned(tmp_path: Path) -> None:
    """What the plugin gets is the same for the bastion as for the host: pinned and bounded."""
    cluster = clusters.dev(tmp_path)
    cluster["ssh"]["bastion"] = {"address": "gate.example.org", "port": 2222, "user": "jump", "hostKey": ECDSA}
    program = monitor.run_program(cluster)
    for command in program.commands.values():
        connection = command.plain("connection")
        proxy = connection["proxy"]
        assert (proxy["user"], proxy["host"], proxy["port"]) == ("jump", "gate.example.org", 2222)
        assert proxy["hostKey"] == ECDSA
        assert proxy["dialErrorLimit"] == connection["dialErrorLimit"]
        assert proxy["perDialTimeout"] == connection["perDialTimeout"]
        assert command.is_secret("connection"), command.name
    assert "bastion" not in str(program.outputs["deployed"])


def test_a_key_for_one_host_is_not_tried_at_the_common_bastion(tmp_path: Path) -> None:
    """It opens that host; the bastion before all of them takes the cluster's."""
    other = tmp_path / "other"
    other.write_text(certificates.private_pem("other"))
    cluster = clusters.dev(tmp_path)
    cluster["ssh"]["bastion"] = {"address": "a", "hostKey": ED25519}
    cluster["workers"]["default"]["hosts"]["worker-1"] = {
        "address": "10.77.0.21",
        "ssh": {"privateKeyFile": str(other)},
    }
    access = static.static_hosts(rules.load(cluster, static.login_faults))["worker-1"].ssh
    assert access.private_key == other.read_text()
    assert access.bastion
    assert access.bastion.private_key == Path(cluster["ssh"]["privateKeyFile"]).read_text()
