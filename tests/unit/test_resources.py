"""Types, parents, options and number of what the program registers."""

from __future__ import annotations

from pathlib import Path

import pytest

from components import remote
from tests.unit import clusters, monitor, wire
from tests.unit.monitor import COMMAND, Program

PARENTS = {
    "ClusterPki dev": "Stack kubeadm-ha-test",
    "LoadBalancer dev": "Stack kubeadm-ha-test",
    "ControlPlane dev": "Stack kubeadm-ha-test",
    "WorkerPool default": "Stack kubeadm-ha-test",
    "Nodes dev": "Stack kubeadm-ha-test",
    "CertificateAuthority dev-kubernetes-ca": "ClusterPki dev",
    "CertificateAuthority dev-front-proxy-ca": "ClusterPki dev",
    "CertificateAuthority dev-etcd-ca": "ClusterPki dev",
    "dev-kubernetes-ca-key": "CertificateAuthority dev-kubernetes-ca",
    "dev-kubernetes-ca-certificate": "CertificateAuthority dev-kubernetes-ca",
    "dev-front-proxy-ca-key": "CertificateAuthority dev-front-proxy-ca",
    "dev-front-proxy-ca-certificate": "CertificateAuthority dev-front-proxy-ca",
    "dev-etcd-ca-key": "CertificateAuthority dev-etcd-ca",
    "dev-etcd-ca-certificate": "CertificateAuthority dev-etcd-ca",
    "dev-service-accounts": "ClusterPki dev",
    "dev-encryption": "ClusterPki dev",
    "dev-admin-key": "ClusterPki dev",
    "dev-admin-request": "ClusterPki dev",
    "dev-admin-certificate": "ClusterPki dev",
    "lb-1-balance": "LoadBalancer dev",
    "lb-2-balance": "LoadBalancer dev",
    "dev-init": "ControlPlane dev",
    "dev-network": "ControlPlane dev",
    "cp-1-prepare": "ControlPlane dev",
    "cp-2-prepare": "ControlPlane dev",
    "cp-3-prepare": "ControlPlane dev",
    "cp-1-join": "ControlPlane dev",
    "cp-2-join": "ControlPlane dev",
    "cp-3-join": "ControlPlane dev",
    "dev-nodes": "Nodes dev",
    "worker-1-prepare": "WorkerPool default",
    "worker-1-join": "WorkerPool default",
    "worker-2-prepare": "WorkerPool default",
    "worker-2-join": "WorkerPool default",
}
LOST = ("cp-1", "cp-3", "worker-2")


def test_resources_and_their_parents(program: Program) -> None:
    """Every resource is a child of the component that made it, and there is no other resource."""
    found = {r.name: program.parent(r.name) for r in program if r.parent}
    assert found == PARENTS


def test_types(program: Program) -> None:
    """Components have the project's own types; the rest are commands and keys of the two plugins."""
    for resource in program:
        if resource.name.startswith("Stack "):
            continue
        package = (
            "tls:index/"
            if "dev-" in resource.name and not resource.name.endswith(("-init", "-network", "-nodes"))
            else COMMAND
        )
        wanted = package if resource.custom else f"kubeadm-ha:index:{resource.name.split()[0]}"
        assert resource.type.startswith(wanted), resource.name


def test_a_worker_is_two_resources_and_two_connections(dev: clusters.File, program: Program) -> None:
    """What a thousand workers cost is decided by what one costs."""
    more = monitor.run_program(clusters.with_worker(dev, "worker-9", "10.77.0.29"))
    added = set(more.resources) - set(program.resources)
    assert added == {"worker-9-prepare", "worker-9-join"}
    assert {more[name].type for name in added} == {COMMAND}


def test_a_change_runs_the_same_script_again(program: Program, small_program: Program) -> None:
    """Without `update` a change of any input runs `create`, which is idempotent."""
    for command in [*program.commands.values(), *small_program.commands.values()]:
        assert "update" not in command.inputs, command.name
        assert command.plain("create").startswith("exec ")


def test_steps_that_make_a_node_have_an_inverse(program: Program) -> None:
    """Whatever a host became, removing its line takes back."""
    inverse = {
        "balance": "unbalance-api",
        "prepare": "unprepare-node",
        "init": None,  # the cluster's start is nobody's: each control plane leaves for itself
        "network": None,
        "nodes": None,
    }
    for name, command in program.commands.items():
        host, _, kind = name.rpartition("-")
        wanted = inverse.get(kind, "leave-worker" if host.startswith("worker") else "leave-control-plane")
        line = command.plain("delete")
        assert (monitor.words_of(line)["STEP"] if line else None) == wanted, name


def test_connections_are_pinned_and_bounded(program: Program, small_program: Program) -> None:
    """A host that shows another key is refused, and one that is away is given up after a while."""
    for command in [*program.commands.values(), *small_program.commands.values()]:
        connection = command.plain("connection")
        assert connection["hostKey"] == f"ssh-ed25519 {clusters.HOST_KEY}", command.name
        assert connection["dialErrorLimit"] == remote.DIAL_ATTEMPTS
        assert connection["perDialTimeout"] == remote.DIAL_TIMEOUT_SECONDS
        assert set(connection) == {
            "host", "port", "user", "hostKey", "privateKey", "dialErrorLimit", "perDialTimeout",
        }  # fmt: skip


def test_steps_run_on_their_own_host(program: Program) -> None:
    """A step named after a host runs there; the cluster's own run on the first control plane."""
    addresses = dict(clusters.machines(clusters_of(program)))
    for name, command in program.commands.items():
        host = name.rpartition("-")[0]
        assert command.plain("connection")["host"] == addresses.get(host, addresses["cp-1"])


def clusters_of(program: Program) -> clusters.File:
    """Return the parts of a cluster file that a stack's outputs repeat."""
    nodes = wire.revealed(program.outputs["nodes"])
    return {
        "endpoint": {"hosts": nodes["loadBalancers"]},
        "controlPlane": {"hosts": nodes["controlPlanes"]},
        "workers": {pool: {"hosts": hosts} for pool, hosts in nodes["workers"].items()},
    }


def test_no_environment_and_no_logging(program: Program) -> None:
    """Stock sshd refuses environments, and the plugin's log reader hangs on a long line."""
    for command in program.commands.values():
        assert command.plain("addPreviousOutputInEnv") is False, command.name
        assert command.plain("logging") == "none"
        assert "environment" not in command.inputs


def test_what_is_undone_belongs_to_its_host(program: Program) -> None:
    """Another address is another host: the old one is left first, and cleaned when the new one has taken its place.

    What acts for the cluster is nobody's own: it moves from host to host without being made anew.
    """
    for name, command in program.commands.items():
        if command.plain("delete") is None:
            assert "triggers" not in command.inputs, name
        else:
            address = monitor.words_of(command.plain("create"))["NODE_ADDRESS"]
            assert command.plain("triggers") == [address], name
            # Made anew and then undone where it was: only preparation, since a host is cleaned when it has been left.
            assert command.options.deleteBeforeReplace == (not name.endswith("-prepare")), name


def test_steps_have_a_deadline_on_the_host(program: Program) -> None:
    """Neither Ctrl-C nor a lost connection ends what runs on a host."""
    for command in program.commands.values():
        for key in ("create", "delete"):
            line = command.plain(key)
            if line is not None:
                assert line.startswith("exec timeout --kill-after=20 "), command.name
                assert 0 < int(line.split()[3]) <= 1800


def test_the_start_happens_once(program: Program) -> None:
    """Once it is in the state, no edit of the file makes `kubeadm init` run again."""
    assert list(program["dev-init"].options.ignoreChanges) == ["*"]
    assert {n for n, c in program.commands.items() if c.options.ignoreChanges} == {"dev-init"}


@pytest.mark.parametrize("name", LOST)
def test_a_lost_host_is_left_alone(dev: clusters.File, name: str) -> None:
    """Its steps neither change nor are undone; those of every other host stay as they were."""
    program = monitor.run_program(clusters.with_lost(dev, name))
    for step in program.commands.values():
        lost = step.name in (f"{name}-prepare", f"{name}-join")
        assert step.options.retainOnDelete == lost, step.name
        assert list(step.options.ignoreChanges) == (["*"] if lost or step.name == "dev-init" else []), step.name


@pytest.mark.parametrize("name", LOST)
def test_a_step_that_a_lost_host_never_had_does_nothing(dev: clusters.File, name: str) -> None:
    """A host that was lost half-way has steps that are not in the state: making them then contacts nobody lost."""
    program = monitor.run_program(clusters.with_lost(dev, name))
    for step in (program[f"{name}-prepare"], program[f"{name}-join"]):
        assert step.plain("create") == "exec true"
        assert step.plain("delete") is None
        assert step.plain("connection")["host"] == ("10.77.0.12" if name == "cp-1" else "10.77.0.11")
    gone = dict(clusters.machines(dev))[name]
    assert not [c.name for c in program.commands.values() if c.plain("connection")["host"] == gone]


@pytest.mark.parametrize("name", LOST)
def test_a_host_may_be_lost_before_it_was_prepared(dev: clusters.File, name: str) -> None:
    """Nothing waits for what a host never printed."""
    program = monitor.run_program(clusters.with_lost(dev, name), silent={f"{name}-prepare", f"{name}-join"})
    assert f"{name}-evict" in program.commands


def test_a_lost_host_needs_no_key(dev: clusters.File, folder: Path) -> None:
    """Its line may be gone from known_hosts already."""
    known = folder / "known_hosts-without"
    lines = Path(dev["ssh"]["knownHostsFile"]).read_text().splitlines(keepends=True)
    known.write_text("".join(line for line in lines if not line.startswith("10.77.0.22 ")))
    cluster = clusters.with_lost(dev, "worker-2")
    cluster["ssh"]["knownHostsFile"] = str(known)
    assert "worker-2-evict" in monitor.run_program(cluster).commands


@pytest.mark.parametrize("name", LOST)
def test_a_lost_host_is_evicted_by_one_that_lives(dev: clusters.File, name: str) -> None:
    """The first control plane that lives does it, also when the very first one is the lost one."""
    program = monitor.run_program(clusters.with_lost(dev, name))
    step = program[f"{name}-evict"]
    address = dict(clusters.machines(dev))[name]
    coordinator = "10.77.0.12" if name == "cp-1" else "10.77.0.11"
    assert step.plain("connection")["host"] == coordinator
    inputs = monitor.words_of(step.plain("create"))
    assert (inputs["LOST_NAME"], inputs["LOST_ADDRESS"]) == (name, address)
    assert step.plain("delete") is None


def test_authorities_are_protected_unless_said_otherwise(small_program: Program, program: Program) -> None:
    """Replacing an authority takes a cluster apart; the lab says that its own may go."""
    names = ["kubernetes-ca", "front-proxy-ca", "etcd-ca"]
    guarded = {f"small-{n}-{kind}" for n in names for kind in ("key", "certificate")} | {
        "small-service-accounts",
        "small-encryption",
    }
    assert {r.name for r in small_program if r.options.protect} == guarded
    assert not [r.name for r in program if r.options.protect]


def test_authorities_are_never_renewed_by_the_clock(program: Program) -> None:
    """Only the admin's certificate is: an authority's end is shown in the outputs instead."""
    for resource in program:
        if "SelfSignedCert" in resource.type:
            assert "earlyRenewalHours" not in resource.inputs
            assert resource.plain("validityPeriodHours") == 3650 * 24
    assert program["dev-admin-certificate"].plain("earlyRenewalHours") == 30 * 24


def test_admin_renewal_suits_a_short_life(small_program: Program) -> None:
    """A certificate of 30 days is renewed in its last ten, not from its first hour on."""
    assert small_program["small-admin-certificate"].plain("earlyRenewalHours") == 10 * 24


def test_keys_are_what_kubeadm_takes(program: Program) -> None:
    """ECDSA on P-256: kubeadm refuses ed25519, and identities must be signed the same way every time."""
    for resource in program:
        if "PrivateKey" in resource.type:
            assert (resource.plain("algorithm"), resource.plain("ecdsaCurve")) == ("ECDSA", "P256")


def test_outputs_name_what_others_read(program: Program) -> None:
    """The stack's outputs are a contract: endpoint, versions, nodes by role, the ends of certificates."""
    outputs = {k: wire.revealed(v) for k, v in program.outputs.items()}
    assert outputs["endpoint"] == "https://10.77.0.10:6443"
    assert (outputs["name"], outputs["kubernetesVersion"]) == ("dev", "1.36.3")
    assert outputs["nodes"]["workers"] == {"default": {"worker-1": "10.77.0.21", "worker-2": "10.77.0.22"}}
    assert outputs["certificates"]["controlPlanes"]["cp-2"] == {"apiserver": "2026-06-15T15:06:40Z"}
    assert set(outputs["certificates"]["authorities"]) == {"kubernetes-ca", "front-proxy-ca", "etcd-ca", "admin"}


def test_outputs_leave_the_lost_out(dev: clusters.File) -> None:
    """Who reads the nodes gets those that are there."""
    outputs = monitor.run_program(clusters.with_lost(dev, "cp-1")).outputs
    assert set(outputs["nodes"]["controlPlanes"]) == {"cp-2", "cp-3"}
    assert set(outputs["certificates"]["controlPlanes"]) == {"cp-2", "cp-3"}
