"""A stack of its own for each test: the real engine and plugins, a backend in a folder, no network but loopback."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from lab import layout
from tests.unit import clusters


class Site:
    """The program, or another one, in a folder, with one stack, `dev`."""

    def __init__(self, folder: Path, program: str | None = None) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.project.mkdir()
        for name in ("__main__.py", "components", "scripts", "Pulumi.yaml", ".venv"):
            (self.project / name).symlink_to(layout.TREE / name)
        if program is not None:
            (self.project / "__main__.py").unlink()
            (self.project / "__main__.py").write_text(program)
        (folder / "state").mkdir()
        self.environment = {
            "PATH": os.pathsep.join([str(layout.TREE / ".venv/bin"), os.environ["PATH"], str(layout.engine_dir())]),
            "HOME": os.environ["HOME"],
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "for tests",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "NO_COLOR": "1",
        }
        assert shutil.which("pulumi", path=self.environment["PATH"]), "no engine: run lab/build --engine"
        self.pulumi("stack", "init", "dev")

    def configure(self, cluster: Any) -> None:
        """Write the cluster file of the stack."""
        file = self.project / "Pulumi.dev.yaml"
        settings = yaml.safe_load(file.read_text()) if file.exists() else {}
        settings["config"] = {"kubeadm-ha:cluster": cluster}
        file.write_text(yaml.safe_dump(settings, sort_keys=False))

    def pulumi(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run pulumi on the stack."""
        done = subprocess.run(
            ["pulumi", "--non-interactive", "-C", str(self.project), *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert not check or done.returncode == 0, f"pulumi {' '.join(words)}:\n{done.stdout}{done.stderr}"
        return done

    def state(self) -> dict[str, dict[str, Any]]:
        """Return the resources in the state by name, secrets in plain text."""
        exported = json.loads(self.pulumi("stack", "export", "--show-secrets").stdout)
        return {r["urn"].rsplit("::", 1)[1]: r for r in exported["deployment"].get("resources", []) if r.get("custom")}


@contextmanager
def silent_host(cluster: clusters.File) -> Iterator[None]:
    """Make every host of a cluster file one that listens here, and fail when anybody has connected to it."""
    cluster["ssh"] |= {"hostKey": f"ssh-ed25519 {clusters.HOST_KEY}"}
    groups = [cluster["endpoint"].get("hosts", {}), cluster["controlPlane"]["hosts"]]
    groups += [pool["hosts"] for pool in cluster["workers"].values()]
    with ExitStack() as stack:
        servers = []
        for group in groups:
            for name, host in group.items():
                server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
                server.setblocking(False)
                servers.append(server)
                here = {"ssh": {"address": "127.0.0.1", "port": server.getsockname()[1]}}
                group[name] = (host if isinstance(host, dict) else {"address": host}) | here
        yield
        for server in servers:
            with suppress(BlockingIOError):
                _, who = server.accept()
                raise AssertionError(f"{who} has connected")
