"""A copy of the project at work in the lab: what the stories do to it, and what they ask it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.lab.clients import WRITER, Client, Probe

TREE = Path(__file__).resolve().parents[2]
DISKS = Path("/var/lib/kubeadm-ha-lab/hosts")
#: Nothing that a story waits for takes longer than this; it ends a hung run, it measures nothing.
PATIENCE_SECONDS = 900


class CommandError(AssertionError):
    """A command that should have worked did not."""


class Site:
    """A working copy with a stack of its own, and the lab's hosts."""

    def __init__(self, folder: Path, stack: str = "dev") -> None:
        """Copy the project's files, as a clone would have them, to `folder`."""
        self.folder = folder
        self.stack = stack
        #: The host that SSH goes through, where no other way is open.
        self.bastion = ""
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=TREE, check=True, capture_output=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            source = TREE / name
            if source.is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, folder / name, follow_symlinks=False)
        # The libraries are the tree's: a copy installs the same ones, and a minute later.
        (folder / ".venv").symlink_to(TREE / ".venv")

    @property
    def settings(self) -> Path:
        """The stack's file."""
        return self.folder / f"Pulumi.{self.stack}.yaml"

    @contextmanager
    def edited(self) -> Iterator[dict[str, Any]]:
        """Hand out the cluster of the stack's file for an edit, and write it back."""
        document = yaml.safe_load(self.settings.read_text())
        yield document["config"]["kubeadm-ha:cluster"]
        self.settings.write_text(yaml.safe_dump(document, sort_keys=False))

    def run(
        self,
        *command: str,
        check: bool = True,
        stdin: str | None = None,
        timeout: float = PATIENCE_SECONDS,
        env: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy. Raises CommandError, with all it printed, when it does not work."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, **(env or {})},
        )
        if check and done.returncode != 0:
            raise CommandError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def lab(self, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command inside the lab's network."""
        return self.run(str(self.folder / "lab" / "run"), *command, **options)

    def hosts(self, *words: str) -> None:
        """Do something to hosts."""
        self.run(str(self.folder / "lab" / "hosts"), *words)

    def boot(self, hosts: Mapping[str, Any], **more: Any) -> None:
        """Boot hosts, with nothing on them, from a hosts file of the story's own; begin a stack."""
        file = self.folder / "lab" / "hosts.story.yaml"
        file.write_text(yaml.safe_dump({"network": "10.77.0.0/24", **more, "hosts": dict(hosts)}, sort_keys=False))
        self.hosts("up", str(file))
        self.lab("pulumi", "stack", "select", "--create", self.stack)

    def up(self, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `pulumi up`."""
        return self.lab("pulumi", "up", "--yes", "--skip-preview", "--stack", self.stack, check=check)

    def changes(self) -> dict[str, list[str]]:
        """Return what a preview would do: names of resources by operation, `same` left out."""
        shown = self.lab("pulumi", "preview", "--json", "--stack", self.stack).stdout
        steps: dict[str, list[str]] = {}
        for step in json.loads(shown).get("steps", []):
            if step["op"] not in ("same", "read"):
                steps.setdefault(step["op"], []).append(step["urn"].rsplit("::", 1)[1])
        return {op: sorted(names) for op, names in steps.items()}

    def assert_unchanged(self) -> None:
        """Fail when a preview shows any change."""
        self.lab("pulumi", "preview", "--expect-no-changes", "--diff", "--stack", self.stack)

    def output(self, name: str) -> Any:
        """Return an output of the stack."""
        shown = self.lab("pulumi", "stack", "output", name, "--json", "--show-secrets", "--stack", self.stack).stdout
        return json.loads(shown)

    def kubectl(self, *words: str, **options: Any) -> str:
        """Run kubectl against the endpoint."""
        return str(self.lab("kubectl", "--request-timeout=20s", *words, **options).stdout)

    def get(self, *words: str) -> Any:
        """Return what `kubectl get` finds, as values."""
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def ready_nodes(self) -> set[str]:
        """Return the names of the nodes that are Ready."""
        return {
            node["metadata"]["name"]
            for node in self.get("nodes")["items"]
            if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])
        }

    def ssh(self, host: str, script: str, **options: Any) -> str:
        """Run a shell script on a host."""
        through = ["-J", self.bastion] if self.bastion and host != self.bastion else []
        return str(self.lab("ssh", *through, host, "sudo -n bash -s", stdin=script, **options).stdout)

    def etcd_members(self, on: str) -> dict[str, str]:
        """Return etcd's members as name to status, asked on one control plane; a learner's status is `learner`."""
        certificates = "/etc/kubernetes/pki/etcd"
        shown = self.ssh(
            on,
            f"crictl exec $(crictl ps -q --name '^etcd$') etcdctl --cacert={certificates}/ca.crt "
            f"--cert={certificates}/healthcheck-client.crt --key={certificates}/healthcheck-client.key member list",
        )
        rows = [line.split(", ") for line in shown.splitlines()]
        return {row[2]: "learner" if row[5] == "true" else row[1] for row in rows}

    def etcd_value(self, on: str, key: str) -> str:
        """Return what etcd holds under a key, asked on one control plane; what cannot be printed is left out."""
        certificates = "/etc/kubernetes/pki/etcd"
        return self.ssh(
            on,
            f"crictl exec $(crictl ps -q --name '^etcd$') etcdctl --cacert={certificates}/ca.crt "
            f"--cert={certificates}/healthcheck-client.crt --key={certificates}/healthcheck-client.key "
            f"get {key} --print-value-only | tr -dc '[:print:]'",
        )

    def holder(self, role: str = "loadBalancers") -> str:
        """Return the host that has the virtual address: one of the balancers, or of another role."""
        return self.holder_among(self.output("nodes")[role])

    def holder_among(self, hosts: Iterable[str], address: str = "") -> str:
        """Return the one of some hosts, all of which live, that has the virtual address.

        It is to be given where the endpoint is known by a name.
        """
        address = address or self.output("endpoint").split("//")[1].split(":")[0]
        having = [
            host for host in hosts if re.search(rf"inet {re.escape(address)}/", self.ssh(host, "ip -4 address show"))
        ]
        assert len(having) == 1, f"the virtual address is on {having}"
        return having[0]

    def under_requests(
        self, what: str, act: Callable[[], object], seconds: float, *, within: float = 20, probe: Probe = WRITER
    ) -> None:
        """Write every 100 ms, or what the probe does, do something, and go on for so many seconds.

        Prints the longest time without an answer; fails when it is `within` or more.
        """
        client = Client(self.folder, probe)
        try:
            time.sleep(5)
            act()
            time.sleep(seconds)
        finally:
            client.process.terminate()
        gap = client.stop()
        print(f"longest gap between {probe.what} {what}: {gap:.1f} s")
        assert gap < within, f"{what}: {gap:.1f} s"

    @contextmanager
    def without(
        self, host: str, seconds: float, *, role: str = "", within: float = 20, probe: Probe = WRITER
    ) -> Iterator[None]:
        """Pull a host's plug under requests; it is switched on again when what is to be seen without it was seen."""
        what = f"without {host}, {role}" if role else f"without {host}"
        self.under_requests(what, lambda: self.hosts("kill", host), seconds, within=within, probe=probe)
        yield
        self.hosts("start", host)

    @contextmanager
    def without_api_server(self, host: str, seconds: float) -> Iterator[None]:
        """Take a control plane's API server away under writes, and nothing else; it is given back at the end."""
        manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml"
        away = f"without the API server of {host}"
        self.under_requests(away, lambda: self.ssh(host, f"mv {manifest} /root/"), seconds)
        yield
        self.ssh(host, f"mv /root/kube-apiserver.yaml {manifest}")

    def until_healthy(self, seconds: float = 180) -> None:
        """Wait till the verification has nothing to complain about: etcd members are back then too."""
        eventually("full health", lambda: self.lab("scripts/verify").returncode == 0, seconds)


def eventually(what: str, probe: Any, seconds: float = 180) -> Any:
    """Return the first true value of `probe`; CommandError after `seconds`. An exception counts as not yet."""
    end = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < end:
        try:
            last = probe()
            if last:
                return last
        except (AssertionError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            last = error
        time.sleep(0.5)
    raise CommandError(f"{what}: not within {seconds:.0f} s; last: {last}")
