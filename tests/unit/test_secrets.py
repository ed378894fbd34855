"""Where private keys go, and that they show nowhere else."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.unit import certificates, monitor, wire
from tests.unit.monitor import Program
from tests.unit.wire import Secret

KEYS = ("kubernetes-ca-key", "front-proxy-ca-key", "etcd-ca-key", "service-accounts", "admin-key", "encryption")

#: Steps of control planes: they get the authorities, or an administrator's kubeconfig.
WITH_KEYS = (
    "start-cluster",
    "join-control-plane",
    "apply-manifests",
    "apply-further",
    "mark-nodes",
    "after-up",
    "evict-lost-node",
)


@pytest.fixture(scope="module", params=["dev", "small", "guarded"])
def either(request: pytest.FixtureRequest) -> tuple[str, Program]:
    """Return each of the two clusters and its name."""
    name: str = request.param
    return name, request.getfixturevalue(
        {"dev": "program", "small": "small_program", "guarded": "guarded_program"}[name]
    )


def canaries(cluster: str) -> list[str]:
    """Return every private key, as PEM, as its innermost line and as a kubeconfig holds it."""
    pems = [certificates.private_pem("login")]
    pems += [certificates.private_pem(f"{cluster}-{key}") for key in KEYS]
    forms = []
    for pem in pems:
        forms += [pem, pem.splitlines()[2], base64.b64encode(pem.encode()).decode()]
    return [*forms, at_rest(cluster)]


def at_rest(cluster: str) -> str:
    """Return the key that objects are encrypted with in etcd, as API servers are given it."""
    seed = certificates.private_pem(f"{cluster}-encryption")
    return base64.b64encode(hashlib.sha256(seed.encode()).digest()).decode()


def test_no_key_shows(either: tuple[str, Program]) -> None:
    """No input, output or stack output that is not secret holds a private key, in any form."""
    cluster, program = either
    forms = canaries(cluster)
    for resource in program:
        for text in wire.visible({**resource.inputs, "outputs": resource.state}):
            assert not [form for form in forms if form in text], resource.name


def test_keys_are_where_they_belong(either: tuple[str, Program]) -> None:
    """The search above can find a key: each is in a control plane's standard input, under the secret."""
    cluster, program = either
    first = "cp-1" if cluster == "dev" else "alpha"
    text = program[f"{first}-join"].plain("stdin")
    for key in KEYS[:4]:
        assert certificates.private_pem(f"{cluster}-{key}") in text
    encoded = base64.b64encode(certificates.private_pem(f"{cluster}-admin-key").encode()).decode()
    assert encoded in text
    assert f"secret: {at_rest(cluster)}" in text


def test_command_lines_are_plain_and_hold_no_key(either: tuple[str, Program]) -> None:
    """They show in previews, in errors and in `ps`: they are readable, and nothing in them is secret."""
    cluster, program = either
    forms = canaries(cluster)
    for command in program.commands.values():
        for key in ("create", "delete"):
            line = command.inputs.get(key)
            assert line is None or isinstance(line, str), f"{command.name}: {key} is secret"
            assert not [form for form in forms if form in (line or "")], command.name


def test_standard_input_is_secret_where_it_holds_keys(either: tuple[str, Program]) -> None:
    """Control planes get private keys; what workers and balancers get is public and shows in a preview."""
    _, program = either
    for command in program.commands.values():
        script = monitor.words_of(command.plain("create")).get("STEP")
        assert command.is_secret("stdin") == (script in WITH_KEYS), command.name


def test_workers_get_no_authority(either: tuple[str, Program]) -> None:
    """A worker that is broken into gives away its own identity alone: its key is made there and stays there."""
    _, program = either
    for command in program.commands.values():
        if monitor.words_of(command.plain("create")).get("STEP") in WITH_KEYS:
            continue
        assert "PRIVATE KEY" not in (command.plain("stdin") or ""), command.name
        assert "client-key-data" not in (command.plain("stdin") or ""), command.name


def test_the_connection_is_secret(either: tuple[str, Program]) -> None:
    """It has the key to log in with."""
    _, program = either
    for command in program.commands.values():
        assert command.is_secret("connection"), command.name
        assert isinstance(command.state["connection"], Secret)


def test_credentials_are_secret_and_the_rest_is_not(either: tuple[str, Program]) -> None:
    """Everything but the admin's kubeconfig and etcd's client can be read without --show-secrets."""
    _, program = either
    assert {k for k, v in program.outputs.items() if wire.has_secret(v)} == {"kubeconfig", "etcd"}


def test_what_components_give_out_is_marked(either: tuple[str, Program]) -> None:
    """A component's own outputs are in the state too."""
    cluster, program = either
    state = program[f"ClusterPki {cluster}"].state
    assert isinstance(state["kubeconfig"], Secret)
    assert not wire.has_secret(state["ca_certificate"])


def test_a_private_key_never_is_a_plain_property(either: tuple[str, Program]) -> None:
    """Every property that is named after a private key is secret, in and out."""
    _, program = either
    for resource in program:
        for key, value in [*resource.inputs.items(), *resource.state.items()]:
            if "privateKey" in key:
                assert isinstance(value, Secret), f"{resource.name}: {key}"
