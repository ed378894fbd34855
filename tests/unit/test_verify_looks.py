"""Looking at a cluster: deadlines hold, and the kubeconfig shows nowhere."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.unit.certificates import authority_pem, private_pem
from tests.unit.test_verify import STACK
from verify import probe
from verify.facts import VerifyError
from verify.kubectl import KubectlError, kubectl


def fake_kubectl(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a kubectl on PATH that runs `script`."""
    program = folder / "kubectl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_dead_host_behind_an_open_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection and is silent costs the deadline, not more."""
    monkeypatch.setattr(probe, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        start = time.monotonic()
        seen = probe.probe(
            "127.0.0.1", server.getsockname()[1], "127.0.0.1", authority_pem(private_pem("ca"), "kubernetes")
        )
    assert not seen.ready
    assert seen.problem.startswith("no answer within")
    assert time.monotonic() - start < 2


def test_port_that_is_closed() -> None:
    """A host without an API server says so at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert (
        probe.probe("127.0.0.1", port, "127.0.0.1", authority_pem(private_pem("ca"), "kubernetes")).problem
        == "connection refused"
    )


def test_kubeconfig_is_private_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kubectl finds it in a file for the owner alone that is gone afterwards; its arguments hold nothing of it."""
    fake_kubectl(tmp_path, monkeypatch, 'stat -c "%a %n" "$KUBECONFIG"; cat "$KUBECONFIG"; echo "arguments: $*"')
    with kubectl(STACK) as way:
        printed = way.run(5, "get", "nodes")
    mode, file = printed.splitlines()[0].split(" ", 1)
    assert mode == "600"
    assert "# SECRET" in printed
    assert "SECRET" not in printed.split("arguments:")[1]
    assert not Path(file).exists()


def test_kubectl_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended by its deadline."""
    fake_kubectl(tmp_path, monkeypatch, "exec sleep 30")
    with kubectl(STACK) as way, pytest.raises(KubectlError, match="did not end within"):
        way.run(0.5, "get", "nodes")


def test_kubectl_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way out is said."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with kubectl(STACK) as way, pytest.raises(VerifyError, match="kubectl is not on PATH"):
        way.run(5, "get", "nodes")
