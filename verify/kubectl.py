"""kubectl with a stack's kubeconfig, which never shows: not on a command line, and on disk for its owner alone."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from verify.facts import Stack, VerifyError


class KubectlError(Exception):
    """kubectl failed; the message says why in a few words."""


@dataclass(frozen=True)
class Kubectl:
    """A way to the API: at the endpoint, or at one API server when the endpoint does not answer."""

    kubeconfig_file: str
    server_name: str
    """Name that the API server's certificate must have."""
    server: str | None = None
    """`host:port` instead of the endpoint."""

    def run(self, seconds: float, *words: str) -> str:
        """Return what `kubectl words…` prints; raises KubectlError, after `seconds` at the latest."""
        return self.attempt(seconds, *words, partial=False)

    def attempt(self, seconds: float, *words: str, partial: bool) -> str:
        """As `run`; with `partial`, a failure that printed something is no error."""
        limit = max(0.5, seconds)
        command = ["kubectl", f"--request-timeout={limit:.1f}s"]
        if self.server is not None:
            command += [f"--server=https://{self.server}", f"--tls-server-name={self.server_name}"]
        environment = {**os.environ, "KUBECONFIG": self.kubeconfig_file}
        try:
            done = subprocess.run(
                [*command, *words], env=environment, capture_output=True, text=True, timeout=limit, check=False
            )
        except FileNotFoundError:
            raise VerifyError("kubectl is not on PATH: install the cluster's version of it.") from None
        except subprocess.TimeoutExpired:
            raise KubectlError(f"kubectl did not end within {limit:.0f} s") from None
        if done.returncode != 0 and not (partial and done.stdout.strip()):
            lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
            raise KubectlError(f"kubectl: {lines[-1][:300]}")
        return done.stdout


@contextmanager
def kubectl(stack: Stack) -> Iterator[Kubectl]:
    """Give a kubectl whose kubeconfig is a file of mode 0600 that is gone afterwards."""
    with tempfile.NamedTemporaryFile("w", prefix="kubeadm-ha-", suffix=".kubeconfig") as file:
        file.write(stack.kubeconfig)
        file.flush()
        yield Kubectl(file.name, stack.host)
