"""One timed run of either side, on hosts that were just put in place of the old ones."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.config import Cluster
from lab.benchmark import dials, events, files
from lab.benchmark.figures import Run
from lab.benchmark.timeline import Span
from lab.datacenter.shell import LabError
from lab.layout import LAB, TREE, cache

SCRIPT = Path(__file__).with_name("by-hand.sh")
#: A run that takes longer hangs.
PATIENCE_SECONDS = 1800
STACK = "dev"


@dataclass(frozen=True)
class Contest:
    """The two sides, and a folder of their own for what they write."""

    cluster: Cluster
    folder: Path
    """Logs, backends and time lines; a folder for each run."""

    @property
    def hosts(self) -> dict[str, str]:
        """Address of every host by name."""
        return files.addresses(self.cluster)

    def wipe(self) -> None:
        """Put bare machines in the hosts' place, and let the disk come to rest."""
        _run([str(TREE / "lab" / "hosts"), "wipe", *self.hosts], {}, self.folder / "wipe.log")
        os.sync()

    def up(self, number: int) -> Run:
        """Run `pulumi up` of a stack in a backend of its own. Raises LabError when it fails."""
        folder = self._folder("up", number)
        (folder / "state").mkdir()
        environment = {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_HOME": str(self.folder / "pulumi-home"),
            "PULUMI_STACK": STACK,
            # Only with it does the engine know --event-log.
            "PULUMI_DEBUG_COMMANDS": "true",
        }
        lab_run = [str(TREE / "lab" / "run")]
        _run([*lab_run, "pulumi", "stack", "init", STACK], environment, folder / "init.log")
        pipe = events.EventPipe(folder / "events")
        dials.begin(self.hosts)
        try:
            up = [*lab_run, "pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs"]
            begin, end = _run([*up, "--event-log", str(pipe.path)], environment, folder / "log")
        finally:
            dialled = dials.end()
            seen = pipe.close()
        kubeconfig = [*lab_run, "pulumi", "stack", "output", "kubeconfig", "--show-secrets"]
        _run(kubeconfig, environment, folder / "admin.conf")
        self.check(folder / "admin.conf")
        by_address = {address: name for name, address in self.hosts.items()}
        found = events.spans(seen, begin, end, by_address)
        return Run(end - begin, found, dialled, events.resources(seen, self.hosts))

    def by_hand(self, number: int) -> Run:
        """Run the script written by hand. Raises LabError when it fails."""
        folder = self._folder("hand", number)
        files.write(self.cluster, folder)
        command = [str(TREE / "lab" / "run"), str(SCRIPT), str(folder), str(LAB / "ssh_config")]
        dials.begin(self.hosts)
        started = time.time()
        try:
            begin, end = _run(command, {}, folder / "log")
        finally:
            dialled = dials.end()
        self.check(folder / "admin.conf")
        return Run(end - begin, stamped((folder / "times").read_text(), started), dialled, {})

    def check(self, kubeconfig: Path) -> None:
        """Raise LabError unless the cluster is what both sides promise. Not part of any time."""
        nodes = self._get(kubeconfig, "nodes")["items"]
        ready = {n["metadata"]["name"] for n in nodes if _condition(n, "Ready")}
        wanted = {*self.cluster.control_plane.hosts, *files.workers(self.cluster)}
        if ready != wanted:
            raise LabError(f"Ready are {sorted(ready)}, not {sorted(wanted)}: the runs cannot be compared")
        self._wait_for_etcd(kubeconfig)
        dns = self._get(kubeconfig, "deployment", "coredns", "-n", "kube-system")
        if not dns["spec"]["template"]["spec"].get("topologySpreadConstraints"):
            raise LabError("CoreDNS is not spread over nodes: the runs cannot be compared")

    def _wait_for_etcd(self, kubeconfig: Path) -> None:
        # The members are there, which both sides have looked at; the API hears of it when the kubelet next reports.
        for _ in range(60):
            etcd = self._get(kubeconfig, "pods", "-n", "kube-system", "-l", "component=etcd")["items"]
            if len([pod for pod in etcd if _condition(pod, "Ready")]) == len(self.cluster.control_plane.hosts):
                return
            time.sleep(1)
        raise LabError("not every control plane has an etcd that is Ready: the runs cannot be compared")

    def _get(self, kubeconfig: Path, *words: str) -> Any:
        command = [str(TREE / "lab" / "run"), "kubectl", "--request-timeout=20s", "get", *words, "-o", "json"]
        environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
        if done.returncode != 0:
            raise LabError(f"kubectl get {' '.join(words)} failed: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def _folder(self, side: str, number: int) -> Path:
        folder = self.folder / f"{side}-{number}"
        folder.mkdir()
        return folder


def stamped(text: str, started: float) -> list[Span]:
    """Return the spans of lines `seconds begin|end phase host`, in seconds after `started`.

    Phases are named as those of `up` are. A phase without an end is left out.
    """
    began: dict[tuple[str, str], float] = {}
    found: list[Span] = []
    for line in text.splitlines():
        seconds, what, phase, place = line.split()
        if what == "begin":
            began[phase, place] = float(seconds) - started
        else:
            found.append(Span(phase, place, began.pop((phase, place)), float(seconds) - started))
    return found


def resources_in(state: Path) -> dict[str, int]:
    """Return the number of resources of each stack in a file backend, where there are any."""
    found = {}
    for file in sorted(state.glob(".pulumi/stacks/**/*.json")):
        latest = json.loads(file.read_text()).get("checkpoint", {}).get("latest") or {}
        if latest.get("resources"):
            found[file.stem] = len(latest["resources"])
    return found


def warm() -> None:
    """Read what hosts will fetch, so that the first run does not wait for the disk more than the next one."""
    for store in ("mirror", "registry"):
        for file in (cache() / store).rglob("*"):
            if file.is_file():
                with file.open("rb") as content:
                    while content.read(1 << 20):
                        pass


def _condition(thing: Mapping[str, Any], kind: str) -> bool:
    conditions = thing.get("status", {}).get("conditions", [])
    return any(c["type"] == kind and c["status"] == "True" for c in conditions)


def _run(command: list[str], environment: Mapping[str, str], output: Path) -> tuple[float, float]:
    """Run a command with its output in a file; return when it began and ended, by time.monotonic().

    Raises LabError with the end of the output when it fails.
    """
    # Of the caller's own settings none may reach one side and not the other.
    mine = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_") and key != "KUBECONFIG"}
    output.touch(mode=0o600)
    with output.open("w") as log:
        begin = time.monotonic()
        done = subprocess.run(
            command,
            cwd=TREE,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**mine, **environment},
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        end = time.monotonic()
    if done.returncode != 0:
        words = " ".join(Path(word).name for word in command[:3])
        raise LabError(f"{words} … failed with status {done.returncode}; {output} ends with:\n{_tail(output)}")
    return begin, end


def _tail(output: Path) -> str:
    return "\n".join(f"  | {line}" for line in output.read_text(errors="replace").splitlines()[-25:])
