"""The lab's data centre, as far as it can be tested without one."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.datacenter import base, centre, cli, host, inventory, kernel, needs, network, plan, services, shell
from lab.datacenter.plan import HostSpec, Plan

DEV = Path(base.HERE).parent / "hosts.dev.yaml"


def make(**hosts: Any) -> Plan:
    """Return a plan from a file's content, with `_` for `-` in names."""
    named = {name.replace("_", "-"): value for name, value in hosts.items()}
    return plan.parse({"network": "10.77.0.0/24", "hosts": named}, "dev")


def test_dev_hosts_are_a_plan() -> None:
    """The hosts of stack dev parse, and the file's name is the lab's."""
    read = cli.read_plan(DEV)
    assert (read.name, read.gateway) == ("dev", "10.77.0.1")
    assert read.hosts["cp-3"] == HostSpec("cp-3", "10.77.0.13", "root")
    assert len(read.hosts) == 7


def test_a_host_may_have_a_user() -> None:
    """A host is an address, or a mapping with an address and a user."""
    assert make(a={"address": "10.77.0.2", "user": "ubuntu"}).hosts["a"].user == "ubuntu"


def test_a_host_may_have_a_second_address() -> None:
    """Of a second network, which is written down with the lab's."""
    data = {
        "network": "10.77.0.0/24",
        "network6": "fd77::/64",
        "hosts": {"a": {"address": "10.77.0.2", "address6": "fd77::2"}, "b": "10.77.0.3"},
    }
    read = plan.parse(data, "dev")
    assert read.gateway6 == "fd77::1"
    assert [host.address6 for host in read.hosts.values()] == ["fd77::2", ""]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ([], "a hosts file is a mapping"),
        ({"hosts": {"a": "10.77.0.2"}}, "network: None is no IPv4 network"),
        ({"network": "10.77.0.0/30", "hosts": {"a": "10.77.0.2"}}, "is too small"),
        ({"network": "10.77.0.0/24"}, "hosts: give at least one"),
        ({"network": "10.77.0.0/24", "hosts": {"a": "10.78.0.2"}}, "hosts.a: 10.78.0.2 is not free"),
        ({"network": "10.77.0.0/24", "hosts": {"a": "10.77.0.1"}}, "hosts.a: 10.77.0.1 is not free"),
        ({"network": "10.77.0.0/24", "hosts": {"a": "10.77.0.255"}}, "10.77.0.255 is not free"),
        ({"network": "10.77.0.0/24", "hosts": {"A_b": "10.77.0.2"}}, "hosts.A_b: use a-z"),
        ({"network": "10.77.0.0/24", "hosts": {"lab": "10.77.0.2"}}, "not lab or machine"),
        ({"network": "10.77.0.0/24", "hosts": {"control-plane-1": "10.77.0.2"}}, "at most 13"),
        ({"network": "10.77.0.0/24", "hosts": {"a": {"address": "10.77.0.2", "cpu": 1}}}, "hosts.a.cpu: unknown"),
        ({"network": "10.77.0.0/24", "hosts": {"a": {"address": "10.77.0.2", "user": "A B"}}}, "no user name"),
        ({"network": "10.77.0.0/24", "hosts": {"a": "10.77.0.2", "b": "10.77.0.2"}}, "is the address of a"),
        ({"network": "10.77.0.0/24", "hosts": {"a": "10.77.0.2"}, "host": 1}, "host: unknown"),
        ({"network": "10.77.0.0/24", "network6": 1, "hosts": {"a": "10.77.0.2"}}, "network6: 1 is no IPv6 network"),
        (
            {"network": "10.77.0.0/24", "hosts": {"a": {"address": "10.77.0.2", "address6": "fd77::2"}}},
            "hosts.a.address6: fd77::2 is not free for a host in network6, not given",
        ),
        (
            {
                "network": "10.77.0.0/24",
                "network6": "fd77::/64",
                "hosts": {
                    "a": {"address": "10.77.0.2", "address6": "fd77::2"},
                    "b": {"address": "10.77.0.3", "address6": "fd77::2"},
                },
            },
            "hosts.b: fd77::2 is the address of a",
        ),
    ],
)
def test_a_fault_names_its_path(data: object, fault: str) -> None:
    """A wrong hosts file is refused with the path and the reason."""
    with pytest.raises(shell.LabError, match=fault):
        plan.parse(data, "dev")


def test_all_faults_are_told_at_once() -> None:
    """One error holds every fault."""
    with pytest.raises(shell.LabError) as caught:
        make(a="x", b={"address": "10.77.0.2", "cpu": 1})
    assert "hosts.a: 'x'" in str(caught.value)
    assert "hosts.b.cpu" in str(caught.value)


def test_a_missing_file_is_one_sentence() -> None:
    """A hosts file that is not there is told as such."""
    with pytest.raises(shell.LabError, match="No such file or directory; give a hosts file"):
        cli.read_plan(Path("no-such-file.yaml"))


def test_a_card_keeps_its_address() -> None:
    """The hardware address follows from the IPv4 address."""
    assert plan.mac("10.77.0.11") == "02:4b:0a:4d:00:0b"


def test_known_hosts_have_addresses_and_names() -> None:
    """A pinned key is found by address and by name."""
    hosts = make(cp_1="10.77.0.11").hosts
    assert inventory.known_hosts(hosts, {"cp-1": "ssh-ed25519 AAAA"}) == (
        "10.77.0.11 ssh-ed25519 AAAA\ncp-1,cp-1.lab ssh-ed25519 AAAA\n"
    )


def test_ssh_goes_by_name_and_checks_the_key() -> None:
    """A name leads to the address and the user, and an unknown key is refused."""
    text = inventory.ssh_config(make(a={"address": "10.77.0.2", "user": "ubuntu"}).hosts)
    assert "Host a a.lab 10.77.0.2\n  HostName 10.77.0.2\n  User ubuntu\n" in text
    assert "StrictHostKeyChecking yes" in text


def test_the_inventory_survives_a_round_trip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is saved is what is loaded, and a host that is gone leaves no name behind."""
    monkeypatch.setattr(inventory, "LAB", tmp_path)
    monkeypatch.setattr(inventory, "FILE", tmp_path / "inventory.yaml")
    monkeypatch.setattr(inventory, "DNS", tmp_path / "dns")
    state = inventory.Inventory(Plan("dev", IPv4Network("10.77.0.0/24"), {}))
    for number, name in enumerate(("a", "b"), start=2):
        state = state.with_host(HostSpec(name, f"10.77.0.{number}"), f"ssh-ed25519 {name}")
    inventory.save(state)
    assert inventory.load() == state
    inventory.save(state.without("a"))
    assert {file.name for file in (tmp_path / "dns").iterdir()} == {"lab", "b"}
    assert (tmp_path / "dns" / "lab").read_text() == "10.77.0.1 mirror.lab registry.lab\n"


def test_an_unknown_host_is_told_with_the_known_ones() -> None:
    """A wrong name is answered with the right ones."""
    state = inventory.Inventory(make(a="10.77.0.2"))
    with pytest.raises(shell.LabError, match="no host x; the lab has: a"):
        state.host("x")


def test_a_second_lab_is_refused() -> None:
    """A machine has one lab, and its hosts stay who they are."""
    there = make(a="10.77.0.2")
    other = plan.parse({"name": "other", "network": "10.77.0.0/24", "hosts": {"b": "10.77.0.3"}}, "x")
    with pytest.raises(shell.LabError, match=r"lab dev .* is up"):
        centre.refuse_another(there, other, other.hosts.values())
    moved = make(a="10.77.0.3")
    with pytest.raises(shell.LabError, match=r"a is there as root@10.77.0.2"):
        centre.refuse_another(there, moved, moved.hosts.values())
    twin = make(b="10.77.0.2")
    with pytest.raises(shell.LabError, match=r"10.77.0.2 is a's"):
        centre.refuse_another(there, twin, twin.hosts.values())
    more = make(a="10.77.0.2", b="10.77.0.3")
    centre.refuse_another(there, more, more.hosts.values())


def test_a_host_runs_what_containerd_needs() -> None:
    """The container has the rights without which kubelet and runc fail."""
    words = host.command("cp-1")
    assert {"--capability=all", "--bind=/dev/kmsg", "--keep-unit", "--boot"} <= set(words)
    assert "--system-call-filter=add_key keyctl bpf perf_event_open @mount" in words
    assert "--network-namespace-path=/run/netns/kha-cp-1" in words


def test_the_name_server_asks_nobody() -> None:
    """Names outside the lab are denied by the lab itself."""
    words = services.dnsmasq_command("10.77.0.1")
    assert {"--no-resolv", "--local=/#/", "--listen-address=10.77.0.1"} <= set(words)
    assert network.resolv_conf("10.77.0.1").startswith("nameserver 10.77.0.1\nsearch lab\n")


def test_the_registry_takes_nothing() -> None:
    """Images are served as built: no pushes, no deletes."""
    config = yaml.safe_load(services.registry_config("10.77.0.1", Path("images")))
    assert config["storage"]["maintenance"]["readonly"] == {"enabled": True}
    assert config["storage"]["delete"] == {"enabled": False}
    assert config["http"]["addr"] == "10.77.0.1:5000"


def test_the_machines_sources_are_used_when_they_fit(tmp_path: Path) -> None:
    """Only source files that offer the suite are passed on."""
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "site.sources").write_text("Types: deb\nURIs: http://site\nSuites: bookworm\nComponents: main\n")
    (folder / "tool.list").write_text("deb http://tool cloud-bookworm main\n")
    (tmp_path / "sources.list").write_text("# deb http://old bookworm main\n")
    assert base.apt_sources(tmp_path, "bookworm") == [str(folder / "site.sources")]
    assert base.apt_sources(tmp_path, "trixie") == []


def test_the_base_tree_follows_its_recipe(tmp_path: Path) -> None:
    """A change of the overlay, of a file's mode too, asks for a new tree."""
    file = tmp_path / "file"
    file.write_text("a")
    first = base.recipe_hash(tmp_path)
    assert first == base.recipe_hash(tmp_path)
    file.chmod(0o755)
    assert first != base.recipe_hash(tmp_path)


def test_space_in_use_by_the_lab_counts() -> None:
    """A machine on which the lab was built before is not refused for what the lab itself uses."""
    gigabyte = needs.GIGABYTE
    assert needs.space("disk", 8 * gigabyte, 5 * gigabyte, 12).remedy == ""
    assert needs.space("disk", 8 * gigabyte, 0, 12).remedy == "free 4 GB more"


def test_missing_packages_are_those_without_their_parts() -> None:
    """A package counts as there by its command or file, not by its name."""
    entries = needs.load()["packages"]
    assert needs.missing_packages(entries, lambda entry: entry["package"] != "mmdebstrap") == ["mmdebstrap"]
    assert needs.present({"package": "x", "command": "sh"})
    assert not needs.present({"package": "x", "file": "/no/such/file"})


def test_a_failure_is_one_line() -> None:
    """Of a program's output, the last line that says something is told."""
    with pytest.raises(shell.LabError, match=r"failed: second$"):
        shell.run("sh", "-c", "echo first >&2; echo second >&2; exit 3")
    with pytest.raises(shell.LabError, match="is not installed"):
        shell.run("no-such-program")
    with pytest.raises(shell.LabError, match="did not end within 0 s"):
        shell.run("sleep", "5", timeout=0.05)


def test_the_builder_names_its_own_packages(tmp_path: Path) -> None:
    """The builder's lists are added, without what is known already and without doubles."""
    (tmp_path / "builds.yaml").write_text("packages: [gcc, make]")
    (tmp_path / "packages.yaml").write_text("needs: [make, gnupg]")
    assert needs.builder_packages(tmp_path, {"gnupg"}) == [{"package": "gcc"}, {"package": "make"}]
    assert needs.builder_packages(tmp_path / "none", set()) == []


def test_a_package_without_a_command_is_asked_of_dpkg() -> None:
    """A package that is no package is missing."""
    assert needs.missing_packages([{"package": "no-such-package"}]) == ["no-such-package"]


def test_kernel_settings_are_put_back(tmp_path: Path) -> None:
    """What hosts have changed gets its first value back; a second start does not record the change."""
    proc, file = tmp_path / "proc", tmp_path / "kernel.yaml"
    (proc / "vm").mkdir(parents=True)
    (proc / "vm/overcommit_memory").write_text("0\n")
    (proc / "vm/swappiness").write_text("60\n")
    kernel.record(file, proc)
    (proc / "vm/overcommit_memory").write_text("1\n")
    kernel.record(file, proc)
    assert kernel.restore(file, proc) == ["vm/overcommit_memory"]
    assert (proc / "vm/overcommit_memory").read_text() == "0"


def test_without_a_record_nothing_is_put_back(tmp_path: Path) -> None:
    """A lab of which nothing was recorded changes nothing."""
    assert kernel.restore(tmp_path / "none") == []


def test_shared_limits_are_raised_and_never_lowered(tmp_path: Path) -> None:
    """Hosts share the machine's inotify: what is lower is raised, what is higher stays."""
    folder = tmp_path / "fs" / "inotify"
    folder.mkdir(parents=True)
    (folder / "max_user_instances").write_text("128\n")
    (folder / "max_user_watches").write_text("9999999\n")
    kernel.raise_limits(tmp_path)
    assert (folder / "max_user_instances").read_text() == "8192"
    assert (folder / "max_user_watches").read_text() == "9999999\n"
